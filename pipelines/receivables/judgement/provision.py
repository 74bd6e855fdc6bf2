"""What the models of expected loss need of judgement: where the roll rates lead, how rare a loss may still be, and which vintages are worse than before."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from receivables.distributions import jackknife_error, student_t
from receivables.judgement.writing import write
from receivables.policy import provision

if TYPE_CHECKING:
    from receivables.engine import Connection
    from receivables.settings import Curve, Settings
    from receivables.settings import Provision as ProvisionSettings

EXPECTATION: Final = "marts.roll_expectation"
EVIDENCE: Final = "marts.loss_evidence"
CHANGE: Final = "marts.vintage_change"

_SCALE: Final = 10_000
"""Money in units of the ledger's last decimal: whole numbers, of which leaving a customer out leaves exactly the others."""

_GRAIN: Final = {
    EXPECTATION: "One row per company and month bucket of marts.roll_rate that history tells: what becomes of money in it in the end, were every month as those looked at"
    " (a Markov chain): paid, lost, diluted as shares of 1, untold: what reaches a bucket history tells nothing of, or never leaves one;"
    " expected_months until then; paid_present_value: the cash as a share of it, discounted by a setting. A management estimate.",
    EVIDENCE: "One row per company and aging bucket: cases, the pieces of invoices that in the recent history left after the first day of the bucket as cash, loss or transfer,"
    " lost_cases of them as loss; loss_lower, loss_upper: the 95 % interval of the share lost, by Jeffreys.",
    CHANGE: "One row per company and vintage: rate, the share collected so many months after due (a setting), prior_rate, the mean of the vintages before it (a setting says how many), change, the"
    " difference, with its 95 % interval, leaving out one customer at a time; verdict: worse or better where the interval excludes 0, else no_change."
    " NULL where it cannot be told: reason is too_few_vintages or few_customers.",
}

_CASES: Final = """
select
  event.company_id, bucket.bucket,
  sum(event.cash_count + event.loss_count + event.transferred_count)::bigint as cases, sum(event.loss_count)::bigint as lost_cases
from marts.curve_event as event
inner join params.bucket as bucket on bucket.is_aged and event.age_days >= coalesce(bucket.lower_days, 0)
where event.history = '24m' and event.segment_kind = 'company'
group by event.company_id, bucket.bucket
order by event.company_id, bucket.bucket
"""
_WATCHED: Final = """
select company_id, vintage from marts.vintage where months = {months} and billed_local > 0 order by company_id, vintage
"""
_CUSTOMERS: Final = """
with watched as (
  select company_id, vintage, months, row_number() over (order by company_id, vintage) - 1 as place
  from marts.vintage where months = {months} and billed_local > 0
),
summed as (
  select
    tranche.company_id, watched.place, tranche.customer_id, sum(tranche.amount_local) as billed,
    sum(case
      when tranche.cause = 1 and months_after(tranche.due_date_original, tranche.exit_date) <= watched.months then tranche.amount_local
    end) as collected
  from marts.exposure_tranche as tranche
  inner join watched on tranche.company_id = watched.company_id and date_trunc('month', tranche.due_date_original)::date = watched.vintage
  where tranche.entry_age = -1 and tranche.cause <> 3
  group by tranche.company_id, watched.place, tranche.customer_id
),
who as (
  select company_id, customer_id, row_number() over (partition by company_id order by customer_id) - 1 as customer
  from (select distinct company_id, customer_id from summed)
)
select
  summed.place, who.customer,
  (summed.billed * {scale})::hugeint::double as billed, (coalesce(summed.collected, 0) * {scale})::hugeint::double as collected
from summed
inner join who on summed.company_id = who.company_id and summed.customer_id = who.customer_id
"""


def judge_provision(con: Connection, settings: Settings) -> None:
    """Write `marts.roll_expectation`, `marts.loss_evidence` and `marts.vintage_change`, from `marts.roll_rate`, `marts.curve_event` and `marts.vintage`."""
    for name, table in (
        (EXPECTATION, _expectations(con, settings.provision)),
        (EVIDENCE, _evidence(con)),
        (CHANGE, _changes(con, settings.provision, settings.curve)),
    ):
        write(con, name, table, _GRAIN[name])


def _expectations(con: Connection, settings: ProvisionSettings) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in _EXPECTATION.names}
    rows = con.execute(
        "select company_id, list(bucket order by months), list(coalesce(stays, 0) order by months), list(coalesce(rolls, 0) order by months),"
        " list([paid, lost, diluted] order by months), list(stays is not null order by months)"
        " from marts.roll_rate where company_id in (select company_id from marts.roll_rate where stays is not null) group by company_id order by company_id"
    ).fetchall()
    discount = (1 + float(settings.discount_rate)) ** (-1 / 12)
    for company_id, buckets, stays, rolls, ends, told in rows:
        chain = _chain(stays, rolls, ends, told)
        found = provision.absorption(*chain, discount)
        for place in np.flatnonzero(told).tolist():
            paid, lost, diluted, untold = found.ends[place].tolist()
            values = (paid, lost, diluted, untold, found.expected_months[place], found.present_value[place, 0])
            for name, value in zip(_EXPECTATION.names, (company_id, buckets[place], *values), strict=True):
                columns[name].append(value)
    return pa.table(columns, _EXPECTATION)


