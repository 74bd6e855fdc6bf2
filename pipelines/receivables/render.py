"""Turns a page into one self-contained HTML file in one language: the only place where records meet markup."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from receivables import (
    collection_wording,
    contract_wording,
    customer_wording,
    definition_wording,
    flag_wording,
    gap_wording,
    mail_wording,
    measure_wording,
    policy_wording,
    rating_wording,
    today_wording,
    wording,
)
from receivables.assets import reports_dir
from receivables.chapters.aging_views import DUE_DATE
from receivables.chapters.prospect import VINTAGE_MONTHS
from receivables.chapters.ratings import BLOCKS
from receivables.charts import HEIGHT, WIDTH, drawing_library
from receivables.customer_wording import customer_name
from receivables.drawings import figures, palettes
from receivables.flag_wording import page as flag_words
from receivables.language import DICTIONARY, harmless, language_in, plain, shortened
from receivables.money import bare
from receivables.operands import FORMULAS, OPERANDS
from receivables.page_model import CustomerLinks
from receivables.schema import TABLES
from receivables.settings import LANGUAGES
from receivables.templates import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence
    from pathlib import Path

    from receivables.chapters.tie_out import Balance
    from receivables.language import Language
    from receivables.page_model import Company, Findings, Ledger, NightPage

__all__ = [
    "HTML_LANGUAGE",
    "LANGUAGES",
    "environment",
    "page_policy",
    "render",
    "render_definitions",
    "render_quality",
    "script",
    "static",
    "write_page",
]

HTML_LANGUAGE: Final = {"en": "en", "es": "es", "zh": "zh-Hans"}
_FORMATS: Final = (
    "amount",
    "count",
    "day",
    "exact",
    "fine_share",
    "measure",
    "moment",
    "money",
    "rate",
    "share",
    "short",
    "total",
)
_TITLE_COLUMNS: Final = 60
"""Columns of a name inside a sentence."""

_NAMES_SAID: Final = {
    "outcome_name": contract_wording.OUTCOMES,
    "dimension_name": wording.DIMENSIONS,
    "term_state": wording.TERM_STATES,
    "verdict_name": collection_wording.VERDICTS,
    "segment_kind": collection_wording.SEGMENT_KINDS,
}
"""What templates name by calling: the names of a kind of codes."""

_NAMES_PUT: Final = {
    "event_name": rating_wording.EVENTS,
    "action_name": wording.ACTIONS,
    "change_name": wording.CHANGES,
    "cause_name": wording.CAUSES,
    "status_name": wording.STATUSES,
    "mode_name": wording.MODES,
    "table_name": wording.TABLES,
    "basis_name": wording.BASES,
    "verdict_name": wording.VERDICTS,
    "believed_name": wording.BELIEVED,
    "attribute_name": rating_wording.ATTRIBUTES,
    "quadrant_name": policy_wording.QUADRANTS,
    "fault_name": policy_wording.FAULTS,
    "block_name": rating_wording.BLOCKS,
    "supply_name": rating_wording.SUPPLIES,
    "decided_by_name": rating_wording.DECIDED_BY,
    "step_name": today_wording.STEPS,
    "severity_name": flag_words.SEVERITIES,
    "type_name": customer_wording.TYPES,
    "intent_name": customer_wording.INTENTS,
}
"""What templates name by a filter: the names of a kind of codes."""

_RATING_WORDS: Final = (
    *("rating_summary", "why_not_rated", "worth_summary", "card_summary"),
    *("change_summary", "grade_change", "limit_change", "limit_note", "limit_notes", "days_change", "supply_change"),
    *("record_summary", "record_measure_name", "record_value", "record_interval", "record_remark"),
)
"""What templates say of ratings, by the function of `rating_wording` that says it."""
_SAID_OF_CUSTOMERS: Final[Mapping[str, Callable[..., str]]] = {
    "integrity_summary": customer_wording.integrity_summary,
    "payer_summary": customer_wording.payer_summary,
    "evidence_text": customer_wording.evidence_text,
    "intent_summary": customer_wording.intent_summary,
    "span_why": customer_wording.span_why,
    "standing_summary": customer_wording.standing_summary,
    "position_summary": customer_wording.position_summary,
    "assessed_text": customer_wording.assessed_text,
    "grade_name": rating_wording.grade_name,
    "event_since": rating_wording.event_since,
    "reason_text": rating_wording.reason_text,
    "flag_name": flag_wording.flag_name,
    "more_evidence": flag_words.more_evidence,
    "own_state": flag_words.own_state,
}
"""What templates say of one customer, by a filter: in thousands of pages that is cheaper than a call."""

_POLICY_WORDS: Final = (
    *("matrix_summary", "placed_summary", "customers_text", "accredited_summary", "since_text", "loss_summary"),
    *("loss_member", "loss_interval", "price_summary", "price_note", "price_text", "list_price"),
)
"""What templates say of what follows from grades, by the function of `policy_wording` that says it."""

_FLAG_WORDS: Final = (
    "flags_summary",
    "flag_state",
    "detector_tests",
    "picture_text",
    "lack_text",
    "record_text",
)
"""What templates say of flags, by the function of `flag_wording.page` that says it."""

_TODAY_WORDS: Final = ("comparison_name", "movement_summary", "signed", "tasks")
"""What templates say on the first screen, by the function of `today_wording` that says it."""

_DEFINITION_WORDS: Final = (
    *("unit_text", "column_unit", "column_type", "setting_unit", "setting_value", "detector_needs", "card_steps"),
)
"""What the definitions page says, by the function of `definition_wording` that says it."""

_LISTED_CHECKS: Final = 500
"""Checks listed one by one, the failed and the evaluated first; analysts have all of them."""


def render(
    page: NightPage,
    language: str,
    customers: CustomerLinks | None = None,
    *,
    has_quality: bool = True,
    workbook: str = "",
) -> str:
    """Write the report: one HTML file that loads nothing, shows everything but the drawn charts without scripts.

    Args:
        page: the night.
        language: one of `LANGUAGES`.
        customers: where customers have pages of their own; None: nowhere.
        has_quality: whether the page about what was checked stands beside it.
        workbook: the file with the same figures as a workbook that stands beside it; empty: none does.

    Raises:
        UsageError: `language` is none of `LANGUAGES`.
    """
    words = language_in(language)
    return _rendered(
        "night.html",
        page,
        language,
        ("plotly", "draw", "tables"),
        customers=customers or CustomerLinks(),
        has_quality=has_quality,
        workbook=workbook,
        labels=_bucket_labels(page, words),
        date_labels={bucket.key: wording.bucket_label(bucket, words.text) for bucket in page.buckets},
        palettes=palettes([bucket.key for bucket in page.buckets]),
        figures=figures(page, words),
        terms=definition_wording.TERMS,
        terms_used=definition_wording.terms_used(page),
        steps=wording.PROOF_STEPS,
        vintage_months=VINTAGE_MONTHS,
        card_blocks=BLOCKS,
        spark_width=WIDTH,
        formulas=FORMULAS,
        spark_height=HEIGHT,
        measure_groups=_measure_groups(),
        shown_measures={measure.metric for trend in page.trends for measure in trend.measures},
    )


def render_quality(page: NightPage, language: str) -> str:
    """Write the data-quality page of a night: every contract and what came of it; it loads nothing, and its only script sorts and searches tables.

    Raises:
        UsageError: `language` is none of `LANGUAGES`.
    """
    return _rendered(
        "quality.html",
        page,
        language,
        levels=contract_wording.LEVELS,
        levels_mean=contract_wording.LEVELS_MEAN,
        listed=_LISTED_CHECKS,
    )


def render_definitions(page: NightPage, language: str) -> str:
    """Write the definitions page of a night: words, measures, the rules in force, detectors, and the columns of exports; it tells of no customer.

    Raises:
        UsageError: `language` is none of `LANGUAGES`.
    """
    words = language_in(language, DICTIONARY)
    canonical = [table for table in TABLES.values() if table.name not in INTERNAL]
    return _rendered(
        "definition_page.html",
        page,
        language,
        labels=_bucket_labels(page, words),
        palettes=palettes([bucket.key for bucket in page.buckets]),
        terms=definition_wording.TERMS,
        measure_groups=_measure_groups(),
        formulas=FORMULAS,
        operands=OPERANDS,
        card_blocks=BLOCKS,
        canonical=canonical,
        canonical_names={table.name for table in canonical},
        dictionary=words.html,
    )


def _rendered(
    template: str, page: NightPage, language: str, scripts: Sequence[str] = ("tables",), **told: object
) -> str:
    names = {company.company_id: company.name for company in page.companies}
    style = static("report.css")
    return write_page(template, language, style, scripts, has_more_styles=True, page=page, company_names=names, **told)


def write_page(
    template: str,
    language: str,
    style: Markup,
    scripts: Sequence[str] = ("tables",),
    *,
    has_more_styles: bool = False,
    **told: object,
) -> str:
    """Write a page that stands alone: its style, the only scripts it may run, and what it tells.

    Args:
        has_more_styles: whether the page has other styles than `style`: colours of its own, what a chart writes.

    Raises:
        UsageError: `language` is none of `LANGUAGES`.
    """
    language_in(language)
    programs = tuple(map(script, scripts))
    policy = page_policy(programs, None if has_more_styles else style)
    frame = {"lang": HTML_LANGUAGE[language], "code": language, "style": style, "scripts": programs, "policy": policy}
    return environment(language).get_template(template).render(**frame, **told)


def _bucket_labels(page: NightPage, words: Language) -> dict[str, str]:
    return {bucket.key: wording.bucket_label(bucket, words.text, page.views.basis) for bucket in page.buckets}


def _measure_groups() -> list[tuple[str, tuple[str, ...]]]:
    return [(heading, tuple(measures)) for heading, measures in measure_wording.MEASURES.items()]


_LABEL: Final = re.compile(r"""\{\{ _\("([^"]*)"\) \}\}""")


