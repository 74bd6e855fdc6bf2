"""Databases for a moment: one instance of the engine for many small pieces of work, because to start one takes longer than most of them."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from receivables.engine.duckdb import EngineError, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from receivables.settings import Settings


class Scratch:
    """Hands out empty databases in memory, each of which knows nothing of the others; `memory_limit` instead of the settings' own."""

    def __init__(
        self, settings: Settings | None = None, *, temp: Path | None = None, memory_limit: str | None = None
    ) -> None:
        self._settings, self._temp, self._memory_limit = settings, temp, memory_limit
        self._instance: duckdb.DuckDBPyConnection | None = None
        self._names = (f"scratch_{number}" for number in count(1))

    @contextmanager
    def database(self, path: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to an empty database that is gone afterwards, or to a file that is only read; where an error left the instance useless, the next gets a new one.

        Raises:
            EngineError: the file is no database.
        """
        con, name = self._open().cursor(), next(self._names)
        what = "':memory:'" if path is None else "'" + str(path).replace("'", "''") + "'"
        try:
            con.execute("set enable_progress_bar = false")
            con.execute(f"attach {what} as {name}{'' if path is None else ' (read_only)'}")
            con.execute(f"use {name}")
            yield con
        finally:
            try:
                con.execute("use memory")
                con.execute(f"detach {name}")
            except EngineError:
                self.close()
            con.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._instance is None:
            self._instance = connect(":memory:", self._settings, temp=self._temp)
            if self._memory_limit is not None:
                self._instance.execute(f"set memory_limit = '{self._memory_limit}'")
        return self._instance

    def close(self) -> None:
        """Let go of the instance; asked for another database, a new one is started."""
        if self._instance is not None:
            self._instance.close()
            self._instance = None
