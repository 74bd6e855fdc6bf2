"""Finds the files that are no code: beside the package in a wheel, at the root of the repository in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from receivables.errors import ReceivablesError

_PACKAGE: Final = Path(__file__).resolve().parent
_ROOTS: Final = (_PACKAGE / "_assets", _PACKAGE.parents[1])


def package_dir() -> Path:
    """The package's own code and data."""
    return _PACKAGE


def sql_dir() -> Path:
    """The SQL models, one folder per schema."""
    return _found("sql", _ROOTS)


def reports_dir() -> Path:
    """Report templates, style sheets and translations."""
    return _found("reports", _ROOTS)


def profiles_dir() -> Path:
    """The export profiles that come with the package."""
    return _found("profiles", (_PACKAGE,))


def contracts_dir() -> Path:
    """The contracts on data that come with the package."""
    return _found("contracts", (_PACKAGE,))


def benchmarks_dir() -> Path:
    """Published surveys to compare with."""
    return _found("benchmarks", (_PACKAGE,))


def sample_dir() -> Path:
    """The small synthetic exports that `receivables demo` loads."""
    return _found("data/sample", _ROOTS)


def _found(relative: str, roots: tuple[Path, ...]) -> Path:
    for root in roots:
        folder = root / relative
        if folder.is_dir():
            return folder
    raise ReceivablesError(
        got=f"no folder {relative}/ below {' or '.join(map(str, roots))}",
        expected="the files the package was built with",
        try_="installing receivables again",
    )
