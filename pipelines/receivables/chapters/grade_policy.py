"""What follows from a company's grades: value beside credit, accredited payers, what is written off of sales, and the price of days of credit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import ZERO, day, money, money_or_none, text, total_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import pandas as pd

TABLES: Final = (
    *("marts.customer_value", "marts.accredited_payer", "marts.loss_rate", "marts.price_by_terms"),
    *("params.customer_value", "params.provision"),
)

LISTED_PAYERS: Final = (
    "(is_accredited and review_date = as_of) or (not is_accredited and review_date > (as_of - to_months(12))::date)"
)
"""Which rows of the list of accredited payers the report tells: who is on it now, and who left it in twelve months."""

MATRIX: Final = (("keep", "watch"), ("grow", "exit"))
"""Quadrants: high value above, good credit before."""
SPANS: Final = ("12m", "all")
_NAMED: Final = 5
"""Customers of a quadrant, and of those that left the list, told by name at most: what a meeting can go through."""


@dataclass(frozen=True)
class Quadrant:
    """Customers of a quadrant (None: those that are in none), what they bring in a year, and what they owe."""

    quadrant: str | None
    customers: int
    value: Decimal
    owed: Decimal


@dataclass(frozen=True)
class Placed:
    """A customer of a quadrant."""

    customer_id: str
    name: str
    grade: str | None
    value: Decimal
    owed: Decimal


@dataclass(frozen=True)
class PlacedList:
    """The customers of a quadrant that are listed, and all others as one line (None where there are none)."""

    quadrant: str
    lines: tuple[Placed, ...]
    others: Quadrant | None


@dataclass(frozen=True)
class Matrix:
    """Value beside credit: the quadrants in the rows of `MATRIX`, who is in none, and how many values are made of cost and of an assumed margin."""

    rows: tuple[tuple[Quadrant, ...], ...]
    unplaced: Quadrant
    by_cost: int
    assumed: int
    top_share: Decimal
    assumed_margin: Decimal
    good_grade: str
    lists: tuple[PlacedList, ...]


@dataclass(frozen=True)
class Member:
    """A payer on the list, since when (`is_older`: or earlier) and what it owes."""

    customer_id: str
    name: str
    grade: str | None
    since: date
    is_older: bool
    owed: Decimal


@dataclass(frozen=True)
class Gone:
    """A payer that left the list, when and why."""

    customer_id: str
    name: str
    left_on: date
    fault: str


@dataclass(frozen=True)
class AccreditedList:
    """The list of accredited payers as it is (`customers` in all, so many `others` not listed by name), until when it holds, and who left it in twelve months, last first."""

    customers: int
    holds_until: date | None
    lines: tuple[Member, ...]
    others: int
    gone: tuple[Gone, ...]
    gone_others: int


@dataclass(frozen=True)
class Loss:
    """What was written off of sales in a span; `rate` with its interval is None where it cannot be told (`reason`)."""

    sales: Decimal
    written_off: Decimal
    rate: Decimal | None
    low: Decimal | None
    high: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class LossLine:
    """A member of a dimension, or why it has none (`missing`), and its losses in the spans of `SPANS`; None where it has neither sales nor write-offs in one."""

    member: str | None
    missing: str | None
    spans: tuple[Loss | None, ...]


@dataclass(frozen=True)
class Losses:
    """What was written off of sales: by grade before the sale, best first, and by salesperson, most written off first; so many `others` are not listed."""

    total: LossLine
    grades: tuple[LossLine, ...]
    sellers: tuple[LossLine, ...]
    others: int


@dataclass(frozen=True)
class Price:
    """Percent over the price of cash that covers days of credit to a grade (None: nothing does), whether the policy grants it so many, and whether a price list asks less."""

    pct: Decimal | None
    is_granted: bool
    is_short: bool


@dataclass(frozen=True)
class PriceLine:
    """Days of credit, the price of each grade, and the least and most that price lists ask of the best one; None where none tells it."""

    term_days: int
    prices: tuple[Price, ...]
    least: Decimal | None
    most: Decimal | None


@dataclass(frozen=True)
class PriceTable:
    """Prices of days of credit for the grades that get any, best first; where their loss comes from (None: none is told), and the cost of money per year."""

    grades: tuple[str, ...]
    lines: tuple[PriceLine, ...]
    loss_source: str | None
    annual_rate: Decimal


@dataclass(frozen=True)
class GradePolicy:
    """What follows from a company's grades; None where there is nothing to tell of it."""

    matrix: Matrix | None
    accredited: AccreditedList | None
    losses: Losses | None
    prices: PriceTable | None


