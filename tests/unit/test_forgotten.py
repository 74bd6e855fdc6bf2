"""Where somebody who was forgotten is told of in a text, and in which files of others a personal text is looked for."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Final

import duckdb
import pytest

from receivables import forgetting
from receivables.dates import utc_now
from receivables.forgotten import Subjects, is_telling
from receivables.state import Forgotten

if TYPE_CHECKING:
    from pathlib import Path

FORGOTTEN: Final = Subjects.of([Forgotten("f", "customer", "ES01:C1", "asked", "Ana Gil", utc_now(), None)])
HERE: Final = FORGOTTEN.known_in(["payment"], ["ES01"], ["Zacarías (Quijano)", "Ana", "(forgotten ES01:C1)"])


def is_told(subjects: Subjects, text: str) -> bool:
    condition = subjects.told_in(["told"])
    found = duckdb.execute(f"select coalesce({condition or 'false'}, false) from (select ?::varchar as told)", [text])
    return bool(found.fetchall()[0][0])


@pytest.mark.parametrize(
    "text", ["C1", "a;C1;b", "ES01:C1", "from C1.", "\tC1\t", "paid by Zacarías (Quijano) himself"]
)
def test_a_text_with_the_id_as_a_word_or_a_text_of_theirs_tells_of_them(text: str) -> None:
    assert is_told(HERE, text)


@pytest.mark.parametrize("text", ["C12", "XC1", "C1-2", "7/C1", "C1.50", "c2", "Ana", "", "Zacarías"])
def test_a_part_of_another_id_of_an_amount_or_of_a_day_tells_of_nobody(text: str) -> None:
    assert not is_told(HERE, text)


@pytest.mark.parametrize(("tables", "companies"), [(["fx_rate"], ["ES01"]), (["payment"], ["MX01"]), ([], ["ES01"])])
def test_where_no_customer_of_the_company_is_told_only_the_whole_id_counts(
    tables: list[str], companies: list[str]
) -> None:
    there = FORGOTTEN.known_in(tables, companies)
    assert not is_told(there, "a;C1;b")
    assert is_told(there, "a;ES01:C1;b")


def test_a_text_of_a_row_that_names_nobody_is_left_out_where_it_tells_of_them() -> None:
    sql = HERE.left_out("entry_allocation", "text", "text", ["text"])
    rows = duckdb.execute(f"select {sql} from (values ('for C1'), ('for C2'), (null)) as told (text)").fetchall()
    assert rows == [(None,), ("for C2",), (None,)]


@pytest.mark.parametrize(
    ("table", "column", "is_so"),
    [
        ("customer", "name", True),
        ("customer", "address", True),
        ("customer", "city", False),
        ("customer", "postcode", False),
        ("customer", "lat", False),
        ("payment", "payer_account_hash", True),
        ("contact", "available_days", False),
    ],
)
def test_many_share_a_town_and_few_a_street(table: str, column: str, *, is_so: bool) -> None:
    assert is_telling(table, column) is is_so


NAME: Final = 'O\'Neill & "Søn" <张伟>'


@pytest.mark.parametrize(
    "written",
    [
        NAME,
        "O&#39;Neill &amp; &#34;Søn&#34; &lt;张伟&gt;",
        'O\'Neill &amp; "Søn" &lt;张伟&gt;',
        json.dumps(NAME),
        json.dumps(NAME, ensure_ascii=False),
    ],
)
def test_a_name_is_found_however_a_file_writes_it(tmp_path: Path, written: str) -> None:
    path, needles = tmp_path / "told", forgetting._needles([NAME, "张伟"])
    path.write_text(f"x {written} y", encoding="utf-8")
    assert forgetting._holds(path, needles)
    with zipfile.ZipFile(tmp_path / "packed", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(path, "told")
    assert forgetting._holds(tmp_path / "packed", needles)


def test_what_an_encoding_cannot_write_is_not_found_everywhere(tmp_path: Path) -> None:
    (tmp_path / "told").write_text("a Trading company", encoding="utf-8")
    assert not forgetting._holds(tmp_path / "told", forgetting._needles(["张伟 Trading"]))
