"""From a figure to its evidence: every metric and every cell of the aging down to documents, files and lines."""

from __future__ import annotations

import csv
import re
import shlex
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from homes import MONDAY, TUESDAY, ask, business, changed, command, quick_night, set_contracts, tell
from receivables import operands
from receivables.errors import UsageError
from receivables.measure_wording import measure_unit
from receivables.world.specify import World

if TYPE_CHECKING:
    from receivables.tracing import TracedOperand

pytestmark = pytest.mark.wide

MADE_BEFORE: Final = frozenset({"days", "squares", "counted_days", "counted_sales"})
"""Operands that no line of a file tells: days, months and customers, whose documents stand beside them."""


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a year of a small business in several currencies, published."""
    from receivables.world import generate

    home = tmp_path_factory.mktemp("traded")
    receivables.init(home)
    set_contracts(home, enabled=False)
    settings = home / "receivables.toml"
    settings.write_text(
        settings.read_text("utf-8").replace('#reporting_currency = ""', 'reporting_currency = "USD"'), encoding="utf-8"
    )
    generate(home / "inbox", World(12, 5, as_of=date(2025, 9, 17), months=14, invoices_per_customer=25))
    quick_night(home)
    return home


def told(home: Path) -> list[tuple[str, str, date, Decimal | None]]:
    """Every metric, company and day published: the as-of date, and of the month ends one without and one with a year before it."""
    return ask(
        home,
        "select metric, company_id, period_end, value from marts.kpi where period_end = as_of"
        " or period_end in (select distinct period_end from marts.period order by period_end limit 1 offset 1)"
        " or period_end in (select distinct period_end from marts.period where not is_as_of order by period_end desc limit 1)"
        " order by metric, company_id, period_end",
    )


def untraceable(home: Path) -> list[str]:
    """Metrics published that nothing says how to trace."""
    return sorted({metric for metric, *_ in told(home)} - operands.FORMULAS.keys())


def summed(operand: TracedOperand) -> Decimal:
    """What the rows of an operand come to."""
    return sum((Decimal(str(amount)) for amount in operand.rows["amount"]), Decimal(0))


def test_every_published_metric_can_be_traced(traded: Path) -> None:
    assert untraceable(traded) == [], (
        "give these metrics a formula in receivables.operands.FORMULAS, with the rows of its operands"
    )


def test_no_formula_is_of_a_metric_that_is_not_published(traded: Path) -> None:
    assert operands.FORMULAS.keys() - {metric for metric, *_ in told(traded)} == set()


def test_every_published_metric_has_the_unit_that_the_definitions_page_says(traded: Path) -> None:
    published = ask(
        traded,
        "select distinct metric, case unit when 'USD' then 'reporting currency' when company.local_currency then 'ledger currency' else unit end"
        " from marts.kpi as kpi inner join core.company as company on kpi.company_id = company.company_id",
    )
    assert len(published) == len(operands.FORMULAS)
    assert {metric: measure_unit(metric) for metric, _ in published} == dict(published)


def test_rows_sum_to_each_operand_and_the_formula_gives_the_value_published(traded: Path) -> None:
    wrong, lost, seen = [], [], set()
    for metric, company, day, value in told(traded):
        (figure,) = receivables.trace_metric(metric, traded, company=company, period_end=day)
        if figure.recomputed != value or figure.value != value:
            wrong.append((metric, day, value, figure.recomputed))
        for operand in figure.operands:
            assert operand.total is None or summed(operand) == operand.total, (metric, operand.name)
            if operand.name not in MADE_BEFORE and operand.rows[["file_name", "line_no"]].isna().any(axis=None):
                lost.append((metric, operand.name, day))
            seen |= {operand.name} if len(operand.rows) else set()
    assert wrong == []
    assert lost == []
    assert operands.OPERANDS.keys() - seen <= {"no_due_date", "disputed"}


def test_what_is_disputed_or_overdue_is_so_whichever_date_buckets_go_by(home: Path) -> None:
    settings = home / "receivables.toml"
    settings.write_text(
        settings.read_text("utf-8").replace('#basis = "due_date"', 'basis = "document_date"'), encoding="utf-8"
    )
    tell(home, changed(business(), "document", "D1", dispute_flag=True), TUESDAY)
    quick_night(home)
    for metric in ("disputed_total", "overdue_total", "not_due_total", "dso_best_days", "days_late_to_date"):
        (figure,) = receivables.trace_metric(metric, home)
        assert figure.value, metric
        assert figure.recomputed == figure.value, metric


def test_what_was_never_told_is_not_known(home: Path) -> None:
    for metric in ("without_term_total", "contact_latency_days", "due_total"):
        (figure,) = receivables.trace_metric(metric, home)
        assert (figure.value, figure.recomputed, figure.operands[0].total) == (None, None, None), metric


@pytest.mark.parametrize(
    ("operand", "amount"),
    [
        ("receivables", "sum(value) filter (where metric = 'receivables_total')"),
        (
            "owed",
            "sum(value) filter (where metric = 'receivables_total') - sum(value) filter (where metric = 'unapplied_total')",
        ),
    ],
)
def test_operands_are_the_amounts_published(traded: Path, operand: str, amount: str) -> None:
    ((expected,),) = ask(traded, f"select {amount} from marts.kpi where period_end = as_of")
    metric = "receivables_total" if operand == "receivables" else "overdue_share"
    (figure,) = receivables.trace_metric(metric, traded)
    assert {one.name: one.total for one in figure.operands}[operand] == expected


def test_every_cell_of_the_aging_is_its_items(traded: Path) -> None:
    cells = ask(
        traded,
        "select as_of, company_id, customer_id, currency, bucket, items, open_doc, open_local from marts.aging"
        " union all select * from marts.aging_month_end where period_end = (select max(period_end) from marts.aging_month_end)",
    )
    assert len(cells) > 20
    for day, company, customer, currency, bucket, items, open_doc, open_local in cells[::5]:
        cell = receivables.trace_cell(
            traded, company=company, customer=customer, currency=currency, bucket=bucket, period_end=day
        )
        row = cell.amounts.to_dict("records")[0]
        assert (row["items"], row["open_doc"], row["open_local"]) == (items, open_doc, open_local)
        assert len(cell.items) == items
        assert sum(cell.items["open_doc"]) == open_doc
        assert not cell.items[["file_name", "line_no"]].isna().any(axis=None)


def test_what_was_paid_of_an_item_stands_beside_it(home: Path) -> None:
    cell = receivables.trace_cell(home, customer="C1", bucket="d1_30")
    assert list(cell.items["item_id"]) == ["ES01:D1"]
    assert list(cell.allocations["allocation_id"]) == ["ES01:A1"]
    before = receivables.trace_cell(home, customer="C1", currency="EUR", period_end=date(2024, 1, 31))
    assert list(before.items["item_id"]) == ["ES01:D1"]
    assert before.allocations.empty


def test_the_command_shows_value_formula_operands_files_and_lines(home: Path) -> None:
    ended = command("trace", "--metric", "dso_days", "--home", home)
    assert ended.exit_code == 0
    for words in ("dso_days of ES01 on 2024-03-04", "= receivables / case", "sales = ", "document__ES01", "days = "):
        assert words in ended.stdout, words


def test_rows_beyond_the_limit_are_counted_and_written_whole(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    ended = command("trace", "--metric", "receivables_total", "--limit", "2", "--out", out, "--home", home)
    ((items,),) = ask(home, "select count(*) from marts.open_item")
    assert f"... and {items - 2} more rows" in ended.stdout
    with out.open(encoding="utf-8", newline="") as stream:
        rows: list[dict[str, Any]] = list(csv.DictReader(stream))
    ((total,),) = ask(home, "select sum(open_local) from marts.open_item")
    assert len(rows) == items
    assert sum(Decimal(row["amount"]) for row in rows) == total
    assert {row["part"] for row in rows} == {"receivables"}


@pytest.mark.parametrize(
    ("arguments", "got", "advice"),
    [
        (("--metric", "dso_day"), "--metric 'dso_day'", "--metric dso_days"),
        (("--metric", "dso_days", "--company", "ES02"), "--company 'ES02'", "--company ES01"),
        (("--metric", "dso_days", "--period-end", "2024-02-28"), "--period-end 2024-02-28", "--period-end 2024-02-29"),
        (("--metric", "dso_days", "--bucket", "d1_30"), "--metric with a cell", "one of the two"),
        (("--bucket", "d1_31"), "--bucket 'd1_31'", "--bucket d1_30"),
        (("--currency", "EURO"), "--currency 'EURO'", "--currency EUR"),
        (("--customer", "C9"), "customer C9, of which nothing is open on 2024-03-04", "marts.aging"),
        (("C1", "--metric", "dso_days"), "'C1' with other figures", "alone"),
        ((), "neither a key nor a figure", "--metric"),
    ],
    ids=str,
)
def test_a_wrong_question_is_refused_in_one_line(arguments: tuple[str, ...], got: str, advice: str, home: Path) -> None:
    ended = command("trace", *arguments, "--home", home)
    assert ended.exit_code == 2
    message = ended.only_message()
    assert got in message
    assert advice in message


README: Final = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
EXAMPLES: Final = re.findall(r"^receivables (trace\b[^#\n]*)", README, flags=re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_readme_run(example: str, home: Path) -> None:
    ended = command(*shlex.split(example), "--home", home)
    assert ended.exit_code == 0
    assert "document__ES01" in ended.stdout


def test_the_readme_shows_each_way_to_ask() -> None:
    assert {("--metric" in example, "--bucket" in example) for example in EXAMPLES} == {
        (False, False),
        (True, False),
        (False, True),
    }


def test_a_file_that_cannot_be_written_is_told(home: Path, tmp_path: Path) -> None:
    ended = command("trace", "--bucket", "d1_30", "--out", tmp_path / "no" / "rows.csv", "--home", home)
    assert ended.exit_code == 2
    assert "--out" in ended.only_message()


def test_a_metric_nobody_knows_is_refused_by_the_library(home: Path) -> None:
    with pytest.raises(UsageError, match="receivables_total"):
        receivables.trace_metric("receivable_total", home, period_end=MONDAY)
