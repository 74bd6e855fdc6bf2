from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from receivables.schema import TABLES as DICTIONARY
from receivables.world.customers import TERMS, CustomerType, Settlement, Trajectory
from receivables.world.dials import CANONICAL, Spec
from receivables.world.draws import NONE, as_date, day_number
from receivables.world.files import (
    TABLES,
    addresses,
    collectors,
    contract_ends,
    credit_account,
    has_contract,
    payers,
    paying_accounts,
    signatories,
)
from receivables.world.files.limits import peak_open
from receivables.world.ids import contact_ids, customer_ids, every
from receivables.world.ledger import Ledger, build
from receivables.world.plants import Plant, PlantKind
from receivables.world.presets import PRESETS
from receivables.world.records import take
from receivables.world.tables import Table, write_table
from receivables.world.truth import month_end_before

AS_OF = date(2026, 10, 31)
Row = dict[str, str]


def spec(customers: int, seed: int, per: int = 40, preset: str = "distributor", home: str = "ES") -> Spec:
    return Spec(
        customers=customers,
        seed=seed,
        company_id="ES01",
        start_day=day_number(month_end_before(AS_OF, 60)) + 1,
        as_of_day=day_number(AS_OF),
        invoices=customers * per,
        dials=CANONICAL,
        home=home,
        preset=PRESETS[preset],
    )


def read(ledger: Ledger, folder: Path, day: int | None = None) -> dict[str, list[Row]]:
    found = {}
    for name, make in TABLES.items():
        path = folder / f"{name}.csv"
        write_table(path, make(ledger), ledger.spec.as_of_day if day is None else day)
        with path.open(encoding="utf-8", newline="") as file:
            found[name] = list(csv.DictReader(file, strict=True))
    return found


