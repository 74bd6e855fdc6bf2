"""What holds for every shipped profile, and for every sample file of every system."""

from __future__ import annotations

import shutil
from collections import defaultdict
from contextlib import closing
from itertools import combinations
from typing import TYPE_CHECKING, Final

import pytest

from intake_files import SINGLE
from receivables.assets import profiles_dir
from receivables.engine import connect
from receivables.intake.container import inspect
from receivables.intake.profile import Kind, Profile, fold, read_profiles, shipped
from receivables.intake.recognise import recognise
from receivables.settings import Ingest, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SYSTEMS: Final = (
    "a3erp", "alegra", "aspel_sae", "contpaqi_comercial", "d365_bc", "d365_fo", "erpnext", "highradius", "holded", "ibm_watson", "kingdee_k3cloud",
    "netsuite", "odoo", "oracle_ar", "quickbooks_online", "sage_contaplus", "sap_b1", "sap_fbl5n", "sap_tables", "siigo", "xero", "yonyou_u8",
)  # fmt: skip
"""The systems whose exports are known, each in the profile file of its name."""

ONE_COLUMN: Final = (
    # A list of open items may tell a rest and no first amount, or one amount for both currencies.
    *({"amount", "open"}, {"amount_local", "open_local"}, {"balance_doc", "balance_local"}),
    # A name stands for the key where the export has no other.
    {"customer", "customer_name"},
    # One number or text that both names a row and links it to others, or is looked at by the rules of kinds.
    *(
        {"doc_no", "other_id"},
        {"doc_no", "text"},
        {"doc_id", "receipt_id"},
        {"line", "receipt_id"},
        {"receipt_id", "reversed_id"},
        {"doc_id", "other_id"},
    ),
    {"customer_ref", "text"},
    # One word says what state a row is in and whether it is open.
    *({"is_open", "status"}, {"state", "status"}, {"special", "state"}),
    # One date where the export has a single one; one label that heads either column.
    *({"doc_date", "posting_date"}, {"clearing_no", "clearing_date"}),
)
"""Roles that read one column on purpose, in any profile."""


def profiles_of(system: str) -> tuple[Profile, ...]:
    """The profiles of one system's file."""
    return read_profiles(profiles_dir() / f"{system}.toml")


def test_every_system_has_a_profile() -> None:
    assert {path.stem for path in profiles_dir().glob("*.toml")} >= set(SYSTEMS)


def test_profiles_have_ids_of_their_own() -> None:
    ids = [profile.id for profile in shipped()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("profile", shipped(), ids=lambda profile: profile.id)
def test_every_profile_says_what_it_rests_on(profile: Profile) -> None:
    assert profile.based_on.strip()
    assert profile.title.strip()


@pytest.mark.parametrize("profile", shipped(), ids=lambda profile: profile.id)
def test_a_label_means_one_thing_in_a_profile(profile: Profile) -> None:
    readers: dict[str, list[str]] = defaultdict(list)
    for role, column in profile.columns.items():
        for label in {fold(alias) for alias in column.aliases}:
            readers[label].append(role)
    assert "" not in readers
    assert {label: roles for label, roles in readers.items() if not _on_purpose(profile, roles)} == {}


def _on_purpose(profile: Profile, roles: Sequence[str]) -> bool:
    """Whether each two of the roles may read the same column: they are known to, or take different parts of its text."""
    return all(
        {one, other} in ONE_COLUMN or profile.columns[one].take != profile.columns[other].take
        for one, other in combinations(roles, 2)
    )


@pytest.mark.parametrize("profile", shipped(), ids=lambda profile: profile.id)
def test_an_unknown_type_is_never_taken_for_an_invoice(profile: Profile) -> None:
    if not any(_looks_at_type(kind) for kind in profile.kinds):
        return
    assert [kind for kind in profile.kinds if kind.kind == "invoice" and _is_open_to_all(kind)] == []


def _looks_at_type(kind: Kind) -> bool:
    return kind.type is not None or "doc_type" in kind.when


def _is_open_to_all(kind: Kind) -> bool:
    return not (_looks_at_type(kind) or kind.when or kind.special or kind.text)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_sample_is_recognised_as_its_own_system_whatever_its_name_and_the_order_of_profiles(
    reference_data: Path, tmp_path: Path, system: str
) -> None:
    own = profiles_of(system)
    others = [profile for profile in shipped() if profile.id not in {mine.id for mine in own}]
    read_as = {}
    for sample in sorted((reference_data / "erp" / "samples" / system).iterdir()):
        nameless = tmp_path / f"export{sample.suffix}"
        shutil.copyfile(sample, nameless)
        read_as[sample.name] = [
            recognised(nameless, [*others, *own], tmp_path),
            recognised(nameless, [*own, *others], tmp_path),
            recognised(sample, [*own, *others], tmp_path),
        ]
    ids = {profile.id for profile in own}
    assert {name: found for name, found in read_as.items() if not ids.issuperset(found)} == {}
    assert {name: found for name, found in read_as.items() if found[1] != found[2]} == {}


def recognised(path: Path, profiles: Sequence[Profile], scratch: Path) -> str:
    """The profile that reads a file."""
    with closing(connect(settings=SINGLE)) as con:
        source = inspect(path, Ingest())
        return recognise(con, source, profiles, Settings(), scratch).profile.id
