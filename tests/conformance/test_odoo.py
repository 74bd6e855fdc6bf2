"""Odoo exports against the ledger they tell: journal items, headers, reconciliations and partners, each alone and all together.

Headers alone leave out money on account, which is no invoice: customer C3 owes nothing there.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from exports import TRUTH_DAY, Told, samples, told, truth
from intake_files import write
from receivables.land import Reading
from table_files import american, continental, entries_told, html_of, labelled, sheet_of, text_of, turned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from table_files import Row

CUSTOMERS: Final = {"C1": "C00001", "C2": "C00002", "C3": "C00003"}
HEADERS, LINES, USES, PARTNERS = (
    "account_move_technical.csv",
    "account_move_line_receivable.csv",
    "account_partial_reconcile.csv",
    "res_partner.csv",
)
SOUND: Final = {"loaded"}


def outcomes(found: Told) -> set[str]:
    return {outcome for outcome, _ in found.files.values()}


def whole(found: Told) -> None:
    """Everything was loaded, every line is accounted for, and items and ledger agree."""
    assert outcomes(found) == SOUND, found.files
    assert found.lines_lost() == 0
    assert found.findings("quarantine") == []
    assert found.control_difference() == 0


@pytest.mark.parametrize(
    "names",
    [(LINES,), (LINES, USES), (HEADERS, LINES), (USES, LINES, HEADERS), ()],
    ids=["lines", "lines and uses", "lines and headers", "late headers", "all"],
)
def test_each_set_of_files_gives_the_balances_of_the_ledger(
    reference_data: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    found = told(tmp_path, samples(reference_data, "odoo", *names), company="ACME")
    whole(found)
    assert found.open_by_customer() == truth(reference_data, CUSTOMERS)


def test_headers_alone_are_the_invoices_without_money_on_account(reference_data: Path, tmp_path: Path) -> None:
    found = told(tmp_path, samples(reference_data, "odoo", HEADERS), company="ACME")
    whole(found)
    due = {name: amount for name, amount in truth(reference_data, CUSTOMERS).items() if name != "C00003"}
    assert found.open_by_customer() == due
    assert sum(due.values()) == Decimal("8818.18")


def test_every_item_is_as_old_as_the_ledger_says(reference_data: Path, tmp_path: Path) -> None:
    found = told(tmp_path, samples(reference_data, "odoo"), company="ACME")
    items = found.rows(
        "select doc_no, seq, kind, open_doc, currency, open_local, days_overdue, bucket from marts.open_item order by doc_no, seq"
    )
    assert [(*item[:6], None if item[7] == "unapplied" else item[6]) for item in items] == [
        ("INV/2024/00002", 1, "invoice", Decimal(6000), "EUR", Decimal(6000), 123),
        ("INV/2024/00003", 2, "invoice", Decimal(1500), "EUR", Decimal(1500), 44),
        ("INV/2024/00004", 1, "invoice", Decimal(2000), "USD", Decimal("1818.18"), 5),
        ("PBNK1/2024/00004", 1, "receipt", Decimal(-750), "EUR", Decimal(-750), None),
        ("RINV/2024/00001", 1, "credit_note", Decimal(-500), "EUR", Decimal(-500), None),
    ]
    states = found.rows("select doc_no, state from core.document where state <> 'posted' order by doc_no")
    assert states == [("INV/2024/00005", "cancelled"), (None, "draft")]
    assert found.rows("select name, city, postcode from core.customer where customer_id = 'ACME:C00002'") == [
        ("Großhandel Müller & Söhne", "München", "80331")
    ]


PAST: Final = {
    date(2024, 4, 9): {"C00001": "1234.56"},
    date(2024, 6, 30): {"C00001": "9500"},
    date(2024, 8, 4): {"C00001": "5500", "C00002": "3000"},
    date(2024, 8, 5): {"C00001": "5500", "C00002": "1500"},
}


def test_a_past_date_is_replayed_from_the_days_of_the_reconciliations(reference_data: Path, tmp_path: Path) -> None:
    found = told(tmp_path, samples(reference_data, "odoo"), company="ACME")
    for day, due in PAST.items():
        receivables.build(found.home, as_of=day)
        assert found.open_by_customer() == {name: Decimal(amount) for name, amount in due.items()}, day


# -- what Odoo's fields mean -----------------------------------------------------------------------------------------


def line(number: int, name: str, partner: str, amount: str, rest: str, **more: Any) -> dict[str, Any]:
    """One journal item of a receivable account, dated and due the same day, in euro."""
    balance = Decimal(more.pop("balance", amount))
    day = more.pop("day", date(2024, 3, 13))
    local_rest = Decimal(more.pop("rest_local", rest))
    return {
        "id": f"aml_{number}",
        "move_id/id": f"__export__.account_move_{name}",
        "move_name": name,
        "account_id/account_type": "asset_receivable",
        "partner_id/ref": partner,
        "date": day,
        "date_maturity": more.pop("due", day),
        "name": more.pop("text", name),
        "debit": max(balance, Decimal(0)),
        "credit": max(-balance, Decimal(0)),
        "currency_id/name": more.pop("currency", "EUR"),
        "amount_currency": Decimal(amount),
        "amount_residual": local_rest,
        "amount_residual_currency": Decimal(rest),
        "matching_number": more.pop("matching", ""),
        "parent_state": more.pop("state", "posted"),
        **more,
    }


def use(number: int, debit: int, credit: int, amount: str, day: date, **more: str) -> dict[str, Any]:
    """One reconciliation of two items."""
    return {
        "id": number,
        "debit_move_id/id": f"aml_{debit}",
        "credit_move_id/id": f"aml_{credit}",
        "amount": Decimal(amount),
        "debit_amount_currency": Decimal(more.get("debit_doc", amount)),
        "credit_amount_currency": Decimal(more.get("credit_doc", amount)),
        "debit_currency_id/name": more.get("debit_currency", "EUR"),
        "credit_currency_id/name": more.get("credit_currency", "EUR"),
        "max_date": day,
        "full_reconcile_id/id": "",
        "exchange_move_id/id": "",
        "create_date": f"{day} 10:00:00",
    }


BOOK: Final = [
    line(1, "INV/2024/00001", "K1", "1000.00", "540.00", day=date(2024, 1, 10), due=date(2024, 2, 9), matching="P1"),
    line(2, "PBNK1/2024/00001", "K1", "-400.00", "0.00", day=date(2024, 2, 20), text="Customer Payment", matching="P1"),
    line(3, "RINV/2024/00001", "K1", "-100.00", "-40.00", day=date(2024, 3, 1), matching="P1"),
    line(4, "INV/2024/00002", "K2", "500.00", "0.00", day=date(2024, 1, 31), due=date(2024, 3, 1), matching="7"),
    line(5, "INV/2024/00002", "K2", "500.00", "500.00", day=date(2024, 1, 31), due=date(2024, 4, 1)),
    line(6, "PBNK1/2024/00002", "K2", "-500.00", "0.00", day=date(2024, 3, 5), text="Customer Payment", matching="7"),
    line(7, "INV/2024/00003", "K2", "1100.00", "1100.00", balance="1000.00", rest_local="1000.00", currency="USD",
         due=date(2024, 10, 31)),
    line(8, "/", "K2", "75.00", "75.00", state="draft", **{"move_id/id": "__export__.account_move_8"}),
    line(9, "/", "K1", "76.00", "76.00", state="draft", **{"move_id/id": "__export__.account_move_9"}),
    line(10, "INV/2024/00004", "K1", "33.00", "0.00", state="cancel"),
    line(11, "BILL/2024/00001", "V1", "-600.00", "-600.00", **{"account_id/account_type": "liability_payable"}),
    line(12, "PBNK1/2024/00003", "", "-250.00", "-250.00", text="Customer Payment"),
]  # fmt: skip
USED: Final = [
    use(1, 1, 2, "400.00", date(2024, 2, 20)),
    use(2, 1, 3, "60.00", date(2024, 3, 1)),
    use(3, 4, 6, "500.00", date(2024, 3, 5)),
]
DUE: Final = {"K1": Decimal(500), "K2": Decimal(1500), "(unidentified)": Decimal(-250)}


def book(tmp_path: Path, rows: Sequence[Row], *others: Path, **said: Any) -> Told:
    path = write(tmp_path, "account_move_line.csv", text_of(rows))
    return told(tmp_path / "home", [path, *others], **said)


@pytest.mark.parametrize("has_uses", [False, True])
def test_items_of_a_matching_number_settle_each_other_as_the_reconciliations_do(tmp_path: Path, has_uses: bool) -> None:
    uses = [write(tmp_path, "account_partial_reconcile.csv", text_of(USED))] if has_uses else []
    found = book(tmp_path, BOOK, *uses)
    whole(found)
    assert found.open_by_customer() == DUE
    open_items = found.rows("select doc_no, seq, open_doc from marts.open_item order by doc_no, seq")
    assert open_items == [
        ("INV/2024/00001", 1, Decimal(540)),
        ("INV/2024/00002", 2, Decimal(500)),
        ("INV/2024/00003", 1, Decimal(1100)),
        ("PBNK1/2024/00003", 1, Decimal(-250)),
        ("RINV/2024/00001", 1, Decimal(-40)),
    ]
    kinds = found.rows("select kind, count(*) from core.document where state = 'posted' group by all order by all")
    assert kinds == [("credit_note", 1), ("invoice", 3)]
    skipped = found.rows("select sum(lines_skipped) from ops.batch")
    assert skipped == [(3 if has_uses else 2,)]  # the headers and the payable


def test_a_deleted_reconciliation_opens_both_items_again(tmp_path: Path) -> None:
    later = [dict(row) for row in BOOK]
    later[0].update(amount_residual=Decimal("940.00"), amount_residual_currency=Decimal("940.00"), matching_number="P2")
    later[1].update(amount_residual=Decimal("-400.00"), amount_residual_currency=Decimal("-400.00"), matching_number="")
    first = book(
        tmp_path, BOOK, write(tmp_path, "account_partial_reconcile.csv", text_of(USED)), extract_as_of=date(2024, 10, 1)
    )
    (tmp_path / "next").mkdir()
    files = [
        write(tmp_path / "next", "account_move_line.csv", text_of(later)),
        write(tmp_path / "next", "account_partial_reconcile.csv", text_of(USED[1:])),
    ]
    receivables.ingest(files, first.home, reading=Reading(extract_as_of=TRUTH_DAY))
    receivables.build(first.home)
    assert first.open_by_customer() == DUE
    assert first.control_difference() == 0
    applied = first.rows(
        "select open_doc from marts.open_item where doc_no in ('INV/2024/00001', 'PBNK1/2024/00001') order by doc_no"
    )
    assert applied == [(Decimal(940),), (Decimal(-400),)]
    receivables.build(first.home, as_of=date(2024, 10, 14))
    assert first.rows("select open_doc from marts.open_item where doc_no = 'INV/2024/00001'") == [(Decimal(540),)]


def move(number: int, name: str, kind: str, amount: str, rest: str, **more: Any) -> dict[str, Any]:
    """One header of customer K1, amounts in document currency without their sign, as Odoo keeps them."""
    sign = -1 if kind == "out_refund" else 1
    return {
        "id": f"__export__.account_move_{number}",
        "name": name,
        "move_type": kind,
        "state": more.get("state", "posted"),
        "payment_state": more.get("payment_state", "not_paid"),
        "partner_id/ref": "K1",
        "invoice_date": more.get("day", date(2024, 3, 1)),
        "date": more.get("day", date(2024, 3, 1)),
        "invoice_date_due": more.get("due", date(2024, 3, 31)),
        "currency_id/name": more.get("currency", "EUR"),
        "amount_total": Decimal(amount),
        "amount_residual": Decimal(rest),
        "amount_total_signed": sign * Decimal(more.get("local", amount)),
        "amount_residual_signed": sign * Decimal(more.get("rest_local", rest)),
        "reversed_entry_id/id": more.get("reverses", ""),
    }


MOVES: Final = [
    move(1, "INV/2024/00001", "out_invoice", "1000.00", "900.00", payment_state="partial"),
    # made from that invoice, over a part of it: it takes nothing back
    move(
        2, "RINV/2024/00001", "out_refund", "100.00", "0.00", payment_state="paid", reverses="__export__.account_move_1"
    ),
    move(3, "INV/2024/00002", "out_invoice", "80.00", "0.00", payment_state="in_payment"),
    move(4, "RINV/2024/00002", "out_refund", "55.00", "55.00", currency="USD", local="50.00", rest_local="50.00"),
    move(5, "/", "out_invoice", "99.00", "99.00", state="draft"),
    move(6, "/", "out_refund", "98.00", "98.00", state="draft"),
    move(7, "INV/2024/00003", "out_invoice", "42.00", "0.00", state="cancel"),
    move(8, "PBNK1/2024/00001", "entry", "80.00", "0.00"),
    move(9, "BILL/2024/00001", "in_invoice", "700.00", "700.00"),
    move(10, "REC/2024/00001", "out_receipt", "12.50", "12.50"),
]


def test_headers_say_amounts_without_a_sign_beside_amounts_with_one(tmp_path: Path) -> None:
    found = told(tmp_path / "home", [write(tmp_path, "account_move.csv", text_of(MOVES))])
    whole(found)
    assert found.open_by_customer() == {"K1": Decimal(900) - 50 + Decimal("12.50")}
    items = found.rows("select doc_no, kind, open_doc, currency, open_local from marts.open_item order by doc_no")
    assert items == [
        ("INV/2024/00001", "invoice", Decimal(900), "EUR", Decimal(900)),
        ("REC/2024/00001", "invoice", Decimal("12.50"), "EUR", Decimal("12.50")),
        ("RINV/2024/00002", "credit_note", Decimal(-55), "USD", Decimal(-50)),
    ]
    assert found.rows("select state, count(*) from core.document group by all order by all") == [
        ("cancelled", 1), ("draft", 2), ("posted", 5),
    ]  # fmt: skip


def test_what_is_exported_with_an_invoice_is_no_invoice(tmp_path: Path) -> None:
    """Its lines and payments stand on rows of their own, with the invoice's cells blank."""
    products = [{"invoice_line_ids/product_id": f"P{n}", "invoice_line_ids/quantity": n} for n in (1, 2)]
    rows = [cells for row in MOVES for cells in ({**row, **products[0]}, {**dict.fromkeys(row), **products[1]})]
    found = told(tmp_path / "home", [write(tmp_path, "account_move.csv", text_of(rows))])
    whole(found)
    assert found.open_by_customer() == {"K1": Decimal("862.50")}


