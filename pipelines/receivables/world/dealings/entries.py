"""Entries of the collection log as numbers, before they are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import numpy as np

from receivables.world.draws import NONE, Ints
from receivables.world.records import stack, take

OPENS, OFFICE_SECONDS = 9 * 3600, 8 * 3600
"""Contacts are made from nine to five, and entries are settled after that."""


class Channel(IntEnum):
    """Way of a contact, as `collection_log.channel` spells it."""

    VISIT = 0
    CALL = 1
    EMAIL = 2
    LETTER = 3
    MESSAGE = 4
    LEGAL = 5


COSTS: Final = (4_500, 400, 50, 250, 20, 15_000)
"""What a contact costs by channel, in cents of the ledger currency."""


class Entry(IntEnum):
    """What an entry is, as `collection_log.entry_kind` spells it."""

    PROMISE = 0
    EXCUSE = 1
    DISPUTE = 2
    DEFERRAL_REQUEST = 3
    INSTALMENT_REQUEST = 4
    PAYMENT_CLAIM = 5
    ATTEMPT = 6
    SOFT_SIGNAL = 7
    UPSTREAM_DEBTOR = 8
    NOTE = 9
    CHANGE_REPORT = 10


class Outcome(IntEnum):
    """What came of an entry."""

    KEPT = 0
    PART_KEPT = 1
    BROKEN = 2
    NOT_REACHED = 3
    MONEY_CAME = 4
    NOT_FOUND = 5
    GRANTED = 6
    REFUSED = 7
    SETTLED = 8


@dataclass(frozen=True)
class Entries:
    """One element per entry; `inst` is a row of the instalments, `NONE` for the account as a whole.

    `second` counts from midnight, `confidence` is in percent, `cents` in the document's currency; `closed` is the day the outcome is known.
    What does not apply is `NONE`. `said` and `way` choose the note.
    """

    customer: Ints
    inst: Ints
    day: Ints
    second: Ints
    kind: Ints
    channel: Ints
    excuse: Ints
    confidence: Ints
    promised: Ints
    cents: Ints
    outcome: Ints
    closed: Ints
    said: Ints
    way: Ints

    def __len__(self) -> int:
        """Count the entries."""
        return len(self.kind)


def entries(customer: Ints, inst: Ints, day: Ints, second: Ints) -> Entries:
    """Make contacts of which nothing else is known, for `dataclasses.replace` to fill."""
    none = np.full(len(customer), NONE, dtype=np.int64)
    return Entries(customer, inst, day, second, none, none, none, none, none, none, none, none, none, second)


def joined(pieces: list[Entries]) -> Entries:
    """Put entries in the order they were logged."""
    found = stack(*pieces)
    return take(found, np.argsort(found.day * 86_400 + found.second, kind="stable"))


def follows(found: Entries, rows: Ints) -> Entries:
    """Add a second thing said in the contacts of some rows, a minute later."""
    first = take(found, rows)
    return replace(entries(first.customer, first.inst, first.day, first.second + 60), channel=first.channel)
