"""How many of many tests may be called without too many being chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def adjusted(p_values: Floats, *, is_any_dependence: bool = False) -> Floats:
    """The false discovery rate at which each test would just be called, by Benjamini and Hochberg (1995).

    Args:
        p_values: of all tests of a run, called or not.
        is_any_dependence: by Benjamini and Yekutieli (2001), which holds however tests hang together, and calls less.
    """
    tests = len(p_values)
    if not tests:
        return p_values.copy()
    factor = (1 / np.arange(1, tests + 1)).sum() if is_any_dependence else 1.0
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order] * tests * factor / np.arange(1, tests + 1)
    found = np.empty(tests)
    found[order] = np.minimum(1.0, np.minimum.accumulate(ranked[::-1])[::-1])
    return found
