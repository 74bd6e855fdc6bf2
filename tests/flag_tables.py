"""Published nights with flags: written straight into the published file, whatever detectors are built."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import duckdb

from receivables.warehouse import published_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ANOMALY: Final = {
    "as_of": "date", "company_id": "varchar", "customer_id": "varchar", "detector": "varchar", "subject": "varchar", "flag_id": "varchar",
    "severity": "varchar", "p_value": "double", "evidence": "varchar", "exposure_local": "decimal(18, 4)", "first_seen": "date", "raised_on": "date",
    "raised_severity": "varchar", "last_seen": "date", "state": "varchar", "verdict": "varchar", "reason": "varchar", "decided_by": "varchar",
    "decided_on": "date", "held_by": "varchar", "place": "bigint",
}  # fmt: skip
DETECTOR: Final = {
    "detector": "varchar", "evaluated": "boolean", "tested": "bigint", "flagged": "bigint", "confirmed": "bigint", "dismissed": "bigint",
    "precision": "double", "precision_lo": "double", "precision_hi": "double",
}  # fmt: skip

TWICE: Final = {"code": "paid_twice", "params": {"item_id": "P1", "other_id": "P2", "day": "2024-02-20", "amount_local": "60.0000"}}  # fmt: skip
MORE: Final = {"code": "buys_more", "params": {"measured": "9.0000", "usual": "3.2500", "word": "October"}}

SENTENCES: Final = {
    "paid_twice": "Receipts %(item_id)s and %(other_id)s of %(day)s are of %(amount_local)s each.",
    "buys_more": "Orders in %(word)s: %(measured)s, usual: %(usual)s.",
}
NAMES: Final = {"paid_twice": "Paid twice", "buys_more": "Buys more"}


def flag(flag_id: str, customer: str = "C1", detector: str = "paid_twice", **more: Any) -> dict[str, Any]:
    """A flag raised on the first of March 2024 and new."""
    told = {
        "as_of": date(2024, 3, 4),
        "company_id": "ES01",
        "customer_id": f"ES01:{customer}",
        "detector": detector,
        "subject": "P1",
        "flag_id": flag_id,
        "severity": "medium",
        "evidence": [TWICE if detector == "paid_twice" else MORE],
        "exposure_local": Decimal("100.0000"),
        "first_seen": date(2024, 3, 1),
        "raised_on": date(2024, 3, 1),
        "raised_severity": "medium",
        "last_seen": date(2024, 3, 4),
        "state": "new",
        "place": 1,
    } | more
    return told | {"evidence": json.dumps(told["evidence"])}


FLAGS: Final = (
    flag("FAAAAAA1", severity="low", exposure_local=Decimal("9000.0000"), place=1),
    flag("FAAAAAA2", severity="high", exposure_local=Decimal("50.5000"), subject="P2", place=3),
    flag("FAAAAAA3", "C2", "buys_more", severity="high", exposure_local=Decimal("250.5000"), subject="ES01:C2", place=2),
    flag("FAAAAAA4", "C2", state="closed", verdict="dismissed", reason="two orders", decided_by="Ana Gil", decided_on=date(2024, 3, 2), place=4),
    flag("FAAAAAA5", "C2", "buys_more", held_by="cap", place=5),
)  # fmt: skip
"""Three open flags, one that was closed, one that waits."""


def raise_flags(home: Path, flags: Iterable[Mapping[str, Any]] = FLAGS, names: Mapping[str, str] | None = None) -> None:
    """Make the night published last one that raised these flags; `names` calls customers otherwise."""
    told = list(flags)
    with duckdb.connect(str(published_file(home))) as con:
        for table, columns in (("marts.anomaly", ANOMALY), ("marts.detector", DETECTOR)):
            con.execute(f"create or replace table {table} ({', '.join(map(' '.join, columns.items()))})")
        rows = [[one.get(name) for name in ANOMALY] for one in told]
        if rows:
            con.executemany(f"insert into marts.anomaly values ({', '.join('?' * len(ANOMALY))})", rows)
        con.execute("insert into marts.detector values ('paid_twice', true, 2, 4, 9, 2, 0.8, 0.5, 0.9)")
        for customer, name in (names or {}).items():
            con.execute("update core.customer set name = ? where customer_id = ?", [name, f"ES01:{customer}"])


def raise_none(home: Path) -> None:
    """Make the night published last one of a version that raised no flags."""
    with duckdb.connect(str(published_file(home))) as con:
        con.execute("drop table if exists marts.anomaly")
