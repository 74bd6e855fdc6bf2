"""Accounting for every physical line of a file, and the verdict: ok, warn, needs a person, refused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from receivables.errors import FileRefused, Finding
from receivables.intake.convert import Field, cleaned, number
from receivables.intake.profile import fold
from receivables.intake.rows import repeated_labels, unknown_labels
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    import duckdb

    from receivables.intake.profile import Profile
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


_TABLE_OF = {
    "invoices": "'document'",
    "entries": "case when kind = 'write_off' and clearing_no is not null then 'allocation'"
    " when kind in ('receipt', 'prepayment', 'bill_received', 'direct_debit', 'card', 'netting') then 'payment' else 'document' end",
}


def account(
    con: duckdb.DuckDBPyConnection, profile: Profile, found: Recognised, settings: Settings, name: str
) -> Account:
    """Give every physical line its outcome, write table `finding`, and decide whether the file may be loaded.

    Raises:
        FileRefused: too much of it is in quarantine, its total disagrees, or it holds no row.
    """
    table = lit(found.table.name) if found.table is not None else _TABLE_OF[profile.shape]
    con.execute(
        f"create or replace table outcome as select line_no, n_lines, raw, coalesce(company_id, '') as company_id, {table} as table_name,"
        " case when verdict is null then 'loaded' when verdict like 'SKIP%' or verdict = 'KEY_DUPLICATE_SAME' then 'skipped' else 'quarantined' end as outcome, verdict as reason from judged"
        " union all select line_no, n_lines, raw, '', '', case when row_class = 'unclassified' then 'quarantined' else 'skipped' end,"
        " case when row_class = 'unclassified' then 'COL_SHIFT' else 'SKIP_' || upper(row_class) end from classed where row_class <> 'item'"
    )
    _findings(con, found)
    lines, rows = _counts(con, "sum(n_lines)"), _counts(con, "count(*)")
    items = sum(count for (_, table_name, _), count in rows.items() if table_name)
    if not items and profile.shape != "table":
        raise FileRefused(
            got=f"{name} without a single row below its header",
            expected="at least one row",
            try_="exporting it again",
            reason="FILE_TRUNCATED",
        )
    total, file_total = _control_totals(con, profile, found)
    _refuse_total(total, file_total, con, found, name)
    quarantined = sum(count for (_, _, outcome), count in rows.items() if outcome == "quarantined")
    share = max(_percent(quarantined, items + _unclassified(rows)), _value_share(con))
    if quarantined and share > settings.ingest.refuse_pct:
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
    return Account(lines, rows, status, tuple(_noted(con, found)), total, file_total)


def _unclassified(rows: dict[tuple[str, str, str], int]) -> int:
    return sum(count for (_, table_name, outcome), count in rows.items() if outcome == "quarantined" and not table_name)


def _percent(part: int, whole: int) -> Decimal:
    return Decimal(100 * part) / Decimal(whole) if whole else Decimal(0)


def _counts(con: duckdb.DuckDBPyConnection, measure: str) -> dict[tuple[str, str, str], int]:
    rows = con.execute(
        f"select company_id, table_name, outcome, {measure}::bigint from outcome group by all"
    ).fetchall()
    return {(company, table, outcome): int(count) for company, table, outcome, count in rows}


def _findings(con: duckdb.DuckDBPyConnection, found: Recognised) -> None:
    """One row per problem of a quarantined record with its whole text, one per reason of skipped lines with their count."""
    left_open = ", ".join(str(line) for line in found.left_open) or "-1"
    con.execute(
        "create or replace table finding as with problem as (select line_no, raw, unnest(problems) as p from judged where len(problems) > 0)"
        " select line_no, p.column_name as column_name, p.reason as reason_code, 'quarantine' as action, 1::bigint as count, p.value as raw_value,"
        " null::varchar as repaired_value, raw as raw_line from problem"
        " union all select o.line_no, null, o.reason, 'quarantine', 1, null, null, o.raw from outcome as o"
        " where o.outcome = 'quarantined' and o.line_no not in (select line_no from problem)"
        " union all select min(line_no), null, reason, 'skip', sum(n_lines)::bigint, null, null, null from outcome where outcome = 'skipped' group by reason"
        " union all select min(line_no), null, 'COL_MULTILINE', 'repair', count(*), null, null, any_value(raw) from record where n_lines > 1 having count(*) > 0"
        f" union all select line_no, null, 'QUOTE_LEFT_OPEN', 'accept_warn', 1, null, null, raw from record where line_no in ({left_open})"
    )


def _control_totals(
    con: duckdb.DuckDBPyConnection, profile: Profile, found: Recognised
) -> tuple[Decimal | None, Decimal | None]:
    """What the file's amounts sum to, quarantined rows included where readable, and the total it states itself."""
    if profile.shape == "table":
        return None, None
    role = _money_role(found)
    row = con.execute(f"select sum({role})::decimal(18, 4) from typed_row").fetchone()
    total = row[0] if row else None
    cell = cleaned(Field(role, "money", f"cells[{found.header.roles[role]}]", "DECIMAL(18,4)"))
    totals = con.execute(
        f"select {cell}, coalesce(regexp_matches(raw, {lit(profile.rows.grand_total)}), false),"
        " line_no > (select max(line_no) from classed where row_class = 'item') from classed where row_class = 'total'"
    ).fetchall()
    totals = [row for row in totals if row[1]] or totals
    if len(totals) != 1 or not totals[0][2]:  # subtotals, or one that more rows follow, say nothing about the file
        return total, None
    readings = [
        con.execute(
            f"select {number('v', locale, 'decimal(18, 4)')} from (select ?::varchar as v)", [totals[0][0]]
        ).fetchone()
        for locale in found.locales_and_formats()[0]
    ]
    values = {reading[0] for reading in readings if reading and reading[0] is not None}
    return total, (total if total in values else next(iter(values), None))


