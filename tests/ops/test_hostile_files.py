"""What somebody puts into the inbox to do harm: it is refused by name, and the night goes on with the others."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from homes import MONDAY, TUESDAY, Ended, ask, business, changed, command, quick_night, tell
from receivables.settings import FILE_NAME

STEERING = "evil\x1b[2J\x9b31m\x07\u202egnp.\u2028name"
"""What clears a screen, turns letters red, rings, runs backwards and begins a line where it is printed as it is."""


def steers(text: str) -> list[str]:
    """What of a text would steer a terminal, its line ends aside."""
    return [char for char in text if not char.isprintable() and char != "\n"]


def expect_harmless(ended: Ended) -> None:
    """A command must have printed nothing that steers."""
    assert steers(ended.stdout + ended.stderr) == []


def test_a_file_that_needs_more_memory_than_allowed_is_refused_and_the_others_are_read(
    home: Path, tmp_path: Path
) -> None:
    """Lines of a million cells: each of them is below what a line may have."""
    (home / "receivables.toml").write_text('[ingest]\nmemory_limit = "150MB"\n', encoding="utf-8")
    trap = tmp_path / "invoices.csv"
    line = "A,1,2024-01-05,2024-02-04,,EUR,100.00" + "," * 4_000_000 + "\n"
    trap.write_text("customer,invoice,date,due,settled date,currency,amount\n" + line * 8, encoding="utf-8")
    sound = tell(tmp_path, business(), TUESDAY)
    ended = command("ingest", trap, *sound, "--home", home)
    assert ended.exit_code == 3
    assert "got invoices.csv, which needs more than 150MB of memory to read" in ended.only_message()
    assert [line.split()[0] for line in ended.stdout.splitlines()] == ["refused", *["loaded"] * len(sound)]


@pytest.mark.parametrize(
    "name", [b"old \xff.csv", b"two\nlines 2024-03-05 land: 9 done.csv", b"red \x1b[31m.csv", b"c1 \xc2\x9b.csv"]
)
def test_a_file_whose_name_is_no_text_is_refused_and_the_night_goes_on(name: bytes, home: Path) -> None:
    path = os.fsencode(home / "inbox") + b"/" + name
    Path(os.fsdecode(path)).write_bytes(b"customer\n")
    tell(home, business(), TUESDAY)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 5
    assert f"published: {home}" in ended.stdout
    assert "a name with bytes or control characters that are no text" in ended.stderr
    expect_harmless(ended)
    assert len([line for line in ended.stderr.splitlines() if "land: " in line and "needs a person" not in line]) == 1
    expect_harmless(command("findings", "--home", home))
    assert ask(home, "select count(*) from ops.batch where status = 'refused'") == [(1,)]


def test_a_file_that_still_grows_and_has_a_name_that_is_no_text_is_refused_and_the_night_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nothing waits: so long that a slow machine finds the file fresh too
    (home / FILE_NAME).write_text("[unattended]\nquiet_seconds = 600\n[contracts]\nenabled = false\n", encoding="utf-8")
    path = Path(os.fsdecode(os.fsencode(home / "inbox") + b"/new \xff.csv"))
    path.write_bytes(b"customer\n")

    def grow(_: float) -> None:
        with path.open("ab") as stream:
            stream.write(b"\n")

    monkeypatch.setattr("receivables.intake.steady.time.sleep", grow)
    ended = command("nightly", "--home", home, "--no-deliver")
    assert ended.exit_code == 5, ended
    assert "new \\udcff.csv, a name with bytes or control characters that are no text" in ended.stderr
    expect_harmless(ended)


@pytest.mark.parametrize("name", ["new.csv", "customer__ES01__full__2024-03-05.parquet"])
def test_a_file_in_a_folder_whose_name_is_no_text_is_refused_and_the_night_goes_on(name: str, home: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(home / "inbox") + b"/old \xff"))
    folder.mkdir()
    if name.endswith(".parquet"):
        pq.write_table(pa.table({"customer_id": ["C1"], "name": ["Ana"]}), home / name)
        (home / name).rename(folder / name)
    else:
        (folder / name).write_bytes(b"customer\n")
    ended = command("nightly", "--home", home, "--no-deliver")
    assert ended.exit_code == 5, ended
    assert f"{name}, in a folder whose name has bytes that are no text" in ended.stderr
    expect_harmless(ended)
    assert ask(home, "select file_name from ops.batch where status = 'refused'") == [(name,)]


def test_a_log_is_one_object_a_line_whatever_a_file_is_called(home: Path) -> None:
    (home / "inbox" / "x\u202e\u2028{}.csv").write_bytes(b"no table")
    (home / "inbox" / '"}\n{"event": "published", "x": "\x1b[2J.csv').write_bytes(b"no table")
    command("ingest", home / "inbox", "--home", home)
    log = max((home / "logs").iterdir()).read_bytes().decode()
    assert steers(log) == []
    told = [json.loads(line) for line in log.split("\n") if line]
    assert {line["event"] for line in told} == {"started", "file", "known", "land"}
    assert "x\u202e\u2028{}.csv" in {line.get("file") for line in told}


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_in_the_inbox_shows_nobody_what_it_leads_to(kind: str, home: Path, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / "document__ES01__full__2024-03-05.csv"
    secret.parent.mkdir()
    secret.write_text("doc_id,amount_doc\nlet nobody see,1\n", encoding="utf-8")
    link = home / "inbox" / ("link.csv" if kind == "file" else "link")
    link.symlink_to(secret if kind == "file" else secret.parent)
    ended = command("ingest", home / "inbox", "--home", home)
    assert ("a link that leads out of its folder" in ended.stderr) == (kind == "file")
    assert secret.name not in ended.stdout
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and path != link)
    assert b"let nobody see" not in kept


def test_a_link_to_a_file_beside_it_is_a_file(home: Path) -> None:
    (home / "inbox" / "again.csv").symlink_to("document__ES01__full__2024-03-04.csv")
    assert "again.csv, a link" not in command("ingest", home / "inbox", "--home", home).stderr


def test_no_name_in_a_file_steers_the_terminal(empty_home: Path) -> None:
    told = changed(business(), "customer", "C1", name=STEERING, salesperson=STEERING)
    told["document"][0] |= {"doc_no": STEERING, "text": STEERING}
    told["document"].append(told["document"][0] | {"doc_id": "D9", "doc_date": STEERING, "amount_doc": STEERING})
    tell(empty_home, told, MONDAY)
    quick_night(empty_home)
    assert ask(empty_home, "select count(*) from core.customer where contains(name, 'evil')") == [(1,)]
    shown = ""
    for asked in (
        "nightly",
        "findings",
        "findings --reason DATE_INVALID",
        "trace C1",
        "trace D1",
        "flags",
        "status",
        "rate",
        "customer C1",
    ):
        ended = command(*asked.split(), "--home", empty_home)
        expect_harmless(ended)
        shown += ended.stdout + ended.stderr
    assert "evil" in shown
