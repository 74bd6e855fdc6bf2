"""The HighRadius set in the shapes it is passed around in: its sample row by row, other names, orders and containers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from exports import samples, told
from report_files import Cells, balances, saved, shuffled, sound

HEADER: Final = ("business_code", "cust_number", "name_customer", "clear_date", "buisness_year", "doc_id", "posting_date", "document_create_date", "document_create_date.1",
                 "due_in_date", "invoice_currency", "document type", "posting_id", "area_business", "total_open_amount", "baseline_create_date", "cust_payment_terms", "invoice_id",
                 "isOpen")  # fmt: skip
OTHER_NAMES: Final = {"buisness_year": "business_year", "document type": "document_type", "document_create_date": "document_create_date_norm",
                      "document_create_date.1": "document_create_date_1"}  # fmt: skip
BALANCES: Final = {"U001": {"0200315290": Decimal("21227.05")}, "CA02": {"0140104409": Decimal("3299.70")}}


def invoices(missing: str = "") -> list[Cells]:
    """A cleared and an open invoice, one in Canada, and a document without an invoice; `missing` is how an empty cell is written."""

    def row(company: str, customer: str, cleared: str, number: str, day: str, due: str, **more: str) -> Cells:
        cells = {
            "currency": "USD",
            "type": "RV",
            "amount": "21227.05",
            "invoice": number,
            "open": "0" if cleared else "1",
        } | more
        return [company, customer, "KWI in", cleared or missing, "2019.0", number, f"{day[:4]}-{day[4:6]}-{day[6:]}", day, day, f"{due}.0", cells["currency"], cells["type"], "1.0",
                missing, cells["amount"], f"{day}.0", "NAA8", cells["invoice"] or missing, cells["open"]]  # fmt: skip

    return [
        list(HEADER),
        row("U001", "0200315290", "2019-03-07 00:00:00", "1928826755.0", "20190220", "20190307"),
        row("U001", "0200315290", "", "1928826756.0", "20190221", "20190308"),
        row("CA02", "0140104409", "", "2960585560.0", "20190222", "20190310", currency="CAD", amount="3299.7"),
        row("U001", "0200315290", "", "9500000003.0", "20190223", "20190223", type="X2", amount="500.0", invoice=""),
    ]


def test_the_sample_row_by_row(reference_data: Path, tmp_path: Path) -> None:
    """The set states the whole amount of an invoice however much of it was paid: its open balances are not those of the ledger beside it."""
    got = told(tmp_path, samples(reference_data, "highradius"), names_company=True)
    sound(got)
    assert balances(got) == {
        "U001": {"0200100001": Decimal(10000), "0200100002": Decimal("1818.18")},
        "CA02": {"0140100003": Decimal(1500)},
    }
    assert got.rows(
        "select doc_no, kind, open_doc, currency, days_overdue, bucket from marts.open_item order by doc_no"
    ) == [
        ("1930000002", "invoice", Decimal(10000), "USD", 123, "d91_180"),
        ("1930000004", "invoice", Decimal("1818.18"), "USD", 5, "d1_30"),
        ("2960000003", "invoice", Decimal(1500), "CAD", 44, "d31_60"),
    ]
    assert [(row[0], row[2]) for row in got.findings("skip") if row[0] == "SKIP_OUT_OF_SCOPE"] == [
        ("SKIP_OUT_OF_SCOPE", 1)
    ]
    past = told(tmp_path / "past", samples(reference_data, "highradius"), names_company=True, as_of=date(2024, 4, 5))
    assert balances(past) == {"U001": {"0200100001": Decimal("1234.56")}}


@pytest.mark.wide
def test_other_names_orders_and_containers(tmp_path: Path) -> None:
    ways = (
        ("dataset.csv", ",", "utf-8-sig", ""),
        ("semicolon.csv", ";", "utf-8", "nan"),
        ("tabs.csv", "\t", "utf-16", "NaT"),
        ("dataset.xlsx", ",", "utf-8", ""),
    )
    for name, delimiter, encoding, missing in ways:
        rows = invoices(missing)
        rows[0] = [OTHER_NAMES.get(label, label) for label in rows[0]]
        path = saved(
            tmp_path, name, shuffled(rows, tuple(reversed(range(len(HEADER))))), delimiter=delimiter, encoding=encoding
        )
        got = told(tmp_path / f"home_{name}", [path], names_company=True, extract_as_of=date(2019, 3, 9))
        sound(got)
        assert balances(got) == BALANCES
