"""Write the sample ledger as an unconverted SAP line-item list (FBL5N): fixed columns, German labels, cp1252.

One block per customer with its own head, header row and total, as the list viewer saves it to a local file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.draws import NONE, UNITS_PER_CENT, Ints, as_date, sum_by
from receivables.world.fbl5n_lines import AB, DG, DZ, RV, TYPES, Lines
from receivables.world.ledger import Ledger
from receivables.world.records import CURRENCIES, LEDGER_CURRENCY, Tag
from receivables.world.text import Text, joined, numbers, only, padded, raw, words
from receivables.world.truth import money

CODEPAGE: Final = "cp1252"
FIRST_CUSTOMER: Final = 100_001
NEWLINE: Final = "\r\n"
COLUMNS: Final = (
    ("S", 3),
    ("Zuordnung", 12),
    ("Belegnr", 10),
    ("Ar", 2),
    ("Belegdatum", 10),
    ("Nettofäll.", 10),
    ("Verzg", 5),
    ("Betr. in BW", 14),
    ("Währg", 5),
    ("Betrag in HW", 14),
    ("HWähr", 5),
    ("Ausgl.bel.", 10),
    ("Ausgl.dat.", 10),
    ("Text", 18),
)
"""Labels and least widths; a column is as wide as its widest value in the whole file."""

RIGHT: Final = frozenset({6, 7, 9})
LOCAL, LOCAL_CURRENCY, ASSIGNMENT = 9, 10, 1


def customer_ids(ledger: Ledger) -> list[str]:
    """Number the accounts of the list."""
    return [str(FIRST_CUSTOMER + row) for row in range(len(ledger.customers.name))]


def write(ledger: Ledger, listed: Lines, out: Path) -> Path:
    """Write the list with all items, open and cleared, keyed to the as-of date."""
    spec = ledger.spec
    path = out / f"fbl5n_{spec.company_id}_{as_date(spec.as_of_day)}.txt"
    cells = _cells(listed, spec.as_of_day)
    totals = [german(int(cents)) for cents in sum_by(listed.customer, listed.local, spec.customers)]
    grand = german(int(listed.local.sum()))
    widths = _widths(cells, [*totals, grand])
    rows = _rows(cells, widths)
    ends = np.searchsorted(listed.customer, np.arange(spec.customers), side="right").tolist()
    rule = "-" * (sum(widths) + len(widths) + 1)
    with path.open("wb") as file:
        file.write(_title(as_date(spec.as_of_day).strftime("%d.%m.%Y"), len(rule)).encode(CODEPAGE))
        for row, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            file.write((_block_head(ledger, row) + _header(widths, rule)).encode(CODEPAGE))
            file.write(bytes(raw(rows.slice(start, end - start))).decode().encode(CODEPAGE))
            file.write(_block_total(widths, rule, customer_ids(ledger)[row], totals[row]).encode(CODEPAGE))
        file.write((rule + NEWLINE + _total(widths, "***", "", grand) + rule + NEWLINE).encode(CODEPAGE))
    return path


def german(cents: int) -> str:
    """Write an amount as SAP does for a German user: 1.234,56 and a minus behind."""
    whole, rest = divmod(abs(cents), 100)
    return f"{whole:,}".replace(",", ".") + f",{rest:02d}" + ("-" if cents < 0 else "")


def _german(cents: Ints) -> Text:
    """Write a column of amounts as `german` writes one."""
    size = np.abs(cents)
    groups = [size // 10**power % 1000 for power in (8, 5, 2)]
    text = numbers(groups[0])
    shown = size >= 10**8
    for group, limit in zip(groups[1:], (10**5, 10**2), strict=True):
        longer = joined([text, padded("", group, 3)], ".")
        text = pc.if_else(pa.array(shown), longer, numbers(group))
        shown = shown | (size >= limit)
    minus = words(["", "-"], (cents < 0).astype(np.int64))
    return joined([joined([text, padded("", size % 100, 2)], ","), minus], "")


def _dates(column: Ints) -> Text:
    dates = pa.array(np.maximum(column, 0).astype(np.int32)).view(pa.date32())
    return only(pc.strftime(dates, format="%d.%m.%Y"), column != NONE)


def _cells(listed: Lines, as_of_day: int) -> list[Text]:
    """Write every column of the list as text, not yet padded."""
    zero = 0 * listed.customer
    late = np.where(listed.clear_day == NONE, as_of_day, listed.clear_day) - listed.due_day
    arrears = joined([numbers(np.abs(late)), words(["", "-"], (late < 0).astype(np.int64))], "")
    assigned = pa.array(listed.doc_day.astype(np.int32)).view(pa.date32())
    return [
        words(["@"], zero),
        pc.strftime(assigned, format="%Y%m%d"),
        numbers(listed.number),
        words(list(TYPES), listed.kind),
        _dates(listed.doc_day),
        _dates(listed.due_day),
        arrears,
        _german(listed.amount),
        words(list(CURRENCIES), listed.currency),
        _german(listed.local),
        words([CURRENCIES[0]], zero),
        only(numbers(listed.clear_number), listed.clear_number != NONE),
        _dates(listed.clear_day),
        listed.text,
    ]


def _widths(cells: list[Text], totals: list[str]) -> list[int]:
    widths = [max(least, pc.max(pc.utf8_length(cell)).as_py()) for (_, least), cell in zip(COLUMNS, cells, strict=True)]
    widths[LOCAL] = max(widths[LOCAL], *(len(total) for total in totals))
    return widths


def _rows(cells: list[Text], widths: list[int]) -> Text:
    """Pad the columns and join them to lines."""
    padded_cells = [
        (pc.utf8_lpad if place in RIGHT else pc.utf8_rpad)(pc.fill_null(cell, ""), width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return joined(["|", joined(padded_cells, "|"), "|" + NEWLINE], "")


def _title(key_date: str, width: int) -> str:
    title = "Dynamische Listenanzeige".center(max(width - 20, 24))
    return f"{key_date}{title}{1:>10}{NEWLINE}{NEWLINE}Debitoren-Einzelposten{NEWLINE}{NEWLINE}"


def _block_head(ledger: Ledger, row: int) -> str:
    customers = ledger.customers
    facts = (
        ("Debitor", customer_ids(ledger)[row]),
        ("Buchungskreis", ledger.spec.company_id),
        ("Name", customers.name[row]),
        ("Ort", customers.city[row]),
    )
    return "".join(f"{label:<15}{fact}{NEWLINE}" for label, fact in facts) + NEWLINE


def _header(widths: list[int], rule: str) -> str:
    named = [
        label.ljust(width) if place not in RIGHT else label.rjust(width) for place, (label, width) in _labels(widths)
    ]
    return f"{rule}{NEWLINE}|{'|'.join(named)}|{NEWLINE}{rule}{NEWLINE}"


def _labels(widths: list[int]) -> enumerate[tuple[str, int]]:
    return enumerate((label, width) for (label, _), width in zip(COLUMNS, widths, strict=True))


def _total(widths: list[int], marker: str, name: str, amount: str) -> str:
    """Write a total row: its level as stars, the ledger amount and its currency, nothing else."""
    cells = [" " * width for width in widths]
    cells[0] = marker.ljust(widths[0])
    cells[ASSIGNMENT] = name.ljust(widths[ASSIGNMENT])
    cells[LOCAL] = amount.rjust(widths[LOCAL])
    cells[LOCAL_CURRENCY] = CURRENCIES[0].ljust(widths[LOCAL_CURRENCY])
    return f"|{'|'.join(cells)}|{NEWLINE}"


def _block_total(widths: list[int], rule: str, customer_id: str, amount: str) -> str:
    """Close a block with the customer's and the account's total."""
    lines_of_total = [
        _total(widths, "*", "", amount),
        _total(widths, "**", f"Konto {customer_id}", amount),
    ]
    return rule + NEWLINE + "".join(line + rule + NEWLINE for line in lines_of_total) + NEWLINE


def open_by_customer(ledger: Ledger, listed: Lines) -> list[dict[str, Any]]:
    """Add up the lines that nothing had cleared by the as-of date, per customer and currency."""
    still = (listed.clear_day == NONE) | (listed.clear_day > ledger.spec.as_of_day)
    width = len(CURRENCIES)
    keys, group = np.unique((listed.customer * width + listed.currency)[still], return_inverse=True)
    group = group.astype(np.int64)
    number = np.bincount(group, minlength=len(keys)).tolist()
    doc = sum_by(group, listed.amount[still], len(keys)).tolist()
    local = sum_by(group, listed.local[still], len(keys)).tolist()
    return [
        {
            "customer_id": str(FIRST_CUSTOMER + key // width),
            "currency": CURRENCIES[key % width],
            "lines": count,
            "open_doc": money(cents * UNITS_PER_CENT),
            "open_local": money(cents_local * UNITS_PER_CENT),
        }
        for key, count, cents, cents_local in zip(keys.tolist(), number, doc, local, strict=True)
    ]


def events(ledger: Ledger, listed: Lines) -> dict[str, int]:
    """Count what the list shows, by kind of event."""
    is_open = listed.clear_number == NONE
    paid, credited, invoiced = (listed.kind == kind for kind in (DZ, DG, RV))
    alloc, inst = ledger.allocations, ledger.instalments
    uses = np.bincount(alloc.payment[alloc.payment != NONE], minlength=len(ledger.receipts))
    counts = {
        "invoice_lines": invoiced & (listed.amount > 0),
        "invoice_lines_open": invoiced & (listed.amount > 0) & is_open,
        "invoices_in_instalments": (inst.of > 1) & (inst.seq == 1),
        "invoices_reversed": invoiced & (listed.amount < 0),
        "credits_cleared": credited & ~is_open,
        "credits_open": credited & is_open,
        "receipts": paid,
        "receipts_open": paid & is_open,
        "receipts_for_several": uses > 1,
        "receipts_on_account": uses == 0,
        "part_payments": alloc.tag == Tag.PART,
        "payments_of_the_rest": alloc.tag == Tag.REST,
        "write_offs": listed.kind == AB,
        "lines_in_foreign_currency": listed.currency != LEDGER_CURRENCY,
    }
    return {name: int(np.count_nonzero(flags)) for name, flags in counts.items()}
