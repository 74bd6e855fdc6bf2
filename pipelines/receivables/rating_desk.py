"""The desk where persons decide about ratings: a person sets a grade until a day, ends that early, or confirms the grade that was published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from receivables import decisions
from receivables.dates import utc_now
from receivables.errors import UsageError, nearest
from receivables.home import Home
from receivables.run import started
from receivables.settings import GRADES
from receivables.state import RatingDecision, State
from receivables.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from receivables.policy.grades import InForce
    from receivables.run import Progress
    from receivables.settings import Rating
    from receivables.warehouse import Warehouse

Kind = Literal["override", "withdrawal", "confirmation"]

_STANDING: Final = """
select whom.company_id, whom.customer_id, rating.grade, history.ruled_grade, history.cap, run.run_id, run.as_of
from (
  select company_id, customer_id from core.customer
  union
  select company_id, customer_id from marts.rating
) as whom
cross join ops.run as run
left join marts.rating as rating on whom.company_id = rating.company_id and whom.customer_id = rating.customer_id
left join marts.rating_history as history
  on whom.company_id = history.company_id and whom.customer_id = history.customer_id and run.as_of = history.review_date
order by whom.customer_id
"""


@dataclass(frozen=True)
class Asked:
    """What a person decides about a customer, and who; grade, reason and last day are those of an override."""

    kind: Kind
    by: str
    grade: str | None = None
    reason: str | None = None
    until: date | None = None


@dataclass(frozen=True)
class Standing:
    """How a customer is rated in the published night: the grade that counts, that by rule, the best that hard events leave; None where there is none."""

    company_id: str
    customer_id: str
    grade: str | None
    ruled_grade: str | None
    cap: str | None
    run_id: str
    as_of: date


@dataclass(frozen=True)
class Rated:
    """What was decided; `is_new` is False where the same had been decided before. `counts_as`: the grade it leaves, as the customer is rated now."""

    decision: RatingDecision
    is_new: bool
    standing: Standing
    counts_as: str | None


def rate(home: Path, customer: str, asked: Asked, *, today: date, progress: Progress | None = None) -> Rated:
    """Record what a person decides about a customer's rating; nothing is built, it counts from the first night as of `today` or later.

    Raises:
        UsageError: nothing was published yet, no such customer, or nothing that can be decided of it; nothing was recorded.
    """
    with open_warehouse(home) as warehouse:
        standing = standing_of(warehouse, customer)
    rules = Home(home).settings().rating
    asked = _checked(asked, standing, today, rules)
    with started("rate", Home(home), progress=progress) as night:
        decisions.complete(night.state, night.home.lake)
        before = _before(asked, standing, night.state.decisions(RatingDecision), today, rules)
        decision = before or RatingDecision(
            decision_id=night.run.run_id,
            kind=asked.kind,
            company_id=standing.company_id,
            customer_id=standing.customer_id,
            grade=asked.grade,
            reason=asked.reason,
            until=asked.until,
            said_of_run=standing.run_id,
            said_of=standing.as_of,
            given_on=today,
            recorded_by=asked.by,
            recorded_at=utc_now(),
        )
        if before is None:
            decisions.record(night.state, night.home.lake, decision)
            night.log("decided", decision=decision.kind, customer=decision.customer_id)
        night.record(finished_at=utc_now(), status="decided")
    return Rated(decision, before is None, standing, _counts_as(asked, standing, rules))


def overrides(home: Path, today: date) -> pd.DataFrame:
    """The grades set by hand that are in force today, each beside the grade that was published.

    Raises:
        UsageError: nothing was published yet.
    """
    import pandas as pd

    with open_warehouse(home) as warehouse:
        customers = {one.customer_id: one for one in _standings(warehouse)}
    place = Home(home)
    known = decisions.known(
        RatingDecision, State(place.state, is_read_only=True) if place.state.exists() else None, place.lake
    )
    given = {decision.customer_id: decision.given_on for decision in known if decision.kind == "override"}
    found = _in_force(known, sorted(given), today, place.settings().rating)
    rows = [
        {
            "customer_id": customer_id,
            "override_grade": GRADES[grade],
            "published_grade": customers[customer_id].grade if customer_id in customers else None,
            "given_on": given[customer_id],
            "until": until.item(),
            "by": author,
            "reason": reason,
        }
        for customer_id, grade, until, author, reason in zip(
            sorted(given), found.grade.tolist(), found.until, found.author, found.reason, strict=True
        )
        if author is not None
    ]
    columns = ["customer_id", "override_grade", "published_grade", "given_on", "until", "by", "reason"]
    return pd.DataFrame(rows, columns=columns)


def _standings(warehouse: Warehouse) -> list[Standing]:
    return [Standing(*row) for row in warehouse.con.execute(_STANDING).fetchall()]


def standing_of(warehouse: Warehouse, customer: str) -> Standing:
    """The customer that is named by its id as published, or by the id alone where only one company has it.

    Raises:
        UsageError: no such customer, or several companies have it.
    """
    known = _standings(warehouse)
    plain = {one.customer_id: one.customer_id.removeprefix(f"{one.company_id}:") for one in known}
    found = [one for one in known if one.customer_id == customer] or [
        one for one in known if plain[one.customer_id] == customer
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            got=f"customer {customer!r}, which {len(found)} companies have",
            expected="one customer",
            try_=" or ".join(one.customer_id for one in found),
        )
    raise UsageError(
        got=f"customer {customer!r}",
        expected="a customer of the night published last",
        try_=nearest(customer, plain if ":" in customer else plain.values()),
    )


def _checked(asked: Asked, standing: Standing, today: date, rules: Rating) -> Asked:
    """What is asked as it is recorded.

    Raises:
        UsageError: it cannot be.
    """
    by = decisions.said("--by", asked.by, decisions.NAME_MOST)
    if asked.kind == "withdrawal":
        return Asked("withdrawal", by)
    if asked.kind == "confirmation":
        if standing.grade is None:
            raise UsageError(
                got=f"customer {standing.customer_id}, which has no grade as of {standing.as_of}",
                expected="one that is graded",
                try_="again when it has a history of payments",
            )
        return Asked("confirmation", by, standing.grade)
    grade = (asked.grade or "").strip().upper()
    reason = decisions.said("--reason", asked.reason or "", decisions.REASON_MOST)
    word = {"grade": grade, "reason": reason, "author": by, "given_on": today, "expires_on": asked.until}
    from receivables.policy.grades import override_fault

    (fault,) = override_fault(_words([word | {"customer_id": standing.customer_id, "is_withdrawal": False}]), rules)
    if isinstance(fault, str):
        raise _refused(fault, asked, today, rules)
    return Asked("override", by, grade, reason, asked.until)


def _refused(fault: str, asked: Asked, today: date, rules: Rating) -> UsageError:
    latest = today + timedelta(days=rules.override_days_max)
    letters = ", ".join(reversed(GRADES))
    lasts = (asked.until - today).days if asked.until is not None else 0
    got, expected, try_ = {
        "no_grade": (f"--grade {asked.grade!r}", f"one of {letters}", "--grade " + nearest(asked.grade or "", GRADES)),
        "no_reason": ("no reason", "why the grade is set by hand", '--reason "..."'),
        "no_author": ("nobody's name", "who sets the grade", "--by NAME"),
        "no_expiry": ("no last day", "the last day the grade set by hand counts", f"--until {latest}"),
        "ends_before_it_begins": (f"--until {asked.until}, which is past", f"today, {today}, or later", f"--until {latest}"),
        "too_long": (
            f"--until {asked.until}, {lasts} days ahead",
            f"at most {rules.override_days_max} days (rating.override_days_max)",
            f"--until {latest}",
        ),
    }[fault]  # fmt: skip
    return UsageError(got=got, expected=expected, try_=try_)


def _before(
    asked: Asked, standing: Standing, known: Sequence[RatingDecision], today: date, rules: Rating
) -> RatingDecision | None:
    """The decision that says the same and still counts, so that asking again after a crash doubles nothing; None where there is none.

    Raises:
        UsageError: nothing is in force that could be withdrawn.
    """
    mine = [decision for decision in known if decision.customer_id == standing.customer_id]
    if asked.kind == "confirmation":
        said = [one for one in mine if one.kind == "confirmation"][-1:]
        same = [
            one for one in said if (one.grade, one.said_of, one.recorded_by) == (asked.grade, standing.as_of, asked.by)
        ]
        return same[0] if same else None
    in_force = _in_force(mine, [standing.customer_id], today, rules)
    word = (in_force.author[0], in_force.reason[0], in_force.until.tolist()[0], in_force.grade.tolist()[0])
    if asked.kind == "withdrawal":
        if word[0] is None:
            raise UsageError(
                got=f"--withdraw for {standing.customer_id}, which has no override in force",
                expected="a customer with one",
                try_="receivables rate, which lists them",
            )
        return None
    if word != (asked.by, asked.reason, asked.until, GRADES.find(asked.grade or "-")):
        return None
    return next(one for one in reversed(mine) if one.kind == "override" and one.reason == asked.reason)


def _in_force(known: Sequence[RatingDecision], customers: Sequence[str], today: date, rules: Rating) -> InForce:
    import pandas as pd

    from receivables.policy.grades import overrides_in_force

    words = [
        {
            "customer_id": one.customer_id,
            "grade": one.grade,
            "reason": one.reason,
            "author": one.recorded_by,
            "given_on": one.given_on,
            "expires_on": one.until,
            "is_withdrawal": one.kind == "withdrawal",
        }
        for one in known
        if one.kind != "confirmation"
    ]
    return overrides_in_force(_words(words), pd.Index(customers), today, rules)


def _words(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """What persons said, as the policy of grades reads it."""
    import pandas as pd

    columns = ["customer_id", "grade", "reason", "author", "given_on", "expires_on", "is_withdrawal"]
    frame = pd.DataFrame(list(rows), columns=columns)
    return frame.astype({"given_on": "datetime64[s]", "expires_on": "datetime64[s]"})


def _counts_as(asked: Asked, standing: Standing, rules: Rating) -> str | None:
    """The grade a decision leaves, as the customer is rated now."""
    import numpy as np

    from receivables.policy.grades import BEST, NONE, letters, overridden

    def place(grade: str | None, otherwise: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([otherwise if grade is None else GRADES.index(grade)], dtype=np.int64)

    if asked.kind == "confirmation":
        return asked.grade
    word = place(asked.grade, NONE)
    left = overridden(place(standing.ruled_grade, NONE), word, place(standing.cap, BEST), rules)
    found: str | None = letters(left)[0]
    return found
