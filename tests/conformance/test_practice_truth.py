"""What the sample's contracts, deliveries and contacts come to, against the same figures counted from the files by pandas and plain Python."""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import holidays
import numpy as np
import pandas as pd
import pytest

import receivables
from receivables.assets import sample_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from receivables.warehouse import Warehouse

pytestmark = pytest.mark.wide

AS_OF = date(2026, 10, 31)
DAYS = (AS_OF, date(2026, 8, 31), date(2026, 2, 28), date(2025, 5, 31))
"""The as-of date, a Monday, and two month ends on a Saturday."""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    home = tmp_path_factory.mktemp("practice")
    receivables.ingest([sample_dir() / "canonical"], home)
    receivables.build(home)
    with receivables.open_warehouse(home) as opened:
        yield opened


@cache
def told(table: str) -> pd.DataFrame:
    """A file of the sample as it is written, every value a text."""
    (path,) = (sample_dir() / "canonical").glob(f"{table}__*.csv")
    return pd.read_csv(path, dtype=str)


def day_of(text: Any) -> date | None:
    return None if pd.isna(text) else date.fromisoformat(str(text)[:10])


def figures(warehouse: Warehouse, day: date) -> dict[str, Decimal]:
    rows = warehouse.con.execute("select metric, value from marts.kpi where period_end = ?", [day]).fetchall()
    return dict(rows)


def owed(warehouse: Warehouse, day: date) -> dict[str, Decimal]:
    """What each customer owes; that it is right is tested elsewhere."""
    rows = warehouse.con.execute(
        "select customer_id, sum(open_local) from marts.period_item where period_end = ? and bucket <> 'unapplied' group by all",
        [day],
    ).fetchall()
    return {customer.removeprefix("ES01:"): amount for customer, amount in rows}


def begins_after(day: date) -> date:
    """The month end after which the last twelve months begin, the running one with them: that of the month a year before."""
    return date(day.year - 1 + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)


@pytest.mark.parametrize("day", DAYS)
def test_what_is_owed_without_a_written_term(warehouse: Warehouse, day: date) -> None:
    valid = {
        row["customer_id"]
        for row in told("contract").to_dict("records")
        if (signed := day_of(row["signed_date"])) is not None
        and signed <= day
        and (day_of(row["valid_from"]) or signed) <= day <= (day_of(row["valid_to"]) or date.max)
        and not pd.isna(row["terms_id"])
    }
    owing = owed(warehouse, day)
    without = {customer: amount for customer, amount in owing.items() if customer not in valid}
    got = figures(warehouse, day)
    assert got["without_term_total"] == sum(without.values(), Decimal(0))
    assert got["customers_without_term_count"] == len(without)
    assert got["without_term_share"] == pytest.approx(
        sum(without.values(), Decimal(0)) / sum(owing.values()), rel=Decimal("1e-6")
    )


def test_some_owe_without_a_written_term_and_most_do_not(warehouse: Warehouse) -> None:
    shares = [figures(warehouse, day)["without_term_share"] for day in DAYS]
    assert any(shares)
    assert all(share < Decimal("0.5") for share in shares)


def invoiced() -> dict[str, tuple[date, date]]:
    """The days from which and until which each invoice counts."""
    rows = told("document").to_dict("records")
    undone = {row["doc_id"]: day_of(row["cancelled_date"]) for row in rows}
    undone |= {
        row["reverses_doc_id"]: day_of(row["posting_date"]) for row in rows if not pd.isna(row["reverses_doc_id"])
    }
    return {
        row["doc_id"]: (date.fromisoformat(row["posting_date"]), undone[row["doc_id"]] or date.max)
        for row in rows
        if row["state"] == "posted" or undone[row["doc_id"]]
    }


@pytest.mark.parametrize("day", DAYS)
def test_what_is_delivered_and_not_invoiced(warehouse: Warehouse, day: date) -> None:
    counting = invoiced()
    waiting, taken_back = [], []
    for row in told("delivery").to_dict("records"):
        delivered = day_of(row["delivered_date"])
        if row["status"] == "delivered" and delivered is not None and delivered <= day:
            first, end = counting.get(row["doc_id"], (date.max, date.max))
            if first > day:
                waiting.append(Decimal(row["value_local"]))
            elif end <= day:
                taken_back.append(Decimal(row["value_local"]))
    got = figures(warehouse, day)
    assert got["delivered_not_invoiced_total"] == sum(waiting, Decimal(0))
    assert got["delivered_not_invoiced_count"] == len(waiting)
    assert got["delivered_taken_back_total"] == sum(taken_back, Decimal(0))


