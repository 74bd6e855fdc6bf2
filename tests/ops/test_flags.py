"""What a person decides about flags, on the command line and in a spreadsheet: what counts when, and that none is lost or doubled."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import stat
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import duckdb
import openpyxl  # type: ignore[import-untyped]  # no types shipped
import pytest

import receivables
from flag_tables import FLAGS, MORE, NAMES, SENTENCES, TWICE, flag, raise_flags, raise_none
from homes import KILLING, MONDAY, Ended, ask, command, half_done, script, seal
from quarantine_tables import filled, read, saved
from receivables import flag_wording, verbs
from receivables.dates import utc_now
from receivables.errors import UsageError
from receivables.flag_desk import LAYOUT
from receivables.state import FlagDecision, State
from receivables.warehouse import published_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REASON: Final = "two receipts of one day"


@pytest.fixture(autouse=True)
def worded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two detectors with words, whichever are shipped."""
    monkeypatch.setattr(flag_wording, "EVIDENCE", SENTENCES)
    monkeypatch.setattr(flag_wording, "NAMES", NAMES)
    monkeypatch.setattr(flag_wording, "TESTED", {"paid_twice": "Money that came twice."})


@pytest.fixture(scope="session")
def flagged_home(told_on_monday: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose last night raised flags; not to be changed."""
    copy = tmp_path_factory.mktemp("flagged") / "home"
    shutil.copytree(told_on_monday, copy, symlinks=True)
    raise_flags(copy)
    return copy


@pytest.fixture
def home(flagged_home: Path, tmp_path: Path) -> Path:
    """A home of one's own whose last night raised flags."""
    copy = tmp_path / "home"
    shutil.copytree(flagged_home, copy, symlinks=True)
    return copy


def decide(home: Path, *arguments: str | Path, by: str = "Ana Gil", day: date = MONDAY) -> Ended:
    """Run a command about flags on a day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verbs, "today", lambda: day)
        return command("flags", *arguments, "--by", by, "--home", home)


def dismiss(home: Path, *flag_ids: str, reason: str = REASON, by: str = "Ana Gil") -> Ended:
    return decide(home, "dismiss", *flag_ids, "--reason", reason, by=by)


def decided(home: Path) -> list[FlagDecision]:
    return State(home / "state.sqlite").decisions(FlagDecision)


def copies(home: Path) -> list[Path]:
    return sorted((home / "lake" / "flag_decision").glob("*"))


def listed(home: Path, *options: str) -> list[str]:
    """The ids of the flags that are listed."""
    shown = command("flags", *options, "--home", home)
    assert shown.exit_code == 0, shown.stderr
    return [line.split()[0] for line in shown.stdout.splitlines()[1:]]


def state(home: Path, flag_id: str) -> tuple[str, str | None]:
    """How a flag stands."""
    flag = receivables.flag(flag_id, home).flag
    return flag.state, flag.verdict


def published_again(home: Path, **changes: object) -> None:
    """As if a night had counted what was decided: the flag FAAAAAA1 as it says, and all known by now."""
    raise_flags(home, [dict(FLAGS[0]) | changes, *FLAGS[1:]])
    with duckdb.connect(str(published_file(home))) as con:
        con.execute("update ops.run set known_at = ?, run_id = 'next'", [utc_now()])


# The command line ----------------------------------------------------------------------------------------------------


def test_open_flags_are_listed_by_severity_times_exposure(flagged_home: Path) -> None:
    shown = command("flags", "--home", flagged_home)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert [" ".join(line.split()) for line in shown.stdout.splitlines()] == [
        "flag severity state customer name what first seen exposure",
        "FAAAAAA1 low new ES01:C1 Customer C1 Paid twice 2024-03-01 9,000.00 EUR",
        "FAAAAAA3 high new ES01:C2 Customer C2 Buys more 2024-03-01 250.50 EUR",
        "FAAAAAA2 high new ES01:C1 Customer C1 Paid twice 2024-03-01 50.50 EUR",
    ]
    assert listed(flagged_home, "--all") == ["FAAAAAA1", "FAAAAAA3", "FAAAAAA2", "FAAAAAA4", "FAAAAAA5"]
    assert listed(flagged_home, "--detector", "buys_more") == ["FAAAAAA3"]
    assert listed(flagged_home, "--customer", "C2", "--all") == ["FAAAAAA3", "FAAAAAA4", "FAAAAAA5"]
    few = command("flags", "--limit", "1", "--home", flagged_home)
    assert [line.split()[0] for line in few.stdout.splitlines()] == ["flag", "FAAAAAA1"]
    assert few.stderr == "2 more: --limit 3\n"
    every = command("flags", "--all", "--home", flagged_home).stdout
    assert "closed: dismissed" in every
    assert "waits: cap" in every


def test_flags_are_a_frame_for_analysts(flagged_home: Path) -> None:
    found = receivables.flags(flagged_home)
    assert found["flag_id"].tolist() == ["FAAAAAA1", "FAAAAAA3", "FAAAAAA2"]
    assert found["exposure_local"].sum() == Decimal("9301.0000")
    assert "evidence" not in found
    assert receivables.flags(flagged_home, every=True, customer="C2", detector="paid_twice")["verdict"].tolist() == [
        "dismissed"
    ]


def test_a_flag_shows_what_it_rests_on_and_what_was_decided(home: Path) -> None:
    raise_flags(home, [flag("FAAAAAA1", evidence=[TWICE, MORE, {"code": "unheard_of", "params": {}}]), *FLAGS[1:]])
    decide(home, "acknowledge", "FAAAAAA1", "--reason", "asked the bank")
    dismiss(home, "FAAAAAA1")
    shown = command("flags", "show", " faaaaaa1 ", "--home", home)
    assert shown.exit_code == 0
    assert shown.stdout.replace("\u00a0", " ").splitlines() == [
        "flag        FAAAAAA1, medium: Paid twice (paid_twice)",
        "looks for   Money that came twice.",
        "customer    ES01:C1, Customer C1",
        "about       P1",
        "exposure    100.00 EUR",
        "seen        first 2024-03-01, raised 2024-03-01, last 2024-03-04",
        "state       closed: dismissed; decided since, counts from the next night on",
        "evidence    Receipts P1 and P2 of 20 Feb 2024 are of EUR 60.00 each.",
        "            Orders in October: 9, usual: 3.25.",
        "            unheard_of",
        "decisions   2024-03-04 acknowledged by Ana Gil: asked the bank",
        f"            2024-03-04 dismissed by Ana Gil: {REASON}",
        "its kind    9 confirmed, 2 dismissed so far",
    ]


def test_a_decision_is_told_with_the_night_it_counts_from_and_stands_in_the_list_at_once(home: Path) -> None:
    told = dismiss(home, "FAAAAAA1", "faaaaaa3", "FAAAAAA1")
    assert (told.exit_code, told.stdout.splitlines()) == (
        0,
        [
            "FAAAAAA1: dismissed by Ana Gil",
            "FAAAAAA3: dismissed by Ana Gil",
            f"it counts from the next night on: receivables nightly --home {home}",
        ],
    )
    decide(home, "acknowledge", "FAAAAAA2")
    assert listed(home) == ["FAAAAAA2"]
    assert [state(home, f"FAAAAAA{number}") for number in (1, 2, 3)] == [
        ("closed", "dismissed"),
        ("acknowledged", None),
        ("closed", "dismissed"),
    ]
    assert "decided since the night: 1; to count it: receivables nightly" in command("flags", "--home", home).stderr
    decide(home, "reopen", "FAAAAAA1")
    decide(home, "confirm", "FAAAAAA3", "--reason", "it was double")
    assert (state(home, "FAAAAAA1"), state(home, "FAAAAAA3")) == (("new", None), ("closed", "confirmed"))


def test_a_decision_says_what_it_is_about_and_is_copied_into_the_lake_for_its_user_alone(home: Path) -> None:
    dismiss(home, "FAAAAAA1", "FAAAAAA3", reason=" two;\r\n\tdrop table x; --\n='1' \u2028<b>")
    first, second = decided(home)
    told = asdict(first)
    run_id = ask(home, "select run_id from ops.run")[0][0]
    assert {
        name: told[name] for name in ("flag_id", "company_id", "customer_id", "detector", "subject", "severity")
    } == {name: FLAGS[0][name] for name in ("flag_id", "company_id", "customer_id", "detector", "subject", "severity")}
    assert (first.kind, first.reason) == ("dismissed", "two; drop table x; -- ='1' <b>")
    assert (first.said_of_run, first.said_of, first.given_on, first.recorded_by) == (run_id, MONDAY, MONDAY, "Ana Gil")
    assert first.decision_id < second.decision_id
    assert [copy.stem for copy in copies(home)] == [first.decision_id, second.decision_id]
    assert json.loads(copies(home)[1].read_text(encoding="utf-8"))["customer_id"] == "ES01:C2"
    assert {stat.S_IMODE(copy.stat().st_mode) for copy in copies(home)} == {0o600}
    assert stat.S_IMODE(copies(home)[0].parent.stat().st_mode) == 0o700


def test_asking_the_same_twice_doubles_nothing_also_after_a_night(home: Path) -> None:
    dismiss(home, "FAAAAAA1")
    assert "FAAAAAA1: dismissed by Ana Gil; it was decided before" in dismiss(home, "FAAAAAA1").stdout
    published_again(home, state="closed", verdict="dismissed")
    assert "it was decided before" in dismiss(home, "FAAAAAA1").stdout
    assert len(decided(home)) == len(copies(home)) == 1
    assert "before" not in dismiss(home, "FAAAAAA1", reason="another reason").stdout
    assert "before" not in dismiss(home, "FAAAAAA1", by="Ben Roe").stdout
    assert len(decided(home)) == len(copies(home)) == 3


def test_a_flag_that_came_back_graver_may_be_dismissed_again_for_the_same_reason(home: Path) -> None:
    dismiss(home, "FAAAAAA1")
    published_again(home, state="new", severity="high")
    assert "before" not in dismiss(home, "FAAAAAA1").stdout
    assert [one.severity for one in decided(home)] == ["low", "high"]


REFUSED: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "no such flag": (("dismiss", "FAAAAAA9", "--reason", "r"), "got flag 'FAAAAAA9'; expected a flag of the night published last; try FAAAAAA"),
    "one of two": (("dismiss", "FAAAAAA1", "nonsense", "--reason", "r"), "got flag 'NONSENSE'; expected a flag of the night published last; try FAAAAAA1, FAAAAAA2"),
    "no reason": (("dismiss", "FAAAAAA1"), 'got no reason to dismiss; expected why, for whoever looks at it next; try --reason "..."'),
    "blank reason": (("confirm", "FAAAAAA1", "--reason", " \n "), "got no reason to confirm;"),
    "long reason": (("dismiss", "FAAAAAA1", "--reason", "x" * 10_000), "got --reason of 10,000 characters; expected at most 500; try --reason with fewer words"),
    "hiding reason": (("acknowledge", "FAAAAAA1", "--reason", "a\u202eb"), "got --reason with the character U+202E, which nobody sees;"),
    "open": (("reopen", "FAAAAAA1"), "got flag 'FAAAAAA1', which nobody has acknowledged or closed; expected one to reopen; try receivables flags --all"),
    "closed": (("acknowledge", "FAAAAAA1", "FAAAAAA4"), "got flag 'FAAAAAA4', which is closed; expected an open one; try receivables flags reopen FAAAAAA4"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_cannot_be_decided_is_refused_in_one_line_and_changes_nothing(fault: str, flagged_home: Path) -> None:
    arguments, message = REFUSED[fault]
    before, runs = seal(flagged_home / "lake"), len(State(flagged_home / "state.sqlite").runs())
    ended = decide(flagged_home, *arguments)
    assert ended.exit_code == 2
    assert ended.only_message().startswith(message)
    assert decided(flagged_home) == []
    assert seal(flagged_home / "lake") == before
    assert len(State(flagged_home / "state.sqlite").runs()) == runs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--detector", "paid_twise"), "got --detector 'paid_twise'; expected a known one; try --detector paid_twice"),
        (("--customer", "C9"), "got customer 'C9'; expected a customer of the night published last; try C"),
        (("show", "FAAAAAB1"), "got flag 'FAAAAAB1'; expected a flag of the night published last; try FAAAAAA1"),
    ],
)
def test_what_there_is_not_is_refused_with_the_nearest(
    options: tuple[str, ...], message: str, flagged_home: Path
) -> None:
    ended = command("flags", *options, "--home", flagged_home)
    assert (ended.exit_code, ended.only_message()[: len(message)]) == (2, message)


def test_flags_need_a_night_that_looked_for_them(home: Path, empty_home: Path, tmp_path: Path) -> None:
    raise_flags(home, [])
    assert command("flags", "--home", home).stdout == "no flags\n"
    assert command("flags", "export", tmp_path / "none.csv", "--home", home).stdout == "no flags\n"
    assert not (tmp_path / "none.csv").exists()
    assert "try receivables nightly, which looks for signs" in dismiss(home, "FAAAAAA1").stderr
    raise_none(home)
    for arguments in ((), ("show", "FAAAAAA1"), ("export", str(tmp_path / "none.csv"))):
        assert "a night of an earlier version" in command("flags", *arguments, "--home", home).only_message()
        ended = command("flags", *arguments, "--home", empty_home)
        assert (ended.exit_code, "expected a home in which a night was published" in ended.stderr) == (2, True)


def test_an_unknown_decision_and_none_at_all_are_refused_by_the_library(flagged_home: Path) -> None:
    with pytest.raises(UsageError, match="try dismiss"):
        receivables.decide_flags(["FAAAAAA1"], "dismis", flagged_home, reason="r")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="got no flag"):
        receivables.decide_flags([], "dismiss", flagged_home, reason="r")


# The spreadsheet -----------------------------------------------------------------------------------------------------

ANSWERS: Final = {
    "FAAAAAA1": {"decision": "dismiss", "reason": "=1+1 is no reason"},
    "FAAAAAA2": {"decision": " Confirm ", "reason": "-5 twice\nand again"},
    "FAAAAAA4": {"decision": "reopen"},
    "FAAAAAA5": {"reason": "I do not know"},
}
RECORDED: Final = {
    "FAAAAAA1": ("dismissed", "=1+1 is no reason"),
    "FAAAAAA2": ("confirmed", "-5 twice and again"),
    "FAAAAAA4": ("reopened", None),
}

both = pytest.mark.parametrize("suffix", ["xlsx", "csv"])


def take_out(home: Path, name: str, *options: str) -> Path:
    target = home.parent / name
    target.unlink(missing_ok=True)
    assert command("flags", "export", target, *options, "--home", home).exit_code == 0
    return target


def answered(home: Path, name: str, answers: Mapping[str, Mapping[str, str]] = ANSWERS) -> Path:
    """The flags exported and filled in by a person."""
    table = take_out(home, f"out-{name}", "--all")
    return filled(table, lambda row: answers.get(row["flag_id"], {}), home.parent / name)


def recorded(home: Path) -> dict[str, tuple[str, str | None]]:
    return {one.flag_id: (one.kind, one.reason) for one in decided(home)}


@both
def test_decisions_come_back_from_a_spreadsheet_once(home: Path, suffix: str) -> None:
    back = answered(home, f"flags.{suffix}")
    told = decide(home, "import", back)
    assert told.exit_code == 0, told.stderr
    assert told.stdout.splitlines() == [
        "3 decided, 0 decided before, 2 without a decision",
        f"it counts from the next night on: receivables nightly --home {home}",
    ]
    assert "1 of these have a reason and no decision" in told.stderr
    assert recorded(home) == RECORDED
    before = seal(home / "lake")
    assert decide(home, "reopen", "FAAAAAA2", by="Ben Roe").exit_code == 0
    assert decide(home, "import", back).stdout.startswith("0 decided, 3 decided before, 2 without")
    published_again(home, state="new", severity="high")
    for name in ("Ana Gil", "Ben Roe"):
        again = decide(home, "import", back, by=name)
        assert again.stdout.startswith("0 decided, 3 decided before, 2 without"), again.stderr
    assert len(decided(home)) == 4
    assert before.items() <= seal(home / "lake").items()


@both
def test_a_flag_opened_again_is_decided_anew_from_a_file_written_since(home: Path, suffix: str) -> None:
    answers = {"FAAAAAA1": ANSWERS["FAAAAAA1"]}
    decide(home, "import", answered(home, f"flags.{suffix}", answers))
    decide(home, "reopen", "FAAAAAA1", by="Ben Roe")
    assert decide(home, "import", answered(home, f"again.{suffix}", answers)).stdout.startswith("1 decided, 0 decided")
    assert [one.kind for one in decided(home)] == ["dismissed", "reopened", "dismissed"]


def test_what_somebody_else_decided_meanwhile_is_not_overruled_by_an_older_file(home: Path) -> None:
    back = answered(home, "flags.xlsx")
    decide(home, "confirm", "FAAAAAA1", "--reason", "it was double", by="Ben Roe")
    assert decide(home, "import", back).only_message() == (
        "got flag 'FAAAAAA1' in row 2, confirmed by Ben Roe on 2024-03-04, after the file was written;"
        " expected a flag as it was exported; try exporting again, or emptying the decision in this row"
    )
    assert len(decided(home)) == 1
    assert decide(home, "import", back, by="Ben Roe").stdout.startswith("3 decided,")


@both
def test_a_table_says_in_its_language_what_a_flag_rests_on(home: Path, suffix: str) -> None:
    _, first, *_ = read(take_out(home, f"flags.{suffix}"))
    assert list(first) == list(LAYOUT.widths)
    assert {name: text.replace("\u00a0", " ") for name, text in first.items() if text} == {
        "flag_id": "FAAAAAA3",
        "customer_id": "ES01:C2",
        "name": "Customer C2",
        "detector": "Buys more",
        "severity": "high",
        "first_seen": "2024-03-01",
        "exposure": "250.5" if suffix == "xlsx" else "250.50",
        "currency": "EUR",
        "evidence": "Orders in October: 9, usual: 3.25.",
        "state": "new",
    }
    spanish = read(take_out(home, f"es.{suffix}", "--language", "es", "--detector", "paid_twice"))
    assert {row["evidence"].replace("\u00a0", " ")[-15:] for row in spanish} == {"60,00 EUR each."}
    ended = command("flags", "export", home.parent / f"es.{suffix}", "--home", home)
    assert (ended.exit_code, "which exists" in ended.only_message()) == (2, True)


def test_what_a_customer_is_called_is_a_text_everywhere(home: Path) -> None:
    names = {"C1": '=HYPERLINK("http://x")', "C2": "\u202eevil\u0007 \x1b[31m" + "名" * 300}
    raise_flags(home, FLAGS, names)
    shown = command("flags", "--home", home).stdout
    assert all(line.isprintable() for line in shown.splitlines())
    assert '=HYPERLINK("http://x")' in shown
    assert all(line.isprintable() for line in command("flags", "show", "FAAAAAA3", "--home", home).stdout.splitlines())
    text = take_out(home, "flags.csv").read_text("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert ",=" not in text
    assert "\u202e" not in text
    page = openpyxl.load_workbook(take_out(home, "flags.xlsx")).worksheets[0]
    assert {cell.data_type for row in page.iter_rows() for cell in row if cell.value is not None} == {"s", "n"}
    assert [cell.coordinate for cell in page["G"] if cell.data_type == "n"] == ["G2", "G3", "G4"]
    assert {str(cell.value) for cell in page["C"]} >= {'=HYPERLINK("http://x")'}
    assert [rule.formula1 for rule in page.data_validations.dataValidation] == ['"acknowledge,confirm,dismiss,reopen"']


BROKEN: Final[Mapping[str, tuple[Mapping[str, Mapping[str, str]], str]]] = {
    "no such decision": ({"FAAAAAA2": {"decision": "dismis"}}, "got decision 'dismis' in row 4; expected one of acknowledge, confirm, dismiss, reopen, or nothing; try dismiss"),
    "no reason": ({"FAAAAAA2": {"decision": "confirm"}}, "got no reason to confirm in row 4; expected why, for whoever looks at it next; try filling in its reason"),
    "a long reason": ({"FAAAAAA2": {"decision": "confirm", "reason": "x" * 501}}, "got reason in row 4 of 501 characters; expected at most 500;"),
    "a reason that hides": ({"FAAAAAA2": {"decision": "confirm", "reason": "a\u202eb"}}, "got reason in row 4 with the character U+202E, which nobody sees;"),
    "no such flag": ({"FAAAAAA2": {"decision": "confirm", "reason": "r", "flag_id": "FAAAAAB2"}}, "got flag 'FAAAAAB2' in row 4; expected a flag of the night published last; try FAAAAAA2"),
    "no flag at all": ({"FAAAAAA2": {"decision": "confirm", "reason": "r", "flag_id": " "}}, "got flag '' in row 4;"),
    "two decisions": ({"FAAAAAA2": {"decision": "reopen", "flag_id": "FAAAAAA3"}, "FAAAAAA3": {"decision": "acknowledge"}}, "got two different decisions about FAAAAAA3 in rows 3 and 4; expected one;"),
    "not to be decided": ({"FAAAAAA4": {"decision": "acknowledge"}}, "got flag 'FAAAAAA4' in row 5, which is closed; expected an open one; try receivables flags reopen FAAAAAA4"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_a_file_with_one_bad_row_decides_nothing(home: Path, fault: str) -> None:
    answers, message = BROKEN[fault]
    sound = {"FAAAAAA1": {"decision": "dismiss", "reason": "sound"}}
    back = answered(home, "flags.csv", {**sound, **answers})
    before = seal(home / "lake")
    ended = decide(home, "import", back)
    assert ended.exit_code == 2
    assert ended.only_message().startswith(message)
    assert decided(home) == []
    assert seal(home / "lake") == before


def test_rows_may_be_doubled_deleted_and_moved_and_columns_left_out(home: Path) -> None:
    rows = read(answered(home, "flags.csv"))[::-1]
    few = [{name: row[name] for name in ("reason", "flag_id", "decision")} for row in [*rows[:4], rows[1], rows[1]]]
    back = saved(few, home.parent / "few.csv", delimiter=";")
    expected = {row["flag_id"]: RECORDED[row["flag_id"]] for row in few if row["decision"]}
    assert decide(home, "import", back).stdout.startswith(f"{len(expected)} decided, 0 decided before")
    assert recorded(home) == expected
    assert decide(home, "import", back).stdout.startswith(f"0 decided, {len(expected)} decided before")


def test_a_file_of_something_else_is_refused(home: Path) -> None:
    (home.parent / "other.csv").write_text("ref,decision\nB1-L1,leave_out\n", encoding="utf-8")
    ended = decide(home, "import", home.parent / "other.csv")
    assert (ended.exit_code, ended.only_message()) == (
        2,
        "got other.csv without a column flag_id; expected the column names that were exported; try a file from receivables flags export, not other.csv",
    )


def test_a_file_without_decisions_makes_no_run(home: Path) -> None:
    runs = State(home / "state.sqlite").runs()
    told = decide(home, "import", take_out(home, "flags.xlsx"))
    assert (told.exit_code, told.stdout) == (0, "0 decided, 0 decided before, 3 without a decision\n")
    assert State(home / "state.sqlite").runs() == runs


# Two clocks, and what was cut off ------------------------------------------------------------------------------------


def test_a_moment_before_a_decision_does_not_know_it(home: Path) -> None:
    before = utc_now()
    dismiss(home, "FAAAAAA1", "FAAAAAA3")
    then = utc_now()
    decide(home, "reopen", "FAAAAAA1", by="Ben Roe")
    known = "select flag_id, kind, reason, severity, recorded_by from ops.flag_decision order by decision_id"
    found = [
        ("FAAAAAA1", "dismissed", REASON, "low", "Ana Gil"),
        ("FAAAAAA3", "dismissed", REASON, "high", "Ana Gil"),
        ("FAAAAAA1", "reopened", None, "low", "Ben Roe"),
    ]
    for moment, count in ((before, 0), (then, 2), (None, 3)):
        receivables.build(home, as_of=MONDAY, known_at=moment)
        assert ask(home, known) == found[:count]


POINTS: Final = {
    "nothing is recorded yet": ("receivables.decisions:record", 1, "before"),
    "all are in the store, none is in the lake": ("receivables.decisions:_copy", 1, "before"),
    "some are in the lake": ("receivables.decisions:_copy", 2, "before"),
    "a copy is written, not yet in its place": ("receivables.lake:settle", 2, "before"),
    "all are in the lake, the run does not know yet": ("receivables.decisions:record", 1, "after"),
}
"""Where the process is killed: a function, which call of it, before or after that call."""

IDS: Final = ("FAAAAAA1", "FAAAAAA2", "FAAAAAA3")
KILLED: Final = f"""{KILLING}
from datetime import date
from receivables import verbs
verbs.today = lambda: date({MONDAY.year}, {MONDAY.month}, {MONDAY.day})
receivables.decide_flags({IDS!r}, "dismiss", home, reason={REASON!r}, by="Ana Gil")
"""


@pytest.mark.slice(2)
@pytest.mark.parametrize("point", POINTS)
def test_decisions_that_were_cut_off_are_neither_lost_nor_doubled(point: str, home: Path) -> None:
    with script(KILLED, home, *map(str, POINTS[point])) as run:
        assert run.wait(60) == -signal.SIGKILL, run.communicate()[1]
    kept = decided(home)
    assert len(kept) == (0 if point == "nothing is recorded yet" else 3)
    again = dismiss(home, *IDS)
    assert again.stdout.count("it was decided before") == len(kept)
    assert [one.flag_id for one in decided(home)] == list(IDS)
    assert [copy.stem for copy in copies(home)] == [one.decision_id for one in decided(home)]
    assert half_done(home) == []


def test_a_night_copies_what_was_cut_off(home: Path) -> None:
    with script(KILLED, home, *map(str, POINTS["some are in the lake"])) as run:
        assert run.wait(60) == -signal.SIGKILL, run.communicate()[1]
    assert len([copy for copy in copies(home) if copy.suffix == ".json"]) == 1
    receivables.build(home)
    assert [copy.stem for copy in copies(home)] == [one.decision_id for one in decided(home)]
    assert ask(home, "select count(*) from ops.flag_decision") == [(3,)]


def lose_store(home: Path) -> None:
    for path in home.glob("state.sqlite*"):
        path.unlink()


def test_a_lost_store_loses_no_decision(home: Path) -> None:
    dismiss(home, *IDS)
    before = decided(home)
    lose_store(home)
    assert state(home, "FAAAAAA1") == ("closed", "dismissed")
    assert dismiss(home, *IDS).stdout.count("it was decided before") == 3
    assert decided(home) == before
    lose_store(home)
    receivables.ingest([home / "inbox"], home)
    receivables.build(home)
    assert decided(home) == before
    assert ask(home, "select count(*) from ops.flag_decision") == [(3,)]


def test_a_store_of_an_earlier_version_takes_decisions(home: Path) -> None:
    with sqlite3.connect(home / "state.sqlite") as con:
        con.execute("drop table flag_decision")
    assert dismiss(home, "FAAAAAA1").exit_code == 0
    assert len(decided(home)) == 1


def test_flags_a_run_published_are_kept_for_the_next_to_go_on_from(home: Path) -> None:
    run_id = ask(home, "select run_id from ops.run")[0][0]
    (home / "lake" / "published" / f"{run_id}.json").unlink()
    receivables.build(home)
    kept = home / "lake" / "published_flag" / f"{run_id}.parquet"
    told = "run_id, flag_id, severity, first_seen, raised_on, state"
    day = date(2024, 3, 1)
    assert duckdb.execute(f"select {told} from read_parquet(?) order by flag_id", [str(kept)]).fetchmany(2) == [
        (run_id, "FAAAAAA1", "low", day, day, "new"),
        (run_id, "FAAAAAA2", "high", day, day, "new"),
    ]
