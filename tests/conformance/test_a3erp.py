"""A3ERP: the portfolio of bills against the ledger it tells, and its words in other layouts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest

from exports import samples, told, truth
from intake_files import workbook
from sound_nights import balance, html_table, items, landed, names, questioned, sound, table

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS: Final = {"C1": "1", "C2": "2", "C3": "3"}
BILLS: Final = ["Nº Efecto", "Cód. Cliente", "Nombre", "NIF", "Nº Factura", "Fecha factura", "Vencimiento", "Importe", "Importe pendiente", "Moneda",
                "Situación", "Remesa", "Banco", "Fecha cobro", "Gastos devolución"]  # fmt: skip


def test_the_portfolio_tells_the_ledger(reference_data: Path, tmp_path: Path) -> None:
    got = sound(tmp_path, samples(reference_data, "a3erp"))
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert items(got) == [
        ("1/1002", "invoice", Decimal(6000), 123),
        ("1/1003", "invoice", Decimal(1500), 44),
        ("1/1004", "invoice", Decimal(2000), 5),
        ("1/AB2001", "credit_note", Decimal(-500), None),
        ("efecto/E240007", "prepayment", Decimal(-750), None),
    ]
    assert got.rows("select currency, open_doc, open_local from marts.open_item where doc_no = '1/1004'") == [
        ("USD", Decimal(2000), Decimal("1818.18"))
    ]
    assert got.rows("select name from core.customer order by customer_id") == [
        ("Comercial Ibáñez S.L.",),
        ("Großhandel Müller & Söhne",),
        ("Lodz Trading",),
    ]


def bill(number: str, amount: str, rest: str, state: str = "Pendiente", **more: str) -> list[str]:
    """One bill of customer 1: invoice 1/<number> of 15-05-2024 due 14-06-2024, amounts in euro as Spain writes them."""
    told_ = {"Nº Efecto": number, "Cód. Cliente": "    1", "Nombre": "Comercial Ibáñez S.L.", "Nº Factura": f"1/{number}", "Fecha factura": "15-05-2024",
             "Vencimiento": "14-06-2024", "Importe": amount, "Importe pendiente": rest, "Moneda": "EUR", "Situación": state} | more  # fmt: skip
    return [told_.get(label, "") for label in BILLS]


def test_a_bill_handed_to_the_bank_is_owed_until_it_is_paid(tmp_path: Path) -> None:
    rows = [
        bill("E1", "1.000,00 €", "0,00 €", "Remesado", **{"Fecha cobro": "20-06-2024"}),
        bill("E2", "200,00 €", "200,00 €", "Impagado", **{"Fecha cobro": "14-06-2024", "Gastos devolución": "18,00 €"}),
        bill("E3", "30,00 €", "0,00 €", "Cobrado", **{"Fecha cobro": "14-06-2024"}),
        bill("E4", "4,00 €", "4,00 €", "Anulado"),
        bill("E5", "5,00 €", "0,00 €", "Agrupado"),
        bill("E6", "60,00 €", "60,00 €", "Pendiente", **{"Nº Factura": ""}),
        bill("E7", "70,00 €", "0,00 €", "Caducado"),
    ]
    got = sound(tmp_path, [table(tmp_path, "efectos.csv", [BILLS, *rows], "cp1252", ";")])
    assert [(number, kind, rest) for number, kind, rest, _ in items(got)] == [
        ("1/E1", "invoice", Decimal(1000)),
        ("1/E2", "invoice", Decimal(200)),
        ("E6", "bill_of_exchange", Decimal(60)),
    ]


def test_bills_of_one_invoice_are_its_instalments(tmp_path: Path) -> None:
    rows = [
        bill("E1", "100,00 €", "100,00 €", **{"Nº Factura": "1/9", "Vencimiento": "14-06-2024"}),
        bill("E2", "100,00 €", "100,00 €", **{"Nº Factura": "1/9", "Vencimiento": "14-07-2024"}),
    ]
    got = sound(tmp_path, [table(tmp_path, "efectos.csv", [BILLS, *rows], "cp1252", ";")])
    assert got.rows("select doc_no, seq, days_overdue from marts.open_item order by seq") == [
        ("1/9", 1, 123),
        ("1/9", 2, 93),
    ]


def test_a_collected_bill_in_another_currency_waits_for_a_rate(tmp_path: Path) -> None:
    """Its amount in euro stands nowhere in the list; what is open does not depend on it."""
    rows = [
        bill("E1", "2.000,00 $", "0,00 €", "Cobrado", Moneda="USD", **{"Fecha cobro": "14-06-2024"}),
        bill("E2", "1,00 €", "1,00 €"),
    ]
    got = told(tmp_path, [table(tmp_path, "efectos.csv", [BILLS, *rows], "cp1252", ";")])
    assert [reason for reason, *_ in got.findings("quarantine")] == ["FX_MISSING"]
    assert got.open_by_customer() == {"1": Decimal(1)}


def test_an_unknown_situation_is_asked_about(tmp_path: Path) -> None:
    rows = [bill("E1", "100,00 €", "100,00 €"), bill("E2", "1,00 €", "1,00 €", "En litigio")]
    assert questioned(table(tmp_path, "efectos.csv", [BILLS, *rows], "cp1252", ";")) == ["STATE_UNKNOWN"]


def ledger() -> list[list[str]]:
    """Three customers, one called like a total, one in another currency."""
    second = {"Cód. Cliente": "    2", "Nombre": "Total Gestión"}
    return [
        bill("E1", "1.234,56 €", "0,00 €", "Cobrado", **{"Fecha cobro": "10-06-2024"}),
        bill("E2", "6.000,00 €", "6.000,00 €", "Impagado"),
        bill("E3", "-500,00 €", "-500,00 €"),
        bill("E5", "1.500,00 €", "1.500,00 €", "Remesado", **second),
        bill("E6", "2.000,00 $", "1.818,18 €", Moneda="USD", **second),
        bill("E7", "-750,00 €", "-750,00 €", **{"Cód. Cliente": "    3", "Nombre": "Müller", "Nº Factura": ""}),
    ]


OWED: Final = {"1": Decimal(5500), "2": Decimal("3318.18"), "3": Decimal(-750)}


def printed() -> list[list[str]]:
    """The portfolio as printed: a title, pages, sums of customers, a total."""
    lines: list[list[str]] = [
        ["Cartera de efectos"],
        ["Empresa: ACME S.A.", "", "A fecha: 15-10-2024"],
        BILLS,
        *ledger()[:3],
    ]
    lines += [
        ["Total cliente", "", "", "", "", "", "", "6.734,56 €", "5.500,00 €"],
        ["Cartera de efectos"],
        BILLS,
        *ledger()[3:],
    ]
    lines += [["Total general", "", "", "", "", "", "", "", "8.068,18 €"], ["Impreso el 15-10-2024"]]
    return [line + [""] * (len(BILLS) - len(line)) for line in lines]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_a_printed_portfolio_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    got = landed(table(tmp_path, "list.csv", printed(), encoding, ";"), extract_as_of=None)
    assert balance(got) == OWED
    assert names(got) == ["Comercial Ibáñez S.L.", "Total Gestión", "Müller"]


def test_a_portfolio_in_a_workbook(tmp_path: Path) -> None:
    assert balance(landed(workbook(tmp_path / "list.xlsx", printed()), extract_as_of=None)) == OWED


def test_a_portfolio_as_html(tmp_path: Path) -> None:
    assert balance(landed(html_table(tmp_path, "list.xls", printed(), "cp1252"), extract_as_of=None)) == OWED


def test_a_portfolio_with_other_labels_order_and_locale(tmp_path: Path) -> None:
    labels = {"Nº Efecto": "Núm. Efecto", "Cód. Cliente": "Código cliente", "Nº Factura": "N. Factura", "Vencimiento": "Fecha vencimiento",
              "Importe pendiente": "Pendiente", "Situación": "Estado", "Fecha factura": "Fecha emisión"}  # fmt: skip
    turned = str.maketrans(",.", ".,")
    money = {BILLS.index("Importe"), BILLS.index("Importe pendiente")}
    rows = [[cell.translate(turned) if n in money else cell for n, cell in enumerate(row)] for row in ledger()]
    lines = [list(reversed(row)) for row in [[labels.get(label, label) for label in BILLS], *rows]]
    assert balance(landed(table(tmp_path, "list.txt", lines, "cp1252", "\t"))) == OWED
