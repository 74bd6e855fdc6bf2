"""Dynamics 365 Finance tables against the ledger they tell: transactions, what is open of them, settlements, and the invoice journal.

The sample tells neither the written-off invoice nor the cancelled one of customer C3. The journal holds two invoices and no payments.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from exports import TRUTH_DAY, Told, samples, told, truth
from intake_files import write
from receivables.land import Reading
from table_files import american, continental, entries_told, html_of, labelled, sheet_of, text_of, turned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from table_files import Row

CUSTOMERS: Final = {"C1": "C00001", "C2": "C00002", "C3": "C00003"}
TRANS, OPEN, SETTLED, JOURNAL = "CustTrans.csv", "CustTransOpen.csv", "CustSettlement.csv", "CustInvoiceJour.csv"


def whole(found: Told) -> None:
    """Everything was loaded, every line is accounted for, and items and ledger agree."""
    assert {outcome for outcome, _ in found.files.values()} == {"loaded"}, found.files
    assert found.lines_lost() == 0
    assert found.findings("quarantine") == []
    assert found.control_difference() == 0


@pytest.mark.parametrize(
    "names",
    [(TRANS,), (OPEN,), (TRANS, SETTLED), (OPEN, TRANS), (JOURNAL, SETTLED, TRANS), ()],
    ids=["transactions", "open", "settled", "both lists", "late transactions", "all"],
)
def test_each_set_of_tables_gives_the_balances_of_the_ledger(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    found = told(tmp_path, samples(reference_data, "d365_fo", *names), company="acme")
    whole(found)
    assert found.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert {row[0] for row in found.tied().values()} <= {"ties"}  # the list of what is open with the transactions


def test_a_newer_list_of_what_is_open_counts_instead_of_older_transactions(
    reference_data: Path, tmp_path: Path
) -> None:
    """Of the days before the list the transactions still tell; their settlements are none of the list's."""
    old = date(2024, 9, 30)
    found = told(tmp_path, samples(reference_data, "d365_fo", TRANS, SETTLED), company="acme", extract_as_of=old)
    before = found.open_by_customer()
    rows: list[Row] = [
        {"RECID": n, "REFRECID": 5637144000 + n, "DATAAREAID": "acme", "ACCOUNTNUM": f"C0000{n}", "TRANSDATE": moment(date(2024, 5, 15)),
         "DUEDATE": moment(date(2024, 6, 14)), "AMOUNTCUR": amount, "AMOUNTMST": amount, "CASHDISCDATE": NEVER, "CASHDISCAMOUNT": 0}
        for n, amount in ((1, Decimal(100)), (2, Decimal(5500)))
    ]  # fmt: skip
    receivables.ingest(
        [write(tmp_path, "CustTransOpen.csv", text_of(rows))], found.home, reading=Reading(extract_as_of=TRUTH_DAY)
    )
    receivables.build(found.home)
    assert found.open_by_customer() == {"C00001": Decimal(100), "C00002": Decimal(5500)}
    assert found.control_difference() == 0
    codes = [row[0] for row in found.findings("accept_warn")]
    assert "ENTRY_LIST_REPLACED" in codes
    assert "REF_ORPHAN_ALLOC" not in codes
    receivables.build(found.home, as_of=old)
    assert found.open_by_customer() == before
    assert "ENTRY_LIST_REPLACED" not in [row[0] for row in found.findings("accept_warn")]


def test_the_invoice_journal_alone_holds_invoices_without_payments(reference_data: Path, tmp_path: Path) -> None:
    found = told(tmp_path, samples(reference_data, "d365_fo", JOURNAL), company="acme")
    whole(found)
    assert found.open_by_customer() == {"C00001": Decimal(10000), "C00002": Decimal("1818.18")}