class _Translating(FileSystemLoader):
    """Reads templates with their labels translated already, which most of a page is: nothing is looked up page by page."""

    def __init__(self, folder: Path, words: Language) -> None:
        super().__init__(folder)
        self._words = words

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """A template's text, file and whether it still stands so."""
        source, file, is_current = super().get_source(environment, template)
        return _LABEL.sub(lambda label: str(self._words.html(label[1])), source), file, is_current


def _names(kinds: Mapping[str, Mapping[str, str]], words: Language) -> dict[str, Callable[[str], str]]:
    return {said: partial(wording.named, names, translate=words.text) for said, names in kinds.items()}


def _sentences() -> dict[str, Callable[..., str | tuple[str, ...]]]:
    """What templates say of a record, by the function that says it."""
    return {
        "gap_sentence": gap_wording.gap_sentence,
        "customer_summary": customer_summary,
        "finding": finding_sentence,
        "customer_name": customer_name,
        "company_line": company_line,
        "part_sentence": mail_wording.part_sentence,
        "check_sentence": contract_wording.check_sentence,
        "observed": contract_wording.observed,
        "expected": contract_wording.expected,
        "measure_name": measure_wording.measure_name,
        "measure_meaning": measure_wording.measure_meaning,
        "unit_name": measure_wording.unit_name,
        "reading_text": measure_wording.reading_text,
        "trend_summary": measure_wording.trend_summary,
        "needs": measure_wording.needs,
        "together_text": collection_wording.together_text,
        "collection_summary": collection_wording.collection_summary,
        "cash_summary": collection_wording.cash_summary,
        "chance_summary": collection_wording.chance_summary,
        "chance_text": collection_wording.chance_text,
        "interval_text": collection_wording.interval_text,
        "segment_name": collection_wording.segment_name,
        "finding_counts": finding_counts,
        "cause_amounts": cause_amounts,
    }


