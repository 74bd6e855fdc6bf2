"""What goes wrong in the books of a feed: entered late, told wrong at first, backdated, undone, and put right some nights later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np

from receivables.world.draws import NONE, Dial, Flags, Ints, as_date, at, below, pick, stream
from receivables.world.ids import allocation_ids, document_ids, payment_ids
from receivables.world.ledger import Ledger
from receivables.world.records import AllocKind, DueSource, Kind, State, Tag
from receivables.world.tables import NEVER_TOLD
from receivables.world.telling import Telling, prompt
from receivables.world.text import Text

LATE_DOCUMENT: Final = Dial(120, 1)
LATE_RECEIPT: Final = Dial(80, 1)
LATE_ALLOCATION: Final = Dial(120, 1)
LATE_EVENT: Final = Dial(700, 1)
"""Of the cancellations, reversals and voids."""

BOUNCED: Final = Dial(40, 1)
VOIDED: Final = Dial(40, 1)
CANCELLED: Final = Dial(40, 1)
WRONG_AMOUNT: Final = Dial(30, 1)
WRONG_DUE: Final = Dial(30, 1)
DUE_SLIPS: Final = np.array([-20, 30, 61, 365], dtype=np.int64)


@dataclass(frozen=True)
class Irregularity:
    """One thing that went wrong: the day it happened (or was told wrong, or written), and the night it was told right (or arrived)."""

    kind: str
    ids: tuple[str, ...]
    happened: int
    told: int
    before: str | None = None

    def as_row(self) -> dict[str, Any]:
        """Describe it for the truth file."""
        row: dict[str, Any] = {
            "kind": self.kind,
            "ids": list(self.ids),
            "happened": str(as_date(self.happened)),
            "told": str(as_date(self.told)),
        }
        return row if self.before is None else {**row, "before": self.before}


class Window(NamedTuple):
    """The first and the last night of a feed."""

    first: int
    last: int

    def drawn(self, rng: np.random.Generator, happened: Ints, least: int, most: int) -> Ints:
        """Draw the night on which something is told so many days after it happened; `NONE` where no later night of the feed fits."""
        low, high = np.maximum(happened + least, self.first + 1), np.minimum(happened + most, self.last)
        span = np.maximum(high - low + 1, 1)
        return np.where(high >= low, low + below(rng, 1 << 40, len(happened)) % span, NONE)


def planted(ledger: Ledger, window: Window) -> Ledger:
    """Let some receipts bounce, some allocations be taken back and some invoices be cancelled around the nights of the feed."""
    return _cancelled(_voided(_bounced(ledger, window), window), window)


def _plain_allocations(ledger: Ledger) -> Flags:
    """Say which allocations are payments in full that stand alone: nothing else is or was set against the instalment."""
    alloc, inst, docs = ledger.allocations, ledger.instalments, ledger.documents
    alone = np.bincount(alloc.inst, minlength=len(inst))[alloc.inst] == 1
    posted = docs.state[inst.doc[alloc.inst]] == State.POSTED
    plain: Flags = (
        alone & posted & (alloc.tag == Tag.FULL) & (alloc.kind == AllocKind.PAYMENT) & (alloc.void_day == NONE)
    )
    return plain


def _bounced(ledger: Ledger, window: Window) -> Ledger:
    """Let receipts bounce: their allocations are void from that day, as the ERP undoes both at once."""
    rng = stream(ledger.spec.seed, "feed bounces")
    receipts, alloc = ledger.receipts, ledger.allocations
    odd = np.ones(len(receipts), dtype=np.bool_)
    odd[alloc.payment[alloc.payment != NONE]] = False
    odd[alloc.payment[~_plain_allocations(ledger) & (alloc.payment != NONE)]] = True
    recent = (receipts.pay_day > window.first - 20) & (receipts.pay_day < window.last - 2)
    back = np.maximum(receipts.pay_day, window.first - 4) + 1 + below(rng, 4, len(receipts))
    chosen = pick(rng, ~odd & recent & (receipts.reversal_day == NONE) & (back < window.last), BOUNCED)
    reversal = np.where(chosen, back, receipts.reversal_day)
    undone = (alloc.payment != NONE) & np.append(chosen, False)[alloc.payment]
    return replace(
        ledger,
        receipts=replace(receipts, reversal_day=reversal),
        allocations=replace(alloc, void_day=np.where(undone, at(reversal, alloc.payment), alloc.void_day)),
    )


def _voided(ledger: Ledger, window: Window) -> Ledger:
    """Take allocations back that were wrong; the money is unapplied again."""
    rng = stream(ledger.spec.seed, "feed voids")
    alloc, receipts = ledger.allocations, ledger.receipts
    uses = np.bincount(alloc.payment[alloc.payment != NONE], minlength=len(receipts) + 1)
    recent = (alloc.day > window.first - 30) & (alloc.day < window.last - 2)
    void = np.maximum(alloc.day, window.first - 4) + 1 + below(rng, 6, len(alloc))
    single = _plain_allocations(ledger) & (uses[alloc.payment] == 1)
    chosen = pick(rng, single & recent & (void < window.last), VOIDED)
    return replace(ledger, allocations=replace(alloc, void_day=np.where(chosen, void, alloc.void_day)))


def _cancelled(ledger: Ledger, window: Window) -> Ledger:
    """Cancel invoices that nothing was paid on."""
    rng = stream(ledger.spec.seed, "feed cancellations")
    docs = ledger.documents
    recent = (docs.post_day > window.first - 40) & (docs.post_day < window.last - 2)
    cancel = np.maximum(docs.post_day, window.first - 4) + 1 + below(rng, 12, len(docs))
    chosen = pick(rng, _untouched(ledger) & recent & (cancel < window.last), CANCELLED)
    return replace(
        ledger,
        documents=replace(
            docs,
            state=np.where(chosen, State.CANCELLED, docs.state).astype(np.int64),
            cancel_day=np.where(chosen, cancel, docs.cancel_day),
        ),
    )


def _untouched(ledger: Ledger) -> Flags:
    """Say which documents are posted invoices of one instalment that no allocation ever touches."""
    docs, inst = ledger.documents, ledger.instalments
    touched = np.zeros(len(docs), dtype=np.bool_)
    touched[inst.doc[ledger.allocations.inst]] = True
    return _single(ledger) & ~touched


def _single(ledger: Ledger) -> Flags:
    """Say which documents are posted invoices of one instalment."""
    docs, inst = ledger.documents, ledger.instalments
    parts = np.bincount(inst.doc, minlength=len(docs))
    single: Flags = (docs.kind == Kind.INVOICE) & (docs.state == State.POSTED) & (docs.reverses == NONE) & (parts == 1)
    return single


def irregular(ledger: Ledger, window: Window) -> tuple[Telling, list[Irregularity]]:
    """Tell some facts late and some wrong at first, all within the nights of the feed; also list which.

    The books stay such as an ERP allows: nothing is allocated before both its ends are entered, nor to what looks settled still.
    """
    telling, late = _entered_late(ledger, prompt(ledger), window)
    telling, allocated = _allocated_late(ledger, telling, window)
    telling, undone = _undone_late(ledger, telling, window)
    telling, cancelled = _cancelled_late(ledger, telling, window)
    telling, amounts = _amounts_wrong(ledger, telling, window)
    telling, dues = _dues_wrong(ledger, telling, window)
    return telling, [*late, *allocated, *undone, *cancelled, *amounts, *dues]


def listed(kind: str, names: Text, happened: Ints, told: Ints) -> list[Irregularity]:
    """List one irregularity per row."""
    facts = zip(names.to_pylist(), happened.tolist(), told.tolist(), strict=True)
    return [Irregularity(kind, (name,), day, night) for name, day, night in facts]


def _entered_late(ledger: Ledger, telling: Telling, window: Window) -> tuple[Telling, list[Irregularity]]:
    """Enter documents and receipts one to six days after their date."""
    docs, receipts = ledger.documents, ledger.receipts
    rng = stream(ledger.spec.seed, "feed documents")
    told = window.drawn(rng, docs.post_day, 1, 6)
    stands = ~np.isin(docs.state, (State.CANCELLED, State.REVERSED, State.DRAFT))
    chosen = np.flatnonzero(pick(rng, stands & (told != NONE), LATE_DOCUMENT))
    paid = window.drawn(rng, receipts.pay_day, 1, 6)
    kept = receipts.reversal_day == NONE
    received = np.flatnonzero(pick(rng, kept & (paid != NONE), LATE_RECEIPT))
    document, receipt = telling.document.copy(), telling.receipt.copy()
    document[chosen], receipt[received] = told[chosen], paid[received]
    undone = ledger.documents.reversed_by != NONE
    return replace(
        telling,
        document=document,
        receipt=receipt,
        state=np.where(undone, at(document, docs.reversed_by), telling.state),
    ), [
        *listed("document_late", document_ids(ledger, chosen), docs.post_day[chosen], told[chosen]),
        *listed("receipt_late", payment_ids(received), receipts.pay_day[received], paid[received]),
    ]


def _allocated_late(ledger: Ledger, telling: Telling, window: Window) -> tuple[Telling, list[Irregularity]]:
    """Enter allocations two to twenty days after the date they bear, never before the items they connect."""
    alloc, inst = ledger.allocations, ledger.instalments
    rng = stream(ledger.spec.seed, "feed allocations")
    ends = np.maximum(telling.document[inst.doc[alloc.inst]], at(telling.document, alloc.credit))
    begun = np.maximum(telling.allocation, np.maximum(ends, at(telling.receipt, alloc.payment)))
    told = window.drawn(rng, begun, 2, 20)
    chosen = np.flatnonzero(pick(rng, (alloc.void_day == NONE) & (told != NONE), LATE_ALLOCATION))
    allocation = begun.copy()
    allocation[chosen] = told[chosen]
    return replace(telling, allocation=allocation), listed(
        "allocation_late", allocation_ids(chosen), alloc.day[chosen], told[chosen]
    )


def _undone_late(ledger: Ledger, telling: Telling, window: Window) -> tuple[Telling, list[Irregularity]]:
    """Tell bounces and voids one to eight days later, as long as nobody has set something else against the same items."""
    alloc, receipts = ledger.allocations, ledger.receipts
    rng = stream(ledger.spec.seed, "feed reversals")
    by_bounce = (
        (alloc.payment != NONE)
        & (alloc.void_day != NONE)
        & (alloc.void_day == at(receipts.reversal_day, alloc.payment))
    )
    free = _free_until(ledger, telling)

    back = window.drawn(rng, receipts.reversal_day, 1, 8)
    blocked = np.zeros(len(receipts), dtype=np.bool_)
    blocked[alloc.payment[by_bounce & (at(back, alloc.payment) >= free)]] = True
    returned = pick(rng, (receipts.reversal_day != NONE) & (back != NONE) & ~blocked, LATE_EVENT)
    reversal = np.where(returned, back, telling.reversal)

    told = window.drawn(rng, alloc.void_day, 1, 8)
    taken = pick(rng, (alloc.void_day != NONE) & ~by_bounce & (told != NONE) & (told < free), LATE_EVENT)
    void = np.where(by_bounce, at(reversal, alloc.payment), np.where(taken, told, telling.void))
    rows, places = np.flatnonzero(returned), np.flatnonzero(taken)
    return replace(telling, reversal=reversal, void=void), [
        *listed("reversal_late", payment_ids(rows), receipts.reversal_day[rows], back[rows]),
        *listed("void_late", allocation_ids(places), alloc.void_day[places], told[places]),
    ]


def _free_until(ledger: Ledger, telling: Telling) -> Ints:
    """Find for each allocation the first night another one that lasts is told of the same instalment or receipt."""
    alloc = ledger.allocations
    lasting = alloc.void_day == NONE
    free = np.full(len(ledger.instalments), NEVER_TOLD, dtype=np.int64)
    np.minimum.at(free, alloc.inst[lasting], telling.allocation[lasting])
    money = np.full(len(ledger.receipts) + 1, NEVER_TOLD, dtype=np.int64)
    np.minimum.at(money, alloc.payment[lasting], telling.allocation[lasting])
    money[NONE] = NEVER_TOLD
    return np.minimum(free[alloc.inst], money[alloc.payment])


def _cancelled_late(ledger: Ledger, telling: Telling, window: Window) -> tuple[Telling, list[Irregularity]]:
    """Tell cancellations one to six days after the day they bear."""
    docs = ledger.documents
    rng = stream(ledger.spec.seed, "feed states")
    told = window.drawn(rng, docs.cancel_day, 1, 6)
    dated = (docs.state == State.CANCELLED) & (docs.cancel_day != NONE)
    chosen = np.flatnonzero(pick(rng, dated & (told != NONE), LATE_EVENT))
    state = telling.state.copy()
    state[chosen] = told[chosen]
    return replace(telling, state=state), listed(
        "cancellation_late", document_ids(ledger, chosen), docs.cancel_day[chosen], told[chosen]
    )


def _unsettled(ledger: Ledger, telling: Telling, until: Ints) -> Flags:
    """Say which posted invoices of one instalment have no allocation told by their day in `until`."""
    doc = ledger.instalments.doc[ledger.allocations.inst]
    touched = np.full(len(ledger.documents), NEVER_TOLD, dtype=np.int64)
    np.minimum.at(touched, doc, telling.allocation)
    unsettled: Flags = _single(ledger) & (until != NONE) & (touched > until)
    return unsettled


def _amounts_wrong(ledger: Ledger, telling: Telling, window: Window) -> tuple[Telling, list[Irregularity]]:
    """Mistype amounts: two digits swapped, or one too many; put right two to ten days after the invoice was told."""
    docs = ledger.documents
    rng = stream(ledger.spec.seed, "feed amounts")
    right = window.drawn(rng, telling.document, 2, 10)
    chosen = np.flatnonzero(pick(rng, _unsettled(ledger, telling, right), WRONG_AMOUNT))
    amount, before = telling.amount.copy(), telling.amount_before.copy()
    amount[chosen] = right[chosen]
    before[chosen] = [_mistyped(cents) for cents in docs.amount[chosen].tolist()]
    names = listed("amount_wrong", document_ids(ledger, chosen), telling.document[chosen], right[chosen])
    typed = [str(Decimal(cents).scaleb(-2)) for cents in before[chosen].tolist()]
    return replace(telling, amount=amount, amount_before=before), [
        replace(name, before=text) for name, text in zip(names, typed, strict=True)
    ]


def _mistyped(cents: int) -> int:
    """Swap the first two digits that differ in an amount, or write a zero more where that leaves too little."""
    digits = str(cents)
    places = [place for place in range(len(digits) - 1) if digits[place] != digits[place + 1]]
    place = places[0] if cents % 2 and places else NONE
    if place == NONE:
        return cents * 10
    swapped = int(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])
    return swapped if swapped >= 100 else cents * 10


def _dues_wrong(ledger: Ledger, telling: Telling, window: Window) -> tuple[Telling, list[Irregularity]]:
    """Mistype due dates; put right two to twelve days after the invoice was told."""
    inst = ledger.instalments
    rng = stream(ledger.spec.seed, "feed due dates")
    right = window.drawn(rng, telling.document, 2, 12)
    plain = (inst.due_source != DueSource.MISSING) & (inst.due_day == inst.due_original)
    eligible = _unsettled(ledger, telling, right)[inst.doc] & plain & (telling.amount[inst.doc] == NONE)
    chosen = np.flatnonzero(pick(rng, eligible, WRONG_DUE))
    doc = inst.doc[chosen]
    due, before = telling.due.copy(), telling.due_before.copy()
    due[chosen] = right[doc]
    before[chosen] = inst.due_day[chosen] + DUE_SLIPS[below(rng, len(DUE_SLIPS), len(chosen))]
    names = listed("due_date_wrong", document_ids(ledger, doc), telling.document[doc], right[doc])
    return replace(telling, due=due, due_before=before), [
        replace(name, before=str(as_date(day))) for name, day in zip(names, before[chosen].tolist(), strict=True)
    ]
