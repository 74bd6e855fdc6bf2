"""NetSuite's lists of open receivables: the aging report, saved searches and SuiteQL queries, each against the ledger it tells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from exports import samples, told, truth
from report_files import AGE, Cells, balances, grouped, refusal, saved, shuffled, sound, told_apart

CUSTOMERS: Final = {"C1": "C00001", "C2": "C00002", "C3": "C00003"}
BALANCES: Final = {"C00001": Decimal(5500), "C00002": Decimal("3318.18"), "Łódź Trading": Decimal(-750)}
"""What the files written here tell: a customer without a code goes by his name."""

HEADER: Final = (
    "Customer",
    "Transaction Type",
    "Date",
    "Document Number",
    "P.O. No.",
    "Due Date",
    "Age",
    "Open Balance",
)
GERMAN: Final = (
    "Kunde",
    "Transaktionstyp",
    "Datum",
    "Dokumentnummer",
    "Bestellnummer",
    "Fälligkeitsdatum",
    "Alter",
    "Offener Saldo",
)
SPANISH: Final = (
    "Cliente",
    "Tipo de transacción",
    "Fecha",
    "Número de documento",
    "N.º de O.C.",
    "Fecha de vencimiento",
    "Antigüedad",
    "Saldo pendiente",
)
CHINESE: Final = ("客户", "交易类型", "日期", "文档编号", "采购订单编号", "到期日", "账龄", "未结余额")
TYPES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    HEADER: ("Invoice", "Credit Memo", "Payment"),
    GERMAN: ("Rechnung", "Gutschrift", "Zahlung"),
    SPANISH: ("Factura", "Nota de crédito", "Pago"),
    CHINESE: ("发票", "贷项通知单", "付款"),
}
ITEMS: Final = [
    ("C00001 Comercial Ibáñez S.L.", 0, date(2024, 5, 15), "INV1002", date(2024, 6, 14), Decimal(6000)),
    ("C00001 Comercial Ibáñez S.L.", 1, date(2024, 6, 20), "CM2001", date(2024, 6, 20), Decimal(-500)),
    ("C00002 Großhandel Müller & Söhne", 0, date(2024, 7, 2), "INV1003", date(2024, 9, 1), Decimal(1500)),
    ("C00002 Großhandel Müller & Söhne", 0, date(2024, 9, 10), "INV1004", date(2024, 10, 10), Decimal("1818.18")),
    ("Łódź Trading", 2, date(2024, 9, 20), "PYMT3004", None, Decimal(-750)),
]


def report(
    header: tuple[str, ...] = HEADER, dates: str = "%m/%d/%Y", numbers: str = ".,", bracket: bool = True
) -> list[Cells]:
    """The aging report: titles, a block per customer, totals."""

    def money(amount: Decimal) -> str:
        text = "€" + grouped(abs(amount), numbers)
        return text if amount >= 0 else f"({text})" if bracket else f"-{text}"

    blank = [""] * 7
    rows: list[Cells] = [["Acme Distribution, Inc."], ["A/R Aging Detail"], ["As of Oct 15, 2024"], [], list(header)]
    for name in dict.fromkeys(item[0] for item in ITEMS):
        mine = [item for item in ITEMS if item[0] == name]
        rows.append([name, *blank])
        for _, kind, day, number, due, amount in mine:
            rows.append(
                [
                    "",
                    TYPES[header][kind],
                    day.strftime(dates),
                    number,
                    "",
                    due.strftime(dates) if due else "",
                    "9",
                    money(amount),
                ]
            )
        rows.append([f"Total - {name}", *blank[:-1], money(sum((item[5] for item in mine), Decimal(0)))])
    rows.append(["Total", *blank[:-1], money(sum((item[5] for item in ITEMS), Decimal(0)))])
    return rows


def test_the_sample_gives_the_balances_of_the_ledger_it_tells(reference_data: Path, tmp_path: Path) -> None:
    got = told(tmp_path, samples(reference_data, "netsuite"), extract_as_of=None)
    sound(got)
    due = truth(reference_data, {**CUSTOMERS, "C3": "C00003"})
    assert got.open_by_customer() == due
    told_no = "case when item_kind = 'document' then doc_no end"
    assert got.rows(
        f"select {told_no}, kind, open_doc, currency, case when open_doc > 0 then due_date end, {AGE}, bucket from marts.open_item order by doc_date"
    ) == [
        ("INV1002", "invoice", Decimal(6000), "EUR", date(2024, 6, 14), 123, "d91_180"),
        ("CM2001", "credit_note", Decimal(-500), "EUR", None, None, "unapplied"),
        ("INV1003", "invoice", Decimal(1500), "EUR", date(2024, 9, 1), 44, "d31_60"),
        ("INV1004", "invoice", Decimal("1818.18"), "EUR", date(2024, 10, 10), 5, "d1_30"),
        (None, "receipt", Decimal(-750), "EUR", None, None, "unapplied"),
    ]
    assert got.rows("select name from core.customer order by customer_id") == [
        ("Comercial Ibáñez S.L.",),
        ("Großhandel Müller & Söhne",),
        ("Łódź Trading",),
    ]
    assert got.rows("select distinct extract_as_of, mode from ops.batch") == [(date(2024, 10, 15), "open_items")]


def test_reports_in_other_languages_locales_and_containers(tmp_path: Path) -> None:
    without_sharp_s = [[str(cell).replace("ß", "ss") for cell in row] for row in report(CHINESE, "%Y/%m/%d")]
    files = {
        "bom": saved(tmp_path, "bom.csv", report(), encoding="utf-8-sig"),
        "utf-16": saved(tmp_path, "utf-16.csv", report(dates="%d-%b-%Y"), delimiter="\t", encoding="utf-16"),
        "german": saved(tmp_path, "german.csv", report(GERMAN, "%d.%m.%Y", ",."), delimiter=";"),
        "spanish": saved(tmp_path, "spanish.csv", report(SPANISH, "%d/%m/%Y", ",."), delimiter=";"),
        "chinese": saved(tmp_path, "chinese.csv", without_sharp_s, encoding="gb18030"),
        "html": saved(tmp_path, "html.xls", report(dates="%Y-%m-%d")),
        "workbook": saved(tmp_path, "workbook.xlsx", report()),
    }
    got = told_apart(tmp_path / "home", files)
    sound(got)
    assert balances(got) == dict.fromkeys(files, BALANCES)


def test_other_column_order_minus_signs_and_a_header_on_every_page(tmp_path: Path) -> None:
    rows = report(bracket=False)
    body = shuffled(rows[5:], (0, 7, 5, 3, 2, 1, 6, 4))
    header = shuffled([rows[4]], (0, 7, 5, 3, 2, 1, 6, 4))
    paged = [*rows[:4], *header, *body[:5], *header, *body[5:]]
    got = told(tmp_path / "home", [saved(tmp_path, "aging.csv", paged)])
    sound(got)
    assert got.open_by_customer() == BALANCES


def test_a_total_that_disagrees_refuses_the_report(tmp_path: Path) -> None:
    rows = report()
    rows[-1][-1] = "€9,068.18"
    assert "whose total says" in refusal(tmp_path / "home", saved(tmp_path, "aging.csv", rows))


def test_an_item_below_a_total_belongs_to_nobody(tmp_path: Path) -> None:
    rows = report()
    stray: Cells = ["", "Invoice", "5/15/2024", "INV1", "", "6/14/2024", "9", "€1.00"]
    rows[-1][-1] = "€8,069.18"
    message = refusal(tmp_path / "home", saved(tmp_path, "aging.csv", [*rows[:-1], stray, rows[-1]]))
    assert "1 of 6 rows unreadable (line 17: " in message


def test_a_customer_called_total_and_a_job_of_a_customer(tmp_path: Path) -> None:
    blank = [""] * 7
    rows: list[Cells] = [
        list(HEADER),
        ["Total Gestión", *blank],
        ["", "Invoice", "5/15/2024", "INV1", "", "6/14/2024", "9", "€10.00"],
        ["Total - Total Gestión", *blank[:-1], "€10.00"],
        ["C00002 Müller : Süd", *blank],
        ["", "Invoice", "5/15/2024", "INV2", "", "6/14/2024", "9", "€5.00"],
        ["Total - C00002 Müller : Süd", *blank[:-1], "€5.00"],
        ["C00002 Müller", *blank],
        ["", "Journal", "5/16/2024", "JE7", "", "5/16/2024", "9", "(€1.00)"],
        ["Total - C00002 Müller", *blank[:-1], "(€1.00)"],
        ["Total", *blank[:-1], "€14.00"],
    ]
    got = told(tmp_path / "home", [saved(tmp_path, "aging.csv", rows)])
    sound(got)
    assert got.open_by_customer() == {"Total Gestión": Decimal(10), "C00002": Decimal(4)}


SEARCH: Final = ("Internal ID", "*", "Type", "Date", "Due Date", "Document Number", "Name", "Main Line", "Status", "Currency", "Exchange Rate",
                 "Amount", "Amount Remaining", "Amount Remaining (Foreign Currency)")  # fmt: skip


def search() -> list[Cells]:
    """A saved search over all lines: credits without their sign, deposits, drafts, and every transaction's lines beside its main line."""
    ibanez, mueller, lodz = "C00001 Comercial Ibáñez S.L.", "C00002 Großhandel Müller & Söhne", "C00003 Łódź Trading"
    return [
        list(SEARCH),
        ["901", "", "Invoice", "5/15/2024", "6/14/2024", "INV1002", ibanez, "*", "Invoice : Open", "Euro", "1.00", "10000.00", "6000.00", "6000.00"],
        ["901", "", "Invoice", "5/15/2024", "6/14/2024", "INV1002", ibanez, "", "Invoice : Open", "Euro", "1.00", "8264.46", "6000.00", "6000.00"],
        ["902", "", "Credit Memo", "6/20/2024", "", "CM2001", ibanez, "*", "Credit Memo : Open", "Euro", "1.00", "-500.00", "500.00", "500.00"],
        ["903", "", "Invoice", "7/2/2024", "9/1/2024", "INV1003", mueller, "*", "Invoice : Open", "Euro", "1.00", "3000.00", "1500.00", "1500.00"],
        ["904", "", "Invoice", "9/10/2024", "10/10/2024", "INV1004", mueller, "*", "Invoice : Open", "US Dollar", "0.90909", "1818.18", "1818.18", "2000.00"],
        ["905", "", "Customer Deposit", "9/20/2024", "", "CD3004", lodz, "*", "Customer Deposit : Not Deposited", "Euro", "1.00", "750.00", "750.00", "750.00"],
        ["906", "", "Invoice", "10/1/2024", "10/31/2024", "INV1006", lodz, "*", "Invoice : Pending Approval", "Euro", "1.00", "99.00", "99.00", "99.00"],
        ["907", "", "Invoice", "8/15/2024", "9/14/2024", "INV1005", lodz, "*", "Invoice : Voided", "Euro", "1.00", "420.00", "420.00", "420.00"],
        ["908", "", "Invoice", "3/1/2024", "3/31/2024", "INV1001", ibanez, "*", "Invoice : Paid In Full", "Euro", "1.00", "1234.56", "0.00", "0.00"],
    ]  # fmt: skip


