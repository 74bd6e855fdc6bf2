"""Grades of customers: from score to grade, from review to review, what a person may set aside, and how steady they are.

A grade is its place in `GRADES`, F to A as 0 to 5; `NONE` is no grade. Reviews are replayed one after the other for all customers at
once, from scores known at each, so that the same evidence gives the same history. The published way to keep grades from wavering
is that of rating agencies (Altman and Rijken 2003): what is small or young does not move a grade, what is certain moves it at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from receivables.settings import GRADES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from receivables.settings import Rating

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]
    Days = npt.NDArray[np.datetime64]
    Texts = npt.NDArray[np.object_]

NONE: Final = -1
"""No grade: nothing is known that could be graded."""

BEST: Final = len(GRADES) - 1
_LONG_AGO: Final = -(2**40)
_JEFFREYS: Final = 0.5
"""Added to each count of moves, by Jeffreys' prior: what never happened yet may."""


def raw_grade(score: Floats, rules: Rating) -> Ints:
    """The grade a score (0 to 100) has by the edges alone; none where there is no score."""
    return _at_edges(score, _edges(rules))


def letters(grade: Ints) -> npt.NDArray[np.object_]:
    """Grades as letters, None for no grade."""
    return np.array([*GRADES, None], dtype=np.object_)[grade]


def places(letter: pd.Series[str]) -> Ints:
    """Letters as grades; `NONE` for what is missing or no grade."""
    return pd.Index(list(GRADES)).get_indexer(pd.Index(letter)).astype(np.int64)


def _edges(rules: Rating) -> Floats:
    return np.array(rules.grade_edges, dtype=np.float64)


def _at_edges(score: Floats, edges: Floats) -> Ints:
    return np.where(np.isnan(score), NONE, np.searchsorted(edges, score, side="right")).astype(np.int64)


# One review ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evidence:
    """What is known of customers at a review, one element each.

    `score` 0 to 100, NaN without one; `completeness` of their facts, share of 1; `cap`: the best grade that hard events leave, `BEST`
    without any; `override`: the grade a person set, `NONE` without one.
    """

    score: Floats
    completeness: Floats
    cap: Ints
    override: Ints


@dataclass(frozen=True)
class Standing:
    """Where customers stand after a review, one element each.

    `ruled`: the grade by rule, from which the next review goes on; `grade`: that which counts, a person's word and hard events in it;
    `downgraded_on`: the day the rule last lowered it, days since 1970-01-01.
    """

    ruled: Ints
    grade: Ints
    downgraded_on: Ints


def unrated(customers: int) -> Standing:
    """Where customers stand before their first review."""
    nothing = np.full(customers, NONE, dtype=np.int64)
    return Standing(nothing, nothing, np.full(customers, _LONG_AGO, dtype=np.int64))


def review(before: Standing, told: Evidence, day: date, rules: Rating) -> Standing:
    """Review customers: scores move grades at a re-rating, hard events at once, and a first score is graded when it is there.

    A score moves a grade only beyond an edge by the hysteresis, by so many notches at most, and up only so long after a downgrade.
    Who has no score any more has no grade from the next re-rating on, unless a hard event says one.
    """
    today = (day - date(1970, 1, 1)).days
    moved = _moved(before, told.score, today, rules)
    capped = np.where(told.completeness < float(rules.completeness_min), GRADES.index(rules.completeness_cap), BEST)
    rated = np.minimum(moved, capped)
    by_score = rated if is_rerating(day, rules) else np.where(before.ruled == NONE, rated, before.ruled)
    ruled = _within(told.cap, by_score)
    fell = (before.ruled != NONE) & (ruled != NONE) & (ruled < before.ruled)
    return Standing(
        ruled,
        overridden(ruled, told.override, told.cap, rules),
        np.where(fell, today, before.downgraded_on),
    )


def _moved(before: Standing, score: Floats, today: int, rules: Rating) -> Ints:
    """Where a score would take the grade by rule."""
    edges, margin, held = _edges(rules), float(rules.hysteresis_points), before.ruled
    may_rise = today - before.downgraded_on >= rules.upgrade_pause_days
    above = np.minimum(_at_edges(score, edges + margin), held + rules.notches_up * may_rise)
    below = np.maximum(_at_edges(score, edges - margin), held - rules.notches_down)
    moved = np.where(above > held, above, np.where(below < held, below, held))
    return np.where(np.isnan(score), NONE, np.where(held == NONE, raw_grade(score, rules), moved))


def _within(cap: Ints, grade: Ints) -> Ints:
    """Grades no better than hard events leave; a hard event grades also who has no score."""
    return np.where((grade == NONE) & (cap < BEST), cap, np.minimum(grade, cap))


