"""The collectors' rounds: who is asked for money when, and what it says; why it says so lies in the customer's nature and plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from receivables.world.customers import CustomerType
from receivables.world.dealings.claims import reasons
from receivables.world.dealings.ends import FAR, Ends, behaviour
from receivables.world.dealings.entries import OFFICE_SECONDS, OPENS, Channel, Entries, Entry, Outcome, entries, follows
from receivables.world.dealings.notes import EXCUSE_SHARES, REASONS, Excuse, Said
from receivables.world.draws import NONE, Flags, Ints, below, next_weekday, stream
from receivables.world.goods import MONTHS, SEASON_TABLE
from receivables.world.ledger import Ledger
from receivables.world.outcomes import in_trouble

SIZES: Final = (30_000, 250_000)
FIRST_DAYS: Final = (28, 15, 7)
"""Days after the due date of the first contact: small, middle and large instalments, divided at these cents of ledger currency."""

INTERVALS: Final = (18, 24, 32, 42, 56, 72, 90, 90, 90, 120, 120, 120, 150, 180, 180)
"""Days until the next contact; half as much again for small instalments."""

GRACE_DAYS: Final = 2
"""A promise is kept by money that comes so many days later."""

HORIZON_DAYS: Final = 45
"""How far ahead a customer knows when it will pay."""

CLAIM_DAYS: Final = 10
"""After so long it is plain that money said to be paid has not come."""

IN_TRANSIT_DAYS: Final = 4
AGES: Final = (15, 60, 180, 365)
CHANNEL_SHARES: Final = (
    (20, 330, 540, 10, 100, 0),
    (80, 570, 180, 30, 140, 0),
    (230, 470, 80, 140, 60, 20),
    (250, 330, 40, 280, 20, 80),
    (190, 200, 20, 330, 10, 250),
)
"""Channels by age of the debt, per mille."""

VISIT_EVADERS: Final = 3
"""Of that many calls to an evader one becomes a visit."""

ANSWERED_IN_WRITING_PCT: Final = 45
HONEST_PCT: Final[dict[CustomerType, int]] = {
    CustomerType.PUNCTUAL: 93,
    CustomerType.SLOW: 88,
    CustomerType.HARDSHIP: 70,
    CustomerType.CHAIN_DEBT: 72,
    CustomerType.EVADER: 28,
    CustomerType.MALICIOUS: 4,
}
"""How many promises are meant; who means it and does not know when gives an excuse instead."""

BELIEF: Final = (80, 65, 50, 50, 25, 20)
"""Percent to which each type is believed at least; up to 20 more."""

SLACK_INDEX: Final = 80
"""Percent of the average month below which a product group sells badly."""

ATTEMPT, VOW, EXCUSE, CLAIM, NOTE, SIGNAL = range(6)
INTENTS: Final[dict[CustomerType, tuple[int, ...]]] = {
    CustomerType.PUNCTUAL: (140, 520, 240, 0, 90, 10),
    CustomerType.SLOW: (190, 460, 260, 5, 75, 10),
    CustomerType.HARDSHIP: (210, 260, 400, 10, 60, 60),
    CustomerType.CHAIN_DEBT: (190, 250, 450, 5, 55, 50),
    CustomerType.EVADER: (560, 150, 220, 40, 10, 20),
    CustomerType.MALICIOUS: (180, 540, 160, 70, 20, 30),
}
"""What comes of asking, per mille: nobody reached, a date wanted, an excuse, "it is paid", nothing much, a sign of how things stand."""


@dataclass(frozen=True)
class _Book:
    """What is asked for: the instalments' ends, and by instalment when it is in dispute (`NONE`: never) and the excuse that gives."""

    ledger: Ledger
    ends: Ends
    opened: Ints
    closed: Ints
    fault: Ints


@dataclass(frozen=True)
class _Round:
    """The contacts of one round; one element per contact."""

    rows: Ints
    day: Ints
    kind: Ints
    soon: Ints
    part_soon: Ints
    excuse: Ints
    troubled: Flags


