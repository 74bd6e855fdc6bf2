"""The collection curve on random tranches: the models and the estimator in Python agree, and what must hold of any curve does."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from exports import QUICK
from receivables.assets import sql_dir
from receivables.distributions import interval, jackknife_error
from receivables.engine.models import read_model
from receivables.judgement import judge_collection
from receivables.policy import collection
from receivables.policy.collection import CASH, DILUTION, LOSS, OPEN, TRANSFERRED, Curve, Tranches
from receivables.settings import Curve as CurveSettings
from tranche_tables import EUROS, build_curves, random_tranches

SHARES: Final = ("cash", "loss", "dilution", "transferred", "open_share")

ages = st.integers(0, 40)
tranche = st.tuples(
    st.integers(0, 8),
    st.integers(1, 5000),
    ages,
    st.sampled_from([OPEN, CASH, CASH, LOSS, DILUTION, TRANSFERRED]),
    st.none() | ages,
)
ledgers = st.lists(tranche, min_size=1, max_size=40)


def of(rows: list[Any], *, scale: float = 1.0) -> Tranches:
    return Tranches(
        entry_age=np.array([-1 if row[4] is None else row[4] for row in rows]),
        exit_age=np.array([row[2] for row in rows]),
        cause=np.array([row[3] for row in rows]),
        weight=np.array([row[1] * scale for row in rows], dtype=np.float64),
        group=np.array([row[0] for row in rows]),
        groups=9,
    )


def estimated(rows: list[Any], *, net: bool = False, scale: float = 1.0) -> Curve:
    given_rows = of(rows, scale=scale)
    found = given_rows.ages()
    return collection.estimate(found, given_rows.moved(found).sum(axis=1), net=net)


def same(one: Curve, other: Curve) -> None:
    assert one.ages.tolist() == other.ages.tolist()
    for name in SHARES:
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9), name


@given(rows=ledgers)
def test_all_shares_sum_to_one_and_nothing_comes_back(rows: list[Any]) -> None:
    for net in (False, True):
        curve = estimated(rows, net=net)
        assert sum(getattr(curve, name) for name in SHARES) == pytest.approx(np.ones(len(curve.ages)), abs=1e-9)
        for name in ("cash", "loss", "dilution", "transferred"):
            assert (np.diff(getattr(curve, name)) >= -1e-12).all()
        assert (np.diff(curve.open_share) <= 1e-12).all()


@given(rows=ledgers, place=st.integers(0, 1_000), scale=st.sampled_from([0.01, 3.0, 1000.0]))
def test_amounts_may_be_scaled_split_and_shuffled(rows: list[Any], place: int, scale: float) -> None:
    curve = estimated(rows)
    same(curve, estimated(rows, scale=scale))
    same(curve, estimated(rows[::-1]))
    who, amount, *rest = rows[place % len(rows)]
    halves = [(who, amount / 4, *rest), (who, amount * 3 / 4, *rest)]
    same(curve, estimated([*rows[: place % len(rows)], *halves, *rows[place % len(rows) + 1 :]]))


@given(rows=ledgers, more=st.lists(st.integers(1, 5000), min_size=1, max_size=5))
def test_what_is_never_under_observation_changes_nothing(rows: list[Any], more: list[int]) -> None:
    unseen = [(0, amount, row[2], CASH, row[2]) for amount, row in zip(more, rows, strict=False)]
    curve, with_unseen = estimated(rows), estimated([*rows, *unseen])
    for name in SHARES:
        there = np.searchsorted(with_unseen.ages, curve.ages)
        assert getattr(with_unseen, name)[there] == pytest.approx(getattr(curve, name), abs=1e-9)


@given(days=st.lists(ages, min_size=1, max_size=40))
def test_without_censoring_it_is_what_was_seen(days: list[int]) -> None:
    curve = estimated([(0, 1, day, CASH, None) for day in days])
    seen = [sum(day <= age for day in days) / len(days) for age in curve.ages]
    assert curve.cash == pytest.approx(seen, abs=1e-9)


@given(rows=ledgers)
def test_leaving_a_group_out_is_estimating_without_it(rows: list[Any]) -> None:
    given_rows = of(rows)
    found = given_rows.ages()
    left_out = collection.estimate_without_each(found, given_rows.moved(found))
    for group in {row[0] for row in rows}:
        others = [row for row in rows if row[0] != group]
        if others:
            kept = of(others)
            direct = collection.estimate(found, kept.moved(found).sum(axis=1))
            assert left_out.cash[group] == pytest.approx(direct.cash, abs=1e-9)
            assert left_out.open_share[group] == pytest.approx(direct.open_share, abs=1e-9)


@example(rows=[(0, 1, 2, CASH, 1)], part=1, customers=0.0)  # under observation from within a band on
@given(rows=ledgers, part=st.integers(1, 8), customers=st.sampled_from([0.0, 0.5, 5.0, 1e12]))
def test_a_part_is_drawn_from_its_own_curve_to_that_of_the_whole(rows: list[Any], part: int, customers: float) -> None:
    asked = list(range(0, 41, 5))
    curves = []
    for these in ([row for row in rows if row[0] < part], rows):
        given_rows = of(these or [(0, 1, 0, OPEN, 0)])
        found = given_rows.ages(asked)
        curves.append(collection.estimate(found, given_rows.moved(found).sum(axis=1)))
    own, whole = curves
    enough = np.full(len(whole.ages), 9)
    drawn = collection.drawn_to(own, whole, enough, customers, np.array(asked))
    assert sum(getattr(drawn, name) for name in SHARES) == pytest.approx(np.ones(len(asked)), abs=1e-9)
    assert (np.diff(drawn.open_share) <= 1e-12).all()
    if customers in {0.0, 1e12}:
        like = whole if customers else own
        places = np.searchsorted(like.ages, asked)
        for name in SHARES:
            assert getattr(drawn, name) == pytest.approx(getattr(like, name)[places], abs=1e-6), name


def told(rows: list[Any], curve: CurveSettings) -> Any:
    """The tables of the curve, built from tranches of two companies."""
    by_company = {"A": [row for row in rows if row[0] % 3], "B": [row for row in rows if not row[0] % 3]}
    tables = {
        company: (of(mine), np.maximum(of(mine).entry_age, [5 if row[1] % 2 else -1 for row in mine]))
        for company, mine in by_company.items()
        if mine
    }
    con = build_curves(curve, tables, in_dollars="B")
    judge_collection(con, curve)
    return con


@settings(
    derandomize=True,
    max_examples=5 if QUICK else 25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(rows=ledgers)
def test_the_models_and_the_estimator_agree(rows: list[Any]) -> None:
    asked = CurveSettings(min_customers=2, overdue_days=(0, 7), horizon_days=(5, 20))
    with closing(told(rows, asked)) as con:
        in_euros = [(who, amount if who % 3 else amount * EUROS, *rest) for who, amount, *rest in rows]
        for weight, of_weight in (("amount", in_euros), ("count", [(who, 1, *rest) for who, _, *rest in rows])):
            for basis in ("gross", "net"):
                given_rows = of(of_weight)
                found = given_rows.ages(asked.ages())
                direct = collection.estimate(found, given_rows.moved(found).sum(axis=1), net=basis == "net")
                points = con.execute(
                    "select age_days, at_risk, cash, loss, dilution, transferred, open_share from marts.collection_point"
                    " where history = 'all' and segment = 'all' and basis = ? and weight = ? order by age_days",
                    [basis, weight],
                ).fetchnumpy()
                places = np.searchsorted(found, points["age_days"])
                for name in ("at_risk", *SHARES):
                    assert points[name] == pytest.approx(getattr(direct, name)[places], rel=1e-9, abs=1e-9), (
                        basis,
                        weight,
                        name,
                    )
                assert set(points["age_days"].tolist()) >= set(asked.ages())


def test_a_curve_ends_with_the_last_age_of_customers_enough_and_hides_what_one_customer_is() -> None:
    rows = [(who, 100, 10 + who, CASH, None) for who in range(6)] + [(7, 5000, 30, OPEN, None)]
    with closing(told(rows, CurveSettings(overdue_days=(0, 12), horizon_days=(2, 90)))) as con:
        points = con.execute(
            "select age_days, cash, customers_at_risk, reason from marts.collection_curve"
            " where history = 'all' and basis = 'gross' and segment = 'all' and weight = 'amount' order by age_days"
        ).fetchall()
        counts = con.execute(
            "select age_days, cash, customers_at_risk, reason from marts.collection_curve"
            " where history = 'all' and basis = 'gross' and segment = 'all' and weight = 'count' and age_days in (10, 12) order by age_days"
        ).fetchall()
        chances = con.execute(
            "select overdue_days, horizon_days, p, reason from marts.collection_success"
            " where history = 'all' and basis = 'gross' and segment = 'all' and weight = 'count' order by overdue_days, horizon_days"
        ).fetchall()
    assert [row[0] for row in points] == [0, 2, 10, 11, 12]
    assert {(row[1], row[3]) for row in points} == {(None, "one_customer")}
    assert counts == [(10, pytest.approx(1 / 7), 7, None), (12, pytest.approx(3 / 7), 5, None)]
    assert chances == [
        (0, 2, pytest.approx(0.0), None),
        (0, 90, None, "beyond_history"),
        (0, None, pytest.approx(3 / 7), None),
        (12, 2, None, "few_customers"),
        (12, 90, None, "few_customers"),
        (12, None, None, "few_customers"),
    ]


def test_without_a_rate_there_is_no_curve_of_all_companies() -> None:
    rows = [(who, 100, 10 + who, CASH, None) for who in range(12)]
    asked = CurveSettings(min_customers=2)
    tables = {name: (of(rows), of(rows).entry_age) for name in ("A", "B")}
    with closing(build_curves(asked, tables, in_dollars="B")) as con:
        con.execute("update marts.exposure_tranche set amount_group = null where customer_id = 'B:3'")
        for name in ("group_curve", "curve_event", "collection_point"):
            con.execute(
                f"create or replace table marts.{name} as {read_model(sql_dir() / 'marts' / f'{name}.sql').sql}"
            )
        judge_collection(con, asked)
        kinds = {
            name: {kind for (kind,) in con.execute(f"select distinct segment_kind from marts.{name}").fetchall()}
            for name in ("collection_point", "collection_curve", "collection_success")
        }
        why = con.execute("select distinct reason, tranches, unrated_tranches from marts.group_curve").fetchall()
    assert kinds == {name: {"company", "salesperson", "amount_band", "territory"} for name in kinds}
    assert why == [("no_rate", 24, 1)]


def test_a_segment_too_small_to_be_told_is_told_as_its_company_is_and_a_large_one_as_itself() -> None:
    rows = [(who, 100, age, CASH, None) for who in range(20) for age in (10, 40)]
    rows += [(who, 100, 80, OPEN, None) for who in range(10)]
    rows += [(20, 1, 35, CASH, None), (20, 1, 60, OPEN, None)]
    table = replace(of(rows), groups=21)
    asked = CurveSettings(overdue_days=(0,), horizon_days=(90,), shrinkage_customers=Decimal(5))
    with closing(build_curves(asked, {"A": (table, table.entry_age)})) as con:
        judge_collection(con, asked)
        found = con.execute(
            "select segment, age_days, cash, cash_shrunk, open_share_shrunk, reason from marts.collection_curve"
            " where history = 'all' and basis = 'gross' and weight = 'amount' and segment_kind in ('company', 'territory') order by segment, age_days"
        ).fetchall()
    points = {(segment, age): tuple(rest) for segment, age, *rest in found}
    assert points["A", 30][1:] == (None, None, None), "a company is drawn to nothing"
    assert points["A:east", 30][0] == pytest.approx(2000 / 5000)
    assert points["A:east", 30][1] == pytest.approx(2000 / 5000, abs=0.001)
    assert points["A:east", 10][1] is None, "it is drawn at the end of a band"
    own, drawn, still, reason = points["A:west", 60]
    assert (own, reason) == (None, "few_customers")
    assert drawn == pytest.approx(points["A", 60][0], abs=0.01)
    assert still == pytest.approx(1 - drawn)
    assert max(age for segment, age in points if segment == "A:west") == 60


def of_segment(tables: Any, kind: str, segment: str, history: str, weight: str) -> Tranches:
    """The tranches under observation of a segment, their customers numbered anew."""
    company, _, member = segment.partition(":")
    mine = tables if kind == "all" else {company: tables[company]}
    parts = []
    for place, (table, recent) in enumerate(mine.values()):
        entry = table.entry_age if history == "all" else recent
        seen = entry < table.exit_age
        if kind == "salesperson":
            seen &= table.group % 3 == int(member[1:])
        if kind == "territory":
            seen &= (table.group < 20) == (member == "east")
        if kind == "amount_band":
            seen &= (table.weight < 1000) == (member == "small")
        rate = EUROS if kind == "all" and place else 1  # the second company's
        amount = np.rint(table.weight * rate * 10_000) if weight == "amount" else np.ones_like(table.weight)
        columns = (entry, table.exit_age, table.cause, amount, table.group + place * 100)
        parts.append([column[seen] for column in columns])
    entry, exit_age, cause, amount, customer = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    customers, group = np.unique(customer, return_inverse=True)
    return Tranches(entry, exit_age, cause, amount, group, len(customers))


JUDGED: Final = ("customers_at_risk", "largest_share", "cash_lo", "cash_hi")


def judged_alone(given_rows: Tranches, ages: list[int], *, net: bool, min_customers: int) -> dict[str, Any]:
    """What judgement says of a curve up to its last age told, from each customer's own curve."""
    at = np.array(ages)
    moved = given_rows.moved(at)
    at_risk = collection.estimate(at, moved, net=net).at_risk
    customers, total = (at_risk > 0).sum(axis=0), at_risk.sum(axis=0)
    told_until = int(np.flatnonzero(customers >= min_customers).max(initial=-1)) + 1
    if not told_until:
        return {"ages": [], **{name: np.zeros(0) for name in JUDGED}}
    error = jackknife_error(collection.estimate_without_each(at, moved, net=net).cash)
    cash = collection.estimate(at, moved.sum(axis=1), net=net).cash
    share = np.divide(at_risk.max(axis=0), total, out=np.zeros_like(total), where=total > 0)
    columns = (customers, share, *interval(cash, error, given_rows.groups))
    return {
        "ages": ages[:told_until],
        **{name: column[:told_until] for name, column in zip(JUDGED, columns, strict=True)},
    }


