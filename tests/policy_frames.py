"""Tables of what follows from grades, of an invented night: a company with costs, price lists and losses, one with neither, one nobody of which is graded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

Row = dict[str, Any]
Tables = dict[str, tuple[Sequence[str], list[Row]]]

HOLDS_UNTIL: Final = date(2026, 9, 30)
SINCE: Final = date(2025, 12, 31)
LEFT_ON: Final = date(2026, 3, 31)
SELLER: Final = "<b>Ana</b>"
"""A salesperson's name as hostile as a customer's."""

_QUADRANTS: Final = {"A": "keep", "B": "keep", "C": "grow", "D": "watch", "E": "exit", "F": "exit"}
_VALUE: Final = "as_of company_id customer_id grade value_local value_basis quadrant".split()
_PAYER: Final = "as_of company_id customer_id review_date is_accredited since is_older holds_until fault".split()
_LOSS: Final = (
    "as_of company_id span dimension member missing sales_local written_off_local loss_rate lo hi reason".split()
)
_PRICE: Final = (
    "as_of company_id term_days grade is_granted loss_source covering_pct list_over_cash_pct is_covered".split()
)


def policy_tables(as_of: date, rating: Iterable[Row]) -> Tables:
    """What follows from the grades of `marts.rating`."""
    rated = list(rating)
    told = {
        "marts.customer_value": (_VALUE, list(_values(rated))),
        "marts.accredited_payer": (_PAYER, list(_payers(rated))),
        "marts.loss_rate": (_LOSS, list(_losses())),
        "marts.price_by_terms": (_PRICE, list(_prices(rated))),
    }
    return {
        **{name: (columns, [{"as_of": as_of} | row for row in rows]) for name, (columns, rows) in told.items()},
    }


def _whom(row: Row) -> Row:
    return {name: row[name] for name in ("company_id", "customer_id")}


def _values(rated: list[Row]) -> Iterable[Row]:
    """The better the grade the more is earned; in Spain by cost, else assumed."""
    for place, row in enumerate(rated):
        basis = "margin" if row["company_id"] == "ES01" else "assumed_margin"
        value = Decimal(10 * (place % 7 + 1))
        told = {"grade": row["grade"], "value_local": value, "value_basis": basis}
        yield _whom(row) | told | {"quadrant": _QUADRANTS.get(row["grade"])}


def _payers(rated: list[Row]) -> Iterable[Row]:
    """In Spain who has an A or a B is on the list, and who has an E has left it."""
    for row in rated:
        if row["company_id"] == "ES01" and row["grade"] in {"A", "B"}:
            here = {"review_date": date(2026, 6, 30), "is_accredited": True, "since": SINCE}
            yield _whom(row) | here | {"is_older": row["grade"] == "A", "holds_until": HOLDS_UNTIL}
        if row["company_id"] == "ES01" and row["grade"] == "E":
            gone = {"review_date": LEFT_ON, "is_accredited": False, "since": SINCE, "is_older": True}
            yield _whom(row) | gone | {"fault": "overdue"}


def _losses() -> Iterable[Row]:
    """In Spain 50 of 10,000 in all, 10 of 2,000 in twelve months; in Mexico nothing."""
    for dimension, member, missing in (
        ("company", None, None),
        ("grade", "A", None),
        ("grade", None, "before_reviews"),
        ("salesperson", SELLER, None),
        ("salesperson", None, "no_salesperson"),
    ):
        told = {"dimension": dimension, "member": member, "missing": missing, "company_id": "ES01"}
        share = 1 if dimension == "company" else 2
        whole = {"span": "all", "sales_local": Decimal(10000) / share, "written_off_local": Decimal(50) / share}
        yield told | whole | {"loss_rate": 0.005, "lo": Decimal("0.001"), "hi": Decimal("0.02")}
        if missing != "before_reviews":
            year = {"span": "12m", "sales_local": Decimal(2000) / share, "written_off_local": Decimal(10) / share}
            yield told | year | ({"loss_rate": 0.005} if share == 1 else {"reason": "few_customers"})
    nothing = {"sales_local": Decimal(500), "written_off_local": Decimal(0), "loss_rate": 0.0}
    yield {"company_id": "MX01", "span": "all", "dimension": "company"} | nothing


def _prices(rated: list[Row]) -> Iterable[Row]:
    """A granted 60 days, D 30: each worth a tenth of a percent a day, twice that for D; in Spain two lists ask 4 and 5 percent, in Mexico there is none."""
    for company in sorted({row["company_id"] for row in rated} - {"ES02"}):
        for days in (30, 60):
            for grade, times, most in (("A", 1, 60), ("D", 2, 30)):
                pct = Decimal(days * times) / 10
                told = {"company_id": company, "term_days": days, "grade": grade, "is_granted": days <= most}
                told |= {"covering_pct": pct, "loss_source": "grade" if company == "ES01" else None}
                for asked in (Decimal(4), Decimal(5)) if company == "ES01" else (None,):
                    is_covered = None if asked is None else asked >= pct
                    yield told | {"list_over_cash_pct": asked, "is_covered": is_covered}
