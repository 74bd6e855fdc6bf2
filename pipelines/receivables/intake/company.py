"""Whose rows these are: the company of every row, and the ledger currency of every company."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from receivables.errors import FileRefused, Finding
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from receivables.intake.profile import Profile


@dataclass(frozen=True)
class Companies:
    """What is known of companies before a file is read: the one to use where rows name none, ledger currencies by id, ids by name."""

    default: str | None
    currencies: Mapping[str, str]
    is_forced: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def of_row(self) -> str:
        """SQL for the company of a row whose column `company` names it, by its id or its name, or not."""
        if self.is_forced:
            return lit(self.default)
        by_name = "".join(
            f" when lower(company) = {lit(name.lower())} then {lit(known)}" for name, known in self.names.items()
        )
        return f"coalesce({f'case{by_name} else company end' if by_name else 'company'}, {lit(self.default)})"


def refuse_nobody(con: duckdb.DuckDBPyConnection, rows: str, file_name: str) -> None:
    """Refuse a file with rows of no company.

    Raises:
        FileRefused: some row of table `rows` has no `company_id`.
    """
    if con.execute(f"select 1 from {rows} where company_id is null limit 1").fetchall():
        raise FileRefused(
            got=f"{file_name}, which names no company",
            expected="a company column, or one company in the settings",
            try_="--company ID",
            reason="COMPANY_UNKNOWN",
        )


def ledger_currencies(
    con: duckdb.DuckDBPyConnection, profile: Profile, companies: Companies, rows: str, file_name: str
) -> list[Finding]:
    """Create table `company_currency`(company_id, local_currency, is_new) for the companies of `rows`; returns what was taken from the rows themselves.

    `rows` has company_id, local_currency, currency, amount and amount_local as told.

    A subledger may leave it open, since another file of the system tells it, unless some row's amount in its own currency depends on it.

    Raises:
        FileRefused: a company whose ledger currency nothing tells, or rows that tell another one than is kept.
    """
    con.execute("create or replace temp table known_currency (company_id varchar, local_currency varchar)")
    for company_id, currency in companies.currencies.items():
        con.execute("insert into known_currency values (?, ?)", [company_id, currency])
    con.execute(
        "create or replace temp table told_currency as select company_id, currency, local_currency,"
        " false as is_foreign, count(*) as times"
        f" from {rows} group by company_id, currency, local_currency"
    )
    if profile.local_currency_from == "equal_amounts":
        _mark_foreign(con, profile, rows)
    con.execute(
        "create or replace table company_currency as select told.company_id,"
        f" coalesce(max(known.local_currency), {lit(profile.assume.local_currency)}, {_told(profile)}) as local_currency,"
        f" max(known.local_currency) is null and coalesce({lit(profile.assume.local_currency)}, {_told(profile)}) is not null as is_new from told_currency as told"
        " left join known_currency as known on told.company_id = known.company_id group by told.company_id"
    )
    if profile.local_currency_from == "column":
        _refuse_other_currency(con, rows, file_name)
    unknown = con.execute(
        "select company_id from company_currency where local_currency is null order by company_id"
    ).fetchone()
    if unknown is not None and profile.shape == "entries":
        unknown = con.execute(
            f"select company_id from {rows} where amount is null and amount_local is not null and currency is not null"
            " and company_id in (select company_id from company_currency where local_currency is null) order by company_id limit 1"
        ).fetchone()
    if unknown is not None:
        raise FileRefused(
            got=f"{file_name}: company {unknown[0]} without a ledger currency",
            expected="one ledger currency per company",
            try_=f"[[company]] id = {unknown[0]!r}, local_currency = ... in receivables.toml",
            reason="COMPANY_CURRENCY_UNKNOWN",
        )
    return _assumed(con, profile)


def _mark_foreign(con: duckdb.DuckDBPyConnection, profile: Profile, rows: str) -> None:
    """Mark the currencies of table `told_currency` in which some row's two amounts differ, or which it was converted from; asked only for companies whose ledger currency that decides."""
    unknown = "select company_id from told_currency except select company_id from known_currency"
    if not con.execute(unknown).fetchall():
        return
    told = ["amount <> amount_local"]
    if profile.shape == "entries":
        told += [f"fx_rate <> {profile.fx_rate_per}", '"open" <> open_local']
    is_foreign = " or ".join(f"coalesce({test}, false)" for test in told)
    con.execute(
        f"update told_currency set is_foreign = true from (select distinct company_id, currency, local_currency from {rows}"
        f" where company_id in ({unknown}) and ({is_foreign})) as f where told_currency.company_id = f.company_id"
        " and told_currency.currency is not distinct from f.currency and told_currency.local_currency is not distinct from f.local_currency"
    )


def _told(profile: Profile) -> str:
    """SQL aggregate over a company's rows: the one ledger currency they tell; NULL where they tell none or several."""
    match profile.local_currency_from:
        case "column":
            return "case when count(distinct told.local_currency) = 1 then max(told.local_currency) end"
        case "single_currency":
            return "case when count(distinct told.currency) = 1 then max(told.currency) end"
        case "equal_amounts":
            # A foreign item has two amounts; only in the ledger's own currency are they the same on every row.
            return (
                "case when count(distinct told.currency) filter (where not told.is_foreign) = 1"
                " then max(told.currency) filter (where not told.is_foreign) end"
            )
        case _:
            return "null::varchar"


def _refuse_other_currency(con: duckdb.DuckDBPyConnection, rows: str, file_name: str) -> None:
    """Amounts in another ledger currency than the company's would be added up under the wrong name."""
    differing = con.execute(
        "select told.company_id, told.local_currency, company_currency.local_currency from told_currency as told"
        " join company_currency on told.company_id = company_currency.company_id"
        " where told.local_currency <> company_currency.local_currency order by all limit 1"
    ).fetchall()
    for company_id, told, kept in differing:
        ((line_no,),) = con.execute(
            f"select min(line_no) from {rows} where company_id = ? and local_currency = ?", [company_id, told]
        ).fetchall()
        raise FileRefused(
            got=f"{file_name}: company {company_id} with ledger amounts in {told} (line {line_no})",
            expected=f"its ledger currency {kept}",
            try_="the company's own currency in receivables.toml, or exporting in its ledger currency",
            reason="COMPANY_CURRENCY_UNKNOWN",
        )


def _assumed(con: duckdb.DuckDBPyConnection, profile: Profile) -> list[Finding]:
    if profile.local_currency_from == "column":
        return []
    found = con.execute(
        "select c.company_id, c.local_currency, sum(told.times)::bigint from company_currency as c"
        " join told_currency as told on told.company_id = c.company_id where c.is_new group by all order by all"
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
        for company, currency, count in found
    ]
