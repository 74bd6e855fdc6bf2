"""Landing: every file of the inbox read into the lake once, refused ones named and left where they are."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from receivables import arrival, lake, waivers
from receivables.check_batches import refused_before
from receivables.checks.contract import ON_BATCHES
from receivables.dates import utc_now
from receivables.errors import FileRefused, Finding, UsageError, nearest
from receivables.home import NIGHTLY
from receivables.intake import steady
from receivables.intake.company import Companies
from receivables.intake.container import inspect, memory_told, physical_lines, refuse_strange, shown_name
from receivables.intake.profile import Profile, available, read_profiles
from receivables.intake.read import Request, date_in_name, read_file
from receivables.intake.steady import FileBusy
from receivables.intake.substitute import Replacement
from receivables.left_out import left_out
from receivables.schema import TABLES
from receivables.sources import Kept, has_quarantined, keep_source
from receivables.state import KNOWN, LOADED, REFUSED, Batch, InboxFile, LakeFile, counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from receivables.engine import Connection, Scratch
    from receivables.intake.container import Source
    from receivables.run import Night
    from receivables.settings import Settings

_CHANGED: Final = "which changed while it was read"

NOT_EXPORTS: Final = ("README.md", "truth.json")
"""Files the sample folder holds beside its exports."""


@dataclass(frozen=True)
class Reading:
    """What the caller says about the files to read; None leaves it to profile and file."""

    profile: str | None = None
    extract_as_of: date | None = None
    company: str | None = None
    mode: str | None = None
    backfill: bool = False
    """Load extracts older than those loaded before; they add history and change nothing that newer ones say."""
    waive: tuple[str, ...] = ()
    """Contracts that shall not stop any of the files; kept with them."""
    by: str = ""
    """Who waives them."""
    allow_short: bool = False
    """Load files that look cut off: as many rows as a spreadsheet holds, or far fewer than the extract before."""


def inbox_files(folder: Path) -> list[Path]:
    """The files below a folder that may be exports, in order of path.

    Raises:
        UsageError: no such folder.
    """
    if not folder.is_dir():
        raise UsageError(got=f"inbox {folder}", expected="an existing folder", try_="--inbox DIR")
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_EXPORTS)
    return sorted(path for path in files if not path.name.startswith((".", "~$")))


def by_day(paths: Iterable[Path]) -> list[Path]:
    """Files in the order of the days in their names, so that what was told by a day can be told from what came later; those without one come last."""
    return sorted(paths, key=lambda path: (date_in_name(path.name) or date.max, path))


def land(night: Night, paths: Sequence[Path], today: date, reading: Reading) -> tuple[InboxFile, ...]:
    """Read files into the lake; what was read before is not read again, what is refused stays where it is."""
    profiles = profiles_named(night.home.profiles, reading.profile)
    _refuse_unknown_contracts(night, reading.waive)
    waivers.complete(night.state, night.home.lake)
    results = []
    with night.step("land", len(paths)) as counts:
        refuse_damaged(night)
        # a person who names a file knows that it is whole; what a night finds may still be on its way
        if night.run.verb == NIGHTLY:
            steady.moving(paths, night.settings.unattended.quiet_seconds)  # one pause for all of them
        for path in paths:
            night.progress.advance(path.name)
            result = _land_one(night, path, profiles, today, reading)
            if result.outcome != KNOWN:
                night.state.add([result])
                _log(night, result)
            results.append(result)
        known = [result for result in results if result.outcome == KNOWN]
        night.state.add(known)
        if known:
            night.log("known", files=len(known))
        counts["items"], counts["findings"] = len(results), len(night.refusals)
    return tuple(results)


def refuse_damaged(night: Night) -> None:
    """Read no batch that is not as it was registered, once a night: a bit that turned in an amount is another amount, and a file that is gone is missed by nobody.

    Raises:
        LakeDamaged: a file of a batch is gone, or has another content.
    """
    if not night.is_lake_whole:
        refuse_files(night, [file for file in night.state.lake_files() if file.is_table and file.is_of_batch])
        night.is_lake_whole = True


def refuse_files(night: Night, files: Iterable[LakeFile]) -> None:
    """Read none of some files of the lake that is not as it was registered; a run that was cut off while it forgot somebody may have rewritten one.

    Raises:
        LakeDamaged: one is gone, or has another content.
    """
    begun = [entry for entry in night.state.forgotten() if entry.finished_at is None]
    also = {file.new_sha256 for entry in begun for file in night.state.forgotten_files(entry.forgotten_id)}
    lake.refuse_damaged(night.home.lake, files, also=also)


def _log(night: Night, file: InboxFile) -> None:
    night.log("file", file=file.file_name, outcome=file.outcome, status=file.batch_status, message=file.message)


def profiles_named(own: Path | None, wanted: str | None) -> Sequence[Profile]:
    """All profiles, those of a home's folder first; or the one wanted, by its id or as a .toml file.

    Raises:
        UsageError: no such profile.
        SettingsError: it cannot be used as written.
    """
    if wanted is None:
        return available(own)
    if wanted.endswith(".toml"):
        return read_profiles(Path(wanted))
    known = available(own)
    chosen = tuple(profile for profile in known if profile.id == wanted)
    if not chosen:
        raise UsageError(
            got=f"--profile {wanted!r}",
            expected="a known profile or a .toml file",
            try_=nearest(wanted, [p.id for p in known]),
        )
    return chosen


def _refuse_unknown_contracts(night: Night, waived: Iterable[str]) -> None:
    known = [contract.id for contract in night.contracts if contract.on in ON_BATCHES]
    if unknown := next((name for name in waived if name not in known), None):
        raise UsageError(
            got=f"--waive {unknown!r}", expected="a contract on batches", try_=f"--waive {nearest(unknown, known)}"
        )


def _land_one(night: Night, path: Path, profiles: Sequence[Profile], today: date, reading: Reading) -> InboxFile:
    """Read one file into the lake and register its batches; a refused one is registered as such and stays where it is.

    A file that is busy is tried again after a while.
    """
    setting = night.settings.unattended

    def attempt() -> InboxFile:
        if night.run.verb == NIGHTLY and steady.moving([path], setting.quiet_seconds):
            raise steady.busy(shown_name(path), "which is still being written")
        return _read_one(night, path, profiles, today, reading)

    try:
        refuse_strange(path)
        return steady.patiently(attempt, setting.file_attempts, setting.file_back_off_seconds)
    except FileRefused as refusal:
        return _refused(night, path, "", refusal)


def _refused(night: Night, path: Path, sha256: str, refusal: FileRefused) -> InboxFile:
    night.refusals.append(refusal)
    _register_refusal(night, path, sha256, refusal)
    return InboxFile(night.run.run_id, shown_name(path), sha256, "refused", "refused", str(refusal))


def _read_one(night: Night, path: Path, profiles: Sequence[Profile], today: date, reading: Reading) -> InboxFile:
    """Read one file as it stands.

    Raises:
        FileBusy: it does not stand still.
    """
    run_id, name, sha256 = night.run.run_id, shown_name(path), ""
    stood = steady.mark(path)
    try:
        source = inspect(path, night.settings.ingest)
        sha256 = source.sha256
        if reading.waive:
            waivers.waive(
                night.state, night.home.lake, sha256, reading.waive, run_id=run_id, by=reading.by, at=utc_now()
            )
        known = _known(night, name, sha256, profiles, reading)
        if known:
            message = f"its content was loaded as {known[-1].file_name}, batch {known[-1].batch_id}"
            return InboxFile(run_id, name, sha256, KNOWN, _worst(known), message)
        if refusal := refused_before(night, _known(night, name, sha256, profiles, reading, statuses=REFUSED)):
            night.refusals.append(refusal)
            return InboxFile(run_id, name, sha256, "refused", "refused", str(refusal))
        batches, left_out_rows = _read_into_lake(night, source, profiles, today, reading, stood=stood)
    except FileBusy:
        raise
    except FileRefused as refusal:
        if steady.mark(path) != stood:
            raise steady.busy(shown_name(path), _CHANGED) from refusal
        return _refused(night, path, sha256, refusal)
    return InboxFile(run_id, name, sha256, "loaded", _worst(batches), _told_of_forgotten(left_out_rows))


def _told_of_forgotten(rows: int) -> str:
    return f"tells of somebody forgotten in {rows} rows, whose personal data was left out" if rows else ""


def _known(
    night: Night,
    name: str,
    sha256: str,
    profiles: Sequence[Profile],
    reading: Reading,
    *,
    statuses: Sequence[str] = LOADED,
) -> list[Batch]:
    """Batches of this very content, loaded unless `statuses` says otherwise, read by the same version of one of the profiles and as name and caller now say."""
    versions = {(profile.id, profile.version) for profile in profiles}
    tables = {profile.id for profile in profiles if profile.shape == "table"}
    told = night.state.batches_of(sha256)
    return [
        batch
        for batch in (counting(told) if statuses is LOADED else told)
        if batch.status in statuses
        and (batch.profile_id, batch.profile_version) in versions
        and reading.extract_as_of in (None, batch.extract_as_of)
        and reading.mode in (None, batch.mode)
        and reading.company in (None, batch.company_id)
        and not _says_more(name, batch, is_table=batch.profile_id in tables)
    ]


def _says_more(name: str, batch: Batch, *, is_table: bool) -> bool:
    """Whether another name of the same content tells what the batch did not: that it holds on a later day too, or for another company."""
    if name == batch.file_name:
        return False
    if is_table:
        told = {batch.table_name, batch.company_id.casefold(), batch.mode, str(batch.extract_as_of)}
        return not set(Path(name).stem.casefold().split("__")) <= told
    day = date_in_name(name)
    is_dated_by_name = date_in_name(batch.file_name) in (None, batch.extract_as_of)
    return is_dated_by_name and day not in (None, batch.extract_as_of)


def _worst(batches: Sequence[Batch]) -> str:
    return max((batch.status for batch in batches), key=LOADED.index)


@contextmanager
def scratch_connection(night: Night, name: str) -> Iterator[tuple[Connection, Path]]:
    """A connection to read one file with, and a folder for what that needs meanwhile.

    Raises:
        FileRefused: reading it takes more memory than the settings allow.
    """
    with (
        memory_told(name, night.settings.ingest),
        tempfile.TemporaryDirectory(dir=night.home.lake, prefix=".reading-") as folder,
        night.scratch.database() as con,
    ):
        yield con, Path(folder)


def recorded_for(night: Night, sha256: str) -> tuple[Replacement, ...]:
    """What people decided about lines of a file's content, in order: it holds whenever that content is read."""
    return tuple(
        Replacement(repair.line_no, repair.repaired_line, repair.decision == "left_out")
        for repair in night.state.repairs(sha256=sha256)
    )


