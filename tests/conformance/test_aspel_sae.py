"""Aspel SAE: charges, payments and customers against the ledger they tell, and its words in other layouts.

The charges alone are what was ever charged (C1 11,234.56, C2 4,818.18), the payments alone what was ever paid.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from exports import samples, truth
from intake_files import workbook
from sound_nights import balance, html_table, items, landed, sound, table

if TYPE_CHECKING:
    from pathlib import Path

    from exports import Told

CUSTOMERS: Final = {"C1": "1", "C2": "2", "C3": "3"}
SAID: Final[dict[str, Any]] = {"currency": "MXN"}
CHARGE: Final = ["CVE_CLIE", "REFER", "NUM_CPTO", "NUM_CARGO", "DOCTO", "IMPORTE", "FECHA_APLI", "FECHA_VENC", "NUM_MONED", "TCAMBIO", "IMPMON_EXT",
                 "TIPO_MOV", "SIGNO", "STATUS"]  # fmt: skip
CREDIT: Final = ["CVE_CLIE", "REFER", "ID_MOV", "NUM_CPTO", "NUM_CARGO", "NO_PARTIDA", "DOCTO", "IMPORTE", "FECHA_APLI", "NUM_MONED", "TCAMBIO",
                 "IMPMON_EXT", "TIPO_MOV", "SIGNO"]  # fmt: skip


def night(home: Path, *files: Path, **said: Any) -> Told:
    """A sound night of a company whose ledger is in pesos."""
    return sound(home, files, **{**SAID, **said})


def test_charges_payments_and_customers_tell_the_ledger(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "aspel_sae"))
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert items(got) == [
        ("3/ANT-1/9", "prepayment", Decimal(-750), None),
        ("A1002", "invoice", Decimal(5500), 123),
        ("A1003", "invoice", Decimal(1500), 44),
        ("A1004", "invoice", Decimal(2000), 5),
    ]
    assert got.rows("select kind, count(*)::bigint from core.payment group by kind order by kind") == [
        ("prepayment", 1),
        ("receipt", 3),
    ]
    assert got.rows("select name, tax_id, status from core.customer order by customer_id") == [
        ("COMERCIAL IBÁÑEZ S.A. DE C.V.", "CIB200101AB1", "active"),
        ("MUELLER MAYORISTA", "MMA190520K11", "active"),
        ("LODZ TRADING", None, "all_block"),
    ]


def test_payments_count_from_their_own_day(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "aspel_sae"), as_of=date(2024, 6, 30))
    assert got.open_by_customer() == {"1": Decimal(9500)}


def test_charges_alone_and_payments_alone(reference_data: Path, tmp_path: Path) -> None:
    charges, payments = samples(reference_data, "aspel_sae", "CUEN_M01.csv", "CUEN_DET01.csv")
    assert night(tmp_path / "m", charges).open_by_customer() == {
        "1": Decimal("11234.56"),
        "2": Decimal("4818.18"),
        "3": Decimal(-750),
    }
    assert night(tmp_path / "d", payments).open_by_customer() == {"1": Decimal("-5734.56"), "2": Decimal(-1500)}


def padded(folio: int) -> str:
    """A document key as SAE pads it: series to the left, folio to the right."""
    return f"{'A':<10}{folio:>10}"


def charge(folio: int | str, amount: str, **more: str) -> list[str]:
    """One charge of customer 1: an invoice of 15 May 2024 due in 30 days, in pesos."""
    key = padded(folio) if isinstance(folio, int) else folio
    told_ = {"CVE_CLIE": "         1", "REFER": key, "NUM_CPTO": "1", "NUM_CARGO": "1", "DOCTO": key, "IMPORTE": amount,
             "FECHA_APLI": "2024-05-15 00:00:00", "FECHA_VENC": "2024-06-14 00:00:00", "NUM_MONED": "1", "TCAMBIO": "1", "IMPMON_EXT": amount,
             "TIPO_MOV": "C", "SIGNO": "1", "STATUS": "A"} | more  # fmt: skip
    return [told_[label] for label in CHARGE]


def credit(folio: int | str, amount: str, number: str, **more: str) -> list[str]:
    """One payment in cash of customer 1 of 1 July 2024 against the first part of a charge."""
    key = padded(folio) if isinstance(folio, int) else folio
    told_ = {"CVE_CLIE": "         1", "REFER": key, "ID_MOV": "1", "NUM_CPTO": "10", "NUM_CARGO": "1", "NO_PARTIDA": "1", "DOCTO": number,
             "IMPORTE": amount, "FECHA_APLI": "2024-07-01 00:00:00", "NUM_MONED": "1", "TCAMBIO": "1", "IMPMON_EXT": amount, "TIPO_MOV": "A",
             "SIGNO": "-1"} | more  # fmt: skip
    return [told_[label] for label in CREDIT]


def both(home: Path, charges: list[list[str]], credits_: list[list[str]], **said: Any) -> Told:
    """A sound night of charges and payments."""
    home.mkdir(parents=True, exist_ok=True)
    files = [table(home, "CUEN_M01.csv", [CHARGE, *charges]), table(home, "CUEN_DET01.csv", [CREDIT, *credits_])]
    return night(home, *files, **said)


def test_instalments_of_one_invoice_are_paid_by_their_number(tmp_path: Path) -> None:
    parts = [charge(1, "100.0"), charge(1, "100.0", NUM_CARGO="2", FECHA_VENC="2024-07-14 00:00:00")]
    got = both(tmp_path, parts, [credit(1, "60.0", "T1", NUM_CARGO="2")])
    assert got.rows("select seq, open_doc, days_overdue from marts.open_item order by seq") == [
        (1, Decimal(100), 123),
        (2, Decimal(40), 93),
    ]


def test_one_cheque_pays_several_charges(tmp_path: Path) -> None:
    got = both(tmp_path, [charge(1, "100.0"), charge(2, "50.0")], [credit(1, "100.0", "CH7"), credit(2, "20.0", "CH7")])
    assert items(got) == [("A2", "invoice", Decimal(30), 123)]
    assert got.rows("select amount_doc from core.payment") == [(Decimal(120),)]


def test_a_payment_without_a_reference_is_on_account_and_an_own_concept_follows_its_sign(tmp_path: Path) -> None:
    rows = [
        credit("", "30.0", "T1"),
        credit(1, "20.0", "NC1", NUM_CPTO="1002", NO_PARTIDA="1"),
        credit(1, "10.0", "X1", NUM_CPTO="77", NO_PARTIDA="2"),
        credit(1, "5.0", "C1", NUM_CPTO="23", NO_PARTIDA="3"),
        credit(1, "4.0", "D1", NUM_CPTO="60", NO_PARTIDA="4", TIPO_MOV="C", SIGNO="1"),
    ]
    got = both(tmp_path, [charge(1, "100.0")], rows)
    assert got.open_by_customer() == {"1": Decimal(39)}
    assert [(number, kind, rest) for number, kind, rest, _ in items(got)] == [
        ("A1", "invoice", Decimal(65)),
        ("D1", "refund", Decimal(4)),
        ("abono/1/10/T1/2024-07-01", "receipt", Decimal(-30)),
    ]


def test_a_dollar_charge_keeps_its_dollars(tmp_path: Path) -> None:
    dollars = {"NUM_MONED": "2", "TCAMBIO": "17.5", "IMPMON_EXT": "100.0"}
    paid = {"NUM_MONED": "2", "TCAMBIO": "17.5", "IMPMON_EXT": "40.0"}
    got = both(tmp_path, [charge(1, "1750.0", **dollars)], [credit(1, "700.0", "T1", **paid)])
    assert got.rows("select currency, open_doc, open_local from marts.open_item") == [
        ("USD", Decimal(60), Decimal(1050))
    ]


INVOICE: Final = [
    "TIP_DOC",
    "CVE_DOC",
    "CVE_CLPV",
    "STATUS",
    "FECHA_DOC",
    "FECHA_VEN",
    "FECHA_CANCELA",
    "CVE_PEDI",
    "IMPORTE",
    "NUM_MONED",
    "TIPCAMB",
]


def test_invoice_headers_complete_their_charges_and_add_no_debt(tmp_path: Path) -> None:
    headers = [
        [
            "F",
            padded(1),
            "         1",
            "E",
            "2024-05-15 00:00:00",
            "2024-06-14 00:00:00",
            "",
            "PO-7",
            "100.0",
            "1",
            "1",
        ],
        [
            "F",
            padded(2),
            "         1",
            "C",
            "2024-05-15 00:00:00",
            "2024-06-14 00:00:00",
            "2024-05-16 00:00:00",
            "",
            "50.0",
            "1",
            "1",
        ],
        ["F", padded(3), "         1", "E", "2024-05-15 00:00:00", "2024-05-15 00:00:00", "", "", "9.0", "1", "1"],
    ]
    files = [
        table(tmp_path, "CUEN_M01.csv", [CHARGE, charge(1, "100.0"), charge(2, "50.0")]),
        table(tmp_path, "FACTF01.csv", [INVOICE, *headers]),
    ]
    got = night(tmp_path, *files)
    assert items(got) == [("A1", "invoice", Decimal(100), 123)]
    assert got.rows("select state from core.document where doc_no = 'A2'") == [("cancelled",)]


def ledger() -> tuple[list[list[str]], list[list[str]]]:
    """Charges of two customers and what was paid of them; keys padded and glued."""
    second = {"CVE_CLIE": "         2"}
    charges = [charge(1, "1234.56"), charge("A2", "10000.0"), charge(3, "3000.5", **second)]
    return charges, [credit(1, "1234.56", "T1"), credit("A2", "4000.0", "T2"), credit("A3", "1500.0", "T3", **second)]


CHARGED: Final = {"1": Decimal("11234.56"), "2": Decimal("3000.5")}
PAID: Final = {"1": Decimal("-5234.56"), "2": Decimal(-1500)}


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("cp1252", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-8", "|")]
)
def test_tables_in_other_encodings_and_column_orders(tmp_path: Path, encoding: str, delimiter: str) -> None:
    charges, credits_ = (
        [list(reversed(row)) for row in rows] for rows in ([CHARGE, *ledger()[0]], [CREDIT, *ledger()[1]])
    )
    charged = landed(table(tmp_path, "a.csv", charges, encoding, delimiter), "MXN")
    paid = landed(table(tmp_path, "b.csv", credits_, encoding, delimiter), "MXN")
    assert (balance(charged), balance(paid)) == (CHARGED, PAID)
    targets = [row["applies_to"] for row in paid.tables["entry"]]
    assert targets == [row["entry_key"] for row in charged.tables["entry"]]


def test_tables_in_workbooks(tmp_path: Path) -> None:
    charges, credits_ = ledger()
    assert balance(landed(workbook(tmp_path / "a.xlsx", [CHARGE, *charges]), "MXN")) == CHARGED
    assert balance(landed(workbook(tmp_path / "b.xlsx", [CREDIT, *credits_]), "MXN")) == PAID


def test_tables_as_html_with_other_dates(tmp_path: Path) -> None:
    charges = [
        [f"{cell[8:10]}.{cell[5:7]}.{cell[:4]} 00:00:00" if cell[4:5] == "-" else cell for cell in row]
        for row in ledger()[0]
    ]
    assert balance(landed(html_table(tmp_path, "a.xls", [CHARGE, *charges]), "MXN")) == CHARGED


def test_customers_tell_their_limit_and_lines_and_concepts_tell_nothing_of_the_ledger(tmp_path: Path) -> None:
    """A limit of zero is none; what a concept means follows from the movement itself."""
    customers = [
        ["CLAVE", "STATUS", "NOMBRE", "RFC", "LIMCRED", "DIASCRED"],
        ["         1", "A", "UNO", "", "25000.0", "30"],
        ["         2", "A", "DOS", "", "0.0", "0"],
    ]
    lines = [
        ["CVE_DOC", "NUM_PAR", "CVE_ART", "CANT", "PREC", "TOT_PARTIDA"],
        [padded(1), "1", "OIL", "2.0", "50.0", "100.0"],
    ]
    concepts = [["NUM_CPTO", "DESCR", "TIPO", "SIGNO"], ["1", "FACTURA", "C", "1"], ["10", "EFECTIVO", "A", "-1"]]
    files = [
        table(tmp_path, "CLIE01.csv", customers),
        table(tmp_path, "CUEN_M01.csv", [CHARGE, charge(1, "100.0")]),
        table(tmp_path, "PAR_FACTF01.csv", lines),
        table(tmp_path, "CONC01.csv", concepts),
    ]
    got = night(tmp_path, *files)
    assert got.open_by_customer() == {"1": Decimal(100)}
    limits = got.rows(
        "select substr(credit_account_id, strpos(credit_account_id, ':') + 1), limit_amount, currency from core.credit_limit"
    )
    assert limits == [("1", Decimal(25000), "MXN")]
