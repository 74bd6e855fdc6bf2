"""The same world told night by night, with what goes wrong between an ERP and its nightly export, and what was known each night.

Facts are told late, wrong and put right, or taken back; files come late, twice or not at all. The truth file says for every night what
had arrived by then and therefore had to be found open, and for some nights what is known about them in the end.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa

from receivables.errors import UsageError, nearest
from receivables.world import canonical, expected, fbl5n, fbl5n_lines, odoo, truth
from receivables.world.draws import (
    NONE,
    Dial,
    Flags,
    Ints,
    as_date,
    below,
    pick,
    running_before,
    shuffled,
    stream,
    weekday,
)
from receivables.world.fbl5n_lines import Lines
from receivables.world.irregular import (
    DUE_SLIPS,
    LATE_ALLOCATION,
    LATE_DOCUMENT,
    WRONG_DUE,
    Irregularity,
    Window,
    irregular,
    listed,
    planted,
)
from receivables.world.ledger import Ledger, build
from receivables.world.specify import World
from receivables.world.tables import NEVER_TOLD, Announce, Later, Table, silence, write_table
from receivables.world.telling import Telling, as_known
from receivables.world.text import padded
from receivables.world.valuation import Values, value

MODES: Final = ("delta", "full")
RESTATED: Final = 3
"""Of so many earlier nights the truth file says what is known about them in the end."""

OVERDRAWN_CENTS: Final = 5
"""What allocations may take above an item's amount; beyond it they are refused."""

NIGHTS_PER_LATE_FILE: Final = 12


@dataclass(frozen=True)
class FeedSummary:
    """What was written: a folder per night, and how many irregularities of each kind."""

    nights: tuple[Path, ...]
    truth: Path
    irregularities: dict[str, int]
    open_local_total: Decimal
    as_of: date


def generate(out: Path, world: World, *, nights: int, mode: str = "delta", announce: Announce = silence) -> FeedSummary:
    """Write one folder of exports per night up to the as-of date of the world, and beside them the truth file.

    The first night tells the whole history. Of the canonical tables a later night tells in mode `delta` the rows that are new or changed
    since the last export, in mode `full` everything; the other dialects always tell everything.

    Raises:
        UsageError: the mode, dialect or preset is unknown, a size makes no world or no feed, or the folder is not empty.
    """
    if mode not in MODES:
        raise UsageError(got=f"mode {mode!r}", expected=" or ".join(MODES), try_=f"--mode {nearest(mode, MODES)}")
    spec = world.spec()
    most = spec.as_of_day - spec.start_day
    if not 1 <= nights <= most:
        raise UsageError(got=f"nights {nights}", expected=f"1 to {most}", try_=f"--nights {min(max(nights, 1), most)}")
    if out.exists() and any(out.iterdir()):
        # what lies there would be taken for what a night delivered
        raise UsageError(got=f"{out}, which is not empty", expected="a new or empty folder", try_="--out DIR")
    window = Window(spec.as_of_day - nights + 1, spec.as_of_day)
    makers: dict[str, Callable[[Ledger, Window], _Export]] = {
        "canonical": lambda ledger, window: _Canonical(ledger, window, is_delta=mode == "delta"),
        "odoo": _Odoo,
        "sap_fbl5n": _List,
    }
    export = makers[world.dialect](build(spec), window)
    told_as = {"dialect": world.dialect, "mode": mode if world.dialect == "canonical" else "full"}
    return _written(export, window, out, told_as, announce)


# -- what goes wrong with the files --------------------------------------------------------------------------------------------------


@dataclass
class Delivery:
    """Which nights wrote an export, and on which night each part of it arrived; a part with nothing to say arrives on its own night."""

    window: Window
    extracts: Ints
    silent: Ints
    arrival: dict[str, Ints]
    irregularities: list[Irregularity] = field(default_factory=list)

    def next_night(self, night: int) -> int:
        """Find the next night on which files arrive; `NONE` after the last."""
        later = self.extracts[self.extracts > night]
        return int(later[0]) if len(later) else NONE

    def arrived(self, part: str, changes: Sequence[Ints], *, is_delta: bool) -> list[Ints]:
        """Turn the days on which the cells of each row change into the nights these changes arrive; the first is the row's own first day.

        A delta holds the whole row, so a change also arrives with every later one of the same row; a full extract holds everything.
        """
        night = np.append(self.arrival[part], NEVER_TOLD)
        if not is_delta:
            night = np.minimum.accumulate(night[::-1])[::-1]
        first = changes[0]
        moved = [np.where(change == NONE, NONE, np.maximum(change, first)) for change in changes]
        nights = [np.where(day == NONE, NEVER_TOLD, night[np.searchsorted(self.extracts, day)]) for day in moved]
        found = []
        for day in moved:
            seen = [np.where(other >= day, arrives, NEVER_TOLD) for other, arrives in zip(moved, nights, strict=True)]
            found.append(np.where(day == NONE, NONE, np.minimum.reduce(seen)))
        return found


