"""Month ends side by side: a metric, or the aging by bucket, a row per day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.analyst import drawing
from receivables.charts import Chart, Series
from receivables.charts.bars import Labels
from receivables.errors import UsageError, nearest
from receivables.language import SOURCE_LANGUAGE, language_in
from receivables.page_model import Bucket
from receivables.wording import bucket_label

if TYPE_CHECKING:
    from decimal import Decimal

    import pandas as pd

    from receivables.analyst.drawing import Drawing
    from receivables.warehouse import Warehouse

AGING: Final = "aging"

_AGING: Final = """
with told as (
  select period_end, company_id, bucket, open_local from marts.aging_month_end
  union all
  select as_of, company_id, bucket, open_local from marts.aging
  where (company_id, as_of) not in (select (company_id, period_end) from marts.aging_month_end)
)
select day.period_end, day.company_id, bucket.bucket, coalesce(sum(told.open_local), 0)::decimal(18, 4) as open_local
from (select company_id, period_end from marts.period where is_told) as day
cross join params.bucket as bucket
left join told on day.company_id = told.company_id and day.period_end = told.period_end and bucket.bucket = told.bucket
group by day.period_end, day.company_id, bucket.bucket, bucket.ordinal
order by day.period_end, day.company_id, bucket.ordinal
"""
_METRIC: Final = (
    "select period_end, company_id, value from marts.kpi where metric = $metric order by period_end, company_id"
)


def month_end_series(warehouse: Warehouse, metric: str) -> pd.DataFrame:
    """A metric of `marts.kpi` or the aging at every month end told and the as-of date.

    Raises:
        UsageError: there is no such metric.
    """
    if metric == AGING:
        rows = warehouse.query(_AGING)
        keys, value = ["company_id", "bucket"], "open_local"
    else:
        known = [name for (name,) in warehouse.con.execute("select distinct metric from marts.kpi").fetchall()]
        if metric not in known:
            raise UsageError(
                got=f"metric {metric!r}",
                expected="aging, or a metric of marts.kpi",
                try_=nearest(metric, [AGING, *known]),
            )
        rows = warehouse.query(_METRIC, {"metric": metric})
        keys, value = ["company_id"], "value"
    order = rows[keys].drop_duplicates()
    wide = rows.set_index(["period_end", *keys])[value].unstack(keys)
    columns = list(order.itertuples(index=False, name=None)) if len(keys) > 1 else list(order[keys[0]])
    return wide[columns]


def aging_chart(warehouse: Warehouse, company: str) -> Drawing:
    """What is open at the as-of date by bucket, in ledger currency.

    Raises:
        UsageError: there is no such company.
    """
    currencies = dict(warehouse.con.execute("select company_id, local_currency from core.company").fetchall())
    if company not in currencies:
        raise UsageError(
            got=f"company {company!r}", expected="a company of core.company", try_=nearest(company, currencies)
        )
    rows = warehouse.con.execute(
        "select bucket.bucket, bucket.lower_days, bucket.upper_days, coalesce(sum(aging.open_local), 0)::decimal(18, 4)"
        " from params.bucket as bucket left join marts.aging as aging on bucket.bucket = aging.bucket and aging.company_id = ?"
        " group by bucket.bucket, bucket.ordinal, bucket.lower_days, bucket.upper_days order by bucket.ordinal",
        [company],
    ).fetchall()
    ((basis,),) = warehouse.con.execute("select basis from params.aging").fetchall()
    words, currency = language_in(SOURCE_LANGUAGE), currencies[company]
    names = tuple(bucket_label(Bucket(*row[:3]), words.text, basis) for row in rows)

    def exact(value: Decimal) -> str:
        return words.money(value, currency)

    chart = Chart(
        "bars",
        "aging_by_bucket",
        tuple(row[0] for row in rows),
        (Series("amount", tuple(row[3] for row in rows)),),
        currency,
    )
    return drawing.bars(
        f"Open items of {company} by days overdue, {currency}", chart, Labels(names, ("",), exact, words.short)
    )
