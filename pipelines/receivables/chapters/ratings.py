"""Ratings of each company's customers: money by grade, how grades moved, what a person is asked to confirm, the card, who is capped by hard events, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import ZERO, day, money, share_of, total_of
from receivables.chapters import grade_policy, rating_record
from receivables.chapters.rating_review import CappedList, Changes, capped, changes
from receivables.charts import NOT_DUE, Chart, Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import pandas as pd

TABLES: Final = (
    *("core.company", "core.customer", "params.behaviour", "params.grade", "params.rating"),
    *("marts.rating", "marts.rating_exposure", "marts.rating_migration", "marts.rating_attribute"),
    "marts.hard_event_since",
    *grade_policy.TABLES,
    *rating_record.TABLES,
)

LATEST_MIGRATION: Final = "review_date = (select max(review_date) from marts.rating_migration)"
"""Which moves between grades the report tells: those of the last re-rating."""

OVERDUE: Final = "overdue"
BLOCKS: Final = ("basic", "operating", "payment")
"""The blocks of the card, in the order pages tell them."""

_CUSTOMER: Final = ["company_id", "customer_id"]


@dataclass(frozen=True)
class GradeLine:
    """The customers of one grade (None: not rated), what they owe, and what the grade is worth: supply and days of credit at most."""

    grade: str | None
    customers: int
    owed: Decimal
    overdue: Decimal
    share: Decimal | None
    supply: str | None
    terms_days: int | None


@dataclass(frozen=True)
class Moved:
    """Customers whose grade moved one way, and what they owe."""

    customers: int
    owed: Decimal


@dataclass(frozen=True)
class Moves:
    """How grades moved since a re-rating; `gained` had no grade then and have one now, `lost` the other way round."""

    since: date
    fell: Moved
    rose: Moved
    gained: Moved
    lost: Moved


@dataclass(frozen=True)
class MigrationRow:
    """Customers that had a grade at a re-rating, by the grade they had at the next: their number and its smoothed share."""

    grade: str
    customers: int
    cells: tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True)
class Migration:
    """Moves between the last two re-ratings; `grades` are its columns."""

    reviewed_on: date
    grades: tuple[str, ...]
    rows: tuple[MigrationRow, ...]


@dataclass(frozen=True)
class CardLine:
    """An attribute of the card: the points it gives at best and where the fact is missing, and how many customers have the fact."""

    attribute: str
    block: str
    best: Decimal
    stand_in: Decimal
    customers: int
    share: Decimal | None


@dataclass(frozen=True)
class Card:
    """The card and how much of it is known: `completeness` of the average customer with a score, `incomplete` with less than `least`, who are graded `cap` at best; `is_learnt`: whether the statistical card grades."""

    lines: tuple[CardLine, ...]
    customers: int
    scored: int
    completeness: Decimal | None
    incomplete: int
    least: Decimal
    cap: str
    is_learnt: bool

    def of(self, block: str) -> tuple[CardLine, ...]:
        """The attributes of a block."""
        return tuple(line for line in self.lines if line.block == block)


@dataclass(frozen=True)
class Ratings:
    """A company's chapter; amounts in its ledger currency. `grades` is empty where nobody is graded, because of `items_min` and `history_days_min` where `customers` were looked at."""

    company_id: str
    currency: str
    customers: int
    items_min: int
    history_days_min: int
    grades: tuple[GradeLine, ...] = ()
    moves: Moves | None = None
    migration: Migration | None = None
    changes: Changes | None = None
    card: Card | None = None
    capped: CappedList | None = None
    policy: grade_policy.GradePolicy | None = None
    record: rating_record.Record | None = None

    @property
    def owed(self) -> Decimal:
        """What all customers owe."""
        return sum((line.owed for line in self.grades), ZERO)

    @property
    def overdue(self) -> Decimal:
        """What of it is overdue."""
        return sum((line.overdue for line in self.grades), ZERO)

    @property
    def counted(self) -> int:
        """The customers of all grades and of none."""
        return sum(line.customers for line in self.grades)

    @property
    def chart(self) -> Chart:
        """What customers of each grade owe, what of it is overdue apart."""
        rest = Series(NOT_DUE, tuple(line.owed - line.overdue for line in self.grades))
        overdue = Series(OVERDUE, tuple(line.overdue for line in self.grades))
        keys = tuple(line.grade or "" for line in self.grades)
        return Chart("stacked", "owed_by_grade", keys, (rest, overdue), self.currency)


def ratings(frames: Mapping[str, pd.DataFrame], listed: int) -> Iterable[Ratings]:
    """Make the chapter of every company; so many customers are listed by name."""
    rated = frames["marts.rating_exposure"].merge(
        frames["marts.rating"].drop(columns="as_of"), how="left", on=_CUSTOMER, validate="one_to_one"
    )
    rated = rated.merge(
        frames["core.customer"][[*_CUSTOMER, "name"]].drop_duplicates(_CUSTOMER), how="left", on=_CUSTOMER
    )
    rated = rated.sort_values(["owed_local", "customer_id"], ascending=[False, True])
    behaviour = frames["params.behaviour"].iloc[0]
    for row in frames["core.company"].sort_values("company_id").to_dict("records"):
        mine = rated[rated["company_id"] == row["company_id"]]
        told = {
            "company_id": row["company_id"],
            "currency": row["local_currency"],
            "customers": int(mine["status"].notna().sum()),
            "items_min": int(behaviour["items_min"]),
            "history_days_min": int(behaviour["history_days_min"]),
        }
        yield Ratings(**told, **_parts(frames, mine, row["company_id"], listed))


