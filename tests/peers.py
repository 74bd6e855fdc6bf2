"""Other libraries that results and costs are held against: each has an environment of its own, made at its first use, below build/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ENVIRONMENTS: Final = Path(__file__).resolve().parents[1] / "build" / "peers"
"""Where environments are made unless told."""

CLOCK: Final = """
import json, resource, sys, time
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, time.perf_counter()
def tell(phase, begin):
    end = spent()
    print(json.dumps({phase: [end[0] - begin[0], end[1] - begin[1]]}))
"""
"""Begins a peer's program: `tell(phase, begin)` prints what `measuring.run` reads, the CPU and wall seconds since `begin = spent()`."""


def environment(name: str, pinned: tuple[str, ...], folder: Path = ENVIRONMENTS) -> Path:
    """The Python of an environment that holds the packages pinned, made if need be.

    Raises:
        SystemExit: no package index has them.
    """
    python = folder / name / "bin" / "python"
    ready = folder / f"{name}.ready"
    if not ready.exists() or ready.read_text() != " ".join(pinned):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / name)], check=True)
        installed = subprocess.run([str(python), "-m", "pip", "install", "--quiet", *pinned], check=False)
        if installed.returncode:
            raise SystemExit(
                f"got no {pinned[0]}; expected a package index that has it; try again where one is reached"
            )
        ready.write_text(" ".join(pinned))
    return python
