"""What a flag rests on, said in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from receivables import flag_wording
from receivables.flag_wording import evidence_text, flag_name
from receivables.language import language_in

SENTENCES: Final = {
    "twice": "Receipts %(item_id)s and %(other_id)s of %(day)s and %(other_day)s: %(amount_local)s each.",
    "more": "Orders: %(measured)s, usual: %(usual)s; that is %(measured_share)s beside %(usual_share)s.",
    "said": "It said “%(word)s”, before “%(other_word)s”, of %(subject)s, from %(seen_on)s to %(until)s; 100 %% sure.",
}
TOLD: Final = {
    "item_id": "P1",
    "other_id": "P2",
    "day": "2026-05-04",
    "other_day": "2026-05-05",
    "amount_local": "1234.5000",
    "measured": "12.3456",
    "usual": "0.2500",
    "word": "soon",
    "other_word": None,
    "subject": "ES01:C1",
    "seen_on": "2026-05-06",
}


SHIPPED: Final = dict(flag_wording.EVIDENCE)


@pytest.fixture(autouse=True)
def sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flag_wording, "EVIDENCE", SENTENCES)
    monkeypatch.setattr(flag_wording, "NAMES", {"duplicate": "Paid twice"})


def say(code: str, params: Mapping[str, object] = TOLD, currency: str = "EUR", language: str = "en") -> str:
    return evidence_text(code, params, currency, language_in(language)).replace("\u00a0", " ")


def test_days_numbers_and_amounts_stand_as_the_language_writes_them() -> None:
    assert say("twice") == "Receipts P1 and P2 of 4 May 2026 and 5 May 2026: EUR 1,234.50 each."
    assert say("twice", currency="JPY").endswith("JPY 1,235 each.")
    assert say("twice", language="es").endswith("4 may 2026 and 5 may 2026: 1.234,50 EUR each.")
    assert say("more") == "Orders: 12.35, usual: 0.25; that is 1,234.6% beside 25.0%."


def test_numbers_of_json_are_said_as_their_texts_are() -> None:
    assert say("more", {"measured": 12, "usual": -0.125}) == "Orders: 12, usual: -0.13; that is 1,200.0% beside -12.5%."


def test_what_a_sign_does_not_tell_is_a_dash() -> None:
    assert say("said") == "It said “soon”, before “–”, of ES01:C1, from 6 May 2026 to –; 100 % sure."
    assert "– and – of – and –: – each." in say("twice", {})


def test_a_code_without_a_sentence_and_a_detector_without_a_name_show_themselves() -> None:
    assert say("unheard_of") == "unheard_of"
    assert flag_name("duplicate", language_in("en")) == "Paid twice"
    assert flag_name("unheard_of", language_in("en")) == "unheard_of"


@pytest.mark.parametrize("language", ["en", "es", "zh"])
def test_every_shipped_sentence_can_be_said(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setattr(flag_wording, "EVIDENCE", SHIPPED)
    assert [code for code in SHIPPED if "%(" in say(code, language=language)] == []


def test_what_an_export_says_neither_breaks_nor_turns_nor_floods_a_sentence() -> None:
    said = say("said", {"word": "a\n%(item_id)s\u202e{=1+1}", "subject": "x" * 10_000, "other_word": "漢" * 500})
    assert said.startswith("It said “a %(item_id)s {=1+1}”, before “漢")
    assert len(said) < 500
    assert said.isprintable()
