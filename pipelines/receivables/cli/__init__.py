"""The command line: one command per verb, progress on a terminal, log lines elsewhere, an exit code for every ending."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from receivables.cli.flags import flags
from receivables.cli.options import (
    allow_short_option,
    as_of_option,
    backfill_option,
    by_option,
    company_option,
    extract_as_of_option,
    home_option,
    known_at_option,
    profile_option,
    resend_option,
    waive_option,
)
from receivables.cli.profiles import profiles
from receivables.cli.quarantine import findings
from receivables.cli.rate import rate
from receivables.cli.safekeeping import backup, forget, restore, verify
from receivables.cli.terminal import Group, Steps, example, say
from receivables.cli.trace import trace
from receivables.cli.unattended import doctor, schedule, status
from receivables.errors import EXIT_NEEDS_PERSON, EXIT_REFUSED
from receivables.plain_text import visible
from receivables.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from receivables.run import Outcome

EXIT_CODES: Final = """\b
Exit codes:
  0  done
  1  a bug in receivables
  2  wrong usage or settings
  3  ingest, profiles or findings repair refused a file
  4  the night failed, nothing was published; status, doctor: something is wrong; backup, restore: nothing was written
  5  published, but something needs a person; findings repair: a repaired line is still in quarantine;
     status, doctor: something deserves attention
  6  verify, backup or restore found something damaged or missing"""


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


@main.command(epilog=example("receivables init --home data"))
@home_option
def init(home: Path) -> None:
    """Create a home: its folders and a commented receivables.toml."""
    from receivables import verbs

    say(f"settings: {verbs.init(home)}")
    say(f"put your ERP's exports into {home / 'inbox'} and run: receivables nightly --home {home}")


@main.command(epilog=example("receivables nightly --home data --as-of 2026-10-31"))
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
@by_option
@click.option(
    "--no-deliver", is_flag=True, help="Render the report without putting it where its readers look, and mail nothing."
)
@resend_option
def nightly(home: Path, *, no_deliver: bool, **asked: Any) -> None:
    """Run a whole night: read exports, rebuild the ledger, publish, report."""
    from receivables import verbs

    _finish(verbs.nightly(home, deliver=not no_deliver, progress=Steps(), **asked))


@main.command(epilog=example("receivables ingest export.csv --profile sap_fbl5n --extract-as-of 2026-10-31"))
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
@by_option
def ingest(paths: Sequence[Path], home: Path, *, by: str | None, **reading: Any) -> None:
    """Read files into the lake without building anything."""
    from receivables import verbs
    from receivables.land import Reading

    outcome = verbs.ingest(paths, home, reading=Reading(by=by or "", **reading), progress=Steps())
    for file in outcome.files:
        say(f"{file.outcome:<8} {file.file_name}" + (f" ({file.batch_status})" if file.outcome != "refused" else ""))
    for refusal in outcome.refusals:
        say(f"receivables: {visible(str(refusal))}", err=True)
    if outcome.refusals:
        sys.exit(EXIT_REFUSED)
    _finish(outcome)


@main.command(epilog=example("receivables build --as-of 2026-09-30 --known-at 2026-10-01"))
@home_option
@as_of_option
@known_at_option
@click.option(
    "--whole", is_flag=True, help="Make everything anew, taking nothing over from the file that is published."
)
def build(home: Path, as_of: date | None, known_at: datetime | None, *, whole: bool) -> None:
    """Build and publish again from the lake, for any past pair of dates."""
    from receivables import verbs

    _finish(verbs.build(home, as_of=as_of, known_at=known_at, whole=whole, progress=Steps()))


@main.command(epilog=example("receivables report --language es --language zh"))
@home_option
@click.option(
    "--language", "languages", multiple=True, help="en, es or zh; may be given more than once. Default: the settings'."
)
def report(home: Path, languages: tuple[str, ...]) -> None:
    """Render the report of the night published last."""
    from receivables import verbs

    _finish(verbs.report(home, languages=languages, progress=Steps()))


@main.command(
    epilog=example(
        "receivables export --out aging.xlsx --sheet aging --sheet open-items --salesperson 'Ana Gil' --language es"
    )
)
@home_option
@click.option(
    "--out",
    required=True,
    metavar="FILE.xlsx",
    type=click.Path(path_type=Path),
    help="The new file to write.",
)
@click.option("--language", help="en, es or zh. Default: the first of the settings'.")
@click.option(
    "--sheet",
    "sheets",
    multiple=True,
    metavar="ID",
    help="totals, aging, open-items, ratings, flags, expected-cash or findings; may be given more than once. Default: all.",
)
@click.option(
    "--company", "companies", multiple=True, metavar="ID", help="Only this company; may be given more than once."
)
@click.option(
    "--territory",
    "territories",
    multiple=True,
    metavar="ID",
    help="Only customers of this territory and those that lie in it; may be given more than once.",
)
@click.option(
    "--salesperson",
    "salespersons",
    multiple=True,
    metavar="NAME",
    help="Only customers of this salesperson; may be given more than once.",
)
def export(out: Path, home: Path, **asked: Any) -> None:
    """Write what is published as a workbook, all of it or what some reader may see: aging, open items, ratings, flags, expected cash, findings."""
    from receivables import verbs

    written = verbs.export(out, home, progress=Steps(), **asked)
    for sheet, rows in written.rows.items():
        say(f"{sheet:<14}{rows:>9,} rows")
    say(f"workbook: {written.path}")


@main.command(epilog=example("receivables mail --to ana@example.com --resend"))
@home_option
@click.option(
    "--to",
    multiple=True,
    metavar="ADDRESS",
    help="Only this recipient of receivables.toml; may be given more than once.",
)
@resend_option
def mail(home: Path, to: tuple[str, ...], *, resend: bool) -> None:
    """Mail the report of the night published last to its recipients, each of whom gets it once."""
    from receivables import verbs

    outcome, deliveries = verbs.mail(home, to=to, resend=resend, progress=Steps())
    for one in deliveries:
        say(f"{one.status:<8} {one.address}" + (f" ({visible(one.told)})" if one.told else ""))
    if not deliveries and not outcome.needs_person:
        say("nothing to mail: every recipient has the report of this date; --resend mails it again")
    _finish(outcome)


@main.command(epilog=example("receivables customer ES01:C00012 --language es"))
@click.argument("customer")
@home_option
@click.option(
    "--language", "languages", multiple=True, help="en, es or zh; may be given more than once. Default: the settings'."
)
def customer(customer: str, home: Path, languages: tuple[str, ...]) -> None:
    """Say where the page of a CUSTOMER is; one that the night did not write is written from what was published.

    CUSTOMER is its id as published, or without the company where only one has it.
    """
    from receivables import verbs

    for language, page in verbs.customer(customer, home, languages=languages).items():
        say(f"page ({language}): {page}")


main.add_command(doctor)
main.add_command(findings)
main.add_command(flags)
main.add_command(profiles)
main.add_command(rate)
main.add_command(schedule)
main.add_command(status)
main.add_command(trace)
main.add_command(backup)
main.add_command(forget)
main.add_command(restore)
main.add_command(verify)


@main.command(epilog=example("receivables templates customer document payment allocation --language es"))
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
    say(f"{len(written)} workbooks in {out}; each says on its second sheet what its columns mean")
    say("a first balance needs company, customer and document; what was paid goes into payment and allocation")


@main.command(epilog=example("receivables sample --out /tmp/world --customers 200 --seed 7 --dialect sap_fbl5n"))
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
        say(
            f"{len(summary.files)} files in {out}: {summary.documents:,} documents, {summary.payments:,} payments, {summary.allocations:,} allocations"
        )
    else:
        happened = ", ".join(
            f"{count} {kind.replace(chr(95), chr(32))}" for kind, count in summary.irregularities.items()
        )
        say(f"{len(summary.nights)} nights in {out}: {happened}; see {summary.truth}")
    say(f"open as of {summary.as_of}: {summary.open_local_total:,.2f}")


@main.command(epilog=example("receivables demo"))
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
        say(f"receivables               {total:>18,.2f} {currency}")
        say(f"overdue                   {overdue:>18,.2f} {currency}")
        say(f"more than 90 days overdue {late:>18,.2f} {currency}")
        say(f"unapplied and credits     {unapplied:>18,.2f} {currency}")
    say(f"aged items less ledger    {tie[0]:>18,.2f} in document currencies, {tie[1]:,.4f} in ledger currency")


def _finish(outcome: Outcome) -> None:
    for language, path in outcome.reports.items():
        say(f"report ({language}): {path}")
    for language, path in outcome.workbooks.items():
        say(f"workbook ({language}): {path}")
    if outcome.warehouse is not None:
        say(f"published: {outcome.warehouse} as of {outcome.as_of}")
    for note in outcome.notes:
        say(f"note: {note}", err=True)
    for reason in outcome.needs_person:
        say(f"needs a person: {reason}", err=True)
    if outcome.needs_person:
        sys.exit(EXIT_NEEDS_PERSON)
