"""Business Central entries against the ledger they tell: ledger entries in English and Spanish, and the detailed entries behind them.

The sample's ledger entries leave out the written-off invoice of customer C3. Its detailed entries tell three of the ledger entries only: what
is left of C1's second invoice, and C2's invoice in dollars.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from exports import Told, samples, told, truth
from intake_files import write
from table_files import american, continental, entries_told, html_of, labelled, plain, sheet_of, text_of, turned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from table_files import Row

CUSTOMERS: Final = {"C1": "10000", "C2": "20000", "C3": "30000"}
LEDGER, DETAIL = "cust_ledger_entry.csv", "detailed_cust_ledg_entry.csv"


def whole(found: Told) -> None:
    """Everything was loaded, every line is accounted for, and items and ledger agree."""
    assert {outcome for outcome, _ in found.files.values()} == {"loaded"}, found.files
    assert found.lines_lost() == 0
    assert found.findings("quarantine") == []
    assert found.control_difference() == 0


@pytest.mark.parametrize(
    "names", [(LEDGER,), (LEDGER, DETAIL), (DETAIL, LEDGER)], ids=["ledger", "both", "late ledger"]
)
def test_ledger_entries_give_the_balances_of_the_ledger(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    found = told(tmp_path, samples(reference_data, "d365_bc", *names))
    whole(found)
    assert found.open_by_customer() == truth(reference_data, CUSTOMERS)
    items = found.rows(
        "select doc_no, kind, open_doc, currency, days_overdue from marts.open_item where kind = 'invoice' order by doc_no"
    )
    assert items == [
        ("PS-INV103002", "invoice", Decimal(6000), "EUR", 123),
        ("PS-INV103003B", "invoice", Decimal(1500), "EUR", 44),
        ("PS-INV103004", "invoice", Decimal(2000), "USD", 5),
    ]


def test_detailed_entries_alone_tell_the_ledger_entries_they_hold(reference_data: Path, tmp_path: Path) -> None:
    found = told(tmp_path, samples(reference_data, "d365_bc", DETAIL))
    whole(found)
    assert found.open_by_customer() == {"10000": Decimal(6000), "20000": Decimal("1818.18")}


PAST: Final = {
    date(2024, 4, 9): {"10000": "1234.56"},
    date(2024, 6, 30): {"10000": "9500"},
    date(2024, 8, 4): {"10000": "5500", "20000": "3000"},
    date(2024, 8, 15): {"10000": "5500", "20000": "1500", "30000": "420"},
    date(2024, 8, 16): {"10000": "5500", "20000": "1500"},
}


def test_a_past_date_is_replayed_and_an_entry_taken_back_counts_until_then(
    reference_data: Path, tmp_path: Path
) -> None:
    found = told(tmp_path, samples(reference_data, "d365_bc", LEDGER))
    for day, due in PAST.items():
        receivables.build(found.home, as_of=day)
        assert found.open_by_customer() == {name: Decimal(amount) for name, amount in due.items()}, day


# -- what the entries mean -------------------------------------------------------------------------------------------


def entry(number: int, account: str, kind: str, doc_no: str, amount: str, rest: str, **more: Any) -> dict[str, Any]:
    """One customer ledger entry; the currency is blank in local currency."""
    local = more.get("local", amount)
    return {
        "Entry No.": number,
        "Customer No.": account,
        "Customer Name": f"Cliente {account} Ñ",
        "Posting Date": more.get("day", date(2024, 3, 13)),
        "Document Date": more.get("day", date(2024, 3, 13)),
        "Document Type": kind,
        "Document No.": doc_no,
        "External Document No.": "",
        "Description": more.get("text", f"{kind} {doc_no}"),
        "Currency Code": more.get("currency", ""),
        "Original Amount": Decimal(amount),
        "Amount": Decimal(amount),
        "Remaining Amount": Decimal(rest),
        "Original Amt. (LCY)": Decimal(local),
        "Amount (LCY)": Decimal(more.get("adjusted", local)),
        "Remaining Amt. (LCY)": Decimal(more.get("rest_local", rest)),
        "Due Date": more.get("due", date(2024, 4, 12)),
        "Open": "No" if Decimal(rest) == 0 else "Yes",
        "Closed by Entry No.": more.get("closed_by", 0),
        "Closed at Date": more.get("closed"),
        "Reversed": more.get("is_reversed", "No"),
        "Applies-to Doc. Type": "Invoice" if more.get("applies_to") else "",
        "Applies-to Doc. No.": more.get("applies_to", ""),
    }


BOOK: Final = [
    entry(1, "10", "Invoice", "INV-1", "1000.00", "560.00"),
    entry(2, "10", "Payment", "BANK-1", "-400.00", "0.00", day=date(2024, 4, 20), closed_by=1, closed=date(2024, 4, 20), applies_to="INV-1"),
    entry(3, "10", "Credit Memo", "CR-1", "-100.00", "-60.00", day=date(2024, 5, 31)),
    entry(4, "10", "Finance Charge Memo", "FIN-1", "7.00", "7.00"),
    entry(5, "20", "Invoice", "INV-2", "1100.00", "1100.00", local="1000.00", adjusted="1013.00", rest_local="1013.00", currency="USD",
          due=date(2024, 10, 31)),
    entry(6, "20", "Payment", "BANK-2", "-60.00", "-60.00", day=date(2024, 5, 2)),
    entry(7, "20", "Refund", "BANK-3", "10.00", "10.00", day=date(2024, 5, 9)),
    entry(8, "20", "", "GEN-1", "-5.00", "-5.00", day=date(2024, 5, 9)),
    # an invoice told in bills: it is closed by them, each of them is due on its own day and is no cash
    entry(9, "30", "Invoice", "INV-3", "300.00", "0.00", closed=date(2024, 3, 13), closed_by=10),
    entry(10, "30", "", "INV-3", "-300.00", "0.00", closed=date(2024, 3, 13), text="Bills of INV-3"),
    entry(11, "30", "Bill", "INV-3", "150.00", "150.00", due=date(2024, 10, 1)),
    entry(12, "30", "Bill", "INV-3", "150.00", "150.00", due=date(2024, 11, 1)),
    # posted in error and reversed
    entry(13, "30", "Payment", "BANK-4", "-90.00", "0.00", day=date(2024, 6, 1), closed=date(2024, 6, 4), closed_by=14, is_reversed="Yes"),
    entry(14, "30", "Payment", "BANK-4", "90.00", "0.00", day=date(2024, 6, 4), closed=date(2024, 6, 4), is_reversed="Yes"),
]  # fmt: skip
DUE: Final = {"10": Decimal(507), "20": Decimal(945), "30": Decimal(300)}


def test_entries_are_what_their_type_and_sign_say(tmp_path: Path) -> None:
    found = told(tmp_path / "home", [write(tmp_path, "cust_ledger_entry.csv", text_of(BOOK))])
    whole(found)
    assert found.open_by_customer() == DUE
    items = found.rows(
        "select kind, open_doc, currency, days_overdue from marts.open_item where bucket <> 'unapplied' order by customer_id, kind, days_overdue"
    )
    assert items == [
        ("finance_charge", Decimal(7), "EUR", 186),
        ("invoice", Decimal(560), "EUR", 186),
        ("invoice", Decimal(1100), "USD", -16),
        ("refund", Decimal(10), "EUR", 186),
        ("bill_of_exchange", Decimal(150), "EUR", -17),
        ("bill_of_exchange", Decimal(150), "EUR", 14),
    ]
    local = found.rows("select sum(open_local) from marts.aging where currency = 'USD'")
    assert local == [(Decimal(1000),)]  # at the rate it was booked at, not as it was revalued


def test_a_payment_reversed_is_no_cash_from_that_day_on(tmp_path: Path) -> None:
    path = write(tmp_path, "cust_ledger_entry.csv", text_of(BOOK))
    found = told(tmp_path / "home", [path], as_of=date(2024, 6, 3))
    assert found.open_by_customer()["30"] == 210


def detail(number: int, of: int, kind: str, amount: str, applied: int = 0, **more: Any) -> dict[str, Any]:
    """One detailed entry of customer 10, or of the ledger entry's own."""
    return {
        "Entry No.": number,
        "Cust. Ledger Entry No.": of,
        "Entry Type": kind,
        "Posting Date": more.get("day", date(2024, 3, 13)),
        "Document Type": more.get("doc_type", ""),
        "Document No.": more.get("doc_no", f"DOC-{of}"),
        "Amount": Decimal(amount),
        "Amount (LCY)": Decimal(more.get("local", amount)),
        "Customer No.": more.get("account", "10"),
        "Currency Code": more.get("currency", ""),
        "Initial Entry Due Date": more.get("due", date(2024, 4, 12)),
        "Applied Cust. Ledger Entry No.": applied,
        "Unapplied": more.get("unapplied", "No"),
        "Unapplied by Entry No.": more.get("by", 0),
        "Ledger Entry Amount": "Yes" if kind == "Initial Entry" else "No",
        "Initial Document Type": more.get("initial", ""),
    }


