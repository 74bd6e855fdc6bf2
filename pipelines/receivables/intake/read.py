"""One file from bytes to canonical rows: recognised, cut, typed, judged, every physical line accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, Finding
from receivables.intake import container, entry, invoice, order, table
from receivables.intake.account import Account, account
from receivables.intake.choice import choose, plain_where_possible, refuse_other_order
from receivables.intake.convert import Typed, convert
from receivables.intake.fields import require_roles, role_fields, rows_fields, table_fields
from receivables.intake.items import enter_items
from receivables.intake.landing import run_landing
from receivables.intake.notation import day as day_of
from receivables.intake.profile import ROLES
from receivables.intake.recognise import Recognised, recognise
from receivables.intake.repairs import converted, undo_mojibake
from receivables.intake.sqltext import FILLED, ident, lit
from receivables.intake.substitute import Asked, Replacement, substitute

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from receivables.intake.company import Companies
    from receivables.intake.container import Source
    from receivables.intake.convert import Field
    from receivables.intake.profile import Profile
    from receivables.settings import Settings

_NAME_DATE: Final = re.compile(r"(?<!\d)(?:(\d{4})-(\d\d)-(\d\d)|(20\d\d)(\d\d)(\d\d))(?!\d)")


@dataclass(frozen=True)
class Request:
    """What the caller says about a file; everything it leaves open comes from the profile and the file.

    `recorded` stands in the place of the file's own lines, `asked` too and is told in the result. `is_again`: it keeps the
    extract date it was landed with, whatever its lines now say.
    """

    path: Path
    profiles: Sequence[Profile]
    settings: Settings
    companies: Companies
    today: date
    extract_as_of: date | None = None
    mode: str | None = None
    recorded: tuple[Replacement, ...] = ()
    asked: tuple[Asked, ...] = ()
    is_again: bool = False


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
    typed: Typed | None = None
    replaced: tuple[Replacement, ...] = ()
    day_from: str = ""
    """What said the day of the extract: an origin of the profile's, latest_date, or today."""


@dataclass(frozen=True)
class Day:
    """The day of an extract as its profile finds it, None where nothing said it yet, and which of the profile's origins did."""

    value: date | None
    origin: str = "latest_date"


def read_file(con: duckdb.DuckDBPyConnection, request: Request, scratch: Path) -> Landed:
    """Read one file into the connection's `landing` schema.

    Raises:
        FileRefused: nothing of the file can be loaded; the message says what was got, expected, and what to try.
        UsageError: a repair that is asked for cannot be put into this file.
    """
    source = container.inspect(request.path, request.settings.ingest)
    found = recognise(con, source, request.profiles, request.settings, scratch)
    found, replaced = substitute(con, found, request.recorded, request.asked)
    return replace(read_as(con, request, found), replaced=replaced)


def read_as(con: duckdb.DuckDBPyConnection, request: Request, found: Recognised) -> Landed:
    """What `read_file` does once it is known which profile reads a file: its rows into the connection's `landing` schema.

    Raises:
        FileRefused: nothing of the file can be loaded.
    """
    reading = {"table": _read_table, "rows": _read_rows}.get(found.profile.shape, _read_roles)
    landed = reading(con, request, found)
    checked = account(con, found, landed.typed, request.settings, request.path.name, is_again=request.is_again)
    return replace(landed, account=checked, findings=(*landed.findings, *checked.findings))


def _read_roles(con: duckdb.DuckDBPyConnection, request: Request, found: Recognised) -> Landed:
    profile, name = found.profile, request.path.name
    require_roles(profile, found.header, name)
    dated, typed, findings = _convert(con, request, found, role_fields(profile, found.header))
    day = dated.value or _latest_event(con, typed, profile, request.today)
    if day is None:
        raise FileRefused(
            got=f"{name} without a single dated row",
            expected="at least one row, or the day of the extract",
            try_="exporting it again, or --extract-as-of YYYY-MM-DD",
            reason="FILE_TRUNCATED",
        )
    typed = _within(con, typed, [role for role in _dates(typed) if role in ROLES[profile.shape]], day, request)
    companies = _named_companies(con, request.companies, found)
    tables, told = _enter(con, request, found, companies, day)
    mode = request.mode or _mode(con, profile)
    return Landed(
        found.source,
        profile,
        tables,
        mode,
        day,
        found.encoding,
        Account.empty(),
        (*findings, *told),
        typed=typed,
        day_from=dated.origin,
    )


