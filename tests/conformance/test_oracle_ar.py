"""Oracle Receivables tables: the ledger they tell, Oracle's own rules of what settles what, and other ways of writing them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from exports import TRUTH_DAY, Told, samples, told, truth
from intake_files import LENIENT, NOBODY, read, workbook, write
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS: Final = {"C1": "1001", "C2": "1002", "C3": "1003"}
ONE: Final = Companies("204", {"204": "EUR"})
SCHEDULES, RECEIPTS, TRANSACTIONS, APPLICATIONS, ADJUSTMENTS = (
    "AR_PAYMENT_SCHEDULES_ALL.csv", "AR_CASH_RECEIPTS_ALL.csv", "RA_CUSTOMER_TRX_ALL.csv", "AR_RECEIVABLE_APPLICATIONS_ALL.csv", "AR_ADJUSTMENTS_ALL.csv",
)  # fmt: skip

Row = dict[str, str]


def schedule(number: int, amount: str, rest: str | None = None, day: str = "01-MAR-24", **more: str) -> Row:
    """One due date of an invoice of 2024 in euro, open unless a rest of 0 is told."""
    left = amount if rest is None else rest
    is_open = Decimal(left) != 0
    return {
        "PAYMENT_SCHEDULE_ID": str(7000 + number), "CUSTOMER_TRX_ID": str(500 + number), "CASH_RECEIPT_ID": "", "CUSTOMER_ID": "1001",
        "CUSTOMER_SITE_USE_ID": "9", "TRX_NUMBER": str(10000 + number), "TRX_DATE": day, "DUE_DATE": "31-MAR-24", "CLASS": "INV",
        "STATUS": "OP" if is_open else "CL", "TERM_ID": "4", "TERMS_SEQUENCE_NUMBER": "1", "NUMBER_OF_DUE_DATES": "1", "INVOICE_CURRENCY_CODE": "EUR",
        "EXCHANGE_RATE": "", "AMOUNT_DUE_ORIGINAL": amount, "AMOUNT_DUE_REMAINING": left, "ACCTD_AMOUNT_DUE_REMAINING": left, "AMOUNT_IN_DISPUTE": "",
        "GL_DATE": day, "GL_DATE_CLOSED": "31-DEC-12" if is_open else "10-APR-24", "ORG_ID": "204",
    } | more  # fmt: skip


def money(number: int, amount: str, rest: str, day: str = "10-APR-24", **more: str) -> Row:
    """The schedule of a receipt: what of it is not applied."""
    left = f"-{rest}" if Decimal(rest) else "0"
    return schedule(number, f"-{amount}", left, day) | {
        "CUSTOMER_TRX_ID": "", "CASH_RECEIPT_ID": str(number), "TRX_NUMBER": f"RCPT-{number}", "CLASS": "PMT", "DUE_DATE": day, "TERM_ID": "",
        "TERMS_SEQUENCE_NUMBER": "",
    } | more  # fmt: skip


def receipt(number: int, amount: str, status: str = "APP", day: str = "10-APR-24", **more: str) -> Row:
    """A receipt."""
    return {
        "CASH_RECEIPT_ID": str(number), "RECEIPT_NUMBER": f"RCPT-{number}", "RECEIPT_DATE": day, "TYPE": "CASH", "STATUS": status, "AMOUNT": amount,
        "CURRENCY_CODE": "EUR", "EXCHANGE_RATE": "", "PAY_FROM_CUSTOMER": "1001", "REVERSAL_DATE": "", "CONFIRMED_FLAG": "Y", "ORG_ID": "204",
    } | more  # fmt: skip


def use(number: int, amount: str, source: int, target: int | str, day: str = "10-APR-24", **more: str) -> Row:
    """A receipt's use against the schedule of an invoice."""
    return {
        "RECEIVABLE_APPLICATION_ID": str(number), "APPLICATION_TYPE": "CASH", "STATUS": "APP", "DISPLAY": "Y", "APPLY_DATE": day, "GL_DATE": day,
        "AMOUNT_APPLIED": amount, "ACCTD_AMOUNT_APPLIED_TO": amount, "CASH_RECEIPT_ID": str(source), "CUSTOMER_TRX_ID": "", "PAYMENT_SCHEDULE_ID": "",
        "APPLIED_CUSTOMER_TRX_ID": "", "APPLIED_PAYMENT_SCHEDULE_ID": str(target), "EARNED_DISCOUNT_TAKEN": "", "ORG_ID": "204",
    } | more  # fmt: skip


