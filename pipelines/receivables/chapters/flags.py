"""Flags of each company's customers: those raised and not yet closed, the most urgent first, each with its evidence and a small picture; and how good each detector is."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import day, day_or_none, int_or_none, money, money_or_none, text, total_of
from receivables.charts import Spark, spark
from receivables.detectors import DETECTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import pandas as pd

ANOMALY: Final = "marts.anomaly"
DETECTOR: Final = "marts.detector"
BY_COMPANY: Final = "marts.detector_company"
COURSE: Final = "marts.payment_behaviour"
TABLES: Final = ("core.company", "core.customer", ANOMALY, DETECTOR, BY_COMPANY, COURSE)

OPEN: Final = "held_by is null and state <> 'closed'"
"""The flags that the report lists."""
OF_OPEN: Final = f"(company_id, customer_id) in (select company_id, customer_id from {ANOMALY} where {OPEN})"
"""The rows of customers that have such a flag."""

_SHOWN: Final = 3
"""Pieces of evidence shown with a flag in the report; its customer's page has those kept."""
_DRIFT: Final = ("days_beyond_terms", "days")
_BUYING: Final = ("recent_purchases_local", "money")
_OWED: Final = ("overdue_local", "money")
_PICTURES: Final[Mapping[str, tuple[str, str]]] = {"lateness_drift": _DRIFT}
"""What is drawn beside a flag, with its unit, where it is not what its family draws: purchases beside buying, debt overdue beside the others."""


@dataclass(frozen=True)
class Evidence:
    """A piece of evidence: the code of its sentence and what that names."""

    code: str
    params: Mapping[str, str]


@dataclass(frozen=True)
class Picture:
    """A measure of the customer over the last month ends, drawn; money in ledger currency."""

    measure: str
    unit: str
    drawn: Spark
    low: Decimal
    high: Decimal
    last: Decimal | None


@dataclass(frozen=True)
class Flag:
    """A flag: what is said against whom, on what evidence (`more`: pieces not shown), since when, and what a person said of it."""

    flag_id: str
    company_id: str
    customer_id: str
    name: str
    detector: str
    severity: str
    state: str
    is_new: bool
    is_graver: bool
    evidence: tuple[Evidence, ...]
    more: int
    exposure: Decimal
    amount: Decimal | None
    seen_on: date | None
    first_seen: date
    raised_on: date | None
    verdict: str | None
    reason: str | None
    decided_by: str | None
    decided_on: date | None
    picture: Picture | None = None


@dataclass(frozen=True)
class Health:
    """How a detector does in a company: what it lacks (`code`, `need`, `has`, `wanted`) where it is not evaluated; customers it looked at, open flags, those that wait among them."""

    detector: str
    is_evaluated: bool
    code: str | None
    need: str | None
    has: int | None
    wanted: int | None
    tested: int | None
    raised: int
    waiting: int


@dataclass(frozen=True)
class Record:
    """What persons found of a detector's flags, over all companies: confirmed, dismissed, and the share confirmed with its interval, None until any is closed."""

    confirmed: int
    dismissed: int
    precision: Decimal | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True)
class Flags:
    """The flags of a company; `others` are open ones not listed, `exposure` what the customers with an open flag owe, each once."""

    company_id: str
    company: str
    currency: str
    listed: tuple[Flag, ...]
    others: int
    new: int
    waiting: int
    customers: int
    exposure: Decimal
    health: tuple[Health, ...]
    records: Mapping[str, Record]

    @property
    def evaluated(self) -> tuple[Health, ...]:
        """Detectors that could look."""
        return tuple(line for line in self.health if line.is_evaluated)

    @property
    def lacking(self) -> tuple[Health, ...]:
        """Detectors that lack something."""
        return tuple(line for line in self.health if not line.is_evaluated)

    @property
    def open(self) -> int:
        """Open flags, listed or not."""
        return len(self.listed) + self.others


def flags(frames: Mapping[str, pd.DataFrame], listed: int) -> Iterable[Flags]:
    """The flags of every company, of which so many are listed: new ones first, then the most urgent."""
    names = (
        frames["core.customer"]
        .drop_duplicates(["company_id", "customer_id"])
        .set_index(["company_id", "customer_id"])["name"]
    )
    records = {row["detector"]: _record(row) for row in frames[DETECTOR].to_dict("records")}
    for company in frames["core.company"].sort_values("company_id").to_dict("records"):
        company_id = company["company_id"]
        mine, health, course = (
            frame[frame["company_id"] == company_id] for frame in (frames[ANOMALY], frames[BY_COMPANY], frames[COURSE])
        )
        if health.empty and mine.empty:
            continue
        raised = mine[mine["held_by"].isna() & (mine["state"] != "closed")]
        waiting = mine[mine["held_by"].notna()]
        ordered = raised.sort_values(["is_new", "place"], ascending=[False, True])
        shown = [_flag(row, names, _SHOWN) for row in ordered.head(listed).to_dict("records")]
        owing = raised.drop_duplicates("customer_id")
        yield Flags(
            company_id=company_id,
            company=text(company["name"]) or company_id,
            currency=company["local_currency"],
            listed=tuple(_pictured(flag, course) for flag in shown),
            others=max(len(raised) - listed, 0),
            new=int(raised["is_new"].sum()),
            waiting=len(waiting),
            customers=len(owing),
            exposure=total_of(owing["exposure_local"]),
            health=tuple(
                _health(row, raised, waiting) for row in health.to_dict("records") if row["detector"] in DETECTORS
            ),
            records=records,
        )


