"""One cell of a line written anew, all others left as they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.intake.records import replace_drawn, replace_field, split_fields

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6)


@pytest.mark.parametrize(
    ("line", "place", "text", "expected"),
    [
        ("a;b;c", 2, "x", "a;x;c"),
        ("a;b;", 3, "x", "a;b;x"),
        ('a;"b;b";c', 2, "x", "a;x;c"),
        ('"a ""1""";b', 2, "x;y", '"a ""1""";"x;y"'),
        ("a;b", 1, 'say "x"', '"say ""x""";b'),
        ("a;b", 1, "two\nlines", '"two\nlines";b'),
        ('a;"two\nlines";c', 3, "x", 'a;"two\nlines";x'),
        ("a;b", 3, "x", None),
        ("", 1, "x", "x"),
    ],
)
def test_a_cell_of_delimited_text_is_written(line: str, place: int, text: str, expected: str | None) -> None:
    assert replace_field(line, ";", place, text) == expected


@given(st.lists(TEXTS, min_size=1, max_size=5), st.data(), st.sampled_from([",", ";", "\t", "|"]))
def test_what_is_written_is_read_again_and_nothing_else_changes(
    cells: list[str], data: st.DataObject, mark: str
) -> None:
    line = mark.join('"' + cell.replace('"', '""') + '"' for cell in cells)
    place, text = data.draw(st.integers(1, len(cells))), data.draw(TEXTS)
    written = replace_field(line, mark, place, text)
    assert written is not None
    assert split_fields(written, mark) == [text if n == place else cell for n, cell in enumerate(cells, 1)]


@pytest.mark.parametrize(
    ("line", "place", "text", "expected"),
    [
        ("|1 |ab |", 2, "x", "|1 |x  |"),
        ("|1 |ab |", 2, "longer", "|1 |longer|"),
        ("|1 |ab |", 2, "a|b", None),
        ("|1 |ab |", 3, "x", None),
        ("|1 |a|b |", 2, "x", None),
        ("no list", 1, "x", None),
    ],
)
def test_a_cell_of_a_drawn_line_is_written(line: str, place: int, text: str, expected: str | None) -> None:
    assert replace_drawn(line, 2, place, text) == expected
