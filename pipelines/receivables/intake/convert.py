"""From text cells to typed values: one SQL projection made from the profile, with a reason beside every value that does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused
from receivables.intake.sqltext import ident, lit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.profile import Locale

_INVISIBLE: Final = "[\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{2064}\\x{FEFF}\\x{0}-\\x{1F}\\x{7F}]"
_WIDE: Final = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000\u00a0\u202f"
_NARROW: Final = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + "   "
_SYMBOLS: Final = "[€$£¥'’]"
_EXCEL_ERROR: Final = "^#"
_REASONS: Final = {"money": "NUM_INVALID", "decimal": "NUM_INVALID", "int": "NUM_INVALID", "bigint": "NUM_INVALID", "double": "NUM_INVALID",
                   "date": "DATE_IMPOSSIBLE", "timestamp": "DATE_IMPOSSIBLE", "time": "DATE_IMPOSSIBLE", "bool": "VALUE_UNKNOWN",
                   "enum": "TYPE_UNKNOWN", "currency": "CURRENCY_UNKNOWN", "country": "VALUE_UNKNOWN"}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One typed value of every record: where its text stands and what it must become.

    `cell` is SQL over a classified record; `needed` rows are quarantined where it is blank.
    """

    name: str
    type: str
    cell: str
    duckdb_type: str
    needed: bool = False
    nulls: tuple[str, ...] = ()
    strip_decimal: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    pad: int = 0


@dataclass(frozen=True)
class Chosen:
    """How this file writes numbers and dates: one locale for all amounts, one format per date column."""

    locale: Locale
    date_formats: dict[str, str]


def cleaned(field: Field) -> str:
    """SQL for the field's text without padding, invisible characters, spreadsheet wrappers or null tokens; NULL where nothing is left."""
    text = (
        f"regexp_replace({field.cell}, {lit(_INVISIBLE)}, '', 'g')"
        if field.type != "text"
        else f"regexp_replace({field.cell}, '[\\x00-\\x1F\\x7F]+', ' ', 'g')"
    )
    if field.type != "text":
        text = f"translate({text}, {lit(_WIDE)}, {lit(_NARROW)})"
    text = f"trim(regexp_replace(trim({text}), '^=\"(.*)\"$', '\\1'))"
    if field.type in ("date", "timestamp"):
        text = f"regexp_replace({text}, '[ T]00:00:00([.]0+)?$', '')"
    if field.strip_decimal:
        text = f"regexp_replace({text}, '^([0-9]{{1,15}})[.]0+$', '\\1')"
    nulls = ", ".join(lit(token) for token in ("", *field.nulls))
    return f"(case when {text} in ({nulls}) then null else {text} end)"


def number(text: str, locale: Locale) -> str:
    """SQL that reads a number as the locale writes it, sign before, behind or in brackets; NULL where it is not one."""
    bare = f"regexp_replace({text}, {lit(_SYMBOLS)}, '', 'g')"
    inner = f"trim(regexp_replace({bare}, '^[(](.*)[)]$|^(.*[^ ]) *-$|^(.*[^ ]) +CR$|^-(.*)$', '\\1\\2\\3\\4'))"
    is_negative = f"regexp_matches({bare}, '^[(].*[)]$|^.+-$| CR$|^-')"
    unsigned = f"regexp_replace({inner}, '^[+] *', '')"
    d = f"[{locale.decimal}]"
    grouped = (
        f"|[0-9]{{1,3}}([{locale.thousands}][0-9]{{2,3}})*[{locale.thousands}][0-9]{{3}}({d}[0-9]+)?"
        if locale.thousands
        else ""
    )
    shape = f"^([0-9]+({d}[0-9]*)?|{d}[0-9]+{grouped})$"
    plain = f"replace(translate({unsigned}, {lit(locale.thousands)}, ''), {lit(locale.decimal)}, '.')"
    return (
        f"(case when regexp_matches({unsigned}, {lit(shape)}) then"
        f" (case when {is_negative} then -1 else 1 end) * try_cast({plain} as decimal(28, 10)) end)"
    )


def typed(field: Field, text: str, chosen: Chosen) -> str:
    """SQL for the field's value from its cleaned text; NULL where the text does not fit the type."""
    match field.type:
        case "money" | "decimal":
            return f"try_cast({number(text, chosen.locale)} as {field.duckdb_type})"
        case "int" | "bigint" | "double" | "timestamp" | "time":
            return f"try_cast(regexp_replace({text}, '[.]0+$', '') as {field.duckdb_type})"
        case "date":
            return f"try_strptime({text}, {lit(chosen.date_formats.get(field.name, '%Y-%m-%d'))})::date"
        case "bool":
            truth = f"when lower({text}) in ('true', 't', 'yes', 'y', '1', '1.0', 'x', 'si', 'sí', '是') then true"
            return f"(case {truth} when lower({text}) in ('false', 'f', 'no', 'n', '0', '0.0', '否') then false end)"
        case "enum":
            return f"(case when lower({text}) in ({', '.join(lit(choice) for choice in field.choices)}) then lower({text}) end)"
        case "currency":
            return f"(case when regexp_matches(upper({text}), '^[A-Z]{{3}}$') then upper({text}) end)"
        case "country":
            return f"(case when regexp_matches(upper({text}), '^[A-Z]{{2}}$') then upper({text}) end)"
        case "list":
            return f"list_transform(string_split({text}, ';'), lambda c: trim(c))"
        case "key" | "id" if field.pad:
            return f"(case when regexp_matches({text}, '^[0-9]+$') then lpad({text}, greatest({field.pad}, length({text})), '0') else {text} end)"
        case _:
            return text


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
    locale = _chosen_locale(con, [field for field in fields if field.type in ("money", "decimal")], locales, name)
    dates = [field for field in fields if field.type == "date"]
    return Chosen(
        locale,
        _chosen_formats(con, dates, formats, name) if len(formats) > 1 else {field.name: formats[0] for field in dates},
    )


