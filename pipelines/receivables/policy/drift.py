"""Whether a customer that used to pay about on time pays ever later: the cumulative sum of what its latest payments are later than usual (CUSUM).

A control chart: that the sum is beyond its limit is a state of the payments up to a day, the same however often one looks, until payments bring it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import AnomalyBuying

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

YEAR_DAYS: Final = 365
_OVERSHOOT: Final = 1.166
"""Added to the sum reached: what a sum goes beyond a limit when it passes it (Siegmund 1985)."""

_BASELINE_ERROR: Final = 13.0
"""Payments at which the error of the baseline halves what a deviation is worth: with a baseline of n the allowance is taken as 1 / (1 + 13/n) of itself. By simulation of baselines of 12 to 48
normal payments and 12 watched ones, sums of 4 to 18; it tells up to twice the true chance, at 5 after a baseline of 24 it is 0.05 (0.033 is true), of 12 0.09 (0.063)."""

_LATEST: Final = 3
"""Payments that must be late still: a sum falls slowly, and who pays as ever again has ended it."""

_EXPONENT_MAX: Final = 600.0
_PRIOR_PAYMENTS: Final = 3
"""Payments of the usual spread of all that are added to a customer's own."""


@dataclass(frozen=True)
class Payments:
    """The latest payments of a company's customers, a row each, the newest in the last column, NaN where there were fewer.

    The last `watched` of each are watched, the others are its baseline: their `mean` days late, their `variance`, and how many they `are`.
    """

    rules: AnomalyBuying
    as_of: np.datetime64
    customers: pd.Index[Any]
    days_late: Floats
    row: Ints
    watched: Ints
    are: Ints
    mean: Floats
    variance: Floats

    @property
    def is_told(self) -> Flags:
        """Whether the baseline of a customer is long enough, and anything is watched."""
        told: Flags = (self.are >= self.rules.drift_baseline_min) & (self.watched > 0)
        return told


def payments(days: pd.DataFrame, as_of: np.datetime64, rules: AnomalyBuying) -> Payments:
    """Gather the payments that count: not those small beside what the customer pays in a year and beside its other payments.

    Args:
        days: a row per customer and day with payments, ordered by both: customer_id, day, amount (in any unit), days_late.
        as_of: the last day that is known.
        rules: what counts, and how many are watched.
    """
    who, customers = pd.factorize(days["customer_id"])
    amount = days["amount"].to_numpy(dtype=np.float64)
    is_of_year = days["day"].to_numpy().astype("M8[D]") > as_of - np.timedelta64(YEAR_DAYS, "D")
    of_year = np.bincount(who, amount * is_of_year, len(customers))[who]
    median = pd.Series(amount).groupby(who).transform("median").to_numpy()
    is_small = (amount < float(rules.drift_payment_share) * of_year) & (amount < float(rules.drift_small_part) * median)
    place = np.flatnonzero(~is_small)
    width = rules.drift_baseline_max + rules.drift_watched
    who = who[place]
    count = np.bincount(who, minlength=len(customers))
    left = np.cumsum(count)[who] - np.arange(len(who)) - 1
    is_latest = left < width
    table, row = np.full((len(customers), width), np.nan), np.full((len(customers), width), -1)
    cell = (who[is_latest], width - 1 - left[is_latest])
    table[cell] = days["days_late"].to_numpy(dtype=np.float64)[place[is_latest]]
    row[cell] = place[is_latest]
    count = np.minimum(count, width)
    watched = np.clip(count - rules.drift_baseline_min, 0, rules.drift_watched)
    is_base = np.isfinite(table) & (np.arange(width) < (width - watched)[:, np.newaxis])
    are = is_base.sum(axis=1)
    mean = np.where(is_base, table, 0.0).sum(axis=1) / np.maximum(are, 1)
    apart = np.where(is_base, table - mean[:, np.newaxis], 0.0)
    variance = (apart**2).sum(axis=1) / np.maximum(are - 1, 1)
    return Payments(rules, as_of, pd.Index(customers), table, row, watched, are, mean, variance)


def sums(days_late: Floats, usual: Floats, deviation: Floats, rules: AnomalyBuying) -> Floats:
    """The cumulative sum after each payment (columns) of each customer: what they are later than usual in deviations, less the allowance; never below 0. NaN counts nothing."""
    found, now = np.zeros(days_late.shape), np.zeros(len(days_late))
    for place in range(days_late.shape[1]):
        late = (days_late[:, place] - usual) / deviation
        step = np.minimum(late, float(rules.drift_deviations_max)) - float(rules.drift_allowance)
        now = np.maximum(0.0, now + np.where(np.isnan(step), 0.0, step))
        found[:, place] = now
    return found


