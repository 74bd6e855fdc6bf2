"""From lines to classified records: where a record ends, what its cells are, which line is the header, what every other line is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused
from receivables.intake.profile import fold
from receivables.intake.sqltext import FILLED, SPACES, lit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from receivables.intake.profile import Profile, Role, Rows


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


def find_header(rows: Sequence[tuple[int, Sequence[str]]], profile: Profile) -> Header | None:
    """Find the row that names at least 60 % of the required roles and the most roles of all."""
    best: Header | None = None
    for line_no, cells in rows:
        if profile.labels.isdisjoint(map(fold, cells)):
            continue
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
        positions = role_positions(column, labels, place)
        if positions:
            found[role] = positions[0]
    return found


def role_positions(column: Role, labels: Sequence[str], place: Mapping[str, int]) -> list[int]:
    """Positions (from 1) of the cells a role is read from: one, those joined to its value, or those summed; none where a label lacks."""
    if column.sum_matching is not None:
        return [n for n, label in enumerate(labels, start=1) if re.search(column.sum_matching, label.strip())]
    if column.first_of:
        return [place[fold(alias)] for part in column.first_of for alias in part if fold(alias) in place]
    if column.join:
        parts = [next((place[fold(alias)] for alias in part if fold(alias) in place), 0) for part in column.join]
        return parts if all(parts) else []
    return [place[fold(alias)] for alias in column.aliases if fold(alias) in place][:1]


def unknown_labels(header: Header, profile: Profile) -> list[str]:
    """Labels that no role and no ignored column explains."""
    known = {fold(label) for label in profile.ignored_columns}
    place = {fold(label): n for n, label in reversed(list(enumerate(header.labels, start=1)))}
    read = {n for role in profile.columns.values() for n in role_positions(role, header.labels, place)}
    known |= {fold(label) for role in profile.columns.values() for label in (*role.times, *role.over)} | {
        fold(label) for label in profile.only
    }
    return [
        label
        for position, label in enumerate(header.labels, start=1)
        if position not in read and fold(label) not in known
    ]


def repeated_labels(header: Header) -> list[str]:
    """Labels that occurred before in the header; their column is not read, the first one is."""
    told = [" ".join(label.casefold().split()) for label in header.labels]
    return [label for n, label in enumerate(header.labels) if told[n] and told[n] in told[:n]]


def classify(
    con: duckdb.DuckDBPyConnection,
    header: Header,
    rows: Rows,
    key_positions: Sequence[int],
    money_positions: Sequence[int],
) -> None:
    """Create table `classed`: every record with its row_class (header, blank, rule, trailer, total, group, title, item, unclassified).

    The profile's expressions are tried on what a row's cells say, joined by tabs; in a drawn list on the line as it stands. A row that
    tells a number or a day of a document beside its first words is an item, whatever its words; one with amounts is no head, title
    or trailer. Without a word in any key column a row is a total where it has an amount. A line of another width is unclassified, and
    never loaded.
    """
    con.execute(
        f"create or replace table classed as select line_no, n_lines, raw, cells,"
        f" coalesce(usual, {_class_by_words(con, header, rows, key_positions, money_positions)}) as row_class from (select *,"
        f" {_told_beside(header, rows, money_positions)} from (select *,"
        f" case when usual is null then {_words(con, header)} end as words, case when usual is null then {_FIRST} end as first_cell"
        f" from (select *, {_class_at_sight(con, header, key_positions, money_positions)} as usual from record)))"
    )


def _told_beside(header: Header, rows: Rows, money_positions: Sequence[int]) -> str:
    """SQL for what else a row tells that is not an item at sight: document cells beside the first words, an amount, a head's words."""
    beside = " + ".join(f"({_is_filled(p)} and first_cell <> {p})::integer" for p in document_positions(header)) or "0"
    amount = " or ".join(_is_amount(p) for p in money_positions) or "false"
    in_group = " or ".join(_fits(expression) for expression in rows.group.values()) or "false"
    return (
        f"case when usual is null then {beside} end as beside, case when usual is null then {amount} end as has_money,"
        f" case when usual is null then {in_group} end as in_group"
    )


_FIRST: Final = "list_position(list_transform(cells, lambda c: trim(c) <> ''), true)"
"""SQL for the place of a record's first cell that is not blank."""

_DOCUMENT_ROLES: Final = ("doc_no", "doc_date", "due_date", "posting_date", "entry_id", "order_no")
"""Roles of which no total, head or title tells any."""


