"""The column dictionary in every language: every sentence translated, none left over, names and codes kept."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from receivables.assets import reports_dir
from receivables.language import SOURCE_LANGUAGE
from receivables.schema import TABLES
from receivables.settings import LANGUAGES

TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
NOT_FILLED_IN = {"entry", "entry_allocation"}
BACKTICKED = re.compile(r"`[^`]+`")
SNAKE_CASE = re.compile(r"(?<!\w)[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?!\w)", re.ASCII)
EMPTY = {"es": "vacío", "zh": "留空"}


def sentences() -> set[str]:
    tables = [table for name, table in TABLES.items() if name not in NOT_FILLED_IN]
    return {table.grain for table in tables} | {column.meaning for table in tables for column in table.columns.values()}


def catalogue(language: str) -> Catalog:
    path = reports_dir() / "locale" / language / "LC_MESSAGES" / "dictionary.po"
    with path.open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def translations(language: str) -> dict[str, str]:
    return {str(message.id): str(message.string) for message in catalogue(language) if message.id}


def names(text: str) -> set[str]:
    """Words of a sentence that stand for themselves in every language."""
    return set(BACKTICKED.findall(text)) | set(SNAKE_CASE.findall(text))


def test_names_are_told_from_words() -> None:
    assert names("Total in `currency`, see amount_doc; Europe/Madrid.") == {"`currency`", "amount_doc"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(language: str) -> None:
    translated = {source for source, text in translations(language).items() if text.strip()}
    assert sentences() - translated == set(), "missing"
    assert set(translations(language)) - sentences() == set(), "no longer used"


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_fuzzy_obsolete_or_the_source_itself(language: str) -> None:
    found = catalogue(language)
    assert not [message.id for message in found if message.id and message.fuzzy]
    assert not found.obsolete
    assert not [source for source, text in translations(language).items() if text == source]


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_names_of_their_sentence(language: str) -> None:
    lost = {source: names(source) - names(text) for source, text in translations(language).items()}
    assert {source: words for source, words in lost.items() if words} == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_null_is_said_as_people_fill_in_cells(language: str) -> None:
    found = translations(language)
    assert not [source for source, text in found.items() if "NULL" in text]
    assert not [source for source, text in found.items() if "NULL" in source and EMPTY[language] not in text.casefold()]