APPLIED: Final = date(2024, 4, 20)
DETAILS: Final = [
    detail(1, 1, "Initial Entry", "1000.00", initial="Invoice"),
    detail(2, 2, "Initial Entry", "-400.00", initial="Payment", day=APPLIED),
    # told from both sides; the mirror names its own entry
    detail(3, 1, "Application", "-400.00", 1, day=APPLIED),
    detail(4, 2, "Application", "400.00", 1, day=APPLIED),
    # applied the other way round: the invoice onto the credit memo, which is the applied entry
    detail(5, 3, "Initial Entry", "-100.00", initial="Credit Memo", day=date(2024, 5, 31)),
    detail(6, 3, "Application", "40.00", 3, day=date(2024, 5, 31)),
    detail(7, 1, "Application", "-40.00", 3, day=date(2024, 5, 31)),
    # a discount that was granted, and a cent that was left
    detail(8, 4, "Initial Entry", "200.00", initial="Invoice"),
    detail(9, 5, "Initial Entry", "-195.99", initial="Payment", day=APPLIED),
    detail(10, 4, "Application", "-195.99", 4, day=APPLIED),
    detail(11, 5, "Application", "195.99", 4, day=APPLIED),
    detail(12, 4, "Payment Discount", "-4.00", day=APPLIED),
    detail(13, 4, "Payment Tolerance", "-0.01", day=APPLIED),
    # applied, and unapplied again in May
    detail(14, 6, "Initial Entry", "50.00", initial="Invoice"),
    detail(15, 7, "Initial Entry", "-50.00", initial="Payment", day=APPLIED),
    detail(16, 6, "Application", "-50.00", 6, day=APPLIED, unapplied="Yes", by=18),
    detail(17, 7, "Application", "50.00", 6, day=APPLIED, unapplied="Yes", by=19),
    detail(18, 6, "Application", "50.00", 6, day=date(2024, 5, 15), unapplied="Yes"),
    detail(19, 7, "Application", "-50.00", 6, day=date(2024, 5, 15), unapplied="Yes"),
    # revalued and back
    detail(20, 8, "Initial Entry", "1100.00", local="1000.00", initial="Invoice", currency="USD", account="20"),
    detail(21, 8, "Unrealized Gain", "0.00", local="13.00", currency="USD", account="20"),
    detail(22, 8, "Unrealized Loss", "0.00", local="-13.00", currency="USD", account="20"),
]
DETAILS_OPEN: Final = {"1": "560", "3": "-60", "6": "50", "7": "-50", "8": "1100"}


