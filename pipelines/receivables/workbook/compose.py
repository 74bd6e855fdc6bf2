"""One workbook of what is in sight: which sheets, in which language, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from receivables.engine import EngineError
from receivables.errors import UsageError, nearest
from receivables.language import DICTIONARY, language_in
from receivables.pages import buckets_of, companies_of, part_of, run_of
from receivables.scope import Scope
from receivables.wording import bucket_label
from receivables.workbook import about, balances, judgements
from receivables.workbook.book import ROWS_MAX, Book
from receivables.workbook.cell import cell_number
from receivables.workbook_wording import SHEETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from receivables.language import Language
    from receivables.page_model import Run
    from receivables.warehouse import Warehouse
    from receivables.workbook.sheet import Sheet

OF_COMPANIES: Final = ("expected-cash", "findings")
"""Sheets that are measured over whole companies: they are not told to who sees some customers."""


@dataclass(frozen=True)
class Written:
    """A workbook that was written: where, and how many rows each of its sheets has."""

    path: Path
    rows: dict[str, int]


def file_name(language: str) -> str:
    """The name of the workbook in a language, as it stands beside the report and is mailed."""
    return f"receivables-{language}.xlsx"


def checked_sheets(sheets: Sequence[str], scope: Scope) -> tuple[str, ...]:
    """The sheets asked for in the order of the workbook; none named: all that a reader of `scope` may have.

    Raises:
        UsageError: no such sheet, or one that is not told to such a reader.
    """
    for name in sheets:
        if name not in SHEETS:
            raise UsageError(
                got=f"--sheet {name!r}", expected=f"one of {', '.join(SHEETS)}", try_=nearest(name, SHEETS)
            )
    told = [name for name in SHEETS if not (scope.is_of_customers and name in OF_COMPANIES)]
    if hidden := next((name for name in sheets if name not in told), None):
        raise UsageError(
            got=f"--sheet {hidden} for some customers of a company",
            expected=f"one of {', '.join(told)}, since {hidden} is measured over whole companies",
            try_="--company, without --territory and --salesperson",
        )
    return tuple(name for name in told if not sheets or name in sheets)


def write(
    path: Path,
    warehouse: Warehouse,
    language: str,
    *,
    scope: Scope | None = None,
    sheets: Sequence[str] = (),
    rows_max: int = ROWS_MAX,
) -> Written:
    """Write the workbook of a published night, private to the user, whole or not at all; a file of that name is replaced.

    Args:
        path: the file; what is under way stands beside it in a folder whose name ends in .writing.
        warehouse: the night, as its reader may see it.
        language: one of `LANGUAGES`.
        scope: what is in sight, which the first sheet says.
        sheets: the ids of the sheets; none: all that such a reader may have.
        rows_max: rows of a sheet, its header with them; what is beyond goes to further sheets.

    Raises:
        UsageError: no such language or sheet, or a file that another version published.
        OSError: the file cannot be written.
    """
    scope = scope or Scope()
    words, asked = language_in(language, DICTIONARY), checked_sheets(sheets, scope)
    with TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.", suffix=".writing") as folder:
        made = Path(folder) / path.name
        try:
            run = run_of(warehouse.table("ops.run"))
            rows = _write(Book(made, words, run.known_at, rows_max), run, warehouse, scope, asked)
        except EngineError as error:
            raise UsageError(
                got=f"{warehouse.path.name}: {error}",
                expected="a file that this version published",
                try_="receivables build",
            ) from None
        made.chmod(0o600)
        made.replace(path)
    return Written(path, rows)


def _write(book: Book, run: Run, warehouse: Warehouse, scope: Scope, asked: Sequence[str]) -> dict[str, int]:
    """Write the sheets asked for; the rows of each."""
    companies = companies_of(warehouse.table("core.company"), warehouse.table("ops.batch"))
    told: list[about.Told] = []
    for sheet in _sheets(warehouse, book.words, scope, asked):
        count, sums = _sums(warehouse, sheet)
        parts = book.write(sheet, warehouse.rows(f"{sheet.query} order by {sheet.order}"), count, sums)
        told.append(about.Told(sheet, count, parts))
    hidden = OF_COMPANIES if scope.is_of_customers and len(asked) > 1 else ()
    part = part_of(warehouse.table, companies, scope)
    about.write(book, about.Subject(run, companies, part, hidden), told)
    book.close()
    return {one.sheet.id: one.rows for one in told}


def _sheets(warehouse: Warehouse, words: Language, scope: Scope, asked: Sequence[str]) -> Iterator[Sheet]:
    basis = str(warehouse.table("params.aging")["basis"].iloc[0])
    labels = {
        bucket.key: bucket_label(bucket, words.text, basis) for bucket in buckets_of(warehouse.table("params.bucket"))
    }
    made = {
        "totals": lambda: balances.totals(labels, words, has_control=not scope.is_of_customers),
        "aging": lambda: balances.aging(labels),
        "open-items": lambda: balances.open_items(labels, words),
        "ratings": lambda: judgements.ratings(_best(warehouse), words),
        "flags": lambda: judgements.flags(words),
        "expected-cash": lambda: balances.expected_cash(words),
        "findings": lambda: judgements.findings(words),
    }
    yield from (made[name]() for name in asked)


def _best(warehouse: Warehouse) -> dict[str, dict[str, Decimal]]:
    """What each attribute of the card gives at best, by company."""
    best: dict[str, dict[str, Decimal]] = {}
    query = "select company_id, attribute, best_points::decimal(9, 4) from marts.rating_attribute"
    for company_id, attribute, points in warehouse.rows(query):
        best.setdefault(company_id, {})[attribute] = points
    return best


def _sums(warehouse: Warehouse, sheet: Sheet) -> tuple[int, dict[str, tuple[Decimal, str]]]:
    """How many rows a sheet has, and what those of its columns add up to that hold money of one currency alone."""
    summed = [column for column in sheet.columns if column.is_summed]
    asked = ["count(*)"]
    for column in summed:
        asked += [
            f'sum("{column.name}")',
            *(f'{end}("{column.currency}") filter (where "{column.name}" is not null)' for end in ("min", "max")),
        ]
    count, *told = next(warehouse.rows(f"select {', '.join(asked)} from ({sheet.query})"))
    ends = zip(summed, _threes(told), strict=True)
    return count, {
        column.name: (total, first)
        for column, (total, first, last) in ends
        if first is not None and first == last and cell_number(total) is not None
    }


def _threes(cells: Sequence[Any]) -> Iterator[tuple[Any, Any, Any]]:
    return zip(cells[::3], cells[1::3], cells[2::3], strict=True)
