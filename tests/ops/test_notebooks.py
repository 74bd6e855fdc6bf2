"""The notebooks: kept as text and as .ipynb in step, run in real kernels on any published night, also while the next one is published."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jupytext
import pytest
from nbclient.exceptions import CellExecutionError

import receivables
from homes import MONDAY, TUESDAY, business, changed, quick_night, script, seal, tell
from run_notebooks import FOLDER, executed, notebooks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NIGHT: Final = "import receivables, sys; receivables.build(sys.argv[1])"
NAMES = [notebook.stem for notebook in notebooks()]


def cells(path: Path) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in jupytext.read(path).cells]


def told(cell: Any) -> str:
    """What a cell put out, as text."""
    return "\n".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])
    )


def outputs(run: Any, part: str) -> str:
    """What the cells that have `part` in them put out."""
    found: Sequence[Any] = [cell for cell in run.cells if cell.cell_type == "code" and part in cell.source]
    assert found, part
    return "\n".join(map(told, found))


def test_there_are_the_notebooks_that_the_readme_lists() -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert NAMES == ["aging", "collection_curve", "flag", "rating"]
    assert [name for name in NAMES if f"`{name}`" not in readme] == []
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_text_and_notebook_are_in_step_and_nothing_is_kept_of_a_run(name: str) -> None:
    kept = jupytext.read(FOLDER / f"{name}.ipynb")
    assert cells(FOLDER / f"{name}.py") == [(cell.cell_type, cell.source) for cell in kept.cells]
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)
    assert set(kept.metadata) == {"jupytext", "kernelspec"}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_says_its_question_first_and_what_follows_last(name: str) -> None:
    first, *_, last = cells(FOLDER / f"{name}.py")
    assert first[0] == last[0] == "markdown"
    assert "**Question: " in first[1]
    assert last[1].startswith("## What one may conclude")


@pytest.fixture(scope="module")
def on_the_sample(sample_home: Path) -> Callable[[str], Any]:
    """Runs a notebook on the sample, once for all tests."""

    @cache
    def run(name: str) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RECEIVABLES_HOME", str(sample_home))
            before = seal(sample_home)
            done = executed(FOLDER / f"{name}.py")
            assert seal(sample_home) == before, "a notebook changes nothing"
        return done

    return run


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_on_the_sample_and_shows_something_in_every_cell(
    name: str, on_the_sample: Callable[[str], Any]
) -> None:
    run = on_the_sample(name)
    silent = [cell.source for cell in run.cells if cell.cell_type == "code" and not cell.outputs]
    assert [source for source in silent if not source.startswith(("largest = ", "traces = "))] == []
    streams = [output for cell in run.cells for output in cell.get("outputs", []) if output.output_type == "stream"]
    assert [output.text for output in streams if output.name == "stderr"] == []


def test_what_the_notebooks_check_holds_on_the_sample(on_the_sample: Callable[[str], Any]) -> None:
    assert outputs(on_the_sample("rating"), "other.sum()") == "0"
    assert float(outputs(on_the_sample("collection_curve"), "cash_published")) < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_on_the_smallest_night(
    name: str, told_on_monday: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECEIVABLES_HOME", str(told_on_monday))
    assert f"as of {MONDAY}" in outputs(executed(FOLDER / f"{name}.py"), "open_warehouse")


def test_a_notebook_stays_with_its_night_while_others_are_published(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECEIVABLES_HOME", str(home))
    nights: list[Any] = []

    def publish(cell: int) -> None:
        if cell == 3:  # the warehouse is open by then; one night between two cells, another while the next ones run
            tell(home, changed(business(), "document", "D1", due_date=TUESDAY), TUESDAY)
            quick_night(home)
            nights.append(script(NIGHT, home))

    run = executed(FOLDER / "aging.py", publish)
    assert [night.communicate(timeout=100) for night in nights] == [("", "")]
    assert f"as of {MONDAY}" in outputs(run, "open_warehouse")
    assert f"{MONDAY}" in outputs(run, 'month_end_series("aging")')
    assert f"{TUESDAY}" not in "\n".join(told(cell) for cell in run.cells)
    assert "2024-02-09" in outputs(run, "trace_cell")
    with receivables.open_warehouse(home) as warehouse:
        assert warehouse.as_of == TUESDAY
        assert len(list((home / "lake" / "published").glob("*.json"))) == 3


def test_without_a_home_a_notebook_says_in_one_line_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECEIVABLES_HOME", raising=False)
    (tmp_path / "notebooks").mkdir()
    alone = shutil.copy(FOLDER / "aging.py", tmp_path / "notebooks")
    with pytest.raises(CellExecutionError) as failure:
        executed(Path(alone))
    assert failure.value.ename == "UsageError"
    assert failure.value.traceback.splitlines()[-1].startswith(
        "UsageError: got no RECEIVABLES_HOME and no data/demo in "
    )
    assert "Traceback" not in failure.value.traceback
