"""Expected losses, vintages and roll rates on random ledgers: shares are shares, sums tie to what is open, and no loss rate is zero."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from factories import lake_tables
from intake_files import SINGLE
from random_ledgers import AS_OF, EXAMPLES, Ledger, ledgers
from receivables.assets import sql_dir
from receivables.engine import Connection, connect, run_judged_models, run_models
from receivables.engine.duckdb import write_params
from receivables.engine.models import read_model
from receivables.judgement import judge_collection, judge_provision, judge_rating
from receivables.settings import Curve, Provision, Settings

SETTINGS: Final = Settings(
    curve=Curve(min_customers=2), provision=Provision(roll_months_min=1, prior_vintages=1, watch_months=1)
)

FAULTS: Final = {
    "a share of a vintage outside 0 to 1": "select * from marts.vintage where rate < 0 or rate > 1 + 1e-9 or ultimate_rate > 1 + 1e-9",
    "a vintage that falls": "select * from (select *, lag(rate) over (partition by company_id, vintage order by months) as before from marts.vintage) where before > rate",
    "vintages that are not all of the money due": "select * from (select company_id, vintage, min(billed_local) as billed_local from marts.vintage group by all) as told"
    " inner join (select company_id, date_trunc('month', due_date_original)::date as vintage, sum(amount_local) as amount_local from marts.exposure_tranche"
    " where entry_age = -1 and cause <> 3 group by all) as due on told.company_id = due.company_id and told.vintage = due.vintage where billed_local <> amount_local",
    "a roll rate outside 0 to 1": "select * from marts.roll_rate where rate not between 0 and 1 or loss_rate not between 0 and 1",
    "moves of a bucket that are not all of it": "select * from marts.roll_rate where abs(stays + rolls + paid + lost + diluted - 1) > 1e-9"
    " or least(stays, rolls, paid, lost, diluted) < 0",
    "ends of a chain that are not all of it": "select * from marts.roll_expectation where abs(paid + lost + diluted + untold - 1) > 1e-9"
    " or least(paid, lost, diluted, untold) < -1e-9 or paid_present_value > paid + 1e-9 or expected_months < 1 - 1e-9",
    "a loss rate that is none": "select * from marts.provision_matrix where not (loss_rate > 0 and loss_rate <= 1) or loss_lo > loss_hi + 1e-9"
    " or (loss_rate is null) <> (reason is not null)",
    "expected loss beyond what is open": "select * from marts.provision_matrix where expected_loss not between 0 and open_local",
    "chances that do not add up": "select * from marts.open_chance where p_now not between 0 and 1 or p_now + loss_lo > 1 + 1e-9 or p_upper < p_now",
}
TIED: Final = """
select company_id, sum(open_local) from (
  select company_id, open_local from marts.provision_matrix
  union all select company_id, open_local + unapplied_local from marts.individual_assessment
  union all select item.company_id, item.open_local from marts.open_item as item
  left join marts.individual_assessment as apart on item.company_id = apart.company_id and item.customer_id = apart.customer_id
  where item.bucket = 'unapplied' and apart.customer_id is null
  union all select company_id, -open_local from marts.aging
) group by company_id having sum(open_local) <> 0
"""


def judged(con: Connection, ledger: Ledger) -> Connection:
    lake_tables(con, ledger.tables, AS_OF)
    tables = run_models(con, SETTINGS, AS_OF)
    judge_collection(con, SETTINGS.curve)
    judge_provision(con, SETTINGS)
    judge_rating(con, SETTINGS)
    run_judged_models(tables)
    return con


@settings(
    derandomize=True,
    max_examples=max(EXAMPLES // 5, 2),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(ledger=ledgers())
def test_shares_are_shares_and_every_open_item_has_its_place(ledger: Ledger) -> None:
    with closing(judged(connect(settings=SINGLE), ledger)) as con:
        found: dict[str, list[Any]] = {name: con.execute(sql).fetchall() for name, sql in FAULTS.items()}
        found["open items that are nowhere or twice"] = con.execute(TIED).fetchall()
        assert {name: rows for name, rows in found.items() if rows} == {}


TRANCHES: Final = """
create table marts.exposure_tranche as
select
  'A' as company_id, 'C' || customer as customer_id, date '2026-01-10' + to_months(month) as due_date_original, -1 as entry_age, part.cause,
  (date '2026-01-10' + to_months(month))::date + part.days as exit_date, part.amount as amount_local
from range(40) as who(customer)
cross join range(6) as due(month)
cross join lateral (
  values (1, 5, {cash}::decimal(18, 4)), (0, 90, 100 - {cash}::decimal(18, 4))
) as part(cause, days, amount)
"""

EMPTY: Final = """
create table marts.roll_rate (company_id varchar, bucket varchar, months integer, stays double, rolls double, paid double, lost double, diluted double);
create table marts.curve_event (
  history varchar, segment_kind varchar, company_id varchar, age_days integer, cash_count bigint, loss_count bigint, transferred_count bigint
)
"""


@pytest.mark.parametrize(
    ("cash", "verdict"),
    [("80 + customer % 2", "no_change"), ("if(month = 5, 50, 80) + customer % 3", "worse"), ("if(month = 5, if(customer = 0, 0, 80), 80)", "no_change")],
)  # fmt: skip
def test_a_vintage_is_worse_only_where_more_than_one_customer_makes_it_so(cash: str, verdict: str) -> None:
    with closing(connect(settings=SINGLE)) as con:
        con.execute("create schema core; create schema marts")
        write_params(con, Settings())
        con.execute("set variable as_of = date '2026-09-30'")
        con.execute((sql_dir() / "macros.sql").read_text(encoding="utf-8"))
        con.execute(TRANCHES.format(cash=cash))
        con.execute(f"create table marts.vintage as {read_model(sql_dir() / 'marts' / 'vintage.sql').sql}")
        con.execute(EMPTY)
        judge_provision(con, Settings())
        told = con.execute(
            "select vintage, rate, prior_rate, verdict, reason from marts.vintage_change order by vintage"
        ).fetchall()
    assert [row[4] for row in told] == [*["too_few_vintages"] * 4, None, None]
    assert told[-1][3] == verdict
    assert told[4][3] == "no_change"
    assert told[-1][2] == pytest.approx(told[4][1], abs=1e-9)
