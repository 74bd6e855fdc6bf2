"""ERPNext exports against the ledger they tell: the payment ledger, sales invoices with their schedules, payment entries.

Sales invoices alone leave out money on account, payment entries alone hold nothing but money.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from exports import Told, samples, told, truth
from intake_files import write
from table_files import american, continental, entries_told, html_of, labelled, sheet_of, text_of, turned

if TYPE_CHECKING:
    from pathlib import Path

    from table_files import Row

CUSTOMERS: Final = {"C1": "CUST-0001", "C2": "CUST-0002", "C3": "CUST-0003"}
LEDGER, INVOICES, PAYMENTS = "payment_ledger_entry.csv", "sales_invoice.csv", "payment_entry.csv"


def whole(found: Told) -> None:
    """Everything was loaded, every line is accounted for, and items and ledger agree."""
    assert {outcome for outcome, _ in found.files.values()} == {"loaded"}, found.files
    assert found.lines_lost() == 0
    assert found.findings("quarantine") == []
    assert found.control_difference() == 0


@pytest.mark.parametrize(
    "names",
    [(LEDGER,), (LEDGER, INVOICES), (PAYMENTS, LEDGER), (INVOICES, PAYMENTS), (PAYMENTS, INVOICES, LEDGER)],
    ids=["ledger", "ledger and invoices", "ledger and payments", "no ledger", "all"],
)
def test_each_set_of_files_gives_the_balances_of_the_ledger(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    found = told(tmp_path, samples(reference_data, "erpnext", *names), company="ACME")
    whole(found)
    assert found.open_by_customer() == truth(reference_data, CUSTOMERS)


def test_invoices_alone_are_without_money_on_account_and_payments_alone_are_all_money(
    reference_data: Path, tmp_path: Path
) -> None:
    due = {name: amount for name, amount in truth(reference_data, CUSTOMERS).items() if name != "CUST-0003"}
    invoices = told(tmp_path / "invoices", samples(reference_data, "erpnext", INVOICES), company="ACME")
    whole(invoices)
    assert invoices.open_by_customer() == due
    payments = told(tmp_path / "payments", samples(reference_data, "erpnext", PAYMENTS), company="ACME")
    whole(payments)
    assert payments.open_by_customer() == {
        "CUST-0001": Decimal("-5234.56"), "CUST-0002": Decimal(-1500), "CUST-0003": Decimal(-750),
    }  # fmt: skip


ITEMS: Final = "select doc_no, seq, kind, open_doc, currency, open_local, days_overdue from marts.open_item where bucket <> 'unapplied' order by doc_no, seq"


@pytest.mark.parametrize(("names", "place"), [((LEDGER,), 1), ((INVOICES, PAYMENTS), 2)], ids=["ledger", "schedules"])
def test_every_item_is_as_old_as_the_ledger_says(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...], place: int
) -> None:
    """The payment ledger knows the last due date of an invoice, its schedule each one."""
    found = told(tmp_path, samples(reference_data, "erpnext", *names), company="ACME")
    assert found.rows(ITEMS) == [
        ("ACC-SINV-2024-00002", 1, "invoice", Decimal(6000), "EUR", Decimal(6000), 123),
        ("ACC-SINV-2024-00003", place, "invoice", Decimal(1500), "EUR", Decimal(1500), 44),
        ("ACC-SINV-2024-00004", 1, "invoice", Decimal(2000), "USD", Decimal("1818.18"), 5),
    ]


PAST: Final = {
    date(2023, 12, 31): {"CUST-0003": "89.90"},
    date(2024, 6, 30): {"CUST-0001": "9500"},
    date(2024, 8, 15): {"CUST-0001": "5500", "CUST-0002": "1500"},
}


def test_a_past_date_is_replayed_from_the_ledgers_days(reference_data: Path, tmp_path: Path) -> None:
    found = told(tmp_path, samples(reference_data, "erpnext", LEDGER), company="ACME")
    for day, due in PAST.items():
        receivables.build(found.home, as_of=day)
        assert found.open_by_customer() == {name: Decimal(amount) for name, amount in due.items()}, day


# -- what the payment ledger means -----------------------------------------------------------------------------------


def entry(number: int, party: str, voucher: str, amount: str, against: str = "", **more: Any) -> dict[str, Any]:
    """One row of the payment ledger in euro; a voucher of its own kind by its prefix, against itself where nothing is named."""
    kinds = {"SINV": "Sales Invoice", "PAY": "Payment Entry", "JV": "Journal Entry", "PINV": "Purchase Invoice"}
    against = against or voucher
    return {
        "name": f"ple{number}",
        "posting_date": more.get("day", date(2024, 3, 13)),
        "company": "ACME",
        "account_type": more.get("account_type", "Receivable"),
        "account": "Debtors - A",
        "party_type": more.get("party_type", "Customer"),
        "party": party,
        "due_date": more.get("due"),
        "voucher_type": kinds[voucher.split("-", maxsplit=1)[0]],
        "voucher_no": voucher,
        "against_voucher_type": kinds[against.split("-", maxsplit=1)[0]],
        "against_voucher_no": against,
        "amount": Decimal(more.get("local", amount)),
        "account_currency": more.get("currency", "EUR"),
        "amount_in_account_currency": Decimal(amount),
        "delinked": more.get("delinked", 0),
        "remarks": more.get("remarks", ""),
    }


BOOK: Final = [
    entry(1, "K1", "SINV-1", "1000.00", day=date(2024, 1, 10), due=date(2024, 2, 9)),
    entry(2, "K1", "SINV-2", "200.00", day=date(2024, 1, 12), due=date(2024, 2, 11)),
    # one payment for two invoices, the rest of it on account
    entry(3, "K1", "PAY-1", "-300.00", "SINV-1", day=date(2024, 2, 20)),
    entry(4, "K1", "PAY-1", "-200.00", "SINV-2", day=date(2024, 2, 20)),
    entry(5, "K1", "PAY-1", "-50.00", day=date(2024, 2, 20)),
    # a return against its invoice, one against itself
    entry(6, "K1", "SINV-RET-1", "-100.00", "SINV-1", day=date(2024, 3, 1)),
    entry(7, "K2", "SINV-RET-2", "-30.00", day=date(2024, 3, 1)),
    # written off
    entry(8, "K2", "SINV-3", "80.00", day=date(2024, 1, 2), due=date(2024, 1, 31)),
    entry(9, "K2", "JV-1", "-80.00", "SINV-3", day=date(2024, 3, 31), remarks="Write off of SINV-3: bad debt"),
    # allocated to the wrong invoice first: those rows are void
    entry(10, "K2", "SINV-4", "500.00", day=date(2024, 1, 5), due=date(2024, 2, 4)),
    entry(11, "K2", "SINV-5", "500.00", day=date(2024, 1, 6), due=date(2024, 4, 30)),
    entry(12, "K2", "PAY-2", "-500.00", "SINV-4", day=date(2024, 2, 1), delinked=1),
    entry(13, "K2", "PAY-2", "-500.00", "SINV-5", day=date(2024, 2, 1)),
    # cancelled and amended
    entry(14, "K2", "SINV-6", "10.00", delinked=1),
    entry(15, "K2", "SINV-6", "-10.00", delinked=1),
    entry(16, "K2", "SINV-6-1", "11.00", due=date(2024, 4, 12)),
    # dollars, revalued: the revaluation holds no dollars
    entry(17, "K3", "SINV-7", "1100.00", local="1000.00", currency="USD", due=date(2024, 10, 31)),
    entry(18, "K3", "JV-2", "0.00", "SINV-7", local="13.00", currency="USD", day=date(2024, 9, 30)),
    # money returned, and a journal entry that says nothing of itself
    entry(19, "K3", "PAY-3", "-40.00", day=date(2024, 5, 2)),
    entry(20, "K3", "PAY-4", "40.00", "PAY-3", day=date(2024, 5, 9)),
    entry(21, "K3", "JV-3", "-25.00", "SINV-7", local="-22.73", currency="USD", day=date(2024, 5, 9)),
    entry(22, "S1", "PINV-1", "-600.00", account_type="Payable", party_type="Supplier"),
]  # fmt: skip
DUE: Final = {"K1": Decimal(550), "K2": Decimal(481), "K3": Decimal("977.2727")}
OPEN: Final = [
    ("PAY-1", "receipt", Decimal(-50)),
    ("SINV-1", "invoice", Decimal(600)),
    ("SINV-4", "invoice", Decimal(500)),
    ("SINV-6-1", "invoice", Decimal(11)),
    ("SINV-7", "invoice", Decimal(1075)),
    ("SINV-RET-2", "credit_note", Decimal(-30)),
]


def test_rows_settle_the_voucher_they_name_unless_it_is_their_own_or_they_are_delinked(tmp_path: Path) -> None:
    found = told(tmp_path / "home", [write(tmp_path, "payment_ledger.csv", text_of(BOOK))], company="ACME")
    whole(found)
    assert {name: round(amount, 2) for name, amount in found.open_by_customer().items()} == {
        name: round(amount, 2) for name, amount in DUE.items()
    }
    assert found.rows("select doc_no, kind, open_doc from marts.open_item order by doc_no") == OPEN
    assert found.rows("select kind, sum(amount_to_doc) from core.allocation where amount_to_doc <> 0 group by all order by all") == [
        ("credit_note", Decimal(125)), ("payment", Decimal(1040)), ("write_off", Decimal(80)),
    ]  # fmt: skip
    assert found.rows("select sum(lines_skipped) from ops.batch") == [(3,)]  # the header, the supplier, the revaluation


def test_a_write_off_counts_from_its_own_day(tmp_path: Path) -> None:
    path = write(tmp_path, "payment_ledger.csv", text_of(BOOK))
    found = told(tmp_path / "home", [path], company="ACME", as_of=date(2024, 3, 30))
    assert found.rows("select open_doc from marts.open_item where doc_no = 'SINV-3'") == [(Decimal(80),)]


# -- invoices and payments -------------------------------------------------------------------------------------------


def invoice(number: str, total: str, rest: str, **more: Any) -> dict[str, Any]:
    """One sales invoice of K1 in euro, a line of its own."""
    return {
        "name": number,
        "customer": "K1",
        "customer_name": "Alfa & Cía",
        "posting_date": more.get("day", date(2024, 3, 1)),
        "due_date": more.get("due", date(2024, 3, 31)),
        "company": "ACME",
        "currency": more.get("currency", "EUR"),
        "conversion_rate": more.get("rate", Decimal(1)),
        "grand_total": Decimal(total),
        "base_grand_total": Decimal(more.get("local", total)),
        "outstanding_amount": Decimal(rest),
        "is_return": more.get("is_return", 0),
        "return_against": more.get("against", ""),
        "status": more.get("status", "Unpaid"),
        "docstatus": more.get("docstatus", 1),
    }


SALES: Final = [
    invoice("SINV-1", "1000.00", "900.00", status="Partly Paid"),
    invoice("SINV-2", "80.00", "0.00", status="Paid"),
    invoice("SINV-RET-1", "-100.00", "0.00", is_return=1, against="SINV-1", status="Return"),
    invoice("SINV-RET-2", "-30.00", "-30.00", is_return=1, status="Return"),
    invoice("SINV-3", "50.00", "50.00", status="Draft", docstatus=0),
    invoice("SINV-4", "60.00", "60.00", status="Cancelled", docstatus=2),
    invoice("SINV-4-1", "61.00", "61.00"),
    invoice("SINV-5", "200.00", "200.00", currency="USD", rate=Decimal("0.5"), local="100.00", status="Overdue"),
]
SALES_DUE: Final = {"K1": Decimal(900 - 30 + 61 + 100)}


def test_invoices_a_line_each_with_their_states(tmp_path: Path) -> None:
    found = told(tmp_path / "home", [write(tmp_path, "sales_invoice.csv", text_of(SALES))], company="ACME")
    whole(found)
    assert found.open_by_customer() == SALES_DUE
    assert found.rows("select state, count(*) from core.document group by all order by all") == [
        ("cancelled", 1), ("draft", 1), ("posted", 6),
    ]  # fmt: skip
    assert found.rows("select name from core.customer") == [("Alfa & Cía",)]


SCHEDULE: Final = ("Due Date (Payment Schedule)", "Payment Amount (Payment Schedule)", "Outstanding (Payment Schedule)")


def scheduled(row: Row, *parts: tuple[date, str, str]) -> list[dict[str, Any]]:
    """An invoice with its schedule: its first line beside it, the others below with the invoice's own cells blank."""
    told_parts = [
        dict(zip(SCHEDULE, (day, Decimal(amount), Decimal(rest)), strict=True)) for day, amount, rest in parts
    ]
    first = told_parts[0] if told_parts else dict.fromkeys(SCHEDULE)
    return [{**row, **first}, *({**dict.fromkeys(row), **part} for part in told_parts[1:])]


