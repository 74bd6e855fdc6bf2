"""The two kinds of business a sample can be, with the published figures that their customers' lateness follows."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from receivables.world.bands import BANDS
from receivables.world.dials import PER_MILLE, Preset
from receivables.world.draws import PPM

BENCHMARK_A: Final = ((30, 938), (61, 852), (91, 736), (182, 578), (274, 428), (365, 266), (730, 136))
"""Days after the due date, and per mille of what is still owed then that is collected in the end: the practitioners' version of the
survey among members of the Commercial Law League of America, quoted since the 1990s."""

LOST: Final = 8_000
"""Of a million instalments, those that never end in cash."""

STILL_OPEN: Final = (1000, 1000, 1000, 1000, 960, 900, 640)
"""Of these, per mille not yet written off at each age of the benchmark."""

NEVER_WRITTEN_OFF: Final = 300
"""Of these, per mille that stay open for ever."""

PROMPT: Final = (28, 20, 15, 13, 13, 11)
"""Percent of what is paid within 30 days after the due date, by band."""


def benchmark_bands() -> tuple[int, ...]:
    """Share a million instalments out to the bands so that what is collected after each age follows the benchmark.

    What is still owed at an age either will be collected (the benchmark's share) or will not; how much will not is set by the losses,
    and so the first follows from the second.
    """
    lost = [LOST * share // PER_MILLE for share in STILL_OPEN]
    later = [gone * p // (PER_MILLE - p) for gone, (_, p) in zip(lost, BENCHMARK_A, strict=True)]
    prompt = PPM - LOST - later[0]
    cash = [prompt * share // 100 for share in PROMPT] + [before - after for before, after in pairwise([*later, 0])]
    never = LOST * NEVER_WRITTEN_OFF // PER_MILLE
    losses = [before - after for before, after in pairwise([*lost[3:], never])]
    bands = [*cash, *losses, never]
    bands[0] += PPM - sum(bands)
    return tuple(bands)


HIGHRADIUS: Final = (369_650, 211_250, 271_300, 80_450, 31_725, 13_550, 17_100, 3_825, 1_150)
"""What was measured on the 40,000 settled invoices of a food company (highradius), in millionths: 41.9 % paid late, 2.2 % by more
than 30 days, nothing lost."""

DISTRIBUTOR: Final = Preset(
    name="distributor",
    bands=benchmark_bands(),
    type_shares=(360, 270, 130, 100, 80, 60),
    plants=True,
    cash_customers=True,
)
PUNCTUAL: Final = Preset(
    name="punctual",
    bands=(*HIGHRADIUS, *[0] * (len(BANDS) - len(HIGHRADIUS))),
    type_shares=(900, 60, 20, 10, 10, 0),
    plants=False,
    cash_customers=False,
)
PRESETS: Final = {preset.name: preset for preset in (DISTRIBUTOR, PUNCTUAL)}
