"""What is said of the statistical detectors, tests and charts, and of what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final[Mapping[str, str]] = {
    "off_season_bulk": N_("Bulk buying out of season"),
    "repeated_bulk": N_("Repeated bulk buying"),
    "order_rate_jump": N_("Orders far more often"),
    "large_order": N_("An order far above its usual ones"),
    "mix_change": N_("Buys other goods than before"),
    "lateness_drift": N_("Pays later and later"),
}
"""The name of each detector's flag, by detector."""

TESTED: Final[Mapping[str, str]] = {
    "off_season_bulk": N_("Months in which far more than usual was bought of goods out of season."),
    "repeated_bulk": N_("Months in which far more was bought than is usual for the customer at that time of the year."),
    "order_rate_jump": N_("Months with far more orders than is usual for the customer at that time of the year."),
    "large_order": N_(
        "Single orders so far above what the customer orders at a time that its own orders make one like it less than once in many years."
    ),
    "mix_change": N_("Shares of product groups in the last year that differ from the year before by more than chance."),
    "lateness_drift": N_("Customers that paid about on time and whose latest payments come ever later."),
}
"""What each detector looks for, in a sentence."""

EVIDENCE: Final[Mapping[str, str]] = {
    "off_season_bulk": N_(
        "In the month from %(day)s it bought %(amount_local)s of goods out of season, most of them %(word)s: %(measured)s times the usual; largest order %(item_id)s of %(other_day)s."
    ),
    "off_season_bulk_all": N_(
        "In the month from %(day)s it bought %(amount_local)s of goods out of season: %(measured)s times the usual; largest order %(item_id)s of %(other_day)s."
    ),
    "repeated_bulk": N_(
        "In the month from %(day)s it bought %(amount_local)s, %(measured)s times the usual; largest order %(item_id)s of %(other_day)s."
    ),
    "order_rate_jump": N_(
        "Orders in the month from %(day)s: %(measured)s, usual: %(usual)s; together %(amount_local)s, the last %(item_id)s of %(other_day)s."
    ),
    "large_order": N_(
        "Order %(item_id)s of %(other_day)s over %(amount_local)s is %(measured)s times its usual order; the largest one before was %(usual)s times."
    ),
    "large_order_off_season": N_(
        "Out of season, order %(item_id)s of %(other_day)s over %(amount_local)s, most of it %(word)s, is %(measured)s times its usual order; the largest one before was %(usual)s times."
    ),
    "large_order_off_season_all": N_(
        "Out of season, order %(item_id)s of %(other_day)s over %(amount_local)s is %(measured)s times its usual order; the largest one before was %(usual)s times."
    ),
    "mix_gain": N_(
        "Buys more of %(word)s: %(measured_share)s of its purchases (%(amount_local)s), before %(usual_share)s."
    ),
    "mix_gain_rest": N_(
        "Buys more of other goods: %(measured_share)s of its purchases (%(amount_local)s), before %(usual_share)s."
    ),
    "mix_loss": N_(
        "Buys less of %(word)s: %(measured_share)s of its purchases (%(amount_local)s), before %(usual_share)s."
    ),
    "mix_loss_rest": N_(
        "Buys less of other goods: %(measured_share)s of its purchases (%(amount_local)s), before %(usual_share)s."
    ),
    "lateness_drift": N_(
        "Since %(day)s it pays on average %(measured)s days after the due date, before %(usual)s; %(amount_local)s was paid so, most of it for %(item_id)s on %(other_day)s."
    ),
}
"""The sentence of each piece of evidence, by code; it may name the columns of a sign."""
