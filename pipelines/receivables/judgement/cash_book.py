"""What was told of invoices, as arrays in the order of their payers, with the days on which each of them pays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from receivables.policy.expected_cash import Book, Payers
from receivables.policy.paying_days import PayingDays, agreed_days, paying_days

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.engine import Connection
    from receivables.settings import Settings

    Ints = npt.NDArray[np.int64]

_DAYS: Final = ("due", "doc_date", "counts_from", "seen_after", "told_on", "exit_day", "exit_told_on")
_ROWS: Final = """
with placed as (
  select
    company_id, customer_id,
    coalesce(segment_of('{kind}', company_id, territory, salesperson, grade, terms, amount_band, customer_type), '') as segment,
    due_date_original as due, doc_date, counts_from, seen_after, debt_recorded_on as told_on, exit_date as exit_day, exit_recorded_on as exit_told_on,
    cause, amount_local
  from marts.payment_tranche
),
summed as (
  select company_id, customer_id, segment, {days}, cause, sum(amount_local)::double as amount, count(*)::bigint as count
  from placed
  group by company_id, customer_id, segment, {days}, cause
)
select
  dense_rank() over (order by company_id, customer_id, segment)::bigint - 1 as payer,
  {numbers}, cause::bigint as cause, amount, count
from summed
order by payer, {days}, cause
"""
_PAYERS: Final = """
with payer as (
  select distinct
    company_id, customer_id,
    coalesce(segment_of('{kind}', company_id, territory, salesperson, grade, terms, amount_band, customer_type), '') as segment
  from marts.payment_tranche
)
select
  company_id, customer_id,
  dense_rank() over (order by company_id)::bigint - 1 as company,
  dense_rank() over (order by company_id, customer_id)::bigint - 1 as customer,
  dense_rank() over (order by company_id, segment)::bigint - 1 as segment
from payer
order by company_id, customer_id, segment
"""
_AGREED: Final = """
select contract.company_id, contract.customer_id, contract.paydays, coalesce(contract.valid_from, contract.signed_date, date '1900-01-01') as valid_from,
  coalesce(contract.valid_to, date '9999-12-31') as valid_to, contract.recorded_at::date as recorded_on
from core.contract as contract
where contract.paydays is not null and contract.signed_date is not null
order by contract.company_id, contract.customer_id, valid_from, contract.contract_id
"""


@dataclass(frozen=True)
class _Agreed:
    """Paydays of some payers in a contract: their calendar, and when it is valid and known."""

    payers: list[int]
    calendar: int
    valid_from: date
    valid_to: date
    recorded_on: date


@dataclass(frozen=True)
class CashBook:
    """Everything a forecast is made of."""

    company_ids: list[str]
    payers: Payers
    book: Book
    days: PayingDays
    window_months: int
    agreed: list[_Agreed]

    def window_from(self, day: date) -> date:
        """The first day that the recent months before a day look at."""
        month = day.year * 12 + day.month - 1 - self.window_months
        year, month = month // 12, month % 12 + 1
        following = date(year + month // 12, month % 12 + 1, 1)
        return date(year, month, min(day.day, (following - date(year, month, 1)).days))

    def calendar_of(self, day: date, *, as_told: bool) -> Ints:
        """The calendar of each payer on a day: of a contract with paydays that is then valid (and told by then), else its company's."""
        found = self.payers.company.copy()
        for contract in self.agreed:
            if contract.valid_from <= day <= contract.valid_to and (not as_told or contract.recorded_on <= day):
                found[contract.payers] = contract.calendar
        return found


def read_cash_book(con: Connection, settings: Settings) -> CashBook:
    """Read `marts.payment_tranche`, the business days and the paydays of contracts."""
    kind = settings.forecast.segment
    whose: dict[str, Any] = con.execute(_PAYERS.format(kind=kind)).fetchnumpy()
    numbers = ", ".join(f"date_diff('day', date '1970-01-01', {name})::bigint as {name}" for name in _DAYS)
    rows: dict[str, Any] = con.execute(_ROWS.format(kind=kind, days=", ".join(_DAYS), numbers=numbers)).fetchnumpy()
    company_ids = list(dict.fromkeys(map(str, whose["company_id"])))
    days, agreed = _calendars(con, company_ids, whose)
    return CashBook(
        company_ids,
        Payers(*(np.asarray(whose[name]) for name in ("company", "customer", "segment"))),
        Book(**{name: np.asarray(values) for name, values in rows.items()}),
        days,
        settings.curve.window_months,
        agreed,
    )


def _calendars(con: Connection, company_ids: list[str], whose: dict[str, Any]) -> tuple[PayingDays, list[_Agreed]]:
    """The calendars of the companies, in their order, then those of paydays agreed with customers."""
    span = con.execute(
        "select date_diff('day', date '1970-01-01', min(day)), date_diff('day', min(day), max(day)) + 1 from params.business_day"
    ).fetchall()[0]
    first, length = (0, 1) if span[0] is None else span
    open_days = np.ones((len(company_ids), length), dtype=np.bool_)
    at = {company_id: place for place, company_id in enumerate(company_ids)}
    off = con.execute(
        "select company_id, date_diff('day', date '1970-01-01', day) - ? from params.business_day where not is_business_day",
        [first],
    ).fetchall()
    for company_id, place in off:
        if company_id in at:
            open_days[at[company_id], place] = False
    calendars = list(open_days)
    places: dict[tuple[str, str], int] = {}
    agreed: list[_Agreed] = []
    payers_of: dict[tuple[str, str], list[int]] = {}
    for payer, key in enumerate(zip(whose["company_id"], whose["customer_id"], strict=True)):
        payers_of.setdefault(key, []).append(payer)
    for company_id, customer_id, paydays, valid_from, valid_to, recorded_on in con.execute(_AGREED).fetchall():
        if (company_id, customer_id) not in payers_of:
            continue
        place = places.get((company_id, paydays))
        if place is None:
            place = places[company_id, paydays] = len(calendars)
            calendars.append(agreed_days(paydays, first, open_days[at[company_id]]))
        agreed.append(_Agreed(payers_of[company_id, customer_id], place, valid_from, valid_to, recorded_on))
    together = np.stack(calendars) if calendars else np.ones((1, length), dtype=np.bool_)
    return paying_days(first, together), agreed
