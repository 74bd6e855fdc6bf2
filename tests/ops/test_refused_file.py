"""A night in which one file is refused: the others are published, its company keeps yesterday's figures, and it is said aloud."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

import receivables
from factories import document
from homes import MONDAY, TUESDAY, ask, business, changed, command, quick_night, tell
from receivables.errors import FileRefused

REFUSED: Final = f"document__MX01__full__{TUESDAY}.csv"


@pytest.fixture(scope="module")
def two_companies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the documents of two companies were published on Monday; not to be changed."""
    home = tmp_path_factory.mktemp("two") / "home"
    receivables.init(home)
    for company_id in ("ES01", "MX01"):
        tables = business(company_id)
        tell(home, {name: tables[name] for name in ("company", "document", "fx_rate")}, MONDAY, company_id)
    quick_night(home)
    return home


@pytest.fixture
def home(two_companies: Path, tmp_path: Path) -> Path:
    """The two companies on Tuesday, when the documents of one cannot be read."""
    home = tmp_path / "home"
    shutil.copytree(two_companies, home, symlinks=True)
    documents = changed(business(), "document", "D1", due_date=TUESDAY)["document"]
    tell(home, {"document": documents}, TUESDAY)
    (home / "inbox" / REFUSED).write_text("doc_id,doc_no\nD1,D1\n", encoding="utf-8")
    return home


def owed(home: Path, company_id: str) -> list[tuple[Any, ...]]:
    return ask(
        home, f"select item_id, due_date, open_doc from marts.open_item where company_id = '{company_id}' order by all"
    )


def refused(home: Path) -> list[tuple[Any, ...]]:
    return ask(home, "select file_name, table_name, lines_read, lines_skipped from ops.batch where status = 'refused'")


def header_of(home: Path) -> str:
    """What the head of the report says, as text."""
    page = (home / "out" / "receivables-en.html").read_text(encoding="utf-8")
    head = re.search(r"<header>(.*?)</header>", page, flags=re.DOTALL)
    assert head is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", head[1])).split())


def test_a_refused_file_is_told_by_the_exit_code_the_tables_and_the_report(home: Path) -> None:
    monday = owed(home, "MX01")
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 5
    assert f"needs a person: {REFUSED} was refused: got {REFUSED} without column" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert owed(home, "MX01") == monday
    assert ask(home, "select due_date from marts.open_item where item_id = 'ES01:D1'") == [(TUESDAY,)]
    assert refused(home) == [(REFUSED, "", 2, 2)]
    assert ask(home, f"select outcome from ops.inbox_file where file_name = '{REFUSED}'") == [("refused",)]
    assert ask(home, "select as_of, status from ops.run") == [(TUESDAY, "needs_person")]
    assert f"{REFUSED} was refused." in header_of(home)


def test_a_refused_file_is_registered_once_however_often_it_is_seen(home: Path) -> None:
    for _ in range(2):
        receivables.ingest([home / "inbox"], home)
    assert [batch.file_name for batch in receivables.status(home).batches if batch.status == "refused"] == [REFUSED]
    assert command("nightly", "--home", home).exit_code == 5
    assert refused(home) == [(REFUSED, "", 2, 2)]
    assert ask(home, "select count(*) from ops.issue where reason_code = 'COL_MISSING'") == [(1,)]


def test_the_mended_file_ends_it(home: Path) -> None:
    assert command("nightly", "--home", home).exit_code == 5
    tell(home, {"document": [document("D9", "12.00", company_id="MX01", doc_date=MONDAY)]}, TUESDAY, "MX01")
    ended = command("nightly", "--home", home)
    assert (ended.exit_code, refused(home)) == (0, [])
    assert ask(home, "select outcome from ops.inbox_file where outcome = 'refused'") == []
    assert ask(home, "select 1 from marts.open_item where item_id = 'MX01:D9'") == [(1,)]
    assert "refused." not in header_of(home).replace("No file was refused", "")


def test_a_refused_list_of_open_items_keeps_that_of_the_day_before(tmp_path: Path) -> None:
    home = tmp_path / "home"
    receivables.init(home)
    for company_id in ("ES01", "MX01"):
        item = document("D1", "100.00", company_id=company_id, doc_date=MONDAY, reported_open_doc="70.00")
        tell(home, {"company": business(company_id)["company"], "document": [item]}, MONDAY, company_id)
    quick_night(home)
    tell(home, {"document": [document("D1", "100.00", doc_date=MONDAY, reported_open_doc="50.00")]}, TUESDAY)
    (home / "inbox" / REFUSED).write_text("doc_id,doc_no\nD1,D1\n", encoding="utf-8")
    outcome = receivables.nightly(home)
    assert outcome.as_of == TUESDAY
    assert outcome.needs_person[1:] == (f"MX01 has only open items as of {MONDAY}; they are kept as of {TUESDAY}",)
    assert [row[2] for row in owed(home, "ES01")] == [50]
    assert [row[2] for row in owed(home, "MX01")] == [70]


def test_the_reason_shown_is_that_of_the_last_reading(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_night(home)

    def read_otherwise(*_: object) -> None:
        raise FileRefused(got="another fault", expected="none", try_="again", reason="FILE_TRUNCATED")

    monkeypatch.setattr("receivables.land.read_file", read_otherwise)
    receivables.nightly(home)
    rejections = "select reason_code from ops.issue where action = 'reject_file'"
    assert ask(home, rejections) == [("FILE_TRUNCATED",)]
    assert len(refused(home)) == 1
