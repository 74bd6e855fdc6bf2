"""What persons decided about ratings: recorded in the store, copied into the lake as a file each, and told to a build as known by its moment."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, fields
from typing import TYPE_CHECKING, Final

from receivables import lake
from receivables.state import RatingDecision, State, restored

if TYPE_CHECKING:
    from pathlib import Path

    from receivables.engine import Connection

_KIND: Final = "rating_decision"


def record(state: State, root: Path, decision: RatingDecision) -> None:
    """Record a decision: it counts once it is in the store; who is cut off before it is in the lake is followed by `complete`."""
    state.add([decision])
    _copy(root, decision)


def complete(state: State, root: Path) -> None:
    """Copy into the lake what only the store has, and take back from the lake what a lost store no longer has."""
    recorded = {decision.decision_id: decision for decision in state.rating_decisions()}
    copied = {path.stem for path in (root / _KIND).glob("*.json")}
    for decision_id in sorted(recorded.keys() - copied):
        _copy(root, recorded[decision_id])
    if lost := copied - recorded.keys():
        state.add([_copied(root, decision_id) for decision_id in sorted(lost)])


def known(state: State | None, root: Path) -> list[RatingDecision]:
    """All decisions, oldest first, those that only the lake has among them (a lost store: None); nothing is written."""
    recorded = {decision.decision_id: decision for decision in (state.rating_decisions() if state else ())}
    for path in (root / _KIND).glob("*.json"):
        if path.stem not in recorded:
            recorded[path.stem] = _copied(root, path.stem)
    return [decision for _, decision in sorted(recorded.items())]


def hold(con: Connection, decisions: list[RatingDecision]) -> None:
    """Tell database `lake` the decisions that a build knows."""
    if decisions:
        marks = ", ".join("?" * len(fields(RatingDecision)))
        con.executemany(
            f"insert into lake.{_KIND} values ({marks})", [list(astuple(decision)) for decision in decisions]
        )


def _file(root: Path, decision_id: str) -> Path:
    return root / _KIND / f"{decision_id}.json"


def _copy(root: Path, decision: RatingDecision) -> None:
    lake.write_json(_file(root, decision.decision_id), asdict(decision))


def _copied(root: Path, decision_id: str) -> RatingDecision:
    told = json.loads(_file(root, decision_id).read_text(encoding="utf-8"))
    decision: RatingDecision = restored(RatingDecision, [told[field.name] for field in fields(RatingDecision)])
    return decision
