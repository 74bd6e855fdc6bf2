"""Exports of any size made by a rule, and the same rows as clean CSV: for measuring and for damaging."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

DAY: Final = date(2026, 10, 31)
FIRST: Final = date(2022, 1, 3)
BLOCK: Final = 500
"""Items of one customer."""


@dataclass(frozen=True)
class Item:
    """One row, the same in every notation; money in cents, positive raises what is owed."""

    number: int

    @property
    def customer(self) -> int:
        """Account of the row."""
        return 100_000 + self.number // BLOCK

    @property
    def is_receipt(self) -> bool:
        """Every second row pays the one before it."""
        return self.number % 2 == 1

    @property
    def cents(self) -> int:
        """Amount in cents."""
        return (-1 if self.is_receipt else 1) * (10_000 + (self.number // 2 * 7_919) % 4_000_000)

    @property
    def day(self) -> date:
        """Day of the document."""
        return FIRST + timedelta(days=(self.number // 2 * 31) % 1_600 + (40 if self.is_receipt else 0))

    @property
    def clearing(self) -> tuple[str, date] | None:
        """The clearing of the row; every fifth pair is still open."""
        if self.number // 2 % 5 == 4:
            return None
        return f"14{self.number // 2:08d}", FIRST + timedelta(days=(self.number // 2 * 31) % 1_600 + 40)


def german(cents: int) -> str:
    """1.234,56- as SAP writes it."""
    whole, rest = divmod(abs(cents), 100)
    return f"{whole:,}".replace(",", ".") + f",{rest:02d}" + ("-" if cents < 0 else "")


def sap_lines(count: int) -> Iterator[str]:
    """A block list in German with one head per customer."""
    rule = "-" * 118
    head = f"|{'S':2}|{'Belegnr':10}|{'Ar':2}|{'Belegdatum':10}|{'Nettofäll.':10}|{'Betr. in BW':>16}|{'Währg':5}|{'Betrag in HW':>16}|{'HWähr':5}|{'Ausgl.bel.':10}|{'Ausgl.dat.':10}|{'Text':18}|"
    yield f"{DAY:%d.%m.%Y}                    Dynamische Listenanzeige                    1"
    for start in range(0, count, BLOCK):
        item = Item(start)
        yield from (
            "",
            f"Debitor        {item.customer}",
            "Buchungskreis  1000",
            f"Name           Großhandel Müller {item.customer}",
            "",
            rule,
            head,
            rule,
        )
        for number in range(start, min(count, start + BLOCK)):
            item = Item(number)
            amount, clearing = german(item.cents), item.clearing
            cleared = f"{clearing[0]}|{clearing[1]:%d.%m.%Y}" if clearing else f"{'':10}|{'':10}"
            kind = "DZ" if item.is_receipt else "RV"
            yield (
                f"|@ |{9_000_000_000 + number}|{kind}|{item.day:%d.%m.%Y}|{item.day + timedelta(30):%d.%m.%Y}|{amount:>16}|EUR  |{amount:>16}|EUR  |{cleared}|{'Überweisung März':18}|"
            )
        yield rule


def kingdee_lines(count: int) -> Iterator[str]:
    """A list of receivable bills with their open rest."""
    yield "单据编号,业务日期,到期日,单据类型,客户编码,客户名称,币别,汇率,价税合计,价税合计本位币,收款核销金额,未核销金额,收款核销状态,单据状态,作废状态,销售员"
    for number in range(count):
        item = Item(number * 2)
        amount, is_open = item.cents / 100, item.clearing is None
        paid, rest = (0.0, amount) if is_open else (amount, 0.0)
        state = "未核销" if is_open else "完全核销"
        yield (
            f'AR{number:08d},{item.day:%Y-%m-%d},{item.day + timedelta(30):%Y-%m-%d},标准应收单,CUST{item.customer},华东商贸有限公司{item.customer},人民币,1,"{amount:,.2f}","{amount:,.2f}","{paid:,.2f}","{rest:,.2f}",{state},已审核,否,张三'
        )


def sap_clean(count: int) -> Iterator[str]:
    """The same rows as clean CSV."""
    yield "customer,name,doc_no,doc_type,doc_date,due_date,amount,currency,amount_local,local_currency,clearing_no,clearing_date,text"
    for number in range(count):
        item = Item(number)
        clearing = item.clearing
        cleared = f"{clearing[0]},{clearing[1]}" if clearing else ","
        kind = "DZ" if item.is_receipt else "RV"
        yield f"{item.customer},Großhandel Müller {item.customer},{9_000_000_000 + number},{kind},{item.day},{item.day + timedelta(30)},{item.cents / 100:.2f},EUR,{item.cents / 100:.2f},EUR,{cleared},Überweisung März"


def kingdee_clean(count: int) -> Iterator[str]:
    """The same rows as clean CSV."""
    yield "doc_no,doc_date,due_date,doc_type,customer,name,currency,rate,amount,amount_local,paid,rest,paid_state,state,void,salesperson"
    for number in range(count):
        item = Item(number * 2)
        amount, is_open = item.cents / 100, item.clearing is None
        paid, rest = (0.0, amount) if is_open else (amount, 0.0)
        state = "未核销" if is_open else "完全核销"
        yield f"AR{number:08d},{item.day},{item.day + timedelta(30)},标准应收单,CUST{item.customer},华东商贸有限公司{item.customer},人民币,1,{amount:.2f},{amount:.2f},{paid:.2f},{rest:.2f},{state},已审核,否,张三"
