"""The log of a run: one JSON record a line with the run's id, private, kept as long as the settings say, and nothing in it that a file could plant."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from homes import command
from receivables.dates import utc_now
from receivables.plain_text import visible
from receivables.run import json_line
from receivables.settings import FILE_NAME
from receivables.state import State

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE: Final = 'a\nb", "level": "error"\r\x1b[2J\x85\u2028\u202e\U000e0041.csv'


def last_log(home: Path) -> list[dict[str, Any]]:
    run = receivables.status(home).last_run
    assert run is not None
    path = home / "logs" / f"{run.run_id}.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = path.read_text(encoding="utf-8")
    assert told.removesuffix("\n").replace("\n", "").isprintable()
    records = [json.loads(line) for line in told.split("\n")[:-1]]
    assert {record["run"] for record in records} == {run.run_id}
    assert all({"at", "level", "event"} <= record.keys() for record in records)
    return records


def test_a_run_writes_one_log_of_json_lines(home: Path) -> None:
    receivables.build(home)
    records = last_log(home)
    assert [record["event"] for record in records] == ["started", "made_whole", "build", "publish", "keep", "ended"]
    assert (records[0]["verb"], records[-1]["status"], records[-1]["level"]) == ("build", "published", "info")


def test_no_name_of_a_file_makes_a_line_or_a_field_of_its_own(home: Path) -> None:
    (home / "inbox" / HOSTILE).write_text("no table\n", encoding="utf-8")
    ended = command("nightly", "--home", home, "--no-deliver")
    assert ended.exit_code == 5
    assert "\x1b" not in ended.stderr
    (told,) = [record for record in last_log(home) if record["event"] == "file" and record["outcome"] == "refused"]
    assert (told["file"], told["level"]) == (visible(HOSTILE), "info")


def test_a_file_whose_name_is_no_text_is_refused_and_costs_the_night_nothing(home: Path) -> None:
    path = os.fsencode(home / "inbox") + b"/Espa\xf1a.csv"
    with open(path, "wb") as stream:  # noqa: PTH123  # no Path can be made of it
        stream.write(b"no table\n")
    for _ in range(2):
        ended = command("nightly", "--home", home, "--no-deliver")
        assert ended.exit_code == 5
        assert "a.csv, a name with bytes or control characters that are no text" in ended.stderr


def test_a_fault_is_logged_with_its_traceback_and_a_refusal_without(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise KeyError("x" * 10_000)

    monkeypatch.setattr("receivables.publish._build", failing)
    assert command("build", "--home", home).exit_code == 1
    told = last_log(home)[-1]
    assert (told["event"], told["level"], told["kind"]) == ("failed", "error", "KeyError")
    assert len(told["error"]) < 5000
    assert any("in failing" in line for line in told["traceback"])
    monkeypatch.undo()
    assert command("build", "--home", home, "--as-of", "1990-01-01", "--known-at", "1990-01-01").exit_code == 2
    assert "traceback" not in last_log(home)[-1]


def test_the_mail_password_stands_in_no_log_whatever_an_error_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVABLES_MAIL_PASSWORD", 'se"cret pässword')

    def failing(*_: Any, **__: Any) -> None:
        raise KeyError(os.environ["RECEIVABLES_MAIL_PASSWORD"])

    monkeypatch.setattr("receivables.publish._build", failing)
    command("build", "--home", home)
    assert "pässword" not in json.dumps(last_log(home), ensure_ascii=False)


def test_logs_are_kept_as_long_as_the_settings_say_and_other_files_are_left_alone(home: Path) -> None:
    (home / FILE_NAME).write_text("[retention]\nlog_days = 10\n[contracts]\nenabled = false\n", encoding="utf-8")
    logs = {days: f"{utc_now() - timedelta(days=days):%Y%m%dT%H%M%S%f}Z.jsonl" for days in (9, 11)}
    for name in (*logs.values(), "mine.jsonl", "20200101.jsonl"):
        (home / "logs" / name).write_text("{}\n", encoding="utf-8")
    receivables.build(home)
    left = {path.name for path in (home / "logs").iterdir()}
    assert {logs[9], "mine.jsonl", "20200101.jsonl"} < left
    assert logs[11] not in left


def test_a_run_that_was_cut_off_is_noted_by_the_next(home: Path) -> None:
    state = State(home / "state.sqlite")
    run = state.runs()[-1]
    state.add([replace(run, run_id="20260101T000000000000Z", status="running", verb="nightly")])
    ended = command("build", "--home", home)
    assert "note: the run 20260101T000000000000Z (nightly) was cut off and told nobody" in ended.stderr
    assert "note:" not in command("build", "--home", home).stderr


def test_a_line_can_be_read_back_whatever_it_holds() -> None:
    for text in (HOSTILE, "\ud800", "\x00\x7f\u2029", "夜", "😀", "\\u0041"):
        line = json_line({"text": text})
        assert line.isprintable()
        assert json.loads(line) == {"text": text}
