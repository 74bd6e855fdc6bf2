"""Which source of open amounts is believed: allocations, the ERP's own open amounts, or a report that only states balances."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import receivables
from factories import allocation, company, document, payment, write_canonical
from receivables.land import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from factories import Row

pytestmark = pytest.mark.usefixtures("quick_homes")

DAY = date(2026, 3, 31)
DOCUMENT = document("D", 100, reported_open_doc=Decimal(60), reported_as_of=DAY)


def told(home: Path, tables: Mapping[str, list[Row]], mode: str = "full", day: date = DAY) -> None:
    home.mkdir(parents=True, exist_ok=True)
    files = write_canonical(home / f"files-{day}-{mode}", {"company": [company()]} | dict(tables), "ES01", day)
    receivables.ingest(files, home, reading=Reading(mode=None if mode == "full" else mode))


def ask(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with receivables.open_warehouse(home) as warehouse:
        return warehouse.con.execute(sql).fetchall()


def in_part(payment_rows: list[Row] | None = None) -> dict[str, list[Row]]:
    used = allocation("A", 25, from_payment_id="P", to_doc_id="D")
    return {"document": [DOCUMENT], "payment": payment_rows or [payment("P", 25)], "allocation": [used]}


def test_with_allocations_the_computed_amount_is_believed_and_the_difference_told(tmp_path: Path) -> None:
    told(tmp_path, in_part())
    receivables.build(tmp_path)
    assert ask(tmp_path, "select open_doc from marts.open_item where item_id = 'ES01:D'") == [(75,)]
    assert ask(tmp_path, "select believed, reported_doc, computed_doc, difference_doc from marts.open_mismatch") == [
        ("computed", 60, 75, 15)
    ]


def test_of_a_list_of_open_items_the_reported_amount_is_believed_though_part_of_the_allocations_is_told(
    tmp_path: Path,
) -> None:
    told(tmp_path, in_part([payment("P", 25, reported_unapplied_local=Decimal(0))]), "open_items")
    receivables.build(tmp_path)
    assert ask(tmp_path, "select open_doc from marts.open_item") == [(60,)]
    assert ask(tmp_path, "select ledger_total, open_total, difference_local from marts.aging_control") == [(60, 60, 0)]
    assert ask(tmp_path, "select believed, reported_doc, computed_doc, difference_doc from marts.open_mismatch") == [
        ("reported", 60, 75, 15)
    ]
    assert ask(tmp_path, "select raw_value from ops.issue where reason_code = 'OPEN_MISMATCH'") == [
        ("60.0000 reported, 75.0000 computed",)
    ]


def test_a_list_of_open_items_that_leaves_a_receipt_untold_is_computed(tmp_path: Path) -> None:
    told(tmp_path, in_part(), "open_items")
    receivables.build(tmp_path)
    assert ask(tmp_path, "select believed from marts.open_mismatch") == [("computed",)]


def test_a_report_alone_is_a_stated_balance_and_no_debt(tmp_path: Path) -> None:
    stated = {"as_of": DAY, "source": "aging", "currency": "EUR", "basis": "erp_aging", "company_id": "ES01"}
    told(
        tmp_path, {"balance_assertion": [stated | {"balance_doc": Decimal(60), "balance_local": Decimal(60)}]}, "report"
    )
    receivables.build(tmp_path)
    assert ask(tmp_path, "select count(*)::bigint from marts.open_item") == [(0,)]
    assert ask(tmp_path, "select asserted_doc, computed_doc, verdict from marts.tie_out") == [
        (60, None, "not_computed")
    ]


def test_what_vanishes_from_a_full_extract_is_marked_shown_and_counted(tmp_path: Path) -> None:
    told(tmp_path, {"document": [document("D", 100), document("E", 40)]})
    told(tmp_path, {"document": [document("E", 40)]}, day=date(2026, 4, 1))
    receivables.build(tmp_path)
    assert ask(tmp_path, "select item_id, open_doc, missing_since from marts.missing_item") == [
        ("ES01:D", 100, date(2026, 4, 1))
    ]
    assert ask(tmp_path, "select sum(open_doc) from marts.open_item") == [(140,)]
    assert ask(tmp_path, "select count, raw_value from ops.issue where reason_code = 'STATE_VANISHED'") == [
        (1, "100.0000 EUR")
    ]


@pytest.mark.parametrize(("level", "status"), [("needs_person", "needs_person"), ("note", "published")])
def test_a_balance_nothing_explains_asks_for_a_person_or_is_a_note(tmp_path: Path, level: str, status: str) -> None:
    (tmp_path / "receivables.toml").write_text(
        f'[contracts]\nenabled = false\n[ledger]\ntie_out_level = "{level}"\n', encoding="utf-8"
    )
    stated = {"as_of": DAY, "source": "books", "currency": "EUR", "basis": "gl", "company_id": "ES01", "account": "430"}
    told(tmp_path, {"document": [document("D", 100)], "balance_assertion": [stated | {"balance_local": Decimal(93)}]})
    outcome = receivables.build(tmp_path)
    assert ask(tmp_path, "select status from ops.run") == [(status,)]
    assert bool(outcome.needs_person) is (level == "needs_person")
    assert ask(tmp_path, "select column_name, raw_value from ops.issue where reason_code = 'TIE_OUT_DIFFERENCE'") == [
        ("ES01, books, 2026-03-31", "7.0000 EUR")
    ]


def test_a_posting_told_after_the_balance_explains_it_and_an_earlier_one_does_not(tmp_path: Path) -> None:
    stated = {"as_of": DAY, "source": "books", "currency": "EUR", "basis": "gl", "company_id": "ES01"}
    told(tmp_path, {"document": [document("D", 100)], "balance_assertion": [stated | {"balance_doc": Decimal(100)}]})
    late = document("L", 40, doc_date=date(2026, 3, 30))
    told(tmp_path, {"document": [document("D", 100), late]}, day=date(2026, 4, 2))
    receivables.build(tmp_path)
    assert ask(tmp_path, "select difference_doc, timing_doc, unexplained_doc, verdict, reasons from marts.tie_out") == [
        (40, 40, 0, "explained", "recorded_later")
    ]
    named = (
        "select item_id, amount_doc from marts.tie_out_candidate join marts.tie_out_cause using (assertion_no, reason)"
    )
    assert ask(tmp_path, named.replace("amount_doc", "tie_out_candidate.amount_doc")) == [("ES01:L", 40)]
