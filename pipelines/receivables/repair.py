"""Taking repaired lines back: the whole file they came from is read again with them in their places, and that reading supersedes the one before."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from receivables import lake
from receivables.dates import utc_now
from receivables.errors import FileRefused, ReceivablesError, UsageError
from receivables.intake.profile import available
from receivables.intake.read import Request, read_file
from receivables.intake.substitute import Asked
from receivables.land import recorded_for, scratch_connection
from receivables.quarantine import in_quarantine, place_of, problems
from receivables.sources import keep_repairs, kept_source, restore_source
from receivables.state import Repair, counting, readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.intake.read import Landed
    from receivables.quarantine import Problem
    from receivables.quarantine_file import FilledRow
    from receivables.run import Night
    from receivables.state import Batch

    Line = tuple[str, int]
    """A line of a file's content, by its hash."""


@dataclass(frozen=True)
class Repaired:
    """What became of the lines of a file that was taken back; each is counted once.

    `repaired` and `left_out` have left the quarantine now, `already` before; `still` counts by reason those whose repair did not make them
    readable; `untouched` were not filled in. `refusals` are the files that could not be read with what was asked: nothing of theirs changed.
    """

    run_id: str
    repaired: int
    left_out: int
    already: int
    untouched: int
    still: Mapping[str, int]
    refused: int
    refusals: tuple[ReceivablesError, ...] = ()


def take_back(night: Night, rows: Sequence[FilledRow], by: str, today: date) -> Repaired:
    """Record what a person filled in, read the files again with it, and say what became of every line.

    Raises:
        UsageError: a row that names no quarantined line, or rows that contradict each other; nothing was changed.
    """
    asked, untouched = _asked(night, rows)
    before = {(r.file_sha256, r.line_no, r.raw_line, r.asked) for r in night.state.repairs()}
    new = {line: one for line, one in asked.items() if (*line, one.raw_line, _as_json(one)) not in before}
    refusals: dict[str, ReceivablesError] = {}
    contents = list(dict.fromkeys(sha256 for sha256, _ in asked))
    with night.step("repair", len(contents)) as counts:
        for sha256 in contents:
            wanted = [one for (content, _), one in new.items() if content == sha256]
            try:
                _read_all_again(night, sha256, wanted, by, today)
            except (FileRefused, UsageError) as error:
                refusals[sha256] = error
        counts["items"], counts["findings"] = len(contents) - len(refusals), len(refusals)
    return _told(night, asked, new, untouched, refusals)


def _told(
    night: Night,
    asked: Mapping[Line, Asked],
    new: Mapping[Line, Asked],
    untouched: int,
    refusals: Mapping[str, ReceivablesError],
) -> Repaired:
    taken = {line: one for line, one in asked.items() if line[0] not in refusals}
    bad = _reasons(night, taken)
    gone = {line: one for line, one in taken.items() if line not in bad}
    return Repaired(
        run_id=night.run.run_id,
        repaired=sum(line in new and not one.is_left_out for line, one in gone.items()),
        left_out=sum(line in new and one.is_left_out for line, one in gone.items()),
        already=sum(line not in new for line in gone),
        untouched=untouched,
        still=dict(sorted(Counter(bad.values()).items())),
        refused=len(asked) - len(taken),
        refusals=tuple(refusals.values()),
    )


def _reasons(night: Night, lines: Iterable[Line]) -> dict[Line, str]:
    """Those of the lines that are in quarantine, each with its first reason."""
    batches, wanted = night.state.batches(), set(lines)
    contents = {batch.batch_id: batch.file_sha256 for batch in batches}
    found: dict[Line, str] = {}
    for problem in in_quarantine(night.home.lake, batches):
        line = (contents[problem.batch_id], problem.line_no)
        if line in wanted:
            found.setdefault(line, problem.reason_code)
    return found


def _asked(night: Night, rows: Sequence[FilledRow]) -> tuple[dict[Line, Asked], int]:
    """What is asked for every line that is filled in, and how many lines are not."""
    filled = [row for row in rows if row.is_filled]
    known = _problems_named(night, filled)
    contents = {batch.batch_id: batch.file_sha256 for batch in night.state.batches()}
    rows_of: dict[Line, list[FilledRow]] = {}
    raw_of: dict[Line, str] = {}
    for row in filled:
        problem = _problem_of(row, known)
        line = (contents[problem.batch_id], problem.line_no)
        rows_of.setdefault(line, []).append(row)
        raw_of.setdefault(line, problem.raw_line)
    asked = {line: _one_wish(line[1], raw_of[line], told) for line, told in rows_of.items()}
    idle = {row.ref for row in rows if not row.is_filled} - {row.ref for row in filled}
    return asked, len(idle)


