"""What past scores were worth, what kinds of payers a company's customers are, and which grades persons set by hand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from receivables.cells import day, text, total_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

TABLES: Final = ("marts.rating_backtest", "marts.rating_bad_rate", "marts.customer_type")

SHOWN: Final = (
    *("auc", "amount_auc", "ks", "statistical_auc", "brier", "observed_expected", "calibration_slope"),
    *("notch_change_rate", "reversal_rate", "psi"),
)
"""Measures of the back-test, in the order pages tell them: of the expert card and of grades, and the rank of the statistical card."""
_STATISTICAL: Final = "statistical"

TYPES: Final = ("punctual", "slow", "hardship", "chain_debt", "evader", "malicious", "unknown")
INTENTS: Final = ("pays", "cannot_pay", "will_not_pay", "unknown")


@dataclass(frozen=True)
class Measure:
    """A measure of the back-test with its interval, or why it cannot be told (`reason`); beside it the base rate's value, the customers' own late ratio's with the difference, above 0 better than it; of drift the value that chance explains."""

    metric: str
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    reason: str | None = None
    base: Decimal | None = None
    late_ratio: Decimal | None = None
    difference_low: Decimal | None = None
    difference_high: Decimal | None = None
    critical: Decimal | None = None
    verdict: str | None = None


@dataclass(frozen=True)
class BadRate:
    """Customers with a grade at a re-rating whose year has run out, and those that went bad; with the 95 % interval of their share."""

    grade: str
    is_capped: bool
    cases: int
    bads: int
    share: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Kind:
    """Customers of one type or intent, what they owe and what of it is overdue."""

    code: str
    customers: int
    owed: Decimal
    overdue: Decimal


@dataclass(frozen=True)
class Override:
    """A grade that a person set and that is in force, with its last day."""

    customer_id: str
    name: str
    grade: str
    by: str
    until: date
    reason: str


@dataclass(frozen=True)
class Record:
    """The record of a company's ratings; `counts` are cases, bads and customers of the back-test, empty where no year has run out."""

    counts: Mapping[str, int]
    measures: tuple[Measure, ...]
    bad_rates: tuple[BadRate, ...]
    types: tuple[Kind, ...]
    intents: tuple[Kind, ...]
    overrides: tuple[Override, ...]

    def measure(self, metric: str) -> Measure | None:
        """A measure by name."""
        return next((measure for measure in self.measures if measure.metric == metric), None)


def record(frames: Mapping[str, pd.DataFrame], company_id: str, rated: pd.DataFrame) -> Record:
    """Make the record of a company; `rated` as in `rating_review.changes`."""
    tested, rates, types = (frames[name][frames[name]["company_id"] == company_id] for name in TABLES)
    rows = [_named(row) for row in tested.to_dict("records") if row["card"] != _STATISTICAL or row["metric"] == "auc"]
    kinds = rated[["customer_id", "owed_local", "overdue_local"]].merge(types, how="inner", on="customer_id")
    told = {row["metric"]: row for row in rows if text(row["baseline"]) is None}
    return Record(
        counts={name: int(told[name]["value"]) for name in ("cases", "bads", "customers") if name in told},
        measures=tuple(_measures(rows)),
        bad_rates=tuple(_bad_rates(rates)),
        types=tuple(_kinds(kinds, "customer_type", TYPES)),
        intents=tuple(_kinds(kinds, "intent", INTENTS)),
        overrides=tuple(_overrides(rated)),
    )


def _named(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """A row of the back-test, its metric by a name of its own where it is the statistical card's."""
    return {**row, "metric": f"{_STATISTICAL}_{row['metric']}" if row["card"] == _STATISTICAL else row["metric"]}


def _measures(rows: Sequence[Mapping[Any, Any]]) -> Iterable[Measure]:
    by = {(row["metric"], text(row["baseline"])): row for row in rows}
    for metric in SHOWN:
        own = by.get((metric, None)) or by.get((metric, "critical"))
        if own is None:
            continue
        base, late = by.get((metric, "base_rate"), {}), by.get((metric, "late_ratio"), {})
        mean = by.get(("brier_base", None), {})
        yield Measure(
            metric,
            value=_number(own["value"]),
            low=_number(own["lo"]),
            high=_number(own["hi"]),
            reason=text(own["reason"]),
            base=_number(mean["value"] if metric == "brier" and mean else base.get("baseline_value")),
            late_ratio=_number(late.get("baseline_value")),
            difference_low=_number(late.get("difference_lo")),
            difference_high=_number(late.get("difference_hi")),
            critical=_number(own["baseline_value"]) if metric == "psi" else None,
            verdict=text(own["verdict"] if metric == "psi" else late.get("verdict")),
        )


def _bad_rates(rates: pd.DataFrame) -> Iterable[BadRate]:
    for row in rates.sort_values(["grade", "is_capped"]).to_dict("records"):
        shares = (Decimal(str(round(float(row[name]), 9))) for name in ("bad_rate", "lo", "hi"))
        yield BadRate(row["grade"], bool(row["is_capped"]), int(row["cases"]), int(row["bads"]), *shares)


def _kinds(kinds: pd.DataFrame, column: str, codes: Sequence[str]) -> Iterable[Kind]:
    for code in codes:
        part = kinds[kinds[column] == code]
        if len(part):
            yield Kind(code, len(part), total_of(part["owed_local"]), total_of(part["overdue_local"]))


def _overrides(rated: pd.DataFrame) -> Iterable[Override]:
    for row in rated[rated["override_grade"].notna()].to_dict("records"):
        yield Override(
            row["customer_id"],
            text(row["name"]) or str(row["customer_id"]),
            row["override_grade"],
            text(row["override_by"]) or "",
            day(row["override_until"]),
            text(row["override_reason"]) or "",
        )


def _number(value: Any) -> Decimal | None:
    return None if value is None or pd.isna(value) else Decimal(str(round(float(value), 9)))
