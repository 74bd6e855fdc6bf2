"""Kingdee K/3 Cloud: bills, receipts and match records against the ledger they tell, and its words in other layouts.

The bills alone leave out money on account (C3's 750), the receipts alone are nothing but it.
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
    from collections.abc import Sequence
    from pathlib import Path

    from exports import Told

CUSTOMERS: Final = {"C1": "CUST0001", "C2": "CUST0002", "C3": "CUST0003"}
SAID: Final[dict[str, Any]] = {"currency": "CNY"}

BILL: Final = ["单据编号", "业务日期", "到期日", "单据类型", "客户编码", "客户名称", "币别", "汇率", "价税合计", "价税合计本位币", "收款核销金额", "未核销金额",
               "单据状态", "作废状态", "结算组织"]  # fmt: skip
RECEIPT: Final = ["单据编号", "业务日期", "单据类型", "往来单位编码", "往来单位", "币别", "收款金额", "核销金额", "未核销金额", "结算方式", "收款用途",
                  "单据状态", "作废状态"]  # fmt: skip
MATCH: Final = [
    "核销序号",
    "核销日期",
    "核销类型",
    "往来单位",
    "单据类型",
    "单据编号",
    "币别",
    "本次核销金额",
    "反核销标志",
]
NAMES: Final = {"CUST0001": "华东伊巴商贸有限公司", "CUST0002": "合计商贸", "CUST0003": "罗兹贸易㈱"}


def bill(number: str, amount: str, rest: str | None = None, **more: str) -> list[str]:
    """One receivable bill of customer CUST0001, dated 2024-05-15, due 2024-06-14, audited, in yuan."""
    paid = str(Decimal(amount) - Decimal(rest if rest is not None else amount))
    told_ = {"单据编号": number, "业务日期": "2024-05-15", "到期日": "2024-06-14", "单据类型": "标准应收单", "客户编码": "CUST0001", "币别": "人民币",
             "汇率": "1", "价税合计": amount, "价税合计本位币": amount, "收款核销金额": paid, "未核销金额": rest if rest is not None else amount,
             "单据状态": "已审核", "作废状态": "否", "结算组织": "总部"} | more  # fmt: skip
    return [told_.get(label, NAMES.get(told_["客户编码"], "")) for label in BILL]


def receipt(number: str, amount: str, rest: str = "0.00", **more: str) -> list[str]:
    """One receipt of customer CUST0001 of 2024-07-01 by transfer, matched save for the rest."""
    paid = str(Decimal(amount) - Decimal(rest))
    told_ = {"单据编号": number, "业务日期": "2024-07-01", "单据类型": "销售收款单", "往来单位编码": "CUST0001", "币别": "人民币", "收款金额": amount,
             "核销金额": paid, "未核销金额": rest, "结算方式": "电汇", "收款用途": "销售收款", "单据状态": "已审核", "作废状态": "否"} | more  # fmt: skip
    return [told_.get(label, NAMES.get(told_["往来单位编码"], "")) for label in RECEIPT]


def match(group: str, kind: str, number: str, amount: str, **more: str) -> list[str]:
    """One side of a match of 2024-07-01."""
    told_ = {"核销序号": group, "核销日期": "2024-07-01", "核销类型": "应收收款核销", "往来单位": NAMES["CUST0001"], "单据类型": kind, "单据编号": number,
             "币别": "人民币", "本次核销金额": amount, "反核销标志": "否"} | more  # fmt: skip
    return [told_[label] for label in MATCH]


def night(home: Path, *files: Path, **said: Any) -> Told:
    """A sound night of the company that the bills name."""
    return sound(home, files, **{**SAID, **said})


def test_bills_receipts_and_matches_together_tell_the_ledger(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "kingdee_k3cloud"))
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert items(got) == [
        ("AR00000002", "invoice", Decimal(6000), 123),
        ("AR00000003", "credit_note", Decimal(-500), None),
        ("AR00000004", "invoice", Decimal(1500), 44),
        ("AR00000005", "invoice", Decimal(2000), 5),
        ("SKD00000004", "prepayment", Decimal(-750), None),
    ]
    assert got.rows("select kind, count(*)::bigint from core.payment group by kind order by kind") == [
        ("bill_received", 1),
        ("prepayment", 1),
        ("receipt", 2),
    ]


def test_matches_settle_on_their_own_day(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "kingdee_k3cloud"))
    for day, owed in ((date(2024, 4, 9), "1234.56"), (date(2024, 6, 30), "9500"), (date(2024, 7, 1), "5500")):
        assert replayed(got, day).open_by_customer() == {"CUST0001": Decimal(owed)}


def test_bills_alone_lack_the_money_on_account_and_receipts_alone_hold_it(reference_data: Path, tmp_path: Path) -> None:
    bills, receipts = samples(reference_data, "kingdee_k3cloud", "应收单.csv", "收款单.csv")
    expected = truth(reference_data, CUSTOMERS)
    on_account = {"CUST0003": expected.pop("CUST0003")}
    assert night(tmp_path / "bills", bills).open_by_customer() == expected
    assert night(tmp_path / "receipts", receipts).open_by_customer() == on_account


def test_drafts_and_cancelled_bills_are_kept_and_never_counted(reference_data: Path, tmp_path: Path) -> None:
    got = night(tmp_path, *samples(reference_data, "kingdee_k3cloud", "应收单.csv"))
    states = got.rows("select doc_no, state from core.document where state <> 'posted' order by doc_no")
    assert states == [("AR00000006", "cancelled"), ("AR00000007", "draft")]


def test_an_unknown_state_or_bill_type_is_asked_about_and_no_invoice(tmp_path: Path) -> None:
    drafts = [bill(f"DR{n}", "5.00", 单据状态=state) for n, state in enumerate(("创建", "暂存", "审核中", "重新审核"))]
    known = landed(table(tmp_path, "known.csv", [BILL, *drafts, bill("AR1", "100.00")]), "CNY")
    assert balance(known) == {"CUST0001": Decimal(100)}
    rows = [bill("AR1", "100.00"), bill("AR2", "1.00", 单据状态="审批中"), bill("AR3", "1.00", 单据类型="运费分摊单")]
    assert questioned(table(tmp_path, "unknown.csv", [BILL, *rows])) == ["STATE_UNKNOWN", "TYPE_UNKNOWN"]


def test_red_bills_opening_bills_and_other_receivables(tmp_path: Path) -> None:
    header = [*BILL, "是否期初"]
    rows = [
        [*bill("AR1", "-50.00", 到期日=""), "否"],
        [*bill("AR2", "300.00"), "是"],
        [*bill("AR3", "20.00", 单据类型="其他应收单"), "否"],
    ]
    got = night(tmp_path, table(tmp_path, "应收单.csv", [header, *rows]))
    assert [(number, kind) for number, kind, _, _ in items(got)] == [
        ("AR1", "credit_note"),
        ("AR2", "opening_balance"),
        ("AR3", "debit_note"),
    ]
    assert got.open_by_customer() == {"CUST0001": Decimal(270)}


def test_a_red_bill_told_without_its_sign(tmp_path: Path) -> None:
    rows = [[*bill("AR1", "80.00"), "蓝字"], [*bill("AR2", "30.00"), "红字"]]
    got = landed(table(tmp_path, "应收单.csv", [[*BILL, "红蓝字"], *rows]), "CNY")
    assert balance(got) == {"CUST0001": Decimal(50)}


def test_bank_bills_prepayments_refunds_and_money_that_is_no_receivable(tmp_path: Path) -> None:
    receipts = [
        receipt("SKD1", "500.00", "500.00", 结算方式="商业承兑汇票"),
        receipt("SKD2", "70.00", "70.00", 收款用途="预收款"),
        receipt("SKD3", "9.00", "9.00", 单据类型="其他业务收款单"),
        receipt("SKD4", "8.00", "8.00", 作废状态="是"),
        receipt("SKD5", "1.00", "1.00"),
    ]
    refund = [
        [
            "TK1",
            "2024-07-05",
            "销售退款单",
            "CUST0001",
            NAMES["CUST0001"],
            "人民币",
            "30.00",
            "0.00",
            "30.00",
            "已审核",
            "否",
        ]
    ]
    labels = [
        "单据编号",
        "业务日期",
        "单据类型",
        "往来单位编码",
        "往来单位",
        "币别",
        "退款金额",
        "核销金额",
        "未核销金额",
        "单据状态",
        "作废状态",
    ]
    got = night(
        tmp_path,
        table(tmp_path, "收款单.csv", [RECEIPT, *receipts]),
        table(tmp_path, "收款退款单.csv", [labels, *refund]),
    )
    assert [(number, kind, rest) for number, kind, rest, _ in items(got)] == [
        ("SKD1", "bill_received", Decimal(-500)),
        ("SKD2", "prepayment", Decimal(-70)),
        ("SKD5", "receipt", Decimal(-1)),
        ("TK1", "refund", Decimal(30)),
    ]


def test_a_receipt_in_dollars_without_a_rate_takes_that_of_its_day(tmp_path: Path) -> None:
    rates = [
        ["from_currency", "to_currency", "rate_date", "rate"],
        ["USD", "CNY", "2024-06-30", "7.1"],
        ["USD", "CNY", "2024-07-01", "7.2"],
    ]
    files = [
        table(tmp_path, "收款单.csv", [RECEIPT, receipt("SKD1", "100.00", "100.00", 币别="美元")]),
        table(tmp_path, "fx_rate__ES01.csv", rates),
    ]
    got = night(tmp_path, *files)
    assert got.rows("select currency, open_doc, open_local from marts.open_item") == [
        ("USD", Decimal(-100), Decimal(-720))
    ]


def test_a_match_of_several_bills_and_a_red_one_with_one_receipt(tmp_path: Path) -> None:
    bills = [bill("AR1", "100.00", "0"), bill("AR2", "60.00", "10.00"), bill("AR3", "-30.00", "0")]
    matches = [
        match("HX1", "应收单", "AR1", "100.00"),
        match("HX1", "应收单", "AR2", "50.00"),
        match("HX1", "应收单", "AR3", "-30.00"),
        match("HX1", "收款单", "SKD1", "120.00"),
    ]
    files = [
        table(tmp_path, "应收单.csv", [BILL, *bills]),
        table(tmp_path, "收款单.csv", [RECEIPT, receipt("SKD1", "120.00")]),
        table(tmp_path, "应收收款核销记录.csv", [MATCH, *matches]),
    ]
    got = night(tmp_path, *files)
    assert items(got) == [("AR2", "invoice", Decimal(10), 123)]
    before = replayed(got, date(2024, 6, 30))
    assert before.open_by_customer() == {"CUST0001": Decimal(130)}


def test_a_match_taken_back_settles_nothing(tmp_path: Path) -> None:
    files = [
        table(tmp_path, "应收单.csv", [BILL, bill("AR1", "100.00", "100.00")]),
        table(tmp_path, "收款单.csv", [RECEIPT, receipt("SKD1", "40.00", "40.00")]),
        table(
            tmp_path,
            "应收收款核销记录.csv",
            [
                MATCH,
                match("HX1", "应收单", "AR1", "40.00", 反核销标志="是"),
                match("HX1", "收款单", "SKD1", "40.00", 反核销标志="是"),
            ],
        ),
    ]
    assert [(number, rest) for number, _, rest, _ in items(night(tmp_path, *files))] == [
        ("AR1", Decimal(100)),
        ("SKD1", Decimal(-40)),
    ]


def test_a_match_with_payables_is_netting(tmp_path: Path) -> None:
    files = [
        table(tmp_path, "应收单.csv", [BILL, bill("AR1", "100.00", "60.00")]),
        table(
            tmp_path,
            "应收收款核销记录.csv",
            [
                MATCH,
                match("HX1", "应收单", "AR1", "40.00", 核销类型="应收应付核销"),
                match("HX1", "应付单", "AP7", "40.00", 核销类型="应收应付核销"),
            ],
        ),
    ]
    assert night(tmp_path, *files).open_by_customer() == {"CUST0001": Decimal(60)}


def ledger() -> list[list[str]]:
    """Bills of three customers in two currencies, of two organisations, one of the customers called like a total."""
    return [
        bill("AR1", "1234.56", "0.00"),
        bill("AR2", "10000.00", "6000.00", 业务日期="2024-05-05"),
        bill("AR3", "-500.00"),
        bill("AR4", "3000.00", "1500.00", 客户编码="CUST0002"),
        bill("AR5", "2000.00", 客户编码="CUST0002", 币别="美元", 汇率="0.90909", 价税合计本位币="1818.18"),
        bill("AR6", "777.70", 客户编码="CUST0003", 结算组织="分公司"),
    ]


OWED: Final = {"CUST0001": Decimal(5500), "CUST0002": Decimal("3318.18"), "CUST0003": Decimal("777.70")}


def shuffled(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The same columns from the last to the first."""
    return [list(reversed(row)) for row in rows]


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("gb18030", ","), ("utf-8-sig", ","), ("utf-16", "\t"), ("utf-8", ";"), ("gbk", "\t")]
)
def test_bills_in_other_encodings_and_column_orders(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = shuffled([BILL, *ledger()])
    if encoding == "gbk":
        rows = [[cell.replace("㈱", "") for cell in row] for row in rows]
    assert balance(landed(table(tmp_path, "export.csv", rows, encoding, delimiter), "CNY")) == OWED


@pytest.mark.parametrize(
    "form", ["{0:%Y/%m/%d}", "{0.year}/{0.month}/{0.day}", "{0.year}年{0.month}月{0.day}日", "{0:%Y-%m-%d} 00:00:00"]
)
def test_bills_with_other_dates_and_grouped_amounts(tmp_path: Path, form: str) -> None:
    rows = [
        [
            form.format(date.fromisoformat(cell))
            if cell[4:5] == "-"
            else f"{Decimal(cell):,}"
            if cell[-3:-2] == "."
            else cell
            for cell in row
        ]
        for row in ledger()
    ]
    assert balance(landed(table(tmp_path, "export.csv", [BILL, *rows]), "CNY")) == OWED


TECHNICAL: Final = {"单据编号": "FBillNo", "业务日期": "FDATE", "到期日": "FENDDATE_H", "单据类型": "FBillTypeID", "客户编码": "FCUSTOMERID", "币别": "FCURRENCYID",
                    "价税合计": "FALLAMOUNTFOR", "单据状态": "FDocumentStatus", "作废状态": "FCancelStatus"}  # fmt: skip
CODES: Final = {"标准应收单": "YSD01_SYS", "人民币": "PRE001", "美元": "PRE007", "已审核": "C", "否": "A"}


def test_bills_with_field_names_and_codes(tmp_path: Path) -> None:
    kept = [n for n, label in enumerate(BILL) if label in TECHNICAL or label == "汇率"]
    rows = [[CODES.get(row[n], row[n]) for n in kept] for row in ledger() if row[0] not in ("AR1", "AR2", "AR4")]
    header = [TECHNICAL.get(BILL[n], "FEXCHANGERATE") for n in kept]
    assert balance(landed(table(tmp_path, "AR_receivable.csv", [header, *rows]), "CNY")) == {
        "CUST0001": Decimal(-500),
        "CUST0002": Decimal("1818.18"),
        "CUST0003": Decimal("777.70"),
    }


def sheet() -> list[list[str]]:
    """The bills as printed: a title, merged customer cells, subtotals, a total and a foot."""
    labels = ["客户编码", "客户名称", *(label for label in BILL if not label.startswith("客户"))]
    order = [BILL.index(label) for label in labels]
    lines: list[list[str]] = [["应收单列表"], ["单位：元", "", "截止日期：2024年10月15日"], labels]
    for customer in OWED:
        mine = [[row[n] for n in order] for row in ledger() if row[4] == customer]
        lines += [row if n == 0 else ["", "", *row[2:]] for n, row in enumerate(mine)]
        sums = [
            "小计"
            if label == "客户编码"
            else str(sum(Decimal(row[n]) for row in mine))
            if label == "价税合计本位币"
            else ""
            for n, label in enumerate(labels)
        ]
        lines.append(sums)
    lines += [["合计", *[""] * (len(labels) - 1)], ["制表人：张三", "", "打印日期：2024-10-16"]]
    return [row + [""] * (len(labels) - len(row)) for row in lines]


@pytest.mark.parametrize("container", ["text", "sheet", "html"])
def test_a_printed_list_with_merged_cells_subtotals_and_a_foot(tmp_path: Path, container: str) -> None:
    match container:
        case "text":
            path = table(tmp_path, "list.csv", sheet(), "gb18030")
        case "sheet":
            path = workbook(tmp_path / "list.xlsx", sheet())
        case _:
            path = html_table(tmp_path, "list.xls", sheet(), "gb18030")
    got = landed(path, "CNY", extract_as_of=None)
    assert balance(got) == OWED
    assert names(got) == list(NAMES.values())
    assert got.landed.extract_as_of == date(2024, 10, 15)


def test_the_total_of_a_list_in_the_column_of_the_bill_numbers(tmp_path: Path) -> None:
    for money in ("16512.26", ""):
        total = ["合计" if label == "单据编号" else money if label == "价税合计" else "" for label in BILL]
        assert balance(landed(table(tmp_path, "应收单.csv", [BILL, *ledger(), total]), "CNY")) == OWED


DUE: Final = [
    "客户编码",
    "客户名称",
    "单据类型",
    "单据编号",
    "业务日期",
    "到期日",
    "币别",
    "应收金额",
    "已收金额",
    "未收金额",
    "逾期天数",
]


def due_list() -> list[list[str]]:
    """Unsettled parts by due date: bill AR4 in two parts."""
    return [
        [
            "CUST0001",
            NAMES["CUST0001"],
            "应收单",
            "AR2",
            "2024-05-15",
            "2024-06-14",
            "人民币",
            "10000.00",
            "4000.00",
            "6000.00",
            "123",
        ],
        [
            "CUST0001",
            NAMES["CUST0001"],
            "应收单",
            "AR3",
            "2024-06-20",
            "2024-06-20",
            "人民币",
            "-500.00",
            "0.00",
            "-500.00",
            "117",
        ],
        [
            "CUST0002",
            NAMES["CUST0002"],
            "应收单",
            "AR4",
            "2024-07-02",
            "2024-08-01",
            "人民币",
            "500.00",
            "0.00",
            "500.00",
            "75",
        ],
        [
            "CUST0002",
            NAMES["CUST0002"],
            "应收单",
            "AR4",
            "2024-07-02",
            "2024-09-01",
            "人民币",
            "1000.00",
            "0.00",
            "1000.00",
            "44",
        ],
        ["合计", "", "", "", "", "", "", "11000.00", "4000.00", "7000.00", ""],
    ]


def test_the_list_of_debts_due_by_itself(tmp_path: Path) -> None:
    lines = [["到期债权表"], ["截止日期：2024-10-15"], DUE, *due_list()]
    got = night(tmp_path, table(tmp_path, "到期债权表.csv", lines), extract_as_of=None)
    assert items(got) == [
        ("AR2", "invoice", Decimal(6000), 123),
        ("AR3", "credit_note", Decimal(-500), None),
        ("AR4", "invoice", Decimal(500), 75),
        ("AR4", "invoice", Decimal(1000), 44),
    ]


def test_the_list_of_debts_due_is_not_counted_beside_the_bills(reference_data: Path, tmp_path: Path) -> None:
    due = table(tmp_path, "到期债权表.csv", [DUE, *due_list()])
    got = night(tmp_path, *samples(reference_data, "kingdee_k3cloud"), due)
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)


