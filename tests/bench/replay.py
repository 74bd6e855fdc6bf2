"""What the replay costs on a lake of `big_ledger`, in a process of its own: `python replay.py LAKE OUT WHAT`.

WHAT is `aging` (the models that the aging of one day needs), `months` (with 24 month ends before it) or `whole` (all models of the night). The
aging is written to OUT; the last line tells CPU and wall seconds by phase: reading the lake and building core, the models behind them, and the
primitive they are held against: every document with what was allocated to it, summed, and a sum by customer.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from big_ledger import AS_OF  # run as a program
from ledger_build import behind, build, open_lake
from measuring import BESIDE, since, spent
from receivables.engine import connect, run_models
from receivables.engine.models import models
from receivables.settings import Settings

if TYPE_CHECKING:
    from measuring import Cost
    from receivables.engine import Connection

MONTH_ENDS = 24

PRIMITIVE = """
create or replace temp table paid as
select document.customer_id, document.amount_doc - coalesce(paid.amount_doc, 0) as open_doc
from told_document as document
left join (select to_doc_id, sum(amount_to_doc) as amount_doc from told_allocation where alloc_date <= getvariable('as_of') group by to_doc_id) as paid
  on document.doc_id = paid.to_doc_id
"""


def primitive(con: Connection) -> Cost:
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
    tables = open_lake(con, folder, settings)
    if what == "whole":
        run_models(con, settings, AS_OF, tables=tables)
        costs["whole"] = since(begin)
    else:
        wanted = behind("marts.aging", *(["marts.aging_month_end"] * (what == "months")))
        build(con, [model for model in wanted if model.schema != "marts"])
        costs["load"], begin = since(begin), spent()
        build(con, [model for model in wanted if model.schema == "marts"])
        costs["aging"] = since(begin)
        costs[BESIDE] = primitive(con)
    con.execute(
        "copy (select customer_id, currency, bucket, sum(items) as items, (sum(open_doc) * 100)::bigint as cents from marts.aging"
        f" group by customer_id, currency, bucket order by customer_id, currency, bucket) to '{out}' (format csv, header)"
    )
    con.close()
    path.unlink()
    print(json.dumps(costs))


if __name__ == "__main__":
    main()
