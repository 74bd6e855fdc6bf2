"""The body of a mail: short, without scripts, harmless whatever customers are called, the same in words where pictures are not shown."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import sync_playwright

from night_frames import HOSTILE_NAMES, night
from receivables.chapters.movers import Mover, Movers
from receivables.charts import picture
from receivables.language import language_in, shortened
from receivables.letter import BODY_BYTES, Letter, letter
from receivables.page_model import Part
from receivables.pages import night_page
from receivables.render import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Request

    from receivables.page_model import NightPage

MOVED: Final = tuple(
    Movers(
        currency=currency,
        since=date(2026, 5, 31),
        change=Decimal("-12.5"),
        rose=tuple(Mover(f"C{n}", name, Decimal(100 + n), Decimal(50 + n)) for n, name in enumerate(HOSTILE_NAMES)),
        fell=(Mover("(unidentified)", "(unidentified)", Decimal(0), Decimal(-99)),),
    )
    for currency in ("EUR", "MXN")
)
PART: Final = Part(("Comercial <b>Ibáñez</b>",), ("CN 北区",), ('<img src="x">', "李文澜"))


@pytest.fixture(scope="module")
def page() -> NightPage:
    return night_page(night(names=HOSTILE_NAMES).frames())


@pytest.fixture(scope="module")
def letters(page: NightPage) -> dict[str, Letter]:
    return {
        language: letter(page, MOVED, language, attached="report.zip", link="https://reports.example.com/")
        for language in LANGUAGES
    }


class Read(HTMLParser):
    """The elements of a body, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_body_is_short_and_has_nothing_that_runs_or_loads(letters: dict[str, Letter], language: str) -> None:
    made = letters[language]
    read = Read(made.html)
    assert len(made.html.encode()) < BODY_BYTES
    assert {tag for tag, _ in read.elements} <= {
        *("html", "head", "meta", "title", "body", "div", "h1", "h2", "h3", "p", "strong", "bdi", "small", "img", "a"),
        *("table", "tbody", "tr", "th", "td"),
    }
    assert [name for _, attributes in read.elements for name in attributes if name.startswith("on")] == []
    assert {attributes["href"] for tag, attributes in read.elements if tag == "a"} == {"https://reports.example.com/"}
    assert all((attributes["src"] or "").startswith("cid:") for tag, attributes in read.elements if tag == "img")
    assert all(attributes.get("style") for tag, attributes in read.elements if tag in {"th", "td", "h1", "h2"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_and_plain_text_tell_the_same_figures(page: NightPage, letters: dict[str, Letter], language: str) -> None:
    words, made = language_in(language), letters[language]
    read = " ".join(Read(made.html).text.split())
    for ledger in page.ledgers:
        for amount in (ledger.headline.total, ledger.headline.overdue, ledger.headline.overdue_90):
            told = words.money(amount, ledger.currency)
            assert " ".join(told.split()) in read
            assert told in made.text
    for moved in MOVED:
        assert f"+{words.amount(moved.rose[-1].change, moved.currency)}" in made.text
    assert words.text("Unidentified payer") in read
    assert words.text("Unidentified payer") in made.text


def test_hostile_names_are_letters(letters: dict[str, Letter]) -> None:
    made = letters["en"]
    read = Read(made.html)
    for name in HOSTILE_NAMES:
        assert " ".join(shortened(name, 60).split()) in " ".join(read.text.split())
        assert shortened(name, 60) in made.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x09\x0b-\x1f]", made.text + made.html)


def test_whose_receivables_they_are_is_told_in_subject_and_body(page: NightPage) -> None:
    made = letter(replace(page, part=PART), (), "en")
    assert made.subject == 'Receivables of <img src="x">, 李文澜 as of 30 June 2026'
    sentence = (
        'This is a part of the report: customers of <img src="x">, 李文澜 in CN 北区, Comercial <b>Ibáñez</b>.'
        " All figures are of these customers alone."
    )
    assert sentence in made.text
    assert sentence in " ".join(Read(made.html).text.split())
    assert "Published" not in made.text
    assert "There is no month end before to compare with." in made.text


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part(("A", "B")), "This is a part of the report: A, B."),
        (Part(("A",), ("N", "S")), "customers in N, S, A."),
        (Part(("A",), (), tuple("abcdefgh")), "customers of a, b, c, d, e, f, 2 more, A."),
    ],
)
def test_a_part_is_told_by_its_names(page: NightPage, part: Part, said: str) -> None:
    assert said in letter(replace(page, part=part), (), "en").text


def test_a_report_that_is_mailed_again_says_so(page: NightPage) -> None:
    assert letter(page, (), "en", is_again=True).subject == "Sent again: Receivables as of 30 June 2026"


