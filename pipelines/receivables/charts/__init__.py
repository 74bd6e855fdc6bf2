"""Charts: frozen records of what is shown, which know no language, no colour and no pixel, and the plotly figures drawn from them."""

from receivables.charts.bars import Chart, Labels, Series, axis_ticks, figure_json
from receivables.charts.lines import Line, LineChart, LineLabels, line_figure_json
from receivables.charts.picture import bar_picture, font_family, line_picture
from receivables.charts.spark import HEIGHT, WIDTH, Spark, spark
from receivables.charts.svg import Drawing, bar_drawing, line_drawing
from receivables.charts.theme import (
    IN_PAGE,
    NO_DUE_DATE,
    NOT_DUE,
    THEMES,
    UNAPPLIED,
    Theme,
    bucket_colours,
    drawing_library,
)

__all__ = [
    "HEIGHT",
    "IN_PAGE",
    "NOT_DUE",
    "NO_DUE_DATE",
    "THEMES",
    "UNAPPLIED",
    "WIDTH",
    "Chart",
    "Drawing",
    "Labels",
    "Line",
    "LineChart",
    "LineLabels",
    "Series",
    "Spark",
    "Theme",
    "axis_ticks",
    "bar_drawing",
    "bar_picture",
    "bucket_colours",
    "drawing_library",
    "figure_json",
    "font_family",
    "line_drawing",
    "line_figure_json",
    "line_picture",
    "spark",
]
