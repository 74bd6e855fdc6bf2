"""A profile in which any one text is hostile is refused, or reads the file; its texts never become SQL."""

from __future__ import annotations

import copy
import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pytest

from intake_files import LENIENT, invoice, invoices, read, write
from receivables.assets import profiles_dir
from receivables.errors import FileRefused, SettingsError
from receivables.intake.profile import Profile
from receivables.settings import validated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROFILE: Final = tomllib.loads((profiles_dir() / "invoice_list.toml").read_text(encoding="utf-8"))
HOSTILE: Final = """x'); drop table item; --"{0}{doc_no}\\"""

Place = tuple[str | int, ...]


def texts(told: Any, place: Place = ()) -> Iterator[tuple[Place, bool]]:
    """Where a text stands in a profile, and whether it is the name of a key."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield (*place, name), True
            yield from texts(value, (*place, name))
    elif isinstance(told, list):
        for number, value in enumerate(told):
            yield from texts(value, (*place, number))
    elif isinstance(told, str):
        yield place, False


def hostile(place: Place, *, is_key: bool) -> dict[str, Any]:
    """The profile with the text at a place replaced."""
    made: dict[str, Any] = copy.deepcopy(PROFILE)
    where: Any = made
    for step in place[:-1]:
        where = where[step]
    if is_key:
        where[HOSTILE] = where.pop(place[-1])
    else:
        where[place[-1]] = HOSTILE
    return made


@pytest.mark.slice(8)
@pytest.mark.parametrize(("place", "is_key"), [pytest.param(*told, id=f"{n}") for n, told in enumerate(texts(PROFILE))])
def test_any_one_text_of_a_profile_may_be_hostile(tmp_path: Path, place: Place, is_key: bool) -> None:  # a case
    path = write(tmp_path, "list.csv", invoices(invoice(1), invoice(2, "250.10")))
    with suppress(SettingsError, FileRefused):  # all else, such as a mistake in SQL, fails
        read(path, validated(Profile, hostile(place, is_key=is_key), "own.toml"), settings=LENIENT, builds=False)


def test_a_file_is_read_through_a_profile_of_hostile_texts(tmp_path: Path) -> None:
    made = copy.deepcopy(PROFILE) | {"system": HOSTILE, "title": HOSTILE, "version": HOSTILE, "null_tokens": [HOSTILE]}
    path = write(tmp_path, "list.csv", invoices(invoice(1), invoice(2, "250.10")))
    assert read(path, validated(Profile, made, "own.toml"), builds=False).lines("loaded") == 2
