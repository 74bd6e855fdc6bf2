"""`findings`: what was noticed about files and by the build, and the quarantine out to a spreadsheet and back."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from receivables.cli.options import by_option, home_option
from receivables.cli.terminal import Steps, example, print_frame, say
from receivables.errors import EXIT_NEEDS_PERSON


@click.group(invoke_without_command=True, epilog=example("receivables findings --reason NUM_INVALID"))
@home_option
@click.option("--reason", metavar="CODE", help="Show the lines of one reason.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Lines shown of one reason.")
@click.option("--resolved", is_flag=True, help="Show the lines that have left the quarantine, by whom and when.")
@click.pass_context
def findings(ctx: click.Context, home: Path, reason: str | None, limit: int, *, resolved: bool) -> None:
    """List what was noticed about the files and by the build; export quarantined lines and take them back repaired."""
    if ctx.invoked_subcommand is not None:
        ctx.default_map = {name: {"home": home, "reason": reason} for name in findings.commands}
        return
    from receivables import verbs

    shown = verbs.findings(home, reason=reason, limit=limit, resolved=resolved)
    print_frame(shown, "nothing has left the quarantine" if resolved else "no findings")
    if verbs.status(home).repaired_since:
        say(f"lines were repaired since; to count them: receivables build --home {home}", err=True)


@findings.command("export", epilog=example("receivables findings export quarantine.xlsx --reason NUM_INVALID"))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--reason", metavar="CODE", help="Only lines with this reason.")
@click.option("--language", help="en, es or zh: the language of the reasons. Default: the first of the settings'.")
def export_findings(file: Path, home: Path, reason: str | None, language: str | None) -> None:
    """Write the quarantined lines to a new FILE.xlsx or FILE.csv for somebody to repair.

    One row per line and problem. Fill in repaired_value (what that column should say), or repaired_line (the whole line), or the decision
    leave_out (the line is no data), and give the file to receivables findings repair.
    """
    from receivables import verbs

    lines = verbs.export_findings(file, home, reason=reason, language=language)
    say(f"{lines} lines in {file}" if lines else "nothing in quarantine")


@findings.command("repair", epilog=example('receivables findings repair quarantine.xlsx --by "Ana Gil"'))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@by_option
def repair_findings(file: Path, home: Path, by: str | None) -> None:
    """Take back a FILE that findings export wrote and somebody filled in.

    Repaired lines leave the quarantine and count from the next build on. Nothing is deleted: the lines as they came, who repaired them
    and when are kept. The same file may be taken back again; that changes nothing.
    """
    from receivables import verbs

    told = verbs.repair_findings(file, home, by=by, progress=Steps())
    say(
        f"{told.repaired} repaired, {told.left_out} left out, {told.already} already repaired, {told.untouched} untouched,"
        f" {sum(told.still.values())} still in quarantine"
    )
    for reason, lines in told.still.items():
        say(
            f"needs a person: {lines} repaired lines still in quarantine, {reason}: receivables findings export",
            err=True,
        )
    if told.repaired or told.left_out:
        say(f"to count them: receivables build --home {home}")
    for refusal in told.refusals:
        say(f"receivables: {refusal}", err=True)
    if told.refusals:
        sys.exit(told.refusals[0].exit_code)
    if told.still:
        sys.exit(EXIT_NEEDS_PERSON)
