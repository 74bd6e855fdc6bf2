"""The command line: one command per verb, progress on a terminal, log lines elsewhere, an exit code for every ending."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from receivables.dates import parse_as_of, parse_known_at, today
from receivables.errors import EXIT_BUG, EXIT_DONE, EXIT_NEEDS_PERSON, EXIT_REFUSED, ReceivablesError
from receivables.home import private_files
from receivables.plain_text import visible, wrapped
from receivables.run import Outcome, Progress
from receivables.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

EXIT_CODES: Final = """\b
Exit codes:
  0  done
  1  a bug in receivables
  2  wrong usage or settings
  3  ingest, profiles or findings repair refused a file
  4  the night failed, nothing was published
  5  published, but something needs a person; findings repair: a repaired line is still in quarantine"""


class Steps(Progress):
    """Shows steps on standard error: one moving line on a terminal, one log line per step elsewhere."""

    def __init__(self) -> None:
        """Find out who is watching."""
        self._is_terminal = sys.stderr.isatty()
        self._bar: Any = None

    def step(self, name: str, total: int) -> None:
        """Begin a bar, or say nothing until the step ends."""
        if self._is_terminal:
            self._bar = click.progressbar(
                length=total, label=f"{name:<8}", file=sys.stderr, item_show_func=lambda item: str(item or "")[:40]
            )
            self._bar.__enter__()

    def advance(self, detail: str) -> None:
        """Move the bar by one part."""
        if self._bar is not None:
            self._bar.update(1, detail)

    def done(self, name: str, summary: str) -> None:
        """End the bar, or log the step."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
        else:
            with suppress(BrokenPipeError):  # nobody listens any more, which is no reason to stop the night
                click.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {name}: {summary}", err=True)

    def stopped(self) -> None:
        """Give the terminal back where a bar stands unfinished."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


class Group(click.Group):
    """Names the nearest command when one is unknown, and turns errors into their one line and exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # signature is click's
        """Run a command; never a traceback for a user's mistake."""
        try:
            with private_files():
                return super().main(*args, **kwargs)
        except ReceivablesError as error:
            click.echo(f"receivables: {visible(str(error))}", err=True)
            sys.exit(error.exit_code)
        except Exception:  # noqa: BLE001  # the last line of defence: a bug ends in exit code 1, never in a half-told one
            click.echo(traceback.format_exc(), err=True)
            click.echo(
                "receivables: a bug; please report the lines above. What was published before is untouched.", err=True
            )
            sys.exit(EXIT_BUG)

    def invoke(self, ctx: click.Context) -> Any:  # signature is click's
        """Run the command; who reads only the first lines of what it prints has not found a mistake."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(EXIT_DONE)


class _Day(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, _ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        return parse_as_of(str(value), today(), param.opts[0] if param else "--as-of")


class _Moment(click.ParamType[datetime]):
    name = "TIME"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> datetime:
        return value if isinstance(value, datetime) else parse_known_at(str(value))


home_option = click.option(
    "--home",
    default="data",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The folder your receivables live in.",
)
as_of_option = click.option(
    "--as-of", type=_Day(), help="What had happened by this date; default: the latest extract date."
)
known_at_option = click.option(
    "--known-at", type=_Moment(), help="What had been told by this moment (UTC); default: now."
)
backfill_option = click.option(
    "--backfill",
    is_flag=True,
    help="Load extracts older than those loaded before too; they add history and change nothing that newer ones say.",
)
profile_option = click.option(
    "--profile", metavar="ID|FILE", help="Read with this profile only; a .toml file is a profile of your own."
)
extract_as_of_option = click.option(
    "--extract-as-of", type=_Day(), help="The day the export was made, where it does not say so itself."
)
company_option = click.option("--company", metavar="ID", help="The company all rows belong to.")
allow_short_option = click.option(
    "--allow-short",
    is_flag=True,
    help="Load files that look cut off too: as many rows as a spreadsheet holds, or far fewer than last time.",
)

waive_option = click.option(
    "--waive",
    metavar="CONTRACT",
    multiple=True,
    help="Let no file be stopped by this contract; may be given more than once, and is kept with the files.",
)


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=EXIT_CODES
)
@click.version_option(__version__, prog_name="receivables")
@click.option("--home", type=click.Path(path_type=Path), help="The folder your receivables live in, for any command.")
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Nightly receivables analysis: ERP exports in, a proved ledger, aging and reports out."""
    if home is not None:
        ctx.default_map = _home_for(main, home)


