"""The tie-out of the report: each stated balance with what is computed, what explains the difference, and whether somebody must look."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from night_frames import Night, night, stated
from receivables.pages import night_page
from receivables.render import render

MARKUP = re.compile(r"<[^>]+>")


@pytest.fixture
def made() -> Night:
    found = night(customers=6)
    found.stated = [
        stated(100, 100),
        stated(
            130, 100, "explained", as_of=date(2026, 9, 30), unallocated=-30, reasons="unapplied_receipt", alternatives=1
        ),
        stated(
            50, 100, "unexplained", source="aging", basis="erp_aging", timing=10, reasons="after_cutoff", unexplained=40
        ),
        stated(7, None, "not_computed", as_of=date(2020, 1, 31)),
    ]
    return found


def text_of(found: Night, language: str = "en", **settings: object) -> str:
    page = render(night_page(found.frames(), **settings), language)  # type: ignore[arg-type]
    section = page[page.index('<section id="tie-out"') :]
    return " ".join(MARKUP.sub(" ", section[: section.index("</section>")]).split())


def test_every_balance_stands_with_its_causes_the_worst_first(made: Night) -> None:
    tied = night_page(made.frames()).tie_out
    found: list[Any] = [
        (one.verdict, one.computed, one.asserted, one.difference, one.causes, one.unexplained) for one in tied.balances
    ]
    assert found == [
        ("unexplained", 100, 50, 50, (("timing", 10),), 40),
        ("explained", 100, 130, -30, (("unallocated", -30),), 0),
        ("ties", 100, 100, 0, (), 0),
        ("not_computed", None, 7, None, (), None),
    ]
    assert [one.has_alternatives for one in tied.balances] == [False, True, False, False]


def test_causes_and_rest_make_the_difference(made: Night) -> None:
    for one in night_page(made.frames()).tie_out.balances:
        if one.difference is not None and one.unexplained is not None:
            assert sum((amount for _, amount in one.causes), one.unexplained) == one.difference


@pytest.mark.parametrize(("amount", "is_asking", "asks"), [(1, True, True), (40, True, False), (1, False, False)])
def test_what_nothing_explains_asks_for_a_person_beyond_the_amount(
    made: Night, amount: int, is_asking: bool, asks: bool
) -> None:
    page = night_page(made.frames(), tie_out_amount=Decimal(amount), tie_out_asks=is_asking)
    assert bool(page.tie_out.asking) is asks
    assert page.needs_person is asks
    assert ("A balance that aging states for" in render(page, "en")) is asks


def test_the_balances_of_customers_are_added_up_and_those_that_differ_listed() -> None:
    found = night(customers=6)
    found.stated = [
        stated(100, 100, source="list", customer_id="ES01:A"),
        stated(20, 50, "explained", source="list", customer_id="ES01:B", unmatched=30),
        stated(5, 5.5, "unexplained", source="list", customer_id="ES01:C", unexplained=Decimal("0.5")),
    ]
    tied = night_page(found.frames()).tie_out
    (whole,) = tied.balances
    assert (whole.stated, whole.differing, whole.verdict) == (3, 2, "unexplained")
    assert [whole.asserted, whole.computed] == [Decimal(125), Decimal("155.5")]
    assert [one.customer_id for one in tied.customers] == ["ES01:C", "ES01:B"]
    assert not tied.asking  # half a euro is below the amount


def test_what_is_not_listed_is_counted() -> None:
    found = night(customers=6)
    found.stated = [stated(1, 1, source=f"list {number}", customer_id=f"C{number}") for number in range(32)]
    found.stated += [
        stated(1, 2, "explained", source="list", customer_id=f"C{number}", unmatched=1) for number in range(33)
    ]
    tied = night_page(found.frames()).tie_out
    assert (len(tied.balances), tied.others, len(tied.customers), tied.customers_left_out) == (30, 3, 30, 3)
    assert tied.balances[0].verdict == "explained"


def test_a_balance_stated_in_document_currency_alone_is_told_in_it() -> None:
    found = night(customers=6)
    found.stated = [
        {
            name: value
            for name, value in stated(100, 90, "unexplained", currency="USD", unexplained=-10).items()
            if not name.endswith("_local")
        }
    ]
    (one,) = night_page(found.frames()).tie_out.balances
    assert (one.unit, one.difference, one.beyond) == ("USD", Decimal(-10), True)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Unallocated: EUR -30.00 unapplied receipts it leaves out Other reasons would explain it as well."),
        ("es", "Sin asignar: -30,00 EUR cobros sin aplicar que omite Otras razones lo explicarían igualmente."),
        ("zh", "未分配：EUR -30.00 其未计入的未核销收款 其他原因亦可同样解释。"),
    ],
)
def test_causes_are_told_in_every_language(made: Night, language: str, words: str) -> None:
    assert words in text_of(made, language).replace("\u00a0", " ")


def test_names_of_a_file_are_no_markup(made: Night) -> None:
    made.stated[2]["source"] = "<script>alert(1)</script>"
    assert "<script>alert(1)" not in render(night_page(made.frames()), "en")


def test_open_amounts_the_erp_tells_otherwise_are_summed_with_what_is_believed() -> None:
    found = night(customers=6)
    found.mismatches = [
        {
            "company_id": "ES01",
            "currency": "EUR",
            "believed": "reported",
            "doc_id": f"D{number}",
            "reported_doc": Decimal(60),
            "computed_doc": Decimal(70),
            "difference_doc": Decimal(10),
        }
        for number in range(2)
    ]
    told = text_of(found)
    assert "Reported open Computed Difference" in told
    assert [amount in told for amount in ("120.00", "140.00", "20.00", "The reported amount")] == [True] * 4


def test_posted_revaluations_stand_beside_the_proof_and_not_in_it() -> None:
    found = night(customers=6)
    found.revaluations["ES01", "EUR"] = Decimal("-12.34")
    page = night_page(found.frames())
    proof = next(proof for proof in page.proofs if (proof.company_id, proof.currency) == ("ES01", "EUR"))
    assert proof.local.gl_balance - proof.local.open_total == Decimal("-12.34")
    assert proof.ties
    assert "Posted exchange revaluations" in render(page, "en")
    assert "Posted exchange revaluations" not in render(night_page(night(customers=6).frames()), "en")
