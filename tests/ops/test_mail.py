"""Mailing a published night: what each recipient may see and nothing else, once, also after a crash; as files and through a server."""

from __future__ import annotations

import io
import re
import shutil
import signal
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import openpyxl  # type: ignore[import-untyped]  # no types shipped
import pytest

import receivables
from homes import KILLING, command, script, set_contracts
from mail_business import AS_OF, COMPANIES, CUSTOMERS, tell, total
from mail_posts import PASSWORD, Certificate, Post, logging_in, parsed, told_in
from receivables.engine import EngineError
from receivables.language import language_in
from receivables.night import report
from receivables.settings import FILE_NAME
from receivables.state import Delivery, State
from receivables.workbook import compose

if TYPE_CHECKING:
    from pathlib import Path

SENDER: Final = "\n[mail]\nsender = 'receivables@example.com'\nback_off_seconds = 0\ntimeout_seconds = 1\nattempts = 2\nattachment_mb = 0\n"
WITH_REPORT: Final = SENDER.replace("attachment_mb = 0\n", "")
ANA: Final = "\n[[recipient]]\naddress = 'ana@example.com'\nname = 'Ana Gil'\n"
BOTH: Final = "attach = ['report', 'workbook']\n"
CFO: Final = (
    f"\n[[recipient]]\naddress = 'cfo@example.com'\n{BOTH}role = 'credit'\nlanguage = 'es'\ncompanies = ['ES01']\n"
)
BEGO: Final = f"\n[[recipient]]\naddress = 'bego@example.com'\n{BOTH}role = 'sales'\nlanguage = 'es'\nsalespersons = ['Begoña Iráizoz']\n"
NORTH: Final = f"\n[[recipient]]\naddress = 'norte@example.com'\n{BOTH}role = 'sales'\nterritories = ['NORTE']\n"
LI: Final = (
    "\n[[recipient]]\naddress = 'li@example.com'\nname = '李文澜'\nrole = 'sales'\nlanguage = 'zh'\n"
    "companies = ['ES01']\nterritories = ['ES01:SUR']\nsalespersons = ['李文澜']\n"
)
ALL: Final = ANA + CFO + BEGO + NORTH + LI
IN_SIGHT: Final = {
    "ana": {row[1] for row in CUSTOMERS},
    "cfo": {"K11", "K12", "K13", "K14"},
    "bego": {"K11", "K12", "K14"},
    "norte": {"K11", "K12"},
    "li": {"K13"},
}
"""Whose receivables each recipient may see."""


@pytest.fixture(scope="module")
def mailed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which both companies were published; not to be changed."""
    home = tmp_path_factory.mktemp("mail") / "home"
    receivables.init(home)
    set_contracts(home, enabled=False)
    tell(home / "inbox")
    receivables.nightly(home)
    return home


@pytest.fixture
def home(mailed_home: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(mailed_home, copy, symlinks=True)
    return copy


def settings(home: Path, told: str) -> None:
    """Say in a home's settings whom to mail, and how."""
    path = home / FILE_NAME
    kept = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^\[mail\].*\n", "", kept, flags=re.MULTILINE) + told, encoding="utf-8")


def files(home: Path) -> dict[str, bytes]:
    """The messages in the folder, by the beginning of the address and the edition."""
    found = sorted((home / "out" / "mail").glob("*.eml"))
    return {
        re.sub(r"^(.{10})-(\w+)@example\.com-(\d+)\.eml$", r"\2-\3-\1", path.name)
        .removesuffix(f"-{AS_OF}")
        .removesuffix("-1"): path.read_bytes()
        for path in found
    }


def statuses(home: Path) -> dict[str, str]:
    """What became of each mailing that is kept, by the beginning of the address and the edition."""
    kept = State(home / "state.sqlite").deliveries()
    return {f"{one.address.partition('@')[0]}-{one.edition}".removesuffix("-1"): one.status for one in kept}


