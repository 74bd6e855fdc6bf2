"""SAP table extracts: the ledger they tell, SAP's own rules of what settles what, and layouts nobody has sent yet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from exports import TRUTH_DAY, Told, samples, told, truth
from intake_files import LENIENT, NOBODY, read, workbook, write
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS: Final = {"C1": "100001", "C2": "100002", "C3": "100003"}

FIELDS: Final = ("MANDT", "BUKRS", "KUNNR", "UMSKZ", "AUGDT", "AUGBL", "ZUONR", "GJAHR", "BELNR", "BUZEI", "BUDAT", "BLDAT", "WAERS", "XBLNR",
                 "BLART", "SHKZG", "DMBTR", "WRBTR", "ZFBDT", "ZTERM", "ZBD1T", "ZBD2T", "ZBD3T", "REBZG", "REBZJ", "REBZZ", "REBZT", "SGTXT")  # fmt: skip
DATES: Final = ("AUGDT", "BUDAT", "BLDAT", "ZFBDT")
AMOUNTS: Final = ("DMBTR", "WRBTR")

Line = dict[str, str]


def line(number: str, amount: str, day: str = "20240301", **more: str) -> Line:
    """A customer line of 2024 in euro: a debit is an invoice at 30 days, a credit a receipt, unless said otherwise."""
    is_debit = not amount.startswith("-")
    told_as = {
        "MANDT": "100", "BUKRS": "1000", "KUNNR": "0000100001", "UMSKZ": "", "AUGDT": "00000000", "AUGBL": "", "ZUONR": day, "GJAHR": day[:4],
        "BELNR": number, "BUZEI": "001", "BUDAT": day, "BLDAT": day, "WAERS": "EUR", "XBLNR": "", "BLART": "RV" if is_debit else "DZ",
        "SHKZG": "S" if is_debit else "H", "DMBTR": amount.lstrip("-"), "WRBTR": amount.lstrip("-"), "ZFBDT": day, "ZTERM": "ZN30",
        "ZBD1T": "30" if is_debit else "0", "ZBD2T": "0", "ZBD3T": "0", "REBZG": "", "REBZJ": "0000", "REBZZ": "000", "REBZT": "", "SGTXT": "",
    }  # fmt: skip
    return told_as | more


def cleared(document: str, day: str, *lines: Line) -> list[Line]:
    """The lines as one clearing leaves them."""
    return [line | {"AUGBL": document, "AUGDT": day} for line in lines]


def table(*lines: Line, delimiter: str = ";") -> str:
    """The lines as a table dump."""
    heads = list(lines[0])
    return (
        "\r\n".join(delimiter.join(row) for row in (heads, *([line[head] for head in heads] for line in lines)))
        + "\r\n"
    )


def night(folder: Path, *lines: Line, header: str = "", as_of: date | None = None, **said: Any) -> Told:
    """One night over items and, where given, document headers."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [write(folder, "BSID_BSAD.csv", table(*lines))]
    files += [write(folder, "BKPF.csv", header)] if header else []
    return told(folder / "home", files, company="1000", as_of=as_of, **said)


def headers(*rows: str, flag: str = "") -> str:
    """Document headers: number, type, day, reversing or reversed document; a flag column where asked for."""
    extra = ";XREVERSAL" if flag else ""
    lines = [f"MANDT;BUKRS;BELNR;GJAHR;BLART;BLDAT;BUDAT;XBLNR;BSTAT;STBLG;STJAH;WAERS{extra}"]
    for row in rows:
        number, kind, day, other, *mark = row.split()
        year, other = ("0000", "") if other == "-" else (day[:4], other)
        lines.append(
            f"100;1000;{number};{day[:4]};{kind};{day};{day};;;{other};{year};EUR"
            + (f";{mark[0] if mark else ''}" if flag else "")
        )
    return "\r\n".join(lines) + "\r\n"


def on(night: Told, day: date) -> Told:
    """The same home as of another day; what its parts make must be the whole."""
    receivables.build(night.home, as_of=day)
    assert night.control_difference() == 0
    return night


def items(night: Told) -> list[tuple[Any, ...]]:
    """What is open: kind, amounts, bucket, and how old what is owed to us is."""
    return night.rows(
        "select kind, open_doc, currency, open_local, case when open_doc > 0 then days_overdue end as age, bucket"
        " from marts.open_item order by kind, age, open_doc"
    )


