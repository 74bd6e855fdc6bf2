"""A new export: how it would be read, and a draft of the profile it lacks; nothing of a home is changed."""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from receivables.engine import Scratch, connect
from receivables.errors import UsageError
from receivables.home import Home
from receivables.intake.container import memory_told
from receivables.intake.examine import examine as examine_file
from receivables.intake.read import Request
from receivables.land import companies_known, profiles_named
from receivables.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from receivables.engine import Connection
    from receivables.intake.company import Companies
    from receivables.intake.drafting.text import Draft
    from receivables.intake.examine import Examination
    from receivables.land import Reading
    from receivables.settings import Settings


def examine(path: Path, home: Home, reading: Reading, today: date) -> Examination:
    """Read a file as landing would and say how, keeping nothing.

    Raises:
        UsageError: no such file or profile.
        FileRefused: it is no table at all.
    """
    _refuse_absent(path)
    settings = home.settings()
    profiles = profiles_named(home.profiles if home.profiles.is_dir() else None, reading.profile)
    with _reader(settings, path.name) as (con, scratch):
        request = Request(
            path,
            profiles,
            settings,
            companies_of(home, settings, reading.company),
            today,
            reading.extract_as_of,
            reading.mode,
        )
        return examine_file(con, request, scratch)


def draft(path: Path, home: Home, profile_id: str | None) -> Draft:
    """Draft a profile from a file no profile knows.

    Raises:
        UsageError: no such file, or an id that is none.
        FileRefused: no table with a header can be found in it.
    """
    from receivables.intake.drafting.draft import draft_profile

    _refuse_absent(path)
    settings = home.settings()
    with _reader(settings, path.name) as (con, scratch):
        companies = companies_of(home, settings, None)
        return draft_profile(con, path, scratch, profile_id=profile_id, companies=companies, settings=settings)


def save(drafted: Draft, out: Path) -> None:
    """Write a draft to a file that does not exist yet.

    Raises:
        UsageError: it exists, or cannot be written.
    """
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(drafted.text)
    except FileExistsError:
        raise UsageError(
            got=f"--out {out}, which exists",
            expected="a new file: what somebody edited is never overwritten",
            try_="another name",
        ) from None
    except OSError as error:
        raise UsageError(
            got=f"--out {out}: {error.strerror or error}", expected="a file this user may write", try_="--out FILE.toml"
        ) from None


def companies_of(home: Home, settings: Settings, company: str | None) -> Companies:
    """The companies a home knows, whether or not it has worked yet."""
    told = State(home.state, is_read_only=True).batches() if home.state.exists() else []
    with closing(Scratch()) as scratch:
        return companies_known(settings, home.lake, told, company, scratch)


def _refuse_absent(path: Path) -> None:
    if not path.is_file():
        what = "a folder" if path.is_dir() else "which does not exist"
        raise UsageError(got=f"{path}, {what}", expected="one file", try_="checking the path")


@contextmanager
def _reader(settings: Settings, name: str) -> Iterator[tuple[Connection, Path]]:
    """A connection with the memory that reading a file may take, and a folder that is gone afterwards."""
    with (
        memory_told(name, settings.ingest),
        tempfile.TemporaryDirectory(prefix="receivables-") as place,
        closing(connect(":memory:", settings, temp=Path(place))) as con,
    ):
        con.execute(f"set memory_limit = '{settings.ingest.memory_limit}'")
        yield con, Path(place)
