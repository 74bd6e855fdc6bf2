"""What persons decided about ratings and flags: recorded in the store, copied into the lake as a file each, and told to a build as known by its moment."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, fields
from typing import TYPE_CHECKING, Any, Final

from receivables import lake
from receivables.errors import UsageError
from receivables.state import Decision, FlagDecision, RatingDecision, State, restored

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from receivables.engine import Connection

KINDS: Final[dict[type[Any], str]] = {RatingDecision: "rating_decision", FlagDecision: "flag_decision"}
"""The kinds of decisions, each with the folder and the table of the lake that hold it."""

REASON_MOST: Final = 500
"""Characters of a reason at most: it is read in a table, the whole story belongs in the customer's file."""

NAME_MOST: Final = 100
"""Characters of a person's name at most."""


def said(option: str, text: str, most: int) -> str:
    """A person's words on one line.

    Raises:
        UsageError: they are too long, or hold characters that nobody sees.
    """
    line = " ".join(text.split())
    if len(line) > most:
        raise UsageError(
            got=f"{option} of {len(line):,} characters", expected=f"at most {most}", try_=f"{option} with fewer words"
        )
    if hidden := next((char for char in line if not char.isprintable()), None):
        raise UsageError(
            got=f"{option} with the character U+{ord(hidden):04X}, which nobody sees",
            expected="words that can be read",
            try_=f"{option} without it",
        )
    return line


def record(state: State, root: Path, *decided: RatingDecision | FlagDecision) -> None:
    """Record decisions, all or none: they count once they are in the store; who is cut off before all are in the lake is followed by `complete`."""
    state.add(decided)
    for decision in decided:
        _copy(state, root, decision)


def complete(state: State, root: Path) -> None:
    """Copy into the lake what only the store has, and take back from the lake what a lost store no longer has."""
    for kind in KINDS:
        recorded = {decision.decision_id: decision for decision in state.decisions(kind)}
        copied = {path.stem: path for path in (root / KINDS[kind]).glob("*.json")}
        registered = {file.path for file in state.lake_files()}
        for decision_id in sorted(recorded.keys() - copied.keys()):
            _copy(state, root, recorded[decision_id])
        for decision_id in sorted(copied):
            if decision_id not in recorded:
                state.add([copied_decision(root, kind, decision_id), *lake.sealed(root, [copied[decision_id]])])
            elif lake.name_of(root, copied[decision_id]) not in registered:
                _copy(state, root, recorded[decision_id])


def known(kind: type[Decision], state: State | None, root: Path) -> list[Decision]:
    """All decisions of a kind, oldest first, those that only the lake has among them (a lost store: None); nothing is written."""
    recorded = {decision.decision_id: decision for decision in (state.decisions(kind) if state else ())}
    for path in (root / KINDS[kind]).glob("*.json"):
        if path.stem not in recorded:
            recorded[path.stem] = copied_decision(root, kind, path.stem)
    return [decision for _, decision in sorted(recorded.items())]


def hold(con: Connection, state: State, known_at: datetime) -> None:
    """Tell database `lake` the decisions of every kind that a build knows."""
    for kind, table in KINDS.items():
        if decided := state.decisions(kind, known_at):
            marks = ", ".join("?" * len(fields(kind)))
            rows = [list(astuple(decision)) for decision in decided]
            con.executemany(f"insert into lake.{table} values ({marks})", rows)


def decision_file(root: Path, kind: type[Any], decision_id: str) -> Path:
    """Where a decision is copied."""
    return root / KINDS[kind] / f"{decision_id}.json"


def _copy(state: State, root: Path, decision: RatingDecision | FlagDecision) -> None:
    copy = decision_file(root, type(decision), decision.decision_id)
    lake.write_json(copy, asdict(decision))
    state.add(lake.sealed(root, [copy]))


def copied_decision(root: Path, kind: type[Decision], decision_id: str) -> Decision:
    """A decision as its copy in the lake tells it."""
    told = json.loads(decision_file(root, kind, decision_id).read_text(encoding="utf-8"))
    decision: Decision = restored(kind, [told[field.name] for field in fields(kind)])
    return decision
