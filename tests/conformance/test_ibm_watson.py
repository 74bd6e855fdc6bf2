"""The IBM Watson set of settled invoices: nothing is open on its last day, every past day can be replayed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from exports import samples, told
from report_files import Cells, balances, saved, shuffled, sound, told_apart

HEADER: Final = ("countryCode", "customerID", "PaperlessDate", "invoiceNumber", "InvoiceDate", "DueDate", "InvoiceAmount", "Disputed", "SettledDate", "PaperlessBill",
                 "DaysToSettle", "DaysLate")  # fmt: skip
ROWS: Final[list[Cells]] = [
    list(HEADER),
    ["391", "0379-NEVHP", "4/6/2013", "611365", "1/2/2013", "2/1/2013", "55.94", "No", "1/15/2013", "Paper", "13", "0"],
    [
        "406",
        "8976-AMJEO",
        "3/3/2012",
        "7900770",
        "1/26/2013",
        "2/25/2013",
        "61.74",
        "Yes",
        "3/3/2013",
        "Electronic",
        "36",
        "6",
    ],
    [
        "391",
        "0379-NEVHP",
        "1/26/2012",
        "9231909",
        "7/3/2013",
        "8/2/2013",
        "65.88",
        "No",
        "7/8/2013",
        "Electronic",
        "5",
        "0",
    ],
]


def test_the_sample_has_nothing_open_on_its_day(reference_data: Path, tmp_path: Path) -> None:
    """All its invoices are settled, so that none of the ledger's open balances is in it."""
    got = told(tmp_path, samples(reference_data, "ibm_watson"))
    sound(got)
    assert got.open_by_customer() == {}
    assert got.rows("select count(*)::bigint, sum(amount_doc) from core.document") == [(5, Decimal("3002.65"))]


def test_the_sample_is_replayed_on_a_past_day(reference_data: Path, tmp_path: Path) -> None:
    got = told(tmp_path, samples(reference_data, "ibm_watson"), as_of=date(2024, 4, 5))
    sound(got)
    assert got.open_by_customer() == {"0379-IBANE": Decimal("1234.56")}
    assert got.rows("select doc_no, kind, open_doc, days_overdue, bucket from marts.open_item") == [
        ("611001", "invoice", Decimal("1234.56"), 5, "d1_30")
    ]


def test_other_containers_and_orders(tmp_path: Path) -> None:
    rows = shuffled(ROWS, tuple(reversed(range(len(HEADER)))))
    files = {
        "bom": saved(tmp_path, "bom.csv", rows, encoding="utf-8-sig"),
        "cp1252": saved(tmp_path, "cp1252.csv", rows, delimiter=";", encoding="cp1252"),
        "utf-16": saved(tmp_path, "utf-16.csv", rows, delimiter="\t", encoding="utf-16"),
        "workbook": saved(tmp_path, "workbook.xlsx", rows),
    }
    got = told_apart(tmp_path / "home", files, as_of=date(2013, 3, 1))
    sound(got)
    assert balances(got) == {company: {"8976-AMJEO": Decimal("61.74")} for company in files}


def test_workbook_cells_are_dates_and_numbers(tmp_path: Path) -> None:
    rows: list[Cells] = [
        list(HEADER),
        [
            391,
            "0379-NEVHP",
            date(2013, 4, 6),
            611365,
            date(2013, 1, 2),
            date(2013, 2, 1),
            55.94,
            "No",
            date(2013, 1, 15),
            "Paper",
            13,
            0,
        ],
    ]
    got = told(tmp_path / "home", [saved(tmp_path, "ar.xlsx", rows)], extract_as_of=None, as_of=date(2013, 1, 10))
    sound(got)
    assert got.open_by_customer() == {"0379-NEVHP": Decimal("55.94")}
    assert got.rows("select doc_no from marts.open_item") == [("611365",)]


def test_an_invoice_told_twice_with_two_amounts_is_quarantined(tmp_path: Path) -> None:
    rows = [ROWS[0], *([*ROWS[1][:3], str(700_000 + n), *ROWS[1][4:]] for n in range(60))]
    rows.append([*ROWS[1][:3], "700000", *ROWS[1][4:6], "99.00", *ROWS[1][7:]])
    got = told(tmp_path / "home", [saved(tmp_path, "ar.csv", rows)], extract_as_of=None)
    assert [row[0] for row in got.findings("quarantine")] == ["KEY_DUPLICATE_DIFF"] * 2
