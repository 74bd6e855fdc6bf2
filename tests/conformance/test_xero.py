"""Xero's aged receivables report and its invoice export against the ledger they tell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from exports import samples, told, truth
from intake_files import write
from report_files import AGE, Cells, balances, saved, shuffled, sound, told_apart

CUSTOMERS: Final = {"C1": "Comercial Ibáñez S.L.", "C2": "Großhandel Müller & Söhne", "C3": "Łódź Trading"}
BALANCES: Final = {
    "Comercial Ibáñez S.L.": Decimal(5500),
    "Großhandel Müller & Söhne": Decimal("3318.18"),
    "Łódź Trading": Decimal(-750),
}
BUCKETS: Final = ("Current", "< 1 Month", "1 Month", "2 Months", "3 Months", "Older")
PLAIN: Final = ("Invoice Number", "Invoice Date", "Due Date", "Invoice Reference", *BUCKETS, "Total")
EXTENDED: Final = ("Contact Account Number", "Primary Person", "Phone", "Email", "Mobile", "Contact Group", "Invoice Date", "Due Date", "Expected Date", "Invoice Number",
                   "Invoice Reference", *BUCKETS, "Total", "Outstanding Tax", "Region")  # fmt: skip
ITEMS: Final = [
    ("Comercial Ibáñez S.L.", date(2024, 5, 15), date(2024, 6, 14), "INV-1002", "PO-881", Decimal(6000), "Older"),
    ("Comercial Ibáñez S.L.", date(2024, 6, 20), None, "", "Credit Note", Decimal(-500), "3 Months"),
    ("Großhandel Müller & Söhne", date(2024, 7, 2), date(2024, 9, 1), "INV-1003", "", Decimal(1500), "1 Month"),
    (
        "Großhandel Müller & Söhne",
        date(2024, 9, 10),
        date(2024, 10, 10),
        "INV-1004",
        "",
        Decimal("1818.18"),
        "< 1 Month",
    ),
    ("Łódź Trading", date(2024, 9, 20), None, "", "Overpayment TRX4", Decimal(-750), "< 1 Month"),
]
RATES: Final = "from_currency,to_currency,rate_date,rate\nUSD,EUR,2024-09-09,0.90909\n"


def aged(header: tuple[str, ...] = PLAIN, dates: str = "%d/%m/%Y", total: str = "8,068.18") -> list[Cells]:
    """The report with its titles, a block per contact, and the totals at its end."""

    def row(first: str = "", **cells: Any) -> Cells:
        values = [cells.get(label, "") for label in header]
        return [first or values[0], *values[1:]]

    rows: list[Cells] = [
        ["Aged Receivables Detail"],
        ["Acme Distribution Ltd"],
        ["As at 15 October 2024"],
        ["Ageing by due date"],
        [],
        list(header),
        [],
    ]
    for name in BALANCES:
        rows.append(row(name))
        for _, day, due, number, reference, amount, bucket in (item for item in ITEMS if item[0] == name):
            told_amounts = dict.fromkeys(BUCKETS, "0.00") | {bucket: f"{amount:,.2f}", "Total": f"{amount:,.2f}"}
            rows.append(
                row(
                    **{
                        "Invoice Number": number,
                        "Invoice Date": day.strftime(dates),
                        "Due Date": due.strftime(dates) if due else "",
                        "Invoice Reference": reference,
                        **told_amounts,
                    }
                )
            )
        rows.append(row(f"Total {name}", Total=f"{BALANCES[name]:,.2f}"))
    return [*rows, row("Total", Total=total), row("Percentage of total", Older="74.37%", Total="100.00%")]


def export(*lines: str) -> str:
    """An invoice export of the given lines."""
    header = "ContactName,InvoiceNumber,Reference,InvoiceDate,DueDate,Total,TaxTotal,InvoiceAmountPaid,InvoiceAmountDue,LineAmount,Currency,Type,Status"
    return "\n".join((header, *lines, ""))


def test_the_report_gives_the_balances_of_the_ledger_it_tells(reference_data: Path, tmp_path: Path) -> None:
    got = told(tmp_path, samples(reference_data, "xero", "aged_receivables_detail.xlsx"), extract_as_of=None)
    sound(got)
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert got.rows(f"select kind, open_doc, {AGE}, bucket from marts.open_item order by doc_date") == [
        ("invoice", Decimal(6000), 123, "d91_180"),
        ("credit_note", Decimal(-500), None, "unapplied"),
        ("invoice", Decimal(1500), 44, "d31_60"),
        ("invoice", Decimal("1818.18"), 5, "d1_30"),
        ("receipt", Decimal(-750), None, "unapplied"),
    ]
    assert got.rows("select distinct extract_as_of, mode from ops.batch") == [(date(2024, 10, 15), "open_items")]


def test_the_export_tells_its_own_invoices_once_and_no_more(reference_data: Path, tmp_path: Path) -> None:
    """The sample leaves out INV-1003 and the overpayment; the foreign invoice has no rate of its own."""
    rates = write(tmp_path, "fx_rate.csv", RATES)
    got = told(tmp_path / "home", [*samples(reference_data, "xero", "sales_invoices_export.csv"), rates])
    sound(got)
    assert got.open_by_customer() == {
        "Comercial Ibáñez S.L.": Decimal(5500),
        "Großhandel Müller & Söhne": Decimal("1818.18"),
    }
    assert got.rows("select doc_no, kind, open_doc, currency, days_overdue from marts.open_item order by doc_date") == [
        ("INV-1002", "invoice", Decimal(6000), "EUR", 123),
        ("CN-2001", "credit_note", Decimal(-500), "EUR", None),
        ("INV-1004", "invoice", Decimal(2000), "USD", 5),
    ]
    assert ("KEY_DUPLICATE_SAME", 1) in [(row[0], row[2]) for row in got.findings("skip")]


def test_the_report_and_the_export_together_count_each_debt_once(reference_data: Path, tmp_path: Path) -> None:
    got = told(tmp_path, samples(reference_data, "xero"))
    sound(got)
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert got.rows("select count(*) from marts.open_item") == [(5,)]


def test_both_headers_in_other_containers_and_locales(tmp_path: Path) -> None:
    files = {
        "plain": saved(tmp_path, "plain.csv", aged(), encoding="utf-8-sig"),
        "month names": saved(tmp_path, "month.csv", aged(dates="%d %b %Y")),
        "american": saved(tmp_path, "american.csv", aged(EXTENDED, "%m/%d/%Y")),
        "utf-16": saved(tmp_path, "utf-16.csv", aged(EXTENDED, "%d %b %Y"), delimiter="\t", encoding="utf-16"),
        "workbook": saved(tmp_path, "workbook.xlsx", aged()),
        "html": saved(tmp_path, "html.xls", aged(EXTENDED)),
    }
    got = told_apart(tmp_path / "home", files)
    sound(got)
    assert balances(got) == dict.fromkeys(files, BALANCES)
    assert got.rows("select distinct extract_as_of from ops.batch") == [(date(2024, 10, 15),)]


def test_columns_in_another_order_and_a_contact_called_total(tmp_path: Path) -> None:
    order = (0, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
    rows = aged()
    body = [row if len(row) < 11 else [row[n] for n in order] for row in rows[5:]]
    body = [[str(cell).replace("Łódź Trading", "Total Gestión") for cell in row] for row in body]
    got = told(tmp_path / "home", [saved(tmp_path, "aged.csv", [*rows[:5], *body])])
    sound(got)
    assert got.open_by_customer() == {
        name.replace("Łódź Trading", "Total Gestión"): amount for name, amount in BALANCES.items()
    }


def test_a_grand_total_that_disagrees_is_a_warning(tmp_path: Path) -> None:
    got = told(tmp_path / "home", [saved(tmp_path, "aged.csv", aged(total="0.00"))])
    sound(got)
    assert got.open_by_customer() == BALANCES
    assert any("TOTAL" in row[0] for row in got.findings("accept_warn")), got.findings("accept_warn")


def test_prepayments_and_overpayments_are_money_not_credit_notes(tmp_path: Path) -> None:
    rows = aged()
    rows[8][3] = "Prepayment"
    rows[8:9] = [rows[8][:1] + rows[8][1:4] + ["-1.00"] + rows[8][5:-1] + ["-1.00"], rows[8]]
    rows[9][3] = "PO-881"
    got = told(tmp_path / "home", [saved(tmp_path, "aged.csv", rows)])
    assert ("prepayment", Decimal(-1)) in got.rows("select kind, open_doc from marts.open_item")


STATES: Final = export(
    "A,INV-1,,15/05/2024,14/06/2024,100.00,0,40.00,60.00,60.00,EUR,Sales invoice,Awaiting Payment",
    "A,INV-1,,15/05/2024,14/06/2024,100.00,0,40.00,60.00,40.00,EUR,Sales invoice,Awaiting Payment",
    "A,INV-2,,15/05/2024,14/06/2024,100.00,0,100.00,0.00,100.00,EUR,Sales invoice,Paid",
    "A,INV-3,,15/05/2024,14/06/2024,100.00,0,0.00,100.00,100.00,EUR,Sales invoice,Draft",
    "A,INV-4,,15/05/2024,14/06/2024,100.00,0,0.00,100.00,100.00,EUR,Sales invoice,Awaiting Approval",
    "A,INV-5,,15/05/2024,14/06/2024,100.00,0,0.00,100.00,100.00,EUR,Sales invoice,Deleted",
    "A,CN-1,,15/05/2024,,-10.00,0,0.00,-10.00,-10.00,EUR,Sales credit note,Awaiting Payment",
    "A,CN-2,,15/05/2024,,5.00,0,0.00,5.00,5.00,EUR,Sales credit note,Awaiting Payment",
    "B,BILL-1,,15/05/2024,14/06/2024,900.00,0,0.00,900.00,900.00,EUR,Bill,Awaiting Payment",
)


def test_only_approved_sales_documents_count_and_credits_lower_the_debt_however_signed(tmp_path: Path) -> None:
    got = told(tmp_path / "home", [write(tmp_path, "invoices.csv", STATES)])
    sound(got)
    assert got.open_by_customer() == {"A": Decimal(45)}
    assert got.rows("select doc_no, state from core.document where state <> 'posted' order by doc_no") == [
        ("INV-3", "draft"),
        ("INV-4", "draft"),
        ("INV-5", "cancelled"),
    ]


def test_lines_of_one_invoice_that_disagree_are_quarantined(tmp_path: Path) -> None:
    lines = [
        f"A,INV-{n},,15/05/2024,14/06/2024,100.00,0,0.00,100.00,100.00,EUR,Sales invoice,Awaiting Payment"
        for n in range(60)
    ]
    other = lines[0].replace("100.00,0,0.00,100.00", "150.00,0,0.00,150.00")
    got = told(tmp_path / "home", [write(tmp_path, "invoices.csv", export(*lines, other))])
    assert [row[0] for row in got.findings("quarantine")] == ["KEY_DUPLICATE_DIFF"] * 2
    assert got.open_by_customer() == {"A": Decimal(5900)}


def test_the_api_s_own_names_in_another_order(tmp_path: Path) -> None:
    rows: list[Cells] = [
        [
            "Type",
            "Status",
            "InvoiceNumber",
            "Contact",
            "Date",
            "DueDate",
            "Total",
            "AmountPaid",
            "AmountDue",
            "CurrencyCode",
            "FullyPaidOnDate",
        ],
        ["ACCREC", "AUTHORISED", "INV-1", "A", "2024-05-15", "2024-06-14", "100.00", "40.00", "60.00", "EUR", ""],
        ["ACCREC", "PAID", "INV-2", "A", "2024-05-15", "2024-06-14", "100.00", "100.00", "0.00", "EUR", "2024-07-01"],
        ["ACCPAY", "AUTHORISED", "B-1", "A", "2024-05-15", "2024-06-14", "7.00", "0.00", "7.00", "EUR", ""],
    ]
    got = told(
        tmp_path / "home",
        [saved(tmp_path, "invoices.csv", shuffled(rows, (10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)), encoding="utf-16")],
    )
    sound(got)
    assert got.open_by_customer() == {"A": Decimal(60)}
