"""Lines of the usual shape, cut by Arrow straight into columns; every line that is not of it is left for a closer look.

A line is regular only where nothing about it can be doubted: as many cells as the header, quotes around whole values or none, an amount
and two things told of a document. What is left goes through `rows`, line by line; both ways lead to the same items.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from receivables.errors import FileRefused
from receivables.intake.container import LINE_BYTES_MAX
from receivables.intake.sqltext import cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb
    import numpy.typing as npt

Numbers: TypeAlias = "npt.NDArray[np.int64]"

CHUNK: Final = 1 << 23
_LONG: Final = 1 << 20
"""Longer lines are looked at one by one."""

_NEWLINE, _BLANK, _QUOTE = 10, 32, 34
_SUSPECTS: Final = bytes([*range(10), *range(11, 32), 127, 0xC2, 0xE2, 0xE3, 0xEF, *range(0xF0, 0xF5)])
"""Control characters, and in UTF-8 the first bytes of those of no width, wide ones, and blanks of other widths."""

_HARMLESS: Final = bytes(set(range(256)) - set(_SUSPECTS))
_UNPLAIN: Final = re.compile(rb"\xc2[\x80-\xa0]|\xe2[\x80\x81]|\xe3\x80\x80|\xef[\xbb-\xbf]")

_TWICE: Final = re.compile(rb"\xc3[\x82-\xb4][\xc2\xc5\xc6\xcb\xe2]")
"""In UTF-8: the two characters that a letter of two bytes becomes, read in a western code page."""


@dataclass(frozen=True)
class Layout:
    """What a regular line of this file looks like; positions count from 1.

    Of the cells of `documents` at least `told` must say something; of those of `money`, where there are any, one must begin like a number.
    Every cell of `whole` must say something: a row without goes on telling of the one above, which is then looked at with it.
    `labels` are pairs of position and text by which the header itself is known where it stands again; `is_header_like`, that an amount's
    label begins like a number too.
    """

    delimiter: str
    width: int
    header_line: int
    kept: tuple[int, ...]
    documents: tuple[int, ...]
    money: tuple[int, ...]
    labels: tuple[tuple[int, str], ...]
    told: int = 2
    whole: tuple[int, ...] = ()
    is_header_like: bool = False
    is_drawn: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether lines can be told apart this way at all."""
        return (
            self.width > 1
            and len(self.delimiter) == 1
            and self.delimiter.isascii()
            and len(self.documents) >= self.told
            and len(self.labels) >= min(2, len(self.documents))
        )


@dataclass(frozen=True)
class Survey:
    """A text looked through once: how many lines it has, and which of them cannot be cut by their delimiters alone.

    `is_plain`: it holds nothing but letters, digits and signs; `is_sound`: no sequence that text encoded twice would have.
    """

    lines: int
    left: Numbers
    is_plain: bool
    is_sound: bool


def survey(text: Path, delimiter: str, name: str, quoted_lines_max: int, *, has_quotes: bool) -> Survey:
    """Look through a text in UTF-8.

    A quote that does not stand at the edge of a value leaves its line; one that is not closed leaves every line up to the next such
    quote, since a value may go on there.

    Raises:
        FileRefused: a line longer than any export writes.
    """
    lines, is_plain, is_sound = 0, True, True
    left: list[Numbers] = []
    open_lines: list[Numbers] = []
    for chunk in _chunks(text, name):
        is_plain = is_plain and _is_plain(chunk, delimiter)
        is_sound = is_sound and _TWICE.search(chunk) is None and b"\xef\xbf\xbd" not in chunk
        left.append(lines + _long_lines(chunk))
        if b"\x0c" in chunk:
            left.append(lines + _lines_with(chunk, 12))
        if has_quotes and b'"' in chunk:
            odd, doubtful = _quotes(chunk, ord(delimiter))
            open_lines.append(lines + odd)
            left.append(lines + doubtful)
        lines += _count(chunk)
    if open_lines:
        left.append(_between(np.concatenate(open_lines), quoted_lines_max))
    return Survey(lines, np.unique(np.concatenate(left)) if left else np.array([], np.int64), is_plain, is_sound)