def _money_role(found: Recognised) -> str:
    return "amount_local" if "amount_local" in found.header.roles else "amount"


def _refuse_total(
    total: Decimal | None, file_total: Decimal | None, con: duckdb.DuckDBPyConnection, found: Recognised, name: str
) -> None:
    """A total can be held against the rows only where every row's amount is readable, be the row loaded or not."""
    if file_total is None or total == file_total:
        return
    unreadable = con.execute(
        "select 1 from outcome left join typed_row on outcome.line_no = typed_row.line_no"
        f" where outcome.outcome = 'quarantined' and typed_row.{_money_role(found)} is null limit 1"
    ).fetchall()
    if unreadable:
        return
    raise FileRefused(
        got=f"{name}, whose rows sum to {total} and whose total says {file_total}",
        expected="a file that holds all its rows",
        try_="exporting it again",
        reason="FILE_TRUNCATED",
    )


def _value_share(con: duckdb.DuckDBPyConnection) -> Decimal:
    columns = [row[0] for row in con.execute("select column_name from (describe judged)").fetchall()]
    amount = next((column for column in ("amount_local", "amount", "amount_to_doc") if column in columns), None)
    if amount is None:
        return Decimal(0)
    row = con.execute(
        f"select sum(abs({amount})) filter (where verdict is not null and verdict not like 'SKIP%' and verdict <> 'KEY_DUPLICATE_SAME'), sum(abs({amount})) from judged"
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
    if found.source.path.suffix.lower() in (".xls", ".xlsx") and found.source.kind == "text":
        noted.append(Finding("FILE_FAKE_XLS", "repair", repaired_value=found.container))
    noted += [Finding("COL_DUPLICATE", "accept_warn", column_name=label) for label in repeated_labels(found.header)]
    if found.table is None:
        noted += [
            Finding("COL_UNKNOWN", "accept_warn", column_name=label)
            for label in unknown_labels(found.header, found.profile)
        ]
        noted += _repeats(con, found)
    else:
        names = [name for column in found.table.columns.values() for name in (column.name, column.alias or "")]
        known = {fold(name) for name in ("company_id", *names)}
        noted += [
            Finding("COL_UNKNOWN", "accept_warn", column_name=label)
            for label in found.header.labels
            if label.strip() and fold(label) not in known
        ]
    return noted


def _repeats(con: duckdb.DuckDBPyConnection, found: Recognised) -> list[Finding]:
    """Rows equal to an earlier one, kept where nothing in the file names a row."""
    if found.profile.key and found.profile.shape == "invoices":
        return []
    named = []
    if not found.profile.key:
        count = con.execute("select count(*) from judged where verdict is null").fetchall()[0][0]
        named = [
            Finding("KEY_DERIVED", "accept_warn", column_name="doc_no", count=int(count), repaired_value="content")
        ]
    row = con.execute(
        "select sum(n - 1)::bigint, sum((n - 1) * amount)::decimal(18, 2) from (select count(*) as n, any_value(amount) as amount from judged where verdict is null"
        " group by company_id, customer, doc_no, doc_date, due_date, currency, amount, "
        + ("settled_date" if found.profile.shape == "invoices" else "clearing_no, text")
        + " having count(*) > 1)"
    ).fetchone()
    if not row or not row[0]:
        return named
    return [
        *named,
        Finding("KEY_DUPLICATE_SAME", "accept_warn", count=int(row[0]), raw_value=str(row[1]), repaired_value="kept"),
    ]
