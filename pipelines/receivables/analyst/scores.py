"""The expert scorecard on any customers, with the home's settings or others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from receivables.analyst.selection import selected
from receivables.errors import UsageError
from receivables.judgement.rating_facts import REGISTRY, Facts, scored_by_company
from receivables.judgement.rating_tables import EVENTS
from receivables.policy import grades
from receivables.settings import Settings, validated

if TYPE_CHECKING:
    from datetime import date

    from receivables.analyst.selection import Customers
    from receivables.warehouse import Warehouse


@dataclass(frozen=True)
class Scores:
    """What the expert card says of customers at the as-of date.

    `customers`: one row each, with the columns of `marts.rating` as far as the card decides them: status, score, completeness, points by block, file_score,
    raw_grade (by the edges alone), cap (the best grade that hard events leave, missing without any), and what cost most points (reason_1 and so on).
    `points`: one row each and a column per attribute. `attributes`: one row per company and attribute: its best points, those given where it is missing, and how
    many customers have it.
    """

    customers: pd.DataFrame
    points: pd.DataFrame
    attributes: pd.DataFrame

    def _repr_html_(self) -> str:
        shown: str = self.customers.to_html(max_rows=20)
        return shown


def scores(warehouse: Warehouse, customers: Customers, as_of: date, settings: Settings) -> Scores:
    """Score some customers; medians that stand in for what is missing are those of all customers of their company, as in the night.

    Raises:
        UsageError: there are no such customers, or the night was built by a version that did not publish what the card asks.
    """
    chosen = selected(warehouse, customers)
    if REGISTRY not in warehouse.tables():
        raise UsageError(
            got=f"{warehouse.path.name}, a night of an earlier version",
            expected=f"one that publishes {REGISTRY}",
            try_="receivables nightly",
        )
    facts = Facts(warehouse.con, settings.scorecard).on(as_of)
    asked = facts["customer_id"].isin(
        row[0]
        for row in warehouse.con.execute(
            f"select customer_id from core.customer{chosen.where()}", chosen.values or None
        ).fetchall()
    )
    scored = scored_by_company(facts, settings)
    ids = facts.loc[asked, ["company_id", "customer_id"]]
    told = _together([found.customers for found in scored.values()], ids)
    cap = grades.hard_event_cap(facts.loc[asked, list(EVENTS)], settings.rating)
    score = told["score"].to_numpy(dtype=np.float64)
    graded = {
        "raw_grade": grades.letters(grades.raw_grade(score, settings.rating)),
        "cap": grades.letters(np.where(cap < grades.BEST, cap, grades.NONE)),
    }
    place = list(told.columns).index("file_score") if "file_score" in told else len(told.columns)
    for number, (name, values) in enumerate(graded.items()):
        told.insert(place + number, name, pd.Series(values, index=told.index, dtype="str"))
    attributes = [found.attributes.assign(company_id=company) for company, found in scored.items()]
    return Scores(
        told,
        _together([found.points for found in scored.values()], ids),
        pd.concat(attributes).set_index("company_id", append=True).swaplevel() if attributes else pd.DataFrame(),
    )


def _together(frames: list[pd.DataFrame], ids: pd.DataFrame) -> pd.DataFrame:
    """The rows of those asked for, each named by its customer."""
    if not frames:
        return ids.set_index("customer_id")
    rows = pd.concat(frames).reindex(ids.index)
    return ids.join(rows).set_index("customer_id")


def settings_with(settings: Settings, changed: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Settings in which some keys of some sections are others, as they would stand in `receivables.toml`.

    Raises:
        SettingsError: no such section or key, or a value out of range.
    """
    raw = settings.model_dump()
    for section, keys in changed.items():
        raw[section] = (
            {**raw[section], **keys} if isinstance(raw.get(section), dict) and isinstance(keys, Mapping) else keys
        )
    return validated(Settings, raw, "the settings given")
