"""Invoices of the sample world, what becomes of them, the documents that reverse them, and their instalments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from receivables.world.customers import TERMS, Customers, CustomerType, Trajectory
from receivables.world.dials import PER_MILLE, Spec
from receivables.world.draws import (
    NONE,
    Dial,
    Flags,
    Ints,
    below,
    convert,
    last_weekday,
    next_month,
    next_weekday,
    pick,
    running_before,
    shaped,
    stream,
    weekday,
    weighted,
)
from receivables.world.goods import MONTHS, SEASON, SEASON_TABLE
from receivables.world.plants import EXTRA_ORDERS, PlantKind, Plants
from receivables.world.rates import Rates
from receivables.world.records import Documents, DueSource, Instalments, Kind, Series, State, take
from receivables.world.sales import Orders, Sales, draw_sales

AMOUNT_SHAPE: Final = (
    (120, 293, 398, 492, 583, 676, 775, 882, 1000, 1134, 1291, 1479, 1715, 2033, 2510, 3412, 9000),
)  # fmt: skip
"""Invoice amounts around the customer's median, per mille: lognormal with sigma 0.8, its ends cut."""

SMALLEST_INVOICE: Final = 2_000
DAYS_UNTIL_FATE: Final = 40
SATURDAY: Final = 5
LONGEST_MONTH: Final = 31
NOTICED_DAYS: Final = 60
"""A duplicate invoice is noticed and cancelled so many days after it was posted."""

DORMANT_DAYS: Final = 300
"""A customer planted to come back has ordered nothing for so long."""

JUMP_FACTOR: Final = 3
BULK_RATE_FACTOR: Final = 2
BULK_FACTORS: Final = {
    PlantKind.OFF_SEASON_BULK: 6,
    PlantKind.REPEATED_BULK: 4,
    PlantKind.UP_TO_LIMIT: 5,
    PlantKind.DORMANT_RETURN: 4,
}
"""How many times the usual each order of a planted bulk buyer is worth."""


def blank_documents(series: Series, kind: Kind, customer: Ints, doc_day: Ints) -> Documents:
    """Make posted documents without amounts, terms or links, for `dataclasses.replace` to fill."""
    size = len(customer)
    none, zero = np.full(size, NONE, dtype=np.int64), np.zeros(size, dtype=np.int64)
    return Documents(
        series=zero + series,
        serial=np.arange(1, size + 1, dtype=np.int64),
        customer=customer,
        kind=zero + kind,
        state=zero + State.POSTED,
        doc_day=doc_day,
        post_day=doc_day,
        terms=none,
        currency=zero,
        rate_ppm=zero,
        amount=zero,
        local=zero,
        cancel_day=none,
        ref=none,
        reverses=none,
        reversed_by=none,
        disputed=np.zeros(size, dtype=np.bool_),
    )


def priced(documents: Documents, currency: Ints, amount: Ints, rates: Rates) -> Documents:
    """Give documents their amounts, booked at the rate of their own date."""
    rate = rates.at(currency, documents.doc_day)
    return replace(documents, currency=currency, amount=amount, rate_ppm=rate, local=convert(amount, rate))


@dataclass(frozen=True)
class Copies:
    """Invoices written a second time: the row of the one each repeats (`NONE`: an invoice of its own) and whether it replaces it."""

    of: Ints
    rebills: Flags


class Billing(NamedTuple):
    """The invoices with what is known of them: which are copies, and their instalments."""

    invoices: Documents
    copies: Copies
    instalments: Instalments


def draw_invoices(spec: Spec, customers: Customers, plants: Plants, rates: Rates) -> tuple[Documents, Copies, Sales]:
    """Draw all invoices in the order of their dates, with what was sold on each; every customer has at least one."""
    customer, doc_day = _orders(spec, customers, plants)
    customer, doc_day, copies = _copied(spec, customers, plants, customer, doc_day)
    own = np.flatnonzero(copies.of == NONE)
    wanted = _wanted(spec, customers, plants, customer, doc_day)
    sales = draw_sales(spec, customers, plants, Orders(own, customer[own], doc_day[own], wanted[own]))
    amount = np.zeros(len(customer), dtype=np.int64)
    amount[own] = sales.gross
    amount = np.where(copies.of == NONE, amount, amount[copies.of])
    plain = priced(
        blank_documents(Series.FV, Kind.INVOICE, customer, doc_day), customers.currency[customer], amount, rates
    )
    rng = stream(spec.seed, "posting")
    late = pick(rng, doc_day < spec.as_of_day - 2, spec.dials.posted_later) * (1 + below(rng, 2, len(plain)))
    docs = replace(plain, post_day=doc_day + late, terms=customers.terms[customer])
    return _with_fates(spec, docs, copies), copies, sales


