"""Tables of the sample as they are told day by day, and how they become extracts: whole or only what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.draws import NONE, Flags, Ints
from receivables.world.text import Text, joined, raw

SLICE_ROWS: Final = 250_000
NEVER_TOLD: Final = 1_000_000
"""A day after all others."""


class Later(NamedTuple):
    """A cell that is told differently at first: `before` stands in the column until `day`; `NONE`: it never changes."""

    day: Ints
    before: Text


@dataclass(frozen=True)
class Table:
    """A canonical table, or a slice of one: the final cells as file text, and from which day each row and cell is told."""

    columns: dict[str, Text]
    told: Ints
    later: dict[str, Later] = field(default_factory=dict)

    def as_told(self, day: int) -> dict[str, Text]:
        """Give all cells as they are told at the end of a day, for all rows, also those not told yet."""
        shown = dict(self.columns)
        for name, later in self.later.items():
            waits = (later.day != NONE) & (later.day > day)
            if waits.any():
                shown[name] = pc.if_else(pa.array(waits), later.before, shown[name])
        return shown

    def changed(self, after: int, day: int) -> Flags:
        """Say which rows are new or different at the end of `day`, compared with the end of `after`."""
        moved: Flags = (self.told > after) & (self.told <= day)
        for later in self.later.values():
            moved = moved | ((later.day > after) & (later.day <= day) & (self.told <= day))
        return moved


Announce = Callable[[str, int], None]
"""Told what is about to be written, and of how many parts it is one."""


def silence(_name: str, _parts: int) -> None:
    """Announce nothing."""


Slices = Callable[[], Iterator[Table]]
"""A table in pieces, made one after the other, so that no more than one piece is in memory."""


def empty(size: int) -> Text:
    """Make a column of empty cells."""
    return pa.nulls(size, pa.string())


def whole(table: Table) -> Slices:
    """Give a small table as its only slice."""
    return lambda: iter((table,))


def sliced(size: int, make: Callable[[Ints], Table]) -> Slices:
    """Make a large table slice by slice; `make` gets the row numbers of a slice."""

    def slices() -> Iterator[Table]:
        for start in range(0, max(size, 1), SLICE_ROWS):
            yield make(np.arange(start, min(start + SLICE_ROWS, size), dtype=np.int64))

    return slices


def write_table(path: Path, slices: Slices, day: int, after: int | None = None) -> int:
    """Write the rows told by the end of `day`, or only those that changed since the end of `after`; return their number.

    The file is CSV with a header, UTF-8 and line feeds; nothing is written where no row is to be told.
    """
    rows = 0
    file = None
    try:
        for table in slices():
            chosen = table.told <= day if after is None else table.changed(after, day)
            if file is None and (after is None or chosen.any()):
                file = path.open("wb")
                file.write((",".join(table.columns) + "\n").encode())
            if file is None or not chosen.any():
                continue
            lines = joined(list(table.as_told(day).values()), ",")
            if not chosen.all():
                lines = lines.filter(pa.array(chosen))
            file.write(raw(pc.binary_join_element_wise(lines, "\n", "")))
            rows += int(np.count_nonzero(chosen))
    finally:
        if file is not None:
            file.close()
    return rows
