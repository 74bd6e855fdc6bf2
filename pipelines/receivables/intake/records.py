"""From lines to records: where a record ends and what its cells are, in delimited text and in drawn lists."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused
from receivables.intake.container import LINE_BYTES_MAX
from receivables.intake.expression import one_is_found
from receivables.intake.header import DOCUMENT_ROLES
from receivables.intake.rows import heads
from receivables.intake.sqltext import SPACES, lit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.header import Header
    from receivables.intake.profile import Rows


def split_fields(line: str, delimiter: str) -> list[str]:
    """Cut one line the way `delimited_records` does, for headers and examples."""
    cells = re.findall(_field_pattern(delimiter), delimiter + line)
    return [_unquoted(cell) for cell in cells]


def _field_pattern(delimiter: str) -> str:
    d = re.escape(delimiter)
    return f'{d}("(?:[^"]|"")*"[^{d}]*|[^{d}]*)'


def _unquoted(cell: str) -> str:
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def split_pipes(line: str) -> list[str]:
    """Cut one line of a drawn list at its pipes."""
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def split_places(line: str, starts: Sequence[int]) -> list[str]:
    """Cut one line at fixed places, counted in characters from 1; the last cell goes to the end of the line."""
    ends = [start - 1 for start in starts[1:]]
    return [line[start - 1 : end].strip(SPACES) for start, end in zip(starts, [*ends, len(line)], strict=True)]


def fixed_records(con: duckdb.DuckDBPyConnection, starts: Sequence[int]) -> None:
    """Create table `record` from `line`, cut the way `split_places` does."""
    wide = [end - start for start, end in zip(starts, [*starts[1:], LINE_BYTES_MAX], strict=True)]
    cells = ", ".join(f"trim(substr(raw, {start}, {n}), {lit(SPACES)})" for start, n in zip(starts, wide, strict=True))
    con.execute(
        f"create or replace table record as select line_no, 1::bigint as n_lines, raw, [{cells}] as cells from line"
    )


def replace_at(line: str, starts: Sequence[int], place: int, text: str) -> str | None:
    """Write another text at a fixed place of a line (positions count from 1); None where it is wider than the place.

    >>> replace_at("C1  10 EUR", (1, 5, 8), 2, "9")
    'C1  9  EUR'
    """
    start = starts[place - 1] - 1
    if place == len(starts):
        return line[:start].ljust(start) + text
    end = starts[place] - 1
    return None if len(text) > end - start else line[:start].ljust(start) + text.ljust(end - start) + line[end:]


def replace_field(line: str, delimiter: str, place: int, text: str) -> str | None:
    """Write another text into one cell of a line (positions count from 1), quoted where it must be, all others as they stand; None without such a cell.

    >>> replace_field('1;"a;b";c', ";", 2, "x;y")
    '1;"x;y";c'
    """
    cells = list(re.finditer(_field_pattern(delimiter), delimiter + line))
    if place > len(cells):
        return None
    first, last = (edge - len(delimiter) for edge in cells[place - 1].span(1))
    needs_quotes = any(sign in text for sign in (delimiter, '"', "\n"))
    quoted = '"' + text.replace('"', '""') + '"' if needs_quotes else text
    return line[:first] + quoted + line[last:]


def replace_drawn(line: str, width: int, place: int, text: str) -> str | None:
    """Write another text into one cell of a drawn line, as wide as it was where there is room; None where the line has other cells or the text a bar.

    >>> replace_drawn("| 1 |a  |", 2, 2, "bc")
    '| 1 |bc |'
    """
    parts = line.split("|")
    is_whole = len(parts) == width + 2 and not parts[0].strip() and not parts[-1].strip()
    if not is_whole or place > width or "|" in text or "\n" in text:
        return None
    return "|".join([*parts[:place], text.ljust(len(parts[place])), *parts[place + 1 :]])


def delimited_records(con: duckdb.DuckDBPyConnection, delimiter: str, quoted_lines_max: int) -> list[int]:
    """Create table `record`(line_no, n_lines, raw, cells) from `line`; returns the lines where a quote was left open.

    A quoted value may span lines; the record then begins at its first line and counts them all. A quote inside an unquoted value is
    that character and nothing else; one that opens a value and is not closed within `quoted_lines_max` lines, or before another opens,
    is read as a character too.
    """
    spans, left_open = _quoted_spans(con, delimiter, quoted_lines_max)
    con.execute("create or replace temp table span (first_line bigint, last_line bigint)")
    if spans:
        con.executemany("insert into span values (?, ?)", spans)
        con.execute(
            "create or replace temp table framed as select coalesce(span.first_line, line.line_no) as line_no, count(*) as n_lines,"
            " string_agg(raw, chr(10) order by line.line_no) as raw from line"
            " left join span on line.line_no between span.first_line and span.last_line group by coalesce(span.first_line, line.line_no)"
        )
    else:
        con.execute("create or replace temp view framed as select line_no, 1::bigint as n_lines, raw from line")
    pattern = lit(_field_pattern(delimiter))
    # Quotes around whole values and none inside them: what stands between the first and second quote is one value, and so on.
    neat = lit(
        f'(?:[^"{re.escape(delimiter)}]*|"[^"]*")(?:{re.escape(delimiter)}(?:[^"{re.escape(delimiter)}]*|"[^"]*"))*'
    )
    hidden = f"list_transform(string_split(raw, '\"'), lambda c, i: case when i % 2 = 0 then replace(c, {lit(delimiter)}, chr(1)) else c end)"
    told = f"string_split(array_to_string({hidden}, ''), {lit(delimiter)})"
    unquoted = "case when length(c) > 1 and c[1] = '\"' and c[-1] = '\"' then replace(c[2:-2], '\"\"', '\"') else c end"
    con.execute(
        "create or replace table record as select line_no, n_lines, raw,"
        f" case when not contains(raw, '\"') then string_split(raw, {lit(delimiter)})"
        f" when regexp_full_match(raw, {neat}) then list_transform({told}, lambda c: replace(c, chr(1), {lit(delimiter)}))"
        f" else list_transform(regexp_extract_all({lit(delimiter)} || raw, {pattern}, 1), lambda c: {unquoted}) end as cells from framed"
    )
    return left_open


def _quoted_spans(
    con: duckdb.DuckDBPyConnection, delimiter: str, longest: int
) -> tuple[list[tuple[int, int]], list[int]]:
    d = re.escape(delimiter)
    field = f'(?:"(?:[^"]|"")*"[^{d}]*|[^"{d}][^{d}]*|)'
    opens = f'^(?:{field}{d})*"(?:[^"]|"")*$'
    closes = f'^(?:[^"]|"")*" *(?:{d}|$)'
    odd = con.execute(
        "select line_no, regexp_matches(raw, ?), regexp_matches(raw, ?) from line"
        " where (length(raw) - length(replace(raw, '\"', ''))) % 2 = 1 order by line_no",
        [opens, closes],
    ).fetchall()
    spans: list[tuple[int, int]] = []
    left_open: list[int] = []
    start: int | None = None
    for line_no, is_opening, is_closing in odd:
        if start is not None and is_closing and line_no - start < longest:
            spans.append((start, line_no))
            start = None
            continue
        if start is not None:
            left_open.append(start)
        start = int(line_no) if is_opening else None
    return spans, left_open + ([start] if start is not None else [])


def pipe_records(con: duckdb.DuckDBPyConnection, header_line: str) -> None:
    """Create table `record` from `line` for a drawn list: cut at the pipes, or at the header's pipe positions where a text holds a pipe itself."""
    positions = [match.start() for match in re.finditer(r"\|", header_line)]
    width = len(positions) - 1
    fixed = ", ".join(f"trim(substr(raw, {a + 2}, {b - a - 1}))" for a, b in pairwise(positions))
    in_place = " and ".join(f"substr(raw, {p + 1}, 1) = '|'" for p in positions[:-1])
    con.execute(
        "create or replace table record as select line_no, 1::bigint as n_lines, raw, case when not starts_with(drawn, '|') then [raw]"
        f" when len(pipes) = {width} then pipes when {in_place} then [{fixed}] else pipes end as cells from ("
        "select *, case when ends_with(drawn, '|') then string_split(drawn, '|')[2:-2] else string_split(drawn, '|')[2:] end as pipes"
        " from (select *, trim(raw) as drawn from line))"
    )


