"""What was sold on each invoice of the sample: order lines that add up to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from receivables.world.customers import Customers, Settlement
from receivables.world.dials import PER_MILLE, Spec
from receivables.world.draws import NONE, UNITS_PER_CENT, Dial, Flags, Ints, below, next_weekday, pick, quota, stream
from receivables.world.goods import MONTHS
from receivables.world.names import territories
from receivables.world.plants import PlantKind, Plants
from receivables.world.products import PRODUCTS, Assortments, Catalogue, draw_assortments, draw_catalogue
from receivables.world.records import Documents, State

LINE_SHARES: Final = (16, 24, 24, 20, 10, 6)
"""Percent of the orders with one line, two lines and so on: three on average."""

MOST_LINES: Final = len(LINE_SHARES)
CENTS_PER_LINE: Final = 1_000
"""Each line of an order but the first takes so many cents of its worth at least."""

EVENNESS: Final = 8
DRAW_BITS: Final = 30
BLOCK: Final = 200_000
"""Orders filled at a time, to save memory; the draws depend on it."""

TAX_PCT: Final = 10
"""On food and drink sold in the home country; nothing abroad."""

DISCOUNT_RANKS: Final = (5, 10, 20, 40, 70, 110, 170, 250, 350, 470, 620, 800)
"""Per mille of the customers, the largest first, with 12 percent of discount, with 11 and so on; the others have none."""

OFF_CONTRACT: Final = (1070, 1100)
"""Per mille of the list price from which prices off contract are made, lowest and highest; rounding to the cent moves them by up to 15."""

SHIPS_ELSEWHERE: Final = Dial(500, 2)
HELD_PER_MILLE: Final = 15
CREDIT_DESK: Final = 1_000
"""Stands for the credit desk where else a salesperson's number stands."""

LONGEST_LEAD: Final = 6
ORDER_KINDS: Final = frozenset(
    {
        PlantKind.OFF_SEASON_BULK,
        PlantKind.REPEATED_BULK,
        PlantKind.ORDER_RATE_JUMP,
        PlantKind.MIX_CHANGE,
        PlantKind.CROSS_REGION,
        PlantKind.PRICE_OFF_CONTRACT,
        PlantKind.UP_TO_LIMIT,
        PlantKind.DORMANT_RETURN,
        PlantKind.BATCH_BREACH,
        PlantKind.CREDIT_ON_CASH_TERMS,
    }
)
"""Plants that show in the orders of their time."""


class Orders(NamedTuple):
    """One element per order: the row of its invoice, who ordered when, and what the order should be worth in cents with tax."""

    row: Ints
    customer: Ints
    day: Ints
    wanted: Ints


class Lines(NamedTuple):
    """One element per order line, those of an order together; `first` has one per order, and the number of lines at its end."""

    first: Ints
    product: Ints
    qty: Ints

    def order_of(self, lines: Ints) -> Ints:
        """Find the order each line stands in."""
        return np.searchsorted(self.first, lines, side="right").astype(np.int64) - 1


class Prices(NamedTuple):
    """Prices per unit in units of 0.0001 of the customer's currency; what is paid is the list price less the discount, exactly."""

    listed: Ints
    paid: Ints
    cost: Ints


