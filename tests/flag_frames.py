"""Tables of flags, of an invented night: a company with flags of all kinds, one without any, one that tells too little."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from receivables.detectors import DETECTORS, WEIGHTS
from receivables.detectors import EVIDENCE as NAMED
from receivables.flag_wording import EVIDENCE

Row = dict[str, Any]
Tables = dict[str, tuple[Sequence[str], list[Row]]]

HOSTILE: Final = '<img src=x onerror=alert(1)> "Órdago" \u202e'
"""A text of an export as evidence tells it."""
SAID: Final[Row] = {
    **dict.fromkeys(("subject", "item_id", "other_id"), "F-26/0417"),
    **dict.fromkeys(("seen_on", "until", "day", "other_day"), "2026-06-12"),
    "measured": "0.8125",
    "usual": "0.2500",
    "amount_local": "12345.6000",
    "word": HOSTILE,
    "other_word": "Ana",
}
"""What any sentence may name."""

_ANOMALY: Final = (
    "as_of flag_id company_id customer_id detector subject severity p_value adjusted_p evidence evidence_count amount_local exposure_local seen_on last_seen first_seen raised_on raised_severity"
    " state verdict held_by is_new is_graver reason decided_by decided_on place"
).split()
_COMPANY: Final = "as_of company_id detector is_evaluated code need has wanted tested".split()
_DETECTOR: Final = (
    "as_of detector family kind practice severity evaluated reason tested flagged raised confirmed dismissed precision precision_lo precision_hi"
).split()
_COURSE: Final = "period_end company_id customer_id overdue_local recent_purchases_local days_beyond_terms".split()
MONTH_ENDS: Final = (date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30))


def evidence(*codes: str) -> str:
    """Pieces of evidence as marts.anomaly tells them."""
    named = {name: value for name, value in SAID.items() if name in ("subject", "seen_on", "until", *NAMED)}
    return json.dumps([{"code": code, "params": named} for code in codes])


def flag_tables(as_of: date, customers: Sequence[str]) -> Tables:
    """Flags of the customers of ES01: one of each detector, by turns new, graver, acknowledged, closed and waiting."""
    flags = (
        [_flag(place, detector, customers[place % len(customers)]) for place, detector in enumerate(DETECTORS)]
        if customers
        else []
    )
    flags.sort(key=lambda flag: WEIGHTS[flag["severity"]] * flag["exposure_local"], reverse=True)
    flags = [flag | {"place": place} for place, flag in enumerate(flags, start=1)]
    told = {
        "marts.anomaly": (_ANOMALY, flags),
        "marts.detector": (_DETECTOR, list(_detectors())),
        "marts.detector_company": (_COMPANY, list(_companies())),
        "marts.payment_behaviour": (_COURSE, list(_course(customers))),
    }
    return {name: (columns, [{"as_of": as_of} | row for row in rows]) for name, (columns, rows) in told.items()}


def _codes(place: int) -> Iterable[str]:
    """By turns two of all sentences."""
    codes = [*EVIDENCE]
    return (codes[(2 * place + turn) % len(codes)] for turn in (0, 1))


def _flag(place: int, detector: str, customer: str) -> Row:
    turn = place % 6
    return {
        "flag_id": f"F{place:010}",
        "company_id": "ES01",
        "customer_id": customer,
        "detector": detector,
        "subject": customer,
        "severity": ("low", "medium", "high")[place % 3],
        "evidence": evidence(*_codes(place)),
        "evidence_count": 2 + 5 * (turn == 0),
        "exposure_local": Decimal(1000 + 10 * place),
        **dict.fromkeys(("seen_on", "last_seen", "first_seen", "raised_on"), date(2026, 6, 12)),
        "state": "acknowledged" if turn == 3 else "closed" if turn == 4 else "new",
        "verdict": "dismissed" if turn == 4 else None,
        "held_by": "cap" if turn == 5 else None,
        "is_new": turn < 2,
        "is_graver": turn == 1,
        **({"reason": HOSTILE, "decided_by": "Ana", "decided_on": date(2026, 6, 20)} if turn in {3, 4} else {}),
    }


def _detectors() -> Iterable[Row]:
    """Of every other detector two in three were found true."""
    for place, one in enumerate(DETECTORS.values()):
        told = {"confirmed": 2, "dismissed": 1, "precision": 2 / 3, "precision_lo": 0.15, "precision_hi": 0.96}
        yield {"detector": one.id, "confirmed": 0, "dismissed": 0} | (told if place % 2 else {})


def _companies() -> Iterable[Row]:
    """In Spain all look; in Mexico none is told what it needs, and tests are short of months."""
    for one in DETECTORS.values():
        yield {"company_id": "ES01", "detector": one.id, "is_evaluated": True, "tested": 1234}
        yield {"company_id": "ES02", "detector": one.id, "is_evaluated": True, "tested": 0}
        short = (
            {"code": "months", "has": 13, "wanted": 18}
            if one.is_test
            else {"code": "table", "need": "contract.valid_to"}
        )
        yield {"company_id": "MX01", "detector": one.id, "is_evaluated": False} | short


def _course(customers: Sequence[str]) -> Iterable[Row]:
    for customer in customers:
        for place, day in enumerate(MONTH_ENDS):
            told = {
                "overdue_local": Decimal(100 * place),
                "recent_purchases_local": Decimal(900 - 100 * place),
                "days_beyond_terms": Decimal(place),
            }
            yield {"period_end": day, "company_id": "ES01", "customer_id": customer} | told
