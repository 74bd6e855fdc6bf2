"""The doctor looks at all a night needs and names what is not well, with what to do; it sends nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from homes import command, script
from mail_posts import PASSWORD, USER, Certificate, Post, logging_in
from receivables import health
from receivables.dates import utc_now
from receivables.settings import FILE_NAME
from receivables.state import State

if TYPE_CHECKING:
    from pathlib import Path

IT: Final = "[[operator]]\naddress = 'it@example.com'\n"
SENDER: Final = "[mail]\nsender = 'receivables@example.com'\ntimeout_seconds = 1\nattempts = 1\n"

Found = dict[str, tuple[str, str]]
"""The level and the words of each check; of several of one name the gravest."""


def looked_at(home: Path, *arguments: str) -> tuple[int, Found]:
    ended = command("doctor", "--home", home, "--json", *arguments)
    assert ended.stderr == ""
    grave = ("ok", "attention", "wrong")
    found: Found = {}
    for check in json.loads(ended.stdout):
        assert check["level"] == "ok" or check["advice"], check
        if check["name"] not in found or grave.index(found[check["name"]][0]) < grave.index(check["level"]):
            found[check["name"]] = check["level"], f"{check['found']} | {check['advice']}"
    return ended.exit_code, found


def say(home: Path, settings: str) -> None:
    (home / FILE_NAME).write_text(settings, encoding="utf-8")


@pytest.fixture
def well(home: Path) -> Path:
    """A home at which there is nothing to find."""
    say(home, SENDER + IT)
    home.chmod(0o700)
    return home


def test_a_home_that_is_well_is_told_so_line_by_line(well: Path) -> None:
    exit_code, found = looked_at(well)
    assert (exit_code, {level for level, _ in found.values()}) == (0, {"ok"}), found
    assert set(found) == {
        *("home", "permissions", "settings", "disk", "memory", "store", "clock", "published file"),
        *("unfinished work", "profiles", "contracts", "fonts", "mail server"),
    }
    shown = command("doctor", "--home", well).stdout
    assert "ok         mail server      none: mails are written to out/mail" in shown


def test_a_home_that_is_not_there_or_open_to_others_is_named(well: Path, tmp_path: Path) -> None:
    assert looked_at(tmp_path / "nowhere")[0] == 4
    well.chmod(0o755)
    (well / "lake").chmod(0o755)
    exit_code, found = looked_at(well)
    assert exit_code == 5
    assert found["permissions"][1] == f"lake (755) in {well}, open to other users | chmod -R g-w,o= {well}/lake"


def test_the_doctor_finds_what_the_night_tells_of_permissions_and_no_more(well: Path) -> None:
    well.chmod(0o755)
    for name, mode in (("inbox", 0o777), ("out", 0o755), ("lake", 0o750)):
        (well / name).chmod(mode)
    exit_code, found = looked_at(well)
    assert (exit_code, found["permissions"][0]) == (0, "ok"), found["permissions"]
    (well / "logs").chmod(0o777)
    told = looked_at(well)[1]["permissions"]
    assert told[0] == "attention"
    night = [line for line in command("build", "--home", well).stderr.splitlines() if "open to other users" in line]
    assert night == ["receivables: got {}; expected nobody else's; try {}".format(*told[1].split(" | "))]


def test_the_doctor_and_status_leave_a_store_of_an_earlier_version_as_it_is(well: Path) -> None:
    state = well / "state.sqlite"
    with closing(sqlite3.connect(state)) as con:
        con.execute("alter table run drop column asked_as_of")
        con.execute("drop table forgotten_file")
        con.execute("drop table delivery")
    before = state.read_bytes()
    assert looked_at(well)[0] == 0
    ended = command("status", "--home", well)
    assert (ended.exit_code, "published   as of 2024-03-04" in ended.stdout) == (0, True), ended
    assert state.read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("[aging]\nbucket_edge_days = [30]", "unknown key aging.bucket_edge_days"),
        ("[aging", "a TOML file in UTF-8"),
        (IT, "recipients or operators and no mail.sender"),
        (SENDER + IT + "[unattended]\nmemory_max = '500MB'", "memory_max 500MB is less than engine.memory_limit 2GB"),
        (SENDER + IT + "[[expected]]\nprofile = 'sap_fbl5m'", "the profile 'sap_fbl5m', which nobody knows"),
    ],
)
def test_settings_that_cannot_work_are_wrong(well: Path, settings: str, words: str) -> None:
    say(well, settings)
    exit_code, found = looked_at(well)
    assert (exit_code, found["settings"][0]) == (4, "wrong")
    assert words in found["settings"][1]


def test_a_home_whose_failures_nobody_is_told_of_deserves_attention(well: Path) -> None:
    say(well, "")
    assert looked_at(well)[1]["settings"] == (
        "attention",
        "nobody is told when a night fails | [[operator]] with an address",
    )


def test_a_disk_that_is_nearly_full_deserves_attention(well: Path) -> None:
    say(well, SENDER + IT + "[unattended]\ndisk_free_gb = 10_000_000\n")
    exit_code, found = looked_at(well)
    assert (exit_code, found["disk"][0]) == (5, "attention")


@pytest.mark.parametrize(
    ("total_kb", "group", "limit", "level"),
    [
        (8_000_000, "max", "2GB", "ok"),
        (8_000_000, "3000000000", "2GB", "attention"),
        (8_000_000, "1000000000", "2GB", "wrong"),
        (1_000_000, "max", "2GB", "wrong"),
        (None, "max", "2GB", "ok"),
    ],
)
def test_the_memory_that_the_database_may_take_is_held_against_what_there_is(
    well: Path, monkeypatch: pytest.MonkeyPatch, total_kb: int | None, group: str, limit: str, level: str
) -> None:
    told = well / "meminfo"
    if total_kb is not None:
        told.write_text(f"MemTotal: {total_kb} kB\n", encoding="ascii")
    (well / "memory.max").write_text(f"{group}\n", encoding="ascii")
    monkeypatch.setattr(health, "_MEMORY", told)
    monkeypatch.setattr(health, "_GROUP_MEMORY", well / "memory.max")
    say(well, SENDER + IT + f"[engine]\nmemory_limit = '{limit}'\n")
    assert looked_at(well)[1]["memory"][0] == level


def test_a_clock_that_stands_before_the_last_run_is_wrong(well: Path) -> None:
    state = State(well / "state.sqlite")
    state.add([replace(state.runs()[-1], run_id="z", started_at=utc_now() + timedelta(hours=2))])
    exit_code, found = looked_at(well)
    assert (exit_code, found["clock"][0]) == (4, "wrong")


def test_a_damaged_store_and_a_damaged_published_file_are_wrong(well: Path) -> None:
    (well / "warehouse" / "receivables.duckdb").resolve().write_bytes(b"lost")
    whole = (well / "state.sqlite").read_bytes()
    for name in ("state.sqlite-wal", "state.sqlite-shm"):
        (well / name).unlink(missing_ok=True)
    (well / "state.sqlite").write_bytes(whole[:4096] + b"\0" * (len(whole) - 4096))
    exit_code, found = looked_at(well)
    assert (exit_code, found["store"][0], found["published file"][0]) == (4, "wrong", "wrong")
    status = command("status", "--home", well)
    assert (status.exit_code, f"try receivables doctor --home {well}" in status.only_message()) == (4, True)
    (well / "state.sqlite").write_bytes(b"no store, by far " * 300)
    assert looked_at(well)[1]["store"][0] == "wrong"


def test_what_a_run_left_behind_and_one_that_is_at_work_are_told_apart(well: Path) -> None:
    (well / "warehouse" / "receivables-1.building").touch()
    assert looked_at(well)[1]["unfinished work"][0] == "attention"
    code = "import sys; from pathlib import Path; from receivables.home import Home\nwith Home(Path(sys.argv[1])).only_writer('build'):\n print(flush=True); sys.stdin.readline()"
    with script(code, well) as process:
        assert process.stdout is not None
        process.stdout.readline()
        level, words = looked_at(well)[1]["unfinished work"]
        assert level == "ok"
        assert f"process {process.pid}, build since" in words
        process.kill()


@pytest.mark.parametrize("folder", ["profiles", "contracts"])
def test_a_profile_or_contract_that_cannot_be_used_is_wrong(well: Path, folder: str) -> None:
    (well / folder / "mine.toml").write_text("[x", encoding="utf-8")
    exit_code, found = looked_at(well)
    assert (exit_code, found[folder][0]) == (4, "wrong")
    assert "mine.toml" in found[folder][1]


def test_a_font_for_chinese_is_looked_for_where_chinese_is_written(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receivables.charts.font_family", lambda script: None if script == "cjk" else "DejaVu Sans")
    assert looked_at(well)[1]["fonts"][0] == "ok"
    say(well, SENDER + IT + "[report]\nlanguages = ['zh']\n")
    level, words = looked_at(well)[1]["fonts"]
    assert level == "attention"
    assert "apt install fonts-noto-cjk" in words


# The mail server -----------------------------------------------------------------------------------------------------


@pytest.fixture
def by_server(well: Path, post: Post, certified: Certificate) -> Path:
    """A home that mails through the server."""
    say(well, SENDER + logging_in(well, post, certified) + IT)
    return well


def test_the_mail_server_is_logged_in_to_and_nothing_is_sent(by_server: Path, post: Post) -> None:
    exit_code, found = looked_at(by_server)
    assert (exit_code, found["mail server"][0]) == (0, "ok")
    assert f"encrypted (starttls), logged in as {USER}; nothing was sent" in found["mail server"][1]
    assert (post.logins, post.named, post.taken) == (1, [], [])
    assert "mail server" not in looked_at(by_server, "--no-mail")[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("port = ", "port = 9 # "), "Connection refused"),
        (("security", "security"), "with mode 644"),
        (("ca_file = ", "#"), "certificate verify failed"),
        ((f"user = '{USER}'", "user = 'nobody'"), "535 on logging in as nobody"),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_wrong(
    by_server: Path, post: Post, change: tuple[str, str], words: str
) -> None:
    path = by_server / FILE_NAME
    path.write_text(path.read_text("utf-8").replace(*change), encoding="utf-8")
    if "644" in words:
        (by_server / "secret").chmod(0o644)
    exit_code, found = looked_at(by_server)
    assert (exit_code, found["mail server"][0]) == (4, "wrong")
    assert words in found["mail server"][1]
    assert PASSWORD not in str(found)
    assert post.taken == []