class _Environment(Environment):
    """An environment whose globals are filled in before its templates are read: each page, and each part of one, lists them, quickly where they are one dict."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What a template may name beside what it is given."""
        return {**self.globals, **(d or {})}


@cache
def environment(language: str) -> Environment:
    """The templates, with the words and formats of a language."""
    words = language_in(language)
    # control characters leave every value printed, so that no name needs a filter to be harmless
    environment = _Environment(
        loader=_Translating(reports_dir() / "templates", words),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=lambda value: harmless(value) if type(value) is str else value,
    )
    environment.globals |= {
        "_": words.html,
        "ngettext": words.html_texts,
        **_names(_NAMES_SAID, words),
        **{name: partial(say, words=words) for name, say in _sentences().items()},
        "bucket_summary": lambda ledger, basis: bucket_summary(ledger, words, basis),
        "reason": lambda code, action: wording.reason_sentence(code, action, words.text),
        "company_list": lambda companies: words.listed([company.name for company in companies]),
        "contract_name": lambda check: contract_wording.contract_name(check.contract, words),
        "member_name": lambda member: (
            wording.named(wording.NO_MEMBER, member.key, words.text)
            if member.key in wording.NO_MEMBER
            else plain(member.name)
        ),
        **{name: partial(getattr(rating_wording, name), words=words) for name in _RATING_WORDS},
        **{name: partial(getattr(policy_wording, name), words=words) for name in _POLICY_WORDS},
        **{name: partial(getattr(flag_words, name), words=words) for name in _FLAG_WORDS},
        **{name: partial(getattr(today_wording, name), words=words) for name in _TODAY_WORDS},
        **{name: partial(getattr(definition_wording, name), words=words) for name in _DEFINITION_WORDS},
        "measure_unit": measure_wording.measure_unit,
        "formula_parts": definition_wording.formula_parts,
        "cause_reasons": lambda balance: [
            wording.named(wording.TIE_OUT_REASONS, reason, words.text) for reason in balance.reasons
        ],
    }
    environment.filters |= (
        {name: getattr(words, name) for name in _FORMATS}
        | _names(_NAMES_PUT, words)
        | {name: partial(say, words=words) for name, say in _SAID_OF_CUSTOMERS.items()}
        | {
            "flag_evidence": lambda piece, currency: flag_wording.evidence_text(
                piece.code, piece.params, currency, words
            ),
            "cut": shortened,
            "plain_number": words.number,
            "bare": bare,
        }
    )
    return environment


