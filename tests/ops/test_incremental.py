"""Nights that go on from the published file: what they publish, what the log says of it, and when everything is made anew."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from factories import allocation, customer, document, payment
from homes import MONDAY, TUESDAY, ask, business, command, quick_night, tell
from receivables.settings import FILE_NAME
from receivables.warehouse import published_file

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from factories import Row

NIGHTS: Final = 6


@pytest.fixture
def going_on(home: Path) -> Path:
    """A home whose nights go on from each other, whatever share of its few documents they touch; one was published."""
    path = home / FILE_NAME
    told = path.read_text("utf-8").replace("#incremental_share = 0.3", "incremental_share = 1")
    told = told.replace("#incremental_documents = 10000", "incremental_documents = 0")
    path.write_text(told, encoding="utf-8")
    receivables.build(home, whole=True)
    return home


def how(home: Path) -> dict[str, Any]:
    """The line of the last run's log that says how it was built."""
    lines = map(json.loads, max((home / "logs").glob("*.jsonl")).read_text("utf-8").splitlines())
    (found,) = (line for line in lines if line["event"] in {"gone_on", "made_whole"})
    assert isinstance(found, dict)
    return found


def told_on_tuesday(home: Path) -> None:
    tell(home, {"payment": [payment("P3", "10.00", pay_date=TUESDAY)]}, TUESDAY, full=False)
    quick_night(home)


def test_a_night_that_is_told_little_makes_little_anew_and_says_so(going_on: Path) -> None:
    told_on_tuesday(going_on)
    line = how(going_on)
    assert (line["event"], line["made_anew"]) == ("gone_on", {"payment": 1})
    assert ask(going_on, "select gone_on_from, builds_since_whole from ops.build") == [(line["run_before"], 1)]
    assert ask(going_on, "select open_doc from marts.open_item where item_id = 'ES01:P3'") == [(-10,)]


def test_a_build_that_is_asked_to_be_whole_takes_nothing_over(going_on: Path) -> None:
    assert command("build", "--home", going_on, "--whole").exit_code == 0
    assert (how(going_on)["event"], how(going_on)["reason"]) == ("made_whole", "it was asked for")
    assert ask(going_on, "select gone_on_from, builds_since_whole from ops.build") == [(None, 0)]


def test_a_small_ledger_is_made_whole(home: Path) -> None:
    receivables.build(home)
    assert how(home)["reason"] == "the ledger is small, so that a whole build costs no more"


def test_a_full_export_makes_everything_anew(going_on: Path) -> None:
    tell(going_on, {"document": business()["document"]}, TUESDAY)
    quick_night(going_on)
    assert how(going_on)["reason"] == "document__ES01__full__2024-03-05.csv tells every document again"


def test_other_settings_make_everything_anew(going_on: Path) -> None:
    path = going_on / FILE_NAME
    path.write_text(path.read_text("utf-8").replace("#cutoff_days = 10", "cutoff_days = 9"), encoding="utf-8")
    receivables.build(going_on)
    assert how(going_on)["reason"].endswith("was made by another version, or with other settings")


def test_a_moment_that_knew_less_than_the_published_file_makes_everything_anew(going_on: Path) -> None:
    ((moment,),) = ask(going_on, "select known_at from ops.run")
    told_on_tuesday(going_on)
    receivables.build(going_on, known_at=moment)
    assert how(going_on)["reason"] == "not all that was told to the earlier build counts still, as it was told"


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_published_file_that_was_cut_off_is_not_gone_on_from(going_on: Path, kept: float) -> None:
    path = published_file(going_on)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    receivables.build(going_on)
    assert how(going_on)["event"] == "made_whole"
    assert command("verify", "--home", going_on, "--rebuild").exit_code == 0


def test_after_somebody_was_forgotten_everything_is_made_anew_so_that_no_trace_is_copied(going_on: Path) -> None:
    receivables.forget("ES01:C2", going_on, reason="asked for it", by="Ana Gil")
    receivables.build(going_on)
    assert how(going_on)["reason"].startswith("somebody was forgotten since")


def drawn_night(draw: random.Random, home: Path, tables: dict[str, list[Row]], number: int, day: date) -> str:
    """Tell or decide something, as nights do; returns what."""
    what = draw.choice(
        ("paid", "paid", "invoiced", "invoiced", "corrected", "taken back", "restated", "terms", "full", "nothing")
    )
    who = draw.choice(("C1", "C2"))
    if what == "invoiced":
        told = {
            "document": [
                document(
                    f"X{number}",
                    f"{draw.randint(1, 900)}.50",
                    doc_date=day,
                    customer_id=who,
                    due_date=None if draw.random() < 0.5 else day,
                )
            ]
        }
    elif what == "paid":
        to = draw.choice(tables["document"])["doc_id"]
        amount = draw.choice(("10.00", "60.00", "1000.00"))
        told = {
            "payment": [payment(f"Y{number}", amount, pay_date=day, customer_id=who)],
            "allocation": [
                allocation(f"Z{number}", amount, from_payment_id=f"Y{number}", to_doc_id=to, alloc_date=day)
            ],
        }
    elif what == "corrected":
        row = draw.choice(tables["document"])
        told = {"document": [row | {"due_date": day, "dispute_flag": True}]}
    elif what == "taken back":
        told = {"allocation": [draw.choice(tables["allocation"]) | {"voided_date": day}]}
    elif what == "restated":
        row = draw.choice(tables["payment"])
        told = {"payment": [row | {"reversal_date": day, "state": "reversed"}]}
    elif what == "terms":
        told = {
            "customer": [customer(who, terms_id=draw.choice(("T30", None)))],
            "payment_terms": [{"company_id": "ES01", "terms_id": "T30", "baseline": "doc", "net_days": 30}],
        }
    elif what == "full":
        tell(home, {"payment": tables["payment"]}, day)
        return what
    else:
        return what
    tell(home, told, day, full=False)
    for name, rows in told.items():
        if name in tables:
            keys = {
                "document": "doc_id",
                "payment": "payment_id",
                "allocation": "allocation_id",
                "customer": "customer_id",
            }
            again = {row[keys[name]] for row in rows}
            tables[name] = [*(row for row in tables[name] if row[keys[name]] not in again), *rows]
    return what


@pytest.mark.wide
def test_whatever_nights_bring_what_is_published_is_what_a_new_build_from_the_lake_makes(going_on: Path) -> None:
    draw, tables = random.Random(20240304), business()  # the same nights every time
    lines = []
    day = MONDAY
    for number in range(NIGHTS):
        day += timedelta(days=draw.choice((0, 1, 1, 3, 27)))
        what = drawn_night(draw, going_on, tables, number, day)
        receivables.ingest([going_on / "inbox"], going_on)
        receivables.build(going_on, as_of=day - timedelta(days=draw.choice((0, 0, 0, 5))))
        lines.append((what, how(going_on)))
        if number % 2:
            ended = command("verify", "--home", going_on, "--rebuild")
            assert ended.exit_code == 0, (lines, ended)
    assert sum(line["event"] == "gone_on" for _, line in lines) >= NIGHTS // 2, lines
