"""What a cell of data looks like, and no label does."""

from __future__ import annotations

import re
from typing import Final

DATA_LIKE: Final = re.compile(
    r"^[-+(]?[^\w]{0,3}\d[\d.,'/ :年月日-]*[^\w]{0,3}\)?-?$|^\d{1,2}[-. ]\w{3,9}[-. ]\d{2,4}$"
)
"""A cell that is a number or a day, which no label is."""
