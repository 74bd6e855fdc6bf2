"""The collection curve against lifelines: with its causes lumped it is the Kaplan-Meier estimate, and what leaves per money at risk is Nelson and Aalen's.

Run by `make oracle`. Compared are the estimator in Python and the models, on the published tables and on random ones, at every age: the whole and the recent
curve, gross and net of dilution, by amount and by count. It ends with an error where anything differs by more than 1e-10.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lifelines_peer import Estimate, Observed, command, read_curves, write_curves
from measuring import run
from peers import ENVIRONMENTS
from receivables.policy import collection
from receivables.policy.collection import CASH, DILUTION, LOSS, OPEN, TRANSFERRED, Tranches
from receivables.settings import Curve as CurveSettings
from tranche_tables import LATE, PARTS, T12, build_curves, random_tranches, tranches, without_loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lifelines_peer import Floats, Ints
    from receivables.engine import Connection

Tables = dict[str, tuple[Tranches, "Ints"]]
"""Tranches by the company that has them, each with the ages at which the recent curve begins to see them."""

MOST: Final = 1e-10
"""The difference that rounding explains."""
_UNIT: Final = 10_000
"""Amounts are weighed in units of the ledger's last decimal: whole numbers."""

_POINTS: Final = """
select
  point.segment, point.age_days, point.at_risk, point.open_share, point.cash + point.loss + point.dilution + point.transferred as gone_share,
  (event.cash_{weight} + event.loss_{weight} + event.transferred_{weight} + case when point.basis = 'gross' then event.dilution_{weight} else 0 end)::double as gone
from marts.collection_point as point
inner join marts.curve_event as event
  on point.history = event.history and point.segment_kind = event.segment_kind and point.segment = event.segment and point.age_days = event.age_days
where point.segment_kind in ('all', 'company') and point.history = ? and point.basis = ? and point.weight = '{weight}'
order by point.segment, point.age_days
"""


@dataclass(frozen=True)
class Ours:
    """A curve of ours after each of its ages: the share open, what the causes leave of 1, and the cumulative hazard."""

    ages: Ints
    open_share: Floats
    not_gone: Floats
    hazard: Floats


@dataclass(frozen=True)
class Curve:
    """A curve to be held against lifelines: what it is called and made of, and the same curve as each of us makes it."""

    name: str
    observed: Observed
    ours: Mapping[str, Ours]


@dataclass(frozen=True)
class Compared:
    """How often a measure was compared, and the largest difference with the curve that it is in."""

    times: int = 0
    largest: float = 0.0
    where: str = ""

    def with_more(self, differences: Floats, where: str) -> Compared:
        """Count the ages of one more curve."""
        times, worst = self.times + len(differences), float(differences.max(initial=0.0))
        return Compared(times, worst, where) if worst > self.largest else replace(self, times=times)


def tables(count: int, seed: int) -> Tables:
    """The published tables and so many random ones."""
    golden = {
        "T12": tranches(T12),
        "T12-LOSS-OPEN": tranches(without_loss(T12)),
        "T12-LATE": tranches(T12, late=LATE),
        "PARTS": tranches(PARTS),
    }
    given = golden | {f"RANDOM-{seed + number}": random_tranches(seed + number) for number in range(count)}
    random = np.random.default_rng(seed)
    return {
        name: (table, np.maximum(table.entry_age, random.integers(-1, 30, len(table.weight))))
        for name, table in given.items()
    }


def curves(given: Tables) -> Iterator[Curve]:
    """Every curve of the companies, and of all of them together."""
    with build_curves(CurveSettings(), given) as con:
        for history, basis, weight in product(("all", "24m"), ("gross", "net"), ("amount", "count")):
            models = _of_models(con, history, basis, weight)
            for name, (table, recent) in (given | {"all": _together(given)}).items():
                seen_from = replace(table, entry_age=table.entry_age if history == "all" else recent)
                weighed = _weighed(seen_from, weight)
                observed = _observed(weighed, is_net=basis == "net")
                if len(observed.weight):
                    ours = {"python": _of_estimator(weighed, is_net=basis == "net"), "models": models[name]}
                    yield Curve(f"{name} {history} {basis} {weight}", observed, ours)


def _together(given: Tables) -> tuple[Tranches, Ints]:
    every = [table for table, _ in given.values()]
    columns = {
        name: np.concatenate([getattr(table, name) for table in every])
        for name in ("entry_age", "exit_age", "cause", "weight", "group")
    }
    return Tranches(**columns, groups=max(table.groups for table in every)), np.concatenate(
        [recent for _, recent in given.values()]
    )


