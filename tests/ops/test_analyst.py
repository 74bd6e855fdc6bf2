"""The three lines of an analyst: money exact, dates as dates, nothing to break."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

import receivables
from receivables.engine import EngineError
from receivables.errors import UsageError


def test_the_three_lines_work_in_the_folder_of_the_data(home: Path) -> None:
    home.rename(home.with_name("data"))
    code = 'import receivables\nwh = receivables.open_warehouse()\nprint(wh.table("marts.aging")["open_local"].sum())'
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, cwd=home.parent, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("670.5000\n", "")


def test_money_arrives_as_decimal_and_days_as_dates(home: Path) -> None:
    with receivables.open_warehouse(str(home)) as warehouse:
        items = warehouse.table("marts.open_item").set_index("item_id")
        item = items.loc["ES01:D3"].to_dict()
    assert (type(item["open_local"]), item["open_local"]) == (Decimal, Decimal("450.0000"))
    assert (type(item["due_date"]), item["due_date"]) == (date, date(2023, 6, 1))
    assert items["open_local"].sum() == Decimal("670.5000")


@pytest.mark.parametrize("sql", ["delete from marts.aging", "create table x as select 1", "drop table core.document"])
def test_writing_through_it_fails(sql: str, home: Path) -> None:
    with receivables.open_warehouse(home) as warehouse:
        with pytest.raises(Exception, match="read-only"):
            warehouse.con.execute(sql)
        assert len(warehouse.table("marts.aging")) == 5


def test_every_table_says_what_a_row_is(home: Path) -> None:
    with receivables.open_warehouse(home) as warehouse:
        comments = warehouse.tables()
    assert {"marts.aging", "core.document", "ops.batch", "params.bucket"} <= comments.keys()
    published = {name: text for name, text in comments.items() if not name.startswith("params.")}
    assert [name for name, text in published.items() if not text.startswith("One row")] == []


def test_a_query_with_values_gives_a_frame(home: Path) -> None:
    with receivables.open_warehouse(home) as warehouse:
        frame = warehouse.query("select sum(open_doc) as open from marts.aging where currency = ?", ["USD"])
    assert frame["open"].tolist() == [Decimal("500.0000")]


def test_nothing_published_is_told_with_what_to_do(empty_home: Path) -> None:
    with pytest.raises(UsageError, match=f"try receivables nightly --home {empty_home}"):
        receivables.open_warehouse(empty_home)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{file}')",
        "select * from read_text('{file}')",
        "select * from glob('{file}')",
        "copy marts.aging to '{file}.csv'",
        "attach '{file}.duckdb' as other",
        "export database '{file}'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set autoload_known_extensions = true",
        "set temp_directory = '{file}'",
    ],
)
def test_sql_of_a_notebook_reaches_no_other_file_and_no_extension(sql: str, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("let nobody see", encoding="utf-8")
    with (
        receivables.open_warehouse(home) as warehouse,
        pytest.raises(EngineError, match=r"(?i)disabled|locked|permission"),
    ):
        warehouse.con.execute(sql.format(file=file))
    assert {path.name for path in tmp_path.iterdir()} == {"file.txt", "home"}


def test_a_frame_of_ones_own_is_joined_once_it_is_registered(home: Path) -> None:
    with receivables.open_warehouse(home) as warehouse:
        warehouse.con.register("mine", pd.DataFrame({"customer_id": ["ES01:C1"]}))
        frame = warehouse.query("select distinct customer_id from marts.aging join mine using (customer_id)")
    assert frame["customer_id"].tolist() == ["ES01:C1"]


def test_the_published_file_can_be_open_more_than_once_in_one_process(home: Path) -> None:
    with receivables.open_warehouse(home) as first, receivables.open_warehouse(home) as second:
        assert len(first.table("marts.aging")) == len(second.table("marts.aging"))
