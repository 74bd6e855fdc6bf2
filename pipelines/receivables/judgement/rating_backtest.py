"""Whether past ratings were right: each score, as it was at its re-rating, against what became of the customer in the year after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from receivables.judgement.rating_tables import BACKTEST, BAD_RATE, EXPERT, HISTORY, SCORE, STATISTICAL
from receivables.judgement.writing import table_of
from receivables.policy import backtest, grades, provision, shrinkage
from receivables.policy.backtest import Cases

if TYPE_CHECKING:
    from receivables.engine import Connection
    from receivables.settings import Settings

_CASES: Final = f"""
select
  outcome.company_id, outcome.review_date, outcome.customer_id, outcome.is_bad, greatest(outcome.amount_local, 0)::double as amount, said.expert_score, said.chance,
  history.raw_grade, history.grade, history.cap is not null as is_capped, behaviour.items::double as items, behaviour.items * behaviour.late_share::double as late_items
from marts.rating_outcome as outcome
inner join {HISTORY} as history
  on outcome.review_date = history.review_date and outcome.company_id = history.company_id and outcome.customer_id = history.customer_id
inner join marts.payment_behaviour as behaviour
  on outcome.review_date = behaviour.period_end and outcome.company_id = behaviour.company_id and outcome.customer_id = behaviour.customer_id
left join {SCORE} as said
  on outcome.review_date = said.review_date and outcome.company_id = said.company_id and outcome.customer_id = said.customer_id
order by outcome.company_id, outcome.review_date, outcome.customer_id
"""
_GRADES: Final = f"""
select company_id, review_date, customer_id, score, grade from {HISTORY} where is_rerating order by company_id, review_date, customer_id
"""
_LATE_RATIO: Final = "late_ratio"
_GRADED: Final = "graded"
"""What is measured where no card is: the grades given, by whichever."""

_COLUMNS: Final = pa.schema(
    [
        *(("company_id", pa.string()), ("card", pa.string()), ("metric", pa.string()), ("baseline", pa.string())),
        *(
            (name, pa.float64())
            for name in ("value", "lo", "hi", "baseline_value", "difference", "difference_lo", "difference_hi")
        ),
        *(("verdict", pa.string()), ("reason", pa.string())),
    ]
)
_RATE_COLUMNS: Final = pa.schema(
    [
        *(
            ("company_id", pa.string()),
            ("grade", pa.string()),
            ("is_capped", pa.bool_()),
            ("cases", pa.int64()),
            ("bads", pa.int64()),
        ),
        *((name, pa.float64()) for name in ("bad_rate", "lo", "hi")),
    ]
)


def measured(con: Connection, settings: Settings) -> dict[str, pa.Table]:
    """The back-test of every company that has been rated, and its share of bad customers by grade."""
    cases = con.execute(_CASES).df()
    history = con.execute(_GRADES).df()
    rows: list[dict[str, Any]] = []
    rates: list[dict[str, Any]] = []
    for company_id in sorted(set(history["company_id"])):
        mine = cases[cases["company_id"] == company_id].reset_index(drop=True)
        steady = _of_history(history[history["company_id"] == company_id], settings)
        told = {
            EXPERT: _of_expert(mine, settings),
            STATISTICAL: _of_statistical(mine, settings),
            _GRADED: [*_of_grades(mine, settings), *steady],
        }
        rows += [{"company_id": company_id, "card": card, **row} for card, found in told.items() for row in found]
        rates += [{"company_id": company_id, **row} for row in _by_grade(mine)]
    return {BACKTEST: table_of(rows, _COLUMNS), BAD_RATE: table_of(rates, _RATE_COLUMNS)}


def _of_expert(cases: pd.DataFrame, settings: Settings) -> list[dict[str, Any]]:
    """How well scores of the expert card ranked customers, beside the customer's own ratio of late invoices."""
    scored = _with(cases, "expert_score")
    if scored.empty:
        return [{"metric": "auc", "reason": "no_year_has_run_out"}]
    risk = -scored["expert_score"].to_numpy(dtype=np.float64)
    return _ranked(scored, risk, {}, settings, is_probability=False)


def _of_statistical(cases: pd.DataFrame, settings: Settings) -> list[dict[str, Any]]:
    """How well the chances of the statistical card ranked customers and how true they were, beside the expert card's scores too."""
    scored = _with(cases, "chance")
    if scored.empty:
        has_cases = cases["expert_score"].notna().any()
        return [{"metric": "auc", "reason": "not_fitted" if has_cases else "no_year_has_run_out"}]
    expert = {EXPERT: -scored["expert_score"].to_numpy(dtype=np.float64)}
    return _ranked(scored, scored["chance"].to_numpy(dtype=np.float64), expert, settings, is_probability=True)


def _with(cases: pd.DataFrame, column: str) -> pd.DataFrame:
    return cases[cases[column].notna()].reset_index(drop=True)


def _ranked(
    scored: pd.DataFrame, risk: Any, others: dict[str, Any], settings: Settings, *, is_probability: bool
) -> list[dict[str, Any]]:
    """The measures of a score, and by rank those beside simple ones and others."""
    known = _cases(scored)
    baselines = {_LATE_RATIO: _late_ratio(scored, settings), **others}
    compared = backtest.compare(known, risk, baselines, settings.backtest, is_probability=False)
    return [
        *_measures(backtest.measure(known, risk, settings.backtest, is_probability=is_probability)),
        *(_compared(told) for told in compared.reset_index().to_dict("records")),
    ]


