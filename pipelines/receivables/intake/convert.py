"""From text cells to typed values: one SQL projection made from the profile, with a reason beside every value that does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from receivables.intake.notation import EXPONENT, TIME_OF_DAY, day, number, serial_day, usual_number
from receivables.intake.sqltext import any_of, ident, lit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from receivables.intake.profile import Locale

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

UNPLAIN: Final = '[^\\x{20}-\\x{7E}\\x{A1}-\\x{1FFF}\\x{2070}-\\x{2FFF}\\x{3001}-\\x{FEFE}]|="'
"""What makes a text need more than a trim: invisible, wide or control characters, ="..." wrappers."""

SHATTERED: Final = "^[0-9]([.,][0-9]+[eE][+]?|[eE][+])[0-9]+$"
"""A key that a spreadsheet turned into a number such as 1.9E+09."""

_TOLD: Final = re.compile(r"\bcell_[0-9]+\b|\bhead[.]\w+")


@dataclass(frozen=True)
class Field:
    """One typed value of every record: where its text stands and what it must become.

    `cell` is SQL over the items; `needed` rows are quarantined where it is blank. `is_plain` says that no text of it holds a
    character that would have to be cleaned away, so that a trim is enough, which the cells of `item` have had; `is_bare`, that no day
    stands before a time or is a number with a fraction, or that every code is three capital letters.

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
    is_bare: bool = False
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
    def told(self) -> set[str]:
        """The columns of table `item`, and those of the heads above it as `head.<role>`, that its text is made of."""
        return set(_TOLD.findall(" ".join((self.cell, *self.sum_cells, *(cell for cell, _ in self.null_when)))))

    @property
    def texts(self) -> str | None:
        """The temp table of all that the items tell a date by, once each, with `times` and the first `line_no`: days are few, however many rows; None where it has none."""
        is_told = self.type == "date" and self.told and not any(name.startswith("head.") for name in self.told)
        return ident(f"day_text_{self.name}") if is_told else None

    @property
    def parts(self) -> list[Field]:
        """The cells it is read from, each as a field: itself, or those it sums."""
        if not self.sum_cells:
            return [self]
        return [
            replace(self, name=f"{self.name}+{n}", cell=cell, sum_cells=()) for n, cell in enumerate(self.sum_cells, 1)
        ]


