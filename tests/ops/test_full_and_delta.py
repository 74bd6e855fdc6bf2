"""What a later export leaves out: a full one says it is gone, a delta says nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import receivables
from factories import allocation, document
from homes import MONDAY, TUESDAY, WEDNESDAY, ask, business, changed, quick_night, tell, without

PROFILE: Final = """
id = "{name}"
version = "1"
system = "erp"
title = "Lists that two tables of one ERP give"
status = "unverified"
based_on = "nothing"
shape = "invoices"
mode = "full"
key = ["doc_no"]
local_currency_from = "column"
[columns]
doc_no = {{ aliases = ["{label}"], required = true }}
customer = {{ aliases = ["client"], required = true }}
doc_date = {{ aliases = ["date"], required = true }}
due_date = {{ aliases = ["due"] }}
amount = {{ aliases = ["amount"], required = true }}
currency = {{ aliases = ["cur"] }}
local_currency = {{ aliases = ["local"] }}
company = {{ aliases = ["company"] }}
[[kinds]]
kind = "invoice"
"""

VANISHED: Final = "select action, count, raw_value from ops.issue where reason_code = 'STATE_VANISHED'"


def test_a_document_missing_in_a_full_export_is_marked_and_stays_in_the_balance(home: Path) -> None:
    tell(home, {"document": without(business(), "document", "D2")["document"]}, TUESDAY)
    quick_night(home)
    assert ask(home, "select doc_id, missing_since from core.document where missing_since is not null") == [
        ("ES01:D2", TUESDAY)
    ]
    item = "select open_doc, bucket from marts.open_item where item_id = 'ES01:D2'"
    assert ask(home, item) == [(Decimal("250.50"), "not_due")]
    assert ask(home, "select sum(difference) from marts.aging_control") == [(0,)]
    assert ask(home, VANISHED) == [("accept_warn", 1, "250.5000 EUR")]
    receivables.build(home, as_of=MONDAY)
    assert ask(home, VANISHED) == []


def test_a_document_that_comes_back_is_missing_no_more(home: Path) -> None:
    tell(home, {"document": without(business(), "document", "D2")["document"]}, TUESDAY)
    tell(home, {"document": business()["document"]}, WEDNESDAY)
    quick_night(home)
    assert ask(home, "select count(*) from core.document where missing_since is not null") == [(0,)]
    assert ask(home, VANISHED) == []


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
    assert ask(home, VANISHED) == []


def test_the_original_due_date_stays_the_first_told(home: Path) -> None:
    for day, due in ((TUESDAY, date(2024, 3, 1)), (WEDNESDAY, date(2024, 4, 1))):
        tables = changed(business(), "document", "D1", due_date=due)
        tell(home, {"document": [row for row in tables["document"] if row["doc_id"] == "D1"]}, day, full=False)
    quick_night(home)
    item = "select due_date_original, due_date, days_overdue, bucket from marts.open_item where item_id = 'ES01:D1'"
    assert ask(home, item) == [(date(2024, 2, 9), date(2024, 4, 1), -26, "not_due")]


def write_profiles(home: Path) -> None:
    """Two profiles of one system whose files give rows of one table: invoices one, debit notes the other."""
    for kind in ("invoices", "debits"):
        text = PROFILE.format(name=kind, label=f"{kind}_no")
        (home / "profiles" / f"{kind}.toml").write_text(text, encoding="utf-8")


def list_of(home: Path, kind: str, day: date, *numbers: str) -> Path:
    """A list of one of the two kinds, of some invoices of 10 euro."""
    rows = "".join(f"{number},C1,2024-01-10,2024-02-09,10.00,EUR,EUR,ES01\n" for number in numbers)
    path = home / "inbox" / f"{kind} {day}.csv"
    path.write_text(f"{kind}_no,client,date,due,amount,cur,local,company\n{rows}", encoding="utf-8")
    return path


def test_a_file_of_another_kind_says_nothing_of_what_is_gone(home: Path) -> None:
    """Monday's invoices are not missing because Tuesday's debit notes fill the same table."""
    write_profiles(home)
    list_of(home, "invoices", MONDAY, "R1", "R2")
    list_of(home, "debits", TUESDAY, "R8", "R9")
    quick_night(home)
    missing = "select doc_no, missing_since from core.document where doc_no like 'R%' order by 1"
    assert ask(home, missing) == [("R1", None), ("R2", None), ("R8", None), ("R9", None)]
    list_of(home, "invoices", WEDNESDAY, "R2")
    quick_night(home)
    assert ask(home, missing) == [("R1", WEDNESDAY), ("R2", None), ("R8", None), ("R9", None)]
