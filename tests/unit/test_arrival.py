from __future__ import annotations

import pytest

from receivables.arrival import refuse_cut_off
from receivables.errors import FileRefused
from receivables.settings import Ingest


@pytest.mark.parametrize(
    ("records", "items"),
    [(65_536, 65_535), (65_536, 65_530), (65_540, 65_535), (1_048_576, 1_048_570), (1_048_577, 1_048_575)],
)
def test_a_file_that_fills_a_spreadsheet_was_cut_off(records: int, items: int) -> None:
    with pytest.raises(FileRefused, match=r"list\.xls with (65,536|1,048,576) rows"):
        refuse_cut_off("list.xls", records, items, Ingest())


@pytest.mark.parametrize(("records", "items"), [(65_535, 65_534), (65_537, 65_536), (1_048_575, 1_048_574), (3, 2)])
def test_a_file_that_ends_elsewhere_was_not(records: int, items: int) -> None:
    refuse_cut_off("list.xls", records, items, Ingest())


def test_the_limits_are_a_setting() -> None:
    refuse_cut_off("list.xls", 65_536, 65_535, Ingest(sheet_rows=()))
