"""Charts as SVG of our own: what a page shows before and without scripts, and what small pictures are drawn from.

The same records as plotly's figures are made of. Sizes are CSS pixels; colours come with the theme, which may name CSS variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from receivables.charts.bars import axis_ticks, columns, extent
from receivables.charts.lines import highest, lowest, named_places, positions, value_ticks
from receivables.charts.theme import line_colours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from receivables.charts.bars import Chart, Labels
    from receivables.charts.lines import Line, LineChart, LineLabels
    from receivables.charts.theme import Theme

FONT_SIZE: Final = 12
_ROW: Final = 25
_TALL_ROW: Final = 42
"""A row whose name stands above its bar."""
_BAR: Final = 15
_TOP: Final = 6
_BOTTOM: Final = 38
"""Room for the names along an axis and what they are of."""
_GAP: Final = 6
_MOST_NAMES: Final = 0.4
"""Share of the width that names may take."""
_HEIGHT: Final = 260
_SMALL_HEIGHT: Final = 110
_APART: Final = 15
"""Between the names of two lines that end close to each other."""
_WIDE_LETTER: Final = "\u2e80"
"""From here on letters are as wide as high."""


@dataclass(frozen=True)
class Drawing:
    """A drawn chart: what is inside the svg element, and how large it is."""

    inside: str
    width: int
    height: int

    def element(self, attributes: str) -> str:
        """The svg element, as it may stand in a page."""
        size = f'viewBox="0 0 {self.width} {self.height}" font-size="{FONT_SIZE}"'
        return f"<svg {attributes} {size}>{self.inside}</svg>"


def text_width(text: str) -> float:
    """About how wide a text is: no font is asked."""
    return sum(FONT_SIZE if letter >= _WIDE_LETTER else FONT_SIZE * 0.62 for letter in text)


def bar_drawing(
    chart: Chart, labels: Labels, theme: Theme, colours: Mapping[str, str], width: int, *, names_above: bool = False
) -> Drawing:
    """Horizontal bars, the first category on top, each with its amount at its end; `colours` by bucket or series."""
    row = _TALL_ROW if names_above else _ROW
    amounts = [sum(column, Decimal(0)) for column in columns(chart)]
    written = [labels.short(amount) for amount in amounts]
    ticks = {tick: labels.short(tick) for tick in axis_ticks(chart)}
    # half of the axis's first mark stands left of where bars begin, half of its last right of where the longest may end
    halves = [text_width(mark) / 2 for mark in ticks.values()]
    names = halves[0]
    if not names_above:
        names = min(max(map(text_width, labels.categories), default=0) + 2 * _GAP, width * _MOST_NAMES)
    low, high = (float(end) for end in extent(chart))
    room = max([*halves, *(text_width(amount) + _GAP for amount in written)])
    before = room if low < 0 else 0
    scale = (width - names - room - before) / (high - low)
    zero = names + before - low * scale

    def x(value: Decimal | float) -> float:
        return zero + float(value) * scale

    bottom = _TOP + row * len(chart.categories)
    parts = []
    for tick, mark in ticks.items():
        parts.append(_rule(x(tick), _TOP, x(tick), bottom, theme.muted if not tick else theme.line))
        parts.append(_text(x(tick), bottom + 14, mark, theme.muted, "middle"))
    parts.append(_text((names + width) / 2, bottom + 31, chart.unit, theme.muted, "middle"))
    for place, name in enumerate(labels.categories):
        top = _TOP + place * row + row - _BAR - (row - _BAR if not names_above else 8) / 2
        ends = {1: zero, -1: zero}
        for key, value in _pieces_of(chart, place):
            side = -1 if value < 0 else 1
            length = abs(float(value)) * scale
            left = ends[side] - (length if side < 0 else 0)
            ends[side] += side * length
            parts.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{length:.1f}" height="{_BAR}" {_fill(colours[key])}/>'
            )
        is_left = amounts[place] < 0 and ends[1] == zero
        end = ends[-1] - 4 if is_left else ends[1] + 4
        parts.append(_text(end, top + 12, written[place], theme.ink, "end" if is_left else "start"))
        name_at = (0, top - 5) if names_above else (0, top + 12)
        colour = theme.muted if names_above else theme.ink
        parts.append(_text(*name_at, _cut(name, width if names_above else names - _GAP), colour))
    return Drawing("".join(parts), width, bottom + _BOTTOM)


def _pieces_of(chart: Chart, place: int) -> list[tuple[str, Decimal]]:
    """The parts of a bar, each with the key of its colour."""
    if chart.kind == "bars":
        return [(chart.categories[place], chart.series[0].values[place])]
    return [(series.key, series.values[place]) for series in chart.series if series.values[place]]


def line_drawing(chart: LineChart, labels: LineLabels, theme: Theme, width: int, *, on_phone: bool = False) -> Drawing:
    """Lines, each named with its last value, with bands where an interval is known."""
    height = _SMALL_HEIGHT if chart.is_small else _HEIGHT
    ticks = value_ticks(chart)
    marks = [labels.short(tick) for tick in ticks]
    left = max(map(text_width, marks), default=0) + _GAP
    top = _TOP + (8 if chart.is_small else 22)
    bottom = height - (18 if chart.is_small else _BOTTOM)
    ends = {} if chart.is_small else _endings(chart, labels)
    room = _room(list(ends.values()), width)
    right = width - room - 2 * _GAP
    low, high = float(lowest(chart)), float(highest(chart))
    where = positions(chart)
    first, last = (
        (where[0], max(where[-1], *chart.named) if chart.is_small and chart.named else where[-1]) if where else (0, 1)
    )

    def x(position: float) -> float:
        return left + (position - first) / ((last - first) or 1) * (right - left)

    def y(value: Decimal | float) -> float:
        return bottom - max(min((float(value) - low) / (high - low), 1.04), -0.04) * (bottom - top)

    parts = []
    for tick, mark in zip(ticks, marks, strict=True):
        parts.append(_rule(left, y(tick), right, y(tick), theme.muted if not tick else theme.line))
        parts.append(_text(left - 4, y(tick) + 4, mark, theme.muted, "end"))
    parts += _bottom_marks(
        [(x(at), labels.place(place)) for at, place in named_places(chart, 2 if on_phone else 5)],
        left,
        right,
        bottom + 14,
        theme,
    )
    if not chart.is_small:
        parts.append(_text(0, 11, labels.y_title, theme.muted))
        parts.append(_text((left + right) / 2, bottom + 31, labels.x_title, theme.muted, "middle"))
    colours = line_colours([line.key for line in chart.lines], theme)
    for line in chart.lines:
        parts.append(_band(line, where, x, y, colours[line.key]))
    for line in chart.lines:
        parts += _course(line, where, x, y, colours[line.key])
    named = sorted(ends.items(), key=lambda item: y(item[1][0]))
    lines = [_ending(name, short, room) for _, (_, name, short) in named]
    apart = _APART * max(map(len, lines), default=1)
    tops = _apart([y(end) + 4 for _, (end, _, _) in named], apart, bottom + _APART - apart)
    for (key, _), told, at in zip(named, lines, tops, strict=True):
        parts += [_text(right + _GAP, at + _APART * row, text, colours[key]) for row, text in enumerate(told)]
    return Drawing("".join(parts), width, height)


def _bottom_marks(marks: Sequence[tuple[float, str]], left: float, right: float, y: float, theme: Theme) -> list[str]:
    """The names along the bottom inside the drawing, the last first: of two that have no room the earlier gives way."""
    parts, free = [], float("inf")
    for x, text in reversed(marks):
        half = text_width(text) / 2
        middle = max(min(x, right - half), left - _GAP + half)
        if middle + half + _GAP <= free:
            parts.append(_text(middle, y, text, theme.muted, "middle"))
            free = middle - half
    return parts


_Ending = tuple[Decimal, str, str]
"""Where a line ends, its name, and the value as it is written there."""


def _endings(chart: LineChart, labels: LineLabels) -> dict[str, _Ending]:
    """The last known value of every line."""
    found = {}
    for line, name in zip(chart.lines, labels.lines, strict=True):
        known = [value for value in line.values if value is not None]
        if known:
            found[line.key] = (known[-1], name, labels.short(known[-1]))
    return found


def _room(ends: Sequence[_Ending], width: int) -> float:
    """What names and values at the ends of lines may take: where there is too little, names are cut, never a value."""
    whole = max((text_width(f"{name} {short}") for _, name, short in ends), default=0)
    return max(min(whole, width * _MOST_NAMES - 2 * _GAP), *(text_width(short) for _, _, short in ends), 0)


def _ending(name: str, short: str, room: float) -> tuple[str, ...]:
    """A name and its value: beside each other where there is room, else one below the other."""
    whole = f"{name} {short}"
    return (whole,) if text_width(whole) <= room else (_cut(name, room), short)


def _apart(wanted: Sequence[float], apart: float, bottom: float) -> list[float]:
    """Heights in their order, none closer than `apart` to the next; what would lie below `bottom` moves up with those above it."""
    downwards = list(accumulate(wanted, lambda before, at: max(at, before + apart)))
    return list(accumulate(reversed(downwards), lambda below, at: min(at, below - apart), initial=bottom + apart))[
        :0:-1
    ]


def _band(
    line: Line, where: Sequence[int], x: Callable[[float], float], y: Callable[[Decimal], float], colour: str
) -> str:
    """The area between the ends of the interval, only where both are known."""
    known = [
        (x(place), y(low), y(high))
        for place, low, high in zip(where, line.low or (), line.high or (), strict=False)
        if low is not None and high is not None
    ]
    if not known:
        return ""
    around = [(at, low) for at, low, _ in known] + [(at, high) for at, _, high in reversed(known)]
    return f'<polygon points="{_points(around)}" {_fill(colour)} fill-opacity=".16"/>'


def _course(
    line: Line, where: Sequence[int], x: Callable[[float], float], y: Callable[[Decimal], float], colour: str
) -> list[str]:
    """A line between its gaps; single values as circles."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for place, value in zip(where, line.values, strict=True):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((x(place), y(value)))
    alone = f'r="3.5" fill="none" {_stroke(colour)}' if line.style == "circles" else f'r="2.5" {_fill(colour)}'
    circles = [
        f'<circle cx="{at:.1f}" cy="{up:.1f}" {alone}/>'
        for piece in pieces
        for at, up in piece
        if line.style == "circles" or len(piece) == 1
    ]
    if line.style == "circles":
        return circles
    dots = ' stroke-dasharray="2 4"' if line.style == "dotted" else ""
    return circles + [
        f'<polyline points="{_points(piece)}" fill="none" {_stroke(colour)} stroke-width="2.25"{dots}/>'
        for piece in pieces
        if len(piece) > 1
    ]


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _fill(colour: str) -> str:
    return f'style="fill:{colour}"'


def _stroke(colour: str) -> str:
    return f'style="stroke:{colour}"'


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {_stroke(colour)}/>'


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{side} {_fill(colour)}>{escape(text)}</text>'


def _cut(text: str, width: float) -> str:
    """As much of a text as has room; nothing where no letter has."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) + FONT_SIZE > width:
        text = text[:-1].rstrip()
    return f"{text}…" if text else ""
