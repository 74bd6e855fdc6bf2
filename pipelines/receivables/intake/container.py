"""From bytes to lines: what kind of file this is, its text in UTF-8, and a table with one row per physical line."""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

from receivables.errors import FileRefused
from receivables.intake import dbase, markup, workbook
from receivables.intake.sqltext import ident, lit
from receivables.intake.steady import unreadable
from receivables.plain_text import visible
from receivables.settings import Ingest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO, TextIO

    from receivables.intake.workbook import HasHeader

CHUNK: Final = 1 << 22
_HEAD: Final = 1 << 16
LINE_BYTES_MAX: Final = 10_000_000

_MAGIC: Final = {
    b"PK\x03\x04": "workbook",
    b"\xd0\xcf\x11\xe0": "workbook",
    b"PAR1": "parquet",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
}
_BOMS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Source:
    """A file as found: its bytes' kind (text, workbook, parquet, dbf, html, xml2003), size and hash; an encoding its bytes prove; how much of it is read at most."""

    path: Path
    kind: str
    size: int
    sha256: str
    bom_encoding: str | None
    limits: Ingest


def inspect(path: Path, limits: Ingest) -> Source:
    """Look at the first bytes and hash the whole file; the extension is not believed.

    Raises:
        FileRefused: empty, too large, unreadable, or something that holds no table.
    """
    refuse_strange(path)
    try:
        size = path.stat().st_size
        head = _read_head(path)
        _refuse_useless(path, size, head, limits.max_file_mb)
        digest = _sha256(path)
    except OSError as error:
        raise unreadable(shown_name(path), error) from None
    kind = _kind_of(head)
    bom = _proven_encoding(head)
    if kind == "text" and b"<" in head:
        kind = markup.kind_of(head.decode(bom or "latin-1", errors="ignore")) or "text"
    return Source(path, kind, size, digest, bom, limits)


def shown_name(path: Path) -> str:
    """A file's name as it can be told: that of a file whose name is no text, or would steer a terminal, with codes for what it is not."""
    return path.name if _is_text(path.name) else visible(path.name)


def _is_text(name: str) -> bool:
    return not any(unicodedata.category(char) in ("Cc", "Cs") for char in name)