_BROKEN_MAX: Final = 100_000
_BROKEN_LINES: Final = 50


def join_continued(
    con: duckdb.DuckDBPyConnection,
    header: Header,
    rows: Rows,
    date_positions: Sequence[int],
    money_positions: Sequence[int],
) -> int:
    """Join lines of delimited text in `record` that an unquoted line break cut in two or more; returns how many records that made.

    Lines belong together where each has fewer cells than the header, together they have exactly as many, none of them is one the
    profile knows, and the days and amounts then stand where the header has them. All other short lines stay as they are.
    """
    short = con.execute(
        "select line_no, n_lines, raw, cells from record where line_no > ? and len(cells) < ? order by line_no limit ?",
        [header.line_no, header.width, _BROKEN_MAX],
    ).fetchall()
    whole = [header.roles[role] for role in ("customer", *DOCUMENT_ROLES) if role in header.roles]
    known = (*rows.total, *rows.trailer, *rows.title, *heads(rows)[0], *([rows.rule] if rows.rule else []))
    joined: list[tuple[int, int, str, list[str]]] = []
    run: list[tuple[int, int, str, list[str]]] = []
    for row, is_known in zip(short, one_is_found(known, [_words(cells) for _, _, _, cells in short]), strict=True):
        if run and run[-1][0] + run[-1][1] != row[0]:
            run = []
        if is_known:
            run = []
            continue
        run.append(row)
        while run and (not any(run[0][3]) or _width(run) > header.width or len(run) > _BROKEN_LINES):
            run = run[1:]
        if (
            _width(run) == header.width
            and len(run) > 1
            and _stands(_glued(run), whole, date_positions, money_positions)
        ):
            joined.append(
                (run[0][0], sum(n for _, n, _, _ in run), "\n".join(raw for _, _, raw, _ in run), _glued(run))
            )
            run = []
    if joined:
        con.execute(
            "create or replace temp table joined as select unnest(?::bigint[]) as line_no, unnest(?::bigint[]) as n_lines,"
            " unnest(?::varchar[]) as raw, unnest(?::varchar[][]) as cells",
            [list(column) for column in zip(*joined, strict=True)],
        )
        con.execute(
            "create or replace table record as select * from record where line_no not in (select unnest(range(line_no, line_no + n_lines)) from joined)"
            " union all select line_no, n_lines, raw, cells from joined"
        )
    return len(joined)