def _parts(frames: Mapping[str, pd.DataFrame], mine: pd.DataFrame, company_id: str, listed: int) -> dict[str, Any]:
    """What there is to tell of a company somebody of which is graded."""
    if not mine["grade"].notna().any():
        return {}
    of = {name: frames[name][frames[name]["company_id"] == company_id] for name in _BY_COMPANY}
    grades = frames["params.grade"].sort_values("ordinal", ascending=False)
    order = list(map(str, grades["grade"]))
    card = _card(of["marts.rating_attribute"], mine, frames["params.rating"])
    return {
        "grades": tuple(_grade_lines(mine, grades)),
        "moves": _moves(mine, order),
        "migration": _migration(of["marts.rating_migration"], order),
        "changes": changes(mine, {line.attribute: line.best for line in card.lines}, listed),
        "card": card,
        "capped": capped(mine, of["marts.hard_event_since"], listed),
        "policy": grade_policy.grade_policy(frames, mine, company_id, order, listed),
        "record": rating_record.record(frames, company_id, mine),
    }


_BY_COMPANY: Final = ("marts.rating_migration", "marts.rating_attribute", "marts.hard_event_since")


def _grade_lines(mine: pd.DataFrame, grades: pd.DataFrame) -> Iterable[GradeLine]:
    """The grades, best first, then who has none."""
    for row in grades.to_dict("records"):
        part = mine[mine["grade"] == row["grade"]]
        yield _grade_line(row["grade"], part, mine, row["supply"], int(row["terms_days"]))
    yield _grade_line(None, mine[mine["grade"].isna()], mine, None, None)


def _grade_line(
    grade: str | None, part: pd.DataFrame, mine: pd.DataFrame, supply: str | None, terms_days: int | None
) -> GradeLine:
    owed, overdue = total_of(part["owed_local"]), total_of(part["overdue_local"])
    share = share_of(owed, total_of(mine["owed_local"]))
    return GradeLine(grade, len(part), owed, overdue, share, supply, terms_days)


def _moves(mine: pd.DataFrame, order: list[str]) -> Moves | None:
    """Who moved since the last re-rating before; None where there was none."""
    since = mine["rerated_on"].dropna()
    if since.empty:
        return None
    before, now = (_places(mine[name], order) for name in ("rerated_grade", "grade"))
    known = (before >= 0) & (now >= 0)
    return Moves(
        day(since.iloc[0]),
        fell=_moved(mine[known & (now > before)]),
        rose=_moved(mine[known & (now < before)]),
        gained=_moved(mine[(before < 0) & (now >= 0)]),
        lost=_moved(mine[(before >= 0) & (now < 0)]),
    )


def _places(grades: pd.Series, order: list[str]) -> pd.Series:
    """The places of grades, the best 0; -1 for none."""
    return grades.map({grade: place for place, grade in enumerate(order)}).fillna(-1).astype(int)


def _moved(rows: pd.DataFrame) -> Moved:
    return Moved(len(rows), total_of(rows["owed_local"]))


def _migration(rows: pd.DataFrame, order: list[str]) -> Migration | None:
    if rows.empty:
        return None
    latest = rows[rows["review_date"] == rows["review_date"].max()]
    cells = {
        (row["grade_before"], row["grade_after"]): (int(row["customers"]), _decimal(row["share"]))
        for row in latest.to_dict("records")
    }
    had = [grade for grade in order if any(before == grade for before, _ in cells)]
    lines = {grade: tuple(cells[grade, after] for after in order) for grade in had}
    return Migration(
        day(latest["review_date"].iloc[0]),
        tuple(order),
        tuple(MigrationRow(grade, sum(count for count, _ in line), line) for grade, line in lines.items()),
    )


def _card(attributes: pd.DataFrame, mine: pd.DataFrame, rules: pd.DataFrame) -> Card:
    customers = int(mine["status"].notna().sum())
    known = mine[mine["score"].notna()]["completeness"]
    least = money(rules["completeness_min"].iloc[0])
    lines = tuple(
        CardLine(
            attribute=row["attribute"],
            block=row["block"],
            best=_decimal(row["best_points"]),
            stand_in=_decimal(row["stand_in_points"]),
            customers=int(row["customers"]),
            share=share_of(Decimal(int(row["customers"])), Decimal(customers)),
        )
        for row in attributes.sort_values(["best_points", "attribute"], ascending=[False, True]).to_dict("records")
    )
    return Card(
        lines=lines,
        customers=customers,
        scored=len(known),
        completeness=_decimal(known.mean()) if len(known) else None,
        incomplete=int((known < float(least)).sum()),
        least=least,
        cap=str(rules["completeness_cap"].iloc[0]),
        is_learnt=bool((mine["card"] == "statistical").any()),
    )


def _decimal(value: float) -> Decimal:
    return Decimal(str(round(float(value), 9)))
