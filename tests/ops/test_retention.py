"""What nights write and read is let go of after a while: reports but for the last of each month, messages, logs, files of the inbox; never what the lake holds."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import receivables
from homes import MONDAY, command, figures
from quarantine_tables import EXPORTS, filled, home_with, right_answers, take_out
from receivables.settings import FILE_NAME
from receivables.state import State

if TYPE_CHECKING:
    from pathlib import Path


def test_reports_and_messages_are_kept_as_long_as_the_settings_say(home: Path) -> None:
    (home / FILE_NAME).write_text(
        "[retention]\nreport_dates = 2\nmessage_days = 10\n[contracts]\nenabled = false\n", encoding="utf-8"
    )
    for day in ("2023-12-29", "2023-12-31", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02", "notes"):
        (home / "out" / day).mkdir()
        (home / "out" / day / "receivables-en.html").touch()
    lake = sorted(path for path in (home / "lake").rglob("*") if not path.parts[-2].startswith("published"))
    (home / "out" / "mail").mkdir()
    for name, age_days in (("old.eml", 11), ("new.eml", 9), ("old.txt", 11)):
        path = home / "out" / "mail" / name
        path.touch()
        os.utime(path, (path.stat().st_mtime - 86_400 * age_days,) * 2)
    receivables.nightly(home)
    kept = {path.name for path in (home / "out").iterdir() if path.is_dir()}
    assert kept == {"2023-12-31", "2024-02-29", "2024-03-02", str(MONDAY), "notes", "mail", "customers"}
    assert {path.name for path in (home / "out" / "mail").iterdir()} == {"new.eml", "old.txt"}
    assert [path for path in lake if not path.exists()] == []


def test_a_report_that_readers_are_led_to_stays_whatever_its_date(home: Path) -> None:
    (home / FILE_NAME).write_text("[retention]\nreport_dates = 1\n[contracts]\nenabled = false\n", encoding="utf-8")
    for day in ("2024-03-20", "2024-03-31"):
        (home / "out" / day).mkdir()
    receivables.nightly(home)
    assert (home / "out" / str(MONDAY) / "receivables-en.html").exists()
    assert list((home / "out" / "customers" / "en").iterdir())
    assert not (home / "out" / "2024-03-20").exists()


def asked_for(home: Path, days: int) -> None:
    (home / FILE_NAME).write_text(f"[retention]\ninbox_days = {days}\n[contracts]\nenabled = false\n", encoding="utf-8")


def aged(home: Path, days: int) -> None:
    """Let all that lies in the inbox have been put there, and been read, so many days ago."""
    state, ago = State(home / "state.sqlite"), timedelta(days=days)
    state.add(replace(batch, loaded_at=batch.loaded_at - ago) for batch in state.batches())
    for path in (home / "inbox").iterdir():
        os.utime(path, (path.stat().st_mtime - ago.total_seconds(),) * 2)


def test_files_that_were_read_whole_leave_the_inbox_after_as_many_days_as_the_settings_say(home: Path) -> None:
    asked_for(home, 30)
    broken = home / "inbox" / "payment__ES01__delta__2024-03-04.csv"
    broken.write_text(
        "payment_id,customer_id,kind,pay_date,currency,amount_doc,amount_local\nP9,C1,receipt,2024-03-04,EUR,1.00,x\n",
        encoding="utf-8",
    )
    refused = home / "inbox" / "broken.csv"
    refused.write_text("no table\n", encoding="utf-8")
    assert command("nightly", "--home", home).exit_code == 5
    before = figures(home)
    aged(home, 29)
    assert command("nightly", "--home", home).exit_code == 5
    assert len(list((home / "inbox").iterdir())) == 8
    aged(home, 2)
    young = home / "inbox" / "document__ES01__full__2024-03-04.csv"
    os.utime(young)
    assert command("nightly", "--home", home).exit_code == 5
    assert {path.name for path in (home / "inbox").iterdir()} == {broken.name, refused.name, young.name}
    assert figures(home) == before
    assert command("verify", "--rebuild", "--home", home).exit_code == 0


def test_files_stay_in_the_inbox_unless_the_settings_ask_and_in_another_folder_whatever_they_say(
    home: Path, tmp_path: Path
) -> None:
    aged(home, 5000)
    files = sorted((home / "inbox").iterdir())
    receivables.nightly(home)
    assert sorted((home / "inbox").iterdir()) == files
    asked_for(home, 1)
    share = (home / "inbox").rename(tmp_path / "share")
    receivables.nightly(home, inbox=share)
    assert len(list(share.iterdir())) == len(files)


def test_the_bytes_of_a_file_stay_until_as_many_days_after_its_last_line_left_the_quarantine(tmp_path: Path) -> None:
    export = next(make for make in EXPORTS.values())(tmp_path / "export", 40)
    home = home_with(tmp_path / "home", export, export.damaged(2))
    with (home / FILE_NAME).open("a", encoding="utf-8") as stream:
        stream.write("\n[retention]\nsource_days = 30\n")
    kept = {path.name for path in (home / "lake" / "source").iterdir()}
    table = take_out(home, "out.csv")
    back = filled(table, right_answers(export), tmp_path / "back.csv")
    aged(home, 60)
    receivables.nightly(home, deliver=False)
    assert {path.name for path in (home / "lake" / "source").iterdir()} == kept
    assert command("findings", "repair", back, "--home", home, "--by", "Ana Gil").exit_code == 0
    receivables.nightly(home, deliver=False)
    assert kept <= {path.name for path in (home / "lake" / "source").iterdir()}
    before = figures(home)
    aged(home, 31)
    receivables.nightly(home, deliver=False)
    assert list((home / "lake" / "source").iterdir()) == []
    assert figures(home) == before
    assert command("verify", "--home", home).exit_code == 0
    assert command("findings", "repair", back, "--home", home, "--by", "Ana Gil").exit_code == 0


def test_files_that_are_no_news_take_one_line_of_the_log_and_one_night_s_rows_of_the_store(home: Path) -> None:
    files = len(list((home / "inbox").iterdir()))
    runs = [receivables.ingest([home / "inbox"], home).run_id for _ in range(3)]
    for run_id in runs:
        lines = [json.loads(line) for line in (home / "logs" / f"{run_id}.jsonl").read_text("utf-8").splitlines()]
        assert [(line["event"], line.get("files")) for line in lines if line["event"] in ("file", "known")] == [
            ("known", files)
        ]
    state = State(home / "state.sqlite")
    assert [len(state.inbox_files(run_id)) for run_id in runs] == [0, 0, files]
