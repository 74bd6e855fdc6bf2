"""How often the statistical detectors find what is put into sample worlds, how soon, and what they flag where nothing was: `python anomaly_study.py FILE --each 40 --seeds 5` writes its part of the page.

A world without plants is told to the product and built up to the series that these detectors look at. Anomalies are put into copies of the series, a few customers at a
time, so that what is usual of all stays clean; then the detectors run as on a night, with the false discovery rate over all of them. The same series untouched, at several
month ends, tell false flags.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

import anomaly_worlds
from anomaly_worlds import Plain, Series
from receivables.judgement import buying_tests
from receivables.policy import buying as policy
from receivables.policy.buying import MONEY
from receivables.policy.false_discovery import adjusted
from receivables.settings import Settings
from study_page import TESTS, table, write_chapter

FIRST_SEED: Final = 201
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
FALSE_FLAGS: Final = 1
"""What was asked for before anything was measured."""


CUT_OFFS: Final = (0.0001, 0.0003, 0.001, 0.003)
"""Chances below which all would be flagged, held beside the false discovery rate."""

ALARM: Final = 0.5
"""Below it the chance of a customer tells of any alarm of the cumulative sum."""


class What(NamedTuple):
    """What is put in: a kind and its size."""

    kind: str
    size: int


OFF_SEASON: Final = "bulk out of season"
ANY_TIME: Final = "bulk of any time"
DRIFT: Final = "drift"
WHATS: Final = tuple(What(*each) for each in (*product((OFF_SEASON, ANY_TIME), TIMES), *product((DRIFT,), DAYS)))

FINDERS: Final = {
    OFF_SEASON: ("off_season_bulk", "repeated_bulk"),
    ANY_TIME: ("repeated_bulk", "off_season_bulk"),
    DRIFT: ("lateness_drift",),
}
"""By which detectors each is found, the one it is meant for first; of bulk either says so, as the other is silent where one speaks."""

Chances = dict[str, "pd.Series[float]"]
"""By detector, the chance of every customer tested."""


# A night of the detectors --------------------------------------------------------------------------------------------


def buying(series: Series) -> Chances:
    """The chances of what was bought."""
    found = {
        detector: signs
        for detector, signs, _ in buying_tests.tests_of_buying(series.groups, series.months, series.test_day, RULES)
    }
    found["mix_change"], _ = buying_tests.test_of_mix(
        series.groups,
        series.months,
        lambda chosen: series.orders[series.orders["customer_id"].isin(chosen)],
        series.test_day,
        RULES,
    )
    return {detector: _by_customer(signs) for detector, signs in found.items() if signs is not None}


def paying(days: pd.DataFrame, test_day: np.datetime64) -> Chances:
    """The chances of how late it was paid."""
    signs, _ = buying_tests.test_of_drift(days, test_day, SETTINGS)
    return {} if signs is None else {"lateness_drift": _by_customer(signs)}


def _by_customer(signs: pd.DataFrame) -> pd.Series[float]:
    return signs.groupby("customer_id")["p_value"].min()


def flags(chances: Chances) -> set[tuple[str, str]]:
    """Detectors and customers that are flagged, by the false discovery rate over all tests of the company."""
    told = [(detector, str(customer)) for detector, found in chances.items() for customer in found.index]
    rates = adjusted(np.concatenate([found.to_numpy() for found in chances.values()]))
    return {which for which, rate in zip(told, rates, strict=True) if rate <= RATE}


# What is put in ------------------------------------------------------------------------------------------------------


class Carrier(NamedTuple):
    """A customer, what it carries, and for bulk the month and the product group."""

    customer: str
    what: What
    month: np.datetime64 | None = None
    group: str = ""


@dataclass(frozen=True)
class Night:
    """A world at a month end: its series, the chances found in them untouched, and what each customer may carry."""

    series: Series
    chances: Chances

    @cached_property
    def flagged(self) -> set[tuple[str, str]]:
        """What is flagged untouched."""
        return flags(self.chances)

    @cached_property
    def habits(self) -> Habits:
        """What each customer does."""
        return habits(self.series)

    @cached_property
    def carriers(self) -> dict[str, list[Carrier]]:
        """By kind, all customers tested for it that are not flagged already, in every month and product group in which they may carry it."""
        return {
            kind: [
                one for one in self._carriers(kind) if not any((each, one.customer) in self.flagged for each in finders)
            ]
            for kind, finders in FINDERS.items()
        }

    def _carriers(self, kind: str) -> list[Carrier]:
        if kind == DRIFT:
            return [Carrier(str(name), What(kind, 0)) for name in self.chances["lateness_drift"].index]
        tested = self.chances.get(FINDERS[kind][0], pd.Series(dtype=float)).index
        bought, season = self.habits.level, self.habits.season
        bought = bought[bought["customer_id"].isin(tested)]
        main = bought[bought["share"] >= (0.5 if kind == OFF_SEASON else 0.0)]
        main = main.sort_values("share").drop_duplicates("customer_id", keep="last")
        months = pd.date_range(end=self.series.test_day, periods=RULES.window_months, freq="ME").to_numpy()
        found = []
        for customer, group in zip(main["customer_id"], main["product_group"], strict=True):
            for month in months.astype("M8[M]").astype("M8[D]"):
                is_out = season.get((group, calendar(month)), 1.0) < float(RULES.off_season_index_max)
                found += [Carrier(customer, What(kind, 0), month, group)] * (is_out or kind == ANY_TIME)
        return found


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
    """A copy in which each carrier orders once more in its month: as much as makes it so many times what it usually buys in such a month, by its level and the season."""
    series, told = night.series, night.habits
    began = series.months["history_from"].iloc[0]
    months, groups, orders = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for number, (customer, what, month, group) in enumerate(carriers):
        assert month is not None
        mine = told.level[told.level["customer_id"] == customer]
        season = [told.season.get((name, calendar(month)), 1.0) for name in mine["product_group"]]
        amount, day, item = (
            round((what.size - 1) * (mine["monthly"] * season).sum()),
            month + _TENTH,
            f"put in {number}",
        )
        row = {"customer_id": customer, "month_start": month, "amount": amount, "largest_id": item, "largest_day": day}
        months.append(row | {"orders": 1, "last_id": item, "last_day": day, "history_from": began})
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
    """With some rows more; what has the same key is one row, with the sum of what adds up and the first of all else."""
    if not rows:
        return frame
    mine = frame["customer_id"].isin({row["customer_id"] for row in rows})
    added = pd.concat([frame[mine], pd.DataFrame(rows)], ignore_index=True)
    how = {name: "sum" if name in {"amount", "orders", "square"} else "first" for name in added if name not in key}
    whole = pd.concat([frame[~mine], added.groupby(key, as_index=False).agg(how)])
    return whole.sort_values(key, ignore_index=True)


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
    """What became of one kind and size: put in, found, found as what it was, and the `chances` of its carriers; of drift, after how many payments it was first flagged, and first an alarm."""

    found: int = 0
    named: int = 0
    chances: list[float] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    alarms: list[int] = field(default_factory=list)

    @property
    def put_in(self) -> int:
        """How many."""
        return len(self.chances)

    @property
    def recall(self) -> float:
        """The share found."""
        return self.found / self.put_in if self.put_in else float("nan")


@dataclass
class Quiet:
    """Of one detector, on untouched series of all month ends: the chances of those tested, how many were flagged; the same of customers whom the world leaves as they are."""

    chances: list[float] = field(default_factory=list)
    flagged: int = 0
    unchanged: list[float] = field(default_factory=list)
    unchanged_flagged: int = 0


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
    usual_months: Counter[str] = field(default_factory=Counter)
    large_months: Counter[tuple[str, int]] = field(default_factory=Counter)
    months: int = 0
    unchanged_months: int = 0
    nights: int = 0
    beside: int = 0

    @property
    def false_flags(self) -> float:
        """Flags on untouched series, per 100 months of customers."""
        return 100 * sum(quiet.flagged for quiet in self.quiet.values()) / self.months

    @property
    def unchanged_flags(self) -> float:
        """The same of customers whom the world leaves as they are."""
        return 100 * sum(quiet.unchanged_flagged for quiet in self.quiet.values()) / self.unchanged_months


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
    """Look at a world as it is at its latest month ends, a test at each."""
    last = world.series.test_day.astype("M8[M]")
    nights = []
    for ago in range(study.month_ends):
        series = world.series.until((last - ago + 1).astype("M8[D]") - np.timedelta64(1, "D"))
        night = Night(series, buying(series) | paying(series.days, series.test_day))
        nights.append(night)
        looked_at = {str(name) for found in night.chances.values() for name in found.index}
        study.months += len(looked_at)
        study.unchanged_months += len(looked_at - world.changing)
        for detector, found in night.chances.items():
            quiet = study.quiet[detector]
            mine = {customer for which, customer in night.flagged if which == detector}
            quiet.chances += found.tolist()
            quiet.flagged += len(mine)
            quiet.unchanged += found[~found.index.isin(world.changing)].tolist()
            quiet.unchanged_flagged += len(mine - world.changing)
    return nights


def count_large_months(study: Study, series: Series) -> None:
    """Count how often untouched months come to some times what is usual, by how many orders a usual month is worth."""
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
    bought, day = buying(with_bulk(night, bulk)), night.series.test_day
    chances = bought | paying(with_drift(night.series, drift), day)
    found = flags(chances)
    for one in carriers:
        tally, finders = study.found[one.what], FINDERS[one.what.kind]
        is_found = [(finder, one.customer) in found for finder in finders]
        tally.found += any(is_found)
        tally.named += is_found[0]
        tally.chances.append(min(chances[finder].get(one.customer, 1.0) for finder in finders))
        study.by_habit[one.what, _habit(night.habits, one)].append(any(is_found))
    first = {one.customer: [DRIFTED + 1] * 2 for one in drift}
    for known in range(DRIFTED, 0, -1) if drift else ():
        late = paying(with_drift(night.series, drift, known), day)
        now = flags(bought | late)
        for one in drift:
            is_told = (("lateness_drift", one.customer) in now, late["lateness_drift"].get(one.customer, 1.0) < ALARM)
            first[one.customer] = [
                known if told else before for told, before in zip(is_told, first[one.customer], strict=True)
            ]
    for one in drift:
        tally = study.found[one.what]
        for kept, payments in zip((tally.delays, tally.alarms), first[one.customer], strict=True):
            kept.append(payments)
    study.nights += 1
    carrying = {one.customer for one in carriers}
    study.beside += sum(customer not in carrying for _, customer in found - night.flagged)


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
            "### Other cut-offs",
            _cut_offs_text(),
            _cut_offs_table(study),
            "### Whether it is good enough",
            verdict(study),
            _why(study),
            _large_table(study),
        ]
    )


def _introduction(study: Study) -> str:
    times, days = (", ".join(str(size) for size in sizes) for sizes in (TIMES, DAYS))
    return f"""{len(study.seeds)} sample worlds without plants (seeds {study.seeds[0]} to {study.seeds[-1]}, {study.customers} customers each), {study.each} anomalies of each kind and size put into each, {SHARE_AT_A_TIME:.1%} of the customers at a
