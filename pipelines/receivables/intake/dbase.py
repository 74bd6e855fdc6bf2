"""dBase tables (DBF), as DOS and Windows accounting keeps them: fixed records behind a header that names and types the fields."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSIONS: Final = (0x02, 0x03, 0x04, 0x30, 0x31, 0x43, 0x83, 0x8B, 0xF5)
_CODE_PAGES: Final = {0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x57: "cp1252", 0x7A: "gb18030", 0x4D: "gb18030"}
"""What the header's language byte says of the texts; other values say nothing."""
_DELETED: Final = 0x2A
_MEMOS: Final = "MGPB0"


def is_table(head: bytes) -> bool:
    """Whether the first bytes are a DBF header: version, a date, and lengths that fit a list of fields."""
    if len(head) < 65 or head[0] not in _VERSIONS or not (1 <= head[2] <= 12 and 1 <= head[3] <= 31):
        return False
    header, record = struct.unpack_from("<HH", head, 8)
    return header >= 65 and record > 1 and head[12] == 0 and b"\r" in head[64 : header + 1]


def rows(raw: bytes, encodings: Sequence[str], name: str, cells_max: int) -> list[list[str]]:
    """The fields' names, then every record as texts: days as 2024-03-01, numbers as written; a deleted record is a row of blanks.

    Raises:
        FileRefused: it ends before its last record, has more cells than allowed, or no encoding fits.
    """
    count, start, length = struct.unpack_from("<IHH", raw, 4)
    fields, place = [], 1
    for at in range(32, min(start, len(raw)) - 31, 32):
        if raw[at] == 0x0D:
            break
        label = raw[at : at + 11].split(b"\0")[0].decode("latin-1")
        fields.append((label, chr(raw[at + 11]), place, raw[at + 16]))
        place += raw[at + 16]
    if len(raw) < start + count * length or place > length:
        raise FileRefused(
            got=f"{name}, which ends before the last of its {count:,} records",
            expected="a whole DBF table",
            try_="copying it again while nobody writes to it",
            reason="FILE_TRUNCATED",
        )
    if count * len(fields) > cells_max:
        raise FileRefused(
            got=f"{name}, with {count:,} records of {len(fields):,} fields",
            expected=f"at most {cells_max:,} cells",
            try_="exporting it again as CSV, or a larger ingest.max_cells",
            reason="FILE_TOO_LARGE",
        )
    told = _CODE_PAGES.get(raw[29])
    for encoding in (told,) if told else encodings:
        try:
            records = (raw[n : n + length] for n in range(start, start + count * length, length))
            return [[field[0] for field in fields], *(_cells(record, fields, encoding) for record in records)]
        except UnicodeDecodeError:
            continue
    raise FileRefused(
        got=f"{name}, not written in {told or ', '.join(encodings)}",
        expected="one of the profile's encodings",
        try_="a profile with the right `encodings`",
        reason="ENC_LEGACY",
    )


def _cells(record: bytes, fields: Sequence[tuple[str, str, int, int]], encoding: str) -> list[str]:
    if record[0] == _DELETED:
        return [""] * len(fields)
    return [_text(record[at : at + width], kind, encoding) for _, kind, at, width in fields]


def _text(raw: bytes, kind: str, encoding: str) -> str:
    """One value; what stands in a file of its own (memos, pictures) is left blank."""
    if kind in _MEMOS:
        return ""
    if kind == "I":
        return str(int.from_bytes(raw, "little", signed=True))
    if kind == "Y":  # currency: ten-thousandths
        units = int.from_bytes(raw, "little", signed=True)
        return f"{'-' if units < 0 else ''}{abs(units) // 10_000}.{abs(units) % 10_000:04d}"
    text = raw.decode("latin-1" if kind in "NFDL" else encoding).replace("\0", " ").strip()
    if kind == "D":
        return f"{text[:4]}-{text[4:6]}-{text[6:]}" if text else ""
    return "" if kind in "NF" and not text.strip("*") else text
