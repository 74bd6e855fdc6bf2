from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from receivables.errors import UsageError
from receivables.schema import TABLES
from receivables.world import generate as write_whole
from receivables.world.feed import FeedSummary, generate
from receivables.world.specify import World
from replay_oracle import replay

AS_OF: Final = date(2026, 10, 28)
NIGHTS: Final = 14
WORLD: Final[dict[str, Any]] = {"customers": 24, "seed": 8, "months": 8, "invoices_per_customer": 14, "as_of": AS_OF}
FEEDS: Final = {
    "delta": ("canonical", "delta"),
    "full": ("canonical", "full"),
    "list": ("sap_fbl5n", "full"),
    "odoo": ("odoo", "full"),
}
IN_BOOKS: Final = {
    "document_late",
    "receipt_late",
    "allocation_late",
    "reversal_late",
    "void_late",
    "cancellation_late",
    "amount_wrong",
    "due_date_wrong",
}
IN_LIST: Final = {"document_late", "clearing_late", "due_date_wrong"}
IN_FILES: Final = {"no_files", "file_late", "file_twice"}
ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")

Row = dict[str, str]
Rows = dict[tuple[str, ...], Row]


class Feed(NamedTuple):
    """A feed with its truth file; `nights` by date."""

    summary: FeedSummary
    truth: dict[str, Any]

    @property
    def nights(self) -> dict[str, Path]:
        return {folder.name: folder for folder in self.summary.nights}

    def irregular(self, kind: str) -> list[dict[str, Any]]:
        return [found for found in self.truth["irregularities"] if found["kind"] == kind]