def open_by_number(found: Told) -> dict[str, Decimal]:
    """What is open of each ledger entry."""
    rows = found.rows("select item_id, open_doc from marts.open_item order by all")
    return {key.split(":")[-1].removesuffix("/C"): amount for key, amount in rows}


def test_detailed_entries_apply_discount_and_unapply_on_their_days(tmp_path: Path) -> None:
    path = write(tmp_path, "detailed_cust_ledg_entry.csv", text_of(DETAILS))
    found = told(tmp_path / "home", [path])
    whole(found)
    assert open_by_number(found) == {key: Decimal(amount) for key, amount in DETAILS_OPEN.items()}
    assert found.rows("select kind, amount_to_doc from core.allocation where kind in ('discount', 'tolerance') order by kind") == [
        ("discount", Decimal(4)), ("tolerance", Decimal("0.01")),
    ]  # fmt: skip


def test_what_was_unapplied_later_was_settled_until_then(tmp_path: Path) -> None:
    path = write(tmp_path, "detailed_cust_ledg_entry.csv", text_of(DETAILS))
    found = told(tmp_path / "home", [path], as_of=date(2024, 5, 14))
    assert not {"6", "7"} & open_by_number(found).keys()
    assert open_by_number(found)["1"] == 600


WITHOUT_AMOUNTS: Final = ("Entry No.", "Customer No.", "Posting Date", "Document Date", "Document Type", "Document No.", "Description",
                          "Currency Code", "Due Date", "Open", "Reversed")  # fmt: skip


