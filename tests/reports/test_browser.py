"""The report in a real browser: charts drawn, nothing loaded, nothing complained about, readable on every screen and on paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest
from playwright.sync_api import sync_playwright

from customer_records import RUN, file_of, tables
from night_frames import HOSTILE_NAMES, night, refused_batch
from receivables.customer_pages import listed, render_customer, render_index
from receivables.language import language_in, shortened
from receivables.pages import night_page
from receivables.render import LANGUAGES, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    Open = Callable[..., Page]

ARGUMENTS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
PICTURES: Final = """([font, text]) => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  pen.font = "48px " + font;
  pen.fillText(text, 20, 80);
  return canvas.toDataURL();
}"""
DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    made = night(names=HOSTILE_NAMES)
    made.batches.append(refused_batch(9, HOSTILE_NAMES[1], profile_id=HOSTILE_NAMES[5]))
    page = night_page(made.frames())
    written = {language: folder / f"night.{language}.html" for language in LANGUAGES}
    for language, path in written.items():
        path.write_text(render(page, language), encoding="utf-8")
    return written


class Watch:
    """What a page did besides being shown."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: self.requests.append(request.url))


def opened(browser: Browser, file: Path, **options: Any) -> Page:
    """A window of its own with the report in it, which loaded nothing else and had nothing to complain about."""
    page = browser.new_context(viewport=options.pop("viewport", DESKTOP), **options).new_page()
    watch = Watch(page)
    page.goto(file.as_uri())
    assert watch.complaints == []
    assert watch.requests == [file.as_uri()]
    return page


@pytest.fixture
def open_page(browser: Browser, files: dict[str, Path]) -> Iterator[Open]:
    pages: list[Page] = []

    def fresh(language: str = "en", **options: Any) -> Page:
        pages.append(opened(browser, files[language], **options))
        return pages[-1]

    yield fresh
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def desktop(browser: Browser, files: dict[str, Path]) -> Iterator[dict[str, Page]]:
    """Each language on a desktop, for tests that only look."""
    pages = {language: opened(browser, file) for language, file in files.items()}
    yield pages
    for page in pages.values():
        page.context.close()


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def chart_texts(page: Page) -> list[str]:
    texts: list[str] = page.eval_on_selector_all(
        ".chart svg text", "found => found.map(text => text.textContent.trim())"
    )
    return texts


