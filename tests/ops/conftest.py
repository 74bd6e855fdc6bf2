"""Homes ready for whole verbs: each test gets its own copy of one that was made once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import rated_business
import receivables
from homes import MONDAY, business, quick_night, set_contracts, told_home
from mail_posts import certificate, listening
from receivables import assets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mail_posts import Certificate, Post


@pytest.fixture(scope="session")
def told_on_monday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which Monday's export was published; not to be changed."""
    home = told_home(tmp_path_factory.mktemp("monday") / "home", business(), MONDAY)
    quick_night(home)
    return home


@pytest.fixture
def home(told_on_monday: Path, tmp_path: Path) -> Path:
    """A home of one's own in which Monday's export was published."""
    copy = tmp_path / "home"
    shutil.copytree(told_on_monday, copy, symlinks=True)
    return copy


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The certificate that a mail server on this machine shows."""
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def post(certified: Certificate) -> Iterator[Post]:
    """A mail server on this machine."""
    with listening(certified) as post:
        yield post


@pytest.fixture
def empty_home(tmp_path: Path) -> Path:
    """A home in which nothing happened yet."""
    home = tmp_path / "empty"
    receivables.init(home)
    set_contracts(home, enabled=False)
    return home


@pytest.fixture(scope="session")
def rated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which customers were rated by one night; not to be changed."""
    home = told_home(tmp_path_factory.mktemp("rated") / "home", rated_business.business(), rated_business.AS_OF)
    quick_night(home)
    return home


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the sample of the canonical dialect was published; not to be changed."""
    home = tmp_path_factory.mktemp("sample") / "home"
    receivables.init(home)
    set_contracts(home, enabled=False)
    for export in (assets.sample_dir() / "canonical").glob("*.csv"):
        shutil.copy(export, home / "inbox")
    quick_night(home)
    return home
