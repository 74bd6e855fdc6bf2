"""Translations: every message of templates and code in every language, none unsure, none left over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from receivables import wording
from receivables.assets import reports_dir, sql_dir
from receivables.language import SOURCE_LANGUAGE, catalogue_path
from receivables.schema import TABLES
from receivables.settings import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from babel.messages.catalog import Catalog

PACKAGE = Path(wording.__file__).parent
SOURCES = [
    PACKAGE / f"{name}.py"
    for name in (
        "contract_wording",
        "definition_wording",
        "customer_rows",
        "customer_wording",
        "gap_wording",
        "flag_wording/page",
        *(f"flag_wording/{family}" for family in ("conduct", "ledger", "buying")),
        "language",
        "mail_wording",
        "measure_wording",
        "operator_wording",
        "operands",
        "collection_wording",
        "pages",
        "policy_wording",
        "rating_wording",
        "render",
        "templates",
        "today_wording",
        "wording",
        "workbook_wording",
        *(f"workbook/{name}" for name in ("about", "balances", "judgements")),
    )
]
KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "ngettext": (1, 2), "Operand": (1,)}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]

Message = str | tuple[str, ...]


def messages() -> set[Message]:
    return {message for _, message, *_ in _extracted()}


def _extracted() -> Iterator[tuple[Any, ...]]:
    for template in sorted((reports_dir() / "templates").glob("*.html")):
        yield from extract_from_file("jinja2.ext:babel_extract", template, KEYWORDS, (), {"silent": "false"})
    for source in SOURCES:
        yield from extract_from_file("python", source, KEYWORDS)


def catalogue(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as stream:
        return read_po(stream, locale=language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_none_is_left_over(language: str) -> None:
    translated = {
        message.id for message in catalogue(language) if message.id and message.string and all(message.string)
    }
    assert messages() - translated == set(), "missing"
    assert translated - messages() == set(), "no longer used"


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_fuzzy_obsolete_or_of_the_wrong_number_of_forms(language: str) -> None:
    found = catalogue(language)
    assert not [message.id for message in found if message.id and message.fuzzy]
    assert not found.obsolete
    plural = [message for message in found if isinstance(message.id, tuple | list)]
    assert plural
    assert all(len(texts(message.string)) == found.num_plurals for message in plural)


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_placeholders_of_their_message(language: str) -> None:
    found = catalogue(language)
    for message in found:
        forms = texts(message.string)
        # a language with one form for all numbers writes the plural
        wanted = texts(message.id)[-len(forms) :]
        assert [placeholders(form) for form in forms] == [placeholders(text) for text in wanted], message.id


def texts(one_or_more: str | Sequence[str] | None) -> tuple[str, ...]:
    """The forms of a message, or its only one."""
    return (one_or_more,) if isinstance(one_or_more, str) else tuple(one_or_more or ())


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def test_no_language_has_a_catalogue_it_cannot_be_asked_for() -> None:
    assert {path.name for path in (reports_dir() / "locale").iterdir()} == set(TRANSLATED)


def test_every_table_has_a_name() -> None:
    assert set(wording.TABLES) == set(TABLES)


CODE = re.compile(
    r"""["']((?:ALLOC|AMOUNT|COL|COMPANY|CONTRACT|CONTROL|CURRENCY|DATE|ENC|ENTRY|EXTRACT|FILE|FX|INSTALMENT|KEY|NUM|OPEN|ORDER|QUARANTINE|QUOTE|REF"""
    r"""|REQUIRED|ROW|SETTLED|SIGN|SKIP|STATE|TEXT|TYPE|VALUE)_[A-Z_]*[A-Z])["']"""
)


def test_every_reason_the_product_gives_has_a_sentence() -> None:
    files = [*PACKAGE.rglob("*.py"), *sql_dir().rglob("*.sql")]
    used = {code for path in files for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert used - set(wording.REASONS) == set()
