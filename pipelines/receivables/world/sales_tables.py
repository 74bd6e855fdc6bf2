"""The tables of what the sample sells: products and prices, orders and deliveries, and their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.draws import (
    NONE,
    Dial,
    Flags,
    Ints,
    as_date,
    below,
    convert,
    day_number,
    next_weekday,
    pick,
    stream,
)
from receivables.world.goods import MONTHS, PRODUCT_GROUPS, SEASON_TABLE
from receivables.world.ids import contract_ids, customer_ids, delivery_ids, document_ids, every, order_ids, product_ids
from receivables.world.ledger import Ledger
from receivables.world.names import salespeople
from receivables.world.plants import PlantKind
from receivables.world.products import GROUP_OF, LEAST_MAIN, MAIN_SLOTS, PRODUCTS, SLOTS
from receivables.world.records import CURRENCIES, State
from receivables.world.sales import CREDIT_DESK, came_back, discounts, net_cents, never_left, own_places, places
from receivables.world.sell_through import sell_through
from receivables.world.tables import Later, Slices, Table, empty, sliced, whole
from receivables.world.telling import UNDATED_AFTER
from receivables.world.text import Text, days, decimals, joined, numbers, only, padded, quoted, strings, words

CANCELLED_LINES: Final = Dial(6, 2)
MOST_CANCELLED: Final = 3
"""Orders with a line that is never delivered, and the most units it has."""

CONTRACT_PRODUCTS: Final = 6
PRICES_TOLD_BEFORE: Final = 20
"""Days before January 1 by which the new prices are known."""

LOST_NOTE: Final = 97
BATCH_DAYS: Final = 30
REF_PREFIXES: Final = ("4500", "PO ", 'Ped. "N", ')
"""How some customers' own order numbers begin; every fourth gives none."""

SIGNERS: Final = {
    "es": ("A. Peñalba", "M. Ibáñez", "J. Zúñiga", "Almacén, P. Rey"),
    "de": ("K. Böhm", "S. Weiß", "T. Jäger", "Lager / U. Groß"),
    "pl": ("E. Łoś", "B. Żak", "M. Śliwa", "K. Gęś"),
    "zh-CN": ("陈静", "王磊", "仓库·赵", "刘洋"),
    "en": ("D. O'Shea", "P. Lamb", "R. Finch & Co.", "T. Hale"),
}
PER_LANGUAGE: Final = 4


def product(ledger: Ledger) -> Slices:
    """Write the products with their present cost, which was last year's until this year began."""
    rows = every(len(PRODUCTS))
    cost = ledger.sales.pricing.catalogue.unit_cost[0]
    columns = {
        "product_id": product_ids(rows),
        "name": _product_names(),
        "product_group": words(_groups(), GROUP_OF),
        "brand": strings(row.brand for row in PRODUCTS),
        "unit_cost": decimals(cost[-1], 4),
        "currency": words(list(CURRENCIES), 0 * rows),
    }
    this_year = day_number(as_date(ledger.spec.as_of_day).replace(month=1, day=1))
    later = {"unit_cost": Later(0 * rows + this_year, decimals(cost[max(len(cost) - 2, 0)], 4))}
    return whole(Table(columns, _from_start(ledger, len(rows)), later))


def product_season(ledger: Ledger) -> Slices:
    """Write the usual sales of each product group by calendar month."""
    group, month = np.divmod(every(len(PRODUCT_GROUPS) * MONTHS), MONTHS)
    columns = {
        "product_group": words(_groups(), group),
        "month": numbers(month + 1),
        "index_value": decimals(SEASON_TABLE[group, month], 2),
    }
    return whole(Table(columns, _from_start(ledger, len(group))))


def sales_order(ledger: Ledger) -> Slices:
    """Write the orders; one is confirmed until it is invoiced."""
    orders, handling, documents = ledger.sales.orders, ledger.sales.handling, ledger.documents
    given_up = never_left(orders, documents)

    def make(rows: Ints) -> Table:
        doc, customer = orders.row[rows], orders.customer[rows]
        draft = documents.state[doc] == State.DRAFT
        status = np.where(draft, 0, np.where(given_up[rows], 2, 1))
        prefix = np.where(customer % 4 == 3, NONE, customer % 4)
        columns = {
            "order_id": order_ids(rows),
            "customer_id": customer_ids(customer),
            "order_date": days(handling.ordered[rows]),
            "requested_date": days(next_weekday(orders.day[rows])),
            "currency": words(list(CURRENCIES), ledger.customers.currency[customer]),
            "status": words(["confirmed", "invoiced", "cancelled"], status),
            "credit_status": words(["released", "held"], handling.held[rows].astype(np.int64)),
            "customer_ref": quoted(pc.binary_join_element_wise(words(list(REF_PREFIXES), prefix), numbers(rows), "")),
        }
        known = documents.post_day[doc] + np.where(given_up[rows], UNDATED_AFTER, 0)
        told_later = Later(np.where(draft, NONE, known), words(["confirmed"], 0 * rows))
        return Table(columns, handling.ordered[rows], {"status": told_later})

    return sliced(len(orders.row), make)


