"""What is said about entries that are loaded all the same: due before their day, cancelled, negative invoices, amounts of yen."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from intake_files import AS_OF, LENIENT, read, user_profile, write
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = """
id = "own"
version = "1"
system = "own"
title = "A subledger"
status = "verified"
based_on = "this test"
shape = "entries"
mode = "full"
local_currency_from = "settings"
[columns]
customer = { aliases = ["customer"], required = true }
doc_no = { aliases = ["number"], required = true }
doc_date = { aliases = ["date"], required = true }
due_date.aliases = ["due"]
currency.aliases = ["currency"]
amount = { aliases = ["amount"], required = true }
amount_local.aliases = ["local"]
state.aliases = ["state"]
[[kinds]]
kind = "invoice"
[[states]]
when = { state = ["void"] }
state = "cancelled"
[[states]]
when = { state = ["ok", ""] }
state = "posted"
"""
HEADER = "customer,number,date,due,currency,amount,local,state"
KNOWN = Companies("1", {"1": "EUR"})


def told(tmp_path: Path, *lines: str, more: str = "") -> dict[str, tuple[str, int]]:
    profile = user_profile(tmp_path, more + PROFILE)
    got = read(
        write(tmp_path, "own.csv", "\n".join((HEADER, *lines))),
        profile,
        companies=KNOWN,
        settings=LENIENT,
        extract_as_of=AS_OF,
    )
    return {found.reason_code: (found.action, found.count) for found in got.landed.findings}


def test_what_is_odd_but_loaded_is_counted_by_reason(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        "C1,1,2024-05-15,2024-05-01,EUR,100,100,ok",
        "C1,2,2024-05-15,2024-06-15,EUR,-100,-100,ok",
        "C1,3,2024-05-15,2024-06-15,EUR,100,100,void",
        "C1,4,2024-05-15,2024-06-15,EUR,100,100,ok",
    )
    wanted = {
        "DATE_DUE_BEFORE_DOC": ("accept_warn", 1),
        "SIGN_NEGATIVE_INVOICE": ("accept_warn", 1),
        "STATE_CANCELLED": ("accept_warn", 1),
    }
    assert {reason: found[reason] for reason in wanted} == wanted
    assert told(tmp_path, "C1,4,2024-05-15,2024-06-15,EUR,100,100,ok") == {}


def test_an_unknown_state_is_quarantined_and_never_posted(tmp_path: Path) -> None:
    path = write(tmp_path, "own.csv", f"{HEADER}\nC1,1,2024-05-15,2024-06-15,EUR,100,100,maybe")
    got = read(path, user_profile(tmp_path, PROFILE), companies=KNOWN, settings=LENIENT, extract_as_of=AS_OF)
    assert [reason for *_, reason in got.quarantined()] == ["STATE_UNKNOWN"]
    assert got.tables["entry"] == []


def test_raw_amounts_of_yen_are_put_where_they_belong(tmp_path: Path) -> None:
    path = write(tmp_path, "own.csv", f"{HEADER}\nC1,1,2024-05-15,2024-06-15,JPY,123.45,80.00,ok")
    profile = user_profile(tmp_path, "raw_decimals = true\n" + PROFILE)
    got = read(path, profile, companies=KNOWN, settings=LENIENT, extract_as_of=AS_OF)
    assert [(row["amount_doc"], row["amount_local"]) for row in got.tables["entry"]] == [(Decimal(12345), Decimal(80))]
    assert [(f.action, f.count) for f in got.noted("NUM_TCURX")] == [("repair", 1)]