@pytest.mark.parametrize("seed", range(6))
def test_what_is_judged_of_a_segment_is_what_its_own_tranches_say(seed: int) -> None:
    asked = CurveSettings(min_customers=2, overdue_days=(0, 7), horizon_days=(5, 20))
    made = {"A": random_tranches(seed), "B": random_tranches(seed + 100)}
    tables = {name: (table, np.maximum(table.entry_age, table.group - 2)) for name, table in made.items()}
    told_of = 0
    with closing(build_curves(asked, tables, in_dollars="B")) as con:
        judge_collection(con, asked)
        points = con.execute(
            "select history, segment_kind, segment, basis, weight, list(age_days order by age_days) from marts.collection_point group by all order by all"
        ).fetchall()
        for history, kind, segment, basis, weight, of_points in points:
            alone = judged_alone(
                of_segment(tables, kind, segment, history, weight),
                of_points,
                net=basis == "net",
                min_customers=asked.min_customers,
            )
            found: dict[str, Any] = con.execute(
                f"select age_days, reason is null as is_told, {', '.join(JUDGED)} from marts.collection_curve"
                " where history = ? and segment_kind = ? and segment = ? and basis = ? and weight = ? and age_days <= ? order by age_days",
                [history, kind, segment, basis, weight, max(alone["ages"], default=-1)],
            ).fetchnumpy()
            assert found["age_days"].tolist() == alone["ages"]
            told_of += bool(alone["ages"])
            beyond = con.execute(
                "select count(*) from marts.collection_curve where history = ? and segment_kind = ? and segment = ? and basis = ? and weight = ?"
                " and age_days > ? and cash_shrunk is null and reason = 'few_customers'",
                [history, kind, segment, basis, weight, max(alone["ages"], default=-1)],
            ).fetchall()
            assert beyond == [(0,)], "after its last age a segment is told only as drawn to its company"
            for name in JUDGED:
                is_told = found["is_told"].astype(bool) | (not name.startswith("cash"))
                mine = np.ma.filled(found[name].astype(np.float64), np.nan)
                assert mine[is_told] == pytest.approx(alone[name][is_told], abs=1e-9, nan_ok=True), name
    assert told_of > 8