def test_every_item_is_as_old_as_the_ledger_says_and_knows_what_its_journal_adds(
    reference_data: Path, tmp_path: Path
) -> None:
    found = told(tmp_path, samples(reference_data, "d365_fo"), company="acme")
    items = found.rows(
        "select doc_no, kind, open_doc, currency, open_local, case when bucket <> 'unapplied' then days_overdue end from marts.open_item order by open_local"
    )
    assert [item[1:] for item in items] == [
        ("receipt", Decimal(-750), "EUR", Decimal(-750), None),
        ("credit_note", Decimal(-500), "EUR", Decimal(-500), None),
        ("invoice", Decimal(1500), "EUR", Decimal(1500), 44),
        ("invoice", Decimal(2000), "USD", Decimal("1818.18"), 5),
        ("invoice", Decimal(6000), "EUR", Decimal(6000), 123),
    ]
    assert [item[0] for item in items if item[1] != "receipt"] == ["FTC-0001", "FTI-0003", "FTI-0004", "FTI-0002"]
    orders = found.rows("select doc_no, order_no, terms_id from core.document where order_no is not null order by all")
    assert orders == [("FTI-0002", "SO-5001", "acme:Net30"), ("FTI-0004", "SO-5003", "acme:Net30")]


PAST: Final = {
    date(2024, 4, 9): {"C00001": "1234.56"},
    date(2024, 6, 30): {"C00001": "9500"},
    date(2024, 8, 4): {"C00001": "5500", "C00002": "3000"},
    date(2024, 9, 1): {"C00001": "5500", "C00002": "1500"},
}


@pytest.mark.parametrize("names", [(TRANS,), (TRANS, SETTLED)], ids=["transactions", "settled"])
def test_a_past_date_is_replayed(reference_data: Path, tmp_path: Path, names: tuple[str, ...]) -> None:
    found = told(tmp_path, samples(reference_data, "d365_fo", *names), company="acme")
    for day, due in PAST.items():
        receivables.build(found.home, as_of=day)
        assert found.open_by_customer() == {name: Decimal(amount) for name, amount in due.items()}, day


# -- what the tables mean --------------------------------------------------------------------------------------------

NEVER: Final = "1900-01-01 00:00:00"


def moment(day: date | None) -> str:
    return NEVER if day is None else f"{day} 00:00:00"


def trans(number: int, account: str, kind: str, amount: str, paid: str = "0.00", **more: Any) -> dict[str, Any]:
    """One transaction of company usmf in euro; credits are negative."""
    local = Decimal(more.get("local", amount))
    day = more.get("day", date(2024, 3, 13))
    return {
        "RECID": 5637144000 + number,
        "DATAAREAID": more.get("company", "usmf"),
        "ACCOUNTNUM": account,
        "TRANSDATE": moment(day),
        "DOCUMENTDATE": moment(more.get("doc_day")),
        "DUEDATE": moment(more.get("due")),
        "VOUCHER": f"V-{number}",
        "INVOICE": more.get("invoice", ""),
        "TRANSTYPE": kind,
        "CURRENCYCODE": more.get("currency", "EUR"),
        "AMOUNTCUR": Decimal(amount),
        "AMOUNTMST": local,
        "SETTLEAMOUNTCUR": Decimal(paid),
        "SETTLEAMOUNTMST": Decimal(more.get("paid_local", paid)),
        "EXCHRATE": more.get("rate", Decimal(100)),
        "CLOSED": moment(more.get("closed")),
        "LASTSETTLEDATE": NEVER,
    }


def settled(
    number: int,
    debit: int,
    credit: int,
    amount: str,
    day: date,
    *,
    reversible: str = "Yes",
    credit_due: date | None = None,
) -> list[dict[str, Any]]:
    """The two rows of a settlement, one from each end; a payment has no due date."""
    ends = [(debit, credit, Decimal(amount), date(2024, 4, 12)), (credit, debit, -Decimal(amount), credit_due)]
    return [
        {
            "RECID": number + place,
            "DATAAREAID": "usmf",
            "TRANSRECID": 5637144000 + own,
            "OFFSETRECID": 5637144000 + other,
            "ACCOUNTNUM": "K1",
            "TRANSDATE": moment(day),
            "DUEDATE": moment(due),
            "SETTLEAMOUNTCUR": size,
            "SETTLEAMOUNTMST": size,
            "CANBEREVERSED": reversible,
        }
        for place, (own, other, size, due) in enumerate(ends)
    ]