def _can_be_written(path: Path) -> bool:
    """Whether what reads files can be told the path: it asks for UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_strange(path: Path) -> None:
    """Refuse a name that is no text, and a link that leads to what whoever put it there may not be allowed to read.

    Raises:
        FileRefused: it is one of them.
    """
    if not _is_text(path.name):
        raise FileRefused(
            got=f"{shown_name(path)}, a name with bytes or control characters that are no text",
            expected="a name that can be told",
            try_="renaming it",
            reason="FILE_UNREADABLE",
        )
    if not _can_be_written(path):
        raise FileRefused(
            got=f"{shown_name(path)}, in a folder whose name has bytes that are no text",
            expected="a path that can be told",
            try_="renaming the folder",
            reason="FILE_UNREADABLE",
        )
    if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
        raise FileRefused(
            got=f"{path.name}, a link that leads out of its folder",
            expected="a file",
            try_="a copy in its place, or ingest with the file that it leads to",
            reason="FILE_UNREADABLE",
        )


def _kind_of(head: bytes) -> str:
    """What the first bytes say; what they do not name is text, or binary data where they hold NUL."""
    return next(
        (kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "dbf" if dbase.is_table(head) else "text"
    )


def _proven_encoding(head: bytes) -> str | None:
    """What a byte-order mark says, or UTF-16 without one: every other byte of most of its letters is NUL."""
    for mark, encoding in _BOMS.items():
        if head.startswith(mark):
            return encoding
    pairs = len(head) // 2
    for encoding, nul, other in (("utf-16-le", head[1::2], head[0::2]), ("utf-16-be", head[0::2], head[1::2])):
        if pairs > 3 and nul.count(0) > pairs // 10 and not other.count(0):
            text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
            if "\ufffd" not in text and not re.search("[\x00-\x08\x0e-\x1f]", text):
                return encoding
    return None


def _refuse_useless(path: Path, size: int, head: bytes, max_mb: int) -> None:
    table = "a table as text (CSV, list), XLSX, XLS, DBF or Parquet"
    again = "exporting it again from the ERP"
    if size == 0:
        raise FileRefused(got=f"{path.name}, an empty file", expected=table, try_=again, reason="FILE_TRUNCATED")
    if size > max_mb * 1_000_000:
        raise FileRefused(
            got=f"{path.name} of {size / 1e6:.0f} MB",
            expected=f"at most {max_mb} MB",
            try_="a larger ingest.max_file_mb",
            reason="FILE_TOO_LARGE",
        )
    kind = _kind_of(head)
    is_binary = kind == "text" and b"\x00" in head and _proven_encoding(head) is None
    if kind not in ("text", "workbook", "parquet", "dbf") or is_binary:
        what = kind if not is_binary else "binary data"
        raise FileRefused(got=f"{path.name}, which is {what}", expected=table, try_=again, reason="FILE_NOT_A_TABLE")


def _read_head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def to_utf8(source: Source, encodings: Sequence[str], target: Path) -> str:
    """Write the text as UTF-8 with plain line ends to `target` and name the encoding: a byte-order mark decides, else the first that fits whole.

    Raises:
        FileRefused: no declared encoding fits every byte.
    """
    for encoding in (source.bom_encoding,) if source.bom_encoding else encodings:
        try:
            with source.path.open("rb") as raw, target.open("wb") as out:
                for chunk in _decoded(raw, encoding):
                    out.write(chunk.encode())
        except UnicodeError:
            continue
        return encoding
    tried = ", ".join((source.bom_encoding,) if source.bom_encoding else encodings)
    raise FileRefused(
        got=f"{source.path.name}, not written in {tried} ({_first_unknown(source, encodings)})",
        expected="one of the profile's encodings",
        try_="a profile with the right `encodings`",
        reason="ENC_LEGACY",
    )


def _decoded(raw: BinaryIO, encoding: str) -> Iterator[str]:
    """The text in pieces, with plain line ends and without characters that no export means."""
    decode = codecs.getincrementaldecoder(encoding)(errors="strict").decode
    kept = ""
    while chunk := raw.read(CHUNK):
        text = kept + decode(chunk)
        kept = "\r" if text.endswith("\r") else ""  # half of a line end, perhaps
        yield _plain_ends(_blanked(text.removesuffix(kept)))
    yield _plain_ends(_blanked(kept + decode(b"", final=True)))


def _plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _first_unknown(source: Source, encodings: Sequence[str]) -> str:
    """The first byte that the encoding tried first does not know, and where it stands."""
    encoding = source.bom_encoding or encodings[0]
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    passed = 0
    with source.path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            passed += len(chunk)
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                offset = passed - len(error.object) + error.start
                return f"byte 0x{error.object[error.start]:02X} at offset {offset:,} is not {encoding}"
    return f"it ends inside a character of {encoding}"


def physical_lines(path: Path) -> int:
    """How many lines a file has; the last one needs no end."""
    count, last = 0, b"\n"
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            count, last = count + chunk.count(b"\n"), chunk[-1:]
    return count + (last != b"\n")


def _blanked(text: str) -> str:
    """The text without two characters no export means: NUL, and the one that `load_lines` takes for a delimiter."""
    return text.replace("\x01", " ").replace("\x00", " ")


def head_lines(source: Source, encodings: Sequence[str], count: int) -> list[str]:
    """The first lines, decoded as well as the declared encodings allow, for recognition only."""
    raw = _read_head(source.path)
    for encoding in (source.bom_encoding,) if source.bom_encoding else encodings:
        decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
        try:
            text = _blanked(decoder.decode(raw))
        except UnicodeError:
            continue
        return re.split(r"\r\n|\r|\n", text)[
            :count
        ]  # splitlines() would also cut at form feeds, which are no line ends
    return []


def load_lines(con: duckdb.DuckDBPyConnection, utf8: Path) -> None:
    """Create table `line`(line_no, raw) with one row per physical line, blank ones included."""
    con.execute(
        "create or replace table line as select row_number() over () as line_no, coalesce(raw, '') as raw from read_csv(?, columns = {'raw': 'VARCHAR'},"
        " delim = '\x01', quote = '', escape = '', header = false, auto_detect = false, strict_mode = false, null_padding = true,"
        f" max_line_size = {LINE_BYTES_MAX}, encoding = 'utf-8')",
        [_literal_path(utf8)],
    )


def load_table(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    encodings: Sequence[str] = ("utf-8", "cp1252"),
    has_header: HasHeader | None = None,
) -> int:
    """Create table `record` from a file that is no plain text: a workbook, Parquet, DBF, or tables in HTML or XML; returns how many rows.

    Raises:
        FileRefused: it cannot be opened or holds no row.
    """
    match source.kind:
        case "workbook":
            return load_sheet(con, source, has_header)
        case "parquet":
            return load_parquet(con, source)
        case "dbf":
            return load_dbase(con, source, encodings)
        case _:
            return load_markup(con, source, encodings)


def load_sheet(con: duckdb.DuckDBPyConnection, source: Source, has_header: HasHeader | None = None) -> int:
    """Create table `record` from a sheet: the first whose first rows hold a header, else the first with any row; returns how many rows.

    A cell is text, a sheet's line is its row.

    Raises:
        FileRefused: the workbook cannot be opened, holds no row, or needs more memory or time than the settings allow.
    """
    sheet = workbook.sheet_of(source.path, source.limits, has_header)
    if sheet is None:
        raise FileRefused(
            got=f"{source.path.name}, a workbook without a row",
            expected="a sheet with rows",
            try_="exporting it again",
            reason="FILE_TRUNCATED",
        )
    con.register("sheet_rows", sheet)
    cells = ", ".join(f"coalesce({ident(name)}, '')" for name in sheet.schema.names)
    _records_from(con, "sheet_rows", cells)
    con.unregister("sheet_rows")
    return _count(con, "record")


def sheet_texts(path: Path, has_header: HasHeader) -> Iterator[list[str]]:
    """The rows of a workbook's sheet as texts: of the first sheet whose first rows hold the header, else of the first with any row.

    Raises:
        FileRefused: the workbook cannot be opened, or needs more memory or time than is usual.
    """
    sheet = workbook.sheet_of(path, Ingest(), has_header)
    if sheet is None:
        return
    for start in range(0, sheet.num_rows, _ROWS_AT_ONCE):
        columns = [column.to_pylist() for column in sheet.slice(start, _ROWS_AT_ONCE).columns]
        yield from ([cell or "" for cell in row] for row in zip(*columns, strict=True))


_ROWS_AT_ONCE: Final = 10_000


def load_markup(con: duckdb.DuckDBPyConnection, source: Source, encodings: Sequence[str]) -> int:
    """Create table `record` from the tables of an HTML file or a workbook saved as XML; returns how many rows.

    What the file says of its own encoding is believed where every byte agrees.

    Raises:
        FileRefused: no encoding fits, or there is no table with a row.
    """
    _refuse_unless_small(source)
    told = markup.charset_of(_read_head(source.path)[:2048])
    tried = [told, *encodings] if told and _is_encoding(told) else list(encodings)
    read = markup.html_rows if source.kind == "html" else markup.spreadsheet_rows
    for encoding in (source.bom_encoding,) if source.bom_encoding else tried:
        try:
            with source.path.open(encoding=encoding, errors="strict") as text:
                rows = read(_chunks(text), source.path.name, source.limits.max_cells)
        except UnicodeError:
            continue
        numbers, cells = zip(*rows, strict=True)
        table = pa.table({"line_no": pa.array(numbers, pa.int64()), "cells": pa.array(cells)})
        con.register("markup_rows", table)
        con.execute(
            "create or replace table record as select line_no, 1::bigint as n_lines, array_to_string(cells, chr(9)) as raw, cells from markup_rows"
        )
        con.unregister("markup_rows")
        return _count(con, "record")
    raise FileRefused(
        got=f"{source.path.name}, not written in {', '.join(tried)} ({_first_unknown(source, tried)})",
        expected="one of the profile's encodings",
        try_="exporting it again as CSV or XLSX",
        reason="ENC_LEGACY",
    )


@contextmanager
def memory_told(name: str, limits: Ingest) -> Iterator[None]:
    """Turn the end of the memory that reading a file may take into a refusal of that file, which ends no night.

    Raises:
        FileRefused: there was no more.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise FileRefused(
            got=f"{name}, which needs more than {limits.memory_limit} of memory to read",
            expected="lines and rows as an export has them",
            try_="exporting it again, or a larger ingest.memory_limit if it is no trap",
            reason="FILE_TOO_LARGE",
        ) from None


