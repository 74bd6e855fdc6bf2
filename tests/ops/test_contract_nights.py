"""What contracts do to nights: a refused file stays out until a person says otherwise, a crash costs nothing, a contract that raises is an error."""

from __future__ import annotations

import json
import shutil
import signal
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

import receivables
from broken_contracts import BROKEN, documents
from factories import Row, company, customer
from homes import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    Ended,
    ask,
    command,
    published,
    quick_night,
    script,
    seal,
    set_contracts,
    tell,
)
from receivables.state import State

BY: Final = "ES01"
EMPTIED: Final = f"document__{BY}__full__{TUESDAY}.csv"
STANDING: Final = "select count(*) from marts.open_item where due_date is not null"
JUDGED: Final = "select * exclude (waived_at, waived_by) from marts.data_quality order by check_id"


@pytest.fixture(scope="module")
def told_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one sound export, published; not to be changed."""
    home = tmp_path_factory.mktemp("once") / "home"
    receivables.init(home)
    customers = [customer(f"C{number}", company_id=BY) for number in range(10)]
    tell(home, {"company": [company(BY)], "customer": customers, "document": documents(BY)}, MONDAY, BY)
    quick_night(home)
    set_contracts(home, enabled=True)
    return home


@pytest.fixture
def home(told_once: Path, tmp_path: Path) -> Path:
    """That home on Tuesday, when the due dates are gone from the export."""
    home = tmp_path / "home"
    shutil.copytree(told_once, home, symlinks=True)
    tell(home, {"document": emptied()}, TUESDAY, BY)
    return home


def emptied() -> list[Row]:
    change = BROKEN["column_emptied"].change
    assert change is not None
    return list(change(documents(BY)))


def declare(home: Path, text: str) -> None:
    (home / "contracts" / "own.toml").write_text(text, encoding="utf-8")


def statuses(home: Path) -> list[tuple[str, str]]:
    return [(batch.file_name, batch.status) for batch in receivables.status(home).batches if batch.file_name == EMPTIED]


def test_a_refused_file_stays_out_until_its_contract_is_waived(home: Path) -> None:
    assert command("nightly", "--home", home).exit_code == 5
    moment = _known_at(home)
    again = command("nightly", "--home", home)
    assert (again.exit_code, statuses(home)) == (5, [(EMPTIED, "refused")])
    assert f"{EMPTIED} was refused: got {EMPTIED}, document: Column due_date was filled in" in again.stderr
    assert ask(home, STANDING) == [(40,)]
    refused = ask(home, JUDGED)
    waived = command("nightly", "--home", home, "--waive", "column_emptied", "--by", "Ana Gil")
    assert (waived.exit_code, statuses(home)) == (0, [(EMPTIED, "refused"), (EMPTIED, "ok")])
    assert ask(home, STANDING) == [(0,)]
    failed = "select passed, level, waived_by from marts.data_quality where contract = 'column_emptied' and is_current and waived_at is not null"
    assert ask(home, failed) == [(False, "refuse", "Ana Gil")]
    told = [waiver for path in (home / "lake" / "waiver").iterdir() for waiver in json.loads(path.read_text("utf-8"))]
    assert {(waiver["contract"], waiver["given_by"]) for waiver in told} == {("column_emptied", "Ana Gil")}
    assert command("nightly", "--home", home).exit_code == 0
    receivables.build(home, as_of=MONDAY, known_at=moment)
    assert (ask(home, STANDING), ask(home, JUDGED)) == ([(40,)], refused)
    assert ask(home, "select count(waived_at) from marts.data_quality") == [(0,)]


def _known_at(home: Path) -> datetime:
    ((moment,),) = ask(home, "select known_at from ops.run")
    assert isinstance(moment, datetime)
    return moment


def test_ingest_lands_unjudged_and_knows_what_was_refused(home: Path) -> None:
    assert command("ingest", home / "inbox", "--home", home).exit_code == 0
    built = command("build", "--home", home)
    assert built.exit_code == 5
    assert f"{EMPTIED} was refused" in built.stderr
    refused = command("ingest", home / "inbox", "--home", home)
    assert (refused.exit_code, statuses(home)) == (3, [(EMPTIED, "refused")])
    assert command("ingest", home / "inbox", "--home", home, "--waive", "column_emptied").exit_code == 0
    assert command("build", "--home", home).exit_code == 0
    assert ask(home, STANDING) == [(0,)]


def test_a_contract_that_is_changed_at_home_lets_the_file_in(home: Path) -> None:
    assert command("nightly", "--home", home).exit_code == 5
    declare(home, '[column_emptied]\nlevel = "warn"\n')
    assert command("nightly", "--home", home).exit_code == 0
    assert ask(home, STANDING) == [(0,)]


def test_what_follows_a_refused_file_is_held_against_the_one_before_it(home: Path) -> None:
    tell(home, {"document": documents(BY)[:39]}, WEDNESDAY, BY)
    assert command("nightly", "--home", home).exit_code == 5
    told = f"select distinct json_extract_string(message, '$.params.before') from marts.data_quality where file_name = 'document__{BY}__full__{WEDNESDAY}.csv'"
    assert [row for row in ask(home, told) if row[0]] == [(f"document__{BY}__full__{MONDAY}.csv",)]
    assert ask(home, "select as_of from ops.run") == [(WEDNESDAY,)]
    assert statuses(home) == [(EMPTIED, "refused")]


def test_a_file_of_several_tables_is_kept_out_as_a_whole(home: Path) -> None:
    (home / "inbox" / EMPTIED).unlink()
    assert _listed(home, TUESDAY, 1).exit_code == 0
    ended = _listed(home, WEDNESDAY, 100)
    assert ended.exit_code == 5
    told = ended.stderr.count("needs a person:")
    assert (told, f"invoices_{WEDNESDAY}.csv was refused" in ended.stderr) == (1, True)
    refused = "select table_name, rows_loaded, lines_loaded from ops.batch where status = 'refused' order by all"
    tables = ("allocation", "company", "customer", "document", "payment")
    assert ask(home, refused) == [(table, 0, 0) for table in tables]
    lost = "select sum(lines_read - lines_loaded - lines_quarantined - lines_skipped)::bigint from ops.batch"
    assert ask(home, lost) == [(0,)]
    assert ask(home, "select action, count from ops.issue where reason_code = 'CONTRACT_BROKEN'") == [
        ("reject_file", 41)
    ]
    receivables.report(home)
    head = (home / "out" / "receivables-en.html").read_text(encoding="utf-8").partition("</header>")[0]
    assert head.count("was refused.") == 1


def _listed(home: Path, day: date, factor: int) -> Ended:
    """Land a list of invoices and build."""
    (home / "inbox" / f"invoices_{day}.csv").write_text(invoices(factor), encoding="utf-8")
    receivables.ingest([home / "inbox"], home, reading=receivables.Reading(extract_as_of=day, profile="invoice_list"))
    return command("build", "--home", home)


def invoices(factor: int) -> str:
    """A list of invoices and when they were settled."""
    lines = ["company,customer,invoice,invoice date,due date,settled date,currency,amount"]
    lines += [
        f"{BY},C{n % 10},L{n},2024-02-01,2024-03-02,2024-03-0{1 + n % 4},EUR,{factor * (10 + n)}.00" for n in range(40)
    ]
    return "\n".join([*lines, ""])


def test_files_of_changes_are_not_held_against_each_other_s_size(home: Path) -> None:
    (home / "inbox" / EMPTIED).unlink()
    tell(home, {"document": documents(BY)}, TUESDAY, BY, full=False)
    quick_night(home)
    tell(home, {"document": emptied()[:21]}, WEDNESDAY, BY, full=False)
    assert command("nightly", "--home", home).exit_code == 0
    refusing = "select count(*) from marts.data_quality where is_current and level = 'refuse' and passed is not null"
    assert ask(home, refusing) == [(0,)]


def test_a_run_is_known_by_its_contracts_too(home: Path) -> None:
    identity = "select settings_sha256 from ops.run"
    quick_night(home)
    before = ask(home, identity)
    receivables.build(home)
    assert ask(home, identity) == before
    declare(home, '[volume]\nlevel = "warn"\n')
    receivables.build(home)
    assert ask(home, identity) != before


def test_an_unknown_contract_cannot_be_waived(home: Path) -> None:
    ended = command("nightly", "--home", home, "--waive", "column_emptyed")
    assert ended.exit_code == 2
    assert ended.only_message().endswith("try --waive column_emptied")


KILLED_BEFORE: Final = """
import os, pkgutil, signal, sys
home, where = sys.argv[1:]
owner, _, name = where.rpartition(".")
setattr(pkgutil.resolve_name(owner), name, lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL))
import receivables
receivables.nightly(home)
"""


@pytest.fixture(scope="module")
def undisturbed(told_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What Tuesday publishes when nobody kills it."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(told_once, home, symlinks=True)
    tell(home, {"document": emptied()}, TUESDAY, BY)
    receivables.nightly(home)
    return published(home)


@pytest.mark.parametrize("point", ["receivables.night.check_batches", "receivables.check_batches._register"])
def test_a_night_killed_between_landing_and_judging_costs_nothing(point: str, home: Path, undisturbed: Any) -> None:
    with script(KILLED_BEFORE, home, point) as night:
        assert night.wait(60) == -signal.SIGKILL, night.communicate()[1]
    assert statuses(home) == [(EMPTIED, "ok")]
    outcome = receivables.nightly(home)
    assert [refusal.reason for refusal in outcome.refusals] == ["CONTRACT_BROKEN"]
    assert published(home) == undisturbed


def test_a_contract_that_raises_is_an_error_and_no_failure(home: Path) -> None:
    declare(
        home,
        '[words]\non = "batch"\nmeasure = "rows"\nexpect = "expect_column_values_to_match_regex"\n'
        'arguments = { regex = "(" }\nlevel = "refuse"\nwhy = "to see what happens"\n',
    )
    before = seal(home / "warehouse")
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 4
    assert ended.only_message().startswith("got contract words, which could not be judged: ")
    assert seal(home / "warehouse") == before
    assert statuses(home) == [(EMPTIED, "ok")]
    assert State(home / "state.sqlite").judgements() == []
    (home / "contracts" / "own.toml").unlink()
    assert command("nightly", "--home", home).exit_code == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[volum]\nlevel = "warn"\n', "got unknown contract volum in "),
        ('[volume]\nlevl = "warn"\n', "got unknown key levl in "),
        ('[volume]\nlevel = "refused"\n', "level = 'refused'"),
        ('[kpi_total]\nlevel = "refuse"\n', "level refuse is for batch and batch_column only"),
        ('[volume]\nmeasure = "row_change"\n', "nearest: rows_change_pct"),
        ("[volume]\narguments = { mostly = 0.9 }\n", "arguments without mostly"),
        ("[volume\n", "expected a TOML file"),
    ],
)
def test_a_contract_that_cannot_be_used_is_told_before_anything_is_read(text: str, says: str, home: Path) -> None:
    declare(home, text)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 2
    assert says in ended.only_message()
    assert statuses(home) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[volume]\nexpect = "expect_column_values_to_be_betwen"\n', "try expect_column_values_to_be_between"),
        ("[volume]\narguments = { maximum = 3 }\n", "got arguments of contract volume: "),
    ],
)
def test_what_only_the_library_knows_to_be_wrong_is_told_in_one_line(text: str, says: str, home: Path) -> None:
    declare(home, text.replace("[volume]\n", '[volume]\nmeasure = "rows"\n'))
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 2
    assert says in ended.only_message()


def test_a_contract_of_one_s_own_is_told_with_its_reason(home: Path) -> None:
    declare(
        home,
        '[few_rows]\non = "batch"\nmeasure = "rows"\nexpect = "expect_column_values_to_be_between"\n'
        'arguments = { max_value = 39 }\nlevel = "needs_person"\ntables = ["document"]\nwhy = "<b>ours</b> are short"\n',
    )
    ended = command("nightly", "--home", home, "--waive", "column_emptied")
    assert ended.exit_code == 5
    assert f"needs a person: {EMPTIED}: Contract few_rows is broken: 40, expected at most 39." in ended.stderr
    page = (home / "out" / "data-quality-en.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;ours&lt;/b&gt; are short" in page
    assert "<b>ours" not in page
    assert command("nightly", "--home", home).exit_code == 5
    assert command("nightly", "--home", home, "--waive", "few_rows").exit_code == 0


NOT_LOADED: Final = """
import sys
import receivables
assert "great_expectations" not in sys.modules, "the package"
from receivables.cli import main
main(["--help"], standalone_mode=False)
assert "great_expectations" not in sys.modules, "the help"
receivables.nightly(sys.argv[1])
assert "great_expectations" not in sys.modules, "a night without contracts"
"""


def test_great_expectations_is_loaded_only_to_judge(home: Path) -> None:
    set_contracts(home, enabled=False)
    with script(NOT_LOADED, home) as process:
        out = process.communicate(timeout=500)
        assert process.returncode == 0, out
    assert ask(home, "select count(*) from marts.data_quality") == [(0,)]
    assert not (home / "out" / "data-quality-en.html").exists()
