"""SAP Business One tables: the ledger they tell, what settles what, and the query manager's other ways of writing them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from exports import TRUTH_DAY, Told, samples, told, truth
from intake_files import read, workbook, write
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS: Final = {"C1": "C00001", "C2": "C00002", "C3": "C00003"}
ONE: Final = Companies("ES01", {"ES01": "EUR"})

Row = dict[str, str]


def document(entry: int, total: str, day: str = "20240301", **more: str) -> Row:
    """An invoice in euro at 30 days, unpaid, unless said otherwise."""
    due = date.fromordinal(date(int(day[:4]), int(day[4:6]), int(day[6:])).toordinal() + 30)
    return {
        "DocEntry": str(entry), "DocNum": str(1000 + entry), "DocType": "I", "CANCELED": "N", "DocStatus": "O", "ObjType": "13", "DocDate": day,
        "DocDueDate": f"{due:%Y%m%d}", "TaxDate": day, "CardCode": "C00001", "CardName": "Comercial Ibáñez S.L.", "NumAtCard": "", "DocCur": "EUR",
        "DocRate": "1.000000", "DocTotal": total, "DocTotalFC": "0.000000", "PaidToDate": "0.000000", "PaidFC": "0.000000", "Comments": "",
    } | more  # fmt: skip


def receipt(entry: int, total: str, day: str = "20240401", **more: str) -> Row:
    """An incoming payment in euro that invoices have used up, unless said otherwise."""
    return {
        "DocEntry": str(entry), "DocNum": str(3000 + entry), "DocType": "C", "Canceled": "N", "DocDate": day, "TaxDate": day, "CardCode": "C00001",
        "CardName": "Comercial Ibáñez S.L.", "TrsfrSum": total, "DocCurr": "EUR", "DocRate": "1", "DocTotal": total, "DocTotalFC": "0", "NoDocSum": "0",
        "PayNoDoc": "N", "OpenBal": "0", "CounterRef": "",
    } | more  # fmt: skip


def use(payment: int, entry: int, amount: str, day: str = "20240401", **more: str) -> Row:
    """What a payment settles of a document."""
    return {"DocNum": str(payment), "InvoiceId": "0", "DocEntry": str(entry), "SumApplied": amount, "AppliedFC": "0", "InvType": "13",
            "DocRate": "1", "InstId": "1", "LinkDate": day} | more  # fmt: skip


def instalment(entry: int, seq: int, total: str, due: str, **more: str) -> Row:
    """One due date of a document."""
    return {"DocEntry": str(entry), "InstlmntID": str(seq), "DueDate": due, "Status": "O", "InsTotal": total, "InsTotalFC": "0", "PaidToDate": "0",
            "PaidFC": "0", "ObjType": "13"} | more  # fmt: skip


def table(rows: list[Row], delimiter: str = "\t") -> str:
    """Rows as a table dump."""
    return "".join(delimiter.join(cells) + "\r\n" for cells in (list(rows[0]), *(list(row.values()) for row in rows)))


def night(folder: Path, as_of: date | None = None, **tables: list[Row]) -> Told:
    """One night over tables by their names."""
    folder.mkdir(parents=True, exist_ok=True)
    return told(
        folder / "home", [write(folder, f"{name}.txt", table(rows)) for name, rows in tables.items()], as_of=as_of
    )


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
        ("OINV.csv", "ORIN.csv", "ORCT.csv"),
        ("OINV.csv", "ORIN.csv", "ORCT.csv", "INV6.csv"),
        ("RCT2.csv", "ORCT.csv", "ORIN.csv", "OINV.csv"),
    ],
    ids=["all tables", "documents and receipts", "with instalments", "with applications"],
)
def test_the_tables_give_the_balances_of_the_ledger_they_tell(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    night_one = told(tmp_path / "home", samples(reference_data, "sap_b1", *names))
    assert night_one.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert {outcome for outcome, _ in night_one.files.values()} == {"loaded"}
    whole(night_one)


@pytest.mark.parametrize(
    ("names", "balances"),
    [
        (("OINV.csv",), {"C00001": "6000", "C00002": "3318.18"}),
        (("OINV.csv", "INV6.csv"), {"C00001": "6000", "C00002": "3318.18"}),
        (("ORIN.csv",), {"C00001": "-500"}),
        (("ORCT.csv",), {"C00003": "-750"}),
    ],
    ids=["invoices", "invoices and instalments", "credit memos", "receipts"],
)
def test_a_table_alone_gives_its_part(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...], balances: dict[str, str]
) -> None:
    """Partial: the rest that each table tells of its own documents."""
    night_one = told(tmp_path / "home", samples(reference_data, "sap_b1", *names))
    assert night_one.open_by_customer() == {customer: Decimal(amount) for customer, amount in balances.items()}
    whole(night_one)


def test_every_item_is_as_old_as_the_ledger_says(reference_data: Path, tmp_path: Path) -> None:
    night_one = told(tmp_path / "home", samples(reference_data, "sap_b1"))
    assert items(night_one) == [
        ("credit_note", Decimal(-500), "EUR", Decimal(-500), None, "unapplied"),
        ("invoice", Decimal(2000), "USD", Decimal("1818.18"), 5, "d1_30"),
        ("invoice", Decimal(1500), "EUR", Decimal(1500), 44, "d31_60"),
        ("invoice", Decimal(6000), "EUR", Decimal(6000), 123, "d91_180"),
        ("receipt", Decimal(-750), "EUR", Decimal(-750), None, "unapplied"),
    ]
    assert night_one.rows("select seq from marts.open_item where days_overdue = 44") == [(2,)]


def test_a_past_day_is_replayed_from_the_applications(reference_data: Path, tmp_path: Path) -> None:
    """Of the third customer's write-off no table tells the day: it is looked at on no day."""
    night_one = told(tmp_path / "home", samples(reference_data, "sap_b1"))
    for day, balances in (
        (date(2024, 4, 9), {"C00001": "1234.56"}),
        (date(2024, 6, 30), {"C00001": "9500"}),
        (date(2024, 8, 4), {"C00001": "5500", "C00002": "3000"}),
        (date(2024, 9, 19), {"C00001": "5500", "C00002": "3318.18"}),
    ):
        got = on(night_one, day).open_by_customer()
        got.pop("C00003", None)
        assert got == {customer: Decimal(amount) for customer, amount in balances.items()}


