"""A business of two companies, four territories and three salespersons, in which every name and every sum can be told from every other."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from factories import Row, company, customer, document, payment, write_canonical

if TYPE_CHECKING:
    from pathlib import Path

AS_OF: Final = date(2026, 6, 15)

COMPANIES: Final = {"ES01": ("Olivar Ibérico S.A.", "EUR"), "MX01": ("Nopal Norteño S.A. de C.V.", "MXN")}

CUSTOMERS: Final = (
    ("ES01", "K11", "Zurbarán Abastos", "NORTE", "Begoña Iráizoz", "7103.13"),
    ("ES01", "K12", "Quevedo Hostelería", "NORTE-ALTO", "Begoña Iráizoz", "2917.71"),
    ("ES01", "K13", "云栖山酒业", "SUR", "李文澜", "5311.37"),
    ("ES01", "K14", "Wrocławski Handel", "SUR", "Begoña Iráizoz", "1709.57"),
    ("MX01", "K21", "Yucatán Bodegas", "PACIFICO", "Ximena Ōta", "88237.19"),
    ("MX01", "K22", "Jalapeño Mayoreo", "PACIFICO", "Ximena Ōta", "46511.23"),
)
"""Company, id, name, territory, salesperson, and what of an invoice of two months ago is open, overdue since this month."""

_TERRITORIES: Final = (
    ("ES01", "NORTE", "Cantábrico", None),
    ("ES01", "NORTE-ALTO", "Pirineo", "NORTE"),
    ("ES01", "SUR", "Guadalquivir", None),
    ("MX01", "PACIFICO", "Costa del Pacífico", None),
)


def tell(inbox: Path, day: date = AS_OF) -> None:
    """Put what both companies tell into a folder."""
    tables: dict[str, list[Row]] = {
        "company": [company(key, name=name, local_currency=currency) for key, (name, currency) in COMPANIES.items()],
        "territory": [
            {"company_id": key, "territory_id": territory, "name": name, "parent_id": parent}
            for key, territory, name, parent in _TERRITORIES
        ],
        "customer": [],
        "document": [],
        "payment": [],
    }
    for place, (key, customer_id, name, territory, salesperson, amount) in enumerate(CUSTOMERS, start=1):
        by = {"company_id": key, "customer_id": customer_id, "currency": COMPANIES[key][1]}
        tables["customer"].append(
            customer(customer_id, company_id=key, name=name, territory_id=territory, salesperson=salesperson)
        )
        late = day - timedelta(days=60)
        tables["document"] += [
            document(
                f"FACTURA-{customer_id}",
                amount,
                doc_date=late,
                due_date=late + timedelta(days=50),
                salesperson=salesperson,
                **by,
            ),
            # not due, and of more than one month end
            document(
                f"FUTURA-{customer_id}",
                100 * place,
                doc_date=day - timedelta(days=20),
                due_date=day + timedelta(days=30),
                **by,
            ),
        ]
        tables["payment"].append(payment(f"P{customer_id}", place, pay_date=day - timedelta(days=5), **by))
    for key in COMPANIES:
        write_canonical(inbox, tables, key, day)


def total(*customer_ids: str) -> Decimal:
    """What these customers owe in all."""
    places = {row[1]: place for place, row in enumerate(CUSTOMERS, start=1)}
    overdue = sum((Decimal(row[5]) for row in CUSTOMERS if row[1] in customer_ids), Decimal(0))
    return overdue + sum(99 * places[customer_id] for customer_id in customer_ids)
