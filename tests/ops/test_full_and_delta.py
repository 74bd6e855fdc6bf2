"""What a later export leaves out: a full one says it is gone, a delta says nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import receivables
from factories import allocation, document
from homes import MONDAY, TUESDAY, WEDNESDAY, ask, business, changed, quick_night, tell, without


def test_a_document_missing_in_a_full_export_is_marked_and_stays_in_the_balance(home: Path) -> None:
    tell(home, {"document": without(business(), "document", "D2")["document"]}, TUESDAY)
    quick_night(home)
    assert ask(home, "select doc_id, missing_since from core.document where missing_since is not null") == [
        ("ES01:D2", TUESDAY)
    ]
    item = "select open_doc, bucket from marts.open_item where item_id = 'ES01:D2'"
    assert ask(home, item) == [(Decimal("250.50"), "not_due")]
    assert ask(home, "select sum(difference) from marts.aging_control") == [(0,)]


def test_a_document_that_comes_back_is_missing_no_more(home: Path) -> None:
    tell(home, {"document": without(business(), "document", "D2")["document"]}, TUESDAY)
    tell(home, {"document": business()["document"]}, WEDNESDAY)
    quick_night(home)
    assert ask(home, "select count(*) from core.document where missing_since is not null") == [(0,)]


def test_an_allocation_gone_from_a_full_export_is_void_from_that_day(home: Path) -> None:
    other = allocation("A2", "10.00", from_payment_id="P2", to_doc_id="D2", alloc_date=TUESDAY)
    tell(home, {"document": business()["document"], "allocation": [other]}, TUESDAY)
    quick_night(home)
    open_now = "select item_id, open_doc from marts.open_item where item_id in ('ES01:D1', 'ES01:P1') order by 1"
    assert ask(home, "select voided_date from core.allocation where allocation_id = 'ES01:A1'") == [(TUESDAY,)]
    assert ask(home, open_now) == [("ES01:D1", 100), ("ES01:P1", -60)]
    receivables.build(home, as_of=MONDAY)
    assert ask(home, open_now) == [("ES01:D1", 40)]


def test_a_delta_changes_what_it_tells_and_infers_nothing(home: Path) -> None:
    other = allocation("A2", "10.00", from_payment_id="P2", to_doc_id="D2", alloc_date=TUESDAY)
    tables = changed(business(), "document", "D1", due_date=date(2024, 3, 1))
    told = [row for row in tables["document"] if row["doc_id"] == "D1"] + [document("D4", "75.00", doc_date=TUESDAY)]
    tell(home, {"document": told, "allocation": [other]}, TUESDAY, full=False)
    quick_night(home)
    rows = ask(home, "select doc_id, due_date, missing_since from core.document where doc_id <> 'ES01:N1' order by 1")
    assert rows == [
        ("ES01:D1", date(2024, 3, 1), None),
        ("ES01:D2", date(2024, 3, 20), None),
        ("ES01:D3", date(2023, 6, 1), None),
        ("ES01:D4", date(2024, 4, 4), None),
    ]
    assert ask(home, "select allocation_id, voided_date from core.allocation order by 1") == [
        ("ES01:A1", None),
        ("ES01:A2", None),
    ]


def test_the_original_due_date_stays_the_first_told(home: Path) -> None:
    for day, due in ((TUESDAY, date(2024, 3, 1)), (WEDNESDAY, date(2024, 4, 1))):
        tables = changed(business(), "document", "D1", due_date=due)
        tell(home, {"document": [row for row in tables["document"] if row["doc_id"] == "D1"]}, day, full=False)
    quick_night(home)
    item = "select due_date_original, due_date, days_overdue, bucket from marts.open_item where item_id = 'ES01:D1'"
    assert ask(home, item) == [(date(2024, 2, 9), date(2024, 4, 1), -26, "not_due")]


def test_files_loaded_in_the_wrong_order_count_by_the_day_they_were_made(home: Path) -> None:
    tell(home, {"document": changed(business(), "document", "D1", due_date=date(2024, 4, 1))["document"]}, WEDNESDAY)
    receivables.ingest([home / "inbox"], home)
    tell(home, {"document": changed(business(), "document", "D1", due_date=date(2024, 3, 1))["document"]}, TUESDAY)
    quick_night(home)
    assert ask(home, "select due_date from core.document where doc_id = 'ES01:D1'") == [(date(2024, 4, 1),)]
