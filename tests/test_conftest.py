"""The shared machinery of the tests: needs that skip or fail, slices that are always the same, and the closed network."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

import exports

if TYPE_CHECKING:
    from collections.abc import Iterator

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


NIGHTS = """
import pytest

@pytest.mark.parametrize("case", range(9))
def test_cases(case):
    pass

@pytest.mark.slice(4)
@pytest.mark.parametrize("case", range(8))
def test_sliced(case):
    pass

@pytest.mark.wide
def test_long():
    pass

def test_reference(reference_data):
    pass

def test_last():
    pass
"""


@pytest.fixture
def nights(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.Pytester]:
    """A suite with the same tests in a folder of whole nights and in another one."""
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers =\n  slice(n)\n  wide\naddopts = --import-mode=importlib\n")
    for folder in ("ops", "unit"):
        pytester.mkdir(folder)
        (pytester.path / folder / "test_nights.py").write_text(NIGHTS, encoding="utf-8")
    monkeypatch.delenv("RECEIVABLES_REFERENCE_DATA", raising=False)
    monkeypatch.delenv("RECEIVABLES_REQUIRE", raising=False)
    usual = hypothesis_settings.default  # which that conftest sets for the slice it is run with
    assert usual is not None
    yield pytester
    hypothesis_settings.register_profile("untimed", usual)
    hypothesis_settings.load_profile("untimed")


def asked_for(nights: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str) -> list[str]:
    """What is collected where a slice is asked for."""
    for said, value in (("SLICE", name), ("WHOLE", name == "all"), ("QUICK", name == "quick")):
        monkeypatch.setattr(exports, said, value)
    found = nights.runpytest_inprocess("--collect-only", "-q", *arguments)
    return [line for line in found.outlines if "::" in line]


def test_all_is_every_case_and_wide_leaves_out_cases_of_what_is_marked_alone(
    nights: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    every, wide = (asked_for(nights, monkeypatch, name) for name in ("all", "wide"))
    assert len(every) == 2 * 20
    kept = [test for test in every if "sliced" not in test or test.endswith(("[0]", "[4]"))]
    assert wide == kept


def test_the_quick_slice_is_a_share_of_each_file_of_nights_and_always_the_same(
    nights: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = asked_for(nights, monkeypatch, "quick")
    assert quick == asked_for(nights, monkeypatch, "quick")
    elsewhere = [test for test in asked_for(nights, monkeypatch, "wide") if test.startswith("unit")]
    assert [test for test in quick if test.startswith("unit")] == [t for t in elsewhere if "long" not in t]
    share = [test for test in quick if test.startswith("ops")]
    # 13 tests are left, of which every twelfth runs: on any machine, and of different tests
    assert len(share) == 2
    assert len({test.partition("[")[0] for test in share}) == 2
    assert not any("reference" in test for test in share)


def test_who_names_a_file_means_all_of_its_tests(nights: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    file = "ops/test_nights.py"
    every = [test for test in asked_for(nights, monkeypatch, "all") if test.startswith(file)]
    assert asked_for(nights, monkeypatch, "quick", file) == every
    assert asked_for(nights, monkeypatch, "wide", file) == every
    assert asked_for(nights, monkeypatch, "quick", "-k", "long") == [
        f"{folder}::test_long" for folder in (file, "unit/test_nights.py")
    ]
    assert asked_for(nights, monkeypatch, "quick", f"{file}::test_long") == [f"{file}::test_long"]


def test_an_unknown_slice_is_refused(nights: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "SLICE", "whole")
    found = nights.runpytest_inprocess()
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["*got RECEIVABLES_SLICE=whole; expected one of quick, wide, all*"])


@pytest.mark.parametrize(("setting", "slice_", "expected"), [("", "quick", 4), ("", "wide", 24), ("60", "quick", 60)])
def test_as_many_examples_are_tried_as_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, setting: str, slice_: str, expected: int
) -> None:
    monkeypatch.setenv("RECEIVABLES_EXAMPLES", setting)
    monkeypatch.setattr(exports, "QUICK", slice_ == "quick")
    assert exports.tried(24, quick=4) == expected


def test_a_connection_that_leaves_the_machine_fails() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match=re.escape("192.0.2.1")):
        outside.connect(("192.0.2.1", 443))


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass
