"""How far the practice of getting paid is kept: written terms, contact at due, goods delivered and not invoiced, not due, due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import day_or_none, int_or_none, money, money_or_none, text, total_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    import pandas as pd

TABLES: Final = ("core.company", "core.customer", "marts.kpi", "marts.customer_term", "marts.delivery_list")

LISTED: Final = 10
"""Customers and deliveries listed one by one; the rest is one line."""


@dataclass(frozen=True)
class OwedWithoutTerm:
    """A customer who owes without a valid written payment term. `state` says what is wrong with the contract, `until` when it ended."""

    customer_id: str
    name: str
    amount: Decimal
    state: str
    until: date | None


@dataclass(frozen=True)
class NotInvoiced:
    """Goods delivered and not invoiced: their value before tax, the total of their order where known, and the product of which most was delivered."""

    customer_id: str
    name: str
    delivery_id: str
    delivered_on: date | None
    goods: str | None
    other_goods: int
    amount: Decimal
    order_total: Decimal | None
    order_currency: str | None


@dataclass(frozen=True)
class Terms:
    """What is owed without a valid written term, and by whom, the largest first."""

    total: Decimal
    share: Decimal
    customers: int
    lines: tuple[OwedWithoutTerm, ...]
    others: int
    rest: Decimal


@dataclass(frozen=True)
class Deliveries:
    """Sums of the lists of deliveries, and the largest that are not invoiced."""

    not_invoiced: Decimal
    not_invoiced_count: int
    taken_back: Decimal
    not_due: Decimal
    due: Decimal
    lines: tuple[NotInvoiced, ...]
    others: int
    rest: Decimal


@dataclass(frozen=True)
class Contact:
    """How soon after due customers are contacted, and how evenly over the year; None where there is nothing to measure."""

    latency_days: Decimal | None
    median_days: Decimal | None
    uncontacted: Decimal | None
    regularity: Decimal | None


@dataclass(frozen=True)
class Practice:
    """A company's practice at the as-of date; None for what its exports do not tell."""

    company_id: str
    currency: str
    terms: Terms | None
    deliveries: Deliveries | None
    contact: Contact | None


def practices(frames: Mapping[str, pd.DataFrame], as_of: date) -> Iterable[Practice]:
    """Make the chapter of every company that tells contracts, deliveries or contacts."""
    kpi = frames["marts.kpi"]
    now = kpi[kpi["period_end"] == as_of]
    term, listed = frames["marts.customer_term"], frames["marts.delivery_list"]
    missing = term[(term["period_end"] == as_of) & (term["term_state"].fillna("valid") != "valid")]
    waiting = listed[listed["list"] == "delivered_not_invoiced"]
    names = frames["core.customer"].set_index(["company_id", "customer_id"])["name"].to_dict()
    currencies: dict[str, str] = dict(frames["core.company"][["company_id", "local_currency"]].itertuples(index=False))
    for company_id, rows in now.groupby("company_id", sort=True):
        figures = {metric: money_or_none(value) for metric, value in zip(rows["metric"], rows["value"], strict=True)}
        company = str(company_id)
        made = Practice(
            company_id=company,
            currency=currencies[company],
            terms=_terms(figures, missing[missing["company_id"] == company], names),
            deliveries=_deliveries(figures, waiting[waiting["company_id"] == company], names),
            contact=_contact(figures, rows),
        )
        if made.terms or made.deliveries or made.contact:
            yield made


def _terms(figures: Mapping[str, Decimal | None], rows: pd.DataFrame, names: Mapping[Any, Any]) -> Terms | None:
    if figures.get("without_term_total") is None:
        return None
    ordered = rows.sort_values(["owed_local", "customer_id"], ascending=[False, True])
    lines = tuple(
        OwedWithoutTerm(
            customer_id=row["customer_id"],
            name=_name(row, names),
            amount=money(row["owed_local"]),
            state=row["term_state"],
            until=day_or_none(row["valid_to"]) if row["term_state"] == "expired" else None,
        )
        for row in ordered.head(LISTED).to_dict("records")
    )
    return Terms(
        total=money(figures["without_term_total"]),
        share=money(figures.get("without_term_share")),
        customers=int(money(figures.get("customers_without_term_count"))),
        lines=lines,
        others=max(len(ordered) - LISTED, 0),
        rest=total_of(ordered["owed_local"].iloc[LISTED:]),
    )


def _deliveries(
    figures: Mapping[str, Decimal | None], rows: pd.DataFrame, names: Mapping[Any, Any]
) -> Deliveries | None:
    if figures.get("delivered_not_invoiced_total") is None:
        return None
    ordered = rows.sort_values(["value_local", "delivery_id"], ascending=[False, True])
    lines = tuple(
        NotInvoiced(
            customer_id=row["customer_id"],
            name=_name(row, names),
            delivery_id=row["delivery_id"],
            delivered_on=day_or_none(row["delivered_on"]),
            goods=text(row["goods"]),
            other_goods=max((int_or_none(row["goods_count"]) or 0) - 1, 0),
            amount=money(row["value_local"]),
            order_total=money_or_none(row["contract_total"]),
            order_currency=text(row["contract_currency"]),
        )
        for row in ordered.head(LISTED).to_dict("records")
    )
    return Deliveries(
        not_invoiced=money(figures["delivered_not_invoiced_total"]),
        not_invoiced_count=int(money(figures.get("delivered_not_invoiced_count"))),
        taken_back=money(figures.get("delivered_taken_back_total")),
        not_due=money(figures.get("delivered_not_due_total")),
        due=money(figures.get("due_total")),
        lines=lines,
        others=max(len(ordered) - LISTED, 0),
        rest=total_of(ordered["value_local"].iloc[LISTED:]),
    )


def _contact(figures: Mapping[str, Decimal | None], rows: pd.DataFrame) -> Contact | None:
    measured = rows[rows["metric"].isin(["contact_latency_days", "contact_regularity_index"])]
    if measured.empty or (measured["note"] == "needs_collection_log").any():
        return None
    return Contact(
        latency_days=figures.get("contact_latency_days"),
        median_days=figures.get("contact_latency_median_days"),
        uncontacted=figures.get("overdue_uncontacted_total"),
        regularity=figures.get("contact_regularity_index"),
    )


def _name(row: Mapping[Any, Any], names: Mapping[Any, Any]) -> str:
    return text(names.get((row["company_id"], row["customer_id"]))) or row["customer_id"]
