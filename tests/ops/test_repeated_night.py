"""The same content again is no news: no batch, no change, whatever the file is called."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import receivables
from homes import MONDAY, ROOT, TUESDAY, ask, business, command, published, quick_night, tell
from receivables.land import Reading


def batch_count(home: Path) -> int:
    return len(receivables.status(home).batches)


def test_the_same_night_twice_gives_equal_tables_and_no_batch(home: Path) -> None:
    before, batches = published(home), batch_count(home)
    run = ask(home, "select run_id from ops.run")
    assert command("nightly", "--home", home).exit_code == 0
    assert published(home) == before
    assert batch_count(home) == batches
    assert ask(home, "select run_id from ops.run") != run
    assert ask(home, "select distinct outcome from ops.inbox_file") == [("known",)]


def test_the_same_content_under_another_name_is_known(home: Path) -> None:
    before, batches = published(home), batch_count(home)
    told = home / "inbox" / f"document__ES01__full__{MONDAY}.csv"
    told.rename(told.with_name("document__ES01.csv"))
    quick_night(home)
    assert published(home) == before
    assert batch_count(home) == batches


def test_an_erp_list_under_another_name_is_known(empty_home: Path) -> None:
    told = empty_home / "inbox" / "list.txt"
    shutil.copyfile(ROOT / "data" / "sample" / "sap_fbl5n" / "fbl5n_DE01_2026-10-31.txt", told)
    first = receivables.ingest([told], empty_home)
    told.rename(told.with_name("the same list again.txt"))
    again = receivables.ingest([empty_home / "inbox"], empty_home)
    assert [file.outcome for file in (*first.files, *again.files)] == ["loaded", "known"]


def test_the_same_content_on_a_later_day_is_news_of_that_day(home: Path) -> None:
    """Nothing happened since Monday is something else than nothing was told since Monday."""
    before = batch_count(home)
    told = home / "inbox" / f"document__ES01__full__{MONDAY}.csv"
    shutil.copyfile(told, told.with_name(f"document__ES01__full__{TUESDAY}.csv"))
    outcome = receivables.ingest([home / "inbox"], home)
    assert batch_count(home) == before + 1
    assert sorted(file.outcome for file in outcome.files) == ["known"] * 6 + ["loaded"]
    assert receivables.build(home).as_of == TUESDAY


def test_companies_may_tell_the_same_content(empty_home: Path) -> None:
    content = "terms_id,baseline,net_days\nN30,document,30\n"
    for company_id in ("ES01", "MX01"):
        path = empty_home / "inbox" / f"payment_terms__{company_id}__full__{MONDAY}.csv"
        path.write_text(content, encoding="utf-8")
    receivables.ingest([empty_home / "inbox"], empty_home)
    assert {batch.company_id for batch in receivables.status(empty_home).batches} == {"ES01", "MX01"}


def test_a_table_told_back_to_what_it_was_is_restored(home: Path) -> None:
    """Monday's content comes again on a third day, after a second day told otherwise."""
    told = home / "inbox" / f"document__ES01__full__{MONDAY}.csv"
    content = told.read_text(encoding="utf-8")
    told.with_name(f"document__ES01__full__{TUESDAY}.csv").write_text(content.replace("2024-02-09", "2024-04-09"))
    told.with_name("document__ES01__full__2024-03-06.csv").write_text(content)
    quick_night(home)
    assert ask(home, "select due_date::varchar from core.document where doc_id = 'ES01:D1'") == [("2024-02-09",)]


@pytest.mark.parametrize("extra", ["truth.json", "README.md", ".hidden.csv", "~$open.xlsx"])
def test_what_is_no_export_is_not_read(extra: str, home: Path) -> None:
    (home / "inbox" / extra).write_text("{}", encoding="utf-8")
    outcome = receivables.ingest([home / "inbox"], home)
    assert extra not in {file.file_name for file in outcome.files}
    assert not outcome.refusals


def test_a_file_read_as_something_else_is_read_again(home: Path) -> None:
    before = batch_count(home)
    (path,) = tell(home, {"document": business()["document"]}, MONDAY)
    outcome = receivables.ingest([path], home, reading=Reading(mode="delta"))
    assert [file.outcome for file in outcome.files] == ["loaded"]
    assert batch_count(home) == before + 1
