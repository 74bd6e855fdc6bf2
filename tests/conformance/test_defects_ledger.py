"""The defects that show only in the ledger, one test each and in their order: what refers to what, what is open, what a rate says (37 to 44)."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from defect_files import ENTRY, EURO, LEDGER, Said, booked, said, table
from exports import Told, told
from factories import allocation, company, customer, document, payment, write_canonical
from intake_files import AS_OF, LENIENT, read, write

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Row

pytestmark = pytest.mark.wide

MAY: Final = date(2024, 5, 15)


def reasons(night: Told, reason: str) -> list[tuple[Any, ...]]:
    """What was done for one reason: action, column, count and value."""
    return night.rows(
        f"select action, column_name, count, raw_value from ops.issue where reason_code = '{reason}' order by column_name"
    )


def left(night: Told, *items: str) -> dict[str, Decimal]:
    """What is open of each item, those without anything open left out."""
    names = ", ".join(f"'ES01:{item}'" for item in items)
    rows = night.rows(f"select item_id, sum(open_doc) from marts.open_item where item_id in ({names}) group by item_id")
    return {item.removeprefix("ES01:"): amount for item, amount in rows}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One night over canonical tables that hold several of the defects, each in rows of its own."""
    folder = tmp_path_factory.mktemp("tables")
    day = {"doc_date": MAY}
    rows: dict[str, list[Row]] = {
        "company": [company("ES01")],
        "customer": [customer("C1")],
        "payment_terms": [{"company_id": "ES01", "terms_id": "N30", "description": "30 days", "baseline": "document", "net_days": 30}],
        "document": [
            document("D1", "70.00", customer_id="999999", **day),
            document("D2", "100.00", **day),
            document("D3", "100.00", **day),
            document("D4", "30.00", state="cancelled", cancelled_date=MAY + timedelta(days=3), **day),
            document("D5", "20.00", state="draft", **day),
            document("D6", "50.00", state="reversed", **day),
            document("D7", "-50.00", reverses_doc_id="D6", **day),
            document("D10", "5.00", terms_id="N30", due_date=None, **day),
            document("D11", "5.00", due_date=None, **day),
            document("D12", "5.00", terms_id="N30", due_date=date(2024, 5, 1), **day),
        ],
        "payment": [payment("P1", "60.00", pay_date=MAY), payment("P2", "120.00", pay_date=MAY), payment("P3", "100.04", pay_date=MAY)],
        "allocation": [
            allocation("A1", "60.00", from_payment_id="P1", to_doc_id="D9", alloc_date=MAY),
            allocation("A2", "100.00", from_payment_id="P2", to_doc_id="D2", alloc_date=MAY),
            allocation("A3", "20.00", from_payment_id="P2", to_doc_id="D2", alloc_date=MAY),
            allocation("A4", "100.04", from_payment_id="P3", to_doc_id="D3", alloc_date=MAY),
        ],
    }  # fmt: skip
    return told(folder / "home", write_canonical(folder, rows, "ES01", AS_OF), names_company=True)


