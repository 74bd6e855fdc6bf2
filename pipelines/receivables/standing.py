"""How a home stands, for people and for monitors: what is published and how old it is, how the last night ended, what waits for somebody."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from receivables.arrival import awaited
from receivables.engine import EngineError
from receivables.errors import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_PERSON
from receivables.home import CATCH_UP, NIGHTLY
from receivables.state import PUBLISHED
from receivables.warehouse import Warehouse, published_file, published_run

if TYPE_CHECKING:
    from datetime import datetime

    from receivables.home import Holder, Home
    from receivables.settings import Settings
    from receivables.state import Batch, Run, State, Step

_WAITING: Final = (
    "select coalesce(sum(count) filter (where action = 'quarantine'), 0)::bigint, count(distinct batch_id) filter (where action = 'reject_file')"
    " from ops.issue where resolved_at is null"
)


@dataclass(frozen=True)
class Status:
    """Where a home stands: its last run with its steps, the run whose file is the published one (None where nothing is), repairs it does not know yet.

    `last_night` is the last whole night that has ended, `age_hours` how long ago the published file was made; `quarantined` counts problems of lines,
    `refused_files` the files that the published night could not use; `mail` the mailings that wait (queued), are unsure or were refused, of the
    published date. `wrong` is why figures are missing or old, `needs_person` what waits for somebody, one line each.
    """

    last_run: Run | None
    steps: tuple[Step, ...]
    published: Run | None
    batches: tuple[Batch, ...]
    repaired_since: int = 0
    last_night: Run | None = None
    age_hours: float | None = None
    holder: Holder | None = None
    quarantined: int = 0
    refused_files: int = 0
    mail: tuple[tuple[str, int], ...] = ()
    wrong: tuple[str, ...] = ()
    needs_person: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """What a monitor is told: 4 where figures are missing, old or a night failed, 5 where somebody is waited for, else 0."""
        return EXIT_FAILED if self.wrong else EXIT_NEEDS_PERSON if self.needs_person else EXIT_DONE


def standing(home: Home, state: State, settings: Settings, now: datetime) -> Status:
    """Say where a home stands at a moment (UTC)."""
    holder = home.holder()
    runs = {run.run_id: run if holder else _ended(run) for run in state.runs()}
    mine = [run for run in runs.values() if run.verb != CATCH_UP]
    last = mine[-1] if mine else None
    night = next((run for run in reversed(mine) if _is_night(run) and run.status != "running"), None)
    published, batches = runs.get(published_run(home.root) or ""), tuple(state.batches())
    since = sum(published is not None and repair.recorded_at > published.known_at for repair in state.repairs())
    made_at = (published.finished_at or published.started_at) if published else None
    age_hours = (now - made_at).total_seconds() / 3600 if made_at else None
    waiting = _waiting(home)
    quarantined, refused_files = waiting or (0, 0)
    mail = _mail(state, published, is_running=holder is not None)
    return Status(
        last_run=last,
        steps=tuple(state.steps(last.run_id)) if last else (),
        published=published,
        batches=batches,
        repaired_since=since,
        last_night=night,
        age_hours=age_hours,
        holder=holder,
        quarantined=quarantined,
        refused_files=refused_files,
        mail=tuple(sorted(mail.items())),
        wrong=tuple(_wrong(night, age_hours, settings, is_readable=waiting is not None)),
        needs_person=(
            *(["the published night needs a person: its report says why"] if _needs_person(published) else []),
            *_mail_reasons(mail),
            *(
                f"no new file of {' '.join(filter(None, (one.company_id, one.profile_id))) or 'any company'} since it was due at {one.by:%Y-%m-%d %H:%M}"
                for one in awaited(settings.expected, batches, now)
            ),
        ),
    )


def _ended(run: Run) -> Run:
    """A run that nobody is at work on any more was cut off."""
    return replace(run, status="interrupted") if run.status == "running" else run


def _is_night(run: Run) -> bool:
    """Whether it was a whole night; a store of an earlier version does not say."""
    return run.verb == NIGHTLY or (run.verb is None and run.status in (*PUBLISHED, "failed", "interrupted"))


def _needs_person(run: Run | None) -> bool:
    return run is not None and run.status == "needs_person"


def _waiting(home: Home) -> tuple[int, int] | None:
    """Lines in quarantine and refused files as published; None where what is published cannot be read."""
    if published_run(home.root) is None:
        return 0, 0
    try:
        with Warehouse(published_file(home.root)) as warehouse:
            lines, files = warehouse.con.execute(_WAITING).fetchall()[0]
    except EngineError:
        return None
    return int(lines), int(files)


def _mail(state: State, published: Run | None, *, is_running: bool) -> dict[str, int]:
    """How many mailings wait, are unsure or were refused; of each report to each address the last copy counts."""
    last = {(one.address.casefold(), one.as_of): one for one in state.deliveries()}
    found = Counter(
        "unsure" if one.status == "sending" and not is_running else one.status
        for one in last.values()
        if one.status == "queued" or (published is not None and one.as_of == published.as_of)
    )
    return {status: found[status] for status in ("queued", "refused", "unsure") if found[status]}


def _mail_reasons(mail: dict[str, int]) -> list[str]:
    told = {
        "queued": "{} not sent yet: receivables mail tries again",
        "refused": "{} refused by the mail server: receivables mail says why",
        "unsure": "{} of which nobody knows whether they arrived: receivables mail says whose",
    }
    return [f"mails: {told[status].format(number)}" for status, number in mail.items()]


def _wrong(night: Run | None, age_hours: float | None, settings: Settings, *, is_readable: bool) -> list[str]:
    if age_hours is None:
        found = ["nothing is published yet: receivables nightly"]
    elif age_hours > settings.unattended.stale_hours:
        found = [f"the published file is {age_hours:.0f} hours old; {settings.unattended.stale_hours} are allowed"]
    else:
        found = []
    if not is_readable:
        found.append("the published file cannot be read: receivables build makes it anew")
    if night is not None and night.status in ("failed", "interrupted"):
        how = "failed" if night.status == "failed" else "was cut off"
        found.append(f"the last night ({night.run_id}) {how}: logs/{night.run_id}.jsonl says where")
    return found
