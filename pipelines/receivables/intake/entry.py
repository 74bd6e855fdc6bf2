"""Meaning of a role-shaped file: kinds, keys, companies, what is in scope; makes `landing.entry`, which the landing models read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from receivables.errors import FileRefused, Finding
from receivables.intake.profile import PAYMENT_KINDS
from receivables.intake.repeats import mark_repeats
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from receivables.intake.profile import Kind, Profile


@dataclass(frozen=True)
class Companies:
    """What is known of companies before a file is read: the one to use where rows name none, and known ledger currencies."""

    default: str | None
    currencies: Mapping[str, str]
    is_forced: bool = False


def kind_case(profile: Profile) -> str:
    """SQL for the ledger's kind of a typed row; NULL where no rule of the profile fits."""
    cases = " ".join(f"when {_condition(kind)} then {lit(kind.kind)}" for kind in profile.kinds)
    return f"case {cases} end" if cases else "null::varchar"


def _condition(kind: Kind) -> str:
    tests = ["true"]
    if kind.type is not None:
        tests.append(f"doc_type = {lit(kind.type)}")
    if kind.special is not None:
        tests.append(f"special = {lit(kind.special)}")
    if kind.sign is not None:
        tests.append("amount_local_or_doc >= 0" if kind.sign == "+" else "amount_local_or_doc < 0")
    if kind.text is not None:
        tests.append(f"regexp_matches(coalesce(text, ''), {lit(kind.text)})")
    return " and ".join(tests)


def mean(con: duckdb.DuckDBPyConnection, profile: Profile, companies: Companies, file_name: str) -> list[Finding]:
    """Create table `meant` from `typed_row`: assumed values filled in, company, kind, scope; returns what was assumed.

    Raises:
        FileRefused: no company, or no ledger currency, can be told.
    """
    assume = profile.assume
    has_settled = profile.shape == "invoices"
    doc_date = (
        f"coalesce(doc_date, {assume.doc_date_from} + {assume.doc_date_days})" if assume.doc_date_from else "doc_date"
    )
    cleared = "max(coalesce(posting_date, doc_date)) over (partition by company, customer, clearing_no)"
    settled = (
        ", case when is_open then null else settled_date end as settled_date"
        if has_settled
        else f", case when clearing_no is not null then coalesce(clearing_date, {cleared}) end as clearing_date"
    )
    company = lit(companies.default) if companies.is_forced else f"coalesce(company, {lit(companies.default)})"
    special = "" if profile.shape == "entries" else ", null::varchar as special"
    con.execute(
        "create or replace table meant as select * replace ("
        f"coalesce(doc_type, {lit(assume.doc_type)}) as doc_type, {doc_date}::date as doc_date, coalesce(currency, {lit(assume.currency)}) as currency,"
        f" {company} as company{settled}), {company} as company_id, coalesce(amount, amount_local) as amount_local_or_doc{special} from typed_row"
    )
    if _one(con, "select count(*) from meant where company_id is null"):
        raise FileRefused(
            got=f"{file_name}, which names no company",
            expected="a company column, or one company in the settings",
            try_="--company ID",
            reason="COMPANY_UNKNOWN",
        )
    _add_currencies(con, profile, companies, file_name)
    con.execute(
        "create or replace table meant as select meant.* exclude (local_currency), company_currency.local_currency, company_currency.is_new as is_new_company,"
        f" {kind_case(profile)} as kind from meant left join company_currency on meant.company_id = company_currency.company_id"
    )
    return [*_assumptions(con, profile, has_settled=has_settled), *_assumed_currencies(con, profile)]