def grade_policy(
    frames: Mapping[str, pd.DataFrame], rated: pd.DataFrame, company_id: str, order: list[str], listed: int
) -> GradePolicy:
    """Make what follows from the grades of a company.

    Args:
        frames: the published tables by name.
        rated: `marts.rating_exposure` of the company with grades and names, those who owe most first.
        company_id: the company.
        order: the grades, best first.
        listed: customers, and salespeople, listed by name.
    """
    of = {name: frames[name][frames[name]["company_id"] == company_id] for name in TABLES[:4]}
    whom = rated.set_index("customer_id")[["name", "grade", "owed_local"]]
    return GradePolicy(
        _matrix(of["marts.customer_value"], whom, frames["params.customer_value"].iloc[0], min(listed, _NAMED)),
        _accredited(of["marts.accredited_payer"], whom, listed),
        _losses(of["marts.loss_rate"], order, listed),
        _prices(of["marts.price_by_terms"], order, money(frames["params.provision"]["discount_rate"].iloc[0])),
    )


# Value beside credit -------------------------------------------------------------------------------------------------


def _matrix(value: pd.DataFrame, whom: pd.DataFrame, rules: Any, listed: int) -> Matrix | None:
    if not value["quadrant"].notna().any():
        return None
    told = value.drop(columns="grade").join(whom, on="customer_id")
    basis = told["value_basis"]
    return Matrix(
        rows=tuple(tuple(_quadrant(name, told[told["quadrant"] == name]) for name in row) for row in MATRIX),
        unplaced=_quadrant(None, told[told["quadrant"].isna()]),
        by_cost=int((basis == "margin").sum()),
        assumed=int((basis == "assumed_margin").sum()),
        top_share=money(rules["top_share"]),
        assumed_margin=money(rules["assumed_margin"]),
        good_grade=str(rules["good_grade"]),
        lists=tuple(
            _placed(
                name, told[told["quadrant"] == name].sort_values([by, "customer_id"], ascending=[False, True]), listed
            )
            # of those worth much what is at stake counts, of the others what they still owe
            for name, by in (("watch", "value_local"), ("exit", "owed_local"))
        ),
    )


def _quadrant(name: str | None, rows: pd.DataFrame) -> Quadrant:
    return Quadrant(name, len(rows), _sum(rows["value_local"]), _sum(rows["owed_local"]))


def _sum(amounts: pd.Series) -> Decimal:
    return total_of(amounts.dropna())


def _placed(name: str, rows: pd.DataFrame, listed: int) -> PlacedList:
    lines = tuple(
        Placed(
            row["customer_id"],
            text(row["name"]) or str(row["customer_id"]),
            text(row["grade"]),
            money(row["value_local"]),
            money(row["owed_local"]),
        )
        for row in rows.head(listed).to_dict("records")
    )
    rest = rows.iloc[listed:]
    return PlacedList(name, lines, _quadrant(name, rest) if len(rest) else None)


# Accredited payers ---------------------------------------------------------------------------------------------------


