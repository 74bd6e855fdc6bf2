"""Invoices of the sample world, what becomes of them, the documents that reverse them, and their instalments."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from receivables.world.customers import TERMS, Customers
from receivables.world.dials import Spec
from receivables.world.draws import (
    NONE,
    Dial,
    Flags,
    Ints,
    below,
    convert,
    next_weekday,
    pick,
    running_before,
    shaped,
    stream,
    weekday,
    weighted,
)
from receivables.world.rates import Rates
from receivables.world.records import Documents, DueSource, Instalments, Kind, Series, State, take

AMOUNT_SHAPE: Final = (
    (120, 293, 398, 492, 583, 676, 775, 882, 1000, 1134, 1291, 1479, 1715, 2033, 2510, 3412, 9000),
)  # fmt: skip
"""Invoice amounts around the customer's median, per mille: lognormal with sigma 0.8, its ends cut."""

SMALLEST_INVOICE: Final = 2_000
SEASON: Final = (8, 8, 9, 10, 10, 10, 9, 6, 9, 11, 12, 14)
DAYS_UNTIL_FATE: Final = 40


def blank_documents(series: Series, kind: Kind, customer: Ints, doc_day: Ints) -> Documents:
    """Make posted documents without amounts, terms or links, for `dataclasses.replace` to fill."""
    size = len(customer)
    none, zero = np.full(size, NONE, dtype=np.int64), np.zeros(size, dtype=np.int64)
    return Documents(
        series=zero + series,
        serial=np.arange(1, size + 1, dtype=np.int64),
        customer=customer,
        kind=zero + kind,
        state=zero + State.POSTED,
        doc_day=doc_day,
        post_day=doc_day,
        terms=none,
        currency=zero,
        rate_ppm=zero,
        amount=zero,
        local=zero,
        cancel_day=none,
        ref=none,
        reverses=none,
        reversed_by=none,
        disputed=np.zeros(size, dtype=np.bool_),
    )


def priced(documents: Documents, currency: Ints, amount: Ints, rates: Rates) -> Documents:
    """Give documents their amounts, booked at the rate of their own date."""
    rate = rates.at(currency, documents.doc_day)
    return replace(documents, currency=currency, amount=amount, rate_ppm=rate, local=convert(amount, rate))


