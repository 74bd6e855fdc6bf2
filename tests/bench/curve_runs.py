"""Ours of what `curves.py` compares, each in a process of its own.

`python curve_runs.py night LAKE OUT [GIVEN]`: the collection curve as a night makes it on a lake of `big_ledger`. The shares still open of every curve go to
OUT; where GIVEN is told, what each curve is made of goes there, sums of tranches by the ages between which they are under observation. The last
line tells CPU and wall seconds by phase, what the curve is built on first (`ledger`), and the peak memory of that and of the rest.

`python curve_runs.py estimator GIVEN OUT`: the estimator in Python alone on those sums.
"""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np

from ledger_build import behind, build, open_lake  # run as a program
from lifelines_peer import Observed, read_curves, write_curves
from measuring import Cost, peak, since, spent
from receivables.engine import connect
from receivables.engine.models import models
from receivables.judgement import judge_collection
from receivables.policy import collection
from receivables.policy.collection import CASH, OPEN, Tranches
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from receivables.engine import Connection

FIRST: Final = "marts.instalment_exit"
LAST: Final = ("marts.collection_point", "marts.group_curve")
"""With which models the step begins, and what judgement, its end, reads of it."""

_POINTS: Final = """
select history || ' ' || segment_kind || ' ' || segment || ' ' || basis || ' ' || weight as curve, age_days as ages, open_share
from marts.collection_point order by curve, age_days
"""
_SUMS: Final = """
select
  segment_kind || ' ' || segment as curve, entry_age::bigint as entry_age, exit_age::bigint as exit_age, is_seen,
  (sum(amount_local) * 10000)::bigint as amount, count(*) as count
from (
  select
    kind.segment_kind,
    segment_of(kind.segment_kind, company_id, territory, salesperson, grade, terms, amount_band, customer_type) as segment,
    {entry} as entry_age, exit_age, cause <> 0 as is_seen, amount_local
  from marts.exposure_tranche cross join params.segment_kind as kind
  where {entry} < exit_age and {kept}
) as placed
where segment is not null
group by segment_kind, segment, entry_age, exit_age, is_seen
order by curve
"""


def night(lake: Path, out: Path, given: Path | None) -> None:
    """Build what the curve is built on, then the step."""
    settings, path = Settings(), Path(f"{out}.duckdb")
    con = connect(path, settings, temp=Path(f"{out}.spill"))
    costs: dict[str, Cost] = {}
    models()  # they are read once a night
    begin = spent()
    open_lake(con, lake, settings)
    wanted, of_step = behind(*LAST), {FIRST}
    for model in wanted:
        if of_step & set(model.reads):
            of_step.add(model.full_name)
    build(con, [model for model in wanted if model.full_name not in of_step])
    costs["ledger"] = since(begin)
    peaks = {"ledger": peak()}
    for model in wanted:
        if model.full_name in of_step:
            begin = spent()
            build(con, [model])
            costs[model.name] = since(begin)
    begin = spent()
    judge_collection(con, settings.curve)
    costs["judged"] = since(begin)
    peaks["curve"] = peak()
    ((tranches,),) = con.execute("select count(*) from marts.exposure_tranche").fetchall()
    write_curves(out, dict(_curves(con.execute(_POINTS).fetchnumpy())))
    if given is not None:
        write_curves(given, dict(_sums(con)))
        given.with_suffix(".count").write_text(str(tranches))
    con.close()
    path.unlink()
    print(json.dumps(costs | {"peaks": peaks}))


def _sums(con: Connection) -> Iterator[tuple[str, Observed]]:
    for (history, entry), (basis, kept) in product(
        (("all", "entry_age"), ("24m", "recent_entry_age")), (("gross", "true"), ("net", "cause <> 3"))
    ):
        for name, sums in _curves(con.execute(_SUMS.format(entry=entry, kept=kept)).fetchnumpy()):
            for weight in ("amount", "count"):
                yield (
                    f"{history} {name} {basis} {weight}",
                    Observed(sums["entry_age"], sums["exit_age"], sums["is_seen"], sums[weight]),
                )


def _curves(rows: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows sorted by curve, curve by curve."""
    curve = rows.pop("curve")
    starts = [0, *np.flatnonzero(curve[1:] != curve[:-1]) + 1]
    for start, end in zip(starts, [*starts[1:], len(curve)], strict=True):
        yield str(curve[start]), {name: column[start:end] for name, column in rows.items()}


def estimator(given: Path, out: Path) -> None:
    """Estimate each curve from its sums."""
    observed = {name: Observed(**columns) for name, columns in read_curves(given).items()}
    begin = spent()
    found = {name: _estimate(each) for name, each in observed.items()}
    costs = {"estimate": since(begin)}
    write_curves(out, {name: {"ages": curve.ages, "open_share": curve.open_share} for name, curve in found.items()})
    print(json.dumps(costs))


def _estimate(observed: Observed) -> collection.Curve:
    weight = observed.weight.astype(np.float64)
    cause = np.where(observed.is_seen, CASH, OPEN)
    tranches = Tranches(observed.entry_age, observed.exit_age, cause, weight, np.zeros_like(cause), 1)
    ages = tranches.ages()
    return collection.estimate(ages, tranches.moved(ages)[:, 0])


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    if what == "night":
        night(Path(paths[0]), Path(paths[1]), Path(paths[2]) if paths[2:] else None)
    else:
        estimator(Path(paths[0]), Path(paths[1]))
