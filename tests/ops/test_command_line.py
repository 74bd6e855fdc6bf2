"""The command line as a person meets it: the same verbs as the library, a demo, progress, what each command shows."""

from __future__ import annotations

import inspect
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

import receivables
from factories import document
from homes import MONDAY, TUESDAY, Ended, ask, command, shell, tell
from receivables.cli import main
from receivables.world.specify import World

if TYPE_CHECKING:
    from collections.abc import Callable


def verb(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(receivables, name)
    return found


WITHIN_PROFILES = {"test": "examine", "new": "draft"}
"""The commands of the group `profiles`, and what the library calls them."""


CALLED = {
    **{("profiles", name): called for name, called in WITHIN_PROFILES.items()},
    ("flags", "show"): "flag",
    **dict.fromkeys((("flags", name) for name in ("acknowledge", "confirm", "dismiss", "reopen")), "decide_flags"),
}
"""Commands within groups that the library calls otherwise."""


def verbs_of(group: click.Group) -> set[str]:
    """Every command as the library calls it: `findings export` is `export_findings`."""
    below = {
        CALLED.get((name, inner), f"{inner}_{name}")
        for name, command in group.commands.items()
        if isinstance(command, click.Group)
        for inner in command.commands
    }
    return set(group.commands) | below


def test_commands_and_library_have_the_same_verbs() -> None:
    assert verbs_of(main) == set(receivables.__all__) - {
        "Reading",
        "__version__",
        "notebook_home",
        "open_warehouse",
        "overrides",
        "trace_cell",
        "trace_metric",
    }


@pytest.mark.parametrize(("name", "told"), WITHIN_PROFILES.items())
def test_a_command_within_profiles_says_what_its_options_are_for_and_shows_an_example(name: str, told: str) -> None:
    group = main.commands["profiles"]
    assert isinstance(group, click.Group)
    inner = group.commands[name]
    assert inspect.signature(verb(told)).parameters["home"].default == "data"
    assert [option.name for option in inner.params if isinstance(option, click.Option) and not option.help] == []
    assert f"receivables profiles {name} " in command("profiles", name, "--help").stdout


def test_the_home_named_before_the_command_reaches_the_commands_within_profiles(tmp_path: Path) -> None:
    (tmp_path / "receivables.toml").write_text("no = 1", encoding="utf-8")
    (tmp_path / "a.csv").write_text("a,b,c\n1,2,3\n", encoding="utf-8")
    assert command("--home", tmp_path, "profiles", "test", tmp_path / "a.csv").exit_code == 2


@pytest.mark.parametrize("name", sorted(set(main.commands) - {"sample", "demo", "templates"}))
def test_a_verb_takes_its_home_in_the_library_too(name: str) -> None:
    assert inspect.signature(verb(name)).parameters["home"].default == "data"
    (home,) = (option for option in main.commands[name].params if option.name == "home")
    assert home.default == "data"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_option_says_what_it_is_for(name: str) -> None:
    options = [option for option in main.commands[name].params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_home_may_be_named_before_the_command(home: Path) -> None:
    before = command("--home", home, "status")
    assert before == command("status", "--home", home)
    assert before.exit_code == 0


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """The demo as a stranger runs it, and its home."""
    place = tmp_path_factory.mktemp("demo")
    return place / "data" / "demo", shell("demo", cwd=place)


@pytest.mark.wide
def test_the_demo_prints_five_figures_and_where_the_report_is(demo: tuple[Path, Ended]) -> None:
    home, ended = demo
    assert ended.exit_code == 0
    figures = re.findall(r"^[a-z][a-z0-9 ]+? +-?[\d,]+\.\d\d (?:EUR|in )", ended.stdout, flags=re.MULTILINE)
    assert len(figures) == 5
    (report,) = re.findall(r"^report \(en\): (.+)$", ended.stdout, flags=re.MULTILINE)
    assert (home.parents[1] / report).read_text(encoding="utf-8").startswith("<!")
    total = ask(
        home,
        "select sum(value)::decimal(18, 2) from marts.kpi where metric = 'receivables_total' and period_end = as_of",
    )[0][0]
    assert f"{total:,.2f} EUR" in ended.stdout


def test_the_demo_may_be_run_again_and_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receivables.verbs.demo_worlds", lambda: (World(customers=3, seed=1, dialect="sap_fbl5n"),))
    told = []
    for _ in range(2):
        receivables.demo(tmp_path / "demo")
        (tmp_path / "demo" / "left behind").touch()
        told.append([batch.batch_id for batch in receivables.status(tmp_path / "demo").batches])
    assert told[0] == told[1] != []
    receivables.demo(tmp_path / "demo")
    assert not (tmp_path / "demo" / "left behind").exists()


@pytest.mark.wide
def test_steps_are_log_lines_where_nobody_watches(demo: tuple[Path, Ended]) -> None:
    lines = demo[1].stderr.splitlines()
    steps = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ([a-z]+): .+", line) for line in lines]
    assert [step and step[1] for step in steps] == [
        "land",
        "check",
        "build",
        "publish",
        "keep",
        "render",
        "deliver",
        "workbook",
    ]


def on_a_terminal(*arguments: str | Path) -> tuple[int, str]:
    """Run a command whose standard error is a terminal; exit code and what the terminal got."""
    ours, theirs = pty.openpty()
    line = [sys.executable, "-m", "receivables", *map(str, arguments)]
    with subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)
    return process.returncode, shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other end is closed
        return b""


def test_a_bar_moves_on_a_terminal(home: Path) -> None:
    exit_code, shown = on_a_terminal("build", "--home", home)
    assert exit_code == 0
    assert re.search(r"build +\[#+-*\]", shown)
    assert "done," not in shown


def test_a_night_that_fails_gives_the_terminal_back(home: Path) -> None:
    for path in (home / "lake" / "document").iterdir():
        path.write_bytes(b"lost")
    exit_code, shown = on_a_terminal("build", "--home", home)
    assert exit_code != 0
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")


def test_who_stops_reading_has_not_found_a_bug(home: Path) -> None:
    line = [sys.executable, "-m", "receivables", "findings", "--home", str(home)]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(line, stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_init_says_where_to_put_exports_and_keeps_settings(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ended = command("init", "--home", home)
    assert ended.exit_code == 0
    assert f"put your ERP's exports into {home / 'inbox'}" in ended.stdout
    (home / "receivables.toml").write_text("# mine\n", encoding="utf-8")
    assert command("init", "--home", home).exit_code == 0
    assert (home / "receivables.toml").read_text(encoding="utf-8") == "# mine\n"


def test_status_tells_the_last_run_its_steps_and_what_is_published(home: Path) -> None:
    shown = command("status", "--home", home).stdout
    run = receivables.status(home).last_run
    assert run is not None
    assert f"last run    {run.run_id}  published" in shown
    assert re.search(r"^  build +\d+\.\d\d s  \d+ done, \d+ findings$", shown, flags=re.MULTILINE)
    assert f"published   as of {MONDAY}, run {run.run_id}" in shown


def test_findings_are_counted_by_reason_and_shown_by_line(home: Path) -> None:
    path = home / "inbox" / f"document__ES01__delta__{TUESDAY}.csv"
    good = tell(home, {"document": [document(f"G{n}", "1.00") for n in range(40)]}, TUESDAY, full=False)[0]
    assert good == path
    lines = path.read_text(encoding="utf-8").splitlines()
    broken = lines[1].replace("1.0000", "one")
    path.write_text("\n".join([*lines, broken.replace("G0", "G99")]) + "\n", encoding="utf-8")
    receivables.ingest([path], home)
    receivables.build(home)
    assert "NUM_INVALID" in command("findings", "--home", home).stdout
    shown = command("findings", "--home", home, "--reason", "NUM_INVALID").stdout
    assert "G99" in shown
    assert "42" in shown
    assert command("findings", "--home", home, "--reason", "FX_MISSING") == Ended(0, "no findings\n", "")


@pytest.mark.parametrize(
    ("key", "found", "file"),
    [
        ("D1", "ES01:A1", "document__ES01"),
        ("ES01:D1", "ES01:P1", "document__ES01"),
        ("P1", "ES01:A1", "payment__ES01"),
        ("C2", "ES01:P2", "payment__ES01"),
    ],
)
def test_a_figure_is_traced_to_documents_files_and_lines(key: str, found: str, file: str, home: Path) -> None:
    ended = command("trace", key, "--home", home)
    assert ended.exit_code == 0
    assert found in ended.stdout
    assert file in ended.stdout


def test_a_traced_line_is_where_the_row_stands(home: Path) -> None:
    items = receivables.trace("D3", home).items
    (name,), (line,) = set(items["file_name"]), set(items["line_no"])
    told = (home / "inbox" / name).read_text(encoding="utf-8").splitlines()
    assert ",D3," in told[line - 1]


def test_a_report_is_made_again_in_other_languages(home: Path) -> None:
    ended = command("report", "--home", home, "--language", "es", "--language", "zh")
    assert ended.exit_code == 0
    assert [path.name for path in sorted((home / "out").glob("*.html"))] == [
        "definitions-es.html",
        "definitions-zh.html",
        "receivables-es.html",
        "receivables-zh.html",
    ]
    status = receivables.status(home)
    assert status.last_run is not None
    assert status.last_run.status == "rendered"
    assert status.published is not None


def test_a_report_nobody_is_to_get_yet_is_not_delivered(home: Path) -> None:
    assert command("nightly", "--home", home, "--no-deliver").exit_code == 0
    written = [path.relative_to(home / "out") for path in (home / "out").rglob("*.html")]
    assert {path.parts[0] for path in written} == {str(MONDAY)}
    assert {path.name for path in written if path.parts[1] != "customers"} == {
        "definitions-en.html",
        "receivables-en.html",
    }
