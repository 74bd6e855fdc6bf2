"""Sage ContaPlus: due dates and journal lines against the ledger they tell, and their words in other layouts.

The sample's journal holds customer 43000001 alone.
"""

from __future__ import annotations

import struct
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest

from exports import samples, truth
from intake_files import workbook, write
from receivables.errors import FileRefused
from sound_nights import balance, html_table, items, landed, names, questioned, replayed, sound, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CUSTOMERS: Final = {"C1": "43000001", "C2": "43000002", "C3": "43000003"}
DUE: Final = [
    "Subcuenta",
    "Título",
    "Documento",
    "Factura",
    "F. Emisión",
    "F. Vto.",
    "Forma de pago",
    "Importe",
    "Cobrado",
    "Pendiente",
    "Estado",
]


def test_the_due_dates_tell_the_ledger(reference_data: Path, tmp_path: Path) -> None:
    got = sound(tmp_path, samples(reference_data, "sage_contaplus", "vencimientos_cobros.csv"), extract_as_of=None)
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert items(got) == [
        ("A/1002", "invoice", Decimal(6000), 123),
        ("A/1003", "invoice", Decimal(1500), 44),
        ("A/1004", "invoice", Decimal("1818.18"), 5),
        ("AB/2001", "credit_note", Decimal(-500), None),
        ("V-0007/2024-09-20", "prepayment", Decimal(-750), None),
    ]
    assert got.rows("select name from core.customer order by customer_id") == [
        ("COMERCIAL IBÁÑEZ S.L.",),
        ("GROSSHANDEL MÜLLER",),
        ("LODZ TRADING",),
    ]


def test_the_journal_tells_its_one_customer(reference_data: Path, tmp_path: Path) -> None:
    got = sound(tmp_path, samples(reference_data, "sage_contaplus", "diario_mayor_430.csv"))
    assert got.open_by_customer() == {CUSTOMERS["C1"]: truth(reference_data, CUSTOMERS)[CUSTOMERS["C1"]]}
    assert [(number, kind, rest) for number, kind, rest, _ in items(got)] == [
        ("A/1002", "invoice", Decimal(6000)),
        ("AB/2001", "credit_note", Decimal(-500)),
    ]
    before = replayed(got, date(2024, 6, 30))
    assert before.open_by_customer() == {CUSTOMERS["C1"]: Decimal(9500)}


def test_the_journal_is_not_counted_beside_the_due_dates(reference_data: Path, tmp_path: Path) -> None:
    assert sound(tmp_path, samples(reference_data, "sage_contaplus")).open_by_customer() == truth(
        reference_data, CUSTOMERS
    )


def due(number: str, amount: str, rest: str, state: str = "PENDIENTE", **more: str) -> list[str]:
    """One due date of customer 43000001: a bill of 15/05/24 due 14/06/24; amounts as Spain writes them."""
    told_ = {"Subcuenta": "43000001", "Título": "Comercial Ibáñez S.L.", "Documento": number, "Factura": f"A/{number}", "F. Emisión": "15/05/24",
             "F. Vto.": "14/06/24", "Forma de pago": "RECIBO", "Importe": amount, "Pendiente": rest, "Estado": state} | more  # fmt: skip
    return [told_.get(label, "") for label in DUE]


def test_bills_that_are_not_cash_until_they_are(tmp_path: Path) -> None:
    rows = [
        due("V-1", "1.000,00", "0,00", "REMESADO", Cobrado="1.000,00"),
        due("V-2", "200,00", "200,00", "DEVUELTO"),
        due("V-3", "30,00", "0,00", "COBRADO"),
        due("V-4", "4,00", "4,00", "ANULADO"),
        due("V-5", "5,00", "5,00", "PENDIENTE", Subcuenta="43100001", Factura="S/N"),
        due("V-6", "-6,00", "-6,00", "PENDIENTE", Subcuenta="43800001", Factura="S/N"),
        due("V-7", "7.777,00", "7.777,00", "PENDIENTE", Subcuenta="40000001"),
    ]
    got = sound(tmp_path, [table(tmp_path, "vencimientos.csv", [DUE, *rows], "cp1252", ";")])
    assert [(number, kind, rest) for number, kind, rest, _ in items(got)] == [
        ("A/V-1", "invoice", Decimal(1000)),
        ("A/V-2", "invoice", Decimal(200)),
        ("V-5", "bill_of_exchange", Decimal(5)),
        ("V-6/2024-05-15", "prepayment", Decimal(-6)),
    ]


