"""Flags: the signs that all detectors found, those by chance taken out, put together by subject, and told as new, acknowledged or closed."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from receivables.detectors import DETECTORS, EVIDENCE, SIGN, TURNS, WEIGHTS
from receivables.judgement.detector_health import evaluated, write_health
from receivables.judgement.writing import table_of, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import pandas as pd

    from receivables.detectors import Detector
    from receivables.engine import Connection
    from receivables.settings import Settings

TABLE: Final = "marts.anomaly"

_GRAIN: Final = (
    "One row per customer, detector and subject that is a flag at the as-of date, or was one a while ago. flag_id stays the same. severity: low, medium, high, each weighing twice the one before; p_value of charts and tests, and"
    " adjusted_p (Benjamini and Hochberg) of tests; evidence: JSON list of {code, params}, newest first, evidence_count of all; amount_local: what the evidence is about, exposure_local: what the customer owes, ledger"
    " currency; seen_on: day of the newest evidence, last_seen: last day it was so; first_seen: the as-of date of the first night that saw it; raised_on: of the night that raised it, NULL where it waits"
    " (held_by: cap, cool_down), raised_severity then; is_new: raised on the as-of date, is_graver: for the second time as it weighs twice as much. state: new, acknowledged, closed; verdict: confirmed,"
    " dismissed, or lapsed where its sign is gone, with reason, decided_by, decided_on of who said so last. place: among all: what is followed up at once, signs of a customer, what is ours to mend, each by severity times exposure; those whose sign is gone last."
)
_FLAG: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("flag_id", "company_id", "customer_id", "detector", "subject", "severity")),
        *((name, pa.float64()) for name in ("p_value", "adjusted_p")),
        *(("evidence", pa.string()), ("evidence_count", pa.int64())),
        *((name, pa.decimal128(18, 4)) for name in ("amount_local", "exposure_local")),
        *((name, pa.date32()) for name in ("seen_on", "last_seen", "first_seen", "raised_on")),
        *((name, pa.string()) for name in ("raised_severity", "state", "verdict", "held_by")),
        *((name, pa.bool_()) for name in ("is_new", "is_graver")),
        *((name, pa.string()) for name in ("reason", "decided_by")),
        ("decided_on", pa.date32()),
        ("place", pa.int64()),
    ]
)
_SEVERITIES: Final = {weight: name for name, weight in WEIGHTS.items()}
_PLACES: Final = 10_000
_ID_BYTES: Final = 6
"""Bytes of a flag's name: ten letters and figures; among a million flags two have the same once in five hundred homes."""


def judge_anomalies(con: Connection, settings: Settings) -> None:
    """Write `marts.anomaly`, `marts.detector` and `marts.detector_company` from the signs of all detectors."""
    looked = evaluated(con)
    flags = _flags(con, settings, looked)
    write(con, TABLE, table_of(flags, _FLAG), _GRAIN)
    write_health(con, looked, flags)


