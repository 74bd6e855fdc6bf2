"""The command `rate`: what a person decides about a customer's grade."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from receivables.cli.options import by_option, home_option, until_option
from receivables.cli.terminal import Steps, example, print_frame, say
from receivables.errors import UsageError
from receivables.plain_text import visible

if TYPE_CHECKING:
    from receivables.rating_desk import Rated


@click.command(
    epilog=example(
        'receivables rate ES01:C00012 --grade B --reason "new owner, guarantee given" --until 2026-12-31 --by "Ana Gil"\n'
        '  receivables rate ES01:C00012 --confirm --by "Ana Gil"'
    )
)
@click.argument("customer", required=False)
@home_option
@click.option(
    "--grade", metavar="GRADE", help="Set this grade by hand, A (best) to F; it needs a reason and a last day."
)
@click.option("--reason", metavar="TEXT", help="Why the grade is set by hand.")
@until_option
@click.option("--withdraw", is_flag=True, help="End the grade set by hand before its last day.")
@click.option("--confirm", is_flag=True, help="Confirm the grade of the night published last.")
@by_option
def rate(customer: str | None, home: Path, **asked: Any) -> None:
    """Set the grade of a CUSTOMER by hand, withdraw that, or confirm the published one; without a customer list the grades set by hand.

    CUSTOMER is its id as published, or without the company where only one has it. A grade set by hand counts from the first night as of today
    on until its last day: at most a notch above the rule's (rating.override_notches_up), any number below it, and never above what a hard
    event leaves. Nothing is changed or deleted: ops.rating_decision keeps who decided what and when, and a night as known before knows
    nothing of it.
    """
    from receivables import verbs

    if customer is not None:
        _tell(verbs.rate(customer, home, progress=Steps(), **asked), home)
        return
    if told := [f"--{name}" for name, value in asked.items() if value]:
        raise UsageError(
            got=f"{told[0]} without a customer", expected="whose rating it is about", try_="receivables rate CUSTOMER"
        )
    print_frame(verbs.overrides(home), "no grade is set by hand")


def _tell(rated: Rated, home: Path) -> None:
    decision, standing = rated.decision, rated.standing
    said = {
        "override": f"grade {decision.grade} until {decision.until}, set by {decision.recorded_by}",
        "withdrawal": f"grade set by hand withdrawn by {decision.recorded_by}",
        "confirmation": f"grade {decision.grade} as of {decision.said_of} confirmed by {decision.recorded_by}",
    }[decision.kind]
    say(visible(f"{decision.customer_id}: {said}" + ("" if rated.is_new else "; it was decided before")))
    if decision.kind != "confirmation":
        by_rule = f"by rule {standing.ruled_grade}" if standing.ruled_grade else "no grade by rule"
        cap = f", a hard event leaves {standing.cap} at best" if standing.cap else ""
        say(f"as rated on {standing.as_of} it leaves {rated.counts_as or 'no grade'} ({by_rule}{cap})")
    say(f"it counts in nights as of {decision.given_on} or later: receivables nightly --home {home}")
