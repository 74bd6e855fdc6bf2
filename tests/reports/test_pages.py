"""The page's figures: they tie, they are what the tables say, and the verdicts come from the amounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from night_frames import AS_OF, BUCKETS, STARTED, Night, aging_row, batch, night, refused_batch
from receivables.page_model import NightPage
from receivables.pages import TABLES, night_page


@pytest.fixture(scope="module")
def made() -> Night:
    return night()


@pytest.fixture(scope="module")
def page(made: Night) -> NightPage:
    return night_page(made.frames())


def summed(made: Night, *companies: str, bucket: str | None = None) -> Decimal:
    rows = [row for row in made.aging if row["company_id"] in companies and bucket in {None, row["bucket"]}]
    return sum((row["open_local"] for row in rows), Decimal(0))


def test_a_page_needs_the_tables_it_names(made: Night) -> None:
    assert set(made.frames()) == set(TABLES)


def test_companies_of_one_ledger_currency_are_summed_and_others_kept_apart(made: Night, page: NightPage) -> None:
    assert [ledger.currency for ledger in page.ledgers] == ["EUR", "MXN"]
    assert [[company.company_id for company in ledger.companies] for ledger in page.ledgers] == [
        ["ES01", "ES02"],
        ["MX01"],
    ]
    assert page.ledgers[0].headline.total == summed(made, "ES01", "ES02")
    assert page.ledgers[1].headline.total == summed(made, "MX01")


def test_buckets_are_the_tables_buckets_and_sum_to_the_headline(made: Night, page: NightPage) -> None:
    for ledger, companies in zip(page.ledgers, (("ES01", "ES02"), ("MX01",)), strict=True):
        assert [line.bucket.key for line in ledger.lines] == [key for key, *_ in BUCKETS]
        assert {line.bucket.key: line.amount for line in ledger.lines} == {
            key: summed(made, *companies, bucket=key) for key, *_ in BUCKETS
        }
        assert sum(line.amount for line in ledger.lines) == ledger.headline.total == ledger.customers.total
        assert ledger.items == ledger.headline.open_items


def test_headline_parts_sum_to_the_total_and_shares_to_one(page: NightPage) -> None:
    for ledger in page.ledgers:
        head = ledger.headline
        assert head.not_due + head.overdue + head.no_due_date + head.unapplied == head.total
        assert head.unapplied < 0
        shares = [line.share or Decimal(0) for line in ledger.lines if line.bucket.key != "unapplied"]
        assert abs(sum(shares, Decimal(-1))) < Decimal("1e-20")
        assert head.overdue_share == head.overdue / (head.total - head.unapplied)


def test_the_ten_largest_are_counted_before_unapplied_money(made: Night, page: NightPage) -> None:
    owed: dict[str, Decimal] = {}
    for row in made.aging:
        if row["company_id"] == "MX01" and row["bucket"] != "unapplied":
            owed[row["customer_id"]] = owed.get(row["customer_id"], Decimal(0)) + row["open_local"]
    ten = sum(sorted(owed.values(), reverse=True)[:10])
    assert page.ledgers[1].headline.top10_share == ten / sum(owed.values())


def test_customers_rest_and_total_add_up_in_every_bucket(made: Night, page: NightPage) -> None:
    for ledger in page.ledgers:
        table = ledger.customers
        totals = [line.total for line in table.lines]
        assert totals == sorted(totals, reverse=True)
        assert len(totals) == 15
        assert len(totals) + table.others == ledger.headline.customers_open
        for place, line in enumerate(ledger.lines):
            assert (
                sum(customer.amounts[place] for customer in table.lines) + table.rest[place]
                == table.sums[place]
                == line.amount
            )
        assert all(sum(line.amounts) == line.total for line in table.lines)
        assert sum(totals) + table.rest_total == table.total
    names = {row["customer_id"]: row["name"] for row in made.customers}
    assert all(line.name == names[line.customer_id] for ledger in page.ledgers for line in ledger.customers.lines)


def test_fewer_customers_than_asked_for_leave_no_rest(made: Night) -> None:
    page = night_page(made.frames(), top_customers=1000)
    for ledger in page.ledgers:
        assert ledger.customers.others == 0
        assert set(ledger.customers.rest) == {Decimal(0)}


def test_a_customer_in_two_buckets_counts_in_both_and_once_in_the_total() -> None:
    made = night(customers=0)
    made.aging = [
        aging_row("ES01", "ES01:1", "EUR", "not_due", Decimal(5)),
        aging_row("ES01", "ES01:1", "USD", "d1_30", Decimal(5)),
    ]
    made.aging.append(aging_row("ES01", "ES01:1", "EUR", "d1_30", Decimal(1)))
    ledger = night_page(made.frames()).ledgers[0]
    assert [line.customers for line in ledger.lines[:2]] == [1, 1]
    assert ledger.headline.customers_open == 1


def test_a_night_without_open_items_has_no_shares() -> None:
    made = night(customers=0)
    made.aging = []
    page = night_page(made.frames())
    assert [ledger.headline.total for ledger in page.ledgers] == [0, 0]
    assert page.ledgers[0].headline.overdue_share is None
    assert page.ledgers[0].customers.lines == ()
    assert page.proofs == ()


def test_a_company_without_a_ledger_currency_is_a_bug_not_a_gap() -> None:
    frames = night().frames()
    frames["core.company"] = frames["core.company"].head(1)
    with pytest.raises(KeyError, match="ES02"):
        night_page(frames)


def test_every_proof_ties_when_the_amounts_do(page: NightPage) -> None:
    assert len(page.proofs) == 6
    assert all(proof.ties for proof in page.proofs)
    assert not page.needs_person


def test_any_difference_in_document_currency_fails_the_proof() -> None:
    made = night()
    made.control_off["ES01", "USD"] = Decimal("0.0001")
    page = night_page(made.frames())
    assert [(proof.company_id, proof.currency) for proof in page.untied] == [("ES01", "USD")]
    assert page.needs_person


def test_ledger_currency_may_differ_by_rounding_per_open_item(page: NightPage) -> None:
    local = page.proofs[0].local
    assert local.allowed > Decimal("0.01")
    off = replace(
        local,
        ledger_total=local.ledger_total - local.allowed,
        documents=local.documents - local.allowed,
        difference=local.allowed,
    )
    assert off.ties
    assert not replace(off, allowed=local.allowed - Decimal("0.0001")).ties


@pytest.mark.parametrize(
    "part", ["documents", "receipts", "ledger_total", "sum_of_buckets", "open_total", "difference"]
)
def test_the_verdict_is_computed_from_each_amount(page: NightPage, part: str) -> None:
    doc = page.proofs[0].doc
    assert doc.ties
    assert not replace(doc, **{part: getattr(doc, part) + Decimal("0.0001")}).ties


def test_a_refused_file_is_named_with_its_reason() -> None:
    made = night()
    made.batches.append(refused_batch(9, "late.csv"))
    made.issues.append({"batch_id": 9, "reason_code": "COL_MISSING", "action": "reject_file", "count": 1})
    page = night_page(made.frames())
    assert [(batch.file_name, batch.company_id, batch.refusal) for batch in page.refused] == [
        ("late.csv", "ES02", "COL_MISSING")
    ]
    assert page.batches[0].status == "refused", "what needs a look comes first"
    assert page.needs_person


def test_a_quarantine_needs_a_person_on_the_night_it_happens() -> None:
    made = night()
    made.batches[0]["status"] = "needs_person"
    assert len(night_page(made.frames()).waiting) == 1
    made.batches[0]["loaded_at"] = STARTED - timedelta(days=3)
    assert night_page(made.frames()).waiting == ()


def test_a_file_read_again_with_repaired_lines_is_one_file_and_waits_for_nobody() -> None:
    made = night()
    new = batch(91, lines_quarantined=0, lines_loaded=997, file_name="repaired.csv", status="ok")
    made.batches += [batch(90, file_name="repaired.csv", status="needs_person", superseded_by=91), new]
    made.issues.append(
        {
            "batch_id": 90,
            "line_no": 7,
            "reason_code": "NUM_INVALID",
            "action": "quarantine",
            "count": 1000,
            "resolved_at": STARTED,
        }
    )
    page = night_page(made.frames())
    assert [(told.file_name, told.status) for told in page.batches if told.file_name == "repaired.csv"] == [
        ("repaired.csv", "ok")
    ]
    assert not any(found.count >= 1000 for found in page.found("quarantine"))


def test_files_beyond_the_list_are_summed_and_lines_add_up() -> None:
    made = night()
    made.batches = [batch(n, loaded_at=STARTED - timedelta(days=n)) for n in range(10)]
    page = night_page(made.frames(), listed_files=4)
    assert [b.is_new for b in page.batches] == [True, False, False, False]
    assert (page.loaded.files, page.earlier.files) == (10, 6)
    assert page.loaded.read == 10_000 == page.loaded.loaded + page.loaded.quarantined + page.loaded.skipped
    assert page.loaded.adds_up
    made.batches[7] |= {"lines_skipped": 4}
    made.batches[8] |= {"lines_skipped": 2}
    assert not night_page(made.frames(), listed_files=4).loaded.adds_up, "two errors do not cancel out"


def test_the_same_content_under_two_names_is_two_files() -> None:
    made = night()
    made.batches = [
        batch(1, file_name="monday.csv"),
        batch(1, file_name="tuesday.csv"),
        batch(1, file_name="tuesday.csv"),
    ]
    assert night_page(made.frames()).loaded.files == 2


def test_a_company_shows_how_new_its_accepted_data_are() -> None:
    made = night()
    made.batches = [
        batch(1, extract_as_of=AS_OF - timedelta(days=2)),
        batch(2, extract_as_of=AS_OF - timedelta(days=1)),
        refused_batch(3, company_id="ES01"),
    ]
    latest = {company.company_id: company.latest_extract for company in night_page(made.frames()).companies}
    assert latest == {"ES01": date(2026, 6, 29), "ES02": None, "MX01": None}


def test_findings_are_grouped_by_action_and_reason_with_an_example(page: NightPage) -> None:
    (found,) = page.found("quarantine")
    assert (found.reason_code, found.count, found.files) == ("DATE_IMPOSSIBLE", 2, 1)
    assert (found.example_file, found.example_line, found.example_text) == (
        "document__ES01__2026-06-30.csv",
        17,
        "31/06/2024",
    )


def test_assumptions_are_kept_apart_by_what_was_assumed() -> None:
    made = night()
    made.issues = [
        {
            "batch_id": 1,
            "column_name": column,
            "reason_code": "ASSUMED_VALUE",
            "action": "accept_warn",
            "count": 7,
            "repaired_value": value,
        }
        for column, value in (("currency", "EUR"), ("currency", "USD"), ("currency", "EUR"), ("doc_type", "RV"))
    ]
    found = night_page(made.frames()).found("accept_warn")
    assert [(f.column_name, f.value, f.count) for f in found] == [
        ("currency", "EUR", 14),
        ("currency", "USD", 7),
        ("doc_type", "RV", 7),
    ]


def test_findings_about_the_ledger_itself_have_no_file() -> None:
    made = night()
    made.issues = [
        {"reason_code": "CONTROL_DIFFERENCE", "action": "accept_warn", "column_name": f"ES0{n} EUR"} for n in (1, 2)
    ]
    (found,) = night_page(made.frames()).found("accept_warn")
    assert (found.count, found.files, found.example_file) == (2, 0, None)


def test_of_thousands_of_customers_the_largest_are_listed_and_all_are_summed() -> None:
    made = night(customers=5_000)
    page = night_page(made.frames())
    assert sum(len(ledger.customers.lines) for ledger in page.ledgers) == 30
    assert page.ledgers[0].customers.total == summed(made, "ES01", "ES02")
