"""A home kept somewhere else, and made again from there: content by its hash, and a manifest written last, without which nothing is a backup.

A backup is a folder, or a .tar of the same: `content/ab/abcd...` holds each content under its SHA-256, `backup.json` says which file of the home has
which. It holds the settings, the user's profiles and contracts, the store and the lake: all that cannot be made again. What is in the inbox, in logs and
reports, passwords and other secrets are not in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from receivables import lake
from receivables import settings as settings_module
from receivables.dates import utc_now
from receivables.errors import Damaged, NightFailed, UsageError
from receivables.home import Home, private_files
from receivables.lake import settle, sha256_of
from receivables.run import Progress
from receivables.state import State
from receivables.version import __version__
from receivables.warehouse import PUBLISHED, published_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MANIFEST: Final = "backup.json"
_CONTENT: Final = "content"
_STATE: Final = "state.sqlite"
_STATE_COPY: Final = f"{_STATE}.writing"
_OWN_FOLDERS: Final = ("profiles", "contracts")
_FORMAT: Final = 1
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_MANIFEST_MOST: Final = 1 << 30
"""Bytes of a manifest at most: ten million files, more than any home has."""


@dataclass(frozen=True)
class Kept:
    """A file of a home in a backup: its path below the home, its content's SHA-256 and size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds, and what of it was copied this time."""

    to: Path
    files: int
    size: int
    copied: int
    copied_size: int


@dataclass(frozen=True)
class Restored:
    """What was restored, from a backup of when; `aside` is where a home that stood there was put."""

    home: Path
    files: int
    size: int
    made_at: str
    aside: Path | None


def backup(
    home: Path, to: Path, *, with_published: bool = False, wait_seconds: float = 0, progress: Progress | None = None
) -> BackedUp:
    """Keep a home in a folder, or in a new file that ends in .tar; a folder is told only what it does not hold yet.

    The home is held meanwhile, so that what is kept is of one moment; a run under way is waited for, `wait_seconds` at most.

    Raises:
        UsageError: no such home, or a place that cannot take its backup.
        NightFailed: another run holds the home for longer, or the place cannot be written; an earlier backup there is as it was.
        Damaged: a file of the lake is not what was registered; an earlier backup there is as it was.
    """
    place = Home(home)
    if not place.state.exists():
        raise UsageError(
            got=f"home {home}, which has no state.sqlite",
            expected="a home receivables has worked in",
            try_="--home DIR with another folder",
        )
    _refuse_within(place, to)
    if with_published:
        published_file(home)
    told = progress or Progress()
    with private_files(), place.only_writer("backup", wait_seconds), _faults_told(to):
        # an absolute path has a name, as "." has none
        return _backed_up(place, to.resolve(), told, with_published=with_published)


def _refuse_within(place: Home, to: Path) -> None:
    inside, outside = place.root.resolve(), to.resolve()
    if outside == inside or inside in outside.parents or outside in inside.parents:
        raise UsageError(
            got=f"--to {to}, which lies in the home or around it",
            expected="a place of its own, best on another disk",
            try_="--to DIR with another folder",
        )


@contextmanager
def _faults_told(to: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NightFailed(
            got=f"{to}: {told}", expected="a place with room that this user may write", try_="again when there is"
        ) from error


class _Target(Protocol):
    """Where contents are put, each once, and at last the manifest, which makes a backup of them."""

    def holds(self, sha256: str, size: int) -> bool: ...

    def put(self, sha256: str, path: Path) -> None: ...

    def ended(self, manifest: bytes, contents: set[str]) -> None: ...


class _Folder:
    """A backup in a folder, made on top of an earlier one."""

    def __init__(self, to: Path) -> None:
        self._to, self._content = to, to / _CONTENT
        self._content.mkdir(mode=0o700, parents=True, exist_ok=True)

    def holds(self, sha256: str, size: int) -> bool:
        path = self._path(sha256)
        return path.is_file() and path.stat().st_size == size

    def put(self, sha256: str, path: Path) -> None:
        target = self._path(sha256)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished = target.with_suffix(".writing")
        shutil.copyfile(path, unfinished)
        if sha256_of(unfinished) != sha256:
            unfinished.unlink()
            raise _changed(path)
        settle(unfinished, target)

    def ended(self, manifest: bytes, contents: set[str]) -> None:
        unfinished = self._to / f"{MANIFEST}.writing"
        unfinished.write_bytes(manifest)
        settle(unfinished, self._to / MANIFEST)
        for path in self._content.glob("??/*"):
            if path.name not in contents:
                path.unlink()

    def _path(self, sha256: str) -> Path:
        return self._content / sha256[:2] / sha256


class _Tar:
    """A backup in a file that appears when it is whole."""

    def __init__(self, to: Path, stack: ExitStack) -> None:
        self._to, self._unfinished, self._put = to, to.with_name(f"{to.name}.writing"), set[str]()
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.callback(self._unfinished.unlink, missing_ok=True)
        self._tar = stack.enter_context(tarfile.open(self._unfinished, "w"))  # noqa: SIM115  # closed by the stack, or by its end

    def holds(self, sha256: str, size: int) -> bool:
        del size
        return sha256 in self._put

    def put(self, sha256: str, path: Path) -> None:
        with path.open("rb") as stream:
            self._add(f"{_CONTENT}/{sha256[:2]}/{sha256}", os.fstat(stream.fileno()).st_size, _Hashed(stream, sha256))
        self._put.add(sha256)

    def ended(self, manifest: bytes, contents: set[str]) -> None:
        del contents
        self._add(MANIFEST, len(manifest), io.BytesIO(manifest))
        self._tar.close()
        settle(self._unfinished, self._to)

    def _add(self, name: str, size: int, stream: Any) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, stream)
        if isinstance(stream, _Hashed):
            stream.check()


