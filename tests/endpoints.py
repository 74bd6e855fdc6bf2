"""Endpoints of Spark Connect on this machine, each in a process of its own: Sail, and Apache Spark where a whole one and Java are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PATIENCE_S: Final = 300
"""How long an endpoint may take to answer; Spark loads hundreds of archives first."""


@dataclass(frozen=True)
class Endpoint:
    """One that answers, and the process that it is."""

    address: str
    pid: int

    def cpu_s(self) -> float:
        """CPU seconds that its process has taken so far, in all its threads."""
        told = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def has_sail() -> bool:
    """Whether Sail and a client are installed."""
    return find_spec("pysail") is not None and find_spec("pyspark") is not None


def has_apache_spark() -> bool:
    """Whether a whole Apache Spark is installed, and Java."""
    return (_spark_home() / "jars").is_dir() and shutil.which("java") is not None


@contextmanager
def sail(folder: Path) -> Iterator[Endpoint]:
    """Sail, which logs into a folder."""
    port = _free_port()
    program = [str(Path(sys.executable).with_name("sail")), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    with _answering(program, port, folder, {}) as endpoint:
        yield endpoint


@contextmanager
def apache_spark(folder: Path, options: Mapping[str, str] | None = None) -> Iterator[Endpoint]:
    """Apache Spark on all cores of this machine, which logs into a folder; `options` beside those that it needs here."""
    port = _free_port()
    said = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "6g",  # it is the only executor too; its default of 1g ends at a million invoices
        "spark.local.dir": str(folder),
    } | {**(options or {})}
    listed = [part for name, value in said.items() for part in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    program = [str(_spark_home() / "bin/spark-submit"), "--master", "local[*]", "--class", server, *listed]
    with _answering([*program, "spark-internal"], port, folder, {"SPARK_LOCAL_IP": "127.0.0.1"}) as endpoint:
        yield endpoint


def _spark_home() -> Path:
    found = find_spec("pyspark")
    return Path(found.origin).parent if found and found.origin else Path()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _answering(program: Sequence[str], port: int, folder: Path, said: Mapping[str, str]) -> Iterator[Endpoint]:
    log = folder / "endpoint.log"
    with (
        log.open("w") as told,
        subprocess.Popen(program, stdout=told, stderr=told, cwd=folder, env=os.environ | {**said}) as process,
    ):
        try:
            deadline = time.monotonic() + _PATIENCE_S
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"no endpoint at port {port}: {log.read_text('utf-8')[-2000:]}")
                time.sleep(0.5)
            yield Endpoint(f"sc://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
