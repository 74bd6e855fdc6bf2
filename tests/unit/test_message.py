"""A message of hostile and foreign names: what comes out of a parser is what went in, and no name adds a header."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Final

import pytest

from mail_posts import parsed
from receivables.language import shortened
from receivables.letter import Letter
from receivables.message import archive, message, message_id
from receivables.settings import Mail, Recipient

NOW: Final = datetime(2026, 7, 1, 4, 30)
NAMES: Final = (
    "李文澜",
    "Begoña Iráizoz",
    "Ana\r\nBcc: eve@example.com",
    "\u202eevil\u202c \u200fשלום\u200e",
    'Ana "the boss" <eve@example.com>, Eve',
    "商" * 200,
    "x" * 300,
    "=?utf-8?b?QmNj?=",
    "",
)


def made(
    name: str = "", subject: str = "Receivables", text: str = "plain\n", attached: dict[str, bytes] | None = None
) -> bytes:
    letter = Letter(subject, "<!DOCTYPE html><p>rich 未到期</p>", text, {"a@b": b"\x89PNG", "c@d": b"\x89PNG2"})
    recipient = Recipient(address="ana+x@example.com", name=name)
    mail = Mail(sender="receivables@example.com", sender_name=name)
    return message(letter, mail, recipient, message_id="1@example.com", sent_at=NOW, attached=attached)


@pytest.mark.parametrize("name", NAMES)
def test_names_come_out_as_they_went_in_and_add_nothing(name: str) -> None:
    content = made(name, subject=f"Receivables of {shortened(name, 50)} as of 2026年6月30日")
    message = parsed(content)
    for header, address in (("To", "ana+x@example.com"), ("From", "receivables@example.com")):
        assert len(message[header].addresses) == 1
        shown, told = parseaddr(message_from_bytes(content)[header])
        # the newer parser leaves a blank between the parts of a long encoded name
        assert (str(make_header(decode_header(shown))), told) == (shortened(name, 60), address)
    assert message["Subject"] == " ".join(f"Receivables of {shortened(name, 50)} as of 2026年6月30日".split())
    assert message["Bcc"] is None
    assert message.keys() == [
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "MIME-Version", "Content-Type"),
    ]
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998


def test_the_parts_of_a_message_are_in_the_order_that_readers_know() -> None:
    kinds = [part.get_content_type() for part in parsed(made(attached={"a.zip": b"PK"})).walk()]
    assert kinds == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html"),
        *("image/png", "image/png", "application/zip"),
    ]
    assert parsed(made()).get_content_type() == "multipart/alternative"


def test_when_it_was_sent_and_that_nobody_did() -> None:
    message = parsed(made())
    assert message["Date"].datetime.isoformat() == "2026-07-01T04:30:00+00:00"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<1@example.com>"


def test_text_comes_out_as_it_went_in() -> None:
    text = ".\r\n..\n.dot\nFrom here\n未到期\n" + "y" * 3000 + "\n"
    [part, *_] = [part for part in parsed(made(text=text)).walk() if part.get_content_type() == "text/plain"]
    assert part.get_content().replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_an_id_is_the_same_for_the_same_and_no_other() -> None:
    first = message_id("Ana@example.com", date(2026, 6, 30), 1, "receivables@example.com")
    assert first == message_id("ana@example.com", date(2026, 6, 30), 1, "receivables@example.com")
    others = {
        message_id("li@example.com", date(2026, 6, 30), 1, "receivables@example.com"),
        message_id("ana@example.com", date(2026, 6, 29), 1, "receivables@example.com"),
        message_id("ana@example.com", date(2026, 6, 30), 2, "receivables@example.com"),
    }
    assert len(others - {first}) == 3
    assert first.endswith("@example.com")


def test_an_archive_holds_the_pages_and_is_the_same_for_the_same() -> None:
    pages = {"receivables-zh.html": "未到期" * 1000, "data-quality-zh.html": "<p>"}
    packed = archive(pages, date(2026, 6, 30))
    assert packed == archive(pages, date(2026, 6, 30))
    assert len(packed) < 1000
    with zipfile.ZipFile(io.BytesIO(packed)) as told:
        assert {name: told.read(name).decode() for name in told.namelist()} == pages
