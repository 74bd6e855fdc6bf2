"""The customers of the sample world: who they are, how much they buy, what kind of payer each is and where that is going."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from receivables.world.dials import PER_MILLE, Spec
from receivables.world.draws import NONE, PPM, Flags, Ints, below, quota, shuffled, stream
from receivables.world.goods import GROUP_SHARES
from receivables.world.names import (
    COUNTRIES,
    GROUPS,
    HOME_SHARE,
    Country,
    business_names,
    salespeople,
    territories,
    territory_of,
    towns,
)

TOP_TEN_SHARE: Final = 415
"""Per mille of the turnover that the ten largest customers hold, as in the ledger of a food company (highradius)."""

TOO_LARGE_TO_FAIL: Final = 10
CUSTOMERS_PER_SOUND: Final = 50
"""The largest customers pay, sooner or later, and stay what they are: no business survives the loss of one. They are ten (of few
customers a quarter at most), or one in so many."""

MOST_OF_THE_UNSOUND: Final = 2
"""Times the average turnover that a customer of a troubled or unwilling type has at most."""

BUSIEST: Final = 4
"""Times as often as a small customer the largest order."""

MEDIAN_INVOICE: Final = 120_000
SMALLEST_MEDIAN: Final = 5_000
LARGEST_MEDIAN: Final = 200_000_000
"""In cents, like the one between: what customers of ordinary, least and greatest size order at a time."""

LARGEST: Final = 1_000_000_000
GOLDEN_PPM: Final = 618_034
"""The golden section in millionths: its multiples spread evenly, however many are taken."""


class CustomerType(IntEnum):
    """What kind of payer a customer is at heart; the files do not say, only the truth does."""

    PUNCTUAL = 0
    SLOW = 1
    HARDSHIP = 2
    CHAIN_DEBT = 3
    EVADER = 4
    MALICIOUS = 5


class Trajectory(IntEnum):
    """Where a customer is going: its orders grow or shrink, its payments worsen or recover."""

    STEADY = 0
    GROWING = 1
    SHRINKING = 2
    WORSENING = 3
    RECOVERING = 4


class Settlement(IntEnum):
    """How a customer agreed to settle."""

    CASH = 0
    BATCH = 1
    MONTHLY = 2
    SINGLE_DATE = 3
    INSTALMENT = 4


TRAJECTORY_SHARES: Final = (50, 15, 10, 15, 10)
PAY_RUNS: Final = ("any day", "fridays", "5th and 20th", "month end")
PAY_RUN_SHARES: Final = (40, 20, 25, 15)
CHAIN_SIZE: Final = 6
"""Customers that wait for the same debtor of their own."""

SUPPLY_STOPS_AFTER: Final = 60
"""Days a malicious customer still gets goods after the last invoice it meant to pay."""

LEVELS: Final = 400
LEVEL_OF_THE_LARGE: Final = 270
"""The largest are neither the best payers of their kind nor the worst: they take a little longer, because they can."""

SMALL_PCT: Final = 60
"""Size of a malicious customer's ordinary orders, in percent of another's: it buys more once it does not mean to pay."""

FAILS_PCT: Final = 25
"""Of the customers in hardship, those that become insolvent."""

CLOSED_AFTER: Final = 20
"""Days for which a customer still gets goods after it has failed."""

JOINS_LATER_PCT: Final = 25
LEAVES_PCT: Final = 5


class Terms(NamedTuple):
    """Payment terms: shares in percent and days of each instalment, and the cash discount if there is one.

    The days count from the document's date, or from the end of its month.
    """

    terms_id: str
    description: str
    shares: tuple[int, ...]
    days: tuple[int, ...]
    disc_days: int
    disc_pct: int
    share: int
    settlement: Settlement = Settlement.MONTHLY
    from_month_end: bool = False


TERMS: Final = (
    Terms("C0", "Cash on delivery", (100,), (0,), NONE, 0, 40, Settlement.CASH),
    Terms("B15", "Each lot before the next, at most 15 days", (100,), (15,), NONE, 0, 50, Settlement.BATCH),
    Terms("N30", "Net 30 days", (100,), (30,), NONE, 0, 300),
    Terms("N45", "Net 45 days", (100,), (45,), NONE, 0, 120),
    Terms("N60", "Net 60 days", (100,), (60,), NONE, 0, 120),
    Terms("M15", "15 days after the end of the month", (100,), (15,), NONE, 0, 80, from_month_end=True),
    Terms("S60", "One delivery, one date: 60 days", (100,), (60,), NONE, 0, 50, Settlement.SINGLE_DATE),
    Terms("D10N30", "2 % within 10 days, net 30", (100,), (30,), 10, 2, 110),
    Terms("P2", "Half in 30 days, half in 60", (50, 50), (30, 60), NONE, 0, 70, Settlement.INSTALMENT),
    Terms(
        "P3", "40 % in 30 days, 30 % in 60, 30 % in 90", (40, 30, 30), (30, 60, 90), NONE, 0, 40, Settlement.INSTALMENT
    ),
)
NO_TERMS_SHARE: Final = 30


@dataclass(frozen=True)
class Customers:
    """One element per customer.

    `scale` is the median invoice in cents, `rank` 0 for the largest turnover, `level` how stressed it is by nature (0 to 399). It orders
    from `first_day` to `end_day`; `turn_day` is when its trouble begins: a hardship's crisis, the shock of a chain of debt, the day after
    which a malicious one does not mean to pay (`NONE`: no such day); `fail_day` is when it becomes insolvent or closes for good.
    `chain` numbers the customers that share an upstream debtor.
    """

    name: list[str]
    city: list[str]
    region: list[str]
    country: npt.NDArray[np.object_]
    language: npt.NDArray[np.object_]
    territory: Ints
    currency: Ints
    group: Ints
    product_group: Ints
    salesperson: Ints
    terms: Ints
    settlement: Ints
    since_day: Ints
    first_day: Ints
    end_day: Ints
    activity: Ints
    scale: Ints
    rank: Ints
    type: Ints
    trajectory: Ints
    turn_day: Ints
    fail_day: Ints
    chain: Ints
    level: Ints
    pay_run: Ints


def draw_customers(spec: Spec) -> Customers:
    """Draw the customers; terms are `NONE` where nothing was agreed."""
    rng = stream(spec.seed, "customers")
    size, (home, *abroad) = spec.customers, COUNTRIES[spec.home]
    nations = (home, *abroad)
    nation = quota(rng, size, [HOME_SHARE, *(country.share for country in abroad)])
    name, city, region = _names(spec, nations, nation)
    known = {territory.territory_id: number for number, territory in enumerate(territories(spec.home))}
    territory = np.array(
        [known[territory_of(nations[n].code, code)] for n, code in zip(nation, region, strict=True)], dtype=np.int64
    )
    rank = shuffled(rng, size)
    turnover, sound = _sizes(size)[rank], rank < _sound_ranks(size)
    kind = _types(rng, spec, rank, sound)
    turnover = _trusted(turnover, kind)
    activity = _activity(rng, turnover)
    terms = _terms(rng, spec, kind, sound)
    chain = np.where(
        kind == CustomerType.CHAIN_DEBT, (np.cumsum(kind == CustomerType.CHAIN_DEBT) - 1) // CHAIN_SIZE, NONE
    )
    first, turn = _first_days(rng, spec, sound), _turn_days(rng, spec, kind, chain)
    fail = _fail_days(rng, kind, turn)
    settlement = np.array([*(t.settlement for t in TERMS), Settlement.MONTHLY], dtype=np.int64)[terms]
    return Customers(
        name=name,
        city=city,
        region=region,
        country=np.array([c.code for c in nations], dtype=object)[nation],
        language=np.array([c.language for c in nations], dtype=object)[nation],
        territory=territory,
        currency=np.array([c.currency for c in nations], dtype=np.int64)[nation],
        group=quota(rng, size, [1] * len(GROUPS)),
        product_group=quota(rng, size, GROUP_SHARES),
        # a territory is served by one person
        salesperson=territory % len(salespeople(spec.only_codepage)),
        terms=terms,
        settlement=settlement,
        since_day=first - 1 - below(rng, 20, size) - below(rng, 3000, size) * (first == spec.start_day),
        first_day=first,
        end_day=ended(_end_days(rng, spec, first, sound, np.where(kind == CustomerType.MALICIOUS, turn, NONE)), fail),
        activity=activity,
        scale=_scales(turnover, activity) * np.where(kind == CustomerType.MALICIOUS, SMALL_PCT, 100) // 100,
        rank=rank,
        type=kind,
        trajectory=_trajectories(rng, kind, sound),
        turn_day=turn,
        fail_day=fail,
        chain=chain.astype(np.int64),
        level=np.where(sound, LEVEL_OF_THE_LARGE, quota(rng, size, [1] * LEVELS)),
        pay_run=quota(rng, size, PAY_RUN_SHARES),
    )


def _sound_ranks(size: int) -> int:
    return max(min(TOO_LARGE_TO_FAIL, size // 4), size // CUSTOMERS_PER_SOUND)


def _names(spec: Spec, nations: tuple[Country, ...], nation: Ints) -> tuple[list[str], list[str], list[str]]:
    """Name the customers country by country, and place each in a town and its region."""
    names, cities, regions = ([""] * len(nation) for _ in range(3))
    for number, country in enumerate(nations):
        rng = stream(spec.seed, f"names {country.code}")
        rows = np.flatnonzero(nation == number)
        found = business_names(rng, country, len(rows))
        for row, name, (city, region) in zip(rows, found, towns(country, below(rng, 1000, len(rows))), strict=True):
            names[row], cities[row], regions[row] = name, city, region
    return names, cities, regions


def _types(rng: np.random.Generator, spec: Spec, rank: Ints, sound: Flags) -> Ints:
    """Deal the types evenly over all sizes, so that each holds its share of the money too; the largest are sound."""
    edges = np.cumsum(np.asarray(spec.preset.type_shares, dtype=np.int64))
    place = (rank * GOLDEN_PPM + below(rng, PPM, 1)) % PPM
    dealt = np.searchsorted(edges * (PPM // PER_MILLE), place, side="right").astype(np.int64)
    instead = np.where(place % 2 == 0, CustomerType.PUNCTUAL, CustomerType.SLOW)
    return np.where(sound & (dealt > CustomerType.SLOW), instead, dealt).astype(np.int64)


def _terms(rng: np.random.Generator, spec: Spec, kind: Ints, sound: Flags) -> Ints:
    """Deal the terms; only sound small customers buy for cash or lot by lot, and the largest have a contract."""
    without = NO_TERMS_SHARE * int(bool(spec.dials.without_due_date.least))
    terms = quota(rng, len(kind), [without, *(t.share for t in TERMS)]) - 1
    usual = next(number for number, t in enumerate(TERMS) if t.terms_id == "N30")
    credit = np.array([t.settlement > Settlement.BATCH for t in TERMS] + [True])[terms]
    bought_on_credit = (kind > CustomerType.SLOW) | sound | (not spec.preset.cash_customers)
    return np.where((bought_on_credit & ~credit) | (sound & (terms == NONE)), usual, terms)


def _trajectories(rng: np.random.Generator, kind: Ints, sound: Flags) -> Ints:
    """Deal where the customers are going; the largest stay what they are, and who will not pay buys ever more."""
    dealt = quota(rng, len(kind), TRAJECTORY_SHARES)
    return np.select(
        [sound, kind == CustomerType.MALICIOUS],
        [Trajectory.STEADY, Trajectory.GROWING],
        default=dealt,
    ).astype(np.int64)


def _first_days(rng: np.random.Generator, spec: Spec, sound: Flags) -> Ints:
    """Let some customers join in the first two thirds of the history; the largest were there before."""
    span = (spec.as_of_day - spec.start_day) * 2 // 3
    joins = (below(rng, 100, len(sound)) < JOINS_LATER_PCT) & ~sound
    return spec.start_day + joins * below(rng, max(span, 1), len(sound))


def _turn_days(rng: np.random.Generator, spec: Spec, kind: Ints, chain: Ints) -> Ints:
    """Choose when trouble begins; a chain's customers are struck together, malicious ones at any time."""
    span, size = spec.as_of_day - spec.start_day, len(kind)
    own = spec.start_day + span * (100 + below(rng, 780, size)) // PER_MILLE
    shock = spec.start_day + span * (150 + below(rng, 700, size)) // PER_MILLE
    troubled = (kind == CustomerType.HARDSHIP) | (kind == CustomerType.MALICIOUS)
    return np.select([chain != NONE, troubled], [shock[chain], own], default=NONE)