def test_a_header_says_what_its_items_do_not(tmp_path: Path) -> None:
    """A journal of its own numbers credit notes as it likes: the header tells that they are no receipts, and the day of the document."""
    rows = [line(1, "AB/2024/00007", "K1", "-100.00", "-100.00", day=date(2024, 3, 4))]
    headers = [move(7, "AB/2024/00007", "out_refund", "100.00", "100.00", day=date(2024, 3, 1))]
    found = book(tmp_path, rows, write(tmp_path, "account_move.csv", text_of(headers)))
    whole(found)
    assert found.rows("select kind, doc_date, posting_date, amount_doc from core.document") == [
        ("credit_note", date(2024, 3, 1), date(2024, 3, 4), Decimal(-100))
    ]


def test_an_exchange_difference_in_ledger_currency_alone_moves_nothing(tmp_path: Path) -> None:
    """A dollar invoice carried at 1,000 is paid with dollars worth 980: Odoo books the 20 as an entry without dollars."""
    rows = [
        line(1, "INV/2024/00001", "K1", "1100.00", "0.00", balance="1000.00", currency="USD", day=date(2024, 1, 10), matching="9"),
        line(2, "PBNK1/2024/00001", "K1", "-1100.00", "0.00", balance="-980.00", currency="USD", day=date(2024, 2, 10), matching="9"),
        line(3, "EXCH/2024/00001", "K1", "0.00", "0.00", balance="-20.00", currency="USD", day=date(2024, 2, 10),
             text="Currency exchange rate difference", matching="9"),
    ]  # fmt: skip
    dollars = {"debit_currency": "USD", "credit_currency": "USD"}
    uses = [
        use(1, 1, 2, "980.00", date(2024, 2, 10), debit_doc="1100.00", credit_doc="1100.00", **dollars),
        use(2, 1, 3, "20.00", date(2024, 2, 10), debit_doc="0.00", credit_doc="0.00", **dollars),
    ]
    found = book(tmp_path, rows, write(tmp_path, "account_partial_reconcile.csv", text_of(uses)))
    whole(found)
    assert found.open_by_customer() == {}
    differences = found.rows("select amount_local from core.allocation where kind = 'fx_difference'")
    assert differences == [(Decimal(20),)]


