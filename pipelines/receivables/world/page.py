"""Describe the sample world in figures: `python -m receivables.world.page FILE` writes the page that the repository keeps."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from receivables.world import canonical
from receivables.world.curves import Ends, curves, ends
from receivables.world.customers import CustomerType
from receivables.world.draws import NONE, sum_by
from receivables.world.goods import MONTHS, PRODUCT_GROUPS
from receivables.world.ledger import Ledger, build
from receivables.world.plants import RULES, PlantKind
from receivables.world.presets import BENCHMARK_A
from receivables.world.specify import DEFAULT_AS_OF, DEFAULT_MONTHS, World
from receivables.world.valuation import value

SEED: Final = 7
CUSTOMERS: Final = 2_000
PUNCTUAL_CUSTOMERS: Final = 1_056
PUNCTUAL_INVOICES: Final = 38
"""As many customers and about as many invoices as the real ledger it is compared with."""

LATER_THAN: Final = (0, 7, 15, 30)
REAL_LATE: Final = (0.4191, 0.0674, 0.0356, 0.0221)
"""Shares of the 40,000 settled invoices of the highradius set paid later than that many days after the due date."""

REAL_TOP_TEN: Final = 0.4151
MONTH_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

TYPES: Final = {
    CustomerType.PUNCTUAL: "pays on the day or before it",
    CustomerType.SLOW: "pays every time, some weeks late",
    CustomerType.HARDSHIP: "means to pay; a crisis of some fourteen months falls upon it",
    CustomerType.CHAIN_DEBT: "waits for a debtor of its own, together with its neighbours in the chain",
    CustomerType.EVADER: "can pay and would rather not",
    CustomerType.MALICIOUS: "pays well, buys ever more, and one day pays no more",
}


def page() -> str:
    """Make the whole page."""
    told, punctual = _world("distributor", CUSTOMERS, 100), _world("punctual", PUNCTUAL_CUSTOMERS, PUNCTUAL_INVOICES)
    parts = [
        _introduction(told),
        _collected(told),
        _types(told),
        _late(punctual),
        _seasons(told),
        _planted(told),
        _written(told),
    ]
    return "\n\n".join(parts) + "\n"


def _world(preset: str, customers: int, invoices: int) -> Ledger:
    spec = World(
        customers=customers,
        seed=SEED,
        preset=preset,
        invoices_per_customer=invoices,
    ).spec()
    return build(spec)


def _percent(share: float, places: int = 1) -> str:
    return f"{100 * share:.{places}f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _introduction(told: Ledger) -> str:
    invoices, lines = len(told.copies.of), len(told.sales.lines.product)
    return f"""# The sample world

`receivables sample` writes a distributor that never was: its customers, what they order, get delivered and pay, what is said to them
and about them, and beside it all `truth.json`, which names the cause of everything. The same seed gives the same bytes on every
machine, so a number found in it can be checked.

```console
receivables sample --out world --customers {CUSTOMERS} --seed {SEED}              # late payers, long-tail losses, planted anomalies
receivables sample --out world --customers 400 --preset punctual       # nearly everybody pays, nothing is lost
receivables sample --out world --customers 60 --nights 30              # the same world told night by night
receivables sample --out world --customers 200 --dialect sap_fbl5n     # the ledger as another system exports it
```

`make world-page` measures the figures below: on the first of these ({CUSTOMERS:,} customers, {invoices:,} invoices, {lines:,} order
lines, {DEFAULT_MONTHS} months up to {DEFAULT_AS_OF}) and, for the punctual preset, on {PUNCTUAL_CUSTOMERS:,} customers with
{PUNCTUAL_INVOICES} invoices each. Everything is followed to its end, also beyond the last date in the files."""


def _collected(told: Ledger) -> str:
    found = curves(told)["all"]
    by_age = {weight: {row["age_days"]: row for row in found[weight]["ages"]} for weight in ("count", "amount")}
    rows = [
        (
            str(age),
            _percent(benchmark / 1000),
            _percent(by_age["count"][age]["collected_in_the_end"]),
            _percent(by_age["amount"][age]["collected_in_the_end"]),
            _percent(by_age["count"][age]["open"]),
            _percent(by_age["amount"][age]["open"]),
        )
        for age, benchmark in BENCHMARK_A
    ]
    head = (
        "days overdue",
        "benchmark A",
        "collected in the end, by count",
        "by amount",
        "still open, by count",
        "by amount",
    )
    return f"""## What becomes of overdue money

