"""Bar charts: one frozen record of what is shown, and the plotly figure drawn from it.

A record knows no language, no colour and no pixel; the same record can be drawn by any other engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from receivables.charts.theme import FONT, figure_text, hover, plain, round_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from receivables.charts.theme import Theme

_ROOM: Final = 0.22
"""Share of the bars' extent left free to the right, so that the label of the longest one fits beside it."""


@dataclass(frozen=True)
class Series:
    """One colour of a chart: its key and one amount per category."""

    key: str
    values: tuple[Decimal, ...]


@dataclass(frozen=True)
class Chart:
    """What a chart shows.

    `title` is a key for what it is about, `unit` a currency code. In `bars` there is one series and each category has its own colour;
    in `stacked` each series has its colour and the bar of a category is their sum, negative parts left of zero.
    """

    kind: Literal["bars", "stacked"]
    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str


@dataclass(frozen=True)
class Labels:
    """The words of a chart in one language: names of categories and series, and how an amount is written.

    `exact` writes an amount to the last digit with its unit, `short` rounded for reading, without.
    """

    categories: tuple[str, ...]
    series: tuple[str, ...]
    exact: Callable[[Decimal], str]
    short: Callable[[Decimal], str]


def axis_ticks(chart: Chart) -> tuple[Decimal, ...]:
    """Round amounts for the axis, about four of them, zero always among them."""
    low, high = extent(chart)
    step = round_step((high - low) / 4)
    first, last = int(low / step), int(high / step)
    return tuple(step * count for count in range(first, last + 1))


def extent(chart: Chart) -> tuple[Decimal, Decimal]:
    """From the lowest to the highest end of a bar, zero between them; never empty."""
    zero = Decimal(0)
    bars = columns(chart)
    high = max((sum((v for v in bar if v > 0), zero) for bar in bars), default=zero)
    low = min((sum((v for v in bar if v < 0), zero) for bar in bars), default=zero)
    return (low, high) if high > low else (low, low + 1)


def figure_json(chart: Chart, labels: Labels, theme: Theme, colours: Mapping[str, str]) -> str:
    """The figure as plotly.js reads it (see `figure_text`): horizontal bars, first category on top, each bar labelled directly.

    Amounts become floats here and only here: they place pixels, every written figure comes from the exact amount.
    """
    traces = _bars(chart, labels, colours) if chart.kind == "bars" else _stacked(chart, labels, colours)
    return figure_text("bar", traces, _layout(chart, labels, theme), _narrow(chart, labels, theme))


def _bars(chart: Chart, labels: Labels, colours: Mapping[str, str]) -> list[dict[str, Any]]:
    (only,) = chart.series
    notes = [hover(name, labels.exact(value)) for name, value in zip(labels.categories, only.values, strict=True)]
    return [_bar(only.values, [colours[key] for key in chart.categories], notes)]


def _stacked(chart: Chart, labels: Labels, colours: Mapping[str, str]) -> list[dict[str, Any]]:
    traces = []
    for series, name in zip(chart.series, labels.series, strict=True):
        pairs = zip(labels.categories, series.values, strict=True)
        notes = [hover(category, name, labels.exact(value)) for category, value in pairs]
        traces.append(_bar(series.values, colours[series.key], notes))
    return traces


def _bar(values: tuple[Decimal, ...], colour: str | list[str], hover: list[str]) -> dict[str, Any]:
    return {
        "x": [float(value) for value in values],
        # places, not names: two customers of one name stay two bars
        "y": list(range(len(values))),
        "orientation": "h",
        "marker": {"color": colour, "line": {"width": 0}},
        "hoverinfo": "text",
        "hovertext": hover,
    }


def _amounts(chart: Chart, labels: Labels, theme: Theme) -> list[dict[str, Any]]:
    """The amount at the end of each bar."""
    notes = []
    for place, column in enumerate(columns(chart)):
        end = float(sum((value for value in column if value > 0), Decimal(0)))
        text = labels.short(sum(column, Decimal(0)))
        notes.append(_note(text, place, color=theme.ink) | {"x": end, "xanchor": "left", "xshift": 4})
    return notes


def _names(labels: Labels, theme: Theme) -> list[dict[str, Any]]:
    """The name above each bar, where a column of names would leave the bars no width."""
    where = {"x": 0, "xref": "paper", "xanchor": "left", "yshift": 16, "bgcolor": theme.paper, "borderpad": 0}
    return [_note(name, place, color=theme.muted) | where for place, name in enumerate(labels.categories)]


def _note(text: str, place: int, **font: Any) -> dict[str, Any]:
    return {"text": plain(text), "y": place, "showarrow": False, "align": "left", "font": {"size": 12, **font}}


def columns(chart: Chart) -> list[tuple[Decimal, ...]]:
    """The amounts of every category, one of each series."""
    return list(zip(*(series.values for series in chart.series), strict=True))


def _layout(chart: Chart, labels: Labels, theme: Theme) -> dict[str, Any]:
    return {
        "barmode": "relative",
        "bargap": 0.36,
        "height": _height(chart, slot=25),
        "margin": {"l": 0, "r": 0, "t": 6, "b": 44},
        "showlegend": False,
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": theme.ink},
        "hoverlabel": {
            "bgcolor": theme.paper,
            "bordercolor": theme.line,
            "font": {"family": FONT, "color": theme.ink},
        },
        "annotations": _amounts(chart, labels, theme),
        "xaxis": _money_axis(chart, labels, theme),
        "yaxis": {
            **_places(chart),
            "tickvals": list(range(len(labels.categories))),
            "ticktext": [plain(name) + "  " for name in labels.categories],
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        },
    }


def _narrow(chart: Chart, labels: Labels, theme: Theme) -> dict[str, Any]:
    """The parts of the layout that a phone replaces."""
    return {
        "bargap": 0.6,
        "height": _height(chart, slot=42),
        "annotations": _names(labels, theme) + _amounts(chart, labels, theme),
        "yaxis": {**_places(chart), "visible": False},
    }


def _height(chart: Chart, slot: int) -> int:
    return 62 + slot * len(chart.categories)


def _places(chart: Chart) -> dict[str, Any]:
    return {"range": [len(chart.categories) - 0.5, -0.75], "fixedrange": True}


def _money_axis(chart: Chart, labels: Labels, theme: Theme) -> dict[str, Any]:
    low, high = (float(end) for end in extent(chart))
    ticks = axis_ticks(chart)
    return {
        "range": [low, high + (high - low) * _ROOM],
        "tickvals": [float(tick) for tick in ticks],
        "ticktext": [plain(labels.short(tick)) for tick in ticks],
        "title": {"text": chart.unit, "standoff": 8, "font": {"color": theme.muted}},
        "tickfont": {"color": theme.muted},
        "gridcolor": theme.line,
        "zerolinecolor": theme.muted,
        "fixedrange": True,
    }
