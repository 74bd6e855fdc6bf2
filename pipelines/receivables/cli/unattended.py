"""Commands for a home that nobody watches: when its nights run, and how it stands."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from receivables.cli.options import home_option
from receivables.cli.terminal import example, say, say_lines
from receivables.plain_text import visible
from receivables.timetable import AT

if TYPE_CHECKING:
    from receivables.standing import Status
    from receivables.state import Run

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON record, for programs.")


@click.command(epilog=example(f"receivables schedule --home data --at {AT} --zone Europe/Madrid --out units"))
@home_option
@click.option("--at", default=AT, show_default=True, metavar="HH:MM", help="When the night begins.")
@click.option(
    "--zone", metavar="ZONE", help="The time zone of that hour, such as Europe/Madrid.  [default: the machine's]"
)
@click.option("--cron", is_flag=True, help="A line for cron instead of units for systemd.")
@click.option("--name", metavar="NAME", help="What the units are called.  [default: receivables-nightly]")
@click.option("--out", type=click.Path(path_type=Path), help="A folder to write them into instead of showing them.")
def schedule(home: Path, *, at: str, zone: str | None, cron: bool, name: str | None, out: Path | None) -> None:
    """Show how the system is asked to run every night: a systemd service and timer, or a line for cron.

    Nothing is installed. The service may write the home and nothing else, and reach no network but the mail server's.
    Its exit code 5 (published, and something needs a person) counts as success; a night that the machine was off for is made up for.
    """
    from receivables import verbs

    written = verbs.schedule(home, at=at, zone=zone, cron=cron, name=name, out=out)
    if out is not None:
        for file in written:
            say(f"written: {out / file}")
        say(
            "next: add its lines to the crontab of the user whom they name, with crontab -e"
            if cron
            else f"next: put them into /etc/systemd/system and run systemctl enable --now {[*written][-1]}"
        )
        return
    for file, text in written.items():
        if not cron:
            say(f"# /etc/systemd/system/{file}")
        say_lines(text)


@click.command(
    epilog=example("receivables status --home data --json")
    + "\n\n\b\nExit codes:\n  0  what is published is new enough, and nobody is waited for\n"
    "  4  nothing is published, it is older than unattended.stale_hours, or the last night failed\n"
    "  5  something needs a person: findings of the night, a mail that waits or is unsure, a file that has not come"
)
@home_option
@json_option
def status(home: Path, *, as_json: bool) -> None:
    """Say how the last run ended, what is published and how old it is, and what waits for somebody."""
    from receivables import verbs

    where = verbs.status(home)
    say_lines(json.dumps(_record(where), default=str, indent=1) if as_json else "\n".join(_lines(where)))
    sys.exit(where.exit_code)


def _record(where: Status) -> dict[str, Any]:
    return {
        "exit_code": where.exit_code,
        "wrong": where.wrong,
        "needs_person": where.needs_person,
        "published": _run(where.published),
        "published_age_hours": None if where.age_hours is None else round(where.age_hours, 2),
        "last_night": _run(where.last_night),
        "last_run": _run(where.last_run),
        "running": str(where.holder) if where.holder else None,
        "quarantined": where.quarantined,
        "refused_files": where.refused_files,
        "mail": {"queued": 0, "refused": 0, "unsure": 0} | dict(where.mail),
    }


def _run(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    finished = run.finished_at.isoformat() + "Z" if run.finished_at else None
    return {
        "run_id": run.run_id,
        "verb": run.verb,
        "status": run.status,
        "as_of": run.as_of,
        "started_at": run.started_at.isoformat() + "Z",
        "finished_at": finished,
    }


def _lines(where: Status) -> list[str]:
    from receivables.state import counting

    lines = []
    if where.last_run is None:
        lines.append("no run yet")
    else:
        verb = f"  {where.last_run.verb}" if where.last_run.verb else ""
        lines.append(f"last run    {where.last_run.run_id}  {where.last_run.status}{verb}")
        for step in where.steps:
            took = (step.finished_at - step.started_at).total_seconds()
            lines.append(f"  {step.name:<9} {took:7.2f} s  {step.items} done, {step.findings} findings")
        age = f", {where.age_hours:.1f} hours old" if where.age_hours is not None else ""
        what = f"as of {where.published.as_of}, run {where.published.run_id}{age}" if where.published else "nothing yet"
        lines.append(f"published   {what}")
        refused, current = sum(batch.status == "refused" for batch in where.batches), len(counting(where.batches))
        superseded = len(where.batches) - refused - current
        repaired = f", {superseded} superseded by repairs" if superseded else ""
        lines.append(f"batches     {current} loaded, {refused} refused{repaired}")
        lines.append(f"waiting     {where.quarantined} problems in quarantine, {where.refused_files} files refused")
    if where.holder:
        lines.append(f"at work     process {where.holder}")
    lines += [f"wrong       {visible(reason)}" for reason in where.wrong]
    lines += [f"attention   {visible(reason)}" for reason in where.needs_person]
    return lines


@click.command(
    epilog=example("receivables doctor --home data")
    + "\n\n\b\nExit codes:\n  0  all is well\n  4  something is wrong: a night would fail or tell nobody\n  5  something deserves attention"
)
@home_option
@click.option(
    "--no-mail", is_flag=True, help="Leave the mail server alone; else it is logged in to, and nothing is sent."
)
@json_option
def doctor(home: Path, *, no_mail: bool, as_json: bool) -> None:
    """Look at all a night needs: home, settings, disk, memory, clock, store, profiles, fonts, mail server. Nothing is changed."""
    from receivables import verbs
    from receivables.health import exit_code

    checks = verbs.doctor(home, mail=not no_mail)
    if as_json:
        say_lines(json.dumps([asdict(check) for check in checks], indent=1))
    else:
        for check in checks:
            say(f"{check.level:<10} {check.name:<16} {check.found}")
            if check.advice:
                say(f"{'':<27} try {check.advice}")
    sys.exit(exit_code(checks))