def company_line(company: Company, words: Language) -> str:
    """A company, its ledger currency and how new its data are."""
    _, name = words.text, shortened(company.name, _TITLE_COLUMNS)
    if company.latest_extract is None:
        return _("%(company)s (%(currency)s), no data loaded", company=name, currency=company.currency)
    day = words.day(company.latest_extract)
    return _("%(company)s (%(currency)s), data of %(date)s", company=name, currency=company.currency, date=day)


def finding_counts(findings: tuple[Findings, ...], words: Language) -> str:
    """Findings one after the other, each with its count."""
    _ = words.text
    counts = [
        _("%(finding)s (%(count)s)", finding=finding_sentence(found, words), count=words.count(found.count))
        for found in findings
    ]
    return words.listed(counts)


def cause_amounts(balance: Balance, words: Language) -> tuple[str, ...]:
    """What explains a difference, cause by cause."""
    _ = words.text
    return tuple(
        _("%(cause)s: %(amount)s", cause=_(wording.TIE_OUT_CAUSES[cause]), amount=words.money(amount, balance.unit))
        for cause, amount in balance.causes
    )


def finding_sentence(finding: Findings, words: Language) -> str:
    """What was found, in one sentence."""
    told = (finding.reason_code, finding.column_name or "", finding.value or "")
    code, column, value = (shortened(text, _TITLE_COLUMNS) for text in told)
    return wording.finding_sentence(code, finding.action, column, value, words.text)


def bucket_summary(ledger: Ledger, words: Language, basis: str) -> str:
    """The aging chart as a sentence or two; what is due and overdue goes by the due date, whichever date (`basis`) the buckets go by."""
    _, head, currency = words.text, ledger.headline, ledger.currency
    sentences = [
        _(
            "Of %(owed)s owed, %(not_due)s is not yet due and %(overdue)s (%(share)s) is overdue.",
            owed=words.money(head.total - head.unapplied, currency),
            not_due=words.money(head.not_due, currency),
            overdue=words.money(head.overdue, currency),
            share=words.share(head.overdue_share),
        )
    ]
    late = [line for line in ledger.lines if line.bucket.lower_days is not None and line.amount > 0]
    if late and basis == DUE_DATE:
        largest = max(late, key=lambda line: line.amount)
        sentences.append(
            _(
                "The largest overdue bucket is “%(bucket)s” with %(amount)s.",
                amount=words.money(largest.amount, currency),
                bucket=wording.bucket_label(largest.bucket, words.text),
            )
        )
    if head.unapplied:
        sentences.append(
            _("Unapplied cash and credits come to %(amount)s.", amount=words.money(head.unapplied, currency))
        )
    return words.sentences(sentences)


def customer_summary(ledger: Ledger, words: Language) -> str:
    """The customer chart as a sentence."""
    _, ngettext = words.text, words.texts
    table, currency = ledger.customers, ledger.currency
    if not table.lines:
        return _("No customer has an open item.")
    first = table.lines[0]
    return ngettext(
        "The largest customer, %(name)s, owes %(first)s of %(total)s.",
        "The largest customer, %(name)s, owes %(first)s; the %(number)s customers shown owe %(shown)s of %(total)s.",
        len(table.lines),
        name=shortened(customer_name(first, words), _TITLE_COLUMNS),
        first=words.money(first.total, currency),
        shown=words.money(table.total - table.rest_total, currency),
        total=words.money(table.total, currency),
    )


_FOR_READERS: Final = re.compile(r"^[ \t]*/\*.*\*/\n|^[ \t]+|^\n", re.MULTILINE)
"""Indents, lines that are a comment and empty ones."""


@cache
def script(name: str) -> Markup:
    """A program as it stands in a page."""
    source = drawing_library() if name == "plotly" else static(f"{name}.js")
    # a browser reads line ends as LF and hashes what it has read
    source = source.replace("\r\n", "\n").replace("</script", "<\\/script")
    return Markup(source)  # noqa: S704  # a program of ours, not data  # nosec B704


@cache
def static(name: str) -> Markup:
    """A style sheet or script of the package as it stands in thousands of pages: without what is there for its readers."""
    source = (reports_dir() / "static" / name).read_text(encoding="utf-8")
    return Markup(_FOR_READERS.sub("", source))  # noqa: S704  # a file of the package  # nosec B704


def page_policy(scripts: tuple[Markup, ...], style: Markup | None = None) -> str:
    """Nothing may load and only these scripts of ours run.

    Without `style`, the one sheet a page has, styles may stand inline: plotly.js writes style elements and attributes as it draws.
    """
    hashes = " ".join(map(_hashed, scripts)) or "'none'"
    styles = "'unsafe-inline'" if style is None else _hashed(style)
    closed = "img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {hashes}; style-src {styles}; {closed}"


@cache
def _hashed(source: Markup) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
