"""Planted anomalies: which customer does what, and when, so that a detector's findings can be checked against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from receivables.world.customers import Customers, CustomerType, Settlement
from receivables.world.dials import Spec
from receivables.world.draws import NONE, Flags, Ints, as_date, below, stream
from receivables.world.goods import SEASON_TABLE

LEAST: Final = 2
"""Plants of each kind in the smallest world that has customers enough."""

CUSTOMERS_PER_PLANT: Final = 300
LEAD_DAYS: Final = 540
"""Nothing is planted before a customer has this much history, so that there is something to compare with."""

TAIL_DAYS: Final = 150
"""Nothing is planted later than this before the as-of date, so that it can play out."""


class PlantKind(IntEnum):
    """What is planted; `RULES` names the sign of practice each belongs to."""

    OFF_SEASON_BULK = 0
    REPEATED_BULK = 1
    ORDER_RATE_JUMP = 2
    MIX_CHANGE = 3
    CROSS_REGION = 4
    PRICE_DUMPING = 5
    CLEARANCE = 6
    PRICE_OFF_CONTRACT = 7
    UP_TO_LIMIT = 8
    DORMANT_RETURN = 9
    LATENESS_DRIFT = 10
    PUNCTUAL_ASKS_DEFERRAL = 11
    PUNCTUAL_ASKS_INSTALMENTS = 12
    CONTACT_CHANGE = 13
    SIGNATORY_CHANGE = 14
    LEGAL_REP_CHANGE = 15
    BANK_CHANGE = 16
    ADDRESS_CHANGE = 17
    ORGANISATION_ABOLISHED = 18
    CONFIRMATION_MISSING = 19
    SCOPE_CHANGE = 20
    RELOCATION = 21
    CLOSURE = 22
    INSOLVENCY = 23
    DEMOLITION = 24
    BATCH_BREACH = 25
    CREDIT_ON_CASH_TERMS = 26
    CONCESSION_OVERRUN = 27
    NO_WRITTEN_TERM = 28
    DUPLICATE_INVOICE = 29
    DUPLICATE_PAYMENT = 30
    RE_AGING = 31
    DUE_DATE_EDIT = 32
    CLAIMED_PAYMENT = 33
    BROKEN_PROMISES = 34
    PAYER_CHANGED = 35


class _Rule(NamedTuple):
    """Who may carry a plant, for how many days it shows, and the practice it shows."""

    practice: str
    days: int
    who: str


RULES: Final[dict[PlantKind, _Rule]] = {
    PlantKind.OFF_SEASON_BULK: _Rule("S49", 60, "seasonal"),
    PlantKind.REPEATED_BULK: _Rule("S49", 60, "any"),
    PlantKind.ORDER_RATE_JUMP: _Rule("S49", 60, "any"),
    PlantKind.MIX_CHANGE: _Rule("S54", 0, "any"),
    PlantKind.CROSS_REGION: _Rule("S50", 180, "any"),
    PlantKind.PRICE_DUMPING: _Rule("S51", 150, "any"),
    PlantKind.CLEARANCE: _Rule("S51", 90, "any"),
    PlantKind.PRICE_OFF_CONTRACT: _Rule("S2", 120, "any"),
    PlantKind.UP_TO_LIMIT: _Rule("S49", 40, "any"),
    PlantKind.DORMANT_RETURN: _Rule("S49", 60, "any"),
    PlantKind.LATENESS_DRIFT: _Rule("S53", 0, "punctual"),
    PlantKind.PUNCTUAL_ASKS_DEFERRAL: _Rule("S53", 150, "punctual"),
    PlantKind.PUNCTUAL_ASKS_INSTALMENTS: _Rule("S53", 150, "punctual"),
    PlantKind.CONTACT_CHANGE: _Rule("S52", 60, "any"),
    PlantKind.SIGNATORY_CHANGE: _Rule("S52", 60, "any"),
    PlantKind.LEGAL_REP_CHANGE: _Rule("S52", 60, "any"),
    PlantKind.BANK_CHANGE: _Rule("S52", 60, "any"),
    PlantKind.ADDRESS_CHANGE: _Rule("S55", 60, "any"),
    PlantKind.ORGANISATION_ABOLISHED: _Rule("S52", 60, "any"),
    PlantKind.CONFIRMATION_MISSING: _Rule("S52", 200, "any"),
    PlantKind.SCOPE_CHANGE: _Rule("S54", 60, "any"),
    PlantKind.RELOCATION: _Rule("S55", 60, "any"),
    PlantKind.CLOSURE: _Rule("S55", 60, "troubled"),
    PlantKind.INSOLVENCY: _Rule("S55", 60, "troubled"),
    PlantKind.DEMOLITION: _Rule("S55", 60, "any"),
    PlantKind.BATCH_BREACH: _Rule("S6", 90, "batch"),
    PlantKind.CREDIT_ON_CASH_TERMS: _Rule("S5", 90, "cash"),
    PlantKind.CONCESSION_OVERRUN: _Rule("S7", 90, "troubled"),
    PlantKind.NO_WRITTEN_TERM: _Rule("S1", 0, "any"),
    PlantKind.DUPLICATE_INVOICE: _Rule("duplicates", 30, "any"),
    PlantKind.DUPLICATE_PAYMENT: _Rule("duplicates", 60, "any"),
    PlantKind.RE_AGING: _Rule("re-aging", 120, "late"),
    PlantKind.DUE_DATE_EDIT: _Rule("re-aging", 120, "late"),
    PlantKind.CLAIMED_PAYMENT: _Rule("S13", 60, "late"),
    PlantKind.BROKEN_PROMISES: _Rule("S36", 90, "late"),
    PlantKind.PAYER_CHANGED: _Rule("S52", 0, "any"),
}
"""0 days: it lasts to the end."""

SEASONAL: Final = (1, 2, 3, 4)
"""Product groups whose season is marked enough for buying outside it to mean something."""

OFF_SEASON_INDEX: Final = 75
"""Percent of the average month below which a product group is out of season."""

EXTRA_ORDERS: Final[dict[PlantKind, tuple[int, ...]]] = {
    PlantKind.OFF_SEASON_BULK: (3, 20, 41),
    PlantKind.REPEATED_BULK: (2, 12, 25, 40),
    PlantKind.ORDER_RATE_JUMP: (4, 9, 16, 22, 29, 35, 42, 50),
    PlantKind.MIX_CHANGE: (1, 20, 45, 70),
    PlantKind.CROSS_REGION: (1, 20, 45, 80, 120),
    PlantKind.PRICE_OFF_CONTRACT: (1, 25, 60),
    PlantKind.UP_TO_LIMIT: (1, 12, 26),
    PlantKind.DORMANT_RETURN: (0, 10, 26),
    PlantKind.LATENESS_DRIFT: (5, 20, 35, 50, 65),
    PlantKind.BATCH_BREACH: (0, 9),
    PlantKind.CREDIT_ON_CASH_TERMS: (0, 14),
    PlantKind.DUPLICATE_INVOICE: (0,),
    PlantKind.DUPLICATE_PAYMENT: (0,),
    PlantKind.RE_AGING: (0,),
    PlantKind.DUE_DATE_EDIT: (0,),
    PlantKind.CLAIMED_PAYMENT: (0,),
    PlantKind.BROKEN_PROMISES: (0,),
    PlantKind.CONCESSION_OVERRUN: (0,),
}
"""Days after a plant's first day on which the customer orders besides its usual orders, so that the plant shows."""


