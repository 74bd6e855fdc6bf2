"""A canonical file: one table of the dictionary, judged row by row and given its company's ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused
from receivables.intake.repeats import mark_repeats
from receivables.intake.sqltext import ident, lit

if TYPE_CHECKING:
    import duckdb

    from receivables.intake.entry import Companies
    from receivables.schema import Table

SOURCELESS: Final = ("write_off", "waiver", "fx_difference", "tolerance", "discount")

ROW_RULES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "document": (
        (
            "SIGN_NEGATIVE_INVOICE",
            "state = 'posted' and kind in ('debit_note', 'chargeback', 'finance_charge') and amount_local < 0",
        ),
        ("SIGN_CREDIT_POSITIVE", "kind = 'credit_note' and amount_local > 0"),
        ("SIGN_MIXED", "sign(amount_doc) * sign(amount_local) < 0"),
    ),
    "payment": (("AMOUNT_ZERO", "amount_doc = 0"),),
    "allocation": (
        ("ALLOC_TARGET", "(to_doc_id is null) = (to_payment_id is null)"),
        (
            "ALLOC_SOURCE",
            f"(from_payment_id is null) = (from_doc_id is null) and kind not in ({', '.join(lit(k) for k in SOURCELESS)})",
        ),
        ("AMOUNT_ZERO", "kind <> 'fx_difference' and (amount_to_doc <= 0 or amount_local < 0)"),
        ("DISCOUNT_ABOVE_AMOUNT", "kind <> 'fx_difference' and discount_local > amount_local"),
    ),
    "fx_rate": (("AMOUNT_ZERO", "rate <= 0"),),
    "credit_limit": (("SIGN_MIXED", "limit_amount < 0"),),
}
"""What a row of a table must not be, with the reason it is quarantined for; the dictionary's signs as conditions."""


def judge_table(con: duckdb.DuckDBPyConnection, table: Table, companies: Companies, file_name: str) -> None:
    """Create table `judged` from `typed_row`: company, verdict (NULL: loaded) and, for documents, the kind a negative invoice really has.

    Raises:
        FileRefused: rows name no company and none is known.
    """
    forced = lit(companies.default) if companies.is_forced else f"coalesce(company_id, {lit(companies.default)})"
    company = "company_id" if table.name == "company" else forced
    unnamed = con.execute(f"select count(*) from typed_row where {company} is null and len(problems) = 0").fetchone()
    if unnamed and unnamed[0]:
        raise FileRefused(
            got=f"{file_name}, which names no company",
            expected="a company in the file name (table__COMPANY.csv), a company_id column, or one known company",
            try_="--company ID",
            reason="COMPANY_UNKNOWN",
        )
    kind = (
        ", case when kind = 'invoice' and state = 'posted' and amount_local < 0 then 'credit_note' else kind end as kind"
        if table.name == "document"
        else ""
    )
    con.execute(f"create or replace table companied as select * replace ({company} as company_id{kind}) from typed_row")
    rules = " ".join(f"when {condition} then {lit(reason)}" for reason, condition in ROW_RULES.get(table.name, ()))
    key = [
        ident(column)
        for column in ("company_id", *table.key)
        if not (table.name == "company" and column != "company_id")
    ]
    con.execute(
        f"create or replace table ruled as select *, case when len(problems) > 0 then problems[1].reason {rules} end as fault from companied"
    )
    mark_repeats(
        con, "ruled", ", ".join(dict.fromkeys(key)) if table.key else "", [ident(name) for name in table.columns]
    )


def enter_table(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create `landing.<table>` from the judged rows that are loaded: ids carry their company, derived columns are filled."""
    con.execute("create schema if not exists landing")
    columns = ", ".join(f"{_value(table, name)} as {ident(name)}" for name in table.columns)
    con.execute(
        f"create or replace table landing.{table.name} as select company_id, {columns}, line_no from judged where verdict is null"
    )


def _value(table: Table, name: str) -> str:
    column = table.columns[name]
    own_key = " || '/' || ".join(f"{ident(part)}::varchar" for part in table.key)
    derived = {
        "source_system": "coalesce(source_system, 'canonical')",
        "source_key": f"coalesce(source_key, {own_key})",
        "origin": "coalesce(origin, 'source')",
        "due_date_source": "coalesce(due_date_source, case when due_date is null then 'missing' else 'file' end)",
    }
    if name in derived and column.required and table.name != "customer_xref":
        return derived[name]
    if column.is_id and name != "company_id":
        prefixed = f"company_id || ':' || {ident(name)}"
        return prefixed if column.default is None else f"(case when {ident(name)} = '' then '' else {prefixed} end)"
    return ident(name)
