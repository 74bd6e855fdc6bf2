"""What is found of each curve, by columns: their names and types in SQL."""

from __future__ import annotations

from typing import Final

KEYS: Final = dict.fromkeys(("history", "basis", "segment_kind", "segment", "weight"), "varchar")
"""Which curve."""
SHRUNK: Final = ("cash_shrunk", "loss_shrunk", "dilution_shrunk", "transferred_shrunk", "open_share_shrunk")
"""A segment's shares drawn to its company's."""
SUPPORT: Final = KEYS | {
    "age_days": "bigint",
    "customers_at_risk": "bigint",
    **dict.fromkeys(("largest_share", "cash_lo", "cash_hi", *SHRUNK), "double"),
    "reason": "varchar",
}
"""Who stands behind a curve at an age, its interval, and the curve drawn to its company's."""
CHANCE: Final = KEYS | {
    "overdue_days": "integer",
    "horizon_days": "integer",
    **dict.fromkeys(("p", "p_lo", "p_hi", "upper_bound", "loss"), "double"),
    "reason": "varchar",
}
"""The chance of success within days from days overdue."""
BENCHMARK: Final = {"overdue_days": "integer", "benchmark_a": "double", "benchmark_d": "double"}
"""What surveys say of days overdue."""
