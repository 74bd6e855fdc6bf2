"""The audit passes only where every locked package was asked about and none has a known hole."""

from __future__ import annotations

from typing import Any, Final

import pytest

from audit import packages, verdict

SOUND: Final = {"name": "jinja2", "version": "3.1.6", "vulns": []}
HOLED: Final = SOUND | {"vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.7"]}]}
SKIPPED: Final = {"name": "rich", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("report", "locked", "code", "said"),
    [
        ([SOUND], 1, 0, "1 packages, no known hole"),
        ([HOLED], 1, 1, "got 1 known holes; expected none; try make lock"),
        ([HOLED, SKIPPED], 2, 1, "got 1 known holes; expected none; try make lock"),
        (
            [SOUND, SKIPPED],
            2,
            1,
            "got 1 of 2 packages audited (1 left out, such as rich); expected all of them; try an advisory service",
        ),
        ([SOUND], 2, 1, "got 1 of 2 packages audited (no route); expected all of them; try an advisory service"),
        (None, 2, 1, "got 0 of 2 packages audited (no route); expected all of them; try an advisory service"),
    ],
)
def test_what_was_not_asked_about_fails(report: list[dict[str, Any]] | None, locked: int, code: int, said: str) -> None:
    ended, lines = verdict(None if report is None else {"dependencies": report}, "no route", locked)
    assert ended == code
    assert lines[-1].startswith(said)


def test_a_hole_is_named_with_the_version_that_mends_it() -> None:
    assert verdict({"dependencies": [HOLED]}, "", 1)[1][0] == "jinja2 3.1.6: PYSEC-1, mended in 3.1.7"


def test_packages_of_a_lock_are_counted_without_their_hashes() -> None:
    assert (
        packages(
            "a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nb==2 ; python_version >= '3' \\\n    --hash=sha256:22\n"
        )
        == 2
    )