def test_an_unknown_state_of_a_bill_is_asked_about(tmp_path: Path) -> None:
    rows = [due("V-1", "100,00", "100,00"), due("V-2", "1,00", "1,00", "EN TRÁMITE")]
    assert questioned(table(tmp_path, "vencimientos.csv", [DUE, *rows], "cp1252", ";")) == ["STATE_UNKNOWN"]


def ledger() -> list[list[str]]:
    """Three customers, one called like a total; instalments; what Spain writes with a comma."""
    return [
        due("V-1", "1.234,56", "0,00", "COBRADO", Factura="A/1001"),
        due("V-2", "10.000,00", "6.000,00", Factura="A/1002"),
        due("V-3", "-500,00", "-500,00", Factura="AB/1", **{"Forma de pago": "ABONO"}),
        due("V-4", "1.500,00", "0,00", "COBRADO", Subcuenta="43000002", Título="Total Gestión", Factura="A/1003"),
        due(
            "V-5",
            "1.500,50",
            "1.500,50",
            "DEVUELTO",
            Subcuenta="43000002",
            Título="Total Gestión",
            Factura="A/1003",
            **{"F. Vto.": "31/08/24"},
        ),
        due(
            "V-6",
            "-750,00",
            "-750,00",
            Subcuenta="43000003",
            Título="Müller",
            Factura="S/N",
            **{"Forma de pago": "ANTICIPO"},
        ),
    ]


OWED: Final = {"43000001": Decimal(5500), "43000002": Decimal("1500.5"), "43000003": Decimal(-750)}


def paged() -> list[list[str]]:
    """The list as printed: titles and headers again on every page, sums carried over, totals."""
    width = len(DUE)
    lines: list[list[str]] = []
    for page, rows in enumerate((ledger()[:3], ledger()[3:]), start=1):
        lines += [
            ["LISTADO DE VENCIMIENTOS - COBROS"],
            ["Empresa: ACME S.A.", "", "", "Fecha: 15/10/24", "", "", "", f"Página: {page}"],
            DUE,
        ]
        lines += [["Suma anterior", "", "", "", "", "", "", "10.734,56", "", "5.500,00", ""]] if page == 2 else []
        lines += rows
        lines += [["Suma y sigue", "", "", "", "", "", "", "10.734,56", "", "5.500,00", ""]] if page == 1 else []
    lines += [[""], ["TOTAL GENERAL", "", "", "", "", "", "", "12.985,06", "", "6.250,50", ""]]
    return [line + [""] * (width - len(line)) for line in lines]


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "utf-8", "utf-8-sig", "utf-16"])
def test_due_dates_on_pages_in_every_code_page(tmp_path: Path, encoding: str) -> None:
    got = landed(table(tmp_path, "listado.csv", paged(), encoding, ";"), extract_as_of=None)
    assert balance(got) == OWED
    assert names(got) == ["Comercial Ibáñez S.L.", "Total Gestión", "Müller"]


def test_due_dates_in_a_workbook(tmp_path: Path) -> None:
    assert balance(landed(workbook(tmp_path / "list.xlsx", paged()), extract_as_of=None)) == OWED


def test_due_dates_as_html(tmp_path: Path) -> None:
    assert balance(landed(html_table(tmp_path, "list.xls", paged(), "cp1252"), extract_as_of=None)) == OWED


def test_due_dates_in_another_column_order_and_locale(tmp_path: Path) -> None:
    turned = str.maketrans(",.", ".,")
    money = {DUE.index(label) for label in ("Importe", "Cobrado", "Pendiente")}
    rows = [[cell.translate(turned) if n in money else cell for n, cell in enumerate(row)] for row in ledger()]
    rows = [[cell.replace("/24", "/2024") if n in (4, 5) else cell for n, cell in enumerate(row)] for row in rows]
    lines = [list(reversed(row)) for row in [DUE, *rows]]
    assert balance(landed(table(tmp_path, "list.csv", lines, "cp1252", "\t"))) == OWED


JOURNAL: Final = [
    "Asien",
    "Fecha",
    "SubCta",
    "Contra",
    "Concepto",
    "PtaDebe",
    "PtaHaber",
    "EuroDebe",
    "EuroHaber",
    "Factura",
    "Documento",
]


def line(
    number: int, account: str, contra: str, text: str, debit: str = "0.00", credit: str = "0.00", document: str = ""
) -> list[str]:
    """One journal line of 15 May 2024."""
    return [str(number), "20240515", account, contra, text, "0.00", "0.00", debit, credit, "0", document]


