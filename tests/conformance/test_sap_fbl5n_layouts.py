"""FBL5N in layouts nobody has sent yet: other languages, columns, locales, containers; and SAP's own rule of what is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exports import tried
from fbl5n_lists import (
    DE,
    ES,
    FLAT,
    IN_BLOCKS,
    US,
    Item,
    Style,
    drawn_list,
    open_by_customer,
    tab_text,
    total,
)
from intake_files import NOBODY, SINGLE, TODAY, physical_lines, workbook, write
from receivables import lake
from receivables.engine import Connection, connect, run_models
from receivables.errors import FileRefused
from receivables.intake.company import Companies
from receivables.intake.profile import shipped
from receivables.intake.read import Landed, Request, read_file
from receivables.settings import Settings
from receivables.state import Batch

PRINTED: Final = date(2024, 10, 15)
EXAMPLES: Final = tried(4, quick=2)
"""Lists tried; each holds several customers with clearings of their own."""

Balances = dict[tuple[str, str], Decimal]


def land(
    path: Path, folder: Path, companies: Companies = NOBODY, as_of: date | None = None
) -> tuple[Landed, list[Batch]]:
    """Read a file into a lake in `folder`."""
    with closing(connect(settings=SINGLE)) as con:
        landed = read_file(con, Request(path, shipped(), Settings(), companies, TODAY, as_of), folder)
        batches = lake.write(
            con,
            landed,
            folder,
            first_id=1,
            loaded_at=datetime(2024, 12, 1),
            is_first_load=lambda _company, _table: True,
        )
    return landed, batches


@contextmanager
def models(folder: Path, batches: list[Batch], day: date) -> Iterator[Connection]:
    """The models built from the lake as of a day."""
    with closing(connect(settings=SINGLE)) as con:
        lake.snapshot(con, folder, batches)
        run_models(con, Settings(), day)
        yield con


def balances(folder: Path, batches: list[Batch], day: date) -> Balances:
    """Open per company and customer in ledger currency, once the proof holds in every currency."""
    with models(folder, batches, day) as con:
        untied = con.execute("select column_name, reason_code, raw_value from checks.control_difference").fetchall()
        if untied:
            pytest.fail(f"aged items and ledger differ on {day}: {untied}", pytrace=False)
        sums = con.execute("select company_id, customer_id, sum(open_local) from marts.aging group by all").fetchall()
    return {(company, customer.removeprefix(f"{company}:")): amount for company, customer, amount in sums if amount}


def checked(path: Path, items: Iterable[Item], encoding: str, as_of: date | None = None) -> tuple[Landed, list[Batch]]:
    """Land a list and hold its lines and its balances against what it tells."""
    landed, batches = land(path, path.parent, as_of=as_of)
    assert sum(b.lines_read for b in batches) == physical_lines(path, encoding)
    assert sum(b.lines_quarantined for b in batches) == 0
    assert landed.extract_as_of == PRINTED
    assert balances(path.parent, batches, PRINTED) == open_by_customer(items, PRINTED)
    return landed, batches


def ledger() -> list[Item]:
    """Two companies, two currencies, instalments, cleared and open items; names and texts that look like something else."""
    paid = replace(
        Item("100001", "9000000001", Decimal("1234.56")), clearing_no="1400000001", clearing_date=date(2024, 4, 10)
    )
    gestion = replace(Item("100003", "9000000005", Decimal("89.90")), name="Total Gestión", city="Ciudad Total")
    other = replace(Item("100001", "9000000001", Decimal(750)), company="2000", local_currency="CHF", currency="CHF")
    return [
        paid,
        replace(paid, doc_no="1400000001", doc_type="DZ", amount=-paid.amount, doc_date=date(2024, 4, 9)),
        Item(
            "100001",
            "9000000002",
            Decimal(10000),
            doc_date=date(2024, 5, 15),
            due_date=date(2024, 6, 14),
            text="* Mai *",
        ),
        Item("100001", "1400000002", Decimal(-4000), "DZ", doc_date=date(2024, 7, 1), text="Teilzahlung 9000000002"),
        Item("100002", "9000000003", Decimal(1500), due_date=date(2024, 8, 1), text="Rate 1/2"),
        Item("100002", "9000000003", Decimal(1500), due_date=date(2024, 9, 1), text="Rate 2/2"),
        Item("100002", "9000000004", Decimal(2000), currency="USD", local=Decimal("1818.18"), text="Total"),
        gestion,
        replace(gestion, doc_no="1600000001", doc_type="DG", amount=Decimal("-12.05"), text="Abono"),
        other,
    ]


LEDGER: Final = ledger()
ONE_CURRENCY: Final = [item for item in LEDGER if item.company == "1000"]
SHUFFLED: Final = ("text", "amount_local", "local_currency", "clearing_date", "clearing_no", "due_date", "doc_date",
                   "doc_type", "doc_no", "assignment", "currency", "amount")  # fmt: skip


@pytest.mark.slice(3)
@pytest.mark.parametrize(
    ("style", "roles"),
    [
        (DE, IN_BLOCKS),
        (US, SHUFFLED),
        (ES, SHUFFLED),
        (replace(US, dates="%m-%d-%Y"), IN_BLOCKS),
        (replace(DE, thousands=" ", dates="%Y/%m/%d"), SHUFFLED),
    ],
    ids=["german", "english", "spanish", "dashes", "spaces"],
)
def test_drawn_lists_in_other_languages_orders_and_locales(
    tmp_path: Path, style: Style, roles: tuple[str, ...]
) -> None:
    path = write(tmp_path, "list.txt", drawn_list(LEDGER, style, roles, printed=PRINTED))
    landed, _ = checked(path, LEDGER, "utf-8")
    assert landed.mode == "full"


@pytest.mark.slice(3)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_drawn_lists_in_the_encodings_sap_writes(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "list.txt", drawn_list(LEDGER, ES, printed=PRINTED), encoding)
    _, batches = checked(path, LEDGER, encoding)
    with models(tmp_path, batches, PRINTED) as con:
        names = con.execute("select distinct name, city from core.customer where customer_id like '%100003'").fetchall()
    assert names == [("Total Gestión", "Ciudad Total")]


def test_page_breaks_repeat_titles_and_headers(tmp_path: Path) -> None:
    text = drawn_list(LEDGER, DE, printed=PRINTED, page=2).replace("\r\n15.10.2024", "\r\n\f15.10.2024")
    checked(write(tmp_path, "list.txt", text), LEDGER, "utf-8")


def test_a_grand_total_that_disagrees_refuses_the_list(tmp_path: Path) -> None:
    text = drawn_list(ONE_CURRENCY, DE, printed=PRINTED)
    told = DE.money(total(ONE_CURRENCY))
    assert text.count(told) == 1
    path = write(tmp_path, "list.txt", text.replace(told, DE.money(total(ONE_CURRENCY) + 1)))
    with pytest.raises(FileRefused, match="whose total says"):
        land(path, tmp_path)


TITLES: Final = ("10/15/2024\tDynamic List Display\t1", "", "Customer Line Item Display")


@pytest.mark.slice(3)
@pytest.mark.parametrize(("encoding", "totals"), [("utf-8", ""), ("utf-16", "* ** ***"), ("cp1252", "* ***")])
def test_tab_text_called_xls_with_titles_an_empty_first_column_and_pages(
    tmp_path: Path, encoding: str, totals: str
) -> None:
    items = ONE_CURRENCY
    text = tab_text(items, US, FLAT, titles=TITLES, totals=totals, page=4)
    landed, batches = checked(write(tmp_path, "list.xls", text, encoding), items, encoding)
    assert "FILE_FAKE_XLS" in [finding.reason_code for finding in landed.findings]
    assert batches[0].control_total_file == (f"{total(items):.4f}" if totals else None)


def test_tab_text_of_several_companies_with_a_column_for_them(tmp_path: Path) -> None:
    text = tab_text(LEDGER, ES, ("name", *FLAT[::-1]))
    _, batches = checked(write(tmp_path, "list_2024-10-15.txt", text), LEDGER, "utf-8")
    assert {b.company_id for b in batches} == {"1000", "2000"}


def test_a_semicolon_list_of_a_dot_locale(tmp_path: Path) -> None:
    text = tab_text(ONE_CURRENCY, US, FLAT, totals="* ***", delimiter=";")
    checked(write(tmp_path, "list_20241015.csv", text), ONE_CURRENCY, "utf-8")


def test_an_alv_spreadsheet_with_its_total_row(tmp_path: Path) -> None:
    header = [US.labels[role] for role in FLAT]
    lines = [[float(v) if isinstance(v := getattr(item, role), Decimal) else v for role in FLAT] for item in LEDGER]
    lines.append([float(total(LEDGER)) if role == "amount_local" else None for role in FLAT])
    path = workbook(tmp_path / "EXPORT_2024-10-15.XLSX", [header, *lines])
    _, batches = land(path, tmp_path)
    assert sum(b.lines_read for b in batches) == len(lines) + 1
    assert balances(tmp_path, batches, PRINTED) == open_by_customer(LEDGER, PRINTED)


def test_the_key_date_of_a_list_of_open_items_counts_and_not_the_day_it_was_printed(tmp_path: Path) -> None:
    text = drawn_list(ONE_CURRENCY, US, printed=date(2024, 10, 20), key_date=PRINTED)
    checked(write(tmp_path, "list.txt", text), ONE_CURRENCY, "utf-8")


def test_a_list_without_a_cleared_item_has_no_history(tmp_path: Path) -> None:
    items = [item for item in LEDGER if not item.clearing_no]
    landed, _ = checked(write(tmp_path, "list.txt", drawn_list(items, ES, printed=PRINTED)), items, "utf-8")
    assert landed.mode == "open_items"


MONEY: Final = st.sampled_from(["0.01", "0.50", "33.33", "100", "100.01", "999.99", "12345.67"]).map(Decimal)
DEBITS: Final = (("RV", ""), ("RV", ""), ("DZ", "Rückzahlung"), ("AB", "Umbuchung"))
CREDITS: Final = (("DZ", ""), ("DZ", ""), ("DG", "Gutschrift"), ("AB", "Ausbuchung Uneinbr."), ("AB", "Umbuchung"))
FIRST: Final = date(2024, 1, 1)
DAYS: Final = st.integers(0, 90).map(lambda days: FIRST + timedelta(days=days))
RATES: Final = {"EUR": (Decimal(1),), "USD": (Decimal("0.9"), Decimal("0.913")), "GBP": (Decimal("1.17"),)}


@st.composite
def lines(draw: st.DrawFn, customer: str, number: str, currencies: tuple[str, ...], *, is_debit: bool) -> Item:
    """One debit or credit of a customer."""
    doc_type, text = draw(st.sampled_from(DEBITS if is_debit else CREDITS))
    currency, day = draw(st.sampled_from(currencies)), draw(DAYS)
    amount = draw(MONEY) * (1 if is_debit else -1)
    local = (amount * draw(st.sampled_from(RATES[currency]))).quantize(Decimal("0.01")) or amount
    due = draw(st.sampled_from((day, day + timedelta(days=30), None)))
    return Item(customer, number, amount, doc_type, day, due, text=text, currency=currency, local=local)


@st.composite
def clearings(draw: st.DrawFn, customer: str, numbers: Iterator[str]) -> list[Item]:
    """What a customer's clearing holds: any number of debits and credits, rarely balanced, or a reversed document and its reversal."""
    currencies = draw(st.sampled_from((("EUR",), ("EUR",), ("USD",), ("EUR", "USD"), ("EUR", "USD", "GBP"))))
    sides = [True] * draw(st.integers(0, 3)) + [False] * draw(st.integers(0, 3)) or [True]
    group = [draw(lines(customer, next(numbers), currencies, is_debit=side)) for side in sides]
    if draw(st.booleans()) and len({item.currency for item in group}) == 1 and (rest := sum(i.amount for i in group)):
        local = -total(group) or -rest  # a line that balances the clearing, as a payment in full does
        is_alike = (local > 0) == (-rest > 0)
        group.append(replace(group[0], doc_no=next(numbers), doc_type="RV" if rest < 0 else "DZ", amount=-rest, text="",
                             local=local if is_alike else -rest))  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        undone = draw(lines(customer, next(numbers), currencies, is_debit=True))
        day = undone.doc_date + timedelta(days=draw(st.integers(0, 9)))
        group += [undone, replace(undone, doc_no=next(numbers), amount=-undone.amount, local=-undone.amount_local,
                                  doc_date=day, text=f"Storno {undone.doc_no}")]  # fmt: skip
    cleared = max(item.doc_date for item in group) + timedelta(days=draw(st.sampled_from((0, 0, 1, 20))))
    return [replace(item, clearing_no=group[-1].doc_no, clearing_date=cleared) for item in group]