class World(NamedTuple):
    ledger: Ledger
    tables: dict[str, list[Row]]

    def of(self, table: str, customer: int) -> list[Row]:
        return [row for row in self.tables[table] if row["customer_id"] == f"C{customer + 1:05d}"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    ledger = build(spec(300, 7))
    return World(ledger, read(ledger, tmp_path_factory.mktemp("files")))


def made(ledger: Ledger, name: str) -> Table:
    (table,) = TABLES[name](ledger)()
    return table


def day_of(text: str) -> int:
    return day_number(date.fromisoformat(text))


def days_of(table: Table, column: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([day_of(text) if text else NONE for text in table.columns[column].to_pylist()], dtype=np.int64)


def row_of(customer_id: str) -> int:
    return int(customer_id[1:]) - 1


def plants(world: World, *kinds: PlantKind) -> list[Plant]:
    found = world.ledger.plants.of(*kinds)
    assert {plant.kind for plant in found} == set(kinds)
    return found


@pytest.mark.parametrize("name", TABLES)
def test_columns_keys_and_required_cells_are_those_of_the_dictionary(world: World, name: str) -> None:
    rows, told = world.tables[name], DICTIONARY[name]
    assert rows
    assert set(rows[0]) <= set(told.columns)
    assert {column.name for column in told.columns.values() if column.required} <= set(rows[0])
    if told.key:
        keys = Counter(tuple(row[column] for column in told.key) for row in rows)
        assert [key for key, count in keys.items() if count > 1] == []
    for column in told.columns.values():
        cells = [row[column.name] for row in rows if column.name in row]
        if column.required:
            assert all(cells)
        if column.choices:
            assert {cell for cell in cells if cell} <= set(column.choices)
        if column.type in ("money", "decimal", "double", "int") and cells:
            assert all(abs(float(cell)) < 1e12 for cell in cells if cell)
        if column.type == "date":
            assert all(date.fromisoformat(cell) for cell in cells if cell)


def test_every_reference_leads_to_a_row_that_is_told_by_then(world: World, tmp_path: Path) -> None:
    customers = set(customer_ids(every(300)).to_pylist())
    terms = {t.terms_id for t in TERMS}
    for tables in (world.tables, read(world.ledger, tmp_path, world.ledger.spec.as_of_day - 700)):
        contacts = {row["contact_id"]: row["customer_id"] for row in tables["contact"]}
        lists = {row["price_list_id"] for row in tables["price_uplift"]}
        for name, rows in tables.items():
            for row in rows:
                assert row.get("customer_id", "C00001") in customers
                for column in ("contact_id", "responsible_contact_id"):
                    if name != "contact" and row.get(column):
                        assert contacts[row[column]] == row["customer_id"]
        for row in tables["contract"]:
            assert row["terms_id"] in terms
            assert row["price_list_id"] in lists
    shared = {text for text in credit_account(world.ledger).to_pylist() if text}
    accounts = {row["credit_account_id"] for row in world.tables["credit_limit"]}
    assert shared
    assert shared <= accounts
    assert set(collectors(world.ledger).to_pylist()) <= {row["collector_id"] for row in world.tables["collector"]}


def test_nothing_is_told_before_it_happens_and_nothing_known_later_shows_earlier(world: World) -> None:
    cause = {
        "contact": "valid_from",
        "contract": "signed_date",
        "credit_limit": "valid_from",
        "customer_event": "event_date",
        "customer_bank_account": "valid_from",
        "integrity_file": "as_of",
        "operating_survey": "as_of",
        "integrity_record": "event_date",
    }
    for name, column in cause.items():
        table = made(world.ledger, name)
        assert (table.told >= days_of(table, column)).all()
    for name in ("contact", "customer_bank_account"):
        later = made(world.ledger, name).later["valid_to"]
        ended = days_of(made(world.ledger, name), "valid_to")
        assert ((later.day == NONE) == (ended == NONE)).all()
        assert (later.day >= ended).all()


def test_an_extract_of_the_past_shows_nothing_of_what_came_after(world: World, tmp_path: Path) -> None:
    day = world.ledger.spec.as_of_day - 500
    past = read(world.ledger, tmp_path, day)
    for name, rows in past.items():
        assert 0 < len(rows) <= len(world.tables[name])
    for row in past["contact"]:
        assert not row["valid_to"] or day_of(row["valid_to"]) <= day
    for row in past["customer_event"]:
        assert day_of(row["event_date"]) <= day
    for row in past["credit_limit"]:
        assert day_of(row["valid_from"]) <= day
        assert not row["valid_to"] or day_of(row["valid_to"]) <= day


def test_what_the_ledger_does_later_moves_nothing_told_before(world: World, tmp_path: Path) -> None:
    ledger, day = world.ledger, world.ledger.spec.as_of_day - 400
    ends, kept = ledger.outcomes, take(ledger.allocations, ledger.allocations.day <= day)
    cut = replace(
        ledger,
        outcomes=replace(ends, end_day=np.where(ends.end_day > day, NONE, ends.end_day)),
        allocations=replace(kept, void_day=np.where(kept.void_day > day, NONE, kept.void_day)),
        receipts=replace(
            ledger.receipts,
            reversal_day=np.where(ledger.receipts.reversal_day > day, NONE, ledger.receipts.reversal_day),
        ),
    )
    (tmp_path / "cut").mkdir()
    whole, known = read(ledger, tmp_path, day), read(cut, tmp_path / "cut", day)
    for name in ("contact", "payment_step", "contract", "customer_bank_account"):
        assert whole[name] == known[name]
    assert whole["customer_event"] == known["customer_event"]
    fitted = {f"C{plant.customer + 1:05d}" for plant in plants(world, PlantKind.UP_TO_LIMIT)}
    for name, key in (("integrity_record", "customer_id"), ("credit_limit", "credit_account_id")):
        seen = [
            [{column: cell for column, cell in row.items() if column != "record_id"} for row in tables[name]]
            for tables in (whole, known)
        ]
        # the limit of those planted to buy up to it is made to fit what they will order
        apart = fitted if name == "credit_limit" else set()
        told, told_then = ([row for row in rows if row[key] not in apart] for rows in seen)
        assert told == told_then


def test_customers_that_join_later_have_files_only_from_then(world: World) -> None:
    since = world.ledger.customers.since_day
    joined = np.flatnonzero(world.ledger.customers.first_day > world.ledger.spec.start_day + 30)
    assert len(joined) > 30
    for name, column in (("contact", "valid_from"), ("integrity_file", "as_of"), ("contract", "valid_from")):
        for row in world.tables[name]:
            assert day_of(row[column]) >= since[row_of(row["customer_id"])]
    assert (since[joined] > world.ledger.customers.first_day[joined] - 25).all()


def test_contracts_say_how_each_customer_settles_and_end_where_nothing_is_written(world: World) -> None:
    customers = world.ledger.customers
    contracts = {row_of(row["customer_id"]): row for row in world.tables["contract"]}
    assert set(contracts) == set(np.flatnonzero(customers.terms != NONE).tolist())
    assert has_contract(world.ledger).tolist() == (customers.terms != NONE).tolist()
    modes = {Settlement.CASH: "cash", Settlement.BATCH: "batch_for_batch", Settlement.INSTALMENT: "instalment"}
    last = contract_ends(world.ledger)[0]
    lapsed = 0
    planted = {plant.customer: plant.day for plant in plants(world, PlantKind.NO_WRITTEN_TERM)}
    for customer, row in contracts.items():
        mode = Settlement(int(customers.settlement[customer]))
        assert modes.get(mode, row["settlement_mode"]) == row["settlement_mode"]
        assert day_of(row["signed_date"]) <= day_of(row["valid_from"]) <= day_of(row["valid_to"]) == last[customer]
        if customer in planted:
            assert last[customer] == planted[customer]
        elif customers.end_day[customer] == world.ledger.spec.as_of_day:
            lapsed += last[customer] < world.ledger.spec.as_of_day
            assert last[customer] < world.ledger.spec.as_of_day + 2 * 366
    assert 0 < lapsed < len(contracts) // 15
    runs = {"": 0, "dow:5": 1, "dom:5,20": 2, "dom:5,20;cutoff:25": 2, "last": 3, "last;cutoff:20": 3}
    assert all(runs[row["paydays"]] == customers.pay_run[customer] for customer, row in contracts.items())


def test_longer_terms_cost_more(world: World) -> None:
    by_list = defaultdict(list)
    for row in world.tables["price_uplift"]:
        by_list[row["price_list_id"]].append((int(row["term_days"]), float(row["pct"])))
    for steps in by_list.values():
        assert steps == sorted(steps)
        assert [pct for _, pct in steps] == sorted(pct for _, pct in steps)


def test_slow_payers_have_longer_procedures(world: World) -> None:
    steps: dict[CustomerType, list[int]] = defaultdict(list)
    taken: dict[int, int] = defaultdict(int)
    for row in world.tables["payment_step"]:
        taken[row_of(row["customer_id"])] += int(row["usual_days"])
    for customer, total in taken.items():
        steps[CustomerType(int(world.ledger.customers.type[customer]))].append(total)
    assert np.median(steps[CustomerType.SLOW]) > 2 * np.median(steps[CustomerType.PUNCTUAL])
    assert np.median(steps[CustomerType.EVADER]) > np.median(steps[CustomerType.SLOW])


def test_limits_follow_one_another_without_gap_and_nothing_follows_a_block(world: World) -> None:
    by_account = defaultdict(list)
    for row in world.tables["credit_limit"]:
        by_account[row["credit_account_id"]].append(row)
    for rows in by_account.values():
        for row, following in pairwise(rows):
            assert day_of(row["valid_to"]) + 1 == day_of(following["valid_from"])
            assert row["blocked"] == "false"
        assert rows[-1]["valid_to"] == ""
    blocked = {account for account, rows in by_account.items() if rows[-1]["blocked"] == "true"}
    known = world.ledger.spec.as_of_day - 20
    failed = {
        row["customer_id"]
        for row in world.tables["customer_event"]
        if row["kind"] in ("insolvency", "closure") and day_of(row["event_date"]) <= known
    }
    assert failed <= blocked
    types = Counter(CustomerType(int(world.ledger.customers.type[row_of(account)])) for account in blocked)
    assert types[CustomerType.MALICIOUS] >= 0.8 * (world.ledger.customers.type == CustomerType.MALICIOUS).sum()
    assert types[CustomerType.SLOW] + types[CustomerType.PUNCTUAL] < len(blocked) // 3


def test_who_is_planted_to_buy_up_to_its_limit_nearly_reaches_it(world: World) -> None:
    peaks = peak_open(world.ledger)
    for plant in plants(world, PlantKind.UP_TO_LIMIT):
        rows = [r for r in world.tables["credit_limit"] if r["credit_account_id"] == f"C{plant.customer + 1:05d}"]
        (in_force,) = (
            row
            for row in rows
            if day_of(row["valid_from"]) <= plant.day
            and (row["valid_to"] or str(as_date(plant.until))) >= str(as_date(plant.until))
        )
        assert 90 <= peaks[plant.customer] / float(in_force["limit_amount"]) <= 100


@pytest.mark.parametrize(
    ("kind", "roles"),
    [
        (PlantKind.CONTACT_CHANGE, {"finance", "buyer"}),
        (PlantKind.SIGNATORY_CHANGE, {"signatory"}),
        (PlantKind.LEGAL_REP_CHANGE, {"owner", "decides"}),
        (PlantKind.ORGANISATION_ABOLISHED, {"finance"}),
    ],
)
def test_people_leave_where_it_is_planted(world: World, kind: PlantKind, roles: set[str]) -> None:
    for plant in plants(world, kind):
        contacts = world.of("contact", plant.customer)
        left = [row for row in contacts if row["valid_to"]]
        came = [row for row in contacts if day_of(row["valid_from"]) > plant.day]
        assert {row["role"] for row in left} <= roles
        assert left
        assert all(plant.day <= day_of(row["valid_to"]) <= plant.until for row in left)
        if kind == PlantKind.ORGANISATION_ABOLISHED:
            assert came == []
            assert [row["kind"] for row in world.of("customer_event", plant.customer)] == ["reorganisation"]
        else:
            assert sorted(row["role"] for row in came) == sorted(row["role"] for row in left)
            assert all(day_of(row["valid_from"]) <= plant.until for row in came)
            assert not {row["name"] for row in came} & {row["name"] for row in left}


def test_no_two_people_of_a_customer_are_called_the_same(world: World) -> None:
    named = Counter((row["customer_id"], row["name"]) for row in world.tables["contact"])
    assert [name for name, count in named.items() if count > 1] == []


def test_heads_and_signatories_change_only_where_it_is_planted(world: World) -> None:
    changed = {
        row_of(row["customer_id"])
        for row in world.tables["contact"]
        if row["valid_to"] and row["role"] in {"owner", "decides", "signatory"}
    }
    wanted = plants(world, PlantKind.SIGNATORY_CHANGE, PlantKind.LEGAL_REP_CHANGE)
    assert changed == {plant.customer for plant in wanted}
    leavers = sum(bool(row["valid_to"]) for row in world.tables["contact"])
    assert leavers > 100


@pytest.mark.parametrize(
    ("kind", "column"),
    [(PlantKind.LEGAL_REP_CHANGE, "legal_representative"), (PlantKind.SCOPE_CHANGE, "business_scope")],
)
def test_the_file_shows_the_change_within_the_plant(world: World, kind: PlantKind, column: str) -> None:
    planted = {plant.customer: plant for plant in plants(world, kind)}
    values: dict[int, dict[bool, set[str]]] = defaultdict(lambda: {False: set(), True: set()})
    for row in world.tables["integrity_file"]:
        customer = row_of(row["customer_id"])
        since = planted[customer].day if customer in planted else 0
        # within a fortnight of the change an entry may tell either
        if row[column] and not since <= day_of(row["as_of"]) < since + 12:
            values[customer][day_of(row["as_of"]) >= since].add(row[column])
    for customer, seen in values.items():
        if customer in planted:
            assert all(len(found) <= 1 for found in seen.values())
            assert not seen[False] & seen[True]
        else:
            assert len(seen[True]) == 1
    table = made(world.ledger, "integrity_file")
    whose, as_of = table.columns["customer_id"].to_pylist(), days_of(table, "as_of")
    for customer, plant in planted.items():
        own = np.array([row_of(name) == customer for name in whose])
        assert (own & (as_of > plant.day) & (table.told <= plant.until)).any()


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (PlantKind.RELOCATION, "relocation"),
        (PlantKind.ADDRESS_CHANGE, "relocation"),
        (PlantKind.CLOSURE, "closure"),
        (PlantKind.INSOLVENCY, "insolvency"),
        (PlantKind.DEMOLITION, "demolition"),
        (PlantKind.SCOPE_CHANGE, "scope_change"),
        (PlantKind.LEGAL_REP_CHANGE, "legal_rep_change"),
    ],
)
def test_planted_events_are_told_in_their_time(world: World, kind: PlantKind, event: str) -> None:
    table = made(world.ledger, "customer_event")
    whose, kinds = table.columns["customer_id"].to_pylist(), table.columns["kind"].to_pylist()
    for plant in plants(world, kind):
        (row,) = (number for number, name in enumerate(whose) if row_of(name) == plant.customer)
        assert kinds[row] == event
        assert plant.day < table.told[row] <= plant.until