def test_a_saved_search_tells_credits_without_sign_and_lines_beside_the_main_line(tmp_path: Path) -> None:
    got = told(tmp_path / "home", [saved(tmp_path, "search.csv", search())])
    sound(got)
    assert got.open_by_customer() == {"C00001": Decimal(5500), "C00002": Decimal("3318.18"), "C00003": Decimal(-750)}
    items = got.rows("select kind, currency, open_doc, open_local, days_overdue from marts.open_item order by doc_date")
    assert items == [
        ("invoice", "EUR", Decimal(6000), Decimal(6000), 123),
        ("credit_note", "EUR", Decimal(-500), Decimal(-500), None),
        ("invoice", "EUR", Decimal(1500), Decimal(1500), 44),
        ("invoice", "USD", Decimal(2000), Decimal("1818.18"), 5),
        ("prepayment", "EUR", Decimal(-750), Decimal(-750), None),
    ]


def test_a_search_and_the_report_of_one_day_are_counted_once(reference_data: Path, tmp_path: Path) -> None:
    files = [*samples(reference_data, "netsuite"), saved(tmp_path, "search.csv", search())]
    got = told(tmp_path / "home", files)
    sound(got)
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert got.rows("select count(*) from marts.open_item") == [(5,)]


def test_an_unknown_type_or_status_is_quarantined(tmp_path: Path) -> None:
    rows = search()
    rows[3][2] = "Wire Transfer"
    rows[4][8] = "Invoice : Under Review"
    message = refusal(tmp_path / "home", saved(tmp_path, "search.csv", rows))
    assert "2 of" in message
    assert "TYPE_UNKNOWN" in message


