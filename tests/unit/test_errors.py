from __future__ import annotations

import pytest

from receivables import errors
from receivables.errors import FileRefused, NightFailed, ReceivablesError, SettingsError, UsageError, nearest


def test_a_message_is_one_line_whatever_it_is_made_of() -> None:
    error = UsageError(got="two\nlines", expected="one\tline", try_="again")
    assert str(error) == "got two lines; expected one line; try again"
    assert (error.got, error.expected, error.try_, error.reason) == ("two\nlines", "one\tline", "again", "")


@pytest.mark.parametrize(
    ("kind", "code"),
    [(ReceivablesError, 1), (UsageError, 2), (SettingsError, 2), (FileRefused, 3), (NightFailed, 4)],
)
def test_every_kind_of_error_has_its_exit_code(kind: type[ReceivablesError], code: int) -> None:
    assert kind(got="", expected="", try_="").exit_code == code


def test_exit_codes_are_told_apart() -> None:
    codes = [value for name, value in vars(errors).items() if name.startswith("EXIT_")]
    assert sorted(codes) == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("word", "known", "named"),
    [
        ("agging", ["aging", "ledger"], "aging"),
        ("num_invalid", ["NUM_INVALID", "DATE_RANGE"], "NUM_INVALID"),
        ("zzz", ["b", "a"], "a, b"),
        ("zzz", list("jihgfedcba"), "a, b, c, d, e, f, g, h, ..."),
        ("zzz", [], ""),
    ],
)
def test_the_nearest_word_is_named_or_the_first_few(word: str, known: list[str], named: str) -> None:
    assert nearest(word, known) == named
