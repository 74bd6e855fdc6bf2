"""What rows mean: kinds, companies, ledger currencies, keys and repeats, assumed values; and what cannot be told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fbl5n_lists import FLAT, US, Item, tab_text
from intake_files import AS_OF, HEADER, KNOWN, LENIENT, NOBODY, Got, invoice, invoices, read, user_profile, write
from receivables.errors import FileRefused
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from pathlib import Path

ALL = (*FLAT, "special", "invoice_ref", "posting_date")
EURO = Companies(None, {"1000": "EUR"})


def fbl5n(tmp_path: Path, *items: Item, roles: tuple[str, ...] = ALL, **more: Any) -> Got:
    """A flat English list of these items."""
    path = write(tmp_path, "list.txt", tab_text(items, US, roles))
    said: dict[str, Any] = {"settings": LENIENT, "extract_as_of": AS_OF, "companies": EURO}
    return read(path, **said | more)


def item(amount: str, doc_type: str = "RV", **more: Any) -> Item:
    return Item("C1", more.pop("doc_no", "1"), Decimal(amount), doc_type, **more)


KINDS: tuple[tuple[str, str, dict[str, str], str, str], ...] = (
    ("RV", "10", {}, "document", "invoice"),
    ("RV", "-10", {}, "document", "credit_note"),
    ("DR", "10", {}, "document", "invoice"),
    ("DG", "-10", {}, "document", "credit_note"),
    ("DG", "10", {}, "document", "debit_note"),
    ("DZ", "-10", {}, "payment", "receipt"),
    ("DZ", "10", {}, "document", "refund"),
    ("ZP", "-10", {}, "payment", "receipt"),
    ("AB", "-10", {}, "document", "adjustment"),
    ("AB", "-10", {"text": "Ausbuchung Uneinbr."}, "document", "adjustment"),
    ("SA", "10", {}, "document", "adjustment"),
    ("DZ", "-10", {"special": "A"}, "payment", "prepayment"),
    ("DA", "10", {"special": "W"}, "document", "bill_of_exchange"),
)


def test_a_type_code_with_its_sign_and_special_sign_is_a_kind(tmp_path: Path) -> None:
    items = [item(amount, code, doc_no=str(n), **more) for n, (code, amount, more, *_) in enumerate(KINDS, 2)]
    got = fbl5n(tmp_path, *items)
    for table, sign in (("document", 1), ("payment", -1)):
        told = [(row["kind"], row["amount_doc"]) for row in got.tables[table]]
        assert told == [(kind, sign * Decimal(amount)) for _, amount, _, where, kind in KINDS if where == table]


def test_statistical_items_are_out_of_scope_and_unknown_types_quarantined(tmp_path: Path) -> None:
    got = fbl5n(tmp_path, item("10"), item("20", special="F"), item("30", special="G"), item("40", "Z7"))
    assert got.column("document", "amount_doc") == [Decimal(10)]
    assert [(f.reason_code, f.count) for f in got.noted("SKIP_OUT_OF_SCOPE")] == [("SKIP_OUT_OF_SCOPE", 2)]
    assert [reason for *_, reason in got.quarantined()] == ["TYPE_UNKNOWN"]


def test_an_item_of_zero_is_skipped_but_a_value_without_an_amount_is_not(tmp_path: Path) -> None:
    got = fbl5n(tmp_path, item("0"), item("0", local=Decimal("0.05")), item("10"), item("10", local=Decimal(-10)))
    assert [f.count for f in got.noted("SKIP_ZERO")] == [1]
    assert [(line, reason) for line, _, reason in got.quarantined()] == [(4, "AMOUNT_ZERO"), (6, "SIGN_MIXED")]


def test_a_foreign_amount_needs_both_amounts(tmp_path: Path) -> None:
    dollars = item("2000", currency="USD", local=Decimal("1818.18"))
    path = write(tmp_path, "list.txt", tab_text([dollars], US, FLAT).replace("2,000.00", ""))
    got = read(path, settings=LENIENT, extract_as_of=AS_OF, companies=EURO)
    assert [reason for *_, reason in got.quarantined()] == ["REQUIRED_BLANK"]


def test_a_list_without_document_amounts_is_one_of_ledger_amounts(tmp_path: Path) -> None:
    roles = tuple(role for role in FLAT if role != "amount")
    got = fbl5n(tmp_path, item("2000", currency="USD", local=Decimal("1818.18")), roles=roles)
    row = got.tables["document"][0]
    assert (row["currency"], row["amount_doc"], row["amount_local"]) == ("EUR", Decimal("1818.18"), Decimal("1818.18"))


def test_a_list_without_clearing_dates_takes_the_latest_date_of_the_clearing_and_says_so(tmp_path: Path) -> None:
    roles = tuple(role for role in FLAT if role != "clearing_date")
    cleared: dict[str, Any] = {"clearing_no": "77", "clearing_date": date(2024, 4, 10)}
    paid = item("-10", "DZ", doc_no="77", doc_date=date(2024, 4, 9), **cleared)
    got = fbl5n(tmp_path, item("10", **cleared), paid, roles=roles)
    assert got.column("allocation", "alloc_date") == [date(2024, 4, 9)]
    assert got.landed.mode == "full"
    assert [(f.column_name, f.count) for f in got.noted("ASSUMED_VALUE")] == [("clearing_date", 2)]


def test_a_date_without_a_clearing_document_clears_nothing(tmp_path: Path) -> None:
    got = fbl5n(tmp_path, item("10", clearing_date=date(2024, 4, 1)))
    assert (got.column("document", "cleared_date"), got.landed.mode) == ([None], "open_items")


def test_a_part_payment_that_names_its_invoice_is_allocated_to_it(tmp_path: Path) -> None:
    got = fbl5n(tmp_path, item("100", doc_no="9"), item("-40", "DZ", doc_no="14", invoice_ref="9"))
    row = got.tables["allocation"][0]
    ends = row["from_payment_id"], row["to_doc_id"], row["amount_to_doc"], row["origin"]
    assert ends == ("1000:C1/14/2024", "1000:C1/9/2024", Decimal(40), "derived_reference")


def test_the_fiscal_year_tells_reused_numbers_apart(tmp_path: Path) -> None:
    years = [item("10", posting_date=date(2023, 12, 30)), item("20", posting_date=date(2024, 1, 2))]
    got = fbl5n(tmp_path, *years)
    assert got.column("document", "doc_id") == ["1000:C1/1/2023", "1000:C1/1/2024"]


def test_lines_of_one_document_are_its_instalments_by_due_date(tmp_path: Path) -> None:
    lines = [item("30", due_date=date(2024, 6, 1)), item("70", due_date=date(2024, 5, 1))]
    got = fbl5n(tmp_path, *lines)
    assert got.column("document", "amount_doc") == [Decimal(100)]
    assert sorted((r["seq"], r["amount_doc"]) for r in got.tables["instalment"]) == [(1, Decimal(70)), (2, Decimal(30))]


def test_equal_lines_of_a_list_without_a_key_all_count_and_are_told(tmp_path: Path) -> None:
    got = fbl5n(tmp_path, item("10"), item("10"), item("10"))
    assert got.column("document", "amount_doc") == [Decimal(30)]
    assert [(f.count, f.raw_value) for f in got.noted("KEY_DUPLICATE_SAME")] == [(2, "20.00")]


def test_with_a_key_the_same_content_counts_once_and_another_content_not_at_all(tmp_path: Path) -> None:
    lines = [invoice(1), invoice(2), invoice(1), invoice(3, "5.00"), invoice(3, "6.00"), invoice(4)]
    got = read(write(tmp_path, "list.csv", invoices(*lines)), settings=LENIENT)
    assert got.column("document", "doc_no") == ["1", "2", "4"]
    assert [(f.action, f.count, f.line_no) for f in got.noted("KEY_DUPLICATE_SAME")] == [("skip", 1, 4)]
    assert got.quarantined() == [(5, None, "KEY_DUPLICATE_DIFF"), (6, None, "KEY_DUPLICATE_DIFF")]


def test_a_repeat_of_a_row_in_quarantine_is_no_repeat(tmp_path: Path) -> None:
    lines = [invoice(1, settled="2024-99-99"), invoice(1)]
    got = read(write(tmp_path, "list.csv", invoices(*lines)), settings=LENIENT)
    assert got.column("document", "line_no") == [3]


def test_a_row_without_its_key_is_quarantined(tmp_path: Path) -> None:
    got = read(write(tmp_path, "list.csv", invoices(invoice(1), invoice(""))), settings=LENIENT)
    assert got.quarantined() == [(3, "doc_no", "REQUIRED_BLANK")]


def test_without_a_key_every_row_counts_under_a_name_that_the_next_extract_gives_again(tmp_path: Path) -> None:
    profile = user_profile(tmp_path, 'extends = "invoice_list"\nid = "own"\nkey = []\n')
    first = read(write(tmp_path, "a.csv", invoices(invoice(1), invoice(1), invoice(2))), profile)
    again = read(write(tmp_path, "b.csv", invoices(invoice(2), invoice(1), invoice(3), invoice(1))), profile)
    assert len(set(first.column("document", "doc_id"))) == 3
    assert set(first.column("document", "doc_id")) < set(again.column("document", "doc_id"))
    assert [(f.count, f.raw_value, f.repaired_value) for f in first.noted("KEY_DUPLICATE_SAME")] == [
        (1, "100.00", "kept")
    ]


def test_what_the_profile_assumes_is_told_with_its_count(tmp_path: Path) -> None:
    own = """
