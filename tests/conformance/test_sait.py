"""SAIT: one table of charges and credits, of which a credit names the charge that it settles."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from sound_nights import items, replayed, sound, table

if TYPE_CHECKING:
    from pathlib import Path

LABELS: Final = [
    "KEYCXC",
    "NUMDOC",
    "NUMCLI",
    "CONC",
    "REFER",
    "FECHA",
    "VENC",
    "IMPORTE",
    "OBS",
    "TC",
    "DIVISA",
    "SALDO",
    "CA",
    "KEYREFER",
]
SAID: Final[dict[str, Any]] = {"currency": "MXN"}


def movement(key: str, side: str, amount: str, rest: str = "0.00", **more: str) -> list[str]:
    """One movement of customer 1 in pesos: a charge of 15 May 2024, or a credit of 1 July."""
    day = "2024-05-15" if side == "0" else "2024-07-01"
    cells = {"KEYCXC": key, "NUMDOC": key[1:], "NUMCLI": "1", "CONC": "01", "FECHA": day, "VENC": "2024-06-14" if side == "0" else "", "IMPORTE": amount,
             "TC": "1.0000", "DIVISA": "P", "SALDO": rest, "CA": side} | more  # fmt: skip
    return [cells.get(label, "") for label in LABELS]


ROWS: Final = [
    movement("F101", "0", "1000.00", "600.00"),
    movement("F102", "0", "300.00", "0.00"),
    movement("F103", "0", "100.00", "100.00", DIVISA="D", TC="17.5000", NUMCLI="2"),
    movement("000001", "1", "400.00", KEYREFER="F101"),
    movement("000002", "1", "250.00", KEYREFER="F102"),
    movement("000003", "1", "50.00", KEYREFER="F102", OBS="Nota de crédito"),
    movement("000004", "1", "80.00"),
]


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8", ","), ("cp1252", ";")])
def test_charges_and_credits_tell_the_ledger(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """A credit that names no charge stays on account."""
    got = sound(tmp_path, [table(tmp_path, "cxc.csv", [LABELS, *ROWS], encoding, delimiter)], **SAID)
    assert got.open_by_customer() == {"1": Decimal(520), "2": Decimal(1750)}
    assert sorted((kind, rest, age) for _, kind, rest, age in items(got) if age is not None) == [
        ("invoice", Decimal(100), 123),
        ("invoice", Decimal(600), 123),
    ]
    assert [(kind, rest) for _, kind, rest, age in items(got) if age is None] == [("receipt", Decimal(-80))]
    assert replayed(got, date(2024, 6, 30)).open_by_customer() == {"1": Decimal(1300), "2": Decimal(1750)}
