"""Every kind of page held against axe-core's rules: wide and on a phone, in light and in the dark, nothing serious is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

from browsing import DESKTOP, PHONE, SCHEMES, launched
from customer_records import RUN, file_of, tables
from night_frames import check, night, refused_batch
from receivables.customer_pages import listed, render_customer, render_index
from receivables.pages import night_page
from receivables.render import render, render_definitions, render_quality

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

GRAVE: Final = ("serious", "critical")
PAGES: Final = ("night.en", "night.zh", "quality.en", "definitions.en", "definitions.zh", "customer.en", "index.en")
# a drawing is one picture with a name, whatever is inside; nothing there could be judged
FOUND: Final = """async () => (await axe.run({exclude: [".chart > *"]}, {resultTypes: ["violations"]})).violations.map(broken =>
  [broken.impact, broken.id, broken.nodes.map(node => node.target.join(" ") + ": " + (node.any[0] || node.all[0] || node.none[0]).message)])"""


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with launched(chromium_path) as browser:
        yield browser


@pytest.fixture(scope="module")
def rules(axe_path: Path) -> str:
    return axe_path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of every kind, each with something to complain about and lists long enough to be searched."""
    folder = tmp_path_factory.mktemp("pages")
    made = night()
    made.batches.append(refused_batch(9))
    made.checks = [
        *(check("volume", "-31.4", passed=False, file_name=f"document__ES01__{day}.csv") for day in range(10, 24)),
        check("control_total", None, passed=None),
        check("kpi_total", "0.0000", passed=True),
    ]
    page, file = night_page(made.frames()), file_of(tables())
    texts = {
        "night.en": render(page, "en"),
        "night.zh": render(page, "zh"),
        "quality.en": render_quality(page, "en"),
        "definitions.en": render_definitions(page, "en"),
        "definitions.zh": render_definitions(page, "zh"),
        "customer.en": render_customer(file, RUN, "en"),
        "index.en": render_index([listed(file)] * 14, RUN, "en"),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in PAGES}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(
    browser: Browser, files: dict[str, Path], rules: str, name: str, viewport: Any, scheme: Literal["light", "dark"]
) -> None:
    # the page's policy stays: what a test evaluates is not held against it
    page = browser.new_context(viewport=viewport, color_scheme=scheme).new_page()
    page.goto(files[name].as_uri())
    page.eval_on_selector_all("details", "found => found.forEach(part => { part.open = true; })")
    for button in page.locator("thead tr:first-child th:nth-child(2) button").all():
        button.evaluate("button => button.click()")
    if page.locator(".find input").count():
        page.locator(".find input").first.fill("a")
    page.evaluate(rules)
    found: list[tuple[str, str, list[str]]] = page.evaluate(FOUND)
    page.context.close()
    assert [broken for broken in found if broken[0] in GRAVE] == []


def test_axe_would_find_something(browser: Browser, rules: str, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text("<!DOCTYPE html><title>x</title><input><p style='color: #ccc'>pale</p>")
    page = browser.new_page()
    page.goto((tmp_path / "bad.html").as_uri())
    page.evaluate(rules)
    assert {"color-contrast", "html-has-lang", "label"} <= {broken[1] for broken in page.evaluate(FOUND)}
    page.close()
