"""Rating tables of an invented night: a company with limits and re-ratings, one nobody of which has history, and one in another currency that tells neither."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from policy_frames import policy_tables

Row = dict[str, Any]
Tables = dict[str, tuple[Sequence[str], list[Row]]]

GRADES: Final = (
    ("F", 0, "prepaid", 0),
    ("E", 1, "held_lines", 15),
    ("D", 2, "smaller_lots", 30),
    ("C", 3, "full", 45),
    ("B", 4, "full", 60),
    ("A", 5, "full", 60),
)
REVIEWED_ON: Final = date(2026, 5, 31)
RERATED_ON: Final = date(2026, 3, 31)
NEXT_REVIEW: Final = date(2026, 9, 30)

_LOW: Final = {"code": "payment_index", "params": {"kind": "low", "points": 11.1}}
_MISSING: Final = {"code": "years_trading", "params": {"kind": "missing", "points": 3.0}}
_STALE: Final = {"code": "current_ratio", "params": {"kind": "stale", "points": 1.5}}
_OVERDUE: Final = {"code": "overdue_90", "params": {"days": 0}}
_INSOLVENCY: Final = {"code": "insolvency", "params": {"days": 30}}

_BY_HAND: Final = {
    "override_grade": "D",
    "override_reason": "new <b>owner</b>, guarantee given",
    "override_by": "Ana Gil",
    "override_until": date(2026, 8, 31),
}

_SET_BY_HAND: Final = 3
"""Whose grade a person set in each company: the first with a D."""

STANDINGS: Final[tuple[Row, ...]] = (
    # grade, the one at the review and the one at the re-rating before; limit in force and recommended; days agreed; why
    {"grade": "A", "before": "A", "rerated": "B", "limit": 1000, "new": 1200, "days": 30, "why": [_MISSING]},
    {"grade": "B", "before": "B", "rerated": "B", "limit": 2000, "new": 2000, "days": 60, "why": []},
    {"grade": "C", "before": "B", "rerated": "B", "limit": 5000, "new": 900, "days": 60, "why": [_STALE], "shared": True},
    {"grade": "D", "before": "D", "rerated": "C", "limit": None, "new": 400, "days": None, "why": [_LOW, _MISSING]},
    {"grade": "E", "before": "C", "rerated": "C", "limit": 900, "new": 300, "days": 60, "why": [_OVERDUE, _LOW]},
    {"grade": "F", "before": "F", "rerated": "E", "limit": 0, "new": 0, "days": 0, "why": [_INSOLVENCY, _OVERDUE, _LOW]},
    {"grade": None, "before": None, "rerated": None, "limit": 100, "new": None, "days": 30, "why": [_LOW]},
)  # fmt: skip
"""Where the customers of a company stand, one after the other and again from the first."""

_EXPOSURE: Final = (
    *("as_of", "company_id", "customer_id", "owed_local", "overdue_local", "reviewed_on", "rerated_on", "rerated_grade"),
    *("limit_local", "is_limit_shared", "agreed_days", "previous_supply", "has_new_grade", "has_new_limit", "has_new_terms"),
)  # fmt: skip
_RATING: Final = (
    *("as_of", "company_id", "customer_id", "status", "card", "score", "completeness", "grade", "previous_grade"),
    *("recommended_limit", "limit_decided_by", "recommended_terms", "supply", "reasons", "next_review"),
    *("override_grade", "override_reason", "override_by", "override_until"),
)
_MIGRATION: Final = ("company_id", "review_date", "grade_before", "grade_after", "customers", "share")
_BACKTEST: Final = (
    *("company_id", "card", "metric", "baseline", "value", "lo", "hi", "baseline_value"),
    *("difference", "difference_lo", "difference_hi", "verdict", "reason"),
)
_BAD_RATE: Final = ("company_id", "grade", "is_capped", "cases", "bads", "bad_rate", "lo", "hi")
_TYPE: Final = ("company_id", "customer_id", "customer_type", "intent")
TYPES: Final = {"A": ("punctual", "pays"), "E": ("hardship", "cannot_pay"), "F": ("malicious", "will_not_pay")}
"""Type and intent of who has a grade; nobody else can be told."""
_ATTRIBUTE: Final = ("company_id", "attribute", "block", "best_points", "stand_in_points", "customers")


def rating_tables(as_of: date, customers: Iterable[Row], aging: Iterable[Row], overdue: Iterable[str]) -> Tables:
    """The published tables of ratings; `overdue` are the buckets that are, so that money ties to the aging."""
    owed = _owed(aging, set(overdue))
    rating: list[Row] = []
    exposure: list[Row] = []
    since: list[Row] = []
    turns: dict[str, int] = {}
    for customer in customers:
        company = customer["company_id"]
        turn = turns[company] = turns.get(company, -1) + 1
        whom = {"as_of": as_of, "company_id": company, "customer_id": customer["customer_id"]}
        standing = STANDINGS[-1 if company == "ES02" else turn % len(STANDINGS)]
        rating.append(whom | _rating(standing) | (_BY_HAND if turn == _SET_BY_HAND else {}))
        exposure.append(
            whom | _exposure(standing, tells_limits=company == "ES01") | owed.pop(customer["customer_id"], _NOTHING)
        )
        since += [whom | event for event in _events(standing)]
    never = dict.fromkeys(("is_limit_shared", "has_new_grade", "has_new_limit", "has_new_terms"), False)
    exposure += [never | row | {"as_of": as_of} for row in owed.values() if row["owed_local"]]
    return {
        "marts.rating": (_RATING, rating),
        "marts.rating_exposure": (_EXPOSURE, exposure),
        "marts.hard_event_since": ("as_of company_id customer_id event since is_older".split(), since),
        "marts.rating_migration": (_MIGRATION, list(_migration()) if rating else []),
        "marts.rating_attribute": (_ATTRIBUTE, list(_attributes(turns))),
        **policy_tables(as_of, rating),
        "marts.rating_backtest": (_BACKTEST, list(_backtest()) if rating else []),
        "marts.rating_bad_rate": (_BAD_RATE, list(_bad_rates()) if rating else []),
        "marts.customer_type": (_TYPE, [_type(row) for row in rating]),
    }


def _rating(standing: Mapping[str, Any]) -> Row:
    grade = standing["grade"]
    worth = {name: (supply, days) for name, _, supply, days in GRADES}
    supply, days = worth.get(grade, (None, None))
    return {
        "status": "insufficient" if grade is None else "rated",
        "card": None if grade is None else "expert",
        "score": None if grade is None else 50.0,
        "completeness": 0.5 if grade == "C" else 0.8,
        "grade": grade,
        "previous_grade": standing["before"],
        "recommended_limit": None if standing["new"] is None else Decimal(standing["new"]),
        "limit_decided_by": None if grade is None else "grade" if grade == "F" else "need",
        "recommended_terms": None if days is None else min(days, standing["days"] or days),
        "supply": supply,
        "reasons": json.dumps(standing["why"]),
        "next_review": NEXT_REVIEW,
    }


def _exposure(standing: Mapping[str, Any], *, tells_limits: bool) -> Row:
    rating, limit = _rating(standing), standing["limit"] if tells_limits else None
    is_shared = tells_limits and bool(standing.get("shared"))
    days, recommended = standing["days"], standing["new"]
    return {
        "reviewed_on": REVIEWED_ON,
        "rerated_on": RERATED_ON if tells_limits else None,
        "rerated_grade": standing["rerated"] if tells_limits else None,
        "limit_local": None if limit is None else Decimal(limit),
        "is_limit_shared": is_shared,
        "agreed_days": days,
        "previous_supply": {name: supply for name, _, supply, _ in GRADES}.get(standing["before"]),
        "has_new_grade": standing["grade"] != standing["before"],
        "has_new_limit": tells_limits and recommended is not None and not is_shared and recommended != limit,
        "has_new_terms": rating["recommended_terms"] is not None and rating["recommended_terms"] < (days or 0),
    }


_NOTHING: Final = {"owed_local": Decimal(0), "overdue_local": Decimal(0)}


def _owed(aging: Iterable[Row], late: set[str]) -> dict[str, Row]:
    """What each customer owes and has overdue, by its id."""
    owed: dict[str, Row] = {}
    for row in aging:
        whom = {name: row[name] for name in ("company_id", "customer_id")}
        told = owed.setdefault(row["customer_id"], whom | _NOTHING)
        told["owed_local"] += row["open_local"] if row["bucket"] != "unapplied" else 0
        told["overdue_local"] += row["open_local"] if row["bucket"] in late else 0
    return owed


def _events(standing: Mapping[str, Any]) -> Iterable[Row]:
    for reason in standing["why"]:
        if "days" in reason["params"]:
            is_standing = reason["code"] == "overdue_90"
            day = date(2026, 4, 30) if is_standing else date(2026, 5, 31)
            yield {"event": reason["code"], "since": day, "is_older": is_standing and standing["grade"] == "F"}


def _migration() -> Iterable[Row]:
    """Two customers had a B at the last re-rating but one, of whom one fell to C; nobody had another grade."""
    for grade, *_ in GRADES:
        customers = 1 if grade in "BC" else 0
        told = {"company_id": "ES01", "review_date": RERATED_ON, "grade_before": "B", "grade_after": grade}
        yield told | {"customers": customers, "share": (customers + 0.5) / 5}


def _attributes(turns: Mapping[str, int]) -> Iterable[Row]:
    for company, last in turns.items():
        for attribute, block, best, stand_in, has in (
            ("years_trading", "basic", 6.0, 3.0, 0),
            ("current_ratio", "operating", 6.0, 4.94, last),
            ("payment_index", "payment", 20.0, 14.019554, last + 1),
        ):
            told = {"company_id": company, "attribute": attribute, "block": block, "customers": has}
            yield told | {"best_points": best, "stand_in_points": stand_in}


def _backtest() -> Iterable[Row]:
    """A year of one company has run out, of the other none."""
    yield {"company_id": "MX01", "card": "expert", "metric": "auc", "reason": "no_year_has_run_out"}
    for metric, value in (("cases", 480), ("bads", 49), ("customers", 130)):
        yield {"company_id": "ES01", "card": "expert", "metric": metric, "value": Decimal(value)}
    yield {
        "company_id": "ES01",
        "card": "expert",
        "metric": "auc",
        "value": Decimal("0.78"),
        "lo": Decimal("0.654"),
        "hi": Decimal("0.87"),
    }
    yield {
        "company_id": "ES01",
        "card": "expert",
        "metric": "ks",
        "value": Decimal("0.442"),
        "lo": Decimal("0.257"),
        "hi": Decimal("0.646"),
    }
    yield {
        "company_id": "ES01",
        "card": "expert",
        "metric": "auc",
        "baseline": "base_rate",
        "value": Decimal("0.78"),
        "baseline_value": 0.5,
    }
    beside = {"baseline_value": 0.73, "difference": Decimal("0.05"), "difference_lo": -0.055, "difference_hi": 0.152}
    yield {
        "company_id": "ES01",
        "card": "expert",
        "metric": "auc",
        "baseline": "late_ratio",
        "value": Decimal("0.78"),
        "verdict": "undecided",
        **beside,
    }
    yield {"company_id": "ES01", "card": "graded", "metric": "brier", "reason": "no_earlier_year"}
    yield {"company_id": "ES01", "card": "graded", "metric": "notch_change_rate", "value": Decimal("0.142")}
    drift = {"value": Decimal("0.076"), "baseline": "critical", "baseline_value": 0.138, "verdict": "no_drift"}
    yield {"company_id": "ES01", "card": "graded", "metric": "psi", **drift}
    yield {"company_id": "ES01", "card": "statistical", "metric": "auc", "reason": "not_fitted"}


def _bad_rates() -> Iterable[Row]:
    for grade, is_capped, cases, bads in (("A", False, 304, 14), ("E", False, 4, 1), ("E", True, 14, 1)):
        told = {"company_id": "ES01", "grade": grade, "is_capped": is_capped, "cases": cases, "bads": bads}
        yield told | {
            "bad_rate": bads / cases,
            "lo": round(Decimal(bads) / cases / 2, 4),
            "hi": round(Decimal(bads) / cases * 2, 4),
        }


def _type(row: Row) -> Row:
    told, intent = TYPES.get(row["grade"], ("unknown", "unknown"))
    return {"company_id": row["company_id"], "customer_id": row["customer_id"], "customer_type": told, "intent": intent}
