"""Looks at all a night needs before it needs it: the home, disk, memory, clock, fonts, settings, profiles, the mail server; changes nothing."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from receivables import charts
from receivables import settings as settings_module
from receivables.checks import contract
from receivables.dates import local, utc_now
from receivables.engine import EngineError
from receivables.errors import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_PERSON, NightFailed, ReceivablesError, SettingsError
from receivables.intake.profile import available
from receivables.mail_server import MailServer, password_of
from receivables.state import State
from receivables.warehouse import Warehouse, published_file, published_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from receivables.home import Home
    from receivables.settings import Settings

Level = Literal["ok", "attention", "wrong"]

_UNITS: Final = {"MB": 10**6, "GB": 10**9}
_MEMORY: Final = Path("/proc/meminfo")
_GROUP_MEMORY: Final = Path("/sys/fs/cgroup/memory.max")

_BUILD_TIMES: Final = 3
"""A build needs room for a second published file, what it spills and what of it is kept, each about as large as the one before."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, and what to do where it is not well."""

    name: str
    level: Level
    found: str
    advice: str = ""


def exit_code(checks: Iterable[Check]) -> int:
    """4 where something is wrong and a night would fail, 5 where something deserves attention, else 0."""
    levels = {check.level for check in checks}
    return EXIT_FAILED if "wrong" in levels else EXIT_NEEDS_PERSON if "attention" in levels else EXIT_DONE


def examined(home: Home, *, has_mail: bool = True) -> Iterator[Check]:
    """Look at everything, one check after another; `has_mail` False leaves the mail server alone."""
    yield from _home(home)
    if not home.root.is_dir():
        return
    settings: Settings | None = None
    try:
        settings = home.settings()
    except SettingsError as error:
        yield Check("settings", "wrong", error.got, f"{error.try_}; expected {error.expected}")
    if settings is not None:
        yield from _settings(settings, home)
    yield from _disk(home, settings)
    if settings is not None:
        yield from _memory(settings)
    yield from _store(home)
    yield _published(home)
    yield from _unfinished(home)
    yield from _rules(home)
    if settings is not None:
        yield from _fonts(settings)
        if has_mail:
            yield from _mail(settings, home)


def _home(home: Home) -> Iterator[Check]:
    root = home.root
    if not root.is_dir():
        yield Check("home", "wrong", f"{root} is no folder", f"receivables init --home {root}")
        return
    barred = [path for path in (root, *_parts(home)) if not os.access(path, os.R_OK | os.W_OK | os.X_OK)]
    if barred:
        yield Check(
            "home",
            "wrong",
            f"{barred[0]} may not be written by this user",
            "running as the user the home belongs to, or giving it the folder",
        )
    else:
        yield Check("home", "ok", f"{root.absolute()} may be read and written")
    if opened := home.open_to_strangers():
        yield Check("permissions", "attention", opened.found, opened.advice)
    else:
        yield Check(
            "permissions",
            "ok",
            "closed to other users, but for the inbox and out where they were opened; whatever is written is closed",
        )


def _parts(home: Home) -> list[Path]:
    folders = (home.inbox, home.lake, home.warehouse, home.out, home.logs, home.profiles, home.contracts)
    return [folder for folder in folders if folder.is_dir()]


def _settings(settings: Settings, home: Home) -> Iterator[Check]:
    path = home.root / settings_module.FILE_NAME
    found = f"{path.name} can be used" if path.exists() else f"no {path.name}: everything is at its default"
    yield Check("settings", "ok", found)
    if (settings.recipient or settings.operator) and not settings.mail.sender:
        yield Check(
            "settings",
            "wrong",
            "recipients or operators and no mail.sender",
            "sender = the address that mails come from",
        )
    if not settings.operator:
        yield Check("settings", "attention", "nobody is told when a night fails", "[[operator]] with an address")
    if _bytes(settings.unattended.memory_max) < _bytes(settings.engine.memory_limit):
        yield Check(
            "settings",
            "wrong",
            f"unattended.memory_max {settings.unattended.memory_max} is less than engine.memory_limit {settings.engine.memory_limit}",
            "at least twice as much for unattended.memory_max",
        )
    try:
        known = {profile.id for profile in available(home.profiles if home.profiles.is_dir() else None)}
    except ReceivablesError:
        return  # told with the profiles
    for profile in sorted({one.profile for one in settings.expected} - known - {""}):
        yield Check(
            "settings",
            "wrong",
            f"[[expected]] names the profile {profile!r}, which nobody knows",
            "receivables profiles",
        )


def _bytes(told: str) -> int:
    return int(float(told[:-2]) * _UNITS[told[-2:]])


def _disk(home: Home, settings: Settings | None) -> Iterator[Check]:
    free = shutil.disk_usage(home.root).free
    at_least = int(settings.unattended.disk_free_gb * 10**9) if settings else 0
    size = published_file(home.root).stat().st_size if published_run(home.root) else 0
    needed = max(at_least, _BUILD_TIMES * size)
    told = f"{free / 1e9:.1f} GB free"
    if free < needed:
        yield Check("disk", "attention", f"{told}, {needed / 1e9:.1f} GB are needed", "making room, or a larger disk")
    else:
        yield Check("disk", "ok", told)
    counted = os.statvfs(home.root)
    if counted.f_files and counted.f_favail < counted.f_files // 100:
        yield Check(
            "disk", "attention", f"room for {counted.f_favail:,} more files only", "deleting files, or a larger disk"
        )


