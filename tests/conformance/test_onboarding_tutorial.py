"""The tutorial is true: its files are written, its commands run, its answers put in, and its balances are those of the files' own rows."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]  # it ships no type information and only writes here

import receivables
from homes import ROOT, command

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.wide

PAGE: Final = (ROOT / "data" / "ONBOARDING.md").read_text(encoding="utf-8")
STORIES: Final = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:4]
EDITS_MAX: Final = 10

OWED: Final = {
    "offene_posten.xlsx": ("CH01:", 0, 6, {".": "."}, "'"),
    "titulos.csv": ("BR01:", 0, 7, {",": "."}, "."),
    "ledger.txt": ("IE01:", 0, 6, {".": "."}, ","),
}
"""Of each file: company, the cell of the customer and that of what is left, its decimal sign, its thousands sign."""


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands behind the fence, and its text."""

    kind: str
    about: tuple[str, ...]
    text: str


def blocks(story: str) -> Iterator[Block]:
    for head, text in re.findall(r"^```([^\n]+)\n(.*?)^```$", story, flags=re.MULTILINE | re.DOTALL):
        kind, *about = head.split()
        yield Block(kind, tuple(about), text)


def write(block: Block) -> None:
    name, *encoding = block.about
    if name.endswith(".xlsx"):
        book = Workbook()
        for line in block.text.splitlines():
            book.active.append([cell.strip() or None for cell in line.split("|")])
        book.save(name)
        return
    Path(name).write_bytes(block.text.encode(encoding[0] if encoding else "utf-8"))


def answer(block: Block) -> None:
    """Put each line in the place of the first open question of its key."""
    lines = block.text.splitlines()
    assert 0 < len(lines) <= EDITS_MAX
    path = Path(block.about[0])
    draft = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        key = line.split(" = ")[0]
        place = next(n for n, drafted in enumerate(draft) if drafted.startswith(f"{key} = ") and "?: " in drafted)
        draft[place] = line
    path.write_text("\n".join(draft) + "\n", encoding="utf-8")


def run(line: str) -> str:
    program, *arguments = shlex.split(line)
    if program == "cp":
        shutil.copy(*arguments)
        return ""
    assert program == "receivables"
    ended = command(*arguments)
    assert ended.exit_code == 0, (line, ended.stdout, ended.stderr)
    return ended.stdout


def table(story: str) -> dict[str, Decimal]:
    rows = re.findall(r"^\| (\S+:\S+) \| ([\d.]+) \|$", story, flags=re.MULTILINE)
    return {customer: Decimal(amount) for customer, amount in rows}


def owed(block: Block) -> dict[str, Decimal]:
    """What the rows of the file say, summed in plain Python: every row whose first cell is an account."""
    company, who, rest, decimal, thousands = OWED[block.about[0]]
    found: dict[str, Decimal] = {}
    for line in block.text.splitlines():
        cells = [cell.strip() for cell in re.split(r"\s*\|\s*|;|\s{2,}", line)]
        if len(cells) > rest and re.fullmatch(r"C?\d{3,5}", cells[who]):
            ((mark, point),) = decimal.items()
            amount = Decimal(cells[rest].replace(thousands, "").replace(mark, point))
            found[company + cells[who]] = found.get(company + cells[who], Decimal(0)) + amount
    return found


@pytest.mark.parametrize("story", STORIES, ids=[story.splitlines()[0] for story in STORIES])
def test_a_story_of_the_tutorial_is_true(story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    shown, asked, edited = "", 0, 0
    expected: dict[str, Decimal] = {}
    for block in blocks(story):
        match block.kind:
            case "file":
                write(block)
                expected = owed(block)
            case "sh":
                shown = "\n".join(run(line) for line in block.text.splitlines())
                if "profiles new" in block.text:
                    (asked,) = map(int, re.findall(r"(\d+) questions open", shown))
            case "edit":
                edited = len(block.text.splitlines())
                answer(block)
            case "shows":
                missing = [line for line in block.text.splitlines() if line not in shown.splitlines()]
                assert missing == [], shown
            case "sql":
                with receivables.open_warehouse(block.about[0]) as warehouse:
                    told = dict(warehouse.con.execute(block.text).fetchall())
                assert told == table(story) == expected
    assert edited == asked
    assert expected
