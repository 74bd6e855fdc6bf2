"""What every file about a customer starts from: since when we know it, how it is doing, and how cells are written."""

from __future__ import annotations

from typing import Final

import numpy as np

from receivables.world.customers import CustomerType, Trajectory
from receivables.world.dials import PER_MILLE
from receivables.world.draws import NONE, Flags, Ints, below, stream
from receivables.world.files.vocabulary import LANGUAGES
from receivables.world.ledger import Ledger
from receivables.world.plants import PlantKind

YEAR: Final = 365
YEARS: Final = 48
"""Years of chance drawn for every customer, the earliest long before the history begins."""

MEAN_INVOICE_PCT: Final = 126
"""The mean invoice in percent of the median one."""

NATURE: Final = {
    CustomerType.PUNCTUAL: 110,
    CustomerType.SLOW: 20,
    CustomerType.HARDSHIP: 0,
    CustomerType.CHAIN_DEBT: 20,
    CustomerType.EVADER: -60,
    CustomerType.MALICIOUS: -60,
}
"""How well each type does in ordinary times, per mille of what it lives on."""

COURSE: Final = {
    Trajectory.STEADY: 0,
    Trajectory.GROWING: 15,
    Trajectory.SHRINKING: -25,
    Trajectory.WORSENING: -50,
    Trajectory.RECOVERING: 45,
}
"""What a year changes."""

STARTS_LOW: Final = -150
"""Where a recovering customer comes from."""

TROUBLE: Final = {CustomerType.HARDSHIP: -290, CustomerType.CHAIN_DEBT: -160, CustomerType.MALICIOUS: -100}
TROUBLE_LASTS: Final = {CustomerType.HARDSHIP: 700, CustomerType.CHAIN_DEBT: 420, CustomerType.MALICIOUS: 10_000}
SCAR_PCT: Final = 35
"""What stays of the trouble once it is over."""


def drawing(ledger: Ledger, subject: str) -> np.random.Generator:
    """Open the random stream of a subject of these files."""
    return stream(ledger.spec.seed, f"files: {subject}")


def chance(rng: np.random.Generator, percent: int | Ints, size: int) -> Flags:
    """Say yes so many times in a hundred."""
    said: Flags = below(rng, 100, size) < percent
    return said


def around_zero(rng: np.random.Generator, spread: int, size: int) -> Ints:
    """Draw numbers around 0 in the shape of a bell; `spread` is one standard deviation."""
    thrown: Ints = np.sum([below(rng, 2 * spread + 1, size) - spread for _ in range(3)], axis=0)
    return thrown


def languages(ledger: Ledger) -> Ints:
    """Number each customer's language as in `LANGUAGES`."""
    known = {language: number for number, language in enumerate(LANGUAGES)}
    return np.array([known[language] for language in ledger.customers.language], dtype=np.int64)


def entered(ledger: Ledger, day: Ints) -> Ints:
    """Say when something of that day was first told: the sample tells nothing before its history begins."""
    return np.maximum(day, ledger.spec.start_day)


def carriers(ledger: Ledger, *kinds: PlantKind) -> dict[int, int]:
    """Map the customers that carry a plant of some kinds to its first day."""
    return {plant.customer: plant.day for plant in ledger.plants.of(*kinds)}


def carries(ledger: Ledger, *kinds: PlantKind) -> Flags:
    """Mark the customers that carry a plant of some kinds; without kinds, of any."""
    marked = np.zeros(ledger.spec.customers, dtype=np.bool_)
    marked[[plant.customer for plant in ledger.plants.rows if not kinds or plant.kind in kinds]] = True
    return marked


def planned_purchases(ledger: Ledger) -> Ints:
    """Estimate what each customer means to buy in a year, in cents of its currency: what it says when it applies for credit."""
    spec, customers = ledger.spec, ledger.customers
    days = max(spec.as_of_day - spec.start_day + 1, 1)
    orders = spec.invoices * YEAR * PER_MILLE // days * customers.activity // max(int(customers.activity.sum()), 1)
    planned: Ints = np.maximum(orders * customers.scale // PER_MILLE * MEAN_INVOICE_PCT // 100, customers.scale)
    return planned


def course(ledger: Ledger, customer: Ints, day: Ints) -> Ints:
    """Say how much better or worse than by nature a customer does on a day, per mille; only what has happened by then counts."""
    spec, customers = ledger.spec, ledger.customers
    trajectory, kind, turn = customers.trajectory[customer], customers.type[customer], customers.turn_day[customer]
    yearly = np.array([COURSE[t] for t in Trajectory], dtype=np.int64)[trajectory]
    passed = np.maximum(day - spec.start_day, 0)
    moved: Ints = yearly * passed // YEAR + STARTS_LOW * (trajectory == Trajectory.RECOVERING)
    depth = np.array([TROUBLE.get(t, 0) for t in CustomerType], dtype=np.int64)[kind]
    lasts = np.array([TROUBLE_LASTS.get(t, 0) for t in CustomerType], dtype=np.int64)[kind]
    since = np.where(turn == NONE, NONE, day - turn)
    # it takes two months until trouble shows in full
    falling = depth * np.clip(since, 0, 60) // 60
    moved += np.where(since < 0, 0, np.where(since <= lasts, falling, depth * SCAR_PCT // 100))
    return moved


def condition(ledger: Ledger, customer: Ints, day: Ints) -> Ints:
    """Say how a customer does on a day, per mille around 0: its nature, its course, and good and bad years."""
    customers, size = ledger.customers, ledger.spec.customers
    rng = drawing(ledger, "condition")
    nature = np.array([NATURE[t] for t in CustomerType], dtype=np.int64)[customers.type]
    nature = nature + (200 - customers.level) // 3 + around_zero(rng, 85, size)
    years = around_zero(rng, 60, size * YEARS)
    year = np.clip((day - ledger.spec.start_day) // YEAR + YEARS // 2, 0, YEARS - 1)
    health: Ints = nature[customer] + years[customer * YEARS + year] + course(ledger, customer, day)
    return health
