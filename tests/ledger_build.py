"""Part of a night's build on a lake of `big_ledger`: the models that some tables need, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from big_ledger import AS_OF, batches
from receivables import lake
from receivables.engine.duckdb import BEFORE_ENTRIES, Connection, Tables, run_entries
from receivables.engine.models import Model, models

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from receivables.settings import Settings


def open_lake(con: Connection, folder: Path, settings: Settings) -> Tables:
    """Attach what the lake tells and what its entries become; returns its tables so far."""
    lake.snapshot(con, folder, batches())
    return run_entries(con, settings, AS_OF)


def behind(*names: str) -> list[Model]:
    """The models of core and marts that some tables are made of, themselves included, in their order."""
    by_name = {model.full_name: model for model in models()}
    needed, open_names = set[str](), [*names]
    while open_names:
        name = open_names.pop()
        if name in by_name and name not in needed:
            needed.add(name)
            open_names += by_name[name].reads
    return [
        model
        for model in models()
        if model.full_name in needed and model.schema != "entries" and model.full_name not in BEFORE_ENTRIES
    ]


def build(con: Connection, wanted: list[Model], as_of: date = AS_OF, besides: Iterable[str] = ()) -> None:
    """Make tables of models, of staging views, as the night does; what of core no model makes, of what they read and `besides`, is what was told."""
    con.execute(f"set variable as_of = date '{as_of.isoformat()}'")
    con.execute("create schema if not exists core; create schema if not exists marts")
    made = {model.full_name for model in models()}
    for name in sorted({*besides, *(name for model in wanted for name in model.reads)} - made):
        if name.startswith("core."):
            con.execute(f"create table if not exists {name} as select * from lake.{name[5:]} where is_current")
    for model in wanted:
        try:
            con.execute(f"create {'view' if model.schema == 'staging' else 'table'} {model.full_name} as {model.sql}")
        except Exception as error:
            error.add_note(f"of {model.full_name}")
            raise