def test_a_schedule_makes_instalments_and_a_return_without_one_is_whole(tmp_path: Path) -> None:
    rows = [
        *scheduled(
            invoice("SINV-1", "900.00", "600.00", status="Overdue"),
            (date(2024, 4, 1), "300.00", "0.00"),
            (date(2024, 5, 1), "300.00", "300.00"),
            (date(2024, 12, 1), "300.00", "300.00"),
        ),
        *scheduled(invoice("SINV-RET-1", "-40.00", "-40.00", is_return=1, status="Return")),
        # paid long ago, while its schedule was left as it was
        *scheduled(invoice("SINV-2", "70.00", "0.00", status="Paid"), (date(2024, 3, 31), "70.00", "70.00")),
    ]
    found = told(tmp_path / "home", [write(tmp_path, "sales_invoice.csv", text_of(rows))], company="ACME")
    whole(found)
    items = found.rows(
        "select doc_no, seq, open_doc, days_overdue from marts.open_item where kind = 'invoice' order by doc_no, seq"
    )
    assert items == [("SINV-1", 2, Decimal(300), 167), ("SINV-1", 3, Decimal(300), -47)]
    assert found.open_by_customer() == {"K1": Decimal(560)}


def payment(
    number: str, kind: str, amount: str, rest: str, *uses: tuple[str, str], **more: Any
) -> list[dict[str, Any]]:
    """A payment entry with what it is allocated to: the first beside it, the others below with the payment's own cells blank."""
    own = {
        "ID": number,
        "Payment Type": kind,
        "Posting Date": more.get("day", date(2024, 3, 10)),
        "Party Type": more.get("party_type", "Customer"),
        "Party": more.get("party", "K1"),
        "Paid Amount": Decimal(amount),
        "Unallocated Amount": Decimal(rest),
        "Document Status": more.get("docstatus", 1),
    }
    labels = ("Name (Payment References)", "Allocated (Payment References)")
    told_uses = [dict(zip(labels, (name, Decimal(used)), strict=True)) for name, used in uses]
    first = told_uses[0] if told_uses else dict.fromkeys(labels)
    return [{**own, **first}, *({**dict.fromkeys(own), **use} for use in told_uses[1:])]


