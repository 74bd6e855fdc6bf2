"""The dialects have more tests than five minutes hold: a slice runs with every change, all of them with `make study`."""

from __future__ import annotations

import os
import re
import zlib
from typing import TYPE_CHECKING, Final

from receivables.assets import profiles_dir

if TYPE_CHECKING:
    import pytest

WHOLE: Final = os.environ.get("RECEIVABLES_SLICE", "") == "all"
SLICED: Final = {f"test_{path.stem}.py" for path in profiles_dir().glob("*.toml")} - {
    "test_sap_fbl5n.py",
    "test_highradius.py",
}
ALWAYS: Final = re.compile("ledger|sample|truth")
"""What every sample gives is tested every time; of the layouts and the finer points every sixth, always the same."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not in the slice."""
    left_out = [
        item
        for item in items
        if not WHOLE
        and item.path.parent.name == "conformance"
        and item.path.name in SLICED
        and not ALWAYS.search(item.name.partition("[")[0])
        and zlib.crc32(item.name.encode()) % 6
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
