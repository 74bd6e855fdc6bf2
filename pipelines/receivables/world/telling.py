"""When each fact of the sample is told: what the books said at the end of a day, and what was put right later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from receivables.world.dealings.concessions import granted_days
from receivables.world.draws import NONE, Ints, at, convert
from receivables.world.ledger import Ledger
from receivables.world.rates import Rates
from receivables.world.records import State
from receivables.world.tables import NEVER_TOLD

UNDATED_AFTER: Final = 25
"""Days after its posting on which a cancellation without a date of its own is told."""


@dataclass(frozen=True)
class Telling:
    """The day each row is first told, and the days on which cells change; `NONE` where they never do.

    Documents: `document` first told, `state` final state told, `disputed` dispute told, `amount` right amount told, until when it is
    `amount_before` cents. Instalments: `due` final due date told, until when it is `due_before` (the original one, or a wrong one).
    `receipt`, `reversal`, `allocation` and `void` are the days these are told.
    """

    document: Ints
    state: Ints
    disputed: Ints
    amount: Ints
    amount_before: Ints
    due: Ints
    due_before: Ints
    receipt: Ints
    reversal: Ints
    allocation: Ints
    void: Ints


def prompt(ledger: Ledger) -> Telling:
    """Tell everything on the day it happens."""
    docs, inst, receipts, alloc = ledger.documents, ledger.instalments, ledger.receipts, ledger.allocations
    state = np.select(
        [docs.state == State.REVERSED, docs.cancel_day != NONE, docs.state == State.CANCELLED],
        [at(docs.post_day, docs.reversed_by), docs.cancel_day, docs.post_day + UNDATED_AFTER],
        default=NONE,
    )
    disputed = np.full(len(docs), NONE, dtype=np.int64)
    disputed[inst.doc[ledger.disputes.inst]] = ledger.disputes.opened
    target = docs.post_day[inst.doc[alloc.inst]]
    return Telling(
        document=docs.post_day,
        state=state,
        disputed=np.where(docs.disputed, disputed, NONE),
        amount=np.full(len(docs), NONE, dtype=np.int64),
        amount_before=docs.amount,
        due=granted_days(ledger),
        due_before=inst.due_original,
        receipt=receipts.pay_day,
        reversal=receipts.reversal_day,
        allocation=np.maximum(alloc.day, np.maximum(target, at(receipts.pay_day, alloc.payment))),
        void=alloc.void_day,
    )


def as_known(ledger: Ledger, telling: Telling, day: int) -> Ledger:
    """Give the ledger as the books showed it at the end of a day: what was not told yet does not count, or counts as it was told.

    Row numbers stay: a document not told yet is a draft, and it, a receipt or an allocation not told yet lies after every day asked about.
    """
    docs, inst, receipts, alloc = ledger.documents, ledger.instalments, ledger.receipts, ledger.allocations
    state = np.where(telling.state > day, State.POSTED, docs.state)
    amount = np.where(telling.amount > day, telling.amount_before, docs.amount)
    local = np.where(telling.amount > day, convert(amount, docs.rate_ppm), docs.local)
    wrong = (telling.amount > day)[inst.doc]
    rates, ahead = _one_day_longer(ledger.rates)
    return replace(
        ledger,
        rates=rates,
        documents=replace(
            docs,
            state=np.where(telling.document > day, State.DRAFT, state).astype(np.int64),
            post_day=np.where(telling.document > day, ahead, docs.post_day),
            reversed_by=np.where(telling.state > day, NONE, docs.reversed_by),
            cancel_day=np.where(telling.state > day, NONE, docs.cancel_day),
            disputed=docs.disputed & (telling.disputed <= day),
            amount=amount,
            local=local,
        ),
        instalments=replace(
            inst,
            due_day=np.where(telling.due > day, telling.due_before, inst.due_day),
            amount=np.where(wrong, amount[inst.doc], inst.amount),
            local=np.where(wrong, local[inst.doc], inst.local),
        ),
        receipts=replace(
            receipts,
            pay_day=np.where(telling.receipt > day, ahead, receipts.pay_day),
            reversal_day=np.where(telling.reversal > day, NONE, receipts.reversal_day),
        ),
        allocations=replace(
            alloc,
            day=np.where(telling.allocation > day, NEVER_TOLD, alloc.day),
            void_day=np.where(telling.void > day, NONE, alloc.void_day),
        ),
    )


def _one_day_longer(rates: Rates) -> tuple[Rates, int]:
    """Append a day that is never asked about, so that what lies there can still be valued."""
    return replace(rates, ppm=np.hstack([rates.ppm, rates.ppm[:, -1:]])), rates.first_day + rates.ppm.shape[1]
