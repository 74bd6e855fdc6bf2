"""What is known of labels and codes: every alias, ignored column, kind and state of the shipped profiles, and a list of common words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from receivables.assets import profiles_dir
from receivables.intake.profile import ROLES, fold, shipped
from receivables.settings import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from receivables.intake.profile import Profile

IGNORED: Final = "ignored"
COMMON: Final = "common words"
"""Where a label is known that stands in `labels.toml`."""


@dataclass(frozen=True)
class Vocabulary:
    """Labels, folded, with the roles they are known for and where; codes of a type or state with what they mean; words of lists."""

    labels: Mapping[str, Mapping[str, tuple[str, ...]]]
    kinds: Mapping[str, frozenset[str]]
    states: Mapping[str, frozenset[str]]
    words: Mapping[str, tuple[str, ...]]
    sums: tuple[tuple[str, str, str], ...] = ()
    """Expression on a label, role and profile, of roles that are the sum of several columns."""

    def claims(self, label: str) -> Mapping[str, tuple[str, ...]]:
        """The roles a label is known for, each with the profiles that know it; `ignored` is one of them."""
        told = dict(self.labels.get(fold(label), {}))
        for expression, role, profile_id in self.sums:
            if re.search(expression, label):
                told[role] = (*told.get(role, ()), profile_id)
        return told


@cache
def vocabulary() -> Vocabulary:
    """Gather what the shipped profiles and `labels.toml` know."""
    raw = parse_toml(profiles_dir().parent / "labels.toml")
    labels: dict[str, dict[str, list[str]]] = {}
    told = [*_labels(), *((label, role, COMMON) for role, names in raw["roles"].items() for label in names)]
    for label, role, where in told:
        places = labels.setdefault(fold(label), {}).setdefault(role, [])
        if where not in places:
            places.append(where)
    labels.pop("", None)
    return Vocabulary(
        {label: {role: tuple(places) for role, places in roles.items()} for label, roles in labels.items()},
        _meanings(
            (code, kind.kind)
            for p in _lists()
            for kind in p.kinds
            for code in (*kind.when.get("doc_type", ()), kind.type)
        ),
        _meanings((text, state.state) for p in _lists() for state in p.states for text in state.when.get("state", ())),
        {name: tuple(words) for name, words in raw["words"].items()},
        tuple((c.sum_matching, role, p.id) for p in _lists() for role, c in p.columns.items() if c.sum_matching),
    )


def _lists() -> list[Profile]:
    """Shipped profiles of entries and invoices: those whose columns are roles."""
    return [profile for profile in shipped() if profile.shape in ("entries", "invoices")]


def _labels() -> Iterator[tuple[str, str, str]]:
    for profile in _lists():
        for role, column in profile.columns.items():
            for part in (column.aliases, *column.join, *column.first_of):
                yield from ((label, role, profile.id) for label in part)
        yield from ((label, IGNORED, profile.id) for label in profile.ignored_columns)


def _meanings(told: Iterator[tuple[str | None, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for text, meaning in told:
        if text and not re.search(r"[{}*]", text):
            found.setdefault(text.casefold(), set()).add(meaning)
    return {text: frozenset(meanings) for text, meanings in found.items()}


def type_of(role: str) -> str:
    """The type of a role's values."""
    return ROLES["entries"].get(role) or ROLES["invoices"].get(role) or "text"
