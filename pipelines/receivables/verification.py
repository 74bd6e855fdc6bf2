"""Whether a home is whole: every file of the lake as it was registered, the store sound, decisions equal to their copies, the published file made again."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections import defaultdict
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from receivables import decisions, lake
from receivables.comparison import differences
from receivables.dates import utc_now
from receivables.errors import ReceivablesError, UsageError
from receivables.home import Home, private_files
from receivables.publish import NOT_ARRIVED, build_again
from receivables.run import Progress, started
from receivables.sources import repairs_file
from receivables.state import State
from receivables.waivers import waiver_file
from receivables.warehouse import Warehouse, published_file, published_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from receivables.publish import NotArrived
    from receivables.run import Night

_FROM_BACKUP: Final = "putting it back from a backup: receivables restore"


@dataclass(frozen=True)
class Fault:
    """Something of a home that is not as it was; `kind` is missing, unreadable, changed, unregistered, state, copy or rebuild, `subject` what it is about."""

    kind: str
    subject: str
    got: str
    expected: str
    try_: str

    def __str__(self) -> str:
        """Tell it on one line."""
        return f"got {self.got}; expected {self.expected}; try {self.try_}"


@dataclass(frozen=True)
class Verified:
    """What was looked at and what was wrong: files of the lake and their bytes, copies of what persons decided, whether the published file was made again."""

    files: int
    size: int
    copies: int
    rebuilt: bool
    faults: tuple[Fault, ...]


def verify(home: Path, *, is_rebuilding: bool = False, progress: Progress | None = None) -> Verified:
    """Look at everything a home must not lose; nothing is changed.

    With `is_rebuilding` the published night is made again from the lake and held against what was published.

    Raises:
        UsageError: no such home, or nothing was published that could be made again.
        NightFailed: another run holds the home.
    """
    place, told = Home(home), progress or Progress()
    if not place.state.exists():
        raise UsageError(
            got=f"home {home}, which has no state.sqlite",
            expected="a home receivables has worked in",
            try_=f"receivables restore --from BACKUP --home NEW, or receivables init --home {home}",
        )
    if is_rebuilding:
        published_file(home)
    with private_files():
        with place.only_writer("verify"):
            if fault := _state_fault(place.state):
                return Verified(0, 0, 0, rebuilt=False, faults=(fault,))
            found = _verified(place, told)
        if is_rebuilding:
            found = replace(found, rebuilt=True, faults=(*found.faults, *_made_again(place, told)))
    return found


def _state_fault(path: Path) -> Fault | None:
    """What is wrong with the store, which is only read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as con:
            said = str(con.execute("pragma integrity_check(1)").fetchone()[0])
            con.execute("select count(*) from batch").fetchone()
    except sqlite3.Error as error:
        said = str(error)
    if said == "ok":
        return None
    got, expected = f"{path.name}: {' '.join(said.split())}", "a store of runs and batches that is whole"
    return Fault("state", path.name, got, expected, _FROM_BACKUP)


def _verified(place: Home, progress: Progress) -> Verified:
    state = State(place.state)
    registered = {file.path: file for file in state.lake_files()}
    present = {lake.name_of(place.lake, path): path for path in lake.settled_files(place.lake)}
    faults: list[Fault] = []
    size = 0
    progress.step("verify", len(registered.keys() | present.keys()))
    for name in sorted(registered.keys() | present.keys()):
        progress.advance(name)
        if name not in registered:
            faults.append(_unregistered(name))
        elif fault := _file_fault(name, present.get(name), registered[name].sha256):
            faults.append(fault)
        else:
            size += registered[name].size
    copies, apart = _copies(state, place.lake)
    faults.extend(apart)
    progress.done("verify", f"{len(registered)} files of the lake, {len(faults)} faults")
    return Verified(len(registered), size, copies, rebuilt=False, faults=tuple(faults))


def _unregistered(name: str) -> Fault:
    got, expected = f"lake/{name}, which nobody registered", "only files that a run has written to its end"
    return Fault("unregistered", name, got, expected, "the next night, which writes it again, else taking it away")


