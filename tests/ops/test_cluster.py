"""A night on a Spark Connect endpoint publishes what DuckDB publishes; an endpoint that is not there is told in one line."""

from __future__ import annotations

import os
import re
import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

import receivables
from homes import ask, command
from receivables.settings import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
def sail(require: Require) -> Iterator[str]:
    """The address of Sail, which runs in this process."""
    present = find_spec("pysail") is not None and find_spec("pyspark") is not None
    require("sail", present=present, reason="the extra sail is not installed: make sail")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start()
    _, port = server.listening_address
    yield f"sc://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="module")
def spark(require: Require) -> str:
    """The address of Apache Spark, or what makes the client start it."""
    remote = os.environ.get("RECEIVABLES_SPARK", "")
    require("spark", present=bool(remote), reason="RECEIVABLES_SPARK names no endpoint of Apache Spark: make spark")
    return remote


def made_again_alike(published: Path, copy: Path, remote: str) -> None:
    """Make the night of a home again on an endpoint: every table is equal, decimals exact, doubles to 1e-9."""
    shutil.copytree(published, copy, symlinks=True)
    rows = ask(
        copy,
        "select count(*) from duckdb_tables() where estimated_size > 0 and schema_name in ('core', 'marts', 'checks')",
    )
    assert rows[0][0] > 100  # so much has rows, and is compared
    found = receivables.verify(on_a_cluster(copy, remote), rebuild=True)
    assert found.rebuilt
    assert [str(fault) for fault in found.faults] == []


@pytest.mark.wide
@pytest.mark.timeout(1500)
def test_a_night_on_sail_publishes_what_duckdb_publishes(sample_home: Path, tmp_path: Path, sail: str) -> None:
    made_again_alike(sample_home, tmp_path / "home", sail)


@pytest.mark.wide
@pytest.mark.timeout(3600)
def test_a_night_on_apache_spark_publishes_what_duckdb_publishes(sample_home: Path, tmp_path: Path, spark: str) -> None:
    made_again_alike(sample_home, tmp_path / "home", spark)


def test_a_cluster_without_its_client_is_told(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    ended = command("build", "--home", on_a_cluster(told, NOBODY))
    assert ended.exit_code == 2
    assert "got engine.kind = 'spark_connect', and no client for it" in ended.only_message()
    assert "try pip install 'receivables[sail]'" in ended.only_message()


def test_an_endpoint_that_does_not_answer_is_told(told: Path, sail: str) -> None:
    assert sail
    ended = command("build", "--home", on_a_cluster(told, NOBODY))
    assert ended.exit_code == 4
    assert f"got no answer of a Spark Connect endpoint at {NOBODY}" in ended.only_message()
    assert not list((told / "warehouse").iterdir())
