"""What an account period must cost by grade, beside what price lists ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from receivables.judgement.writing import table_of, write

if TYPE_CHECKING:
    import pandas as pd

    from receivables.engine import Connection
    from receivables.settings import Settings

TABLE: Final = "marts.price_by_terms"

_GRAIN: Final = (
    "One row per company that rates customers, days of credit (those its customers' terms agree and those the credit policy grants), grade and price list (NULL: none is told): covering_pct, what must be"
    " added to the price of cash, percent, so that it covers the cost of money (a setting) until the sale is paid, days_beyond the term (what customers of the grade take on average, by purchases, never below"
    " 0; 0 where too few customers of any grade tell), and the loss expected. loss_share: what the provision matrix expects to be lost of what is not due yet, of a grade (loss_source grade) times its rate of bad customers"
    " over that of all, small grades drawn to all (settings); company: the same for all, as nobody went bad; NULL: not told, and not in covering_pct. Neither falls from one grade to the worse one, and a grade that tells none is as the next worse. list_term_days, list_pct: the row of the price list for"
    " these days, over the list price; list_over_cash_pct: the same over the list's own price for 0 days, or the list price where it has none. is_covered: it is covering_pct at least. is_granted: the credit"
    " policy grants the grade as many days. covering_pct is NULL where all is expected to be lost."
)
_PERCENT: Final = pa.decimal128(12, 4)
_SCHEMA: Final = pa.schema(
    [
        ("company_id", pa.string()),
        ("term_days", pa.int32()),
        ("grade", pa.string()),
        ("price_list_id", pa.string()),
        ("is_granted", pa.bool_()),
        *((name, pa.float64()) for name in ("days_beyond", "loss_share")),
        ("loss_source", pa.string()),
        ("covering_pct", _PERCENT),
        ("list_term_days", pa.int32()),
        *((name, _PERCENT) for name in ("list_pct", "list_over_cash_pct")),
        ("is_covered", pa.bool_()),
    ]
)
_OFFERS: Final = """
with rated as (
  select distinct company_id from marts.rating
),
agreed as (
  select distinct customer.company_id, terms.net_days as term_days
  from core.customer as customer
  inner join core.payment_terms as terms on customer.company_id = terms.company_id and customer.terms_id = terms.terms_id
  union
  select rated.company_id, policy.terms_days
  from rated
  cross join params.grade as policy
),
list as (
  select distinct company_id, price_list_id from core.price_uplift
),
expected as (
  select company_id, at_most(loss_rate * forward_factor::double, 1) as loss_share from marts.provision_matrix where bucket = 'not_due'
)
select
  rated.company_id, agreed.term_days, policy.grade, list.price_list_id, agreed.term_days <= policy.terms_days as is_granted,
  expected.loss_share::double as loss_share
from rated
inner join agreed on rated.company_id = agreed.company_id and agreed.term_days > 0
cross join params.grade as policy
left join list on rated.company_id = list.company_id
left join expected on rated.company_id = expected.company_id
order by rated.company_id, agreed.term_days, policy.ordinal desc, list.price_list_id
"""
_DELAYS: Final = """
select
  rating.company_id, rating.grade,
  greatest(sum(behaviour.days_beyond_terms::double * behaviour.purchases_local::double)::double / sum(behaviour.purchases_local::double), 0) as days_beyond
from marts.rating as rating
inner join marts.payment_behaviour as behaviour
  on rating.as_of = behaviour.period_end and rating.company_id = behaviour.company_id and rating.customer_id = behaviour.customer_id