class _Hashed:
    """A file being read, which must have the content it should have when it has been read."""

    def __init__(self, stream: IO[bytes], sha256: str) -> None:
        self._stream, self._expected, self._digest = stream, sha256, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        some = self._stream.read(size)
        self._digest.update(some)
        return some

    def check(self) -> None:
        if self._digest.hexdigest() != self._expected:
            raise _changed(Path(self._stream.name))


def _changed(path: Path) -> Damaged:
    return Damaged(
        got=f"{path}, whose content is not what was registered",
        expected="a home that is whole, as a backup of a damaged one would take the place of a good one",
        try_="receivables verify",
    )


def _backed_up(place: Home, to: Path, progress: Progress, *, with_published: bool) -> BackedUp:
    with ExitStack() as stack:
        state = State(place.state)
        first_run = next((run.run_id for run in state.runs()), "")
        _refuse_other(to, first_run)
        copy = to.with_name(f"{to.name}.{_STATE_COPY}") if to.suffix == ".tar" else to / _STATE_COPY
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.callback(copy.unlink, missing_ok=True)
        _copy_store(place.state, copy)
        files = [*_own_files(place, with_published=with_published), (Kept(_STATE, *_told_of(copy)), copy)]
        files += _lake_files(place, state)
        target: _Target = _Tar(to, stack) if to.suffix == ".tar" else _Folder(to)
        copied = copied_size = 0
        progress.step("backup", len(files))
        for kept, path in files:
            progress.advance(kept.path)
            if not target.holds(kept.sha256, kept.size):
                if not path.is_file() or path.is_symlink():
                    raise _changed(path)
                target.put(kept.sha256, path)
                copied, copied_size = copied + 1, copied_size + kept.size
        target.ended(_manifest([kept for kept, _ in files], first_run), {kept.sha256 for kept, _ in files})
    size = sum(kept.size for kept, _ in files)
    progress.done("backup", f"{len(files)} files, {copied} of them copied")
    return BackedUp(to, len(files), size, copied, copied_size)


def _refuse_other(to: Path, first_run: str) -> None:
    """Refuse a place that holds something else, which a backup would take the place of."""
    if to.suffix == ".tar":
        if to.exists():
            raise UsageError(got=f"--to {to}, which exists", expected="a new file", try_="another name")
        return
    begun = {_CONTENT, f"{MANIFEST}.writing", _STATE_COPY}
    if to.exists() and not (to / MANIFEST).exists() and any(path.name not in begun for path in _inside(to)):
        raise UsageError(
            got=f"--to {to}, which holds something else",
            expected="a new folder, one with an earlier backup, or a name that ends in .tar",
            try_="--to DIR with another folder",
        )
    if (to / MANIFEST).exists():
        with _Source.opened(to) as source:
            if source.manifest.get("first_run") != first_run:
                raise UsageError(
                    got=f"--to {to}, which holds the backup of another home",
                    expected="a folder for each home",
                    try_="--to DIR with another folder",
                )


def _inside(to: Path) -> list[Path]:
    return [*to.iterdir()] if to.is_dir() else [to]


def _copy_store(path: Path, copy: Path) -> None:
    """Copy the store as of one moment, whatever is written to it meanwhile."""
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as told, closing(sqlite3.connect(copy)) as kept:
        told.backup(kept)
        if (said := kept.execute("pragma integrity_check(1)").fetchone()[0]) != "ok":
            raise Damaged(got=f"{path}: {said}", expected="a store that is whole", try_="receivables verify")


