"""Who was forgotten: which rows are theirs, and what stands in the columns of such rows in place of personal data."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from receivables.intake.sqltext import any_of, ident
from receivables.personal_data import KINDS
from receivables.schema import TABLES
from receivables.state import Forgotten, State, restored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

_OF: Final = {
    "customer": ("customer_id", "credit_account_id"),
    "contact": ("contact_id", "responsible_contact_id"),
}
"""The columns by which a row is a customer's, or a contact's."""

INSTEAD: Final = "(forgotten)"
"""What stands where a column must say something; a name is told with the id of whose it was, so that rows stay apart."""


@dataclass(frozen=True)
class Subjects:
    """Customers and contacts that were forgotten, by their ids as published."""

    customers: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, told: Iterable[Forgotten]) -> Subjects:
        """Those of some records."""
        both = {kind: frozenset[str]() for kind in _OF}
        for one in told:
            both[one.kind] |= {one.subject_id}
        return cls(both["customer"], both["contact"])

    @classmethod
    def known(cls, state: State, root: Path) -> Subjects:
        """Those of the store, and those that only the lake has where a store was lost."""
        told = (json.loads(path.read_text(encoding="utf-8")) for path in (root / "forgotten").glob("*.json"))
        copied = [restored(Forgotten, [one[field.name] for field in fields(Forgotten)]) for one in told]
        return cls.of([*state.forgotten(), *copied])

    def rows_of(self, table: str, present: Collection[str]) -> str:
        """SQL condition for the rows of a table that are theirs; `present` are the columns it has there. Empty: none can be."""
        ids = {"customer": self.customers, "contact": self.contacts}
        parts = [
            any_of(ident(column), sorted(ids[kind]))
            for kind, columns in _OF.items()
            for column in columns
            if ids[kind] and column in TABLES[table].columns and column in present
        ]
        return f"coalesce({' or '.join(parts)}, false)" if parts else ""

    def left_out(self, table: str, column: str, value: str, present: Collection[str]) -> str:
        """SQL for a column's value without the personal data of these subjects."""
        told = TABLES[table].columns.get(column)
        if told is None or told.personal is None or not KINDS[told.personal].is_forgotten:
            return value
        rows = self.rows_of(table, present)
        return f"case when {rows} then {_instead(table, column)} else {value} end" if rows else value


def _instead(table: str, column: str) -> str:
    told = TABLES[table]
    if not (told.columns[column].required or column in told.key):
        return "null"
    if column == "name":
        return f"'(forgotten ' || {ident(told.key[0])} || ')'"
    return f"'{INSTEAD}'"