def _flags(con: Connection, settings: Settings, looked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import pandas as pd

    from receivables.policy.flag_life import live

    (as_of,) = con.execute("select getvariable('as_of')").fetchall()[0]
    rules = settings.anomaly
    able = {(row["company_id"], row["detector"]) for row in looked if row["is_evaluated"]}
    grouped = _grouped(con, settings, able, as_of)
    before, decided = _before(con), _decided(con)
    if not grouped and before.empty:
        return []
    exposure = dict(_exposures(con))
    found = pd.DataFrame(
        [
            {
                "flag_id": flag["flag_id"],
                "owner": _owner(flag),
                "weight": WEIGHTS[flag["severity"]],
                "exposure": exposure.get((flag["company_id"], flag["customer_id"]), 0),
                "turn": TURNS.index(DETECTORS[flag["detector"]].turn),
                "seen_on": flag["seen_on"],
                "last_seen": flag["last_seen"],
                "cool_down_days": _or(DETECTORS[flag["detector"]].cool_down_days, rules.cool_down_days),
            }
            for flag in grouped
        ],
        columns=["flag_id", "owner", "weight", "exposure", "turn", "seen_on", "last_seen", "cool_down_days"],
    ).set_index("flag_id")
    lives = live(found, before, decided, as_of, rules)
    known = {flag["flag_id"]: flag for flag in grouped}
    told = zip(lives.index, lives.to_dict("records"), strict=True)
    return [
        _told_flag(known.get(flag_id) or _gone(before.loc[flag_id]), flag_id, life, decided, exposure)
        | {"place": place}
        for place, (flag_id, life) in enumerate(told, start=1)
    ]


def _told_flag(
    flag: Mapping[str, Any],
    flag_id: str,
    life: Mapping[Any, Any],
    decided: pd.DataFrame,
    exposure: Mapping[tuple[str, str], int],
) -> dict[str, Any]:
    """A row of `marts.anomaly`."""
    word = decided.loc[flag_id] if flag_id in decided.index else None
    raised = life["raised_weight"]
    return {
        **flag,
        "exposure_local": _money(exposure.get((flag["company_id"], flag["customer_id"]), 0)),
        **{name: _day(life[name]) for name in ("first_seen", "raised_on")},
        "raised_severity": _SEVERITIES.get(raised),
        **{name: life[name] for name in ("state", "is_new", "is_graver")},
        "verdict": _text(life["closed_as"]),
        "held_by": _text(life["held_by"]),
        "reason": _text(word["reason"]) if word is not None else None,
        "decided_by": word["recorded_by"] if word is not None else None,
        "decided_on": _day(word["decided_on"]) if word is not None else None,
    }


def _gone(before: pd.Series) -> dict[str, Any]:
    """A flag of the night before whose sign is seen no more."""
    told = {name: before[name] for name in ("company_id", "customer_id", "detector", "subject", "severity")}
    return told | {
        "flag_id": before.name,
        "evidence": "[]",
        "evidence_count": 0,
        "last_seen": _day(before["last_seen"]),
    }


def _grouped(con: Connection, settings: Settings, able: set[tuple[str, str]], as_of: date) -> list[dict[str, Any]]:
    """The flags seen now: the signs of each customer, detector and subject together."""
    found: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    adjusted, called = _adjusted(con, able, float(settings.anomaly.false_discovery_rate))
    for one in DETECTORS.values():
        if not any(detector == one.id for _, detector in able):
            continue
        for row in _signs(con, one, settings, as_of, called):
            owner = (row["company_id"], row["customer_id"], one.id)
            if owner[::2] in able and (not one.is_test or adjusted[owner] <= settings.anomaly.false_discovery_rate):
                found.setdefault((*owner, row["subject"]), []).append(row)
    return [_flag(key, rows, adjusted.get(key[:3]), settings, as_of) for key, rows in found.items()]


def _signs(con: Connection, one: Detector, settings: Settings, as_of: date, called: float) -> Iterable[dict[str, Any]]:
    """The signs of a detector that are recent enough, newest first; of a test those no likelier than what is called at most."""
    days = _or(one.look_back_days, settings.anomaly.look_back_days)
    columns = [name for name in SIGN.names if one.tells_chance or name != "p_value"]
    rows = con.execute(
        f"select {', '.join(columns)} from {one.table} where seen_on <= ? and coalesce(until, ?) > ?::date - ?::integer"
        f" and customer_id is not null and subject is not null and code is not null{f' and p_value <= {called!r}' if one.is_test else ''}"
        " order by company_id, customer_id, subject, seen_on desc, item_id, other_id, day, other_day, amount_local, word",
        [as_of, as_of, as_of, days],
    )
    return (dict(zip(columns, row, strict=True)) for row in rows.fetchall())


def _flag(
    key: tuple[str, str, str, str], rows: list[dict[str, Any]], adjusted: float | None, settings: Settings, as_of: date
) -> dict[str, Any]:
    company_id, customer_id, detector, subject = key
    weight = max(WEIGHTS[row["severity"] or DETECTORS[detector].severity] for row in rows)
    evidence = [
        {"code": row["code"], "params": {name: str(row[name]) for name in _NAMED if row[name] is not None}}
        for row in rows[: settings.anomaly.evidence_max]
    ]
    amounts = [row["amount_local"] for row in rows if row["amount_local"] is not None]
    return {
        "flag_id": flag_id(*key),
        "company_id": company_id,
        "customer_id": customer_id,
        "detector": detector,
        "subject": subject,
        "severity": _SEVERITIES[weight],
        "p_value": rows[0].get("p_value"),
        "adjusted_p": adjusted,
        "evidence": json.dumps(evidence, ensure_ascii=False),
        "evidence_count": len(rows),
        "amount_local": sum(amounts) if amounts else None,
        "seen_on": max(row["seen_on"] for row in rows),
        "last_seen": max(row["until"] or as_of for row in rows),
    }


_NAMED: Final = ("subject", "seen_on", "until", *(name for name in EVIDENCE if name != "p_value"))
"""What a sentence may name of a sign."""


def flag_id(company_id: str, customer_id: str, detector: str, subject: str) -> str:
    """The name of a flag, the same on every night and machine."""
    digest = hashlib.sha256(f"{company_id}\x1f{customer_id}\x1f{detector}\x1f{subject}".encode()).digest()
    return "F" + base64.b32encode(digest[:_ID_BYTES]).decode().rstrip("=")


def _adjusted(
    con: Connection, able: set[tuple[str, str]], rate: float
) -> tuple[dict[tuple[str, str, str], float], float]:
    """The adjusted p-value of each company's customer and test, over all customers and tests of the company; and the largest chance that is called at the rate, -1 where none is."""
    import numpy as np

    from receivables.policy.false_discovery import adjusted

    tests: dict[str, dict[tuple[str, str, str], float]] = {}
    for one in DETECTORS.values():
        if not one.is_test:
            continue
        rows = con.execute(
            f"select company_id, customer_id, min(p_value) from {one.table} where p_value is not null"
            " group by company_id, customer_id order by company_id, customer_id"
        ).fetchall()
        for company, customer, p_value in rows:
            if (company, one.id) in able:
                tests.setdefault(company, {})[company, customer, one.id] = p_value
    found: dict[tuple[str, str, str], float] = {}
    called = -1.0
    for told in tests.values():
        chances = np.array([*told.values()])
        after = adjusted(chances)
        found |= dict(zip(told, after.tolist(), strict=True))
        called = max(called, float(chances[after <= rate].max(initial=-1.0)))
    return found, called


def _exposures(con: Connection) -> Iterable[tuple[tuple[str, str], int]]:
    """What each customer owes, in whole ledger units of 1/10000."""
    rows = con.execute(
        f"select company_id, customer_id, (sum(open_local) * {_PLACES})::bigint from marts.aging group by company_id, customer_id"
    ).fetchall()
    return (((company, customer), units) for company, customer, units in rows)


def _before(con: Connection) -> pd.DataFrame:
    """The flags of the run published last before."""
    frame = con.execute(
        "select flag_id, company_id, customer_id, detector, subject, severity, first_seen, raised_on, raised_severity, state, last_seen from lake.published_flag order by flag_id"
    ).df()
    frame["owner"] = frame["company_id"] + "\x1f" + frame["customer_id"] + "\x1f" + frame["detector"]
    for name in ("weight", "raised_weight"):
        frame[name] = frame["severity" if name == "weight" else "raised_severity"].map(WEIGHTS).astype(float)
    return frame.set_index("flag_id")


def _decided(con: Connection) -> pd.DataFrame:
    """What persons said last of each flag."""
    frame = con.execute(
        "select flag_id, kind, severity, reason, recorded_by, said_of as given_on, given_on as decided_on from lake.flag_decision"
        " where said_of <= getvariable('as_of') order by decision_id"
    ).df()
    frame["weight"] = frame["severity"].map(WEIGHTS).astype(float)
    return frame.drop_duplicates("flag_id", keep="last").set_index("flag_id")


def _owner(flag: Mapping[str, Any]) -> str:
    return "\x1f".join((flag["company_id"], flag["customer_id"], flag["detector"]))


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value


def _money(units: int) -> Any:
    from decimal import Decimal

    return Decimal(units) / _PLACES


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _day(value: Any) -> Any:
    import pandas as pd

    return None if pd.isna(value) else pd.Timestamp(value).date()
