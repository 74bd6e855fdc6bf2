"""The drawings of a night's page: each as plotly draws it, in all themes, and as SVG that stands there before and without scripts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from receivables import collection_wording, measure_wording, rating_wording, wording
from receivables.chapters.ratings import OVERDUE
from receivables.charts import (
    IN_PAGE,
    NOT_DUE,
    THEMES,
    Labels,
    LineLabels,
    bar_drawing,
    bucket_colours,
    figure_json,
    line_drawing,
    line_figure_json,
)
from receivables.customer_wording import customer_name
from receivables.language import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from receivables.chapters.trend import Trend
    from receivables.charts import Chart, Drawing, LineChart, Theme
    from receivables.language import Language
    from receivables.page_model import Ledger, NightPage

_NAME_COLUMNS: Final = 46
"""Columns of a name above its bar: what fits a phone."""
_PHONE: Final = 330
"""CSS pixels of a drawing on a phone; on others half of a page or all of it."""
_HALF, _WHOLE, _SMALL = 600, 1120, 280


@dataclass(frozen=True)
class Figure:
    """A drawing of a page: for plotly as JSON, one figure per theme, and as SVG, on a wide page and on a phone."""

    json: Markup
    still: Markup


def palettes(buckets: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """By theme the colours that a page's style sheet names: of its buckets in their order, and of lines."""
    return {
        name: {"bucket": list(bucket_colours(buckets, theme).values()), "course": list(theme.lines)}
        for name, theme in THEMES.items()
    }


def figures(page: NightPage, words: Language) -> dict[str, Figure]:
    """The drawings of a page by the name of their place."""
    keys = [bucket.key for bucket in page.buckets]
    drawn = {}
    for ledger in page.ledgers:
        labels = bucket_chart_labels(ledger, words, page.views.basis)
        drawn[f"aging-{ledger.currency}"] = _bars(ledger.bucket_chart, labels, keys, keys)
        labels = _customer_chart_labels(ledger, words)
        drawn[f"customers-{ledger.currency}"] = _bars(ledger.customer_chart, labels, keys, keys, _WHOLE)
    for place, trend in enumerate(page.trends, start=1):
        if trend.has_course:
            drawn[f"trend-{place}"] = _lines(trend.chart, trend_labels(trend, words), _WHOLE)
    for place, prospect in enumerate(page.prospects, start=1):
        chart = prospect.cash_chart
        drawn[f"cash-{place}"] = _lines(chart, collection_wording.cash_labels(chart, words))
    for place, rated in enumerate(page.ratings, start=1):
        if rated.grades:
            labels = rating_wording.grade_labels(rated, words)
            drawn[f"ratings-{place}"] = _bars(rated.chart, labels, [NOT_DUE, OVERDUE], keys)
    for name, chart in _collection_charts(page):
        drawn[name] = _lines(chart, collection_wording.line_labels(chart, words))
    return drawn


def _collection_charts(page: NightPage) -> Iterable[tuple[str, LineChart]]:
    for place, collection in enumerate(page.curves, start=1):
        yield f"curve-{place}", collection.curve
        yield f"chance-{place}", collection.chance_chart
        for kind in collection.kinds:
            for number, segment in enumerate(collection.of_kind(kind), start=1):
                yield f"segment-{place}-{kind}-{number}", segment.chart


def _bars(chart: Chart, labels: Labels, keys: list[str], buckets: list[str], width: int = _HALF) -> Figure:
    # who tells only what is due from what is not has the colour of the first bucket overdue
    place = {key: number for number, key in enumerate(buckets, start=1)}
    first_overdue = place.get(NOT_DUE, 1) + 1
    colours = {key: f"var(--bucket-{place.get(key, first_overdue)})" for key in keys}
    return Figure(
        _in_themes(lambda theme: figure_json(chart, labels, theme, bucket_colours(keys, theme))),
        _still(
            bar_drawing(chart, labels, IN_PAGE, colours, width),
            bar_drawing(chart, labels, IN_PAGE, colours, _PHONE, names_above=True),
        ),
    )


def _lines(chart: LineChart, labels: LineLabels, width: int = _HALF) -> Figure:
    return Figure(
        _in_themes(lambda theme: line_figure_json(chart, labels, theme)),
        _still(line_drawing(chart, labels, IN_PAGE, _SMALL))
        if chart.is_small
        else _still(
            line_drawing(chart, labels, IN_PAGE, width), line_drawing(chart, labels, IN_PAGE, _PHONE, on_phone=True)
        ),
    )


def _still(wide: Drawing, phone: Drawing | None = None) -> Markup:
    """The element or the two of which a page shows one; hidden from readers by ear, who are told what the figure's sentence says."""
    if phone is None:
        return Markup(wide.element('class="still"'))  # noqa: S704  # all text in it is escaped  # nosec B704
    return Markup(wide.element('class="still wide"') + phone.element('class="still phone"'))  # noqa: S704  # as above  # nosec B704


def _in_themes(drawn: Callable[[Theme], str]) -> Markup:
    themes = {name: json.loads(drawn(theme)) for name, theme in THEMES.items()}
    text = json.dumps(themes, ensure_ascii=False, separators=(",", ":"))
    # inside a script element only these can end it or open a comment; as escapes they are the same JSON
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # escaped above for the place it stands in  # nosec B704


def trend_labels(trend: Trend, words: Language) -> LineLabels:
    """The words of a company's course."""
    names = tuple(measure_wording.measure_name(line.key, words) for line in trend.chart.lines)
    return LineLabels(
        names,
        x_title="",
        y_title=trend.chart.unit,
        exact=lambda value: words.money(value, trend.chart.unit),
        short=words.short,
        place=words.day,
    )


def bucket_chart_labels(ledger: Ledger, words: Language, basis: str) -> Labels:
    """The words of the chart of buckets."""
    names = tuple(wording.bucket_label(line.bucket, words.text, basis) for line in ledger.lines)
    return _labels(names, ("",), ledger.currency, words)


def _customer_chart_labels(ledger: Ledger, words: Language) -> Labels:
    names = tuple(shortened(customer_name(line, words), _NAME_COLUMNS) for line in ledger.customers.lines)
    by_key = {line.bucket.key: wording.bucket_label(line.bucket, words.text) for line in ledger.lines}
    return _labels(names, tuple(by_key[series.key] for series in ledger.customer_chart.series), ledger.currency, words)


def _labels(categories: tuple[str, ...], series: tuple[str, ...], currency: str, words: Language) -> Labels:
    return Labels(categories, series, exact=lambda value: words.money(value, currency), short=words.short)
