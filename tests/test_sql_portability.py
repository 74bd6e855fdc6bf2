"""The lint that keeps every model running alike on DuckDB and on Spark: rules over sqlglot's tree.

Each rule takes one statement and returns what is wrong with it, as sentences.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import sqlglot
from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Callable

SQL: Final = Path(__file__).resolve().parents[1] / "sql"
FILES: Final = sorted(SQL.rglob("*.sql"))

RANKINGS: Final = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile, exp.PercentRank, exp.CumeDist)
COUNTS: Final = (exp.Count, exp.CountIf, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile)

KEY_SUFFIXES: Final = ("_id", "_key", "_seq")
KEY_NAMES: Final = ("seq", "line_no", "ordinal")
"""Column names that tell rows of one group apart; an order that ends on none of them leaves ties to chance."""


def joins_say_on(tree: exp.Expr) -> list[str]:
    """USING and NATURAL drop a column on one engine and keep it on the other; a comma hides a cross join."""
    return [
        f"write this join with ON, or as CROSS JOIN: {_shown(join)}"
        for join in tree.find_all(exp.Join)
        if not _has_on(join)
    ]


def _has_on(join: exp.Join) -> bool:
    return (
        not join.args.get("method")
        and not join.args.get("using")
        and (bool(join.args.get("on")) or join.kind == "CROSS")
    )


def groups_name_columns(tree: exp.Expr) -> list[str]:
    """GROUP BY ALL is DuckDB's own, and a number changes its meaning when a column is added."""
    return [
        f"name the columns of this GROUP BY: {_shown(group)}"
        for group in tree.find_all(exp.Group)
        if group.args.get("all") or any(isinstance(key, exp.Literal) for key in group.expressions)
    ]


def unnest_is_not_cast(tree: exp.Expr) -> list[str]:
    """Spark allows a generator only as the whole column: cast the list inside it, or the column one step later."""
    generators = (exp.Explode, exp.Unnest)
    return [
        f"no cast around UNNEST: {_shown(cast)}"
        for cast in tree.find_all(exp.Cast)
        if isinstance(cast.this, generators)
    ]


def generators_stand_alone(tree: exp.Expr) -> list[str]:
    """Spark has one generator in a select, and what is counted beside it may count its rows or those before it."""
    selects = (
        (select, [node for node in select.find_all(exp.Explode, exp.Unnest, exp.Window) if _is_in(node, select)])
        for select in tree.find_all(exp.Select)
    )
    return [
        f"one step for this UNNEST alone: {_shown(select)}"
        for select, found in selects
        if len(found) > 1 and any(isinstance(node, exp.Explode | exp.Unnest) for node in found)
    ]


def _is_in(node: exp.Expr, select: exp.Select) -> bool:
    """Whether a node stands in the columns of that select itself."""
    return node.find_ancestor(exp.Select) is select and node.find_ancestor(exp.From, exp.Join, exp.Select) is select


def no_hash(tree: exp.Expr) -> list[str]:
    """hash() is another on every engine, and on the next version of the same one."""
    calls = (call for call in tree.find_all(exp.Anonymous) if call.name.lower() == "hash")
    return [f"content_of of macros.sql tells the same everywhere: {_shown(call)}" for call in calls]


def division_is_double(tree: exp.Expr) -> list[str]:
    """Integers and decimals divide differently on every engine; doubles divide alike."""
    return [
        f"cast what is divided to double: {_shown(division)}"
        for division in tree.find_all(exp.Div)
        if not isinstance(division.left.unnest(), exp.Div) and not _is_cast(division.left.unnest(), "DOUBLE")
    ]


def counts_are_bigint(tree: exp.Expr) -> list[str]:
    """Spark counts and ranks in other integer types than DuckDB; the published type must not depend on the engine."""
    return [
        f"cast this to bigint: {_shown(count)}"
        for count in tree.find_all(*COUNTS)
        if not _is_cast(_whole(count).parent, "BIGINT", "DOUBLE") and not _only_filters(count)
    ]


def series_are_typed(tree: exp.Expr) -> list[str]:
    """A series of numbers takes its type from its bounds; one that steps by an interval is a series of times."""
    return [
        f"cast the bounds of this series to bigint: {_shown(series)}"
        for series in tree.find_all(exp.GenerateSeries)
        if not series.find(exp.Interval) and not _is_cast(series.parent, "ARRAY") and not _bounds_are_bigint(series)
    ]


def _bounds_are_bigint(series: exp.GenerateSeries) -> bool:
    # range(n) has no lower bound of its own: the parser adds a plain 0, whose type follows the upper one
    bounds = [series.args["start"], series.args["end"]]
    return all(_is_cast(bound, "BIGINT") for bound in bounds if bound != exp.Literal.number(0))


def rankings_are_total(tree: exp.Expr) -> list[str]:
    """Without an order that ends on a key, tied rows swap their ranks from run to run."""
    return [
        f"order this ranking down to a key column: {_shown(window)}"
        for window in tree.find_all(exp.Window)
        if isinstance(window.this, RANKINGS) and not _names_key(_order(window))
    ]


def _order(window: exp.Window) -> exp.Expr | None:
    """The window's ORDER BY, its own or that of the named window it uses."""
    own: exp.Expr | None = window.args.get("order")
    select = window.find_ancestor(exp.Select)
    if own or not select:
        return own
    named = [other for other in select.args.get("windows") or [] if other.name == window.alias]
    return named[0].args.get("order") if named else None


