"""The account of a file: every physical line loaded, quarantined or skipped; thresholds, control totals, the extract's date."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports import QUICK
from intake_files import (
    AS_OF,
    HEADER,
    LENIENT,
    Got,
    invoice,
    invoices,
    physical_lines,
    read,
    user_profile,
    write,
)
from receivables.errors import FileRefused
from receivables.intake.read import date_in_name
from receivables.settings import Ingest, Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_lines_and_rows_are_counted_once_each(tmp_path: Path) -> None:
    text = f'Invoices\n\n{HEADER},note\n{invoice(1)},"two\nlines"\n{invoice(2, "x")},\n{invoice(1)},"two\nlines"\nshort\n\n'
    path = write(tmp_path, "list.csv", text)
    got = read(path, settings=LENIENT)
    assert (got.lines("loaded"), got.lines("quarantined"), got.lines("skipped")) == (2, 2, 6)
    assert got.lines() == physical_lines(path, "utf-8") == 10
    assert {what: n for (_, _, what), n in got.account.rows.items() if what == "loaded"} == {"loaded": 1}
    skipped = {f.reason_code: f.count for f in got.findings if f.action == "skip"}
    assert skipped == {"FILE_TITLE_LINES": 1, "SKIP_BLANK": 2, "SKIP_HEADER": 1, "KEY_DUPLICATE_SAME": 2}


def some(tmp_path: Path, bad: int, of: int, amount: str = "100.00", settings: Settings | None = None) -> Got:
    """A list of which some rows have an unreadable due date."""
    lines = [invoice(n, amount if n < bad else "100.00", due="never" if n < bad else "2024-02-04") for n in range(of)]
    return read(write(tmp_path, "list.csv", invoices(*lines)), settings=settings)


@pytest.mark.parametrize(
    ("bad", "of", "amount", "status"),
    [
        (0, 200, "100.00", "ok"),
        (1, 200, "100.00", "warn"),
        (1, 199, "100.00", "needs_person"),
        (1, 200, "100.01", "needs_person"),
        (10, 200, "100.00", "needs_person"),
    ],
)
def test_the_share_in_quarantine_of_rows_or_value_gives_the_status(
    tmp_path: Path, bad: int, of: int, amount: str, status: str
) -> None:
    assert some(tmp_path, bad, of, amount).account.status == status


@pytest.mark.parametrize(("bad", "amount"), [(11, "100.00"), (1, "5000.00")])
def test_above_the_limit_the_file_is_refused_with_an_example(tmp_path: Path, bad: int, amount: str) -> None:
    with pytest.raises(
        FileRefused, match=rf"{bad} of 200 rows unreadable \(line 2: DATE_IMPOSSIBLE due_date never\)"
    ) as refusal:
        some(tmp_path, bad, 200, amount)
    assert refusal.value.reason == "QUARANTINE_SHARE"


def test_the_limits_are_settings(tmp_path: Path) -> None:
    strict = Settings(ingest=Ingest(refuse_pct=0))
    with pytest.raises(FileRefused, match="at most 0 % in quarantine"):
        some(tmp_path, 1, 200, settings=strict)
    easy = Settings(ingest=Ingest(refuse_pct=60, needs_person_pct=50))
    assert some(tmp_path, 100, 200, settings=easy).account.status == "warn"


def test_a_line_nothing_explains_needs_a_person_whatever_its_share(tmp_path: Path) -> None:
    lines = [invoice(n) for n in range(1000)]
    got = read(write(tmp_path, "list.csv", invoices(*lines, "a,line,of,another,list")))
    assert (got.account.status, got.quarantined()) == ("needs_person", [(1002, None, "ROW_UNCLASSIFIED")])


def test_the_file_s_own_total_is_held_against_its_rows(tmp_path: Path) -> None:
    rows = [invoice(1, "60.00"), invoice(2, "40.50")]
    got = read(write(tmp_path, "list.csv", invoices(*rows, ",,,,,,100.50")))
    assert (got.account.control_total, got.account.control_total_file) == (Decimal("100.50"), Decimal("100.50"))
    with pytest.raises(FileRefused, match=r"rows sum to 100.5000 and whose total says 160.5000") as refusal:
        read(write(tmp_path, "list.csv", invoices(*rows, ",,,,,,160.50")))
    assert refusal.value.reason == "FILE_TRUNCATED"


def test_a_quarantined_row_still_counts_in_the_control_total_where_its_amount_is_readable(tmp_path: Path) -> None:
    rows = [invoice(1, "60.00"), invoice(2, "40.00", due="never")]
    assert read(write(tmp_path, "list.csv", invoices(*rows, ",,,,,,100.00")), settings=LENIENT).lines("loaded") == 1
    with pytest.raises(FileRefused, match="whose total says"):
        read(write(tmp_path, "list.csv", invoices(*rows, ",,,,,,60.00")), settings=LENIENT)


def test_an_unreadable_amount_leaves_the_total_open(tmp_path: Path) -> None:
    rows = [invoice(1, "60.00"), invoice(2, "forty")]
    got = read(write(tmp_path, "list.csv", invoices(*rows, ",,,,,,100.00")), settings=LENIENT)
    assert (got.account.control_total, got.account.control_total_file) == (Decimal(60), Decimal(100))


def test_subtotals_are_not_taken_for_the_file_s_total(tmp_path: Path) -> None:
    rows = [invoice(1), ",,,,,,100.00", invoice(2)]
    assert read(write(tmp_path, "list.csv", invoices(*rows))).account.control_total_file is None
    rows.append(",,,,,,200.00")
    assert read(write(tmp_path, "list.csv", invoices(*rows))).account.control_total_file is None


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("list_2024-10-15.csv", date(2024, 10, 15)),
        ("list_20241015.csv", date(2024, 10, 15)),
        ("2023-01-01_list_2024-10-15.csv", date(2024, 10, 15)),
        ("list_2024-02-30.csv", None),
        ("list_9120240331.csv", None),
        ("list_202403311.csv", None),
        ("list.csv", None),
    ],
)
def test_the_date_in_a_file_name(name: str, day: date | None) -> None:
    assert date_in_name(name) == day


def test_the_extract_s_date_is_what_is_said_else_the_name_s_else_the_latest_told(tmp_path: Path) -> None:
    text = invoices(invoice(1), invoice(2, date="2024-03-01", settled="2024-04-01"), invoice(3, due="2025-01-01"))
    dated, plain = write(tmp_path, "list_2024-06-30.csv", text), write(tmp_path, "list.csv", text)
    days = [read(dated, extract_as_of=AS_OF), read(dated), read(plain)]
    assert [got.landed.extract_as_of for got in days] == [AS_OF, date(2024, 6, 30), date(2024, 4, 1)]


def test_an_extract_is_never_of_a_day_to_come(tmp_path: Path) -> None:
    text = invoices(invoice(1), invoice(2, date="2027-03-01"))
    assert read(write(tmp_path, "list.csv", text)).landed.extract_as_of == date(2024, 1, 5)
    with pytest.raises(FileRefused, match="extracted on 2027-06-30, a day to come") as refusal:
        read(write(tmp_path, "list_2027-06-30.csv", text))
    assert refusal.value.reason == "EXTRACT_DATE_UNKNOWN"


def test_a_profile_that_needs_a_date_says_where_it_may_stand(tmp_path: Path) -> None:
    profile = user_profile(tmp_path, 'extends = "invoice_list"\nid = "own"\nas_of_from = ["argument", "file_name"]\n')
    with pytest.raises(FileRefused, match="try --extract-as-of YYYY-MM-DD"):
        read(write(tmp_path, "list.csv", invoices(invoice(1))), profile)


def test_the_mode_is_what_is_said_else_the_profile_s(tmp_path: Path) -> None:
    path = write(tmp_path, "list.csv", invoices(invoice(1)))
    own = user_profile(tmp_path, 'extends = "invoice_list"\nid = "own"\nhistory = "cleared_rows"\n')
    assert [got.landed.mode for got in (read(path), read(path, own), read(path, own, mode="delta"))] == [
        "full",
        "open_items",
        "delta",
    ]
    settled = write(tmp_path, "settled.csv", invoices(invoice(1, settled="2024-02-01")))
    assert read(settled, own).landed.mode == "full"


PIECES = [
    "A",
    "7",
    "",
    "2024-01-05",
    "2024-99-99",
    "100.00",
    "1.234,56",
    "(5.00)",
    "EUR",
    '"',
    '""',
    ",",
    ";",
    "\t",
    "|",
    "é",
    "\u200b",
    "\x0b",
]


@settings(max_examples=8 if QUICK else 30, deadline=None, derandomize=True)
@given(
    lines=st.lists(st.lists(st.sampled_from(PIECES), max_size=9), max_size=5),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r", ""]), min_size=6, max_size=6),
    place=st.integers(0, 2),
)
def test_any_text_is_read_or_refused_and_its_lines_add_up(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], ends: list[str], place: int
) -> None:
    texts = [",".join(cells) for cells in lines]
    texts[place:place] = [HEADER, invoice(1)]
    text = "".join(line + end for line, end in zip(texts, [*ends, "\n"], strict=False))
    path = write(tmp_path_factory.mktemp("any"), "list.csv", text)
    try:
        got = read(path, settings=LENIENT, extract_as_of=AS_OF)
    except FileRefused as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017  # any refusal will do, as long as it is one line
    else:
        assert got.lines() == physical_lines(path, "utf-8")
        assert sum(n for _, n, _ in got.records) == got.lines()
