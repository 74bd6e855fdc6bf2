"""Disputes and the failures of our own behind them."""

from __future__ import annotations

from typing import Final

import numpy as np

from receivables.world.dealings.ends import last_office_day
from receivables.world.dealings.notes import REASONS
from receivables.world.draws import NONE, Dial, Ints, at, below, next_weekday, pick, stream
from receivables.world.ids import customer_ids, document_ids, every
from receivables.world.ledger import Ledger
from receivables.world.records import State
from receivables.world.tables import Later, Slices, Table, empty, whole
from receivables.world.text import days, decimals, numbers, padded, words

BEHIND_PCT: Final = 60
"""Percent of the disputes that were reported as a failure of service before."""

UNRELATED: Final = Dial(4, 6)
"""Failures nobody disputed an invoice for, of the invoices; and per cent of them that are never put right."""

NEVER_RIGHT_PCT: Final = 6
WHOLE_PCT: Final = 55
"""Percent of the disputes that hold up the whole instalment."""

ISSUES: Final = (
    ("wrong price", "sales"),
    ("short delivery", "warehouse"),
    ("damaged goods", "logistics"),
    ("proof of delivery not sent", "logistics"),
    ("invoice not sent", "billing"),
    ("wrong invoice", "billing"),
    ("rebate not honoured", "marketing"),
    ("late delivery", "logistics"),
    ("complaint unanswered", "customer service"),
    ("no follow-up visit", "sales"),
    ("promotion not carried out", "marketing"),
)
"""What goes wrong and who has to put it right; the first ones lie behind the reasons of disputes, number by number."""


def reasons(ledger: Ledger) -> Ints:
    """Say why each dispute was raised, as a number of `REASONS`."""
    edges = np.cumsum([reason.share for reason in REASONS])
    drawn = below(stream(ledger.spec.seed, "dispute reasons"), int(edges[-1]), len(ledger.disputes.inst))
    return np.searchsorted(edges, drawn, side="right").astype(np.int64)


def dispute(ledger: Ledger) -> Slices:
    """Write every dispute, in the order they were opened."""
    found, inst, size = ledger.disputes, ledger.instalments, len(ledger.disputes.inst)
    rng = stream(ledger.spec.seed, "disputed amounts")
    share = np.where(below(rng, 100, size) < WHOLE_PCT, 1000, 80 + below(rng, 520, size))
    order = np.argsort(found.opened, kind="stable")
    rows, opened, closed = found.inst[order], found.opened[order], found.closed[order]
    amount, reason = np.maximum(100, inst.amount[rows] * share[order] // 1000), reasons(ledger)[order]
    columns = {
        "dispute_id": padded("DP-", every(size) + 1, 6),
        "doc_id": document_ids(ledger, inst.doc[rows]),
        "seq": numbers(inst.seq[rows]),
        "opened": days(opened),
        "closed": days(closed),
        "amount_doc": decimals(np.minimum(amount, inst.amount[rows]), 2),
        "reason_code": words([reason.code for reason in REASONS], reason),
        "owner": words([reason.department for reason in REASONS], reason),
    }
    return whole(Table(columns, opened, {"closed": Later(closed, empty(size))}))


def service_issue(ledger: Ledger) -> Slices:
    """Write the failures behind some disputes, and others that held up nothing."""
    doc, kind, opened, closed = (np.concatenate(both) for both in zip(_behind(ledger), _unrelated(ledger), strict=True))
    order = np.argsort(opened, kind="stable")
    doc, kind, opened, closed = doc[order], kind[order], opened[order], closed[order]
    size = len(doc)
    names = every(size)
    # a failure that held up nothing is a matter of the account as a whole every second time
    named = np.where((kind >= len(REASONS)) & (names % 2 == 0), NONE, doc)
    columns = {
        "issue_id": padded("SI-", names + 1, 6),
        "customer_id": customer_ids(ledger.documents.customer[doc]),
        "kind": words([what for what, _ in ISSUES], kind),
        "department": words([department for _, department in ISSUES], kind),
        "opened": days(opened),
        "closed": days(closed),
        "doc_id": document_ids(ledger, named),
    }
    return whole(Table(columns, opened, {"closed": Later(closed, empty(size))}))


def _behind(ledger: Ledger) -> tuple[Ints, Ints, Ints, Ints]:
    """Give document, kind, first and last day of the failures behind disputes."""
    found, rng, size = ledger.disputes, stream(ledger.spec.seed, "failures behind disputes"), len(ledger.disputes.inst)
    doc = ledger.instalments.doc[found.inst]
    latest = np.maximum(found.opened - below(rng, 12, size), ledger.documents.post_day[doc])
    closed = np.where(found.closed == NONE, NONE, np.maximum(found.closed - below(rng, 6, size), found.opened))
    told = below(rng, 100, size) < BEHIND_PCT
    return doc[told], reasons(ledger)[told], np.minimum(latest, found.opened)[told], closed[told]


def _unrelated(ledger: Ledger) -> tuple[Ints, Ints, Ints, Ints]:
    """Give document, kind, first and last day of the failures nobody disputes an invoice for."""
    rng, documents, invoices = stream(ledger.spec.seed, "failures of service"), ledger.documents, len(ledger.copies.of)
    free = documents.state[:invoices] == State.POSTED
    free[at(ledger.instalments.doc, ledger.disputes.inst)] = False
    doc = np.flatnonzero(pick(rng, free, UNRELATED)).astype(np.int64)
    opened = next_weekday(documents.post_day[doc] + 1 + below(rng, 15, len(doc)))
    closed = next_weekday(opened + 3 + below(rng, 40, len(doc)))
    kind = below(rng, len(ISSUES), len(doc))
    right = below(rng, 100, len(doc)) >= NEVER_RIGHT_PCT
    known = opened <= last_office_day(ledger.spec.as_of_day)
    return doc[known], kind[known], opened[known], np.where(right, closed, NONE)[known]
