"""Run the notebooks as Jupyter would, each in a kernel of its own, and say how long each took: `python tests/run_notebooks.py`, or some of them by name."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jupytext
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER: Final = Path(__file__).resolve().parents[1] / "notebooks"
_CELL_SECONDS: Final = 300


def notebooks() -> list[Path]:
    """Every notebook, as the text it is kept in."""
    return sorted(FOLDER.glob("*.py"))


def executed(notebook: Path, before_cell: Callable[[int], None] = lambda _: None) -> Any:
    """The notebook with what its cells put out; `before_cell` is called with the place of each cell before it runs.

    Raises:
        CellExecutionError: a cell failed; says which, and with what.
    """
    read = jupytext.read(notebook)
    # of this user alone: nothing passes through a port, and no start-up file or history of somebody's IPython has a part in it
    with tempfile.TemporaryDirectory(prefix="kernel-") as own:
        client = NotebookClient(
            read,
            timeout=_CELL_SECONDS,
            km=AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{own}/kernel"),
            resources={"metadata": {"path": str(notebook.parent)}},
            on_cell_execute=lambda cell, cell_index: before_cell(cell_index),  # noqa: ARG005  # called by these names
        )
        return client.execute(cleanup_kc=True, env=os.environ | {"IPYTHONDIR": own})


def main(names: list[str]) -> int:
    """Run those named, or all; returns how many failed."""
    known = [notebook.stem for notebook in notebooks()]
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"got {', '.join(unknown)}; expected some of {', '.join(known)}; try none for all")
    failed = 0
    for notebook in notebooks():
        if names and notebook.stem not in names:
            continue
        begun = time.monotonic()
        try:
            executed(notebook)
            ended = "ran"
        except CellExecutionError as error:
            failed += 1
            ended = f"failed: {error.ename}: {error.evalue}"
        print(f"{notebook.stem:<18} {time.monotonic() - begun:6.1f} s  {ended}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