# -- other layouts ---------------------------------------------------------------------------------------------------

ENGLISH: Final = {
    "amount_residual_currency": "Residual Amount in Currency",
    "amount_residual": "Residual Amount",
    "parent_state": "Status",
    "matching_number": "Matching #",
    "currency_id/name": "Currency",
    "amount_currency": "Amount in Currency",
    "credit": "Credit",
    "debit": "Debit",
    "name": "Label",
    "date_maturity": "Due Date",
    "date": "Date",
    "partner_id/ref": "Partner",
    "account_id/account_type": "Account Type",
    "move_name": "Journal Entry",
}
SPANISH: Final = {
    "move_name": "Asiento contable",
    "partner_id/ref": "Empresa",
    "account_id/account_type": "Tipo de cuenta",
    "date": "Fecha",
    "date_maturity": "Fecha de vencimiento",
    "name": "Etiqueta",
    "debit": "Debe",
    "credit": "Haber",
    "currency_id/name": "Moneda",
    "amount_currency": "Importe en moneda",
    "amount_residual": "Importe residual",
    "amount_residual_currency": "Importe residual en moneda",
    "matching_number": "Número de conciliación",
    "parent_state": "Estado",
}
NAMED: Final = [row for row in BOOK if row["move_name"] != "/"]
"""Without external ids a draft has no name by which it could be told from another."""


