"""What a detector is, and the shape of the signs it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

Severity = Literal["low", "medium", "high"]
Kind = Literal["rule", "chart", "test"]
Turn = Literal["at_once", "usual", "ours"]

TURNS: Final[tuple[Turn, ...]] = ("at_once", "usual", "ours")
"""In which order flags are raised, before severity and exposure count: what is followed up at once, signs of a customer, what is ours to mend."""

WEIGHTS: Final[dict[str, int]] = {"low": 1, "medium": 2, "high": 4}
"""What a severity weighs when flags are ranked: each is twice the one below, so that one step up is a doubling."""

SIGN: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("company_id", "customer_id", "subject", "code", "severity")),
        *((name, pa.date32()) for name in ("seen_on", "until")),
        *((name, pa.string()) for name in ("item_id", "other_id")),
        *((name, pa.date32()) for name in ("day", "other_day")),
        *((name, pa.decimal128(18, 4)) for name in ("measured", "usual", "amount_local")),
        *((name, pa.string()) for name in ("word", "other_word")),
        ("p_value", pa.float64()),
    ]
)
"""The columns of `marts.sign_<detector>`, a row per piece of evidence.

subject: what the flag is about within the customer (an item, a promise, a month; the customer's id where it is the customer itself); several rows of one subject are one
flag. code: which sentence tells it, the detector's id unless it has several. severity: NULL where the detector's own counts. seen_on: the day it could be seen first;
until: the last day it was so, NULL while it still is or where it is an event of seen_on. item_id, other_id, day, other_day, measured, usual, amount_local (ledger currency),
word, other_word: what the sentence names. p_value: of charts and tests only, which have a row of every customer tested, without a code where it shows no sign.
"""

EVIDENCE: Final = tuple(name for name in SIGN.names[SIGN.get_field_index("item_id") :])
"""The columns that a sentence may name."""


@dataclass(frozen=True)
class Need:
    """A table a company must tell for a detector to say anything of it, with a value in each of the columns; who tells none is not evaluated."""

    table: str
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table without its schema, and the columns, joined by dots."""
        return ".".join([self.table.partition(".")[2], *self.columns])


@dataclass(frozen=True)
class Detector:
    """A detector: its signs are the rows of `marts.sign_<id>`.

    `family` names its section of settings and words. `kind`: a rule is a model; a control chart (`chart`) and a statistical `test` are made by `judgement` and tell a chance. What is beyond
    the limit of a chart is a flag, as of a rule; of tests, made weekly, the false discovery rate decides. `needs`: of the first one the customers are counted who are tested. `severity`: where
    the sign tells none. `look_back_days`, `cool_down_days`: None takes the settings'.
    `turn`: at_once of a customer that is gone or fails, which cannot wait its place behind larger debts (S55), where anything is owed; ours of faults of our own, which hold up money and tell nothing of whether it will come (S14, S40, S66).
    `thresholds`: of what is no rule, the settings of its family that it goes by; those of a rule are read off its models.
    """

    id: str
    family: Literal["conduct", "ledger", "buying"]
    practice: str
    severity: Severity
    needs: tuple[Need, ...]
    kind: Kind = "rule"
    look_back_days: int | None = None
    cool_down_days: int | None = None
    turn: Turn = "usual"
    thresholds: tuple[str, ...] = ()

    @property
    def is_test(self) -> bool:
        """Whether the false discovery rate decides which of its signs are flags."""
        return self.kind == "test"

    @property
    def tells_chance(self) -> bool:
        """Whether `judgement` makes its signs, with a chance and a row for every customer tested."""
        return self.kind != "rule"

    @property
    def table(self) -> str:
        """The table of its signs."""
        return f"marts.sign_{self.id}"
