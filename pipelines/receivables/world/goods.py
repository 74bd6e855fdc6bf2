"""What the sample distributor sells: product groups and the months in which each is bought."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

MONTHS: Final = 12


class ProductGroup(NamedTuple):
    """One group of products; `season` is each month's sales in percent of the average month and adds up to 1,200."""

    name: str
    season: tuple[int, ...]


PRODUCT_GROUPS: Final = (
    ProductGroup("oil and preserves", (95, 92, 98, 100, 102, 100, 96, 80, 102, 108, 112, 115)),
    ProductGroup("wine", (70, 74, 84, 92, 98, 96, 86, 60, 100, 124, 150, 166)),
    ProductGroup("soft drinks", (64, 66, 82, 98, 124, 152, 166, 136, 104, 80, 64, 64)),
    ProductGroup("sweets and gifts", (56, 72, 92, 74, 62, 56, 52, 52, 84, 136, 228, 236)),
    ProductGroup("ice cream and frozen", (44, 50, 74, 104, 144, 182, 190, 152, 102, 66, 48, 44)),
    ProductGroup("store cupboard", (100, 98, 102, 100, 100, 98, 94, 82, 104, 106, 108, 108)),
)
GROUP_SHARES: Final = (22, 18, 17, 13, 10, 20)
"""Percent of the customers whose main product group it is."""

SEASON_TABLE: Final = np.array([group.season for group in PRODUCT_GROUPS], dtype=np.int64)
SEASON: Final = np.array(GROUP_SHARES, dtype=np.int64) @ SEASON_TABLE
"""What all customers together buy in each month, in 1/100 percent of the average month."""
