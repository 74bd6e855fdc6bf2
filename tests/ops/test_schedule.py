"""What the system is asked to run every night: units that systemd takes, lines that a shell understands, whatever the paths hold."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import receivables
from homes import command
from receivables.errors import UsageError
from receivables.settings import FILE_NAME, Settings
from receivables.timetable import Schedule, cron

ODD = "a b%h $HOME 'q' \"z\" ñ 夜"
"""A folder's name with all that means something to systemd, a shell or cron."""

BY_SERVER = "[mail]\nserver = 'mail.example.com'\nuser = 'reports'\nsender = 'r@example.com'\n"


def made(home: Path, settings: str = "") -> Path:
    receivables.init(home)
    (home / FILE_NAME).write_text(settings, encoding="utf-8")
    return home


def told(home: Path, *arguments: str) -> str:
    ended = command("schedule", "--home", home, *arguments)
    assert (ended.exit_code, ended.stderr) == (0, ""), ended
    return ended.stdout


def value(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, flags=re.MULTILINE)


def test_a_service_may_write_its_home_and_nothing_else_and_counts_exit_code_5_as_success(tmp_path: Path) -> None:
    home = made(tmp_path / "home", "[unattended]\nmemory_max = '1.5GB'\n")
    text = told(home, "--at", "3:05")
    assert value(text, "SuccessExitStatus") == ["5"]
    assert value(text, "UMask") == ["0077"]
    assert value(text, "ProtectSystem") == ["strict"]
    assert (value(text, "PrivateTmp"), value(text, "NoNewPrivileges")) == (["yes"], ["yes"])
    assert value(text, "ReadWritePaths") == [f'"{home}"']
    assert value(text, "MemoryMax") == ["1.5G"]
    assert value(text, "PrivateNetwork") == ["yes"], "there is no mail server to talk to"
    assert (value(text, "OnCalendar"), value(text, "Persistent")) == (["*-*-* 03:05:00"], ["true"])
    assert value(text, "User") == [home.owner()]


def test_a_service_that_mails_reaches_the_network_and_reads_the_password_from_a_private_file(tmp_path: Path) -> None:
    text = told(made(tmp_path / "home", BY_SERVER))
    assert value(text, "PrivateNetwork") == []
    assert value(text, "EnvironmentFile") == [f"-{tmp_path}/home/mail.env"]
    assert "# a file of mode 600 with the line RECEIVABLES_MAIL_PASSWORD=..." in text
    with_file = told(made(tmp_path / "other", BY_SERVER + "password_file = 'secret'\n"))
    assert value(with_file, "EnvironmentFile") == []


def test_a_timer_runs_on_the_days_of_the_settings_in_the_zone_asked_for(tmp_path: Path) -> None:
    home = made(tmp_path / "home", "[unattended]\nweekdays = ['fri', 'mon']\n")
    text = told(home, "--zone", "America/Mexico_City")
    assert value(text, "OnCalendar") == ["Mon,Fri *-*-* 02:30:00 America/Mexico_City"]
    line = told(home, "--zone", "America/Mexico_City", "--cron").splitlines()
    assert "CRON_TZ=America/Mexico_City" in line
    assert line[-1].startswith("30 2 * * 5,1 umask 077; ")


@pytest.mark.parametrize("settings", ["", BY_SERVER], ids=["alone", "mailing"])
@pytest.mark.parametrize("name", ["home", ODD])
def test_systemd_takes_the_units_as_they_are(tmp_path: Path, name: str, settings: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not there")
    home = made(tmp_path / name, settings)
    ended = command("schedule", "--home", home, "--out", tmp_path / "units", "--name", "ar-night")
    assert ended.exit_code == 0, ended
    units = sorted(map(str, (tmp_path / "units").iterdir()))
    assert [Path(unit).name for unit in units] == ["ar-night.service", "ar-night.timer"]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=60
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_units_that_systemd_does_not_take_are_noticed(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not there")
    told = receivables.schedule(made(tmp_path / "home"))["receivables-nightly.service"]
    unit = tmp_path / "broken.service"
    unit.write_text(told.replace("ExecStart=/", "ExecStart=nowhere/"), encoding="utf-8")
    line = ["systemd-analyze", "verify", "--man=no", str(unit)]
    assert subprocess.run(line, capture_output=True, check=False, timeout=60).returncode != 0


def test_a_line_for_cron_runs_the_night_of_that_home_and_no_other_command(tmp_path: Path) -> None:
    home = made(tmp_path / ODD)
    line = told(home, "--cron").splitlines()[-1]
    minute_hour, command_line = line.split(" umask 077; ")
    assert minute_hour == "30 2 * * *"
    assert not re.search(r"(?<!\\)%", command_line), "cron takes it for the end of the line"
    # as a shell reads it once cron has taken its marks away
    argv = shlex.split(command_line.replace("\\%", "%"))
    assert argv[-3:] == ["nightly", "--home", str(home)]
    done = subprocess.run(
        ["/bin/sh", "-c", "printf '%s\\n' " + command_line.replace("\\%", "%")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == str(home)


def test_the_program_named_is_one_that_runs(tmp_path: Path) -> None:
    (line,) = value(told(made(tmp_path / "home")), "ExecStart")
    argv = shlex.split(line)
    done = subprocess.run([*argv[: argv.index("nightly")], "--version"], capture_output=True, check=True, timeout=60)
    assert done.stdout
    assert Path(argv[0]).parent == Path(sys.executable).parent


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--at", "25:00"), "got --at '25:00'; expected an hour and minute; try --at 02:30"),
        (("--at", "2:3"), "got --at '2:3'"),
        (("--zone", "Europe/Madird"), "try --zone Europe/Madrid"),
        (("--zone", "../../etc/passwd"), "expected a time zone this machine knows"),
        (("--name", "a b"), "got --name 'a b'"),
        (("--name", "a:b"), "got --name 'a:b'"),
        (("--name", "../x"), "got --name '../x'"),
    ],
)
def test_what_cannot_be_scheduled_is_told_in_one_line(tmp_path: Path, arguments: tuple[str, str], message: str) -> None:
    ended = command("schedule", "--home", made(tmp_path / "home"), *arguments)
    assert ended.exit_code == 2
    assert message in ended.only_message()


def test_a_home_that_no_unit_can_name_is_refused(tmp_path: Path) -> None:
    ended = command("schedule", "--home", made(tmp_path / "a\nExecStartPre=x"))
    assert ended.exit_code == 2
    assert "without line breaks" in ended.only_message()
    assert command("schedule", "--home", tmp_path / "nowhere").exit_code == 2
    with pytest.raises(UsageError, match="at most 998"):
        cron(Schedule(Path("/" + "x" * 999), ("/bin/receivables",), "ana"), Settings())


def test_who_has_the_line_for_cron_written_is_told_what_to_do_with_it_and_of_no_unit(tmp_path: Path) -> None:
    home, out = made(tmp_path / "home"), tmp_path / "units"
    assert told(home, "--cron", "--out", str(out)).splitlines() == [
        f"written: {out / 'crontab'}",
        "next: add its lines to the crontab of the user whom they name, with crontab -e",
    ]
    assert told(home, "--out", str(out)).splitlines()[-1] == (
        "next: put them into /etc/systemd/system and run systemctl enable --now receivables-nightly.timer"
    )