def _add_currencies(con: duckdb.DuckDBPyConnection, profile: Profile, companies: Companies, file_name: str) -> None:
    con.execute("create or replace temp table known_currency (company_id varchar, local_currency varchar)")
    for company_id, currency in companies.currencies.items():
        con.execute("insert into known_currency values (?, ?)", [company_id, currency])
    column = {"column": "meant.local_currency", "single_currency": "meant.currency", "settings": "null::varchar"}[
        profile.local_currency_from
    ]
    con.execute(
        "create or replace table company_currency as select meant.company_id,"
        f" coalesce(max(known.local_currency), {lit(profile.assume.local_currency)}, case when count(distinct {column}) = 1 then max({column}) end) as local_currency,"
        " max(known.local_currency) is null as is_new from meant left join known_currency as known on meant.company_id = known.company_id group by meant.company_id"
    )
    if profile.local_currency_from == "column":
        _refuse_other_currency(con, file_name)
    unknown = con.execute(
        "select company_id from company_currency where local_currency is null order by company_id"
    ).fetchone()
    if unknown is not None:
        raise FileRefused(
            got=f"{file_name}: company {unknown[0]} without a ledger currency",
            expected="one ledger currency per company",
            try_=f"[[company]] id = {unknown[0]!r}, local_currency = ... in receivables.toml",
            reason="COMPANY_CURRENCY_UNKNOWN",
        )


def _refuse_other_currency(con: duckdb.DuckDBPyConnection, file_name: str) -> None:
    """Amounts in another ledger currency than the company's would be added up under the wrong name."""
    rows = con.execute(
        "select meant.company_id, meant.local_currency, company_currency.local_currency, min(meant.line_no) from meant"
        " join company_currency on meant.company_id = company_currency.company_id"
        " where meant.local_currency <> company_currency.local_currency group by all order by min(meant.line_no) limit 1"
    ).fetchall()
    for company_id, told, kept, line_no in rows:
        raise FileRefused(
            got=f"{file_name}: company {company_id} with ledger amounts in {told} (line {line_no})",
            expected=f"its ledger currency {kept}",
            try_="the company's own currency in receivables.toml, or exporting in its ledger currency",
            reason="COMPANY_CURRENCY_UNKNOWN",
        )


def _assumptions(con: duckdb.DuckDBPyConnection, profile: Profile, *, has_settled: bool) -> list[Finding]:
    assume = profile.assume
    told = {
        "doc_date": f"{assume.doc_date_from} {assume.doc_date_days:+d} days" if assume.doc_date_from else None,
        "currency": assume.currency,
        "doc_type": assume.doc_type,
        "company": assume.company,
    }
    gaps = {role: f"{role} is null" for role in told}
    if not has_settled:
        told["clearing_date"] = "latest document date of the clearing"
        gaps["clearing_date"] = "clearing_no is not null and clearing_date is null"
    findings = []
    for role, value in told.items():
        if value is not None and (count := _one(con, f"select count(*) from typed_row where {gaps[role]}")):
            findings.append(
                Finding("ASSUMED_VALUE", "accept_warn", column_name=role, count=count, repaired_value=value)
            )
    if has_settled and (
        count := _one(con, "select count(*) from typed_row where is_open and settled_date is not null")
    ):
        findings.append(Finding("SETTLED_WHILE_OPEN", "accept_warn", column_name="settled_date", count=count))
    return findings


def _assumed_currencies(con: duckdb.DuckDBPyConnection, profile: Profile) -> list[Finding]:
    if profile.local_currency_from == "column":
        return []
    rows = con.execute(
        "select c.company_id, c.local_currency, count(*) from company_currency as c join meant on meant.company_id = c.company_id where c.is_new group by all order by all"
    ).fetchall()
    return [
        Finding(
            "ASSUMED_VALUE",
            "accept_warn",
            column_name="local_currency",
            count=count,
            raw_value=company,
            repaired_value=currency,
        )
        for company, currency, count in rows
    ]


