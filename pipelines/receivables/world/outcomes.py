"""How each instalment of the sample ends, and why.

The preset says how all of them end, the customers' types share that out, and within a type those under most stress get the worst.
So the whole follows its curve while every end has a cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

import numpy as np

from receivables.world.bands import BANDS, Cause
from receivables.world.customers import GOLDEN_PPM, Customers, CustomerType, Settlement, Trajectory
from receivables.world.dials import Spec
from receivables.world.draws import (
    NONE,
    PPM,
    Flags,
    Ints,
    below,
    last_weekday,
    month_start,
    next_month,
    next_weekday,
    stream,
    weekday,
)
from receivables.world.invoices import Billing
from receivables.world.plants import PlantKind, Plants
from receivables.world.records import Documents, DueSource

PERIOD_DAYS: Final = 182
"""In each of these periods a type's shares hold, so that old and young cohorts have the same future."""

HABITUAL_DAYS: Final = 35
"""An instalment without a due date is paid as if it were due so many days after its document."""

LEANINGS: Final[dict[CustomerType, tuple[int, ...]]] = {
    CustomerType.PUNCTUAL: (600, 400, 130, 50, 12, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    CustomerType.SLOW: (30, 80, 160, 200, 260, 200, 110, 36, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    CustomerType.HARDSHIP: (60, 80, 90, 100, 120, 140, 140, 100, 100, 80, 60, 60, 40, 60, 60, 60, 60, 40),
    CustomerType.CHAIN_DEBT: (60, 90, 100, 110, 120, 120, 160, 160, 140, 80, 40, 30, 20, 10, 20, 20, 20, 10),
    CustomerType.EVADER: (20, 30, 50, 70, 120, 160, 180, 160, 160, 120, 80, 100, 80, 20, 30, 40, 40, 40),
    CustomerType.MALICIOUS: (300, 300, 120, 60, 30, 30, 30, 30, 30, 40, 40, 50, 30, 100, 160, 200, 200, 200),
}
"""How readily each type ends in each band, before the shares of types and bands are both met."""

ROUNDS: Final = 200
NOISE: Final = 1000
TRAJECTORY_STRESS: Final = 900
TROUBLE_STRESS: Final = 2_500
TROUBLE_DAYS: Final = {CustomerType.HARDSHIP: 420, CustomerType.CHAIN_DEBT: 200, CustomerType.MALICIOUS: 10_000}
"""How long the trouble of a type lasts once it has begun."""

UNPAID_AT_FAILURE: Final = 75
"""What was bought in so many days before a failure is in danger."""

DRIFT_DAYS: Final = 2
LARGEST_DRIFT: Final = 26
"""A punctual payer that drifts takes so many days more each time, up to the second number."""

PUT_OFF_DAYS: Final = 65
"""Who is planted not to keep its word pays later than this."""


@dataclass(frozen=True)
class Outcomes:
    """One element per instalment of an invoice: the day it counts from, the day it ends and how; `NONE` where it never does."""

    due_day: Ints
    end_day: Ints
    cause: Ints


def draw_outcomes(spec: Spec, customers: Customers, plants: Plants, billing: Billing) -> Outcomes:
    """Draw how every instalment ends, also those that end after the as-of date; nobody pays a duplicate."""
    invoices, copies, instalments = billing
    doc = instalments.doc
    customer, doc_day = invoices.customer[doc], invoices.doc_day[doc]
    due = np.where(instalments.due_source == DueSource.MISSING, doc_day + HABITUAL_DAYS, instalments.due_original)
    group = customers.type[customer] * _periods(spec) + _period(spec, doc_day)
    stress, troubles = _stress(spec, customers, customer, doc_day)
    strata = np.lexsort((instalments.local, troubles, group))
    stress[strata] += _spread(stream(spec.seed, "stress"), len(strata))
    place = _places(stress, group, stream(spec.seed, "places"))
    band, age = _bands_and_ages(_edges(spec, group), group, place)
    age = _drifted(customers, plants, customer, doc_day, age)
    age = np.where(_put_off(plants, customer, doc_day, spec.customers), np.maximum(age, PUT_OFF_DAYS + place % 40), age)
    cause = np.array([band.cause for band in BANDS], dtype=np.int64)[band]
    first, last = (np.array([getattr(b, name) for b in BANDS], dtype=np.int64)[band] for name in ("first", "last"))
    run = np.where(cause == Cause.CASH, customers.pay_run[customer], 0)
    day = np.maximum(_settled(run, due + age, due, (due + first, due + last)), next_weekday(doc_day + 1))
    cause = np.where((copies.of != NONE)[doc] & ~copies.rebills[doc], Cause.NEVER, cause).astype(np.int64)
    day = np.where(cause == Cause.NEVER, NONE, day)
    return _by_settlement(spec, customers, plants, billing, Outcomes(due, day, cause))


def _periods(spec: Spec) -> int:
    return (spec.as_of_day - spec.start_day) // PERIOD_DAYS + 1


def _period(spec: Spec, day: Ints) -> Ints:
    return np.maximum(day - spec.start_day, 0) // PERIOD_DAYS


def _edges(spec: Spec, group: Ints) -> Ints:
    """Lay out the cumulated shares of every group (a type in a period): in each period all types together follow the preset."""
    kinds, periods = len(CustomerType), _periods(spec)
    counts = np.bincount(group, minlength=kinds * periods).reshape(kinds, periods)
    by_period = [shares_of_types(spec.preset.bands, counts[:, period].tolist()) for period in range(periods)]
    return np.array(by_period, dtype=np.int64).transpose(1, 0, 2).reshape(kinds * periods, len(BANDS))


def shares_of_types(bands: Sequence[int], counts: Sequence[int]) -> list[list[int]]:
    """Cumulate each type's shares of the bands in millionths, so that all types together end as `bands` says.

    Proportional fitting of the leanings: rows add up to the types' instalments, columns to the bands'. Only sums that are rounded once,
    products and quotients: the same on every machine.
    """
    total = max(sum(counts), 1)
    table = [[float(lean) for lean in LEANINGS[kind]] for kind in CustomerType]
    for _ in range(ROUNDS):
        for column, wanted in enumerate(bands):
            held = fsum(count * row[column] for count, row in zip(counts, table, strict=True)) / total
            scale = wanted / held if held else 0.0
            for row in table:
                row[column] *= scale
        for row in table:
            scale = PPM / (fsum(row) or 1.0)
            row[:] = [share * scale for share in row]
    edges = []
    for row in table:
        running, sums = 0.0, []
        for share in row:
            running += share
            sums.append(round(running))
        edges.append([*sums[:-1], PPM])
    return edges


def _spread(rng: np.random.Generator, size: int) -> Ints:
    """Draw chance that spreads evenly over any stretch of rows: along rows in order of their amount, large and small fare alike."""
    return (np.arange(size, dtype=np.int64) * GOLDEN_PPM + below(rng, PPM, 1)) % PPM * NOISE // PPM


def _stress(spec: Spec, customers: Customers, customer: Ints, doc_day: Ints) -> tuple[Ints, Ints]:
    """Say how hard each instalment is to pay by the customer's nature, where it is going and its troubles; also count these."""
    grown = TRAJECTORY_STRESS * (doc_day - spec.start_day) // max(spec.as_of_day - spec.start_day, 1)
    trajectory = customers.trajectory[customer]
    going = np.select(
        [trajectory == Trajectory.WORSENING, trajectory == Trajectory.RECOVERING],
        [grown, TRAJECTORY_STRESS - grown],
        default=TRAJECTORY_STRESS // 2,
    )
    fail = customers.fail_day[customer]
    failing = (fail != NONE) & (doc_day >= fail - UNPAID_AT_FAILURE)
    trouble = in_trouble(customers, customer, doc_day).astype(np.int64) + failing
    stress: Ints = customers.level[customer] + going + TROUBLE_STRESS * trouble
    return stress, trouble


def in_trouble(customers: Customers, customer: Ints, day: Ints) -> Flags:
    """Say which customers are in their time of trouble on a day."""
    lasts = np.zeros(len(CustomerType), dtype=np.int64)
    for kind, days in TROUBLE_DAYS.items():
        lasts[kind] = days
    turn = customers.turn_day[customer]
    troubled: Flags = (turn != NONE) & (day >= turn) & (day < turn + lasts[customers.type[customer]])
    return troubled


def _places(stress: Ints, group: Ints, rng: np.random.Generator) -> Ints:
    """Rank by stress within each group: the place in millionths, 0 for the least stressed."""
    size = len(stress)
    order = np.lexsort((stress, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=NONE))
    length = np.diff(starts, append=size)
    rank = np.arange(size, dtype=np.int64) - np.repeat(starts, length)
    offset = np.repeat(below(rng, PPM, len(starts)), length)
    place = np.empty(size, dtype=np.int64)
    place[order] = (rank * PPM + offset) // np.repeat(length, length)
    return place


def _bands_and_ages(edges: Ints, group: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Find each instalment's band, and the age at the same place within it."""
    wide = PPM + 1
    flat = (edges + wide * np.arange(len(edges), dtype=np.int64)[:, np.newaxis]).ravel()
    found = np.searchsorted(flat, place + wide * group, side="right").astype(np.int64)
    band = found - group * len(BANDS)
    low = np.where(band > 0, flat[found - 1] - wide * group, 0)
    first = np.array([b.first for b in BANDS], dtype=np.int64)[band]
    width = np.array([b.last - b.first + 1 for b in BANDS], dtype=np.int64)[band]
    return band, first + width * (place - low) // np.maximum(flat[found] - wide * group - low, 1)


def _drifted(customers: Customers, plants: Plants, customer: Ints, doc_day: Ints, age: Ints) -> Ints:
    """Let the punctual payers that were planted to drift take a little longer with every invoice."""
    drifting = np.flatnonzero(plants.marked(PlantKind.LATENESS_DRIFT, customer, doc_day, len(customers.name)))
    order = drifting[np.lexsort((doc_day[drifting], customer[drifting]))]
    starts = np.flatnonzero(np.diff(customer[order], prepend=NONE))
    number = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    moved = age.copy()
    moved[order] += np.minimum(LARGEST_DRIFT, DRIFT_DAYS * (number + 1))
    return moved


def _put_off(plants: Plants, customer: Ints, doc_day: Ints, customers: int) -> Flags:
    """Mark what customers planted to promise, claim or be granted more than they keep buy in that time: it is paid late."""
    marked = np.zeros(len(customer), dtype=np.bool_)
    for kind in (PlantKind.CONCESSION_OVERRUN, PlantKind.CLAIMED_PAYMENT, PlantKind.BROKEN_PROMISES):
        marked |= plants.marked(kind, customer, doc_day, customers)
    return marked


def _settled(run: Ints, day: Ints, due: Ints, limits: tuple[Ints, Ints]) -> Ints:
    """Move a day to the customer's next pay run if that lies in the same band, else to a weekday as near as the band allows.

    `limits` are the band's first and last day.
    """
    first, last = limits
    friday = day + (4 - weekday(day)) % 7
    start, following = month_start(day), next_month(day)
    fortnight = np.where(day <= start + 4, start + 4, np.where(day <= start + 19, start + 19, following + 4))
    wanted = np.choose(run, [day, friday, next_weekday(fortnight), next_weekday(following - 1)])
    day = np.where(wanted <= last, wanted, day)
    after = next_weekday(day)
    before = last_weekday(day)
    # what is paid by its due date stays so, and what is paid late stays late
    return np.where((after <= last) | ((before < first) & (first > due)), after, before)


def _by_settlement(spec: Spec, customers: Customers, plants: Plants, billing: Billing, drawn: Outcomes) -> Outcomes:
    """Let cash customers pay on delivery and batch customers before the next lot, except where a breach was planted."""
    size, invoices, doc = len(customers.name), billing.invoices, billing.instalments.doc
    customer, doc_day = invoices.customer[doc], invoices.doc_day[doc]
    settlement = customers.settlement[customer]
    breach = plants.marked(PlantKind.CREDIT_ON_CASH_TERMS, customer, doc_day, size)
    breach |= plants.marked(PlantKind.BATCH_BREACH, customer, doc_day, size)
    on_delivery = (settlement == Settlement.CASH) & ~breach
    following = next_lot(invoices)[doc]
    in_batches = (settlement == Settlement.BATCH) & ~breach & (following != NONE)
    in_time = np.maximum(last_weekday(following - 1), doc_day)
    late = next_weekday(doc_day + 45 + below(stream(spec.seed, "breaches"), 30, len(doc)))
    day, cause = drawn.end_day.copy(), drawn.cause.copy()
    day = np.where(on_delivery, next_weekday(doc_day), day)
    day = np.where(in_batches & ((day == NONE) | (day > in_time) | (cause != Cause.CASH)), in_time, day)
    day = np.where(breach, late, day)
    cause = np.where(on_delivery | in_batches | breach, Cause.CASH, cause).astype(np.int64)
    return Outcomes(drawn.due_day, day, cause)


def next_lot(invoices: Documents) -> Ints:
    """Find the day of the customer's next invoice on a later day; `NONE` for the last."""
    order = np.lexsort((invoices.doc_day, invoices.customer))
    customer, day = invoices.customer[order], invoices.doc_day[order]
    keys = customer * (int(day.max(initial=0)) + 2) + day
    after = np.searchsorted(keys, keys, side="right")
    inside = after < len(order)
    same = np.zeros(len(order), dtype=np.bool_)
    same[inside] = customer[after[inside]] == customer[inside]
    found = np.full(len(order), NONE, dtype=np.int64)
    found[order[same]] = day[after[same]]
    return found
