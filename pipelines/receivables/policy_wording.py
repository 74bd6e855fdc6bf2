"""What reports say of what follows from grades: value beside credit, accredited payers, write-offs over sales, prices of days of credit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from receivables.chapters.grade_policy import (
        AccreditedList,
        Loss,
        Losses,
        LossLine,
        Matrix,
        Member,
        Price,
        PriceLine,
        PriceTable,
    )
    from receivables.language import Language

QUADRANTS: Final[Mapping[str, str]] = {
    "keep": N_("Keep"),
    "grow": N_("Grow"),
    "watch": N_("Watch"),
    "exit": N_("Exit"),
}

FAULTS: Final[Mapping[str, str]] = {
    "hard_event": N_("A hard event caps its grade"),
    "override": N_("Its grade was lowered by hand"),
    "overdue": N_("It had overdue debt at the review"),
    "late": N_("Too many instalments came more than a week late"),
    "index": N_("Its payment index fell too low"),
    "short_record": N_("Too few instalments fell due to tell"),
}

_MISSING: Final[Mapping[str, str]] = {
    "unrated": N_("Not rated"),
    "before_reviews": N_("Sold before the first review told"),
    "no_salesperson": N_("No salesperson told"),
}


def customers_text(customers: int, words: Language) -> str:
    """So many customers."""
    ngettext = words.texts
    return ngettext("%(number)s customer", "%(number)s customers", customers)


# Value beside credit -------------------------------------------------------------------------------------------------


def matrix_summary(matrix: Matrix, currency: str, words: Language) -> str:
    """Where the cuts lie, what a value is made of, and who is in no quadrant."""
    return words.sentences([*_made_of(matrix, words), *_unplaced(matrix, currency, words)])


def _made_of(matrix: Matrix, words: Language) -> Iterable[str]:
    ngettext = words.texts
    cut = N_("High: the fewest customers that together bring %(share)s of the margin of the last twelve months.")
    yield words.text(cut, share=words.whole_share(matrix.top_share))
    if matrix.by_cost:
        yield ngettext(
            "The margin of %(number)s customer follows from costs told.",
            "The margins of %(number)s customers follow from costs told.",
            matrix.by_cost,
        )
    if matrix.assumed:
        yield ngettext(
            "For %(number)s customer it is assumed to be %(margin)s of sales.",
            "For %(number)s customers it is assumed to be %(margin)s of sales.",
            matrix.assumed,
            margin=words.whole_share(matrix.assumed_margin),
        )


def _unplaced(matrix: Matrix, currency: str, words: Language) -> Iterable[str]:
    ngettext = words.texts
    if matrix.unplaced.customers:
        yield ngettext(
            "%(number)s customer owing %(amount)s is in no quadrant: not rated, or its sales are not told.",
            "%(number)s customers owing %(amount)s are in no quadrant: not rated, or their sales are not told.",
            matrix.unplaced.customers,
            amount=words.money(matrix.unplaced.owed, currency),
        )


def placed_summary(matrix: Matrix, words: Language) -> str:
    """How many customers of which quadrants are listed."""
    counts = {quadrant.quadrant: quadrant.customers for row in matrix.rows for quadrant in row}
    named = N_("%(quadrant)s: %(customers)s")
    parts = [
        words.text(named, quadrant=words.text(QUADRANTS[name]), customers=customers_text(counts[name], words))
        for name in (placed.quadrant for placed in matrix.lists)
    ]
    return words.text(N_("By name: %(quadrants)s"), quadrants=words.listed(parts))


# Accredited payers ---------------------------------------------------------------------------------------------------


def accredited_summary(payers: AccreditedList, words: Language) -> str:
    """How many are on the list until when, and how many left it."""
    ngettext = words.texts
    if payers.holds_until is None:
        said = [words.text(N_("Nobody is on the list of accredited payers."))]
    else:
        said = [
            ngettext(
                "%(number)s accredited payer; the list holds until the re-rating of %(day)s.",
                "%(number)s accredited payers; the list holds until the re-rating of %(day)s.",
                payers.customers,
                day=words.day(payers.holds_until),
            )
        ]
    if gone := len(payers.gone) + payers.gone_others:
        said.append(
            ngettext(
                "%(number)s payer left it in the last twelve months.",
                "%(number)s payers left it in the last twelve months.",
                gone,
            )
        )
    return words.sentences(said)


def since_text(member: Member, words: Language) -> str:
    """Since when a payer is on the list."""
    since = words.day(member.since)
    return words.text(N_("%(day)s or earlier"), day=since) if member.is_older else since


# Written off of sales ------------------------------------------------------------------------------------------------


def loss_summary(losses: Losses, currency: str, words: Language) -> str:
    """What was written off in twelve months and in all, as a share of sales."""
    year, whole = losses.total.spans
    parts = []
    if year is not None:
        recent = N_("Written off in the last twelve months: %(amount)s, %(share)s of sales.")
        parts.append(words.text(recent, **_lost(year, currency, words)))
    if whole is not None:
        parts.append(words.text(N_("In all that is told: %(amount)s, %(share)s."), **_lost(whole, currency, words)))
    return words.sentences(parts)


def _lost(loss: Loss, currency: str, words: Language) -> dict[str, str]:
    between = loss_interval(loss, words)
    share = words.fine_share(loss.rate)
    told = words.text(N_("%(share)s (95%% interval: %(between)s)"), share=share, between=between) if between else share
    return {"amount": words.money(loss.written_off, currency), "share": told}


def loss_member(line: LossLine, words: Language) -> str:
    """A grade or salesperson, or why there is none."""
    return line.member or words.text(_MISSING[line.missing or ""])


def loss_interval(loss: Loss, words: Language) -> str:
    """The interval of a share; nothing where there is none."""
    if loss.low is None or loss.high is None:
        return ""
    return f"{words.fine_share(loss.low)}–{words.fine_share(loss.high)}"


# Prices of days of credit --------------------------------------------------------------------------------------------


def price_summary(prices: PriceTable, words: Language) -> str:
    """What the longest term that all grades with credit are granted must cost the best and the worst of them."""
    ngettext = words.texts
    granted = [line for line in prices.lines if all(price.is_granted for price in line.prices)]
    line = granted[-1] if granted else prices.lines[0]
    return ngettext(
        "%(number)s day of credit must cost %(least)s more than cash for grade %(best)s, %(most)s for grade %(worst)s.",
        "%(number)s days of credit must cost %(least)s more than cash for grade %(best)s, %(most)s for grade %(worst)s.",
        line.term_days,
        best=prices.grades[0],
        worst=prices.grades[-1],
        least=price_text(line.prices[0], words),
        most=price_text(line.prices[-1], words),
    )


def price_note(prices: PriceTable, words: Language) -> str:
    """What the prices cover, and how the table is read."""
    money_cost = N_(
        "The percentages over the price of cash cover the cost of money, %(rate)s a year, for the term and the days that customers of the grade take beyond it."
    )
    return words.sentences(
        [
            words.text(money_cost, rate=words.share(prices.annual_rate)),
            words.text(_LOSSES.get(prices.loss_source or "", _NO_LOSS)),
            words.text(N_("In grey: more days than the grade is granted. In bold: a price list asks less.")),
        ]
    )


_LOSSES: Final[Mapping[str, str]] = {
    "grade": N_(
        "They also cover the loss expected of what is not due yet, weighted by how often customers of the grade went bad."
    ),
    "company": N_("They also cover the loss expected of what is not due yet, the same for all grades."),
}
_NO_LOSS: Final = N_("No loss is in them: none can be told yet.")


def price_text(price: Price, words: Language) -> str:
    """A percentage; a dash where no price covers the loss."""
    return words.fine_share(None if price.pct is None else price.pct / 100)


def list_price(line: PriceLine, words: Language) -> str:
    """The least and most that price lists ask; a dash where none tells it."""
    if line.least is None or line.most is None:
        return "–"
    ends = dict.fromkeys(words.fine_share(pct / 100) for pct in (line.least, line.most))
    return "–".join(ends)
