"""What the codes of an unknown file mean: kinds of documents by type or sign, states, and the sign credits are told with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.intake.drafting.roles import position_of
from receivables.intake.drafting.text import Line, Section, shortened
from receivables.intake.drafting.values import sum_of, text_table
from receivables.intake.drafting.vocabulary import vocabulary
from receivables.intake.notation import number
from receivables.intake.profile import PAYMENT_KINDS
from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.drafting.roles import Decided
    from receivables.intake.drafting.values import Column
    from receivables.intake.profile import Locale

CODES_MAX: Final = 30
"""Different codes of a type or state listed one by one; a column with more is none of these."""

WORD_LETTERS: Final = 4
"""Letters from which a code is a word of a language: shorter ones mean something else in every system."""

CREDITS: Final = ("credit_note", *PAYMENT_KINDS)
KINDS: Final = "invoice, credit_note, receipt, debit_note, prepayment, refund, adjustment, opening_balance, write_off, out_of_scope"
STATES: Final = "posted, draft, cancelled, reversed"


def kinds_of(con: duckdb.DuckDBPyConnection, decided: Sequence[Decided], locale: Locale) -> list[Section]:
    """One `[[kinds]]` for each code of the type column; without one, by the sign of the amount."""
    types = position_of(decided, "doc_type")
    amount = position_of(decided, "amount", "amount_local", "open", "open_local")
    if types is None or not 0 < types.distinct <= CODES_MAX:
        if position_of(decided, "debit", "debit_local") is not None:
            return [_by_side()]
        return _by_sign(con, decided, amount, locale)
    signs = _signs(con, types, amount, locale)
    return [_of_code(code, *signs[code]) for code in signs]


def _signs(
    con: duckdb.DuckDBPyConnection, types: Column, amount: Column | None, locale: Locale
) -> dict[str, tuple[int, int, int]]:
    """Rows of every code, and how many of their amounts lie above and below zero."""
    value = number(f"trim(cells[{amount.position}])", locale) if amount is not None else "0"
    rows = con.execute(
        f"select trim(cells[{types.position}]) as code, count(*), count(*) filter (where {value} > 0), count(*) filter (where {value} < 0)"
        " from datum where code <> '' group by code order by count(*) desc, code"
    ).fetchall()
    return {code: (int(n), int(above), int(below)) for code, n, above, below in rows}


def _of_code(code: str, rows: int, above: int, below: int) -> Section:
    meant = vocabulary().kinds.get(code.casefold(), frozenset())
    told = f"{rows} rows; amounts: {above} above zero, {below} below"
    when = Line("when", {"doc_type": [code]}, f"'{shortened(code)}': {told}")
    if len(meant) != 1 or (len(code) < WORD_LETTERS and code.isascii()):
        known = f" (elsewhere {', '.join(sorted(meant))})" if meant else ""
        return Section("[[kinds]]", (when, Line("kind", question=f"which kind{known}: {KINDS}?")))
    (kind,) = meant
    lines = [when, Line("kind", kind, "the word is known for it")]
    if kind in CREDITS and above and not below:
        lines.append(
            Line(
                "negate",
                value=True,
                evidence="a credit, and all its amounts are above zero: it is told without its sign",
            )
        )
    return Section("[[kinds]]", tuple(lines))


def _by_side() -> Section:
    told = "debits and credits stand in columns of their own: what a line is, its side tells"
    return Section("[[kinds]]", (Line("kind", "by_sign", told),))


def _by_sign(
    con: duckdb.DuckDBPyConnection, decided: Sequence[Decided], amount: Column | None, locale: Locale
) -> list[Section]:
    amounts = [amount] if amount is not None else [f.column for f in decided if f.question and f.column.has_separator]
    counted = [sum_of(con, column.position, locale)[1:] for column in amounts if column.locales]
    above, below = max((n for n, _ in counted), default=0), max((n for _, n in counted), default=0)
    owed = (
        Line("sign", "+", f"no column is known to tell types; {above} amounts of a column lie above zero"),
        Line("kind", "invoice"),
    )
    sections = [Section("[[kinds]]", owed)]
    if below:
        told = f"{below} amounts lie below zero"
        sections.append(
            Section(
                "[[kinds]]",
                (Line("sign", "-", told), Line("kind", question="which kind: credit_note, receipt or prepayment?")),
            )
        )
    return sections


def states_of(con: duckdb.DuckDBPyConnection, decided: Sequence[Decided]) -> list[Section]:
    """One `[[states]]` for each text of the state column, where such a column was decided."""
    column = position_of(decided, "state")
    if column is None or not 0 < column.distinct <= CODES_MAX:
        return []
    rows = con.execute(
        f"select v, times from {text_table(column.position)} where v <> {lit('')} order by times desc, v"
    ).fetchall()
    return [_of_state(text, int(times)) for text, times in rows]


def _of_state(text: str, times: int) -> Section:
    meant = vocabulary().states.get(text.casefold(), frozenset())
    when = Line("when", {"state": [text]}, f"'{shortened(text)}': {times} rows")
    if len(meant) == 1:
        return Section("[[states]]", (when, Line("state", next(iter(meant)), "the word is known for it")))
    return Section("[[states]]", (when, Line("state", question=f"which state: {STATES}?")))
