"""Charts: round axes, one colour per bucket, labels that no name can turn into markup."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from night_frames import BUCKETS, HOSTILE_NAMES
from receivables.charts import THEMES, Chart, Labels, Series, axis_ticks, bucket_colours, figure_json

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
