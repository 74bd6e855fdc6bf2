"""The walls of the house, read from the sources: who may import whom, what an import costs, what no file may contain."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "pipelines" / "receivables"

ORDER: Final = (
    *("version", "errors", "plain_text", "money", "dates"),
    *(
        "settings",
        "distributions",
        "business_days",
        "assets",
        "collectability",
        "schema",
        "personal_data",
        "detectors",
        "operands",
    ),
    *(
        "home",
        "intake",
        "world",
        "state",
        "forgotten",
        "lake",
        "sources",
        "engine",
        "accounts",
        "left_out",
        "quarantine",
        "filled_table",
        "quarantine_file",
        "warehouse",
        "published",
        "comparison",
        "scope",
        "decisions",
        "delivery_log",
        "waivers",
    ),
    *(
        "checks",
        "policy",
        "statements",
        "charts",
        "cells",
        "chapters",
        "page_model",
        "quality",
        "pages",
        "wording",
        "examination_text",
    ),
    *(
        "language",
        "contract_wording",
        "measure_wording",
        "collection_wording",
        "rating_wording",
        "policy_wording",
        "flag_wording",
        "customer_wording",
        "today_wording",
        "gap_wording",
        "mail_wording",
        "workbook_wording",
        "operator_wording",
        "templates",
        "definition_wording",
        "drawings",
        "render",
        "customer_rows",
        "customer_pages",
        "workbook",
        "letter",
        "message",
        "mail_server",
        "deliver",
        "run",
        "earlier_build",
        "arrival",
        "check_batches",
    ),
    *(
        "check_tables",
        "judgement",
        "land",
        "repair_plan",
        "repair",
        "rating_desk",
        "flag_desk",
        "publish",
        "verification",
        "safekeeping",
        "forgetting",
        "catch_up",
        "mailing",
        "operator_mail",
        "retention",
        "night",
        "onboarding",
        "tracing",
        "analyst",
        "timetable",
        "standing",
        "health",
        "verbs",
    ),
    *("receivables", "cli", "__main__"),
)
"""Parts of the package, top to bottom: each imports only what stands above it. A folder is one part, and `receivables`
is the package's own `__init__`, the analysts' door."""

OWNERS: Final = {
    "duckdb": {"intake", "lake", "engine"},
    "plotly": {"charts"},
    "pyspark": {"engine"},
    "sqlglot": {"engine"},
    "resvg_py": {"charts"},
    "css_inline": {"letter"},
    "smtplib": {"mail_server"},
    "jinja2": {"render"},
    "great_expectations": {"checks"},
    "holidays": {"business_days"},
    "xlsxwriter": {"filled_table", "templates", "workbook"},
}
"""Libraries that only some parts may import."""

POLICY_MAY: Final = {"pandas", "numpy", "money", "dates", "settings", "distributions"}

HEAVY: Final = {
    "css_inline",
    "great_expectations",
    "holidays",
    "jinja2",
    "pandas",
    "plotly",
    "pyspark",
    "resvg_py",
    "sqlglot",
}
"""What `import receivables` must not load: an analyst's notebook and `--help` start at once."""

Imports = dict[str, set[str]]


def module_name(path: Path, package: Path) -> str:
    """`receivables` for the package itself, else the dotted name below it, folders named like their `__init__`."""
    parts = path.relative_to(package).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) or "receivables"


def read_imports(package: Path) -> tuple[Imports, Imports]:
    """For each module: the modules of the package it imports, and the other top-level packages."""
    paths = {module_name(path, package): path for path in sorted(package.rglob("*.py"))}
    inside: Imports = {}
    outside: Imports = {}
    for name, path in paths.items():
        found = set(_imported(ast.parse(path.read_text(encoding="utf-8")), paths.keys()))
        inside[name] = {target for is_own, target in found if is_own} - {name}
        outside[name] = {target for is_own, target in found if not is_own}
    return inside, outside


