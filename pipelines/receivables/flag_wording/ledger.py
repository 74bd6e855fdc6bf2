"""What is said of the detectors of ledger and of what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final[Mapping[str, str]] = {}
"""The name of each detector's flag, by detector."""

TESTED: Final[Mapping[str, str]] = {}
"""What each detector looks for, in a sentence."""

EVIDENCE: Final[Mapping[str, str]] = {}
"""The sentence of each piece of evidence, by code; it may name the columns of a sign."""
