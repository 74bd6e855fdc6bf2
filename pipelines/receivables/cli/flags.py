"""`flags`: what is unusual about whom, what it rests on, and what a person decides about it, here or in a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from receivables.cli.options import by_option, home_option
from receivables.cli.terminal import Steps, columns, example, say
from receivables.plain_text import aligned, padded, visible, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from receivables.flag_desk import Flag, Shown

_WIDTHS: Final = (12, 8, 24, 20, 24, 32, 10, 24)
_LABEL: Final = 10

every_option = click.option("--all", "every", is_flag=True, help="Closed and waiting flags too, not only open ones.")
detector_option = click.option("--detector", metavar="ID", help="Only flags of one detector.")
customer_option = click.option("--customer", metavar="ID", help="Only flags of one customer.")


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which flags it is about."""
    for option in (customer_option, detector_option, every_option):
        command = option(command)
    return command


@click.group(
    invoke_without_command=True,
    epilog=example(
        'receivables flags show F3K7Q2M9\n  receivables flags dismiss F3K7Q2M9 --reason "two orders of one day" --by "Ana Gil"'
    ),
)
@home_option
@_which
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Flags shown at most.")
@click.pass_context
def flags(ctx: click.Context, /, home: Path, limit: int, **which: Any) -> None:
    """List the open flags, the most urgent first; decide about them one by one or in a spreadsheet."""
    if ctx.invoked_subcommand is not None:
        ctx.default_map = {name: {"home": home, **which} for name in flags.commands}
        return
    from receivables import flag_desk as desk

    found = desk.flags(home, desk.Wanted(**which))
    _list(found[:limit])
    if len(found) > limit:
        say(f"{len(found) - limit} more: --limit {len(found)}", err=True)
    if since := sum(flag.is_since for flag in found):
        say(f"decided since the night: {since}; to count it: receivables nightly --home {home}", err=True)


def _list(found: Sequence[Flag]) -> None:
    from receivables.flag_desk import stands
    from receivables.flag_wording import flag_name
    from receivables.language import language_in

    if not found:
        say("no flags")
        return
    words = language_in("en")
    amounts = [_exposure(flag) for flag in found]
    wide = max(map(width, amounts))
    rows = [
        (
            flag.flag_id,
            flag.severity,
            stands(flag),
            flag.customer_id,
            flag.name,
            flag_name(flag.detector, words),
            str(flag.first_seen),
            amount.rjust(wide),
        )
        for flag, amount in zip(found, amounts, strict=True)
    ]
    head = ("flag", "severity", "state", "customer", "name", "what", "first seen", "exposure".rjust(wide))
    for line in aligned([head, *(tuple(map(visible, row)) for row in rows)], _WIDTHS, ""):
        say(line)


def _exposure(flag: Flag) -> str:
    return f"{flag.exposure_local:,.2f} {flag.currency}".strip()


@flags.command("show", epilog=example("receivables flags show F3K7Q2M9"))
@click.argument("flag_id")
@home_option
def show_flag(flag_id: str, home: Path) -> None:
    """Show a flag: what it rests on, what is at stake, and what was decided about it."""
    from receivables import verbs

    for label, text in _told(verbs.flag(flag_id, home)):
        first = padded(label, _LABEL) + "  "
        for line in wrapped(visible(text), columns(), " " * len(first), first):
            say(line)