AGING: Final = ["客户编码", "客户名称", "币别", "尾款", "未到期", "1-30天", "31-60天", "61-90天", "90天以上"]


def test_the_table_by_age_is_a_balance_to_hold_the_ledger_against(reference_data: Path, tmp_path: Path) -> None:
    lines = [
        ["应收款账龄分析表"],
        ["单位：万元", "截止日期：2024-10-15"],
        AGING,
        ["CUST0001", NAMES["CUST0001"], "人民币", "0.55", "0", "0", "0", "0", "0.55"],
        ["CUST0002", NAMES["CUST0002"], "人民币", "0.15", "0", "0", "0.15", "0", "0"],
        ["", "", "美元", "0.20", "0", "0.20", "0", "0", "0"],
        ["合计", "", "", "0.90", "0", "0.20", "0.15", "0", "0.55"],
        ["制表人：张三"],
    ]
    path = table(tmp_path, "应收款账龄分析表.csv", lines, "gb18030")
    got = night(tmp_path / "alone", path, extract_as_of=None)
    assert got.open_by_customer() == {}
    stated = got.rows(
        "select customer_id, currency, balance_doc, unit_factor, as_of from core.balance_assertion order by customer_id, currency"
    )
    assert stated == [
        ("ES01:CUST0001", "CNY", Decimal(5500), 10000, date(2024, 10, 15)),
        ("ES01:CUST0002", "CNY", Decimal(1500), 10000, date(2024, 10, 15)),
        ("ES01:CUST0002", "USD", Decimal(2000), 10000, date(2024, 10, 15)),
    ]
    beside = night(tmp_path / "beside", path, *samples(reference_data, "kingdee_k3cloud"))
    assert beside.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert {key: row[0] for key, row in beside.tied().items()} == {
        ("CUST0001", "CNY"): "ties",
        ("CUST0002", "CNY"): "ties",
        ("CUST0002", "USD"): "ties",
        ("CUST0003", "CNY"): "explained",  # whose money on account the table leaves out
    }


