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


def _items(
    which: str,
    amount: str = "item.open_local",
    day: str = "$day",
    of: str = "marts.period_item",
    at: str = "period_end",
) -> str:
    return (
        "select item.item_kind as row_kind, item.item_id as row_id, item.customer_id, item.doc_no, item.doc_date as row_date, item.due_date,"
        f" item.days_overdue as days, item.currency, item.open_doc as amount_doc, ({amount}) as amount, batch.file_name, item.line_no"
        f" from {of} as item left join ops.batch as batch on item.batch_id = batch.batch_id"
        f" where item.company_id = $company and item.{at} = {day} and {which}"
    )


def _valued(amount: str, which: str = "true") -> str:
    """The open items of the as-of date, alone valued at closing rates; an amount NULL without one."""
    return _items(which, amount, of="marts.open_item", at="as_of")


_START: Final = "(select turnover_after from marts.period where company_id = $company and period_end = $day)"
_OWED: Final = "item.bucket <> 'unapplied'"
_IS_OVERDUE: Final = "is_overdue(item.bucket, item.days_overdue)"
_GRACE: Final = "(select grace_until from params.business_day as calendar where calendar.company_id = item.company_id and calendar.day = item.due_date)"
_HAS_NO_TERM: Final = "item.customer_id in (select customer_id from marts.customer_term where company_id = $company and period_end = $day and term_state <> 'valid')"
_REGULARITY: Final = (
    "(select regularity_index from marts.customer_contact as contact where contact.company_id = item.company_id"
    " and contact.period_end = item.period_end and contact.customer_id = item.customer_id)"
)
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


_LATENCY: Final = "contact_latency(period.period_end, late.due_date, late.first_contact_on, late.open_until)"
_PLACE: Final = f"row_number() over (order by {_LATENCY}, late.doc_id, late.seq)"
_IN_THE_MIDDLE: Final = f"case when 2 * {_PLACE} - count(*) over () between 0 and 2 then {_LATENCY} else 0 end"


def _asked_for(amount: str, which: str = "true") -> str:
    return (
        f"select 'instalment' as row_kind, late.doc_id as row_id, late.customer_id, document.doc_no, document.doc_date as row_date, late.due_date, {_LATENCY} as days,"
        f" document.currency, instalment.amount_doc, {amount} as amount, batch.file_name, instalment.line_no"
        " from marts.period as period inner join marts.overdue_instalment as late on period.company_id = late.company_id"
        " and late.due_date > period.payments_after and late.due_date < period.period_end"
        " inner join core.document as document on late.company_id = document.company_id and late.doc_id = document.doc_id"
        " inner join core.instalment as instalment on late.company_id = instalment.company_id and late.doc_id = instalment.doc_id and late.seq = instalment.seq"
        " left join ops.batch as batch on instalment.batch_id = batch.batch_id"
        f" where period.company_id = $company and period.period_end = $day and {_LATENCY} is not null and {which}"
    )


def _listed(name: str, amount: str) -> str:
    return (
        "select case when listed.seq is null then 'delivery' else 'document' end as row_kind, case when listed.seq is null then listed.delivery_id else listed.doc_id end as row_id,"
        " listed.customer_id, listed.doc_no, listed.delivered_on as row_date, listed.due_date, listed.days_overdue as days, null::varchar as currency,"
        f" null::decimal(18, 4) as amount_doc, {amount} as amount, batch.file_name, coalesce(instalment.line_no, delivery.line_no) as line_no"
        " from marts.period_delivery as listed"
        " left join core.delivery as delivery on listed.seq is null and listed.company_id = delivery.company_id and listed.delivery_id = delivery.delivery_id"
        " left join core.instalment as instalment"
        " on listed.company_id = instalment.company_id and listed.doc_id = instalment.doc_id and listed.seq = instalment.seq"
        " left join ops.batch as batch on coalesce(instalment.batch_id, delivery.batch_id) = batch.batch_id"
        f" where listed.company_id = $company and listed.period_end = $day and listed.list = '{name}'"
    )


