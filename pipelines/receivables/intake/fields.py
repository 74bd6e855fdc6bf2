"""Which typed values a file must yield: the roles of its profile, or the columns of its canonical table."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, nearest
from receivables.intake.convert import ABSENT, Field
from receivables.intake.header import match_roles, role_positions
from receivables.intake.profile import ROLES, Role, fold
from receivables.intake.sqltext import cell as cell_of
from receivables.intake.sqltext import lit
from receivables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from receivables.intake.header import Header
    from receivables.intake.profile import Profile
    from receivables.intake.recognise import Recognised
    from receivables.schema import Column, Table

TYPES: Final[dict[str, str]] = {
    "text": "VARCHAR",
    "key": "VARCHAR",
    "currency": "VARCHAR",
    "date": "DATE",
    "money": "DECIMAL(18,4)",
    "decimal": "DECIMAL(24,12)",
    "bool": "BOOLEAN",
    "int": "INTEGER",
}
"""What a role's values are in the database."""

NEEDED: Final = {"invoices": ("customer", "doc_date"), "orders": ("order_no", "order_date", "product", "qty")}
"""Roles without which a single row says nothing; such a row is quarantined. What an entry needs depends on its kind."""


def fields_of(found: Recognised) -> list[Field]:
    """All fields of a file, whatever its shape; none where its rows belong to no canonical table.

    Raises:
        FileRefused: a column without which no row can be loaded is absent.
    """
    name = found.source.path.name
    if found.profile.shape == "rows":
        return rows_fields(found.profile, found.table, found.header, name) if found.table is not None else []
    return (
        role_fields(found.profile, found.header)
        if found.table is None
        else table_fields(found.table, found.header.labels, name)
    )


def role_fields(profile: Profile, header: Header) -> list[Field]:
    """One field per role the file tells; of a list of invoices or orders one per role of the shape, NULL on every row where it lacks."""
    needed = _needed(profile, header)
    # Without amounts in document currency the list is one of ledger amounts, whatever currency its documents are in.
    silent = (
        {"currency"}
        if profile.shape == "entries" and not {"amount", "debit", "credit"} & header.roles.keys()
        else set()
    )
    fields = [
        replace(field, cell=ABSENT) if field.name in silent else field
        for field in (
            _role_field(profile, header, role, kind, needed=role in needed)
            for role, kind in ROLES[profile.shape].items()
        )
    ]
    return fields if profile.shape != "entries" else [field for field in fields if not field.is_absent]


def _needed(profile: Profile, header: Header) -> set[str]:
    needed = set(NEEDED.get(profile.shape, ()))
    if profile.assume.doc_date_from:
        needed.discard("doc_date")
    if profile.shape == "invoices":
        needed.update(profile.key)
        needed.add("amount" if "amount" in header.roles else "amount_local")
    return needed


def _role_field(profile: Profile, header: Header, role: str, kind: str, *, needed: bool) -> Field:
    column = profile.columns.get(role, Role())
    positions = _positions(column, header) if role in header.roles else []
    cell, take = _cell(column, positions), column.take
    if role in profile.rows.group:
        cell, take = _or_group(cell, take, f"head.{role}"), None
    return Field(
        name=role,
        type=kind,
        cell=_read_instead(cell, profile.values.get(role, {})),
        duckdb_type=TYPES[kind],
        needed=needed,
        nulls=(*profile.null_tokens, *column.nulls),
        strip_decimal=column.strip_decimal,
        pad=profile.pad_keys.get(role, 0),
        take=take,
        drop=column.drop,
        zero_is_null=column.zero_is_null,
        null_when=tuple(
            (_any_text(cell_of(header.roles[other]), values), tuple(value.lower() for value in values))
            for other, values in column.null_when.items()
            if other in header.roles
        ),
        sum_cells=tuple(cell_of(p) for p in positions) if column.sum_matching else (),
        mapping=profile.currencies if kind == "currency" else {},
    )


def _cell(column: Role, positions: Sequence[int]) -> str:
    """SQL for the text of a role over the items."""
    cells = [f"trim({cell_of(p)})" for p in positions]
    if not cells:
        return ABSENT
    if column.join:
        return "coalesce(" + " || '-' || ".join(f"nullif({cell}, '')" for cell in cells) + ", '')"
    if column.first_of:
        return (
            "coalesce("
            + ", ".join(f"case when not regexp_matches({cell}, '^[0.,]*$') then {cell} end" for cell in cells)
            + ", '')"
        )
    if column.complement is not None:
        return f"coalesce(({column.complement} - try_cast({cells[0]} as bigint))::varchar, {cells[0]})"
    if column.indirect:
        return f"regexp_replace({cells[0]}, '^/', '-')"
    return cell_of(positions[0])


def _any_text(cell: str, values: Sequence[str]) -> str:
    """SQL for a cell that is compared with values, of which * stands for any text at all."""
    return f"case when trim({cell}) <> '' then '*' else '' end" if "*" in values else cell