def _file_fault(name: str, path: Path | None, sha256: str) -> Fault | None:
    expected = f"its content as registered, SHA-256 {sha256[:12]}..."
    if path is None:
        return Fault("missing", name, f"no lake/{name}", expected, _FROM_BACKUP)
    if path.is_symlink():
        return Fault("changed", name, f"lake/{name}, which is a link", expected, _FROM_BACKUP)
    try:
        found = lake.sha256_of(path)
    except OSError as error:
        got = f"lake/{name}: {error.strerror or error}"
        return Fault("unreadable", name, got, expected, "its permissions and the disk, else " + _FROM_BACKUP)
    if found == sha256:
        return None
    return Fault("changed", name, f"lake/{name} with SHA-256 {found[:12]}...", expected, _FROM_BACKUP)


def _copies(state: State, root: Path) -> tuple[int, list[Fault]]:
    """How many records of persons have copies in the lake, and which of these differ."""
    wanted = _recorded(state, root)
    faults = []
    for path, told in wanted.items():
        copied: Any = None
        with suppress(OSError, ValueError):
            copied = json.loads(path.read_text(encoding="utf-8"))
        if _in_any_order(copied) != _in_any_order(told):
            name = lake.name_of(root, path)
            got = f"lake/{name} that says otherwise than the store" if path.exists() else f"no lake/{name}"
            faults.append(
                Fault("copy", name, got, "a copy of what was decided", f"the next night, else {_FROM_BACKUP}")
            )
    return len(wanted), faults


def _in_any_order(told: Any) -> list[str]:
    """A record, or the records of a list, as texts to compare."""
    return sorted(json.dumps(one, default=str, sort_keys=True) for one in (told if isinstance(told, list) else [told]))


def _recorded(state: State, root: Path) -> dict[Path, Any]:
    """What each copy of decisions, repairs and waivers must say."""
    wanted: dict[Path, Any] = {
        decisions.decision_file(root, kind, decision.decision_id): asdict(decision)
        for kind in decisions.KINDS
        for decision in state.decisions(kind)
    }
    lists: dict[Path, list[Any]] = defaultdict(list)
    for repair in state.repairs():
        lists[repairs_file(root, repair.new_batch_id)].append(asdict(repair))
    for waiver in state.waivers():
        lists[waiver_file(root, waiver.file_sha256)].append(asdict(waiver))
    return wanted | lists


def _made_again(place: Home, progress: Progress) -> Sequence[Fault]:
    """Make the published night again beside what was published, and name the tables that differ."""
    told = published_file(place.root)
    with Warehouse(told) as warehouse:
        row = (
            warehouse.con.execute("select as_of, known_at, code_version, settings_sha256 from ops.run").fetchone()
            or (None,) * 4
        )
        missing = warehouse.con.execute(
            "select column_name, raw_value from ops.issue where reason_code = ? order by issue_id", [NOT_ARRIVED]
        ).fetchall()
    as_of, known_at, *rules = row
    with started("verify --rebuild", place, as_of, known_at, progress) as night:
        try:
            faults = [*_rebuilt(night, told, rules, missing)]
        except ReceivablesError as error:
            faults = [Fault("rebuild", told.name, error.got, error.expected, error.try_)]
        night.record(finished_at=utc_now(), status="verified")
    return faults


def _rebuilt(night: Night, told: Path, rules: list[Any], missing: Sequence[NotArrived]) -> Iterator[Fault]:
    if rules != [night.run.code_version, night.run.settings_sha256]:
        yield Fault(
            "rebuild",
            told.name,
            f"{told.name} made with other settings or contracts, or version {rules[0]}",
            "the ones it was published with",
            "receivables build, then receivables verify --rebuild",
        )
        return
    first = published_run(night.home.root) or ""
    files = tuple(night.state.inbox_files(first))
    with tempfile.TemporaryDirectory(dir=night.home.warehouse, prefix=".spill-") as folder:
        again = Path(folder) / "again.duckdb"
        build_again(night, files, missing, again)
        with night.scratch.database() as con:
            found = differences(con, told, again)
    for one in found:
        got = f"{one.how}, {told.name} held against a new build from the lake"
        yield Fault("rebuild", one.table, got, "equal tables", "receivables build, and asking why before it is mailed")


def as_json(found: Verified) -> str:
    """What was found, for a monitor: counts, and each fault in its parts."""
    told = asdict(found) | {"faults": [_plain(fault) for fault in found.faults]}
    return json.dumps(told, ensure_ascii=False)


def _plain(fault: Fault) -> dict[str, str]:
    return {("try" if name == "try_" else name): value for name, value in asdict(fault).items()}
