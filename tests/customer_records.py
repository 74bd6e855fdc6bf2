"""A customer's file as the published tables would tell it: rated by a hard event, late, with a file in part, some of it written by somebody hostile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from receivables.chapters.customer_file import CustomerFile, customer_files
from receivables.page_model import Run

Row = tuple[Any, ...]

AS_OF: Final = date(2026, 6, 30)
RUN: Final = Run("20260701T043000000000Z", AS_OF, datetime(2026, 7, 1, 4, 30), "1.0", "0" * 64)
KEY: Final = ("ES01", "ES01:C1")
MONTHS: Final = (date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), AS_OF)
REASONS: Final = '[{"code": "overdue_90", "params": {"days": 0}}, {"code": "payment_index", "params": {"kind": "low", "points": 11.1}}]'
EVIDENCE: Final = (
    '[{"code": "late_30_share", "params": {"value": 0.4}}, {"code": "has_gone", "params": {"value": 1.0}}]'
)


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"))


def field(name: str, part: str, value: str | None, **told: Any) -> Row:
    told = {"currency": None, "source": None, "true_on": None, "age_months": None, "is_stale": False} | told
    return (*KEY, part, name, value, *told.values())


def item(number: str, amount: str, due: date | None, *, chance: str | None = None, **told: Any) -> Row:
    told = {"kind": "invoice", "seq": 1, "currency": "EUR", "disputed": "0", **told}
    late = None if due is None else (AS_OF - due).days
    return (
        *(*KEY, told["kind"], number, told["seq"], date(2026, 1, 5), due, due, told["currency"], money(amount)),
        *(money(amount), late, money(amount) < 0, money(told["disputed"])),
        *((Decimal(chance), Decimal(chance) + Decimal("0.1"), late) if chance else (None, None, None)),
    )


def tables(name: str = "Ultramarinos Peña") -> dict[str, list[Row]]:
    """Rows by the table they are read from, as the queries hand them out; `name` is the customer's."""
    index = (None, Decimal("61.5"), Decimal("55.25"), Decimal("48.5"))
    return {
        "core.company": [
            (
                *KEY,
                name,
                "Comercial Ibáñez S.L.",
                "EUR",
                "ES",
                "Ana Gil",
                *map(money, ("900", "-100", "50", "700")),
                None,
                None,
            )
        ],
        "marts.anomaly": [
            (
                *(*KEY, "FAAAAAAAAAA", "closure", "high", "new", True, None, None, None, None, None, date(2026, 6, 2)),
                *(
                    '[{"code": "closure", "params": {"word": "<b>registry</b>", "day": "2026-06-01", "amount_local": "900.0000"}}]',
                    3,
                ),
            ),
            (
                *(
                    *KEY,
                    "FBBBBBBBBBB",
                    "bank_changed",
                    "medium",
                    "closed",
                    False,
                    None,
                    "dismissed",
                    f"asked {name}",
                    "Ana",
                ),
                *(date(2026, 5, 4), date(2026, 5, 2), "[]", 0),
            ),
            (
                *(*KEY, "FCCCCCCCCCC", "contact_changed", "low", "new", False, "cap", None, None, None, None),
                date(2026, 6, 3),
                "[]",
                0,
            ),
        ],
        "marts.rating_attribute": [("ES01", "payment_index", Decimal(20))],
        "marts.rating": [
            (
                *(
                    *KEY,
                    "rated",
                    "E",
                    "C",
                    Decimal("41.25"),
                    Decimal("0.75"),
                    None,
                    money("300"),
                    "need",
                    money("900"),
                    False,
                ),
                *(
                    15,
                    60,
                    "held_lines",
                    False,
                    date(2026, 9, 30),
                    "E",
                    f"asked by {name}",
                    "Ana Gil",
                    date(2026, 8, 31),
                ),
                *("Luis Rey", date(2026, 6, 1), REASONS),
            )
        ],
        "marts.hard_event_since": [
            (*KEY, "broken_plan", date(2025, 1, 31), False),
            (*KEY, "overdue_90", date(2026, 5, 31), False),
        ],
        "marts.rating_history": [
            (*KEY, day, "E" if late else "C", "E" if late else None, None, "rated", Decimal(50))
            for day, late in zip(MONTHS, (False, False, True, True), strict=True)
        ],
        "marts.payment_behaviour": [
            (
                *KEY,
                day,
                value,
                Decimal(9),
                Decimal("0.5"),
                Decimal("0.25"),
                money("1000"),
                money("700"),
                Decimal("1.25"),
            )
            for day, value in zip(MONTHS, index, strict=True)
        ],
        "marts.customer_type": [(*KEY, "unknown", "hardship", Decimal("0.4"), "cannot_pay", Decimal("0.7"), EVIDENCE)],
        "marts.integrity_file": [
            (*KEY, "statements", date(2021, 3, 1), Decimal("0.5"), 1, Decimal("0.6"), Decimal("0.4"), Decimal("0.5"))
        ],
        "marts.integrity_field": [
            field(
                "annual_turnover", "basic", "250000.00", currency="EUR", source="register", true_on=AS_OF, age_months=0
            ),
            field("business_scope", "basic", name, source=name, true_on=date(2024, 1, 1), age_months=29, is_stale=True),
            field("founded_date", "basic", "2004-02-01", true_on=AS_OF, age_months=0),
            field("debt_to_asset_ratio", "operating", "0.55"),
            field("lawsuit", "payment", "2", source="lawyer"),
            field("lawsuit_amount", "payment", "310.50", currency="EUR"),
            field("ownership", "basic", None),
        ],
        "marts.open_item": [
            item("F-1", "700.00", date(2026, 2, 1), chance="0.5", disputed="50"),
            item(name, "300.00", date(2026, 7, 15), chance="0.9", seq=2),
            item("R-1", "-100.00", None, kind="receipt"),
        ],
    }


def file_of(told: Mapping[str, list[Row]], listed: int = 50) -> CustomerFile:
    """The only file that these tables make."""
    (made,) = customer_files(reader(told), listed)
    return made


def reader(told: Mapping[str, list[Row]]) -> Any:
    """Hands out the rows of the table that a query is about, which its last `from` names."""

    def read(sql: str, _values: dict[str, Any]) -> Iterable[Row]:
        if "from chosen" in sql:
            return told["core.company"]
        return told[sql.partition("\nfrom ")[2].partition(" as told")[0] or sql.rpartition(" from ")[2]]

    return read