def overridden(ruled: Ints, override: Ints, cap: Ints, rules: Rating) -> Ints:
    """Grades as a person set them, where one did: not too far above the rule's, never above what hard events leave."""
    allowed = np.minimum(override, ruled + rules.override_notches_up)
    has_word = (override != NONE) & (ruled != NONE)
    return np.where(has_word, np.minimum(allowed, cap), ruled)


# A series of reviews -------------------------------------------------------------------------------------------------


def replay(reviews: Iterable[tuple[date, Evidence]], customers: int, rules: Rating) -> Iterator[tuple[date, Standing]]:
    """Review the same customers day by day from the first review on, one standing each."""
    standing = unrated(customers)
    for day, told in reviews:
        standing = review(standing, told, day, rules)
        yield day, standing


def is_rerating(day: date, rules: Rating) -> bool:
    """Whether scores move grades on a day: the last one of a month that closes a re-rating period."""
    is_month_end = (day + timedelta(days=1)).month != day.month
    return is_month_end and day.month % rules.rerating_months == 0


def next_review(day: date, override_until: Days, rules: Rating) -> Days:
    """The next day that may change each customer's grade: the next re-rating, or the day after a person's word ends (NaT: none) if that is sooner."""
    rerating = next(end for end in _reratings(day, 0, rules.rerating_months, rules) if end > day)
    sooner: Days = np.fmin(override_until + np.timedelta64(1, "D"), np.datetime64(rerating))
    return sooner


def last_rerating(day: date, rules: Rating) -> date:
    """The last day up to `day` on which scores moved grades."""
    return [end for end in _reratings(day, -rules.rerating_months, 0, rules) if end <= day][-1]


def _reratings(day: date, first: int, last: int, rules: Rating) -> list[date]:
    """The re-ratings among the ends of so many months before or after that of a day."""
    month = np.datetime64(day, "M")
    ends = [((month + ahead + 1).astype("datetime64[D]") - 1).item() for ahead in range(first, last + 1)]
    return [end for end in ends if is_rerating(end, rules)]


# What is certain, and what a person says -------------------------------------------------------------------------------


def hard_event_cap(days_since: pd.DataFrame, rules: Rating) -> Ints:
    """The best grade that hard events leave each customer, `BEST` without any.

    Args:
        days_since: a column per event that the rules name, named like it: days since it last was so, 0 where it still is, NaN never.
        rules: the caps, and how long each lasts.
    """
    cap = np.full(len(days_since), BEST, dtype=np.int64)
    for event, grade, lasts in rules.hard_event_caps:
        days = days_since[event].to_numpy(dtype=np.float64, na_value=np.nan)
        cap = np.where((days >= 0) & (days <= lasts), np.minimum(cap, GRADES.index(grade)), cap)
    return cap


def override_fault(overrides: pd.DataFrame, rules: Rating) -> pd.Series[str]:
    """Why a grade set by hand does not count: `no_grade`, `no_reason`, `no_author`, `no_expiry`, `ends_before_it_begins`, `too_long`; missing where it does.

    Args:
        overrides: grade (letter), reason, author, given_on, expires_on (the last day, datetime64).
        rules: how long one may stand.
    """
    lasts = (overrides["expires_on"] - overrides["given_on"]).dt.days
    said = {name: overrides[name].fillna("").astype(str).str.strip() for name in ("reason", "author")}
    cases = {
        "no_grade": places(overrides["grade"]) == NONE,
        "no_reason": said["reason"] == "",
        "no_author": said["author"] == "",
        "no_expiry": lasts.isna(),
        "ends_before_it_begins": lasts < 0,
        "too_long": lasts > rules.override_days_max,
    }
    found = np.select([np.asarray(case) for case in cases.values()], list(cases), default="")
    return pd.Series(found, index=overrides.index, dtype="str").where(found != "")


@dataclass(frozen=True)
class InForce:
    """What persons said that counts on a day, one element per customer: `grade` (`NONE` without any), the last day it counts (NaT), why, and who said it (None)."""

    grade: Ints
    until: Days
    reason: Texts
    author: Texts


