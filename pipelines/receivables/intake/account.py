"""Accounting for every physical line of a file, and the verdict: ok, warn, needs a person, refused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, Finding
from receivables.intake.convert import Chosen, Typed, cleaned, flaws
from receivables.intake.convert import typed as typed_as
from receivables.intake.fields import role_fields
from receivables.intake.header import repeated_labels, unknown_labels
from receivables.intake.profile import fold
from receivables.intake.regular import raw_lines
from receivables.intake.sqltext import FILLED, cell, lit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.profile import Locale, Profile
    from receivables.intake.recognise import Recognised
    from receivables.settings import Settings


@dataclass(frozen=True)
class Account:
    """What became of a file: `lines` and `rows` count (company, table, outcome) -> physical lines, logical rows.

    `control_total` is the sum of what was read (ledger currency as written), `control_total_file` the file's own total, if it has one.
    """

    lines: dict[tuple[str, str, str], int]
    rows: dict[tuple[str, str, str], int]
    status: str
    findings: tuple[Finding, ...]
    control_total: Decimal | None = None
    control_total_file: Decimal | None = None

    @staticmethod
    def empty() -> Account:
        """Nothing counted yet."""
        return Account({}, {}, "ok", ())


_TABLE_OF = {"invoices": "'document'", "entries": "table_name", "orders": "'order_line'"}


def account(
    con: duckdb.DuckDBPyConnection,
    found: Recognised,
    typed: Typed | None,
    settings: Settings,
    name: str,
    *,
    is_again: bool = False,
) -> Account:
    """Give every physical line its outcome, write table `finding`, and decide whether the file may be loaded.

    A file that is loaded already and read again is not refused for what is in quarantine or was left out.

    Raises:
        FileRefused: too much of it is in quarantine, its total disagrees, or it holds no row.
    """
    profile = found.profile
    table = lit(found.table.name) if found.table is not None else _TABLE_OF.get(profile.shape, "''")
    con.execute(
        f"create or replace temp view outcome as select line_no, n_lines, coalesce(company_id, '') as company_id, {table} as table_name,"
        f" case when verdict is null then 'loaded' when verdict like 'SKIP%' or verdict = 'KEY_DUPLICATE_SAME' then 'skipped' else 'quarantined' end as outcome, verdict as reason from {_judged(profile)}"
        " union all select line_no, n_lines, '', '', case when row_class = 'unclassified' then 'quarantined' else 'skipped' end,"
        f" {_why_no_item(found)} from classed where row_class <> 'item'"
    )
    lines, rows = _counts(con)
    _findings(con, found, typed)
    items = sum(count for (_, table_name, _), count in rows.items() if table_name)
    if not items and profile.shape not in ("table", "rows") and not is_again:
        raise FileRefused(
            got=f"{name} without a single row below its header",
            expected="at least one row",
            try_="exporting it again",
            reason="FILE_TRUNCATED",
        )
    role, total, file_total = _control_totals(con, profile, found)
    differing = _hold_total(con, found, role, total, file_total)
    quarantined = sum(count for (_, _, outcome), count in rows.items() if outcome == "quarantined")
    share = max(_percent(quarantined, items + _unclassified(rows)), _value_share(con, profile) if quarantined else 0)
    if quarantined and share > settings.ingest.refuse_pct and not is_again:
        raise FileRefused(
            got=f"{name} with {quarantined} of {items + _unclassified(rows)} rows unreadable ({_example(con)})",
            expected=f"at most {settings.ingest.refuse_pct} % in quarantine",
            try_="correcting the export, or a profile that fits it",
            reason="QUARANTINE_SHARE",
        )
    status = (
        "needs_person"
        if share > settings.ingest.needs_person_pct or _unclassified(rows)
        else "warn"
        if quarantined
        else "ok"
    )
    return Account(lines, rows, status, (*differing, *_noted(con, found)), total, file_total)


def _judged(profile: Profile) -> str:
    """The verdicts on the items: a table that the judge of entries keeps, else the judged rows themselves."""
    return "verdict" if profile.shape == "entries" else "judged"


def _why_no_item(found: Recognised) -> str:
    """SQL for the reason of a record that is no item: why it is skipped, or what is wrong with one that no rule explains."""
    left_out = f"line_no in ({', '.join(map(str, found.left_out))})" if found.left_out else "false"
    return (
        f"case when row_class = 'blank' and {left_out} then 'SKIP_LEFT_OUT' when row_class = 'unclassified' then case when len(cells) > {found.header.width} then 'COL_SHIFT' else 'ROW_UNCLASSIFIED' end"
        f" when row_class = 'header' and line_no <> {found.header.line_no} then 'ROW_REPEATED_HEADER'"
        " when row_class = 'title' then 'FILE_TITLE_LINES' when row_class = 'total' then 'ROW_TOTAL' when row_class = 'group' then 'ROW_GROUP_HEADER'"
        " else 'SKIP_' || upper(row_class) end"
    )


def _unclassified(rows: dict[tuple[str, str, str], int]) -> int:
    return sum(count for (_, table_name, outcome), count in rows.items() if outcome == "quarantined" and not table_name)


def _percent(part: int, whole: int) -> Decimal:
    return Decimal(100 * part) / Decimal(whole) if whole else Decimal(0)


_Counts = dict[tuple[str, str, str], int]


def _counts(con: duckdb.DuckDBPyConnection) -> tuple[_Counts, _Counts]:
    """Physical lines and logical rows by company, table and outcome, and table `reason_count`, which counts them by reason too."""
    con.execute(
        "create or replace temp table reason_count as select company_id, table_name, outcome, reason, min(line_no) as line_no,"
        " sum(n_lines)::bigint as lines, count(*) as times from outcome group by company_id, table_name, outcome, reason"
    )
    lines: _Counts = {}
    rows: _Counts = {}
    for company, table, outcome, n_lines, times in con.execute(
        "select company_id, table_name, outcome, sum(lines)::bigint, sum(times)::bigint from reason_count group by all order by all"
    ).fetchall():
        lines[company, table, outcome], rows[company, table, outcome] = int(n_lines), int(times)
    return lines, rows


def _findings(con: duckdb.DuckDBPyConnection, found: Recognised, typed: Typed | None) -> None:
    """Create table `finding`: one row per problem of a quarantined record with its whole text, one per reason of skipped lines with their count."""
    _quarantined(con, found)
    is_sound = not con.execute("select 1 from bad limit 1").fetchall()
    con.execute(
        "create or replace temp table problem (line_no bigint, column_name varchar, reason varchar, value varchar)"
        if typed is None or is_sound
        else f"create or replace temp table problem as {flaws(typed, 'select line_no from bad')}"
    )
    con.execute(
        "create or replace table finding as"
        " select bad.line_no, p.column_name as column_name, p.reason as reason_code, 'quarantine' as action, 1::bigint as count, p.value as raw_value,"
        " null::varchar as repaired_value, raw as raw_line from problem as p join bad on p.line_no = bad.line_no"
        " union all select line_no, fault_column, reason, 'quarantine', 1, code, null, raw from bad where line_no not in (select line_no from problem)"
        " union all select min(line_no), null, reason, 'skip', sum(lines)::bigint, null, null, null from reason_count where outcome = 'skipped' group by reason"
        " union all select min(line_no), null, 'COL_MULTILINE', 'repair', count(*), null, null, any_value(raw) from record where n_lines > 1 having count(*) > 0"
    )


def _quarantined(con: duckdb.DuckDBPyConnection, found: Recognised) -> None:
    """Create table `bad`: every quarantined record with its reason, the column it is about where that is known, and its text as it stands."""
    judged = _judged(found.profile)
    columns = [row[0] for row in con.execute(f"select column_name from (describe {judged})").fetchall()]
    fault_column = f"{judged}.fault_column" if "fault_column" in columns else ""
    con.execute(
        f"create or replace temp table bad as select o.line_no, o.reason, {fault_column or 'null::varchar'} as fault_column, null::varchar as code, record.raw from"
        " (select line_no, reason from outcome where outcome = 'quarantined') as o left join record on o.line_no = record.line_no"
        f"{f' left join {judged} on o.line_no = {judged}.line_no' if fault_column else ''}"
        if con.execute("select 1 from reason_count where outcome = 'quarantined' limit 1").fetchall()
        else "create or replace temp table bad (line_no bigint, reason varchar, fault_column varchar, code varchar, raw varchar)"
    )
    regular = [line for (line,) in con.execute("select line_no from bad where raw is null").fetchall()]
    if regular and found.text is not None:
        con.register("regular_raw", raw_lines(found.text, regular))
        con.execute("update bad set raw = r.raw from regular_raw as r where bad.line_no = r.line_no")
        con.unregister("regular_raw")
    _tell_codes(con)


def _tell_codes(con: duckdb.DuckDBPyConnection) -> None:
    """Put the code that no kind knows beside its row in `bad`, by which such rows can be counted; the shapes call it by one of two names."""
    if not con.execute("select 1 from bad where reason = 'TYPE_UNKNOWN' limit 1").fetchall():
        return
    columns = {row[0] for row in con.execute("select column_name from (describe judged)").fetchall()}
    code = next((name for name in ("source_type", "doc_type") if name in columns), None)
    if code is not None:
        con.execute(
            f"update bad set code = judged.{code}::varchar from judged where bad.line_no = judged.line_no and bad.reason = 'TYPE_UNKNOWN'"
        )


def _control_totals(
    con: duckdb.DuckDBPyConnection, profile: Profile, found: Recognised
) -> tuple[str, Decimal | None, Decimal | None]:
    """The money a file is about, what it sums to, quarantined rows included where readable, and the total the file states itself."""
    if profile.shape not in ("entries", "invoices"):
        return "", None, None
    places = {field.name: field for field in role_fields(profile, found.header)}
    roles = [role for role in TOTALLED if role in places and not places[role].is_absent]
    if not roles:
        return "", None, None
    stated = _stated(con, profile, [cleaned(places[role]) for role in roles])
    role = next((role for role, text in zip(roles, stated, strict=True) if text), roles[-1])
    row = con.execute(f"select sum({role})::decimal(18, 4) from typed_row").fetchone()
    total = row[0] if row else None
    if role not in roles or not stated[roles.index(role)]:
        return role, total, None
    readings = [_reading(con, found, profile, role, locale) for locale in found.locales_and_formats()[0]]
    values = {reading for reading in readings if reading is not None}
    return role, total, (total if total in values else next(iter(values), None))


TOTALLED: Final = ("open_local", "open", "amount_local", "amount")
"""The money a list may be about, the one its total most likely stands in first."""


def _stated(con: duckdb.DuckDBPyConnection, profile: Profile, cells: Sequence[str]) -> list[str | None]:
    """The texts of the file's own total row; all NULL where it has none, or where more rows follow it."""
    if not con.execute("select 1 from classed where row_class = 'total' limit 1").fetchall():
        return [None] * len(cells)
    rows = con.execute(
        f"select coalesce(regexp_matches(trim(raw), {lit(profile.rows.grand_total)}), false) or coalesce(regexp_matches({FILLED}, {lit(profile.rows.grand_total)}), false),"
        f" line_no > (select max(line_no) from item), {', '.join(cells)} from {_totals(con)}"
    ).fetchall()
    rows = [row for row in rows if row[0]] or rows
    if len(rows) != 1 or not rows[0][1]:  # subtotals, or one that more rows follow, say nothing about the file
        return [None] * len(cells)
    return list(rows[0][2:])


