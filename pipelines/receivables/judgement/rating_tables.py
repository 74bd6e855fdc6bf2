"""The tables that rating writes, and the hard events it knows."""

from typing import Final

RATING: Final = "marts.rating"
HISTORY: Final = "marts.rating_history"
MIGRATION: Final = "marts.rating_migration"
ATTRIBUTE: Final = "marts.rating_attribute"
BACKTEST: Final = "marts.rating_backtest"
BAD_RATE: Final = "marts.rating_bad_rate"
FIT: Final = "marts.statistical_card_fit"
CARD: Final = "marts.statistical_card"
SCORE: Final = "marts.statistical_score"

EVENTS: Final = ("insolvency", "closure", "bounced_instrument", "broken_plan", "overdue_90", "default", "lawsuit")
"""Hard events as `marts.hard_event` names them."""

EXPERT: Final = "expert"
STATISTICAL: Final = "statistical"
"""Cards that score, as `rating.card` names them."""

STATISTICAL_COLUMNS: Final = {
    FIT: "company_id varchar, fitted_on date, is_fitted boolean, reason varchar, cases bigint, customers bigint, bads bigint, bads_needed bigint, attributes bigint,"
    " intercept double, penalty double",
    CARD: "company_id varchar, fitted_on date, attribute varchar, block varchar, state varchar, bin bigint, lower double, upper double, is_missing boolean, worth varchar,"
    " cases bigint, bads bigint, woe double, points double, iv double, is_suspect boolean, coefficient double",
    SCORE: "company_id varchar, customer_id varchar, review_date date, chance double, points double, score double, expert_score double",
}
"""The tables of the statistical card: columns and types."""
