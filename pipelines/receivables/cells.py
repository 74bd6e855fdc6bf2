"""Cells of published frames as the values that records hold: money as Decimal, days as dates, nothing as None."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from datetime import date

ZERO: Final = Decimal(0)


def share_of(amount: Decimal, total: Decimal) -> Decimal | None:
    """An amount as a share of a total; None where that is nothing."""
    return amount / total if total else None


def total_of(amounts: pd.Series) -> Decimal:
    """The exact sum of a column of money."""
    return money(amounts.sum()) if len(amounts) else ZERO


def money(value: Any) -> Decimal:
    """An amount; nothing is zero."""
    return money_or_none(value) or ZERO


def money_or_none(value: Any) -> Decimal | None:
    """An amount, exact; None where there is none."""
    return None if value is None or pd.isna(value) else Decimal(str(value))


def int_or_none(value: Any) -> int | None:
    """A whole number; None where there is none."""
    return None if value is None or pd.isna(value) else int(value)


def text(value: Any) -> str | None:
    """A text; None where there is none or an empty one."""
    return None if value is None or pd.isna(value) or value == "" else str(value)


def day(value: Any) -> date:
    """A date."""
    return pd.Timestamp(value).date()


def day_or_none(value: Any) -> date | None:
    """A date; None where there is none."""
    return None if value is None or pd.isna(value) else day(value)
