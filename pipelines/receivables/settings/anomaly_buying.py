"""What statistical detectors take for a sign: seasons, rates, mixes, drifts."""

from __future__ import annotations

from receivables.settings.section import Section


class AnomalyBuying(Section):
    """When buying or paying differs from what is usual by more than chance."""
