"""One company for every shipped contract: what its export tells on Monday, and the file or the fault of the build that breaks the contract on Tuesday."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from factories import Row, company, customer, document
from homes import MONDAY, TUESDAY, tell

if TYPE_CHECKING:
    from pathlib import Path

ROWS: Final = 40
Change = Callable[[list[Row]], Sequence[Row]]


@dataclass(frozen=True)
class Broken:
    """How a contract is broken: by Tuesday's documents, or by SQL that harms a table right after it was built."""

    level: str
    says: str
    change: Change | None = None
    harmed: str = ""
    harm: str = ""
    has_customers: bool = True


def named(contract: str) -> str:
    """The company in which a contract is broken."""
    return f"K{list(BROKEN).index(contract):02d}"


def documents(company_id: str) -> list[Row]:
    """Forty documents of ten customers, in January and February."""
    return [
        document(
            f"D{number}",
            100 + number,
            company_id=company_id,
            customer_id=f"C{number % 10}",
            doc_date=date(2024, 1, 10) + timedelta(days=number),
            source_type="RV",
            order_no=f"O{number}",
        )
        for number in range(ROWS)
    ]


def _each(count: int = ROWS, **changes: Any) -> Change:
    return lambda rows: [row | (changes if place < count else {}) for place, row in enumerate(rows)]


def _scaled(factor: str, count: int = ROWS) -> Change:
    def change(rows: list[Row]) -> list[Row]:
        amounts = {"amount_doc", "amount_local"}
        return [
            row | ({name: row[name] * Decimal(factor) for name in amounts} if place < count else {})
            for place, row in enumerate(rows)
        ]

    return change


def _moved(days: int) -> Change:
    return lambda rows: [row | {"doc_date": row["doc_date"] - timedelta(days=days)} for row in rows]


BROKEN: Final[dict[str, Broken]] = {
    "volume": Broken("needs_person", "The number of rows changed by -30.0% since", lambda rows: rows[:28]),
    "control_total": Broken("needs_person", "The rows and the file's own total differ by -3.00."),
    "null_share": Broken(
        "warn", "Blank values in column order_no rose by 40 percentage points", _each(16, order_no=None)
    ),
    "column_emptied": Broken("refuse", "blank values rose by 100 percentage points", _each(due_date=None)),
    "distinct_keys": Broken(
        "needs_person", "different values in column customer_id changed by -", _each(customer_id="C1")
    ),
    "new_codes": Broken("warn", "codes that no earlier file had: ZZ.", _each(1, source_type="ZZ")),
    "largest_amount": Broken(
        "needs_person", "The largest amount in column amount_local is 10.79 times", _scaled("15", 1)
    ),
    "amount_scale": Broken("refuse", "Amounts in column amount_doc are on average 100 times", _scaled("100")),
    "sum_of_amounts": Broken(
        "needs_person", "The sum of column amount_local, signs aside, changed by 200.0%", _scaled("3")
    ),
    "dates_back": Broken("refuse", "The latest date in column doc_date lies 60 days before", _moved(60)),
    "dates_ahead": Broken(
        "warn", "Dates in column doc_date reach 40 days beyond", _each(1, doc_date=TUESDAY + timedelta(days=40))
    ),
    "customer_grain": Broken(
        "needs_person",
        "tell a customer of {company} again: 1.",
        harmed="core.customer",
        harm="insert into core.customer select * from core.customer where customer_id = '{company}:C9'",
    ),
    "customer_names": Broken("warn", "100.0% have no name of their own", _each(0), has_customers=False),
    "aging_ties": Broken(
        "warn",
        "The aging of {company} in EUR does not tie to its ledger.",
        harmed="marts.control_part",
        harm="update marts.control_part set amount_doc = amount_doc + 1 where company_id = '{company}' and part = 'documents'",
    ),
    "buckets_sum": Broken(
        "needs_person",
        "The buckets of {company} in EUR and its open items differ by ",
        harmed="marts.aging",
        harm="update marts.aging set open_doc = open_doc + 0.0001 where company_id = '{company}'",
    ),
    "aging_grain": Broken(
        "needs_person",
        "tell a bucket of a customer of {company} again: ",
        harmed="marts.aging",
        harm="insert into marts.aging select * from marts.aging where customer_id = '{company}:C1'",
    ),
    "open_item_grain": Broken(
        "needs_person",
        "tell an item of {company} again: 1.",
        harmed="marts.open_item",
        harm="insert into marts.open_item select * from marts.open_item where item_id = '{company}:D1'",
    ),
    "due_ahead": Broken("warn", "due date of {company} lies 1,763 days ahead", _each(1, due_date=date(2029, 1, 1))),
    "due_behind": Broken(
        "warn",
        "due date of {company} lies 5,177 days back",
        _each(1, doc_date=date(2010, 1, 1), due_date=date(2010, 1, 1)),
    ),
    "kpi_total": Broken(
        "needs_person",
        "The total of {company} and its aging differ by 1.00.",
        harmed="marts.kpi",
        harm="update marts.kpi set value = value + 1 where company_id = '{company}' and metric = 'receivables_total'",
    ),
    "kpi_parts": Broken(
        "needs_person",
        "The total of {company} and the sum of its parts differ by -1.00.",
        harmed="marts.kpi",
        harm="update marts.kpi set value = value + 1 where company_id = '{company}' and metric = 'not_due_total'",
    ),
}
"""Every shipped contract with what breaks it, at its level, and what it then says."""


def tell_monday(home: Path) -> None:
    """Put Monday's exports of all companies into the inbox, sound as they are."""
    for contract, broken in BROKEN.items():
        by = named(contract)
        tables = {"company": [company(by)], "document": documents(by)}
        if broken.has_customers:
            tables["customer"] = [customer(f"C{number}", company_id=by) for number in range(10)]
        tell(home, tables, MONDAY, by)


def tell_tuesday(home: Path) -> None:
    """Put into the inbox the files that break contracts."""
    for contract, broken in BROKEN.items():
        by = named(contract)
        if broken.change is not None:
            tell(home, {"document": list(broken.change(documents(by)))}, TUESDAY, by)
    (home / "inbox" / "invoices.csv").write_text(with_a_wrong_total(named("control_total")), encoding="utf-8")


def with_a_wrong_total(company_id: str) -> str:
    """A list of invoices with an amount nobody can read, so that its total is told but not held against it on reading."""
    lines = ["company,customer,invoice,invoice date,due date,settled date,currency,amount"]
    lines += [
        f"{company_id},C{n % 10},L{n},2024-02-01,2024-03-02,2024-03-0{1 + n % 4},EUR,{10 + n}.00" for n in range(ROWS)
    ]
    total = sum(10 + n for n in range(ROWS)) + 3
    return "\n".join(
        [*lines, f"{company_id},C1,L99,2024-02-01,2024-03-02,2024-03-01,EUR,1O.00", f"Total,,,,,,,{total}.00", ""]
    )


def harms() -> dict[str, list[str]]:
    """SQL to run after a table was built, by table."""
    found: dict[str, list[str]] = {}
    for contract, broken in BROKEN.items():
        if broken.harm:
            found.setdefault(broken.harmed, []).append(broken.harm.format(company=named(contract)))
    return found
