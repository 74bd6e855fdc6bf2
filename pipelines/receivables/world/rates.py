"""Exchange rates of the sample world: a smooth seeded walk per currency, one rate per weekday."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from receivables.world.dials import Spec
from receivables.world.draws import PPM, Ints, below, stream, weekday
from receivables.world.records import CURRENCIES

MIDDLE: Final = {"USD": 905_000, "GBP": 1_168_000}
BAND: Final = 70_000
"""Furthest a rate strays from its middle, in millionths."""

STEP: Final = 4_000
SMOOTHING_DAYS: Final = 5
LEAD_DAYS: Final = 60
"""Rates begin this many days before the first document: advance payments may come earlier."""


@dataclass(frozen=True)
class Rates:
    """Rates in millionths of the ledger currency, by currency and calendar day; a weekend has Friday's."""

    first_day: int
    ppm: npt.NDArray[np.int64]

    def at(self, currency: Ints, day: Ints) -> Ints:
        """Look up the rate of each currency on its day."""
        rates: Ints = self.ppm[currency, day - self.first_day]
        return rates

    def quoted_days(self) -> Ints:
        """List the days a rate is published: the weekdays."""
        days = self.first_day + np.arange(self.ppm.shape[1], dtype=np.int64)
        return days[weekday(days) < 5]


def draw_rates(spec: Spec) -> Rates:
    """Draw the rates of all currencies up to the as-of day; the ledger currency's is 1."""
    first = spec.start_day - LEAD_DAYS
    days = np.arange(first, spec.as_of_day + 1, dtype=np.int64)
    last_quoted = np.maximum(days - np.maximum(weekday(days) - 4, 0), first)
    rows = [np.full(len(days), PPM, dtype=np.int64)]
    for currency in CURRENCIES[1:]:
        walk = _walk(stream(spec.seed, f"rate {currency}"), len(days))
        rows.append((MIDDLE[currency] + walk)[last_quoted - first])
    return Rates(first, np.stack(rows))


def _walk(rng: np.random.Generator, size: int) -> Ints:
    """Walk in small averaged steps, turning back softly at the edges of the band."""
    path = np.cumsum(below(rng, 2 * STEP + 1, size + SMOOTHING_DAYS) - STEP)
    smooth = np.convolve(path, np.ones(SMOOTHING_DAYS, dtype=np.int64), mode="valid")[:size] // SMOOTHING_DAYS
    folded = (smooth + BAND) % (4 * BAND)
    return np.where(folded > 2 * BAND, 4 * BAND - folded, folded) - BAND