def _orders(spec: Spec, customers: Customers, plants: Plants) -> tuple[Ints, Ints]:
    """Draw who orders when: month by month among the customers of that time, by their habits and the season of what they sell."""
    rng = stream(spec.seed, "invoices")
    days = np.arange(spec.start_day, spec.as_of_day + 1, dtype=np.int64)
    of_day = days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    weight = SEASON[of_day % MONTHS] * (weekday(days) < SATURDAY)
    doc_day = np.sort(days[weighted(rng, weight, max(spec.invoices - spec.customers, 0))])
    month = doc_day.astype("M8[D]").astype("M8[M]").astype(np.int64)
    customer = np.empty(len(doc_day), dtype=np.int64)
    for number in np.unique(month).tolist():
        here = np.flatnonzero(month == number)
        customer[here] = weighted(rng, _appetite(spec, customers, plants, number), len(here))
    doc_day = np.clip(doc_day, next_weekday(customers.first_day)[customer], last_weekday(customers.end_day)[customer])
    first = next_weekday(customers.first_day + below(rng, 30, spec.customers))
    first = np.minimum(first, last_weekday(customers.end_day))
    planted = [
        (plant.customer, plant.day + after) for plant in plants.rows for after in EXTRA_ORDERS.get(plant.kind, ())
    ]
    extra = np.array(planted, dtype=np.int64).reshape(-1, 2)
    customer = np.concatenate([np.arange(spec.customers, dtype=np.int64), extra[:, 0], customer])
    return customer, np.concatenate([np.maximum(first, spec.start_day), next_weekday(extra[:, 1]), doc_day])


def _wanted(spec: Spec, customers: Customers, plants: Plants, customer: Ints, doc_day: Ints) -> Ints:
    """Draw what each order is worth, in cents: bulk buyers order much at a time, and so do those that do not mean to pay."""
    rng = stream(spec.seed, "amounts")
    multiple = shaped(rng, AMOUNT_SHAPE, np.zeros(len(customer), dtype=np.int64))
    for kind, factor in BULK_FACTORS.items():
        multiple = np.where(
            plants.marked(kind, customer, doc_day, spec.customers), np.maximum(multiple, 900) * factor, multiple
        )
    turn = customers.turn_day[customer]
    takes = (customers.type[customer] == CustomerType.MALICIOUS) & (doc_day >= turn)
    amount = customers.scale[customer] * np.where(takes, 2 * multiple, multiple) // PER_MILLE
    return np.maximum(SMALLEST_INVOICE, amount)


def _copied(
    spec: Spec, customers: Customers, plants: Plants, customer: Ints, doc_day: Ints
) -> tuple[Ints, Ints, Copies]:
    """Put the orders in the order of their dates, with the invoices that are planted to be written twice or anew."""
    order = np.argsort(doc_day, kind="stable")
    customer, doc_day = customer[order], doc_day[order]
    rows, days, rebills = [], [], []
    rng = stream(spec.seed, "copies")
    for plant in plants.of(PlantKind.DUPLICATE_INVOICE, PlantKind.RE_AGING):
        repeated = np.flatnonzero((customer == plant.customer) & (doc_day >= plant.day))[:1].tolist()
        is_rebill = plant.kind == PlantKind.RE_AGING
        for row in repeated:
            terms = TERMS[int(customers.terms[plant.customer])]
            longest = max(terms.days) + LONGEST_MONTH * terms.from_month_end
            lag = longest + 22 + below(rng, 20, 1) if is_rebill else 1 + below(rng, 5, 1)
            rows.append(row)
            days.append(int(next_weekday(doc_day[row] + lag)[0]))
            rebills.append(is_rebill)
    size = len(customer)
    original = np.concatenate([np.full(size, NONE, dtype=np.int64), np.array(rows, dtype=np.int64)])
    anew = np.concatenate([np.zeros(size, dtype=np.bool_), np.array(rebills, dtype=np.bool_)])
    customer = np.concatenate([customer, customer[np.array(rows, dtype=np.int64)]])
    doc_day = np.concatenate([doc_day, np.array(days, dtype=np.int64)])
    order = np.argsort(doc_day, kind="stable")
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order], place[NONE] = np.arange(len(order), dtype=np.int64), NONE
    return customer[order], doc_day[order], Copies(place[original][order], anew[order])