def made(out: Path, name: str, **changes: Any) -> Feed:
    dialect, mode = FEEDS[name]
    nights = changes.pop("nights", NIGHTS)
    summary = generate(out, World(**{"dialect": dialect, **WORLD, **changes}), nights=nights, mode=mode)
    return Feed(summary, json.loads(summary.truth.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Feed]:
    return {name: made(tmp_path_factory.mktemp(name), name) for name in FEEDS}


def rows_of(path: Path) -> Rows:
    """The rows of a canonical file by their key."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    key = TABLES[path.name.split("__", maxsplit=1)[0]].key
    found = {
        tuple(row.get(column, row.get("line_no", "")) for column in key) if key else tuple(row.values()): row
        for row in rows
    }
    assert len(found) == len(rows), path.name
    return found


def extracts(feed: Feed, until: str = "9999") -> dict[str, dict[str, Path]]:
    """The files that arrived by a night: by table and the day they were written, in the order of these days."""
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for night, folder in feed.nights.items():
        if night <= until:
            for path in folder.iterdir():
                table, _, _, day = path.stem.split("__")
                found[table][day] = path
    return {table: dict(sorted(days.items())) for table, days in found.items()}


def told_by(feed: Feed, night: str) -> dict[str, Rows]:
    """What a reader knows on a night: of every row the version in the file written last."""
    known: dict[str, Rows] = defaultdict(dict)
    for table, files in extracts(feed, night).items():
        for path in files.values():
            known[table].update(rows_of(path))
    return known


@pytest.mark.parametrize("name", FEEDS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(name: str, tmp_path: Path) -> None:
    content = []
    for place, seed in (("one", 3), ("two", 3), ("three", 4)):
        made(tmp_path / place, name, customers=8, nights=8, seed=seed)
        files = sorted(path for path in (tmp_path / place).rglob("*") if path.is_file())
        content.append({str(path.relative_to(tmp_path / place)): path.read_bytes() for path in files})
    assert content[0] == content[1]
    assert content[0] != content[2]


@pytest.mark.parametrize("name", FEEDS)
def test_there_is_a_folder_and_a_position_for_every_night(name: str, feeds: dict[str, Feed]) -> None:
    feed = feeds[name]
    days = [str(AS_OF - timedelta(days=back)) for back in reversed(range(NIGHTS))]
    assert list(feed.nights) == list(feed.truth["nights"]) == days
    for night, folder in feed.nights.items():
        assert feed.truth["nights"][night]["files"] == sorted(path.name for path in folder.iterdir())
    assert feed.truth["nights"][str(AS_OF)]["open_local_total"] == str(feed.summary.open_local_total)
    assert len(feed.truth["restated"]) >= 3


@pytest.mark.parametrize(("seed", "months", "invoices"), [(1, 60, None), (2, 12, 20)])
@pytest.mark.parametrize("name", ["delta", "list", "odoo"])
def test_every_kind_of_irregularity_is_there(
    name: str, seed: int, months: int, invoices: int | None, tmp_path: Path
) -> None:
    size = {"customers": 60, "nights": 20, "months": months, "invoices_per_customer": invoices}
    found = made(tmp_path, name, seed=seed, **size).summary.irregularities
    assert set(found) == (IN_LIST if name == "list" else IN_BOOKS) | IN_FILES


@pytest.mark.parametrize("name", FEEDS)
def test_irregularities_lie_within_the_nights_of_the_feed(name: str, feeds: dict[str, Feed]) -> None:
    first, *_, last = feeds[name].nights
    for found in feeds[name].truth["irregularities"]:
        assert first < found["told"] <= last
        assert found["happened"] < found["told"]


def test_all_deltas_together_are_the_full_extract_of_the_last_night(feeds: dict[str, Feed]) -> None:
    told = told_by(feeds["delta"], str(AS_OF))
    last = {table: rows_of(files[str(AS_OF)]) for table, files in extracts(feeds["full"]).items()}
    assert told == last
    assert all(
        last[table] for table in ("document", "instalment", "payment", "allocation", "order_line", "collection_log")
    )


def test_a_delta_holds_what_changed_since_the_export_before_whenever_it_arrives(feeds: dict[str, Feed]) -> None:
    deltas, compared = extracts(feeds["delta"]), 0
    for table, files in extracts(feeds["full"]).items():
        before: Rows | None = None
        for day, path in files.items():
            now = rows_of(path)
            changed = now if before is None else {key: row for key, row in now.items() if before.get(key) != row}
            assert (before or {}).keys() <= now.keys()
            assert (rows_of(deltas[table][day]) if day in deltas[table] else {}) == changed, (table, day)
            before, compared = now, compared + 1
    assert compared > 50


def test_only_the_first_night_of_a_feed_of_deltas_is_full(feeds: dict[str, Feed]) -> None:
    first = min(feeds["delta"].nights)
    for night, folder in feeds["delta"].nights.items():
        modes = {path.stem.split("__")[2] for path in folder.iterdir()}
        assert modes <= {"full" if night == first else "delta"}
    assert {path.name.split("__")[0] for path in feeds["delta"].nights[first].iterdir()} >= {"document", "allocation"}


@pytest.mark.parametrize("name", FEEDS)
def test_files_come_late_twice_or_not_at_all(name: str, feeds: dict[str, Feed]) -> None:
    feed = feeds[name]
    for found in feed.irregular("no_files"):
        assert not any(feed.nights[found["happened"]].iterdir())
    for found in feed.irregular("file_late"):
        for file in found["ids"]:
            assert found["happened"] in file
            assert (feed.nights[found["told"]] / file).exists()
            assert not (feed.nights[found["happened"]] / file).exists()
    for found in feed.irregular("file_twice"):
        for file in found["ids"]:
            copies = [(feed.nights[found[night]] / file).read_bytes() for night in ("happened", "told")]
            assert copies[0] == copies[1]
    assert feed.irregular("no_files")


class Slip(NamedTuple):
    """How an irregularity shows in the files: the row is not there before it is told, or a column says something else."""

    table: str
    key: str
    column: str | None


SLIPS: Final = {
    "document_late": Slip("document", "doc_id", None),
    "receipt_late": Slip("payment", "payment_id", None),
    "allocation_late": Slip("allocation", "allocation_id", None),
    "reversal_late": Slip("payment", "payment_id", "reversal_date"),
    "void_late": Slip("allocation", "allocation_id", "voided_date"),
    "cancellation_late": Slip("document", "doc_id", "cancelled_date"),
    "amount_wrong": Slip("document", "doc_id", "amount_doc"),
    "due_date_wrong": Slip("instalment", "doc_id", "due_date"),
}


@pytest.mark.parametrize("kind", SLIPS)
def test_the_files_show_what_was_planted(kind: str, feeds: dict[str, Feed]) -> None:
    slip, feed = SLIPS[kind], feeds["full"]
    files = extracts(feed)[slip.table]
    assert feed.irregular(kind)
    for found in feed.irregular(kind):
        for day, path in files.items():
            rows = {row[slip.key]: row for row in rows_of(path).values()}
            row = rows.get(found["ids"][0])
            is_told = day >= found["told"]
            if slip.column is None:
                assert (row is not None) == is_told
            elif row is not None and "before" in found:
                assert (row[slip.column] == found["before"]) != is_told
            elif row is not None:
                assert row[slip.column] == (found["happened"] if is_told else "")


def typed(table: str, row: Row) -> dict[str, Any]:
    """A row of a file as the ledger would keep it."""
    reads: dict[str, Callable[[str], Any]] = {"date": date.fromisoformat, "money": Decimal, "int": int}
    columns = TABLES[table].columns
    told = {name: reads.get(columns[name].type, str)(value) if value else None for name, value in row.items()}
    return {"company_id": "ES01", **told}


def by_owner(tables: dict[str, Rows]) -> Iterable[dict[str, list[dict[str, Any]]]]:
    """The rows of each customer; what belongs to a document not told yet is nobody's."""
    owner = {row["doc_id"]: row["customer_id"] for row in tables["document"].values()}
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for table in ("document", "instalment", "payment", "allocation"):
        for row in tables[table].values():
            customer = row["customer_id"] if "customer_id" in row else owner.get(row.get("doc_id") or row["to_doc_id"])
            if customer is not None:
                found[customer][table].append(typed(table, row))
    return found.values()


def replayed(tables: dict[str, Rows], as_of: str) -> tuple[dict[Any, Any], dict[str, Any]]:
    """What a plain replay of rows finds open: by customer and currency, and by bucket."""
    customers: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    buckets: dict[str, Decimal] = defaultdict(Decimal)
    for rows in by_owner(tables):
        for item in replay(rows, date.fromisoformat(as_of)).items:
            sums = customers[item.customer_id, item.currency]
            sums[:] = [sums[0] + 1, sums[1] + item.open_doc, sums[2] + item.open_local]
            buckets[item.bucket] += item.open_local
    return customers, buckets


def assert_replays_to(tables: dict[str, Rows], as_of: str, told: dict[str, Any]) -> None:
    """Exact in document currency; the plain replay values the instalments of a foreign invoice at the whole invoice's ratio, some units off."""
    customers, buckets = replayed(tables, as_of)
    wanted = {(row["customer_id"], row["currency"]): row for row in told["open"]}
    assert {key: sums[:2] for key, sums in customers.items()} == {
        key: [row["items"], Decimal(row["open_doc"])] for key, row in wanted.items()
    }, as_of
    for key, (items, _, local) in customers.items():
        assert abs(local - Decimal(wanted[key]["open_local"])) <= CENT * items, (as_of, key)
    filled = {name: row for name, row in told["buckets"].items() if row["items"]}
    assert buckets.keys() == filled.keys(), as_of
    for name, row in filled.items():
        assert abs(buckets[name] - Decimal(row["open_local"])) <= CENT * row["items"], (as_of, name)


@pytest.mark.parametrize("name", ["delta", "full"])
def test_a_plain_replay_of_the_files_arrived_finds_the_position_of_every_night(
    name: str, feeds: dict[str, Feed]
) -> None:
    for night, told in feeds[name].truth["nights"].items():
        assert_replays_to(told_by(feeds[name], night), night, told)


@pytest.mark.parametrize("name", ["delta", "full"])
def test_a_plain_replay_of_all_files_finds_the_earlier_nights_as_known_in_the_end(
    name: str, feeds: dict[str, Feed]
) -> None:
    known = told_by(feeds[name], str(AS_OF))
    for told in feeds[name].truth["restated"]:
        assert told["known_then"] == {
            key: value for key, value in feeds[name].truth["nights"][told["as_of"]].items() if key != "files"
        }
        assert_replays_to(known, told["as_of"], told["known_in_the_end"])


@pytest.mark.parametrize("name", FEEDS)
def test_earlier_nights_are_seen_otherwise_in_the_end(name: str, feeds: dict[str, Feed]) -> None:
    assert any(told["known_then"] != told["known_in_the_end"] for told in feeds[name].truth["restated"])


@pytest.mark.parametrize("name", ["delta", "full", "odoo"])
def test_every_position_ties(name: str, feeds: dict[str, Feed]) -> None:
    positions = [*feeds[name].truth["nights"].values(), *(r["known_in_the_end"] for r in feeds[name].truth["restated"])]
    for told in positions:
        assert abs(Decimal(told["proof_local"]["difference"])) < CENT
        assert sum(Decimal(row["open_local"]) for row in told["open"]) == Decimal(told["open_local_total"])


def latest(feed: Feed) -> Iterator[tuple[str, list[Path]]]:
    """Every night with the files written last among those arrived by then."""
    arrived: dict[str, list[Path]] = defaultdict(list)
    for night, folder in feed.nights.items():
        for path in sorted(folder.iterdir()):
            arrived[path.stem[-10:]].append(path)
        yield night, arrived[max(arrived)]


def german(text: str) -> Decimal:
    amount = Decimal(text.strip().rstrip("-").replace(".", "").replace(",", "."))
    return -amount if text.strip().endswith("-") else amount


def test_what_no_clearing_closes_in_the_list_is_the_position_of_the_night(feeds: dict[str, Feed]) -> None:
    feed = feeds["list"]
    for night, paths in latest(feed):
        total, lines = ZERO, 0
        for line in paths[0].read_text(encoding="cp1252").splitlines():
            cells = line.split("|")
            if len(cells) > 14 and cells[1].strip() == "@":
                lines, cleared = lines + 1, cells[12].strip()
                total += ZERO if cleared else german(cells[10])
        assert total == Decimal(feed.truth["nights"][night]["open_local_total"]), night
        assert lines == feed.truth["nights"][night]["lines"]


def test_lines_cleared_together_add_up_to_nothing_every_night(feeds: dict[str, Feed]) -> None:
    for _, paths in latest(feeds["list"]):
        cleared: dict[str, Decimal] = defaultdict(Decimal)
        for line in paths[0].read_text(encoding="cp1252").splitlines():
            cells = line.split("|")
            if len(cells) > 14 and cells[1].strip() == "@" and cells[12].strip():
                cleared[cells[12]] += german(cells[10])
        assert set(cleared.values()) == {ZERO}


def test_the_residuals_of_odoo_are_the_position_of_the_night(feeds: dict[str, Feed]) -> None:
    feed = feeds["odoo"]
    for night, paths in latest(feed):
        (path,) = (path for path in paths if path.name.startswith("account_move_line__"))
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file, strict=True) if row["parent_state"] == "posted"]
        total = sum((Decimal(row["amount_residual"]) for row in rows), ZERO)
        assert abs(total - Decimal(feed.truth["nights"][night]["open_local_total"])) <= CENT * len(rows) / 2, night


