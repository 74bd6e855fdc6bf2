"""What a person decides about a rating: how far it goes, how long it lasts, who knows of it when, and that none is lost or doubled."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import stat
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from homes import KILLING, Ended, ask, command, half_done, script, seal, tell
from rated_business import AS_OF, business
from receivables import verbs
from receivables.dates import today, utc_now
from receivables.state import RatingDecision, State

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wide

REASON: Final = "new owner, guarantee given"


@pytest.fixture
def home(rated_home: Path, tmp_path: Path) -> Path:
    """A home of one's own in which customers were rated."""
    copy = tmp_path / "home"
    shutil.copytree(rated_home, copy, symlinks=True)
    return copy


def decide(home: Path, customer: str, *options: str | Path, day: date = AS_OF) -> Ended:
    """Run the command on a day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verbs, "today", lambda: day)
        return command("rate", customer, *options, "--by", "Ana Gil", "--home", home)


def override(home: Path, customer: str, grade: str, until: date, *, day: date = AS_OF, reason: str = REASON) -> Ended:
    return decide(home, customer, "--grade", grade, "--reason", reason, "--until", str(until), day=day)


def rating(home: Path, customer: str, *columns: str) -> tuple[Any, ...]:
    return ask(home, f"select {', '.join(columns)} from marts.rating where customer_id = 'ES01:{customer}'")[0]


def set_by_hand(home: Path, customer: str = "punctual") -> tuple[Any, ...]:
    return rating(home, customer, "grade", "override_grade", "override_reason", "override_by", "override_until")


NOBODY: Final = ("C", None, None, None, None)
"""How `punctual` stands where nobody has set its grade."""


def decided(home: Path) -> list[RatingDecision]:
    return State(home / "state.sqlite").decisions(RatingDecision)


def copies(home: Path) -> list[Path]:
    return sorted((home / "lake" / "rating_decision").glob("*"))


def test_a_grade_set_by_hand_goes_up_one_notch_down_any_and_never_above_a_hard_event(home: Path) -> None:
    until = AS_OF + timedelta(days=30)
    told = override(home, "punctual", "A", until)
    assert (told.exit_code, told.stdout.splitlines()[:2]) == (
        0,
        [
            f"ES01:punctual: grade A until {until}, set by Ana Gil",
            f"as rated on {AS_OF} it leaves B (by rule C)",
        ],
    )
    assert "it leaves F (by rule F, a hard event leaves F at best)" in override(home, "insolvent", "b", until).stdout
    assert "it leaves no grade (no grade by rule)" in override(home, "ES01:new", "B", until).stdout
    before = rating(home, "late", "recommended_limit", "next_review")
    override(home, "late", "F", until)
    receivables.build(home, as_of=AS_OF)
    assert set_by_hand(home) == ("B", "A", REASON, "Ana Gil", until)
    assert set_by_hand(home, "late") == ("F", "F", REASON, "Ana Gil", until)
    assert set_by_hand(home, "insolvent")[:2] == ("F", "B")
    assert set_by_hand(home, "new")[:2] == (None, "B")
    assert set_by_hand(home, "old_debt") == ("E", None, None, None, None)
    assert before[0] > rating(home, "late", "recommended_limit")[0] == 0
    assert (before[1], *rating(home, "late", "next_review")) == (date(2026, 6, 30), until + timedelta(days=1))


def test_a_grade_set_by_hand_ends_by_itself(home: Path) -> None:
    last = AS_OF - timedelta(days=1)
    override(home, "punctual", "D", last, day=date(2026, 4, 30))
    receivables.build(home, as_of=AS_OF)
    assert set_by_hand(home) == NOBODY
    assert ask(
        home,
        "select review_date, ruled_grade, grade, override_grade from marts.rating_history"
        " where customer_id = 'ES01:punctual' and review_date >= '2026-03-31' order by review_date",
    ) == [
        (date(2026, 3, 31), "C", "C", None),
        (date(2026, 4, 30), "C", "D", "D"),
        (AS_OF, "C", "C", None),
    ]
    receivables.build(home, as_of=last)
    assert set_by_hand(home)[:2] == ("D", "D")


def test_a_grade_set_by_hand_is_withdrawn_from_a_day_on(home: Path) -> None:
    override(home, "punctual", "D", date(2026, 7, 31), day=date(2026, 5, 10))
    told = decide(home, "punctual", "--withdraw", day=date(2026, 5, 15))
    assert (told.exit_code, told.stdout.splitlines()[0]) == (
        0,
        "ES01:punctual: grade set by hand withdrawn by Ana Gil",
    )
    receivables.build(home, as_of=date(2026, 5, 14))
    assert set_by_hand(home)[:2] == ("D", "D")
    receivables.build(home, as_of=date(2026, 5, 15))
    assert set_by_hand(home) == NOBODY
    assert [one.kind for one in decided(home)] == ["override", "withdrawal"]


def test_a_moment_before_a_grade_was_set_does_not_know_it(home: Path) -> None:
    before = utc_now()
    override(home, "punctual", "D", date(2026, 7, 31), day=date(2026, 5, 10))
    set_ = utc_now()
    decide(home, "punctual", "--withdraw", day=date(2026, 5, 11))
    for moment, found in ((before, None), (set_, "D"), (None, None)):
        receivables.build(home, as_of=AS_OF, known_at=moment)
        assert set_by_hand(home)[1] == found
    assert ask(home, "select kind, customer_id, recorded_by from ops.rating_decision order by decision_id") == [
        ("override", "ES01:punctual", "Ana Gil"),
        ("withdrawal", "ES01:punctual", "Ana Gil"),
    ]


def test_reviews_with_grades_set_by_hand_are_the_same_whenever_they_are_looked_at(home: Path, tmp_path: Path) -> None:
    """Nights that each look back four month ends tell what one tells that looks back to the beginning."""
    quarterly = tmp_path / "quarterly"
    receivables.init(quarterly)
    (quarterly / "receivables.toml").write_text(
        "[aging]\nmonth_ends = 4\n[contracts]\nenabled = false\n", encoding="utf-8"
    )
    tell(quarterly, business(), AS_OF)
    receivables.ingest([quarterly / "inbox"], quarterly)
    receivables.build(quarterly, as_of=date(2025, 9, 30))
    for place in (home, quarterly):
        override(place, "punctual", "A", date(2026, 2, 27), day=date(2025, 10, 2))
        override(place, "late", "F", date(2026, 4, 30), day=date(2025, 12, 31))
    for day in (date(2025, 12, 31), date(2026, 3, 31), AS_OF):
        receivables.build(quarterly, as_of=day)
    receivables.build(home, as_of=AS_OF)
    told = "select * from marts.rating_history where review_date >= '2025-12-31' order by review_date, customer_id"
    found = ask(quarterly, told)
    assert found == ask(home, told)
    assert {row[-1] for row in found} == {None, "A", "F"}


def test_a_person_confirms_a_grade_until_it_changes(home: Path) -> None:
    told = decide(home, "punctual", "--confirm")
    assert (told.exit_code, told.stdout.splitlines()[0]) == (
        0,
        f"ES01:punctual: grade C as of {AS_OF} confirmed by Ana Gil",
    )
    assert "it was decided before" in decide(home, "punctual", "--confirm").stdout
    receivables.build(home, as_of=AS_OF)
    assert rating(home, "punctual", "confirmed_by", "confirmed_on") == ("Ana Gil", AS_OF)
    assert rating(home, "late", "confirmed_by", "confirmed_on") == (None, None)
    override(home, "punctual", "E", date(2026, 7, 31))
    receivables.build(home, as_of=AS_OF)
    assert rating(home, "punctual", "confirmed_by", "confirmed_on") == (None, None)
    assert [one.kind for one in decided(home)] == ["confirmation", "override"]


def test_grades_set_by_hand_are_listed_while_they_are_in_force(home: Path) -> None:
    assert command("rate", "--home", home).stdout == "no grade is set by hand\n"
    now = today()
    override(home, "late", "E", now, day=now)
    override(home, "punctual", "D", now + timedelta(days=9), day=now)
    override(home, "insolvent", "D", now - timedelta(days=1), day=now - timedelta(days=1))
    shown = command("rate", "--home", home)
    assert shown.exit_code == 0
    assert [line.split()[:3] for line in shown.stdout.splitlines()[1:]] == [
        ["ES01:late", "E", "D"],
        ["ES01:punctual", "D", "C"],
    ]
    assert REASON in shown.stdout
    decide(home, "punctual", "--withdraw", day=now)
    assert receivables.overrides(home)["customer_id"].tolist() == ["ES01:late"]


def test_a_reason_is_kept_on_one_line(home: Path) -> None:
    override(home, "punctual", "D", AS_OF, reason=" moved;\r\n\tdrop table x; --\n='1' \u2028<b>")
    receivables.build(home, as_of=AS_OF)
    assert set_by_hand(home)[2] == "moved; drop table x; -- ='1' <b>"


OVERRIDE: Final = ("--grade", "D", "--reason", "r", "--until", str(AS_OF))


@pytest.mark.parametrize(
    ("customer", "options", "message"),
    [
        ("ES01:punctuel", OVERRIDE, "got customer 'ES01:punctuel'; expected a customer of the night published last; try ES01:punctual"),
        ("lat", OVERRIDE, "got customer 'lat'; expected a customer of the night published last; try late"),
        ("late", ("--grade", "G", *OVERRIDE[2:]), "got --grade 'G'; expected one of A, B, C, D, E, F; try --grade "),
        ("late", ("--reason", "r", "--until", str(AS_OF)), "got --grade None; expected one of A, B, C, D, E, F; try --grade "),
        ("late", ("--grade", "D", "--until", str(AS_OF)), "got no reason; expected why the grade is set by hand; try --reason"),
        ("late", ("--grade", "D", "--reason", " \n ", "--until", str(AS_OF)), "got no reason;"),
        ("late", ("--grade", "D", "--reason", "r"), "got no last day; expected the last day the grade set by hand counts; try --until 2026-11-16"),
        ("late", (*OVERRIDE[:4], "--until", "2026-05-19"), "got --until 2026-05-19, which is past; expected today, 2026-05-20, or later;"),
        ("late", (*OVERRIDE[:4], "--until", "2026-11-17"), "got --until 2026-11-17, 181 days ahead; expected at most 180 days (rating.override_days_max); try --until 2026-11-16"),
        ("late", (*OVERRIDE[:4], "--until", "31.12.2026"), "got --until '31.12.2026'; expected a date such as 2026-10-31; try --until YYYY-MM-DD"),
        ("late", ("--grade", "D", "--reason", "x" * 10_000, "--until", str(AS_OF)), "got --reason of 10,000 characters; expected at most 500; try --reason with fewer words"),
        ("late", ("--grade", "D", "--reason", "a\u202eb", "--until", str(AS_OF)), "got --reason with the character U+202E, which nobody sees;"),
        ("late", ("--withdraw",), "got --withdraw for ES01:late, which has no override in force;"),
        ("new", ("--confirm",), "got customer ES01:new, which has no grade as of 2026-05-20;"),
        ("late", ("--withdraw", "--confirm"), "got more than one of --grade, --withdraw and --confirm; expected one decision;"),
        ("late", (), "got 'late' and no decision; expected one decision;"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused_in_one_line_and_changes_nothing(
    customer: str, options: tuple[str, ...], message: str, rated_home: Path
) -> None:
    before = seal(rated_home / "lake")
    ended = decide(rated_home, customer, *options)
    assert ended.exit_code == 2
    assert ended.only_message().startswith(message)
    assert decided(rated_home) == []
    assert seal(rated_home / "lake") == before


def test_an_option_needs_a_customer_and_a_customer_a_published_night(rated_home: Path, empty_home: Path) -> None:
    ended = command("rate", "--withdraw", "--home", rated_home)
    assert (ended.exit_code, ended.only_message()) == (
        2,
        "got --withdraw without a customer; expected whose rating it is about; try receivables rate CUSTOMER",
    )
    for arguments in ((), ("C1", "--confirm")):
        ended = command("rate", *arguments, "--home", empty_home)
        assert ended.exit_code == 2
        assert "expected a home in which a night was published" in ended.only_message()


def test_an_id_that_two_companies_have_needs_its_company(home: Path) -> None:
    two = {name: business()[name] for name in ("company", "customer", "document")}
    tell(home, {name: [row | {"company_id": "DE01"} for row in rows] for name, rows in two.items()}, AS_OF, "DE01")
    receivables.ingest([home / "inbox"], home)
    receivables.build(home)
    ended = override(home, "late", "F", AS_OF)
    assert (ended.exit_code, ended.only_message()) == (
        2,
        "got customer 'late', which 2 companies have; expected one customer; try DE01:late or ES01:late",
    )
    assert override(home, "DE01:late", "F", AS_OF).exit_code == 0
    assert [one.customer_id for one in decided(home)] == ["DE01:late"]


def test_a_decision_is_copied_into_the_lake_for_its_user_alone(home: Path) -> None:
    override(home, "punctual", "D", AS_OF)
    (one,), (copy,) = decided(home), copies(home)
    assert copy.stem == one.decision_id
    told = json.loads(copy.read_text(encoding="utf-8"))
    assert (told["customer_id"], told["grade"], told["reason"], told["until"]) == (
        "ES01:punctual",
        "D",
        REASON,
        str(AS_OF),
    )
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    before = seal(copy.parent)
    decide(home, "punctual", "--withdraw")
    receivables.build(home)
    assert before.items() <= seal(copy.parent).items()


POINTS: Final = {
    "nothing is recorded yet": ("receivables.decisions:record", 1, "before"),
    "it is in the store, not in the lake": ("receivables.decisions:_copy", 1, "before"),
    "its copy is written, not yet in its place": ("receivables.lake:settle", 1, "before"),
    "its copy is in the lake, the run does not know yet": ("receivables.decisions:record", 1, "after"),
}
"""Where the process is killed: a function, which call of it, before or after that call."""

KILLED: Final = f"""{KILLING}
from datetime import date
from receivables import verbs
verbs.today = lambda: date({AS_OF.year}, {AS_OF.month}, {AS_OF.day})
receivables.rate("punctual", home, grade="D", reason={REASON!r}, until=verbs.today(), by="Ana Gil")
"""


@pytest.mark.slice(2)
@pytest.mark.parametrize("point", POINTS)
def test_a_decision_that_was_cut_off_is_neither_lost_nor_doubled(point: str, home: Path) -> None:
    with script(KILLED, home, *map(str, POINTS[point])) as run:
        assert run.wait(60) == -signal.SIGKILL, run.communicate()[1]
    recorded = decided(home)
    assert len(recorded) == (point != "nothing is recorded yet")
    receivables.build(home)
    assert [copy.stem for copy in copies(home)] == [one.decision_id for one in recorded]
    assert set_by_hand(home)[:2] == (("D", "D") if recorded else ("C", None))
    again = override(home, "punctual", "D", AS_OF)
    assert ("it was decided before" in again.stdout) == bool(recorded)
    assert len(decided(home)) == len(copies(home)) == 1
    assert half_done(home) == []


def test_a_lost_store_loses_no_decision(home: Path) -> None:
    override(home, "punctual", "D", AS_OF)
    before = decided(home)
    (home / "state.sqlite").unlink()
    for beside in home.glob("state.sqlite-*"):
        beside.unlink()
    receivables.ingest([home / "inbox"], home)
    receivables.build(home)
    assert set_by_hand(home)[:2] == ("D", "D")
    assert decided(home) == before


def test_a_store_of_an_earlier_version_takes_decisions(home: Path) -> None:
    with sqlite3.connect(home / "state.sqlite") as con:
        con.execute("drop table rating_decision")
    assert override(home, "punctual", "D", AS_OF).exit_code == 0
    assert len(decided(home)) == 1