Of what is still open so many days after its due date, so much is collected in the end. The benchmark is the survey among members of the
Commercial Law League of America that practitioners quote; the distributor preset is made to follow it by count. By amount it strays, as
few large debts decide.

{_table(head, rows)}"""


def _types(told: Ledger) -> str:
    found, by_type = ends(told), curves(told)
    money = sum_by(told.customers.type[found.customer], found.cents, len(CustomerType))
    number = np.bincount(told.customers.type, minlength=len(CustomerType))
    rows = []
    for kind, meaning in TYPES.items():
        ages = {row["age_days"]: row for row in by_type[kind.name.lower()]["count"]["ages"]}
        rows.append(
            (
                f"{kind.name.lower().replace('_', ' ')}: {meaning}",
                _percent(number[kind] / number.sum()),
                _percent(money[kind] / money.sum()),
                _percent(ages[30]["open"]),
                _percent(ages[365]["open"], 2),
            )
        )
    head = ("type", "of the customers", "of the money", "of its invoices open after 30 days", "after a year")
    return f"""## Who the customers are

Each customer has a type that no export tells, a trajectory (steady, growing, shrinking, worsening, recovering) and, for some, a day on
which trouble begins. How late each invoice ends follows from these; excuses, promises, disputes, changes of people and losses follow in
turn from how late it ends.

{_table(head, rows)}"""


def _late(punctual: Ledger) -> str:
    found = ends(punctual)
    counted, money = _later(found), _later(found, by_amount=True)
    rows = [
        (f"more than {days} days late" if days else "late at all", _percent(real), _percent(one), _percent(other))
        for days, real, one, other in zip(LATER_THAN, REAL_LATE, counted, money, strict=True)
    ]
    rows.append(("held by the ten largest", _percent(REAL_TOP_TEN), "", _percent(_top_ten(punctual))))
    head = ("punctual preset", "real ledger, by count", "by count", "by amount")
    return f"""## How late the punctual ones pay

The second preset follows the lateness of 40,000 settled invoices of a food company (the highradius set); it loses nothing, and
nothing is planted in it.

{_table(head, rows)}"""


def _later(found: Ends, *, by_amount: bool = False) -> list[float]:
    weight = found.cents if by_amount else np.ones_like(found.cents)
    return [float(weight[found.age > days].sum() / weight.sum()) for days in LATER_THAN]


def _top_ten(ledger: Ledger) -> float:
    size = len(ledger.copies.of)
    turnover = np.sort(sum_by(ledger.documents.customer[:size], ledger.documents.local[:size], ledger.spec.customers))
    return float(turnover[-10:].sum() / turnover.sum())


def _seasons(told: Ledger) -> str:
    size = len(told.copies.of)
    month = told.documents.doc_day[:size].astype("M8[D]").astype("M8[M]").astype(np.int64) % MONTHS
    share = np.bincount(month, minlength=MONTHS) * MONTHS / size
    rows = [("all invoices", *(f"{100 * index:.0f}" for index in share))]
    rows += [(group.name, *(str(index) for index in group.season)) for group in PRODUCT_GROUPS]
    return f"""## When they buy

Per hundred of the average month: first what was measured over all invoices, then the season that each product group is sold by
(`product_season` in the files).

{_table(("", *MONTH_NAMES), rows)}"""


def _planted(told: Ledger) -> str:
    rows = [
        (kind.name.lower().replace("_", " "), RULES[kind].practice, str(len(told.plants.of(kind))))
        for kind in PlantKind
    ]
    copies = int(np.count_nonzero(told.copies.of != NONE))
    return f"""## What is planted

Each of these happens to so many customers, never two to one; `truth.json` tells to whom, when, and in which invoices. {copies} invoices
are written twice or anew.

{_table(("anomaly", "sign of practice", "planted"), rows)}"""


def _written(told: Ledger) -> str:
    names = ", ".join(f"`{name}`" for name in canonical.tables(told, value(told)))
    return f"""## What is written

The canonical dialect writes one file per table: {names}; beside them `truth.json`. `sap_fbl5n` writes one line-item list, `odoo` moves,
receivable lines, partial reconciliations and partners: the ledger alone, as far as these systems can say it.

With `--nights` there is a folder per night. The first holds the history; the later ones hold what changed (`--mode delta`) or everything
(`--mode full`). Documents and receipts are entered late, allocations backdated, amounts and due dates told wrong and put right,
cancellations, reversals and voids told late; files arrive a night or two late or twice, and on some nights not at all. `truth.json` then
tells for every night what a reader must find open, knowing what had arrived by then, and what the last night knows of earlier ones."""


def main() -> None:
    """Write the page to the file named on the command line."""
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
