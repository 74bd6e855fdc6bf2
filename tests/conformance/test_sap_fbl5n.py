"""SAP FBL5N lists against the ledger they tell, and against its own totals."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import receivables
from receivables.land import Reading

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = {"C1": "1000:100001", "C2": "1000:100002", "C3": "1000:100003"}


@pytest.mark.parametrize("name", ["fbl5n_unconverted_de.txt", "fbl5n_alv_spreadsheet.xlsx"])
def test_lists_give_the_balances_of_the_ledger_they_tell(reference_data: Path, tmp_path: Path, name: str) -> None:
    truth = json.loads((reference_data / "erp" / "truth.json").read_text(encoding="utf-8"))
    source = reference_data / "erp" / "samples" / "sap_fbl5n" / name
    spoken = Reading(company="1000", extract_as_of=date(2024, 10, 15)) if name.endswith("xlsx") else Reading()
    assert receivables.ingest([source], tmp_path, reading=spoken).files[0].outcome == "loaded"
    receivables.build(tmp_path)
    with receivables.open_warehouse(tmp_path) as warehouse:
        got = dict(
            warehouse.con.execute("select customer_id, sum(open_local) from marts.aging group by all").fetchall()
        )
        lines = warehouse.con.execute(
            "select sum(lines_read) - sum(lines_loaded) - sum(lines_quarantined) - sum(lines_skipped) from ops.batch"
        ).fetchall()
    assert got == {CUSTOMERS[key]: Decimal(str(value)) for key, value in truth["open_local_by_customer"].items()}
    assert sum(got.values()) == Decimal(str(truth["open_local_total"]))
    assert lines == [(0,)]


def test_every_item_of_the_list_is_as_old_as_the_ledger_says(reference_data: Path, tmp_path: Path) -> None:
    receivables.ingest([reference_data / "erp" / "samples" / "sap_fbl5n" / "fbl5n_unconverted_de.txt"], tmp_path)
    receivables.build(tmp_path)
    with receivables.open_warehouse(tmp_path) as warehouse:
        items = warehouse.con.execute(
            "select doc_no, seq, kind, open_doc, currency, days_overdue, bucket from marts.open_item order by doc_no, seq"
        ).fetchall()
    assert items == [
        ("100001/1400000002/2024", 1, "receipt", Decimal(-4000), "EUR", None, "unapplied"),
        ("100003/1400000004/2024", 1, "receipt", Decimal(-750), "EUR", None, "unapplied"),
        ("1600000001", 1, "credit_note", Decimal(-500), "EUR", None, "unapplied"),
        ("9000000002", 1, "invoice", Decimal(10000), "EUR", 123, "d91_180"),
        ("9000000003", 2, "invoice", Decimal(1500), "EUR", 44, "d31_60"),
        ("9000000004", 1, "invoice", Decimal(2000), "USD", 5, "d1_30"),
    ]


def test_a_past_date_is_replayed_from_clearing_dates(reference_data: Path, tmp_path: Path) -> None:
    receivables.ingest([reference_data / "erp" / "samples" / "sap_fbl5n" / "fbl5n_unconverted_de.txt"], tmp_path)
    receivables.build(tmp_path, as_of=date(2024, 8, 15))
    with receivables.open_warehouse(tmp_path) as warehouse:
        got = dict(
            warehouse.con.execute("select customer_id, sum(open_local) from marts.aging group by all").fetchall()
        )
    assert got == {"1000:100001": Decimal(5500), "1000:100002": Decimal(1500), "1000:100003": Decimal(420)}
