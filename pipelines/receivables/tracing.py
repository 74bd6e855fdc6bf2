"""From a figure to its evidence: a customer, document or receipt, a cell of the aging, or a metric, down to the file and line of each row."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from receivables.errors import UsageError, nearest
from receivables.home import HOME
from receivables.operands import COLUMNS, FORMULAS, OPERANDS
from receivables.warehouse import Warehouse, known_value, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    import pandas as pd

_BUCKETS: Final = "select bucket from params.bucket order by ordinal"


@contextmanager
def _opened(home: str | Path | Warehouse) -> Iterator[Warehouse]:
    """The night published last in a home, closed in the end, or a warehouse that is open and stays so."""
    if isinstance(home, Warehouse):
        yield home
        return
    with open_warehouse(home) as warehouse:
        yield warehouse


@dataclass(frozen=True)
class Trace:
    """From a figure to its evidence: the open items, what was allocated to or from them, and the file and line each came from."""

    items: pd.DataFrame
    allocations: pd.DataFrame


def trace(key: str, home: str | Path | Warehouse = HOME, *, bucket: str | None = None) -> Trace:
    """Follow a customer, a document or a receipt, by id or number, to its items, allocations, files and lines, and who repaired these; in a home, or in a warehouse that is open.

    Raises:
        UsageError: nothing of that name, or no such bucket.
    """
    named = "select ? as key"
    by = "repaired as (select file_sha256, line_no, max_by(recorded_by, repair_id) as repaired_by from ops.repair group by file_sha256, line_no)"
    with _opened(home) as warehouse:
        if bucket is not None:
            known_value(warehouse, "--bucket", bucket, _BUCKETS)
        items = warehouse.query(
            f"with asked as ({named}), {by} select document.doc_id as item_id, document.customer_id, document.doc_no, document.kind, document.state, document.doc_date,"
            " item.due_date, document.currency, document.amount_doc, item.seq, item.open_doc, item.open_local, item.days_overdue, item.bucket,"
            " batch.file_name, coalesce(item.line_no, document.line_no) as line_no, repaired.repaired_by from core.document as document cross join asked"
            " left join marts.open_item as item on document.company_id = item.company_id and document.doc_id = item.doc_id"
            " left join ops.batch as batch on coalesce(item.batch_id, document.batch_id) = batch.batch_id"
            " left join repaired on batch.file_sha256 = repaired.file_sha256 and coalesce(item.line_no, document.line_no) = repaired.line_no"
            " where (asked.key in (document.doc_id, document.doc_no, document.source_key)"
            " or (item.item_id is not null and asked.key in (document.customer_id, substr(document.customer_id, length(document.company_id) + 2))))"
            " and (? is null or item.bucket = ?)"
            " union all select payment.payment_id, payment.customer_id, payment.source_key, payment.kind, payment.state, payment.pay_date, item.due_date, payment.currency,"
            " -payment.amount_doc, item.seq, item.open_doc, item.open_local, item.days_overdue, item.bucket, batch.file_name, payment.line_no, repaired.repaired_by"
            " from core.payment as payment cross join asked left join marts.open_item as item"
            " on item.item_kind = 'payment' and item.company_id = payment.company_id and item.item_id = payment.payment_id"
            " left join ops.batch as batch on payment.batch_id = batch.batch_id"
            " left join repaired on batch.file_sha256 = repaired.file_sha256 and payment.line_no = repaired.line_no"
            " where (asked.key in (payment.payment_id, payment.source_key)"
            " or (item.item_id is not null and asked.key in (item.customer_id, substr(item.customer_id, length(item.company_id) + 2))))"
            " and (? is null or item.bucket = ?)"
            " order by doc_date, item_id, seq",
            [key, bucket, bucket, bucket, bucket],
        )
        if items.empty:
            raise UsageError(
                got=f"{key!r}, of which nothing is {f'in bucket {bucket}' if bucket else 'known'}",
                expected="a customer, document or receipt, by id or number",
                try_="an id as the report or marts.open_item shows it",
            )
        ids = list(dict.fromkeys(items["item_id"]))
        allocations = warehouse.query(
            "select allocation.allocation_id, allocation.kind, allocation.alloc_date, coalesce(allocation.from_payment_id, allocation.from_doc_id) as from_id,"
            " coalesce(allocation.to_doc_id, allocation.to_payment_id) as to_id, allocation.to_seq, allocation.amount_to_doc, allocation.amount_local,"
            " effect.allocation_id is not null as is_in_effect, batch.file_name, allocation.line_no from core.allocation as allocation"
            " left join marts.allocation_in_effect as effect on allocation.company_id = effect.company_id and allocation.allocation_id = effect.allocation_id"
            " left join ops.batch as batch on allocation.batch_id = batch.batch_id"
            " where list_contains(?, allocation.to_doc_id) or list_contains(?, allocation.from_doc_id) or list_contains(?, allocation.from_payment_id)"
            " or list_contains(?, allocation.to_payment_id) order by allocation.alloc_date, allocation.allocation_id",
            [ids, ids, ids, ids],
        )
    return Trace(items, allocations)


@dataclass(frozen=True)
class Cell:
    """A cell of the aging, or several together: what is open in it by company and currency, its items, and the allocations to or from these by then."""

    period_end: date
    amounts: pd.DataFrame
    items: pd.DataFrame
    allocations: pd.DataFrame


_IS_IN_CELL: Final = (
    " from marts.period_item as item where item.period_end = $day and ($company is null or item.company_id = $company)"
    " and ($customer is null or item.customer_id = $customer or substr(item.customer_id, length(item.company_id) + 2) = $customer)"
    " and ($currency is null or item.currency = $currency) and ($bucket is null or item.bucket = $bucket)"
)


def trace_cell(
    home: str | Path | Warehouse = HOME,
    *,
    company: str | None = None,
    customer: str | None = None,
    currency: str | None = None,
    bucket: str | None = None,
    period_end: date | None = None,
) -> Cell:
    """Follow what is open in a cell of the aging to its items, allocations, files and lines; what is not named is all of it.

    Args:
        customer: its id, with its company or without.
        currency: document currency.
        period_end: a month end the aging is told for; by default the as-of date.

    Raises:
        UsageError: no such company, currency, bucket or day, or nothing is open there.
    """
    with _opened(home) as warehouse:
        day = _day(warehouse, period_end)
        if company is not None:
            known_value(warehouse, "--company", company, "select company_id from core.company")
        if currency is not None:
            known_value(warehouse, "--currency", currency, "select distinct currency from marts.period_item")
        if bucket is not None:
            known_value(warehouse, "--bucket", bucket, _BUCKETS)
        asked = {"day": day, "company": company, "customer": customer, "currency": currency, "bucket": bucket}
        items = warehouse.query(
            "select item.company_id, item.customer_id, item.item_kind, item.item_id, item.seq, item.doc_no, item.doc_date, item.due_date, item.days_overdue, item.bucket,"
            f" item.currency, item.open_doc, item.open_local, batch.file_name, item.line_no {_IS_IN_CELL.replace(' where ', ' left join ops.batch as batch on item.batch_id = batch.batch_id where ', 1)}"
            " order by abs(item.open_local) desc, item.company_id, item.item_id, item.seq",
            asked,
        )
        if items.empty:
            named = ", ".join(f"{name} {value}" for name, value in asked.items() if name != "day" and value is not None)
            raise UsageError(
                got=f"{named or 'a ledger'}, of which nothing is open on {day}",
                expected="a cell of the aging with open items",
                try_="a company, customer, currency and bucket as marts.aging shows them",
            )
        amounts = warehouse.query(
            "select item.company_id, item.currency, count(*)::bigint as items, sum(item.open_doc)::decimal(18, 4) as open_doc, sum(item.open_local)::decimal(18, 4) as open_local"
            f"{_IS_IN_CELL} group by item.company_id, item.currency order by item.company_id, item.currency",
            asked,
        )
        allocations = warehouse.query(
            "select allocation.allocation_id, allocation.kind, allocation.effective_from, coalesce(allocation.from_payment_id, allocation.from_doc_id) as from_id,"
            " coalesce(allocation.to_doc_id, allocation.to_payment_id) as to_id, allocation.amount_to_doc, allocation.amount_local, batch.file_name, allocation.line_no"
            " from core.allocation as allocation left join ops.batch as batch on allocation.batch_id = batch.batch_id"
            " left join marts.allocation_refused as refused on refused.period_end = $day and allocation.company_id = refused.company_id"
            " and coalesce(allocation.parent_allocation_id, allocation.allocation_id) = refused.allocation_id"
            " where refused.allocation_id is null and counts_on($day, allocation.effective_from, allocation.effective_until)"
            f" and exists (select 1 {_IS_IN_CELL} and allocation.company_id = item.company_id and item.item_id"
            " in (allocation.to_doc_id, allocation.from_doc_id, allocation.from_payment_id, allocation.to_payment_id))"
            " order by allocation.effective_from, allocation.allocation_id",
            asked,
        )
    return Cell(day, amounts, items, allocations)


@dataclass(frozen=True)
class TracedOperand:
    """An operand of a traced metric: what its rows sum to (None: not known), and the rows, largest first."""

    name: str
    meaning: str
    total: Decimal | None
    rows: pd.DataFrame


@dataclass(frozen=True)
class TracedMetric:
    """A metric of a company at a day: the value published, the formula and its operands, and the value they give."""

    metric: str
    company_id: str
    period_end: date
    value: Decimal | None
    unit: str
    note: str | None
    marks: str | None
    formula: str
    operands: tuple[TracedOperand, ...]
    recomputed: Decimal | None


def trace_metric(
    metric: str, home: str | Path | Warehouse = HOME, *, company: str | None = None, period_end: date | None = None
) -> tuple[TracedMetric, ...]:
    """Follow a metric of `marts.kpi` to its operands and these to documents, allocations, files and lines; one result per company.

    Raises:
        UsageError: no such metric, company or day.
    """
    with _opened(home) as warehouse:
        if metric not in FORMULAS:
            raise UsageError(
                got=f"--metric {metric!r}",
                expected="a metric of marts.kpi",
                try_=f"--metric {nearest(metric, FORMULAS)}",
            )
        day = _day(warehouse, period_end)
        if company is not None:
            known_value(warehouse, "--company", company, "select company_id from core.company")
        told = warehouse.con.execute(
            "select company_id, value, unit, note, marks from marts.kpi where metric = ? and period_end = ? and (? is null or company_id = ?) order by company_id",
            [metric, day, company, company],
        ).fetchall()
        if not told:
            raise UsageError(
                got=f"--metric {metric} on {day}, which is not told for {company or 'any company'}",
                expected="a metric, company and day of marts.kpi",
                try_="--period-end with a month end since the company's first posting",
            )
        return tuple(_traced(warehouse, metric, day, row) for row in told)


def _traced(warehouse: Warehouse, metric: str, day: date, told: tuple[Any, ...]) -> TracedMetric:
    company, value, unit, note, marks = told
    formula = FORMULAS[metric]
    is_told = not (note or "").startswith("needs_")
    operands = tuple(
        _operand(warehouse, name, company, day, is_told=is_told) for name in (*formula.operands, *formula.beside)
    )
    totals = {operand.name: operand.total for operand in operands if operand.name in formula.operands}
    columns = ", ".join(f"?::{_kind(total)} as {name}" for name, total in totals.items())
    ((recomputed,),) = warehouse.con.execute(
        f"select ({formula.text})::decimal(26, 8) from (select {columns})", [*totals.values()]
    ).fetchall()
    return TracedMetric(metric, company, day, value, unit, note, marks, formula.text, operands, recomputed)


def _kind(total: Decimal | None) -> str:
    """The narrowest decimal that holds a sum exactly, so that what is computed from it rounds as where it was published."""
    places = 0 if total is None else -int(total.normalize().as_tuple().exponent)
    return "decimal(38, 4)" if places <= 4 else "decimal(38, 16)"  # ledger places


def _operand(warehouse: Warehouse, name: str, company: str, day: date, *, is_told: bool) -> TracedOperand:
    """An operand, which is not known where one of its rows has no amount, or where what it is made of was never told."""
    operand = OPERANDS[name]
    asked: dict[str, Any] = {"company": company, "day": day}
    rows = warehouse.query(
        f"select {', '.join(COLUMNS)} from ({operand.rows}) order by abs(amount) desc, row_id, amount", asked
    )
    if not is_told or rows["amount"].isna().any():
        return TracedOperand(name, operand.meaning, None, rows)
    total = sum((Decimal(str(amount)) for amount in rows["amount"]), Decimal(0))
    if operand.is_of_start:
        is_start_told = warehouse.con.execute(
            "select 1 from marts.period as told inner join marts.period as here on told.company_id = here.company_id and told.period_end = here.turnover_after"
            " where here.company_id = $company and here.period_end = $day",
            asked,
        ).fetchall()
        return TracedOperand(name, operand.meaning, total if is_start_told else None, rows)
    return TracedOperand(name, operand.meaning, total, rows)


def _day(warehouse: Warehouse, period_end: date | None) -> date:
    """The as-of date, or a day the published file tells.

    Raises:
        UsageError: it tells nothing of that day.
    """
    days: list[date] = [
        row[0]
        for row in warehouse.con.execute("select distinct period_end from marts.period order by period_end").fetchall()
    ]
    if period_end is None:
        return days[-1]
    if period_end not in days:
        near = min(days, key=lambda day: abs((day - period_end).days))
        raise UsageError(
            got=f"--period-end {period_end}",
            expected=f"the as-of date {days[-1]} or a month end since {days[0]}",
            try_=f"--period-end {near}",
        )
    return period_end
