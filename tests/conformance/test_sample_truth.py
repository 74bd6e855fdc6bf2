"""The sample exports against the truth their generator wrote beside them, to the last decimal, now and in the past."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import receivables
from receivables.assets import sample_dir

if TYPE_CHECKING:
    from pathlib import Path

TRUTHS = {
    dialect: json.loads((sample_dir() / dialect / "truth.json").read_text(encoding="utf-8"))
    for dialect in ("canonical", "sap_fbl5n")
}
POSITIONS = [(dialect, day) for dialect, truth in TRUTHS.items() for day in truth["positions"]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the sample was read: two companies in two dialects."""
    place = tmp_path_factory.mktemp("sample")
    receivables.nightly(place, inbox=sample_dir(), deliver=False)
    return place


@pytest.mark.parametrize(("dialect", "day"), POSITIONS)
def test_what_is_open_is_what_the_generator_says(home: Path, dialect: str, day: str) -> None:
    truth: dict[str, Any] = TRUTHS[dialect]
    position = truth["positions"][day]
    receivables.build(home, as_of=date.fromisoformat(day))
    with receivables.open_warehouse(home) as warehouse:
        open_items = warehouse.con.execute(
            "select customer_id, currency, sum(open_doc), sum(open_local) from marts.aging where company_id = ? group by all",
            [truth["company_id"]],
        ).fetchall()
        buckets = warehouse.con.execute(
            "select bucket, sum(open_local) from marts.aging where company_id = ? group by all", [truth["company_id"]]
        ).fetchall()
        untied = warehouse.con.execute("select count(*) from checks.control_difference").fetchall()
    got = {
        (customer.removeprefix(f"{truth['company_id']}:"), currency): (doc, local)
        for customer, currency, doc, local in open_items
    }
    assert got == {
        (row["customer_id"], row["currency"]): (Decimal(row["open_doc"]), Decimal(row["open_local"]))
        for row in position["open"]
    }
    if "buckets" in position:
        expected = {
            key: Decimal(value["open_local"] if isinstance(value, dict) else value)
            for key, value in position["buckets"].items()
        }
        assert dict(buckets) == {key: value for key, value in expected.items() if value}
    assert untied == [(0,)]


def test_every_line_of_every_file_is_accounted_for(home: Path) -> None:
    with receivables.open_warehouse(home) as warehouse:
        rows = warehouse.con.execute(
            "select file_name, sum(lines_read), sum(lines_loaded + lines_quarantined + lines_skipped) from ops.batch group by all"
        ).fetchall()
    physical = {
        path.name: len(path.read_bytes().splitlines())
        for path in sample_dir().rglob("*")
        if path.suffix in (".csv", ".txt")
    }
    assert {name: read for name, read, _ in rows} == physical
    assert all(read == told for _, read, told in rows)
