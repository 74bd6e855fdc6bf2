"""Credit notes of the sample world: corrections of an invoice, used up or not, and credits that stand alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from receivables.world.customers import Customers
from receivables.world.dials import Spec
from receivables.world.draws import NONE, Ints, below, next_weekday, pick, quota, stream
from receivables.world.invoices import blank_documents, priced
from receivables.world.rates import Rates
from receivables.world.records import Documents, Instalments, Kind, Series, State, stack

USED_UP, USED_IN_PART, UNUSED = range(3)


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


def draw_credits(
    spec: Spec, customers: Customers, rates: Rates, invoices: Documents, instalments: Instalments
) -> Credits:
    """Draw the credit notes; one dated too late to be used yet stays whole."""
    rng = stream(spec.seed, "credits")
    posted = (invoices.state == State.POSTED) & ~invoices.disputed & (invoices.doc_day <= spec.as_of_day - 30)
    inst = np.flatnonzero(pick(rng, posted[instalments.doc], spec.dials.credit_linked))
    doc = instalments.doc[inst]
    use = quota(rng, len(inst), spec.dials.credit_use)
    wanted = np.maximum(100, instalments.amount[inst] * (50 + below(rng, 250, len(inst))) // 1000)
    extra = np.where(use == USED_IN_PART, 500 + wanted * (250 + below(rng, 750, len(inst))) // 1000, 0)
    day = next_weekday(invoices.doc_day[doc] + 3 + below(rng, 18, len(inst)))
    linked = blank_documents(Series.AB, Kind.CREDIT_NOTE, invoices.customer[doc], day)
    linked = priced(replace(linked, ref=doc), invoices.currency[doc], -(wanted + extra), rates)
    lag = pick(rng, np.ones(len(inst), dtype=np.bool_), spec.dials.applied_later) * (1 + below(rng, 10, len(inst)))
    alone = _standalone(spec, customers, rates)
    none = np.full(len(alone), NONE, dtype=np.int64)
    used = np.where((use != UNUSED) & (day + lag <= spec.as_of_day), wanted, 0)
    return Credits(
        documents=_joined(linked, alone),
        inst=np.concatenate([inst, none]),
        used=np.concatenate([used, np.zeros(len(alone), dtype=np.int64)]),
        use_day=np.concatenate([day + lag, none]),
    )


def _joined(linked: Documents, alone: Documents) -> Documents:
    both = stack(linked, alone)
    return replace(both, serial=np.arange(1, len(both) + 1, dtype=np.int64))


def _standalone(spec: Spec, customers: Customers, rates: Rates) -> Documents:
    """Draw rebates that correct no invoice; there are as many as the dial asks of all invoices."""
    rng = stream(spec.seed, "rebates")
    size = max(spec.dials.credit_standalone.least, spec.invoices * spec.dials.credit_standalone.per_mille // 1000)
    customer = below(rng, spec.customers, size)
    day = next_weekday(spec.start_day + below(rng, spec.as_of_day - spec.start_day - 3, size))
    amount = customers.scale[customer] * (50 + below(rng, 150, size)) // 1000
    rebate = blank_documents(Series.AB, Kind.CREDIT_NOTE, customer, day)
    return priced(rebate, customers.currency[customer], -np.maximum(amount, 500), rates)
