"""From text cells to typed values: one SQL projection made from the profile, with a reason beside every value that does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from receivables.errors import FileRefused
from receivables.intake.notation import EXPONENT, TIME_OF_DAY, day, number, serial_day, usual_number, usual_shape
from receivables.intake.sqltext import ident, lit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from receivables.intake.profile import Locale

T = TypeVar("T")

INVISIBLE: Final = "[\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{2064}\\x{FEFF}\\x{0}-\\x{1F}\\x{7F}]"
"""A character of no width, or one that only a machine reads."""

_WIDE: Final = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000\u00a0\u202f\u2009"
_NARROW: Final = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + "    "
_EXCEL_ERROR: Final = "^#"
_ERROR_VALUE: Final = "^#(#+|N/A|NV|REF!|VALUE!|NAME[?]|DIV/0!|NUM!|NULL!|¡?(REF|VALOR|NUM)!|¿NOMBRE[?]|BEZUG!|WERT!)$"
"""What a spreadsheet shows in the place of a value; in a key it must be all there is."""
_REASONS: Final = {"money": "NUM_INVALID", "decimal": "NUM_INVALID", "int": "NUM_INVALID", "bigint": "NUM_INVALID", "double": "NUM_INVALID",
                   "date": "DATE_IMPOSSIBLE", "timestamp": "DATE_IMPOSSIBLE", "time": "DATE_IMPOSSIBLE", "bool": "VALUE_UNKNOWN",
                   "enum": "TYPE_UNKNOWN", "currency": "CURRENCY_UNKNOWN", "country": "VALUE_UNKNOWN"}  # fmt: skip


ABSENT: Final = "null::varchar"
"""The cell of a field the file has no column for."""

_UNPLAIN: Final = (
    '[^\\x{9}\\x{20}-\\x{7E}\\x{A1}-\\x{1FFF}\\x{2070}-\\x{2FFF}\\x{3001}-\\x{FEFE}]|="|[0-9][eE][+]?[0-9]'
)
"""What makes a line need more than a trim: invisible, wide or control characters, ="..." wrappers, numbers such as 1.9E+09."""


@dataclass(frozen=True)
class Field:
    """One typed value of every record: where its text stands and what it must become.

    `cell` is SQL over a classified record; `needed` rows are quarantined where it is blank. `is_plain` says that no line of the
    file holds a character that would have to be cleaned away, so that a trim is enough.

    `take` is an expression whose first bracket is the value (NULL where it does not fit), `drop` characters that are no part of it.
    `null_when` are pairs of another cell's SQL and texts, in any case: where it has one of them, this field says nothing.
    `sum_cells` stand in the place of `cell`: the value is their sum, NULL where all are blank. `mapping` gives the code for a
    currency's text in any case, "" for NULL.
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
    is_plain: bool = False
    take: str | None = None
    drop: str = ""
    zero_is_null: bool = False
    null_when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sum_cells: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_absent(self) -> bool:
        """Whether the file has no text for it at all."""
        return self.cell == ABSENT and not self.sum_cells

    @property
    def parts(self) -> list[Field]:
        """The cells it is read from, each as a field: itself, or those it sums."""
        if not self.sum_cells:
            return [self]
        return [
            replace(self, name=f"{self.name}+{n}", cell=cell, sum_cells=()) for n, cell in enumerate(self.sum_cells, 1)
        ]


@dataclass(frozen=True)
class Shape:
    """How some amounts of a column are written, every digit as 9: how many, and one of them as it stands."""

    text: str
    count: int
    example: str


@dataclass(frozen=True)
class Chosen:
    """How this file writes numbers and dates: one locale for all amounts, one format per date column.

    Where no format reads a whole column, `more_formats` are the others that read some of it and cannot be mistaken for it.
    """

    locale: Locale
    date_formats: dict[str, str]
    more_formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shapes: dict[str, tuple[Shape, ...]] = field(default_factory=dict)

    def is_usual(self, name: str) -> bool:
        """Whether all amounts of a cell are digits as the locale groups them, with a minus or none: most are, and are read without a second look."""
        known = re.compile(usual_shape(self.locale))
        return name in self.shapes and all(known.match(shape.text) for shape in self.shapes[name])


