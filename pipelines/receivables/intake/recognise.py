"""Which profile reads a file: decided by its header, never by its extension."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from receivables.errors import FileRefused, nearest
from receivables.intake import container
from receivables.intake.expression import is_found
from receivables.intake.header import Header, declared_header, find_header, unknown_labels
from receivables.intake.profile import Locale, fold
from receivables.intake.records import split_fields, split_pipes, split_places
from receivables.schema import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb

    from receivables.intake.container import Source
    from receivables.intake.profile import Profile
    from receivables.settings import Settings

    Cut = tuple[str, str, list[tuple[int, list[str]]]]
    """One way of cutting the first lines: container, delimiter, and each line's number with its cells."""

    Mark = str | tuple[int, ...]
    """What parts the cells of a line: a character, or the places they begin at."""

    Heads = Callable[[Profile], list[Cut]]
    """The ways a profile may cut the first lines of a file."""

_CANONICAL_NAME: Final = re.compile(r"(?P<table>[a-z_]+?)(?:__(?P<rest>.+))?\.(?:csv|xlsx|parquet)", re.IGNORECASE)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, order=True)
class Fit:
    """How well a profile fits a header, the greatest fits best: required roles named, labels explained, and the file's name where that leaves a choice."""

    completeness: float
    explained: int
    is_named: bool
    roles: int
    profile_id: str = field(compare=False)
    required: int = field(compare=False)
    required_named: int = field(compare=False)
    labels: int = field(compare=False)


@dataclass(frozen=True)
class Recognised:
    """A file and how it is read; `table`, `company` and `mode` are what a canonical file's name says, `text` is a text file in UTF-8.

    `left_out` are the lines of which somebody decided that they are no data; `fits` all profiles whose header was found, the one chosen first.
    """

    source: Source
    profile: Profile
    header: Header
    container: str
    delimiter: str
    encoding: str = "utf-8"
    table: Table | None = None
    company: str | None = None
    mode: str | None = None
    text: Path | None = None
    left_out: tuple[int, ...] = ()
    fits: tuple[Fit, ...] = ()

    def locales_and_formats(self) -> tuple[Sequence[Locale], Sequence[str]]:
        """Ways of writing to try: a workbook's or Parquet file's own typed cells first."""
        if self.container in {"delimited", "pipe_list", "fixed_width", "html"}:
            return self.profile.locales, self.profile.date_formats
        plain = Locale(decimal=".")
        return (plain, *self.profile.locales), (
            "%Y-%m-%d",
            *(fmt for fmt in self.profile.date_formats if fmt != "%Y-%m-%d"),
        )


def recognise(
    con: duckdb.DuckDBPyConnection, source: Source, profiles: Sequence[Profile], settings: Settings, scratch: Path
) -> Recognised:
    """Find the profile whose roles the header names best; leaves a text in the scratch folder, the rows of other files in table `record`.

    Raises:
        FileRefused: no profile knows this header.
    """
    scan = settings.ingest.header_scan_lines
    if len(profiles) > 1:  # without a header of its own a file is known by its name, unless its profile was asked for
        profiles = [profile for profile in profiles if not profile.header or _is_named(source, profile)]
    if source.kind == "text":
        heads = _text_heads(source, scan)
    else:
        readers = [profile for profile in profiles if source.kind in profile.containers]
        encodings = tuple(dict.fromkeys(encoding for profile in readers for encoding in profile.encodings))
        container.load_table(
            con,
            source,
            encodings or ("utf-8",),
            lambda rows: any(_has_header(rows, profile, source) for profile in readers),
        )
        heads = _sheet_heads(con, source, scan)
    candidates = [
        found
        for profile in profiles
        if profile.shape == "table"
        for found in _candidates(source, profile, heads(profile))
    ]
    if not any(
        len(found.header.roles) == found.header.width for found in candidates
    ):  # no canonical file whole and by name
        candidates += [
            found
            for profile in profiles
            if profile.shape != "table"
            for found in _candidates(source, profile, heads(profile))
        ]
    if not candidates:
        raise _unrecognised(source, profiles, heads)
    best = replace(max(candidates, key=fit_of), fits=_ranked(candidates))
    return _as_text(best, scratch) if source.kind == "text" else best


def _has_header(rows: list[tuple[int, list[str]]], profile: Profile, source: Source) -> bool:
    """Whether the first rows of a sheet hold a profile's whole header."""
    return any(fit_of(found).completeness == 1 for found in _candidates(source, profile, [(source.kind, "", rows)]))


def _sheet_heads(con: duckdb.DuckDBPyConnection, source: Source, scan: int) -> Heads:
    """The first rows of a workbook or Parquet file, already cut into cells, for profiles that read such files."""
    rows = con.execute("select line_no, cells from record order by line_no limit ?", [scan]).fetchall()
    return lambda profile: [(source.kind, "", rows)] if source.kind in profile.containers else []


def _text_heads(source: Source, scan: int) -> Heads:
    lines: dict[tuple[str, ...], list[str]] = {}
    cuts: dict[tuple[tuple[str, ...], Mark], Cut] = {}

    def cut(encodings: tuple[str, ...], mark: Mark) -> Cut:
        if encodings not in lines:
            lines[encodings] = container.head_lines(source, encodings, scan)
        told = enumerate(lines[encodings], 1)
        if isinstance(mark, tuple):
            return "fixed_width", "", [(n, split_places(line, mark)) for n, line in told]
        if mark == "|pipes":
            return "pipe_list", "|", [(n, split_pipes(line)) for n, line in told if line.lstrip().startswith("|")]
        return "delimited", mark, [(n, split_fields(line, mark)) for n, line in told]

    def heads(profile: Profile) -> list[Cut]:
        marks = _marks(profile)
        for mark in marks:
            if (profile.encodings, mark) not in cuts:
                cuts[profile.encodings, mark] = cut(profile.encodings, mark)
        return [cuts[profile.encodings, mark] for mark in marks]

    return heads


