"""Whose amounts they are and in which currency, as far as the file or the home says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from receivables.intake.drafting.roles import position_of
from receivables.intake.drafting.text import Line, Section, shortened
from receivables.intake.drafting.values import text_table
from receivables.intake.notation import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from receivables.intake.company import Companies
    from receivables.intake.drafting.roles import Decided
    from receivables.intake.drafting.values import Column

SIGNS: Final = {"€": "EUR", "£": "GBP", "R$": "BRL", "zł": "PLN", "Kč": "CZK", "₹": "INR", "元": "CNY", "人民币": "CNY"}
"""Signs beside an amount that one currency alone has; the dollar's and the yen's many have."""


def assumed(
    con: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    decided: Sequence[Decided],
    titles: Sequence[str],
    companies: Companies,
) -> Section:
    """What rows do not tell and the profile states: the company, and the currency of amounts beside which none stands."""
    lines = [*_company(decided, companies), *_currency(con, columns, decided, titles, companies)]
    return Section("[assume]", tuple(lines)) if lines else Section("", ())


def _company(decided: Sequence[Decided], companies: Companies) -> list[Line]:
    if position_of(decided, "company") is not None:
        return []
    if companies.default is not None:
        return [
            Line("", evidence=f"no column names the company: it is {companies.default}, the only one this home knows")
        ]
    return [
        Line(
            "company",
            evidence="no column names the company, and this home knows none",
            question="the company's id, such as MAIN?",
        )
    ]


def _currency(
    con: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    decided: Sequence[Decided],
    titles: Sequence[str],
    companies: Companies,
) -> list[Line]:
    ledger = companies.currencies.get(companies.default or "")
    told = position_of(decided, "currency")
    if told is not None and told.distinct:
        codes = [
            code for (code,) in con.execute(f"select v from {text_table(told.position)} order by times desc").fetchall()
        ]
        if ledger is not None:
            return []
        if len(codes) == 1:
            return [Line("local_currency", codes[0], f"the only currency in '{shortened(told.label)}'")]
        shown = ", ".join(codes[:6])
        return [
            Line(
                "local_currency",
                evidence=f"'{shortened(told.label)}' has {shown}",
                question="the ledger's currency, an ISO code?",
            )
        ]
    found = _named(con, columns, titles)
    if len(found) == 1:
        ((code, where),) = found.items()
        lines = [Line("currency", code, where)]
        return (
            lines
            if ledger is not None
            else [*lines, Line("local_currency", code, "no other currency stands in the file")]
        )
    if ledger is not None:
        return [Line("currency", ledger, f"no column tells a currency: that of {companies.default} in this home")]
    evidence = "; ".join(f"{code}: {where}" for code, where in found.items()) or "nothing in the file names a currency"
    return [Line("local_currency", evidence=evidence, question="the currency of the amounts, an ISO code such as EUR?")]


def _named(con: duckdb.DuckDBPyConnection, columns: Sequence[Column], titles: Sequence[str]) -> dict[str, str]:
    """Currencies that a label, a title or a sign beside the amounts names, each with where."""
    found: dict[str, str] = {}
    for text in (*(column.label for column in columns), *titles):
        for code in re.findall(rf"(?<![A-Za-z])(?:{CODES})(?![A-Za-z])", text):
            found.setdefault(code, f"'{shortened(text)}' names it")
    for column in columns:
        if column.kind != "number":
            continue
        for sign, code in SIGNS.items():
            beside = con.execute(
                f"select v from {text_table(column.position)} where contains(v, ?) limit 1", [sign]
            ).fetchone()
            if beside is not None:
                found.setdefault(code, f"'{shortened(beside[0])}' in '{shortened(column.label)}'")
    return found
