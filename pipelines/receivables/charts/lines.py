"""Line charts: measures along dates or days, each line named at its end, with a band where an interval is known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from receivables.charts.theme import FONT, figure_text, hover, line_colours, plain, round_step, see_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from receivables.charts.theme import Theme

_HEIGHT: Final = 300
_SMALL_HEIGHT: Final = 130
_NAMES_ROOM: Final = 0.24
"""Share of the width left free to the right for the names of the lines."""
_NAME_SPACE: Final = 0.065
"""Share of the height a name takes; names of lines that end close to each other move apart by so much."""


@dataclass(frozen=True)
class Line:
    """One line: its key, a value per place (None: a gap), and where known the ends of its interval.

    `style`: `dotted` is something to compare with; `circles` are single values, of which nothing is known between.
    """

    key: str
    values: tuple[Decimal | None, ...]
    low: tuple[Decimal | None, ...] | None = None
    high: tuple[Decimal | None, ...] | None = None
    style: Literal["solid", "dotted", "circles"] = "solid"


@dataclass(frozen=True)
class LineChart:
    """What a line chart shows: places along the bottom, dates or numbers of days in rising order, and lines from zero, or what lies below it, upwards.

    `title` is a key for what it is about; `unit` a currency code, `share`, or another unit of measures. `named`: the places named
    along the bottom, by default some in even steps. A small chart stands among others like it and names no line.
    """

    title: str
    places: tuple[date, ...] | tuple[int, ...]
    lines: tuple[Line, ...]
    unit: str
    named: tuple[int, ...] = ()
    is_small: bool = False


@dataclass(frozen=True)
class LineLabels:
    """The words of a line chart in one language; `exact` and `short` write a value, `place` a date or a number of days."""

    lines: tuple[str, ...]
    x_title: str
    y_title: str
    exact: Callable[[Decimal], str]
    short: Callable[[Decimal], str]
    place: Callable[[Any], str]


def line_figure_json(chart: LineChart, labels: LineLabels, theme: Theme) -> str:
    """The figure as plotly.js reads it: see `figure_text`."""
    layout, narrow = _layout(chart, labels, theme), _narrow(chart, labels, theme)
    return figure_text("scatter", _traces(chart, labels, theme), layout, narrow)


def _traces(chart: LineChart, labels: LineLabels, theme: Theme) -> list[dict[str, Any]]:
    colours = line_colours([line.key for line in chart.lines], theme)
    bands = [_band(chart, line, colours[line.key]) for line in chart.lines if line.low and line.high]
    return [
        *bands,
        *(
            _line(chart, line, labels, name, colours[line.key])
            for line, name in zip(chart.lines, labels.lines, strict=True)
        ),
    ]


def _line(chart: LineChart, line: Line, labels: LineLabels, name: str, colour: str) -> dict[str, Any]:
    is_circles = line.style == "circles"
    mode = "markers" if is_circles else "lines+markers" if len(chart.places) <= _MARKED else "lines"
    return {
        "x": positions(chart),
        "y": [None if value is None else float(value) for value in line.values],
        "mode": mode,
        "line": {"color": colour, "width": 2.25, "dash": "dot" if line.style == "dotted" else "solid"},
        "marker": {"size": 7, "color": colour, "symbol": "circle-open"} if is_circles else {"size": 4, "color": colour},
        "hoverinfo": "text",
        "hovertext": [
            "" if value is None else hover(labels.place(place), name, labels.exact(value))
            for place, value in zip(chart.places, line.values, strict=True)
        ],
    }


_MARKED: Final = 40
"""Places up to which each is marked by a point."""


def _band(chart: LineChart, line: Line, colour: str) -> dict[str, Any]:
    """The interval as an area, only where both its ends are known."""
    ends = [
        (place, low, high)
        for place, low, high in zip(positions(chart), line.low or (), line.high or (), strict=True)
        if low is not None and high is not None
    ]
    there = [place for place, _, _ in ends]
    return {
        "x": [*there, *reversed(there)],
        "y": [*(float(low) for _, low, _ in ends), *(float(high) for _, _, high in reversed(ends))],
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": see_through(colour),
        "hoverinfo": "skip",
    }


def positions(chart: LineChart) -> list[int]:
    """Where the places stand: days after the first date, or the days themselves."""
    first = chart.places[0] if chart.places else 0
    return [place if isinstance(place, int) else (place - first).days for place in chart.places]  # type: ignore[operator]  # one kind of place in a chart


def lowest(chart: LineChart) -> Decimal:
    """Where the axis of values begins: at zero, or at what lies below it; at zero for shares."""
    return Decimal(0) if chart.unit == "share" else min([*_known(chart), Decimal(0)])


def highest(chart: LineChart) -> Decimal:
    """Where the axis of values ends, above where it begins: at one for shares."""
    if chart.unit == "share":
        return Decimal(1)
    high = max([*_known(chart), Decimal(0)])
    return high if high > lowest(chart) else Decimal(1)


def _known(chart: LineChart) -> list[Decimal]:
    """All values, and the ends of their intervals."""
    found = [values for line in chart.lines for values in (line.values, line.low or (), line.high or ())]
    return [value for values in found for value in values if value is not None]


def value_ticks(chart: LineChart) -> list[Decimal]:
    """Round values for the axis, zero always among them, few for a small chart."""
    low, high = lowest(chart), highest(chart)
    step = round_step((high - low) / (2 if chart.is_small else 4))
    return [step * count for count in range(int(low / step), int(high / step) + 1)]


def _places_shown(chart: LineChart, most: int) -> list[int]:
    """Indices of the places named along the bottom: the last, and others in even steps before it."""
    count = len(chart.places)
    step = max(-(-count // most), 1)
    return list(range(count - 1, -1, -step))[::-1]


def _height(chart: LineChart) -> int:
    return _SMALL_HEIGHT if chart.is_small else _HEIGHT


def _layout(chart: LineChart, labels: LineLabels, theme: Theme) -> dict[str, Any]:
    ticks = value_ticks(chart)
    return {
        "height": _height(chart),
        "margin": {"l": 0, "r": 0, "t": 10, "b": 24 if chart.is_small else 44},
        "showlegend": False,
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": theme.ink},
        "hoverlabel": {"bgcolor": theme.paper, "bordercolor": theme.line, "font": {"family": FONT, "color": theme.ink}},
        "annotations": [] if chart.is_small else _names(chart, labels, theme),
        "xaxis": _bottom(chart, labels, theme, most=5),
        "yaxis": {
            "range": [float(lowest(chart)), _top(chart)],
            "tickvals": [float(tick) for tick in ticks],
            "ticktext": [plain(labels.short(tick)) + " " for tick in ticks],
            "title": {"text": plain(labels.y_title), "standoff": 8, "font": {"color": theme.muted}},
            "tickfont": {"color": theme.muted},
            "automargin": True,
            "gridcolor": theme.line,
            "zerolinecolor": theme.muted,
            "fixedrange": True,
        },
    }


def _top(chart: LineChart) -> float:
    """The upper end of what is shown, a little above the highest value."""
    low, high = float(lowest(chart)), float(highest(chart))
    return high + (high - low) * 0.06


def named_places(chart: LineChart, most: int) -> list[tuple[int, date | int]]:
    """The places named along the bottom, each with where it stands."""
    where = positions(chart)
    if not chart.named:
        return [(where[at], chart.places[at]) for at in _places_shown(chart, most)]
    shown: list[tuple[int, date | int]] = [
        (day, day) for day in chart.named if chart.is_small or (where and day <= where[-1])
    ]
    return shown if most > _FEW else shown[:: max(-(-len(shown) // _FEW), 1)]


def _bottom(chart: LineChart, labels: LineLabels, theme: Theme, most: int, room: float = _NAMES_ROOM) -> dict[str, Any]:
    where, shown = positions(chart), named_places(chart, most)
    room = 0.02 if chart.is_small else room
    last = max([*where[-1:], *(chart.named if chart.is_small else ())], default=1)
    width = (last - where[0] or 1) if where else 1
    first = where[0] if where else 0
    return {
        "range": [first - width * 0.01, first + width * (1 + room / (1 - room))],
        "tickvals": [at for at, _ in shown],
        "ticktext": [plain(labels.place(place)) for _, place in shown],
        "tickangle": 0,
        "title": {"text": plain(labels.x_title), "standoff": 8, "font": {"color": theme.muted}},
        "tickfont": {"color": theme.muted},
        "showgrid": False,
        "zeroline": False,
        "linecolor": theme.line,
        "fixedrange": True,
    }


def _narrow(chart: LineChart, labels: LineLabels, theme: Theme) -> dict[str, Any]:
    """The parts of the layout that a phone replaces."""
    return {"height": _height(chart), "xaxis": _bottom(chart, labels, theme, most=_FEW - 1, room=0.36)}


_FEW: Final = 3
"""Places a phone has room to name."""


def _names(chart: LineChart, labels: LineLabels, theme: Theme) -> list[dict[str, Any]]:
    """Each line's name at its end, in the line's colour, moved apart where lines end close together."""
    colours = line_colours([line.key for line in chart.lines], theme)
    low = float(lowest(chart))
    ends = []
    for line, name in zip(chart.lines, labels.lines, strict=True):
        known = [(x, float(y)) for x, y in zip(positions(chart), line.values, strict=True) if y is not None]
        if known:
            ends.append((*known[-1], name, colours[line.key]))
    notes, floor = [], low
    for x, y, name, colour in sorted(ends, key=lambda end: end[1]):
        floor = max(y, floor)
        notes.append(
            {
                "text": plain(name),
                "x": x,
                "y": floor,
                "xanchor": "left",
                "xshift": 6,
                "showarrow": False,
                "align": "left",
                "font": {"size": 12, "color": colour},
            }
        )
        floor += (_top(chart) - low) * _NAME_SPACE
    return notes