def translated(rows: Sequence[Row], words: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {name: words.get(value, value) if isinstance(value, str) else value for name, value in row.items()}
        for row in rows
    ]


IN_SPANISH: Final = {"posted": "Publicado", "cancel": "Cancelado", "draft": "Borrador", "asset_receivable": "Por cobrar",
                     "liability_payable": "Por pagar", "Customer Payment": "Pago de cliente"}  # fmt: skip
IN_ENGLISH: Final = {
    "posted": "Posted",
    "cancel": "Cancelled",
    "draft": "Draft",
    "asset_receivable": "Receivable",
    "liability_payable": "Payable",
}


def layouts(folder: Path) -> dict[str, Path]:
    english, spanish = (
        labelled(translated(NAMED, IN_ENGLISH), ENGLISH),
        labelled(translated(NAMED, IN_SPANISH), SPANISH),
    )
    return {
        "english": write(folder, "Journal Item (account.move.line).csv", text_of(english)),
        "american dates and numbers": write(folder, "items.csv", text_of(english, american)),
        "english workbook": sheet_of(folder / "account.move.line.xlsx", turned(english)),
        "spanish, saved by a spreadsheet": write(
            folder, "apuntes.csv", text_of(spanish, continental, delimiter=";", end="\r\n"), "cp1252"
        ),
        "byte order mark": write(folder, "items_bom.csv", text_of(spanish), "utf-8-sig"),
        "utf-16": write(folder, "items_16.txt", text_of(turned(spanish), delimiter="\t"), "utf-16"),
        "pages with a header each": write(folder, "items_pages.csv", text_of(english, pages=3)),
        "web page": write(folder, "items.xls", html_of(spanish)),
        "technical, shuffled": write(folder, "shuffled.csv", text_of(turned(NAMED))),
    }


