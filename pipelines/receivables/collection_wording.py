"""What the report says of the collection curve, in words: sentences, names of lines and segments, why something is not told."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from receivables.charts import LineLabels
from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from receivables.chapters.collection import Chance, Collection, SegmentCurve, Together
    from receivables.chapters.prospect import Prospect
    from receivables.charts import LineChart
    from receivables.language import Language

SEGMENT_KINDS: Final[Mapping[str, str]] = {
    "territory": N_("Territories"),
    "salesperson": N_("Salespeople"),
    "customer_type": N_("Customer groups"),
    "grade": N_("Risk classes"),
    "terms": N_("Payment terms"),
    "amount_band": N_("Invoice amounts"),
}

_LINES: Final[Mapping[tuple[str, str], str]] = {
    ("collection_curve", "cash"): N_("Collected"),
    ("collection_curve", "loss"): N_("Lost"),
    ("collection_curve", "dilution"): N_("Credited"),
    ("chance", "cash"): N_("This ledger"),
    ("chance", "benchmark_a"): N_("Survey A"),
    ("chance", "benchmark_d"): N_("Survey D, 2004"),
    ("expected_cash", "cash"): N_("Expected"),
    ("segment", "cash"): N_("Collected"),
    ("segment", "company"): N_("Company"),
    ("segment", "shrunk"): N_("Collected, drawn to the company"),
}

WHY_NOT: Final[Mapping[str, str]] = {
    "few_customers": N_("too few customers"),
    "one_customer": N_("one customer holds most"),
    "beyond_history": N_("beyond the history"),
    "nothing_open": N_("nothing was open"),
}


def line_labels(chart: LineChart, words: Language) -> LineLabels:
    """The words of a chart of shares by days overdue."""
    return LineLabels(
        tuple(words.text(_LINES[chart.title, line.key]) for line in chart.lines),
        x_title="" if chart.is_small else words.text(N_("days overdue")),
        y_title="",
        exact=words.share,
        short=words.whole_share,
        place=words.count,
    )


VERDICTS: Final[Mapping[str, str]] = {
    "worse": N_("worse than those before"),
    "better": N_("better than those before"),
}


def cash_labels(chart: LineChart, words: Language) -> LineLabels:
    """The words of the chart of expected cash."""
    return LineLabels(
        tuple(words.text(_LINES[chart.title, line.key]) for line in chart.lines),
        x_title="",
        y_title=chart.unit,
        exact=lambda value: words.money(value, chart.unit),
        short=words.short,
        place=words.day,
    )


def cash_summary(prospect: Prospect, words: Language) -> str:
    """What is expected of the weeks ahead, in a sentence."""
    ngettext = words.texts
    return ngettext(
        "In %(number)s week %(expected)s is expected of what is open now; of that date's balance %(loss)s is expected to be lost.",
        "In %(number)s weeks %(expected)s is expected of what is open now; of that date's balance %(loss)s is expected to be lost.",
        len(prospect.weeks),
        expected=words.money(prospect.expected, prospect.currency),
        loss=words.money(prospect.expected_loss, prospect.currency),
    )


def collection_summary(collection: Collection, words: Language) -> str:
    """What became of money that fell due, in a sentence."""
    by, currency_free = collection.cash_by, words.share
    told = [day for day in (0, 30, 90) if day in by]
    if not told:
        return words.text(N_("Too few customers stand behind the curve to tell it."))
    if told != [0, 30, 90]:
        return words.text(
            N_("%(share)s of the money that fell due came in by the due date."), share=currency_free(by[told[0]])
        )
    return words.text(
        N_(
            "Of the money that fell due, %(due)s came in by the due date, %(month)s within 30 days and %(quarter)s within 90."
        ),
        due=currency_free(by[0]),
        month=currency_free(by[30]),
        quarter=currency_free(by[90]),
    )


def together_text(together: Together, words: Language) -> str:
    """How the curve of all companies together adds their ledgers up, or why it is not told; empty where there is nothing to say."""
    ngettext, currencies = words.texts, words.listed(list(together.ledger_currencies))
    if together.reason == "no_reporting_currency":
        return words.text(
            N_(
                "Not told of all companies together: their ledgers are kept in several currencies (%(currencies)s), and no reporting currency is set."
            ),
            currencies=currencies,
        )
    if together.reason == "no_rate":
        return ngettext(
            "Not told of all companies together: of %(number)s part of an invoice no rate into %(currency)s is told for the day of its document, the first of %(day)s.",
            "Not told of all companies together: of %(number)s parts of invoices no rate into %(currency)s is told for the day of their document, the first of %(day)s.",
            together.unrated,
            currency=together.currency,
            day="–" if together.unrated_from is None else words.day(together.unrated_from),
        )
    if together.curve is None or len(together.ledger_currencies) == 1:
        return ""
    return words.text(
        N_(
            "All companies together: ledgers in %(currencies)s, added up in %(currency)s at the rate of each document's day."
        ),
        currencies=currencies,
        currency=together.currency,
    )


def chance_summary(collection: Collection, words: Language) -> str:
    """How the chance falls with the days overdue, in a sentence."""
    early, late = (_told(collection.chance(days, 365)) for days in (30, 182))
    if early is None or late is None:
        return words.text(N_("The chance that what is open brings cash within a year, by days overdue."))
    return words.text(
        N_(
            "What is 30 days overdue brings cash within a year with a chance of %(early)s, what is half a year overdue with %(late)s."
        ),
        early=words.share(early.p),
        late=words.share(late.p),
    )


def _told(chance: Chance | None) -> Chance | None:
    return chance if chance is not None and chance.p is not None else None


def chance_text(chance: Chance | None, words: Language) -> str:
    """A chance with its interval, or why it cannot be told."""
    if chance is None or chance.p is None:
        reason = WHY_NOT.get(chance.reason or "") if chance is not None else None
        return "–" if reason is None else words.text(reason)
    return words.share(chance.p)


def interval_text(chance: Chance | None, words: Language) -> str:
    """The interval of a chance; of "ever", how far it could reach."""
    if chance is None or chance.p is None:
        return ""
    ends = [] if chance.low is None or chance.high is None else [words.share(chance.low), words.share(chance.high)]
    between = "–".join(ends)
    if chance.horizon_days is None and chance.upper_bound is not None:
        bound = words.text(N_("at most %(share)s"), share=words.share(chance.upper_bound))
        return words.listed([part for part in (between, bound) if part])
    return between


def segment_name(segment: SegmentCurve, words: Language) -> str:
    """The name of a member of a kind of segment."""
    if segment.kind != "amount_band":
        return segment.name
    side, _, edge = segment.key.partition("_")
    amount = words.count(int(Decimal(edge))) if edge.replace(".", "").isdigit() else edge
    return words.text(N_("up to %(amount)s") if side == "to" else N_("above %(amount)s"), amount=amount)
