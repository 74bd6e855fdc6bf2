"""What analysts get on a published night: words for every column, month ends, curves and scores equal to the published ones, evidence down to the line."""

from __future__ import annotations

import doctest
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pytest

import receivables
from factories import allocation, company, customer, document, payment
from homes import MONDAY, TUESDAY, business, changed, quick_night, tell
from receivables import analyst, schema
from receivables.analyst import AnalystWarehouse, notebook_home
from receivables.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from receivables.analyst.curves import SubsetCurve

CURVE: Final = (
    "at_risk",
    "customers_at_risk",
    "largest_share",
    "cash",
    "loss",
    "dilution",
    "transferred",
    "open_share",
    "cash_lo",
    "cash_hi",
)
SUCCESS: Final = ("p", "p_lo", "p_hi", "upper_bound", "loss")
MEMBERS: Final = {
    "all": "true",
    "company": "company_id = 'ES01'",
    "territory": "territory = 'ES01:ES-N'",
    "terms": "terms = 'ES01:N60'",
    "grade": "company_id = 'ES01' and grade = 'A'",
    "amount_band": "company_id = 'ES01' and amount_band = 'to_1000'",
    "customer_type": "company_id = 'ES01' and customer_type = 'wholesale'",
    "salesperson": "company_id = 'ES01' and salesperson = 'Zofia Gąsiorek'",
}
"""A segment of each kind, as a condition on its money."""


@pytest.fixture(scope="module")
def wh(sample_home: Path) -> Iterator[AnalystWarehouse]:
    """The sample's night."""
    with receivables.open_warehouse(sample_home) as warehouse:
        yield warehouse


def segment_of(wh: AnalystWarehouse, kind: str) -> str:
    """The segment of a kind that `MEMBERS` has the condition of."""
    names = "company_id, territory, salesperson, grade, terms, amount_band, customer_type"
    [(segment,)] = wh.con.execute(
        f"select distinct segment_of('{kind}', {names}) from marts.exposure_tranche where {MEMBERS[kind]}"
    ).fetchall()
    return str(segment)


