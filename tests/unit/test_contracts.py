"""How contracts are declared and judged: what is exact, what is not evaluated, what is an error."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from receivables.checks import judge
from receivables.checks.contract import MEASURES, Contract, available, shipped
from receivables.checks.judge import judged, raised_in
from receivables.checks.profile import kind_of
from receivables.checks.record import check_of
from receivables.contract_wording import FAILED, NAMES, check_sentence
from receivables.errors import NightFailed
from receivables.language import language_in


def contract(**more: Any) -> Contract:
    said = {
        "id": "cents",
        "on": "batch",
        "measure": "control_difference",
        "expect": "expect_column_values_to_be_between",
        "arguments": {"min_value": 0, "max_value": 0},
        "level": "warn",
        "why": "a reason",
    }
    return Contract(**(said | more))


def row(difference: str | None, **more: Any) -> dict[str, Any]:
    value = None if difference is None else Decimal(difference)
    return {"company_id": "ES01", "batch_id": 1, "table_name": "document", "control_difference": value} | more


def test_every_shipped_contract_has_a_name_and_a_sentence() -> None:
    assert set(NAMES) == set(FAILED) == set(shipped())


def test_every_shipped_contract_gives_its_reason_and_measures_what_there_is() -> None:
    assert all(len(made.why) > 40 and made.measure in MEASURES[made.on] for made in shipped().values())
    assert available(None) == tuple(shipped().values())


def test_money_is_judged_to_its_last_decimal_however_large() -> None:
    rows = [row("0.0000"), row("0.0001"), row("-99999999999999.9999"), row(None)]
    assert [verdict.passed for verdict in judged({"batch": rows}, [contract()])] == [True, False, False, None]


def test_a_contract_speaks_of_what_it_covers_only() -> None:
    rows = [row("1"), row("1", table_name="payment")]
    (verdict,) = judged({"batch": rows}, [contract(tables=("payment",))])
    assert (verdict.row, verdict.passed) == (rows[1], False)


def test_frames_of_different_lengths_are_judged_together() -> None:
    frames = {"batch": [row("0"), row("1"), row("0")], "aging": [row(None, repeated_keys=1)]}
    grain = contract(id="grain", on="aging", measure="repeated_keys")
    told = [(verdict.contract.id, verdict.passed) for verdict in judged(frames, [contract(), grain])]
    assert told == [("cents", True), ("cents", False), ("cents", True), ("grain", False)]


def test_contracts_of_one_frame_do_not_mix() -> None:
    rows = [row("1", rows=5), row("0", rows=50)]
    verdicts = judged({"batch": rows}, [contract(), contract(id="few", measure="rows", arguments={"max_value": 10})])
    assert [(verdict.contract.id, verdict.passed) for verdict in verdicts] == [
        ("cents", False),
        ("cents", True),
        ("few", True),
        ("few", False),
    ]


def test_an_error_in_one_contract_is_no_verdict_of_any() -> None:
    odd = contract(id="odd", expect="expect_column_values_to_match_regex", arguments={"regex": "("})
    with pytest.raises(NightFailed, match="got contract odd, which could not be judged"):
        judged({"batch": [row("1")]}, [contract(), odd])


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ({"raised_exception": False, "exception_message": None, "exception_traceback": None}, None),
        ({"raised_exception": True, "exception_message": "flat\nerror", "exception_traceback": ""}, "flat error"),
        (
            {"metric a": {"raised_exception": False}, "metric b": {"raised_exception": True, "exception_message": "b"}},
            "b",
        ),
        ({}, None),
    ],
)
def test_both_shapes_of_a_raised_error_are_read(info: dict[str, Any], message: str | None) -> None:
    assert raised_in(info) == message


@pytest.mark.parametrize(
    ("arguments", "expected", "told"),
    [
        ({"min_value": 0, "max_value": 0}, "= 0", "0.00"),
        ({"max_value": 10}, "<= 10", "at most 10.00"),
        ({"min_value": -5}, ">= -5", "at least -5.00"),
        ({"min_value": 1, "max_value": 2}, ">= 1 and <= 2", "1.00 to 2.00"),
    ],
)
def test_what_is_expected_is_told(arguments: dict[str, Any], expected: str, told: str) -> None:
    (verdict,) = judged({"batch": [row("99")]}, [contract(arguments=arguments)])
    check = check_of(verdict)
    assert check.expected == expected
    assert check_sentence(check, language_in("en")) == (
        f"Contract cents is broken: 99.00, expected {told}. Its reason: a reason" if check.passed is False else ""
    )


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        ("document", "doc_id", "key"),
        ("document", "customer_id", "id"),
        ("document", "source_type", "code"),
        ("document", "amount_doc", "money"),
        ("document", "due_date", "date"),
        ("document", "text", "other"),
    ],
)
def test_a_column_is_of_one_kind(table: str, column: str, kind: str) -> None:
    assert kind_of(table, column) == kind


def test_an_expectation_that_fails_and_names_no_row_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would pass: what fails is told by its rows. No expectation known today does so; a later library's may."""
    config = SimpleNamespace(kwargs={"column": "cents"})
    nameless = SimpleNamespace(
        expectation_config=config, exception_info={"raised_exception": False}, success=False, result={}
    )
    monkeypatch.setattr(judge, "_validated", lambda *_: [nameless])
    with pytest.raises(NightFailed, match=r"got contract cents, which could not be judged: .* names no row that does"):
        judged({"batch": [row("1.5")]}, [contract()])
