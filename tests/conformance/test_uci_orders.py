"""A wholesaler's order lines day by day: walk-in customers, and cancellations whose sale stands in an earlier file."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pytest

import receivables
from exports import WHOLE
from homes import ask

if TYPE_CHECKING:
    from collections.abc import Iterable

PROFILE: Final = "uci_online_retail"
COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
DAY_ONE: Final = (
    ("536365", "85123A", "WHITE HOLDER", "6", "2011-11-10 08:26:00", "2.55", "17850.0", "United Kingdom"),
    ("536365", "71053", "WHITE LANTERN", "6", "2011-11-10 08:26:00", "3.39", "17850.0", "United Kingdom"),
    ("536365", "71053", "WHITE LANTERN", "6", "2011-11-10 08:26:00", "3.39", "17850.0", "United Kingdom"),
    ("536366", "22752", "SET 7 BABUSHKA", "2", "2011-11-10 09:00:00", "7.65", "", "EIRE"),
    ("C536367", "22752", "SET 7 BABUSHKA", "-2", "2011-11-10 09:12:00", "7.65", "", "EIRE"),
    ("536368", "22139", "", "-10", "2011-11-10 10:00:00", "0.0", "", "United Kingdom"),
)
DAY_TWO: Final = (
    ("C536400", "71053", "WHITE LANTERN", "-6", "2011-11-11 08:00:00", "3.39", "17850.0", "United Kingdom"),
    ("C536400", "D", "Discount", "-1", "2011-11-11 08:00:00", "27.50", "17850.0", "United Kingdom"),
    ("C536401", "71053", "WHITE LANTERN", "-6", "2011-11-11 08:01:00", "3.39", "17850.0", "United Kingdom"),
    ("C536402", "71053", "WHITE LANTERN", "-6", "2011-11-11 08:02:00", "3.39", "17850.0", "United Kingdom"),
)
LINKS: Final = (
    "select substr(order_id, 5), product_name, substr(returns_order_id, 5), returns_line_no, return_link from core.order_line"
    " where qty < 0 order by first_batch, first_line"
)


def write_day(folder: Path, day: str, rows: Iterable[tuple[str, ...]]) -> Path:
    path = folder / f"{day}.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return path


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that read two small days, each in a night of its own; not to be changed."""
    home = tmp_path_factory.mktemp("two_days") / "home"
    receivables.init(home)
    for day, rows in (("2011-11-10", DAY_ONE), ("2011-11-11", DAY_TWO)):
        done = receivables.ingest([write_day(home / "inbox", day, rows)], home)
        assert [(file.outcome, file.batch_status) for file in done.files] == [("loaded", "ok")]
    receivables.build(home)
    return home


def test_a_cancellation_takes_back_the_latest_sale_still_open_also_of_an_earlier_file(two_days: Path) -> None:
    assert ask(two_days, LINKS) == [
        ("C536367", "SET 7 BABUSHKA", "536366", 1, "derived"),
        ("536368", None, None, None, None),
        ("C536400", "WHITE LANTERN", "536365", 3, "derived"),
        ("C536400", "Discount", None, None, None),
        ("C536401", "WHITE LANTERN", "536365", 2, "derived"),
        ("C536402", "WHITE LANTERN", None, None, None),
    ]


def test_returns_are_counted_by_file_with_their_value(two_days: Path) -> None:
    found = (
        "select batch.file_name, issue.reason_code, issue.count, issue.raw_value from ops.issue as issue"
        " join ops.batch as batch on issue.batch_id = batch.batch_id where issue.reason_code like 'ORDER%' order by all"
    )
    assert ask(two_days, found) == [
        ("2011-11-10.csv", "ORDER_RETURN_DERIVED", 1, "-15.30 GBP"),
        ("2011-11-11.csv", "ORDER_RETURN_DERIVED", 2, "-40.68 GBP"),
        ("2011-11-11.csv", "ORDER_RETURN_UNLINKED", 2, "-47.84 GBP"),
    ]


def test_an_order_stands_under_its_customer_or_the_walk_in_account(two_days: Path) -> None:
    orders = "select distinct order_id, customer_id, order_date::varchar, currency, order_status from core.order_line order by order_id"
    assert ask(two_days, f"{orders} limit 4") == [
        ("UCI:536365", "UCI:17850", "2011-11-10", "GBP", None),
        ("UCI:536366", "UCI:WALK-IN", "2011-11-10", "GBP", None),
        ("UCI:536368", "UCI:WALK-IN", "2011-11-10", "GBP", None),
        ("UCI:C536367", "UCI:WALK-IN", "2011-11-10", "GBP", "C"),
    ]
    assumed = "select column_name, repaired_value, sum(count) from ops.issue where reason_code = 'ASSUMED_VALUE' group by all order by 1"
    assert ask(two_days, assumed) == [("company", "UCI", 10), ("currency", "GBP", 10), ("customer", "WALK-IN", 3)]


def test_a_customer_known_only_from_orders_is_a_stub(two_days: Path) -> None:
    customers = "select customer_id, name, status, is_stub from core.customer order by all"
    assert ask(two_days, customers) == [
        ("UCI:17850", "17850", "active", True),
        ("UCI:WALK-IN", "WALK-IN", "active", True),
    ]
    found = "select batch_id, action, count, raw_value from ops.issue where reason_code = 'REF_ORPHAN_CUSTOMER'"
    assert [row[1:] for row in ask(two_days, found)] == [("accept_warn", 2, "UCI:17850")]
    assert ask(two_days, "select count(*), min(currency), max(customer_id) from core.sales_order") == [
        (7, "GBP", "UCI:WALK-IN")
    ]


