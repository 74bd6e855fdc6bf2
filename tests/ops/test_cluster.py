"""A night on a Spark Connect endpoint publishes what DuckDB publishes; an endpoint that is not there is told in one line."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlglot.schema import MappingSchema

import endpoints
import receivables
from cluster_study import BEGIN, END, with_row
from homes import ask, command
from receivables.assets import sql_dir
from receivables.engine import connect
from receivables.engine.spark_connect import _connect, _with_token
from receivables.engine.transpile import to_spark
from receivables.publish import TABLES
from receivables.settings import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Require

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

NOBODY: str = "sc://127.0.0.1:1"
"""An address at which nothing listens."""


def on_a_cluster(home: Path, remote: str) -> Path:
    """Say in a home's settings that an endpoint makes its tables."""
    path = home / FILE_NAME
    said = f'\\g<0>kind = "spark_connect"\nremote = "{remote}"\n'
    path.write_text(re.sub(r"^\[engine\].*\n", said, path.read_text("utf-8"), flags=re.MULTILINE), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def sail(require: Require, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Sail."""
    require("sail", present=endpoints.has_sail(), reason="the extra sail is not installed: make sail")
    with endpoints.sail(tmp_path_factory.mktemp("sail")) as endpoint:
        yield endpoint.address


@pytest.fixture(scope="module")
def spark(require: Require, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Apache Spark."""
    require("spark", present=endpoints.has_apache_spark(), reason="no Apache Spark, or no Java: make spark")
    # to compile a plan takes longer than these few rows
    with endpoints.apache_spark(
        tmp_path_factory.mktemp("spark"), {"spark.sql.codegen.wholeStage": "false"}
    ) as endpoint:
        yield endpoint.address


def made_again_alike(published: Path, folder: Path, remote: str) -> None:
    """Make the night of a home on an endpoint, then hold it against DuckDB's: every table is equal, decimals exact, doubles to 1e-9, and so are the reports."""
    ours, theirs = folder / "ours", folder / "theirs"
    for copy in (ours, theirs):
        shutil.copytree(published, copy, symlinks=True)
    settings = (theirs / FILE_NAME).read_text("utf-8")
    ((as_of, known_at),) = ask(published, "select as_of, known_at from ops.run")
    receivables.build(on_a_cluster(theirs, remote), as_of=as_of, known_at=known_at)
    ((rows,),) = ask(
        theirs,
        "select count(*) from duckdb_tables() where estimated_size > 0 and schema_name in ('core', 'marts', 'checks')",
    )
    assert rows > 100  # so many have rows, and are compared
    (theirs / FILE_NAME).write_text(settings, encoding="utf-8")
    found = receivables.verify(theirs, rebuild=True)
    assert found.rebuilt
    assert [str(fault) for fault in found.faults] == []
    reports = reports_of(theirs)
    assert len(reports) == 3
    assert reports == reports_of(ours)


def reports_of(home: Path) -> dict[str, str]:
    """The reports of the night that a home published last, by name, without what a run says of itself."""
    ((run,),) = ask(home, "select run_id from ops.run")
    receivables.report(home, languages=["en", "es", "zh"])
    # the folder of the customers' pages is named after the run and the moment it was made
    of_the_run = rf"{run}-[0-9a-f]{{8}}|{run}|\d{{2}}:\d{{2}}(:\d{{2}})?"
    return {
        path.name: re.sub(of_the_run, "OF THE RUN", path.read_text("utf-8"))
        for path in (home / "out").glob("*/receivables-*.html")
    }


@pytest.mark.wide
@pytest.mark.timeout(1500)
def test_a_night_on_sail_publishes_what_duckdb_publishes(sample_home: Path, tmp_path: Path, sail: str) -> None:
    made_again_alike(sample_home, tmp_path, sail)


@pytest.mark.wide
@pytest.mark.timeout(3600)
def test_a_night_on_apache_spark_publishes_what_duckdb_publishes(sample_home: Path, tmp_path: Path, spark: str) -> None:
    made_again_alike(sample_home, tmp_path, spark)


def test_a_cluster_without_its_client_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", None)
    before = receivables.open_warehouse(home).path
    ended = command("build", "--home", on_a_cluster(home, NOBODY))
    assert ended.exit_code == 2
    assert "got engine.kind = 'spark_connect', and no client for it" in ended.only_message()
    assert "try pip install 'receivables[sail]'" in ended.only_message()
    assert receivables.open_warehouse(home).path == before


def test_an_endpoint_that_does_not_answer_is_told(home: Path, sail: str) -> None:
    assert sail
    before = receivables.open_warehouse(home).path
    ended = command("build", "--home", on_a_cluster(home, NOBODY))
    assert ended.exit_code == 4
    assert "got no answer of a Spark Connect endpoint at 127.0.0.1:1" in ended.only_message()
    assert receivables.open_warehouse(home).path == before
    assert not [path for path in (home / "warehouse").iterdir() if path.is_dir()]


@pytest.mark.parametrize("remote", ["sc://host:443", "sc://host:443/;use_ssl=true"])
def test_a_token_comes_from_the_environment_and_is_told_to_the_endpoint_alone(remote: str) -> None:
    told = _with_token(remote, "not for others")
    assert told.startswith(remote)
    assert told.endswith(";token=not for others")
    assert "/;" in told


def test_a_token_in_the_settings_is_refused(home: Path) -> None:
    ended = command("status", "--home", on_a_cluster(home, "sc://host:443/;token=secret"))
    assert ended.exit_code == 2
    assert "RECEIVABLES_SPARK_TOKEN" in ended.only_message()


def test_the_client_starts_where_the_main_module_has_no_file(sail: str) -> None:
    asks = f"from receivables.engine.spark_connect import _connect; spark = _connect({sail!r}, ''); print(spark.sql('select 41 + 1').collect()[0][0]); spark.stop()"
    ended = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "42\n"), ended.stderr


BODIES: str = """
select
  is_near_reference(a, b) as is_near, count_tail(n::bigint, mean::double, variance::double) as tail,
  prorate(part::decimal(18, 4), n::decimal(18, 4) + 0.07, part::decimal(18, 4) + 0.31) as prorated, content_of([a, null, b]) as content,
  months_after(day::date, date '2026-02-28') as months, normal_reference(a) as reference
from (values {rows}) as told(a, b, n, mean, variance, part, day)
"""


def test_macros_tell_the_same_on_sail(sail: str) -> None:
    random = Random(7)
    rows = ", ".join(
        f"('{a}', '{b}', {random.randint(0, 30)}, {mean}, {mean * random.choice((0.5, 1, 1.7, 9))}, {random.randint(-(10**9), 10**9) / 10**4}, '{day}')"
        for a, b in neighbours(random)
        for mean in (random.uniform(0.1, 40),)
        for day in (date(2024, 1, 1) + timedelta(days=random.randint(0, 900)),)
    )
    query = BODIES.format(rows=rows)
    con = connect()
    con.execute((sql_dir() / "macros.sql").read_text(encoding="utf-8"))
    expected = con.execute(query).fetchall()
    spark = _connect(sail, "")
    try:
        found = [tuple(row) for row in spark.sql(to_spark(query, MappingSchema(dialect="duckdb"), {})).collect()]
    finally:
        spark.stop()  # at the end of the process it would ask for ten minutes after an endpoint that is gone
    assert len(expected) == len(found) > 100
    assert [near for near, *_ in expected].count(True) > 20
    for one, other in zip(expected, found, strict=True):
        assert (one[0], *one[2:]) == (other[0], *other[2:])
        assert one[1] == pytest.approx(other[1], rel=1e-9)


def neighbours(random: Random) -> Iterator[tuple[str, str]]:
    """Pairs of references that are the same but for one change, or for two."""
    for length in range(2, 9):
        for _ in range(20):
            text = "".join(random.choice("0123AB") for _ in range(length))
            at = random.randrange(length - 1)
            swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
            other = random.choice(
                (text, swapped, text[:at] + "7" + text[at + 1 :], text[:at] + text[at + 1 :], swapped[::-1])
            )
            yield text, other


def test_a_clusters_tables_go_with_their_published_file(home: Path) -> None:
    kept = receivables.open_warehouse(home).path.with_suffix(TABLES)
    gone = kept.with_name(f"receivables-19990101T000000000000Z{TABLES}")
    for folder in (kept, gone):
        (folder / "marts.aging").mkdir(parents=True)
    receivables.build(home)
    assert (kept.exists(), gone.exists()) == (True, False)


def test_the_study_puts_a_row_in_the_place_of_the_one_before() -> None:
    page = f"Before.\n\n{BEGIN}{END}\nAfter.\n"
    for row in (["spark", "10", "1"], ["sail", "1,000", "2"], ["sail", "20", "3"], ["sail", "1,000", "4"]):
        page = with_row(page, [*row, *["5"] * 5])
    assert [line.split(" | ")[:3] for line in page.splitlines() if line.startswith("| s")] == [
        ["| sail", "20", "3"],
        ["| sail", "1,000", "4"],
        ["| spark", "10", "1"],
    ]
    assert page.startswith("Before.\n\n<!--")
    assert page.endswith("<!-- end -->\n\nAfter.\n")
