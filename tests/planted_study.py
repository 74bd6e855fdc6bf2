"""How many of the anomalies planted in sample worlds the detectors find, and what else they flag: `python planted_study.py FILE --each 40 --seeds 5` writes the page.

Each world tells one business as an export; the product reads and builds it as any night, and every sign it finds, of any day, is held against the list of what was planted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import receivables
from receivables.detectors import DETECTORS
from receivables.world import generate
from receivables.world.specify import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIRST_SEED: Final = 101
CUSTOMERS_PER_PLANT: Final = 75
"""Customers of a world for each anomaly of a kind that is asked for: as many as some kinds need to find a carrier."""

INVOICES: Final = 40
SLACK_DAYS: Final = 60
"""Days after an anomaly within which a sign of it still counts as found: promises, claims and confirmations are waited for that long."""

SETTINGS: Final = """
[contracts]
enabled = false
[aging]
month_ends = 1
[report]
customer_pages = "off"
"""

FOUND_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "cross_region": ("cross_region",),
    "price_dumping": ("price_dumping", "clearance"),
    "clearance": ("clearance", "price_dumping"),
    "price_off_contract": ("price_off_contract",),
    "up_to_limit": ("up_to_limit",),
    "dormant_return": ("dormant_return",),
    "punctual_asks_deferral": ("punctual_asks_deferral",),
    "punctual_asks_instalments": ("punctual_asks_instalments",),
    "contact_change": ("contact_changed",),
    "signatory_change": ("signatory_changed",),
    "legal_rep_change": ("legal_representative_changed",),
    "bank_change": ("bank_changed",),
    "address_change": ("address_changed",),
    "organisation_abolished": ("organisation_abolished",),
    "confirmation_missing": ("confirmation_missing",),
    "scope_change": ("scope_changed",),
    "relocation": ("relocation",),
    "closure": ("closure",),
    "insolvency": ("insolvency",),
    "demolition": ("demolition",),
    "batch_breach": ("batch_breach",),
    "credit_on_cash_terms": ("credit_on_cash_terms",),
    "concession_overrun": ("concession_overrun",),
    "no_written_term": ("no_written_term",),
    "duplicate_invoice": ("duplicate_invoice",),
    "duplicate_payment": ("duplicate_payment",),
    "re_aging": ("re_aging",),
    "due_date_edit": ("due_date_edited",),
    "claimed_payment": ("claimed_payment",),
    "broken_promises": ("broken_promises",),
    "payer_changed": ("payer_changed",),
}
"""By which detectors an anomaly is found; those of buying and of drift are statistical, and have a study of their own."""


@dataclass
class Tally:
    """What became of one kind of anomaly over all worlds: planted, found, and customers without it that its detectors flag too."""

    planted: int = 0
    found: int = 0
    missed: list[str] = field(default_factory=list)
    others: set[tuple[int, str]] = field(default_factory=set)

    @property
    def recall(self) -> float:
        """The share found."""
        return self.found / self.planted if self.planted else float("nan")


@dataclass(frozen=True)
class Study:
    """Tallies by kind, and over how many months of customers that carry no plant."""

    tallies: Mapping[str, Tally]
    months: int
    worlds: int


def studied(each: int, seeds: int, customers: int | None = None) -> Study:
    """Plant so many anomalies of every kind in each of so many worlds, and count."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    months = 0
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        size = customers or max(CUSTOMERS_PER_PLANT * each, 150)
        with tempfile.TemporaryDirectory(prefix="receivables-planted-") as folder:
            months += _one_world(
                Path(folder), World(size, seed, invoices_per_customer=INVOICES, plants_per_kind=each), tallies
            )
    return Study(tallies, months, seeds)


def _one_world(folder: Path, world: World, tallies: defaultdict[str, Tally]) -> int:
    generate(folder / "world", world)
    truth = json.loads((folder / "world" / "truth.json").read_text(encoding="utf-8"))
    (folder / "world" / "truth.json").unlink()
    home = folder / "home"
    receivables.init(home)
    (home / "receivables.toml").write_text(SETTINGS, encoding="utf-8")
    receivables.nightly(home, inbox=folder / "world", deliver=False)
    signs = _signs(home)
    for plant in truth["planted"]:
        plant["customer_id"] = f"{truth['company_id']}:{plant['customer_id']}"
        if plant["kind"] in FOUND_BY:
            _count(tallies[plant["kind"]], plant, signs, world.seed)
    carriers = defaultdict(set)
    for plant in truth["planted"]:
        carriers[plant["kind"]].add(plant["customer_id"])
    for kind, detectors in FOUND_BY.items():
        flagged = {customer for detector in detectors for customer in signs.get(detector, {})}
        tallies[kind].others |= {(world.seed, customer) for customer in flagged - carriers[kind]}
    return world.months * world.customers


def _signs(home: Path) -> dict[str, dict[str, list[tuple[date, date]]]]:
    """The days of all signs, by detector and customer."""
    found: dict[str, dict[str, list[tuple[date, date]]]] = {}
    with receivables.open_warehouse(home) as warehouse:
        for one in DETECTORS.values():
            days = found.setdefault(one.id, {})
            query = (
                f"select customer_id, seen_on, coalesce(until, as_of) from {one.table} cross join (select as_of from ops.run)"
                if not one.is_test
                else ""
            )
            for customer, seen_on, until in warehouse.rows(query) if query else ():
                days.setdefault(customer, []).append((seen_on, until))
    return found


def _count(
    tally: Tally, plant: Mapping[str, Any], signs: Mapping[str, Mapping[str, list[tuple[date, date]]]], seed: int
) -> None:
    first, last = (date.fromisoformat(plant[name]) for name in ("from", "until"))
    days = [
        day for detector in FOUND_BY[plant["kind"]] for day in signs.get(detector, {}).get(plant["customer_id"], [])
    ]
    tally.planted += 1
    if any(first <= until and seen_on <= last + timedelta(days=SLACK_DAYS) for seen_on, until in days):
        tally.found += 1
    else:
        tally.missed.append(f"seed {seed}: {plant['customer_id']} {plant['from']}")


def page(study: Study) -> Iterable[str]:
    """The table of the study."""
    yield f"{study.worlds} worlds, {study.months:,} customer-months. Found: a sign of the anomaly's detector in its days, or in {SLACK_DAYS} days after; others: customers without this anomaly that the detector"
    yield "flags at any time, in all these years. They are no false alarms as such: the worlds have late payers, changed accounts and disputes that nobody planted."
    yield ""
    yield "| anomaly | detector | planted | found | recall | other customers flagged, per 100 customer-months |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for kind, detectors in FOUND_BY.items():
        tally = study.tallies[kind]
        others = 100 * len(tally.others) / study.months
        yield f"| {kind.replace('_', ' ')} | {', '.join(detectors)} | {tally.planted} | {tally.found} | {tally.recall:.3f} | {others:.3f} |"


def main() -> None:
    """Write the table, or print it; misses go to standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--customers", type=int)
    asked = parser.parse_args()
    study = studied(asked.each, asked.seeds, asked.customers)
    text = "\n".join(page(study)) + "\n"
    for kind, tally in study.tallies.items():
        for missed in tally.missed[:5]:
            sys.stderr.write(f"missed {kind}: {missed}\n")
    if asked.file is None:
        sys.stdout.write(text)
    else:
        asked.file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
