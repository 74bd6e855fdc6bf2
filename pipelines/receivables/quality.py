"""Builds the records of checks from marts.data_quality: those of the batches that count now, and of the tables of this night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from receivables.checks.record import COLUMNS, Check
from receivables.page_model import Judged

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLE: Final = "marts.data_quality"


def judged(quality: pd.DataFrame) -> Iterable[Judged]:
    """The checks a page tells of, in the order they were judged; what a newer batch has replaced is left to analysts."""
    for row in quality[quality["is_current"].astype(bool)].to_dict("records"):
        values = {name: _or_none(row[name]) for name in COLUMNS}
        values["batch_id"] = None if values["batch_id"] is None else int(values["batch_id"])
        values["passed"] = None if values["passed"] is None else bool(values["passed"])
        yield Judged(Check(**values), is_waived=_or_none(row["waived_at"]) is not None)


def _or_none(value: Any) -> Any:
    return None if value is None or pd.isna(value) else value