@dataclass(frozen=True)
class Chosen:
    """How this file writes numbers and dates: one locale for all amounts, one format per date column.

    Where no format reads a whole column, `more_formats` are the others that read some of it and cannot be mistaken for it.
    """

    locale: Locale
    date_formats: dict[str, str]
    more_formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    usual: frozenset[str] = frozenset()
    """Cells of which every amount is digits as the locale groups them, with a minus or none: most are, and are read without a second look."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """Of some usual cells, the signs that stand in any of their amounts."""


@dataclass(frozen=True)
class Typed:
    """How the items of a file are typed: what stands behind view `typed_row`. `beyond` maps fields to conditions of values out of range."""

    fields: tuple[Field, ...]
    chosen: Chosen
    beyond: Mapping[str, str] = field(default_factory=dict)


def rows_with(fields: Iterable[Field], items: str = "item") -> str:
    """SQL for the items, or some of them, with all that the fields are made of: what the heads above them tell is joined where it is read."""
    is_told_above = any(name.startswith("head.") for field in fields for name in field.told)
    return f"{items} as item left join head on item.block = head.block" if is_told_above else f"{items} as item"


def cleaned(field: Field) -> str:
    """SQL for the field's text without padding, invisible characters, spreadsheet wrappers or null tokens; NULL where nothing is left.

    Of a sum it is the texts of all its cells.
    """
    if field.is_absent:
        return ABSENT
    if field.sum_cells:
        return f"nullif(concat_ws(' + ', {', '.join(cleaned(part) for part in field.parts)}), '')"
    text = _scrubbed(field)
    if field.is_plain:
        text = field.cell if field.cell in field.told else f"trim({field.cell})"
    if field.type == "date" and not (field.is_bare and field.is_plain):
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
    tests = [any_of(text, list(nulls))]
    if field.zero_is_null:
        tests.append(f"regexp_matches({text}, '^[^1-9\\p{{L}}]*0[^1-9\\p{{L}}]*$')")
    for cell, values in field.null_when:
        tests.append(any_of(f"lower(trim(coalesce({cell}, '')))", [value.strip().lower() for value in values]))
    return tests


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
            return _amount(field, text, chosen)
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
            return f"(case when {any_of(f'lower({text})', field.choices)} then lower({text}) end)"
        case "currency" | "country":
            return text if field.is_bare else _code(text, 3 if field.type == "currency" else 2)
        case "list":
            return f"list_filter(list_transform(string_split({text}, ';'), lambda c: trim(c)), lambda c: c <> '')"
        case "key" | "id" if field.pad:
            return f"(case when regexp_matches({text}, '^[0-9]+$') then lpad({text}, greatest({field.pad}, length({text}))::integer, '0') else {text} end)"
        case _:
            return text


def _amount(field: Field, text: str, chosen: Chosen) -> str:
    if field.name in chosen.usual:
        return usual_number(text, chosen.locale, field.duckdb_type, chosen.marks.get(field.name))
    return number(text, chosen.locale, field.duckdb_type)


def _code(text: str, letters: int) -> str:
    return f"(case when regexp_matches(upper({text}), '^[A-Z]{{{letters}}}$') then upper({text}) end)"


def convert(
    con: duckdb.DuckDBPyConnection, fields: Sequence[Field], chosen: Chosen, beyond: Mapping[str, str] | None = None
) -> None:
    """Create view `typed_row`: line_no, n_lines, one typed column per field, and `flaw`, the reason why a row cannot be loaded, or NULL.

    `beyond` maps fields to conditions of values that are out of range. All that is wrong with a row is told by `flaws`.
    """
    keep_view(
        con, "typed_row", _typed_rows(fields, chosen, beyond or {}, rows_with(fields)), most=SMALL if beyond else 0
    )


SMALL: Final = 50_000
"""Items up to which a step of the way is kept: asking a view again costs more than the rows in it; beyond, keeping them all costs more."""


def keep_view(
    con: duckdb.DuckDBPyConnection, name: str, sql: str, *, most: int, never: Mapping[str, str] | None = None
) -> None:
    """Create view `name` of a query over the items, of a table behind it where they are not more than `most`; `never` maps columns that are always NULL to their types."""
    is_kept = con.execute(f"select count(*) <= {most} from item").fetchall()[0][0]
    absent = never or {} if is_kept else {}
    if is_kept:
        without = f" exclude ({', '.join(map(ident, absent))})" if absent else ""
        con.execute(f"create or replace temp table {name}_kept as select *{without} from ({sql})")
        nulls = "".join(f", null::{kind} as {ident(column)}" for column, kind in absent.items())
        sql = f"select *{nulls} from {name}_kept"
    con.execute(f"create or replace temp view {ident(name)} as {sql}")


def flaws(told: Typed, lines: str) -> str:
    """SQL for line_no, column_name, reason and value of everything that is wrong with some of the items; `lines` is a query for their line numbers."""
    rows = rows_with(told.fields, f"(select * from item where line_no in ({lines}))")
    entries = ", ".join(
        f"case when {test} then {{'column_name': {lit(column)}, 'reason': {reason}, 'value': {value}}} end"
        for test, column, reason, value in _problems(told.fields, told.chosen, told.beyond)
    )
    kind = "struct(column_name varchar, reason varchar, value varchar)[]"
    return (
        f"select line_no, unnest(list_filter([{entries}]::{kind}, lambda p: p is not null), recursive := true)"
        f" from ({_typed_rows(told.fields, told.chosen, told.beyond, rows, keeps_texts=True)})"
    )


def _typed_rows(
    fields: Sequence[Field], chosen: Chosen, beyond: Mapping[str, str], rows: str, *, keeps_texts: bool = False
) -> str:
    cells = {part.name: part for field in fields for part in (field, *field.parts)}  # of a sum, all its cells too
    texts = "".join(f", {cleaned(cell)} as {ident('t_' + name)}" for name, cell in cells.items())
    values = "".join(f", {_value(field, chosen)} as {ident(field.name)}" for field in fields)
    cases = " ".join(f"when {test} then {reason}" for test, _, reason, _ in _problems(fields, chosen, beyond))
    flaw = f"case {cases} end" if cases else "null::varchar"
    kept = "*" if keeps_texts else f"* exclude ({', '.join(ident('t_' + name) for name in cells)})"
    return f"select {kept}, {flaw} as flaw from (select *{values} from (select line_no, n_lines{texts} from {rows}))"


def _problems(fields: Sequence[Field], chosen: Chosen, beyond: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Condition on a row's texts and values, column, SQL for reason and value of all that can be wrong with it, the first told first."""
    found = [problem for field in fields for problem in _faults(field, is_usual=field.name in chosen.usual)]
    return [*found, *((test, name, lit("DATE_RANGE"), f"{ident(name)}::varchar") for name, test in beyond.items())]


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


def _faults(field: Field, *, is_usual: bool) -> list[tuple[str, str, str, str]]:
    """What can be wrong with a field. At most one holds per row."""
    text, value = ident("t_" + field.name), ident(field.name)
    found = []
    if field.needed:
        found.append((f"{value} is null and {text} is null", field.name, lit("REQUIRED_BLANK"), lit("")))
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
        found.append((f"{text} is not null and {value} is null", field.name, why, text))
    elif field.type in ("key", "id"):
        is_error = f"starts_with({text}, '#') and regexp_matches({text}, {lit(_ERROR_VALUE)})"
        found.append((is_error, field.name, lit("NUM_EXCEL_ERROR"), text))
        if not field.is_plain:
            found.append((f"regexp_matches({text}, {lit(SHATTERED)})", field.name, lit("NUM_SCIENTIFIC"), text))
    return found