def _names_key(order: exp.Expr | None) -> bool:
    columns = [column.name for column in order.find_all(exp.Column)] if order else []
    return any(name.endswith(KEY_SUFFIXES) or name in KEY_NAMES for name in columns)


def _is_cast(node: exp.Expr | None, *types: str) -> bool:
    return isinstance(node, exp.Cast) and node.to.this.name in types


def _whole(node: exp.Expr) -> exp.Expr:
    """The expression with its FILTER, OVER and brackets, so that what stands around it can be judged."""
    around = (exp.Window, exp.Filter, exp.Paren, exp.IgnoreNulls)
    while isinstance(node.parent, around) and node.parent.this is node:
        node = node.parent
    return node


def _only_filters(node: exp.Expr) -> bool:
    """Whether the figure only decides which rows stay, or their order, and so is never seen."""
    inner = node.find_ancestor(exp.Qualify, exp.Having, exp.Order, exp.Select)
    return not isinstance(inner, exp.Select)


def _shown(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb")[:100]


RULES: Final[tuple[Callable[[exp.Expr], list[str]], ...]] = (
    joins_say_on,
    groups_name_columns,
    unnest_is_not_cast,
    generators_stand_alone,
    no_hash,
    division_is_double,
    counts_are_bigint,
    series_are_typed,
    rankings_are_total,
)

BAD: Final = [
    (joins_say_on, "select a.x from a join b using (x)"),
    (joins_say_on, "select a.x from a natural join b"),
    (joins_say_on, "select a.x from a positional join b"),
    (joins_say_on, "select a.x from a asof join b on a.x >= b.x"),
    (joins_say_on, "select a.x from a, b where a.x = b.x"),
    (groups_name_columns, "select x, sum(y) from a group by all"),
    (groups_name_columns, "select x, sum(y) from a group by 1"),
    (groups_name_columns, "with b as (select x from a group by x, 2) select x from b"),
    (unnest_is_not_cast, "select unnest([1, 2])::bigint as n"),
    (unnest_is_not_cast, "select cast(unnest(x) as date) from a"),
    (generators_stand_alone, "select unnest(x) as n, unnest(y) as m from a"),
    (generators_stand_alone, "select unnest(x) as n, count(*) over (partition by y)::bigint as m from a"),
    (no_hash, "select hash(x, y) as n from a"),
    (division_is_double, "select x / y from a"),
    (division_is_double, "select (x + 1) / 2 from a"),
    (division_is_double, "select x / y::double from a"),
    (division_is_double, "select x::decimal(18, 4) / y from a"),
    (counts_are_bigint, "select count(*) as n from a"),
    (counts_are_bigint, "select count(x) filter (where x > 1) as n from a"),
    (counts_are_bigint, "select row_number() over (order by x_id) as n from a"),
    (counts_are_bigint, "select count(*)::integer as n from a"),
    (counts_are_bigint, "select x from (select x, rank() over (order by x_id) as n from a) where n = 1"),
    (series_are_typed, "select unnest(generate_series(1, 12)) as n"),
    (series_are_typed, "select n from range(10) as r(n)"),
    (rankings_are_total, "select row_number() over (partition by x_id)::bigint from a"),
    (rankings_are_total, "select row_number() over (order by amount desc)::bigint from a"),
    (rankings_are_total, "select rank() over w::bigint from a window w as (partition by x_id order by amount)"),
    (rankings_are_total, "select x from a qualify row_number() over (partition by x_id order by day) = 1"),
]

GOOD: Final = [
    "select a.x, count(*)::bigint as n from a left join b on a.x = b.x cross join c group by a.x",
    "select x, sum(y) as y from a group by x, date_trunc('month', day) having count(*) > 1",
    "select unnest(x::bigint[]) as n from a",
    "select unnest(x) as n from (select x, count(*) over (partition by y)::bigint as m from a) as b",
    "select x::double / y / z, (x + y)::double / nullif(z, 0), count(*)::double / 7 from a",
    "select count(distinct x) filter (where y)::bigint, (count(*) filter (where y))::bigint from a",
    "select count(*) over (partition by x)::bigint from a",
    "select unnest(generate_series(1::bigint, 12::bigint)) as n",
    "select unnest(range(3)::bigint[]) as m",
    "select n from range(10::bigint) as r(n)",
    "select unnest(generate_series(date '2026-01-31', date '2026-12-31', interval 1 month)) as month_end",
    "select row_number() over (partition by x order by amount desc, doc_id)::bigint as place from a",
    "select rank() over w::bigint as place from a window w as (partition by x order by amount, doc_id)",
    "select x from a qualify row_number() over (partition by x order by day, line_no) = 1",
]


@pytest.mark.parametrize(("rule", "query"), BAD)
def test_a_rule_finds_what_is_not_portable(rule: Callable[[exp.Expr], list[str]], query: str) -> None:
    assert len(rule(sqlglot.parse_one(query, dialect="duckdb"))) == 1


@pytest.mark.parametrize("query", GOOD)
def test_no_rule_minds_portable_sql(query: str) -> None:
    tree = sqlglot.parse_one(query, dialect="duckdb")
    assert [message for rule in RULES for message in rule(tree)] == []


def test_there_is_sql_to_check() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SQL)))
def test_every_file_is_portable(path: Path) -> None:
    trees = sqlglot.parse(path.read_text(encoding="utf-8"), dialect="duckdb")
    assert [message for tree in trees if tree for rule in RULES for message in rule(tree)] == []