class _Export(Protocol):
    """A dialect's way to tell a world night by night."""

    ledger: Ledger
    irregularities: list[Irregularity]
    late_groups: tuple[tuple[str, ...], ...]
    """Parts of an export that come late together."""

    @property
    def parts(self) -> Sequence[str]:
        """Name the parts of an export that arrive on their own."""

    def speaks(self, part: str, day: int, after: int | None, /) -> bool:
        """Say whether a part has anything to tell on a day."""

    def write(self, part: str, day: int, after: int | None, folder: Path, /) -> list[Path]:
        """Write what a part tells on a day, `after` the day of the export before."""

    def known(self, delivery: Delivery, night: int, as_of: int) -> dict[str, Any]:
        """State the position as of a day, as far as it had arrived by a night."""

    def customer_ids(self) -> list[str]:
        """List the customers as the files spell them."""


def _planned(export: _Export, window: Window) -> Delivery:
    """Decide which nights are silent and which files come late."""
    rng = stream(export.ledger.spec.seed, "feed files")
    silent = _silent_nights(rng, window)
    nights = np.arange(window.first, window.last + 1, dtype=np.int64)
    extracts = nights[~np.isin(nights, silent)]
    delivery = Delivery(window, extracts, silent, {part: extracts.copy() for part in export.parts})
    for night in silent.tolist():
        resumed = delivery.next_night(night)
        delivery.irregularities.append(Irregularity("no_files", (), night, resumed))
    for group in export.late_groups:
        _delay(rng, export, delivery, group)
    return delivery


def _silent_nights(rng: np.random.Generator, window: Window) -> Ints:
    """Choose the weekends on which no export runs, one in three and at least one if the feed has a whole one inside."""
    inside = np.arange(window.first + 1, window.last - 1, dtype=np.int64)
    saturdays = inside[weekday(inside) == 5]
    chosen = saturdays[pick(rng, np.ones(len(saturdays), dtype=np.bool_), Dial(333, 1))]
    return np.sort(np.concatenate([chosen, chosen + 1]))


