"""The bytes of files that have lines in quarantine, how they were read, and the repairs of such lines: what a later reading needs, kept in the lake."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import shutil
import zlib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Final

from receivables.errors import FileRefused
from receivables.intake.company import Companies
from receivables.lake import name_of, settle, write_json
from receivables.state import is_read_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from receivables.intake.read import Landed
    from receivables.state import Repair, State

_LEVEL: Final = 3
"""How hard a file is compressed: exports shrink to a tenth soon, and the night waits for it."""


@dataclass(frozen=True)
class Kept:
    """What stands beside a kept file's bytes: what was known of its companies when it arrived, and its header as it stands."""

    companies: Companies
    header_line: str
    content_sha256: str = ""
    """That of the bytes that are kept, where they are not the file's own."""


def keep_source(
    root: Path,
    path: Path,
    landed: Landed,
    arrival_id: int,
    kept: Kept,
    *,
    masked: Callable[[Iterable[str]], Iterator[str]] | None = None,
) -> tuple[Path, ...]:
    """Keep a file's bytes, once per content, and what a later reading needs beside them; returns where.

    With `masked` the lines it makes are kept instead; nothing is where it can make none, or the file is not read by lines.

    Raises:
        FileRefused: the file has changed since it was read.
    """
    sha256 = landed.source.sha256
    target = _bytes_of(root, sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        unfinished = target.with_suffix(".writing")
        with gzip.GzipFile(unfinished, "wb", _LEVEL, mtime=0) as written:
            read = _copied(path, written) if masked is None else _masked(path, landed, masked, written)
        if read != sha256:
            unfinished.unlink()
            if masked is not None:
                return ()
            raise FileRefused(
                got=f"{path.name}, which changed while it was read",
                expected="a file that is written to its end",
                try_="again when it is",
                reason="FILE_UNREADABLE",
            )
        settle(unfinished, target)
    beside = target.with_name(f"{arrival_id}.json")
    write_json(beside, asdict(kept if masked is None else replace(kept, content_sha256=_sha256_of(target))))
    return target, beside


def _copied(path: Path, written: BinaryIO | gzip.GzipFile) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as read:
        while some := read.read(1 << 20):
            digest.update(some)
            written.write(some)
    return digest.hexdigest()


def _masked(
    path: Path, landed: Landed, masked: Callable[[Iterable[str]], Iterator[str]], written: BinaryIO | gzip.GzipFile
) -> str:
    """Write the lines that `masked` makes of a file's own; returns the SHA-256 of what was read, or nothing where it cannot be done."""
    if landed.source.kind != "text" or landed.profile.columns_at:
        return ""
    digest, encoding = hashlib.sha256(), landed.encoding
    own, other = (codecs.getincrementalencoder(encoding)() for _ in range(2))

    def hashed(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            digest.update(own.encode(line))
            yield line

    try:
        with path.open(encoding=encoding, newline="") as read:
            for line in masked(hashed(read)):
                written.write(other.encode(line))
    except ValueError:
        return ""
    return digest.hexdigest()


def kept_source(root: Path, arrival_id: int | None) -> Kept | None:
    """What stands beside a file's bytes; None where the file was not kept."""
    path = root / "source" / f"{arrival_id}.json"
    if not path.exists():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    return Kept(Companies(**told["companies"]), told["header_line"], told.get("content_sha256", ""))


def restore_source(root: Path, sha256: str, kept: Kept, target: Path) -> None:
    """Write the bytes of a kept file to `target`.

    Raises:
        FileRefused: they are gone or damaged.
    """
    packed = _bytes_of(root, sha256)
    try:
        with gzip.open(packed, "rb") as read, target.open("wb") as written:
            shutil.copyfileobj(read, written, 1 << 20)
        is_whole = _sha256_of(packed) == (kept.content_sha256 or sha256)
    except (FileNotFoundError, gzip.BadGzipFile, EOFError, zlib.error):
        is_whole = False
    if not is_whole:
        raise FileRefused(
            got=f"{target.name}, whose bytes in {packed} are gone or damaged",
            expected="the file as it arrived",
            try_="putting lake/source back from a backup, or correcting the export itself",
        )


def forget_sources(root: Path, state: State, before: datetime) -> list[Path]:
    """Delete the bytes of files of which no line has been in quarantine since a moment, and what stands beside them; where they stood.

    As long as a line is in quarantine it is repaired from them, afterwards a repair could only be changed by them.
    """
    gone = []
    for packed in sorted((root / "source").glob("*.gz")):
        told = state.batches_of(packed.stem)
        if is_read_whole(told, before):
            arrivals = dict.fromkeys(batch.arrival_id for batch in told)
            gone += [packed, *(packed.with_name(f"{arrival_id}.json") for arrival_id in arrivals)]
    found = [path for path in gone if path.exists()]
    state.strike(name_of(root, path) for path in found)
    for path in found:
        path.unlink()
    return found


def has_quarantined(landed: Landed) -> bool:
    """Whether a file that was read has lines in quarantine."""
    return any(outcome == "quarantined" for _, _, outcome in landed.account.lines)


def keep_repairs(root: Path, repairs: Iterable[Repair]) -> list[Path]:
    """Copy repairs into the lake, one file per reading in which they take effect; as its batches they count once they are registered. Returns where."""
    told = [asdict(repair) for repair in repairs]
    written = []
    for first_batch in dict.fromkeys(repair["new_batch_id"] for repair in told):
        written.append(repairs_file(root, first_batch))
        write_json(written[-1], [repair for repair in told if repair["new_batch_id"] == first_batch])
    return written


def repairs_file(root: Path, first_batch: int) -> Path:
    """Where the repairs are copied that take effect in a reading, named by its first batch."""
    return root / "repair" / f"{first_batch}.json"


def _bytes_of(root: Path, sha256: str) -> Path:
    return root / "source" / f"{sha256}.gz"


def _sha256_of(packed: Path) -> str:
    with gzip.open(packed, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
