"""The shared machinery of the tests: needs that skip or fail, and the closed network."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

TESTS = """
def test_reference(reference_data):
    pass

def test_font(require):
    require("fonts", present=True, reason="none")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A small suite under this one's own conftest, on a machine without reference data."""
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(TESTS)
    monkeypatch.delenv("RECEIVABLES_REFERENCE_DATA", raising=False)
    monkeypatch.delenv("RECEIVABLES_REQUIRE", raising=False)
    return pytester


def test_a_need_that_is_missing_skips(suite: pytest.Pytester) -> None:
    result = suite.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*RECEIVABLES_REFERENCE_DATA names no folder*"])


@pytest.mark.parametrize("setting", ["all", "browser, reference"])
def test_a_need_that_must_be_there_fails(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("RECEIVABLES_REQUIRE", setting)
    suite.runpytest_inprocess().assert_outcomes(passed=1, errors=1)


def test_another_need_is_left_alone(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVABLES_REQUIRE", "browser")
    suite.runpytest_inprocess().assert_outcomes(passed=1, skipped=1)


def test_an_unknown_need_is_refused(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVABLES_REQUIRE", "browsers")
    suite.runpytest_inprocess().stdout.fnmatch_lines(["*got RECEIVABLES_REQUIRE=browsers; expected all or some of*"])


def test_a_connection_that_leaves_the_machine_fails() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match=re.escape("192.0.2.1")):
        outside.connect(("192.0.2.1", 443))


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass
