"""The desk where persons decide about flags: which are open, what they rest on, and what becomes of them, one by one or in a spreadsheet."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, get_args

from receivables import decisions
from receivables.dates import utc_now
from receivables.detectors import DETECTORS
from receivables.errors import UsageError, nearest
from receivables.filled_table import Layout, read_table, write_table
from receivables.home import Home, private_files
from receivables.rating_desk import standing_of
from receivables.run import started
from receivables.state import FlagDecision, State
from receivables.warehouse import known_value, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal
    from pathlib import Path

    from receivables.language import Language
    from receivables.run import Progress
    from receivables.warehouse import Warehouse

Verb = Literal["acknowledge", "confirm", "dismiss", "reopen"]

KINDS: Final[Mapping[str, str]] = {
    "acknowledge": "acknowledged",
    "confirm": "confirmed",
    "dismiss": "dismissed",
    "reopen": "reopened",
}
"""What may be decided about a flag, and how the decision is called."""

_LEAVES: Final[Mapping[str, tuple[str, str | None]]] = {
    "acknowledged": ("acknowledged", None),
    "confirmed": ("closed", "confirmed"),
    "dismissed": ("closed", "dismissed"),
    "reopened": ("new", None),
}
"""The state and verdict that a decision leaves a flag in."""

_ANOMALY: Final = "marts.anomaly"
_FLAGS: Final = f"""
select flag.flag_id, flag.company_id, flag.customer_id, coalesce(customer.name, '') as name, flag.detector, flag.subject, flag.severity, flag.evidence::varchar as evidence,
  coalesce(flag.exposure_local, 0)::decimal(18, 4) as exposure_local, coalesce(company.local_currency, '') as currency, flag.first_seen, flag.raised_on, flag.last_seen,
  flag.state, flag.verdict, flag.reason, flag.decided_by, flag.decided_on, flag.held_by, flag.place
from {_ANOMALY} as flag
left join core.customer as customer on flag.company_id = customer.company_id and flag.customer_id = customer.customer_id
left join core.company as company on flag.company_id = company.company_id
order by flag.flag_id
"""

LAYOUT: Final = Layout(
    title="flags",
    key="flag_id",
    widths={
        "flag_id": 11, "customer_id": 16, "name": 28, "detector": 28, "severity": 9, "first_seen": 11, "exposure": 14, "currency": 9,
        "evidence": 90, "state": 18, "decision": 13, "reason": 50, "known_decision": 14,
    },
    filled_in={
        "decision": "Fill in: acknowledge (somebody is at work on it), confirm (it was what it says), dismiss (a false alarm) or reopen. Left empty, nothing is decided.",
        "reason": f"Fill in: why; confirm and dismiss need it. At most {decisions.REASON_MOST} characters.",
    },
    choices={"decision": tuple(KINDS)},
    amounts=frozenset({"exposure"}),
    written_by="receivables flags export",
    fewer="--detector ID",
)  # fmt: skip
"""The table of flags; known_decision is the decision about the flag that was the latest when it was written."""


@dataclass(frozen=True)
class Flag:
    """A flag of the published night as it stands now: what was decided since that night and does not count in it yet is in its state (`is_since`)."""

    flag_id: str
    company_id: str
    customer_id: str
    name: str
    detector: str
    subject: str
    severity: str
    evidence: tuple[tuple[str, Mapping[str, object]], ...]
    exposure_local: Decimal
    currency: str
    first_seen: date
    raised_on: date | None
    last_seen: date | None
    state: str
    verdict: str | None
    reason: str | None
    decided_by: str | None
    decided_on: date | None
    held_by: str | None
    place: int
    is_since: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it was raised and waits for somebody."""
        return self.held_by is None and self.state != "closed"

    def sentences(self, words: Language) -> list[str]:
        """What it rests on, in words."""
        from receivables.flag_wording import evidence_text

        return [evidence_text(code, params, self.currency, words) for code, params in self.evidence]


@dataclass(frozen=True)
class Wanted:
    """Which flags are asked for: those that are open, or with `every` also closed and waiting ones; of one detector, of one customer."""

    every: bool = False
    detector: str | None = None
    customer: str | None = None


@dataclass(frozen=True)
class Asked:
    """What a person decides about a flag; `row` of a file says so, which knew the decisions up to `after` (None: it does not say)."""

    flag_id: str
    kind: str
    reason: str | None
    row: int | None = None
    after: str | None = None

    def named(self) -> str:
        """The flag, and where it is asked about."""
        return f"flag {self.flag_id!r}" + ("" if self.row is None else f" in row {self.row}")


