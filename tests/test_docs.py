"""The documents say what the program does: every command, every setting, both set-up commands."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import pytest
from pydantic import BaseModel

from receivables import errors, settings
from receivables.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "pipelines" / "receivables"
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING: Final = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

SETUP_COMMANDS: Final = ("demo", "test")


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_an_example_in_the_readme(command: str) -> None:
    assert re.search(rf"^receivables (?:--home \S+ )?{command}\b", README, flags=re.MULTILINE)


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_shows_an_example_in_its_help(command: str) -> None:
    text = main.commands[command].get_help(main.make_context("receivables", ["--help"], resilient_parsing=True))
    assert re.search(rf"receivables (?:--home \S+ )?{command}\b", text)


def test_the_readme_names_no_unknown_command() -> None:
    named = set(re.findall(r"^receivables (?:--home \S+ )?([a-z]+)", README, flags=re.MULTILINE))
    assert named == set(main.commands)


@pytest.mark.parametrize("target", SETUP_COMMANDS)
def test_the_two_commands_are_in_readme_and_makefile(target: str) -> None:
    assert re.search(rf"^make {target}\b", README, flags=re.MULTILINE)
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_readme_spells_the_two_commands_out_as_the_makefile_runs_them() -> None:
    recipe = (
        (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(BIN)", ".venv/bin").replace("$(PYTHON)", "python3")
    )
    for name, usual in re.findall(r"^(\w+) \?= (.+)$", recipe, flags=re.MULTILINE):
        recipe = recipe.replace(f"$({name})", usual)
    needed = "\n\n".join(
        block for block in recipe.split("\n\n") if not block.startswith(("world-page:", "personal-data-page:"))
    )
    steps = re.findall(r"^\t((?:python3|\.venv/bin)\S*(?: .*)?)$", needed, flags=re.MULTILINE)
    assert len(steps) >= 8
    assert [step for step in steps if step.replace(" --quiet", "") not in README] == []


def test_every_exit_code_is_in_the_readme() -> None:
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert codes
    assert [code for code in codes if not re.search(rf"^\| {code} +\|", README, flags=re.MULTILINE)] == []


def fields(model: type[BaseModel]) -> Iterator[str]:
    """Every setting's name, sections included."""
    for name, field in model.model_fields.items():
        yield name
        for nested in models_in(field.annotation):
            yield from fields(nested)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


@pytest.mark.parametrize("name", sorted(set(fields(settings.Settings))))
def test_every_setting_is_in_the_file_init_writes(name: str) -> None:
    assert re.search(rf"^#?\s*(?:{name} =|\[+{name}\])", settings.default_toml(), flags=re.MULTILINE)


def test_the_changelog_has_an_unreleased_section() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = [re.split(r"[<>=\[ ]", text, maxsplit=1)[0] for text in asked]
    assert [name for name in names if not re.search(rf"^\| `{name}`", CONTRIBUTING, flags=re.MULTILINE)] == []


def test_switches_of_the_tests_are_explained() -> None:
    assert "RECEIVABLES_REQUIRE" in CONTRIBUTING
    assert "RECEIVABLES_REFERENCE_DATA" in CONTRIBUTING


PAINS: Final = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")


def answers() -> dict[str, list[str]]:
    """The tests that the page of complaints names, by the number of their row; none where the row says open."""
    rows = re.findall(r"^\| ([PA]\d+) \|.*\| ([^|]+) \|$", PAINS, flags=re.MULTILINE)
    return {number: [] if told == "open" else re.findall(r"`([^`]+)`", told) for number, told in rows}


def has_test(named: str) -> bool:
    """Whether a test stands where it is named: a function of a file, the folder of a SQL case, or a measurement."""
    path, _, name = named.partition("::")
    if (ROOT / path).is_dir():
        return (ROOT / path / "expect.csv").is_file()
    if not (ROOT / path).is_file():
        return False
    defined = {
        node.name
        for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    return name in defined if name else path.startswith("tests/bench/")


def test_every_complaint_has_its_row_and_every_test_it_names_exists() -> None:
    assert list(answers()) == [*(f"P{n}" for n in range(1, 18)), *(f"A{n}" for n in range(1, 11))]
    assert [named for names in answers().values() for named in names if not has_test(named)] == []
    assert {number for number, names in answers().items() if not names} == {"P10", "P11", "P12", "P13", "P14", "A10"}


@pytest.mark.parametrize(
    "named",
    ["tests/test_docs.py::test_nothing", "tests/sql/marts.aging/nothing", "tests/nothing.py", "tests/test_docs.py"],
)
def test_a_test_that_does_not_exist_is_noticed(named: str) -> None:
    assert not has_test(named)


THREATS: Final = (ROOT / "data" / "THREATS.md").read_text(encoding="utf-8")


def threats() -> dict[str, tuple[str, str]]:
    """What the threat model says of each threat: where it is answered, and by which tests."""
    rows = re.findall(r"^\| (T\d+) \| W\d[^|]*\| ([^|]+) \| ([^|]+) \| [^|]*\|$", THREATS, flags=re.MULTILINE)
    return {number: (where, told) for number, where, told in rows}


def test_the_threats_are_numbered_and_none_is_written_so_that_nobody_reads_it() -> None:
    assert list(threats()) == [f"T{n}" for n in range(1, len(threats()) + 1)]
    assert len(threats()) == len(re.findall(r"^\| T\d", THREATS, flags=re.MULTILINE)) >= 30


@pytest.mark.parametrize("number", threats())
def test_every_threat_is_answered_by_tests_and_modules_that_exist(number: str) -> None:
    where, told = threats()[number]
    tests = re.findall(r"`([^`]+)`", told)
    assert tests or told in ("open", "outside")
    assert [named for named in tests if not has_test(named)] == []
    named = [part for part in re.findall(r"`([^`]+)`", where) if "/" in part or "." in part]
    assert [part for part in named if not any((at / part).exists() for at in (PACKAGE, ROOT))] == []
