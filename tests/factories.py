"""Builders of canonical rows, and the two ways to hand them to the product: as files, or as the tables of the lake.

A row is a dictionary of canonical columns plus `company_id`; a column left out is NULL or its default. Ids are source
ids, as in a file: `lake_rows` puts the company before them, as the loader does.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from receivables.lake import OWN, SHARED
from receivables.schema import TABLES, Column, Table

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
Tables = Mapping[str, Sequence[Row]]

COMPANY: Final = "ES01"
FIRST_DAY: Final = date(2026, 1, 1)
LANDED: Final = {"is_current": True, "is_first": True, "missing_since": None, "source_mode": "full"}
LANDED_TYPES: Final = {
    "is_current": "BOOLEAN",
    "is_first": "BOOLEAN",
    "missing_since": "DATE",
    "extract_as_of": "DATE",
    "source_mode": "VARCHAR",
}
SHARED_TYPES: Final = {"arrival_id": "BIGINT"}
"""What the lake adds where several files describe a row together: which of them arrived when."""

POSTING_DATE_COLUMNS: Final = ("posting_date", "doc_date", "pay_date", "alloc_date")


def money(amount: Decimal | float | str) -> Decimal:
    """An amount as the ledger keeps it, four decimals, halves away from zero."""
    return Decimal(str(amount)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def company(company_id: str = COMPANY, **more: Any) -> Row:
    """A company whose ledger is in euro."""
    return {"company_id": company_id, "name": f"Company {company_id}", "local_currency": "EUR"} | more


def customer(customer_id: str = "C1", **more: Any) -> Row:
    """An active customer without terms."""
    return {
        "company_id": COMPANY,
        "customer_id": customer_id,
        "name": f"Customer {customer_id}",
        "status": "active",
    } | more


def document(doc_id: str, amount: Decimal | float | str, **more: Any) -> Row:
    """A posted document of C1 in euro, due after 30 days: an invoice, or a credit note where the amount is negative.

    `rate` is the booking rate that turns the amount into ledger currency.
    """
    rate = Decimal(str(more.pop("rate", 1)))
    dated = more.get("doc_date", FIRST_DAY)
    row = {
        "company_id": COMPANY,
        "doc_id": doc_id,
        "source_system": "canonical",
        "source_key": doc_id,
        "doc_no": doc_id,
        "customer_id": "C1",
        "kind": "invoice" if money(amount) >= 0 else "credit_note",
        "state": "posted",
        "doc_date": dated,
        "due_date": dated + timedelta(days=30),
        "currency": "EUR",
        "amount_doc": money(amount),
        "amount_local": money(money(amount) * rate),
        "dispute_flag": False,
        "dunning_block": False,
    }
    return row | more


def instalment(doc_id: str, seq: int, amount: Decimal | float | str, **more: Any) -> Row:
    """An instalment without due date, at the booking rate 1."""
    due_date = more.get("due_date")
    row = {
        "company_id": COMPANY,
        "doc_id": doc_id,
        "seq": seq,
        "due_date_original": due_date,
        "due_date_source": "file" if due_date else "missing",
        "amount_doc": money(amount),
        "amount_local": money(amount),
    }
    return row | more


def payment(payment_id: str, amount: Decimal | float | str, **more: Any) -> Row:
    """A posted receipt from C1 in euro; `rate` as for a document."""
    rate = Decimal(str(more.pop("rate", 1)))
    row = {
        "company_id": COMPANY,
        "payment_id": payment_id,
        "source_system": "canonical",
        "source_key": payment_id,
        "customer_id": "C1",
        "kind": "receipt",
        "state": "posted",
        "pay_date": FIRST_DAY,
        "currency": "EUR",
        "amount_doc": money(amount),
        "amount_local": money(money(amount) * rate),
    }
    return row | more


def allocation(allocation_id: str, amount: Decimal | float | str, **more: Any) -> Row:
    """An allocation of kind payment told by the source, its value in ledger currency at the rate 1; its ends are `more`."""
    row = {
        "company_id": COMPANY,
        "allocation_id": allocation_id,
        "kind": "payment",
        "amount_to_doc": money(amount),
        "amount_local": money(amount),
        "alloc_date": FIRST_DAY,
        "origin": "source",
    }
    return row | more


def entry(entry_key: str, amount: Decimal | float | str, **more: Any) -> Row:
    """A subledger entry of C1 in euro, a document of its own: an invoice, or a receipt where the amount is negative; `rate` as for a document."""
    rate = Decimal(str(more.pop("rate", 1)))
    row = {
        "company_id": COMPANY,
        "source_system": "erp",
        "entry_key": entry_key,
        "doc_key": entry_key,
        "doc_no": entry_key,
        "customer_id": "C1",
        "doc_date": FIRST_DAY,
        "currency": "EUR",
        "amount_doc": money(amount),
        "amount_local": money(money(amount) * rate),
    }
    return row | more


def use(allocation_key: str, to_key: str, from_key: str | None, amount: Decimal | float | str, **more: Any) -> Row:
    """A use of one subledger entry against another, as the ERP tells it."""
    row = {
        "company_id": COMPANY,
        "source_system": "erp",
        "allocation_key": allocation_key,
        "to_key": to_key,
        "from_key": from_key,
        "amount_to_doc": money(amount),
        "alloc_date": FIRST_DAY,
    }
    return row | more


def _told(value: Any) -> str:
    """Write a value as canonical files do."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ";".join(str(part) for part in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _columns(table: Table, rows: Sequence[Row]) -> list[Column]:
    """The columns a file needs: what is always required, and what any row tells."""
    told = {name for row in rows for name, value in row.items() if value is not None}
    return [column for column in table.columns.values() if column.required or column.name in told]


