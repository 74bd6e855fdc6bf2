"""A draft as a TOML file: what is decided with its evidence behind it, what is not with its question in the value's place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from receivables.intake.questions import MARK
from receivables.plain_text import clipped, visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH: Final = 120
"""Characters a line of a draft has at most where its value allows it."""


@dataclass(frozen=True)
class Line:
    """One key of a draft: its value, or the question that takes its place, and what of the file speaks to it; without a key it is a remark."""

    key: str
    value: Any = None
    evidence: str = ""
    question: str = ""
    is_list: bool = False


@dataclass(frozen=True)
class Section:
    """Lines under one heading of the file; the first has none."""

    heading: str
    lines: tuple[Line, ...]
    remark: str = ""


@dataclass(frozen=True)
class Draft:
    """A profile drafted for one file: `text` is the TOML, `questions` are what a person must answer before it is used."""

    profile_id: str
    file_name: str
    sections: tuple[Section, ...]

    @property
    def questions(self) -> tuple[tuple[str, str], ...]:
        """Where each open question stands, and the question."""
        return tuple(
            (f"{_place(section.heading)}{line.key}", line.question)
            for section in self.sections
            for line in section.lines
            if line.question
        )

    @property
    def decided(self) -> int:
        """How many keys were decided from the file."""
        return sum(bool(line.evidence and line.key and not line.question) for s in self.sections for line in s.lines)

    @property
    def text(self) -> str:
        """The draft as a TOML file."""
        return "\n".join(line for section in self.sections for line in (*_section(section), "")).rstrip("\n") + "\n"


def _place(heading: str) -> str:
    return f"{heading.strip('[]')} " if heading else ""


def _section(section: Section) -> Iterable[str]:
    if section.remark:
        yield from _comment(section.remark)
    if section.heading:
        yield section.heading
    for line in section.lines:
        yield from _line(line)


def _line(line: Line) -> Iterable[str]:
    if not line.key:
        yield from _comment(line.evidence)
        return
    if line.evidence:
        yield from _comment(line.evidence)
    asked = f"{MARK}{line.question}"
    value = line.value if not line.question else [asked] if line.is_list else asked
    yield f"{line.key} = {toml(value)}"


def _comment(text: str) -> list[str]:
    return wrapped(visible(text), WIDTH, "#   ", "# ")


def key(name: str) -> str:
    """A name as TOML writes a key."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml(name)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key(str(name))} = {toml(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """A text in quotes; expressions stand in single ones, so that a backslash is one."""
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def shortened(text: str, columns: int = 40) -> str:
    """A text of the file as a question shows it."""
    return clipped(visible(text), columns)
