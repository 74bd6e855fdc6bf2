"""The commands that keep what must not be lost: `verify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from receivables.cli.options import home_option
from receivables.cli.terminal import Steps, example
from receivables.errors import EXIT_DAMAGED
from receivables.plain_text import visible


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
        click.echo(as_json(found))
    else:
        for fault in found.faults:
            click.echo(f"receivables: {visible(str(fault))}", err=True)
        again = ", the published night made again" if found.rebuilt else ""
        click.echo(
            f"{found.files:,} files of the lake ({found.size / 1e6:,.1f} MB), {found.copies:,} copies of decisions{again}: "
            + (f"{len(found.faults):,} faults" if found.faults else "all as it should be")
        )
    if found.faults:
        sys.exit(EXIT_DAMAGED)
