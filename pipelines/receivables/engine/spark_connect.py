"""The engine on a cluster: the same models on any Spark Connect endpoint, their tables as Parquet beside the published file, which is made from them."""

from __future__ import annotations

import os
import socket
import sys
import warnings
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.schema import MappingSchema

from receivables.engine.duckdb import Tables, comment
from receivables.engine.models import models, reads
from receivables.engine.transpile import spark_type, to_spark, view_of
from receivables.errors import NightFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from receivables.settings import Engine

_UNKNOWN_TYPES: Final = frozenset({"TIME"})
"""Types that Spark or Sail lacks; a table with such a column is DuckDB's own."""

_MADE: Final = -1
"""Rows, as far as it matters, of a table that the endpoint made itself."""

_PORT: Final = 15002
"""Where Spark and Sail listen, unless told otherwise."""

_PATIENCE_SECONDS: Final = 10.0

_FOLDER_MODE: Final = 0o700


class Session:
    """A session on an endpoint, and the folder that both it and this machine reach: tables are its subfolders of Parquet files."""

    def __init__(self, spark: Any, folder: Path, address: str) -> None:
        """`folder` is where the tables stand here, `address` what the endpoint calls the same place."""
        self._spark, self._folder, self._address = spark, folder, address
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)

    def create(self, name: str, query: str, types: dict[str, str]) -> list[Path]:
        """Write a query's rows as the table `name` and show it as a view; returns its files here, none where it has no row."""
        columns = ", ".join(f"CAST(`{column}` AS {spark_type(kind)}) AS `{column}`" for column, kind in types.items())
        self._spark.sql(f"SELECT {columns} FROM ({query})").write.mode("overwrite").parquet(self._url(name))
        return self.show(name, types)

    def show(self, name: str, types: dict[str, str]) -> list[Path]:
        """Show what stands in a table's folder as a view of the session."""
        files = self.files(name)
        if files:
            self._spark.read.parquet(self._url(name)).createOrReplaceTempView(view_of(name))
        else:
            columns = ", ".join(f"CAST(NULL AS {spark_type(kind)}) AS `{column}`" for column, kind in types.items())
            self._spark.sql(f"SELECT {columns} WHERE FALSE").createOrReplaceTempView(view_of(name))
        return files

    def place(self, name: str) -> Path:
        """The folder of a table on this machine."""
        return self._folder / name

    def files(self, name: str) -> list[Path]:
        """The files of a table on this machine."""
        return sorted(self.place(name).glob("*.parquet"))

    def _url(self, name: str) -> str:
        return f"{self._address}/{name}"


class SparkTables(Tables):
    """The tables of a build that an endpoint makes: each model runs there, and DuckDB has its rows too, typed as its own engine types them.

    What only DuckDB has, the lake and the settings, is written beside the models' tables when a model first reads it. Two kinds of table are DuckDB's own: what
    searches itself (WITH RECURSIVE, of customers and territories), and what has a type that Spark lacks; neither holds more than a row per customer.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, told: Sequence[str], session: Session) -> None:
        """`told` are the tables that are there already."""
        super().__init__(con, told)
        self._session = session
        self._types: dict[str, dict[str, str]] = {}
        self._shown: dict[str, int] = {}
        self._staging = {model.full_name: model for model in models() if model.schema == "staging"}

    def create(self, name: str, select: str, words: str, *, is_empty: bool) -> None:
        """Make a table: by the endpoint, unless it has no row anyway or is one of DuckDB's own."""
        tree = sqlglot.parse_one(select, dialect="duckdb")
        if is_empty or any(with_.args.get("recursive") for with_ in tree.find_all(exp.With)):
            super().create(name, select, words, is_empty=is_empty)
            return
        self.con.execute(f"create table {name} as select * from ({select}) limit 0")
        types = self._types_of(name)
        if not _UNKNOWN_TYPES.isdisjoint(types.values()):
            self.con.execute(f"drop table {name}")
            super().create(name, select, words, is_empty=is_empty)
            return
        self._make(name, select, types)
        if not name.startswith("entries."):
            comment(self.con, name, words)

    def _make(self, name: str, select: str, types: dict[str, str]) -> None:
        files = self._run(name, select, types)
        self._shown[name] = _MADE
        listed = ", ".join(f"'{str(path).replace(chr(39), chr(39) * 2)}'" for path in files)
        columns = ", ".join(f'"{column}"' for column in types)
        if not files:
            self.empty.add(name)
        elif name.startswith("entries."):
            # nobody but models reads these
            if not self.con.execute(f"select 1 from read_parquet([{listed}]) limit 1").fetchall():
                self.empty.add(name)
        else:
            ((rows,),) = self.con.execute(
                f"insert into {name} select {columns} from read_parquet([{listed}])"
            ).fetchall()
            if rows == 0:
                self.empty.add(name)

    def _run(self, name: str, select: str, types: dict[str, str]) -> list[Path]:
        read = sorted(reads(select))
        for table in read:
            self._ensure(table)
        schema = MappingSchema(dialect="duckdb")
        for table in read:
            schema.add_table(table, self._types_of(table))
        ((as_of,),) = self.con.execute("select getvariable('as_of')").fetchall()
        query = to_spark(select, schema, {"as_of": as_of})
        try:
            return self._session.create(name, query, types)
        except Exception as error:
            raise _failed(name, error) from error

    def _ensure(self, table: str) -> None:
        """Show the endpoint a table that a model reads: as DuckDB has it, where the endpoint did not make it."""
        if self._shown.get(table) == _MADE:
            return
        if table in self._staging:
            self._run(table, self._staging[table].sql, self._types_of(table))
            self._shown[table] = _MADE
            return
        ((rows,),) = self.con.execute(f"select count(*) from {table}").fetchall()
        if self._shown.get(table) == rows:  # the calendar is filled while models are made
            return
        place = self._session.place(table)
        place.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        if rows:
            self.con.execute(f"copy (select * from {table}) to '{place}/part.parquet' (format parquet)")
        self._session.show(table, self._types_of(table))
        self._shown[table] = rows

    def _types_of(self, table: str) -> dict[str, str]:
        if table not in self._types:
            self._types[table] = {row[0]: row[1] for row in self.con.execute(f"describe {table}").fetchall()}
        return self._types[table]