def _read_into_lake(
    night: Night,
    source: Source,
    profiles: Sequence[Profile],
    today: date,
    reading: Reading,
    *,
    stood: steady.Mark | None,
) -> tuple[list[Batch], int]:
    """Read a file that stood so when its reading began; returns its batches, and how many of its rows tell of somebody forgotten.

    Raises:
        FileRefused: it cannot be read, or changed meanwhile; nothing is kept of it.
    """
    path = source.path
    told = night.state.batches()
    companies = companies_known(night.settings, night.home.lake, counting(told), reading.company, night.scratch)
    with scratch_connection(night, path.name) as (con, scratch):
        request = Request(
            path,
            profiles,
            night.settings,
            companies,
            today,
            reading.extract_as_of,
            reading.mode,
            recorded=recorded_for(night, source.sha256),
        )
        try:
            landed = read_file(con, request, scratch)
        except OSError as error:
            if error.filename != str(path):
                raise
            raise steady.unreadable(shown_name(path), error) from None
        if steady.mark(path) != stood:
            raise steady.busy(shown_name(path), _CHANGED)
        _refuse_future(path, landed.extract_as_of, today)
        first_id, loaded_at = night.state.next_batch_id(), utc_now()
        if not reading.allow_short:
            arrival.refuse_cut_off(path.name, *_size(con), night.settings.ingest)
        planned = lake.batches_of(con, landed, first_id, loaded_at)
        posted = _judged(night, planned, told, reading)
        kept: Sequence[Path] = ()
        private = left_out(con, landed, night.home.root, night.state, night.home.lake)
        # the bytes of a file that tells of somebody forgotten would bring it back
        if (has_quarantined(landed) or request.recorded) and not private.is_telling:
            beside = Kept(companies, _header_line(con))
            kept = keep_source(night.home.lake, path, landed, first_id, beside, masked=private.masked)
        batches = lake.write(
            con,
            landed,
            night.home.lake,
            first_id=first_id,
            loaded_at=loaded_at,
            is_first_load=lambda company, table: (company, table) in posted,
            leave_out=private.value,
        )
        written = [*lake.files_of(night.home.lake, batches), *_not_registered(night, kept)]
        night.state.add([*batches, *lake.sealed(night.home.lake, written)])
    return batches, private.rows


