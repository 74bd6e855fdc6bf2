"""What follows from a grade: a credit limit and what decided it, terms, supply and benefits, and the price of an account period.

Amounts come and go as Decimal. In between they are whole ledger units (1/10000) in int64, and every product of one with a fraction is
rounded once, so that a limit is the same on every machine.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from receivables.settings import GRADES

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import CreditLimit

    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

DECIDED_BY: Final = ("need", "net_worth", "working_capital", "high_credit", "insurer", "grade", "change")
"""What made a limit what it is: the need, or the bound below it; `grade`: it leaves nothing; `change`: a review may go no farther."""

_PLACES: Final = 4
_UNKNOWN: Final = int(np.iinfo(np.int64).max)
"""An amount nobody told: as a bound it is none."""

_MOST: Final = 10**18 - 1
"""What DECIMAL(18,4) can hold, in ledger units."""

_MONTH_DAYS: Final = 30
_MOST_DAYS: Final = 3650
"""Ten years: longer waits are typing errors, and no need."""

_YEAR_DAYS: Final = 365

_FAR: Final = 100_000
"""Days that no account period lasts: with them, price list and term are one sorted number."""


def recommend(facts: pd.DataFrame, rules: CreditLimit) -> pd.DataFrame:
    """Recommend limit, terms, supply and benefits to each customer.

    Args:
        facts: a row per customer, amounts of one currency as Decimal, missing where unknown: grade (its place in `GRADES`, -1 without
            one), monthly_purchases, terms_days (agreed), days_beyond_terms (average), net_worth, working_capital, high_credit (the
            most it ever owed and paid), insurer_limit, previous_limit, has_hard_event (one is in force).
        rules: the factors, and what each grade is worth.

    Returns:
        need, cap (the least bound beside it) and limit as Decimal, decided_by (`DECIDED_BY`), terms_days, supply, has_benefits; index
        as the facts. Missing without a grade; need and limit also where purchases are not told.
    """
    grade = facts["grade"].to_numpy(dtype=np.int64)
    need, bounds = _need(facts, grade, rules), _bounds(facts, rules)
    known = (grade >= 0) & (need != _UNKNOWN)
    cap, capped_by = _least(bounds)
    multiplier, per = _multipliers(grade, rules)
    found = _rounded(_scaled(np.where(known, np.minimum(need, cap), 0), multiplier, per), rules)
    leaves_nothing = (multiplier == 0) | (cap == 0)
    held = np.where(leaves_nothing, found, _held(found, facts, rules))
    limit = np.minimum(held, _rounded_down(bounds["insurer"], rules))
    decided_by = np.select(
        [~known, limit < held, held != found, multiplier == 0, cap < need],
        [-1, DECIDED_BY.index("insurer"), DECIDED_BY.index("change"), DECIDED_BY.index("grade"), capped_by],
        default=DECIDED_BY.index("need"),
    )
    told = {
        "need": _decimals(need, known),
        "cap": _decimals(cap, (grade >= 0) & (cap != _UNKNOWN)),
        "limit": _decimals(limit, known),
        "decided_by": pd.Categorical.from_codes(decided_by, categories=pd.Index(DECIDED_BY)),
        "terms_days": _terms(facts, grade, rules),
        "supply": np.array([*rules.supply, None], dtype=np.object_)[grade],
        "has_benefits": pd.array([*rules.benefits, None], dtype="boolean").take(grade),
    }
    return pd.DataFrame(told, index=facts.index)


def _need(facts: pd.DataFrame, grade: Ints, rules: CreditLimit) -> Ints:
    """What a customer owes at most if it goes on as it does: purchases of a month for as long as it takes to pay them."""
    beyond = np.maximum(_whole_days(facts["days_beyond_terms"], 0), 0)
    days = _whole_days(facts["terms_days"], _policy_terms(grade, rules)) + beyond
    factor = Fraction(rules.need_factor) / _MONTH_DAYS
    purchases = _units(facts["monthly_purchases"])
    return _scaled(purchases, np.clip(days, 0, _MOST_DAYS) * factor.numerator, factor.denominator)


def _bounds(facts: pd.DataFrame, rules: CreditLimit) -> dict[str, Ints]:
    """What a limit may not exceed, by name."""
    share, most = Fraction(rules.net_worth_share), Fraction(rules.high_credit_factor)
    worth = _scaled(_units(facts["net_worth"]), share.numerator, share.denominator)
    capital = _scaled(_units(facts["working_capital"]), share.numerator, share.denominator)
    high_credit = _scaled(_units(facts["high_credit"]), most.numerator, most.denominator)
    return {
        "net_worth": worth,
        "working_capital": np.where(worth == _UNKNOWN, capital, _UNKNOWN),
        # who never owed anything has shown nothing yet, neither good nor bad
        "high_credit": np.where(high_credit > 0, high_credit, _UNKNOWN),
        "insurer": _units(facts["insurer_limit"]),
    }


def _least(bounds: dict[str, Ints]) -> tuple[Ints, Ints]:
    """The least bound of each customer, and its place in `DECIDED_BY`."""
    stacked = np.stack(list(bounds.values()))
    places = np.array([DECIDED_BY.index(name) for name in bounds])
    return stacked.min(axis=0), places[stacked.argmin(axis=0)]


def _multipliers(grade: Ints, rules: CreditLimit) -> tuple[Ints, int]:
    """Numerator of each customer's multiplier, and the denominator of all."""
    fractions = [Fraction(multiplier) for multiplier in rules.multipliers]
    per = lcm(*(fraction.denominator for fraction in fractions))
    return np.array([*(int(fraction * per) for fraction in fractions), 0], dtype=np.int64)[grade], per