def plain_where_possible(con: duckdb.DuckDBPyConnection, fields: Sequence[Field]) -> list[Field]:
    """Mark the fields plain if not a single record needs cleaning: one look at the lines saves several at every cell.

    A tab is nothing to clean where it stands between cells, as in tab text and in the lines made of a sheet's rows.
    """
    first = con.execute("select contains(raw, chr(9)) from classed where row_class = 'item' limit 1").fetchone()
    tab = (
        "length(raw) - length(replace(raw, chr(9), '')) <> len(cells) - 1"
        if first and first[0]
        else "contains(raw, chr(9))"
    )
    rows = con.execute(
        f"select 1 from classed where row_class in ('item', 'group') and (regexp_matches(raw, ?) or {tab}) limit 1",
        [_UNPLAIN],
    ).fetchall()
    return list(fields) if rows else [replace(field, is_plain=True) for field in fields]


def cleaned(field: Field) -> str:
    """SQL for the field's text without padding, invisible characters, spreadsheet wrappers or null tokens; NULL where nothing is left.

    Of a sum it is the texts of all its cells.
    """
    if field.is_absent:
        return ABSENT
    if field.sum_cells:
        return f"nullif(concat_ws(' + ', {', '.join(cleaned(part) for part in field.parts)}), '')"
    text = f"trim({field.cell})" if field.is_plain else _scrubbed(field)
    if field.type == "date":
        text = (
            f"(case when contains({text}, ':') then regexp_replace({text}, {lit(TIME_OF_DAY)}, '')"
            f" when ends_with({text}, '.0') then regexp_replace({text}, '^([0-9]{{8}})[.]0$', '\\1') else {text} end)"
        )
    if field.type == "timestamp":
        text = f"(case when contains({text}, ':') then regexp_replace({text}, '[ T]00:00:00([.]0+)?$', '') else {text} end)"
    if field.take is not None:
        text = f"trim(regexp_extract({text}, {lit(field.take)}, 1))"
    if field.drop:
        text = f"trim(translate({text}, {lit(field.drop)}, ''))"
    if field.strip_decimal:
        text = f"regexp_replace({text}, '^([0-9]{{1,15}})[.]0+$', '\\1')"
    value = _mapped(text, field.mapping) if field.mapping else text
    return f"(case when {' or '.join(_says_nothing(field, text))} then null else {value} end)"


def _says_nothing(field: Field, text: str) -> list[str]:
    """Conditions under which a cell has no value."""
    nulls = dict.fromkeys(("", *field.nulls))
    if field.type == "date":  # 31-DEC-4712 is 31-Dec-4712
        nulls = dict.fromkeys(form for token in nulls for form in (token, token.upper(), token.lower(), token.title()))
    tests = [_is_one_of(text, list(nulls))]
    if field.zero_is_null:
        tests.append(f"regexp_matches({text}, '^[^1-9\\p{{L}}]*0[^1-9\\p{{L}}]*$')")
    for cell, values in field.null_when:
        tests.append(_is_one_of(f"lower(trim(coalesce({cell}, '')))", [value.strip().lower() for value in values]))
    return tests


def _is_one_of(text: str, values: Sequence[str]) -> str:
    """SQL for a comparison with a few texts; a longer IN would become a join and be evaluated for every row of a case."""
    listed = ", ".join(lit(value) for value in values)
    return f"{text} in ({listed})" if len(values) < 4 else f"coalesce(list_contains([{listed}], {text}), false)"


def _mapped(text: str, mapping: Mapping[str, str]) -> str:
    cases = " ".join(f"when {lit(told.strip().lower())} then {lit(meant or None)}" for told, meant in mapping.items())
    return f"(case lower({text}) {cases} else {text} end)"


def _scrubbed(field: Field) -> str:
    """Names keep their characters; keys, codes, numbers and dates lose what cannot be seen and become narrow."""
    if field.type == "text":
        text = f"regexp_replace({field.cell}, '[\\x00-\\x1F\\x7F]+', ' ', 'g')"
    else:
        text = f"translate(regexp_replace({field.cell}, {lit(INVISIBLE)}, '', 'g'), {lit(_WIDE)}, {lit(_NARROW)})"
    return f"trim(regexp_replace(trim({text}), '^=\"(.*)\"$', '\\1'))"