def check_charts(page: Page, width: int) -> None:
    charts = page.locator(".chart")
    assert charts.count() == 15
    for place in range(14):
        chart = charts.nth(place)
        assert chart.is_visible()
        assert chart.locator("svg .bars .point").count() >= 10 or chart.locator("svg .scatter .point").count() >= 2
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert overflow(page) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_charts_are_drawn_and_the_page_fits_a_desktop(desktop: dict[str, Page], language: str) -> None:
    check_charts(desktop[language], DESKTOP["width"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_charts_are_drawn_and_the_page_fits_a_phone_in_the_dark(open_page: Open, language: str) -> None:
    check_charts(open_page(language, viewport=PHONE, color_scheme="dark"), PHONE["width"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_on_the_page_are_those_of_the_tables(desktop: dict[str, Page], language: str) -> None:
    page, words = desktop[language], language_in(language)
    rows = night(names=HOSTILE_NAMES).aging
    total = sum(row["open_local"] for row in rows if row["company_id"] == "MX01")
    not_due = sum(row["open_local"] for row in rows if row["company_id"] == "MX01" and row["bucket"] == "not_due")
    headline = page.locator("#figures .card.main .exact").nth(1).inner_text()
    assert headline == words.money(total, "MXN")
    table = page.locator("#aging table.aging").nth(1)
    assert table.locator("tbody tr").first.locator("td").first.inner_text() == words.amount(not_due, "MXN")
    assert table.locator("tfoot td").first.inner_text() == words.amount(total, "MXN")
    assert words.short(not_due) in chart_texts(page)


@pytest.mark.usefixtures("cjk_font")
def test_chinese_is_drawn_in_charts_as_chinese(desktop: dict[str, Page]) -> None:
    page = desktop["zh"]
    assert {"未到期", "1–30 天", "超过 730 天", "未核销"} <= set(chart_texts(page))
    font = page.evaluate("getComputedStyle(document.querySelector('.chart svg text')).fontFamily")
    # a character no font has shows the picture for "missing"; a drawn one differs from it
    assert page.evaluate(PICTURES, [font, "未"]) != page.evaluate(PICTURES, [font, "\U0010fffd"])


def test_colours_follow_the_reader_while_the_page_is_open(open_page: Open) -> None:
    page = open_page()
    seen = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(200)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        bar, chip = page.evaluate(
            "[getComputedStyle(document.querySelector('#aging .bars .point path')).fill,"
            " getComputedStyle(document.querySelector('#aging table.aging .chip')).backgroundColor]"
        )
        assert bar == chip, "a bucket has one colour in chart and table"
        seen.append((ground, bar))
    assert seen[0][0] == "rgb(255, 255, 255)"
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]


def test_hostile_names_are_letters_in_charts_and_tables(desktop: dict[str, Page]) -> None:
    page = desktop["en"]
    texts = chart_texts(page)
    assert "<script>alert(1)</script>" in texts
    assert shortened(HOSTILE_NAMES[1], 46) in texts
    assert page.locator(".chart a, main img, main script, main svg[onload], header img").count() == 0
    assert page.locator("#customers th", has_text="<script>alert(1)</script>").count() == 2


def test_the_policy_stops_a_script_that_got_in(open_page: Open) -> None:
    page = open_page()
    ran = page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.got_in = true';"
        " document.body.append(s); return Boolean(window.got_in); }"
    )
    assert ran is False


def test_without_scripts_only_the_drawings_are_missing(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    assert page.locator(".chart:visible").count() == 0
    assert page.locator("figcaption:visible").count() == 15
    while (closed := page.locator("details:not([open]) > summary")).count():
        closed.first.click()
    assert page.locator("table:visible").count() == page.locator("table").count()
    assert page.locator("#customers tbody tr").count() == 32


def test_wide_tables_scroll_in_their_box_and_by_keyboard(open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    box = page.locator("#customers .scroll").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert box.get_attribute("tabindex") == "0"
    assert box.get_attribute("aria-label")


def test_turning_a_phone_redraws_the_charts(open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    heights = []
    for viewport in (PHONE, DESKTOP):
        page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
        page.wait_for_timeout(300)
        heights.append(page.locator(".chart").first.evaluate("chart => chart.clientHeight"))
    assert heights[0] > heights[1]
    assert overflow(page) == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_paper_gets_whole_charts_on_white(open_page: Open, scheme: Literal["light", "dark"]) -> None:
    page = open_page(color_scheme=scheme)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    widths = page.eval_on_selector_all(".chart .main-svg:first-child", "found => found.map(svg => svg.clientWidth)")
    printable = (297 - 2 * 14) / 25.4 * 96
    assert all(0 < width <= printable for width in widths)
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert 5 <= sheets <= 22
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pages of customers with hostile names, each in some language, and the list of them."""
    folder = tmp_path_factory.mktemp("customers")
    files = [file_of(tables(name)) for name in HOSTILE_NAMES]
    written = [folder / f"{place}.html" for place in range(len(files))]
    for place, (file, path) in enumerate(zip(files, written, strict=True)):
        path.write_text(render_customer(file, RUN, LANGUAGES[place % 3]), encoding="utf-8")
    index = folder / "index.html"
    index.write_text(render_index([listed(file) for file in files], RUN, "en"), encoding="utf-8")
    return [*written, index]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_of_customers_fit_and_complain_of_nothing(
    browser: Browser, customers: list[Path], viewport: Any, scheme: Literal["light", "dark"]
) -> None:
    for file in customers:
        page = opened(browser, file, viewport=viewport, color_scheme=scheme)
        assert overflow(page) == 0, file
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light"), "the style stands, the policy lets it"
        lines = page.locator("svg polyline")
        assert lines.count() == (0 if file.stem == "index" else 7)
        for place in range(lines.count()):
            assert lines.nth(place).evaluate("line => getComputedStyle(line).stroke") != "none"
        page.context.close()


def test_a_customers_page_is_printed_on_white_with_all_of_its_tables(browser: Browser, customers: list[Path]) -> None:
    page = opened(browser, customers[0], color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("table:visible").count() == page.locator("table").count() == 5
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) <= 4
    page.context.close()
