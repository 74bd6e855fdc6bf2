"""The words of the report and what they mean, and what the definitions page says of units, settings and columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from receivables.flag_wording.page import need_text
from receivables.language import plain
from receivables.operands import FORMULAS
from receivables.schema import unit_of
from receivables.templates import TYPES
from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from receivables.chapters.definitions import CardRule, DetectorRule, Setting
    from receivables.language import Language
    from receivables.page_model import NightPage
    from receivables.schema import Column


@dataclass(frozen=True)
class Term:
    """A word of the report and what it means; `command` is one that the meaning ends with."""

    name: str
    meaning: str
    command: str = ""


TERMS: Final[Mapping[str, Term]] = {
    "as-of": Term(
        N_("As of"),
        N_("The date the balances stand at. A document counts from its posting date, a receipt from its date; what is dated later waits."),
    ),
    "known-up-to": Term(
        N_("Known up to"),
        N_("Only files loaded by this moment are counted, so that a report of a past day can be made again."),
    ),
    "open-item": Term(
        N_("Open item"),
        N_("The part of a posted instalment, credit or receipt that nothing was allocated to by the as-of date. Drafts never count; cancelled and reversed documents stop counting on the day of cancellation."),
    ),
    "days-overdue": Term(
        N_("Days overdue"),
        N_("The as-of date less the due date. An item due today is not overdue. Each bucket includes its first and its last day."),
    ),
    "aged-by": Term(
        N_("Aged by"),
        N_("The date that decides an item's bucket, in every table of buckets. What is not due, overdue or more than 90 days overdue always goes by the due date, and so does every ratio."),
    ),
    "no-due-date": Term(
        N_("No due date"),
        N_("Items for which neither the file nor any payment terms give a due date; they are not taken as due or as not due."),
    ),
    "unapplied": Term(
        N_("Unapplied"),
        N_("Receipts and credit notes not yet allocated to an item. They are negative and reduce the total."),
    ),
    "amount-owed": Term(
        N_("Amount owed"),
        N_("All open items before unapplied cash and credits are taken off; the base of every share in this report."),
    ),
    "ledger-currency": Term(
        N_("Ledger currency"),
        N_("The currency a company keeps its books in, at the rates of booking. Ledgers in different currencies are added at closing rates only, where a reporting currency is set."),
    ),
    "disputed": Term(
        N_("Disputed"),
        N_("Open items whose document is marked as disputed or has an open dispute case: what the case disputes, at most what is open. They stay in their bucket."),
    ),
    "due-date-first-told": Term(
        N_("By the due date first told"),
        N_("The aging as if no due date had been moved since it was first told: deferrals and corrections move items into younger buckets."),
    ),
    "closing-rate": Term(
        N_("Closing rate"),
        N_("The rate of the as-of date, or the latest of the days before it that the settings allow. It values what is open beside its booking value; the difference is the revaluation."),
    ),
    "grade": Term(
        N_("Grade"),
        N_("From A, the best, to F: by the points of the card, of 100; it moves step by step, and only where the score is clearly beyond an edge. A recommendation until a named person has confirmed it."),
    ),
    "re-rating": Term(
        N_("Re-rating"),
        N_("The reviews at which scores move grades. At the others, one at every month end and one at the as-of date, hard events and first scores do alone."),
    ),
    "not-rated": Term(
        N_("Not rated"),
        N_("A customer with too little payment history to be told from another; never taken as average. A hard event grades such a customer nonetheless."),
    ),
    "hard-event": Term(
        N_("Hard event"),
        N_("Insolvency, closure, a dishonoured instrument, a plan not kept, or much debt more than 90 days overdue: it caps the grade the same night, for as long as the settings say."),
    ),
    "recommended-limit": Term(
        N_("Recommended limit"),
        N_("What a customer would owe at most if it goes on buying and paying as it does, within its bounds, times what its grade is worth. One review goes only so far from the limit in force, unless a hard event cannot wait."),
    ),
    "documents": Term(
        N_("From a figure to its documents"),
        N_("Names of measures lead to how each is made. Names of customers lead to their open items. A cell of the aging, a metric, a customer or a document is followed to its rows, files and lines by"),
        "receivables trace",
    ),
    "closing-tolerance": Term(
        N_("Closing tolerance"), N_("A small rest left by a payment that is treated as settled.")
    ),
    "moved": Term(
        N_("Moved between currencies"),
        N_("Value taken from one document currency to settle an item in another."),
    ),
}  # fmt: skip
"""In the order pages tell them."""

_OF_RATINGS: Final = ("grade", "re-rating", "not-rated", "hard-event", "recommended-limit")


def terms_used(page: NightPage) -> tuple[str, ...]:
    """The terms whose words a report uses."""
    uses = {
        "disputed": any(ledger.disputed for ledger in page.ledgers),
        "due-date-first-told": any(ledger.is_moved for ledger in page.views.ledgers),
        "closing-rate": any(ledger.foreign for ledger in page.views.ledgers),
        **dict.fromkeys(_OF_RATINGS, any(rated.grades for rated in page.ratings)),
    }
    return tuple(term for term in TERMS if uses.get(term, True))


UNITS: Final[Mapping[str, str]] = {
    "ledger currency": N_("ledger currency"),
    "document currency": N_("document currency"),
    "reporting currency": N_("reporting currency"),
    "percent": N_("percent"),
    "share": N_("share of 1"),
    "index": N_("index"),
    "count": N_("number"),
    "days": N_("days"),
    "months": N_("months"),
    "weeks": N_("weeks"),
    "years": N_("years"),
    "points": N_("points"),
}
"""Units by the name that dictionaries and models give them."""

_SETTING_UNITS: Final = ("days", "months", "weeks", "years", "share", "points")


def unit_text(unit: str, words: Language) -> str:
    """A unit; a dash for none."""
    return words.text(UNITS[unit]) if unit else "–"


def column_unit(column: Column, words: Language) -> str:
    """The unit that a column's name tells."""
    return unit_text(unit_of(column.name), words)