def _enter(
    con: duckdb.DuckDBPyConnection, request: Request, found: Recognised, companies: Companies, day: date
) -> tuple[tuple[str, ...], list[Finding]]:
    """From typed roles to canonical rows, as the shape wants it; returns the tables told and what was assumed."""
    profile, name = found.profile, request.path.name
    if profile.shape == "invoices":
        told = invoice.mean(con, profile, companies, day, name)
        invoice.judge(con, profile)
        invoice.enter(con, profile)
        return run_landing(con, profile.shape), [*told, *invoice.noticed(con)]
    if profile.shape == "orders":
        told = order.mean(con, profile, companies, name)
        order.judge(con, profile)
        order.enter(con, profile, companies)
        return run_landing(con, profile.shape), told
    _refuse_lost_cents(con, found)
    told = entry.mean(con, profile, companies, day, name)
    entry.judge(con, profile, request.settings.ingest.fx_rate_difference_pct)
    tables = entry.enter(con, profile)
    described = [table for table in run_landing(con, profile.shape) if table != "customer" or _names_customers(found)]
    return (*tables, *described), [*told, *entry.noticed(con, profile)]


def _names_customers(found: Recognised) -> bool:
    return bool({"customer_name", "city"} & {*found.header.roles, *found.profile.rows.group})


def _convert(
    con: duckdb.DuckDBPyConnection, request: Request, found: Recognised, fields: Sequence[Field]
) -> tuple[Day, Typed, list[Finding]]:
    """Cut and classify the records and type their cells into `typed_row`; returns the day of the extract, how the cells are typed, and what conversion did that is worth a word."""
    items = enter_items(con, found, fields, request.settings, request.path.name)
    fields = plain_where_possible(con, fields, is_plain=items.is_plain)
    locales, formats = found.locales_and_formats()
    chosen = choose(con, fields, locales, formats, request.path.name)
    dated = _extract_as_of(con, request, found, tuple(dict.fromkeys(chosen.date_formats.values())))
    # A customer may go by its name alone, which is then a key too.
    texts = [field for field in fields if field.type in ("text", "key") and not field.is_absent]
    typed = Typed(tuple(fields), chosen)
    if dated.value is None or not items.is_sound:  # asked before it is known which days are out of range
        convert(con, fields, chosen)
    refuse_other_order(con, typed, request.path.name)
    undone = [] if items.is_sound else undo_mojibake(con, texts)
    ledger_currency = request.companies.currencies.get(request.companies.default or "")
    return dated, typed, [*items.findings, *converted(con, fields, chosen, ledger_currency), *undone]


def _unit(con: duckdb.DuckDBPyConnection, found: Recognised) -> tuple[int, list[Finding]]:
    """What amounts are to be multiplied by, as a title says: 单位：千元."""
    text = titled(con, found, found.profile.unit)
    if text is None:
        return 1, []
    factor = UNITS.get(text.strip().casefold())
    if factor is None:
        raise FileRefused(
            got=f"{found.source.path.name}, whose amounts are in {text!r}",
            expected="a known unit: " + ", ".join(UNITS),
            try_="exporting whole amounts",
            reason="NUM_SCALE_UNIT",
        )
    return factor, [
        Finding("NUM_SCALE_UNIT", "accept_warn", raw_value=text, repaired_value=str(factor))
    ] if factor != 1 else []


def _refuse_lost_cents(con: duckdb.DuckDBPyConnection, found: Recognised) -> None:
    """Refuse documents in thousands: their cents are lost.

    Raises:
        FileRefused: the title says a unit other than one.
    """
    factor, told = _unit(con, found)
    if factor != 1:
        raise FileRefused(
            got=f"{found.source.path.name}, whose amounts are in {told[0].raw_value!r}, which has lost their cents",
            expected="whole amounts of documents; only balances to compare with may be in such a unit",
            try_="exporting whole amounts",
            reason="NUM_SCALE_UNIT",
        )


