"""Yonyou U8 and T+: the detail table and the customer ledger against the ledger they tell, and their words in other layouts.

The sample's customer ledger is that of customer 0001 alone. The table by age is told in thousands and becomes no document: 8,070 for 8,068.18.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from exports import samples, truth
from intake_files import workbook
from sound_nights import balance, html_table, items, landed, names, questioned, replayed, sound, table

if TYPE_CHECKING:
    from pathlib import Path

    from exports import Told

CUSTOMERS: Final = {"C1": "0001", "C2": "0002", "C3": "0003"}
SAID: Final[dict[str, Any]] = {"currency": "CNY"}
DETAIL: Final = ["cVouchType", "cVouchID", "dVouchDate", "cDwCode", "cexch_name", "iExchRate", "iDAmount", "iCAmount", "iDAmount_f", "iCAmount_f",
                 "cCoVouchType", "cCoVouchID", "cProcStyle", "cCancelNo", "iFlag", "cDigest"]  # fmt: skip


def night(home: Path, *files: Path, **said: Any) -> Told:
    """A sound night of a company whose ledger is in yuan."""
    return sound(home, files, **{**SAID, **said})


def detail(voucher: str, debit: str = "0", credit: str = "0", on: str = "", style: str = "", **more: str) -> list[str]:
    """One row of Ar_Detail of customer 0001: what a voucher (48/SK1) does to the document it is booked on, itself where none is named."""
    kind, number = voucher.split("/")
    other, other_number = (on or voucher).split("/")
    told_ = {"cVouchType": kind, "cVouchID": number, "dVouchDate": "2024-05-15 00:00:00", "cDwCode": "0001", "cexch_name": "人民币", "iExchRate": "1",
             "iDAmount": debit, "iCAmount": credit, "iDAmount_f": debit, "iCAmount_f": credit, "cCoVouchType": other, "cCoVouchID": other_number,
             "cProcStyle": style or kind, "cCancelNo": "", "iFlag": "0", "cDigest": ""} | more  # fmt: skip
    return [told_[label] for label in DETAIL]


def details(home: Path, *rows: list[str], **said: Any) -> Told:
    """A sound night of rows of Ar_Detail."""
    home.mkdir(parents=True, exist_ok=True)
    return night(home, table(home, "Ar_Detail.csv", [DETAIL, *rows], "gb18030", "\t"), **said)


def test_the_detail_table_tells_the_ledger(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "yonyou_u8", "Ar_Detail.csv"))
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert items(got) == [
        ("48/SK004", "prepayment", Decimal(-750), None),
        ("XS002", "invoice", Decimal(6000), None),
        ("XS003", "credit_note", Decimal(-500), None),
        ("XS004", "invoice", Decimal(1500), None),
        ("XS005", "invoice", Decimal(2000), None),
    ]
    before = replayed(got, date(2024, 6, 30))
    assert before.open_by_customer() == {"0001": Decimal(9500)}


def test_the_customer_ledger_tells_its_one_customer(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "yonyou_u8", "客户往来明细账.xls"))
    assert got.open_by_customer() == {CUSTOMERS["C1"]: truth(reference_data, CUSTOMERS)[CUSTOMERS["C1"]]}
    assert got.rows("select customer_id, name from core.customer") == [("ES01:0001", "华东伊巴商贸有限公司")]
    assert got.rows("select kind, count(*)::bigint from core.document group by kind order by kind") == [
        ("credit_note", 1),
        ("invoice", 2),
    ]


def test_the_customer_ledger_is_not_counted_beside_the_detail_table(reference_data: Path, tmp_path: Path) -> None:
    assert night(tmp_path, *samples(reference_data, "yonyou_u8")).open_by_customer() == truth(reference_data, CUSTOMERS)


def test_a_receipt_booked_on_itself_and_then_moved_to_its_invoices(tmp_path: Path) -> None:
    rows = [
        detail("26/XS1", "1000"),
        detail("26/XS2", "500"),
        detail("48/SK1", credit="1200", dVouchDate="2024-06-01 00:00:00"),
        detail("48/SK1", "1100", style="9P", cCancelNo="HX1", dVouchDate="2024-06-03 00:00:00"),
        detail("48/SK1", credit="1000", on="26/XS1", style="9P", cCancelNo="HX1", dVouchDate="2024-06-03 00:00:00"),
        detail("48/SK1", credit="100", on="26/XS2", style="9P", cCancelNo="HX1", dVouchDate="2024-06-03 00:00:00"),
    ]
    got = details(tmp_path, *rows)
    assert [(number, rest) for number, _, rest, _ in items(got)] == [("48/SK1", Decimal(-100)), ("XS2", Decimal(400))]


def test_one_receipt_for_several_invoices(tmp_path: Path) -> None:
    rows = [
        detail("26/XS1", "1000"),
        detail("27/XS2", "500"),
        detail("48/SK1", credit="1000", on="26/XS1", style="9N", cCancelNo="HX1"),
        detail("48/SK1", credit="200", on="27/XS2", style="9N", cCancelNo="HX1"),
        detail("48/SK1", credit="50", cCancelNo=""),
    ]
    assert [(number, rest) for number, _, rest, _ in items(details(tmp_path, *rows))] == [
        ("48/SK1", Decimal(-50)),
        ("XS2", Decimal(300)),
    ]


def test_red_invoices_set_off_against_blue_ones(tmp_path: Path) -> None:
    rows = [
        detail("26/XS1", "1000"),
        detail("26/XS2", "-300"),
        detail("26/XS2", "300", style="9N", cCancelNo="HR1"),
        detail("26/XS2", credit="300", on="26/XS1", style="9N", cCancelNo="HR1"),
    ]
    assert [(number, rest) for number, _, rest, _ in items(details(tmp_path, *rows))] == [("XS1", Decimal(700))]


def test_bad_debts_netting_exchange_differences_and_returned_money(tmp_path: Path) -> None:
    rows = [
        detail("26/XS1", "1000"),
        detail("26/XS1", credit="100", style="9G", cCancelNo="HZAR1"),
        detail("26/XS1", credit="50", style="9I", cCancelNo="YCF1"),
        detail("26/XS1", "7", style="9M", iDAmount_f="0", cCancelNo="SYR1"),
        detail("R0/YS1", "20"),
        detail("48/SK1", credit="-30"),
        detail("49/FK1", "40"),
        detail("48/SK2", credit="60", cDigest="预收款"),
        detail("48/SK3", credit="70", cDigest="收到银行承兑汇票"),
    ]
    got = details(tmp_path, *rows)
    assert [(number, kind, rest) for number, kind, rest, _ in items(got)] == [
        ("48/SK2", "prepayment", Decimal(-60)),
        ("48/SK3", "bill_received", Decimal(-70)),
        ("FK1", "refund", Decimal(40)),
        ("SK1", "refund", Decimal(30)),
        ("XS1", "invoice", Decimal(850)),
        ("YS1", "debit_note", Decimal(20)),
    ]


def test_an_unknown_voucher_type_is_no_invoice(tmp_path: Path) -> None:
    rows = [detail("26/XS1", "100"), detail("Z9/X1", "1")]
    assert questioned(table(tmp_path, "Ar_Detail.csv", [DETAIL, *rows], "gb18030", "\t")) == ["TYPE_UNKNOWN"]


def test_rows_of_payables_are_out_of_scope(tmp_path: Path) -> None:
    rows = [[*detail("26/XS1", "100"), "AR"], [*detail("01/CG1", credit="900"), "AP"]]
    got = landed(table(tmp_path, "Ar_Detail.csv", [[*DETAIL, "cFlag"], *rows], "utf-16", "\t"), "CNY")
    assert balance(got) == {"0001": Decimal(100)}


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8-sig", ","), ("utf-16", "\t"), ("gb18030", ";")])
def test_the_detail_table_in_other_encodings_and_column_orders(
    reference_data: Path, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    (sample,) = samples(reference_data, "yonyou_u8", "Ar_Detail.csv")
    lines = [list(reversed(line.split("\t"))) for line in sample.read_text(encoding="gb18030").splitlines()]
    got = landed(table(tmp_path, "rows.txt", lines, encoding, delimiter), "CNY")
    assert balance(got) == truth(reference_data, CUSTOMERS)


LEDGER: Final = ["年", "月", "日", "凭证号", "单据类型", "单据号", "摘要", "借方", "贷方", "方向", "余额"]


def ledger() -> list[list[str]]:
    """Two customers, one called like a total; year and month only where they change; pages; an opening balance of either side."""
    blank = [""] * 10
    return [
        ["客户往来明细账", *blank],
        ["客户:0001 华东伊巴商贸有限公司", "", "", "", "", "期间:2024.01-2024.10", "", "", "币种:人民币", "", ""],
        LEDGER,
        ["2024", "", "", "", "", "", "上年结转", "", "", "借", "300.00"],
        ["2024", "01", "05", "记-0012", "销售专用发票", "XS001", "销售发票", "1,234.56", "", "借", "1,534.56"],
        ["", "", "20", "收-0003", "收款单", "SK001", "收回货款", "", "1,234.56", "借", "300.00"],
        ["2024", "01", "", "", "", "", "本月合计", "1,234.56", "1,234.56", "借", "300.00"],
        ["2024", "01", "", "", "", "", "本年累计", "1,234.56", "1,234.56", "借", "300.00"],
        ["2024", "06", "20", "记-0041", "红字销售专用发票", "XS003", "销售退回", "-500.00", "", "贷", "200.00"],
        ["", "", "", "", "", "", "过次页", "734.56", "1,234.56", "贷", "200.00"],
        ["客户往来明细账", *blank],
        ["客户:0001 华东伊巴商贸有限公司", "", "", "", "", "期间:2024.01-2024.10", "", "", "币种:人民币", "", ""],
        LEDGER,
        ["", "", "", "", "", "", "承前页", "734.56", "1,234.56", "贷", "200.00"],
        ["2024", "07", "01", "收-0009", "收款单", "SK002", "退回货款", "", "-150.00", "贷", "50.00"],
        ["2024", "07", "", "", "", "", "本月合计", "", "-150.00", "贷", "50.00"],
        ["客户：0002 合计商贸", "", "", "", "", "期间：2024.01-2024.10", "", "", "币种：人民币", "", ""],
        LEDGER,
        ["2024", "", "", "", "", "", "期初余额", "", "", "贷", "80.00"],
        ["2024", "09", "20", "收-0021", "收款单", "SK004", "预收款", "", "20.00", "贷", "100.00"],
        ["2024", "09", "21", "收-0022", "收款单", "SK005", "银行承兑汇票", "", "1.00", "贷", "101.00"],
        ["2024", "09", "", "", "", "", "本月合计", "", "21.00", "贷", "101.00"],
        ["制表人：张三", "", "", "", "", "", "打印日期：2024-10-15", "", "", "", ""],
    ]


LEDGER_OWED: Final = {"0001": Decimal(-50), "0002": Decimal(-101)}


@pytest.mark.parametrize("container", ["gb18030", "utf-8-sig", "sheet", "html"])
def test_a_ledger_of_several_customers_with_pages_carries_and_opening_balances(tmp_path: Path, container: str) -> None:
    match container:
        case "sheet":
            path = workbook(tmp_path / "客户往来明细账.xlsx", ledger())
        case "html":
            path = html_table(tmp_path, "客户往来明细账.xls", ledger(), "gb18030")
        case _:
            path = table(tmp_path, "客户往来明细账.csv", ledger(), container)
    got = landed(path, "CNY")
    assert balance(got) == LEDGER_OWED
    assert [(row["doc_no"], row["kind"], row["doc_date"], row["amount_doc"]) for row in got.tables["entry"]] == [
        (None, "opening_balance", date(2024, 1, 1), Decimal(300)),
        ("XS001", "invoice", date(2024, 1, 5), Decimal("1234.56")),
        ("SK001", "receipt", date(2024, 1, 20), Decimal("-1234.56")),
        ("XS003", "credit_note", date(2024, 6, 20), Decimal(-500)),
        ("SK002", "refund", date(2024, 7, 1), Decimal(150)),
        (None, "opening_balance", date(2024, 1, 1), Decimal(-80)),
        ("SK004", "prepayment", date(2024, 9, 20), Decimal(-20)),
        ("SK005", "bill_received", date(2024, 9, 21), Decimal(-1)),
    ]
    assert names(got) == ["华东伊巴商贸有限公司", "合计商贸"]


def test_a_ledger_of_one_company_after_another_year(tmp_path: Path) -> None:
    """What a year opens with is no debt of its own where the year before was told."""
    before = [
        ["客户:0001 华东", *[""] * 10],
        LEDGER,
        ["2023", "05", "05", "记-0012", "销售专用发票", "XS001", "销售发票", "300.00", "", "借", "300.00"],
    ]
    after = [
        ["客户:0001 华东", *[""] * 10],
        LEDGER,
        ["2024", "", "", "", "", "", "上年结转", "", "", "借", "300.00"],
        ["2024", "05", "05", "记-0012", "销售专用发票", "XS001", "销售发票", "50.00", "", "借", "350.00"],
    ]
    files = [table(tmp_path, "明细账2023.csv", before), table(tmp_path, "明细账2024.csv", after)]
    assert night(tmp_path, *files, mode="delta").open_by_customer() == {"0001": Decimal(350)}


def test_what_a_year_opens_with_counts_only_where_nothing_earlier_is_told(tmp_path: Path) -> None:
    def year(number: str, opening: str, invoice: str, amount: str, balance: str) -> Path:
        lines = [["客户:0001 华东", *[""] * 10], LEDGER]
        lines += [[number, "", "", "", "", "", "上年结转", "", "", "借", opening]]
        lines += [[number, "05", "05", "记-0012", "销售专用发票", invoice, "销售发票", amount, "", "借", balance]]
        return table(tmp_path, f"明细账{number}.csv", lines)

    first, second, third = (
        year("2022", "10.00", "XS100", "300.00", "310.00"),
        year("2023", "310.00", "XS200", "50.00", "360.00"),
        year("2024", "365.00", "XS300", "1.00", "366.00"),
    )
    both = night(tmp_path / "both", first, second, mode="delta")
    assert both.open_by_customer() == {"0001": Decimal(360)}
    assert [row[:4] for row in both.findings() if row[0].startswith("OPENING")] == [
        ("OPENING_BALANCE_KNOWN", "kind", 1, "310.0000 CNY")
    ]
    alone = night(tmp_path / "alone", second, mode="delta")
    assert alone.open_by_customer() == {"0001": Decimal(360)}
    assert [row for row in alone.findings() if row[0].startswith("OPENING")] == []
    gap = night(tmp_path / "gap", first, second, third, mode="delta")
    assert gap.open_by_customer() == {"0001": Decimal(361)}
    differs = [row[3] for row in gap.findings() if row[0] == "OPENING_BALANCE_DIFFERS"]
    assert differs == ["365.0000 told, 360.0000 computed"]


def test_the_table_by_age_in_thousands_is_a_balance_to_hold_the_ledger_against(
    reference_data: Path, tmp_path: Path
) -> None:
    lines = [
        ["应收账龄分析表", "", "", "", ""],
        ["单位：千元", "", "截止日期：2024-10-15", "", ""],
        ["客户编码", "客户名称", "本币余额", "1-30天", "30天以上"],
        ["0001", "华东伊巴商贸有限公司", "5.50", "", "5.50"],
        ["0002", "南方穆勒批发行", "3.32", "1.82", "1.50"],
        ["0003", "罗兹贸易", "-0.75", "", "-0.75"],
        ["合计", "", "8.07", "1.82", "6.25"],
    ]
    path = table(tmp_path, "账龄分析表.csv", lines, "gb18030")
    alone = night(tmp_path / "alone", path, extract_as_of=None)
    assert alone.open_by_customer() == {}
    stated = alone.rows("select sum(balance_local), max(unit_factor), max(as_of) from core.balance_assertion")
    assert stated == [(Decimal(8070), 1000, date(2024, 10, 15))]
    assert {row[0] for row in alone.tied().values()} == {"not_computed"}
    beside = night(tmp_path / "beside", path, *samples(reference_data, "yonyou_u8", "Ar_Detail.csv"))
    assert beside.open_by_customer() == truth(reference_data, CUSTOMERS)
    # in thousands two decimals are ten yuan, and five of them rounding
    assert {key[0]: row[:2] for key, row in beside.tied().items()} == {
        "0001": ("ties", 0),
        "0002": ("ties", Decimal("-1.82")),
        "0003": ("ties", 0),
    }


TPLUS: Final = ["ID", "VoucherCode", "VoucherDate", "ArrivalDate", "ExchangeRate", "OrigAmount", "OrigSettleAmount", "Amount", "SettleAmount", "AuditFlag",
                "PrepayFlag", "IsArFlag", "idpartner", "SaleOrderCode"]  # fmt: skip


def test_t_plus_details_with_their_settled_parts(tmp_path: Path) -> None:
    rows = [
        [
            "1",
            "XS1",
            "2024-05-15 00:00:00",
            "2024-06-14 00:00:00",
            "1",
            "1000.00",
            "400.00",
            "1000.00",
            "400.00",
            "1",
            "0",
            "1",
            "77",
            "SO-1",
        ],
        ["2", "SK9", "2024-07-01 00:00:00", "", "1", "70.00", "0.00", "70.00", "0.00", "1", "1", "1", "77", ""],
        [
            "3",
            "XS2",
            "2024-10-01 00:00:00",
            "2024-11-01 00:00:00",
            "1",
            "55.00",
            "0.00",
            "55.00",
            "0.00",
            "0",
            "0",
            "1",
            "77",
            "",
        ],
        [
            "4",
            "CG1",
            "2024-10-01 00:00:00",
            "2024-11-01 00:00:00",
            "1",
            "99.00",
            "0.00",
            "99.00",
            "0.00",
            "1",
            "0",
            "0",
            "88",
            "",
        ],
    ]
    got = night(tmp_path, table(tmp_path, "ARAP_Detail.csv", [TPLUS, *rows]))
    assert items(got) == [("SK9", "prepayment", Decimal(-70), None), ("XS1", "invoice", Decimal(600), 123)]