def _chain(stays: Any, rolls: Any, ends: Any, told: Any) -> tuple[Any, Any]:
    """The moves between the buckets and their ends: paid, lost, diluted, and untold for a bucket without history or that nothing leaves."""
    size = len(stays)
    moves = np.diag(np.array(stays)) + np.diag(np.array(rolls)[:-1], 1)
    known = np.array(told) & (np.array(stays) < 1)
    moves[~known] = 0
    shares = np.array([[share or 0.0 for share in row] for row in ends]) * known[:, None]
    return moves, np.column_stack([shares, np.ones(size) - moves.sum(axis=1) - shares.sum(axis=1)])


def _evidence(con: Connection) -> pa.Table:
    cases: pa.Table = con.sql(_CASES).to_arrow_table()
    told = zip(cases["lost_cases"].to_pylist(), cases["cases"].to_pylist(), strict=True)
    bounds = [provision.jeffreys_interval(lost, count) for lost, count in told]
    for place, name in enumerate(("loss_lower", "loss_upper")):
        cases = cases.append_column(name, pa.array([bound[place] for bound in bounds], pa.float64()))
    return cases


def _changes(con: Connection, settings: ProvisionSettings, curve: Curve) -> pa.Table:
    watched = con.execute(_WATCHED.format(months=settings.watch_months)).fetchall()
    cells: dict[str, Any] = con.execute(_CUSTOMERS.format(months=settings.watch_months, scale=_SCALE)).fetchnumpy()
    columns: dict[str, list[Any]] = {name: [] for name in _CHANGE.names}
    for company_id, vintages in groupby(enumerate(watched), lambda row: row[1][0]):
        mine = list(vintages)
        start, end = mine[0][0], mine[-1][0] + 1
        these = (cells["place"] >= start) & (cells["place"] < end)
        customer, place = cells["customer"][these], cells["place"][these] - start
        shape = (int(customer.max()) + 1, end - start)
        collected, billed = (np.zeros(shape) for _ in range(2))
        collected[customer, place], billed[customer, place] = cells["collected"][these], cells["billed"][these]
        for now, (_, (_, vintage)) in enumerate(mine):
            looked_at = slice(max(now - settings.prior_vintages, 0), now + 1)
            found = _change(collected[:, looked_at], billed[:, looked_at], settings.prior_vintages, curve)
            for name, value in zip(_CHANGE.names, (company_id, vintage, settings.watch_months, *found), strict=True):
                columns[name].append(value)
    return pa.table(columns, _CHANGE)


_Told = tuple[float, float | None, float | None, float | None, float | None, str | None, str | None]


def _change(collected: Any, billed: Any, prior: int, curve: Curve) -> _Told:
    """Rate, prior rate, change, its interval, verdict and reason of the last vintage of a table of customers and vintages."""
    shares = collected.sum(axis=0) / billed.sum(axis=0)
    rate = float(shares[-1])
    if len(shares) <= prior:
        return rate, None, None, None, None, None, "too_few_vintages"
    has_any = billed.any(axis=1)
    if has_any.sum() < curve.min_customers:
        return rate, None, None, None, None, None, "few_customers"
    whose = np.arange(has_any.sum()) % curve.interval_groups
    grouped = [np.zeros((int(whose.max()) + 1, len(shares))) for _ in range(2)]
    for target, source in zip(grouped, (collected, billed), strict=True):
        np.add.at(target, whose, source[has_any])
    change = float(provision.change_to_prior(collected.sum(axis=0), billed.sum(axis=0)))
    left_out = provision.change_to_prior(*(provision.without_each(part) for part in grouped))
    error = float(jackknife_error(left_out))
    if not np.isfinite(error):  # without one customer a vintage is empty
        return rate, rate - change, change, None, None, None, "few_customers"
    reach = student_t(len(grouped[0]) - 1) * error
    verdict = "worse" if change + reach < 0 else "better" if change - reach > 0 else "no_change"
    return rate, rate - change, change, change - reach, change + reach, verdict, None


_EXPECTATION: Final = pa.schema(
    [
        ("company_id", pa.string()),
        ("bucket", pa.string()),
        *(
            (name, pa.float64())
            for name in ("paid", "lost", "diluted", "untold", "expected_months", "paid_present_value")
        ),
    ]
)
_CHANGE: Final = pa.schema(
    [
        *(("company_id", pa.string()), ("vintage", pa.date32()), ("months", pa.int32())),
        *((name, pa.float64()) for name in ("rate", "prior_rate", "change", "change_lo", "change_hi")),
        *(("verdict", pa.string()), ("reason", pa.string())),
    ]
)
