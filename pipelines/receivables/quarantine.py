"""What is in quarantine and what has left it: the findings of every reading that counts, and those that a later reading of the same file resolved."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables import lake
from receivables.engine import connect
from receivables.sources import kept_source
from receivables.state import counting, readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.state import Batch, Repair

_REF: Final = re.compile(r"B([1-9][0-9]{0,17})-L([1-9][0-9]{0,17})")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a quarantined record; `batch_id` is the first batch of the reading that found it, `header_line` what it is read by."""

    batch_id: int
    file_name: str
    line_no: int
    reason_code: str
    column_name: str
    raw_value: str
    raw_line: str
    header_line: str = ""

    @property
    def ref(self) -> str:
        """The record's name, the same as long as the lake lives; no spreadsheet takes it for a number or a date."""
        return f"B{self.batch_id}-L{self.line_no}"


def place_of(ref: str) -> tuple[int, int] | None:
    """First batch of the reading and line that a ref names; None where it is no ref.

    >>> place_of("B12-L345")
    (12, 345)
    """
    match = _REF.fullmatch(ref.strip())
    return (int(match[1]), int(match[2])) if match else None


def problems(root: Path, told: Sequence[Sequence[Batch]], lines: Iterable[int] | None = None) -> list[Problem]:
    """What is wrong with the quarantined records of some readings, by file and line; `lines` are the only ones wanted, if given."""
    names = {reading[0].batch_id: reading[0].file_name for reading in told}
    wanted = "" if lines is None else f" and line_no in ({', '.join(map(str, lines)) or 'null'})"
    with closing(connect()) as con:
        rows = con.execute(
            "select batch_id, line_no, reason_code, coalesce(column_name, ''), coalesce(raw_value, ''), coalesce(raw_line, '')"
            f" from ({lake.findings_of(root, list(names))}) where action = 'quarantine' and line_no is not null{wanted}"
            " order by batch_id, line_no, column_name, reason_code"
        ).fetchall()
    arrivals = {reading[0].batch_id: reading[0].arrival_id for reading in told}
    kept = {batch_id: kept_source(root, arrivals[batch_id]) for batch_id in {row[0] for row in rows}}
    headers = {batch_id: beside.header_line if beside is not None else "" for batch_id, beside in kept.items()}
    return [
        Problem(batch_id, names[batch_id], line_no, reason, column, value, raw, headers[batch_id])
        for batch_id, line_no, reason, column, value, raw in rows
    ]


def in_quarantine(root: Path, batches: Sequence[Batch]) -> list[Problem]:
    """What is wrong with every record that is in quarantine."""
    return problems(root, readings(counting(batches)))


def superseded_by(batches: Sequence[Batch]) -> dict[int, int]:
    """For every batch of a reading that a later one of the same file superseded: the first batch of the next."""
    found: dict[int, int] = {}
    latest: dict[int, list[Batch]] = {}
    for reading in readings(batches):
        arrival = reading[0].arrival_id
        if arrival is None:
            continue
        found |= {batch.batch_id: reading[0].batch_id for batch in latest.get(arrival, ())}
        latest[arrival] = reading
    return found


def publish_issues(
    con: Connection, root: Path, batches: Sequence[Batch], repairs: Sequence[Repair], target: str
) -> None:
    """Create table `target` with the findings of all batches that count or were refused, and those that repairs resolved.

    A line that was repaired and is still in quarantine is told once, by the reading that counts.
    """
    first = [reading[0].batch_id for reading in readings(counting(batches))]
    refused = [batch.batch_id for batch in batches if batch.status == "refused"]
    _tell_successions(con, batches, repairs)
    old = sorted(set(superseded_by(batches)) & {reading[0].batch_id for reading in readings(batches)})
    con.execute(
        f"create table {target} as select row_number() over (order by batch_id, line_no nulls first, reason_code, column_name) as issue_id, *"
        f" from (select *, null::timestamp as resolved_at, null::varchar as resolved_by, null::bigint as resolved_batch_id, null::varchar as resolution"
        f" from ({lake.findings_of(root, [*first, *refused])}) union all {_resolved(root, old, sorted(set(superseded_by(batches).values())))})"
    )
    con.execute("drop table temp.succession")
    con.execute("drop table temp.decided")


def _tell_successions(con: Connection, batches: Sequence[Batch], repairs: Sequence[Repair]) -> None:
    """Create temp table `succession`, which reading superseded which, and `decided`, the repairs."""
    con.execute(
        "create temp table succession (batch_id bigint, new_batch_id bigint, file_sha256 varchar, resolved_at timestamp)"
    )
    con.execute(
        "create temp table decided (repair_id bigint, file_sha256 varchar, line_no bigint, decision varchar, recorded_by varchar, recorded_at timestamp)"
    )
    known = {batch.batch_id: batch for batch in batches}
    told = [[old, new, known[new].file_sha256, known[new].loaded_at] for old, new in superseded_by(batches).items()]
    if told:
        con.executemany("insert into succession values (?, ?, ?, ?)", told)
    decided = [[r.repair_id, r.file_sha256, r.line_no, r.decision, r.recorded_by, r.recorded_at] for r in repairs]
    if decided:
        con.executemany("insert into decided values (?, ?, ?, ?, ?, ?)", decided)


def _resolved(root: Path, old: Sequence[int], new: Sequence[int]) -> str:
    """SQL for the quarantine findings of superseded readings whose line the next reading no longer has in quarantine, by whom and when.

    A line that nobody repaired itself left with another, such as the head above it: by whoever repaired that file last.
    """
    return (
        f"select old.*, coalesce(own.recorded_at, s.resolved_at), coalesce(own.recorded_by, other.recorded_by), s.new_batch_id, coalesce(own.decision, 'repaired')"
        f" from ({lake.findings_of(root, old)}) as old inner join succession as s on old.batch_id = s.batch_id"
        f" left join (select distinct batch_id, line_no from ({lake.findings_of(root, new)}) where action = 'quarantine') as still"
        " on s.new_batch_id = still.batch_id and old.line_no = still.line_no"
        f" left join {_latest('line_no')} as own on s.new_batch_id = own.new_batch_id and old.line_no = own.line_no"
        f" left join {_latest()} as other on s.new_batch_id = other.new_batch_id"
        " where old.action = 'quarantine' and still.line_no is null"
    )


def _latest(*by: str) -> str:
    """SQL for the latest repair that each new reading knew of, per line or of the whole file."""
    keys = "".join(f", decided.{name}" for name in by)
    told = ", ".join(
        f"max_by(decided.{name}, repair_id) as {name}" for name in ("decision", "recorded_by", "recorded_at")
    )
    return (
        f"(select new.new_batch_id{keys}, {told} from (select distinct new_batch_id, file_sha256, resolved_at from succession) as new"
        " inner join decided on new.file_sha256 = decided.file_sha256 and decided.recorded_at <= new.resolved_at"
        f" group by new.new_batch_id{keys})"
    )
