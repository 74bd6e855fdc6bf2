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
    "note of several lines": "zzwhimbrel",
    "damaged note": "zzpipit",
    "note of a quarantined line": "zzsiskin",
    "damaged source": "zzlinnet",
}
"""Words that stand in the exports, each in one column."""

ON_ITS_OWN_PAGE: Final = ("informant", "what an informant told", "who reported a record")
"""What a customer's own page tells as the source of a fact; that page is in no mail."""

LINES: Final = ("note of several lines", "damaged note", "note of a quarantined line", "damaged source")
"""What stands in a line or a value that a finding is about."""

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
    tables["collection_log"] += [
        by
        | {"log_id": 100 + number, "logged_at": datetime(2024, 2, 21, 9), "channel": "call", "entry_kind": "note"}
        | {"note": note}
        for number, note in enumerate(
            (f"first\n{SAID['note of several lines']}", f"{SAID['damaged note']} IbÃ¡Ã±ez", *["nothing"] * 40)
        )
    ]
    tables["customer_event"].append(
        by
        | {"event_id": "E9", "event_date": date(2024, 2, 20), "kind": "other", "source": f"{SAID['damaged source']} Ã¡"}
    )
    tell(home, tables, MONDAY)
    log = home / "inbox" / "collection_log__ES01__full__2024-03-04.csv"
    lines = log.read_text(encoding="utf-8").splitlines()
    broken = lines[-1].replace("2024-02-21", "2024-02-31").replace("nothing", SAID["note of a quarantined line"])
    log.write_text("\n".join([*lines, broken]) + "\n", encoding="utf-8")
    with (home / FILE_NAME).open("w", encoding="utf-8") as settings:
        settings.write("[contracts]\nenabled = false\n[mail]\nsender = 'r@example.com'\n")
        for role in ("management", "credit", "sales"):
            settings.write(f"\n[[recipient]]\naddress = '{role}@example.com'\nrole = '{role}'\n")
            settings.write("attach = ['report', 'workbook']\n")
            settings.write("territories = ['NORTE']\n" if role == "sales" else "")
    receivables.nightly(home)
    return home


def written(home: Path) -> Iterator[tuple[str, str]]:
    """Everything a reader gets, by the name of its file: pages as they are, mails with their parts, workbooks and other archives unpacked."""
    for path in (home / "out").rglob("*"):
        if path.is_file() and path.suffix in (".html", ".xlsx", ".csv"):
            yield from unpacked(str(path), path.read_bytes())
        elif path.suffix == ".eml":
            message: EmailMessage = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for part in message.walk():
                payload = part.get_payload(decode=True)
                if isinstance(payload, bytes):
                    yield from unpacked(f"{path} {part.get_filename() or ''}", payload)


def unpacked(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """The text of a file, or of each member of an archive."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        yield name, content.decode("utf-8", "replace")
        return
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        yield from ((f"{name} {part}", packed.read(part).decode("utf-8", "replace")) for part in packed.namelist())


def test_the_words_were_told(told_home: Path) -> None:
    with receivables.open_warehouse(told_home) as warehouse:
        notes = warehouse.con.execute("select distinct note from core.collection_log").fetchall()
        found = str(warehouse.con.execute("select raw_value, raw_line from ops.issue").fetchall())
    assert (SAID["log note"],) in notes
    assert [what for what in LINES if SAID[what] not in found] == []
    texts = [*written(told_home)]
    assert len({name for name, _ in texts}) > 5
    # the search finds what is there: a customer's name in the workbook beside the report and in one that was mailed
    for place in ("out/receivables-en.xlsx", ".eml receivables-en.xlsx"):
        assert any(place in name and "COL_MULTILINE" in text for name, text in texts), place


@pytest.mark.parametrize("what", SAID)
def test_it_stands_in_no_report_or_mail(told_home: Path, what: str) -> None:
    found = [name for name, text in written(told_home) if SAID[what] in text.casefold()]
    assert [name for name in found if not (what in ON_ITS_OWN_PAGE and "/customers/" in name)] == []