def _home_for(group: click.Group, home: Path) -> dict[str, Any]:
    """The default home of every command, those of groups within included."""
    inner = {name: command for name, command in group.commands.items() if isinstance(command, click.Group)}
    return {name: {"home": home} | (_home_for(inner[name], home) if name in inner else {}) for name in group.commands}


def _example(text: str) -> str:
    return f"\b\nExample:\n  {text}"


@main.command(epilog=_example("receivables init --home data"))
@home_option
def init(home: Path) -> None:
    """Create a home: its folders and a commented receivables.toml."""
    from receivables import verbs

    click.echo(f"settings: {verbs.init(home)}")
    click.echo(f"put your ERP's exports into {home / 'inbox'} and run: receivables nightly --home {home}")


@main.command(epilog=_example("receivables nightly --home data --as-of 2026-10-31"))
@home_option
@as_of_option
@known_at_option
@click.option(
    "--inbox",
    type=click.Path(path_type=Path),
    help="Read exports from here instead of HOME/inbox; files are never moved.",
)
@backfill_option
@allow_short_option
@waive_option
@click.option("--no-deliver", is_flag=True, help="Render the report without putting it where its readers look.")
def nightly(home: Path, *, no_deliver: bool, **asked: Any) -> None:
    """Run a whole night: read exports, rebuild the ledger, publish, report."""
    from receivables import verbs

    _finish(verbs.nightly(home, deliver=not no_deliver, progress=Steps(), **asked))


@main.command(epilog=_example("receivables ingest export.csv --profile sap_fbl5n --extract-as-of 2026-10-31"))
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@home_option
@profile_option
@extract_as_of_option
@company_option
@click.option(
    "--mode",
    type=click.Choice(["full", "open_items", "delta", "report"]),
    help="Whether the file holds everything, open items only, changes, or balances as a report states them.",
)
@backfill_option
@allow_short_option
@waive_option
def ingest(paths: Sequence[Path], home: Path, **reading: Any) -> None:
    """Read files into the lake without building anything."""
    from receivables import verbs
    from receivables.land import Reading

    outcome = verbs.ingest(paths, home, reading=Reading(**reading), progress=Steps())
    for file in outcome.files:
        click.echo(
            f"{file.outcome:<8} {file.file_name}" + (f" ({file.batch_status})" if file.outcome != "refused" else "")
        )
    for refusal in outcome.refusals:
        click.echo(f"receivables: {visible(str(refusal))}", err=True)
    if outcome.refusals:
        sys.exit(EXIT_REFUSED)
    _finish(outcome)


@main.command(epilog=_example("receivables build --as-of 2026-09-30 --known-at 2026-10-01"))
@home_option
@as_of_option
@known_at_option
def build(home: Path, as_of: date | None, known_at: datetime | None) -> None:
    """Build and publish again from the lake, for any past pair of dates."""
    from receivables import verbs

    _finish(verbs.build(home, as_of=as_of, known_at=known_at, progress=Steps()))


@main.command(epilog=_example("receivables report --language es --language zh"))
@home_option
@click.option(
    "--language", "languages", multiple=True, help="en, es or zh; may be given more than once. Default: the settings'."
)
def report(home: Path, languages: tuple[str, ...]) -> None:
    """Render the report of the night published last."""
    from receivables import verbs

    _finish(verbs.report(home, languages=languages, progress=Steps()))


@main.command(epilog=_example("receivables status --home data"))
@home_option
def status(home: Path) -> None:
    """Say how the last run ended and what is published."""
    from receivables import verbs
    from receivables.state import counting

    where = verbs.status(home)
    if where.last_run is None:
        click.echo("no run yet")
        return
    click.echo(f"last run    {where.last_run.run_id}  {where.last_run.status}")
    for step in where.steps:
        took = (step.finished_at - step.started_at).total_seconds()
        click.echo(f"  {step.name:<9} {took:7.2f} s  {step.items} done, {step.findings} findings")
    click.echo(
        f"published   {f'as of {where.published.as_of}, run {where.published.run_id}' if where.published else 'nothing yet'}"
    )
    refused, current = sum(batch.status == "refused" for batch in where.batches), len(counting(where.batches))
    superseded = len(where.batches) - refused - current
    click.echo(
        f"batches     {current} loaded, {refused} refused"
        + (f", {superseded} superseded by repairs" if superseded else "")
    )


