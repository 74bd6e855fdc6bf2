from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from receivables.comparison import differences

if TYPE_CHECKING:
    from pathlib import Path

TOLD = "create schema marts; create table marts.rating as select * from (values ('C1', 1.25::decimal(18, 4), 0.5::double, 'r1'), ('C1', 1.25, 0.75, 'r1'), ('C2', null, null, 'r1')) as t (customer_id, owed, score, run_id)"


def made(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)
    return path


def told_of(tmp_path: Path, *changes: str) -> list[str]:
    one, other = made(tmp_path / "one.duckdb", TOLD), made(tmp_path / "other's.duckdb", TOLD, *changes)
    with duckdb.connect() as con:
        return [found.how for found in differences(con, one, other)]


@pytest.mark.parametrize(
    "change",
    [
        "select 1",
        "update marts.rating set run_id = 'r2'",
        "update marts.rating set score = score * (1 + 9e-10)",
        "create or replace table marts.rating as select * from marts.rating order by owed desc, score desc",
    ],
)
def test_files_are_equal_whatever_the_run_and_order_and_with_doubles_apart_by_rounding(
    tmp_path: Path, change: str
) -> None:
    assert told_of(tmp_path, change) == []


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (
            "update marts.rating set score = score * (1 + 3e-9) where score > 0.6",
            "with 1 rows that only the first has, and 1 that only the second has",
        ),
        (
            "update marts.rating set owed = 1.2501 where score = 0.5",
            "with 1 rows that only the first has, and 1 that only the second has",
        ),
        (
            "update marts.rating set score = 0 where customer_id = 'C2'",
            "with 1 rows that only the first has, and 1 that only the second has",
        ),
        (
            "insert into marts.rating from marts.rating where score = 0.5",
            "with 0 rows that only the first has, and 1 that only the second has",
        ),
        ("alter table marts.rating rename score to points", "with other columns: points, score"),
        ("drop table marts.rating", "only in the first of the two"),
    ],
)
def test_what_differs_is_told_by_table(tmp_path: Path, change: str, how: str) -> None:
    assert told_of(tmp_path, change) == [f"marts.rating {how}"]