def unapplied(number: int, amount: str, source: int, day: str = "10-APR-24") -> Row:
    """The mirror of a use: money of a receipt that is not applied."""
    return use(number, amount, source, "", day, STATUS="UNAPP", DISPLAY="N", ACCTD_AMOUNT_APPLIED_TO="")


def adjustment(number: int, amount: str, target: int, status: str = "A", **more: str) -> Row:
    """A correction of an invoice's schedule."""
    return {
        "ADJUSTMENT_ID": str(number), "ADJUSTMENT_NUMBER": str(number), "TYPE": "INVOICE", "STATUS": status, "APPLY_DATE": "20-MAY-24", "AMOUNT": amount,
        "ACCTD_AMOUNT": amount, "CUSTOMER_TRX_ID": str(500 + target), "PAYMENT_SCHEDULE_ID": str(7000 + target), "REASON_CODE": "BAD_DEBT", "ORG_ID": "204",
    } | more  # fmt: skip


def transaction(number: int, complete: str = "Y", status: str = "OP") -> Row:
    """The header of a transaction."""
    return {
        "CUSTOMER_TRX_ID": str(500 + number), "TRX_NUMBER": str(10000 + number), "TRX_DATE": "01-MAR-24", "COMPLETE_FLAG": complete,
        "STATUS_TRX": status, "BILL_TO_CUSTOMER_ID": "1001", "INVOICE_CURRENCY_CODE": "EUR", "ORG_ID": "204",
    }  # fmt: skip


def table(rows: list[Row], delimiter: str = ",") -> str:
    """Rows as a table dump."""
    return "".join(delimiter.join(cells) + "\n" for cells in (list(rows[0]), *(list(row.values()) for row in rows)))