def _weighed(table: Tranches, weight: str) -> Tranches:
    return replace(table, weight=np.rint(table.weight * _UNIT) if weight == "amount" else np.ones_like(table.weight))


def _observed(table: Tranches, *, is_net: bool) -> Observed:
    kept = table.entry_age < table.exit_age
    if is_net:
        kept &= table.cause != DILUTION
    return Observed(
        table.entry_age[kept], table.exit_age[kept], table.cause[kept] != OPEN, table.weight[kept].astype(np.int64)
    )


def _of_estimator(table: Tranches, *, is_net: bool) -> Ours:
    ages = table.ages()
    moved = table.moved(ages).sum(axis=1)
    told = collection.estimate(ages, moved, net=is_net)
    gone = moved[CASH] + moved[LOSS] + moved[TRANSFERRED] + moved[DILUTION] * (not is_net)
    gone_share = told.cash + told.loss + told.dilution + told.transferred
    return Ours(ages, told.open_share, 1 - gone_share, _hazard(gone, told.at_risk))


def _of_models(con: Connection, history: str, basis: str, weight: str) -> dict[str, Ours]:
    points: dict[str, Any] = con.execute(_POINTS.format(weight=weight), [history, basis]).fetchnumpy()
    segment = points["segment"].astype(str)
    ends = [*np.flatnonzero(segment[1:] != segment[:-1]) + 1, len(segment)]
    models = {}
    for start, end in pairwise([0, *ends]):
        of = {name: column[start:end] for name, column in points.items()}
        hazard = _hazard(of["gone"], of["at_risk"])
        models[str(segment[start])] = Ours(of["age_days"], of["open_share"], 1 - of["gone_share"], hazard)
    return models


def _hazard(gone: Floats, at_risk: Floats) -> Floats:
    hazard: Floats = np.cumsum(np.divide(gone, at_risk, out=np.zeros_like(at_risk), where=at_risk > 0))
    return hazard


def compare(asked: Sequence[Curve], told: Sequence[Estimate]) -> dict[str, Compared]:
    """Hold each curve against what lifelines tells of it, at every age that either of them has."""
    found: dict[str, Compared] = {}
    for curve, theirs in zip(asked, told, strict=True):
        for maker, ours in curve.ours.items():
            ages = np.union1d(ours.ages, theirs.ages)
            share = _at(theirs.ages, theirs.open_share, ages, 1.0)
            hazard = _at(theirs.ages, theirs.hazard, ages, 0.0)
            for measure, mine, other, before in (
                ("share open", ours.open_share, share, 1.0),
                ("1 - causes", ours.not_gone, share, 1.0),
                ("hazard", ours.hazard, hazard, 0.0),
            ):
                if not np.isnan(other).any():
                    key = f"{measure}, {maker}"
                    differences = np.abs(_at(ours.ages, mine, ages, before) - other)
                    found[key] = found.get(key, Compared()).with_more(differences, curve.name)
    return found


def _at(ages: Ints, values: Floats, asked: Ints, before: float) -> Floats:
    """A step function at some ages."""
    steps: Floats = np.concatenate([[before], values])[np.searchsorted(ages, asked, side="right")]
    return steps


def main() -> None:
    """Compare, print how often and the largest differences, fail where one is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=300, help="random tables of tranches")
    parser.add_argument("--seed", type=int, default=1, help="of the first of them")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="where lifelines' environment is")
    asked = parser.parse_args()
    made = list(curves(tables(asked.tables, asked.seed)))
    with tempfile.TemporaryDirectory(prefix="receivables-oracle-") as folder:
        given, found = Path(folder) / "given.npz", Path(folder) / "found.npz"
        write_curves(given, {curve.name: curve.observed for curve in made})
        run(command(given, found, asked.environments))
        estimates = [Estimate(**columns) for columns in read_curves(found).values()]
    declined = sum(bool(np.isnan(told.open_share).any()) for told in estimates)
    print(
        f"{len(made):,} curves; of {declined:,} of them lifelines declines to tell a share, for want of anybody at risk early on"
    )
    compared = compare(made, estimates)
    for name, each in compared.items():
        where = f" ({each.where})" if each.where else ""
        print(f"{name:20} {each.times:>9,} comparisons, largest difference {each.largest:.1e}{where}")
    differs = [name for name, each in compared.items() if each.largest > MOST]
    print(
        f"{sum(each.times for each in compared.values()):,} comparisons, largest difference {max(each.largest for each in compared.values()):.1e}"
    )
    if differs:
        raise SystemExit(f"got {', '.join(differs)} beyond {MOST:.0e} of lifelines; expected equality; try --tables 0")


if __name__ == "__main__":
    main()
