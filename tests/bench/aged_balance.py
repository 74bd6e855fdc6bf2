"""Our aged balance by party in Tryton's columns, in a process of its own: `python aged_balance.py LAKE OUT`.

Builds what the aging of one day needs and writes the balance to OUT; the last line tells CPU and wall seconds by phase: to start, to read the lake and build core, the
models behind open items and aging, and the sums by party.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from ledger_build import behind, build, open_lake  # run as a program
from measuring import since, spent
from receivables.engine import connect
from receivables.engine.models import models
from receivables.settings import Settings
from tryton_ledger import BALANCE


def age() -> float:
    """Wall seconds since this process began, imports among them."""
    began = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Build, tell what it cost, write the balance."""
    folder, out = Path(sys.argv[1]), sys.argv[2]
    settings = Settings.model_validate({"aging": {"month_ends": 0}})
    path = Path(f"{out}.duckdb")
    con = connect(path, settings, temp=Path(f"{out}.spill"))
    models()  # they are read once a night
    begin = spent()
    costs = {"start": (begin[0], age())}
    open_lake(con, folder, settings)
    wanted = behind("marts.aging")
    build(con, [model for model in wanted if model.schema != "marts"])
    costs["load"], begin = since(begin), spent()
    build(con, [model for model in wanted if model.schema == "marts"])
    costs["aging"], begin = since(begin), spent()
    con.execute(f"create temp table balance as {BALANCE}")
    costs["balance"] = since(begin)
    con.execute(f"copy (select * from balance order by customer_id) to '{out}' (format csv, header)")
    con.close()
    path.unlink()
    print(json.dumps(costs))


if __name__ == "__main__":
    main()
