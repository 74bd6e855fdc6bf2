"""The rows below the header of an unknown file: which are data, and which a profile must know by their words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from receivables.intake.drafting.vocabulary import vocabulary
from receivables.intake.sqltext import FILLED, lit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.drafting.survey import Survey

RULE = r"^[\s|+=_-]{5,}$"
"""A line drawn under a header or above a total."""


@dataclass(frozen=True)
class Other:
    """A row below the header that is no data: its line, and what it says."""

    line_no: int
    words: str


@dataclass(frozen=True)
class RowsFound:
    """How many rows are data, and the rest: lines that are drawn, totals, and lines below the last row or between rows that fit neither."""

    data: int
    rules: int
    totals: tuple[Other, ...]
    below: tuple[Other, ...]
    between: tuple[Other, ...]
    has_last_total: bool


def rows_of(con: duckdb.DuckDBPyConnection, found: Survey) -> RowsFound:
    """Create table `datum`(line_no, cells) of the rows that are data: as wide as the header and a third of it filled; returns what the others are."""
    width, labels = len(found.labels), sum(map(bool, found.labels))
    words = "|".join(re.escape(word) for word in sorted(vocabulary().words["total"], key=len, reverse=True))
    total = "(?i)^[^0-9]{0,3}(?:" + words + r")(?:[^\p{L}]|$)"
    con.execute(
        f"create or replace temp table told as select line_no, cells, {FILLED} as words, regexp_matches(raw, {lit(RULE)}) as is_rule,"
        f" regexp_matches({FILLED}, {lit(total)}) as is_total,"
        " len(list_filter(cells, lambda c: trim(c) <> '')) as filled"
        " from record where line_no > ?",
        [found.header_line],
    )
    header = "\t".join(label for label in found.labels if label)
    is_data = (
        f"len(cells) = {width} and filled * 3 >= {labels} and not is_total and not is_rule and words <> {lit(header)}"
    )
    con.execute(f"create or replace temp table datum as select line_no, cells from told where {is_data} and filled > 1")
    others = con.execute(
        f"select line_no, words, is_total from told where not is_rule and filled > 0 and words <> {lit(header)} and line_no not in (select line_no from datum) order by line_no limit 200"
    ).fetchall()
    (data, last), (rules,) = (
        con.execute("select count(*), coalesce(max(line_no), 0) from datum").fetchall()[0],
        con.execute("select count(*) from record where regexp_matches(raw, ?)", [RULE]).fetchall()[0],
    )
    totals = tuple(Other(n, text) for n, text, is_total in others if is_total)
    rest = [Other(n, text) for n, text, is_total in others if not is_total]
    return RowsFound(
        int(data),
        int(rules),
        totals,
        tuple(row for row in rest if row.line_no > last),
        tuple(row for row in rest if row.line_no < last),
        has_last_total=bool(totals) and totals[-1].line_no > last,
    )


def total_expressions(totals: Sequence[Other]) -> list[str]:
    """Expressions for the rows that sum others, by the word each begins with."""
    words = dict.fromkeys(_first_word(row.words) for row in totals)
    return [rf"(?i)^\W*{_plain(word)}\b" if word.isascii() else f"^{_plain(word)}" for word in words]


def trailer_expressions(below: Sequence[Other]) -> list[str]:
    """Expressions for the lines below all rows, by their words up to the first digit."""
    heads = dict.fromkeys(re.split(r"[\d\t]", row.words, maxsplit=1)[0].rstrip() for row in below)
    return [f"^{_plain(head)}" for head in heads if len(head) > 2]


def _first_word(text: str) -> str:
    found = re.search(r"[^\W\d_]+(?:-[^\W\d_]+)?", text)
    return found[0].casefold() if found else text


def _plain(text: str) -> str:
    """The text as an expression that fits it and nothing else; blanks fit any."""
    return re.sub(r"(\\ )+|\s+", r"\\s+", re.escape(text))
