"""Random damage to small files: never a traceback, never a line unaccounted for, never money that was not in the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports import tried
from fbl5n_lists import DE, FLAT, Item, drawn_list, tab_text
from intake_files import AS_OF, KNOWN, LENIENT, Got, physical_lines, read, write
from receivables.errors import FileRefused
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from pathlib import Path

HEADER: Final = "doc_id,customer_id,kind,state,doc_date,due_date,currency,amount_doc,amount_local,text"
GARBAGE: Final = (
    "",
    '"',
    '""',
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "#REF!",
    "NULL",
    "=1+1",
    "-",
    "9" * 30,
    "é\u200b",
    "\u2028",
    "2024-13-45",
    "1e9",
)
EXAMPLES: Final = tried(16, quick=6)
"""Files tried; a change of the intake deserves a few thousand."""

SAP: Final = Companies(None, {"1000": "EUR"})


@dataclass(frozen=True)
class Damage:
    """One blow to a text: `what` takes the place of `length` characters."""

    place: int
    length: int
    what: str

    def to(self, text: str) -> str:
        """The text after it."""
        place = self.place % (len(text) + 1)
        return text[:place] + self.what + text[place + self.length :]


DAMAGES: Final = st.lists(
    st.builds(Damage, st.integers(0, 10_000), st.integers(0, 12), st.sampled_from(GARBAGE)), min_size=1, max_size=4
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A small canonical file of invoices and credit notes."""
    lines = [HEADER]
    for number in range(draw(st.integers(0, 6))):
        amount = draw(st.decimals("-9999", "9999", places=2).filter(bool))
        day = date(2024, 1, 1) + timedelta(days=draw(st.integers(0, 300)))
        kind = "invoice" if amount > 0 else "credit_note"
        text = draw(st.sampled_from(("", "plain", '"quoted, with ""quotes"""', '"two\nlines"')))
        lines.append(f"D{number},C{number % 3},{kind},posted,{day},{day},EUR,{amount},{amount},{text}")
    return "\n".join(lines) + draw(st.sampled_from(("", "\n")))


def outcome(path: Path, encoding: str = "utf-8", companies: Companies | None = None) -> Got | None:
    """The file as read, its lines checked; None where it was refused in one line."""
    try:
        got = read(path, settings=LENIENT, extract_as_of=AS_OF, companies=companies or KNOWN)
    except FileRefused as refusal:
        if "\n" in str(refusal):
            raise
        return None
    assert got.lines() == physical_lines(path, encoding)
    assert sum(lines for _, lines, _ in got.records) == got.lines()
    assert all(value is not None for table in got.tables.values() for row in table for value in (row["company_id"],))
    return got


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(text=documents(), damages=DAMAGES)
def test_a_damaged_canonical_file(tmp_path_factory: pytest.TempPathFactory, text: str, damages: list[Damage]) -> None:
    folder = tmp_path_factory.mktemp("damage")
    for damage in damages:
        text = damage.to(text)
    got = outcome(write(folder, "document__ES01__2024-10-15.csv", text))
    for row in got.tables["document"] if got else ():
        assert f"{abs(row['amount_doc']):.2f}".rstrip("0").rstrip(".") in text.replace('"', "")


@settings(max_examples=EXAMPLES // 2, deadline=None, derandomize=True)
@given(is_drawn=st.booleans(), damages=DAMAGES)
def test_a_damaged_sap_list(tmp_path_factory: pytest.TempPathFactory, is_drawn: bool, damages: list[Damage]) -> None:
    cleared: dict[str, Any] = {"clearing_no": "1400000001", "clearing_date": date(2024, 4, 10)}
    items = [
        Item("100001", "9000000001", Decimal("1234.56"), text="März", **cleared),
        Item("100001", "1400000001", Decimal("-1234.56"), "DZ", **cleared),
        Item("100002", "9000000002", Decimal(2000), currency="USD", local=Decimal("1818.18")),
    ]
    text = drawn_list(items, DE, printed=AS_OF) if is_drawn else tab_text(items, DE, FLAT)
    for damage in damages:
        text = damage.to(text)
    outcome(write(tmp_path_factory.mktemp("damage"), "fbl5n.txt", text), companies=SAP)


@settings(max_examples=EXAMPLES // 3, deadline=None, derandomize=True)
@given(noise=st.binary(min_size=1, max_size=200), place=st.integers(0, 300))
def test_bytes_that_are_no_text(tmp_path_factory: pytest.TempPathFactory, noise: bytes, place: int) -> None:
    whole = f"{HEADER}\nD1,C1,invoice,posted,2024-01-01,,EUR,1,1,\n".encode()
    outcome(write(tmp_path_factory.mktemp("noise"), "document__ES01.csv", whole[:place] + noise + whole[place:]))
