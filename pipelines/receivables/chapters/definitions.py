"""The rules in force on a night, as the definitions page tells them: grades, hard events, the card, detectors with their thresholds, and settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import int_or_none, money, money_or_none
from receivables.detectors import DETECTORS, Detector
from receivables.engine.models import Model, models
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

SECTIONS: Final = (
    *("aging", "ledger", "curve", "provision", "forecast", "behaviour", "rating", "customer_value", "accredited"),
    *("completeness", "anomaly"),
)
"""The sections of settings that are told as such; `params` holds those of their values that a night was built with."""

FAMILIES: Final = ("anomaly_conduct", "anomaly_ledger", "anomaly_buying")
"""The sections of settings that hold the thresholds of detectors."""

TABLES: Final = (
    *("params.grade", "params.hard_event_cap", "params.card_points"),
    *(f"params.{section}" for section in (*SECTIONS, *FAMILIES)),
)

Value = Decimal | bool | str | tuple[str, ...]


@dataclass(frozen=True)
class GradeRule:
    """A grade: the points it begins at (None: the worst), and what it is worth."""

    grade: str
    points_from: Decimal | None
    supply: str
    terms_days: int
    limit_factor: Decimal
    has_benefits: bool


@dataclass(frozen=True)
class Cap:
    """A hard event: the best grade while it lasts, and for how many days; None: as long as it is so."""

    event: str
    grade: str
    days: int | None


@dataclass(frozen=True)
class CardRule:
    """An attribute of the card: which value or word gives how many points."""

    attribute: str
    block: str
    steps: tuple[tuple[str, Decimal], ...]

    @property
    def best(self) -> Decimal:
        """The most points it gives."""
        return max(points for _, points in self.steps)

    @property
    def is_of_words(self) -> bool:
        """Whether words give the points, which nothing lies between."""
        return not re.fullmatch(r"-?[\d.]+", self.steps[0][0])


@dataclass(frozen=True)
class Setting:
    """A setting and the value it had."""

    section: str
    name: str
    value: Value


@dataclass(frozen=True)
class DetectorRule:
    """A detector and the settings it goes by."""

    detector: Detector
    thresholds: tuple[Setting, ...]


@dataclass(frozen=True)
class Rules:
    """All of it; grades, the best first."""

    grades: tuple[GradeRule, ...] = ()
    caps: tuple[Cap, ...] = ()
    card: tuple[CardRule, ...] = ()
    detectors: tuple[DetectorRule, ...] = ()
    settings: tuple[Setting, ...] = ()


def rules(frames: Mapping[str, pd.DataFrame]) -> Rules:
    """Read the rules of a night from the published tables `TABLES`."""
    thresholds = {(one.section, one.name): one for section in FAMILIES for one in _settings(frames, section)}
    return Rules(
        grades=tuple(_grades(frames["params.grade"])),
        caps=tuple(
            Cap(row["event"], row["grade"], int(row["days"]) or None)
            for row in frames["params.hard_event_cap"].to_dict("records")
        ),
        card=tuple(_card(frames["params.card_points"])),
        detectors=tuple(
            DetectorRule(one, tuple(thresholds[key] for key in thresholds_of(one))) for one in DETECTORS.values()
        ),
        settings=tuple(setting for section in SECTIONS for setting in _settings(frames, section)),
    )


def _grades(grade: pd.DataFrame) -> Iterable[GradeRule]:
    for row in grade.sort_values("ordinal", ascending=False).to_dict("records"):
        yield GradeRule(
            grade=row["grade"],
            points_from=money_or_none(row["points_from"]),
            supply=row["supply"],
            terms_days=int_or_none(row["terms_days"]) or 0,
            limit_factor=money(row["limit_factor"]),
            has_benefits=bool(row["has_benefits"]),
        )


def _card(points: pd.DataFrame) -> Iterable[CardRule]:
    for _, rows in points.groupby("attribute", sort=False):
        told = rows.sort_values("place").to_dict("records")
        steps = tuple((row["value"], money(row["points"])) for row in told)
        yield CardRule(told[0]["attribute"], told[0]["block"], steps)


def _settings(frames: Mapping[str, pd.DataFrame], section: str) -> Iterable[Setting]:
    """The settings of a section that a night was built with; what else a table of `params` holds is none."""
    row = frames[f"params.{section}"].iloc[0].to_dict()
    for name in _fields(section):
        value = _value(row.get(name))
        if value is not None:
            yield Setting(section, name, value)


def _value(cell: Any) -> Value | None:
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, str):
        return cell or None
    if hasattr(cell, "tolist"):
        cell = cell.tolist()
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, list):
        return tuple(map(str, cell))
    return money_or_none(cell) if isinstance(cell, Decimal | int | float) else str(cell)


_NO_SQL: Final = re.compile(r"--[^\n]*|'[^']*'")


@cache
def thresholds_of(detector: Detector) -> tuple[tuple[str, str], ...]:
    """Section and name of the settings that a detector goes by, in their order: a test declares them, those of a rule are what its model names, and each model it reads."""
    if detector.tells_chance:
        section = f"anomaly_{detector.family}"
        return tuple((section, name) for name in _fields(section) if name in detector.thresholds)
    found = {(section, name) for model in _behind(detector.table) for section, name in _named(model)}
    return tuple((section, name) for section in FAMILIES for name in _fields(section) if (section, name) in found)


def _behind(table: str) -> Iterable[Model]:
    """The model of a table and all it is made of."""
    known = {model.full_name: model for model in models()}
    seen, waiting = {table}, [table]
    while waiting:
        model = known.get(waiting.pop())
        if model is not None:
            yield model
            waiting += sorted(model.reads - seen)
            seen |= model.reads


@cache
def _named(model: Model) -> frozenset[tuple[str, str]]:
    """The thresholds that a model names itself."""
    sections = [section for section in FAMILIES if f"params.{section}" in model.reads]
    words = set(re.findall(r"\w+", _NO_SQL.sub(" ", model.sql))) if sections else set()
    return frozenset((section, name) for section in sections for name in _fields(section) if name in words)


@cache
def _fields(section: str) -> tuple[str, ...]:
    return tuple(type(getattr(Settings(), section)).model_fields)
