"""What a home costs night after night: `python soak_study.py FILE --nights 90` runs the sample world's feed as a scheduler would, with what goes wrong, and writes the page.

Each night is a process of its own, at its own moment. The feed brings files late, twice or not at all, facts told wrong and put right, or taken back. Beside
that, drawn by a seed: a night is not run, is killed on its way or finds no room on the disk, the mail server answers nobody; a file arrives damaged and whole a day later,
comes again with changed rows, or is taken out of the inbox. Disk, time, memory, mails and findings are measured after every night. In the end the lake must
make the published file again, and the ledger be the one of a single night that reads everything at once.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import receivables
from homes import CLOCKS, ask, figures, half_done, rows_of
from mail_posts import SENDER, certificate, listening, logging_in
from measuring import Ended, ended
from receivables.settings import FILE_NAME
from receivables.state import State
from receivables.world.feed import generate
from receivables.world.specify import World
from study_page import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mail_posts import Post

AT: Final = time(2, 30)
"""When nights are run, in UTC: after midnight, of the day before."""

MORNING: Final = time(9)
"""When somebody looks at what was left: after all that a night has told."""

RECIPIENT: Final = "ana@example.com"
OPERATOR: Final = "it@example.com"

KEPT: Final = 20
"""Days and dates for which logs, reports, published dates and files of the inbox are kept here: the settings' own 400 would not be over in one soak."""

SETTINGS: Final = f"""
[aging]
month_ends = 6
[contracts]
enabled = false
[retention]
log_days = {KEPT}
report_dates = {KEPT}
inbox_days = {KEPT}
[restatement]
dates_kept = {KEPT}
[unattended]
quiet_seconds = 0
[[expected]]
company = "ES01"
by = "02:00"
[mail]
sender = "{SENDER}"
attempts = 2
back_off_seconds = 0
[[operator]]
address = "{OPERATOR}"
[[recipient]]
address = "{RECIPIENT}"
language = "es"
attach = ["report", "workbook"]
"""
"""A home as `init` makes it but for these: what takes half of a night's time and keeps nothing of one night for the next is left out, so that ninety nights can be waited for."""

NOT_RUN, KILLED, NO_ROOM, NO_MAIL = "not run", "killed", "no room", "no mail"
DAMAGED, CORRECTED, WITHDRAWN = "file damaged", "file again, changed", "files taken out"

OF_NIGHTS: Final[Mapping[str, int]] = {NOT_RUN: 22, KILLED: 30, NO_ROOM: 30, NO_MAIL: 22}
OF_FILES: Final[Mapping[str, int]] = {DAMAGED: 18, CORRECTED: 9, WITHDRAWN: 18}
"""What goes wrong in one night of how many, at least once in a soak; of nights and of files at most one each a night."""

CODES: Final[Mapping[str, tuple[int, ...]]] = {"": (0, 5), NO_MAIL: (5,), NO_ROOM: (4,), KILLED: (-9,)}
"""How the night may end; 5 also where a file did not come, or a line asks for somebody."""

DECIDING: Final = ("payment", "allocation", "document")
"""Tables of which a file arrives damaged; an instalment after its document would be made up from the terms meanwhile."""

FOLDERS: Final = ("inbox", "lake", "warehouse", "out", "logs", "state.sqlite")
"""What of a home is measured; `state.sqlite` with its journal."""


