"""The items of a file, one row each with its cells in columns; every other line classified and kept as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from receivables.errors import Finding
from receivables.intake import container, records, regular, rows
from receivables.intake.header import document_positions, role_positions
from receivables.intake.profile import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from receivables.intake.convert import Field
    from receivables.intake.recognise import Recognised
    from receivables.settings import Settings


@dataclass(frozen=True)
class Items:
    """What cutting a file into items found: whether all of it is plain letters, digits and signs, whether none of it was encoded twice, and quotes that were left open."""

    is_plain: bool
    is_sound: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Places:
    """Where in a row stands what it is known by; positions count from 1."""

    cells: Mapping[str, Sequence[int]]
    kept: tuple[int, ...]
    keys: tuple[int, ...]
    money: tuple[int, ...]
    days: tuple[int, ...]


def enter_items(
    con: duckdb.DuckDBPyConnection, found: Recognised, fields: Sequence[Field], settings: Settings, name: str
) -> Items:
    """Create tables `item`, one row per item, and `classed`, every other record and the items that took a closer look, and `head` where the profile has heads.

    Raises:
        FileRefused: a line longer than any export writes, or a list whose items take several lines each.
    """
    profile, header, places = found.profile, found.header, _places(found, fields)
    is_plain, is_sound = False, False
    left_open: list[int] = []
    if found.text is None:
        regular.no_regular(con, places.kept)
    else:
        seen, left_open = _cut_text(con, found, places, settings, name)
        is_plain, is_sound = seen.is_plain, seen.is_sound
    if found.container == "delimited":
        records.join_continued(con, header, profile.rows, places.days, places.money)
    # A value over several lines holds their ends.
    is_plain = is_plain and not con.execute("select 1 from record where n_lines > 1 limit 1").fetchall()
    rows.classify(con, header, profile.rows, places.keys, places.money)
    rows.group_values(con, profile.rows)
    _carry(con, found, places)
    rows.place_items(con, profile.rows, places.kept)
    return Items(is_plain, is_sound, tuple(_left_open(con, left_open)))


def _places(found: Recognised, fields: Sequence[Field]) -> _Places:
    header = found.header
    roles = {field.name: header.roles[field.name] for field in fields if field.name in header.roles}
    kinds = {field.name: field.type for field in fields}
    cells = _cells(found)
    told = set(_repeated(header.labels)) | {
        int(name.removeprefix("cell_")) for field in fields for name in field.told if name.startswith("cell_")
    }
    money, days = (
        tuple(sorted({place for role in roles if kinds[role] == kind for place in cells.get(role, ())}))
        for kind in ("money", "date")
    )
    return _Places(
        cells,
        tuple(sorted(place for place in told if place <= header.width)),
        tuple(roles[role] for role in KEY_CELLS if role in roles),
        money,
        days,
    )


def _repeated(labels: Sequence[str]) -> list[int]:
    """The positions (from 1) of labels that stand more than once: whether they say the same is asked of the rows."""
    folded = [fold(label) for label in labels]
    return [n for n, label in enumerate(folded, start=1) if label and folded.count(label) > 1]


KEY_CELLS: Final = ("customer", "doc_no", "entry_id", "doc_date", "due_date", "order_no", "product")
"""Roles of which a row tells at least one; a row with amounts and none of them is a total."""


def _cells(found: Recognised) -> dict[str, list[int]]:
    """The positions (from 1) of all cells that each role of the profile is read from."""
    labels = found.header.labels
    place = {fold(label): n for n, label in reversed(list(enumerate(labels, start=1)))}
    return {role: role_positions(column, labels, place) for role, column in found.profile.columns.items()} or {
        role: [place] for role, place in found.header.roles.items()
    }


def _cut_text(
    con: duckdb.DuckDBPyConnection, found: Recognised, places: _Places, settings: Settings, name: str
) -> tuple[regular.Survey, list[int]]:
    """Create `item` from the regular lines and `record` from the others; returns what was seen of the text, and the lines with a quote left open."""
    text, is_drawn, is_fixed = found.text, found.container == "pipe_list", found.container == "fixed_width"
    if text is None:
        raise AssertionError("only a text has lines")
    longest = settings.ingest.quoted_lines_max
    seen = regular.survey(text, found.delimiter, name, longest, has_quotes=not is_drawn and not is_fixed)
    layout = _layout(found, places)
    if layout.is_possible:
        others = regular.read_regular(con, text, layout, seen, name)
        _load_others(con, text, others, seen.lines)
    else:
        regular.no_regular(con, places.kept)
        container.load_lines(con, text)
    if is_fixed:
        records.fixed_records(con, found.profile.columns_at)
        return seen, []
    if not is_drawn:
        return seen, records.delimited_records(con, found.delimiter, longest)
    first = regular.raw_lines(text, range(1, _FIRST_LINES + 1))["raw"].to_pylist()
    records.refuse_wrapped(first, name)
    records.pipe_records(con, first[found.header.line_no - 1])
    return seen, []


def _load_others(con: duckdb.DuckDBPyConnection, text: Path, others: regular.Numbers, lines: int) -> None:
    """Create table `line` of the lines that are not regular: few are picked out, many are read with all and kept."""
    if len(others) <= lines // 4:
        con.register("other_lines", regular.raw_lines(text, others))
        con.execute("create or replace table line as select * from other_lines")
    else:
        con.register("other_lines", pa.table({"line_no": others}))
        container.load_lines(con, text)
        con.execute("create or replace table line as select * from line semi join other_lines using (line_no)")
    con.unregister("other_lines")


_FIRST_LINES: Final = 400
"""In these a list shows how it is drawn."""


def _layout(found: Recognised, places: _Places) -> regular.Layout:
    header, table = found.header, found.table if found.profile.shape == "table" else None
    documents: tuple[int, ...] = tuple(document_positions(header)[:3])
    if table is not None:  # in a canonical file every row with a key is one of its table
        own = tuple(header.roles[name] for name in table.key if name in header.roles)
        documents = places.keys or own or (1,)
    marks = (places.keys or documents)[:2]
    return regular.Layout(
        delimiter=found.delimiter,
        width=header.width,
        header_line=header.line_no,
        kept=places.kept,
        documents=documents,
        money=() if table is not None else places.money,
        labels=tuple((place, header.labels[place - 1].strip()) for place in marks if header.labels[place - 1].strip()),
        told=1 if table is not None else 2,
        whole=_whole(found, places),
        is_header_like=any(header.labels[place - 1].strip()[:1] in "0123456789+-(.," for place in places.money),
        is_drawn=found.container == "pipe_list",
    )


def _carry(con: duckdb.DuckDBPyConnection, found: Recognised, places: _Places) -> None:
    """Give the rows what stands only above them: merged cells, and the head of a record told over several rows, its amounts apart."""
    filled, head = _merged(found, places), places.cells.get(found.profile.rows.child_of or "")
    if filled:
        rows.carry(con, found.header, filled, None)
    if head:
        every = sorted({position for positions in places.cells.values() for position in positions})
        rows.carry(con, found.header, every, head[0], places.money)


def _merged(found: Recognised, places: _Places) -> list[int]:
    """The cells that stand only in the first of several rows; of a key put together from several, the last part stands in every row."""
    profile, cells = found.profile, places.cells
    filled = {position for role in profile.rows.fill_down for position in cells.get(role, ())}
    finest = {cells[role][-1] for role in profile.rows.fill_down if cells.get(role) and profile.columns[role].join}
    return sorted(filled - finest)


def _whole(found: Recognised, places: _Places) -> tuple[int, ...]:
    """The cells without which a row goes on telling of the one above."""
    head = places.cells.get(found.profile.rows.child_of or "", ())
    return (*_merged(found, places), *head[:1])


def _left_open(con: duckdb.DuckDBPyConnection, lines: Sequence[int]) -> list[Finding]:
    if not lines:
        return []
    told = con.execute(
        f"select line_no, raw from record where line_no in ({', '.join(map(str, lines))}) order by line_no"
    ).fetchall()
    return [Finding("QUOTE_LEFT_OPEN", "accept_warn", line_no=line_no, raw_line=raw) for line_no, raw in told]
