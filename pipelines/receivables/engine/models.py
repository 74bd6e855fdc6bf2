"""The SQL models: found below `sql/`, ordered by what they read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from receivables.assets import sql_dir

if TYPE_CHECKING:
    from pathlib import Path

    from receivables.engine.emptiness import Empty

SCHEMAS: Final = ("entries", "staging", "core", "marts", "checks")

JUDGED: Final = frozenset({"marts.collection_curve", "marts.loss_evidence"})
"""Tables that `judgement` writes and models read: such a model, and what reads it in its turn, is built after them."""


@dataclass(frozen=True)
class Model:
    """One `.sql` file: a select that becomes the table `schema.name`; `header` is its grain, unit and sign, `is_empty` whether it has no row for want of rows in what it reads."""

    schema: str
    name: str
    sql: str
    header: str
    reads: frozenset[str]
    is_empty: Empty = field(compare=False)

    @property
    def full_name(self) -> str:
        """The table's name with its schema."""
        return f"{self.schema}.{self.name}"


def read_model(path: Path) -> Model:
    """Read one model file; the schema is its folder."""
    import sqlglot
    from sqlglot import exp

    from receivables.engine.emptiness import emptiness

    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    header = " ".join(line.removeprefix("--").strip() for line in lines[: _header_length(lines)])
    tree = sqlglot.parse_one(text, dialect="duckdb")
    reads = {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}
    return Model(path.parent.name, path.stem, text.strip(), header, frozenset(reads), emptiness(tree))


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
