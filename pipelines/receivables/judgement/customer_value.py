"""Value beside credit: where each rated customer stands in the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from receivables.judgement.writing import table_of, write

if TYPE_CHECKING:
    from receivables.engine import Connection
    from receivables.settings import Settings

TABLE: Final = "marts.customer_value"

_GRAIN: Final = (
    "One row per customer of marts.rating: value_local, its margin of the twelve months up to the as-of date in ledger currency, from marts.customer_sales; value_basis: margin (of the lines whose product"
    " tells a cost, where they are enough of its sales) or assumed_margin (a share of sales, a setting); NULL where the ledger is not replayed. is_high_value: among the fewest customers that together"
    " bring so much of the company's value (a setting); is_good_credit: its grade is so good at least (a setting), NULL where it cannot be rated. quadrant: keep (high value, good credit), grow"
    " (low, good), watch (high, bad), exit (low, bad), NULL unless both are known. A proposal to look at, no decision."
)
_SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("company_id", "customer_id", "grade")),
        *((name, pa.decimal128(18, 4)) for name in ("sales_local", "value_local")),
        ("value_basis", pa.string()),
        *((name, pa.bool_()) for name in ("is_high_value", "is_good_credit")),
        ("quadrant", pa.string()),
    ]
)
# who bought nothing for a year has brought nothing, where sales are known at all
_FACTS: Final = """
select
  rating.company_id, rating.customer_id, rating.grade,
  case when basis.company_id is not null then coalesce(sold.sales_local, 0)::decimal(18, 4) end as sales, sold.costed_local as costed, sold.cost_local as cost
from marts.rating as rating
left join core.company_basis as basis on rating.company_id = basis.company_id and basis.basis = 'replay' and basis.only_as_of is null
left join marts.customer_sales as sold on rating.company_id = sold.company_id and rating.customer_id = sold.customer_id
order by rating.company_id, rating.customer_id
"""


def judge_customer_value(con: Connection, settings: Settings) -> None:
    """Write `marts.customer_value` from `marts.rating` and `marts.customer_sales`."""
    told = con.execute(_FACTS).fetchall()
    write(con, TABLE, table_of(_placed(told, settings) if told else [], _SCHEMA), _GRAIN)


def _placed(told: list[tuple[Any, ...]], settings: Settings) -> list[dict[Any, Any]]:
    import pandas as pd

    from receivables.policy import customer_value

    facts = pd.DataFrame(
        told, columns=["company_id", "customer_id", "grade", "sales", "costed", "cost"], dtype="object"
    )
    rows: list[dict[Any, Any]] = []
    for _, mine in facts.groupby("company_id", sort=True):
        found = customer_value.place(mine.set_index("customer_id"), settings.customer_value)
        keys = mine[["company_id", "customer_id", "grade"]].assign(sales_local=mine["sales"])
        placed = found.rename(columns={"value": "value_local"}).reset_index(drop=True)
        rows += pd.concat([keys.reset_index(drop=True), placed], axis=1).to_dict("records")
    return rows
