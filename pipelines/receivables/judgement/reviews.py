"""The reviews of all customers, one after the other: each sees what had been told by its day, and the standing that the one before left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from receivables.judgement.rating_facts import Facts, ages_of, scored_by_company
from receivables.judgement.rating_tables import (
    ATTRIBUTE,
    EVENTS,
    EXPERT,
    HISTORY,
    MIGRATION,
    RATING,
    STATISTICAL,
)
from receivables.judgement.statistical_card import Shadow
from receivables.policy import credit_limit, grades, scorecard
from receivables.policy.grades import BEST, NONE, Evidence, InForce, Standing
from receivables.settings import GRADES

if TYPE_CHECKING:
    from datetime import date

    from receivables.engine import Connection
    from receivables.settings import Settings

_WHOM: Final = """
select company_id, customer_id from marts.rating_fact
union
select company_id, customer_id from lake.published_rating
order by company_id, customer_id
"""
_MONEY: Final = """
select
  prorate(greatest(purchases_local, 0)::decimal(18, 4), 1::decimal(18, 4), 12::decimal(18, 4)) as monthly_purchases, high_credit_local as high_credit,
  previous_limit_local as previous_limit
from marts.rating_fact where period_end = ?
order by company_id, customer_id
"""
_MONEY_COLUMNS: Final = ("monthly_purchases", "high_credit", "previous_limit")
_OVERRIDES: Final = """
select
  customer_id, grade, reason, recorded_by as author, given_on::timestamp as given_on, until::timestamp as expires_on, kind = 'withdrawal' as is_withdrawal