def _words(con: duckdb.DuckDBPyConnection, header: Header) -> str:
    row = con.execute("select starts_with(ltrim(raw), '|') from record where line_no = ?", [header.line_no]).fetchone()
    return "raw" if row and row[0] else FILLED


def _class_at_sight(
    con: duckdb.DuckDBPyConnection, header: Header, key_positions: Sequence[int], money_positions: Sequence[int]
) -> str:
    """SQL for the class of headers, blank lines and rows with an amount and two things told of a document, which is most; NULL for all others."""
    row = con.execute("select raw, cells from record where line_no = ?", [header.line_no]).fetchone()
    raw, cells = row or ("", [])
    tests = [("header", f"trim(raw) = {lit(raw.strip(' '))}")]
    labels = {p: cells[p - 1].strip() for p in key_positions if p <= len(cells) and cells[p - 1].strip()}
    if len(labels) > 1:  # the same header, padded to other widths
        same = " and ".join(f"trim(cells[{p}]) = {lit(label)}" for p, label in list(labels.items())[:2])
        tests.append(("header", same))
    tests.append(("blank", "regexp_matches(raw, '^[\\s,;|\"]*$')"))
    documents = document_positions(header)[:3]
    if len(documents) > 1:
        told = " + ".join(f"(trim(cells[{p}]) <> '')::tinyint" for p in documents)
        amount = (
            " or ".join(f"trim(cells[{p}]) between '!' and ':'" for p in money_positions) or "true"
        )  # no word, as yet
        tests.append(
            ("item", f"len(cells) = {header.width} and line_no > {header.line_no} and {told} > 1 and ({amount})")
        )
    return "case " + " ".join(f"when {test} then '{name}'" for name, test in tests) + " end"


def document_positions(header: Header) -> list[int]:
    """Positions (from 1) of the cells that tell of a document, the most telling first."""
    return list(dict.fromkeys(header.roles[role] for role in _DOCUMENT_ROLES if role in header.roles))


def _class_by_words(
    con: duckdb.DuckDBPyConnection,
    header: Header,
    rows: Rows,
    key_positions: Sequence[int],
    money_positions: Sequence[int],
) -> str:
    """SQL for the class of all other rows, from `words` and what `_told_beside` adds."""
    documents = document_positions(header)
    keyless = " and ".join(f"not {_is_filled(p)}" for p in key_positions) or "false"
    if (
        rows.child_of or rows.fill_down
    ):  # such a row goes on telling of the one above, unless it says nothing but amounts
        amounts = " + ".join(f"{_is_filled(p)}::integer" for p in money_positions) or "0"
        keyless += f" and len(list_filter(cells, lambda c: trim(c) <> '')) = {amounts}"
    narrow = f"len(cells) < {max(2, header.width // 2)}"
    mute = "beside = 0 and not has_money" if documents or money_positions else narrow
    # The words of a line about the list may stand below any label: "Fecha: 15/10/24" below the invoice number's.
    named = "beside < 2 and not has_money" if documents or money_positions else narrow
    labelled, unlabelled = _heads(rows)
    tests = [
        *([("rule", f"regexp_matches(raw, {lit(rows.rule)})")] if rows.rule else []),
        *(("trailer", f"{_fits(expression)} and {named}") for expression in rows.trailer),
        *(
            ("total", f"{_fits(expression)} and beside = 0 and (has_money or not in_group)")
            for expression in rows.total
        ),
        *(("group", f"{_fits(expression)} and {named}") for expression in labelled),
        *(("title", f"{_fits(expression)} and {named}") for expression in rows.title),
        ("title", f"starts_with(raw, chr(12)) and {mute}"),
        *([] if unlabelled else _page_heads(con, header, named)),
        *(("group", f"{_fits(expression)} and {mute} and line_no > {header.line_no}") for expression in unlabelled),
        ("title", f"line_no < {header.line_no}"),
        ("total", f"len(cells) = {header.width} and ({keyless}) and has_money"),
        ("item", f"len(cells) = {header.width}"),
    ]
    return "case " + " ".join(f"when {test} then '{name}'" for name, test in tests) + " else 'unclassified' end"


def _is_amount(position: int) -> str:
    """SQL condition: a money cell holds digits and no words; a currency's code or CR beside them is none."""
    cell = f"coalesce(cells[{position}], '')"
    return f"(regexp_matches({cell}, '[0-9]') and not regexp_matches({cell}, '\\p{{L}}{{4}}'))"


def _is_filled(position: int) -> str:
    return f"(trim(coalesce(cells[{position}], '')) <> '')"


def _fits(expression: str) -> str:
    return f"regexp_matches(words, {lit(expression)})"


