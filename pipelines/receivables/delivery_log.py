"""What was mailed to whom, recorded in the store and copied into the lake, one file for each mailing: a lost store makes nobody get a report twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Final

from receivables import lake, published
from receivables.state import Delivery, restored

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from receivables.state import State

FOLDER: Final = "delivery"
"""Where the copies stand, below the lake."""


def record(state: State, root: Path, *deliveries: Delivery) -> None:
    """Record mailings in the store, then in the lake: both before what follows is done."""
    state.add(deliveries)
    for one in deliveries:
        _copy(state, root, one)


def _copy(state: State, root: Path, one: Delivery) -> None:
    lake.write_json(_file(root, one), asdict(one))
    state.add(lake.sealed(root, [_file(root, one)]))


def _file(root: Path, one: Delivery) -> Path:
    told = f"{one.address.casefold()}\0{one.as_of}\0{one.edition}"
    return root / FOLDER / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.json"


def complete(state: State, root: Path) -> None:
    """Copy into the lake what only the store knows, and take back from the lake what a lost or older store does not know, or knows less of."""
    recorded = {_file(root, one): one for one in state.deliveries()}
    copied = {path: _copied(path) for path in (root / FOLDER).glob("*.json")}
    for path, one in recorded.items():
        if path not in copied or copied[path].recorded_at < one.recorded_at:
            _copy(state, root, one)
    taken = {
        path: one
        for path, one in copied.items()
        if path not in recorded or recorded[path].recorded_at < one.recorded_at
    }
    state.add([*taken.values(), *lake.sealed(root, taken)])
    # a copy that says the same was written by a run that was cut off before it registered it
    lake.seal(state, root, (path for path, one in copied.items() if recorded.get(path) == one))


def _copied(path: Path) -> Delivery:
    told = json.loads(path.read_text(encoding="utf-8"))
    one: Delivery = restored(Delivery, [told[field.name] for field in fields(Delivery)])
    return one


def is_lost(state: State, root: Path, as_of: date) -> bool:
    """Whether a report of that date or a later one may have been mailed without anybody knowing: it was published by a run that the store does not know.

    Where the lake has copies they tell; homes of before there were any have none.
    """
    if any((root / FOLDER).glob("*.json")):
        return False
    known = {run.run_id for run in state.runs()}
    return any(run.as_of >= as_of and run.run_id not in known for run in published.kept(root))
