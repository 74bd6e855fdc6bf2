"""Customers' pages as a night leaves them: whole, led to, private, swept; and the command that says where one is."""

from __future__ import annotations

import re
import shutil
import signal
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest

import receivables
from homes import KILLING, ask, command, half_done, script, seal
from rated_business import AS_OF
from receivables.chapters.customer_file import customer_files
from receivables.customer_pages import page_name
from receivables.deliver import forget_pages

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wide

LINK: Final = re.compile(r'href="((?!#|data:)[^"#]+)[^"]*"')
POINTS: Final = {
    "a page is written": ("pathlib:Path.write_bytes", 2, "after"),
    "a set is written, not yet named": ("receivables.deliver:_Writing.ended", 1, "before"),
    "a set is named, no report leads to it": ("receivables.deliver:_Writing.ended", 1, "after"),
    "the report of the night leads to it, the delivered one not yet": (
        "receivables.deliver:deliver_pages",
        1,
        "before",
    ),
    "a link is half made": ("pathlib:Path.symlink_to", 3, "after"),
    "all is delivered, nothing is forgotten": ("receivables.deliver:forget_pages", 1, "before"),
}
"""Where the process is killed: a function, which call of it, before or after that call."""


@pytest.fixture(scope="module")
def told(rated_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose report was delivered; not to be changed."""
    home = tmp_path_factory.mktemp("pages") / "home"
    shutil.copytree(rated_home, home, symlinks=True)
    receivables.report(home)
    return home


@pytest.fixture
def home(told: Path, tmp_path: Path) -> Path:
    """A home of one's own whose report was delivered."""
    copy = tmp_path / "home"
    shutil.copytree(told, copy, symlinks=True)
    return copy


def setting(home: Path, line: str) -> None:
    """Put a setting of the report in force."""
    path, (name, _, value) = home / "receivables.toml", line.partition(" = ")
    text, count = re.subn(rf"^#?{name} = [^#\n]*", f"{name} = {value}  ", path.read_text("utf-8"), flags=re.MULTILINE)
    assert count == 1
    path.write_text(text, encoding="utf-8")


def led_to(page: Path) -> set[Path]:
    """The files a page leads to, as a browser resolves them: by the words of its own path."""
    found, markup = set(), re.sub(r"<script>.*?</script>", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in LINK.findall(markup):
        parts = list(page.parent.parts)
        for part in link.split("/"):
            if part == "..":
                parts.pop()
            else:
                parts.append(part)
        found.add(page.parent.joinpath(*parts))
    return found


def check_links(home: Path) -> set[Path]:
    """Every link of the delivered report, of the list it leads to and of all pages leads to a file; the customers' pages."""
    report = home / "out" / "receivables-en.html"
    pages = {page for page in led_to(report) if page.parent != report.parent}
    assert [page for page in pages if not page.is_file()] == []
    (index,) = [page for page in pages if page.name == "index.html"]
    listed = {page for page in led_to(index) if page != report}
    assert pages - {index} <= listed
    for page in listed:
        assert led_to(page) == {report, index}
    return listed


def sets(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if re.search(r"-[0-9a-f]{8}$", path.name))


def test_who_owes_and_whose_rating_asks_has_a_page_that_the_report_leads_to(home: Path) -> None:
    pages = check_links(home)
    assert {page.name for page in led_to(home / "out" / str(AS_OF) / "receivables-en.html")} >= {"index.html"}
    owing = {name for (name,) in ask(home, "select distinct customer_id from marts.open_item")}
    assert {page_name("ES01", customer) for customer in owing} <= {page.name for page in pages}
    assert page_name("ES01", "ES01:unheard") not in {page.name for page in pages}
    assert (home / "out" / "customers" / "en" / "index.html").is_file()


def test_the_pages_together_say_what_the_aging_says(home: Path) -> None:
    with receivables.open_warehouse(home) as warehouse:
        files = list(customer_files(warehouse.rows, 3, 90))
    aged = dict(ask(home, "select customer_id, sum(open_local) from marts.aging group by customer_id"))
    assert {file.who.customer_id: file.of_all for file in files if file.items} == aged
    assert all(file.of_all == file.who.balance for file in files)
    assert any(file.others for file in files)
    late = next(file for file in files if file.who.customer_id == "ES01:late")
    assert (late.standing and late.standing.grade) == ask(
        home, "select grade from marts.rating where customer_id = 'ES01:late'"
    )[0][0]
    assert late.months[-1].day == AS_OF
    assert late.integrity is not None
    (debt,) = [file for file in files if file.who.customer_id == "ES01:old_debt"]
    assert debt.who.owed == Decimal(4000)


def test_a_report_made_again_keeps_the_pages_it_made(home: Path) -> None:
    before = seal(home / "out" / str(AS_OF) / "customers")
    receivables.report(home)
    assert seal(home / "out" / str(AS_OF) / "customers").keys() == before.keys()
    folder = home / "out" / str(AS_OF) / "customers"
    assert {name: told for name, told in seal(folder).items() if name.endswith(".html")} == {
        name: told for name, told in before.items() if name.endswith(".html")
    }


def test_other_pages_take_the_place_of_those_before(home: Path) -> None:
    (before,) = sets(home / "out" / "customers")
    setting(home, "customer_items = 1")
    receivables.report(home)
    (after,) = sets(home / "out" / "customers")
    assert before != after
    assert sets(home / "out" / str(AS_OF) / "customers") == [after]
    check_links(home)


@pytest.mark.slice(2)
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_leaves_the_report_of_before_whole_and_the_next_night_sweeps(point: str, home: Path) -> None:
    setting(home, "customer_items = 1")
    with script(f"{KILLING}receivables.report(home)", home, *map(str, POINTS[point])) as killed:
        assert killed.wait(60) == -signal.SIGKILL, killed.communicate()[1]
    check_links(home)
    receivables.report(home)
    check_links(home)
    assert half_done(home) == []
    assert len(sets(home / "out" / "customers")) == len(sets(home / "out" / str(AS_OF) / "customers")) == 1


def test_a_report_in_another_language_leaves_the_pages_of_the_first(home: Path) -> None:
    receivables.report(home, languages=["zh"])
    check_links(home)
    assert [name[:2] for name in sets(home / "out" / "customers")] == ["en", "zh"]
    assert 'lang="zh-Hans"' in (home / "out" / "customers" / "zh" / "index.html").read_text("utf-8")


def test_a_report_nobody_is_to_get_leaves_the_delivered_pages(home: Path) -> None:
    setting(home, "customer_items = 1")
    (before,) = sets(home / "out" / "customers")
    receivables.nightly(home, deliver=False)
    assert sets(home / "out" / "customers") == [before]
    check_links(home)
    assert len(sets(home / "out" / str(AS_OF) / "customers")) == 2


def test_who_wants_no_pages_has_none(home: Path) -> None:
    setting(home, 'customer_pages = "off"')
    receivables.report(home)
    assert list((home / "out").rglob("*-????????/*.html")) == []
    assert not (home / "out" / "customers" / "en").exists()
    assert {page.parent for page in led_to(home / "out" / "receivables-en.html")} <= {home / "out"}


def test_only_the_latest_dates_keep_their_pages_and_what_was_delivered(tmp_path: Path) -> None:
    for day in ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"):
        name = f"en-R{day[5:7]}-0123abcd"
        (tmp_path / day / "customers" / name).mkdir(parents=True)
        (tmp_path / day / "customers" / "en").symlink_to(name)
    (tmp_path / "customers").mkdir()
    (tmp_path / "customers" / "en-R01-0123abcd").symlink_to("../2026-01-31/customers/en-R01-0123abcd")
    (tmp_path / "customers" / "en").symlink_to("en-R01-0123abcd")
    forget_pages(tmp_path, 2)
    assert [path.parent.parent.name for path in sorted(tmp_path.glob("2026-*/customers/en-*"))] == [
        "2026-01-31",
        "2026-03-31",
        "2026-04-30",
    ]
    assert (tmp_path / "customers" / "en").is_dir()
    assert not (tmp_path / "2026-02-28" / "customers").exists()


def test_the_command_says_where_the_page_of_the_night_is(home: Path) -> None:
    runs = len(ask(home, "select 1 from ops.run")), receivables.status(home).last_run
    ended = command("customer", "late", "--home", home)
    page = home / "out" / "customers" / "en" / page_name("ES01", "ES01:late")
    assert (ended.exit_code, ended.stdout) == (0, f"page (en): {page}\n")
    assert page.is_file()
    assert (len(ask(home, "select 1 from ops.run")), receivables.status(home).last_run) == runs, "nothing was written"


def test_the_command_writes_a_page_that_the_night_did_not(home: Path) -> None:
    told = receivables.customer("ES01:unheard", home, languages=["es", "en"])
    assert list(told) == ["es", "en"]
    for page in told.values():
        text = page.read_text("utf-8")
        assert "ES01:unheard" in text
        assert LINK.findall(text) == []
    receivables.report(home)
    check_links(home)


def test_the_command_names_the_nearest_customer_and_language(home: Path, empty_home: Path) -> None:
    assert command("customer", "latte", "--home", home).only_message() == (
        "got customer 'latte'; expected a customer of the night published last; try late"
    )
    assert (
        "expected one of en, es, zh" in command("customer", "late", "--language", "fr", "--home", home).only_message()
    )
    assert "a home in which a night was published" in command("customer", "late", "--home", empty_home).only_message()