def _chunks(text: Path, name: str) -> Iterator[bytes]:
    """The text in pieces that end with a line."""
    with text.open("rb") as stream:
        while piece := stream.read(CHUNK):
            if not piece.endswith(b"\n"):
                piece += stream.readline(LINE_BYTES_MAX + 1)
            if _has_endless_line(piece):
                raise FileRefused(
                    got=f"{name}, with a line longer than {LINE_BYTES_MAX:,} bytes",
                    expected="lines as an export writes them",
                    try_="exporting it again",
                    reason="FILE_NOT_A_TABLE",
                )
            yield piece


def _has_endless_line(piece: bytes) -> bool:
    return len(_long_lines(piece)) > 0 and max(map(len, piece.split(b"\n"))) > LINE_BYTES_MAX


def _count(chunk: bytes) -> int:
    return chunk.count(b"\n") + (not chunk.endswith(b"\n"))


def _is_plain(chunk: bytes, delimiter: str) -> bool:
    suspects = set(chunk.translate(None, _HARMLESS))
    if delimiter == "\t" and b'"' not in chunk:
        suspects.discard(9)
    if suspects - {0xC2, 0xE2, 0xE3, 0xEF} or b'="' in chunk:
        return False
    return not suspects or _UNPLAIN.search(chunk) is None


def _newlines(chunk: bytes) -> Numbers:
    """Where the lines of a chunk end, its end included."""
    ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == _NEWLINE)
    return ends if chunk.endswith(b"\n") else np.append(ends, len(chunk))


def _long_lines(chunk: bytes) -> Numbers:
    half = _LONG // 2
    if all(chunk.find(b"\n", start, start + half) >= 0 for start in range(0, len(chunk) - half, half)):
        return np.array([], np.int64)
    return np.flatnonzero(np.diff(_newlines(chunk), prepend=-1) > _LONG) + 1


def _lines_with(chunk: bytes, byte: int) -> Numbers:
    data = np.frombuffer(chunk, np.uint8)
    return np.unique(np.searchsorted(_newlines(chunk), np.flatnonzero(data == byte))) + 1


def _quotes(chunk: bytes, delimiter: int) -> tuple[Numbers, Numbers]:
    """Lines (from 1) whose quotes are an odd number, and lines with a quote that stands inside a value."""
    data = np.frombuffer(chunk, np.uint8)
    marks = np.flatnonzero((data == _QUOTE) | (data == _NEWLINE)).astype(np.int32)
    is_quote = data[marks] == _QUOTE
    quotes = marks[is_quote]
    before = np.where(quotes > 0, data[quotes - 1], _NEWLINE)
    behind = np.where(quotes + 1 < len(data), data[np.minimum(quotes + 1, len(data) - 1)], _NEWLINE)
    passed = np.cumsum(is_quote, dtype=np.int32)
    # Most texts have no other: then every second quote opens a value, the one behind it closes it, and every line closes what it opens.
    if (
        not (passed[~is_quote] % 2).any()
        and not len(quotes) % 2
        and ((before[::2] == delimiter) | (before[::2] == _NEWLINE)).all()
        and ((behind[1::2] == delimiter) | (behind[1::2] == _NEWLINE)).all()
    ):
        return np.array([], np.int64), np.array([], np.int64)
    line = np.cumsum(~is_quote)[is_quote]
    per_line = np.bincount(line, minlength=1)
    place = np.arange(len(quotes)) - (np.cumsum(per_line) - per_line)[line]
    neighbour = np.where(place % 2 == 0, before, behind)
    doubtful = line[(neighbour != delimiter) & (neighbour != _NEWLINE)]
    return np.flatnonzero(per_line % 2) + 1, np.unique(doubtful) + 1