def order_line(ledger: Ledger) -> Slices:
    """Write the lines that were sold, and below them a few that were cancelled before they left."""
    lines = ledger.sales.lines

    def sold(rows: Ints) -> Table:
        order = lines.order_of(rows)
        place = (order, rows - lines.first[order] + 1)
        return _order_lines(ledger, place, lines.product[rows], lines.qty[rows], cancelled=False)

    def slices() -> Iterator[Table]:
        yield from sliced(len(lines.product), sold)()
        order, products, qty = _cancelled(ledger)
        place = (order, np.diff(lines.first)[order] + 1)
        yield _order_lines(ledger, place, products, qty, cancelled=True)

    return slices


def _cancelled(ledger: Ledger) -> tuple[Ints, Ints, Ints]:
    """Draw the orders with a line of little worth that is cancelled, its product and its quantity."""
    sales, rng = ledger.sales, stream(ledger.spec.seed, "cancelled lines")
    order = np.flatnonzero(pick(rng, np.ones(len(sales.gross), dtype=np.bool_), CANCELLED_LINES)).astype(np.int64)
    slot = below(rng, LEAST_MAIN, len(order))
    products = sales.assortments.product[sales.orders.customer[order], slot]
    return order, products, 1 + below(rng, MOST_CANCELLED, len(order))


def _order_lines(ledger: Ledger, place: tuple[Ints, Ints], products: Ints, qty: Ints, *, cancelled: bool) -> Table:
    order, number = place
    orders, handling, pricing = ledger.sales.orders, ledger.sales.handling, ledger.sales.pricing
    customer, price = orders.customer[order], pricing.prices(order, products)
    known, elsewhere, to = places(ledger.spec.home), handling.place[order] != NONE, _destinations(ledger)[order]
    columns = {
        "order_id": order_ids(order),
        "line_no": numbers(number),
        "product_id": product_ids(products),
        "product_name": _product_names().take(pa.array(products)),
        "product_group": words(_groups(), GROUP_OF[products]),
        "qty": numbers(qty),
        "uom": _units(products),
        "unit_price": decimals(price.paid, 4),
        "list_price": decimals(price.listed, 4),
        "unit_cost": decimals(price.cost, 4),
        "discount_pct": numbers(pricing.discount[order]),
        "net_amount": decimals(net_cents(qty, price.paid), 2),
        "currency": words(list(CURRENCIES), pricing.currency[order]),
        "ship_to_id": joined([customer_ids(customer), words(["1", "2"], elsewhere.astype(np.int64))], "-"),
        "ship_to_region": words([area.region for area in known], to),
        "ship_to_country": words([area.country for area in known], to),
        "promised_date": days(next_weekday(orders.day[order] + 1)),
        "cancelled": words(["true" if cancelled else "false"], 0 * order),
    }
    not_yet = {"cancelled": Later(handling.shipped[order], words(["false"], 0 * order))} if cancelled else {}
    return Table(columns, handling.ordered[order], not_yet)


def delivery(ledger: Ledger) -> Slices:
    """Write one delivery per order; what was given up before it left stays planned, then is cancelled."""
    sales, documents = ledger.sales, ledger.documents
    given_up = never_left(sales.orders, documents)
    back = came_back(sales.orders, documents, ledger.copies.of[ledger.copies.rebills])
    return sliced(len(sales.gross), lambda rows: _deliveries(ledger, rows, given_up[rows], back[rows]))


