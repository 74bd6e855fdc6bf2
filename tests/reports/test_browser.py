"""The report in a real browser: charts drawn, nothing loaded, nothing complained about, readable on every screen and on paper."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest
from babel.numbers import parse_decimal

from browsing import DESKTOP, PHONE, SCHEMES, Watch, launched, opened
from customer_records import RUN, file_of, tables
from night_frames import HOSTILE_NAMES, batch, night, refused_batch
from receivables.customer_pages import listed, render_customer, render_index
from receivables.language import language_in, shortened
from receivables.pages import night_page
from receivables.render import LANGUAGES, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    Open = Callable[..., Page]

DRAWINGS: Final = (".still", ".live svg")
PICTURES: Final = """([font, text]) => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  pen.font = "48px " + font;
  pen.fillText(text, 20, 80);
  return canvas.toDataURL();
}"""


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with launched(chromium_path) as browser:
        yield browser


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    made = night(names=HOSTILE_NAMES)
    made.batches.append(refused_batch(9, HOSTILE_NAMES[1], profile_id=HOSTILE_NAMES[5]))
    made.batches.append(batch(10, table_name="order", file_name=made.batches[0]["file_name"]))
    page = night_page(made.frames())
    written = {language: folder / f"night.{language}.html" for language in LANGUAGES}
    for language, path in written.items():
        path.write_text(render(page, language), encoding="utf-8")
    return written


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


def draw_all(page: Page) -> None:
    """Bring every chart into view, one after the other, and wait until it is drawn."""
    for chart in page.locator(".chart").all():
        chart.scroll_into_view_if_needed()
        chart.locator(".live .hoverlayer").first.wait_for(state="attached")


def chart_texts(page: Page, kind: str) -> list[str]:
    texts: list[str] = page.eval_on_selector_all(
        f".chart {kind} text", "found => found.map(text => text.textContent.trim())"
    )
    return texts


def check_charts(page: Page, width: int) -> None:
    charts = page.locator(".chart")
    assert charts.count() == 15
    draw_all(page)
    assert page.locator(".still:visible").count() == 0
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
    draw_all(page)
    for kind in DRAWINGS:
        assert words.short(not_due) in chart_texts(page, kind)


@pytest.mark.usefixtures("cjk_font")
def test_chinese_is_drawn_in_charts_as_chinese(desktop: dict[str, Page]) -> None:
    page = desktop["zh"]
    draw_all(page)
    for kind in DRAWINGS:
        assert {"未到期", "1–30 天", "超过 730 天", "未核销"} <= set(chart_texts(page, kind))
        font = page.evaluate(f"getComputedStyle(document.querySelector('.chart {kind} text')).fontFamily")
        # a character no font has shows the picture for "missing"; a drawn one differs from it
        assert page.evaluate(PICTURES, [font, "未"]) != page.evaluate(PICTURES, [font, "\U0010fffd"])


def test_colours_follow_the_reader_while_the_page_is_open(open_page: Open) -> None:
    page = open_page()
    draw_all(page)
    seen = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(200)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        bar, still, chip = page.evaluate(
            "[getComputedStyle(document.querySelector('#aging .bars .point path')).fill,"
            " getComputedStyle(document.querySelector('#aging .still rect')).fill,"
            " getComputedStyle(document.querySelector('#aging table.aging .chip')).backgroundColor]"
        )
        assert bar == still == chip, "a bucket has one colour in chart and table"
        seen.append((ground, bar))
    assert seen[0][0] == "rgb(255, 255, 255)"
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]


def test_hostile_names_are_letters_in_charts_and_tables(desktop: dict[str, Page]) -> None:
    page = desktop["en"]
    draw_all(page)
    for kind in DRAWINGS:
        texts = chart_texts(page, kind)
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


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_without_scripts_nothing_is_missing_and_drawings_are_still(open_page: Open, viewport: Any) -> None:
    page = open_page(java_script_enabled=False, viewport=viewport)
    assert page.locator(".chart:visible").count() == 15
    assert page.locator(".still:visible").count() == 15
    assert page.locator("figcaption:visible").count() == 15
    for drawing in page.locator(".still:visible").all():
        box = drawing.bounding_box()
        assert box is not None
        assert box["width"] > 100
        assert box["x"] + box["width"] <= viewport["width"]
    while (closed := page.locator("details:not([open]) > summary")).count():
        closed.first.click()
    assert page.locator("table:visible").count() == page.locator("table").count()
    assert page.locator("#customers tbody tr").count() == 32


def test_a_chart_is_drawn_when_it_comes_into_view(open_page: Open) -> None:
    page = open_page()
    last = page.locator(".chart").last
    assert last.locator(".still").first.is_visible()
    assert last.locator(".live").is_hidden()
    assert page.locator(".chart.drawn").count() < 15
    last.scroll_into_view_if_needed()
    last.locator(".live .hoverlayer").first.wait_for(state="attached")
    assert last.locator(".still:visible").count() == 0


def test_wide_tables_scroll_in_their_box_and_by_keyboard(open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    box = page.locator("#customers .scroll").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert box.get_attribute("tabindex") == "0"
    assert box.get_attribute("aria-label")


def test_turning_a_phone_redraws_the_charts(open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    heights = []
    draw_all(page)
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


ROWS: Final = "tbody tr:not(.rest, .sum, .group)"
UNSORTED: Final = ("aging", "bridge", "chances", "dates", "grades", "losses", "matrix", "migration", "prices", "proof")
"""Classes of matrices, proofs and tables in an order of their own."""
NUMBERS: Final = """table => Array.from(table.tHead.rows[0].cells).flatMap((head, place) => !head.matches(".number:not(.unsorted)") ? [] :
  Array.from(table.querySelectorAll("tbody tr:not(.rest, .sum, .group)")).flatMap(row => {
    const cells = Array.from(row.cells), values = (row.dataset.values || "").split("|");
    return cells.some(cell => cell.colSpan > 1) ? [] : [[cells[place].innerText, cells[place].dataset.value || values[place] || ""]];
  }))"""
CELLS: Final = """(rows, place) => rows.map(row => Array.from(row.cells[place].childNodes)
  .filter(part => part.nodeName !== "SMALL").map(part => part.textContent).join("").trim())"""
IN_ORDER: Final = "([texts, language]) => texts.slice().sort(new Intl.Collator(language, {numeric: true}).compare)"


def column(table: Locator, place: int, rows: str = ROWS) -> list[str]:
    """What a column shows, row by row, without the small print below."""
    told: list[str] = table.locator(rows).evaluate_all(CELLS, place)
    return told


def number(text: str, language: str) -> Decimal:
    """A number as the page's language writes it; a dash is less than any."""
    return Decimal("-Infinity") if text == "–" else parse_decimal(text, locale=language, strict=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_is_sorted_by_its_numbers_in_every_language(open_page: Open, language: str) -> None:
    page = open_page(language)
    watch = Watch(page)
    table = page.locator("#customers table").nth(1)
    heads, buttons = table.locator("thead th"), table.locator("thead button")
    assert buttons.count() == heads.count(), "every column of it is sortable"
    printed, ends = column(table, 0), (column(table, 1, "tr.rest"), column(table, 1, "tfoot tr"))
    for place in (1, 3):
        seen = []
        for state in ("descending", "ascending", None):
            buttons.nth(place).click()
            assert heads.nth(place).get_attribute("aria-sort") == state
            assert table.locator("[aria-sort]").count() == (state is not None)
            seen.append(column(table, place))
            assert (column(table, 1, "tr.rest"), column(table, 1, "tfoot tr")) == ends
            assert "rest" in (table.locator("tbody tr").last.get_attribute("class") or "")
        told = [number(text, language) for text in seen[0]]
        assert told == sorted(told, reverse=True)
        assert len(set(told)) > 3
        up = [number(text, language) for text in seen[1] if text != "–"]
        assert up == sorted(up)
        assert column(table, 0) == printed
    buttons.first.click()
    assert column(table, 0) == page.evaluate(IN_ORDER, [printed, page.locator("html").get_attribute("lang")]) != printed
    assert watch.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_number_is_sorted_by_is_what_it_shows(
    desktop: dict[str, Page], customers: list[Path], browser: Browser, language: str
) -> None:
    own = opened(browser, customers[LANGUAGES.index(language)])
    listed = [*desktop[language].locator("table.sortable").all(), *own.locator("table.sortable").all()]
    assert len(listed) > 20
    desktop[language].eval_on_selector_all("details", "found => found.forEach(part => { part.open = true; })")
    told = [pair for table in listed for pair in table.evaluate(NUMBERS)]
    assert len(told) > 300
    for text, value in told:
        shown = re.sub(r"\s*%$", "", text.split("\n")[0].strip())
        if not value:
            assert re.fullmatch(r"–|-?\d+", shown), text
        elif re.fullmatch(r"-?[\d.,]+", shown):
            amount = number(shown, language)
            places = Decimal(1).scaleb(int(amount.as_tuple().exponent))
            assert abs(Decimal(value) * (100 if text.strip().endswith("%") else 1) - amount) <= places / 2, text
    own.context.close()


def test_matrices_and_proofs_are_not_sortable(desktop: dict[str, Page]) -> None:
    page = desktop["en"]
    for name in UNSORTED:
        assert page.locator(f"table.{name}").count(), name
        assert page.locator(f"table.{name}.sortable, table.{name} thead button").count() == 0, name
    assert page.locator("table:not(.sortable) thead button").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_are_sorted_as_days_and_what_has_none_comes_last(
    browser: Browser, customers: list[Path], language: str
) -> None:
    page = opened(browser, customers[LANGUAGES.index(language)])
    words, items = language_in(language), file_of(tables()).items
    due = sorted(item.due_date for item in items if item.due_date)
    table = page.locator("table.items")
    for days in (due, due[::-1]):
        table.locator("thead button").nth(3).click()
        assert column(table, 3) == [*map(words.day, days), *["–"] * (len(items) - len(due))]
    months = page.locator("table.months")
    printed = column(months, 0)
    months.locator("thead button").first.click()
    assert column(months, 0) == printed[::-1]
    page.context.close()


def test_the_list_of_customers_never_mixes_currencies(browser: Browser, tmp_path: Path) -> None:
    one = listed(file_of(tables()))
    told = {("EUR", 900), ("MXN", 1000), ("EUR", 5), ("MXN", -7), ("EUR", 12000)}
    lines = [replace(one, currency=currency, balance=Decimal(amount)) for currency, amount in sorted(told)]
    (tmp_path / "index.html").write_text(render_index(lines, RUN, "es"), encoding="utf-8")
    page = opened(browser, tmp_path / "index.html")
    table = page.locator("table.index")
    table.locator("thead button").nth(3).click()
    assert column(table, 3) == ["12.000,00", "900,00", "5,00", "1.000,00", "-7,00"]
    assert column(table, 5) == ["EUR"] * 3 + ["MXN"] * 2
    assert page.locator(".find").count() == 0, "a short list needs no search"
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_is_searched_without_case_and_accents_and_its_totals_stay(open_page: Open, language: str) -> None:
    page = open_page(language, viewport=PHONE)
    watch = Watch(page)
    table, field = page.locator("#customers table").nth(1), page.locator("#customers .find input").nth(1)
    said = page.locator("#customers [role=status]").nth(1)
    assert said.inner_text() == ""
    assert page.locator("table.sortable").first.is_visible()
    wanted = column(table, 0)[3]
    names, total = column(table, 0), column(table, 1, "tfoot tr")
    assert (field.get_attribute("aria-label") or "").endswith(table.locator("caption").inner_text())
    field.fill(f"  {wanted.upper()} ")
    found = column(table, 0, f"{ROWS}:visible")
    assert wanted in found
    assert len(found) < len(names)
    said_numbers = set(re.findall(r"\d+", said.inner_text()))
    assert said_numbers == {str(len(found)), str(len(names))}
    assert (
        page.locator(".find").nth(1).evaluate("box => box.querySelector('[role=status]').dataset.totals")
        in said.inner_text()
    )
    assert column(table, 1, "tfoot tr:visible") == total
    assert table.locator("tr.rest").is_visible()
    field.fill("nobody is called so")
    assert table.locator(f"{ROWS}:visible").count() == 0
    field.fill("")
    assert (column(table, 0, f"{ROWS}:visible"), said.inner_text()) == (names, "")
    assert overflow(page) == 0
    assert watch.complaints == []


def test_accents_and_full_width_letters_are_found(browser: Browser, tmp_path: Path) -> None:
    one = listed(file_of(tables()))
    names = ["Peña y Órdago", "ＡＢＣ 商贸", *(f"Sala {number}" for number in range(12))]
    (tmp_path / "index.html").write_text(
        render_index([replace(one, name=name) for name in names], RUN, "zh"), encoding="utf-8"
    )
    page = opened(browser, tmp_path / "index.html")
    table, field = page.locator("table.index"), page.locator(".find input")
    for sought, found in (
        ("pena y ordago", names[:1]),
        ("PEÑA", names[:1]),
        ("abc 商", names[1:2]),
        ("sala 1", ["Sala 1", "Sala 10", "Sala 11"]),
    ):
        field.fill(sought)
        assert sorted(column(table, 0, f"{ROWS}:visible")) == sorted(found)
    page.context.close()


def test_lists_are_sorted_and_searched_by_keyboard(open_page: Open) -> None:
    page = open_page()
    table, field = page.locator("#customers table").first, page.locator("#customers .find input").first
    field.focus()
    page.keyboard.type("zzz")
    assert table.locator(f"{ROWS}:visible").count() == 0
    page.keyboard.press("Escape")
    assert table.locator(f"{ROWS}:visible").count() == 15
    for _ in range(3):  # the box that scrolls, the first column, the second
        page.keyboard.press("Tab")
    button = table.locator("thead button").nth(1)
    assert button.evaluate("button => button === document.activeElement")
    assert button.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    for key, state in (("Enter", "descending"), ("Space", "ascending")):
        page.keyboard.press(key)
        assert table.locator("thead th").nth(1).get_attribute("aria-sort") == state
        assert button.evaluate("button => button === document.activeElement")


def test_paper_holds_all_rows_as_printed_however_they_are_shown(open_page: Open) -> None:
    page = open_page()
    table, field = page.locator("#loaded table"), page.locator("#customers .find input").first
    names = page.locator("#customers table").first
    orders = column(names, 0), column(table, 3)
    again = table.locator(".again")
    assert again.first.evaluate("name => name.offsetWidth") == 1
    names.locator("thead button").nth(2).click()
    field.fill(orders[0][2])
    table.locator("thead button").nth(4).click()
    assert again.first.evaluate("name => name.offsetWidth") > 50, "its file's name stands elsewhere now"
    shown = column(names, 0)
    assert shown != orders[0]
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert (column(names, 0, f"{ROWS}:visible"), column(table, 3)) == orders
    assert page.locator(".find:visible").count() == 0
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert column(names, 0) == shown
    assert field.input_value()


def test_without_scripts_nothing_of_sorting_and_searching_shows(
    open_page: Open, browser: Browser, customers: list[Path]
) -> None:
    without = {"java_script_enabled": False}
    for page in (open_page(**without), *(opened(browser, file, **without) for file in (customers[0], customers[-1]))):
        assert page.locator("th").count() > 5
        assert page.locator("button, input, label, [aria-sort], .find").count() == 0
        assert page.get_by_text("Search this table").count() == 0
