"""What every record is that is no item at sight: header, head, title, total, trailer, blank or item; and what stands only above the items."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from receivables.intake.expression import is_found
from receivables.intake.header import document_positions
from receivables.intake.sqltext import FILLED, lit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.header import Header
    from receivables.intake.profile import Rows


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
    if con.execute("select count(*), min(line_no) from record").fetchall() == [(1, header.line_no)]:
        con.execute(
            "create or replace table classed as select line_no, n_lines, raw, cells, 'header' as row_class from record"
        )
        return  # of a clean export nothing else is left, and asking what a row is takes longer than reading a small one
    con.execute(
        f"create or replace table classed as select line_no, n_lines, raw, cells,"
        f" coalesce(usual, {_class_by_words(con, header, rows, key_positions, money_positions)}) as row_class from (select *,"
        f" {_told_beside(header, rows, money_positions)} from (select *,"
        f" case when usual is null then {_words(con, header)} end as words, case when usual is null then {_FIRST} end as first_cell"
        f" from (select *, {_class_at_sight(con, header, rows, key_positions, money_positions)} as usual from record)))"
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


def _words(con: duckdb.DuckDBPyConnection, header: Header) -> str:
    row = con.execute("select starts_with(ltrim(raw), '|') from record where line_no = ?", [header.line_no]).fetchone()
    return "raw" if row and row[0] else FILLED


def _class_at_sight(
    con: duckdb.DuckDBPyConnection,
    header: Header,
    rows: Rows,
    key_positions: Sequence[int],
    money_positions: Sequence[int],
) -> str:
    """SQL for the class of headers, drawn and blank lines and rows with an amount and two things told of a document, which is most; NULL for all others."""
    row = con.execute("select raw, cells from record where line_no = ?", [header.line_no]).fetchone()
    raw, cells = row or ("", [])
    tests = [("header", f"trim(raw) = {lit(raw.strip(' '))}")] if row else []  # a file may have none
    if rows.rule:  # cut at fixed places it has a sign in every cell
        tests.append(("rule", f"regexp_matches(raw, {lit(rows.rule)})"))
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
    labelled, unlabelled = heads(rows)
    tests = [
        *(("trailer", f"{_fits(expression)} and {named}") for expression in rows.trailer),
        *(
            ("total", f"{_fits(expression)} and beside = 0 and (has_money or not in_group)")
            for expression in rows.total
        ),
        *(("group", f"{_fits(expression)} and {named}") for expression in labelled),
        *(("title", f"{_fits(expression)} and {named}") for expression in rows.title),
        ("title", f"starts_with(raw, chr(12)) and {mute}"),
        *([] if unlabelled else _page_lines(con, header, named)),
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


def heads(rows: Rows) -> tuple[list[str], list[str]]:
    """The expressions of heads that begin with a label of their own, and of those that take any words: a head only below the header."""
    unlabelled = [e for e in rows.group.values() if any(is_found(e, words) for words in ("Qzxv", "Qzxv Wkyp"))]
    return [e for e in rows.group.values() if e not in unlabelled], unlabelled


def _page_lines(con: duckdb.DuckDBPyConnection, header: Header, mute: str) -> list[tuple[str, str]]:
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
    _place(con, rows, "row_class = 'total'" if heads(rows)[1] else "false")
    con.execute(
        f"create or replace table group_value as with head as (select group_no{', ' if told else ''}{told} from classed"
        " inner join placed on classed.line_no = placed.line_no"
        f" where placed.row_class = 'group' group by group_no), known as (select *, {about} as about from head)"
        f" select group_no{', ' if carried else ''}{carried} from known"
    )
    names = [role for role in rows.group if role != "company"]
    if not names or words == "raw" or heads(rows)[1]:
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
