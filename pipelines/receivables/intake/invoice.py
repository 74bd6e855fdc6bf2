"""A list of invoices with their settled dates: assumed values, kinds, keys; makes `landing.entry`, which the landing models read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from receivables.errors import Finding
from receivables.intake.company import Companies, ledger_currencies, refuse_nobody
from receivables.intake.meaning import assumed_origin, assumed_values, counted, of_rule, one, rule_case
from receivables.intake.repeats import mark_repeats
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from receivables.intake.profile import Profile

CONTENT = ("customer", "doc_no", "doc_date", "due_date", "currency", "amount", "settled_date")
"""What names a row of a list that numbers nothing."""


def mean(
    con: duckdb.DuckDBPyConnection, profile: Profile, companies: Companies, day: date, file_name: str
) -> list[Finding]:
    """Create view `meant` over `typed_row`: assumed values filled in, company, kind; returns what was assumed.

    Raises:
        FileRefused: no company, or no ledger currency, can be told.
    """
    assume = profile.assume
    origin = assumed_origin(assume, day)
    doc_date = f"coalesce(doc_date, {origin} + {assume.doc_date_days})" if origin else "doc_date"
    con.execute(
        "create or replace temp view companied as select * replace ("
        f"coalesce(doc_type, {lit(assume.doc_type)}) as doc_type, {doc_date}::date as doc_date,"
        f" coalesce(currency, {lit(assume.currency)}) as currency, case when is_open then null else settled_date end as settled_date),"
        f" {companies.of_row()} as company_id, coalesce(amount, amount_local) as amount_local_or_doc, null::varchar as special from typed_row"
    )
    refuse_nobody(con, "companied", file_name)
    taken = ledger_currencies(con, profile, companies, "companied", file_name)
    con.execute(
        f"create or replace temp view ruled as select *, {rule_case(profile.kinds, 'amount_local_or_doc')} as rule_no from companied"
    )
    kind = of_rule({number: rule.kind for number, rule in enumerate(profile.kinds, start=1)})
    con.execute(
        "create or replace temp view meant as select ruled.* exclude (local_currency, rule_no), company_currency.local_currency,"
        f" company_currency.is_new as is_new_company, {kind} as kind from ruled"
        " left join company_currency on ruled.company_id = company_currency.company_id"
    )
    return [*assumed_values(con, profile), *_settled_while_open(con), *taken]


def _settled_while_open(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    count = one(con, "select count(*) from typed_row where is_open and settled_date is not null")
    return [Finding("SETTLED_WHILE_OPEN", "accept_warn", column_name="settled_date", count=count)] if count else []


def judge(con: duckdb.DuckDBPyConnection, profile: Profile) -> None:
    """Create table `judged`: every meant row with its key and its verdict: NULL where it is loaded, else why it is quarantined or skipped.

    A repeated key with the same content is loaded once, with other content not at all; without a key in the file, every row is one of its own,
    named by its content and its place among equals.
    """
    fx = "currency <> local_currency and amount_local is null"
    con.execute(
        "create or replace temp view faulted as select * exclude (amount, amount_local, currency),"
        " coalesce(currency, local_currency) as currency, amount_local_or_doc as amount,"
        " coalesce(amount_local, case when coalesce(currency, local_currency) = local_currency then amount end) as amount_local,"
        " case when flaw is not null then flaw when kind is null then 'TYPE_UNKNOWN'"
        " when kind = 'out_of_scope' then 'SKIP_OUT_OF_SCOPE'"
        " when doc_date is null or (amount is null and currency <> local_currency) then 'REQUIRED_BLANK'"
        f" when {fx} then 'FX_MISSING' when sign(amount) * sign(amount_local) < 0 then 'SIGN_MIXED'"
        " when coalesce(amount, amount_local) = 0 and coalesce(amount_local, amount) = 0 then 'SKIP_ZERO'"
        " when amount_local_or_doc = 0 then 'AMOUNT_ZERO' end as fault from meant"
    )
    hashed = f"md5(concat_ws('|', {', '.join(CONTENT)}))"
    if profile.key:
        key = "concat_ws('/', " + ", ".join(f"coalesce({role}::varchar, '')" for role in profile.key) + ")"
    else:
        key = f"{hashed} || '-' || row_number() over (partition by company_id, {hashed} order by line_no)"
    con.execute(f"create or replace table keyed as select *, {key} as row_key from faulted")
    mark_repeats(con, "keyed", "company_id, row_key" if profile.key else "", CONTENT, "modified")


def noticed(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    """What about the rows that are loaded is worth a word."""
    return counted(
        con,
        "judged",
        [
            (
                "DATE_DUE_BEFORE_DOC",
                "accept_warn",
                "due_date",
                "due_date < doc_date and coalesce(amount, amount_local) > 0",
            )
        ],
    )


def enter(con: duckdb.DuckDBPyConnection, profile: Profile) -> None:
    """Create `landing.entry` from the rows that are loaded, with what the landing models of the shape read."""
    con.execute("create schema if not exists landing")
    con.execute(
        f"create or replace table landing.entry as select * exclude (verdict, flaw, fault), {lit(profile.system)} as source_system"
        " from judged where verdict is null"
    )