def test_addresses_change_with_the_moves_and_only_then(world: World) -> None:
    now, later = addresses(world.ledger)
    moved = {row_of(row["customer_id"]) for row in world.tables["customer_event"] if row["kind"] == "relocation"}
    pairs = zip(now.to_pylist(), later.before.to_pylist(), strict=True)
    assert {row for row, (after, before) in enumerate(pairs) if after != before} == moved
    assert set(np.flatnonzero(later.day != NONE).tolist()) == moved
    assert all(now.to_pylist())
    flights = [row for row in moved if world.ledger.customers.type[row] == CustomerType.MALICIOUS]
    assert flights
    days = later.day - world.ledger.customers.turn_day
    planted = {plant.customer for plant in world.ledger.plants.of(PlantKind.RELOCATION, PlantKind.ADDRESS_CHANGE)}
    assert all(30 < days[row] <= 101 for row in flights if row not in planted)


def test_bank_accounts_change_where_planted_and_payments_can_name_them(world: World) -> None:
    by_customer = defaultdict(list)
    for row in world.tables["customer_bank_account"]:
        by_customer[row_of(row["customer_id"])].append(row)
    for plant in plants(world, PlantKind.BANK_CHANGE):
        old, new = by_customer[plant.customer]
        assert day_of(old["valid_to"]) + 1 == day_of(new["valid_from"]) == plant.day
        day = np.array([plant.day - 1, plant.day], dtype=np.int64)
        who = np.full(2, plant.customer, dtype=np.int64)
        assert paying_accounts(world.ledger, who, day).to_pylist() == [old["account_hash"], new["account_hash"]]
    hashes = [row["account_hash"] for rows in by_customer.values() for row in rows]
    assert len(set(hashes)) == len(hashes)
    assert all(len(text) == 64 for text in hashes)
    assert 2 < sum(len(rows) > 1 for rows in by_customer.values()) < 40
    assert paying_accounts(world.ledger, np.array([NONE]), np.array([0])).to_pylist() == [None]