def overrides_in_force(overrides: pd.DataFrame, customers: pd.Index[str], day: date, rules: Rating) -> InForce:
    """Find what counts of grades set by hand: of each customer the one given last, until it expires or is withdrawn.

    Args:
        overrides: as in `override_fault`, in the order they were recorded, with customer_id and is_withdrawal: that it only ends what was given before.
        customers: whom to find it for, each once.
        day: the day of the review; later ones are not known yet.
        rules: how long one may stand.
    """
    nobody = np.full(len(customers), None, dtype=np.object_)
    unset, never = np.full(len(customers), NONE, dtype=np.int64), np.full(len(customers), np.datetime64("NaT", "D"))
    if overrides.empty:
        return InForce(unset, never, nobody, nobody)
    at, ends = pd.Timestamp(day), overrides["is_withdrawal"].astype(bool)
    counting = (override_fault(overrides, rules).isna() | ends) & (overrides["given_on"] <= at)
    last = _said_last(overrides[counting])
    last = last[~last["is_withdrawal"].astype(bool) & (last["expires_on"] >= at)]
    place = customers.get_indexer(pd.Index(last["customer_id"]))
    last, place = last[place >= 0], place[place >= 0]

    def spread(values: npt.NDArray[Any], otherwise: npt.NDArray[Any]) -> npt.NDArray[Any]:
        otherwise[place] = values
        return otherwise

    return InForce(
        spread(places(last["grade"]), unset),
        spread(last["expires_on"].to_numpy(dtype="datetime64[D]"), never),
        spread(last["reason"].to_numpy(dtype=np.object_), nobody.copy()),
        spread(last["author"].to_numpy(dtype=np.object_), nobody.copy()),
    )


def _said_last(words: pd.DataFrame) -> pd.DataFrame:
    """Of each customer what was said last, given in the order it was recorded."""
    return words.sort_values("given_on", kind="stable").drop_duplicates("customer_id", keep="last")


@dataclass(frozen=True)
class Confirmed:
    """Whose grade a person confirmed, one element per customer: who (None where nobody did) and on which day (NaT)."""

    author: Texts
    on: Days


def confirmations(said: pd.DataFrame, customers: pd.Index[str], grade: Ints, day: date, rules: Rating) -> Confirmed:
    """Find whose grade stands confirmed: by what was said last of the grade the customer has, as it was at the last re-rating or after it.

    Args:
        said: customer_id, grade (letter), rated_on (the day of the rating that was confirmed), author, given_on (datetime64), in the order they were recorded.
        customers: whom to find it for, each once.
        grade: the grades they have on the day.
        day: the day of the review; what is said later is not known yet.
        rules: how often customers are re-rated.
    """
    last = _said_last(said[said["given_on"] <= pd.Timestamp(day)])
    last = last[last["rated_on"] >= pd.Timestamp(last_rerating(day, rules))]
    place = customers.get_indexer(pd.Index(last["customer_id"]))
    stands = (place >= 0) & (places(last["grade"]) == grade[place])
    author = np.full(len(customers), None, dtype=np.object_)
    on = np.full(len(customers), np.datetime64("NaT", "D"))
    author[place[stands]] = last["author"].to_numpy(dtype=np.object_)[stands]
    on[place[stands]] = last["given_on"].to_numpy(dtype="datetime64[D]")[stands]
    return Confirmed(author, on)


# How steady grades are -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Migration:
    """Customers by grade before (rows) and after (columns), and the shares of each row, smoothed; NaN where nobody had that grade."""

    customers: Ints
    share: Floats


def migration(before: Ints, after: Ints) -> Migration:
    """Count how customers moved between two reviews; who had no grade at one of them is left out."""
    both = (before != NONE) & (after != NONE)
    counts = np.bincount(before[both] * len(GRADES) + after[both], minlength=len(GRADES) ** 2)
    return smoothed(counts.reshape(len(GRADES), len(GRADES)).astype(np.int64))


def smoothed(customers: Ints) -> Migration:
    """Shares of the rows of a table of moves, by Jeffreys' prior."""
    had = customers.sum(axis=1, keepdims=True)
    share = (customers + _JEFFREYS) / (had + _JEFFREYS * customers.shape[1])
    return Migration(customers, np.where(had > 0, share, np.nan))


def change_rate(grades: Ints) -> Floats:
    """The share of the customers graded at a review and the one before whose grade changed, one element per review but the first.

    Args:
        grades: by re-rating and customer; NaN where nobody was graded at both.
    """
    both, step = _steps(grades)
    counted = both.sum(axis=1)
    rate: Floats = np.divide((step != 0).sum(axis=1), counted, out=np.full(len(counted), np.nan), where=counted > 0)
    return rate


def reversal_rate(grades: Ints, within: int = 2) -> float:
    """The share of changes that the next so many reviews turned back, of those whose next reviews are all known; NaN where there is none.

    Args:
        grades: by re-rating and customer.
        within: reviews after the change that are looked at.
    """
    _, step = _steps(grades)
    looked_at = max(len(step) - within, 0)
    changed = step[:looked_at] != 0
    back = np.zeros_like(changed)
    for later in range(1, within + 1):
        back |= changed & (step[later : looked_at + later] == -step[:looked_at])
    return float(back.sum() / changed.sum()) if changed.any() else float("nan")


def _steps(grades: Ints) -> tuple[Flags, Ints]:
    """Who was graded at a review and the one before, and whether it went up (1) or down (-1)."""
    both = (grades[1:] != NONE) & (grades[:-1] != NONE)
    return both, np.where(both, np.sign(grades[1:] - grades[:-1]), 0)
