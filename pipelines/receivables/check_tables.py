"""Judging the built tables by the contracts, before they are published, and publishing every check as marts.data_quality."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Final

from receivables.check_batches import current, is_refused_by_contract, kept_checks
from receivables.checks.contract import ON_TABLES
from receivables.checks.judge import judged
from receivables.checks.profile import frame
from receivables.checks.record import DDL, Check, check_of
from receivables.contract_wording import english_sentence
from receivables.engine import comment
from receivables.lake import enter
from receivables.state import LOADED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from receivables.engine import Connection
    from receivables.run import Night
    from receivables.state import Batch, Waiver

TABLE: Final = "marts.data_quality"
GRAIN: Final = (
    "One row per check: a contract held against a batch, a column of a batch or a company's rows of a built table."
    " passed is NULL where it was not evaluated (message says why); waived_at and waived_by when a person let a failed one pass, and who."
)
REASONS_MAX: Final = 10
"""Failed contracts named one by one; the page lists them all."""


def publish_checks(night: Night, con: Connection, batches: Sequence[Batch]) -> tuple[str, ...]:
    """Write marts.data_quality into the build; returns what of it needs a person, one line for each file or company and contract.

    Raises:
        SettingsError: a contract cannot be used as written.
        NightFailed: a contract raised an error.
    """
    known = [batch for batch in batches if batch.status in LOADED or is_refused_by_contract(batch)]
    checks = [*kept_checks(con, night.home.lake, known), *_table_checks(night, con)]
    newest, waivers = current(batches), _waivers(night, known)
    rows = [
        (check, check.batch_id is None or check.batch_id in newest, waivers.get((check.batch_id, check.contract)))
        for check in checks
    ]
    _write(con, [(check, is_current, waiver if check.passed is False else None) for check, is_current, waiver in rows])
    refused = {batch.batch_id for batch in known if batch.status not in LOADED}
    asked = [
        check
        for check, is_current, waiver in rows
        if check.passed is False and check.level == "needs_person" and is_current and waiver is None
        if check.batch_id not in refused
    ]
    return _reasons(asked)


def _table_checks(night: Night, con: Connection) -> list[Check]:
    if not night.settings.contracts.enabled:
        return []
    return [check_of(verdict) for verdict in judged({name: frame(con, name) for name in ON_TABLES}, night.contracts)]


def _waivers(night: Night, batches: Iterable[Batch]) -> dict[tuple[int | None, str], Waiver]:
    """What was waived for the file of a batch, as far as it was by the run's moment."""
    contents = [(batch.batch_id, batch.file_sha256) for batch in batches]
    return {
        (batch_id, waiver.contract): waiver
        for waiver in night.state.waivers(night.run.known_at)
        for batch_id, sha256 in contents
        if sha256 == waiver.file_sha256
    }


def _write(con: Connection, rows: Sequence[tuple[Check, bool, Waiver | None]]) -> None:
    con.execute(f"create table {TABLE} ({DDL}, is_current boolean, waived_at timestamp, waived_by varchar)")
    told = [
        asdict(check)
        | {"is_current": is_current, "waived_at": waiver and waiver.given_at, "waived_by": waiver and waiver.given_by}
        for check, is_current, waiver in rows
    ]
    enter(con, TABLE, told)
    comment(con, TABLE, GRAIN)


def _reasons(failed: Sequence[Check]) -> tuple[str, ...]:
    """One line for every contract that failed on a file or a company's tables."""
    lines = []
    for (place, _), group in groupby(failed, key=lambda check: (check.file_name or check.on_what, check.contract)):
        first, *others = group
        more = f" (and {len(others)} more)" if others else ""
        lines.append(f"{place}: {english_sentence(first)}{more}")
    rest = len(lines) - REASONS_MAX
    return (*lines[:REASONS_MAX], *([f"{rest} more contracts failed: {TABLE}"] if rest > 0 else []))
