"""Odoo exports of a whole made-up business against the truth its generator wrote beside them, once and night after night.

Odoo keeps only what stands on the day of the export: what was taken back before it has left no day behind. So an earlier date comes out as
the truth says but for customers with something cancelled since.
"""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

import receivables
from exports import WHOLE
from homes import ask
from receivables.world import generate
from receivables.world.feed import generate as generate_feed
from receivables.world.specify import World

pytestmark = pytest.mark.wide

AS_OF: Final = date(2024, 6, 19)
WORLDS: Final = {
    "one": World(30, 34, "odoo", as_of=AS_OF, months=24),
    "other": World(25, 35, "odoo", as_of=AS_OF, months=14),
}
NIGHTS: Final = 6

Open = dict[tuple[str, str], tuple[Decimal, Decimal]]


class Home(NamedTuple):
    """A home that read exports, what the generator says, and where the exports are."""

    path: Path
    truth: dict[str, Any]
    exports: list[Path]


def settled_home(place: Path, truth: dict[str, Any]) -> Path:
    """A home whose company is named as Odoo names it, so that moves, which say it, and lines, which do not, belong together."""
    home = place / "home"
    home.mkdir()
    (home / "receivables.toml").write_text(
        f'[[company]]\nid = "{truth["company_id"]}"\nname = "{truth["company"]}"\nlocal_currency = "{truth["local_currency"]}"\n',
        encoding="utf-8",
    )
    return home


def published(home: Path, company_id: str) -> Open:
    """What is open by customer and currency."""
    rows = ask(home, "select customer_id, currency, sum(open_doc), sum(open_local) from marts.aging group by all")
    return {
        (customer.removeprefix(f"{company_id}:"), currency): (doc, local) for customer, currency, doc, local in rows
    }


def expected(position: dict[str, Any]) -> Open:
    return {
        (row["customer_id"], row["currency"]): (Decimal(row["open_doc"]), Decimal(row["open_local"]))
        for row in position["open"]
    }


def differing(got: Open, wanted: Open) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Customers and currencies whose open amounts differ: got and wanted."""
    return {
        key: (got.get(key), wanted.get(key)) for key in got.keys() | wanted.keys() if got.get(key) != wanted.get(key)
    }


TOLD: Final = [name for name in WORLDS if WHOLE or name == "one"]
"""The worlds told with every change; `make study` tells both."""


@pytest.fixture(scope="module", params=TOLD)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    place = tmp_path_factory.mktemp("world")
    summary = generate(place / "export", WORLDS[request.param])
    truth = json.loads((place / "export" / "truth.json").read_text(encoding="utf-8"))
    exports = [path for path in summary.files if path.suffix == ".csv"]
    path = settled_home(place, truth)
    assert {file.outcome for file in receivables.ingest(exports, path).files} == {"loaded"}
    receivables.build(path)
    return Home(path, truth, exports)


def cancelled_customers(home: Home) -> set[str]:
    """Who has a cancelled item: Odoo does not say since when."""
    (lines,) = (path for path in home.exports if path.name.startswith("account_move_line"))
    with lines.open(encoding="utf-8", newline="") as file:
        return {
            row["partner_id/ref"] or "(unidentified)" for row in csv.DictReader(file) if row["parent_state"] == "cancel"
        }


def test_what_is_open_is_what_the_generator_says(home: Home) -> None:
    position = home.truth["positions"][str(AS_OF)]
    receivables.build(home.path, as_of=AS_OF)
    assert differing(published(home.path, home.truth["company_id"]), expected(position)) == {}
    buckets = dict(ask(home.path, "select bucket, sum(open_local) from marts.aging group by all"))
    wanted = {name: Decimal(told["open_local"]) for name, told in position["buckets"].items()}
    assert buckets == {name: amount for name, amount in wanted.items() if amount}


def test_an_earlier_date_differs_only_where_something_was_taken_back_since(home: Home) -> None:
    forgotten = cancelled_customers(home)
    for day, position in home.truth["positions"].items():
        receivables.build(home.path, as_of=date.fromisoformat(day))
        found = differing(published(home.path, home.truth["company_id"]), expected(position))
        assert {customer for customer, _ in found} <= forgotten, day
        assert len(found) < len(expected(position)) / 4


def test_every_line_is_accounted_for_and_nothing_is_kept_out(home: Home) -> None:
    receivables.build(home.path)
    counts = ask(
        home.path, "select file_name, sum(lines_read), sum(lines_loaded + lines_skipped) from ops.batch group by all"
    )
    physical = {path.name: len(path.read_bytes().splitlines()) for path in home.exports}
    assert {name: read for name, read, _ in counts} == physical
    assert all(read == told for _, read, told in counts)
    assert ask(home.path, "select count(*) from ops.issue where action = 'quarantine'") == [(0,)]
    assert ask(home.path, "select count(*) from checks.control_difference") == [(0,)]


def test_items_and_headers_agree_on_what_is_a_credit_note(home: Home) -> None:
    receivables.build(home.path)
    prefixes = ask(
        home.path,
        "select distinct split_part(doc_no, '/', 1), kind from core.document where state = 'posted' and doc_no is not null order by all",
    )
    kinds = dict(prefixes)
    assert len(kinds) == len(prefixes)
    assert (kinds["INV"], kinds["RINV"]) == ("invoice", "credit_note")


@pytest.mark.parametrize("part", ["account_move_line", "account_move_line account_partial_reconcile"])
def test_items_without_the_other_files_give_the_same_balances(home: Home, tmp_path: Path, part: str) -> None:
    """The rests the items tell are enough for the day of the export; which receipt paid what is then guessed by matching number."""
    chosen = [path for path in home.exports if path.name.split("__")[0] in part.split()]
    place = settled_home(tmp_path, home.truth)
    receivables.ingest(chosen, place)
    receivables.build(place)
    found = differing(published(place, home.truth["company_id"]), expected(home.truth["positions"][str(AS_OF)]))
    assert found == {}


# -- night after night -----------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """A home that went through all nights of a feed: what each night published, and up to which moment it knew."""

    home: Path
    truth: dict[str, Any]
    published: dict[str, Open]
    known_at: dict[str, datetime]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("feed")
    world = World(20, 11, "odoo", as_of=AS_OF, months=8, invoices_per_customer=24)
    feed = generate_feed(place / "feed", world, nights=NIGHTS, mode="full")
    truth = json.loads(feed.truth.read_text(encoding="utf-8"))
    home = settled_home(place, truth)
    told: dict[str, Open] = {}
    known_at: dict[str, datetime] = {}
    for folder in feed.nights:
        receivables.ingest(sorted(folder.glob("*.csv")), home)
        receivables.build(home, as_of=date.fromisoformat(folder.name))
        told[folder.name] = published(home, truth["company_id"])
        ((known_at[folder.name],),) = ask(home, "select known_at from ops.run")
        assert ask(home, "select count(*) from checks.control_difference") == [(0,)]
    return Run(home, truth, told, known_at)


def test_every_night_publishes_what_had_arrived_by_then(run: Run) -> None:
    nights = run.truth["nights"]
    found = {night: differing(run.published[night], expected(position)) for night, position in nights.items()}
    assert found == {night: {} for night in nights}


def test_an_earlier_night_as_it_was_known_then_comes_out_as_it_was_published(run: Run) -> None:
    day = run.truth["restated"][1]["as_of"]
    receivables.build(run.home, as_of=date.fromisoformat(day), known_at=run.known_at[day])
    assert differing(published(run.home, run.truth["company_id"]), run.published[day]) == {}