def _words(cells: Sequence[str]) -> str:
    return "\t".join(cell.strip(SPACES) for cell in cells if cell.strip(SPACES))


def _width(run: Sequence[tuple[int, int, str, list[str]]]) -> int:
    return sum(len(cells) for _, _, _, cells in run) - len(run) + 1


def _glued(run: Sequence[tuple[int, int, str, list[str]]]) -> list[str]:
    """The cells of several lines as those of one: the last of a line and the first of the next are one cell."""
    cells = list(run[0][3])
    for _, _, _, more in run[1:]:
        cells = [*cells[:-1], f"{cells[-1]}\n{more[0]}", *more[1:]]
    return cells


def _stands(
    cells: Sequence[str], whole: Sequence[int], date_positions: Sequence[int], money_positions: Sequence[int]
) -> bool:
    """Whether days and amounts look like such, at least one of each that the header has is there, and no number is cut in two."""
    if any("\n" in cells[p - 1] for p in whole):
        return False
    days = [cells[p - 1].strip() for p in date_positions]
    amounts = [cells[p - 1].strip() for p in money_positions]
    shaped = all(re.fullmatch(r"(?=.*\d)[^\n]{5,25}", day) for day in days if day) and all(
        re.fullmatch(r"[^\d\n]{0,5}\d[\d.,' \u00a0]*[^\d\n]{0,5}", amount) for amount in amounts if amount
    )
    return shaped and any(amounts) and (any(days) or not days)


def refuse_wrapped(lines: Sequence[str], name: str) -> None:
    """Refuse a drawn list whose header and items take two or three lines each, as SAP prints layouts wider than the page.

    Raises:
        FileRefused: several lines of labels between two rules, and below them lines drawn alike in turn.
    """
    shapes = [tuple(match.start() for match in re.finditer(r"\|", line)) if _is_drawn(line) else () for line in lines]
    for start in range(1, len(lines) - 2):
        height = next((n for n in range(4) if not _is_label_line(lines[start + n : start + n + 1])), 4)
        if height not in (2, 3) or not _is_rule(lines[start - 1]) or not _is_rule(lines[start + height]):
            continue
        below = list(range(start + height + 1, min(start + 3 * height + 1, len(lines))))
        below = below[: next((n for n, place in enumerate(below) if not shapes[place]), len(below))]
        told = [(shapes[place], _signature(lines[place])) for place in below]
        in_turn = all(told[n][0] == shapes[start + n % height] for n in range(len(told)))
        if (
            len(told) >= height
            and in_turn
            and len({told[n] for n in range(height)}) > 1
            and all(
                told[n][1] == told[n - height][1]
                for n in range(height, len(told))
                if shapes[start] == shapes[start + 1]
            )
        ):
            raise FileRefused(
                got=f"{name}, whose items take {height} lines each (header at line {start + 1})",
                expected="a list with one line for each item",
                try_="a layout with fewer or narrower columns, or saving as spreadsheet",
                reason="COL_SHIFT",
            )


def _is_drawn(line: str) -> bool:
    return line.strip().startswith("|") and line.strip().endswith("|") and not _is_rule(line)


def _is_rule(line: str) -> bool:
    return re.fullmatch(r"[\s|+]*-[-\s|+]{4,}", line) is not None


def _is_label_line(line: Sequence[str]) -> bool:
    return (
        bool(line)
        and _is_drawn(line[0])
        and re.search(r"[^\W\d_]", line[0]) is not None
        and not re.search(r"\d", line[0])
    )


def _signature(line: str) -> tuple[bool, ...]:
    return tuple(any(ch.isdigit() for ch in cell) for cell in split_pipes(line))
