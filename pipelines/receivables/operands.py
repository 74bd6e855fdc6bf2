"""How every metric of `marts.kpi` is made again from evidence: its formula, and for each operand of it the query for its rows.

A query is given `$company` and `$day` (the period end); each of its rows adds `amount` to the operand and says which file and line it came from.
Rows that no line tells (a month, a customer, the period itself) have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Operand:
    """One number of a formula: what it is, the query for the rows that sum to it, and whether it is unknown unless the day before the period is told."""

    meaning: str
    rows: str
    is_of_start: bool = False


@dataclass(frozen=True)
class Formula:
    """A metric as SQL over its operands, in their order; `beside` are operands that show more evidence and are in no formula."""

    text: str
    operands: tuple[str, ...]
    beside: tuple[str, ...] = ()


COLUMNS: Final = (
    *("row_kind", "row_id", "customer_id", "doc_no", "row_date", "due_date", "days"),
    *("currency", "amount_doc", "amount", "file_name", "line_no"),
)
"""What the rows of every operand tell."""


def _items(which: str, amount: str = "item.open_local", day: str = "$day") -> str:
    return (
        "select item.item_kind as row_kind, item.item_id as row_id, item.customer_id, item.doc_no, item.doc_date as row_date, item.due_date,"
        f" item.days_overdue as days, item.currency, item.open_doc as amount_doc, ({amount}) as amount, batch.file_name, item.line_no"
        " from marts.period_item as item inner join params.bucket as bucket on item.bucket = bucket.bucket"
        " left join ops.batch as batch on item.batch_id = batch.batch_id"
        f" where item.company_id = $company and item.period_end = {day} and {which}"
    )


_START: Final = "(select turnover_after from marts.period where company_id = $company and period_end = $day)"
_OWED: Final = "item.bucket <> 'unapplied'"
_OVERDUE_90: Final = "bucket.is_overdue and item.days_overdue > 90"
_OWED_BY: Final = (
    "(select customer_id, sum(open_local) as owed from marts.period_item where company_id = $company and period_end = $day and bucket <> 'unapplied'"
    " group by customer_id)"
)
_ONCE: Final = "case when row_number() over (partition by item.customer_id order by item.item_kind, item.item_id, item.seq) = 1 then 1 else 0 end"

_SHARES: Final = (
    "select 'customer' as row_kind, customer_id as row_id, customer_id, null::varchar as doc_no, $day::date as row_date, null::date as due_date, null::integer as days,"
    " null::varchar as currency, owed as amount_doc, ((owed::double / (sum(owed) over ())::double) * (owed::double / (sum(owed) over ())::double))::decimal(20, 16) as amount,"
    f" null::varchar as file_name, null::bigint as line_no from {_OWED_BY} where owed > 0"
)

_SALES: Final = (
    "select 'document' as row_kind, document.doc_id as row_id, document.customer_id, document.doc_no, posting.day as row_date, document.due_date, null::integer as days,"
    " document.currency, posting.sign * document.amount_doc as amount_doc, posting.sign * document.amount_local as amount, batch.file_name, document.line_no"
    " from (select company_id, doc_id, counts_from as day, 1 as sign from core.document where counts_until is null or counts_until > counts_from"
    " union all select company_id, doc_id, counts_until, -1 from core.document where counts_until > counts_from) as posting"
    " inner join core.document as document on posting.company_id = document.company_id and posting.doc_id = document.doc_id"
    " left join ops.batch as batch on document.batch_id = batch.batch_id"
    " where posting.company_id = $company and posting.day <= $day and is_sale(document.kind) and posting.day > {after}"
)

_COUNTED_FROM: Final = "coalesce((select min(month_start) - 1 from marts.sales_countback_month where company_id = $company and period_end = $day and days > 0), $day)"

_MONTHS: Final = (
    "select 'month' as row_kind, strftime(month_start, '%Y-%m') as row_id, null::varchar as customer_id, null::varchar as doc_no, month_start as row_date, null::date as due_date,"
    " month_days as days, null::varchar as currency, sales_local as amount_doc, {amount} as amount, null::varchar as file_name, null::bigint as line_no"
    " from marts.sales_countback_month where company_id = $company and period_end = $day"
)

_DAYS: Final = (
    "select 'period' as row_kind, turnover_after::varchar || ' – ' || period_end::varchar as row_id, null::varchar as customer_id, null::varchar as doc_no, period_end as row_date,"
    " null::date as due_date, null::integer as days, null::varchar as currency, null::decimal(18, 4) as amount_doc, date_diff('day', turnover_after, period_end) as amount,"
    " null::varchar as file_name, null::bigint as line_no from marts.period where company_id = $company and period_end = $day"
)


def _paid(amount: str, days: str, which: str = "true") -> str:
    return (
        f"select 'allocation' as row_kind, paid.allocation_id as row_id, document.customer_id, document.doc_no, paid.effective_from as row_date, document.due_date, {days} as days,"
        f" document.currency, paid.amount_local as amount_doc, {amount} as amount, batch.file_name, allocation.line_no"
        " from marts.period as period inner join marts.payment_part as paid on period.company_id = paid.company_id"
        " and paid.effective_from > period.payments_after and counts_on(period.period_end, paid.effective_from, paid.effective_until)"
        " left join marts.allocation_refused as refused on period.period_end = refused.period_end and paid.company_id = refused.company_id"
        " and paid.allocation_id = refused.allocation_id"
        " inner join core.document as document on paid.company_id = document.company_id and paid.doc_id = document.doc_id"
        " inner join core.allocation as allocation on paid.company_id = allocation.company_id and paid.allocation_id = allocation.allocation_id"
        " left join ops.batch as batch on allocation.batch_id = batch.batch_id"
        f" where period.company_id = $company and period.period_end = $day and refused.allocation_id is null and {which}"
    )


_LATE: Final = "item.days_overdue > 0 and item.bucket <> 'unapplied'"

OPERANDS: Final = {
    "receivables": Operand("all open items, receipts and credits negative", _items("true")),
    "owed": Operand("open items without receipts and credits", _items(_OWED)),
    "not_due": Operand("items whose due date has not passed", _items("item.bucket = 'not_due'")),
    "overdue": Operand("items at least one day overdue", _items("bucket.is_overdue")),
    "overdue_90": Operand("items more than 90 days overdue", _items(_OVERDUE_90)),
    "unapplied": Operand("receipts and credits allocated to nothing", _items("item.bucket = 'unapplied'")),
    "no_due_date": Operand("items without a due date", _items("item.bucket = 'no_due_date'")),
    "is_current": Operand(
        "items not due, or without a due date", _items("item.bucket in ('not_due', 'no_due_date')")
    ),
    "largest": Operand(
        "owed by the ten customers who owe most",
        _items(f"{_OWED} and item.customer_id in (select customer_id from {_OWED_BY} order by owed desc, customer_id limit 10)"),
    ),
    "squares": Operand("squared share of each customer who owes", _SHARES),
    "open_items": Operand("one for each open item", _items("true", "1")),
    "customers": Operand("one for the first open item of each customer", _items("true", _ONCE)),
    "customers_overdue": Operand(
        "one for the first overdue item of each customer", _items("bucket.is_overdue", _ONCE)
    ),
    "receivables_before": Operand(
        "open items at the beginning of the period", _items("true", day=_START), is_of_start=True
    ),
    "sales": Operand("documents invoiced less credited in the period, tax included", _SALES.format(after=_START)),
    "days": Operand("days of the period", _DAYS),
    "counted_days": Operand(
        "days of each month whose sales are unpaid when the latest are counted first", _MONTHS.format(amount="days")
    ),
    "counted_sales": Operand(
        "sales of each month back to the first", _MONTHS.format(amount="sales_local")
    ),
    "counted_documents": Operand("documents of the months counted", _SALES.format(after=_COUNTED_FROM)),
    "paid": Operand("money allocated to invoices in the period", _paid("paid.amount_local", "paid.days_to_pay")),
    "paid_days": Operand(
        "the same times its days from the document's date",
        _paid("paid.amount_local::decimal(28, 4) * paid.days_to_pay", "paid.days_to_pay"),
    ),
    "paid_due": Operand(
        "money allocated to invoices with a due date", _paid("paid.amount_local", "paid.days_late", "paid.days_late is not null")
    ),
    "paid_late_days": Operand(
        "the same times its days after the due date",
        _paid("paid.amount_local::decimal(28, 4) * paid.days_late", "paid.days_late", "paid.days_late is not null"),
    ),
    "late": Operand("what is overdue and open", _items(_LATE)),
    "late_days": Operand("the same times the days it is overdue", _items(_LATE, "item.open_local::decimal(28, 4) * item.days_overdue")),
}  # fmt: skip
"""Every operand by name."""


def _total(operand: str) -> Formula:
    return Formula(operand, (operand,))


def _share(operand: str) -> Formula:
    return Formula(f"coalesce({operand}::double / nullif(owed, 0), 0)", (operand, "owed"))


_SOLD: Final = "case when sales > 0 then sales::double end"

FORMULAS: Final = {
    "receivables_total": _total("receivables"),
    "not_due_total": _total("not_due"),
    "overdue_total": _total("overdue"),
    "overdue_90_total": _total("overdue_90"),
    "unapplied_total": _total("unapplied"),
    "no_due_date_total": _total("no_due_date"),
    "overdue_share": _share("overdue"),
    "overdue_90_share": _share("overdue_90"),
    "unapplied_share": Formula("coalesce((-unapplied)::double / nullif(owed, 0), 0)", ("unapplied", "owed")),
    "top10_share": _share("largest"),
    "hhi_index": Formula("squares", ("squares",), beside=("owed",)),
    "customers_open_count": _total("customers"),
    "customers_overdue_count": _total("customers_overdue"),
    "open_items_count": _total("open_items"),
    "dso_days": Formula(f"receivables::double / {_SOLD} * days", ("receivables", "sales", "days")),
    "dso_best_days": Formula(f"is_current::double / {_SOLD} * days", ("is_current", "sales", "days")),
    "add_days": Formula(
        f"(receivables::double - is_current::double) / {_SOLD} * days", ("receivables", "is_current", "sales", "days")
    ),
    "dso_countback_days": Formula(
        "case when receivables > 0 and counted_sales >= receivables then counted_days end",
        ("receivables", "counted_sales", "counted_days"),
        beside=("counted_documents",),
    ),
    "cei_percent": Formula(
        f"100 * ((receivables_before::double + {_SOLD} - receivables::double) / nullif(receivables_before::double + {_SOLD} - is_current::double, 0))",
        ("receivables_before", "sales", "receivables", "is_current"),
    ),
    "days_to_pay": Formula("paid_days::double / nullif(paid, 0)", ("paid_days", "paid")),
    "days_beyond_terms": Formula("paid_late_days::double / nullif(paid_due, 0)", ("paid_late_days", "paid_due")),
    "days_late_to_date": Formula(
        "(paid_late_days + late_days)::double / nullif(paid_due + late, 0)",
        ("paid_late_days", "late_days", "paid_due", "late"),
    ),
}
"""Every metric of `marts.kpi` by name; one that is missing here cannot be traced, which a test says."""