UNITS: Final = {"元": 1, "千元": 1_000, "万元": 10_000, "百万元": 1_000_000, "thousands": 1_000, "in thousands": 1_000, "miles": 1_000,
                "en miles": 1_000, "tausend": 1_000, "teur": 1_000, "millions": 1_000_000, "millones": 1_000_000}  # fmt: skip
"""Words for the unit of amounts and what it is in whole units of currency."""


def titled(con: duckdb.DuckDBPyConnection, found: Recognised, expression: str | None) -> str | None:
    """What the first bracket of an expression takes from the lines above the header, else from the last lines; None where nothing fits."""
    if expression is None:
        return None
    # Cut at fixed places a title would be cut too.
    words = FILLED if found.container != "fixed_width" else "trim(regexp_replace(raw, '\\s+', ' ', 'g'))"
    row = con.execute(
        f"select regexp_extract(t, {lit(expression)}, 1) from (select line_no, {words} as t from record where line_no < {found.header.line_no}"
        f" or line_no > (select max(line_no) from (select line_no from record union all select line_no from item)) - {_FOOT_LINES}) where regexp_matches(t, {lit(expression)}) order by line_no limit 1"
    ).fetchone()
    return row[0] if row else None


_FOOT_LINES: Final = 10
"""Lines at the end of a report in which it may say when and for whom it was made."""


def _named_companies(con: duckdb.DuckDBPyConnection, companies: Companies, found: Recognised) -> Companies:
    """The company a title names stands for rows that name none, unless the caller or the profile says otherwise."""
    if companies.is_forced:
        return companies
    if found.profile.assume.company:
        return replace(companies, default=found.profile.assume.company)
    named = titled(con, found, found.profile.company_title)
    if named is None:
        return companies
    known = {name.casefold(): company for name, company in companies.names.items()} | {
        company.casefold(): company for company in companies.currencies
    }
    return replace(companies, default=known.get(named.strip().casefold(), companies.default or named.strip()))


def _mode(con: duckdb.DuckDBPyConnection, profile: Profile) -> str:
    if profile.history == "always":
        return profile.mode
    settled = "settled_date is not null"
    if profile.shape == "entries":
        settled += " or clearing_date is not null or (open_doc = 0 and amount_doc <> 0)"
    found = con.execute(f"select 1 from judged where verdict is null and ({settled}) limit 1").fetchall()
    return profile.mode if found else "open_items"


def _dates(typed: Typed) -> list[str]:
    """The columns of `typed_row` that hold dates."""
    return [field.name for field in typed.fields if field.duckdb_type == "DATE"]


_TO_COME: Final = ("due_date", "instrument_due", "requested_date")
"""Dates that lie in the future by nature and say nothing of the day of an extract."""


def _latest_event(con: duckdb.DuckDBPyConnection, typed: Typed, profile: Profile, today: date) -> date | None:
    return _latest_date(
        con, [role for role in _dates(typed) if role in ROLES[profile.shape] and role not in _TO_COME], today
    )


def _read_rows(con: duckdb.DuckDBPyConnection, request: Request, found: Recognised) -> Landed:
    """A foreign file whose rows are rows of one canonical table, or of none."""
    profile, name = found.profile, request.path.name
    if found.table is None:
        enter_items(con, found, [], request.settings, name)
        table.judge_nowhere(con, request.companies)
        dated = _extract_as_of(con, request, found, ())
        return Landed(
            found.source,
            profile,
            (),
            profile.mode,
            dated.value or request.today,
            found.encoding,
            Account.empty(),
            company_id=request.companies.default,
            day_from=dated.origin if dated.value else "today",
        )
    dated, typed, findings = _convert(con, request, found, rows_fields(profile, found.table, found.header, name))
    latest = dated.value or _latest_date(con, [d for d in _dates(typed) if d in EVENTS], request.today)
    day = latest or request.today
    companies = _named_companies(con, request.companies, found)
    factor, told = _unit(con, found)
    typed = _within(con, typed, [d for d in _dates(typed) if d not in TIMELESS], day, request)
    table.settle_rows(
        con, profile, found.table, {"{extract}": day.isoformat(), "{file}": name, "{unit}": str(factor)}, factor
    )
    table.judge_table(
        con, found.table, companies, name, request.settings.ingest.fx_rate_difference_pct, is_foreign=True
    )
    table.enter_table(con, found.table, profile.system)
    also = table.enter_also(con, profile, companies)
    mode = request.mode or profile.mode
    return Landed(
        found.source,
        profile,
        (found.table.name, *also),
        mode,
        day,
        found.encoding,
        Account.empty(),
        (*findings, *told),
        company_id=companies.default,
        typed=typed,
        day_from=dated.origin if latest else "today",
    )


