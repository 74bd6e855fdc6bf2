"""What conversion did, told once per column; text encoded twice, undone where every byte agrees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receivables.engine import Connection, connect
from receivables.intake.choice import plain_where_possible
from receivables.intake.convert import Chosen, Field, convert
from receivables.intake.profile import Locale
from receivables.intake.regular import no_regular
from receivables.intake.repairs import converted, decoded_again, undo_mojibake

COMMA: Final = Locale(decimal=",", thousands=". ")
POINT: Final = Locale(decimal=".", thousands=",")
NAME: Final = Field("name", "text", "cell_1", "VARCHAR")


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with closing(connect()) as connection:
        yield connection


def told(con: Connection, field: Field, chosen: Chosen, *texts: str) -> dict[str, tuple[int, str | None]]:
    """Count and examples by reason for a column of these texts, a total among them."""
    no_regular(con, [1])
    con.executemany("insert into item values (?, 1, 0, ?)", [[n, text] for n, text in enumerate(texts)])
    found = converted(con, plain_where_possible(con, [field]), chosen)
    assert {(finding.action, finding.column_name) for finding in found} <= {("repair", field.name)}
    return {finding.reason_code: (finding.count, finding.raw_value) for finding in found}


def money(locale: Locale = COMMA) -> tuple[Field, Chosen]:
    return Field("amount", "money", "cell_1", "DECIMAL(18,4)"), Chosen(locale, {})


def test_an_amount_s_notation_is_told_with_its_count_and_three_examples(con: Connection) -> None:
    texts = ("1.234,56", "4.000,00-", "(5,00)", "7,00 €", "EUR 8,00", "9", "6,00 CR", "贷 1,00", "3,00 H")
    assert told(con, *money(), *texts) == {
        "NUM_COMMA_DECIMAL": (8, "1.234,56 | 4.000,00- | (5,00)"),
        "NUM_TRAILING_MINUS": (1, "4.000,00-"),
        "NUM_PAREN_CRDR": (4, "(5,00) | 6,00 CR | 贷 1,00"),
        "NUM_CURRENCY_SYMBOL": (2, "7,00 € | EUR 8,00"),
    }
    assert told(con, *money(POINT), "1,234.56", "12", "-3.50") == {}
    lakh = told(con, *money(POINT), "1,23,456.78", "１，２３４．５６", "1’234.50", "1,234,567.00")
    assert {reason: count for reason, (count, _) in lakh.items()} == {"NUM_LAKH_GROUP": 2, "NUM_CURRENCY_SYMBOL": 1}


def test_a_sum_s_cells_are_told_as_one_column(con: Connection) -> None:
    field = Field("open", "money", "null", "DECIMAL(18,4)", sum_cells=("cell_1", "cell_1"))
    assert told(con, field, Chosen(COMMA, {}), "1,00-") == {
        "NUM_COMMA_DECIMAL": (2, "1,00- | 1,00-"),
        "NUM_TRAILING_MINUS": (2, "1,00- | 1,00-"),
    }


def test_what_dates_were_is_told(con: Connection) -> None:
    field = Field("due_date", "date", "cell_1", "DATE", nulls=("00.00.0000", "1899-12-30"))
    texts = ("45427", "45427.0", "20200210.0", "00.00.0000", "1899-12-30 00:00:00", "15.05.2024", "", "no date")
    assert told(con, field, Chosen(COMMA, {"due_date": "%d.%m.%Y"}), *texts) == {
        "DATE_EXCEL_SERIAL": (2, "45427 | 45427.0"),
        "DATE_FLOAT": (1, "20200210.0"),
        "DATE_NULL_SENTINEL": (2, "00.00.0000 | 1899-12-30 00:00:00"),
    }
    field = Field("due_date", "date", "cell_1", "DATE")
    for fmt, text in (("%d/%m/%y", "01/03/24"), ("%d/%b/%Y", "14/jun/2024")):
        assert told(con, field, Chosen(COMMA, {"due_date": fmt}), text, "", "45427")["DATE_TWO_DIGIT"] == (1, text)
    assert told(con, field, Chosen(COMMA, {"due_date": "%epoch_ms"}), "1706659200000")["DATE_FLOAT"][0] == 1


def test_what_keys_were_is_told(con: Connection) -> None:
    field = Field("customer", "key", "cell_1", "VARCHAR", pad=10, strip_decimal=True)
    texts = ("100001", "0000100002", "C1", '="0000100003"', "C00001\u200b", "ＣＵＳＴ", "0000100004.0")
    assert told(con, field, Chosen(COMMA, {}), *texts) == {
        "KEY_LEADING_ZERO": (1, "100001"),
        "TEXT_FORMULA": (1, '="0000100003"'),
        "TEXT_INVISIBLE": (2, "C00001\u200b | ＣＵＳＴ"),
        "NUM_SCIENTIFIC": (1, "0000100004.0"),
    }
    assert told(con, Field("name", "text", "cell_1", "VARCHAR"), Chosen(COMMA, {}), "Ａｃｍｅ", "a\u200bb") == {}


def test_fields_the_rows_do_not_tell_are_left_alone(con: Connection) -> None:
    con.execute("create or replace temp table head (block bigint, customer varchar)")
    for cell in ("null::varchar", "head.customer"):
        assert told(con, Field("customer", "key", cell, "VARCHAR", pad=10), Chosen(COMMA, {}), "1") == {}


def names(con: Connection, *texts: str | None) -> list[str | None]:
    no_regular(con, [1])
    con.executemany("insert into item values (?, 1, 0, ?)", [[n, text] for n, text in enumerate(texts)])
    convert(con, [NAME], Chosen(COMMA, {}))
    return [text or None for text in texts]


def test_text_encoded_twice_is_turned_back_where_every_byte_agrees(con: Connection) -> None:
    names(con, "Comercial IbÃ¡Ã±ez", "GroÃŸhandel MÃ¼ller", "CORUÑA", "PEÑÃ", "SÃO PAULO", "Peña", "PeÃ±a y Peña", None, "â‚¬ 5",
          "Comercial IbÃ¡Ã±ez", "Caf\ufffd")  # fmt: skip
    found = undo_mojibake(con, [NAME])
    assert [row[0] for row in con.execute("select name from typed_row order by line_no").fetchall()] == [
        "Comercial Ibáñez", "Großhandel Müller", "CORUÑA", "PEÑÃ", "SÃO PAULO", "Peña", "PeÃ±a y Peña", None, "€ 5",
        "Comercial Ibáñez", "Caf\ufffd",
    ]  # fmt: skip
    assert [(f.reason_code, f.action, f.column_name, f.count, f.raw_value, f.repaired_value) for f in found] == [
        ("ENC_MOJIBAKE", "accept_warn", "name", 4, "Comercial IbÃ¡Ã±ez", "Comercial Ibáñez"),
        ("ENC_MOJIBAKE", "accept_warn", "name", 1, "Caf\ufffd", None),
    ]


def test_sound_text_is_not_touched(con: Connection) -> None:
    texts = names(con, "Ibáñez", "Łódź", "上海镕喆", "Äpfel & Öl", "naïve “quoted” — text", "", "NÃO")
    assert undo_mojibake(con, [NAME]) == []
    assert [row[0] for row in con.execute("select name from typed_row order by line_no").fetchall()] == texts
    assert undo_mojibake(con, []) == []


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.characters(min_codepoint=0xA1, max_codepoint=0x17F), min_size=1, max_size=12))
def test_what_was_read_in_the_wrong_code_page_is_found_again(text: str) -> None:
    assert decoded_again(text.encode().decode("latin-1")) in (text, None if not text.isprintable() else text)