def test_a_body_that_would_be_cut_off_names_fewer(page: NightPage) -> None:
    many = tuple(replace(moved, rose=moved.rose * 100, fell=moved.fell * 100) for moved in MOVED)
    made = letter(page, many, "en")
    assert len(made.html.encode()) < BODY_BYTES
    assert made.html.count("<bdi") > 4


# Pictures ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("cjk_font")
@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_are_small_and_stand_where_the_body_names_them(letters: dict[str, Letter], language: str) -> None:
    made = letters[language]
    named = re.findall(r'src="cid:([^"]+)"', made.html)
    assert sorted(named) == sorted(made.pictures)
    assert len(named) == 5  # two ledgers, three companies
    for content in made.pictures.values():
        assert content.startswith(b"\x89PNG\r\n")
        assert 2_000 < len(content) < 60_000
        assert int.from_bytes(content[16:20], "big") == 2 * picture.WIDTH


def test_without_a_font_the_text_stands_alone(page: NightPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_font", {"latin": None, "cjk": None}.get)
    made = letter(page, MOVED, "zh")
    assert made.pictures == {}
    assert "<img" not in made.html
    assert language_in("zh").money(page.ledgers[0].headline.total, "EUR") in Read(made.html).text


def test_without_a_font_for_chinese_only_chinese_goes_without(page: NightPage, monkeypatch: pytest.MonkeyPatch) -> None:
    latin = picture._font("latin")
    if latin is None:
        pytest.skip("no font at all")
    monkeypatch.setattr(picture, "_font", {"latin": latin, "cjk": None}.get)
    assert letter(page, MOVED, "es").pictures
    assert letter(page, MOVED, "zh").pictures == {}


def test_fonts_are_looked_for_where_the_system_keeps_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    find = picture._font.__wrapped__
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    picture._font.cache_clear()
    assert find("cjk") is None
    font = tmp_path / "shared" / "fonts" / "noto" / "NotoSansCJK-Regular.ttc"
    font.parent.mkdir(parents=True)
    font.touch()
    picture._font.cache_clear()
    assert find("cjk") == find("latin") == (str(font), "Noto Sans CJK SC")
    picture._font.cache_clear()


# In a browser --------------------------------------------------------------------------------------------------------


def note(requests: list[str], request: Request) -> None:
    requests.append(request.url)


@pytest.fixture(scope="module")
def shown(chromium_path: Path, letters: dict[str, Letter]) -> dict[tuple[str, bool], dict[str, object]]:
    """What a reader sees of each body, with pictures and without: its text, how wide it is, pictures that are drawn."""
    found = {}
    with sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        for language, made in letters.items():
            for has_pictures in (True, False):
                html = made.html
                for cid, content in made.pictures.items():
                    data = f"data:image/png;base64,{base64.b64encode(content).decode()}"
                    html = html.replace(f"cid:{cid}", data if has_pictures else "data:,")
                window = browser.new_page(viewport={"width": 360, "height": 740})
                requests: list[str] = []
                window.on("request", partial(note, requests))
                window.set_content(html)
                found[language, has_pictures] = {
                    "text": window.inner_text("body"),
                    "overflow": window.evaluate(
                        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                    ),
                    "drawn": window.eval_on_selector_all(
                        "img", "all => all.filter(one => one.naturalWidth > 0).length"
                    ),
                    "alternatives": window.eval_on_selector_all("img", "all => all.map(one => one.alt)"),
                    "heights": window.eval_on_selector_all("img", "all => all.map(one => one.clientHeight)"),
                    "requests": [url for url in requests if not url.startswith("data:")],
                }
                window.close()
        browser.close()
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("has_pictures", [True, False])
def test_a_reader_sees_all_figures_on_a_phone(
    page: NightPage, shown: dict[tuple[str, bool], dict[str, object]], language: str, *, has_pictures: bool
) -> None:
    seen, words = shown[language, has_pictures], language_in(language)
    assert seen["requests"] == []
    assert seen["overflow"] == 0
    assert seen["drawn"] == (5 if has_pictures else 0)
    text = " ".join(str(seen["text"]).split())
    for ledger in page.ledgers:
        assert " ".join(words.money(ledger.headline.total, ledger.currency).split()) in text
        for line in ledger.lines:
            assert not line.items or words.amount(line.amount, ledger.currency) in text
    # where a picture is not shown the sentence in its place is, and takes room
    assert all(len(told) > 20 for told in seen["alternatives"])  # type: ignore[attr-defined]
    assert all(height > 10 for height in seen["heights"])  # type: ignore[attr-defined]
