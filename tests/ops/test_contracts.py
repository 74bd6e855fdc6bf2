"""Contracts in whole nights: each broken by what was made to break it, at its level, with what a person reads; refusals, waivers, crashes."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

import receivables
from broken_contracts import BROKEN, harms, named, tell_monday, tell_tuesday
from homes import TUESDAY, Ended, ask, command, quick_night, set_contracts
from receivables.checks.contract import shipped
from receivables.engine import duckdb as engine

HEADER: Final = {
    "en": ("was refused.", "For {company} the figures of its earlier files are kept."),
    "es": ("fue rechazado.", "Para {company} se mantienen las cifras de sus archivos anteriores."),
    "zh": ("被拒收。", "{company} 沿用其先前文件的数字。"),
}
"""What the header of the report says of a refused file, by language."""


@pytest.fixture(scope="module")
def monday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which Monday's sound exports were published; not to be changed."""
    home = tmp_path_factory.mktemp("monday") / "home"
    receivables.init(home)
    tell_monday(home)
    quick_night(home)
    set_contracts(home, enabled=True)
    settings = home / "receivables.toml"
    said = settings.read_text("utf-8").replace('#languages = ["en"]', 'languages = ["en", "es", "zh"]')
    settings.write_text(said, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def tuesday(monday: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """The night in which everything is broken, and how it ended; not to be changed."""
    home = tmp_path_factory.mktemp("tuesday") / "home"
    shutil.copytree(monday, home, symlinks=True)
    tell_tuesday(home)
    create, harmful = engine.Tables.create_model, harms()

    def create_and_harm(tables: Any, model: Any) -> None:
        create(tables, model)
        for harm in harmful.get(model.full_name, ()):
            tables.con.execute(harm)
            tables.empty.discard(model.full_name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.Tables, "create_model", create_and_harm)
        return home, command("nightly", "--home", home)


def text_of(home: Path, page: str, part: str = "body") -> str:
    """A part of a delivered page as text."""
    source = (home / "out" / page).read_text(encoding="utf-8")
    found = re.search(rf"<{part}>(.*?)</{part}>", source, flags=re.DOTALL)
    assert found is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


def test_every_shipped_contract_is_broken_here() -> None:
    assert list(BROKEN) == list(shipped())
    assert {name: broken.level for name, broken in BROKEN.items()} == {
        name: contract.level for name, contract in shipped().items()
    }


@pytest.mark.wide
@pytest.mark.slice(3)
@pytest.mark.parametrize("contract", BROKEN)
def test_a_broken_contract_is_told_at_its_level(contract: str, tuesday: tuple[Path, Ended]) -> None:
    home, ended = tuesday
    by, broken = named(contract), BROKEN[contract]
    says = broken.says.format(company=by)
    failed = ask(
        home,
        f"select level, observed, expected from marts.data_quality where contract = '{contract}' and company_id = '{by}' and not passed",
    )
    assert failed
    assert {level for level, *_ in failed} == {broken.level}
    assert {expected for _, _, expected in failed} == {shipped()[contract].expected}
    assert ended.exit_code == 5, ended.stderr
    assert says in text_of(home, "data-quality-en.html")
    head = text_of(home, "receivables-en.html", "header")
    assert broken.level == "warn" or says in head or "more checks failed." in head


@pytest.mark.wide
@pytest.mark.parametrize("contract", [name for name, broken in BROKEN.items() if broken.level == "refuse"])
def test_a_refused_file_leaves_yesterday_s_slice(contract: str, tuesday: tuple[Path, Ended], monday: Path) -> None:
    home, ended = tuesday
    by = named(contract)
    owed = f"select item_id, open_doc, due_date from marts.open_item where company_id = '{by}' order by all"
    assert ask(home, owed) == ask(monday, owed)
    name = f"document__{by}__full__{TUESDAY}.csv"
    assert f"needs a person: {name} was refused: got {name}" in ended.stderr
    assert f"--waive {contract} where it is right" in ended.stderr
    batches = "select status, rows_loaded, lines_read - lines_skipped from ops.batch where file_name = "
    assert ask(home, f"{batches} '{name}'") == [("refused", 0, 0)]
    assert ask(home, f"select outcome from ops.inbox_file where file_name = '{name}'") == [("refused",)]
    told = f"select issue.reason_code, issue.action from ops.issue as issue inner join ops.batch as batch on issue.batch_id = batch.batch_id where file_name = '{name}'"
    assert ask(home, told) == [("CONTRACT_BROKEN", "reject_file")]
    assert "CONTRACT_BROKEN" in command("findings", "--home", home).stdout
    for language, (refused, kept) in HEADER.items():
        head = text_of(home, f"receivables-{language}.html", "header")
        assert f"{name} {refused}" in head
        assert kept.format(company=f"Company {by}") in head


@pytest.mark.wide
def test_companies_are_broken_one_by_one(tuesday: tuple[Path, Ended]) -> None:
    """A contract that fails in a company made for another would show that it says more than it means."""
    home, _ = tuesday
    failed = ask(home, "select distinct contract, company_id from marts.data_quality where not passed")
    beside = {
        ("null_share", named("column_emptied")),
        ("largest_amount", named("amount_scale")),
        ("sum_of_amounts", named("amount_scale")),
        ("customer_names", named("control_total")),
        ("buckets_sum", named("aging_grain")),
        ("kpi_total", named("aging_grain")),
        ("kpi_total", named("open_item_grain")),
        ("aging_ties", named("open_item_grain")),
        ("kpi_parts", named("kpi_total")),
    }
    assert {row for row in failed if row not in beside} == {(name, named(name)) for name in BROKEN}