time, so that what is usual of all stays clean ({study.nights} nights). Each night is one of the last {study.month_ends} month ends; carriers are drawn from the customers that the detector tests there and does not flag already.
Bulk: one order more in one of the {RULES.window_months} months tested, so that the month is {times} times what the customer usually buys in such a month (its average month times the season of its product groups); out of season it is
of a group that makes half of what the customer buys, in a month in which that group has less than {RULES.off_season_index_max} of its average month. Drift: the latest {DRIFTED} payments come {days} days later. Flagged is what
the false discovery rate of {RATE:g} over all detectors and customers calls. Seasons are told; whoever is flagged by either detector of bulk is found."""


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
        "as what it was",
        "alarm",
        "median delay",
        "80 % delay",
        "median delay of alarms",
    )
    rows = []
    for what in WHATS:
        tally = study.found[what]
        alarm = _share(sum(delay <= DRIFTED for delay in tally.alarms), tally.put_in) if what.kind == DRIFT else ""
        rows.append(
            (
                what.kind,
                _size(what),
                str(tally.put_in),
                str(tally.found),
                _share(tally.found, tally.put_in),
                _share(tally.named, tally.put_in),
                alarm,
                *(_delay(tally.delays, share) for share in (0.5, 0.8)),
                _delay(tally.alarms, 0.5),
            )
        )
    return table(head, rows, names=2)


def _habits_table(study: Study) -> str:
    rows = []
    for kinds, bands in (((OFF_SEASON, ANY_TIME), ORDERS), ((DRIFT,), SPREADS)):
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
    return f"""{study.months:,} months of customers, of which {study.unchanged_months:,} of customers whom the world leaves as they are: it makes others pay ever later or buy more or less, which is no false alarm. Flags per
