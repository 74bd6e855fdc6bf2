"""The statistical detectors, tests and control charts: what is bought, how often, of what, and how late it is paid."""

from __future__ import annotations

from typing import Final

from receivables.detectors.detector import Detector, Need
from receivables.settings import AnomalyBuying

_BOUGHT: Final = (Need("marts.buying_month"),)
_BY_GROUP: Final = (Need("marts.buying_group_month", ("product_group",)),)
_PAID: Final = (Need("marts.payment_day"),)


def _settings_of(prefix: str) -> tuple[str, ...]:
    """The settings of the family whose names begin so."""
    return tuple(name for name in AnomalyBuying.model_fields if name.startswith(prefix))


_MONTHS: Final = ("history_months", "window_months", "level_months", "own_season_years", "times_min")
_BULK: Final = (*_MONTHS, "orders_min", "grave_times", "off_season_index_max")

DETECTORS: Final[tuple[Detector, ...]] = (
    Detector(
        *("off_season_bulk", "buying", "S49", "medium", _BOUGHT),
        kind="test",
        thresholds=(*_BULK, "months_min", "off_season_level_min", "off_season_share_min"),
    ),
    Detector(
        *("repeated_bulk", "buying", "S49", "medium", _BOUGHT),
        kind="test",
        thresholds=(*_BULK, "pooled_months_min"),
    ),
    Detector(
        *("order_rate_jump", "buying", "S49", "medium", _BOUGHT),
        kind="test",
        thresholds=(*_MONTHS, "rate_months_min", "rate_orders_min"),
    ),
    Detector("mix_change", "buying", "S54", "medium", _BY_GROUP, kind="test", thresholds=_settings_of("mix_")),
    Detector(
        *("large_order", "buying", "S49", "medium", _BOUGHT),
        kind="chart",
        thresholds=(
            "history_months",
            "window_months",
            "orders_min",
            "grave_times",
            "off_season_index_max",
            *_settings_of("large_order_"),
        ),
    ),
    Detector(
        *("lateness_drift", "buying", "S53", "medium", _PAID),
        kind="chart",
        thresholds=("history_months", *_settings_of("drift_")),
    ),
)
