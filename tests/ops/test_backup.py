"""`receivables backup` and `restore`: a home comes back as it was, whole or not at all, and nothing secret leaves it."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from homes import TUESDAY, business, changed, command, published, script, seal, tell
from receivables import safekeeping
from receivables.home import Home

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD: Final = "correct horse battery staple"  # noqa: S105  # what must not be found in a backup


@pytest.fixture
def kept(home: Path, tmp_path: Path) -> Path:
    """A backup of Monday's home."""
    to = tmp_path / "backup"
    assert command("backup", "--home", home, "--to", to).exit_code == 0
    return to


def manifest(to: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((to / "backup.json").read_text())
    return told


def rewritten(to: Path, **changes: Any) -> None:
    """The manifest as somebody who knows how it is made could write it."""
    told = manifest(to)
    told["files"][-1] |= changes
    told["files_sha256"] = hashlib.sha256(json.dumps(told["files"], sort_keys=True).encode()).hexdigest()
    (to / "backup.json").write_text(json.dumps(told))


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_a_restored_home_is_whole_and_its_next_night_publishes_equal_tables(
    home: Path, tmp_path: Path, name: str
) -> None:
    assert command("backup", "--home", home, "--to", tmp_path / name).exit_code == 0
    assert command("restore", "--from", tmp_path / name, "--home", tmp_path / "new").exit_code == 0
    assert command("verify", "--home", tmp_path / "new").exit_code == 0
    receivables.build(tmp_path / "new")
    assert published(tmp_path / "new") == published(home)
    left_open = [path for path in tmp_path.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()]
    assert [path for path in left_open if tmp_path / "new" in path.parents or tmp_path / name in path.parents] == []


def test_the_published_file_comes_along_when_it_is_wanted(home: Path, tmp_path: Path) -> None:
    assert command("backup", "--home", home, "--to", tmp_path / "b.tar", "--published").exit_code == 0
    receivables.restore(tmp_path / "b.tar", tmp_path / "new")
    assert command("verify", "--home", tmp_path / "new", "--rebuild").exit_code == 0
    assert published(tmp_path / "new") == published(home)


def test_a_second_backup_copies_only_what_is_new(home: Path, kept: Path) -> None:
    first = {path: path.stat().st_mtime_ns for path in (kept / "content").glob("??/*")}
    again = receivables.backup(kept, home)
    assert again.copied == 0
    tell(home, {"document": changed(business(), "document", "D1", amount_doc="90.00")["document"]}, TUESDAY)
    receivables.ingest([home / "inbox"], home)
    later = receivables.backup(kept, home)
    assert 0 < later.copied == later.files - again.files + 1  # and the store
    stayed = {path: path.stat().st_mtime_ns for path in (kept / "content").glob("??/*") if path in first}
    assert len(first) - 1 == len(stayed)  # the store of before is gone
    assert all(first[path] == at for path, at in stayed.items())


def test_no_secret_is_in_a_backup_wherever_it_stands(home: Path, tmp_path: Path) -> None:
    secret = home / "profiles" / "mail.toml"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    (home / "password").write_text(PASSWORD)
    settings = home / "receivables.toml"
    settings.write_text(settings.read_text().replace('#password_file = ""', 'password_file = "profiles/mail.toml"'))
    receivables.backup(tmp_path / "b.tar", home)
    assert PASSWORD.encode() not in (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "b.tar") as tar:
        stream = tar.extractfile("backup.json")
        assert stream is not None
        paths = {one["path"] for one in json.load(stream)["files"]}
    assert {path.split("/")[0] for path in paths} == {"receivables.toml", "state.sqlite", "lake"}


def test_half_a_backup_is_never_taken_for_one(home: Path, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    killing = (
        "import os, signal, sys\nimport receivables\nfrom receivables import safekeeping\ncalls = []\nsettle = safekeeping.settle\n"
        "def killed(*both):\n    calls.append(1)\n    if len(calls) == 5:\n        os.kill(os.getpid(), signal.SIGKILL)\n    settle(*both)\n"
        "safekeeping.settle = killed\nreceivables.backup(sys.argv[2], sys.argv[1])"
    )
    with script(killing, home, to) as process:
        assert process.wait(60) == -9
    ended = command("restore", "--from", to, "--home", tmp_path / "new")
    assert (ended.exit_code, (tmp_path / "new").exists()) == (2, False)
    assert "without backup.json" in ended.only_message()
    assert command("backup", "--home", home, "--to", to).exit_code == 0
    assert command("restore", "--from", to, "--home", tmp_path / "new").exit_code == 0


def test_a_damaged_home_takes_the_place_of_no_good_backup(home: Path, kept: Path) -> None:
    before = seal(kept)
    (path,) = (home / "lake" / "document").iterdir()
    path.write_bytes(path.read_bytes()[::-1])
    for content in (kept / "content").glob("??/*"):
        if content.name == hashlib.sha256(path.read_bytes()[::-1]).hexdigest():
            content.unlink()
    ended = command("backup", "--home", home, "--to", kept)
    assert ended.exit_code == 6
    assert "receivables verify" in ended.only_message()
    assert manifest(kept)["files"] == json.loads(before["backup.json"][0])["files"]


def test_a_backup_with_one_changed_bit_is_restored_nowhere(kept: Path, tmp_path: Path) -> None:
    path = max((kept / "content").glob("??/*"), key=lambda one: one.stat().st_size)
    content = bytearray(path.read_bytes())
    content[9999] ^= 1
    path.write_bytes(content)
    ended = command("restore", "--from", kept, "--home", tmp_path / "new")
    assert (ended.exit_code, [one.name for one in tmp_path.iterdir() if "new" in one.name]) == (6, [])
    assert "state.sqlite is gone or damaged" in ended.only_message()


@pytest.mark.parametrize(
    "path",
    [
        "../evil.toml",
        "/etc/evil",
        "lake/../../evil",
        "profiles/../.bashrc",
        "lake",
        "out/x.html",
        "lake\\..\\evil",
        ".lock",
    ],
)
def test_a_backup_with_a_path_that_no_home_has_is_refused(kept: Path, tmp_path: Path, path: str) -> None:
    rewritten(kept, path=path)
    before = seal(tmp_path)
    ended = command("restore", "--from", kept, "--home", tmp_path / "new")
    assert ended.exit_code == 2
    assert "expected paths that a home has" in ended.only_message()
    assert seal(tmp_path) == before


def test_a_link_in_a_backup_is_not_followed(kept: Path, tmp_path: Path) -> None:
    path = next((kept / "content").glob("??/*"))
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert command("restore", "--from", kept, "--home", tmp_path / "new").exit_code == 6
    assert not (tmp_path / "new").exists()


def test_a_home_that_stands_there_is_put_aside_only_when_that_is_asked_for(home: Path, kept: Path) -> None:
    (home / "inbox" / "mine.txt").write_text("mine")
    before = seal(home)
    ended = command("restore", "--from", kept, "--home", home)
    assert (ended.exit_code, seal(home)) == (2, before)
    told = receivables.restore(kept, home, force=True)
    assert told.aside is not None
    assert (told.aside / "inbox" / "mine.txt").read_text() == "mine"
    assert command("verify", "--home", home).exit_code == 0


def test_what_no_backup_holds_of_a_home_that_is_put_aside_is_told_with_how_it_is_put_back(
    home: Path, kept: Path
) -> None:
    (home / "inbox" / "of the day.csv").write_text("came since")
    ended = command("restore", "--from", kept, "--home", home, "--force")
    assert ended.exit_code == 0
    (told,) = re.findall(r"put back what lay in this one: (.+)$", ended.stdout, flags=re.MULTILINE)
    assert list((home / "inbox").iterdir()) == []
    subprocess.run(shlex.split(told), check=True)
    assert (home / "inbox" / "of the day.csv").read_text() == "came since"


def test_a_night_under_way_is_waited_for_or_named(home: Path, tmp_path: Path) -> None:
    with Home(home).only_writer("nightly"):
        ended = command("backup", "--home", home, "--to", tmp_path / "b", "--wait", "0.01")
    assert ended.exit_code == 4
    assert "in use by process" in ended.only_message()
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("where", ["home", "home/lake/backup", "."])
def test_a_backup_stands_neither_in_the_home_nor_around_it(home: Path, tmp_path: Path, where: str) -> None:
    before = seal(tmp_path)
    assert command("backup", "--home", home, "--to", tmp_path / where).exit_code == 2
    assert seal(tmp_path) == before


def test_a_place_that_holds_something_else_is_left_alone(
    home: Path, kept: Path, tmp_path: Path, empty_home: Path
) -> None:
    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "cat.jpg").touch()
    assert command("backup", "--home", home, "--to", foreign).exit_code == 2
    receivables.ingest([home / "inbox"], empty_home)
    ended = command("backup", "--home", empty_home, "--to", kept)
    assert ended.exit_code == 2
    assert "the backup of another home" in ended.only_message()
    assert command("restore", "--from", kept, "--home", tmp_path / "new").exit_code == 0


@pytest.mark.parametrize("rubbish", [b"", b"{}", b"\xff\xfe rubbish", b"[1, 2]", b'{"format": 1, "files": 3}'])
def test_rubbish_is_no_backup(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "backup.json").write_bytes(rubbish)
    (tmp_path / "b.tar").write_bytes(rubbish * 1000)
    for name in ("b", "b.tar"):
        ended = command("restore", "--from", tmp_path / name, "--home", tmp_path / "new")
        assert ended.exit_code in (2, 6)
        assert ended.only_message()
    assert not (tmp_path / "new").exists()


def test_what_nobody_came_to_register_is_kept_too_and_no_link_is_followed(home: Path, tmp_path: Path) -> None:
    left = home / "lake" / "waiver" / "ab.json"
    left.parent.mkdir()
    left.write_text("[]")
    receivables.backup(tmp_path / "b.tar", home)
    restored = receivables.restore(tmp_path / "b.tar", tmp_path / "new").home
    assert (restored / "lake" / "waiver" / "ab.json").read_text() == "[]"
    left.unlink()
    left.symlink_to(tmp_path / "b.tar")
    assert command("backup", "--home", home, "--to", tmp_path / "c.tar").exit_code == 6


def test_a_backup_writes_only_where_it_is_told_and_that_may_be_here(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, new, seen = tmp_path / "here", tmp_path / "new", []
    for folder in (here, new):
        folder.mkdir()
    beside, copy_store = {*tmp_path.iterdir()}, safekeeping._copy_store

    def looked_at(path: Path, copy: Path) -> None:
        copy_store(path, copy)
        seen.append({*tmp_path.iterdir()})

    monkeypatch.setattr(safekeeping, "_copy_store", looked_at)
    monkeypatch.chdir(here)
    assert command("backup", "--home", home, "--to", ".").exit_code == 0
    assert seen == [beside]
    assert {path.name for path in here.iterdir()} == {"content", "backup.json"}
    monkeypatch.chdir(new)
    assert command("restore", "--from", here, "--home", ".").exit_code == 0
    assert command("verify", "--home", new).exit_code == 0
