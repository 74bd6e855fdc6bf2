"""What stays of every table for readers of a part: decided for each, and never more than what is in sight."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import pytest

from receivables import engine, pages
from receivables.chapters import movers
from receivables.errors import UsageError
from receivables.scope import RULES, Scope, in_sight
from receivables.settings import Recipient, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

READ: Final = {*pages.TABLES, *movers.TABLES}
ALL: Final = "select * from {table}"
NONE: Final = "select * from {table} where false"


def test_every_table_that_a_report_reads_has_its_rules() -> None:
    assert READ - set(RULES) == set(), "say in scope.py what of it stays for whom"


def test_only_what_tells_of_nobody_stays_whole() -> None:
    whole = {name for name, rules in RULES.items() if ALL in rules}
    assert whole == {"ops.run", *(name for name in RULES if name.startswith("params."))}


def test_what_is_made_again_is_made_of_what_has_rules() -> None:
    made = {name for name, rules in RULES.items() if "made again" in rules}
    models = {model.full_name: model for model in engine.models()}
    assert made == {"marts.aging_by", "marts.aging_by_date", "marts.kpi_item"}
    for name in made:
        assert {told for told in models[name].reads if told.partition(".")[0] in ("core", "marts")} <= set(RULES)


def test_rows_of_companies_stay_for_readers_of_customers_only_where_they_tell_of_no_sum() -> None:
    by_company = {name for name, (_, rule) in RULES.items() if "scope.company" in rule and "scope.customer" not in rule}
    assert by_company == {
        *("core.company", "marts.closing_rate", "marts.period"),
        *("ops.batch", "marts.rating_attribute"),  # with nothing counted, as below
    }


# On tables of a few rows ---------------------------------------------------------------------------------------------

EVIDENCE: Final = [
    {"code": "a", "params": {"item_id": "ES01:P1", "other_id": "ES01:D1", "word": "One", "measured": 1.5, "day": None}},
    {"code": "across", "params": {"item_id": "ES01:P1", "other_id": "ES01:P2"}},
    {"code": "across", "params": {"other_id": "ES01:D2"}},
    {"code": "across", "params": {"other_word": 'Two, "S.A."'}},
    {"code": "b", "params": {"word": 'a wholly "other" word'}},
]
TABLES: Final[dict[str, tuple[str, Sequence[str]]]] = {
    "ops.run": ("as_of date, started_at timestamp", ["'2026-06-30', '2026-07-01 04:30:00'"]),
    "ops.batch": (
        (
            "batch_id bigint, company_id varchar, file_name varchar, file_sha256 varchar, loaded_at timestamp, status varchar, profile_id varchar,"
            " control_total decimal(18, 4), control_total_file decimal(18, 4), lines_read bigint, lines_loaded bigint, lines_quarantined bigint, lines_skipped bigint,"
            " rows_read bigint, rows_loaded bigint, rows_quarantined bigint, rows_skipped bigint"
        ),
        [
            "1, 'ES01', 'own.csv', 'a', '2026-07-01', 'ok', 'sap', 77.5, 77.5, 9, 9, 9, 9, 9, 9, 9, 9",
            "2, 'ES01', 'shared with MX01.csv', 'b', '2026-07-01', 'ok', 'sap', 1, 1, 8, 8, 8, 8, 8, 8, 8, 8",
            "3, 'MX01', 'shared with MX01.csv', 'b', '2026-07-01', 'ok', 'sap', 2, 2, 7, 7, 7, 7, 7, 7, 7, 7",
            "4, null, 'nobody knows.csv', 'c', '2026-07-01', 'refused', '', null, null, 6, 0, 0, 6, 0, 0, 0, 0",
        ],
    ),
    "ops.issue": (
        "batch_id bigint, raw_value varchar",
        ["1, 'own'", "2, 'of a file that tells of MX01 too'", "3, 'MX01'", "4, 'nobody'", "null, 'of the ledger'"],
    ),
    "core.company": ("company_id varchar, name varchar", ["'ES01', 'Iberia'", "'MX01', 'Mexico'"]),
    "core.customer": (
        "company_id varchar, customer_id varchar, territory_id varchar, salesperson varchar, name varchar",
        [
            "'ES01', 'ES01:1', 'ES01:N', 'Ana ', 'One'",
            "'ES01', 'ES01:2', 'ES01:NN', 'Li', 'Two, \"S.A.\"'",
            "'ES01', 'ES01:3', 'ES01:S', 'Ana', 'Three'",
            "'ES01', 'ES01:4', null, null, null",
            "'MX01', 'MX01:1', 'MX01:N', 'Ana', 'Other'",
        ],
    ),
    "core.payment": (
        "company_id varchar, customer_id varchar, payment_id varchar",
        ["'ES01', 'ES01:2', 'ES01:P2'", "'ES01', 'ES01:1', 'ES01:P1'"],
    ),
    "core.document": (
        "company_id varchar, customer_id varchar, doc_id varchar",
        ["'ES01', 'ES01:2', 'ES01:D2'", "'ES01', 'ES01:1', 'ES01:D1'"],
    ),
    "marts.anomaly": (
        "company_id varchar, customer_id varchar, flag_id varchar, evidence varchar",
        [
            f"'ES01', 'ES01:1', 'F1', '{json.dumps(EVIDENCE)}'",
            '\'ES01\', \'ES01:3\', \'F3\', \'[{"code": "a", "params": {"word": "ES01:2"}}]\'',
            "'ES01', 'ES01:3', 'F4', '[]'",
            "'ES01', 'ES01:2', 'F2', '[]'",
        ],
    ),
    "core.territory": (
        "company_id varchar, territory_id varchar, parent_id varchar",
        [
            "'ES01', 'ES01:N', 'ES01:NN'",
            "'ES01', 'ES01:NN', 'ES01:N'",
            "'ES01', 'ES01:S', null",
            "'MX01', 'MX01:N', null",
        ],
    ),
    "marts.collection_success": (
        "segment_kind varchar, segment varchar",
        ["'all', 'all'", "'company', 'ES01'", "'company', 'ES010'", "'territory', 'ES01:N'", "'terms', 'MX01:30'"],
    ),
    "marts.secret": ("company_id varchar", ["'ES01'"]),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file with a few tables, and as empty as can be what is made again."""
    path = tmp_path_factory.mktemp("scope") / "it's.duckdb"
    with duckdb.connect(path) as con:
        for schema in ("ops", "core", "marts", "params"):
            con.execute(f"create schema {schema}")
        for name, (columns, rows) in TABLES.items():
            con.execute(f"create table {name} ({columns})")
            con.execute(f"insert into {name} values " + ", ".join(f"({row})" for row in rows))
    return path


