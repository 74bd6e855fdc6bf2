from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from receivables.personal_data import COPIES, KINDS, page, personal_columns
from receivables.schema import TABLES
from receivables.settings import Settings

PAGE: Final = Path(__file__).resolve().parents[2] / "data" / "PERSONAL_DATA.md"
TELLING: Final = re.compile(
    r"(^|_)(name|email|phone|address|tax_id|note|text|iban|account_hash|signed_by|decided_by|lat|lon)$"
)
NOBODY: Final = {"company", "territory", "product", "payment_step", "order_line"}
"""Tables whose names are of things: legal entities of our own, places, goods, steps of a procedure."""


def test_the_page_says_what_dictionary_and_kinds_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make personal-data-page"


def test_how_long_copies_are_kept_is_said_by_settings_there_are() -> None:
    named = [copy.setting.split(".") for copy in COPIES if copy.setting]
    assert [[section, key] for section, key in named if hasattr(getattr(Settings(), section), key)] == named


def test_every_column_of_a_known_kind_and_every_kind_has_a_column() -> None:
    assert {kind for _, _, kind in personal_columns()} == KINDS.keys()


@pytest.mark.parametrize("table", sorted(TABLES.keys() - NOBODY))
def test_a_column_whose_name_tells_of_persons_is_in_the_map(table: str) -> None:
    told = {column for name, column, _ in personal_columns() if name == table}
    assert {column for column in TABLES[table].columns if TELLING.search(column)} <= told


def test_what_is_emptied_is_never_a_number_of_the_ledger() -> None:
    kinds = {TABLES[table].columns[column].type for table, column, _ in personal_columns(is_forgotten=True)}
    assert kinds <= {"text", "double"}
    assert not {(table, column) for table, column, _ in personal_columns() if column.startswith(("amount", "qty"))}
