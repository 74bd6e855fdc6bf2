"""Differences planted into stated balances, each alone and two at a time: the cause that was planted explains them, to the cent, and no other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pytest

from factories import allocation, company, document, lake_tables, money, payment
from receivables.engine import run_models
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from factories import Row

STATED: Final = date(2026, 6, 30)
AS_OF: Final = date(2026, 7, 31)
LATER: Final = date(2026, 7, 2)
SOON: Final = {"doc_date": date(2026, 7, 3)}

Ledger = dict[str, list["Row"]]

PLANTS: Final[dict[str, tuple[str, Decimal, dict[str, list[tuple[Any, ...]]]]]] = {
    "unapplied_receipt": ("unallocated", Decimal(-30), {"payment": [("P", 30, {})]}),
    "unallocated_credit": ("unallocated", Decimal(-20), {"document": [("N", -20, {})]}),
    "after_cutoff": ("timing", Decimal("-41.5"), {"document": [("L", "41.5", SOON)]}),
    "closing_tolerance": (
        "tolerance",
        Decimal("-0.37"),
        {
            "document": [("T", 90, {})],
            "payment": [("PT", "89.63", {})],
            "allocation": [("AT", "89.63", {"from_payment_id": "PT", "to_doc_id": "T"})],
        },
    ),
    "reported_open": (
        "unallocated",
        Decimal(13),
        {
            "document": [("R", 100, {"reported_open_doc": money(82), "reported_as_of": STATED})],
            "payment": [("PR", 5, {})],
            "allocation": [("AR", 5, {"from_payment_id": "PR", "to_doc_id": "R"})],
        },
    ),
    "value_date": ("timing", Decimal(-64), {"payment": [("V", 64, {"pay_date": date(2026, 6, 29), "value_date": LATER})], "document": [("W", 64, {})],
                   "allocation": [("AV", 64, {"from_payment_id": "V", "to_doc_id": "W", "alloc_date": date(2026, 6, 29)})]}),
}  # fmt: skip
"""What is planted: its cause, by how much what is computed is then above what is stated, and the rows."""

LEFT: Final = {"unapplied_receipt": -30, "unallocated_credit": -20, "reported_open": 95}
"""What of a plant is computed as open, where anything is."""

CASES: Final = [(name,) for name in PLANTS] + list(combinations(PLANTS, 2))
BUILDERS: Final[dict[str, Callable[..., Row]]] = {"document": document, "payment": payment, "allocation": allocation}


def balance(company_id: str, amount: Decimal, **more: Any) -> Row:
    """What the aging report states of a company in euro."""
    row = {"as_of": STATED, "source": "report", "currency": "EUR", "basis": "erp_aging", "company_id": company_id}
    return row | {"balance_doc": amount, "balance_local": amount} | more


def ledger() -> Ledger:
    """A company per case, each with an invoice of 1,000 beside what is planted, and some in which nothing is."""
    rows: Ledger = {
        name: [] for name in ("company", "document", "payment", "allocation", "balance_assertion", "fx_rate")
    }
    for case in CASES:
        name = "+".join(case)
        rows["company"].append(company(name))
        rows["document"].append(document("D", 1000, company_id=name))
        for plant in case:
            for table, told in PLANTS[plant][2].items():
                rows[table] += [BUILDERS[table](key, amount, company_id=name, **more) for key, amount, more in told]
    return rows


def built(rows: Ledger) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    lake_tables(con, rows, AS_OF)
    run_models(con, Settings(), AS_OF)
    return con


@pytest.fixture(scope="module")
def tied() -> Iterator[dict[str, dict[str, Any]]]:
    rows = ledger()
    rows["balance_assertion"] = [
        balance("+".join(case), Decimal(1000) + sum(LEFT.get(plant, 0) - PLANTS[plant][1] for plant in case))
        for case in CASES
    ]
    for name, extra in (("ties", 0), ("unknown cause", 7)):
        rows["company"].append(company(name))
        rows["document"].append(document("D", 100, company_id=name))
        rows["payment"].append(payment("P", 30, company_id=name))
        rows["balance_assertion"].append(balance(name, Decimal(70 + extra)))
    revalued(rows)
    with built(rows) as con:
        found = con.execute("select * from marts.tie_out").fetchall()
        names = [column[0] for column in con.description or ()]
        yield {row["company_id"]: row for row in (dict(zip(names, values, strict=True)) for values in found)}


def revalued(rows: Ledger) -> None:
    """A general ledger with a posted revaluation, and an aging report at the closing rate."""
    for name, basis, stated in (("revaluation", "gl", 87), ("closing_rate", "erp_aging", 95)):
        rows["company"].append(company(name))
        rows["document"].append(document("U", 100, company_id=name, currency="USD", rate="0.9"))
        rows["balance_assertion"].append(
            balance(name, Decimal(100), currency="USD", basis=basis, balance_local=Decimal(stated))
        )
    revaluation = {"company_id": "revaluation", "currency": "USD", "kind": "fx_revaluation", "amount_local": money(-3)}
    rows["document"].append(document("R", 0, **revaluation))
    rate = {
        "from_currency": "USD",
        "to_currency": "EUR",
        "rate_date": date(2026, 6, 26),
        "rate_type": "M",
        "rate": Decimal("0.95"),
    }
    rows["fx_rate"].append({"company_id": "closing_rate"} | rate)


@pytest.mark.parametrize("case", CASES, ids=["+".join(case) for case in CASES])
def test_planted_differences_are_explained_by_their_causes(
    tied: dict[str, dict[str, Any]], case: tuple[str, ...]
) -> None:
    row = tied["+".join(case)]
    assert row["verdict"] == "explained"
    assert row["reasons"].split() == sorted(case)
    for cause in ("timing", "unallocated", "fx", "tolerance", "unmatched"):
        assert row[f"{cause}_doc"] == sum(PLANTS[plant][1] for plant in case if PLANTS[plant][0] == cause), cause


def test_causes_and_what_is_unexplained_are_the_difference(tied: dict[str, dict[str, Any]]) -> None:
    causes = ("timing", "unallocated", "fx", "tolerance", "unmatched", "unexplained")
    for side in ("doc", "local"):
        for row in tied.values():
            assert row[f"difference_{side}"] == row[f"computed_{side}"] - row[f"asserted_{side}"]
            assert row[f"difference_{side}"] == sum(row[f"{cause}_{side}"] for cause in causes)


def test_nothing_is_claimed_where_it_ties_or_does_not_lead_to_the_cent(tied: dict[str, dict[str, Any]]) -> None:
    assert (tied["ties"]["verdict"], tied["ties"]["reasons"]) == ("ties", None)
    row = tied["unknown cause"]
    assert (row["verdict"], row["reasons"], row["unexplained_doc"]) == ("unexplained", None, -7)


@pytest.mark.parametrize(("case", "amount"), [("revaluation", 3), ("closing_rate", -5)])
def test_exchange_rates_explain_the_ledger_currency_alone(
    tied: dict[str, dict[str, Any]], case: str, amount: int
) -> None:
    row = tied[case]
    assert (row["verdict"], row["reasons"], row["fx_local"], row["difference_doc"]) == ("explained", case, amount, 0)
