"""What is written into the lake beside the store is registered also where a run was cut off in between, or the store is of before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from homes import command
from receivables import accounts, delivery_log, waivers
from receivables.dates import utc_now
from receivables.home import Home
from receivables.state import Delivery, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENT: Final = "ab" * 32


class CutOff(Exception):
    """The process ends here."""


def cut_off(monkeypatch: pytest.MonkeyPatch, write: Callable[[State], Any], state: State, *, after: int) -> None:
    """Write so that only the first records reach the store."""
    add, calls = State.add, []

    def ending(self: State, records: Any) -> None:
        calls.append(1)
        if len(calls) > after:
            raise CutOff
        add(self, records)

    with monkeypatch.context() as patch:
        patch.setattr(State, "add", ending)
        with pytest.raises(CutOff):
            write(state)


def delivery() -> Delivery:
    told = dict.fromkeys(Delivery.__dataclass_fields__, "")
    return Delivery(**told | {"address": "a@example.com", "as_of": date(2024, 3, 4), "recorded_at": utc_now()})  # type: ignore[arg-type]


def whole(home: Path) -> bool:
    return command("verify", "--home", home).exit_code == 0


def test_a_mailing_whose_copy_was_not_registered_is_registered_by_the_next_run(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, lake = State(home / "state.sqlite"), home / "lake"
    one = delivery()
    cut_off(monkeypatch, lambda state: delivery_log.record(state, lake, one), state, after=1)
    assert not whole(home)
    delivery_log.complete(state, lake)
    assert whole(home)


def test_a_mailing_that_an_older_store_does_not_know_is_taken_back_and_registered(home: Path) -> None:
    state, lake = State(home / "state.sqlite"), home / "lake"
    one = delivery()
    delivery_log.record(state, lake, one)
    with closing(sqlite3.connect(home / "state.sqlite")) as con, con:
        con.execute("delete from delivery")
        con.execute("delete from lake_file where path like 'delivery/%'")
    delivery_log.complete(state, lake)
    assert state.deliveries() == [one]
    assert whole(home)


def test_a_damaged_copy_of_a_mailing_is_not_taken_for_what_was_registered(home: Path) -> None:
    state, lake = State(home / "state.sqlite"), home / "lake"
    delivery_log.record(state, lake, delivery())
    (path,) = (lake / "delivery").iterdir()
    path.write_text(path.read_text().replace("a@example.com", "b@example.com"))
    delivery_log.complete(state, lake)
    assert not whole(home)


@pytest.mark.parametrize("told_before", [0, 1])
def test_a_waiver_that_was_cut_off_is_kept_by_the_next_run(
    home: Path, monkeypatch: pytest.MonkeyPatch, told_before: int
) -> None:
    state, lake = State(home / "state.sqlite"), home / "lake"

    def waive(state: State, *contracts: str) -> None:
        waivers.waive(state, lake, CONTENT, contracts, run_id="r", by="Ana Gil", at=utc_now())

    for _ in range(told_before):
        waive(state, "first")
    cut_off(monkeypatch, lambda state: waive(state, "second", "a third"), state, after=0)
    assert not whole(home)
    receivables.ingest([home / "inbox"], home)
    assert {one.contract for one in state.waivers()} == {"second", "a third", *["first"] * told_before}
    assert whole(home)


def test_the_mark_of_the_secret_is_registered_by_the_next_run_that_needs_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, lake = State(home / "state.sqlite"), home / "lake"
    cut_off(monkeypatch, lambda state: accounts.key_of(home, state, lake), state, after=0)
    assert not whole(home)
    accounts.key_of(home, state, lake)
    assert whole(home)


def test_after_the_store_was_lost_every_file_of_the_lake_is_registered_by_the_next_run(home: Path) -> None:
    for path in home.glob(f"{Home(home).state.name}*"):
        path.unlink()
    receivables.ingest([home / "inbox"], home)
    assert whole(home)
