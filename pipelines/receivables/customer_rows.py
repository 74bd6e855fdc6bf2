"""The rows of a customer's page as markup: hundreds of cells a page and thousands of pages, for each of which a template would take five times as long."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from receivables.chapters.customer_file import PARTS
from receivables.charts import HEIGHT, WIDTH
from receivables.customer_wording import (
    COURSES,
    KINDS,
    course_text,
    course_value,
    field_age,
    field_name,
    field_value,
)
from receivables.language import shortened
from receivables.money import bare
from receivables.wording import N_, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from receivables.chapters.customer_file import Course, CustomerFile, Field, Integrity, Item, Month
    from receivables.language import Language

_VALUE_COLUMNS: Final = 300
_SOURCE_COLUMNS: Final = 80
_NUMBER_COLUMNS: Final = 60


def month_rows(months: Sequence[Month], currency: str, words: Language) -> Markup:
    """How a customer paid and stood, a row for each month end, newest first."""
    return _together(_month_row(month, currency, words) for month in reversed(months))


def _month_row(month: Month, currency: str, words: Language) -> str:
    index, days = month.payment_index, month.days_beyond_terms
    numbers = (
        "–" if index is None else words.measure(index, "points"),
        "–" if days is None else words.measure(days, "days"),
        words.share(month.late_share),
        words.share(month.late_30_share),
        "–" if month.owed is None else words.amount(month.owed, currency),
        "–" if month.overdue is None else words.amount(month.overdue, currency),
        words.share(month.utilisation),
    )
    told = (index, days, month.late_share, month.late_30_share, month.owed, month.overdue, month.utilisation)
    day = words.day(month.day)
    values = _values((day, *numbers), (month.day, *told))
    # how a cell is aligned says the style sheet by its column
    return f'<tr{values}><th scope="row">{day}</th><td>{"</td><td>".join(numbers)}</td></tr>\n'


def item_rows(items: Sequence[Item], currency: str, words: Language) -> Markup:
    """What is open, a row for each item."""
    return _together(_item_row(item, currency, words) for item in items)


def _item_row(item: Item, currency: str, words: Language) -> str:
    late = None if item.is_unapplied else item.days_overdue
    foreign = (
        "" if item.currency == currency else f" <small>{escape(words.money(item.open_doc, item.currency))}</small>"
    )
    shown = ("–" if late is None else words.count(late), words.amount(item.open, currency))
    told = (item.doc_date, item.due_date, item.original_due_date, late, item.open, item.disputed or None, item.chance)
    values = _values(("", "", "", *shown, "", ""), told, before=2)
    return (
        f'<tr{values}><th scope="row"><bdi>{_shown(item.number, _NUMBER_COLUMNS)}</bdi>{_part(item.seq, words) if item.seq > 1 else ""}</th>'
        f"<td>{_kind(item.kind, words)}</td>"
        f"<td>{words.day(item.doc_date)}</td><td>{words.day(item.due_date)}</td><td>{words.day(item.original_due_date)}</td>"
        f"<td{' class=negative' if late is not None and late > 0 else ''}>{shown[0]}</td>"
        f"<td{' class=negative' if item.open < 0 else ''}>{shown[1]}{foreign}</td>"
        f"<td>{words.amount(item.disputed, currency) if item.disputed else '–'}</td><td>{words.share(item.chance)}</td></tr>\n"
    )


def _part(seq: int, words: Language) -> str:
    part = escape(words.text(N_("instalment %(number)s"), number=words.count(seq)))
    return f" <small>{part}</small>"


def _values(shown: Sequence[str], told: Sequence[date | Decimal | int | None], before: int = 0) -> str:
    """The attribute with what a row is sorted by, column by column; `before`: columns sorted by their text. Nothing is said twice."""
    values = ["" if value is None else value.isoformat() if isinstance(value, date) else bare(value) for value in told]
    kept = ["" if value == text and value.isdecimal() else value for value, text in zip(values, shown, strict=True)]
    return f' data-values="{"|" * before}{"|".join(kept).rstrip("|")}"'


def field_rows(file: Integrity | None, words: Language) -> dict[str, Markup]:
    """The fields of the integrity file by part, a row for each."""
    return {part: _together(_field_row(field, words) for field in (file.of(part) if file else ())) for part in PARTS}


def _field_row(field: Field, words: Language) -> str:
    source = f"<bdi>{_shown(field.source, _SOURCE_COLUMNS)}</bdi>" if field.source else "–"
    return (
        f'<tr{" class=rest" if field.value is None else ""}><th scope="row">{_label(field.name, words)}</th>'
        f"<td><bdi>{_shown(field_value(field, words), _VALUE_COLUMNS)}</bdi></td><td>{source}</td>"
        f'<td class="date">{words.day(field.true_on)}</td><td{" class=bad" if field.is_stale else ""}>{_age(field.age_months, field.is_stale, words)}</td></tr>\n'
    )


@cache
def _label(name: str, words: Language) -> Markup:
    return escape(field_name(name, words))


@cache
def _age(months: int | None, is_stale: bool, words: Language) -> Markup:  # a key of the cache
    return escape(field_age(months, words, is_stale=is_stale))


@cache
def _kind(code: str, words: Language) -> Markup:
    return escape(named(KINDS, code, words.text))


def drawings(file: CustomerFile, words: Language) -> Markup:
    """The lines over the month ends, each with its name and last value above, and between what it runs below."""
    return _together(_drawing(course, file.who.currency, words) for course in file.courses)


def _drawing(course: Course, currency: str, words: Language) -> str:
    told = [course_value(value, course.unit, currency, words) for value in (course.low, course.high, course.last)]
    sentence = course_text(course.measure, told, words)
    low, high, last = told
    if course.unit == "money":  # there is little room under the line, and the currency stands above it
        low, high = (words.amount(value, currency) for value in (course.low, course.high))
    lines = "".join([f'<polyline points="{points}"/>' for points in course.drawn.parts])
    return (
        f"<figure><figcaption>{_measure(course.measure, words)} <b>{escape(last)}</b></figcaption>"
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(sentence)}">'
        f'<line x1="0" x2="{WIDTH}" y1="{course.drawn.zero}" y2="{course.drawn.zero}"/>{lines}</svg>'
        f"<small>{low} – {high}</small></figure>\n"
    )


@cache
def _measure(name: str, words: Language) -> Markup:
    return escape(words.text(COURSES[name]))


def _shown(text: str, columns: int) -> Markup:
    """Text that somebody else wrote, cut, on one line and escaped."""
    return escape(shortened(text, columns))


def _together(rows: Iterable[str]) -> Markup:
    # numbers and dates of ours, labels and what others wrote escaped above
    return Markup("".join(rows))  # noqa: S704  # nosec B704