@pytest.mark.parametrize("day", DAYS)
def test_what_is_due_and_what_is_delivered_and_not_due(warehouse: Warehouse, day: date) -> None:
    rows = told("delivery")
    arrived = {
        doc: day_of(on) for doc, on in rows[rows["status"] == "delivered"][["doc_id", "delivered_date"]].to_numpy()
    }
    items = warehouse.con.execute(
        "select doc_id, due_date, open_local from marts.period_item where period_end = ? and bucket <> 'unapplied'",
        [day],
    ).fetchall()
    due = sum((amount for _, on, amount in items if on is not None and on <= day), Decimal(0))
    not_due = sum(
        (
            amount
            for doc, on, amount in items
            if (on is None or on > day) and (arrived.get(doc.removeprefix("ES01:")) or date.max) <= day
        ),
        Decimal(0),
    )
    got = figures(warehouse, day)
    assert (got["due_total"], got["delivered_not_due_total"]) == (due, not_due)
    assert not_due > 0


def settled() -> dict[tuple[str, int], date | None]:
    """The day each instalment was settled, by what is told now: named clearings first, the others to the oldest due."""
    posted = {row["doc_id"]: date.fromisoformat(row["posting_date"]) for row in told("document").to_dict("records")}
    named: defaultdict[tuple[str, int], list[tuple[date, Decimal]]] = defaultdict(list)
    pool: defaultdict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in told("allocation").to_dict("records"):
        if pd.isna(row["voided_date"]) and not pd.isna(row["to_doc_id"]):
            on = max(date.fromisoformat(row["alloc_date"]), posted[row["to_doc_id"]])
            entry = (on, Decimal(row["amount_to_doc"]))
            if pd.isna(row.get("to_seq")):
                pool[row["to_doc_id"]].append(entry)
            else:
                named[row["to_doc_id"], int(row["to_seq"])].append(entry)
    amounts = dict(told("document")[["doc_id", "amount_doc"]].to_numpy())
    days: dict[tuple[str, int], date | None] = {}
    for doc, parts in told("instalment").groupby("doc_id"):
        tolerance = max(Decimal("0.50"), Decimal("0.001") * abs(Decimal(amounts[doc])))
        wanted = Decimal(0)
        for part in parts.sort_values(["due_date", "seq"]).to_dict("records"):
            key = (str(doc), int(part["seq"]))
            rest = Decimal(part["amount_doc"]) - sum((amount for _, amount in named[key]), Decimal(0))
            wanted += max(rest, Decimal(0))
            last = max((on for on, _ in named[key]), default=None)
            if last is not None and rest <= tolerance:
                days[key] = last
                continue
            running = Decimal(0)
            days[key] = None
            for on, amount in sorted(pool[str(doc)]):
                running += amount
                if running >= wanted - tolerance:
                    days[key] = max(on, last or on)
                    break
    return days


def contacts() -> list[tuple[str, str | None, date]]:
    rows = told("collection_log").to_dict("records")
    return [
        (
            row["customer_id"],
            None if pd.isna(row["doc_id"]) else row["doc_id"],
            date.fromisoformat(row["logged_at"][:10]),
        )
        for row in rows
        if row["entry_kind"] not in {"soft_signal", "change_report"}
        and (row["entry_kind"] != "note" or not pd.isna(row["channel"]))
    ]


