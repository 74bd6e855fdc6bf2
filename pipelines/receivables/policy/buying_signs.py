"""How unusual months of buying are told: a row per month with what was bought or ordered in it, what would have been usual, and its largest order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from receivables.settings import AnomalyBuying

_SHOWN: Final = 0.05
_TOLD_BELOW: Final = 0.5
"""A customer's months are told as evidence that are rarer than the first, or its rarest; where all together are not rarer than the second there is no evidence."""

_KEY: Final = ["customer_id", "month_start"]
_GRAVE_MONTHS: Final = 2
_MONEY: Final = 10_000
"""Amounts come in and go out as whole ledger units of their last decimal."""


def bulk_signs(
    tested: pd.DataFrame, months: pd.DataFrame, test_day: np.datetime64, rules: AnomalyBuying
) -> pd.DataFrame:
    """The signs of repeated bulk.

    Args:
        tested: a row per customer tested and month: customer_id, month_start, chance, may_be, p_value (of the customer), measured (times the usual), usual (amount).
        months: a row per customer and month: customer_id, month_start, amount, largest_id, largest_day.
        test_day: the last day that is known.
        rules: from what on bulk is grave.

    Returns:
        A row per unusual month, one for each customer without any: the columns of a sign that are told.
    """
    shown, rest = _split(tested)
    told = shown.merge(months[[*_KEY, "amount", "largest_id", "largest_day"]], how="left", on=_KEY)
    told = told.rename(columns={"largest_id": "item_id", "largest_day": "other_day", "amount": "amount_local"})
    return _with_rest(_with_severity(told.assign(code="repeated_bulk"), rules), rest, test_day)


def off_season_signs(
    tested: pd.DataFrame, out: pd.DataFrame, test_day: np.datetime64, rules: AnomalyBuying
) -> pd.DataFrame:
    """The signs of bulk out of season, with the product group that most of it is of.

    Args:
        tested: as of `bulk_signs`, of what was out of season.
        out: a row per customer, month and product group out of season then: customer_id, month_start, product_group, amount, largest_id, largest_day.
        test_day: the last day that is known.
        rules: from what on bulk is grave.
    """
    shown, rest = _split(tested)
    ranked = out.sort_values(["amount", "product_group"], ascending=[False, True])
    by_month = ranked[ranked["customer_id"].isin(shown["customer_id"])].groupby(_KEY, sort=False)
    first = dict.fromkeys(("product_group", "largest_id", "largest_day"), "first")
    told = shown.merge(by_month.agg(first | {"amount": "sum"}).reset_index(), how="left", on=_KEY)
    names = {"largest_id": "item_id", "largest_day": "other_day", "amount": "amount_local", "product_group": "word"}
    told = told.rename(columns=names).assign(code="off_season_bulk")
    is_named = told["word"] != ""
    told["code"] = told["code"].where(is_named, "off_season_bulk_all")
    told["word"] = told["word"].where(is_named)
    return _with_rest(_with_severity(told, rules), rest, test_day)


def rate_signs(tested: pd.DataFrame, months: pd.DataFrame, test_day: np.datetime64) -> pd.DataFrame:
    """The signs of more orders; measured and usual of those tested are orders, months tell last_day besides."""
    shown, rest = _split(tested)
    told = shown.merge(months[[*_KEY, "amount", "last_id", "last_day"]], how="left", on=_KEY)
    told = told.rename(columns={"last_id": "item_id", "last_day": "other_day", "amount": "amount_local"})
    return _with_rest(told.assign(code="order_rate_jump"), rest, test_day)