def test_a_query_that_reproduces_the_report_has_a_customer_in_every_row(tmp_path: Path) -> None:
    codes = ("CustInvc", "CustCred", "CustPymt")
    rows: list[Cells] = [
        ["customer", "transactiontype", "date", "documentnumber", "ponumber", "duedate", "age", "openbalance"]
    ]
    rows += [
        [name, codes[kind], day.isoformat(), number, "", due.isoformat() if due else "", "", amount]
        for name, kind, day, number, due, amount in ITEMS
    ]
    got = told(tmp_path / "home", [saved(tmp_path, "aging.csv", rows)])
    sound(got)
    assert got.open_by_customer() == BALANCES


def test_a_query_on_accounting_lines_subtracts_what_is_unused(tmp_path: Path) -> None:
    rows: list[Cells] = [
        ["id", "tranid", "trandate", "duedate", "type", "entity", "posting", "voided", "status", "currency", "amountunpaid", "paymentamountunused", "foreignamountunpaid",
         "foreignpaymentamountunused"],
        ["901", "INV1002", "2024-05-15", "2024-06-14", "CustInvc", "1731", "T", "F", "CustInvc:A", "EUR", "6000", "0", "6000", "0"],
        ["902", "CM2001", "2024-06-20", "", "CustCred", "1731", "T", "F", "CustCred:A", "EUR", "0", "500", "0", "500"],
        ["904", "INV1004", "2024-09-10", "2024-10-10", "CustInvc", "1732", "T", "F", "CustInvc:A", "USD", "1818.18", "", "2000", ""],
        ["905", "PYMT3004", "2024-09-20", "", "CustPymt", "1733", "T", "F", "CustPymt:C", "EUR", "", "750", "", "750"],
        ["906", "INV1006", "2024-10-01", "2024-10-31", "CustInvc", "1733", "F", "F", "CustInvc:D", "EUR", "99", "0", "99", "0"],
        ["907", "INV1005", "2024-08-15", "2024-09-14", "CustInvc", "1733", "T", "T", "CustInvc:V", "EUR", "420", "0", "420", "0"],
    ]  # fmt: skip
    got = told(tmp_path / "home", [saved(tmp_path, "query.csv", rows)])
    sound(got)
    assert got.open_by_customer() == {"1731": Decimal(5500), "1732": Decimal("1818.18"), "1733": Decimal(-750)}
    assert got.rows("select currency, open_doc from marts.open_item where doc_no = 'INV1004'") == [
        ("USD", Decimal(2000))
    ]


