"""The days on which money comes: business days, and of a customer with agreed paydays those days, moved to the next business day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PayingDays:
    """Calendars as the last paying day at or before each day; days are counted from 1970-01-01, and outside the span each day is one.

    `last_day`: by calendar and day since `first`.
    """

    first: int
    last_day: Ints

    def last(self, calendar: Ints, day: Ints) -> Ints:
        """The last paying day of a calendar at or before a day."""
        place = day - self.first
        inside = (place >= 0) & (place < self.last_day.shape[1])
        found = self.last_day[calendar, np.where(inside, place, 0)]
        return np.where(inside, found, day)


def paying_days(first: int, is_paying: Flags) -> PayingDays:
    """Calendars from which days pay, by calendar and day since `first`."""
    days = np.arange(first, first + is_paying.shape[1])
    # before the first paying day nothing is known of any: each day stands for itself
    found = np.maximum.accumulate(np.where(is_paying, days, first - 1), axis=1)
    return PayingDays(first, np.where(found < first, days, found))


def agreed_days(text: str, first: int, is_business_day: Flags) -> Flags:
    """Which days are those of an agreement such as `dom:5,20;last` or `dow:3`, each moved to the next business day.

    `last` is the last day of a month, as is a day of the month that a month lacks. The day by which papers must be there (`cutoff`)
    is no payday. An agreement that names no day leaves every business day.
    """
    days = np.datetime64("1970-01-01") + np.arange(first, first + len(is_business_day))
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    of_week = (days.astype(np.int64) + 3) % 7 + 1
    agreed = np.zeros(len(days), dtype=np.bool_)
    for part in text.lower().split(";"):
        kind, _, rest = part.strip().partition(":")
        numbers = [int(number) for number in rest.split(",") if number.strip().isdigit()]
        if kind == "last":
            agreed |= of_month == length
        elif kind == "dom":
            for number in numbers:
                agreed |= of_month == np.minimum(number, length)
        elif kind == "dow":
            agreed |= np.isin(of_week, numbers)
    if not agreed.any():
        return is_business_day
    return _moved_on(agreed, is_business_day)


def _moved_on(agreed: Flags, is_business_day: Flags) -> Flags:
    """Each agreed day as the first business day at or after it; days after the last business day are dropped."""
    places = np.arange(len(agreed))
    following = np.minimum.accumulate(np.where(is_business_day, places, len(places))[::-1])[::-1]
    moved = np.zeros(len(agreed) + 1, dtype=np.bool_)
    moved[following[agreed]] = True
    return moved[:-1]
