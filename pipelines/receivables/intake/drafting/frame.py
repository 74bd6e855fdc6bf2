"""What a draft says of the file around its columns: how it is cut and written, what day it is of, and its rows that are no data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from receivables.intake.drafting.rows_of import RULE, total_expressions, trailer_expressions
from receivables.intake.drafting.text import Line, Section, shortened
from receivables.intake.drafting.vocabulary import vocabulary
from receivables.intake.read import date_in_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from receivables.intake.drafting.roles import Decided
    from receivables.intake.drafting.rows_of import Other, RowsFound
    from receivables.intake.drafting.survey import Survey

DAY: Final = r"(\d+[./年-]\d+[./月-]\d+日?)"
"""A day as a title writes it."""


def file_lines(found: Survey, decided: Sequence[Decided], name: str) -> Iterable[Line]:
    """How the file is cut and written, what it holds, and where its day comes from."""
    yield Line("containers", [found.container], found.why_cut)
    if found.container == "delimited":
        yield Line("delimiters", [found.delimiter])
    if found.columns_at:
        yield Line("columns_at", list(found.columns_at))
    if found.written is not None:
        written = found.written
        yield Line("encodings", [written.encoding], written.evidence, written.question, is_list=True)
    yield Line("", evidence=f"header: line {found.header_line}, {found.why_header}")
    yield _mode(found.titles, decided)
    yield from _day(found.titles, name)


def _mode(titles: Sequence[str], decided: Sequence[Decided]) -> Line:
    words = vocabulary().words["open_items"]
    title = next((text for text in titles if any(word in text.casefold() for word in words)), None)
    if title is not None:
        return Line("mode", "open_items", f"a title says so: '{shortened(title)}'")
    settled = next((found.column for found in decided if "settled_date" in found.roles and found.column.filled), None)
    if settled is not None:
        told = f"{settled.filled} rows have a day in '{shortened(settled.label)}': it holds settled items too"
        return Line("mode", evidence=told, question="does each file hold everything (full), or what changed (delta)?")
    return Line(
        "mode",
        evidence="nothing in the file says what it leaves out",
        question="does each file hold open items only (open_items), everything (full), or what changed (delta)?",
    )


def _day(titles: Sequence[str], name: str) -> Iterable[Line]:
    """Where the day of an extract is told: a title, the file's name, or by whoever reads it."""
    dated = [text for text in titles if re.search(DAY, text)]
    origins = ["argument", *(["title"] if dated else []), "file_name"]
    told = [f"'{shortened(text, 60)}'" for text in dated]
    named = date_in_name(name)
    if named is not None:
        told.append(f"the file's name says {named}")
    yield Line(
        "as_of_from",
        origins,
        f"the day of an extract: {'; '.join(told)}"
        if told
        else "the file does not say its day: put it into the name, as in list_2026-10-31.csv, or use --extract-as-of",
    )
    if not dated:
        return
    words = vocabulary().words["as_of"]
    sure = [text for text in dated if _before(text).casefold().rstrip(" :").endswith(words)]
    if len(sure) == 1:
        yield Line(
            "as_of_title",
            [_expression(sure[0])],
            f"what stands before the day says it: '{shortened(_before(sure[0]))}'",
        )
    else:
        answers = "; ".join(
            f"if it is the day in '{shortened(text)}', the answer is ['{_expression(text)}']" for text in dated
        )
        yield Line(
            "as_of_title",
            evidence=answers,
            question="which title tells the day of the extract? [] if none",
            is_list=True,
        )


def _before(title: str) -> str:
    return re.split(DAY, title, maxsplit=1)[0].split("\t")[-1].strip()


def _expression(title: str) -> str:
    before = re.sub(r"(\\ )+", r"\\s+", re.escape(_before(title)))
    return rf"{before}\s*{DAY}" if before else DAY


def row_sections(rows: RowsFound) -> Iterable[Section]:
    """Rows that must be told apart by their words: drawn lines, totals, lines below all rows, and those nobody can tell."""
    lines = []
    if rows.rules:
        lines.append(Line("rule", RULE, f"{rows.rules} drawn lines"))
    if rows.totals:
        told = total_expressions(rows.totals)
        lines.append(Line("total", told, f"a word for a sum begins {_shown(rows.totals)}"))
        if rows.has_last_total and len(rows.totals) == 1:
            lines.append(
                Line("grand_total", told[0], "it is the only one and the last row: it is held against what was read")
            )
    trailers = trailer_expressions(rows.below)
    if trailers:
        lines.append(Line("trailer", trailers, f"below the last row: {_shown(rows.below)}"))
    if lines:
        yield Section("[rows]", tuple(lines))
    if rows.between:
        question = "what do such rows say of those below: give the role and an expression, as in customer = '^(.+)$'; or put it under rows.title"
        yield Section(
            "[rows.group]",
            (
                Line(
                    "customer",
                    evidence=f"{len(rows.between)} rows between others are no data: {_shown(rows.between)}",
                    question=question,
                ),
            ),
        )


def _shown(rows: Sequence[Other]) -> str:
    return "; ".join(f"line {row.line_no} '{shortened(row.words)}'" for row in rows[:2])