def _heads(rows: Rows) -> tuple[list[str], list[str]]:
    """The expressions of heads that begin with a label of their own, and of those that take any words: a head only below the header."""
    unlabelled = [e for e in rows.group.values() if any(re.search(e, words) for words in ("Qzxv", "Qzxv Wkyp"))]
    return [e for e in rows.group.values() if e not in unlabelled], unlabelled


def _page_heads(con: duckdb.DuckDBPyConnection, header: Header, mute: str) -> list[tuple[str, str]]:
    """The lines above the header once more, at the head of a later page: only their numbers may differ."""
    numberless = "regexp_replace({}, '[0-9]+', '9', 'g')"
    lines = con.execute(
        f"select distinct {numberless.format(FILLED)} from record where line_no < ? and line_no >= ? - 40",
        [header.line_no] * 2,
    ).fetchall()
    heads = sorted(text for (text,) in lines if re.search(r"[^\W\d_]{3}", text))
    if not heads:
        return []
    return [("title", f"{numberless.format('words')} in ({', '.join(lit(head) for head in heads)}) and {mute}")]


def group_values(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Create tables `placed`, the head above every row, and `group_value`, what holds below each head: one column per role.

    A head is the group rows with no item between them. What it leaves out is carried from the heads above; apart from the company, only from those about the same `group_start`.
    A total that closes a group leaves the rows below it without a head: the next one where heads carry no label, else one that names what the head told.
    """
    drawn = con.execute(
        "select starts_with(ltrim(raw), '|') from classed where row_class = 'header' limit 1"
    ).fetchone()
    words = "raw" if drawn and drawn[0] else FILLED
    told = ", ".join(
        f"max(regexp_extract({words}, {lit(expression)}, 1)) filter (where regexp_matches({words}, {lit(expression)})) as {role}"
        for role, expression in rows.group.items()
    )
    start = rows.group_start if rows.group_start in rows.group else None
    about = f"last_value({start} ignore nulls) over (order by group_no)" if start else "null"
    carried = ", ".join(
        f"last_value({role} ignore nulls) over ({'' if role in (start, 'company') else 'partition by about '}order by group_no) as {role}"
        for role in rows.group
    )
    _place(con, rows, "row_class = 'total'" if _heads(rows)[1] else "false")
    con.execute(
        f"create or replace table group_value as with head as (select group_no{', ' if told else ''}{told} from classed"
        " inner join placed on classed.line_no = placed.line_no"
        f" where placed.row_class = 'group' group by group_no), known as (select *, {about} as about from head)"
        f" select group_no{', ' if carried else ''}{carried} from known"
    )
    names = [role for role in rows.group if role != "company"]
    if not names or words == "raw" or _heads(rows)[1]:
        return
    named = " or ".join(f"(length({role}) > 1 and contains({words}, {role}))" for role in names)
    closing = con.execute(
        "select classed.line_no from classed inner join placed on classed.line_no = placed.line_no"
        f" inner join group_value on placed.group_no = group_value.group_no where classed.row_class = 'total' and ({named})"
    ).fetchall()
    if closing:
        con.execute("create or replace temp table closing (line_no bigint)")
        con.executemany("insert into closing values (?)", closing)
        _place(con, rows, "line_no in (select line_no from closing)")


def _place(con: duckdb.DuckDBPyConnection, rows: Rows, closes: str) -> None:
    """Number the heads by the rows passed before them, twice, so that the odd numbers are left for the rows below a closing total."""
    # Windows over whole records would spill on a large list: line numbers are enough to place them.
    # A sum, for count(*) filter (...) over (...) takes two hundred times as long.
    passed = (
        "(sum((row_class in ('item', 'total', 'unclassified'))::integer) over (order by line_no)"
        " + coalesce(sum((block is not null)::integer) over (order by line_no rows between unbounded preceding and 1 preceding), 0))::bigint"
    )
    con.execute(
        "create or replace temp table placed as with marked as (select classed.line_no, classed.row_class, item.block from classed"
        " left join (select distinct block from item) as item on item.block between classed.line_no and classed.line_no + classed.n_lines - 1"
        f" where {'true' if rows.group else 'false'})"
        " select line_no, row_class,"
        f" max(case when row_class = 'group' then 2 * passed when {closes} then 2 * passed - 1 end) over (order by line_no) as group_no from"
        f" (select line_no, row_class, {passed} as passed from marked)"
    )


def place_items(con: duckdb.DuckDBPyConnection, rows: Rows, kept: Sequence[int]) -> None:
    """Add the items of `classed` to table `item`, and create table `head`: what the heads above the rows of a block tell, one row per block."""
    cells = "".join(f", trim(coalesce(cells[{position}], ''))" for position in kept)
    con.execute(f"insert into item select line_no, n_lines, line_no{cells} from classed where row_class = 'item'")
    if not rows.group:
        return
    told = ", ".join(f"trim({role}) as {role}" for role in rows.group)
    con.execute(
        f"create or replace temp table head as select unnest(range(classed.line_no, classed.line_no + n_lines)) as block, {told} from classed"
        " inner join placed on classed.line_no = placed.line_no left join group_value on placed.group_no = group_value.group_no"
    )


def carry(
    con: duckdb.DuckDBPyConnection,
    header: Header,
    positions: Sequence[int],
    key_position: int | None,
    keep: Sequence[int] = (),
) -> None:
    """Fill blank cells of the items in `classed` from above, at the positions given except those to keep.

    Without a key each cell takes the nearest value above it; with one, a row whose key cell is blank takes what the nearest row with
    a key tells. Heads and unclassified rows end what is carried, and so does a total for the columns from its words on: what stands
    left of them (the year of a monthly total) is coarser than what it closes.
    """
    places = sorted(set(positions) - set(keep) - {key_position})
    if not places:
        return
    blank = " or ".join(f"not {_is_filled(p)}" for p in places)
    if key_position is None:
        _carry_cells(con, places)
    else:
        places = [*places, key_position]
        blank = f"not {_is_filled(key_position)}"
        _carry_rows(con, places, key_position)
    told = ", ".join(f"above[{places.index(p) + 1}]" if p in places else "null" for p in range(1, header.width + 1))
    con.execute(
        "create or replace table classed as select classed.* replace (case when above is null or row_class <> 'item' then cells"
        f" else list_transform(list_zip(cells, [{told}]), lambda c: case when trim(c[1]) = '' then coalesce(c[2], c[1]) else c[1] end) end as cells)"
        f" from classed left join carried on classed.line_no = carried.line_no and row_class = 'item' and ({blank})"
    )


_ENDS: Final = (
    "case when row_class in ('group', 'unclassified') then 1"
    " when row_class = 'total' then coalesce(list_position(list_transform(cells, lambda c: regexp_matches(c, '[\\p{L}*]')), true), 1) end"
)
"""SQL for the first position whose value a record ends; NULL where it ends none."""


def _carry_cells(con: duckdb.DuckDBPyConnection, places: Sequence[int]) -> None:
    """Create temp table `carried`: for every record what stands above it at each place, '' where nothing does."""
    told = ", ".join(
        f"case when ends <= {p} then '' when row_class in ('item', 'total') then nullif(trim(cells[{p}]), '') end as c{p}"
        for p in places
    )
    above = ", ".join(f"nullif(last_value(c{p} ignore nulls) over (order by line_no), '')" for p in places)
    con.execute(
        f"create or replace temp table carried as select line_no, [{above}] as above from"
        f" (select line_no, {told} from (select *, {_ENDS} as ends from classed))"
    )


def _carry_rows(con: duckdb.DuckDBPyConnection, places: Sequence[int], key_position: int) -> None:
    """Create temp table `carried`: for every record without a key the cells of the nearest one above that has it."""
    cells = ", ".join(f"nullif(trim(cells[{p}]), '')" for p in places)
    con.execute(
        "create or replace temp table carried as select child.line_no, above from (select line_no, last_value("
        f"case when ends is not null then -1 when row_class = 'item' and {_is_filled(key_position)} then line_no end ignore nulls)"
        f" over (order by line_no) as parent_no from (select *, {_ENDS} as ends from classed)) as child"
        f" inner join (select line_no, [{cells}] as above from classed) as parent"
        " on child.parent_no = parent.line_no and child.line_no <> parent.line_no"
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
    whole = [header.roles[role] for role in ("customer", *_DOCUMENT_ROLES) if role in header.roles]
    known = [
        re.compile(e)
        for e in (*rows.total, *rows.trailer, *rows.title, *_heads(rows)[0], *([rows.rule] if rows.rule else []))
    ]
    joined: list[tuple[int, int, str, list[str]]] = []
    run: list[tuple[int, int, str, list[str]]] = []
    for row in short:
        if run and run[-1][0] + run[-1][1] != row[0]:
            run = []
        if _is_known(row[3], known):
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


def _is_known(cells: Sequence[str], known: Sequence[re.Pattern[str]]) -> bool:
    words = "\t".join(cell.strip(SPACES) for cell in cells if cell.strip(SPACES))
    return any(expression.search(words) for expression in known)


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