def _refuse_unless_small(source: Source) -> None:
    """Refuse a file too large to be held in memory whole."""
    most = source.limits.max_whole_mb
    if source.size > most * 1_000_000:
        raise FileRefused(
            got=f"{source.path.name}, {source.kind} of {source.size / 1e6:,.0f} MB",
            expected=f"at most {most} MB of a kind that is held in memory whole",
            try_="exporting it again as CSV, or a larger ingest.max_whole_mb",
            reason="FILE_TOO_LARGE",
        )


def _chunks(text: TextIO) -> Iterator[str]:
    while chunk := text.read(CHUNK):
        yield chunk


def _is_encoding(name: str) -> bool:
    try:
        found = codecs.lookup(name)
    except LookupError:
        return False
    return found.name not in _NO_CHARSETS and bool(
        found._is_text_encoding  # noqa: SLF001  # how Python itself tells texts from bytes
    )


_NO_CHARSETS: Final = (
    "idna",
    "punycode",
    "unicode_escape",
    "raw_unicode_escape",
    "unicode-escape",
    "raw-unicode-escape",
)
"""Ways to write text that Python knows and no export has; some take the square of a text's length to read."""


def load_dbase(con: duckdb.DuckDBPyConnection, source: Source, encodings: Sequence[str]) -> int:
    """Create table `record` from a DBF table: its field names as first row, then its records; returns how many rows, names included.

    Raises:
        FileRefused: it is cut off, or no encoding fits.
    """
    _refuse_unless_small(source)
    found = dbase.rows(source.path.read_bytes(), encodings, source.path.name, source.limits.max_cells)
    con.register("dbase_rows", pa.table({"cells": pa.array(found, pa.list_(pa.string()))}))
    con.execute(
        "create or replace table record as select row_number() over () as line_no, 1::bigint as n_lines, array_to_string(cells, chr(9)) as raw, cells from dbase_rows"
    )
    con.unregister("dbase_rows")
    return _count(con, "record")


