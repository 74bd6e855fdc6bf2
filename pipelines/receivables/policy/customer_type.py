"""What kind of payer a customer is, and whether one that does not pay cannot or will not: told by what it does and says, with evidence and confidence.

Every fact speaks for or against each type by points that the settings declare, a point being a doubling of the odds; what was seen
seldom counts in part. How late a customer pays says little of why: its words, whether it can be reached, and what its promises are
worth say more. Below a confidence, and of whom nothing is known, nothing is told: `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

import numpy as np
import pandas as pd

from receivables.settings import TYPES, Fact

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import CustomerType

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

UNKNOWN: Final = "unknown"
INTENTS: Final = {
    "pays": ("punctual", "slow"),
    "cannot_pay": ("hardship", "chain_debt"),
    "will_not_pay": ("evader", "malicious"),
}
"""What the types mean for who asks why money does not come."""

COUNTS: Final = (
    "promises",
    "broken_promises",
    "excuses",
    "excuses_no_money",
    "excuses_own_debtor",
    "excuses_absent",
    "excuses_procedure",
    "upstream_debtors",
    "deferral_requests",
    "payment_claims",
    "personal_contacts",
    "unanswered",
)
"""Columns of the behaviour that count what was said and done in a year."""

FACTS: Final[tuple[str, ...]] = get_args(Fact)
_PLACES: Final = 6
_AT_ONCE: Final = 50_000
"""Customers typed in one piece, each some 700 bytes of points."""


@dataclass(frozen=True)
class Typed:
    """What kinds of payers customers are.

    `customers`: a row each, index as the behaviour: customer_type (`TYPES`, or `unknown`), likeliest (the type with the greatest chance),
    confidence (that chance, a share of 1); intent (`INTENTS`, or `unknown`) and intent_confidence; evidence_1, evidence_1_value,
    evidence_1_points and so on: the facts that speak most for the likeliest type against the average of all, missing where no more do.
    `chances`: a row each and a column per type, summing to 1.
    """

    customers: pd.DataFrame
    chances: pd.DataFrame


def classify(behaviour: pd.DataFrame, rules: CustomerType, before: pd.DataFrame | None = None) -> Typed:
    """Tell the types of customers.

    Args:
        behaviour: a row per customer, indexed by it, with the columns of `marts.payment_behaviour` on a day; money may be of any
            currency, as only its sign counts.
        rules: what speaks for each type, and how much must.
        before: the same a year earlier, so that what was said counts over two years; who has no row there said nothing.
    """
    told = _two_years(behaviour, before)
    starts = range(0, max(len(behaviour), 1), _AT_ONCE)
    pieces = [_classified({name: column[at : at + _AT_ONCE] for name, column in told.items()}, rules) for at in starts]
    customers, chances = (pd.concat(part, ignore_index=True) for part in zip(*pieces, strict=True))
    return Typed(customers.set_index(behaviour.index), chances.set_index(behaviour.index))


def _classified(told: dict[str, Floats], rules: CustomerType) -> tuple[pd.DataFrame, pd.DataFrame]:
    value, seen = _facts(told)
    points = _points(value, _part(seen, rules), rules)
    chance = _chances(points.sum(axis=0) + _usual(rules))
    is_known = (points != 0).any(axis=(0, 2))
    likeliest, confidence = chance.argmax(axis=1), chance.max(axis=1)
    intent, intent_confidence = _intent(chance)
    least = float(rules.confidence_min)
    customers = {
        "customer_type": _words((*TYPES, UNKNOWN), np.where(is_known & (confidence >= least), likeliest, len(TYPES))),
        "likeliest": _words(TYPES, likeliest),
        "confidence": confidence,
        "intent": _words((*INTENTS, UNKNOWN), np.where(is_known & (intent_confidence >= least), intent, len(INTENTS))),
        "intent_confidence": intent_confidence,
        **_evidence(points, value, likeliest, rules.evidence),
    }
    return pd.DataFrame(customers), pd.DataFrame(chance, columns=list(TYPES))


# Facts ---------------------------------------------------------------------------------------------------------------


def _two_years(behaviour: pd.DataFrame, before: pd.DataFrame | None) -> dict[str, Floats]:
    """The columns of the behaviour as numbers, counts with those of the year before."""
    told = {name: _numbers(behaviour[name]) for name in COLUMNS}
    if before is not None:
        for name in COUNTS:
            told[name] = told[name] + _numbers(before[name].reindex(behaviour.index).fillna(0))
    return told


_LATENESS: Final = ("late_7_share", "late_30_share", "days_beyond_terms", "max_days_late")
_ALSO: Final = ("items", "late_share", "over_90_local", "recent_purchases_local", "resale_months", "resold_share")
COLUMNS: Final = (*_LATENESS, *_ALSO, *COUNTS)
"""What of the behaviour is looked at."""


def _numbers(values: pd.Series[float]) -> Floats:
    return values.to_numpy(dtype=np.float64, na_value=np.nan).astype(np.float64, copy=False)


def _facts(told: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Each fact (first axis) of each customer, NaN where it cannot be told; and how often it was seen."""
    items, always = told["items"], np.full(len(told["items"]), np.inf)
    late, excuses = items * told["late_share"], told["excuses"]
    own_debtor, asked = told["excuses_own_debtor"] + told["upstream_debtors"], excuses + told["upstream_debtors"]
    has_gone = (np.nan_to_num(told["recent_purchases_local"]) <= 0) & (np.nan_to_num(told["over_90_local"]) > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            **{name: (told[name], items) for name in _LATENESS},
            "long_late_share": (told["late_30_share"] / told["late_share"], late),
            "has_gone": (has_gone.astype(np.float64), always),
            "no_money_share": (told["excuses_no_money"] / excuses, excuses),
            "own_debtor_share": (own_debtor / asked, asked),
            "absent_share": (told["excuses_absent"] / excuses, excuses),
            "procedure_share": (told["excuses_procedure"] / excuses, excuses),
            "unanswered_share": (told["unanswered"] / told["personal_contacts"], told["personal_contacts"]),
            "broken_share": (told["broken_promises"] / told["promises"], told["promises"]),
            "requests": (told["deferral_requests"], always),
            "payment_claims": (told["payment_claims"], always),
            "resold_share": (told["resold_share"], told["resale_months"]),
        }
    value, seen = (np.stack([found[name][part] for name in FACTS]) for part in (0, 1))
    return value, seen


