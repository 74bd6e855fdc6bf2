"""The SQL models: found below `sql/`, ordered by what they read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from receivables.assets import sql_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Set
    from pathlib import Path

    from receivables.engine.emptiness import Empty

SCHEMAS: Final = ("entries", "staging", "core", "marts", "checks")

JUDGED: Final = frozenset({"marts.collection_curve", "marts.loss_evidence", "marts.rating", "marts.rating_history"})
"""Tables that `judgement` writes and models read: such a model, and what reads it in its turn, is built after them."""


_NO_SQL: Final = re.compile(r"--[^\n]*|'[^']*'")
_READ: Final = re.compile(r"(?<!\bdistinct\s)\b(?:from|join)\s+([a-z_]+\.[a-z0-9_]+)\b")
"""What a model reads: the words of its SQL tell, at a thousandth of what parsing all models costs; a test asks the parser for the same."""


@dataclass(frozen=True)
class Model:
    """One `.sql` file: a select that becomes the table `schema.name`; `header` is its grain, unit and sign."""

    schema: str
    name: str
    sql: str
    header: str
    reads: frozenset[str]

    @property
    def full_name(self) -> str:
        """The table's name with its schema."""
        return f"{self.schema}.{self.name}"

    def is_empty(self, empty: Set[str]) -> bool:
        """Whether it has no row for want of rows in what it reads, given the full names of tables that have none."""
        return not self.reads.isdisjoint(empty) and self._empty(empty)

    @cached_property
    def _empty(self) -> Empty:
        import sqlglot

        from receivables.engine.emptiness import emptiness

        return emptiness(sqlglot.parse_one(self.sql, dialect="duckdb"))


def read_model(path: Path) -> Model:
    """Read one model file; the schema is its folder."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    header = " ".join(line.removeprefix("--").strip() for line in lines[: _header_length(lines)])
    return Model(path.parent.name, path.stem, text.strip(), header, frozenset(reads(text)))


def reads(sql: str) -> set[str]:
    """The tables that a query reads by the name of their schema."""
    return set(_READ.findall(_NO_SQL.sub(" ", sql)))


def reading_others(sql: str, others: Mapping[str, str]) -> str:
    """A query that reads other tables instead of some, given by their full names."""
    return _READ.sub(lambda read: read[0].removesuffix(read[1]) + others.get(read[1], read[1]), sql)


def _header_length(lines: list[str]) -> int:
    return next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))


@cache
def models() -> tuple[Model, ...]:
    """All models, each after those it reads; ties by name, so the order never depends on the machine.

    Raises:
        ValueError: models read each other in a circle.
    """
    found = {m.full_name: m for s in SCHEMAS for p in sorted((sql_dir() / s).glob("*.sql")) for m in [read_model(p)]}
    sorter = TopologicalSorter({name: sorted(model.reads & found.keys()) for name, model in sorted(found.items())})
    try:
        return tuple(found[name] for name in sorter.static_order())
    except CycleError as circle:
        raise ValueError(f"models read each other in a circle: {circle.args[1]}") from None


@cache
def judged_models() -> tuple[Model, ...]:
    """The models that read what judgement writes, directly or through each other, in the order of `models()`."""
    after = set(JUDGED)
    for model in models():
        if model.reads & after:
            after.add(model.full_name)
    return tuple(model for model in models() if model.full_name in after)
