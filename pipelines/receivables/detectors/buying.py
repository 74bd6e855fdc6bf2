"""The detectors of buying."""

from __future__ import annotations

from typing import Final

from receivables.detectors.detector import Detector

DETECTORS: Final[tuple[Detector, ...]] = ()
