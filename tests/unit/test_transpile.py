"""What DuckDB and Spark do differently is written out when a query is transpiled."""

from __future__ import annotations

from datetime import date

import pytest
from sqlglot.schema import MappingSchema

from receivables.engine.transpile import spark_type, to_spark

SCHEMA = MappingSchema(
    {
        "m": {
            "a": {
                "key_id": "VARCHAR",
                "day": "DATE",
                "until": "DATE",
                "n": "INTEGER",
                "amount": "DECIMAL(18,4)",
                "share": "DOUBLE",
                "words": "VARCHAR[]",
            },
            "b": {"n": "INTEGER", "key_id": "VARCHAR", "day": "DATE"},
        }
    },
    dialect="duckdb",
)


def spark(sql: str) -> str:
    """The one column of a query on `m.a`, in Spark's words, its own table's name aside."""
    text = to_spark(f"select {sql} as x from m.a as a", SCHEMA, {"as_of": date(2026, 10, 31)})
    return text.removeprefix("SELECT ").removesuffix(" AS `x` FROM `m__a` AS `a`").replace("`a`.", "").replace("`", "")


@pytest.mark.parametrize(
    ("duckdb", "expected"),
    [
        ("getvariable('as_of')", "CAST('2026-10-31' AS DATE)"),
        ("date_diff('day', day, until)", "CAST(DATEDIFF(until, day) AS BIGINT)"),
        (
            "date_diff('month', day, until)",
            "CAST(((YEAR(until) - YEAR(day)) * 12 + MONTH(until) - MONTH(day)) AS BIGINT)",
        ),
        ("until - day", "DATEDIFF(until, day)"),
        ("day - 1", "day - 1"),
        ("day + to_months(n)", "ADD_MONTHS(day, (n))"),
        ("day - to_months(n)", "ADD_MONTHS(day, -(n))"),
        ("date_trunc('month', day)", "TRUNC(day, 'MONTH')"),
        ("isodow(day)", "(WEEKDAY(day) + 1)"),
        ("amount::integer", "CAST(ROUND(amount, 0) AS INT)"),
        ("share::bigint", "CAST(RINT(share) AS BIGINT)"),
        (
            "share::decimal(12, 6)",
            "CAST((CAST(ROUND((share) * CAST(1000000 AS DOUBLE), 0) AS DECIMAL(38, 0)) * CAST(1e-6 AS DECIMAL(7, 6))) AS DECIMAL(12, 6))",
        ),
        ("n::bigint", "CAST(n AS BIGINT)"),
        ("amount::hugeint", "CAST(ROUND(amount, 0) AS DECIMAL(38, 0))"),
        ("avg(amount)", "AVG(CAST(amount AS DOUBLE))"),
        ("max_by(n, day)", "MAX_BY(n, CASE WHEN NOT n IS NULL THEN day END)"),
        ("share / (share - 1)", "share / NULLIF(share - 1, 0)"),
        ("share / 7", "share / 7"),
        ("n // n", "n DIV NULLIF(n, 0)"),
        ("median(share)", "MEDIAN(share)"),
        ("-amount", "(CAST(-1 AS DECIMAL(1, 0)) * (amount))"),
        ("len(words)", "SIZE(words)"),
        ("length(key_id)", "LENGTH(key_id)"),
        ("list_has_any(words, words)", "ARRAYS_OVERLAP(words, words)"),
        (
            "day >= date '2026-01-01' and is_sale(key_id)",
            "day >= CAST('2026-01-01' AS DATE) AND (key_id IN ('invoice', 'debit_note', 'credit_note'))",
        ),
        ("at_most(n + 1, n)", "(CASE WHEN (n + 1) > n THEN n ELSE (n + 1) END)"),
    ],
)
def test_an_expression_says_the_same_in_spark(duckdb: str, expected: str) -> None:
    assert spark(duckdb) == expected


def test_a_union_by_name_is_put_in_order() -> None:
    query = "select key_id, n from m.a union all by name select * from m.b"
    found = to_spark(query, SCHEMA, {}).replace("`", "")
    assert found == (
        "SELECT a.key_id AS key_id, a.n AS n, NULL AS day FROM m__a AS a"
        " UNION ALL SELECT b.key_id AS key_id, b.n AS n, b.day AS day FROM m__b AS b"
    )


def test_a_star_that_replaces_is_told_column_by_column() -> None:
    found = to_spark("select * exclude (day) replace (n + 1 as n) from m.b", SCHEMA, {}).replace("`", "")
    assert found == "SELECT b.n + 1 AS n, b.key_id AS key_id FROM m__b AS b"


def test_a_minus_is_no_part_of_a_windows_name() -> None:
    query = "select lag(n) over w - n as x from m.a window w as (partition by key_id order by day)"
    assert to_spark(query, SCHEMA, {}).replace("`", "").startswith("SELECT (LAG(a.n) OVER w) - a.n AS x ")


def test_a_product_is_taken_in_one_by_one() -> None:
    query = "select product(share) over (order by day) as x from m.a"
    assert to_spark(query, SCHEMA, {}).replace("`", "") == (
        "SELECT AGGREGATE(COLLECT_LIST(CAST(a.share AS DOUBLE)) OVER (ORDER BY a.day NULLS LAST), CAST(1 AS DOUBLE),"
        " (so_far, next) -> so_far * next) AS x FROM m__a AS a"
    )


@pytest.mark.parametrize(
    "query", ["select median(amount) as x from m.a", "select median(share) over (order by day) as x from m.a"]
)
def test_a_median_of_decimals_or_of_a_moving_window_is_that_of_a_list(query: str) -> None:
    assert "ARRAY_SORT(COLLECT_LIST(" in to_spark(query, SCHEMA, {})


def test_an_interval_nobody_gave_a_rule_for_is_refused() -> None:
    with pytest.raises(ValueError, match="date_diff by week"):
        spark("date_diff('week', day, until)")


@pytest.mark.parametrize(
    ("duckdb", "expected"),
    [
        ("HUGEINT", "DECIMAL(38, 0)"),
        ("DECIMAL(18,4)", "DECIMAL(18, 4)"),
        ("VARCHAR[]", "ARRAY<STRING>"),
        ("TIMESTAMP", "TIMESTAMP_NTZ"),
        ("DOUBLE", "DOUBLE"),
    ],
)
def test_types_have_their_names_in_spark(duckdb: str, expected: str) -> None:
    assert spark_type(duckdb) == expected
