"""Siigo's receivables by age against the ledger they tell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from exports import samples, told, truth
from report_files import AGE, Cells, balances, grouped, refusal, saved, sound, spanish, told_apart

CUSTOMERS: Final = {"C1": "900123001", "C2": "900123002", "C3": "900123003/1"}
"""Customer C3 is booked on its branch 1."""

AGES: Final = ("Por vencer", "1 a 30", "31 a 60", "61 a 90", "Más de 91")
FIXED: Final = ("Identificación", "Sucursal", "Cliente", "Comprobante", "Fecha elaboración", "Vencimiento", "Cuota")
ITEMS: Final = [
    (
        "900.123.001-1",
        "0",
        "COMERCIAL IBÁÑEZ SAS",
        "FV-1-1002",
        date(2024, 5, 15),
        date(2024, 6, 14),
        "1",
        4,
        Decimal(6000),
    ),
    (
        "900.123.001-1",
        "0",
        "COMERCIAL IBÁÑEZ SAS",
        "NC-1-2001",
        date(2024, 6, 20),
        date(2024, 6, 20),
        "1",
        4,
        Decimal(-500),
    ),
    ("900.123.002-2", "0", "TOTAL GESTIÓN SAS", "FV-1-1003", date(2024, 7, 2), date(2024, 9, 1), "2", 2, Decimal(1500)),
    (
        "900.123.002-2",
        "0",
        "TOTAL GESTIÓN SAS",
        "FV-1-1003",
        date(2024, 7, 2),
        date(2024, 11, 1),
        "3",
        0,
        Decimal("250.50"),
    ),
    (
        "900.123.002-2",
        "2",
        "TOTAL GESTIÓN SAS",
        "ND-1-77",
        date(2024, 9, 10),
        date(2024, 10, 10),
        "1",
        1,
        Decimal("18.18"),
    ),
    ("900.123.003-3", "1", "LODZ TRADING", "RC-1-3004", date(2024, 9, 20), None, "", 1, Decimal(-750)),
]
BALANCES: Final = {
    "900123001": Decimal(5500),
    "900123002": Decimal("1750.50"),
    "900123002/2": Decimal("18.18"),
    "900123003/1": Decimal(-750),
}


def report(ages: tuple[str, ...] = AGES, *, total: str = "", dates: str = "", numbers: str = ",.") -> list[Cells]:
    """The report with its titles, totals per customer and of all, and print time; `total` names a closing total column."""
    width = len(FIXED) + len(ages) + bool(total)

    def aged(sums: dict[int, Decimal]) -> Cells:
        cells = [grouped(sums.get(n, Decimal(0)), numbers) for n in range(len(ages))]
        return [*cells, grouped(sum(sums.values(), Decimal(0)), numbers)] if total else cells

    def by_age(items: list[tuple[str, str, str, str, date, date | None, str, int, Decimal]]) -> dict[int, Decimal]:
        return {n: sum((item[8] for item in items if item[7] == n), Decimal(0)) for n in range(len(ages))}

    def day(when: date | None) -> str:
        return "" if when is None else when.strftime(dates) if dates else spanish(when)

    def line(first: str, cells: Cells) -> Cells:
        return [first, *[""] * (width - 1 - len(cells)), *cells]

    rows = [
        line(text, [])
        for text in (
            "ACME DISTRIBUCIONES S.A.S.",
            "NIT 900.000.001-1",
            "Cuentas por cobrar por edades",
            "A octubre 15 de 2024",
            "",
        )
    ]
    rows.append([*FIXED, *ages, *([total] if total else [])])
    for tax_id in dict.fromkeys(item[0] for item in ITEMS):
        mine = [item for item in ITEMS if item[0] == tax_id]
        rows += [[*item[:4], day(item[4]), day(item[5]), item[6], *aged({item[7]: item[8]})] for item in mine]
        rows.append(line(f"Total {tax_id}", aged(by_age(mine))))
    return [*rows, line("Total general", aged(by_age(ITEMS))), line("Procesado en: 15/10/2024 17:22:05", [])]


def test_the_sample_gives_the_balances_of_the_ledger_it_tells(reference_data: Path, tmp_path: Path) -> None:
    got = told(tmp_path, samples(reference_data, "siigo"), company="CO01", currency="COP", extract_as_of=None)
    sound(got)
    assert got.open_by_customer() == truth(reference_data, CUSTOMERS)
    assert got.rows(f"select kind, open_doc, currency, {AGE}, bucket from marts.open_item order by doc_date") == [
        ("invoice", Decimal(6000), "COP", 123, "d91_180"),
        ("credit_note", Decimal(-500), "COP", None, "unapplied"),
        ("invoice", Decimal(1500), "COP", 44, "d31_60"),
        ("invoice", Decimal("1818.18"), "COP", 5, "d1_30"),
        ("receipt", Decimal(-750), "COP", None, "unapplied"),
    ]
    assert got.rows("select distinct extract_as_of, mode from ops.batch") == [(date(2024, 10, 15), "open_items")]


def test_other_ages_locales_and_containers(tmp_path: Path) -> None:
    dashes = ("Sin vencer", "1-30", "31-60", "61-90", "Mayor a 90")
    days = ("Corriente", "1 a 30 días", "31 a 60 días", "61 a 90 días", "> 90")
    spaces = ("No vencido", "0 - 30", "31 - 60", "61 - 90", "91 y más")
    files = {
        "total cp1252": saved(tmp_path, "cp1252.csv", report(total="Total"), delimiter=";", encoding="cp1252"),
        "dashes": saved(tmp_path, "dashes.csv", report(dashes, dates="%d/%m/%Y"), delimiter=";"),
        "dot decimals": saved(
            tmp_path, "dots.csv", report(days, total="Saldo", dates="%Y-%m-%d", numbers=".,"), encoding="utf-8-sig"
        ),
        "utf-16": saved(tmp_path, "utf-16.csv", report(spaces, total="Total"), delimiter="\t", encoding="utf-16"),
        "workbook": saved(tmp_path, "workbook.xlsx", report(total="Total", dates="%d/%m/%Y")),
        "html": saved(tmp_path, "html.xls", report()),
    }
    got = told_apart(tmp_path / "home", files, currency="COP")
    sound(got)
    assert balances(got) == dict.fromkeys(files, BALANCES)
    assert got.rows("select distinct kind from marts.open_item where open_doc = 18.18") == [("debit_note",)]


def test_columns_in_another_order_and_a_header_on_every_page(tmp_path: Path) -> None:
    rows = report(total="Total")
    width = len(rows[5])
    order = (0, *range(width - 1, 0, -1))
    turned = [[row[n] for n in order] for row in rows]
    got = told(
        tmp_path / "home",
        [saved(tmp_path, "cxc.csv", [*turned[:9], turned[5], *turned[9:]], delimiter=";")],
        company="CO01",
        currency="COP",
    )
    sound(got)
    assert got.open_by_customer() == BALANCES


def test_a_general_total_that_disagrees_refuses_the_report(tmp_path: Path) -> None:
    rows = report()
    rows[-2][-1] = "9.999,99"
    assert "whose total says" in refusal(
        tmp_path / "home", saved(tmp_path, "cxc.csv", rows, delimiter=";"), currency="COP"
    )


def test_instalments_of_one_invoice_age_each_by_its_own_due_date(tmp_path: Path) -> None:
    got = told(
        tmp_path / "home",
        [saved(tmp_path, "cxc.csv", report(), delimiter=";")],
        company="CO01",
        currency="COP",
        extract_as_of=None,
    )
    assert got.rows(
        "select open_doc, days_overdue from marts.open_item where doc_no = 'FV-1-1003' order by due_date"
    ) == [
        (Decimal(1500), 44),
        (Decimal("250.50"), -17),
    ]


def test_an_unknown_prefix_is_quarantined(tmp_path: Path) -> None:
    rows = report()
    body = [[*rows[6][:3], f"FV-1-{n}", *rows[6][4:]] for n in range(60)]
    stray = [*rows[6][:3], "ZZ-1-9", *rows[6][4:]]
    got = told(
        tmp_path / "home",
        [saved(tmp_path, "cxc.csv", [*rows[:6], *body, stray], delimiter=";")],
        company="CO01",
        currency="COP",
    )
    assert [row[0] for row in got.findings("quarantine")] == ["TYPE_UNKNOWN"]
    assert got.open_by_customer() == {"900123001": Decimal(360_000)}
