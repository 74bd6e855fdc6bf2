"""What reading a file repaired: conversions its profile foresees, told once per column with a count and examples, and text encoded twice."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from receivables.errors import Finding
from receivables.intake.convert import INVISIBLE, Chosen, Field, cleaned, rows_with
from receivables.intake.notation import CODES, CURRENCY
from receivables.intake.sqltext import ident, lit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

_EXAMPLES: Final = 3
_CLEANED_AWAY: Final = INVISIBLE + "|[\\x{FF01}-\\x{FF5E}\\x{3000}]"


def converted(
    con: duckdb.DuckDBPyConnection, fields: Sequence[Field], chosen: Chosen, ledger_currency: str | None = None
) -> list[Finding]:
    """One finding per reason and column for what conversion did to the items, with up to three of the texts it was done to."""
    parts = [
        (field.name, part)
        for field in fields
        for part in field.parts
        if part.told and not any(name.startswith("head.") for name in part.told)
    ]
    asked = [(column, part, found) for column, part in parts for found in _conversions(part, chosen)]
    counted = _counted(con, [one for one in asked if one[1].texts is None], "item", "count(*)")
    for texts in dict.fromkeys(part.texts for _, part, _ in asked if part.texts is not None):
        counted += _counted(con, [one for one in asked if one[1].texts == texts], texts, "sum(times)")
    marked = {one.column_name for one in counted if one.reason_code == "NUM_CURRENCY_SYMBOL"}
    amounts = [(column, part) for column, part in parts if column in marked and part.type == "money"]
    counted += _contradicting(con, amounts, {field.name: field for field in fields}, ledger_currency)
    return sorted(counted, key=lambda one: (one.column_name or "", one.reason_code))


_SIGN_OF: Final = {
    "€|欧元": "EUR", "£": "GBP", "[¥￥円圆]|(?:^|[^美欧])元|RMB|人民币": "CNY|JPY", "美元": "USD", "₹": "INR", "₩|원": "KRW", "₽": "RUB", "zł": "PLN", "Kč": "CZK", "R[$]": "BRL",
    "[$]": "USD|ARS|AUD|BRL|CAD|CLP|COP|HKD|MXN|NIO|NZD|SGD|TWD|DOP|UYU|BOB",
    **{f"(?:^|[^A-Z]){code}(?:[^A-Z]|$)": code for code in CODES.split("|")},
}  # fmt: skip
"""What may stand beside an amount, and the currencies it may be the sign of."""


def _contradicting(
    con: duckdb.DuckDBPyConnection,
    amounts: Sequence[tuple[str, Field]],
    fields: Mapping[str, Field],
    ledger_currency: str | None,
) -> list[Finding]:
    """Amounts that carry the sign of another currency than their row's, which counts; asked only of columns that carry signs at all."""
    findings = []
    for column, part in amounts:
        names = ("local_currency",) if column.endswith("_local") else ("currency", "local_currency")
        known = [f"upper({cleaned(fields[name])})" for name in names if name in fields and not fields[name].is_absent]
        currency = f"coalesce({', '.join([*known, lit(ledger_currency)])})"
        rows = rows_with([part, *(fields[name] for name in names if name in fields)])
        cases = " or ".join(
            f"(regexp_matches(t, {lit('(?i)' + sign)}) and c not in ({', '.join(lit(code) for code in codes.split('|'))}))"
            for sign, codes in _SIGN_OF.items()
        )
        found = con.execute(
            f"select count(*), list(t order by line_no)[:{_EXAMPLES}] from (select line_no, {cleaned(part)} as t, {currency} as c from {rows}) where regexp_matches(t, {lit('(?i)' + CURRENCY)}) and ({cases})"
        ).fetchall()
        for count, examples in found:
            if count:
                shown = " | ".join(text[:60] for text in examples)
                findings.append(
                    Finding("NUM_CURRENCY_SYMBOL", "accept_warn", column_name=column, count=count, raw_value=shown)
                )
    return findings