def write_canonical(folder: Path, tables: Tables, company_id: str, day: date, *, full: bool = True) -> list[Path]:
    """Write one company's rows as canonical CSV files of that extract date; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in tables.items():
        own = [row for row in rows if row["company_id"] == company_id]
        columns = _columns(TABLES[name], own)
        header = ["company_id", *(column.alias or column.name for column in columns)]
        path = folder / f"{name}__{company_id}__{'full' if full else 'delta'}__{day.isoformat()}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([company_id, *(_told(row.get(column.name)) for column in columns)] for row in own)
        written.append(path)
    return written


def lake_row(table: Table, row: Row, line_no: int, extract_as_of: date) -> Row:
    """One row as the loader leaves it: prefixed ids, defaults, provenance, in the order of the dictionary."""
    company_id = row["company_id"]
    landed: Row = {"company_id": company_id}
    for column in table.columns.values():
        value = row.get(column.name, column.default)
        landed[column.name] = f"{company_id}:{value}" if column.is_id and value not in (None, "") else value
    posted = next((row[name] for name in POSTING_DATE_COLUMNS if row.get(name)), FIRST_DAY)
    landed |= {
        "batch_id": 1,
        "line_no": line_no,
        "recorded_at": datetime.combine(posted, time.min),
        "recorded_source": "batch",
    }
    return landed | LANDED | {"extract_as_of": extract_as_of, "arrival_id": landed["batch_id"]}


def lake_rows(tables: Tables, extract_as_of: date) -> dict[str, list[Row]]:
    """All rows as the loader leaves them, by table; every table of the dictionary is there."""
    return {
        name: [lake_row(table, row, number, extract_as_of) for number, row in enumerate(tables.get(name, ()), start=1)]
        for name, table in TABLES.items()
    }


def _lake_types(table: Table) -> dict[str, str]:
    return table.ddl_columns | LANDED_TYPES | (SHARED_TYPES if table.name in SHARED else {})


def _definition(table: Table) -> Iterator[str]:
    yield from (f"{name} {kind}" for name, kind in _lake_types(table).items())


def lake_tables(con: duckdb.DuckDBPyConnection, tables: Tables, extract_as_of: date) -> None:
    """Create the schema `lake` as one full extract of that date, so that the models run without landing files."""
    con.execute("create schema lake")
    for name, definition in OWN.items():
        con.execute(f"create table lake.{name} ({definition})")
    for name, rows in lake_rows(tables, extract_as_of).items():
        columns = list(_lake_types(TABLES[name]))
        con.execute(f"create table lake.{name} ({', '.join(_definition(TABLES[name]))})")
        if rows:
            # as one table of texts: a statement for each row takes longer than building all models
            told = {column: [None if row[column] is None else str(row[column]) for row in rows] for column in columns}
            con.register("told_rows", pa.table(told, pa.schema([(column, pa.string()) for column in columns])))
            con.execute(f"insert into lake.{name} select * from told_rows")
            con.unregister("told_rows")
