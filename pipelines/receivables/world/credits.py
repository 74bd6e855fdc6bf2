"""Credit notes of the sample world: corrections of an invoice, used up or not, and credits that stand alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from receivables.world.customers import Customers
from receivables.world.dials import PER_MILLE, Spec
from receivables.world.draws import NONE, Ints, below, next_weekday, pick, quota, stream
from receivables.world.invoices import Billing, blank_documents, priced
from receivables.world.rates import Rates
from receivables.world.records import Documents, Kind, Series, State, stack

USED_UP, USED_IN_PART, UNUSED = range(3)
UNUSED_DAYS: Final = 150
"""Credit notes stay unused for so long at most."""


@dataclass(frozen=True)
class Credits:
    """Credit notes and their use: `inst` is the instalment corrected (`NONE`: none), `used` the cents set against it."""

    documents: Documents
    inst: Ints
    used: Ints
    use_day: Ints

    def on_instalments(self, size: int) -> tuple[Ints, Ints]:
        """Cents credited to each instalment, and the day of its credit note (`NONE`: no credit)."""
        cents, day = np.zeros(size, dtype=np.int64), np.full(size, NONE, dtype=np.int64)
        linked = self.used > 0
        cents[self.inst[linked]] = self.used[linked]
        day[self.inst[linked]] = self.documents.doc_day[linked]
        return cents, day


def draw_credits(spec: Spec, customers: Customers, rates: Rates, billing: Billing) -> Credits:
    """Draw the credit notes; one dated too late to be used yet stays whole. An invoice billed anew is credited in full."""
    rng = stream(spec.seed, "credits")
    invoices, copies, instalments = billing
    posted = (invoices.state == State.POSTED) & ~invoices.disputed & (invoices.doc_day <= spec.as_of_day - 30)
    posted[copies.of[copies.of != NONE]] = False
    recent = invoices.doc_day >= spec.as_of_day - UNUSED_DAYS
    old, fresh = (
        np.flatnonzero(pick(rng, (posted & which)[instalments.doc], dial))
        for which, dial in ((~recent, spec.dials.credit_linked), (recent, spec.dials.credit_recent))
    )
    inst = np.concatenate([old, fresh])
    doc = instalments.doc[inst]
    # whatever is older has been used up by somebody
    use = np.concatenate([np.full(len(old), USED_UP), quota(rng, len(fresh), spec.dials.credit_use)])
    wanted = np.maximum(100, instalments.amount[inst] * (50 + below(rng, 250, len(inst))) // 1000)
    extra = np.where(use == USED_IN_PART, 500 + wanted * (250 + below(rng, 750, len(inst))) // 1000, 0)
    day = next_weekday(invoices.doc_day[doc] + 3 + below(rng, 18, len(inst)))
    linked = blank_documents(Series.AB, Kind.CREDIT_NOTE, invoices.customer[doc], day)
    linked = priced(replace(linked, ref=doc), invoices.currency[doc], -(wanted + extra), rates)
    lag = pick(rng, np.ones(len(inst), dtype=np.bool_), spec.dials.applied_later) * (1 + below(rng, 10, len(inst)))
    alone = _standalone(spec, customers, rates)
    none = np.full(len(alone), NONE, dtype=np.int64)
    used = np.where((use != UNUSED) & (day + lag <= spec.as_of_day), wanted, 0)
    anew, anew_inst = _rebilled(rates, billing)
    documents = stack(linked, alone, anew)
    return Credits(
        documents=replace(documents, serial=np.arange(1, len(documents) + 1, dtype=np.int64)),
        inst=np.concatenate([inst, none, anew_inst]),
        used=np.concatenate([used, np.zeros(len(alone), dtype=np.int64), -anew.amount]),
        use_day=np.concatenate([day + lag, none, anew.doc_day]),
    )


def _rebilled(rates: Rates, billing: Billing) -> tuple[Documents, Ints]:
    """Credit the invoices that are billed anew, on the day of the new one; also return their instalments."""
    invoices, copies, instalments = billing
    rebill = np.flatnonzero(copies.rebills)
    doc = copies.of[rebill]
    first = np.searchsorted(instalments.doc, doc).astype(np.int64)
    note = blank_documents(Series.AB, Kind.CREDIT_NOTE, invoices.customer[doc], invoices.doc_day[rebill])
    return priced(replace(note, ref=doc), invoices.currency[doc], -instalments.amount[first], rates), first


def _standalone(spec: Spec, customers: Customers, rates: Rates) -> Documents:
    """Draw rebates that correct no invoice and wait to be used."""
    rng = stream(spec.seed, "rebates")
    dial, span = spec.dials.credit_standalone, spec.as_of_day - spec.start_day
    size = max(dial.least, spec.invoices * UNUSED_DAYS // span * dial.per_mille // PER_MILLE)
    customer = below(rng, spec.customers, size)
    day = next_weekday(spec.as_of_day - UNUSED_DAYS + below(rng, UNUSED_DAYS - 3, size))
    amount = customers.scale[customer] * (50 + below(rng, 150, size)) // 1000
    rebate = blank_documents(Series.AB, Kind.CREDIT_NOTE, customer, day)
    return priced(rebate, customers.currency[customer], -np.maximum(amount, 500), rates)
