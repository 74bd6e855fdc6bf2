"""A PostgreSQL of one's own: made in a temporary folder, reached by a Unix socket alone, stopped and removed at the end, whatever happens.

It refuses to run as root, so root hands it to a user without rights. Nobody but that user and root reaches the folder, which is why no password is asked.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

USER: Final = "bench"
"""The database's user, who may do everything there."""

SERIES: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps each series in a folder of its own, off the path."""

UNPRIVILEGED: Final = ("postgres", "nobody")

SETTINGS: Final = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_wal_size=4GB",
    "autovacuum=off",
    "shared_buffers=512MB",
    "work_mem=64MB",
)
"""No TCP; no care for what outlives the run; nothing in the background while a query is measured; room enough that no query reads or sorts on disk."""


@dataclass(frozen=True)
class Server:
    """A server that runs: its programs, its folder (which the socket is in), the process that all others of it are children of."""

    programs: Path
    folder: Path
    process: int
    version: str


def programs() -> Path:
    """The folder of PostgreSQL's programs: of the newest series of Debian's, or on the path.

    Raises:
        SystemExit: there is none.
    """
    newest = sorted(SERIES.glob("*/bin/initdb"), key=lambda found: float(found.parts[-3]))
    found = str(newest[-1]) if newest else shutil.which("initdb")
    if not found:
        raise SystemExit("got no PostgreSQL; expected initdb and postgres; try apt-get install postgresql")
    return Path(found).resolve().parent


def _owner() -> dict[str, Any]:
    """As whom the server runs: oneself, or for root somebody without rights."""
    if os.geteuid():
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    for name in UNPRIVILEGED:
        if name in known:
            return {"user": known[name].pw_uid, "group": known[name].pw_gid, "extra_groups": []}
    raise SystemExit(f"got root alone; expected a user {' or '.join(UNPRIVILEGED)}; try adduser --system postgres")


def _done(command: list[str], folder: Path, owner: dict[str, Any], tried: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **owner)
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise SystemExit(f"got {told!r} from {Path(command[0]).name}; expected {tried}; try it by hand")


@contextmanager
def serving() -> Iterator[Server]:
    """A server while the block runs.

    Raises:
        SystemExit: PostgreSQL is missing or does not start.
    """
    found, owner = programs(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="receivables-pg-"))  # a socket's path must be short
    data, control = folder / "data", str(found / "pg_ctl")
    try:
        if owner:
            os.chown(folder, owner["user"], owner["group"])
        initdb = [str(found / "initdb"), "--pgdata", str(data), "--username", USER, "--auth", "trust"]
        _done([*initdb, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"], folder, owner, "a new cluster")
        asked = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"unix_socket_directories={folder}"))
        start = [control, "start", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", asked]
        # what it holds open is its log, so that no pipe of ours waits for it
        _done(start, folder, owner, "a server that answers")
        process = int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        yield Server(found, folder, process, (data / "PG_VERSION").read_text(encoding="ascii").strip())
    finally:
        if (data / "postmaster.pid").exists():
            stop = [control, "stop", "-w", "-m", "immediate", "-D", str(data)]
            subprocess.run(stop, cwd=folder, stdout=subprocess.DEVNULL, check=False, **owner)
        shutil.rmtree(folder)


def psql(server: Server, database: str, *statements: str) -> str:
    r"""What statements, or psql's own such as `\copy`, print: values alone.

    Raises:
        SystemExit: one failed.
    """
    asked = [part for statement in statements for part in ("-c", statement)]
    connection = ["-h", str(server.folder), "-U", USER, "-d", database]
    done = subprocess.run(
        [str(server.programs / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", *connection, *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(
            f"got {done.stderr.strip().splitlines()[0]!r}; expected rows; try {statements[0][:80]!r} by hand"
        )
    return done.stdout
