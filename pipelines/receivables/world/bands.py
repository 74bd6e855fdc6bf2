"""The ways an instalment of the sample can end, from the best to the worst."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple


class Cause(IntEnum):
    """What ends an instalment; `NEVER` is one that is neither paid nor written off."""

    CASH = 0
    LOSS = 1
    NEVER = 2


class Band(NamedTuple):
    """How an instalment ends, and the first and last day after its due date on which it does."""

    cause: Cause
    first: int
    last: int


BANDS: Final = (
    Band(Cause.CASH, -12, -1),
    Band(Cause.CASH, 0, 0),
    Band(Cause.CASH, 1, 3),
    Band(Cause.CASH, 4, 7),
    Band(Cause.CASH, 8, 15),
    Band(Cause.CASH, 16, 30),
    Band(Cause.CASH, 31, 61),
    Band(Cause.CASH, 62, 91),
    Band(Cause.CASH, 92, 182),
    Band(Cause.CASH, 183, 274),
    Band(Cause.CASH, 275, 365),
    Band(Cause.CASH, 366, 730),
    Band(Cause.CASH, 731, 950),
    Band(Cause.LOSS, 200, 274),
    Band(Cause.LOSS, 275, 365),
    Band(Cause.LOSS, 366, 730),
    Band(Cause.LOSS, 731, 1200),
    Band(Cause.NEVER, 0, 0),
)
