"""What the first screen says: how what is owed moved, and what asks for somebody today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from receivables.chapters.flags import Flags
    from receivables.chapters.movement import Movement, Since
    from receivables.chapters.prospect import Prospect
    from receivables.chapters.ratings import Ratings
    from receivables.language import Language

COMPARISONS: Final[Mapping[str, str]] = {
    "last_published": N_("Last report, %(day)s"),
    "day": N_("Yesterday, %(day)s"),
    "week": N_("A week ago, %(day)s"),
    "month": N_("Month end, %(day)s"),
}
"""What the balance is held against."""
STEPS: Final[Mapping[str, str]] = {
    "invoiced": N_("New invoices"),
    "credited": N_("Credit notes"),
    "cash": N_("Cash received"),
    "written_off": N_("Written off"),
    "discount": N_("Discounts"),
    "fx": N_("Exchange differences"),
    "other": N_("Netting, bills and small rests"),
}
"""What moved it."""


def comparison_name(since: Since, words: Language) -> str:
    """The day a balance is held against."""
    return words.text(COMPARISONS[since.comparison], day=words.day(since.day))


def signed(amount: Decimal, currency: str, words: Language) -> str:
    """An amount with its sign, as it moves the balance; a dash for nothing."""
    told = words.amount(amount, currency)
    return "–" if not amount else f"+{told}" if amount > 0 else told


def movement_summary(movement: Movement, words: Language) -> str:
    """What changed since the last report, in a sentence or two."""
    since, currency = movement.first, movement.currency
    change = since.change
    more, less, same = (
        N_("%(amount)s more is owed than on %(day)s."),
        N_("%(amount)s less is owed than on %(day)s."),
        N_("As much is owed as on %(day)s."),
    )
    said = [
        words.text(
            more if change > 0 else less if change < 0 else same,
            amount=words.money(abs(change), currency),
            day=words.day(since.day),
        )
    ]
    if since.overdue:
        late = N_("Overdue debt grew by %(amount)s.") if since.overdue > 0 else N_("Overdue debt fell by %(amount)s.")
        said.append(words.text(late, amount=words.money(abs(since.overdue), currency)))
    if since.restated:
        said.append(
            words.text(
                N_("Later files moved that day's balance by %(amount)s."), amount=words.money(since.restated, currency)
            )
        )
    return words.sentences(said)


def tasks(
    flags: Flags | None, rated: Ratings | None, prospect: Prospect | None, words: Language
) -> list[tuple[str, str]]:
    """What asks for somebody in a company today: a link within the report and a sentence each."""
    return [*_flag_tasks(flags, words), *_rating_tasks(rated, words), *_cash_tasks(prospect, words)]


def _flag_tasks(found: Flags | None, words: Language) -> Iterable[tuple[str, str]]:
    ngettext = words.texts
    if found is not None and found.new:
        yield (
            "flags",
            ngettext("%(number)s new flag to look into", "%(number)s new flags to look into", found.new),
        )
    elif found is not None and found.open:
        yield "flags", ngettext("%(number)s flag is still open", "%(number)s flags are still open", found.open)


def _rating_tasks(rated: Ratings | None, words: Language) -> Iterable[tuple[str, str]]:
    ngettext = words.texts
    if rated is not None and rated.moves is not None and rated.moves.fell.customers:
        yield (
            "ratings",
            ngettext(
                "%(number)s customer fell in grade since %(day)s and owes %(amount)s",
                "%(number)s customers fell in grade since %(day)s and owe %(amount)s",
                rated.moves.fell.customers,
                day=words.day(rated.moves.since),
                amount=words.money(rated.moves.fell.owed, rated.currency),
            ),
        )


def _cash_tasks(prospect: Prospect | None, words: Language) -> Iterable[tuple[str, str]]:
    ngettext = words.texts
    if prospect is None:
        return
    if prospect.leaving_items:
        yield (
            "prospect",
            ngettext(
                "%(number)s item with %(amount)s is about to pass the half year in which money is collected best",
                "%(number)s items with %(amount)s are about to pass the half year in which money is collected best",
                prospect.leaving_items,
                amount=words.money(prospect.leaving_open, prospect.currency),
            ),
        )
    if prospect.weeks:
        first = prospect.weeks[0]
        told = N_("Cash expected: %(week)s in the week to %(day)s, %(all)s in %(weeks)s weeks")
        yield (
            "prospect",
            words.text(
                told,
                week=words.money(first.expected, prospect.currency),
                day=words.day(first.last_day),
                all=words.money(prospect.expected, prospect.currency),
                weeks=words.count(len(prospect.weeks)),
            ),
        )
