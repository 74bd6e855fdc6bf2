"""What nights write is let go of after a while: reports but for the last of each month, messages, logs; never what the lake holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import receivables
from homes import MONDAY
from receivables.settings import FILE_NAME

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
