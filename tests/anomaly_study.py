"""How often the statistical detectors find what is put into sample worlds, how soon, and what they flag where nothing was: `python anomaly_study.py FILE --each 40 --seeds 5` writes its part of the page.

A world without plants is told to the product and built up to the series that these detectors look at. Anomalies are put into copies of the series, a few customers at a
time, so that what is usual of all stays clean; then the detectors run as on a night: the control charts flag what is beyond their limits, the false discovery rate decides of all
tests. The same series untouched, at several month ends, tell false flags; payments week by week, as a sum may pass its limit and fall again between two of them.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

import anomaly_worlds
from anomaly_worlds import Plain, Series
from receivables.detectors import DETECTORS
from receivables.judgement import buying_tests
from receivables.policy import buying as policy
from receivables.policy.buying import MONEY
from receivables.policy.false_discovery import adjusted
from receivables.settings import Settings
from study_page import TESTS, table, write_chapter

FIRST_SEED: Final = 301
CHOSEN_ON: Final = "seeds 201 to 205"
"""The worlds on which limits were chosen; what the page tells is measured on others."""

MONTH_ENDS: Final = 6
SHARE_AT_A_TIME: Final = 0.025
"""Customers of a world that carry something at the same time."""

TIMES: Final = (3, 5, 8)
DAYS: Final = (5, 10, 20)
DRIFTED: Final = 6
"""The latest payments that come later."""

SETTINGS: Final = Settings()
RULES: Final = SETTINGS.anomaly_buying
RATE: Final = float(SETTINGS.anomaly.false_discovery_rate)
LEVELS: Final = (0.01, 0.05)
RECALL: Final = 0.8
ASKED_TIMES: Final = 5
ASKED_DAYS: Final = 20
FALSE_FLAGS: Final = 1
"""What was asked for before anything was measured."""


LIMITS: Final = (4.0, 4.5, 5.0, 6.0)
"""Sums beyond which there would be drift, held beside the one that is set."""

ORDER_MONTHS: Final = (50, 100, 200, 400)
"""Months in which chance alone would make one order as large, the same."""

WEEK: Final = np.timedelta64(7, "D")


class What(NamedTuple):
    """What is put in: a kind and its size."""

    kind: str
    size: int


OFF_SEASON: Final = "bulk out of season"
ANY_TIME: Final = "bulk of any time"
TWICE: Final = "bulk in two months"
DRIFT: Final = "drift"
BULK: Final = (OFF_SEASON, ANY_TIME, TWICE)
WHATS: Final = tuple(What(*each) for each in (*product(BULK, TIMES), *product((DRIFT,), DAYS)))

FINDERS: Final = {
    OFF_SEASON: ("large_order", "off_season_bulk", "repeated_bulk"),
    ANY_TIME: ("large_order", "repeated_bulk", "off_season_bulk"),
    TWICE: ("repeated_bulk", "off_season_bulk", "large_order"),
    DRIFT: ("lateness_drift",),
}
"""By which detectors each is found; of bulk either says so, as some are silent where another speaks."""


# A night of the detectors --------------------------------------------------------------------------------------------


class Flag(NamedTuple):
    """A detector, a customer, and what of it the flag is about."""

    detector: str
    customer: str
    subject: str


@dataclass(frozen=True)
class Looked:
    """What detectors find: by detector, the chance of every customer tested; what charts flag; and of all orders that may be large the chance, also where the limit set would not call them so."""

    chances: Mapping[str, pd.Series[float]]
    beyond: frozenset[Flag]
    orders: pd.DataFrame

    def __or__(self, other: Looked) -> Looked:
        """What both find, the orders of the first."""
        return Looked({**self.chances, **other.chances}, self.beyond | other.beyond, self.orders)

    @cached_property
    def flags(self) -> set[Flag]:
        """What is flagged: beyond the limit of a chart, or called by the false discovery rate over all tests of the company."""
        tests = {name: found for name, found in self.chances.items() if DETECTORS[name].is_test}
        told = [Flag(name, str(customer), str(customer)) for name, found in tests.items() for customer in found.index]
        rates = adjusted(np.concatenate([found.to_numpy() for found in tests.values()])) if tests else ()
        return set(self.beyond) | {flag for flag, rate in zip(told, rates, strict=True) if rate <= RATE}

    @cached_property
    def flagged(self) -> set[tuple[str, str]]:
        """The same by detector and customer."""
        return {flag[:2] for flag in self.flags}


NO_ORDERS: Final = pd.DataFrame({"customer_id": [], "subject": [], "p_value": []})


def buying(series: Series, mix: pd.Series[float] | None = None) -> Looked:
    """What was bought; with the chances of mix_change where they are known."""
    laxest = RULES.model_copy(update={"large_order_months": min(ORDER_MONTHS)})
    found = {
        detector: signs
        for detector, signs, _ in buying_tests.tests_of_buying(series.groups, series.months, series.test_day, laxest)
    }
    if mix is None:
        found["mix_change"], _ = buying_tests.test_of_mix(
            series.groups,
            series.months,
            lambda chosen: series.orders[series.orders["customer_id"].isin(chosen)],
            series.test_day,
            RULES,
        )
    signs = found.get("large_order")
    orders = NO_ORDERS if signs is None or "code" not in signs else signs[signs["code"].notna()]
    if signs is not None and len(orders):
        # of the months tested together, as of customers without a sign
        of_months = 1 - (1 - signs["p_value"]) ** RULES.window_months
        found["large_order"] = signs.assign(p_value=signs["p_value"].where(signs["code"].isna(), of_months))
    beyond = large(orders, int(RULES.large_order_months))
    chances = {name: _by_customer(signs) for name, signs in found.items() if signs is not None}
    return Looked(chances if mix is None else chances | {"mix_change": mix}, frozenset(beyond), orders)


def large(orders: pd.DataFrame, months: int) -> set[Flag]:
    """The orders flagged where chance makes one as large in so many months."""
    chosen = orders[orders["p_value"] * months <= 1]
    return {
        Flag("large_order", customer, subject)
        for customer, subject in zip(chosen["customer_id"], chosen["subject"], strict=True)
    }


def paying(days: pd.DataFrame, as_of: np.datetime64, limit: float | None = None) -> Looked:
    """How late it was paid; with another limit than the one set."""
    rules = RULES if limit is None else RULES.model_copy(update={"drift_limit": limit})
    signs, _ = buying_tests.test_of_drift(days, as_of, SETTINGS.model_copy(update={"anomaly_buying": rules}))
    if signs is None:
        return Looked({}, frozenset(), NO_ORDERS)
    beyond = signs["customer_id"][signs["code"].notna()] if "code" in signs else ()
    flagged = frozenset(Flag("lateness_drift", customer, customer) for customer in beyond)
    return Looked({"lateness_drift": _by_customer(signs)}, flagged, NO_ORDERS)


def _by_customer(signs: pd.DataFrame) -> pd.Series[float]:
    return signs.groupby("customer_id")["p_value"].min()


# What is put in ------------------------------------------------------------------------------------------------------


class Carrier(NamedTuple):
    """A customer, what it carries, and for bulk the months and the product group."""

    customer: str
    what: What
    months: tuple[np.datetime64, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class Night:
    """A world at a month end: its series, what is found in them untouched, and what each customer may carry."""

    series: Series
    looked: Looked

    @cached_property
    def habits(self) -> Habits:
        """What each customer does."""
        return habits(self.series)

    @cached_property
    def carriers(self) -> dict[str, list[Carrier]]:
        """By kind, all customers tested for it that are not flagged already, in every month and product group in which they may carry it."""
        return {
            kind: [
                one
                for one in self._carriers(kind)
                if not any((each, one.customer) in self.looked.flagged for each in finders)
            ]
            for kind, finders in FINDERS.items()
        }

    def _carriers(self, kind: str) -> list[Carrier]:
        if kind == DRIFT:
            return [Carrier(str(name), What(kind, 0)) for name in self.payers if name not in self.silent]
        tested = self.looked.chances.get(TESTED_BY[kind], pd.Series(dtype=float)).index
        bought, season = self.habits.level, self.habits.season
        bought = bought[bought["customer_id"].isin(tested)]
        main = bought[bought["share"] >= (0.5 if kind == OFF_SEASON else 0.0)]
        main = main.sort_values("share").drop_duplicates("customer_id", keep="last")
        months = pd.date_range(end=self.series.test_day, periods=RULES.window_months, freq="ME").to_numpy()
        found = []
        for customer, group in zip(main["customer_id"], main["product_group"], strict=True):
            for month in months.astype("M8[M]").astype("M8[D]"):
                is_out = season.get((group, calendar(month)), 1.0) < float(RULES.off_season_index_max)
                others = [other for other in months.astype("M8[M]").astype("M8[D]") if other > month]
                if kind == TWICE:
                    found += [Carrier(customer, What(kind, 0), (month, other), group) for other in others]
                elif is_out or kind == ANY_TIME:
                    found.append(Carrier(customer, What(kind, 0), (month,), group))
        return found

    @property
    def payers(self) -> list[str]:
        """Who is tested for drift."""
        return [str(name) for name in self.looked.chances["lateness_drift"].index]

    @cached_property
    def silent(self) -> set[str]:
        """Who of them has paid nothing for so long that its payments tell nothing of now."""
        last = self.series.days.groupby("customer_id")["day"].max().to_numpy().astype("M8[D]")
        who = np.sort(self.series.days["customer_id"].unique())
        ago = self.series.test_day - last > np.timedelta64(RULES.drift_recent_days, "D")
        return set(who[ago]) & set(self.payers)


TESTED_BY: Final = {OFF_SEASON: "off_season_bulk", ANY_TIME: "repeated_bulk", TWICE: "repeated_bulk"}
"""Whose customers tested may carry bulk."""


class Habits(NamedTuple):
    """What customers do: by customer and product group, what it buys in an average month (`monthly`) and the `share` of the group; by group and calendar month, the season told; by
    customer, orders in a month, and by how many days its payments differ."""

    level: pd.DataFrame
    season: Mapping[tuple[str, int], float]
    orders: pd.Series[float]
    deviation: pd.Series[float]


def habits(series: Series) -> Habits:
    """Tell them of the months before those tested, and of the payments before the latest."""
    last = series.test_day.astype("M8[M]") - RULES.window_months
    first = last - RULES.level_months + 1
    started = np.maximum(series.months.groupby("customer_id")["month_start"].min().to_numpy().astype("M8[M]"), first)
    customers = np.sort(series.months["customer_id"].unique())
    length = pd.Series(np.clip((last - started).astype(int) + 1, 1, None), customers, dtype=float)
    groups, months = (
        frame[frame["month_start"].between(first.astype("M8[D]"), last.astype("M8[D]"))]
        for frame in (series.groups, series.months)
    )
    level = pd.DataFrame(groups.groupby(["customer_id", "product_group"])["amount"].sum().reset_index())
    level["monthly"] = level["amount"] / length.reindex(level["customer_id"]).to_numpy()
    level["share"] = level["amount"] / level.groupby("customer_id")["amount"].transform("sum")
    told = series.groups.dropna(subset=["season"]).drop_duplicates(["product_group", "month_start"])
    season = zip(zip(told["product_group"], told["month_start"].dt.month, strict=True), told["season"], strict=True)
    ago = series.days.groupby("customer_id").cumcount(ascending=False)
    before = series.days[(ago >= DRIFTED) & (ago < DRIFTED + RULES.drift_baseline_max)]
    return Habits(
        level,
        dict(season),
        (months.groupby("customer_id")["orders"].sum().astype(float) / length).fillna(0.0),
        before.groupby("customer_id")["days_late"].std(),
    )


def calendar(month: np.datetime64) -> int:
    """The calendar month, January 1."""
    return int(month.astype("M8[M]").astype(int)) % 12 + 1


def with_bulk(night: Night, carriers: Iterable[Carrier]) -> Series:
    """A copy in which each carrier orders once more in each of its months: as much as makes it so many times what it usually buys in such a month, by its level and the season."""
    series, told = night.series, night.habits
    began = series.months["history_from"].iloc[0]
    months, groups, orders = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    ordered = [(one.customer, one.what, month, one.group) for one in carriers for month in one.months]
    for number, (customer, what, month, group) in enumerate(ordered):
        mine = told.level[told.level["customer_id"] == customer]
        season = [told.season.get((name, calendar(month)), 1.0) for name in mine["product_group"]]
        amount, day, item = (
            round((what.size - 1) * (mine["monthly"] * season).sum()),
            month + _TENTH,
            f"put in {number}",
        )
        row = {"customer_id": customer, "month_start": month, "amount": amount, "largest_id": item, "largest_day": day}
        size = np.log(max(amount, 1) / MONEY) * (amount > 0)
        sizes = {"sized_orders": int(amount > 0), "log_sum": size, "log_square_sum": size**2, "largest": amount}
        months.append(row | sizes | {"orders": 1, "last_id": item, "last_day": day, "history_from": began})
        of_group = {"product_group": group, "season": told.season.get((group, calendar(month)), np.nan)}
        groups.append(row | of_group | {"square": (amount / MONEY) ** 2})
        orders.append({"customer_id": customer, "item_id": item, "day": day, "product_group": group, "amount": amount})
    return Series(
        _with(series.months, months, ["customer_id", "month_start"]),
        _with(series.groups, groups, ["customer_id", "product_group", "month_start"]),
        series.days,
        _with(series.orders, orders, ["customer_id", "item_id", "product_group"]),
        series.test_day,
    )


_TENTH: Final = np.timedelta64(9, "D")


def _with(frame: pd.DataFrame, rows: list[dict[str, Any]], key: list[str]) -> pd.DataFrame:
    """With some rows more; what has the same key is one row, with the sum of what adds up, the largest order, and the first of all else."""
    if not rows:
        return frame
    mine = frame["customer_id"].isin({row["customer_id"] for row in rows})
    added = pd.concat([frame[mine], pd.DataFrame(rows)], ignore_index=True)
    how = {name: _HOW.get(str(name), "first") for name in added if name not in key}
    whole = pd.concat([frame[~mine], added.groupby(key, as_index=False).agg(how)])
    return whole.sort_values(key, ignore_index=True)


_HOW: Final[Mapping[str, str]] = {
    "largest": "max",
    **dict.fromkeys(("amount", "orders", "square", "sized_orders", "log_sum", "log_square_sum"), "sum"),
}


def with_drift(series: Series, carriers: Iterable[Carrier], known: int = DRIFTED) -> pd.DataFrame:
    """A copy of the payments in which the latest six of each carrier come later, of which only the first so many are known; the last one known is paid on the day of the last."""
    days = series.days.copy()
    days["days_late"] = days["days_late"].astype(float)
    gone = []
    for customer, what, *_ in carriers:
        rows = np.flatnonzero((days["customer_id"] == customer).to_numpy())
        latest = rows[-DRIFTED:]
        days.loc[latest, "days_late"] += what.size
        if known < DRIFTED:
            kept, lost = rows[: known - DRIFTED], rows[known - DRIFTED :]
            days.loc[kept, "day"] += days["day"].iloc[rows[-1]] - days["day"].iloc[kept[-1]]
            gone.append(lost)
    return days.drop(index=pd.Index(np.concatenate(gone))).reset_index(drop=True) if gone else days


# What is counted -----------------------------------------------------------------------------------------------------


@dataclass
class Found:
    """What became of one kind and size: found, of so many put in; by detector, and at other limits; of drift, after how many payments it was first flagged."""

    put_in: int = 0
    found: int = 0
    by_detector: Counter[str] = field(default_factory=Counter)
    at_limit: Counter[float] = field(default_factory=Counter)
    chances: list[float] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share found."""
        return self.found / self.put_in if self.put_in else float("nan")