def drawn(seed: int, days: Sequence[date], with_files: Sequence[date]) -> dict[date, set[str]]:
    """What goes wrong on which night: never on the first two, from which the others differ, nor on the last two, which put it right."""
    found: dict[date, set[str]] = {day: set() for day in days}
    for kinds, among in ((OF_NIGHTS, days[2:-2]), (OF_FILES, [day for day in days[2:-2] if day in with_files])):
        order = [*among]
        _draw(seed, *kinds).shuffle(order)
        for kind, nights in kinds.items():
            for _ in range(max(1, len(days) // nights)):
                if order:
                    found[order.pop()].add(kind)
    return found


def _draw(*of: object) -> random.Random:
    """Numbers that are the same every time for the same words; a schedule, no secret."""
    return random.Random(" ".join(map(str, of)))


@dataclass(frozen=True)
class Night:
    """One night as it was measured; sizes in bytes of what stands there afterwards, `cpu` and `wall` in seconds, `memory` the peak in MB.

    `is_whole`: all that the world told by then had arrived, so that what is open must be what its truth file says.
    """

    day: date
    wrong: tuple[str, ...]
    exit_code: int | None
    cpu: float
    wall: float
    memory: float
    sizes: Mapping[str, int]
    files: Mapping[str, int]
    mails: int
    findings: int
    batches: int
    as_of: date | None
    is_made_up: bool
    open_local: Decimal
    is_whole: bool

    def line(self) -> str:
        """The night as a line of JSON."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def told(cls, line: str) -> Night:
        """The night that a line of JSON tells."""
        row = json.loads(line)
        as_of = row["as_of"] and date.fromisoformat(row["as_of"])
        exact = {"day": date.fromisoformat(row["day"]), "as_of": as_of, "open_local": Decimal(row["open_local"])}
        return cls(**{**row, **exact, "wrong": tuple(row["wrong"])})

    @property
    def is_ordinary(self) -> bool:
        """Whether its cost is that of one night: nothing of it went wrong, and it made up for none before."""
        return not {NOT_RUN, KILLED, NO_ROOM} & {*self.wrong} and not self.is_made_up


@dataclass
class Soak:
    """A home in which nights are run on a feed, and what they cost."""

    place: Path
    seed: int
    truth: dict[str, Any]
    wrong: dict[date, set[str]]
    nights: list[Night] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.place / "home"

    @property
    def record(self) -> Path:
        """What the nights so far cost, one line of JSON each."""
        return self.place / "nights.jsonl"

    @property
    def told(self) -> Path:
        """Every file that has arrived, as it was last whole: what the single night reads."""
        return self.place / "told"

    def open_told(self, night: Night) -> Decimal | None:
        """What the world's truth file says was known to be open on the date that a night answers for; None where it does not say."""
        told = self.truth["nights"].get(str(night.as_of))
        return told and Decimal(told["open_local_total"])

    def damaged(self, day: date) -> Path | None:
        """The file that arrives damaged for a night, and whole for the next; None where none does."""
        folder = self.place / "feed" / str(day)
        if DAMAGED not in self.wrong.get(day, ()):
            return None
        return next((path for path in sorted(folder.iterdir()) if path.name.split("__")[0] in DECIDING), None)

    def deliver(self, day: date) -> None:
        """Put into the inbox what arrives for a night, as it arrives."""
        inbox, late = self.home / "inbox", self.damaged(day - timedelta(days=1))
        arriving = [*(self.place / "feed" / str(day)).iterdir(), *([late] if late else [])]
        for path in arriving:
            _put(path, inbox, day)
            _put(path, self.told, day)
        if damaged := self.damaged(day):
            (inbox / damaged.name).write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2] + b"\x00\xff\x00")
        if CORRECTED in self.wrong[day]:
            self._correct(day)
        if WITHDRAWN in self.wrong[day]:
            read = [path for path in inbox.iterdir() if path.name not in {other.name for other in arriving}]
            for path in _draw(self.seed, day).sample(sorted(read), min(3, len(read))):
                path.unlink()

    def _correct(self, day: date) -> None:
        """Tell the documents of one of the last days again, with another text: the newest file of which the feed brings no second copy."""
        twice = {name for one in self.truth["irregularities"] if one["kind"] == "file_twice" for name in one["ids"]}
        names = (f"document__{self.truth['company_id']}__delta__{day - timedelta(days=back)}.csv" for back in (1, 2, 3))
        path = next((self.told / name for name in names if (self.told / name).exists() and name not in twice), None)
        if path is None:
            return
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [*csv.DictReader(stream)]
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, [*rows[0]])
            writer.writeheader()
            writer.writerows(row | {"text": f"put right on {day}"} for row in rows)
        _put(path, self.home / "inbox", day)

    def run(self, day: date, post: Post) -> None:
        """Deliver, run the night, and measure what it took and left."""
        self.deliver(day)
        wrong = self.wrong[day]
        post.taken.clear()
        post.on_recipient.clear()
        if NO_MAIL in wrong:
            post.on_recipient[RECIPIENT] = ["drop"] * 2
        limits = []
        if KILLED in wrong:
            usual = statistics.median(night.cpu for night in self.nights)
            limits = ["--cpu", str(max(2, round(usual * _draw(self.seed, day).uniform(0.2, 0.5))))]
        elif NO_ROOM in wrong:
            limits = ["--bytes", str((self.home / "warehouse" / "receivables.duckdb").stat().st_size // 2)]
        done = None if NOT_RUN in wrong else command(day, "nightly", "--home", self.home, limits=limits)
        known = [other for other in OF_NIGHTS if other in wrong]
        if done is not None and done.exit_code not in CODES[known[0] if known else ""]:
            raise SystemExit(
                f"got exit status {done.exit_code} on {day} ({', '.join(wrong) or 'nothing wrong'}); expected {CODES[known[0] if known else '']}; try its log in {self.home / 'logs'}"
            )
        self.nights.append(self._measured(day, done, len(post.taken)))

    def _measured(self, day: date, done: Ended | None, mails: int) -> Night:
        state = State(self.home / "state.sqlite")
        runs = state.runs()
        rows = ask(
            self.home,
            "select as_of, (select count(*) from ops.issue where action <> 'skip' and resolved_at is null),"
            " (select sum(open_local) from marts.open_item) from ops.run",
        )
        [(as_of, findings, open_local)] = rows
        sizes, files = _on_disk(self.home)
        begun = datetime.combine(day + timedelta(days=1), AT)
        made_up = any(run.verb == "catch up" and run.started_at >= begun for run in runs)
        is_told = done is not None and done.exit_code in CODES[""]
        return Night(
            day,
            tuple(sorted(self.wrong[day])),
            done.exit_code if done else None,
            done.cpu if done else 0.0,
            done.wall if done else 0.0,
            done.memory if done else 0.0,
            sizes,
            files,
            mails,
            int(findings),
            len(state.batches()),
            as_of,
            made_up,
            open_local,
            is_told and self.damaged(day) is None,
        )


def _put(path: Path, folder: Path, day: date) -> None:
    """Copy a file into a folder, as if it were written in the evening of that day."""
    folder.mkdir(exist_ok=True)
    shutil.copyfile(path, folder / path.name)
    at = datetime.combine(day, time(23), UTC).timestamp()
    os.utime(folder / path.name, (at, at))


def _on_disk(home: Path) -> tuple[dict[str, int], dict[str, int]]:
    """What the folders of a home take on the disk, in bytes, and how many files they hold."""
    sizes, files = dict.fromkeys(FOLDERS, 0), dict.fromkeys(FOLDERS, 0)
    for name in FOLDERS:
        paths = home.glob(f"{name}*") if "." in name else (home / name).rglob("*")
        for path in paths:
            if not path.is_dir() and not path.is_symlink():
                sizes[name] += path.stat().st_blocks * 512
                files[name] += 1
    return sizes, files


def command(day: date, *words: str | Path, at: time = AT, limits: Sequence[str] = ()) -> Ended:
    """Run a command in the night of that day, or later in the morning; what it says is dropped, as the home's log has it."""
    moment = datetime.combine(day + timedelta(days=1), at).isoformat()
    line = [sys.executable, str(Path(__file__).with_name("at_another_time.py")), *limits, moment, *map(str, words)]
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        return ended(line, env=os.environ | {"TZ": "UTC"}, errors=nowhere)


def begun(place: Path, world: World, nights: int) -> Soak:
    """A soak to go on with in a folder: a new one, or one that was cut off there."""
    if not (place / "truth.json").exists():
        shutil.rmtree(place / "feed", ignore_errors=True)
        feed = generate(place / "feed", world, nights=nights)
        receivables.init(place / "home")
        feed.truth.rename(place / "truth.json")
    truth = json.loads((place / "truth.json").read_text(encoding="utf-8"))
    days = [date.fromisoformat(day) for day in truth["nights"]]
    with_files = [date.fromisoformat(day) for day, told in truth["nights"].items() if told["files"]]
    soak = Soak(place, world.seed, truth, drawn(world.seed, days, with_files))
    if soak.record.exists():
        soak.nights += [Night.told(line) for line in soak.record.read_text(encoding="utf-8").splitlines()]
    return soak


def soaked(soak: Soak, tell: Callable[[Night], object] = lambda _: None, more: str = "") -> None:
    """Run the nights that were not run yet; `more` are settings beside those of every soak."""
    certified = certificate(soak.place)
    with listening(certified) as post:
        said = SETTINGS.replace("[mail]\n", "[mail]\n" + logging_in(soak.home, post, certified)) + more
        (soak.home / FILE_NAME).write_text(said, encoding="utf-8")
        for day in [*soak.wrong][len(soak.nights) :]:
            soak.run(day, post)
            with soak.record.open("a", encoding="utf-8") as stream:
                stream.write(soak.nights[-1].line() + "\n")
            tell(soak.nights[-1])


WHEN: Final = CLOCKS | {"batch_id", "arrival_id", "first_batch", "last_batch", "recorded_source"}
"""Columns that tell when and with which file a row was told, in which a single night that reads everything differs from ninety."""


@dataclass(frozen=True)
class Held:
    """What was held against what in the end: whether the lake made the published file again, and which tables are those of a single night that reads everything."""

    is_rebuilt: bool
    verified: str
    differing: tuple[str, ...]
    tables: int
    is_told_alike: bool
    half_done: tuple[str, ...]


def held(soak: Soak) -> Held:
    """Make the published file again from the lake, and read everything at once in a second home."""
    last = soak.nights[-1].day
    verified = command(last, "verify", "--rebuild", "--home", soak.home, at=MORNING)
    once = soak.place / "once"
    shutil.rmtree(once, ignore_errors=True)
    receivables.init(once)
    for path in soak.told.iterdir():
        shutil.copyfile(path, once / "inbox" / path.name)
    said = (soak.home / FILE_NAME).read_text(encoding="utf-8")
    (once / FILE_NAME).write_text(said, encoding="utf-8")
    if command(last, "nightly", "--no-deliver", "--home", once, at=MORNING).exit_code not in CODES[""]:
        raise SystemExit(
            f"got a single night that failed; expected it to read everything; try its log in {once / 'logs'}"
        )
    night, single = (_rows(home) for home in (soak.home, once))
    differing = tuple(name for name in night if night[name] != single.get(name))
    alike = figures(soak.home, WHEN) == figures(once, WHEN)
    return Held(
        verified.exit_code == 0, verified.told.strip(), differing, len(night), alike, tuple(half_done(soak.home))
    )


def _rows(home: Path) -> dict[str, Any]:
    """What the ledger of a home holds, by table; when each row was told aside."""
    with receivables.open_warehouse(home) as warehouse:
        return {name: rows_of(warehouse, name, WHEN) for name in warehouse.tables() if name.startswith("core.")}


# The page ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """One figure of a night, in its unit, and why it does or does not grow; only of ordinary nights where a missed one would say nothing of it."""

    name: str
    of: Callable[[Night], float]
    why: str
    over: Callable[[Sequence[float]], float] = statistics.median
    only_ordinary: bool = False
    digits: int = 1


def _size(folder: str) -> Callable[[Night], float]:
    return lambda night: night.sizes[folder] / 1e6


MEASURES: Final = (
    Measure("CPU s", lambda night: night.cpu, "every build reads every batch there is, each a small file", only_ordinary=True),
    Measure("wall s", lambda night: night.wall, "as CPU, and what else the machine was at", only_ordinary=True, digits=0),
    Measure("peak MB", lambda night: night.memory, "a process ends with its night", max, only_ordinary=True, digits=0),
    Measure("inbox MB", _size("inbox"), f"files stay for {KEPT} days (`retention.inbox_days`); what was refused stays until it comes whole", max, digits=2),
    Measure("lake MB", _size("lake"), "the record: what was told is kept for good, as any past date is made from it; a file of a few rows takes a block of the disk", max, digits=2),
    Measure("lake files", lambda night: night.files["lake"], "three for each batch (rows, manifest, findings of its file), and what each date published", max, digits=0),
    Measure("warehouse MB", _size("warehouse"), "`engine.keep_warehouses` files, each as large as its tables", max),
    Measure("out MB", _size("out"), f"reports of {KEPT} dates and the last of each month (`retention.report_dates`), each with the 5 MB of its charts' script", max),
    Measure("logs MB", _size("logs"), f"logs of {KEPT} days (`retention.log_days`)", max, digits=2),
    Measure("store MB", _size("state.sqlite"), "a row for each batch, file of the lake, run and mailing, which are the record; what runs saw goes with their logs", max, digits=2),
)  # fmt: skip


def page(soak: Soak, end: Held) -> str:
    """The page, from what was measured."""
    nights = soak.nights
    parts = [_introduction(soak), _wrong(soak), _by_tens(nights), _slopes(nights), _ending(soak, end)]
    return "\n\n".join(parts) + "\n"


def _introduction(soak: Soak) -> str:
    nights, state = soak.nights, State(soak.home / "state.sqlite")
    return f"""# What a home costs night after night

`make study` measures this page (`NIGHTS=30` for fewer than 90; `.venv/bin/python tests/soak_study.py data/SOAK_STUDY.md`). {_count(soak)} in a row of the sample world's feed (data/WORLD.md; {soak.truth["customers"] if isinstance(soak.truth["customers"], int) else len(soak.truth["customers"])} customers), {nights[0].day} to {nights[-1].day}, each
`receivables nightly` in a process of its own, at half past two of its own night, with mail through a server on this machine. {nights[-1].batches:,} batches were told. What
nights keep is cut to {KEPT} days or dates, where the settings' own 400 would not be over by then; contracts are off and six month ends are aged, for speed. {len(state.runs()):,} runs."""


def _count(soak: Soak) -> str:
    run, planned = len(soak.nights), len(soak.wrong)
    return f"{run} nights" if run == planned else f"The first {run} of {planned} nights (cut off after them)"


def _wrong(soak: Soak) -> str:
    days = {night.day for night in soak.nights}
    ours = Counter(kind for night in soak.nights for kind in night.wrong)
    feed = Counter(
        one["kind"].replace("_", " ") for one in soak.truth["irregularities"] if date.fromisoformat(one["told"]) in days
    )
    codes = Counter(
        "not run" if night.exit_code is None else "killed" if night.exit_code < 0 else str(night.exit_code)
        for night in soak.nights
    )
    return f"""What went wrong, drawn by a seed: {_counted(ours)}. What the feed told late or wrong: {_counted(feed)}.
Exit codes: {_counted(codes)}; {sum(night.is_made_up for night in soak.nights)} nights made up for nights before."""


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items())) or "nothing"


