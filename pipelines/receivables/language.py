"""One language's texts and formats: translations, numbers, currency amounts, dates."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from unicodedata import east_asian_width

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import (
    format_compact_decimal,
    format_decimal,
    format_percent,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
    get_minus_sign_symbol,
)
from babel.support import NullTranslations, Translations
from markupsafe import Markup, escape

from receivables.assets import reports_dir
from receivables.errors import UsageError, nearest
from receivables.money import CENT, LEDGER_PLACES, rounded
from receivables.settings import LANGUAGES

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

SOURCE_LANGUAGE: Final = "en"
"""The language of the message ids; it needs no catalogue."""

_NO_BREAK: Final = "\u00a0"
_COMPACT_FROM: Final = 100_000
# Bidirectional controls, zero-width marks and line ends: in a name they reorder or break what stands around it.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]+"
)
_DATE_LOCALES: Final = {"en": "en_GB", "es": "es", "zh": "zh"}  # day before month, which no reader of English mistakes
_PERCENT: Final = {"en": "%", "es": "\u00a0%", "zh": "%"}

_FIXED: Final = tuple(f",.{places}f" for places in range(5))
_TENTH: Final = Decimal("0.1")
_MEASURED: Final = {
    unit: (places, Decimal(1).scaleb(-places))
    for unit, places in {"index": 3, "days": 1, "points": 1, "count": 0}.items()
}
"""Decimals of the units that are no money and no share, and the last of them."""


def harmless(text: str) -> str:
    """Text without control characters."""
    # none of them is printable: most texts need no search
    return text if text.isprintable() else _UNSAFE.sub(" ", text)


def plain(text: str) -> str:
    """One line of text without control characters, whatever an export put into it."""
    # a word, as most values are: no white space is printable but the blank
    if " " not in text and text.isprintable():
        return text
    return " ".join(harmless(text).split())


def shortened(text: str, columns: int) -> str:
    """Plain text of at most so many columns; a Chinese, Japanese or Korean character takes two."""
    text, used = plain(text), 0
    if 2 * len(text) <= columns or (text.isascii() and len(text) <= columns):
        return text
    for place, character in enumerate(text):
        used += 2 if east_asian_width(character) in "WF" else 1
        if used > columns:
            return text[: max(place - 1, 1)].rstrip() + "…"
    return text


DICTIONARY: Final = "dictionary"
"""The catalogue of what tables and columns mean, which no report needs."""


def catalogue_path(language: str, name: str = "receivables") -> Path:
    """A gettext catalogue of a language."""
    return reports_dir() / "locale" / language / "LC_MESSAGES" / f"{name}.po"


@cache
def language_in(code: str, *also: str) -> Language:
    """The texts and formats of a language; `also` names catalogues beside that of the reports.

    Raises:
        UsageError: no report can be made in that language.
    """
    if code not in LANGUAGES:
        raise UsageError(
            got=f"language {code!r}", expected=f"one of {', '.join(LANGUAGES)}", try_=nearest(code, LANGUAGES)
        )
    if code == SOURCE_LANGUAGE:
        return Language(code, NullTranslations())
    texts = _translations(code, "receivables")
    for name in also:
        texts.merge(_translations(code, name))
    return Language(code, texts)


def _translations(language: str, name: str) -> Translations:
    compiled = io.BytesIO()
    with catalogue_path(language, name).open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


class Language:
    """Texts and formats of one language. Values put into a text are made plain; `html` escapes them as well."""

    def __init__(self, code: str, translations: NullTranslations) -> None:
        self.code = code
        self._translations = translations
        # thousands of pages are made of such numbers: a pattern read for each costs thirty times as much
        own = {",": get_group_symbol(code), ".": get_decimal_symbol(code), "-": get_minus_sign_symbol(code)}
        self._marks = str.maketrans({mark: said for mark, said in own.items() if mark != said})
        self._days: dict[tuple[date, str], str] = {}
        self._places: dict[str, tuple[int, Decimal]] = {}

    def text(self, message: str, **values: Any) -> str:
        """A translated message with its values."""
        translated = self._translations.gettext(message)
        return translated % {name: _plain_value(value) for name, value in values.items()} if values else translated

    def texts(self, singular: str, plural: str, number: int, **values: Any) -> str:
        """A translated message in the form its number asks for; the number is its value `number`."""
        translated = self._translations.ngettext(singular, plural, number)
        return translated % {
            name: _plain_value(value) for name, value in {"number": self.count(number), **values}.items()
        }

    def html(self, message: str, **values: Any) -> Markup:
        """As `text`, safe to stand in a page."""
        return escape(self.text(message, **values))

    def html_texts(self, singular: str, plural: str, number: int, **values: Any) -> Markup:
        """As `texts`, safe to stand in a page."""
        return escape(self.texts(singular, plural, number, **values))

    def amount(self, value: Decimal, currency: str) -> str:
        """An amount without its currency, rounded to the currency's decimals."""
        places, unit = self._places.get(currency) or self._places_of(currency)
        return self._decimal(value, places, unit)

    def _places_of(self, currency: str) -> tuple[int, Decimal]:
        """A currency's decimals, and the last of them."""
        places = get_currency_precision(currency)
        self._places[currency] = places, LEDGER_PLACES.scaleb(4 - places)
        return self._places[currency]

    def total(self, value: Decimal | None) -> str:
        """An amount whose currency a file does not say; a dash for none."""
        return "–" if value is None else format_decimal(value, "#,##0.00##", locale=self.code)

    def money(self, value: Decimal, currency: str) -> str:
        """An amount with its currency code: symbols such as $ belong to several."""
        return self._with_code(self.amount(value, currency), currency)

    def exact(self, value: Decimal, currency: str) -> str:
        """An amount without currency, with all four decimals of the ledger where rounding would hide something."""
        hides = rounded(value, self._places_of(currency)[1]) != value
        return self._decimal(value, 4, LEDGER_PLACES) if hides else self.amount(value, currency)

    def short(self, value: Decimal) -> str:
        """An amount rounded for reading: millions and thousands as the language counts them."""
        if abs(value) < _COMPACT_FROM:
            return format_decimal(rounded(value, LEDGER_PLACES.scaleb(4)), "#,##0", locale=self.code)
        return format_compact_decimal(value, format_type="short", locale=self.code, fraction_digits=2)

    def count(self, value: int) -> str:
        """A whole number."""
        return self._marked(f"{value:,}")

    def rate(self, value: Decimal) -> str:
        """An exchange rate, with the decimals it has."""
        return format_decimal(value + 0, "#,##0.00##########", locale=self.code)

    def number(self, value: Decimal) -> str:
        """A number with the decimals it has, at most four."""
        whole, _, rest = f"{value + 0:,.4f}".partition(".")
        rest = rest.rstrip("0")
        return self._marked(f"{whole}.{rest}" if rest else whole)

    def share(self, value: Decimal | None) -> str:
        """A fraction as percent; a dash where there is nothing to divide by."""
        if value is None:
            return "–"
        return self._decimal(value * 100, 1, _TENTH) + _PERCENT[self.code]

    def fine_share(self, value: Decimal | None) -> str:
        """A small fraction as percent with two decimals; a dash where there is none."""
        if value is None:
            return "–"
        return self._decimal(value * 100, 2, CENT) + _PERCENT[self.code]

    def measure(self, value: Decimal, unit: str) -> str:
        """A value of a measure: shares and percents with their sign, others without their unit (a currency code, index, days, points or count)."""
        if unit == "share":
            return self.share(value)
        if unit == "percent":
            return self.share(value / 100)
        if unit in _MEASURED:
            places, last = _MEASURED[unit]
            return self._decimal(value, places, last)
        return self.amount(value, unit)

    def whole_share(self, value: Decimal) -> str:
        """A fraction as whole percent, for axes."""
        return format_percent(value, f"#,##0{_PERCENT[self.code]}", locale=self.code)

    def day(self, value: date | None, style: Any = "medium") -> str:
        """A date; a dash for none."""
        if value is None:
            return "–"
        said = self._days.get((value, style))
        if said is None:
            said = self._days[value, style] = format_date(value, style, locale=_DATE_LOCALES[self.code])
        return said

    def moment(self, value: datetime) -> str:
        """A moment in UTC, to the minute."""
        return f"{self.day(value.date(), 'long')} {value:%H:%M} UTC"

    def listed(self, parts: list[str]) -> str:
        """Parts one after the other, with the language's comma."""
        return ("、" if self.code == "zh" else ", ").join(map(plain, parts))

    def sentences(self, parts: list[str]) -> str:
        """Sentences one after the other."""
        return ("" if self.code == "zh" else " ").join(parts)

    def _with_code(self, number: str, currency: str) -> str:
        parts = (number, currency) if self.code == "es" else (currency, number)
        return _NO_BREAK.join(parts)

    def _decimal(self, value: Decimal, places: int, last: Decimal) -> str:
        # adding nothing turns a negative zero, as in "less no receipts", into zero
        return self._marked(format(rounded(value, last) + 0, _FIXED[places]))

    def _marked(self, number: str) -> str:
        return number.translate(self._marks) if self._marks else number


def _plain_value(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value