def _deliveries(ledger: Ledger, rows: Ints, given_up: Flags, back: Ints) -> Table:
    sales, documents, handling = ledger.sales, ledger.documents, ledger.sales.handling
    customer, doc = sales.orders.customer[rows], sales.orders.row[rows]
    invoiced = np.where(documents.state[doc] == State.DRAFT, NONE, documents.post_day[doc])
    delivered = np.where(given_up, NONE, handling.delivered[rows])
    net = sales.gross[rows] - sales.tax[rows]
    people, statuses = (
        salespeople(ledger.spec.only_codepage),
        ["planned", "shipped", "delivered", "returned", "cancelled"],
    )
    release = np.where(handling.released[rows] == CREDIT_DESK, len(people), handling.released[rows])
    signed, nothing = _signers(ledger, customer, rows), empty(len(rows))
    columns = {
        "delivery_id": delivery_ids(rows),
        "customer_id": customer_ids(customer),
        "order_id": order_ids(rows),
        "doc_id": only(document_ids(ledger, doc), invoiced != NONE),
        "ship_date": days(np.where(given_up, NONE, handling.shipped[rows])),
        "delivered_date": days(delivered),
        "signed_by": only(signed, ~given_up),
        "released_by": words([*people, "credit desk"], release),
        "ship_to_region": words([area.region for area in places(ledger.spec.home)], _destinations(ledger)[rows]),
        "value_local": decimals(convert(net, documents.rate_ppm[doc]), 2),
        "proof_ref": only(padded("POD-", rows + 1, 7), ~given_up & (rows % LOST_NOTE != 0)),
        "status": words(statuses, np.where(given_up, 4, np.where(back != NONE, 3, 2))),
    }
    told_on = np.where(given_up, documents.post_day[doc] + UNDATED_AFTER, np.maximum(back, delivered))
    later = {
        "doc_id": Later(invoiced, nothing),
        "delivered_date": Later(delivered, nothing),
        "signed_by": Later(delivered, nothing),
        "proof_ref": Later(delivered, nothing),
        "value_local": Later(sales.orders.day[rows], nothing),
        "status": Later(told_on, words(statuses, np.where(given_up, 0, 1))),
    }
    return Table(columns, handling.shipped[rows], later)


def delivery_line(ledger: Ledger) -> Slices:
    """Write what each delivery brought; goods of one product that left in the same month are of one batch."""
    lines, shipped = ledger.sales.lines, ledger.sales.handling.shipped

    def make(rows: Ints) -> Table:
        order, products = lines.order_of(rows), lines.product[rows]
        batch = shipped[order] // BATCH_DAYS * len(PRODUCTS) + products
        columns = {
            "delivery_id": delivery_ids(order),
            "line_no": numbers(rows - lines.first[order] + 1),
            "product_id": product_ids(products),
            "qty": numbers(lines.qty[rows]),
            "uom": _units(products),
            "batch_no": padded("L", batch, 6),
        }
        return Table(columns, shipped[order])

    return sliced(len(lines.product), make)


def document_line(ledger: Ledger) -> Slices:
    """Write the lines of the invoices; a duplicate and an invoice billed anew have none of their own."""
    sales, lines = ledger.sales, ledger.sales.lines

    def make(rows: Ints) -> Table:
        order, products, qty = lines.order_of(rows), lines.product[rows], lines.qty[rows]
        paid = sales.pricing.prices(order, products).paid
        doc = sales.orders.row[order]
        columns = {
            "doc_id": document_ids(ledger, doc),
            "line_no_doc": numbers(rows - lines.first[order] + 1),
            "product_id": product_ids(products),
            "qty": numbers(qty),
            "unit_price": decimals(paid, 4),
            "net_amount": decimals(net_cents(qty, paid), 2),
            "order_id": order_ids(order),
            "delivery_id": delivery_ids(order),
        }
        return Table(columns, ledger.documents.post_day[doc])

    return sliced(len(lines.product), make)


class _Agreed(NamedTuple):
    """One element per agreed price: who agreed on which product, in which price year, from when to when, and when it is told."""

    customer: Ints
    product: Ints
    year: Ints
    begins: Ints
    ends: Ints
    told: Ints


def contract_price(ledger: Ledger) -> Slices:
    """Write the agreed prices of each customer's main products, year by year; customers without terms have no price list.

    Whoever is invoiced off its contract has a price agreed for all it buys.
    """
    agreed, catalogue = _agreed(ledger), ledger.sales.pricing.catalogue
    discount, money = discounts(ledger.customers), ledger.customers.currency

    def make(rows: Ints) -> Table:
        customer, product, year, begins, ends, told = (column[rows] for column in agreed)
        currency = money[customer]
        price = catalogue.list_price[currency, year, product] * (100 - discount[customer]) // 100
        columns = {
            "contract_id": contract_ids(customer),
            "product_id": product_ids(product),
            "valid_from": days(begins),
            "valid_to": days(ends),
            "currency": words(list(CURRENCIES), currency),
            "unit_price": decimals(price, 4),
            "min_price": decimals(catalogue.floor[currency, year, product], 4),
        }
        return Table(columns, told)

    return sliced(len(agreed.customer), make)


