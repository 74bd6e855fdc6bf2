"""A night's page as the body of a message: HTML without scripts and with its styles in place, the same as plain text, and small pictures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from receivables import mail_wording
from receivables.charts import bar_picture, line_picture
from receivables.drawings import bucket_chart_labels, trend_labels
from receivables.language import language_in
from receivables.render import HTML_LANGUAGE, environment, static

if TYPE_CHECKING:
    from collections.abc import Mapping

    from receivables.chapters.movers import Movers
    from receivables.language import Language
    from receivables.page_model import NightPage

BODY_BYTES: Final = 90_000
"""Longer bodies are cut off by mail programs."""

_PICTURES: Final = 3
"""Ledgers and companies that have pictures; of others there are the tables."""


@dataclass(frozen=True)
class Letter:
    """The body of a message; `pictures` are PNG by the id that the HTML names them by."""

    subject: str
    html: str
    text: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def letter(
    page: NightPage,
    movers: tuple[Movers, ...],
    language: str,
    *,
    attached: str = "",
    link: str = "",
    is_again: bool = False,
) -> Letter:
    """Write the body of a message.

    Args:
        page: the night, as its reader may see it.
        movers: whose overdue amounts changed most, by ledger currency.
        language: one of `LANGUAGES`.
        attached: a sentence about what is attached.
        link: where the report is served; empty: nowhere.
        is_again: whether the same report was mailed before.
    """
    words = language_in(language)
    pictures = _pictures(page, words)
    # a company's id may hold anything, the id of a picture may not
    names = {name: f"picture-{place}.{page.run.run_id}@receivables" for place, name in enumerate(pictures, start=1)}
    subject = mail_wording.subject(page, words, is_again=is_again)
    html = ""
    for listed in (None, 3, 1, 0):  # fewer names where a body would be cut off
        movers = movers if listed is None else tuple(_shorter(one, listed) for one in movers)
        html = _html(
            page, {one.currency: one for one in movers}, words, subject, pictures=names, attached=attached, link=link
        )
        if len(html.encode()) < BODY_BYTES:
            break
    found = {one.currency: one for one in movers}
    text = mail_wording.text_body(page, found, words, attached=attached, link=link)
    return Letter(subject, html, text, {names[name]: picture for name, picture in pictures.items()})


def _shorter(movers: Movers, listed: int) -> Movers:
    return replace(movers, rose=movers.rose[:listed], fell=movers.fell[:listed])


def _pictures(page: NightPage, words: Language) -> dict[str, bytes]:
    """The pictures by the name of their place; without the fonts for one its text stands alone."""
    drawn = {
        f"aging-{ledger.currency}": bar_picture(
            ledger.bucket_chart, bucket_chart_labels(ledger, words, page.views.basis)
        )
        for ledger in page.ledgers[:_PICTURES]
    }
    drawn |= {
        f"trend-{trend.company_id}": line_picture(trend.chart, trend_labels(trend, words))
        for trend in page.trends[:_PICTURES]
        if trend.has_course
    }
    return {name: picture for name, picture in drawn.items() if picture is not None}


def _html(
    page: NightPage,
    movers: dict[str, Movers],
    words: Language,
    subject: str,
    *,
    pictures: Mapping[str, str],
    attached: str,
    link: str,
) -> str:
    import css_inline

    told = {
        name: partial(getattr(mail_wording, name), words=words)
        for name in ("figures", "movers_note", "since_text", "change", "mover_name")
    }
    told |= {name: partial(getattr(mail_wording, name), page, words=words) for name in ("bucket_rows", "bucket_title")}
    written = (
        environment(words.code)
        .get_template("mail.html")
        .render(
            page=page,
            lang=HTML_LANGUAGE[words.code],
            subject=subject,
            style=static("mail.css"),
            movers=movers,
            pictures=pictures,
            attached=attached,
            link=link,
            status=mail_wording.status_sentence(page, words),
            automatic=mail_wording.automatic(words),
            company_names={company.company_id: company.name for company in page.companies},
            **told,
        )
    )
    return css_inline.inline(written, load_remote_stylesheets=False)
