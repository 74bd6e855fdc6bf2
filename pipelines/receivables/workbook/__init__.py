"""Writes what is published as one workbook: a sheet each for aging, open items, ratings, flags, expected cash and findings, with their types."""

from __future__ import annotations

from receivables.workbook.compose import Written as Written
from receivables.workbook.compose import checked_sheets as checked_sheets
from receivables.workbook.compose import file_name as file_name
from receivables.workbook.compose import write as write
