"""Tables of tranches: the published golden ones, random ones, and what the models of the collection curve make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from receivables.assets import sql_dir
from receivables.engine import connect
from receivables.engine.duckdb import write_params
from receivables.engine.models import read_model
from receivables.policy.collection import CASH, DILUTION, LOSS, OPEN, TRANSFERRED, Tranches
from receivables.settings import Ledger, Settings

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from receivables.engine import Connection
    from receivables.policy.collection import Ints
    from receivables.settings import Curve as CurveSettings

Golden = tuple[str, float, int, int]
"""Customer, amount, days overdue at the exit, cause."""

T12: Final[Sequence[Golden]] = (
    *(
        ("A", 1000, 0, 1),
        ("A", 500, 10, 1),
        ("A", 2000, 10, 1),
        ("B", 800, 10, 0),
        ("B", 1500, 30, 1),
        ("B", 1200, 45, 0),
    ),
    *(
        ("C", 4000, 60, 1),
        ("C", 600, 60, 2),
        ("C", 900, 90, 1),
        ("D", 3000, 120, 0),
        ("D", 700, 200, 1),
        ("D", 2500, 400, 0),
    ),
)
LATE: Final = {6: 30, 8: 40, 10: 100, 11: 150}
"""Tranches of T12, by place, that come under observation later than from the beginning."""
PARTS: Final[Sequence[Golden]] = (
    *(("1", 400, 5, 1), ("1", 600, 40, 1), ("2", 200, 20, 1), ("2", 300, 100, 0)),
    *(("3", 100, 15, 3), ("3", 700, 30, 1), ("4", 300, 180, 2)),
)
"""Part payments, a credit and a write-off of four invoices."""


EUROS: Final = 2
"""What a dollar is worth."""


def without_loss(rows: Sequence[Golden]) -> list[Golden]:
    """The same with losses taken as still open."""
    return [(name, weight, age, OPEN if cause == LOSS else cause) for name, weight, age, cause in rows]


def tranches(rows: Sequence[Golden], *, by_count: bool = False, late: Mapping[int, int] | None = None) -> Tranches:
    """A golden table, weighted by its amounts or each tranche alike."""
    names = sorted({name for name, *_ in rows})
    entry = np.array([(late or {}).get(place, -1) for place in range(len(rows))])
    return Tranches(
        entry_age=entry,
        exit_age=np.array([age for _, _, age, _ in rows]),
        cause=np.array([cause for *_, cause in rows]),
        weight=np.array([1.0 if by_count else float(weight) for _, weight, *_ in rows]),
        group=np.array([names.index(name) for name, *_ in rows]),
        groups=len(names),
    )


def random_tranches(seed: int) -> Tranches:
    """A table of few or many tranches, on few ages, so that most tie, or on many; from none to most come under observation late."""
    random = np.random.default_rng(seed)
    size, oldest = (int(random.choice(choices)) for choices in ((3, 12, 40, 400), (4, 40, 900)))
    exit_age = random.integers(0, oldest, size)
    is_late = random.random(size) < random.choice([0.0, 0.3, 0.9])
    groups = int(random.integers(1, 8))
    return Tranches(
        entry_age=np.where(is_late, random.integers(0, oldest, size), -1),
        exit_age=exit_age,
        cause=random.choice([OPEN, CASH, LOSS, DILUTION, TRANSFERRED], size, p=[0.25, 0.45, 0.1, 0.1, 0.1]),
        weight=random.integers(1, 50_000_000, size) / 10_000,
        group=random.integers(0, groups, size),
        groups=groups,
    )


def build_curves(
    settings: CurveSettings, tables: Mapping[str, tuple[Tranches, Ints]], in_dollars: Container[str] = ()
) -> Connection:
    """Build the models of the curve from the tranches of companies, each with the ages at which the recent curve begins to see them.

    Companies named keep their ledgers in dollars, each worth `EUROS`, the currency of the others and of all together. Groups are customers; every third has no salesperson, the others one of two; numbers 20 and above are of territory west, others of east; amounts
    below 1,000 are a band.
    """
    con = connect()
    write_params(con, Settings(curve=settings, ledger=Ledger(reporting_currency="EUR")))
    con.execute((sql_dir() / "macros.sql").read_text(encoding="utf-8"))
    con.execute("create schema core; create schema marts")
    currencies = ["USD" if company in in_dollars else "EUR" for company in tables]
    con.register("company", pa.table({"company_id": [*tables], "local_currency": currencies}))
    con.execute("create table core.company as select * from company")
    con.register(
        "given",
        pa.concat_tables(
            pa.table(
                {
                    "company_id": [company] * len(table.weight),
                    "who": table.group,
                    "amount": table.weight,
                    "in_euros": table.weight * (EUROS if company in in_dollars else 1),
                    "entry_age": table.entry_age,
                    "recent_entry_age": recent,
                    "exit_age": table.exit_age,
                    "cause": table.cause,
                }
            )
            for company, (table, recent) in tables.items()
        ),
    )
    con.execute(
        "create table marts.exposure_tranche as select company_id, company_id || ':' || who as customer_id, amount::decimal(18, 4) as amount_local,"
        " in_euros::decimal(18, 4) as amount_group, date '2026-01-01' as doc_date,"
        " entry_age::integer as entry_age, recent_entry_age::integer as recent_entry_age, exit_age::integer as exit_age, cause::integer as cause,"
        " company_id || case when who < 20 then ':east' else ':west' end as territory, case when who % 3 > 0 then 'S' || who % 3 end as salesperson, null::varchar as grade, null::varchar as terms,"
        " case when amount < 1000 then 'small' else 'large' end as amount_band, null::varchar as customer_type from given"
    )
    for name in ("group_curve", "curve_event", "collection_point"):
        con.execute(f"create table marts.{name} as {read_model(sql_dir() / 'marts' / f'{name}.sql').sql}")
    return con
