"""Commands for a home that nobody watches: when its nights run, and how it stands."""

from __future__ import annotations

from pathlib import Path

import click

from receivables.cli.options import home_option
from receivables.cli.terminal import example


@click.command(epilog=example("receivables schedule --home data --at 02:30 --zone Europe/Madrid --out units"))
@home_option
@click.option("--at", default="02:30", show_default=True, metavar="HH:MM", help="When the night begins.")
@click.option(
    "--zone", metavar="ZONE", help="The time zone of that hour, such as Europe/Madrid.  [default: the machine's]"
)
@click.option("--cron", is_flag=True, help="A line for cron instead of units for systemd.")
@click.option("--name", metavar="NAME", help="What the units are called.  [default: receivables-nightly]")
@click.option(
    "--out", type=click.Path(path_type=Path), help="A folder to write the units into instead of showing them."
)
def schedule(home: Path, *, at: str, zone: str | None, cron: bool, name: str | None, out: Path | None) -> None:
    """Show how the system is asked to run every night: a systemd service and timer, or a line for cron.

    Nothing is installed. The service may write the home and nothing else, and reach no network but the mail server's.
    Its exit code 5 (published, and something needs a person) counts as success; a night that the machine was off for is made up for.
    """
    from receivables import verbs

    written = verbs.schedule(home, at=at, zone=zone, cron=cron, name=name, out=out)
    if out is not None:
        for file in written:
            click.echo(f"written: {out / file}")
        click.echo(f"next: put them into /etc/systemd/system and run systemctl enable --now {[*written][-1]}")
        return
    for file, text in written.items():
        if not cron:
            click.echo(f"# /etc/systemd/system/{file}")
        click.echo(text)