@dataclass
class Quiet:
    """Of one detector, on untouched series: the chances of those tested at all month ends, and how many flags were raised from one to the next; the same of customers whom the world leaves as they are."""

    chances: list[float] = field(default_factory=list)
    raised: int = 0
    unchanged: list[float] = field(default_factory=list)
    unchanged_raised: int = 0

    def add(self, customers: Iterable[str], changing: Set[str]) -> None:
        """Count the customers of flags raised."""
        told = [*customers]
        self.raised += len(told)
        self.unchanged_raised += sum(customer not in changing for customer in told)


@dataclass
class Study:
    """All of it: by what was put in, also by habit of its carriers; by detector, and how many months of customers were looked at."""

    seeds: list[int]
    customers: int
    each: int
    month_ends: int
    found: defaultdict[What, Found] = field(default_factory=lambda: defaultdict(Found))
    by_habit: defaultdict[tuple[What, str], list[bool]] = field(default_factory=lambda: defaultdict(list))
    quiet: defaultdict[str, Quiet] = field(default_factory=lambda: defaultdict(Quiet))
    at_limit: defaultdict[float, Quiet] = field(default_factory=lambda: defaultdict(Quiet))
    payers: int = 0
    silent: int = 0
    later_drifts: int = 0
    natural_months: int = 0
    natural_orders: int = 0
    order_variances: list[float] = field(default_factory=list)
    usual_months: Counter[str] = field(default_factory=Counter)
    large_months: Counter[tuple[str, int]] = field(default_factory=Counter)
    months: int = 0
    unchanged_months: int = 0
    nights: int = 0
    beside: int = 0

    @property
    def false_flags(self) -> float:
        """Flags raised on untouched series, per 100 months of customers."""
        return 100 * sum(quiet.raised for quiet in self.quiet.values()) / self.months

    @property
    def unchanged_flags(self) -> float:
        """The same of customers whom the world leaves as they are."""
        return 100 * sum(quiet.unchanged_raised for quiet in self.quiet.values()) / self.unchanged_months


