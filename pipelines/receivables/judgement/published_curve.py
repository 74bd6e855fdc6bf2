"""The published collection curve and the chance of success read off it: the models' estimates, with who stands behind them and how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.engine import comment
from receivables.judgement.curve_tables import BENCHMARK, CHANCE, KEYS, SHRUNK, SUPPORT

if TYPE_CHECKING:
    from receivables.engine import Connection
    from receivables.settings import Curve as CurveSettings

CURVE: Final = "marts.collection_curve"
SUCCESS: Final = "marts.collection_success"

_CURVE_GRAIN: Final = (
    "One row per history, basis, segment, weight and age, up to the last age with customers enough at risk: cumulative shares of 1 of what had been open, as in"
    " marts.collection_point, NULL where too few stand behind them (reason says why); cash_lo and cash_hi: 95 % interval, leaving out one customer at a time. cash_shrunk and"
    " so on: of a segment of a company, at the last age of each band (a setting says how wide), the shares drawn to the company's by as much as the money of some average"
    " customers (a setting) weighs against the segment's own; these rows reach as far as the company's."
)
_SUCCESS_GRAIN: Final = (
    "One row per history, basis, segment, weight, days overdue and horizon in days (NULL: ever): p, the chance that what is then open brings cash within it, with its"
    " 95 % interval; upper_bound: were all that is open at the last age told to be paid; loss: the chance of loss. NULL where it cannot be told (reason says why)."
    " benchmark_a, benchmark_d: surveys of collection agencies, to compare with and never a parameter."
)

_TOLD: Final = {"told_support": SUPPORT, "told_chance": CHANCE, "told_benchmark": BENCHMARK}


def judge_collection(con: Connection, settings: CurveSettings) -> None:
    """Write `marts.collection_curve` and `marts.collection_success` from `marts.collection_point` and `marts.exposure_tranche`."""
    if not _has_customers(con, settings.min_customers):
        for name, columns in _TOLD.items():
            told = ", ".join(f"null::{kind} as {column}" for column, kind in columns.items())
            con.execute(f"create temp view {name} as select {told} where false")
        _write(con)
        for name in _TOLD:
            con.execute(f"drop view {name}")
        return
    from receivables.judgement.collection import measure

    for name, table in zip(_TOLD, measure(con, settings), strict=True):
        con.register(name, table)
    _write(con)
    for name in _TOLD:
        con.unregister(name)


def _has_customers(con: Connection, least: int) -> bool:
    """Whether any segment may have as many customers as are needed to say something of it; most small ledgers do not."""
    ((customers,),) = con.execute(
        "select count(*) from (select distinct company_id, customer_id from marts.exposure_tranche) as customer"
    ).fetchall()
    return bool(customers >= least)


def _write(con: Connection) -> None:
    con.execute(
        f"create table {CURVE} as select point.history, point.basis, point.segment_kind, point.segment, point.company_id, point.weight, point.age_days,"
        " point.at_risk, support.customers_at_risk, support.largest_share,"
        + ", ".join(
            f"case when support.reason is null then {source} end as {name}"
            for name, source in (
                *((name, f"point.{name}") for name in ("cash", "loss", "dilution", "transferred", "open_share")),
                *((name, f"support.{name}") for name in ("cash_lo", "cash_hi")),
            )
        )
        + "".join(f", support.{name}" for name in SHRUNK)
        + ", support.reason from marts.collection_point as point inner join told_support as support"
        + " on "
        + " and ".join(f"point.{key} = support.{key}" for key in (*KEYS, "age_days"))
    )
    con.execute(
        f"create table {SUCCESS} as select told.* exclude (reason), case when told.horizon_days is null or told.horizon_days = 365 then benchmark.benchmark_a end as benchmark_a,"
        " case when told.horizon_days is null or told.horizon_days = 365 then benchmark.benchmark_d end as benchmark_d, told.reason"
        " from told_chance as told left join told_benchmark as benchmark on told.overdue_days = benchmark.overdue_days"
    )
    comment(con, CURVE, _CURVE_GRAIN)
    comment(con, SUCCESS, _SUCCESS_GRAIN)
