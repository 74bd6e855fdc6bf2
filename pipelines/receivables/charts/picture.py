"""Charts as small pictures without a browser: our own SVG, drawn to PNG; only where a font of the machine has all letters of it.

A picture holds names of buckets and measures, amounts and dates, never the name of anybody.
"""

from __future__ import annotations

import os
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from receivables.charts.bars import axis_ticks
from receivables.charts.theme import THEMES, bucket_colours, line_colours

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from receivables.charts.bars import Chart, Labels
    from receivables.charts.lines import LineChart, LineLabels

WIDTH: Final = 560
"""CSS pixels: what mail programs give a message beside their lists, and twice a phone."""
_ZOOM: Final = 2
_ROW: Final = 22
_NAMES: Final = 150
_AMOUNTS: Final = 80
_TREND_HEIGHT: Final = 150
_TOP: Final = 8
_THEME: Final = THEMES["light"]

_FONTS: Final = {
    "cjk": (
        ("NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
        ("NotoSansCJKsc-Regular.otf", "Noto Sans CJK SC"),
        ("NotoSansSC-Regular.otf", "Noto Sans SC"),
        ("SourceHanSansSC-Regular.otf", "Source Han Sans SC"),
        ("SourceHanSansCN-Regular.otf", "Source Han Sans CN"),
        ("wqy-microhei.ttc", "WenQuanYi Micro Hei"),
        ("wqy-zenhei.ttc", "WenQuanYi Zen Hei"),
    ),
    "latin": (
        ("DejaVuSans.ttf", "DejaVu Sans"),
        ("NotoSans-Regular.ttf", "Noto Sans"),
        ("LiberationSans-Regular.ttf", "Liberation Sans"),
        ("FreeSans.ttf", "FreeSans"),
    ),
}
"""Font files looked for, best first, and the families they hold."""


@cache
def _font(script: str) -> tuple[str, str] | None:
    """The file and family of a font that draws a script; None where the machine has none."""
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    folders = [*(Path(folder) / "fonts" for folder in (own, *shared.split(":"))), Path.home() / ".fonts"]
    files = {path.name: path for folder in reversed(folders) if folder.is_dir() for path in folder.rglob("*.[ot]t[fc]")}
    found = ((str(files[name]), family) for name, family in _FONTS[script] if name in files)
    # a font for Chinese has the other letters too
    return next(found, None) or (_font("cjk") if script == "latin" else None)


def font_family(script: Literal["cjk", "latin"]) -> str | None:
    """The family that letters of a script are drawn with; None where the machine has no font for them."""
    found = _font(script)
    return found[1] if found else None


def _needed(text: str) -> str:
    return "cjk" if any("\u2e80" <= character <= "\uffef" for character in text) else "latin"


def _png(parts: list[str], height: int) -> bytes | None:
    """Draw a picture; None where no font has its letters."""
    import resvg_py

    font = _font(_needed("".join(parts)))
    if font is None:
        return None
    file, family = font
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="{family}" font-size="12">'
        f'<rect width="{WIDTH}" height="{height}" fill="{_THEME.paper}"/>{"".join(parts)}</svg>'
    )
    drawn = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=[file], zoom=_ZOOM)
    return bytes(drawn)


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'


def bar_picture(chart: Chart, labels: Labels) -> bytes | None:
    """A chart of one series as a PNG, its bars in the colours of their buckets; None where no font has its letters."""
    (only,) = chart.series
    colours = bucket_colours(chart.categories, _THEME)
    ticks = [float(tick) for tick in axis_ticks(chart)]
    low, high = min(0.0, *ticks, *map(float, only.values)), max(0.0, *ticks, *map(float, only.values))
    scale = (WIDTH - _NAMES - 2 * _AMOUNTS) / ((high - low) or 1)
    zero = _NAMES + _AMOUNTS - low * scale
    parts = []
    for place, (key, name, value) in enumerate(zip(chart.categories, labels.categories, only.values, strict=True)):
        top, length = _TOP + place * _ROW, float(value) * scale
        left = zero + min(length, 0)
        parts += [
            _text(0, top + 13, name, _THEME.ink),
            f'<rect x="{left:.1f}" y="{top + 2}" width="{abs(length):.1f}" height="{_ROW - 8}" fill="{colours[key]}"/>',
            _text(
                zero + length + (4 if value >= 0 else -4),
                top + 13,
                labels.short(value),
                _THEME.ink,
                "start" if value >= 0 else "end",
            ),
        ]
    height = 2 * _TOP + _ROW * len(chart.categories)
    axis = f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="{_TOP}" y2="{height - _TOP}" stroke="{_THEME.muted}"/>'
    return _png([*parts, axis], height)


def line_picture(chart: LineChart, labels: LineLabels) -> bytes | None:
    """A line chart as a PNG, each line named and told at its end; None where no font has its letters."""
    known = [float(value) for line in chart.lines for value in line.values if value is not None]
    low, high = min(0.0, *known), max(0.0, *known)
    width = WIDTH - 2 * _NAMES + _AMOUNTS
    scale, step = (_TREND_HEIGHT - 2 * _ROW) / ((high - low) or 1), width / max(len(chart.places) - 1, 1)

    def height_of(value: float) -> float:
        return _TOP + (high - value) * scale

    colours = line_colours([line.key for line in chart.lines], _THEME)
    ends: list[tuple[float, str, str]] = []
    parts = [f'<line x1="0" x2="{width}" y1="{height_of(0):.1f}" y2="{height_of(0):.1f}" stroke="{_THEME.line}"/>']
    for line, name in zip(chart.lines, labels.lines, strict=True):
        parts += [
            f'<polyline fill="none" stroke="{colours[line.key]}" stroke-width="2" points="{piece}"/>'
            for piece in _pieces(line.values, step, height_of)
        ]
        if line.values and (last := line.values[-1]) is not None:
            ends.append((height_of(float(last)), f"{name} {labels.short(last)}", colours[line.key]))
    lowest = 0.0
    for y, text, colour in sorted(ends):
        lowest = max(y + 4, lowest + 15)  # names of lines that end close to each other move apart
        parts.append(_text(width + 8, lowest, text, colour))
    bottom = _TREND_HEIGHT - _TOP
    if chart.places:
        parts.append(_text(0, bottom, labels.place(chart.places[0]), _THEME.muted))
        parts.append(_text(width, bottom, labels.place(chart.places[-1]), _THEME.muted, "end"))
    return _png(parts, _TREND_HEIGHT)


def _pieces(values: tuple[Decimal | None, ...], step: float, height_of: Callable[[float], float]) -> list[str]:
    """The points of a line between its gaps."""
    pieces: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{place * step:.1f},{height_of(float(value)):.1f}")
    return [" ".join(piece) for piece in pieces if piece]
