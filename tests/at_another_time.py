"""The command line at another moment, in a process of its own, as a scheduler would start it then: `python at_another_time.py 2026-08-03T02:30 nightly --home HOME`.

The clock goes on from there. A limit on processor seconds (`--cpu`) lets the system kill the process on its way, one on the size of what it writes
(`--bytes`) is as a disk without room.
"""

from __future__ import annotations

import argparse
import resource
from datetime import UTC, datetime

from receivables import dates


def main() -> None:
    """Move the clock before anything looks at it, then run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("moment", type=datetime.fromisoformat, help="in UTC")
    parser.add_argument("--cpu", type=int, default=0)
    parser.add_argument("--bytes", type=int, default=0)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    ahead = asked.moment.replace(tzinfo=UTC) - datetime.now(UTC)
    dates.utc_now = lambda: (datetime.now(UTC) + ahead).replace(tzinfo=None)
    dates.today = lambda: dates.local(dates.utc_now()).date()
    for limit, most in ((resource.RLIMIT_CPU, asked.cpu), (resource.RLIMIT_FSIZE, asked.bytes)):
        if most:
            resource.setrlimit(limit, (most, most))
    from receivables.cli import main as command_line

    command_line(asked.command, prog_name="receivables")


if __name__ == "__main__":
    main()