def draw_invoices(spec: Spec, customers: Customers, rates: Rates) -> Documents:
    """Draw all invoices in the order of their dates; every customer has at least one."""
    rng = stream(spec.seed, "invoices")
    more = weighted(rng, customers.activity, max(spec.invoices - spec.customers, 0))
    customer = np.concatenate([np.arange(spec.customers, dtype=np.int64), more])
    doc_day = _dates(rng, spec, len(customer))
    order = np.argsort(doc_day, kind="stable")
    customer, doc_day = customer[order], doc_day[order]
    multiple = shaped(rng, AMOUNT_SHAPE, np.zeros(len(customer), dtype=np.int64))
    amount = np.maximum(SMALLEST_INVOICE, customers.scale[customer] * multiple // 1000)
    plain = priced(
        blank_documents(Series.FV, Kind.INVOICE, customer, doc_day), customers.currency[customer], amount, rates
    )
    late = pick(rng, doc_day < spec.as_of_day - 2, spec.dials.posted_later) * (1 + below(rng, 2, len(plain)))
    return _with_fates(spec, replace(plain, post_day=doc_day + late, terms=customers.terms[customer]))


def _dates(rng: np.random.Generator, spec: Spec, size: int) -> Ints:
    """Draw weekdays, more of them before Christmas and fewer in August."""
    days = np.arange(spec.start_day, spec.as_of_day + 1, dtype=np.int64)
    month = days.astype("M8[D]").astype("M8[M]").astype(np.int64) % 12
    weight = np.array(SEASON, dtype=np.int64)[month] * (weekday(days) < 5)
    return days[weighted(rng, weight, size)]


def _with_fates(spec: Spec, docs: Documents) -> Documents:
    """Leave some as drafts, cancel or reverse some, and let customers dispute some."""
    rng, dials = stream(spec.seed, "fates"), spec.dials
    free = np.ones(len(docs), dtype=np.bool_)
    old = docs.doc_day < spec.as_of_day - DAYS_UNTIL_FATE

    def fate(eligible: Flags, dial: Dial) -> Flags:
        nonlocal free
        chosen = pick(rng, free & eligible, dial)
        free = free & ~chosen
        return chosen

    draft = fate(~old, dials.draft)
    dated, undated = fate(old, dials.cancelled_dated), fate(old, dials.cancelled_undated)
    undone, disputed = fate(old, dials.reversed_pair), fate(old, dials.disputed)
    state = np.select(
        [draft, dated | undated, undone], [State.DRAFT, State.CANCELLED, State.REVERSED], default=State.POSTED
    ).astype(np.int64)
    cancel_day = np.where(dated, docs.post_day + 2 + below(rng, 30, len(docs)), NONE)
    return replace(docs, state=state, cancel_day=cancel_day, disputed=disputed)


def reverse(spec: Spec, invoices: Documents) -> tuple[Documents, Documents]:
    """Write the reversing documents of the reversed invoices; return both, linked. Reversals stand after the invoices."""
    rows = np.flatnonzero(invoices.state == State.REVERSED)
    undone = take(invoices, rows)
    rng = stream(spec.seed, "reversals")
    day = next_weekday(undone.post_day + 1 + below(rng, 25, len(rows)))
    blank = blank_documents(Series.AN, Kind.CREDIT_NOTE, undone.customer, day)
    reversal = replace(
        blank,
        currency=undone.currency,
        rate_ppm=undone.rate_ppm,
        amount=-undone.amount,
        local=-undone.local,
        ref=rows,
        reverses=rows,
    )
    reversed_by = invoices.reversed_by.copy()
    reversed_by[rows] = len(invoices) + np.arange(len(rows), dtype=np.int64)
    return replace(invoices, reversed_by=reversed_by), reversal


def split(spec: Spec, invoices: Documents) -> Instalments:
    """Split the invoices by their terms; the parts add up to the cent in both currencies."""
    counts, days, cumulated = _terms_table()
    of = counts[invoices.terms]
    doc = np.repeat(np.arange(len(invoices), dtype=np.int64), of)
    seq = np.arange(len(doc), dtype=np.int64) - np.repeat(np.cumsum(of) - of, of)
    terms = invoices.terms[doc]
    amount = _part(invoices.amount[doc], cumulated[terms, seq], cumulated[terms, seq + 1])
    due, original, source = _due_dates(spec, invoices, doc, days[terms, seq])
    single = np.array([*(t.disc_days for t in TERMS), NONE], dtype=np.int64)[terms]
    percent = np.array([*(t.disc_pct for t in TERMS), 0], dtype=np.int64)[terms]
    return Instalments(
        doc=doc,
        seq=seq + 1,
        of=of[doc],
        due_day=due,
        due_original=original,
        due_source=source,
        amount=amount,
        local=_local_parts(invoices, doc, amount),
        disc_day=np.where(single == NONE, NONE, invoices.doc_day[doc] + single),
        disc_amount=(amount * percent + 50) // 100,
    )


def _terms_table() -> tuple[Ints, Ints, Ints]:
    """Lay the terms out by number; the last row, reached as -1, is "nothing agreed": one part, 30 days by habit."""
    widest = max(len(t.shares) for t in TERMS)
    counts = np.array([*(len(t.shares) for t in TERMS), 1], dtype=np.int64)
    days = np.array([[*t.days, *[0] * (widest - len(t.days))] for t in TERMS] + [[30] + [0] * (widest - 1)])
    shares = np.array([[*t.shares, *[0] * (widest - len(t.shares))] for t in TERMS] + [[100] + [0] * (widest - 1)])
    return counts, days, np.concatenate([np.zeros((len(shares), 1), dtype=np.int64), np.cumsum(shares, axis=1)], axis=1)


def _part(whole: Ints, start: Ints, end: Ints) -> Ints:
    """Cut the slice between two cumulated percentages; slices of one whole leave no cent over."""
    return whole * end // 100 - whole * start // 100


def _local_parts(invoices: Documents, doc: Ints, amount: Ints) -> Ints:
    """Share the ledger amount out in proportion, cumulated so that the parts add up."""
    whole, local = invoices.amount[doc], invoices.local[doc]
    before = running_before(amount, doc)
    parts: Ints = local * (before + amount) // whole - local * before // whole
    return parts


def _due_dates(spec: Spec, invoices: Documents, doc: Ints, days: Ints) -> tuple[Ints, Ints, Ints]:
    """Set due dates from the terms, put some off later, and leave some out where no terms were agreed."""
    rng = stream(spec.seed, "due dates")
    original = invoices.doc_day[doc] + days
    agreed = invoices.terms[doc] != NONE
    missing = pick(rng, ~agreed, spec.dials.without_due_date)
    single = np.bincount(doc, minlength=len(invoices))[doc] == 1
    put_off = pick(rng, single & agreed & (original < spec.as_of_day), spec.dials.extended_due)
    due = np.where(put_off, next_weekday(original + 30 + below(rng, 30, len(doc))), original)
    source = np.where(missing, DueSource.MISSING, np.where(put_off | ~agreed, DueSource.FILE, DueSource.TERMS))
    return np.where(missing, NONE, due), np.where(missing, NONE, original), source.astype(np.int64)