OPERANDS: Final = {
    "receivables": Operand("all open items, receipts and credits negative", _items("true")),
    "owed": Operand("open items without receipts and credits", _items(_OWED)),
    "not_due": Operand("items whose due date has not passed", _items(f"{_OWED} and item.days_overdue <= 0")),
    "overdue": Operand("items at least one day overdue", _items(_IS_OVERDUE)),
    "overdue_90": Operand("items more than 90 days overdue", _items(f"{_IS_OVERDUE} and item.days_overdue > 90")),
    "unapplied": Operand("receipts and credits allocated to nothing", _items("item.bucket = 'unapplied'")),
    "no_due_date": Operand("items without a due date", _items(f"{_OWED} and item.due_date is null")),
    "is_current": Operand(
        "items not due, or without a due date", _items(f"{_OWED} and coalesce(item.days_overdue, 0) <= 0")
    ),
    "largest": Operand(
        "owed by the ten customers who owe most",
        _items(f"{_OWED} and item.customer_id in (select customer_id from {_OWED_BY} order by owed desc, customer_id limit 10)"),
    ),
    "squares": Operand("squared share of each customer who owes", _SHARES),
    "open_items": Operand("one for each open item", _items("true", "1")),
    "customers": Operand("one for the first open item of each customer", _items("true", _ONCE)),
    "customers_overdue": Operand(
        "one for the first overdue item of each customer", _items(_IS_OVERDUE, _ONCE)
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
    "paid_late_days_after_grace": Operand(
        "the same times its days after the last day of grace",
        _paid("paid.amount_local::decimal(28, 4) * paid.days_late_after_grace", "paid.days_late_after_grace", "paid.days_late is not null"),
    ),
    "late_days": Operand(
        "what is overdue and open times the days it is overdue", _items(_IS_OVERDUE, "item.open_local::decimal(28, 4) * item.days_overdue")
    ),
    "overdue_after_grace": Operand(
        "items past their last day of grace",
        _items(f"{_OWED} and days_late_after_grace(item.period_end, item.due_date, {_GRACE}) > 0"),
    ),
    "without_term": Operand("owed by customers without a valid written payment term", _items(f"{_OWED} and {_HAS_NO_TERM}")),
    "customers_without_term": Operand(
        "one for the first item owed by each of these customers", _items(f"{_OWED} and {_HAS_NO_TERM}", _ONCE)
    ),
    "asked_for": Operand(
        "instalments that fell due in the months before and stayed open, which somebody asked for or should have", _asked_for("late.amount_local")
    ),
    "asked_for_days": Operand(
        "the same times the days from due to the first contact", _asked_for(f"late.amount_local::decimal(28, 4) * {_LATENCY}")
    ),
    "days_of_middle": Operand(
        "days of the instalment in the middle when they are ordered by them, of both where two are; 0 for others", _asked_for(_IN_THE_MIDDLE)
    ),
    "middle_count": Operand(
        "one for each instalment in the middle", _asked_for(_IN_THE_MIDDLE.replace(f"then {_LATENCY}", "then 1"))
    ),
    "uncontacted": Operand(
        "instalments of these that are open and never were asked for",
        _asked_for("late.amount_local", "not coalesce(late.first_contact_on <= period.period_end, false)"),
    ),
    "owed_contacted": Operand(
        "owed by customers contacted often enough to tell how evenly", _items(f"{_OWED} and {_REGULARITY} is not null")
    ),
    "owed_regularly": Operand(
        "the same times the regularity of contacts with the customer",
        _items(f"{_OWED} and {_REGULARITY} is not null", f"item.open_local::decimal(28, 4) * {_REGULARITY}"),
    ),
    "not_invoiced": Operand("deliveries not invoiced, before tax", _listed("delivered_not_invoiced", "coalesce(listed.value_local, 0)")),
    "not_invoiced_count": Operand("one for each delivery not invoiced", _listed("delivered_not_invoiced", "1")),
    "taken_back": Operand(
        "deliveries whose invoice was taken back, before tax", _listed("invoice_taken_back", "coalesce(listed.value_local, 0)")
    ),
    "delivered_not_due": Operand("items delivered and not due", _listed("delivered_not_due", "listed.open_local")),
    "due": Operand("items due on the day or before", _listed("due", "listed.open_local")),
    "disputed": Operand("the part of open items in dispute", _valued("item.disputed_local", "item.disputed_local <> 0")),
    "at_closing": Operand("open items at closing rates", _valued("item.open_local_closing")),
    "revaluation": Operand(
        "open items at closing rates less at booking rates, where these differ",
        _valued("item.revaluation_local", "item.revaluation_local is distinct from 0"),
    ),
    "receivables_group": Operand("open items in the reporting currency", _valued("item.open_group")),
    "overdue_group": Operand(
        "items at least one day overdue in the reporting currency",
        _valued("item.open_group", f"(item.open_group is null or {_IS_OVERDUE})"),
    ),
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
        "(paid_late_days + late_days)::double / nullif(paid_due + overdue, 0)",
        ("paid_late_days", "late_days", "paid_due", "overdue"),
    ),
    "days_late_after_grace": Formula(
        "paid_late_days_after_grace::double / nullif(paid_due, 0)", ("paid_late_days_after_grace", "paid_due")
    ),
    "overdue_after_grace_percent": Formula(
        "coalesce(100 * (overdue_after_grace::double / nullif(owed, 0)), 0)", ("overdue_after_grace", "owed")
    ),
    "without_term_total": _total("without_term"),
    "without_term_share": _share("without_term"),
    "customers_without_term_count": _total("customers_without_term"),
    "contact_latency_days": Formula("asked_for_days::double / nullif(asked_for, 0)", ("asked_for_days", "asked_for")),
    "contact_latency_median_days": Formula(
        "days_of_middle::double / nullif(middle_count, 0)", ("days_of_middle", "middle_count")
    ),
    "overdue_uncontacted_total": _total("uncontacted"),
    "contact_regularity_index": Formula(
        "owed_regularly::double / nullif(owed_contacted, 0)", ("owed_regularly", "owed_contacted")
    ),
    "delivered_not_invoiced_total": _total("not_invoiced"),
    "delivered_not_invoiced_count": _total("not_invoiced_count"),
    "delivered_taken_back_total": _total("taken_back"),
    "delivered_not_due_total": _total("delivered_not_due"),
    "due_total": _total("due"),
    "disputed_total": _total("disputed"),
    "closing_total": _total("at_closing"),
    "revaluation_total": _total("revaluation"),
    "receivables_group_total": _total("receivables_group"),
    "overdue_group_total": _total("overdue_group"),
}
"""Every metric of `marts.kpi` by name; one that is missing here cannot be traced, which a test says."""
