"""One file from bytes to canonical rows: recognised, cut, typed, judged, every physical line accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, Finding
from receivables.intake import container, entry, rows, table
from receivables.intake.account import Account, account
from receivables.intake.convert import choose, convert, plain_where_possible
from receivables.intake.fields import require_roles, role_fields, table_fields
from receivables.intake.landing import run_landing
from receivables.intake.recognise import Recognised, recognise
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from receivables.intake.container import Source
    from receivables.intake.entry import Companies
    from receivables.intake.profile import Profile
    from receivables.settings import Settings

_NAME_DATE: Final = re.compile(r"(?<!\d)(?:(\d{4})-(\d\d)-(\d\d)|(20\d\d)(\d\d)(\d\d))(?!\d)")


@dataclass(frozen=True)
class Request:
    """What the caller says about a file; everything it leaves open comes from the profile and the file."""

    path: Path
    profiles: Sequence[Profile]
    settings: Settings
    companies: Companies
    today: date
    extract_as_of: date | None = None
    mode: str | None = None


@dataclass(frozen=True)
class Landed:
    """A file that was read: its canonical rows stand in the connection as `landing.<table>`, its findings in `finding`.

    `company_id` is the company a canonical file is about where its rows name none; None for the other shapes.
    """

    source: Source
    profile: Profile
    tables: tuple[str, ...]
    mode: str
    extract_as_of: date
    encoding: str
    account: Account
    findings: tuple[Finding, ...] = field(default=())
    company_id: str | None = None


def read_file(con: duckdb.DuckDBPyConnection, request: Request, scratch: Path) -> Landed:
    """Read one file into the connection's `landing` schema.

    Raises:
        FileRefused: nothing of the file can be loaded; the message says what was got, expected, and what to try.
    """
    source = container.inspect(request.path, request.settings.ingest.max_file_mb)
    found = recognise(con, source, request.profiles, request.settings, scratch)
    as_of = _extract_as_of(con, request, found)
    profile = found.profile
    if profile.shape == "table":
        landed = _read_table(con, request, found, as_of)
    else:
        landed = _read_roles(con, request, found, as_of)
    checked = account(con, profile, found, request.settings, request.path.name)
    return replace(landed, account=checked, findings=(*landed.findings, *checked.findings))


def _read_roles(con: duckdb.DuckDBPyConnection, request: Request, found: Recognised, as_of: date | None) -> Landed:
    profile, name = found.profile, request.path.name
    require_roles(profile, found.header, name)
    fields = role_fields(profile, found.header)
    key_cells = [
        found.header.roles[role]
        for role in ("customer", "doc_no", "doc_date", "due_date")
        if role in found.header.roles
    ]
    money_cells = [found.header.roles[role] for role in ("amount", "amount_local") if role in found.header.roles]
    rows.classify(con, found.header, profile.rows, key_cells, money_cells)
    rows.group_values(con, profile.rows)
    fields = plain_where_possible(con, fields)
    locales, formats = found.locales_and_formats()
    convert(con, fields, choose(con, fields, locales, formats, name))
    events = [f.name for f in fields if f.type == "date" and f.name != "due_date"]
    day = as_of or _latest_date(con, events, request.today)
    if day is None:
        raise FileRefused(
            got=f"{name} without a single dated row",
            expected="at least one row, or the day of the extract",
            try_="exporting it again, or --extract-as-of YYYY-MM-DD",
            reason="FILE_TRUNCATED",
        )
    _check_range(con, [f.name for f in fields if f.type == "date"], day, request)
    assumed = entry.mean(con, profile, _with_assumed(request.companies, profile), name)
    entry.judge(con, profile)
    entry.enter(con, profile)
    tables = run_landing(con, profile.shape)
    mode = request.mode or _mode(con, profile)
    return Landed(found.source, profile, tables, mode, day, found.encoding, Account.empty(), tuple(assumed))


def _with_assumed(companies: Companies, profile: Profile) -> Companies:
    return (
        companies
        if companies.is_forced or not profile.assume.company
        else replace(companies, default=profile.assume.company)
    )


def _mode(con: duckdb.DuckDBPyConnection, profile: Profile) -> str:
    if profile.history == "always":
        return profile.mode
    column = "settled_date" if profile.shape == "invoices" else "clearing_date"
    settled = con.execute(f"select count(*) from judged where verdict is null and {column} is not null").fetchone()
    return profile.mode if settled and settled[0] else "open_items"


def _read_table(con: duckdb.DuckDBPyConnection, request: Request, found: Recognised, as_of: date | None) -> Landed:
    if found.table is None:
        raise AssertionError("a table profile always recognises its table")
    name = request.path.name
    fields = table_fields(found.table, found.header.labels, name)
    rows.classify(con, found.header, found.profile.rows, [], [])
    rows.group_values(con, found.profile.rows)
    fields = plain_where_possible(con, fields)
    locales, formats = found.locales_and_formats()
    convert(con, fields, choose(con, fields, locales, formats, name))
    companies = (
        replace(request.companies, default=found.company, is_forced=False)
        if found.company and not request.companies.is_forced
        else request.companies
    )
    dates = [f.name for f in fields if f.type == "date"]
    events = [
        d
        for d in dates
        if d in ("doc_date", "posting_date", "pay_date", "alloc_date", "rate_date", "order_date", "as_of")
    ]
    findings: list[Finding] = []
    day = as_of or _latest_date(con, events, request.today)
    if day is None:
        day = request.today
        findings.append(
            Finding("ASSUMED_VALUE", "accept_warn", column_name="extract_as_of", repaired_value=day.isoformat())
        )
    _check_range(
        con, [d for d in dates if d not in ("valid_from", "valid_to", "founded_date", "since_date")], day, request
    )
    table.judge_table(con, found.table, companies, name)
    table.enter_table(con, found.table)
    mode = request.mode or found.mode or found.profile.mode
    return Landed(
        found.source,
        found.profile,
        (found.table.name,),
        mode,
        day,
        found.encoding,
        Account.empty(),
        tuple(findings),
        company_id=companies.default,
    )


def _extract_as_of(con: duckdb.DuckDBPyConnection, request: Request, found: Recognised) -> date | None:
    for origin in found.profile.as_of_from:
        match origin:
            case "argument":
                day = request.extract_as_of
            case "title":
                day = _title_date(con, found)
            case "file_name":
                day = date_in_name(request.path.name)
            case _:
                return None
        if day is not None and day <= request.today:
            return day
        if day is not None:
            raise FileRefused(
                got=f"{request.path.name}, extracted on {day}, a day to come",
                expected=f"an extract date up to today, {request.today}",
                try_="--extract-as-of YYYY-MM-DD, or the right date in its name",
                reason="EXTRACT_DATE_UNKNOWN",
            )
    raise FileRefused(
        got=f"{request.path.name}, which does not say when it was extracted",
        expected="a date in the file name such as 2026-10-31"
        + (", in its title line" if "title" in found.profile.as_of_from else ""),
        try_="--extract-as-of YYYY-MM-DD",
        reason="EXTRACT_DATE_UNKNOWN",
    )


def _title_date(con: duckdb.DuckDBPyConnection, found: Recognised) -> date | None:
    for expression in found.profile.as_of_title:
        row = con.execute(
            f"select regexp_extract(raw, {lit(expression)}, 1) from record where line_no < {found.header.line_no}"
            f" and regexp_matches(raw, {lit(expression)}) order by line_no limit 1"
        ).fetchone()
        if row is not None:
            return _read_date(con, row[0], found.profile.date_formats)
    return None


def _read_date(con: duckdb.DuckDBPyConnection, text: str, date_formats: Sequence[str]) -> date | None:
    formats = "[" + ", ".join(lit(fmt) for fmt in date_formats) + "]"
    parsed = con.execute(f"select try_strptime(?, {formats})::date", [text]).fetchone()
    return parsed[0] if parsed else None


def date_in_name(name: str) -> date | None:
    """The last date a file name carries, as 2026-10-31 or 20261031."""
    for match in reversed(list(_NAME_DATE.finditer(name))):
        try:
            year, month, day = (int(part) for part in match.groups() if part)
            return date(year, month, day)
        except ValueError:
            continue
    return None


def _latest_date(con: duckdb.DuckDBPyConnection, columns: Sequence[str], today: date) -> date | None:
    """The latest day told that is not in the future: one mistyped year must not become the extract's date."""
    if not columns:
        return None
    latest_of = ", ".join(f"max({column}) filter (where {column} <= ?)" for column in columns)
    rows = con.execute(f"select greatest({latest_of}) from typed_row", [today] * len(columns)).fetchall()
    latest: date | None = rows[0][0]
    return latest


def _check_range(con: duckdb.DuckDBPyConnection, columns: Sequence[str], as_of: date, request: Request) -> None:
    setting = request.settings.ingest
    low, high = date(as_of.year - setting.years_back, 1, 1), date(as_of.year + setting.years_ahead, 12, 31)
    for column in columns:
        con.execute(
            f"update typed_row set problems = list_append(problems, {{'column_name': '{column}', 'reason': 'DATE_RANGE', 'value': {column}::varchar}})"
            f" where {column} not between date '{low}' and date '{high}'"
        )
