"""What the sample world claims to be, measured on what it wrote down: lateness, losses, concentration, seasons, causes, chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from receivables.world.curves import AGES, curves, ends
from receivables.world.customers import CustomerType, Trajectory
from receivables.world.draws import NONE, Ints, below, stream, sum_by
from receivables.world.goods import SEASON
from receivables.world.ledger import Ledger, build
from receivables.world.outcomes import TROUBLE_DAYS
from receivables.world.page import page
from receivables.world.plants import RULES, PlantKind
from receivables.world.presets import BENCHMARK_A
from receivables.world.records import AllocKind, Kind, State
from receivables.world.specify import World

ROOT = Path(__file__).resolve().parents[2]
CASH, LOSS, DILUTION, OPEN = 1, 2, 3, 0


def world(customers: int, seed: int, preset: str = "distributor", invoices: int = 100) -> Ledger:
    return build(
        World(
            customers=customers,
            seed=seed,
            preset=preset,
            invoices_per_customer=invoices,
        ).spec()
    )


@pytest.fixture(scope="module", params=[5, 11])
def large(request: pytest.FixtureRequest) -> Ledger:
    return world(2_000, request.param)


@pytest.fixture(scope="module")
def first(large: Ledger) -> Ledger:
    return large


class Tranches(NamedTuple):
    """One element per unit of money, as an analyst would cut them from the ledger: age at its end, cents, cause, customer."""

    age: Ints
    cents: Ints
    cause: Ints
    customer: Ints


def tranches(ledger: Ledger) -> Tranches:
    docs, inst, alloc = ledger.documents, ledger.instalments, ledger.allocations
    as_of = ledger.spec.as_of_day
    subject = (docs.state == State.POSTED) & (docs.kind == Kind.INVOICE)
    belongs = subject[inst.doc] & (inst.due_original != NONE) & (inst.due_original <= as_of)
    used = np.flatnonzero((alloc.void_day == NONE) & belongs[alloc.inst])
    cause = np.select(
        [alloc.kind[used] == AllocKind.WRITE_OFF, alloc.kind[used] == AllocKind.CREDIT_NOTE], [LOSS, DILUTION], CASH
    )
    rest = inst.amount - sum_by(alloc.inst[used], alloc.cleared[used], len(inst))
    left = np.flatnonzero(belongs & (rest > np.maximum(50, inst.amount // 1000)))
    row = np.concatenate([alloc.inst[used], left])
    day = np.concatenate([alloc.day[used], np.full(len(left), as_of)])
    cents = np.concatenate([alloc.cleared[used], rest[left]]) * inst.local[row] // inst.amount[row]
    return Tranches(
        age=np.maximum(day - inst.due_original[row], 0),
        cents=cents,
        cause=np.concatenate([cause, np.full(len(left), OPEN)]),
        customer=docs.customer[inst.doc[row]],
    )


def incidence(found: Tranches, weight: Ints) -> tuple[Any, Any]:
    """Aalen–Johansen on whole days: the share still open, and the share collected in cash, by age."""
    size = int(found.age.max()) + 1
    exits = [np.bincount(found.age[found.cause == c], weight[found.cause == c], minlength=size) for c in range(4)]
    at_risk = np.sum(exits, axis=0)[::-1].cumsum()[::-1]
    hazard = (exits[CASH] + exits[LOSS] + exits[DILUTION]) / np.maximum(at_risk, 1)
    still_open = np.cumprod(1 - hazard)
    before = np.concatenate([[1.0], still_open[:-1]])
    return still_open, np.cumsum(before * exits[CASH] / np.maximum(at_risk, 1))


def customers_at_risk(found: Tranches, age: int) -> int:
    return len(np.unique(found.customer[found.age > age]))


def last_age(found: Tranches) -> int:
    """Find the last age with at least five customers at risk."""
    ages = range(0, int(found.age.max()), 5)
    return max(age for age in ages if customers_at_risk(found, age) >= 5)


@pytest.mark.parametrize("weigh", ["count", "amount"])
def test_what_is_collected_of_old_debts_follows_the_benchmark(large: Ledger, weigh: str) -> None:
    found = tranches(large)
    still_open, cash = incidence(found, found.cents if weigh == "amount" else np.ones_like(found.cents))
    tau = last_age(found)
    for age, benchmark in BENCHMARK_A:
        assert (cash[tau] - cash[age]) / still_open[age] == pytest.approx(benchmark / 1000, abs=0.05), age


def test_enough_customers_are_followed_for_two_years_and_losses_come_late(large: Ledger) -> None:
    found = tranches(large)
    assert customers_at_risk(found, 730) >= 30
    lost = found.age[found.cause == LOSS]
    assert lost.min() >= 180
    assert np.mean(lost > 365) > 0.5
    assert np.mean(lost > 730) > 0.15


def test_even_a_world_of_six_hundred_customers_has_its_tail() -> None:
    found = tranches(world(600, 1))
    still_open, cash = incidence(found, np.ones_like(found.cents))
    tau = last_age(found)
    assert customers_at_risk(found, 730) >= 30
    for age, benchmark in BENCHMARK_A:
        assert (cash[tau] - cash[age]) / still_open[age] == pytest.approx(benchmark / 1000, abs=0.05), age


def test_the_estimator_finds_the_true_curves_that_the_truth_file_tells(large: Ledger) -> None:
    found, told = tranches(large), curves(large)["all"]["amount"]["ages"]
    still_open, cash = incidence(found, found.cents)
    for row in told[1:-1]:
        age = row["age_days"]
        assert cash[age] == pytest.approx(row["cash"], abs=0.01)
        assert still_open[age] == pytest.approx(row["open"], abs=0.01)
    for row in told:
        assert row["cash"] + row["loss"] + row["dilution"] + row["open"] == pytest.approx(1, abs=1e-5)


def test_each_type_of_customer_has_a_curve_of_its_own_in_the_order_of_its_name(large: Ledger) -> None:
    told = curves(large)
    late = {name: kind["count"]["ages"][AGES.index(30)]["open"] for name, kind in told.items()}
    old = {name: kind["count"]["ages"][AGES.index(365)]["open"] for name, kind in told.items()}
    assert late["punctual"] < 0.01 < late["slow"] < late["hardship"] < late["evader"]
    assert old["slow"] < 0.001 < old["chain_debt"] < old["hardship"] < old["malicious"]
    assert told["slow"]["count"]["ages"][-1]["cash"] > 0.999


def lateness(ledger: Ledger) -> tuple[Ints, Ints]:
    """Days late and ledger cents of every instalment settled in full."""
    docs, inst, alloc = ledger.documents, ledger.instalments, ledger.allocations
    lasting = alloc.void_day == NONE
    cleared = sum_by(alloc.inst[lasting], alloc.cleared[lasting], len(inst))
    last = np.zeros(len(inst), dtype=np.int64)
    np.maximum.at(last, alloc.inst[lasting], alloc.day[lasting])
    settled = (inst.amount - cleared <= 50) & (inst.due_original != NONE)
    rows = np.flatnonzero(settled & ((docs.kind == Kind.INVOICE) & (docs.state == State.POSTED))[inst.doc])
    return (last - inst.due_original)[rows], inst.local[rows]


HIGHRADIUS_COUNT = {0: 0.4191, 7: 0.0674, 15: 0.0356, 30: 0.0221, 60: 0.0056}
HIGHRADIUS_MONEY = {0: 0.4458, 7: 0.0584, 15: 0.0238, 30: 0.0129, 60: 0.0030}
HIGHRADIUS_CUSTOMERS, HIGHRADIUS_TOP_TEN, HIGHRADIUS_TOP_ONE = 1_056, 0.4151, 0.1687


@pytest.mark.parametrize("seed", [1, 2])
def test_the_punctual_preset_is_as_late_and_as_concentrated_as_a_real_ledger(seed: int) -> None:
    ledger = world(HIGHRADIUS_CUSTOMERS, seed, "punctual", invoices=38)
    late, cents = lateness(ledger)
    for days, share in HIGHRADIUS_COUNT.items():
        assert np.mean(late > days) == pytest.approx(share, abs=0.03), days
    for days, share in HIGHRADIUS_MONEY.items():
        assert cents[late > days].sum() / cents.sum() == pytest.approx(share, abs=0.03), days
    assert not (ledger.allocations.kind == AllocKind.WRITE_OFF).any()
    assert not ledger.plants.rows
    turnover = np.sort(turnover_of(ledger))[::-1] / turnover_of(ledger).sum()
    assert turnover[:10].sum() == pytest.approx(HIGHRADIUS_TOP_TEN, abs=0.04)
    assert turnover[0] == pytest.approx(HIGHRADIUS_TOP_ONE, abs=0.06)


def turnover_of(ledger: Ledger) -> Ints:
    size = len(ledger.copies.of)
    docs = ledger.documents
    return sum_by(docs.customer[:size], docs.local[:size], ledger.spec.customers)


def test_the_largest_customers_hold_much_of_the_turnover_and_none_of_them_is_lost(large: Ledger) -> None:
    turnover = turnover_of(large)
    largest = np.argsort(turnover)[::-1][:10]
    assert 0.3 < turnover[largest].sum() / turnover.sum() < 0.5
    assert (large.customers.type[largest] <= CustomerType.SLOW).all()


def test_invoices_follow_the_season(large: Ledger) -> None:
    size = len(large.copies.of)
    month = large.documents.doc_day[:size].astype("M8[D]").astype("M8[M]").astype(np.int64) % 12
    share = np.bincount(month, minlength=12) / size
    wanted = SEASON * np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    assert np.abs(share - wanted / wanted.sum()).max() < 0.008
    assert share[11] > 1.5 * share[1]


def test_trajectories_and_troubles_show_in_what_customers_pay(large: Ledger) -> None:
    """Compare the mean age at which instalments end before and after the middle, and before and after trouble begins."""
    customers, outcomes, inst = large.customers, large.outcomes, large.instalments
    size = len(outcomes.cause)
    customer = large.documents.customer[inst.doc[:size]]
    doc_day = large.documents.doc_day[inst.doc[:size]]
    age = np.where(outcomes.end_day == NONE, 1_500, outcomes.end_day - outcomes.due_day)
    middle = (large.spec.start_day + large.spec.as_of_day) // 2

    def growth(chosen: Any, turn: Any, days: int = 10_000) -> float:
        chosen = chosen & (doc_day < turn + days)
        after = doc_day >= turn
        return float(np.median(age[chosen & after]) - np.median(age[chosen & ~after]))

    is_slow = customers.type[customer] == CustomerType.SLOW
    worse = growth(is_slow & (customers.trajectory[customer] == Trajectory.WORSENING), middle)
    steady = growth(is_slow & (customers.trajectory[customer] == Trajectory.STEADY), middle)
    better = growth(is_slow & (customers.trajectory[customer] == Trajectory.RECOVERING), middle)
    assert worse > steady + 2
    assert better < steady - 2
    turn = customers.turn_day[customer]
    for kind in (CustomerType.HARDSHIP, CustomerType.CHAIN_DEBT, CustomerType.MALICIOUS):
        assert growth((customers.type[customer] == kind) & (turn != NONE), turn, TROUBLE_DAYS[kind]) > 15, kind


def test_malicious_customers_pay_at_first_buy_more_and_stay(large: Ledger) -> None:
    customers, docs, size = large.customers, large.documents, len(large.copies.of)
    customer, day = docs.customer[:size], docs.doc_day[:size]
    malicious = customers.type[customer] == CustomerType.MALICIOUS
    after = day >= customers.turn_day[customer]
    relative = docs.local[:size] / customers.scale[customer]
    assert np.median(relative[malicious & after]) > 1.5 * np.median(relative[malicious & ~after])
    assert (day[malicious] <= customers.end_day[customer[malicious]] + 31).all()


def test_customers_of_one_chain_are_struck_on_one_day(large: Ledger) -> None:
    customers = large.customers
    for chain in range(int(customers.chain.max()) + 1):
        assert len(np.unique(customers.turn_day[customers.chain == chain])) == 1


def test_every_kind_of_anomaly_is_planted_and_never_two_on_one_customer(large: Ledger) -> None:
    rows = large.plants.rows
    assert {plant.kind for plant in rows} == set(PlantKind) == set(RULES)
    assert all(len(large.plants.of(kind)) >= 2 for kind in PlantKind)
    assert len({plant.customer for plant in rows}) == len(rows)
    for plant in rows:
        assert large.customers.first_day[plant.customer] < plant.day <= plant.until <= large.spec.as_of_day


def invoices_in(ledger: Ledger, kind: PlantKind) -> list[Ints]:
    docs, size = ledger.documents, len(ledger.copies.of)
    return [
        np.flatnonzero(
            (docs.customer[:size] == plant.customer)
            & (docs.doc_day[:size] >= plant.day)
            & (docs.doc_day[:size] <= plant.until)
        )
        for plant in ledger.plants.of(kind)
    ]


def test_bulk_buyers_buy_in_bulk(large: Ledger) -> None:
    docs, scale = large.documents, large.customers.scale
    for kind in (PlantKind.OFF_SEASON_BULK, PlantKind.REPEATED_BULK, PlantKind.UP_TO_LIMIT, PlantKind.DORMANT_RETURN):
        for rows in invoices_in(large, kind):
            assert len(rows) >= 3
            assert np.median(docs.amount[rows] / scale[docs.customer[rows]]) > 3


def test_dormant_customers_sleep_before_they_come_back(large: Ledger) -> None:
    docs, size = large.documents, len(large.copies.of)
    for plant in large.plants.of(PlantKind.DORMANT_RETURN):
        days = docs.doc_day[:size][docs.customer[:size] == plant.customer]
        before = days[days < plant.day]
        assert len(before)
        assert plant.day - before.max() > 240


def test_duplicates_and_rebilled_invoices_repeat_their_original(large: Ledger) -> None:
    docs, copies = large.documents, large.copies
    rows = np.flatnonzero(copies.of != NONE)
    assert len(rows) == len(large.plants.of(PlantKind.DUPLICATE_INVOICE, PlantKind.RE_AGING))
    assert (docs.amount[rows] == docs.amount[copies.of[rows]]).all()
    assert (docs.customer[rows] == docs.customer[copies.of[rows]]).all()
    due = {int(doc): int(day) for doc, day in zip(large.instalments.doc, large.instalments.due_original, strict=True)}
    for row in rows.tolist():
        original = int(copies.of[row])
        if copies.rebills[row]:
            assert docs.doc_day[row] - due[original] >= 15
            credit = np.flatnonzero((docs.ref == original) & (docs.kind == Kind.CREDIT_NOTE))
            assert docs.amount[credit].sum() == -docs.amount[original]
        else:
            assert 0 < docs.doc_day[row] - docs.doc_day[original] <= 7


def test_breaches_of_cash_and_batch_terms_are_planted_ones(large: Ledger) -> None:
    """Without a breach a cash customer pays on delivery, and a batch customer before its next lot."""
    outcomes, inst, docs = large.outcomes, large.instalments, large.documents
    size = len(outcomes.cause)
    doc = inst.doc[:size]
    terms = [(PlantKind.CREDIT_ON_CASH_TERMS, 0), (PlantKind.BATCH_BREACH, 1)]
    for kind, settlement in terms:
        breaches = 0
        for customer in np.flatnonzero(large.customers.settlement == settlement).tolist():
            mine = np.flatnonzero((docs.customer[doc] == customer) & (large.copies.of[doc] == NONE))
            day, end = docs.doc_day[doc[mine]], outcomes.end_day[mine]
            following = np.array([min((d for d in day if d > own), default=NONE) for own in day.tolist()])
            late = end > day + 3 if settlement == 0 else (following != NONE) & (end >= following)
            planted = [p for p in large.plants.of(kind) if p.customer == customer]
            inside = np.zeros(len(mine), dtype=np.bool_)
            for plant in planted:
                inside |= (day >= plant.day) & (day <= plant.until)
                assert late[inside].any()
                breaches += int(late[inside].sum())
            assert not late[~inside].any()
        assert breaches


def test_a_punctual_payer_planted_to_drift_drifts(large: Ledger) -> None:
    outcomes, inst, docs = large.outcomes, large.instalments, large.documents
    doc = inst.doc[: len(outcomes.cause)]
    age = outcomes.end_day - outcomes.due_day
    for plant in large.plants.of(PlantKind.LATENESS_DRIFT):
        mine = docs.customer[doc] == plant.customer
        after = mine & (docs.doc_day[doc] >= plant.day)
        assert np.median(age[after]) > np.median(age[mine & ~after]) + 4


def test_money_paid_twice_is_the_same_amount_within_days_and_stays_unapplied(large: Ledger) -> None:
    receipts = large.receipts
    used = np.bincount(large.allocations.payment[large.allocations.payment != NONE], minlength=len(receipts)) > 0
    twice = 0
    for plant in large.plants.of(PlantKind.DUPLICATE_PAYMENT):
        mine = np.flatnonzero((receipts.customer == plant.customer) & (receipts.pay_day >= plant.day))
        for row in mine[~used[mine]].tolist():
            same = mine[(receipts.amount[mine] == receipts.amount[row]) & used[mine]]
            twice += any(0 < receipts.pay_day[row] - receipts.pay_day[other] <= 7 for other in same.tolist())
    assert twice == len(large.plants.of(PlantKind.DUPLICATE_PAYMENT))


def test_streams_of_different_names_and_seeds_are_independent() -> None:
    """No two streams correlate more than chance allows, at any small shift: 4.5 standard errors for some 20,000 comparisons."""
    names = [
        "customers",
        "names ES",
        "names DE",
        "invoices",
        "amounts",
        "stress",
        "places",
        "credits",
        "pay days",
        "bounces",
    ]
    size = 4_096
    rows = [stream(seed, name).integers(0, 1 << 30, size=size) for seed in (1, 2, 3, 4) for name in names]
    drawn = np.array(rows, dtype=np.float64)
    drawn = (drawn - drawn.mean(axis=1, keepdims=True)) / drawn.std(axis=1, keepdims=True)
    limit = 4.8 / np.sqrt(size)
    for shift in range(-6, 7):
        correlation = drawn @ np.roll(drawn, shift, axis=1).T / size
        if shift == 0:
            np.fill_diagonal(correlation, 0)
        assert np.abs(correlation).max() < limit, shift


def test_a_stream_falls_evenly_and_its_neighbours_do_not_tell_it() -> None:
    for seed in range(1, 9):
        drawn = below(stream(seed, "evenness"), 16, 40_000)
        pairs = np.bincount(drawn[:-1] * 16 + drawn[1:], minlength=256)
        expected = (len(drawn) - 1) / 256
        chi_square = float(((pairs - expected) ** 2 / expected).sum())
        assert 255 - 5 * np.sqrt(510) < chi_square < 255 + 5 * np.sqrt(510)


def test_causes_do_not_lean_on_one_another_by_accident(large: Ledger) -> None:
    """What was drawn for different reasons is unrelated: the type, the group, the pay run, the product group and the trajectory."""
    customers = large.customers
    drawn = {
        "type": customers.type,
        "group": customers.group,
        "pay run": customers.pay_run,
        "product group": customers.product_group,
        "level": customers.level // 40,
    }
    names = list(drawn)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            table = np.zeros((int(drawn[one].max()) + 1, int(drawn[other].max()) + 1))
            np.add.at(table, (drawn[one], drawn[other]), 1)
            expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
            seen = expected > 0
            chi_square = float(((table - expected)[seen] ** 2 / expected[seen]).sum())
            freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
            assert chi_square < freedom + 5 * np.sqrt(2 * freedom), (one, other)


def test_types_hold_their_share_of_customers_and_the_rest_of_the_money_of_both(large: Ledger) -> None:
    shares = np.bincount(large.customers.type, minlength=6) / large.spec.customers
    assert shares == pytest.approx(np.array(large.spec.preset.type_shares) / 1000, abs=0.02)
    found = ends(large)
    unsound = large.customers.type[found.customer] > CustomerType.SLOW
    assert 0.1 < found.cents[unsound].sum() / found.cents.sum() < 0.4


def test_the_page_about_the_world_says_what_is_measured() -> None:
    """Make the page anew with `make world-page` when the world changes."""
    assert (ROOT / "data" / "WORLD.md").read_text(encoding="utf-8") == page()