def _not_registered(night: Night, paths: Iterable[Path]) -> list[Path]:
    """Those of the files of the lake that are not registered: the bytes of a content are kept once, and stay what they were."""
    return [path for path in paths if not night.state.is_registered(lake.name_of(night.home.lake, path))]


def _header_line(con: Connection) -> str:
    """The header of the file that was read, as it stands."""
    rows = con.execute("select raw from classed where row_class = 'header' order by line_no limit 1").fetchall()
    return str(rows[0][0]) if rows else ""


def _judged(night: Night, planned: Sequence[Batch], told: Sequence[Batch], reading: Reading) -> set[tuple[str, str]]:
    """Companies and tables of a file whose rows count as recorded when they were posted: the first of their kind, and history loaded afterwards.

    Files of one run may stand in any order, and a run that was cut off goes on with the next.

    Raises:
        FileRefused: the file cannot follow those loaded before it.
    """
    setting, until = night.settings.ingest, night.state.landed_until()
    current = counting(told)
    # What came in an earlier run stays known as such when its lines are repaired in a later one.
    earlier = [batch for batch in told if batch.status in LOADED and until is not None and batch.loaded_at <= until]
    if not reading.allow_short:
        arrival.refuse_shrunken(planned, current, setting)
    if not reading.backfill:
        arrival.refuse_late(planned, earlier, setting)
    return {
        (batch.company_id, batch.table_name)
        for batch in planned
        if not arrival.same_kind(batch, current) or arrival.is_late(batch, earlier, setting)
    }


