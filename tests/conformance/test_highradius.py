"""A food company's real ledger: settled invoices replayed at past dates to the cent, and its two open-item files."""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import pytest

import receivables
from homes import ask
from receivables.land import Reading

if TYPE_CHECKING:
    from receivables.warehouse import Warehouse

PROFILE: Final = str(Path(__file__).with_name("closed_rebuilt.toml"))
BUCKETS: Final = ("not_due", "d1_30", "d31_60", "d61_90", "d91_180")
PUBLISHED: Final = {
    date(2019, 6, 30): ("51.43", "6.63", ".664", ".182", ".061"),
    date(2019, 9, 30): ("49.47", "4.95", ".277", ".063", ".044"),
}
"""The sums written beside the data set, in millions."""


@pytest.fixture(scope="module")
def settled(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the settled invoices, read once for all dates."""
    home = tmp_path_factory.mktemp("settled")
    source = reference_data / "data" / "highradius" / "closed_rebuilt.csv"
    outcome = receivables.ingest([source], home, reading=Reading(profile=PROFILE))
    assert [file.outcome for file in outcome.files] == ["loaded"]
    return home


@cache
def told_by(source: Path) -> pd.DataFrame:
    """The file's rows with their amounts in cents, read with pandas."""
    rows = pd.read_csv(source, dtype=str, parse_dates=["clear_date", "due_in_date"])
    return rows.assign(cents=[int(Decimal(text) * 100) for text in rows["total_open_amount"]])


def pandas_check(source: Path, as_of: date) -> dict[str, Decimal]:
    """The same question asked of the file with pandas: cents open per bucket, nothing of the product used."""
    day, rows = pd.Timestamp(as_of), told_by(source)
    is_open = (rows["clear_date"] > day) & (rows["due_in_date"] - pd.Timedelta(days=15) <= day)
    late = (day - rows.loc[is_open, "due_in_date"]).dt.days
    place = pd.cut(late, [-10_000, 0, 30, 60, 90, 180, 10_000], labels=[*BUCKETS, "older"])
    sums = rows.loc[is_open].groupby(place, observed=False)["cents"].sum()
    return {str(bucket): Decimal(int(cents)) / 100 for bucket, cents in sums.items()}


def buckets(warehouse: Warehouse) -> dict[str, Decimal]:
    """Open per bucket, as published."""
    return dict(warehouse.con.execute("select bucket, sum(open_doc) from marts.aging group by bucket").fetchall())


@pytest.mark.parametrize("as_of", PUBLISHED)
def test_past_dates_come_out_to_the_cent(settled: Path, reference_data: Path, as_of: date) -> None:
    receivables.build(settled, as_of=as_of)
    with receivables.open_warehouse(settled) as warehouse:
        got = buckets(warehouse)
        control = warehouse.con.execute("select difference, difference_local from marts.aging_control").fetchall()
    expected = pandas_check(reference_data / "data" / "highradius" / "closed_rebuilt.csv", as_of)
    assert {bucket: got.get(bucket, Decimal(0)) for bucket in (*BUCKETS, "older")} == expected
    for bucket, millions in zip(BUCKETS, PUBLISHED[as_of], strict=True):
        places = Decimal(1).scaleb(Decimal(millions).as_tuple().exponent)  # type: ignore[arg-type]  # finite by construction
        assert (got[bucket] / 1_000_000).quantize(places) == Decimal(millions)
    assert control == [(0, 0)]


def test_money_settled_before_its_assumed_document_date_is_unapplied_not_lost(
    settled: Path, reference_data: Path
) -> None:
    as_of = date(2019, 6, 30)
    receivables.build(settled, as_of=as_of)
    rows = pd.read_csv(reference_data / "data" / "highradius" / "closed_rebuilt.csv", dtype=str)
    early = [
        Decimal(amount)
        for cleared, due, amount in zip(rows["clear_date"], rows["due_in_date"], rows["total_open_amount"], strict=True)
        if date.fromisoformat(cleared) <= as_of and (date.fromisoformat(due) - as_of).days > 15
    ]
    with receivables.open_warehouse(settled) as warehouse:
        assert buckets(warehouse)["unapplied"] == -sum(early)


def test_all_rows_count_and_what_was_done_is_said(settled: Path) -> None:
    outcome = receivables.build(settled, as_of=date(2019, 6, 30))
    assert outcome.needs_person == ()
    with receivables.open_warehouse(settled) as warehouse:
        documents = warehouse.con.execute("select count(*), sum(amount_doc) from core.document").fetchall()
        lines = warehouse.con.execute(
            "select sum(lines_read), sum(lines_loaded), sum(lines_quarantined), sum(lines_skipped) from ops.batch"
        ).fetchall()
        said = warehouse.con.execute(
            "select reason_code, column_name, count, raw_value, repaired_value from ops.issue where action = 'accept_warn'"
        ).fetchall()
    assert documents == [(40_000, Decimal("1282601395.74"))]
    assert lines == [(40_001, 40_000, 0, 1)]
    assert ("KEY_DUPLICATE_SAME", None, 960, "28282093.03", "kept") in said
    assert ("KEY_DERIVED", "doc_no", 40_000, None, "content") in said
    assert ("ASSUMED_VALUE", "doc_date", 40_000, None, "due_date -15 days") in said
    assert ("ASSUMED_VALUE", "currency", 40_000, None, "USD") in said


def test_the_report_says_openly_what_was_assumed_and_kept(settled: Path) -> None:
    receivables.build(settled, as_of=date(2019, 6, 30))
    page = receivables.report(settled).reports["en"].read_text(encoding="utf-8")
    for words in ("960", "28282093.03", "Due date -15 days", "USD"):
        assert words in page, words


@pytest.mark.parametrize(
    ("name", "rows"), [("open_items_MainTest.csv", 9_685), ("open_items_nulldata.csv", 9_681)], ids=["main", "null"]
)
def test_open_item_files_age_at_their_own_date_only(reference_data: Path, tmp_path: Path, name: str, rows: int) -> None:
    source = reference_data / "data" / "highradius" / name
    day = date(2020, 5, 31)
    receivables.ingest([source], tmp_path, reading=Reading(extract_as_of=day))
    receivables.build(tmp_path)
    told = pd.read_csv(source, dtype=str)
    amounts = [
        Decimal(text).quantize(Decimal("0.0001"))
        for text in told.filter(regex="total_open_amount|converted_usd").iloc[:, 0]
    ]
    due = [
        date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:8]}" if "-" not in text else text)
        for text in told["due_in_date"]
    ]
    late = sum(amount for amount, when in zip(amounts, due, strict=True) if when < day)
    with receivables.open_warehouse(tmp_path) as warehouse:
        items = warehouse.con.execute(
            "select count(*), sum(open_doc), sum(open_doc) filter (where days_overdue > 0), bool_and(as_of = date '2020-05-31') from marts.open_item"
        ).fetchall()
        lines = warehouse.con.execute(
            "select sum(lines_read), sum(lines_loaded) + sum(lines_quarantined) + sum(lines_skipped) from ops.batch"
        ).fetchall()
        untied = warehouse.con.execute("select count(*) from marts.aging_control where difference <> 0").fetchall()
    assert items == [(rows, sum(amounts), late, True)]
    assert lines == [(rows + 1, rows + 1)]
    assert untied == [(0,)]
    with pytest.raises(receivables.errors.UsageError, match="--as-of 2020-05-31"):
        receivables.build(tmp_path, as_of=date(2020, 4, 30))