def _told(shown: Shown) -> list[tuple[str, str]]:
    """A flag in labelled lines."""
    from receivables.flag_desk import stands
    from receivables.flag_wording import TESTED, flag_name
    from receivables.language import language_in

    flag, words = shown.flag, language_in("en")
    days = [("first", flag.first_seen), ("raised", flag.raised_on), ("last", flag.last_seen)]
    decided = [
        f"{one.given_on} {one.kind} by {one.recorded_by}" + (f": {one.reason}" if one.reason else "")
        for one in shown.decisions
    ]
    pieces = flag.sentences(words) or ["none is kept"]
    lines = [
        ("flag", f"{flag.flag_id}, {flag.severity}: {flag_name(flag.detector, words)} ({flag.detector})"),
        ("looks for", TESTED.get(flag.detector, "")),
        ("customer", f"{flag.customer_id}, {flag.name}" if flag.name else flag.customer_id),
        ("about", "" if flag.subject == flag.customer_id else flag.subject),
        ("exposure", _exposure(flag)),
        ("seen", ", ".join(f"{what} {day}" for what, day in days if day is not None)),
        ("state", stands(flag) + ("; decided since, counts from the next night on" if flag.is_since else "")),
        *_under("evidence", pieces),
        *_under("decisions", decided),
    ]
    if shown.confirmed + shown.dismissed:
        lines.append(("its kind", f"{shown.confirmed} confirmed, {shown.dismissed} dismissed so far"))
    return [(label, text) for label, text in lines if text]


def _under(label: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    """Texts below one another, the label before the first."""
    return [("" if place else label, text) for place, text in enumerate(texts)]


def _deciding(verb: Any, what: str, reason: str) -> click.Command:
    """The command that records one kind of decision."""
    asked = 'receivables flags {verb} F3K7Q2M9{reason} --by "Ana Gil"'
    shown = asked.format(verb=verb, reason=' --reason "seen the papers"' if "needed" in reason else "")

    @click.command(verb, help=what, epilog=example(shown))
    @click.argument("flag_ids", metavar="FLAG_ID...", nargs=-1, required=True)
    @home_option
    @click.option("--reason", metavar="TEXT", help=reason)
    @by_option
    def command(flag_ids: Sequence[str], home: Path, reason: str | None, by: str | None) -> None:
        from receivables import verbs

        decided = verbs.decide_flags(flag_ids, verb, home, reason=reason, by=by, progress=Steps())
        for one in decided:
            said = f"{one.decision.flag_id}: {one.decision.kind} by {one.decision.recorded_by}"
            say(visible(said + ("" if one.is_new else "; it was decided before")))
        _counts_from(home)

    return command


for _verb, _what, _reason in (
    ("acknowledge", "Say that somebody is at work on flags; they stay open.", "What is being done."),
    ("confirm", "Close flags that were what they say.", "What was found; needed."),
    ("dismiss", "Close flags that were false alarms.", "Why it was one; needed."),
    ("reopen", "Open flags again that were acknowledged or closed.", "Why they are opened again."),
):
    flags.add_command(_deciding(_verb, _what, _reason))


def _counts_from(home: Path) -> None:
    say(f"it counts from the next night on: receivables nightly --home {home}")


@flags.command("export", epilog=example("receivables flags export flags.xlsx"))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@_which
@click.option("--language", help="en, es or zh: the language of the evidence. Default: the first of the settings'.")
def export_flags(file: Path, home: Path, **which: Any) -> None:
    """Write the open flags to a new FILE.xlsx or FILE.csv for somebody to decide.

    One row per flag. Fill in the decision (acknowledge, confirm, dismiss or reopen) and the reason, and give the file to receivables flags import.
    """
    from receivables import verbs

    told = verbs.export_flags(file, home, **which)
    say(f"flags in {file}: {told}" if told else "no flags")


@flags.command("import", epilog=example('receivables flags import flags.xlsx --by "Ana Gil"'))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@by_option
def import_flags(file: Path, home: Path, by: str | None) -> None:
    """Take back a FILE that flags export wrote and somebody filled in, all of it or nothing.

    A row without a decision asks nothing. The same file may be taken back again; that changes nothing.
    """
    from receivables import verbs

    told = verbs.import_flags(file, home, by=by, progress=Steps())
    new = sum(one.is_new for one in told.decided)
    say(f"{new} decided, {len(told.decided) - new} decided before, {told.undecided} without a decision")
    if told.reasons_alone:
        say(f"{told.reasons_alone} of these have a reason and no decision", err=True)
    if told.decided:
        _counts_from(home)
