"""What a customer's file says in words: fields of the integrity file, kinds of payers and what speaks for them, open items, grades and why they moved."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from receivables.language import plain
from receivables.page_model import UNIDENTIFIED
from receivables.rating_wording import ATTRIBUTES, EVENTS, grade_name
from receivables.wording import N_, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from receivables.chapters.customer_file import Customer, Field, GradeSpan, Integrity, Payer, Position, Standing
    from receivables.chapters.rating_record import Record
    from receivables.language import Language
    from receivables.page_model import CustomerLine

FIELDS: Final[Mapping[str, str]] = {
    "founded_date": N_("Founded"),
    "registered_capital": N_("Registered capital"),
    "paid_in_capital": N_("Capital paid in"),
    "fixed_assets": N_("Fixed assets"),
    "annual_turnover": N_("Annual turnover"),
    "employees": N_("Employees"),
    "business_scope": N_("Line of business"),
    "legal_representative": N_("Legal representative"),
    "ownership": N_("Ownership"),
    "use_of_funds": N_("Use of funds"),
    "past_debt": N_("Past debts"),
    "repayment": N_("Repayments"),
    "default": N_("Defaults"),
    "lawsuit": N_("Lawsuits"),
    "bounced_instrument": N_("Dishonoured cheques, bills and direct debits"),
    "settlement": N_("Settlements"),
    "responsible_person": N_("Persons who answer for it"),
    "guarantee": N_("Guarantees"),
    "positive": N_("Good reports"),
}
_AMOUNT: Final = "_amount"
_SHARES: Final = ("return_on_operating_assets", "debt_to_asset_ratio")
_RATIOS: Final = ("inventory_turnover", "current_ratio")

TYPES: Final[Mapping[str, str]] = {
    "punctual": N_("Punctual"),
    "slow": N_("Slow: pays, but late"),
    "hardship": N_("In hardship"),
    "chain_debt": N_("Chain debt: waits for its own debtors"),
    "evader": N_("Evasive"),
    "malicious": N_("In bad faith"),
    "unknown": N_("Cannot be told"),
}

INTENTS: Final[Mapping[str, str]] = {
    "pays": N_("Pays"),
    "cannot_pay": N_("Cannot pay"),
    "will_not_pay": N_("Will not pay"),
    "unknown": N_("Cannot be told"),
}

EVIDENCE: Final[Mapping[str, tuple[str, str]]] = {
    "late_7_share": (N_("%(value)s of its instalments more than 7 days late"), "share"),
    "late_30_share": (N_("%(value)s of its instalments more than 30 days late"), "share"),
    "long_late_share": (N_("%(value)s of the late instalments more than 30 days late"), "share"),
    "days_beyond_terms": (N_("days beyond terms on average: %(value)s"), "days"),
    "max_days_late": (N_("days late at most: %(value)s"), "count"),
    "no_money_share": (N_("%(value)s of its excuses: no money"), "share"),
    "own_debtor_share": (N_("%(value)s of its excuses: its own debtors do not pay"), "share"),
    "absent_share": (N_("%(value)s of its excuses: who decides is absent"), "share"),
    "procedure_share": (N_("%(value)s of its excuses: procedure"), "share"),
    "unanswered_share": (N_("%(value)s of visits and calls reached nobody"), "share"),
    "broken_share": (N_("%(value)s of its promises broken"), "share"),
    "requests": (N_("requests for deferral in two years: %(value)s"), "count"),
    "resold_share": (N_("%(value)s of the goods it had sold on"), "share"),
    "payment_claims": (N_("claims in two years to have paid: %(value)s"), "count"),
}
_GONE: Final = (
    N_("buys still, or owes nothing that is more than 90 days late"),
    N_("bought nothing for a quarter and owes what is more than 90 days late"),
)

KINDS: Final[Mapping[str, str]] = {
    "invoice": N_("Invoice"),
    "debit_note": N_("Debit note"),
    "credit_note": N_("Credit note"),
    "finance_charge": N_("Interest charged"),
    "chargeback": N_("Deduction"),
    "bill_of_exchange": N_("Bill of exchange"),
    "opening_balance": N_("Opening balance"),
    "refund": N_("Refund"),
    "adjustment": N_("Adjustment"),
    "fx_revaluation": N_("Exchange difference"),
    "receipt": N_("Receipt"),
    "prepayment": N_("Prepayment"),
    "bill_received": N_("Bill received"),
    "direct_debit": N_("Direct debit"),
    "card": N_("Card payment"),
    "netting": N_("Netting"),
    "other": N_("Other"),
}

COURSES: Final[Mapping[str, str]] = {
    "payment_index": N_("Payment index"),
    "days_beyond_terms": N_("Days beyond terms"),
    "late_share": N_("Instalments late"),
    "late_30_share": N_("Late by more than 30 days"),
    "owed": N_("Open balance"),
    "overdue": N_("Overdue"),
    "utilisation": N_("Limit used"),
}


def customer_name(line: CustomerLine, words: Language) -> str:
    """A customer's name, or words for money whose owner is not known."""
    _ = words.text
    return _("Unidentified payer") if line.customer_id == UNIDENTIFIED else plain(line.name)


