"""Rounds of the crash matrix: a night is disturbed by one fault, the operator does what he is told, and what is published then is held against an undisturbed run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import receivables
from homes import CLOCKS, half_done
from night_processes import Moment
from receivables.comparison import differences
from receivables.engine import Scratch
from receivables.errors import EXIT_BUG, EXIT_DAMAGED, EXIT_DONE, EXIT_NEEDS_PERSON, ReceivablesError
from receivables.home import Home
from receivables.state import State
from receivables.warehouse import Warehouse, published_file, published_run
from receivables.world import feed
from receivables.world.specify import World

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mail_posts import Post
    from night_processes import Child, Ended, Nursery

WORLD: Final = World(6, 16, invoices_per_customer=12, months=6)
"""A small business in whose feed everything goes wrong that goes wrong in books: facts late, mistyped and put right, cancelled, reversed, voided, files late and twice."""

TABLES: Final = ("company", "customer", "document", "instalment", "payment", "allocation", "fx_rate", "payment_terms", "payment_terms_instalment")  # fmt: skip
"""What of the business is told: the ledger. The rest makes a night three times as long and is read and built the same way."""

NIGHTS: Final = 6
ROOM: Final = "1g"
"""Of a disk in memory that rounds are played on: twenty times what a home takes."""

TRIES: Final = 4
"""Nights that an operator tries at most after a fault."""

READERS: Final = ("ana@example.com", "cfo@example.com", "luz@example.com")
OPERATOR: Final = "operator@example.com"

SETTINGS: Final = """
[contracts]
enabled = false
[engine]
threads = 1
keep_warehouses = 2
[aging]
month_ends = 2
[report]
customer_pages = "off"
[unattended]
quiet_seconds = 0
[mail]
server = "127.0.0.1"
port = {port}
security = "none"
sender = "receivables@example.com"
attempts = 2
back_off_seconds = 0
timeout_seconds = 20
[[recipient]]
address = "ana@example.com"
attach = []
[[recipient]]
address = "cfo@example.com"
attach = []
[[recipient]]
address = "luz@example.com"
attach = []
[[operator]]
address = "operator@example.com"
"""

_ASIDE: Final = CLOCKS | {"verb", "rows_sha256"}
_COMPARED: Final = ("core.", "marts.", "params.", "checks.", "ops.batch", "ops.issue")
"""What is held against the undisturbed run; the rest of `ops` tells what a run saw, and a second one sees that files are known."""


@dataclass(frozen=True)
class Reference:
    """A night nobody disturbed: the home before it, the files it was told, what it published, its steps, its changes of files and its CPU seconds."""

    before: Path
    files: Sequence[Path]
    published: Path
    sums: Mapping[str, tuple[object, ...]]
    answer: str
    first_answer: str
    steps: Sequence[str]
    changes: int
    cpu_seconds: float
    size: int

    @property
    def lines(self) -> int:
        """Physical lines of its files."""
        return sum(len(path.read_bytes().splitlines()) for path in self.files)


@dataclass
class Round:
    """One round: what was done to the night, and what became of it."""

    kind: str
    what: str = ""
    place: str = ""
    night: int = 0
    kills: int = 0
    files: int = 0
    lines: int = 0
    tries: int = 0
    rows_lost: int = 0
    rows_doubled: int = 0
    mails_lost: int = 0
    mails_twice: int = 0
    mails_unsure: int = 0
    readings: int = 0
    readers_failed: int = 0
    faults: list[str] = field(default_factory=list)
    skipped: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it ended as if nothing had happened."""
        counts = (self.rows_lost, self.rows_doubled, self.mails_lost, self.mails_twice, self.readers_failed)
        return not any(counts) and not self.faults

    def __str__(self) -> str:
        """Tell it on one line."""
        told = f"{self.kind}: {self.what}, night {self.night}: {self.kills} kills, {self.tries} further nights, {self.readings} readings"
        unsure = f", {self.mails_unsure} mails unsure" if self.mails_unsure else ""
        if self.skipped:
            return f"{self.kind}: skipped: {self.skipped}"
        wrong = (
            f"; rows lost {self.rows_lost}, doubled {self.rows_doubled}, mails lost {self.mails_lost}, twice {self.mails_twice},"
            f" readers failed {self.readers_failed}; {'; '.join(self.faults)}"
        )
        return f"{told}{unsure}{'' if self.is_good else wrong}"


