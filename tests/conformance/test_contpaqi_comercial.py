"""CONTPAQi Comercial: documents and applications against the ledger they tell, and its words in other layouts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from exports import samples, truth
from intake_files import workbook
from sound_nights import balance, html_table, items, landed, questioned, replayed, sound, table

if TYPE_CHECKING:
    from pathlib import Path

    from exports import Told

CUSTOMERS: Final = {"C1": "1", "C2": "2", "C3": "3"}
SAID: Final[dict[str, Any]] = {"currency": "MXN"}
DOCUMENT: Final = ["CIDDOCUMENTO", "CIDDOCUMENTODE", "CSERIEDOCUMENTO", "CFOLIO", "CFECHA", "CIDCLIENTEPROVEEDOR", "CRAZONSOCIAL", "CRFC",
                   "CFECHAVENCIMIENTO", "CIDMONEDA", "CTIPOCAMBIO", "CNATURALEZA", "CCANCELADO", "CTOTAL", "CPENDIENTE"]  # fmt: skip
USE: Final = [
    "CIDAUTOINCSQL",
    "CIDDOCUMENTOABONO",
    "CIDDOCUMENTOCARGO",
    "CIMPORTEABONO",
    "CIMPORTECARGO",
    "CFECHAABONOCARGO",
]


def night(home: Path, *files: Path, **said: Any) -> Told:
    """A sound night of a company whose ledger is in pesos."""
    return sound(home, files, **{**SAID, **said})


def test_documents_and_applications_tell_the_ledger(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "contpaqi_comercial"))
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert items(got) == [
        ("A-1002", "invoice", Decimal(6000), 123),
        ("A-1003", "invoice", Decimal(1500), 44),
        ("A-1004", "invoice", Decimal(2000), 5),
        ("NC-1", "credit_note", Decimal(-500), None),
        ("id/7", "receipt", Decimal(-750), None),
    ]
    assert got.rows("select state from core.document where doc_no = 'A-1005'") == [("cancelled",)]


def test_documents_alone_tell_the_ledger(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "contpaqi_comercial", "admDocumentos.csv"))
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)


def test_applications_settle_on_their_own_day(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "contpaqi_comercial"), as_of=date(2024, 6, 30))
    ((open_then,),) = got.rows("select sum(open_doc) from marts.open_item where doc_no = 'A-1002'")
    assert open_then == Decimal(10000)


def document(number: int, total: str, rest: str, **more: str) -> list[str]:
    """One invoice of customer 1 of 15 May 2024, due in 30 days, in pesos."""
    told_ = {"CIDDOCUMENTO": str(number), "CIDDOCUMENTODE": "4", "CSERIEDOCUMENTO": "A", "CFOLIO": str(number), "CFECHA": "2024-05-15 00:00:00.000",
             "CIDCLIENTEPROVEEDOR": "1", "CRAZONSOCIAL": "COMERCIAL IBÁÑEZ", "CRFC": "CIB200101AB1", "CFECHAVENCIMIENTO": "2024-06-14 00:00:00.000",
             "CIDMONEDA": "1", "CTIPOCAMBIO": "1", "CNATURALEZA": "0", "CCANCELADO": "0", "CTOTAL": total, "CPENDIENTE": rest} | more  # fmt: skip
    return [told_[label] for label in DOCUMENT]


def payment(number: int, total: str, rest: str, **more: str) -> list[str]:
    """One payment of customer 1 of 1 July 2024."""
    return document(number, total, rest, CIDDOCUMENTODE="9", CSERIEDOCUMENTO="P", CNATURALEZA="1", CFECHA="2024-07-01 00:00:00.000",
                    CFECHAVENCIMIENTO="1899-12-30 00:00:00.000", **more)  # fmt: skip


def use(number: int, credit: int, charge: int, amount: str, day: str = "2024-07-01") -> list[str]:
    """One application of a credit to a charge."""
    return [str(number), str(credit), str(charge), amount, amount, f"{day} 00:00:00.000"]


def test_orders_supplier_documents_and_cancelled_ones_are_no_debt(tmp_path: Path) -> None:
    rows = [
        document(1, "100", "100"),
        document(2, "200", "0", CIDDOCUMENTODE="2", CNATURALEZA="2"),
        document(3, "300", "300", CIDDOCUMENTODE="19", CNATURALEZA="1", CIDCLIENTEPROVEEDOR="900"),
        document(4, "400", "400", CCANCELADO="1"),
        document(5, "50", "50", CIDDOCUMENTODE="13", CSERIEDOCUMENTO=""),
        payment(6, "60", "60"),
    ]
    got = night(tmp_path, table(tmp_path, "admDocumentos.csv", [DOCUMENT, *rows], "cp1252"))
    assert [(number, kind, rest) for number, kind, rest, _ in items(got)] == [
        ("5", "debit_note", Decimal(50)),
        ("A-1", "invoice", Decimal(100)),
        ("id/6", "receipt", Decimal(-60)),
    ]


def test_an_unknown_document_model_is_no_invoice(tmp_path: Path) -> None:
    rows = [document(1, "100", "100"), document(99, "1", "1", CIDDOCUMENTODE="77")]
    assert questioned(table(tmp_path, "admDocumentos.csv", [DOCUMENT, *rows], "cp1252")) == ["TYPE_UNKNOWN"]


def test_one_payment_and_one_credit_note_settle_several_invoices(tmp_path: Path) -> None:
    documents = [
        document(1, "100", "0"),
        document(2, "80", "10"),
        payment(3, "150", "0"),
        document(4, "20", "0", CIDDOCUMENTODE="7", CSERIEDOCUMENTO="NC", CNATURALEZA="1"),
    ]
    uses = [use(1, 3, 1, "100"), use(2, 3, 2, "50"), use(3, 4, 2, "20", "2024-08-01")]
    files = [
        table(tmp_path, "admDocumentos.csv", [DOCUMENT, *documents]),
        table(tmp_path, "admAsocCargosAbonos.csv", [USE, *uses]),
    ]
    got = night(tmp_path, *files)
    assert items(got) == [("A-2", "invoice", Decimal(10), 123)]
    july = replayed(got, date(2024, 7, 31))
    assert [(number, rest) for number, _, rest, _ in items(july)] == [("A-2", Decimal(30)), ("NC-4", Decimal(-20))]


def test_a_payment_in_pesos_settles_a_dollar_invoice(tmp_path: Path) -> None:
    documents = [document(1, "100", "60", CIDMONEDA="2", CTIPOCAMBIO="17.5"), payment(2, "720", "0")]
    uses = [["1", "2", "1", "720", "40", "2024-07-01 00:00:00.000"]]
    files = [
        table(tmp_path, "admDocumentos.csv", [DOCUMENT, *documents]),
        table(tmp_path, "admAsocCargosAbonos.csv", [USE, *uses]),
    ]
    got = night(tmp_path, *files)
    assert got.rows("select currency, open_doc, open_local from marts.open_item") == [
        ("USD", Decimal(60), Decimal(1050))
    ]


def test_customers_with_the_tax_number_of_the_public_at_large(tmp_path: Path) -> None:
    labels = [
        "CIDCLIENTEPROVEEDOR",
        "CCODIGOCLIENTE",
        "CRAZONSOCIAL",
        "CRFC",
        "CESTATUS",
        "CEMAIL1",
        "CLIMITECREDITOCLIENTE",
    ]
    rows = [
        ["1", "C1", "COMERCIAL IBÁÑEZ", "CIB200101AB1", "1", "pagos@ibanez.example", "25000.00"],
        ["2", "C2", "PÚBLICO EN GENERAL", "XAXX010101000", "0", "", "0.00"],
    ]
    files = [
        table(tmp_path, "admClientes.csv", [labels, *rows], "cp1252"),
        table(tmp_path, "admDocumentos.csv", [DOCUMENT, document(1, "5", "5")], "cp1252"),
    ]
    got = night(tmp_path, *files)
    assert got.rows("select name, tax_id, status from core.customer order by customer_id") == [
        ("COMERCIAL IBÁÑEZ", "CIB200101AB1", "active"),
        ("PÚBLICO EN GENERAL", None, "closed"),
    ]
    ((limit,),) = got.rows("select limit_amount from core.credit_limit")
    assert limit == Decimal(25000)


def ledger() -> list[list[str]]:
    """Documents of two customers, one of them called like a total."""
    second = {"CIDCLIENTEPROVEEDOR": "2", "CRAZONSOCIAL": "TOTAL GESTIÓN"}
    return [
        document(1, "1234.56", "0"),
        document(2, "10000", "6000"),
        document(3, "500", "500", CIDDOCUMENTODE="7", CSERIEDOCUMENTO="NC", CNATURALEZA="1"),
        document(4, "2000", "2000", CIDMONEDA="2", CTIPOCAMBIO="0.90909", **second),
        payment(5, "750", "750", **second),
    ]


OWED: Final = {"1": Decimal(5500), "2": Decimal("1068.18")}


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("cp1252", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-8", "|")]
)
def test_documents_in_other_encodings_and_column_orders(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [list(reversed(row)) for row in [DOCUMENT, *ledger()]]
    assert balance(landed(table(tmp_path, "x.csv", lines, encoding, delimiter), "MXN")) == OWED


def test_documents_in_a_workbook(tmp_path: Path) -> None:
    numbers = [[float(cell) if n in (10, 13, 14) else cell for n, cell in enumerate(row)] for row in ledger()]
    assert balance(landed(workbook(tmp_path / "x.xlsx", [DOCUMENT, *numbers]), "MXN")) == OWED


def test_documents_as_html(tmp_path: Path) -> None:
    assert balance(landed(html_table(tmp_path, "x.xls", [DOCUMENT, *ledger()]), "MXN")) == OWED
