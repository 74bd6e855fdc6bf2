"""A program of its own that reads one workbook for `workbook`, within bounds of memory and time: what ends it ends nothing else.

It takes the path, the bytes of memory and the seconds it may use, and the bytes and cells that a workbook may unpack to. Each sheet with any row is
written to standard output as one Arrow stream of texts; what is wrong is one line on standard error. It knows nothing of the package, so it starts at once.
"""

from __future__ import annotations

import os
import resource
import sys
import zipfile

import fastexcel
import pyarrow as pa

ROWS_AT_ONCE = 65_536
REFUSED, TOO_LARGE = 3, 4
"""Exit codes: a workbook that cannot be read, and one that is larger than allowed."""


def main(path: str, memory: int, seconds: int, unpacked: int, cells: int) -> int:
    """Read a workbook; returns the exit code."""
    told = os.fdopen(os.dup(2), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what the reader's own code says is for its makers
    _bound(memory, seconds)
    try:
        if zipfile.is_zipfile(path) and (why := _archived(path, unpacked)):
            code, said = why
        else:
            code, said = _write_sheets(path, cells)
    except MemoryError:
        code, said = TOO_LARGE, "more than there is memory for"
    except BaseException as error:  # noqa: BLE001  # what the reader did not foresee is no exception of Python's own
        known = isinstance(error, (fastexcel.FastExcelError, zipfile.BadZipFile))
        code, said = REFUSED, str(error) if known else "a workbook that is cut off or damaged"
    print(" ".join(said.splitlines()[0].split()) if said else "", file=told, flush=True)  # its one line
    return code


def _bound(memory: int, seconds: int) -> None:
    """Take no more memory than asked for from here on, no more time, and write no file."""
    with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123  # fewer imports, and it starts sooner
        used = int(stream.read().split()[0]) * resource.getpagesize()
    for kind, most in (
        (resource.RLIMIT_AS, used + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _archived(path: str, unpacked: int) -> tuple[int, str] | None:
    """What an archive is that no workbook is, or one that unpacks to more than allowed."""
    with zipfile.ZipFile(path) as archive:
        names, size = archive.namelist(), sum(entry.file_size for entry in archive.infolist())
    if not any(name.startswith(("xl/", "content.xml")) for name in names):
        return REFUSED, f"a ZIP archive of {', '.join(names[:3]) or 'nothing'}"
    if size > unpacked:
        return TOO_LARGE, f"a workbook that unpacks to {size / 1e6:,.0f} MB"
    return None


def _write_sheets(path: str, cells: int) -> tuple[int, str]:
    book = fastexcel.read_excel(path)
    with os.fdopen(os.dup(1), "wb") as out:
        for name in book.sheet_names:
            sheet = book.load_sheet(name, header_row=None, dtypes="string", skip_rows=0)
            if not sheet.total_height:
                continue
            if sheet.total_height * sheet.width > cells:
                return TOO_LARGE, f"a sheet of {sheet.total_height:,} rows and {sheet.width:,} columns"
            batch = sheet.to_arrow()
            with pa.ipc.new_stream(out, batch.schema) as writer:
                for start in range(0, batch.num_rows, ROWS_AT_ONCE):
                    writer.write_batch(batch.slice(start, ROWS_AT_ONCE))
            out.flush()
    return 0, ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