MONTH_ENDS: Final = [day.date() for day in pd.date_range("2019-01-31", "2020-04-30", freq="ME")]
AFTER: Final = date(2020, 5, 31)
"""A day after all month ends, as of which one build tells them all."""


@pytest.fixture(scope="module")
def replayed(settled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settled invoices built once, a day after the last month end."""
    home = tmp_path_factory.mktemp("replayed") / "home"
    shutil.copytree(settled, home, symlinks=True)
    receivables.build(home, as_of=AFTER)
    return home


def test_every_month_end_comes_out_to_the_cent(replayed: Path, reference_data: Path) -> None:
    source = reference_data / "data" / "highradius" / "closed_rebuilt.csv"
    told = ask(
        replayed, "select period_end, bucket, sum(open_doc) from marts.aging_month_end group by period_end, bucket"
    )
    got = {(period_end, bucket): amount for period_end, bucket, amount in told if bucket != "unapplied"}
    expected = {
        (day, bucket): amount for day in MONTH_ENDS for bucket, amount in pandas_check(source, day).items() if amount
    }
    assert {day for day, _ in expected} == set(MONTH_ENDS)
    assert {key: amount for key, amount in got.items() if key[0] in MONTH_ENDS} == expected


CUT: Final = (date(2019, 12, 1), date(2019, 12, 31), 0)
"""The set is cut by fiscal year: of what is due in December nothing is open over its end."""


def cuts(home: Path) -> list[tuple[date, date, int]]:
    """Where the extract is found cut at a period end."""
    return ask(
        home,
        "select from_date, to_date, observed::bigint from marts.completeness where test = 'cut' and not is_complete",
    )


def marks(home: Path, metric: str) -> dict[date, set[str]]:
    """The marks of a figure by period end."""
    rows = ask(home, f"select period_end, marks from marts.kpi where metric = '{metric}' and marks is not null")
    return {period_end: set(json.loads(codes)) for period_end, codes in rows}


def test_a_cut_by_fiscal_year_is_noticed_afterwards_and_the_figures_it_touches_are_marked(replayed: Path) -> None:
    assert cuts(replayed) == [CUT]
    late = marks(replayed, "overdue_total")
    assert {day for day, codes in late.items() if "EXTRACT_CUT" in codes} == {
        date(2019, 12, 31),
        date(2020, 1, 31),
        date(2020, 2, 29),
    }
    # every year of payments that has December in it looks too punctual
    assert {day for day, codes in marks(replayed, "days_beyond_terms").items() if "EXTRACT_CUT" in codes} == {
        *(day for day in MONTH_ENDS if day >= date(2019, 12, 31)),
        AFTER,
    }


def test_a_cut_by_fiscal_year_is_noticed_on_its_day_when_nothing_looks_overdue(
    settled: Path, reference_data: Path
) -> None:
    as_of = date(2019, 12, 31)
    receivables.build(settled, as_of=as_of)
    expected = pandas_check(reference_data / "data" / "highradius" / "closed_rebuilt.csv", as_of)
    with receivables.open_warehouse(settled) as warehouse:
        got = buckets(warehouse)
    assert {bucket: amount for bucket, amount in got.items() if bucket != "unapplied"} == {
        "not_due": expected["not_due"]
    }
    assert sum(amount for bucket, amount in expected.items() if bucket != "not_due") == 0
    assert cuts(settled) == [CUT]
    assert marks(settled, "overdue_total") == {as_of: {"EXTRACT_CUT"}}
    assert ("HRC instalment",) in ask(settled, "select column_name from ops.issue where reason_code = 'EXTRACT_CUT'")


def test_before_the_cut_nothing_is_missed(settled: Path) -> None:
    receivables.build(settled, as_of=date(2019, 11, 30))
    assert ask(settled, "select test, subject from marts.completeness where not is_complete") == []
