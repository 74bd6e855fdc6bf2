"""The product run night after night on a feed of late, wrong and missing exports, against what its generator says was known each night."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

import receivables
import receivables.published
from exports import WHOLE
from homes import ask
from receivables.engine import connect
from receivables.world.feed import generate
from receivables.world.specify import World

pytestmark = pytest.mark.wide

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
    restated: list[Restated]
    uses: list[tuple[str, str]]
    """Allocations of the last night with each of their ends, none with the company's prefix."""


class Restated(NamedTuple):
    """A row of `marts.restatement` as the last night tells it, with its file."""

    published_as_of: str
    item: str
    reason: str
    extract_as_of: str | None
    loaded_at: datetime | None


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
    rows = ask(
        home,
        "select told.published_as_of::varchar, split_part(told.item_id, ':', 2), told.reason, batch.extract_as_of::varchar, batch.loaded_at"
        " from marts.restatement as told left join ops.batch as batch on told.batch_id = batch.batch_id",
    )
    ends = "unnest([from_payment_id, from_doc_id, to_payment_id, to_doc_id]) as item_id"
    uses = ask(
        home,
        f"select split_part(allocation_id, ':', 2), split_part(item_id, ':', 2) from (select allocation_id, {ends} from core.allocation)",
    )
    return Run(home, truth, published, known_at, [Restated(*row) for row in rows], [(used, end) for used, end in uses])


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


def published_items(home: Path, run_id: str) -> list[tuple[Any, ...]]:
    """What the lake keeps of the open items a run published."""
    path = home / "lake" / "published_item" / f"{run_id}.parquet"
    with connect() as con:
        return con.execute(f"select * exclude (run_id) from read_parquet('{path}') order by all").fetchall()


def test_every_night_made_again_is_what_was_kept_of_it_item_by_item(run: Run) -> None:
    kept = {told.known_at: told for told in receivables.published.kept(run.home / "lake")}
    for night, moment in list(run.known_at.items())[:: 1 if WHOLE else 3]:
        first = kept[moment]
        receivables.build(run.home, as_of=date.fromisoformat(night), known_at=moment)
        ((again,),) = ask(run.home, "select run_id from ops.run")
        assert again != first.run_id
        assert published_items(run.home, again) == published_items(run.home, first.run_id)


def first_export(run: Run, day: str) -> str:
    """The day of the first export written on or after a day: on some nights none is."""
    silent = {found["happened"] for found in run.truth["irregularities"] if found["kind"] == "no_files"}
    return str(min(night for night in run.known_at if night >= day and night not in silent))


def arrival(run: Run, extract: str) -> str:
    """The night the documents of an export arrived."""
    nights: dict[str, Any] = run.truth["nights"]
    return min(
        night
        for night, position in nights.items()
        if any(name.startswith("document__") and extract in name for name in position["files"])
    )


def test_whatever_is_restated_is_told_by_a_file_that_came_later(run: Run) -> None:
    assert run.restated
    assert {row.reason for row in run.restated} == {"told"}
    assert [
        row for row in run.restated if row.loaded_at is None or row.loaded_at <= run.known_at[row.published_as_of]
    ] == []


def test_documents_told_late_or_wrong_are_restated_on_the_days_between_and_by_the_file_that_told_them(run: Run) -> None:
    if run.truth["dialect"] != "canonical":
        pytest.skip("a list names its irregularities by clearing, not by document")
    kinds = ("document_late", "cancellation_late", "amount_wrong", "due_date_wrong")
    told = [found for found in run.truth["irregularities"] if found["kind"] in kinds]
    assert {found["kind"] for found in told} == {*kinds}
    for found in told:
        (document,) = found["ids"]
        extract = first_export(run, found["told"])
        days = {night for night in run.known_at if found["happened"] <= night < arrival(run, extract)}
        rows = [row for row in run.restated if row.item == document]
        assert {(row.published_as_of, row.extract_as_of) for row in rows} == {(day, extract) for day in days}, found


def test_nothing_is_restated_but_what_was_told_late(run: Run) -> None:
    if run.truth["dialect"] != "canonical":
        pytest.skip("a list names its irregularities by clearing, not by document")
    irregular = run.truth["irregularities"]
    named = {name for found in irregular for name in found["ids"]}
    # a receipt told late, or taken back late, moves what it was used for as well
    touched = {allocation for allocation, end in run.uses if allocation in named or end in named}
    late = named | {end for allocation, end in run.uses if allocation in touched}
    # what happened on nights without files, or stood in a file that came late, was late as a whole
    exports = {
        first_export(run, found["happened"]) for found in irregular if found["kind"] in ("no_files", "file_late")
    }
    unexplained = [row for row in run.restated if row.item not in late and row.extract_as_of not in exports]
    assert unexplained == []