def _totals(con: duckdb.DuckDBPyConnection) -> str:
    """SQL for the totals of the file, with their cells in columns as items have them."""
    names = [row[0] for row in con.execute("select column_name from (describe item)").fetchall()]
    cells = [name for name in names if name.startswith("cell_")]
    told = "".join(f", coalesce(cells[{name.removeprefix('cell_')}], '') as {name}" for name in cells)
    return f"(select line_no, raw, cells{told} from classed where row_class = 'total')"


def _reading(
    con: duckdb.DuckDBPyConnection, found: Recognised, profile: Profile, role: str, locale: Locale
) -> Decimal | None:
    """What the total row says under a role, read as one locale writes numbers."""
    field = next(field for field in role_fields(profile, found.header) if field.name == role)
    value = " + ".join(
        f"case when {cleaned(part)} is null then 0 else {typed_as(part, cleaned(part), Chosen(locale, {}))} end"
        for part in field.parts
    )
    row = con.execute(
        f"select ({value})::decimal(18, 4) from {_totals(con)} order by"
        f" coalesce(regexp_matches(trim(raw), {lit(profile.rows.grand_total)}) or regexp_matches({FILLED}, {lit(profile.rows.grand_total)}), false) desc, line_no limit 1"
    ).fetchone()
    return row[0] if row else None