@pytest.mark.parametrize(
    "wrong", [{"mode": "deltas"}, {"dialect": "sap_fbl5"}, {"nights": 0}, {"nights": 900}, {"customers": 0}]
)
def test_a_feed_that_cannot_be_made_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    nights, mode = wrong.pop("nights", 3), wrong.pop("mode", "delta")
    with pytest.raises(UsageError):
        generate(tmp_path, World(**{**WORLD, **wrong}), nights=nights, mode=mode)


@pytest.mark.parametrize(("customers", "nights", "invoices"), [(1, 1, 1), (1, 2, 1), (2, 9, 2)])
@pytest.mark.parametrize("name", FEEDS)
def test_a_tiny_feed_is_still_a_feed(name: str, customers: int, nights: int, invoices: int, tmp_path: Path) -> None:
    feed = made(tmp_path, name, customers=customers, nights=nights, invoices_per_customer=invoices)
    assert len(feed.nights) == nights


def test_a_feed_is_not_mixed_with_what_lies_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "earlier").mkdir()
    with pytest.raises(UsageError, match="not empty"):
        generate(tmp_path, World(customers=5, seed=1, months=12), nights=3)
    assert [path.name for path in tmp_path.iterdir()] == ["earlier"]


def test_what_was_stated_before_the_feed_began_is_stated_in_it_too(tmp_path: Path) -> None:
    """A feed tells the same past as the same world told at once: the balances that customers and the general ledger were told."""
    world = World(customers=20, seed=8, invoices_per_customer=20, as_of=AS_OF)
    write_whole(tmp_path / "whole", world)
    told = generate(tmp_path / "feed", world, nights=8, mode="full")
    for table in ("balance_assertion", "statement_confirmation"):
        (whole,), (feed,) = (list(folder.glob(f"{table}__*")) for folder in (tmp_path / "whole", told.nights[-1]))
        before = [
            {key: row for key, row in rows_of(path).items() if row["as_of"] < str(AS_OF - timedelta(days=90))}
            for path in (whole, feed)
        ]
        assert before[0] == before[1]
        assert len(before[0]) > 10