def _or_group(cell: str, take: str | None, group: str) -> str:
    """SQL for the cell where it tells something, else what the head above tells."""
    if cell == ABSENT:
        return group
    text = f"trim({cell})" if take is None else f"regexp_extract(trim({cell}), {lit(take)}, 1)"
    return f"coalesce(nullif({text}, ''), {group})"


def _read_instead(cell: str, values: Mapping[str, str]) -> str:
    """SQL for the text that stands for the one in the cell, where the profile says so."""
    if not values or cell == ABSENT:
        return cell
    text = f"trim(coalesce({cell}, ''))"
    cases = "".join(
        f" when lower({text}) = {lit(told.lower())} then {lit(meant)}" for told, meant in values.items() if told != "*"
    )
    other = f" when {text} <> '' then {lit(values['*'])}" if "*" in values else ""
    return f"(case{cases}{other} else {text} end)"


def _positions(column: Role, header: Header) -> list[int]:
    place: dict[str, int] = {}
    for position, label in enumerate(header.labels, start=1):
        place.setdefault(fold(label), position)
    return role_positions(column, header.labels, place)


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
    aliases = (profile.columns[role].aliases if role in profile.columns else ()) or (role,)
    raise FileRefused(
        got=f"{file_name} without a column for {role} (labels tried: {', '.join(aliases[:6])})",
        expected=f"every required column of profile {profile.id}",
        try_=f"adding the label to the profile; nearest in the header: {_nearest_label(aliases, header)!r}",
        reason="COL_MISSING",
    )


def _nearest_label(aliases: Sequence[str], header: Header) -> str:
    """The header's label that is most like one of several, which may be in any language."""
    labels = [label for label in header.labels if label.strip()]
    return max(labels, key=lambda label: max(SequenceMatcher(None, fold(a), fold(label)).ratio() for a in aliases))


def rows_fields(profile: Profile, table: Table, header: Header, file_name: str) -> list[Field]:
    """One field per column of the canonical table that a foreign file's rows belong to, and those its filters and factors are read from.

    Raises:
        FileRefused: a column without which no row can be loaded is absent.
    """
    fields = [_role_field(profile, header, "company_id", "key", needed=False)]
    for column in table.columns.values():
        field = _column_field(profile, column, header)
        is_told = column.name in profile.fixed or column.type == "currency" or profile.completes
        if field.needed and field.is_absent and not is_told:
            raise FileRefused(
                got=f"{file_name} without a column for {column.name}",
                expected=f"every column that profile {profile.id} needs",
                try_=f"adding the label to the profile; nearest in the header: {nearest(column.name, header.labels)!r}",
                reason="COL_MISSING",
            )
        fields.append(replace(field, needed=field.needed and not is_told))
    return [*fields, *also_fields(profile, header), *factor_fields(profile, header), *filter_fields(profile, header)]


def also_fields(profile: Profile, header: Header) -> list[Field]:
    """What rows tell of other canonical tables, as `<table>__<column>`; what the file has no column for is no field."""
    fields = []
    for table, part in profile.of_another().items():
        head = replace(header, roles=match_roles(header.labels, part))
        told = [_column_field(part, TABLES[table].columns[name], head) for name in part.columns]
        fields += [replace(field, name=f"{table}__{field.name}", needed=False) for field in told if not field.is_absent]
    return fields


def _column_field(profile: Profile, column: Column, header: Header) -> Field:
    field = _role_field(profile, header, column.name, "text", needed=_is_needed(column))
    default = None if profile.table == "customer" else column.default  # what one file leaves out, another may tell
    fixed = profile.fixed.get(column.name, default) if field.is_absent else default
    return replace(
        field,
        type="key" if column.is_id else column.type,
        duckdb_type=column.duckdb_type,
        choices=column.choices,
        default=None if fixed in PLACEHOLDERS else fixed,
        mapping=profile.currencies if column.type == "currency" else {},
    )


PLACEHOLDERS: Final = ("{extract}", "{file}", "{unit}")
"""Fixed values that are known only when a file is read: its day, its name, what its amounts were multiplied by."""


def factor_fields(profile: Profile, header: Header) -> list[Field]:
    """What rates are multiplied and divided by, as `<column>__times` and `<column>__over`."""
    wanted = [
        (f"{name}__{what}", labels)
        for name, role in profile.columns.items()
        for what, labels in (("times", role.times), ("over", role.over))
        if labels
    ]
    return [Field(name, "decimal", _label_cell(header, labels), TYPES["decimal"]) for name, labels in wanted]


def filter_fields(profile: Profile, header: Header) -> list[Field]:
    """The columns by which rows are in scope or not, as `only__<number>`; those the file has."""
    fields = [
        Field(f"only__{n}", "text", _label_cell(header, (label,)), "VARCHAR") for n, label in enumerate(profile.only)
    ]
    return [field for field in fields if not field.is_absent]


def _label_cell(header: Header, labels: Sequence[str]) -> str:
    folded = {fold(label) for label in labels}
    return next((cell_of(n) for n, label in enumerate(header.labels, start=1) if fold(label) in folded), ABSENT)


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
                cell=ABSENT if position is None else cell_of(position),
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
    return Field("company_id", "key", ABSENT if position is None else cell_of(position), "VARCHAR", needed=needed)