def studied(each: int, seeds: int, customers: int, invoices: int | None = None, month_ends: int = MONTH_ENDS) -> Study:
    """Put so many of every kind and size into each of so many worlds, and count."""
    study = Study([*range(FIRST_SEED, FIRST_SEED + seeds)], customers, each, month_ends)
    for seed in study.seeds:
        world = anomaly_worlds.plain(seed, customers, invoices)
        count_large_months(study, world.series)
        nights = untouched(study, world)
        rng = np.random.default_rng(seed)
        at_a_time = max(round(SHARE_AT_A_TIME * customers), 1)
        wanted = rng.permutation(np.repeat(np.arange(len(WHATS)), each))
        for place in range(0, len(wanted), at_a_time):
            night = nights[int(rng.integers(len(nights)))]
            put_in(study, night, _drawn(night, [WHATS[n] for n in wanted[place : place + at_a_time]], rng))
    return study


def untouched(study: Study, world: Plain) -> list[Night]:
    """Look at a world as it is at its latest month ends, a test at each, and at its payments every week between; what is flagged and was not before is raised."""
    last = world.series.test_day.astype("M8[M]")
    ends = [(last - ago + 1).astype("M8[D]") - np.timedelta64(1, "D") for ago in range(study.month_ends + 1)]
    nights = []
    for day in ends:
        series = world.series.until(day)
        nights.append(Night(series, buying(series) | paying(series.days, series.test_day)))
    for night, before in itertools.pairwise(nights):
        _count_night(study, world, night, before)
    for limit in sorted({*LIMITS, float(RULES.drift_limit)}):
        raised = list(_drifts_raised(world, ends[-1], limit))
        study.at_limit[limit].add(raised, world.changing)
        if limit == float(RULES.drift_limit):
            study.quiet["lateness_drift"].add(raised, world.changing)
            study.later_drifts += sum(customer in world.later for customer in raised)
    return nights[:-1]


