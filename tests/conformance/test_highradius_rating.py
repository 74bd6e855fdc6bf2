"""A food company's real ledger: how well payment behaviour as of one month end tells which of the invoices that followed came late.

There is no integrity data and nothing was lost, so only the payment record can be judged. The yardsticks are those written beside the data set.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from homes import ask

if TYPE_CHECKING:
    from pathlib import Path

SNAPSHOT: Final = date(2019, 10, 31)
SHRINKAGE: Final = 20
"""Invoices that the ratio of all customers counts for, as in the yardsticks."""

YARDSTICK: Final = {"late_share": 0.769, "late_7_share": 0.858}
"""One feature each: the customer's own ratio of invoices late at all for late at all, of those over 7 days late for over 7 days."""


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
        "select date_diff('day', invoice.due_date, settled.alloc_date), behaviour.items, behaviour.late_share, behaviour.late_7_share,"
        " behaviour.payment_index, usual.late_share, usual.late_7_share"
        " from core.instalment as invoice inner join core.document as document on invoice.company_id = document.company_id and invoice.doc_id = document.doc_id"
        " inner join core.allocation as settled on document.company_id = settled.company_id and document.doc_id = settled.to_doc_id"
        f" left join marts.payment_behaviour as behaviour on document.customer_id = behaviour.customer_id and behaviour.period_end = '{SNAPSHOT}'"
        " cross join (select sum(items * late_share) / sum(items) as late_share, sum(items * late_7_share) / sum(items) as late_7_share"
        f" from marts.payment_behaviour where period_end = '{SNAPSHOT}') as usual"
        f" where invoice.due_date > '{SNAPSHOT}'",
    )
    names = (
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


def test_the_customers_own_ratios_reach_the_yardsticks(followed: dict[str, Any]) -> None:
    assert len(followed["days_late"]) == 11_487
    for name, days in (("late_share", 0), ("late_7_share", 7)):
        assert auc(followed["days_late"] > days, risk_of(followed, name)) == pytest.approx(YARDSTICK[name], abs=0.002)


def test_the_payment_index_tells_lateness_but_not_better_than_the_one_ratio_made_for_it(
    followed: dict[str, Any],
) -> None:
    """Which is said, not tuned away: the index weighs money and a month's delay, the yardsticks count invoices a day or a week late."""
    for days, written in ((0, 0.739), (7, 0.812)):
        found = auc(followed["days_late"] > days, risk_of(followed, "payment_index"))
        assert found == pytest.approx(written, abs=0.002)
