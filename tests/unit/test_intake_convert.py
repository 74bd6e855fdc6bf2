"""From text to values: every way an export writes a number or a date is read as meant, or its row says why it was not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports import QUICK
from intake_files import AS_OF, LENIENT, Got, invoice, invoices, read, user_profile, write
from receivables.engine import Connection, connect
from receivables.errors import FileRefused
from receivables.intake.convert import ABSENT, Chosen, Field, Typed, cleaned, convert, flaws, typed
from receivables.intake.profile import Locale
from receivables.intake.regular import no_regular

if TYPE_CHECKING:
    from pathlib import Path

POINT: Final = Locale(decimal=".", thousands=", ")
COMMA: Final = Locale(decimal=",", thousands=". ")
PLAIN: Final = Locale(decimal=".")


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with closing(connect()) as connection:
        yield connection


def values(con: Connection, texts: list[str], kind: str, locale: Locale = PLAIN, **more: Any) -> list[Any]:
    """What a column of that type reads the texts as."""
    types = {"money": "DECIMAL(18,4)", "int": "INTEGER", "bool": "BOOLEAN", "list": "VARCHAR[]", "double": "DOUBLE"}
    field = Field("v", kind, "cell", more.pop("duckdb_type", types.get(kind, "VARCHAR")), **more)
    query = (
        f"select {typed(field, 't', Chosen(locale, {}))} from (select {cleaned(field)} as t, n from told) order by n"
    )
    con.execute("create or replace table told (n integer, cell varchar)")
    con.executemany("insert into told values (?, ?)", list(enumerate(texts)))
    return [row[0] for row in con.execute(query).fetchall()]


@pytest.mark.parametrize(
    ("locale", "text", "amount"),
    [
        (POINT, "1,234.56", "1234.56"),
        (COMMA, "1.234,56", "1234.56"),
        (COMMA, "1 234,56", "1234.56"),
        (PLAIN, "1234.56", "1234.56"),
        (COMMA, "1.234", "1234"),
        (POINT, "1.234", "1.234"),
        (COMMA, "4.000,00-", "-4000"),
        (COMMA, "4.000,00 -", "-4000"),
        (POINT, "-1,234.56", "-1234.56"),
        (POINT, "- 1,234.56", "-1234.56"),
        (POINT, "\u22121,234.56", "-1234.56"),
        (POINT, "(1,234.56)", "-1234.56"),
        (POINT, "(€750.00)", "-750"),
        (POINT, "($ 750.00)", "-750"),
        (POINT, "750.00 CR", "-750"),
        (POINT, "750.00CR", "-750"),
        (POINT, "750.00 cr", "-750"),
        (POINT, "750.00 DR", "750"),
        (POINT, "+750.00", "750"),
        (POINT, "€ -750.00", "-750"),
        (POINT, "-€ 750.00", "-750"),
        (POINT, "750.00- €", "-750"),
        (COMMA, "1 234,56 €", "1234.56"),
        (COMMA, "1\u00a0234,56\u00a0€", "1234.56"),
        (COMMA, "1\u202f234\u202f567,00", "1234567"),
        (POINT, "1'234.56", "1234.56"),
        (POINT, "1’234’567.89", "1234567.89"),
        (POINT, "1,23,456.78", "123456.78"),
        (POINT, "12,34,56,789", "123456789"),
        (POINT, "１，２３４．５６", "1234.56"),
        (POINT, "￥1,234.56", "1234.56"),
        (PLAIN, "2309.7899999999995", "2309.79"),
        (PLAIN, "0.30000000000000004", "0.3"),
        (PLAIN, "-0.00005", "-0.0001"),
        (PLAIN, ".5", "0.5"),
        (PLAIN, "5.", "5"),
        (PLAIN, "0007.50", "7.5"),
        (PLAIN, "99999999999999.9999", "99999999999999.9999"),
        (PLAIN, '="12.50"', "12.5"),
        (COMMA, "1.234,56 €", "1234.56"),
        (COMMA, "EUR 1.234,56", "1234.56"),
        (COMMA, "R$ 5,00", "5"),
        (POINT, "$10,000.00", "10000"),
        (POINT, "S/ 10.00", "10"),
        (POINT, "-$5.00", "-5"),
        (POINT, "MXN $1,000.00", "1000"),
        (POINT, "10.00 CHF", "10"),
        (POINT, "贷 750.00", "-750"),
        (POINT, "750.00贷", "-750"),
        (POINT, "借750.00", "750"),
        (POINT, "平 0", "0"),
        (COMMA, "750,00 H", "-750"),
        (COMMA, "750,00 S", "750"),
        (COMMA, "750,00 Haber", "-750"),
        (PLAIN, "1\u2009234.56", "1234.56"),
        (PLAIN, " 12.50\u200b ", "12.5"),
    ],
)
def test_an_amount_is_read_as_its_locale_writes_it(con: Connection, locale: Locale, text: str, amount: str) -> None:
    assert values(con, [text], "money", locale) == [Decimal(amount)]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (POINT, "1.234,56"),
        (COMMA, "1,234.56"),
        (COMMA, "12.5"),
        (POINT, "1,2345"),
        (POINT, "1,234,56"),
        (PLAIN, "1,234.56"),
        (PLAIN, "1.2.3"),
        (PLAIN, "--5"),
        (PLAIN, "(-5)"),
        (PLAIN, "-5-"),
        (PLAIN, "5 5"),
        (PLAIN, "1e5"),
        (PLAIN, "0x10"),
        (PLAIN, "1€2"),
        (PLAIN, "12 EUR EUROS"),
        (PLAIN, "-5 CR"),
        (PLAIN, "n/a"),
        (PLAIN, "-"),
        (PLAIN, "."),
        (PLAIN, "€"),
        (PLAIN, "nan"),
        (PLAIN, "infinity"),
        (PLAIN, "########"),
        (PLAIN, "100000000000000"),
        (PLAIN, "9" * 60),
    ],
)
def test_what_is_no_amount_is_nothing_and_never_zero(con: Connection, locale: Locale, text: str) -> None:
    assert values(con, [text], "money", locale) == [None]


def test_a_rate_keeps_all_its_digits(con: Connection) -> None:
    rate = Decimal("0.000036123456")
    assert values(con, [str(rate)], "decimal", duckdb_type="DECIMAL(24,12)") == [rate]


def grouped(digits: str, sign: str, *, lakh: bool) -> str:
    """Whole digits with a separator: threes, or twos above the last three as in India."""
    head, tail = digits[:-3], digits[-3:]
    size = 2 if lakh else 3
    parts = [head[max(i - size, 0) : i] for i in range(len(head), 0, -size)][::-1]
    return sign.join([*parts, tail])


STYLES: Final = {
    "plain": "{minus}{n}",
    "minus behind": "{n}{minus}",
    "brackets": None,
    "CR": None,
    "symbol before": "{minus}€ {n}",
    "symbol behind": "{minus}{n}\u00a0€",
    "plus": None,
    "wrapped": '="{minus}{n}"',
}


def rendered(amount: Decimal, locale: Locale, style: str, *, group: str, lakh: bool, wide: bool) -> str:
    """An amount as some export writes it."""
    whole, _, fraction = f"{abs(amount):f}".partition(".")
    n = grouped(whole, group, lakh=lakh) if group else whole
    n += locale.decimal + fraction if fraction else ""
    is_negative = amount < 0
    special = (
        {"brackets": f"({n})", "CR": f"{n} CR"}.get(style) if is_negative else f"+{n}" if style == "plus" else None
    )
    text = special or (STYLES[style] or "{minus}{n}").format(minus="-" if is_negative else "", n=n)
    return "".join(chr(ord(c) + 0xFEE0) if "0" <= c <= "9" else c for c in text) if wide else text


AMOUNTS: Final = st.decimals("-99999999999", "99999999999", places=2)


@st.composite
def written(draw: st.DrawFn, locale: Locale) -> tuple[Decimal, str]:
    """An amount, and one of the ways in which that locale may show it."""
    amount, style = draw(AMOUNTS), draw(st.sampled_from(sorted(STYLES)))
    group = draw(st.sampled_from(("", *locale.thousands)))
    return amount, rendered(amount, locale, style, group=group, lakh=draw(st.booleans()), wide=draw(st.booleans()))


@settings(max_examples=30 if QUICK else 150, deadline=None, derandomize=True)
@given(data=st.data(), locale=st.sampled_from((POINT, COMMA)))
def test_every_way_of_writing_an_amount_reads_back_exactly(
    con: Connection, data: st.DataObject, locale: Locale
) -> None:
    cases = data.draw(st.lists(written(locale), min_size=1, max_size=20))
    assert values(con, [text for _, text in cases], "money", locale) == [amount for amount, _ in cases]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "7", 7),
        ("int", "7.0", 7),
        ("int", "-7", -7),
        ("int", "1.5", None),
        ("int", "1e3", None),
        ("int", "99999999999", None),
        ("bool", "TRUE", True),
        ("bool", "x", True),
        ("bool", "Sí", True),
        ("bool", "1.0", True),
        ("bool", "no", False),
        ("bool", "0", False),
        ("bool", "maybe", None),
        ("currency", "eur", "EUR"),
        ("currency", "EURO", None),
        ("currency", "€", None),
        ("country", "es", "ES"),
        ("country", "ESP", None),
        ("list", "a; b ;;c;", ["a", "b", "c"]),
        ("key", "ＣＵＳＴ０１\u200b", "CUST01"),
        ("key", '="0000100001"', "0000100001"),
        ("key", "\t 0100 \x7f", "0100"),
        ("text", "two\nlines\tand a tab", "two lines and a tab"),
        ("text", "Ｆｕｌｌ", "Ｆｕｌｌ"),
    ],
)
def test_other_types(con: Connection, kind: str, text: str, value: object) -> None:
    assert values(con, [text], kind) == [value]


def test_a_key_can_be_padded_and_freed_of_a_spreadsheet_s_decimals(con: Connection) -> None:
    texts = ["100001", "0000100001", "A1", "12345678901"]
    assert values(con, texts, "key", pad=10) == ["0000100001", "0000100001", "A1", "12345678901"]
    assert values(con, ["17850.0", "17850", "1.5"], "key", strip_decimal=True) == ["17850", "17850", "1.5"]


def amounts(tmp_path: Path, *texts: str) -> Got:
    """An invoice list with these amounts, each quoted."""
    lines = [invoice(n, f'"{text}"') for n, text in enumerate(texts, 1)]
    return read(write(tmp_path, "list.csv", invoices(*lines)), settings=LENIENT, extract_as_of=AS_OF)


def test_another_amount_decides_what_one_alone_cannot(tmp_path: Path) -> None:
    for other, value in (("2.000,50", "1234"), ("2,000.50", "1.234"), ("0.5", "1.234"), ("0,5", "1234")):
        got = amounts(tmp_path, "1.234", other)
        assert got.column("document", "amount_doc")[0] == Decimal(value), other


@pytest.mark.parametrize("texts", [("1.234",), ("1,234", "500"), ("0.000", "1.234"), ("1.234", "1.234,5", "1,234.5")])
def test_an_amount_that_reads_two_ways_refuses_the_file(tmp_path: Path, texts: tuple[str, ...]) -> None:
    with pytest.raises(FileRefused, match=r"1.234', which reads as two different numbers") as refusal:
        amounts(tmp_path, *texts)
    assert refusal.value.reason == "NUM_AMBIGUOUS"


def test_a_profile_with_one_locale_settles_it(tmp_path: Path) -> None:
    profile = user_profile(
        tmp_path, 'extends = "invoice_list"\nid = "own"\nlocales = [{ decimal = ",", thousands = "." }]\n'
    )
    got = read(write(tmp_path, "list.csv", invoices(invoice(1, "1.234"))), profile)
    assert got.column("document", "amount_doc") == [Decimal(1234)]


def test_garbage_among_amounts_decides_nothing_and_is_quarantined(tmp_path: Path) -> None:
    got = amounts(tmp_path, "1.234,50", "abc", "12,345,6", "7,5")
    assert got.column("document", "amount_doc") == [Decimal("1234.5"), Decimal("7.5")]
    assert got.quarantined() == [(3, "amount", "NUM_INVALID"), (4, "amount", "NUM_INVALID")]


def test_a_spreadsheet_s_error_and_a_blank_are_no_amounts(tmp_path: Path) -> None:
    got = amounts(tmp_path, "#REF!", "########", "", "10.00")
    assert got.quarantined() == [
        (2, "amount", "NUM_EXCEL_ERROR"),
        (3, "amount", "NUM_EXCEL_ERROR"),
        (4, "amount", "REQUIRED_BLANK"),
    ]
    assert got.column("document", "amount_doc") == [Decimal(10)]


@settings(max_examples=5 if QUICK else 20, deadline=None, derandomize=True)
@given(data=st.data(), locale=st.sampled_from((POINT, COMMA)), grouping=st.booleans())
def test_a_file_of_amounts_is_read_exactly_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, locale: Locale, grouping: bool
) -> None:
    due = data.draw(st.lists(AMOUNTS.filter(bool) | st.integers(1000, 9999).map(Decimal), min_size=1, max_size=6))
    group = locale.thousands[0] if grouping else ""
    texts = [rendered(amount, locale, "plain", group=group, lakh=False, wide=False) for amount in due]
    try:
        got = amounts(tmp_path_factory.mktemp("amounts"), *texts)
    except FileRefused as refusal:
        is_undecided = refusal.reason == "NUM_AMBIGUOUS" and not any("," in text and "." in text for text in texts)
        if not is_undecided:
            raise
    else:
        assert got.column("document", "amount_doc") == due


def dates(tmp_path: Path, *texts: str, due: str = "") -> Got:
    """An invoice list whose documents are dated so, all due on one day."""
    lines = [invoice(n, date=text, due=due) for n, text in enumerate(texts, 1)]
    return read(write(tmp_path, "list.csv", invoices(*lines)), settings=LENIENT, extract_as_of=AS_OF)


@pytest.mark.parametrize("text", ["2024/03/13", "2024-3-13", "2024-03-13 00:00:00"])
def test_dates_come_with_slashes_without_zeros_and_with_midnight(tmp_path: Path, text: str) -> None:
    assert dates(tmp_path, text).column("document", "doc_date") == [date(2024, 3, 13)]


def test_day_and_month_are_decided_by_the_whole_column(tmp_path: Path) -> None:
    assert dates(tmp_path, "03/04/2024", "25/04/2024").column("document", "doc_date")[0] == date(2024, 4, 3)
    assert dates(tmp_path, "03/04/2024", "04/25/2024").column("document", "doc_date")[0] == date(2024, 3, 4)


def test_another_column_decides_only_if_it_has_decided_itself(tmp_path: Path) -> None:
    assert dates(tmp_path, "03/04/2024", due="25/04/2024").column("document", "doc_date") == [date(2024, 4, 3)]
    for due in ("", "05/05/2024"):
        with pytest.raises(FileRefused, match="doc_date '03/04/2024'"):
            dates(tmp_path, "03/04/2024", due=due)


@pytest.mark.parametrize("texts", [("03/04/2024",), ("03/04/2024", "25/04/2024", "04/25/2024", "26/04/2024")])
def test_dates_that_read_two_ways_refuse_the_file(tmp_path: Path, texts: tuple[str, ...]) -> None:
    with pytest.raises(FileRefused, match="'03/04/2024', which reads as") as refusal:
        dates(tmp_path, *texts)
    assert refusal.value.reason == "DATE_DMY_MDY"


def test_the_same_day_either_way_needs_no_decision(tmp_path: Path) -> None:
    assert dates(tmp_path, "05/05/2024").column("document", "doc_date") == [date(2024, 5, 5)]


def test_impossible_dates_are_quarantined_with_their_text(tmp_path: Path) -> None:
    got = dates(tmp_path, "2024-02-30", "2024-13-01", "soon", "2024-02-29", "0")
    assert got.column("document", "doc_date") == [date(2024, 2, 29)]
    assert [f.raw_value for f in got.findings if f.reason_code == "DATE_IMPOSSIBLE"] == [
        "2024-02-30",
        "2024-13-01",
        "soon",
        "0",
    ]


def test_dates_far_from_the_extract_are_quarantined(tmp_path: Path) -> None:
    got = dates(tmp_path, "1994-01-01", "1993-12-31", "2029-12-31", "2204-05-15", "0024-03-01")
    assert got.column("document", "doc_no") == ["1", "3"]
    assert {reason for *_, reason in got.quarantined()} == {"DATE_RANGE"}


def test_a_year_of_two_digits_is_not_taken_for_one(tmp_path: Path) -> None:
    got = dates(tmp_path, "01.03.24", "20240301", "2024031")
    assert got.column("document", "doc_no") == ["2"]


def test_sentinels_are_dates_unless_the_profile_calls_them_nothing(tmp_path: Path) -> None:
    text = invoices(invoice(1, settled="1900-01-01"), invoice(2, settled="2024-02-01"))
    path = write(tmp_path, "list.csv", text)
    plain = read(path, settings=LENIENT)
    assert plain.quarantined() == [(2, "settled_date", "DATE_RANGE")]
    own = 'extends = "invoice_list"\nid = "own"\n[columns.settled_date]\nnulls = ["1900-01-01"]\n'
    assert read(path, user_profile(tmp_path, own)).column("document", "cleared_date") == [None, date(2024, 2, 1)]


@settings(max_examples=5 if QUICK else 15, deadline=None, derandomize=True)
@given(
    days=st.lists(st.integers(0, 700), min_size=1, max_size=6),
    fmt=st.sampled_from(("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d")),
)
def test_a_column_of_dates_is_read_exactly_or_refused(
    tmp_path_factory: pytest.TempPathFactory, days: list[int], fmt: str
) -> None:
    told = [date(2023, 1, 1) + timedelta(days=n) for n in days]
    try:
        got = dates(tmp_path_factory.mktemp("dates"), *(day.strftime(fmt) for day in told))
    except FileRefused as refusal:
        is_undecided = refusal.reason == "DATE_DMY_MDY" and all(day.day <= 12 for day in told)
        if not is_undecided:
            raise
    else:
        assert got.column("document", "doc_date") == told


def days_of(con: Connection, texts: list[str], *formats: str, **more: Any) -> list[Any]:
    """What a date column reads the texts as, the first format being the chosen one."""
    field = Field("v", "date", "cell", "DATE", **more)
    chosen = Chosen(PLAIN, {"v": formats[0]}, {"v": formats[1:]})
    con.execute("create or replace table told (n integer, cell varchar)")
    con.executemany("insert into told values (?, ?)", list(enumerate(texts)))
    query = f"select {typed(field, 't', chosen)} from (select {cleaned(field)} as t, n from told) order by n"
    return [row[0] for row in con.execute(query).fetchall()]


@pytest.mark.parametrize(
    ("fmt", "text", "read_as"),
    [
        ("%d/%b/%Y", "14/jun/2024", "2024-06-14"),
        ("%d-%b-%y", "05-ENE-24", "2024-01-05"),
        ("%d-%b-%y", "15-OCT-24", "2024-10-15"),
        ("%d. %B %Y", "3. März 2024", "2024-03-03"),
        ("%d.%b.%Y", "14.Dez.2024", "2024-12-14"),
        ("%d %b %Y", "15 sept. 2024", "2024-09-15"),
        ("%d %b. %Y", "15 sept. 2024", "2024-09-15"),
        ("%d %B %Y", "1 AOÛT 2024", "2024-08-01"),
        ("%d de %B de %Y", "15 de outubro de 2024", "2024-10-15"),
        ("%B %d de %Y", "octubre 15 de 2024", "2024-10-15"),
        ("%b %d, %Y", "Oct 15, 2024", "2024-10-15"),
        ("%Y年%B%d日", "2024年十月15日", "2024-10-15"),
        ("%Y年%m月%d日", "2024年10月5日", "2024-10-05"),
        ("%Y/%m/%d", "2024/3/1", "2024-03-01"),
        ("%d-%m-%y", "1-3-24", "2024-03-01"),
        ("%d/%m/%y", "01/03/69", "2069-03-01"),
        ("%d/%m/%y", "01/03/70", "1970-03-01"),
        ("%d/%m/%y", "31/12/99", "1999-12-31"),
        ("%d%m%y", "010324", "2024-03-01"),
        ("%d/%m/%Y", "01/03/2024 00:00:00", "2024-03-01"),
        ("%d/%m/%Y", "01/03/2024 23:59", "2024-03-01"),
        ("%m/%d/%Y", "3/1/2024 9:11:00 AM", "2024-03-01"),
        ("%Y-%m-%d", "2024-03-01T09:11:00.000Z", "2024-03-01"),
        ("%Y-%m-%d", "2024-03-01T23:30:00+02:00", "2024-03-01"),
        ("%Y/%m/%d", "2024/3/1 上午 9:11:00", "2024-03-01"),
        ("%d/%m/%Y %H:%M", "01/03/2024 09:11:30", "2024-03-01"),
        ("%d/%m/%Y", "45427", "2024-05-15"),
        ("%d/%m/%Y", "45427.0", "2024-05-15"),
        ("%d/%m/%Y", "45427.75", "2024-05-15"),
        ("%Y%m%d", "20200210.0", "2020-02-10"),
        ("%d/%m/%Y", "20200210.0", "2020-02-10"),
        ("%epoch_ms", "1706659200000", "2024-01-31"),
        ("%epoch_s", "1706659200.0", "2024-01-31"),
    ],
)
def test_a_date_is_read_in_the_words_and_numbers_exports_use(
    con: Connection, fmt: str, text: str, read_as: str
) -> None:
    assert days_of(con, [text], fmt) == [date.fromisoformat(read_as)]


@pytest.mark.parametrize(
    ("fmt", "text"),
    [
        ("%d/%b/%Y", "14/juni8/2024"),
        ("%d/%b/%Y", "14/xyz/2024"),
        ("%d %B %Y", "14 Marvin 2024"),
        ("%d/%b/%Y", "14//2024"),
        ("%d/%m/%Y", "31/06/2024"),
        ("%d/%m/%Y", "19999"),
        ("%d/%m/%Y", "60001"),
        ("%d/%m/%Y", "20241332"),
        ("%d%m%y", "10324"),
        ("%d%m%Y", "1032024"),
        ("%d/%m/%y", "01/03/2024"),
        ("%epoch_ms", "1706659200"),
        ("%d/%m/%Y", "1706659200000"),
        ("%d/%m/%Y", "01/03/2024 noon"),
    ],
)
def test_what_is_no_date_is_nothing(con: Connection, fmt: str, text: str) -> None:
    assert days_of(con, [text], fmt) == [None]


def test_a_null_date_is_known_in_any_case_and_with_a_time(con: Connection) -> None:
    nulls = ("31-DEC-4712", "1899-12-30")
    told = ["31-Dec-4712", "31-dec-4712", "1899-12-30 00:00:00", "2024-05-15"]
    assert days_of(con, told, "%Y-%m-%d", nulls=nulls) == [None, None, None, date(2024, 5, 15)]


def test_a_column_of_two_ways_of_writing_is_read_unless_they_can_be_mistaken(tmp_path: Path) -> None:
    formats = 'date_formats = ["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d"]'
    profile = user_profile(tmp_path, f'extends = "invoice_list"\nid = "own"\n{formats}\n')
    days = ["13/05/2024", "25/05/2024", "2024-05-20"]
    path = write(tmp_path, "list_2024-10-15.csv", invoices(*(invoice(n, date=day) for n, day in enumerate(days))))
    got = read(path, profile)
    assert got.column("document", "doc_date") == [date(2024, 5, 13), date(2024, 5, 25), date(2024, 5, 20)]
    path = write(
        tmp_path,
        "list_2024-10-15.csv",
        invoices(*(invoice(n, date=day) for n, day in enumerate([*days, "05/30/2024"]))),
    )
    with pytest.raises(FileRefused) as refusal:
        read(path, profile, settings=LENIENT)
    assert refusal.value.reason == "DATE_DMY_MDY"


def test_a_part_of_a_cell_can_be_the_value(con: Connection) -> None:
    assert values(con, ["900.123.001-1", "C-7", ""], "key", take="^([0-9.]+)", drop=".") == ["900123001", None, None]
    assert values(con, ["12%", " 5 % "], "int", drop="%") == [12, 5]


def test_a_zero_may_stand_for_nothing(con: Connection) -> None:
    told = ["0", "0.00", "-0.0", "€0,00", "0.01", "10", "", "O"]
    assert values(con, told, "money", POINT, zero_is_null=True) == [None] * 4 + [Decimal("0.01"), 10, None, None]
    assert days_of(con, ["0", "00000000", "2024-05-15"], "%Y-%m-%d", zero_is_null=True) == [
        None,
        None,
        date(2024, 5, 15),
    ]


def test_another_column_may_say_that_this_one_says_nothing(con: Connection) -> None:
    field = Field("v", "date", "cell_1", "DATE", null_when=(("cell_2", ("OP", "")),))
    con.execute(
        "create or replace table told as select * from (values (1, '2024-05-15', 'op '), (2, '2024-05-15', 'CL'), (3, '2024-05-15', null)) as t(n, cell_1, cell_2)"
    )
    got = con.execute(f"select {cleaned(field)} from told order by n").fetchall()
    assert got == [(None,), ("2024-05-15",), (None,)]


def test_a_currency_may_go_by_a_name_of_the_export(con: Connection) -> None:
    told = ["人民币", "Pesos", "PESOS ", "1", "EUR", "usd", "??"]
    mapping = {"人民币": "CNY", "pesos": "MXN", "1": ""}
    assert values(con, told, "currency", mapping=mapping) == ["CNY", "MXN", "MXN", None, "EUR", "USD", None]


def test_an_amount_may_be_the_sum_of_columns(con: Connection) -> None:
    cells = ["1.000,00|0,50-", "|2,00", "|", "1,00|x", "5 5|", "0,00|0,00"]
    no_regular(con, [1, 2])
    con.executemany(
        "insert into item values (?, 1, 0, ?, ?)", [[n, *told.split("|"), ""][:3] for n, told in enumerate(cells)]
    )
    field = Field("open", "money", ABSENT, "DECIMAL(18,4)", needed=True, sum_cells=("cell_1", "cell_2"))
    typed_as = Typed((field,), Chosen(COMMA, {}))
    convert(con, typed_as.fields, typed_as.chosen)
    rows = con.execute("select open, flaw from typed_row order by line_no").fetchall()
    assert [value for value, _ in rows] == [Decimal("999.5"), Decimal(2), None, None, None, Decimal(0)]
    assert [flaw for _, flaw in rows] == [None, None, "REQUIRED_BLANK", "NUM_INVALID", "NUM_INVALID", None]
    told = con.execute(f"{flaws(typed_as, 'select line_no from item')} order by line_no").fetchall()
    assert told == [
        (2, "open", "REQUIRED_BLANK", ""),
        (3, "open", "NUM_INVALID", "1,00 + x"),
        (4, "open", "NUM_INVALID", "5 5"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.93E+09", "NUM_SCIENTIFIC"),
        ("1E3", "NUM_SCIENTIFIC"),
        ("-1,5e-3", "NUM_SCIENTIFIC"),
        ("#N/A", "NUM_EXCEL_ERROR"),
        ("########", "NUM_EXCEL_ERROR"),
        ("one", "NUM_INVALID"),
    ],
)
def test_an_amount_that_cannot_be_read_says_why(tmp_path: Path, text: str, reason: str) -> None:
    path = write(tmp_path, "list_2024-10-15.csv", invoices(invoice(1), invoice(2, f'"{text}"')))
    assert read(path, settings=LENIENT).quarantined() == [(3, "amount", reason)]


def test_a_tab_inside_a_key_is_cleaned_away(tmp_path: Path) -> None:
    got = read(write(tmp_path, "list_2024-10-15.csv", invoices(invoice("A\t1"), invoice("\tA2\t"))))
    assert got.column("document", "doc_no") == ["A1", "A2"]