def _count_night(study: Study, world: Plain, night: Night, before: Night) -> None:
    looked_at = {str(name) for found in night.looked.chances.values() for name in found.index}
    study.months += len(looked_at)
    study.unchanged_months += len(looked_at - world.changing)
    study.payers += len(night.payers)
    study.silent += len(night.silent)
    for detector, found in night.looked.chances.items():
        study.quiet[detector].chances += found.tolist()
        study.quiet[detector].unchanged += found[~found.index.isin(world.changing)].tolist()
    raised = [flag for flag in night.looked.flags - before.looked.flags if flag.detector != "lateness_drift"]
    for detector in {flag.detector for flag in raised}:
        study.quiet[detector].add([flag.customer for flag in raised if flag.detector == detector], world.changing)
    _count_natural(study, world, night)
    for months in {*ORDER_MONTHS, int(RULES.large_order_months)}:
        new = large(night.looked.orders, months) - large(before.looked.orders, months)
        study.at_limit[months].add([flag.customer for flag in new], world.changing)


def _count_natural(study: Study, world: Plain, night: Night) -> None:
    """Count, of customers left as they are, the months that hold an order as large as what is put in for five times."""
    level, month = night.habits.level, night.series.test_day.astype("M8[M]").astype("M8[D]")
    season = [night.habits.season.get((group, calendar(month)), 1.0) for group in level["product_group"]]
    usual_month = (level["monthly"] * season).groupby(level["customer_id"]).sum()
    tested = night.looked.chances["repeated_bulk"].index
    usual_month = usual_month[usual_month.index.isin(tested) & ~usual_month.index.isin(world.changing)]
    now = night.series.months[night.series.months["month_start"].to_numpy().astype("M8[D]") == month]
    largest = now.set_index("customer_id")["largest"].reindex(usual_month.index).fillna(0.0)
    study.natural_months += len(usual_month)
    study.natural_orders += int((largest >= (ASKED_TIMES - 1) * usual_month).sum())