@pytest.mark.parametrize("has_schedule", [False, True])
def test_the_items_of_an_invoice_are_no_debts_of_their_own(tmp_path: Path, has_schedule: bool) -> None:
    """Items are exported as a table of their own, whose lines may be more than those of the schedule."""
    bought = [{"Item (Items)": f"ITEM-{n}", "Amount (Items)": Decimal(10)} for n in range(3)]
    rows = []
    for number, total in (("SINV-1", "30.00"), ("SINV-2", "60.00")):
        sale = invoice(number, total, total)
        first = {**sale, **(scheduled(sale, (date(2024, 4, 1), total, total))[0] if has_schedule else {}), **bought[0]}
        rows += [first, *({**dict.fromkeys(first), **item} for item in bought[1:])]
    found = told(tmp_path / "home", [write(tmp_path, "sales_invoice.csv", text_of(rows))], company="ACME")
    whole(found)
    assert found.open_by_customer() == {"K1": Decimal(90)}


def test_payments_beside_invoices_are_used_as_they_say(tmp_path: Path) -> None:
    rows = [
        *payment(
            "PAY-1", "Receive", "450.00", "50.00", ("SINV-1", "100.00"), ("SINV-2", "80.00"), ("SINV-5", "220.00")
        ),
        *payment("PAY-2", "Receive", "75.00", "75.00"),
        *payment("PAY-3", "Receive", "15.00", "15.00", docstatus=0),
        *payment("PAY-4", "Receive", "16.00", "16.00", docstatus=2),
        *payment("PAY-5", "Pay", "20.00", "20.00"),
        *payment("PAY-6", "Pay", "500.00", "500.00", party_type="Supplier", party="S1"),
        *payment("PAY-7", "Internal Transfer", "30.00", "30.00", party_type="", party=""),
    ]
    sales = [
        invoice("SINV-1", "1000.00", "900.00"), invoice("SINV-2", "80.00", "0.00"), invoice("SINV-5", "220.00", "0.00"),
    ]  # fmt: skip
    files = [write(tmp_path, "payment_entry.csv", text_of(rows)), write(tmp_path, "sales_invoice.csv", text_of(sales))]
    found = told(tmp_path / "home", files, company="ACME")
    whole(found)
    assert found.open_by_customer() == {"K1": Decimal(900 - 50 - 75 + 20)}