def _hold_total(
    con: duckdb.DuckDBPyConnection, found: Recognised, role: str, total: Decimal | None, file_total: Decimal | None
) -> list[Finding]:
    """Hold the rows against the file's own total; it can be only where every row's amount is readable, be the row loaded or not, and none left out.

    Raises:
        FileRefused: they differ, and the profile takes the total's word.
    """
    if file_total is None or total == file_total:
        return []
    told = Finding(
        "CONTROL_TOTAL", "accept_warn", column_name=role, raw_value=str(file_total), repaired_value=str(total)
    )
    unreadable = con.execute(
        "select 1 from outcome left join typed_row on outcome.line_no = typed_row.line_no"
        f" where outcome.outcome = 'quarantined' and typed_row.{role} is null limit 1"
    ).fetchall()
    if unreadable or found.profile.rows.total_warns or found.left_out:
        return [told]
    raise FileRefused(
        got=f"{found.source.path.name}, whose rows sum to {total} and whose total says {file_total}",
        expected="a file that holds all its rows",
        try_="exporting it again",
        reason="FILE_TRUNCATED",
    )


def _value_share(con: duckdb.DuckDBPyConnection, profile: Profile) -> Decimal:
    judged = _judged(profile)
    columns = [row[0] for row in con.execute(f"select column_name from (describe {judged})").fetchall()]
    amount = next((column for column in ("amount_local", "amount", "amount_to_doc") if column in columns), None)
    if amount is None:
        return Decimal(0)
    row = con.execute(
        f"select sum(abs({amount})) filter (where verdict is not null and verdict not like 'SKIP%' and verdict <> 'KEY_DUPLICATE_SAME'), sum(abs({amount})) from {judged}"
    ).fetchone()
    return Decimal(100) * row[0] / row[1] if row and row[0] and row[1] else Decimal(0)


