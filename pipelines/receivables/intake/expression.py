"""Regular expressions of profiles, run by RE2: its time grows with the text and never explodes, whatever the expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence


def fault_of(expression: str) -> str | None:
    """Why RE2 cannot run an expression; None where it can."""
    try:
        is_found(expression, "")
    except pa.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return None


def is_found(expression: str, text: str) -> bool:
    """Whether an expression fits anywhere in a text."""
    return bool(pc.match_substring_regex(pa.scalar(text), pattern=expression).as_py())


def one_is_found(expressions: Sequence[str], texts: Sequence[str]) -> list[bool]:
    """For each text, whether one of the expressions fits anywhere in it."""
    told, found = pa.array(texts, pa.string()), [False] * len(texts)
    for expression in expressions:
        fits = pc.match_substring_regex(told, pattern=expression).to_pylist()
        found = [before or now for before, now in zip(found, fits, strict=True)]
    return found