# -- other layouts ---------------------------------------------------------------------------------------------------

LABELS: Final = {
    "name": "ID",
    "delinked": "DeLinked",
    "amount_in_account_currency": "Amount in Account Currency",
    "account_currency": "Account Currency",
    "amount": "Amount",
    "against_voucher_no": "Against Voucher No",
    "against_voucher_type": "Against Voucher Type",
    "voucher_no": "Voucher No",
    "voucher_type": "Voucher Type",
    "due_date": "Due Date",
    "party": "Party",
    "party_type": "Party Type",
    "account_type": "Account Type",
    "company": "Company",
    "posting_date": "Posting Date",
    "remarks": "Remarks",
}
NAMELESS: Final = {name: label for name, label in LABELS.items() if name != "name"}


def layouts(folder: Path) -> dict[str, Path]:
    rows = labelled(BOOK, LABELS)
    return {
        "labels": write(folder, "Payment Ledger Entry.csv", text_of(rows)),
        "without names, american": write(folder, "ple.csv", text_of(labelled(BOOK, NAMELESS), american)),
        "shuffled, saved by a spreadsheet": write(folder, "ple_es.csv", text_of(turned(BOOK), continental, delimiter=";", end="\r\n"), "cp1252"),
        "workbook under a title": sheet_of(folder / "ple.xlsx", rows, ["Payment Ledger Entry"], []),
        "utf-16": write(folder, "ple.txt", text_of(rows, delimiter="\t"), "utf-16"),
        "byte order mark, pages": write(folder, "ple_bom.csv", text_of(rows, pages=7), "utf-8-sig"),
        "web page": write(folder, "ple.xls", html_of(rows)),
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["labels", "without names, american", "shuffled, saved by a spreadsheet", "workbook under a title",
                                    "utf-16", "byte order mark, pages", "web page"])  # fmt: skip
