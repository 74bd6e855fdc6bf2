"""What is said of detectors and of the flags they raise."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from receivables.detectors import SIGN
from receivables.flag_wording import buying, conduct, ledger
from receivables.language import shortened
from receivables.money import CENT, rounded
from receivables.wording import named

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_NAMED: Final = re.compile(r"%\((\w+)\)s")


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
    said = {name: _value(name, params, currency, words) for name in _named_in(sentence)}
    return words.text(sentence, **said)


@cache
def _named_in(sentence: str) -> tuple[str, ...]:
    return tuple(_NAMED.findall(sentence))


def _value(name: str, params: Mapping[str, object], currency: str, words: Language) -> str:
    """What a sentence names, in the words of the language."""
    column, _, unit = name.partition("_") if name.startswith(_NUMBERS) else (name, "", "")
    if params.get(column) is None:
        return _NONE
    told = str(params[column])
    if column in _DAYS:
        return words.day(date.fromisoformat(told))
    if column in _TEXTS:
        return shortened(told, _TEXT_COLUMNS)
    if unit == "share":
        return words.share(Decimal(told))
    if unit == "money" or column == "amount_local":
        return words.money(Decimal(told), currency)
    return words.number(rounded(Decimal(told), CENT))
