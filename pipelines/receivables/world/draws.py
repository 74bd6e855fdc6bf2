"""Seeded draws, and the calendar and money arithmetic of the sample world.

Only integers are drawn and every transform is integer arithmetic: the same seed gives the same bytes on every machine.
Days are counted from 1970-01-01, money in cents; `NONE` stands for "no day" and "no row".
"""

from __future__ import annotations

import zlib
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

NONE: Final = -1
PPM: Final = 1_000_000
UNITS_PER_CENT: Final = 100
"""The ledger keeps four decimals: one cent is a hundred of its units."""

_STEP_BITS: Final = 10
_EPOCH: Final = date(1970, 1, 1)


class Dial(NamedTuple):
    """How often an event happens: a share of the rows that may have it, and the least number of times."""

    per_mille: int
    least: int


def stream(seed: int, name: str) -> np.random.Generator:
    """Open the random stream of one subject; streams of different names never share a draw."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=(zlib.crc32(name.encode()),)))
    )


def below(rng: np.random.Generator, bound: int, size: int) -> Ints:
    """Draw whole numbers from 0 up to, not including, `bound`."""
    return rng.integers(0, bound, size=size, dtype=np.int64)


def shuffled(rng: np.random.Generator, size: int) -> Ints:
    """Put the numbers 0 to size - 1 in random order."""
    return np.argsort(rng.integers(0, 1 << 62, size=size, dtype=np.int64), kind="stable").astype(np.int64)


def pick(rng: np.random.Generator, eligible: Flags, dial: Dial) -> Flags:
    """Choose exactly the dial's share of the eligible rows, so that rare events are never absent by bad luck."""
    rows = np.flatnonzero(eligible)
    wanted = min(len(rows), max(dial.least, len(rows) * dial.per_mille // 1000))
    chosen = np.zeros(len(eligible), dtype=np.bool_)
    if wanted:
        chosen[rows[shuffled(rng, len(rows))[:wanted]]] = True
    return chosen


def quota(rng: np.random.Generator, size: int, shares: Sequence[int]) -> Ints:
    """Deal the codes 0, 1, 2, ... to `size` rows in these shares, as exactly as whole rows allow, in random order."""
    edges = np.cumsum(np.asarray(shares, dtype=np.int64))
    places = (2 * np.arange(size, dtype=np.int64) + 1) * edges[-1] // (2 * max(size, 1))
    codes = np.searchsorted(edges, places, side="right").astype(np.int64)
    dealt: Ints = codes[shuffled(rng, size)]
    return dealt


def shaped(rng: np.random.Generator, quantiles: Sequence[Sequence[int]], row: Ints) -> Ints:
    """Draw from the distribution whose equally spaced quantiles stand in the given row of the table."""
    table = np.asarray(quantiles, dtype=np.int64)
    steps = table.shape[1] - 1
    drawn = below(rng, steps << _STEP_BITS, len(row))
    place = row * table.shape[1] + (drawn >> _STEP_BITS)
    low, high = table.ravel()[place], table.ravel()[place + 1]
    value: Ints = low + ((high - low) * (drawn & ((1 << _STEP_BITS) - 1)) >> _STEP_BITS)
    return value


def weighted(rng: np.random.Generator, weights: Ints, size: int) -> Ints:
    """Draw positions in proportion to their whole-number weights."""
    edges = np.cumsum(weights)
    return np.searchsorted(edges, below(rng, int(edges[-1]), size), side="right").astype(np.int64)


def day_number(day: date) -> int:
    """Count the days since 1970-01-01."""
    return (day - _EPOCH).days


def as_date(day: int) -> date:
    """Turn a day number back into a date."""
    return date.fromordinal(_EPOCH.toordinal() + day)


def month_start(day: Ints) -> Ints:
    """Go back to the first day of the month."""
    return day.astype("M8[D]").astype("M8[M]").astype("M8[D]").astype(np.int64)


def next_month(day: Ints) -> Ints:
    """Go to the first day of the following month."""
    return (day.astype("M8[D]").astype("M8[M]") + 1).astype("M8[D]").astype(np.int64)


def weekday(day: Ints) -> Ints:
    """Number the days of the week, Monday is 0; 1970-01-01 was a Thursday."""
    return (day + 3) % 7


def next_weekday(day: Ints) -> Ints:
    """Move Saturdays and Sundays to the Monday after."""
    return day + np.array([0, 0, 0, 0, 0, 2, 1], dtype=np.int64)[weekday(day)]


def last_weekday(day: Ints) -> Ints:
    """Move Saturdays and Sundays to the Friday before."""
    return day - np.array([0, 0, 0, 0, 0, 1, 2], dtype=np.int64)[weekday(day)]


def convert(cents: Ints, rate_ppm: Ints) -> Ints:
    """Turn cents into ledger cents at a rate in millionths, rounded half away from zero."""
    return np.sign(cents) * ((np.abs(cents) * rate_ppm + PPM // 2) // PPM)


def local_units(part: Ints, whole: Ints, local: Ints) -> Ints:
    """Value a part of an item at the item's own booking ratio, in ledger units of 0.0001, rounded half up."""
    cents, rest = np.divmod(part * local, whole)
    units: Ints = cents * UNITS_PER_CENT + (2 * UNITS_PER_CENT * rest + whole) // (2 * whole)
    return units


def running_before(values: Ints, group: Ints) -> Ints:
    """Sum the earlier values of the same group; `group` is sorted."""
    total = np.cumsum(values) - values
    starts = np.flatnonzero(np.diff(group, prepend=NONE - 1))
    return total - np.repeat(total[starts], np.diff(starts, append=len(group)))


def at(column: Ints, row: Ints) -> Ints:
    """Look rows up; where the row is `NONE`, so is what is found."""
    found: Ints = np.append(column, NONE)[row]
    return found


def sum_by(index: Ints, values: Ints, size: int) -> Ints:
    """Add values up by index, exactly: the sums stay far below 2**53."""
    return np.bincount(index, weights=values, minlength=size).astype(np.int64)
