"""Customer pages where readers find them: a night's set is written whole under a name of its own and led to by links, so that no report ever leads to half of one.

`out/DATE/customers/LANGUAGE-RUN-HASH/` holds a set, named by what it was made from and what is in it; it never changes. A report names the set it
leads to, the delivered copy finds it through a link of that name in `out/customers/`. `customers/LANGUAGE` leads to the latest. What nothing leads to
any more is removed once the new reports are in their place.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Final

from receivables.customer_pages import INDEX, listed, page_name, render_customer, render_index
from receivables.page_model import CustomerLinks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from receivables.chapters.customer_file import CustomerFile
    from receivables.customer_pages import Listed
    from receivables.page_model import Run

FOLDER: Final = "customers"
"""Where pages stand, beside the reports that lead to them."""

_SET: Final = re.compile(r"[a-z]{2}-\w+-[0-9a-f]{8}")
_HASH_CHARS: Final = 8


@dataclass(frozen=True)
class PageSet:
    """The pages of a night in one language: the name of their folder, and how a report beside `customers` leads to them."""

    name: str
    links: CustomerLinks


class _Writing:
    """A set being written, in a folder that readers are not led to."""

    def __init__(self, folder: Path, language: str) -> None:
        self.language, self.folder, self.unfinished = language, folder, folder / f"{language}.writing"
        self.unfinished.mkdir(mode=0o700, parents=True)
        self.digest = hashlib.sha256()

    def add(self, name: str, text: str) -> None:
        """Write a page."""
        told = text.encode()
        self.digest.update(told)
        (self.unfinished / name).write_bytes(told)

    def ended(self, run_id: str) -> str:
        """Give the set its name, which is returned; the same set written before stays as it is."""
        name = f"{self.language}-{run_id}-{self.digest.hexdigest()[:_HASH_CHARS]}"
        if (self.folder / name).exists():
            shutil.rmtree(self.unfinished)
        else:
            self.unfinished.rename(self.folder / name)
        return name


def write_pages(night: Path, run: Run, languages: Sequence[str], files: Iterable[CustomerFile]) -> dict[str, PageSet]:
    """Write the pages of customers into the folder of a night, in one passing over their files; the sets by language."""
    sets = [_Writing(night / FOLDER, language) for language in languages]
    customers: list[Listed] = []
    keys: list[tuple[str, str]] = []
    for file in files:
        customers.append(listed(file))
        keys.append((file.who.company_id, file.who.customer_id))
        for one in sets:
            one.add(customers[-1].page, render_customer(file, run, one.language))
    told: dict[str, PageSet] = {}
    for one in sets:
        one.add(INDEX, render_index(customers, run, one.language))
        name = one.ended(run.run_id)
        pages = {key: f"{FOLDER}/{name}/{line.page}" for key, line in zip(keys, customers, strict=True)}
        told[one.language] = PageSet(name, CustomerLinks(f"{FOLDER}/{name}/{INDEX}", pages))
    return told


def lead_to(night: Path, language: str, pages: PageSet | None) -> None:
    """Make a set the latest of its language in the folder of its night; None: there is none any more."""
    _link(night / FOLDER / language, pages.name if pages else None)


def deliver_pages(out: Path, night: Path, language: str, pages: PageSet | None) -> None:
    """Let the delivered report find its set: to be done before it is put in its place."""
    if pages is not None:
        (out / FOLDER).mkdir(mode=0o700, exist_ok=True)
        _link(out / FOLDER / pages.name, f"../{night.name}/{FOLDER}/{pages.name}")
    _link(out / FOLDER / language, pages.name if pages else None)


def _link(link: Path, target: str | None) -> None:
    """Lead a name to a target in a single step; None takes it away."""
    if target is None:
        link.unlink(missing_ok=True)
        return
    fresh = link.with_name(f"{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target, target_is_directory=True)
    fresh.replace(link)


def forget_pages(out: Path, dates_kept: int) -> None:
    """Remove sets that no report leads to any more, and those of all but the latest dates; what was delivered stays."""
    delivered = _led_to(out / FOLDER)
    for link in _sets(out / FOLDER):
        if link.name not in delivered:
            link.unlink()
    nights = sorted((path for path in out.iterdir() if _is_date(path.name)), reverse=True)
    for place, night in enumerate(nights):
        folder = night / FOLDER
        if not folder.is_dir():
            continue
        latest = _led_to(folder) if place < dates_kept else set()
        for pages in _sets(folder):
            if pages.name not in delivered | latest:
                shutil.rmtree(pages)
        if place >= dates_kept and not any(_sets(folder)):
            shutil.rmtree(folder)


def forget_reports(out: Path, dates_kept: int) -> list[str]:
    """Remove the reports of all but the latest dates and the last date of each month; what a delivered report leads to stays. The dates removed."""
    dates = sorted(
        path.name for path in out.iterdir() if path.is_dir() and not path.is_symlink() and _is_date(path.name)
    )
    month_closings = {day[:7]: day for day in dates}.values()
    led_to = {link.readlink().parts[1] for link in _links(out / FOLDER) if len(link.readlink().parts) > 1}
    old = sorted(set(dates[:-dates_kept]) - set(month_closings) - led_to)
    for day in old:
        shutil.rmtree(out / day)
    return old


def forget_messages(folder: Path, now: datetime, days_kept: int) -> int:
    """Remove messages that were written into a folder so many days ago; how many."""
    before = (now - timedelta(days=days_kept)).replace(tzinfo=UTC).timestamp()
    old = [path for path in folder.glob("*.eml") if path.is_file() and path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _links(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_symlink()] if folder.is_dir() else []


def _sets(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if _SET.fullmatch(path.name))


def _led_to(folder: Path) -> set[str]:
    """The names of the sets that links of languages lead to."""
    return {link.readlink().name for link in _links(folder) if not _SET.fullmatch(link.name)}


def _is_date(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def published_page(out: Path, run_id: str, language: str, company_id: str, customer_id: str) -> Path | None:
    """The delivered page of a customer, if it was made from this run's file."""
    link = out / FOLDER / language
    if not link.is_symlink() or not link.readlink().name.startswith(f"{language}-{run_id}-"):
        return None
    page = link / page_name(company_id, customer_id)
    return page if page.exists() else None


def asked_page(night: Path, language: str, company_id: str, customer_id: str) -> Path:
    """Where the page of a customer stands that was asked for and is in no set."""
    return night / FOLDER / f"{language}-asked" / page_name(company_id, customer_id)