def _drifts_raised(world: Plain, first: np.datetime64, limit: float) -> Iterable[str]:
    """Customers whose sums pass the limit, week by week."""
    before: set[Flag] | None = None
    day = world.series.test_day - (world.series.test_day - first) // WEEK * WEEK
    while day <= world.series.test_day:
        days = world.series.days
        now = set(paying(days[days["day"].to_numpy().astype("M8[D]") <= day].reset_index(drop=True), day, limit).beyond)
        if before is not None:
            yield from (flag.customer for flag in now - before)
        before, day = now, day + WEEK


def count_large_months(study: Study, series: Series) -> None:
    """Count how often untouched months come to some times what is usual, by how many orders a usual month is worth; and how far orders of a customer differ."""
    amount = series.orders.groupby(["customer_id", "item_id"])["amount"].sum()
    study.order_variances += np.log(amount[amount > 0]).groupby("customer_id").var().dropna().tolist()
    past = policy.history(series.groups, series.months, series.test_day, RULES)
    assert past is not None
    cells = policy.before(past, policy.usual(past))
    known = cells.is_bulk_told & (cells.expected > 0)
    bought, expected = cells.bought[known], cells.expected[known]
    low = 0.0
    for top, name in ORDERS:
        inside = (expected >= low) & (expected < top)
        study.usual_months[name] += int(inside.sum())
        for times in TIMES:
            study.large_months[name, times] += int((bought[inside] >= times * expected[inside]).sum())
        low = top


