"""From lines to classified records: where a record ends, what its cells are, which line is the header, what every other line is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from receivables.intake.profile import fold
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.profile import Profile, Rows


@dataclass(frozen=True)
class Header:
    """The header found: its line, its labels in order, and the position (from 1) of every role it names."""

    line_no: int
    labels: tuple[str, ...]
    roles: dict[str, int]

    @property
    def width(self) -> int:
        """How many cells a full row has."""
        return len(self.labels)


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
    unquoted = "case when length(c) > 1 and c[1] = '\"' and c[-1] = '\"' then replace(c[2:-2], '\"\"', '\"') else c end"
    con.execute(
        "create or replace table record as select line_no, n_lines, raw,"
        f" case when contains(raw, '\"') then list_transform(regexp_extract_all({lit(delimiter)} || raw, {pattern}, 1), lambda c: {unquoted})"
        f" else string_split(raw, {lit(delimiter)}) end as cells from framed"
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
        "create or replace table record as select line_no, 1::bigint as n_lines, raw, case when not starts_with(ltrim(raw), '|') then [raw]"
        f" when len(pipes) = {width} then pipes when {in_place} then [{fixed}] else pipes end as cells from ("
        "select *, list_transform(string_split(regexp_replace(trim(raw), '^[|]|[|]$', '', 'g'), '|'), lambda c: trim(c)) as pipes from line)"
    )


def find_header(rows: Sequence[tuple[int, Sequence[str]]], profile: Profile) -> Header | None:
    """Find the row that names at least 60 % of the required roles and the most roles of all."""
    best: Header | None = None
    for line_no, cells in rows:
        roles = match_roles(cells, profile)
        required = [role for role, column in profile.columns.items() if column.required]
        hits = sum(role in roles for role in required) + sum(
            role in profile.rows.group for role in required if role not in roles
        )
        if roles and hits >= 0.6 * len(required) and (best is None or len(roles) > len(best.roles)):
            best = Header(line_no, tuple(cells), roles)
    return best


def match_roles(labels: Sequence[str], profile: Profile) -> dict[str, int]:
    """Position (from 1) of the column each role is read from: the first of its aliases that the header has."""
    place: dict[str, int] = {}
    for position, label in enumerate(labels, start=1):
        place.setdefault(fold(label), position)
    found: dict[str, int] = {}
    for role, column in profile.columns.items():
        positions = [place[fold(alias)] for alias in column.aliases if fold(alias) in place]
        if positions:
            found[role] = positions[0]
    return found


def unknown_labels(header: Header, profile: Profile) -> list[str]:
    """Labels that no role and no ignored column explains."""
    known = {fold(label) for label in profile.ignored_columns}
    read = set(header.roles.values())
    return [
        label
        for position, label in enumerate(header.labels, start=1)
        if position not in read and fold(label) not in known
    ]


def repeated_labels(header: Header) -> list[str]:
    """Labels that occurred before in the header; their column is not read, the first one is."""
    folded = [fold(label) for label in header.labels]
    return [label for n, label in enumerate(header.labels) if folded[n] and folded[n] in folded[:n]]


def classify(
    con: duckdb.DuckDBPyConnection,
    header: Header,
    rows: Rows,
    key_positions: Sequence[int],
    money_positions: Sequence[int],
) -> None:
    """Create table `classed`: every record with its row_class (header, blank, rule, title, total, group, item, unclassified).

    A row without a word in any key column is a total where it has an amount; a line of another width is unclassified, and never loaded.
    """
    head = con.execute("select trim(raw) from record where line_no = ?", [header.line_no]).fetchall()
    keyless = " and ".join(f"trim(coalesce(cells[{p}], '')) = ''" for p in key_positions) or "false"
    has_money = " or ".join(f"trim(coalesce(cells[{p}], '')) <> ''" for p in money_positions) or "false"
    tests = [
        ("header", f"trim(raw) = {lit(head[0][0] if head else None)}"),
        ("blank", "regexp_matches(raw, '^[\\s,;|\"]*$')"),
        *([("rule", f"regexp_matches(raw, {lit(rows.rule)})")] if rows.rule else []),
        *(("total", f"regexp_matches(raw, {lit(expression)})") for expression in rows.total),
        *(
            ("group", f"len(cells) < {max(2, header.width // 2)} and regexp_matches(raw, {lit(expression)})")
            for expression in rows.group.values()
        ),
        *(
            ("title", f"len(cells) < {max(2, header.width // 2)} and regexp_matches(raw, {lit(expression)})")
            for expression in rows.title
        ),
        ("title", f"line_no < {header.line_no}"),
        ("total", f"len(cells) = {header.width} and ({keyless}) and ({has_money})"),
        ("item", f"len(cells) = {header.width}"),
    ]
    cases = " ".join(f"when {test} then '{name}'" for name, test in tests)
    con.execute(
        f"create or replace table classed as select *, case {cases} else 'unclassified' end as row_class from record"
    )


def group_values(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Create tables `placed`, the head above every row, and `group_value`, what holds below each head: one column per role.

    A head is the group rows with no item between them. What it leaves out is carried from the heads above; apart from the company, only from those about the same `group_start`.
    """
    # Windows over whole records would spill on a large list: line numbers are enough to place them.
    passed = "count(*) filter (where row_class in ('item', 'total', 'unclassified')) over (order by line_no)"
    con.execute(
        "create or replace temp table placed as select line_no, row_class,"
        " max(case when row_class = 'group' then passed end) over (order by line_no) as group_no from"
        f" (select line_no, row_class, {passed} as passed from classed where {'true' if rows.group else 'false'})"
    )
    told = ", ".join(
        f"max(regexp_extract(raw, {lit(expression)}, 1)) filter (where regexp_matches(raw, {lit(expression)})) as {role}"
        for role, expression in rows.group.items()
    )
    start = rows.group_start if rows.group_start in rows.group else None
    about = f"last_value({start} ignore nulls) over (order by group_no)" if start else "null"
    carried = ", ".join(
        f"last_value({role} ignore nulls) over ({'' if role in (start, 'company') else 'partition by about '}order by group_no) as {role}"
        for role in rows.group
    )
    con.execute(
        f"create or replace table group_value as with head as (select group_no{', ' if told else ''}{told} from classed"
        " inner join placed on classed.line_no = placed.line_no"
        f" where placed.row_class = 'group' group by group_no), known as (select *, {about} as about from head)"
        f" select group_no{', ' if carried else ''}{carried} from known"
    )
