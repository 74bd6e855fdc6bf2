"""What the measures of the report are called and how they are made, as message ids in English, in the order pages tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from receivables.chapters.trend import Measure, Reading, Trend
    from receivables.language import Language

MEASURES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    N_("Balances"): {
        "receivables_total": (N_("Total receivables"), N_("All open items less unapplied cash and credits.")),
        "not_due_total": (N_("Not due"), N_("Open items whose due date has not passed.")),
        "overdue_total": (N_("Overdue"), N_("Open items at least one day overdue.")),
        "overdue_90_total": (N_("More than 90 days overdue"), N_("Open items more than 90 days overdue.")),
        "no_due_date_total": (N_("No due date"), N_("Open items without a due date.")),
        "unapplied_total": (
            N_("Unapplied cash and credits"),
            N_("Receipts and credits not allocated to an item; negative."),
        ),
        "disputed_total": (N_("Disputed"), N_("The part of the open items that is in dispute.")),
    },
    N_("At closing rates"): {
        "closing_total": (
            N_("Total receivables at closing rates"),
            N_("All open items, foreign currencies at the closing rate of the as-of date."),
        ),
        "revaluation_total": (N_("Revaluation"), N_("The value at closing rates less the booking value.")),
        "receivables_group_total": (
            N_("Total receivables in the reporting currency"),
            N_("The value at closing rates, converted at the closing rate of the ledger currency."),
        ),
        "overdue_group_total": (
            N_("Overdue in the reporting currency"),
            N_("What is overdue, at closing rates, in the reporting currency."),
        ),
    },
    N_("Quality of the receivables"): {
        "overdue_share": (N_("Overdue ratio"), N_("Overdue, divided by the amount owed.")),
        "overdue_after_grace_percent": (
            N_("Overdue ratio after grace"),
            N_(
                "What is open past its days of grace, divided by the amount owed. What is due on a weekend or public holiday has grace up to the next business day; where the holidays of the company's country are not known, weekends alone count."
            ),
        ),
        "overdue_90_share": (
            N_("Ratio overdue more than 90 days"),
            N_("More than 90 days overdue, divided by the amount owed."),
        ),
        "unapplied_share": (N_("Unapplied ratio"), N_("Unapplied cash and credits, divided by the amount owed.")),
        "top10_share": (
            N_("Owed by the ten largest"),
            N_("What the ten customers who owe most owe, divided by the amount owed."),
        ),
        "hhi_index": (
            N_("Concentration index (HHI)"),
            N_("The sum of the squared shares of all customers who owe; 1 where one owes everything."),
        ),
        "customers_open_count": (N_("Customers with open items"), N_("Customers who have any open item.")),
        "customers_overdue_count": (N_("Customers overdue"), N_("Customers who have any overdue item.")),
        "open_items_count": (N_("Open items"), N_("Open instalments, credits and receipts.")),
    },
    N_("Speed of collection"): {
        "dso_days": (
            N_("DSO"),
            N_(
                "Days sales outstanding: total receivables, divided by the sales of the last months and multiplied by their days. Tax is in both."
            ),
        ),
        "dso_countback_days": (
            N_("DSO, countback"),
            N_("The days of the latest sales that the receivables stand for, month by month backwards."),
        ),
        "dso_best_days": (
            N_("Best possible DSO"),
            N_("DSO if nothing were overdue: what is not due, divided by the sales and multiplied by their days."),
        ),
        "add_days": (N_("Average days delinquent"), N_("DSO less the best possible DSO.")),
        "cei_percent": (
            N_("Collection effectiveness index"),
            N_(
                "What was collected of what could be: opening receivables and sales less closing receivables, divided by opening receivables and sales less what is not due."
            ),
        ),
        "days_to_pay": (
            N_("Days to pay"),
            N_("Days from an invoice's date to its payment in the last months, weighted by amount."),
        ),
        "days_beyond_terms": (
            N_("Days beyond terms"),
            N_("Days from the due date to the payment, weighted by amount; negative where customers pay early."),
        ),
        "days_late_after_grace": (
            N_("Days late after grace"),
            N_("Days beyond terms, of which days of grace and up to the next business day do not count."),
        ),
        "days_late_to_date": (
            N_("Days late to date"),
            N_("Days beyond terms with what is overdue and unpaid counted at the days it is late already."),
        ),
    },
    N_("Terms and contact"): {
        "without_term_total": (
            N_("Owed without a valid written term"),
            N_(
                "Owed by customers without a signed contract that is valid on the day and says when payment is due; credits and receipts left aside."
            ),
        ),
        "without_term_share": (
            N_("Ratio without a valid written term"),
            N_("Owed without a valid written term, divided by the amount owed."),
        ),
        "customers_without_term_count": (
            N_("Customers without a valid written term"),
            N_("Customers who owe without a valid written term."),
        ),
        "contact_latency_days": (
            N_("Days from due to first contact"),
            N_(
                "For instalments that fell due in the last months and stayed open, weighted by amount; a contact shortly before due counts as none. What is open and was never contacted counts at the days since due, so that the figure can only grow; what was paid before anybody asked is left out."
            ),
        ),
        "contact_latency_median_days": (
            N_("Days from due to first contact, median"),
            N_("The same by number: half of the instalments were contacted within these days."),
        ),
        "overdue_uncontacted_total": (
            N_("Overdue and never contacted"),
            N_(
                "Instalments that fell due in the last months, are open and were never contacted, at their full amount."
            ),
        ),
        "contact_regularity_index": (
            N_("Regularity of contact"),
            N_(
                "How evenly contacts with a customer lie over the last months: 1 / (1 + the standard deviation of the gaps between contacts over their mean); 1 is even, 0.5 as by chance. Customers are weighted by what they owe; those with too few contacts are left out."
            ),
        ),
    },
    N_("Deliveries"): {
        "delivered_not_invoiced_total": (
            N_("Delivered, not invoiced"),
            N_(
                "Value before tax of goods delivered by the day and not invoiced by then; returned and cancelled deliveries left aside."
            ),
        ),
        "delivered_not_invoiced_count": (N_("Deliveries not invoiced"), N_("Number of these deliveries.")),
        "delivered_taken_back_total": (
            N_("Delivered, invoice taken back"),
            N_("Value before tax of goods delivered whose invoice was cancelled without another."),
        ),
        "delivered_not_due_total": (
            N_("Delivered, not due"),
            N_("Open instalments that are not due, of invoices whose goods are delivered."),
        ),
        "due_total": (N_("Due"), N_("Open instalments that are due on the day or overdue.")),
    },
}
"""Group → measure → its name and how it is made."""

_NAMES: Final = {metric: words for measures in MEASURES.values() for metric, words in measures.items()}


def measure_name(metric: str, words: Language) -> str:
    """What a measure is called; one without a name is shown by its key."""
    return words.text(_NAMES[metric][0]) if metric in _NAMES else metric


def measure_meaning(metric: str, words: Language) -> str:
    """How a measure is made."""
    return words.text(_NAMES[metric][1])


def measure_unit(metric: str) -> str:
    """The unit of a measure: of which currency amounts are, or share, percent, index, days or count."""
    if metric.endswith("_total"):
        return "reporting currency" if metric.endswith("_group_total") else "ledger currency"
    return next((unit for unit in (*_SAID_BY_READING, "days") if unit in metric.split("_")), "")


_NEEDS: Final[Mapping[str, str]] = {
    "needs_contracts": N_("contracts"),
    "needs_collection_log": N_("a collection log"),
    "needs_deliveries": N_("deliveries"),
    "needs_history": N_("a ledger with history"),
}


def needs(measures: Sequence[Measure], words: Language) -> str:
    """What measures that cannot be told would need, as a sentence; nothing where all are told."""
    missing = dict.fromkeys(measure.needs for measure in measures if measure.needs)
    if not missing:
        return ""
    return words.text(
        N_("Not evaluated: needs %(data)s."), data=words.listed([words.text(_NEEDS[code]) for code in missing])
    )


def reading_text(reading: Reading, unit: str, words: Language) -> str:
    """A reading with its unit; where a measure cannot be told, a dash, or what is known of it."""
    code, _, rest = (reading.note or "").partition(" ")
    if reading.value is None and code == "beyond_history" and rest.isdigit():
        return words.text(N_("more than %(days)s days"), days=words.count(int(rest)))
    if reading.value is None and code == "rate_missing":
        return words.text(N_("no closing rate %(pair)s"), pair=rest)
    return "–" if reading.value is None else words.measure(reading.value, unit)


def unit_name(unit: str, words: Language) -> str:
    """The unit as it stands beside a measure's name; nothing where its readings tell it."""
    if unit in _SAID_BY_READING:
        return ""
    return words.text(N_("days")) if unit == "days" else unit


_SAID_BY_READING: Final = ("share", "percent", "index", "count")


def trend_summary(trend: Trend, words: Language) -> str:
    """The course of a company's receivables as a sentence."""
    now, *before = trend.readings("receivables_total")
    late, *late_before = trend.readings("overdue_total")
    if now is None or late is None or not before or before[-1] is None or late_before[-1] is None:
        return words.text(N_("What was owed and overdue at each month end."))
    return words.text(
        N_(
            "Receivables went from %(before)s on %(day)s to %(now)s, and what is overdue from %(late_before)s to %(late)s."
        ),
        before=words.money(before[-1], trend.chart.unit),
        now=words.money(now, trend.chart.unit),
        late_before=words.money(late_before[-1], trend.chart.unit),
        late=words.money(late, trend.chart.unit),
        day=words.day(trend.columns[-1]),
    )
