"""The rendered file: self-contained, closed to the network, the same figures in every language, no name able to break it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from night_frames import COMPANIES, HOSTILE_NAMES, Night, night, refused_batch
from receivables.errors import UsageError
from receivables.language import language_in, plain, shortened
from receivables.pages import night_page
from receivables.render import LANGUAGES, render

SNAPSHOTS: Final = Path(__file__).with_name("snapshots")
UPDATE: Final = "RECEIVABLES_UPDATE_SNAPSHOTS"
VOID: Final = {"meta", "link", "br", "hr", "img", "input"}


class Document(HTMLParser):
    """What a reader of the page meets: its text in lines, its elements, its scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._lines: list[str] = [""]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attrs).get("type") or "", ""))
        if tag in {"p", "h1", "h2", "h3", "li", "tr", "dt", "caption", "figcaption", "div"}:
            self._lines.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"
        if tag in {"td", "th"}:
            self._lines[-1] += " | "

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            kind, source = self.scripts[-1]
            self.scripts[-1] = (kind, source + data)
        elif self._open and self._open[-1] != "style" and "template" not in self._open:
            self._lines[-1] += data

    @property
    def text(self) -> str:
        lines = (" ".join(line.split()).strip(" |") for line in self._lines)
        return "\n".join(line for line in lines if line) + "\n"


