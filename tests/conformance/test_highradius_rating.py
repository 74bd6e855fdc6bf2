"""A food company's real ledger: how well payment behaviour as of one month end tells which of the invoices that followed came late.

There is no integrity data and nothing was lost, so only the payment record can be judged, and no statistical card can be learnt. The yardsticks are
those written beside the data set. Intervals leave out customers, whose invoices hang together.

No score beats the one-feature baseline, the customer's own ratio of the very lateness that is asked for. The payment index is below it both for late at
all and for over 7 days late, by rank of pairs (AUC) within what chance explains, by average precision beyond it; so is each ratio for the other lateness.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from homes import ask
from receivables.policy import backtest
from receivables.policy.backtest import Cases
from receivables.settings import Backtest

if TYPE_CHECKING:
    from pathlib import Path

SNAPSHOT: Final = date(2019, 10, 31)
SHRINKAGE: Final = 20
"""Invoices that the ratio of all customers counts for, as in the yardsticks."""

YARDSTICK: Final = {"late_share": 0.769, "late_7_share": 0.858}
"""One feature each: the customer's own ratio of invoices late at all for late at all, of those over 7 days late for over 7 days."""

RULES: Final = Backtest()
OWN: Final = {0: "late_share", 7: "late_7_share"}
"""The one feature for each number of days."""


def auc(is_bad: Any, risk: Any) -> float:
    """How often of a late and a punctual invoice the late one has the higher risk; a tie counts half."""
    values, place = np.unique(risk, return_inverse=True)
    bad, good = (np.bincount(place, weights=side, minlength=len(values)) for side in (is_bad, ~is_bad))
    below = np.cumsum(good) - good
    return float((bad * (below + good / 2)).sum() / (bad.sum() * good.sum()))


@pytest.fixture(scope="module")
def followed(settled_invoices: Path) -> dict[str, Any]:
    """The invoices due after the snapshot: how late each came, and what the snapshot tells of its customer."""
    rows = ask(
        settled_invoices,
        "select dense_rank() over (order by document.customer_id) - 1, date_diff('day', invoice.due_date, settled.alloc_date), behaviour.items, behaviour.late_share, behaviour.late_7_share,"
        " behaviour.payment_index, usual.late_share, usual.late_7_share"
        " from core.instalment as invoice inner join core.document as document on invoice.company_id = document.company_id and invoice.doc_id = document.doc_id"
        " inner join core.allocation as settled on document.company_id = settled.company_id and document.doc_id = settled.to_doc_id"
        f" left join marts.payment_behaviour as behaviour on document.customer_id = behaviour.customer_id and behaviour.period_end = '{SNAPSHOT}'"
        " cross join (select sum(items * late_share) / sum(items) as late_share, sum(items * late_7_share) / sum(items) as late_7_share"
        f" from marts.payment_behaviour where period_end = '{SNAPSHOT}') as usual"
        f" where invoice.due_date > '{SNAPSHOT}'",
    )
    names = (
        "customer",
        "days_late",
        "items",
        "late_share",
        "late_7_share",
        "payment_index",
        "usual_late_share",
        "usual_late_7_share",
    )
    columns = zip(*rows, strict=True)
    return {name: np.array(values, dtype=np.float64) for name, values in zip(names, columns, strict=True)}


def risk_of(followed: dict[str, Any], name: str) -> Any:
    """A customer's ratio drawn to that of all, and the latter for who is new; of points, what is missing to the best."""
    items, values = np.nan_to_num(followed["items"]), followed[name]
    if name in YARDSTICK:
        return (np.nan_to_num(items * values) + SHRINKAGE * followed[f"usual_{name}"]) / (items + SHRINKAGE)
    return -np.where(np.isnan(values), np.nanmedian(values), values)


def invoices(followed: dict[str, Any], days: int) -> Cases:
    """Whose they are, and which came so many days late."""
    late = followed["days_late"]
    return Cases(followed["customer"].astype(np.int64), late > days, np.ones(len(late)))


@pytest.mark.parametrize(
    ("name", "days", "value", "low", "high"),
    [
        ("late_share", 0, 0.769, 0.720, 0.811),
        ("late_7_share", 0, 0.690, 0.537, 0.810),
        ("payment_index", 0, 0.739, 0.649, 0.813),
        ("late_share", 7, 0.809, 0.662, 0.902),
        ("late_7_share", 7, 0.857, 0.760, 0.920),
        ("payment_index", 7, 0.812, 0.669, 0.902),
    ],
)
def test_scores_rank_as_measured_with_what_chance_of_customers_leaves_open(
    followed: dict[str, Any], name: str, days: int, value: float, low: float, high: float
) -> None:
    """676 customers, few of whom send most invoices: intervals are nine to twenty-seven points wide, though invoices are 11,487."""
    cases, risk = invoices(followed, days), risk_of(followed, name)
    found = backtest.measure(cases, risk, RULES, is_probability=False).to_dict("index")
    assert found["customers"]["value"] == 676
    assert found["auc"]["value"] == pytest.approx(auc(cases.is_bad, risk), abs=1e-9)
    assert found["auc"] == pytest.approx({"value": value, "lo": low, "hi": high}, abs=0.003)


def test_the_customers_own_ratios_reach_the_yardsticks(followed: dict[str, Any]) -> None:
    assert len(followed["days_late"]) == 11_487
    for days, name in OWN.items():
        found = auc(followed["days_late"] > days, risk_of(followed, name))
        assert found == pytest.approx(YARDSTICK[name], abs=0.002)


@pytest.mark.parametrize(
    ("name", "days", "difference", "low", "high"),
    [
        ("late_7_share", 0, -0.078, -0.181, 0.024),
        ("payment_index", 0, -0.029, -0.073, 0.014),
        ("late_share", 7, -0.048, -0.106, 0.010),
        ("payment_index", 7, -0.045, -0.091, 0.001),
    ],
)
def test_no_score_beats_the_one_ratio_made_for_what_is_asked(
    followed: dict[str, Any], name: str, days: int, difference: float, low: float, high: float
) -> None:
    """Which is said, not tuned away: the index weighs money and a month's delay, the yardsticks count invoices a day or a week late."""
    own = {"own": risk_of(followed, OWN[days])}
    found = backtest.compare(invoices(followed, days), risk_of(followed, name), own, RULES, is_probability=False)
    rank, precision = (found.loc[[("own", metric)]].to_dict("records")[0] for metric in ("auc", "average_precision"))
    assert [rank[end] for end in ("difference", "lo", "hi")] == pytest.approx([difference, low, high], abs=0.003)
    assert (rank["verdict"], precision["verdict"]) == ("undecided", "worse")
