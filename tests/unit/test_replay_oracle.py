"""The replay oracle on ledgers small enough to work out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from factories import Row, allocation, document, instalment, payment
from replay_oracle import DEFAULT_RULES, Replay, bucket_of, half_up, replay

AS_OF = date(2026, 9, 30)
D = Decimal


def replayed(*rows: Row, as_of: date = AS_OF) -> Replay:
    """Sort rows into their tables by what they are about, then replay."""
    tables: dict[str, list[Row]] = {"document": [], "payment": [], "instalment": [], "allocation": []}
    keys = {"allocation_id": "allocation", "payment_id": "payment", "seq": "instalment", "doc_id": "document"}
    for row in rows:
        tables[next(table for key, table in keys.items() if key in row)].append(row)
    result = replay(tables, as_of)
    assert all(control.open_total == control.ledger_total for control in result.control.values())
    return result


def opened(result: Replay) -> dict[Any, Decimal]:
    """What is open in document currency: by item, or by item and seq where a document has several rows."""
    ids = [item.item_id for item in result.items]
    return {
        item.item_id if ids.count(item.item_id) == 1 else (item.item_id, item.seq): item.open_doc
        for item in result.items
    }


def test_aging_golden_of_four_invoices() -> None:
    result = replayed(
        document("I1", 1000, doc_date=date(2026, 7, 1), due_date=date(2026, 7, 31)),
        document("I2", 500, doc_date=date(2026, 8, 15), due_date=date(2026, 9, 14)),
        document("I3", 2000, doc_date=date(2026, 6, 10), due_date=date(2026, 7, 10), currency="USD", rate="0.90"),
        document("I4", 300, doc_date=date(2026, 9, 25), due_date=date(2026, 10, 25)),
        payment("P1", 400, pay_date=date(2026, 8, 10)),
        payment("P2", 100, pay_date=date(2026, 9, 30)),
        payment("P3", 500, pay_date=date(2026, 9, 1), currency="USD", rate="0.92"),
        payment("P4", 600, pay_date=date(2026, 10, 5)),
        allocation("A1", 400, from_payment_id="P1", to_doc_id="I1", alloc_date=date(2026, 8, 10)),
        allocation("A2", 100, from_payment_id="P2", to_doc_id="I2", alloc_date=date(2026, 9, 30)),
        allocation("A3", 500, from_payment_id="P3", to_doc_id="I3", alloc_date=date(2026, 9, 1)),
        allocation("A4", 600, from_payment_id="P4", to_doc_id="I1", alloc_date=date(2026, 10, 5)),
    )
    rows = {item.item_id: (item.open_doc, item.days_overdue, item.bucket, item.open_local) for item in result.items}
    expected: dict[str, Any] = {
        "I1": (600, 61, "d61_90", 600),
        "I2": (400, 16, "d1_30", 400),
        "I3": (1500, 82, "d61_90", 1350),
        "I4": (300, -25, "not_due", 300),
    }
    assert rows == expected
    assert sum(item.open_local for item in result.items) == 2650


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (None, "no_due_date"),
        (-1, "not_due"),
        (0, "not_due"),
        (1, "d1_30"),
        (30, "d1_30"),
        (31, "d31_60"),
        (731, "d731_plus"),
    ],
)
def test_bucket_edges_are_inclusive(days: int | None, bucket: str) -> None:
    assert bucket_of(days, DEFAULT_RULES) == bucket


@pytest.mark.parametrize(("exact", "rounded"), [("0.00005", "0.0001"), ("-0.00005", "-0.0001"), ("0.000049", "0")])
def test_halves_are_rounded_away_from_zero(exact: str, rounded: str) -> None:
    assert half_up(Fraction(exact)) == D(rounded)


@pytest.mark.parametrize(
    ("state", "cancelled_date", "is_open"),
    [
        ("posted", None, True),
        ("draft", None, False),
        ("cancelled", None, False),
        ("cancelled", date(2026, 9, 30), False),
        ("cancelled", date(2026, 10, 1), True),
        ("reversed", None, False),
        ("reversed", date(2026, 10, 1), True),
    ],
)
def test_state_decides_whether_a_document_counts(state: str, cancelled_date: date | None, *, is_open: bool) -> None:
    result = replayed(document("I1", 100, state=state, cancelled_date=cancelled_date))
    assert opened(result) == ({"I1": 100} if is_open else {})


def test_a_reversed_pair_is_gone_from_the_reversing_documents_own_date() -> None:
    pair = [
        document("I1", 100, state="reversed", reversed_by_doc_id="R1"),
        document("R1", -100, doc_date=date(2026, 8, 1), posting_date=date(2026, 8, 3), reverses_doc_id="I1"),
    ]
    assert opened(replayed(*pair, as_of=date(2026, 8, 2))) == {"I1": 100}
    assert opened(replayed(*pair, as_of=date(2026, 8, 3))) == {}


def test_a_draft_reversing_document_leaves_the_other_alone() -> None:
    result = replayed(document("I1", 100, reversed_by_doc_id="R1"), document("R1", -100, state="draft"))
    assert opened(result) == {"I1": 100}


@pytest.mark.parametrize(
    ("more", "is_open"),
    [
        ({"reversal_date": date(2026, 10, 1), "state": "reversed"}, True),
        ({"reversal_date": date(2026, 9, 30)}, False),
        ({"state": "cancelled"}, False),
        ({"state": "draft", "reversal_date": date(2027, 1, 1)}, False),
    ],
)
def test_a_payment_counts_until_its_reversal(more: Row, *, is_open: bool) -> None:
    assert opened(replayed(payment("P1", 100, **more))) == ({"P1": -100} if is_open else {})


def test_cash_on_a_cancelled_invoice_is_unapplied_again() -> None:
    result = replayed(
        document("I1", 100, state="cancelled", cancelled_date=date(2026, 9, 1)),
        payment("P1", 100),
        allocation("A1", 100, from_payment_id="P1", to_doc_id="I1"),
    )
    assert opened(result) == {"P1": -100}
    assert result.items[0].bucket == "unapplied"


def test_an_allocation_waits_for_both_ends_and_ends_when_voided() -> None:
    rows = [
        document("I1", 100, doc_date=date(2026, 9, 5)),
        payment("P1", 100, pay_date=date(2026, 9, 1)),
        allocation(
            "A1", 100, from_payment_id="P1", to_doc_id="I1", alloc_date=date(2026, 9, 2), voided_date=date(2026, 9, 20)
        ),
    ]
    assert opened(replayed(*rows, as_of=date(2026, 9, 4))) == {"P1": -100}
    assert opened(replayed(*rows, as_of=date(2026, 9, 19))) == {}
    assert opened(replayed(*rows, as_of=date(2026, 9, 20))) == {"I1": 100, "P1": -100}


def test_a_discount_clears_the_invoice_but_draws_no_cash() -> None:
    result = replayed(
        document("I1", 100, rate=2, currency="USD"),
        payment("P1", 98, currency="USD", rate=2),
        allocation("A1", 100, from_payment_id="P1", to_doc_id="I1", amount_local=D(200), discount_local=D(4)),
    )
    assert opened(result) == {}
    assert result.control["ES01", "USD"].discounts == 2


def test_an_orphan_or_an_unposted_end_has_no_effect_on_the_other() -> None:
    result = replayed(
        document("I1", 100),
        document("I2", 100, state="draft"),
        payment("P1", 100),
        allocation("A1", 40, from_payment_id="P1", to_doc_id="gone"),
        allocation("A2", 40, from_payment_id="P1", to_doc_id="I2"),
        allocation("A3", 40, from_payment_id="gone", to_doc_id="I1"),
    )
    assert opened(result) == {"I1": 100, "P1": -100}


def test_a_write_off_ignores_its_source() -> None:
    result = replayed(
        document("I1", 100),
        payment("P1", 30),
        allocation("A1", 60, kind="write_off", from_payment_id="P1", to_doc_id="I1"),
        allocation("A2", 0, kind="fx_difference", to_doc_id="I1", amount_local=D(-5)),
    )
    assert opened(result) == {"I1": 40, "P1": -30}
    assert result.control["ES01", "EUR"].sourceless == 60


def test_an_over_allocation_is_refused_on_both_ends_and_still_fills_the_sum() -> None:
    result = replayed(
        document("I1", 100),
        payment("P1", 500),
        allocation("A1", 90, from_payment_id="P1", to_doc_id="I1"),
        allocation("A2", 20, from_payment_id="P1", to_doc_id="I1", alloc_date=date(2026, 2, 1)),
        allocation("A3", 5, from_payment_id="P1", to_doc_id="I1", alloc_date=date(2026, 3, 1)),
    )
    assert opened(result) == {"I1": 10, "P1": -410}


def test_instalments_are_cleared_by_name_then_by_due_date() -> None:
    result = replayed(
        document("I1", 100, due_date=None),
        instalment("I1", 1, 40),
        instalment("I1", 2, 30, due_date=date(2026, 3, 1)),
        instalment("I1", 3, 20, due_date=date(2026, 2, 1)),
        payment("P1", 60),
        allocation("A1", 35, from_payment_id="P1", to_doc_id="I1", to_seq=2),
        allocation("A2", 10, from_payment_id="P1", to_doc_id="I1"),
    )
    # The last instalment is 30, not 20; 30 of the 35 named fit, 5 and the 10 go to the oldest due.
    assert opened(result) == {("I1", 1): 40, ("I1", 3): 15, "P1": -15}
    assert {item.seq: item.bucket for item in result.items if item.item_id == "I1"} == {1: "no_due_date", 3: "d181_365"}


@pytest.mark.parametrize(("paid", "left"), [("99.50", None), ("99.49", "0.51"), ("100.04", None)])
def test_a_small_rest_is_closed_once_something_was_allocated(paid: str, left: str | None) -> None:
    result = replayed(
        document("I1", 100), payment("P1", paid), allocation("A1", paid, from_payment_id="P1", to_doc_id="I1")
    )
    assert opened(result) == ({"I1": D(left)} if left else {})
    assert result.control["ES01", "EUR"].tolerance == (0 if left else 100 - D(paid))


def test_a_small_invoice_nobody_paid_stays_open() -> None:
    assert opened(replayed(document("I1", "0.40"))) == {"I1": D("0.40")}


def test_a_credit_note_is_one_row_and_can_be_drawn_on() -> None:
    result = replayed(
        document("I1", 100),
        document("K1", -60),
        instalment("K1", 1, -30),
        instalment("K1", 2, -30),
        allocation("A1", 25, kind="credit_note", from_doc_id="K1", from_seq=2, to_doc_id="I1"),
    )
    assert opened(result) == {"I1": 75, "K1": -35}


def test_money_returned_uses_up_the_receipt() -> None:
    result = replayed(
        payment("P1", 100),
        payment("P2", -30),
        document("F1", 50, kind="refund"),
        allocation("A1", 30, kind="netting", from_payment_id="P2", to_payment_id="P1"),
        allocation("A2", 50, from_payment_id="P1", to_doc_id="F1"),
    )
    assert opened(result) == {"P1": -20}


def test_an_instalment_without_date_is_due_with_its_document() -> None:
    result = replayed(document("I1", 100, due_date=date(2026, 9, 29)), instalment("I1", 1, 100))
    assert [item.days_overdue for item in result.items] == [1]


def test_an_instalment_that_is_a_credit_is_not_aged() -> None:
    result = replayed(document("I1", 100), instalment("I1", 1, 120), instalment("I1", 2, 10))
    assert {item.open_doc: item.bucket for item in result.items} == {120: "d181_365", -20: "unapplied"}


def test_two_items_on_the_same_side_are_not_set_off() -> None:
    result = replayed(
        document("I1", 100),
        document("I2", 50),
        document("Z1", 0),
        payment("P1", 10),
        allocation("A1", 50, kind="netting", from_doc_id="I2", to_doc_id="I1"),
        allocation("A2", "0.04", from_payment_id="P1", to_doc_id="Z1"),
    )
    assert opened(result) == {"I1": 100, "I2": 50, "P1": -10}


def test_a_bill_replaces_invoices_up_to_its_amount_and_stays_open() -> None:
    result = replayed(
        document("I1", 60),
        document("I2", 60),
        document("B1", 100, kind="bill_of_exchange"),
        allocation("A1", 60, kind="bill_transfer", from_doc_id="B1", to_doc_id="I1"),
        allocation("A2", 60, kind="bill_transfer", from_doc_id="B1", to_doc_id="I2"),
    )
    assert opened(result) == {"I2": 60, "B1": 100}
    assert result.control["ES01", "EUR"].moved == 60


def test_a_bill_taken_as_payment_is_drawn_on() -> None:
    result = replayed(
        document("I1", 60),
        payment("P1", 100, kind="bill_received"),
        allocation("A1", 60, kind="bill_transfer", from_payment_id="P1", to_doc_id="I1"),
    )
    assert opened(result) == {"P1": -40}


def test_an_allocation_across_currencies_moves_value_between_them() -> None:
    result = replayed(
        document("I1", 100, currency="USD", rate="0.9"),
        payment("P1", 100, customer_id=None),
        allocation("A1", 60, from_payment_id="P1", to_doc_id="I1", amount_from_doc=D(55), amount_local=D(54)),
    )
    assert opened(result) == {"I1": 40, "P1": -45}
    assert result.control["ES01", "USD"].moved == 60
    assert result.control["ES01", "EUR"].moved == -55
    assert {item.customer_id for item in result.items} == {"C1", "(unidentified)"}


def test_the_rest_keeps_its_booking_rate() -> None:
    result = replayed(
        document("I1", 300, amount_local=D(100)),
        payment("P1", 50),
        allocation("A1", 50, from_payment_id="P1", to_doc_id="I1", amount_local=D("16.67")),
    )
    assert result.items[0].open_local == D("83.3333")