def test_a_line_keeps_its_product_amounts_and_country(two_days: Path) -> None:
    lines = (
        "select order_line_no, product_id, product_name, qty, unit_price, net_amount, ship_to_country from core.order_line"
        " where order_id in ('UCI:536365', 'UCI:536366') order by order_id, order_line_no"
    )
    assert ask(two_days, lines) == [
        (1, "UCI:85123A", "WHITE HOLDER", 6, Decimal("2.55"), Decimal("15.30"), "GB"),
        (2, "UCI:71053", "WHITE LANTERN", 6, Decimal("3.39"), Decimal("20.34"), "GB"),
        (3, "UCI:71053", "WHITE LANTERN", 6, Decimal("3.39"), Decimal("20.34"), "GB"),
        (1, "UCI:22752", "SET 7 BABUSHKA", 2, Decimal("7.65"), Decimal("15.30"), "IE"),
    ]


# -- the real files ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Feed:
    """A home that read real files, and their rows as pandas reads them."""

    home: Path
    rows: pd.DataFrame
    lines: int


@pytest.fixture(scope="module", params=["day by day", *(["whole"] if WHOLE else [])])
def feed(request: pytest.FixtureRequest, reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    folder = reference_data / "data" / PROFILE
    home = tmp_path_factory.mktemp("feed") / "home"
    receivables.init(home)
    if request.param == "whole":
        paths = [folder / "online_retail.parquet"]
        rows = pd.read_parquet(paths[0])
        lines = len(rows) + 1
    else:
        paths = sorted(folder.glob("*.csv"))
        rows = pd.concat(
            [pd.read_csv(path, dtype={"InvoiceNo": str, "StockCode": str, "CustomerID": str}) for path in paths]
        )
        lines = sum(path.read_bytes().count(b"\n") for path in paths)
    done = receivables.ingest(paths, home)
    assert {(file.outcome, file.batch_status) for file in done.files} == {("loaded", "ok")}
    receivables.build(home)
    return Feed(home, rows, lines)


def test_every_line_of_the_feed_is_an_order_line(feed: Feed) -> None:
    totals = "select sum(lines_read), sum(lines_loaded), sum(lines_quarantined), sum(lines_skipped), sum(rows_loaded) filter (where table_name = 'order_line')"
    ((read, loaded, quarantined, skipped, order_lines),) = ask(feed.home, f"{totals} from ops.batch")
    assert (read, loaded + quarantined + skipped) == (feed.lines, feed.lines)
    assert (loaded, quarantined, order_lines) == (len(feed.rows), 0, len(feed.rows))
    value = sum(
        (
            Decimal(str(price)) * int(qty)
            for price, qty in zip(feed.rows["UnitPrice"], feed.rows["Quantity"], strict=True)
        ),
        Decimal(0),
    )
    assert ask(feed.home, "select count(*), sum(net_amount) from core.order_line") == [(len(feed.rows), value)]


def test_lines_without_a_customer_stand_under_the_walk_in_account(feed: Feed) -> None:
    nobody = int(feed.rows["CustomerID"].isna().sum())
    assert nobody
    assert ask(feed.home, "select count(*) from core.order_line where customer_id = 'UCI:WALK-IN'") == [(nobody,)]
    assumed = "select sum(count) from ops.issue where reason_code = 'ASSUMED_VALUE' and column_name = 'customer'"
    assert ask(feed.home, assumed) == [(nobody,)]


def cancelled_by_hand(rows: pd.DataFrame) -> dict[str, tuple[int, Decimal]]:
    """The same cancellations linked one after the other, nothing of the product used: how many with and without a sale, and their value."""
    still_open: dict[tuple[str, str, int], int] = defaultdict(int)
    found: dict[str, tuple[int, Decimal]] = {"derived": (0, Decimal(0)), "none": (0, Decimal(0))}
    columns: list[list[Any]] = [rows[name].tolist() for name in ("InvoiceNo", "StockCode", "Quantity", "UnitPrice")]
    for number, product, qty, price, customer in zip(*columns, rows["CustomerID"].fillna("").tolist(), strict=True):
        sale = (customer, product, abs(qty))
        if qty > 0:
            still_open[sale] += 1
        elif number.startswith("C"):
            link = "derived" if still_open[sale] else "none"
            still_open[sale] -= 1 if link == "derived" else 0
            count, value = found[link]
            found[link] = (count + 1, value + Decimal(str(price)) * qty)
    return found


def test_cancellations_are_linked_as_by_hand_and_the_others_counted(feed: Feed) -> None:
    expected = cancelled_by_hand(feed.rows)
    links = (
        "select coalesce(return_link, 'none'), count(*), sum(net_amount) from core.order_line"
        " where order_id like 'UCI:C%' group by all"
    )
    assert {link: (count, value) for link, count, value in ask(feed.home, links)} == expected
    told = (
        "select reason_code, sum(count) from ops.issue where reason_code like 'ORDER_RETURN%' group by all order by all"
    )
    assert ask(feed.home, told) == [
        ("ORDER_RETURN_DERIVED", expected["derived"][0]),
        ("ORDER_RETURN_UNLINKED", expected["none"][0]),
    ]


def test_no_sale_is_taken_back_twice_or_before_it_was_made(feed: Feed) -> None:
    wrong = (
        "select count(*) from core.order_line as back left join core.order_line as sale"
        " on back.returns_order_id = sale.order_id and back.returns_line_no = sale.order_line_no where back.return_link = 'derived'"
        " and (sale.order_id is null or sale.customer_id <> back.customer_id or sale.product_id <> back.product_id"
        " or sale.qty <> -back.qty or sale.order_date > back.order_date)"
    )
    assert ask(feed.home, wrong) == [(0,)]
    twice = "select 1 from core.order_line where return_link = 'derived' group by returns_order_id, returns_line_no having count(*) > 1"
    assert ask(feed.home, twice) == []
