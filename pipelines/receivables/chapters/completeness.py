"""What of each company is missing in what was told, and which figures lack it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.cells import day, int_or_none, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import pandas as pd

TABLES: Final = ("marts.completeness",)


@dataclass(frozen=True)
class Gap:
    """A stretch of days of which something is missing; `subject` is what, `name` which currency or kind of document.

    `observed` and `expected` are business days where something fell silent, else postings or instalments. `is_in_balances`: what is open
    at the as-of date lacks it.
    """

    company_id: str
    test: str
    subject: str
    name: str
    first_day: date
    last_day: date
    observed: int
    expected: int
    is_in_balances: bool
    needs_person: bool

    @property
    def code(self) -> str:
        """The reason code under which figures are marked."""
        return f"EXTRACT_{self.test.upper()}"


def gaps(frames: Mapping[str, pd.DataFrame], as_of: date) -> Iterable[Gap]:
    """Make a record of everything found missing, by company."""
    found = frames["marts.completeness"]
    missing = found[found["is_complete"].eq(other=False).fillna(value=False).astype(bool)]
    for row in missing.sort_values(["company_id", "test", "subject", "from_date"]).to_dict("records"):
        subject, _, name = row["subject"].partition(" ")
        yield Gap(
            company_id=row["company_id"],
            test=row["test"],
            subject=subject,
            name=name,
            first_day=day(row["from_date"]),
            last_day=day(row["to_date"]),
            observed=int_or_none(round(row["observed"])) or 0,
            expected=int_or_none(round(row["expected"])) or 0,
            is_in_balances=day(row["affected_until"]) >= as_of and '"balance"' in (text(row["figures"]) or ""),
            needs_person=bool(row["needs_person"]),
        )
