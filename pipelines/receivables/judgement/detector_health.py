"""Which detectors can say anything of which company, and how good each is: what it looked at, found, and what persons found of that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from receivables.detectors import DETECTORS
from receivables.judgement.writing import table_of, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from receivables.detectors import Need
    from receivables.engine import Connection

DETECTOR: Final = "marts.detector"
BY_COMPANY: Final = "marts.detector_company"
SHORTAGE: Final = "marts.detector_shortage"

_GRAIN: Final = {
    DETECTOR: "One row per detector: kind rule, chart (control chart; both flag by themselves) or test (the false discovery rate over all tests decides), evaluated: yes, no, or partly where some companies do not tell what it needs; reason: JSON {code, params} of what is missing; tested:"
    " customers it looked at; flagged: open flags, waiting ones with them; raised: those told of; confirmed and dismissed: flags that persons closed so, ever; precision: share confirmed, with its 95 % interval (Jeffreys), NULL"
    " until any is closed.",
    BY_COMPANY: "One row per company and detector: is_evaluated; what is missing otherwise: code (table, or what a chart or test is short of), need (the table with its column, or nothing), has and wanted (how much of it there is"
    " and must be). tested: customers looked at.",
}
_BY_COMPANY: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("company_id", "detector")),
        ("is_evaluated", pa.bool_()),
        *((name, pa.string()) for name in ("code", "need")),
        *((name, pa.int64()) for name in ("has", "wanted", "tested")),
    ]
)
_DETECTOR: Final = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("detector", "family", "kind", "practice", "severity", "evaluated", "reason")
        ),
        *((name, pa.int64()) for name in ("tested", "flagged", "raised", "confirmed", "dismissed")),
        *((name, pa.float64()) for name in ("precision", "precision_lo", "precision_hi")),
    ]
)


# Which detectors can say anything ------------------------------------------------------------------------------------


def evaluated(con: Connection) -> list[dict[str, Any]]:
    """Whether each company tells what each detector needs, and how many of its customers are looked at: the rows of `marts.detector_company`."""
    companies = [name for (name,) in con.execute("select company_id from core.company order by company_id").fetchall()]
    told = _told(con, sorted({need for one in DETECTORS.values() for need in one.needs}, key=str))
    short = _short(con)
    tested = _tested(con)
    found = []
    for company in companies:
        for one in DETECTORS.values():
            row: dict[str, Any] = {"company_id": company, "detector": one.id, "is_evaluated": False}
            missing = next((need for need in one.needs if company not in told[need]), None)
            if missing is not None:
                row |= {"code": "table", "need": missing.name}
            elif (company, one.id) in short:
                row |= short[company, one.id]
            else:
                customers = tested.get((company, one.id), 0) if one.tells_chance else told[one.needs[0]][company]
                row |= {"is_evaluated": True, "tested": customers}
            found.append(row)
    return found


def _short(con: Connection) -> dict[tuple[str, str], dict[str, Any]]:
    """What charts and tests are short of, by company and detector."""
    if not any(one.tells_chance for one in DETECTORS.values()):
        return {}
    rows = con.execute(f"select company_id, detector, code, has, needs from {SHORTAGE}").fetchall()
    return {
        (company, detector): {"code": code, "has": has, "wanted": wanted}
        for company, detector, code, has, wanted in rows
    }


def _told(con: Connection, needs: Sequence[Need]) -> dict[Need, dict[str, int]]:
    """By need the companies that tell it, with how many customers they tell of in it; 0 of one that knows of no customer."""
    of_customers = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "select schema_name, table_name from duckdb_columns() where column_name = 'customer_id'"
        ).fetchall()
    }
    asked = []
    for place, need in enumerate(needs):
        customers = "count(distinct customer_id)" if need.table in of_customers else "0"
        is_told = " and ".join(f"{column} is not null" for column in need.columns) or "true"
        asked.append(f"select {place}, company_id, {customers} from {need.table} where {is_told} group by company_id")
    told: dict[Need, dict[str, int]] = {need: {} for need in needs}
    for place, company, customers in con.execute(" union all ".join(asked)).fetchall():
        told[needs[place]][company] = customers
    return told


def _tested(con: Connection) -> dict[tuple[str, str], int]:
    """How many customers each chart and test looked at, by company and detector."""
    tests = [one for one in DETECTORS.values() if one.tells_chance]
    if not tests:
        return {}
    asked = " union all ".join(
        f"select company_id, '{one.id}', count(distinct customer_id) from {one.table} group by company_id"
        for one in tests
    )
    return {(company, detector): count for company, detector, count in con.execute(asked).fetchall()}


def write_health(con: Connection, looked: list[dict[str, Any]], flags: list[dict[str, Any]]) -> None:
    """Write `marts.detector_company`, from the rows of `evaluated`, and `marts.detector`, with what was found."""
    write(con, BY_COMPANY, table_of(looked, _BY_COMPANY), _GRAIN[BY_COMPANY])
    write(con, DETECTOR, table_of(_detectors(con, looked, flags), _DETECTOR), _GRAIN[DETECTOR])


def _detectors(con: Connection, looked: list[dict[str, Any]], flags: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Each detector with what it looked at, found, and what persons said of it."""
    import numpy as np

    from receivables.distributions import beta_quantile

    said = con.execute(
        "select detector, kind, count(*) from (select detector, flag_id, max_by(kind, decision_id) as kind from lake.flag_decision"
        " where kind in ('confirmed', 'dismissed') and said_of <= getvariable('as_of') group by detector, flag_id) group by detector, kind"
    ).fetchall()
    counts = {(detector, kind): count for detector, kind, count in said}
    for one in DETECTORS.values():
        mine = [row for row in looked if row["detector"] == one.id]
        able = [row for row in mine if row["is_evaluated"]]
        missing = next((row for row in mine if not row["is_evaluated"]), None)
        open_flags = [flag for flag in flags if flag["detector"] == one.id and flag["state"] != "closed"]
        confirmed, dismissed = (counts.get((one.id, kind), 0) for kind in ("confirmed", "dismissed"))
        told = confirmed + dismissed
        edges = (
            beta_quantile(np.array([0.025, 0.975]), confirmed + 0.5, dismissed + 0.5).tolist() if told else [None, None]
        )
        yield {
            "detector": one.id,
            "family": one.family,
            "practice": one.practice,
            "severity": one.severity,
            "kind": one.kind,
            "evaluated": "yes" if missing is None else "partly" if able else "no",
            "reason": _missing(missing) if missing is not None else None,
            "tested": sum(row["tested"] for row in able) if able else None,
            "flagged": len(open_flags) if able else None,
            "raised": sum(flag["held_by"] is None for flag in open_flags) if able else None,
            "confirmed": confirmed,
            "dismissed": dismissed,
            "precision": confirmed / told if told else None,
            "precision_lo": edges[0],
            "precision_hi": edges[1],
        }


def _missing(row: Mapping[str, Any]) -> str:
    params = {name: row[name] for name in ("company_id", "need", "has", "wanted") if row.get(name) is not None}
    return json.dumps({"code": row["code"], "params": params}, ensure_ascii=False)