def _example(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute(
        "select 'line ' || line_no || ': ' || reason_code || coalesce(' ' || column_name || ' ' || raw_value, '') from finding where action = 'quarantine' order by line_no limit 1"
    ).fetchone()
    return str(row[0])[:120] if row else ""


def _noted(con: duckdb.DuckDBPyConnection, found: Recognised) -> list[Finding]:
    """What the profile declared and the conversion did, once per file with a count."""
    noted = []
    if found.encoding not in ("utf-8", "utf-8-sig"):
        noted.append(Finding("ENC_LEGACY", "repair", repaired_value=found.encoding))
    if found.source.path.suffix.lower() in (".xls", ".xlsx") and found.source.kind in ("text", "html", "xml2003"):
        noted.append(Finding("FILE_FAKE_XLS", "repair", repaired_value=found.container))
    noted += [*_cut_in_place(con, found), *_differing_repeats(con, found)]
    if found.profile.shape != "table":
        noted += [
            Finding("COL_UNKNOWN", "accept_warn", column_name=label)
            for label in unknown_labels(found.header, found.profile)
        ]
        noted += _repeats(con, found)
    elif found.table is not None:
        names = [name for column in found.table.columns.values() for name in (column.name, column.alias or "")]
        known = {fold(name) for name in ("company_id", *names)}
        noted += [
            Finding("COL_UNKNOWN", "accept_warn", column_name=label)
            for label in found.header.labels
            if label.strip() and fold(label) not in known
        ]
    return noted


def _cut_in_place(con: duckdb.DuckDBPyConnection, found: Recognised) -> list[Finding]:
    """Lines of a drawn list that hold a pipe of their own and were cut at the header's places."""
    if found.container != "pipe_list":
        return []
    pipes = f"length(raw) - length(replace(raw, '|', '')) > {found.header.width + 1}"
    row = con.execute(
        f"select count(*), min(raw), min(line_no) from classed where row_class = 'item' and {pipes}"
    ).fetchone()
    return [Finding("COL_SHIFT", "repair", row[2], count=row[0], raw_line=row[1])] if row and row[0] else []


def _differing_repeats(con: duckdb.DuckDBPyConnection, found: Recognised) -> list[Finding]:
    """Columns whose label stood before, which are not read, and in how many rows they say something else than the one that is."""
    told = [fold(label) for label in found.header.labels]
    noted = []
    for label in {fold(label): label for label in repeated_labels(found.header)}.values():
        first, *others = (n for n, name in enumerate(told, start=1) if name == fold(label))
        differs = " or ".join(f"{cell(first)} <> {cell(other)}" for other in others)
        row = con.execute(f"select count(*) from item where {differs}").fetchone()
        if row and row[0]:
            noted.append(Finding("COL_DUPLICATE", "accept_warn", column_name=label, count=row[0]))
    return noted


def _repeats(con: duckdb.DuckDBPyConnection, found: Recognised) -> list[Finding]:
    """Rows equal to an earlier one, kept where nothing in the file names a row."""
    profile = found.profile
    is_named = (
        bool(profile.key)
        if profile.shape == "invoices"
        else bool({"entry_key", "allocation_key"} & profile.keys.keys())
    )
    if is_named or profile.shape not in REPEATED:
        return []
    named = []
    if not profile.key and profile.shape == "invoices":
        count = con.execute("select count(*) from judged where verdict is null").fetchall()[0][0]
        named = [
            Finding("KEY_DERIVED", "accept_warn", column_name="doc_no", count=int(count), repaired_value="content")
        ]
    if profile.shape == "entries" and not con.execute("select 1 from place limit 1").fetchall():
        return named  # equal rows share their document
    amount, told = REPEATED[profile.shape]
    row = con.execute(
        f"select sum(n - 1)::bigint, sum((n - 1) * amount)::decimal(18, 2) from (select count(*) as n, any_value({amount}) as amount from judged where verdict is null"
        f" group by company_id, customer, doc_no, doc_date, due_date, currency, {amount}, {told} having count(*) > 1)"
    ).fetchone()
    if not row or not row[0]:
        return named
    return [
        *named,
        Finding("KEY_DUPLICATE_SAME", "accept_warn", count=int(row[0]), raw_value=str(row[1]), repaired_value="kept"),
    ]


REPEATED: Final = {"invoices": ("amount", "settled_date"), "entries": ("amount_doc", "clearing_no, text")}
"""The amount of a row and what else tells equal rows apart, by shape."""
