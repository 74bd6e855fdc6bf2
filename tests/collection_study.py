"""How far the collection curve and its intervals can be trusted, measured: `RECEIVABLES_REPLICATIONS=200 python collection_study.py FILE` writes the page.

Customers are drawn anew, again and again, from many sample worlds; of each draw the product publishes its curve, which is held
against what became of all money in these worlds.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

import followed_customers
from followed_customers import AS_OF, FOLLOWED_UNTIL, HISTORY_FROM
from receivables.assets import sql_dir
from receivables.distributions import student_t
from receivables.engine import connect
from receivables.engine.duckdb import write_params
from receivables.engine.models import read_model
from receivables.judgement import judge_collection
from receivables.policy.collection import CASH, DILUTION, LOSS, TRANSFERRED
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from followed_customers import Fate, Pool
    from receivables.engine import Connection

    Floats = npt.NDArray[np.float64]

WORLDS: Final = 20
CUSTOMERS: Final = 200
INVOICES: Final = 85
DRAWN: Final = (200, 60)
"""Customers of the businesses drawn: the size of each world, and a small one."""

SEED: Final = 20221231
NOMINAL: Final = 0.95
LEAST: Final = 0.90

WINDOWS: Final = {"all": HISTORY_FROM, "24m": date(2020, 12, 31)}
"""Each published history, and the first day of what its truth was billed."""

BY_AGE: Final = (30, 90, 365)
CHANCES: Final = ((0, 30), (30, 90), (91, 365), (182, 365))


class Figure(NamedTuple):
    """One figure of a published curve; without a horizon it is the share collected by the age, else a chance of success."""

    history: str
    weight: str
    age: int
    horizon: int | None

    @property
    def name(self) -> str:
        return f"F({self.age})" if self.horizon is None else f"p({self.age}, {self.horizon})"

    def truth(self, fate: Fate) -> float:
        """What became of the money."""
        billed, by_amount = fate.since(WINDOWS[self.history]), self.weight == "amount"
        collected = billed.share(CASH, self.age, by_amount=by_amount)
        if self.horizon is None:
            return collected
        left = (
            collected,
            *(billed.share(cause, self.age, by_amount=by_amount) for cause in (LOSS, DILUTION, TRANSFERRED)),
        )
        later = billed.share(CASH, self.age + self.horizon, by_amount=by_amount)
        return (later - collected) / (1 - sum(left))


FIGURES: Final = tuple(
    Figure(history, weight, age, horizon)
    for history in WINDOWS
    for weight in ("amount", "count")
    for age, horizon in (*((age, None) for age in BY_AGE), *CHANCES)
)

_PUBLISHED: Final = """
select history, weight, age_days, null::integer, cash, cash_lo, cash_hi from marts.collection_curve where basis = 'gross' and age_days in ({ages})
union all
select history, weight, overdue_days, horizon_days, p, p_lo, p_hi from marts.collection_success
where basis = 'gross' and (overdue_days, horizon_days) in ({chances})
"""


class Product:
    """The product's curve of any customers of a pool."""

    def __init__(self, con: Connection, pool: Pool) -> None:
        self.con, self.curve = con, Settings().curve
        write_params(con, Settings())
        con.execute("delete from params.segment_kind where segment_kind <> 'company'")
        con.execute(f"set variable as_of = date '{AS_OF}'")
        con.execute((sql_dir() / "macros.sql").read_text(encoding="utf-8"))
        con.execute("create schema core")
        con.execute("create table core.company as select 'A' as company_id, 'EUR' as local_currency")
        con.register("told", pool.tranches)
        con.execute("create table pool as select * from told")
        con.unregister("told")
        self.models = [
            (name, read_model(sql_dir() / "marts" / f"{name}.sql").sql)
            for name in ("group_curve", "curve_event", "collection_point")
        ]

    def published(self, drawn: npt.NDArray[np.int64]) -> dict[Figure, tuple[float | None, float | None, float | None]]:
        """Every figure with its interval, of customers by their number in the pool; who is drawn twice is two customers."""
        con = self.con
        con.register("drawn", pa.table({"place": np.arange(len(drawn)), "customer": drawn}))
        con.execute("create schema marts")
        con.execute(
            "create table marts.exposure_tranche as select 'A' as company_id, 'C' || drawn.place as customer_id, pool.* exclude (customer)"
            " from drawn inner join pool on drawn.customer = pool.customer"
        )
        for name, sql in self.models:
            con.execute(f"create table marts.{name} as {sql}")
        judge_collection(con, self.curve)
        asked = {"ages": ", ".join(map(str, BY_AGE)), "chances": ", ".join(map(str, CHANCES))}
        found = con.execute(_PUBLISHED.format(**asked)).fetchall()
        con.execute("drop schema marts cascade")
        con.unregister("drawn")
        return {Figure(*row[:4]): row[4:] for row in found}


