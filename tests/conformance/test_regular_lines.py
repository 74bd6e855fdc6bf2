"""Every sample gives the same rows, findings and counts whether its regular lines are told apart or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exports import samples
from intake_files import assert_equal, both_ways
from receivables.assets import profiles_dir
from receivables.intake import convert, entry
from receivables.intake.company import Companies
from receivables.intake.profile import read_profiles

if TYPE_CHECKING:
    from pathlib import Path

NO_SAMPLE = {"canonical", "invoice_list", "sait", "uci_online_retail"}
SYSTEMS = sorted({path.stem for path in profiles_dir().glob("*.toml")} - NO_SAMPLE)
"""Of these, every third is tried with each change; `make study` tries all."""


@pytest.mark.slice(3)
@pytest.mark.parametrize(
    ("system", "is_small"),
    [(name, bool(n % 2)) for n, name in enumerate(SYSTEMS)],
)
def test_a_sample_reads_the_same_both_ways(
    reference_data: Path, monkeypatch: pytest.MonkeyPatch, system: str, is_small: bool
) -> None:
    if not is_small:
        monkeypatch.setattr(convert, "SMALL", 0)
        monkeypatch.setattr(entry, "KEPT", 0)
    known = Companies("ES01", {"ES01": "EUR", "1000": "EUR"})
    for path in samples(reference_data, system):
        assert_equal(*both_ways(monkeypatch, path, *read_profiles(profiles_dir() / f"{system}.toml"), companies=known))
