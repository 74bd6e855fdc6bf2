"""Who was forgotten: which rows are theirs, and what stands in the columns of such rows in place of personal data."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from receivables.intake.sqltext import any_of, ident, lit
from receivables.personal_data import KINDS
from receivables.schema import TABLES
from receivables.state import Forgotten, State, restored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

_OF: Final = {
    "customer": ("customer_id", "credit_account_id"),
    "contact": ("contact_id", "responsible_contact_id"),
}
"""The columns by which a row is a customer's, or a contact's."""

INSTEAD: Final = "(forgotten)"
"""What stands where a column must say something; a name is told with the id of whose it was, so that rows stay apart."""

RAW: Final = ("raw_value", "repaired_value", "raw_line")
"""The texts of a finding that quote the file."""

_ISSUE: Final = "issue"
_TELLING: Final = frozenset({"name", "tax", "reach", "note", "source", "bank"})
"""Kinds of personal data whose texts tell of whom a text is, wherever they stand; of an address only the street does, as many share a town."""

_LEAST_BYTES: Final = 4
"""Bytes of a text in GB 18030, so two Chinese characters, below which a text that holds it proves nothing."""

_WORD: Final = r"(^|[^\p{L}\p{N}_/.-])%s($|[^\p{L}\p{N}_/.-]|\.($|[^\p{L}\p{N}]))"
"""An id as a word of its own: neither a part of another one nor of a day or an amount."""


@dataclass(frozen=True)
class Subjects:
    """Customers and contacts that were forgotten, by their ids as published.

    In one file they are known by more, as `known_in` says: `ids` as they stand there, `texts` of theirs, and `lines` that are theirs.
    """

    customers: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    lines: frozenset[int] = frozenset()

    @classmethod
    def of(cls, told: Iterable[Forgotten]) -> Subjects:
        """Those of some records."""
        both = {kind: frozenset[str]() for kind in _OF}
        for one in told:
            both[one.kind] |= {one.subject_id}
        return cls(both["customer"], both["contact"], both["customer"] | both["contact"])

    @classmethod
    def known(cls, state: State, root: Path) -> Subjects:
        """Those of the store, and those that only the lake has where a store was lost."""
        told = (json.loads(path.read_text(encoding="utf-8")) for path in (root / "forgotten").glob("*.json"))
        copied = [restored(Forgotten, [one[field.name] for field in fields(Forgotten)]) for one in told]
        return cls.of([*state.forgotten(), *copied])

    def rows_of(self, table: str, present: Collection[str]) -> str:
        """SQL condition for the rows of a table that are theirs; `present` are the columns it has there. Empty: none can be."""
        ids = self._by_kind()
        parts = [
            any_of(ident(column), sorted(ids[kind]))
            for kind, columns in _OF.items()
            for column in columns
            if ids[kind] and column in TABLES[table].columns and column in present
        ]
        return f"coalesce({' or '.join(parts)}, false)" if parts else ""

    def _by_kind(self) -> dict[str, frozenset[str]]:
        return {"customer": self.customers, "contact": self.contacts}

    def known_in(
        self, tables: Collection[str], companies: Collection[str], texts: Iterable[str] = (), lines: Iterable[int] = ()
    ) -> Subjects:
        """The same in a file of some tables and companies, where ids stand without the company; `texts` are personal texts of theirs, `lines` theirs."""
        kinds = [
            kind
            for kind, columns in _OF.items()
            if any(column in TABLES[table].columns for table in tables if table in TABLES for column in columns)
        ]
        published = [one.partition(":") for kind in kinds for one in self._by_kind()[kind]]
        bare = {own for company, _, own in published if own and ("" in companies or company in companies)}
        telling = frozenset(text for text in texts if is_long_enough(text))
        return replace(self, ids=self.ids | bare, texts=telling, lines=frozenset(lines))

    def told_in(self, values: Sequence[str]) -> str:
        """SQL condition: any of some texts tells of them, by an id or by a text of theirs. Empty: none can."""
        words, texts = [_WORD % re.escape(one) for one in sorted(self.ids)], sorted(self.texts)
        tests = [
            *(f"regexp_matches({value}, {lit(word)})" for value in values for word in words),
            *(f"contains({value}, {lit(text)})" for value in values for text in texts),
        ]
        return " or ".join(f"coalesce({test}, false)" for test in tests)

    def left_out(self, table: str, column: str, value: str, present: Collection[str]) -> str:
        """SQL for a column's value without the personal data of these subjects; of a row that names nobody, and of a finding, a text that tells of them."""
        if table == _ISSUE:
            told_of = self.told_in(RAW) if column in RAW else ""
            if told_of and self.lines:
                told_of += f" or coalesce(line_no in ({', '.join(map(str, sorted(self.lines)))}), false)"
            return f"case when {told_of} then null else {value} end" if told_of else value
        told = TABLES[table].columns.get(column)
        if told is None or told.personal is None or not KINDS[told.personal].is_forgotten:
            return value
        if not any(name in TABLES[table].columns for names in _OF.values() for name in names):
            told_of = self.told_in([value])
            return f"case when {told_of} then {_instead(table, column)} else {value} end" if told_of else value
        rows = self.rows_of(table, present)
        return f"case when {rows} then {_instead(table, column)} else {value} end" if rows else value


def is_telling(table: str, column: str) -> bool:
    """Whether a text of a column tells of whom another text is that holds it."""
    kind = TABLES[table].columns[column].personal
    return kind in _TELLING or (kind == "address" and column == "address")


def is_long_enough(text: str) -> bool:
    """Whether a personal text tells of somebody wherever it stands: not where it is too short, or stands in place of one."""
    return len(text.encode("gb18030", "ignore")) >= _LEAST_BYTES and not text.startswith(INSTEAD[:-1])


def _instead(table: str, column: str) -> str:
    told = TABLES[table]
    if not (told.columns[column].required or column in told.key):
        return "null"
    if column == "name":
        return f"'(forgotten ' || {ident(told.key[0])} || ')'"
    return f"'{INSTEAD}'"
