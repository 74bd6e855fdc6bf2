"""Judging batches by the contracts, after they were landed and before anything is built from them; a file that breaks one is refused as a whole."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from receivables import arrival
from receivables.checks import profile
from receivables.checks.contract import ON_BATCHES
from receivables.checks.judge import judged
from receivables.checks.record import COLUMNS, DDL, Check, check_of
from receivables.contract_wording import english_sentence
from receivables.dates import utc_now
from receivables.engine import connect
from receivables.errors import FileRefused
from receivables.lake import enter, keep, kept, name_of, sealed
from receivables.state import LOADED, Batch, InboxFile, Judgement, LakeFile, counting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.run import Night

BROKEN: Final = "CONTRACT_BROKEN"
"""The reason code of a file that a contract keeps out."""

Content = tuple[str, "datetime"]
"""A file as it was landed once: its content and when."""

ChecksOf = dict[int, list[Check]]
"""Checks by batch."""


def check_batches(night: Night, files: tuple[InboxFile, ...]) -> tuple[InboxFile, ...]:
    """Judge every batch loaded and not yet judged; returns the run's files, those refused by a contract told as such.

    What a run that was cut off had landed is judged by the next one, before anything is built from it.

    Raises:
        SettingsError: a contract cannot be used as written.
        NightFailed: a contract raised an error; nothing counts as judged, and the next run begins with the same batches.
    """
    if not night.settings.contracts.enabled:
        return files
    told = night.state.batches()
    waiting = _not_judged(night, told)
    with night.step("check", len(waiting)) as counts:
        counts["items"] = len(waiting)
        if not waiting:
            return files
        with closing(connect(":memory:", night.settings)) as con:
            checks = _judged_in_order(night, con, told, waiting)
            for batch in waiting:
                _keep_checks(con, night.home.lake, batch, checks[batch.batch_id])
        refusals = {file: refusal for file in _files(waiting) if (refusal := _refusal(night, file, checks)) is not None}
        seen = _register(night, waiting, refusals, sealed(night.home.lake, _to_register(night, told, waiting)))
        counts["findings"] = len(refusals)
    return (*(file for file in files if (file.file_name, file.file_sha256) not in seen), *seen.values())


def _to_register(night: Night, told: Iterable[Batch], waiting: Iterable[Batch]) -> list[Path]:
    """The checks just kept, and the column profiles that are not registered yet."""
    root, known = night.home.lake, {file.path for file in night.state.lake_files()}
    profiles = (kept(root, "profile", batch.batch_id) for batch in told)
    new = [path for path in profiles if path.exists() and name_of(root, path) not in known]
    return [*(kept(root, "check", batch.batch_id) for batch in waiting), *new]


def _refusal(night: Night, file: Sequence[Batch], checks: ChecksOf) -> FileRefused | None:
    """Why the contracts keep a file out; None where they do not, or a person waived all it breaks."""
    refusing = {contract.id for contract in night.contracts if contract.level == "refuse"}
    failed = [check for batch in file for check in checks[batch.batch_id] if check.passed is False]
    broken = [check for check in failed if check.contract in refusing]
    if broken:
        waived = {waiver.contract for waiver in night.state.waivers() if waiver.file_sha256 == file[0].file_sha256}
        broken = [check for check in broken if check.contract not in waived]
    if not broken:
        return None
    names = list(dict.fromkeys(check.contract for check in broken))
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    return FileRefused(
        got=f"{file[0].file_name}, {broken[0].on_what}: {english_sentence(broken[0])}{more}",
        expected=f"what contract {names[0]} says, {broken[0].expected}",
        try_=f"exporting it again, or {' '.join(f'--waive {name}' for name in names)} where it is right as it is",
        reason=BROKEN,
    )


def refused_before(night: Night, batches: Sequence[Batch]) -> FileRefused | None:
    """Why batches that a contract kept out stay out; None where the contracts or a person now say otherwise."""
    if not batches or not night.settings.contracts.enabled:
        return None
    latest = max(batch.loaded_at for batch in batches)
    file = [batch for batch in batches if batch.loaded_at == latest]
    with night.scratch.database() as con:
        return _refusal(night, file, _by_batch(file, kept_checks(con, night.home.lake, file)))


def _by_batch(batches: Iterable[Batch], checks: Iterable[Check]) -> ChecksOf:
    found: ChecksOf = {batch.batch_id: [] for batch in batches}
    for check in checks:
        if check.batch_id is not None:
            found[check.batch_id].append(check)
    return found


def kept_checks(con: Connection, root: Path, batches: Iterable[Batch]) -> list[Check]:
    """The checks kept of some batches, in their order."""
    paths = [str(path) for batch in batches if (path := kept(root, "check", batch.batch_id)).exists()]
    if not paths:
        return []
    query = f"select {', '.join(COLUMNS)} from read_parquet(?) order by batch_id, place"
    return [Check(*row) for row in con.execute(query, [paths]).fetchall()]


def _not_judged(night: Night, told: Iterable[Batch]) -> list[Batch]:
    """Batches no run has judged, without those a night was published from while contracts were off: what was published is never taken back."""
    done = {judgement.batch_id for judgement in night.state.judgements()}
    published = [run.known_at for run in night.state.runs() if run.status in ("published", "needs_person")]
    until = max(published, default=None)
    return [
        batch
        for batch in told
        if batch.status in LOADED and batch.batch_id not in done and (until is None or batch.loaded_at > until)
    ]


def _files(batches: Iterable[Batch]) -> list[tuple[Batch, ...]]:
    """Batches by the file they came from, in the order in which files tell of the world."""
    ordered = sorted(batches, key=lambda batch: (batch.loaded_at, batch.file_sha256, batch.batch_id))
    files = [tuple(group) for _, group in groupby(ordered, key=_content)]
    return sorted(files, key=lambda file: arrival.place_in_time(file[0]))


def _content(batch: Batch) -> Content:
    return batch.file_sha256, batch.loaded_at


def _judged_in_order(night: Night, con: Connection, told: Sequence[Batch], waiting: Sequence[Batch]) -> ChecksOf:
    """Judge all that waits at once, and again what was held against a batch that turned out to be refused."""
    decided: ChecksOf = {}
    refused: set[Content] = set()
    files = _files(waiting)
    while files:
        sound = counting([batch for batch in told if _content(batch) not in refused])
        pairs = {batch: arrival.before(batch, sound) for file in files for batch in file}
        checks = _by_batch(pairs, _judged(night, con, sound, pairs))
        for place, file in enumerate(files):
            if any((before := pairs[batch]) is not None and _content(before) in refused for batch in file):
                files = files[place:]
                break
            decided |= {batch.batch_id: checks[batch.batch_id] for batch in file}
            if _refusal(night, file, checks) is not None:
                refused.add(_content(file[0]))
        else:
            files = []
    return decided


def _judged(night: Night, con: Connection, sound: Sequence[Batch], pairs: Mapping[Batch, Batch | None]) -> list[Check]:
    wanted = {*pairs, *(before for before in pairs.values() if before is not None)}
    _profile(con, night.home.lake, wanted)
    earlier = [
        (batch.batch_id, other.batch_id)
        for batch in pairs
        for other in arrival.same_kind(batch, sound)
        if arrival.place_in_time(other) < arrival.place_in_time(batch)
    ]
    ids = {batch.batch_id for batch in wanted} | {other for _, other in earlier}
    profile.hold(
        con, [path for batch_id in sorted(ids) if (path := kept(night.home.lake, "profile", batch_id)).exists()]
    )
    profile.compare(con, list(pairs.items()), earlier, night.settings.ingest.shrink_min_rows)
    frames = {name: profile.frame(con, name) for name in ON_BATCHES}
    return [check_of(verdict) for verdict in judged(frames, night.contracts)]


def _profile(con: Connection, root: Path, batches: Iterable[Batch]) -> None:
    """Keep the column profile of each batch; one that is kept already never changes."""
    for batch in sorted(batches, key=lambda batch: batch.batch_id):
        rows = root / batch.table_name / f"{batch.batch_id}.parquet"
        if batch.table_name and rows.exists() and not kept(root, "profile", batch.batch_id).exists():
            query = profile.profile_query(con, batch.table_name, rows, batch.batch_id)
            keep(con, query, root, "profile", batch.batch_id)


def _keep_checks(con: Connection, root: Path, batch: Batch, checks: Sequence[Check]) -> None:
    con.execute(f"create or replace table contract.checked (place integer, {DDL})")
    enter(con, "contract.checked", [{"place": place} | asdict(check) for place, check in enumerate(checks)])
    keep(con, "select * from contract.checked order by place", root, "check", batch.batch_id)


def _register(
    night: Night,
    waiting: Sequence[Batch],
    refusals: Mapping[tuple[Batch, ...], FileRefused],
    written: Sequence[LakeFile],
) -> dict[tuple[str, str], InboxFile]:
    """Say in one transaction that the batches were judged, by what was written, and which of them no longer count; returns the refused files."""
    now, run_id = utc_now(), night.run.run_id
    refused = {batch.batch_id for file in refusals for batch in file}
    seen = {
        (file[0].file_name, file[0].file_sha256): InboxFile(
            run_id, file[0].file_name, file[0].file_sha256, "refused", "refused", str(refusal)
        )
        for file, refusal in refusals.items()
    }
    night.state.add(
        [
            *(_emptied(batch) for batch in waiting if batch.batch_id in refused),
            *seen.values(),
            *written,
            *(
                Judgement(batch.batch_id, run_id, now, "refused" if batch.batch_id in refused else "kept")
                for batch in waiting
            ),
        ]
    )
    night.refusals.extend(refusals.values())
    for file in seen.values():
        night.log("file", file=file.file_name, outcome=file.outcome, status=file.batch_status, message=file.message)
    return seen


def _emptied(batch: Batch) -> Batch:
    """A batch of which nothing counts: each line and row it read is skipped, as in any refused file."""
    return replace(
        batch,
        status="refused",
        rows_loaded=0,
        rows_quarantined=0,
        rows_skipped=batch.rows_read,
        lines_loaded=0,
        lines_quarantined=0,
        lines_skipped=batch.lines_read,
    )


def is_refused_by_contract(batch: Batch) -> bool:
    """Whether a contract keeps a batch out; a file refused on reading has no profile."""
    return batch.status == "refused" and batch.profile_id != ""


def current(batches: Collection[Batch]) -> set[int]:
    """Batches that nothing newer of their kind has taken the place of: the latest that counts, and what was refused since."""
    loaded = counting([*batches])
    known = [*loaded, *(batch for batch in batches if is_refused_by_contract(batch))]
    latest = {arrival.kind(batch): arrival.place_in_time(batch) for batch in sorted(loaded, key=arrival.place_in_time)}
    return {
        batch.batch_id
        for batch in known
        if arrival.kind(batch) not in latest or arrival.place_in_time(batch) >= latest[arrival.kind(batch)]
    }
