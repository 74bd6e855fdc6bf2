"""Holded's list of sales invoices against the ledger it tells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from exports import TRUTH_DAY, samples, told, truth
from report_files import AGE, Cells, balances, grouped, saved, shuffled, sound, told_apart

CUSTOMERS: Final = {"C1": "Comercial Ibáñez S.L.", "C2": "Großhandel Müller & Söhne", "C3": "Łódź Trading"}
SPANISH: Final = (
    "Fecha",
    "Núm",
    "Vencimiento",
    "Cliente",
    "Descripción",
    "Total",
    "Cobrado",
    "Pendiente",
    "Estado",
    "Fecha de cobro",
)
ENGLISH: Final = (
    "Date",
    "Num",
    "Due",
    "Client",
    "Description",
    "Total",
    "Collected",
    "Pending",
    "Status",
    "Collected date",
)
STATES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    SPANISH: ("Vencido", "Pendiente", "Pagado", "Borrador", "Anulado"),
    ENGLISH: ("Overdue", "Pending", "Paid", "Draft", "Cancelled"),
}
ITEMS: Final = [
    (
        date(2024, 3, 1),
        "F240001",
        date(2024, 3, 31),
        "Comercial Ibáñez S.L.",
        Decimal("1234.56"),
        Decimal(0),
        2,
        date(2024, 4, 10),
    ),
    (
        date(2024, 5, 15),
        "F240002",
        date(2024, 6, 14),
        "Comercial Ibáñez S.L.",
        Decimal(10000),
        Decimal(6000),
        0,
        date(2024, 7, 1),
    ),
    (date(2024, 6, 20), "R240001", date(2024, 6, 20), "Comercial Ibáñez S.L.", Decimal(-500), Decimal(-500), 1, None),
    (date(2024, 7, 2), "F240003", date(2024, 9, 1), "Total Gestión", Decimal(3000), Decimal(1500), 0, date(2024, 8, 5)),
    (date(2024, 9, 10), "", date(2024, 10, 10), "Total Gestión", Decimal("77.77"), Decimal("77.77"), 3, None),
    (date(2024, 8, 15), "F240005", date(2024, 9, 14), "Total Gestión", Decimal(420), Decimal(420), 4, None),
]
BALANCES: Final = {"Comercial Ibáñez S.L.": Decimal(5500), "Total Gestión": Decimal(1500)}


def invoices(header: tuple[str, ...], dates: str, numbers: str) -> list[Cells]:
    """The list in one language and locale."""
    return [
        list(header),
        *(
            [day.strftime(dates), number, due.strftime(dates), client, "Aceite", *(grouped(value, numbers) for value in (amount, amount - rest, rest)), STATES[header][state],
             collected.strftime(dates) if collected else ""]
            for day, number, due, client, amount, rest, state, collected in ITEMS
        ),
    ]  # fmt: skip


def test_the_sample_gives_the_balances_of_the_ledger_it_tells(reference_data: Path, tmp_path: Path) -> None:
    """The list holds no money on account: what customer C3 paid in advance is not in it."""
    got = told(tmp_path, samples(reference_data, "holded"))
    sound(got)
    due = truth(reference_data, CUSTOMERS)
    del due[CUSTOMERS["C3"]]
    assert got.open_by_customer() == due
    assert sum(due.values()) == Decimal("8818.18")
    assert got.rows(f"select doc_no, kind, open_doc, {AGE}, bucket from marts.open_item order by doc_date") == [
        ("F240002", "invoice", Decimal(6000), 123, "d91_180"),
        ("R240001", "credit_note", Decimal(-500), None, "unapplied"),
        ("F240003", "invoice", Decimal(1500), 44, "d31_60"),
        ("F240004", "invoice", Decimal("1818.18"), 5, "d1_30"),
    ]
    assert got.rows(
        "select doc_no, amount_doc from core.document where doc_no in ('F240002', 'F240003') order by 1"
    ) == [
        ("F240002", Decimal(10000)),
        ("F240003", Decimal(3000)),
    ]


def test_lists_in_both_languages_and_other_containers(tmp_path: Path) -> None:
    files = {
        "cp1252": saved(tmp_path, "cp1252.csv", invoices(SPANISH, "%d/%m/%Y", ",."), delimiter=";", encoding="cp1252"),
        "english": saved(tmp_path, "english.csv", invoices(ENGLISH, "%d/%m/%Y", ".,"), encoding="utf-8-sig"),
        "american": saved(
            tmp_path, "american.csv", invoices(ENGLISH, "%m/%d/%Y", ".,"), delimiter="\t", encoding="utf-16"
        ),
        "workbook": saved(tmp_path, "workbook.xlsx", invoices(SPANISH, "%Y-%m-%d", ",.")),
        "html": saved(tmp_path, "html.xls", invoices(SPANISH, "%d-%m-%Y", ",.")),
    }
    got = told_apart(tmp_path / "home", files, extract_as_of=TRUTH_DAY)
    sound(got)
    assert balances(got) == dict.fromkeys(files, BALANCES)
    states = got.rows(
        "select state, count(*)::bigint from core.document where company_id = 'html' group by state order by state"
    )
    assert states == [("cancelled", 1), ("draft", 1), ("posted", 4)]


def test_other_column_orders_with_columns_nobody_reads(tmp_path: Path) -> None:
    rows = shuffled(invoices(ENGLISH, "%d/%m/%Y", ".,"), (9, 8, 7, 6, 5, 4, 3, 2, 1, 0))
    rows = [["Employees", "IVA", *rows[0]], *(["", "1.00", *row] for row in rows[1:])]
    got = told(tmp_path / "home", [saved(tmp_path, "invoices.csv", rows)])
    sound(got)
    assert got.open_by_customer() == BALANCES


def test_workbook_cells_are_dates_and_numbers(tmp_path: Path) -> None:
    rows: list[Cells] = [list(SPANISH)]
    rows += [[day, number, due, client, "", float(amount), float(amount - rest), float(rest), STATES[SPANISH][state], collected]
             for day, number, due, client, amount, rest, state, collected in ITEMS]  # fmt: skip
    got = told(tmp_path / "home", [saved(tmp_path, "facturas.xlsx", rows)])
    sound(got)
    assert got.open_by_customer() == BALANCES


def test_an_invoice_in_another_currency_keeps_it(tmp_path: Path) -> None:
    rows: list[Cells] = [
        [*SPANISH, "Moneda"],
        ["10/09/2024", "F1", "13/10/2024", "A", "", "2000.00", "0.00", "2000.00", "Vencido", "", "USD"],
    ]
    rates = saved(
        tmp_path,
        "fx_rate.csv",
        [["from_currency", "to_currency", "rate_date", "rate"], ["USD", "EUR", "2024-09-09", "0.9"]],
    )
    got = told(tmp_path / "home", [saved(tmp_path, "facturas.csv", rows), rates])
    sound(got)
    assert got.rows("select currency, open_doc, open_local from marts.open_item") == [
        ("USD", Decimal(2000), Decimal(1800))
    ]


def test_an_unknown_state_is_not_taken_for_open(tmp_path: Path) -> None:
    rows: list[Cells] = [list(ENGLISH)]
    rows += [["15/05/2024", f"F{n}", "14/06/2024", "A", "", "10.00", "0.00", "10.00", "Pending", ""] for n in range(40)]
    rows.append(["15/05/2024", "F99", "14/06/2024", "A", "", "10.00", "0.00", "10.00", "Remitted", ""])
    got = told(tmp_path / "home", [saved(tmp_path, "invoices.csv", rows)])
    assert [row[0] for row in got.findings("quarantine")] == ["STATE_UNKNOWN"]
    assert got.open_by_customer() == {"A": Decimal(400)}