from lake.rating_decision where kind in ('override', 'withdrawal')
order by decision_id
"""
_CONFIRMATIONS: Final = """
select customer_id, grade, said_of::timestamp as rated_on, recorded_by as author, given_on::timestamp as given_on
from lake.rating_decision where kind = 'confirmation'
order by decision_id
"""
_KEPT: Final = """
select * exclude (run_id) from lake.published_rating
where review_date = (select max(review_date) from lake.published_rating where review_date < ? and review_date = last_day(review_date))
order by company_id, customer_id
"""
_SCORED: Final = f"""
select customer_id, review_date::timestamp as review_date, score from lake.published_rating
where card = '{STATISTICAL}' and review_date < getvariable('as_of')
order by review_date, customer_id
"""


@dataclass(frozen=True)
class _Review:
    """One review: its day, who was looked at (places among all customers), what the card says of them, hard-event caps and days, what persons set, standing of all after it."""

    day: date
    place: np.ndarray[Any, np.dtype[np.int64]]
    facts: pd.DataFrame
    told: pd.DataFrame
    cap: np.ndarray[Any, np.dtype[np.int64]]
    override: InForce
    standing: Standing


class Reviews:
    """Every review that the period ends of `marts.rating_fact` allow."""

    def __init__(self, con: Connection, settings: Settings) -> None:
        self.con, self.settings = con, settings
        self.whom = con.execute(_WHOM).df()
        self.customers = pd.Index(self.whom["customer_id"])
        self.known = Facts(con, settings.scorecard)
        self.overrides = con.execute(_OVERRIDES).df()
        self.days: list[date] = [
            day for (day,) in con.execute("select distinct period_end from marts.rating_fact order by 1").fetchall()
        ]
        self.attributes: list[pd.DataFrame] = []
        self.shadow = Shadow(con, settings)
        self.published = con.execute(_SCORED).df()

    def tables(self) -> dict[str, pa.Table]:
        """What the reviews say, by the table it becomes."""
        history: list[pd.DataFrame] = []
        moves: list[pd.DataFrame] = []
        kept = self.con.execute(_KEPT, [self.days[0]]).df()
        standing = self._standing(kept)
        rated: list[Standing] = []
        if len(kept):
            history.append(
                kept.assign(review_date=kept["review_date"].dt.date, downgraded_on=_days(kept["downgraded_on"]))
            )
            rated += [standing] * bool(kept["is_rerating"].any())
        rating = pd.DataFrame()
        for day in self.days:
            review = self._review(standing, day)
            history.append(self._history(review))
            if grades.is_rerating(day, self.settings.rating):
                moves += [self._moves(day, before.grade, review.standing.grade) for before in rated[-1:]]
                rated.append(review.standing)
            if day == self.days[-1]:
                rating = self._rating(review, standing)
            standing = review.standing
        return {
            RATING: _table(rating),
            HISTORY: _table(pd.concat(history, ignore_index=True)),
            MIGRATION: _table(pd.concat(moves, ignore_index=True) if moves else _NO_MOVES),
            ATTRIBUTE: _table(pd.concat(self.attributes, ignore_index=True)),
            **self.shadow.tables(),
        }

    def _standing(self, kept: pd.DataFrame) -> Standing:
        """Where customers stood after the review that an earlier run published."""
        place = self.customers.get_indexer(pd.Index(kept["customer_id"])).astype(np.int64)
        nothing, size = grades.unrated(len(self.whom)), len(self.whom)
        fell = _days(kept["downgraded_on"])
        return Standing(
            _spread(grades.places(kept["ruled_grade"]), place, size, NONE),
            _spread(grades.places(kept["grade"]), place, size, NONE),
            np.where(
                np.isnat(on := _spread(fell, place, size, np.datetime64("NaT"))),
                nothing.downgraded_on,
                on.astype("datetime64[D]").astype(np.int64),
            ),
        )

    def _review(self, before: Standing, day: date) -> _Review:
        rules, facts = self.settings.rating, self.known.on(day)
        place = self.customers.get_indexer(pd.Index(facts["customer_id"])).astype(np.int64)
        told = self._scored(facts, day)
        cap = grades.hard_event_cap(facts[list(EVENTS)], rules)
        size = len(self.whom)
        override = grades.overrides_in_force(self.overrides, self.customers, day, rules)
        evidence = Evidence(
            score=_spread(told["score"].to_numpy(dtype=np.float64), place, size, np.nan),
            completeness=_spread(told["completeness"].to_numpy(dtype=np.float64), place, size, np.nan),
            cap=_spread(cap, place, size, BEST),
            override=override.grade,
        )
        return _Review(day, place, facts, told, cap, override, grades.review(before, evidence, day, rules))

    def _scored(self, facts: pd.DataFrame, day: date) -> pd.DataFrame:
        """What the card that grades says, company by company: each is a portfolio of its own."""
        card, is_last = self.settings.scorecard, day == self.days[-1]
        ages, scored = ages_of(facts), scored_by_company(facts, self.settings)
        described = {company_id: found.attributes.reset_index() for company_id, found in scored.items()}
        told = pd.concat([found.customers for found in scored.values()]).reindex(facts.index)
        told["card"] = pd.Series(EXPERT, index=told.index, dtype="object").where(told["score"].notna(), None)
        grades_by_it = self.settings.rating.card == STATISTICAL
        if grades_by_it or is_last or grades.is_rerating(day, self.settings.rating) or not self.shadow.cards:
            numbers = scorecard.counting(facts, card, ages)
            numbers[["company_id", "customer_id"]] = facts[["company_id", "customer_id"]]
            shadow = self.shadow.review(day, numbers, told, is_last=is_last)
            if grades_by_it:
                told = self._as_published(self.shadow.graded(told, shadow), facts["customer_id"], day)
                described |= {company_id: self.shadow.described(one) for company_id, one in shadow.items()}
        if is_last:
            self.attributes += [told.assign(company_id=company_id) for company_id, told in described.items()]
        return told

    def _as_published(self, told: pd.DataFrame, customers: pd.Series[str], day: date) -> pd.DataFrame:
        """Scores of an earlier review as an earlier run published them: the cases that its card was learnt from may lie before the window now."""
        before = self.published[self.published["review_date"] == pd.Timestamp(day)].set_index("customer_id")["score"]
        score = customers.map(before)
        return told.assign(
            score=score.where(score.notna(), told["score"]), card=told["card"].where(score.isna(), STATISTICAL)
        )

    def _history(self, review: _Review) -> pd.DataFrame:
        score = review.told["score"].to_numpy(dtype=np.float64)
        cap = np.where(review.cap < BEST, review.cap, NONE)
        return self.whom.iloc[review.place].assign(
            review_date=review.day,
            is_rerating=grades.is_rerating(review.day, self.settings.rating),
            status=review.told["status"].astype(str).to_numpy(),
            score=score,
            completeness=review.told["completeness"].to_numpy(),
            card=review.told["card"].to_numpy(),
            raw_grade=grades.letters(grades.raw_grade(score, self.settings.rating)),
            ruled_grade=grades.letters(review.standing.ruled[review.place]),
            grade=grades.letters(review.standing.grade[review.place]),
            cap=grades.letters(cap),
            downgraded_on=_fallen(review.standing.downgraded_on[review.place]),
            override_grade=grades.letters(review.override.grade[review.place]),
        )

    def _moves(self, day: date, before: Any, after: Any) -> pd.DataFrame:
        """Who moved from which grade to which between two re-ratings, company by company."""
        found: list[pd.DataFrame] = []
        for company_id, places in self.whom.groupby("company_id", sort=True).indices.items():
            moved = grades.migration(before[places], after[places])
            count = len(moved.customers)
            row, column = np.divmod(np.arange(count * count), count)
            found.append(
                pd.DataFrame(
                    {
                        "company_id": company_id,
                        "review_date": day,
                        "grade_before": grades.letters(row),
                        "grade_after": grades.letters(column),
                        "customers": moved.customers.ravel(),
                        "share": moved.share.ravel(),
                    }
                ).dropna(subset=["share"])
            )
        return pd.concat(found, ignore_index=True)

    def _rating(self, review: _Review, before: Standing) -> pd.DataFrame:
        """Who stands where at the last review, why, and what follows."""
        rules, facts, grade = self.settings.rating, review.facts, review.standing.grade[review.place]
        limits = self._limits(review, grade)
        caps = facts[list(EVENTS)].to_numpy(dtype=np.float64)
        lasting: dict[str, int] = {event: lasts for event, _, lasts in rules.hard_event_caps}
        score = review.told["score"].to_numpy(dtype=np.float64)
        until = review.override.until[review.place]
        confirmed = grades.confirmations(
            self.con.execute(_CONFIRMATIONS).df(), self.customers, review.standing.grade, review.day, rules
        )
        told = self.whom.iloc[review.place].reset_index(drop=True)
        told = pd.concat([told, review.told.reset_index(drop=True)], axis=1)
        for number, event in enumerate(EVENTS):
            days = caps[:, number]
            told[f"days_{event}"] = days
            told[f"is_capped_by_{event}"] = (days >= 0) & (days <= lasting.get(event, -1))
        reasons = [
            column for column in told if str(column).startswith("reason_") and not str(column).endswith("_points")
        ]
        told = told.assign(**{str(column): told[column].astype("object") for column in reasons})
        return told.assign(
            status=told["status"].astype(str),
            raw_grade=grades.letters(grades.raw_grade(score, rules)),
            grade=grades.letters(grade),
            previous_grade=grades.letters(before.grade[review.place]),
            file_grade=grades.letters(self._file_grade(review.told)),
            need_local=limits["need"].to_numpy(),
            cap_local=limits["cap"].to_numpy(),
            recommended_limit=limits["limit"].to_numpy(),
            limit_decided_by=limits["decided_by"].astype("object").to_numpy(),
            recommended_terms=limits["terms_days"].to_numpy(),
            supply=limits["supply"].to_numpy(),
            has_benefits=limits["has_benefits"].to_numpy(),
            next_review=grades.next_review(review.day, until, rules),
            override_grade=grades.letters(review.override.grade[review.place]),
            override_reason=review.override.reason[review.place],
            override_by=review.override.author[review.place],
            override_until=until,
            confirmed_by=confirmed.author[review.place],
            confirmed_on=confirmed.on[review.place],
        )

    def _file_grade(self, told: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.int64]]:
        """What the integrity file alone would be graded, for who has no history yet: never beyond what is granted to the unknown."""
        rules = self.settings.rating
        is_new = (told["status"] == scorecard.INSUFFICIENT).to_numpy()
        alone = np.where(is_new, told["file_score"].to_numpy(dtype=np.float64), np.nan)
        return np.minimum(grades.raw_grade(alone, rules), GRADES.index(rules.completeness_cap))

    def _limits(self, review: _Review, grade: Any) -> pd.DataFrame:
        """What follows from each grade; money stays decimal."""
        rows = self.con.execute(_MONEY, [review.day]).fetchall()
        money = dict(zip(_MONEY_COLUMNS, zip(*rows, strict=True), strict=True))
        facts = review.facts
        unknown = pd.Series([None] * len(facts), index=facts.index, dtype="object")
        has_event = review.cap < BEST
        return credit_limit.recommend(
            pd.DataFrame(
                {
                    "grade": grade,
                    **{
                        name: pd.Series(list(values), index=facts.index, dtype="object")
                        for name, values in money.items()
                    },
                    "terms_days": facts["agreed_days"],
                    "days_beyond_terms": facts["days_beyond_terms"],
                    **dict.fromkeys(("net_worth", "working_capital", "insurer_limit"), unknown),
                    "has_hard_event": has_event,
                },
                index=facts.index,
            ),
            self.settings.credit_limit,
        )


_NO_MOVES: Final = pd.DataFrame(
    {
        **{name: pd.Series(dtype="object") for name in ("company_id", "review_date", "grade_before", "grade_after")},
        "customers": pd.Series(dtype="int64"),
        "share": pd.Series(dtype="float64"),
    }
)

_TEXTS: Final = frozenset(
    (
        "company_id",
        "customer_id",
        "status",
        "card",
        "raw_grade",
        "ruled_grade",
        "grade",
        "previous_grade",
        "cap",
        "grade_before",
        "grade_after",
    )
) | {
    "limit_decided_by",
    "supply",
    "attribute",
    "block",
    "override_grade",
    "override_reason",
    "override_by",
    "confirmed_by",
}
_DATES: Final = frozenset(("review_date", "next_review", "downgraded_on", "override_until", "confirmed_on"))
_MONIES: Final = frozenset(("need_local", "cap_local", "recommended_limit"))


def _days(moments: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    return moments.to_numpy(dtype="datetime64[D]")


def _fallen(days: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Days since 1970-01-01 as dates; what lies before it never was."""
    return np.where(days >= 0, days.astype("datetime64[D]"), np.datetime64("NaT", "D"))


def _spread(values: Any, place: Any, size: int, otherwise: Any) -> Any:
    spread = np.full(size, otherwise, dtype=values.dtype)
    spread[place] = values
    return spread


def _table(frame: pd.DataFrame) -> pa.Table:
    """A frame as a table with types that do not depend on what is in it."""
    columns: dict[str, pa.Array] = {}
    for name in map(str, frame.columns):
        kind: pa.DataType | None = None
        if name in _TEXTS or (name.startswith("reason_") and not name.endswith("_points")):
            kind = pa.string()
        elif name in _MONIES:
            kind = pa.decimal128(18, 4)
        elif name in _DATES:
            kind = pa.date32()
        columns[name] = pa.array(frame[name], type=kind, from_pandas=True)
    return pa.table(columns)