def test_business_partners_are_customers(reference_data: Path, tmp_path: Path) -> None:
    night_one = told(tmp_path / "home", samples(reference_data, "sap_b1"))
    assert night_one.rows(
        "select substr(customer_id, 6), name, tax_id, substr(terms_id, 6), substr(territory_id, 6), salesperson, currency, status, since_date"
        " from core.customer order by all"
    ) == [
        ("C00001", "Comercial Ibáñez S.L.", "ESB00000001", "2", "5", "1", "EUR", "active", date(2015, 3, 1)),
        ("C00002", "Großhandel Müller & Söhne", "DE000000002", "5", "6", "2", None, "active", date(2018, 9, 14)),
        ("C00003", "Łódź Trading", "PL0000000003", "2", "7", "3", "EUR", "all_block", date(2019, 1, 1)),
    ]


def test_suppliers_and_leads_are_no_customers(tmp_path: Path) -> None:
    head = "CardCode\tCardName\tCardType\tLicTradNum\tfrozenFor\tCurrency\r\n"
    rows = "".join(f"{code}\tA\t{kind}\t\tN\tEUR\r\n" for code, kind in (("C1", "C"), ("V1", "S"), ("L1", "L")))
    got = read(write(tmp_path, "OCRD.txt", head + rows), companies=ONE, extract_as_of=TRUTH_DAY)
    assert got.column("customer", "customer_id") == ["ES01:C1"]
    assert got.quarantined() == []
    assert got.lines("skipped") == 3


def test_applications_name_the_internal_number_of_the_payment(tmp_path: Path) -> None:
    """RCT2's DocNum is ORCT's DocEntry; here another payment bears that number on its paper."""
    night_one = night(
        tmp_path,
        as_of=date(2024, 4, 20),
        OINV=[
            document(11, "100", PaidToDate="100", DocStatus="C"),
            document(12, "100", PaidToDate="100", DocStatus="C"),
        ],
        ORCT=[receipt(31, "100", "20240410", DocNum="32"), receipt(32, "100", "20240430", DocNum="31")],
        RCT2=[use(31, 11, "100", "20240410"), use(32, 12, "100", "20240430")],
    )
    assert night_one.rows("select doc_no, open_local from marts.open_item") == [("1012", Decimal(100))]
    whole(night_one)


def test_an_invoice_in_another_currency_paid_in_part(tmp_path: Path) -> None:
    foreign = {"DocCur": "USD", "DocRate": "0.909090"}
    night_one = night(
        tmp_path,
        OINV=[document(14, "1818.18", **foreign, DocTotalFC="2000", PaidToDate="454.55", PaidFC="500")],
        ORCT=[receipt(31, "454.55", DocCurr="USD", DocRate="0.909090", DocTotalFC="500")],
        RCT2=[use(31, 14, "454.55", AppliedFC="500")],
        INV6=[
            instalment(14, 1, "909.09", "20240331", InsTotalFC="1000", PaidToDate="454.55", PaidFC="500"),
            instalment(14, 2, "909.09", "20241130", InsTotalFC="1000"),
        ],
    )
    assert [(amount, currency, bucket) for _, amount, currency, _, _, bucket in items(night_one)] == [
        (Decimal(1000), "USD", "not_due"),
        (Decimal(500), "USD", "d181_365"),
    ]
    assert sum(night_one.open_by_customer().values()) == pytest.approx(Decimal("1363.63"), abs=Decimal("0.02"))
    whole(night_one)


