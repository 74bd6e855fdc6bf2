"""`profiles`: the export dialects known here, how one reads a file, and a draft of one that is missing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from receivables.cli.options import company_option, extract_as_of_option, home_option, profile_option
from receivables.cli.terminal import columns, example, say, say_lines
from receivables.errors import EXIT_REFUSED
from receivables.plain_text import visible, wrapped


@click.group(
    invoke_without_command=True,
    epilog=example(
        "receivables profiles\n  receivables profiles test export.csv\n  receivables profiles new export.csv"
    ),
)
@home_option
@click.pass_context
def profiles(ctx: click.Context, home: Path) -> None:
    """List the export dialects that can be read; test one on a file; draft a new one."""
    from receivables import verbs

    if ctx.invoked_subcommand is not None:
        return
    for profile in verbs.profiles(home):
        say(f"{profile.id:<14} {profile.status:<11} {profile.title}")


@profiles.command("test", epilog=example("receivables profiles test export.csv --profile mine.toml"))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@profile_option
@extract_as_of_option
@company_option
def profiles_test(file: Path, home: Path, **asked: Any) -> None:
    """Show how a file would be read, and why; nothing is kept."""
    from receivables import verbs
    from receivables.examination_text import examination_text

    seen = verbs.examine(file, home, **asked)
    say_lines(examination_text(seen, columns()))
    if seen.refusal is not None:
        sys.exit(EXIT_REFUSED)


@profiles.command("new", epilog=example("receivables profiles new export.csv --out mine.toml"))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--id", "profile_id", metavar="NAME", help="What the profile is to be called; default: after the file.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the draft to this new file instead of showing it.")
def profiles_new(file: Path, home: Path, profile_id: str | None, out: Path | None) -> None:
    """Draft a profile from an export no profile knows: what its rows decide, with the evidence, and a question for all else."""
    from receivables import verbs

    drafted = verbs.draft(file, home, profile_id=profile_id, out=out)
    if out is None:
        click.echo(drafted.text, nl=False)  # as it would stand in the file
        return
    say(f"{out}: {drafted.decided} lines decided, {len(drafted.questions)} questions open")
    for where, question in drafted.questions:
        for line in wrapped(f"{visible(where)}: {visible(question)}", columns(), "    ", "  "):
            say(line)
    say(f"answer them in {out}, then: receivables profiles test {visible(str(file))} --profile {out}")
