"""Workbooks (XLSX, XLS and their kin): the sheet that holds a table, read by a process of its own with bounds of memory and time.

A cell at the far corner of a sheet makes the library that reads it ask for a place for every cell before it, and abort the process that it is in when there is none; a few
kilobytes are enough for that.
"""

from __future__ import annotations

import os
import signal
import subprocess  # one program of ours, without a shell  # nosec B404
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from receivables.errors import FileRefused
from receivables.intake import sheet_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from receivables.settings import Ingest

    HasHeader = Callable[[list[tuple[int, list[str]]]], bool]
    """Whether rows, each with its number and cells, hold the header of a known export."""

_TOLD_ON: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "OPENBLAS_CORETYPE")
"""What the reader gets of the environment: no password is among it."""

_UNITS: Final = {"MB": 10**6, "GB": 10**9}
_FIRST_ROWS: Final = 40


def sheet_of(path: Path, limits: Ingest, has_header: HasHeader | None) -> pa.Table | None:
    """The first sheet whose first rows hold a header, else the first with any row, as texts; None where no sheet has a row.

    Raises:
        FileRefused: the workbook cannot be opened, or needs more memory or time than the settings allow.
    """
    first = None
    with _sheets(path, limits) as sheets:
        for sheet in sheets:
            if has_header is None or has_header(_first_rows(sheet)):
                return sheet
            first = sheet if first is None else first
    return first


@contextmanager
def _sheets(path: Path, limits: Ingest) -> Iterator[Iterator[pa.Table]]:
    asked = (
        path,
        _bytes(limits.workbook_memory),
        limits.workbook_seconds,
        limits.max_file_mb * 10**6,
        limits.max_cells,
    )
    with subprocess.Popen(  # the list of arguments is ours, and the path is one argument  # nosec B603
        [sys.executable, "-P", sheet_reader.__file__, *map(str, asked)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: os.environ[name] for name in _TOLD_ON if name in os.environ},
    ) as reader:
        try:
            yield _read_from(reader, path, limits)
        finally:
            reader.kill()  # whoever has found the right sheet waits for no other


def _read_from(reader: subprocess.Popen[bytes], path: Path, limits: Ingest) -> Iterator[pa.Table]:
    out, err = reader.stdout, reader.stderr
    if out is None or err is None:
        raise AssertionError("it was asked for both")
    while True:
        try:
            sheet = pa.ipc.open_stream(out).read_all()
        except (pa.ArrowInvalid, OSError):  # nothing more, or broken off
            break
        yield sheet
    said = err.read().decode("utf-8", errors="replace").strip()
    code = reader.wait()
    if code != 0:
        raise _refusal(path.name, limits, code, said)


def _refusal(name: str, limits: Ingest, code: int, said: str) -> FileRefused:
    """What ended the reader, in the words of a refusal."""
    if code == sheet_reader.REFUSED:
        return FileRefused(
            got=f"{name}: {said}",
            expected="a workbook that opens",
            try_="saving it again as XLSX, or unpacking it first",
            reason="FILE_UNREADABLE",
        )
    if code == -signal.SIGXCPU:
        said = f"a workbook that takes more than {limits.workbook_seconds} seconds to read"
    elif code != sheet_reader.TOO_LARGE or not said:
        said = f"a workbook that needs more than {limits.workbook_memory} to read"
    return FileRefused(
        got=f"{name}: {said}",
        expected=f"at most {limits.max_cells:,} cells, {limits.max_file_mb} MB unpacked and {limits.workbook_memory} of memory",
        try_="exporting it again as CSV, or a larger ingest.workbook_memory if it is no trap",
        reason="FILE_TOO_LARGE",
    )


def _first_rows(sheet: pa.Table) -> list[tuple[int, list[str]]]:
    columns = [column.to_pylist() for column in sheet.slice(0, _FIRST_ROWS).columns]
    return [(n, [cell or "" for cell in row]) for n, row in enumerate(zip(*columns, strict=True), 1)]


def _bytes(told: str) -> int:
    return int(float(told[:-2]) * _UNITS[told[-2:]])
