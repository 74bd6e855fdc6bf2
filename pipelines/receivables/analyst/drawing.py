"""The package's charts in a notebook: interactive where plotly's figures are shown, else a picture, else the sentence that says what it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from receivables.charts import (
    THEMES,
    Chart,
    LineChart,
    bar_picture,
    bucket_colours,
    figure_json,
    line_figure_json,
    line_picture,
)

if TYPE_CHECKING:
    from receivables.charts import Labels, LineLabels

_PLOTLY: Final = "application/vnd.plotly.v1+json"
_THEME: Final = THEMES["light"]


@dataclass(frozen=True)
class Drawing:
    """A chart as a notebook shows it; `picture` is a PNG, None where the machine has no font for its letters."""

    title: str
    figure: str
    picture: bytes | None

    def _repr_mimebundle_(self, **_asked: Any) -> dict[str, Any]:
        drawn = json.loads(self.figure)
        layout = drawn["layout"] | {"paper_bgcolor": _THEME.paper, "plot_bgcolor": _THEME.paper}
        shown: dict[str, Any] = {"text/plain": self.title, _PLOTLY: {"data": drawn["data"], "layout": layout}}
        return shown | ({"image/png": self.picture} if self.picture else {})


def bars(title: str, chart: Chart, labels: Labels) -> Drawing:
    """A chart of one series, its bars in the colours of their buckets."""
    colours = bucket_colours(chart.categories, _THEME)
    return Drawing(title, figure_json(chart, labels, _THEME, colours), bar_picture(chart, labels))


def lines(title: str, chart: LineChart, labels: LineLabels) -> Drawing:
    """A chart of lines."""
    return Drawing(title, line_figure_json(chart, labels, _THEME), line_picture(chart, labels))
