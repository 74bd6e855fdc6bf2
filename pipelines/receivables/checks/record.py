"""One check as it is kept and published: a contract, what it was held against, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from receivables.checks.contract import COMPARED, ON_TABLES, shipped

if TYPE_CHECKING:
    from receivables.checks.judge import Verdict

NO_BATCH_BEFORE: Final = "no_batch_before"
SMALL_BATCH_BEFORE: Final = "small_batch_before"
NOTHING_MEASURED: Final = "nothing_measured"
"""Why a check was not evaluated; the code of its message."""


@dataclass(frozen=True)
class Check:
    """One row of marts.data_quality; `passed` is None where it was not evaluated, `message` is JSON of code and params.

    observed and expected are told without units or number formats, which are the language's.
    """

    check_id: str
    contract: str
    on_what: str
    company_id: str
    batch_id: int | None
    file_name: str | None
    column_name: str | None
    level: str
    passed: bool | None
    observed: str | None
    expected: str
    message: str


_SQL_TYPES: Final = {"int | None": "bigint", "bool | None": "boolean"}
COLUMNS: Final = tuple(field.name for field in fields(Check))
DDL: Final = ", ".join(f"{field.name} {_SQL_TYPES.get(str(field.type), 'varchar')}" for field in fields(Check))
"""The columns of a check, as SQL creates them."""


def check_of(verdict: Verdict) -> Check:
    """The record of a verdict."""
    contract, row = verdict.contract, verdict.row
    batch_id, subject = row.get("batch_id"), row.get("column_name") or row.get("currency")
    place = f"batch {batch_id}" if batch_id is not None else f"{contract.on} {row['company_id']}"
    return Check(
        check_id=":".join(filter(None, (contract.id, place, subject))),
        contract=contract.id,
        on_what=row.get("table_name") or ON_TABLES.get(contract.on, ""),
        company_id=row["company_id"],
        batch_id=batch_id,
        file_name=row.get("file_name"),
        column_name=row.get("column_name"),
        level=contract.level,
        passed=verdict.passed,
        observed=None if verdict.observed is None else str(verdict.observed),
        expected=contract.expected,
        message=json.dumps(_message(verdict), default=str, ensure_ascii=False, sort_keys=True),
    )


def _message(verdict: Verdict) -> dict[str, Any]:
    contract, row = verdict.contract, verdict.row
    known = {
        "before": row.get("file_before"),
        "currency": row.get("currency"),
        "detail": row.get("detail"),
        "low": contract.arguments.get("min_value"),
        "high": contract.arguments.get("max_value"),
        "why": None if contract.id in shipped() else contract.why,
    }
    params = {name: value for name, value in known.items() if value not in (None, "")}
    code = contract.id if verdict.passed is not None else _why_not(contract.measure, row)
    return {"code": code, "params": {**params, "unit": contract.unit}}


def _why_not(measure: str, row: dict[str, Any]) -> str:
    if measure not in COMPARED:
        return NOTHING_MEASURED
    if row.get("is_first"):
        return NO_BATCH_BEFORE
    return SMALL_BATCH_BEFORE if row.get("is_small") else NOTHING_MEASURED