def _told_of(path: Path) -> tuple[str, int]:
    return sha256_of(path), path.stat().st_size


def _own_files(place: Home, *, with_published: bool) -> list[tuple[Kept, Path]]:
    """Settings, profiles and contracts, and the published file if it is wanted; never the file of the mail password, wherever it stands."""
    paths = [place.root / settings_module.FILE_NAME]
    paths += [path for folder in _OWN_FOLDERS for path in sorted((place.root / folder).rglob("*.toml"))]
    if with_published:
        paths.append(place.warehouse / published_file(place.root).name)
    secret = place.settings().mail.password_file
    hidden = (place.root / secret).resolve() if secret else None
    return [
        (Kept(path.relative_to(place.root).as_posix(), *_told_of(path)), path)
        for path in paths
        if path.is_file() and path.resolve() != hidden
    ]


def _lake_files(place: Home, state: State) -> list[tuple[Kept, Path]]:
    if state.batches() and not state.has_lake_files():
        raise UsageError(
            got=f"home {place.root}, whose files of the lake are not registered yet",
            expected="a home in which a run of this version has ended",
            try_=f"receivables build --home {place.root}",
        )
    kept = [(Kept(f"lake/{file.path}", file.sha256, file.size), place.lake / file.path) for file in state.lake_files()]
    registered = {path for _, path in kept}
    # what a run that was cut off did not come to register may be all there is of what a person said
    for path in lake.settled_files(place.lake):
        if path not in registered:
            if path.is_symlink():
                raise _changed(path)
            kept.append((Kept(f"lake/{lake.name_of(place.lake, path)}", *_told_of(path)), path))
    return kept


def _manifest(files: Sequence[Kept], first_run: str) -> bytes:
    told = [asdict(kept) for kept in files]
    head = {"format": _FORMAT, "made_at": f"{utc_now():%Y-%m-%dT%H:%M:%S}Z", "code_version": __version__}
    return json.dumps(head | {"first_run": first_run, "files_sha256": _digest(told), "files": told}, indent=1).encode()


