"""Which engine makes the tables of a build, as the settings say."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from receivables.engine.duckdb import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import duckdb

    from receivables.settings import Settings


@contextmanager
def tables_by(
    settings: Settings, folder: Path, home: Path
) -> Iterator[Callable[[duckdb.DuckDBPyConnection, Sequence[str]], Tables]]:
    """How the engine of the settings makes the tables of a build; those of a cluster stand in a folder below the home.

    Raises:
        UsageError: the client of a cluster is not installed.
        NightFailed: nothing answers at the endpoint's address.
    """
    if settings.engine.kind == "duckdb":
        yield Tables
        return
    from receivables.engine.spark_connect import opened

    with opened(settings.engine, folder, home) as make:
        yield make
