"""The life of a flag: raised, acknowledged, closed by a person or because its sign is gone; silent for a while, raised again when it gets graver, and few a night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from datetime import date

    import numpy.typing as npt

    from receivables.settings import Anomaly

    Flags = npt.NDArray[np.bool_]

NEW: Final = "new"
ACKNOWLEDGED: Final = "acknowledged"
CLOSED: Final = "closed"

CAP: Final = "cap"
COOL_DOWN: Final = "cool_down"
"""Why a flag is held back: more were found than a night raises, or the same detector spoke of the same customer a short while ago."""

AT_ONCE: Final = 0
"""The turn of what is followed up at once."""

LAPSED: Final = "lapsed"
VERDICTS: Final = ("confirmed", "dismissed")
"""What closes a flag: a person found it to be what it said, or a false alarm; or its sign is no longer seen."""

_TOLD_FOR: Final = 2
"""How many times the days signs are looked back at a flag whose sign is gone is still told: once it takes until the sign is gone, as long again somebody may miss it."""

GRAVER: Final = 2
"""How many times a severity must weigh what it did to be news."""


def live(found: pd.DataFrame, before: pd.DataFrame, decided: pd.DataFrame, as_of: date, rules: Anomaly) -> pd.DataFrame:
    """Tell the state of every flag that is seen, or was when it was looked last.

    Args:
        found: the flags seen now, indexed by flag_id: owner (who shares a cool-down: customer and detector), weight (of the severity), exposure (whole ledger units, 1/10000), turn (0 followed up at once where anything is owed, 1 usual, 2 ours to mend), seen_on (of
            the newest evidence), last_seen, cool_down_days.
        before: the flags of the night before, indexed by flag_id: owner, weight, first_seen, raised_on (missing: never raised), raised_weight, state, last_seen.
        decided: what persons last decided of each flag, indexed by flag_id: kind (acknowledged, confirmed, dismissed, reopened), weight (when it was decided), given_on.
        as_of: the date the night answers for.
        rules: how many are raised, and how long a flag is silent.

    Returns:
        A row per flag of `found`, by turn and by severity times exposure, and then of `before` that is seen no more and was raised, indexed by flag_id: first_seen, raised_on and raised_weight (missing where it was never raised), state,
        closed_as (confirmed, dismissed, lapsed, or missing), held_by (cap, cool_down, or missing), is_new (raised by this night), is_graver (raised anew because it weighs more).
        The same night run again raises the same.
    """
    today, found = np.datetime64(as_of, "D"), _ranked(found)
    known, word = before.reindex(found.index), decided.reindex(found.index)
    raised_on, given_on = _days(known["raised_on"]), _days(word["given_on"])
    weight, seen_on = found["weight"].to_numpy(dtype=np.int64), _days(found["seen_on"])
    was_raised = ~np.isnat(raised_on)
    state = _standing(found, word, given_on, weight, seen_on)
    asked_again = (state == NEW) & word["kind"].isin(VERDICTS).to_numpy() & ~(raised_on > given_on)
    raised_weight = known["raised_weight"].to_numpy(dtype=np.float64, na_value=np.nan)
    is_graver = was_raised & (state == NEW) & (weight >= GRAVER * np.nan_to_num(raised_weight, nan=np.inf))
    wants = (state == NEW) & (~was_raised | asked_again | is_graver)
    held = _held(found, before, wants & ~is_graver, weight, today)
    spent = int((_days(before["raised_on"]) == today).sum())
    # one already raised that got graver needs no room
    chosen = found.index.isin(found.index[wants & ~is_graver & (held == "")][: max(rules.new_flags_max - spent, 0)])
    raised = chosen | is_graver
    held = np.where(wants & (held == "") & ~raised, CAP, held)
    told = pd.DataFrame(
        {
            "first_seen": np.where(np.isnat(_days(known["first_seen"])), today, _days(known["first_seen"])),
            "raised_on": np.where(raised, today, raised_on),
            "raised_weight": np.where(raised, weight, raised_weight),
            "state": state,
            "closed_as": word["kind"].where(state == CLOSED, None),
            "held_by": pd.Series(held, index=found.index).where(wants & ~raised, None),
            "is_new": raised | (raised_on == today),
            "is_graver": is_graver & raised,
        },
        index=found.index,
    )
    return pd.concat([told, _lapsed(before, decided, found.index, today, rules)])


def _standing(
    found: pd.DataFrame,
    word: pd.DataFrame,
    given_on: npt.NDArray[np.datetime64],
    weight: npt.NDArray[np.int64],
    seen_on: npt.NDArray[np.datetime64],
) -> npt.NDArray[np.object_]:
    """What persons leave of each flag: what they closed stays so until it is graver, or new evidence comes after the time of silence."""
    decided_weight = word["weight"].to_numpy(dtype=np.float64, na_value=np.nan)
    is_graver = weight >= GRAVER * np.nan_to_num(decided_weight, nan=np.inf)
    silence = found["cool_down_days"].to_numpy(dtype=np.int64).astype("timedelta64[D]")
    is_news = seen_on > given_on + silence
    kind = word["kind"].to_numpy(dtype=np.object_)
    closed = word["kind"].isin(VERDICTS).to_numpy() & ~is_graver & ~is_news
    acknowledged = (kind == ACKNOWLEDGED) & ~is_graver
    return np.where(closed, CLOSED, np.where(acknowledged, ACKNOWLEDGED, NEW)).astype(np.object_)


def _held(
    found: pd.DataFrame, before: pd.DataFrame, wants: Flags, weight: npt.NDArray[np.int64], today: np.datetime64
) -> npt.NDArray[np.object_]:
    """Which flags the same detector's earlier word about the same customer keeps silent; of several at once the gravest speaks."""
    spoken = before[before["raised_on"].notna()]
    latest = pd.DataFrame(
        {"owner": spoken["owner"], "day": _days(spoken["raised_on"]), "weight": spoken["raised_weight"]},
        index=spoken.index,
    )
    newest = latest.sort_values(["day", "weight"]).drop_duplicates("owner", keep="last").set_index("owner")
    said = newest.reindex(found["owner"])
    silence = found["cool_down_days"].to_numpy(dtype=np.int64).astype("timedelta64[D]")
    is_silent = (_days(said["day"]) + silence > today) & (
        weight < GRAVER * said["weight"].to_numpy(dtype=np.float64, na_value=np.nan)
    )
    order = pd.DataFrame(
        {"owner": found["owner"], "weight": weight, "exposure": found["exposure"], "id": found.index}, index=found.index
    )
    first = (
        order[wants]
        .sort_values(["weight", "exposure", "id"], ascending=[False, False, True])
        .drop_duplicates("owner")
        .index
    )
    is_later = ~found.index.isin(first) & (found["cool_down_days"].to_numpy() > 0)
    return np.where(wants & (is_silent | is_later), COOL_DOWN, "").astype(np.object_)