def load_parquet(con: duckdb.DuckDBPyConnection, source: Source) -> int:
    """Create table `record` from a Parquet file: its column names as first row, then its rows as text; returns how many rows, names included."""
    rows = f"read_parquet({lit(_literal_path(source.path))})"
    try:
        _refuse_endless(con, source)
        described = con.execute(f"select column_name, column_type from (describe select * from {rows})").fetchall()
        _records_from(con, rows, ", ".join(_parquet_cell(name, kind) for name, kind in described), first=2)
    except duckdb.Error as error:
        raise FileRefused(
            got=f"{source.path.name}: {str(error).splitlines()[0]}",
            expected="a Parquet file that opens",
            try_="writing it again",
            reason="FILE_UNREADABLE",
        ) from None
    names = [name for name, _ in described]
    con.execute("insert into record values (1, 1, ?, ?)", ["\t".join(names), names])
    return _count(con, "record")


def _refuse_endless(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Refuse a Parquet file by the rows it says it has, before any of them is looked at: equal ones take no room in it."""
    ((rows,),) = con.execute(
        "select coalesce(sum(num_rows), 0)::bigint from parquet_file_metadata(?)", [_literal_path(source.path)]
    ).fetchall()
    if rows > source.limits.max_rows:
        raise FileRefused(
            got=f"{source.path.name}, which says it has {rows:,} rows",
            expected=f"at most {source.limits.max_rows:,}",
            try_="exporting it again in parts, or a larger ingest.max_rows if it is no trap",
            reason="FILE_TOO_LARGE",
        )


def _parquet_cell(name: str, kind: str) -> str:
    """A typed value as the text the canonical form has for it: fractions without an exponent, lists with semicolons."""
    value = ident(name)
    if kind.endswith("[]"):
        value = f"array_to_string({value}, ';')"
    elif kind in ("DOUBLE", "FLOAT"):
        plain = f"rtrim(format('{{:.12f}}', {value}), '0')"
        value = f"(case when contains({value}::varchar, 'e') then {plain} else {value}::varchar end)"
    return f"coalesce({value}::varchar, '')"


def _literal_path(path: Path) -> str:
    """A path as DuckDB reads exactly that file: without brackets around them, * ? and [ would name many."""
    return re.sub(r"([*?[])", r"[\1]", str(path))


def _records_from(con: duckdb.DuckDBPyConnection, rows: str, cells: str, first: int = 1) -> None:
    con.execute(
        f"create or replace table record as select row_number() over () + {first - 1} as line_no, 1::bigint as n_lines,"
        f" array_to_string(cells, chr(9)) as raw, cells from (select [{cells}] as cells from {rows})"
    )


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = con.execute(f"select count(*) from {table}").fetchall()
    return int(rows)
