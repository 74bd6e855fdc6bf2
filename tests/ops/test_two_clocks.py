"""What had happened, and what had been told: any past pair can be asked for again."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from pyarrow import parquet

import receivables
from factories import document, payment
from homes import CLOCKS, MONDAY, TUESDAY, ask, business, changed, command, figures, published, tell
from receivables.settings import FILE_NAME

BATCHES: Final = CLOCKS | {"batch_id", "line_no"}


def known_at(home: Path) -> datetime:
    """The moment the published night answers for."""
    ((moment,),) = ask(home, "select known_at from ops.run")
    assert isinstance(moment, datetime)
    return moment


@pytest.fixture
def restated(home: Path) -> Path:
    """Tuesday's file tells another due date and amount for one document and takes an allocation back."""
    tables = changed(
        business(), "document", "D1", due_date=date(2024, 3, 1), amount_doc="120.00", amount_local="120.00"
    )
    tables = changed(tables, "allocation", "A1", voided_date=TUESDAY)
    tell(home, {name: tables[name] for name in ("document", "allocation")}, TUESDAY)
    receivables.ingest([home / "inbox"], home)
    return home


def test_what_was_known_on_monday_is_published_again_as_it_was(restated: Path) -> None:
    before, moment = published(restated), known_at(restated)
    assert command("build", "--home", restated).exit_code == 0
    assert published(restated) != before
    assert command("build", "--home", restated, "--known-at", moment.isoformat()).exit_code == 0
    assert published(restated) == before
    assert known_at(restated) == moment


def test_monday_as_known_on_tuesday_holds_what_was_restated(restated: Path) -> None:
    receivables.build(restated, as_of=MONDAY)
    item = "select due_date, due_date_original, open_doc, days_overdue from marts.open_item where item_id = 'ES01:D1'"
    assert ask(restated, item) == [(date(2024, 3, 1), date(2024, 2, 9), 60, 3)]


def test_a_voided_allocation_counts_until_the_day_before(restated: Path) -> None:
    open_now = "select item_id, open_doc from marts.open_item where item_id in ('ES01:D1', 'ES01:P1') order by 1"
    receivables.build(restated, as_of=MONDAY)
    assert ask(restated, open_now) == [("ES01:D1", 60)]
    receivables.build(restated, as_of=TUESDAY)
    assert ask(restated, open_now) == [("ES01:D1", 120), ("ES01:P1", -60)]


def test_a_past_date_that_nothing_restated_comes_out_as_it_was_published(home: Path) -> None:
    before = figures(home, BATCHES)
    tables = business()
    tables["document"].append(document("D4", "75.00", doc_date=TUESDAY))
    tables["payment"].append(payment("P3", "10.00", pay_date=TUESDAY))
    tell(home, {name: tables[name] for name in ("document", "payment")}, TUESDAY)
    receivables.ingest([home / "inbox"], home)
    assert receivables.build(home).as_of == TUESDAY
    assert figures(home, BATCHES) != before
    receivables.build(home, as_of=MONDAY)
    assert figures(home, BATCHES) == before


def test_a_moment_before_tonight_does_not_know_what_tonight_brought(home: Path) -> None:
    moment = known_at(home)
    tell(home, {"document": [document("D4", "75.00", doc_date=TUESDAY)]}, TUESDAY, full=False)
    receivables.nightly(home, known_at=moment)
    assert ask(home, "select as_of from ops.run") == [(MONDAY,)]
    assert ask(home, "select count(*) from core.document where doc_id = 'ES01:D4'") == [(0,)]


def test_a_first_load_counts_as_recorded_when_it_was_posted_and_a_later_one_when_it_was_loaded(home: Path) -> None:
    tell(home, {"document": [document("D4", "75.00", doc_date=MONDAY)]}, TUESDAY, full=False)
    receivables.ingest([home / "inbox"], home)
    receivables.build(home)
    rows = ask(
        home,
        "select doc_id, recorded_source, recorded_at = doc_date, recorded_at = loaded_at from core.document"
        " join ops.batch using (batch_id) where doc_id in ('ES01:D1', 'ES01:D4') order by 1",
    )
    assert rows == [("ES01:D1", "assumed_posting", True, False), ("ES01:D4", "batch", False, True)]


