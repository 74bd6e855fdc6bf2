"""`receivables forget`: somebody's personal data is in no file of the lake afterwards, every sum is what it was, and nothing brings it back in silence."""

from __future__ import annotations

import json
import re
import shutil
import signal
import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from factories import payment
from homes import (
    FIGURES,
    MONDAY,
    TUESDAY,
    ask,
    business,
    command,
    lake_says,
    published,
    quick_night,
    rows_of,
    script,
    tell,
    told_home,
)
from receivables.state import State

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = "Zacarías Quijano"
PERSONAL: Final = (
    NAME,
    "quijano@example.com",
    "Calle del Olmo 7",
    "X1234567L",
    "said he was ill",
    "Perpetua Sanz",
    "600 123 456",
    "paid by Quijano",
)
WHY: Final = ("--reason", "asked for it", "--by", "Ana Gil")


def told() -> dict[str, list[dict[str, Any]]]:
    tables = business()
    first, other = tables["customer"]
    tables["customer"] = [
        first | {"name": NAME, "statement_email": PERSONAL[1], "address": PERSONAL[2], "tax_id": PERSONAL[3]},
        other,
    ]
    tables["payment"][0] |= {"text": PERSONAL[7], "payer_name": NAME}
    # as many that one line in quarantine is no reason to refuse the file
    tables["payment"] += [
        payment(f"P{number}", "0.01", pay_date=date(2024, 2, 27), customer_id="C2") for number in range(10, 40)
    ]
    by = {"company_id": "ES01", "customer_id": "C1"}
    tables["contact"] = [
        by | {"contact_id": "P1", "name": PERSONAL[5], "role": "finance", "phone": PERSONAL[6]},
        by | {"contact_id": "P2", "name": "Somebody Else", "role": "owner"},
    ]
    tables["collection_log"] = [
        by
        | {"log_id": 1, "logged_at": datetime(2024, 2, 20, 9), "channel": "call", "entry_kind": "note"}
        | {"contact_id": "P1", "note": PERSONAL[4]}
    ]
    return tables


def put_in_quarantine(home: Path, day: date) -> None:
    """Add a line that tells of somebody and cannot be read."""
    broken = home / "inbox" / f"payment__ES01__full__{day}.csv"
    header, *lines = broken.read_text().splitlines()
    broken.write_text("\n".join([header, *lines, lines[0].replace("60.00", "sixty").replace("P1", "P9")]) + "\n")