def _digest(files: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


class _Source:
    """A backup that is read: a folder or a .tar; nothing of it is believed before it is looked at."""

    def __init__(self, path: Path, tar: tarfile.TarFile | None) -> None:
        self._path, self._tar = path, tar
        raw = self._read(MANIFEST)
        try:
            self.manifest: dict[str, Any] = json.loads(raw)
            files = self.manifest["files"]
            self.made_at = str(self.manifest["made_at"])
            is_whole = self.manifest["format"] == _FORMAT and self.manifest["files_sha256"] == _digest(files)
            self.files = [Kept(str(one["path"]), str(one["sha256"]), int(one["size"])) for one in files]
        except (ValueError, KeyError, TypeError):
            is_whole = False
        if not is_whole:
            raise Damaged(
                got=f"{path}, whose {MANIFEST} cannot be understood or was changed",
                expected="a backup that receivables has made to its end",
                try_="another backup",
            )

    @staticmethod
    @contextmanager
    def opened(path: Path) -> Iterator[_Source]:
        """Open a backup.

        Raises:
            UsageError: there is none.
            Damaged: it cannot be understood.
        """
        with ExitStack() as stack:
            tar = None
            if path.is_file():
                try:
                    tar = stack.enter_context(tarfile.open(path, "r:"))
                except tarfile.TarError as error:
                    raise Damaged(
                        got=f"{path}: {error}", expected="a .tar of a backup", try_="another backup"
                    ) from None
            elif not path.is_dir():
                raise UsageError(got=f"{path}, which does not exist", expected="a backup", try_="checking the path")
            yield _Source(path, tar)

    def _read(self, name: str) -> bytes:
        try:
            with self._stream(name) as stream:
                return stream.read(_MANIFEST_MOST)
        except (OSError, KeyError):
            raise UsageError(
                got=f"{self._path} without {MANIFEST}",
                expected="a backup that was made to its end",
                try_="another backup, or receivables backup",
            ) from None

    def _stream(self, name: str) -> IO[bytes]:
        if self._tar is None:
            path = self._path / name
            if path.is_symlink() or not path.is_file():
                raise FileNotFoundError(name)
            return path.open("rb")
        member = self._tar.getmember(name)
        stream = self._tar.extractfile(member) if member.isreg() else None
        if stream is None:
            raise FileNotFoundError(name)
        return stream

    def write(self, kept: Kept, target: Path) -> None:
        """Write a file's content to `target`.

        Raises:
            Damaged: the backup no longer has it, or has another one in its place.
        """
        digest, left = hashlib.sha256(), kept.size
        try:
            with self._stream(f"{_CONTENT}/{kept.sha256[:2]}/{kept.sha256}") as stream, target.open("xb") as written:
                while left >= 0 and (some := stream.read(1 << 20)):
                    left -= len(some)
                    digest.update(some)
                    written.write(some)
            is_whole = left == 0 and digest.hexdigest() == kept.sha256
        except (KeyError, FileNotFoundError, tarfile.TarError):
            is_whole = False
        if not is_whole:
            raise Damaged(
                got=f"{self._path}, in which the content of {kept.path} is gone or damaged",
                expected=f"content with SHA-256 {kept.sha256[:12]}...",
                try_="another backup; nothing was restored",
            )


def restore(source: Path, home: Path, *, is_forced: bool = False, progress: Progress | None = None) -> Restored:
    """Make a home from a backup: whole, with every hash as it should be, or not at all.

    A home that stands there already is refused; with `is_forced` it is put aside, never deleted.

    Raises:
        UsageError: no such backup, a place that holds something, or a backup with paths that no home has.
        NightFailed: the place cannot be written.
        Damaged: the backup is not whole.
    """
    told, home = progress or Progress(), home.parent.absolute() / home.name if home.name else home.resolve()
    with private_files(), _Source.opened(source) as kept, _faults_told(home), ExitStack() as stack:
        _refuse_paths(source, kept.files)
        is_there = home.is_symlink() or home.exists()
        is_empty = home.is_dir() and not home.is_symlink() and not any(home.iterdir())
        if is_there and not is_empty:
            if not is_forced or not home.is_dir():
                raise UsageError(
                    got=f"--home {home}, which holds something",
                    expected="a new or empty folder",
                    try_="--home DIR with another folder, or --force, which puts this one aside",
                )
            stack.enter_context(Home(home).only_writer("restore"))
        unfinished = home.with_name(f".{home.name}.restoring")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700, parents=True)
        stack.callback(shutil.rmtree, unfinished, ignore_errors=True)
        _write_home(kept, unfinished, told)
        aside = None
        if is_there and not is_empty:
            aside = home.with_name(f"{home.name}.before-{utc_now():%Y%m%dT%H%M%S}")
            home.rename(aside)
        elif is_there:
            home.rmdir()
        unfinished.rename(home)
    size = sum(one.size for one in kept.files)
    told.done("restore", f"{len(kept.files)} files")
    return Restored(home, len(kept.files), size, kept.made_at, aside)


def _refuse_paths(source: Path, files: Sequence[Kept]) -> None:
    """Refuse paths that a home does not have, least of all ones that lead out of it."""
    for kept in files:
        parts = PurePosixPath(kept.path).parts
        is_plain = kept.path == "/".join(parts) and not {"..", ".", "/"} & {*parts} and "\\" not in kept.path
        if not (is_plain and kept.path.isprintable() and _is_of_home(parts) and _HASH.fullmatch(kept.sha256)):
            raise UsageError(
                got=f"{source} with the path {kept.path!r}",
                expected="paths that a home has",
                try_="a backup that receivables has made",
            )
    if len({kept.path for kept in files}) != len(files):
        raise UsageError(got=f"{source} with a path twice", expected="each once", try_="another backup")


def _is_of_home(parts: tuple[str, ...]) -> bool:
    if len(parts) == 1:
        return parts[0] in (_STATE, settings_module.FILE_NAME)
    if parts[0] in _OWN_FOLDERS:
        return parts[-1].endswith(".toml")
    if parts[0] == "warehouse":
        return len(parts) == 2 and re.fullmatch(r"receivables-\w+\.duckdb", parts[1]) is not None
    return parts[0] == "lake" and len(parts) > 1


def _write_home(source: _Source, root: Path, progress: Progress) -> None:
    Home(root).create()
    progress.step("restore", len(source.files))
    for kept in source.files:
        progress.advance(kept.path)
        target = root / kept.path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source.write(kept, target)
        if kept.path.startswith("warehouse/"):
            (target.parent / PUBLISHED).symlink_to(target.name)
    known = {kept.path: kept.sha256 for kept in source.files}
    for file in State(root / _STATE).lake_files():
        if known.get(f"lake/{file.path}") != file.sha256:
            raise Damaged(
                got=f"a backup without lake/{file.path} as its store has registered it",
                expected="the lake and the store of one moment",
                try_="another backup; nothing was restored",
            )
    _flush(root)


def _flush(root: Path) -> None:
    """Make sure that all of it is on the disk before it takes the place of anything."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