def _drawn(night: Night, whats: Iterable[What], rng: np.random.Generator) -> list[Carrier]:
    """A carrier for each, all of them different customers."""
    found: dict[str, Carrier] = {}
    for what in whats:
        free = [one for one in night.carriers[what.kind] if one.customer not in found]
        if free:
            chosen = free[int(rng.integers(len(free)))]
            found[chosen.customer] = chosen._replace(what=what)
    return [*found.values()]


def put_in(study: Study, night: Night, carriers: list[Carrier]) -> None:
    """Put some anomalies into a world at a month end, and count which are found."""
    bulk, drift = ([one for one in carriers if (one.what.kind == DRIFT) is late] for late in (False, True))
    day, late = night.series.test_day, with_drift(night.series, drift)
    # mixes as untouched: nothing of what is put in is looked for there, and shuffling orders takes most of the time
    looked = buying(with_bulk(night, bulk), night.looked.chances.get("mix_change")) | paying(late, day)
    at_limit = {
        limit: paying(late, day, limit).flagged - paying(night.series.days, day, limit).flagged
        for limit in {*LIMITS, float(RULES.drift_limit)}
        if drift
    }
    for months in {*ORDER_MONTHS, int(RULES.large_order_months)}:
        new = large(looked.orders, months) - large(night.looked.orders, months)
        at_limit[months] = {flag[:2] for flag in new}
    for one in carriers:
        tally, finders = study.found[one.what], FINDERS[one.what.kind]
        told = [finder for finder in finders if (finder, one.customer) in looked.flagged]
        tally.put_in += 1
        tally.found += bool(told)
        tally.by_detector.update(told)
        tally.at_limit.update(
            limit for limit, flagged in at_limit.items() if any((finder, one.customer) in flagged for finder in finders)
        )
        tally.chances.append(min(looked.chances[finder].get(one.customer, 1.0) for finder in finders))
        study.by_habit[one.what, _habit(night.habits, one)].append(bool(told))
    first = {one.customer: DRIFTED + 1 for one in drift}
    for known in range(DRIFTED, 0, -1) if drift else ():
        now = paying(with_drift(night.series, drift, known), day).flagged
        first |= {one.customer: known for one in drift if ("lateness_drift", one.customer) in now}
    for one in drift:
        study.found[one.what].delays.append(first[one.customer])
    study.nights += 1
    carrying = {one.customer for one in carriers}
    study.beside += sum(flag.customer not in carrying for flag in looked.flags - night.looked.flags)


ORDERS: Final = ((1.0, "fewer than 1 order"), (2.0, "1 to 2"), (4.0, "2 to 4"), (np.inf, "4 and more"))
SPREADS: Final = (
    (5.0, "days late differ by less than 5"),
    (10.0, "5 to 10"),
    (20.0, "10 to 20"),
    (np.inf, "20 and more"),
)


def _habit(told: Habits, one: Carrier) -> str:
    by, bands = (told.deviation, SPREADS) if one.what.kind == DRIFT else (told.orders, ORDERS)
    return next(name for top, name in bands if by[one.customer] < top or top == np.inf)


# The page ------------------------------------------------------------------------------------------------------------


def chapter(study: Study) -> str:
    """All tables, with what they are of."""
    return "\n\n".join(
        [
            _introduction(study),
            "### Found",
            _found_table(study),
            "By what is usual of the carrier, share found:",
            _habits_table(study),
            "### Flagged where nothing was put in",
            _quiet_text(study),
            _quiet_table(study),
            "### Other limits",
            _limits_text(),
            _limits_table(study, "sum beyond which there is drift", LIMITS, float(RULES.drift_limit), _DRIFTS),
            _limits_table(
                study,
                "months in which chance makes one order as large",
                ORDER_MONTHS,
                float(RULES.large_order_months),
                _ORDERED,
            ),
            "### Whether it is good enough",
            verdict(study),
            _why(study),
            "Untouched months of so many times the usual, by how many orders a usual month is worth:",
            _large_table(study),
        ]
    )


