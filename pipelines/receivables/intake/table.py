"""A canonical file: one table of the dictionary, judged row by row and given its company's ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, Finding
from receivables.intake.meaning import counted, explains
from receivables.intake.repeats import mark_repeats
from receivables.intake.sqltext import ident, lit
from receivables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    import duckdb

    from receivables.intake.company import Companies
    from receivables.intake.profile import Profile, Role
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


def settle_rows(
    con: duckdb.DuckDBPyConnection, profile: Profile, table: Table, told: Mapping[str, str], unit_factor: int
) -> None:
    """Finish `typed_row` of a foreign file: rates in their own direction and unit, values that only the file as a whole tells, rows out of scope marked in `scope`.

    `told` is what the placeholders of fixed values stand for; money is multiplied by `unit_factor`.
    """
    present = {row[0] for row in con.execute("select column_name from (describe typed_row)").fetchall()}
    changed = {name: lit(told[value]) for name, value in profile.fixed.items() if value in told}
    if unit_factor != 1:
        changed |= {
            name: f"{ident(name)} * {unit_factor}" for name, column in table.columns.items() if column.type == "money"
        }
    for name, role in profile.columns.items():
        if role.indirect or role.times or role.over:
            changed[name] = _rate(name, role, present)
    if table.name == "fx_rate" and profile.fx_rate_per != 1:
        changed["rate"] = f"({changed.get('rate', 'rate')}) / {profile.fx_rate_per}"
    beyond = " or ".join(
        f"not ({_one_of(f'only__{n}', values)})"
        for n, values in enumerate(profile.only.values())
        if f"only__{n}" in present
    )
    repeated = "false"
    if profile.completes and table.key:
        key = ", ".join(ident(name) for name in dict.fromkeys(("company_id", *table.key)))
        repeated = f"row_number() over (partition by {key} order by line_no) > 1"
    replaced = ", ".join(
        f"({sql})::{table.columns[name].duckdb_type} as {ident(name)}" for name, sql in changed.items()
    )
    con.execute(
        f"create or replace table settled as select *{f' replace ({replaced})' if replaced else ''},"
        f" case when {beyond or 'false'} then 'SKIP_OUT_OF_SCOPE' when {repeated} then 'SKIP_REPEATED_KEY' end as scope from typed_row"
    )
    con.execute("create or replace temp view typed_row as select * from settled")


def _one_of(cell: str, values: Sequence[str]) -> str:
    """SQL condition: a cell has one of the values, in any case; one that ends in * is how it begins."""
    text = f"lower(coalesce({cell}, ''))"
    starts = [f"starts_with({text}, {lit(value[:-1].lower())})" for value in values if value.endswith("*")]
    whole = [f"{text} = {lit(value.lower())}" for value in values if not value.endswith("*")]
    return " or ".join([*starts, *whole])


def _rate(name: str, role: Role, present: set[str]) -> str:
    value = ident(name)
    if role.indirect:
        value = f"case when {value} < 0 then 1 / abs({value}) else {value} end"
    for what, sign in (("times", "*"), ("over", "/")):
        if f"{name}__{what}" in present:
            value = f"({value}) {sign} coalesce(nullif({ident(f'{name}__{what}')}, 0), 1)"
    return value


def judge_table(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    companies: Companies,
    file_name: str,
    rate_difference_pct: Decimal,
    *,
    is_foreign: bool = False,
) -> None:
    """Create table `judged` from `typed_row`: company, verdict (NULL: loaded) and, for documents, the kind a negative invoice really has.

    A booking rate must turn the one amount of its row into the other; the dictionary says which way round it is.

    Raises:
        FileRefused: rows name no company and none is known.
    """
    forced = lit(companies.default) if companies.is_forced else f"coalesce(company_id, {lit(companies.default)})"
    company = "company_id" if table.name == "company" else forced
    unnamed = con.execute(f"select count(*) from typed_row where {company} is null and flaw is null").fetchone()
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
    fault_column = ", null::varchar as fault_column" if is_foreign else ""
    con.execute(
        f"create or replace table companied as select * replace ({company} as company_id{kind}){fault_column} from typed_row"
    )
    scope = "when scope is not null then scope" if is_foreign else ""
    if is_foreign:
        _fill_currencies(con, table, companies)
    tests = [*ROW_RULES.get(table.name, ())]
    if {"fx_rate", "amount_doc", "amount_local"} <= table.columns.keys():
        explained = explains(["fx_rate::double"], rate_difference_pct)
        tests.append(("FX_SWAPPED", f"amount_doc <> amount_local and fx_rate is not null and not ({explained})"))
    rules = " ".join(f"when {condition} then {lit(reason)}" for reason, condition in tests)
    key = [
        ident(column)
        for column in ("company_id", *table.key)
        if not (table.name == "company" and column != "company_id")
    ]
    con.execute(
        f"create or replace temp view ruled as select *, case {scope} when flaw is not null then flaw {rules} end as fault from companied"
    )
    mark_repeats(
        con, "ruled", ", ".join(dict.fromkeys(key)) if table.key else "", [ident(name) for name in table.columns]
    )


def _fill_currencies(con: duckdb.DuckDBPyConnection, table: Table, companies: Companies) -> None:
    """A foreign file that names no currency means its company's ledger currency."""
    for name in (column.name for column in table.columns.values() if column.type == "currency" and column.required):
        for company_id, currency in companies.currencies.items():
            con.execute(
                f"update companied set {ident(name)} = ? where company_id = ? and {ident(name)} is null",
                [currency, company_id],
            )
        con.execute(
            f"update companied set flaw = 'REQUIRED_BLANK', fault_column = {lit(name)} where {ident(name)} is null and flaw is null and scope is null"
        )