def test_the_payment_ledger_in_other_layouts_tells_the_same_entries(tmp_path: Path, layout: str) -> None:
    plain = write(tmp_path, "plain.csv", text_of(BOOK))
    assert entries_told(layouts(tmp_path)[layout], "ACME") == entries_told(plain, "ACME")


def test_a_night_on_labels_without_names_gives_the_same_items(tmp_path: Path) -> None:
    found = told(tmp_path / "home", [layouts(tmp_path)["without names, american"]], company="ACME")
    whole(found)
    assert found.rows("select doc_no, kind, open_doc from marts.open_item order by doc_no") == OPEN


SALES_LABELS: Final = {
    "status": "Status",
    "is_return": "Is Return (Credit Note)",
    "outstanding_amount": "Outstanding Amount",
    "base_grand_total": "Grand Total (Company Currency)",
    "grand_total": "Grand Total",
    "currency": "Currency",
    "company": "Company",
    "due_date": "Payment Due Date",
    "posting_date": "Date",
    "customer": "Customer",
    "name": "ID",
}


def test_invoices_under_their_labels_tell_states_by_their_status(tmp_path: Path) -> None:
    rows = labelled(SALES, SALES_LABELS)
    path = write(tmp_path, "Sales Invoice.csv", text_of(rows, continental, delimiter=";"))
    found = told(tmp_path / "home", [path], company="ACME")
    whole(found)
    assert found.open_by_customer() == SALES_DUE