@pytest.mark.parametrize("layout", ["english", "american dates and numbers", "english workbook", "spanish, saved by a spreadsheet",
                                    "byte order mark", "utf-16", "pages with a header each", "web page", "technical, shuffled"])  # fmt: skip
def test_journal_items_in_other_layouts_tell_the_same_entries(tmp_path: Path, layout: str) -> None:
    plain = write(tmp_path, "plain.csv", text_of(NAMED))
    assert entries_told(layouts(tmp_path)[layout], "ES01") == entries_told(plain, "ES01")


def test_a_night_on_items_in_spanish_gives_the_same_balances(tmp_path: Path) -> None:
    found = told(tmp_path / "home", [layouts(tmp_path)["spanish, saved by a spreadsheet"]])
    whole(found)
    assert found.open_by_customer() == DUE


MOVES_EN: Final = {
    "name": "Number",
    "partner_id/ref": "Invoice Partner Display Name",
    "invoice_date": "Invoice/Bill Date",
    "invoice_date_due": "Due Date",
    "amount_total_signed": "Total Signed",
    "amount_residual_signed": "Amount Due Signed",
    "payment_state": "Payment Status",
    "state": "Status",
}
MOVES_ES: Final = {
    "state": "Estado",
    "payment_state": "Estado de pago",
    "amount_residual_signed": "Importe adeudado con signo",
    "amount_total_signed": "Total con signo",
    "invoice_date_due": "Fecha de vencimiento",
    "invoice_date": "Fecha de Factura/Recibo",
    "partner_id/ref": "Nombre del socio a mostrar en la factura.",
    "name": "Número",
    "company": "Compañía",
}