def written(amount: Decimal, language: str) -> set[str]:
    """How an amount may stand in a message: as its language writes it, and as scripts do."""
    words = language_in(language)
    return {words.amount(amount, "EUR"), f"{amount}", f"{float(amount)}"}


def outside(name: str) -> list[str]:
    """Words that only what is outside a recipient's sight is told by."""
    hidden = [row for row in CUSTOMERS if row[1] not in IN_SIGHT[name]]
    seen = [row for row in CUSTOMERS if row[1] in IN_SIGHT[name]]
    words = [word for row in hidden for word in (row[2], f"FACTURA-{row[1]}", f"FUTURA-{row[1]}", f":{row[1]}")]
    # of a salesperson or company somebody else's customers may be in sight too
    words += sorted({row[4] for row in hidden} - {row[4] for row in seen})
    words += [COMPANIES[key][0] for key in COMPANIES if key not in {row[0] for row in seen}]
    return words


def sums_outside(name: str) -> list[Decimal]:
    """Every sum over customers of whom one is outside: one by one, by company, by salesperson, by territory."""
    groups = [{row[1]} for row in CUSTOMERS]
    for column in (0, 3, 4):
        groups += [
            {row[1] for row in CUSTOMERS if row[column] == value} for value in {row[column] for row in CUSTOMERS}
        ]
    hidden = [group for group in groups if group - IN_SIGHT[name] and len(group) < len(CUSTOMERS)]
    amounts = [total(*group) for group in hidden]
    return [*amounts, *(Decimal(row[5]) for row in CUSTOMERS if row[1] not in IN_SIGHT[name])]


