"""Which customers are meant: their ids, a frame of them, or a condition on `core.customer`, as the end of a query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from receivables.engine import EngineError
from receivables.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from receivables.warehouse import Warehouse

    Customers = str | Iterable[str] | pd.DataFrame | None
    """A SQL condition on `core.customer`, ids, a frame with a column customer_id, or None: all of them."""


@dataclass(frozen=True)
class Selection:
    """A condition on rows that have a `customer_id`, with its values by name; empty where all are meant."""

    condition: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def where(self, *others: str) -> str:
        """The end of a query in which this and other conditions hold."""
        held = [f"({one})" for one in (self.condition, *others) if one]
        return f" where {' and '.join(held)}" if held else ""


def selected(warehouse: Warehouse, customers: Customers) -> Selection:
    """Say which customers are meant.

    Raises:
        UsageError: an id that nobody has, a frame without ids, or a condition that cannot be asked of `core.customer`.
    """
    if customers is None:
        return Selection()
    if isinstance(customers, str):
        chosen = f"select customer_id from core.customer where {customers}"
        try:
            warehouse.con.execute(f"select count(*) from ({chosen})").fetchall()
        except EngineError as error:
            raise UsageError(
                got=f"customers {customers!r}: {str(error).splitlines()[0]}",
                expected="a SQL condition on core.customer, or a list of ids",
                try_="\"country = 'ES'\" or ['ES01:C1']",
            ) from None
        return Selection(f"customer_id in ({chosen})")
    ids = _ids(customers)
    known = {
        row[0]
        for row in warehouse.con.execute(
            "select customer_id from core.customer where customer_id is not null"
        ).fetchall()
    }
    unknown = [one for one in ids if one not in known]
    if unknown:
        raise UsageError(
            got=f"customer {unknown[0]!r}", expected="an id of core.customer", try_=nearest(str(unknown[0]), known)
        )
    return Selection("customer_id in (select unnest($customers))", {"customers": ids})


def _ids(customers: Any) -> list[str]:
    if hasattr(customers, "columns"):
        if "customer_id" not in customers.columns:
            raise UsageError(
                got=f"a frame with columns {', '.join(map(str, customers.columns))}",
                expected="a column customer_id",
                try_='wh.query("select customer_id from marts.rating where ...")',
            )
        customers = customers["customer_id"]
    try:
        return list(dict.fromkeys(customers))
    except TypeError:
        raise UsageError(
            got=f"customers {customers!r}", expected="a SQL condition, ids or a frame", try_="['ES01:C1']"
        ) from None
