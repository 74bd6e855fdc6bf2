"""The page of the anomaly studies: each program writes its own chapter and leaves the other as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

HEAD: Final = """# What the detectors find

`make study` measures this page on sample worlds (data/WORLD.md), businesses that a computer made up: what share of put-in anomalies is found there, how soon, and what is
flagged besides. How many flags of a real business are right is not known before persons close them; `marts.detector` counts what they said."""

RULES: Final = "Planted anomalies and the rules"
TESTS: Final = "Statistical detectors"
CHAPTERS: Final = (RULES, TESTS)


def write_chapter(page: Path, title: str, text: str) -> None:
    """Write one chapter of the page, all chapters in their order."""
    told = page.read_text(encoding="utf-8") if page.exists() else ""
    chapters = dict(part.partition("\n\n")[::2] for part in told.split("\n\n## ")[1:])
    chapters[title] = text.strip()
    parts = [HEAD, *(f"## {name}\n\n{chapters[name].strip()}" for name in CHAPTERS if name in chapters)]
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, names: int = 1) -> str:
    """A table in Markdown; the first columns are names, the others figures."""
    lines = [head, ["---"] * names + ["---:"] * (len(head) - names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
