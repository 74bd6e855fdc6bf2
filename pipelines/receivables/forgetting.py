"""Forgetting a customer or a contact: every file of the lake that holds personal data of it is rewritten, amounts and dates stay, and an audit entry says what was done.

It is begun in the store, so that whatever is read from then on leaves it out; each rewritten file is recorded with its content before and after, takes its
place, and is registered. Who is cut off goes on by asking again: what is there is looked at anew, and rewriting twice changes nothing.
"""

from __future__ import annotations

import gzip
import html
import io
import json
import zipfile
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from markupsafe import Markup

from receivables import decisions, lake
from receivables.dates import utc_now
from receivables.errors import UsageError, nearest
from receivables.forgotten import INSTEAD, Subjects, is_long_enough, is_telling
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
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.run import Night

_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "cp1252")
"""How a file outside the lake may write a value."""

_MOST_BYTES: Final = 1 << 30
"""Bytes of a file, or of one packed in it, that are looked at; what is larger is named unseen."""

_DEEPEST: Final = 3
"""How often packed a text is looked for: a workbook in an archive."""

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
            texts = self._texts(con, touched, values)
            self._forget_sources(touched, texts, values)
            self._forget_texts(con, texts)
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
        """The files with rows of the subject, customers and contacts last, and every personal text that stands in them and tells of whom another text is."""
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
                    for name in filter(partial(is_telling, table), told):
                        rows = con.execute(f"select distinct {ident(name)}::varchar {source}").fetchall()
                        values.update(row[0] for row in rows if row[0])
        return touched, values

    def _rewrite_rows(self, con: Connection, table: str, path: Path) -> None:
        """Rewrite a file of rows, in their order; amounts, dates and ids are what they were."""
        if self._any_left_out(con, table, path, self._subjects):
            _, query = self._without(con, table, path, self._subjects)
            self._replace(path, partial(lake.write_parquet, con, query))

    @staticmethod
    def _without(con: Connection, table: str, path: Path, known: Subjects) -> tuple[str, str]:
        """SQL for whether a row of a file changes, and for all rows without the subject's data."""
        columns = _columns(con, path)
        told = {name: known.left_out(table, name, ident(name), columns) for name in columns}
        changed = " or ".join(
            f"{ident(name)} is distinct from ({sql})" for name, sql in told.items() if sql != ident(name)
        )
        listed = ", ".join(f"{sql} as {ident(name)}" for name, sql in told.items())
        return changed, f"select {listed} from read_parquet({lit(str(path))})"

    def _texts(
        self, con: Connection, touched: Sequence[tuple[str, Path]], values: set[str]
    ) -> dict[Path, tuple[str, Subjects]]:
        """The files of findings, and of rows that name no customer, with texts that tell of the subject: which table they are of, and what it is known by there."""
        lines, found = self._lines(con, touched), {}
        for reading in readings(self._state.batches()):
            tables, companies = ({one.table_name for one in reading}, {one.company_id for one in reading})
            first = reading[0].batch_id
            known = self._subjects.known_in(tables, companies, values, lines.get(first, ()))
            found[self._root / "issue" / f"{first}.parquet"] = ("issue", known)
            for batch in reading:
                if batch.table_name == "entry_allocation":
                    path = self._root / batch.table_name / f"{batch.batch_id}.parquet"
                    found[path] = (batch.table_name, known)
        refused = self._subjects.known_in((), (), values)
        for path in (self._root / "issue").glob("*.parquet"):
            found.setdefault(path, ("issue", refused))
        return {
            path: (table, known)
            for path, (table, known) in sorted(found.items())
            if path.exists() and self._any_left_out(con, table, path, known)
        }

    def _any_left_out(self, con: Connection, table: str, path: Path, known: Subjects) -> bool:
        changed, _ = self._without(con, table, path, known)
        return bool(changed) and bool(
            con.execute(f"select 1 from read_parquet({lit(str(path))}) where {changed} limit 1").fetchall()
        )

    def _forget_texts(self, con: Connection, texts: dict[Path, tuple[str, Subjects]]) -> None:
        """Empty the raw texts of findings, and the texts of rows that name no customer, where they tell of the subject."""
        for path, (table, known) in texts.items():
            _, query = self._without(con, table, path, known)
            self._replace(path, partial(lake.write_parquet, con, query))

    def _lines(self, con: Connection, touched: Sequence[tuple[str, Path]]) -> dict[int, set[int]]:
        """The lines that are rows of the subject, by the first batch of the reading that has its findings."""
        firsts = {
            batch.batch_id: reading[0].batch_id for reading in readings(self._state.batches()) for batch in reading
        }
        lines: dict[int, set[int]] = {}
        for table, path in touched:
            condition = self._subjects.rows_of(table, _columns(con, path))
            rows = con.execute(
                f"select distinct line_no from read_parquet({lit(str(path))}) where {condition} and line_no is not null"
            ).fetchall()
            lines.setdefault(firsts.get(int(path.stem), int(path.stem)), set()).update(row[0] for row in rows)
        return lines

    def _forget_sources(self, touched: Sequence[tuple[str, Path]], texts: Iterable[Path], values: set[str]) -> None:
        """Delete the bytes of files that told of the subject: their quarantined lines can be repaired only by correcting the export."""
        needles, sources = _needles(values), self._root / "source"
        holding = {path.stem for path in sources.glob("*.gz") if _holds(path, needles)}
        ids = {int(path.stem) for path in (*(path for _, path in touched), *texts)}
        ids |= {batch.batch_id for batch in self._state.batches() if batch.file_sha256 in holding}
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
        needles = _needles(values)
        for path in inbox_files(home.inbox) if home.inbox.is_dir() else ():
            try:
                if lake.sha256_of(path) in contents or _holds(path, needles):
                    yield self._named(path)
            except OSError:
                yield f"{self._named(path)}, perhaps: it cannot be read"
        mails = home.root / self._night.settings.mail.folder
        folders = (home.out, home.logs, mails)
        for path in sorted({path for folder in folders if folder.is_dir() for path in folder.rglob("*")}):
            if not path.is_file() or path.is_symlink():
                continue
            try:
                if path.suffix == ".eml" or _holds(path, needles):
                    yield self._named(path)
            except OSError:
                yield f"{self._named(path)}, perhaps: it cannot be read"

    def _named(self, path: Path) -> str:
        root = self._night.home.root
        return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _needles(values: Iterable[str]) -> set[bytes]:
    """Some values in every way a file may write them: in pages and workbooks markup is escaped, in logs and charts quotes are."""
    forms = {
        form
        for value in values
        if is_long_enough(value)
        for form in (
            *(value, html.escape(value, quote=False), html.escape(value), str(Markup.escape(value))),
            *(json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)),
        )
    }
    written = set()
    for form in forms:
        for encoding in _ENCODINGS:
            with suppress(UnicodeEncodeError):  # no file in that encoding holds it
                written.add(form.encode(encoding))
    return written


def _json_of(told: object) -> Callable[[Path], object]:
    text = json.dumps(told, default=str, ensure_ascii=False, indent=1)
    return lambda target: target.write_text(text, encoding="utf-8")


def _holds(path: Path, needles: set[bytes]) -> bool:
    """Whether a file, or what is packed in it, holds one of some texts.

    Raises:
        OSError: it cannot be read, or unpacks to more than is looked at.
    """
    with path.open("rb") as stream:
        return _is_in(stream, needles, _DEEPEST)


def _is_in(stream: IO[bytes] | gzip.GzipFile, needles: set[bytes], deepest: int) -> bool:
    content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError("more than is looked at")
    if any(needle in content for needle in needles):
        return True
    if not deepest or not content.startswith((b"PK", b"\x1f\x8b")):
        return False
    try:
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                return any(_is_in(packed.open(name), needles, deepest - 1) for name in packed.namelist())
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
            return _is_in(unpacked, needles, deepest - 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise OSError(str(error)) from error