def test_an_application_without_a_date_counts_from_its_payment(tmp_path: Path) -> None:
    night_one = night(
        tmp_path,
        OINV=[document(11, "100", PaidToDate="100", DocStatus="C")],
        ORCT=[receipt(31, "100", "20240410")],
        RCT2=[use(31, 11, "100", "")],
    )
    assert items(night_one) == []
    whole(night_one)
    assert items(on(night_one, date(2024, 4, 10))) == []
    assert on(night_one, date(2024, 4, 9)).open_by_customer() == {"C00001": Decimal(100)}


def test_cancelled_documents_and_payments_never_count(tmp_path: Path) -> None:
    """Both halves of a cancelled invoice, and a payment taken back: its invoice is open again."""
    night_one = night(
        tmp_path,
        OINV=[
            document(11, "100"),
            document(12, "420", CANCELED="Y", DocStatus="C", PaidToDate="420"),
            document(13, "420", CANCELED="C", DocStatus="C", PaidToDate="420"),
        ],
        ORCT=[receipt(31, "100", Canceled="Y")],
        RCT2=[use(31, 11, "100")],
    )
    assert [(kind, amount) for kind, amount, *_ in items(night_one)] == [("invoice", Decimal(100))]
    whole(night_one)


def test_payments_of_suppliers_and_accounts_are_out_of_scope(tmp_path: Path) -> None:
    night_one = night(
        tmp_path,
        ORCT=[
            receipt(31, "100", OpenBal="100", NoDocSum="100", PayNoDoc="Y"),
            receipt(32, "70", DocType="S", CardCode="V00001", OpenBal="70"),
            receipt(33, "50", DocType="A", CardCode="", CardName="", OpenBal="0"),
        ],
    )
    assert night_one.open_by_customer() == {"C00001": Decimal(-100)}
    whole(night_one)


@pytest.mark.parametrize("told", ["-100", "100"], ids=["with a minus", "without"])
def test_a_payment_that_uses_a_credit_memo_leaves_nothing_open(tmp_path: Path, told: str) -> None:
    """The credit memo settles its invoice on the day of the payment, not before."""
    night_one = night(
        tmp_path,
        OINV=[document(11, "500", PaidToDate="500", DocStatus="C"), document(12, "100")],
        ORIN=[document(21, "100", "20240310", ObjType="14", PaidToDate="100", DocStatus="C")],
        ORCT=[receipt(31, "400")],
        RCT2=[use(31, 11, "500"), use(31, 21, told, InvoiceId="1", InvType="14")],
    )
    assert [(kind, amount) for kind, amount, *_ in items(night_one)] == [("invoice", Decimal(100))]
    whole(night_one)
    assert "ALLOC_OVER" not in {row[0] for row in night_one.findings()}
    before = items(on(night_one, date(2024, 3, 31)))
    assert [(kind, amount) for kind, amount, *_ in before] == [
        ("credit_note", Decimal(-100)),
        ("invoice", Decimal(100)),
        ("invoice", Decimal(500)),
    ]


def test_a_use_beyond_its_payment_is_cut_to_what_the_payment_has(tmp_path: Path) -> None:
    """The rest that the tables call settled all the same stands outside the list."""
    night_one = night(
        tmp_path,
        OINV=[document(11, "500", PaidToDate="500", DocStatus="C"), document(12, "100")],
        ORCT=[receipt(31, "400")],
        RCT2=[use(31, 11, "500")],
    )
    assert [(kind, amount) for kind, amount, *_ in items(night_one)] == [("invoice", Decimal(100))]
    whole(night_one)
    assert [(row[0], row[3]) for row in night_one.findings("repair") if row[0] == "ALLOC_OVER"] == [
        ("ALLOC_OVER", "100.0000")
    ]


def test_a_down_payment_request_and_a_payment_on_account_partly_used(tmp_path: Path) -> None:
    night_one = night(
        tmp_path,
        ODPI=[document(7, "300", ObjType="203"), document(8, "40", ObjType="165")],
        ORCT=[receipt(31, "750", OpenBal="250", NoDocSum="750", PayNoDoc="Y")],
    )
    assert night_one.open_by_customer() == {"C00001": Decimal(300 + 40 - 250)}
    whole(night_one)


