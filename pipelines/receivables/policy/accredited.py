"""The list of accredited payers: renewed at each re-rating, left at once when something happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from receivables.settings import GRADES

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import Accredited

    Ints = npt.NDArray[np.int64]

FAULTS: Final = ("hard_event", "override", "overdue", "late", "index", "short_record")
"""Why a customer is not on the list, the gravest first."""

AT_ONCE: Final = ("hard_event", "override")
"""What strikes a customer off between re-ratings, too."""

_NONE: Final = -1
_PLACES: Final = 4


def renew(reviews: pd.DataFrame, rules: Accredited) -> pd.DataFrame:
    """Renew the list of a company review by review.

    Args:
        reviews: a row per customer and review: customer_id, review_date, is_rerating; of what was known then payment_index (points, NaN where it cannot be told), late_7_share,
            overdue (whole ledger units, 1/10000), items, tenure_months, has_hard_event (its grade is capped), and grade and ruled_grade (letters), the one in force and that by rule.
        rules: what a customer must show.

    Returns:
        A row per customer and review at which it is on the list (is_accredited), or at which it left it: customer_id, review_date, is_accredited, since (the review from which on it was
        on it without a gap), is_older (that is the first re-rating there is), fault (the gravest of `FAULTS`, missing while it is on the list). Who is not reviewed any more leaves
        as `short_record`.
    """
    customers, reviews = pd.Index(reviews["customer_id"].unique()), reviews.sort_values("review_date")
    days, number = np.unique(reviews["review_date"].to_numpy(), return_inverse=True)
    place, fault = customers.get_indexer(pd.Index(reviews["customer_id"])), _faults(reviews, rules)
    is_rerating = reviews["is_rerating"].to_numpy(dtype=np.bool_)
    first = number[is_rerating].min(initial=len(days))
    on = np.full(len(customers), _NONE, dtype=np.int64)
    found: list[pd.DataFrame] = []
    for review, day in enumerate(days):
        mine = number == review
        now = np.full(len(customers), FAULTS.index("short_record"), dtype=np.int64)
        now[place[mine]] = fault[mine]
        was, on = on, _renewed(on, now, review, is_renewal=bool(is_rerating[mine][0]))
        shown = np.flatnonzero((was != _NONE) | (on != _NONE))
        since, is_on = np.where(on == _NONE, was, on)[shown], on[shown] != _NONE
        told = {
            "customer_id": customers[shown],
            "review_date": day,
            "is_accredited": is_on,
            "since": days[since],
            "is_older": since == first,
            "fault": np.array([*FAULTS, None], dtype=np.object_)[np.where(is_on, _NONE, now[shown])],
        }
        found.append(pd.DataFrame(told))
    return pd.concat(found, ignore_index=True)


def _renewed(on: Ints, fault: Ints, review: int, *, is_renewal: bool) -> Ints:
    """Since which review each customer is on the list after this one, `_NONE` for who is not."""
    if is_renewal:
        return np.where(fault != _NONE, _NONE, np.where(on == _NONE, review, on))
    return np.where((fault != _NONE) & (fault < len(AT_ONCE)), _NONE, on)


def _faults(facts: pd.DataFrame, rules: Accredited) -> Ints:
    """The place of each row's gravest fault among `FAULTS`; `_NONE` for who has none."""
    index, late, items, tenure = (
        facts[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("payment_index", "late_7_share", "items", "tenure_months")
    )
    grade, ruled = (pd.Index(list(GRADES)).get_indexer(pd.Index(facts[name])) for name in ("grade", "ruled_grade"))
    held = {
        "hard_event": facts["has_hard_event"].to_numpy(dtype=np.bool_),
        "override": grade < ruled,
        "overdue": facts["overdue"].to_numpy(dtype=np.int64) > int(rules.overdue_amount_max.scaleb(_PLACES)),
        "late": late > float(rules.late_share_max),
        "index": index < float(rules.index_min),
        "short_record": np.isnan(index) | (items < rules.items_min) | (tenure < rules.tenure_months_min),
    }
    has = np.stack([held[name] for name in FAULTS])
    return np.where(has.any(axis=0), has.argmax(axis=0), _NONE).astype(np.int64)
