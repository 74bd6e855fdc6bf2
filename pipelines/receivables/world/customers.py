"""The customers of the sample world: who they are, how much they buy and how they really pay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from receivables.world.dials import PER_MILLE, Spec
from receivables.world.draws import NONE, Ints, below, quota, shuffled, stream
from receivables.world.names import COUNTRIES, GROUPS, HOME_SHARE, Country, business_names, salespeople, towns

TOP_TEN_SHARE: Final = 400
"""Per mille of the turnover that the ten largest customers hold."""

MEDIAN_INVOICE: Final = 120_000
SMALLEST_MEDIAN: Final = 5_000
LARGEST_MEDIAN: Final = 40_000_000
"""In cents, like the one between: what customers of ordinary, least and greatest size order at a time."""

BEHAVIOURS: Final = ("punctual", "slow", "erratic", "deteriorating", "defaulter")
BEHAVIOUR_SHARES: Final = (400, 250, 170, 100, 80)
PAY_RUNS: Final = ("any day", "fridays", "5th and 20th", "month end")
PAY_RUN_SHARES: Final = (40, 20, 25, 15)


class Terms(NamedTuple):
    """Payment terms: shares in percent and days of each instalment, and the cash discount if there is one."""

    terms_id: str
    description: str
    shares: tuple[int, ...]
    days: tuple[int, ...]
    disc_days: int
    disc_pct: int
    share: int


TERMS: Final = (
    Terms("N15", "Net 15 days", (100,), (15,), NONE, 0, 120),
    Terms("N30", "Net 30 days", (100,), (30,), NONE, 0, 300),
    Terms("N45", "Net 45 days", (100,), (45,), NONE, 0, 120),
    Terms("N60", "Net 60 days", (100,), (60,), NONE, 0, 170),
    Terms("D10N30", "2 % within 10 days, net 30", (100,), (30,), 10, 2, 120),
    Terms("P2", "Half in 30 days, half in 60", (50, 50), (30, 60), NONE, 0, 90),
    Terms("P3", "40 % in 30 days, 30 % in 60, 30 % in 90", (40, 30, 30), (30, 60, 90), NONE, 0, 50),
)
NO_TERMS_SHARE: Final = 30


@dataclass(frozen=True)
class Customers:
    """One element per customer; `scale` is the median invoice in cents, `stop_day` the last day it pays anything."""

    name: list[str]
    city: list[str]
    country: npt.NDArray[np.object_]
    language: npt.NDArray[np.object_]
    currency: Ints
    group: Ints
    salesperson: Ints
    terms: Ints
    since_day: Ints
    activity: Ints
    scale: Ints
    behaviour: Ints
    pay_run: Ints
    stop_day: Ints


def draw_customers(spec: Spec) -> Customers:
    """Draw the customers; terms are `NONE` where nothing was agreed."""
    rng = stream(spec.seed, "customers")
    size, (home, *abroad) = spec.customers, COUNTRIES[spec.home]
    nations = (home, *abroad)
    shares = [HOME_SHARE, *(country.share for country in abroad)]
    nation = quota(rng, size, shares)
    name, city = _names(spec, nations, nation)
    activity = 50 + below(rng, 100, size)
    behaviour = quota(rng, size, BEHAVIOUR_SHARES)
    terms = quota(rng, size, [NO_TERMS_SHARE * int(bool(spec.dials.without_due_date.least)), *(t.share for t in TERMS)])
    return Customers(
        name=name,
        city=city,
        country=np.array([c.code for c in nations], dtype=object)[nation],
        language=np.array([c.language for c in nations], dtype=object)[nation],
        currency=np.array([c.currency for c in nations], dtype=np.int64)[nation],
        group=quota(rng, size, [1] * len(GROUPS)),
        salesperson=below(rng, len(salespeople(spec.only_codepage)), size),
        terms=terms - 1,
        since_day=spec.start_day - 1 - below(rng, 3000, size),
        activity=activity,
        scale=_scales(_sizes(size)[shuffled(rng, size)], activity),
        behaviour=behaviour,
        pay_run=quota(rng, size, PAY_RUN_SHARES),
        stop_day=_stop_days(rng, spec, behaviour),
    )


def _names(spec: Spec, nations: tuple[Country, ...], nation: Ints) -> tuple[list[str], list[str]]:
    """Name the customers country by country, and place each in a town."""
    names, cities = [""] * len(nation), [""] * len(nation)
    for number, country in enumerate(nations):
        rng = stream(spec.seed, f"names {country.code}")
        rows = np.flatnonzero(nation == number)
        words = zip(
            rows, business_names(rng, country, len(rows)), towns(country, below(rng, 1000, len(rows))), strict=True
        )
        for row, name, city in words:
            names[row], cities[row] = name, city
    return names, cities


def _sizes(size: int) -> Ints:
    """Make turnovers that fall with rank, so flat that the ten largest hold about their share of the whole."""
    rank = np.arange(1, size + 1, dtype=np.int64)
    for flatness in range(2 * size):
        turnover = 1_000_000_000 // (rank + flatness)
        if int(turnover[:10].sum()) * PER_MILLE <= int(turnover.sum()) * TOP_TEN_SHARE:
            return turnover
    return 1_000_000_000 // rank


def _scales(turnover: Ints, activity: Ints) -> Ints:
    """Set each median invoice so that invoices × median follows the turnover."""
    mean = int(turnover.sum()) // len(turnover)
    median: Ints = MEDIAN_INVOICE * turnover // mean * 100 // activity
    return np.clip(median, SMALLEST_MEDIAN, LARGEST_MEDIAN)


def _stop_days(rng: np.random.Generator, spec: Spec, behaviour: Ints) -> Ints:
    """Let defaulters stop paying somewhere in the middle of the history."""
    span = spec.as_of_day - spec.start_day
    stop = spec.start_day + span * (400 + below(rng, 450, len(behaviour))) // PER_MILLE
    return np.where(behaviour == BEHAVIOURS.index("defaulter"), stop, spec.as_of_day)
