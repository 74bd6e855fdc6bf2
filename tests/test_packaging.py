"""What is built carries everything the program needs, and the lock pins everything it is built from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import receivables
from receivables import assets
from receivables.errors import ReceivablesError

ROOT: Final = Path(__file__).resolve().parents[1]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

CARRIED: Final = {
    "pipelines/receivables": "receivables",
    "sql": "receivables/_assets/sql",
    "reports": "receivables/_assets/reports",
    "data/sample": "receivables/_assets/data/sample",
}
"""Folders of the repository and where the wheel keeps them."""

WHERE: Final = "from receivables import assets as a; print(a.sql_dir(), a.reports_dir(), a.profiles_dir(), a.sample_dir(), sep='\\n')"


class Built(NamedTuple):
    """The two distributions."""

    wheel: Path
    sdist: Path


def build(source: Path, target: Path) -> Built:
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(target)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(next(target.glob("*.whl")), next(target.glob("*.tar.gz")))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def names_in(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def files_below(folder: str) -> list[Path]:
    return [path for path in sorted((ROOT / folder).rglob("*")) if path.is_file() and "__pycache__" not in path.parts]


def test_the_wheel_carries_every_file_and_nothing_else(built: Built) -> None:
    expected = {
        f"{target}/{path.relative_to(ROOT / source)}"
        for source, target in CARRIED.items()
        for path in files_below(source)
    }
    assert names_in(built.wheel) == expected


@pytest.mark.parametrize(
    "folder", ["sql/marts", "reports/templates", "reports/static", "reports/locale", "data/sample"]
)
def test_the_folders_a_night_needs_are_filled(folder: str) -> None:
    assert files_below(folder)


def test_the_sdist_builds_the_same_wheel(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    again = build(source, tmp_path / "dist")
    assert names_in(again.wheel) == names_in(built.wheel)
    assert (source / "tests" / "conftest.py").is_file()
    assert (source / "requirements.lock").is_file()


def test_an_installed_wheel_finds_its_files_without_the_checkout(built: Built, tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(built.wheel),
    ]
    subprocess.run(install, capture_output=True, text=True, check=True, timeout=500)
    folders = found_from(target, tmp_path)
    assert folders == [
        target / "receivables" / part for part in ("_assets/sql", "_assets/reports", "profiles", "_assets/data/sample")
    ]
    assert (target / "bin" / "receivables").is_file()


def test_a_checkout_finds_its_files(tmp_path: Path) -> None:
    folders = found_from(ROOT / "pipelines", tmp_path)
    assert folders == [ROOT / part for part in ("sql", "reports", "pipelines/receivables/profiles", "data/sample")]


def found_from(path: Path, cwd: Path) -> list[Path]:
    """What `receivables.assets` finds when the package is imported from `path`."""
    command = [sys.executable, "-c", WHERE]
    environment = os.environ | {"PYTHONPATH": str(path)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return [Path(line) for line in done.stdout.splitlines()]


def test_missing_files_are_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assets, "_ROOTS", (tmp_path,))
    with pytest.raises(
        ReceivablesError, match=r"got no folder sql/ below .*; expected .*; try installing receivables again"
    ):
        assets.sql_dir()


LOCKS: Final = {"requirements.lock": ("dev",), "requirements-sail.lock": ("dev", "sail")}
"""Each lock, with the extras that it answers."""


def locked(lock: str) -> dict[str, list[str]]:
    """Each pinned requirement of a lock with its hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return {line.split()[0]: re.findall(r"--hash=(\S+)", line) for line in text.splitlines() if line.strip()}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_the_lock_is_a_version_with_hashes(lock: str) -> None:
    pins = locked(lock)
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9.\-]+==[\w.]+", pin)] == []
    assert [pin for pin, hashes in pins.items() if not hashes] == []
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for hashes in pins.values() for digest in hashes)


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.findall(r"://|@|^\s*#.*|--(?!hash=)\S+|^-\S*", text, flags=re.MULTILINE) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_answers_every_dependency(lock: str) -> None:
    versions = dict(pin.split("==") for pin in locked(lock))
    extras = [PROJECT["optional-dependencies"][extra] for extra in LOCKS[lock]]
    asked = [Requirement(text) for texts in (PROJECT["dependencies"], *extras) for text in texts]
    unmet = [str(one) for one in asked if versions.get(canonicalize_name(one.name), "0") not in one.specifier]
    assert unmet == []


def test_the_locks_agree() -> None:
    assert locked("requirements.lock").keys() <= locked("requirements-sail.lock").keys()


def test_the_version_is_the_same_everywhere(built: Built) -> None:
    version = PROJECT["version"]
    assert receivables.__version__ == version
    assert built.wheel.name == f"receivables-{version}-py3-none-any.whl"
    assert built.sdist.name == f"receivables-{version}.tar.gz"


def test_the_command_is_installed_under_its_name(built: Built) -> None:
    [entry] = [name for name in zipfile.ZipFile(built.wheel).namelist() if name.endswith("entry_points.txt")]
    assert "receivables = receivables.cli:main" in zipfile.ZipFile(built.wheel).read(entry).decode()