@dataclass(frozen=True)
class Line:
    """A figure over all draws: `values`, `errors` and `covers` (whether the interval holds the truth) of those in which it was told with an interval."""

    figure: Figure
    truth: float
    values: Floats
    errors: Floats
    covers: npt.NDArray[np.bool_]

    @property
    def bias(self) -> float:
        return float(self.values.mean() - self.truth)

    @property
    def root_mean_square(self) -> float:
        return float(np.sqrt(np.square(self.values - self.truth).mean()))

    @property
    def coverage(self) -> float:
        return float(self.covers.mean())


def measure(pool: Pool, customers: int, replications: int) -> list[Line]:
    """Draw so many customers so many times, each independently of the others, and gather what is published of them."""
    rng = np.random.default_rng((SEED, customers))
    told: dict[Figure, list[tuple[float, float, float]]] = {figure: [] for figure in FIGURES}
    with closing(connect()) as con:
        product = Product(con, pool)
        for _ in range(replications):
            for figure, (value, low, high) in product.published(rng.integers(0, pool.customers, customers)).items():
                if value is not None and low is not None and high is not None:
                    told[figure].append((value, low, high))
    return [_line(figure, figure.truth(pool.fate), np.array(told[figure]), customers) for figure in FIGURES]


def _line(figure: Figure, truth: float, told: Floats, customers: int) -> Line:
    values, low, high = told.T
    reach = (np.log(high / (1 - high)) - np.log(low / (1 - low))) / 2
    return Line(
        figure,
        truth,
        values,
        errors=reach / student_t(customers - 1) * values * (1 - values),
        covers=(low <= truth) & (truth <= high),
    )


def whole(pool: Pool) -> dict[Figure, float | None]:
    """Every figure of all customers of a pool together."""
    with closing(connect()) as con:
        return {figure: row[0] for figure, row in Product(con, pool).published(np.arange(pool.customers)).items()}


def page(pool: Pool, replications: int) -> str:
    """Measure, and tell it."""
    return page_of(pool, replications, {customers: measure(pool, customers, replications) for customers in DRAWN})


def page_of(pool: Pool, replications: int, measured: Mapping[int, Sequence[Line]]) -> str:
    """Tell what was measured, by how many customers were drawn."""
    everybody = whole(pool)
    parts = [_introduction(pool, replications)]
    for customers, lines in measured.items():
        parts += [f"## {customers} customers", _table(lines, everybody), _covered(pool, customers, lines)]
    return "\n\n".join([*parts, _reading(replications)]) + "\n"


