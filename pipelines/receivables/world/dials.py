"""What a sample world is made of: its size, its dates and how often each kind of event happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from receivables.world.draws import Dial

NEVER: Final = Dial(0, 0)
PER_MILLE: Final = 1000


@dataclass(frozen=True)
class Preset:
    """A kind of business: how late its customers pay, who they are, whether some buy for cash or lot by lot, and whether anomalies are planted.

    `bands` shares a million instalments out to the bands of `outcomes.BANDS`; `type_shares` is per mille of the customers,
    in the order of `customers.CustomerType`.
    """

    name: str
    bands: tuple[int, ...]
    type_shares: tuple[int, ...]
    plants: bool
    cash_customers: bool


@dataclass(frozen=True)
class Dials:
    """How often each event happens; the defaults fill the canonical world, which can say everything."""

    draft: Dial = Dial(2, 3)
    cancelled_dated: Dial = Dial(3, 3)
    cancelled_undated: Dial = Dial(2, 3)
    cancelled_after_cash: Dial = Dial(1, 3)
    reversed_pair: Dial = Dial(4, 5)
    disputed: Dial = Dial(120, 5)
    """Of the instalments that end late."""
    extended_due: Dial = Dial(6, 4)
    without_due_date: Dial = Dial(250, 3)
    posted_later: Dial = Dial(60, 5)
    credit_linked: Dial = Dial(35, 14)
    credit_recent: Dial = Dial(35, 8)
    credit_use: tuple[int, int, int] = (70, 15, 15)
    """Shares of recent linked credits used up, used in part, not used."""
    credit_standalone: Dial = Dial(60, 4)
    """Of the invoices of the last months."""
    part_payment: Dial = Dial(60, 16)
    """Of those that end late or in a loss."""
    short_payment: Dial = Dial(12, 6)
    discount: Dial = Dial(450, 6)
    prepayment: Dial = Dial(4, 5)
    cross_currency: Dial = Dial(1, 4)
    applied_later: Dial = Dial(90, 8)
    bounce: Dial = Dial(8, 8)
    overpayment: Dial = Dial(8, 6)
    refund: Dial = Dial(400, 3)
    on_account: Dial = Dial(30, 4)
    """Of the receipts of the last months."""
    unidentified: Dial = Dial(5, 3)


CANONICAL: Final = Dials()

LIST: Final = Dials(
    draft=NEVER,
    cancelled_dated=NEVER,
    cancelled_undated=NEVER,
    cancelled_after_cash=NEVER,
    disputed=Dial(120, 3),
    extended_due=NEVER,
    without_due_date=NEVER,
    posted_later=NEVER,
    credit_use=(85, 0, 15),
    short_payment=NEVER,
    discount=NEVER,
    prepayment=NEVER,
    cross_currency=NEVER,
    applied_later=NEVER,
    bounce=NEVER,
    overpayment=NEVER,
    refund=NEVER,
    unidentified=NEVER,
)
"""A line-item list shows whole lines and their clearing, nothing else."""


@dataclass(frozen=True)
class Spec:
    """One sample world to be made; the days are counted from 1970-01-01.

    Documents are dated from `start_day` to `as_of_day`; `only_codepage` keeps names to what that encoding can write;
    `plants_per_kind` plants so many anomalies of each kind as there are carriers for, None as many as its size asks for.
    """

    customers: int
    seed: int
    company_id: str
    start_day: int
    as_of_day: int
    invoices: int
    dials: Dials
    home: str
    preset: Preset
    only_codepage: str | None = None
    plants_per_kind: int | None = None
