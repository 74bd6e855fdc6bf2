"""Which typed values a file must yield: the roles of its profile, or the columns of its canonical table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, nearest
from receivables.intake.convert import ABSENT, Field
from receivables.intake.profile import ROLES, fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from receivables.intake.profile import Profile
    from receivables.intake.rows import Header
    from receivables.schema import Column, Table

_TYPES: Final = {
    "text": "VARCHAR",
    "key": "VARCHAR",
    "currency": "VARCHAR",
    "date": "DATE",
    "money": "DECIMAL(18,4)",
    "bool": "BOOLEAN",
    "int": "INTEGER",
}
NEEDED: Final = {
    "invoices": ("customer", "doc_date"),
    "entries": ("customer", "doc_no", "doc_type", "doc_date", "amount_local"),
    "table": (),
}
"""Roles without which a single row says nothing; such a row is quarantined."""


def role_fields(profile: Profile, header: Header) -> list[Field]:
    """One field per role of the profile's shape; a role the file lacks is NULL on every row."""
    needed = _needed(profile, header)
    # Without amounts in document currency the list is one of ledger amounts, whatever currency its documents are in.
    silent = {"currency"} if profile.shape == "entries" and "amount" not in header.roles else set()
    return [
        replace(field, cell=ABSENT) if field.name in silent else field
        for field in (
            _role_field(profile, header, role, kind, needed=role in needed)
            for role, kind in ROLES[profile.shape].items()
        )
    ]


def _needed(profile: Profile, header: Header) -> set[str]:
    needed = set(NEEDED[profile.shape])
    if profile.assume.doc_date_from:
        needed.discard("doc_date")
    if profile.shape == "invoices":
        needed.update(profile.key)
        needed.add("amount" if "amount" in header.roles else "amount_local")
    return needed


def _role_field(profile: Profile, header: Header, role: str, kind: str, *, needed: bool) -> Field:
    column = profile.columns.get(role)
    position = header.roles.get(role)
    if position is not None:
        cell = f"cells[{position}]"
    elif role in profile.rows.group:
        cell = f"group_value.{role}"
    else:
        cell = ABSENT
    return Field(
        name=role,
        type=kind,
        cell=cell,
        duckdb_type=_TYPES[kind],
        needed=needed,
        nulls=(*profile.null_tokens, *(column.nulls if column else ())),
        strip_decimal=column.strip_decimal if column else False,
        pad=profile.pad_keys.get(role, 0),
    )


def require_roles(profile: Profile, header: Header, file_name: str) -> None:
    """Refuse a file whose header lacks a required role, or any amount.

    Raises:
        FileRefused: names the role, the labels tried and the header's nearest label.
    """
    named = set(header.roles) | set(profile.rows.group)
    missing = [role for role, column in profile.columns.items() if column.required and role not in named]
    if profile.shape == "invoices" and not named & {"amount", "amount_local"}:
        missing.append("amount")
    if not missing:
        return
    role = missing[0]
    aliases = profile.columns[role].aliases if role in profile.columns else (role,)
    raise FileRefused(
        got=f"{file_name} without a column for {role} (labels tried: {', '.join(aliases[:6])})",
        expected=f"every required column of profile {profile.id}",
        try_=f"adding the label to the profile; nearest in the header: {nearest(aliases[0], [label for label in header.labels if label.strip()])!r}",
        reason="COL_MISSING",
    )


def table_fields(table: Table, labels: Sequence[str], file_name: str) -> list[Field]:
    """One field per column of the canonical table; absent nullable columns are NULL.

    Raises:
        FileRefused: a column that may not be NULL is absent.
    """
    place: dict[str, int] = {}
    for number, label in enumerate(labels, start=1):
        place.setdefault(fold(label), number)
    fields = [_company_field(place, needed=table.name == "company")]
    for column in table.columns.values():
        position = place.get(fold(column.name)) or place.get(fold(column.alias or column.name))
        is_needed = _is_needed(column)
        if is_needed and position is None:
            raise FileRefused(
                got=f"{file_name} without column {column.name}",
                expected=f"the columns table {table.name} needs: {', '.join(c.name for c in table.columns.values() if _is_needed(c))}",
                try_=f"adding it; nearest in the header: {nearest(column.name, labels)!r}",
                reason="COL_MISSING",
            )
        fields.append(
            Field(
                name=column.name,
                type=column.type,
                cell=ABSENT if position is None else f"cells[{position}]",
                duckdb_type=column.duckdb_type,
                needed=is_needed,
                choices=column.choices,
                default=column.default,
            )
        )
    return fields


def _is_needed(column: Column) -> bool:
    return column.required and column.default is None and column.name not in DERIVED_COLUMNS


DERIVED_COLUMNS: Final = ("source_system", "source_key", "origin", "due_date_source")
"""Canonical columns that may not be NULL and follow from the others where a file leaves them out."""


def _company_field(place: Mapping[str, int], *, needed: bool) -> Field:
    position = place.get(fold("company_id"))
    return Field("company_id", "key", ABSENT if position is None else f"cells[{position}]", "VARCHAR", needed=needed)
