"""Bad debt by grade and salesperson on random ledgers: every write-off and every sale has its place, once."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from factories import Tables, allocation, company, customer, document, lake_tables
from intake_files import SINGLE
from random_ledgers import AS_OF, EXAMPLES, Ledger, ledgers
from receivables.engine import connect, models, run_models
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

HISTORY = """
create table marts.rating_history as
select distinct document.company_id, document.customer_id, period.period_end as review_date,
  case hash(document.customer_id, period.period_end, {seed}) % 4 when 0 then 'A' when 1 then 'D' when 2 then 'F' end as grade
from core.document as document
inner join marts.period as period on document.company_id = period.company_id and period.is_told
where document.customer_id is not null and hash(document.customer_id, period.period_end, {seed}) % 7 > 0
"""
"""Some customers have a grade at some reviews, some none, some are not reviewed."""

TOLD = """
select company_id, sum(sales_local), sum(written_off_local), count(*) - count(distinct {key})
from (select *, coalesce(member, missing) as place from marts.bad_debt) where dimension = '{dimension}' and span = 'all' group by company_id order by company_id
"""
LEDGER = """
select basis.company_id, coalesce(sale.amount, 0), coalesce(loss.amount, 0)
from core.company_basis as basis
left join (select company_id, sum(sales_local) as amount from marts.sales_month group by company_id) as sale on basis.company_id = sale.company_id
left join (
  select company_id, sum(amount_local) as amount from marts.allocation_in_effect
  where kind in ('write_off', 'waiver') and to_doc_id is not null and item_sign > 0 group by company_id
) as loss on basis.company_id = loss.company_id
where basis.basis = 'replay' and basis.only_as_of is null and (sale.amount <> 0 or loss.amount <> 0)
order by basis.company_id
"""


def sums(tables: Tables, seed: int) -> tuple[list[Any], dict[str, list[Any]]]:
    """Sales and write-offs of each company as the ledger says, and as each dimension adds up, with how many of its rows stand twice."""
    with closing(connect(settings=SINGLE)) as con:
        lake_tables(con, tables, AS_OF)
        run_models(con, Settings(), AS_OF)
        con.execute(HISTORY.format(seed=seed))
        (model,) = [model for model in models() if model.full_name == "marts.bad_debt"]
        con.execute(f"create table marts.bad_debt as {model.sql}")
        told = {
            dimension: con.execute(TOLD.format(dimension=dimension, key="row(customer_id, place)")).fetchall()
            for dimension in ("company", "grade", "salesperson")
        }
        return con.execute(LEDGER).fetchall(), told


def untied(ledger: list[Any], told: dict[str, list[Any]]) -> Iterable[tuple[Any, ...]]:
    """Dimensions and companies that do not add up to the ledger."""
    for dimension, rows in told.items():
        found = {row[0]: row[1:] for row in rows if row[1] or row[2]}
        expected = {row[0]: (*row[1:], 0) for row in ledger}
        yield from ((dimension, key) for key in found.keys() | expected if found.get(key) != expected.get(key))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.target),
    suppress_health_check=list(HealthCheck),
)
@given(ledger=ledgers(), seed=st.integers(0, 1000))
def test_every_sale_and_write_off_has_one_grade_or_reason_and_one_salesperson_or_none(
    ledger: Ledger, seed: int
) -> None:
    assert list(untied(*sums(ledger.tables, seed))) == []


def test_one_sale_and_its_write_off_are_what_every_dimension_adds_up_to() -> None:
    tables = {
        "company": [company()],
        "customer": [customer(salesperson="Ana")],
        "document": [document("D1", 100)],
        "allocation": [allocation("A1", 40, kind="write_off", to_doc_id="D1")],
    }
    ledger, told = sums(tables, seed=0)
    assert ledger == [("ES01", Decimal(100), Decimal(40))]
    assert list(untied(ledger, told)) == []
