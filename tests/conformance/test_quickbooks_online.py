"""QuickBooks Online's receivables reports, each against the ledger it tells, and together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from exports import samples, told, truth
from report_files import AGE, Cells, balances, grouped, refusal, saved, shuffled, sound, told_apart

CUSTOMERS: Final = {"C1": "Comercial Ibáñez S.L.", "C2": "Großhandel Müller & Söhne", "C3": "Łódź Trading"}
BALANCES: Final = {
    "Comercial Ibáñez S.L.": Decimal(5500),
    "Großhandel Müller & Söhne": Decimal("3318.18"),
    "Łódź Trading": Decimal(-750),
}
ENGLISH: Final = ("", "Date", "Transaction type", "Num", "Customer full name", "Due date", "Amount", "Open balance")
SPANISH: Final = (
    "",
    "Fecha",
    "Tipo de transacción",
    "N.º",
    "Nombre completo del cliente",
    "Fecha de vencimiento",
    "Importe",
    "Saldo pendiente",
)
FRENCH: Final = (
    "",
    "Date",
    "Type de transaction",
    "Nº",
    "Nom complet du client",
    "Date d'échéance",
    "Montant",
    "Solde ouvert",
)
TYPES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ENGLISH: ("Invoice", "Credit Memo", "Payment"),
    SPANISH: ("Factura", "Nota de crédito", "Pago"),
    FRENCH: ("Facture", "Note de crédit", "Paiement"),
}
ITEMS: Final = [
    (
        "91 or more days past due",
        0,
        date(2024, 5, 15),
        "1002",
        "Comercial Ibáñez S.L.",
        date(2024, 6, 14),
        Decimal(10000),
        Decimal(6000),
    ),
    (
        "91 or more days past due",
        1,
        date(2024, 6, 20),
        "2001",
        "Comercial Ibáñez S.L.",
        date(2024, 6, 20),
        Decimal(-500),
        Decimal(-500),
    ),
    (
        "31 - 60 days past due",
        0,
        date(2024, 7, 2),
        "1003",
        "Großhandel Müller & Söhne:Süd",
        date(2024, 9, 1),
        Decimal(3000),
        Decimal(1500),
    ),
    (
        "1 - 30 days past due",
        0,
        date(2024, 9, 10),
        "1004",
        "Großhandel Müller & Söhne",
        date(2024, 10, 10),
        Decimal("1818.18"),
        Decimal("1818.18"),
    ),
    (
        "1 - 30 days past due",
        2,
        date(2024, 9, 20),
        "",
        "Łódź Trading (deleted)",
        date(2024, 9, 20),
        Decimal(-750),
        Decimal(-750),
    ),
]
FOOT: Final = " Tuesday, October 15, 2024 04:19 PM GMT-06:00"


def aging(header: tuple[str, ...] = ENGLISH, dates: str = "%m/%d/%Y", numbers: str = ".,") -> list[Cells]:
    """The aging report with its titles, a block per bucket, totals and print time."""
    blank = [""] * 7
    rows: list[Cells] = [
        ["Acme Distribution, Inc", *blank],
        ["A/R Aging Detail Report", *blank],
        ["As of Oct 15, 2024", *blank],
        [],
        list(header),
    ]
    for bucket in dict.fromkeys(item[0] for item in ITEMS):
        mine = [item for item in ITEMS if item[0] == bucket]
        rows.append([bucket, *blank])
        rows += [
            [
                "",
                day.strftime(dates),
                TYPES[header][kind],
                number,
                customer,
                due.strftime(dates),
                grouped(amount, numbers),
                grouped(rest, numbers),
            ]
            for _, kind, day, number, customer, due, amount, rest in mine
        ]
        rows.append(
            [f"Total for {bucket}", *blank[:-1], "$" + grouped(sum((item[-1] for item in mine), Decimal(0)), numbers)]
        )
    rows.append(["TOTAL", *blank[:-1], "$" + grouped(sum((item[-1] for item in ITEMS), Decimal(0)), numbers)])
    return [*rows, [], [], [FOOT, *blank]]


def open_invoices() -> list[Cells]:
    """The report of open invoices: a block per customer, no original amounts."""
    blank = [""] * 6
    rows: list[Cells] = [["Acme Distribution, Inc"], ["Open Invoices Report"], ["As of October 15, 2024"], [],
                         ["", "Date", "Transaction type", "Num", "Term", "Due date", "Open balance"]]  # fmt: skip
    for name in BALANCES:
        rows.append([name, *blank])
        rows += [
            ["", f"{day:%m/%d/%Y}", TYPES[ENGLISH][kind], number, "Net 30", f"{due:%m/%d/%Y}", grouped(rest)]
            for _, kind, day, number, customer, due, _, rest in ITEMS
            if customer.startswith(name)
        ]
        rows.append([f"Total for {name}", *blank[:-1], "$" + grouped(BALANCES[name])])
    return [*rows, ["TOTAL", *blank[:-1], "$8,068.18"], [], [FOOT]]


def received() -> list[Cells]:
    """Invoices with their payments: payments positive, a deposit negative, and a transaction without an amount."""
    blank = [""] * 5
    return [
        ["Acme Distribution, Inc"],
        ["Invoices and Received Payments"],
        ["January 1 - October 15, 2024"],
        [],
        ["", "Date", "Transaction type", "Memo/Description", "Num", "Amount"],
        ["Comercial Ibáñez S.L.", *blank],
        ["", "04/10/2024", "Payment", "", "", "1,234.56"],
        ["", "03/01/2024", "Invoice", "", "1001", "1,234.56"],
        ["", "07/01/2024", "Payment", "", "", "4,000.00"],
        ["", "05/15/2024", "Invoice", "", "1002", "10,000.00"],
        ["", "07/02/2024", "Payment", "voided", "", ""],
        ["", "06/20/2024", "Credit Memo", "", "2001", "-500.00"],
        ["Großhandel Müller & Söhne", *blank],
        ["", "08/05/2024", "Payment", "", "", "1,500.00"],
        ["", "07/02/2024", "Invoice", "", "1003", "3,000.00"],
        ["", "09/10/2024", "Invoice", "", "1004", "1,818.18"],
        ["Łódź Trading", *blank],
        ["", "09/20/2024", "Deposit", "", "", "-750.00"],
        [],
        ["Accrual Basis" + FOOT, *blank],
    ]


def test_the_sample_gives_the_balances_of_the_ledger_it_tells(reference_data: Path, tmp_path: Path) -> None:
    got = told(tmp_path, samples(reference_data, "quickbooks_online"), extract_as_of=None)
    sound(got)
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert got.rows(f"select kind, open_doc, currency, {AGE}, bucket from marts.open_item order by doc_date") == [
        ("invoice", Decimal(6000), "EUR", 123, "d91_180"),
        ("credit_note", Decimal(-500), "EUR", None, "unapplied"),
        ("invoice", Decimal(1500), "EUR", 44, "d31_60"),
        ("invoice", Decimal("1818.18"), "EUR", 5, "d1_30"),
        ("receipt", Decimal(-750), "EUR", None, "unapplied"),
    ]
    assert got.rows("select doc_no, amount_doc from core.document order by doc_no") == [
        ("1002", Decimal(10000)),
        ("1003", Decimal(3000)),
        ("1004", Decimal("1818.18")),
        ("2001", Decimal(-500)),
    ]
    assert got.rows("select distinct extract_as_of, mode from ops.batch") == [(date(2024, 10, 15), "open_items")]


def test_aging_in_other_languages_locales_and_containers(tmp_path: Path) -> None:
    files = {
        "british": saved(tmp_path, "british.csv", aging(dates="%d/%m/%Y"), encoding="utf-8-sig"),
        "utf-16": saved(tmp_path, "utf-16.csv", aging(), delimiter="\t", encoding="utf-16"),
        "spanish": saved(tmp_path, "spanish.csv", aging(SPANISH, "%d/%m/%Y", ",."), delimiter=";"),
        "french": saved(tmp_path, "french.csv", aging(FRENCH, "%Y-%m-%d", ", "), delimiter=";"),
        "workbook": saved(tmp_path, "workbook.xlsx", aging()),
        "html": saved(tmp_path, "html.xls", aging()),
    }
    got = told_apart(tmp_path / "home", files)
    sound(got)
    assert balances(got) == dict.fromkeys(files, BALANCES)


def test_columns_in_another_order_in_the_code_page_of_western_windows(tmp_path: Path) -> None:
    rows = [[str(cell).replace("Łódź", "Lodz") for cell in row] for row in aging()]
    order = (0, 7, 6, 4, 3, 2, 1, 5)
    path = saved(tmp_path, "aging.csv", [*rows[:4], *shuffled(rows[4:-3], order), *rows[-3:]], encoding="cp1252")
    got = told(tmp_path / "home", [path])
    sound(got)
    assert got.open_by_customer() == {name.replace("Łódź", "Lodz"): amount for name, amount in BALANCES.items()}


def test_a_total_that_disagrees_refuses_the_report(tmp_path: Path) -> None:
    rows = aging()
    rows[-4][-1] = "$9,068.18"
    assert "whose total says" in refusal(tmp_path / "home", saved(tmp_path, "aging.csv", rows))


def test_open_invoices_stand_in_blocks_of_their_customer(tmp_path: Path) -> None:
    got = told(tmp_path / "home", [saved(tmp_path, "open.csv", open_invoices())], extract_as_of=None)
    sound(got)
    assert got.open_by_customer() == BALANCES
    assert got.rows("select distinct profile_id, extract_as_of from ops.batch") == [
        ("quickbooks_online_open_invoices", date(2024, 10, 15))
    ]


def test_all_reports_together_count_each_debt_once(tmp_path: Path) -> None:
    files = [
        saved(tmp_path, name, rows)
        for name, rows in (("aging.csv", aging()), ("open.csv", open_invoices()), ("received.csv", received()))
    ]
    for n, order in enumerate((files, files[::-1])):
        got = told(tmp_path / f"home{n}", order)
        sound(got)
        assert got.open_by_customer() == BALANCES
        assert got.rows("select count(*) from marts.open_item") == [(5,)]


def test_received_payments_settle_the_oldest_debt_first(tmp_path: Path) -> None:
    path = saved(tmp_path, "received.csv", received())
    got = told(tmp_path / "home", [path], extract_as_of=date(2024, 10, 15))
    sound(got)
    assert got.open_by_customer() == BALANCES
    assert got.rows("select doc_no, open_doc from marts.open_item where kind = 'invoice' order by doc_no") == [
        ("1002", Decimal(5500)),  # the credit note is older money than the rest of the debt
        ("1003", Decimal(1500)),
        ("1004", Decimal("1818.18")),
    ]
    assert got.rows("select kind, open_doc from marts.open_item where kind <> 'invoice'") == [
        ("receipt", Decimal(-750))
    ]
    earlier = told(tmp_path / "earlier", [path], extract_as_of=date(2024, 10, 15), as_of=date(2024, 6, 30))
    assert earlier.open_by_customer() == {"Comercial Ibáñez S.L.": Decimal(9500)}


def test_payments_without_a_number_on_one_day_are_all_counted(tmp_path: Path) -> None:
    rows = aging()
    payment = list(rows[-6])
    rows[-4][-1] = "$6,568.18"
    got = told(
        tmp_path / "home",
        [saved(tmp_path, "aging.csv", [*rows[:-5], payment, [*payment[:-2], "-750.00", "-750.00"], *rows[-5:]])],
    )
    sound(got)
    assert got.open_by_customer()["Łódź Trading"] == Decimal(-2250)


def test_a_company_with_several_currencies_adds_the_foreign_amounts(tmp_path: Path) -> None:
    rows: list[Cells] = [
        [
            "",
            "Date",
            "Transaction type",
            "Num",
            "Customer full name",
            "Due date",
            "Amount",
            "Open balance",
            "Currency",
            "Exchange rate",
            "Foreign amount",
            "Foreign open balance",
        ],
        [
            "",
            "09/13/2024",
            "Invoice",
            "1004",
            "Müller",
            "10/10/2024",
            "1,818.18",
            "1,818.18",
            "USD",
            "0.90909",
            "2,000.00",
            "2,000.00",
        ],
        ["", "09/20/2024", "Invoice", "1005", "Müller", "10/20/2024", "100.00", "40.00", "EUR", "1", "100.00", "40.00"],
    ]
    got = told(tmp_path / "home", [saved(tmp_path, "aging.csv", rows)])
    sound(got)
    assert got.rows("select currency, open_doc, open_local from marts.open_item order by currency") == [
        ("EUR", Decimal(40), Decimal(40)),
        ("USD", Decimal(2000), Decimal("1818.18")),
    ]
    home_currency_only = [[*row[:8], row[8]] for row in rows]
    got = told(tmp_path / "other", [saved(tmp_path, "home_currency.csv", home_currency_only)])
    sound(got)
    assert got.rows("select currency, open_local from marts.open_item order by open_local") == [
        ("EUR", Decimal(40)),
        ("EUR", Decimal("1818.18")),
    ]


def test_dates_that_fit_both_orders_are_refused(tmp_path: Path) -> None:
    rows: list[Cells] = [list(ENGLISH), ["", "03/04/2024", "Invoice", "1", "Müller", "04/05/2024", "10.00", "10.00"]]
    assert "reads as %m/%d/%Y and as %d/%m/%Y" in refusal(tmp_path / "home", saved(tmp_path, "aging.csv", rows))


def test_what_is_gone_from_the_next_report_is_settled(tmp_path: Path) -> None:
    first = saved(tmp_path, "aging_2024-10-15.csv", aging())
    rows = aging()
    rows[2][0] = "As of Oct 22, 2024"
    rows[6][-1] = "4,500.00"
    later = [row for row in rows if row and "2001" not in row and not str(row[0]).casefold().startswith("total")]
    got = told(tmp_path / "home", [first, saved(tmp_path, "aging_2024-10-22.csv", later)], extract_as_of=None)
    sound(got)
    assert got.open_by_customer() == BALANCES | {"Comercial Ibáñez S.L.": Decimal(4500)}
    assert got.rows("select days_overdue from marts.open_item where doc_no = '1002'") == [(130,)]
