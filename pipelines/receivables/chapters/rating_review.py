"""What a person is asked to confirm of ratings: who moves, what changes and why, and whom hard events cap."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from receivables.cells import day, day_or_none, int_or_none, money, money_or_none, text, total_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import pandas as pd


@dataclass(frozen=True)
class Reason:
    """What a rating rests on: a hard event with the `days` since it was so (0: still), or an attribute with the points it cost of its `best`, and why (`kind`)."""

    code: str
    days: int | None = None
    kind: str | None = None
    points: Decimal | None = None
    best: Decimal | None = None


@dataclass(frozen=True)
class Change:
    """A customer for whom a person is asked to confirm something: grades, limits, days and supply as they are and as recommended; None is none or not told."""

    customer_id: str
    name: str
    owed: Decimal
    previous_grade: str | None
    grade: str | None
    limit: Decimal | None
    recommended_limit: Decimal | None
    decided_by: str | None
    is_limit_shared: bool
    agreed_days: int | None
    recommended_days: int | None
    previous_supply: str | None
    supply: str | None
    has_new_grade: bool
    has_new_limit: bool
    has_new_terms: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Changes:
    """What is to be confirmed: the `lines` listed (moves of grades first, then those who owe most), `others` that are not and what they owe (`rest`), and how many customers each kind of change touches."""

    lines: tuple[Change, ...]
    others: int
    rest: Decimal
    total: Decimal
    grades: int
    limits: int
    terms: int
    reviewed_on: date | None
    next_review: date | None
    has_limits: bool
    has_shared_limits: bool


@dataclass(frozen=True)
class HardEvent:
    """An event that caps a grade, and since when; `is_older`: or earlier, as far back as reviews go."""

    event: str
    since: date
    is_older: bool


@dataclass(frozen=True)
class Capped:
    """A customer whose grade hard events cap."""

    customer_id: str
    name: str
    grade: str | None
    owed: Decimal
    events: tuple[HardEvent, ...]


@dataclass(frozen=True)
class CappedList:
    """Who is capped by hard events: the `lines` listed, `others` that are not, and what these (`rest`) and all owe."""

    lines: tuple[Capped, ...]
    others: int
    rest: Decimal
    total: Decimal


def changes(rated: pd.DataFrame, best: Mapping[str, Decimal], listed: int) -> Changes:
    """Find whom a person is asked to confirm.

    Args:
        rated: `marts.rating_exposure` of a company with the columns of `marts.rating` and names, those who owe most first.
        best: points that each attribute of the card gives at best.
        listed: customers listed by name.
    """
    asked = rated[rated["has_new_grade"] | rated["has_new_limit"] | rated["has_new_terms"]]
    asked = asked.sort_values("has_new_grade", ascending=False, kind="stable")
    told = asked.head(listed).to_dict("records")
    return Changes(
        lines=tuple(_change(row, best) for row in told),
        others=len(asked) - len(told),
        rest=total_of(asked["owed_local"].iloc[listed:]),
        total=total_of(asked["owed_local"]),
        grades=int(asked["has_new_grade"].sum()),
        limits=int(asked["has_new_limit"].sum()),
        terms=int(asked["has_new_terms"].sum()),
        reviewed_on=day_or_none(rated["reviewed_on"].iloc[0]),
        next_review=day_or_none(rated["next_review"].min()),
        has_limits=bool(rated["limit_local"].notna().any()),
        has_shared_limits=bool(rated["is_limit_shared"].any()),
    )


def _change(row: Mapping[Any, Any], best: Mapping[str, Decimal]) -> Change:
    return Change(
        customer_id=row["customer_id"],
        name=_name(row),
        owed=money(row["owed_local"]),
        previous_grade=text(row["previous_grade"]),
        grade=text(row["grade"]),
        limit=money_or_none(row["limit_local"]),
        recommended_limit=money_or_none(row["recommended_limit"]),
        decided_by=text(row["limit_decided_by"]),
        is_limit_shared=bool(row["is_limit_shared"]),
        agreed_days=int_or_none(row["agreed_days"]),
        recommended_days=int_or_none(row["recommended_terms"]),
        previous_supply=text(row["previous_supply"]),
        supply=text(row["supply"]),
        has_new_grade=bool(row["has_new_grade"]),
        has_new_limit=bool(row["has_new_limit"]),
        has_new_terms=bool(row["has_new_terms"]),
        reasons=tuple(reasons(row["reasons"], best)),
    )


def reasons(told: str, best: Mapping[str, Decimal]) -> Iterable[Reason]:
    """The reasons of a rating, as `marts.rating` lists them; `best`: points that each attribute of the card gives at best."""
    for reason in json.loads(told, parse_float=Decimal):
        code, params = reason["code"], reason["params"]
        if "days" in params:
            yield Reason(code, days=int(params["days"]))
        else:
            yield Reason(code, kind=params["kind"], points=Decimal(params["points"]), best=best[code])


def capped(rated: pd.DataFrame, since: pd.DataFrame, listed: int) -> CappedList:
    """Find whom hard events cap.

    Args:
        rated: as in `changes`.
        since: `marts.hard_event_since` of the company.
        listed: customers listed by name.
    """
    # most have none: only the few are read
    held = rated[rated["reasons"].fillna("").str.contains('"days"', regex=False)]
    told = held.head(listed)
    days = _days(since[since["customer_id"].isin(told["customer_id"])])
    lines = tuple(
        Capped(
            customer_id=row["customer_id"],
            name=_name(row),
            grade=text(row["grade"]),
            owed=money(row["owed_local"]),
            events=tuple(days[row["customer_id"], event] for event in _events(row["reasons"])),
        )
        for row in told.to_dict("records")
    )
    owed = held["owed_local"]
    return CappedList(lines, len(held) - len(lines), total_of(owed.iloc[listed:]), total_of(owed))


def _days(since: pd.DataFrame) -> dict[tuple[str, str], HardEvent]:
    """Hard events by customer and name."""
    return {
        (row["customer_id"], row["event"]): HardEvent(row["event"], day(row["since"]), bool(row["is_older"]))
        for row in since.to_dict("records")
    }


def _events(reasons: str) -> tuple[str, ...]:
    """The hard events among reasons: those that cap the grade."""
    return tuple(reason["code"] for reason in json.loads(reasons) if "days" in reason["params"])


def _name(row: Mapping[Any, Any]) -> str:
    return text(row["name"]) or str(row["customer_id"])