where rating.grade is not null and behaviour.days_beyond_terms is not null and behaviour.purchases_local > 0
group by rating.company_id, rating.grade
having count(*) >= ?
order by rating.company_id, rating.grade
"""
_LISTS: Final = "select price_list_id, term_days, pct from core.price_uplift where pct is not null order by price_list_id, term_days"
_BAD: Final = "select company_id, grade, sum(bads)::double as bads, sum(cases)::double as cases from marts.rating_bad_rate group by company_id, grade order by company_id, grade"


def judge_price_by_terms(con: Connection, settings: Settings) -> None:
    """Write `marts.price_by_terms` from terms, `core.price_uplift`, `marts.rating`, its bad rates and `marts.provision_matrix`."""
    told = con.execute(_OFFERS)
    columns, rows = [column[0] for column in told.description or ()], told.fetchall()
    write(con, TABLE, table_of(_priced(con, columns, rows, settings) if rows else [], _SCHEMA), _GRAIN)


def _priced(
    con: Connection, columns: list[str], rows: list[tuple[Any, ...]], settings: Settings
) -> list[dict[Any, Any]]:
    import numpy as np
    import pandas as pd

    from receivables.policy import credit_limit

    offers = pd.DataFrame(rows, columns=columns).astype({"price_list_id": "object", "loss_share": "float64"})
    risk, delay = _risk(con, settings), _delays(con, settings)
    keys = list(zip(offers["company_id"], offers["grade"], strict=True))
    relative = pd.Series([risk.get(key, np.nan) for key in keys])
    offers["days_beyond"] = [delay.get(key, 0.0) for key in keys]
    source = np.where(relative.isna(), "company", "grade").astype(np.object_)
    loss = (offers["loss_share"] * relative.fillna(1.0)).clip(upper=1.0)
    days = offers["term_days"] + offers["days_beyond"]
    uplifts = pd.DataFrame(con.execute(_LISTS).fetchall(), columns=["price_list_id", "term_days", "pct"])
    asked = credit_limit.price_uplift(offers["price_list_id"], days, uplifts)
    rate = settings.provision.discount_rate
    covering = credit_limit.covering_uplift(days.to_numpy(dtype=np.float64), loss.fillna(0.0).to_numpy(), rate)
    over_cash = credit_limit.over_cash(offers["price_list_id"], asked["pct"], uplifts)
    priced = offers.assign(
        loss_share=loss,
        loss_source=pd.Series(source).where(loss.notna(), None),
        list_term_days=asked["term_days"].astype("object"),
        list_pct=asked["pct"],
    )
    return [
        {
            **row,
            "covering_pct": need,
            "list_over_cash_pct": ours,
            "is_covered": None if need is None or ours is None else ours >= need,
        }
        for row, need, ours in zip(priced.to_dict("records"), covering, over_cash, strict=True)
    ]


_ByGrade = dict[tuple[str, str], float]


def _risk(con: Connection, settings: Settings) -> _ByGrade:
    """How much likelier than all its customers those of a grade go bad, small grades drawn to all; nothing of a company where nobody did."""
    import pandas as pd

    from receivables.policy import credit_limit, shrinkage

    bad = pd.DataFrame(con.execute(_BAD).fetchall(), columns=["company_id", "grade", "bads", "cases"])
    found: _ByGrade = {}
    for company_id, mine in bad.groupby("company_id", sort=True):
        if not mine["bads"].sum():
            continue
        bads, cases = (mine[name].to_numpy(dtype="float64") for name in ("bads", "cases"))
        prior = shrinkage.rate_prior(bads, cases, mine["grade"], settings.shrinkage)
        found |= _keyed(company_id, credit_limit.by_grade(prior.by_segment / prior.overall))
    return found


def _delays(con: Connection, settings: Settings) -> _ByGrade:
    """Days beyond the term that customers of a grade take; nothing of a company of which no grade has customers enough."""
    import pandas as pd

    from receivables.policy import credit_limit

    rows = con.execute(_DELAYS, [settings.curve.min_customers]).fetchall()
    told = pd.DataFrame(rows, columns=["company_id", "grade", "days_beyond"])
    found: _ByGrade = {}
    for company_id, mine in told.groupby("company_id", sort=True):
        found |= _keyed(company_id, credit_limit.by_grade(mine.set_index("grade")["days_beyond"]))
    return found


def _keyed(company_id: object, told: pd.Series[float]) -> _ByGrade:
    return {(str(company_id), str(grade)): value for grade, value in told.items()}
