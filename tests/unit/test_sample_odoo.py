from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from receivables.world import odoo, odoo_book
from receivables.world.dials import CANONICAL, Spec
from receivables.world.draws import NONE, as_date, day_number
from receivables.world.expected import position
from receivables.world.ledger import Ledger, build
from receivables.world.names import SALESPEOPLE
from receivables.world.presets import DISTRIBUTOR
from receivables.world.records import CURRENCIES
from receivables.world.valuation import value

CENT, ZERO = Decimal("0.01"), Decimal(0)
ROUNDING = CENT / 2 + Decimal("0.00005")
"""Odoo keeps cents, the expected position four decimals."""

AS_OF: Final = date(2026, 10, 31)
WORLDS: Final = {"seed 34": (34, 60, 0), "seed 35": (35, 60, 0), "seed 34, 200 days before": (34, 60, 200)}
"""Seed, customers, and how many days before its end the ledger is looked at: what comes after is then to be hidden."""

HEADERS: Final = {
    "account_move": (
        "id,name,move_type,state,payment_state,partner_id/id,partner_id/ref,invoice_date,date,invoice_date_due,"
        "invoice_payment_term_id/name,currency_id/name,amount_total,amount_residual,amount_total_signed,"
        "amount_residual_signed,invoice_origin,ref,reversed_entry_id/id,invoice_user_id/name,company_id/name"
    ),
    "account_move_line": (
        "id,move_id/id,move_name,account_id/code,account_id/account_type,partner_id/ref,date,date_maturity,name,debit,"
        "credit,balance,currency_id/name,amount_currency,amount_residual,amount_residual_currency,reconciled,"
        "full_reconcile_id/id,matching_number,parent_state"
    ),
    "account_partial_reconcile": (
        "id,debit_move_id/id,credit_move_id/id,amount,debit_amount_currency,credit_amount_currency,"
        "debit_currency_id/name,credit_currency_id/name,max_date,full_reconcile_id/id,exchange_move_id/id,create_date"
    ),
    "res_partner": (
        "id,ref,name,is_company,vat,country_id/code,city,zip,phone,email,user_id/name,property_payment_term_id/name,"
        "credit_limit,customer_rank,active,create_date,child_ids/name,child_ids/function,child_ids/email"
    ),
}

Row = dict[str, str]


class Open(NamedTuple):
    doc: Decimal
    local: Decimal


class Export(NamedTuple):
    """The files of one world, and what is open by customer and currency."""

    ledger: Ledger
    moves: dict[str, Row]
    lines: dict[str, Row]
    partials: list[Row]
    partners: list[Row]
    expected: dict[tuple[str, str], Open]

    def lines_of(self, move: Row) -> list[Row]:
        return [line for line in self.lines.values() if line["move_id/id"] == move["id"]]

    def posted(self) -> Iterator[Row]:
        return (line for line in self.lines.values() if line["parent_state"] == "posted")


def ledger_of(seed: int, customers: int, days_before: int = 0) -> Ledger:
    spec = Spec(
        customers=customers,
        seed=seed,
        company_id="ES01",
        start_day=day_number(date(2023, 11, 1)),
        as_of_day=day_number(AS_OF),
        invoices=customers * 18,
        dials=CANONICAL,
        home="ES",
        preset=DISTRIBUTOR,
    )
    ledger = build(spec)
    return replace(ledger, spec=replace(spec, as_of_day=spec.as_of_day - days_before))


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def export(ledger: Ledger, out: Path) -> Export:
    values = value(ledger)
    moves, lines, partials, partners = (read(path) for path in odoo.write(ledger, values, out))
    ids = odoo.customer_ids(ledger)
    found: dict[tuple[str, str], Open] = defaultdict(lambda: Open(ZERO, ZERO))
    items = position(ledger, values, ledger.spec.as_of_day).items
    columns = (items.customer, items.currency, items.open_doc, items.open_local)
    for customer, currency, cents, units in zip(*(column.tolist() for column in columns), strict=True):
        key = ("" if customer == NONE else ids[customer], CURRENCIES[currency])
        found[key] = Open(found[key].doc + cents * CENT, found[key].local + units * CENT / 100)
    return Export(
        ledger,
        {row["id"]: row for row in moves},
        {row["id"]: row for row in lines},
        partials,
        partners,
        found,
    )


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Export]:
    return {name: export(ledger_of(*world), tmp_path_factory.mktemp("odoo")) for name, world in WORLDS.items()}


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest, worlds: dict[str, Export]) -> Export:
    return worlds[request.param]