extends = "invoice_list"
id = "own"
[columns]
doc_date = { aliases = ["date"], required = false }
currency = { aliases = ["currency"], required = false }
[assume]
company = "HQ"
currency = "USD"
doc_type = "X"
doc_date_from = "due_date"
doc_date_days = -15
"""
    profile = user_profile(tmp_path, own)
    path = write(tmp_path, "list.csv", invoices(invoice(1, date=""), invoice(2, date="", currency="")))
    got = read(path, profile, companies=Companies(None, {"HQ": "USD"}), settings=LENIENT, extract_as_of=AS_OF)
    assert got.column("document", "doc_date") == [date(2024, 1, 20)]
    told = {(f.column_name, f.count, f.repaired_value) for f in got.noted("ASSUMED_VALUE")}
    assert told >= {
        ("doc_date", 2, "due_date -15 days"),
        ("currency", 1, "USD"),
        ("company", 2, "HQ"),
        ("doc_type", 2, "X"),
    }


def test_a_settled_date_of_an_open_row_is_a_forecast_and_ignored(tmp_path: Path) -> None:
    own = 'extends = "invoice_list"\nid = "own"\n[columns]\nis_open.aliases = ["open"]\n'
    lines = [invoice(1, settled="2024-03-01") + ",1", invoice(2, settled="2024-03-01") + ",0"]
    path = write(tmp_path, "list.csv", invoices(*lines, header=f"{HEADER},open"))
    got = read(path, user_profile(tmp_path, own))
    assert got.column("document", "cleared_date") == [None, date(2024, 3, 1)]
    assert got.column("payment", "source_key") == ["settled:2"]
    assert [f.count for f in got.noted("SETTLED_WHILE_OPEN")] == [1]


@pytest.mark.parametrize(
    ("companies", "company"),
    [(KNOWN, "ES01"), (Companies("MX01", {"MX01": "EUR", "ES01": "EUR"}, is_forced=True), "MX01")],
)
def test_rows_without_a_company_belong_to_the_only_known_or_the_one_said(
    tmp_path: Path, companies: Companies, company: str
) -> None:
    got = read(write(tmp_path, "list.csv", invoices(invoice(1))), companies=companies)
    assert got.column("document", "company_id") == [company]


def test_a_file_that_names_no_company_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="try --company ID") as refusal:
        read(write(tmp_path, "list.csv", invoices(invoice(1))), companies=NOBODY)
    assert refusal.value.reason == "COMPANY_UNKNOWN"


def test_a_company_s_currency_is_the_only_one_of_its_rows_and_that_is_told(tmp_path: Path) -> None:
    got = read(write(tmp_path, "list.csv", invoices(invoice(1, currency="MXN"))), companies=Companies("MX01", {}))
    assert got.tables["company"][0]["local_currency"] == "MXN"
    assert [(f.column_name, f.raw_value, f.repaired_value) for f in got.noted("ASSUMED_VALUE")] == [
        ("local_currency", "MX01", "MXN")
    ]


def test_two_currencies_do_not_tell_a_ledger_currency(tmp_path: Path) -> None:
    path = write(tmp_path, "list.csv", invoices(invoice(1), invoice(2, currency="USD")))
    with pytest.raises(FileRefused, match="MX01 without a ledger currency") as refusal:
        read(path, companies=Companies("MX01", {}))
    assert "receivables.toml" in str(refusal.value)


def test_foreign_amounts_without_a_value_are_quarantined(tmp_path: Path) -> None:
    path = write(tmp_path, "list.csv", invoices(invoice(1), invoice(2, currency="USD")))
    assert [reason for *_, reason in read(path, settings=LENIENT).quarantined()] == ["FX_MISSING"]


def test_ledger_amounts_in_another_currency_than_the_company_s_refuse_the_file(tmp_path: Path) -> None:
    with pytest.raises(
        FileRefused, match=r"company 1000 with ledger amounts in USD .* expected its ledger currency EUR"
    ):
        fbl5n(tmp_path, item("10", local_currency="USD", currency="USD"))
    got = fbl5n(tmp_path, item("10", local_currency="USD", currency="USD"), companies=NOBODY)
    assert got.column("company", "local_currency") == ["USD"]


def test_several_companies_of_one_list_keep_their_currencies(tmp_path: Path) -> None:
    items = [item("10", company="1000"), item("20", company="2000", local_currency="CHF", currency="CHF")]
    got = fbl5n(tmp_path, *items, companies=NOBODY)
    assert {(r["company_id"], r["local_currency"]) for r in got.tables["company"]} == {("1000", "EUR"), ("2000", "CHF")}
    assert got.column("document", "doc_id") == ["1000:C1/1/2024", "2000:C1/1/2024"]