@st.composite
def lists(draw: st.DrawFn) -> list[Item]:
    """Customers with clearings and open items of their own."""
    numbers = map(str, count(9000000001))
    items: list[Item] = []
    for customer in ("100001", "100002", "100003", "100004"):
        for _ in range(draw(st.integers(0, 2))):
            items += draw(clearings(customer, numbers))
        currencies = draw(st.sampled_from((("EUR",), ("EUR", "USD"))))
        items += [
            draw(lines(customer, next(numbers), currencies, is_debit=draw(st.booleans())))
            for _ in range(draw(st.integers(0, 2)))
        ]
    anchor = Item(
        "100009", "8000000001", Decimal(1), clearing_no="8000000002", clearing_date=FIRST + timedelta(days=60)
    )
    return [*items, anchor]


def differing(got: Balances, due: Balances, items: list[Item]) -> list[str]:
    """The accounts whose balance is another, and their items."""
    accounts = sorted(key for key in got.keys() | due.keys() if got.get(key) != due.get(key))
    told = [
        f"  {i.doc_no} {i.doc_type} {i.doc_date} {i.amount} {i.currency} = {i.amount_local}, cleared {i.clearing_no} {i.clearing_date} {i.text}"
        for i in items
        if (i.company, i.customer) in accounts
    ]
    return [f"{key}: got {got.get(key, 0)}, SAP shows {due.get(key, 0)}" for key in accounts] + told


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a difference names its account, which is short enough
    suppress_health_check=[HealthCheck.too_slow],
)
@given(items=lists(), days=st.lists(st.integers(0, 115), min_size=2, max_size=2))
def test_open_at_any_day_is_what_sap_calls_open(
    tmp_path_factory: pytest.TempPathFactory, items: list[Item], days: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("list")
    _, batches = land(write(folder, "list.txt", drawn_list(items, DE, printed=PRINTED)), folder)
    for day in (FIRST + timedelta(days=n) for n in days):
        found = differing(balances(folder, batches, day), open_by_customer(items, day), items)
        if found:
            pytest.fail("\n".join([f"open on {day}:", *found]), pytrace=False)