def night(folder: Path, as_of: date | None = None, **tables: list[Row]) -> Told:
    """One night over tables by their names."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [write(folder, f"{name}.csv", table(rows)) for name, rows in tables.items()]
    return told(folder / "home", files, company="204", as_of=as_of)


def on(night: Told, day: date) -> Told:
    """The same home as of another day; what its parts make must be the whole."""
    receivables.build(night.home, as_of=day)
    assert night.control_difference() == 0
    return night


def items(night: Told) -> list[tuple[Any, ...]]:
    """What is open: kind, amounts, bucket, and how old what is owed to us is."""
    return night.rows(
        "select kind, open_doc, currency, open_local, case when open_doc > 0 then days_overdue end as age, bucket"
        " from marts.open_item order by kind, age, open_doc"
    )


def whole(night: Told) -> None:
    """Nothing lost, nothing in quarantine, and the parts make the whole."""
    assert night.findings("quarantine") == []
    assert night.lines_lost() == 0
    assert night.control_difference() == 0


@pytest.mark.parametrize(
    "names",
    [
        (),
        (SCHEDULES,),
        (SCHEDULES, TRANSACTIONS),
        (SCHEDULES, RECEIPTS),
        (ADJUSTMENTS, APPLICATIONS, RECEIPTS, SCHEDULES),
        (APPLICATIONS, SCHEDULES),
    ],
    ids=["all tables", "schedules", "with headers", "with receipts", "late schedules", "applications and schedules"],
)
def test_the_tables_give_the_balances_of_the_ledger_they_tell(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    night_one = told(tmp_path / "home", samples(reference_data, "oracle_ar", *names), company="204")
    assert night_one.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert {outcome for outcome, _ in night_one.files.values()} == {"loaded"}
    whole(night_one)


@pytest.mark.parametrize(
    ("name", "balances"), [(RECEIPTS, {"1003": "-750"}), (TRANSACTIONS, {}), (APPLICATIONS, {}), (ADJUSTMENTS, {})]
)
def test_a_table_beside_the_schedules_gives_its_part(
    reference_data: Path, tmp_path: Path, name: str, balances: dict[str, str]
) -> None:
    """Partial: of the receipts one is not applied and one bounced; the other tables tell of no balance."""
    night_one = told(tmp_path / "home", samples(reference_data, "oracle_ar", name), company="204")
    assert night_one.open_by_customer() == {customer: Decimal(amount) for customer, amount in balances.items()}
    whole(night_one)


def test_every_item_is_as_old_as_the_ledger_says(reference_data: Path, tmp_path: Path) -> None:
    night_one = told(tmp_path / "home", samples(reference_data, "oracle_ar"), company="204")
    assert items(night_one) == [
        ("credit_note", Decimal(-500), "EUR", Decimal(-500), None, "unapplied"),
        ("invoice", Decimal(2000), "USD", Decimal("1818.18"), 5, "d1_30"),
        ("invoice", Decimal(1500), "EUR", Decimal(1500), 44, "d31_60"),
        ("invoice", Decimal(6000), "EUR", Decimal(6000), 123, "d91_180"),
        ("receipt", Decimal(-750), "EUR", Decimal(-750), None, "unapplied"),
    ]
    assert night_one.rows("select doc_no, order_no, customer_ref from core.document where order_no is not null") == [
        ("10002", "SO5001", "PO-881")
    ]
    assert night_one.rows("select doc_no from core.document where dispute_flag") == [("10004",)]


def test_a_past_day_is_replayed(reference_data: Path, tmp_path: Path) -> None:
    night_one = told(tmp_path / "home", samples(reference_data, "oracle_ar"), company="204")
    for day, balances in (
        (date(2024, 1, 30), {"1003": "89.90"}),
        (date(2024, 1, 31), {}),
        (date(2024, 4, 9), {"1001": "1234.56"}),
        (date(2024, 6, 30), {"1001": "9500"}),
        (date(2024, 8, 4), {"1001": "5500", "1002": "3000"}),
        (date(2024, 8, 6), {"1001": "5500", "1002": "1500"}),
        (date(2024, 9, 24), {"1001": "5500", "1002": "3318.18", "1003": "-1050"}),
        (date(2024, 9, 25), {"1001": "5500", "1002": "3318.18", "1003": "-750"}),
    ):
        got = on(night_one, day).open_by_customer()
        assert got == {customer: Decimal(amount) for customer, amount in balances.items()}


def test_a_bounced_receipt_leaves_its_invoice_open(tmp_path: Path) -> None:
    """Its uses are told with both signs, each with the mirror of money not applied."""
    night_one = night(
        tmp_path,
        AR_PAYMENT_SCHEDULES_ALL=[
            schedule(1, "100"),
            money(800, "100", "0", STATUS="CL", GL_DATE_CLOSED="20-APR-24"),
        ],
        AR_CASH_RECEIPTS_ALL=[receipt(800, "100", "NSF", REVERSAL_DATE="20-APR-24")],
        AR_RECEIVABLE_APPLICATIONS_ALL=[
            unapplied(1, "100", 800), use(2, "100", 800, 7001, DISPLAY="N"), unapplied(3, "-100", 800),
            use(4, "-100", 800, 7001, "20-APR-24", DISPLAY="N"), unapplied(5, "100", 800, "20-APR-24"), unapplied(6, "-100", 800, "20-APR-24"),
        ],
    )  # fmt: skip
    whole(night_one)
    assert [(kind, amount) for kind, amount, *_ in items(night_one)] == [("invoice", Decimal(100))]
    for day, balance in (
        (date(2024, 4, 9), 100),
        (date(2024, 4, 10), 0),
        (date(2024, 4, 19), 0),
        (date(2024, 4, 20), 100),
    ):
        assert sum(on(night_one, day).open_by_customer().values()) == balance


def test_a_use_taken_back_and_made_against_another_invoice(tmp_path: Path) -> None:
    night_one = night(
        tmp_path,
        AR_PAYMENT_SCHEDULES_ALL=[schedule(1, "100"), schedule(2, "100", "0"), money(800, "100", "0")],
        AR_RECEIVABLE_APPLICATIONS_ALL=[
            use(1, "100", 800, 7001, DISPLAY="N"), use(2, "-100", 800, 7001, "12-APR-24", DISPLAY="N"), use(3, "100", 800, 7002, "12-APR-24"),
        ],
    )  # fmt: skip
    assert night_one.rows("select doc_no, open_local from marts.open_item") == [("10001", Decimal(100))]
    whole(night_one)


def test_a_credit_memo_is_applied_like_money(tmp_path: Path) -> None:
    credit = schedule(3, "-40", "-10", "20-APR-24", CLASS="CM", TRX_NUMBER="CM-1")
    night_one = night(
        tmp_path,
        AR_PAYMENT_SCHEDULES_ALL=[schedule(1, "100", "70"), credit],
        AR_RECEIVABLE_APPLICATIONS_ALL=[use(1, "30", 0, 7001, "21-APR-24", APPLICATION_TYPE="CM", CASH_RECEIPT_ID="", CUSTOMER_TRX_ID="503")],
    )  # fmt: skip
    assert [(kind, amount) for kind, amount, *_ in items(night_one)] == [
        ("credit_note", Decimal(-10)),
        ("invoice", Decimal(70)),
    ]
    assert night_one.rows("select kind, origin, amount_local from core.allocation") == [
        ("credit_note", "source", Decimal(30))
    ]
    whole(night_one)


def test_a_discount_is_cleared_beside_the_money(tmp_path: Path) -> None:
    night_one = night(
        tmp_path,
        AR_PAYMENT_SCHEDULES_ALL=[schedule(1, "100", "0"), money(800, "98", "0")],
        AR_RECEIVABLE_APPLICATIONS_ALL=[
            use(1, "98", 800, 7001, EARNED_DISCOUNT_TAKEN="2") | {"ACCTD_EARNED_DISCOUNT_TAKEN": "2"}
        ],
    )
    assert items(night_one) == []
    assert night_one.rows("select amount_local, discount_local from core.allocation where origin = 'source'") == [
        (Decimal(100), Decimal(2))
    ]
    whole(night_one)


def test_a_receipt_written_off_in_part_and_one_nobody_sent(tmp_path: Path) -> None:
    """An activity uses a receipt up without an invoice; a receipt of no known payer belongs to no customer."""
    night_one = night(
        tmp_path,
        AR_PAYMENT_SCHEDULES_ALL=[schedule(1, "100", "0"), money(800, "100.50", "0"), money(801, "60", "60", CUSTOMER_ID="")],
        AR_CASH_RECEIPTS_ALL=[receipt(800, "100.50"), receipt(801, "60", "UNID", PAY_FROM_CUSTOMER="")],
        AR_RECEIVABLE_APPLICATIONS_ALL=[
            use(1, "100", 800, 7001), use(2, ".5", 800, -3, STATUS="ACTIVITY"), unapplied(3, "60", 801), use(4, "60", 801, -1, STATUS="UNID"),
        ],
    )  # fmt: skip
    assert [(kind, amount) for kind, amount, *_ in items(night_one)] == [("receipt", Decimal(-60))]
    assert night_one.rows("select customer_id from marts.open_item") == [("(unidentified)",)]
    whole(night_one)


def test_adjustments_count_once_approved(tmp_path: Path) -> None:
    night_one = night(
        tmp_path,
        AR_PAYMENT_SCHEDULES_ALL=[schedule(1, "100", "60"), schedule(2, "100", "112.5"), schedule(3, "100")],
        RA_CUSTOMER_TRX_ALL=[transaction(2)],
        AR_ADJUSTMENTS_ALL=[adjustment(61, "-40", 1), adjustment(62, "12.5", 2), adjustment(63, "-100", 3, "W"), adjustment(64, "-100", 3, "R")],
    )  # fmt: skip
    assert night_one.rows("select doc_no, sum(open_local) from marts.open_item group by all order by all") == [
        ("10001", Decimal(60)),
        ("10002", Decimal("112.5")),
        ("10003", Decimal(100)),
    ]
    assert night_one.rows("select kind, amount_local from core.allocation where origin = 'source'") == [
        ("write_off", Decimal(40))
    ]
    whole(night_one)


def test_what_a_class_means(tmp_path: Path) -> None:
    rows = [
        schedule(1, "1"), schedule(2, "2", CLASS="DM"), schedule(3, "3", CLASS="CB"), schedule(4, "-4", CLASS="CM"), schedule(5, "5", CLASS="BR"),
        schedule(6, "6", CLASS="DEP"), schedule(7, "7", CLASS="GUAR"), schedule(8, "-8", CLASS="INV"), money(800, "9", "9"), schedule(9, "9", CLASS="XX"),
        money(0, "1", "1", PAYMENT_SCHEDULE_ID="-1", TRX_NUMBER="On Account"),
    ]  # fmt: skip
    got = read(write(tmp_path, SCHEDULES, table(rows)), companies=ONE, settings=LENIENT, extract_as_of=TRUTH_DAY)
    assert [(row["kind"], row["amount_doc"]) for row in got.tables["entry"]] == [
        ("invoice", 1), ("debit_note", 2), ("chargeback", 3), ("credit_note", -4), ("bill_of_exchange", 5), ("invoice", 6), ("credit_note", -8),
        ("receipt", -9),
    ]  # fmt: skip
    assert [reason for *_, reason in got.quarantined()] == ["TYPE_UNKNOWN"]


def test_the_end_of_time_is_no_settlement(tmp_path: Path) -> None:
    """Open items close on the last day of 4712, which two digits turn into 2012; a closed one is closed on its day."""
    rows = [schedule(1, "1"), schedule(2, "2", "0"), schedule(3, "-3", "-3", CLASS="CM")]
    got = read(write(tmp_path, SCHEDULES, table(rows)), companies=ONE, extract_as_of=TRUTH_DAY)
    assert got.column("entry", "settled_date") == [None, date(2024, 4, 10), None]


def test_miscellaneous_receipts_are_no_customers_and_unconfirmed_ones_wait(tmp_path: Path) -> None:
    rows = [
        receipt(800, "100", "UNAPP"),
        receipt(801, "50", "APP", TYPE="MISC", PAY_FROM_CUSTOMER=""),
        receipt(802, "70", "UNAPP", CONFIRMED_FLAG="N"),
    ]
    night_one = night(tmp_path, AR_CASH_RECEIPTS_ALL=rows)
    assert night_one.open_by_customer() == {"1001": Decimal(-100)}
    whole(night_one)


def test_incomplete_and_void_transactions_never_count(tmp_path: Path) -> None:
    night_one = night(
        tmp_path,
        RA_CUSTOMER_TRX_ALL=[transaction(1), transaction(2, complete="N"), transaction(3, status="VD")],
        AR_PAYMENT_SCHEDULES_ALL=[schedule(1, "100"), schedule(2, "200"), schedule(3, "400")],
    )
    assert night_one.open_by_customer() == {"1001": Decimal(100)}
    whole(night_one)


def test_organisations_keep_their_own_ledgers(tmp_path: Path) -> None:
    rows = [
        schedule(1, "100"),
        schedule(2, "200", ORG_ID="205", CUSTOMER_ID="2001"),
        schedule(3, "400", "0", ORG_ID="205", CUSTOMER_ID="2001"),
    ]
    night_one = told(tmp_path / "home", [write(tmp_path, SCHEDULES, table(rows))], names_company=True)
    assert night_one.open_by_customer() == {"1001": Decimal(100), "2001": Decimal(200)}
    assert night_one.rows("select distinct company_id from marts.open_item order by all") == [("204",), ("205",)]
    whole(night_one)


LEDGER: Final = [
    schedule(1, "1234.56", "0", AMOUNT_IN_DISPUTE="0"),
    schedule(2, "10000.00", "6000.00", "15-MAY-24", DUE_DATE="14-JUN-24"),
    schedule(3, "2000.00", day="10-SEP-24", DUE_DATE="10-OCT-24", INVOICE_CURRENCY_CODE="USD", EXCHANGE_RATE=".90909", ACCTD_AMOUNT_DUE_REMAINING="1818.18",
             CUSTOMER_ID="1002"),
    schedule(4, "-500.00", day="20-AUG-24", DUE_DATE="20-AUG-24", CLASS="CM"),
    schedule(5, ".5", day="13-JAN-24", DUE_DATE="13-JAN-24", CUSTOMER_ID="1003"),
    money(801, "750.00", "750.00", "20-DEC-23", CUSTOMER_ID="1003"),
]  # fmt: skip
DATES: Final = ("TRX_DATE", "DUE_DATE", "GL_DATE", "GL_DATE_CLOSED")
AMOUNTS: Final = ("AMOUNT_DUE_ORIGINAL", "AMOUNT_DUE_REMAINING", "ACCTD_AMOUNT_DUE_REMAINING", "EXCHANGE_RATE")
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
ES: Final = ("ENE", "FEB", "MAR", "ABR", "MAY", "JUN", "JUL", "AGO", "SEP", "OCT", "NOV", "DIC")
DE: Final = ("JAN", "FEB", "MÄR", "APR", "MAI", "JUN", "JUL", "AUG", "SEP", "OKT", "NOV", "DEZ")


def day_of(text: str) -> date:
    """The day a cell of the ledger means; open items close at the end of the calendar."""
    day, month, year = text.split("-")
    return date(4712 if text == "31-DEC-12" else 2000 + int(year), MONTHS.index(month) + 1, int(day))


def shown(
    rows: list[Row], *, dates: str = "", months: tuple[str, ...] = MONTHS, comma: bool = False
) -> list[list[str]]:
    """The rows with their columns in another order, dates and numbers as the session's language shows them."""
    names = sorted(rows[0], key=lambda name: name[::-1])
    lines = [names]
    for row in rows:
        cells = dict(row)
        for name in DATES:
            day = day_of(row[name])
            cells[name] = f"{day:{dates}}" if dates else f"{day.day:02d}-{months[day.month - 1]}-{day.year % 100:02d}"
        for name in AMOUNTS if comma else ():
            cells[name] = row[name].replace(".", ",")
        lines.append([cells[name] for name in names])
    return lines


