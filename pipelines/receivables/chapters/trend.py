"""Ratios of each company now and at earlier month ends, and the course of what is owed and overdue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.cells import day, money_or_none, text
from receivables.charts import Line, LineChart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    import pandas as pd

TABLES: Final = ("core.company", "marts.kpi")

DRAWN: Final = ("receivables_total", "overdue_total", "overdue_90_total")
"""Measures whose course is drawn."""

_BACK: Final = (0, 3, 12)
"""Month ends before the latest that stand beside the as-of date: the latest itself, a quarter and a year before it."""


@dataclass(frozen=True)
class Reading:
    """A measure at one day; None where it cannot be told, with the reason in `note` where there is one. `is_marked`: what it is made from is not whole."""

    value: Decimal | None
    note: str | None
    is_marked: bool = False


@dataclass(frozen=True)
class Measure:
    """One ratio or amount, a reading per column of its table. `unit`: a currency code, share, percent, index, days or count."""

    metric: str
    unit: str
    readings: tuple[Reading, ...]

    @property
    def needs(self) -> str | None:
        """What the company would have to tell for this measure to be told at all, as its note says it; None where it is told."""
        notes = {reading.note for reading in self.readings if reading.value is None and reading.note}
        is_told = any(reading.value is not None for reading in self.readings)
        return next((note for note in sorted(notes) if note.startswith("needs_")), None) if not is_told else None


@dataclass(frozen=True)
class Trend:
    """A company's measures at the as-of date and earlier month ends (`columns`, latest first), and the chart of all month ends."""

    company_id: str
    columns: tuple[date, ...]
    measures: tuple[Measure, ...]
    chart: LineChart

    @property
    def has_course(self) -> bool:
        """Whether there is more than one day to draw."""
        return len(self.chart.places) > 1

    def of(self, metrics: Iterable[str]) -> tuple[Measure, ...]:
        """The measures of these names, in their order."""
        known = {measure.metric: measure for measure in self.measures}
        return tuple(known[metric] for metric in metrics if metric in known)

    def readings(self, metric: str) -> tuple[Decimal | None, ...]:
        """A measure's values, a column each."""
        return tuple(reading.value for measure in self.of((metric,)) for reading in measure.readings)


def trends(frames: Mapping[str, pd.DataFrame], as_of: date) -> Iterable[Trend]:
    """Make the chapter of every company that has measures."""
    kpi = frames["marts.kpi"]
    currency: dict[str, str] = dict(frames["core.company"][["company_id", "local_currency"]].itertuples(index=False))
    for company_id, rows in kpi.groupby("company_id", sort=True):
        readings = _readings(rows)
        days = sorted({period_end for _, period_end in readings})
        columns = _columns(days, as_of)
        units: dict[str, str] = dict(rows[["metric", "unit"]].itertuples(index=False))
        yield Trend(
            company_id=str(company_id),
            columns=columns,
            measures=tuple(
                Measure(metric, unit, tuple(readings.get((metric, column), _NONE) for column in columns))
                for metric, unit in units.items()
            ),
            chart=_chart(readings, days, currency[str(company_id)]),
        )


_NONE: Final = Reading(None, None)


def _readings(rows: pd.DataFrame) -> dict[tuple[str, date], Reading]:
    return {
        (row["metric"], day(row["period_end"])): Reading(
            money_or_none(row["value"]), text(row["note"]), is_marked=text(row["marks"]) is not None
        )
        for row in rows.to_dict("records")
    }


def _columns(days: list[date], as_of: date) -> tuple[date, ...]:
    before = [earlier for earlier in reversed(days) if earlier < as_of]
    return (as_of, *(before[back] for back in _BACK if back < len(before)))


def _chart(readings: Mapping[tuple[str, date], Reading], days: list[date], currency: str) -> LineChart:
    lines = tuple(
        Line(metric, tuple(readings.get((metric, period_end), _NONE).value for period_end in days)) for metric in DRAWN
    )
    return LineChart("trend", tuple(days), lines, currency)