def whole(night: Told) -> None:
    """Nothing lost, nothing in quarantine, and the parts make the whole."""
    assert night.findings("quarantine") == []
    assert night.lines_lost() == 0
    assert night.control_difference() == 0


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("BSID.csv",),
        ("BSID.csv", "BSAD.csv"),
        ("BSAD.csv", "BKPF.csv", "BSID.csv"),
        ("BSID.csv", "KNA1.csv", "VBRK.csv"),
    ],
    ids=["all tables", "open items alone", "both lists", "with headers", "beside billing documents"],
)
def test_the_tables_give_the_balances_of_the_ledger_they_tell(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    night = told(tmp_path / "home", samples(reference_data, "sap_tables", *names), company="1000")
    assert night.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert {outcome for outcome, _ in night.files.values()} == {"loaded"}
    whole(night)


def test_cleared_items_alone_leave_nothing_open_and_billing_documents_alone_what_was_billed(
    reference_data: Path, tmp_path: Path
) -> None:
    cleared_only = told(tmp_path / "a", samples(reference_data, "sap_tables", "BSAD.csv"), company="1000")
    assert cleared_only.open_by_customer() == {}
    whole(cleared_only)
    # Partial: three of the seven documents, no payment; the fourth row cancels one of them.
    billed = told(tmp_path / "b", samples(reference_data, "sap_tables", "VBRK.csv"), company="1000")
    assert billed.open_by_customer() == {"100001": Decimal(10000), "100002": Decimal("1818.18")}
    whole(billed)


def test_every_item_is_as_old_as_the_ledger_says(reference_data: Path, tmp_path: Path) -> None:
    night = told(tmp_path / "home", samples(reference_data, "sap_tables"), company="1000")
    # The part payment names its invoice: what is open of the invoice is the rest.
    assert items(night) == [
        ("credit_note", Decimal(-500), "EUR", Decimal(-500), None, "unapplied"),
        ("invoice", Decimal(2000), "USD", Decimal("1818.18"), 5, "d1_30"),
        ("invoice", Decimal(1500), "EUR", Decimal(1500), 44, "d31_60"),
        ("invoice", Decimal(6000), "EUR", Decimal(6000), 123, "d91_180"),
        ("receipt", Decimal(-750), "EUR", Decimal(-750), None, "unapplied"),
    ]


def test_a_past_day_is_replayed_from_clearing_dates(reference_data: Path, tmp_path: Path) -> None:
    files = samples(reference_data, "sap_tables", "BSID.csv", "BSAD.csv", "BKPF.csv")
    night_one = told(tmp_path / "home", files, company="1000", as_of=date(2022, 1, 31))
    assert night_one.open_by_customer() == {"100003": Decimal("89.90")}
    assert on(night_one, date(2024, 3, 31)).open_by_customer() == {"100001": Decimal("1234.56")}
    before = {"100001": Decimal(5500), "100002": Decimal(1500), "100003": Decimal(420)}
    assert on(night_one, date(2024, 8, 15)).open_by_customer() == before
    del before["100003"]  # taken back that day
    assert on(night_one, date(2024, 8, 16)).open_by_customer() == before


def test_master_data_of_a_customer_comes_from_three_tables(reference_data: Path, tmp_path: Path) -> None:
    night = told(tmp_path / "home", samples(reference_data, "sap_tables"), company="1000")
    assert night.rows(
        "select customer_id, name, country, city, tax_id, customer_group, territory_id, terms_id, collector_id, status from core.customer order by all"
    ) == [
        (
            "1000:100001",
            "Comercial Ibáñez S.L.",
            "ES",
            "Madrid",
            "ESB00000001",
            "01",
            "1000:ES-C",
            "1000:ZN30",
            "1000:A1",
            "active",
        ),
        (
            "1000:100002",
            "Großhandel Müller & Söhne",
            "DE",
            "München",
            "DE000000002",
            "01",
            "1000:DE-S",
            "1000:ZI02",
            "1000:A2",
            "active",
        ),
        (
            "1000:100003",
            "Lodz Trading Sp. z o.o.",
            "PL",
            "Łódź",
            "PL0000000003",
            "02",
            "1000:PL-1",
            "1000:ZN30",
            "1000:A2",
            "order_block",
        ),
    ]


ONE: Final = Companies("1000", {"1000": "EUR"})


def test_limits_terms_rates_orders_and_deliveries_are_rows_of_their_tables(reference_data: Path) -> None:
    def rows(name: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
        got = read(samples(reference_data, "sap_tables", name)[0], companies=ONE, extract_as_of=TRUTH_DAY)
        assert got.quarantined() == []
        return [tuple(row[column] for column in columns) for row in got.tables[table]]

    assert rows(
        "KNKK.csv", "credit_limit", "credit_account_id", "limit_amount", "currency", "risk_class", "blocked"
    ) == [
        ("1000:100001", Decimal(20000), "EUR", "A", False),
        ("1000:100002", Decimal(5000), "EUR", "B", False),
        ("1000:100003", Decimal(0), "EUR", "C", True),
    ]
    assert rows(
        "T052.csv",
        "payment_terms",
        "terms_id",
        "baseline",
        "net_days",
        "fixed_day",
        "add_months",
        "disc1_days",
        "disc1_pct",
    ) == [
        ("1000:ZN30", "posting", 30, None, 0, None, None),
        ("1000:Z214", "posting", 30, None, 0, 14, Decimal(3)),
        ("1000:ZEOM", "fixed_day", None, 31, 1, None, None),
        ("1000:ZI02", "document", None, None, 0, None, None),
    ]
    assert rows("T052S.csv", "payment_terms_instalment", "terms_id", "seq", "pct") == [
        ("1000:ZI02", 1, Decimal(50)),
        ("1000:ZI02", 2, Decimal(50)),
    ]
    assert rows("TCURR.csv", "fx_rate", "from_currency", "to_currency", "rate_date", "rate_type", "rate") == [
        ("USD", "EUR", date(2024, 9, 10), "M", Decimal("0.90909")),
        ("EUR", "CNY", date(2024, 9, 10), "M", Decimal("7.846")),
        ("USD", "EUR", date(2024, 10, 1), "M", Decimal("0.900900900901")),
        ("JPY", "EUR", date(2024, 10, 1), "M", Decimal("0.0062")),
    ]
    assert rows(
        "VBAK.csv",
        "sales_order",
        "order_id",
        "customer_id",
        "order_date",
        "requested_date",
        "currency",
        "credit_status",
        "customer_ref",
    ) == [
        ("1000:5001", "1000:100001", date(2024, 5, 10), date(2024, 5, 14), "EUR", "A", "PO-881"),
        ("1000:5002", "1000:100002", date(2024, 10, 12), date(2024, 11, 1), "EUR", "B", "PO-882"),
    ]
    assert rows(
        "VBAP.csv",
        "order_line",
        "order_id",
        "order_line_no",
        "product_id",
        "qty",
        "unit_price",
        "net_amount",
        "cancelled",
    ) == [
        ("1000:5001", 10, "1000:4711", Decimal(240), Decimal("34.44"), Decimal("8264.46"), False),
        ("1000:5002", 10, "1000:4711", Decimal(600), Decimal("20.83"), Decimal(12500), False),
    ]
    assert rows("LIKP.csv", "delivery", "delivery_id", "customer_id", "ship_date", "delivered_date") == [
        ("1000:80000010", "1000:100001", date(2024, 5, 14), None),
        ("1000:80000011", "1000:100002", None, None),
    ]


def test_several_sales_areas_of_a_customer_are_no_contradiction(tmp_path: Path) -> None:
    text = "MANDT;KUNNR;VKORG;VTWEG;SPART;KDGRP;BZIRK;VKGRP\r\n" + "".join(
        f"100;0000100001;1000;{channel};00;{group};ES-C;001\r\n" for channel, group in (("10", "01"), ("20", "02"))
    )
    got = read(write(tmp_path, "KNVV.csv", text), companies=ONE, extract_as_of=TRUTH_DAY)
    assert got.quarantined() == []
    assert [(row["customer_id"], row["customer_group"]) for row in got.tables["customer"]] == [("1000:100001", "01")]


INVOICE: Final = line("9000000010", "1000.00", "20240301")
PART: Final = line(
    "1400000010", "-400.00", "20240415", BUZEI="002", REBZG="9000000010", REBZJ="2024", REBZZ="001", REBZT="Z"
)
REST: Final = line("1400000011", "-600.00", "20240520", BUZEI="002")
AGE: Final = (TRUTH_DAY - date(2024, 3, 31)).days
SETTLED: Final = cleared(
    "1400000099", "20240110", line("9000000099", "5.00", "20240105"), line("1400000099", "-5.00", "20240110")
)
"""A clearing of old: with it a list has history."""


def test_a_part_payment_is_netted_with_its_invoice_while_both_are_open(tmp_path: Path) -> None:
    night_one = night(tmp_path, INVOICE, PART)
    assert items(night_one) == [("invoice", Decimal(600), "EUR", Decimal(600), AGE, "d181_365")]
    whole(night_one)


def test_a_part_payment_cleared_with_its_invoice_later_counts_once(tmp_path: Path) -> None:
    later = night(tmp_path, *cleared("1400000011", "20240520", INVOICE, PART, REST))
    assert later.open_by_customer() == {}
    for day, balance in ((date(2024, 4, 14), 1000), (date(2024, 4, 15), 600), (date(2024, 5, 19), 600)):
        assert on(later, day).open_by_customer() == {"100001": Decimal(balance)}
    assert items(on(later, date(2024, 5, 20))) == []
    # Until the clearing the part payment is netted with the invoice it names.
    assert [item[:2] for item in items(on(later, date(2024, 4, 15)))] == [("invoice", Decimal(600))]
    assert later.rows("select amount_to_doc, alloc_date, origin from core.allocation order by alloc_date") == [
        (Decimal(400), date(2024, 4, 15), "derived_reference"),
        (Decimal(600), date(2024, 5, 20), "derived_clearing"),
    ]


def test_part_payments_beyond_an_instalment_leave_the_rest_to_the_clearing(tmp_path: Path) -> None:
    first = INVOICE | {"DMBTR": "300.00", "WRBTR": "300.00"}
    second = first | {"BUZEI": "002", "ZBD1T": "60", "DMBTR": "700.00", "WRBTR": "700.00"}
    night_one = night(tmp_path, *cleared("1400000011", "20240520", first, second, PART, REST))
    whole(night_one)
    assert items(on(night_one, date(2024, 5, 20))) == []
    # The reference names the first instalment: of the 400 it takes its 300, the rest waits for the clearing.
    assert [item[:2] for item in items(on(night_one, date(2024, 5, 19)))] == [
        ("invoice", Decimal(700)),
        ("receipt", Decimal(-100)),
    ]


def test_a_residual_item_is_as_old_as_the_invoice_it_is_left_of(tmp_path: Path) -> None:
    paid = line("1400000010", "-1000.00", "20240415", BUZEI="002")
    rest = line(
        "1400000010",
        "400.00",
        "20240415",
        BUZEI="003",
        BLART="DZ",
        ZFBDT="20240301",
        ZBD1T="30",
        REBZG="9000000010",
        REBZJ="2024",
        REBZZ="001",
        REBZT="V",
    )
    night_one = night(tmp_path, *cleared("1400000010", "20240415", INVOICE, paid), rest)
    assert items(night_one) == [("adjustment", Decimal(400), "EUR", Decimal(400), AGE, "d181_365")]
    whole(night_one)


@pytest.mark.parametrize("with_flag", [False, True], ids=["both name each other", "XREVERSAL tells which"])
def test_a_reversed_document_counts_until_it_is_taken_back(tmp_path: Path, *, with_flag: bool) -> None:
    back = line("9000000011", "-1000.00", "20240601", BLART="RV")
    header = headers(
        "9000000010 RV 20240301 9000000011 1", "9000000011 RV 20240601 9000000010 2", flag="x" if with_flag else ""
    )
    gone = night(tmp_path, INVOICE, back, *SETTLED, header=header)
    assert items(gone) == []
    whole(gone)
    assert on(gone, date(2024, 5, 31)).open_by_customer() == {"100001": Decimal(1000)}
    assert on(gone, date(2024, 6, 1)).open_by_customer() == {}


def test_a_reversed_payment_leaves_its_invoice_open(tmp_path: Path) -> None:
    paid = line("1400000010", "-1000.00", "20240415", BUZEI="002")
    back = line("1400000012", "1000.00", "20240420", BUZEI="002", BLART="DZ")
    header = headers(
        "1400000010 DZ 20240415 1400000012", "1400000012 DZ 20240420 1400000010", "9000000010 RV 20240301 -"
    )
    bounced = night(tmp_path, INVOICE, *cleared("1400000012", "20240420", paid, back), header=header)
    assert items(bounced) == [("invoice", Decimal(1000), "EUR", Decimal(1000), AGE, "d181_365")]
    whole(bounced)


def test_special_ledger_items(tmp_path: Path) -> None:
    """A down payment is money, a request for one and a guarantee are nothing, a bill is owed until it is cashed."""
    bill = line("1400000010", "1000.00", "20240415", UMSKZ="W", BLART="DZ", ZFBDT="20241115", ZBD1T="0")
    taken = line("1400000010", "-1000.00", "20240415", BUZEI="002")
    special = night(
        tmp_path,
        *cleared("1400000010", "20240415", INVOICE, taken),
        bill,
        line("1400000020", "-300.00", "20240901", UMSKZ="A", KUNNR="0000100002"),
        line("1700000001", "5000.00", "20240901", UMSKZ="F", KUNNR="0000100002", BLART="DR"),
        line("1700000002", "7000.00", "20240901", UMSKZ="G", KUNNR="0000100002", BLART="SA"),
        line("1700000003", "9000.00", "20240901", KUNNR="0000100002", BLART="X1"),
    )
    assert items(special) == [
        ("bill_of_exchange", Decimal(1000), "EUR", Decimal(1000), -31, "not_due"),
        ("prepayment", Decimal(-300), "EUR", Decimal(-300), None, "unapplied"),
    ]
    whole(special)


def test_due_dates_follow_from_baseline_and_days(tmp_path: Path) -> None:
    """The first of net, second and first days that is not zero; a credit is due at its baseline, or as an invoice where it says V."""
    lines = [
        line("9000000001", "100.00", "20240301", ZBD1T="14", ZBD2T="0", ZBD3T="30"),
        line("9000000002", "100.00", "20240301", ZBD1T="10", ZBD2T="20"),
        line("9000000003", "100.00", "20240301", ZFBDT="20240331", ZBD1T="0"),
        line("9000000004", "100.00", "20240301", ZFBDT="00000000", ZBD1T="45"),
        line("1600000001", "-10.00", "20240301", BLART="DG", ZBD1T="30"),
        line("1600000002", "-10.00", "20240301", BLART="DG", ZBD1T="30", REBZG="V"),
    ]
    got = read(write(tmp_path, "BSID.csv", table(*lines)), companies=ONE, extract_as_of=TRUTH_DAY)
    assert sorted((row["doc_no"], row["due_date"]) for row in got.tables["entry"]) == [
        ("1600000001", date(2024, 3, 1)),
        ("1600000002", date(2024, 3, 31)),
        ("9000000001", date(2024, 3, 31)),
        ("9000000002", date(2024, 3, 21)),
        ("9000000003", date(2024, 3, 31)),
        ("9000000004", date(2024, 4, 15)),
    ]


def test_a_clearing_of_several_invoices_credits_and_payments_settles_all_of_it(tmp_path: Path) -> None:
    group = cleared(
        "1400000030", "20240601",
        line("9000000001", "100.00", "20240301"), line("9000000002", "250.50", "20240401"),
        line("1600000001", "-50.50", "20240410", BLART="DG"), line("1400000030", "-200.00", "20240601"), line("1400000029", "-100.00", "20240520"),
    )  # fmt: skip
    night_one = night(tmp_path, *group)
    assert night_one.open_by_customer() == {}
    assert on(night_one, date(2024, 5, 31)).open_by_customer() == {"100001": Decimal("200.00")}
    assert on(night_one, date(2024, 6, 1)).open_by_customer() == {}


def test_a_clearing_that_is_reset_opens_its_items_again(tmp_path: Path) -> None:
    """What stood in BSAD one night and stands in BSID the next is open again."""
    paid = line("1400000010", "-1000.00", "20240415", BUZEI="002")
    first = write(tmp_path, "BSAD_2024-10-14.csv", table(*cleared("1400000010", "20240415", INVOICE, paid)))
    second = write(tmp_path, "BSID_2024-10-15.csv", table(INVOICE, paid))
    after = told(tmp_path / "home", [first, second], company="1000", extract_as_of=None)
    assert after.open_by_customer() == {}
    assert [(kind, amount) for kind, amount, *_ in items(after)] == [
        ("invoice", Decimal(1000)),
        ("receipt", Decimal(-1000)),
    ]
    assert after.control_difference() == 0


def test_an_item_that_moves_to_the_cleared_table_is_not_counted_twice(tmp_path: Path) -> None:
    paid = line("1400000010", "-1000.00", "20241014", BUZEI="002")
    other = line("9000000020", "70.00", "20240901", KUNNR="0000100002")
    nights = [
        write(tmp_path, "BSID_2024-10-13.csv", table(INVOICE, other)),
        write(tmp_path, "BSID_2024-10-15.csv", table(other)),
        write(tmp_path, "BSAD_2024-10-15.csv", table(*cleared("1400000010", "20241014", INVOICE, paid))),
    ]
    after = told(tmp_path / "home", nights, company="1000", extract_as_of=None)
    assert after.open_by_customer() == {"100002": Decimal("70.00")}
    assert after.control_difference() == 0


def test_numbers_repeat_in_years_companies_and_customers(tmp_path: Path) -> None:
    lines = [
        line("1800000001", "10.00", "20230301"),
        line("1800000001", "20.00", "20240301"),
        line("1800000001", "40.00", "20240301", BUKRS="2000", KUNNR="0000200001"),
        line("1800000001", "80.00", "20240301", BUZEI="002", KUNNR="0000100002"),
        line("1800000001", "160.00", "20240301", BUZEI="003"),
    ]
    night_one = night(tmp_path, *lines, names_company=True)
    assert night_one.open_by_customer() == {"100001": Decimal(190), "100002": Decimal(80), "200001": Decimal(40)}
    whole(night_one)


def test_raw_amounts_of_currencies_without_two_decimals_are_shifted(tmp_path: Path) -> None:
    lines = [
        line("9000000001", "80.25", "20240301", WAERS="JPY", WRBTR="123.45"),
        line("9000000002", "300.00", "20240301", WAERS="KWD", WRBTR="1000.50"),
    ]
    night_one = night(tmp_path, *lines)
    assert [(amount, currency, local) for _, amount, currency, local, *_ in items(night_one)] == [
        (Decimal("100.05"), "KWD", Decimal("300.00")),
        (Decimal(12345), "JPY", Decimal("80.25")),
    ]
    whole(night_one)


def test_what_a_type_means_depends_on_its_side(tmp_path: Path) -> None:
    lines = [
        line("1", "1.00", BLART="DR"), line("2", "-2.00", BLART="RV"), line("3", "-3.00", BLART="DG"), line("4", "4.00", BLART="DG"),
        line("5", "-5.00", BLART="ZP"), line("6", "6.00", BLART="DZ"), line("7", "-7.00", BLART="AB", SGTXT="Ausbuchung uneinbringlich"),
        line("8", "-8.00", BLART="AB"), line("9", "9.00", BLART="SA"), line("10", "10.00", BLART="Z7"),
    ]  # fmt: skip
    got = read(write(tmp_path, "BSID.csv", table(*lines)), companies=ONE, settings=LENIENT, extract_as_of=TRUTH_DAY)
    assert [(row["doc_no"], row["kind"], row["amount_doc"]) for row in got.tables["entry"]] == [
        ("1", "invoice", 1), ("2", "credit_note", -2), ("3", "credit_note", -3), ("4", "debit_note", 4), ("5", "receipt", -5), ("6", "refund", 6),
        ("7", "write_off", -7), ("8", "adjustment", -8), ("9", "adjustment", 9),
    ]  # fmt: skip
    assert got.quarantined() == [(11, "doc_type", "TYPE_UNKNOWN")]


DE: Final = {"BUKRS": "Buchungskreis", "KUNNR": "Debitor", "UMSKZ": "Sonderhauptbuchkennz.", "AUGDT": "Ausgleichsdatum", "AUGBL": "Ausgleichsbeleg",
             "ZUONR": "Zuordnung", "GJAHR": "Geschäftsjahr", "BELNR": "Belegnummer", "BUZEI": "Position", "BUDAT": "Buchungsdatum", "BLDAT": "Belegdatum",
             "WAERS": "Währung", "XBLNR": "Referenz", "BLART": "Belegart", "SHKZG": "Soll/Haben-Kennz.", "DMBTR": "Betrag in Hauswährung", "WRBTR": "Betrag",
             "ZFBDT": "Basisdatum", "ZTERM": "Zahlungsbedingung", "ZBD1T": "Tage 1", "ZBD2T": "Tage 2", "ZBD3T": "Tage netto", "SGTXT": "Text"}  # fmt: skip
EN: Final = {"BUKRS": "Company Code", "KUNNR": "Customer", "UMSKZ": "Special G/L Ind.", "AUGDT": "Clearing Date", "AUGBL": "Clearing Document",
             "GJAHR": "Fiscal Year", "BELNR": "Document Number", "BUZEI": "Line Item", "BUDAT": "Posting Date", "BLDAT": "Document Date", "WAERS": "Currency",
             "BLART": "Document Type", "SHKZG": "Debit/Credit Ind.", "DMBTR": "Amount in LC", "WRBTR": "Amount", "ZFBDT": "Baseline Payment Dte",
             "ZTERM": "Terms of Payment", "ZBD1T": "Days 1", "ZBD2T": "Days 2", "ZBD3T": "Days net", "SGTXT": "Text"}  # fmt: skip
ES: Final = {"BUKRS": "Sociedad", "KUNNR": "Cliente", "UMSKZ": "Indicador CME", "AUGDT": "Fecha compensación", "AUGBL": "Doc.compensación", "GJAHR": "Ejercicio",
             "BELNR": "Nº documento", "BUZEI": "Posición", "BUDAT": "Fecha contabilización", "BLDAT": "Fecha de documento", "WAERS": "Moneda",
             "BLART": "Clase de documento", "SHKZG": "Debe/Haber", "DMBTR": "Importe en moneda local", "WRBTR": "Importe", "ZFBDT": "Fecha base",
             "ZTERM": "Condiciones de pago", "ZBD1T": "Días 1", "ZBD2T": "Días 2", "ZBD3T": "Días neto", "SGTXT": "Texto"}  # fmt: skip
RAW: Final = {field: field for field in FIELDS}

LEDGER: Final = [
    *cleared(
        "1400000001", "20240410", line("9000000001", "1234.56"), line("1400000001", "-1234.56", "20240410", BUZEI="002")
    ),
    line("9000000002", "10000.00", "20240515", SGTXT="Señal “größer”"),
    line("1400000002", "-4000.00", "20240701", BUZEI="002"),
    line("9000000003", "1500.00", "20240702", KUNNR="0000100002", SGTXT="Total"),
    line("9000000004", "1818.18", "20240910", KUNNR="0000100002", WAERS="USD", WRBTR="2000.00"),
    line("9000000004", "750.10", "20240913", KUNNR="0000200007", BUKRS="2000"),
    line("1600000001", "-12.05", "20240920", KUNNR="DE-77", BLART="DG"),
]
TOLD: Final = ("company_id", "entry_key", "customer_id", "kind", "doc_date", "due_date", "currency", "amount_doc", "amount_local", "clearing_no",
               "clearing_date", "terms_id")  # fmt: skip


def entries(path: Path) -> list[tuple[Any, ...]]:
    """What a file tells of its items."""
    got = read(path, companies=NOBODY, extract_as_of=TRUTH_DAY)
    assert got.quarantined() == []
    assert got.landed.profile.id == "sap_tables_items"
    return sorted(tuple(str(row[name]) for name in TOLD) for row in got.tables["entry"])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """The entries of `LEDGER` as a plain dump tells them; that they make its balances is looked at once."""
    folder = tmp_path_factory.mktemp("plain")
    night_one = night(folder, *LEDGER, names_company=True)
    balances = {"100001": "6000.00", "100002": "3318.18", "200007": "750.10", "DE-77": "-12.05"}
    assert night_one.open_by_customer() == {customer: Decimal(amount) for customer, amount in balances.items()}
    whole(night_one)
    return entries(folder / "BSID_BSAD.csv")


def shown(told_as: Line, labels: dict[str, str], *, dates: str = "%Y%m%d", comma: bool = False) -> list[str]:
    """The cells of a line under the labels' order, as a user's settings show dates and numbers."""
    cells = []
    for field in labels:
        value = told_as[field]
        if field in DATES and dates != "%Y%m%d":
            value = "" if value == "00000000" else date(int(value[:4]), int(value[4:6]), int(value[6:])).strftime(dates)
        if field in AMOUNTS and comma:
            value = f"{Decimal(value):,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
        cells.append(value)
    return cells


def shuffled(labels: dict[str, str]) -> dict[str, str]:
    """The same columns in another order."""
    return dict(sorted(labels.items(), key=lambda pair: pair[1][::-1]))


@pytest.mark.parametrize(
    ("labels", "encoding", "delimiter", "dates", "comma"),
    [
        (shuffled(RAW), "utf-8-sig", ";", "%Y%m%d", False),
        (shuffled(DE), "cp1252", ";", "%d.%m.%Y", True),
        (shuffled(ES), "utf-16", "\t", "%d.%m.%Y", True),
        (EN, "utf-8", "\t", "%m/%d/%Y", False),
        (EN, "utf-8", "|", "%Y-%m-%d", False),
        (DE, "utf-8", "\t", "%Y/%m/%d", True),
        (RAW, "gb18030", ";", "%Y.%m.%d", False),
    ],
    ids=["raw shuffled", "german", "spanish utf-16", "american", "pipes", "slashes", "chinese"],
)
def test_dumps_of_other_columns_labels_locales_and_encodings(
    tmp_path: Path, labels: dict[str, str], encoding: str, delimiter: str, dates: str, plain: list[Any], *, comma: bool
) -> None:
    lines = [list(labels.values()), *(shown(told_as, labels, dates=dates, comma=comma) for told_as in LEDGER)]
    text = "\r\n".join(delimiter.join(cells) for cells in lines) + "\r\n"
    text = text.replace("Señal “größer”", "五月货款镕") if encoding == "gb18030" else text
    assert entries(write(tmp_path, "EXTRACT.txt", text, encoding)) == plain


def test_a_list_of_the_table_browser_with_page_breaks(tmp_path: Path, plain: list[Any]) -> None:
    lines = [shown(told_as, RAW, dates="%d.%m.%Y", comma=True) for told_as in LEDGER]
    widths = [max(len(row[n]) for row in [list(RAW), *lines]) for n in range(len(RAW))]

    def drawn(cells: list[str]) -> str:
        return "| |" + "|".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + "|"

    rule = "-" * (sum(widths) + len(widths) + 3)
    pages = [lines[:3], lines[3:6], lines[6:]]
    text = "".join(
        "\r\n".join(
            [
                "Table:          BSID",
                "Displayed Fields:  28 of  28",
                "",
                rule,
                drawn(list(RAW)),
                rule,
                *(drawn(row) for row in page),
                rule,
                "",
            ]
        )
        for page in pages
    )
    assert entries(write(tmp_path, "BSID.txt", text)) == plain


def test_a_spreadsheet_of_the_table_browser(tmp_path: Path, plain: list[Any]) -> None:
    labels = shuffled(EN)

    def cell(field: str, value: str) -> object:
        if field in DATES:
            return None if value == "00000000" else date(int(value[:4]), int(value[4:6]), int(value[6:]))
        return float(value) if field in AMOUNTS else value

    rows = [list(labels.values()), *([cell(field, told_as[field]) for field in labels] for told_as in LEDGER)]
    assert entries(workbook(tmp_path / "EXPORT.xlsx", rows)) == plain


def test_a_spreadsheet_that_is_a_web_page(tmp_path: Path, plain: list[Any]) -> None:
    rows = [list(DE.values()), *(shown(told_as, DE, dates="%d.%m.%Y", comma=True) for told_as in LEDGER)]
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    assert entries(write(tmp_path, "EXPORT.xls", f"<html><body><table>\n{body}</table></body></html>\n")) == plain


def test_a_repeated_row_counts_once_and_a_contradicting_one_not_at_all(tmp_path: Path) -> None:
    other = line("9000000011", "70.00", KUNNR="0000100002")
    text = table(INVOICE, INVOICE, other, other | {"DMBTR": "71.00", "WRBTR": "71.00"})
    got = read(write(tmp_path, "BSID.csv", text), companies=ONE, settings=LENIENT, extract_as_of=TRUTH_DAY)
    assert [(row["doc_no"], row["amount_doc"]) for row in got.tables["entry"]] == [("9000000010", Decimal(1000))]
    assert {reason for *_, reason in got.quarantined()} == {"KEY_DUPLICATE_DIFF"}


def test_a_rate_is_told_in_both_directions_and_by_shown_dates(tmp_path: Path) -> None:
    text = "KURST;FCURR;TCURR;GDATU;UKURS;FFACT;TFACT\r\nM;USD;EUR;10.09.2024;/1,11000;1;1\r\nM;JPY;EUR;10.09.2024;0,62000;100;1\r\n"
    got = read(write(tmp_path, "TCURR.csv", text), companies=ONE, extract_as_of=TRUTH_DAY)
    assert [(row["from_currency"], row["rate_date"], row["rate"]) for row in got.tables["fx_rate"]] == [
        ("USD", date(2024, 9, 10), Decimal("0.900900900901")),
        ("JPY", date(2024, 9, 10), Decimal("0.0062")),
    ]


def test_billing_documents_of_every_kind(tmp_path: Path) -> None:
    text = (
        "VBELN;FKART;FKDAT;BUKRS;KUNRG;WAERK;KURRF;NETWR;MWSBK;ZTERM;FKSTO;SFAKN\r\n"
        "0090000001;F2;20240501;1000;0000100001;EUR;1.00000;100.00;21.00;ZN30;;\r\n"
        "0090000002;G2;20240502;1000;0000100001;EUR;1.00000;10.00;2.10;ZN30;;\r\n"
        "0090000003;L2;20240503;1000;0000100001;USD;0.90000;5.00;0.00;ZN30;;\r\n"
        "0090000004;F5;20240504;1000;0000100001;EUR;1.00000;900.00;0.00;ZN30;;\r\n"
        "0090000005;F2;20240505;1000;0000100001;EUR;1.00000;400.00;0.00;ZN30;X;\r\n"
    )
    night_one = told(tmp_path / "home", [write(tmp_path, "VBRK.csv", text)], company="1000")
    assert [(kind, amount, currency, local) for kind, amount, currency, local, *_ in items(night_one)] == [
        ("credit_note", Decimal("-12.10"), "EUR", Decimal("-12.10")),
        ("debit_note", Decimal(5), "USD", Decimal("4.50")),
        ("invoice", Decimal(121), "EUR", Decimal(121)),
    ]
    whole(night_one)


def test_delivery_lines_and_contacts_stand_beside_the_ledger(tmp_path: Path) -> None:
    files = [
        write(tmp_path, "BSID.csv", table(line("0000000001", "100.00"))),
        write(tmp_path, "LIPS.csv", "MANDT;VBELN;POSNR;MATNR;LFIMG;VRKME;CHARG\r\n100;0080000001;000010;000000000000000123;2.000;KG;B7\r\n"),
        write(tmp_path, "KNVK.csv", "MANDT;PARNR;KUNNR;NAME1;NAMEV;TELF1\r\n100;0000000007;0000100001;Pérez;Luis;+34 1\r\n"),
    ]  # fmt: skip
    night = told(tmp_path / "home", files, company="1000")
    assert {outcome for outcome, _ in night.files.values()} == {"loaded"}
    assert night.open_by_customer() == {"100001": Decimal(100)}
    whole(night)
    assert night.rows("select delivery_id, delivery_line_no, product_id, qty, batch_no from core.delivery_line") == [
        ("1000:80000001", 10, "1000:123", Decimal(2), "B7")
    ]
    assert night.rows("select contact_id, customer_id, name, phone from core.contact") == [
        ("1000:7", "1000:100001", "Pérez", "+34 1")
    ]
