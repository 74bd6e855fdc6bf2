"""Which role each column of an unknown file has: decided where its label is known for one role its values can have, else a question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.intake.drafting.vocabulary import COMMON, IGNORED, type_of, vocabulary
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
    numbered = any(set(told) == {"customer"} for told in claims.values())
    may_number = any(not claims[c.position] and (c.kind == "code" or is_whole(c)) for c in labelled)
    known, nearest = _knowing(labelled)
    claims = {position: _settled(told, nearest) for position, told in claims.items()}
    found = [_decide(c, claims[c.position], known, has_number=numbered or may_number) for c in labelled]
    told = Counter(role for decided in found for role in decided.roles)
    found = [_if_alone(decided, told) for decided in found]
    taken = {role for decided in found for role in decided.roles}
    return tuple(_with_question(decided, claims[decided.column.position], taken) for decided in found)


KNOWN_SHARE: Final = 0.5
"""Share of a file's labels from which a profile is taken to know the system it comes from: its word alone then counts."""


def _knowing(columns: Sequence[Column]) -> tuple[frozenset[str], frozenset[str]]:
    """Where a label's meaning is taken from without a second witness: the list of common words, and profiles that know half of this file's labels; and those that know most of them."""
    known = Counter(
        place
        for c in columns
        for place in {p for places in vocabulary().claims(c.label).values() for p in places} - {COMMON}
    )
    profiles = {place: times for place, times in known.items() if times >= KNOWN_SHARE * len(columns)}
    most = max(profiles.values(), default=0)
    return frozenset(profiles) | {COMMON}, frozenset(place for place, times in profiles.items() if times == most)


def _settled(claims: dict[str, tuple[str, ...]], nearest: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The claims on a label without what single systems mean by a common word: it has one meaning, several systems use it so, and none of those nearest to this file says otherwise."""
    common = [role for role, places in claims.items() if COMMON in places]
    if len(common) != 1:
        return claims
    (role,) = common
    others = {place for other, places in claims.items() if other != role for place in places}
    return {role: claims[role]} if _is_sure(claims[role], frozenset()) and nearest.isdisjoint(others) else claims


def _is_sure(places: Sequence[str], known: frozenset[str]) -> bool:
    """Whether more than one system, or one that is sure to be meant, knows a label so."""
    systems = {place.split("_", maxsplit=1)[0] for place in places}
    return len(systems) > 1 or not known.isdisjoint(places)


def is_whole(column: Column) -> bool:
    """Whether a column holds whole numbers, which may name something."""
    return column.kind == "number" and not column.has_separator


def _tells_one_currency(columns: Sequence[Column]) -> bool:
    """Whether amounts can be in one currency only: no column of currencies, or one with one code."""
    return all(column.distinct < 2 for column in columns if column.is_currency)


def _claims(column: Column, *, is_single: bool) -> dict[str, tuple[str, ...]]:
    """The roles the label is known for whose values the column can hold; twins in two currencies are one where there is one currency."""
    told = vocabulary().claims(column.label)
    possible = {role: places for role, places in told.items() if role != IGNORED and can_be(column, type_of(role))}
    if is_single:  # one figure, by either name
        for local, role in LEDGER_TWINS.items():
            if {local, role} <= possible.keys():
                possible[role] = (*possible[role], *possible.pop(local))
    # Left aside by one profile and read by another says something even where the values are not what that other one reads.
    return possible | ({IGNORED: told[IGNORED]} if IGNORED in told else {})


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


def _decide(
    column: Column, claims: Mapping[str, tuple[str, ...]], known: frozenset[str], *, has_number: bool
) -> Decided:
    roles = tuple(claims)
    if len(roles) == 1 and _is_sure(claims[roles[0]], known):
        if roles != (IGNORED,):
            return Decided(column, roles, f"{_places(claims[roles[0]])}; {_values(column)}")
        if len(vocabulary().claims(column.label)) == 1:
            return Decided(column, evidence=f"known to {_places(claims[IGNORED])}, read by nothing", is_ignored=True)
    if set(roles) == {"customer", "customer_name"} and column.distinct:
        return _key_or_name(column, has_number=has_number)
    return Decided(column)


def _key_or_name(column: Column, *, has_number: bool) -> Decided:
    """A label that stands for a customer's number or its name: the values tell, and whether another column has or may have the number."""
    if not column.has_names:
        is_code = column.kind == "code" or is_whole(column)
        told = f"numbers or codes, not names; {_values(column)}"
        return Decided(column, ("customer",), told) if is_code else Decided(column)
    if has_number:
        told = f"names, and another column has the customer's number or may have it; {_values(column)}"
        return Decided(column, ("customer_name",), told)
    told = f"names, and no column numbers the customers: they go by their names; {_values(column)}"
    return Decided(column, ("customer", "customer_name"), told)


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
    plausible = [role for role in _plausible(column) if role not in (*taken, *known)]
    options = known if len(known) > 1 else [*known, *plausible]
    return Decided(column, evidence=told, question=f"which role: {', '.join((*options, 'another'))}, or {IGNORED}?")


def _plausible(column: Column) -> Iterable[str]:
    if column.is_currency:
        return ("currency",)
    if is_whole(column):
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