def test_a_first_load_of_entries_counts_from_their_posting_or_from_the_load_where_none_is_told(home: Path) -> None:
    by: dict[str, Any] = {
        "company_id": "ES01",
        "source_system": "erp",
        "customer_id": "C1",
        "kind": "invoice",
        "amount_doc": "5.00",
    }
    dates: tuple[dict[str, Any], ...] = (
        {"posting_date": MONDAY, "doc_date": date(2024, 3, 1)},
        {"doc_date": date(2024, 3, 1)},
        {"doc_date": None},
    )
    entries = [
        by | {"entry_key": f"E{n}", "doc_key": f"E{n}", "doc_no": f"E{n}"} | told for n, told in enumerate(dates)
    ]
    use = {"company_id": "ES01", "source_system": "erp", "allocation_key": "U", "to_key": "E0", "alloc_date": MONDAY}
    tell(home, {"entry": entries, "entry_allocation": [use]}, TUESDAY)
    receivables.ingest([home / "inbox"], home)
    (batch,) = (batch for batch in receivables.status(home).batches if batch.table_name == "entry")
    told = [row for table in ("entry", "entry_allocation") for row in lake_rows(home, table)]
    assert [row["recorded_at"] for row in told] == [
        datetime(2024, 3, 4),
        datetime(2024, 3, 1),
        batch.loaded_at,
        datetime(2024, 3, 4),
    ]
    assert {row["recorded_source"] for row in told} == {"assumed_posting"}


def lake_rows(home: Path, table: str) -> list[dict[str, Any]]:
    """Every row the lake holds of a table, in the order of its lines."""
    (path,) = (home / "lake" / table).glob("*.parquet")
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


@pytest.mark.parametrize("month_end", [date(2024, 2, 29), date(2024, 1, 31), date(2023, 5, 31)], ids=str)
def test_a_month_end_told_later_is_the_night_of_that_day(restated: Path, month_end: date) -> None:
    receivables.build(restated, as_of=TUESDAY)
    columns = "company_id, customer_id, currency, bucket, items, open_doc, open_local"
    # values at the closing rate are told of the as-of date alone
    told = "select company_id, metric, value, unit from marts.kpi where metric not in (select metric from marts.kpi_closing) and period_end ="
    later = [
        ask(restated, f"select {columns} from marts.aging_month_end where period_end = '{month_end}' order by all"),
        ask(restated, f"{told} '{month_end}' order by all"),
    ]
    assert all(later)
    receivables.build(restated, as_of=month_end)
    assert later == [
        ask(restated, f"select {columns} from marts.aging order by all"),
        ask(restated, f"{told} as_of order by all"),
    ]


RESTATED: Final = (
    "select told.published_as_of, told.item_id, told.change, told.old_open_local, told.new_open_local, told.reason, batch.file_name"
    " from marts.restatement as told left join ops.batch as batch on told.batch_id = batch.batch_id order by told.item_id"
)


def test_what_a_later_file_changed_of_a_published_date_is_listed_with_the_file(restated: Path) -> None:
    receivables.build(restated, as_of=TUESDAY)
    assert ask(restated, RESTATED) == [
        (MONDAY, "ES01:D1", "amount", 40, 60, "told", "document__ES01__full__2024-03-05.csv")
    ]
    dates = "select published_as_of, old_open_local, new_open_local - old_open_local, items from marts.restatement_date"
    ((day, _, difference, items),) = ask(restated, dates)
    assert (day, difference, items) == (MONDAY, 20, 1)


def test_a_night_that_knew_no_later_file_restates_nothing_however_late_it_is_made(restated: Path) -> None:
    moment = known_at(restated)
    receivables.build(restated, as_of=TUESDAY)
    receivables.build(restated, as_of=TUESDAY, known_at=moment)
    assert ask(restated, RESTATED) == []
    receivables.build(restated, as_of=TUESDAY, known_at=known_at_of_last_load(restated))
    assert [row[:2] for row in ask(restated, RESTATED)] == [(MONDAY, "ES01:D1")]


def known_at_of_last_load(home: Path) -> datetime:
    return max(batch.loaded_at for batch in receivables.status(home).batches)


def test_what_other_settings_change_is_put_down_to_no_file(home: Path) -> None:
    path = home / FILE_NAME
    told = path.read_text("utf-8").replace("#bucket_edges_days = [30, ", "bucket_edges_days = [15, 30, ")
    path.write_text(told, encoding="utf-8")
    tell(home, {"document": [document("D4", "75.00", doc_date=TUESDAY)]}, TUESDAY, full=False)
    receivables.ingest([home / "inbox"], home)
    receivables.build(home)
    assert [(item, change, reason, file) for _, item, change, _, _, reason, file in ask(home, RESTATED)] == [
        ("ES01:D1", "bucket", "rules", None)
    ]
    assert ask(home, "select items, rules_items, is_rules_changed from marts.restatement_date") == [(1, 1, True)]