ES: Final = {
    "DocEntry": "Número interno", "DocNum": "Número de documento", "CANCELED": "Cancelado", "Canceled": "Cancelado", "DocStatus": "Estado del documento",
    "ObjType": "Tipo de objeto", "DocDate": "Fecha de contabilización", "DocDueDate": "Fecha de vencimiento", "TaxDate": "Fecha de documento",
    "CardCode": "Código de cliente", "CardName": "Nombre de cliente", "DocCur": "Moneda del documento", "DocCurr": "Moneda del documento",
    "DocTotal": "Total del documento", "DocTotalFC": "Total del documento (ME)", "PaidToDate": "Pagado hasta la fecha",
    "PaidFC": "Pagado hasta la fecha (ME)", "DocType": "Tipo de documento", "OpenBal": "Saldo pendiente", "NoDocSum": "Pago a cuenta", "Comments": "Comentarios",
}  # fmt: skip
EN: Final = {
    "DocEntry": "Internal Number", "DocNum": "Document Number", "CANCELED": "Canceled", "Canceled": "Canceled", "DocStatus": "Document Status",
    "ObjType": "Object Type", "DocDate": "Posting Date", "DocDueDate": "Due Date", "TaxDate": "Document Date", "CardCode": "Customer/Vendor Code",
    "CardName": "Customer/Vendor Name", "DocCur": "Document Currency", "DocCurr": "Document Currency", "DocTotal": "Document Total",
    "DocTotalFC": "Document Total (FC)", "PaidToDate": "Paid to Date", "PaidFC": "Paid to Date (FC)", "DocType": "Document Type",
    "OpenBal": "Open Balance", "NoDocSum": "Payment on Account", "Comments": "Remarks",
}  # fmt: skip
DATES: Final = ("DocDate", "DocDueDate", "TaxDate")
AMOUNTS: Final = ("DocTotal", "DocTotalFC", "PaidToDate", "PaidFC", "OpenBal", "NoDocSum")

LEDGER: Final = {
    "OINV": [
        document(11, "1234.56", PaidToDate="1234.56", DocStatus="C"),
        document(12, "10000.00", "20240515", PaidToDate="4000.00", Comments="Total; «señal»"),
        document(14, "1818.18", "20240910", CardCode="C00002", CardName="Total Gestión", DocCur="USD", DocRate="0.909090", DocTotalFC="2000.00"),
        document(15, "420.00", "20240815", CardCode="C00003", CardName="Ñandú", CANCELED="Y", DocStatus="C"),
    ],
    "ORIN": [document(21, "500.00", "20240620", ObjType="14")],
    "ORCT": [
        receipt(31, "1234.56", "20240410"),
        receipt(32, "4000.00", "20240713"),
        receipt(34, "750.50", "20240920", CardCode="C00003", CardName="Ñandú", OpenBal="750.50", NoDocSum="750.50"),
    ],
}  # fmt: skip
TOLD: Final = ("entry_key", "doc_key", "doc_no", "customer_id", "kind", "state", "doc_date", "due_date", "currency", "amount_doc", "amount_local",
               "open_doc", "open_local")  # fmt: skip


def entries(*files: Path) -> list[tuple[Any, ...]]:
    """What files tell of their documents and payments."""
    found = []
    for path in files:
        got = read(path, companies=ONE, extract_as_of=TRUTH_DAY)
        assert got.quarantined() == []
        found += [tuple(str(row[name]) for name in TOLD) for row in got.tables["entry"]]
    return sorted(found)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """The entries of `LEDGER` as plain dumps tell them; that they make its balances is looked at once."""
    folder = tmp_path_factory.mktemp("plain")
    night_one = night(folder, None, **LEDGER)
    balances = {"C00001": "5500", "C00002": "1818.18", "C00003": "-750.50"}
    assert night_one.open_by_customer() == {customer: Decimal(amount) for customer, amount in balances.items()}
    whole(night_one)
    return entries(*(folder / f"{name}.txt" for name in LEDGER))


def shown(rows: list[Row], labels: dict[str, str], *, dates: str = "%Y%m%d", comma: bool = False) -> list[list[str]]:
    """A table under the labels' names, its columns in another order, dates and numbers as the user's settings show them."""
    names = sorted((name for name in rows[0] if name in labels), key=lambda name: name[::-1])
    lines = [[labels[name] for name in names]]
    for row in rows:
        cells = dict(row)
        for name in names:
            if name in DATES:
                cells[name] = date(int(row[name][:4]), int(row[name][4:6]), int(row[name][6:])).strftime(dates)
            if name in AMOUNTS:
                text = f"{Decimal(row[name]):,.2f}"
                cells[name] = text.translate(str.maketrans(",.", ".,")) if comma else text
        lines.append([cells[name] for name in names])
    return lines


