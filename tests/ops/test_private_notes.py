"""What was said in confidence stays in the lake and the published file: it stands in no report or mail."""

from __future__ import annotations

import email
import email.policy
import io
import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import pytest

import receivables
from homes import MONDAY, business, tell
from receivables.settings import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

SAID: Final = {
    "log note": "zzkestrel",
    "log outcome": "zzheron",
    "informant": "zzosprey",
    "informant's telephone": "zzharrier",
    "what an informant told": "zzmerlin",
    "record note": "zzgoshawk",
    "who reported a record": "zzbittern",
    "survey note": "zzcurlew",
    "posting text": "zzavocet",
    "remittance text": "zzdunlin",
}
"""Words that stand in the exports, each in one column."""

ON_ITS_OWN_PAGE: Final = ("informant", "what an informant told", "who reported a record")
"""What a customer's own page tells as the source of a fact; that page is in no mail."""

KINDS: Final = ("promise", "excuse", "payment_claim", "deferral_request", "soft_signal", "change_report", "note")


@pytest.fixture(scope="module")
def told_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("notes") / "home"
    receivables.init(home)
    tables = business()
    tables["document"] = [row | {"text": SAID["posting text"]} for row in tables["document"]]
    tables["payment"] = [row | {"text": SAID["remittance text"]} for row in tables["payment"]]
    by = {"company_id": "ES01", "customer_id": "C1"}
    tables["contact"] = [
        by
        | {"contact_id": "P1", "name": SAID["informant"], "role": "informant", "phone": SAID["informant's telephone"]}
        | {"valid_from": date(2023, 1, 1), "valid_to": date(2024, 2, 1)}
    ]
    tables["collection_log"] = [
        by
        | {
            "log_id": number,
            "logged_at": datetime(2024, 2, 20, 9),
            "channel": "call",
            "entry_kind": kind,
            "contact_id": "P1",
        }
        | {"note": SAID["log note"], "outcome": SAID["log outcome"], "promised_date": date(2024, 2, 25)}
        for number, kind in enumerate(KINDS)
    ]
    tables["customer_event"] = [
        by
        | {
            "event_id": f"E{number}",
            "event_date": date(2024, 2, 20),
            "kind": kind,
            "source": SAID["informant"],
            "note": SAID["what an informant told"],
        }
        for number, kind in enumerate(("relocation", "closure", "scope_change", "legal_rep_change"))
    ]
    tables["integrity_record"] = [
        by
        | {"record_id": 1, "event_date": date(2024, 1, 20), "event_kind": "default", "responsible_contact_id": "P1"}
        | {"source": SAID["who reported a record"], "note": SAID["record note"]}
    ]
    tables["operating_survey"] = [by | {"as_of": date(2024, 1, 31), "note": SAID["survey note"]}]
    tell(home, tables, MONDAY)
    with (home / FILE_NAME).open("w", encoding="utf-8") as settings:
        settings.write("[contracts]\nenabled = false\n[mail]\nsender = 'r@example.com'\n")
        for role in ("management", "credit", "sales"):
            settings.write(f"\n[[recipient]]\naddress = '{role}@example.com'\nrole = '{role}'\n")
            settings.write("territories = ['NORTE']\n" if role == "sales" else "")
    receivables.nightly(home)
    return home


def written(home: Path) -> Iterator[tuple[str, str]]:
    """Everything a reader gets, by the name of its file: pages as they are, mails with their parts and attachments unpacked."""
    for path in (home / "out").rglob("*"):
        if path.is_file() and path.suffix in (".html", ".xlsx", ".csv"):
            yield str(path), path.read_bytes().decode("utf-8", "replace")
        elif path.suffix == ".eml":
            message: EmailMessage = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for part in message.walk():
                payload = part.get_payload(decode=True)
                if not isinstance(payload, bytes):
                    continue
                yield str(path), payload.decode("utf-8", "replace")
                if zipfile.is_zipfile(io.BytesIO(payload)):
                    with zipfile.ZipFile(io.BytesIO(payload)) as packed:
                        yield from ((name, packed.read(name).decode("utf-8", "replace")) for name in packed.namelist())


def test_the_words_were_told(told_home: Path) -> None:
    with receivables.open_warehouse(told_home) as warehouse:
        notes = warehouse.con.execute("select distinct note from core.collection_log").fetchall()
    assert notes == [(SAID["log note"],)]
    assert len({name for name, _ in written(told_home)}) > 5


@pytest.mark.parametrize("what", SAID)
def test_it_stands_in_no_report_or_mail(told_home: Path, what: str) -> None:
    found = [name for name, text in written(told_home) if SAID[what] in text.casefold()]
    assert [name for name in found if not (what in ON_ITS_OWN_PAGE and "/customers/" in name)] == []