def _held(found: Ints, facts: pd.DataFrame, rules: CreditLimit) -> Ints:
    """Limits no farther from those before than a review may go, at least by one step; down as far as it takes after a hard event.

    A limit of nothing, like none, is no standard: a share of it is nothing, too.
    """
    before, step = _units(facts["previous_limit"]), _step(rules)
    has_before = (before != _UNKNOWN) & (before > 0)
    change = Fraction(rules.change_share)
    reach = _scaled(np.where(has_before, before, 0), change.numerator, change.denominator)
    nearest = np.where(has_before, before, 0)
    low = np.minimum(_rounded_down(nearest - reach + step - 1, rules), _rounded_down(nearest - 1, rules))
    high = np.maximum(_rounded_down(nearest + reach, rules), _rounded_down(nearest + step, rules))
    low = np.where(facts["has_hard_event"].to_numpy(dtype=np.bool_), 0, low)
    return np.where(has_before, np.clip(found, low, high), found)


def _policy_terms(grade: Ints, rules: CreditLimit) -> Ints:
    return np.array([*rules.terms_days, 0], dtype=np.int64)[grade]


def _terms(facts: pd.DataFrame, grade: Ints, rules: CreditLimit) -> pd.Series[int]:
    """Days of credit: as agreed, or as the grade allows if that is less or nothing is agreed."""
    allowed = _policy_terms(grade, rules)
    days = np.minimum(_whole_days(facts["terms_days"], allowed), allowed)
    return pd.Series(days, index=facts.index, dtype="Int64").where(grade >= 0)


# Arithmetic in ledger units ------------------------------------------------------------------------------------------


def _units(amounts: pd.Series[Any]) -> Ints:
    """Amounts in ledger units, those below nothing as nothing."""
    known = amounts.notna().to_numpy()
    units = np.full(len(amounts), _UNKNOWN, dtype=np.int64)
    units[known] = np.array([max(int(amount.scaleb(_PLACES)), 0) for amount in amounts[known]], dtype=np.int64)
    return units


def _decimals(units: Ints, known: Flags) -> list[Decimal | None]:
    return [
        Decimal(unit).scaleb(-_PLACES) if is_known else None
        for unit, is_known in zip(units.tolist(), known.tolist(), strict=True)
    ]