def _fail_days(rng: np.random.Generator, kind: Ints, turn: Ints) -> Ints:
    """Let some hardships end in insolvency, some months after the crisis began."""
    size = len(kind)
    fails = (kind == CustomerType.HARDSHIP) & (below(rng, 100, size) < FAILS_PCT)
    return np.where(fails, turn + 120 + below(rng, 300, size), NONE)


def ended(end_day: Ints, fail_day: Ints) -> Ints:
    """End the orders of those that fail soon after."""
    return np.where(fail_day == NONE, end_day, np.minimum(end_day, fail_day + CLOSED_AFTER))


def _end_days(rng: np.random.Generator, spec: Spec, first: Ints, sound: Flags, stops_paying: Ints) -> Ints:
    """End the orders of those that stop paying soon after, and of some others for reasons of their own."""
    size = len(first)
    leaves = (below(rng, 100, size) < LEAVES_PCT) & ~sound
    left = first + (spec.as_of_day - first) * (400 + below(rng, 500, size)) // PER_MILLE
    stopped = np.minimum(np.maximum(stops_paying, first) + SUPPLY_STOPS_AFTER, spec.as_of_day)
    last: Ints = np.select([stops_paying != NONE, leaves], [stopped, left], default=spec.as_of_day)
    return last


def _sizes(size: int) -> Ints:
    """Make turnovers that fall with rank, flattened or with a heavier head until the ten largest hold about their share."""
    rank = np.arange(1, size + 1, dtype=np.int64)
    for flatness in range(2 * size):
        turnover = LARGEST // (rank + flatness)
        head, rest = int(turnover[:10].sum()), int(turnover[10:].sum())
        if flatness == 0 and head * (PER_MILLE - TOP_TEN_SHARE) < rest * TOP_TEN_SHARE:
            turnover[:10] = (
                turnover[:10] * (rest * TOP_TEN_SHARE // (PER_MILLE - TOP_TEN_SHARE) * PER_MILLE // head) // PER_MILLE
            )
            return turnover
        if head * (PER_MILLE - TOP_TEN_SHARE) <= rest * TOP_TEN_SHARE:
            return turnover
    return LARGEST // rank


def _trusted(turnover: Ints, kind: Ints) -> Ints:
    """Keep the turnover of unsound customers within limits: nobody lets them grow large on credit."""
    most = MOST_OF_THE_UNSOUND * int(turnover.sum()) // len(turnover)
    return np.where(kind > CustomerType.SLOW, np.minimum(turnover, most), turnover)


def _activity(rng: np.random.Generator, turnover: Ints) -> Ints:
    """Say how often each customer orders: the larger the oftener, within limits."""
    mean = int(turnover.sum()) // len(turnover)
    times = 100 + (BUSIEST - 1) * np.minimum(100, 100 * turnover // (10 * mean))
    often: Ints = (50 + below(rng, 100, len(turnover))) * times // 100
    return often


def _scales(turnover: Ints, activity: Ints) -> Ints:
    """Set each median invoice so that invoices × median follows the turnover."""
    mean = int(turnover.sum()) // len(turnover)
    median: Ints = MEDIAN_INVOICE * turnover // mean * 100 // activity
    return np.clip(median, SMALLEST_MEDIAN, LARGEST_MEDIAN)
