"""The commands that keep what must not be lost, and let go of what must not stay: `verify`, `backup`, `restore`, `forget`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from receivables.cli.options import by_option, home_option
from receivables.cli.terminal import Steps, example, say, say_lines
from receivables.errors import EXIT_DAMAGED
from receivables.home import Home


@click.command(epilog=example("receivables verify --rebuild --json"))
@home_option
@click.option(
    "--rebuild", is_flag=True, help="Make the published night again from the lake too, and compare every table of it."
)
@click.option("--json", "is_json", is_flag=True, help="What was looked at and found, as JSON on one line.")
def verify(home: Path, *, rebuild: bool, is_json: bool) -> None:
    """Look whether anything of a home was lost or changed: each fault on one line, exit code 6; nothing is changed.

    Every file of the lake must have the SHA-256 that was registered when it began to count, the store must be whole, and what persons decided
    must stand in the lake as in the store. Rows are equal where decimals are equal and doubles differ by at most 1e-9 of their size.
    """
    from receivables import verbs
    from receivables.verification import as_json

    found = verbs.verify(home, rebuild=rebuild, progress=Steps())
    if is_json:
        say_lines(as_json(found))
    else:
        for fault in found.faults:
            say(f"receivables: {fault}", err=True)
        again = ", the published night made again" if found.rebuilt else ""
        say(
            f"{found.files:,} files of the lake ({found.size / 1e6:,.1f} MB), {found.copies:,} copies of decisions{again}: "
            + (f"{len(found.faults):,} faults" if found.faults else "all as it should be")
        )
    if found.faults:
        sys.exit(EXIT_DAMAGED)


@click.command(
    epilog=example("receivables backup --to /mnt/usb/receivables\n  receivables backup --to friday.tar --published")
)
@home_option
@click.option(
    "--to",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder, told what it lacks since the last time; or a new file that ends in .tar.",
)
@click.option("--published", is_flag=True, help="Keep the published file too; otherwise the next night makes it again.")
@click.option(
    "--wait",
    "wait_minutes",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Minutes to wait for a run that holds the home.",
)
def backup(home: Path, to: Path, wait_minutes: float, *, published: bool) -> None:
    """Keep all of a home that cannot be made again: settings, profiles, contracts, store and lake, as of one moment.

    Passwords and other secrets, the inbox, logs and reports are not in it. An interrupted backup changes nothing: the manifest is written last, and
    the backup before it counts until then.
    """
    from receivables import verbs

    kept = verbs.backup(to, home, published=published, wait_seconds=wait_minutes * 60, progress=Steps())
    say(
        f"{kept.to}: {kept.files:,} files ({kept.size / 1e6:,.1f} MB), {kept.copied:,} of them copied ({kept.copied_size / 1e6:,.1f} MB)"
    )


@click.command(epilog=example("receivables restore --from /mnt/usb/receivables --home data"))
@click.option(
    "--from", "source", required=True, type=click.Path(path_type=Path), help="A folder or .tar that backup has written."
)
@home_option
@click.option("--force", is_flag=True, help="Put a home that stands there aside, as HOME.before-TIME; never deleted.")
def restore(source: Path, home: Path, *, force: bool) -> None:
    """Make a home from a backup, whole or not at all, into a new or empty folder; every hash is looked at first.

    Passwords are not in a backup: put the file that mail.password_file names back yourself. The next night publishes again.
    """
    from receivables import verbs

    told = verbs.restore(source, home, force=force, progress=Steps())
    say(f"{told.home}: {told.files:,} files ({told.size / 1e6:,.1f} MB) of the backup of {told.made_at}")
    if told.aside:
        say(f"what stood there: {told.aside}")
        inbox = Home(told.aside).inbox
        if inbox.is_dir() and any(inbox.iterdir()):
            line = shlex.join(["cp", "-a", f"{inbox}/.", str(Home(told.home).inbox)])
            say(f"no backup holds an inbox; before the next night put back what lay in this one: {line}")
    say(f"it publishes again with: receivables nightly --home {told.home}")


@click.command(epilog=example('receivables forget ES01:C00012 --reason "asked for it on 2026-11-02" --by "Ana Gil"'))
@click.argument("subject", metavar="CUSTOMER")
@home_option
@click.option("--contact", is_flag=True, help="CUSTOMER is the id of a contact: forget that person, not the customer.")
@click.option("--reason", metavar="TEXT", default="", help="Why; kept with the audit entry, so it should name nobody.")
@by_option
def forget(subject: str, home: Path, *, contact: bool, reason: str, by: str | None) -> None:
    """Take the personal data of a CUSTOMER, or a contact, out of the lake for good; amounts, dates and ids stay, so that every sum does.

    Which columns those are is in data/PERSONAL_DATA.md. Every file rewritten is registered anew and told in lake/forgotten, and files read later
    leave the data out. Published files of earlier nights are deleted; what still holds the data is named. It cannot be taken back.
    """
    from receivables import verbs

    done = verbs.forget(subject, home, contact=contact, reason=reason, by=by, progress=Steps())
    entry = done.entry
    say(
        f"{entry.subject_id} is forgotten: {len(done.files):,} files of the lake, lake/forgotten/{entry.forgotten_id}.json"
    )
    for name in done.removed:
        say(f"deleted     {name}")
    for name in done.still:
        say(f"still there {name}")
    say(f"the next night publishes without it: receivables nightly --home {home}; backups of before still hold it")
