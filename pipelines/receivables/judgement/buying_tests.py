"""What the statistical detectors find in what customers bought and paid, company by company: signs with the chance of each customer, and what could not be tested."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from receivables.detectors import DETECTORS as DECLARED
from receivables.detectors import SIGN
from receivables.judgement.writing import table_of, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from receivables.engine import Connection
    from receivables.policy.buying import Cells, Chances, History, Usual
    from receivables.policy.order_size import Sizes
    from receivables.settings import AnomalyBuying, Settings

    Floats = npt.NDArray[np.float64]
    Lack = tuple[str, int, int]

DETECTORS: Final = (
    "off_season_bulk",
    "repeated_bulk",
    "order_rate_jump",
    "large_order",
    "mix_change",
    "lateness_drift",
)
SHORTAGES: Final = "marts.detector_shortage"

_SIGNS_GRAIN: Final = (
    "One row per piece of evidence of {detector} {day}, and one for each customer tested of whom there is none, without a code; columns as of every table of signs. p_value: the chance"
    " of what is so unusual of a customer whose habits are unchanged{decides}"
)
_DECIDES: Final = {
    "test": ", the same in all its rows; whether it is a flag, the false discovery rate over all tests decides.",
    "chart": " (of orders: in the month of the sign; without a code in all months tested together); what is beyond the limits that the settings tell is a flag.",
}
_AT_TEST_DAY: Final = "at the test day (marts.test_day)"
_SHORTAGES_GRAIN: Final = (
    "One row per company and chart or test that could test none of its customers: what is lacking (code: months, orders, season, product_groups, payments), how much of it"
    " the customer or company with most has, and how much it needs. A company that tells nothing of the kind has no row: what its detector needs says so."
)
_SHORTAGE: Final = pa.schema(
    [
        ("company_id", pa.string()),
        ("detector", pa.string()),
        ("code", pa.string()),
        ("has", pa.int64()),
        ("needs", pa.int64()),
    ]
)

_MONTHS: Final = """
select
  company_id, customer_id, month_start, orders, (amount_local * 10000)::bigint as amount, sized_orders, log_sum, log_square_sum, (largest_local * 10000)::bigint as largest,
  largest_id, largest_day, last_id, last_day, history_from
from marts.buying_month
order by company_id, customer_id, month_start
"""
_GROUPS: Final = """
select
  company_id, customer_id, product_group, month_start, (amount_local * 10000)::bigint as amount, amount_squares as square, largest_id, largest_day, season
from marts.buying_group_month
order by company_id, customer_id, product_group, month_start
"""
_ORDERS: Final = """
select piece.customer_id, piece.item_id, piece.day, piece.product_group, (piece.amount_local * 10000)::bigint as amount
from (
  select company_id, customer_id, item_id, day, product_group, amount_local from marts.order_piece
  union all
  select company_id, customer_id, item_id, day, product_group, amount_local from marts.invoice_piece
) as piece
inner join chosen on piece.customer_id = chosen.customer_id
where piece.company_id = ?
order by piece.customer_id, piece.item_id, piece.product_group
"""
_PAYMENTS: Final = """
select
  payment.company_id, payment.customer_id, payment.day, (payment.amount_local * 10000)::bigint as amount, payment.days_late, payment.largest_id,
  coalesce(customer.customer_group, '') as customer_group
