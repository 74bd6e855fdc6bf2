"""Every detector is declared, built and worded alike."""

from __future__ import annotations

import pytest

from receivables.detectors import DETECTORS, SIGN, Detector
from receivables.engine import models
from receivables.flag_wording import buying, conduct, ledger
from receivables.schema import TABLES

FAMILIES = (conduct, ledger, buying)
"""The modules that hold the words of each family."""

each = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)


def test_every_model_of_signs_has_its_detector() -> None:
    built = {model.full_name for model in models() if model.name.startswith("sign_")}
    assert built <= {detector.table for detector in DETECTORS.values()}


@each
def test_a_detector_is_built_and_has_words(detector: Detector) -> None:
    assert detector.table in {model.full_name for model in models()} or detector.tells_chance
    assert any(detector.id in family.NAMES and detector.id in family.TESTED for family in FAMILIES)
    assert detector.needs


@each
def test_what_a_detector_needs_can_be_told(detector: Detector) -> None:
    for need in detector.needs:
        schema, _, table = need.table.partition(".")
        assert schema in ("core", "marts")
        if table in TABLES:
            built = {
                "counts_from",
                "counts_until",
                "customer_id",
                "order_date",
                "order_status",
                "last_batch",
                "first_batch",
            }
            assert set(need.columns) <= {*TABLES[table].columns, *built}


def test_a_sentence_names_nothing_that_a_sign_does_not_tell() -> None:
    told = {name: name for name in (*SIGN.names, "measured_share", "usual_share", "measured_money", "usual_money")}
    for family in FAMILIES:
        for sentence in family.EVIDENCE.values():
            assert sentence % told