def judge(con: duckdb.DuckDBPyConnection, profile: Profile) -> None:
    """Create table `judged`: every meant row with its key and its verdict: NULL where it is loaded, else why it is quarantined or skipped.

    A repeated key with the same content is loaded once, with other content not at all; without a key in the file, every row is one of its own,
    named by its content and its place among equals.
    """
    fx = "currency <> local_currency and amount_local is null"
    con.execute(
        "create or replace table faulted as select * exclude (amount, amount_local, currency),"
        " coalesce(currency, local_currency) as currency, amount_local_or_doc as amount,"
        " coalesce(amount_local, case when coalesce(currency, local_currency) = local_currency then amount end) as amount_local,"
        " case when len(problems) > 0 then problems[1].reason when kind is null then 'TYPE_UNKNOWN'"
        " when kind = 'out_of_scope' then 'SKIP_OUT_OF_SCOPE'"
        " when doc_date is null or (amount is null and currency <> local_currency) then 'REQUIRED_BLANK'"
        f" when {fx} then 'FX_MISSING' when sign(amount) * sign(amount_local) < 0 then 'SIGN_MIXED'"
        " when coalesce(amount, amount_local) = 0 and coalesce(amount_local, amount) = 0 then 'SKIP_ZERO'"
        " when amount_local_or_doc = 0 then 'AMOUNT_ZERO' end as fault from meant"
    )
    settled = "settled_date" if profile.shape == "invoices" else "clearing_no"
    content = ["customer", "doc_no", "doc_date", "due_date", "currency", "amount", settled]
    hashed = f"md5(concat_ws('|', {', '.join(content)}))"
    if profile.shape == "entries":
        key = "null::varchar"
    elif profile.key:
        key = "concat_ws('/', " + ", ".join(f"coalesce({role}::varchar, '')" for role in profile.key) + ")"
    else:
        key = f"{hashed} || '-' || row_number() over (partition by company_id, {hashed} order by line_no)"
    con.execute(f"create or replace table keyed as select *, {key} as row_key from faulted")
    mark_repeats(con, "keyed", "company_id, row_key" if profile.key and profile.shape == "invoices" else "", content)


def enter(con: duckdb.DuckDBPyConnection, profile: Profile) -> None:
    """Create `landing.entry` from the rows that are loaded, with what the landing models of the profile's shape read."""
    payments = ", ".join(lit(kind) for kind in PAYMENT_KINDS)
    con.execute("create schema if not exists landing")
    if profile.shape == "invoices":
        con.execute(
            f"create or replace table landing.entry as select * exclude (verdict, problems, fault), {lit(profile.system)} as source_system from judged where verdict is null"
        )
        return
    reversed_no = (
        f"nullif(regexp_extract(coalesce(text, ''), {lit(profile.reversal_text)}, 1), '')"
        if profile.reversal_text
        else "null::varchar"
    )
    # A write-off is an allocation from the day it clears something; one that waits for its clearing is a credit until then.
    is_waiting = "(clearing_no is null or coalesce(posting_date, doc_date) < clearing_date)"
    con.execute(
        f"create or replace temp table line as select * exclude (kind, row_key), case when kind = 'write_off' and {is_waiting} then 'adjustment' else kind end as kind,"
        f" year(coalesce(posting_date, doc_date)) as fiscal_year, {reversed_no} as reversed_no from judged where verdict is null"
    )
    con.execute(
        "create or replace temp table posted as select *,"
        f" case when kind = 'write_off' then 'write_off' when kind in ({payments}) then 'payment' else 'document' end as entity,"
        " customer || '/' || doc_no || '/' || fiscal_year || case when amount < 0 and kind not in ('receipt', 'prepayment') then '/C' else '' end as row_key from line"
    )
    con.execute(
        "create or replace temp table reversal as select r.company_id, r.row_key, min(o.row_key) as reverses_key from posted as r join posted as o"
        " on r.company_id = o.company_id and r.customer = o.customer and r.reversed_no = o.doc_no and r.clearing_no = o.clearing_no and r.clearing_date = o.clearing_date"
        " and r.amount = -o.amount and r.entity = 'document' and o.entity = 'document' and r.row_key <> o.row_key group by all"
    )
    con.execute(
        f"create or replace table landing.entry as select k.* exclude (verdict, problems, fault), {lit(profile.system)} as source_system,"
        " row_number() over (partition by k.company_id, k.row_key order by k.due_date nulls last, k.line_no)::integer as seq, r.reverses_key,"
        " r.row_key is not null or exists (select 1 from reversal as b where b.company_id = k.company_id and b.reverses_key = k.row_key) as is_reversal_pair,"
        " (select max(d.row_key) from posted as d where d.company_id = k.company_id and d.customer = k.customer and d.doc_no = k.invoice_ref and d.entity = 'document' and d.amount > 0) as ref_key"
        " from posted as k left join reversal as r on k.company_id = r.company_id and k.row_key = r.row_key"
    )


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0