def test_ledger_entries_as_stored_add_to_the_detailed_entries_what_those_do_not_say(tmp_path: Path) -> None:
    """The table itself has no amounts, which are sums over the detailed entries."""
    kinds = {
        1: "Invoice",
        2: "Payment",
        3: "Credit Memo",
        4: "Invoice",
        5: "Payment",
        6: "Invoice",
        7: "Payment",
        8: "Invoice",
    }
    rows = [
        {
            name: entry(n, "20" if n == 8 else "10", kind, f"DOC-{n}", "0", "0", day=date(2024, 2, 1))[name]
            for name in WITHOUT_AMOUNTS
        }
        for n, kind in kinds.items()
    ]
    files = [
        write(tmp_path, "cust_ledger_entry.csv", text_of(rows)),
        write(tmp_path, "detailed_cust_ledg_entry.csv", text_of(DETAILS)),
    ]
    found = told(tmp_path / "home", files)
    whole(found)
    assert open_by_number(found) == {key: Decimal(amount) for key, amount in DETAILS_OPEN.items()}
    assert found.rows("select doc_date, posting_date from core.document where doc_no = 'DOC-1'") == [
        (date(2024, 2, 1), date(2024, 3, 13))
    ]


def test_ledger_entries_with_their_amounts_count_before_the_detailed_ones(tmp_path: Path) -> None:
    ledger = [
        entry(1, "10", "Invoice", "DOC-1", "1000.00", "560.00"),
        entry(
            2, "10", "Payment", "DOC-2", "-400.00", "0.00", day=APPLIED, closed=APPLIED, closed_by=1, applies_to="DOC-1"
        ),
        entry(3, "10", "Credit Memo", "DOC-3", "-100.00", "-60.00", day=date(2024, 5, 31)),
    ]
    details = [row for row in DETAILS if row["Cust. Ledger Entry No."] < 4]
    files = [
        write(tmp_path, "cust_ledger_entry.csv", text_of(ledger)),
        write(tmp_path, "detailed_cust_ledg_entry.csv", text_of(details)),
    ]
    found = told(tmp_path / "home", files)
    whole(found)
    assert open_by_number(found) == {"1": Decimal(560), "3": Decimal(-60)}
    assert found.rows("select kind, sum(amount_to_doc) from core.allocation group by all order by all") == [
        ("credit_note", Decimal(40)), ("payment", Decimal(400)),
    ]  # fmt: skip


# -- other layouts ---------------------------------------------------------------------------------------------------

SPANISH: Final = {
    "Entry No.": "Nº mov.",
    "Posting Date": "Fecha registro",
    "Document Date": "Fecha emisión documento",
    "Document Type": "Tipo documento",
    "Document No.": "Nº documento",
    "External Document No.": "Nº documento externo",
    "Customer No.": "Nº cliente",
    "Customer Name": "Nombre cliente",
    "Description": "Descripción",
    "Currency Code": "Cód. divisa",
    "Original Amount": "Importe original",
    "Original Amt. (LCY)": "Importe original (DL)",
    "Amount": "Importe",
    "Amount (LCY)": "Importe (DL)",
    "Remaining Amount": "Importe pendiente",
    "Remaining Amt. (LCY)": "Importe pendiente (DL)",
    "Due Date": "Fecha vencimiento",
    "Open": "Pendiente",
    "Closed by Entry No.": "Cerrado por nº mov.",
    "Closed at Date": "Fecha cierre",
    "Reversed": "Revertido",
}
WORDS: Final = {"Invoice": "Factura", "Payment": "Pago", "Credit Memo": "Abono", "Finance Charge Memo": "Docs. interés", "Refund": "Reembolso",
                "Bill": "Efecto", "Yes": "Sí"}  # fmt: skip