def troubled() -> Night:
    """A night with everything that can be said about one."""
    made = night()
    made.batches.append(refused_batch(9, "open items.csv"))
    made.batches[2]["status"] = "needs_person"
    made.batches[3] |= {"control_total_file": made.batches[3]["control_total"] + 1}
    made.issues.append(
        {"batch_id": 9, "reason_code": "COL_MISSING", "action": "reject_file", "count": 1000, "column_name": "due_date"}
    )
    made.issues.append({"batch_id": 1, "reason_code": "BRAND_NEW", "action": "accept_warn", "count": 3})
    made.control_off["ES01", "USD"] = Decimal(1)
    made.aging[0]["disputed_local"] = Decimal("12.50")
    made.moved["ES01"] = Decimal("0.1")
    made.reporting_currency = "EUR"
    made.untold.add(("MX01", "USD"))
    return made


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    page = night_page(troubled().frames())
    return {language: render(page, language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def documents(files: dict[str, str]) -> dict[str, Document]:
    return {language: Document(html) for language, html in files.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_of_the_page_is_the_reviewed_one(documents: dict[str, Document], language: str) -> None:
    path = SNAPSHOTS / f"night.{language}.txt"
    if os.environ.get(UPDATE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(documents[language].text, encoding="utf-8")
    assert documents[language].text == path.read_text(encoding="utf-8"), (
        f"set {UPDATE}=1 to accept the new text, then review it"
    )


def test_no_snapshot_is_left_over() -> None:
    assert {path.name for path in SNAPSHOTS.iterdir()} == {f"night.{language}.txt" for language in LANGUAGES}


@pytest.mark.parametrize(("language", "html_language"), [("en", "en"), ("es", "es"), ("zh", "zh-Hans")])
def test_the_page_says_its_language_and_has_landmarks(
    documents: dict[str, Document], language: str, html_language: str
) -> None:
    elements = documents[language].elements
    assert ("html", {"lang": html_language}) in elements
    tags = [tag for tag, _ in elements]
    assert all(tags.count(tag) == 1 for tag in ("header", "nav", "main", "footer", "h1"))
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attributes for tag, attributes in elements if tag == "th")
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"] or "" for tag, attributes in elements if tag == "a"}
    within = {target for target in targets if not target.startswith(f"definitions-{language}.html")}
    assert within <= {f"#{name}" for name in ids}


def test_every_chart_says_in_words_what_it_shows(documents: dict[str, Document]) -> None:
    pictures = [attributes for _, attributes in documents["en"].elements if attributes.get("role") == "img"]
    assert all((picture["aria-label"] or "?") in documents["en"].text for picture in pictures)
    charts = [picture for picture in pictures if picture.get("class") == "chart"]
    assert len(charts) == 15
    stills = [
        attributes["class"]
        for tag, attributes in documents["en"].elements
        if tag == "svg" and "still" in (attributes.get("class") or "")
    ]
    assert len(stills) >= len(charts)
    ids = {attributes.get("id") for _, attributes in documents["en"].elements}
    for chart in charts:
        assert chart["aria-label"]
        assert chart["aria-label"] in documents["en"].text
        assert chart["data-figure"] in ids
        assert "hidden" not in chart, "the still drawing is seen before and without the other"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_from_anywhere(files: dict[str, str], documents: dict[str, Document], language: str) -> None:
    for tag, attributes in documents[language].elements:
        assert not {"src", "srcset", "data", "action", "background", "poster"} & set(attributes), tag
        led = ("#", "data:,", f"definitions-{language}.html") if tag == "a" else ("#", "data:,")
        assert (attributes.get("href") or "#").startswith(led)
    style = re.findall(r"<style>(.*?)</style>", files[language], re.DOTALL)
    assert not any("url(" in sheet or "@import" in sheet for sheet in style)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_policy_lets_our_three_scripts_run_and_nothing_else(documents: dict[str, Document], language: str) -> None:
    (policy,) = [a["content"] or "" for tag, a in documents[language].elements if tag == "meta" and "http-equiv" in a]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    programs = [source for kind, source in documents[language].scripts if not kind]
    assert len(programs) == 3
    digests = [base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() for source in programs]
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert set(rules) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_the_tables_figures(documents: dict[str, Document], language: str) -> None:
    words, text = language_in(language), documents[language].text
    cells = {cell for line in text.splitlines() for cell in line.split(" | ")}
    for currency in ("EUR", "MXN"):
        rows = [row for row in troubled().aging if COMPANIES[row["company_id"]][1] == currency]
        for bucket in {row["bucket"] for row in rows}:
            assert words.amount(sum(row["open_local"] for row in rows if row["bucket"] == bucket), currency) in cells
        total = sum(row["open_local"] for row in rows)
        assert words.amount(total, currency) in cells
        assert words.money(total, currency).replace("\u00a0", " ") in text


def test_a_normal_night_says_so_and_what_is_missing_from_it() -> None:
    made = night()
    text = Document(render(night_page(made.frames()), "en")).text
    assert "Published normally. No file was refused and the aging ties to the ledger. 8 lines are quarantined" in text
    assert "needs a person" not in text.casefold()
    for row in made.batches:
        row |= {"lines_quarantined": 0, "lines_loaded": 997}
    assert "8 lines" not in Document(render(night_page(made.frames()), "en")).text


def test_a_refused_file_of_no_known_company_is_named_too() -> None:
    made = night()
    made.batches.append(refused_batch(9, "mystery.bin", company_id="", profile_id=""))
    text = Document(render(night_page(made.frames()), "en")).text
    assert "mystery.bin was refused. The figures of the earlier files are kept for the company it belongs to." in text


def test_a_night_with_nothing_in_it_is_still_a_page() -> None:
    made = night(customers=0)
    made.aging, made.batches, made.issues = [], [], []
    text = Document(render(night_page(made.frames()), "en")).text
    assert "No customer has an open item." in text
    assert "No file was loaded in this run" in text
    assert "Nothing was refused or quarantined." in text
    assert "Nothing was assumed or repaired." in text


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError, match="'de'"):
        render(night_page(night().frames()), "de")


@pytest.fixture(scope="module")
def hostile() -> Night:
    """A night in which every text a file can bring is hostile."""
    made = night(names=HOSTILE_NAMES)
    bad = HOSTILE_NAMES[1]
    made.batches.append(refused_batch(9, HOSTILE_NAMES[0], company_id=bad, profile_id=bad))
    made.issues += [
        {
            "batch_id": 9,
            "reason_code": name,
            "action": action,
            "count": 1,
            "column_name": name,
            "raw_value": name,
            "raw_line": name,
        }
        for name in HOSTILE_NAMES
        for action in ("quarantine", "accept_warn", "skip")
    ]
    made.issues += [
        {"batch_id": 1, "reason_code": "ASSUMED_VALUE", "action": "repair", "column_name": name, "repaired_value": name}
        for name in HOSTILE_NAMES
    ]
    made.runs[0] |= {"run_id": bad, "code_version": bad, "settings_sha256": bad}
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_a_file_becomes_markup_or_a_control_character(hostile: Night, language: str) -> None:
    html = render(night_page(hostile.frames(), top_customers=60), language)
    document = Document(html)
    plainly = Document(render(night_page(night().frames(), top_customers=60), language))
    assert {tag for tag, _ in document.elements} == {tag for tag, _ in plainly.elements}
    assert not [name for _, attributes in document.elements for name in attributes if name.startswith("on")]
    assert len([kind for kind, _ in document.scripts if not kind]) == 3
    body = html[: html.index("<script>")]
    assert not re.search("[\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]", body)
    assert shortened(HOSTILE_NAMES[0], 70) in document.text
    assert plain(HOSTILE_NAMES[4]) in document.text
    assert "x" * 400 not in body
    for _, source in [script for script in document.scripts if script[0]]:
        assert not re.search("[<>&]", source)
        json.loads(source)