def _accredited(payers: pd.DataFrame, whom: pd.DataFrame, listed: int) -> AccreditedList | None:
    if payers.empty:
        return None
    told = payers.join(whom, on="customer_id")
    order = ["since", "owed_local", "customer_id"]
    here = told[told["is_accredited"]].sort_values(order, ascending=[True, False, True])
    gone = told[~told["is_accredited"]].sort_values(["review_date", "customer_id"], ascending=[False, True])
    return AccreditedList(
        customers=len(here),
        holds_until=day(here["holds_until"].iloc[0]) if len(here) else None,
        lines=tuple(
            Member(*_named(row), text(row["grade"]), day(row["since"]), bool(row["is_older"]), money(row["owed_local"]))
            for row in here.head(listed).to_dict("records")
        ),
        others=max(len(here) - listed, 0),
        gone=tuple(
            Gone(*_named(row), day(row["review_date"]), str(row["fault"]))
            for row in gone.head(min(listed, _NAMED)).to_dict("records")
        ),
        gone_others=max(len(gone) - min(listed, _NAMED), 0),
    )


def _named(row: Mapping[Any, Any]) -> tuple[str, str]:
    return row["customer_id"], text(row["name"]) or str(row["customer_id"])


# Written off of sales ------------------------------------------------------------------------------------------------


def _losses(rates: pd.DataFrame, order: list[str], listed: int) -> Losses | None:
    whole = rates[(rates["dimension"] == "company") & (rates["span"] == "all")]
    if whole.empty or not money(whole["written_off_local"].iloc[0]):
        return None
    (total,) = _loss_lines(rates[rates["dimension"] == "company"])
    grades = {line.member or line.missing: line for line in _loss_lines(rates[rates["dimension"] == "grade"])}
    sellers = sorted(
        _loss_lines(rates[rates["dimension"] == "salesperson"]),
        key=lambda line: (line.member is None, -_whole(line).written_off, -_whole(line).sales, line.member or ""),
    )
    return Losses(
        total=total,
        grades=tuple(grades[name] for name in (*order, "unrated", "before_reviews") if name in grades),
        # of nobody told there is nothing to compare
        sellers=tuple(sellers[:listed]) if any(line.member for line in sellers) else (),
        others=max(len(sellers) - listed, 0),
    )


def _loss_lines(rates: pd.DataFrame) -> Iterable[LossLine]:
    """A line for each member and each reason to have none."""
    found: dict[tuple[str | None, str | None], dict[str, Loss]] = {}
    for row in rates.to_dict("records"):
        spans = found.setdefault((text(row["member"]), text(row["missing"])), {})
        rate, low, high = (money_or_none(row[name]) for name in ("loss_rate", "lo", "hi"))
        sales, written_off = money(row["sales_local"]), money(row["written_off_local"])
        spans[row["span"]] = Loss(sales, written_off, rate, low, high, text(row["reason"]))
    return [LossLine(*key, tuple(spans.get(span) for span in SPANS)) for key, spans in found.items()]


def _whole(line: LossLine) -> Loss:
    return line.spans[-1] or Loss(ZERO, ZERO, None, None, None, None)


# Prices of days of credit --------------------------------------------------------------------------------------------


def _prices(offers: pd.DataFrame, order: list[str], annual_rate: Decimal) -> PriceTable | None:
    granted = set(offers["grade"][offers["is_granted"]])
    grades = tuple(grade for grade in order if grade in granted)
    told = offers[offers["grade"].isin(grades)]
    if told.empty:
        return None
    sources = told["loss_source"].dropna()
    return PriceTable(
        grades,
        tuple(_price_line(int(str(days)), rows, grades) for days, rows in told.groupby("term_days", sort=True)),
        str(sources.iloc[0]) if len(sources) else None,
        annual_rate,
    )


def _price_line(days: int, rows: pd.DataFrame, grades: tuple[str, ...]) -> PriceLine:
    asked = [money(pct) for pct in rows["list_over_cash_pct"][rows["grade"] == grades[0]].dropna()]
    return PriceLine(
        days,
        tuple(_price(rows[rows["grade"] == grade]) for grade in grades),
        min(asked, default=None),
        max(asked, default=None),
    )


def _price(rows: pd.DataFrame) -> Price:
    first = rows.iloc[0]
    is_short = not rows["is_covered"].dropna().all()
    return Price(money_or_none(first["covering_pct"]), bool(first["is_granted"]), is_short)