def typed(field: Field, text: str, chosen: Chosen) -> str:
    """SQL for the field's value from its cleaned text; NULL where the text does not fit the type."""
    match field.type:
        case "money" | "decimal":
            read = usual_number if chosen.is_usual(field.name) else number
            return read(text, chosen.locale, field.duckdb_type)
        case "int" | "bigint":
            whole = f"nullif(regexp_extract({text}, '^([+-]?[0-9]+)([.]0+)?$', 1), '')"
            return f"try_cast({whole} as {field.duckdb_type})"
        case "double" | "timestamp" | "time":
            return f"try_cast(regexp_replace({text}, '[.]0+$', '') as {field.duckdb_type})"
        case "date":
            formats = (chosen.date_formats.get(field.name, "%Y-%m-%d"), *chosen.more_formats.get(field.name, ()))
            return f"coalesce({', '.join(f'{day(text, fmt)}::date' for fmt in formats)}, {serial_day(text)})"
        case "bool":
            truth = f"when lower({text}) in ('true', 't', 'yes', 'y', '1', '1.0', 'x', 'si', 'sí', '是') then true"
            return f"(case {truth} when lower({text}) in ('false', 'f', 'no', 'n', '0', '0.0', '否') then false end)"
        case "enum":
            return f"(case when lower({text}) in ({', '.join(lit(choice) for choice in field.choices)}) then lower({text}) end)"
        case "currency" | "country":
            letters = 3 if field.type == "currency" else 2
            return f"(case when regexp_matches(upper({text}), '^[A-Z]{{{letters}}}$') then upper({text}) end)"
        case "list":
            return f"list_filter(list_transform(string_split({text}, ';'), lambda c: trim(c)), lambda c: c <> '')"
        case "key" | "id" if field.pad:
            return f"(case when regexp_matches({text}, '^[0-9]+$') then lpad({text}, greatest({field.pad}, length({text}))::integer, '0') else {text} end)"
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
    amounts = [
        part for field in fields if field.type in ("money", "decimal") and not field.is_absent for part in field.parts
    ]
    shapes = _shapes(con, amounts)
    locale = _chosen_locale(con, shapes, locales, name)
    dates = [field for field in fields if field.type == "date" and not field.is_absent]
    if len(formats) == 1:
        return Chosen(locale, {field.name: formats[0] for field in dates}, shapes=shapes)
    return _with_formats(con, Chosen(locale, {}, shapes=shapes), dates, formats, name)


def _shapes(con: duckdb.DuckDBPyConnection, fields: Sequence[Field]) -> dict[str, tuple[Shape, ...]]:
    """The shapes of the amounts in each cell, and table `number_shape` with the texts that show them; none where a column has more than amounts have."""
    if not fields:
        return {}
    texts = " union all ".join(
        f"select {lit(field.name)} as name, {cleaned(field)} as v from classed where row_class = 'item'"
        for field in fields
    )
    con.execute(
        "create or replace temp table number_shape as select name, translate(v, '012345678', '999999999') as shape,"
        f" count(*) as times, max(v) as v from ({texts}) where v is not null group by name, shape"
    )
    shapes: dict[str, list[Shape]] = {field.name: [] for field in fields}
    for told, text, times, example in con.execute(
        "select name, shape, times, v from number_shape order by name, times desc, shape limit ?", [_SHAPES_MAX]
    ).fetchall():
        shapes[told].append(Shape(text, int(times), example))
    return (
        {told: tuple(found) for told, found in shapes.items()} if sum(map(len, shapes.values())) < _SHAPES_MAX else {}
    )


_SHAPES_MAX: Final = 5_000
"""More shapes than this are no amounts."""


def _chosen_locale(
    con: duckdb.DuckDBPyConnection, shapes: Mapping[str, Sequence[Shape]], locales: Sequence[Locale], name: str
) -> Locale:
    texts = {shape.text for found in shapes.values() for shape in found}
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
        f"create or replace temp table date_text as select distinct {cleaned(field)} as v from classed where row_class = 'item'"
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


def convert(con: duckdb.DuckDBPyConnection, fields: Sequence[Field], chosen: Chosen) -> None:
    """Create table `typed_row`: line_no, n_lines, raw, one typed column per field, and `problems`, a list of {column, reason, value} per record."""
    cells = {part.name: part for field in fields for part in (field, *field.parts)}  # of a sum, all its cells too
    texts = "".join(f", {cleaned(cell)} as {ident('t_' + name)}" for name, cell in cells.items())
    values = "".join(f", {_value(field, chosen)} as {ident(field.name)}" for field in fields)
    usual = {field.name for field in fields if not field.sum_cells and chosen.is_usual(field.name)}
    problems = [
        (condition, entry) for field in fields for condition, entry in _problems(field, is_usual=field.name in usual)
    ]
    is_bad = " or ".join(f"coalesce({condition}, false)" for condition, _ in problems) or "false"
    entries = ", ".join(f"case when {condition} then {entry} end" for condition, entry in problems) or "null"
    kind = "struct(column_name varchar, reason varchar, value varchar)[]"
    con.execute(
        f"create or replace table typed_row as with texts as (select classed.line_no, n_lines, raw{texts} from classed"
        " left join placed on classed.line_no = placed.line_no left join group_value on placed.group_no = group_value.group_no"
        " where classed.row_class = 'item'),"
        f" vals as (select *{values} from texts)"
        f" select * exclude ({', '.join(ident('t_' + name) for name in cells)}),"
        f" (case when {is_bad} then list_filter([{entries}], lambda p: p is not null) else [] end)::{kind} as problems from vals"
    )