_DRIFTS: Final = (What(DRIFT, 10), What(DRIFT, ASKED_DAYS))
_ORDERED: Final = tuple(What(*each) for each in product(BULK, (5, 8)))


def _introduction(study: Study) -> str:
    times, days = (", ".join(str(size) for size in sizes) for sizes in (TIMES, DAYS))
    return f"""{len(study.seeds)} sample worlds without plants (seeds {study.seeds[0]} to {study.seeds[-1]}, {study.customers} customers each), {study.each} anomalies of each kind and size put into each, {SHARE_AT_A_TIME:.1%} of the customers at a
time, so that what is usual of all stays clean ({study.nights} nights). Limits and thresholds were chosen on other worlds ({CHOSEN_ON}). Each night is one of the last {study.month_ends} month ends; carriers are drawn from the customers that are
tested there and not flagged already. Bulk: one order more in one of the {RULES.window_months} months tested, or in each of two of them, so that the month is {times} times what the customer usually buys in such a month (its average month times the season of its product
groups); out of season it is of a group that makes half of what the customer buys, in a month in which that group has less than {RULES.off_season_index_max} of its average month. Drift: the latest {DRIFTED} payments come {days} days later.
{study.silent:,} of {study.payers:,} payers tested at the month ends had paid nothing for {RULES.drift_recent_days} days: six payments that lie so far back are no drift of that night (each would have been looked at on its own day), and nothing is put into them. Charts
(large_order, lateness_drift) flag what is beyond their limits, of the others the false discovery rate of {RATE:g} over all tests and customers decides. Seasons are told; bulk is found by whichever detector of bulk flags its carrier."""


def _share(part: float, whole: float, places: int = 2) -> str:
    return f"{part / whole:.{places}f}" if whole else "–"


def _delay(payments: list[int], share: float) -> str:
    """By how many payments a share of all carriers is found."""
    if not payments:
        return ""
    at = int(np.sort(payments)[max(int(np.ceil(share * len(payments))) - 1, 0)])
    return str(at) if at <= DRIFTED else f"over {DRIFTED}"


def _found_table(study: Study) -> str:
    head = (
        "put in",
        "size",
        "number",
        "found",
        "recall",
        "by single orders",
        "by months",
        "median delay",
        "80 % delay",
    )
    rows = []
    for what in WHATS:
        tally = study.found[what]
        orders, months = (
            max((tally.by_detector[name] for name in names), default=0)
            for names in (("large_order",), ("repeated_bulk", "off_season_bulk"))
        )
        by = [_share(part, tally.put_in) for part in (orders, months)] if what.kind in BULK else ["", ""]
        found = (str(tally.put_in), str(tally.found), _share(tally.found, tally.put_in))
        rows.append((what.kind, _size(what), *found, *by, *(_delay(tally.delays, share) for share in (0.5, 0.8))))
    return table(head, rows, names=2)


def _habits_table(study: Study) -> str:
    rows = []
    for kinds, bands in ((BULK, ORDERS), ((DRIFT,), SPREADS)):
        for what in WHATS:
            if what.kind in kinds:
                told = [study.by_habit.get((what, name), []) for _, name in bands]
                cells = [
                    f"{name}: {_share(sum(found), len(found))} of {len(found)}"
                    for (_, name), found in zip(bands, told, strict=True)
                ]
                rows.append((what.kind, _size(what), *cells))
    return table(("put in", "size", *["usual"] * len(ORDERS)), rows, names=2)


def _quiet_text(study: Study) -> str:
    drifts = study.quiet["lateness_drift"].raised
    return f"""{study.months:,} months of customers, of which {study.unchanged_months:,} of customers whom the world leaves as they are: it makes others pay later, or buy more or less, which is no false alarm. Raised: flagged at a month end (payments: in a
week) and not at the one before. Flags per 100 months of customers: {study.false_flags:.2f}; of those left as they are {study.unchanged_flags:.2f}. Of {drifts} drifts flagged {study.later_drifts} are of customers whom the world makes pay later. In nights with something put in, flags on others
that were not there before: {study.beside} in {study.nights} nights."""