@pytest.mark.parametrize(
    ("labels", "encoding", "delimiter", "dates", "comma"),
    [
        ({name: name for rows in LEDGER.values() for name in rows[0]}, "utf-8-sig", "|", "%Y-%m-%d", False),
        (ES, "utf-16", "\t", "%d.%m.%y", True),
        (ES, "cp1252", "\t", "%d/%m/%Y", True),
        (EN, "utf-8", "\t", "%m/%d/%y", False),
    ],
    ids=["raw shuffled", "spanish list", "spanish cp1252", "american"],
)
def test_other_labels_locales_and_encodings(
    tmp_path: Path, labels: dict[str, str], encoding: str, delimiter: str, dates: str, plain: list[Any], *, comma: bool
) -> None:
    files = []
    for name, rows in LEDGER.items():
        lines = shown(rows, labels, dates=dates, comma=comma)
        text = "".join(delimiter.join(cells) + "\r\n" for cells in lines)
        files.append(write(tmp_path, f"{name}.txt", text, encoding))
    assert entries(*files) == plain


def test_spreadsheets(tmp_path: Path, plain: list[Any]) -> None:
    def cell(name: str, value: str) -> object:
        if name in DATES:
            return date(int(value[:4]), int(value[4:6]), int(value[6:]))
        return float(value) if name in AMOUNTS or name == "DocEntry" else value

    files = []
    for name, rows in LEDGER.items():
        head = [EN.get(column, column) for column in rows[0]]
        lines = [head, *([cell(column, value) for column, value in row.items()] for row in rows)]
        files.append(workbook(tmp_path / f"{name}.xlsx", lines))
    assert entries(*files) == plain


def test_spreadsheets_that_are_web_pages(tmp_path: Path, plain: list[Any]) -> None:
    files = []
    for name, rows in LEDGER.items():
        lines = shown(rows, ES, dates="%d/%m/%Y", comma=True)
        body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>\n" for row in lines)
        files.append(write(tmp_path, f"{name}.xls", f"<html><body><table>\n{body}</table></body></html>\n"))
    assert entries(*files) == plain


def line(
    number: int, kind: int, source: int, debit: str = "0", credit: str = "0", day: str = "20240301", **more: str
) -> Row:
    """A line of the journal on a customer, all of it open unless said otherwise."""
    return {
        "TransId": str(number), "Line_ID": "0", "TransType": str(kind), "CreatedBy": str(source), "BaseRef": str(1000 + source), "SourceLine": "1",
        "Account": "_SYS00000000010", "ShortName": "C00001", "RefDate": day, "TaxDate": day, "DueDate": day, "Debit": debit, "Credit": credit,
        "FCCurrency": "", "FCDebit": "0", "FCCredit": "0", "BalDueDeb": debit, "BalDueCred": credit, "BalFcDeb": "0", "BalFcCred": "0", "LineMemo": "",
    } | more  # fmt: skip


def reconciled(number: int, transaction: int, kind: int, source: int, amount: str, side: str, **more: str) -> Row:
    """One line of a reconciliation."""
    return {
        "ReconNum": str(number), "LineSeq": side, "ShortName": "C00001", "TransId": str(transaction), "TransRowId": "0", "SrcObjTyp": str(kind),
        "SrcObjAbs": str(source), "ReconSum": amount, "ReconSumFC": "0", "FrgnCurr": "", "IsCredit": side, "Account": "_SYS00000000010",
    } | more  # fmt: skip


def reconciliation(number: int, day: str, total: str, **more: str) -> Row:
    """The head of a reconciliation."""
    return {
        "ReconNum": str(number),
        "IsCard": "C",
        "ReconType": "0",
        "ReconDate": day,
        "Total": total,
        "ReconCurr": "EUR",
        "Canceled": "N",
    } | more


