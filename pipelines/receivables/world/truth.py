"""The truth file beside the sample: what was built in, and what a correct reader must find."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np

from receivables.world.curves import curves
from receivables.world.customers import PAY_RUNS, CustomerType, Trajectory
from receivables.world.draws import NONE, UNITS_PER_CENT, Flags, as_date, day_number
from receivables.world.expected import Position, by_bucket, by_customer, position
from receivables.world.ids import document_ids, every, order_ids
from receivables.world.ledger import Ledger
from receivables.world.names import COMPANY_NAMES
from receivables.world.plants import RULES
from receivables.world.records import CURRENCIES, AllocKind, DueSource, Kind, PayKind, Series, State, Tag
from receivables.world.valuation import Values

EARLIER_MONTHS: Final = (6, 12)
UNIDENTIFIED: Final = "(unidentified)"
UNIT: Final = Decimal("0.0001")
FILE_NAME: Final = "truth.json"
MOST_NAMED: Final = 20
"""Invoices and orders named per planted anomaly."""


def money(units: int) -> str:
    """Write ledger units as a decimal number with four places."""
    return str(Decimal(units) * UNIT)


def month_end_before(day: date, months: int) -> date:
    """Find the last day of the month that lies so many months before the month of `day`."""
    first = day.year * 12 + day.month - months
    return as_date(day_number(date(first // 12, first % 12 + 1, 1)) - 1)


def head(ledger: Ledger, dialect: str, customer_ids: list[str]) -> dict[str, Any]:
    """Say which world this is: what kind each customer is, what is planted, and what becomes of all money."""
    spec, customers = ledger.spec, ledger.customers
    return {
        "dialect": dialect,
        "preset": spec.preset.name,
        "seed": spec.seed,
        "as_of": str(as_date(spec.as_of_day)),
        "company_id": spec.company_id,
        "company": COMPANY_NAMES[spec.home],
        "local_currency": CURRENCIES[0],
        "customers": [
            {
                "customer_id": customer_id,
                "rank_by_size": int(customers.rank[row]) + 1,
                "type": CustomerType(int(customers.type[row])).name.lower(),
                "trajectory": Trajectory(int(customers.trajectory[row])).name.lower(),
                "trouble_begins": told(int(customers.turn_day[row])),
                "fails": told(int(customers.fail_day[row])),
                "pay_run": PAY_RUNS[int(customers.pay_run[row])],
                "orders_from": told(int(customers.first_day[row])),
                "orders_until": told(int(customers.end_day[row])),
            }
            for row, customer_id in enumerate(customer_ids)
        ],
        "planted": planted(ledger, customer_ids),
        "curves": curves(ledger),
    }


def planted(ledger: Ledger, customer_ids: list[str]) -> list[dict[str, Any]]:
    """List the planted anomalies: what, where, when, the invoices of that customer in those days and the orders it shows in."""
    docs = ledger.documents
    ids = document_ids(ledger, every(len(ledger.copies.of)))
    customer, day = docs.customer[: len(ids)], docs.doc_day[: len(ids)]
    found = []
    for number, plant in enumerate(ledger.plants.rows):
        touched = np.array(ledger.sales.touched.get(number, [])[:MOST_NAMED], dtype=np.int64)
        rows = np.flatnonzero((customer == plant.customer) & (day >= plant.day) & (day <= plant.until))
        found.append(
            {
                "kind": plant.kind.name.lower(),
                "practice": RULES[plant.kind].practice,
                "customer_id": customer_ids[plant.customer],
                "from": str(as_date(plant.day)),
                "until": str(as_date(plant.until)),
                "documents": ids.take(rows).to_pylist()[:MOST_NAMED],
                "orders": order_ids(touched).to_pylist(),
            }
        )
    return found


def told(day: int) -> str | None:
    """Write a day as a date; `NONE` is null."""
    return None if day == NONE else str(as_date(day))


def replayed(ledger: Ledger, values: Values, customer_ids: list[str]) -> dict[str, Any]:
    """State the open items, buckets and proof of the as-of date and of two month ends before it."""
    as_of = as_date(ledger.spec.as_of_day)
    dates = [as_of, *(month_end_before(as_of, months) for months in EARLIER_MONTHS)]
    return {str(day): position_told(position(ledger, values, day_number(day)), customer_ids) for day in dates}


def position_told(found: Position, customer_ids: list[str]) -> dict[str, Any]:
    """Tell a position: what is open in all, by bucket, by customer and currency, and why it ties."""
    legs = found.legs
    ledger_total = 2 * legs["documents"] - sum(legs.values())
    open_total = int(found.items.open_local.sum())
    return {
        "open_local_total": money(open_total),
        "buckets": {
            bucket: {"items": count, "open_local": money(units)} for bucket, count, units in by_bucket(found.items)
        },
        "proof_local": {
            **{name: money(units) for name, units in legs.items()},
            "ledger_total": money(ledger_total),
            "difference": money(open_total - ledger_total),
        },
        "open": [
            {
                "customer_id": UNIDENTIFIED if row == NONE else customer_ids[row],
                "currency": currency,
                "items": count,
                "open_doc": money(cents * UNITS_PER_CENT),
                "open_local": money(units),
            }
            for row, currency, count, cents, units in by_customer(found.items)
        ],
    }


def events(ledger: Ledger, values: Values) -> dict[str, int]:
    """Count what happens in the world, by kind of event."""
    return {**_document_events(ledger), **_receipt_events(ledger), **_allocation_events(ledger, values)}


def _number(flags: Flags) -> int:
    return int(np.count_nonzero(flags))


def _document_events(ledger: Ledger) -> dict[str, int]:
    docs, inst, alloc = ledger.documents, ledger.instalments, ledger.allocations
    cancelled, dated = docs.state == State.CANCELLED, docs.cancel_day != NONE
    credit = docs.series == Series.AB
    drawn = np.bincount(alloc.credit[alloc.credit != NONE], minlength=len(docs)) > 0
    spent = np.zeros(len(docs), dtype=np.int64)
    np.add.at(spent, alloc.credit[alloc.credit != NONE], alloc.drawn[alloc.credit != NONE])
    applied = np.bincount(inst.doc[alloc.inst], minlength=len(docs)) > 0
    return {
        "invoices": _number(docs.kind == Kind.INVOICE),
        "invoices_in_instalments": _number((inst.of > 1) & (inst.seq == 1)),
        "invoices_draft": _number(docs.state == State.DRAFT),
        "invoices_disputed": len(ledger.disputes.inst),
        "invoices_cancelled_with_date": _number(cancelled & dated),
        "invoices_cancelled_without_date": _number(cancelled & ~dated),
        "invoices_cancelled_after_cash": _number(cancelled & applied),
        "invoices_reversed": _number(docs.state == State.REVERSED),
        "invoices_posted_later": _number(docs.post_day > docs.doc_day),
        "due_dates_missing": _number(inst.due_source == DueSource.MISSING),
        "due_dates_extended": _number(inst.due_day != inst.due_original),
        "credits_used_up": _number(credit & drawn & (spent == -docs.amount)),
        "credits_used_in_part": _number(credit & drawn & (spent < -docs.amount)),
        "credits_unused": _number(credit & ~drawn),
        "credits_standalone": _number(credit & (docs.ref == NONE)),
        "refunds": _number(docs.kind == Kind.REFUND),
    }


def _receipt_events(ledger: Ledger) -> dict[str, int]:
    receipts, alloc = ledger.receipts, ledger.allocations
    paid = alloc.payment != NONE
    uses = np.bincount(alloc.payment[paid], minlength=len(receipts))
    refunded = alloc.tag == Tag.REFUND
    spent = np.zeros(len(receipts), dtype=np.int64)
    np.add.at(spent, alloc.payment[paid & ~refunded], alloc.drawn[paid & ~refunded])
    known = receipts.customer != NONE
    return {
        "receipts": len(receipts),
        "receipts_for_several": _number(uses > 1),
        "receipts_prepaid": _number(receipts.kind == PayKind.PREPAYMENT),
        "receipts_bounced": _number(receipts.reversal_day != NONE),
        "receipts_overpaid": _number((uses > 0) & (spent < receipts.amount)),
        "receipts_on_account": _number((uses == 0) & known),
        "receipts_unidentified": _number(~known),
    }


def _allocation_events(ledger: Ledger, values: Values) -> dict[str, int]:
    alloc = ledger.allocations
    tags = Counter(alloc.tag.tolist())
    late = (alloc.tag == Tag.FULL) & (alloc.day > ledger.receipts.pay_day[alloc.payment])
    return {
        "part_payments": tags[Tag.PART],
        "payments_of_the_rest": tags[Tag.REST],
        "short_payments": tags[Tag.SHORT],
        "discounts_taken": tags[Tag.DISCOUNT],
        "payments_in_other_currency": tags[Tag.CROSS],
        "payments_after_bounce": tags[Tag.REPAID],
        "payments_applied_later": _number(late),
        "allocations_voided": _number(alloc.void_day != NONE),
        "write_offs": _number(alloc.kind == AllocKind.WRITE_OFF),
        "fx_differences": _number(values.fx != 0),
    }


def write(out: Path, content: dict[str, Any]) -> Path:
    """Write the truth file as readable JSON."""
    path = out / FILE_NAME
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