def test_a_name_stands_for_the_customer_where_no_code_is_told(tmp_path: Path) -> None:
    at = BILL.index("客户编码")
    rows = [[cell for n, cell in enumerate(row) if n != at] for row in [BILL, bill("AR1", "100.00")]]
    rows[0][rows[0].index("客户名称")] = "客户"
    assert balance(landed(table(tmp_path, "应收单.csv", rows), "CNY")) == {NAMES["CUST0001"]: Decimal(100)}


DETAIL: Final = [
    "客户编码",
    "客户名称",
    "业务日期",
    "单据类型",
    "单据编号",
    "摘要",
    "币别",
    "本期应收",
    "本期收款",
    "本期冲销",
    "期末余额",
]


def details() -> list[list[str]]:
    """The report by customer as people print it: merged cells, an opening row, sums, a foot."""
    first, second = NAMES["CUST0001"], NAMES["CUST0002"]
    return [
        ["应收款明细表"],
        ["期间：2024.5--2024.7"],
        DETAIL,
        ["CUST0001", first, "", "期初余额", "", "", "人民币", "", "", "", "300.00"],
        ["", "", "2024/5/15", "标准应收单", "AR1", "", "人民币", "1,000.00", "", "", "1,300.00"],
        ["", "", "2024/6/20", "标准应收单", "AR2", "退货", "人民币", "-50.00", "", "", "1,250.00"],
        ["", "", "2024/7/1", "销售收款单", "SKD1", "", "人民币", "", "400.00", "", "850.00"],
        ["", "", "2024/7/2", "应收核销单", "HX1", "", "人民币", "", "", "10.00", "840.00"],
        ["", "", "", "期末余额", "", "", "人民币", "950.00", "400.00", "10.00", "840.00"],
        ["CUST0002", second, "2024/7/3", "其他应收单", "QT1", "", "人民币", "20.00", "", "", "20.00"],
        ["", "", "", "合计", "", "", "", "970.00", "400.00", "10.00", "860.00"],
        ["制表人：王", "", "", "", "", "", "", "", "", "", "打印日期：2024-10-15"],
    ]


@pytest.mark.parametrize("container", ["utf-8-sig", "gb18030", "xlsx"])
def test_the_details_of_a_period_carry_their_opening_balance(tmp_path: Path, container: str) -> None:
    if container == "xlsx":
        path = workbook(tmp_path / "应收款明细表.xlsx", details())
    else:
        path = table(tmp_path, "应收款明细表.csv", details(), container)
    got = night(tmp_path, path)
    assert got.open_by_customer() == {"CUST0001": Decimal(840), "CUST0002": Decimal(20)}
    assert {kind for _, kind, *_ in items(got)} == {
        "opening_balance",
        "invoice",
        "credit_note",
        "receipt",
        "adjustment",
        "debit_note",
    }


def test_the_details_are_not_counted_beside_bills_and_receipts(tmp_path: Path) -> None:
    files = [
        table(tmp_path, "应收款明细表.csv", details()),
        table(tmp_path, "应收单.csv", [BILL, bill("AR1", "1000.00", "600.00"), bill("AR2", "-50.00", 到期日="")]),
        table(tmp_path, "收款单.csv", [RECEIPT, receipt("SKD1", "400.00")]),
    ]
    assert night(tmp_path, *files).open_by_customer() == {"CUST0001": Decimal(550)}