def assert_same(mine: pd.DataFrame, published: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for name in columns:
        expected = published[name].to_numpy(dtype=np.float64, na_value=np.nan)
        np.testing.assert_allclose(mine[name].to_numpy(dtype=np.float64), expected, rtol=0, atol=1e-9, err_msg=name)
    assert mine["reason"].fillna("").tolist() == published["reason"].astype("object").fillna("").tolist()


@pytest.mark.parametrize("kind", MEMBERS)
@pytest.mark.parametrize(("history", "basis", "weight"), [("24m", "gross", "amount"), ("all", "net", "count")])
def test_the_curve_of_a_segment_is_the_published_one(
    kind: str, history: Any, basis: Any, weight: Any, wh: AnalystWarehouse
) -> None:
    asked = f"segment_kind = '{kind}' and segment = '{segment_of(wh, kind)}' and history = '{history}' and basis = '{basis}' and weight = '{weight}'"
    mine = wh.curve(where=MEMBERS[kind], history=history, basis=basis, weight=weight)
    # beyond the ages that have customers enough only the curve drawn to the company's is published
    last = -1 if mine.told.last_age is None else mine.told.last_age
    published = wh.table("marts.collection_curve", f"{asked} and age_days <= {last}").sort_values("age_days")
    assert mine.table["age_days"].tolist() == published["age_days"].tolist()
    assert_same(mine.table, published, CURVE)
    chances = wh.table("marts.collection_success", asked).sort_values(
        ["overdue_days", "horizon_days"], na_position="last"
    )
    assert len(mine.success) == len(chances)
    assert_same(mine.success, chances, SUCCESS)


def test_enough_of_the_compared_curves_are_told(wh: AnalystWarehouse) -> None:
    told = {kind for kind, where in MEMBERS.items() if len(wh.curve(where=where).table) > 20}
    assert told >= {"all", "company", "amount_band", "customer_type"}


@pytest.mark.parametrize("how", ["condition", "ids", "frame"])
def test_customers_are_named_by_condition_ids_or_frame(how: str, wh: AnalystWarehouse) -> None:
    frame = wh.query("select customer_id from core.customer where country = 'ES'")
    customers: Any = {"condition": "country = 'ES'", "ids": frame["customer_id"].tolist(), "frame": frame}[how]
    expected = wh.curve(where="customer_id in (select customer_id from core.customer where country = 'ES')")
    pd.testing.assert_frame_equal(wh.curve(customers).table, expected.table)
    assert set(wh.score(customers).customers.index) == set(frame["customer_id"]) & set(
        wh.table("marts.rating")["customer_id"]
    )


def test_few_customers_are_not_told(wh: AnalystWarehouse) -> None:
    curve = wh.curve(wh.table("core.customer")["customer_id"].head(3))
    assert (len(curve.table), len(curve.success)) == (0, 0)
    assert "too few customers, at least 5" in str(curve)
    assert curve.chart.figure
    with pytest.raises(UsageError, match="nothing, as too few customers stand behind it"):
        curve.at(30)


def test_of_nobody_there_is_a_curve_that_tells_nothing(wh: AnalystWarehouse) -> None:
    curve = wh.curve([])
    assert (curve.customers, curve.tranches, curve.currency, len(curve.table), len(curve.success)) == (0, 0, None, 0, 0)
    assert "0 customers" in curve._repr_html_()
    assert wh.score([]).customers.empty


def test_scores_are_the_published_ones(wh: AnalystWarehouse) -> None:
    mine, published = wh.score().customers, wh.table("marts.rating").set_index("customer_id")
    assert len(mine) == len(published) > 20
    for name in (
        "company_id",
        "status",
        "score",
        "completeness",
        "basic_points",
        "operating_points",
        "payment_points",
        "file_score",
        "file_completeness",
        "raw_grade",
    ):
        told = published[name].astype("object").fillna("none")
        assert mine[name].astype("object").reindex(published.index).fillna("none").tolist() == told.tolist(), name
    cap = wh.table("marts.rating_history", f"review_date = date '{wh.as_of}'").set_index("customer_id")["cap"]
    assert mine["cap"].fillna("none").to_dict() == cap.astype("object").fillna("none").to_dict()


def test_a_part_is_scored_as_in_the_whole(wh: AnalystWarehouse) -> None:
    whole = wh.score()
    some = list(whole.customers.index[:4])
    pd.testing.assert_frame_equal(wh.score(some).customers, whole.customers.loc[some])
    pd.testing.assert_frame_equal(wh.score(some).points, whole.points.loc[some])


def test_another_card_scores_otherwise_and_changes_nothing_in_the_home(wh: AnalystWarehouse) -> None:
    before = wh.score().customers
    stricter = wh.score(
        changed={"rating": {"completeness_min": "0.99"}, "scorecard": {"stale_months": 0, "ignored_months": 0}}
    )
    assert stricter.customers["completeness"].mean() < before["completeness"].mean()
    assert not wh.has_other_settings
    pd.testing.assert_frame_equal(wh.score().customers, before)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ratings": {}}, "unknown key ratings in the settings given"),
        ({"rating": {"completeness_min": "7"}}, "less than or equal to 1"),
        ({"rating": 3}, "rating = 3"),
    ],
)
def test_settings_that_are_none_are_refused(changed: Any, said: str, wh: AnalystWarehouse) -> None:
    with pytest.raises(SettingsError, match=said):
        wh.score(changed=changed)


def test_month_ends_add_up_to_what_is_owed(wh: AnalystWarehouse) -> None:
    aging, total = wh.month_end_series("aging"), wh.month_end_series("receivables_total")
    assert aging.index[-1] == total.index[-1] == wh.as_of
    assert list(aging["ES01"].columns) == wh.table("params.bucket").sort_values("ordinal")["bucket"].tolist()
    assert aging["ES01"].iloc[-1].sum() == wh.table("marts.aging", "company_id = 'ES01'")["open_local"].sum()
    assert all(isinstance(value, Decimal) for value in aging["ES01"].iloc[-1])
    assert [sum(row) for row in aging["ES01"].to_numpy()] == total["ES01"].tolist()


def test_a_day_on_which_nothing_is_open_is_told_with_zeros(empty_home: Path) -> None:
    paid = {
        "company": [company()],
        "customer": [customer()],
        "document": [document("D1", "100.00", doc_date=date(2024, 1, 10))],
        "payment": [payment("P1", "100.00", pay_date=date(2024, 2, 10))],
        "allocation": [allocation("A1", "100.00", from_payment_id="P1", to_doc_id="D1", alloc_date=date(2024, 2, 10))],
    }
    tell(empty_home, paid, MONDAY)
    quick_night(empty_home)
    with receivables.open_warehouse(empty_home) as wh:
        aging, total = wh.month_end_series("aging"), wh.month_end_series("receivables_total")
        assert list(aging.index) == list(total.index)
        assert [sum(row) for row in aging["ES01"].to_numpy()] == total["ES01"].tolist()
        assert (max(total["ES01"]), total["ES01"].iloc[-1]) == (100, 0)


