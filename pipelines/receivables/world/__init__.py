"""A made-up but consistent world of receivables, written as exports with the expected numbers beside them.

The same seed gives the same bytes on every machine. Customers pay by a hidden habit each; the truth file names the habit
and says what a correct reader must find open, so that demos, tests and benchmarks need no real data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from receivables.errors import UsageError, nearest
from receivables.world import canonical, fbl5n, fbl5n_lines, truth
from receivables.world.dials import CANONICAL, LIST, Spec
from receivables.world.draws import day_number
from receivables.world.ledger import Ledger, build
from receivables.world.valuation import value

DIALECTS: Final = ("canonical", "sap_fbl5n")
DEFAULT_COMPANY: Final = {"canonical": "ES01", "sap_fbl5n": "DE01"}
DEFAULT_AS_OF: Final = date(2026, 10, 31)
LEAST_MONTHS: Final = 6


@dataclass(frozen=True)
class SampleSummary:
    """What was written; `open_local_total` is in ledger currency on `as_of`."""

    files: tuple[Path, ...]
    documents: int
    payments: int
    allocations: int
    open_local_total: Decimal
    as_of: date


def generate(
    out: Path,
    *,
    customers: int,
    seed: int,
    dialect: str = "canonical",
    company_id: str | None = None,
    as_of: date = DEFAULT_AS_OF,
    months: int = 36,
    invoices_per_customer: int | None = None,
) -> SampleSummary:
    """Write one company's ledger and its truth file into the folder `out`.

    `company_id` defaults to ES01 (canonical, a Spanish company) or DE01 (sap_fbl5n, a German one); both keep their
    ledger in EUR. Without `invoices_per_customer` a large world has 500 invoices per customer, a small one fewer.

    Raises:
        UsageError: the dialect is unknown, or a size makes no world.
    """
    _check(dialect, customers, months, invoices_per_customer)
    spec = Spec(
        customers=customers,
        seed=seed,
        company_id=company_id or DEFAULT_COMPANY[dialect],
        start_day=day_number(truth.month_end_before(as_of, months)) + 1,
        as_of_day=day_number(as_of),
        invoices=customers * (invoices_per_customer or usual_invoices(customers)),
        dials=CANONICAL if dialect == "canonical" else LIST,
        home="ES" if dialect == "canonical" else "DE",
        only_codepage=None if dialect == "canonical" else fbl5n.CODEPAGE,
    )
    out.mkdir(parents=True, exist_ok=True)
    ledger = build(spec)
    return _canonical(ledger, out, as_of) if dialect == "canonical" else _list(ledger, out, as_of)


def usual_invoices(customers: int) -> int:
    """Choose the invoices per customer: 18 in a world small enough to commit, 500 from 2,000 customers on."""
    return min(500, max(18, customers // 4))


def _check(dialect: str, customers: int, months: int, invoices_per_customer: int | None) -> None:
    if dialect not in DIALECTS:
        raise UsageError(
            got=f"dialect {dialect!r}", expected=" or ".join(DIALECTS), try_=f"--dialect {nearest(dialect, DIALECTS)}"
        )
    sizes = {"customers": (customers, 1), "months": (months, LEAST_MONTHS), "invoices": (invoices_per_customer, 1)}
    for name, (size, least) in sizes.items():
        if size is not None and size < least:
            raise UsageError(got=f"{name} {size}", expected=f"at least {least}", try_=f"{least} or more {name}")


def _canonical(ledger: Ledger, out: Path, as_of: date) -> SampleSummary:
    values = value(ledger)
    files = canonical.write(ledger, values, out)
    ids = canonical.customer_ids(ledger)
    told = truth.replayed(ledger, values, ids)
    happened = truth.events(ledger, values)
    content = {**truth.head(ledger, "canonical", ids), "events": happened, "positions": told}
    files.append(truth.write(out, content))
    return SampleSummary(
        files=tuple(files),
        documents=len(ledger.documents),
        payments=len(ledger.receipts),
        allocations=len(ledger.allocations) + happened["fx_differences"],
        open_local_total=Decimal(told[str(as_of)]["open_local_total"]),
        as_of=as_of,
    )


def _list(ledger: Ledger, out: Path, as_of: date) -> SampleSummary:
    listed = fbl5n_lines.lines(ledger)
    files = [fbl5n.write(ledger, listed, out)]
    found = fbl5n.open_by_customer(ledger, listed)
    total = sum((Decimal(row["open_local"]) for row in found), Decimal("0.0000"))
    position = {"lines": len(listed.kind), "open_local_total": str(total), "open": found}
    content = {
        **truth.head(ledger, "sap_fbl5n", fbl5n.customer_ids(ledger)),
        "events": fbl5n.events(ledger, listed),
        "positions": {str(as_of): position},
    }
    files.append(truth.write(out, content))
    return SampleSummary(
        files=tuple(files),
        documents=len(ledger.documents),
        payments=len(ledger.receipts),
        allocations=len(ledger.allocations),
        open_local_total=total,
        as_of=as_of,
    )
