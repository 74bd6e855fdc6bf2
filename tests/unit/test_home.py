from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from receivables.errors import UsageError
from receivables.home import Home, HomeInUse, private_files

LEFT_BY_A_KILLED_RUN = (
    "lake/.reading-x1/text.utf8",
    "lake/document/5.writing",
    "lake/manifest/5.writing",
    "warehouse/.spill-x1/temp",
    "warehouse/receivables-1.building",
    "warehouse/receivables-1.building.wal",
    "out/receivables-en.new",
    "out/2024-03-04/receivables-en.writing",
)
OF_VALUE = (
    "inbox/export.new",
    "inbox/sub/list.writing",
    "lake/document/4.parquet",
    "warehouse/receivables-0.duckdb",
    "out/2024-03-04/receivables-en.html",
    "profiles/mine.toml",
)


def test_a_home_is_made_for_its_user_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    home.create()
    home.create()
    assert {path.name for path in home.root.iterdir()} == {
        "inbox",
        "lake",
        "warehouse",
        "out",
        "logs",
        "profiles",
        "contracts",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.root.iterdir()} == {0o700}


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=f"^got home {tmp_path / 'file' / 'home'}: Not a directory; expected "):
        Home(tmp_path / "file" / "home").create()


def test_the_lock_is_held_by_one_and_freed_at_the_end(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.only_writer("nightly"):
        told = f"in use by process {os.getpid()}, nightly since 20"
        with pytest.raises(HomeInUse, match=told) as refused, home.only_writer("build"):
            pass
        assert refused.value.holder == str(home.holder())
    assert home.holder() is None
    with home.only_writer("build"):
        assert re.fullmatch(rf"{os.getpid()}, build since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(home.holder()))


HOLDER = {"pid": os.getpid(), "verb": "nightly", "since": "2026-10-31T02:30:00Z", "born": "0"}


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "no number",
        "7",
        "[]",
        json.dumps(HOLDER | {"pid": 2**22 + 1}),
        json.dumps(HOLDER | {"pid": 10**30}),
        pytest.param(json.dumps(HOLDER | {"since": "yesterday"}), id="a day that is none"),
        pytest.param(json.dumps(HOLDER), id="this process under an id that another one had"),
        "\ud800",
    ],
)
def test_a_lock_nobody_living_took_has_no_holder(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / ".lock").write_text(content, encoding="utf-8", errors="surrogatepass")
    assert Home(tmp_path).holder() is None


def test_the_sweep_takes_what_is_unfinished_and_nothing_else(tmp_path: Path) -> None:
    for name in (*LEFT_BY_A_KILLED_RUN, *OF_VALUE):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    link = tmp_path / "warehouse" / ".receivables.duckdb.new"
    link.symlink_to("receivables-0.duckdb")
    Home(tmp_path).sweep()
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_symlink() or path.is_file()}
    assert left == set(OF_VALUE)


def test_files_are_private_meanwhile_and_the_users_umask_comes_back(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with private_files():
            (tmp_path / "private").touch()
        with pytest.raises(FileExistsError), private_files():
            (tmp_path / "private").touch(exist_ok=False)
        (tmp_path / "open").touch()
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"private": 0o600, "open": 0o644}


@pytest.mark.parametrize(
    ("home_mode", "name", "mode", "said"),
    [
        (0o755, "lake", 0o755, "lake (755)"),
        (0o711, "warehouse", 0o704, "warehouse (704)"),
        (0o750, "state.sqlite", 0o660, "state.sqlite (660)"),
        (0o750, "warehouse", 0o750, ""),
        (0o755, "inbox", 0o777, ""),
        (0o755, "out", 0o755, ""),
        (0o700, "lake", 0o777, ""),
    ],
)
def test_what_strangers_may_read_of_a_home_or_others_write_is_told(
    tmp_path: Path, home_mode: int, name: str, mode: int, said: str
) -> None:
    home = Home(tmp_path / "home")
    home.create()
    home.state.touch(mode=0o600)
    (home.root / name).chmod(mode)
    home.root.chmod(home_mode)
    told = str(home.open_to_strangers() or "")
    assert bool(told) == bool(said)
    assert said in told
    assert (f"try chmod -R g-w,o= {home.root / name}" in told) == bool(said)


def test_a_home_in_which_others_may_put_other_folders_in_the_place_of_its_own_is_told_and_its_inbox_is_not_shut(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home")
    home.create()
    (home.root / "lake").chmod(0o755)
    home.root.chmod(0o777)
    assert str(home.open_to_strangers()) == (
        f"got the folder itself (777), lake (755) in {home.root}, open to other users; expected nobody else's;"
        f" try chmod go-w {home.root} && chmod -R g-w,o= {home.root}/lake"
    )
