"""The sheets of money: totals, aging, open items, expected cash."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from receivables.customer_wording import KINDS
from receivables.definition_wording import TERMS
from receivables.schema import TABLES
from receivables.wording import N_, named
from receivables.workbook.sheet import Column, Sheet
from receivables.workbook_wording import ALL_CURRENCIES, expected_cash_basis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from receivables.language import Language

_DOCUMENT, _CUSTOMER = TABLES["document"].columns, TABLES["customer"].columns

COMPANIES: Final = (
    "left join (select company_id, min(name) as name, min(local_currency) as local_currency from core.company group by company_id) as company"
    " on told.company_id = company.company_id"
)
CUSTOMERS: Final = (
    "left join (select company_id, customer_id, min(name) as name, min(salesperson) as salesperson, min(territory_id) as territory_id"
    " from core.customer group by company_id, customer_id) as customer on told.company_id = customer.company_id and told.customer_id = customer.customer_id"
    " left join (select company_id, territory_id, min(name) as name from core.territory group by company_id, territory_id) as territory"
    " on customer.company_id = territory.company_id and customer.territory_id = territory.territory_id"
)
"""Names of companies, and of customers with who sells to them, joined to `told`."""

COMPANY: Final = Column(
    "company_id", "told.company_id", N_("Company"), N_("Identifier of the company, as published."), width=9
)
_LOCAL: Final = TERMS["ledger-currency"].meaning
LOCAL_CURRENCY: Final = Column("local_currency", "company.local_currency", N_("Ledger currency"), _LOCAL, width=9)
_CURRENCY: Final = Column("currency", "told.currency", N_("Currency"), _DOCUMENT["currency"].meaning, width=9)


def whom(salesperson: str = "customer.salesperson") -> tuple[Column, ...]:
    """The columns that say which customer of which company a row is about, and who sells to it."""
    return (
        COMPANY,
        Column(
            "customer_id",
            "told.customer_id",
            N_("Customer number"),
            N_("Identifier of the customer, as published: company and number, leading zeros kept."),
            width=16,
        ),
        Column("customer", "coalesce(customer.name, told.customer_id)", N_("Customer"), _CUSTOMER["name"].meaning, width=32),
        Column("salesperson", salesperson, N_("Salesperson"), N_("Who sells to the customer; of a document, who sold it, where that is told."), width=18),
        Column("territory", "coalesce(territory.name, customer.territory_id)", N_("Territory"), _CUSTOMER["territory_id"].meaning, width=18),
    )  # fmt: skip


def _amount(name: str, sql: str, title: str, meaning: str = "", currency: str = "currency") -> Column:
    return Column(name, sql, title, meaning, "money", currency=currency, is_summed=True)


_NOT_DUE: Final = N_("Items that are due on the as-of date or later.")
_MEANINGS: Final = {
    "not_due": _NOT_DUE,
    "no_due_date": TERMS["no-due-date"].meaning,
    "unapplied": TERMS["unapplied"].meaning,
}


def _buckets(labels: Mapping[str, str]) -> list[Column]:
    """A column for each bucket; labels are in words already."""
    return [_amount(f"bucket_{key}", f'told."{key}"', label, _MEANINGS.get(key, "")) for key, label in labels.items()]


def _sums(column: str, labels: Iterable[str]) -> str:
    """The sum of an amount by bucket, and in all."""
    parts = [f"sum({column}) filter (where bucket = '{key}') as \"{key}\"" for key in labels]
    return ", ".join([*parts, f"sum({column}) as total"])


_OPEN: Final = N_("All that is open, after unapplied cash and credits are taken off.")


def totals(labels: Mapping[str, str], words: Language, *, has_control: bool) -> Sheet:
    """What each company is owed by document currency, in that and in ledger currency, with the ledger's total where it is in sight."""
    doc, local = _sums("open_doc", labels), _sums("open_local", labels)
    control = {
        "document": "select company_id, currency, ledger_total, difference from marts.aging_control",
        "ledger": "select company_id, currency, ledger_total_local, difference_local from marts.aging_control",
        "all": "select company_id, null, sum(ledger_total_local), sum(difference_local) from marts.aging_control group by company_id",
    }
    source = (
        f"(select 1 as place, 'document' as side, company_id, currency, {doc} from marts.aging group by company_id, currency"
        f" union all select 2, 'ledger', company_id, currency, {local} from marts.aging group by company_id, currency"
        f" union all select 3, 'all', company_id, null, {local} from marts.aging group by company_id) as told {COMPANIES}"
        " left join ("
        + " union all ".join(
            f"select '{side}' as side, * from ({query}) as part(company_id, currency, ledger_total, difference)"
            for side, query in control.items()
        )
        + ") as control on told.side = control.side and told.company_id = control.company_id and told.currency is not distinct from control.currency"
        " where told.place <> 2 or told.currency <> company.local_currency"
    )
    columns = [
        COMPANY,
        Column("company", "coalesce(company.name, told.company_id)", N_("Name"), N_("Name of the company."), width=32),
        Column("document_currency", f"coalesce(told.currency, '{_quoted(words.text(ALL_CURRENCIES))}')", N_("Document currency"), _DOCUMENT["currency"].meaning, width=11),
        Column("currency", "case when told.place = 1 then told.currency else company.local_currency end", N_("Amounts in"), N_("The currency of the row's amounts: the document's, or the ledger's at the rates of booking."), width=11),
        *_buckets(labels),
        _amount("total", "told.total", N_("Total"), _OPEN),
    ]  # fmt: skip
    if has_control:
        columns += [
            _amount("ledger_total", "control.ledger_total", N_("Ledger total"), N_("What the postings leave, computed apart from the items.")),
            _amount("difference", "control.difference", N_("Difference"), N_("The total less the ledger's; in ledger currency rounding may leave some.")),
        ]  # fmt: skip
    # totals of totals would count the same money twice
    shown = tuple(replace(column, is_summed=False) for column in columns)
    return Sheet("totals", shown, source, "company_id, place, document_currency", hidden={"place": "told.place"})


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def aging(labels: Mapping[str, str]) -> Sheet:
    """What each customer owes by document currency and bucket."""
    source = (
        f"(select company_id, customer_id, currency, sum(items) as items, sum(disputed_doc) as disputed, sum(open_local) as total_local, {_sums('open_doc', labels)}"
        f" from marts.aging group by company_id, customer_id, currency) as told {COMPANIES} {CUSTOMERS}"
    )
    columns = (
        *whom(),
        _CURRENCY,
        Column("items", "told.items", N_("Items"), N_("How many items are open."), "count"),
        *_buckets(labels),
        _amount("total", "told.total", N_("Total"), _OPEN),
        _amount("disputed", "nullif(told.disputed, 0)", N_("Disputed"), _DISPUTED),
        LOCAL_CURRENCY,
        _amount("total_local", "told.total_local", N_("Total in ledger currency"), _LOCAL, "local_currency"),
    )
    return Sheet("aging", columns, source, "company_id, customer_id, currency")