def _agreed(ledger: Ledger) -> _Agreed:
    """List the prices of every year in which the customer still buys; those of the first begin when it becomes a customer."""
    spec, customers, catalogue = ledger.spec, ledger.customers, ledger.sales.pricing.catalogue
    buyer, slot = _contract_rows(ledger)
    years = catalogue.list_price.shape[1]
    new_year = np.array([day_number(date(catalogue.first_year + n, 1, 1)) for n in range(years + 1)], dtype=np.int64)
    row, year = np.divmod(every(len(buyer) * years), years)
    since = np.minimum(customers.since_day, _first_orders(ledger))[buyer[row]]
    known = np.maximum(new_year[year] - PRICES_TOLD_BEFORE, spec.start_day)
    lasts = (new_year[year + 1] > since) & (known <= customers.end_day[buyer[row]])
    row, year, since = row[lasts], year[lasts], since[lasts]
    begins = np.maximum(new_year[year], since)
    told = np.maximum(np.where(since > new_year[year] - PRICES_TOLD_BEFORE, since, known[lasts]), spec.start_day)
    customer = buyer[row]
    product = ledger.sales.assortments.product[customer, slot[row]]
    return _Agreed(customer, product, year, begins, new_year[year + 1] - 1, told)


def _contract_rows(ledger: Ledger) -> tuple[Ints, Ints]:
    """Choose who has an agreed price for which slot of its assortment."""
    plants = ledger.plants
    listed = ledger.customers.terms != NONE
    listed[[plant.customer for plant in plants.of(PlantKind.NO_WRITTEN_TERM)]] = False
    most = np.where(listed, CONTRACT_PRODUCTS, 0)
    off_contract = [plant.customer for plant in plants.of(PlantKind.PRICE_OFF_CONTRACT)]
    most[off_contract] = np.where(listed[off_contract], SLOTS, 0)
    weight = ledger.sales.assortments.weight[: len(most)].max(axis=1)
    slot = np.arange(SLOTS)
    may = (weight > 0) & (slot < most[:, np.newaxis]) & ((slot < MAIN_SLOTS) | (most[:, np.newaxis] == SLOTS))
    customer, slots = np.nonzero(may)
    return customer.astype(np.int64), slots.astype(np.int64)


def _first_orders(ledger: Ledger) -> Ints:
    """Find the day of each customer's first order."""
    orders, ordered = ledger.sales.orders, ledger.sales.handling.ordered
    first = np.full(ledger.spec.customers, ledger.spec.as_of_day, dtype=np.int64)
    np.minimum.at(first, orders.customer, ordered)
    return first


def _destinations(ledger: Ledger) -> Ints:
    """Find the place each order is sent to."""
    place = ledger.sales.handling.place
    own = own_places(ledger.spec.home, ledger.customers)[ledger.sales.orders.customer]
    return np.where(place == NONE, own, place)


def _signers(ledger: Ledger, customer: Ints, rows: Ints) -> Text:
    """Let two people of each customer sign, in turn."""
    names = [name for language in SIGNERS.values() for name in language]
    start = {language: number * PER_LANGUAGE for number, language in enumerate(SIGNERS)}
    first = np.array([start[language] for language in ledger.customers.language], dtype=np.int64)[customer]
    return strings(names).take(pa.array(first + (customer + rows % 2) % PER_LANGUAGE))


def _product_names() -> Text:
    return strings(row.name for row in PRODUCTS)


def _units(products: Ints) -> Text:
    return words([row.uom for row in PRODUCTS], products)


def _groups() -> list[str]:
    return [group.name for group in PRODUCT_GROUPS]


def _from_start(ledger: Ledger, size: int) -> Ints:
    return np.full(size, ledger.spec.start_day, dtype=np.int64)


TABLES: Final[dict[str, Callable[[Ledger], Slices]]] = {
    "product": product,
    "product_season": product_season,
    "sales_order": sales_order,
    "order_line": order_line,
    "delivery": delivery,
    "delivery_line": delivery_line,
    "document_line": document_line,
    "sell_through": sell_through,
    "contract_price": contract_price,
}
"""What writes each table of sales, in the order a reader needs them."""
