"""Customers of many sample worlds: their money as the product sees it on a day, and what became of all of it, from the worlds' own ledgers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

import receivables
from receivables import settings
from receivables.policy.collection import CASH, DILUTION, LOSS, OPEN
from receivables.world import canonical
from receivables.world.draws import NONE, day_number, sum_by
from receivables.world.ledger import build
from receivables.world.records import AllocKind, State
from receivables.world.specify import World
from receivables.world.valuation import value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from receivables.world.draws import Flags, Ints
    from receivables.world.ledger import Ledger

AS_OF: Final = date(2022, 12, 31)
FOLLOWED_UNTIL: Final = date(2026, 10, 31)
"""All that was due by the as-of date has then ended, as far as it ever does: the last losses come 1,200 days after due."""

MONTHS: Final = 106
"""Of business; five years of it before the as-of date."""

HISTORY_FROM: Final = date(2018, 12, 31)
"""The first day from which settlements are told, a year after business begins: older invoices are seen only if they are still open then."""

_TABLES: Final = (
    *("company", "customer", "payment_terms", "payment_terms_instalment"),
    *("document", "instalment", "payment", "allocation"),
)
_TRANCHES: Final = """
select
  (dense_rank() over (order by company_id, customer_id) - 1)::integer as customer, amount_local, amount_group, entry_age, recent_entry_age, exit_age, cause, doc_date,
  territory, salesperson, grade, terms, amount_band, customer_type
from marts.exposure_tranche
"""


@dataclass(frozen=True)
class Fate:
    """What became of money, a unit an element: ledger cents, the days overdue at which it left, and how (`OPEN`: never)."""

    cents: Ints
    age: Ints
    cause: Ints
    doc_day: Ints

    def since(self, day: date) -> Fate:
        """What was billed from a day on."""
        these = self.doc_day >= day_number(day)
        return Fate(self.cents[these], self.age[these], self.cause[these], self.doc_day[these])

    def share(self, cause: int, age: int, *, by_amount: bool) -> float:
        """The share that had left so by an age."""
        weight = self.cents if by_amount else np.ones_like(self.cents)
        return float(weight[(self.cause == cause) & (self.age <= age)].sum() / weight.sum())


@dataclass(frozen=True)
class Pool:
    """Many customers: `tranches`, their money as the product sees it at the as-of date (a number for each customer), and its fate."""

    tranches: pa.Table
    customers: int
    fate: Fate


def pool(home: Path, *, worlds: int, customers: int, invoices: int) -> Pool:
    """Make so many worlds, told to the product as companies of one home.

    Args:
        home: an empty folder.
        worlds: how many.
        customers: of each world.
        invoices: of each customer, all its years together.
    """
    ledgers = [
        build(
            World(
                customers=customers,
                seed=seed,
                company_id=f"W{seed:02}",
                as_of=FOLLOWED_UNTIL,
                months=MONTHS,
                invoices_per_customer=invoices,
            ).spec()
        )
        for seed in range(1, worlds + 1)
    ]
    tranches = _seen(home, ledgers)
    fates = [fate(ledger) for ledger in ledgers]
    whole = (np.concatenate([getattr(each, name) for each in fates]) for name in Fate.__dataclass_fields__)
    return Pool(tranches, int(tranches["customer"].to_numpy().max()) + 1, Fate(*whole))


def _seen(home: Path, ledgers: Sequence[Ledger]) -> pa.Table:
    """Export the worlds, read them, and build as of the as-of date."""
    home.mkdir(parents=True, exist_ok=True)
    told = f"[contracts]\nenabled = false\n[curve]\nhistory_from = {HISTORY_FROM}\n"
    (home / settings.FILE_NAME).write_text(told, encoding="utf-8")
    files = []
    for ledger in ledgers:
        folder = home / "inbox" / ledger.spec.company_id
        folder.mkdir(parents=True)
        written = canonical.write(ledger, value(ledger), folder)
        files += [path for path in written if path.name.partition("__")[0] in _TABLES]
    receivables.ingest(files, home)
    receivables.build(home, as_of=AS_OF)
    with receivables.open_warehouse(home) as warehouse:
        return warehouse.con.sql(_TRANCHES).to_arrow_table()


def fate(ledger: Ledger) -> Fate:
    """Follow every posted invoice instalment that fell due by the as-of date to its end, in the same units as the product's: each allocation, a discount apart, and rests."""
    docs, inst, uses = ledger.documents, ledger.instalments, ledger.allocations
    size = len(ledger.outcomes.cause)
    doc, due, amount = inst.doc[:size], inst.due_original[:size], inst.amount[:size]
    known = (docs.state[doc] == State.POSTED) & (due != NONE) & (due <= day_number(AS_OF))
    rows = np.flatnonzero((uses.void_day == NONE) & (uses.inst < size))
    rows = rows[known[uses.inst[rows]]]
    of, cleared, discount = uses.inst[rows], uses.cleared[rows], uses.discount[rows]
    day = np.maximum(uses.day[rows], docs.post_day[doc[of]])
    kinds = [uses.kind[rows] == AllocKind.CREDIT_NOTE, uses.kind[rows] == AllocKind.WRITE_OFF]
    cause = np.select(kinds, [DILUTION, LOSS], default=CASH).astype(np.int64)
    rest = np.where(known, amount - sum_by(of, cleared, size), 0)
    last = np.zeros(size, dtype=np.int64)
    np.maximum.at(last, of, day)
    closes = (rest > 0) & (last > 0) & (rest <= np.maximum(50, amount // 1000))
    every = np.arange(size, dtype=np.int64)
    parts = [
        (of, cleared - discount, day, cause, cleared > discount),
        (of, discount, day, np.full_like(of, DILUTION), discount > 0),
        (every, rest, last, np.full_like(every, DILUTION), closes),
        (every, rest, due, np.full_like(every, OPEN), (rest > 0) & ~closes),
    ]
    units: list[tuple[Ints, Ints, Ints, Ints]] = [_chosen(*part) for part in parts]
    of, cents, day, cause = (np.concatenate(column) for column in zip(*units, strict=True))
    return Fate(
        cents=cents * inst.local[of] // inst.amount[of],
        age=np.maximum(day - due[of], 0),
        cause=cause,
        doc_day=docs.doc_day[doc[of]],
    )


def _chosen(of: Ints, cents: Ints, day: Ints, cause: Ints, these: Flags) -> tuple[Ints, Ints, Ints, Ints]:
    return of[these], cents[these], day[these], cause[these]
