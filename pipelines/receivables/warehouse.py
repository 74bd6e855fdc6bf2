"""The published file for analysts: read-only, tables as frames with exact decimals, never yesterday's by accident."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from receivables.engine import Connection, connect
from receivables.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    import pandas as pd

PUBLISHED: Final = "receivables.duckdb"
_ROWS_AT_ONCE: Final = 2000


def published_file(home: Path) -> Path:
    """The run-stamped file behind the published name.

    Raises:
        UsageError: nothing was published in this home yet.
    """
    name = home / "warehouse" / PUBLISHED
    if not name.exists():
        raise UsageError(
            got=f"{name}, which does not exist",
            expected="a home in which a night was published",
            try_=f"receivables nightly --home {home}",
        )
    return name.resolve()


def published_run(home: Path) -> str | None:
    """The run whose file is the published one; None where nothing was published."""
    name = home / "warehouse" / PUBLISHED
    return name.resolve().stem.removeprefix("receivables-") if name.exists() else None


def published_runs(home: Path) -> set[str]:
    """The runs whose files are still there, the published one among them."""
    return {path.stem.removeprefix("receivables-") for path in (home / "warehouse").glob("receivables-*.duckdb")}


class Warehouse:
    """A read-only view of one published night; use it as a context manager or close it."""

    def __init__(self, path: Path, con: Connection | None = None) -> None:
        """Open a published file; `path` is the run-stamped file, which a later night never touches, `con` a connection that shows a part of it."""
        self.path = path
        self.con: Connection = con or connect(path, read_only=True)

    def table(self, name: str, where: str = "") -> pd.DataFrame:
        """One published table, such as `marts.aging`, or the rows of it that a condition holds for; money as exact decimals, dates as dates.

        Raises:
            UsageError: no such table; names the nearest.
        """
        if name not in self._known:
            raise UsageError(got=f"table {name!r}", expected="a published table", try_=nearest(name, self._known))
        return self.query(f"select * from {name}{' where ' if where else ''}{where}")

    def query(self, sql: str, values: list[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        """The result of a query as a frame; money as exact decimals."""
        import pandas as pd

        arrow = self.con.sql(sql, params=values or None).to_arrow_table()
        frame: pd.DataFrame = arrow.to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def rows(self, sql: str, values: dict[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        """The rows of a query in passing, money as exact decimals; several may be read at once."""
        found = self.con.cursor().execute(sql, values or None)
        while some := found.fetchmany(_ROWS_AT_ONCE):
            yield from some

    def tables(self) -> dict[str, str]:
        """Every published table with what one row of it is."""
        rows = self.con.execute(
            "select schema_name || '.' || table_name, coalesce(comment, '') from duckdb_tables() order by all"
        ).fetchall()
        return dict(rows)

    @cached_property
    def _known(self) -> dict[str, str]:
        return self.tables()

    def close(self) -> None:
        """Let go of the file."""
        self.con.close()

    def __enter__(self) -> Warehouse:
        """Return the warehouse itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, whatever happened."""
        self.close()


def open_warehouse(home: str | Path = "data") -> Warehouse:
    """Open the night published last in a home, read-only.

    Raises:
        UsageError: nothing was published there yet.
    """
    return Warehouse(published_file(Path(home)))


def known_value(warehouse: Warehouse, option: str, value: str, query: str, also: Iterable[str] = ()) -> None:
    """Refuse a value that neither the published tables hold nor `also`, naming the nearest known.

    Raises:
        UsageError: it is none of them.
    """
    known = {row[0] for row in warehouse.con.execute(query).fetchall()}.union(also)
    if value not in known:
        raise UsageError(got=f"{option} {value!r}", expected="a known one", try_=f"{option} {nearest(value, known)}")