def chance(reached: Floats, watched: Ints, baseline: Ints, rules: AnomalyBuying) -> Floats:
    """About how likely a sum comes so far in so many payments without drift, by Siegmund's approximation, with the error of a baseline of so many payments in it."""
    worth = float(rules.drift_allowance) / (1 + _BASELINE_ERROR / np.maximum(baseline, 1))
    exponent = np.minimum(2 * worth * (reached + _OVERSHOOT), _EXPONENT_MAX)
    run_length = (np.exp(exponent) - exponent - 1) / (2 * worth**2)
    found: Floats = -np.expm1(-watched / run_length)
    return found


def drift_signs(paid: Payments, days: pd.DataFrame, usual: Floats) -> pd.DataFrame:
    """The signs of drift: since when and how much later a customer pays, with its largest payment since; a row for each customer tested, without a code where there is none.

    Args:
        paid: the payments that count.
        days: the frame they are from, with largest_id.
        usual: how late each customer usually pays, its own mean drawn towards that of others; where that is earlier its own counts, as being unlike others is no drift.
    """
    rules = paid.rules
    spread = float(np.median(paid.variance[paid.is_told])) if paid.is_told.any() else 0.0
    drawn = ((paid.are - 1) * paid.variance + _PRIOR_PAYMENTS * spread) / np.maximum(paid.are - 1 + _PRIOR_PAYMENTS, 1)
    deviation = np.maximum(np.sqrt(np.maximum(paid.variance, drawn)), float(rules.drift_deviation_min))
    usual = np.fmax(paid.mean, usual)
    width = rules.drift_watched
    place = np.arange(paid.days_late.shape[1])[-width:]
    is_watched = place >= (paid.days_late.shape[1] - paid.watched)[:, np.newaxis]
    late = np.where(is_watched, paid.days_late[:, -width:], np.nan)
    reached = sums(late, usual, deviation, rules)
    tested = np.flatnonzero(paid.is_told & (paid.mean <= float(rules.drift_usual_days_max)))
    reached, late = reached[tested], late[tested]
    start = width - (np.cumprod(reached[:, ::-1] > 0, axis=1).sum(axis=1))
    is_since = np.arange(width) >= start[:, np.newaxis]
    rows = paid.row[tested][:, -width:]
    now = np.where(is_since, late, 0.0).sum(axis=1) / np.maximum(is_since.sum(axis=1), 1)
    latest = np.where(np.isnan(late[:, -_LATEST:]), 0.0, late[:, -_LATEST:]).mean(axis=1)
    last = days["day"].to_numpy().astype("M8[D]")[rows[:, -1]]
    is_drift = (
        (reached[:, -1] > float(rules.drift_limit))
        & (np.minimum(now, latest) - paid.mean[tested] >= float(rules.drift_days_min))
        & (paid.as_of - last <= np.timedelta64(rules.drift_recent_days, "D"))
    )
    p_value = np.where(is_drift, chance(reached[:, -1], paid.watched[tested], paid.are[tested], rules), 1.0)
    told = np.flatnonzero(is_drift)
    alarm = (reached[told] > float(rules.drift_limit)) & is_since[told]
    amount = days["amount"].to_numpy()[rows[told]]
    largest = rows[told, np.where(is_since[told], amount, -1).argmax(axis=1)]
    day = days["day"].to_numpy().astype("M8[D]")
    later = now[told] - paid.mean[tested][told]
    customers = paid.customers[tested]
    signs = pd.DataFrame(
        {
            "customer_id": customers[told],
            "code": "lateness_drift",
            "severity": np.where(later >= float(rules.drift_grave_days), "high", "medium"),
            "seen_on": day[rows[told, alarm.argmax(axis=1)]],
            "item_id": days["largest_id"].to_numpy()[largest],
            "day": day[rows[told, np.minimum(start[told], width - 1)]],
            "other_day": day[largest],
            "measured": now[told],
            "usual": paid.mean[tested][told],
            "amount_local": np.where(is_since[told], amount, 0).sum(axis=1),
            "p_value": p_value[told],
        }
    )
    rest = np.flatnonzero(~is_drift)
    none = pd.DataFrame({"customer_id": customers[rest], "seen_on": paid.as_of, "p_value": p_value[rest]})
    found = pd.concat([part for part in (signs, none) if len(part)] or [signs], ignore_index=True)
    return found.assign(subject=found["customer_id"])


def drift_lacks(paid: Payments | None, rules: AnomalyBuying) -> tuple[str, int, int] | None:
    """What a company lacks for drift to be told: what it is of, how much there is, and how much there must be."""
    needs = rules.drift_baseline_min + 1
    has = 0 if paid is None else int((paid.are + paid.watched).max(initial=0))
    return ("payments", has, needs) if has < needs else None
