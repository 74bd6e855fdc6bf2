"""Numbers of bank accounts are hashed before anything is written: equal ones stay equal, and nobody can read or guess them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import pytest

import receivables
from factories import payment
from homes import MONDAY, TUESDAY, ask, business, command, lake_says, quick_night, set_contracts, tell
from quarantine_tables import filled, take_out

if TYPE_CHECKING:
    from pathlib import Path

IBAN: Final = "ES91 2100 0418 4502 0005 1332"
DIGEST: Final = "ab" * 32


def told(home: Path, day: date = MONDAY, number: str = IBAN) -> None:
    tables = business()
    tables["payment"][0] |= {"payer_account_hash": number.replace(" ", "").lower()}
    tables["payment"][1] |= {"payer_account_hash": DIGEST}
    by = {"company_id": "ES01", "customer_id": "C1", "valid_from": date(2023, 1, 1)}
    tables["customer_bank_account"] = [by | {"account_hash": number}]
    tell(home, tables, day)


@pytest.fixture
def home(empty_home: Path) -> Path:
    told(empty_home)
    quick_night(empty_home)
    return empty_home


def hashes(home: Path) -> list[str]:
    return [row[0] for row in ask(home, "select payer_account_hash from core.payment order by payment_id")]


def test_one_account_is_one_hash_however_it_is_written_and_a_hash_stays_what_it_was(home: Path) -> None:
    mine, other = hashes(home)
    assert ask(home, "select account_hash from core.customer_bank_account") == [(mine,)]
    assert (len(mine), other) == (64, DIGEST)
    digits = IBAN.replace(" ", "").encode()
    files = [path for path in home.rglob("*") if path.is_file() and "inbox" not in path.parts]
    assert [path for path in files if digits in path.read_bytes().upper() or IBAN.encode() in path.read_bytes()] == []


def test_another_home_hashes_it_otherwise(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    receivables.init(other)
    set_contracts(other, enabled=False)
    told(other)
    quick_night(other)
    assert hashes(home)[0] != hashes(other)[0]
    assert (home / "account.key").stat().st_mode & 0o777 == 0o600


def test_the_same_account_told_later_is_no_change(home: Path) -> None:
    before = hashes(home)
    told(home, TUESDAY)
    quick_night(home)
    assert hashes(home) == before
    assert command("verify", "--home", home).exit_code == 0


@pytest.mark.parametrize("damage", ["gone", "another", "open"])
def test_without_its_secret_no_number_is_read(home: Path, damage: str) -> None:
    key = home / "account.key"
    if damage == "gone":
        key.unlink()
    elif damage == "another":
        key.write_text("00" * 32)
    else:
        key.chmod(0o640)
    told(home, TUESDAY, "DE02 1203 0000 0000 2020 51")
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 4
    assert "putting account.key back with mode 600" in ended.only_message()


def test_the_secret_is_in_no_backup(home: Path, tmp_path: Path) -> None:
    receivables.backup(tmp_path / "b.tar", home)
    assert (home / "account.key").read_bytes() not in (tmp_path / "b.tar").read_bytes()
    restored = receivables.restore(tmp_path / "b.tar", tmp_path / "new").home
    told(restored, TUESDAY)
    assert command("nightly", "--home", restored).exit_code == 4
    (restored / "account.key").write_bytes((home / "account.key").read_bytes())
    (restored / "account.key").chmod(0o600)
    quick_night(restored)
    assert hashes(restored) == hashes(home)


def test_a_line_in_quarantine_tells_no_number_and_is_repaired_to_the_same_account(home: Path, tmp_path: Path) -> None:
    before = hashes(home)[0]
    tables = business()
    # as many that two lines in quarantine are no reason to refuse the file
    tables["payment"] += [
        payment(f"P{number}", "0.01", pay_date=date(2024, 2, 27), customer_id="C2") for number in range(10, 90)
    ]
    tables["payment"].append(
        payment("P99", "0.02", pay_date=date(2024, 2, 28), customer_id="C2", payer_account_hash=IBAN)
    )
    tell(home, {"payment": tables["payment"]}, TUESDAY)
    broken = home / "inbox" / f"payment__ES01__full__{TUESDAY}.csv"
    text = broken.read_text().replace("0.02", "five", 1).rstrip("\n")
    broken.write_text(f"{text}\n{text.splitlines()[-1]},one,too,many\n")
    receivables.ingest([broken], home)
    receivables.build(home)
    waiting = "select line_no, raw_value, raw_line from ops.issue where action = 'quarantine' and resolved_at is null order by line_no"
    (line_no, value, line), (_, _, shifted) = ask(home, waiting)
    assert (value, before in line) == ("five00", True)
    assert "one,too,many" in shifted
    assert IBAN not in lake_says(home)
    assert [*(home / "lake" / "source").glob("*.gz")] != []
    table = take_out(home, "out.csv")
    answers = filled(
        table, lambda row: {"repaired_value": "0.02"} if row["line_no"] == str(line_no) else {}, tmp_path / "back.csv"
    )
    assert command("findings", "repair", answers, "--home", home, "--by", "Ana Gil").exit_code == 0
    receivables.build(home)
    assert ask(home, "select payer_account_hash from core.payment where payment_id like '%P99'") == [(before,)]
    assert len(ask(home, waiting)) == 1
    assert IBAN not in lake_says(home)
    assert command("verify", "--home", home).exit_code == 0


def test_the_bytes_of_a_file_are_kept_only_where_its_numbers_can_be_told_from_all_else(home: Path) -> None:
    tables = business()
    tables["payment"] += [
        payment(f"P{number}", "0.01", pay_date=date(2024, 2, 27), customer_id="C2") for number in range(10, 90)
    ]
    tables["payment"][0] |= {"payer_account_hash": "60.00"}  # as the amount beside it
    tell(home, {"payment": tables["payment"]}, TUESDAY)
    broken = home / "inbox" / f"payment__ES01__full__{TUESDAY}.csv"
    broken.write_text(broken.read_text().replace("30.00", "thirty"))
    receivables.ingest([broken], home)
    assert [*(home / "lake").glob("source/*")] == []
    assert command("verify", "--home", home).exit_code == 0
