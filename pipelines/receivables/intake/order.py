"""An order feed: its lines with their company, walk-in customers and kind; makes `landing.entry`, which the landing models read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from receivables.intake.company import Companies, refuse_nobody
from receivables.intake.meaning import assumed_values, of_rule, rule_case
from receivables.intake.repeats import mark_repeats
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    import duckdb

    from receivables.errors import Finding
    from receivables.intake.profile import Profile


def mean(con: duckdb.DuckDBPyConnection, profile: Profile, companies: Companies, file_name: str) -> list[Finding]:
    """Create view `meant` over `typed_row`: company, the declared customer of lines without one, kind; returns what was assumed.

    Raises:
        FileRefused: no company can be told.
    """
    assume = profile.assume
    con.execute(
        "create or replace temp view companied as select * replace ("
        f"coalesce(customer, {lit(assume.customer)}) as customer, coalesce(currency, {lit(assume.currency)}) as currency),"
        f" {companies.of_row()} as company_id from typed_row"
    )
    refuse_nobody(con, "companied", file_name)
    # The kinds of a feed speak of quantities: their sign is that of the line.
    con.execute(
        "create or replace temp view ruled as select *, null::varchar as special, null::varchar as doc_type, null::varchar as text from companied"
    )
    con.execute(
        f"create or replace temp view numbered as select *, {rule_case(profile.kinds, 'qty')} as rule_no from ruled"
    )
    kind = of_rule({number: rule.kind for number, rule in enumerate(profile.kinds, start=1)})
    con.execute(
        f"create or replace temp view meant as select * exclude (rule_no, special, doc_type, text), {kind} as kind from numbered"
    )
    return assumed_values(con, profile)


def judge(con: duckdb.DuckDBPyConnection, profile: Profile) -> None:
    """Create table `judged`: every meant line with its key and its verdict: NULL where it is loaded, else why it is quarantined or skipped."""
    known = (
        "when kind is null then 'TYPE_UNKNOWN' when kind = 'out_of_scope' then 'SKIP_OUT_OF_SCOPE'"
        if profile.kinds
        else ""
    )
    key = (
        "concat_ws('/', "
        + ", ".join(f"coalesce({role}::varchar, '')" for role in (profile.key or ("order_no", "line_no")))
        + ")"
    )
    con.execute(
        f"create or replace temp table keyed as select *, {key} as row_key, case when flaw is not null then flaw {known}"
        " when customer is null then 'REQUIRED_BLANK' end as fault from meant"
    )
    content = ("customer", "order_no", "product", "qty", "unit_price")
    mark_repeats(con, "keyed", "company_id, row_key" if profile.key else "", content)


def enter(con: duckdb.DuckDBPyConnection, profile: Profile, companies: Companies) -> None:
    """Create view `landing.entry` of the lines that are loaded, with what the landing models of the shape read."""
    currencies = " ".join(
        f"when {lit(company)} then {lit(currency)}" for company, currency in companies.currencies.items()
    )
    local = f"case company_id {currencies} end" if currencies else "null::varchar"
    con.execute("create schema if not exists landing")
    con.execute("drop view if exists landing.entry")
    con.execute(
        f"create view landing.entry as select * exclude (verdict, flaw, fault, local_currency), coalesce(local_currency, {local}) as local_currency,"
        f" false as is_new_company, null::varchar as city, coalesce(kind = 'cancellation', false) as is_cancellation, {lit(profile.system)} as source_system from judged where verdict is null"
    )
