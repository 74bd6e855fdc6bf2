"""What collectors, customers and departments do about debts in the sample: it must agree with the ledger and with its causes."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from receivables.schema import TABLES as SCHEMA
from receivables.world.customers import CustomerType
from receivables.world.dealings import LOGGED, granted_days, tables
from receivables.world.dealings.ends import ends
from receivables.world.dealings.notes import Excuse
from receivables.world.dials import CANONICAL, Spec
from receivables.world.draws import NONE, as_date, day_number
from receivables.world.expected import BUCKETS, by_bucket, by_customer, position
from receivables.world.ids import customer_ids, document_ids, every
from receivables.world.ledger import Ledger, build
from receivables.world.plants import Plant, PlantKind
from receivables.world.presets import PRESETS
from receivables.world.records import AllocKind
from receivables.world.tables import write_table
from receivables.world.truth import month_end_before
from receivables.world.valuation import Values, value

Row = dict[str, str]
NAMES = (*LOGGED, "statement_confirmation", "balance_assertion")
AS_OF = date(2026, 10, 31)
GRACE_DAYS = 2


@dataclass(frozen=True)
class World:
    """A ledger, its values, and the rows of the files that are written of it."""

    ledger: Ledger
    values: Values
    rows: dict[str, list[Row]]
    customers: list[str]
    documents: list[str]

    def logged(self, plant: Plant, kind: str) -> list[Row]:
        return [
            row
            for row in self.rows["collection_log"]
            if row["customer_id"] == self.customers[plant.customer]
            and row["entry_kind"] == kind
            and inside(plant, row["logged_at"])
        ]


def inside(plant: Plant, day: str) -> bool:
    return plant.day <= number(day) <= plant.until


def number(day: str) -> int:
    return day_number(date.fromisoformat(day[:10]))


def ledger_of(customers: int, seed: int, per: int = 100) -> Ledger:
    spec = Spec(
        customers=customers,
        seed=seed,
        company_id="ES01",
        start_day=day_number(month_end_before(AS_OF, 60)) + 1,
        as_of_day=day_number(AS_OF),
        invoices=customers * per,
        dials=CANONICAL,
        home="ES",
        preset=PRESETS["distributor"],
    )
    return build(spec)


def written(ledger: Ledger, values: Values, out: Path, day: int) -> dict[str, list[Row]]:
    rows = {}
    for name, slices in tables(ledger, values).items():
        path = out / f"{name}.csv"
        write_table(path, slices, day)
        with path.open(encoding="utf-8", newline="") as file:
            rows[name] = list(csv.DictReader(file, strict=True))
    return rows


def world_of(out: Path, customers: int, seed: int, per: int = 100) -> World:
    ledger = ledger_of(customers, seed, per)
    values = value(ledger)
    return World(
        ledger,
        values,
        written(ledger, values, out, ledger.spec.as_of_day),
        customer_ids(every(customers)).to_pylist(),
        document_ids(ledger, every(len(ledger.documents))).to_pylist(),
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world_of(tmp_path_factory.mktemp("world"), 200, 5)


@pytest.fixture(scope="module", params=[(300, 11, 100), (120, 2, 100), (60, 3, 100)])
def any_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    return world_of(tmp_path_factory.mktemp("any"), *request.param)


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_of_the_schema(any_world: World, name: str) -> None:
    schema, rows = SCHEMA[name], any_world.rows[name]
    assert rows
    assert set(rows[0]) <= set(schema.columns)
    keys = [tuple(row.get(column, "") for column in schema.key) for row in rows]
    assert len(set(keys)) == len(keys)
    for column in schema.columns.values():
        cells = {row.get(column.name, "") for row in rows}
        if column.required:
            assert "" not in cells, column.name
        if column.choices:
            assert cells - {""} <= set(column.choices), column.name


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere(any_world: World, name: str) -> None:
    known = {
        "customer_id": set(any_world.customers),
        "doc_id": set(any_world.documents),
        "collector_id": {f"COB-{place:02}" for place in range(1, 7)},
    }
    owner = dict(zip(any_world.documents, any_world.ledger.documents.customer.tolist(), strict=True))
    for row in any_world.rows[name]:
        for column, ids in known.items():
            assert not row.get(column) or row[column] in ids
        if row.get("doc_id") and row.get("customer_id"):
            assert any_world.customers[owner[row["doc_id"]]] == row["customer_id"]


def test_every_type_of_entry_and_excuse_occurs(world: World) -> None:
    log = world.rows["collection_log"]
    assert {row["entry_kind"] for row in log} == set(SCHEMA["collection_log"].columns["entry_kind"].choices)
    assert {row["excuse_code"] for row in log} - {""} == {excuse.name.lower() for excuse in Excuse}
    assert {row["kind"] for row in world.rows["concession"]} == {"deferral", "instalments", "reduction"}
    assert {row["kind"] for row in world.rows["benefit_ledger"]} == set(
        SCHEMA["benefit_ledger"].columns["kind"].choices
    )
    assert {row["response"] for row in world.rows["statement_confirmation"]} - {""} == {
        "confirmed",
        "disputed",
        "no_reply",
        "partial",
    }


def test_the_log_is_numbered_in_order_and_kept_in_office_hours(world: World) -> None:
    log = world.rows["collection_log"]
    times = [datetime.fromisoformat(row["logged_at"]) for row in log]
    assert [int(row["log_id"]) for row in log] == list(range(1, len(log) + 1))
    assert times == sorted(times)
    assert all(time.weekday() < 5 and 9 <= time.hour <= 17 for time in times)
    assert all(row["closed_at"] >= row["logged_at"] for row in log if row["closed_at"])


def money_of(ledger: Ledger) -> dict[int, list[tuple[int, int, bool]]]:
    """List by document what came in cash: the day, the cents it cleared, and whether it stayed."""
    alloc, found = ledger.allocations, defaultdict(list)
    for row in np.flatnonzero(alloc.kind == AllocKind.PAYMENT).tolist():
        doc = int(ledger.instalments.doc[alloc.inst[row]])
        day = int(ledger.receipts.pay_day[alloc.payment[row]])
        found[doc].append((day, int(alloc.cleared[row]), int(alloc.void_day[row]) == NONE))
    return found


def credited(ledger: Ledger) -> Counter[int]:
    alloc, found = ledger.allocations, Counter[int]()
    for row in np.flatnonzero(alloc.kind == AllocKind.CREDIT_NOTE).tolist():
        found[int(ledger.instalments.doc[alloc.inst[row]])] += int(alloc.cleared[row])
    return found


def single(ledger: Ledger) -> set[int]:
    inst = ledger.instalments
    return set(inst.doc[inst.of == 1].tolist())


def test_promises_end_as_the_money_that_came_says(world: World) -> None:
    ledger = world.ledger
    rows = {doc: row for row, doc in enumerate(world.documents)}
    money, credit, plain = money_of(ledger), credited(ledger), single(ledger)
    seen: Counter[str] = Counter()
    for row in world.rows["collection_log"]:
        doc = rows.get(row["doc_id"], NONE)
        if row["entry_kind"] != "promise" or not row["closed_at"] or doc not in plain:
            continue
        logged, until = number(row["logged_at"]), number(row["promised_date"]) + GRACE_DAYS
        came = [(day, cents) for day, cents, stayed in money[doc] if stayed and day <= until]
        amount = int(ledger.documents.amount[doc])
        if credit[doc] == amount:  # billed anew: no money is to come
            assert row["outcome"] == "broken"
            continue
        rest = amount - credit[doc] - sum(cents for _, cents in came)
        whole = rest <= max(50, amount // 1000)
        expected = "kept" if whole else "part kept" if any(day >= logged for day, _ in came) else "broken"
        assert row["outcome"] == expected, row
        assert number(row["closed_at"]) > (max(day for day, _ in came) if whole else until)
        assert Decimal(row["promised_amount"]) > 0
        seen[expected] += 1
    assert min(seen["kept"], seen["broken"], seen["part kept"]) > 3


def test_who_says_to_have_paid_and_has_is_followed_by_money(world: World) -> None:
    rows = {doc: row for row, doc in enumerate(world.documents)}
    money, plain, seen = money_of(world.ledger), single(world.ledger), Counter[str]()
    for row in world.rows["collection_log"]:
        doc = rows.get(row["doc_id"], NONE)
        if row["entry_kind"] == "payment_claim" and row["outcome"] and doc in plain:
            logged = number(row["logged_at"])
            came = any(logged < day <= logged + 10 for day, _, stayed in money[doc] if stayed)
            assert row["outcome"] == ("money came" if came else "not found")
            seen[row["outcome"]] += 1
    assert min(seen["money came"], seen["not found"]) > 3


def test_promises_are_kept_by_the_types_that_keep_them(tmp_path: Path) -> None:
    told: dict[int, Counter[str]] = defaultdict(Counter)
    for seed in (21, 22):
        found = world_of(tmp_path, 300, seed)
        kinds = dict(zip(found.customers, found.ledger.customers.type.tolist(), strict=True))
        for row in found.rows["collection_log"]:
            if row["entry_kind"] == "promise" and row["closed_at"]:
                told[kinds[row["customer_id"]]][row["outcome"]] += 1
    rate = {kind: told[kind]["kept"] / told[kind].total() for kind in CustomerType}
    assert min(rate[CustomerType.PUNCTUAL], rate[CustomerType.SLOW]) > 0.7
    assert max(rate[CustomerType.EVADER], rate[CustomerType.MALICIOUS]) < 0.35
    assert rate[CustomerType.EVADER] < rate[CustomerType.HARDSHIP] < rate[CustomerType.SLOW]


def test_each_type_speaks_its_own_excuses(world: World) -> None:
    kinds = dict(zip(world.customers, world.ledger.customers.type.tolist(), strict=True))
    said: dict[int, Counter[str]] = defaultdict(Counter)
    entries: dict[int, Counter[str]] = defaultdict(Counter)
    for row in world.rows["collection_log"]:
        kind = kinds[row["customer_id"]]
        entries[kind][row["entry_kind"]] += 1
        if row["entry_kind"] == "excuse":
            said[kind][row["excuse_code"]] += 1
    assert said[CustomerType.CHAIN_DEBT].most_common(1)[0][0] == "waiting_for_own_customer"
    assert said[CustomerType.EVADER].most_common(1)[0][0] == "absent"
    assert {code for code, _ in said[CustomerType.HARDSHIP].most_common(2)} == {"no_money", "goods_unsold"}
    assert entries[CustomerType.CHAIN_DEBT]["upstream_debtor"] == sum(c["upstream_debtor"] for c in entries.values())
    attempts = {kind: count["attempt"] / count.total() for kind, count in entries.items()}
    assert max(attempts, key=attempts.__getitem__) == CustomerType.EVADER
    asks = ("deferral_request", "instalment_request")
    pressed = sum(entries[kind][ask] for kind in (CustomerType.HARDSHIP, CustomerType.CHAIN_DEBT) for ask in asks)
    assert pressed > sum(count[ask] for count in entries.values() for ask in asks) / 2


def test_disputes_and_issues_are_those_of_the_ledger(world: World) -> None:
    ledger = world.ledger
    disputes = world.rows["dispute"]
    assert len(disputes) == len(ledger.disputes.inst)
    amounts = {doc: int(cents) for doc, cents in zip(world.documents, ledger.documents.amount.tolist(), strict=True)}
    assert all(0 < Decimal(row["amount_doc"]) * 100 <= amounts[row["doc_id"]] for row in disputes)
    logged = {row["doc_id"] for row in world.rows["collection_log"] if row["entry_kind"] == "dispute"}
    assert logged == {row["doc_id"] for row in disputes}
    behind = {row["doc_id"] for row in world.rows["service_issue"]} & logged
    assert len(disputes) / 3 < len(behind) < len(disputes)
    assert any(row["doc_id"] not in logged for row in world.rows["service_issue"])
    for name in ("dispute", "service_issue"):
        assert all(row["closed"] >= row["opened"] for row in world.rows[name] if row["closed"])


def test_a_due_date_is_put_off_by_a_concession_or_edited_without_one(any_world: World) -> None:
    ledger = any_world.ledger
    inst, told = ledger.instalments, granted_days(ledger)
    moved = inst.due_day != inst.due_original
    assert ((told != NONE) == moved).all()
    assert (told[moved] <= ledger.spec.as_of_day).all()
    customer = ledger.documents.customer[inst.doc]
    edited = moved & ledger.plants.marked(
        PlantKind.DUE_DATE_EDIT, customer, ledger.documents.doc_day[inst.doc], ledger.spec.customers
    )
    granted = {
        (row["doc_id"], row["old_due"], row["new_due"]): row
        for row in any_world.rows["concession"]
        if row["kind"] == "deferral" and row["granted"]
    }
    for row in np.flatnonzero(moved).tolist():
        original, due = (str(as_date(int(day[row]))) for day in (inst.due_original, inst.due_day))
        concession = granted.get((any_world.documents[int(inst.doc[row])], original, due))
        assert (concession is None) == bool(edited[row])
        if concession is not None:
            assert concession["granted"] == str(as_date(int(told[row])))
            assert concession["requested"] <= concession["granted"]
            assert concession["approved_by"]
        else:
            assert told[row] > inst.due_original[row]


def test_benefits_are_withheld_from_those_who_owe(world: World) -> None:
    rows = world.rows["benefit_ledger"]
    assert not [row for row in rows if row["paid"] and row["withheld"]]
    kinds = dict(zip(world.customers, world.ledger.customers.type.tolist(), strict=True))
    held = Counter(kinds[row["customer_id"]] for row in rows if row["withheld"])
    total = Counter(kinds[row["customer_id"]] for row in rows)
    assert (
        held[CustomerType.EVADER] / total[CustomerType.EVADER]
        > held[CustomerType.PUNCTUAL] / total[CustomerType.PUNCTUAL]
    )
    forgotten = [row for row in rows if not row["paid"] and not row["withheld"] and row["due"] < "2026-06-01"]
    assert any(row["kind"] == "rebate" for row in forgotten)
    assert len(forgotten) < len(rows) / 10
    assert all(Decimal(row["amount_local"]) > 0 for row in rows)


def test_punctual_payers_that_ask_are_in_the_log(any_world: World) -> None:
    asked = {PlantKind.PUNCTUAL_ASKS_DEFERRAL: "deferral", PlantKind.PUNCTUAL_ASKS_INSTALMENTS: "instalments"}
    for plant in any_world.ledger.plants.of(*asked):
        kind = asked[plant.kind]
        assert len(any_world.logged(plant, f"{kind.removesuffix('s')}_request")) >= 2
        mine = [
            row for row in any_world.rows["concession"] if row["customer_id"] == any_world.customers[plant.customer]
        ]
        assert sum(row["kind"] == kind and inside(plant, row["requested"]) for row in mine) >= 2


def test_planted_promises_are_broken(any_world: World) -> None:
    for plant in any_world.ledger.plants.of(PlantKind.BROKEN_PROMISES):
        broken = [row for row in any_world.logged(plant, "promise") if row["outcome"] == "broken"]
        assert len(broken) >= 3
        assert all(number(row["closed_at"]) <= plant.until for row in broken[:3])


def test_planted_claims_are_followed_by_nothing(any_world: World) -> None:
    money, rows = money_of(any_world.ledger), {doc: row for row, doc in enumerate(any_world.documents)}
    for plant in any_world.ledger.plants.of(PlantKind.CLAIMED_PAYMENT):
        false = [row for row in any_world.logged(plant, "payment_claim") if row["outcome"] == "not found"]
        assert false
        unpaid = [
            row
            for row in false
            if not any(0 <= day - number(row["logged_at"]) <= 10 for day, _, _ in money[rows[row["doc_id"]]])
        ]
        assert unpaid


def test_planted_concessions_are_overrun(any_world: World) -> None:
    ledger, shown = any_world.ledger, []
    money, rows, found = money_of(ledger), {doc: row for row, doc in enumerate(any_world.documents)}, ends(ledger)
    for plant in ledger.plants.of(PlantKind.CONCESSION_OVERRUN):
        granted = [
            row
            for row in any_world.rows["concession"]
            if row["customer_id"] == any_world.customers[plant.customer]
            and row["kind"] == "deferral"
            and row["granted"]
            and inside(plant, row["granted"])
        ]
        overrun = []
        for row in granted:
            doc, until = rows[row["doc_id"]], number(row["new_due"])
            paid = sum(cents for day, cents, stayed in money[doc] if stayed and day <= until)
            overrun.append(paid < int(ledger.documents.amount[doc]) * 0.9 and until < ledger.spec.as_of_day)
        late = found.closed > found.due + 4
        own = late & (found.customer == plant.customer) & (found.since >= plant.day) & (found.since < plant.until - 9)
        shown.append(any(overrun))
        assert shown[-1] or not own.any()
    assert any(shown)


def test_changes_at_customers_are_reported(any_world: World) -> None:
    changes = (
        PlantKind.CONTACT_CHANGE,
        PlantKind.SIGNATORY_CHANGE,
        PlantKind.ADDRESS_CHANGE,
        PlantKind.ORGANISATION_ABOLISHED,
    )
    for plant in any_world.ledger.plants.of(*changes):
        assert any_world.logged(plant, "change_report")
    reports = [row for row in any_world.rows["collection_log"] if row["entry_kind"] == "change_report"]
    carriers = {any_world.customers[plant.customer] for plant in any_world.ledger.plants.of(*changes)}
    assert {row["customer_id"] for row in reports} == carriers


def test_planted_confirmations_are_missing(any_world: World) -> None:
    for plant in any_world.ledger.plants.of(PlantKind.CONFIRMATION_MISSING):
        mine = [
            row
            for row in any_world.rows["statement_confirmation"]
            if row["customer_id"] == any_world.customers[plant.customer]
        ]
        window = [row for row in mine if inside(plant, row["as_of"])]
        before = [row for row in mine if number(row["as_of"]) < plant.day]
        assert window
        assert all(row["response"] == "no_reply" and not row["customer_balance"] for row in window)
        assert before
        assert all(row["response"] == "confirmed" for row in before)


def test_about_half_of_those_with_new_people_miss_the_next_confirmation(world: World) -> None:
    silent, asked = 0, 0
    kinds = (PlantKind.CONTACT_CHANGE, PlantKind.SIGNATORY_CHANGE, PlantKind.LEGAL_REP_CHANGE)
    for plant in world.ledger.plants.of(*kinds):
        following = [
            row
            for row in world.rows["statement_confirmation"]
            if row["customer_id"] == world.customers[plant.customer] and number(row["as_of"]) >= plant.day
        ]
        if following:
            asked += 1
            silent += following[0]["response"] == "no_reply"
    assert asked >= 4
    assert asked / 3 <= silent <= asked * 3 / 4


def test_statements_state_the_balance_of_their_day(world: World) -> None:
    rows = world.rows["statement_confirmation"]
    for day in sorted({row["as_of"] for row in rows}):
        items = position(world.ledger, world.values, number(day)).items
        open_doc = {(customer, currency): cents for customer, currency, _, cents, _ in by_customer(items)}
        for row in rows:
            if row["as_of"] == day:
                cents = open_doc.get((world.customers.index(row["customer_id"]), row["currency"]), 0)
                assert Decimal(row["our_balance"]) * 100 == cents
    assert len({row["as_of"] for row in rows}) == 8
    assert {row["customer_id"] for row in rows} == set(world.customers)


def test_answers_to_statements_add_up(world: World) -> None:
    differing = Counter[str]()
    for row in world.rows["statement_confirmation"]:
        if row["customer_balance"]:
            difference = Decimal(row["customer_balance"]) - Decimal(row["our_balance"])
            assert Decimal(row["difference"]) == difference
            assert row["response_date"] > row["sent_date"] > row["as_of"]
            assert (row["response"] == "confirmed") == (difference == 0)
            differing[row["response"]] += 1
        else:
            assert row["response"] in {"no_reply", ""}
            assert not row["sealed"]
    assert differing["confirmed"] > differing["partial"] + differing["disputed"] > 0


def test_stated_balances_are_true(any_world: World) -> None:
    rows = any_world.rows["balance_assertion"]
    totals = [row for row in rows if row["basis"] == "gl"]
    for day in {row["as_of"] for row in totals}:
        doc, local = Counter[str](), Counter[str]()
        items = position(any_world.ledger, any_world.values, number(day)).items
        for _, currency, _, cents, units in by_customer(items):
            doc[currency] += cents
            local[currency] += units
        mine = [row for row in totals if row["as_of"] == day]
        assert len(mine) == 3
        assert all(Decimal(row["balance_doc"]) * 100 == doc[row["currency"]] for row in mine)
        assert all(Decimal(row["balance_local"]) * 10_000 == local[row["currency"]] for row in mine)


def test_the_aging_report_adds_up_to_the_general_ledger(any_world: World) -> None:
    rows = any_world.rows["balance_assertion"]
    aging = [row for row in rows if row["basis"] == "erp_aging"]
    assert {row["bucket"] for row in aging} == set(BUCKETS)
    ledger = [row for row in rows if row["basis"] == "gl" and row["as_of"] == str(AS_OF)]
    for column in ("balance_doc", "balance_local"):
        for row in ledger:
            assert Decimal(row[column]) == sum(Decimal(r[column]) for r in aging if r["currency"] == row["currency"])
    told = {
        bucket: units
        for bucket, _, units in by_bucket(position(any_world.ledger, any_world.values, number(str(AS_OF))).items)
    }
    for bucket in BUCKETS:
        stated = sum(Decimal(row["balance_local"]) for row in aging if row["bucket"] == bucket)
        assert stated * 10_000 == told.get(bucket, 0)


TOLD = {
    "collection_log": ("logged_at", "closed_at"),
    "dispute": ("opened", "closed"),
    "service_issue": ("opened", "closed"),
    "concession": ("requested", "granted"),
    "benefit_ledger": ("granted", "paid", "withheld"),
    "statement_confirmation": ("as_of", "sent_date", "response_date"),
    "balance_assertion": ("as_of",),
}


@pytest.mark.parametrize("back", [1, 200, 731])
def test_nothing_is_told_before_it_is_known(world: World, tmp_path: Path, back: int) -> None:
    day = world.ledger.spec.as_of_day - back
    earlier = written(world.ledger, world.values, tmp_path, day)
    for name, columns in TOLD.items():
        assert all(number(row[column]) <= day for row in earlier[name] for column in columns if row[column])
        key = SCHEMA[name].key
        now = {tuple(row[column] for column in key if column in row) for row in world.rows[name]}
        assert {tuple(row[column] for column in key if column in row) for row in earlier[name]} <= now
    for row in earlier["collection_log"]:
        assert row["closed_at"] or not row["outcome"] or row["entry_kind"] == "attempt"
    assert all(row["granted"] or not (row["new_due"] or row["approved_by"]) for row in earlier["concession"])
    answered = [row for row in earlier["statement_confirmation"] if row["customer_balance"]]
    assert all(row["response_date"] and row["response"] for row in answered)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other", "third")]
    for folder, seed in zip(folders, (4, 4, 5), strict=True):
        folder.mkdir()
        world_of(folder, 60, seed, per=40)
    for name in NAMES:
        one, other, third = ((folder / f"{name}.csv").read_bytes() for folder in folders)
        assert one == other
        assert one != third


def test_a_small_world_has_all_tables(tmp_path: Path) -> None:
    assert all(world_of(tmp_path, 60, 7, per=18).rows.values())
