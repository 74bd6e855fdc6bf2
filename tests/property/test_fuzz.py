"""Exports damaged at random: never a traceback, never a line unaccounted for, never money turned into zero or nothing.

`RECEIVABLES_FUZZ` is the number of files tried (a slice by default; `make study` tries ten thousand). Where the reference data is
present, its samples of all dialects are damaged too; else the small exports made here.
"""

from __future__ import annotations

import os
import random
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from big_exports import kingdee_lines, sap_lines
from exports import QUICK
from intake_files import AS_OF, LENIENT, SINGLE, TODAY, physical_lines
from receivables.engine import Connection, connect
from receivables.errors import FileRefused
from receivables.intake.company import Companies
from receivables.intake.profile import shipped
from receivables.intake.read import Landed, Request, read_file

if TYPE_CHECKING:
    from collections.abc import Callable

TRIED: Final = int(os.environ.get("RECEIVABLES_FUZZ", "10" if QUICK else "30"))
KNOWN: Final = Companies("ES01", {"ES01": "EUR", "1000": "EUR"})
ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "gb18030", "cp850")
GARBAGE: Final = (
    '"',
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "\x00",
    "#REF!",
    "-",
    "1.234",
    "99/99/9999",
    "\u200b",
    "９",
    "(1)",
    "=1+1",
    "Total",
    "€",
)


@dataclass(frozen=True)
class Original:
    """A sound export: its name and bytes."""

    name: str
    content: bytes


def own_exports() -> list[Original]:
    """The small exports that need no reference data."""
    sap = "\n".join(sap_lines(12)).encode("cp1252")
    kingdee = "\n".join(kingdee_lines(12)).encode("gb18030")
    listed = "customer,invoice,date,due,settled date,currency,amount\n" + "".join(
        f"C{n % 3},{n},2024-01-{n + 1:02d},2024-02-{n + 1:02d},,EUR,{n + 1}.50\n" for n in range(9)
    )
    return [Original("fbl5n.txt", sap), Original("应收单.csv", kingdee), Original("list.csv", listed.encode())]


def samples(folder: str | None) -> list[Original]:
    """The reference data's samples, or none."""
    if not folder:
        return []
    found = sorted(path for path in (Path(folder) / "erp" / "samples").rglob("*") if path.is_file())
    return [Original(path.name, path.read_bytes()) for path in found]


def truncated(dice: random.Random, content: bytes) -> bytes:
    """Cut off somewhere, as by a broken transfer."""
    return content[: dice.randrange(len(content) + 1)]


def noisy(dice: random.Random, content: bytes) -> bytes:
    """Some bytes replaced by others."""
    broken = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        if broken:
            broken[dice.randrange(len(broken))] = dice.randrange(256)
    return bytes(broken)


def as_text(content: bytes) -> str:
    """The export's text in the first encoding that fits it."""
    for encoding in (
        "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig",
        "gb18030",
        "cp1252",
        "latin-1",
    ):
        try:
            return content.decode(encoding)
        except UnicodeError:
            continue
    return ""


def recoded(dice: random.Random, content: bytes) -> bytes:
    """The same text in another encoding."""
    return as_text(content).encode(dice.choice(ENCODINGS), errors="replace")


def shuffled(dice: random.Random, content: bytes) -> bytes:
    """The columns of a delimited text in another order, the same in every line that has them all."""
    lines = as_text(content).split("\n")
    mark = max(",;\t|", key=lambda mark: sum(line.count(mark) for line in lines))
    width = max(line.count(mark) for line in lines) + 1
    order = dice.sample(range(width), width)
    cut = [line.split(mark) for line in lines]
    return "\n".join(
        mark.join(cells[n] for n in order) if len(cells) == width else mark.join(cells) for cells in cut
    ).encode()


def garbled(dice: random.Random, content: bytes) -> bytes:
    """Texts put into the middle of others, lines doubled, left out or swapped."""
    lines = as_text(content).split("\n")
    for _ in range(dice.randint(1, 5)):
        place = dice.randrange(len(lines))
        match dice.randrange(4):
            case 0:
                at = dice.randrange(len(lines[place]) + 1)
                lines[place] = lines[place][:at] + dice.choice(GARBAGE) + lines[place][at:]
            case 1:
                lines.insert(place, lines[dice.randrange(len(lines))])
            case 2 if len(lines) > 1:
                lines.pop(place)
            case _:
                other = dice.randrange(len(lines))
                lines[place], lines[other] = lines[other], lines[place]
    return "\n".join(lines).encode("utf-8", errors="replace")


def random_bytes(dice: random.Random, content: bytes) -> bytes:
    """Nothing of the export at all."""
    return dice.randbytes(dice.randint(1, max(2, len(content) // 4)))


DAMAGES: Final[tuple[Callable[[random.Random, bytes], bytes], ...]] = (
    truncated,
    noisy,
    recoded,
    shuffled,
    garbled,
    random_bytes,
)


def check(path: Path) -> None:
    """Read one damaged file and hold what came of it against the promises."""
    scratch = path.parent / f"{path.name}.scratch"
    scratch.mkdir()
    with closing(connect(settings=SINGLE)) as con:
        try:
            landed = read_file(con, Request(path, shipped(), LENIENT, KNOWN, TODAY, AS_OF), scratch)
        except FileRefused as refusal:
            if "\n" in str(refusal) or not refusal.reason:
                raise
            return
        assert_whole(con, landed, path)


def assert_whole(con: Connection, landed: Landed, path: Path) -> None:
    """Every line has one outcome, every quarantined one its text, and no money was lost on the way."""
    counted = sum(landed.account.lines.values())
    if landed.source.kind == "text":
        assert counted == physical_lines(path, landed.encoding)
    ((quarantined, kept),) = con.execute(
        "select (select count(*) from outcome where outcome = 'quarantined'),"
        " (select count(distinct line_no) from finding where action = 'quarantine' and raw_line is not null)"
    ).fetchall()
    assert quarantined == kept
    if "entry" in landed.tables and {"amount", "amount_local", "debit"} & landed.profile.columns.keys():
        lost = con.execute(
            "select line_no from landing.entry where amount_doc is null or (amount_doc = 0 and coalesce(open_doc, 0) = 0) limit 1"
        ).fetchall()
        assert lost == []


@pytest.mark.parametrize("seed", range(0, TRIED, 10))
def test_damaged_exports(tmp_path: Path, seed: int) -> None:
    originals = own_exports() + samples(os.environ.get("RECEIVABLES_REFERENCE_DATA"))
    for number in range(seed, min(TRIED, seed + 10)):
        dice = random.Random(number)
        original = originals[number % len(originals)]
        content = dice.choice(DAMAGES)(dice, original.content)
        path = tmp_path / f"{number}" / original.name
        path.parent.mkdir()
        path.write_bytes(content)
        check(path)
