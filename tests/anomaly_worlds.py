"""What statistical detectors look at, of sample worlds in which nothing was planted: the series of a world, and copies of them into which anomalies are put."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

import receivables
from ledger_build import behind, build
from receivables import lake
from receivables.engine import connect, run_entries
from receivables.home import Home
from receivables.judgement import buying_tests
from receivables.settings import Settings
from receivables.state import State
from receivables.world import canonical, ledger
from receivables.world.customers import Trajectory
from receivables.world.draws import NONE
from receivables.world.specify import DEFAULT_AS_OF, World
from receivables.world.valuation import value

if TYPE_CHECKING:
    from receivables.engine import Connection

MODELS: Final = ("marts.buying_month", "marts.buying_group_month", "marts.payment_day", "core.customer")
_TABLES: Final = (
    *("company", "customer", "payment_terms", "payment_terms_instalment", "product", "product_season"),
    *("document", "instalment", "payment", "allocation", "sales_order", "order_line"),
)
_TOLD: Final = {
    "anomaly": {"test_weekday": DEFAULT_AS_OF.isoweekday()},
    "anomaly_buying": {"history_months": 60},
}
"""So that the series end with a whole month, and begin early enough to be looked at as of some month ends before."""

_ORDERS: Final = """
select customer_id, item_id, day, product_group, (amount_local * 10000)::bigint as amount
from marts.order_piece
order by customer_id, item_id, product_group
"""


@dataclass(frozen=True)
class Series:
    """The series of one company up to a day: as `judgement.buying_tests.Series`, and `orders` by product group."""

    months: pd.DataFrame
    groups: pd.DataFrame
    days: pd.DataFrame
    orders: pd.DataFrame
    test_day: np.datetime64

    def until(self, day: np.datetime64) -> Series:
        """The same as it was known at a month end; what was taken back later is as if taken back by then."""

        def told(frame: pd.DataFrame, name: str) -> pd.DataFrame:
            return frame[frame[name].to_numpy().astype("M8[D]") <= day].reset_index(drop=True)

        return Series(
            told(self.months, "month_start"),
            told(self.groups, "month_start"),
            told(self.days, "day"),
            told(self.orders, "day"),
            day,
        )


@dataclass(frozen=True)
class Plain:
    """A world without plants: its series, and whom the world itself makes pay or buy otherwise over time (`changing`), of them whom it makes pay later (`later`), which no file says."""

    seed: int
    series: Series
    changing: frozenset[str]
    later: frozenset[str]


def plain(seed: int, customers: int, invoices: int | None = None) -> Plain:
    """Make a world in which nothing is planted, and build what detectors look at."""
    spec = World(customers, seed, invoices_per_customer=invoices).spec()
    told = ledger.build(replace(spec, preset=replace(spec.preset, plants=False)))
    with tempfile.TemporaryDirectory(prefix="receivables-plain-") as folder:
        home = Path(folder) / "home"
        receivables.init(home)
        (home / "receivables.toml").write_text("[contracts]\nenabled = false\n", encoding="utf-8")
        (Path(folder) / "world").mkdir()
        files = canonical.write(told, value(told), Path(folder) / "world")
        receivables.ingest([path for path in files if path.name.partition("__")[0] in _TABLES], home)
        with closing(connect(temp=Path(folder) / "spill")) as con:
            series = _series(con, Home(home))
    who = told.customers
    is_later = (who.turn_day != NONE) | (who.trajectory == Trajectory.WORSENING)
    is_changing = (who.turn_day != NONE) | (who.trajectory != Trajectory.STEADY)
    names = np.array([f"{spec.company_id}:{name}" for name in canonical.customer_ids(told)])
    return Plain(seed, series, frozenset(names[is_changing].tolist()), frozenset(names[is_later].tolist()))


def _series(con: Connection, home: Home) -> Series:
    settings = Settings.model_validate(_TOLD)
    lake.snapshot(con, home.lake, State(home.state).batches())
    run_entries(con, settings, DEFAULT_AS_OF)
    build(con, behind(*MODELS), DEFAULT_AS_OF)
    told = buying_tests.series(con)
    orders = pd.DataFrame(con.execute(_ORDERS).fetchnumpy())
    return Series(told.months, told.groups, told.days, orders, np.datetime64(DEFAULT_AS_OF, "D"))