class Pricing(NamedTuple):
    """How each order is priced: its price year and currency, the percent of discount, and the per mille of the list that is asked."""

    catalogue: Catalogue
    year: Ints
    currency: Ints
    discount: Ints
    raised: Ints

    def prices(self, order: Ints, product: Ints) -> Prices:
        """Price each product as its order does."""
        currency, year, raised = self.currency[order], self.year[order], self.raised[order]
        listed = self.catalogue.list_price[currency, year, product]
        cents = (listed // UNITS_PER_CENT * raised + PER_MILLE // 2) // PER_MILLE
        listed = np.where(raised == PER_MILLE, listed, cents * UNITS_PER_CENT)
        cost = self.catalogue.unit_cost[currency, year, product]
        return Prices(listed, listed * (100 - self.discount[order]) // 100, cost)


class Handling(NamedTuple):
    """One element per order: when it was ordered, shipped and delivered, and how.

    `place` numbers `places`, `NONE` is the customer's own; `held` says whether the credit check stopped the order, `released` who let
    the goods go by hand: a salesperson's number, `CREDIT_DESK` or `NONE`.
    """

    ordered: Ints
    shipped: Ints
    delivered: Ints
    place: Ints
    held: Flags
    released: Ints


@dataclass(frozen=True)
class Sales:
    """What was sold: `gross` is each order's worth in cents of the customer's currency, with `tax`.

    By number of the plant, `touched` lists the orders in which it shows, `elsewhere` has the place it sends goods to.
    """

    orders: Orders
    gross: Ints
    tax: Ints
    lines: Lines
    pricing: Pricing
    handling: Handling
    assortments: Assortments
    elsewhere: dict[int, int]
    touched: dict[int, list[int]]


class Place(NamedTuple):
    """A region that goods are sent to."""

    country: str
    region: str


def places(home: str) -> list[Place]:
    """List the regions goods are sent to, territory by territory."""
    return [Place(territory.country, region) for territory in territories(home) for region in territory.regions]


def discounts(customers: Customers) -> Ints:
    """Say how many percent each customer is granted on the list price: the larger it is the more."""
    place = customers.rank * PER_MILLE // max(len(customers.rank), 1)
    return len(DISCOUNT_RANKS) - np.searchsorted(np.array(DISCOUNT_RANKS), place, side="right").astype(np.int64)


def net_cents(qty: Ints, paid: Ints) -> Ints:
    """Value lines in cents, rounded half up."""
    return (qty * paid + UNITS_PER_CENT // 2) // UNITS_PER_CENT


def own_places(home: str, customers: Customers) -> Ints:
    """Find the place where each customer is."""
    known = {place: number for number, place in enumerate(places(home))}
    found = (known[Place(*where)] for where in zip(customers.country, customers.region, strict=True))
    return np.fromiter(found, dtype=np.int64, count=len(customers.region))


def came_back(orders: Orders, documents: Documents, billed_anew: Ints) -> Ints:
    """Find the day on which the goods of each order came back: its invoice was reversed or credited in full (`NONE`: they did not).

    An invoice that is only billed anew is credited too, but its goods stay where they are.
    """
    notes = np.flatnonzero((documents.ref != NONE) & (documents.amount < 0))
    of = documents.ref[notes]
    credited, day = np.zeros(len(documents), dtype=np.int64), np.full(len(documents), NONE, dtype=np.int64)
    np.subtract.at(credited, of, documents.amount[notes])
    np.maximum.at(day, of, documents.doc_day[notes])
    whole = credited >= documents.amount
    whole[billed_anew] = False
    return np.where(whole, day, NONE)[orders.row]


def never_left(orders: Orders, documents: Documents) -> Flags:
    """Say which orders were given up before their goods left: those whose invoice was cancelled without a date."""
    given_up: Flags = ((documents.state == State.CANCELLED) & (documents.cancel_day == NONE))[orders.row]
    return given_up


def draw_sales(spec: Spec, customers: Customers, plants: Plants, orders: Orders) -> Sales:
    """Draw the lines of every order."""
    elsewhere = _elsewhere(spec, customers, plants)
    touched = _touched(spec, plants, orders)
    catalogue, assortments = draw_catalogue(spec), draw_assortments(spec, customers, plants)
    pricing = Pricing(
        catalogue,
        catalogue.year(orders.day),
        customers.currency[orders.customer],
        discounts(customers)[orders.customer],
        _raised(spec, plants, touched, len(orders.row)),
    )
    habit = orders.customer.copy()
    for number, row in assortments.of_plant.items():
        habit[touched[number]] = row
    tax_pct = np.where(customers.country[orders.customer] == spec.home, TAX_PCT, 0).astype(np.int64)
    wishes = _Wishes(habit, orders.day, orders.wanted * 100 // (100 + tax_pct))
    lines, net = _draw_lines(spec, pricing, assortments, wishes)
    tax = (net * tax_pct + 50) // 100
    return Sales(
        orders,
        net + tax,
        tax,
        lines,
        pricing,
        _by_hand(customers, plants, touched, elsewhere, _handling(spec, customers, orders)),
        assortments,
        elsewhere,
        {number: rows.tolist() for number, rows in touched.items()},
    )


def _touched(spec: Spec, plants: Plants, orders: Orders) -> dict[int, Ints]:
    """Find the orders in which each plant shows: those of its customer and time, or half of them if they go elsewhere."""
    rng = stream(spec.seed, "orders sent elsewhere")
    by_customer = np.argsort(orders.customer, kind="stable").astype(np.int64)
    start = np.searchsorted(orders.customer[by_customer], np.arange(spec.customers + 1))
    touched = {}
    for number, plant in enumerate(plants.rows):
        if plant.kind in ORDER_KINDS:
            rows = by_customer[start[plant.customer] : start[plant.customer + 1]]
            rows = rows[(orders.day[rows] >= plant.day) & (orders.day[rows] <= plant.until)]
            if plant.kind == PlantKind.CROSS_REGION:
                rows = rows[pick(rng, np.ones(len(rows), dtype=np.bool_), SHIPS_ELSEWHERE)]
            touched[number] = rows
    return touched


def _elsewhere(spec: Spec, customers: Customers, plants: Plants) -> dict[int, int]:
    """Choose where the goods of each cross-region plant go: outside the territory, in the same country if it has another one."""
    rng = stream(spec.seed, "places elsewhere")
    areas, known = territories(spec.home), places(spec.home)
    found = {}
    for number, plant in enumerate(plants.rows):
        if plant.kind == PlantKind.CROSS_REGION:
            own = areas[int(customers.territory[plant.customer])]
            outside = [row for row, place in enumerate(known) if place.region not in own.regions]
            near = [row for row in outside if known[row].country == own.country]
            choice = near or outside
            found[number] = choice[int(below(rng, len(choice), 1)[0])]
    return found


def _raised(spec: Spec, plants: Plants, touched: dict[int, Ints], size: int) -> Ints:
    """Raise the prices of the orders that are planted to be off contract, by one rate per plant."""
    rng = stream(spec.seed, "prices off contract")
    raised = np.full(size, PER_MILLE, dtype=np.int64)
    lowest, highest = OFF_CONTRACT
    for number, plant in enumerate(plants.rows):
        if plant.kind == PlantKind.PRICE_OFF_CONTRACT:
            raised[touched[number]] = lowest + below(rng, highest - lowest + 1, 1)[0]
    return raised


def _handling(spec: Spec, customers: Customers, orders: Orders) -> Handling:
    """Date the orders and deliveries; an order of the new year is not placed in the old one, at its prices."""
    rng, size = stream(spec.seed, "deliveries"), len(orders.row)
    new_year = orders.day.astype("M8[D]").astype("M8[Y]").astype("M8[D]").astype(np.int64)
    earliest = np.maximum(new_year, customers.since_day[orders.customer])
    ordered = np.minimum(orders.day, np.maximum(orders.day - 1 - below(rng, LONGEST_LEAD, size), earliest))
    shipped = np.minimum(orders.day, next_weekday(np.maximum(ordered, orders.day - below(rng, 3, size))))
    delivered = next_weekday(shipped + below(rng, 3, size))
    on_credit = customers.settlement[orders.customer] != Settlement.CASH
    held = (below(rng, PER_MILLE, size) < HELD_PER_MILLE) & on_credit
    released = np.where(held, CREDIT_DESK, NONE).astype(np.int64)
    return Handling(ordered, shipped, delivered, np.full(size, NONE, dtype=np.int64), held, released)


def _by_hand(
    customers: Customers, plants: Plants, touched: dict[int, Ints], elsewhere: dict[int, int], usual: Handling
) -> Handling:
    """Let the planted orders go elsewhere, or be released by the salesperson although the customer should pay cash."""
    place, held, released = usual.place.copy(), usual.held.copy(), usual.released.copy()
    for number, rows in touched.items():
        plant = plants.rows[number]
        if plant.kind == PlantKind.CROSS_REGION:
            place[rows] = elsewhere[number]
        elif plant.kind == PlantKind.CREDIT_ON_CASH_TERMS:
            held[rows], released[rows] = True, customers.salesperson[plant.customer]
    return usual._replace(place=place, held=held, released=released)


class _Wishes(NamedTuple):
    """One element per order: the row of the assortments it is chosen from, its day, and its worth in cents before tax."""

    habit: Ints
    day: Ints
    worth: Ints


def _draw_lines(spec: Spec, pricing: Pricing, assortments: Assortments, wishes: _Wishes) -> tuple[Lines, Ints]:
    """Fill every order, block by block, to be worth about what is wished; also return what each is worth exactly."""
    habit, day, worth = wishes
    rng, size = stream(spec.seed, "order lines"), len(worth)
    most = np.minimum(quota(rng, size, LINE_SHARES), worth // CENTS_PER_LINE) + 1
    month = day.astype("M8[D]").astype("M8[M]").astype(np.int64) % MONTHS
    blocks = []
    for start in range(0, size, BLOCK):
        rows = np.arange(start, min(start + BLOCK, size), dtype=np.int64)
        chosen = _choose(rng, assortments.weight[habit[rows], month[rows]], most[rows])
        product = np.take_along_axis(assortments.product[habit[rows]], np.maximum(chosen, 0), axis=1)
        paid = pricing.prices(rows[:, np.newaxis], product).paid
        blocks.append(_fill(rng, np.where(chosen == NONE, NONE, paid * len(PRODUCTS) + product), worth[rows]))
    count, product, qty, net = (np.concatenate(pieces) for pieces in zip(*blocks, strict=True))
    first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(count)])
    return Lines(first, product, qty), np.add.reduceat(net, first[:-1])


def _choose(rng: np.random.Generator, weight: Ints, most: Ints) -> Ints:
    """Choose different slots for each row by their weights, up to `most`; `NONE` where there are no more."""
    left = weight.copy()
    chosen = np.full((len(most), MOST_LINES), NONE, dtype=np.int64)
    for line in range(MOST_LINES):
        rows = np.flatnonzero(most > line)
        edges = np.cumsum(left[rows], axis=1)
        drawn = below(rng, 1 << DRAW_BITS, len(rows)) * edges[:, -1] >> DRAW_BITS
        slot = (edges <= drawn[:, np.newaxis]).sum(axis=1)
        some = edges[:, -1] > 0
        rows, slot = rows[some], slot[some]
        chosen[rows, line] = slot
        left[rows, slot] = 0
    return chosen


def _fill(rng: np.random.Generator, priced: Ints, worth: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Choose quantities: the dearest product first, so that the cheapest takes what is left; `priced` is price and product in one.

    Return the number of lines of each order and, line by line, product, quantity and cents.
    """
    priced = -np.sort(-priced, axis=1)
    used = priced != NONE
    paid, product = np.divmod(priced, len(PRODUCTS))
    part = (1 + below(rng, EVENNESS, priced.size).reshape(priced.shape)) * used
    qty, net = np.zeros_like(priced), np.zeros_like(priced)
    left, parts = worth.copy(), part.sum(axis=1)
    for line in range(MOST_LINES):
        price = np.where(used[:, line], paid[:, line], 1)
        units = left * part[:, line] // np.maximum(parts, 1) * UNITS_PER_CENT
        qty[:, line] = np.maximum(1, (2 * units + price) // (2 * price)) * used[:, line]
        net[:, line] = net_cents(qty[:, line], price)
        left = np.maximum(left - net[:, line], 0)
        parts -= part[:, line]
    return used.sum(axis=1), product[used], qty[used], net[used]
