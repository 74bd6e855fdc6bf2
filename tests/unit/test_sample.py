from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from receivables.assets import sample_dir
from receivables.errors import UsageError
from receivables.schema import TABLES
from receivables.world import SampleSummary, generate
from receivables.world.specify import World, usual_invoices
from replay_oracle import replay

COMMITTED = {
    "canonical": World(customers=30, seed=8, months=36, invoices_per_customer=18),
    "sap_fbl5n": World(customers=40, seed=4, months=36, dialect="sap_fbl5n"),
}
FOLDER_LIMIT_BYTES = 1_300_000
STORED_AS = {(f"{kind}_line", f"{kind}_line_no"): "line_no" for kind in ("order", "delivery")}
"""Columns that files name otherwise than the ledger, in which line_no is the line of the file."""
ZERO = Decimal(0)
Row = dict[str, str]


@pytest.fixture(scope="module")
def canonical(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return generate(tmp_path_factory.mktemp("canonical"), COMMITTED["canonical"])


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return generate(tmp_path_factory.mktemp("list"), COMMITTED["sap_fbl5n"])


@pytest.fixture(scope="module")
def tables(canonical: SampleSummary) -> dict[str, list[Row]]:
    return read_tables(canonical)


def read_tables(summary: SampleSummary) -> dict[str, list[Row]]:
    found = {}
    for path in summary.files:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                found[path.name.split("__")[0]] = list(csv.DictReader(file, strict=True))
    return found


def read_truth(summary: SampleSummary) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(summary.files[-1].read_text(encoding="utf-8"))
    return truth


@pytest.mark.parametrize("dialect", ["canonical", "sap_fbl5n", "odoo"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(dialect: str, tmp_path: Path) -> None:
    runs = [
        generate(tmp_path / name, World(customers=12, seed=seed, dialect=dialect, months=12))
        for name, seed in (("one", 3), ("two", 3), ("three", 4))
    ]
    content = [[(path.name, path.read_bytes()) for path in run.files] for run in runs]
    assert content[0] == content[1]
    assert content[0] != content[2]


@pytest.mark.parametrize("dialect", ["canonical", "sap_fbl5n"])
def test_the_small_world_has_every_kind_of_event_and_can_be_committed(
    dialect: str, request: pytest.FixtureRequest
) -> None:
    summary = request.getfixturevalue("canonical" if dialect == "canonical" else "listed")
    events = read_truth(summary)["events"]
    assert [name for name, count in events.items() if not count] == []
    assert sum(path.stat().st_size for path in summary.files) < FOLDER_LIMIT_BYTES


@pytest.mark.parametrize("dialect", ["canonical", "sap_fbl5n", "odoo"])
@pytest.mark.parametrize("preset", ["distributor", "punctual"])
@pytest.mark.parametrize(("customers", "months", "invoices"), [(1, 6, 1), (2, 6, 3), (5, 18, None)])
def test_a_tiny_world_is_still_a_world(
    customers: int, months: int, invoices: int | None, preset: str, dialect: str, tmp_path: Path
) -> None:
    world = World(customers, 1, dialect, preset, months=months, invoices_per_customer=invoices)
    summary = generate(tmp_path, world)
    total = read_truth(summary)["positions"][str(summary.as_of)]["open_local_total"]
    assert summary.open_local_total == Decimal(total)


def test_a_large_world_has_a_hundred_invoices_per_customer_and_a_small_one_few() -> None:
    assert (usual_invoices(10_000), usual_invoices(200), usual_invoices(10)) == (100, 50, 18)


@pytest.mark.parametrize("dialect", sorted(COMMITTED))
def test_the_committed_sample_is_what_the_generator_writes(dialect: str, request: pytest.FixtureRequest) -> None:
    summary = request.getfixturevalue("canonical" if dialect == "canonical" else "listed")
    committed = {path.name: path.read_bytes() for path in (sample_dir() / dialect).iterdir()}
    assert {path.name: path.read_bytes() for path in summary.files} == committed


@pytest.mark.parametrize(
    "wrong",
    [{"dialect": "sap_fbl5"}, {"preset": "punctal"}, {"customers": 0}, {"months": 1}, {"invoices_per_customer": 0}],
)
def test_a_world_that_cannot_be_made_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        generate(tmp_path, World(**{"customers": 1, "seed": 1, **wrong}))


def test_files_carry_company_and_date_and_only_columns_of_the_dictionary(canonical: SampleSummary) -> None:
    for path in canonical.files[:-1]:
        table, company, mode, day = path.stem.split("__")
        assert (company, mode, day) == ("ES01", "full", "2026-10-31")
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        known = {STORED_AS.get((table, name), name): column for name, column in TABLES[table].columns.items()}
        given_by_the_reader = {"company_id", "source_system", "source_key"}
        assert set(header) <= {*known, "company_id"}
        required = {name for name, column in known.items() if column.required and column.default is None}
        assert required - given_by_the_reader <= set(header)


def test_keys_are_unique_and_references_lead_somewhere(tables: dict[str, list[Row]]) -> None:
    for name, rows in tables.items():
        key = [STORED_AS.get((name, column), column) for column in TABLES[name].key]
        assert not key or len({tuple(row.get(column, "") for column in key) for row in rows}) == len(rows), name
    ids = {
        name: {row[key] for row in tables[name]}
        for name, key in (("customer", "customer_id"), ("document", "doc_id"), ("payment", "payment_id"))
    }
    for row in tables["allocation"]:
        assert row["to_doc_id"] in ids["document"]
        assert row["from_doc_id"] in ids["document"] | {""}
        assert row["from_payment_id"] in ids["payment"] | {""}
    for row in tables["document"]:
        assert row["customer_id"] in ids["customer"]
        assert {row["ref_doc_id"], row["reverses_doc_id"], row["reversed_by_doc_id"]} <= ids["document"] | {""}
    assert {row["customer_id"] for row in tables["payment"]} <= ids["customer"] | {""}


def test_nothing_is_dated_after_the_extract(canonical: SampleSummary, tables: dict[str, list[Row]]) -> None:
    dates = {"document": ("doc_date", "posting_date", "cancelled_date"), "payment": ("pay_date", "reversal_date")}
    dates |= {"allocation": ("alloc_date", "voided_date"), "fx_rate": ("rate_date",)}
    for table, columns in dates.items():
        assert all(row[column] <= str(canonical.as_of) for row in tables[table] for column in columns)


def test_instalments_add_up_to_their_documents(tables: dict[str, list[Row]]) -> None:
    parts: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for row in tables["instalment"]:
        doc, local = parts[row["doc_id"]]
        parts[row["doc_id"]] = (doc + Decimal(row["amount_doc"]), local + Decimal(row["amount_local"]))
    positive = [row for row in tables["document"] if not row["amount_doc"].startswith("-")]
    assert {row["doc_id"] for row in positive} == set(parts)
    for row in positive:
        assert parts[row["doc_id"]] == (Decimal(row["amount_doc"]), Decimal(row["amount_local"]))


def test_amounts_agree_with_their_rates(tables: dict[str, list[Row]]) -> None:
    for row in [*tables["document"], *tables["payment"]]:
        local = abs(Decimal(row["amount_doc"])) * Decimal(row["fx_rate"])
        assert local.quantize(Decimal("0.01"), ROUND_HALF_UP) == abs(Decimal(row["amount_local"]))


def test_nothing_is_used_beyond_its_amount_and_what_is_cleared_leaves_nothing_in_ledger_currency(
    tables: dict[str, list[Row]],
) -> None:
    used: dict[str, Decimal] = defaultdict(Decimal)
    carried: dict[str, Decimal] = defaultdict(Decimal)
    for row in tables["allocation"]:
        if row["voided_date"]:
            continue
        used[row["from_payment_id"] or row["from_doc_id"]] += Decimal(row["amount_from_doc"] or 0)
        used[row["to_doc_id"]] += Decimal(row["amount_to_doc"])
        carried[row["to_doc_id"]] += Decimal(row["amount_local"])
    for row in tables["payment"]:
        assert used[row["payment_id"]] <= Decimal(row["amount_doc"])
    whole = 0
    for row in tables["document"]:
        assert used[row["doc_id"]] <= abs(Decimal(row["amount_doc"]))
        if row["doc_id"] in carried and used[row["doc_id"]] == Decimal(row["amount_doc"]):
            assert carried[row["doc_id"]] == Decimal(row["amount_local"])
            whole += row["currency"] != "EUR"
    assert whole > 50


def test_a_discount_is_what_was_cleared_beyond_the_cash(tables: dict[str, list[Row]]) -> None:
    rates = {row["doc_id"]: Decimal(row["fx_rate"]) for row in tables["document"]}
    taken = [row for row in tables["allocation"] if row["discount_local"]]
    for row in taken:
        discount = (Decimal(row["amount_to_doc"]) - Decimal(row["amount_from_doc"])) * rates[row["to_doc_id"]]
        assert abs(discount - Decimal(row["discount_local"])) < Decimal("0.01")
    assert taken


def typed(table: str, row: Row) -> dict[str, Any]:
    """A row of a file as the ledger would keep it."""
    reads: dict[str, Callable[[str], Any]] = {"date": date.fromisoformat, "money": Decimal, "int": int}
    columns = TABLES[table].columns
    told = {name: reads.get(columns[name].type, str)(value) if value else None for name, value in row.items()}
    return {"company_id": "ES01", **told}


def by_owner(tables: dict[str, list[Row]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The rows of each customer; nothing in the sample crosses from one to another."""
    owner = {row["doc_id"]: row["customer_id"] for row in tables["document"]}
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for table in ("document", "instalment", "payment", "allocation"):
        for row in tables[table]:
            customer = row["customer_id"] if "customer_id" in row else owner[row.get("doc_id") or row["to_doc_id"]]
            found[customer][table].append(typed(table, row))
    return found


def test_a_plain_replay_of_the_files_finds_the_numbers_of_the_truth_file(
    canonical: SampleSummary, tables: dict[str, list[Row]]
) -> None:
    positions = read_truth(canonical)["positions"]
    assert sorted(positions) == ["2025-10-31", "2026-04-30", "2026-10-31"]
    ledgers = by_owner(tables)
    for day, told in positions.items():
        items = [item for rows in ledgers.values() for item in replay(rows, date.fromisoformat(day)).items]
        customers: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
        buckets: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        for item in items:
            sums, aged = customers[item.customer_id, item.currency], buckets[item.bucket]
            sums[:] = [sums[0] + 1, sums[1] + item.open_doc, sums[2] + item.open_local]
            aged[:] = [aged[0] + 1, aged[1] + item.open_local]
        assert customers == {
            (row["customer_id"], row["currency"]): [row["items"], *map(Decimal, (row["open_doc"], row["open_local"]))]
            for row in told["open"]
        }
        filled = {name: row for name, row in told["buckets"].items() if row["items"]}
        assert buckets == {name: [row["items"], Decimal(row["open_local"])] for name, row in filled.items()}


def test_the_truth_ties_to_the_cent(canonical: SampleSummary) -> None:
    for told in read_truth(canonical)["positions"].values():
        total = Decimal(told["open_local_total"])
        proof = {name: Decimal(value) for name, value in told["proof_local"].items()}
        legs = ("receipts", "sourceless", "discounts", "tolerance", "fx_difference")
        assert proof["documents"] - sum(proof[leg] for leg in legs) == proof["ledger_total"]
        assert sum(Decimal(row["open_local"]) for row in told["open"]) == total
        assert sum(Decimal(row["open_local"]) for row in told["buckets"].values()) == total
        assert proof["difference"] == total - proof["ledger_total"]
        # instalments of one foreign document are rounded one by one
        assert abs(proof["difference"]) < Decimal("0.01")


def test_the_ten_largest_customers_hold_much_and_every_type_is_there(
    canonical: SampleSummary, tables: dict[str, list[Row]]
) -> None:
    turnover: dict[str, Decimal] = defaultdict(Decimal)
    for row in tables["document"]:
        turnover[row["customer_id"]] += max(Decimal(row["amount_local"]), ZERO)
    share = sum(sorted(turnover.values())[-10:]) / sum(turnover.values())
    assert Decimal("0.35") < share < Decimal("0.65")
    types = {row["type"] for row in read_truth(canonical)["customers"]}
    assert types == {"punctual", "slow", "hardship", "chain_debt", "evader", "malicious"}
    assert {row["currency"] for row in tables["document"]} == {"EUR", "USD", "GBP"}
    names = "".join(row["name"] for row in tables["customer"])
    assert all(sign in names for sign in 'ñü&",有')


class ListedLine(NamedTuple):
    customer: str
    kind: str
    amount: Decimal
    currency: str
    local: Decimal
    clearing: tuple[str, str]


def german(text: str) -> Decimal:
    plain = text.strip().replace(".", "").replace(",", ".")
    return -Decimal(plain[:-1]) if plain.endswith("-") else Decimal(plain)


def read_list(summary: SampleSummary) -> tuple[list[ListedLine], dict[str, Decimal]]:
    """Lines and totals of the list; the total of a customer by its number, of all by ***."""
    lines, totals, customer = [], {}, ""
    for text in summary.files[0].read_bytes().decode("cp1252").split("\r\n"):
        if text.startswith("Debitor  "):
            customer = text.split()[-1]
        cells = text.split("|")[1:-1]
        if cells and cells[0].startswith("*"):
            totals["***" if "***" in cells[0] else customer] = german(cells[9])
        elif cells and cells[0].strip() == "@":
            clearing = cells[11].strip(), cells[12].strip()
            lines.append(ListedLine(customer, cells[3], german(cells[7]), cells[8].strip(), german(cells[9]), clearing))
    return lines, totals


def test_the_list_keeps_its_columns_in_line_and_its_lines_in_the_code_page(listed: SampleSummary) -> None:
    content = listed.files[0].read_bytes()
    text = content.decode("cp1252")
    assert content.count(b"\n") == content.count(b"\r\n") == text.count("\r\n")
    rows = [row for row in text.split("\r\n") if row.startswith("|")]
    assert len({tuple(place for place, sign in enumerate(row) if sign == "|") for row in rows}) == 1
    assert {len(row) for row in text.split("\r\n") if row.startswith("-")} == {len(rows[0])}
    assert text.startswith("31.10.2026")
    assert "Dynamische Listenanzeige" in text.split("\r\n")[0]
    assert all(
        word in text for word in ("ü", "ñ", "Rate 2/3", "Teilzahlung 9", "Ausbuchung uneinbringlich", "Storno 9")
    )


def test_lines_cleared_together_add_up_to_nothing(listed: SampleSummary) -> None:
    groups: dict[tuple[str, str], list[ListedLine]] = defaultdict(list)
    for line in read_list(listed)[0]:
        if line.clearing != ("", ""):
            groups[line.clearing].append(line)
    for group in groups.values():
        assert sum(line.local for line in group) == 0
        assert len({line.customer for line in group}) == len({line.currency for line in group}) == 1
        assert sum(line.amount for line in group) == 0
    kinds = {frozenset(line.kind for line in group) for group in groups.values()}
    assert {frozenset(kinds) for kinds in ({"RV", "DZ"}, {"RV", "DZ", "DG"}, {"RV", "AB"}, {"RV"})} <= kinds


def test_the_list_says_what_its_truth_file_says(listed: SampleSummary) -> None:
    lines, totals = read_list(listed)
    told = read_truth(listed)["positions"]["2026-10-31"]
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    whole: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        whole[line.customer] += line.local
        whole["***"] += line.local
        if line.clearing == ("", ""):
            sums = found[line.customer, line.currency]
            sums[:] = [sums[0] + 1, sums[1] + line.amount, sums[2] + line.local]
    assert found == {
        (row["customer_id"], row["currency"]): [row["lines"], *map(Decimal, (row["open_doc"], row["open_local"]))]
        for row in told["open"]
    }
    assert whole == totals
    assert totals["***"] == Decimal(told["open_local_total"]) == listed.open_local_total
    assert len(lines) == told["lines"]