100 months of customers: {study.false_flags:.2f}; of those left as they are {study.unchanged_flags:.2f}. In nights with something put in, flags on others that were not there before: {study.beside} in {study.nights} nights."""


def _quiet_table(study: Study) -> str:
    head = (
        "detector",
        "tested",
        *(f"p < {at:g}" for at in LEVELS),
        "flagged",
        "tested, left as they are",
        *(f"p < {at:g}" for at in LEVELS),
        "flagged",
    )
    rows = []
    for detector in buying_tests.DETECTORS:
        quiet = study.quiet[detector]
        cells = [detector]
        for chances, flagged in ((quiet.chances, quiet.flagged), (quiet.unchanged, quiet.unchanged_flagged)):
            below = [_share(int((np.array(chances) < at).sum()), len(chances), 4) for at in LEVELS]
            cells += [f"{len(chances):,}", *below, str(flagged)]
        rows.append(cells)
    return table(head, rows)


def _cut_offs_text() -> str:
    return """What a fixed chance, the same for every detector, would find and flag. The rate above is stricter where little is put in: it asks that of all that is flagged one in ten be chance, not of all that is tested."""


def _cut_offs_table(study: Study) -> str:
    shown = (What(OFF_SEASON, 5), What(ANY_TIME, 5), What(DRIFT, 20))
    head = (
        "flagged where p is below",
        "bulk out of season ×5",
        "bulk of any time ×5",
        "drift +20 days",
        "flags per 100 customer-months",
        "of customers left as they are",
    )
    rows = []
    for at in CUT_OFFS:
        recall = [
            _share(sum(chance <= at for chance in study.found[what].chances), study.found[what].put_in)
            for what in shown
        ]
        quiets = study.quiet.values()
        every = sum(chance <= at for quiet in quiets for chance in quiet.chances)
        unchanged = sum(chance <= at for quiet in quiets for chance in quiet.unchanged)
        false = (f"{100 * every / study.months:.2f}", f"{100 * unchanged / study.unchanged_months:.2f}")
        rows.append((f"{at:g}", *recall, *false))
    return table(head, rows)


def verdict(study: Study) -> str:
    """Each thing that was asked for, and what was measured."""
    rows = []
    for what in (What(OFF_SEASON, 5), What(ANY_TIME, 5), What(DRIFT, 20)):
        name = f"{what.kind}, {_size(what)}: recall at least {RECALL}" + f" within {DRIFTED} payments" * (
            what.kind == DRIFT
        )
        recall = study.found[what].recall
        rows.append((name, f"{recall:.2f}", "yes" if recall >= RECALL else "no"))
    for name, told in (("", study.false_flags), (", customers left as they are", study.unchanged_flags)):
        asked = f"at most {FALSE_FLAGS} false flag per 100 customer-months{name}"
        rows.append((asked, f"{told:.2f}", "yes" if told <= FALSE_FLAGS else "no"))
    return table(("asked for", "measured", "reached"), rows)


def _why(study: Study) -> str:
    shown = (
        "bulk out of season" if study.found[What(OFF_SEASON, 5)].recall < RECALL else "",
        "bulk of any time" if study.found[What(ANY_TIME, 5)].recall < RECALL else "",
    )
    named = " and ".join(name for name in shown if name) or "bulk"
    highest = float(RULES.drift_deviations_max - RULES.drift_allowance)
    alarms = study.found[What(DRIFT, 20)].alarms
    alarm = _share(sum(delay <= DRIFTED for delay in alarms), len(alarms))
    calm = study.quiet["lateness_drift"].unchanged
    return f"""What decides of {named} is how much the months of a customer differ by themselves: five times the usual is no rarity where a usual month is worth one or two orders (below), and what is put in hardly
stands out among these. Chances on untouched series are about what they say, and a laxer bound finds little more bulk (above). Of drift a payment counts {highest:g} deviations at most, so that {DRIFTED} payments
sum up to {highest * DRIFTED:g}; the false discovery rate asks for about 12, which hardly comes before the fifth. A plain alarm of the cumulative sum (beyond {RULES.drift_limit:g}) is at {alarm} of 20 days within {DRIFTED} payments; of
customers left as they are {_share(100 * sum(chance < ALARM for chance in calm), len(calm))} in 100 tests alarm: far fewer than the chance that an alarm is told with, as a drift must also be of {RULES.drift_days_min:g} days and last.

Untouched months of so many times the usual, by how many orders a usual month is worth:"""


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
