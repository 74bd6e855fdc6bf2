"""What a row of a role-shaped file means, as SQL over its typed roles: rules that fit, keys put together, values assumed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from receivables.errors import Finding
from receivables.intake.profile import ROLES, placeholders
from receivables.intake.sqltext import any_of, ident, lit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    import duckdb

    from receivables.intake.profile import Assumed, Conditions, Kind, Profile, State


def fits(kind: Kind, amount: str) -> str:
    """SQL condition: a typed row is of this kind; `amount` is SQL for its signed amount."""
    tests = [has(kind.when)]
    if kind.type is not None:
        tests.append(f"doc_type = {lit(kind.type)}")
    if kind.special is not None:
        tests.append(f"special = {lit(kind.special)}")
    if kind.sign is not None:
        tests.append(f"{amount} >= 0" if kind.sign == "+" else f"{amount} < 0")
    if kind.text is not None:
        tests.append(f"regexp_matches(coalesce(text, ''), {lit(kind.text)})")
    return " and ".join(tests)


def has(when: Conditions) -> str:
    """SQL condition: every role named has one of its values, in any case; a blank cell counts as an empty text, {role} is the value of another role."""
    tests = []
    for role, values in when.items():
        told = f"lower(coalesce({ident(role)}::varchar, ''))"
        others = [other for value in values for other in placeholders(value)]
        same = [f"{told} = lower(coalesce({ident(other)}::varchar, ''))" for other in others]
        texts = [value.lower() for value in values if not placeholders(value)]
        tests.append("(" + " or ".join([*same, *([any_of(told, texts)] if texts else [])]) + ")")
    return " and ".join(tests) or "true"


def rule_case(kinds: Sequence[Kind], amount: str) -> str:
    """SQL for the number, from 1, of the first kind that fits a row; NULL where none does."""
    cases = " ".join(f"when {fits(kind, amount)} then {n}" for n, kind in enumerate(kinds, start=1))
    return f"case {cases} end" if cases else "null::integer"


def of_rule(values: Mapping[int, str]) -> str:
    """SQL for what the rule of a row says, by rule number; NULL where it says nothing."""
    cases = " ".join(f"when {number} then {lit(value)}" for number, value in values.items())
    return f"case rule_no {cases} end" if cases else "null::varchar"


def state_case(states: Sequence[State]) -> str:
    """SQL for the ledger's state of a row; NULL where nothing is told, 'unknown' where a state is told that no rule knows."""
    cases = " ".join(f"when {has(rule.when)} then {lit(rule.state)}" for rule in states)
    return f"case {cases} when state is not null then 'unknown' end" if cases else "null::varchar"


def key_text(templates: Sequence[str]) -> str:
    """SQL for a key put together by the first template whose roles are all told; NULL where none is."""
    return f"coalesce({', '.join(_filled(template) for template in templates)})" if templates else "null::varchar"


def _filled(template: str) -> str:
    parts = re.split(r"[{](\w+)[}]", template)
    pieces = [lit(part) if n % 2 == 0 else f"{ident(part)}::varchar" for n, part in enumerate(parts) if part or n % 2]
    return "(" + " || ".join(pieces) + ")"


def assumed_origin(assume: Assumed, day: date) -> str | None:
    """SQL for the day that documents without one are dated from: another role, the day of the extract, or the first day of the file."""
    named = {"extract": f"date '{day}'", "first": "(select min(doc_date) from typed_row)"}
    return named.get(assume.doc_date_from or "", assume.doc_date_from)


def assumed_values(con: duckdb.DuckDBPyConnection, profile: Profile) -> list[Finding]:
    """Count the rows of `typed_row` for which the profile states a value that the file leaves out; one finding per role."""
    assume = profile.assume
    present = {row[0] for row in con.execute("select column_name from (describe typed_row)").fetchall()}
    told = {
        "doc_date": f"{assume.doc_date_from} {assume.doc_date_days:+d} days" if assume.doc_date_from else None,
        "currency": assume.currency,
        "doc_type": assume.doc_type,
        "company": assume.company,
        "customer": assume.customer,
    }
    return [
        Finding("ASSUMED_VALUE", "accept_warn", column_name=role, count=count, repaired_value=value)
        for role, value in told.items()
        if value is not None
        and role in ROLES[profile.shape]
        and (count := one(con, f"select count(*) from typed_row where {role if role in present else 'null'} is null"))
    ]


def explains(rates: Iterable[str], difference_pct: Decimal) -> str:
    """SQL condition: a row's amount at one of the rates is its ledger amount, but for rounding and the difference allowed."""
    doc, local = "abs(amount_doc)::double", "abs(amount_local)::double"
    return " or ".join(f"abs({doc} * {rate} - {local}) <= {difference_pct} / 100.0 * {local} + 0.01" for rate in rates)


def counted(con: duckdb.DuckDBPyConnection, rows: str, tests: Sequence[tuple[str, str, str, str]]) -> list[Finding]:
    """One finding for each reason, action, column and condition that some of the loaded rows meet; `rows` is a table with their verdict."""
    counts = con.execute(
        f"select {', '.join(f'count(*) filter (where {test})' for *_, test in tests)} from {rows} where verdict is null"
    ).fetchall()[0]
    return [
        Finding(reason, action, column_name=column, count=int(count))
        for (reason, action, column, _), count in zip(tests, counts, strict=True)
        if count
    ]


def one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The single whole number a query returns."""
    row = con.execute(sql).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
