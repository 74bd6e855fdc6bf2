"""The dialects have more tests than five minutes hold: a slice runs in continuous integration, a part of it with `make test`, all of them with `make study`."""

from __future__ import annotations

import re
import zlib
from datetime import date
from pathlib import Path
from typing import Final

import pytest

import receivables
from exports import WHOLE, is_named, needs_reference
from receivables.assets import profiles_dir
from receivables.land import Reading

SLICED: Final = {f"test_{path.stem}.py" for path in profiles_dir().glob("*.toml")} - {
    "test_sap_fbl5n.py",
    "test_highradius.py",
}
ALWAYS: Final = re.compile("balances_of_the_ledger|tells?_the_ledger$|sample|truth")
"""What a sample gives is tested every time, once for all its files and for every sixth set of some; of the rest every tenth test, always the same."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not in the slice."""
    if WHOLE:
        return
    sliced = [
        item
        for item in items
        if item.path.parent.name == "conformance" and item.path.name in SLICED and not is_named(config, item)
    ]
    kept = {item for item in sliced if _is_in_slice(item.name)}
    # where there is no reference data each dialect is read by one test nonetheless
    read_anywhere = {item.path for item in kept if not needs_reference(item)}
    for item in sorted(sliced, key=_lot):
        if item.path not in read_anywhere and not needs_reference(item):
            read_anywhere.add(item.path)
            kept.add(item)
    left_out = [item for item in sliced if item not in kept]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _lot(item: pytest.Item) -> int:
    return zlib.crc32(item.name.encode())


def _is_in_slice(name: str) -> bool:
    test, _, case = name.partition("[")
    lot = zlib.crc32(name.encode())
    if ALWAYS.search(test):
        return not case or case.startswith("all") or lot % 6 == 0
    return lot % 10 == 0


@pytest.fixture(scope="session")
def settled_invoices(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A food company's settled invoices, built once, as of a day after all that is asked; not to be changed."""
    home = tmp_path_factory.mktemp("settled")
    profile = str(Path(__file__).with_name("closed_rebuilt.toml"))
    receivables.ingest(
        [reference_data / "data" / "highradius" / "closed_rebuilt.csv"], home, reading=Reading(profile=profile)
    )
    receivables.build(home, as_of=date(2020, 1, 31))
    return home
