"""What a mailed report says: subject, whose receivables, key figures, who moved, what is attached; lines that HTML and plain text share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables import wording
from receivables.language import plain, shortened
from receivables.page_model import UNIDENTIFIED
from receivables.wording import N_

if TYPE_CHECKING:
    from decimal import Decimal

    from receivables.chapters.movers import Mover, Movers
    from receivables.language import Language
    from receivables.page_model import Ledger, NightPage, Part

_NAME_COLUMNS: Final = 60
_SUBJECT_COLUMNS: Final = 50
_LISTED: Final = 6
"""Names of companies, territories or salespersons in a sentence; the others are counted."""

Figure = tuple[str, str]
"""A key figure: its name, and it with its unit."""


def subject(page: NightPage, words: Language, *, is_again: bool) -> str:
    """The subject of a message; a report that is mailed again says so."""
    _, day = words.text, words.day(page.run.as_of, "long")
    told = (
        _("Receivables as of %(date)s", date=day)
        if page.part is None
        else _(
            "Receivables of %(whom)s as of %(date)s",
            whom=shortened(_whom(page.part, words), _SUBJECT_COLUMNS),
            date=day,
        )
    )
    return _("Sent again: %(subject)s", subject=told) if is_again else told


def _whom(part: Part, words: Language) -> str:
    return words.listed([*(part.salespersons or part.territories or part.companies)])


def part_sentence(part: Part, words: Language) -> str:
    """Of what a report is a part."""
    _ = words.text
    companies, territories, sellers = (
        _names(told, words) for told in (part.companies, part.territories, part.salespersons)
    )
    if not part.is_of_customers:
        return _("This is a part of the report: %(companies)s.", companies=companies)
    whom = (
        _("customers of %(salespersons)s in %(territories)s", salespersons=sellers, territories=territories)
        if part.salespersons and part.territories
        else _("customers of %(salespersons)s", salespersons=sellers)
        if part.salespersons
        else _("customers in %(territories)s", territories=territories)
    )
    return _(
        "This is a part of the report: %(customers)s, %(companies)s. All figures are of these customers alone.",
        customers=whom,
        companies=companies,
    )


def _names(names: tuple[str, ...], words: Language) -> str:
    listed = [shortened(name, _NAME_COLUMNS) for name in names[:_LISTED]]
    if len(names) > _LISTED:
        ngettext = words.texts
        listed.append(ngettext("%(number)s more", "%(number)s more", len(names) - _LISTED))
    return words.listed(listed)


def status_sentence(page: NightPage, words: Language) -> str:
    """How the night ended; nothing where only some customers are in sight, of whom it does not tell."""
    if page.is_of_customers:
        return ""
    _ = words.text
    return (
        _("Published, but something needs a person. The report says what.")
        if page.needs_person
        else _("Published normally.") + " " + _("No file was refused and the aging ties to the ledger.")
    )


def figures(ledger: Ledger, movers: Movers | None, words: Language) -> list[Figure]:
    """The key figures of a ledger."""
    _, head, currency = words.text, ledger.headline, ledger.currency

    def money(value: Decimal) -> str:
        return words.money(value, currency)

    def of_owed(value: Decimal, share: Decimal | None) -> str:
        told = _("%(share)s of the amount owed", share=words.share(share))
        return f"{money(value)} ({told})" if words.code != "zh" else f"{money(value)}（{told}）"

    rows = [
        (_("Total receivables"), money(head.total)),
        (_("Not due"), money(head.not_due)),
        (_("Overdue"), of_owed(head.overdue, head.overdue_share)),
        (_("More than 90 days overdue"), of_owed(head.overdue_90, head.overdue_90_share)),
        (_("Unapplied cash and credits"), money(head.unapplied)),
        (_("Customers with open items"), words.count(head.customers_open)),
        (_("Customers with overdue items"), words.count(head.customers_overdue)),
    ]
    if movers is not None:
        rows.insert(
            3, (since_text(_("Change of what is overdue"), movers, words), change(movers.change, currency, words))
        )
    return rows


def since_text(what: str, movers: Movers, words: Language) -> str:
    """Something with the day it is counted from."""
    return words.text(N_("%(what)s since %(day)s"), what=what, day=words.day(movers.since))


def change(value: Decimal, currency: str, words: Language) -> str:
    """An amount with its sign, plus included."""
    told = words.amount(value, currency)
    return f"+{told}" if value > 0 else told


def mover_name(mover: Mover, words: Language) -> str:
    """A customer's name, or words for money whose owner is not known."""
    if mover.customer_id == UNIDENTIFIED:
        return words.text(N_("Unidentified payer"))
    return shortened(mover.name, _NAME_COLUMNS)


