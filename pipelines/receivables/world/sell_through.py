"""What some customers report of their stock: how much they received, sold and kept of their main products, at what price and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from receivables.world.customers import CustomerType
from receivables.world.dials import PER_MILLE
from receivables.world.draws import NONE, UNITS_PER_CENT, Dial, Flags, Ints, below, pick, stream, sum_by
from receivables.world.goods import MONTHS, SEASON_TABLE
from receivables.world.ids import customer_ids, product_ids
from receivables.world.ledger import Ledger
from receivables.world.names import salespeople
from receivables.world.plants import PlantKind
from receivables.world.products import GROUP_OF, PRODUCTS
from receivables.world.sales import came_back, discounts, never_left, own_places, places
from receivables.world.tables import Slices, Table, sliced
from receivables.world.text import days, decimals, numbers, only, words

REPORTERS: Final = Dial(333, 3)
REPORTED_PRODUCTS: Final = 5
REPORTED_MONTHS: Final = 24
LEAD_MONTHS: Final = 6
"""The reports of a customer that is planted to resell amiss begin so long before it does."""

PLANTED: Final = (PlantKind.CROSS_REGION, PlantKind.PRICE_DUMPING, PlantKind.CLEARANCE)
SLOW_MONTHS: Final = 12
"""Goods that are later dumped or cleared sell badly for so long before."""

SELLS: Final = (500, 200)
"""Per mille of the stock sold in an average month: least, and width."""

SELLS_BOUNDS: Final = (150, 920)
SELLS_SLOWLY: Final = 80
SELLS_DUMPED: Final = 400
SELLS_CLEARED: Final = 980
TROUBLED_SELLS: Final = 650
TROUBLED_LOSES: Final = 60
TROUBLED_LEAST: Final = 100
"""In trouble a customer sells this much of what it receives, less every month, at least the last."""

MARKUP: Final = (1200, 150)
DUMPED: Final = (750, 130)
"""Per mille of the cost asked where prices are dumped: least, and width. Whatever the exchange rate, it is below the cost."""

CLEARED: Final = (550, 100)
FIRST_REPORT_DAY: Final = 2
REPORT_DAYS: Final = 8
MIDDLE: Final = 14
"""A month is part of a plant if its middle is."""


@dataclass(frozen=True)
class Reports:
    """One element per customer, product and month reported; `price` in units of 0.0001 of the ledger currency, stock in units sold.

    `place` numbers `sales.places`; `plant` is the number of the plant that shows, `NONE` for none.
    """

    customer: Ints
    product: Ints
    start: Ints
    end: Ints
    opening: Ints
    received: Ints
    sold: Ints
    price: Ints
    place: Ints
    told: Ints
    plant: Ints


@dataclass(frozen=True)
class _Grid:
    """Customers and products that are reported, one row each, by all months of the world (counted from 1970), one column each."""

    customer: Ints
    product: Ints
    months: Ints
    plant: Ints

    def shows(self, ledger: Ledger, *kinds: PlantKind) -> Flags:
        """Say where a plant of one of these kinds shows."""
        numbers = [n for n, plant in enumerate(ledger.plants.rows) if plant.kind in kinds]
        found: Flags = np.isin(self.plant, np.array(numbers, dtype=np.int64))
        return found


def draw_reports(ledger: Ledger) -> Reports:
    """Draw the reports; a product is reported from its first delivery on."""
    spec = ledger.spec
    grid, from_month = _grid(ledger)
    received = _received(ledger, grid)
    opening, sold = _stock(ledger, grid, received)
    delivered = np.cumsum(received, axis=1) > 0
    row, column = np.nonzero(delivered & (grid.months >= from_month[grid.customer][:, np.newaxis]))
    customer, month = grid.customer[row], grid.months[column]
    end = _first_day(month + 1) - 1
    shown = grid.shows(ledger, PlantKind.CROSS_REGION)[row, column]
    place = own_places(spec.home, ledger.customers)[customer]
    for number, to in ledger.sales.elsewhere.items():
        place[shown & (customer == ledger.plants.rows[number].customer)] = to
    late = below(stream(spec.seed, "report days"), REPORT_DAYS, spec.customers * len(grid.months))
    return Reports(
        customer,
        grid.product[row],
        _first_day(month),
        end,
        opening[row, column],
        received[row, column],
        sold[row, column],
        _prices(ledger, grid)[row, column],
        place,
        end + FIRST_REPORT_DAY + late[customer * len(grid.months) + column],
        grid.plant[row, column],
    )


def _first_day(month: Ints) -> Ints:
    """Find the first day of months counted from 1970."""
    return month.astype("M8[M]").astype("M8[D]").astype(np.int64)


def _grid(ledger: Ledger) -> tuple[_Grid, Ints]:
    """Choose who reports which products; also return the first month each customer reports, beyond all months for the silent."""
    spec, plants = ledger.spec, ledger.plants
    edges = np.array([spec.start_day, spec.as_of_day], dtype="M8[D]").astype("M8[M]").astype(np.int64)
    months = np.arange(edges[0], edges[1] + 1, dtype=np.int64)
    reports = pick(stream(spec.seed, "reporters"), np.ones(spec.customers, dtype=np.bool_), REPORTERS)
    from_month = np.where(reports, edges[1] + 1 - REPORTED_MONTHS, edges[1] + 1).astype(np.int64)
    shown = np.full((spec.customers, len(months)), NONE, dtype=np.int64)
    for number, plant in enumerate(plants.rows):
        if plant.kind in PLANTED:
            middle = _first_day(months) + MIDDLE
            shown[plant.customer, (middle >= plant.day) & (middle <= plant.until)] = number
            begins = int(np.int64(plant.day).astype("M8[D]").astype("M8[M]").astype(np.int64)) - LEAD_MONTHS
            from_month[plant.customer] = min(int(edges[1]) + 1 - REPORTED_MONTHS, begins)
    customer = np.repeat(np.flatnonzero(from_month <= edges[1]).astype(np.int64), REPORTED_PRODUCTS)
    slot = np.arange(len(customer)) % REPORTED_PRODUCTS
    product = ledger.sales.assortments.product[customer, slot]
    return _Grid(customer, product, months, shown[customer]), from_month


def _received(ledger: Ledger, grid: _Grid) -> Ints:
    """Add up what was delivered by month; goods that go back are never taken into stock."""
    sales = ledger.sales
    back = came_back(sales.orders, ledger.documents, ledger.copies.of[ledger.copies.rebills])
    kept = (back == NONE) & ~never_left(sales.orders, ledger.documents)
    row_of = np.full((ledger.spec.customers, len(PRODUCTS)), NONE, dtype=np.int64)
    row_of[grid.customer, grid.product] = np.arange(len(grid.customer), dtype=np.int64)
    order = np.repeat(np.arange(len(kept), dtype=np.int64), np.diff(sales.lines.first))
    row = row_of[sales.orders.customer[order], sales.lines.product]
    month = sales.handling.delivered.astype("M8[D]").astype("M8[M]").astype(np.int64) - grid.months[0]
    inside = kept & (month >= 0) & (month < len(grid.months))
    counts = np.flatnonzero((row != NONE) & inside[order])
    cell = row[counts] * len(grid.months) + month[order[counts]]
    shape = (len(grid.customer), len(grid.months))
    return sum_by(cell, sales.lines.qty[counts], shape[0] * shape[1]).reshape(shape)


def _stock(ledger: Ledger, grid: _Grid, received: Ints) -> tuple[Ints, Ints]:
    """Follow each stock month by month: what it opens with, and what is sold of it and of what comes in."""
    of_stock, of_received = _rates(ledger, grid)
    opening, sold = np.zeros_like(received), np.zeros_like(received)
    held = np.zeros(len(received), dtype=np.int64)
    for column in range(received.shape[1]):
        came = received[:, column]
        opening[:, column] = held
        by_stock = ((held + came) * of_stock[:, column] + PER_MILLE // 2) // PER_MILLE
        by_receipts = came * of_received[:, column] // PER_MILLE
        sold[:, column] = np.where(of_received[:, column] == NONE, by_stock, by_receipts)
        held = held + came - sold[:, column]
    return opening, sold


def _rates(ledger: Ledger, grid: _Grid) -> tuple[Ints, Ints]:
    """Give the per mille of the stock that is sold each month, and for customers in trouble that of what they receive, else `NONE`."""
    least, width = SELLS
    season = SEASON_TABLE[GROUP_OF[grid.product]][:, grid.months % MONTHS]
    usual = least + below(stream(ledger.spec.seed, "sell-through"), width, len(grid.customer))
    rate = np.clip(usual[:, np.newaxis] * season // 100, *SELLS_BOUNDS)
    for plant in ledger.plants.of(PlantKind.PRICE_DUMPING, PlantKind.CLEARANCE):
        before = _first_day(grid.months) + MIDDLE
        slow = (before < plant.day) & (before >= plant.day - SLOW_MONTHS * 31)
        rate[np.ix_(grid.customer == plant.customer, slow)] = SELLS_SLOWLY
    rate[grid.shows(ledger, PlantKind.PRICE_DUMPING)] = SELLS_DUMPED
    rate[grid.shows(ledger, PlantKind.CLEARANCE)] = SELLS_CLEARED
    kind, turn = ledger.customers.type[grid.customer], ledger.customers.turn_day[grid.customer]
    troubled = np.isin(kind, (CustomerType.HARDSHIP, CustomerType.CHAIN_DEBT)) & (turn != NONE)
    since = grid.months - turn.astype("M8[D]").astype("M8[M]").astype(np.int64)[:, np.newaxis]
    falling = np.maximum(TROUBLED_SELLS - TROUBLED_LOSES * since, TROUBLED_LEAST)
    return rate, np.where(troubled[:, np.newaxis] & (since >= 0), falling, NONE)


def _prices(ledger: Ledger, grid: _Grid) -> Ints:
    """Price what is resold: at a markup on the agreed price, below cost where dumped, far below the usual price where cleared."""
    rng, catalogue = stream(ledger.spec.seed, "retail prices"), ledger.sales.pricing.catalogue
    year = catalogue.year(_first_day(grid.months))
    listed, cost = (
        table[0][year[np.newaxis, :], grid.product[:, np.newaxis]]
        for table in (catalogue.list_price, catalogue.unit_cost)
    )
    markup, dumped, cleared = (
        (least + below(rng, width + 1, len(grid.customer)))[:, np.newaxis] for least, width in (MARKUP, DUMPED, CLEARED)
    )
    agreed = listed * (100 - discounts(ledger.customers)[grid.customer][:, np.newaxis]) // 100
    price = -(-agreed * markup // (PER_MILLE * UNITS_PER_CENT)) * UNITS_PER_CENT
    price = np.where(grid.shows(ledger, PlantKind.CLEARANCE), price * cleared // PER_MILLE, price)
    price = np.where(grid.shows(ledger, PlantKind.PRICE_DUMPING), cost * dumped // PER_MILLE, price)
    whole_cents: Ints = price // UNITS_PER_CENT * UNITS_PER_CENT
    return whole_cents


def sell_through(ledger: Ledger) -> Slices:
    """Write the reports; a price is told where something was sold."""

    def slices() -> Iterator[Table]:
        reports = draw_reports(ledger)
        yield from sliced(len(reports.customer), lambda rows: _table(ledger, reports, rows))()

    return slices


def _table(ledger: Ledger, reports: Reports, rows: Ints) -> Table:
    spec = ledger.spec
    customer, sold = reports.customer[rows], reports.sold[rows]
    people = salespeople(spec.only_codepage)
    # two in three count for themselves
    counter = np.where(customer % 3 == 0, ledger.customers.salesperson[customer], len(people))
    columns = {
        "customer_id": customer_ids(customer),
        "product_id": product_ids(reports.product[rows]),
        "period_start": days(reports.start[rows]),
        "period_end": days(reports.end[rows]),
        "opening_qty": numbers(reports.opening[rows]),
        "received_qty": numbers(reports.received[rows]),
        "sold_qty": numbers(sold),
        "closing_qty": numbers(reports.opening[rows] + reports.received[rows] - sold),
        "retail_price": only(decimals(reports.price[rows], 4), sold > 0),
        "sold_region": words([place.region for place in places(spec.home)], reports.place[rows]),
        "reported_by": words([*people, "customer"], counter),
        "report_date": days(reports.told[rows]),
    }
    return Table(columns, reports.told[rows])
