"""A file that is locked, still copied or changed while it is read is tried again; what a retry cannot mend is refused at once."""

from __future__ import annotations

import errno
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from factories import document
from homes import TUESDAY, ask, command, tell
from receivables import land
from receivables.intake import container
from receivables.intake.read import read_file
from receivables.settings import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENT: Final = (
    "[unattended]\nquiet_seconds = 0.5\nfile_back_off_seconds = 1\nfile_attempts = 3\n[contracts]\nenabled = false\n"
)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, for which nothing is."""
    told: list[float] = []
    monkeypatch.setattr("receivables.intake.steady.time.sleep", told.append)
    return told


@pytest.fixture
def file(home: Path) -> Path:
    """A new file in the inbox."""
    (home / FILE_NAME).write_text(PATIENT, encoding="utf-8")
    (path,) = tell(home, {"document": [document("D9", "5.00", doc_date=TUESDAY)]}, TUESDAY, full=False)
    return path


def outcomes(home: Path, path: Path) -> tuple[str, str]:
    """What became of the file, and what was said about it, when a person named it."""
    (told,) = receivables.ingest([path], home).files
    return told.outcome, told.message


def failing(times: int, error: Exception) -> Callable[[Path], str]:
    """Hashing that fails so many times."""
    original, calls = container._sha256, []

    def hashed(path: Path) -> str:
        calls.append(path)
        if len(calls) <= times:
            raise error
        return original(path)

    return hashed


def test_a_locked_file_is_read_when_it_is_free(
    home: Path, file: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "_sha256", failing(2, OSError(errno.EBUSY, "Device or resource busy")))
    assert outcomes(home, file) == ("loaded", "")
    assert waits == [1, 2]


def test_a_file_that_stays_locked_is_refused_and_read_another_time(
    home: Path, file: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "_sha256", failing(3, OSError(errno.EBUSY, "Device or resource busy")))
    outcome, message = outcomes(home, file)
    assert outcome == "refused"
    assert "which is in use: Device or resource busy; expected a file that stands still" in message
    assert waits == [1, 2]
    assert outcomes(home, file) == ("loaded", "")


def test_what_a_retry_cannot_mend_is_tried_once(
    home: Path, file: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "_sha256", failing(1, PermissionError(errno.EACCES, "Permission denied")))
    assert outcomes(home, file)[1].startswith(f"got {file.name}: Permission denied")
    assert waits == []
    file.write_text("no table\n", encoding="utf-8")
    assert outcomes(home, file)[0] == "refused"
    assert waits == []


def test_a_file_that_changes_while_it_is_read_is_read_again_as_it_is_then(
    home: Path, file: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    read = read_file

    def reading(*arguments: Any) -> Any:
        landed = read(*arguments)
        if not calls:
            file.write_text(file.read_text(encoding="utf-8").replace("5.00", "7.00"), encoding="utf-8")
        calls.append(landed)
        return landed

    monkeypatch.setattr("receivables.land.read_file", reading)
    assert outcomes(home, file) == ("loaded", "")
    assert (len(calls), waits) == (2, [1])
    receivables.build(home)
    with receivables.open_warehouse(home) as warehouse:
        rows = warehouse.con.execute("select amount_doc from core.document where doc_id = 'ES01:D9'").fetchall()
        assert rows == [(Decimal(7),)]
        assert warehouse.con.execute("select count(*) from ops.batch where file_name = ?", [file.name]).fetchall() == [
            (1,)
        ]


def test_a_file_that_is_gone_while_it_is_read_costs_the_night_nothing_else(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(file))

    monkeypatch.setattr("receivables.land.read_file", gone)
    monkeypatch.setattr("receivables.intake.steady.time.sleep", lambda _: file.unlink(missing_ok=True))
    ended = command("ingest", file, "--home", home)
    assert ended.exit_code == 3
    assert "No such file or directory" in ended.only_message()


def written_whole_in_the_first_wait(file: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Cut a file, which is whole again once it was waited for; returns the seconds of every wait, as they come."""
    whole, waits = file.read_text(encoding="utf-8"), list[float]()

    def written_meanwhile(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            file.write_text(whole, encoding="utf-8")

    monkeypatch.setattr("receivables.intake.steady.time.sleep", written_meanwhile)
    file.write_text(whole[:-20], encoding="utf-8")
    return waits


def test_a_night_leaves_a_file_that_grows_until_it_stands_still(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = written_whole_in_the_first_wait(file, monkeypatch)
    outcome = receivables.nightly(home, deliver=False)
    assert [(told.outcome, told.message) for told in outcome.files if told.file_name == file.name] == [("loaded", "")]
    assert waits == [0.5, 0.5], "watched once for all files, and once more itself"


def test_a_file_that_begins_to_change_when_others_were_watched_is_not_read_half(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = file.read_text(encoding="utf-8")
    waits: list[float] = []
    land_one = land._land_one

    def copied(*arguments: Any, **options: Any) -> Any:
        if file in arguments and not waits:
            file.write_text(whole[:-20], encoding="utf-8")
        return land_one(*arguments, **options)

    def copied_to_its_end(seconds: float) -> None:
        if file.read_text(encoding="utf-8") != whole:
            waits.append(seconds)
            file.write_text(whole, encoding="utf-8")

    monkeypatch.setattr(land, "_land_one", copied)
    monkeypatch.setattr("receivables.intake.steady.time.sleep", copied_to_its_end)
    outcome = receivables.nightly(home, deliver=False)
    assert [(told.outcome, told.message) for told in outcome.files if told.file_name == file.name] == [("loaded", "")]
    assert waits == [0.5]
    assert ask(home, "select amount_doc from core.document where doc_id = 'ES01:D9'") == [(5,)]
    assert not [line for line in outcome.needs_person if file.name in line]


def test_a_file_that_stands_still_again_is_read_though_only_one_attempt_is_allowed(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / FILE_NAME).write_text(PATIENT.replace("file_attempts = 3", "file_attempts = 1"), encoding="utf-8")
    written_whole_in_the_first_wait(file, monkeypatch)
    outcome = receivables.nightly(home, deliver=False)
    assert [(told.outcome, told.message) for told in outcome.files if told.file_name == file.name] == [("loaded", "")]


def test_a_file_that_goes_on_growing_waits_for_the_next_night(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grow(_: float) -> None:
        with file.open("a", encoding="utf-8") as stream:
            stream.write("\n")

    monkeypatch.setattr("receivables.intake.steady.time.sleep", grow)
    ended = command("nightly", "--home", home, "--no-deliver")
    assert ended.exit_code == 5
    assert f"needs a person: {file.name} was refused: got {file.name}, which is still being written" in ended.stderr
