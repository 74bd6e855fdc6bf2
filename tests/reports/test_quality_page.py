"""The data-quality page and what the report's header says of checks, from invented nights."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from datetime import datetime

import pytest

from night_frames import HOSTILE_NAMES, Night, check, night
from receivables.page_model import NightPage
from receivables.pages import night_page
from receivables.render import render, render_quality
from receivables.settings import LANGUAGES


@pytest.fixture
def checked() -> Night:
    """A night with checks of every outcome."""
    made = night(customers=6)
    made.checks = [
        check("volume", "-31.4", passed=False),
        check("null_share", "45.0", passed=False, column_name="order_no", kind="other"),
        check(
            "amount_scale", "100", passed=False, column_name="amount_doc", kind="money", waived_at=datetime(2026, 6, 30)
        ),
        check("control_total", None, passed=None),
        check("kpi_total", "0.0000", passed=True),
    ]
    return made


def page(made: Night) -> NightPage:
    return night_page(made.frames())


def text(source: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", source.partition("</style>")[2])).split())


def test_the_page_says_what_failed_and_what_to_do(checked: Night) -> None:
    shown = text(render_quality(page(checked), "en"))
    assert "2 checks failed." in shown
    assert "The number of rows changed by -31.4% since document__ES01__2026-06-29.csv. Have the ERP count them" in shown
    assert "Needs a person the figures are published, and somebody must look 1 0 1 1" in shown
    assert "Refuses the file the file is kept out, and the figures of the files before it stay 0 1 0 0" in shown
    assert "Not evaluated There is nothing to measure." in shown
    assert shown.index("Have the ERP count them") < shown.index(
        "Blank values in column order_no rose by 45 percentage points"
    )


def test_the_header_of_the_report_tells_what_needs_a_person_and_leads_to_the_page(checked: Night) -> None:
    report = render(page(checked), "es")
    head = report.partition("</header>")[0]
    assert 'href="data-quality-es.html"' in head
    assert "El número de filas ha cambiado un -31,4" in text(head)
    assert "order_no" not in text(head)
    assert 'href="receivables-es.html"' in render_quality(page(checked), "es")


def test_a_report_without_checks_leads_nowhere() -> None:
    assert "data-quality" not in render(page(night(customers=3)), "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_nothing_runs_one_script_of_ours_and_knows_every_text(language: str, checked: Night) -> None:
    source = render_quality(page(checked), language)
    (program,) = re.findall(r"<script[^>]*>(.*?)</script>", source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in html.unescape(source)
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:,|receivables-\w+\.html)", source)
    assert "%(" not in source.replace(program, "")


@pytest.mark.slice(3)
@pytest.mark.parametrize("name", dict.fromkeys(HOSTILE_NAMES))
def test_names_of_files_and_columns_cannot_become_markup(name: str, checked: Night) -> None:
    checked.checks = [
        check("null_share", "45.0", passed=False, column_name=name, kind="other", file_name=name, file_before=name)
    ]
    for source in (render_quality(page(checked), "en"), render(page(checked), "en").partition("</header>")[0]):
        assert "<img" not in source
        assert "<svg" not in source
        assert "<b>" not in source
        assert "<script>alert" not in source


def test_a_newer_batch_takes_the_place_of_an_older_one(checked: Night) -> None:
    for row in checked.checks:
        row["is_current"] = False
    assert page(checked).judged == ()
