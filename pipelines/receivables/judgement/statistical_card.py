"""The card learnt from outcomes, in the shadow of the expert one: at each re-rating fitted to what had become of customers by then, as told by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from receivables.judgement.rating_tables import CARD, FIT, SCORE, STATISTICAL, STATISTICAL_COLUMNS
from receivables.policy import grades, scorecard, statistical_card
from receivables.policy.statistical_card import Cases

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from receivables.engine import Connection
    from receivables.policy.statistical_card import Card, Scored
    from receivables.settings import Settings

_OUTCOMES: Final = """
select company_id, customer_id, review_date::timestamp as review_date, until_day::timestamp as until_day
from marts.rating_outcome
order by company_id, review_date, customer_id
"""
_BADS: Final = """
select outcome.customer_id, outcome.review_date::timestamp as review_date, bad.known_from::timestamp as known_from, bad.known_until::timestamp as known_until
from marts.rating_outcome as outcome
inner join marts.rating_bad as bad
  on outcome.company_id = bad.company_id and outcome.customer_id = bad.customer_id and bad.day > outcome.review_date and bad.day <= outcome.until_day
order by outcome.customer_id, outcome.review_date, bad.day, bad.known_from
"""
_CASE: Final = ["customer_id", "review_date"]
_TYPES: Final = {
    "varchar": pa.string(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
    "bigint": pa.int64(),
    "double": pa.float64(),
}


class Shadow:
    """The statistical card of each company, kept up from re-rating to re-rating; reviews come in the order of their days."""

    def __init__(self, con: Connection, settings: Settings) -> None:
        self.settings, self.rules = settings, settings.statistical_card
        self.attributes = settings.scorecard.attributes()
        self.directions = {one.name: one.direction for one in self.attributes if one.direction}
        self.outcomes = con.execute(_OUTCOMES).df()
        self.bads = con.execute(_BADS).df()
        self.cards: dict[str, tuple[date, Card]] = {}
        self.told: list[pd.DataFrame] = []
        self.fits: list[dict[str, Any]] = []
        self.scores: list[pd.DataFrame] = []

    def review(self, day: date, facts: pd.DataFrame, expert: pd.DataFrame, *, is_last: bool) -> dict[str, Scored]:
        """Score the customers of a review that have a payment index, company by company where a card is fitted.

        A card is fitted at every re-rating, and at a company's first review so that it is always told why there is none.

        Args:
            day: of the review.
            facts: company_id, customer_id and the attributes as `scorecard.counting` tells them, a row per customer.
            expert: what the expert card says of the same rows.
            is_last: whether it is the review of the as-of date, whose scores are told whatever day it is.
        """
        rated = facts[expert["score"].notna()]
        is_rerating = grades.is_rerating(day, self.settings.rating)
        asked = sorted(
            {company_id for company_id in facts["company_id"] if is_rerating or company_id not in self.cards}
        )
        if asked:
            known = self._known(day)
            for company_id in asked:
                self._fit(company_id, known[known["company_id"] == company_id], day)
        if is_rerating:
            self.told.append(rated.assign(review_date=pd.Timestamp(day)))
        found = {
            company_id: statistical_card.score(card, mine, self.rules)
            for company_id, (_, card) in self.cards.items()
            if card.is_fitted and len(mine := rated[rated["company_id"] == company_id])
        }
        if is_rerating or is_last:
            self.scores.append(self._scores(day, rated, expert, found))
        return found

    def _known(self, day: date) -> pd.DataFrame:
        """Customers at re-ratings whose year has run out by a day: their facts then, and whether they went bad as told by that day."""
        today = pd.Timestamp(day)
        over = self.outcomes[self.outcomes["until_day"] <= today]
        if over.empty or not self.told:
            return pd.DataFrame(columns=["company_id", *_CASE, "until_day", "is_bad", *self.directions])
        bads = self.bads[(self.bads["known_from"] <= today) & ~(self.bads["known_until"] <= today)].drop_duplicates(
            _CASE
        )
        facts = pd.concat(self.told, ignore_index=True).drop(columns="company_id")
        known = over.merge(facts, on=_CASE, validate="one_to_one")
        return known.merge(bads, how="left", on=_CASE).assign(is_bad=lambda told: told["known_from"].notna())

    def _fit(self, company_id: str, known: pd.DataFrame, day: date) -> None:
        cases = Cases(
            known[list(self.directions)],
            known["customer_id"].to_numpy(),
            known["is_bad"].to_numpy(dtype=np.bool_),
            *(known[name].to_numpy(dtype="datetime64[s]") for name in ("review_date", "until_day")),
        )
        card = statistical_card.fit(cases, self.directions, self.rules)
        self.cards[company_id] = (day, card)
        self.fits.append(
            {
                "company_id": company_id,
                "fitted_on": day,
                "is_fitted": card.is_fitted,
                "reason": None if card.is_fitted else card.status,
                "cases": card.cases,
                "customers": card.customers,
                "bads": card.bads,
                "bads_needed": card.bads_needed,
                "attributes": len(card.used()),
                "intercept": card.intercept,
                "penalty": card.penalty,
            }
        )

    def _scores(self, day: date, rated: pd.DataFrame, expert: pd.DataFrame, found: dict[str, Scored]) -> pd.DataFrame:
        told = rated[["company_id", "customer_id"]].assign(
            review_date=day,
            **dict.fromkeys(("chance", "points", "score"), np.nan),
            expert_score=expert.loc[rated.index, "score"],
        )
        for scored in found.values():
            told.loc[scored.lost.index, ["chance", "points", "score"]] = np.column_stack(
                [scored.chance, scored.points, scored.score]
            )
        return told

    def graded(self, expert: pd.DataFrame, found: dict[str, Scored]) -> pd.DataFrame:
        """What the expert card says, with score and reasons of the statistical one wherever that is fitted; its points are of no block."""
        turns, told = self.settings.scorecard.reasons, expert.copy()
        words = [name for turn in range(1, turns + 1) for name in (f"reason_{turn}", f"reason_{turn}_kind")]
        told[words] = told[words].astype("object")
        for scored in found.values():
            rows = scored.lost.index
            kind = np.where(scored.is_missing, scorecard.KINDS.index("missing"), scorecard.KINDS.index("low"))
            reasons = scorecard.dearest(scored.lost.to_numpy(), kind, [*map(str, scored.lost)], turns)
            told.loc[rows, "score"] = scored.score
            told.loc[rows, [name for name in told if str(name) in _BLOCKS]] = np.nan
            for turn in range(1, turns + 1):
                for name in (f"reason_{turn}", f"reason_{turn}_kind", f"reason_{turn}_points"):
                    values = reasons.get(name)
                    told.loc[rows, name] = None if values is None else np.asarray(values)
            told.loc[rows, "card"] = STATISTICAL
        return told

    def described(self, scored: Scored) -> pd.DataFrame:
        """The attributes that a card uses as `scorecard.Scored` tells them: what each gives above its worst bin, and where the fact is missing."""
        block = {one.name: one.block for one in self.attributes}
        names = [*map(str, scored.best.index)]
        return pd.DataFrame(
            {
                "attribute": names,
                "block": [block[name] for name in names],
                "best_points": scored.best.to_numpy(),
                "stand_in_points": scored.stand_in.to_numpy(),
                "customers": (~scored.is_missing).sum().to_numpy(dtype=np.int64),
            }
        )

    def tables(self) -> dict[str, pa.Table]:
        """How each fit went, the cards as fitted last, and what they said, beside the expert card, at each re-rating and now."""
        scores = pd.concat(self.scores, ignore_index=True)
        return {
            FIT: _table(FIT, _columns(self.fits)),
            CARD: _table(CARD, _columns([row for company_id in sorted(self.cards) for row in self._bins(company_id)])),
            SCORE: _table(SCORE, {str(name): scores[name] for name in scores}),
        }

    def _bins(self, company_id: str) -> Iterable[dict[str, Any]]:
        day, card = self.cards[company_id]
        block = {one.name: one.block for one in self.attributes}
        given = statistical_card.points(card, self.rules)
        for one, worth, weight, state in zip(card.bins, given, card.coefficient.tolist(), card.state, strict=True):
            last = len(one.rows) - 1
            for place in range(len(one.rows)):
                yield {
                    "company_id": company_id,
                    "fitted_on": day,
                    "attribute": one.attribute,
                    "block": block[one.attribute],
                    "state": state,
                    "bin": place + 1,
                    "lower": float(one.upper[place - 1]) if 0 < place < last else None,
                    "upper": float(one.upper[place]) if place < last - 1 else None,
                    "is_missing": place == last,
                    "worth": one.missing if place == last else statistical_card.OWN,
                    "cases": int(one.rows[place]),
                    "bads": int(one.bads[place]),
                    "woe": float(one.woe[place]),
                    "points": float(worth[place]),
                    "iv": one.information,
                    "is_suspect": one.information > float(self.rules.suspect_information),
                    "coefficient": weight,
                }


_BLOCKS: Final = frozenset(("basic_points", "operating_points", "payment_points"))


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def _table(name: str, columns: Mapping[str, Any]) -> pa.Table:
    kinds = dict(column.split() for column in STATISTICAL_COLUMNS[name].split(", "))
    return pa.table(
        {column: pa.array(columns.get(column, []), _TYPES[kind], from_pandas=True) for column, kind in kinds.items()}
    )