def _problems_named(night: Night, rows: Sequence[FilledRow]) -> dict[tuple[int, int], Problem]:
    named = {place for row in rows if (place := place_of(row.ref))}
    batches = {batch_id for batch_id, _ in named}
    told = [reading for reading in readings(night.state.batches()) if reading[0].batch_id in batches]
    found = problems(night.home.lake, told, sorted({line for _, line in named}))
    return {(problem.batch_id, problem.line_no): problem for problem in reversed(found)}


def _problem_of(row: FilledRow, known: Mapping[tuple[int, int], Problem]) -> Problem:
    problem = known.get(place_of(row.ref) or (0, 0))
    if problem is None:
        raise UsageError(
            got=f"row {row.row} with ref {row.ref!r}, which names no quarantined line of this home",
            expected="a ref as receivables findings export wrote it",
            try_="exporting again, or the right --home",
        )
    if _loosely(row.raw_line) != _loosely(problem.raw_line):
        raise UsageError(
            got=f"row {row.row} ({row.ref}), whose raw_line is not that of line {problem.line_no} of {problem.file_name}",
            expected="raw_line as it was exported, beside the ref it belongs to",
            try_="exporting again, and filling repaired_line, repaired_value or decision only",
        )
    return problem


_UNSURE: Final = re.compile("_x[0-9A-Fa-f]{4}_|[\x00-\x1f\x7f\ufffe\uffff]")
_CELL_MAX: Final = 30_000


