"""What kind of payer every customer is, and whether who does not pay cannot or will not, from payment behaviour of two years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from receivables.engine import comment

if TYPE_CHECKING:
    import pandas as pd

    from receivables.engine import Connection
    from receivables.settings import Settings

TABLE: Final = "marts.customer_type"

_GRAIN: Final = (
    "One row per customer of marts.payment_behaviour at the as-of date: customer_type (punctual, slow, hardship, chain_debt, evader, malicious; unknown where confidence is below a"
    " setting), likeliest, the type with the greatest chance, and confidence, that chance as a share of 1; intent (pays, cannot_pay, will_not_pay, unknown) alike. evidence: JSON list of {code,"
    " params}, what speaks most for the likeliest type against the average of all. A judgement from declared weights, no fact."
)
_COLUMNS: Final = "customer_type varchar, likeliest varchar, confidence double, intent varchar, intent_confidence double, evidence varchar"
_YEAR: Final = 12
"""Months between the two days looked at: what was said counts for the twelve months before each."""


def judge_customer_type(con: Connection, settings: Settings) -> None:
    """Write `marts.customer_type` from `marts.payment_behaviour` at the as-of date and at the month end a year before it."""
    if not con.execute("select 1 from marts.payment_behaviour limit 1").fetchall():
        con.execute(f"create table {TABLE} (as_of date, company_id varchar, customer_id varchar, {_COLUMNS})")
        comment(con, TABLE, _GRAIN)
        return
    from receivables.policy import customer_type

    as_of, year_before = con.execute(
        "select max(period_end), max(case when period_end <= last_day((getvariable('as_of') - to_months(?))::date) and period_end < getvariable('as_of') then period_end end)"
        " from marts.payment_behaviour",
        [_YEAR],
    ).fetchall()[0]
    behaviour = _told(con, as_of)
    before = _told(con, year_before) if year_before is not None else None
    found = customer_type.classify(behaviour, settings.customer_type, before).customers.reset_index()
    reasons = [str(name) for name in found if str(name).startswith("evidence_") and str(name).count("_") == 1]
    con.register("told", found.astype(dict.fromkeys([*reasons, "customer_type", "likeliest", "intent"], "object")))
    listed = ", ".join(
        f'case when told.{name} is not null then \'{{"code": "\' || told.{name} || \'", "params": {{"value": \' || round(told.{name}_value, 4)::varchar || \'}}}}\' end'
        for name in reasons
    )
    con.execute(
        f"create table {TABLE} as select getvariable('as_of') as as_of, behaviour.company_id, told.customer_id, told.customer_type, told.likeliest, told.confidence, told.intent,"
        f" told.intent_confidence, '[' || concat_ws(', ', {listed}) || ']' as evidence from told inner join marts.payment_behaviour as behaviour"
        " on told.customer_id = behaviour.customer_id and behaviour.period_end = getvariable('as_of') order by behaviour.company_id, told.customer_id"
    )
    con.unregister("told")
    comment(con, TABLE, _GRAIN)


def _told(con: Connection, day: Any) -> pd.DataFrame:
    """The columns that types are told by, by customer."""
    from receivables.policy.customer_type import COLUMNS

    numbers = ", ".join(f"{name}::double as {name}" for name in COLUMNS)
    query = f"select customer_id, {numbers} from marts.payment_behaviour where period_end = ? order by customer_id"
    return con.execute(query, [day]).df().set_index("customer_id")