@pytest.fixture(autouse=True)
def nothing_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of a few rows have nothing to be summed."""
    kept = {name: rules for name, rules in RULES.items() if name in TABLES}
    monkeypatch.setattr("receivables.scope.RULES", kept)


def seen(file: Path, scope: Scope, table: str, column: str) -> list[object]:
    with in_sight(file, scope, Settings(), file.parent) as warehouse:
        return [row[0] for row in warehouse.con.execute(f"select {column} from {table} order by all").fetchall()]


@pytest.mark.parametrize(
    ("scope", "customers"),
    [
        (Scope(), ["ES01:1", "ES01:2", "ES01:3", "ES01:4", "MX01:1"]),
        (Scope(companies=("ES01",)), ["ES01:1", "ES01:2", "ES01:3", "ES01:4"]),
        (Scope(salespersons=("Ana",)), ["ES01:1", "ES01:3", "MX01:1"]),
        (Scope(companies=("ES01",), salespersons=("Ana",)), ["ES01:1", "ES01:3"]),
        (Scope(territories=("S",)), ["ES01:3"]),
        (Scope(territories=("N",)), ["ES01:1", "ES01:2", "MX01:1"]),
        (Scope(territories=("ES01:NN",)), ["ES01:1", "ES01:2"]),
        (Scope(territories=("ES01:N",), salespersons=("Li",)), ["ES01:2"]),
    ],
)
def test_a_customer_is_seen_whom_every_list_holds(file: Path, scope: Scope, customers: list[str]) -> None:
    assert seen(file, scope, "core.customer", "customer_id") == customers


@pytest.mark.parametrize(
    "scope",
    [
        Scope(companies=("XX",)),
        Scope(territories=("XX",)),
        Scope(companies=("MX01",), territories=("S",)),
        Scope(salespersons=("ana",)),
    ],
)
def test_where_nothing_is_in_sight_it_is_said(file: Path, scope: Scope) -> None:
    with pytest.raises(UsageError, match="got nothing in sight of "), in_sight(file, scope, Settings(), file.parent):
        pass


def test_a_reader_of_a_company_sees_its_own_files_and_what_was_noticed_in_them(file: Path) -> None:
    spain = Scope(companies=("ES01",))
    assert seen(file, spain, "ops.batch", "file_name") == ["own.csv", "…"]
    assert seen(file, spain, "ops.issue", "raw_value") == ["own"]
    assert seen(file, spain, "core.company", "name") == ["Iberia"]
    assert seen(file, spain, "marts.collection_success", "segment") == ["ES01", "ES01:N"]


def test_a_reader_of_customers_sees_nothing_of_files_but_that_there_were_some(file: Path) -> None:
    ana = Scope(companies=("ES01",), salespersons=("Ana",))
    assert (
        seen(file, ana, "ops.batch", "(file_name, control_total, lines_read + lines_quarantined + rows_loaded)")
        == [("…", None, 0)] * 2
    )
    assert seen(file, ana, "ops.issue", "raw_value") == []


def test_a_flag_tells_nothing_of_a_customer_out_of_sight(file: Path) -> None:
    ana = Scope(companies=("ES01",), salespersons=("Ana",))
    told = [json.loads(str(evidence)) for evidence in seen(file, ana, "marts.anomaly", "evidence")]
    assert sorted(told, key=len) == [[], [], [EVIDENCE[0], EVIDENCE[4]]]
    whole = Scope(companies=("ES01",))
    assert (
        json.loads(str(seen(file, whole, "marts.anomaly", "max(evidence) filter (where flag_id = 'F1')")[0]))
        == EVIDENCE
    )


@pytest.mark.parametrize("scope", [Scope(companies=("ES01",)), Scope(salespersons=("Li",))])
def test_a_table_without_rules_is_not_there(file: Path, scope: Scope) -> None:
    with in_sight(file, scope, Settings(), file.parent) as warehouse, pytest.raises(engine.EngineError, match="secret"):
        warehouse.table("marts.secret")


def test_what_a_recipient_may_see_is_the_same_in_any_order() -> None:
    one = Recipient(address="a@b.c", companies=("B", "A", "B"))
    assert Scope.of(one) == Scope.of(one.model_copy(update={"companies": ("A", "B")}))
    assert not Scope.of(one).is_whole
    assert Scope.of(Recipient(address="a@b.c")).is_whole
