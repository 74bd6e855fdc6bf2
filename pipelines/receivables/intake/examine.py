"""How a file would be read, found by reading it as landing does and keeping nothing: what was recognised, and what became of every part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, Finding
from receivables.intake import container
from receivables.intake.choice import choose, plain_where_possible
from receivables.intake.columns import ColumnRead, columns_read
from receivables.intake.convert import Typed, convert
from receivables.intake.fields import fields_of
from receivables.intake.read import read_as
from receivables.intake.recognise import recognise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    import duckdb

    from receivables.intake.account import Account
    from receivables.intake.read import Landed, Request
    from receivables.intake.recognise import Fit, Recognised


@dataclass(frozen=True)
class Count:
    """How many records and physical lines of a file are of one kind."""

    name: str
    rows: int
    lines: int


@dataclass(frozen=True)
class Examination:
    """What reading one file found: everything up to its refusal, if it is refused.

    Attributes:
        encoding: how its text is written, "" where it is no text; `encoding_from` says what decided it.
        fits: profiles whose header was found, the one that reads the file first.
        classes: rows by what they are (item, header, total, ...).
        outcomes: physical lines by what became of them (loaded, quarantined, skipped).
        lines_in_file: physical lines as counted in the file itself, to hold the outcomes against.
        tables: canonical rows that would be loaded, by table.
        refusal: why nothing of it would be loaded; None where it would be.
    """

    file_name: str
    kind: str
    size: int
    encoding: str = ""
    encoding_from: str = ""
    container: str = ""
    delimiter: str = ""
    profile_id: str = ""
    profile_title: str = ""
    profile_status: str = ""
    fits: tuple[Fit, ...] = ()
    header_line: int = 0
    columns: tuple[ColumnRead, ...] = ()
    decimal: str = ""
    thousands: str = ""
    classes: tuple[Count, ...] = ()
    outcomes: tuple[Count, ...] = ()
    lines_in_file: int = 0
    tables: tuple[Count, ...] = ()
    status: str = ""
    extract_as_of: date | None = None
    extract_as_of_from: str = ""
    companies: tuple[str, ...] = ()
    mode: str = ""
    control_total: Decimal | None = None
    control_total_file: Decimal | None = None
    findings: tuple[Finding, ...] = ()
    refusal: FileRefused | None = None


def examine(con: duckdb.DuckDBPyConnection, request: Request, scratch: Path) -> Examination:
    """Read a file the way landing does and say what happened; a refusal is part of the answer, and the connection is thrown away by the caller.

    Raises:
        FileRefused: it is no table at all, so that there is nothing to show.
    """
    source = container.inspect(request.path, request.settings.ingest)
    try:
        found = recognise(con, source, request.profiles, request.settings, scratch)
    except FileRefused as refusal:
        return Examination(request.path.name, source.kind, source.size, refusal=refusal)
    try:
        landed = read_as(con, request, found)
    except FileRefused as refusal:
        return _examined(con, found, request, None, refusal)
    return _examined(con, found, request, landed, None)


def _examined(
    con: duckdb.DuckDBPyConnection,
    found: Recognised,
    request: Request,
    landed: Landed | None,
    refusal: FileRefused | None,
) -> Examination:
    profile, source = found.profile, found.source
    is_text = found.text is not None
    typed = landed.typed if landed else _typed_so_far(con, found, request)
    account = landed.account if landed else None
    return Examination(
        file_name=source.path.name,
        kind=source.kind,
        size=source.size,
        encoding=found.encoding if is_text else "",
        encoding_from=_encoding_from(found) if is_text else "",
        container=found.container,
        delimiter=found.delimiter if found.container == "delimited" else "",
        profile_id=profile.id,
        profile_title=profile.title,
        profile_status=profile.status,
        fits=found.fits,
        header_line=found.header.line_no,
        columns=columns_read(con, found, typed),
        decimal=typed.chosen.locale.decimal if typed else "",
        thousands=typed.chosen.locale.thousands if typed else "",
        classes=_classes(con),
        outcomes=_outcomes(con, account),
        lines_in_file=_lines_in_file(con, found),
        tables=tuple(Count(table, _rows_of(con, f"landing.{table}"), 0) for table in landed.tables) if landed else (),
        status=account.status if account else "refused",
        extract_as_of=landed.extract_as_of if landed else None,
        extract_as_of_from=landed.day_from if landed else "",
        companies=_companies(con, landed),
        mode=landed.mode if landed else "",
        control_total=account.control_total if account else None,
        control_total_file=account.control_total_file if account else None,
        findings=(*_findings(con), *(landed.findings if landed else ())),
        refusal=refusal,
    )


def _encoding_from(found: Recognised) -> str:
    """Why the text is taken to be in its encoding."""
    if found.source.bom_encoding is not None:
        return "its first bytes say so"
    tried = found.profile.encodings
    others = tried[: tried.index(found.encoding)] if found.encoding in tried else ()
    return f"every byte fits; {', '.join(others)} does not" if others else "every byte fits, the first one tried"


def _typed_so_far(con: duckdb.DuckDBPyConnection, found: Recognised, request: Request) -> Typed | None:
    """How the items of a refused file are typed, where it came as far as being cut into items and does not read two ways."""
    if not _has(con, "item"):
        return None
    name = request.path.name
    try:
        fields = plain_where_possible(con, fields_of(found))
        locales, formats = found.locales_and_formats()
        typed = Typed(tuple(fields), choose(con, fields, locales, formats, name))
    except FileRefused:
        return None
    if not _has(con, "typed_row"):
        convert(con, typed.fields, typed.chosen)
    return typed


def _has(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(con.execute("select 1 from duckdb_columns() where table_name = ? limit 1", [table]).fetchall())


def _rows_of(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


ROW_CLASSES: Final = ("item", "header", "title", "group", "total", "trailer", "rule", "blank", "unclassified")
"""What a row can be, in the order it is shown."""


def _classes(con: duckdb.DuckDBPyConnection) -> tuple[Count, ...]:
    if not (_has(con, "item") and _has(con, "classed")):
        return ()
    counts = con.execute(
        "select row_class, count(*), sum(n_lines)::bigint from classed where row_class <> 'item' group by row_class"
        " union all select 'item', count(*), coalesce(sum(n_lines), 0)::bigint from item"
    ).fetchall()
    found = {name: Count(name, int(rows), int(lines)) for name, rows, lines in counts}
    return tuple(found[name] for name in (*ROW_CLASSES, *sorted(found.keys() - set(ROW_CLASSES))) if name in found)


def _outcomes(con: duckdb.DuckDBPyConnection, account: Account | None) -> tuple[Count, ...]:
    counted: list[tuple[str, int, int]] = []
    if account is not None:
        names = dict.fromkeys(outcome for _, _, outcome in (*account.lines, *account.rows))
        counted = [(name, _of_outcome(account.rows, name), _of_outcome(account.lines, name)) for name in names]
    elif _has(con, "reason_count"):
        counted = con.execute(
            "select outcome, sum(times)::bigint, sum(lines)::bigint from reason_count group by outcome"
        ).fetchall()
    found = {name: Count(name, int(rows), int(lines)) for name, rows, lines in counted}
    return tuple(found.get(name, Count(name, 0, 0)) for name in ("loaded", "quarantined", "skipped")) if found else ()


def _of_outcome(counts: Mapping[tuple[str, str, str], int], outcome: str) -> int:
    return sum(count for (_, _, became), count in counts.items() if became == outcome)


def _lines_in_file(con: duckdb.DuckDBPyConnection, found: Recognised) -> int:
    """Physical lines of a text, rows of anything else."""
    if found.text is None:
        return _rows_of(con, "record") if _has(con, "record") else 0
    return container.physical_lines(found.text)


def _companies(con: duckdb.DuckDBPyConnection, landed: Landed | None) -> tuple[str, ...]:
    if landed is None:
        return ()
    told = con.execute("select distinct company_id from outcome where company_id <> '' order by 1").fetchall()
    return tuple(company for (company,) in told) or ((landed.company_id,) if landed.company_id else ())


def _findings(con: duckdb.DuckDBPyConnection) -> tuple[Finding, ...]:
    """What is wrong with rows, one for each reason, action and column, with its count and the first example."""
    if not _has(con, "finding"):
        return ()
    rows = con.execute(
        "select reason_code, action, min(line_no), column_name, sum(count)::bigint, arg_min(raw_value, line_no), arg_min(raw_line, line_no)"
        " from finding group by reason_code, action, column_name order by action, sum(count) desc, reason_code"
    ).fetchall()
    return tuple(
        Finding(reason, action, line_no, column, int(count), value, raw_line=raw)
        for reason, action, line_no, column, count, value, raw in rows
    )
