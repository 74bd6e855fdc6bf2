"""What a spreadsheet's cell can hold: numbers of at most 15 digits, texts without what XML forbids, dates since its calendar is right."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from receivables.language import harmless

DIGITS: Final = 15
"""Decimal digits that a double holds exactly, and the most that a spreadsheet shows."""

FIRST_DAY: Final = date(1900, 3, 1)
"""Spreadsheets know a 29 February 1900: days before are one off in some of them, and none are before 1900."""

_FORBIDDEN: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")


def cell_text(value: object) -> str:
    """Text as a cell may hold it: control characters as blanks, and without what no XML file may hold."""
    return _FORBIDDEN.sub("\ufffd", harmless(str(value)))


def cell_lines(text: str) -> str:
    """The same of several lines, which stay apart."""
    return "\n".join(map(cell_text, text.split("\n")))


def cell_number(value: Decimal | float) -> float | None:
    """A number as a cell holds it without loss; None where it has too many digits.

    >>> cell_number(Decimal("99999999999.9999")), cell_number(Decimal("100000000000.0001"))
    (99999999999.9999, None)
    """
    if isinstance(value, Decimal):
        digits = value.as_tuple().digits
        if len(digits) > DIGITS and len(value.normalize().as_tuple().digits) > DIGITS:
            return None
    return float(value)


def exact_text(value: Decimal) -> str:
    """A number of too many digits as text, with its decimals and no zeros behind them."""
    told = f"{value:f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def is_day(value: date) -> bool:
    """Whether a cell can hold a date as one."""
    return value >= FIRST_DAY
