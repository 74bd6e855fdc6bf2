"""The tables that rating writes, and the hard events it knows."""

from typing import Final

RATING: Final = "marts.rating"
HISTORY: Final = "marts.rating_history"
MIGRATION: Final = "marts.rating_migration"
ATTRIBUTE: Final = "marts.rating_attribute"
BACKTEST: Final = "marts.rating_backtest"
BAD_RATE: Final = "marts.rating_bad_rate"

EVENTS: Final = ("insolvency", "closure", "bounced_instrument", "broken_plan", "overdue_90", "default", "lawsuit")
"""Hard events as `marts.hard_event` names them."""
