"""A draft of a profile for one file: every part of it with the evidence the file gives, or with the question it leaves open."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from receivables.errors import UsageError
from receivables.intake import container
from receivables.intake.drafting.frame import file_lines, row_sections
from receivables.intake.drafting.meanings import kinds_of, states_of
from receivables.intake.drafting.money import assumed
from receivables.intake.drafting.roles import decide_roles, position_of
from receivables.intake.drafting.rows_of import rows_of
from receivables.intake.drafting.survey import survey
from receivables.intake.drafting.text import Draft, Line, Section, key, shortened
from receivables.intake.drafting.values import column_of
from receivables.intake.drafting.vocabulary import vocabulary
from receivables.intake.drafting.ways import ways_of
from receivables.intake.profile import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import duckdb

    from receivables.intake.company import Companies
    from receivables.intake.drafting.roles import Decided
    from receivables.intake.drafting.rows_of import RowsFound
    from receivables.intake.drafting.values import Column
    from receivables.settings import Settings

REQUIRED: Final = ("customer", "doc_no", "doc_date", "due_date", "settled_date", "amount", "amount_local", "open", "open_local", "debit", "credit")  # fmt: skip
"""Roles whose column a later file may not lack: without them its figures would mean something else."""


def draft_profile(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    scratch: Path,
    *,
    profile_id: str | None,
    companies: Companies,
    settings: Settings,
) -> Draft:
    """Draft a profile from what one file shows.

    Raises:
        FileRefused: no table with a header can be found in it.
        UsageError: the id asked for is none.
    """
    name = _checked_id(profile_id) if profile_id else _id_of(path)
    source = container.inspect(path, settings.ingest)
    found = survey(con, source, frozenset(vocabulary().labels), settings, scratch)
    rows = rows_of(con, found)
    columns = [column_of(con, n, label) for n, label in enumerate(found.labels, 1)]
    unique = _first_of_each(columns)
    decided = decide_roles(unique)
    ways = ways_of(con, unique, is_typed=found.container in ("workbook", "parquet"))
    shape = _shape(decided)
    head = (
        Line("id", name),
        Line("version", "1"),
        Line("system", name),
        Line("title", f"Drafted from {shortened(path.name, 60)}"),
        Line("status", "unverified"),
        Line("based_on", f"one file, {shortened(path.name, 60)}"),
        shape,
        *file_lines(found, decided, path.name),
        *ways.lines,
        *_keyed_rows(con, decided, shape),
        *_ignored(decided),
    )
    blocks = [
        Section("", head, _remark(path, rows)),
        assumed(con, columns, decided, found.titles, companies),
        _columns(decided),
        _labels(columns, decided),
        *row_sections(rows),
        *_keys(con, decided, shape),
        *kinds_of(con, decided, ways.locale),
        *states_of(con, decided),
    ]
    return Draft(name, path.name, tuple(block for block in blocks if block.lines or block.remark))


def _first_of_each(columns: Sequence[Column]) -> list[Column]:
    seen: set[str] = set()
    found = []
    for column in columns:
        name = fold(column.label)
        if column.label and name not in seen:
            found.append(column)
        seen.add(name)
    return found


def _checked_id(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise UsageError(got=f"--id {name!r}", expected="small letters, digits and _", try_=f"--id {_slug(name)}")
    return name


def _id_of(path: Path) -> str:
    """The file's name without its date, as an id; one no shipped profile has."""
    return f"own_{_slug(re.sub(r'[0-9]{2,}', '', path.stem))}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "list"


def _remark(path: Path, rows: RowsFound) -> str:
    return (
        f"A draft from {shortened(path.name, 60)}: {rows.data} rows of data. What the file decides stands with its evidence; what it does not"
        " is a question that begins with '?:'. Put the answer in its place; until none is left the profile is not used."
    )


