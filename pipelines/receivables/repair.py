"""Taking repaired lines back: the whole file they came from is read again with them in their places, and that reading supersedes the one before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from receivables import lake
from receivables.dates import utc_now
from receivables.errors import FileRefused, ReceivablesError, UsageError
from receivables.intake.profile import available
from receivables.intake.read import Request, read_file
from receivables.land import recorded_for, scratch_connection
from receivables.left_out import left_out
from receivables.quarantine import in_quarantine
from receivables.repair_plan import as_json, asked_for
from receivables.sources import keep_repairs, kept_source, restore_source
from receivables.state import Repair, counting, readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.intake.read import Landed
    from receivables.intake.substitute import Asked
    from receivables.quarantine_file import FilledRow
    from receivables.repair_plan import Line
    from receivables.run import Night
    from receivables.state import Batch


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
    asked, untouched = asked_for(night, rows)
    before = {(r.file_sha256, r.line_no, r.raw_line, r.asked) for r in night.state.repairs()}
    new = {line: one for line, one in asked.items() if (*line, one.raw_line, as_json(one)) not in before}
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
        got=f"{name}, whose bytes are not in lake/source, or no longer (retention.source_days)",
        expected="a file that is kept for the repair of its lines",
        try_="correcting the export itself and putting it into the inbox",
    )


def _read_again(night: Night, reading: Sequence[Batch], asked: Sequence[Asked], by: str, today: date) -> None:
    """Read one file again and register its batches and the repairs together: until then nothing of it counts."""
    origin, root = reading[0], night.home.lake
    with scratch_connection(night, origin.file_name) as (con, scratch):
        landed = _landed(con, _request(night, origin, scratch, asked, today), scratch)
        # it is the content that arrived, also where hashes stand in the place of account numbers
        landed = replace(landed, source=replace(landed.source, sha256=origin.file_sha256))
        first_id, now = night.state.next_batch_id(), utc_now()
        sha256, next_id = origin.file_sha256, night.state.next_repair_id()
        first = Repair(next_id, sha256, origin.batch_id, 0, "", "", "repaired", "", first_id, by, now)
        repairs = _repairs(first, asked, landed)
        arrival = _arrival(night, origin, repairs)
        posted = lake.recorded_when_posted(con, root, reading)
        batches = lake.write(
            con,
            landed,
            root,
            first_id=first_id,
            loaded_at=now,
            is_first_load=_posted(reading, posted),
            arrival=arrival,
            leave_out=left_out(con, landed, night.home.root, night.state, root).value,
        )
        written = [*lake.files_of(root, batches), *keep_repairs(root, repairs)]
        night.state.add([*batches, *repairs, *lake.sealed(root, written)])
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
    restore_source(night.home.lake, origin.file_sha256, beside, path)
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
            asked=as_json(one),
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
