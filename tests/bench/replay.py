"""What the replay costs on a lake of `big_ledger`, in a process of its own: `python replay.py LAKE OUT WHAT`.

WHAT is `aging` (the models that the aging of one day needs), `months` (with 24 month ends before it) or `whole` (all models of the night). The
aging is written to OUT; the last line tells CPU and wall seconds by phase: reading the lake and building core, the models behind them, and the
primitive they are held against: every document with what was allocated to it, summed, and a sum by customer.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from big_ledger import AS_OF, batches  # run as a program
from receivables import lake
from receivables.engine import connect, run_models
from receivables.engine.duckdb import BEFORE_ENTRIES, Connection, run_entries
from receivables.engine.models import Model, models
from receivables.settings import Settings

MONTH_ENDS = 24

PRIMITIVE = """
create or replace temp table paid as
select document.customer_id, document.amount_doc - coalesce(paid.amount_doc, 0) as open_doc
from told_document as document
left join (select to_doc_id, sum(amount_to_doc) as amount_doc from told_allocation where alloc_date <= getvariable('as_of') group by to_doc_id) as paid
  on document.doc_id = paid.to_doc_id
"""


def spent() -> tuple[float, float]:
    """CPU and wall seconds so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, time.perf_counter()


def since(begin: tuple[float, float]) -> tuple[float, float]:
    """CPU and wall seconds since then."""
    now = spent()
    return now[0] - begin[0], now[1] - begin[1]


def behind(*names: str) -> list[Model]:
    """The models that some tables are made of, themselves included, in their order."""
    by_name = {model.full_name: model for model in models()}
    needed, open_names = set[str](), [*names]
    while open_names:
        name = open_names.pop()
        if name in by_name and name not in needed:
            needed.add(name)
            open_names += by_name[name].reads
    return [model for model in models() if model.full_name in needed]


def build(con: Connection, wanted: list[Model]) -> None:
    """Make tables of models, of staging views, as the night does; what of core no model makes is what was told."""
    made = {model.full_name for model in models()}
    for name in sorted({name for model in wanted for name in model.reads} - made):
        if name.startswith("core."):
            con.execute(f"create table if not exists {name} as select * from lake.{name[5:]} where is_current")
    for model in wanted:
        con.execute(f"create {'view' if model.schema == 'staging' else 'table'} {model.full_name} as {model.sql}")


def primitive(con: Connection) -> tuple[float, float]:
    """The median cost of the join and the sum any aging needs."""
    con.execute("create temp table told_document as select doc_id, customer_id, amount_doc from core.document")
    con.execute("create temp table told_allocation as select to_doc_id, amount_to_doc, alloc_date from core.allocation")
    costs = []
    for _ in range(3):
        begin = spent()
        con.execute(PRIMITIVE)
        con.execute("select customer_id, sum(open_doc) from paid group by customer_id").fetchall()
        costs.append(since(begin))
    return statistics.median(cpu for cpu, _ in costs), statistics.median(wall for _, wall in costs)


def main() -> None:
    """Build, tell what it cost, write the aging."""
    folder, out, what = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    settings = Settings.model_validate({"aging": {"month_ends": 0 if what == "aging" else MONTH_ENDS}})
    path = Path(f"{out}.duckdb")
    con = connect(path, settings, temp=Path(f"{out}.spill"))
    costs = {}
    models()  # they are read once a night
    begin = spent()
    lake.snapshot(con, folder, batches())
    tables = run_entries(con, settings, AS_OF)
    con.execute("begin")
    if what == "whole":
        run_models(con, settings, AS_OF, tables=tables)
        con.execute("commit")
        costs["whole"] = since(begin)
    else:
        con.execute(f"set variable as_of = date '{AS_OF.isoformat()}'")
        con.execute("create schema core")
        con.execute("create schema marts")
        needed = behind("marts.aging", *(["marts.aging_month_end"] * (what == "months")))
        wanted = [model for model in needed if model.schema != "entries" and model.full_name not in BEFORE_ENTRIES]
        build(con, [model for model in wanted if model.schema != "marts"])
        costs["load"], begin = since(begin), spent()
        build(con, [model for model in wanted if model.schema == "marts"])
        costs["aging"] = since(begin)
        costs["primitive"] = primitive(con)
    con.execute(
        "copy (select customer_id, currency, bucket, sum(items) as items, (sum(open_doc) * 100)::bigint as cents from marts.aging"
        f" group by customer_id, currency, bucket order by customer_id, currency, bucket) to '{out}' (format csv, header)"
    )
    con.close()
    path.unlink()
    print(json.dumps(costs))


if __name__ == "__main__":
    main()