def _shape(decided: Sequence[Decided]) -> Line:
    """What a row is, by the roles that were found."""
    roles = {role for found in decided for role in found.roles}
    money = roles & {"amount", "amount_local", "debit", "credit", "debit_local", "credit_local", "open", "open_local"}
    may_be_money = any(
        found.question and found.column.kind == "number" and found.column.has_separator for found in decided
    )
    if not money and not may_be_money:
        told = "no column is known to hold amounts: only lists of receivables are drafted; customers and orders can come as tables (receivables profiles, canonical)"
        return Line(
            "shape",
            evidence=told,
            question="is it a list of receivables: entries, or invoices (each with the day it was settled)?",
        )
    telling = roles & {"open", "open_local", "paid", "doc_type", "debit", "credit", "clearing_no", "state"}
    if "settled_date" in roles and not telling:
        return Line("shape", "invoices", "each row has the day it was settled, and none has a type, a rest or a side")
    told = f"columns for {', '.join(sorted(telling))}" if telling else "each row is a document with its amount"
    return Line("shape", "entries", f"a row is a line of the customer ledger: {told}")


def _columns(decided: Sequence[Decided]) -> Section:
    lines = []
    for found in decided:
        for role in found.roles:
            value: dict[str, object] = {"aliases": [found.column.label]}
            if role in REQUIRED:
                value["required"] = True
            lines.append(Line(role, value, found.evidence))
    return Section("[columns]", tuple(lines)) if lines else Section("", ())


def _labels(columns: Sequence[Column], decided: Sequence[Decided]) -> Section:
    """Undecided columns, one line each: the label and the role it is to have."""
    lines = [
        Line(key(found.column.label), evidence=found.evidence, question=found.question)
        for found in decided
        if found.question
    ]
    known = {found.column.position for found in decided}
    lines += [
        Line("", evidence=f"column {column.position} {_why_unnamed(column)}")
        for column in columns
        if column.position not in known and column.filled
    ]
    remark = "One line for each column whose role the file does not decide: label = role, or 'ignored'."
    return Section("[labels]", tuple(lines), remark) if lines else Section("", ())


def _why_unnamed(column: Column) -> str:
    told = f"holds {column.shown}"
    return (
        f"'{shortened(column.label)}' {told}; its label stood before, and the first one is read"
        if column.label
        else f"has no label and {told}; it cannot be read"
    )


def _ignored(decided: Sequence[Decided]) -> Iterable[Line]:
    found = [column for column in decided if column.is_ignored]
    if found:
        told = "; ".join(f"'{shortened(each.column.label)}' is {each.evidence}" for each in found)
        yield Line("ignored_columns", [each.column.label for each in found], told)


def _keyed_rows(con: duckdb.DuckDBPyConnection, decided: Sequence[Decided], shape: Line) -> Iterable[Line]:
    if shape.value == "invoices" and position_of(decided, "doc_no") is not None:
        yield Line("key", ["doc_no"], _uniqueness(con, decided, ("doc_no",))[1])


KEYS: Final = (("doc_no",), ("doc_no", "doc_type"), ("customer", "doc_no"), ("customer", "doc_no", "doc_type"))
"""What may name a document, the shortest first."""


def _keys(con: duckdb.DuckDBPyConnection, decided: Sequence[Decided], shape: Line) -> Iterable[Section]:
    """The key of a document: the fewest roles that name every row, else a question."""
    if shape.value == "invoices" or position_of(decided, "doc_no") is None:
        return
    tried = []
    for roles in KEYS:
        if all(position_of(decided, role) is not None for role in roles):
            is_unique, told = _uniqueness(con, decided, roles)
            tried.append((roles, told))
            if is_unique:
                yield Section("[keys]", (Line("doc_key", _template(roles), told),))
                return
    options = " or ".join(_template(roles) for roles, _ in tried)
    told = "; ".join(told for _, told in tried)
    yield Section(
        "[keys]",
        (
            Line(
                "doc_key",
                evidence=told,
                question=f"what names a document: {options}? Rows that share it become its instalments.",
            ),
        ),
    )


def _template(roles: Sequence[str]) -> str:
    return "/".join(f"{{{role}}}" for role in roles)


def _uniqueness(con: duckdb.DuckDBPyConnection, decided: Sequence[Decided], roles: Sequence[str]) -> tuple[bool, str]:
    cells = [f"trim(cells[{column.position}])" for role in roles if (column := position_of(decided, role)) is not None]
    rows, distinct, blank = con.execute(
        f"select count(*), count(distinct [{', '.join(cells)}]), count(*) filter (where {cells[-1]} = '') from datum"
    ).fetchall()[0]
    told = f"{' and '.join(roles)}: {distinct} different in {rows} rows"
    return rows == distinct and not blank, told + (f", blank in {blank}" if blank else "")