from marts.payment_day as payment
left join core.customer as customer on payment.company_id = customer.company_id and payment.customer_id = customer.customer_id
order by payment.company_id, payment.customer_id, payment.day
"""


@dataclass(frozen=True)
class Series:
    """What statistical detectors look at, of all companies: by customer and month, with product group and without, and by day of payment."""

    months: pd.DataFrame
    groups: pd.DataFrame
    days: pd.DataFrame


def series(con: Connection) -> Series:
    """Read what was bought up to the test day, and what was paid up to the as-of date."""
    import pandas as pd

    return Series(*(pd.DataFrame(con.execute(sql).fetchnumpy()) for sql in (_MONTHS, _GROUPS, _PAYMENTS)))


def judge_buying(con: Connection, settings: Settings) -> None:
    """Write `marts.sign_<detector>` of the detectors of buying, and `marts.detector_shortage`, from what was bought up to the test day and paid up to the as-of date."""
    signs: dict[str, list[pa.Table]] = {detector: [] for detector in DETECTORS}
    shortages: list[dict[str, Any]] = []
    is_told = con.execute("select 1 from marts.buying_month limit 1").fetchall()
    is_paid = con.execute("select 1 from marts.payment_day limit 1").fetchall()
    if is_told or is_paid:
        for company_id, detector, found, lack in _found(con, settings):
            if found is not None:
                signs[detector].append(_as_table(company_id, found))
            if lack is not None:
                names = ("company_id", "detector", "code", "has", "needs")
                shortages.append(dict(zip(names, (company_id, detector, *lack), strict=True)))
    for detector, tables in signs.items():
        told = pa.concat_tables(tables) if tables else SIGN.empty_table()
        day = "at the as-of date" if detector == "lateness_drift" else _AT_TEST_DAY
        grain = _SIGNS_GRAIN.format(detector=detector, day=day, decides=_DECIDES[DECLARED[detector].kind])
        write(con, f"marts.sign_{detector}", told, grain)
    write(con, SHORTAGES, table_of(shortages, _SHORTAGE), _SHORTAGES_GRAIN)


def _as_table(company_id: str, found: pd.DataFrame) -> pa.Table:
    """Signs with all their columns, in the types of a sign."""
    import pandas as pd

    columns = []
    for column in SIGN:
        if column.name == "company_id":
            columns.append(pa.array([company_id] * len(found), pa.string()))
        elif column.name not in found:
            columns.append(pa.nulls(len(found), column.type))
        elif column.name == "amount_local":
            whole = pa.array(found[column.name].astype("Int64"), pa.int64(), from_pandas=True)
            columns.append(_money(whole))
        elif column.type == pa.date32():
            columns.append(pa.array(pd.to_datetime(found[column.name]).dt.date, pa.date32(), from_pandas=True))
        elif pa.types.is_decimal(column.type):
            columns.append(pa.array(found[column.name].round(4), pa.float64(), from_pandas=True).cast(column.type))
        else:
            columns.append(pa.array(found[column.name], column.type, from_pandas=True))
    return pa.Table.from_arrays(columns, schema=SIGN)


def _money(whole: pa.Array) -> pa.Array:
    """Amounts of units of the last decimal."""
    from decimal import Decimal

    import pyarrow.compute as pc

    unit = pa.scalar(Decimal("0.0001"), pa.decimal128(5, 4))
    return pc.multiply(whole.cast(pa.decimal128(19, 0)), unit).cast(pa.decimal128(18, 4))


def _found(con: Connection, settings: Settings) -> Iterator[tuple[str, str, pd.DataFrame | None, Lack | None]]:
    """What each detector finds in each company, or what it lacks there."""
    import numpy as np

    rules = settings.anomaly_buying
    days = con.execute("select test_day, getvariable('as_of') from marts.test_day").fetchall()
    test_day, as_of = (np.datetime64(day, "D") for day in days[0])
    told = series(con)
    for company_id, of_company in told.months.groupby("company_id", sort=True):
        of_groups = told.groups[told.groups["company_id"] == company_id]
        for detector, found, lack in tests_of_buying(of_groups, of_company, test_day, rules):
            yield str(company_id), detector, found, lack
        orders_of = partial(_orders, con, str(company_id))
        yield str(company_id), "mix_change", *test_of_mix(of_groups, of_company, orders_of, test_day, rules)
    for company_id, of_company in told.days.groupby("company_id", sort=True):
        yield str(company_id), "lateness_drift", *test_of_drift(of_company.reset_index(drop=True), as_of, settings)


# Bulk and rates ------------------------------------------------------------------------------------------------------


def tests_of_buying(
    groups: pd.DataFrame, months: pd.DataFrame, test_day: np.datetime64, rules: AnomalyBuying
) -> Iterator[tuple[str, pd.DataFrame | None, Lack | None]]:
    """What off_season_bulk, repeated_bulk, order_rate_jump and large_order find in the months of a company; frames as policy.buying and policy.order_size ask for."""
    from receivables.policy import buying, buying_signs, order_size

    past = buying.history(groups, months, test_day, rules)
    if past is None:
        needs = (rules.months_min, rules.pooled_months_min, rules.rate_months_min, rules.pooled_months_min)
        yield from ((detector, None, ("months", 0, need)) for detector, need in zip(DETECTORS, needs, strict=False))
        return
    then = _usual(past)
    now, before = buying.tested(past, then), buying.before(past, then)
    off, bulk, rate = _chances(past, then, now, before)
    sizes = order_size.sizes(months, past.customers, past.month_numbers, past.span, past.first_tested)
    large, out = _large_orders(past, now, sizes), buying.out_of_season(past, then, groups)
    told = {
        "off_season_bulk": (off, *buying.times(now)),
        "repeated_bulk": (bulk, *buying.times(now)),
        "order_rate_jump": (rate, now.orders, now.expected_orders),
        "large_order": (large, *order_size.times(sizes, buying.MONEY)),
    }
    lacks = {
        "off_season_bulk": buying.season_lacks(past, then),
        "repeated_bulk": buying.bulk_lacks(past),
        "order_rate_jump": buying.rate_lacks(past),
        "large_order": buying.bulk_lacks(past),
    }
    make = {
        "off_season_bulk": lambda tested: buying_signs.off_season_signs(tested, out, test_day, rules),
        "repeated_bulk": lambda tested: buying_signs.bulk_signs(tested, months, test_day, rules),
        "order_rate_jump": lambda tested: buying_signs.rate_signs(tested, months, test_day),
        "large_order": lambda tested: buying_signs.order_signs(
            tested.assign(usual_month=buying.told_months(past, large, *buying.times(now))["usual"]),
            months,
            out,
            test_day,
            rules,
        ),
    }
    for detector, (chance, measured, usual) in told.items():
        if chance.is_told.any():
            yield detector, make[detector](buying.told_months(past, chance, measured, usual)), None
        else:
            yield detector, None, lacks[detector]


def _usual(past: History) -> Usual:
    """What is usual, where months far from what each customer is used to count only as usual ones."""
    import numpy as np

    from receivables.policy import buying, robust_scale

    then = buying.usual(past)
    with np.errstate(invalid="ignore"):
        ratio = np.log1p(then.ratio)
    level = ratio[:, slice(*past.span)]
    apart = robust_scale.distance(ratio, *robust_scale.centre_and_scale(level))
    cut_off = robust_scale.cut_off(np.isfinite(level).sum(axis=1))
    is_unusual = np.isfinite(ratio) & (apart > cut_off[:, np.newaxis])
    return buying.usual_without(past, then, is_unusual)


def _chances(past: History, then: Usual, now: Cells, before: Cells) -> tuple[Chances, Chances, Chances]:
    """The chances of bulk out of season, of bulk, and of orders; what is seen in several of them is told by the one in which it is rarest, the first of equal ones."""
    import numpy as np

    from receivables.policy import buying, counts

    bulk, rate = _bulk_chance(now, before), _rate_chance(now, before)
    is_bulk, is_off = buying.bulk_months(past, then, now), buying.off_season_months(past, now)
    is_bulk_told, is_season_told, is_rate_told = (
        told.all(axis=1) for told in (now.is_bulk_told, now.is_season_told, now.is_rate_told)
    )
    parts = (
        (bulk, is_bulk & is_off, np.asarray(is_season_told & buying.has_off_season(past, then))),
        (bulk, is_bulk, np.asarray(is_bulk_told)),
        (rate, buying.rate_months(past, now), np.asarray(is_rate_told)),
    )
    whole = [np.where(told, counts.several(np.where(may, chance, 1.0)), 1.0) for chance, may, told in parts]
    is_rarest = np.arange(len(parts))[:, np.newaxis] == np.argmin(whole, axis=0)
    off, repeated, more = (
        buying.Chances(chance, may & rarest[:, np.newaxis], np.where(rarest, together, 1.0), told)
        for (chance, may, told), rarest, together in zip(parts, is_rarest, whole, strict=True)
    )
    return off, repeated, more


def _bulk_chance(now: Cells, before: Cells) -> Floats:
    """The chance of each month's amount, with the dispersion of past months; of customers too new for their season to be known with the assumed one where that is wider."""
    import numpy as np

    from receivables.policy import counts

    known = before.is_bulk_told & (before.expected > 0)
    told = counts.learn(before.bought[known], before.expected[known])
    size = told.size(now.expected)
    size = np.where(now.is_season_told, size, np.minimum(size, counts.ASSUMED.size(now.expected)))
    return counts.nb_tail(now.bought, now.expected, size)