def _counted(
    con: duckdb.DuckDBPyConnection, asked: Sequence[tuple[str, Field, tuple[str, str]]], items: str, measure: str
) -> list[Finding]:
    if not asked:
        return []
    names = dict.fromkeys(part.name for _, part, _ in asked)
    known = {part.name: part for _, part, _ in asked}
    texts = ", ".join(f"{cleaned(known[name])} as {_text(name)}, {known[name].cell} as {_cell(name)}" for name in names)
    # Amounts of digits, separators and a minus are most; what else there is, is looked at only where something else stands.
    odd = "".join(
        f", case when regexp_matches({_text(name)}, '[^-0-9.,]') then {_text(name)} end as {_odd(name)}"
        for name in names
        if known[name].type in ("money", "decimal")
    )
    rows = f"(select *{odd} from (select *, {texts} from {items}))"
    counts = con.execute(
        f"select {', '.join(f'{measure} filter (where {condition})' for _, _, (_, condition) in asked)} from {rows}"
    ).fetchall()[0]
    done = [
        (column, reason, int(count), part, condition)
        for (column, part, (reason, condition)), count in zip(asked, counts, strict=True)
        if count
    ]
    return [
        Finding(
            reason,
            "repair",
            column_name=column,
            count=sum(count for _, _, count, _, _ in group),
            raw_value=_examples(con, rows, group),
        )
        for (column, reason), same in groupby(sorted(done, key=lambda one: one[:2]), key=lambda one: one[:2])
        for group in [list(same)]
    ]


def _examples(con: duckdb.DuckDBPyConnection, rows: str, group: Sequence[tuple[str, str, int, Field, str]]) -> str:
    texts: list[str] = []
    for _, _, _, part, condition in group:
        found = con.execute(
            f"select {_cell(part.name)} from {rows} where {condition} order by line_no limit {_EXAMPLES}"
        ).fetchall()
        texts += [str(text).strip()[:60] for (text,) in found]
    return " | ".join(texts[:_EXAMPLES])


def _text(name: str) -> str:
    return ident("t_" + name)


def _cell(name: str) -> str:
    return ident("c_" + name)


def _odd(name: str) -> str:
    return ident("o_" + name)


def _conversions(field: Field, chosen: Chosen) -> list[tuple[str, str]]:
    """Reasons and conditions for what may have been done to a field of that type, as the profile has it."""
    cell = _cell(field.name)
    found = []
    if field.type in ("money", "decimal"):
        found = _of_amounts(field, chosen)
    elif field.type == "date":
        found = _of_dates(field, chosen)
    elif field.type in ("key", "id"):
        found = _of_keys(field)
    if not field.is_plain:
        found.append(("TEXT_FORMULA", f"starts_with(ltrim({cell}), '=\"')"))
        if field.type not in ("text", "money", "decimal", "date"):
            found.append(
                (
                    "TEXT_INVISIBLE",
                    f"regexp_matches({cell}, {lit(_CLEANED_AWAY)})",
                )
            )
    return found


def _of_amounts(field: Field, chosen: Chosen) -> list[tuple[str, str]]:
    text, odd, cell = _text(field.name), _odd(field.name), _cell(field.name)
    found = [("NUM_TRAILING_MINUS", f"ends_with({text}, '-')")]
    if chosen.locale.decimal == ",":
        found.append(("NUM_COMMA_DECIMAL", f"contains({text}, ',')"))
    if field.name in chosen.usual:
        return found
    found += [
        ("NUM_PAREN_CRDR", f"regexp_matches({odd}, '(?i)^[^0-9]*[(]|[CD]R\\s*$|^\\s*[CD]R|HABER|DEBE|[借贷]|[0-9-] *[HS]$')"),
        ("NUM_CURRENCY_SYMBOL", f"regexp_matches({odd}, {lit('(?i)' + CURRENCY)}) or regexp_matches({odd}, '[''\\x{{2019}}]')"
         + ("" if field.is_plain else f" or regexp_matches({cell}, '[0-9][\\x{{A0}}\\x{{202F}}\\x{{2009}}][0-9]')")),
    ]  # fmt: skip
    if "," in chosen.locale.thousands:
        lakh = f"length({text}) >= 8 and regexp_matches({text}, '[0-9],[0-9]{{2}},[0-9]')"
        found.append(
            (
                "NUM_LAKH_GROUP",
                lakh if field.is_plain else f"({lakh}) or regexp_matches({cell}, '[\\x{{FF10}}-\\x{{FF19}}]')",
            )
        )
    return found


def _of_dates(field: Field, chosen: Chosen) -> list[tuple[str, str]]:
    text, cell = _text(field.name), _cell(field.name)
    serial = f"length({text}) >= 5 and (length({text}) = 5 or {text}[6] = '.') and regexp_matches({text}, '^[2-5][0-9]{{4}}([.][0-9]+)?$')"
    found = [
        ("DATE_EXCEL_SERIAL", serial),
        ("DATE_FLOAT", f"length({text}) = 8 and regexp_matches(trim({cell}), '^[0-9]{{8}}[.]0$')"),
    ]
    if field.nulls or field.zero_is_null:
        known = " or ".join(f"starts_with(upper(trim({cell})), {lit(token.upper())})" for token in field.nulls if token)
        zero = f"regexp_matches({cell}, '^[ 0/.-]+$')" if field.zero_is_null else "false"
        found.append(("DATE_NULL_SENTINEL", f"{text} is null and ({known or 'false'} or {zero})"))
    fmt = chosen.date_formats.get(field.name, "")
    if "%y" in fmt or "%b" in fmt or "%B" in fmt:
        found.append(("DATE_TWO_DIGIT", f"{text} is not null and not ({serial})"))
    elif fmt.startswith("%epoch"):
        found.append(("DATE_FLOAT", f"{text} is not null"))
    return found


