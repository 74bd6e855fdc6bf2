"""A letter as a mail message: plain text beside HTML with its pictures, the report attached; seven-bit, so that any server passes it on as it is."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING, Final

from receivables.language import plain, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from receivables.letter import Letter
    from receivables.settings import Mail, Recipient

_POLICY: Final = SMTP.clone(cte_type="7bit")
_NAME_COLUMNS: Final = 60
_XLSX: Final = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def message(
    letter: Letter,
    mail: Mail,
    recipient: Recipient,
    *,
    message_id: str,
    sent_at: datetime,
    attached: Mapping[str, bytes] | None = None,
) -> bytes:
    """Compose a message: mixed(alternative(text, related(html, pictures)), attachments); `sent_at` is UTC, `attached` files by name, ZIP or XLSX."""
    made = EmailMessage(policy=_POLICY)
    made.set_content(letter.text)
    made.add_alternative(letter.html, subtype="html")
    html = made.get_payload()[1]  # type: ignore[index]  # the alternative that was added last
    for cid, picture in letter.pictures.items():
        html.add_related(picture, "image", "png", cid=f"<{cid}>", disposition="inline")  # type: ignore[union-attr]
    for name, content in (attached or {}).items():
        subtype = _XLSX if name.endswith(".xlsx") else "zip"
        made.add_attachment(content, "application", subtype, filename=name)
    to = recipient.address, recipient.name
    return _headers(letter.subject, mail, to, message_id=message_id, sent_at=sent_at) + made.as_bytes()


def plain_message(
    subject: str, text: str, mail: Mail, *, to: tuple[str, str], message_id: str, sent_at: datetime
) -> bytes:
    """Compose a message of plain text; `to` is address and name, `sent_at` UTC."""
    made = EmailMessage(policy=_POLICY)
    made.set_content(text)
    return _headers(subject, mail, to, message_id=message_id, sent_at=sent_at) + made.as_bytes()


def _headers(subject: str, mail: Mail, to: tuple[str, str], *, message_id: str, sent_at: datetime) -> bytes:
    headers = {
        "From": _address(mail.sender, mail.sender_name),
        "To": _address(*to),
        "Subject": _encoded(plain(subject), "Subject"),
        "Date": format_datetime(sent_at.replace(tzinfo=UTC)),
        "Message-ID": f"<{message_id}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def _encoded(text: str, header: str) -> str:
    """Text of a header; EmailMessage itself breaks long Chinese names apart with blanks, and takes what looks encoded for encoded."""
    charset = "us-ascii" if text.isascii() and "=?" not in text else "utf-8"
    return Header(text, charset, header_name=header, maxlinelen=76).encode(linesep="\r\n")


def _address(address: str, name: str) -> str:
    shown = shortened(name, _NAME_COLUMNS)
    if shown.isascii() and "=?" not in shown:
        return formataddr((shown, address))
    return f"{_encoded(shown, 'From')} <{address}>"


def message_id(address: str, as_of: date, edition: int, sender: str) -> str:
    """The id of a message: the same report to the same person has the same one, so that a copy of it is known as such."""
    told = hashlib.sha256(f"{address.casefold()}\0{as_of}\0{edition}".encode()).hexdigest()[:32]
    return f"{told}@{sender.rpartition('@')[2]}"


def archive(pages: Mapping[str, str], as_of: date) -> bytes:
    """Pages by file name as a ZIP file; the same pages give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archived:
        for name, text in pages.items():
            entry = zipfile.ZipInfo(name, (max(as_of.year, 1980), as_of.month, as_of.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archived.writestr(entry, text.encode())
    return packed.getvalue()
