"""Charts as small pictures without a browser: their SVG drawn to PNG, only where a font of the machine has all letters of it.

A picture holds names of buckets and measures, amounts and dates, never the name of anybody.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from receivables.charts.svg import bar_drawing, line_drawing
from receivables.charts.theme import THEMES, bucket_colours

if TYPE_CHECKING:
    from receivables.charts.bars import Chart, Labels
    from receivables.charts.lines import LineChart, LineLabels
    from receivables.charts.svg import Drawing

WIDTH: Final = 560
"""CSS pixels: what mail programs give a message beside their lists, and twice a phone."""
_ZOOM: Final = 2
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


def _png(drawing: Drawing) -> bytes | None:
    """Draw a picture; None where no font has its letters."""
    import resvg_py

    font = _font(_needed(drawing.inside))
    if font is None:
        return None
    file, family = font
    ground = replace(drawing, inside=f'<rect width="100%" height="100%" fill="{_THEME.paper}"/>{drawing.inside}')
    svg = ground.element(f'xmlns="http://www.w3.org/2000/svg" font-family="{family}"')
    drawn = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=[file], zoom=_ZOOM)
    return bytes(drawn)


def bar_picture(chart: Chart, labels: Labels) -> bytes | None:
    """A chart of one series as a PNG, its bars in the colours of their buckets; None where no font has its letters."""
    return _png(bar_drawing(chart, labels, _THEME, bucket_colours(chart.categories, _THEME), WIDTH))


def line_picture(chart: LineChart, labels: LineLabels) -> bytes | None:
    """A line chart as a PNG, each line named and told at its end; None where no font has its letters."""
    return _png(line_drawing(chart, labels, _THEME, WIDTH))
