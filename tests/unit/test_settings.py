from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from receivables.errors import SettingsError
from receivables.settings import LANGUAGES, Aging, Settings, default_toml, load


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "receivables.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def uncommented() -> str:
    """What `init` writes, with every line that is a setting put in force."""
    return re.sub(r"^#(?! )", "", default_toml(), flags=re.MULTILINE)


def test_without_a_file_everything_is_at_its_default(tmp_path: Path) -> None:
    assert load(tmp_path / "receivables.toml") == Settings()


def test_the_file_init_writes_says_the_defaults(tmp_path: Path) -> None:
    assert loaded(tmp_path, default_toml()) == Settings()


def test_its_lines_uncommented_say_the_defaults_too(tmp_path: Path) -> None:
    written = loaded(tmp_path, uncommented())
    lists = ("company", "recipient", "expected", "operator")
    assert written.model_copy(update=dict.fromkeys(lists, ())) == Settings()
    assert [(one.address, one.role, one.companies) for one in written.recipient] == [
        ("ana@example.com", "management", ())
    ]
    assert [(company.id, company.local_currency) for company in written.company] == [("ES01", "EUR")]
    assert [(one.by, one.within_hours) for one in written.expected] == [("06:00", 12)]
    assert [(one.address, one.language) for one in written.operator] == [("it@example.com", "en")]


def test_every_setting_says_what_it_is_for() -> None:
    keys = [line for line in uncommented().splitlines() if re.match(r"\w+ = ", line)]
    comments = [line for line in default_toml().splitlines() if line.startswith("# ")]
    # a first line for the file, one each for the lists of companies, recipients, expected files and operators, and one for every key
    assert len(comments) == len(keys) + 5


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().aging.bucket_edges_days = (1,)  # type: ignore[misc]


def test_amounts_are_exact(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[ledger]\nclosing_tolerance_amount = 0.1").ledger.closing_tolerance_amount == Decimal(
        "0.1"
    )


def test_the_same_settings_have_the_same_mark_and_others_another(tmp_path: Path) -> None:
    assert Settings().sha256() == loaded(tmp_path, "[aging]\nbucket_edges_days = [30, 60, 90, 180, 365, 730]").sha256()
    assert Settings().sha256() != loaded(tmp_path, "[aging]\nbucket_edges_days = [30]").sha256()


def test_who_is_mailed_a_report_changes_nothing_in_it(tmp_path: Path) -> None:
    said = "[mail]\nserver = 'mail.example.com'\n[[recipient]]\naddress = 'ana@example.com'\n[unattended]\nstale_hours = 9\n"
    said += "[[operator]]\naddress = 'it@example.com'\n[[expected]]\nby = '05:00'"
    assert Settings().sha256() == loaded(tmp_path, said).sha256()


def test_buckets_follow_from_their_edges() -> None:
    assert Aging(bucket_edges_days=(30, 60)).buckets() == [
        ("not_due", 1, None, 0),
        ("d1_30", 2, 1, 30),
        ("d31_60", 3, 31, 60),
        ("d61_plus", 4, 61, None),
        ("no_due_date", 5, None, None),
        ("unapplied", 6, None, None),
    ]


def test_the_default_buckets_leave_no_day_out() -> None:
    aged = [(low, high) for _, _, low, high in Aging().buckets() if low is not None]
    assert aged[0][0] == 1
    assert [low for low, _ in aged[1:]] == [(high or 0) + 1 for _, high in aged[:-1]]
    assert aged[-1][1] is None


def test_a_company_is_found_by_its_id(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "[[company]]\nid = 'ES01'\nlocal_currency = 'EUR'")
    assert settings.company_named("ES01") == settings.company[0]
    assert settings.company_named("MX01") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[aging]\nbucket_edge_days = [30]", "unknown key aging.bucket_edge_days .*; try bucket_edges_days$"),
        ("agging = 1", "unknown key agging .*; try aging$"),
        ("[[company]]\nid = 'A'\ncurrency = 'EUR'", r"unknown key company\.0\.currency .*; try local_currency$"),
        ("[[company]]\nid = 'A'", r"no company\.0\.local_currency .*; try adding company\.0\.local_currency$"),
        ("[[company]]\nid = 'A'\nlocal_currency = 'euro'", r"company\.0\.local_currency = 'euro'"),
        ("[aging]\nbucket_edges_days = []", "expected bucket edges must be positive whole days in rising order"),
        ("[aging]\nbucket_edges_days = [0, 30]", "positive whole days in rising order"),
        ("[aging]\nbucket_edges_days = [30, 30]", "positive whole days in rising order"),
        ("[ingest]\nrefuse_pct = -1", "ingest.refuse_pct = -1 .*greater than or equal to 0"),
        ("[report]\nlanguages = ['fr']", r"report\.languages\.0 = 'fr' .*'en', 'es' or 'zh'"),
        ("[engine]\nmemory_limit = 'much'", "engine.memory_limit = 'much'"),
        ("[engine]\nthreads = 'two'", "engine.threads = 'two' .*expected .*integer"),
        ("[[recipient]]\naddress = 'ana@example.com\\nBcc: x@example.com'", r"recipient\.0\.address = "),
        ("[[recipient]]\naddress = 'Ana <ana@example.com>'", r"recipient\.0\.address = "),
        (
            "[[recipient]]\naddress = 'ana@example.com'\nrole = 'boss'",
            r"recipient\.0\.role = 'boss' .*'management', 'credit'",
        ),
        (
            "[[recipient]]\naddress = 'ana@example.com'\nrole = 'sales'\ncompanies = ['ES01']",
            "territories or salespersons for the role sales",
        ),
        ("[[recipient]]\naddress = 'ana@example.com'\nterritories = ['']", r"recipient\.0\.territories\.0 = ''"),
        (
            "[[recipient]]\naddress = 'a@b.c'\n[[recipient]]\naddress = 'A@b.c'",
            "one recipient for each address, not two for A@b.c",
        ),
        ("[mail]\nsecurity = 'ssl'", r"mail\.security = 'ssl' .*'starttls', 'tls' or 'none'"),
        ("[mail]\nuser = 'ana'\nsecurity = 'none'", "a user only with security = starttls or tls"),
        ("[mail]\npassword = 'secret'", r"unknown key mail\.password"),
        ("[mail]\nreport_base_url = 'javascript:alert(1)'", r"mail\.report_base_url = 'javascript"),
        ("[aging", "Expected ']' .*; expected a TOML file in UTF-8; try correcting that line"),
    ],
)
def test_what_cannot_be_used_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        loaded(tmp_path, text)


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"^got {tmp_path}: Is a directory; expected a readable TOML file; try "):
        load(tmp_path)


def test_the_languages_of_the_report_are_those_there_are() -> None:
    for language in LANGUAGES:
        assert Settings.model_validate({"report": {"languages": [language]}}).report.languages == (language,)