DATED: Final[dict[str, Any]] = {"due": date(2024, 4, 12), "doc_day": date(2024, 3, 13)}
BOOK: Final = [
    trans(1, "K1", "Sales", "1000.00", "400.00", invoice="FTI-1", **DATED),
    # a payment that carries the number of the invoice it pays
    trans(2, "K1", "Payment", "-400.00", "-400.00", invoice="FTI-1", day=date(2024, 4, 20), closed=date(2024, 4, 20)),
    trans(3, "K1", "Sales", "-100.00", invoice="FTC-1", **DATED),
    trans(4, "K1", "Interest", "7.00", invoice="INT-1", **DATED),
    trans(
        5, "K2", "Sales", "1100.00", local="1000.00", currency="USD", rate=Decimal("90.9091"), invoice="FTI-2", **DATED
    ),
    trans(6, "K2", "Exchange adjustment", "0.00", local="15.00", currency="USD", day=date(2024, 5, 31)),
    trans(7, "K2", "Payment", "-60.00", day=date(2024, 5, 2)),
    trans(8, "K2", "Payment", "10.00", day=date(2024, 5, 9)),
    trans(9, "K2", "Customer", "-5.00", day=date(2024, 5, 9)),
    # settled with the discount that was taken
    trans(10, "K3", "Sales", "100.00", "100.00", invoice="FTI-3", closed=date(2024, 4, 2), **DATED),
    trans(11, "K3", "Payment", "-98.00", "-98.00", day=date(2024, 4, 2), closed=date(2024, 4, 2)),
    trans(12, "K3", "Cash discount", "-2.00", "-2.00", day=date(2024, 4, 2), closed=date(2024, 4, 2)),
]
SETTLEMENTS: Final = [
    *settled(1, 1, 2, "400.00", date(2024, 4, 20)),
    *settled(3, 10, 11, "98.00", date(2024, 4, 2)),
    *settled(5, 10, 12, "2.00", date(2024, 4, 2)),
]
DUE: Final = {"K1": Decimal(507), "K2": Decimal(945)}


@pytest.mark.parametrize("has_settlements", [False, True])
def test_transactions_are_what_their_type_and_sign_say(tmp_path: Path, has_settlements: bool) -> None:
    files = [write(tmp_path, "CustTrans.csv", text_of(BOOK), "utf-8-sig")]
    if has_settlements:
        files.append(write(tmp_path, "CustSettlement.csv", text_of(SETTLEMENTS), "utf-8-sig"))
    found = told(tmp_path / "home", files, company="usmf")
    whole(found)
    assert found.open_by_customer() == DUE
    items = found.rows(
        "select doc_no, kind, open_doc from marts.open_item where doc_no in ('FTI-1', 'FTC-1', 'FTI-2', 'INT-1') order by doc_no"
    )
    assert items == [
        ("FTC-1", "credit_note", Decimal(-100)),
        ("FTI-1", "invoice", Decimal(600)),
        ("FTI-2", "invoice", Decimal(1100)),
        ("INT-1", "finance_charge", Decimal(7)),
    ]
    assert found.rows("select doc_date, posting_date from core.document where doc_no = 'FTI-1'") == [
        (date(2024, 3, 13), date(2024, 3, 13))
    ]
    found_day = found.rows("select cleared_date from core.document where doc_no = 'FTI-3'")
    assert found_day == [(date(2024, 4, 2),)]


def test_types_may_be_told_by_number(tmp_path: Path) -> None:
    numbers = {
        "Sales": "2",
        "Payment": "15",
        "Interest": "7",
        "Exchange adjustment": "9",
        "Customer": "8",
        "Cash discount": "27",
    }
    rows = [{**row, "TRANSTYPE": numbers[row["TRANSTYPE"]]} for row in BOOK]
    found = told(tmp_path / "home", [write(tmp_path, "CustTrans.csv", text_of(rows))], company="usmf")
    whole(found)
    assert found.open_by_customer() == DUE


def test_an_unknown_type_is_kept_out_and_named(tmp_path: Path) -> None:
    rows = [
        *(trans(n, "K1", "Sales", "1000.00", invoice=f"FTI-{n}", **DATED) for n in range(300)),
        trans(400, "K1", "Barter", "1.00", **DATED),
    ]
    found = told(tmp_path / "home", [write(tmp_path, "CustTrans.csv", text_of(rows))], company="usmf")
    assert [finding[0] for finding in found.findings("quarantine")] == ["TYPE_UNKNOWN"]
    assert found.open_by_customer() == {"K1": Decimal(300_000)}


