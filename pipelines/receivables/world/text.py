"""Columns as text: how days, money, numbers and words of the sample are written, a whole column at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.draws import NONE, Flags, Ints

Text: TypeAlias = Any
"""A pyarrow string array; pyarrow brings no types of its own."""

NEEDS_QUOTES: Final = '[",\r\n]'


def days(column: Ints) -> Text:
    """Write days as ISO dates; `NONE` stays empty."""
    dates = pa.array(column.astype(np.int32)).view(pa.date32()).cast(pa.string())
    return only(dates, column != NONE)


def numbers(column: Ints) -> Text:
    """Write whole numbers as they are."""
    return pa.array(column).cast(pa.string())


def decimals(column: Ints, places: int) -> Text:
    """Write whole units of a decimal place: 12345 with 2 places is 123.45."""
    words = np.empty((len(column), 2), dtype="<i8")
    words[:, 0], words[:, 1] = column, column >> 63
    money = pa.Array.from_buffers(pa.decimal128(38, places), len(column), [None, pa.py_buffer(words)])
    return money.cast(pa.string())


def padded(prefix: str, column: Ints, width: int) -> Text:
    """Write running numbers of one width behind a prefix."""
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(numbers(column), width, "0"), "")


def words(vocabulary: list[str], codes: Ints) -> Text:
    """Spell codes out; `NONE` stays empty."""
    return pa.array(vocabulary, pa.string()).take(pa.array(codes, mask=codes == NONE))


def strings(values: Iterable[str]) -> Text:
    """Write words as they are, quoted where a CSV reader would otherwise misread them."""
    return quoted(pa.array(values, pa.string()))


def only(column: Text, where: Flags) -> Text:
    """Empty the rows that are not marked."""
    return pc.if_else(pa.array(where), column, pa.scalar(None, pa.string()))


def quoted(column: Text) -> Text:
    """Put quotes around the values that a CSV reader would otherwise misread."""
    inside = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(column, NEEDS_QUOTES), inside, column)


def joined(columns: list[Text], separator: str) -> Text:
    """Join columns to one; empty values join as nothing."""
    return pc.binary_join_element_wise(*columns, separator, null_handling="replace", null_replacement="")


def raw(column: Text) -> memoryview:
    """Read the bytes of all values of a column without anything between them."""
    if not len(column):
        return memoryview(b"")
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return memoryview(column.buffers()[2])[int(offsets[0]) : int(offsets[-1])]
