"""What every test shares: needs that may be missing, the reference data, and a closed network."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import subprocess
import zlib
from collections import Counter, defaultdict
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import settings as hypothesis_settings

from exports import QUICK, SLICE, WHOLE, is_named, needs_reference
from receivables.home import Home
from receivables.settings import FILE_NAME, Contracts, Settings, parse_toml

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

hypothesis_settings.register_profile("untimed", deadline=None, derandomize=True, max_examples=20 if QUICK else 100)
hypothesis_settings.load_profile("untimed")
"""What an example takes is measured by the benches; on a busy machine a deadline fails what is right. The same examples are tried every time."""


pytest_plugins = ["pytester", "sql_cases"]

NEEDS = ("browser", "fonts", "reference", "sail", "spark")
"""What a test may need from the machine. RECEIVABLES_REQUIRE lists those that must be there, or says `all`, which is all but Apache Spark: `make spark` asks for that."""

AXE = Path(__file__).parents[1] / "build/axe/node_modules/axe-core/axe.min.js"
"""Where `.ci/axe` puts the rules of accessibility that pages are held against."""

SLICES = ("quick", "wide", "all")
"""What RECEIVABLES_SLICE may ask for."""

SHARES = {
    "conformance/": 9,
    "conformance/test_profiles.py": 1,
    "conformance/test_sample_truth.py": 12,
    "conformance/test_sap_fbl5n_layouts.py": 12,
    "ops/": 12,
    "ops/test_analyst_tools.py": 30,
    "ops/test_arrival.py": 20,
    "ops/test_bad_input.py": 8,
    "ops/test_contract_nights.py": 22,
    "ops/test_forget.py": 20,
    "ops/test_mail.py": 40,
    "ops/test_quarantine_desk.py": 20,
    "ops/test_two_clocks.py": 40,
    "ops/test_workbook.py": 40,
    "property/test_aging_views.py": 3,
    "property/test_collection_curve.py": 2,
    "property/test_payment_behaviour.py": 3,
    "reports/": 8,
    "reports/test_browser.py": 20,
    "reports/test_charts.py": 1,
    "reports/test_customer_pages.py": 1,
    "reports/test_language.py": 1,
    "reports/test_translations.py": 1,
    "unit/test_intake_": 8,
    "unit/test_onboarding.py": 3,
    "unit/test_sample_": 6,
    "unit/test_templates.py": 3,
}
"""Of how many tests of a file the quick slice runs one, by the beginning of its path below `tests`, the longest that fits: those that run whole nights,
a browser, the reading of a file or a sample world in every test. At least one of each file runs; what is not named here runs whole."""

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def required_needs(setting: str) -> frozenset[str]:
    """Read RECEIVABLES_REQUIRE: nothing, `all`, or a comma list of NEEDS."""
    words = {word.strip() for word in setting.split(",")} - {""}
    unknown = words - {*NEEDS, "all"}
    if unknown:
        raise pytest.UsageError(
            f"got RECEIVABLES_REQUIRE={setting}; expected all or some of {', '.join(NEEDS)}; try RECEIVABLES_REQUIRE=all"
        )
    return frozenset(NEEDS) - {"spark"} | words - {"all"} if "all" in words else frozenset(words)


class Require(Protocol):
    """Skips the test, or fails it where the need must be there, unless it is present."""

    def __call__(self, need: str, *, present: bool, reason: str) -> None: ...


def pytest_configure() -> None:
    """Refuse a slice that nobody knows: it would run less than was meant."""
    if SLICE not in SLICES:
        raise pytest.UsageError(
            f"got RECEIVABLES_SLICE={SLICE}; expected one of {', '.join(SLICES)}; try RECEIVABLES_SLICE=all"
        )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not in the slice that was asked for; which tests those are depends on their names and marks alone."""
    drawn = [] if WHOLE else [item for item in items if not is_named(config, item)]
    left_out = _other_cases(drawn)
    if QUICK:
        left_out |= _too_long([item for item in drawn if item not in left_out])
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Remove the folders of a module's fixture when the module ends: the homes of a whole run fill tens of gigabytes."""
    if "tmp_path_factory" not in fixturedef.argnames or fixturedef.scope == "session":
        return (yield)
    base: Path = request.getfixturevalue("tmp_path_factory").getbasetemp()
    before, made = set(base.iterdir()), set[Path]()

    def remove() -> None:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)

    fixturedef.addfinalizer(remove)
    try:
        return (yield)
    finally:
        made |= {path for path in base.iterdir() if path.is_dir() and not path.is_symlink()} - before


def _other_cases(items: list[pytest.Item]) -> set[pytest.Item]:
    """Of the cases of a test marked `slice(n)` all but every n-th."""
    places: Counter[str] = Counter()
    left_out = set()
    for item in items:
        mark = item.get_closest_marker("slice")
        if mark is not None:
            test = item.nodeid.partition("[")[0]
            if places[test] % mark.args[0]:
                left_out.add(item)
            places[test] += 1
    return left_out