def _quiet_table(study: Study) -> str:
    head = (
        "detector",
        "tested",
        *(f"p < {at:g}" for at in LEVELS),
        "raised",
        "tested, left as they are",
        *(f"p < {at:g}" for at in LEVELS),
        "raised",
    )
    rows = []
    for detector in buying_tests.DETECTORS:
        quiet = study.quiet[detector]
        cells = [detector]
        for chances, raised in ((quiet.chances, quiet.raised), (quiet.unchanged, quiet.unchanged_raised)):
            below = [_share(int((np.array(chances) < at).sum()), len(chances), 4) for at in LEVELS]
            cells += [f"{len(chances):,}", *below, str(raised)]
        rows.append(cells)
    return table(head, rows)


def _limits_text() -> str:
    return """What the charts would find and flag at other limits; in bold what is set."""


def _limits_table(study: Study, name: str, limits: Iterable[float], chosen: float, shown: Iterable[What]) -> str:
    head = (
        name,
        *(f"{what.kind} {_size(what)}" for what in shown),
        "flags per 100 customer-months",
        "of customers left as they are",
    )
    rows = []
    for limit in sorted({*limits, chosen}):
        quiet = study.at_limit[limit]
        recall = [_share(study.found[what].at_limit[limit], study.found[what].put_in) for what in shown]
        flags = (
            _share(100 * quiet.raised, study.months),
            _share(100 * quiet.unchanged_raised, study.unchanged_months),
        )
        rows.append((f"**{limit:g}**" if limit == chosen else f"{limit:g}", *recall, *flags))
    return table(head, rows)


def verdict(study: Study) -> str:
    """Each thing that was asked for, and what was measured."""
    rows = []
    for what in (What(OFF_SEASON, ASKED_TIMES), What(ANY_TIME, ASKED_TIMES), What(DRIFT, ASKED_DAYS)):
        name = f"{what.kind}, {_size(what)}: recall at least {RECALL}" + f" within {DRIFTED} payments" * (
            what.kind == DRIFT
        )
        recall = study.found[what].recall
        rows.append((name, f"{recall:.2f}", "yes" if recall >= RECALL else "no"))
    asked = f"at most {FALSE_FLAGS} false flag per 100 customer-months, all detectors of this chapter together, customers left as they are"
    told = study.unchanged_flags
    rows.append((asked, f"{told:.2f}", "yes" if told <= FALSE_FLAGS else "no"))
    return table(("asked for", "measured", "reached"), rows)


def _why(study: Study) -> str:
    months = sum(study.usual_months.values())
    large_months = _share(100 * sum(study.large_months[name, ASKED_TIMES] for _, name in ORDERS), months)
    natural = _share(100 * study.natural_orders, study.natural_months)
    spread = float(np.sqrt(np.mean(study.order_variances)))
    laxest = min(ORDER_MONTHS)
    rate = _share(100 * study.at_limit[laxest].unchanged_raised, study.unchanged_months)
    off, any_time = (
        _share(study.found[what].at_limit[laxest], study.found[what].put_in)
        for what in (What(OFF_SEASON, ASKED_TIMES), What(ANY_TIME, ASKED_TIMES))
    )
    return f"""Five times the usual is no rarity in these worlds: of untouched months {large_months} in 100 reach it (below), because a usual month is worth one or two orders, and the orders of a customer differ (standard deviation of
logarithms {spread:.2f}, so that one in twenty is {np.exp(1.645 * spread):.1f} times the usual). Single orders tell most, but {natural} in 100 untouched months of customers left as they are hold an order as large as what is put in for five times:
by size alone not all of these can be found with fewer false flags than that. The table above is the trade that is left: at one order in {laxest} months recall is {off} out of season and {any_time} of any time, and {rate} flags per
100 customer-months left as they are are false. Out of season the usual is small, and what is put in with it."""


def _large_table(study: Study) -> str:
    rows = []
    for _, name in ORDERS:
        months = study.usual_months[name]
        shares = [_share(study.large_months[name, times], months, 4) for times in TIMES]
        rows.append((name, f"{months:,}", *shares))
    return table(("orders of a usual month", "months", *(f"×{times} and more" for times in TIMES)), rows)


def _size(what: What) -> str:
    return f"+{what.size} days" if what.kind == DRIFT else f"×{what.size}"


def main() -> None:
    """Write the chapter, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--each", type=int, default=40, help="of every kind and size, in each world")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--customers", type=int, default=400)
    asked = parser.parse_args()
    text = chapter(studied(asked.each, asked.seeds, asked.customers))
    if asked.file is None:
        sys.stdout.write(text + "\n")
    else:
        write_chapter(asked.file, TESTS, text)


if __name__ == "__main__":
    main()