def _rate_chance(now: Cells, before: Cells) -> Floats:
    """The chance of each month's orders, with what past months differed in beyond chance."""
    from receivables.policy import counts

    known = before.is_rate_told & (before.expected_orders > 0)
    spread = counts.learn_spread(before.orders[known], before.expected_orders[known], before.orders_size[known])
    return counts.nb_tail(now.orders, now.expected_orders, 1 / (1 / now.orders_size + spread))


def _large_orders(past: History, now: Cells, sizes: Sizes) -> Chances:
    """The chances of each month's largest order, and which are beyond the limit."""
    import numpy as np

    from receivables.policy import buying, order_size

    chance = order_size.chances(sizes, now.expected_orders, buying.MONEY)
    is_large = order_size.large_orders(sizes, chance, buying.MONEY, past.rules)
    is_told = now.is_bulk_told.all(axis=1) & order_size.is_known(sizes)
    together = -np.expm1(chance.shape[1] * np.log1p(-np.minimum(chance.min(axis=1), 1 - 1e-16)))
    return buying.Chances(chance, is_large, np.where(is_told, together, 1.0), is_told)


# Mixes and drift -----------------------------------------------------------------------------------------------------


def test_of_mix(
    groups: pd.DataFrame,
    months: pd.DataFrame,
    orders_of: Callable[[pd.Index[Any]], pd.DataFrame],
    test_day: np.datetime64,
    rules: AnomalyBuying,
) -> tuple[pd.DataFrame | None, Lack | None]:
    """What mix_change finds: first among all, then with the orders of those whose mix changed most; frames as policy.mix asks for."""
    from receivables.policy import mix

    mixes = mix.mixes(groups, months, test_day, rules)
    if isinstance(mixes, tuple):
        return None, mixes
    return mix.mix_signs(mixes, mix.permuted(mixes, orders_of(mix.furthest(mixes)))), None


def _orders(con: Connection, company_id: str, customers: pd.Index[Any]) -> pd.DataFrame:
    """The orders of some customers of a company by product group."""
    import pandas as pd

    con.register("chosen", pa.table({"customer_id": pa.array(customers, pa.string())}))
    orders = pd.DataFrame(con.execute(_ORDERS, [company_id]).fetchnumpy())
    con.unregister("chosen")
    return orders


def test_of_drift(
    days: pd.DataFrame, as_of: np.datetime64, settings: Settings
) -> tuple[pd.DataFrame | None, Lack | None]:
    """What lateness_drift finds in the payments of a company: frame as policy.drift asks for, with customer_group."""
    from receivables.policy import drift, shrinkage

    paid = drift.payments(days, as_of, settings.anomaly_buying)
    if not paid.is_told.any():
        return None, drift.drift_lacks(paid, settings.anomaly_buying)
    segment = days.drop_duplicates("customer_id")["customer_group"]
    cases = paid.are.astype("float64")
    prior = shrinkage.mean_prior(paid.mean, paid.variance, cases, segment, settings.shrinkage)
    usual = shrinkage.shrunk_mean(paid.mean, cases, segment, prior)
    return drift.drift_signs(paid, days, usual), None