@pytest.mark.parametrize("first_is", ["Yes", "No"])
@pytest.mark.parametrize("credit_due", [None, date(2024, 4, 20)], ids=["no due date", "due date"])
def test_a_settlement_taken_back_is_told_again_the_other_way_round(
    tmp_path: Path, first_is: str, credit_due: date | None
) -> None:
    """From the day it is taken back the invoice is open again; the first pair may be marked too, or not, and the credit may have a due date."""
    book = [{**BOOK[0], "SETTLEAMOUNTCUR": Decimal(0), "SETTLEAMOUNTMST": Decimal(0)}, {**BOOK[1], "SETTLEAMOUNTCUR": Decimal(0),
            "SETTLEAMOUNTMST": Decimal(0), "CLOSED": NEVER}]  # fmt: skip
    rows = [
        *settled(1, 1, 2, "400.00", date(2024, 4, 20), reversible=first_is, credit_due=credit_due),
        *settled(3, 1, 2, "-400.00", date(2024, 5, 1), reversible="No", credit_due=credit_due),
    ]
    files = [write(tmp_path, "CustTrans.csv", text_of(book)), write(tmp_path, "CustSettlement.csv", text_of(rows))]
    found = told(tmp_path / "home", files, company="usmf")
    whole(found)
    for day, rest in ((date(2024, 4, 25), 600), (date(2024, 5, 1), 1000)):
        receivables.build(found.home, as_of=day)
        assert found.rows("select open_doc from marts.open_item where doc_no = 'FTI-1'") == [(Decimal(rest),)]
        assert sum(found.open_by_customer().values()) == 600


def test_what_is_open_of_a_transaction_by_due_date_is_an_instalment(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"RECID": n, "REFRECID": 5637144001, "DATAAREAID": "usmf", "ACCOUNTNUM": "K1", "TRANSDATE": moment(date(2024, 3, 13)),
         "DUEDATE": moment(due), "AMOUNTCUR": Decimal(300), "AMOUNTMST": Decimal(300), "CASHDISCDATE": NEVER, "CASHDISCAMOUNT": 0}
        for n, due in enumerate((date(2024, 10, 1), date(2024, 11, 1)), 1)
    ]  # fmt: skip
    found = told(tmp_path / "home", [write(tmp_path, "CustTransOpen.csv", text_of(rows))], company="usmf")
    whole(found)
    assert found.rows("select seq, open_doc, days_overdue from marts.open_item order by seq") == [
        (1, Decimal(300), 14), (2, Decimal(300), -17),
    ]  # fmt: skip


# -- other layouts ---------------------------------------------------------------------------------------------------

LABELS: Final = {
    "RECID": "Record-ID",
    "CLOSED": "Closed",
    "EXCHRATE": "Exchange rate",
    "SETTLEAMOUNTMST": "Settled in accounting currency",
    "SETTLEAMOUNTCUR": "Settled in transaction currency",
    "AMOUNTMST": "Amount in accounting currency",
    "AMOUNTCUR": "Amount in transaction currency",
    "CURRENCYCODE": "Currency",
    "TRANSTYPE": "Transaction type",
    "INVOICE": "Invoice",
    "VOUCHER": "Voucher",
    "DUEDATE": "Due date",
    "DOCUMENTDATE": "Document date",
    "TRANSDATE": "Date",
    "ACCOUNTNUM": "Customer account",
    "DATAAREAID": "Company",
}