@dataclass
class Scene:
    """Where rounds are played: a folder, the nursery, the mail server, the nights to disturb, what the machine allows, and chance."""

    folder: Path
    nursery: Nursery
    post: Post
    chance: random.Random
    has_mounts: bool
    nights: list[Reference] = field(default_factory=list)

    @contextmanager
    def room(self) -> Iterator[Path]:
        """An empty folder for a round, on a disk of its own in memory where the machine allows."""
        place = self.folder / "round"
        place.mkdir()
        try:
            if self.has_mounts:
                mounted(place, f"size={ROOM}")
            yield place
        finally:
            if self.has_mounts:
                unmounted(place)
            shutil.rmtree(place)

    def prepare(self, nights: int = NIGHTS) -> None:
        """Tell the business night by night to a home that nobody disturbs."""
        world = self.folder / "world"
        feed.generate(world, WORLD, nights=NIGHTS)
        home = self.folder / "undisturbed"
        receivables.init(home)
        (home / "receivables.toml").write_text(SETTINGS.format(port=self.post.port), encoding="utf-8")
        for number, told in enumerate(sorted(path for path in world.iterdir() if path.is_dir())[:nights]):
            files = [path for path in sorted(told.glob("*.csv")) if path.name.split("__")[0] in TABLES]
            if files:
                self.nights.append(self._undisturbed(home, number, files))

    def _undisturbed(self, home: Path, number: int, files: Sequence[Path]) -> Reference:
        before = self.folder / f"before-{number}"
        shutil.copytree(home, before, symlinks=True)
        first = _answer(home) if self.nights else ""
        size = _size(home)
        tell(home, files)
        self.post.taken.clear()
        ended = self.nursery.run("nightly", "--home", home, moment=Moment(place=1 << 60))
        addresses = Counter(address for address, _ in self.post.taken)
        if ended.exit_code not in (EXIT_DONE, EXIT_NEEDS_PERSON) or addresses != Counter(READERS):
            raise AssertionError(f"an undisturbed night ended with {ended.exit_code}, {addresses}: {ended.said}")
        published = self.folder / f"published-{number}.duckdb"
        shutil.copyfile(published_file(home), published)
        state = State(Home(home).state)
        steps = tuple(step.name for step in state.steps(published_run(home) or ""))
        changes = int(re.findall(r"^changes (\d+)$", ended.said, flags=re.MULTILINE)[-1])
        return Reference(
            before,
            files,
            published,
            sums_of(published),
            _answer(home),
            first,
            steps,
            changes,
            ended.cpu_seconds,
            _size(home) - size,
        )


def mounted(place: Path, options: str) -> None:
    """Put a disk in memory at a place, or change the one that is there."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", place], check=True)


def unmounted(place: Path) -> None:
    """Take a mount away, at once also where somebody has a file of it open."""
    subprocess.run(["umount", "--lazy", place], check=True)


def tell(home: Path, files: Sequence[Path]) -> None:
    """Put files into a home's inbox."""
    for path in files:
        shutil.copy(path, home / "inbox")


def _size(home: Path) -> int:
    return sum(path.lstat().st_size for path in home.rglob("*") if not path.is_dir())


def _answer(home: Path) -> str:
    """What an analyst reads of a published night."""
    with receivables.open_warehouse(home) as warehouse:
        [(day, total)] = warehouse.con.execute(
            "select run.as_of, sum(aging.open_local)::varchar from marts.aging as aging cross join ops.run as run group by all"
        ).fetchall()
    return f"{day} {total}"


@dataclass
class Disturbed:
    """A night being disturbed: the scene, the round that is told of it, its reference, and the home it runs in."""

    scene: Scene
    told: Round
    night: Reference
    home: Path
    repair: Callable[[], object] = lambda: None
    """What the operator does about the machine before he runs the night again."""

    @property
    def chance(self) -> random.Random:
        """What is drawn is drawn from the study's seed."""
        return self.scene.chance

    def run(self, *arguments: str | Path, moment: Moment | None = None) -> Ended:
        """Run a command on the home; whatever stands in its way it tells in a line, never as a bug."""
        return self._looked_at(self.scene.nursery.run(*arguments, "--home", self.home, moment=moment))

    def start(self) -> Child:
        """Start the night."""
        return self.scene.nursery.start("nightly", "--home", self.home)

    def wait(self, child: Child, at_cpu: float | None = None, then: Callable[[], object] | None = None) -> Ended:
        """Wait for its end, disturbed by what is done `then`, after so many CPU seconds."""
        return self._looked_at(self.scene.nursery.wait(child, at_cpu, then))

    def _looked_at(self, ended: Ended) -> Ended:
        self.told.kills += ended.is_killed
        if "Traceback" in ended.said or ended.exit_code == EXIT_BUG:
            self.told.faults.append(f"told as a bug: {ended.said.strip().splitlines()[-3:]}")
        return ended


@dataclass(frozen=True)
class Fault:
    """A kind of fault: what is done to the `number`-th night of its kind, its share of the rounds, and whether it needs mounts or a home that was published before."""

    name: str
    do: Callable[[Disturbed, int], None]
    share: int
    needs_mounts: bool = False
    needs_published: bool = False


