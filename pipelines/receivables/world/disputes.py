"""Disputes of the sample: the reason some instalments are paid late, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from receivables.world.dials import Spec
from receivables.world.draws import NONE, Flags, Ints, below, next_weekday, pick, stream
from receivables.world.invoices import Billing
from receivables.world.outcomes import Outcomes
from receivables.world.records import Instalments, State

LEAST_DAYS_LATE: Final = 25
"""Only what ends so late can have been disputed: finding out who is right takes time."""


@dataclass(frozen=True)
class Disputes:
    """One element per dispute: the instalment, the day it was opened and the day it was settled (`NONE`: it never is)."""

    inst: Ints
    opened: Ints
    closed: Ints

    def open_on(self, day: int, instalments: Instalments, documents: int) -> Flags:
        """Say which documents are in dispute at the end of a day."""
        going = (self.opened <= day) & ((self.closed == NONE) | (self.closed > day))
        flags = np.zeros(documents, dtype=np.bool_)
        flags[instalments.doc[self.inst[going]]] = True
        return flags


def draw_disputes(spec: Spec, billing: Billing, outcomes: Outcomes) -> Disputes:
    """Choose the disputed instalments among those that end late, and when each dispute runs."""
    rng = stream(spec.seed, "disputes")
    invoices, _, instalments = billing
    due, end = outcomes.due_day, outcomes.end_day
    late = (end == NONE) | (end >= due + LEAST_DAYS_LATE)
    known = (
        (invoices.state[instalments.doc] == State.POSTED)
        & (instalments.of == 1)
        & (due + LEAST_DAYS_LATE < spec.as_of_day)
    )
    inst = np.flatnonzero(pick(rng, late & known, spec.dials.disputed))
    opened = next_weekday(due[inst] + 2 + below(rng, 10, len(inst)))
    closed = np.where(end[inst] == NONE, NONE, np.maximum(end[inst] - 3 - below(rng, 8, len(inst)), opened + 1))
    return Disputes(inst, opened, closed)