def _marks(profile: Profile) -> list[Mark]:
    """What may part the cells of a text: the pipes of a drawn list, one of several delimiters, fixed places."""
    return [
        *(["|pipes"] if "pipe_list" in profile.containers else []),
        *(profile.delimiters if "delimited" in profile.containers else ()),
        *([profile.columns_at] if profile.columns_at else []),
    ]


def _candidates(source: Source, profile: Profile, heads: list[Cut]) -> list[Recognised]:
    if profile.shape == "table":
        return [
            found for kind, delimiter, rows in heads if (found := _canonical(source, profile, kind, delimiter, rows))
        ]
    return [
        Recognised(source, profile, header, kind, delimiter, table=TABLES.get(profile.table or ""))
        for kind, delimiter, rows in heads
        if (header := declared_header(rows, profile) if profile.header else find_header(rows, profile))
    ]


def _canonical(
    source: Source, profile: Profile, kind: str, delimiter: str, rows: list[tuple[int, list[str]]]
) -> Recognised | None:
    match = _CANONICAL_NAME.fullmatch(source.path.name)
    table = TABLES.get(match["table"].lower()) if match else None
    header = next(((n, cells) for n, cells in rows if any(cell.strip() for cell in cells)), None)
    if match is None or table is None or header is None:
        return None
    names = {fold(name): name for name in ("company_id", *table.columns)} | {
        fold(c.alias): c.name for c in table.columns.values() if c.alias
    }
    place: dict[str, int] = {}
    for position, label in enumerate(header[1], 1):
        if fold(label) in names:
            place.setdefault(names[fold(label)], position)
    if not place:
        return None
    mode, company = _named_parts(match["rest"] or "", source.path.name)
    return Recognised(
        source,
        profile,
        Header(header[0], tuple(header[1]), place),
        kind,
        delimiter,
        table=table,
        company=company,
        mode=mode,
    )


def _named_parts(rest: str, file_name: str) -> tuple[str | None, str | None]:
    """Mode and company that a canonical file's name gives, beside its date."""
    parts = [part for part in rest.split("__") if part]
    modes = [part.lower() for part in parts if part.lower() in ("full", "delta")]
    others = [part for part in parts if part.lower() not in ("full", "delta") and not _is_date(part)]
    if len(modes) > 1 or len(others) > 1:
        raise FileRefused(
            got=f"{file_name}, with the parts {', '.join(parts)} in its name",
            expected="at most one company, one of full or delta, and one date: table__COMPANY__full__2026-10-31",
            try_="renaming the file",
            reason="FILE_UNRECOGNISED",
        )
    return next(iter(modes), None), next(iter(others), None)


def _is_date(part: str) -> bool:
    try:
        return bool(_DATE.fullmatch(part) and date.fromisoformat(part))
    except ValueError:
        return False


def fit_of(found: Recognised) -> Fit:
    """How well a profile fits the header that was found for it."""
    profile, labels = found.profile, sum(bool(label.strip()) for label in found.header.labels)
    is_named = _is_named(found.source, profile)
    if profile.shape == "table":
        return Fit(1.0, len(found.header.roles), is_named, 0, profile.id, 0, 0, labels)
    required = [role for role, column in profile.columns.items() if column.required]
    known = set(found.header.roles) | set(profile.rows.group)
    named = sum(role in known for role in required)
    unknown = sum(bool(label.strip()) for label in unknown_labels(found.header, profile))
    return Fit(
        completeness=named / len(required) if required else 0.5,
        explained=labels - unknown,
        is_named=is_named,
        roles=len(found.header.roles),
        profile_id=profile.id,
        required=len(required),
        required_named=named,
        labels=labels,
    )


def _ranked(candidates: Sequence[Recognised]) -> tuple[Fit, ...]:
    """The fit of every profile, the best of its ways to cut the lines, the best profile first; equal ones in the order tried."""
    best: dict[str, Fit] = {}
    for fit in map(fit_of, candidates):
        if fit.profile_id not in best or fit > best[fit.profile_id]:
            best[fit.profile_id] = fit
    return tuple(sorted(best.values(), reverse=True))


def _is_named(source: Source, profile: Profile) -> bool:
    return profile.file_name is not None and is_found(profile.file_name, source.path.name)


def _as_text(found: Recognised, scratch: Path) -> Recognised:
    """The same with its text in UTF-8 and plain line ends in the scratch folder."""
    text = scratch / "text.utf8"
    return replace(found, encoding=container.to_utf8(found.source, found.profile.encodings, text), text=text)


def _unrecognised(
    source: Source,
    profiles: Sequence[Profile],
    heads: Heads,
) -> FileRefused:
    name = source.path.name
    first = next(
        (
            " ".join(cells)[:60]
            for profile in profiles
            for _, _, rows in heads(profile)
            for _, cells in rows
            if "".join(cells).strip()
        ),
        "",
    )
    match = _CANONICAL_NAME.fullmatch(name)
    shown = f"{name}, beginning {first!r}" if first else f"{name} in no known encoding"
    hint = "naming its profile with --profile, or a profile of your own in profiles/"
    if match and match["table"].lower() not in TABLES:
        close = nearest(match["table"], TABLES)
        hint += f"; a canonical file is named after its table, such as {close}.csv" if close in TABLES else ""
    expected = "the header of a known export: " + ", ".join(dict.fromkeys(profile.system for profile in profiles))
    return FileRefused(got=shown, expected=expected, try_=hint, reason="FILE_UNRECOGNISED")
