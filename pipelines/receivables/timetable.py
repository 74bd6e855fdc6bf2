"""How the system is asked to run the night: a systemd service that may do nothing but its work, with its timer, or a line for cron."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

from receivables.errors import EXIT_NEEDS_PERSON, UsageError, nearest
from receivables.settings import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from receivables.settings import Settings

NAME: Final = "receivables-nightly"
AT: Final = "02:30"
PASSWORD_FILE: Final = "mail.env"  # noqa: S105  # the name of a file below the home
"""Where the environment of a scheduled night is read from."""

_AT: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_UNIT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_CRON_LINE: Final = 998

_CLOSED: Final = """\
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""
"""What a night never needs."""


@dataclass(frozen=True)
class Schedule:
    """When a night is run, by whom and with which program; `zone` empty: the machine's own time."""

    home: Path
    program: Sequence[str]
    user: str
    at: str = AT
    zone: str = ""
    name: str = NAME

    def __post_init__(self) -> None:
        """Refuse what no unit and no crontab can hold.

        Raises:
            UsageError: names what.
        """
        if not _AT.fullmatch(self.at):
            raise UsageError(got=f"--at {self.at!r}", expected="an hour and minute", try_=f"--at {AT}")
        if self.zone and self.zone not in available_timezones():
            raise UsageError(
                got=f"--zone {self.zone!r}",
                expected="a time zone this machine knows",
                try_=f"--zone {nearest(self.zone, available_timezones())}",
            )
        if not _UNIT.fullmatch(self.name):
            raise UsageError(got=f"--name {self.name!r}", expected="letters, digits and _ . -", try_=f"--name {NAME}")
        for path in (str(self.home), *self.program):
            if not path.isprintable():
                raise UsageError(
                    got=f"the path {path!r}",
                    expected="one without line breaks and hidden characters, which no unit can name",
                    try_="another folder",
                )

    @property
    def hour_minute(self) -> tuple[int, int]:
        """The time of day."""
        hour, minute = self.at.split(":")
        return int(hour), int(minute)


def units(plan: Schedule, settings: Settings) -> dict[str, str]:
    """The service and its timer, by file name."""
    hour, minute = plan.hour_minute
    days = settings.unattended.weekdays
    on = "" if set(days) == set(WEEKDAYS) else ",".join(day.title() for day in WEEKDAYS if day in days) + " "
    zone = f" {plan.zone}" if plan.zone else ""
    timer = (
        f"[Unit]\nDescription=Every night of the receivables in {_specified(str(plan.home))}\n\n"
        f"[Timer]\nOnCalendar={on}*-*-* {hour:02}:{minute:02}:00{zone}\n"
        "# a night that the machine slept through is made up for when it wakes\nPersistent=true\nAccuracySec=1min\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    return {f"{plan.name}.service": _service(plan, settings), f"{plan.name}.timer": timer}


def _service(plan: Schedule, settings: Settings) -> str:
    is_mailing = bool(settings.mail.server)
    command = " ".join(_argument(word) for word in (*plan.program, "nightly", "--home", str(plan.home)))
    lines = [
        "# memory, days and what the network is for follow receivables.toml: make the units anew when it changes",
        "[Unit]",
        f"Description=Receivables of {_specified(str(plan.home))}",
        *(("Wants=network-online.target", "After=network-online.target") if is_mailing else ()),
        "",
        "[Service]",
        "Type=oneshot",
        f"User={_specified(plan.user)}",
        f"ExecStart={command}",
        "# published, and something needs a person: no failure",
        f"SuccessExitStatus={EXIT_NEEDS_PERSON}",
        *_password(plan, settings),
        f"MemoryMax={settings.unattended.memory_max.removesuffix('B')}",
        "Nice=10",
        f"ReadWritePaths={_quoted(str(plan.home))}",
        _CLOSED.rstrip("\n"),
        *(
            ("RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",)
            if is_mailing
            else ("# there is no mail server, and nothing else that a night talks to", "PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX")
        ),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _password(plan: Schedule, settings: Settings) -> tuple[str, ...]:
    mail = settings.mail
    if not mail.server or not mail.user or mail.password_file:
        return ()
    path = plan.home / PASSWORD_FILE
    return (
        f"# a file of mode 600 with the line {mail.password_env}=...",
        f"EnvironmentFile=-{_specified(str(path))}",
    )


def _specified(text: str) -> str:
    """Text in which systemd finds no specifier."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """A word of a list, whatever it holds."""
    return '"' + _specified(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _argument(text: str) -> str:
    """A word of a command line, in which systemd finds no variable either."""
    is_plain = re.fullmatch(r"[A-Za-z0-9/._=-]+", text)
    return text if is_plain else _quoted(text).replace("$", "$$")


def cron(plan: Schedule, settings: Settings) -> str:
    """The line for a crontab, with what goes before it.

    Raises:
        UsageError: it would be longer than cron reads.
    """
    hour, minute = plan.hour_minute
    days = settings.unattended.weekdays
    # cron counts from Sunday
    on = "*" if set(days) == set(WEEKDAYS) else ",".join(str((WEEKDAYS.index(day) + 1) % 7) for day in days)
    password = plan.home / PASSWORD_FILE
    has_password = bool(_password(plan, settings))
    read = f"set -a; . {shlex.quote(str(password))}; set +a; " if has_password else ""
    command = shlex.join([*plan.program, "nightly", "--home", str(plan.home)])
    line = f"{minute} {hour} * * {on} umask 077; {read}{command}".replace("%", "\\%")
    if len(line.encode()) > _CRON_LINE:
        raise UsageError(
            got=f"a crontab line of {len(line.encode())} bytes",
            expected=f"at most {_CRON_LINE}",
            try_="shorter paths, or the systemd units",
        )
    return "\n".join(
        [
            f"# for the crontab of {plan.user}; nights that the machine slept through are caught up by the next one",
            *(
                [f"# {PASSWORD_FILE} holds the line {settings.mail.password_env}='...' and has mode 600"]
                if has_password
                else []
            ),
            *(
                [
                    "# some crons (Debian's) know no time zones: then the hour is the machine's",
                    f"CRON_TZ={plan.zone}",
                ]
                if plan.zone
                else []
            ),
            "SHELL=/bin/sh",
            line,
            "",
        ]
    )