WITHOUT_INVOICE: Final = "430000"
BOOKS: Final = {
    "OJDT": [
        {"TransId": "508", "TransType": "30", "CreatedBy": "508", "RefDate": "20240601", "TaxDate": "20240601", "Memo": "", "StornoToTr": ""},
        {"TransId": "509", "TransType": "30", "CreatedBy": "509", "RefDate": "20240610", "TaxDate": "20240610", "Memo": "", "StornoToTr": "508"},
    ],
    "JDT1": [
        line(501, 13, 11, "100", BalDueDeb="0"),
        line(501, 13, 11, credit="100", Line_ID="1", Account=WITHOUT_INVOICE, ShortName=WITHOUT_INVOICE),
        line(502, 13, 12, "120", DueDate="20240331", BalDueDeb="70"),
        line(502, 13, 12, "80", Line_ID="1", SourceLine="2", DueDate="20241130"),
        line(504, 13, 14, "100", ShortName="C00002", FCCurrency="USD", FCDebit="110", BalFcDeb="110"),
        line(507, 14, 21, credit="50", day="20240310", BalDueCred="0"),
        line(601, 24, 31, credit="100", day="20240401", SourceLine="0", BalDueCred="0"),
        line(602, 24, 32, credit="80", day="20240501", SourceLine="0"),
        line(508, 30, 508, credit="30", day="20240601", SourceLine="0", BalDueCred="0"),
        line(509, 30, 509, "30", day="20240610", SourceLine="0", BalDueDeb="0"),
        line(510, 30, 510, "7", day="20240611", SourceLine="0"),
        line(701, 18, 5, credit="999", ShortName="V00001", Account="400000"),
    ],
    "ITR1": [
        reconciled(1, 501, 13, 11, "100", "D"),
        reconciled(1, 601, 24, 31, "100", "C"),
        reconciled(2, 502, 13, 12, "50", "D"),
        reconciled(2, 507, 14, 21, "50", "C"),
        reconciled(3, 502, 13, 12, "80", "D"),
        reconciled(3, 602, 24, 32, "80", "C"),
        reconciled(4, 701, 18, 5, "999", "C", ShortName="V00001"),
        reconciled(4, 702, 46, 6, "999", "D", ShortName="V00001", TransRowId="1"),
    ],
    "OITR": [
        reconciliation(1, "20240401", "100", ReconType="3"),
        reconciliation(2, "20240620", "50"),
        reconciliation(3, "20240621", "80", Canceled="Y"),
        reconciliation(4, "20240621", "999"),
    ],
}  # fmt: skip
"""The journal and its reconciliations: 12 uses a credit memo, on a day of its own; that a receipt was used for it was taken back."""

TABLES: Final = {
    "OINV": [
        document(11, "100", PaidToDate="100", DocStatus="C"),
        document(12, "200", PaidToDate="50"),
        document(14, "100", CardCode="C00002", DocCur="USD", DocRate="0.909091", DocTotalFC="110"),
    ],
    "INV6": [
        instalment(11, 1, "100", "20240331", PaidToDate="100"),
        instalment(12, 1, "120", "20240331", PaidToDate="50"),
        instalment(12, 2, "80", "20241130"),
        instalment(14, 1, "100", "20240331", InsTotalFC="110"),
    ],
    "ORIN": [document(21, "50", "20240310", ObjType="14", PaidToDate="50", DocStatus="C")],
    "ORCT": [receipt(31, "100"), receipt(32, "80", "20240501", OpenBal="80", NoDocSum="80")],
    "RCT2": [use(31, 11, "100")],
}  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [
        ("JDT1",),
        ("JDT1", "OJDT", "ITR1", "OITR"),
        ("OINV", "INV6", "ORIN", "ORCT", "RCT2", "JDT1", "OJDT", "ITR1", "OITR"),
        ("OITR", "ITR1", "OJDT", "JDT1", "RCT2", "ORCT", "ORIN", "INV6", "OINV"),
        ("OINV", "ORIN", "ORCT", "RCT2", "JDT1"),
    ],
    ids=["lines", "lines and reconciliations", "all tables", "all the other way round", "without reconciliations"],
)
def test_the_journal_tells_the_ledger_once_whatever_else_tells_it(tmp_path: Path, names: tuple[str, ...]) -> None:
    night_one = night(tmp_path, TRUTH_DAY, **{name: (BOOKS | TABLES)[name] for name in names})
    assert {outcome for outcome, _ in night_one.files.values()} == {"loaded"}
    assert night_one.open_by_customer() == {"C00001": Decimal(150 + 7 - 80), "C00002": Decimal(100)}
    whole(night_one)
    assert ("invoice", Decimal(110), "USD", Decimal(100)) in [item[:4] for item in items(night_one)]


def test_reconciliations_count_from_their_own_day(tmp_path: Path) -> None:
    night_one = night(tmp_path, TRUTH_DAY, **BOOKS, **TABLES)
    assert on(night_one, date(2024, 6, 19)).open_by_customer()["C00001"] == 200 - 50 + 7 - 80
    before = {(kind, amount) for kind, amount, *_ in items(night_one)}
    assert {("credit_note", Decimal(-50)), ("invoice", Decimal(120))} <= before
    after = {(kind, amount) for kind, amount, *_ in items(on(night_one, date(2024, 6, 20)))}
    assert ("invoice", Decimal(70)) in after
    assert "credit_note" not in {kind for kind, _ in after}


def test_a_reconciliation_uses_documents_where_the_journal_is_not_told(tmp_path: Path) -> None:
    """Joined with their heads, as queries show them; what a payment list tells of a payment they name is told twice and counts once."""
    heads = {row["ReconNum"]: row for row in BOOKS["OITR"]}
    joined = [row | heads[row["ReconNum"]] for row in BOOKS["ITR1"]]
    plain = {
        name: [row | {"PaidToDate": "0"} if name == "OINV" else row for row in TABLES[name]]
        for name in ("OINV", "ORIN", "ORCT", "RCT2")
    }
    night_one = night(tmp_path, TRUTH_DAY, ITR1=joined, **plain)
    assert night_one.open_by_customer() == {"C00001": Decimal(150 - 80), "C00002": Decimal(100)}
    whole(night_one)
    assert night_one.rows(
        "select count(*) from core.allocation where voided_date is null and kind in ('payment', 'credit_note')"
    ) == [(2,)]


