"""A made-up but consistent distributor and its customers, written as exports with the expected numbers beside them.

The same seed gives the same bytes on every machine. What customers do has causes that only the truth file names: what kind of payer
each is, when its trouble begins, which anomalies were planted; it also says what a correct reader must find open. So demos, tests and
benchmarks need no real data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from receivables.world import canonical, fbl5n, fbl5n_lines, odoo, truth
from receivables.world.ledger import Ledger, build
from receivables.world.specify import World
from receivables.world.tables import Announce, silence
from receivables.world.valuation import value


@dataclass(frozen=True)
class SampleSummary:
    """What was written; `open_local_total` is in ledger currency on `as_of`."""

    files: tuple[Path, ...]
    documents: int
    payments: int
    allocations: int
    open_local_total: Decimal
    as_of: date


def generate(out: Path, world: World, announce: Announce = silence) -> SampleSummary:
    """Write one company's business and its truth file into the folder `out`.

    The canonical dialect says everything, and announces each table before it writes it; the others hold the ledger alone, in their own
    terms. All keep their ledger in EUR.

    Raises:
        UsageError: the dialect or preset is unknown, or a size makes no world.
    """
    ledger = build(world.spec())
    out.mkdir(parents=True, exist_ok=True)
    return _list(ledger, out, world.as_of) if world.dialect == "sap_fbl5n" else _replayed(ledger, world, out, announce)


def _replayed(ledger: Ledger, world: World, out: Path, announce: Announce) -> SampleSummary:
    """Write a dialect that says enough for the ledger to be replayed to any date."""
    values = value(ledger)
    if world.dialect == "odoo":
        files, ids = odoo.write(ledger, values, out), odoo.customer_ids(ledger)
    else:
        files, ids = canonical.write(ledger, values, out, announce), canonical.customer_ids(ledger)
    told = truth.replayed(ledger, values, ids)
    happened = truth.events(ledger, values)
    content = {**truth.head(ledger, world.dialect, ids), "events": happened, "positions": told}
    files.append(truth.write(out, content))
    return SampleSummary(
        files=tuple(files),
        documents=len(ledger.documents),
        payments=len(ledger.receipts),
        allocations=len(ledger.allocations) + happened["fx_differences"],
        open_local_total=Decimal(told[str(world.as_of)]["open_local_total"]),
        as_of=world.as_of,
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
