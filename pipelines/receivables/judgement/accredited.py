"""The published list of accredited payers, as it was at every review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from receivables.judgement.rating_tables import HISTORY
from receivables.judgement.writing import write

if TYPE_CHECKING:
    from receivables.engine import Connection
    from receivables.settings import Settings

TABLE: Final = "marts.accredited_payer"

_GRAIN: Final = (
    "One row per customer and review (marts.rating_history) at which it is on the list of accredited payers (is_accredited), or at which it left it, from what had been told by then: of a past review those with"
    " is_accredited are the list of that day. The list is renewed at each re-rating, by what a customer must show (settings); between them nobody joins, and hard events and a grade set lower by hand"
    " strike off at once. since: the review from which on it was on the list without a gap, is_older: or earlier, as it is the first re-rating told; holds_until: the next re-rating, NULL for who left;"
    " fault: why it left, the gravest of hard_event, override, overdue, late, index, short_record."
)
_SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("company_id", "customer_id")),
        ("review_date", pa.date32()),
        ("is_accredited", pa.bool_()),
        ("since", pa.date32()),
        ("is_older", pa.bool_()),
        ("holds_until", pa.date32()),
        ("fault", pa.string()),
    ]
)
_REVIEWS: Final = f"""
select
  history.company_id, history.customer_id, history.review_date::timestamp as review_date, history.is_rerating, behaviour.payment_index::double as payment_index, behaviour.late_7_share::double as late_7_share,
  behaviour.items::double as items, behaviour.tenure_months::double as tenure_months, history.cap is not null as has_hard_event, history.grade, history.ruled_grade,
  (behaviour.overdue_local * 10000)::bigint as overdue
from {HISTORY} as history
inner join marts.payment_behaviour as behaviour
  on history.review_date = behaviour.period_end and history.company_id = behaviour.company_id and history.customer_id = behaviour.customer_id
order by history.company_id, history.review_date, history.customer_id
"""


def judge_accredited(con: Connection, settings: Settings) -> None:
    """Write `marts.accredited_payer` from `marts.rating_history` and `marts.payment_behaviour`."""
    is_told = con.execute(f"select 1 from {HISTORY} limit 1").fetchall()
    write(con, TABLE, _listed(con, settings) if is_told else _SCHEMA.empty_table(), _GRAIN)


def _listed(con: Connection, settings: Settings) -> pa.Table:
    import numpy as np
    import pandas as pd

    from receivables.policy import accredited, grades

    never = np.full(1, np.datetime64("NaT", "D"))
    found: list[pa.Table] = []
    reviews = pd.DataFrame(con.execute(_REVIEWS).fetchnumpy())
    for company_id, mine in reviews.groupby("company_id", sort=True):
        listed = accredited.renew(mine, settings.accredited)
        until = {
            day: grades.next_review(day.date(), never, settings.rating)[0].item()
            for day in listed["review_date"].unique()
        }
        ends = listed["review_date"].map(until).astype("object").where(listed["is_accredited"], None)
        listed = listed.assign(company_id=company_id, holds_until=ends)
        found.append(pa.Table.from_pandas(listed[_SCHEMA.names], _SCHEMA, preserve_index=False))
    return pa.concat_tables(found) if found else _SCHEMA.empty_table()
