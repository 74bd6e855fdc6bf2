"""What detectors of conduct take for a sign: what customers say, promise, and become."""

from __future__ import annotations

from receivables.settings.section import Section


class AnomalyConduct(Section):
    """When what a customer says, promises or changes is a sign."""