def _between(open_lines: Numbers, longest: int) -> Numbers:
    """Every line from one with an open quote to the next, where a value can be that long, both included."""
    gaps = np.diff(open_lines)
    spans = [
        np.arange(first, first + gap + 1) for first, gap in zip(open_lines[:-1], gaps, strict=True) if gap < longest
    ]
    return np.concatenate([open_lines, *spans])


def read_regular(con: duckdb.DuckDBPyConnection, text: Path, layout: Layout, found: Survey, name: str) -> Numbers:
    """Create table `item` (line_no, n_lines, block, and cell_1.. as text without blanks around it) from the regular lines; returns the numbers of all others.

    `block` is the last line before that is not regular, 0 where there is none.
    """
    irregular: list[Numbers] = []
    source = pa.RecordBatchReader.from_batches(_schema(layout), _batches(text, layout, found, name, irregular))
    con.register("regular_lines", source)
    con.execute("create or replace table item as select * exclude (is_regular) from regular_lines where is_regular")
    con.unregister("regular_lines")
    return np.concatenate(irregular) if irregular else np.array([], np.int64)


def no_regular(con: duckdb.DuckDBPyConnection, kept: Sequence[int]) -> None:
    """Create table `item` without a row."""
    columns = "".join(f", {cell(position)} varchar" for position in kept)
    con.execute(f"create or replace table item (line_no bigint, n_lines bigint, block bigint{columns})")


def _schema(layout: Layout) -> pa.Schema:
    numbers = [(name, pa.int64()) for name in ("line_no", "n_lines", "block")]
    cells = [(cell(position), pa.string()) for position in layout.kept]
    return pa.schema([("is_regular", pa.bool_()), *numbers, *cells])


def _batches(
    text: Path, layout: Layout, found: Survey, name: str, irregular: list[Numbers]
) -> Iterator[pa.RecordBatch]:
    passed, last_irregular = 0, 0
    for chunk in _chunks(text, name):
        count = _count(chunk)
        low, high = np.searchsorted(found.left, (passed + 1, passed + count + 1))
        cells, numbers = _cut(_blanked(chunk, found.left[low:high] - passed), count, layout)
        chosen = _regular(cells, numbers, layout, passed)
        if layout.whole:
            chosen[chosen] = np.isin(numbers[chosen] + 1, numbers[chosen])
        numbers += passed
        others = np.delete(np.arange(passed + 1, passed + count + 1), numbers[chosen] - passed - 1)
        irregular.append(others)
        before = np.concatenate(([last_irregular], others))
        block = before[np.searchsorted(others, numbers)]
        last_irregular = int(before[-1])
        passed += count
        columns = [pa.array(numbers), pa.array(np.ones(len(numbers), np.int64)), pa.array(block)]
        kept = [cells[cell(position)] for position in layout.kept]
        yield pa.record_batch([pa.array(chosen), *columns, *kept], schema=_schema(layout))


def _blanked(chunk: bytes, lines: Numbers) -> bytes:
    """The chunk with some lines (from 1) made empty, and a line end behind the last one."""
    if not chunk.endswith(b"\n"):
        chunk += b"\n"
    if not len(lines):
        return chunk
    ends = _newlines(chunk)
    pieces, place = [], 0
    for line in lines:
        start = int(ends[line - 2]) + 1 if line > 1 else 0
        pieces.append(chunk[place:start])
        place = int(ends[line - 1])
    return b"".join((*pieces, chunk[place:]))