def _loosely(text: str) -> str:
    """A text without what spreadsheets change when they store it: control characters, line ends, what is beyond a cell's length."""
    return "".join(_UNSURE.sub("", text[:_CELL_MAX]).split())[: _CELL_MAX // 2]


def _one_wish(line_no: int, raw_line: str, rows: Sequence[FilledRow]) -> Asked:
    """What all rows about one line ask together.

    Raises:
        UsageError: two of them contradict each other.
    """
    first: dict[str, FilledRow] = {}
    for row in rows:
        for what, text in row.asks():
            other = first.setdefault(what, row)
            if dict(other.asks())[what] != text:
                raise _contradiction(other, row)
    kinds = {what.partition(" ")[0]: row for what, row in first.items()}
    if len(kinds) > 1:
        one, other, *_ = kinds.values()
        raise _contradiction(one, other)
    told = {what: dict(row.asks())[what] for what, row in first.items()}
    values = tuple(sorted((what.partition(" ")[2], text) for what, text in told.items() if what.startswith("value")))
    return Asked(line_no, raw_line, told.get("line"), values, "leave_out" in told)


def _contradiction(one: FilledRow, other: FilledRow) -> UsageError:
    where = f"row {one.row}" if one.row == other.row else f"rows {one.row} and {other.row}"
    return UsageError(
        got=f"two different repairs of {one.ref} in {where}",
        expected="one: repaired_line, or repaired_value for each column, or decision",
        try_="emptying what does not count",
    )


def _as_json(one: Asked) -> str:
    told = {"leave_out": True} if one.is_left_out else {"line": one.line} if one.line is not None else {}
    return json.dumps(told or {"values": dict(one.values)}, ensure_ascii=False, sort_keys=True)


def _read_all_again(night: Night, sha256: str, asked: Sequence[Asked], by: str, today: date) -> None:
    """Read every reading of a file's content again that does not know all of its repairs yet, which are recorded with the first."""
    current = [reading for reading in readings(counting(night.state.batches())) if reading[0].file_sha256 == sha256]
    kept = [one for one in current if kept_source(night.home.lake, one[0].arrival_id) is not None]
    if not kept and asked:
        raise _not_kept(current)
    for reading in kept:
        decided = [one.recorded_at for one in night.state.repairs(sha256=sha256)]
        if asked or any(at > reading[0].loaded_at for at in decided):
            _read_again(night, reading, asked, by, today)
            asked = ()


def _not_kept(current: Sequence[Sequence[Batch]]) -> FileRefused:
    name = current[0][0].file_name if current else "a file"
    return FileRefused(
        got=f"{name}, which was loaded before files with quarantined lines were kept",
        expected="a file whose bytes are in lake/source",
        try_="correcting the export itself and putting it into the inbox",
    )


def _read_again(night: Night, reading: Sequence[Batch], asked: Sequence[Asked], by: str, today: date) -> None:
    """Read one file again and register its batches and the repairs together: until then nothing of it counts."""
    origin, root = reading[0], night.home.lake
    with scratch_connection(night) as (con, scratch):
        landed = _landed(con, _request(night, origin, scratch, asked, today), scratch)
        first_id, now = night.state.next_batch_id(), utc_now()
        sha256, next_id = origin.file_sha256, night.state.next_repair_id()
        first = Repair(next_id, sha256, origin.batch_id, 0, "", "", "repaired", "", first_id, by, now)
        repairs = _repairs(first, asked, landed)
        arrival = _arrival(night, origin, repairs)
        posted = lake.recorded_when_posted(con, root, reading)
        batches = lake.write(
            con, landed, root, first_id=first_id, loaded_at=now, is_first_load=_posted(reading, posted), arrival=arrival
        )
        keep_repairs(root, repairs)
        night.state.add([*batches, *repairs])
    night.log("reread", file=origin.file_name, batch=first_id, supersedes=origin.batch_id, repairs=len(repairs))


def _landed(con: Connection, request: Request, scratch: Path) -> Landed:
    """Read the file; where its rows no longer sum to its own total, the amounts that were filled in are what has changed."""
    try:
        return read_file(con, request, scratch)
    except FileRefused as refusal:
        if refusal.reason != "FILE_TRUNCATED":
            raise
        raise FileRefused(
            got=refusal.got, expected=refusal.expected, try_="the amounts as the file should have said them"
        ) from None


def _request(night: Night, origin: Batch, scratch: Path, asked: Sequence[Asked], today: date) -> Request:
    beside = kept_source(night.home.lake, origin.arrival_id)
    profiles = [profile for profile in available(night.home.profiles) if profile.id == origin.profile_id]
    if beside is None or not profiles:
        raise FileRefused(
            got=f"{origin.file_name}, which profile {origin.profile_id!r} read, known here no longer",
            expected="the profile it was read with",
            try_=f"putting it back into {night.home.profiles}",
        )
    folder = scratch / "file"
    folder.mkdir()
    path = folder / origin.file_name
    restore_source(night.home.lake, origin.file_sha256, path)
    return Request(
        path,
        profiles,
        night.settings,
        beside.companies,
        today,
        origin.extract_as_of,
        origin.mode,
        recorded_for(night, origin.file_sha256),
        tuple(asked),
        is_again=True,
    )


def _repairs(first: Repair, asked: Sequence[Asked], landed: Landed) -> list[Repair]:
    """One event for each record that was asked for, all alike but for the record."""
    return [
        replace(
            first,
            repair_id=first.repair_id + number,
            line_no=one.line_no,
            raw_line=one.raw_line,
            asked=_as_json(one),
            decision="left_out" if one.is_left_out else "repaired",
            repaired_line=told.text,
        )
        for number, (one, told) in enumerate(zip(asked, landed.replaced, strict=True))
    ]


def _arrival(night: Night, origin: Batch, repairs: Sequence[Repair]) -> lake.Arrival:
    """When the file came first, and when each of its lines was repaired last."""
    if origin.arrival_id is None:
        raise AssertionError("a file that was kept has an arrival")
    came = min(b.loaded_at for b in night.state.batches() if b.arrival_id == origin.arrival_id)
    known = night.state.repairs(sha256=origin.file_sha256)
    # A line repaired before the file came, under another name, was known from then on.
    moments = {repair.line_no: max(came, repair.recorded_at) for repair in (*known, *repairs)}
    return lake.Arrival(origin.arrival_id, came, moments)


def _posted(reading: Sequence[Batch], posted: set[tuple[str, str]]) -> Callable[[str, str], bool]:
    """Whether rows of a company and table count as recorded when posted: as before, and where there were none, as the rest of their file."""
    known = {(batch.company_id, batch.table_name) for batch in reading}
    return lambda company, table: (company, table) in posted or ((company, table) not in known and bool(posted))
