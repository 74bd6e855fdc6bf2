"""What a stranger does wrong: one clear line, the right exit code, nothing published, nothing moved."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from factories import document
from homes import (
    MONDAY,
    ROOT,
    TUESDAY,
    Ended,
    business,
    changed,
    command,
    half_done,
    quick_night,
    seal,
    shell,
    tell,
)
from receivables import __version__

SAP_LIST: Final = ROOT / "data" / "sample" / "sap_fbl5n" / "fbl5n_DE01_2026-10-31.txt"


def without_column(path: Path, column: str) -> None:
    """Rewrite a canonical file as if nobody had ever exported that column."""
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    place = rows[0].index(column)
    path.write_text("".join(",".join([*row[:place], *row[place + 1 :]]) + "\n" for row in rows), encoding="utf-8")


def canonical_without_amount(folder: Path) -> Path:
    path = next(path for path in tell(folder, business(), TUESDAY) if path.name.startswith("document"))
    without_column(path, "amount_doc")
    return path


def sap_list_without_document_number(folder: Path) -> Path:
    path = folder / SAP_LIST.name
    path.write_bytes(SAP_LIST.read_bytes().replace(b"Belegnr", b"Zeichen"))
    return path


def empty_file(folder: Path) -> Path:
    path = folder / "open items.csv"
    path.touch()
    return path


def pdf_called_csv(folder: Path) -> Path:
    path = folder / "list.csv"
    path.write_bytes(b"%PDF-1.7\n1 0 obj\n")
    return path


def file_of_a_day_to_come(folder: Path) -> Path:
    path = folder / "payment_terms__ES01__full__2090-01-31.csv"
    path.write_text("terms_id,baseline,net_days\nN30,document,30\n", encoding="utf-8")
    return path


BAD_FILES: Final[dict[str, tuple[Callable[[Path], Path], str]]] = {
    "canonical without a column": (canonical_without_amount, "without column amount_doc"),
    "SAP list without a column": (sap_list_without_document_number, SAP_LIST.name),
    "an empty file": (empty_file, "an empty file"),
    "a PDF called .csv": (pdf_called_csv, "which is a PDF document"),
    "an extract of a day to come": (file_of_a_day_to_come, "extracted on 2090-01-31"),
}


def expect_one_line(ended: Ended, exit_code: int, got: str) -> None:
    """A command must have ended in one line: what was got, what was expected, what to try."""
    line = ended.only_message()
    assert re.fullmatch(r"got .+; expected .+; try .+", line), line
    assert got in line
    assert ended.exit_code == exit_code


@pytest.mark.parametrize("kind", BAD_FILES)
def test_ingest_refuses_a_bad_file_and_leaves_it_where_it_was(kind: str, home: Path, tmp_path: Path) -> None:
    make, got = BAD_FILES[kind]
    bad = make(tmp_path)
    before, content = seal(home / "warehouse"), bad.read_bytes()
    ended = command("ingest", bad, "--home", home)
    expect_one_line(ended, 3, got)
    assert f"refused  {bad.name}" in ended.stdout
    assert seal(home / "warehouse") == before
    assert bad.read_bytes() == content


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_night_of_nothing_but_a_bad_file_fails_and_publishes_nothing(kind: str, empty_home: Path) -> None:
    make, got = BAD_FILES[kind]
    bad = make(empty_home / "inbox")
    for other in bad.parent.iterdir():
        if other != bad:
            other.unlink()
    content = bad.read_bytes()
    expect_one_line(command("nightly", "--home", empty_home), 4, got)
    assert not list((empty_home / "warehouse").iterdir())
    assert bad.read_bytes() == content


def test_a_stranger_sees_one_line_for_a_pdf_called_csv(home: Path, tmp_path: Path) -> None:
    ended = shell("ingest", pdf_called_csv(tmp_path).name, "--home", home, cwd=tmp_path)
    expect_one_line(ended, 3, "list.csv, which is a PDF document")


def test_a_stranger_sees_one_line_for_a_home_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    expect_one_line(shell("nightly", "--home", "file/home", cwd=tmp_path), 2, "home file/home: Not a directory")


@pytest.mark.parametrize("name", ["nightly", "build", "ingest"])
def test_a_home_that_cannot_be_written_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    paths = [tmp_path] if name == "ingest" else []
    expect_one_line(command(name, *paths, "--home", tmp_path / "file"), 2, f"home {tmp_path / 'file'}")


@pytest.mark.parametrize(
    ("option", "value", "got"),
    [
        ("--as-of", "yesterday", "--as-of 'yesterday'"),
        ("--as-of", "31.10.2024", "--as-of '31.10.2024'"),
        ("--as-of", "2024-02-30", "--as-of '2024-02-30'"),
        ("--as-of", "2990-01-01", "--as-of 2990-01-01"),
        ("--known-at", "later", "--known-at 'later'"),
        ("--known-at", "2990-01-01", "--known-at 2990-01-01"),
        ("--known-at", "2001-01-01", "--known-at 2001-01-01"),
    ],
)
def test_a_wrong_date_changes_nothing(option: str, value: str, got: str, home: Path) -> None:
    before = seal(home / "warehouse")
    expect_one_line(command("nightly", "--home", home, option, value), 2, got)
    assert seal(home / "warehouse") == before
    assert not half_done(home)


def test_a_wrong_extract_date_is_called_by_its_own_option(home: Path, tmp_path: Path) -> None:
    ended = command("ingest", pdf_called_csv(tmp_path), "--home", home, "--extract-as-of", "2990-01-01")
    expect_one_line(ended, 2, "--extract-as-of 2990-01-01")


def test_open_items_alone_answer_only_for_their_own_day(empty_home: Path) -> None:
    tables = business() | {"document": [document("D1", "100.00", reported_open_doc="70.00")], "payment": []}
    tell(empty_home, {name: tables[name] for name in ("company", "customer", "document")}, TUESDAY)
    quick_night(empty_home)
    before = seal(empty_home / "warehouse")
    ended = command("build", "--home", empty_home, "--as-of", MONDAY.isoformat())
    expect_one_line(ended, 2, f"as-of {MONDAY} for company ES01")
    assert f"try --as-of {TUESDAY}" in ended.only_message()
    assert seal(empty_home / "warehouse") == before
    assert not half_done(empty_home)


@pytest.mark.wide
def test_a_company_nobody_describes_is_named_with_both_cures(empty_home: Path) -> None:
    tell(empty_home, {name: business()[name] for name in ("document", "fx_rate")}, MONDAY)
    ended = command("nightly", "--home", empty_home)
    expect_one_line(ended, 4, "company ES01 without a ledger currency")
    assert not half_done(empty_home)
    (empty_home / "receivables.toml").write_text('[[company]]\nid = "ES01"\nlocal_currency = "EUR"\n', encoding="utf-8")
    assert command("nightly", "--home", empty_home).exit_code == 0


def test_an_inbox_that_is_not_there_is_named(home: Path) -> None:
    expect_one_line(command("nightly", "--home", home, "--inbox", home / "outbox"), 2, f"inbox {home / 'outbox'}")


def test_an_empty_inbox_is_a_night_that_cannot_be(empty_home: Path) -> None:
    expect_one_line(command("nightly", "--home", empty_home), 4, "no loaded export")


def test_a_path_that_is_not_there_is_a_mistake_and_no_refusal(home: Path) -> None:
    ended = command("ingest", home / "nowhere.csv", "--home", home)
    expect_one_line(ended, 2, "nowhere.csv, which does not exist")


@pytest.mark.parametrize("arguments", [("report",), ("trace", "D1"), ("findings",)])
def test_before_any_night_there_is_nothing_to_show(arguments: tuple[str, ...], empty_home: Path) -> None:
    ended = command(*arguments, "--home", empty_home)
    expect_one_line(ended, 2, "which does not exist")
    assert f"try receivables nightly --home {empty_home}" in ended.only_message()


def test_the_status_of_a_home_is_told_before_any_night_too(empty_home: Path, tmp_path: Path) -> None:
    nothing = "no run yet\nwrong       nothing is published yet: receivables nightly\n"
    assert command("status", "--home", empty_home) == Ended(4, nothing, "")
    expect_one_line(command("status", "--home", tmp_path / "nowhere"), 2, "which has no state.sqlite")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("text", "got", "try_"),
    [
        ("[aging]\nbucket_edge_days = [30]", "unknown key aging.bucket_edge_days", "try bucket_edges_days"),
        ("[aging", "Expected ']'", "try correcting that line"),
    ],
)
def test_a_settings_file_with_a_mistake_names_key_and_cure(text: str, got: str, try_: str, home: Path) -> None:
    (home / "receivables.toml").write_text(text, encoding="utf-8")
    before = seal(home / "warehouse")
    ended = command("nightly", "--home", home)
    expect_one_line(ended, 2, got)
    assert ended.only_message().endswith(try_)
    assert seal(home / "warehouse") == before


@pytest.mark.parametrize("content", [b"id = ", b"\xff\xfe", b"extends = 'sap_fbl5n'\ncolums = 1\n", b"extends = 'sap'"])
@pytest.mark.parametrize("arguments", [("profiles",), ("nightly",)])
def test_a_profile_that_cannot_be_read_is_named(arguments: tuple[str, ...], content: bytes, home: Path) -> None:
    (home / "profiles" / "mine.toml").write_bytes(content)
    before = seal(home / "warehouse")
    expect_one_line(command(*arguments, "--home", home), 2, "mine.toml")
    assert seal(home / "warehouse") == before


@pytest.mark.parametrize(
    ("wanted", "got", "try_"),
    [("sap_fbl5", "--profile 'sap_fbl5'", "sap_fbl5n"), ("nowhere.toml", "nowhere.toml: No such file", "the path")],
)
def test_an_unknown_profile_is_answered_with_the_nearest(wanted: str, got: str, try_: str, home: Path) -> None:
    ended = command("ingest", home / "inbox", "--home", home, "--profile", wanted)
    expect_one_line(ended, 2, got)
    assert ended.only_message().endswith(try_)


@pytest.mark.parametrize(
    ("arguments", "got", "try_"),
    [
        (("report", "--language", "fr"), "language 'fr'", "en, es, zh"),
        (("findings", "--reason", "num_invalid"), "--reason 'num_invalid'", "NUM_INVALID"),
        (("trace", "C1", "--bucket", "d1_31"), "--bucket 'd1_31'", "d1_30"),
        (("trace", "C1", "--bucket", "d731_plus"), "'C1', of which nothing is in bucket d731_plus", "shows it"),
        (("trace", "D99"), "'D99', of which nothing is known", "shows it"),
    ],
)
def test_an_unknown_value_is_answered_with_a_known_one(
    arguments: tuple[str, ...], got: str, try_: str, home: Path
) -> None:
    ended = command(*arguments, "--home", home)
    expect_one_line(ended, 2, got)
    assert ended.only_message().endswith(try_)


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (("nightlly",), "nightly"),
        (("nightly", "--as-off", "2024-03-04"), "--as-of"),
        (("--hom", "data", "nightly"), "--home"),
        (("ingest", "x.csv", "--mode", "ful"), "full"),
        (("sample", "--out", "x", "--dialect", "sap"), "sap_fbl5n"),
    ],
)
def test_a_word_the_command_line_does_not_know_is_answered_with_the_nearest(
    arguments: tuple[str, ...], nearest: str
) -> None:
    ended = command(*arguments)
    assert ended.exit_code == 2
    assert nearest in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_stranger_who_mistypes_a_command_sees_the_nearest() -> None:
    ended = shell("statsu")
    assert ended.exit_code == 2
    assert "status" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments", [("sample", "--out"), ("demo", "--home")])
def test_a_folder_that_cannot_be_made_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    expect_one_line(command(*arguments, tmp_path / "file"), 2, str(tmp_path / "file"))


def test_the_demo_never_clears_a_home_it_did_not_make(home: Path) -> None:
    before = seal(home)
    expect_one_line(command("demo", "--home", home), 2, "which holds something else")
    assert seal(home) == before


def test_a_store_that_is_none_is_named(home: Path) -> None:
    (home / "state.sqlite").write_bytes(b"no database" * 100)
    before = seal(home / "warehouse")
    expect_one_line(command("nightly", "--home", home), 4, "state.sqlite: file is not a database")
    assert seal(home / "warehouse") == before


def test_a_bug_is_told_apart_from_a_mistake(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("receivables.publish.run_models", broken)
    before = seal(home / "warehouse")
    ended = command("build", "--home", home)
    assert ended.exit_code == 1
    assert "ZeroDivisionError" in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("receivables: a bug;")
    assert seal(home / "warehouse") == before
    assert not half_done(home)


def test_a_full_disk_is_no_bug(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("receivables.publish.run_models", full)
    before = seal(home / "warehouse")
    expect_one_line(command("build", "--home", home), 4, "No space left on device")
    assert seal(home / "warehouse") == before


def test_a_report_that_cannot_be_written_leaves_the_night_published(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("receivables.night._write_whole", full)
    tell(home, changed(business(), "document", "D1", amount_doc="101.00"), TUESDAY)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 5
    assert "needs a person: the report was not written" in ended.stderr
    assert f"as of {TUESDAY}" in ended.stdout
    assert "needs_person" in command("status", "--home", home).stdout


def test_the_version_is_told() -> None:
    assert command("--version").stdout == f"receivables, version {__version__}\n"
