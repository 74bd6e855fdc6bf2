"""How an unknown text is encoded: what its bytes prove, or which reading makes words of its letters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from receivables.intake.profile import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from receivables.intake.container import Source

SAMPLE_BYTES: Final = 4_000_000
"""Bytes looked at: far more than it takes to meet every letter a list uses."""

HEAD_LINES: Final = 40
"""Lines in which a header stands."""

LEGACY: Final = ("cp1252", "cp850", "gb18030", "big5", "shift_jis", "cp1250", "cp1251")
"""Encodings exports are known to have, beside UTF-8 and UTF-16."""

ALPHABETS: Final = {
    "cp1252": (
        "áâãàçéêíóôõú",
        "áéíóúñü",
        "àâæçéèêëîïôœùûüÿ",
        "äöüß",
        "àèéìíîòóùú",
        "àçéèíïóòúü",
        "åäöéü",
        "åæøé",
        "áæéíóöúýþð",
        "áéëïóöü",
    ),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ", "čćđšž"),
}
"""Letters beyond ASCII of the languages an encoding is used for, one language each: no list mixes those of several by chance."""

WESTERN: Final = frozenset(char for letters in ALPHABETS["cp1252"] for char in letters + letters.upper())
"""Letters with accents of the languages written in western Europe and the Americas."""

BESIDE: Final = frozenset("¿¡ºª°€£§·«»–—‘’“”…®©´\u00a0")
"""Signs that western texts hold beside letters."""


@dataclass(frozen=True)
class Written:
    """The encoding a file is read with while it is looked at; `question` is open where others read other words."""

    encoding: str
    evidence: str
    question: str = ""


def how_written(source: Source, known: frozenset[str]) -> Written:
    """What the first bytes prove, else UTF-8 where every byte fits, else the one older encoding in which all letters make words, or labels; `known` are labels, folded."""
    if source.bom_encoding is not None:
        return Written("utf-8" if source.bom_encoding == "utf-8-sig" else source.bom_encoding, "its first bytes say so")
    with source.path.open("rb") as stream:
        raw = stream.read(SAMPLE_BYTES)
    raw = raw[: raw.rfind(b"\n") + 1] or raw
    if raw.isascii():
        return Written("utf-8", "it holds no letter beyond ASCII, which every encoding reads alike")
    if _decoded(raw, "utf-8") is not None:
        return Written("utf-8", "every byte fits, which other encodings' accents do not by chance")
    texts: dict[str, str] = {}
    for name in LEGACY:
        text = _decoded(raw, name)
        if text is not None and text not in texts.values():
            texts[name] = text
    fitting: list[str] = []
    for is_so in (_is_of_one_language, _is_plausible):
        fitting = [name for name, text in texts.items() if is_so(name, text)]
        if len(fitting) == 1:
            return Written(
                fitting[0], f"it is no UTF-8, and read so its letters make words: {_word(texts[fitting[0]])}"
            )
        if fitting:
            break
    labels = {name: words for name in fitting or texts if (words := _labels_in(texts[name], known))}
    if len(labels) == 1:
        ((name, words),) = labels.items()
        return Written(name, f"it is no UTF-8, and read so its labels are known: {', '.join(words[:3])}")
    names = fitting or list(texts) or ["latin-1"]
    shown = ", ".join(f"{_word(texts[name])} is {name}" for name in names if name in texts)
    return Written(names[0], "", f"which of these is right: {shown}?")


def _labels_in(text: str, known: frozenset[str]) -> list[str]:
    """Labels with letters beyond ASCII that some profile knows, in the first lines of a text."""
    cells = (cell.strip(' "') for line in text.splitlines()[:HEAD_LINES] for cell in re.split(r"[,;|\t]", line))
    return list(dict.fromkeys(f"'{cell}'" for cell in cells if not cell.isascii() and fold(cell) in known))


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeError:
        return None


def _is_of_one_language(name: str, text: str) -> bool:
    """Whether the letters beyond ASCII are those of one language the encoding was made for, and capitals stand where they do in words."""
    if name in ("gb18030", "big5", "shift_jis"):
        # In a western word misread so, such a character stands beside small letters.
        is_beside = re.search(r"[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]", text)
        return not is_beside and all(_is_east_asian(name, char) for char in text if not char.isascii())
    letters = {char.lower() for char in text if not char.isascii() and char.isalpha()}
    if {char for char in text if not char.isascii() and not char.isalpha()} - BESIDE or not letters:
        return False
    if name == "cp1251":
        return all(_is_cyrillic(word) and _is_cased(word) for word in _words(text))
    words = list(_words(text))
    if 2 * sum(bool(re.search("[A-Za-z]", word)) for word in words) < len(words):
        return False  # hardly a word of western languages is made of accents alone
    alphabets = ALPHABETS["cp1250" if name == "cp1250" else "cp1252"]
    return any(letters <= set(alphabet) for alphabet in alphabets) and all(map(_is_cased, _words(text)))


def _is_plausible(name: str, text: str) -> bool:
    """The same of several western languages together, whose names a list of customers may mix."""
    letters = {char for char in text if not char.isascii()}
    return name in ("cp1252", "cp850") and letters <= WESTERN | BESIDE and all(map(_is_cased, _words(text)))


def _is_cyrillic(word: str) -> bool:
    return all("CYRILLIC" in unicodedata.name(char, "") for char in word)


def _is_east_asian(name: str, char: str) -> bool:
    told = unicodedata.name(char, "")
    kana = name == "shift_jis" and told.startswith(("HIRAGANA", "KATAKANA"))
    is_common = "\u4e00" <= char <= "\u9fff"
    return is_common or kana or char in "，。、（）：；《》“”￥¥—…年月日　" or unicodedata.east_asian_width(char) == "F"


def _is_cased(word: str) -> bool:
    """Whether no capital beyond ASCII follows a small letter, as it does in words misread."""
    return not any(before.islower() and char.isupper() and not char.isascii() for before, char in pairwise(word))


def _words(text: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"[^\W\d_]+", text) if not match[0].isascii())


def _word(text: str) -> str:
    return f"'{next(_words(text), next((char for char in text if not char.isascii()), ''))}'"