def _failed(name: str, error: Exception) -> NightFailed:
    place, _, short = name.partition(".")
    cause = str(error).partition("\nJVM stacktrace")[0]
    return NightFailed(
        got=f"model {name} on the cluster: {cause}",
        expected="SQL that runs on the endpoint",
        try_=f"sql/{place}/{short}.sql",
    )


@contextmanager
def opened(
    engine: Engine, folder: Path, home: Path
) -> Iterator[Callable[[duckdb.DuckDBPyConnection, Sequence[str]], SparkTables]]:
    """A session on the endpoint of the settings, which makes tables in a folder below the home.

    Raises:
        UsageError: the client is not installed.
        NightFailed: nothing answers at the address.
    """
    address = str(folder.resolve())
    if engine.shared_as:
        address = f"{engine.shared_as.rstrip('/')}/{folder.resolve().relative_to(home.resolve()).as_posix()}"
    spark = _connect(engine.remote, os.environ.get(engine.token_env, ""))
    try:
        yield partial(SparkTables, session=Session(spark, folder, address))
    finally:
        spark.stop()


def _connect(remote: str, token: str) -> Any:
    try:
        with warnings.catch_warnings(), _at_a_prompt():
            warnings.simplefilter("ignore", FutureWarning)  # of pandas 3, of which the client uses nothing here
            from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise UsageError(
            got=f"engine.kind = 'spark_connect', and no client for it ({error})",
            expected="the package with its extra sail or spark",
            try_="pip install 'receivables[sail]'",
        ) from None
    found = urlsplit(remote)
    try:
        # the client itself tries for ten minutes
        socket.create_connection((found.hostname or "", found.port or _PORT), _PATIENCE_SECONDS).close()
        spark = SparkSession.builder.remote(_with_token(remote, token)).create()
        spark.sql("SELECT 1").collect()
    except Exception as error:
        told = str(error).replace(token, "***") if token else str(error)
        raise NightFailed(
            got=f"no answer of a Spark Connect endpoint at {found.hostname}:{found.port or _PORT}: {told[:200] or type(error).__name__}",
            expected="one that runs, at the address in engine.remote",
            try_="starting it, or engine.kind = 'duckdb'",
        ) from error
    for name, value in (_FOR_APACHE if spark.conf.get("spark.app.id", "") else _FOR_SAIL).items():
        spark.conf.set(name, value)
    return spark


@contextmanager
def _at_a_prompt() -> Iterator[None]:
    """Let the client find a prompt: where the main module has no file, as in a notebook or `python -c`, it takes itself for a doctest and ends the process."""
    if hasattr(sys, "ps1"):
        yield
        return
    sys.ps1 = ""
    try:
        yield
    finally:
        del sys.ps1


def _with_token(remote: str, token: str) -> str:
    """The address as Spark Connect has it, with its parameters after a slash."""
    if not token:
        return remote
    return f"{remote if urlsplit(remote).path else f'{remote}/'};token={token}"


_FOR_APACHE: Final = {
    # of 4.3: it leaves plans of unions and windows in disorder, and the query is refused
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases",
    # a product keeps all its places, as in DuckDB, or is refused
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
}
"""What a session of Apache Spark, which names the application that it runs, is told."""

_FOR_SAIL: Final = {
    # it may compute the refusal of a division by zero where none is divided; what the models divide by is never zero
    "spark.sql.ansi.enabled": "false"
}