def _appetite(spec: Spec, customers: Customers, plants: Plants, month: int) -> Ints:
    """Weigh how much each customer orders in a month (counted from 1970); 0 outside the time it is a customer."""
    start = int(np.int64(month).astype("M8[M]").astype("M8[D]").astype(np.int64))
    middle = np.full(spec.customers, start + 15, dtype=np.int64)
    season = SEASON_TABLE[customers.product_group, month % MONTHS]
    grown = 100 * (middle - spec.start_day) // max(spec.as_of_day - spec.start_day, 1)
    trend = np.select(
        [customers.trajectory == Trajectory.GROWING, customers.trajectory == Trajectory.SHRINKING],
        [60 + grown, 160 - grown],
        default=100,
    )
    active = (customers.first_day <= middle + 15) & (customers.end_day >= middle)
    jump, dormant = (
        plants.marked(kind, np.arange(spec.customers), middle, spec.customers)
        for kind in (PlantKind.ORDER_RATE_JUMP, PlantKind.REPEATED_BULK)
    )
    asleep, _ = plants.windows(PlantKind.DORMANT_RETURN, spec.customers)
    awake = (asleep == NONE) | (start >= asleep) | (middle < asleep - DORMANT_DAYS)
    factor = np.where(jump, JUMP_FACTOR, np.where(dormant, BULK_RATE_FACTOR, 1)) * awake * active
    appetite: Ints = customers.activity * season * trend * factor
    return appetite if appetite.any() else customers.activity


def _with_fates(spec: Spec, docs: Documents, copies: Copies) -> Documents:
    """Leave some as drafts, cancel or reverse some; a duplicate is cancelled when it is noticed."""
    rng, dials = stream(spec.seed, "fates"), spec.dials
    is_copy = copies.of != NONE
    free = ~is_copy
    free[copies.of[is_copy]] = False
    old = docs.doc_day < spec.as_of_day - DAYS_UNTIL_FATE

    def fate(eligible: Flags, dial: Dial) -> Flags:
        nonlocal free
        chosen = pick(rng, free & eligible, dial)
        free = free & ~chosen
        return chosen

    draft = fate(~old, dials.draft)
    dated, undated = fate(old, dials.cancelled_dated), fate(old, dials.cancelled_undated)
    undone = fate(old, dials.reversed_pair)
    cancel_day = docs.post_day + 2 + below(rng, 30, len(docs))
    noticed = is_copy & ~copies.rebills & (docs.doc_day < spec.as_of_day - NOTICED_DAYS)
    state = np.select(
        [draft, dated | undated | noticed, undone], [State.DRAFT, State.CANCELLED, State.REVERSED], default=State.POSTED
    ).astype(np.int64)
    cancel_day = np.select([dated, noticed], [cancel_day, docs.post_day + NOTICED_DAYS], default=NONE)
    return replace(docs, state=state, cancel_day=cancel_day)


def reverse(spec: Spec, invoices: Documents) -> tuple[Documents, Documents]:
    """Write the reversing documents of the reversed invoices; return both, linked. Reversals stand after the invoices."""
    rows = np.flatnonzero(invoices.state == State.REVERSED)
    undone = take(invoices, rows)
    rng = stream(spec.seed, "reversals")
    day = next_weekday(undone.post_day + 1 + below(rng, 25, len(rows)))
    blank = blank_documents(Series.AN, Kind.CREDIT_NOTE, undone.customer, day)
    reversal = replace(
        blank,
        currency=undone.currency,
        rate_ppm=undone.rate_ppm,
        amount=-undone.amount,
        local=-undone.local,
        ref=rows,
        reverses=rows,
    )
    reversed_by = invoices.reversed_by.copy()
    reversed_by[rows] = len(invoices) + np.arange(len(rows), dtype=np.int64)
    return replace(invoices, reversed_by=reversed_by), reversal