def test_suppliers_are_told_by_their_card_type(tmp_path: Path) -> None:
    rows = [line(1, 30, 1, "5", CardType="C"), line(2, 30, 2, "9", ShortName="V00001", CardType="S")]
    night_one = night(tmp_path, JDT1=rows)
    assert night_one.open_by_customer() == {"C00001": Decimal(5)}
    whole(night_one)


def test_a_cancelled_payment_and_its_counter_posting_never_count(tmp_path: Path) -> None:
    rows = [
        line(501, 13, 11, "100"),
        line(601, 24, 31, credit="100", day="20240401", BalDueCred="0"),
        line(603, 24, 31, "100", day="20240402", BalDueDeb="0"),
    ]
    night_one = night(tmp_path, JDT1=rows, ORCT=[receipt(31, "100", Canceled="Y")])
    assert night_one.open_by_customer() == {"C00001": Decimal(100)}
    whole(night_one)


def test_orders_deliveries_and_lines_are_no_receivables(tmp_path: Path) -> None:
    head = document(41, "300", ObjType="17")
    lines = {
        "DocEntry": "41",
        "LineNum": "0",
        "ItemCode": "A1",
        "Dscription": "Oil",
        "Quantity": "3",
        "Price": "100",
        "LineTotal": "300",
        "ObjType": "17",
    }
    night_one = night(
        tmp_path,
        OINV=[document(11, "100")],
        ORDR=[head],
        RDR1=[lines],
        INV1=[lines | {"DocEntry": "11", "ObjType": "13"}],
        ODLN=[document(51, "300", ObjType="15")],
        OCPR=[
            {
                "CntctCode": "7",
                "CardCode": "C00001",
                "Name": "Luisa",
                "Position": "",
                "Tel1": "1",
                "Cellolar": "",
                "E_MailL": "",
            }
        ],
    )
    assert night_one.open_by_customer() == {"C00001": Decimal(100)}
    whole(night_one)
    assert night_one.rows("select source_key, requested_date from core.sales_order") == [("1041", date(2024, 3, 31))]
    assert night_one.rows("select product_id, qty, net_amount from core.order_line") == [
        ("ES01:A1", Decimal(3), Decimal(300))
    ]
    assert night_one.rows("select source_key, ship_date, value_local from core.delivery") == [
        ("1051", date(2024, 3, 1), Decimal(300))
    ]
    assert night_one.rows("select customer_id, name, phone from core.contact") == [("ES01:C00001", "Luisa", "1")]
    unnamed = read(write(tmp_path, "export.txt", table([head])), companies=ONE, extract_as_of=TRUTH_DAY)
    assert (unnamed.tables["entry"], unnamed.quarantined()) == ([], [])


def test_rates_terms_and_cheques(tmp_path: Path) -> None:
    due = [{"GroupNum": "2", "PymntGroup": "30 d", "PayDuMonth": "N", "BslineDate": "T", "ExtraMonth": "0", "ExtraDays": "30", "InstNum": "1"},
           {"GroupNum": "3", "PymntGroup": "EOM", "PayDuMonth": "E", "BslineDate": "P", "ExtraMonth": "1", "ExtraDays": "10", "InstNum": "2"},
           {"GroupNum": "4", "PymntGroup": "half", "PayDuMonth": "H", "BslineDate": "P", "ExtraMonth": "0", "ExtraDays": "0", "InstNum": "1"}]  # fmt: skip
    night_one = night(
        tmp_path,
        OINV=[document(14, "100", DocCur="USD", DocRate="0.5", DocTotalFC="200")],
        ORCT=[receipt(32, "80", "20240501", OpenBal="80")],
        RCT1=[
            {"DocNum": "32", "LineID": "0", "DueDate": "20240601", "CheckNum": "881", "BankCode": "", "CheckSum": "80"}
        ],
        ORTT=[{"RateDate": "20240301", "Currency": "USD", "Rate": "0.510000", "DataSource": "I"}],
        OCTG=due,
        CTG1=[
            {"CTGCode": "3", "IntsNo": str(n), "InstMonth": "0", "InstDays": str(30 * n), "InstPrcnt": "50.000000"}
            for n in (1, 2)
        ],
    )
    assert night_one.open_by_customer() == {"C00001": Decimal(20)}
    whole(night_one)
    assert night_one.rows("select instrument_no, instrument_due from core.payment") == [("881", date(2024, 6, 1))]
    assert night_one.rows("select from_currency, to_currency, rate_date, rate from core.fx_rate") == [
        ("USD", "EUR", date(2024, 3, 1), Decimal("0.51"))
    ]
    assert night_one.rows("select terms_id, baseline, net_days, add_months from core.payment_terms order by 1") == [
        ("ES01:2", "document", 30, 0),
        ("ES01:3", "month_end", 10, 1),
        ("ES01:4", "posting", None, None),
    ]
    assert night_one.rows("select seq, net_days, pct from core.payment_terms_instalment order by 1") == [
        (1, 30, Decimal(50)),
        (2, 60, Decimal(50)),
    ]


