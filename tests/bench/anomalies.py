"""What the statistical detectors cost, in CPU seconds by detector, of customers made up month by month: straight into the detectors, without a ledger.

Run by `make bench`. It is held against the features of a ledger with as many invoices, which `features.py` measures: 245 CPU seconds for ten million invoices, 19 for one.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from measuring import since, spent
from receivables.judgement import buying_tests
from receivables.settings import Settings

TARGET: Final = 2.0
"""Times the features of a ledger of that size."""

FEATURES_PER_MILLION: Final = 24.5
"""CPU seconds of the features of a million invoices, in a ledger of ten million."""

MONTHS: Final = 39
"""Thirty-six before the three that are tested."""

ORDERS: Final = 2.0
"""A month."""

GROUPS: Final = 12
PER_CUSTOMER: Final = 3
PAYMENTS: Final = 40
TEST_DAY: Final = np.datetime64("2026-10-31", "D")
SETTINGS: Final = Settings()
RULES: Final = SETTINGS.anomaly_buying


def names(customers: int) -> np.ndarray:
    """Ids of customers."""
    return np.array([f"ES01:C{number:07}" for number in range(customers)], dtype=object)


def buying(customers: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Months of all customers, by product group and in all."""
    name, first = names(customers), TEST_DAY.astype("M8[M]") - MONTHS + 1
    groups = np.array([f"group {number}" for number in range(GROUPS)], dtype=object)
    rate = rng.gamma(2.0, ORDERS / 2, customers)
    counts = rng.poisson(np.repeat(rate[:, np.newaxis] / PER_CUSTOMER, PER_CUSTOMER * MONTHS, axis=1))
    cell = np.flatnonzero(counts.ravel())
    who, rest = np.divmod(cell, PER_CUSTOMER * MONTHS)
    which, month = np.divmod(rest, MONTHS)
    orders = counts.ravel()[cell]
    amount = np.rint(orders * rng.lognormal(16.0, 0.8, len(cell))).astype(np.int64)
    start = (first + month).astype("M8[D]").astype("M8[s]")
    of_groups = pd.DataFrame(
        {
            "customer_id": name[who],
            "product_group": groups[(who * 7 + which * 5) % GROUPS],
            "month_start": start,
            "amount": amount,
            "square": (amount / 10_000.0) ** 2 / orders,
            "largest_id": "order",
            "largest_day": start,
            "season": 1 + 0.5 * np.sin(month.astype(float)),
        }
    )
    size = np.log(amount / orders / 10_000.0)
    whole = pd.DataFrame({"who": who, "month": month, "orders": orders, "amount": amount})
    whole = whole.assign(log_sum=orders * size, log_square_sum=orders * size**2)
    whole = whole.groupby(["who", "month"], as_index=False).sum()
    start = (first + whole["month"].to_numpy()).astype("M8[D]").astype("M8[s]")
    months = pd.DataFrame(
        {
            "customer_id": name[whole["who"].to_numpy()],
            "month_start": start,
            "orders": whole["orders"].to_numpy(),
            "amount": whole["amount"].to_numpy(),
            "sized_orders": whole["orders"].to_numpy(),
            "log_sum": whole["log_sum"].to_numpy(),
            "log_square_sum": whole["log_square_sum"].to_numpy(),
            "largest": np.rint(whole["amount"].to_numpy() / whole["orders"].to_numpy()),
            **dict.fromkeys(("largest_id", "last_id"), "order"),
            **dict.fromkeys(("largest_day", "last_day"), start),
            "history_from": first.astype("M8[D]").astype("M8[s]"),
        }
    )
    return months, of_groups


def orders_of(chosen: pd.Index, rng: np.random.Generator) -> pd.DataFrame:
    """The orders of some customers, in the two spans whose mixes are compared."""
    each = round(ORDERS * MONTHS)
    size = len(chosen) * each
    return pd.DataFrame(
        {
            "customer_id": np.repeat(chosen.to_numpy(), each),
            "item_id": [f"order {number}" for number in range(size)],
            "day": (TEST_DAY - rng.integers(0, 30 * MONTHS, size)).astype("M8[s]"),
            "product_group": [f"group {number}" for number in rng.integers(0, GROUPS, size)],
            "amount": np.rint(rng.lognormal(16.0, 0.8, size)).astype(np.int64),
        }
    )


def payments(customers: int, rng: np.random.Generator) -> pd.DataFrame:
    """Payments of all customers, one every month or so."""
    size = customers * PAYMENTS
    ago = np.tile(np.arange(PAYMENTS)[::-1] * 30, customers) + rng.integers(0, 28, size)
    return pd.DataFrame(
        {
            "customer_id": np.repeat(names(customers), PAYMENTS),
            "day": (TEST_DAY - ago).astype("M8[s]"),
            "amount": np.rint(rng.lognormal(16.0, 0.8, size)).astype(np.int64),
            "days_late": rng.normal(np.repeat(rng.normal(5, 5, customers), PAYMENTS), 6.0),
            "largest_id": "invoice",
            "customer_group": np.repeat(rng.choice(["bars", "shops", "schools"], customers), PAYMENTS),
        }
    ).sort_values(["customer_id", "day"], ignore_index=True)


def main() -> None:
    """Print CPU seconds by detector, and all of them beside the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    asked = parser.parse_args()
    rng = np.random.default_rng(20261031)
    months, groups = buying(asked.customers, rng)
    invoices = int(months["orders"].sum())
    print(f"{asked.customers:,} customers, {MONTHS} months, {invoices:,} orders, {len(groups):,} rows by product group")
    costs: dict[str, float] = {}
    begin, found = spent(), 0
    for _, signs, _ in buying_tests.tests_of_buying(groups, months, TEST_DAY, RULES):
        found += 0 if signs is None else len(signs)
    costs["off_season_bulk, repeated_bulk, order_rate_jump, large_order"] = since(begin)[0]
    begin = spent()
    mixes, _ = buying_tests.test_of_mix(groups, months, lambda chosen: orders_of(chosen, rng), TEST_DAY, RULES)
    costs["mix_change"] = since(begin)[0]
    del months, groups
    days = payments(asked.customers, rng)
    begin = spent()
    drifts, _ = buying_tests.test_of_drift(days, TEST_DAY, SETTINGS)
    costs["lateness_drift"] = since(begin)[0]
    rows = found + sum(0 if signs is None else len(signs) for signs in (mixes, drifts))
    for detector, cost in costs.items():
        print(f"{detector}: {cost:.1f} CPU s")
    all_of_them, features = sum(costs.values()), FEATURES_PER_MILLION * invoices / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"all: {all_of_them:.1f} CPU s, {rows:,} rows of signs, peak {peak:,.0f} MB with what it is made of")
    print(
        f"features of as many invoices take about {features:.0f} CPU s: {all_of_them / features:.2f} times, aimed at {TARGET:g}"
    )


if __name__ == "__main__":
    main()