def _of_grades(cases: pd.DataFrame, settings: Settings) -> list[dict[str, Any]]:
    """How true the chances were that earlier years gave each grade."""
    graded = _with(cases, "expert_score")
    if graded.empty:
        return [{"metric": "brier", "reason": "no_year_has_run_out"}]
    chance = _chance_by_grade(graded, settings)
    if np.isnan(chance).all():
        return [{"metric": "brier", "reason": "no_earlier_year"}]
    told = backtest.measure(_cases(graded), chance, settings.backtest)
    return [row for row in _measures(told) if row["metric"] in _OF_CHANCES]


_OF_CHANCES: Final = (
    "brier",
    "brier_base",
    "brier_skill",
    "log_loss",
    "observed_expected",
    "calibration_intercept",
    "calibration_slope",
    "spiegelhalter_z",
)


def _cases(frame: pd.DataFrame) -> Cases:
    codes, _ = pd.factorize(frame["customer_id"])
    return Cases(
        codes.astype(np.int64),
        frame["is_bad"].to_numpy(dtype=np.bool_),
        np.round(frame["amount"].to_numpy(dtype=np.float64)),
    )


def _late_ratio(frame: pd.DataFrame, settings: Settings) -> Any:
    """The customer's own share of late invoices at each re-rating, drawn to that of all then."""
    ratio = np.full(len(frame), np.nan)
    for rows in frame.groupby("review_date").indices.values():
        late, items = (frame[name].to_numpy(dtype=np.float64)[rows] for name in ("late_items", "items"))
        segment = pd.Series("all", index=range(len(rows)))
        prior = shrinkage.rate_prior(late, items, segment, settings.shrinkage)
        ratio[rows] = shrinkage.shrunk_rate(late, items, prior.of(segment), settings.shrinkage)
    return ratio


def _chance_by_grade(frame: pd.DataFrame, settings: Settings) -> Any:
    """The chance to go bad that each case's grade had in years that had run out by its re-rating; NaN where none had."""
    chance = np.full(len(frame), np.nan)
    day = pd.to_datetime(frame["review_date"])
    for review in sorted(set(day)):
        before, now = frame[day <= review - pd.DateOffset(months=12)], (day == review).to_numpy()
        if before.empty:
            continue
        bad, ones = before["is_bad"].to_numpy(dtype=np.float64), np.ones(len(before))
        prior = shrinkage.rate_prior(bad, ones, before["raw_grade"], settings.shrinkage)
        chance[now] = prior.of(frame["raw_grade"][now])
    return chance


def _of_history(history: pd.DataFrame, settings: Settings) -> list[dict[str, Any]]:
    """How steady grades were, and how far the scores of now are distributed unlike those of a year before."""
    days = sorted(set(history["review_date"]))
    wide = history.pivot(index="review_date", columns="customer_id", values="grade").reindex(days)
    placed = np.stack([grades.places(wide.loc[day]) for day in days]) if days else np.empty((0, 0), dtype=np.int64)
    changes = grades.change_rate(placed) if len(placed) > 1 else np.empty(0)
    rows: list[dict[str, Any]] = [
        {"metric": "notch_change_rate", "value": float(changes[-1])}
        if len(changes)
        else {"metric": "notch_change_rate", "reason": "too_few_reratings"},
        {"metric": "reversal_rate", "value": grades.reversal_rate(placed)}
        if len(changes)
        else {"metric": "reversal_rate", "reason": "too_few_reratings"},
    ]
    year_ago = [day for day in days if day <= days[-1] - pd.DateOffset(months=12)] if days else []
    if not year_ago:
        return [*rows, {"metric": "psi", "reason": "too_few_reratings"}]
    scores = [
        history.loc[history["review_date"] == day, "score"].to_numpy(dtype=np.float64)
        for day in (year_ago[-1], days[-1])
    ]
    drift = backtest.drift(scores[0], scores[1], settings.backtest)
    verdict = "drift" if drift.is_alert else "no_drift"
    return [
        *rows,
        {
            "metric": "psi",
            "value": drift.psi,
            "baseline": "critical",
            "baseline_value": drift.critical,
            "verdict": verdict,
        },
    ]


def _by_grade(cases: pd.DataFrame) -> list[dict[str, Any]]:
    """Of the customers that had each grade at a re-rating, the share that went bad within the year; the interval by Jeffreys' prior."""
    found: list[dict[str, Any]] = []
    for (grade, is_capped), rows in cases[cases["grade"].notna()].groupby(["grade", "is_capped"]):
        count, bads = len(rows), int(rows["is_bad"].sum())
        lo, hi = provision.jeffreys_interval(bads, count)
        found.append(
            {
                "grade": grade,
                "is_capped": is_capped,
                "cases": count,
                "bads": bads,
                "bad_rate": bads / count,
                "lo": lo,
                "hi": hi,
            }
        )
    return found


def _measures(told: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of measures alone."""
    return [
        {name: row[name] for name in ("metric", "value", "lo", "hi")} for row in told.reset_index().to_dict("records")
    ]


def _compared(told: dict[Any, Any]) -> dict[str, Any]:
    """A row of a measure beside that of a baseline."""
    same = ("metric", "baseline", "value", "baseline_value", "difference", "verdict")
    return {**{name: told[name] for name in same}, "difference_lo": told["lo"], "difference_hi": told["hi"]}