def test_subsidiaries_are_companies_by_their_names(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "receivables.toml").write_text(
        '[[company]]\nid = "ES01"\nname = "Acme Spain"\nlocal_currency = "EUR"\n'
        '[[company]]\nid = "UK01"\nname = "Acme UK"\nlocal_currency = "GBP"\n',
        encoding="utf-8",
    )
    rows: list[Cells] = [
        ["Subsidiary", "Type", "Date", "Due Date", "Document Number", "Name", "Amount Remaining"],
        ["Acme : Acme Spain", "Invoice", "5/15/2024", "6/14/2024", "INV1", "C00001 Ibáñez", "10.00"],
        ["Acme : Acme UK", "Invoice", "5/15/2024", "6/14/2024", "INV1", "C00001 Ibáñez", "20.00"],
    ]
    got = told(home, [saved(tmp_path, "search.csv", rows)], names_company=True)
    sound(got)
    assert got.rows("select company_id, currency, open_doc from marts.open_item order by company_id") == [
        ("ES01", "EUR", Decimal(10)),
        ("UK01", "GBP", Decimal(20)),
    ]


def test_a_search_with_spanish_labels_and_a_decimal_comma(tmp_path: Path) -> None:
    rows: list[Cells] = [
        [
            "ID interno",
            "Importe restante",
            "Estado",
            "Cliente",
            "Fecha de vencimiento",
            "Fecha",
            "Número de documento",
            "Tipo",
        ],
        ["1", "6.000,00", "Abierto", "C00001 Ibáñez", "14/06/2024", "15/05/2024", "INV1", "Factura"],
        ["2", "500,00", "Abierto", "C00001 Ibáñez", "", "20/06/2024", "NC1", "Nota de crédito"],
        ["3", "99,00", "Pendiente de aprobación", "C00001 Ibáñez", "14/06/2024", "15/05/2024", "INV2", "Factura"],
    ]
    got = told(tmp_path / "home", [saved(tmp_path, "search.csv", rows, delimiter=";", encoding="cp1252")])
    sound(got)
    assert got.open_by_customer() == {"C00001": Decimal(5500)}