def _too_long(items: list[pytest.Item]) -> set[pytest.Item]:
    """What is marked `wide`, and of each file of a folder in SHARES all but its share."""
    left_out = {item for item in items if item.get_closest_marker("wide")}
    by_file = defaultdict(list)
    for item in items:
        if item not in left_out:
            by_file[item.path].append(item)
    for path, tests in by_file.items():
        left_out |= set(_drawn(tests)[ceil(len(tests) / _share(path)) :])
    return left_out


def _drawn(tests: list[pytest.Item]) -> list[pytest.Item]:
    """The tests of a file in an order that their names draw: what runs on any machine first, and a case of each test before a second one of any."""
    cases: Counter[str] = Counter()
    order: dict[pytest.Item, tuple[bool, int, int]] = {}
    for item in sorted(tests, key=lambda item: zlib.crc32(item.name.encode())):
        test = item.name.partition("[")[0]
        order[item] = (needs_reference(item), cases[test], len(order))
        cases[test] += 1
    return sorted(tests, key=order.__getitem__)


def _share(path: Path) -> int:
    tests = Path(__file__).parent
    below = path.relative_to(tests).as_posix() if path.is_relative_to(tests) else ""
    return SHARES[max(fits, key=len)] if (fits := [begin for begin in SHARES if below.startswith(begin)]) else 1


@pytest.fixture(scope="session")
def require() -> Require:
    """Ask for something the machine may lack: a skip with the reason, a failure where RECEIVABLES_REQUIRE names the need."""
    needed = required_needs(os.environ.get("RECEIVABLES_REQUIRE", ""))

    def ask(need: str, *, present: bool, reason: str) -> None:
        if need not in NEEDS:
            raise ValueError(f"unknown need {need}")
        if present:
            return
        if need in needed:
            pytest.fail(f"{reason} (RECEIVABLES_REQUIRE asks for {need})", pytrace=False)
        pytest.skip(reason)

    return ask


@pytest.fixture(scope="session")
def reference_data(require: Require) -> Path:
    """The folder of real exports that RECEIVABLES_REFERENCE_DATA names; never part of the repository."""
    setting = os.environ.get("RECEIVABLES_REFERENCE_DATA", "")
    folder = Path(setting)
    require("reference", present=bool(setting) and folder.is_dir(), reason="RECEIVABLES_REFERENCE_DATA names no folder")
    return folder


@pytest.fixture(scope="session")
def chromium_path(require: Require) -> Path:
    """The system's own Chromium; browser tests download none."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    require("browser", present=found is not None, reason=f"none of {', '.join(CHROMIUM_NAMES)} is on the PATH")
    return Path(found or "")


@pytest.fixture(scope="session")
def axe_path(require: Require) -> Path:
    """The script of axe-core; no test fetches it."""
    require("browser", present=AXE.is_file(), reason=f"no axe-core at {AXE}: .ci/axe fetches it and needs node and npm")
    return AXE


@pytest.fixture(scope="session")
def cjk_font(require: Require) -> Path:
    """A font file that draws Chinese."""
    listed = ""
    if shutil.which("fc-list"):
        command = ["fc-list", "--format=%{file}\n", ":lang=zh"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    require("fonts", present=bool(listed.strip()), reason="fc-list knows no font for Chinese")
    return Path(min(listed.split("\n", maxsplit=1)[0:1], default=""))


def is_this_machine(address: Any) -> bool:
    """Whether a socket address stays on this machine: a file, localhost or a loopback number."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0]).partition("%")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"", "localhost"}


@pytest.fixture(scope="session", autouse=True)
def closed_network() -> Iterator[None]:
    """Fail any connection that leaves this machine: the product works offline, so do its tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_homes() -> Iterator[None]:
    """Let homes whose settings say nothing else judge no contracts, use one thread and watch no file for a while: hundreds of nights of a few rows are run, two at a time."""
    read = Home.settings

    def settings(self: Home) -> Settings:
        path, found = self.root / FILE_NAME, read(self)
        said = parse_toml(path) if path.exists() else {}
        quick: dict[str, Any] = {}
        if "enabled" not in said.get("contracts", {}):
            quick["contracts"] = Contracts(enabled=False)
        if "threads" not in said.get("engine", {}):
            quick["engine"] = found.engine.model_copy(update={"threads": 1})
        if "quiet_seconds" not in said.get("unattended", {}):
            quick["unattended"] = found.unattended.model_copy(update={"quiet_seconds": Decimal(0)})
        return found.model_copy(update=quick)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Home, "settings", settings)
        yield


def _guarded(original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if not is_this_machine(address):
            pytest.fail(f"a test tried to reach {address}: the product works offline", pytrace=True)
        return original(self, address)

    return connect
