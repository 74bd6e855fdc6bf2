"""What programs cost, each in a process of its own: CPU and wall seconds by phase, peak memory, ratios held against targets, growth."""

from __future__ import annotations

import json
import math
import os
import re
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Cost = tuple[float, float]
"""CPU and wall seconds."""

BESIDE: Final = "primitive"
"""The phase that is only measured beside what a program is for."""


@dataclass(frozen=True)
class Run:
    """One process: CPU and wall seconds by phase, peak memory in MB, of all and of what it tells apart."""

    phases: Mapping[str, Cost]
    memory: float
    peaks: Mapping[str, float]

    @property
    def cpu(self) -> float:
        """Of reading and computing, without what is only measured beside it."""
        return sum(cpu for name, (cpu, _) in self.phases.items() if name != BESIDE)

    @property
    def wall(self) -> float:
        """As cpu, on the clock."""
        return sum(wall for name, (_, wall) in self.phases.items() if name != BESIDE)

    def of(self, *phases: str) -> float:
        """CPU seconds of some phases, of all where none is named."""
        return sum(self.phases[phase][0] for phase in phases) if phases else self.cpu


@dataclass(frozen=True)
class Ended:
    """How one process ended: its exit code (negative: the signal), what it printed, CPU and wall seconds, peak memory in MB, its own children among them."""

    exit_code: int
    told: str
    cpu: float
    wall: float
    memory: float


def ended(command: Sequence[str], *, env: Mapping[str, str] | None = None, errors: IO[str] | None = None) -> Ended:
    """Run one program to its end, however it ends; `errors` is where its messages go, else to this program's."""
    begin = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=env)
    assert child.stdout is not None
    told = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdout.close()
    wall = time.perf_counter() - begin
    return Ended(child.returncode, told, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def run(command: Sequence[str]) -> Run:
    """Run one program to its end. Its last line tells the phases, as JSON, and as `peaks` what memory some took; one that prints nothing is one phase.

    Raises:
        SystemExit: it failed.
    """
    done = ended(command)
    if done.exit_code:
        raise SystemExit(
            f"got exit status {done.exit_code}; expected 0; try running it by hand: {' '.join(command[-3:])}"
        )
    told = done.told.splitlines()
    last: dict[str, Any] = json.loads(told[-1]) if told else {"all": (done.cpu, done.wall)}
    peaks = last.pop("peaks", {})
    memory = max(done.memory, *peaks.values(), 0)  # who asks for its peak sets what the system counts back
    return Run({name: (cpu, wall) for name, (cpu, wall) in last.items()}, memory, peaks)


def spent() -> Cost:
    """CPU and wall seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, time.perf_counter()


def since(begin: Cost) -> Cost:
    """CPU and wall seconds since then."""
    now = spent()
    return now[0] - begin[0], now[1] - begin[1]


def peak() -> float:
    """The most memory in MB that this process held since it was asked last."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, flags=re.MULTILINE)[0]) / 1024


def median(runs: Sequence[Run], *phases: str) -> float:
    """CPU seconds, of some phases or of all."""
    return statistics.median(each.of(*phases) for each in runs)


def tell(runs: Mapping[str, Sequence[Run]]) -> None:
    """Print one line per program."""
    print(f"{'':10} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}   CPU s by phase")
    for name, each in runs.items():
        phases = "  ".join(f"{phase} {median(each, phase):.2f}" for phase in each[0].phases)
        wall = statistics.median(one.wall for one in each)
        print(f"{name:10} {median(each):>8.2f} {wall:>8.2f} {max(one.memory for one in each):>8.0f}   {phases}")


def ratio(ours: Sequence[Run], theirs: Sequence[Run], mine: Sequence[str] = (), other: Sequence[str] = ()) -> float:
    """The median of one program's CPU seconds per another's, each pair from the same turn; of some phases, or of all."""
    return statistics.median(one.of(*mine) / their.of(*other) for one, their in zip(ours, theirs, strict=True))


def tell_ratios(found: Mapping[str, float], targets: Mapping[str, float]) -> None:
    """Print each ratio, and whether it is what is aimed at where something is."""
    for name, value in found.items():
        most = targets.get(name)
        aimed = "" if most is None else f"   aimed at {most:.3g} at most: {'met' if value <= most else 'not met'}"
        print(f"{name:44} {value:>6.2f}{aimed}")


def tell_growth(name: str, points: Sequence[tuple[int, float]]) -> None:
    """Print with which power of the size CPU seconds grow from the smallest to the largest, where there are two."""
    if len(points) > 1:
        (few, cheap), *_, (many, dear) = points
        print(f"{name:10} CPU grows with the {math.log(dear / cheap) / math.log(many / few):.2f}th power of invoices")
