"""Where the columns of a text without delimiters begin: the places that are blank in every line of data and in the header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from receivables.intake.drafting.data_like import DATA_LIKE

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Places:
    """The characters (from 1) columns begin at, the header's line, and how many lines of data agree."""

    starts: tuple[int, ...]
    header_line: int
    rows: int


NONE = Places((), 0, 0)


def columns_of(lines: Sequence[str]) -> Places:
    """The columns of a text whose lines stand in columns, with its header: the last line of words above the first line of data."""
    data = [n for n, line in enumerate(lines) if _is_data(line)]
    usual = max((_words(lines[n]) for n in data), default=0)
    data = [n for n in data if 2 * _words(lines[n]) > usual]
    if len(data) < 2:
        return NONE
    header = next((n for n in range(data[0] - 1, -1, -1) if re.search(r"[^\W\d_]", lines[n])), None)
    if header is None:
        return NONE
    rows = [lines[n].rstrip() for n in data]
    return Places(_starts(lines[header].rstrip(), rows), header + 1, len(rows))


def _is_data(line: str) -> bool:
    """Whether a line has at least three words between gaps, one of them a number or a day."""
    words = re.split(r"\s{2,}", line.strip())
    return len(words) > 2 and any(DATA_LIKE.match(word) for word in words)


def _words(line: str) -> int:
    return len(line.split())


def _starts(header: str, rows: Sequence[str]) -> tuple[int, ...]:
    width = max(map(len, (header, *rows)))
    in_rows = [any(line[n : n + 1].strip() for line in rows) for n in range(width)]
    filled = [in_rows[n] or bool(header[n : n + 1].strip()) for n in range(width)]
    begins = [n for n in range(width) if filled[n] and (n == 0 or not filled[n - 1])]
    # Behind a single blank begins a column only where both the header and the rows say something: else it is a word of the one before.
    kept = [
        begin
        for begin, end in zip(begins, [*begins[1:], width], strict=True)
        if begin == begins[0]
        or not any(filled[max(0, begin - 2) : begin])
        or (any(in_rows[begin:end]) and bool(header[begin:end].strip()))
    ]
    return tuple(begin + 1 for begin in kept)