@dataclass(frozen=True)
class Decided:
    """What was decided; `is_new` is False where the same had been decided before."""

    decision: FlagDecision
    is_new: bool


@dataclass(frozen=True)
class TakenBack:
    """What became of a file: its decisions, how many rows hold none, and how many of these have a reason all the same."""

    decided: tuple[Decided, ...]
    undecided: int
    reasons_alone: int


@dataclass(frozen=True)
class Shown:
    """A flag with all decisions about it, oldest first, and how many flags of its detector were confirmed and dismissed."""

    flag: Flag
    decisions: tuple[FlagDecision, ...]
    confirmed: int
    dismissed: int


@dataclass(frozen=True)
class _Night:
    """The night published last: which run it was, what it knew, and its flags as they stand by what is known now."""

    run_id: str
    as_of: date
    known_at: datetime
    flags: Mapping[str, Flag]

    def standing(self, known: Iterable[FlagDecision]) -> _Night:
        """The same night with what was decided and does not count in it yet."""
        since = {one.flag_id: one for one in known if one.recorded_at > self.known_at or one.said_of > self.as_of}
        return replace(
            self, flags={id_: _decided(flag, since[id_]) if id_ in since else flag for id_, flag in self.flags.items()}
        )


def _decided(flag: Flag, decision: FlagDecision) -> Flag:
    state, verdict = _LEAVES[decision.kind]
    return replace(
        flag,
        state=state,
        verdict=verdict,
        reason=decision.reason,
        decided_by=decision.recorded_by,
        decided_on=decision.given_on,
        is_since=True,
    )


def flags(home: Path, wanted: Wanted) -> list[Flag]:
    """The flags that are asked for, by severity times exposure.

    Raises:
        UsageError: nothing was published yet, or no such detector or customer.
    """
    with open_warehouse(home) as warehouse:
        night = _night(warehouse)
        if wanted.detector is not None:
            known_value(
                warehouse, "--detector", wanted.detector, f"select distinct detector from {_ANOMALY}", DETECTORS
            )
        customer = None if wanted.customer is None else standing_of(warehouse, wanted.customer)
    night = night.standing(_known(home))
    found = [
        flag
        for flag in night.flags.values()
        if (wanted.every or flag.is_open)
        and wanted.detector in (None, flag.detector)
        and (customer is None or (flag.company_id, flag.customer_id) == (customer.company_id, customer.customer_id))
    ]
    return sorted(found, key=lambda flag: flag.place)


def show(home: Path, flag_id: str) -> Shown:
    """One flag, with what was decided about it.

    Raises:
        UsageError: nothing was published yet, or no such flag.
    """
    known = _known(home)
    with open_warehouse(home) as warehouse:
        night = _night(warehouse).standing(known)
        flag = night.flags.get(_id(flag_id)) or _unknown(f"flag {flag_id!r}", flag_id, night)
        confirmed, dismissed = warehouse.con.execute(
            "select coalesce(sum(confirmed), 0)::bigint, coalesce(sum(dismissed), 0)::bigint from marts.detector where detector = ?",
            [flag.detector],
        ).fetchall()[0]
    return Shown(flag, tuple(one for one in known if one.flag_id == flag.flag_id), confirmed, dismissed)


def asked_of(flag_ids: Iterable[str], verb: Verb, reason: str | None) -> list[Asked]:
    """The same decision about some flags.

    Raises:
        UsageError: no flag, no such decision, or a reason that is missing or cannot be read.
    """
    if verb not in get_args(Verb):
        raise UsageError(got=f"decision {verb!r}", expected=f"one of {', '.join(KINDS)}", try_=nearest(verb, KINDS))
    asked = [Asked(id_, KINDS[verb], _reason(verb, reason)) for id_ in dict.fromkeys(map(_id, flag_ids))]
    if not asked:
        raise UsageError(got="no flag", expected="at least one", try_="receivables flags, which lists them")
    return asked


def _id(text: str) -> str:
    return text.strip().upper()


def _reason(verb: str, reason: str | None, row: int | None = None) -> str | None:
    """Why, on one line; None where nothing is said.

    Raises:
        UsageError: it is needed and missing, too long, or cannot be read.
    """
    said = decisions.said("--reason" if row is None else f"reason in row {row}", reason or "", decisions.REASON_MOST)
    if not said and KINDS[verb] in ("confirmed", "dismissed"):
        raise UsageError(
            got=f"no reason to {verb}" + ("" if row is None else f" in row {row}"),
            expected="why, for whoever looks at it next",
            try_='--reason "..."' if row is None else "filling in its reason",
        )
    return said or None