_DISPUTED: Final = TERMS["disputed"].meaning


def open_items(labels: Mapping[str, str], words: Language) -> Sheet:
    """Every open item."""
    columns = (
        *whom("coalesce(told.salesperson, customer.salesperson)"),
        Column("kind", "told.kind", N_("Kind"), N_("What the document or receipt is."), width=16),
        Column("doc_no", "coalesce(told.doc_no, told.item_id)", N_("Document number"), _DOCUMENT["doc_no"].meaning, width=18),
        Column("seq", "told.seq", N_("Instalment"), N_("The instalment's place in its document, from 1."), "count"),
        Column("doc_date", "told.doc_date", N_("Document date"), _DOCUMENT["doc_date"].meaning, "date"),
        Column("due_date", "told.due_date", N_("Due date"), N_("The latest due date told; empty where there is none."), "date"),
        Column("due_date_original", "told.due_date_original", N_("Original due date"), N_("The due date that was told first."), "date"),
        Column("days_overdue", "case when told.bucket = 'unapplied' then null else told.days_overdue end", N_("Days overdue"), TERMS["days-overdue"].meaning, "count"),
        Column("bucket", "told.bucket", N_("Bucket"), TERMS["aged-by"].meaning, width=16),
        _CURRENCY,
        _amount("open_doc", "told.open_doc", N_("Open"), TERMS["open-item"].meaning),
        _amount("disputed", "nullif(told.disputed_doc, 0)", N_("Disputed"), _DISPUTED),
        LOCAL_CURRENCY,
        _amount("open_local", "told.open_local", N_("Open in ledger currency"), _LOCAL, "local_currency"),
        _amount("open_local_closing", "told.open_local_closing", N_("Closing value"), TERMS["closing-rate"].meaning, "local_currency"),
        Column("item_id", "told.item_id", N_("Traced by"), N_("What to ask receivables trace for, which leads to the file and line."), width=20),
    )  # fmt: skip
    return Sheet(
        "open-items",
        columns,
        f"marts.open_item as told {COMPANIES} {CUSTOMERS}",
        "company_id, customer_id, due_date nulls last, item_id, seq, item_kind",
        hidden={"item_kind": "told.item_kind"},
        says={
            "kind": lambda code: named(KINDS, code, words.text),
            "bucket": lambda key: labels.get(key, key),
        },
    )


def expected_cash(words: Language) -> Sheet:
    """Cash expected from what is open, week by week."""
    money = partial(Column, kind="money", currency="local_currency")
    columns = (
        COMPANY,
        Column("company", "coalesce(company.name, told.company_id)", N_("Name"), N_("Name of the company."), width=32),
        Column("week", "told.week", N_("Week"), N_("The week ahead, from 1."), "count"),
        Column("from_date", "told.from_date", N_("Week from"), N_("The first day of the week."), "date"),
        Column("to_date", "told.to_date", N_("Until"), N_("The last day of the week."), "date"),
        LOCAL_CURRENCY,
        Column("expected", "told.expected", N_("Expected"), N_("Cash expected in the week from items open now, by the company's collection curve; later invoices are not in it."), "money", currency="local_currency", is_summed=True),
        money("lo", "told.lo", N_("At least"), N_("Lower end of the 95% interval; the ends of weeks do not add up.")),
        money("hi", "told.hi", N_("At most"), N_("Upper end of the 95% interval; the ends of weeks do not add up.")),
        Column("basis", "told.interval_basis", N_("Width of the interval"), N_("What the interval is as wide as."), width=34),
        Column("expected_overdue", "told.expected_overdue", N_("From what is overdue"), N_("The part that comes from items overdue now."), "money", currency="local_currency", is_summed=True),
        Column("expected_not_due", "told.expected_not_due", N_("From what is not due"), N_("The part that comes from items not due yet."), "money", currency="local_currency", is_summed=True),
        money("open_local", "told.open_local", N_("Open items it is made from"), N_("What is open now of the items the curve tells something of; the same in every week.")),
    )  # fmt: skip
    return Sheet(
        "expected-cash",
        columns,
        f"marts.expected_cash as told {COMPANIES}",
        "company_id, week",
        says={"basis": lambda code: expected_cash_basis(code, words)},
    )
