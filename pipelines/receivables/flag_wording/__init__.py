"""What is said of detectors and of the flags they raise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from receivables.detectors import SIGN
from receivables.flag_wording import buying, conduct, ledger
from receivables.language import shortened
from receivables.money import CENT, rounded
from receivables.wording import named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from receivables.language import Language

_FAMILIES: Final = (conduct, ledger, buying)
NAMES: Final[Mapping[str, str]] = {id_: name for family in _FAMILIES for id_, name in family.NAMES.items()}
"""The name of each detector's flag, by detector."""

TESTED: Final[Mapping[str, str]] = {id_: said for family in _FAMILIES for id_, said in family.TESTED.items()}
"""What each detector looks for, in a sentence."""

EVIDENCE: Final[Mapping[str, str]] = {code: said for family in _FAMILIES for code, said in family.EVIDENCE.items()}
"""The sentence of each piece of evidence, by code."""

_TEXT_COLUMNS: Final = 200
_TEXTS: Final = tuple(column.name for column in SIGN if column.type == pa.string())
_DAYS: Final = tuple(column.name for column in SIGN if column.type == pa.date32())
_NUMBERS: Final = ("measured", "usual")
_NONE: Final = "–"


def flag_name(detector: str, words: Language) -> str:
    """What a detector's flag is called; a detector without words goes by its id."""
    return named(NAMES, detector, words.text)


def evidence_text(code: str, params: Mapping[str, object], currency: str, words: Language) -> str:
    """The sentence of a piece of evidence; `params` are the columns of its sign as JSON holds them, days as ISO texts and numbers as decimal texts.

    A code without a sentence is shown itself; what a sentence names and the sign does not tell is a dash.
    """
    sentence = EVIDENCE.get(code)
    if sentence is None:
        return shortened(code, _TEXT_COLUMNS)
    return words.text(sentence, **_values(params, currency, words))


def _values(params: Mapping[str, object], currency: str, words: Language) -> dict[str, str]:
    """All a sentence may name, in the words of the language."""

    def told(names: tuple[str, ...], say: Callable[[str], str]) -> dict[str, str]:
        return {name: _NONE if params.get(name) is None else say(str(params[name])) for name in names}

    return {
        **told(_TEXTS, lambda text: shortened(text, _TEXT_COLUMNS)),
        **told(_DAYS, lambda text: words.day(date.fromisoformat(text))),
        **told(_NUMBERS, lambda text: words.number(rounded(Decimal(text), CENT))),
        **{f"{name}_share": said for name, said in told(_NUMBERS, lambda text: words.share(Decimal(text))).items()},
        **{
            f"{name}_money": said
            for name, said in told(_NUMBERS, lambda text: words.money(Decimal(text), currency)).items()
        },
        **told(("amount_local",), lambda text: words.money(Decimal(text), currency)),
    }