def test_the_list_of_invoices_as_its_screen_exports_it(tmp_path: Path) -> None:
    """Its default columns hold company currency only, with signs, and no type."""
    invoices = [row for row in MOVES if row["move_type"] in ("out_invoice", "out_refund")]
    rows = labelled(translated(invoices, IN_ENGLISH), MOVES_EN)
    found = told(tmp_path / "home", [sheet_of(tmp_path / "Journal Entry (account.move).xlsx", rows)])
    whole(found)
    assert found.open_by_customer() == {"K1": Decimal(850)}
    assert found.rows("select count(*) from core.document where kind = 'credit_note' and state = 'posted'") == [(2,)]


def test_invoices_in_spanish_of_two_companies(tmp_path: Path) -> None:
    invoices = [row for row in MOVES if row["move_type"] in ("out_invoice", "out_refund")]
    both = [{**row, "company": name} for name in ("Norte S.A.", "Sur S.L.") for row in invoices]
    rows = labelled(translated(both, IN_SPANISH), MOVES_ES)
    path = write(tmp_path, "facturas.csv", text_of(rows, continental, delimiter=";"), "cp1252")
    home = tmp_path / "home"
    home.mkdir()
    (home / "receivables.toml").write_text(
        '[[company]]\nid = "N1"\nname = "Norte S.A."\nlocal_currency = "EUR"\n[[company]]\nid = "S1"\nname = "Sur S.L."\nlocal_currency = "EUR"\n',
        encoding="utf-8",
    )
    found = told(home, [path], names_company=True)
    whole(found)
    assert found.rows("select company_id, sum(open_local) from marts.aging group by all order by all") == [
        ("N1", Decimal(850)), ("S1", Decimal(850)),
    ]  # fmt: skip


def test_partners_are_known_by_their_reference_else_their_id_and_their_contacts_are_none(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"id": "__export__.res_partner_1", "ref": "K1", "name": "Alfa, S.A.", "city": "León", "child_ids/name": "Ana"},
        {"id": "", "ref": "", "name": "", "city": "", "child_ids/name": "Luis"},
        {"id": "__export__.res_partner_2", "ref": "", "name": "Beta", "city": "", "child_ids/name": ""},
    ]
    items = write(tmp_path, "account_move_line.csv", text_of(BOOK))
    found = told(tmp_path / "home", [items, write(tmp_path, "res_partner.csv", text_of(rows))])
    whole(found)
    assert found.rows("select customer_id, name, city from core.customer where name in ('Alfa, S.A.', 'Beta') order by 1") == [
        ("ES01:K1", "Alfa, S.A.", "León"), ("ES01:__export__.res_partner_2", "Beta", None),
    ]  # fmt: skip


# -- what stands beside the ledger -----------------------------------------------------------------------------------


def sale(number: int, partner: str, state: str, **more: Any) -> dict[str, Any]:
    """One sales order."""
    return {"id": f"__export__.sale_order_{number}_1f", "name": f"S{number:05}", "partner_id/ref": partner, "date_order": "2024-03-01 09:30:00",
            "commitment_date": "2024-03-20 00:00:00", "currency_id/name": "EUR", "amount_total": "121.0", "client_order_ref": "PO-1", "state": state,
            **more}  # fmt: skip


