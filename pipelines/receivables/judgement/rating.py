"""Rating customers, review by review: what is known of each goes through the card, the rules of grades and the credit policy, and becomes tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.engine import comment
from receivables.judgement.rating_tables import (
    ATTRIBUTE,
    BACKTEST,
    BAD_RATE,
    CARD,
    EVENTS,
    FIT,
    HISTORY,
    MIGRATION,
    RATING,
    SCORE,
    STATISTICAL_COLUMNS,
)
from receivables.judgement.writing import write

if TYPE_CHECKING:
    from receivables.engine import Connection
    from receivables.settings import Settings

_GRAIN: Final = {
    RATING: "One row per customer that can be rated at the as-of date. A recommendation that a named person confirms. status: rated, or insufficient: too little payment history, no score; score:"
    " 0 to 100, by the card named, expert or statistical (settings); of the expert card's, basic_, operating_ and payment_points; file_score: of the integrity file alone, and file_grade, for who has no history, what it would be worth; completeness: share of the card's points with a fact. raw_grade: by the edges alone;"
    " grade: F to A, by rule and what persons and hard events say of it, NULL where nothing can be graded; previous_grade: at the review before. recommended_limit (ledger currency), what decided it, recommended_terms in days, supply,"
    " has_benefits. reasons: JSON list of {code, params}: hard events, then what cost most points. next_review: when the grade may change next. override_grade, override_reason,"
    " override_by, override_until: what a person set that is in force, NULL without one; it counts at most so many notches above the rule's grade (settings), and hard events still cap it. confirmed_by,"
    " confirmed_on: who confirmed the grade since the last re-rating, NULL where nobody did or it has changed.",
    HISTORY: "One row per customer and review (every month end told, and the as-of date): score, completeness, card that scored (expert, statistical), raw_grade, ruled_grade (by rule, from which the next review goes on) and grade, each"
    " from what had been told by then. is_rerating: scores move grades then; at other reviews hard events do alone. cap: the best grade hard events left, NULL without any. downgraded_on: the day the rule last lowered"
    " the grade. override_grade: what a person had set that was in force, NULL without any. The first review may be one before the month ends told, as an earlier run published it: from it the others go on.",
    MIGRATION: "One row per company, re-rating and pair of grades: customers that had grade_before at the re-rating before and grade_after at this one; share: of those with grade_before, smoothed"
    " by Jeffreys' prior.",
    ATTRIBUTE: "One row per company and attribute of the card that grades at the as-of date: its block, the best points it gives, those that stand in where the fact is missing (the portfolio's"
    " median; of the statistical card what is missing is worth, points being of its score above the worst bin), customers with a fact that counts.",
    BACKTEST: "One row per company, card, measure and baseline (NULL: the measure alone): past scores, as they were at each re-rating, against what became of the customers in the year after"
    " (marts.rating_outcome); card: expert, statistical (each time as fitted by then, the outcomes it is held against unknown to it), or graded: the grades given. value with its 95 % interval by"
    " customer; baseline base_rate, late_ratio (the customer's own, drawn to that of all) or expert (the other card on the same cases): baseline_value, and the difference (above 0: better"
    " than it) with its interval and verdict. Chances (brier and after) are those of the statistical card, or that years run out before gave each grade. notch_change_rate: grades changed at the last re-rating; reversal_rate:"
    " changes turned back within two; psi: scores of now unlike those of a year before, baseline_value its critical value by chance. reason: why it cannot be told.",
    FIT: "One row per company and re-rating (or first review told): how the statistical card was fitted on that day, to re-ratings whose year had run out by then, as told by then. cases; customers;"
    " bads: customers that went bad, each once, of whom bads_needed are (settings); reason: why none is fitted (too_few_bads, no_attribute). attributes in it; intercept: log odds of bad; penalty: C."
    " The last of a company is the one of marts.statistical_card.",
    CARD: "One row per company, attribute and bin of the statistical card as fitted last: bounds (lower exclusive, upper inclusive, NULL: none), or is_missing; cases and bads in it; woe: weight of"
    " evidence, above 0 safer than all, and worth: own, or worst where too few cases miss the fact, which then is worth the worst bin. iv: information value of the attribute, is_suspect where it"
    " is too much to be true (settings). coefficient on the log odds of bad, and points (settings), NULL unless state is used: one_bin (tells nothing), wrong_sign (left out beside the others),"
    " not_fitted.",
    SCORE: "One row per customer with a payment index and re-rating, and the as-of date: what both cards say. chance to go bad within twelve months, points and score (0 to 100, by a mapping of the settings) of"
    " the statistical card fitted by then, NULL without one; expert_score. marts.rating.card says which grades.",
    BAD_RATE: "One row per company, grade at a re-rating whose year has run out, and whether a hard event capped it: cases, bads of them, bad_rate with its 95 % interval by Jeffreys.",
}
_EMPTY: Final = {
    RATING: "status varchar, card varchar, score double, completeness double, basic_points double, operating_points double, payment_points double, file_score double, file_completeness double, file_grade varchar,"
    " raw_grade varchar, grade varchar, previous_grade varchar, need_local decimal(18, 4), cap_local decimal(18, 4), recommended_limit decimal(18, 4), limit_decided_by varchar,"
    " recommended_terms integer, supply varchar, has_benefits boolean, reasons varchar, next_review date, override_grade varchar, override_reason varchar, override_by varchar, override_until date,"
    " confirmed_by varchar, confirmed_on date",
    HISTORY: "review_date date, is_rerating boolean, status varchar, score double, completeness double, card varchar, raw_grade varchar, ruled_grade varchar, grade varchar, cap varchar, downgraded_on date, override_grade varchar",
}


def judge_rating(con: Connection, settings: Settings) -> None:
    """Write `marts.rating`, its history, migration and attributes, from `marts.rating_fact` and `marts.hard_event`."""
    if not con.execute("select 1 from marts.rating_fact limit 1").fetchall():
        _write_nothing(con)
        return
    from receivables.judgement.rating_backtest import measured
    from receivables.judgement.reviews import Reviews

    told, selects = Reviews(con, settings).tables(), _selects(settings.scorecard.reasons)
    for name, table in told.items():
        con.register("told", table)
        con.execute(f"create table {name} as {selects[name]}")
        con.unregister("told")
        comment(con, name, _GRAIN[name])
    for name, table in measured(con, settings).items():
        write(con, name, table, _GRAIN[name])


def _write_nothing(con: Connection) -> None:
    keys = "company_id varchar, customer_id varchar"
    for name, columns in {
        RATING: f"as_of date, {keys}, {_EMPTY[RATING]}",
        HISTORY: f"{keys}, {_EMPTY[HISTORY]}",
        MIGRATION: "company_id varchar, review_date date, grade_before varchar, grade_after varchar, customers bigint, share double",
        BACKTEST: "as_of date, company_id varchar, card varchar, metric varchar, baseline varchar, value double, lo double, hi double, baseline_value double, difference double,"
        " difference_lo double, difference_hi double, verdict varchar, reason varchar",
        BAD_RATE: "as_of date, company_id varchar, grade varchar, is_capped boolean, cases bigint, bads bigint, bad_rate double, lo double, hi double",
        ATTRIBUTE: "as_of date, attribute varchar, block varchar, best_points double, stand_in_points double, customers bigint, company_id varchar",
        **STATISTICAL_COLUMNS,
    }.items():
        con.execute(f"create table {name} ({columns})")
        comment(con, name, _GRAIN[name])


def _reason(turn: int) -> str:
    return (
        f'case when told.reason_{turn} is not null then \'{{"code": "\' || told.reason_{turn} || \'", "params": {{"kind": "\' || told.reason_{turn}_kind'
        f" || '\", \"points\": ' || round(told.reason_{turn}_points, 1)::decimal(9, 1)::varchar || '}}}}' end"
    )


def _event(name: str) -> str:
    return f'case when told.is_capped_by_{name} then \'{{"code": "{name}", "params": {{"days": \' || told.days_{name}::integer::varchar || \'}}}}\' end'


def _selects(reasons: int) -> dict[str, str]:
    """How each table is made of what was told, with so many reasons of a score."""
    listed = ", ".join([*map(_event, EVENTS), *map(_reason, range(1, reasons + 1))])
    return {
        RATING: "select getvariable('as_of') as as_of, told.company_id, told.customer_id, told.status, told.card, told.score, told.completeness, told.basic_points, told.operating_points, told.payment_points,"
        " told.file_score, told.file_completeness, told.file_grade, told.raw_grade, told.grade, told.previous_grade, told.need_local::decimal(18, 4) as need_local, told.cap_local::decimal(18, 4) as cap_local,"
        " told.recommended_limit::decimal(18, 4) as recommended_limit, told.limit_decided_by, told.recommended_terms::integer as recommended_terms, told.supply, told.has_benefits,"
        f" '[' || concat_ws(', ', {listed}) || ']' as reasons, told.next_review::date as next_review, told.override_grade, told.override_reason,"
        " told.override_by, told.override_until, told.confirmed_by, told.confirmed_on from told order by company_id, customer_id",
        HISTORY: "select told.company_id, told.customer_id, told.review_date, told.is_rerating, told.status, told.score, told.completeness, told.card, told.raw_grade, told.ruled_grade, told.grade, told.cap, told.downgraded_on, told.override_grade"
        " from told order by company_id, customer_id, review_date",
        MIGRATION: "select * from told order by company_id, review_date, grade_before, grade_after",
        ATTRIBUTE: "select getvariable('as_of') as as_of, told.* from told order by company_id, attribute",
        FIT: "select * from told order by company_id, fitted_on",
        CARD: "select * from told order by company_id, attribute, bin",
        SCORE: "select * from told order by company_id, customer_id, review_date",
    }
