"""Contracts as data: each says what is measured, what is expected of it, how grave a failure is and why; shipped ones and the home's own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from receivables.assets import contracts_dir
from receivables.errors import SettingsError, nearest
from receivables.settings import parse_toml, validated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MEASURES: Final[dict[str, dict[str, str]]] = {
    "batch": {"rows": "count", "rows_change_pct": "percent", "control_difference": "amount"},
    "batch_column": {
        "null_pct": "percent",
        "null_rise_points": "points",
        "distinct_count": "count",
        "distinct_change_pct": "percent",
        "new_codes": "count",
        "largest_ratio": "times",
        "mean_ratio": "times",
        "gross_change_pct": "percent",
        "latest_back_days": "days",
        "latest_ahead_days": "days",
    },
    "customer": {"customers": "count", "repeated_keys": "count", "nameless_pct": "percent"},
    "aging_control": {"untied": "count", "buckets_difference": "amount"},
    "aging": {"repeated_keys": "count"},
    "open_item": {"repeated_keys": "count", "due_ahead_days": "days", "due_behind_days": "days"},
    "kpi": {"total_difference": "amount", "parts_difference": "amount"},
}
"""What can be measured on each frame, with its unit; the frames are the queries in `sql/contract`."""

COMPARED: Final = frozenset(
    {
        *("rows_change_pct", "null_rise_points", "distinct_change_pct", "new_codes", "largest_ratio", "mean_ratio"),
        *("gross_change_pct", "latest_back_days"),
    }
)
"""Measures that need a batch before."""

ON_BATCHES: Final = ("batch", "batch_column")
"""Frames of a file's batches, for which a failure can refuse the file."""

ON_TABLES: Final = {
    "customer": "core.customer",
    **{name: f"marts.{name}" for name in ("aging_control", "aging", "open_item", "kpi")},
}
"""Frames of the built tables, by the table they tell of."""

_NOT_ROW_WISE: Final = ("expect_column_values_to_be_null", "expect_column_values_to_not_be_null")


class Contract(BaseModel):
    """One contract; `tables`, `columns`, `kinds` (key, id, code, money, date, other) and `modes` narrow it down, empty ones do not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    on: Literal["batch", "batch_column", "customer", "aging_control", "aging", "open_item", "kpi"]
    measure: str
    expect: str = Field(pattern=r"^expect_column_values_to_\w+$")
    arguments: dict[str, Any] = {}
    level: Literal["off", "warn", "needs_person", "refuse"]
    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_judged(self) -> Contract:
        if self.measure not in MEASURES[self.on]:
            guess = nearest(self.measure, MEASURES[self.on])
            raise ValueError(f"{self.on} has no measure {self.measure!r}; nearest: {guess}")
        if self.level == "refuse" and self.on not in ON_BATCHES:
            raise ValueError(
                f"level refuse is for {' and '.join(ON_BATCHES)} only: {self.on} comes from all files together"
            )
        if self.expect in _NOT_ROW_WISE:
            raise ValueError("a measure that is NULL is not evaluated; blank values are judged by null_pct")
        if wrong := {"column", "mostly", "row_condition"} & self.arguments.keys():
            raise ValueError(f"arguments without {', '.join(sorted(wrong))}: a contract judges each row of its measure")
        return self

    @property
    def unit(self) -> str:
        """The unit of what is measured."""
        return MEASURES[self.on][self.measure]

    @property
    def expected(self) -> str:
        """What is expected, the same in every language."""
        low, high = self.arguments.get("min_value"), self.arguments.get("max_value")
        if self.expect == "expect_column_values_to_be_between" and self.arguments.keys() <= {"min_value", "max_value"}:
            bounds = [f">= {low}"] * (low is not None) + [f"<= {high}"] * (high is not None)
            return f"= {low}" if low == high else " and ".join(bounds)
        told = ", ".join(f"{name} = {value}" for name, value in self.arguments.items())
        return f"{self.expect.removeprefix('expect_column_values_')} {told}".strip()

    def _scope(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return (
            ("table_name", self.tables),
            ("column_name", self.columns),
            ("kind", self.kinds),
            ("mode", self.modes),
        )

    def covers(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of its frame is one it speaks of."""
        return all(not wanted or row.get(name) in wanted for name, wanted in self._scope())


@cache
def shipped() -> dict[str, Contract]:
    """The contracts that come with the package, by id."""
    return {
        name: validated(Contract, {"id": name, **body}, f"{path} [{name}]")
        for path in sorted(contracts_dir().glob("*.toml"))
        for name, body in parse_toml(path).items()
    }


def available(home_contracts: Path | None) -> tuple[Contract, ...]:
    """The shipped contracts as the home changes them, then the home's own; those that are off are left out.

    Raises:
        SettingsError: one of the home's contracts cannot be used as written.
    """
    known = dict(shipped())
    for path in [] if home_contracts is None else sorted(home_contracts.glob("*.toml")):
        for name, body in parse_toml(path).items():
            known[name] = _changed(known, name, body, path)
    return tuple(contract for contract in known.values() if contract.level != "off")


def _changed(known: Mapping[str, Contract], name: str, body: Any, path: Path) -> Contract:
    """A shipped contract with what the home says otherwise, or a new one told in full."""
    if not isinstance(body, dict) or (name not in known and "on" not in body):
        raise SettingsError(
            got=f"unknown contract {name} in {path}",
            expected="[id] of a known contract, or a new one with on, measure, expect, level and why",
            try_=nearest(name, known),
        )
    base: dict[str, Any] = known[name].model_dump(exclude_unset=True) if name in known else {"id": name}
    both = {**base, **body}
    if isinstance(body.get("arguments"), dict):
        both["arguments"] = {**base.get("arguments", {}), **body["arguments"]}
    return validated(Contract, both, f"{path} [{name}]")