def _ranked(found: pd.DataFrame) -> pd.DataFrame:
    """Flags by turn, and by what they weigh times what the customer owes, the first first."""
    exposure = found["exposure"].clip(lower=0)
    # who owes nothing is nobody to follow up at once
    turn = found["turn"].where((found["turn"] != AT_ONCE) | (exposure > 0), AT_ONCE + 1)
    rank = found["weight"] * (exposure + 1)
    order = pd.DataFrame({"turn": turn, "rank": rank, "weight": found["weight"], "id": found.index}, index=found.index)
    return found.loc[order.sort_values(["turn", "rank", "weight", "id"], ascending=[True, False, False, True]).index]


def _lapsed(
    before: pd.DataFrame, decided: pd.DataFrame, seen: pd.Index, today: np.datetime64, rules: Anomaly
) -> pd.DataFrame:
    """Flags that were raised and whose sign is gone; for as long as signs are looked back at they are told as closed."""
    gone = before[before["raised_on"].notna() & ~before.index.isin(seen)]
    gone = gone[_days(gone["last_seen"]) + np.timedelta64(_TOLD_FOR * rules.look_back_days, "D") > today]
    kind = decided["kind"].reindex(gone.index)
    return pd.DataFrame(
        {
            "first_seen": _days(gone["first_seen"]),
            "raised_on": _days(gone["raised_on"]),
            "raised_weight": gone["raised_weight"],
            "state": CLOSED,
            "closed_as": kind.where(kind.isin(VERDICTS), LAPSED),
            "held_by": None,
            "is_new": False,
            "is_graver": False,
        },
        index=gone.index,
    )


def _days(values: pd.Series) -> npt.NDArray[np.datetime64]:
    days: npt.NDArray[np.datetime64] = pd.to_datetime(values).to_numpy().astype("datetime64[D]")
    return days
