"""Text for a terminal: what a file says never reaches it raw, and columns align whatever the script."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def visible(text: str) -> str:
    """The text on one line with everything that would steer a terminal, or hide, written as its code."""
    return "".join(char if char == " " or char.isprintable() else _code(char) for char in text)


def _code(char: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\u00a0": " ", "\u3000": " ", "\u202f": " "}
    return short.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}")


def width(text: str) -> int:
    """Columns a text takes on a terminal: East Asian wide characters take two, marks above others none."""
    return sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def clipped(text: str, columns: int) -> str:
    """The text in at most so many columns, its end cut off where it is longer."""
    if width(text) <= columns:
        return text
    kept, used = [], 0
    for char in text:
        used += _cells(char)
        if used > columns - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"


def padded(text: str, columns: int) -> str:
    """The text filled up with blanks to so many columns."""
    return text + " " * (columns - width(text))


def aligned(rows: Sequence[Sequence[str]], most: Sequence[int], indent: str = "  ") -> list[str]:
    """Rows of cells as lines in columns, each column as wide as its widest cell and at most as wide as `most` says; the last is not filled up."""
    shown = [[clipped(cell, limit) for cell, limit in zip(row, most, strict=True)] for row in rows]
    widths = [max((width(row[n]) for row in shown), default=0) for n in range(len(most))]
    return [
        (indent + "  ".join(padded(cell, size) for cell, size in zip(row, widths, strict=True))).rstrip()
        for row in shown
    ]


def wrapped(text: str, columns: int, indent: str = "  ", first: str | None = None) -> list[str]:
    """A sentence broken between words into lines of at most so many columns, the second and later ones indented."""
    lines, line = [], indent if first is None else first
    is_begun = False
    for word in text.split(" "):
        if is_begun and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line, is_begun = indent, False
        line += f" {word}" if is_begun else word
        is_begun = True
    return [*lines, line]