def contacts(ledger: Ledger, found: Ends) -> list[Entries]:
    """Go round after round to what is still owed, at growing intervals, until it is settled or the as-of date comes."""
    size, spec, inst = len(found.customer), ledger.spec, ledger.instalments
    rng = stream(spec.seed, "first contacts")
    kind = np.searchsorted(np.array(SIZES), inst.local[:size], side="right")
    first = found.due + np.array(FIRST_DAYS, dtype=np.int64)[kind] + below(rng, 5, size)
    day = np.maximum(next_weekday(first), next_weekday(found.since + 1))
    rows = np.arange(size, dtype=np.int64)
    book, made = _book(ledger, found), []
    for number, interval in enumerate(INTERVALS):
        going = (day < found.closed[rows]) & (day <= spec.as_of_day)
        rows, day = rows[going], day[going]
        if not len(rows):
            break
        rng = stream(spec.seed, f"contacts {number}")
        pieces = _contacted(book, rng, rows, day)
        made += pieces
        pause = interval + np.where(inst.local[rows] < SIZES[0], interval // 2, 0) + below(rng, 5, len(rows))
        day = next_weekday(np.maximum(day + pause, pieces[0].promised + GRACE_DAYS + 2))
    return made


def promise_outcome(found: Ends, rows: Ints, day: Ints, promised: Ints) -> tuple[Ints, Ints]:
    """Compare a promise given on a day with the money that comes: what becomes of it, and when that is known."""
    until = promised + GRACE_DAYS
    kept = found.cash[rows] <= until
    part, tried, back = found.part_day[rows], found.tried[rows], found.back[rows]
    in_part = (part != NONE) & (part >= day) & (part <= until)
    outcome = np.where(kept, Outcome.KEPT, np.where(in_part, Outcome.PART_KEPT, Outcome.BROKEN)).astype(np.int64)
    # money that bounces later looked like a promise kept until then
    looked = ~kept & (tried >= day) & (tried <= until)
    known = np.where(
        kept, np.minimum(found.cash[rows], until) + 1, np.where(looked, np.maximum(back, until), until) + 1
    )
    return outcome, next_weekday(known)


def _dealt(rng: np.random.Generator, shares: Sequence[Sequence[int]], row: Ints) -> Ints:
    """Draw a place in the row of the table that is asked for, by shares per mille."""
    edges = np.cumsum(np.array(shares, dtype=np.int64), axis=1)
    drawn, place = below(rng, 1000, len(row)), np.zeros(len(row), dtype=np.int64)
    for column in range(edges.shape[1] - 1):
        place += drawn >= edges[row, column]
    return place


def _book(ledger: Ledger, found: Ends) -> _Book:
    """Lay the disputes out by instalment."""
    opened, closed, excuse = (np.full(len(found.customer), NONE, dtype=np.int64) for _ in range(3))
    inst = ledger.disputes.inst
    opened[inst], excuse[inst] = ledger.disputes.opened, np.array([r.excuse for r in REASONS])[reasons(ledger)]
    closed[inst] = np.where(ledger.disputes.closed == NONE, FAR, ledger.disputes.closed)
    return _Book(ledger, found, opened, closed, excuse)


def _contacted(book: _Book, rng: np.random.Generator, rows: Ints, day: Ints) -> list[Entries]:
    """Make one round: the entries of all contacts, and those of what else was said."""
    ledger, found = book.ledger, book.ends
    customers, customer, size = ledger.customers, found.customer[rows], len(rows)
    kind = behaviour(ledger, customer, ledger.documents.doc_day[ledger.instalments.doc[rows]])
    channel = _channels(ledger, rng, customer, kind, day - found.due[rows])
    troubled = in_trouble(ledger.customers, customer, day)
    disputed = (book.opened[rows] != NONE) & (book.opened[rows] <= day) & (day < book.closed[rows])
    excuse = np.where(disputed, book.fault[rows], _excuses(ledger, rng, customer, kind, day))
    now = _Round(rows, day, kind, found.cash[rows] - day, found.part_day[rows] - day, excuse, troubled)
    intent = _intents(rng, kind, channel)
    second = OPENS + below(rng, OFFICE_SECONDS, size)
    base = replace(entries(customer, rows, day, second), channel=channel)
    entry, promised = _answers(rng, now, intent, disputed)
    spoken = replace(base, kind=entry, promised=promised)
    spoken = _settled(ledger, found, now, spoken)
    spoken = _told(rng, now, spoken)
    names_debtor = (spoken.excuse == Excuse.WAITING_FOR_OWN_CUSTOMER) & (customers.chain[customer] != NONE)
    again = np.flatnonzero(names_debtor & (below(rng, 100, size) < 55)).astype(np.int64)
    extra = follows(spoken, again)
    one = np.ones(len(again), dtype=np.int64)
    extra = replace(
        extra,
        kind=one * Entry.UPSTREAM_DEBTOR,
        confidence=60 + below(rng, 36, len(again)),
        said=one * Said.UPSTREAM,
        way=customers.chain[extra.customer],
    )
    return [spoken, extra]


def _channels(ledger: Ledger, rng: np.random.Generator, customer: Ints, kind: Ints, age: Ints) -> Ints:
    """Choose the way of contact by the age of the debt; evaders are surprised, and nobody travels abroad."""
    channel = _dealt(rng, CHANNEL_SHARES, np.searchsorted(np.array(AGES), age).astype(np.int64))
    surprise = (kind == CustomerType.EVADER) & (channel == Channel.CALL) & (below(rng, VISIT_EVADERS, len(age)) == 0)
    channel = np.where(surprise, Channel.VISIT, channel)
    abroad = (ledger.customers.country != ledger.spec.home)[customer]
    return np.where((channel == Channel.VISIT) & abroad, Channel.CALL, channel).astype(np.int64)


def _excuses(ledger: Ledger, rng: np.random.Generator, customer: Ints, kind: Ints, day: Ints) -> Ints:
    """Draw excuses by type; who pays on fixed days says so, and out of season the goods are unsold."""
    customers, size = ledger.customers, len(customer)
    excuse = _dealt(rng, [EXCUSE_SHARES[who] for who in CustomerType], kind)
    waits = (customers.pay_run[customer] == 0) & (excuse == Excuse.NOT_PAYDAY) & (kind <= CustomerType.SLOW)
    excuse = np.where(waits, Excuse.APPROVAL_PENDING, excuse)
    month = day.astype("M8[D]").astype("M8[M]").astype(np.int64) % MONTHS
    slack = SEASON_TABLE[customers.product_group[customer], month] < SLACK_INDEX
    short = (excuse == Excuse.NO_MONEY) & slack & (below(rng, 3, size) == 0)
    return np.where(short, Excuse.GOODS_UNSOLD, excuse).astype(np.int64)


def _intents(rng: np.random.Generator, kind: Ints, channel: Ints) -> Ints:
    """Draw what comes of each contact; much that is written is not answered."""
    intent = _dealt(rng, [INTENTS[who] for who in CustomerType], kind)
    written = np.isin(channel, (Channel.EMAIL, Channel.LETTER, Channel.MESSAGE, Channel.LEGAL))
    unanswered = written & (below(rng, 100, len(kind)) >= ANSWERED_IN_WRITING_PCT)
    return np.where(unanswered | (written & (intent == ATTEMPT)), NOTE, intent).astype(np.int64)


def _answers(rng: np.random.Generator, now: _Round, intent: Ints, disputed: Flags) -> tuple[Ints, Ints]:
    """Turn intents into entries and promised days: the honest know when they will pay if it is soon, the others name any day."""
    size = len(intent)
    wants = intent == VOW
    honest = below(rng, 100, size) < np.array([HONEST_PCT[who] for who in CustomerType])[now.kind]
    paid = wants & (now.soon <= IN_TRANSIT_DAYS) & (below(rng, 100, size) < 30)
    knows = now.soon <= HORIZON_DAYS
    # some promise all and bring a part
    half = wants & ~paid & (now.part_soon > 0) & (now.part_soon <= HORIZON_DAYS)
    means = wants & ~paid & ~half & honest & knows
    empty_words = wants & ~paid & ~half & ~honest & ~disputed
    planned = next_weekday(now.day + np.maximum(np.where(knows, now.soon, 0) + below(rng, 4, size) - GRACE_DAYS, 1))
    any_day = next_weekday(now.day + 2 + below(rng, 11, size))
    claims = paid | ((intent == CLAIM) & (now.soon > CLAIM_DAYS + 2))
    entry = np.select(
        [means | empty_words | half, claims, intent == ATTEMPT, intent == NOTE, intent == SIGNAL],
        [Entry.PROMISE, Entry.PAYMENT_CLAIM, Entry.ATTEMPT, Entry.NOTE, Entry.SOFT_SIGNAL],
        default=Entry.EXCUSE,
    ).astype(np.int64)
    on_part = next_weekday(now.day + now.part_soon + below(rng, 2, size))
    return entry, np.select([half, means, empty_words], [on_part, planned, any_day], default=NONE)


def _settled(ledger: Ledger, found: Ends, now: _Round, spoken: Entries) -> Entries:
    """Add amounts and outcomes: those of promises and of claims to have paid follow from the money that comes."""
    promise, claim = spoken.kind == Entry.PROMISE, spoken.kind == Entry.PAYMENT_CLAIM
    outcome, known = promise_outcome(found, now.rows, now.day, spoken.promised)
    first = np.where(now.part_soon > 0, np.minimum(now.part_soon, now.soon), now.soon)
    came = first <= CLAIM_DAYS
    told = next_weekday(now.day + np.minimum(first, CLAIM_DAYS) + 1)
    rest = found.rest(now.rows, now.day, ledger.instalments.amount[now.rows])
    return replace(
        spoken,
        cents=np.where(promise, rest, NONE),
        outcome=np.select(
            [promise, claim, spoken.kind == Entry.ATTEMPT],
            [outcome, np.where(came, Outcome.MONEY_CAME, Outcome.NOT_FOUND), Outcome.NOT_REACHED],
            default=NONE,
        ).astype(np.int64),
        closed=np.where(promise, known, np.where(claim, told, NONE)),
    )


def _told(rng: np.random.Generator, now: _Round, spoken: Entries) -> Entries:
    """Add what was said, how far it is believed, and the signs of how things stand with the customer."""
    size, kind = len(spoken), spoken.kind
    excuse = np.where(kind == Entry.EXCUSE, now.excuse, NONE)
    hopeless = (now.troubled | (now.soon > 200)) & (below(rng, 5, size) > 0)
    sign = np.select([hopeless, now.soon <= 12], [Said.CREDITORS, Said.CASH_THERE], default=Said.BOSS_IN)
    last = (spoken.channel == Channel.LEGAL) | (spoken.channel == Channel.LETTER)
    note = np.where(last, Said.LAST_NOTICE, Said.REMINDER)
    friendly = np.isin(spoken.channel, (Channel.VISIT, Channel.CALL))
    said = np.select(
        [
            kind == Entry.PROMISE,
            kind == Entry.PAYMENT_CLAIM,
            kind == Entry.ATTEMPT,
            kind == Entry.SOFT_SIGNAL,
            kind == Entry.NOTE,
        ],
        [Said.PROMISE, Said.PAID_ALREADY, Said.NO_ANSWER, sign, np.where(friendly, Said.FRIENDLY, note)],
        default=now.excuse,
    ).astype(np.int64)
    belief = np.array(BELIEF, dtype=np.int64)[now.kind] + below(rng, 20, size)
    sure = np.where(kind == Entry.SOFT_SIGNAL, 45 + below(rng, 51, size), belief)
    judged = (kind == Entry.EXCUSE) | (kind == Entry.PAYMENT_CLAIM) | (kind == Entry.SOFT_SIGNAL)
    return replace(spoken, excuse=excuse, said=said, confidence=np.where(judged, sure, NONE))


def dispute_entries(ledger: Ledger, found: Ends) -> Entries:
    """Log every dispute on the day it is opened."""
    disputes, size = ledger.disputes, len(ledger.disputes.inst)
    rng = stream(ledger.spec.seed, "disputes logged")
    second = OPENS + below(rng, OFFICE_SECONDS, size)
    made = entries(found.customer[disputes.inst], disputes.inst, disputes.opened, second)
    one = np.ones(size, dtype=np.int64)
    excuse = np.array([reason.excuse for reason in REASONS], dtype=np.int64)[reasons(ledger)]
    return replace(
        made,
        kind=one * Entry.DISPUTE,
        channel=np.where(below(rng, 3, size) > 0, Channel.EMAIL, Channel.CALL).astype(np.int64),
        excuse=excuse,
        outcome=np.where(disputes.closed == NONE, NONE, Outcome.SETTLED).astype(np.int64),
        closed=disputes.closed,
        said=one * Said.DISPUTES,
    )
