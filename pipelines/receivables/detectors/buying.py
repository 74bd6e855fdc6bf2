"""The statistical detectors, tests and control charts: what is bought, how often, of what, and how late it is paid."""

from __future__ import annotations

from typing import Final

from receivables.detectors.detector import Detector, Need

_BOUGHT: Final = (Need("marts.buying_month"),)
_BY_GROUP: Final = (Need("marts.buying_group_month", ("product_group",)),)
_PAID: Final = (Need("marts.payment_day"),)

DETECTORS: Final[tuple[Detector, ...]] = (
    Detector("off_season_bulk", "buying", "S49", "medium", _BOUGHT, kind="test"),
    Detector("repeated_bulk", "buying", "S49", "medium", _BOUGHT, kind="test"),
    Detector("order_rate_jump", "buying", "S49", "medium", _BOUGHT, kind="test"),
    Detector("mix_change", "buying", "S54", "medium", _BY_GROUP, kind="test"),
    Detector("large_order", "buying", "S49", "medium", _BOUGHT, kind="chart"),
    Detector("lateness_drift", "buying", "S53", "medium", _PAID, kind="chart"),
)
