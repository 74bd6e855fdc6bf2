"""The command `trace`: from a figure to what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from receivables.cli.options import home_option, period_end_option
from receivables.cli.terminal import example, print_frame, say
from receivables.errors import UsageError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from receivables.tracing import Cell, TracedMetric


@click.command(
    epilog=example(
        "receivables trace --metric dso_days --company ES01\n  receivables trace --bucket d91_180 --currency EUR\n  receivables trace 100001"
    )
)
@click.argument("key", required=False)
@home_option
@click.option("--metric", metavar="NAME", help="A metric of marts.kpi, such as dso_days.")
@click.option("--company", metavar="ID", help="Only this company.")
@click.option("--customer", metavar="ID", help="The cell of the aging of this customer.")
@click.option("--currency", metavar="CODE", help="The cell of the aging in this document currency.")
@click.option("--bucket", metavar="KEY", help="Only items of this bucket, such as d1_30.")
@period_end_option
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Rows shown of each table.")
@click.option("--out", metavar="FILE.csv", help="Write all rows into this file too.")
def trace(
    key: str | None,
    home: Path,
    metric: str | None,
    company: str | None,
    customer: str | None,
    currency: str | None,
    bucket: str | None,
    period_end: date | None,
    limit: int,
    out: str | None,
) -> None:
    """Follow a figure to its documents, receipts and allocations, and to the file and line of each.

    KEY is a customer, document or receipt, by id or number. Without it the figure is a metric, or a cell of the aging.
    """
    cell = {"customer": customer, "currency": currency}
    given = {"KEY": key, "--metric": metric} | {f"--{name}": value for name, value in cell.items()}
    told = [name for name, value in given.items() if value is not None]
    if key is not None and (len(told) > 1 or company or period_end):
        _refuse(f"{key!r} with other figures", "a customer, document or receipt alone, or one of its buckets")
    if metric is not None and (len(told) > 1 or bucket):
        _refuse("--metric with a cell of the aging", "one of the two")
    from receivables import tracing

    if key is not None:
        found = tracing.trace(key, home, bucket=bucket)
        is_repaired = bool(found.items["repaired_by"].notna().any())
        _show(found.items if is_repaired else found.items.drop(columns="repaired_by"), "items", limit)
        say()
        _show(found.allocations, "allocations", limit)
        _write([("item", found.items), ("allocation", found.allocations)], out)
    elif metric is not None:
        figures = tracing.trace_metric(metric, home, company=company, period_end=period_end)
        for figure in figures:
            _show_metric(figure, limit)
        _write([(operand.name, operand.rows) for figure in figures for operand in figure.operands], out)
    else:
        if not (company or customer or currency or bucket):
            _refuse("neither a key nor a figure", "a KEY, --metric, or a cell of the aging such as --bucket")
        _show_cell(tracing.trace_cell(home, company=company, bucket=bucket, period_end=period_end, **cell), limit, out)


def _refuse(got: str, expected: str) -> None:
    raise UsageError(got=got, expected=expected, try_="receivables trace --help")


def _show_metric(figure: TracedMetric, limit: int) -> None:
    value = "not told" if figure.value is None else f"{figure.value.normalize():f} {figure.unit}"
    say(f"{figure.metric} of {figure.company_id} on {figure.period_end}: {value}")
    for word, said in (("note", figure.note), ("marks", figure.marks)):
        if said:
            say(f"{word}: {said}")
    say(f"= {figure.formula.replace('::double', '')}")
    for operand in figure.operands:
        total = "not told" if operand.total is None else f"{operand.total.normalize():f}"
        say()
        say(f"{operand.name} = {total}: {operand.meaning}")
        _show(operand.rows.dropna(axis="columns", how="all"), "rows", limit)
    say()


def _show_cell(cell: Cell, limit: int, out: str | None) -> None:
    say(f"open on {cell.period_end}:")
    print_frame(cell.amounts, "nothing")
    say()
    _show(cell.items, "items", limit)
    say()
    _show(cell.allocations, "allocations", limit)
    _write([("item", cell.items), ("allocation", cell.allocations)], out)


def _show(frame: pd.DataFrame, what: str, limit: int) -> None:
    print_frame(frame.head(limit), f"no {what}")
    if len(frame) > limit:
        say(f"... and {len(frame) - limit:,} more {what}: --limit, or --out FILE.csv for all")


def _write(tables: list[tuple[str, pd.DataFrame]], out: str | None) -> None:
    """Write the rows of all tables into one CSV file, each with the name of what it belongs to."""
    if out is None:
        return
    import pandas as pd

    from receivables.filled_table import protected

    whole = pd.concat([frame.astype(object).assign(part=name) for name, frame in tables], ignore_index=True)
    whole = whole[["part", *(column for column in whole.columns if column != "part")]]
    try:
        whole.map(lambda cell: protected(cell) if isinstance(cell, str) else cell).to_csv(out, index=False)
    except OSError as error:
        raise UsageError(
            got=f"--out {out}: {error.strerror or error}", expected="a file this user may write", try_="--out FILE.csv"
        ) from None
    say(f"{len(whole):,} rows in {out}")
