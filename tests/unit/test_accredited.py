"""The list of accredited payers: what a customer must show, when it is renewed, and what strikes it off at once."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pandas as pd
import pytest

from receivables.policy import accredited
from receivables.policy.accredited import AT_ONCE, FAULTS
from receivables.settings import Accredited

RULES: Final = Accredited()

GOOD: Final[dict[str, Any]] = {
    "payment_index": 80.0,
    "late_7_share": 0.0,
    "overdue": 0,
    "items": 12.0,
    "tenure_months": 24.0,
    "has_hard_event": False,
    "grade": "B",
    "ruled_grade": "B",
}
BAD: Final[dict[str, dict[str, Any]]] = {
    "hard_event": {"has_hard_event": True},
    "override": {"grade": "C"},
    "overdue": {"overdue": 10_001},
    "late": {"late_7_share": 0.051},
    "index": {"payment_index": 77.9},
    "short_record": {"items": 5.0},
}
MARCH, APRIL, MAY, JUNE = date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 20), date(2026, 6, 30)


def told(*reviews: tuple[date, dict[str, Any]], customer_id: str = "C1") -> pd.DataFrame:
    """A customer that is good at reviews but for what differs; scores count in March and June."""
    rows = [
        {"customer_id": customer_id, "review_date": pd.Timestamp(day), "is_rerating": day in (MARCH, JUNE)}
        | GOOD
        | more
        for day, more in reviews
    ]
    return pd.DataFrame(rows)


def listed(reviews: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Review, whether it is on the list, since when, and why not."""
    found = accredited.renew(reviews, RULES)
    days = (found["review_date"].dt.date, found["is_accredited"], found["since"].dt.date, found["fault"])
    return list(zip(*days, strict=True))


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_keeps_off_and_strikes_off_at_a_re_rating(fault: str) -> None:
    assert listed(told((MARCH, BAD[fault]))) == []
    assert listed(told((MARCH, {}), (JUNE, BAD[fault]))) == [
        (MARCH, True, MARCH, None),
        (JUNE, False, MARCH, fault),
    ]


@pytest.mark.parametrize("fault", FAULTS)
def test_between_re_ratings_only_what_cannot_wait_strikes_off(fault: str) -> None:
    found = listed(told((MARCH, {}), (APRIL, BAD[fault])))
    assert found[1:] == [(APRIL, False, MARCH, fault) if fault in AT_ONCE else (APRIL, True, MARCH, None)]


def test_who_was_struck_off_joins_again_at_the_next_re_rating_alone() -> None:
    found = listed(told((MARCH, {}), (APRIL, BAD["hard_event"]), (MAY, {}), (JUNE, {})))
    assert found == [(MARCH, True, MARCH, None), (APRIL, False, MARCH, "hard_event"), (JUNE, True, JUNE, None)]


def test_the_gravest_fault_is_told() -> None:
    found = listed(told((MARCH, {}), (JUNE, BAD["index"] | BAD["late"] | BAD["overdue"])))
    assert found[-1][-1] == "overdue"


def test_at_the_bounds_a_customer_is_on_the_list_and_early_payers_are_not_marked_down() -> None:
    edge = {"payment_index": 78.0, "late_7_share": 0.05, "overdue": 10_000, "items": 6.0, "tenure_months": 12.0}
    assert [row[1] for row in listed(told((MARCH, edge)))] == [True]
    assert [row[1] for row in listed(told((MARCH, {"grade": "A"})))] == [True]


@pytest.mark.parametrize("short", [{"payment_index": float("nan")}, {"tenure_months": 11.0}])
def test_who_is_not_known_long_enough_is_not_on_the_list(short: dict[str, Any]) -> None:
    assert listed(told((MARCH, short))) == []


def test_who_is_reviewed_no_more_leaves_and_others_stay() -> None:
    both = pd.concat([told((MARCH, {})), told((MARCH, {}), (JUNE, {}), customer_id="C2")])
    found = accredited.renew(both, RULES)
    last = found[found["review_date"] == pd.Timestamp(JUNE)].set_index("customer_id")
    assert last["is_accredited"].to_dict() == {"C1": False, "C2": True}
    assert last["fault"].dropna().to_dict() == {"C1": "short_record"}


def test_since_the_first_re_rating_told_may_be_earlier() -> None:
    found = accredited.renew(told((APRIL, {}), (JUNE, {})), RULES)
    assert list(found["review_date"].dt.date) == [JUNE], "nobody joins between re-ratings"
    assert list(found["is_older"]) == [True]
    later = accredited.renew(told((MARCH, BAD["late"]), (JUNE, {})), RULES)
    assert list(later["is_older"]) == [False]


def test_a_list_of_the_past_is_the_same_however_long_the_history_went_on() -> None:
    days: list[tuple[date, dict[str, Any]]] = [(MARCH, {}), (APRIL, {}), (MAY, BAD["override"]), (JUNE, {})]
    whole, part = (accredited.renew(told(*days[:count]), RULES) for count in (4, 2))
    pd.testing.assert_frame_equal(whole[whole["review_date"] <= pd.Timestamp(APRIL)], part)
