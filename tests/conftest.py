"""What every test shares: needs that may be missing, the reference data, and a closed network."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import settings as hypothesis_settings

from exports import WHOLE
from receivables.home import Home
from receivables.settings import FILE_NAME, Contracts, Settings, parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")
"""What an example takes is measured by the benches; on a busy machine a deadline fails what is right."""


pytest_plugins = ["pytester", "sql_cases"]

NEEDS = ("browser", "fonts", "reference")
"""What a test may need from the machine. RECEIVABLES_REQUIRE lists those that must be there, or says `all`."""

AXE = Path(__file__).parents[1] / "build/axe/node_modules/axe-core/axe.min.js"
"""Where `.ci/axe` puts the rules of accessibility that pages are held against."""

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def required_needs(setting: str) -> frozenset[str]:
    """Read RECEIVABLES_REQUIRE: nothing, `all`, or a comma list of NEEDS."""
    words = {word.strip() for word in setting.split(",")} - {""}
    unknown = words - {*NEEDS, "all"}
    if unknown:
        raise pytest.UsageError(
            f"got RECEIVABLES_REQUIRE={setting}; expected all or some of {', '.join(NEEDS)}; try RECEIVABLES_REQUIRE=all"
        )
    return frozenset(NEEDS) if "all" in words else frozenset(words)


class Require(Protocol):
    """Skips the test, or fails it where the need must be there, unless it is present."""

    def __call__(self, need: str, *, present: bool, reason: str) -> None: ...


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the cases of a test marked `slice(n)` keep every n-th, always the same; all of them where everything is asked for."""
    places: Counter[str] = Counter()
    left_out = []
    for item in items:
        mark = item.get_closest_marker("slice")
        if mark is not None:
            test = item.nodeid.partition("[")[0]
            if places[test] % mark.args[0] and not WHOLE:
                left_out.append(item)
            places[test] += 1
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


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
            quick["unattended"] = found.unattended.model_copy(update={"quiet_seconds": 0})
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
