from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from receivables.engine import connect
from receivables.errors import UsageError
from receivables.warehouse import Warehouse, open_warehouse, published_file, published_run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose published file has one table."""
    folder = tmp_path / "warehouse"
    folder.mkdir()
    with closing(connect(folder / "receivables-r1.duckdb")) as con:
        con.execute("create schema marts")
        con.execute("create table marts.aging as select 1.10::decimal(18, 4) as open_local, date '2024-03-04' as as_of")
        con.execute("comment on table marts.aging is 'One row per cent.'")
    (folder / "receivables.duckdb").symlink_to("receivables-r1.duckdb")
    return tmp_path


def test_the_published_name_leads_to_the_file_of_its_run(home: Path) -> None:
    assert published_file(home) == home / "warehouse" / "receivables-r1.duckdb"
    assert published_run(home) == "r1"


def test_where_nothing_was_published_there_is_no_run(tmp_path: Path) -> None:
    assert published_run(tmp_path) is None
    with pytest.raises(UsageError, match="which does not exist; expected a home in which a night was published; try "):
        published_file(tmp_path)


def test_a_table_is_a_frame_of_exact_types(home: Path) -> None:
    with open_warehouse(home) as warehouse:
        frame = warehouse.table("marts.aging")
    assert frame.dtypes.to_dict() == {
        "open_local": pd.ArrowDtype(pa.decimal128(18, 4)),
        "as_of": pd.ArrowDtype(pa.date32()),
    }
    assert frame["open_local"].tolist() == [Decimal("1.1000")]


def test_tables_are_listed_with_what_a_row_is(home: Path) -> None:
    with open_warehouse(home) as warehouse:
        assert warehouse.tables() == {"marts.aging": "One row per cent."}


@pytest.mark.parametrize("name", ["marts.agings", "aging", "MARTS.AGING", "marts.aging; select 1"])
def test_an_unknown_table_is_answered_with_the_nearest(name: str, home: Path) -> None:
    with open_warehouse(home) as warehouse, pytest.raises(UsageError, match=r"; try marts\.aging$"):
        warehouse.table(name)


def test_a_warehouse_that_was_closed_lets_go_of_its_file(home: Path) -> None:
    warehouse = Warehouse(published_file(home))
    warehouse.close()
    with closing(connect(warehouse.path)) as con:
        con.execute("drop table marts.aging")
