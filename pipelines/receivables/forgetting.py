"""Forgetting a customer or a contact: every file of the lake that holds personal data of it is rewritten, amounts and dates stay, and an audit entry says what was done.

It is begun in the store, so that whatever is read from then on leaves it out; each rewritten file is recorded with its content before and after, takes its
place, and is registered. Who is cut off goes on by asking again: what is there is looked at anew, and rewriting twice changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

from receivables import decisions, lake
from receivables.dates import utc_now
from receivables.errors import UsageError, nearest
from receivables.forgotten import INSTEAD, Subjects
from receivables.home import Home
from receivables.intake.sqltext import ident, lit
from receivables.land import inbox_files
from receivables.personal_data import personal_columns
from receivables.publish import forget_tables
from receivables.run import Progress, started
from receivables.schema import TABLES
from receivables.sources import repairs_file
from receivables.state import Forgotten, ForgottenFile, readings
from receivables.warehouse import published_file, published_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.run import Night

_LEAST_LETTERS: Final = 4
"""Letters of a value below which a text that holds it proves nothing."""

_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "cp1252")
"""How a file outside the lake may write a value."""

_CUSTOMER_LAST: Final = ("contact", "customer")
"""Tables rewritten last: what they say is what other files are searched for, also by who goes on after a cut."""


@dataclass(frozen=True)
class Asked:
    """Who is to be forgotten, why, and who says so."""

    subject: str
    is_contact: bool
    reason: str
    by: str


@dataclass(frozen=True)
class Done:
    """What was forgotten: the audit entry, the files it rewrote or deleted, and where the data still stands outside the lake."""

    entry: Forgotten
    files: tuple[ForgottenFile, ...]
    removed: tuple[str, ...]
    still: tuple[str, ...]


def forget(home: Path, asked: Asked, *, progress: Progress | None = None) -> Done:
    """Take the personal data of a customer, or a contact, out of the lake for good; amounts, dates and ids stay, so that every sum does.

    Published files of earlier nights are deleted; the published one and other places that still hold it are named.

    Raises:
        UsageError: no reason, or no such customer or contact.
        NightFailed: another run holds the home, or the disk is full; asking again goes on.
    """
    by = decisions.said("--by", asked.by, decisions.NAME_MOST)
    reason = decisions.said("--reason", asked.reason, decisions.REASON_MOST)
    if not reason:
        raise UsageError(got="no reason", expected="why somebody is forgotten", try_='--reason "asked for it on ..."')
    kind = "contact" if asked.is_contact else "customer"
    with started("forget", Home(home), progress=progress) as night:
        subject = _subject(night, kind, asked.subject)
        entry = next(
            (one for one in night.state.forgotten() if (one.kind, one.subject_id) == (kind, subject)),
            Forgotten(night.run.run_id, kind, subject, reason, by, utc_now(), None),
        )
        night.state.add([replace(entry, finished_at=None)])
        done = _Forgetting(night, entry).done()
        night.log("forgotten", entry=entry.forgotten_id, files=len(done.files))
        night.record(finished_at=utc_now(), status="forgotten")
    return done


def _subject(night: Night, kind: str, asked: str) -> str:
    """The id as published of who is meant, with or without its company.

    Raises:
        UsageError: none, or several.
    """
    column = f"{kind}_id"
    known = {one.subject_id for one in night.state.forgotten() if one.kind == kind}
    with night.scratch.database() as con:
        for table in TABLES.values():
            if column in table.columns:
                for path in (night.home.lake / table.name).glob("*.parquet"):
                    if column in _columns(con, path):
                        rows = con.execute(f"select distinct {column} from read_parquet({lit(str(path))})").fetchall()
                        known.update(row[0] for row in rows if row[0])
    found = [one for one in known if asked in (one, one.partition(":")[2])]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        got=f"{kind} {asked!r}" + (f", whom {len(found)} companies have" if found else ""),
        expected=f"the id of a {kind}, as COMPANY:ID",
        try_=", ".join(sorted(found)) or nearest(asked, known),
    )


def _columns(con: Connection, path: Path) -> list[str]:
    return [row[0] for row in con.execute(f"select name from parquet_schema({lit(str(path))}) offset 1").fetchall()]


class _Forgetting:
    """One subject being forgotten in one home."""

    def __init__(self, night: Night, entry: Forgotten) -> None:
        self._night, self._entry = night, entry
        self._state, self._root = night.state, night.home.lake
        self._subjects = Subjects.of([entry])

    def done(self) -> Done:
        """Rewrite, delete and name what is to be."""
        self._take_up()
        with self._night.step("forget", 1) as counts, self._night.scratch.database() as con:
            touched, values = self._rows(con)
            self._forget_texts(con, touched, values)
            self._forget_sources(touched)
            self._forget_decisions()
            for table, path in touched:
                self._rewrite_rows(con, table, path)
            copy = self._root / "forgotten" / f"{self._entry.forgotten_id}.json"
            entry = replace(self._entry, finished_at=utc_now())
            files = tuple(self._state.forgotten_files(entry.forgotten_id))
            lake.write_json(copy, asdict(entry) | {"files": [asdict(file) for file in files]})
            self._state.add([entry, *lake.sealed(self._root, [copy])])
            counts["items"] = len(files)
        removed = self._remove_published()
        return Done(entry, files, removed, tuple(self._still(touched, values)))

    def _take_up(self) -> None:
        """Register what took its place before somebody was cut off."""
        registered = {file.path: file.sha256 for file in self._state.lake_files()}
        for file in self._state.forgotten_files(self._entry.forgotten_id):
            path = self._root / file.path
            if registered.get(file.path) != file.old_sha256:
                continue
            if not file.new_sha256:
                path.unlink(missing_ok=True)
                self._state.strike([file.path])
            elif path.exists() and lake.sha256_of(path) == file.new_sha256:
                self._state.add(lake.sealed(self._root, [path]))

    def _rows(self, con: Connection) -> tuple[list[tuple[str, Path]], set[str]]:
        """The files with rows of the subject, customers and contacts last, and every personal text that stands in them."""
        personal: dict[str, list[str]] = {}
        for table, column, _ in personal_columns(is_forgotten=True):
            personal.setdefault(table, []).append(column)
        touched: list[tuple[str, Path]] = []
        values: set[str] = set()
        for table in sorted(
            personal, key=lambda name: (_CUSTOMER_LAST.index(name) + 1 if name in _CUSTOMER_LAST else 0, name)
        ):
            for path in sorted((self._root / table).glob("*.parquet")):
                columns = _columns(con, path)
                condition = self._subjects.rows_of(table, columns)
                told = [name for name in personal[table] if name in columns]
                if not condition or not told:
                    continue
                source = f"from read_parquet({lit(str(path))}) where {condition}"
                if con.execute(f"select 1 {source} limit 1").fetchall():
                    touched.append((table, path))
                    for name in told:
                        rows = con.execute(f"select distinct {ident(name)}::varchar {source}").fetchall()
                        values.update(row[0] for row in rows if row[0])
        values = {value for value in values if len(value) >= _LEAST_LETTERS and not value.startswith(INSTEAD[:-1])}
        return touched, values

    def _rewrite_rows(self, con: Connection, table: str, path: Path) -> None:
        """Rewrite a file of rows, in their order; amounts, dates and ids are what they were."""
        columns = _columns(con, path)
        told = {name: self._subjects.left_out(table, name, ident(name), columns) for name in columns}
        changed = " or ".join(
            f"{ident(name)} is distinct from ({sql})" for name, sql in told.items() if sql != ident(name)
        )
        listed = ", ".join(f"{sql} as {ident(name)}" for name, sql in told.items())
        self._rewrite(path, f"select {listed} from read_parquet({lit(str(path))})", con, if_any=changed)

    def _forget_texts(self, con: Connection, touched: Sequence[tuple[str, Path]], values: set[str]) -> None:
        """Empty the raw texts of findings, and the texts of rows that name no customer, where they hold the subject's id or a text of it."""
        words = sorted({*values, self._entry.subject_id, *self._bare_id()})
        holds = " or ".join(f"contains({{0}}, {lit(word)})" for word in words)
        raw = ("raw_value", "repaired_value", "raw_line")
        lines = self._lines(con, touched)
        for path in sorted((self._root / "issue").glob("*.parquet")):
            mine = lines.get(path.stem, "false")
            any_held = " or ".join(f"coalesce({holds.format(name)}, false)" for name in raw)
            told = ", ".join(f"case when {any_held} or {mine} then null else {name} end as {name}" for name in raw)
            self._rewrite(
                path,
                f"select * replace ({told}) from read_parquet({lit(str(path))})",
                con,
                if_any=any_held + f" or {mine}",
            )
        for path in sorted((self._root / "entry_allocation").glob("*.parquet")):
            if "text" in _columns(con, path):
                told = f"case when {holds.format('text')} then null else text end as text"
                self._rewrite(
                    path,
                    f"select * replace ({told}) from read_parquet({lit(str(path))})",
                    con,
                    if_any=holds.format("text"),
                )

    def _lines(self, con: Connection, touched: Sequence[tuple[str, Path]]) -> dict[str, str]:
        """For the findings of each reading, a condition for the lines that are rows of the subject."""
        firsts = {
            batch.batch_id: reading[0].batch_id for reading in readings(self._state.batches()) for batch in reading
        }
        lines: dict[str, set[int]] = {}
        for table, path in touched:
            condition = self._subjects.rows_of(table, _columns(con, path))
            rows = con.execute(
                f"select distinct line_no from read_parquet({lit(str(path))}) where {condition}"
            ).fetchall()
            lines.setdefault(str(firsts.get(int(path.stem), path.stem)), set()).update(
                row[0] for row in rows if row[0] is not None
            )
        return {first: f"line_no in ({', '.join(map(str, sorted(found)))})" for first, found in lines.items() if found}

    def _bare_id(self) -> list[str]:
        bare = self._entry.subject_id.partition(":")[2]
        return [bare] if len(bare) >= _LEAST_LETTERS else []

    def _forget_sources(self, touched: Sequence[tuple[str, Path]]) -> None:
        """Delete the bytes of files that told of the subject: their quarantined lines can be repaired only by correcting the export."""
        ids = {int(path.stem) for _, path in touched}
        told = [batch for batch in self._state.batches() if batch.batch_id in ids]
        for sha256 in sorted({batch.file_sha256 for batch in told}):
            arrivals = sorted(
                {batch.arrival_id for batch in told if batch.file_sha256 == sha256 and batch.arrival_id is not None}
            )
            for name in (f"source/{sha256}.gz", *(f"source/{arrival}.json" for arrival in arrivals)):
                self._delete(name)
            repairs = [
                replace(repair, raw_line=INSTEAD, asked="{}", repaired_line=INSTEAD)
                for repair in self._state.repairs(sha256=sha256)
            ]
            self._state.add(repairs)
            for first in sorted({repair.new_batch_id for repair in repairs}):
                same = [asdict(repair) for repair in repairs if repair.new_batch_id == first]
                self._replace(repairs_file(self._root, first), _json_of(same))

    def _delete(self, name: str) -> None:
        path = self._root / name
        if not path.exists():
            return
        self._state.add([ForgottenFile(self._entry.forgotten_id, name, lake.sha256_of(path), "")])
        path.unlink()
        self._state.strike([name])

    def _forget_decisions(self) -> None:
        """Empty the reasons of what was decided about a customer; that it was decided, by whom and when, stays."""
        for kind in decisions.KINDS:
            for decision in self._state.decisions(kind):
                if decision.customer_id not in self._subjects.customers:
                    continue
                told = replace(decision, reason=INSTEAD if decision.reason else decision.reason)
                self._state.add([told])
                self._replace(decisions.decision_file(self._root, kind, told.decision_id), _json_of(asdict(told)))

    def _rewrite(self, path: Path, query: str, con: Connection, *, if_any: str) -> None:
        if not con.execute(f"select 1 from read_parquet({lit(str(path))}) where {if_any} limit 1").fetchall():
            return
        self._replace(path, lambda target: lake.write_parquet(con, query, target))

    def _replace(self, path: Path, write: Callable[[Path], object]) -> None:
        """Let a file be written anew: recorded, put in its place, registered."""
        old = lake.sha256_of(path) if path.exists() else ""
        unfinished = path.with_suffix(".writing")
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        write(unfinished)
        new = lake.sha256_of(unfinished)
        if new == old:
            unfinished.unlink()
            return
        self._state.add([ForgottenFile(self._entry.forgotten_id, lake.name_of(self._root, path), old, new)])
        lake.settle(unfinished, path)
        self._state.add(lake.sealed(self._root, [path]))

    def _remove_published(self) -> tuple[str, ...]:
        """Delete the published files of earlier nights; the one that readers are led to stays until the next night."""
        current = published_run(self._night.home.root)
        found = sorted(self._night.home.warehouse.glob("receivables-*.duckdb"))
        gone = [path for path in found if path.stem != f"receivables-{current}"]
        for path in gone:
            path.unlink()
        forget_tables(self._night.home.warehouse)
        return tuple(f"warehouse/{path.name}" for path in gone)

    def _still(self, touched: Sequence[tuple[str, Path]], values: set[str]) -> Iterator[str]:
        """Where the data still stands: the published file until the next night, reports and mails, and exports in the inbox."""
        home = self._night.home
        if touched and published_run(home.root):
            yield f"warehouse/{published_file(home.root).name} until the next night"
        ids = {int(path.stem) for _, path in touched}
        contents = {batch.file_sha256 for batch in self._state.batches() if batch.batch_id in ids}
        needles = {value.encode(encoding, "ignore") for value in values for encoding in _ENCODINGS}
        needles = {needle for needle in needles if len(needle) >= _LEAST_LETTERS}
        for path in inbox_files(home.inbox) if home.inbox.is_dir() else ():
            if lake.sha256_of(path) in contents or _holds(path, needles):
                yield str(path.relative_to(home.root))
        for folder in (home.out, home.logs):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink() and (path.suffix == ".eml" or _holds(path, needles)):
                    yield str(path.relative_to(home.root))


def _json_of(told: object) -> Callable[[Path], object]:
    text = json.dumps(told, default=str, ensure_ascii=False, indent=1)
    return lambda target: target.write_text(text, encoding="utf-8")


def _holds(path: Path, needles: set[bytes]) -> bool:
    content = path.read_bytes()
    return any(needle in content for needle in needles)
