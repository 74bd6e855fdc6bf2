"""Regular lines are cut by columns, all others one by one: both ways lead to the same rows, findings and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from big_exports import sap_lines
from exports import QUICK
from intake_files import AS_OF, HEADER, assert_equal, both_ways, invoice, read, write
from receivables.assets import sample_dir
from receivables.errors import FileRefused
from receivables.intake import regular
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from pathlib import Path

CELLS: Final = st.sampled_from(
    ["", "1", "A", "100.00", "-5.00", '"a,b"', '"say ""so"""', '"two\nlines"', '"open', 'in"side', "2024-01-05", " padded ",
     "Total", "\u200b9", "1,5", "\t", "\x0c", "=1+1", "ümlaut", "customer", "\ufffd", "IbÃ¡Ã±ez"]
)  # fmt: skip
LINES: Final = st.one_of(
    st.builds(invoice, st.integers(1, 9), st.sampled_from(["100.00", "-3.50", "x", "", '"1,000.00"'])),
    st.lists(CELLS, min_size=1, max_size=9).map(",".join),
    st.just(HEADER),
    st.sampled_from(["", "Total,,,,,,100.00", ",,,,,,", '"']),
)


@settings(
    max_examples=5 if QUICK else 15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines=st.lists(LINES, min_size=1, max_size=12), end=st.sampled_from(["\n", ""]))
def test_both_ways_give_the_same(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, lines: list[str], end: str
) -> None:
    path = write(tmp_path_factory.mktemp("both"), "list.csv", "\n".join((HEADER, *lines)) + end)
    assert_equal(*both_ways(monkeypatch, path))


def test_chunks_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [invoice(n) if n % 7 else f'{n},"open or\nnot",x' for n in range(1, 60)]
    path = write(tmp_path, "list.csv", "\n".join((HEADER, *lines, "Total,,,,,,5100.00", "")))
    whole, _ = both_ways(monkeypatch, path)
    for size in (1, 64, 1_000):
        monkeypatch.setattr(regular, "CHUNK", size)
        assert_equal(whole, both_ways(monkeypatch, path)[0])


def test_most_lines_of_a_sound_export_are_regular(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    kept = regular.read_regular

    def counted(*arguments: object) -> object:
        others = kept(*arguments)  # type: ignore[arg-type]
        seen.append(len(others))
        return others

    monkeypatch.setattr(regular, "read_regular", counted)
    read(write(tmp_path, "list.csv", "\n".join((HEADER, *(invoice(n) for n in range(50)))) + "\n"), extract_as_of=AS_OF)
    assert seen == [1]  # the header


@pytest.mark.parametrize("drop", ["", "|9000000002", "Debitor"])
def test_a_drawn_list_reads_the_same_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drop: str) -> None:
    text = "\n".join(line for line in sap_lines(1_100) if not drop or drop not in line)
    known = Companies("1000", {"1000": "EUR"})
    assert_equal(*both_ways(monkeypatch, write(tmp_path, "fbl5n.txt", text, "cp1252"), companies=known))


@pytest.mark.parametrize("table", ["allocation", "document", "document_line", "order_line", "territory", "fx_rate"])
def test_canonical_tables_read_the_same_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    (sample,) = (sample_dir() / "canonical").glob(f"{table}__*.csv")
    header, *rows = sample.read_text(encoding="utf-8").split("\n")[:400]
    path = write(
        tmp_path, sample.name, "\n".join([header, *rows[:50], header, "", "," * header.count(","), *rows[50:]])
    )
    apart, one_by_one = both_ways(monkeypatch, path)
    assert_equal(apart, one_by_one)
    assert not isinstance(apart, str)
    assert len(apart.tables[table]) == len([row for row in rows if row])


def test_a_line_no_export_writes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "list.csv", f"{HEADER}\n{invoice(1)}\n" + "x" * 10_000_001)
    with pytest.raises(FileRefused, match="longer than 10,000,000 bytes"):
        read(path, extract_as_of=AS_OF)