def _introduction(pool: Pool, replications: int) -> str:
    return f"""# Bias and coverage of the collection curve

`make study` measures this page: {WORLDS} sample worlds (seeds 1 to {WORLDS}, {CUSTOMERS} customers each, {pool.customers:,} of whom anything fell due) are
told to the product, which builds as of {AS_OF}: what is settled later is open (censored), and settlements are told from {HISTORY_FROM} on,
a year after the worlds begin (delayed entry). Customers are then drawn from all of them, each independently of the others, {replications} times; of
each draw the product publishes its curve. The truth is what became of all money in these worlds, {len(pool.fate.cents):,} units of it, followed in their own
ledgers until {FOLLOWED_UNTIL}, when all has ended that ever does. For the history of 24 months it is that of the invoices of these months.

F(30) is the share collected by 30 days overdue, p(30, 90) the chance that what is open after 30 days brings cash within 90 more, both
gross of dilution. The share covered is that of the published 95 % intervals (one customer left out at a time, Student's t, logit scale)
that hold the truth. A figure is told only where at least 5 customers are at risk and none holds over half of the money."""


def _table(lines: Sequence[Line], everybody: dict[Figure, float | None]) -> str:
    head = ("history", "weight", "figure", "truth", "all customers", "bias", "RMSE", "mean error", "deviation")
    rows = [
        (
            line.figure.history,
            line.figure.weight,
            line.figure.name,
            _percent(line.truth),
            _percent(everybody[line.figure]),
            f"{100 * line.bias:+.2f}",
            f"{100 * line.root_mean_square:.2f}",
            f"{100 * line.errors.mean():.2f}",
            f"{100 * line.values.std(ddof=1):.2f}",
            _percent(line.coverage, 1) + (" ↓" if line.coverage < LEAST else ""),
            str(len(line.values)),
        )
        for line in lines
    ]
    return _markdown((*head, "covered", "told"), rows)


def _percent(share: float | None, places: int = 2) -> str:
    return "–" if share is None else f"{100 * share:.{places}f} %"


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * 3 + ["---:"] * (len(head) - 3), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _covered(pool: Pool, customers: int, lines: Sequence[Line]) -> str:
    low = [line for line in lines if line.coverage < LEAST]
    mean, least = np.mean([line.coverage for line in lines]), min(line.coverage for line in lines)
    named = ", ".join(f"{line.figure.name} of {line.figure.history} by {line.figure.weight}" for line in low)
    return (
        f"Covered on average {_percent(float(mean), 1)}, at least {_percent(least, 1)}"
        + (f"; below {_percent(LEAST, 0)} (↓): {named}." if low else ".")
        + f" By amount {customers} such customers weigh as much as {customers * _evenness(pool):.0f} equal ones would."
    )


def _evenness(pool: Pool) -> float:
    """Kish's effective number of customers by their money, as a share of their number."""
    money = np.bincount(
        pool.tranches["customer"].to_numpy(), pool.tranches["amount_local"].cast(pa.float64()).to_numpy()
    )
    return float(money.sum() ** 2 / np.square(money).sum() / len(money))


def _reading(replications: int) -> str:
    chance = 1.96 * np.sqrt(NOMINAL * (1 - NOMINAL) / replications)
    return f"""## How to read it

Bias, RMSE (root mean square error), mean error (the mean of the published standard errors) and deviation (the standard deviation of the
estimates over the draws) are percentage points. "All customers" is the product's estimate of all customers together: what it differs from
the truth by is no chance of the draw but the worlds' own change over time, as a curve of months past tells of cohorts of several years.
With {replications} draws a coverage of 95 % is measured as {100 * (NOMINAL - chance):.1f} % to {100 * (NOMINAL + chance):.1f} %.

Intervals by amount cover a little less than those by count, and less the fewer customers there are: a few hold most of the money, and a
draw that happens to hold no large late payer (or one more than its share) shows that neither in its estimate nor in how far its customers
differ. Leaving a customer out cannot tell what is not there; more customers can, as the two tables show. For the same reason chances
among few customers, ratios of two sums of money, are a little too low by amount."""


def main() -> None:
    """Write the page to the file named on the command line."""
    replications, target = int(os.environ.get("RECEIVABLES_REPLICATIONS", "200")), Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        pool = followed_customers.pool(Path(folder), worlds=WORLDS, customers=CUSTOMERS, invoices=INVOICES)
        target.write_text(page(pool, replications), encoding="utf-8")


if __name__ == "__main__":
    main()