def _imported(tree: ast.Module, modules: Container[str]) -> Iterator[tuple[bool, str]]:
    """Every import, wherever it stands, as (is ours, name): a module of the package or a foreign top-level package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (_resolved(alias.name, "", modules) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (_resolved(node.module or "", alias.name, modules) for alias in node.names)


def _resolved(module: str, name: str, modules: Container[str]) -> tuple[bool, str]:
    top, _, below = module.partition(".")
    if top != "receivables":
        return False, top
    candidates = [".".join(filter(None, (below, name))), below]
    return True, next((found for found in candidates if found in modules), "receivables")


def part_of(module: str) -> str:
    """The part of the house a module belongs to."""
    return module.partition(".")[0]


def wall_faults(inside: Imports, outside: Imports) -> list[str]:
    """Each import that crosses a wall, as a sentence."""
    unplaced = {part_of(module) for module in inside} - set(ORDER)
    return [
        *(f"{part} has no place: add it to ORDER in {Path(__file__).name}" for part in sorted(unplaced)),
        *(
            f"{module} imports {target}, which does not stand above it"
            for module, target in _pairs(inside)
            if not {part_of(module), part_of(target)} & unplaced and not _may_import(part_of(module), part_of(target))
        ),
        *(
            f"{module} imports {target}; only {', '.join(sorted(OWNERS[target]))} may"
            for module, target in _pairs(outside)
            if target in OWNERS and part_of(module) not in OWNERS[target]
        ),
    ]


def _pairs(imports: Imports) -> Iterator[tuple[str, str]]:
    return ((module, target) for module, targets in imports.items() for target in sorted(targets))


def _may_import(part: str, target: str) -> bool:
    return part == target or ORDER.index(target) < ORDER.index(part)


def policy_faults(inside: Imports, outside: Imports) -> list[str]:
    """Imports that would let judgement do I/O, or let one policy lean on another."""
    faults = []
    for module in inside:
        if part_of(module) == "policy":
            wrong = {name for name in outside[module] if name not in sys.stdlib_module_names} | inside[module]
            faults += [f"{module} imports {name}" for name in sorted(wrong - POLICY_MAY)]
    return faults


def cycle(inside: Mapping[str, set[str]]) -> list[str]:
    """One circle of imports, if there is any."""
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


# The walls themselves, on small packages -----------------------------------------------------------------------------


def made(folder: Path, **modules: str) -> tuple[Imports, Imports]:
    for name, source in modules.items():
        path = folder.joinpath(*name.split("__in__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return read_imports(folder)


@pytest.mark.parametrize(
    ("modules", "fault"),
    [
        ({"errors": "import receivables.cli", "cli": ""}, "errors imports cli"),
        ({"money": "def f():\n    from receivables import settings", "settings": ""}, "money imports settings"),
        ({"night": "import duckdb"}, "night imports duckdb; only engine"),
        ({"pages": "from plotly.graph_objects import Figure"}, "pages imports plotly; only charts"),
        ({"helpers": ""}, "helpers has no place"),
        ({"intake__in__read": "from receivables.lake import write", "lake": ""}, "intake.read imports lake"),
        ({"lake": "from receivables import open_warehouse", "__init__": ""}, "lake imports receivables"),
    ],
)
def test_an_import_across_a_wall_is_named(tmp_path: Path, modules: dict[str, str], fault: str) -> None:
    faults = wall_faults(*made(tmp_path, **modules))
    assert len(faults) == 1
    assert fault in faults[0]


def test_imports_downwards_are_free(tmp_path: Path) -> None:
    modules = {
        "errors": "",
        "engine__in____init__": "from receivables.engine.models import order\nimport duckdb",
        "engine__in__models": "from receivables.errors import NightFailed",
        "__init__": "from receivables.engine import order",
        "cli": "import receivables.night, receivables",
        "night": "from receivables import engine",
    }
    inside, outside = made(tmp_path, **modules)
    assert wall_faults(inside, outside) == []
    assert inside["night"] == {"engine"}
    assert inside["cli"] == {"night", "receivables"}


def test_policies_stand_alone(tmp_path: Path) -> None:
    good = {"policy__in__rating": "import json\nimport pandas\nfrom receivables.money import rounded", "money": ""}
    assert policy_faults(*made(tmp_path / "good", **good)) == []
    bad = {"policy__in__rating": "from receivables.policy import plan\nimport requests", "policy__in__plan": ""}
    faults = policy_faults(*made(tmp_path / "bad", **bad))
    assert faults == ["policy.rating imports policy.plan", "policy.rating imports requests"]


def test_a_circle_inside_one_part_is_found(tmp_path: Path) -> None:
    inside, _ = made(tmp_path, engine__in__a="import receivables.engine.b", engine__in__b="import receivables.engine.a")
    assert set(cycle(inside)) == {"engine.a", "engine.b"}


# The house -----------------------------------------------------------------------------------------------------------


def test_the_package_keeps_its_walls() -> None:
    inside, outside = read_imports(PACKAGE)
    assert inside, "no modules found"
    assert wall_faults(inside, outside) + policy_faults(inside, outside) == []
    assert cycle(inside) == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import sys, receivables; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.strip() == ""


def test_commands_print_through_the_function_that_lets_no_name_steer_the_terminal() -> None:
    found = {
        (path.name, line.strip())
        for path in (PACKAGE / "cli").glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\b(click\.s?echo|print|std(out|err)\.write)\(", line)
    }
    assert found == {
        ("terminal.py", "click.echo(visible(text), err=err)"),
        ("profiles.py", "click.echo(drafted.text, nl=False)  # as it would stand in the file"),
    }


def test_every_model_says_its_grain() -> None:
    models = sorted((ROOT / "sql").glob("*/*.sql"))
    assert models, "no models found"
    silent = [
        str(path.relative_to(ROOT)) for path in models if not re.match(r"--.*\brow per\b", path.read_text("utf-8"))
    ]
    assert silent == [], "the first line of a model is a comment that says what one row stands for: -- One row per ..."


def test_shared_sql_starts_with_a_comment() -> None:
    silent = [path.name for path in (ROOT / "sql").glob("*.sql") if not path.read_text("utf-8").startswith("-- ")]
    assert silent == []


MACHINE_PATH: Final = re.compile(r"(?:^|[^\w.~\-/])/(?:work|farm|root|home/\w+|Users/\w+)/")
INDEX_ADDRESS: Final = re.compile(r"--(?:extra-)?index-url|https?://[^\s/]*(?:pypi|pythonhosted)|https?://\S*/simple\b")
COMMITTED: Final = (
    "*",
    ".ci/**/*",
    "pipelines/**/*",
    "sql/**/*",
    "reports/**/*",
    "notebooks/**/*",
    "tests/**/*",
    "data/sample/**/*",
)


def committed_texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository; caches and compiled files are none."""
    for pattern in COMMITTED:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                data = path.read_bytes()
                if b"\0" not in data:
                    yield path, data.decode("utf-8", errors="replace")


@pytest.mark.parametrize(
    "text", [" /wo" + "rk/main", '"/ho' + 'me/ana/x"', "--index" + "-url", "https://py" + "pi.org/simple"]
)
def test_machine_paths_and_index_addresses_are_recognised(text: str) -> None:
    assert MACHINE_PATH.search(text) or INDEX_ADDRESS.search(text)


def test_no_file_names_a_machine_path_or_a_package_index() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path, text in committed_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if MACHINE_PATH.search(line) or INDEX_ADDRESS.search(line)
    ]
    assert found == []
