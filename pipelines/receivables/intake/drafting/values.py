"""What the texts of a column can be: the ways of writing numbers and dates that read all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.intake.convert import INVISIBLE
from receivables.intake.notation import CODES, TIME_OF_DAY, day, number
from receivables.intake.profile import Locale
from receivables.intake.sqltext import any_of, lit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    import duckdb

LOCALES: Final = (Locale(decimal=".", thousands=",' "), Locale(decimal=",", thousands=".' "))
"""The two ways to write amounts that are in use: which of point and comma begins the cents."""

DATE_FORMATS: Final = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d%m%Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%y/%m/%d", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d %B %Y",
    "%d. %B %Y", "%b %d, %Y", "%B %d, %Y", "%d de %B de %Y",
)  # fmt: skip
"""Ways to write a day that exports are known to have."""

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2099
"""Years a day of a receivable can lie in: a number that is a day of another year is a number."""

NULLS: Final = ("-", "--", "n/a", "N/A", "#N/A", "NULL", "null", "00000000", "0000-00-00", "00.00.0000", "00/00/0000")
"""Texts that stand for nothing, whatever the column."""

EXAMPLES: Final = 3


@dataclass(frozen=True)
class Column:
    """A column of a file nobody described: how much it says, in which ways all of it can be read, and texts that show it.

    `kind` is date, number, code (of digits and capitals, no blanks), text or blank. `nulls` are texts of it that stand for nothing.
    """

    position: int
    label: str
    filled: int
    distinct: int
    kind: str
    examples: tuple[str, ...]
    locales: tuple[Locale, ...] = ()
    formats: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    has_separator: bool = False
    is_currency: bool = False
    has_names: bool = False

    @property
    def shown(self) -> str:
        """Its examples as one text."""
        return ", ".join(f"'{text}'" for text in self.examples)


def column_of(con: duckdb.DuckDBPyConnection, position: int, label: str) -> Column:
    """Look at all texts of a column of table `datum`; leaves them, once each, in temp table `text_<position>`."""
    table = text_table(position)
    con.execute(
        f"create or replace temp table {table} as select v, count(*) as times, min(line_no) as line_no from"
        f" (select trim(regexp_replace(regexp_replace(cells[{position}], {lit(INVISIBLE)}, '', 'g'), {lit(TIME_OF_DAY)}, '')) as v, line_no"
        " from datum) where v <> '' group by v"
    )
    told = f"(select * from {table} where not {any_of('v', NULLS)})"
    filled, distinct, nulls = con.execute(
        f"select coalesce((select sum(times)::bigint from {told}), 0), (select count(*) from {told}),"
        f" (select list(v order by v) from {table} where {any_of('v', NULLS)})"
    ).fetchall()[0]
    if not distinct:
        return Column(position, label, 0, 0, "blank", (), nulls=tuple(nulls or ()))
    # Most ways are ruled out by the shape of one text, and asking the database for all of them takes long.
    first = str(con.execute(f"select v from {told} order by line_no limit 1").fetchall()[0][0])
    formats_asked = [fmt for fmt in DATE_FORMATS if _has_shape(first, fmt)]
    locales_asked = LOCALES if re.search(r"\d", first) and not re.search(r"[^\W\d_]{6}", first) else ()
    asked = [number("v", locale) for locale in locales_asked] + [_plausible(fmt) for fmt in formats_asked]
    counts = "".join(f"count({sql}), " for sql in asked)
    shapes = (
        "count(*) filter (where regexp_matches(v, '[0-9][.,'' ][0-9]')), count(*) filter (where regexp_matches(v, '^[0-9A-Z./_-]+$')),"
        f" count(*) filter (where regexp_matches(v, {lit('^(' + CODES + ')$')})), count(*) filter (where regexp_matches(v, '\\p{{L}}{{2}}.* .*\\p{{L}}'))"
    )
    row = con.execute(f"select {counts}{shapes} from {told}").fetchall()[0]
    locales = tuple(way for way, fit in zip(locales_asked, row, strict=False) if fit == distinct)
    formats = tuple(way for way, fit in zip(formats_asked, row[len(locales_asked) :], strict=False) if fit == distinct)
    separated, codes, currencies, names = row[-4:]
    kind = "date" if formats else "number" if locales else "code" if codes == distinct else "text"
    return Column(
        position,
        label,
        int(filled),
        int(distinct),
        kind,
        _examples(con, told),
        locales,
        formats,
        tuple(nulls or ()),
        has_separator=bool(separated),
        is_currency=currencies == distinct,
        has_names=2 * names > distinct,
    )


def text_table(position: int) -> str:
    """The temp table that holds the texts of a column."""
    return f"text_{position}"


_SHAPES: Final = {
    "%d": r"\d{1,2}",
    "%m": r"\d{1,2}",
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%b": r"[^\W\d_]{3,10}\.?",
    "%B": r"[^\W\d_]{3,10}\.?",
}
"""What a part of a format looks like, so that one text rules most formats out."""


def _has_shape(text: str, fmt: str) -> bool:
    parts = re.split(r"(%[dmYybB])", fmt)
    return re.fullmatch("".join(_SHAPES.get(part) or re.escape(part) for part in parts), text) is not None


def _plausible(fmt: str) -> str:
    parsed = day("v", fmt)
    return f"case when year({parsed}) between {FIRST_YEAR} and {LAST_YEAR} then 1 end"


def _examples(con: duckdb.DuckDBPyConnection, texts: str) -> tuple[str, ...]:
    rows = con.execute(
        f"select v from (select v, line_no, row_number() over (partition by translate(v, '012345678', '999999999') order by line_no) as place"
        f" from {texts}) order by place, line_no limit {EXAMPLES}"
    ).fetchall()
    return tuple(text for (text,) in rows)


def text_apart(con: duckdb.DuckDBPyConnection, position: int, readings: Sequence[str]) -> tuple[str, list[str]] | None:
    """A text of the column that two of the readings, SQL over `v`, take for different values, and those values; None where all read alike."""
    row = con.execute(
        f"select v, list_transform(read, lambda r: r::varchar) from (select v, line_no, [{', '.join(readings)}] as read from {text_table(position)}"
        f" where not {any_of('v', NULLS)}) where list_unique(read) > 1 order by line_no limit 1"
    ).fetchone()
    return (row[0], list(row[1])) if row else None


def deciding_text(con: duckdb.DuckDBPyConnection, position: int, other: str) -> str | None:
    """A text of the column that a reading, SQL over `v`, cannot read: what rules that reading out."""
    row = con.execute(
        f"select v from {text_table(position)} where ({other}) is null and not {any_of('v', NULLS)} order by line_no limit 1"
    ).fetchone()
    return row[0] if row else None


def sum_of(con: duckdb.DuckDBPyConnection, position: int, locale: Locale) -> tuple[Decimal | None, int, int]:
    """The sum of a column, and how many of its amounts lie above and below zero."""
    value = number("v", locale, "decimal(18, 4)")
    row = con.execute(
        f"select sum(a * times), coalesce(sum(times) filter (where a > 0), 0)::bigint, coalesce(sum(times) filter (where a < 0), 0)::bigint"
        f" from (select {value} as a, times from {text_table(position)})"
    ).fetchall()[0]
    return row[0], int(row[1]), int(row[2])


def days_of(con: duckdb.DuckDBPyConnection, text: str, formats: Sequence[str]) -> list[date | None]:
    """What day each format takes a text for."""
    readings = ", ".join(f"({day('v', fmt)})::date" for fmt in formats)
    return list(con.execute(f"select {readings} from (select ?::varchar as v)", [text]).fetchall()[0])
