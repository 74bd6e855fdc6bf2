"""Aging by every date and member, in dispute and at closing rates: parts of one whole, on a ledger of known figures and on random ones."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from factories import Row, Tables, allocation, company, customer, document, lake_tables, payment
from intake_files import SINGLE
from random_ledgers import AS_OF, EXAMPLES, Ledger, ledgers
from receivables.engine import connect, run_models
from receivables.settings import Aging, Settings
from receivables.settings import Ledger as LedgerSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

WHOLE: Final = "company_id, currency, bucket"
SUMS: Final = "sum(items), sum(open_doc), sum(open_local), sum(disputed_doc), sum(disputed_local), sum(open_local_closing), sum(revaluation_local), sum(open_group)"


@contextmanager
def built(tables: Tables, day: date, chosen: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """All models over the tables."""
    with closing(connect(settings=SINGLE)) as con:
        lake_tables(con, tables, day)
        run_models(con, chosen, day)
        yield con


def rate(from_currency: str, to_currency: str, day: date, value: str) -> Row:
    return {
        "company_id": "ES01",
        "from_currency": from_currency,
        "to_currency": to_currency,
        "rate_date": day,
        "rate_type": "M",
        "rate": Decimal(value),
    }


def known_ledger() -> dict[str, list[Row]]:
    """Four invoices in part paid by the end of September 2026, one of them in dollars that have lost since."""
    return {
        "company": [company()],
        "customer": [customer()],
        "document": [
            document("I1", 1000, doc_date=date(2026, 7, 1), due_date=date(2026, 7, 31)),
            document("I2", 500, doc_date=date(2026, 8, 15), due_date=date(2026, 9, 14)),
            document("I3", 2000, doc_date=date(2026, 6, 10), due_date=date(2026, 7, 10), currency="USD", rate="0.95"),
            document("I4", 300, doc_date=date(2026, 9, 25), due_date=date(2026, 10, 25)),
        ],
        "payment": [
            payment("P1", 400, pay_date=date(2026, 8, 10)),
            payment("P2", 600, pay_date=date(2026, 10, 5)),
            payment("P3", 100, pay_date=date(2026, 9, 30)),
            payment("P4", 500, pay_date=date(2026, 9, 1), currency="USD", rate="0.95"),
        ],
        "allocation": [
            allocation("A1", 400, from_payment_id="P1", to_doc_id="I1", alloc_date=date(2026, 8, 10)),
            allocation("A2", 600, from_payment_id="P2", to_doc_id="I1", alloc_date=date(2026, 10, 5)),
            allocation("A3", 100, from_payment_id="P3", to_doc_id="I2", alloc_date=date(2026, 9, 30)),
            allocation(
                "A4", 500, amount_local=Decimal(475), from_payment_id="P4", to_doc_id="I3", alloc_date=date(2026, 9, 1)
            ),
        ],
        "fx_rate": [rate("USD", "EUR", date(2026, 9, 30), "0.90")],
    }


@pytest.mark.parametrize(
    ("basis", "buckets"),
    [
        ("due_date", {"not_due": 300, "d1_30": 400, "d61_90": 1950}),
        ("document_date", {"d1_30": 300, "d31_60": 400, "d91_180": 1950}),
    ],
)
def test_a_known_ledger_by_either_date(basis: Any, buckets: dict[str, int]) -> None:
    chosen = Settings(aging=Aging(basis=basis))
    with built(known_ledger(), date(2026, 9, 30), chosen) as con:
        items = con.execute(
            "select doc_no, open_doc, days_overdue, days_since_document from marts.open_item order by doc_no"
        ).fetchall()
        assert items == [("I1", 600, 61, 91), ("I2", 400, 16, 46), ("I3", 1500, 82, 112), ("I4", 300, -25, 5)]
        aged = con.execute("select bucket, sum(open_local_closing) from marts.aging group by bucket").fetchall()
        assert dict(aged) == buckets
        kpi = con.execute("select metric, value from marts.kpi where period_end = as_of").fetchall()
        figures = {metric: value for metric, value in kpi if metric.endswith("_total")}
        assert figures["closing_total"] == 2650
        assert figures["revaluation_total"] == -75
        # what is overdue is so by its due date, whichever date decides the bucket
        assert (figures["not_due_total"], figures["overdue_total"]) == (300, 2425)
        assert figures["no_due_date_total"] == 0


DIMENSIONS: Final = st.fixed_dictionaries(
    {
        "parent_customer_id": st.sampled_from((None, "C1", "C2", "C3", "C9")),
        "territory_id": st.sampled_from((None, "T1", "T2", "T9")),
        "salesperson": st.sampled_from((None, "S1", "S2")),
    }
)
TERRITORIES: Final = ({"territory_id": "T1", "parent_id": "T2"}, {"territory_id": "T2", "parent_id": None})
DISPUTE: Final = st.fixed_dictionaries(
    {
        "doc_id": st.integers(1, 12).map(lambda n: f"D{n}"),
        "seq": st.sampled_from((None, None, 1, 2)),
        "amount_doc": st.sampled_from((None, Decimal(1), Decimal(50), Decimal(100000))),
        "closed": st.sampled_from((None, None, AS_OF)),
    }
)


def with_members(tables: Tables, draw: st.DataObject) -> dict[str, list[Row]]:
    """A ledger whose customers and documents have members of every dimension, disputes and a rate for one of its currencies."""
    made = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    for row in made["customer"]:
        row.update(draw.draw(DIMENSIONS))
    for row in made["document"]:
        row["salesperson"] = draw.draw(st.sampled_from((None, "S1", "S3")))
    names = [row["company_id"] for row in made["company"]]
    made["territory"] = [{"company_id": name, "name": "T", **row} for name in names for row in TERRITORIES]
    made["dispute"] = [
        {"company_id": name, "dispute_id": f"X{n}", "opened": AS_OF, **row}
        for name in names
        for n, row in enumerate(draw.draw(st.lists(DISPUTE, max_size=6)))
    ]
    made["fx_rate"] = [rate("EUR", "USD", AS_OF, "1.10")]
    return made


@settings(
    derandomize=True,
    max_examples=max(EXAMPLES // 3, 1),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(ledger=ledgers(), draw=st.data())
def test_every_view_is_the_same_whole(ledger: Ledger, draw: st.DataObject) -> None:
    tables = with_members(ledger.tables, draw)
    chosen = Settings(ledger=LedgerSettings(reporting_currency=draw.draw(st.sampled_from(("", "EUR", "USD")))))
    with built(tables, AS_OF, chosen) as con:
        whole = con.execute(f"select {WHOLE}, {SUMS} from marts.aging group by {WHOLE} order by all").fetchall()
        for dimension in ("customer", "parent", "salesperson", "territory", "top_territory", "company", "currency"):
            by = f"select {WHOLE}, {SUMS} from marts.aging_by where dimension = ? group by {WHOLE} order by all"
            assert con.execute(by, [dimension]).fetchall() == whole, dimension
        for aged_by in ("due_date", "document_date", "due_date_original"):
            total = "select sum(open_doc), sum(open_local), sum(items) from"
            assert (
                con.execute(f"{total} marts.aging_by_date where aged_by = ?", [aged_by]).fetchall()
                == con.execute(f"{total} marts.aging").fetchall()
            ), aged_by
        wrong = con.execute(
            "select item_id, disputed, disputed_doc, open_doc, open_local_closing from marts.open_item"
            " where abs(disputed_doc) > abs(open_doc) or sign(disputed_doc) * sign(open_doc) < 0 or (not disputed and disputed_doc <> 0)"
            " or bucket <> bucket_due_date or (currency = 'EUR' and revaluation_local <> 0)"
            " or (currency = 'MXN') <> (open_local_closing is null)"
            " or (select reporting_currency is null from params.ledger) and open_group is not null"
        ).fetchall()
        assert wrong == []