def _chosen_locale(
    con: duckdb.DuckDBPyConnection, fields: Sequence[Field], locales: Sequence[Locale], name: str
) -> Locale:
    if len(locales) == 1 or not fields:
        return locales[0]
    texts = " union all ".join(
        f"select {cleaned(field)} as v from classed where row_class = 'item'" for field in fields
    )
    con.execute(
        f"create or replace temp table number_shape as select regexp_replace(v, '[0-9]', '9', 'g') as shape, any_value(v) as v from ({texts}) where v is not null group by all"
    )
    misfits = [
        _scalar(con, f"select count(*) from number_shape where {number('v', locale)} is null") for locale in locales
    ]
    fitting = [locale for locale, misfit in zip(locales, misfits, strict=True) if misfit == min(misfits)]
    for one, other in combinations(fitting, 2):
        example = con.execute(
            f"select v from number_shape where {number('v', one)} <> {number('v', other)} limit 1"
        ).fetchone()
        if example is not None:
            raise FileRefused(
                got=f"{name}: {example[0]!r}, which reads as two different numbers",
                expected="one amount with both separators, or a profile with one locale",
                try_="a user profile with `locales` of one entry",
                reason="NUM_AMBIGUOUS",
            )
    return fitting[0]


def _chosen_formats(
    con: duckdb.DuckDBPyConnection, fields: Sequence[Field], formats: Sequence[str], name: str
) -> dict[str, str]:
    fitting = {field.name: _fitting_formats(con, field, formats) for field in fields}
    decided = {found[0] for found, _ in fitting.values() if len(found) == 1}
    chosen = {}
    for column, (found, example) in fitting.items():
        narrowed = found if len(found) == 1 else ([fmt for fmt in found if fmt in decided] or found)
        if len(narrowed) > 1 and example:
            raise FileRefused(
                got=f"{name}: {column} {example!r}, which reads as {narrowed[0]} and as {narrowed[1]}",
                expected="one date that fits only one order",
                try_="a user profile with `date_formats` of one entry",
                reason="DATE_DMY_MDY",
            )
        chosen[column] = narrowed[0]
    return chosen


def _fitting_formats(
    con: duckdb.DuckDBPyConnection, field: Field, formats: Sequence[str]
) -> tuple[list[str], str | None]:
    con.execute(
        f"create or replace temp table date_text as select distinct {cleaned(field)} as v from classed where row_class = 'item'"
    )
    misfits = {
        fmt: _scalar(con, f"select count(*) from date_text where v is not null and try_strptime(v, {lit(fmt)}) is null")
        for fmt in formats
    }
    fewest = min(misfits.values())
    found = [fmt for fmt in formats if misfits[fmt] == fewest]
    for one, other in combinations(found, 2):
        example = con.execute(
            f"select v from date_text where try_strptime(v, {lit(one)}) <> try_strptime(v, {lit(other)}) limit 1"
        ).fetchone()
        if example is not None:
            return [one, other], str(example[0])
    return found[:1], None


def _scalar(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0


def convert(con: duckdb.DuckDBPyConnection, fields: Sequence[Field], chosen: Chosen) -> None:
    """Create table `typed_row`: line_no, n_lines, raw, one typed column per field, and `problems`, a list of {column, reason, value} per record."""
    texts = ", ".join(f"{cleaned(field)} as {ident('t_' + field.name)}" for field in fields)
    values = ", ".join(f"{_value(field, chosen)} as {ident(field.name)}" for field in fields)
    problems = ", ".join(_problem(field) for field in fields)
    con.execute(
        f"create or replace table typed_row as with texts as (select line_no, n_lines, raw, {texts} from classed"
        " left join group_value on classed.group_no = group_value.group_no where row_class = 'item'),"
        f" vals as (select *, {values} from texts)"
        f" select * exclude ({', '.join(ident('t_' + field.name) for field in fields)}), list_filter([{problems}], lambda p: p is not null) as problems from vals"
    )


def _value(field: Field, chosen: Chosen) -> str:
    text = ident("t_" + field.name)
    value = typed(field, text, chosen)
    if field.default is None:
        return f"({value})::{field.duckdb_type}"
    return f"(case when {text} is null then {lit(field.default)}::{field.duckdb_type} else {value} end)::{field.duckdb_type}"


def _problem(field: Field) -> str:
    text, value = ident("t_" + field.name), ident(field.name)
    reason = _REASONS.get(field.type, "VALUE_UNKNOWN")
    blank = f"when {value} is null then {_entry(field, 'REQUIRED_BLANK', lit(''))}" if field.needed else ""
    error = (
        f"when regexp_matches({text}, {lit(_EXCEL_ERROR)}) then {_entry(field, 'NUM_EXCEL_ERROR', text)}"
        if reason == "NUM_INVALID"
        else ""
    )
    misfit = (
        f"when {text} is not null and {value} is null then {_entry(field, reason, text)}"
        if field.type in _REASONS
        else ""
    )
    shattered = (
        f"when regexp_matches({text}, '^[0-9][.,][0-9]+[eE][+]?[0-9]+$') then {_entry(field, 'NUM_SCIENTIFIC', text)}"
        if field.type in ("key", "id")
        else ""
    )
    cases = " ".join(part for part in (error, misfit, shattered, blank) if part)
    return f"case {cases} end" if cases else "null"


def _entry(field: Field, reason: str, value: str) -> str:
    return f"{{'column_name': {lit(field.name)}, 'reason': {lit(reason)}, 'value': {value}}}"