def test_journal_lines_by_account_and_contra_account(tmp_path: Path) -> None:
    rows = [
        line(1, "43000001", "70000000", "N/Fra. A/1", "1000.00", document="A/1"),
        line(1, "70000000", "43000001", "N/Fra. A/1", credit="826.45", document="A/1"),
        line(1, "47700000", "43000001", "N/Fra. A/1", credit="173.55", document="A/1"),
        line(2, "57200001", "43000001", "Cobro Fra. A/1", "400.00"),
        line(2, "43000001", "57200001", "Cobro Fra. A/1", credit="400.00"),
        line(3, "43000001", "70800000", "N/Abono AB/1", credit="50.00", document="AB/1"),
        line(4, "43000001", "65000000", "Incobrable Fra. A/1", credit="25.00"),
        line(5, "43000001", "57200001", "Devolución recibo", "10.00"),
        line(6, "43000001", "43100001", "Giro aceptado", credit="100.00"),
        line(6, "43100001", "43000001", "Giro aceptado", "100.00"),
        line(7, "43800001", "57200001", "Anticipo", credit="60.00"),
        line(8, "49000001", "69400000", "Deterioro", credit="80.00"),
        line(9, "43000001", "", "Asiento de apertura", "7.00"),
    ]
    got = sound(tmp_path, [table(tmp_path, "Diario_Hasta20240630.csv", [JOURNAL, *rows], "cp1252", ";")])
    assert got.open_by_customer() == {"43000001": Decimal(442), "43100001": Decimal(100), "43800001": Decimal(-60)}
    kinds = {kind for _, kind, _, _ in items(got)}
    assert {"invoice", "credit_note", "refund", "bill_of_exchange", "prepayment", "opening_balance"} <= kinds


def test_a_ledger_printed_by_account(tmp_path: Path) -> None:
    lines = [
        ["LIBRO MAYOR", "", "", "", "", "", ""],
        ["Empresa: ACME S.A.", "", "", "", "", "Página: 1", ""],
        ["Asiento", "Fecha", "Concepto", "Documento", "Debe", "Haber", "Saldo"],
        ["Subcuenta: 43000001", "COMERCIAL IBÁÑEZ S.L.", "", "", "", "", ""],
        ["1", "15/05/2024", "N/Fra. A/1002", "A/1002", "10.000,00", "", "10.000,00"],
        ["Suma y sigue", "", "", "", "10.000,00", "", "10.000,00"],
        ["Empresa: ACME S.A.", "", "", "", "", "Página: 2", ""],
        ["Asiento", "Fecha", "Concepto", "Documento", "Debe", "Haber", "Saldo"],
        ["Suma anterior", "", "", "", "10.000,00", "", "10.000,00"],
        ["2", "01/07/2024", "Cobro parcial Fra. A/1002", "", "", "4.000,00", "6.000,00"],
        ["Total subcuenta", "", "", "", "10.000,00", "4.000,00", "6.000,00"],
        ["Subcuenta: 43000002", "TOTAL GESTIÓN", "", "", "", "", ""],
        ["3", "02/07/2024", "N/Fra. A/1003", "A/1003", "3.000,00", "", "3.000,00"],
        ["Total subcuenta", "", "", "", "3.000,00", "", "3.000,00"],
    ]
    for encoding in ("cp1252", "utf-8-sig"):
        got = landed(table(tmp_path, f"mayor_{encoding}.csv", lines, encoding, ";"))
        assert balance(got) == {"43000001": Decimal(6000), "43000002": Decimal(3000)}
        assert names(got) == ["COMERCIAL IBÁÑEZ S.L.", "TOTAL GESTIÓN"]


FIELDS: Final = (("ASIEN", "N", 6, 0), ("FECHA", "D", 8, 0), ("SUBCTA", "C", 12, 0), ("CONTRA", "C", 12, 0), ("CONCEPTO", "C", 25, 0),
                  ("DOCUMENTO", "C", 10, 0), ("EURODEBE", "N", 16, 2), ("EUROHABER", "N", 16, 2))  # fmt: skip
ACCOUNTS: Final = (("COD", "C", 12, 0), ("TITULO", "C", 40, 0), ("NIF", "C", 15, 0), ("POBLACION", "C", 25, 0))

Fields = tuple[tuple[str, str, int, int], ...]


