"""How an unknown file writes amounts and days: what all its texts fit, with the one that decides, or the one that reads two ways."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from receivables.intake.drafting.text import Line, shortened
from receivables.intake.drafting.values import LOCALES, NULLS, days_of, deciding_text, text_apart
from receivables.intake.notation import day, number
from receivables.intake.profile import Locale

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.drafting.values import Column


@dataclass(frozen=True)
class Ways:
    """The lines on numbers and dates, and the locale to look at amounts with meanwhile."""

    lines: tuple[Line, ...]
    locale: Locale


def ways_of(con: duckdb.DuckDBPyConnection, columns: Sequence[Column], *, is_typed: bool) -> Ways:
    """What numbers and dates of all columns decide together; `is_typed` says that cells are no text, so that numbers come with a point."""
    locale, lines = _locale(con, [column for column in columns if column.locales], is_typed=is_typed)
    dates = _dates(con, [column for column in columns if column.kind == "date" and not _is_number(column)])
    nulls = [text for text in NULLS if any(text in column.nulls for column in columns)]
    told = [Line("null_tokens", nulls, "texts that stand for nothing in some column")] if nulls else []
    return Ways((*lines, *dates, *told), locale)


def _is_number(column: Column) -> bool:
    """Whether days could as well be numbers: 20240301 may be a document's."""
    return bool(column.locales) and not column.has_separator


def _locale(con: duckdb.DuckDBPyConnection, amounts: Sequence[Column], *, is_typed: bool) -> tuple[Locale, list[Line]]:
    separated = [column for column in amounts if column.has_separator]
    fitting = [way for way in LOCALES if all(way in column.locales for column in separated)]
    plain = Locale(decimal=".")
    if not separated:
        return plain, [
            Line(
                "locales",
                [_told(way) for way in LOCALES],
                "no number has a point or comma: both ways read all of them alike, and a file that reads two ways is refused",
            )
        ]
    if len(fitting) == 1:
        other = next(way for way in LOCALES if way not in fitting)
        text, label = next(
            (text, column.label)
            for column in separated
            if (text := deciding_text(con, column.position, number("v", other))) is not None
        )
        told = (
            f"'{shortened(text)}' in column '{shortened(label)}' is no number with the decimal sign '{other.decimal}'"
        )
        return fitting[0], [Line("locales", [_told(fitting[0])], told)]
    if not fitting:
        return plain, [
            Line(
                "locales",
                question="some columns fit a decimal point only, others a decimal comma only: which columns are amounts, and how are they written?",
                is_list=True,
            )
        ]
    return _either(con, separated, is_typed=is_typed)


def _either(
    con: duckdb.DuckDBPyConnection, separated: Sequence[Column], *, is_typed: bool
) -> tuple[Locale, list[Line]]:
    readings = [number("v", way, "decimal(18, 4)") for way in LOCALES]
    for column in separated:
        found = text_apart(con, column.position, readings)
        if found is None:
            continue
        text, values = found
        shown = " or ".join(
            f"{value} (decimal sign '{way.decimal}')" for value, way in zip(values, LOCALES, strict=True)
        )
        evidence = (
            f"'{shortened(text)}' in column '{shortened(column.label)}' is {shown}; every amount of the file fits both"
        )
        options = " or ".join(toml_locale(way) for way in LOCALES)
        return LOCALES[0], [Line("locales", evidence=evidence, question=f"which one: {options}?", is_list=True)]
    if is_typed:
        return Locale(decimal="."), [
            Line("locales", [{"decimal": "."}], "the cells are numbers, which come with a point")
        ]
    return LOCALES[0], [
        Line("locales", [_told(way) for way in LOCALES], "both ways read every number of the file alike")
    ]


def _told(way: Locale) -> dict[str, str]:
    return {"decimal": way.decimal, "thousands": way.thousands} if way.thousands else {"decimal": way.decimal}


def toml_locale(way: Locale) -> str:
    """A locale as a profile writes it, in a question."""
    return f"{{ decimal = '{way.decimal}', thousands = '{way.thousands[:1]}' }}"


def _dates(con: duckdb.DuckDBPyConnection, dates: Sequence[Column]) -> list[Line]:
    """One format for each way days are written: a column only one fits decides for those that several fit."""
    if not dates:
        return []
    sole = {column.formats[0] for column in dates if len(_apart(con, column, column.formats)) < 2}
    chosen: dict[str, str] = {}
    for column in dates:
        fitting = [fmt for fmt in column.formats if fmt in sole] or list(column.formats)
        different = _apart(con, column, fitting)
        if len(different) > 1:
            return [_date_question(con, column, different)]
        chosen.setdefault(fitting[0], _why(con, column, fitting[0]))
    return [Line("date_formats", list(chosen), "; ".join(chosen.values()))]


def _apart(con: duckdb.DuckDBPyConnection, column: Column, formats: Sequence[str]) -> list[str]:
    """The formats that read some text of the column as a different day, two or more; or just the first."""
    different = [
        fmt
        for pair in combinations(formats, 2)
        if text_apart(con, column.position, [day("v", fmt) for fmt in pair]) is not None
        for fmt in pair
    ]
    return list(dict.fromkeys(different)) or list(formats[:1])


def _date_question(con: duckdb.DuckDBPyConnection, column: Column, formats: Sequence[str]) -> Line:
    found = text_apart(con, column.position, [day("v", fmt) for fmt in formats])
    text = found[0] if found else column.examples[0]
    days = days_of(con, text, formats)
    shown = " or ".join(f"{when:%-d %B %Y} ({fmt})" for fmt, when in zip(formats, days, strict=True) if when)
    evidence = f"'{shortened(text)}' in column '{shortened(column.label)}' is {shown}; every day of the file fits both"
    options = " or ".join(f"'{fmt}'" for fmt in formats)
    return Line("date_formats", evidence=evidence, question=f"which one: {options}?", is_list=True)


def _why(con: duckdb.DuckDBPyConnection, column: Column, chosen: str) -> str:
    """The text that rules out the other order of day and month, or what the column looks like where there is none to rule out."""
    other = chosen.translate(str.maketrans("dm", "md"))
    label = f"column '{shortened(column.label)}'"
    text = (
        deciding_text(con, column.position, day("v", other))
        if other != chosen and not chosen.startswith("%Y")
        else None
    )
    if text is None:
        return f"{chosen}: all {column.filled} days of {label}, such as '{column.examples[0]}'"
    return f"{chosen}: '{shortened(text)}' in {label} has no other reading"
