"""A small business whose customers are rated: one pays on the day, one late, one is insolvent, one is new, one left debts, one never bought."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from factories import Row, allocation, company, customer, document, payment

AS_OF: Final = date(2026, 5, 20)
"""In the middle of a quarter: scores move no grade then."""

CUSTOMERS: Final = ("punctual", "late", "insolvent", "new", "old_debt", "unheard")


def invoices(customer_id: str, count: int, days_late: int | None) -> dict[str, list[Row]]:
    """So many monthly invoices of 1,000 from the end of 2024 on, each paid so many days after it was due, or never."""
    rows: dict[str, list[Row]] = {"document": [], "payment": [], "allocation": []}
    for number in range(count):
        key, issued = f"{customer_id}{number}", date(2024, 11, 1) + timedelta(days=30 * number)
        due = issued + timedelta(days=30)
        rows["document"].append(document(key, 1000, customer_id=customer_id, doc_date=issued, due_date=due))
        if days_late is None or (paid := due + timedelta(days=days_late)) > AS_OF:
            continue
        rows["payment"].append(payment(f"P{key}", 1000, customer_id=customer_id, pay_date=paid))
        rows["allocation"].append(
            allocation(f"A{key}", 1000, from_payment_id=f"P{key}", to_doc_id=key, alloc_date=paid)
        )
    return rows


def business() -> dict[str, list[Row]]:
    parts = [
        invoices("punctual", 18, 0),
        invoices("late", 18, 40),
        invoices("insolvent", 18, 0),
        invoices("new", 2, 0),
        invoices("old_debt", 4, None),
    ]
    told = {name: [row for part in parts for row in part[name]] for name in ("document", "payment", "allocation")}
    by = {"company_id": "ES01"}
    event = by | {"customer_id": "insolvent", "event_date": AS_OF, "kind": "insolvency", "event_id": "E1"}
    facts = by | {"as_of": date(2025, 12, 31), "founded_date": date(2000, 1, 1), "registered_capital": Decimal(100)}
    file = [facts | {"customer_id": name, "paid_in_capital": Decimal(100)} for name in ("late", "unheard")]
    return {
        **told,
        "company": [company()],
        "customer": [customer(name) for name in CUSTOMERS],
        "customer_event": [event],
        "integrity_file": file,
    }
