"""Pages in the system's Chromium: windows of their own, and what a page did besides being shown."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize

ARGUMENTS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}


@contextmanager
def launched(chromium: Path) -> Iterator[Browser]:
    """The browser, closed in the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser
        browser.close()


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
    """A window of its own with a page in it, which loaded nothing else and had nothing to complain about."""
    page = browser.new_context(viewport=options.pop("viewport", DESKTOP), **options).new_page()
    watch = Watch(page)
    page.goto(file.as_uri())
    assert watch.complaints == []
    assert watch.requests == [file.as_uri()]
    return page
