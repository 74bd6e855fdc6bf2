"""Which models have no row because of tables that have none is read off their SQL, and their tables are made all the same."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlglot
from sqlglot import exp

from homes import MONDAY, ask, business, published, quick_night, tell
from receivables import init
from receivables.engine import Model, connect, duckdb, models
from receivables.engine.emptiness import UNKNOWN_AGGREGATES, emptiness
from receivables.engine.models import reads
from receivables.verbs import build

if TYPE_CHECKING:
    from pathlib import Path


def is_empty(sql: str, *empty: str) -> bool:
    return emptiness(sqlglot.parse_one(sql, dialect="duckdb"))(set(empty))


@pytest.mark.parametrize(
    ("sql", "empty"),
    [
        ("select * from m.a", {"m.a"}),
        ("select * from m.a inner join m.b on a.x = b.x", {"m.b"}),
        ("select * from m.a cross join m.b", {"m.b"}),
        ("select * from m.a, m.b", {"m.b"}),
        ("select * from m.a left join m.b on a.x = b.x", {"m.a"}),
        ("select * from m.a full join m.b on a.x = b.x", {"m.a", "m.b"}),
        ("select * from m.a union all select * from m.b", {"m.a", "m.b"}),
        ("select * from m.a except select * from m.b", {"m.a"}),
        ("with c as (select * from m.a) select x, sum(y) as y from c group by x", {"m.a"}),
        ("with c as (select * from m.a) select * from m.b inner join (select distinct x from c) as d on b.x = d.x", {"m.a"}),
        ("select x, row_number() over (order by y) as place from m.a", {"m.a"}),
        ("select (select max(y) from m.b) as y from m.a", {"m.a"}),
        ("with recursive c as (select x from m.a union all select x + 1 from c inner join m.b on b.x = c.x) select x from c", {"m.a"}),
    ],
)  # fmt: skip
def test_an_inner_join_is_empty_with_either_side_and_an_outer_one_with_what_it_keeps(sql: str, empty: set[str]) -> None:
    assert is_empty(sql, *empty)
    for told in empty:
        assert not is_empty(sql, *(empty - {told})), told


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(x) as x from m.a",
        "select coalesce(max(x), 0) + 1 as x from m.a",
        "select 1 as x from m.a having count(*) = 0",
        "select x, sum(y) as y from m.a group by grouping sets ((x), ())",
        "select unnest([1, 2]) as x",
        "select * from m.b left join m.a on a.x = b.x",
        "select * from m.b anti join m.a on a.x = b.x",
        "select * from generate_series(1, 3) as x",
    ],
)
def test_what_has_a_row_of_nothing_is_never_called_empty(sql: str) -> None:
    assert not is_empty(sql, "m.a")


def test_a_model_reads_what_the_parser_says_it_reads() -> None:
    for model in models():
        tree = sqlglot.parse_one(model.sql, dialect="duckdb")
        assert model.reads == {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}, model


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select * from m.a as x\ninner join\n  m.b as y on x.k = y.k", {"m.a", "m.b"}),
        ("select 'from m.a', x -- from m.b, the customer's\nfrom m.c", {"m.c"}),
        ("select x.k is distinct from m.k as differs from m.a as x cross join m.b as m", {"m.a", "m.b"}),
        ("with c as (select 1 as x) select * from c", set()),
    ],
)
def test_what_is_read_stands_after_from_and_join(sql: str, told: set[str]) -> None:
    assert reads(sql) == told


def test_the_parser_knows_every_aggregate_that_models_use() -> None:
    with closing(connect()) as con:
        told = con.execute(
            "select distinct function_name from duckdb_functions() where function_type = 'aggregate'"
        ).fetchall()
    aggregates = {name for (name,) in told}
    unknown = {
        (model.full_name, call.name)
        for model in models()
        for call in sqlglot.parse_one(model.sql, dialect="duckdb").find_all(exp.Anonymous)
        if call.name.lower() in aggregates
    }
    assert {name for _, name in unknown} <= UNKNOWN_AGGREGATES, unknown


def told(home: Path) -> tuple[Any, Any]:
    """All that is published, and the columns of all tables with their types."""
    return published(home), ask(
        home,
        "select table_name, sql, comment from duckdb_tables() where schema_name <> 'ops' order by schema_name, table_name",
    )


@pytest.mark.wide
def test_what_is_made_without_planning_is_what_its_query_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "_STATEMENTS", {})
    init(tmp_path)
    tell(tmp_path, business(), MONDAY)
    with monkeypatch.context() as first:
        first.delattr(Model, "is_empty")  # a process that builds once has no use for it, and parses no SQL
        quick_night(tmp_path)
    planned = told(tmp_path)
    assert {"marts.overdue_instalment", "marts.delivery_list", "core.order_line"} <= duckdb._STATEMENTS.keys()
    build(tmp_path)
    assert told(tmp_path) == planned
