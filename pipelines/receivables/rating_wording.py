"""What the report says of ratings, in words: sentences, why somebody is rated so or not at all, and what a person is asked to confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.charts import Labels
from receivables.wording import N_, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from receivables.chapters.rating_record import Measure, Record
    from receivables.chapters.rating_review import Change, Changes, HardEvent, Reason
    from receivables.chapters.ratings import Card, GradeLine, Moved, Ratings
    from receivables.language import Language

NOT_RATED: Final = N_("Not rated")

BLOCKS: Final[Mapping[str, str]] = {
    "basic": N_("Basic information"),
    "operating": N_("Operating condition"),
    "payment": N_("Payment record"),
}

ATTRIBUTES: Final[Mapping[str, str]] = {
    "years_trading": N_("Years trading"),
    "paid_in_share": N_("Capital paid in"),
    "fixed_assets_to_turnover": N_("Fixed assets over turnover"),
    "registry_event": N_("Registry events"),
    "return_on_operating_assets": N_("Return on operating assets"),
    "inventory_turnover": N_("Inventory turnover"),
    "debt_to_asset_ratio": N_("Debt to assets"),
    "current_ratio": N_("Current ratio"),
    "altman_z": N_("Altman's Z″"),
    "payment_index": N_("Payment index"),
    "share_late_30": N_("Money more than 30 days late"),
    "max_days_late": N_("Longest delay"),
    "broken_promises": N_("Broken promises"),
    "trend_days": N_("Trend of the delay"),
}

_LOW: Final[Mapping[str, str]] = {
    "years_trading": N_("It has been trading for few years"),
    "paid_in_share": N_("Little of its registered capital is paid in"),
    "fixed_assets_to_turnover": N_("It has few fixed assets for its turnover"),
    "registry_event": N_("The registry tells of an event, such as a change of hands, place or trade"),
    "return_on_operating_assets": N_("It earns little on its operating assets"),
    "inventory_turnover": N_("Its stock turns slowly"),
    "debt_to_asset_ratio": N_("It has much debt for its assets"),
    "current_ratio": N_("Its current assets cover little more than its current liabilities, or less"),
    "altman_z": N_("Altman's Z″ is low: insolvency is likelier"),
    "payment_index": N_("It pays later than agreed"),
    "share_late_30": N_("Part of the money is more than 30 days late"),
    "max_days_late": N_("A payment or open item is far beyond its due date"),
    "broken_promises": N_("It did not keep promises to pay"),
    "trend_days": N_("It pays later than it used to"),
}

EVENTS: Final[Mapping[str, str]] = {
    "insolvency": N_("Insolvency"),
    "closure": N_("Closure of the business"),
    "bounced_instrument": N_("Dishonoured cheque, bill or direct debit"),
    "broken_plan": N_("Deferral or instalments not kept"),
    "overdue_90": N_("Much debt more than 90 days overdue"),
    "default": N_("Default on record"),
    "lawsuit": N_("Lawsuit on record"),
}

SUPPLIES: Final[Mapping[str, str]] = {
    "full": N_("Full supply"),
    "smaller_lots": N_("Smaller lots, fewer varieties"),
    "held_lines": N_("Best-selling lines held"),
    "prepaid": N_("No payment, no shipment"),
}

DECIDED_BY: Final[Mapping[str, str]] = {
    "need": N_("by what it needs"),
    "net_worth": N_("by its net worth"),
    "working_capital": N_("by its working capital"),
    "high_credit": N_("by the most it ever owed"),
    "insurer": N_("by the insurer's limit"),
    "grade": N_("the grade allows none"),
    "change": N_("as far as one review may go"),
}


def grade_name(grade: str | None, words: Language) -> str:
    """A grade, or that there is none."""
    return grade or words.text(NOT_RATED)


def worth_summary(rated: Ratings, words: Language) -> str:
    """What each grade is worth: supply, and days of credit."""
    ngettext = words.texts
    said = [words.text(N_("What a grade is worth:"))]
    for line in rated.grades:
        told = {"grade": line.grade, "supply": named(SUPPLIES, line.supply or "", words.text)}
        if line.terms_days:
            said.append(
                ngettext(
                    "%(grade)s: %(supply)s, %(number)s day of credit at most.",
                    "%(grade)s: %(supply)s, %(number)s days of credit at most.",
                    line.terms_days,
                    **told,
                )
            )
        elif line.grade:
            said.append(words.text(N_("%(grade)s: %(supply)s."), **told))
    return words.sentences(said)


def grade_labels(rated: Ratings, words: Language) -> Labels:
    """The words of the chart of money by grade."""
    return Labels(
        tuple(grade_name(line.grade, words) for line in rated.grades),
        (words.text(N_("Not overdue")), words.text(N_("Overdue"))),
        exact=lambda value: words.money(value, rated.currency),
        short=words.short,
    )


def rating_summary(rated: Ratings, words: Language) -> str:
    """How much of what is owed stands with whom, and how grades moved since the last re-rating, in money."""
    *graded, unrated = rated.grades
    by_grade = words.text(
        N_(
            "Of %(owed)s owed, by the customer's grade: %(amounts)s; not rated for want of payment history: %(unrated)s (%(share)s)."
        ),
        owed=words.money(rated.owed, rated.currency),
        amounts=words.listed([_amount_of(line, rated.currency, words) for line in graded if line.owed]),
        unrated=words.money(unrated.owed, rated.currency),
        share=words.share(unrated.share),
    )
    return words.sentences([by_grade, *_moves(rated, words)])


def _amount_of(line: GradeLine, currency: str, words: Language) -> str:
    return words.text(
        N_("%(grade)s %(amount)s (%(share)s)"),
        grade=line.grade,
        amount=words.money(line.owed, currency),
        share=words.share(line.share),
    )


def _moves(rated: Ratings, words: Language) -> Iterable[str]:
    ngettext, moves = words.texts, rated.moves
    if moves is None:
        yield words.text(N_("There was no re-rating before this review."))
        return
    if moves.fell.customers or moves.rose.customers:
        fell, rose = (_whose(moved, rated.currency, words) for moved in (moves.fell, moves.rose))
        moved = N_("Since the re-rating of %(day)s grades fell for %(fell)s and rose for %(rose)s.")
        yield words.text(moved, day=words.day(moves.since), fell=fell, rose=rose)
    else:
        yield words.text(N_("No grade moved since the re-rating of %(day)s."), day=words.day(moves.since))
    if moves.gained.customers:
        yield ngettext(
            "%(number)s customer owing %(amount)s had no grade then and has one now.",
            "%(number)s customers owing %(amount)s had no grade then and have one now.",
            moves.gained.customers,
            amount=words.money(moves.gained.owed, rated.currency),
        )
    if moves.lost.customers:
        yield ngettext(
            "%(number)s customer owing %(amount)s had a grade then and has none now.",
            "%(number)s customers owing %(amount)s had a grade then and have none now.",
            moves.lost.customers,
            amount=words.money(moves.lost.owed, rated.currency),
        )


def _whose(moved: Moved, currency: str, words: Language) -> str:
    ngettext = words.texts
    if not moved.customers:
        return words.text(N_("nobody"))
    return ngettext(
        "%(number)s customer owing %(amount)s",
        "%(number)s customers owing %(amount)s",
        moved.customers,
        amount=words.money(moved.owed, currency),
    )


def why_not_rated(rated: Ratings, words: Language) -> str:
    """Why nobody of a company is graded."""
    ngettext = words.texts
    if not rated.customers:
        return words.text(N_("Nobody can be rated: neither invoices nor integrity files of customers are told."))
    return ngettext(
        "Nobody can be rated yet: of %(number)s customer none has the %(items)s instalments fallen due and the %(days)s days of history that a rating needs.",
        "Nobody can be rated yet: of %(number)s customers none has the %(items)s instalments fallen due and the %(days)s days of history that a rating needs.",
        rated.customers,
        items=words.count(rated.items_min),
        days=words.count(rated.history_days_min),
    )


# What is to be confirmed ------------------------------------------------------------------------------------------------


def change_summary(changes: Changes, currency: str, words: Language) -> str:
    """How much there is to confirm, what confirming is for, and when grades move next."""
    said = [
        _asked(changes, currency, words),
        words.text(N_("A rating is a recommendation: it takes effect when a named person has confirmed it.")),
    ]
    if changes.next_review is not None:
        ahead = N_("Scores move grades next on %(day)s; hard events do at once.")
        said.append(words.text(ahead, day=words.day(changes.next_review)))
    return words.sentences(said)


def _asked(changes: Changes, currency: str, words: Language) -> str:
    ngettext = words.texts
    count = len(changes.lines) + changes.others
    if not count:
        return words.text(
            N_(
                "Nothing: no grade moved since the review before, and nothing told to be in force differs from what is recommended."
            )
        )
    kinds = [
        ngettext("%(number)s grade", "%(number)s grades", changes.grades),
        ngettext("%(number)s limit", "%(number)s limits", changes.limits),
        ngettext("%(number)s payment term", "%(number)s payment terms", changes.terms),
    ]
    return ngettext(
        "%(kinds)s of %(number)s customer owing %(amount)s.",
        "%(kinds)s of %(number)s customers owing %(amount)s.",
        count,
        kinds=words.listed(kinds),
        amount=words.money(changes.total, currency),
    )


def limit_notes(changes: Changes, words: Language) -> str:
    """Which limits are not held against those recommended, and why; nothing where all are."""
    if not changes.has_limits:
        return words.text(N_("No limit in force is told: those recommended are held against none."))
    if changes.has_shared_limits:
        return words.text(
            N_("A limit that several customers share is not held against the one recommended to each of them.")
        )
    return ""


def grade_change(change: Change, words: Language) -> str:
    """The grade, beside that before where it moved."""
    grades = (change.previous_grade, change.grade) if change.has_new_grade else (change.grade,)
    return " → ".join(grade_name(grade, words) for grade in grades)


def limit_change(change: Change, words: Language) -> str:
    """The limit recommended, beside that in force where they differ."""
    if change.recommended_limit is None:
        return "–"
    new = words.number(change.recommended_limit)
    old = None if change.limit is None else words.number(change.limit)
    return _change(old, new, words) if change.has_new_limit else new


def limit_note(change: Change, words: Language) -> str:
    """What decided the limit, and the one that is shared."""
    parts = [] if change.decided_by is None else [named(DECIDED_BY, change.decided_by, words.text)]
    if change.is_limit_shared and change.limit is not None:
        parts.append(words.text(N_("shared limit %(amount)s"), amount=words.number(change.limit)))
    return words.listed(parts)


def days_change(change: Change, words: Language) -> str:
    """The days of credit recommended, beside those agreed where they are fewer."""
    if change.recommended_days is None:
        return "–"
    new = words.count(change.recommended_days)
    return _change(words.count(change.agreed_days or 0), new, words) if change.has_new_terms else new


def supply_change(change: Change, words: Language) -> str:
    """What is supplied, beside what was where the grade changes it."""
    old, new = (code and named(SUPPLIES, code, words.text) for code in (change.previous_supply, change.supply))
    return _change(old, new, words) if old and new and old != new else new or "–"


def _change(old: str | None, new: str | None, words: Language) -> str:
    return " → ".join(code or words.text(N_("none")) for code in (old, new))


def reason_text(reason: Reason, words: Language) -> str:
    """Why a customer is rated so, in a sentence."""
    if reason.kind is None or reason.points is None or reason.best is None:
        return _event_text(reason, words)
    points = {"points": words.number(reason.points), "best": words.number(reason.best)}
    if reason.kind == "low":
        low = named(_LOW, reason.code, words.text)
        return words.text(N_("%(reason)s (−%(points)s of %(best)s)"), reason=low, **points)
    untold = _MISSING if reason.kind == "missing" else _STALE
    return words.text(untold, attribute=named(ATTRIBUTES, reason.code, words.text), **points)


_MISSING: Final = N_("%(attribute)s: not known (−%(points)s of %(best)s)")
_STALE: Final = N_("%(attribute)s: known from old data only (−%(points)s of %(best)s)")


def _event_text(reason: Reason, words: Language) -> str:
    ngettext = words.texts
    event = named(EVENTS, reason.code, words.text)
    if not reason.days:
        return event
    return ngettext("%(event)s, %(number)s day ago", "%(event)s, %(number)s days ago", reason.days, event=event)


def event_since(held: HardEvent, words: Language) -> str:
    """A hard event and since when."""
    event, since = named(EVENTS, held.event, words.text), words.day(held.since)
    message = N_("%(event)s: since %(day)s or earlier") if held.is_older else N_("%(event)s: since %(day)s")
    return words.text(message, event=event, day=since)


# The card ---------------------------------------------------------------------------------------------------------------


def card_summary(card: Card, words: Language) -> str:
    """How much of the card is known, and what stands in for the rest."""
    return words.sentences([*_known(card, words), words.text(_LEARNT if card.is_learnt else _STANDS_IN)])


_STANDS_IN: Final = N_(
    "Where a fact is missing, the median of the company's customers stands in, or half of the points where too few have it; an old fact counts in part. Without payment history nobody is scored."
)

_LEARNT: Final = N_(
    "Scores come from the statistical card, learnt from what became of customers: points are counted above its worst bin; a missing fact is worth what customers without it showed, or the worst bin where these are too few. How much is known is measured on the expert card. Without payment history nobody is scored."
)


def _known(card: Card, words: Language) -> Iterable[str]:
    ngettext = words.texts
    if card.completeness is None:
        yield words.text(
            N_("Nobody has a score for want of payment history; the grades are those of hard events alone.")
        )
        return
    yield words.text(
        N_("Of the points of the card, facts are told for %(share)s on average."), share=words.share(card.completeness)
    )
    if card.incomplete:
        yield ngettext(
            "%(number)s of %(scored)s customers with a score has facts for less than %(least)s and is graded %(cap)s at best.",
            "%(number)s of %(scored)s customers with a score have facts for less than %(least)s and are graded %(cap)s at best.",
            card.incomplete,
            scored=words.count(card.scored),
            least=words.whole_share(card.least),
            cap=card.cap,
        )


# The record ------------------------------------------------------------------------------------------------------------

MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "auc": (N_("AUC"), "index"),
    "amount_auc": (N_("AUC by amount"), "index"),
    "ks": (N_("KS"), "index"),
    "statistical_auc": (N_("AUC, statistical card"), "index"),
    "brier": (N_("Brier score"), "index"),
    "observed_expected": (N_("Bad over expected"), "index"),
    "calibration_slope": (N_("Calibration slope"), "index"),
    "notch_change_rate": (N_("Grades changed"), "share"),
    "reversal_rate": (N_("Changes turned back"), "share"),
    "psi": (N_("PSI, a year before"), "index"),
    "bad_rate": (N_("Share gone bad"), "share"),
}

_BESIDE_LATE_RATIO: Final[Mapping[str, str]] = {
    "better": N_("Scores rank better than the customer's own late ratio (difference in AUC %(ends)s)."),
    "worse": N_("Scores rank worse than the customer's own late ratio (difference in AUC %(ends)s)."),
    "undecided": N_(
        "Whether scores rank better than the customer's own late ratio is undecided (difference in AUC %(ends)s)."
    ),
}

_UNTOLD: Final[Mapping[str, str]] = {
    "no_year_has_run_out": N_("no year has run out"),
    "no_earlier_year": N_("not before another year"),
    "too_few_reratings": N_("too few re-ratings"),
    "not_fitted": N_("not fitted yet"),
}


def record_summary(record: Record, words: Language) -> str:
    """How many past scores are held against what happened, and whether they tell more than something simple."""
    if not record.counts:
        return words.text(
            N_("No year after a scored re-rating has run out yet: past scores can be held against nothing.")
        )
    told = {name: words.count(count) for name, count in record.counts.items()}
    said = [
        words.text(
            N_(
                "Of %(cases)s scores of %(customers)s customers whose year has run out, %(bads)s went bad: much debt 90 days overdue, a loss or insolvency. An AUC of .5 is chance; grades changed are those of the last re-rating, turned back within two."
            ),
            **told,
        )
    ]
    auc = record.measure("auc")
    if auc is not None and auc.verdict is not None:
        ends = record_interval(auc.difference_low, auc.difference_high, "auc", words)
        said.append(words.text(_BESIDE_LATE_RATIO[auc.verdict], ends=ends))
    return words.sentences(said)


def record_measure_name(measure: Measure, words: Language) -> str:
    """A measure of the back-test."""
    return words.text(MEASURES[measure.metric][0])


def record_value(value: Decimal | None, metric: str, words: Language) -> str:
    """A value of the back-test; a dash for none."""
    return "–" if value is None else words.measure(value, MEASURES[metric][1])


def record_interval(low: Decimal | None, high: Decimal | None, metric: str, words: Language) -> str:
    """The ends of an interval; a dash where there is none."""
    if low is None or high is None:
        return "–"
    ends = {"low": record_value(low, metric, words), "high": record_value(high, metric, words)}
    return words.text(N_("%(low)s to %(high)s"), **ends)


def record_remark(measure: Measure, words: Language) -> str:
    """Why a measure cannot be told, or what of a drift chance explains."""
    if measure.reason is not None:
        return named(_UNTOLD, measure.reason, words.text)
    drifted = N_("drift: chance explains %(value)s only")
    message = drifted if measure.verdict == "drift" else N_("no drift; chance explains %(value)s")
    return words.text(message, value=record_value(measure.critical, measure.metric, words))