def _of_keys(field: Field) -> list[tuple[str, str]]:
    text, cell = _text(field.name), _cell(field.name)
    found = []
    if (field.take or "").startswith("^0*"):
        found.append(("KEY_LEADING_ZERO", f"starts_with(ltrim({cell}), '0') and not starts_with({text}, '0')"))
    if field.pad:
        found.append(("KEY_LEADING_ZERO", f"length({text}) < {field.pad} and regexp_matches({text}, '^[0-9]+$')"))
    if field.strip_decimal:
        found.append(("NUM_SCIENTIFIC", f"ends_with(rtrim({cell}), '.0') and not ends_with({text}, '.0')"))
    return found


_TWICE: Final = "[\\x{C2}-\\x{F4}][\\x{80}-\\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
"""Two characters that may be one, once read in the wrong code page."""


def undo_mojibake(con: duckdb.DuckDBPyConnection, fields: Sequence[Field]) -> list[Finding]:
    """Turn texts that were encoded twice (IbÃ¡Ã±ez) back, once and only where every byte agrees; lost characters are told.

    A text with U+FFFD stays as it is: what stood there is gone.
    """
    if not fields:
        return []
    # Only a text with a letter beyond ASCII can be either, and asking for that is cheap.
    tests = {
        (field.name, wrong): f"case when strlen({name}) <> length({name}) then {test} else false end"
        for field in fields
        for name in [ident(field.name)]
        for wrong, test in ((True, f"regexp_matches({name}, {lit(_TWICE)})"), (False, f"contains({name}, chr(65533))"))
    }
    counts = con.execute(
        f"select {', '.join(f'count(*) filter (where {test})' for test in tests.values())} from typed_row"
    ).fetchall()[0]
    known = {field.name: field for field in fields}
    findings = []
    for (column, wrong), count in zip(tests, counts, strict=True):
        if count and wrong:
            findings += _undone(con, known[column], tests[column, wrong])
        elif count:
            example = con.execute(
                f"select {ident(column)} from typed_row where {tests[column, wrong]} limit 1"
            ).fetchall()
            findings.append(
                Finding("ENC_MOJIBAKE", "accept_warn", column_name=column, count=int(count), raw_value=example[0][0])
            )
    return findings


def _undone(con: duckdb.DuckDBPyConnection, field: Field, test: str) -> list[Finding]:
    told = con.execute(
        f"select {ident(field.name)}, count(*) from typed_row where {test} group by {ident(field.name)} order by 1"
    ).fetchall()
    meant = [(text, right, int(count)) for text, count in told if (right := decoded_again(text)) is not None]
    if not meant:
        return []
    con.execute("create or replace temp table meant_text (told varchar, meant varchar)")
    con.executemany("insert into meant_text values (?, ?)", [(text, right) for text, right, _ in meant])
    for name in sorted(field.told):
        table, column = ("head", name.removeprefix("head.")) if name.startswith("head.") else ("item", name)
        # What a text is taken from may say more than the text itself.
        is_whole = name == field.cell
        con.execute(
            f"update {table} set {column} = {'m.meant' if is_whole else f'replace({column}, m.told, m.meant)'} from meant_text as m"
            f" where {f'{column} = m.told' if is_whole else f'contains({column}, m.told)'}"
        )
    text, right, _ = meant[0]
    count = sum(count for _, _, count in meant)
    return [
        Finding(
            "ENC_MOJIBAKE", "accept_warn", column_name=field.name, count=count, raw_value=text, repaired_value=right
        )
    ]


def decoded_again(text: str) -> str | None:
    """What a text says whose UTF-8 was read as cp1252 or latin-1; None where it is no such text as a whole.

    >>> decoded_again("IbÃ¡Ã±ez")
    'Ibáñez'
    """
    try:
        raw = b"".join(_byte(character) for character in text)
        right = raw.decode("utf-8")
    except UnicodeError:
        return None
    return right if right != text and right.isprintable() else None


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")
