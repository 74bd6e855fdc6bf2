"""How what is owed moved since the last report, since yesterday, a week ago and the month end before, and by which steps; one ledger currency each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import day, total_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    import pandas as pd

TABLES: Final = ("core.company", "marts.compared_balance", "marts.balance_bridge")

COMPARISONS: Final = ("last_published", "day", "week", "month")
"""What the balance is held against, in the order pages tell it."""

STEPS: Final = ("invoiced", "credited", "cash", "written_off", "discount", "fx", "other")
"""What moves a balance, in the order pages tell it."""


@dataclass(frozen=True)
class Since:
    """The way from the balance of an earlier day to that of the as-of date: `steps` in the order of `Movement.steps`; `restated`: what is known now of that day beside what was published for it (None: nothing was)."""

    comparison: str
    day: date
    opening: Decimal
    restated: Decimal | None
    steps: tuple[Decimal, ...]
    closing: Decimal
    overdue: Decimal
    over_90: Decimal

    @property
    def change(self) -> Decimal:
        """How much more is owed now."""
        return self.closing - self.opening


@dataclass(frozen=True)
class Movement:
    """How a ledger moved; `steps` are those that moved it in any of the spans, `overdue` and `over_90` of a span how much more is so now."""

    currency: str
    steps: tuple[str, ...]
    spans: tuple[Since, ...]

    @property
    def first(self) -> Since:
        """The span of the last report, or the shortest there is."""
        return self.spans[0]


def movements(frames: Mapping[str, pd.DataFrame]) -> Iterable[Movement]:
    """How each ledger moved; a day is told where every company that has any is compared with it, so that sums are of the same companies."""
    currency: dict[str, str] = dict(frames["core.company"][["company_id", "local_currency"]].itertuples(index=False))
    balance, bridge = (
        frame.assign(ledger=frame["company_id"].map(currency))
        for frame in (frames["marts.compared_balance"], frames["marts.balance_bridge"])
    )
    for ledger, rows in balance.groupby("ledger", sort=True):
        mine = bridge[bridge["ledger"] == ledger]
        companies = rows["company_id"].nunique()
        told = [name for name in COMPARISONS if _is_whole(rows[rows["comparison"] == name], companies)]
        if not told:
            continue
        moved = set(mine[mine["comparison"].isin(told)]["step"])
        steps = tuple(step for step in STEPS if step in moved)
        yield Movement(
            str(ledger),
            steps,
            tuple(
                _since(rows[rows["comparison"] == name], mine[mine["comparison"] == name], steps, name) for name in told
            ),
        )


def _is_whole(rows: pd.DataFrame, companies: int) -> bool:
    return rows["company_id"].nunique() == companies and rows["day"].nunique() == 1


def _since(rows: pd.DataFrame, bridge: pd.DataFrame, steps: tuple[str, ...], comparison: str) -> Since:
    amounts: dict[Any, Decimal] = {step: total_of(mine["amount_local"]) for step, mine in bridge.groupby("step")}
    published = rows["published_local"].dropna()
    zero = total_of(rows["open_local"].iloc[:0])
    opening = total_of(rows["open_local"])
    return Since(
        comparison=comparison,
        day=day(rows["day"].iloc[0]),
        opening=opening,
        restated=opening - total_of(published) if len(published) == len(rows) else None,
        steps=tuple(amounts.get(step, zero) for step in steps),
        closing=total_of(rows["now_open_local"]),
        overdue=total_of(rows["now_overdue_local"]) - total_of(rows["overdue_local"]),
        over_90=total_of(rows["now_over_90_local"]) - total_of(rows["over_90_local"]),
    )
