"""Asks an advisory service about every package of the lock; a package that it cannot tell of is no package without holes.

Fails when a hole is known, when any package was left out, and when no service can be reached. Which service is asked is said by pip-audit's own
environment: PIP_AUDIT_VULNERABILITY_SERVICE (pypi, osv, esms) and PIP_AUDIT_OSV_URL.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path(__file__).resolve().parents[1] / "requirements.lock"
COMMAND: Final = (
    "pip_audit",
    "--requirement",
    str(LOCK),
    "--require-hashes",
    "--disable-pip",
    "--format",
    "json",
    "--progress-spinner",
    "off",
)
SOURCE: Final = (
    "an advisory service: let this machine reach PyPI's or OSV's, or say where a copy of OSV's is"
    " (PIP_AUDIT_VULNERABILITY_SERVICE=osv PIP_AUDIT_OSV_URL=...)"
)


def verdict(report: dict[str, Any] | None, said: str, locked: int) -> tuple[int, list[str]]:
    """The exit code and what to tell, from what pip-audit reported (None: nothing), its last words, and how many packages are locked."""
    told: list[dict[str, Any]] = [] if report is None else report.get("dependencies", [])
    known = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for one in told
        for hole in one.get("vulns", [])
    ]
    left_out = sorted(one["name"] for one in told if "skip_reason" in one)
    asked = len(told) - len(left_out)
    if known:
        return 1, [*known, f"got {len(known)} known holes; expected none; try make lock"]
    if asked < locked:
        why = f"{len(left_out)} left out, such as {left_out[0]}" if left_out else said or "no answer"
        return 1, [f"got {asked} of {locked} packages audited ({why}); expected all of them; try {SOURCE}"]
    return 0, [f"{asked} packages, no known hole"]


def packages(lock: str) -> int:
    """How many packages a lock names."""
    return sum("==" in line for line in lock.splitlines())


def main() -> int:
    """Audit the lock; returns the exit code."""
    ended = subprocess.run([sys.executable, "-m", *COMMAND], capture_output=True, text=True, check=False)
    try:
        report = json.loads(ended.stdout)
    except json.JSONDecodeError:
        report = None
    words = ended.stderr.strip().splitlines()
    code, lines = verdict(report, words[-1][:200] if words else "", packages(LOCK.read_text(encoding="utf-8")))
    for line in lines:
        print(line, file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