@pytest.fixture(scope="module")
def messages(mailed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What every recipient gets of the same night."""
    home = tmp_path_factory.mktemp("messages") / "home"
    shutil.copytree(mailed_home, home, symlinks=True)
    settings(home, WITH_REPORT + ALL)
    ended = command("mail", "--home", home)
    assert (ended.exit_code, ended.stdout.count("sent ")) == (0, 5), ended
    return files(home)


@pytest.mark.parametrize("name", IN_SIGHT)
def test_a_message_holds_what_its_reader_may_see_and_nothing_else(messages: dict[str, bytes], name: str) -> None:
    language = {"cfo": "es", "bego": "es", "li": "zh"}.get(name, "en")
    told = told_in(messages[name])
    for row in CUSTOMERS:
        if row[1] in IN_SIGHT[name]:
            assert row[2] in told
    if name != "ana":
        assert language_in(language).amount(total(*IN_SIGHT[name]), "EUR") in told
    assert [word for word in outside(name) if word in told] == []
    found = [amount for amount in sums_outside(name) for text in written(amount, language) if text in told]
    assert found == []


def test_the_search_finds_what_is_there(messages: dict[str, bytes]) -> None:
    told = told_in(messages["ana"])
    assert all(
        word in told
        for name in ("cfo", "bego", "norte", "li")
        for word in outside(name)
        if "-K" not in word and word[0] != ":"
    )
    assert {text for text in written(total("K11", "K12", "K13", "K14"), "en") if text in told}


def test_a_reader_of_a_part_is_told_so_and_gets_no_chapter_that_is_made_of_the_whole(
    messages: dict[str, bytes],
) -> None:
    told = told_in(messages["norte"])
    assert "customers in Cantábrico" in told
    assert not re.search(r'id="(?:proof|collection|prospect|tie-out|loaded|refused|practice|restatement)"', told)
    assert re.search(r'id="proof"', told_in(messages["cfo"]))
    assert "Norteño" not in told_in(messages["cfo"])


def test_a_message_has_its_parts(messages: dict[str, bytes]) -> None:
    message = parsed(messages["li"])
    assert message.get_content_type() == "multipart/mixed"
    alternative, attached = message.iter_parts()
    text, related = alternative.iter_parts()
    html, *pictures = related.iter_parts()
    assert (alternative.get_content_type(), related.get_content_type()) == (
        "multipart/alternative",
        "multipart/related",
    )
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    body = html.get_content()
    assert len(body.encode()) < 90_000
    assert "<script" not in body
    named = set(re.findall(r'src="cid:([^"]+)"', body))
    assert named == {picture["Content-ID"].strip("<>") for picture in pictures}
    assert all(picture.get_content().startswith(b"\x89PNG") for picture in pictures)
    assert attached.get_filename() == "receivables-2026-06-15-zh.zip"
    assert (message["To"].addresses[0].display_name, message["To"].addresses[0].addr_spec) == (
        "李文澜",
        "li@example.com",
    )
    words = language_in("zh")
    date = words.day(AS_OF, "long")
    assert message["Subject"] == words.text("Receivables of %(whom)s as of %(date)s", whom="李文澜", date=date)
    assert max(len(line) for line in messages["li"].splitlines()) <= 998
    assert messages["li"].isascii()


# Once ----------------------------------------------------------------------------------------------------------------


def test_a_night_mails_by_itself_and_its_repetition_does_not(home: Path) -> None:
    settings(home, SENDER + ANA)
    receivables.nightly(home)
    assert list(files(home)) == ["ana"]
    first = files(home)
    assert receivables.nightly(home).needs_person == ()
    ended = command("mail", "--home", home)
    assert "nothing to mail" in ended.stdout
    assert files(home) == first
    assert statuses(home) == {"ana": "sent"}


def test_a_restated_night_is_mailed_again_only_where_somebody_asks(home: Path) -> None:
    settings(home, SENDER + ANA + NORTH)
    receivables.mail(home)
    receivables.nightly(home, resend=True)
    assert list(files(home)) == ["ana", "ana-2", "norte", "norte-2"]
    assert parsed(files(home)["ana-2"])["Subject"] == "Sent again: Receivables as of 15 June 2026"
    assert parsed(files(home)["ana"])["Message-ID"] != parsed(files(home)["ana-2"])["Message-ID"]
    receivables.mail(home, to=["ANA@example.com"], resend=True)
    assert list(files(home)) == ["ana", "ana-2", "ana-3", "norte", "norte-2"]


def test_the_report_of_an_earlier_date_waits_to_be_asked_for(home: Path) -> None:
    settings(home, SENDER + ANA)
    receivables.mail(home)
    earlier = AS_OF - timedelta(days=30)
    receivables.nightly(home, as_of=earlier)
    assert len(files(home)) == 1
    receivables.mail(home, resend=True)
    assert len(files(home)) == 2


def test_no_delivery_and_a_report_written_again_mail_nothing(home: Path) -> None:
    settings(home, SENDER + ANA)
    receivables.nightly(home, deliver=False)
    report(home)
    assert files(home) == {}


# What cannot be used -------------------------------------------------------------------------------------------------


def test_a_recipient_who_sees_nobody_is_told_and_the_others_get_theirs(home: Path) -> None:
    settings(home, SENDER + ANA + NORTH.replace("['NORTE']", "['OESTE']"))
    ended = command("mail", "--home", home)
    assert ended.exit_code == 5
    assert list(files(home)) == ["ana"]
    assert (
        "needs a person: the report for norte@example.com was not made: got nothing in sight of OESTE" in ended.stderr
    )


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), EngineError("the disk\nis full")])
def test_an_attachment_that_cannot_be_written_costs_the_others_nothing_and_waits(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    settings(home, WITH_REPORT + ANA + BEGO)
    original = compose.write

    def full(path: Path, *arguments: Any, **options: Any) -> Any:
        if ".spill-" in str(path):
            raise error
        return original(path, *arguments, **options)

    monkeypatch.setattr("receivables.workbook.write", full)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 5, ended
    why = " ".join(str(error).split())
    assert f"needs a person: the report for bego@example.com was not made: {why}" in ended.stderr
    assert list(files(home)) == ["ana"]
    assert statuses(home) == {"ana": "sent", "bego": "queued"}
    (waiting,) = [one for one in State(home / "state.sqlite").deliveries() if one.status == "queued"]
    assert waiting.told == f"it was not made: {why}"
    monkeypatch.undo()
    assert command("mail", "--home", home).exit_code == 0
    assert statuses(home) == {"ana": "sent", "bego": "sent"}


def test_without_a_sender_nothing_is_mailed_and_the_night_is_published(home: Path) -> None:
    settings(home, ANA)
    outcome = receivables.nightly(home)
    assert outcome.warehouse is not None
    assert [reason for reason in outcome.needs_person if "got recipients and no mail.sender" in reason]
    assert (files(home), statuses(home)) == ({}, {})


def test_nobody_to_mail_to_is_told(home: Path, tmp_path: Path) -> None:
    assert "got no recipients; expected at least one [[recipient]]" in command("mail", "--home", home).only_message()
    settings(home, SENDER + ANA)
    ended = command("mail", "--home", home, "--to", "anna@example.com")
    assert (ended.exit_code, files(home)) == (2, {})
    assert ended.only_message().endswith("try ana@example.com")
    receivables.init(tmp_path / "new")
    assert (
        "expected a home in which a night was published" in command("mail", "--home", tmp_path / "new").only_message()
    )


def test_a_link_is_told_only_where_the_report_is_served_and_to_who_sees_all_of_it(home: Path) -> None:
    settings(home, SENDER + "report_base_url = 'https://reports.example.com/ar/'\n" + ANA + NORTH)
    receivables.mail(home)
    link = "https://reports.example.com/ar/receivables-en.html"
    assert link in told_in(files(home)["ana"])
    assert "reports.example.com" not in told_in(files(home)["norte"])


def test_a_report_that_is_too_large_is_not_attached(home: Path) -> None:
    settings(home, WITH_REPORT + "attachment_mb = 0.001\n" + ANA)
    receivables.mail(home)
    assert len(files(home)["ana"]) < 300_000
    assert "too large to be attached" in told_in(files(home)["ana"])


@pytest.mark.parametrize("name", ["cfo", "bego", "norte"])
def test_an_attached_workbook_holds_the_customers_in_sight_and_is_no_archive_to_unpack(
    messages: dict[str, bytes], name: str
) -> None:
    found = {part.get_filename(): part for part in parsed(messages[name]).iter_attachments()}
    language = "en" if name == "norte" else "es"
    assert list(found) == [f"receivables-{AS_OF}-{language}.zip", f"receivables-{language}.xlsx"]
    part = found[f"receivables-{language}.xlsx"]
    assert part.get_content_type() == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    book = openpyxl.load_workbook(io.BytesIO(part.get_content()))
    aging = book.worksheets[2]
    customers = {row[1].partition(":")[2] for row in aging.iter_rows(min_row=3, values_only=True)}
    assert customers == IN_SIGHT[name]
    assert len(book.worksheets) == (8 if name == "cfo" else 6)  # what is measured over a company goes to who sees it


def test_the_workbook_alone_may_be_attached_and_nothing_too(home: Path) -> None:
    settings(home, WITH_REPORT + ANA + "attach = ['workbook']\n" + BEGO.replace(BOTH, "attach = []\n"))
    receivables.mail(home)
    told = files(home)
    assert [part.get_filename() for part in parsed(told["ana"]).iter_attachments()] == ["receivables-en.xlsx"]
    assert "the workbook receivables-en.xlsx is attached" in told_in(told["ana"])
    assert not list(parsed(told["bego"]).iter_attachments())


def test_of_a_workbook_that_is_too_large_the_message_says_where_it_lies_or_what_writes_it(home: Path) -> None:
    only = "attach = ['workbook']\n"
    settings(home, WITH_REPORT + "attachment_mb = 0.001\n" + ANA + only + NORTH.replace(BOTH, only))
    receivables.mail(home)
    told = {name: told_in(content) for name, content in files(home).items()}
    assert "it stands beside the report as receivables-en.xlsx" in told["ana"]
    asked = "receivables export --out workbook.xlsx --language en --territory NORTE"
    assert asked in told["norte"]
    assert command(*asked.split()[1:3], home / "workbook.xlsx", *asked.split()[4:], "--home", home).exit_code == 0


def test_report_and_workbook_share_the_room_of_a_message(home: Path) -> None:
    settings(home, WITH_REPORT + "attachment_mb = 0.03\n" + ANA + BOTH)
    receivables.mail(home)
    names = [part.get_filename() for part in parsed(files(home)["ana"]).iter_attachments()]
    told = told_in(files(home)["ana"])
    assert names == ["receivables-en.xlsx"]
    assert "The report is too large to be attached" in told


# Through a server ----------------------------------------------------------------------------------------------------


@pytest.fixture
def by_server(home: Path, post: Post, certified: Certificate) -> Path:
    """A home whose recipients are mailed through the server; the password is in a private file."""
    settings(home, SENDER + logging_in(home, post, certified) + ALL)
    return home


def test_messages_arrive_through_a_server_as_they_were_made(by_server: Path, post: Post) -> None:
    assert command("mail", "--home", by_server).exit_code == 0
    assert post.addresses == [f"{name}@example.com" for name in IN_SIGHT]
    li = parsed(dict(post.taken)["li@example.com"])
    assert li["To"].addresses[0].display_name == "李文澜"
    assert "云栖山酒业" in told_in(dict(post.taken)["li@example.com"])
    assert set(statuses(by_server).values()) == {"sent"}
    command("mail", "--home", by_server)
    assert len(post.taken) == len(IN_SIGHT)


def test_the_password_stands_nowhere(by_server: Path, post: Post) -> None:
    post.on_recipient["ana@example.com"] = [f"550 {PASSWORD}?"]
    ended = command("mail", "--home", by_server)
    kept = [path for path in by_server.rglob("*") if path.is_file() and path.name != "secret"]
    assert PASSWORD not in ended.stdout + ended.stderr
    assert [path.name for path in kept if PASSWORD.encode() in path.read_bytes()] == []


def test_a_server_that_takes_only_some_is_told_by_recipient(by_server: Path, post: Post) -> None:
    post.on_recipient["ana@example.com"] = ["550 5.1.1 no such user"]
    post.on_content["cfo@example.com"] = ["554 5.6.0 too much"]
    post.on_recipient["bego@example.com"] = ["451 4.7.1 later"] * 2
    post.on_content["norte@example.com"] = ["take and drop"]
    ended = command("mail", "--home", by_server)
    assert ended.exit_code == 5
    assert statuses(by_server) == {
        "ana": "refused",
        "cfo": "refused",
        "bego": "queued",
        "norte": "unsure",
        "li": "sent",
    }
    reasons = re.findall(
        r"^needs a person: the report as of 2026-06-15 to (\w+)@example\.com (.+?):", ended.stderr, flags=re.MULTILINE
    )
    assert dict(reasons) == {
        "ana": "was refused by the mail server",
        "cfo": "was refused by the mail server",
        "bego": "was not sent",
        "norte": "may have arrived or not",
    }
    # what was not taken is tried again, what may have arrived is not
    again = command("mail", "--home", by_server)
    assert again.exit_code == 5
    assert "norte@example.com may have arrived or not" in again.stderr
    assert sorted(post.addresses) == sorted(f"{name}@example.com" for name in IN_SIGHT)
    assert statuses(by_server)["norte"] == "unsure"
    receivables.mail(by_server, to=["norte@example.com"], resend=True)
    assert post.addresses.count("norte@example.com") == 2
    assert receivables.mail(by_server)[0].needs_person == ()


def test_a_server_that_is_not_there_is_waited_for_once_and_the_night_is_published(
    home: Path, certified: Certificate
) -> None:
    settings(home, SENDER + f"server = '127.0.0.1'\nport = 9\nca_file = '{certified.certificate}'\n" + ALL)
    outcome = receivables.nightly(home)
    assert outcome.warehouse is not None
    assert len([reason for reason in outcome.needs_person if "was not sent" in reason]) == len(IN_SIGHT)
    assert set(statuses(home).values()) == {"queued"}
    assert [one.attempts for one in State(home / "state.sqlite").deliveries()].count(2) == 1
    assert receivables.status(home).last_run.status == "needs_person"  # type: ignore[union-attr]


def test_a_wrong_password_is_asked_about_once(by_server: Path, post: Post) -> None:
    (by_server / "secret").write_text("wrong", encoding="utf-8")
    ended = command("mail", "--home", by_server)
    assert ended.exit_code == 5
    assert "535 on logging in as reports" in ended.stderr
    assert (post.taken, set(statuses(by_server).values())) == ([], {"queued"})
    assert post.logins <= 3, "one conversation, in which each way of logging in is tried"


# What waits, and what is forgotten ------------------------------------------------------------------------------------


def next_day(home: Path) -> None:
    """Publish the same business of the day after."""
    tell(home / "inbox", AS_OF + timedelta(days=1))
    receivables.ingest([home / "inbox"], home)
    receivables.build(home)


def test_what_waits_is_sent_by_a_later_run_and_once(by_server: Path, post: Post) -> None:
    settings_of = (by_server / FILE_NAME).read_text(encoding="utf-8")
    (by_server / FILE_NAME).write_text(settings_of.replace(f"port = {post.port}", "port = 9"), encoding="utf-8")
    assert command("mail", "--home", by_server).exit_code == 5
    (by_server / FILE_NAME).write_text(settings_of, encoding="utf-8")
    ended = command("mail", "--home", by_server)
    assert (ended.exit_code, "note:" in ended.stderr) == (0, False)
    assert sorted(post.addresses) == sorted(f"{name}@example.com" for name in IN_SIGHT)


def test_what_waits_gives_way_to_a_newer_report_which_is_told(by_server: Path, post: Post) -> None:
    post.on_recipient["ana@example.com"] = ["451 4.7.1 later"] * 2
    command("mail", "--home", by_server, "--to", "ana@example.com", "--to", "cfo@example.com")
    next_day(by_server)
    ended = command("mail", "--home", by_server)
    told = f"the report as of {AS_OF} was never sent to ana@example.com: the report as of {AS_OF + timedelta(days=1)} takes its place"
    assert (ended.exit_code, ended.stderr.count("note: ")) == (0, 1)
    assert f"note: {told}" in ended.stderr
    kept = [(one.as_of, one.status) for one in State(by_server / "state.sqlite").deliveries() if "ana@" in one.address]
    assert kept == [(AS_OF, "superseded"), (AS_OF + timedelta(days=1), "sent")]
    assert post.addresses.count("ana@example.com") == 1
    assert "note:" not in command("mail", "--home", by_server).stderr, "it is told once"


def test_what_waits_for_nobody_any_more_is_told(by_server: Path, post: Post) -> None:
    post.on_recipient["ana@example.com"] = ["451 4.7.1 later"] * 2
    command("mail", "--home", by_server)
    path = by_server / FILE_NAME
    path.write_text(path.read_text("utf-8").replace(ANA, ""), encoding="utf-8")
    ended = command("mail", "--home", by_server)
    assert f"note: the report as of {AS_OF} was never sent to ana@example.com: it is no recipient" in ended.stderr
    assert statuses(by_server)["ana"] == "superseded"


def lose_store(home: Path) -> None:
    """Lose the store, and let the night be made anew."""
    for name in ("state.sqlite", "state.sqlite-wal", "state.sqlite-shm"):
        (home / name).unlink(missing_ok=True)
    receivables.ingest([home / "inbox"], home)
    receivables.build(home)


def test_a_lost_store_mails_nothing_twice_and_what_waited_still_waits(by_server: Path, post: Post) -> None:
    post.on_recipient["ana@example.com"] = ["451 4.7.1 later"] * 2
    post.on_content["cfo@example.com"] = ["take and drop"]
    command("mail", "--home", by_server)
    before = list(post.addresses)
    lose_store(by_server)
    ended = command("mail", "--home", by_server)
    assert post.addresses == [*before, "ana@example.com"]
    assert ended.exit_code == 5
    assert "cfo@example.com may have arrived or not" in ended.stderr


def test_of_a_lost_store_without_copies_every_mailing_is_unsure_until_somebody_asks(home: Path) -> None:
    settings(home, SENDER + ANA)
    receivables.mail(home)
    shutil.rmtree(home / "lake" / "delivery")
    lose_store(home)
    first = files(home)
    (home / "out" / "mail").rename(home / "out" / "before")
    ended = command("mail", "--home", home)
    assert (ended.exit_code, files(home)) == (5, {})
    assert "may have arrived or not: the store of runs was lost" in ended.stderr
    assert command("nightly", "--home", home).exit_code == 5
    assert files(home) == {}
    receivables.mail(home, resend=True)
    assert len(files(home)) == len(first)


# A crash -------------------------------------------------------------------------------------------------------------

KILLED: Final = f"{KILLING}receivables.mail(home)"
POINTS: Final = {
    "taken by the server, not recorded": (
        "receivables.mail_server:MailServer._try",
        2,
        "after",
        ["ana", "cfo"],
        {"cfo": "unsure"},
    ),
    "before anything is recorded": ("receivables.mailing:_planned", 1, "before", [], {}),
    "queued, not yet begun": ("receivables.mailing:_send", 1, "before", [], dict.fromkeys(IN_SIGHT, "queued")),
    "about to be given to the server": (
        "receivables.mail_server:MailServer._try",
        1,
        "before",
        [],
        dict.fromkeys(IN_SIGHT, "queued"),
    ),
    "recorded, the next not begun": ("receivables.mailing:_ended", 2, "after", ["ana", "cfo"], {"cfo": "unsure"}),
}
"""Where the process is killed: a function, which call of it, before or after; whose message the server then has, and whose fate nobody knows."""


@pytest.mark.slice(3)
@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_doubled_after_a_crash(by_server: Path, post: Post, point: str) -> None:
    where, nth, when, taken, told = POINTS[point]
    with script(KILLED, by_server, where, str(nth), when) as killed:
        assert killed.wait(60) == -signal.SIGKILL, killed.communicate()[1]
    assert post.addresses == [f"{name}@example.com" for name in taken]
    unsure = {name for name, status in told.items() if status == "unsure"}
    ended = command("mail", "--home", by_server)
    assert ended.exit_code == (5 if unsure else 0)
    assert sorted(post.addresses) == sorted(f"{name}@example.com" for name in IN_SIGHT)
    assert {name for name, status in statuses(by_server).items() if status == "unsure"} == unsure
    for name in unsure:
        assert f"{name}@example.com may have arrived or not: the program was cut off" in ended.stderr
    nothing_more = command("mail", "--home", by_server)
    assert len(post.taken) == len(IN_SIGHT)
    assert nothing_more.exit_code == ended.exit_code, "until somebody decides, it is told again"


def test_a_mailing_is_kept_as_it_was(home: Path) -> None:
    settings(home, SENDER + LI)
    [made] = receivables.mail(home)[1]
    [kept] = State(home / "state.sqlite").deliveries()
    assert kept == made == replace(made, status="sent", edition=1, language="zh", role="sales", as_of=AS_OF)
    assert isinstance(kept, Delivery)
    assert kept.in_sight == '{"companies": ["ES01"], "territories": ["ES01:SUR"], "salespersons": ["李文澜"]}'
