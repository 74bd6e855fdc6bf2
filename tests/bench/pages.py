"""What pages cost: the report in a browser until it can be read and by chart, customers' pages by the thousand, and the report of a large ledger.

Run by `make bench`. The report is that of a home: the demo's unless another is named, which `make demo` publishes. A page with all of its charts is held against the
same page with its first chart alone, loaded by turns in one run; every chart is brought into view, and drawn. What drawing takes is the time that the page's
thread was at work, which other programs on the machine do not change much.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from browsing import DESKTOP, launched
from customer_records import RUN, file_of, tables
from measuring import peak, since, spent
from receivables.customer_pages import render_customer
from receivables.pages import published_page
from receivables.render import render
from receivables.settings import FILE_NAME, LANGUAGES
from receivables.settings import load as load_settings
from receivables.warehouse import Warehouse, published_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from measuring import Cost
    from receivables.page_model import NightPage
    from receivables.settings import Settings

READABLE_MS: Final = 300.0
"""Milliseconds until text, tables and still drawings are there."""
CHART_MS: Final = 60.0
"""Milliseconds a chart adds to a page with one."""
THOUSAND_S: Final = 1.0
"""CPU seconds of a thousand customers' pages."""
_CHART: Final = re.compile(r'<figure>\s*<div class="chart".*?</figure>', re.DOTALL)
_READABLE: Final = """() => new Promise(done => {
  const told = () => performance.getEntriesByName("first-contentful-paint").length
    ? done(performance.getEntriesByName("first-contentful-paint")[0].startTime) : setTimeout(told, 5);
  told();
})"""
_DRAW: Final = """async () => {
  const begin = performance.now();
  for (const chart of document.querySelectorAll(".chart")) {
    chart.scrollIntoView({behavior: "instant"});
    while (!chart.classList.contains("drawn") || !chart.querySelector(".live .hoverlayer"))
      await new Promise(next => setTimeout(next, 0));
  }
  return performance.now() - begin;
}"""


def one_chart_of(html: str) -> str:
    """The same page with its first chart alone."""
    charts = iter(range(len(html)))
    return _CHART.sub(lambda found: found.group() if next(charts) == 0 else "", html)


class Load(NamedTuple):
    """A page in a new window: milliseconds on the clock until it can be read; of its thread's own time until then and for its charts; how many these are."""

    readable: float
    busy: float
    drawing: float
    charts: int


def load(browser: Browser, file: Path) -> Load:
    """Open a page and bring all of its charts into view."""
    page = browser.new_context(viewport=DESKTOP).new_page()
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        told = metrics.send("Performance.getMetrics")["metrics"]
        return 1000 * sum(float(one["value"]) for one in told if one["name"] == "TaskDuration")

    begin = busy()
    page.goto(file.as_uri(), wait_until="load")
    readable, loaded = float(page.evaluate(_READABLE)), busy()
    page.evaluate(_DRAW)
    found = Load(readable, loaded - begin, busy() - loaded, page.locator(".chart").count())
    page.context.close()
    return found


def said(value: float, most: float, unit: str) -> str:
    """A figure beside what is aimed at."""
    return f"{value:.2f} {unit}, aimed at {most:g} at most: {'met' if value <= most else 'not met'}"


def tell_browser(html: str, turns: int) -> None:
    """Print what the report takes in a browser, by turns with one chart and with all."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        print("no Chromium on the PATH: nothing of the browser is told")
        return
    with tempfile.TemporaryDirectory() as folder, launched(Path(found)) as browser:
        whole, first = Path(folder) / "whole.html", Path(folder) / "first.html"
        whole.write_text(html, encoding="utf-8")
        first.write_text(one_chart_of(html), encoding="utf-8")
        load(browser, whole)  # the first one warms the disk
        runs = [(load(browser, whole), load(browser, first)) for _ in range(turns)]
    charts = runs[0][0].charts
    print(f"report: {len(html.encode()) / 1e6:.1f} MB, {charts} charts, {turns} turns in Chromium, medians")
    readable = statistics.median(whole.readable for whole, _ in runs)
    busy = statistics.median(whole.busy for whole, _ in runs)
    print(
        f"  text, tables, still drawings: {said(readable, READABLE_MS, 'ms')} (until loaded {busy:.0f} of the page's own)"
    )
    added = statistics.median((whole.drawing - first.drawing) / max(charts - 1, 1) for whole, first in runs)
    alone = statistics.median(first.drawing for _, first in runs)
    print(f"  one chart: {alone:.0f} ms of the page's own; each one more: {said(added, CHART_MS, 'ms')}")


def of_a_thousand(pages: int) -> tuple[float, float]:
    """CPU seconds of a thousand customers' pages, of a customer with everything there is to tell, in turns of the languages, and bytes of one."""
    file = file_of(tables())
    for language in LANGUAGES:
        render_customer(file, RUN, language)
    begin = spent()
    written = sum(len(render_customer(file, RUN, LANGUAGES[place % 3]).encode()) for place in range(pages))
    return since(begin)[0] / pages * 1000, written / pages


def tell_customers(pages: int) -> None:
    """Print what customers' pages cost."""
    thousand, size = of_a_thousand(pages)
    print(f"customers' pages: {size / 1000:.0f} kB each; a thousand {said(thousand, THOUSAND_S, 'CPU s')}")


def repeated(published: Path, customers: int, folder: Path) -> Path:
    """A copy of a published file, in which rows of customers stand as often as makes so many of them, each under an id of its own."""
    path = folder / published.name
    shutil.copyfile(published, path)
    with duckdb.connect(path) as con:
        known = con.execute("select count(distinct (company_id, customer_id)) from core.customer").fetchall()[0][0]
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() inner join duckdb_columns() using (schema_name, table_name)"
            " where column_name = 'customer_id' and schema_name in ('core', 'marts')"
        ).fetchall()
        for schema, table in tables:
            con.execute(
                f"insert into {schema}.\"{table}\" select kept.* replace (kept.customer_id || '-' || place.again as customer_id)"
                f' from {schema}."{table}" as kept, range(1, ?) as place(again)',
                [-(-customers // known)],
            )
    return path


def made(path: Path, settings: Settings) -> tuple[NightPage, Cost]:
    """The page of a published file, and what reading it took."""
    begin = spent()
    with Warehouse(path) as warehouse:
        page = published_page(warehouse.table, settings)
        told = warehouse.rows("select (select count(*) from core.customer), (select count(*) from marts.open_item)")
        print("{:,} customers, {:,} open items".format(*next(iter(told))))
    return page, since(begin)


def tell_report(path: Path, settings: Settings) -> str:
    """Print what the report of a published file costs; the report."""
    peak()
    page, read = made(path, settings)
    begin = spent()
    html = render(page, "en")
    written = since(begin)[0]
    size = len(html.encode()) / 1e6
    print(f"report: read in {read[0]:.2f} CPU s, written in {written:.2f}, {size:.1f} MB, peak {peak():.0f} MB")
    return html


def main() -> None:
    """Print milliseconds, CPU seconds and sizes, each beside what is aimed at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("data/demo"))
    parser.add_argument("--customers", type=int, default=100_000, help="of the large report; 0: none is made")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--pages", type=int, default=1000)
    asked = parser.parse_args()
    settings, published = load_settings(asked.home / FILE_NAME), published_file(asked.home)
    html = tell_report(published, settings)
    tell_browser(html, asked.turns)
    tell_customers(asked.pages)
    if asked.customers:
        with tempfile.TemporaryDirectory() as folder:
            tell_report(repeated(published, asked.customers, Path(folder)), settings)


if __name__ == "__main__":
    main()
