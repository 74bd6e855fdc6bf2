"""Databases for a moment: what one piece of work leaves is nothing to the next, whatever became of it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from receivables.engine import EngineError, Scratch, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Scratch]:
    with closing(Scratch(temp=tmp_path / "spill", memory_limit="60MB")) as made:
        yield made


def test_a_database_is_empty_whatever_the_one_before_held(scratch: Scratch) -> None:
    for _ in range(2):
        with scratch.database() as con:
            con.execute("create schema landing")
            con.execute("create table landing.entry as select 1 as x")
            con.execute("create temp view seen as select * from landing.entry")
            con.execute("set variable as_of = 2")
            assert con.execute("select x, getvariable('as_of') from seen").fetchall() == [(1, 2)]
    with scratch.database() as con:
        assert con.execute("select getvariable('as_of')").fetchall() == [(None,)]
        assert con.execute("select * from duckdb_tables()").fetchall() == []


def test_two_databases_at_once_know_nothing_of_each_other(scratch: Scratch) -> None:
    with scratch.database() as one, scratch.database() as other:
        one.execute("create table item as select 1 as x")
        other.execute("create table item as select 2 as x")
        assert [con.execute("select x from item").fetchall() for con in (one, other)] == [[(1,)], [(2,)]]


def test_what_ends_in_an_error_costs_the_next_nothing(scratch: Scratch) -> None:
    with pytest.raises(EngineError), scratch.database() as con:
        con.execute("begin; select no_such_column")
    with scratch.database() as con:
        con.close()  # as useless as what an internal error leaves
    with scratch.database() as con:
        assert con.execute("select 1").fetchall() == [(1,)]


def test_a_database_may_be_larger_than_its_memory_and_leaves_no_file(scratch: Scratch, tmp_path: Path) -> None:
    with scratch.database() as con:
        con.execute(
            "create table item as select i, hash(i) as h, repeat('x', 40) || hash(i) as s from range(1500000) as r(i)"
        )
        assert list((tmp_path / "spill").iterdir())
        assert con.execute("select count(*) from item").fetchall() == [(1500000,)]
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_only_read_and_what_is_none_is_an_error(scratch: Scratch, tmp_path: Path) -> None:
    path = tmp_path / "that's.duckdb"
    with closing(connect(path)) as con:
        con.execute("create table item as select 1 as x")
    with scratch.database(path) as con:
        assert con.execute("select x from item").fetchall() == [(1,)]
        with pytest.raises(EngineError, match="read-only"):
            con.execute("insert into item values (2)")
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(EngineError), scratch.database(path):
        pass