def _memory(settings: Settings) -> Iterator[Check]:
    there = _memory_there()
    limit = _bytes(settings.engine.memory_limit)
    if there is None:
        yield Check(
            "memory",
            "ok",
            f"engine.memory_limit is {settings.engine.memory_limit}; the machine does not say what it has",
        )
    elif limit > there:
        yield Check(
            "memory",
            "wrong",
            f"engine.memory_limit {settings.engine.memory_limit} is more than the {there / 1e9:.1f} GB there are",
            f"engine.memory_limit of at most {there / 2e9:.1f}GB; the database spills to the disk beyond",
        )
    elif 2 * limit > there:
        yield Check(
            "memory",
            "attention",
            f"engine.memory_limit {settings.engine.memory_limit} is more than half of the {there / 1e9:.1f} GB there are",
            "a lower engine.memory_limit: the rest of a night takes about as much",
        )
    else:
        yield Check(
            "memory", "ok", f"{there / 1e9:.1f} GB, of which the database may take {settings.engine.memory_limit}"
        )


def _memory_there() -> int | None:
    """Bytes of memory: the machine's, or what its control group leaves of them."""
    found: list[int] = []
    with suppress(OSError, ValueError, IndexError):
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:")]
    with suppress(OSError, ValueError):
        found.append(int(_GROUP_MEMORY.read_text(encoding="ascii")))
    return min(found, default=None)


def _store(home: Home) -> Iterator[Check]:
    if not home.state.exists():
        yield Check(
            "store",
            "attention",
            "no state.sqlite: no run yet, or it was lost",
            "receivables nightly, or taking it back from a backup",
        )
        return
    try:
        state = State(home.state, is_read_only=True)
        fault = state.fault()
        runs = [] if fault else state.runs()
    except NightFailed as error:
        yield Check("store", "wrong", error.got, error.try_)
        return
    if fault:
        yield Check("store", "wrong", f"state.sqlite is damaged: {fault}", "taking it back from a backup")
        return
    yield Check("store", "ok", f"state.sqlite is whole, {len(runs)} runs")
    now, last = utc_now(), max((run.started_at for run in runs), default=None)
    zone = datetime.now().astimezone()
    told = f"{local(now):%Y-%m-%d %H:%M}, {zone:%Z} (UTC{zone:%z})"
    if last is not None and last > now:
        yield Check(
            "clock",
            "wrong",
            f"{told} lies before the last run, which began at {local(last):%Y-%m-%d %H:%M}",
            "setting the clock, and switching on NTP (timedatectl set-ntp true)",
        )
    else:
        yield Check("clock", "ok", told)


def _published(home: Home) -> Check:
    if published_run(home.root) is None:
        return Check("published file", "attention", "nothing is published yet", "receivables nightly")
    try:
        with Warehouse(published_file(home.root)) as warehouse:
            rows = warehouse.con.execute("select as_of from ops.run").fetchall()
        return Check("published file", "ok", f"can be read, as of {rows[0][0]}")
    except (EngineError, IndexError) as error:
        return Check(
            "published file",
            "wrong",
            f"cannot be read: {type(error).__name__}",
            "receivables build, which makes it anew",
        )


def _unfinished(home: Home) -> Iterator[Check]:
    holder = home.holder()
    left = home.unfinished()
    if holder:
        yield Check("unfinished work", "ok", f"process {holder} is at work")
    elif left:
        yield Check(
            "unfinished work",
            "attention",
            f"{len(left)} files or folders that a run left when it was cut off, first {left[0].relative_to(home.root)}",
            "nothing: the next run takes them away",
        )
    else:
        yield Check("unfinished work", "ok", "none")


def _rules(home: Home) -> Iterator[Check]:
    for name, folder in (("profiles", home.profiles), ("contracts", home.contracts)):
        own = folder if folder.is_dir() else None
        try:
            count = len(available(own) if name == "profiles" else contract.available(own))
        except ReceivablesError as error:
            yield Check(name, "wrong", error.got, f"{error.try_}; expected {error.expected}")
            continue
        mine = len(list(own.glob("*.toml"))) if own else 0
        yield Check(name, "ok", f"{count} can be used; {mine} files of the home's own")


def _fonts(settings: Settings) -> Iterator[Check]:
    languages = {*settings.report.languages, *(one.language for one in settings.recipient)}
    scripts: list[tuple[Literal["cjk", "latin"], str]] = [("latin", "Latin letters")]
    if "zh" in languages:
        scripts.append(("cjk", "Chinese"))
    for script, what in scripts:
        font = charts.font_family(script)
        if font:
            yield Check("fonts", "ok", f"{font} for {what}")
        else:
            package = "fonts-noto-cjk" if script == "cjk" else "fonts-dejavu-core"
            yield Check(
                "fonts", "attention", f"none for {what}: mails have no pictures there", f"apt install {package}"
            )


def _mail(settings: Settings, home: Home) -> Iterator[Check]:
    mail = settings.mail
    if not settings.recipient and not settings.operator:
        yield Check("mail server", "ok", "there is nobody to mail to")
    elif not mail.server:
        yield Check("mail server", "ok", f"none: mails are written to {mail.folder}")
    else:
        try:
            server = MailServer(mail, password_of(mail, home.root))
            server.greet()
        except ReceivablesError as error:
            yield Check("mail server", "wrong", error.got, f"{error.try_}; expected {error.expected}")
        else:
            how = "not encrypted" if mail.security == "none" else f"encrypted ({mail.security})"
            who = f", logged in as {mail.user}" if mail.user else ""
            yield Check("mail server", "ok", f"{mail.server}:{mail.port} answers, {how}{who}; nothing was sent")