def _size(con: Connection) -> tuple[int, int]:
    """How many rows a file has, and how many of them are data."""
    counts = con.execute(
        "select (select count(*) from classed where row_class <> 'item'), (select count(*) from item)"
    ).fetchall()
    others, items = counts[0]
    return others + items, items


def _refuse_future(path: Path, day: date, today: date) -> None:
    """Refuse an export of a day to come, which would set the date of the whole night; one day is what time zones explain."""
    if day > today + timedelta(days=1):
        raise FileRefused(
            got=f"{path.name}, extracted on {day}",
            expected=f"an extract date up to today, {today}",
            try_="the right date in its name or title, or --extract-as-of",
            reason="EXTRACT_DATE_UNKNOWN",
        )


def companies_known(
    settings: Settings, place: Path, told: Sequence[Batch], company: str | None, scratch: Scratch
) -> Companies:
    """Known companies: of the settings first, then those the lake describes; a single one is the default."""
    described = tuple(b for b in told if b.table_name == "company" and b.status in LOADED)
    currencies = {c.id: c.local_currency for c in settings.company}
    for company_id, currency in _described(scratch, place, described) if described else ():
        currencies.setdefault(company_id, currency)
    default = company or (next(iter(currencies)) if len(currencies) == 1 else None)
    names = {c.name: c.id for c in settings.company if c.name and c.name != c.id}
    return Companies(default, currencies, is_forced=company is not None, names=names)


@lru_cache(maxsize=4)
def _described(scratch: Scratch, place: Path, described: tuple[Batch, ...]) -> tuple[tuple[str, str], ...]:
    """Read the companies of some batches and their currencies from the lake; batches never change, so once is enough."""
    with scratch.database() as con:
        lake.snapshot(con, place, described, [TABLES["company"]])
        found = con.execute("select company_id, local_currency from lake.company where is_current").fetchall()
        con.execute("detach lake")
        return tuple(found)


def _register_refusal(night: Night, path: Path, sha256: str, refusal: FileRefused) -> None:
    """Keep a refused file's reason, once as long as it is the same; nothing of it is loaded."""
    name = shown_name(path)
    if night.state.last_message(name, sha256) == str(refusal):
        return
    lines = _line_count(path) if sha256 else 0  # what was not looked at is not counted either
    batch = Batch(
        night.state.next_batch_id(),
        "",
        "",
        "",
        "",
        "",
        name,
        sha256,
        None,
        None,
        "",
        0,
        0,
        0,
        0,
        lines,
        0,
        0,
        lines,
        None,
        None,
        "refused",
        utc_now(),
    )
    finding = Finding(refusal.reason or "FILE_REFUSED", "reject_file", count=max(lines, 1), raw_value=str(refusal))
    with night.scratch.database() as con:
        lake.write_issues(con, batch.batch_id, [finding], night.home.lake, with_lines=False)
    night.state.add([batch, *lake.sealed(night.home.lake, lake.files_of(night.home.lake, [batch]))])


def _line_count(path: Path) -> int:
    try:
        return physical_lines(path)
    except OSError:
        return 0


def file_reasons(files: Sequence[InboxFile]) -> tuple[str, ...]:
    """What about the files a person must look at, one line each."""
    refused = [f"{file.file_name} was refused: {file.message}" for file in files if file.outcome == "refused"]
    doubtful = [
        f"{file.file_name} has lines in quarantine: receivables findings"
        for file in files
        if file.batch_status == "needs_person"
    ]
    return (*refused, *doubtful)
