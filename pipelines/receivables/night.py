"""The night: land, build, check, publish, render, deliver; each step named, recorded and safe to repeat."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from receivables import settings as settings_module
from receivables.catch_up import missed_dates, missed_days
from receivables.check_batches import check_batches
from receivables.dates import checked_as_of, utc_now
from receivables.engine import EngineError
from receivables.errors import ReceivablesError, UsageError, in_one_line
from receivables.home import CATCH_UP, NIGHTLY, Home, private_files
from receivables.land import Reading, by_day, file_reasons, inbox_files, land
from receivables.mailing import checked_addresses, mail_report
from receivables.operator_mail import operators_told
from receivables.publish import build_and_publish, latest_extract
from receivables.quarantine_file import read_table
from receivables.repair import Repaired, take_back
from receivables.retention import let_go
from receivables.run import Night, Outcome, Progress, started, within
from receivables.state import State, counting
from receivables.warehouse import Warehouse, published_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from receivables import page_model
    from receivables.deliver import PageSet
    from receivables.run import Level
    from receivables.state import Delivery


_OF_ONE_DATE: Final = (ReceivablesError, EngineError, OSError)
"""What a date that is made up for may fail with, and the night goes on to its own."""


def init(home: Path) -> Path:
    """Create a home with its folders and a commented settings file; returns the settings file's path. Existing settings are kept."""
    with private_files():
        Home(home).create()
        State(Home(home).state)
        target = home / settings_module.FILE_NAME
        if not target.exists():
            target.write_text(settings_module.default_toml(), encoding="utf-8")
    return target