def _by_tens(nights: Sequence[Night]) -> str:
    head = ["nights", *(measure.name for measure in MEASURES), "batches", "mails", "findings"]
    rows = []
    for first in range(0, len(nights), 10):
        ten = nights[first : first + 10]
        figures_of = [_told(measure, ten) for measure in MEASURES]
        mails, findings = sum(night.mails for night in ten), statistics.median(night.findings for night in ten)
        rows.append(
            [f"{first + 1}–{first + len(ten)}", *figures_of, f"{ten[-1].batches:,}", str(mails), f"{findings:.0f}"]
        )
    return (
        "Time is the median of nights that make up for none before; memory and sizes on the disk the most of the ten; findings the median.\n\n"
        + table(head, rows)
    )


def _told(measure: Measure, nights: Sequence[Night]) -> str:
    values = [measure.of(night) for night in nights if night.is_ordinary or not measure.only_ordinary]
    return f"{measure.over(values):,.{measure.digits}f}" if values else "–"


def slope(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """How much a figure grows per night, by least squares, and twice its standard error."""
    xs, ys = [float(x) for x, _ in points], [y for _, y in points]
    if len(points) < 4:
        return float("nan"), float("nan")
    line = statistics.linear_regression(xs, ys)
    off = sum((y - line.intercept - line.slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    spread = sum((x - statistics.fmean(xs)) ** 2 for x in xs)
    return line.slope, 2 * (off / (len(points) - 2) / spread) ** 0.5


def settled(nights: Sequence[Night]) -> int:
    """The first night from which on growth is looked at: when as much is kept as ever will be, or after two thirds of them."""
    return min(KEPT + 10, len(nights) * 2 // 3)


def growth(nights: Sequence[Night], measure: Measure) -> tuple[float, float]:
    """The slope of a measure over the nights after it should have settled."""
    return slope(
        [
            (place, measure.of(night))
            for place, night in enumerate(nights)
            if place >= settled(nights) and (night.is_ordinary or not measure.only_ordinary)
        ]
    )


def _slopes(nights: Sequence[Night]) -> str:
    rows = []
    for measure in MEASURES:
        grows, error = growth(nights, measure)
        how = "flat" if abs(grows) <= error else f"{grows:+.3f}"
        rows.append((measure.name, f"{grows:+.4f} ± {error:.4f}", how, measure.why))
    words = f"Growth per night from night {settled(nights) + 1} on, by least squares, with twice its standard error; flat where that is no less."
    lines = ["| what | per night | | why |", "| --- | ---: | ---: | --- |", *(f"| {' | '.join(row)} |" for row in rows)]
    return words + "\n\n" + "\n".join(lines)


def _ending(soak: Soak, end: Held) -> str:
    whole = [night for night in soak.nights if night.is_whole]
    right = sum(night.open_local == soak.open_told(night) for night in whole)
    core = f"{end.tables - len(end.differing)} of {end.tables}"
    return f"""In {right} of the {len(whole)} nights by which all files had arrived, what is open is what the world's truth says was known then. In the end `receivables verify --rebuild`
{"made every published table again from the lake" if end.is_rebuilt else "FAILED"}; of a home that reads everything in one night {core} tables of the ledger are the same, when and with which file each row
was told aside{", not " + ", ".join(end.differing) if end.differing else ""}, and what is open, its aging, the proof and the key figures of the day are {"the same" if end.is_told_alike else "NOT the same"}. What nights left unfinished: {", ".join(end.half_done) or "nothing"}."""


def main() -> None:
    """Run the nights that were not run yet, then write the page, or print it; a line of each night goes to standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--nights", type=int, default=90)
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--place",
        type=Path,
        help="a folder to work in, and to go on in after being cut off; default: one that is deleted",
    )
    asked = parser.parse_args()
    world = World(asked.customers, asked.seed, months=12, invoices_per_customer=30)
    with tempfile.TemporaryDirectory(prefix="receivables-soak-") as folder:
        soak = begun(asked.place or Path(folder), world, asked.nights)
        soaked(soak, lambda night: sys.stderr.write(night.line() + "\n"))
        text = page(soak, held(soak))
    if asked.file is None:
        sys.stdout.write(text)
    else:
        asked.file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
