"""All detectors of anomalies, each declared once: what data it needs, what it weighs, how long it is silent."""

from __future__ import annotations

from typing import Final

from receivables.detectors import buying, conduct, ledger
from receivables.detectors.detector import EVIDENCE, SIGN, TURNS, WEIGHTS, Detector, Need, Severity

DETECTORS: Final[dict[str, Detector]] = {
    one.id: one for family in (conduct, ledger, buying) for one in family.DETECTORS
}
"""By id."""

__all__ = ["DETECTORS", "EVIDENCE", "SIGN", "TURNS", "WEIGHTS", "Detector", "Need", "Severity"]