def sold(number: int, order: str, qty: str, **more: Any) -> dict[str, Any]:
    """One line of an order."""
    return {"id": f"__export__.sale_order_line_{number}_0c", "order_id/name": order, "product_id/default_code": "OIL-1", "product_uom_qty": qty,
            "product_uom/name": "Units", "price_unit": "50.0", "discount": "10.0", "price_subtotal": "90.0", **more}  # fmt: skip


def test_orders_deliveries_rates_and_limits_stand_beside_the_ledger(tmp_path: Path) -> None:
    partners = [{"id": f"p{n}", "ref": f"C{n}", "name": f"N{n}", "is_company": "True", "vat": "", "credit_limit": limit}
                for n, limit in ((1, "5000.0"), (2, "0.0"))]  # fmt: skip
    tables = {
        "account.move.line": [line(1, "INV/1", "C1", "110", "110", currency="USD", balance="100", rest_local="100")],
        "sale.order": [sale(1, "C1", "sale"), sale(2, "C1", "draft"), sale(3, "C2", "cancel"), sale(4, "C2", "done")],
        "sale.order.line": [sold(7, "S00001", "2.0"), sold(8, "S00001", "0.0", display_type="line_section"), sold(9, "S00004", "1.0")],
        "res.currency.rate": [{"name": "2024-03-13", "currency_id/name": "USD", "company_rate": "1.1", "rate": "1.1"}],
        "stock.picking": [
            {"name": "WH/OUT/1", "partner_id/ref": "C1", "origin": "S00001", "date_done": "2024-03-19 10:00:00", "state": "done", "picking_type_code": "outgoing"},
            {"name": "WH/IN/1", "partner_id/ref": "V1", "origin": "P00001", "date_done": "", "state": "assigned", "picking_type_code": "incoming"},
        ],
        "res.partner": partners,
    }  # fmt: skip
    files = [write(tmp_path, f"{name}.csv", text_of([row | dict.fromkeys(set().union(*rows) - row.keys(), "") for row in rows])) for name, rows in tables.items()]  # fmt: skip
    found = told(tmp_path / "home", files, company="ACME")
    whole(found)
    assert found.open_by_customer() == {"C1": Decimal(100)}
    assert found.rows("select order_id, customer_id, requested_date, status from core.sales_order order by 1") == [
        ("ACME:S00001", "ACME:C1", date(2024, 3, 20), "sale"),
        ("ACME:S00004", "ACME:C2", date(2024, 3, 20), "done"),
    ]
    assert found.rows(
        "select order_id, order_line_no, product_id, qty, list_price, net_amount from core.order_line order by 2"
    ) == [
        ("ACME:S00001", 7, "ACME:OIL-1", Decimal(2), Decimal(50), Decimal(90)),
        ("ACME:S00004", 9, "ACME:OIL-1", Decimal(1), Decimal(50), Decimal(90)),
    ]
    assert found.rows("select from_currency, to_currency, rate from core.fx_rate") == [("EUR", "USD", Decimal("1.1"))]
    assert found.rows("select delivery_id, order_id, ship_date, status from core.delivery") == [
        ("ACME:WH/OUT/1", "ACME:S00001", date(2024, 3, 19), "shipped")
    ]
    assert found.rows("select credit_account_id, limit_amount, currency from core.credit_limit") == [
        ("ACME:C1", Decimal(5000), "EUR")
    ]


def test_currencies_with_their_rates_below_them(tmp_path: Path) -> None:
    text = "name,symbol,rate_ids/name,rate_ids/rate\nUSD,$,2024-03-13,1.1\n,,2024-03-14,1.2\nGBP,£,2024-03-13,0.85\n"
    files = [write(tmp_path, "res.currency.csv", text), write(tmp_path, "lines.csv", text_of([line(1, "INV/1", "C1", "110", "110", currency="USD", balance="100", rest_local="100")]))]  # fmt: skip
    found = told(tmp_path / "home", files, company="ACME")
    whole(found)
    assert found.rows("select to_currency, rate_date, rate from core.fx_rate order by all") == [
        ("GBP", date(2024, 3, 13), Decimal("0.85")),
        ("USD", date(2024, 3, 13), Decimal("1.1")),
        ("USD", date(2024, 3, 14), Decimal("1.2")),
    ]