def _scaled(units: Ints, numerator: Ints | int, denominator: int) -> Ints:
    """Units times a fraction, halves up, at most what the ledger can hold; taken apart so that no product leaves int64."""
    whole, rest = np.divmod(np.where(units == _UNKNOWN, 0, units), denominator)
    whole = np.minimum(whole, _MOST // np.maximum(numerator, 1) - 1)
    scaled = whole * numerator + (rest * numerator + denominator // 2) // denominator
    return np.where(units == _UNKNOWN, _UNKNOWN, scaled)


def _step(rules: CreditLimit) -> int:
    return int(rules.rounding_amount.scaleb(_PLACES))


def _rounded(units: Ints, rules: CreditLimit) -> Ints:
    return _rounded_down(units + _step(rules) // 2, rules)


def _rounded_down(units: Ints, rules: CreditLimit) -> Ints:
    return units - units % _step(rules)


def _whole_days(days: pd.Series[float], otherwise: Ints | int) -> Ints:
    told = days.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(told), otherwise, np.floor(np.nan_to_num(told) + 0.5)).astype(np.int64)


# The price of an account period --------------------------------------------------------------------------------------


def price_uplift(price_list: pd.Series[str], days: pd.Series[float], table: pd.DataFrame) -> pd.DataFrame:
    """The row of a price list for an account period: the shortest that covers it, as rows are agreed and nothing lies between them.

    Args:
        price_list: the list of each customer.
        days: days that it takes to pay, beyond the agreed terms if it does.
        table: price_list_id, term_days and pct (Decimal, percent of the list price), one row per list and term.

    Returns:
        term_days and pct of the row; missing where the list is unknown, the days are, or no row is as long.
    """
    rows = table.sort_values(["price_list_id", "term_days"])
    lists = pd.Index(rows["price_list_id"].unique())
    keys = lists.get_indexer(pd.Index(rows["price_list_id"])) * _FAR + rows["term_days"].to_numpy(dtype=np.int64)
    known = price_list.isin(lists).to_numpy() & days.notna().to_numpy()
    whose = lists.get_indexer(pd.Index(price_list))
    asked = whose * _FAR + np.clip(np.ceil(days.fillna(0).to_numpy(dtype=np.float64)), 0, _FAR - 1).astype(np.int64)
    place = np.searchsorted(keys, asked)
    within = known & (place < len(keys))
    within[within] = keys[place[within]] // _FAR == whose[within]
    found = rows.iloc[np.where(within, place, 0)] if len(rows) else rows.reindex(price_list.index)
    chosen = found[["term_days", "pct"]].set_axis(price_list.index).astype({"term_days": "Int64", "pct": "object"})
    return chosen.where(pd.Series(within, index=price_list.index), None)


def covering_uplift(
    days: npt.NDArray[np.float64], loss: npt.NDArray[np.float64], annual_rate: Decimal
) -> list[Decimal | None]:
    """What a price must rise over that of cash so that what is paid after so many days and in part never is worth the same, percent.

    Args:
        days: until it is paid.
        loss: share of the sale that is expected never to be.
        annual_rate: cost of money per year as a share.

    Returns:
        ((1 + rate) ^ (days / 365) / (1 - loss) - 1) in percent to four places; None where all is lost, which no price covers.
    """
    financed = (1 + float(annual_rate)) ** (days / _YEAR_DAYS)
    return [
        None if lost >= 1 else Decimal(str(round((factor / (1 - lost) - 1) * 100, _PLACES)))
        for factor, lost in zip(financed.tolist(), loss.tolist(), strict=True)
    ]


def by_grade(told: pd.Series[float]) -> pd.Series[float]:
    """What is told of grades, for all of them: none below that of a better one, so that no price falls with the grade; where it is not told, that of the next worse, else the next better."""
    found: pd.Series[float] = told.reindex(list(reversed(GRADES))).bfill().ffill().cummax()
    return found


def over_cash(price_list: pd.Series[str], pct: pd.Series[Any], table: pd.DataFrame) -> list[Decimal | None]:
    """Uplifts of price lists over their own price for 0 days, or over the list price where they tell none, percent to four places; None where there is no uplift."""
    at_once = table[table["term_days"] == 0]
    cash = dict(zip(at_once["price_list_id"], at_once["pct"], strict=True))
    return [
        None if not isinstance(uplift, Decimal) else _beyond(uplift, cash.get(name, Decimal(0)))
        for name, uplift in zip(price_list, pct, strict=True)
    ]


def _beyond(uplift: Decimal, cash: Decimal) -> Decimal | None:
    """A price in percent beyond another; None where goods are given away for cash."""
    if cash <= -100:
        return None
    return ((uplift - cash) * 100 / (100 + cash)).quantize(Decimal("0.0001"))
