"""What had been told of customers by a period end, as the scorecard and the hard events ask it, and what the expert card says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from receivables.policy import scorecard

if TYPE_CHECKING:
    from datetime import date

    from receivables.engine import Connection
    from receivables.policy.scorecard import Scored
    from receivables.settings import Scorecard, Settings

_FACTS: Final = """
select
  company_id, customer_id, is_watched, years_trading, paid_in_share, fixed_assets_to_turnover, return_on_operating_assets, inventory_turnover, debt_to_asset_ratio,
  current_ratio, null::double as altman_z, payment_index::double as payment_index, share_late_30::double as share_late_30, max_days_late::double as max_days_late,
  broken_promises::double as broken_promises, trend_days::double as trend_days, days_beyond_terms::double as days_beyond_terms, agreed_days::double as agreed_days,
  paid_in_share_age::double as paid_in_share_age, fixed_assets_to_turnover_age::double as fixed_assets_to_turnover_age,
  return_on_operating_assets_age::double as return_on_operating_assets_age, inventory_turnover_age::double as inventory_turnover_age,
  debt_to_asset_ratio_age::double as debt_to_asset_ratio_age, current_ratio_age::double as current_ratio_age,
  insolvency::double as insolvency, closure::double as closure, bounced_instrument::double as bounced_instrument, broken_plan::double as broken_plan,
  overdue_90::double as overdue_90, default_event::double as "default", lawsuit::double as lawsuit
from marts.rating_fact where period_end = ?
order by company_id, customer_id
"""
REGISTRY: Final = "marts.registry_event"
_EVENTS: Final = f"""
select customer_id, kind, event_date::timestamp as event_date, known_on::timestamp as known_on
from {REGISTRY}
order by customer_id, event_date, kind
"""
_AGING: Final = [
    *("paid_in_share", "fixed_assets_to_turnover", "return_on_operating_assets", "inventory_turnover"),
    *("debt_to_asset_ratio", "current_ratio"),
]
"""Facts that go stale."""


class Facts:
    """The facts of all customers at any period end of `marts.rating_fact`."""

    def __init__(self, con: Connection, card: Scorecard) -> None:
        self.con, self.card = con, card
        self.registry = con.execute(_EVENTS).df()

    def on(self, day: date) -> pd.DataFrame:
        """A row per customer that can be rated then: its ids, the facts of the card, their ages in months (`*_age`), and days since each hard event."""
        # doubles and texts come over as they are; a frame made by the engine asks of every column what its NULL is
        facts = pd.DataFrame(self.con.execute(_FACTS, [day]).fetchnumpy())
        known = self.registry[self.registry["known_on"] <= pd.Timestamp(day)]
        worst = scorecard.worst_registry_event(known, pd.Index(facts["customer_id"]), day, self.card).to_numpy()
        facts["registry_event"] = pd.Series(worst, index=facts.index, dtype="object").where(facts["is_watched"], None)
        return facts


def ages_of(facts: pd.DataFrame) -> pd.DataFrame:
    """Months since the day that each fact tells of which goes stale."""
    return facts[[f"{name}_age" for name in _AGING]].set_axis(_AGING, axis=1)


def scored_by_company(facts: pd.DataFrame, settings: Settings) -> dict[str, Scored]:
    """What the expert card says, company by company: each is a portfolio of its own, whose medians stand in for what is missing."""
    ages = ages_of(facts)
    return {
        str(company_id): scorecard.score(mine, settings.scorecard, settings.rating, ages=ages.loc[mine.index])
        for company_id, mine in facts.groupby("company_id", sort=True)
    }
