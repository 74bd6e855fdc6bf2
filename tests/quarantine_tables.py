"""Exports with damaged lines, and people who fill in the tables of the quarantine: in XLSX as a spreadsheet would, in CSV too."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import openpyxl  # type: ignore[import-untyped]  # no types shipped

import receivables
from factories import company, customer, document, write_canonical
from fbl5n_lists import DE, FLAT, IN_BLOCKS, Item, drawn_list, tab_text
from homes import CLOCKS, command
from intake_files import workbook

Row = Mapping[str, str]
Answer = Mapping[str, str]

DAY: Final = date(2024, 3, 29)
BATCHES: Final = CLOCKS | {"batch_id"}
"""Columns in which a repaired night may differ from one that needed no repair."""

WAITING: Final = "select count(distinct line_no) from ops.issue where action = 'quarantine' and resolved_at is null"
"""How many lines are in quarantine."""

SETTINGS: Final = (
    "[ingest]\nrefuse_pct = 100\nneeds_person_pct = 1\n\n"
    '[[company]]\nid = "1000"\nlocal_currency = "EUR"\n[[company]]\nid = "ES01"\nlocal_currency = "EUR"\n'
)
"""However many lines are in quarantine, the file is loaded."""


@dataclass(frozen=True)
class Export:
    """A file as it should have been: its lines, what stands between the cells of a line, and where amount and day stand in it."""

    file_name: str
    lines: tuple[str, ...]
    mark: str
    amount: tuple[str, int]
    day: tuple[str, int]
    others: Mapping[str, bytes]
    bad_amount: str = "=1+x"

    def is_item(self, line: str) -> bool:
        """Whether a line tells an amount and a day."""
        cells = line.split(self.mark)
        place = max(self.amount[1], self.day[1])
        return len(cells) > place and any(sign.isdigit() for sign in cells[self.day[1]])

    def damaged(self, count: int) -> dict[int, str]:
        """Some lines with an amount, a day or both that nobody can read, by line number."""
        items = [n for n, line in enumerate(self.lines, 1) if self.is_item(line)]
        chosen = items[:: max(len(items) // count, 1)][:count]
        assert len(chosen) == count
        return {n: self._damaged(self.lines[n - 1], place) for place, n in enumerate(chosen)}

    def _damaged(self, line: str, place: int) -> str:
        cells = line.split(self.mark)
        if place % 3 != 1:
            cells[self.amount[1]] = self.bad_amount.ljust(len(cells[self.amount[1]]))
        if place % 3 != 0:
            cells[self.day[1]] = "31.02.2024".ljust(len(cells[self.day[1]]))
        return self.mark.join(cells)

    def write(self, folder: Path, damaged: Mapping[int, str]) -> None:
        """Write the file, damaged or not, and those it needs beside it."""
        lines = [damaged.get(n, line) for n, line in enumerate(self.lines, 1)]
        path = folder / self.file_name
        if path.suffix == ".xlsx":
            workbook(path, [line.split(self.mark) for line in lines])
        else:
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        for name, content in self.others.items():
            (folder / name).write_bytes(content)

    def right_value(self, line_no: int, column: str) -> str:
        """What a column of a line should have said."""
        place = dict((self.amount, self.day))[column]
        return self.lines[line_no - 1].split(self.mark)[place].strip()


def canonical(folder: Path, count: int) -> Export:
    """Documents of ten customers as a canonical file."""
    rows = [
        document(
            f"D{n}",
            f"{100 + n}.{n % 100:02d}",
            doc_date=date(2023, 9, 1) + timedelta(days=n % 150),
            customer_id=f"C{n % 10}",
            text='says "no", twice' if n % 7 == 0 else None,
        )
        for n in range(count)
    ]
    told = {"company": [company()], "customer": [customer(f"C{n}") for n in range(10)], "document": rows}
    paths = {path.name.split("__")[0]: path for path in write_canonical(folder, told, "ES01", DAY)}
    texts = {path.name: path.read_bytes() for path in paths.values()}
    name = paths["document"].name
    lines = tuple(texts.pop(name).decode().splitlines())
    head = lines[0].split(",")
    return Export(
        name, lines, ",", ("amount_doc", head.index("amount_doc")), ("doc_date", head.index("doc_date")), texts
    )


def items(count: int) -> list[Item]:
    """Open invoices of ten SAP customers."""
    return [
        Item(
            str(100_000 + n * 10 // count),
            str(9_000_000_000 + n),
            Decimal(10_000 + n * 7) / 100,
            doc_date=date(2023, 9, 1) + timedelta(days=n % 150),
            due_date=date(2023, 10, 1) + timedelta(days=n % 150),
        )
        for n in range(count)
    ]


def drawn(_folder: Path, count: int) -> Export:
    """A drawn FBL5N list with a head, a header and totals for each customer."""
    lines = tuple(drawn_list(items(count), DE, printed=DAY, key_date=DAY).splitlines())
    amount, day = (IN_BLOCKS.index(role) + 2 for role in ("amount_local", "doc_date"))
    return Export(f"fbl5n_{DAY}.txt", lines, "|", ("amount_local", amount), ("doc_date", day), {})


def sheet(_folder: Path, count: int) -> Export:
    """The same items as a workbook."""
    lines = tuple(line.removeprefix("\t") for line in tab_text(items(count), DE).splitlines())
    amount, day = (FLAT.index(role) for role in ("amount_local", "doc_date"))
    return Export(f"fbl5n_{DAY}.xlsx", lines, "\t", ("amount_local", amount), ("doc_date", day), {}, "@1+x")


EXPORTS: Final[Mapping[str, Callable[[Path, int], Export]]] = {
    "canonical CSV": canonical,
    "drawn SAP list": drawn,
    "workbook": sheet,
}


def home_with(root: Path, export: Export, damaged: Mapping[int, str]) -> Path:
    """A home that has landed an export and published it."""
    receivables.init(root)
    (root / "receivables.toml").write_text(SETTINGS, encoding="utf-8")
    export.write(root / "inbox", damaged)
    receivables.ingest([root / "inbox"], root)
    receivables.build(root)
    return root


def read(path: Path) -> list[dict[str, str]]:
    """The rows of an exported table, read without the product."""
    if path.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    head = [str(name) for name in next(rows)]
    return [{name: str(cell or "") for name, cell in zip(head, row, strict=True)} for row in rows]


def filled(table: Path, answer: Callable[[Row], Answer], target: Path) -> Path:
    """The same table with what a person fills in, all else as it was."""
    if table.suffix == ".csv":
        return saved([{**row, **answer(row)} for row in read(table)], target)
    book = openpyxl.load_workbook(table)
    page = book.worksheets[0]
    head = [str(cell.value) for cell in page[1]]
    for number, row in enumerate(read(table), 2):
        for name, text in answer(row).items():
            page.cell(number, head.index(name) + 1, text).data_type = "s"
    book.save(target)
    return target


def saved(rows: Iterable[Row], target: Path, delimiter: str = ",") -> Path:
    """Rows as a CSV file."""
    told = list(rows)
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(told[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(told)
    return target


def right_answers(export: Export) -> Callable[[Row], Answer]:
    """What a careful person fills in: the whole line of every second, the right value of the others."""

    def answer(row: Row) -> Answer:
        number = int(row["line_no"])
        if number % 2:
            return {"repaired_line": export.lines[number - 1]}
        return {"repaired_value": export.right_value(number, row["column_name"])}

    return answer


def take_out(home: Path, name: str = "out.xlsx") -> Path:
    """Export the quarantine beside the home."""
    target = home.parent / f"{home.name}-{len(list(home.parent.glob(f'{home.name}-*')))}-{name}"
    assert command("findings", "export", target, "--home", home).exit_code == 0
    return target
