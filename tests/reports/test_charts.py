"""Charts: round axes, one colour per bucket, labels that no name can turn into markup."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree as ET

import pytest
from plotly import graph_objects

from night_frames import BUCKETS, HOSTILE_NAMES
from receivables.charts import (
    THEMES,
    Chart,
    Labels,
    Line,
    LineChart,
    LineLabels,
    Series,
    axis_ticks,
    bar_drawing,
    bucket_colours,
    figure_json,
    line_drawing,
    line_figure_json,
)
from receivables.charts.svg import text_width
from receivables.language import plain

if TYPE_CHECKING:
    from receivables.charts import Drawing

KEYS = [key for key, *_ in BUCKETS]


def bars(*amounts: str) -> Chart:
    values = tuple(Decimal(amount) for amount in amounts)
    return Chart("bars", "title", tuple(KEYS[: len(values)]), (Series("amount", values),), "EUR")


def stacked(names: tuple[str, ...], *series: Series) -> Chart:
    return Chart("stacked", "title", names, series, "EUR")


def drawn(chart: Chart, names: tuple[str, ...] | None = None) -> Any:
    labels = Labels(
        names or chart.categories, tuple(s.key for s in chart.series), exact=lambda v: f"EUR {v}", short=str
    )
    return json.loads(figure_json(chart, labels, THEMES["light"], bucket_colours(KEYS, THEMES["light"])))


@pytest.mark.parametrize(
    ("amounts", "ticks"),
    [
        (("0", "100"), [0, 25, 50, 75, 100]),
        (("99",), [0, 25, 50, 75]),
        (("-10", "100"), [0, 50, 100]),
        (("-100", "100"), [-100, -50, 0, 50, 100]),
        (("-7",), [-6, -4, -2, 0]),
        (("0", "0"), [0, Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), 1]),
        ((), [0, Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), 1]),
        (("123456789.12",), [0, 50_000_000, 100_000_000]),
    ],
)
def test_axes_have_round_ticks_through_zero(amounts: tuple[str, ...], ticks: list[int]) -> None:
    assert list(axis_ticks(bars(*amounts))) == ticks


def test_the_axis_reaches_over_the_sum_of_a_stack() -> None:
    chart = stacked(
        ("a",), Series("not_due", (Decimal(60),)), Series("d1_30", (Decimal(40),)), Series("unapplied", (Decimal(-50),))
    )
    axis = drawn(chart)["layout"]["xaxis"]
    assert axis["range"][0] == -50
    assert axis["range"][1] > 100
    assert axis["title"]["text"] == "EUR"


@pytest.mark.parametrize("theme", THEMES)
def test_every_bucket_has_a_colour_of_its_own_and_overdue_darkens_with_age(theme: str) -> None:
    colours = bucket_colours(KEYS, THEMES[theme])
    assert len(set(colours.values())) == len(KEYS)
    overdue = [_luminance(colours[key]) for key, low, _ in BUCKETS if low is not None]
    assert overdue == sorted(overdue, reverse=True)


@pytest.mark.parametrize("theme", THEMES)
def test_text_stands_out_from_the_page(theme: str) -> None:
    chosen = THEMES[theme]
    assert _contrast(chosen.ink, chosen.paper) > 7
    assert _contrast(chosen.muted, chosen.paper) > 4.5


def test_other_bucket_edges_keep_the_ends_of_the_ramp() -> None:
    few = bucket_colours(["not_due", "d1_60", "d61_plus", "unapplied"], THEMES["light"])
    many = bucket_colours(KEYS, THEMES["light"])
    assert (few["d1_60"], few["d61_plus"]) == (many["d1_30"], many["d731_plus"])
    assert bucket_colours(["not_due", "d1_plus"], THEMES["light"])["d1_plus"] == many["d1_30"]


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_bars_hold_the_amounts_and_their_labels() -> None:
    figure = drawn(bars("12.5", "0", "-3"))
    (trace,) = figure["data"]
    assert trace["x"] == [12.5, 0, -3]
    assert trace["hovertext"] == ["not_due<br>EUR 12.5", "d1_30<br>EUR 0", "d31_60<br>EUR -3"]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["12.5", "0", "-3"]


def test_customers_of_one_name_stay_two_bars() -> None:
    figure = drawn(stacked(("1", "2"), Series("not_due", (Decimal(1), Decimal(2)))), ("same", "same"))
    assert figure["data"][0]["y"] == [0, 1]
    assert [text.strip() for text in figure["layout"]["yaxis"]["ticktext"]] == ["same", "same"]


def test_a_phone_gets_names_above_the_bars_instead_of_beside_them() -> None:
    figure = drawn(bars("1", "2"))
    assert figure["layout"]["yaxis"]["automargin"] is True
    assert figure["narrow"]["yaxis"]["visible"] is False
    assert [note["text"] for note in figure["narrow"]["annotations"]] == ["not_due", "d1_30", "1", "2"]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_no_name_is_markup_or_mathematics_in_a_label(name: str) -> None:
    figure = drawn(stacked(("1",), Series("not_due", (Decimal(1),))), (name,))
    texts = [*figure["layout"]["yaxis"]["ticktext"], *(note["text"] for note in figure["narrow"]["annotations"])]
    texts += [line for text in figure["data"][0]["hovertext"] for line in text.split("<br>")]
    assert not any(sign in text for text in texts for sign in "<>$")


def still(chart: Chart, names: tuple[str, ...] | None = None, *, names_above: bool = False) -> ET.Element:
    labels = Labels(
        names or chart.categories, tuple(s.key for s in chart.series), exact=lambda v: f"EUR {v}", short=str
    )
    colours = bucket_colours(KEYS, THEMES["light"])
    return parsed(bar_drawing(chart, labels, THEMES["light"], colours, 600, names_above=names_above))


def parsed(drawing: Drawing) -> ET.Element:
    # our own text, which nothing from outside can turn into markup: that is what is tested
    return ET.fromstring(drawing.element(""))  # noqa: S314


def of_kind(root: ET.Element, tag: str, *names: str) -> list[tuple[float, ...]]:
    return [tuple(float(part.attrib[name]) for name in names) for part in root.iter(tag)]


def texts_of(root: ET.Element) -> list[str]:
    return [part.text or "" for part in root.iter("text")]


def spans(root: ET.Element) -> list[tuple[float, float]]:
    """From where to where each text reaches."""
    found = []
    for part in root.iter("text"):
        width = text_width(part.text or "")
        left = (
            float(part.attrib["x"]) - {"start": 0, "middle": width / 2, "end": width}[part.get("text-anchor", "start")]
        )
        # places are written with one decimal
        found.append((round(left, 1), round(left + width, 1)))
    return found


def test_a_still_drawing_shows_the_same_amounts_as_the_chart() -> None:
    root = still(bars("100", "50", "-25"))
    (whole, half, below) = of_kind(root, "rect", "x", "width")
    assert whole[1] == pytest.approx(2 * half[1], abs=0.1)
    assert whole[0] == half[0], "both begin at zero"
    assert below[0] + below[1] == pytest.approx(whole[0], abs=0.1), "and what is negative ends there"
    assert {"100", "50", "-25", "not_due", "EUR"} <= set(texts_of(root))


def test_the_parts_of_a_still_bar_lie_side_by_side_and_credits_left_of_zero() -> None:
    chart = stacked(
        ("a",), Series("not_due", (Decimal(60),)), Series("d1_30", (Decimal(40),)), Series("unapplied", (Decimal(-50),))
    )
    first, second, credit = of_kind(still(chart), "rect", "x", "width")
    assert second[0] == pytest.approx(first[0] + first[1], abs=0.1)
    assert credit[0] + credit[1] == pytest.approx(first[0], abs=0.1)
    assert "50" in texts_of(still(chart)), "what is told is the sum"


@pytest.mark.parametrize("names_above", [False, True])
@pytest.mark.parametrize("amounts", [("100", "50"), ("-100", "-50"), ("-7", "90"), ("0", "0")])
def test_nothing_of_a_still_drawing_lies_outside_of_it(amounts: tuple[str, ...], *, names_above: bool) -> None:
    root = still(bars(*amounts), names_above=names_above)
    for x, width in of_kind(root, "rect", "x", "width"):
        assert x >= 0
        assert x + width <= 600
    assert all(left >= 0 and right <= 600 for left, right in spans(root))


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
@pytest.mark.parametrize("names_above", [False, True])
def test_no_name_is_markup_in_a_still_drawing_nor_wider_than_its_room(name: str, *, names_above: bool) -> None:
    root = still(stacked(("1",), Series("not_due", (Decimal(1),))), (plain(name),), names_above=names_above)
    assert {part.tag for part in root.iter()} == {"svg", "rect", "text", "line"}
    told = texts_of(root)[-1].removesuffix("…")
    assert plain(name).startswith(told)
    assert text_width(told) <= 600


def course(*values: str | None, low: str | None = None) -> LineChart:
    known = tuple(None if value is None else Decimal(value) for value in values)
    ends = None if low is None else tuple(None if value is None else value * Decimal(low) for value in known)
    return LineChart("title", tuple(range(len(values))), (Line("cash", known, ends, known if ends else None),), "share")


def still_course(chart: LineChart, name: str = "cash", width: int = 600) -> ET.Element:
    labels = LineLabels((name,) * len(chart.lines), "days", "share of it", str, "{:,}".format, str)
    return parsed(line_drawing(chart, labels, THEMES["light"], width))


def test_a_still_line_rises_with_its_values_stops_at_gaps_and_tells_its_last() -> None:
    root = still_course(course("0.2", "0.4", None, "0.6"))
    (line,) = [part.attrib["points"] for part in root.iter("polyline")]
    (first, second) = [tuple(map(float, point.split(","))) for point in line.split()]
    assert first[0] < second[0]
    assert first[1] > second[1], "higher is nearer the top"
    ((alone_x, alone_y),) = of_kind(root, "circle", "cx", "cy")
    assert alone_x > second[0], "a value between gaps is a point"
    assert second[1] - alone_y == pytest.approx(first[1] - second[1], abs=0.2), "the scale is even"
    assert "cash 0.6" in texts_of(root)
    assert {"days", "share of it"} <= set(texts_of(root))


@pytest.mark.parametrize("width", [330, 560])
@pytest.mark.parametrize("name", ["More than 90 days overdue", "逾期超过九十天的应收账款总额", "cash"])
@pytest.mark.parametrize("value", ["2512", "-123456789", "1234567890123"])
def test_the_value_at_the_end_of_a_line_is_whole_however_long_its_name(width: int, name: str, value: str) -> None:
    root = still_course(replace(course("0", value), unit="EUR"), name, width)
    written = f"{Decimal(value):,}"
    *_, before, told = texts_of(root)
    assert told.endswith(written)
    assert name.startswith((before if told == written else told.removesuffix(written)).rstrip().removesuffix("…"))
    assert all(left >= 0 and right <= width for left, right in spans(root))


@pytest.mark.parametrize("width", [330, 560])
@pytest.mark.parametrize("value", ["0", "0.5", "1"])
def test_names_at_the_ends_of_lines_that_end_together_stand_apart_inside_the_drawing(width: int, value: str) -> None:
    chart = course("0", "1", value)
    lines = tuple(replace(chart.lines[0], key=f"line-{number}") for number in range(4))
    root = still_course(replace(chart, lines=lines), "More than 90 days overdue and a long name", width)
    heights = sorted(
        float(part.attrib["y"])
        for part in root.iter("text")
        if part.get("text-anchor", "start") == "start" and (part.text or "").startswith(("More", value))
    )
    assert len(heights) >= len(lines)
    assert all(after - before >= 14.9 for before, after in pairwise(heights))
    assert heights[0] >= 6
    assert heights[-1] <= float(root.attrib["viewBox"].split()[-1])


@pytest.mark.parametrize("values", [("100", "-50", "-100"), ("-20", "-50", "-100"), ("-100", "-50", "0")])
def test_a_still_line_below_zero_is_as_far_below_as_its_values_say(values: tuple[str, ...]) -> None:
    root = still_course(replace(course(*values), unit="EUR"))
    (line,) = [part.attrib["points"] for part in root.iter("polyline")]
    heights = [float(point.split(",")[1]) for point in line.split()]
    ticks = of_kind(root, "line", "y1", "y2")
    marks = [
        Decimal((part.text or "").replace(",", "")) for part in root.iter("text") if part.get("text-anchor") == "end"
    ]
    assert marks[0] < 0
    where = dict(zip(marks, [y for y, _ in ticks], strict=True))
    pixels = (where[marks[0]] - where[Decimal(0)]) / -float(marks[0])
    assert pixels > 0.5
    assert heights == pytest.approx([where[Decimal(0)] - float(value) * pixels for value in values], abs=0.2)


def test_a_still_band_reaches_from_one_end_of_the_interval_to_the_other() -> None:
    (band,) = still_course(course("0.4", "0.8", low="0.5")).iter("polygon")
    points = [tuple(map(float, point.split(","))) for point in band.attrib["points"].split()]
    assert len(points) == 4
    assert points[0][0] == points[-1][0]
    assert points[0][1] > points[-1][1]


def test_names_along_the_bottom_never_lie_upon_each_other() -> None:
    root = still_course(course(*["0.5"] * 400))
    where = sorted(
        (float(part.attrib["x"]), text_width(part.text or ""))
        for part in root.iter("text")
        if (part.text or "").isdigit()
    )
    assert len(where) >= 2
    assert all(x + width / 2 < other - other_width / 2 for (x, width), (other, other_width) in pairwise(where))


@pytest.mark.parametrize(
    "chart",
    [
        bars("-10", "100", "0"),
        bars(),
        stacked(
            ("a", "b"), Series("not_due", (Decimal(60), Decimal(1))), Series("unapplied", (Decimal(-50), Decimal(0)))
        ),
    ],
)
def test_plotly_itself_would_write_the_bars_so(chart: Chart) -> None:
    holds_what_plotly_writes(drawn(chart))


@pytest.mark.parametrize("is_small", [False, True])
@pytest.mark.parametrize("style", ["solid", "dotted", "circles"])
def test_plotly_itself_would_write_the_lines_so(
    style: Literal["solid", "dotted", "circles"], *, is_small: bool
) -> None:
    values, none = (Decimal("1.5"), None, Decimal(-2)), (None, None, None)
    lines = (Line("cash", values, values, values, style), Line("other", none))
    labels = LineLabels(("<b>one</b>", "two"), "days", "", str, str, str)
    chart = LineChart("title", (0, 30, 60), lines, "EUR", is_small=is_small)
    holds_what_plotly_writes(json.loads(line_figure_json(chart, labels, THEMES["dark"])))


def holds_what_plotly_writes(figure: Any) -> None:
    """Its classes check every property, and write what they are given in an order of their own."""
    narrow = figure.pop("narrow")
    assert json.dumps(graph_objects.Figure(figure).to_plotly_json()) == json.dumps(figure)
    assert json.dumps(graph_objects.Layout(narrow).to_plotly_json()) == json.dumps(narrow)
