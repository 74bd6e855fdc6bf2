"""What all charts of a page share: colours, fonts, round axes, and text that no name can turn into markup."""

from __future__ import annotations

import html
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from plotly.offline import get_plotlyjs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOT_DUE: Final = "not_due"
NO_DUE_DATE: Final = "no_due_date"
UNAPPLIED: Final = "unapplied"

_ROUND_FACTORS: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
FONT: Final = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', 'PingFang SC', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
)


@dataclass(frozen=True)
class Theme:
    """Colours of a page: text, quieter text, lines, and the stops of the ramp from one day overdue to the oldest."""

    ink: str
    muted: str
    line: str
    paper: str
    not_due: str
    no_due_date: str
    unapplied: str
    overdue: tuple[str, ...]


# Blue against a ramp that darkens from yellow to brown-red: told apart with every common colour blindness and in grey.
THEMES: Final[Mapping[str, Theme]] = {
    "light": Theme(
        ink="#1b2330",
        muted="#5a6472",
        line="#d9dee5",
        paper="#ffffff",
        not_due="#4a7fae",
        no_due_date="#9aa3ad",
        unapplied="#7a6ea6",
        overdue=("#f3c65a", "#e9973c", "#cf5f2b", "#a03327", "#5f1a1b"),
    ),
    "dark": Theme(
        ink="#e8ecf1",
        muted="#a3adb9",
        line="#343d49",
        paper="#141a21",
        not_due="#6da6d8",
        no_due_date="#87919c",
        unapplied="#a99bd8",
        overdue=("#ffe6a6", "#fbc06a", "#ec8f4a", "#d5644a", "#b04848"),
    ),
}


def bucket_colours(buckets: Sequence[str], theme: Theme) -> dict[str, str]:
    """Give each bucket key its colour; the same buckets have the same colours in every chart and table of a page."""
    fixed = {NOT_DUE: theme.not_due, NO_DUE_DATE: theme.no_due_date, UNAPPLIED: theme.unapplied}
    overdue = [key for key in buckets if key not in fixed]
    steps = max(len(overdue) - 1, 1)
    ramp = {key: _blend(theme.overdue, place / steps) for place, key in enumerate(overdue)}
    return {key: fixed.get(key) or ramp[key] for key in buckets}


def _blend(stops: tuple[str, ...], position: float) -> str:
    place = position * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    share = place - low
    ends = zip(_channels(stops[low]), _channels(stops[low + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in ends)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def round_step(width: Decimal) -> Decimal:
    """The smallest round amount that is no less than a width."""
    power = Decimal(1).scaleb(width.adjusted())
    return next(power * factor for factor in _ROUND_FACTORS if power * factor >= width)


def hover(*lines: str) -> str:
    """The lines a pointer shows, none of them markup."""
    return "<br>".join(plain(line) for line in lines)


def plain(text: str) -> str:
    """Text as plotly must get it: in labels it reads `<b>` and entities as markup and `$x$` as mathematics."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def drawing_library() -> str:
    """The source of plotly.js, to stand once in a page."""
    return str(get_plotlyjs())