EVENTS: Final = ("doc_date", "posting_date", "pay_date", "alloc_date", "rate_date", "order_date", "as_of")
"""Columns of canonical tables that say when something happened: the latest is the day of a file that does not say it."""

TIMELESS: Final = ("valid_from", "valid_to", "founded_date", "since_date")
"""Columns of canonical tables that may lie long ago or ahead."""


def _read_table(con: duckdb.DuckDBPyConnection, request: Request, found: Recognised) -> Landed:
    if found.table is None:
        raise AssertionError("a table profile always recognises its table")
    name = request.path.name
    dated, typed, findings = _convert(con, request, found, table_fields(found.table, found.header.labels, name))
    companies = (
        replace(request.companies, default=found.company, is_forced=False)
        if found.company and not request.companies.is_forced
        else request.companies
    )
    latest = dated.value or _latest_date(con, [d for d in _dates(typed) if d in EVENTS], request.today)
    day = latest or request.today
    if latest is None:
        findings.append(
            Finding("ASSUMED_VALUE", "accept_warn", column_name="extract_as_of", repaired_value=day.isoformat())
        )
    typed = _within(con, typed, [d for d in _dates(typed) if d not in TIMELESS], day, request)
    table.judge_table(con, found.table, companies, name, request.settings.ingest.fx_rate_difference_pct)
    findings += table.noticed(con, found.table)
    table.enter_table(con, found.table, found.profile.system)
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
        typed=typed,
        day_from=dated.origin if latest else "today",
    )


def _extract_as_of(con: duckdb.DuckDBPyConnection, request: Request, found: Recognised, decided: Sequence[str]) -> Day:
    """The day of the extract, from the first of the profile's origins that tells it; `decided` are the date formats of the file's columns."""
    if request.is_again:
        return Day(request.extract_as_of, "argument")
    for origin in found.profile.as_of_from:
        match origin:
            case "argument":
                day = request.extract_as_of
            case "title":
                day = _title_date(con, found, decided)
            case "file_name":
                day = date_in_name(request.path.name)
            case _:
                return Day(None)
        if day is not None and day <= request.today:
            return Day(day, origin)
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


def _title_date(con: duckdb.DuckDBPyConnection, found: Recognised, decided: Sequence[str]) -> date | None:
    for expression in found.profile.as_of_title:
        text = titled(con, found, expression)
        if text is not None:
            return _read_date(con, text.strip(), (*decided, *found.profile.date_formats, *TITLE_FORMATS))
    return None


TITLE_FORMATS: Final = (
    "%Y-%m-%d",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d de %B de %Y",
    "%B %d de %Y",
    "%d. %B %Y",
    "%Y年%m月%d日",
    "%Y/%m/%d",
    "%Y.%m.%d",
)
"""Ways a title writes a day that can be read in one way only, beside those of the profile's columns."""


def _read_date(con: duckdb.DuckDBPyConnection, text: str, date_formats: Sequence[str]) -> date | None:
    readings = ", ".join(day_of("t", fmt) for fmt in date_formats)
    parsed = con.execute(f"select coalesce({readings})::date from (select ?::varchar as t)", [text]).fetchone()
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


def _within(
    con: duckdb.DuckDBPyConnection, typed: Typed, columns: Sequence[str], as_of: date, request: Request
) -> Typed:
    """Call every day of the columns flawed that lies too far from the day of the extract."""
    setting = request.settings.ingest
    low, high = date(as_of.year - setting.years_back, 1, 1), date(as_of.year + setting.years_ahead, 12, 31)
    beyond = {column: f"{ident(column)} not between date '{low}' and date '{high}'" for column in columns}
    convert(con, typed.fields, typed.chosen, beyond)
    return replace(typed, beyond=beyond)