TOLD: Final = ("company_id", "entry_key", "doc_key", "customer_id", "kind", "doc_date", "due_date", "settled_date", "currency", "amount_doc",
               "amount_local", "open_doc", "open_local", "dispute_flag")  # fmt: skip


def entries(path: Path) -> list[tuple[Any, ...]]:
    """What a file tells of its schedules."""
    got = read(path, companies=NOBODY, extract_as_of=TRUTH_DAY)
    assert got.quarantined() == []
    return sorted(tuple(str(row[name]) for name in TOLD) for row in got.tables["entry"])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """The entries of `LEDGER` as a plain dump tells them; that they make its balances is looked at once."""
    folder = tmp_path_factory.mktemp("plain")
    path = write(folder, SCHEDULES, table(LEDGER))
    night_one = told(folder / "home", [path], names_company=True)
    balances = {"1001": "5500", "1002": "1818.18", "1003": "-749.50"}
    assert night_one.open_by_customer() == {customer: Decimal(amount) for customer, amount in balances.items()}
    whole(night_one)
    return entries(path)


@pytest.mark.parametrize(
    ("encoding", "delimiter", "dates", "months", "comma"),
    [
        ("utf-8-sig", ",", "", MONTHS, False),
        ("cp1252", ";", "", DE, True),
        ("utf-16", "\t", "", ES, True),
        ("utf-8", "|", "%Y-%m-%d 00:00:00", MONTHS, False),
        ("utf-8", ",", "%Y/%m/%d", MONTHS, False),
        ("gb18030", ",", "%d-%b-%Y", MONTHS, False),
    ],
    ids=["shuffled", "german", "spanish", "fusion", "slashes", "four digits"],
)
def test_other_orders_languages_locales_and_encodings(  # so many things differ
    tmp_path: Path,
    encoding: str,
    delimiter: str,
    dates: str,
    months: tuple[str, ...],
    plain: list[Any],
    *,
    comma: bool,
) -> None:
    lines = shown(LEDGER, dates=dates, months=months, comma=comma)
    text = "".join(delimiter.join(cells) + "\r\n" for cells in lines)
    assert entries(write(tmp_path, "AR_PAYMENT_SCHEDULES.csv", text, encoding)) == plain


