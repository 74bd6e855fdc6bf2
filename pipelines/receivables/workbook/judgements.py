"""The sheets of what is said of customers and files: ratings, flags, findings, each with its reasons in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from receivables.chapters.flags import OwnFlag, evidence_of
from receivables.chapters.rating_review import reasons
from receivables.definition_wording import TERMS
from receivables.flag_wording import evidence_text, flag_name
from receivables.flag_wording.page import SEVERITIES, own_state
from receivables.intake.sqltext import lit
from receivables.personal_data import NOT_QUOTED
from receivables.rating_wording import DECIDED_BY, SUPPLIES, grade_name, reason_text
from receivables.wording import ACTIONS, N_, finding_sentence, named
from receivables.workbook.balances import COMPANIES, COMPANY, CUSTOMERS, LOCAL_CURRENCY, whom
from receivables.workbook.sheet import Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from receivables.language import Language

_BOUGHT: Final = TERMS["recommended-limit"].meaning
_GRADE: Final = TERMS["grade"].meaning
_CONFIRM: Final = N_("Whether confirming the rating changes it.")


def _local(name: str, sql: str, title: str, meaning: str, *, is_summed: bool = False) -> Column:
    return Column(name, sql, title, meaning, "money", currency="local_currency", is_summed=is_summed)


def ratings(best: Mapping[str, Mapping[str, Decimal]], words: Language) -> Sheet:
    """How each customer is rated and why, and what that recommends beside what is in force; `best`: points that attributes give at best, by company."""
    _ = words.text
    columns = (
        *whom(),
        Column("grade", "rating.grade", N_("Grade"), _GRADE, width=10),
        Column("previous_grade", "rating.previous_grade", N_("Grade before"), N_("The grade of the review before."), width=10),
        Column("score", "rating.score", N_("Score"), N_("Points of the card, of 100; empty where there is too little payment history."), "points"),
        Column("completeness", "rating.completeness", N_("Facts told"), N_("Share of the card's points whose facts are told."), "share"),
        LOCAL_CURRENCY,
        _local("owed_local", "told.owed_local", N_("Owed"), TERMS["amount-owed"].meaning, is_summed=True),
        _local("overdue_local", "told.overdue_local", N_("Overdue"), N_("What of it is at least one day overdue."), is_summed=True),
        _local("limit_local", "told.limit_local", N_("Limit"), N_("The credit limit in force; empty where none is told.")),
        Column("is_limit_shared", "told.is_limit_shared", N_("Shared limit"), N_("Whether several customers share that limit."), width=9),
        _local("recommended_limit", "rating.recommended_limit", N_("Recommended limit"), _BOUGHT),
        Column("decided_by", "rating.limit_decided_by", N_("Limit decided by"), N_("Which bound decides the recommended limit."), width=24),
        Column("agreed_days", "told.agreed_days", N_("Days agreed"), N_("Days of credit agreed."), "count"),
        Column("recommended_terms", "rating.recommended_terms", N_("Days of credit"), N_("Days of credit recommended at most."), "count"),
        Column("supply", "rating.supply", N_("Supply"), N_("How the grade asks to supply."), width=26),
        Column("has_benefits", "rating.has_benefits", N_("Benefits of a good payer"), N_("Whether the grade brings them."), width=11),
        Column("has_new_grade", "told.has_new_grade", N_("New grade"), _CONFIRM, width=9),
        Column("has_new_limit", "told.has_new_limit", N_("New limit"), _CONFIRM, width=9),
        Column("has_new_terms", "told.has_new_terms", N_("New days of credit"), _CONFIRM, width=9),
        Column("reasons", "rating.reasons", N_("Why, and points lost of those at best"), N_("What caps the grade, and what cost most points."), "long_text"),
        Column("override_grade", "rating.override_grade", N_("Grade set by hand"), N_("A grade that a person set, until its last day."), width=9),
        Column("override_by", "rating.override_by", N_("Set by"), N_("Who set it."), width=16),
        Column("override_until", "rating.override_until", N_("Until"), N_("The last day on which it counts."), "date"),
        Column("override_reason", "rating.override_reason", N_("Reason"), N_("Why it was set."), "long_text", width=30),
        Column("confirmed_by", "rating.confirmed_by", N_("Confirmed by (name)"), N_("Who confirmed the grade."), width=16),
        Column("confirmed_on", "rating.confirmed_on", N_("Confirmed on"), N_("When the grade was confirmed."), "date"),
        Column("next_review", "rating.next_review", N_("Next review"), N_("When scores may move the grade next; hard events do at once."), "date"),
    )  # fmt: skip

    def why(row: Mapping[str, Any]) -> str:
        told = reasons(row["reasons"] or "[]", best.get(row["company_id"], {}))
        return "\n".join(reason_text(reason, words) for reason in told)

    answers = ("is_limit_shared", "has_benefits", "has_new_grade", "has_new_limit", "has_new_terms")
    return Sheet(
        "ratings",
        columns,
        "marts.rating_exposure as told left join marts.rating as rating on told.company_id = rating.company_id and told.customer_id = rating.customer_id"
        f" {COMPANIES} {CUSTOMERS}",
        "company_id, customer_id",
        says={
            **dict.fromkeys(answers, lambda is_so: _("yes") if is_so else _("no")),
            "decided_by": lambda code: named(DECIDED_BY, code, _),
            "supply": lambda code: named(SUPPLIES, code, _),
        },
        composes={"reasons": why, "grade": lambda row: grade_name(row["grade"], words)},
    )


_PRIVATE: Final = ("held_by", "verdict", "decided_by", "decided_on", "is_graver")


def flags(words: Language) -> Sheet:
    """Every flag with its evidence in sentences."""
    columns = (
        Column("flag_id", "told.flag_id", N_("Flag"), N_("What receivables flags knows it by."), width=13),
        Column("severity", "told.severity", N_("Severity"), N_("How grave it is: low, medium or high."), width=9),
        Column("state", "told.state", N_("State"), N_("Whether somebody is at work on it, closed it or it waits to be raised."), width=24),
        Column("detector", "told.detector", N_("What was seen"), N_("What kind of thing was seen."), width=28),
        *whom(),
        Column("evidence", "told.evidence", N_("Evidence"), N_("What the flag rests on."), "long_text", width=90),
        LOCAL_CURRENCY,
        _local("exposure_local", "told.exposure_local", N_("Exposure"), N_("What the customer owes; the same for all flags of a customer.")),
        _local("amount_local", "told.amount_local", N_("Amount"), N_("The amount that the flag is about, where there is one.")),
        Column("first_seen", "told.first_seen", N_("First seen"), N_("The night that saw it first."), "date"),
        Column("raised_on", "told.raised_on", N_("Raised on"), N_("The night that raised it; empty where it waits."), "date"),
        Column("last_seen", "told.last_seen", N_("Last seen"), N_("The latest day of its evidence."), "date"),
        Column("reason", "told.reason", N_("Reason"), N_("Why a person decided so."), "long_text", width=30),
    )  # fmt: skip

    def state(row: Mapping[str, Any]) -> str:
        told = {
            name: row[name] for name in (*_PRIVATE, "flag_id", "detector", "severity", "state", "reason", "first_seen")
        }
        return own_state(OwnFlag(**told, evidence=(), more=0), words)

    def evidence(row: Mapping[str, Any]) -> str:
        pieces = evidence_of(row["evidence"])
        return "\n".join(evidence_text(one.code, one.params, row["local_currency"] or "", words) for one in pieces)

    return Sheet(
        "flags",
        columns,
        f"marts.anomaly as told {COMPANIES} {CUSTOMERS}",
        "told.state = 'closed', told.held_by is not null, told.place, flag_id",
        hidden={name: f"told.{name}" for name in _PRIVATE},
        says={
            "severity": lambda code: named(SEVERITIES, code, words.text),
            "detector": lambda code: flag_name(code, words),
        },
        composes={"state": state, "evidence": evidence},
    )


_URGENCY: Final = ("reject_file", "quarantine", "repair", "accept_warn", "skip")


def _quoted(column: str) -> str:
    """SQL for a text of a finding, as far as readers are told it."""
    hidden = ", ".join(lit(name) for name in sorted(NOT_QUOTED))
    return f"case when told.column_name in ({hidden}) then null else told.{column} end"


def findings(words: Language) -> Sheet:
    """What was noticed about files and ledger and waits for nobody's repair."""
    columns = (
        Column(COMPANY.name, "batch.company_id", COMPANY.title, COMPANY.meaning, width=9),
        Column("finding", "told.reason_code", N_("What was found"), N_("What is wrong or was assumed, in words."), "long_text"),
        Column("reason_code", "told.reason_code", N_("Code"), N_("What receivables findings knows it by."), width=22),
        Column("action", "told.action", N_("What was done"), N_("Refused and quarantined lines are in no figure."), width=20),
        Column("count", "told.count", N_("Times"), N_("How often it was found."), "count"),
        Column("file_name", "batch.file_name", N_("File"), N_("The file it stands in; empty where it is about the ledger."), width=40),
        Column("line_no", "told.line_no", N_("Line"), N_("The physical line of the file, from 1."), "count"),
        Column("column_name", "told.column_name", N_("Column"), N_("The column it is about."), width=18),
        Column("raw_value", _quoted("raw_value"), N_("Value"), N_("What stands there, as the file writes it, or an example."), "long_text", width=30),
        Column("repaired_value", _quoted("repaired_value"), N_("Read as"), N_("What it was read as, or what was assumed."), "long_text", width=30),
    )  # fmt: skip

    def found(row: Mapping[str, Any]) -> str:
        return finding_sentence(
            row["reason_code"], row["action"], row["column_name"], row["repaired_value"], words.text
        )

    places = " ".join(f"when '{action}' then {place}" for place, action in enumerate(_URGENCY))
    return Sheet(
        "findings",
        columns,
        "ops.issue as told left join ops.batch as batch on told.batch_id = batch.batch_id where told.resolved_at is null",
        f"case action {places} else {len(_URGENCY)} end, file_name nulls first, line_no nulls first, issue_id",
        hidden={"issue_id": "told.issue_id"},
        says={"action": lambda code: named(ACTIONS, code, words.text)},
        composes={"finding": found},
    )
