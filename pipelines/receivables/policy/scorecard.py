"""The expert scorecard: facts of customers in, points in, what cost most of them and how much of the card is known.

What is missing is never average in silence: the portfolio's median stands in, completeness says how much of it there is, and who has
no payment index is not scored at all (`insufficient`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from receivables.settings import BLOCKS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy.typing as npt

    from receivables.settings import Attribute, Rating, Scorecard

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

RATED: Final = "rated"
INSUFFICIENT: Final = "insufficient"
"""What a customer is without a payment index: too few payments to be told from another."""

HISTORY: Final = "payment_index"
KINDS: Final = ("low", "stale", "missing")
"""Why an attribute cost points: its value, its age (the rest of it is the median), or that there is no value (all of it is)."""

_PLACES: Final = 4
"""Decimals of a score: what sums of doubles differ by never decides a grade."""


@dataclass(frozen=True)
class Scored:
    """What a card says of customers.

    `customers`: a row each, index as the facts: status (`rated`, `insufficient`); score (0 to 100, NaN where insufficient);
    completeness (share of 1); basic_points, operating_points, payment_points; file_score (0 to 100, of the first two blocks alone,
    for who buys for the first time; NaN where less of them is known than a grade needs) and file_completeness; reason_1,
    reason_1_kind (`KINDS`), reason_1_points (those it cost) and so on, missing where no more attribute cost any.
    `points`: a row each and a column per attribute; those of the payment record NaN where insufficient.
    `attributes`: a row per attribute, named by it: block, best_points, stand_in_points (given where it is missing), customers
    (with a value that counts).
    """

    customers: pd.DataFrame
    points: pd.DataFrame
    attributes: pd.DataFrame


@dataclass(frozen=True)
class _Portfolio:
    """By customer and attribute: how far a value counts (0 missing, 1 fully) and the points; `best` and `stand_in` by attribute."""

    counts: Floats
    points: Floats
    best: Floats
    stand_in: Floats


def score(
    facts: pd.DataFrame,
    card: Scorecard,
    rules: Rating,
    *,
    ages: pd.DataFrame | None = None,
    stand_in: Mapping[str, float] | None = None,
) -> Scored:
    """Score customers, all of one portfolio at once: its medians stand in for what is missing.

    Args:
        facts: a row per customer and a column per attribute of the card, named and in units as its settings say; NaN is missing.
        card: what each value is worth.
        rules: how much must be known for a grade.
        ages: months since the day that a fact tells of, columns named like the attributes; without one it is as of today.
        stand_in: points for missing values by attribute, as a portfolio scored before has them, in place of its own medians.

    Raises:
        KeyError: the facts lack an attribute of the card.
        ValueError: a registry event that the card does not know.
    """
    attributes = card.attributes()
    known = _portfolio(facts, attributes, card, ages, stand_in or {})
    is_payment = np.array([attribute.block == "payment" for attribute in attributes])
    insufficient = ~_has_history(facts)
    blocks = {
        block: known.points[:, [attribute.block == block for attribute in attributes]].sum(axis=1) for block in BLOCKS
    }
    told = {
        "status": pd.Categorical.from_codes(insufficient.astype(np.int8), categories=pd.Index([RATED, INSUFFICIENT])),
        "score": np.round(sum(blocks.values()), _PLACES),
        "completeness": _share(known.counts, known.best),
        **{f"{block}_points": np.round(points, _PLACES) for block, points in blocks.items()},
        **_file_alone(known, ~is_payment, float(rules.completeness_min)),
        **_reasons(known, attributes, card.reasons),
    }
    return Scored(
        pd.DataFrame(told, index=facts.index),
        pd.DataFrame(known.points, index=facts.index, columns=[attribute.name for attribute in attributes]),
        _described(attributes, known),
    )


def counting(facts: pd.DataFrame, card: Scorecard, ages: pd.DataFrame | None = None) -> pd.DataFrame:
    """The facts that the card counts, wholly or in part, as numbers, index as `facts`; NaN without one or where it is too old. A registry event is its points.

    Raises:
        KeyError: the facts lack an attribute of the card.
        ValueError: a registry event that the card does not know.
    """
    told = {}
    for attribute in card.attributes():
        is_word = attribute.name == "registry_event"
        own = _own_points(facts[attribute.name], attribute) if is_word else _numbers(facts[attribute.name])
        age = ages[attribute.name] if ages is not None and attribute.name in ages else None
        told[attribute.name] = np.where(_freshness(age, card, len(facts)) > 0, own, np.nan)
    return pd.DataFrame(told, index=facts.index)


def _portfolio(
    facts: pd.DataFrame,
    attributes: tuple[Attribute, ...],
    card: Scorecard,
    ages: pd.DataFrame | None,
    stand_in: Mapping[str, float],
) -> _Portfolio:
    shape = (len(facts), len(attributes))
    counts, points, missing = np.zeros(shape), np.zeros(shape), np.zeros(shape[1])
    has_history = _has_history(facts)
    for place, attribute in enumerate(attributes):
        is_rated = has_history if attribute.block == "payment" else np.ones(len(facts), dtype=np.bool_)
        own = _own_points(facts[attribute.name], attribute)
        age = ages[attribute.name] if ages is not None and attribute.name in ages else None
        part = (is_rated & ~np.isnan(own)) * _freshness(age, card, len(facts))
        missing[place] = stand_in.get(attribute.name, _usual(own[part > 0], attribute, card))
        told = np.where(part > 0, part * own, 0.0) + (1 - part) * missing[place]
        counts[:, place], points[:, place] = part, np.where(is_rated, told, np.nan)
    return _Portfolio(counts, points, np.array([attribute.best for attribute in attributes]), missing)


def _has_history(facts: pd.DataFrame) -> Flags:
    found: Flags = np.isfinite(_numbers(facts[HISTORY]))
    return found


def _numbers(values: pd.Series[float]) -> Floats:
    numbers: Floats = values.to_numpy(dtype=np.float64, na_value=np.nan).astype(np.float64, copy=False)
    return numbers


def _own_points(values: pd.Series[float], attribute: Attribute) -> Floats:
    """The points of each value, NaN without one."""
    given = [float(points) for _, points in attribute.table]
    if attribute.name == "registry_event":
        words = pd.Index([word for word, _ in attribute.table])
        place = words.get_indexer(pd.Index(values))
        unknown = (place < 0) & values.notna().to_numpy()
        if unknown.any():
            raise ValueError(f"{attribute.name} {values[unknown].iloc[0]!r} has no points in the card")
        return np.array([*given, np.nan])[place]
    number = _numbers(values)
    points: Floats = np.interp(number, [float(value) for value, _ in attribute.table], given)
    return np.where(np.isfinite(number), points, np.nan)


def _freshness(age: pd.Series[float] | None, card: Scorecard, customers: int) -> Floats:
    """How far facts of an age in months count; where none is told they are as of today."""
    if age is None:
        return np.ones(customers)
    months = _numbers(age)
    return np.where(
        months > card.ignored_months, 0.0, np.where(months > card.stale_months, float(card.stale_weight), 1.0)
    )


def _usual(own: Floats, attribute: Attribute, card: Scorecard) -> float:
    if len(own) < card.median_customers_min:
        return float(card.missing_share) * attribute.best
    return float(np.median(own))


def _share(counts: Floats, best: Floats) -> Floats:
    share: Floats = np.round(counts @ best / best.sum(), _PLACES)
    return share


def _file_alone(known: _Portfolio, is_file: Flags, completeness_min: float) -> dict[str, Floats]:
    """The score of the file without the payment record, for who has none."""
    if not known.best[is_file].sum():
        return dict.fromkeys(("file_score", "file_completeness"), np.full(len(known.points), np.nan))
    share = _share(known.counts[:, is_file], known.best[is_file])
    of_all = np.round(100 * known.points[:, is_file].sum(axis=1) / known.best[is_file].sum(), _PLACES)
    return {"file_score": np.where(share < completeness_min, np.nan, of_all), "file_completeness": share}


def _reasons(
    known: _Portfolio, attributes: tuple[Attribute, ...], count: int
) -> dict[str, pd.Categorical[str] | Floats]:
    """Which attributes cost most points against their best."""
    lost = np.where(np.isnan(known.points), 0.0, known.best - known.points)
    kind = np.where(known.counts == 1, 0, np.where(known.counts > 0, 1, 2))
    return dearest(lost, kind, [attribute.name for attribute in attributes], count)


def dearest(
    lost: Floats, kind: npt.NDArray[np.int64], names: list[str], count: int
) -> dict[str, pd.Categorical[str] | Floats]:
    """Which attributes cost most points, dearest first; of equal ones that which is named first.

    Args:
        lost: points by customer and attribute.
        kind: why, as places in `KINDS`, alike.
        names: of the attributes.
        count: how many to tell of each customer at most.

    Returns:
        reason_1, reason_1_kind, reason_1_points and so on, one element per customer, missing where no more attribute cost any.
    """
    lost, rows = np.where(lost < 10.0**-_PLACES, 0.0, lost), np.arange(len(lost))
    told: dict[str, pd.Categorical[str] | Floats] = {}
    for turn in range(1, min(count, len(names)) + 1):
        place = lost.argmax(axis=1)
        cost = lost[rows, place]
        has_reason = cost > 0
        told[f"reason_{turn}"] = pd.Categorical.from_codes(np.where(has_reason, place, -1), categories=pd.Index(names))
        told[f"reason_{turn}_kind"] = pd.Categorical.from_codes(
            np.where(has_reason, kind[rows, place], -1), categories=pd.Index(KINDS)
        )
        told[f"reason_{turn}_points"] = np.where(has_reason, np.round(cost, _PLACES), np.nan)
        lost[rows, place] = 0.0
    return told


def _described(attributes: tuple[Attribute, ...], known: _Portfolio) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "block": [attribute.block for attribute in attributes],
            "best_points": known.best,
            "stand_in_points": known.stand_in,
            "customers": (known.counts > 0).sum(axis=0),
        },
        index=pd.Index([attribute.name for attribute in attributes], name="attribute"),
    )


# Facts that are judged before they are scored ------------------------------------------------------------------------


def worst_registry_event(events: pd.DataFrame, customers: pd.Index[str], day: date, card: Scorecard) -> pd.Series[str]:
    """The event of each customer that costs most points, `none` without any, of the months looked at up to a day.

    Args:
        events: customer_id, kind (as the card names them) and event_date (datetime64).
        customers: whom to find it for, each once.
        day: later ones are not known yet.
        card: what each costs, and how long ago still counts.
    """
    if events.empty:
        return pd.Series("none", index=customers, name="kind")
    until = pd.Timestamp(day)
    near = events[
        (events["event_date"] <= until) & (events["event_date"] > until - pd.DateOffset(months=card.registry_months))
    ]
    points = {kind: float(given) for kind, given in card.registry_event}
    by_points = near.assign(points=near["kind"].map(points)).sort_values(["points", "kind"])
    worst = by_points.drop_duplicates("customer_id").set_index("customer_id")["kind"]
    return worst.reindex(customers).fillna("none")


def altman_z(
    *,
    working_capital: Floats,
    retained_earnings: Floats,
    operating_result: Floats,
    book_equity: Floats,
    assets: Floats,
    liabilities: Floats,
) -> Floats:
    """Altman's Z" for private businesses that are no manufacturers: below 1.1 distress, above 2.6 safe; NaN without assets or liabilities."""
    told = (assets > 0) & (liabilities > 0)
    of_assets = 6.56 * working_capital + 3.26 * retained_earnings + 6.72 * operating_result
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(told, of_assets / assets + 1.05 * book_equity / liabilities, np.nan)