def column_type(column: Column, words: Language) -> str:
    """What a column holds, with the choices as files write them and what an empty cell means."""
    kind = words.text(TYPES[column.type])
    if column.choices:
        kind = words.text(N_("%(type)s: %(choices)s"), type=kind, choices=", ".join(column.choices))
    if column.default:
        kind = f"{kind}; {words.text(N_('left empty: %(value)s'), value=column.default)}"
    return kind


def setting_unit(name: str, words: Language) -> str:
    """The unit that a setting's name tells."""
    return unit_text(next((unit for unit in _SETTING_UNITS if unit in name.split("_")), ""), words)


def setting_value(setting: Setting, words: Language) -> str:
    """A setting's value, as the language writes numbers; a dash for an empty list."""
    value = setting.value
    if isinstance(value, bool):
        return words.text(N_("yes") if value else N_("no"))
    if isinstance(value, Decimal):
        return words.number(value)
    return plain(value) if isinstance(value, str) else ", ".join(map(plain, value)) or "–"


def detector_needs(rule: DetectorRule, words: Language) -> str:
    """What a company must tell for a detector to look."""
    return words.listed(list(dict.fromkeys(need_text(need.name, words) for need in rule.detector.needs)))


def formula_parts(metric: str) -> list[tuple[str, bool]]:
    """The formula of a measure, cut up: each piece, and whether it is the name of an operand; none where there is no formula."""
    formula = FORMULAS.get(metric)
    if formula is None:
        return []
    return [(piece, piece in formula.operands) for piece in re.split(r"(\w+)", formula.text) if piece]


def card_steps(rule: CardRule, words: Language) -> str:
    """Which value or word gives how many points."""
    return "; ".join(
        f"{value if rule.is_of_words else words.number(Decimal(value))} → {words.number(points)}"
        for value, points in rule.steps
    )
