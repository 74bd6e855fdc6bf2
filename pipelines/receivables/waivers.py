"""What persons waived for the contents of files, recorded in the store and copied into the lake, one file for each content."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from receivables import lake
from receivables.state import Waiver, restored

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from receivables.state import State


def waive(
    state: State, root: Path, sha256: str, contracts: Iterable[str], *, run_id: str, by: str, at: datetime
) -> None:
    """Keep what a person waived for this content, once: a past moment is answered by what had been said by then."""
    given = [waiver for waiver in state.waivers() if waiver.file_sha256 == sha256]
    known = {waiver.contract for waiver in given}
    new = [Waiver(sha256, name, run_id, by, at) for name in dict.fromkeys(contracts) if name not in known]
    if new:
        _record(state, root, sha256, [*given, *new])


def complete(state: State, root: Path) -> None:
    """Copy into the lake what only the store knows, and take back from the lake what it does not: a run was cut off between the two, or the store was lost."""
    recorded: dict[Path, list[Waiver]] = {}
    for waiver in state.waivers():
        recorded.setdefault(waiver_file(root, waiver.file_sha256), []).append(waiver)
    copied = {path: _copied(path) for path in (root / "waiver").glob("*.json")}
    for path in recorded.keys() | copied.keys():
        ours, theirs = recorded.get(path, []), copied.get(path, [])
        known = {waiver.contract for waiver in ours}
        every = [*ours, *(waiver for waiver in theirs if waiver.contract not in known)]
        if len(every) > min(len(ours), len(theirs)):
            _record(state, root, path.stem, every)
    lake.seal(state, root, (path for path, told in copied.items() if {*told} == {*recorded.get(path, ())}))


def _record(state: State, root: Path, sha256: str, every: list[Waiver]) -> None:
    copy = waiver_file(root, sha256)
    lake.write_json(copy, [asdict(waiver) for waiver in every])
    state.add([*every, *lake.sealed(root, [copy])])


def _copied(path: Path) -> list[Waiver]:
    told = json.loads(path.read_text(encoding="utf-8"))
    return [restored(Waiver, [one[field.name] for field in fields(Waiver)]) for one in told]


def waiver_file(root: Path, sha256: str) -> Path:
    """Where the waivers of a content are copied."""
    return root / "waiver" / f"{sha256}.json"
