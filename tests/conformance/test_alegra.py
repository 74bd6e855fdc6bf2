"""Alegra's list of receivables against the ledger it tells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from exports import TRUTH_DAY, samples, told, truth
from report_files import AGE, Cells, balances, grouped, saved, shuffled, sound, told_apart

CUSTOMERS: Final = {"C1": "900123001", "C2": "900123002", "C3": "900123003"}
HEADER: Final = (
    "Cliente",
    "Identificación",
    "Factura",
    "Creación",
    "Vencimiento",
    "Total",
    "Pagado",
    "Por pagar",
    "Estado",
    "Vendedor",
)
ITEMS: Final = [
    (
        "Comercial Ibáñez SAS",
        "900.123.001-1",
        "FV1002",
        date(2024, 5, 15),
        date(2024, 6, 14),
        Decimal(10000),
        Decimal(6000),
        "Por cobrar",
    ),
    (
        "Comercial Ibáñez SAS",
        "900123001 - 1",
        "FV1001",
        date(2024, 3, 1),
        date(2024, 3, 31),
        Decimal("1234.56"),
        Decimal(0),
        "Cobrada",
    ),
    (
        "Total Gestión SAS",
        "900123002",
        "FV1003",
        date(2024, 7, 2),
        date(2024, 9, 1),
        Decimal(3000),
        Decimal("1500.50"),
        "Por cobrar",
    ),
    (
        "Lodz Trading",
        "PASS-AB12",
        "FV1005",
        date(2024, 8, 15),
        date(2024, 9, 14),
        Decimal(420),
        Decimal(420),
        "Anulada",
    ),
    ("Lodz Trading", "PASS-AB12", "FV1006", date(2024, 8, 15), date(2024, 9, 14), Decimal(99), Decimal(99), "Borrador"),
    (
        "Lodz Trading",
        "PASS-AB12",
        "FV1007",
        date(2024, 8, 15),
        date(2024, 9, 14),
        Decimal(70),
        Decimal(70),
        "Por cobrar",
    ),
    ("Mostrador", "", "FV1008", date(2024, 8, 15), date(2024, 9, 14), Decimal(5), Decimal(5), "Por cobrar"),
]
BALANCES: Final = {
    "900123001": Decimal(6000),
    "900123002": Decimal("1500.50"),
    "PASS-AB12": Decimal(70),
    "Mostrador": Decimal(5),
}


def invoices(dates: str = "%Y-%m-%d", numbers: str = ",.") -> list[Cells]:
    """The list in one locale."""
    return [
        list(HEADER),
        *(
            [
                name,
                tax_id,
                number,
                day.strftime(dates),
                due.strftime(dates),
                *("$" + grouped(value, numbers) for value in (amount, amount - rest, rest)),
                state,
                "Ana",
            ]
            for name, tax_id, number, day, due, amount, rest, state in ITEMS
        ),
    ]


def test_the_sample_gives_the_balances_of_the_ledger_it_tells(reference_data: Path, tmp_path: Path) -> None:
    """The list holds invoices only: neither the credit note of 500 nor the payment on account of 750 is in it."""
    got = told(tmp_path, samples(reference_data, "alegra"), company="CO01", currency="COP")
    sound(got)
    due = truth(reference_data, CUSTOMERS)
    due[CUSTOMERS["C1"]] += 500
    del due[CUSTOMERS["C3"]]
    assert got.open_by_customer() == due
    assert sum(due.values()) == Decimal("9318.18")
    assert got.rows(
        f"select doc_no, kind, open_doc, currency, {AGE}, bucket from marts.open_item order by doc_date"
    ) == [
        ("FV1002", "invoice", Decimal(6000), "COP", 123, "d91_180"),
        ("FV1003", "invoice", Decimal(1500), "COP", 44, "d31_60"),
        ("FV1004", "invoice", Decimal("1818.18"), "COP", 5, "d1_30"),
    ]
    assert got.rows("select doc_no, state from core.document where state <> 'posted'") == [("FV1005", "cancelled")]
    assert ("Comercial Ibáñez SAS",) in got.rows("select name from core.customer")


def test_lists_in_other_locales_and_containers(tmp_path: Path) -> None:
    files = {
        "cp1252": saved(tmp_path, "cp1252.csv", invoices("%d/%m/%Y"), delimiter=";", encoding="cp1252"),
        "mexican": saved(tmp_path, "mexican.csv", invoices(numbers=".,"), encoding="utf-8-sig"),
        "utf-16": saved(tmp_path, "utf-16.csv", invoices("%d-%m-%Y"), delimiter="\t", encoding="utf-16"),
        "workbook": saved(tmp_path, "workbook.xlsx", invoices("%d/%m/%Y")),
        "html": saved(tmp_path, "html.xls", invoices()),
    }
    got = told_apart(tmp_path / "home", files, currency="COP", extract_as_of=TRUTH_DAY)
    sound(got)
    assert balances(got) == dict.fromkeys(files, BALANCES)


def test_other_column_orders_other_labels_and_a_total_at_the_end(tmp_path: Path) -> None:
    rows = invoices()
    rows[0] = [
        "Cliente",
        "NIT",
        "Número",
        "Fecha de creación",
        "Fecha de vencimiento",
        "Total",
        "Cobrado",
        "Por cobrar",
        "Estado",
        "Vendedor",
    ]
    rows.append(["Total", *[""] * 4, "$14.828,56", "", "$8.094,50", "", ""])
    got = told(
        tmp_path / "home",
        [saved(tmp_path, "cxc.csv", shuffled(rows, (0, 9, 8, 7, 6, 5, 4, 3, 2, 1)))],
        company="CO01",
        currency="COP",
    )
    sound(got)
    assert got.open_by_customer() == BALANCES


def test_a_withholding_settles_part_of_an_invoice(tmp_path: Path) -> None:
    rows: list[Cells] = [
        [
            "Cliente",
            "Identificación",
            "Factura",
            "Creación",
            "Vencimiento",
            "Total",
            "Retenciones",
            "Pagado",
            "Por pagar",
            "Estado",
        ],
        [
            "A",
            "900123001-1",
            "FV1",
            "2024-05-15",
            "2024-06-14",
            "$1.000,00",
            "$25,00",
            "$400,00",
            "$575,00",
            "Por cobrar",
        ],
        ["A", "900123001-1", "FV2", "2024-05-16", "2024-06-15", "$2.000,00", "$50,00", "$1.950,00", "$0,00", "Cobrada"],
    ]
    got = told(tmp_path / "home", [saved(tmp_path, "cxc.csv", rows)], company="CO01", currency="COP")
    sound(got)
    assert got.open_by_customer() == {"900123001": Decimal(575)}


def test_invoices_in_dollars_at_the_rate_of_their_row(tmp_path: Path) -> None:
    rows: list[Cells] = [
        [
            "Cliente",
            "Identificación",
            "Factura",
            "Creación",
            "Vencimiento",
            "Moneda",
            "Tasa de cambio",
            "Total",
            "Pagado",
            "Por pagar",
            "Estado",
        ],
        [
            "A",
            "900123001-1",
            "FV1",
            "2024-05-15",
            "2024-06-14",
            "USD",
            "4000,00",
            "$1.000,00",
            "$0,00",
            "$1.000,00",
            "Por cobrar",
        ],
        [
            "A",
            "900123001-1",
            "FV2",
            "2024-05-15",
            "2024-06-14",
            "COP",
            "1,00",
            "$5.000,00",
            "$0,00",
            "$5.000,00",
            "Por cobrar",
        ],
    ]
    got = told(tmp_path / "home", [saved(tmp_path, "cxc.csv", rows)], company="CO01", currency="COP")
    sound(got)
    assert got.rows("select currency, open_doc, open_local from marts.open_item order by currency") == [
        ("COP", Decimal(5000), Decimal(5000)),
        ("USD", Decimal(1000), Decimal(4_000_000)),
    ]
