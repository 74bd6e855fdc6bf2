"""Small lines for pages without scripts: the points of an SVG polyline, in a box of fixed size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

WIDTH: Final = 200
HEIGHT: Final = 48
_MARGIN: Final = 4


@dataclass(frozen=True, slots=True)
class Spark:
    """A line in a box of WIDTH by HEIGHT: `parts` are the points of its pieces between gaps, `end` the place of the last value (None: a gap), `zero` the height of zero."""

    parts: tuple[str, ...]
    end: tuple[float, float] | None
    zero: float


def spark(values: Sequence[Decimal | None], full: int = 0) -> Spark:
    """Draw values one after the other, upwards from zero, which is always in sight, as `full` is; None is a gap."""
    known = [float(value) for value in values if value is not None]
    low, high = min(0.0, *known), max(float(full), 0.0, *known)
    scale, step = (HEIGHT - 2 * _MARGIN) / ((high - low) or 1.0), (WIDTH - 2 * _MARGIN) / max(len(values) - 1, 1)
    parts: list[list[str]] = [[]]
    end: tuple[float, float] | None = None
    for place, value in enumerate(values):
        if value is None:
            end = None
            parts.append([])
            continue
        end = (round(_MARGIN + place * step, 1), round(HEIGHT - _MARGIN - (float(value) - low) * scale, 1))
        parts[-1].append(f"{end[0]},{end[1]}")
    zero = round(HEIGHT - _MARGIN + low * scale, 1)
    return Spark(tuple(" ".join(part) for part in parts if part), end, zero)