def test_two_companies_of_one_site_stay_apart(tmp_path: Path) -> None:
    both = [{**row, "company": name, "name": f"{name}-{row['name']}"} for name in ("ACME", "Beta Ltd") for row in BOOK]
    home = tmp_path / "home"
    home.mkdir()
    (home / "receivables.toml").write_text(
        '[[company]]\nid = "ACME"\nname = "ACME"\nlocal_currency = "EUR"\n[[company]]\nid = "B"\nname = "Beta Ltd"\nlocal_currency = "EUR"\n',
        encoding="utf-8",
    )
    found = told(home, [write(tmp_path, "ple.csv", text_of(both))], names_company=True)
    whole(found)
    sums = found.rows("select company_id, sum(open_doc) from marts.open_item group by all order by all")
    assert sums == [(company, sum(amount for _, _, amount in OPEN)) for company in ("ACME", "B")]


REPORT: Final = ("Posting Date", "Party", "Receivable Account", "Customer Name", "Voucher Type", "Voucher No", "Due Date", "Invoiced Amount", "Paid Amount",
                 "Credit Note", "Outstanding Amount", "Age (Days)", "0-30", "31-60", "61-90", "91-120", "121-Above", "Currency", "Customer LPO", "Territory")  # fmt: skip


def reported(party: str, kind: str, voucher: str, invoiced: str, paid: str, rest: str, **more: str) -> dict[str, str]:
    """One row of the report of 15 October 2024."""
    cells = {"Posting Date": "2024-05-15", "Party": party, "Customer Name": f"N {party}", "Voucher Type": kind, "Voucher No": voucher, "Due Date": "2024-06-14",
             "Invoiced Amount": invoiced, "Paid Amount": paid, "Credit Note": "0.0", "Outstanding Amount": rest, "Currency": "EUR", **more}  # fmt: skip
    return {label: cells.get(label, "") for label in REPORT}


AGED: Final = [
    reported("CUST-1", "Sales Invoice", "SINV-1", "1000.0", "400.0", "600.0"),
    reported("CUST-1", "Payment Entry", "PAY-2", "0.0", "50.0", "-50.0", **{"Due Date": ""}),
    reported("CUST-2", "Sales Invoice", "SINV-9", "0.0", "0.0", "-20.0", **{"Credit Note": "20.0"}),
]
SUMS: Final = {label: {"Posting Date": "Total", "Outstanding Amount": "530.0"}.get(label, "") for label in REPORT}


@pytest.mark.parametrize("ranges", [("31-60", "61-90"), ("46-75", "76-90")], ids=["usual ranges", "own ranges"])
def test_the_receivable_report_alone_tells_what_is_open(tmp_path: Path, ranges: tuple[str, str]) -> None:
    text = text_of([*AGED, SUMS])
    for usual, own in zip(("31-60", "61-90"), ranges, strict=True):
        text = text.replace(usual, own)
    found = told(tmp_path / "home", [write(tmp_path, "Accounts Receivable.csv", text)], company="ACME")
    whole(found)
    assert found.open_by_customer() == {"CUST-1": Decimal(550), "CUST-2": Decimal(-20)}
    assert found.rows("select doc_no, kind, open_doc, days_overdue from marts.open_item where open_doc > 0") == [
        ("SINV-1", "invoice", Decimal(600), 123)
    ]


def test_the_receivable_report_is_not_counted_beside_the_ledger(tmp_path: Path) -> None:
    rows = [
        entry(1, "CUST-1", "SINV-1", "1000"),
        entry(2, "CUST-1", "PAY-1", "-400", "SINV-1"),
        entry(3, "CUST-1", "PAY-2", "-50"),
    ]
    files = [
        write(tmp_path, "Accounts Receivable.csv", text_of([*AGED, SUMS])),
        write(tmp_path, "payment_ledger.csv", text_of(rows)),
    ]
    found = told(tmp_path / "home", files, company="ACME")
    whole(found)
    assert found.open_by_customer() == {"CUST-1": Decimal(550)}
    assert found.tied() == {("CUST-1", ""): ("ties", 0, 0, 0), ("CUST-2", ""): ("explained", 20, 20, 0)}