BOOK: Final = "customer,number,type,date,due,currency,amount,local,rate,open,state,of,reverses"
NAMES: Final = {"C": '=HYPERLINK("http://example.invalid","x")', "E": "+Luna & <b>@co</b>"}


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One night over a subledger that holds them, and over the rates of a week."""
    rows = (
        "A,1,PAY,2024-05-15,,EUR,-60.00,,,,ok,777,",
        "B,2,INV,2024-05-15,2024-06-14,EUR,100.00,,,,ok,,",
        "B,3,PAY,2024-05-16,,EUR,-120.00,,,,ok,2,",
        "C,4,INV,2024-05-15,2024-06-14,EUR,10000.00,,,6000.00,ok,,",
        "C,5,PAY,2024-05-16,,EUR,-4000.02,,,,ok,4,",
        "D,6,INV,2024-05-15,2024-06-14,EUR,30.00,,,,void,,",
        "D,7,INV,2024-05-15,2024-06-14,EUR,50.00,,,,ok,,",
        "D,8,CN,2024-05-20,,EUR,50.00,,,,ok,,7",
        "E,9,INV,2024-05-15,2024-06-14,USD,200.00,,,,ok,,",
        "E,10,INV,2024-05-28,2024-06-14,USD,300.00,,,,ok,,",
        "F,11,INV,2024-05-15,2024-06-14,USD,100.00,,-1.25,,ok,,",
    )
    named = ['"' + NAMES.get(row[0], row[0]).replace('"', '""') + f'",{row}' for row in rows]
    home = tmp_path_factory.mktemp("entries") / "home"
    (home / "profiles").mkdir(parents=True)
    write(home / "profiles", "ledger.toml", LEDGER + ENTRY)
    rates = write(
        home,
        "fx_rate__ES01.csv",
        table("rate_type,from_currency,to_currency,rate_date,rate", "M,USD,EUR,2024-05-08,0.9"),
    )
    padded = [f"ES01;{key};2024;{n};1;20240515;EUR;RV;S;50.00" for n, key in ((1, "0000100001"), (2, "CPD"))]
    items = table("BUKRS;KUNNR;GJAHR;BELNR;BUZEI;BLDAT;WAERS;BLART;SHKZG;DMBTR", *padded)
    files = [write(home, "ledger.csv", table(f"name,{BOOK}", *named)), rates, write(home, "BSID.csv", items)]
    return told(home, files, extract_as_of=AS_OF)


@pytest.fixture(scope="module")
def page(entries: Told) -> str:
    """The report of that night."""
    (path,) = receivables.report(entries.home).reports.values()
    return path.read_text(encoding="utf-8")


def test_23_key_leading_zero__in_both_forms(entries: Told) -> None:
    # SAP's tables pad a key that its lists show without zeros: one account, known by both forms.
    assert reasons(entries, "KEY_LEADING_ZERO") == [("repair", "customer", 1, "0000100001")]
    assert entries.open_by_customer()["100001"] == Decimal(50)
    forms = entries.rows(
        "select source_key, customer_id, match_method from core.customer_xref where source_system = 'sap' order by source_key"
    )
    assert forms == [
        ("0000100001", "ES01:100001", "leading_zeros"),
        ("100001", "ES01:100001", "exact"),
        ("CPD", "ES01:CPD", "exact"),
    ]


def test_33_date_due_before_doc__from_terms(tables: Told) -> None:
    due = tables.rows(
        "select doc_id, due_date, due_date_source from core.instalment where doc_id in ('ES01:D10', 'ES01:D11', 'ES01:D12') order by doc_id"
    )
    assert due == [
        ("ES01:D10", date(2024, 6, 14), "terms"),
        ("ES01:D11", None, "missing"),
        ("ES01:D12", date(2024, 5, 1), "file"),
    ]
    assert reasons(tables, "DATE_DUE_BEFORE_DOC") == [("accept_warn", "due_date", 1, None)]


def test_37_ref_orphan_customer(tables: Told) -> None:
    assert tables.rows("select status, name, is_stub from core.customer where customer_id = 'ES01:999999'") == [
        ("active", "999999", True)
    ]
    assert reasons(tables, "REF_ORPHAN_CUSTOMER") == [("accept_warn", "customer_id", 1, "ES01:999999")]
    assert tables.open_by_customer()["999999"] == Decimal(70)


def test_38_ref_orphan_alloc(tables: Told, entries: Told, page: str, tmp_path: Path) -> None:
    assert reasons(tables, "REF_ORPHAN_ALLOC") == [("accept_warn", "ES01:A1", 1, "60.0000")]
    assert left(tables, "P1") == {"P1": Decimal(-60)}
    (waiting,) = reasons(entries, "REF_ORPHAN_ALLOC")
    assert (waiting[0], waiting[3]) == ("accept_warn", "60.0000")
    assert entries.open_by_customer()["A"] == Decimal(-60)
    assert waiting[1] in page  # listed by its own name
    home = shutil.copytree(tables.home, tmp_path / "home")
    arrived = write_canonical(
        tmp_path, {"document": [document("D9", "80.00", doc_date=MAY)]}, "ES01", AS_OF, full=False
    )
    receivables.ingest(arrived, home)
    receivables.build(home)
    later = Told(home, {})
    assert reasons(later, "REF_ORPHAN_ALLOC") == []
    assert left(later, "P1", "D9") == {"D9": Decimal(20)}


def test_39_alloc_over(tables: Told, entries: Told) -> None:
    assert reasons(tables, "ALLOC_OVER") == [("quarantine", "ES01:A3", 1, "20.0000")]  # the last one
    assert left(tables, "D2", "P2") == {"P2": Decimal(-20)}
    assert left(tables, "D3", "P3") in ({}, {"D3": Decimal("-0.04")})
    ((action, _, count, cut),) = reasons(entries, "ALLOC_OVER")
    assert (action, count, cut) == ("repair", 1, "20.0000")
    assert entries.open_by_customer()["B"] == Decimal(-20)
    for night in (tables, entries):
        assert night.control_difference() == 0


def test_40_open_mismatch(entries: Told, page: str, tmp_path: Path) -> None:
    assert reasons(entries, "OPEN_MISMATCH") == [("accept_warn", "ES01:4", 1, "6000.0000 reported, 5999.9800 computed")]
    assert entries.open_by_customer()["C"] == Decimal("5999.98")
    assert "6000.0000 reported, 5999.9800 computed" in page
    # A list of open items is believed where the difference is more than rounding; the rest of the payment stays its own.
    rows = ("C,1,INV,2024-05-15,,EUR,100.00,,,80.00,ok,,", "C,2,PAY,2024-05-16,,EUR,-30.00,,,-10.00,ok,1,")
    home = tmp_path / "home"
    (home / "profiles").mkdir(parents=True)
    write(home / "profiles", "ledger.toml", LEDGER + ENTRY)
    night = told(home, [write(home, "ledger.csv", table(BOOK, *rows))], extract_as_of=AS_OF, mode="open_items")
    assert left(night, "1", "2") == {"1": Decimal(80), "2": Decimal(-10)}
    assert reasons(night, "OPEN_MISMATCH") == [("accept_warn", "ES01:ref:2/1", 1, "10.0000")]
    assert night.control_difference() == 0


def test_41_state_cancelled(tables: Told, entries: Told) -> None:
    assert reasons(tables, "STATE_CANCELLED") == [("accept_warn", "state", 3, None)]
    states = tables.rows(
        "select doc_no, state, reverses_doc_id, is_reversing from core.document where doc_no in ('D4', 'D5', 'D6', 'D7') order by doc_no"
    )
    assert states == [
        ("D4", "cancelled", None, False),
        ("D5", "draft", None, False),
        ("D6", "reversed", None, False),
        ("D7", "posted", "ES01:D6", True),
    ]
    assert left(tables, "D4", "D5", "D6", "D7") == {}
    assert reasons(entries, "STATE_CANCELLED") == [("accept_warn", "state", 1, None)]
    pair = entries.rows(
        "select doc_no, state, reverses_doc_id, reversed_by_doc_id from core.document where customer_id = 'ES01:D' order by doc_no"
    )
    assert pair == [("6", "cancelled", None, None), ("7", "posted", None, "ES01:8/C"), ("8", "posted", "ES01:7", None)]
    assert "D" not in entries.open_by_customer()


def test_42_state_vanished(tmp_path: Path) -> None:
    home, yesterday = tmp_path / "home", AS_OF - timedelta(days=1)
    rows = [document("D1", "10.00", doc_date=MAY), document("D7", "70.00", doc_date=MAY)]
    paid = [payment("P1", "5.00", pay_date=MAY), payment("P2", "6.00", pay_date=MAY)]
    base = {"company": [company("ES01")], "customer": [customer("C1")]}
    full = write_canonical(tmp_path / "1", base | {"document": rows}, "ES01", yesterday)
    receivables.ingest(full + write_canonical(tmp_path / "1", {"payment": paid}, "ES01", yesterday, full=False), home)
    full = write_canonical(tmp_path / "2", {"document": rows[:1]}, "ES01", AS_OF)
    receivables.ingest(full + write_canonical(tmp_path / "2", {"payment": paid[:1]}, "ES01", AS_OF, full=False), home)
    receivables.build(home)
    night = Told(home, {})
    assert night.rows("select doc_no, missing_since from core.document order by doc_no") == [
        ("D1", None),
        ("D7", AS_OF),
    ]  # kept
    assert night.rows("select payment_id, missing_since from core.payment order by payment_id") == [
        ("ES01:P1", None),
        ("ES01:P2", None),
    ]


def test_43_fx_missing(entries: Told) -> None:
    assert reasons(entries, "FX_RATE_OF_DAY") == [("repair", "amount_local", 1, "USD")]
    assert reasons(entries, "FX_MISSING") == [
        ("quarantine", "amount_local", 1, "300.0000 USD")
    ]  # the last rate is twenty days old
    assert entries.rows("select doc_no, amount_local from core.document where customer_id = 'ES01:E'") == [
        ("9", Decimal(180))
    ]


def test_44_fx_swapped(entries: Told, tmp_path: Path) -> None:
    assert entries.rows("select amount_local from core.document where customer_id = 'ES01:F'") == [(Decimal(80),)]
    assert reasons(entries, "FX_SWAPPED") == [("repair", "fx_rate", 1, None)]
    rates = ("0.90909", "1.1", "90.909", "110", "-1.1", "0.9136", "0.5", "")
    rows = [f"A,{n},INV,2024-05-15,,USD,2000.00,1818.18,{rate},,ok,," for n, rate in enumerate(rates, 1)]
    got = booked(tmp_path, BOOK, *rows, "A,9,INV,2024-05-15,,EUR,5.00,5.00,17,,ok,,")
    assert got.column("entry", "doc_no") == ["1", "2", "3", "4", "5", "6", "8", "9"]
    repaired, faulty = said(got, "FX_SWAPPED")
    assert repaired == Said("repair", "fx_rate", 4)
    assert faulty == Said("quarantine", "fx_rate", line=rows[6])
    hundreds = booked(tmp_path, BOOK, *rows[:3], more="fx_rate_per = 100\n")
    assert (len(hundreds.tables["entry"]), said(hundreds, "FX_SWAPPED")) == (3, [Said("repair", "fx_rate", 2)])
    # A canonical table says which way round a rate is.
    header = "doc_id,customer_id,kind,state,doc_date,currency,amount_doc,amount_local,fx_rate"
    told_as = [
        f"D{n},C1,invoice,posted,2024-05-15,USD,2000.00,1818.18,{rate}"
        for n, rate in enumerate(("0.90909", "1.1", ""), 1)
    ]
    path = write(tmp_path, "document__ES01.csv", table(header, *told_as))
    canonical = read(path, companies=EURO, settings=LENIENT, extract_as_of=AS_OF)
    assert canonical.column("document", "doc_id") == ["ES01:D1", "ES01:D3"]
    assert said(canonical, "FX_SWAPPED") == [Said("quarantine", line=told_as[1])]


def test_47_text_formula__in_reports(page: str) -> None:
    # A page is no sheet: what a text begins with means nothing there, and no text is markup or a link.
    assert "=HYPERLINK(&#34;http://example.invalid&#34;,&#34;x&#34;)" in page
    assert "+Luna &amp; &lt;b&gt;@co&lt;/b&gt;" in page
    assert "<b>@co" not in page
    assert 'href="http://example' not in page
