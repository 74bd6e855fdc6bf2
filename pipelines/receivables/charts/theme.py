"""What all charts of a page share: colours, fonts, round axes, and text that no name can turn into markup."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

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
    """Colours of a page: text, quieter text, rules, the stops of the ramp from one day overdue to the oldest, and lines in turn."""

    ink: str
    muted: str
    line: str
    paper: str
    not_due: str
    no_due_date: str
    unapplied: str
    overdue: tuple[str, ...]
    lines: tuple[str, ...]


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
        lines=("#1f4e79", "#b8561f", "#6a5d9c", "#3b7a57", "#5a6472"),
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
        lines=("#8fbfe8", "#ec8f4a", "#a99bd8", "#7fc4a0", "#a3adb9"),
    ),
}

IN_PAGE: Final = Theme(
    ink="var(--ink)",
    muted="var(--muted)",
    line="var(--line)",
    paper="var(--paper)",
    not_due="",
    no_due_date="",
    unapplied="",
    overdue=(),
    lines=tuple(f"var(--course-{place})" for place in range(1, 6)),
)
"""The colours of whatever theme a page is read in; those of buckets are `--bucket-` and their place among the page's."""


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


_LINES: Final = {
    "receivables_total": 0,
    "overdue_total": 1,
    "overdue_90_total": 2,
    "cash": 0,
    "shrunk": 0,
    "loss": 1,
    "dilution": 2,
    "benchmark_a": 4,
    "benchmark_d": 3,
    "company": 4,
}
"""Measures whose line has the same colour in every chart; any other takes the next that is free."""


def line_colours(keys: Sequence[str], theme: Theme) -> dict[str, str]:
    """Give each line its colour."""
    taken = {_LINES[key] for key in keys if key in _LINES}
    free = [place for place in range(len(theme.lines)) if place not in taken] or [0]
    others = {key: free[count % len(free)] for count, key in enumerate(key for key in keys if key not in _LINES)}
    return {key: theme.lines[_LINES.get(key, others.get(key, 0))] for key in keys}


def see_through(colour: str) -> str:
    """A colour for an area that lets what lies behind it be seen."""
    return "rgba({}, {}, {}, 0.16)".format(*_channels(colour))


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


def figure_text(
    kind: Literal["bar", "scatter"],
    traces: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    narrow: Mapping[str, Any],
) -> str:
    """A figure of traces of one kind as plotly.js reads it, and under `narrow` what a phone replaces of its layout. Plain JSON, not yet safe for any place."""
    # to the letter what plotly's own classes write, which check each property of each figure anew
    told = {
        "data": [{**_in_order(trace), "type": kind} for trace in traces],
        "layout": _in_order({**_laid_out(layout), "template": _NO_TEMPLATE}),
        "narrow": _in_order(_laid_out(narrow)),
    }
    return json.dumps(told, ensure_ascii=False)


_NO_TEMPLATE: Final = {"data": {"scatter": [{"type": "scatter"}]}}


def _laid_out(layout: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in layout.items() if part != []}


def _in_order(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _in_order(part[name]) for name in sorted(part)}
    return [_in_order(one) for one in part] if isinstance(part, list) else part


def drawing_library() -> str:
    """The source of plotly.js, to stand once in a page."""
    return str(get_plotlyjs())
