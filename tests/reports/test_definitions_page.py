"""The definitions page: everything that the report, the files and the rules name stands on it, with what was in force that night."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import pytest

import receivables
from browsing import PHONE, launched
from night_frames import HOSTILE_NAMES, night
from receivables.chapters.definitions import FAMILIES, SECTIONS, thresholds_of
from receivables.definition_wording import TERMS
from receivables.detectors import DETECTORS
from receivables.flag_wording import TESTED, flag_name
from receivables.language import DICTIONARY, language_in
from receivables.measure_wording import MEASURES, measure_meaning, measure_name
from receivables.operands import FORMULAS, OPERANDS
from receivables.pages import night_page
from receivables.rating_wording import ATTRIBUTES, EVENTS, SUPPLIES
from receivables.render import render, render_definitions
from receivables.schema import TABLES
from receivables.settings import BLOCKS, GRADES, LANGUAGES, Settings
from receivables.templates import INTERNAL
from receivables.wording import bucket_label

each_language: Final = pytest.mark.parametrize("language", LANGUAGES)


@cache
def shipped_page(language: str) -> str:
    """The page of a night built with the settings as shipped."""
    return page_of(language)


def page_of(language: str, **sections: Any) -> str:
    """The page of a night built with these settings."""
    return render_definitions(night_page(replace(night(customers=3), settings=Settings(**sections)).frames()), language)


def place(source: str, anchor: str) -> str:
    """The text of the row, or of the word with its meaning, that an anchor leads to."""
    return _places(source)[anchor]


@lru_cache(maxsize=4)
def _places(source: str) -> dict[str, str]:
    found = re.findall(r'<(?:tr|dt) id="([^"]+)">(.*?)</(?:tr|dd)>', source, re.DOTALL)
    return {anchor: " ".join(html.unescape(re.sub(r"<[^>]+>", "", told)).split()) for anchor, told in found}


@each_language
def test_every_word_measure_and_operand_stands_on_it(language: str) -> None:
    source, words = shipped_page(language), language_in(language)
    for name, term in TERMS.items():
        assert place(source, f"term-{name}").startswith(f"{words.text(term.name)} {words.text(term.meaning)}")
    for metric, formula in FORMULAS.items():
        told = place(source, f"measure-{metric}")
        for part in (measure_name(metric, words), measure_meaning(metric, words), formula.text):
            assert part in told
        assert f"receivables trace --metric {metric}" in told
        assert all(f'href="#operand-{name}"' in source for name in (*formula.operands, *formula.beside))
    for name, operand in OPERANDS.items():
        told = place(source, f"operand-{name}")
        assert words.text(operand.meaning) in told
        assert operand.rows in told


def test_what_a_word_means_is_written_in_one_place() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in Path(receivables.__file__).parent.rglob("*.py")}
    for name, term in TERMS.items():
        assert [path.name for path, source in sources.items() if term.meaning in source] == ["definition_wording.py"], (
            name
        )


@each_language
def test_every_bucket_grade_event_and_attribute_stands_on_it(language: str) -> None:
    page, words = night_page(night(customers=3).frames()), language_in(language)
    source = render_definitions(page, language)
    for bucket in page.buckets:
        assert place(source, f"bucket-{bucket.key}").startswith(bucket_label(bucket, words.text))
    shipped = Settings()
    for number, grade in enumerate(GRADES):
        told = place(source, f"grade-{grade}")
        assert words.text(SUPPLIES[shipped.credit_limit.supply[number]]) in told
        assert str(shipped.credit_limit.terms_days[number]) in told
        assert (str(shipped.rating.grade_edges[number - 1]) if number else "–") in told
    for event, best, _ in shipped.rating.hard_event_caps:
        assert f"{words.text(EVENTS[event])} {best}" in place(source, f"event-{event}")
    for attribute in shipped.scorecard.attributes():
        assert words.text(ATTRIBUTES[attribute.name]) in place(source, f"attribute-{attribute.name}")
    assert {attribute.block for attribute in shipped.scorecard.attributes()} == set(BLOCKS)


@each_language
def test_every_detector_stands_on_it_with_what_it_needs_and_goes_by(language: str) -> None:
    source, words = shipped_page(language), language_in(language)
    for detector in DETECTORS.values():
        told = place(source, f"detector-{detector.id}")
        assert told.startswith(f"{flag_name(detector.id, words)} {words.text(TESTED[detector.id])}")
        assert detector.id in told
        assert all(need.name in told or need.table.startswith("marts.") for need in detector.needs)
        assert all(f"{name} = " in told for _, name in thresholds_of(detector))


@each_language
def test_every_column_of_the_dictionary_stands_on_it(language: str) -> None:
    source, words = shipped_page(language), language_in(language, DICTIONARY)
    for table in TABLES.values():
        if table.name in INTERNAL:
            continue
        assert words.text(table.grain) in place(source, f"table-{table.name}")
        for column in table.columns.values():
            told = place(source, f"column-{table.name}-{column.name}")
            assert told.startswith(column.name)
            assert words.text(column.meaning) in told
            assert all(choice in told for choice in column.choices)


def test_every_threshold_of_detectors_is_one_of_some_detector() -> None:
    told = {key for detector in DETECTORS.values() for key in thresholds_of(detector)}
    assert told == {(section, name) for section in FAMILIES for name in type(getattr(Settings(), section)).model_fields}


def test_a_rule_has_the_thresholds_that_its_models_name_and_no_others() -> None:
    told = {name for _, name in thresholds_of(DETECTORS["missing_own_invoice"])}
    assert told == {"episode_days", "tax_invoice_papers", "tax_invoice_days"}


@pytest.mark.parametrize(
    ("section", "name", "value", "anchor", "before", "after"),
    [
        ("anomaly_ledger", "tax_invoice_days", 21, "detector-missing_own_invoice", "days = 15", "days = 21"),
        (
            "anomaly_ledger",
            "tax_invoice_papers",
            (),
            "detector-missing_own_invoice",
            "papers = tax_invoice",
            "papers = –",
        ),
        ("anomaly_buying", "drift_limit", Decimal("7.5"), "detector-lateness_drift", "drift_limit = 5", "limit = 7.5"),
        ("anomaly", "cool_down_days", 14, "setting-anomaly-cool_down_days", "30 days", "14 days"),
        ("curve", "window_months", 36, "setting-curve-window_months", "24 months", "36 months"),
        ("rating", "grade_edges", (30, 40, 50, 60, 71), "grade-A", "A 75", "A 71"),
        ("rating", "hysteresis_points", 4, "setting-rating-hysteresis_points", "3 points", "4 points"),
        ("rating", "hard_event_caps", [("closure", "E", 99)], "event-closure", "F 3,650", "E 99"),
        ("credit_limit", "terms_days", (0, 15, 30, 45, 60, 90), "grade-A", "60 1.25", "90 1.25"),
        ("scorecard", "trend_days", [[0, 6], [12, 0]], "attribute-trend_days", "10 → 3; 30 → 0", "0 → 6; 12 → 0"),
        ("ledger", "fx_rate_days", 3, "setting-ledger-fx_rate_days", "7 days", "3 days"),
    ],
)
def test_what_it_says_changes_with_the_setting(
    section: str, name: str, value: Any, anchor: str, before: str, after: str
) -> None:
    assert before in place(shipped_page("en"), anchor)
    assert after in place(page_of("en", **{section: {name: value}}), anchor)


def test_every_section_of_settings_told_has_settings() -> None:
    told = {setting.section for setting in night_page(night(customers=3).frames()).rules.settings}
    assert told == set(SECTIONS)


@each_language
def test_what_the_report_leads_to_is_there(language: str) -> None:
    page = night_page(night(customers=6).frames())
    led = set(re.findall(rf'href="definitions-{language}\.html#([^"]+)"', render(page, language)))
    there = set(re.findall(r' id="([^"]+)"', render_definitions(page, language)))
    for kind in ("bucket-", "grade-", "detector-", "measure-", "attribute-"):
        assert any(anchor.startswith(kind) for anchor in led), kind
    assert led - there == set()


@each_language
def test_no_two_places_of_it_have_one_anchor(language: str) -> None:
    found = re.findall(r' id="([^"]+)"', shipped_page(language))
    assert len(found) == len(set(found))


@each_language
def test_it_loads_nothing_runs_one_script_of_ours_and_names_no_customer(language: str) -> None:
    source = render_definitions(night_page(night(names=HOSTILE_NAMES).frames()), language)
    (program,) = re.findall(r"<script[^>]*>(.*?)</script>", source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in html.unescape(source)
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:,|receivables-\w+\.html)", source)
    assert "%(" not in source.replace(program, "")
    assert not [name for name in ("alert(1)", "evil", "same name", "Ibáñez") if name in source]


def test_a_word_in_a_setting_cannot_become_markup() -> None:
    source = page_of("en", anomaly_ledger={"tax_invoice_papers": ("<img src=x onerror=alert(1)>",)})
    assert "<img" not in source
    assert "<img src=x onerror=alert(1)>" in place(source, "detector-missing_own_invoice")


GROUPS: Final = """table => Array.from(table.tBodies, part => [part.rows[0].innerText, Array.from(part.rows).slice(1).map(row => row.id)])"""


def test_measures_are_sorted_below_their_headings_and_values_of_all_kinds_are_not(
    chromium_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(shipped_page("en"), encoding="utf-8")
    with launched(chromium_path) as browser:
        shown = browser.new_page()
        shown.goto((tmp_path / "page.html").as_uri())
        table = shown.locator("table.measures")
        printed = table.evaluate(GROUPS)
        assert [ids for _, ids in printed] == [
            [f"measure-{name}" for name in measures] for measures in MEASURES.values()
        ]
        table.locator("thead button").first.click()
        found = table.evaluate(GROUPS)
        assert found != printed
        assert [(told, sorted(ids)) for told, ids in found] == [(told, sorted(ids)) for told, ids in printed]
        assert shown.locator("table.settings thead button").all_inner_texts() == ["Setting", "Unit"]


@each_language
def test_it_fits_a_phone_and_paper_and_is_searched(chromium_path: Path, tmp_path: Path, language: str) -> None:
    (tmp_path / "page.html").write_text(shipped_page(language), encoding="utf-8")
    with launched(chromium_path) as browser:
        shown, said = browser.new_page(viewport=PHONE), []
        shown.on("console", lambda message: said.append(message.text))
        shown.goto((tmp_path / "page.html").as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        shown.locator("#columns .find input").fill("due_date")
        found = shown.locator("table.columns tbody tr:not(.missed) th").all_inner_texts()
        assert "due_date" in found
        assert len(found) < 30
        paper = browser.new_page(viewport={"width": 1017, "height": 700})
        paper.emulate_media(media="print")
        paper.goto((tmp_path / "page.html").as_uri())
        assert paper.evaluate("document.documentElement.scrollWidth") <= 1017
        assert said == []