def order_signs(
    tested: pd.DataFrame, months: pd.DataFrame, out: pd.DataFrame, test_day: np.datetime64, rules: AnomalyBuying
) -> pd.DataFrame:
    """The signs of single orders: beyond the limit where they may be one, and then told by their month, in which a larger one takes their place.

    Args:
        tested: as of `bulk_signs`, measured the order and usual the largest before it, both over what is ordered at a time; usual_month: what the month should bring (amount).
        months: a row per customer and month: customer_id, month_start, largest (ledger units of the last decimal), largest_id, largest_day.
        out: as of `off_season_signs`.
        test_day: the last day that is known.
        rules: what is grave, and what is out of season.

    Returns:
        A row per such order, one for each customer tested without any, without a code.
    """
    shown = tested[tested["may_be"]]
    rest = tested[~tested["customer_id"].isin(shown["customer_id"])].drop_duplicates("customer_id")
    told = shown.merge(months[[*_KEY, "largest", "largest_id", "largest_day"]], how="left", on=_KEY)
    group = out[[*_KEY, "product_group", "amount", "largest_id"]].rename(columns={"amount": "of_group"})
    of_order = told[[*_KEY, "largest_id", "largest"]].merge(group, on=[*_KEY, "largest_id"])
    of_order = of_order[of_order["of_group"] >= float(rules.off_season_share_min) * of_order["largest"]]
    most = of_order.sort_values(["of_group", "product_group"], ascending=[False, True]).drop_duplicates(_KEY)
    told = told.merge(most[[*_KEY, "product_group"]], how="left", on=_KEY)
    word = told["product_group"]
    is_grave = told["largest"] >= float(rules.grave_times) * _MONEY * told["usual_month"]
    told = told.assign(
        code=np.select(
            [word.isna(), word != ""], ["large_order", "large_order_off_season"], "large_order_off_season_all"
        ),
        word=word.where(word != ""),
        severity=np.where(is_grave, "high", "medium"),
        p_value=told["chance"],
        day=told["month_start"],
        seen_on=told["largest_day"],
        until=told["largest_day"],
        subject=told["customer_id"] + told["month_start"].dt.strftime(" %Y-%m"),
    )
    told = told.rename(columns={"largest_id": "item_id", "largest_day": "other_day", "largest": "amount_local"})
    none = rest[["customer_id", "p_value"]].assign(seen_on=test_day, until=test_day, subject=rest["customer_id"])
    parts = [
        part
        for part in (told.drop(columns=["month_start", "chance", "may_be", "usual_month", "product_group"]), none)
        if len(part)
    ]
    return pd.concat(parts, ignore_index=True) if parts else told


def _split(tested: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The months told as evidence, and a row for each customer without any."""
    rarest = tested["chance"].where(tested["may_be"]).groupby(tested["customer_id"]).transform("min")
    is_shown = (tested["p_value"] < _TOLD_BELOW) & tested["may_be"]
    is_shown &= (tested["chance"] < _SHOWN) | (tested["chance"] == rarest)
    shown = tested[is_shown]
    rest = tested[~tested["customer_id"].isin(shown["customer_id"])].drop_duplicates("customer_id")
    return shown, rest[["customer_id", "p_value"]]


def _with_severity(told: pd.DataFrame, rules: AnomalyBuying) -> pd.DataFrame:
    """Bulk is grave where it was in more than one month."""
    grave = (told["measured"] >= float(rules.grave_times)).groupby(told["customer_id"]).transform("sum")
    return told.assign(severity=np.where(grave >= _GRAVE_MONTHS, "high", "medium"))


def _with_rest(told: pd.DataFrame, rest: pd.DataFrame, test_day: np.datetime64) -> pd.DataFrame:
    """Say when a month is seen, which is on its last day, and add who has no evidence."""
    end = (told["month_start"].to_numpy().astype("M8[M]") + 1).astype("M8[D]") - np.timedelta64(1, "D")
    seen = np.minimum(end, test_day)
    told = told.assign(day=told["month_start"], seen_on=seen, until=seen).drop(
        columns=["month_start", "chance", "may_be"]
    )
    parts = [part for part in (told, rest.assign(seen_on=test_day, until=test_day)) if len(part)]
    found = pd.concat(parts, ignore_index=True) if parts else told
    return found.assign(subject=found["customer_id"])
