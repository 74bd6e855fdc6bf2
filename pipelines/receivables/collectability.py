"""What collection agencies say of the chance to collect, as surveys tell it: to compare with, never a parameter.

A survey asks about accounts handed to agencies, which are worse than a ledger's own; no sample sizes are known of any.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise

from receivables.assets import benchmarks_dir


@dataclass(frozen=True)
class SurveyPoint:
    """What one survey says of accounts so many days overdue: the share that is likely to be collected, a fraction of 1.

    `status`: opened, where the source was read, or memory.
    """

    benchmark: str
    overdue_days: int
    share: Decimal
    status: str
    source: str


@cache
def survey_points() -> tuple[SurveyPoint, ...]:
    """All points of all surveys, by survey and days."""
    with (benchmarks_dir() / "collectability.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    points = [
        SurveyPoint(
            row["benchmark"], int(row["overdue_days"]), Decimal(row["percent"]) / 100, row["status"], row["source"]
        )
        for row in rows
    ]
    return tuple(sorted(points, key=lambda point: (point.benchmark, point.overdue_days)))


def survey_share(benchmark: str, overdue_days: int) -> float | None:
    """A survey's share at any number of days, log-linear between its points; None beyond them."""
    points = [point for point in survey_points() if point.benchmark == benchmark]
    for before, after in pairwise(points):
        if before.overdue_days <= overdue_days <= after.overdue_days:
            part = (overdue_days - before.overdue_days) / (after.overdue_days - before.overdue_days)
            return math.exp((1 - part) * math.log(before.share) + part * math.log(after.share))
    return None