@pytest.fixture(scope="module")
def knowing_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that knows somebody; not to be changed."""
    home = told_home(tmp_path_factory.mktemp("knowing") / "home", told(), MONDAY)
    put_in_quarantine(home, MONDAY)
    quick_night(home)
    return home


@pytest.fixture
def home(knowing_home: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(knowing_home, copy, symlinks=True)
    return copy


def money(home: Path) -> dict[str, list[Any]]:
    with receivables.open_warehouse(home) as warehouse:
        return {name: rows_of(warehouse, name) for name in FIGURES}


def test_nothing_personal_is_left_and_every_sum_stays(home: Path) -> None:
    before, said = money(home), lake_says(home)
    assert [word for word in PERSONAL if word not in said] == []
    ended = command("forget", "C1", "--home", home, *WHY)
    assert ended.exit_code == 0
    assert [word for word in (*PERSONAL, "sixty") if word in lake_says(home)] == []
    assert command("verify", "--home", home).exit_code == 0
    receivables.build(home)
    assert money(home) == before
    assert command("verify", "--home", home, "--rebuild").exit_code == 0
    name = ask(home, "select name from core.customer where customer_id = 'ES01:C1'")
    assert name == [("(forgotten ES01:C1)",)]


def test_the_audit_entry_says_who_when_why_and_which_files_and_nothing_personal(home: Path) -> None:
    hashes = {file.path: file.sha256 for file in State(home / "state.sqlite").lake_files()}
    command("forget", "ES01:C1", "--home", home, *WHY)
    (path,) = (home / "lake" / "forgotten").iterdir()
    entry = json.loads(path.read_text())
    assert (entry["subject_id"], entry["reason"], entry["recorded_by"]) == ("ES01:C1", "asked for it", "Ana Gil")
    now = {file.path: file.sha256 for file in State(home / "state.sqlite").lake_files()}
    for file in entry["files"]:
        assert hashes[file["path"]] == file["old_sha256"]
        assert now.get(file["path"], "") == file["new_sha256"]
    changed = {name for name in hashes if now.get(name) != hashes[name]}
    assert {file["path"] for file in entry["files"]} == changed
    assert {name.split("/")[0] for name in changed} == {
        "customer",
        "payment",
        "contact",
        "collection_log",
        "issue",
        "source",
    }
    assert [word for word in PERSONAL if word in path.read_text()] == []


def test_what_still_holds_it_is_named_and_earlier_published_files_are_gone(home: Path) -> None:
    receivables.report(home)
    quick_night(home)
    ended = command("forget", "C1", "--home", home, *WHY)
    assert ended.stdout.count("deleted     warehouse/receivables-") == 1
    still = [line.removeprefix("still there ") for line in ended.stdout.splitlines() if line.startswith("still there")]
    expected = {
        f"inbox/{name}__ES01__full__2024-03-04.csv" for name in ("customer", "payment", "contact", "collection_log")
    }
    assert {name for name in still if name.startswith("inbox")} >= expected
    assert not any("fx_rate" in name or "allocation" in name for name in still)
    assert any(name.startswith("warehouse/") and name.endswith("until the next night") for name in still)
    assert any(name.startswith("out/") for name in still)


def test_a_file_that_tells_of_somebody_forgotten_again_brings_nothing_back_and_says_so(home: Path) -> None:
    command("forget", "C1", "--home", home, *WHY)
    tell(home, told(), TUESDAY)
    outcome = receivables.ingest([home / "inbox"], home)
    messages = {file.file_name.split("__")[0]: file.message for file in outcome.files if "2024-03-05" in file.file_name}
    assert messages["customer"] == "tells of somebody forgotten in 1 rows, whose personal data was left out"
    assert messages["fx_rate"] == ""
    assert [word for word in PERSONAL if word in lake_says(home)] == []
    receivables.build(home)
    assert command("verify", "--home", home, "--rebuild").exit_code == 0


def test_what_is_told_later_in_a_line_that_cannot_be_read_brings_nothing_back(home: Path) -> None:
    command("forget", "C1", "--home", home, *WHY)
    tell(home, told(), TUESDAY)
    put_in_quarantine(home, TUESDAY)
    later = home / "inbox" / f"payment__ES01__full__{TUESDAY}.csv"
    outcome = receivables.ingest([later], home)
    assert [file.message for file in outcome.files] == [
        "tells of somebody forgotten in 2 rows, whose personal data was left out"
    ]
    assert [word for word in (*PERSONAL, "sixty") if word in lake_says(home)] == []
    assert [*(home / "lake" / "source").glob("*.gz")] == []
    receivables.build(home)
    assert ask(home, "select count(*) from ops.issue where action = 'quarantine' and raw_line is null")[0][0] > 0
    assert command("verify", "--home", home).exit_code == 0


def test_workbooks_messages_and_what_cannot_be_read_are_named(home: Path) -> None:
    settings = home / "receivables.toml"
    settings.write_text(re.sub(r'#?folder = "[^"]*"', 'folder = "post"', settings.read_text()))
    (home / "post").mkdir()
    (home / "post" / "m.eml").write_text("Subject: encoded\n")
    with zipfile.ZipFile(home / "out" / "receivables.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", f"<t>{NAME}</t>")
    with zipfile.ZipFile(home / "inbox" / "all.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(home / "out" / "receivables.xlsx", "a.xlsx")
    (home / "out" / "torn.xlsx").write_bytes(b"PK\x03\x04 and no more")
    (home / "out" / "other.html").write_text("nobody")
    ended = command("forget", "C1", "--home", home, *WHY)
    assert ended.exit_code == 0
    still = {line.removeprefix("still there ") for line in ended.stdout.splitlines() if line.startswith("still there")}
    assert still >= {
        "inbox/all.zip",
        "out/receivables.xlsx",
        "out/torn.xlsx, perhaps: it cannot be read",
        "post/m.eml",
    }
    assert "out/other.html" not in still


def test_a_lost_store_forgets_nobody_who_was_forgotten(home: Path) -> None:
    command("forget", "C1", "--home", home, *WHY)
    for path in home.glob("state.sqlite*"):
        path.unlink()
    receivables.ingest([home / "inbox" / "customer__ES01__full__2024-03-04.csv"], home)
    assert NAME not in lake_says(home)


def test_a_contact_is_forgotten_without_its_customer(home: Path) -> None:
    assert command("forget", "P1", "--contact", "--home", home, *WHY).exit_code == 0
    said = lake_says(home)
    assert [word for word in PERSONAL if word not in said] == [PERSONAL[4], PERSONAL[5], PERSONAL[6]]
    assert "Somebody Else" in said
    assert command("verify", "--home", home).exit_code == 0


@pytest.mark.parametrize("nth", [1, 3, 6])
@pytest.mark.parametrize("where", ["receivables.lake:settle", "receivables.lake:sealed"])
def test_who_is_killed_while_forgetting_goes_on_by_asking_again(home: Path, where: str, nth: int) -> None:
    killed = (
        "import os, pkgutil, signal, sys\nimport receivables\nfrom receivables import lake\n"
        f"name, original, calls = '{where.split(':')[1]}', lake.{where.split(':')[1]}, []\n"
        "def killing(*args):\n    calls.append(1)\n    result = original(*args)\n"
        f"    if len(calls) == {nth}:\n        os.kill(os.getpid(), signal.SIGKILL)\n    return result\n"
        "setattr(lake, name, killing)\nreceivables.forget('C1', sys.argv[1], reason='asked for it', by='Ana Gil')"
    )
    with script(killed, home) as process:
        assert process.wait(60) == -signal.SIGKILL, process.communicate()[1]
    assert command("forget", "C1", "--home", home, *WHY).exit_code == 0
    assert [word for word in PERSONAL if word in lake_says(home)] == []
    assert command("verify", "--home", home).exit_code == 0
    assert len(State(home / "state.sqlite").forgotten()) == 1


def test_asking_twice_changes_nothing_more(home: Path) -> None:
    command("forget", "C1", "--home", home, *WHY)
    before = {
        file.path: file.sha256 for file in State(home / "state.sqlite").lake_files() if "forgotten" not in file.path
    }
    command("forget", "C1", "--home", home, *WHY)
    after = {
        file.path: file.sha256 for file in State(home / "state.sqlite").lake_files() if "forgotten" not in file.path
    }
    assert after == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["C9", *WHY], "got customer 'C9'"),
        (["P1", *WHY], "got customer 'P1'"),
        (["C1", "--by", "Ana Gil"], "got no reason"),
        (["'; drop table x; --", *WHY], "got customer"),
    ],
)
def test_nobody_is_forgotten_by_mistake(home: Path, arguments: list[str], said: str) -> None:
    before = lake_says(home)
    ended = command("forget", *arguments, "--home", home)
    assert ended.exit_code == 2
    assert said in ended.only_message()
    assert lake_says(home) == before


def test_a_rating_decision_about_somebody_forgotten_keeps_its_grade_and_loses_its_reason(
    rated_home: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(rated_home, home, symlinks=True)
    (customer,) = ask(home, "select min(customer_id) from marts.rating where grade is not null")[0]
    receivables.rate(customer, home, confirm=True, by="Ana Gil")
    before = published(home)
    assert command("forget", customer, "--home", home, *WHY).exit_code == 0
    assert command("verify", "--home", home).exit_code == 0
    receivables.build(home)
    after = published(home)
    assert after["marts.aging"] == before["marts.aging"]
