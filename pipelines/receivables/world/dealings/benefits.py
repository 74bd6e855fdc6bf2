"""What customers are promised besides goods - rebates, gifts, samples - and what of it they get."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from receivables.world.customers import CustomerType, Trajectory
from receivables.world.dealings.ends import Ends, ends
from receivables.world.draws import NONE, Flags, Ints, as_date, below, day_number, next_weekday, stream, sum_by
from receivables.world.goods import SEASON_TABLE
from receivables.world.ids import customer_ids, every
from receivables.world.ledger import Ledger
from receivables.world.records import State, stack, take
from receivables.world.tables import Later, Slices, Table, empty, whole
from receivables.world.text import days, decimals, padded, words

OVERDUE_DAYS: Final = 60
"""Who owes anything longer than this when a benefit is due does not get it."""

FORGOTTEN_PCT: Final = 6
"""Percent of the benefits that we owe and fail to give: a fault of our own."""

TOP_SHARE: Final = 10
"""The largest tenth of the customers are served and invited; gifts go to the larger half."""


class Benefit(IntEnum):
    """What is given, as `benefit_ledger.kind` spells it."""

    REBATE = 0
    GIFT = 1
    SAMPLE = 2
    BONUS = 3
    POINTS = 4
    SERVICE = 5


@dataclass(frozen=True)
class _Promises:
    """One element per benefit promised; amounts in cents of the ledger currency."""

    customer: Ints
    kind: Ints
    amount: Ints
    granted: Ints
    due: Ints


def benefit_ledger(ledger: Ledger) -> Slices:
    """Write what was promised in each year, what was given, held back and forgotten."""
    found, spec = ends(ledger), ledger.spec
    years = range(as_date(spec.start_day).year, as_date(spec.as_of_day).year + 1)
    promised = stack(*(piece for year in years for piece in _year(ledger, year)))
    known = (promised.granted <= spec.as_of_day) & (promised.granted >= spec.start_day) & (promised.amount > 0)
    promised = take(promised, known)
    promises = take(promised, np.argsort(promised.granted, kind="stable"))
    size, rng = len(promises.granted), stream(spec.seed, "benefits given")
    withheld = _behind(found, promises)
    forgotten = below(rng, 100, size) < FORGOTTEN_PCT
    gone = ~withheld & forgotten & (promises.kind != Benefit.POINTS)
    paid = np.where(withheld | gone, NONE, next_weekday(promises.due - 8 + below(rng, 20, size)))
    paid = np.where(paid == NONE, NONE, np.maximum(paid, promises.granted))
    held = np.where(withheld, promises.due, NONE)
    columns = {
        "benefit_id": padded("BN-", every(size) + 1, 6),
        "customer_id": customer_ids(promises.customer),
        "kind": words([benefit.name.lower() for benefit in Benefit], promises.kind),
        "amount_local": decimals(promises.amount, 2),
        "granted": days(promises.granted),
        "due": days(promises.due),
        "paid": days(paid),
        "withheld": days(held),
    }
    later = {"paid": Later(paid, empty(size)), "withheld": Later(held, empty(size))}
    return whole(Table(columns, promises.granted, later))


def _year(ledger: Ledger, year: int) -> list[_Promises]:
    """Promise the benefits of a year: rebates and bonuses are for its turnover, and granted once it is over."""
    customers, spec = ledger.customers, ledger.spec
    size = len(customers.name)
    rng = stream(spec.seed, f"benefits {year}")
    turnover = _turnover(ledger, year)
    larger, top = customers.rank < size // 2, customers.rank < max(size // TOP_SHARE, 1)
    bought = turnover > 0
    good = (customers.type <= CustomerType.SLOW) & bought
    whole_year = _day(year + 1, 1, 1) <= spec.as_of_day
    growing = good & (customers.trajectory == Trajectory.GROWING)
    rate = 8 + below(rng, 14, size)
    busiest = np.argmax(SEASON_TABLE[customers.product_group], axis=1).astype(np.int64) + 1
    season = np.array([_day(year, month, 1) for month in range(1, 13)], dtype=np.int64)[busiest - 1] - 50
    newyear, carnival, easter = _day(year + 1, 1, 15), _day(year + 1, 2, 15), _day(year + 1, 3, 31)
    thanks, tour = _day(year, 11, 20), _day(year, 5, 10)
    made = [
        _to(bought & (below(rng, 100, size) < 30), Benefit.SAMPLE, 2_000 + below(rng, 9_000, size), season, 14),
        _to(larger & bought, Benefit.GIFT, 3_000 + below(rng, 12_000, size), _same(thanks, size), 30),
        _to(top & bought, Benefit.SERVICE, 15_000 + below(rng, 50_000, size), _same(tour, size), 60),
    ]
    if whole_year:
        points = good & (customers.type == CustomerType.PUNCTUAL)
        made += [
            _to(good & larger, Benefit.REBATE, turnover * rate // 1000, _same(newyear, size), easter - newyear),
            _to(growing, Benefit.BONUS, turnover * 5 // 1000, _same(newyear, size), easter - newyear),
            _to(points, Benefit.POINTS, turnover // 400, _same(newyear, size), carnival - newyear),
        ]
    return made


def _to(who: Flags, kind: Benefit, amount: Ints, granted: Ints, after: int) -> _Promises:
    """Promise a benefit to the marked customers within some days, to be given so many days after."""
    rows = np.flatnonzero(who).astype(np.int64)
    day = next_weekday(granted[rows] + rows * 5 % 8)
    return _Promises(rows, np.full(len(rows), kind, dtype=np.int64), amount[rows], day, next_weekday(day + after))


def _same(day: int, size: int) -> Ints:
    return np.full(size, day, dtype=np.int64)


def _day(year: int, month: int, day: int) -> int:
    return day_number(as_date(0).replace(year=year, month=month, day=day))


def _turnover(ledger: Ledger, year: int) -> Ints:
    """Add up what each customer was invoiced in a year, in cents of the ledger currency."""
    documents, invoices = ledger.documents, len(ledger.copies.of)
    day = documents.doc_day[:invoices]
    of_year = (day >= _day(year, 1, 1)) & (day < _day(year + 1, 1, 1)) & (documents.state[:invoices] == State.POSTED)
    return sum_by(
        documents.customer[:invoices][of_year], documents.local[:invoices][of_year], len(ledger.customers.name)
    )


def _behind(found: Ends, promises: _Promises) -> Flags:
    """Say who was long overdue on the day a benefit was due to it."""
    late = np.flatnonzero(found.closed > found.due + OVERDUE_DAYS)
    first, last = np.maximum(found.due[late] + OVERDUE_DAYS, found.since[late]), found.closed[late]
    # of each customer's long overdue spells, ordered by their first day, the latest end so far decides
    order = np.lexsort((first, found.customer[late]))
    customer, first, last = found.customer[late][order], first[order], last[order]
    span = int(first.max(initial=0)) + 2
    reach = _running_latest(customer, np.minimum(last, int(promises.due.max(initial=0)) + 1))
    place = (
        np.searchsorted(customer * span + first, promises.customer * span + np.minimum(promises.due, span - 1), "right")
        - 1
    )
    inside = place >= 0
    inside[inside] = customer[place[inside]] == promises.customer[inside]
    behind = np.zeros(len(promises.customer), dtype=np.bool_)
    behind[inside] = reach[place[inside]] > promises.due[inside]
    return behind


def _running_latest(customer: Ints, last: Ints) -> Ints:
    """Find the latest end so far of each customer's spells; the customers are sorted."""
    span = int(last.max(initial=0)) + 1
    latest: Ints = np.maximum.accumulate(customer * span + last) - customer * span
    return latest