def number(row: Row, column: str) -> Decimal:
    return Decimal(row[column])


def taken(world: Export) -> dict[str, Open]:
    """What the partials take from each line, in both currencies."""
    sums: dict[str, Open] = defaultdict(lambda: Open(ZERO, ZERO))
    for partial in world.partials:
        for side in ("debit", "credit"):
            line = partial[f"{side}_move_id/id"]
            doc = sums[line].doc + number(partial, f"{side}_amount_currency")
            sums[line] = Open(doc, sums[line].local + number(partial, "amount"))
    return sums


def closed_by_tolerance(world: Export) -> set[str]:
    """Rests that the expected position closes and Odoo does not: up to 0.50 or a thousandth of the invoice."""
    used = {partial["debit_move_id/id"] for partial in world.partials}
    found = set()
    for line in world.posted():
        if line["id"] in used and line["move_name"].startswith("INV/"):
            total = number(world.moves[line["move_id/id"]], "amount_total")
            limit = max(Decimal("0.50"), total // 10 * CENT)
            if ZERO < number(line, "amount_residual_currency") <= limit:
                found.add(line["id"])
    return found


def test_the_files_have_the_names_and_columns_of_an_export(tmp_path: Path) -> None:
    ledger = ledger_of(3, 12)
    paths = odoo.write(ledger, value(ledger), tmp_path)
    assert [path.name for path in paths] == [f"{table}__ES01__2026-10-31.csv" for table in HEADERS]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    for path, header in zip(paths, HEADERS.values(), strict=True):
        content = path.read_bytes()
        assert content.decode("utf-8").split("\n", 1)[0] == header
        assert b"\r" not in content
        assert content.endswith(b"\n")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    runs = []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        out = tmp_path / name
        out.mkdir()
        ledger = ledger_of(seed, 12)
        runs.append([(path.name, path.read_bytes()) for path in odoo.write(ledger, value(ledger), out)])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_ids_are_unique_and_references_lead_somewhere(world: Export) -> None:
    refs = odoo.customer_ids(world.ledger)
    parents = [row for row in world.partners if row["id"]]
    assert [row["ref"] for row in parents] == refs
    partner_ids = {row["id"]: row["ref"] for row in parents}
    for rows in (world.partials, list(world.moves.values()), list(world.lines.values())):
        assert len({row["id"] for row in rows}) == len(rows)
    for move in world.moves.values():
        assert partner_ids.get(move["partner_id/id"], "") == move["partner_id/ref"]
        assert move["reversed_entry_id/id"] in {"", *world.moves}
    for line in world.lines.values():
        assert line["partner_id/ref"] in {"", *refs}
        assert line["move_id/id"] in world.moves or line["move_name"].startswith("PBNK1/")
    for partial in world.partials:
        assert partial["debit_move_id/id"] in world.lines
        assert partial["credit_move_id/id"] in world.lines
        assert partial["exchange_move_id/id"] in {"", *world.moves}


def test_numbers_belong_to_one_move_and_those_of_invoices_and_receipts_rise_with_their_dates(world: Export) -> None:
    serials: dict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    for line in world.lines.values():
        assert (line["move_name"] == "/") == (line["parent_state"] == "draft")
        if line["move_name"] != "/":
            series, _, serial = line["move_name"].rpartition("/")
            journal, _, year = series.partition("/")
            told = (line["date"], line["move_id/id"])
            assert serials[journal].setdefault(int(serial), told) == told
            assert line["date"].startswith(year)
    for journal in ("INV", "PBNK1"):
        dates = [serials[journal][serial][0] for serial in sorted(serials[journal])]
        # an invoice posted a day or two later keeps the number it was drawn with
        late = sum(later < earlier for earlier, later in pairwise(dates))
        assert late < len(dates) / (5 if journal == "INV" else len(dates))


def test_a_later_export_names_what_an_earlier_one_named_in_the_same_way(tmp_path: Path) -> None:
    """Ids and numbers do not move from one night to the next, so that a reader may know rows by them."""
    told = []
    for days_before in (30, 0):
        folder = tmp_path / str(days_before)
        folder.mkdir()
        told.append(export(ledger_of(34, 30, days_before), folder))
    before, after = told
    for earlier, later in ((before.moves, after.moves), (before.lines, after.lines)):
        shared = [key for key in earlier if key in later]
        assert len(shared) > 100
        for key in shared:
            fixed = [name for name in ("partner_id/ref", "invoice_date", "date", "date_maturity") if name in later[key]]
            assert [earlier[key][name] for name in fixed] == [later[key][name] for name in fixed]
    ends = ("debit_move_id/id", "credit_move_id/id")
    later_ends = {row["id"]: [row[end] for end in ends] for row in after.partials}
    shared_partials = [row for row in before.partials if row["id"] in later_ends]
    assert len(shared_partials) > 100
    assert all([row[end] for end in ends] == later_ends[row["id"]] for row in shared_partials)


def test_what_is_open_is_what_is_expected_but_for_the_rests_that_odoo_does_not_close(world: Export) -> None:
    tolerated = closed_by_tolerance(world)
    found: dict[tuple[str, str], Open] = defaultdict(lambda: Open(ZERO, ZERO))
    open_lines: Counter[tuple[str, str]] = Counter()
    for line in world.posted():
        if line["id"] not in tolerated:
            key = (line["partner_id/ref"], line["currency_id/name"])
            doc = found[key].doc + number(line, "amount_residual_currency")
            found[key] = Open(doc, found[key].local + number(line, "amount_residual"))
            open_lines[key] += line["amount_residual_currency"] != "0.0"
    for key in {*found, *world.expected}:
        assert found[key].doc == world.expected[key].doc, key
        assert abs(found[key].local - world.expected[key].local) <= ROUNDING * open_lines[key], key


@pytest.mark.parametrize("days_before", [0, 1])
def test_a_bounced_receipt_is_cancelled_and_its_partials_are_gone(days_before: int, tmp_path: Path) -> None:
    ledger = ledger_of(34, 60)
    row = int(ledger.allocations.payment[ledger.allocations.void_day != NONE][0])
    day = int(ledger.receipts.reversal_day[row]) - days_before
    world = export(replace(ledger, spec=replace(ledger.spec, as_of_day=day)), tmp_path)
    receipt = world.lines[f"aml_{first_receipt_line(ledger) + row}"]
    used = any(partial["credit_move_id/id"] == receipt["id"] for partial in world.partials)
    assert number(receipt, "amount_currency") == -int(ledger.receipts.amount[row]) * CENT
    assert (receipt["parent_state"], used) == (("posted", True) if days_before else ("cancel", False))
    test_what_is_open_is_what_is_expected_but_for_the_rests_that_odoo_does_not_close(world)


def first_receipt_line(ledger: Ledger) -> int:
    """Receipts follow the instalments and the documents that have none."""
    whole = set(range(len(ledger.documents))) - set(ledger.instalments.doc.tolist())
    return 1 + len(ledger.instalments) + len(whole)


def test_both_currencies_of_a_line_agree_at_the_end_of_every_day(world: Export) -> None:
    """History too: after each day's partials the rest in company currency is the same share as in its own."""
    rest = {line["id"]: Open(number(line, "amount_currency"), number(line, "balance")) for line in world.lines.values()}
    whole = dict(rest)
    for _, partials in groupby(world.partials, key=lambda partial: partial["max_date"]):
        touched = set()
        for partial in partials:
            for side, sign in (("debit", -1), ("credit", 1)):
                line, amount = partial[f"{side}_move_id/id"], sign * number(partial, "amount")
                doc = sign * number(partial, f"{side}_amount_currency")
                rest[line] = Open(rest[line].doc + doc, rest[line].local + amount)
                touched.add(line)
        for line in touched:
            if whole[line].doc:
                share = rest[line].doc * whole[line].local / whole[line].doc
                assert abs(rest[line].local - share) <= CENT / 2
            else:
                assert rest[line].local == ZERO


def test_a_residual_is_the_amount_less_the_partials_in_both_currencies(world: Export) -> None:
    used = taken(world)
    for line in world.lines.values():
        sign = 1 if number(line, "balance") >= ZERO else -1
        amount, balance = number(line, "amount_currency"), number(line, "balance")
        rest, rest_local = number(line, "amount_residual_currency"), number(line, "amount_residual")
        assert number(line, "debit") - number(line, "credit") == balance
        assert ZERO in {number(line, "debit"), number(line, "credit")}
        if line["currency_id/name"] == "EUR":
            assert (amount, rest) == (balance, rest_local)
        if line["parent_state"] == "cancel":
            assert line["id"] not in used
            assert rest == rest_local == ZERO
            continue
        taken_doc, taken_local = used.get(line["id"], Open(ZERO, ZERO))
        assert sign * amount >= taken_doc >= ZERO
        assert sign * balance >= taken_local >= ZERO
        assert rest == amount - sign * taken_doc
        assert rest_local == balance - sign * taken_local


def test_a_partial_joins_a_debit_and_a_credit_of_posted_moves(world: Export) -> None:
    for partial in world.partials:
        debit, credit = world.lines[partial["debit_move_id/id"]], world.lines[partial["credit_move_id/id"]]
        assert number(debit, "debit") > ZERO
        assert number(credit, "credit") > ZERO
        assert debit["parent_state"] == credit["parent_state"] == "posted"
        assert number(partial, "amount") > ZERO
        assert partial["debit_currency_id/name"] == debit["currency_id/name"]
        assert partial["credit_currency_id/name"] == credit["currency_id/name"]
        assert partial["max_date"] >= max(debit["date"], credit["date"])
        assert partial["create_date"].startswith(partial["max_date"])
        if debit["currency_id/name"] == credit["currency_id/name"]:
            assert partial["debit_amount_currency"] == partial["credit_amount_currency"]


def test_an_exchange_difference_is_an_entry_reconciled_with_one_of_the_two_lines(world: Export) -> None:
    entries = {move["id"] for move in world.moves.values() if move["name"].startswith("EXCH/")}
    named = [partial for partial in world.partials if partial["exchange_move_id/id"]]
    assert {partial["exchange_move_id/id"] for partial in named} == entries
    assert len(named) == len(entries)
    by_end: dict[str, list[Row]] = defaultdict(list)
    for partial in world.partials:
        by_end[partial["debit_move_id/id"]].append(partial)
        by_end[partial["credit_move_id/id"]].append(partial)
    own: dict[str, list[Row]] = defaultdict(list)
    for line in world.lines.values():
        own[line["move_id/id"]].append(line)
    for main in named:
        (line,) = own[main["exchange_move_id/id"]]
        (correction,) = by_end[line["id"]]
        other = correction["debit_move_id/id" if number(line, "credit") else "credit_move_id/id"]
        assert other in {main["debit_move_id/id"], main["credit_move_id/id"]}
        assert world.lines[other]["currency_id/name"] == line["currency_id/name"]
        assert number(correction, "amount") == abs(number(line, "balance"))
        assert line["reconciled"] == "True"
        if line["currency_id/name"] != "EUR":
            assert (line["amount_currency"], correction["debit_amount_currency"]) == ("0.0", "0.0")


def connected(world: Export) -> dict[str, set[str]]:
    """The lines that partials join, directly or by way of others."""
    group = {line: {line} for line in world.lines}
    for partial in world.partials:
        one, other = group[partial["debit_move_id/id"]], group[partial["credit_move_id/id"]]
        if one is not other:
            one |= other
            group.update(dict.fromkeys(other, one))
    return group


def test_matching_numbers_name_the_connected_lines(world: Export) -> None:
    group = connected(world)
    seen: dict[str, set[str]] = defaultdict(set)
    first: dict[str, str] = {}
    for line in world.lines.values():
        together = group[line["id"]]
        settled = all(world.lines[other]["reconciled"] == "True" for other in together)
        full, matching = line["full_reconcile_id/id"], line["matching_number"]
        assert bool(matching) == (len(together) > 1)
        assert full == (matching if settled else "")
        assert matching.startswith("P") == (len(together) > 1 and not settled)
        if matching:
            seen[matching].add(line["id"])
    for together in seen.values():
        assert together == group[min(together)]
    for partial in world.partials:
        line = world.lines[partial["debit_move_id/id"]]
        assert partial["full_reconcile_id/id"] == line["full_reconcile_id/id"]
        first.setdefault(line["matching_number"], "P" + partial["id"])
    assert all(matching == first[matching] for matching in seen if matching.startswith("P"))


def test_a_line_is_reconciled_when_nothing_of_it_is_left(world: Export) -> None:
    for line in world.lines.values():
        nothing = {line["amount_residual"], line["amount_residual_currency"]} == {"0.0"}
        assert line["reconciled"] == str(nothing and line["parent_state"] == "posted")


def test_a_move_tells_the_sums_of_its_lines(world: Export) -> None:
    for move in world.moves.values():
        lines = world.lines_of(move)
        amount, balance, rest, rest_local = (
            sum((number(line, column) for line in lines), ZERO)
            for column in ("amount_currency", "balance", "amount_residual_currency", "amount_residual")
        )
        if move["name"].startswith("EXCH/"):
            assert move["currency_id/name"] == "EUR"
            amount = balance
        else:
            assert {move["currency_id/name"]} == {line["currency_id/name"] for line in lines}
        entry = move["move_type"] == "entry"
        assert {move["state"]} == {line["parent_state"] for line in lines}
        assert {move["name"]} == {line["move_name"] for line in lines}
        assert number(move, "amount_total") == abs(amount)
        assert number(move, "amount_total_signed") == (abs(balance) if entry else balance)
        assert number(move, "amount_residual") == abs(rest)
        assert number(move, "amount_residual_signed") == rest_local
        assert (balance > ZERO) == (move["move_type"] == "out_invoice") or entry
        if move["state"] != "draft" and not entry:
            assert move["invoice_date_due"] == max(line["date_maturity"] for line in lines)


def test_payment_states_agree_with_what_is_left(world: Export) -> None:
    used = taken(world)
    reversed_by = {move["reversed_entry_id/id"]: move for move in world.moves.values() if move["reversed_entry_id/id"]}
    fresh = str(as_date(world.ledger.spec.as_of_day - odoo_book.MATCHING_DAYS))
    partners: dict[str, set[str]] = defaultdict(set)
    for partial in world.partials:
        partners[partial["debit_move_id/id"]].add(partial["credit_move_id/id"])
    for move in world.moves.values():
        lines, rest = world.lines_of(move), number(move, "amount_residual")
        met = [world.lines[other] for line in lines for other in partners[line["id"]]]
        if move["state"] != "posted" or move["move_type"] == "entry":
            expected = "not_paid"
        elif rest:
            expected = "partial" if any(line["id"] in used for line in lines) else "not_paid"
        elif move["id"] in reversed_by:
            expected = "reversed"
            assert {line["move_id/id"] for line in met} == {reversed_by[move["id"]]["id"]}
        elif any(line["move_name"].startswith("PBNK1/") and line["date"] > fresh for line in met):
            expected = "in_payment"
        else:
            expected = "paid"
        assert move["payment_state"] == expected, move["name"]
    for undone, reversal in reversed_by.items():
        assert (reversal["move_type"], reversal["payment_state"]) == ("out_refund", "paid")
        assert world.moves[undone]["amount_total"] == reversal["amount_total"]


def test_every_kind_of_event_occurs_in_one_of_the_worlds(worlds: dict[str, Export]) -> None:
    moves = [move for world in worlds.values() for move in world.moves.values()]
    lines = [line for world in worlds.values() for line in world.lines.values()]
    receipts = [line for line in lines if line["name"] == odoo_book.LINE_TEXTS[odoo_book.RECEIVED]]
    assert {move["move_type"] for move in moves} == {"out_invoice", "out_refund", "entry"}
    assert {move["state"] for move in moves} == {"draft", "posted", "cancel"}
    assert {move["payment_state"] for move in moves} == {"not_paid", "partial", "in_payment", "paid", "reversed"}
    assert {line["move_name"].split("/")[0] for line in lines} == {"", *(journal.name for journal in odoo_book.Journal)}
    assert {line["parent_state"] for line in receipts} == {"posted", "cancel"}
    assert set(odoo_book.LINE_TEXTS) <= {line["name"] for line in lines}
    assert any(line["name"].endswith(" installment #2") for line in lines)
    assert any(not line["date_maturity"] for line in lines)
    assert any(line["parent_state"] == "posted" and not line["partner_id/ref"] for line in lines)
    assert any(closed_by_tolerance(world) for world in worlds.values())
    partners = [row for world in worlds.values() for row in world.partners]
    letters = set("".join(row["name"] + row["child_ids/name"] for row in partners))
    assert {",", '"', "ö", "ñ"} <= letters
    assert any("\u4e00" <= letter <= "\u9fff" for letter in letters)


def test_a_draft_has_no_number_and_no_dates_of_an_invoice(world: Export) -> None:
    for move in world.moves.values():
        if move["state"] == "draft":
            assert (move["name"], move["invoice_date"], move["invoice_date_due"]) == ("/", "", "")
            assert move["date"]
            assert move["amount_residual"] == move["amount_total"]


def test_nothing_is_dated_after_the_as_of_date(world: Export) -> None:
    last = str(as_date(world.ledger.spec.as_of_day))
    assert max(move["date"] for move in world.moves.values()) <= last
    assert max(move["invoice_date"] for move in world.moves.values()) <= last
    assert max(line["date"] for line in world.lines.values()) <= last
    assert max(partial["max_date"] for partial in world.partials) <= last
    assert max(partner["create_date"][:10] for partner in world.partners) <= last


def test_names_come_back_whole_and_a_third_of_the_partners_have_a_line_for_a_second_contact(world: Export) -> None:
    customers = world.ledger.customers
    parents = [row for row in world.partners if row["ref"]]
    assert [row["name"] for row in parents] == list(customers.name)
    assert [row["city"] for row in parents] == list(customers.city)
    assert {row["invoice_user_id/name"] for row in world.moves.values()} <= {"", *SALESPEOPLE}
    following = [row for row, after in zip(world.partners, world.partners[1:], strict=False) if not after["id"]]
    assert len(following) == len(world.partners) - len(parents) == -(-len(parents) // 3)
    for row in world.partners:
        if not row["id"]:
            assert not any(cell for name, cell in row.items() if not name.startswith("child_ids/"))
            assert row["child_ids/name"]
    assert all(row["id"] and row["child_ids/name"] for row in following)