def nightly(
    home: Path,
    *,
    today: date,
    as_of: date | None = None,
    known_at: datetime | None = None,
    inbox: Path | None = None,
    reading: Reading | None = None,
    is_delivering: bool = True,
    is_mailed_again: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Run a whole night: read the inbox, build as of a date (default: the latest extract date, after those that were missed), publish, render, deliver, mail.

    Raises:
        UsageError: a future date, or one at which data without history cannot be aged.
        NightFailed: nothing was published; the published file is untouched.
    """
    if as_of is not None:
        checked_as_of(as_of, today)
    # who asks for a date is there to see what is wrong
    is_latest = as_of is None and known_at is None
    with (
        operators_told(Home(home), progress or Progress(), is_on=is_latest and is_delivering) as begun,
        started(NIGHTLY, Home(home), as_of, known_at, progress) as night,
    ):
        begun.append(night)
        paths = inbox_files(inbox or night.home.inbox)
        missed = missed_days(night.state.runs(), today, night.settings.unattended) if is_latest else []
        files = check_batches(night, land(night, by_day(paths) if missed else paths, today, reading or Reading()))
        if missed:
            _catch_up(night, missed, today)
        built = build_and_publish(night, as_of, files)
        try:
            built = replace(built, reports=_render(night, is_delivering=is_delivering))
        except OSError as error:
            built = replace(built, needs_person=(*built.needs_person, f"the report was not written: {error}"))
        try:
            built = replace(built, workbooks=_write_workbooks(night, is_delivering=is_delivering))
        except OSError as error:
            built = replace(built, needs_person=(*built.needs_person, f"the workbook was not written: {error}"))
        if is_delivering and night.settings.recipient:
            mailed = mail_report(night, is_again=is_mailed_again)
            built = replace(built, needs_person=(*built.needs_person, *mailed.reasons))
        let_go(night)
        return _ended(night, built)


def _catch_up(night: Night, days: Sequence[date], today: date) -> None:
    """Make up for the dates that no night was run for, oldest first; none of them is delivered or mailed, and what is not made up for is a note."""
    batches = night.state.batches()
    if not counting(batches):
        return
    try:
        found = missed_dates(night, days, latest_extract(batches), today)
    except _OF_ONE_DATE as error:
        night.note(f"the nights since {days[0]} that were missed are not made up for: {in_one_line(error)}")
        return
    for missed in found:
        why_not = missed.why_not
        if not why_not:
            try:
                with within(night, CATCH_UP, missed.as_of, missed.known_at) as further:
                    built = build_and_publish(further, missed.as_of, ())
                    _render(further, is_delivering=False)
                    _write_workbooks(further, is_delivering=False)
                    _ended(further, built)
            except _OF_ONE_DATE as error:
                why_not, night.failed_step = in_one_line(error), ""
        night.note(
            f"the night of {missed} was missed and is "
            + (f"not made up for: {why_not}" if why_not else "made up for; its report is not mailed")
        )


def mail(
    home: Path, *, only: Iterable[str] = (), is_again: bool = False, progress: Progress | None = None
) -> tuple[Outcome, tuple[Delivery, ...]]:
    """Mail the report of the night published last to who has not got it, `is_again` also to who has; the mailings that were tried.

    Raises:
        UsageError: nothing was published yet, there are no recipients, or one of `only` is none.
    """
    published_file(home)
    recipients = Home(home).settings().recipient
    if not recipients:
        raise UsageError(
            got="no recipients",
            expected="at least one [[recipient]] in receivables.toml",
            try_=f"adding one to {home / settings_module.FILE_NAME}",
        )
    addresses = checked_addresses(recipients, only)
    with started("mail", Home(home), progress=progress) as night:
        mailed = mail_report(night, is_again=is_again, only=addresses)
        night.record(finished_at=utc_now(), status="mailed")
        return Outcome(night.run.run_id, None, needs_person=mailed.reasons, notes=tuple(night.notes)), mailed.deliveries


def ingest(
    home: Path, paths: Sequence[Path], *, today: date, reading: Reading | None = None, progress: Progress | None = None
) -> Outcome:
    """Read files into the lake; nothing is built or published. Refused files are in the outcome's `refusals`; the others are loaded.

    Raises:
        UsageError: a path that does not exist, or a future extract date.
    """
    reading = reading or Reading()
    if reading.extract_as_of is not None:
        checked_as_of(reading.extract_as_of, today, "--extract-as-of")
    if absent := next((path for path in paths if not path.exists()), None):
        raise UsageError(got=f"{absent}, which does not exist", expected="files or folders", try_="checking the path")
    with started("ingest", Home(home), progress=progress) as night:
        found = [file for path in paths for file in (inbox_files(path) if path.is_dir() else [path])]
        files = land(night, found, today, reading)
        night.record(finished_at=utc_now(), status="landed")
        return Outcome(night.run.run_id, None, files, needs_person=file_reasons(files), refusals=tuple(night.refusals))


def repair(home: Path, path: Path, by: str, *, today: date, progress: Progress | None = None) -> Repaired:
    """Take a repaired quarantine table back; nothing is built or published.

    Raises:
        UsageError: it is no such table, names no quarantined line, or contradicts itself; nothing was changed.
    """
    rows = read_table(path)
    with started("findings repair", Home(home), progress=progress) as night:
        told = take_back(night, rows, by, today)
        night.record(finished_at=utc_now(), status="repaired")
        return told


def build(
    home: Path,
    *,
    today: date,
    as_of: date | None = None,
    known_at: datetime | None = None,
    is_whole: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Build and publish from what is in the lake, reading no file; `is_whole` makes everything anew.

    Raises:
        UsageError: a future date, or one at which data without history cannot be aged.
        NightFailed: nothing was published.
    """
    if as_of is not None:
        checked_as_of(as_of, today)
    with started("build", Home(home), as_of, known_at, progress) as night:
        return _ended(night, build_and_publish(night, as_of, check_batches(night, ()), is_whole=is_whole))


def report(home: Path, *, languages: Sequence[str] = (), progress: Progress | None = None) -> Outcome:
    """Render the report of the night published last again.

    Raises:
        UsageError: nothing was published yet, or an unknown language.
    """
    published_file(home)
    with started("report", Home(home), progress=progress) as night:
        if languages:
            night.settings = night.settings.model_copy(
                update={"report": night.settings.report.model_copy(update={"languages": tuple(languages)})}
            )
        reports = _render(night, is_delivering=True)
        workbooks = _write_workbooks(night, is_delivering=True)
        night.record(finished_at=utc_now(), status="rendered")
        return Outcome(night.run.run_id, None, reports=reports, workbooks=workbooks)


def customer(home: Path, company_id: str, customer_id: str, *, languages: Sequence[str] = ()) -> dict[str, Path]:
    """Find a customer's pages of the night published last, and write those that it did not; the pages by language.

    Raises:
        UsageError: nothing was published yet, or the customer's company has no ledger currency.
    """
    from receivables.deliver import published_page
    from receivables.pages import run_of

    place = Home(home)
    with Warehouse(published_file(home)) as warehouse:
        run = run_of(warehouse.table("ops.run"))
    asked = tuple(languages or place.settings().report.languages)
    found = {code: published_page(place.out, run.run_id, code, company_id, customer_id) for code in asked}
    told = {code: page for code, page in found.items() if page is not None}
    missing = [code for code in asked if code not in told]
    if missing:
        with started("customer", place) as night:
            told |= _write_asked(night, (company_id, customer_id), missing)
            night.record(finished_at=utc_now(), status="rendered")
    return {code: told[code] for code in asked}


def _write_asked(night: Night, only: tuple[str, str], languages: Sequence[str]) -> dict[str, Path]:
    """Write the pages of one customer from what is published."""
    from receivables.chapters.customer_file import customer_files
    from receivables.customer_pages import render_customer
    from receivables.deliver import asked_page
    from receivables.pages import run_of

    with Warehouse(published_file(night.home.root)) as warehouse:
        run = run_of(warehouse.table("ops.run"))
        file = next(customer_files(warehouse.rows, night.settings.report.customer_items, only=only), None)
    if file is None:
        raise UsageError(
            got=f"customer {only[1]!r} of a company without a ledger currency",
            expected="one whose amounts have a currency",
            try_=f"a company file, or [[company]] with id = {only[0]!r} and local_currency in receivables.toml",
        )
    pages = {code: asked_page(night.home.out / str(run.as_of), code, *only) for code in languages}
    for code, page in pages.items():
        _write_whole(page, render_customer(file, run, code, is_listed=False))
    return pages


def _ended(night: Night, outcome: Outcome) -> Outcome:
    night.record(finished_at=utc_now(), status="needs_person" if outcome.needs_person else "published")
    level: Level = "warning" if outcome.needs_person else "info"
    night.log("ended", level, status=night.run.status, needs_person=list(outcome.needs_person))
    return replace(outcome, notes=tuple(night.notes))


def _render(night: Night, *, is_delivering: bool) -> dict[str, Path]:
    from receivables.deliver import forget_pages, lead_to
    from receivables.pages import published_page
    from receivables.render import render, render_definitions, render_quality
    from receivables.workbook import file_name

    languages: Sequence[str] = night.settings.report.languages
    reports: dict[str, Path] = {}
    with night.step("render", len(languages)) as counts, Warehouse(published_file(night.home.root)) as warehouse:
        page = published_page(warehouse.table, night.settings)
        folder = night.home.out / str(page.run.as_of)
        customers = _write_customers(night, warehouse, page.run, folder)
        for language in languages:
            night.progress.advance(language)
            reports[language] = folder / f"receivables-{language}.html"
            quality = folder / f"data-quality-{language}.html"
            if page.judged:
                _write_whole(quality, render_quality(page, language))
            else:
                quality.unlink(missing_ok=True)
            _write_whole(folder / f"definitions-{language}.html", render_definitions(page, language))
            mine = customers.get(language)
            workbook = file_name(language) if night.settings.report.workbook else ""
            _write_whole(reports[language], render(page, language, mine.links if mine else None, workbook=workbook))
            lead_to(folder, language, mine)
            counts["items"] += 1
    if is_delivering:
        with night.step("deliver", len(reports)) as counts:
            for language, path in reports.items():
                _deliver_all(night, path, language, customers.get(language))
                counts["items"] += 1
    forget_pages(night.home.out, night.settings.report.customer_dates_kept)
    return reports


def _write_workbooks(night: Night, *, is_delivering: bool) -> dict[str, Path]:
    """Write the workbook of the published night beside the report, in its languages; where the settings want none, none of an earlier night stays."""
    from receivables.pages import run_of
    from receivables.workbook import file_name, write

    languages, is_wanted = night.settings.report.languages, night.settings.report.workbook
    with Warehouse(published_file(night.home.root)) as warehouse:
        folder = night.home.out / str(run_of(warehouse.table("ops.run")).as_of)
        workbooks: dict[str, Path] = {language: folder / file_name(language) for language in languages}
        if is_wanted:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with night.step("workbook", len(languages)) as counts:
                for language, path in workbooks.items():
                    night.progress.advance(language)
                    write(path, warehouse, language)
                    counts["items"] += 1
    for path in workbooks.values():
        if not is_wanted:
            path.unlink(missing_ok=True)
        if is_delivering:
            _deliver(path, night.home.out / path.name)
    return workbooks if is_wanted else {}


def _write_customers(night: Night, warehouse: Warehouse, run: page_model.Run, folder: Path) -> dict[str, PageSet]:
    """Write the customers' pages, for a report to lead to."""
    from receivables.chapters.customer_file import customer_files
    from receivables.deliver import write_pages

    told = night.settings.report
    if told.customer_pages == "off":
        return {}
    active_days = told.customer_active_days if told.customer_pages == "active" else 0
    return write_pages(folder, run, told.languages, customer_files(warehouse.rows, told.customer_items, active_days))


def _deliver_all(night: Night, report: Path, language: str, customers: PageSet | None) -> None:
    """Put a report where its readers look; the pages it leads to are there before it is."""
    from receivables.deliver import deliver_pages

    deliver_pages(night.home.out, report.parent, language, customers)
    beside = (report.with_name(report.name.replace("receivables-", kind)) for kind in ("data-quality-", "definitions-"))
    for page in (*beside, report):
        _deliver(page, night.home.out / page.name)


def _deliver(page: Path, latest: Path) -> None:
    """Put a page where its readers look; one that this night does not make is taken away, so that none of an earlier night stays."""
    if not page.exists():
        latest.unlink(missing_ok=True)
        return
    shutil.copyfile(page, latest.with_suffix(".new"))
    latest.with_suffix(".new").replace(latest)


def _write_whole(target: Path, text: str) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = target.with_suffix(".writing")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(target)
