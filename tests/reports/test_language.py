"""One language's formats: what a number, an amount, a date look like to its readers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from random import Random

import pytest
from babel.numbers import format_decimal, format_percent

from receivables.errors import UsageError
from receivables.language import language_in, plain, shortened
from receivables.money import rounded
from receivables.settings import LANGUAGES

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("language", "amount", "money", "share", "day", "moment"),
    [
        ("en", "-1,234,567.90", "EUR -1,234,567.90", "12.3%", "5 Jun 2026", "5 June 2026 04:30 UTC"),
        ("es", "-1.234.567,90", "-1.234.567,90 EUR", "12,3 %", "5 jun 2026", "5 de junio de 2026 04:30 UTC"),
        ("zh", "-1,234,567.90", "EUR -1,234,567.90", "12.3%", "2026年6月5日", "2026年6月5日 04:30 UTC"),
    ],
)
def test_formats(language: str, amount: str, money: str, share: str, day: str, moment: str) -> None:
    words = language_in(language)
    value = Decimal("-1234567.8950")
    assert words.amount(value, "EUR") == amount
    assert words.money(value, "EUR").replace(NBSP, " ") == money
    assert words.share(Decimal("0.12345")).replace(NBSP, " ") == share
    assert words.day(date(2026, 6, 5)) == day
    assert words.moment(datetime(2026, 6, 5, 4, 30)) == moment


@pytest.mark.parametrize(
    ("language", "small", "large"),
    [("en", "99,999", "51.43M"), ("es", "99.999", "51,43 M"), ("zh", "99,999", "5143万")],
)
def test_large_amounts_are_counted_as_the_language_does(language: str, small: str, large: str) -> None:
    words = language_in(language)
    assert words.short(Decimal("99999.4")) == small
    assert words.short(Decimal(51430000)).replace(NBSP, " ") == large


def test_amounts_have_the_decimals_of_their_currency() -> None:
    words = language_in("en")
    assert words.amount(Decimal("1234.5000"), "JPY") == "1,235"
    assert words.amount(Decimal("1234.5678"), "KWD") == "1,234.568"


def test_an_exact_amount_hides_nothing() -> None:
    words = language_in("en")
    assert words.exact(Decimal("0.0040"), "EUR") == "0.0040"
    assert words.exact(Decimal("0.0100"), "EUR") == "0.01"


def test_zero_has_no_sign_and_nothing_is_a_dash() -> None:
    words = language_in("en")
    assert words.amount(-Decimal("0.0000"), "EUR") == "0.00"
    assert words.amount(Decimal("-0.0010"), "EUR") == "0.00"
    assert words.share(Decimal("-0.0004")) == "0.0%"
    assert words.share(None) == words.day(None) == words.total(None) == "–"


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1 archivo:"), (2, "2 archivos:"), (0, "0 archivos:"), (1000, "1.000 archivos:")]
)
def test_numbers_ask_for_their_form(number: int, text: str) -> None:
    assert language_in("es").texts("%(number)s file:", "%(number)s files:", number) == text


def test_an_unknown_language_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="got language 'fr'; expected one of en, es, zh"):
        language_in("fr")


def test_control_characters_leave_a_name_and_what_remains_is_one_line() -> None:
    assert plain("\u202e a\r\nb\t\u2028c\u200b\x00 ") == "a b c"
    assert plain("Ibáñez 商贸 שלום") == "Ibáñez 商贸 שלום"


def test_a_long_name_is_cut_by_the_width_it_takes() -> None:
    assert shortened("x" * 10, 10) == "x" * 10
    assert shortened("x" * 11, 10) == "x" * 9 + "…"
    assert shortened("商" * 6, 10) == "商" * 4 + "…"


def test_values_of_a_message_are_plain_and_escaped_in_a_page() -> None:
    words = language_in("en")
    assert words.text("%(company)s", company="a\nb") == "a b"
    assert words.html("<%(company)s>", company="<b>&") == "&lt;&lt;b&gt;&amp;&gt;"


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_are_written_as_the_patterns_of_the_language_say(language: str) -> None:
    words, draw = language_in(language), Random(5)
    percent = "#,##0.0\u00a0%" if language == "es" else "#,##0.0%"
    for _ in range(200):
        value = Decimal(draw.randrange(-(10**12), 10**12)).scaleb(-draw.randrange(0, 9)) + 0
        cents = rounded(value)
        assert words.amount(value, "EUR") == format_decimal(cents, "#,##0.00", locale=language)
        assert words.number(value) == format_decimal(value, "#,##0.####", locale=language)
        assert words.count(int(value)) == format_decimal(int(value), "#,##0", locale=language)
        share = rounded(value, Decimal("0.001")) + 0
        assert words.share(value) == format_percent(share, percent, locale=language)