def test_a_spreadsheet(tmp_path: Path, plain: list[Any]) -> None:
    def cell(name: str, value: str) -> object:
        if name in DATES:
            return None if value == "31-DEC-12" else day_of(value)
        return float(value) if name in AMOUNTS and value else value

    lines = [list(LEDGER[0]), *([cell(name, value) for name, value in row.items()] for row in LEDGER)]
    assert entries(workbook(tmp_path / "AR_PAYMENT_SCHEDULES.xlsx", lines)) == plain


def test_a_spreadsheet_that_is_a_web_page(tmp_path: Path, plain: list[Any]) -> None:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in shown(LEDGER))
    assert (
        entries(write(tmp_path, "AR_PAYMENT_SCHEDULES.xls", f"<html><body><table>\n{body}</table></body></html>\n"))
        == plain
    )


def test_accounts_name_the_customers_and_parties_sites_and_types_add_nothing(tmp_path: Path) -> None:
    night_one = night(
        tmp_path,
        AR_PAYMENT_SCHEDULES_ALL=[schedule(1, "100")],
        HZ_CUST_ACCOUNTS=[
            {"CUST_ACCOUNT_ID": "1001", "ACCOUNT_NUMBER": "A-1", "PARTY_ID": "77", "STATUS": "A", "PARTY_NAME": "Uno", "CITY": "Lugo", "COUNTRY": "ES"},
            {"CUST_ACCOUNT_ID": "1002", "ACCOUNT_NUMBER": "A-2", "PARTY_ID": "78", "STATUS": "I", "PARTY_NAME": "Dos", "CITY": "", "COUNTRY": "ES"},
        ],
        HZ_PARTIES=[{"PARTY_ID": "77", "PARTY_NAME": "Uno", "PARTY_TYPE": "ORGANIZATION"}],
        HZ_CUST_SITE_USES_ALL=[{"SITE_USE_ID": "9", "CUST_ACCT_SITE_ID": "8", "SITE_USE_CODE": "BILL_TO"}],
        RA_CUST_TRX_TYPES_ALL=[{"CUST_TRX_TYPE_ID": "1", "NAME": "Invoice", "TYPE": "INV"}],
    )  # fmt: skip
    assert night_one.open_by_customer() == {"1001": Decimal(100)}
    whole(night_one)
    assert night_one.rows("select customer_id, name, city, status from core.customer order by 1") == [
        ("204:1001", "Uno", "Lugo", "active"),
        ("204:1002", "Dos", None, "closed"),
    ]