def _cut(chunk: bytes, count: int, layout: Layout) -> tuple[dict[str, pa.StringArray], Numbers]:
    """The cells that are read, by name, of all lines of the header's width, and the numbers (from 1) of these lines."""
    skipped: list[int] = []

    def skip(row: csv.InvalidRow) -> str:
        skipped.append(row.number)
        return "skip"

    edge = int(layout.is_drawn)
    names = [cell(n + 1 - edge) for n in range(layout.width + 2 * edge)]
    wanted = dict.fromkeys(
        [
            *([names[0], names[-1]] if layout.is_drawn else []),
            *map(cell, (*layout.kept, *layout.documents, *layout.money, *layout.whole)),
            *(cell(n) for n, _ in layout.labels),
        ]
    )
    try:
        table = csv.read_csv(
            pa.BufferReader(chunk),
            read_options=csv.ReadOptions(column_names=names, block_size=len(chunk) + 1, use_threads=False),
            parse_options=csv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char=False if layout.is_drawn else '"',
                escape_char=False,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            convert_options=csv.ConvertOptions(
                check_utf8=False,
                include_columns=list(wanted),
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:  # not one line of that width
        return {name: pa.array([], pa.string()) for name in wanted}, np.array([], np.int64)
    numbers = np.delete(np.arange(1, count + 1), np.array(skipped, np.int64) - 1)
    if len(numbers) != table.num_rows:
        raise AssertionError(f"{table.num_rows} rows of {len(numbers)} lines")
    return {name: _trimmed(table[name].combine_chunks()) for name in wanted}, numbers


def _trimmed(texts: pa.StringArray) -> pa.StringArray:
    letters, offsets = _letters(texts), _offsets(texts)
    edges = (
        np.concatenate((letters[np.minimum(offsets[:-1], len(letters) - 1)], letters[np.maximum(offsets[1:] - 1, 0)]))
        if len(letters)
        else letters
    )
    return pc.utf8_trim(texts, " ") if (edges == _BLANK).any() else texts


def _regular(cells: dict[str, pa.StringArray], numbers: Numbers, layout: Layout, passed: int) -> npt.NDArray[np.bool_]:
    """Which of the lines are items beyond doubt."""
    told = sum((_filled(cells[cell(n)]).astype(np.int8) for n in layout.documents), np.zeros(len(numbers), np.int8))
    chosen = (told >= layout.told) & (numbers + passed > layout.header_line)
    if layout.money:
        chosen &= np.logical_or.reduce([_begins_a_number(cells[cell(n)]) for n in layout.money])
    for place in layout.whole:
        chosen &= _filled(cells[cell(place)])
    if layout.is_drawn:
        chosen &= ~_filled(cells[cell(0)]) & ~_filled(cells[cell(layout.width + 1)])
    if layout.is_header_like or not layout.money:
        same = [pc.equal(cells[cell(n)], label).to_numpy(zero_copy_only=False) for n, label in layout.labels]
        chosen &= ~np.logical_and.reduce(same)
    return chosen


def _offsets(texts: pa.StringArray) -> Numbers:
    _, offsets, _ = texts.buffers()
    return np.frombuffer(offsets, np.int32, len(texts) + 1) if offsets is not None else np.zeros(1, np.int32)


def _letters(texts: pa.StringArray) -> npt.NDArray[np.uint8]:
    _, _, data = texts.buffers()
    return np.frombuffer(data, np.uint8) if data is not None else np.array([], np.uint8)


def _filled(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    return np.diff(_offsets(texts)) > 0


def _begins_a_number(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    """Whether a text begins with a digit, a sign or a bracket: no label does."""
    letters, offsets = _letters(texts), _offsets(texts)
    if not len(letters):
        return np.zeros(len(texts), np.bool_)
    first = letters[np.minimum(offsets[:-1], len(letters) - 1)]
    return (np.diff(offsets) > 0) & (first > _BLANK) & (first < ord(":"))


def raw_lines(text: Path, numbers: Sequence[int] | Numbers) -> pa.Table:
    """Some lines of the text as they stand: line_no and raw, in order. They are held in memory: ask for a few."""
    wanted = np.unique(np.asarray(numbers, np.int64))
    raws: list[str] = []
    kept: list[int] = []
    passed = 0
    for chunk in _chunks(text, text.name):
        count = _count(chunk)
        low, high = np.searchsorted(wanted, (passed + 1, passed + count + 1))
        if low < high:
            lines = chunk.split(b"\n")
            kept += wanted[low:high].tolist()
            raws += [lines[number - passed - 1].decode() for number in wanted[low:high]]
        passed += count
        if high == len(wanted):
            break
    return pa.table({"line_no": pa.array(kept, pa.int64()), "raw": pa.array(raws, pa.string())})