def test_payers_and_signatories_are_people_of_the_customer_who_are_there_that_day(world: World) -> None:
    contacts = {row["contact_id"]: row for row in world.tables["contact"]}
    everyone = every(300)
    day = np.full(300, world.ledger.spec.as_of_day, dtype=np.int64)
    for found in (payers(world.ledger, everyone, day), signatories(world.ledger, everyone, day)):
        rows = [contacts[name] for name in found.to_pylist()]
        assert [row_of(row["customer_id"]) for row in rows] == everyone.tolist()
        gone = [row for row in rows if row["valid_to"] and day_of(row["valid_to"]) < world.ledger.spec.as_of_day - 40]
        assert gone == []
    assert contact_ids(np.array([NONE])).to_pylist() == [None]


def auc(positive: list[float], negative: list[float]) -> float:
    values = np.array(positive + negative)
    order = np.argsort(values, kind="stable")
    rank = np.empty(len(values))
    rank[order] = np.arange(1, len(values) + 1)
    wins = rank[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(wins / (len(positive) * len(negative)))


def test_surveys_tell_troubled_customers_from_sound_ones_but_not_perfectly(world: World) -> None:
    customers = world.ledger.customers
    for column, sign in (("debt_to_asset_ratio", 1), ("current_ratio", -1), ("return_on_operating_assets", -1)):
        sound, troubled = [], []
        for row in world.tables["operating_survey"]:
            customer = row_of(row["customer_id"])
            turn = customers.turn_day[customer]
            if not row[column]:
                continue
            if customers.type[customer] <= CustomerType.SLOW:
                sound.append(sign * float(row[column]))
            elif turn != NONE and day_of(row["as_of"]) > turn:
                troubled.append(sign * float(row[column]))
        assert 0.65 < auc(troubled, sound) < 0.95


def test_what_customers_own_follows_where_they_are_going(world: World) -> None:
    customers = world.ledger.customers
    assets = defaultdict(list)
    for row in world.tables["integrity_file"]:
        if row["fixed_assets"]:
            assets[row_of(row["customer_id"])].append((day_of(row["as_of"]), float(row["fixed_assets"])))

    def left(rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> float:
        """Median of what is left a year on average after the turn, or at the end, of what was there before."""
        ratios = []
        for row in rows.tolist():
            turn = customers.turn_day[row] if customers.turn_day[row] != NONE else world.ledger.spec.start_day + 900
            before = [value for day, value in assets[row] if day <= turn]
            after = [value for day, value in assets[row] if day > turn + 60]
            if before and after:
                ratios.append(after[0] / before[-1])
        return float(np.median(ratios))

    steady = (customers.type <= CustomerType.SLOW) & (customers.trajectory == Trajectory.STEADY)
    worsening = (customers.type <= CustomerType.SLOW) & (customers.trajectory == Trajectory.WORSENING)
    assert left(np.flatnonzero(customers.type == CustomerType.HARDSHIP)) < 0.8
    assert 0.95 < left(np.flatnonzero(steady)) < 1.05
    assert left(np.flatnonzero(worsening)) < 0.95


def test_records_follow_what_happened_in_the_ledger(world: World) -> None:
    receipts = world.ledger.receipts
    bounced = np.flatnonzero((receipts.reversal_day != NONE) & (receipts.reversal_day <= world.ledger.spec.as_of_day))
    kinds = Counter(row["event_kind"] for row in world.tables["integrity_record"])
    assert set(kinds) == set(DICTIONARY["integrity_record"].columns["event_kind"].choices)
    told = [row for row in world.tables["integrity_record"] if row["event_kind"] == "bounced_instrument"]
    late = 12  # days within which a record is told: the last ones may still be missing
    assert len(bounced) - late < len(told) <= len(bounced)
    cents = [round(100 * float(row["amount"])) for row in told]
    assert Counter(cents) <= Counter(receipts.amount[bounced].tolist())
    types: dict[CustomerType, Counter[str]] = defaultdict(Counter)
    for row in world.tables["integrity_record"]:
        types[CustomerType(int(world.ledger.customers.type[row_of(row["customer_id"])]))][row["event_kind"]] += 1
    assert types[CustomerType.PUNCTUAL]["default"] == 0
    assert types[CustomerType.MALICIOUS]["default"] > types[CustomerType.MALICIOUS]["repayment"]
    assert types[CustomerType.PUNCTUAL]["positive"] > kinds["positive"] // 2


@pytest.mark.parametrize(
    ("customers", "preset", "home"), [(60, "punctual", "ES"), (60, "distributor", "DE"), (1, "distributor", "ES")]
)
def test_other_worlds_have_files_too(customers: int, preset: str, home: str, tmp_path: Path) -> None:
    tables = read(build(spec(customers, 5, 12, preset, home)), tmp_path)
    always = {"territory", "salesperson", "collector", "contact", "payment_step", "contract", "credit_limit"}
    assert all(tables[name] for name in always | {"integrity_file", "operating_survey"} if customers > 1)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    content = []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        (tmp_path / name).mkdir()
        read(build(spec(60, seed)), tmp_path / name)
        content.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert content[0] == content[1]
    assert content[0] != content[2]
