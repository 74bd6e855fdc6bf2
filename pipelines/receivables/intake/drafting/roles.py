"""Which role each column of an unknown file has: decided where its label is known for one role its values can have, else a question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.intake.drafting.vocabulary import IGNORED, type_of, vocabulary
from receivables.intake.profile import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from receivables.intake.drafting.values import Column

PLAUSIBLE: Final = {
    "date": ("doc_date", "due_date", "settled_date", "posting_date"),
    "number": ("amount", "open", "paid", "debit", "credit", "amount_local"),
    "code": ("doc_no", "customer", "doc_type", "invoice_ref", "order_no", "salesperson"),
    "text": ("customer_name", "customer", "text", "doc_type", "state", "salesperson", "city"),
    "blank": (),
}
"""Roles a person thinks of first, by what the values are."""

CODE_NUMBERS: Final = ("customer", "doc_no", "company", "order_no", "amount")
"""The same of whole numbers, which may count money or name things."""

LEDGER_TWINS: Final = {"amount_local": "amount", "open_local": "open", "debit_local": "debit", "credit_local": "credit", "paid_local": "paid"}  # fmt: skip
"""Roles in ledger currency and those in the document's, which are one where a file tells a single currency."""

FEW: Final = 12
"""Different texts up to which a column may be one of types or states."""


@dataclass(frozen=True)
class Decided:
    """What one column is: `roles` it is read for, none where it is ignored or a question is open; `evidence` says what its values are."""

    column: Column
    roles: tuple[str, ...] = ()
    evidence: str = ""
    question: str = ""
    is_ignored: bool = False


def decide_roles(columns: Sequence[Column]) -> tuple[Decided, ...]:
    """What every labelled column is; a role two columns claim is asked about, once for each."""
    labelled = [column for column in columns if column.label]
    is_single = _tells_one_currency(labelled)
    claims = {column.position: _claims(column, is_single=is_single) for column in labelled}
    others = Counter(role for told in claims.values() if len(told) == 1 for role in told)
    found = [_decide(column, claims[column.position], others) for column in labelled]
    told = Counter(role for decided in found for role in decided.roles)
    found = [_if_alone(decided, told) for decided in found]
    taken = {role for decided in found for role in decided.roles}
    return tuple(_with_question(decided, claims[decided.column.position], taken) for decided in found)


def _tells_one_currency(columns: Sequence[Column]) -> bool:
    """Whether amounts can be in one currency only: no column of currencies, or one with one code."""
    return all(column.distinct < 2 for column in columns if column.is_currency)


def _claims(column: Column, *, is_single: bool) -> dict[str, tuple[str, ...]]:
    """The roles the label is known for whose values the column can hold; twins in two currencies are one where there is one currency."""
    told: dict[str, tuple[str, ...]] = {}
    for role, places in vocabulary().claims(column.label).items():
        if role == IGNORED or can_be(column, type_of(role)):
            name = LEDGER_TWINS.get(role, role) if is_single else role
            told[name] = (*told.get(name, ()), *places)
    return told


def can_be(column: Column, kind: str) -> bool:
    """Whether all values of a column can be read as a type; a blank column can be anything."""
    if column.kind == "blank":
        return True
    match kind:
        case "date":
            return column.kind == "date"
        case "money" | "decimal":
            return bool(column.locales)
        case "int":
            return bool(column.locales) and not column.has_separator
        case "currency":
            return column.is_currency
        case "bool":
            return column.distinct <= 2
        case "key":
            return not column.has_separator or not column.locales
        case _:
            return True


def _decide(column: Column, claims: Mapping[str, tuple[str, ...]], others: Mapping[str, int]) -> Decided:
    roles = tuple(claims)
    if not roles:
        return Decided(column)
    if roles == (IGNORED,):
        return Decided(column, evidence=f"known to {_places(claims[IGNORED])}, read by nothing", is_ignored=True)
    if len(roles) == 1:
        return Decided(column, roles, f"{_places(claims[roles[0]])}; {_values(column)}")
    if set(roles) == {"customer", "customer_name"} and column.distinct:
        return _key_or_name(column, others)
    return Decided(column)


def _key_or_name(column: Column, others: Mapping[str, int]) -> Decided:
    """A label that stands for a customer's number or its name: the values tell, and whether another column has the number."""
    if not column.has_names:
        is_number = column.kind in ("code", "number")
        return (
            Decided(column, ("customer",), f"numbers or codes, not names; {_values(column)}")
            if is_number
            else Decided(column)
        )
    if others.get("customer"):
        return Decided(
            column, ("customer_name",), f"names, and another column has the customer's number; {_values(column)}"
        )
    return Decided(
        column,
        ("customer", "customer_name"),
        f"names, and no other column is known to number customers; {_values(column)}",
    )


def _if_alone(decided: Decided, told: Mapping[str, int]) -> Decided:
    """The decision, unless another column was given the same role."""
    return Decided(decided.column) if any(told[role] > 1 for role in decided.roles) else decided


def _with_question(decided: Decided, claims: Mapping[str, tuple[str, ...]], taken: set[str]) -> Decided:
    """The decision, or what is to be asked: what the values are, and which roles they may have."""
    if decided.roles or decided.is_ignored:
        return decided
    column = decided.column
    known = [role for role in claims if role != IGNORED]
    told = _values(column)
    if known:
        told += f"; its label is known as {' and as '.join(f'{role} ({_places(claims[role])})' for role in known)}"
    if IGNORED in claims:
        told += f"; left aside by {_places(claims[IGNORED])}"
    options = known or [role for role in _plausible(column) if role not in taken]
    return Decided(column, evidence=told, question=f"which role: {', '.join((*options, 'another'))}, or {IGNORED}?")


def _plausible(column: Column) -> Iterable[str]:
    if column.is_currency:
        return ("currency",)
    if column.kind == "number" and not column.has_separator:
        return CODE_NUMBERS
    if column.kind == "date" and column.locales and not column.has_separator:
        return (*PLAUSIBLE["date"], "doc_no")
    if column.distinct <= FEW < column.filled:
        return ("doc_type", "state", *PLAUSIBLE[column.kind])
    return PLAUSIBLE[column.kind]


def _values(column: Column) -> str:
    """How much a column says, and texts of it."""
    if not column.distinct:
        return "blank in every row"
    what = {"date": "days", "number": "numbers", "code": "codes", "text": "texts"}[column.kind]
    return f"{column.filled} {what}, {column.distinct} of them different, such as {column.shown}"


def _places(profiles: Sequence[str]) -> str:
    names = list(dict.fromkeys(profiles))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def position_of(decided: Sequence[Decided], *roles: str) -> Column | None:
    """The column that was given the first of the roles that any was given."""
    places = {role: found.column for found in decided for role in found.roles}
    return next((places[role] for role in roles if role in places), None)


def repeated(columns: Sequence[Column]) -> list[Column]:
    """Columns whose label stood before: the first one is read."""
    seen: set[str] = set()
    found = []
    for column in columns:
        name = fold(column.label)
        if name and name in seen:
            found.append(column)
        seen.add(name)
    return found