def _part(seen: Floats, rules: CustomerType) -> Floats:
    """How far a fact counts that was seen so often."""
    with np.errstate(invalid="ignore"):
        part = np.where(np.isinf(seen), 1.0, seen / (seen + rules.habit_times))
    return np.nan_to_num(part)


# Points and chances --------------------------------------------------------------------------------------------------


def _points(value: Floats, part: Floats, rules: CustomerType) -> Floats:
    """What each fact (first axis) of each customer gives to each type (last axis)."""
    points = np.zeros((*value.shape, len(TYPES)))
    for place, name in enumerate(TYPES):
        for fact, table in getattr(rules, name):
            row, (values, given) = FACTS.index(fact), np.array(table, dtype=np.float64).T
            own = np.interp(value[row], values, given)
            points[row, :, place] = np.where(np.isnan(value[row]), 0.0, own * part[row])
    return points


def _usual(rules: CustomerType) -> Floats:
    usual = dict(rules.usual_points)
    return np.array([float(usual[name]) for name in TYPES])


def _chances(points: Floats) -> Floats:
    odds = np.exp2(points - points.max(axis=1, keepdims=True))
    chances: Floats = np.round(odds / odds.sum(axis=1, keepdims=True), _PLACES)
    return chances


def _words(words: tuple[str, ...], place: Ints) -> pd.Categorical[str]:
    return pd.Categorical.from_codes(place, categories=pd.Index(words))


def _intent(chance: Floats) -> tuple[Ints, Floats]:
    """Which of the intents is likeliest, and its chance: those of the types that mean it, together."""
    together = np.stack([chance[:, [TYPES.index(name) for name in names]].sum(axis=1) for names in INTENTS.values()])
    return together.argmax(axis=0).astype(np.int64), np.round(together.max(axis=0), _PLACES)


def _evidence(points: Floats, value: Floats, likeliest: Ints, count: int) -> dict[str, pd.Categorical[str] | Floats]:
    """Which facts speak most for the likeliest type against the average of all, first those that do most; of equal ones that named first."""
    customers = np.arange(len(likeliest))
    left = points[:, customers, likeliest] - points.mean(axis=2)
    told: dict[str, pd.Categorical[str] | Floats] = {}
    for turn in range(1, count + 1):
        place = left.argmax(axis=0)
        most = np.round(left[place, customers], _PLACES)
        speaks = most > 0
        told[f"evidence_{turn}"] = _words(FACTS, np.where(speaks, place, -1))
        told[f"evidence_{turn}_value"] = np.where(speaks, value[place, customers], np.nan)
        told[f"evidence_{turn}_points"] = np.where(speaks, most, np.nan)
        left[place, customers] = -np.inf
    return told