def noticed(con: duckdb.DuckDBPyConnection, table: Table) -> list[Finding]:
    """What about the documents that are loaded is worth a word; no other table tells such things."""
    if table.name != "document":
        return []
    told = "line_no in (select line_no from typed_row where kind = 'invoice') and kind = 'credit_note'"
    return counted(
        con,
        "judged",
        [
            ("SIGN_NEGATIVE_INVOICE", "accept_warn", "amount_local", told),
            ("DATE_DUE_BEFORE_DOC", "accept_warn", "due_date", "due_date < doc_date and amount_doc > 0"),
            ("STATE_CANCELLED", "accept_warn", "state", "state in ('draft', 'cancelled', 'reversed')"),
        ],
    )


def judge_nowhere(con: duckdb.DuckDBPyConnection, companies: Companies) -> None:
    """Create view `judged` for a file whose rows belong to no canonical table: every row is out of scope."""
    con.execute(
        f"create or replace temp view judged as select line_no, n_lines, coalesce({lit(companies.default)}, '') as company_id,"
        " 'SKIP_OUT_OF_SCOPE' as verdict from item"
    )


def enter_table(con: duckdb.DuckDBPyConnection, table: Table, source_system: str) -> None:
    """Create `landing.<table>` from the judged rows that are loaded: ids carry their company, derived columns are filled."""
    con.execute("create schema if not exists landing")
    columns = ", ".join(f"{_value(table, name, source_system)} as {ident(name)}" for name in table.columns)
    con.execute(
        f"create or replace table landing.{table.name} as select company_id, {columns}, line_no from judged where verdict is null"
    )


def enter_also(con: duckdb.DuckDBPyConnection, profile: Profile, companies: Companies) -> tuple[str, ...]:
    """Create `landing.<table>` of each other table that the loaded rows tell of, where they have all it needs; returns those the file has columns for."""
    present = {row[0] for row in con.execute("select column_name from (describe judged)").fetchall()}
    currencies = " ".join(f"when {lit(c)} then {lit(currency)}" for c, currency in companies.currencies.items())
    entered = []
    for name, columns in profile.also.items():
        if any(f"{name}__{column}" not in present for column, role in columns.items() if role.required):
            continue
        told = {column: f"{ident(f'{name}__{column}')}" for column in columns if f"{name}__{column}" in present}
        values = []
        for column in TABLES[name].columns.values():
            value = told.get(column.name, "null")
            if column.type == "currency" and column.required and currencies:
                value = f"coalesce({value}, case company_id {currencies} end)"
            if column.is_id and column.name in told:
                value = f"company_id || ':' || {value}"
            default = f"coalesce({value}, {lit(column.default)})" if column.default is not None else value
            values.append(f"({default})::{column.duckdb_type} as {ident(column.name)}")
        needed = [c.name for c in TABLES[name].columns.values() if c.required and c.default is None]
        has_all = " and ".join(f"{ident(column)} is not null" for column in needed)
        con.execute(
            f"create or replace table landing.{name} as select * from (select company_id, {', '.join(values)}, line_no from judged"
            f" where verdict is null) as told where {has_all}"
        )
        entered.append(name)
    return tuple(entered)


def _value(table: Table, name: str, source_system: str) -> str:
    column = table.columns[name]
    own_key = " || '/' || ".join(f"{ident(part)}::varchar" for part in table.key)
    derived = {
        "source_system": f"coalesce(source_system, {lit(source_system)})",
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
