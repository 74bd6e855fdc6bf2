"""Which typed values a file must yield: the roles of its profile, or the columns of its canonical table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, nearest
from receivables.intake.convert import Field
from receivables.intake.profile import ROLES, fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from receivables.intake.profile import Profile
    from receivables.intake.rows import Header
    from receivables.schema import Table

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
    "invoices": ("customer", "doc_date", "due_date", "amount"),
    "entries": ("customer", "doc_no", "doc_type", "doc_date", "amount_local"),
    "table": (),
}
"""Roles without which a single row says nothing; such a row is quarantined."""


def role_fields(profile: Profile, header: Header) -> list[Field]:
    """One field per role of the profile's shape; a role the file lacks is NULL on every row."""
    needed = set(NEEDED[profile.shape]) - ({"doc_date"} if profile.assume.doc_date_from else set())
    if profile.shape == "invoices":
        needed -= {"due_date"}
    return [
        _role_field(profile, header, role, kind, needed=role in needed) for role, kind in ROLES[profile.shape].items()
    ]


def _role_field(profile: Profile, header: Header, role: str, kind: str, *, needed: bool) -> Field:
    column = profile.columns.get(role)
    position = header.roles.get(role)
    if position is not None:
        cell = f"cells[{position}]"
    elif role in profile.rows.group:
        cell = f"group_value.{role}"
    else:
        cell = "null::varchar"
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
    place = {fold(label): position for position, label in enumerate(labels, start=1)}
    fields = [_company_field(place, needed=table.name == "company")]
    for column in table.columns.values():
        position = place.get(fold(column.name)) or place.get(fold(column.alias or column.name))
        optional = column.default is not None or column.name in DERIVED_COLUMNS
        if column.required and position is None and not optional:
            raise FileRefused(
                got=f"{file_name} without column {column.name}",
                expected=f"the columns of table {table.name} that may not be NULL: {', '.join(c.name for c in table.columns.values() if c.required)}",
                try_=f"adding it; nearest in the header: {nearest(column.name, labels)!r}",
                reason="COL_MISSING",
            )
        fields.append(
            Field(
                name=column.name,
                type=column.type,
                cell="null::varchar" if position is None else f"cells[{position}]",
                duckdb_type=column.duckdb_type,
                needed=column.required and not optional,
                choices=column.choices,
                default=column.default,
            )
        )
    return fields


DERIVED_COLUMNS: Final = ("source_system", "source_key", "origin", "due_date_source")
"""Canonical columns that may not be NULL and follow from the others where a file leaves them out."""


def _company_field(place: Mapping[str, int], *, needed: bool) -> Field:
    position = place.get(fold("company_id"))
    return Field(
        "company_id", "key", "null::varchar" if position is None else f"cells[{position}]", "VARCHAR", needed=needed
    )
