"""Whose overdue amount changed most since the month end before: what a reader looks at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import day, money, text, total_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    import pandas as pd

TABLES: Final = ("core.company", "core.customer", "marts.customer_movement")

_CUSTOMER: Final = ["company_id", "customer_id"]


@dataclass(frozen=True)
class Mover:
    """A customer, what of its debt is overdue, and by how much that changed."""

    customer_id: str
    name: str
    overdue: Decimal
    change: Decimal


@dataclass(frozen=True)
class Movers:
    """All in one ledger currency: how much more is overdue than on the day `since`, and the customers that moved most."""

    currency: str
    since: date
    change: Decimal
    rose: tuple[Mover, ...]
    fell: tuple[Mover, ...]


def movers(frames: Mapping[str, pd.DataFrame], listed: int) -> Iterable[Movers]:
    """Make the chapter's records from the published tables, all of `TABLES`; so many customers are listed of each kind."""
    currencies: dict[str, str] = dict(frames["core.company"][["company_id", "local_currency"]].itertuples(index=False))
    names = frames["core.customer"].drop_duplicates(_CUSTOMER).set_index(_CUSTOMER)["name"].to_dict()
    rows = frames["marts.customer_movement"]
    rows = rows.assign(
        ledger=rows["company_id"].map(currencies), change=rows["overdue_local"] - rows["overdue_then_local"]
    )
    for currency, part in rows.groupby("ledger", sort=True):
        rose = part.sort_values(["change", *_CUSTOMER], ascending=[False, True, True]).head(listed)
        fell = part.sort_values(["change", *_CUSTOMER]).head(listed)
        yield Movers(
            currency=str(currency),
            since=day(part["since"].max()),
            change=total_of(part["change"]),
            rose=tuple(mover for mover in _movers(rose, names) if mover.change > 0),
            fell=tuple(mover for mover in _movers(fell, names) if mover.change < 0),
        )


def _movers(rows: pd.DataFrame, names: Mapping[Any, Any]) -> Iterable[Mover]:
    for row in rows.to_dict("records"):
        name = text(names.get((row["company_id"], row["customer_id"]))) or row["customer_id"]
        yield Mover(row["customer_id"], name, money(row["overdue_local"]), money(row["change"]))
