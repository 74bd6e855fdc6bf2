"""The collector of SQL model cases: what it accepts, what it finds different, what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sql_cases
from receivables import assets

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """-- One row per customer with documents.
select customer_id, sum(amount_doc) as amount, count(*)::bigint as documents, max(doc_date) < getvariable('as_of') as is_old,
  sum(amount_doc)::double / 3 as third, max(label) as label
from core.document inner join marts.label on customer_id = id
group by customer_id
"""
PARAMS = """as_of = 2026-03-01
[types."marts.label"]
id = "VARCHAR"
label = "VARCHAR"
"""
DOCUMENTS = (
    "doc_id,customer_id,doc_date,amount_doc\n1,A,2026-01-31,10.00\n2,A,2026-02-28,0.50\n3,B,2026-03-01,-7.1250\n"
)
LABELS = 'id,label\nA,""\nB,\n'
EXPECT = 'customer_id,amount,documents,is_old,third,label\nB,-7.125,1,false,-2.375,\nA,10.5,2,true,3.5000000001,""\n'


def write_case(root: Path, expect: str = EXPECT, params: str = PARAMS, documents: str = DOCUMENTS) -> Path:
    folder = root / "tests" / "sql" / "marts.total" / "two_customers"
    files = {
        root / "sql" / "marts" / "total.sql": MODEL,
        folder / "given" / "core.document.csv": documents,
        folder / "given" / "marts.label.csv": LABELS,
        folder / "params.toml": params,
        folder / "expect.csv": expect,
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def run(root: Path, folder: Path) -> None:
    sql_cases.run_case(folder, root / "sql")


def test_equal_rows_pass_in_any_order_and_on_the_listed_columns_only(tmp_path: Path) -> None:
    run(tmp_path, write_case(tmp_path))
    run(tmp_path, write_case(tmp_path, expect="documents\n1\n2\n"))


@pytest.mark.parametrize(
    ("expect", "shown"),
    [
        (
            "customer_id,amount\nA,10.50\nB,-7.12\n",
            ["only in expect.csv", "-7.12", "only in the model's result", "-7.125"],
        ),
        ("customer_id\nA\n", ["only in the model's result", "B"]),
        ("documents\n1\n2\n2\n", ["only in expect.csv", "2"]),
        ("documents\n1.4\n2\n", ["only in expect.csv", "1.4"]),
        ("customer_id,label\nA,\nB,\n", ["''", "NULL"]),
    ],
    ids=["no rounding", "missing row", "repeated row", "no rounding to whole numbers", "empty is not NULL"],
)
def test_a_difference_is_shown_row_by_row(tmp_path: Path, expect: str, shown: list[str]) -> None:
    with pytest.raises(sql_cases.Differs) as difference:
        run(tmp_path, write_case(tmp_path, expect=expect))
    assert all(word in str(difference.value) for word in ["marts.total/two_customers", *shown])


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"params": "as_of = 2026-03-01"}, r'give id, label a type .*\[types."marts.label"\]'),
        ({"expect": "customer,amount\nA,1\n"}, "names customer; the model has customer_id, amount"),
        ({"documents": DOCUMENTS.replace("10.00", "ten")}, "(?s)two_customers: .*ten"),
        ({"documents": DOCUMENTS.replace("doc_date", "doc_dat")}, "give doc_dat a type"),
    ],
    ids=["untyped table", "unknown expected column", "value that is no number", "misspelt column"],
)
def test_a_faulty_case_says_what_to_mend(tmp_path: Path, change: dict[str, str], shown: str) -> None:
    with pytest.raises(sql_cases.CaseError, match=shown):
        run(tmp_path, write_case(tmp_path, **change))


def test_default_settings_stand_in_params_unless_given(tmp_path: Path) -> None:
    folder = write_case(tmp_path, expect="customer_id,edge\nA,30\nB,30\n")
    model = tmp_path / "sql" / "marts" / "total.sql"
    model.write_text(
        "select d.customer_id, b.upper_days as edge from core.document as d join params.bucket as b on true ", "utf-8"
    )
    model.write_text(model.read_text("utf-8") + "where b.bucket = 'd1_30' and d.doc_id in ('1', '3')", "utf-8")
    run(tmp_path, folder)
    (folder / "given" / "params.bucket.csv").write_text("bucket,upper_days\nd1_30,15\n", "utf-8")
    with pytest.raises(sql_cases.Differs, match="15"):
        run(tmp_path, folder)


def test_pytest_collects_a_case_by_its_folders(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    write_case(pytester.path)
    (pytester.path / "tests" / "sql" / "marts.total" / "wrong").mkdir()
    (pytester.path / "tests" / "sql" / "marts.total" / "wrong" / "expect.csv").write_text("amount\n1\n", "utf-8")
    monkeypatch.setattr(assets, "sql_dir", lambda: pytester.path / "sql")
    result = pytester.runpytest_inprocess("-p", "sql_cases", "-p", "no:cacheprovider", "tests")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*marts.total/wrong*", "*core.document*"])
