"""The published rate of bad debt: what share of sales is written off, by company, grade and salesperson."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from receivables.judgement.writing import table_of, write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from receivables.engine import Connection
    from receivables.settings import Settings

TABLE: Final = "marts.loss_rate"

_GRAIN: Final = (
    "One row per company, span (12m, all), dimension (company, grade, salesperson) and member of it, NULL with the reason why in missing, as in marts.bad_debt, whose sums these are: sales_local and"
    " written_off_local (ledger currency, tax in both), customers with any of them; loss_rate: what was written off in the span over what was sold in it, a share (above 1 where old debts are written off"
    " and little is sold), with its 95 % interval, leaving out one customer at a time. NULL where it cannot be told: reason is no_sales or few_customers (a setting)."
)
_SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("company_id", "span", "dimension", "member", "missing")),
        *((name, pa.decimal128(18, 4)) for name in ("sales_local", "written_off_local")),
        ("customers", pa.int64()),
        *((name, pa.float64()) for name in ("loss_rate", "lo", "hi")),
        ("reason", pa.string()),
    ]
)
_SCALE: Final = 10_000
"""Money in units of the ledger's last decimal."""

_SUMS: Final = """
select company_id, span, dimension, member, missing, sales_local, written_off_local
from marts.bad_debt
where sales_local <> 0 or written_off_local <> 0
order by company_id, span, dimension, member, missing, customer_id
"""


def judge_loss_rate(con: Connection, settings: Settings) -> None:
    """Write `marts.loss_rate` from `marts.bad_debt`."""
    write(con, TABLE, table_of(_rates(con.execute(_SUMS).fetchall(), settings), _SCHEMA), _GRAIN)


def _rates(sums: list[tuple[Any, ...]], settings: Settings) -> Iterable[dict[str, Any]]:
    if not sums:
        return
    import numpy as np

    from receivables.policy.loss_rate import loss_rate

    for key, rows in groupby(sums, lambda row: row[:5]):
        sales, written_off = zip(*(row[5:] for row in rows), strict=True)
        lost, sold = (np.array([float(amount * _SCALE) for amount in part]) for part in (written_off, sales))
        found = loss_rate(lost, sold, settings.curve)
        yield dict(zip(_SCHEMA.names[:5], key, strict=True)) | {
            "sales_local": sum(sales),
            "written_off_local": sum(written_off),
            "customers": len(sales),
            "loss_rate": found.rate,
            "lo": found.lo,
            "hi": found.hi,
            "reason": found.reason,
        }
