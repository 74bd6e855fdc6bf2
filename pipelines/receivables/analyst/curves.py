"""The collection curve of any customers, by the estimator that the published ones are made with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from receivables.analyst import drawing
from receivables.analyst.catalogue import html_table
from receivables.analyst.selection import selected
from receivables.charts import Line, LineChart
from receivables.collection_wording import WHY_NOT, line_labels
from receivables.engine import EngineError
from receivables.errors import UsageError, nearest
from receivables.judgement.collection import Told, told_of
from receivables.judgement.curve_cells import SCALE, asked_for
from receivables.language import SOURCE_LANGUAGE, language_in
from receivables.policy import collection

if TYPE_CHECKING:
    from receivables.analyst.drawing import Drawing
    from receivables.analyst.selection import Customers, Selection
    from receivables.settings import Curve as CurveSettings
    from receivables.warehouse import Warehouse

History = Literal["all", "24m"]
Basis = Literal["gross", "net"]
Weight = Literal["amount", "count"]

_SHOWN_DAYS: Final = (0, 30, 60, 90, 180, 365)
_DRAWN_DAYS: Final = 365
_SHARES: Final = ("cash", "loss", "dilution", "transferred", "open_share")


@dataclass(frozen=True)
class Question:
    """Which of the curves: as the columns of `marts.collection_curve` say it."""

    history: History = "24m"
    basis: Basis = "gross"
    weight: Weight = "amount"

    def checked(self) -> Question:
        """The question itself.

        Raises:
            UsageError: there is no such history, basis or weight.
        """
        for name, known in (("history", History), ("basis", Basis), ("weight", Weight)):
            value = getattr(self, name)
            if value not in get_args(known):
                raise UsageError(
                    got=f"{name} {value!r}",
                    expected=f"one of {', '.join(get_args(known))}",
                    try_=nearest(str(value), get_args(known)),
                )
        return self


@dataclass(frozen=True)
class SubsetCurve:
    """What became of the money of some customers by days after the original due date.

    `currency`: of the money at risk; None where units of money are counted. `customers`, `tranches`: who and how many units of money stand behind it.
    """

    question: Question
    currency: str | None
    customers: int
    tranches: int
    told: Told
    settings: CurveSettings

    @property
    def table(self) -> pd.DataFrame:
        """One row per age, up to the last with customers enough, with the columns of `marts.collection_curve`: shares of 1, NaN where too few stand behind them (reason says why)."""
        told, curve = self.told, self.told.curve
        rows = pd.DataFrame(
            {
                "age_days": curve.ages,
                "at_risk": curve.at_risk / (SCALE if self.question.weight == "amount" else 1),
                "customers_at_risk": told.support.customers,
                "largest_share": told.support.largest_share,
                **{name: getattr(curve, name) for name in _SHARES},
                "cash_lo": told.low,
                "cash_hi": told.high,
                "reason": pd.array(told.reasons, dtype="str"),
            }
        )
        hidden = rows["reason"].notna()
        rows.loc[hidden, [*_SHARES, "cash_lo", "cash_hi"]] = np.nan
        return rows[told.is_told].reset_index(drop=True)

    @property
    def success(self) -> pd.DataFrame:
        """One row per days overdue and horizon (NaN: ever): the chance that what is then open brings cash within it, with the columns of `marts.collection_success` but for the surveys."""
        columns = ["overdue_days", "horizon_days", "p", "p_lo", "p_hi", "upper_bound", "loss", "reason"]
        told = pd.DataFrame(self.told.chances(self.settings), columns=columns)
        return told.assign(horizon_days=told["horizon_days"].astype("Int64"), reason=told["reason"].astype("str"))

    @property
    def chart(self) -> Drawing:
        """What had come in, was lost or credited by days overdue, with the interval of cash; a year of it."""
        table = self.table
        last = min(_DRAWN_DAYS, int(table["age_days"].max())) if len(table) else -1
        days = pd.DataFrame({"age_days": np.arange(last + 1)})
        shown = pd.merge_asof(days, table, on="age_days") if len(table) else table
        drawn = tuple(
            Line(key, _told(shown[key]), *((_told(shown["cash_lo"]), _told(shown["cash_hi"])) if key == "cash" else ()))
            for key in ("cash", "loss", "dilution")
        )
        chart = LineChart("collection_curve", tuple(map(int, shown["age_days"])), drawn, "share", named=_SHOWN_DAYS)
        return drawing.lines(str(self), chart, line_labels(chart, language_in(SOURCE_LANGUAGE)))

    def at(self, age_days: int) -> pd.Series[Any]:
        """The row of the table that counts at an age: the last one up to it.

        Raises:
            UsageError: nothing is told of that age.
        """
        table = self.table
        known = table[table["age_days"] <= age_days]
        if known.empty or age_days > table["age_days"].iloc[-1]:
            last = (
                "nothing, as too few customers stand behind it" if table.empty else f"0 to {table['age_days'].iloc[-1]}"
            )
            raise UsageError(got=f"age {age_days}", expected=f"an age that is told: {last}", try_="more customers")
        return known.iloc[-1]

    def __str__(self) -> str:
        who = f"{self.customers:,} customers, {self.tranches:,} units of money, history {self.question.history}, {self.question.basis}"
        money = f"{self.question.weight}{f' in {self.currency}' if self.currency else ''}"
        enough = (
            ""
            if self.told.last_age is not None
            else f"; not told: {WHY_NOT['few_customers']}, at least {self.settings.min_customers}"
        )
        return f"Collection curve of {who}, by {money}{enough}"

    def _repr_html_(self) -> str:
        words, table = language_in(SOURCE_LANGUAGE), self.table
        days = [day for day in _SHOWN_DAYS if len(table) and day <= table["age_days"].iloc[-1]]
        rows = []
        for day in days:
            row = self.at(day)
            cells = [words.share(_share(row[name])) for name in ("cash", "cash_lo", "cash_hi", "loss", "open_share")]
            rows.append((day, *cells, row["customers_at_risk"]))
        head = ("days overdue", "collected", "from", "to", "lost", "still open", "customers at risk")
        return f"<p>{self}</p>{html_table(head, rows)}"


def _share(value: float) -> Decimal | None:
    return None if np.isnan(value) else Decimal(str(round(float(value), 9)))


def _told(values: pd.Series[float]) -> tuple[Decimal | None, ...]:
    return tuple(_share(value) for value in values)


def subset_curve(
    warehouse: Warehouse, customers: Customers, where: str, question: Question, settings: CurveSettings
) -> SubsetCurve:
    """The curve of what `marts.exposure_tranche` tells of some customers, or of some of their money.

    Raises:
        UsageError: there are no such customers, a condition that cannot be asked, or money of several ledger currencies without a rate into one.
    """
    chosen = selected(warehouse, customers)
    tranches = f"select * from marts.exposure_tranche{chosen.where(where)}"
    count, people, currencies, unrated, together = _counted(warehouse, tranches, chosen, where)
    is_one = currencies.count(" ") == 0
    if question.weight == "amount" and not is_one and unrated:
        raise UsageError(
            got=f"money in {currencies.replace(' ', ' and ')}, {unrated} units of it without a rate into one currency",
            expected="customers of one ledger currency, or a reporting_currency with rates",
            try_='weight="count", or customers of one company',
        )
    asked = asked_for(
        warehouse.con,
        tranches,
        chosen.values,
        history=question.history,
        amount="amount_local" if is_one or question.weight == "count" else "amount_group",
        also=settings.ages(),
    )
    told = _estimated(asked.ages, asked.cells, question, settings)
    currency = None if question.weight == "count" else (currencies if is_one else together) or None
    return SubsetCurve(question, currency, people, count, told, settings)


def _estimated(ages: Any, cells: dict[str, collection.Cells], question: Question, settings: CurveSettings) -> Told:
    net = question.basis == "net"
    if cells:
        moved = cells[question.weight].grouped(settings.interval_groups)
        customers = collection.customers_at_risk(cells["count"], net=net)
    else:
        moved, customers = np.zeros((collection.CHANNELS, 1, len(ages))), np.zeros(len(ages), dtype=np.int64)
    return told_of(collection.estimate(ages, moved.sum(axis=1), net=net), moved, customers, settings, net=net)


def _counted(warehouse: Warehouse, tranches: str, chosen: Selection, where: str) -> tuple[int, int, str, int, str]:
    try:
        ((count, people, currencies, unrated),) = warehouse.con.execute(
            "select count(*), count(distinct tranche.customer_id), coalesce(string_agg(distinct company.local_currency, ' ' order by company.local_currency), ''),"
            " count(*) - count(tranche.amount_group)"
            f" from ({tranches}) as tranche inner join core.company as company on tranche.company_id = company.company_id",
            chosen.values or None,
        ).fetchall()
    except EngineError as error:
        raise UsageError(
            got=f"where {where!r}: {str(error).splitlines()[0]}",
            expected="a SQL condition on marts.exposure_tranche",
            try_="\"terms = 'ES01:N30'\"",
        ) from None
    ((together,),) = warehouse.con.execute("select coalesce(max(reporting_currency), '') from params.ledger").fetchall()
    return count, people, currencies, unrated, together
