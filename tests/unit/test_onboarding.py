"""Drafts of small files: what they decide, what they leave as a question, and that nothing hostile in them reaches the terminal."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

import receivables
from homes import command
from receivables.errors import FileRefused, SettingsError, UsageError
from receivables.intake.profile import read_profiles

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "Customer no;Invoice no;Invoice date;Due date;Invoice amount"


def listed(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def drafted(path: Path) -> dict[str, Any]:
    return tomllib.loads(receivables.draft(path, path.parent).text)


def is_question(value: object) -> bool:
    return "?: " in str(value)


def test_what_every_text_fits_is_decided(tmp_path: Path) -> None:
    told = drafted(
        listed(tmp_path / "a.csv", "C1;F-1;13/01/2024;14/02/2024;1.234,50", "C2;F-2;02/01/2024;03/02/2024;99,10")
    )
    assert told["date_formats"] == ["%d/%m/%Y"]
    assert [locale["decimal"] for locale in told["locales"]] == [","]
    assert {role: column["aliases"] for role, column in told["columns"].items()} == {
        "customer": ["Customer no"], "doc_no": ["Invoice no"], "doc_date": ["Invoice date"], "due_date": ["Due date"], "amount": ["Invoice amount"]
    }  # fmt: skip
    assert told["keys"] == {"doc_key": "{doc_no}"}
    assert "labels" not in told


def test_days_that_read_two_ways_stay_a_question_with_both(tmp_path: Path) -> None:
    path = listed(tmp_path / "a.csv", "C1;F-1;01/02/2024;01/02/2024;12.50", "C2;F-2;01/02/2024;01/02/2024;12.50")
    assert is_question(drafted(path)["date_formats"])
    text = receivables.draft(path, tmp_path).text
    assert "1 February 2024 (%d/%m/%Y) or 2 January 2024 (%m/%d/%Y)" in text


def test_one_column_that_reads_one_way_decides_for_the_others(tmp_path: Path) -> None:
    path = listed(tmp_path / "a.csv", "C1;F-1;01/02/2024;13/02/2024;12.50", "C2;F-2;01/02/2024;05/02/2024;12.50")
    assert drafted(path)["date_formats"] == ["%d/%m/%Y"]


def test_amounts_that_read_two_ways_stay_a_question_with_both(tmp_path: Path) -> None:
    path = listed(tmp_path / "a.csv", "C1;F-1;13/01/2024;14/02/2024;1.234", "C2;F-2;13/01/2024;14/02/2024;2.500")
    assert is_question(drafted(path)["locales"])
    assert (
        "'1.234' in column 'Invoice amount' is 1.2340 (decimal sign '.') or 1234.0000"
        in receivables.draft(path, tmp_path).text
    )


def test_two_columns_for_one_role_are_both_asked_about(tmp_path: Path) -> None:
    head = f"{HEAD};Rechnungsdatum"
    path = listed(tmp_path / "a.csv", "C1;F-1;13/01/2024;14/02/2024;9.50;13/01/2024", head=head)
    told = drafted(path)
    assert told["labels"].keys() == {"Invoice date", "Rechnungsdatum"}
    assert "doc_date" not in told["columns"]


def test_a_word_of_one_other_system_decides_nothing(tmp_path: Path) -> None:
    head = HEAD.replace("Invoice no", "Beleg")
    path = listed(tmp_path / "a.csv", "C1;F-1;13/01/2024;14/02/2024;9.50", head=head)
    assert is_question(drafted(path)["labels"]["Beleg"])


def test_numbers_that_are_used_twice_are_no_key(tmp_path: Path) -> None:
    path = listed(tmp_path / "a.csv", "C1;F-1;13/01/2024;14/02/2024;9.50", "C1;F-1;13/01/2024;14/03/2024;9.50")
    told = drafted(path)
    assert is_question(told["keys"]["doc_key"])
    other = listed(tmp_path / "b.csv", "C1;F-1;13/01/2024;14/02/2024;9.50", "C2;F-1;13/01/2024;14/03/2024;9.50")
    assert drafted(other)["keys"] == {"doc_key": "{customer}/{doc_no}"}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("Müller", "cp1252"), ("João Conceição", "cp1252"), ("Núñez", "cp850"), ("Łódź Spółka", "cp1250")],
)
def test_an_older_encoding_is_told_by_the_words_it_makes(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    rows = f"{HEAD};Customer name\nC1;F-1;13/01/2024;14/02/2024;9.50;{name}\nC2;F-2;13/01/2024;14/02/2024;9.50;{name} Ana\n"
    path.write_bytes(rows.encode(encoding))
    assert drafted(path)["encodings"] == [encoding]


def test_an_older_encoding_is_told_by_labels_that_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "客户编码,单据编号,业务日期,到期日,价税合计\nC1,F-1,2024-01-13,2024-02-14,9.50\nC2,F-2,2024-01-14,2024-02-14,9.70\n"
    path.write_bytes(rows.encode("gb18030"))
    assert drafted(path)["encodings"] == ["gb18030"]


def test_a_single_accent_of_two_alphabets_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"{HEAD};Customer name\nC1;F-1;13/01/2024;14/02/2024;9.50;João\n".encode("cp1252"))
    assert drafted(path)["encodings"] == ["?: which of these is right: 'João' is cp1252, 'Joăo' is cp1250?"]


def test_a_draft_with_open_questions_is_refused_with_the_first(tmp_path: Path) -> None:
    path = listed(tmp_path / "a.csv", "C1;F-1;01/02/2024;01/02/2024;12.50")
    out = tmp_path / "a.toml"
    found = receivables.draft(path, tmp_path, out=out)
    with pytest.raises(SettingsError, match=f"with {len(found.questions)} open questions; the first, mode: "):
        read_profiles(out)
    ended = command("profiles", "test", path, "--home", tmp_path, "--profile", out)
    assert ended.exit_code == 2
    assert "open questions" in ended.only_message()


def test_a_draft_never_overwrites(tmp_path: Path) -> None:
    path = listed(tmp_path / "a.csv", "C1;F-1;01/02/2024;01/02/2024;12.50")
    (tmp_path / "mine.toml").write_text("# mine", encoding="utf-8")
    with pytest.raises(UsageError, match="never overwritten"):
        receivables.draft(path, tmp_path, out=tmp_path / "mine.toml")
    assert (tmp_path / "mine.toml").read_text(encoding="utf-8") == "# mine"


def test_two_labels_for_one_role_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('[labels]\n"A" = "doc_no"\n"B" = "doc_no"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="one label for a role"):
        read_profiles(path)


HOSTILE = "\x1b[2J\x1b]0;owned\x07"


def test_what_a_file_says_never_steers_the_terminal(tmp_path: Path) -> None:
    named = listed(tmp_path / f"a{HOSTILE}.csv", "C1;F-1;13/01/2024;14/02/2024;9.50;y")
    path = listed(
        tmp_path / "a\u202e.csv", f"C1{HOSTILE};F-1;13/01/2024;14/02/2024;9.50;y", head=f'{HEAD};x{HOSTILE}"]\\'
    )
    for arguments in (
        ("profiles", "test", named),
        ("profiles", "new", named),
        ("profiles", "test", path),
        ("profiles", "new", path),
        ("profiles", "new", path, "--out", tmp_path / "o.toml"),
    ):
        ended = command(*arguments, "--home", tmp_path)
        assert "\x1b" not in ended.stdout + ended.stderr
        assert "\x07" not in ended.stdout + ended.stderr
        assert ended.exit_code in (0, 3)
    tomllib.loads((tmp_path / "o.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02" * 50, b"one line", b"a,b,c\n", b"%PDF-1.4", b"\n\n\n", b"PK\x03\x04rubbish", b";;;\n;;;\n"],
)
def test_rubbish_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rubbish.csv"
    path.write_bytes(content)
    for verb in ("test", "new"):
        ended = command("profiles", verb, path, "--home", tmp_path)
        assert ended.exit_code == 3
        assert "Traceback" not in ended.stderr
    with pytest.raises(FileRefused):
        receivables.draft(path, tmp_path)


def test_a_refused_file_shows_what_was_found_before(tmp_path: Path) -> None:
    path = listed(tmp_path / "facturas.csv", "bad;F1;C1;x;10;10", head="Fecha;Núm;Cliente;Vencimiento;Total;Pendiente")
    ended = command("profiles", "test", path, "--home", tmp_path, "--company", "ES01", "--extract-as-of", "2024-10-15")
    assert ended.exit_code == 3
    assert "profile    holded" in ended.stdout
    assert "1 quarantined" in ended.stdout
    assert "refused: got facturas.csv" in ended.stdout


def test_examining_leaves_the_home_as_it_was(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = listed(tmp_path / "a.csv", "C1;F-1;13/01/2024;14/02/2024;9.50")
    receivables.examine(path, home)
    receivables.draft(path, home)
    assert not home.exists()
