"""Which of the ways its profile declares a file is written in: the whole file decides about numbers and dates, and what need not be cleaned."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from receivables.errors import FileRefused
from receivables.intake.convert import SHATTERED, UNPLAIN, Chosen, Field, Typed, cleaned, rows_with, typed
from receivables.intake.notation import day, number, usual_shape
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    import duckdb

    from receivables.intake.profile import Locale

T = TypeVar("T")


def plain_where_possible(
    con: duckdb.DuckDBPyConnection, fields: Sequence[Field], *, is_plain: bool = False
) -> list[Field]:
    """Mark what need not be cleaned: one look at a column saves several at every cell. `is_plain` says that the whole file was found so."""
    names = dict.fromkeys(name for field in fields for name in sorted(field.told))
    asked = {(name, "unplain"): f"regexp_matches({name}, {lit(UNPLAIN)})" for name in names if not is_plain}
    keys = dict.fromkeys(name for field in fields if field.type in ("key", "id") for name in sorted(field.told))
    asked |= {(name, "shattered"): f"regexp_matches({name}, {lit(SHATTERED)})" for name in keys}
    _enter_texts(con, fields)
    days = [field for field in fields if field.texts is not None and field.cell in field.told]
    timed = {
        field.name
        for field in days
        for test in [f"contains({field.cell}, ':') or ends_with({field.cell}, '.0')"]
        if _holding(con, {field.name: test}, str(field.texts))
    }
    codes = [field for field in fields if field.type == "currency" and field.cell in field.told and not field.mapping]
    asked |= {
        (field.cell, "odd code"): f"{field.cell} <> '' and not ({_CAPITALS.format(field.cell)})" for field in codes
    }
    above = {key: test for key, test in asked.items() if key[0].startswith("head.")}
    found = _holding(con, above, "head") | _holding(con, {k: t for k, t in asked.items() if k not in above}, "item")
    return [
        replace(
            field,
            is_plain=not any(
                (name, mark) in found
                for name in field.told
                for mark in ("unplain", *(("shattered",) if field.type in ("key", "id") else ()))
            ),
            is_bare=(field in days and field.name not in timed)
            or (field in codes and (field.cell, "odd code") not in found),
        )
        for field in fields
    ]


def _enter_texts(con: duckdb.DuckDBPyConnection, fields: Sequence[Field]) -> None:
    for field in fields:
        if field.texts is not None:
            told = ", ".join(sorted(field.told))
            con.execute(
                f"create or replace temp table {field.texts} as select {told}, count(*) as times, min(line_no) as line_no from item group by {told}"
            )


_CAPITALS: Final = (
    "length({0}) = 3 and {0}[1] between 'A' and 'Z' and {0}[2] between 'A' and 'Z' and {0}[3] between 'A' and 'Z'"
)


def _holding(con: duckdb.DuckDBPyConnection, asked: Mapping[T, str], rows: str) -> set[T]:
    """Those of the conditions that hold for some row."""
    if not asked:
        return set()
    tests = ", ".join(f"coalesce(bool_or({test}), false)" for test in asked.values())
    holds = con.execute(f"select {tests} from {rows}").fetchall()[0]
    return {name for name, is_so in zip(asked, holds, strict=True) if is_so}


def choose(
    con: duckdb.DuckDBPyConnection,
    fields: Sequence[Field],
    locales: Sequence[Locale],
    formats: Sequence[str],
    name: str,
) -> Chosen:
    """Let the whole file decide between the declared ways of writing numbers and dates.

    Raises:
        FileRefused: no declared way fits, or two fit and read different values.
    """
    amounts = [
        part for field in fields if field.type in ("money", "decimal") and not field.is_absent for part in field.parts
    ]
    locale, usual, marks = _usual_locale(con, amounts, locales) or _any_locale(con, amounts, locales, name)
    dates = [field for field in fields if field.type == "date" and not field.is_absent]
    if len(formats) == 1:
        return Chosen(locale, {field.name: formats[0] for field in dates}, usual=usual, marks=marks)
    return _with_formats(con, Chosen(locale, {}, usual=usual, marks=marks), dates, formats, name)


def _usual_locale(
    con: duckdb.DuckDBPyConnection, fields: Sequence[Field], locales: Sequence[Locale]
) -> tuple[Locale, frozenset[str], dict[str, str]] | None:
    """The one locale in whose usual shapes all amounts are written, where some rule out all others, and the cells; None where there is more to it.

    The first rows name the locale, all rows are then held against it: what all amounts fit, and some amounts rule out, no more can change.
    """
    texts = _shapes(con, fields, f"(select * from item limit {_FIRST_ROWS})")
    fitting = [locale for locale in locales if all(re.match(usual_shape(locale), text) for text in texts)]
    if len(fitting) != 1 or not texts:
        return None
    locale = fitting[0]
    if not all(_rules_out(other, texts) for other in locales if other is not locale):
        return None
    asked = {
        (part.name, sign): f"contains({cleaned(part)}, {lit(sign)})"
        for part in fields
        for sign in (*locale.thousands, locale.decimal, "-")
    }
    odd = {(part.name, "odd"): f"not regexp_matches({cleaned(part)}, {lit(usual_shape(locale))})" for part in fields}
    found = _holding(con, {**asked, **odd}, rows_with(fields))
    if found & odd.keys():
        return None
    return (
        locale,
        frozenset(part.name for part in fields),
        {
            part.name: "".join(sign for name, sign in asked if name == part.name and (name, sign) in found)
            for part in fields
        },
    )


def _any_locale(
    con: duckdb.DuckDBPyConnection, fields: Sequence[Field], locales: Sequence[Locale], name: str
) -> tuple[Locale, frozenset[str], dict[str, str]]:
    """The locale that all amounts of the file decide for, and the cells whose every amount has its usual shape."""
    texts = _shapes(con, fields)
    locale = _chosen_locale(con, texts, locales, name)
    odd = con.execute(
        f"select distinct name from number_shape where not regexp_matches(shape, {lit(usual_shape(locale))})"
    ).fetchall()
    return locale, frozenset({field.name for field in fields} - {name for (name,) in odd}), {}


_FIRST_ROWS: Final = 10_000


def _shapes(con: duckdb.DuckDBPyConnection, fields: Sequence[Field], items: str = "item") -> set[str]:
    """The shapes of the amounts, every digit as 9, and table `number_shape` with a text that shows each."""
    con.execute("create or replace temp table number_shape (name varchar, shape varchar, v varchar)")
    for part in fields:
        rows = rows_with([part], items)
        con.execute(
            f"insert into number_shape select {lit(part.name)}, translate(v, '012345678', '999999999') as shape, max(v)"
            f" from (select {cleaned(part)} as v from {rows}) where v is not null group by shape"
        )
    return {shape for (shape,) in con.execute("select distinct shape from number_shape").fetchall()}


def _chosen_locale(con: duckdb.DuckDBPyConnection, texts: Set[str], locales: Sequence[Locale], name: str) -> Locale:
    if len(locales) == 1 or not texts:
        return locales[0]
    plain = [locale for locale in locales if all(re.match(usual_shape(locale), text) for text in texts)]
    if len(plain) == 1 and all(_rules_out(locale, texts) for locale in locales if locale is not plain[0]):
        return plain[0]
    reading = [number("v", locale) for locale in locales]
    fitting, _ = _fitting(con, "number_shape", reading, locales)
    _, example = _apart(con, "number_shape", [number("v", locale) for locale in fitting], fitting)
    if example is not None:
        raise FileRefused(
            got=f"{name}: {example!r}, which reads as two different numbers",
            expected="one amount with both separators, or a profile with one locale",
            try_="a user profile with `locales` of one entry",
            reason="NUM_AMBIGUOUS",
        )
    return fitting[0]


def _rules_out(locale: Locale, texts: Iterable[str]) -> bool:
    """Whether some text's last separator can neither be the locale's decimal sign nor group thousands, however else it might be read."""
    for text in texts:
        marks = [character for character in text if character in ".,"]
        if marks and marks[-1] != locale.decimal:
            behind = len(re.sub("[^0-9]", "", text.rpartition(marks[-1])[2]))
            if len(set(marks)) == 2 or behind != 3:
                return True
    return False


def _with_formats(
    con: duckdb.DuckDBPyConnection, chosen: Chosen, fields: Sequence[Field], formats: Sequence[str], name: str
) -> Chosen:
    fitting = {field.name: _fitting_formats(con, field, formats) for field in fields}
    decided = {found[0] for found, is_whole, _ in fitting.values() if len(found) == 1 and is_whole}
    for column, (found, is_whole, example) in fitting.items():
        narrowed = ([fmt for fmt in found if fmt in decided] if is_whole else []) or found
        if len(narrowed) > 1 and example:
            raise FileRefused(
                got=f"{name}: {column} {example!r}, which reads as {narrowed[0]} and as {narrowed[1]}",
                expected="one date that fits only one order",
                try_="a user profile with `date_formats` of one entry",
                reason="DATE_DMY_MDY",
            )
        chosen.date_formats[column] = narrowed[0]
        if not is_whole:
            # A day and a month in the other order are a mistake of one row; another way of writing is none.
            drawn = {fmt: re.sub("%[dmbB]", "%#", fmt) for fmt in narrowed}
            chosen.more_formats[column] = tuple(fmt for fmt in narrowed if drawn[fmt] != drawn[narrowed[0]])
    return chosen


def _fitting_formats(
    con: duckdb.DuckDBPyConnection, field: Field, formats: Sequence[str]
) -> tuple[list[str], bool, str | None]:
    """The formats that fit the column, whether they fit all of it, and a text that the first two of them read differently, if there is one."""
    con.execute(
        f"create or replace temp table date_text as select distinct {cleaned(field)} as v from {field.texts or rows_with([field])}"
    )
    # %Y also takes a year of two digits, for a year of antiquity: such a text is no evidence for a format.
    reading = {fmt: f"(case when {day('v', fmt)} >= '1000-01-01' then {day('v', fmt)} end)" for fmt in formats}
    found, is_whole = _fitting(con, "date_text", list(reading.values()), formats)
    found, example = _apart(con, "date_text", [reading[fmt] for fmt in found], found)
    return found, is_whole, example


def _apart(
    con: duckdb.DuckDBPyConnection, texts: str, readings: Sequence[str], ways: list[T]
) -> tuple[list[T], str | None]:
    """The ways, those first that read one of the texts as different values, and that text; None where all read alike."""
    row = con.execute(
        f"select v, read from (select v, [{', '.join(readings)}] as read from {texts}) where list_unique(read) > 1 limit 1"
    ).fetchone()
    if row is None:
        return ways, None
    apart = {
        value: way for way, value in zip(reversed(ways), reversed(row[1]), strict=True) if value is not None
    }.values()
    return sorted(ways, key=lambda way: way not in apart), str(row[0])


def _fitting(
    con: duckdb.DuckDBPyConnection, texts: str, readings: Sequence[str], ways: Sequence[T]
) -> tuple[list[T], bool]:
    """The ways that read every text which any of them reads, in the order declared, and True; where none does, all, the least unfit first."""
    counts = ", ".join(f"count({reading})" for reading in (*readings, f"coalesce({', '.join(readings)})"))
    *fits, most = con.execute(f"select {counts} from {texts}").fetchall()[0]
    whole = [way for way, fit in zip(ways, fits, strict=True) if fit == most]
    return whole or [way for _, way in sorted(zip(fits, ways, strict=True), key=lambda pair: -pair[0])], bool(whole)


def refuse_other_order(con: duckdb.DuckDBPyConnection, typed_as: Typed, name: str) -> None:
    """Refuse a file with a date that fits only if day and month change places: whoever wrote it may have written the others so, too.

    Raises:
        FileRefused: names the column, the date and both orders.
    """
    for column in typed_as.fields:
        fmt = typed_as.chosen.date_formats.get(column.name, "%Y")
        other = fmt.translate(str.maketrans("dm", "md"))
        if fmt.startswith("%Y") or not {"%d", "%m"} <= set(re.findall("%.", fmt)):
            continue
        is_other = f"{typed(column, 'v', typed_as.chosen)} is null and {day('v', other)} >= '1000-01-01'"
        found = con.execute(
            f"select line_no, v from (select line_no, {cleaned(column)} as v from {column.texts or rows_with([column])}) where {is_other} order by line_no limit 1"
        ).fetchall()
        if not found:
            continue
        line_no, text = found[0]
        raise FileRefused(
            got=f"{name}: {column.name} {text!r} in line {line_no}, which is a date as {other} while the column is read as {fmt}",
            expected="one order of day and month in a column",
            try_="exporting it in one order, or a user profile with `date_formats` of the other one",
            reason="DATE_DMY_MDY",
        )
