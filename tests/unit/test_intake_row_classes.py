"""What every row of a report is: heads, items, totals, titles, trailers; what is carried to the rows below, and what is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Final

import pytest

from receivables.engine import Connection, connect
from receivables.errors import FileRefused
from receivables.intake.header import Header
from receivables.intake.profile import Rows
from receivables.intake.records import delimited_records, join_continued, refuse_wrapped
from receivables.intake.regular import no_regular
from receivables.intake.rows import carry, classify, group_values

Cells = Sequence[str]

ROLES: Final = {"customer": 1, "doc_type": 2, "doc_date": 3, "doc_no": 4, "due_date": 5, "amount": 6}
LABELS: Final = ("Customer", "Type", "Date", "Number", "Due", "Amount")
KEYS: Final = (1, 4, 3, 5)
NAMED: Final = Rows(group={"customer": "^([^\\t]+)$"}, total=("^Total\\b", "^小计", "^合计", "^Percentage"))


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with closing(connect()) as connection:
        yield connection


def row(customer: str = "", number: str = "", amount: str = "", day: str = "2024-05-15") -> tuple[str, ...]:
    """An item; without a number and a day it may be anything."""
    return (customer, "Invoice" if number else "", day if number else "", number, "", amount)


def head(words: str) -> tuple[str, ...]:
    return (words, "", "", "", "", "")


def sum_of(words: str, amount: str = "100.00") -> tuple[str, ...]:
    return (words, "", "", "", "", amount)


def classed(con: Connection, rules: Rows, *rows: Cells, above: Sequence[Cells] = ()) -> list[str]:
    """The class of every row below the header, which stands below those above."""
    lines = [*above, LABELS, *rows]
    con.execute("create or replace table record (line_no bigint, n_lines bigint, raw varchar, cells varchar[])")
    con.executemany(
        "insert into record values (?, 1, ?, ?)",
        [[n, ";".join(cells), list(cells)] for n, cells in enumerate(lines, 1)],
    )
    no_regular(con, [])
    classify(con, Header(len(above) + 1, LABELS, ROLES), rules, KEYS, [6])
    group_values(con, rules)
    found = con.execute("select row_class from classed order by line_no").fetchall()
    return [name for (name,) in found[: len(above)]] + [name for (name,) in found[len(above) + 1 :]]


def groups(con: Connection, role: str = "customer") -> list[Any]:
    """The head every item stands below."""
    return [
        value
        for (value,) in con.execute(
            f"select {role} from placed left join group_value on placed.group_no = group_value.group_no"
            " where placed.row_class = 'item' order by placed.line_no"
        ).fetchall()
    ]


def test_a_head_holds_until_its_total_and_rows_below_that_have_none(con: Connection) -> None:
    rows = [head("Ann"), row(number="1", amount="5"), sum_of("Total Ann"), row(number="2", amount="6"), head("Bob"),
            row(number="3", amount="7"), sum_of("Total Bob"), sum_of("Total")]  # fmt: skip
    assert classed(con, NAMED, *rows) == ["group", "item", "total", "item", "group", "item", "total", "total"]
    assert groups(con) == ["Ann", None, "Bob"]


def test_heads_with_a_label_hold_past_sums_that_do_not_name_them(con: Connection) -> None:
    rules = Rows(group={"customer": "^客户[:：]\\s*(\\S+)"}, total=("(?:^|\\t)(?:本月合计|小计)",))
    rows = [head("客户：0001"), row(number="1", amount="5"), sum_of("本月合计"), row(number="2", amount="6"),
            sum_of("小计 0001"), row(number="3", amount="7"), head("客户：0002"), row(number="4", amount="8")]  # fmt: skip
    assert classed(con, rules, *rows) == ["group", "item", "total", "item", "total", "item", "group", "item"]
    assert groups(con) == ["0001", "0001", None, "0002"]


def test_a_customer_called_total_is_an_item_with_a_number_and_a_head_without_amounts(con: Connection) -> None:
    rows = [
        row("Total Gestión", "1", "5"),
        row("合计商贸", "2", "6"),
        head("Total Gestión"),
        row(number="3", amount="7"),
        head("合计商贸"),
        row(number="4", amount="8"),
        sum_of("Total Gestión"),
        ("Total", "", "2024-05-15", "", "", "9"),
    ]
    assert classed(con, NAMED, *rows) == ["item", "item", "group", "item", "group", "item", "total", "item"]
    assert groups(con)[2:4] == ["Total Gestión", "合计商贸"]


def test_a_total_without_an_amount_is_one_where_no_head_could_be(con: Connection) -> None:
    rules = Rows(total=("^合计",))
    assert classed(con, rules, row("A", "1", "5"), head("合计"), ("", "", "", "合计", "", "5")) == [
        "item",
        "total",
        "total",
    ]


def test_lines_above_the_header_are_heads_only_where_they_say_so(con: Connection) -> None:
    labelled = Rows(group={"customer": "^Customer: (\\S+)", "company": "^Company (\\S+)"}, group_start="customer")
    above = [head("Acme Ltd"), ("Customer: 0001", "", "", "Period: 2024.01", "", "EUR"), head("Company C1")]
    assert classed(con, labelled, row(number="1", amount="5"), above=above) == ["title", "group", "group", "item"]
    assert (groups(con), groups(con, "company")) == (["0001"], ["C1"])
    assert classed(con, NAMED, row(number="1", amount="5"), above=above) == ["title"] * 3 + ["item"]
    assert groups(con) == [None]


def test_titles_and_trailers_have_no_amount(con: Connection) -> None:
    rules = Rows(title=("^\\d+ - \\d+ days", "^CURRENT$"), trailer=("^Printed", "^(Mon|Tues)day, "))
    rows = [head("31 - 60 days past due"), row("CURRENT", "1", "5"), row("Printed Matter", "2", "5"), sum_of("Printed", "7"),
            head(" Tuesday, October 15, 2024"), ("Printed on 2024-10-15",), head("unknown words")]  # fmt: skip
    assert classed(con, rules, *rows) == ["title", "item", "item", "item", "trailer", "trailer", "item"]


def test_short_rows_may_be_anything_but_items(con: Connection) -> None:
    rows = [
        ("Ann",),
        row(number="1", amount="5"),
        ("Total Ann",),
        ("x", "y"),
        row("A", "1", "5")[:5],
        (*row("A", "1", "5"), ""),
    ]
    assert classed(con, NAMED, *rows)[:2] == ["group", "item"]
    rules = Rows(total=("^Total",))
    assert classed(con, rules, *rows) == ["unclassified", "item", "total", *["unclassified"] * 3]


def test_later_pages_repeat_the_header_and_the_lines_above_it(con: Connection) -> None:
    above = [head("Open items of Acme"), ("", "", "", "Page 1", "", "")]
    rows = [row("A", "1", "5"), head("\fOpen items of Acme"), ("", "", "", "Page 2", "", ""), LABELS,
            tuple(f" {label}  " for label in LABELS), row("A", "2", "6")]  # fmt: skip
    assert classed(con, Rows(), *rows, above=above)[2:] == ["item", "title", "title", "header", "header", "item"]


def test_a_row_of_amounts_alone_is_a_total(con: Connection) -> None:
    assert classed(con, Rows(), row("A", "1", "5"), sum_of(""), ("", "Sum", "", "", "", "5")) == [
        "item",
        "total",
        "total",
    ]
    children = Rows(child_of="doc_no")
    assert classed(con, children, row("A", "1", "5"), sum_of(""), ("", "Line", "", "", "", "5")) == [
        "item",
        "total",
        "item",
    ]


def cells_of(con: Connection) -> list[list[str]]:
    return [
        cells
        for (cells,) in con.execute("select cells from classed where row_class = 'item' order by line_no").fetchall()
    ]


def test_merged_cells_are_filled_from_above_until_a_total_or_a_row_nobody_understands(con: Connection) -> None:
    rows = [row("A", "1", "5"), row("", "2", "6"), sum_of("小计"), row("", "3", "7"), row("B", "4", "8"), ("broken", "row"),
            row("", "5", "9")]  # fmt: skip
    classed(con, Rows(total=("^小计",), fill_down=("customer",)), *rows)
    carry(con, Header(1, LABELS, ROLES), [1], None)
    assert [cells[0] for cells in cells_of(con)] == ["A", "A", "", "B", ""]
    assert [cells[5] for cells in cells_of(con)] == ["5", "6", "7", "8", "9"]


def test_a_total_ends_what_stands_from_its_words_on(con: Connection) -> None:
    rows = [
        ("2024", "", "", "", "", "0"),
        ("2024", "", "03", "X1", "", "5"),
        ("", "", "", "本月合计", "", "5"),
        ("", "", "04", "X2", "", "6"),
    ]
    classed(con, Rows(total=("(?:^|\\t)本月合计",), fill_down=("doc_date",)), *rows)
    carry(con, Header(1, LABELS, ROLES), [1], None)
    assert [cells[0] for cells in cells_of(con)] == ["2024"] * 3


def test_rows_without_a_key_take_what_the_record_above_tells(con: Connection) -> None:
    rows = [row("A", "1", "5"), ("", "Line", "", "", "", ""), ("", "Line", "", "", "", "3"), row("B", "2", "6"), head("Ann"),
            ("", "Line", "", "", "", "4")]  # fmt: skip
    rules = Rows(child_of="doc_no", group={"customer": "^(Ann)$"})
    classed(con, rules, *rows)
    carry(con, Header(1, LABELS, ROLES), [1, 3, 4, 6], 4, keep=[6])
    assert cells_of(con) == [
        ["A", "Invoice", "2024-05-15", "1", "", "5"],
        ["A", "Line", "2024-05-15", "1", "", ""],
        ["A", "Line", "2024-05-15", "1", "", "3"],
        ["B", "Invoice", "2024-05-15", "2", "", "6"],
        ["", "Line", "", "", "", "4"],
    ]


def test_nothing_is_carried_where_nothing_is_asked(con: Connection) -> None:
    classed(con, Rows(), row("A", "1", "5"), row("", "2", "6"))
    before = con.execute("select * from classed order by line_no").fetchall()
    carry(con, Header(1, LABELS, ROLES), [], None)
    assert con.execute("select * from classed order by line_no").fetchall() == before


def joined(con: Connection, text: str, rules: Rows | None = None) -> list[tuple[int, int, str]]:
    """First line, number of lines and fourth cell of every record below the header, after joining."""
    con.execute("create or replace table line (line_no bigint, raw varchar)")
    con.executemany("insert into line values (?, ?)", [[n, line] for n, line in enumerate(text.split("\n"), 1)])
    for kind in ("table", "view"):
        if con.execute(f"select 1 from duckdb_{kind}s() where {kind}_name = 'framed'").fetchall():
            con.execute(f"drop {kind} framed")
    delimited_records(con, ";", 100)
    header = Header(
        1, ("Customer", "No", "Date", "Text", "Amount"), {"customer": 1, "doc_no": 2, "doc_date": 3, "amount": 5}
    )
    join_continued(con, header, rules or Rows(), [3], [5])
    return con.execute("select line_no, n_lines, cells[4] from record where line_no > 1 order by line_no").fetchall()


TOP: Final = "Customer;No;Date;Text;Amount\n"


@pytest.mark.parametrize(
    ("lines", "records"),
    [
        ("A;1;2024-05-15;one\ntwo;5,00\nA;2;2024-05-15;x;6,00", [(2, 2, "one\ntwo"), (4, 1, "x")]),
        ("A;1;2024-05-15;one\n\nthree;5,00", [(2, 3, "one\n\nthree")]),
        (
            "A;1;15.05.2024;one\ntwo\nthree;-5,00 €\nA;2;15.05.2024;four\nfive;6,00",
            [(2, 3, "one\ntwo\nthree"), (5, 2, "four\nfive")],
        ),
    ],
)
def test_a_line_break_without_quotes_is_healed(
    con: Connection, lines: str, records: list[tuple[int, int, str]]
) -> None:
    assert joined(con, TOP + lines) == records


@pytest.mark.parametrize(
    "lines",
    [
        "A;1;2024-05-15;cut off\nB;2;2024-05-15;x;6,00",
        "A;1;2024-05-15\nB;2;2024-05-15",
        "A;1;2024-05-15;no amount\ntwo;none",
        "A;1\nB;2;2024-05-15;6,00",
        "A;1;2024-05-15;x;5,00\nsome words",
        "A;1;2024-05-15;one\nTotal A;5,00",
        "A;1;2024-05-15;one\nA;2;2024-05-15;x;6,00\ntwo;5,00",
        "A;1;2024-05-15;one;two;5,00\nthree",
    ],
)
def test_lines_that_do_not_fit_together_stay_apart(con: Connection, lines: str) -> None:
    records = joined(con, TOP + lines, Rows(total=("^Total",)))
    assert [n for n, _, _ in records] == list(range(2, 2 + len(lines.split("\n"))))


WRAPPED: Final = """Dynamic List Display      1

