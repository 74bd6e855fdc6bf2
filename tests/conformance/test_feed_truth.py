"""The product run night after night on a feed of late, wrong and missing exports, against what its generator says was known each night."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

import receivables
from exports import WHOLE
from homes import ask
from receivables.world.feed import generate
from receivables.world.specify import World

AS_OF: Final = date(2024, 6, 19)
NIGHTS: Final = 8
FEEDS: Final = {
    "canonical by deltas": ("canonical", "delta"),
    "canonical": ("canonical", "full"),
    "list": ("sap_fbl5n", "full"),
}

TOLD: Final = [name for name in FEEDS if WHOLE or name != "canonical"]
"""The feeds told with every change; `make study` tells all."""

LEDGER: Final = ("document", "instalment", "payment", "allocation")
"""The canonical tables that decide what is open; of the others only the company is read, once, for speed."""

Open = dict[tuple[str, str], tuple[Decimal, Decimal]]
Night = tuple[Open, dict[str, Decimal], list[Any]]
"""Open by customer and currency, open by bucket, and where the ledger does not tie."""


@dataclass(frozen=True)
class Run:
    """A home that went through all nights of a feed: what each night published, and up to which moment it knew."""

    home: Path
    truth: dict[str, Any]
    published: dict[str, Night]
    known_at: dict[str, datetime]


@pytest.fixture(scope="module", params=TOLD)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("feed")
    dialect, mode = FEEDS[request.param]
    world = World(25, 11, dialect, as_of=AS_OF, months=8, invoices_per_customer=30)
    feed = generate(place / "feed", world, nights=NIGHTS, mode=mode)
    truth = json.loads(feed.truth.read_text(encoding="utf-8"))
    home = place / "home"
    published: dict[str, Night] = {}
    known_at: dict[str, datetime] = {}
    for folder in feed.nights:
        receivables.ingest(ledger_files(folder, is_first=not published), home)
        receivables.build(home, as_of=date.fromisoformat(folder.name))
        published[folder.name] = figures(home, truth["company_id"])
        ((known_at[folder.name],),) = ask(home, "select known_at from ops.run")
    return Run(home, truth, published, known_at)


def ledger_files(folder: Path, *, is_first: bool) -> list[Path]:
    """The files of a night that the ledger is made from; a list has one part only."""
    wanted = {*LEDGER, "company"} if is_first else LEDGER
    return [path for path in sorted(folder.iterdir()) if path.suffix == ".txt" or path.name.split("__")[0] in wanted]


def figures(home: Path, company_id: str) -> Night:
    """What the published file says."""
    rows = ask(home, "select customer_id, currency, sum(open_doc), sum(open_local) from marts.aging group by all")
    found = {
        (customer.removeprefix(f"{company_id}:"), currency): (doc, local) for customer, currency, doc, local in rows
    }
    buckets = dict(ask(home, "select bucket, sum(open_local) from marts.aging group by all"))
    return found, buckets, ask(home, "select column_name, reason_code, raw_value from checks.control_difference")


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


def test_every_night_publishes_what_had_arrived_by_then(run: Run) -> None:
    nights = run.truth["nights"]
    assert {night: differing(run.published[night][0], expected(position)) for night, position in nights.items()} == {
        night: {} for night in nights
    }


def test_every_night_puts_it_into_the_right_buckets(run: Run) -> None:
    for night, position in run.truth["nights"].items():
        if "buckets" in position:
            wanted = {name: Decimal(bucket["open_local"]) for name, bucket in position["buckets"].items()}
            assert run.published[night][1] == {name: amount for name, amount in wanted.items() if amount}, night


def test_every_night_ties_to_the_ledger(run: Run) -> None:
    assert {night: found[2] for night, found in run.published.items()} == {night: [] for night in run.published}


def test_an_earlier_night_as_it_was_known_then_comes_out_as_it_was_published(run: Run) -> None:
    told = run.truth["restated"][1]
    day = told["as_of"]
    receivables.build(run.home, as_of=date.fromisoformat(day), known_at=run.known_at[day])
    again = figures(run.home, run.truth["company_id"])
    assert differing(again[0], expected(told["known_then"])) == {}
    assert again == run.published[day]


def test_an_earlier_night_as_it_is_known_in_the_end_holds_what_came_late(run: Run) -> None:
    restated = run.truth["restated"]
    assert any(told["known_then"] != told["known_in_the_end"] for told in restated)
    for told in restated[::2]:
        receivables.build(run.home, as_of=date.fromisoformat(told["as_of"]))
        found, _, untied = figures(run.home, run.truth["company_id"])
        assert differing(found, expected(told["known_in_the_end"])) == {}, told["as_of"]
        assert untied == []