def _flag(row: Mapping[Any, Any], names: pd.Series, shown: int) -> Flag:
    key = (row["company_id"], row["customer_id"])
    told = evidence_of(row["evidence"])
    return Flag(
        flag_id=row["flag_id"],
        company_id=key[0],
        customer_id=key[1],
        name=(text(names.get(key)) if key in names.index else None) or key[1],
        detector=row["detector"],
        severity=row["severity"],
        state=row["state"],
        is_new=bool(row["is_new"]),
        is_graver=bool(row["is_graver"]),
        evidence=told[:shown],
        more=max(int_or_none(row["evidence_count"]) or 0, len(told)) - len(told[:shown]),
        exposure=money(row["exposure_local"]),
        amount=money_or_none(row["amount_local"]),
        seen_on=day_or_none(row["seen_on"]),
        first_seen=day(row["first_seen"]),
        raised_on=day_or_none(row["raised_on"]),
        verdict=text(row["verdict"]),
        reason=text(row["reason"]),
        decided_by=text(row["decided_by"]),
        decided_on=day_or_none(row["decided_on"]),
    )


def evidence_of(told: str) -> tuple[Evidence, ...]:
    """The evidence of a flag as `marts.anomaly` tells it."""
    return tuple(Evidence(piece["code"], piece["params"]) for piece in json.loads(told))


@dataclass(frozen=True, slots=True)
class OwnFlag:
    """A flag on its customer's page, with all evidence kept (`more`: pieces that are not); `held_by` where it waits to be raised."""

    flag_id: str
    detector: str
    severity: str
    state: str
    is_graver: bool
    held_by: str | None
    verdict: str | None
    reason: str | None
    decided_by: str | None
    decided_on: date | None
    first_seen: date
    evidence: tuple[Evidence, ...]
    more: int


OWN_COLUMNS: Final = (
    "told.flag_id, told.detector, told.severity, told.state, told.is_graver, told.held_by, told.verdict, told.reason, told.decided_by, told.decided_on, told.first_seen, told.evidence,"
    " told.evidence_count"
)
"""What a customer's page asks of `marts.anomaly`."""
OWN_ORDER: Final = "told.state = 'closed', told.held_by is not null, told.place"
"""Open flags first, then those that wait, then closed ones."""


def own_flag(row: tuple[Any, ...]) -> OwnFlag:
    """A flag from the columns asked for."""
    *told, evidence, count = row
    kept = evidence_of(evidence)
    return OwnFlag(*(*told, kept, max(count - len(kept), 0)))


def _pictured(flag: Flag, course: pd.DataFrame) -> Flag:
    """A flag with its picture, where more than one month end tells of its customer."""
    family = DETECTORS[flag.detector].family if flag.detector in DETECTORS else ""
    measure, unit = _PICTURES.get(flag.detector, _BUYING if family == "buying" else _OWED)
    mine = course[course["customer_id"] == flag.customer_id].sort_values("period_end")
    values = tuple(money_or_none(value) for value in mine[measure])
    known = [value for value in values if value is not None]
    if len(known) < 2 or (unit == "money" and not any(known)):  # a line has two ends
        return flag
    return replace(flag, picture=Picture(measure, unit, spark(values), min(known), max(known), values[-1]))


def _health(row: Mapping[Any, Any], raised: pd.DataFrame, waiting: pd.DataFrame) -> Health:
    detector = row["detector"]
    return Health(
        detector=detector,
        is_evaluated=bool(row["is_evaluated"]),
        code=text(row["code"]),
        need=text(row["need"]),
        has=int_or_none(row["has"]),
        wanted=int_or_none(row["wanted"]),
        tested=int_or_none(row["tested"]),
        raised=int((raised["detector"] == detector).sum()),
        waiting=int((waiting["detector"] == detector).sum()),
    )


def _record(row: Mapping[Any, Any]) -> Record:
    shares = (_share(row[name]) for name in ("precision", "precision_lo", "precision_hi"))
    return Record(int_or_none(row["confirmed"]) or 0, int_or_none(row["dismissed"]) or 0, *shares)


def _share(value: Any) -> Decimal | None:
    told = money_or_none(value)
    return None if told is None else round(told, 6)