def field_name(name: str, words: Language) -> str:
    """A field of the integrity file; of what is recorded of a customer's word, its amount."""
    kind = name.removesuffix(_AMOUNT)
    told = words.text(FIELDS.get(kind) or ATTRIBUTES.get(kind) or kind)
    return words.text(N_("%(record)s: amount"), record=told) if kind != name else told


def field_value(field: Field, words: Language) -> str:
    """What a field says, as its readers write it; a dash where nothing is told."""
    value = field.value
    if value is None:
        return "–"
    if field.currency is not None:
        return words.money(Decimal(value), field.currency)
    if field.name in _SHARES:
        return words.share(Decimal(value))
    if field.name in _RATIOS:
        return words.number(Decimal(value))
    if field.name == "founded_date":
        return words.day(date.fromisoformat(value))
    return words.count(int(value)) if value.isdecimal() else plain(value)


def field_age(months: int | None, words: Language, *, is_stale: bool) -> str:
    """How old a field is; a dash where nothing is told."""
    ngettext = words.texts
    if months is None:
        return "–"
    age = ngettext("%(number)s month", "%(number)s months", months)
    return words.text(N_("%(age)s, stale"), age=age) if is_stale else age


def integrity_summary(file: Integrity, words: Language) -> str:
    """Whether the file or the statements serve, and how much of the file is told."""
    ngettext = words.texts
    said = [
        words.text(N_("Nothing was delivered on credit yet: the integrity file serves."))
        if file.stage == "file" or file.credit_from is None
        else words.text(
            N_("First delivered on credit on %(day)s: since then the statements of account serve."),
            day=words.day(file.credit_from),
        ),
        words.text(N_("%(share)s of its fields are told."), share=words.share(file.completeness)),
    ]
    if file.stale_fields:
        said.append(
            ngettext("%(number)s of them is stale.", "%(number)s of them are stale.", file.stale_fields),
        )
    return words.sentences(said)


def payer_summary(payer: Payer, words: Language) -> str:
    """What kind of payer a customer is and whether it will pay, each with its chance."""
    is_told = payer.customer_type != "unknown"
    kind = (
        N_("%(name)s, with a chance of %(share)s.")
        if is_told
        else N_("The kind cannot be told; likeliest is “%(name)s”, with a chance of %(share)s.")
    )
    name = named(TYPES, payer.likeliest, words.text)
    said = [words.text(kind, name=name, share=words.share(payer.confidence))]
    if payer.intent != "unknown":
        intent = named(INTENTS, payer.intent, words.text)
        sure = N_("%(name)s, with a chance of %(share)s.")
        said.append(words.text(sure, name=intent, share=words.share(payer.intent_confidence)))
    return words.sentences(said)


def evidence_text(fact: tuple[str, Decimal], words: Language) -> str:
    """A fact that speaks for a kind of payer, with its value."""
    code, value = fact
    if code == "has_gone":
        return words.text(_GONE[int(value)])
    message, unit = EVIDENCE.get(code, (code, "count"))
    return words.text(message, value=words.measure(value, unit))


def course_text(measure: str, told: Sequence[str], words: Language) -> str:
    """A drawn line as a sentence, of its lowest, highest and last value."""
    low, high, last = told
    name = words.text(COURSES[measure])
    return words.text(
        N_("%(measure)s: between %(low)s and %(high)s, at last %(last)s."), measure=name, low=low, high=high, last=last
    )