def _delay(rng: np.random.Generator, export: _Export, delivery: Delivery, group: tuple[str, ...]) -> None:
    """Let the files of a group come one or two nights after the night they were written."""
    wanted = max(1, len(delivery.extracts) // NIGHTS_PER_LATE_FILE)
    for place in shuffled(rng, len(delivery.extracts)).tolist():
        if not wanted or not 0 < place < len(delivery.extracts) - 1:
            continue
        day, after = int(delivery.extracts[place]), int(delivery.extracts[place - 1])
        arrival = day + 1 + int(below(rng, 2, 1)[0]) if len(group) == 1 else delivery.next_night(day)
        prompt_yet = all(delivery.arrival[part][place] == day for part in group)
        if arrival not in delivery.extracts or not prompt_yet:
            continue
        if all(export.speaks(part, day, after) for part in group):
            for part in group:
                delivery.arrival[part][place] = arrival
            wanted -= 1


def _written(export: _Export, window: Window, out: Path, told: dict[str, str], announce: Announce) -> FeedSummary:
    """Write the folders of all nights and the truth file."""
    delivery = _planned(export, window)
    folders = {night: out / str(as_date(night)) for night in range(window.first, window.last + 1)}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    arrived: list[tuple[int, list[Path]]] = []
    for place, day in enumerate(delivery.extracts.tolist()):
        announce(str(as_date(day)), len(delivery.extracts))
        after = int(delivery.extracts[place - 1]) if place else None
        for part in export.parts:
            night = int(delivery.arrival[part][place])
            paths = export.write(part, day, after, folders[night])
            arrived.extend([(night, paths)] if paths else [])
            if night != day:
                delivery.irregularities.append(
                    Irregularity("file_late", tuple(path.name for path in paths), day, night)
                )
    _delivered_twice(export, delivery, arrived, folders)
    irregularities = [*export.irregularities, *delivery.irregularities]
    positions = {night: export.known(delivery, night, night) for night in folders}
    content = {
        **truth.head(export.ledger, told["dialect"], export.customer_ids()),
        "mode": told["mode"],
        "nights": {
            str(as_date(night)): {"files": sorted(path.name for path in folder.iterdir()), **positions[night]}
            for night, folder in folders.items()
        },
        "restated": _restated(export, delivery, positions),
        "irregularities": [found.as_row() for found in irregularities],
    }
    return FeedSummary(
        nights=tuple(folders.values()),
        truth=truth.write(out, content),
        irregularities=dict(Counter(found.kind for found in irregularities)),
        open_local_total=Decimal(positions[window.last]["open_local_total"]),
        as_of=as_date(window.last),
    )


def _delivered_twice(
    export: _Export, delivery: Delivery, arrived: list[tuple[int, list[Path]]], folders: dict[int, Path]
) -> None:
    """Put a copy of one night's file into the folder of the next night with files."""
    rng = stream(export.ledger.spec.seed, "feed copies")
    for place in shuffled(rng, len(arrived)).tolist():
        night, paths = arrived[place]
        again = delivery.next_night(night)
        if again != NONE and night > delivery.window.first:
            for path in paths:
                shutil.copyfile(path, folders[again] / path.name)
            names = tuple(path.name for path in paths)
            delivery.irregularities.append(Irregularity("file_twice", names, night, again))
            return


def _restated(export: _Export, delivery: Delivery, positions: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Say of some earlier nights what was known then and what is known in the end."""
    first, last = delivery.window
    chosen = sorted({first + (last - first) * part // (RESTATED + 1) for part in range(1, RESTATED + 1)} - {last})
    return [
        {
            "as_of": str(as_date(day)),
            "known_then": positions[day],
            "known_in_the_end": export.known(delivery, last, day),
        }
        for day in chosen
    ]


# -- the dialects --------------------------------------------------------------------------------------------------------------------


class _Replayed:
    """A world whose position follows from its ledger."""

    def __init__(self, ledger: Ledger, window: Window) -> None:
        self.ledger = planted(ledger, window)
        self.values = value(self.ledger)
        self.telling, self.irregularities = irregular(self.ledger, window)

    def _position(self, telling: Telling, night: int, as_of: int) -> dict[str, Any]:
        known = as_known(self.ledger, telling, night)
        values = replace(self.values, effective=value(known).effective)
        known, values = _without_refused(known, values, as_of)
        return truth.position_told(expected.position(known, values, as_of), self.customer_ids())

    def customer_ids(self) -> list[str]:
        return canonical.customer_ids(self.ledger)


def _without_refused(known: Ledger, values: Values, day: int) -> tuple[Ledger, Values]:
    """Take out the allocations that want more of an item than it has, as a file that comes late can make it seem."""
    alloc, inst, docs, receipts = known.allocations, known.instalments, known.documents, known.receipts
    counted, received = expected.documents_counted(known, day), expected.receipts_counted(known, day)
    effect = np.flatnonzero(expected.in_effect(known, values, day, counted, received))
    source = np.where(alloc.payment != NONE, len(docs) + alloc.payment, alloc.credit)
    item = np.concatenate([inst.doc[alloc.inst[effect]], source[effect]])
    taken, row = np.concatenate([alloc.cleared[effect], alloc.drawn[effect]]), np.concatenate([effect, effect])
    drawn = np.flatnonzero((item != NONE) & (taken > 0))
    order = drawn[np.lexsort((row[drawn], values.effective[row[drawn]], item[drawn]))]
    amount = np.abs(np.concatenate([docs.amount, receipts.amount]))[item[order]]
    total = running_before(taken[order], item[order]) + taken[order]
    refused = row[order[total > amount + OVERDRAWN_CENTS]]
    effective = values.effective.copy()
    effective[refused] = NEVER_TOLD
    return known, replace(values, effective=effective)


class _Canonical(_Replayed):
    """The product's own tables, each a file of its own."""

    late_groups: tuple[tuple[str, ...], ...] = (
        ("document", "instalment"),
        ("document",),
        ("payment",),
        ("allocation",),
        ("fx_rate",),
    )
    """An instalment that comes after its document would be made up from the terms meanwhile, so it never does."""

    def __init__(self, ledger: Ledger, window: Window, *, is_delta: bool) -> None:
        super().__init__(ledger, window)
        self.is_delta = is_delta
        slices = canonical.tables(self.ledger, self.values, self.telling)
        self.tables = {name: list(make()) for name, make in slices.items()}

    @property
    def parts(self) -> Sequence[str]:
        return list(self.tables)

    def speaks(self, part: str, day: int, after: int | None) -> bool:
        return not self.is_delta or after is None or any(table.changed(after, day).any() for table in self.tables[part])

    def write(self, part: str, day: int, after: int | None, folder: Path) -> list[Path]:
        since = after if self.is_delta else None
        tables = self.tables[part]
        if since is not None:
            tables = [_rows(table, table.changed(since, day)) for table in tables]
        mode = "full" if since is None else "delta"
        path = folder / f"{part}__{self.ledger.spec.company_id}__{mode}__{as_date(day)}.csv"
        write_table(path, lambda: iter(tables), day, since)
        return [path] if path.exists() else []

    def known(self, delivery: Delivery, night: int, as_of: int) -> dict[str, Any]:
        return self._position(self._arrived(delivery), night, as_of)

    def _arrived(self, delivery: Delivery) -> Telling:
        told = self.telling
        doc = self.ledger.instalments.doc
        amounts = (told.document[doc], told.due, told.amount[doc])
        document, state, disputed, amount = delivery.arrived(
            "document", (told.document, told.state, told.disputed, told.amount), is_delta=self.is_delta
        )
        _, due, _ = delivery.arrived("instalment", amounts, is_delta=self.is_delta)
        receipt, reversal = delivery.arrived("payment", (told.receipt, told.reversal), is_delta=self.is_delta)
        allocation, void = delivery.arrived("allocation", (told.allocation, told.void), is_delta=self.is_delta)
        return Telling(
            document=document,
            state=state,
            disputed=disputed,
            amount=amount,
            amount_before=told.amount_before,
            due=due,
            due_before=told.due_before,
            receipt=receipt,
            reversal=reversal,
            allocation=allocation,
            void=void,
        )


def _rows(table: Table, which: Flags) -> Table:
    """Keep the marked rows of a table."""
    mask = pa.array(which)
    return Table(
        {name: column.filter(mask) for name, column in table.columns.items()},
        table.told[which],
        {name: Later(later.day[which], later.before.filter(mask)) for name, later in table.later.items()},
    )


class _Odoo(_Replayed):
    """Odoo's four files, written whole each night; they come late together."""

    late_groups: tuple[tuple[str, ...], ...] = (("export",),)
    parts: Sequence[str] = ("export",)

    def speaks(self, _part: str, _day: int, _after: int | None) -> bool:
        return True

    def write(self, _part: str, day: int, _after: int | None, folder: Path) -> list[Path]:
        known = as_known(self.ledger, self.telling, day)
        then = replace(known, spec=replace(known.spec, as_of_day=day))
        return odoo.write(then, value(then), folder)

    def known(self, delivery: Delivery, night: int, as_of: int) -> dict[str, Any]:
        return self._position(self.telling, _last_extract(delivery, "export", night), as_of)

    def customer_ids(self) -> list[str]:
        return odoo.customer_ids(self.ledger)


def _last_extract(delivery: Delivery, part: str, night: int) -> int:
    """Find the latest export that had arrived by a night."""
    return int(delivery.extracts[delivery.arrival[part] <= night].max())


class _List:
    """SAP's line-item list, written whole each night: lines told by then, cleared if their clearing was told."""

    late_groups: tuple[tuple[str, ...], ...] = (("list",),)
    parts: Sequence[str] = ("list",)

    def __init__(self, ledger: Ledger, window: Window) -> None:
        self.ledger = ledger
        self.lines = fbl5n_lines.lines(ledger)
        self.told, late = self._told(window)
        self.cleared, settled = self._cleared(window)
        self.due, self.due_before, slips = self._due(window)
        self.irregularities = [*late, *settled, *slips]

    def _told(self, window: Window) -> tuple[Ints, list[Irregularity]]:
        """Enter documents one to six days late, all lines of one together."""
        rng = stream(self.ledger.spec.seed, "feed documents")
        numbers, first, line = np.unique(self.lines.number, return_index=True, return_inverse=True)
        posted = self.lines.doc_day[first]
        told = window.drawn(rng, posted, 1, 6)
        chosen = np.flatnonzero(pick(rng, told != NONE, LATE_DOCUMENT))
        entered = posted.copy()
        entered[chosen] = told[chosen]
        return entered[line], listed("document_late", padded("", numbers[chosen], 10), posted[chosen], told[chosen])

    def _cleared(self, window: Window) -> tuple[Ints, list[Irregularity]]:
        """Clear two to twenty days late, all lines of one clearing together and none before it was entered."""
        rng = stream(self.ledger.spec.seed, "feed allocations")
        rows = np.flatnonzero(self.lines.clear_number != NONE)
        numbers, group = np.unique(self.lines.clear_number[rows], return_inverse=True)
        dated, begun = np.zeros(len(numbers), dtype=np.int64), np.zeros(len(numbers), dtype=np.int64)
        np.maximum.at(dated, group, self.lines.clear_day[rows])
        np.maximum.at(begun, group, np.maximum(self.lines.clear_day, self.told)[rows])
        told = window.drawn(rng, begun, 2, 20)
        chosen = np.flatnonzero(pick(rng, told != NONE, LATE_ALLOCATION))
        begun[chosen] = told[chosen]
        cleared = np.full(len(self.lines.number), NEVER_TOLD, dtype=np.int64)
        cleared[rows] = begun[group]
        return cleared, listed("clearing_late", padded("", numbers[chosen], 10), dated[chosen], told[chosen])

    def _due(self, window: Window) -> tuple[Ints, Ints, list[Irregularity]]:
        """Mistype the due dates of invoices, put right two to twelve days later and before they are cleared."""
        rng = stream(self.ledger.spec.seed, "feed due dates")
        right = window.drawn(rng, self.told, 2, 12)
        _, line, count = np.unique(self.lines.number, return_inverse=True, return_counts=True)
        invoice = (self.lines.kind == fbl5n_lines.RV) & (self.lines.amount > 0) & (count[line] == 1)
        chosen = np.flatnonzero(pick(rng, invoice & (right != NONE) & (self.cleared > right), WRONG_DUE))
        due, before = np.full(len(right), NONE, dtype=np.int64), self.lines.due_day.copy()
        due[chosen] = right[chosen]
        before[chosen] += DUE_SLIPS[below(rng, len(DUE_SLIPS), len(chosen))]
        names = listed("due_date_wrong", padded("", self.lines.number[chosen], 10), self.told[chosen], right[chosen])
        typed = [str(as_date(day)) for day in before[chosen].tolist()]
        return due, before, [replace(name, before=text) for name, text in zip(names, typed, strict=True)]

    def speaks(self, _part: str, _day: int, _after: int | None) -> bool:
        return True

    def _listed(self, day: int, as_of: int) -> Lines:
        """Give the lines dated by `as_of` as the list of a day shows them."""
        lines, hidden = self.lines, self.cleared > day
        shown = replace(
            lines,
            due_day=np.where(self.due > day, self.due_before, lines.due_day),
            clear_number=np.where(hidden, NONE, lines.clear_number),
            clear_day=np.where(hidden, NONE, lines.clear_day),
        )
        which = (self.told <= day) & (lines.doc_day <= as_of)
        mask = pa.array(which)
        kept = {f.name: getattr(shown, f.name) for f in fields(Lines)}
        return Lines(
            **{name: column.filter(mask) if name == "text" else column[which] for name, column in kept.items()}
        )

    def write(self, _part: str, day: int, _after: int | None, folder: Path) -> list[Path]:
        then = replace(self.ledger, spec=replace(self.ledger.spec, as_of_day=day))
        return [fbl5n.write(then, self._listed(day, day), folder)]

    def known(self, delivery: Delivery, night: int, as_of: int) -> dict[str, Any]:
        listed = self._listed(_last_extract(delivery, "list", night), as_of)
        then = replace(self.ledger, spec=replace(self.ledger.spec, as_of_day=as_of))
        found = fbl5n.open_by_customer(then, listed)
        total = sum((Decimal(row["open_local"]) for row in found), Decimal("0.0000"))
        return {"lines": len(listed.kind), "open_local_total": str(total), "open": found}

    def customer_ids(self) -> list[str]:
        return fbl5n.customer_ids(self.ledger)
