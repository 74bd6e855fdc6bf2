"""Kaplan-Meier and Nelson-Aalen estimates of weighted tranches by lifelines, in an environment of its own: it needs an older pandas than the package.

Many curves go there in one file and come back in one. Weights are whole numbers; entry -1 means from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from peers import CLOCK, ENVIRONMENTS, environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

PINNED: Final = ("lifelines==0.30.3", "pandas==2.3.3", "numpy==2.4.6", "scipy==1.17.1")

_PROGRAM: Final = f"""{CLOCK}
import numpy as np
from lifelines import KaplanMeierFitter, NelsonAalenFitter
from lifelines.exceptions import StatError
given = dict(np.load(sys.argv[1]))
names, ends = given.pop("names"), given.pop("ends")
curves = [{{name: column[start:end] for name, column in given.items()}} for start, end in zip(ends[:-1], ends[1:])]
def fit(fitter, curve):
    return fitter.fit(curve["exit_age"], curve["is_seen"], entry=curve["entry_age"], weights=curve["weight"])
def share_of(curve):
    try:
        return fit(KaplanMeierFitter(), curve).survival_function_.iloc[:, 0]
    except StatError:  # it declines where nobody is at risk early on
        return None
begin = spent()
shares = [share_of(curve) for curve in curves]
tell("fit", begin)
hazards = [fit(NelsonAalenFitter(nelson_aalen_smoothing=False), curve).cumulative_hazard_.iloc[:, 0] for curve in curves]
ages = [hazard.index.to_numpy().astype(np.int64) for hazard in hazards]
np.savez(
    sys.argv[2], names=names, ends=np.cumsum([0, *map(len, ages)]), ages=np.concatenate(ages), hazard=np.concatenate(hazards),
    open_share=np.concatenate([np.full(len(at), np.nan) if share is None else share.loc[at] for at, share in zip(ages, shares)]),
)
"""


@dataclass(frozen=True)
class Observed:
    """Tranches, or sums of tranches of the same ages: under observation after `entry_age` until `exit_age`, where they are seen to leave or not."""

    entry_age: Ints
    exit_age: Ints
    is_seen: npt.NDArray[np.bool_]
    weight: Ints


@dataclass(frozen=True)
class Estimate:
    """What lifelines says after each of its ages: the share still open (NaN where it declines to tell), and the cumulative hazard."""

    ages: Ints
    open_share: Floats
    hazard: Floats


def command(given: Path, found: Path, environments: Path = ENVIRONMENTS) -> list[str]:
    """The command that reads curves from one file and writes its estimates of each into another; it tells the seconds of Kaplan-Meier alone."""
    return [str(environment("lifelines", PINNED, environments)), "-c", _PROGRAM, str(given), str(found)]


def write_curves(path: Path, curves: Mapping[str, Observed | Mapping[str, Any]]) -> None:
    """Write curves by name, the columns of each laid end to end."""
    parts = [vars(curve) if isinstance(curve, Observed) else curve for curve in curves.values()]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns["ends"] = np.cumsum([0, *(len(next(iter(part.values()))) for part in parts)])
    np.savez(path, allow_pickle=False, names=np.array([*curves]), **columns)


def read_curves(path: Path) -> dict[str, dict[str, Any]]:
    """The columns of each curve by its name."""
    columns = dict(np.load(path))
    names, ends = (columns.pop(name).tolist() for name in ("names", "ends"))
    return {
        name: {column: values[start:end] for column, values in columns.items()}
        for name, (start, end) in zip(names, pairwise(ends), strict=True)
    }