@main.group(invoke_without_command=True, epilog=_example("receivables findings --reason NUM_INVALID"))
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
    _print_frame(shown, "nothing has left the quarantine" if resolved else "no findings")
    if verbs.status(home).repaired_since:
        click.echo(f"lines were repaired since; to count them: receivables build --home {home}", err=True)


@findings.command("export", epilog=_example("receivables findings export quarantine.xlsx --reason NUM_INVALID"))
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
    click.echo(f"{lines} lines in {file}" if lines else "nothing in quarantine")


@findings.command("repair", epilog=_example('receivables findings repair quarantine.xlsx --by "Ana Gil"'))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--by", metavar="NAME", help="Who repaired the lines.  [default: your user name]")
def repair_findings(file: Path, home: Path, by: str | None) -> None:
    """Take back a FILE that findings export wrote and somebody filled in.

    Repaired lines leave the quarantine and count from the next build on. Nothing is deleted: the lines as they came, who repaired them
    and when are kept. The same file may be taken back again; that changes nothing.
    """
    from receivables import verbs

    told = verbs.repair_findings(file, home, by=by, progress=Steps())
    click.echo(
        f"{told.repaired} repaired, {told.left_out} left out, {told.already} already repaired, {told.untouched} untouched,"
        f" {sum(told.still.values())} still in quarantine"
    )
    for reason, lines in told.still.items():
        click.echo(
            f"needs a person: {lines} repaired lines still in quarantine, {reason}: receivables findings export",
            err=True,
        )
    if told.repaired or told.left_out:
        click.echo(f"to count them: receivables build --home {home}")
    for refusal in told.refusals:
        click.echo(f"receivables: {refusal}", err=True)
    if told.refusals:
        sys.exit(told.refusals[0].exit_code)
    if told.still:
        sys.exit(EXIT_NEEDS_PERSON)