def decide(
    home: Path, asked: Sequence[Asked], by: str, *, today: date, progress: Progress | None = None
) -> tuple[Decided, ...]:
    """Record what a person decides about flags, all of it or nothing; nothing is built, it counts from the next night on, whichever date that answers for, back to the one it was said of.

    Raises:
        UsageError: nothing was published yet, no such flag, or nothing that can be decided of it; nothing was recorded.
    """
    place, by = Home(home), decisions.said("--by", by, decisions.NAME_MOST)
    with open_warehouse(home) as warehouse:
        night = _night(warehouse)
    _before(asked, by, night, _known(home))  # so that a mistake makes no run
    with started("flags", place, progress=progress) as run:
        decisions.complete(run.state, place.lake)
        known = _before(asked, by, night, run.state.decisions(FlagDecision))
        decided = [
            Decided(before or _decision(one, night, f"{run.run.run_id}-{number:06}", by, today), before is None)
            for number, (one, before) in enumerate(zip(asked, known, strict=True), 1)
        ]
        new = [one.decision for one in decided if one.is_new]
        decisions.record(run.state, place.lake, *new)
        run.log("decided", flags=len(new))
        run.record(finished_at=utc_now(), status="decided")
    return tuple(decided)


def _decision(asked: Asked, night: _Night, decision_id: str, by: str, today: date) -> FlagDecision:
    flag = night.flags[asked.flag_id]
    return FlagDecision(
        decision_id=decision_id,
        flag_id=flag.flag_id,
        company_id=flag.company_id,
        customer_id=flag.customer_id,
        detector=flag.detector,
        subject=flag.subject,
        kind=asked.kind,
        reason=asked.reason,
        severity=flag.severity,
        said_of_run=night.run_id,
        said_of=night.as_of,
        given_on=today,
        recorded_by=by,
        recorded_at=utc_now(),
    )


def _before(asked: Sequence[Asked], by: str, night: _Night, known: Sequence[FlagDecision]) -> list[FlagDecision | None]:
    """For each thing that is asked the decision that says the same already; None where it is new.

    Raises:
        UsageError: one of them cannot be decided.
    """
    standing = night.standing(known)
    found = []
    for one in asked:
        mine = [decision for decision in known if decision.flag_id == one.flag_id]
        flag = standing.flags.get(one.flag_id)
        before = _same(one, by, mine, flag)
        if before is None:
            _check_since(one, by, mine)
            _check(one, flag or _unknown(one.named(), one.flag_id, night))
        found.append(before)
    return found


def _same(asked: Asked, by: str, mine: Sequence[FlagDecision], flag: Flag | None) -> FlagDecision | None:
    """The decision that says the same: one since the file was written, or the same person's last, if the flag still stands as it left it."""
    same = [one for one in mine if (one.kind, one.reason) == (asked.kind, asked.reason)]
    if asked.after is not None:
        return next((one for one in same if one.decision_id > asked.after), None)
    is_last = bool(same) and same[-1] is mine[-1] and same[-1].recorded_by == by
    state, verdict = _LEAVES[asked.kind]
    is_so = flag is None or (flag.state == state and (state != "closed" or flag.verdict == verdict))
    return same[-1] if is_last and is_so else None


def _check(asked: Asked, flag: Flag) -> None:
    """Refuse what the state of the flag does not allow."""
    if asked.kind == "reopened" and flag.state == "new":
        raise UsageError(
            got=f"{asked.named()}, which nobody has acknowledged or closed",
            expected="one to reopen",
            try_="receivables flags --all, which lists those",
        )
    if asked.kind == "acknowledged" and flag.state == "closed":
        raise UsageError(
            got=f"{asked.named()}, which is closed",
            expected="an open one",
            try_=f"receivables flags reopen {flag.flag_id}",
        )


def _check_since(asked: Asked, by: str, mine: Sequence[FlagDecision]) -> None:
    """Refuse what a file says of a flag about which somebody else decided meanwhile."""
    if asked.after is None:
        return
    others = [one for one in mine if one.decision_id > asked.after and one.recorded_by != by]
    if others:
        last = others[-1]
        raise UsageError(
            got=f"{asked.named()}, {last.kind} by {last.recorded_by} on {last.given_on}, after the file was written",
            expected="a flag as it was exported",
            try_="exporting again, or emptying the decision in this row",
        )


def _unknown(named: str, flag_id: str, night: _Night) -> NoReturn:
    """Refuse a flag that there is not.

    Raises:
        UsageError: always.
    """
    raise UsageError(
        got=named,
        expected="a flag of the night published last",
        try_=nearest(_id(flag_id), night.flags) or "receivables nightly, which looks for signs",
    )