def movers_note(movers: Movers | None, words: Language) -> str:
    """What is said where nobody is listed; nothing where somebody is."""
    if movers is None:
        return words.text(N_("There is no month end before to compare with."))
    if not movers.rose and not movers.fell:
        return words.text(N_("Nobody's overdue amount changed."))
    return ""


def attached_sentence(file_name: str, words: Language, *, is_too_large: bool) -> str:
    """What is attached, or why nothing is."""
    _ = words.text
    if is_too_large:
        return _("The report is too large to be attached; it stands where the night puts it.")
    return (
        _(
            "The report is attached: %(file)s. Unpack it and open the page in a browser; it loads nothing.",
            file=file_name,
        )
        if file_name
        else ""
    )


def workbook_sentence(where: str, words: Language, *, is_too_large: bool, is_made: bool) -> str:
    """That the workbook is attached; of one that is too large where it stands (`is_made`), or the command that writes it."""
    _ = words.text
    if not is_too_large:
        return _("To sort and filter: the workbook %(file)s is attached.", file=where)
    if is_made:
        return _("The workbook is too large to be attached; it stands beside the report as %(file)s.", file=where)
    return _(
        "The workbook is too large to be attached; whoever runs receivables can write it: %(command)s", command=where
    )


def text_body(page: NightPage, movers: dict[str, Movers], words: Language, *, attached: str, link: str) -> str:
    """The whole message as plain text."""
    _ = words.text
    lines = [_("Receivables as of %(date)s", date=words.day(page.run.as_of, "long"))]
    if page.part:
        lines.append(part_sentence(page.part, words))
    lines += [line for line in (status_sentence(page, words),) if line]
    for ledger in page.ledgers:
        found = movers.get(ledger.currency)
        lines += ["", _ledger_title(ledger, words), *(_line(*row, words) for row in figures(ledger, found, words))]
        lines += ["", bucket_title(page, ledger, words)]
        lines += [_line(*row, words) for row in bucket_rows(page, ledger, words)]
        lines += ["", *_movers_lines(found, words)]
    lines += [
        "",
        *(line for line in (attached, link) if line),
        automatic(words),
        _line(_("Run"), page.run.run_id, words),
    ]
    return "\n".join(lines) + "\n"


def automatic(words: Language) -> str:
    """Why there is no need to answer."""
    return words.text(
        N_(
            "Sent by a program every night; answers to it are read by nobody. The settings of receivables say who gets it."
        )
    )


def _line(name: str, value: str, words: Language) -> str:
    return f"{name}：{value}" if words.code == "zh" else f"{name}: {value}"


def _ledger_title(ledger: Ledger, words: Language) -> str:
    title = words.text(N_("Ledger in %(currency)s"), currency=ledger.currency)
    return _line(title, words.listed([company.name for company in ledger.companies[:_LISTED]]), words)


def bucket_title(page: NightPage, ledger: Ledger, words: Language) -> str:
    """The title of the table of buckets."""
    _, by_due = words.text, page.views.basis == "due_date"
    return (
        _("Aging by days overdue, %(currency)s", currency=ledger.currency)
        if by_due
        else _("Aging by days since the document date, %(currency)s", currency=ledger.currency)
    )


def bucket_rows(page: NightPage, ledger: Ledger, words: Language) -> list[Figure]:
    """The buckets that hold something, and their sum."""
    told = [
        (wording.bucket_label(line.bucket, words.text, page.views.basis), words.amount(line.amount, ledger.currency))
        for line in ledger.lines
        if line.items
    ]
    return [*told, (words.text(N_("Total")), words.amount(ledger.customers.total, ledger.currency))]


def _movers_lines(movers: Movers | None, words: Language) -> list[str]:
    _, note = words.text, movers_note(movers, words)
    if note or movers is None:
        return [note]
    title = since_text(_("Overdue amounts that changed most"), movers, words)
    return [
        _line(title, movers.currency, words),
        *(
            f"{plain(mover_name(mover, words))} ({shortened(mover.customer_id, 40)}): "
            f"{change(mover.change, movers.currency, words)}; {_line(_('Overdue'), words.amount(mover.overdue, movers.currency), words)}"
            for mover in (*movers.rose, *movers.fell)
        ),
    ]
