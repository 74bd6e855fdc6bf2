"""The verbs of the library, the same as the commands: paths as text or Path, dates checked against today."""

from __future__ import annotations

import getpass
import shutil
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from receivables import night, timetable
from receivables.dates import today, utc_now
from receivables.errors import NightFailed, UsageError, nearest
from receivables.home import HOME, Home, private_files
from receivables.intake.profile import Profile, available
from receivables.land import Reading, inbox_files
from receivables.run import Progress
from receivables.state import State
from receivables.warehouse import known_value, open_warehouse, published_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    import pandas as pd

    from receivables.flag_desk import Decided, Shown, TakenBack, Verb
    from receivables.forgetting import Done
    from receivables.health import Check
    from receivables.intake.drafting.text import Draft
    from receivables.intake.examine import Examination
    from receivables.rating_desk import Rated
    from receivables.repair import Repaired
    from receivables.run import Outcome
    from receivables.safekeeping import BackedUp, Restored
    from receivables.standing import Status
    from receivables.state import Delivery
    from receivables.verification import Verified
    from receivables.workbook import Written
    from receivables.world import SampleSummary
    from receivables.world.feed import FeedSummary
    from receivables.world.specify import World

_DEMO_MARK: Final = ".demo"
"""The file that tells a home made by `demo`, which may be made anew, from one that is somebody's own."""


def init(home: str | Path = HOME) -> Path:
    """Create a home with its folders and a commented settings file; returns that file's path."""
    return night.init(Path(home))