Customer  100001
---------------------------
|S|Document  |Ty|Doc. Date |
|  |Amount in LC|Clearing  |
---------------------------
|@|9000000001|RV|01.03.2024|
|  |    1.234,56|1400000001|
|@|9000000002|RV|02.03.2024|
|  |   10.000,00|          |
---------------------------
"""
EVEN: Final = """---------------------------
|S|Document  |Ty|Doc. Date |
|S|Amount    |Cu|Clearing  |
---------------------------
|@|9000000001|RV|01.03.2024|
| |  1.234,56|EU|          |
|@|9000000002|RV|02.03.2024|
| | 10.000,00|EU|          |
"""
TALL: Final = """---------------------------
|S|Document  |Ty|Document  |
| |number    |  |date      |
---------------------------
|@|9000000001|RV|01.03.2024|
|@|9000000002|RV|02.03.2024|
|@|9000000003|RV|03.03.2024|
"""


@pytest.mark.parametrize("text", [WRAPPED, EVEN])
def test_a_list_wider_than_its_page_is_refused(text: str) -> None:
    lines = text.split("\n")
    with pytest.raises(FileRefused, match="a layout with fewer or narrower columns") as refusal:
        refuse_wrapped(lines, "fbl5n.txt")
    assert refusal.value.reason == "COL_SHIFT"


@pytest.mark.parametrize(
    "text",
    [
        TALL,
        TALL.replace("| |number    |  |date      |\n", ""),
        "|a|b|\n|c|d|\n|1|2|\n|3|4|",
        "---------\n|a|b|\n---------\n|c|d|\n|e|f|\n---------",
        "---------\n|a|b|\n|c|d|\n---------\n---------",
        "",
    ],
)
def test_other_lists_are_not_taken_for_wrapped_ones(text: str) -> None:
    refuse_wrapped(text.split("\n"), "list.txt")
