"""Open questions of a drafted profile, and the short way to answer one: a label and the role it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from receivables.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MARK: Final = "?: "
"""How a value begins that is a question nobody has answered; a profile that holds one is never used."""

IGNORED: Final = "ignored"
"""What a label is given in `[labels]` whose column is not to be read."""


def settled(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """A profile as written, its labels put under the roles they were given.

    Raises:
        SettingsError: questions are open; says how many and the first.
    """
    found = list(open_questions(raw))
    if found:
        where, question = found[0]
        told = "one open question" if len(found) == 1 else f"{len(found)} open questions"
        raise SettingsError(
            got=f"{path} with {told}; the first, {where}: {question}",
            expected="an answer in the place of every text that begins with '?:'",
            try_="editing that line",
        )
    return _with_labels(raw, path)


def open_questions(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Where in a profile a question stands, and the question."""
    if isinstance(value, str) and value.startswith(MARK):
        yield where, value.removeprefix(MARK)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from open_questions(inner, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from open_questions(inner, where)


def _with_labels(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """`[labels]` says of one label after another which role it names: the same as an alias of a required column."""
    labels = raw.pop("labels", None)
    if labels is None:
        return raw
    if not isinstance(labels, dict) or not all(isinstance(role, str) for role in labels.values()):
        raise SettingsError(
            got=f"labels in {path}", expected='lines such as "Invoice date" = "doc_date"', try_="[labels]"
        )
    columns = dict(raw.get("columns", {}))
    for label, role in labels.items():
        if role != IGNORED:
            _refuse_second(columns.get(role, {}), role, label, path)
            columns[role] = {**columns.get(role, {}), "aliases": [label], "required": True}
    ignored = [label for label, role in labels.items() if role == IGNORED]
    return {**raw, "columns": columns, "ignored_columns": [*raw.get("ignored_columns", []), *ignored]}


def _refuse_second(column: Mapping[str, Any], role: str, label: str, path: Path) -> None:
    other = next(iter(column.get("aliases", [])), None)
    if other is not None:
        raise SettingsError(
            got=f"{label!r} = {role!r} in {path}, which {other!r} is already",
            expected="one label for a role",
            try_=f"another role, or {IGNORED!r}",
        )