def split(spec: Spec, plants: Plants, invoices: Documents) -> Instalments:
    """Split the invoices by their terms; the parts add up to the cent in both currencies."""
    counts, days, cumulated = _terms_table()
    of = counts[invoices.terms]
    doc = np.repeat(np.arange(len(invoices), dtype=np.int64), of)
    seq = np.arange(len(doc), dtype=np.int64) - np.repeat(np.cumsum(of) - of, of)
    terms = invoices.terms[doc]
    amount = _part(invoices.amount[doc], cumulated[terms, seq], cumulated[terms, seq + 1])
    due, original, source = _due_dates(spec, plants, invoices, doc, days[terms, seq])
    single = np.array([*(t.disc_days for t in TERMS), NONE], dtype=np.int64)[terms]
    percent = np.array([*(t.disc_pct for t in TERMS), 0], dtype=np.int64)[terms]
    return Instalments(
        doc=doc,
        seq=seq + 1,
        of=of[doc],
        due_day=due,
        due_original=original,
        due_source=source,
        amount=amount,
        local=_local_parts(invoices, doc, amount),
        disc_day=np.where(single == NONE, NONE, invoices.doc_day[doc] + single),
        disc_amount=(amount * percent + 50) // 100,
    )


def _terms_table() -> tuple[Ints, Ints, Ints]:
    """Lay the terms out by number; the last row, reached as -1, is "nothing agreed": one part, 30 days by habit."""
    widest = max(len(t.shares) for t in TERMS)
    counts = np.array([*(len(t.shares) for t in TERMS), 1], dtype=np.int64)
    days = np.array([[*t.days, *[0] * (widest - len(t.days))] for t in TERMS] + [[30] + [0] * (widest - 1)])
    shares = np.array([[*t.shares, *[0] * (widest - len(t.shares))] for t in TERMS] + [[100] + [0] * (widest - 1)])
    return counts, days, np.concatenate([np.zeros((len(shares), 1), dtype=np.int64), np.cumsum(shares, axis=1)], axis=1)


def _part(whole: Ints, start: Ints, end: Ints) -> Ints:
    """Cut the slice between two cumulated percentages; slices of one whole leave no cent over."""
    return whole * end // 100 - whole * start // 100


def _local_parts(invoices: Documents, doc: Ints, amount: Ints) -> Ints:
    """Share the ledger amount out in proportion, cumulated so that the parts add up."""
    whole, local = invoices.amount[doc], invoices.local[doc]
    before = running_before(amount, doc)
    parts: Ints = local * (before + amount) // whole - local * before // whole
    return parts


def _due_dates(spec: Spec, plants: Plants, invoices: Documents, doc: Ints, days: Ints) -> tuple[Ints, Ints, Ints]:
    """Set due dates from the terms, put some off later, and leave some out where no terms were agreed."""
    rng = stream(spec.seed, "due dates")
    by_month = np.array([*(t.from_month_end for t in TERMS), False])[invoices.terms[doc]]
    original = np.where(by_month, next_month(invoices.doc_day[doc]) - 1, invoices.doc_day[doc]) + days
    agreed = invoices.terms[doc] != NONE
    missing = pick(rng, ~agreed, spec.dials.without_due_date)
    single = np.bincount(doc, minlength=len(invoices))[doc] == 1
    may = single & agreed & (original < spec.as_of_day)
    edited = plants.marked(PlantKind.DUE_DATE_EDIT, invoices.customer[doc], invoices.doc_day[doc], spec.customers)
    put_off = pick(rng, may, spec.dials.extended_due) | (may & edited)
    due = np.where(put_off, next_weekday(original + 30 + below(rng, 30, len(doc))), original)
    source = np.where(missing, DueSource.MISSING, np.where(put_off | ~agreed, DueSource.FILE, DueSource.TERMS))
    return np.where(missing, NONE, due), np.where(missing, NONE, original), source.astype(np.int64)
