"""The documents say what the program does: every command, every setting, both set-up commands."""

from __future__ import annotations

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
    needed = "\n\n".join(block for block in recipe.split("\n\n") if not block.startswith("world-page:"))
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