@dataclass(frozen=True)
class Plant:
    """One planted anomaly: it shows from `day` to `until`, both included."""

    kind: PlantKind
    customer: int
    day: int
    until: int


@dataclass(frozen=True)
class Plants:
    """All planted anomalies of a world, ordered by kind, then day."""

    rows: tuple[Plant, ...]

    def of(self, *kinds: PlantKind) -> list[Plant]:
        """List the plants of some kinds."""
        return [plant for plant in self.rows if plant.kind in kinds]

    def windows(self, kind: PlantKind, customers: int) -> tuple[Ints, Ints]:
        """Give the first and last day of each customer's plant of a kind; `NONE` for those without one."""
        first, last = np.full(customers, NONE, dtype=np.int64), np.full(customers, NONE, dtype=np.int64)
        for plant in self.of(kind):
            first[plant.customer], last[plant.customer] = plant.day, plant.until
        return first, last

    def marked(self, kind: PlantKind, customer: Ints, day: Ints, customers: int) -> Flags:
        """Say which (customer, day) rows lie inside the customer's plant of a kind."""
        first, last = self.windows(kind, customers)
        inside: Flags = (first[customer] != NONE) & (day >= first[customer]) & (day <= last[customer])
        return inside


def draw_plants(spec: Spec, customers: Customers) -> Plants:
    """Choose who does what and when; a customer carries one plant at most, and a world without customers enough lacks some."""
    if not spec.preset.plants:
        return Plants(())
    rng = stream(spec.seed, "plants")
    wanted = spec.plants_per_kind or max(LEAST, spec.customers // CUSTOMERS_PER_PLANT)
    earliest = np.maximum(customers.first_day + LEAD_DAYS, spec.start_day + LEAD_DAYS)
    latest = np.minimum(customers.end_day, spec.as_of_day) - TAIL_DAYS
    free = (latest > earliest) & (customers.rank >= len(customers.name) // 20)
    found: list[Plant] = []
    for _ in range(wanted):
        # scarce carriers choose first, and every kind has its first plant before any has its second
        for kind in sorted(RULES, key=lambda kind: (RULES[kind].who == "any", kind)):
            rows = np.flatnonzero(free & _WHO[RULES[kind].who](customers))
            if not len(rows):
                continue
            row = int(rows[below(rng, len(rows), 1)[0]])
            free[row] = False
            day = int(earliest[row] + below(rng, int(latest[row] - earliest[row]), 1)[0])
            if kind == PlantKind.OFF_SEASON_BULK:
                day = _off_season(int(customers.product_group[row]), day, int(earliest[row]), int(latest[row]))
            lasts = RULES[kind].days
            found.append(Plant(kind, row, day, min(day + lasts, spec.as_of_day) if lasts else spec.as_of_day))
    return Plants(tuple(sorted(found, key=lambda plant: (plant.kind, plant.day, plant.customer))))


def _off_season(group: int, day: int, earliest: int, latest: int) -> int:
    """Move a day to the nearest time, within its limits, in which two months running are out of the group's season."""
    season = SEASON_TABLE[group]

    def is_off(start: int) -> bool:
        months = [as_date(start + days).month - 1 for days in (0, 30, 60)]
        return all(season[month] < OFF_SEASON_INDEX for month in months)

    moves = sorted(range(-360, 361, 10), key=lambda move: (abs(move), move))
    return next((day + move for move in moves if earliest <= day + move <= latest and is_off(day + move)), day)


_WHO: Final[dict[str, Callable[[Customers], Flags]]] = {
    "any": lambda customers: (
        (customers.type <= CustomerType.SLOW) & (customers.settlement > Settlement.BATCH) & (customers.terms != NONE)
    ),
    "punctual": lambda customers: (customers.type == CustomerType.PUNCTUAL) & (customers.settlement > Settlement.BATCH),
    "late": lambda customers: (
        np.isin(customers.type, (CustomerType.EVADER, CustomerType.CHAIN_DEBT, CustomerType.HARDSHIP))
        & np.isin(customers.settlement, (Settlement.MONTHLY, Settlement.SINGLE_DATE))
    ),
    "troubled": lambda customers: np.isin(customers.type, (CustomerType.HARDSHIP, CustomerType.MALICIOUS)),
    "batch": lambda customers: customers.settlement == Settlement.BATCH,
    "cash": lambda customers: customers.settlement == Settlement.CASH,
    "seasonal": lambda customers: (customers.type <= CustomerType.SLOW) & np.isin(customers.product_group, SEASONAL),
}