def _known(home: Path) -> list[FlagDecision]:
    place = Home(home)
    return decisions.known(
        FlagDecision, State(place.state, is_read_only=True) if place.state.exists() else None, place.lake
    )


def published_flags(warehouse: Warehouse) -> Mapping[str, Flag]:
    """The flags of a night as it published them, by id; what was decided since is not in them.

    Raises:
        UsageError: it was built by a version that raised none.
    """
    return _night(warehouse).flags


def _night(warehouse: Warehouse) -> _Night:
    """The published night with its flags as it published them.

    Raises:
        UsageError: it was built by a version that raised none.
    """
    if _ANOMALY not in warehouse.tables():
        raise UsageError(
            got=f"{warehouse.path.name}, a night of an earlier version, which raised no flags",
            expected="a night that looked for signs",
            try_="receivables nightly",
        )
    run_id, as_of, known_at = warehouse.con.execute("select run_id, as_of, known_at from ops.run").fetchall()[0]
    found = warehouse.con.execute(_FLAGS)
    names = [column[0] for column in found.description or ()]
    told = (dict(zip(names, row, strict=True)) for row in found.fetchall())
    return _Night(run_id, as_of, known_at, {row["flag_id"]: _flag(row) for row in told})


def _flag(row: Mapping[str, Any]) -> Flag:
    pieces = json.loads(row["evidence"] or "[]")
    return Flag(**{**row, "evidence": tuple((piece["code"], piece.get("params") or {}) for piece in pieces)})


def export(path: Path, home: Path, wanted: Wanted, words: Language) -> int:
    """Write the flags that are asked for to a new file for somebody to decide; returns how many (0: nothing was written).

    Raises:
        UsageError: nothing was published yet, no such detector or customer, or a file that cannot be written.
    """
    found, latest = flags(home, wanted), {one.flag_id: one.decision_id for one in _known(home)}
    if found:
        with private_files():
            write_table(path, LAYOUT, [_cells(flag, latest.get(flag.flag_id, ""), words) for flag in found])
    return len(found)


def _cells(flag: Flag, latest: str, words: Language) -> dict[str, str]:
    from receivables.flag_wording import flag_name
    from receivables.language import plain

    return {
        "flag_id": flag.flag_id,
        "customer_id": flag.customer_id,
        "name": plain(flag.name),
        "detector": flag_name(flag.detector, words),
        "severity": flag.severity,
        "first_seen": flag.first_seen.isoformat(),
        "exposure": f"{flag.exposure_local:.2f}",
        "currency": flag.currency,
        "evidence": words.sentences(flag.sentences(words)),
        "state": stands(flag),
        "known_decision": latest,
    }


def stands(flag: Flag) -> str:
    """A flag's state in a word or two."""
    if flag.held_by is not None and flag.state == "new":
        return f"waits: {flag.held_by}"
    return f"{flag.state}: {flag.verdict}" if flag.verdict else flag.state


def asked_in(path: Path) -> tuple[list[Asked], list[Asked]]:
    """What a file that `export` wrote asks for, and the rows with a flag and no decision; of equal rows about a flag the first.

    Raises:
        UsageError: it is no such file, or a row of it cannot be understood.
    """
    asked: dict[str, Asked] = {}
    idle = []
    for filled in read_table(path, LAYOUT):
        flag_id, verb, why = _id(filled.text("flag_id")), filled.word("decision").casefold(), filled.text("reason")
        if not verb:
            idle += [Asked(flag_id, "", why.strip() or None, filled.row)] if flag_id else []
            continue
        if verb not in KINDS:
            raise UsageError(
                got=f"decision {verb!r} in row {filled.row}",
                expected=f"one of {', '.join(KINDS)}, or nothing",
                try_=nearest(verb, KINDS),
            )
        reason = _reason(verb, why, filled.row)
        one = Asked(flag_id, KINDS[verb], reason, filled.row, filled.cells.get("known_decision"))
        other = asked.setdefault(flag_id, one)
        if (other.kind, other.reason) != (one.kind, one.reason):
            raise UsageError(
                got=f"two different decisions about {flag_id} in rows {other.row} and {one.row}",
                expected="one",
                try_="emptying what does not count",
            )
    return list(asked.values()), idle


def take_back(home: Path, path: Path, by: str, *, today: date, progress: Progress | None = None) -> TakenBack:
    """Record what somebody filled in in a file that `export` wrote, all of it or nothing; nothing is built.

    Raises:
        UsageError: it is no such file, or a row of it cannot be understood or decided; nothing was recorded.
    """
    asked, idle = asked_in(path)
    decided = decide(home, asked, by, today=today, progress=progress) if asked else ()
    return TakenBack(decided, len(idle), sum(one.reason is not None for one in idle))
