"""What a file may be against those loaded before it: cut off, far shorter, older; and how a person says that it is right all the same."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

import receivables
from factories import document, payment
from homes import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    ask,
    business,
    changed,
    command,
    figures,
    half_done,
    published,
    quick_night,
    seal,
    tell,
    without,
)
from receivables.land import Reading

SUNDAY: Final = MONDAY - timedelta(days=1)
WEEK_BEFORE: Final = MONDAY - timedelta(days=7)
ITEM: Final = "select open_doc, due_date_original, due_date from marts.open_item where item_id = 'ES01:D1'"


def told(home: Path, table: str, day: date, *, count: int, full: bool = True) -> Path:
    """A file of that many documents or receipts of one euro."""
    rows = [document(f"X{n}", "1.00") if table == "document" else payment(f"X{n}", "1.00") for n in range(count)]
    return tell(home, {table: rows}, day, full=full)[0]


def outcome(path: Path, home: Path, **reading: Any) -> tuple[str, str]:
    """What became of a file, and the code it was refused with."""
    done = receivables.ingest([path], home, reading=Reading(**reading))
    return done.files[0].outcome, "".join(refusal.reason for refusal in done.refusals)


def settings(home: Path, text: str) -> None:
    (home / "receivables.toml").write_text(f"[ingest]\n{text}\n", encoding="utf-8")


# -- cut off -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "ends"), [(6, "loaded"), (7, "refused"), (8, "loaded")])
def test_a_file_as_long_as_a_spreadsheet_is_refused_until_a_person_says_it_is_whole(
    rows: int, ends: str, home: Path
) -> None:
    settings(home, "sheet_rows = [5000, 8]")
    path = told(home, "document", TUESDAY, count=rows)
    assert outcome(path, home) == (ends, "FILE_TRUNCATED" if ends == "refused" else "")
    assert outcome(path, home, allow_short=True)[0] == ("known" if ends == "loaded" else "loaded")


# -- far shorter than the last one -------------------------------------------------------------------------------------------------


def test_a_full_file_with_less_than_half_of_the_rows_is_refused_naming_both_counts_and_the_way_out(home: Path) -> None:
    told(home, "document", TUESDAY, count=20)
    quick_night(home)
    before = published(home)
    short = told(home, "document", WEDNESDAY, count=9)
    ended = command("ingest", short, "--home", home)
    assert ended.exit_code == 3
    assert (
        f"{short.name} with 9 rows of document of ES01, after 20 in document__ES01__full__{TUESDAY}.csv" in ended.stderr
    )
    assert "fall by at most 50 %" in ended.only_message()
    assert ended.only_message().endswith("or --allow-short where it really holds no more")
    receivables.build(home)
    assert published(home) == before
    assert command("nightly", "--home", home, "--allow-short").exit_code == 0
    assert ask(home, "select as_of from ops.run") == [(WEDNESDAY,)]


@pytest.mark.parametrize(
    ("before", "after", "setting", "ends"),
    [
        (20, 10, "", "loaded"),
        (20, 9, "", "refused"),
        (19, 1, "", "loaded"),
        (19, 1, "shrink_min_rows = 19", "refused"),
        (20, 9, "shrink_refuse_pct = 60", "loaded"),
    ],
)
def test_how_much_a_file_may_shrink_is_a_setting(before: int, after: int, setting: str, ends: str, home: Path) -> None:
    settings(home, setting)
    receivables.ingest([told(home, "document", TUESDAY, count=before)], home)
    assert outcome(told(home, "document", WEDNESDAY, count=after), home)[0] == ends


def test_a_delta_may_be_of_any_length(home: Path) -> None:
    receivables.ingest([told(home, "document", TUESDAY, count=40)], home)
    assert outcome(told(home, "document", WEDNESDAY, count=1, full=False), home) == ("loaded", "")


def test_a_list_of_open_items_is_no_shrunken_list_of_all(home: Path) -> None:
    receivables.ingest([told(home, "document", TUESDAY, count=40)], home)
    assert outcome(told(home, "document", WEDNESDAY, count=4), home, mode="open_items") == ("loaded", "")


def test_the_length_is_held_against_that_of_the_same_table(home: Path) -> None:
    receivables.ingest([told(home, "document", TUESDAY, count=40)], home)
    assert outcome(told(home, "payment", WEDNESDAY, count=2), home) == ("loaded", "")


def test_a_refused_file_leaves_nothing_in_the_lake(home: Path) -> None:
    receivables.ingest([told(home, "document", TUESDAY, count=40)], home)
    lake = {path for path in (home / "lake").rglob("*") if "issue" not in path.parts}
    assert outcome(told(home, "document", WEDNESDAY, count=4), home)[0] == "refused"
    assert {path for path in (home / "lake").rglob("*") if "issue" not in path.parts} == lake
    assert half_done(home) == []


# -- the same again ----------------------------------------------------------------------------------------------------------------


def test_a_file_loaded_before_is_told_to_be_known_and_as_what(home: Path) -> None:
    copy = home / "inbox" / "payment__ES01.csv"
    shutil.copyfile(home / "inbox" / f"payment__ES01__full__{MONDAY}.csv", copy)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 0
    seen = "select outcome, message from ops.inbox_file where file_name = 'payment__ES01.csv'"
    ((ends, message),) = ask(home, seen)
    assert ends == "known"
    assert message.startswith(f"its content was loaded as payment__ES01__full__{MONDAY}.csv, batch ")


# -- older than what is known ------------------------------------------------------------------------------------------------------


def test_an_older_full_extract_is_refused_naming_both_days_and_the_way_out(home: Path) -> None:
    before = seal(home / "warehouse")
    tables = changed(business(), "document", "D1", amount_doc="170.00", due_date=SUNDAY)
    (path,) = tell(home, {"document": tables["document"]}, SUNDAY)
    ended = command("ingest", path, "--home", home)
    assert ended.exit_code == 3
    assert f"{path.name}, extracted on {SUNDAY} of document of ES01, after an extract of {MONDAY} was loaded" in (
        ended.only_message()
    )
    assert "try --backfill" in ended.only_message()
    assert seal(home / "warehouse") == before
    assert command("nightly", "--home", home).exit_code == 5
    assert ask(home, "select reason_code from ops.issue where action = 'reject_file'") == [("FILE_DUPLICATE",)]


def test_a_backfilled_extract_adds_history_and_changes_nothing_of_the_present(home: Path) -> None:
    """It knows an earlier due date, another amount, and a document and a receipt that were gone by Monday."""
    present = {name: [dict(row) for row in rows] for name, rows in figures(home).items()}
    tables = changed(business(), "document", "D1", amount_doc="170.00", due_date=date(2024, 2, 1))
    tables["document"].append(document("D9", "75.00", doc_date=date(2024, 2, 26)))
    tables["payment"].append(payment("P9", "5.00", pay_date=date(2024, 2, 26)))
    tell(home, {name: tables[name] for name in ("document", "payment")}, WEEK_BEFORE)
    assert command("nightly", "--home", home, "--backfill").exit_code == 0
    assert ask(home, "select as_of from ops.run") == [(MONDAY,)]
    assert ask(home, ITEM) == [(40, date(2024, 2, 1), date(2024, 2, 9))]
    now = {name: [dict(row) for row in rows] for name, rows in figures(home).items()}
    for name, rows in present.items():
        assert [{k: v for k, v in row.items() if not k.endswith("_original")} for row in now[name]] == [
            {k: v for k, v in row.items() if not k.endswith("_original")} for row in rows
        ]
    receivables.build(home, as_of=WEEK_BEFORE)
    assert ask(
        home, "select item_id, open_doc from marts.open_item where item_id in ('ES01:D9', 'ES01:P9') order by 1"
    ) == [
        ("ES01:D9", 75),
        ("ES01:P9", -5),
    ]


def test_an_allocation_gone_before_it_was_told_is_void_from_the_day_it_was_gone(home: Path) -> None:
    before = figures(home)
    tables = business()
    told_then = [*tables["allocation"], tables["allocation"][0] | {"allocation_id": "A0", "amount_to_doc": "20.00"}]
    tell(home, {"allocation": told_then}, WEEK_BEFORE)
    quick_night_of(home, backfill=True)
    assert figures(home) == before
    assert ask(home, "select voided_date from core.allocation where allocation_id = 'ES01:A0'") == [(MONDAY,)]


def quick_night_of(home: Path, **reading: Any) -> None:
    receivables.ingest([home / "inbox"], home, reading=Reading(**reading))
    receivables.build(home)


def test_backfilled_rows_count_as_recorded_when_they_were_posted(home: Path) -> None:
    (path,) = tell(home, {"document": [document("D9", "75.00", doc_date=date(2024, 2, 26))]}, WEEK_BEFORE)
    receivables.ingest([path], home, reading=Reading(backfill=True))
    receivables.build(home)
    recorded = "select recorded_source, recorded_at = doc_date from core.document where doc_id = 'ES01:D9'"
    assert ask(home, recorded) == [("assumed_posting", True)]


@pytest.mark.parametrize(
    ("days", "setting", "ends"),
    [
        (3, "", "loaded"),
        (4, "", "refused"),
        (4, "delta_overlap_days = 4", "loaded"),
        (1, "delta_overlap_days = 0", "refused"),
    ],
)
def test_deltas_may_overlap(days: int, setting: str, ends: str, home: Path) -> None:
    settings(home, setting)
    receivables.ingest(tell(home, {"document": business()["document"]}, WEDNESDAY), home)
    late = told(home, "document", WEDNESDAY - timedelta(days=days), count=2, full=False)
    assert outcome(late, home)[0] == ends
    assert outcome(late, home, backfill=True)[0] == ("known" if ends == "loaded" else "loaded")


def test_files_told_together_may_stand_in_any_order(home: Path) -> None:
    tables = changed(business(), "document", "D1", due_date=date(2024, 4, 1))
    for day, name, wanted in ((WEDNESDAY, "a", tables), (TUESDAY, "b", business())):
        (path,) = tell(home, {"document": wanted["document"]}, day)
        (path.parent / name).mkdir()
        path.rename(path.parent / name / path.name)
    quick_night(home)
    assert {batch.extract_as_of for batch in receivables.status(home).batches} == {MONDAY, TUESDAY, WEDNESDAY}
    assert ask(home, "select due_date from core.document where doc_id = 'ES01:D1'") == [(date(2024, 4, 1),)]


def test_an_older_extract_of_another_table_or_company_is_not_late(home: Path) -> None:
    receivables.ingest(tell(home, {"document": business()["document"]}, WEDNESDAY), home)
    for path in (
        *tell(home, {"payment": business()["payment"][:1]}, TUESDAY),
        *tell(home, {"document": business("MX01")["document"]}, MONDAY, "MX01"),
    ):
        assert outcome(path, home) == ("loaded", "")


def test_content_read_again_by_a_newer_profile_takes_its_place_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from receivables.intake.profile import available

    receivables.ingest(tell(home, {"document": business()["document"]}, TUESDAY), home)
    newer = [profile.model_copy(update={"version": "99"}) for profile in available(None)]
    monkeypatch.setattr("receivables.land.available", lambda _: tuple(newer))
    done = receivables.ingest([home / "inbox"], home)
    assert ({file.outcome for file in done.files}, done.refusals) == ({"loaded"}, ())


def test_the_night_loads_a_late_extract_only_when_asked(home: Path) -> None:
    tell(home, {"document": without(business(), "document", "D2")["document"]}, WEEK_BEFORE)
    assert command("nightly", "--home", home).exit_code == 5
    assert receivables.nightly(home, backfill=True, deliver=False).needs_person == ()


def test_a_report_of_an_earlier_day_is_never_late_and_sets_no_date(home: Path) -> None:
    stated = {"company_id": "ES01", "source": "GL", "basis": "gl", "currency": "EUR", "balance_doc": "1.00"}
    paths = [tell(home, {"balance_assertion": [stated | {"as_of": day}]}, day)[0] for day in (WEDNESDAY, TUESDAY)]
    for path in paths:
        assert outcome(path, home, mode="report") == ("loaded", "")
    receivables.build(home)
    assert ask(home, "select as_of from ops.run") == [(MONDAY,)]
