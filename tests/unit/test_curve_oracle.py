"""The comparison of the curve with lifelines, held against a reckoning in fractions where lifelines is not at hand: it counts every age and sees a small difference."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from curve_oracle import MOST, compare, curves, tables
from lifelines_peer import Estimate

if TYPE_CHECKING:
    from curve_oracle import Curve
    from lifelines_peer import Observed

ROOT: Final = Path(__file__).resolve().parents[2]


def reckoned(observed: Observed) -> Estimate:
    """Kaplan and Meier's share and Nelson and Aalen's hazard, age by age from their definitions."""
    rows = list(zip(*(getattr(observed, name).tolist() for name in observed.__annotations__), strict=True))
    ages = sorted({exit_age for _, exit_age, _, _ in rows})
    share, hazard, shares, hazards = Fraction(1), Fraction(0), [], []
    for age in ages:
        at_risk = sum(weight for entry, exit_age, _, weight in rows if entry < age <= exit_age)
        leaving = sum(weight for _, exit_age, is_seen, weight in rows if exit_age == age and is_seen)
        share, hazard = share * (1 - Fraction(leaving, at_risk)), hazard + Fraction(leaving, at_risk)
        shares.append(float(share))
        hazards.append(float(hazard))
    return Estimate(np.array(ages), np.array(shares), np.array(hazards))


@pytest.fixture(scope="module")
def made() -> list[Curve]:
    return list(curves(tables(12, seed=7)))


def test_the_models_and_the_estimator_are_what_the_definitions_say(made: list[Curve]) -> None:
    found = compare(made, [reckoned(curve.observed) for curve in made])
    assert len(made) > 100
    assert {key for key, each in found.items() if each.times < 1000} == set()
    assert max(each.largest for each in found.values()) < MOST


def test_a_difference_at_one_age_of_one_curve_is_found_and_named(made: list[Curve]) -> None:
    told = [reckoned(curve.observed) for curve in made]
    told[5] = replace(told[5], open_share=told[5].open_share - [*[0.0] * (len(told[5].ages) - 1), 2 * MOST])
    found = compare(made, told)
    assert {(key, each.where) for key, each in found.items() if each.largest > MOST} == {
        (key, made[5].name) for key in found if not key.startswith("hazard")
    }


def test_a_curve_that_lifelines_declines_is_compared_by_its_hazard_alone(made: list[Curve]) -> None:
    told = [reckoned(curve.observed) for curve in made]
    declined = [replace(each, open_share=np.full(len(each.ages), np.nan)) for each in told]
    assert {key.split(",")[0] for key in compare(made, declined)} == {"hazard"}


def test_lifelines_is_a_dependency_of_nothing_that_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert not [name for name in asked if "lifelines" in name]
    assert "lifelines" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")
