"""A file nobody described, cut into cells: its container, encoding, delimiter and header, each with what it was told by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused
from receivables.intake import container
from receivables.intake.drafting.data_like import DATA_LIKE
from receivables.intake.drafting.encodings import Written, how_written
from receivables.intake.drafting.places import columns_of
from receivables.intake.profile import fold
from receivables.intake.records import (
    delimited_records,
    fixed_records,
    pipe_records,
    split_fields,
    split_pipes,
    split_places,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from receivables.intake.container import Source
    from receivables.settings import Settings

    Rows = list[tuple[int, list[str]]]

DELIMITERS: Final = (";", "\t", ",", "|")


@dataclass(frozen=True)
class Survey:
    """How a file is cut; its records stand in table `record`. `titles` are the lines above the header.

    `why_cut` and `why_header` say what the choice rests on.
    """

    source: Source
    container: str
    written: Written | None
    delimiter: str
    why_cut: str
    header_line: int
    labels: tuple[str, ...]
    why_header: str
    titles: tuple[str, ...] = ()
    columns_at: tuple[int, ...] = ()


def survey(
    con: duckdb.DuckDBPyConnection, source: Source, known: frozenset[str], settings: Settings, scratch: Path
) -> Survey:
    """Cut a file into cells and find its header; `known` are labels, folded, that some profile knows.

    Raises:
        FileRefused: it is not in columns, or has no header above rows.
    """
    scan = settings.ingest.header_scan_lines
    if source.kind != "text":
        container.load_table(con, source, ("utf-8", "cp1252"))
        rows = _first_rows(con, scan)
        found = Survey(source, source.kind, None, "", f"a {source.kind} by its first bytes", 0, (), "")
        return _with_header(found, rows, known)
    written = how_written(source, known)
    text = scratch / "draft.utf8"
    container.to_utf8(source, (written.encoding,), text)
    container.load_lines(con, text)
    lines = [raw for (raw,) in con.execute("select raw from line order by line_no limit 400").fetchall()]
    found = replace(_cut(source, lines), written=written)
    if found.container == "pipe_list":
        rows = [(n, split_pipes(line)) for n, line in enumerate(lines, 1) if line.lstrip().startswith("|")]
        found = _with_header(found, rows[:scan], known)
        pipe_records(con, lines[found.header_line - 1])
        return found
    if found.container == "fixed_width":
        fixed_records(con, found.columns_at)
        rows = [(n, split_places(line, found.columns_at)) for n, line in enumerate(lines[:scan], 1)]
        return replace(_with_header(found, rows, known), titles=_lines_above(lines, found.header_line))
    delimited_records(con, found.delimiter, settings.ingest.quoted_lines_max)
    rows = [(n, split_fields(line, found.delimiter)) for n, line in enumerate(lines[:scan], 1)]
    return _with_header(found, rows, known)


def _first_rows(con: duckdb.DuckDBPyConnection, count: int) -> Rows:
    return con.execute("select line_no, cells from record order by line_no limit ?", [count]).fetchall()


def _cut(source: Source, lines: Sequence[str]) -> Survey:
    """Whether the lines are drawn with bars, or which sign cuts most of them into equally many cells.

    Raises:
        FileRefused: no sign does.
    """
    filled = [line for line in lines if line.strip()]
    drawn = sum(line.lstrip().startswith("|") and line.rstrip().endswith("|") for line in filled)
    if drawn > len(filled) // 3:
        return Survey(source, "pipe_list", None, "|", f"{drawn} of {len(filled)} lines are drawn with bars", 0, (), "")
    best = max((_widths(filled, mark) for mark in DELIMITERS), default=(0, 0, ""))
    share, width, mark = best
    if width < 3 or share < max(2, len(filled) // 2):
        places = columns_of(lines)
        if len(places.starts) > 2:
            at = ", ".join(map(str, places.starts))
            told = f"in {places.rows} lines and the one above them columns of blanks end before {at}"
            return Survey(source, "fixed_width", None, "", told, places.header_line, (), "", columns_at=places.starts)
        raise FileRefused(
            got=f"{source.path.name}, whose lines no delimiter cuts into columns",
            expected="a table with a header line above rows of at least three columns",
            try_="exporting as CSV or XLSX",
            reason="FILE_UNRECOGNISED",
        )
    name = {"\t": "a tab"}.get(mark, f"'{mark}'")
    return Survey(
        source, "delimited", None, mark, f"{name} cuts {share} of {len(filled)} lines into {width} cells", 0, (), ""
    )


def _widths(lines: Sequence[str], mark: str) -> tuple[int, int, str]:
    """How many lines a sign cuts into the number of cells most lines have, and that number; of cells alone there is no number."""
    counts = Counter(len(split_fields(line, mark)) for line in lines)
    width, share = max(counts.items(), key=lambda item: (item[0] > 2, item[1], item[0]), default=(0, 0))
    return (share, width, mark) if width > 2 else (0, 0, mark)


def _lines_above(lines: Sequence[str], header_line: int) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in lines[: header_line - 1] if line.strip())


def _with_header(found: Survey, rows: Rows, known: frozenset[str]) -> Survey:
    """The survey with its header: the first row of labels only, as wide as the rows below it, that stands above one with a number or a day.

    Raises:
        FileRefused: there is no such row.
    """
    usual = Counter(sum(bool(cell.strip()) for cell in cells) for _, cells in rows)
    wide = max((width for width, times in usual.items() if times > 1 or len(rows) < 4), default=0)
    candidates = [
        (_known_labels(cells, known), -place)
        for place, (_, cells) in enumerate(rows)
        if found.header_line in (0, rows[place][0])
        and _is_header(cells, wide)
        and any(map(_has_data, (below for _, below in rows[place + 1 : place + 6])))
    ]
    if not candidates:
        raise FileRefused(
            got=f"{found.source.path.name}, in whose first {len(rows)} rows no row of labels stands above rows of data",
            expected="a header line with a name for every column",
            try_="exporting it with its column headings, or one row of them written above",
            reason="FILE_UNRECOGNISED",
        )
    hits, place = max(candidates)
    line_no, cells = rows[-place]
    labels = tuple(cell.strip() for cell in cells)
    told = f"{sum(map(bool, labels))} labels, {hits} of them known, above rows with numbers or days"
    titles = tuple("\t".join(cell.strip() for cell in above if cell.strip()) for _, above in rows[:-place])
    return replace(found, header_line=line_no, labels=labels, why_header=told, titles=tuple(t for t in titles if t))


def _is_header(cells: Sequence[str], wide: int) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return (
        len(filled) >= max(2, wide // 2)
        and not any(DATA_LIKE.match(cell) for cell in filled)
        and len(set(filled)) * 2 > len(filled)
    )


def _has_data(cells: Sequence[str]) -> bool:
    return any(DATA_LIKE.match(cell.strip()) for cell in cells)


def _known_labels(cells: Sequence[str], known: frozenset[str]) -> int:
    return len({fold(cell) for cell in cells if cell.strip()} & known)