def nightly(
    home: str | Path = HOME,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    inbox: str | Path | None = None,
    backfill: bool = False,
    allow_short: bool = False,
    waive: Iterable[str] = (),
    by: str | None = None,
    deliver: bool = True,
    resend: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Run a whole night on the inbox; `as_of` defaults to the latest extract date, `backfill`, `allow_short` and `waive` are those of `Reading`.

    `by` is who waives, by default the user of the system; `resend` mails the report also to who has got one of that date.

    Raises:
        UsageError: a date that cannot be answered.
        NightFailed: nothing was published.
    """
    where = Path(inbox) if inbox is not None else None
    return night.nightly(
        Path(home),
        today=today(),
        as_of=as_of,
        known_at=known_at,
        inbox=where,
        reading=_signed(Reading(backfill=backfill, allow_short=allow_short, waive=tuple(waive), by=by or "")),
        is_delivering=deliver,
        is_mailed_again=resend,
        progress=progress,
    )


def ingest(
    paths: Iterable[str | Path],
    home: str | Path = HOME,
    *,
    reading: Reading | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Read files into the lake without building; refused files stand in the outcome's `refusals`."""
    return night.ingest(
        Path(home),
        [Path(path) for path in paths],
        today=today(),
        reading=_signed(reading or Reading()),
        progress=progress,
    )


def _signed(reading: Reading) -> Reading:
    """The reading with who waives, where anything is."""
    return replace(reading, by=_person(reading.by or None)) if reading.waive else reading


def build(
    home: str | Path = HOME,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    whole: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Build and publish again from the lake, for any past pair of dates; `whole` takes nothing over from the file that is published.

    Raises:
        UsageError: a date that cannot be answered.
        NightFailed: nothing was published.
    """
    return night.build(Path(home), today=today(), as_of=as_of, known_at=known_at, is_whole=whole, progress=progress)


def mail(
    home: str | Path = HOME, *, to: Iterable[str] = (), resend: bool = False, progress: Progress | None = None
) -> tuple[Outcome, tuple[Delivery, ...]]:
    """Mail the report of the night published last to the recipients (`to`: to some of them) who have not got it, `resend` also to who has.

    Raises:
        UsageError: nothing was published yet, or no such recipient.
    """
    return night.mail(Path(home), only=to, is_again=resend, progress=progress)


def report(home: str | Path = HOME, *, languages: Sequence[str] = (), progress: Progress | None = None) -> Outcome:
    """Render the report of the night published last; `languages` defaults to the settings'."""
    return night.report(Path(home), languages=languages, progress=progress)


def export(
    path: str | Path,
    home: str | Path = HOME,
    *,
    language: str | None = None,
    companies: Sequence[str] = (),
    territories: Sequence[str] = (),
    salespersons: Sequence[str] = (),
    sheets: Sequence[str] = (),
    progress: Progress | None = None,
) -> Written:
    """Write the workbook of the night published last to a new .xlsx file; `language` defaults to the first of the settings'.

    What is in sight may be narrowed down as for a recipient of mail; `sheets` are those of `workbook_wording.SHEETS`, none named: all.

    Raises:
        UsageError: nothing was published yet, no such language or sheet, nothing in sight, or a file that cannot be written.
    """
    from receivables.scope import Scope, in_sight
    from receivables.workbook import checked_sheets, write

    target, told = Path(path), progress or Progress()
    settings = Home(Path(home)).settings()
    scope = Scope(*(tuple(sorted(set(names))) for names in (companies, territories, salespersons)))
    asked = checked_sheets(sheets, scope)
    if target.suffix.lower() != ".xlsx":
        raise UsageError(got=f"--out {target}", expected="a name that ends in .xlsx", try_=f"--out {target.stem}.xlsx")
    if target.exists():
        raise UsageError(
            got=f"--out {target}, which exists",
            expected="a new file, since somebody may be working in this one",
            try_="--out with another name",
        )
    told.step("export", 1)
    try:
        # beside the file, not in the home: it holds no lock, and a night that begins takes away whatever is spilled there
        with (
            private_files(),
            TemporaryDirectory(dir=target.parent, prefix=f"{target.name}.", suffix=".writing") as spill,
            in_sight(published_file(Path(home)), scope, settings, Path(spill)) as warehouse,
        ):
            written = write(target, warehouse, language or settings.report.languages[0], scope=scope, sheets=asked)
    except OSError as error:
        told.stopped()
        raise _unwritable(path, error) from None
    except BaseException:
        told.stopped()
        raise
    told.done("export", f"{sum(written.rows.values())} rows written")
    return written


def customer(customer: str, home: str | Path = HOME, *, languages: Sequence[str] = ()) -> dict[str, Path]:
    """Where the pages of a customer of the night published last are, by language; those that the night did not write are written. `languages` defaults to the settings'.

    Raises:
        UsageError: nothing was published yet, no such customer, or an unknown language.
    """
    from receivables.language import language_in
    from receivables.rating_desk import standing_of

    for language in languages:
        language_in(language)
    with open_warehouse(home) as warehouse:
        found = standing_of(warehouse, customer)
    return night.customer(Path(home), found.company_id, found.customer_id, languages=languages)


def status(home: str | Path = HOME) -> Status:
    """Say where a home stands; its `exit_code` is what a monitor is told.

    Raises:
        UsageError: no such home.
        SettingsError: its settings cannot be used.
        NightFailed: its store is damaged.
    """
    from receivables.standing import standing

    place = Home(Path(home))
    try:
        return standing(place, _state(place.root), place.settings(), utc_now())
    except sqlite3.Error as error:
        raise NightFailed(
            got=f"{place.state}: {error}", expected="a whole store of runs", try_=f"receivables doctor --home {home}"
        ) from None


def doctor(home: str | Path = HOME, *, mail: bool = True) -> tuple[Check, ...]:
    """Look at all a night needs, without changing anything; `mail` False leaves the mail server alone."""
    from receivables.health import examined

    return tuple(examined(Home(Path(home)), has_mail=mail))


def _state(home: Path) -> State:
    path = Home(home).state
    if not path.exists():
        raise UsageError(
            got=f"home {home}, which has no state.sqlite",
            expected="a home receivables has worked in",
            try_=f"receivables init --home {home}",
        )
    return State(path, is_read_only=True)


def verify(home: str | Path = HOME, *, rebuild: bool = False, progress: Progress | None = None) -> Verified:
    """Look whether a home is whole: the lake as it was registered, the store, copies of decisions; with `rebuild` the published night is made again too.

    Nothing is changed; what is wrong stands in the outcome's `faults`.

    Raises:
        UsageError: no such home, or nothing was published that could be made again.
        NightFailed: another run holds the home.
    """
    from receivables import verification

    return verification.verify(Path(home), is_rebuilding=rebuild, progress=progress)


def backup(
    to: str | Path,
    home: str | Path = HOME,
    *,
    published: bool = False,
    wait_seconds: float = 0,
    progress: Progress | None = None,
) -> BackedUp:
    """Keep a home in a folder, on top of an earlier backup there, or in a new .tar: settings, profiles, contracts, store and lake; no secrets, no inbox, no reports.

    `published` keeps the published file too; a run that holds the home is waited for, `wait_seconds` at most.

    Raises:
        UsageError: no such home, or a place that cannot take its backup.
        NightFailed: another run holds the home, or the place cannot be written.
        Damaged: the lake is not what was registered.
    """
    from receivables import safekeeping

    return safekeeping.backup(
        Path(home), Path(to), with_published=published, wait_seconds=wait_seconds, progress=progress
    )


def restore(
    source: str | Path, home: str | Path = HOME, *, force: bool = False, progress: Progress | None = None
) -> Restored:
    """Make a new home from a backup, whole or not at all; with `force` a home that stands there is put aside.

    Raises:
        UsageError: no such backup, or a place that holds something.
        NightFailed: the place cannot be written.
        Damaged: the backup is not whole.
    """
    from receivables import safekeeping

    return safekeeping.restore(Path(source), Path(home), is_forced=force, progress=progress)


def forget(
    subject: str,
    home: str | Path = HOME,
    *,
    contact: bool = False,
    reason: str = "",
    by: str | None = None,
    progress: Progress | None = None,
) -> Done:
    """Take the personal data of a customer (`contact`: of a contact) out of the lake for good; every sum stays. `by` is who says so, by default the user of this process.

    Files read later leave it out too. The next night publishes without it; what still holds it until then, or outside the lake, is in the outcome's `still`.

    Raises:
        UsageError: no such home, no reason, or no such customer or contact.
        NightFailed: it was cut off by a fault of the system; asking again goes on.
    """
    from receivables import forgetting

    _state(Path(home))
    return forgetting.forget(Path(home), forgetting.Asked(subject, contact, reason, _person(by)), progress=progress)


def schedule(
    home: str | Path = HOME,
    *,
    at: str = timetable.AT,
    zone: str | None = None,
    cron: bool = False,
    name: str | None = None,
    out: str | Path | None = None,
) -> dict[str, str]:
    """How the system is asked to run every night: the systemd service and its timer, or with `cron` a line for a crontab, by file name. With `out` they are written there.

    Raises:
        UsageError: no such home or time zone, an hour that is none, or a path that no unit can name.
    """
    place = Path(home).absolute()
    _state(place)
    try:
        user = place.owner()
    except KeyError:
        user = str(place.stat().st_uid)
    plan = timetable.Schedule(place, _program(), user, at, zone or "", name or timetable.NAME)
    settings = Home(place).settings()
    told = {"crontab": timetable.cron(plan, settings)} if cron else timetable.units(plan, settings)
    if out is not None:
        try:
            Path(out).mkdir(parents=True, exist_ok=True)
            for file, text in told.items():
                (Path(out) / file).write_text(text, encoding="utf-8")
        except OSError as error:
            raise _unwritable(out, error) from None
    return told


def _program() -> tuple[str, ...]:
    """The installed command beside this Python, else this Python with the package."""
    command = Path(sys.executable).with_name("receivables")
    return (str(command),) if command.exists() else (sys.executable, "-m", "receivables")


def findings(
    home: str | Path = HOME, *, reason: str | None = None, limit: int = 20, resolved: bool = False
) -> pd.DataFrame:
    """What was noticed about the files and by the build: by reason with counts, or the lines of one reason.

    With `resolved` the lines that have left the quarantine instead, with who repaired them and when.

    Raises:
        UsageError: nothing was published yet, or an unknown reason.
    """
    from receivables.wording import REASONS

    with open_warehouse(home) as warehouse:
        if reason is not None:
            known_value(warehouse, "--reason", reason, "select distinct reason_code from ops.issue", REASONS)
        if resolved:
            return warehouse.query(
                "select batch.file_name, issue.line_no, issue.reason_code, issue.resolution, issue.resolved_by, issue.resolved_at, issue.raw_line from ops.issue as issue"
                " left join ops.batch as batch on issue.batch_id = batch.batch_id where issue.resolved_at is not null and (? is null or issue.reason_code = ?)"
                " order by batch.file_name, issue.line_no, issue.reason_code limit ?",
                [reason, reason, limit],
            )
        if reason is None:
            return warehouse.query(
                "select issue.reason_code, issue.action, coalesce(batch.file_name, '') as file_name, sum(issue.count)::bigint as count, min(issue.raw_value) as example"
                " from ops.issue as issue left join ops.batch as batch on issue.batch_id = batch.batch_id where issue.resolved_at is null group by all order by issue.action, issue.reason_code, file_name"
            )
        return warehouse.query(
            "select batch.file_name, issue.line_no, issue.column_name, issue.action, issue.count, issue.raw_value, issue.raw_line from ops.issue as issue"
            " left join ops.batch as batch on issue.batch_id = batch.batch_id where issue.reason_code = ? and issue.resolved_at is null order by batch.file_name, issue.line_no limit ?",
            [reason, limit],
        )


def export_findings(
    path: str | Path, home: str | Path = HOME, *, reason: str | None = None, language: str | None = None
) -> int:
    """Write the quarantined lines to a new .csv or .xlsx file for somebody to repair; returns how many lines (0: nothing was written).

    Raises:
        UsageError: no such home, an unknown reason or language, or a file that cannot be written.
    """
    from receivables.language import language_in
    from receivables.quarantine import in_quarantine
    from receivables.quarantine_file import write_table
    from receivables.wording import REASONS, reason_sentence

    state, place = _state(Path(home)), Home(Path(home))
    found = in_quarantine(place.lake, state.batches())
    if reason is not None:
        known = {problem.reason_code for problem in found}.union(REASONS)
        if reason not in known:
            raise UsageError(
                got=f"--reason {reason!r}", expected="a known one", try_=f"--reason {nearest(reason, known)}"
            )
        lines = {(problem.batch_id, problem.line_no) for problem in found if problem.reason_code == reason}
        found = [problem for problem in found if (problem.batch_id, problem.line_no) in lines]
    words = language_in(language or place.settings().report.languages[0])
    if found:
        with private_files():
            write_table(Path(path), found, lambda code: reason_sentence(code, "quarantine", words.text))
    return len({(problem.batch_id, problem.line_no) for problem in found})


def repair_findings(
    path: str | Path, home: str | Path = HOME, *, by: str | None = None, progress: Progress | None = None
) -> Repaired:
    """Take a file written by `export_findings` back with what somebody filled in; `by` is that person, by default the user of this process.

    Nothing is built: the repaired lines count from the next build on.

    Raises:
        UsageError: no such home, nobody's name, or a file that cannot be taken back; nothing was changed.
    """
    _state(Path(home))
    return night.repair(Path(home), Path(path), _person(by), today=today(), progress=progress)


def _person(by: str | None) -> str:
    """Who decides: the name given, else that of the system's user.

    Raises:
        UsageError: neither is known.
    """
    try:
        name = " ".join((getpass.getuser() if by is None else by).split())
    except (KeyError, OSError):
        name = ""
    if not name or not name.isprintable():
        raise UsageError(got="nobody's name", expected="who decides it", try_="--by NAME")
    return name


def rate(
    customer: str,
    home: str | Path = HOME,
    *,
    grade: str | None = None,
    reason: str | None = None,
    until: date | None = None,
    withdraw: bool = False,
    confirm: bool = False,
    by: str | None = None,
    progress: Progress | None = None,
) -> Rated:
    """Set a customer's grade by hand until a day, withdraw that, or confirm the grade that was published; `by` is who decides, by default the user of this process.

    Nothing is built: it counts from the first night as of today or later.

    Raises:
        UsageError: nothing was published yet, no such customer, or nothing that can be decided of it; nothing was recorded.
    """
    from receivables import rating_desk as desk

    asked = [grade is not None or reason is not None or until is not None, withdraw, confirm]
    if sum(asked) != 1:
        raise UsageError(
            got="more than one of --grade, --withdraw and --confirm" if any(asked) else f"{customer!r} and no decision",
            expected="one decision",
            try_="--grade with --reason and --until, or --withdraw, or --confirm",
        )
    kind: desk.Kind = "withdrawal" if withdraw else "confirmation" if confirm else "override"
    told = desk.Asked(kind, _person(by), grade, reason, until)
    return desk.rate(Path(home), customer, told, today=today(), progress=progress)


def overrides(home: str | Path = HOME) -> pd.DataFrame:
    """The grades set by hand that are in force today, each beside the grade that was published.

    Raises:
        UsageError: nothing was published yet.
    """
    from receivables import rating_desk as desk

    return desk.overrides(Path(home), today())


def flags(
    home: str | Path = HOME, *, every: bool = False, detector: str | None = None, customer: str | None = None
) -> pd.DataFrame:
    """The open flags of the night published last, the most urgent first; with `every` also closed and waiting ones.

    What was decided since that night is in their state, and `is_since` says so.

    Raises:
        UsageError: nothing was published yet, or no such detector or customer.
    """
    import pandas as pd

    from receivables import flag_desk as desk

    columns = [name for name in desk.Flag.__dataclass_fields__ if name != "evidence"]
    found = desk.flags(Path(home), desk.Wanted(every, detector, customer))
    return pd.DataFrame([[getattr(flag, name) for name in columns] for flag in found], columns=columns)


def flag(flag_id: str, home: str | Path = HOME) -> Shown:
    """One flag of the night published last, with what it rests on and what was decided about it.

    Raises:
        UsageError: nothing was published yet, or no such flag.
    """
    from receivables import flag_desk as desk

    return desk.show(Path(home), flag_id)


def decide_flags(
    flag_ids: Iterable[str],
    decision: Verb,
    home: str | Path = HOME,
    *,
    reason: str | None = None,
    by: str | None = None,
    progress: Progress | None = None,
) -> tuple[Decided, ...]:
    """Acknowledge, confirm, dismiss or reopen flags, all of them or none; `by` is who decides, by default the user of this process.

    Nothing is built: it counts from the next night on.

    Raises:
        UsageError: nothing was published yet, no such flag, or nothing that can be decided of it; nothing was recorded.
    """
    from receivables import flag_desk as desk

    asked = desk.asked_of(flag_ids, decision, reason)
    return desk.decide(Path(home), asked, _person(by), today=today(), progress=progress)


def export_flags(
    path: str | Path,
    home: str | Path = HOME,
    *,
    every: bool = False,
    detector: str | None = None,
    customer: str | None = None,
    language: str | None = None,
) -> int:
    """Write the flags that `flags` lists to a new .csv or .xlsx file for somebody to decide; returns how many (0: nothing was written).

    Raises:
        UsageError: nothing was published yet, no such detector, customer or language, or a file that cannot be written.
    """
    from receivables import flag_desk as desk
    from receivables.language import language_in

    words = language_in(language or Home(Path(home)).settings().report.languages[0])
    return desk.export(Path(path), Path(home), desk.Wanted(every, detector, customer), words)


def import_flags(
    path: str | Path, home: str | Path = HOME, *, by: str | None = None, progress: Progress | None = None
) -> TakenBack:
    """Take a file written by `export_flags` back with what somebody decided in it, all of it or nothing; `by` is that person, by default the user of this process.

    Nothing is built: it counts from the next night on.

    Raises:
        UsageError: it is no such file, or a row of it cannot be understood or decided; nothing was recorded.
    """
    from receivables import flag_desk as desk

    return desk.take_back(Path(home), Path(path), _person(by), today=today(), progress=progress)


def profiles(home: str | Path = HOME) -> tuple[Profile, ...]:
    """The export dialects that can be read: the home's own, then the shipped ones."""
    own = Home(Path(home)).profiles
    return available(own if own.is_dir() else None)


def examine(
    path: str | Path,
    home: str | Path = HOME,
    *,
    profile: str | None = None,
    extract_as_of: date | None = None,
    company: str | None = None,
) -> Examination:
    """Say how a file would be read, and why, without reading it into the home; a refusal is part of the answer.

    Raises:
        UsageError: no such file or profile.
        FileRefused: it is no table at all.
    """
    from receivables import onboarding

    reading = Reading(profile=profile, extract_as_of=extract_as_of, company=company)
    return onboarding.examine(Path(path), Home(Path(home)), reading, today())


def draft(
    path: str | Path, home: str | Path = HOME, *, profile_id: str | None = None, out: str | Path | None = None
) -> Draft:
    """Draft a profile for an export no profile knows; what the file does not decide stands in it as a question. With `out` it is written there.

    Raises:
        UsageError: no such file, an id that is none, or `out` exists.
        FileRefused: no table with a header can be found in the file.
    """
    from receivables import onboarding

    drafted = onboarding.draft(Path(path), Home(Path(home)), profile_id)
    if out is not None:
        onboarding.save(drafted, Path(out))
    return drafted


def templates(out: str | Path = "templates", *, tables: Sequence[str] = (), language: str = "en") -> tuple[Path, ...]:
    """Write workbooks to fill in, one for each canonical table (`tables` names some of them); returns their paths.

    Raises:
        UsageError: no such table or language, a file that exists, or a folder that cannot be written.
    """
    from receivables.templates import write

    try:
        with private_files():
            return write(Path(out), tables, language)
    except OSError as error:
        raise _unwritable(out, error) from None


def _unwritable(out: str | Path, error: OSError) -> UsageError:
    return UsageError(
        got=f"--out {out}: {error.strerror or error}", expected="a folder this user may write", try_="--out DIR"
    )


def sample(
    out: str | Path,
    *,
    customers: int = 40,
    seed: int = 7,
    dialect: str = "canonical",
    preset: str = "distributor",
    as_of: date | None = None,
    months: int | None = None,
    invoices_per_customer: int | None = None,
    nights: int | None = None,
    mode: str = "delta",
    progress: Progress | None = None,
) -> SampleSummary | FeedSummary:
    """Write a seeded synthetic business with its truth file into a folder.

    With `nights` the same business is told night by night up to `as_of`, a folder for each night, with late files, corrections and
    backdated entries; `mode` is then delta (what changed) or full (everything each night).

    Raises:
        UsageError: the folder cannot be written, there is no such dialect, preset or mode, or a size makes no business.
    """
    from receivables.world import feed, generate
    from receivables.world.specify import DEFAULT_AS_OF, DEFAULT_MONTHS, World

    world = World(
        customers=customers,
        seed=seed,
        dialect=dialect,
        preset=preset,
        as_of=as_of or DEFAULT_AS_OF,
        months=months or DEFAULT_MONTHS,
        invoices_per_customer=invoices_per_customer,
    )
    told = progress or Progress()
    announce = _announced_by(told)
    try:
        if nights is None:
            sample = generate(Path(out), world, announce)
            told.done("sample", f"{len(sample.files)} files written")
            return sample
        night_by_night = feed.generate(Path(out), world, nights=nights, mode=mode, announce=announce)
    except OSError as error:
        told.stopped()
        raise _unwritable(out, error) from None
    told.done("sample", f"{len(night_by_night.nights)} nights written")
    return night_by_night


def _announced_by(progress: Progress) -> Callable[[str, int], None]:
    """Tell progress of parts whose number is known when the first is announced."""
    begun = False

    def announce(name: str, parts: int) -> None:
        nonlocal begun
        if not begun:
            progress.step("sample", parts)
            begun = True
        progress.advance(name)

    return announce


def demo_worlds() -> tuple[World, ...]:
    """Say what the demo shows: a distributor with everything around its ledger, and a German sister that exports an SAP list."""
    from receivables.world.specify import World

    return (
        World(customers=150, seed=7, invoices_per_customer=40),
        World(customers=40, seed=37, months=36, dialect="sap_fbl5n"),
    )


def demo(home: str | Path = "data/demo", *, progress: Progress | None = None) -> Outcome:
    """Run a whole night on a small synthetic business in a home of its own, made anew each time; its truth is kept in `world/`.

    Raises:
        UsageError: the folder holds something else than an earlier demo.
    """
    from receivables.world import generate
    from receivables.world.specify import DEFAULT_AS_OF

    place = Path(home)
    if place.exists():
        _clear_demo(place)
    night.init(place)
    with private_files():
        (place / _DEMO_MARK).touch()
        for world in demo_worlds():
            exports = generate(place / "world" / world.dialect, world).files
            for export in inbox_files(exports[0].parent):
                shutil.move(export, Home(place).inbox / export.name)
    # the world's dates are fixed; a machine whose clock stands before them shows it all the same
    return night.nightly(place, today=max(today(), DEFAULT_AS_OF), progress=progress)


def _clear_demo(place: Path) -> None:
    """Remove an earlier demo; any other folder is never touched, least of all somebody's real home."""
    if not place.is_dir() or (not (place / _DEMO_MARK).exists() and any(place.iterdir())):
        raise UsageError(
            got=f"{place}, which holds something else",
            expected="an empty folder or an earlier demo",
            try_="--home DIR with another folder",
        )
    shutil.rmtree(place)
