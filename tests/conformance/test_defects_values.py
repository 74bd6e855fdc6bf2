"""The defects that values have, one test each and in their order: amounts, keys, dates, signs and kinds (13 to 36)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import openpyxl  # type: ignore[import-untyped]  # it ships no type information and only writes here
import pytest

from defect_files import COMMA, ENTRY, EURO, LEDGER, LIST, POINT, Said, booked, given, listed, refusal, said, table
from fbl5n_lists import DE, FLAT, Item, tab_text
from intake_files import AS_OF, HEADER, LENIENT, invoice, read, write
from receivables.errors import SettingsError
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from pathlib import Path

SAP: Final = Companies(None, {"1000": "EUR"})
SEMICOLONS: Final = HEADER.replace(",", ";")
BOOK: Final = "customer,number,type,date,due,currency,amount,local,state"


def priced(*amounts: str, more: str = "") -> list[str]:
    """Lines of a list with semicolons, one for each amount."""
    return [f"A;{n};2024-01-05;2024-02-04;;EUR;{amount}{more}" for n, amount in enumerate(amounts, 1)]


# -- amounts ---------------------------------------------------------------------------------------------------------


def test_13_num_comma_decimal(tmp_path: Path) -> None:
    got = listed(tmp_path, *priced("1.234,56", "7,5", "8", "2 000,00", "0,01"), header=SEMICOLONS, more=COMMA)
    assert got.column("document", "amount_doc") == [Decimal(a) for a in ("1234.56", "7.5", "8", "2000", "0.01")]
    (once,) = said(got, "NUM_COMMA_DECIMAL")  # for the file and column, with three examples
    assert (once.action, once.column, once.count, len((once.raw or "").split(" | "))) == ("repair", "amount", 4, 3)
    # The profile's locale is that of every cell: what does not fit it is no number, and is not read in another one.
    mixed = listed(tmp_path, *priced("1.234,56", "1,234.56"), header=SEMICOLONS, more=COMMA)
    assert said(mixed, "NUM_INVALID") == [Said("quarantine", "amount", raw="1,234.56", line=priced("", "1,234.56")[1])]


def test_14_num_ambiguous(tmp_path: Path) -> None:
    both = 'delimiters = [";"]\n'
    undecided = refusal(tmp_path, LIST + both, table(SEMICOLONS, *priced("1.234", "5")))
    assert (undecided.reason, "'1.234'" in undecided.got) == ("NUM_AMBIGUOUS", True)
    for locale, meant in ((COMMA, "1234"), (POINT + both, "1.234")):
        got = listed(tmp_path, *priced("1.234"), header=SEMICOLONS, more=locale)
        assert got.column("document", "amount_doc") == [Decimal(meant)]
    shown = listed(
        tmp_path, *priced("1.234", "1.000,50"), header=SEMICOLONS, more=both
    )  # the column shows both separators
    assert shown.column("document", "amount_doc") == [Decimal(1234), Decimal("1000.5")]


def test_15_num_trailing_minus(tmp_path: Path) -> None:
    got = listed(tmp_path, *priced("4.000,00-", "10,00"), header=SEMICOLONS, more=COMMA)
    assert got.column("document", "amount_doc") == [Decimal(-4000), Decimal(10)]
    assert said(got, "NUM_TRAILING_MINUS") == [Said("repair", "amount", 1, "4.000,00-")]


def test_16_num_paren_crdr(tmp_path: Path) -> None:
    texts = ("(€750.00)", "750.00 CR", "贷 750.00", "750.00 Haber", "20.00 DR", "借 30.00")
    got = listed(tmp_path, *priced(*texts), header=SEMICOLONS, more=POINT + 'delimiters = [";"]\n')
    assert got.column("document", "amount_doc") == [Decimal(-750)] * 4 + [Decimal(20), Decimal(30)]
    assert said(got, "NUM_PAREN_CRDR") == [Said("repair", "amount", 6, "(€750.00) | 750.00 CR | 贷 750.00")]


def test_17_num_currency_symbol(tmp_path: Path) -> None:
    texts = ("1\u00a0234,56 €", "1\u202f234,56", "1'234,56", "1\u2019234,56", "EUR 5,00", "7,00 $", "USD 8,00")
    got = listed(tmp_path, *priced(*texts), header=SEMICOLONS, more=COMMA)
    assert got.column("document", "amount_doc") == [Decimal("1234.56")] * 4 + [Decimal(5), Decimal(7), Decimal(8)]
    repaired, doubtful = said(got, "NUM_CURRENCY_SYMBOL")
    assert (repaired.action, repaired.column, repaired.count) == ("repair", "amount", 7)
    assert doubtful == Said("accept_warn", "amount", 2, "7,00 $ | USD 8,00")  # rows in euro all the same
    blank = listed(
        tmp_path,
        "A;1;2024-01-05;2024-02-04;;;$5,00",
        header=SEMICOLONS,
        more=COMMA + 'local_currency_from = "settings"\n',
    )
    assert [one.action for one in said(blank, "NUM_CURRENCY_SYMBOL")] == [
        "repair",
        "accept_warn",
    ]  # the ledger's is EUR


def test_18_num_lakh_group(tmp_path: Path) -> None:
    texts = ("1,23,456.78", "１，２３４．５６", "9.00")
    got = listed(tmp_path, *priced(*texts), header=SEMICOLONS, more=POINT + 'delimiters = [";"]\n')
    assert got.column("document", "amount_doc") == [Decimal("123456.78"), Decimal("1234.56"), Decimal(9)]
    assert said(got, "NUM_LAKH_GROUP") == [Said("repair", "amount", 2, "1,23,456.78 | １，２３４．５６")]
    odd = listed(tmp_path, *priced("12,34,56.78", "1,2345.00"), header=SEMICOLONS, more=POINT + 'delimiters = [";"]\n')
    assert [one.raw for one in said(odd, "NUM_INVALID")] == ["12,34,56.78", "1,2345.00"]  # groups that are none


def test_19_num_scale_unit(tmp_path: Path) -> None:
    title = ("应收款账龄分析表,,,", "截止日期：2024-10-15,,单位：千元,", "客户编码,币别,余额,未到期")
    got = read(
        write(tmp_path, "账龄.csv", table(*title, "C1,人民币,5.50,5.50", "C2,人民币,0.75,0.75")),
        companies=Companies("CN01", {"CN01": "CNY"}),
        settings=LENIENT,
    )
    assert got.landed.tables == ("balance_assertion",)  # and no documents
    assert [(row["balance_doc"], row["unit_factor"]) for row in got.tables["balance_assertion"]] == [
        (5500, 1000),
        (750, 1000),
    ]
    assert said(got, "NUM_SCALE_UNIT") == [Said("accept_warn", raw="千元", repaired="1000")]
    documents = LEDGER + "unit = '单位：(\\S+)'\n" + ENTRY
    whole = given(tmp_path, documents, table("单位：元", "customer,number,type,date,amount", "A,1,INV,2024-05-15,5.50"))
    assert whole.column("entry", "amount_doc") == [Decimal("5.5")]
    refused = refusal(
        tmp_path, documents, table("单位：万元", "customer,number,type,date,amount", "A,1,INV,2024-05-15,5.50")
    )
    assert (refused.reason, "'万元'" in refused.got) == ("NUM_SCALE_UNIT", True)


def test_20_num_tcurx(tmp_path: Path) -> None:
    rows = (
        "A,1,INV,2024-05-15,2024-06-14,JPY,123.45,80.00,ok",
        "A,2,INV,2024-05-15,2024-06-14,KWD,10.00,30.00,ok",
        "A,3,INV,2024-05-15,,EUR,5,5,ok",
    )
    raw = booked(tmp_path, BOOK, *rows, more="raw_decimals = true\n")
    assert raw.column("entry", "amount_doc") == [Decimal(12345), Decimal(1), Decimal(5)]
    assert raw.column("entry", "amount_local") == [80, 30, 5]  # each amount by its own currency
    assert said(raw, "NUM_TCURX") == [Said("repair", "amount", 2)]
    shown = tab_text([Item("100001", "1", Decimal(12345), currency="JPY", local=Decimal(80))], DE, FLAT)
    listing = read(write(tmp_path, "fbl5n.txt", shown), companies=SAP, extract_as_of=AS_OF, builds=False)
    assert (listing.column("entry", "amount_doc"), said(listing, "NUM_TCURX")) == ([Decimal(12345)], [])


def test_21_num_scientific(tmp_path: Path) -> None:
    floats = "[columns.customer]\nstrip_decimal = true\n"
    keys = ("1928826755.0", "1.93E+09", "C1", "100001")
    got = listed(tmp_path, *(invoice(n, customer=key) for n, key in enumerate(keys, 1)), more=floats)
    assert got.column("document", "customer_id") == ["ES01:1928826755", "ES01:C1", "ES01:100001"]
    repaired, lost = said(got, "NUM_SCIENTIFIC")
    assert repaired == Said("repair", "customer", 1, "1928826755.0")
    assert lost == Said("quarantine", "customer", raw="1.93E+09", line=invoice(2, customer="1.93E+09"))
    long = listed(tmp_path, invoice(1, customer="1234567890123456.0"), more=floats)
    assert long.column("document", "customer_id") == ["ES01:1234567890123456.0"]  # beyond 15 digits some may be lost


def test_22_num_hashes(tmp_path: Path) -> None:
    cells = [
        ("100.00", "2024-02-04", "A"),
        ("########", "2024-02-04", "A"),
        ("#REF!", "2024-02-04", "A"),
        ("5.00", "######", "A"),
        ("6.00", "2024-02-04", "#N/A"),
    ]
    got = listed(
        tmp_path,
        *(invoice(n, amount, due=due, customer=key) for n, (amount, due, key) in enumerate(cells, 1)),
        more=POINT,
    )
    assert got.column("document", "amount_doc") == [100]  # never zero
    assert [(one.action, one.column, one.raw) for one in said(got, "NUM_EXCEL_ERROR")] == [
        ("quarantine", "amount", "########"), ("quarantine", "amount", "#REF!"), ("quarantine", "due_date", "######"), ("quarantine", "customer", "#N/A"),
    ]  # fmt: skip


# -- keys ------------------------------------------------------------------------------------------------------------


def test_23_key_leading_zero(tmp_path: Path) -> None:
    padded = "pad_keys = { customer = 10 }\n"
    keys = ("100001", "0000100001", "         7", "C1  ")
    got = listed(tmp_path, *(invoice(n, customer=key) for n, key in enumerate(keys, 1)), more=padded)
    assert got.column("document", "customer_id") == ["ES01:0000100001", "ES01:0000100001", "ES01:0000000007", "ES01:C1"]
    assert said(got, "KEY_LEADING_ZERO") == [Said("repair", "customer", 2, "100001 | 7")]
    # A list shows without zeros what SAP's tables pad: one account.
    for key in ("100001", "0000100001"):
        path = write(tmp_path, "fbl5n.txt", tab_text([Item(key, "1", Decimal(100))], DE, FLAT))
        assert read(path, companies=SAP, extract_as_of=AS_OF, builds=False).column("entry", "customer") == ["100001"]


def test_24_key_duplicate_same(tmp_path: Path) -> None:
    named = listed(tmp_path, invoice(1), invoice(1), invoice(1), invoice(2))
    assert named.column("document", "doc_no") == ["1", "2"]
    assert said(named, "KEY_DUPLICATE_SAME") == [Said("skip", count=2)]
    nameless = listed(tmp_path, invoice(1), invoice(1), invoice(1), more="key = []\n")
    assert nameless.column("document", "doc_no") == ["1"] * 3
    assert len(set(nameless.column("document", "doc_id"))) == 3  # content and occurrence
    assert said(nameless, "KEY_DUPLICATE_SAME") == [Said("accept_warn", count=2, raw="200.00", repaired="kept")]


def test_25_key_duplicate_diff(tmp_path: Path) -> None:
    rows = (invoice("AR1"), invoice("AR1", "150.00"), invoice("AR2"))
    got = listed(tmp_path, *rows)
    assert got.column("document", "doc_no") == ["AR2"]
    assert said(got, "KEY_DUPLICATE_DIFF") == [Said("quarantine", line=row) for row in rows[:2]]
    # Where a column says when a row was changed, the last one counts; two of one moment still contradict each other.
    dated = '[columns.modified]\naliases = ["changed"]\n'
    times = ("2024-05-01 10:00:00", "2024-05-01 12:30:00", "", "2024-05-02", "2024-05-02")
    told_twice = (("AR1", "100.00"), ("AR1", "150.00"), ("AR2", "100.00"), ("AR3", "1.00"), ("AR3", "2.00"))
    lines = [f"{invoice(n, amount)},{time}" for (n, amount), time in zip(told_twice, times, strict=True)]
    got = listed(tmp_path, *lines, header=f"{HEADER},changed", more=dated)
    assert list(zip(got.column("document", "doc_no"), got.column("document", "amount_doc"), strict=True)) == [
        ("AR1", 150),
        ("AR2", 100),
    ]
    assert said(got, "SKIP_OLDER_VERSION") == [Said("skip")]
    assert [one.line for one in said(got, "KEY_DUPLICATE_DIFF")] == lines[3:]


def test_26_key_reused_year(tmp_path: Path) -> None:
    years = [
        Item("100001", "1400000001", Decimal(n), doc_date=date(year, 3, 1), due_date=date(year, 4, 1))
        for n, year in ((10, 2023), (20, 2024))
    ]
    other = [Item("100001", "1400000001", Decimal(30), company="2000")]
    path = write(tmp_path, "fbl5n.txt", tab_text([*years, *other], DE, FLAT))
    got = read(path, companies=Companies(None, {"1000": "EUR", "2000": "EUR"}), extract_as_of=AS_OF, builds=False)
    assert [(row["company_id"], row["fiscal_year"], row["amount_doc"]) for row in got.tables["entry"]] == [
        ("1000", 2023, 10), ("1000", 2024, 20), ("2000", 2024, 30),
    ]  # fmt: skip
    assert len({(row["company_id"], row["doc_key"]) for row in got.tables["entry"]}) == 3
    # A profile cannot name a row by a year it does not read, and without the year the two contradict each other: neither is guessed.
    with pytest.raises(SettingsError, match="fiscal_year"):
        listed(tmp_path, invoice(1), more='key = ["doc_no", "fiscal_year"]\n')
    rows = (invoice(1, date="2023-01-05"), invoice(1, date="2024-01-05"))
    assert [one.line for one in said(listed(tmp_path, *rows), "KEY_DUPLICATE_DIFF")] == list(rows)


# -- dates -----------------------------------------------------------------------------------------------------------


def test_27_date_null_sentinel(tmp_path: Path) -> None:
    sentinels = ("00000000", "1900-01-01", "31-DEC-4712", "1899-12-30 00:00:00", "0000-00-00")
    nulls = '[columns.due_date]\nnulls = ["00000000", "1900-01-01", "31-DEC-4712", "1899-12-30", "0000-00-00"]\n'
    rows = [invoice(n, due=text) for n, text in enumerate(sentinels, 1)]
    got = listed(tmp_path, *rows, invoice(9, date="1900-01-01"), more=nulls)
    assert got.column("document", "due_date") == [None] * 5
    assert said(got, "DATE_NULL_SENTINEL") == [Said("repair", "due_date", 5, "00000000 | 1900-01-01 | 31-DEC-4712")]
    assert [(one.column, one.raw) for one in said(got, "DATE_RANGE")] == [
        ("doc_date", "1900-01-01")
    ]  # only where the profile says so


def test_28_date_float(tmp_path: Path) -> None:
    compact = listed(
        tmp_path,
        invoice(1, due="20240210.0"),
        more='date_formats = ["%Y-%m-%d", "%Y%m%d"]\n'.replace("date_formats", "# "),
    )
    assert compact.column("document", "due_date") == [date(2024, 2, 10)]
    assert said(compact, "DATE_FLOAT") == [Said("repair", "due_date", 1, "20240210.0")]
    row = invoice(1, date="1704412800000", due="1706659200000")
    declared = given(tmp_path, LIST.replace('"%Y-%m-%d"', '"%epoch_ms"'), table(HEADER, row))
    assert declared.column("document", "due_date") == [date(2024, 1, 31)]
    assert said(declared, "DATE_FLOAT") == [
        Said("repair", "doc_date", 1, "1704412800000"),
        Said("repair", "due_date", 1, "1706659200000"),
    ]
    undeclared = listed(tmp_path, row)
    assert [one.column for one in said(undeclared, "DATE_IMPOSSIBLE")] == ["doc_date", "due_date"]


def test_29_date_excel_serial(tmp_path: Path) -> None:
    got = listed(
        tmp_path, *(invoice(n, due=text) for n, text in enumerate(("45427", "45427.0", "19999", "60001"), 45427))
    )
    assert got.column("document", "due_date") == [date(2024, 5, 15)] * 2
    assert got.column("document", "doc_no") == ["45427", "45428"]  # a number elsewhere is a number
    assert said(got, "DATE_EXCEL_SERIAL") == [Said("repair", "due_date", 2, "45427 | 45427.0")]
    assert [one.raw for one in said(got, "DATE_IMPOSSIBLE")] == ["19999", "60001"]
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(HEADER.split(","))
    book.active.append(["A", "1", datetime(2024, 1, 5), datetime(2024, 2, 4), None, "EUR", 100.0])
    book.save(tmp_path / "mac.xlsx")
    mac = given(tmp_path, LIST, (tmp_path / "mac.xlsx").read_bytes(), "mac.xlsx")
    assert mac.column("document", "due_date") == [date(2024, 2, 4)]


def test_30_date_dmy_mdy(tmp_path: Path) -> None:
    orders = LIST.replace('"%Y-%m-%d"', '"%d/%m/%Y", "%m/%d/%Y"')
    rows = [invoice(n, date="03/04/2024", due=due) for n, due in enumerate(("05/04/2024", "25/05/2024"), 1)]
    told_by_column = given(tmp_path, orders, table(HEADER, *rows))
    assert told_by_column.column("document", "doc_date") == [date(2024, 4, 3)] * 2
    undecided = refusal(tmp_path, orders, table(HEADER, rows[0]))
    assert (undecided.reason, "03/04/2024" in undecided.got) == ("DATE_DMY_MDY", True)
    both_orders = table(HEADER, *rows, invoice(3, date="03/04/2024", due="05/25/2024"))
    assert refusal(tmp_path, orders, both_orders).reason == "DATE_DMY_MDY"
    other = refusal(tmp_path, LIST.replace('"%Y-%m-%d"', '"%d/%m/%Y"'), both_orders)
    assert (other.reason, "'05/25/2024' in line 4" in other.got) == ("DATE_DMY_MDY", True)
    profile_says = given(tmp_path, LIST.replace('"%Y-%m-%d"', '"%m/%d/%Y"'), table(HEADER, rows[0]))
    assert profile_says.column("document", "due_date") == [date(2024, 5, 4)]


@pytest.mark.parametrize(
    ("fmt", "text", "day"),
    [
        ("%d/%m/%y", "01/03/24", date(2024, 3, 1)),
        ("%d/%m/%y", "01/03/70", date(1970, 3, 1)),
        ("%d/%b/%Y", "14/jun/2024", date(2024, 6, 14)),
        ("%d-%b-%Y", "14-Ene-2024", date(2024, 1, 14)),
        ("%d. %B %Y", "14. März 2024", date(2024, 3, 14)),
        ("%Y年%m月%d日", "2024年10月15日", date(2024, 10, 15)),
    ],
)
def test_31_date_two_digit(tmp_path: Path, fmt: str, text: str, day: date) -> None:
    got = given(
        tmp_path,
        LIST.replace('"%Y-%m-%d"', f'"{fmt}"'),
        table(HEADER, invoice(1, date=text, due="")),
        extract_as_of=date(2024, 10, 15),
    )
    if day.year < 1994:  # the pivot is 70: an old date, which is then found too old
        assert [one.raw for one in said(got, "DATE_RANGE")] == [str(day)]
        return
    assert got.column("document", "doc_date") == [day]
    expected = [] if "年" in fmt else [Said("repair", "doc_date", 1, text)]
    assert said(got, "DATE_TWO_DIGIT") == expected


def test_32_date_impossible(tmp_path: Path) -> None:
    rows = [invoice(n, date=day) for n, day in enumerate(("2024-06-31", "2204-05-15", "1993-12-31", "1994-01-01"), 1)]
    got = listed(tmp_path, *rows)
    assert got.column("document", "doc_no") == ["4"]
    assert said(got, "DATE_IMPOSSIBLE") == [Said("quarantine", "doc_date", raw="2024-06-31", line=rows[0])]
    assert said(got, "DATE_RANGE") == [
        Said("quarantine", "doc_date", raw=day, line=row)
        for day, row in zip(("2204-05-15", "1993-12-31"), rows[1:3], strict=True)
    ]
    ahead = listed(tmp_path, invoice(1, due="2029-12-31"), invoice(2, due="2030-01-01"))
    assert ahead.column("document", "doc_no") == ["1"]  # five years after the extract


def test_33_date_due_before_doc(tmp_path: Path) -> None:
    early = {"date": "2024-05-15", "due": "2024-05-01"}
    got = listed(tmp_path, invoice(1, **early), invoice(2, "-5.00", **early), invoice(3, due=""))
    assert got.column("document", "due_date") == [date(2024, 5, 1), date(2024, 5, 1), None]  # kept
    assert said(got, "DATE_DUE_BEFORE_DOC") == [Said("accept_warn", "due_date", 1)]  # a credit note may be
    entries = booked(
        tmp_path, BOOK, "A,1,INV,2024-05-15,2024-05-01,EUR,5,5,ok", "A,2,CN,2024-05-15,2024-05-01,EUR,5,5,ok"
    )
    assert said(entries, "DATE_DUE_BEFORE_DOC") == [Said("accept_warn", "due_date", 1)]


# -- signs and kinds -------------------------------------------------------------------------------------------------


def test_34_sign_credit_positive(tmp_path: Path) -> None:
    got = booked(
        tmp_path,
        BOOK,
        "A,1,CN,2024-05-15,,EUR,500.0,500.0,ok",
        "A,2,CN,2024-05-15,,EUR,-20,-20,ok",
        "A,3,INV,2024-05-15,,EUR,5,5,ok",
    )
    assert [(row["kind"], row["amount_doc"]) for row in got.tables["entry"]] == [
        ("credit_note", -500),
        ("credit_note", -20),
        ("invoice", 5),
    ]
    assert said(got, "SIGN_CREDIT_POSITIVE") == [Said("repair", "amount", 1)]
    # Where no rule gives the sign, a credit note that raises the debt waits; so does one of a type nobody knows.
    unruled = ENTRY.replace("negate = true\n", "")
    rows = ("A,1,CN,2024-05-15,,EUR,500.0,500.0,ok", "A,2,XX,2024-05-15,,EUR,-20,-20,ok")
    waiting = booked(tmp_path, BOOK, *rows, columns=unruled)
    assert waiting.tables["entry"] == []
    assert said(waiting, "SIGN_CREDIT_POSITIVE") == [Said("quarantine", "amount", line=rows[0])]
    assert said(waiting, "TYPE_UNKNOWN") == [Said("quarantine", "doc_type", raw="XX", line=rows[1])]


def test_35_sign_negative_invoice(tmp_path: Path) -> None:
    got = booked(tmp_path, BOOK, "A,1,INV,2024-05-15,,EUR,-120.00,-120.00,ok", "A,2,INV,2024-05-15,,EUR,5,5,ok")
    assert [(row["kind"], row["source_type"], row["amount_doc"]) for row in got.tables["entry"]] == [
        ("credit_note", "INV", -120),
        ("invoice", "INV", 5),
    ]
    assert said(got, "SIGN_NEGATIVE_INVOICE") == [Said("accept_warn", "amount", 1)]
    text = table(
        "doc_id,customer_id,kind,state,source_type,doc_date,currency,amount_doc,amount_local",
        "D1,C1,invoice,posted,RV,2024-05-15,EUR,-120,-120",
    )
    canonical = read(write(tmp_path, "document__ES01.csv", text), companies=EURO, extract_as_of=AS_OF)
    assert [(row["kind"], row["source_type"]) for row in canonical.tables["document"]] == [("credit_note", "RV")]
    assert said(canonical, "SIGN_NEGATIVE_INVOICE") == [Said("accept_warn", "amount_local", 1)]


def test_36_type_unknown(tmp_path: Path) -> None:
    rows = [f"A,{n},{code},2024-05-15,,EUR,5,5,ok" for n, code in enumerate(("INV", "Z7", "Z7", "Z9", ""), 1)]
    got = booked(tmp_path, BOOK, *rows)
    assert [row["source_type"] for row in got.tables["entry"]] == ["INV"]
    codes = [(one.action, one.raw, one.line) for one in said(got, "TYPE_UNKNOWN")]
    assert codes == [("quarantine", code, row) for code, row in zip(("Z7", "Z7", "Z9"), rows[1:4], strict=True)]
    assert said(got, "REQUIRED_BLANK") == [Said("quarantine", "doc_type", line=rows[4])]
    mapped = booked(tmp_path, BOOK, *rows[:3], columns=ENTRY + '[[kinds]]\ntype = "Z7"\nkind = "debit_note"\n')
    assert mapped.column("entry", "kind") == ["invoice", "debit_note", "debit_note"]
