"""The chapter on what is delivered, invoiced and due, on written terms and contact: shown only where the data exist, in every language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from night_frames import AS_OF, Frames, frame, night
from receivables.chapters.practice import Practice, practices
from receivables.chapters.trend import Measure, Reading
from receivables.language import language_in
from receivables.measure_wording import needs
from receivables.pages import night_page
from receivables.render import render
from receivables.settings import LANGUAGES

KPI = ("as_of", "company_id", "metric", "period_end", "value", "unit", "note")
FIGURES = {
    "without_term_total": ("6600", "EUR"),
    "without_term_share": ("0.25", "share"),
    "customers_without_term_count": ("12", "count"),
    "contact_latency_days": ("5.5", "days"),
    "contact_latency_median_days": ("7", "days"),
    "overdue_uncontacted_total": ("123.4", "EUR"),
    "contact_regularity_index": ("0.6254", "index"),
    "delivered_not_invoiced_total": ("300.5", "EUR"),
    "delivered_not_invoiced_count": ("2", "count"),
    "delivered_taken_back_total": ("0", "EUR"),
    "delivered_not_due_total": ("4000", "EUR"),
    "due_total": ("5000", "EUR"),
}
NEEDS = {"without": "needs_contracts", "contact": "needs_collection_log", "overdue": "needs_collection_log"}


def told(*left_out: str) -> Frames:
    """A night on which ES01 tells all but what is left out, and ES02 nothing."""
    made = night()
    made.customers.append({"company_id": "ES01", "customer_id": "hostile", "name": "<b>'x'</b>"})
    made.terms = [
        {"period_end": AS_OF, "company_id": "ES01", "customer_id": f"C{n:02}", "term_state": "expired"}
        | {"owed_local": Decimal(n * 100), "valid_to": date(2026, 1, 31)}
        for n in range(1, 12)
    ]
    made.terms += [
        made.terms[0] | {"customer_id": "fine", "term_state": "valid", "owed_local": Decimal(99_999)},
        made.terms[0]
        | {"customer_id": "before", "period_end": AS_OF - timedelta(days=30), "owed_local": Decimal(99_998)},
        made.terms[0] | {"company_id": "ES02", "customer_id": "silent", "term_state": None},
        made.terms[0] | {"customer_id": "hostile", "term_state": "no_contract", "owed_local": Decimal(0)},
    ]
    delivery = {"company_id": "ES01", "list": "delivered_not_invoiced", "delivered_on": AS_OF, "customer_id": "hostile"}
    made.deliveries = [
        delivery | {"delivery_id": "small", "value_local": Decimal("100.5"), "goods_count": 0},
        delivery
        | {"delivery_id": "large", "value_local": Decimal(200), "goods": "<i>Oil</i>", "goods_count": 3}
        | {"contract_total": Decimal(250), "contract_currency": "USD"},
        delivery | {"delivery_id": "due", "list": "due", "value_local": Decimal(900)},
    ]
    frames = made.frames()
    rows = [
        {"as_of": AS_OF, "company_id": company, "metric": metric, "period_end": AS_OF, "unit": unit}
        | ({"note": note} if (note := missing(company, metric, left_out)) else {"value": Decimal(value)})
        for company in ("ES01", "ES02")
        for metric, (value, unit) in FIGURES.items()
    ]
    frames["marts.kpi"] = pd.concat([frames["marts.kpi"], frame(rows, KPI)], ignore_index=True)
    return frames


def missing(company: str, metric: str, left_out: tuple[str, ...]) -> str | None:
    note = next((code for start, code in NEEDS.items() if start in metric.split("_")[0:2]), "needs_deliveries")
    if metric == "customers_without_term_count":
        note = "needs_contracts"
    return note if company == "ES02" or note in left_out else None


def chapter(*left_out: str) -> Practice:
    (made,) = practices(told(*left_out), AS_OF)
    return made


def test_only_companies_that_tell_something_have_the_chapter() -> None:
    assert chapter().company_id == "ES01"
    assert list(practices(told(*set(NEEDS.values()), "needs_deliveries"), AS_OF)) == []
    assert list(practices(night().frames(), AS_OF)) == []


@pytest.mark.parametrize(
    ("left_out", "shown"),
    [
        ("needs_contracts", (False, True, True)),
        ("needs_deliveries", (True, False, True)),
        ("needs_collection_log", (True, True, False)),
    ],
)
def test_what_is_not_told_is_left_out(left_out: str, shown: tuple[bool, ...]) -> None:
    made = chapter(left_out)
    assert (made.terms is not None, made.deliveries is not None, made.contact is not None) == shown


def test_the_ten_largest_without_a_term_stand_by_themselves() -> None:
    terms = chapter().terms
    assert terms is not None
    assert [line.customer_id for line in terms.lines] == [f"C{n:02}" for n in range(11, 1, -1)]
    assert (terms.others, terms.rest) == (2, Decimal(100))
    assert (terms.total, terms.share, terms.customers) == (Decimal(6600), Decimal("0.25"), 12)
    assert {line.until for line in terms.lines} == {date(2026, 1, 31)}


def test_deliveries_not_invoiced_come_with_goods_and_order_total() -> None:
    deliveries = chapter().deliveries
    assert deliveries is not None
    large, small = deliveries.lines
    assert (large.delivery_id, large.goods, large.other_goods) == ("large", "<i>Oil</i>", 2)
    assert (large.order_total, large.order_currency) == (Decimal(250), "USD")
    assert (small.goods, small.other_goods, small.order_total) == (None, 0, None)
    assert (deliveries.others, deliveries.not_invoiced) == (0, Decimal("300.5"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chapter_is_told_and_names_are_no_markup(language: str) -> None:
    page = night_page(told())
    html = render(page, language)
    assert '<section id="practice"' in html
    assert 'href="#practice"' in html
    assert "<b>'x'" not in html
    assert "<i>Oil</i>" not in html
    assert {"en": "5.5 days", "es": "5,5 días", "zh": "5.5天"}[language] in html
    without = render(replace(page, practices=()), language)
    assert 'href="#practice"' not in without
    assert '<section id="practice"' not in without


def test_measures_that_cannot_be_told_say_in_one_line_what_they_need() -> None:
    def measure(metric: str, *readings: tuple[str | None, str | None]) -> Measure:
        return Measure(metric, "days", tuple(Reading(Decimal(v) if v else None, note) for v, note in readings))

    absent = measure("a", (None, "needs_contracts"), (None, "needs_contracts"))
    partly = measure("b", ("1", None), (None, "needs_contracts"))
    empty = measure("c", (None, None))
    far = measure("d", (None, "beyond_history 90"))
    logged = measure("e", (None, "needs_collection_log"))
    assert [m.needs for m in (absent, partly, empty, far)] == ["needs_contracts", None, None, None]
    words: dict[str, Any] = {language: language_in(language) for language in LANGUAGES}
    assert needs([partly, empty, far], words["en"]) == ""
    assert needs([absent, absent, logged], words["en"]) == "Not evaluated: needs contracts, a collection log."
    assert needs([absent, logged], words["es"]) == "Sin evaluar: faltan contratos, un registro de gestiones de cobro."
    assert needs([absent, logged], words["zh"]) == "未评估：需要合同、催收记录。"
