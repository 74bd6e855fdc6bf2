"""Ratios and trend: which days stand beside the as-of date, what cannot be told, and lines that are named where they end."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from night_frames import AS_OF, MONTH_ENDS, night
from receivables.assets import sql_dir
from receivables.chapters.trend import Reading, Trend, trends
from receivables.charts import THEMES, Line, LineChart, LineLabels, line_figure_json
from receivables.language import language_in, plain
from receivables.measure_wording import MEASURES, measure_name, reading_text, trend_summary, unit_name

EN = language_in("en")


def of_company(company_id: str) -> Trend:
    return next(trend for trend in trends(night().frames(), AS_OF) if trend.company_id == company_id)


def test_the_latest_month_end_and_the_one_a_quarter_before_stand_beside_the_as_of_date() -> None:
    trend = of_company("ES01")
    assert trend.columns == (AS_OF, MONTH_ENDS[0], MONTH_ENDS[3])
    now, month, quarter = trend.readings("receivables_total")
    assert now is not None
    assert (month, quarter) == tuple((now * part / 20).quantize(Decimal("0.00000001")) for part in (19, 16))


def test_every_month_end_is_drawn_in_its_order() -> None:
    chart = of_company("MX01").chart
    assert chart.places == (*reversed(MONTH_ENDS), AS_OF)
    assert chart.unit == "MXN"
    assert [line.key for line in chart.lines] == ["receivables_total", "overdue_total", "overdue_90_total"]


def test_a_single_day_has_no_course() -> None:
    frames = night().frames()
    kpi = frames["marts.kpi"]
    frames["marts.kpi"] = kpi[kpi["period_end"] == AS_OF]
    trend = next(iter(trends(frames, AS_OF)))
    assert not trend.has_course
    assert trend_summary(trend, EN) == "What was owed and overdue at each month end."


def test_what_cannot_be_told_says_what_is_known() -> None:
    now, month, quarter = of_company("ES02").of(["dso_countback_days"])[0].readings
    assert reading_text(now, "days", EN) == "41.3"
    assert reading_text(month, "days", EN) == "more than 1,220 days"
    assert reading_text(quarter, "days", EN) == "–"
    assert reading_text(month, "days", language_in("zh")) == "超过1,220天"


@pytest.mark.parametrize(
    ("value", "unit", "shown", "name"),
    [
        ("0.12345", "share", "12.3%", ""),
        ("83.783784", "percent", "83.8%", ""),
        ("0.0536", "index", "0.054", ""),
        ("1234", "count", "1,234", ""),
        ("-2.25", "days", "-2.3", "days"),
        ("1234567.891", "EUR", "1,234,567.89", "EUR"),
        ("1234567.891", "JPY", "1,234,568", "JPY"),
    ],
)
def test_measures_are_written_in_their_unit(value: str, unit: str, shown: str, name: str) -> None:
    assert reading_text(Reading(Decimal(value), None), unit, EN) == shown
    assert unit_name(unit, EN) == name


def test_the_summary_compares_with_the_earliest_day_shown() -> None:
    trend = of_company("ES01")
    now, *_, before = trend.readings("receivables_total")
    assert now is not None
    assert before is not None
    told = f"from {EN.money(before, 'EUR')} on 28 Feb 2026 to {EN.money(now, 'EUR')}"
    assert plain(told) in trend_summary(trend, EN)


def test_every_metric_that_the_models_make_has_a_name() -> None:
    """What `marts.kpi` holds is told by the models it is put together from."""
    named = {metric for measures in MEASURES.values() for metric in measures}
    made: set[str] = set()
    for model in (sql_dir() / "marts").glob("kpi_*.sql"):
        made.update(re.findall(r"'(\w+_(?:total|share|index|count|days|percent))'", model.read_text(encoding="utf-8")))
        made.update(re.findall(r"'(days_\w+)'", model.read_text(encoding="utf-8")))
    assert "dso_days" in made
    assert made == named
    assert measure_name("unheard_of", EN) == "unheard_of"


def drawn(*lines: Line, places: tuple[date, ...] | tuple[int, ...], unit: str = "share") -> Any:
    labels = LineLabels(tuple(f"<b>{line.key}</b>" for line in lines), "x", "y", exact=str, short=str, place=str)
    return json.loads(line_figure_json(LineChart("title", places, lines, unit), labels, THEMES["light"]))


def test_lines_stand_at_their_distance_in_days_and_gaps_stay_gaps() -> None:
    places = (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31))
    figure = drawn(Line("receivables_total", (Decimal(1), None, Decimal(3))), places=places, unit="EUR")
    (line,) = figure["data"]
    assert line["x"] == [0, 28, 59]
    assert line["y"] == [1.0, None, 3.0]
    assert figure["layout"]["xaxis"]["ticktext"] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert figure["layout"]["yaxis"]["range"][0] == 0


@pytest.mark.parametrize(
    ("values", "low", "unit", "begins", "ends", "ticks"),
    [
        (("100", "-300"), "-300", "EUR", -300, 124, [-300, -200, -100, 0, 100]),
        (("-20", "-100"), "-100", "EUR", -100, 6, [-100, -75, -50, -25, 0]),
        (("100", "400"), "-100", "EUR", -100, 430, [0, 200, 400]),
        (("0", "0"), "0", "EUR", 0, 1.06, [0, 0.25, 0.5, 0.75, 1]),
        (("0.5", "-0.1"), "-0.2", "share", 0, 1.06, [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_the_axis_reaches_below_zero_where_values_or_intervals_do(
    values: tuple[str, str], low: str, unit: str, begins: float, ends: float, ticks: list[float]
) -> None:
    known = tuple(map(Decimal, values))
    line = Line("cash", known, low=(Decimal(low),) * 2, high=known)
    layout = drawn(line, places=(0, 30), unit=unit)["layout"]
    assert layout["yaxis"]["range"] == pytest.approx([begins, ends])
    assert layout["yaxis"]["tickvals"] == ticks
    assert [note["y"] for note in layout["annotations"]] == [max(float(known[-1]), begins)]


def test_an_interval_is_drawn_only_where_both_its_ends_are_known() -> None:
    values = (Decimal("0.1"), Decimal("0.2"), Decimal("0.3"))
    line = Line(
        "cash",
        values,
        low=(None, Decimal("0.1"), Decimal("0.2")),
        high=(Decimal("0.3"), Decimal("0.4"), Decimal("0.5")),
    )
    band, drawn_line = drawn(line, places=(0, 30, 60))["data"]
    assert (band["x"], band["y"]) == ([30, 60, 60, 30], [0.1, 0.2, 0.5, 0.4])
    assert band["fill"] == "toself"
    assert drawn_line["y"] == [0.1, 0.2, 0.3]


def test_names_of_lines_that_end_together_stand_apart_and_are_no_markup() -> None:
    same = [Line(key, (Decimal(1), Decimal("0.5"))) for key in ("a", "b", "c")]
    notes = drawn(*same, places=(0, 10))["layout"]["annotations"]
    heights = sorted(note["y"] for note in notes)
    assert all(high - low >= 0.06 for low, high in pairwise(heights))
    assert {note["text"] for note in notes} == {f"&lt;b&gt;{key}&lt;/b&gt;" for key in "abc"}
    assert len({note["font"]["color"] for note in notes}) == 3


def test_many_places_are_named_in_even_steps_and_the_last_always() -> None:
    places = tuple(date(2024, 1, 31) + timedelta(days=31 * month) for month in range(25))
    axis = drawn(Line("cash", (Decimal(1),) * 25), places=places)["layout"]["xaxis"]
    assert len(axis["ticktext"]) <= 5
    assert axis["ticktext"][-1] == str(places[-1])
