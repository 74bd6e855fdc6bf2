"""What models whose rows are taken over may read: where one reads more, its rows may follow from more than what was told of their items."""

from __future__ import annotations

from typing import Final

import pytest

from receivables.engine import KEPT
from receivables.engine.increment import LEDGER, OF_PERIODS
from receivables.engine.models import Model, models, reading_others, reads

LOCAL: Final = [model for model in models() if model.full_name in KEPT]
BUILT_WHOLE: Final = {
    "core.company_basis": "basis, only_as_of: held against what they were",
    "core.dispute": "opened, closed: held against what they were",
    "entries.allocation_told": "has no row where anything is taken over",
    "entries.item_told": "has no row where anything is taken over",
    "marts.allocation_refused": "of period ends, each of which is as it was for items that nobody touched",
    "marts.period": "which period ends there are, and nothing else of it",
    "params.aging": "settings",
    "params.bucket": "settings",
    "params.business_day": "of years that both builds have: the as-of dates are of one year",
    "params.ledger": "settings",
    "staging.customer": "terms: held against what they were",
    "staging.payment_terms": "held against what they were",
}
"""What local models read beside items, with why no row of an item that is not touched changes by it."""


@pytest.mark.parametrize("model", LOCAL, ids=lambda model: model.full_name)
def test_a_local_model_reads_items_and_what_is_known_not_to_move_them(model: Model) -> None:
    of_items = {one.full_name for one in models() if one.schema == "staging" and one.reads & LEDGER.keys()}
    assert model.reads - KEPT.keys() - LEDGER.keys() - of_items <= BUILT_WHOLE.keys()


@pytest.mark.parametrize("model", LOCAL, ids=lambda model: model.full_name)
def test_a_local_model_looks_at_no_date_of_the_build(model: Model) -> None:
    assert "getvariable" not in model.sql
    assert model.full_name in OF_PERIODS or "marts.period" not in model.reads


def test_what_a_query_reads_instead_is_read_wherever_it_was_and_nothing_else_is_changed() -> None:
    sql = "select * from core.document as d join core.document_line as l on d.a = l.a -- from core.document\nwhere d.b is distinct from core.document"
    other = reading_others(sql, {"core.document": "fresh"})
    assert reads(other) == {"core.document_line"}
    assert other.startswith("select * from fresh as d join core.document_line as l")
    assert other.endswith("is distinct from core.document")