@pytest.mark.parametrize("day", DAYS)
def test_how_soon_after_due_customers_are_contacted(warehouse: Warehouse, day: date) -> None:
    counting, ends = invoiced(), settled()
    documents = {row["doc_id"]: row for row in told("document").to_dict("records")}
    log = contacts()
    latencies: list[tuple[Decimal, int, bool]] = []
    for row in told("instalment").to_dict("records"):
        doc, due = row["doc_id"], day_of(row["due_date"])
        if (
            due is None
            or doc not in counting
            or not begins_after(day) < due < day
            or Decimal(documents[doc]["amount_doc"]) <= 0
        ):
            continue
        end = min(ends[doc, int(row["seq"])] or date.max, counting[doc][1])
        if end <= max(due, counting[doc][0]):
            continue
        customer = documents[doc]["customer_id"]
        made = [
            on
            for of, about, on in log
            if of == customer and about in {None, doc} and due - timedelta(days=3) <= on <= min(end, AS_OF)
        ]
        amount = Decimal(row["amount_local"])
        if made and min(made) <= day:
            latencies.append((amount, max((min(made) - due).days, 0), True))
        elif end > day:
            latencies.append((amount, (day - due).days, False))
    got = figures(warehouse, day)
    weight = sum((amount for amount, _, _ in latencies), Decimal(0))
    assert len(latencies) > 10
    expected = sum((amount * days for amount, days, _ in latencies), Decimal(0)) / weight
    assert got["contact_latency_days"] == pytest.approx(expected, abs=Decimal("1e-7"))
    assert got["contact_latency_median_days"] == Decimal(str(statistics.median(days for _, days, _ in latencies)))
    assert got["overdue_uncontacted_total"] == sum(
        (amount for amount, _, reached in latencies if not reached), Decimal(0)
    )


@pytest.mark.parametrize("day", DAYS)
def test_how_even_contacts_are(warehouse: Warehouse, day: date) -> None:
    known: dict[str, date] = {}
    counting = invoiced()
    log = contacts_of()
    for row in told("document").to_dict("records"):
        if row["doc_id"] in counting:
            known[row["customer_id"]] = min(
                known.get(row["customer_id"], date.max), date.fromisoformat(row["posting_date"])
            )
    owing = owed(warehouse, day)
    weighed, weight = 0.0, 0.0
    for customer in sorted(log):
        begin = max(begins_after(day), known[customer] - timedelta(days=1))
        days = sorted({on for of, _, on in log[customer] if begins_after(day) < on <= day})
        if len(days) < 3 or customer not in owing:
            continue
        begin = min(begin, days[0] - timedelta(days=1))
        gaps = [(later - earlier).days for earlier, later in itertools.pairwise(days)]
        gaps.append((days[0] - begin).days + (day - days[-1]).days)
        index = 1 / (1 + statistics.pstdev(gaps) / statistics.fmean(gaps))
        weighed += float(owing[customer]) * index
        weight += float(owing[customer])
    got = figures(warehouse, day)["contact_regularity_index"]
    assert float(got) == pytest.approx(weighed / weight, abs=1e-6)
    assert 0.2 < float(got) < 1


def contacts_of() -> dict[str, list[tuple[str, str | None, date]]]:
    grouped: defaultdict[str, list[tuple[str, str | None, date]]] = defaultdict(list)
    for entry in contacts():
        grouped[entry[0]].append(entry)
    return grouped


@pytest.mark.parametrize("day", DAYS)
def test_lateness_after_grace_follows_the_spanish_calendar(warehouse: Warehouse, day: date) -> None:
    """NumPy moves the due dates to business days here."""
    off = np.array(sorted(holidays.country_holidays("ES", years=range(2020, 2028))), dtype="datetime64[D]")

    def until(due: date) -> date:
        moved: date = np.busday_offset(np.datetime64(due), 0, roll="forward", holidays=off).astype(object)
        return moved

    items = warehouse.con.execute(
        "select due_date, open_local from marts.period_item where period_end = ? and bucket <> 'unapplied'", [day]
    ).fetchall()
    past = sum((amount for due, amount in items if due is not None and due < day and until(due) < day), Decimal(0))
    total = sum((amount for _, amount in items), Decimal(0))
    got = figures(warehouse, day)
    assert got["overdue_after_grace_percent"] == pytest.approx(100 * past / total, abs=Decimal("1e-6"))
    paid = warehouse.con.execute(
        "select amount_local, effective_from, days_late from marts.payment_part"
        " where effective_from > ? and effective_from <= ? and (effective_until is null or effective_until > ?) and days_late is not null",
        [begins_after(day), day, day],
    ).fetchall()
    days = Decimal(0)
    for amount, on, late in paid:
        days += amount * (late if late <= 0 else max((on - until(on - timedelta(days=late))).days, 0))
    weight = sum((amount for amount, _, _ in paid), Decimal(0))
    assert got["days_late_after_grace"] == pytest.approx(days / weight, abs=Decimal("1e-6"))
    assert got["days_late_after_grace"] < got["days_beyond_terms"]
