"""A wholesaler's year of order lines: customers seen in more than one country, and a huge order cancelled twelve minutes later, are flagged, each as what it was; what a year cannot tell is said."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Final

import pandas as pd
import pytest

import receivables
from homes import ask
from receivables.detectors import DETECTORS

if TYPE_CHECKING:
    from pathlib import Path

HUGE: Final = "UCI:581483"
"""80,995 paper birds, ordered at 9:15 on the last day and cancelled at 9:27."""

GOODS: Final = tuple(
    DETECTORS[id_].table
    for id_ in ("cross_region", "price_dumping", "clearance", "odd_price", "up_to_limit", "dormant_return")
)


@pytest.fixture(scope="module")
def rows(reference_data: Path) -> pd.DataFrame:
    """The lines as pandas reads them."""
    return pd.read_parquet(reference_data / "data" / "uci_online_retail" / "online_retail.parquet")


@pytest.fixture(scope="module")
def home(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that read the whole year, built once; not to be changed."""
    home = tmp_path_factory.mktemp("retail") / "home"
    receivables.init(home)
    # order lines tell in which currency they are, not in which the ledger is kept
    (home / "receivables.toml").write_text('[[company]]\nid = "UCI"\nlocal_currency = "GBP"\n', encoding="utf-8")
    receivables.ingest([reference_data / "data" / "uci_online_retail" / "online_retail.parquet"], home)
    receivables.build(home)
    return home


@pytest.fixture(scope="module")
def november(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home, built as of the end of its strongest month."""
    told = tmp_path_factory.mktemp("november") / "home"
    shutil.copytree(home, told, symlinks=True)
    receivables.build(told, as_of=date(2011, 11, 30))
    return told


def test_customers_seen_in_two_countries_are_flagged_and_no_others(home: Path, rows: pd.DataFrame) -> None:
    sold = rows[rows["CustomerID"].notna() & (rows["Quantity"] > 0) & (rows["Country"] != "Unspecified")]
    countries = sold.groupby("CustomerID")["Country"].nunique()
    expected = {f"UCI:{float(customer):.0f}" for customer in countries[countries > 1].index}
    assert len(expected) == 8
    found = ask(home, "select distinct customer_id, code from marts.sign_cross_region")
    assert found
    assert {customer for customer, _ in found} == expected
    assert {code for _, code in found} == {"cross_country"}


def test_a_flag_names_the_order_and_both_countries(home: Path) -> None:
    flags = "select item_id, day::varchar, word, other_word, measured from marts.sign_cross_region where customer_id = 'UCI:12417'"
    ((order, day, place, own, share),) = ask(home, flags)
    assert (order, day, place, own) == ("UCI:551398", "2011-04-28", "ES", "BE")
    assert share > 0.05


def test_the_huge_order_is_reported_once_as_what_it_was(home: Path) -> None:
    flags = "select item_id, other_id, day::varchar, other_day::varchar, measured::double, word from marts.sign_cancelled_bulk"
    found = ask(home, f"{flags} order by item_id")
    assert [row for row in found if row[0] == HUGE] == [
        (HUGE, "UCI:C581484", "2011-12-09", "2011-12-09", 168469.6, "GBP")
    ]
    # the 74,215 jars of January, and a fee of the walk-in account that was booked and taken back
    assert [row[0] for row in found] == ["UCI:537632", "UCI:541431", HUGE]


def test_what_was_cancelled_is_netted_out_of_everything_else(home: Path) -> None:
    assert ask(home, f"select count(*) from marts.kept_order_line where order_id = '{HUGE}'") == [(0,)]
    whole = (
        "select count(*) from core.order_line as back inner join marts.kept_order_line as kept"
        " on back.returns_order_id = kept.order_id and back.returns_line_no = kept.order_line_no and back.return_link = 'derived'"
    )
    assert ask(home, whole) == [(0,)]
    for table in GOODS:
        assert ask(home, f"select count(*) from {table} where item_id = '{HUGE}' or customer_id = 'UCI:16446'") == [
            (0,)
        ]


def test_odd_prices_are_few_and_far_below_those_of_others(home: Path) -> None:
    found = ask(home, "select distinct customer_id, subject from marts.sign_odd_price")
    assert 0 < len(found) < 20
    assert ask(home, "select count(*) from marts.sign_odd_price where measured > 0.825 * usual") == [(0,)]


def test_thirteen_months_say_what_can_be_told_of_them_and_what_cannot(home: Path) -> None:
    told = {
        detector: row
        for detector, *row in ask(
            home, "select detector, is_evaluated, code, has, wanted, coalesce(tested, 0) from marts.detector_company"
        )
    }
    # nobody's own season is known after a year; what others bought tells what a month brings
    assert told["off_season_bulk"] == [False, "months", 13, 18, 0]
    assert told["mix_change"] == [False, "months", 13, 24, 0]
    for detector, tested in (
        ("repeated_bulk", 250),
        ("large_order", 250),
        ("order_rate_jump", 900),
        ("cross_region", 4000),
    ):
        is_evaluated, code, *_, customers = told[detector]
        assert (is_evaluated, code) == (True, None)
        assert customers > tested
    assert told["lateness_drift"][:2] == [False, "table"]


@pytest.mark.parametrize("detector", ["repeated_bulk", "order_rate_jump", "large_order"])
def test_the_peak_of_november_is_not_everybodys_anomaly(november: Path, detector: str) -> None:
    months = "select sum(orders) filter (month_start = date '2011-11-01'), sum(orders) filter (month_start = date '2011-08-01') from marts.buying_month"
    ((in_november, in_august),) = ask(november, months)
    assert in_november > 1.8 * in_august
    ((tested, flagged),) = ask(november, f"select tested, flagged from marts.detector where detector = '{detector}'")
    assert tested > 200
    assert flagged < 0.01 * tested


def test_the_huge_order_is_in_nobodys_usual_month(home: Path) -> None:
    statistical = [one for one in DETECTORS.values() if one.tells_chance]
    assert ask(
        home, f"select count(*) from marts.order_piece where item_id = '{HUGE}' and (qty <> 0 or amount_local <> 0)"
    ) == [(0,)]
    for one in statistical:
        assert ask(home, f"select count(*) from {one.table} where code is not null and customer_id = 'UCI:16446'") == [
            (0,)
        ]