def as_days(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Moments as the dates they are, the null moment too."""
    return [
        {
            name: date.fromisoformat(value[:10]) if isinstance(value, str) and value.endswith("00:00:00") else value
            for name, value in row.items()
        }
        for row in rows
    ]


def layouts(folder: Path) -> dict[str, Path]:
    days = as_days(BOOK)
    return {
        "shuffled": write(folder, "CustTrans.csv", text_of(turned(BOOK))),
        "american": write(folder, "trans_us.csv", text_of(days, american)),
        "saved by a spreadsheet": write(
            folder, "trans_es.csv", text_of(days, continental, delimiter=";", end="\r\n"), "cp1252"
        ),
        "labels, workbook": sheet_of(folder / "trans.xlsx", labelled(days, LABELS)),
        "labels, pages": write(folder, "trans_pages.csv", text_of(labelled(BOOK, LABELS), pages=5), "utf-8-sig"),
        "utf-16": write(folder, "trans.txt", text_of(BOOK, delimiter="\t"), "utf-16"),
        "web page": write(folder, "trans.xls", html_of(BOOK)),
    }


@pytest.mark.parametrize(
    "layout",
    ["shuffled", "american", "saved by a spreadsheet", "labels, workbook", "labels, pages", "utf-16", "web page"],
)
def test_transactions_in_other_layouts_tell_the_same_entries(tmp_path: Path, layout: str) -> None:
    plain = write(tmp_path, "plain.csv", text_of(BOOK))
    assert entries_told(layouts(tmp_path)[layout], "usmf") == entries_told(plain, "usmf")


def test_a_night_on_labels_gives_the_same_balances(tmp_path: Path) -> None:
    found = told(tmp_path / "home", [layouts(tmp_path)["labels, workbook"]], company="usmf")
    whole(found)
    assert found.open_by_customer() == DUE


def test_two_legal_entities_of_one_export_stay_apart(tmp_path: Path) -> None:
    rows = [
        *BOOK,
        *(trans(900 + n, "K1", "Sales", "20.00", invoice=f"FTI-{n}", company="demf", **DATED) for n in (1, 2)),
    ]
    found = told(tmp_path / "home", [write(tmp_path, "CustTrans.csv", text_of(rows))], names_company=True)
    whole(found)
    assert found.rows("select company_id, sum(open_local) from marts.aging group by all order by all") == [
        ("demf", Decimal(40)), ("usmf", sum(DUE.values())),
    ]  # fmt: skip


def test_customers_rates_and_orders_stand_beside_the_ledger(tmp_path: Path) -> None:
    """Rates are the price of a hundred; the table of customers holds no names."""
    tables = {
        "CustTrans": [trans(1, "C1", "Sales", "100.00", company="acme")],
        "CustTable": [{"ACCOUNTNUM": number, "CUSTGROUP": "10", "BLOCKED": blocked, "CREDITMAX": limit, "CURRENCY": "EUR", "PAYMTERMID": "Net30", "PARTY": "7", "DATAAREAID": "acme"}
                      for number, blocked, limit in (("C1", "0", "8000.00"), ("C2", "2", "0.00"))],
        "ExchangeRate": [{"FROMCURRENCYCODE": "USD", "TOCURRENCYCODE": "EUR", "VALIDFROM": "2024-03-01 00:00:00", "EXCHANGERATE": "90.909"}],
        "SalesTable": [{"SALESID": "SO-1", "CUSTACCOUNT": "C1", "CURRENCYCODE": "EUR", "SALESSTATUS": "1", "CREATEDDATETIME": "2024-03-01 00:00:00", "SALESTYPE": kind, "DATAAREAID": "acme"}
                       for kind in ("3",)],
        "SalesLine": [{"SALESID": "SO-1", "LINENUM": number, "ITEMID": "OIL", "SALESQTY": "2.0", "SALESPRICE": "50.0", "LINEAMOUNT": "100.0", "SALESSTATUS": status, "DATAAREAID": "acme"}
                      for number, status in (("1.0000000000", "1"), ("2.0000000000", "4"))],
        "CustInvoiceTrans": [{"INVOICEID": "FTI-1", "LINENUM": "1", "ITEMID": "OIL", "QTY": "2"}],
    }  # fmt: skip
    found = told(
        tmp_path / "home",
        [write(tmp_path, f"{name}.csv", text_of(rows)) for name, rows in tables.items()],
        company="acme",
    )
    whole(found)
    assert found.open_by_customer() == {"C1": Decimal(100)}
    assert found.rows("select customer_id, status, terms_id from core.customer order by 1") == [
        ("acme:C1", "active", "acme:Net30"),
        ("acme:C2", "all_block", "acme:Net30"),
    ]
    assert found.rows("select credit_account_id, limit_amount from core.credit_limit") == [("acme:C1", Decimal(8000))]
    assert found.rows("select from_currency, to_currency, rate from core.fx_rate") == [
        ("USD", "EUR", Decimal("0.90909"))
    ]
    assert found.rows("select order_line_no, qty, cancelled from core.order_line order by 1") == [
        (1, Decimal(2), False),
        (2, Decimal(2), True),
    ]
    assert found.rows("select order_id, customer_id, order_date from core.sales_order") == [
        ("acme:SO-1", "acme:C1", date(2024, 3, 1))
    ]