def test_a_down_payment_request_is_open_until_it_is_paid_and_stays_paid_when_drawn(tmp_path: Path) -> None:
    """The final invoice is told net of what was drawn."""
    more = {"ObjType": "203", "DpmPrcnt": "30", "DpmStatus": "C", "DpmDrawn": "Y"}
    night_one = night(
        tmp_path,
        ODPI=[
            document(7, "300", PaidToDate="300", DocStatus="C", **more),
            document(8, "50", **more | {"DpmStatus": "O", "DpmDrawn": "N"}),
        ],
        OINV=[document(11, "700", "20240601", DpmAmnt="300")],
        ORCT=[receipt(31, "300")],
        RCT2=[use(31, 7, "300", InvType="203")],
    )
    assert night_one.open_by_customer() == {"C00001": Decimal(750)}
    whole(night_one)


def test_business_partners_tell_their_credit_limit(tmp_path: Path) -> None:
    """A limit of zero is none, and suppliers have none that counts."""
    partners = [
        {"CardCode": code, "CardName": code, "CardType": kind, "LicTradNum": "", "CreditLine": limit, "Currency": "##"}
        for code, kind, limit in (("C1", "C", "20000.00"), ("C2", "C", "0"), ("V1", "S", "500"))
    ]
    night_one = night(tmp_path, OCRD=partners, OINV=[document(11, "100", CardCode="C1")])
    whole(night_one)
    limits = night_one.rows(
        "select credit_account_id, valid_from, limit_amount, currency, blocked from core.credit_limit"
    )
    assert limits == [("ES01:C1", date(1900, 1, 1), Decimal(20000), "EUR", False)]
    assert night_one.rows("select count(*)::bigint from core.customer") == [(2,)]


def test_the_aging_list_alone_tells_what_is_open_and_counts_nothing_beside_the_tables(tmp_path: Path) -> None:
    head = [
        "Código de cliente",
        "Nombre de cliente",
        "N.º documento",
        "Plazo",
        "Fecha de contabilización",
        "Fecha de vencimiento",
        "Saldo vencido",
        "0 - 30",
    ]
    rows = [
        ["C00001", "Total Gestión", "FC 1012", "1 de 2", "15.05.24", "14.06.24", "1.000,50", ""],
        ["", "", "FC 1012", "2 de 2", "15.05.24", "30.11.24", "500,00", ""],
        ["", "", "NC 1021", "1 de 1", "20.06.24", "20.06.24", "(200,00)", "(200,00)"],
        ["", "", "AS 77", "1 de 1", "21.06.24", "21.06.24", "10,00", ""],
        ["C00002", "Ñandú", "RC 3032", "1 de 1", "20.09.24", "20.09.24", "(750,00)", "(750,00)"],
        ["Total", "", "", "", "", "", "560,50", ""],
    ]
    text = "".join("\t".join(cells) + "\r\n" for cells in (["Fecha de antigüedad: 15.10.2024"], head, *rows))
    aging = write(tmp_path, "Antigüedad de saldos.txt", text, "utf-16")
    alone = told(tmp_path / "alone", [aging], extract_as_of=None)
    assert {outcome for outcome, _ in alone.files.values()} == {"loaded"}
    assert alone.open_by_customer() == {"C00001": Decimal("1310.50"), "C00002": Decimal(-750)}
    whole(alone)
    assert [(amount, age) for kind, amount, _, _, age, _ in items(alone) if kind == "invoice"] == [
        (Decimal(500), -46),
        (Decimal("1000.50"), 123),
    ]
    tables = write(tmp_path, "OINV.txt", table([document(12, "1500.50", "20240515")]))
    beside = told(tmp_path / "beside", [aging, tables], extract_as_of=TRUTH_DAY)
    assert beside.open_by_customer() == {"C00001": Decimal("1500.50")}
    whole(beside)
    assert beside.tied() == {
        ("C00001", ""): ("unexplained", 190, 0, 190),  # the credit note and the journal entry are in no table
        ("C00002", ""): ("explained", 750, 750, 0),  # of that customer no table tells anything
    }