def dbf(
    path: Path, fields: Fields, rows: Sequence[tuple[str, ...]], language: int = 0, encoding: str = "cp1252"
) -> Path:
    """Write a dBase III table; a first cell of * marks a deleted record."""
    start, length = 33 + 32 * len(fields), 1 + sum(width for _, _, width, _ in fields)
    head = struct.pack("<B3BIHH17xBxx", 3, 124, 10, 15, len(rows), start, length, language)[:32]
    described = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), width, places) for name, kind, width, places in fields
    )
    records = b""
    for cells in rows:
        deleted, cells_ = (b"*", ("",) * len(fields)) if cells[0] == "*" else (b" ", cells)
        texts = [
            (cell.rjust(width) if kind == "N" else cell.ljust(width)).encode(encoding)
            for cell, (_, kind, width, _) in zip(cells_, fields, strict=True)
        ]
        records += deleted + b"".join(texts)
    path.write_bytes(head + described + b"\r" + records + b"\x1a")
    return path


def posted(entry: str, day: str, account: str, contra: str, text: str, debit: str, credit: str) -> tuple[str, ...]:
    """One line of the journal."""
    return (entry, day, account, contra, text, "", debit, credit)


@pytest.mark.parametrize(
    ("language", "encoding"), [(0, "cp1252"), (0x02, "cp850"), (0x03, "cp1252")], ids=["not told", "dos", "windows"]
)
def test_the_journal_and_the_accounts_as_dbase_tables(tmp_path: Path, language: int, encoding: str) -> None:
    """Accounts of others and deleted records are skipped."""
    lines = [
        posted("1", "20240515", "43000001", "70000000", "N/Fra. A/1", "1000.00", "0.00"),
        posted("1", "20240515", "70000000", "43000001", "N/Fra. A/1", "0.00", "1000.00"),
        ("*",),
        posted("2", "20240701", "43000001", "57200001", "Cobro a cuenta", "0.00", "400.00"),
    ]
    accounts = [("43000001", "IBÁÑEZ", "B1", "LUGO"), ("57200001", "BANCO", "", "")]
    files = [
        dbf(tmp_path / "Diario.dbf", FIELDS, lines, language, encoding),
        dbf(tmp_path / "SubCta.dbf", ACCOUNTS, accounts, language, encoding),
    ]
    got = sound(tmp_path, files)
    assert got.open_by_customer() == {"43000001": Decimal(600)}
    assert got.rows("select substr(customer_id, strpos(customer_id, ':') + 1), name, city from core.customer") == [
        ("43000001", "IBÁÑEZ", "LUGO")
    ]
    assert got.rows("select sum(lines_read)::bigint from ops.batch") == [(8,)]


def test_a_dbase_table_cut_off_is_refused(tmp_path: Path) -> None:
    path = dbf(
        tmp_path / "Diario.dbf",
        FIELDS,
        [posted("1", "20240515", "43000001", "70000000", "N/Fra. A/1", "1.00", "0.00")] * 3,
    )
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FileRefused, match="ends before the last of its 3 records"):
        landed(path)


def test_the_exchange_file_of_the_accounts_has_no_header(tmp_path: Path) -> None:
    widths = (12, 40, 15, 35, 25, 5, 20, 10)
    accounts = [
        ("43000001", "IBÁÑEZ HERMANOS, S.L.", "B12345678", "C/ Mayor, 1", "LUGO", "27001", "LUGO", "N 00.00"),
        ("57200001", "BANCO", "", "", "", "", "", ""),
        ("43000002", "PÉREZ", "", "", "", "", "", ""),
    ]
    text = "".join("".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) + "\r\n" for row in accounts)
    lines = [
        posted("1", "20240515", "43000001", "70000000", "N/Fra. A/1", "1000.00", "0.00"),
        posted("1", "20240515", "43000002", "70000000", "N/Fra. A/2", "500.00", "0.00"),
    ]
    files = [
        dbf(tmp_path / "Diario.dbf", FIELDS, lines, 0, "cp1252"),
        write(tmp_path, "XSUBCTA.TXT", text, "cp1252"),
    ]
    got = sound(tmp_path, files)
    named = "select substr(customer_id, strpos(customer_id, ':') + 1), name, tax_id, city, postcode, region"
    assert got.rows(f"{named} from core.customer order by all") == [
        ("43000001", "IBÁÑEZ HERMANOS, S.L.", "B12345678", "LUGO", "27001", "LUGO"),
        ("43000002", "PÉREZ", None, None, None, None),
    ]