@main.group(
    invoke_without_command=True,
    epilog=_example(
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
        click.echo(f"{profile.id:<14} {profile.status:<11} {profile.title}")


@profiles.command("test", epilog=_example("receivables profiles test export.csv --profile mine.toml"))
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
    click.echo(examination_text(seen, _columns()), nl=False)
    if seen.refusal is not None:
        sys.exit(EXIT_REFUSED)


@profiles.command("new", epilog=_example("receivables profiles new export.csv --out mine.toml"))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--id", "profile_id", metavar="NAME", help="What the profile is to be called; default: after the file.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the draft to this new file instead of showing it.")
def profiles_new(file: Path, home: Path, profile_id: str | None, out: Path | None) -> None:
    """Draft a profile from an export no profile knows: what its rows decide, with the evidence, and a question for all else."""
    from receivables import verbs

    drafted = verbs.draft(file, home, profile_id=profile_id, out=out)
    if out is None:
        click.echo(drafted.text, nl=False)
        return
    click.echo(f"{out}: {drafted.decided} lines decided, {len(drafted.questions)} questions open")
    for where, question in drafted.questions:
        for line in wrapped(f"{visible(where)}: {visible(question)}", _columns(), "    ", "  "):
            click.echo(line)
    click.echo(f"answer them in {out}, then: receivables profiles test {visible(str(file))} --profile {out}")


def _columns() -> int:
    """How wide the terminal is; as wide as a page where nobody watches."""
    return max(60, shutil.get_terminal_size((100, 24)).columns)


@main.command(epilog=_example("receivables templates customer document payment allocation --language es"))
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option(
    "--out", default="templates", show_default=True, type=click.Path(path_type=Path), help="Folder to write into."
)
@click.option(
    "--language",
    default="en",
    show_default=True,
    help="en, es or zh: the language of the explanations.",
)
def templates(tables: tuple[str, ...], out: Path, language: str) -> None:
    """Write workbooks to fill in by hand, one for each canonical table; none named: all of them."""
    from receivables import verbs

    written = verbs.templates(out, tables=tables, language=language)
    click.echo(f"{len(written)} workbooks in {out}; each says on its second sheet what its columns mean")
    click.echo("a first balance needs company, customer and document; what was paid goes into payment and allocation")


@main.command(epilog=_example("receivables sample --out /tmp/world --customers 200 --seed 7 --dialect sap_fbl5n"))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write into.")
@click.option("--customers", default=40, show_default=True, type=click.IntRange(1), help="Customers of the business.")
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same files.")
@click.option(
    "--dialect",
    default="canonical",
    show_default=True,
    type=click.Choice(["canonical", "sap_fbl5n", "odoo"]),
    help="How the exports are written.",
)
@click.option(
    "--preset",
    default="distributor",
    show_default=True,
    type=click.Choice(["distributor", "punctual"]),
    help="distributor: late payers, losses, planted anomalies. punctual: nearly everybody pays, nothing is lost.",
)
@click.option("--months", type=click.IntRange(6), help="Months of history.  [default: 60]")
@click.option(
    "--invoices",
    type=click.IntRange(1),
    help="Invoices per customer.  [default: 18 to 100, by the number of customers]",
)
@click.option("--nights", type=click.IntRange(2), help="Tell the same world night by night, one folder for each.")
@click.option(
    "--mode",
    default="delta",
    show_default=True,
    type=click.Choice(["delta", "full"]),
    help="With --nights: what each night's files hold.",
)
def sample(out: Path, invoices: int | None, **world: Any) -> None:
    """Write a synthetic business with its truth file."""
    from receivables import verbs
    from receivables.world import SampleSummary

    summary = verbs.sample(out, invoices_per_customer=invoices, progress=Steps(), **world)
    if isinstance(summary, SampleSummary):
        click.echo(
            f"{len(summary.files)} files in {out}: {summary.documents:,} documents, {summary.payments:,} payments, {summary.allocations:,} allocations"
        )
    else:
        happened = ", ".join(
            f"{count} {kind.replace(chr(95), chr(32))}" for kind, count in summary.irregularities.items()
        )
        click.echo(f"{len(summary.nights)} nights in {out}: {happened}; see {summary.truth}")
    click.echo(f"open as of {summary.as_of}: {summary.open_local_total:,.2f}")


@main.command(epilog=_example("receivables trace 100001 --bucket d91_180"))
@click.argument("key")
@home_option
@click.option("--bucket", metavar="KEY", help="Only items of this bucket, such as d1_30.")
def trace(key: str, home: Path, bucket: str | None) -> None:
    """Follow a customer, document or receipt to its items, allocations, files and lines."""
    from receivables import verbs

    found = verbs.trace(key, home, bucket=bucket)
    is_repaired = bool(found.items["repaired_by"].notna().any())
    _print_frame(found.items if is_repaired else found.items.drop(columns="repaired_by"), "no items")
    click.echo()
    _print_frame(found.allocations, "no allocations")


@main.command(epilog=_example("receivables demo"))
@click.option(
    "--home",
    default="data/demo",
    show_default=True,
    type=click.Path(path_type=Path),
    help="A folder for the demo; made anew each time.",
)
def demo(home: Path) -> None:
    """Run a whole night on a small synthetic business and show five headline figures."""
    from receivables import verbs

    outcome = verbs.demo(home, progress=Steps())
    _headline(home)
    _finish(outcome)


def _headline(home: Path) -> None:
    from receivables.warehouse import open_warehouse

    with open_warehouse(home) as warehouse:
        rows = warehouse.con.execute(
            "select unit, sum(value) filter (where metric = 'receivables_total'), sum(value) filter (where metric = 'overdue_total'),"
            " sum(value) filter (where metric = 'overdue_90_total'), sum(value) filter (where metric = 'unapplied_total') from marts.kpi"
            " where metric like '%_total' and period_end = as_of group by unit order by unit"
        ).fetchall()
        tie = warehouse.con.execute(
            "select sum(abs(difference)), sum(abs(difference_local)) from marts.aging_control"
        ).fetchall()[0]
    for currency, total, overdue, late, unapplied in rows:
        click.echo(f"receivables               {total:>18,.2f} {currency}")
        click.echo(f"overdue                   {overdue:>18,.2f} {currency}")
        click.echo(f"more than 90 days overdue {late:>18,.2f} {currency}")
        click.echo(f"unapplied and credits     {unapplied:>18,.2f} {currency}")
    click.echo(f"aged items less ledger    {tie[0]:>18,.2f} in document currencies, {tie[1]:,.4f} in ledger currency")


def _finish(outcome: Outcome) -> None:
    for language, path in outcome.reports.items():
        click.echo(f"report ({language}): {path}")
    if outcome.warehouse is not None:
        click.echo(f"published: {outcome.warehouse} as of {outcome.as_of}")
    for reason in outcome.needs_person:
        click.echo(f"needs a person: {reason}", err=True)
    if outcome.needs_person:
        sys.exit(EXIT_NEEDS_PERSON)


def _print_frame(frame: pd.DataFrame, nothing: str) -> None:
    if frame.empty:
        click.echo(nothing)
        return
    shown = frame.astype(object).where(frame.notna(), "")
    click.echo(shown.to_string(index=False, max_colwidth=60))