def played(scene: Scene, fault: Fault, number: int) -> Round:
    """Play a round: disturb a night, follow the messages, compare."""
    night = scene.chance.choice([night for night in scene.nights if night.first_answer or not fault.needs_published])
    told = Round(fault.name, night=scene.nights.index(night), files=len(night.files), lines=night.lines)
    with scene.room() as folder:
        home = folder / "home"
        shutil.copytree(night.before, home, symlinks=True)
        tell(home, night.files)
        scene.post.taken.clear()
        one = Disturbed(scene, told, night, home)
        analyst = scene.nursery.start("read", home) if night.first_answer else None
        try:
            fault.do(one, number)
            one.repair()
            _operated(one)
        except (_Stuck, OSError, ReceivablesError, subprocess.CalledProcessError) as error:
            told.faults.append(f"{type(error).__name__}: {error}")
        finally:
            if analyst is not None:
                os.kill(analyst.pid, signal.SIGKILL)
                count_readings(told, night, scene.nursery.wait(analyst))
    return told


class _Stuck(Exception):
    """The operator did what he was told, and it did not help."""


def _operated(one: Disturbed) -> None:
    """Do what an operator does: run the night again, and what its message says where it fails; then look whether all is whole."""
    said = _night(one)
    compare(one)
    if (seen := one.run("verify")).exit_code == EXIT_DAMAGED:
        if "receivables restore" not in seen.said:
            raise _Stuck(f"not whole after the night: {_message(seen)}")
        _restored(one)
        said += _night(one)
        compare(one)
        if (seen := one.run("verify")).exit_code != EXIT_DONE:
            raise _Stuck(f"not whole after it was restored: {_message(seen)}")
    count_mails(one, said)
    if left := half_done(one.home):
        one.told.faults.append(f"left unfinished: {left}")


def _night(one: Disturbed) -> str:
    """Run nights until one has published; returns what the last one said."""
    message = ""
    for _ in range(TRIES):
        ended = one.run("nightly")
        one.told.tries += 1
        if ended.exit_code in (EXIT_DONE, EXIT_NEEDS_PERSON):
            return ended.said
        message = _message(ended)
        if "receivables restore" in message:
            _restored(one)
    raise _Stuck(f"no way out of: {message}")


def _message(ended: Ended) -> str:
    lines = [line for line in ended.said.splitlines() if line.startswith("receivables: ")]
    return lines[-1] if lines else f"nothing, exit code {ended.exit_code}"


def _restored(one: Disturbed) -> None:
    """Take the home back from the backup of the evening before, and put back into its inbox what the message says."""
    backup = one.scene.folder / f"backup-{one.told.night}"
    if not backup.exists():
        kept = one.scene.nursery.run("backup", "--to", backup, "--published", "--home", one.night.before)
        if kept.exit_code != EXIT_DONE:
            raise _Stuck(f"no backup: {_message(kept)}")
    ended = one.run("restore", "--from", backup, "--force")
    if ended.exit_code != EXIT_DONE:
        raise _Stuck(f"not restored: {_message(ended)}")
    for line in re.findall(r"put back what lay in this one: (cp .*)$", ended.said, flags=re.MULTILINE):
        subprocess.run(shlex.split(line), check=True)


def compare(one: Disturbed) -> None:
    """Hold what is published against what the undisturbed night published; table by table where the sums of their rows differ."""
    if sums_of(published_file(one.home)) == one.night.sums:
        return
    with closing(Scratch()) as scratch, scratch.database() as con:
        for apart in differences(con, one.night.published, published_file(one.home), _ASIDE):
            if apart.table.startswith(_COMPARED):
                one.told.rows_lost += apart.only_told
                one.told.rows_doubled += apart.only_again
                one.told.faults.append(apart.how)


def sums_of(path: Path) -> dict[str, tuple[object, ...]]:
    """Of each table that is compared how many rows it has, and a sum of hashes that equal rows share, in whatever order they stand."""
    with Warehouse(path) as warehouse:
        columns: dict[str, list[str]] = {}
        for table, column in warehouse.con.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal order by all"
        ).fetchall():
            if table.startswith(_COMPARED) and column not in _ASIDE:
                columns.setdefault(table, []).append(f'"{column}"')
        asked = (
            f"select '{table}', count(*), sum(hash({', '.join(names)})) from {table}"
            for table, names in columns.items()
        )
        return {row[0]: row[1:] for row in warehouse.con.execute(" union all ".join(asked)).fetchall()}


def count_mails(one: Disturbed, said: str) -> None:
    """Count what the mail server took for each reader: one message, or none and a word that it may have arrived or not."""
    taken = Counter(address for address, _ in one.scene.post.taken)
    for address in READERS:
        is_unsure = f"{address} may have arrived or not" in said
        one.told.mails_unsure += is_unsure
        one.told.mails_lost += not taken[address] and not is_unsure
        one.told.mails_twice += taken[address] > 1


def count_readings(told: Round, night: Reference, ended: Ended) -> None:
    """Count what the analyst read: the night before or this one, whole."""
    known = {f"read {night.first_answer}", f"read {night.answer}"}
    lines = ended.said.splitlines()
    told.readings = len(lines)
    wrong = [line for line in lines if line not in known]
    told.readers_failed = len(wrong)
    told.faults += [f"a reader: {line}" for line in wrong[:2]]