def course_value(value: Decimal | None, unit: str, currency: str, words: Language) -> str:
    """A value of a drawn line with its unit where that is none of its name; a dash for none."""
    if value is None:
        return "–"
    return words.money(value, currency) if unit == "money" else words.measure(value, unit)


def span_why(span: GradeSpan, words: Language) -> str:
    """Why a customer had its grade from a review on."""
    said = []
    if span.score is not None:
        said.append(words.text(N_("score %(score)s of 100"), score=words.measure(span.score, "points")))
    elif span.status == "insufficient":
        said.append(words.text(N_("too little payment history for a score")))
    if span.cap is not None:
        said.append(words.text(N_("a hard event leaves %(grade)s at best"), grade=span.cap))
    if span.override_grade is not None:
        said.append(words.text(N_("set by hand: %(grade)s"), grade=span.override_grade))
    return words.listed(said)


def standing_summary(standing: Standing, words: Language) -> str:
    """The grade with its score, or why there is none."""
    if standing.score is None:
        said = [words.text(N_("Too little payment history for a score."))]
        if standing.file_grade is not None:
            worth = N_("By the integrity file alone it would be %(grade)s.")
            said.append(words.text(worth, grade=standing.file_grade))
    else:
        scored = N_("Score %(score)s of 100; facts are told for %(share)s of the points of the card.")
        told = {"score": words.measure(standing.score, "points"), "share": words.share(standing.completeness)}
        said = [words.text(scored, **told)]
    if standing.previous_grade != standing.grade:
        before = N_("At the review before: %(grade)s.")
        said.append(words.text(before, grade=grade_name(standing.previous_grade, words)))
    said.extend(_decided(standing, words))
    return words.sentences(said)


def _decided(standing: Standing, words: Language) -> Iterable[str]:
    """What a person set or confirmed."""
    if standing.override_grade is not None:
        yield words.text(
            N_("Set by hand to %(grade)s by %(author)s until %(day)s: “%(reason)s”."),
            grade=standing.override_grade,
            author=standing.override_by or "–",
            day=words.day(standing.override_until),
            reason=standing.override_reason or "–",
        )
    if standing.confirmed_by is not None:
        confirmed = N_("Confirmed by %(author)s on %(day)s.")
        yield words.text(confirmed, author=standing.confirmed_by, day=words.day(standing.confirmed_on))


def position_summary(position: Position, currency: str, words: Language) -> str:
    """What may come of what is open, by the company's collection curve."""
    ngettext = words.texts
    said = []
    if position.open:
        said.append(
            words.text(
                N_(
                    "Of %(open)s open on the company's collection curve %(expected)s (%(share)s) is expected to come in as cash; %(most)s if all is paid of which nobody has seen the end."
                ),
                open=words.money(position.open, currency),
                expected=words.money(position.expected, currency),
                share=words.share(position.share),
                most=words.money(position.at_most, currency),
            )
        )
    if position.untold:
        untold = N_("The curve tells nothing of %(amount)s.")
        said.append(words.text(untold, amount=words.money(position.untold, currency)))
    if position.oldest_days is not None and position.oldest_days > 0:
        said.append(
            ngettext(
                "The oldest is %(number)s day past its original due date.",
                "The oldest is %(number)s days past its original due date.",
                position.oldest_days,
            )
        )
    return words.sentences(said)


def assessed_text(who: Customer, words: Language) -> str:
    """Why the curve says nothing of what a customer owes."""
    return words.text(
        N_("%(event)s on %(day)s: what it owes is assessed individually, and the collection curve says nothing of it."),
        event=named(EVENTS, who.assessed or "", words.text),
        day=words.day(who.assessed_since),
    )


def intent_summary(record: Record, currency: str, words: Language) -> str:
    """How much is owed by who pays, cannot and will not."""
    ngettext = words.texts
    said = [
        ngettext(
            "%(name)s %(amount)s (%(number)s customer)",
            "%(name)s %(amount)s (%(number)s customers)",
            kind.customers,
            name=named(INTENTS, kind.code, words.text),
            amount=words.money(kind.owed, currency),
        )
        for kind in record.intents
    ]
    return words.text(N_("By whether they will pay: %(kinds)s."), kinds=words.listed(said))
