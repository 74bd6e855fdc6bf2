"""The header of a list: which line it is, what its labels name, and what no role explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.intake.expression import is_found
from receivables.intake.profile import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from receivables.intake.profile import Profile, Role


DOCUMENT_ROLES: Final = ("doc_no", "doc_date", "due_date", "posting_date", "entry_id", "order_no")
"""Roles of which no total, head or title tells any."""


@dataclass(frozen=True)
class Header:
    """The header found: its line (0 where the profile tells it), its labels in order, and the position (from 1) of every role it names."""

    line_no: int
    labels: tuple[str, ...]
    roles: dict[str, int]

    @property
    def width(self) -> int:
        """How many cells a full row has."""
        return len(self.labels)


def find_header(rows: Sequence[tuple[int, Sequence[str]]], profile: Profile) -> Header | None:
    """Find the row that names at least 60 % of the required roles and the most roles of all."""
    best: Header | None = None
    for line_no, cells in rows:
        if profile.labels.isdisjoint(map(fold, cells)):
            continue
        roles = match_roles(cells, profile)
        required = [role for role, column in profile.columns.items() if column.required]
        hits = sum(role in roles for role in required) + sum(
            role in profile.rows.group for role in required if role not in roles
        )
        if roles and hits >= 0.6 * len(required) and (best is None or len(roles) > len(best.roles)):
            best = Header(line_no, tuple(cells), roles)
    return best


def declared_header(rows: Sequence[tuple[int, Sequence[str]]], profile: Profile) -> Header | None:
    """The labels a profile gives a file that has none, where one of its first lines has as many cells; its line is 0."""
    if any(len(cells) == len(profile.header) for _, cells in rows):
        return Header(0, profile.header, match_roles(profile.header, profile))
    return None


def match_roles(labels: Sequence[str], profile: Profile) -> dict[str, int]:
    """Position (from 1) of the column each role is read from: the first of its aliases that the header has."""
    place: dict[str, int] = {}
    for position, label in enumerate(labels, start=1):
        place.setdefault(fold(label), position)
    found: dict[str, int] = {}
    for role, column in profile.columns.items():
        positions = role_positions(column, labels, place)
        if positions:
            found[role] = positions[0]
    return found


def role_positions(column: Role, labels: Sequence[str], place: Mapping[str, int]) -> list[int]:
    """Positions (from 1) of the cells a role is read from: one, those joined to its value, or those summed; none where a label lacks."""
    if column.sum_matching is not None:
        return [n for n, label in enumerate(labels, start=1) if is_found(column.sum_matching, label.strip())]
    if column.first_of:
        return [place[fold(alias)] for part in column.first_of for alias in part if fold(alias) in place]
    if column.join:
        parts = [next((place[fold(alias)] for alias in part if fold(alias) in place), 0) for part in column.join]
        return parts if all(parts) else []
    return [place[fold(alias)] for alias in column.aliases if fold(alias) in place][:1]


def unknown_labels(header: Header, profile: Profile) -> list[str]:
    """Labels that no role and no ignored column explains."""
    known = {fold(label) for label in profile.ignored_columns}
    place = {fold(label): n for n, label in reversed(list(enumerate(header.labels, start=1)))}
    columns = [*profile.columns.values(), *(role for other in profile.also.values() for role in other.values())]
    read = {n for role in columns for n in role_positions(role, header.labels, place)}
    known |= {fold(label) for role in profile.columns.values() for label in (*role.times, *role.over)} | {
        fold(label) for label in profile.only
    }
    return [
        label
        for position, label in enumerate(header.labels, start=1)
        if position not in read and fold(label) not in known
    ]


def repeated_labels(header: Header) -> list[str]:
    """Labels that occurred before in the header; their column is not read, the first one is."""
    told = [" ".join(label.casefold().split()) for label in header.labels]
    return [label for n, label in enumerate(header.labels) if told[n] and told[n] in told[:n]]


def document_positions(header: Header) -> list[int]:
    """Positions (from 1) of the cells that tell of a document, the most telling first."""
    return list(dict.fromkeys(header.roles[role] for role in DOCUMENT_ROLES if role in header.roles))
