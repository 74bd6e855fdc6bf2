"""A closing rate that nobody tells: published all the same, and a person is asked for it, until it is told."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from homes import MONDAY, ask, business, closing_rates, command, tell

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wide


def test_a_closing_rate_nobody_tells_asks_for_a_person_until_it_is_told(empty_home: Path) -> None:
    tell(empty_home, {name: rows for name, rows in business().items() if name != "fx_rate"}, MONDAY)
    ended = command("nightly", "--home", empty_home, "--no-deliver")
    assert ended.exit_code == 5
    assert "ES01 USD/EUR: no closing rate for 1 open items (500.0000 USD); expected" in ended.stderr
    value = "select open_local, open_local_closing, revaluation_local from marts.open_item where currency = 'USD'"
    assert ask(empty_home, value) == [(Decimal(450), None, None)]
    tell(empty_home, {"fx_rate": [row | {"rate": Decimal("0.88")} for row in closing_rates()]}, MONDAY)
    assert command("nightly", "--home", empty_home, "--no-deliver").exit_code == 0
    assert ask(empty_home, value) == [(Decimal(450), Decimal(440), Decimal(-10))]
