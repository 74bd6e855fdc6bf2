"""Profiles are data: what they may say, what is inherited, and the one line a faulty one gets."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from intake_files import user_profile, write
from receivables.assets import profiles_dir, sql_dir
from receivables.engine import connect
from receivables.errors import SettingsError
from receivables.intake.expression import fault_of, is_found, one_is_found
from receivables.intake.profile import DOCUMENT_KINDS, PAYMENT_KINDS, ROLES, available, fold, read_profiles, shipped

if TYPE_CHECKING:
    from pathlib import Path

SMALL = """
id = "own"
version = "1"
system = "ledger"
title = "A list"
status = "unverified"
based_on = "nothing"
shape = "invoices"
"""


def test_the_shipped_profiles_are_whole_and_named_after_their_files() -> None:
    files = {path.stem for path in profiles_dir().glob("*.toml")}
    assert {
        next(stem for stem in files if profile.id == stem or profile.id.startswith(f"{stem}_")) for profile in shipped()
    } == files
    assert len({profile.id for profile in shipped()}) == len(shipped())
    for profile in shipped():
        assert profile.shape in ("table", "rows") or set(profile.columns) <= set(ROLES[profile.shape])
        folded = [fold(alias) for role in profile.columns.values() for alias in role.aliases]
        assert all(folded), f"an alias of {profile.id} has neither letter nor digit"


def test_a_user_s_profile_stands_before_and_in_place_of_the_shipped_one(tmp_path: Path) -> None:
    write(tmp_path, "own.toml", SMALL)
    write(tmp_path, "sap.toml", 'extends = "sap_fbl5n"\nversion = "1-own"\n')
    found = {profile.id: profile.version for profile in available(tmp_path)}
    assert list(found)[:2] == ["own", "sap_fbl5n"]
    assert list(found)[2:] == [profile.id for profile in shipped() if profile.id != "sap_fbl5n"]
    assert found["sap_fbl5n"] == "1-own"


def test_what_extends_inherits_and_overrides_key_by_key(tmp_path: Path) -> None:
    base = next(profile for profile in shipped() if profile.id == "invoice_list")
    own = user_profile(
        tmp_path,
        'extends = "invoice_list"\nid = "own"\nkey = []\n[columns]\namount = { aliases = ["net"] }\n[assume]\ncurrency = "EUR"\n',
    )
    assert own.columns["amount"].aliases == ("net",)
    assert own.columns["amount"].required
    assert own.columns["customer"] == base.columns["customer"]
    assert (own.key, own.kinds, own.assume.currency) == ((), base.kinds, "EUR")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("delimeters = [',']", "unknown key delimeters in .* try delimiters"),
        ("[columns]\namount = { alias = ['x'] }", "unknown key columns.amount.alias in .* try aliases"),
        ("[columns]\nclient.aliases = ['x']", "role 'client' is not known to shape invoices; nearest"),
        ("[columns]\ncustmer.aliases = ['x']", "nearest: customer"),
        ("key = ['doc_nr']", "nearest: doc_no"),
        ("[[kinds]]\nkind = 'invoice'\nwhen = { customer = ['{custmer}'] }", "nearest: customer"),
        (
            "shape = 'rows'\ntable = 'customer'\n[also.credit_limt]",
            "table 'credit_limt' is not in the dictionary; nearest: credit_limit",
        ),
        (
            "shape = 'rows'\ntable = 'customer'\n[also.credit_limit]\nlimit.aliases = ['x']",
            "table credit_limit has no column 'limit'; nearest: limit_amount",
        ),
        ("[[kinds]]\nkind = 'invoce'", "nearest: invoice"),
        ("shape = 'invoice'", "'table', 'rows', 'invoices', 'entries' or 'orders'"),
        ("locales = []", "locales = .*at least 1 item"),
        ("date_formats = []", "date_formats = .*at least 1 item"),
        ("encodings = []", "encodings = .*at least 1 item"),
        ("encodings = ['klingon']", "encodings.0 = 'klingon' .* an encoding Python knows"),
        ("date_formats = ['DD.MM.YYYY %Q']", "expected a date format of %d"),
        ("delimiters = ['||']", "delimiters.0 = .* at most 1 character"),
        ("locales = [{ decimal = ',', thousands = ',.' }]", "a decimal sign that is no thousands sign"),
        ("locales = [{ decimal = '-' }]", "neither of them a digit, bracket or sign"),
        ("[rows]\ntotal = ['(unclosed']", "rows.total.0 = .* cannot be read"),
        ("[rows]\ntitle = ['(?=ahead)']", "rows.title.0 = .* cannot be read"),
        ("[rows]\ngrand_total = '['", "rows.grand_total = .* cannot be read"),
        ("[rows.group]\ncustomer = '^Customer'", "with a bracket around the value"),
        ("[rows.group]\namount = '^Sum (.*)'", "role 'amount' stands in the rows, not in a group's head"),
        ("as_of_title = ['as of']", "with a bracket around the value"),
        ("reversal_text = '('", "reversal_text = .* cannot be read"),
        ("[[kinds]]\nkind = 'invoice'\ntext = '*'", "kinds.0.text = .* cannot be read"),
        ("reversal_text = '((a{999}){999}){999}'", "reversal_text = .* cannot be read"),
        ("reversal_text = '(a{1,4294967296})'", "reversal_text = .* cannot be read"),
        ("reversal_text = '(?<=a)(b)'", "reversal_text = .* cannot be read"),
        ("[assume]\ncurrency = 'euro'", "assume.currency = 'euro'"),
        ("id = 'Not a name'", "id = 'Not a name'"),
        ("key = 'doc_no", "a TOML file in UTF-8"),
    ],
)
def test_a_faulty_profile_gets_one_line_that_names_the_key(tmp_path: Path, text: str, said: str) -> None:
    name = text.partition(" =")[0].strip()
    kept = "\n".join(line for line in SMALL.splitlines() if not line.startswith(f"{name} ="))
    with pytest.raises(SettingsError, match=said) as error:
        read_profiles(write(tmp_path, "own.toml", f"{kept}\n{text}\n"))
    assert "own.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_what_extends_an_unknown_profile_is_told_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="try sap_fbl5n"):
        user_profile(tmp_path, 'extends = "sap_fbl5"\n')


@pytest.mark.parametrize(
    ("one", "other"),
    [("Nº documento", "NO DOCUMENTO"), ("Fälligkeit", "falligkeit"), ("Amt. in LC", "amtinlc"), ("客户", " 客户：")],
)
def test_labels_are_compared_without_case_accents_and_signs(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_what_is_money_received_is_the_same_in_the_build() -> None:
    with closing(connect()) as con:
        con.execute((sql_dir() / "macros.sql").read_text(encoding="utf-8"))
        found = con.execute(
            "select kind from (select unnest(?) as kind) where is_receipt(kind)", [[*DOCUMENT_KINDS, *PAYMENT_KINDS]]
        ).fetchall()
    assert {kind for (kind,) in found} == set(PAYMENT_KINDS)


def test_an_expression_that_backtracks_for_ever_elsewhere_is_done_at_once() -> None:
    """Python's own engine takes twice as long with each further letter, here longer than there is an earth."""
    for expression in ("(a+)+$", "(a|aa)+$", "(.*a){20}$", "([a-z]+)*[0-9]"):
        assert fault_of(expression) is None
        assert not is_found(expression, "a" * 100_000 + "!")
    assert one_is_found(["^b", "(a+)+$"], ["b", "a", "a!"]) == [True, True, False]


@pytest.mark.parametrize("name", ["../profiles/invoice_list", "/etc/x", "{home}/mine", "."])
def test_what_a_profile_extends_is_a_name_and_no_way_to_a_file(tmp_path: Path, name: str) -> None:
    write(tmp_path, "mine.toml", SMALL)
    own = write(tmp_path, "own.toml", f"extends = '{name.format(home=tmp_path)}'\n")
    with pytest.raises(SettingsError, match="expected a shipped profile"):
        read_profiles(own)