def refuse_other_order(con: duckdb.DuckDBPyConnection, chosen: Chosen, name: str) -> None:
    """Refuse a file with a date that fits only if day and month change places: whoever wrote it may have written the others so, too.

    Raises:
        FileRefused: names the column, the date and both orders.
    """
    for column, fmt in chosen.date_formats.items():
        other = fmt.translate(str.maketrans("dm", "md"))
        if fmt.startswith("%Y") or not {"%d", "%m"} <= set(re.findall("%.", fmt)):
            continue
        found = con.execute(
            f"select line_no, v from (select line_no, p.value as v from (select line_no, unnest(problems) as p from typed_row where len(problems) > 0)"
            f" where p.column_name = {lit(column)} and p.reason = 'DATE_IMPOSSIBLE') where {day('v', other)} >= '1000-01-01' order by line_no limit 1"
        ).fetchall()
        for line_no, text in found:
            raise FileRefused(
                got=f"{name}: {column} {text!r} in line {line_no}, which is a date as {other} while the column is read as {fmt}",
                expected="one order of day and month in a column",
                try_="exporting it in one order, or a user profile with `date_formats` of the other one",
                reason="DATE_DMY_MDY",
            )


def _value(field: Field, chosen: Chosen) -> str:
    default = (
        f"{lit(field.default)}::{field.duckdb_type}" if field.default is not None else f"null::{field.duckdb_type}"
    )
    if field.is_absent:
        return default
    text = ident("t_" + field.name)
    if field.sum_cells:  # a cell that cannot be read leaves no sum
        read = [(ident("t_" + part.name), typed(part, ident("t_" + part.name), chosen)) for part in field.parts]
        parts = " + ".join(f"coalesce({value}, case when {cell} is null then 0 end)" for cell, value in read)
        return f"(case when {text} is not null then try_cast({parts} as {field.duckdb_type}) end)"
    value = typed(field, text, chosen)
    if field.default is None:
        return f"({value})::{field.duckdb_type}"
    return f"(case when {text} is null then {default} else {value} end)::{field.duckdb_type}"


def _problems(field: Field, *, is_usual: bool = False) -> list[tuple[str, str]]:
    """What can be wrong with a field: a condition on its text and value, and the finding it makes. At most one holds per row."""
    text, value = ident("t_" + field.name), ident(field.name)
    found = (
        [(f"{value} is null and {text} is null", _entry(field, lit("REQUIRED_BLANK"), lit("")))] if field.needed else []
    )
    if field.is_absent:
        return found
    reason = _REASONS.get(field.type)
    if reason is not None:
        why = lit(reason)
        if reason == "NUM_INVALID" and not is_usual:  # looked at only where a value is missing
            why = (
                f"case when regexp_matches({text}, {lit(_EXCEL_ERROR)}) then 'NUM_EXCEL_ERROR'"
                f" when regexp_matches({text}, {lit(EXPONENT)}) then 'NUM_SCIENTIFIC' else {why} end"
            )
        elif reason == "DATE_IMPOSSIBLE":
            why = f"case when starts_with({text}, '#') then 'NUM_EXCEL_ERROR' else {why} end"
        return [*found, (f"{text} is not null and {value} is null", _entry(field, why, text))]
    if field.type in ("key", "id"):
        is_error = f"starts_with({text}, '#') and regexp_matches({text}, {lit(_ERROR_VALUE)})"
        found.append((is_error, _entry(field, lit("NUM_EXCEL_ERROR"), text)))
    if field.type in ("key", "id") and not field.is_plain:
        shattered = f"regexp_matches({text}, '^[0-9]([.,][0-9]+[eE][+]?|[eE][+])[0-9]+$')"
        return [*found, (shattered, _entry(field, lit("NUM_SCIENTIFIC"), text))]
    return found


def _entry(field: Field, reason: str, value: str) -> str:
    return f"{{'column_name': {lit(field.name)}, 'reason': {reason}, 'value': {value}}}"