def in_spanish(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return labelled([{name: WORDS.get(str(value), value) for name, value in row.items()} for row in rows], SPANISH)


def layouts(folder: Path) -> dict[str, Path]:
    spanish = in_spanish(BOOK)
    return {
        "english, shuffled": write(folder, "cle.csv", text_of(turned(BOOK), american)),
        "english, european": write(folder, "cle_eu.csv", text_of(BOOK, continental, delimiter=";", end="\r\n")),
        "spanish": write(
            folder, "mov_clientes.csv", text_of(spanish, continental, delimiter=";", end="\r\n"), "cp1252"
        ),
        "spanish, byte order mark": write(
            folder, "mov.csv", text_of(turned(spanish), continental, delimiter=";"), "utf-8-sig"
        ),
        "spanish workbook": sheet_of(folder / "mov.xlsx", spanish, ["Movs. clientes"], []),
        "utf-16, pages": write(folder, "mov.txt", text_of(spanish, plain, delimiter="\t", pages=4), "utf-16"),
        "web page": write(folder, "cle.xls", html_of(BOOK, continental)),
    }


@pytest.mark.parametrize("layout", ["english, shuffled", "english, european", "spanish", "spanish, byte order mark", "spanish workbook",
                                    "utf-16, pages", "web page"])  # fmt: skip
def test_ledger_entries_in_other_layouts_tell_the_same_entries(tmp_path: Path, layout: str) -> None:
    base = write(tmp_path, "plain.csv", text_of(BOOK))
    assert without_numbers(layouts(tmp_path)[layout]) == without_numbers(base)


def without_numbers(path: Path) -> list[str]:
    """The entries; a column for the invoice that a payment names is in the English files only."""
    return [text.replace("'INV-1', None, None]", "None, None, None]") for text in entries_told(path, "ES01")]


def test_a_night_on_spanish_captions_gives_the_same_balances(tmp_path: Path) -> None:
    found = told(tmp_path / "home", [layouts(tmp_path)["spanish"]])
    whole(found)
    assert found.open_by_customer() == DUE


@pytest.mark.parametrize("text", ["european", "raw numbers"])
def test_detailed_entries_in_other_layouts(tmp_path: Path, text: str) -> None:
    if text == "european":
        path = write(tmp_path, "detallados.csv", text_of(turned(DETAILS), continental, delimiter=";"), "utf-8-sig")
    else:
        numbers = {"Initial Entry": 1, "Application": 2, "Unrealized Loss": 3, "Unrealized Gain": 4, "Payment Discount": 7, "Payment Tolerance": 12,
                   "Invoice": 2, "Payment": 1, "Credit Memo": 3, "Yes": 1, "No": 0}  # fmt: skip
        rows = [
            {name: numbers.get(value, value) if isinstance(value, str) else value for name, value in row.items()}
            for row in DETAILS
        ]
        path = sheet_of(tmp_path / "Detailed Cust. Ledg. Entry.xlsx", rows)
    found = told(tmp_path / "home", [path])
    whole(found)
    assert open_by_number(found) == {key: Decimal(amount) for key, amount in DETAILS_OPEN.items()}


def test_customers_invoices_rates_and_salespeople_stand_beside_the_ledger(tmp_path: Path) -> None:
    """Posted invoices name orders and terms and add no debt; a limit of zero is none; a hundred yen have one price."""

    def customer(number: str, blocked: str, limit: str) -> dict[str, Any]:
        return {
            "No.": number,
            "Name": f"Cliente {number}",
            "City": "Lugo",
            "Blocked": blocked,
            "Salesperson Code": "JR",
            "Credit Limit (LCY)": limit,
            "Payment Terms Code": "30D",
        }

    tables = {
        "cust_ledger_entry": [entry(1, "10000", "Invoice", "SI1", "100", "100"), entry(2, "10000", "Payment", "P1", "-30", "-30")],
        "Sales_Invoice_Header": [{"No.": "SI1", "Bill-to Customer No.": "10000", "Posting Date": "2024-03-13", "Due Date": "2024-04-12", "Order No.": "SO-7",
                                  "External Document No.": "PO-9", "Payment Terms Code": "30D", "Amount Including VAT": "100"}],
        "Sales_Invoice_Line": [{"Document No.": "SI1", "Line No.": "10000", "Quantity": "2", "Line Amount": "50"}],
        "Customer": [customer("10000", "", "5000"), customer("20000", "Ship", "0"), customer("30000", "All", "")],
        "Currency_Exchange_Rate": [{"Currency Code": "JPY", "Starting Date": "2024-03-01", "Exchange Rate Amount": "100", "Relational Exch. Rate Amount": "0.62", "Relational Currency Code": ""}],
        "Salesperson": [{"Code": "JR", "Name": "Juana", "Commission %": "5"}],
    }  # fmt: skip
    found = told(tmp_path / "home", [write(tmp_path, f"{name}.csv", text_of(rows)) for name, rows in tables.items()])
    whole(found)
    assert found.open_by_customer() == {"10000": Decimal(70)}
    assert found.rows("select order_no, customer_ref, terms_id from core.document") == [("SO-7", "PO-9", "ES01:30D")]
    assert found.rows("select customer_id, status, terms_id from core.customer order by 1") == [
        ("ES01:10000", "active", "ES01:30D"),
        ("ES01:20000", "delivery_block", "ES01:30D"),
        ("ES01:30000", "all_block", "ES01:30D"),
    ]
    assert found.rows("select credit_account_id, limit_amount from core.credit_limit") == [
        ("ES01:10000", Decimal(5000))
    ]
    assert found.rows("select from_currency, to_currency, rate from core.fx_rate") == [
        ("JPY", "EUR", Decimal("0.0062"))
    ]
