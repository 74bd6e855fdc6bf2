"""The picture of the report in the README: `python report_picture.py FILE` runs two nights on the sample and photographs the first screen of the second one's report."""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

import receivables

SAMPLE: Final = Path(__file__).resolve().parents[1] / "data" / "sample"
NIGHTS: Final = (date(2026, 10, 28), date(2026, 10, 31))
WIDTH, HEIGHT = 1180, 1240
BROWSERS: Final = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def main() -> None:
    """Write the picture."""
    target = Path(sys.argv[1])
    browser = next((path for path in BROWSERS if Path(path).exists()), None)
    if browser is None:
        sys.exit("got no browser; expected Chromium; try apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="receivables-picture-") as folder:
        home = Path(folder) / "home"
        receivables.init(home)
        nights = [receivables.nightly(home, inbox=SAMPLE, as_of=day) for day in NIGHTS]
        with sync_playwright() as player:
            window = player.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            page = window.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(nights[-1].reports["en"].resolve().as_uri())
            page.wait_for_timeout(1_500)
            page.screenshot(path=target)


if __name__ == "__main__":
    main()