def test_every_published_table_can_be_read(wh: AnalystWarehouse) -> None:
    for name in wh.tables():
        wh.query(f"select * from {name} limit 0")


def test_every_row_of_the_words_names_a_published_column(wh: AnalystWarehouse) -> None:
    there = {
        (f"{schema_name}.{table}", column)
        for schema_name, table, column in wh.con.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
        ).fetchall()
    }
    assert [
        (table, name) for table, names in schema.told_columns().items() for name in names if (table, name) not in there
    ] == []


@pytest.mark.parametrize("table", [*schema.told_columns(), "marts.aging", "core.document", "core.customer"])
def test_a_table_with_words_has_them_for_every_column(table: str, wh: AnalystWarehouse) -> None:
    described = wh.describe(table)
    assert [column.name for column in described.columns if not column.meaning] == []
    assert described.grain.startswith("One row")
    assert described.rows == len(wh.table(table))
    assert all(column.unit for column in described.columns if column.name.endswith(("_local", "_doc", "_group")))
    for column in described.columns:
        assert column.name in str(described)
        assert column.name in described._repr_html_()


def test_tables_are_found_by_their_words(wh: AnalystWarehouse) -> None:
    found = wh.tables("collection_success")
    assert "marts.collection_success" in found
    assert len(found) < len(wh.tables())
    assert "<td style=text-align:left>marts.collection_success</td>" in found._repr_html_()


def test_evidence_leads_to_the_line_of_the_file(wh: AnalystWarehouse, sample_home: Path) -> None:
    named = wh.evidence().dropna(subset=["record_id"])
    assert {"document", "payment"} & set(named["record"])
    for row in named.head(40).itertuples():
        [file] = (sample_home / "inbox").glob(str(row.file_name))
        line = file.read_text("utf-8").splitlines()[int(str(row.line_no)) - 1]
        assert str(row.record_id).removeprefix("ES01:") in line, (row.record, line)


def test_every_flag_has_its_evidence_gravest_first(wh: AnalystWarehouse) -> None:
    evidence, flags = wh.evidence(), wh.table("marts.anomaly").sort_values("place")
    assert list(evidence["flag_id"].drop_duplicates()) == flags["flag_id"].tolist()
    one = evidence["flag_id"].iloc[0]
    pd.testing.assert_frame_equal(wh.evidence(one), evidence[evidence["flag_id"] == one])


def test_the_aging_is_drawn_and_told(wh: AnalystWarehouse) -> None:
    shown = wh.aging_chart("ES01")._repr_mimebundle_()
    assert shown["text/plain"] == "Open items of ES01 by days overdue, EUR"
    assert len(shown["application/vnd.plotly.v1+json"]["data"][0]["x"]) == len(wh.table("params.bucket"))


def test_a_curve_is_drawn_day_by_day(wh: AnalystWarehouse) -> None:
    curve = wh.curve()
    drawn = curve.chart._repr_mimebundle_()["application/vnd.plotly.v1+json"]["data"]
    cash = next(trace for trace in drawn if trace.get("hovertext"))
    assert cash["x"] == list(range(len(cash["x"])))
    assert cash["y"][30] == pytest.approx(curve.at(30)["cash"])


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda wh: wh.curve("country = ES'"), "expected a SQL condition on core.customer"),
        (lambda wh: wh.curve(["C1"]), "got customer 'C1'; expected an id of core.customer; try "),
        (lambda wh: wh.curve([None]), "got customer None"),
        (lambda wh: wh.curve(7), "got customers 7; expected a SQL condition, ids or a frame"),
        (lambda wh: wh.curve(wh.table("params.bucket")), "expected a column customer_id"),
        (lambda wh: wh.curve(where="nothing = 1"), "expected a SQL condition on marts.exposure_tranche"),
        (lambda wh: wh.curve(history="12m"), "got history '12m'; expected one of all, 24m; try 24m"),
        (lambda wh: wh.month_end_series("dso"), "try dso_days"),
        (lambda wh: wh.describe("aging"), "try marts.aging"),
        (lambda wh: wh.evidence("F0"), "got flag 'F0'; expected a flag of this night"),
        (lambda wh: wh.aging_chart("ES02"), "got company 'ES02'; expected a company of core.company; try ES01"),
        (
            lambda wh: wh.query("select avg(open_local) as open_local from marts.aging"),
            "expected money as DECIMAL; try open_local::decimal",
        ),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(ask: Any, said: str, wh: AnalystWarehouse) -> None:
    with pytest.raises(UsageError, match=said) as failure:
        ask(wh)
    assert failure.value._render_traceback_() == [f"UsageError: {failure.value}"]
    assert "\n" not in str(failure.value)


