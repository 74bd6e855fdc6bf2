"""A failed night is told to the operators, once, without a word about a customer; nothing about the mail ever hides the failure."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from homes import MONDAY, command
from mail_posts import PASSWORD, Certificate, Post, logging_in, parsed
from receivables.errors import NightFailed
from receivables.language import language_in
from receivables.settings import FILE_NAME

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

MAIL: Final = "[mail]\nsender = 'receivables@example.com'\nback_off_seconds = 0\nattempts = 2\ntimeout_seconds = 1\n"
IT: Final = "[[operator]]\naddress = 'it@example.com'\nname = 'Operations'\n"
CALM: Final = "[contracts]\nenabled = false\n"
NAME: Final = "Zurbarán Abastos"


@pytest.fixture
def watched(home: Path) -> Path:
    """A home with an operator, whose messages are written into a folder."""
    (home / FILE_NAME).write_text(CALM + MAIL + IT, encoding="utf-8")
    return home


def damage(home: Path) -> None:
    for path in (home / "lake" / "document").iterdir():
        path.write_bytes(b"lost")


def messages(home: Path) -> list[EmailMessage]:
    return [parsed(path.read_bytes()) for path in sorted((home / "out" / "mail").glob("*.eml"))]


def only_text(home: Path) -> str:
    (message,) = messages(home)
    text = message.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


def test_a_failed_night_tells_what_failed_what_is_still_yesterdays_and_what_to_do(watched: Path) -> None:
    damage(watched)
    assert command("nightly", "--home", watched).exit_code == 4
    (message,) = messages(watched)
    today = language_in("en").day(datetime.now(UTC).astimezone().date())
    assert message["Subject"] == f"Receivables: the night of {today} failed"
    assert (message["To"].addresses[0].addr_spec, message["To"].addresses[0].display_name) == (
        "it@example.com",
        "Operations",
    )
    text = only_text(watched)
    run = receivables.status(watched).last_run
    assert run is not None
    assert "The night failed while files were read." in text
    assert "A file of the lake is gone or damaged." in text
    assert f"by company:\n- ES01: {language_in('en').day(MONDAY)}\n" in text
    assert "What to do\nRun: receivables verify. It names what is damaged" in text
    assert f"logs/{run.run_id}.jsonl" in text
    assert (watched / "logs" / f"{run.run_id}.jsonl").read_text(encoding="utf-8").count('"event": "operators"') == 1


def test_a_night_that_succeeds_and_one_that_needs_a_person_tell_no_operator(watched: Path) -> None:
    (watched / "inbox" / "broken.csv").write_text("no table\n", encoding="utf-8")
    assert command("nightly", "--home", watched).exit_code == 5
    assert messages(watched) == []


@pytest.mark.parametrize("language", ["en", "es", "zh"])
def test_every_operator_is_told_in_the_own_language(home: Path, language: str) -> None:
    operators = IT + f"[[operator]]\naddress = 'li@example.com'\nname = '李文澜'\nlanguage = '{language}'\n"
    (home / FILE_NAME).write_text(CALM + MAIL + operators, encoding="utf-8")
    damage(home)
    receivables_failed(home)
    words = language_in(language)
    (message,) = [one for one in messages(home) if one["To"].addresses[0].addr_spec == "li@example.com"]
    assert message["To"].addresses[0].display_name == "李文澜"
    told = message.get_content()
    when = words.text("while files were read")
    assert words.text("The night failed %(when)s.", when=when) in told
    assert words.text("What to do") in told
    assert "%(" not in told


def receivables_failed(home: Path) -> None:
    with pytest.raises(NightFailed):
        receivables.nightly(home)


RAISED: Final = {
    "a night that cannot be built": (NightFailed(got=f"{NAME} owes 7103.13", expected="x", try_="y"), 4, "What the files tell cannot be built"),
    "a model": (NightFailed(got=f"model marts.aging: {NAME} 7103.13", expected="x", try_="y"), 4, "The model marts.aging could not be built."),
    "no room": (OSError(28, "No space left on device"), 4, "There is no room left on the disk."),
    "no right": (PermissionError(13, "Permission denied", f"/data/{NAME}"), 4, "The system refused something: Permission denied."),
    "the store": (sqlite3.OperationalError(f"{NAME} 7103.13"), 4, "The database refused something."),
    "a fault": (ValueError(f"{NAME} 7103.13"), 1, "The program has a fault (ValueError)."),
}  # fmt: skip


@pytest.mark.parametrize("what", RAISED)
def test_no_message_names_a_customer_or_an_amount_whatever_the_error_says(
    watched: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    error, exit_code, told = RAISED[what]

    def failing(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("receivables.night.build_and_publish", failing)
    assert command("nightly", "--home", watched).exit_code == exit_code
    text = only_text(watched)
    assert told in text
    assert NAME not in text
    assert "7103.13" not in text
    assert re.search("Nothing was published", text)


def test_settings_that_cannot_be_used_are_told_as_long_as_they_say_whom_to_tell(home: Path) -> None:
    (home / FILE_NAME).write_text(MAIL + IT + "[aging]\nbucket_edges = [30]\n", encoding="utf-8")
    assert command("nightly", "--home", home).exit_code == 2
    assert "The settings cannot be used as they are written." in only_text(home)
    (home / FILE_NAME).write_text(MAIL + IT + "[aging\n", encoding="utf-8")
    assert command("nightly", "--home", home).exit_code == 2
    assert len(messages(home)) == 1


def test_a_folder_that_is_not_connected_is_told(watched: Path) -> None:
    assert command("nightly", "--home", watched, "--inbox", watched / "share").exit_code == 2
    assert "a shared folder may not be connected" in only_text(watched)


def test_who_asks_for_a_date_or_delivers_nothing_sees_it_and_no_operator_is_told(watched: Path) -> None:
    damage(watched)
    assert command("nightly", "--home", watched, "--as-of", MONDAY.isoformat()).exit_code == 4
    assert command("nightly", "--home", watched, "--no-deliver").exit_code == 4
    assert command("build", "--home", watched).exit_code == 4
    assert messages(watched) == []


def test_a_night_that_fails_after_publishing_says_so(watched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise KeyError(NAME)

    monkeypatch.setattr("receivables.night._write_whole", failing)
    assert command("nightly", "--home", watched).exit_code == 1
    text = only_text(watched)
    assert "The night failed while the report was written." in text
    assert "The figures of this night were published before it failed" in text


# Through a server ----------------------------------------------------------------------------------------------------


@pytest.fixture
def by_server(home: Path, post: Post, certified: Certificate) -> Path:
    """A home whose operators are mailed through the server."""
    (home / FILE_NAME).write_text(CALM + MAIL + logging_in(home, post, certified) + IT, encoding="utf-8")
    damage(home)
    return home


def test_an_operator_is_mailed_once_through_the_server(by_server: Path, post: Post) -> None:
    ended = command("nightly", "--home", by_server)
    assert (ended.exit_code, post.addresses) == (4, ["it@example.com"])
    assert "operator: it@example.com sent" in ended.stderr


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "451 4.7.1 later", "drop", "take and drop"])
def test_a_server_that_fails_too_hides_nothing_and_gets_the_message_at_most_once(
    by_server: Path, post: Post, answer: str
) -> None:
    post.on_content["it@example.com"] = [answer] * 2
    ended = command("nightly", "--home", by_server)
    assert ended.exit_code == 4
    assert len(post.addresses) <= 1
    assert "operator: it@example.com " in ended.stderr
    assert PASSWORD not in ended.stderr


def test_a_server_that_is_not_there_or_a_password_that_is_not_hides_nothing(by_server: Path, post: Post) -> None:
    (by_server / "secret").chmod(0o644)
    assert command("nightly", "--home", by_server).exit_code == 4
    (by_server / "secret").chmod(0o600)
    path = by_server / FILE_NAME
    path.write_text(path.read_text("utf-8").replace(f"port = {post.port}", "port = 9"), encoding="utf-8")
    ended = command("nightly", "--home", by_server)
    assert (ended.exit_code, post.addresses) == (4, [])
    assert "operator: it@example.com queued" in ended.stderr