def test_the_documented_examples_run(sample_home: Path) -> None:
    globs = {"home": sample_home}
    [told] = doctest.DocTestFinder(recurse=False).find(analyst, "analyst", globs=globs)
    assert len(told.examples) > 15
    said: list[str] = []
    failed = doctest.DocTestRunner().run(told, out=said.append)
    assert failed.failed == 0, "".join(said)


# Nights that come and go ---------------------------------------------------------------------------------------------


def test_an_open_night_stays_itself_and_says_that_another_came(home: Path) -> None:
    with receivables.open_warehouse(home) as monday:
        assert monday.is_latest
        before = monday.trace("D1").items
        tell(home, changed(business(), "document", "D1", due_date=TUESDAY), TUESDAY)
        quick_night(home)
        assert not monday.is_latest
        assert "a later night was published" in repr(monday)
        pd.testing.assert_frame_equal(monday.trace("D1").items, before)
        with receivables.open_warehouse(home) as tuesday:
            assert (tuesday.as_of, tuesday.is_latest) == (TUESDAY, True)
            assert tuesday.trace("D1").items["due_date"].tolist() == [TUESDAY]
        assert monday.trace_cell().period_end == MONDAY
        assert {told.period_end for told in monday.trace_metric("receivables_total")} == {MONDAY}


def test_changed_settings_are_told(home: Path) -> None:
    with receivables.open_warehouse(home) as warehouse:
        assert not warehouse.has_other_settings
    settings = home / "receivables.toml"
    settings.write_text(
        settings.read_text("utf-8").replace("#min_customers = 5", "min_customers = 2"), encoding="utf-8"
    )
    with receivables.open_warehouse(home) as warehouse:
        assert warehouse.has_other_settings
        assert "the settings have changed since" in repr(warehouse)


def test_money_of_several_ledgers_is_added_up_only_with_rates(home: Path) -> None:
    told = business("US01")
    tell(home, told | {"company": [told["company"][0] | {"local_currency": "USD"}]}, MONDAY, "US01")
    quick_night(home)
    with receivables.open_warehouse(home) as warehouse:
        with pytest.raises(
            UsageError,
            match=r"got money in EUR and USD, \d+ units of it without a rate into one currency; .*; try weight=\"count\"",
        ):
            warehouse.curve()
        assert warehouse.curve(weight="count").currency is None
        own: SubsetCurve = warehouse.curve(where="company_id = 'US01'")
        assert own.currency == "USD"


def test_a_hostile_name_is_shown_as_text(home: Path) -> None:
    name = "<script>alert(1)</script>"
    told = business()
    tell(home, told | {"customer": [customer("C1", name=name), *told["customer"][1:]]}, TUESDAY)
    quick_night(home)
    with receivables.open_warehouse(home) as warehouse:
        frame = warehouse.query("select name from core.customer where customer_id = 'ES01:C1'")
        assert frame["name"].tolist() == [name]
        assert "<script" not in frame._repr_html_()  # type: ignore[operator]  # pandas shows frames by it
        assert "<script" not in warehouse.curve(where=f"customer_id <> '{name}'", weight="count")._repr_html_()
        with pytest.raises(UsageError) as failure:
            warehouse.curve([name])
        assert name in str(failure.value)


def test_notebooks_look_at_the_home_that_is_named_or_at_the_demo(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "checkout"
    (place / "notebooks").mkdir(parents=True)
    monkeypatch.chdir(place / "notebooks")
    monkeypatch.delenv("RECEIVABLES_HOME", raising=False)
    with pytest.raises(
        UsageError, match=r"got no RECEIVABLES_HOME and no data/demo in .*; try make demo, or RECEIVABLES_HOME=DIR"
    ):
        notebook_home()
    (place / "data").mkdir()
    shutil.copytree(home, place / "data" / "demo", symlinks=True)
    assert notebook_home() == place / "data" / "demo"
    monkeypatch.setenv("RECEIVABLES_HOME", str(home))
    assert notebook_home() == home
