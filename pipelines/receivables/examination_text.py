"""An examination as text: what `profiles test` prints, sections of short lines that fit the terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from receivables.plain_text import aligned, clipped, visible, wrapped
from receivables.wording import REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from receivables.errors import Finding
    from receivables.intake.columns import ColumnRead, Example
    from receivables.intake.examine import Examination
    from receivables.intake.recognise import Fit

RUNNERS_UP: Final = 3
"""Profiles shown beside the one chosen: more would hide what decided."""

_FROM: Final = {
    "argument": "--extract-as-of",
    "title": "a title line of the file",
    "file_name": "the file's name",
    "latest_date": "the latest day any row tells",
    "today": "today, since nothing in it says a day",
}
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_CONTAINERS: Final = {
    "delimited": "delimited text",
    "pipe_list": "drawn list",
    "fixed_width": "text in columns of fixed width",
    "workbook": "workbook",
    "parquet": "Parquet file",
    "dbf": "dBase table",
    "html": "HTML table",
    "xml2003": "workbook saved as XML",
}


def examination_text(seen: Examination, columns: int) -> str:
    """Everything an examination found, in at most so many columns."""
    sections = [
        _file(seen, columns),
        _profile(seen, columns),
        _header(seen, columns),
        _rows(seen),
        _result(seen, columns),
        _problems(seen, columns),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _file(seen: Examination, columns: int) -> list[str]:
    what = _CONTAINERS.get(seen.container or seen.kind, seen.kind)
    if seen.delimiter:
        what += f", {_DELIMITERS.get(seen.delimiter, repr(seen.delimiter))} between cells"
    facts = [("file", visible(seen.file_name)), ("kind", f"{what}, {seen.size:,} bytes")]
    if seen.encoding:
        facts.append(("encoding", f"{seen.encoding} ({seen.encoding_from})"))
    return _facts(facts, columns)


def _facts(facts: Sequence[tuple[str, str]], columns: int) -> list[str]:
    return [line for name, told in facts for line in wrapped(told, columns, " " * 11, f"{name:<9}  ")]


def _profile(seen: Examination, columns: int) -> list[str]:
    if not seen.profile_id:
        return _facts([("profile", "none: no known export has a header like this")], columns)
    facts = [("profile", f"{seen.profile_id} ({seen.profile_status}): {visible(seen.profile_title)}")]
    lines = _facts(facts, columns)
    if not seen.fits:
        return lines
    lines += _facts([("because", _why(seen.fits[0], len(seen.fits)))], columns)
    others = seen.fits[1 : 1 + RUNNERS_UP]
    if others:
        rows = [[fit.profile_id, _found(fit), _explained(fit), _named(fit)] for fit in others]
        lines += ["others     with a header here:", *aligned(rows, (28, 26, 20, 24), " " * 11)]
    return lines


def _why(fit: Fit, candidates: int) -> str:
    if not fit.required and fit.completeness == 1:
        return f"its name is that of a table, and {fit.explained} of {fit.labels} labels are its columns"
    told = ", ".join(part for part in (_found(fit), _explained(fit), _named(fit)) if part)
    return f"{told}; {'no other profile finds its header here' if candidates == 1 else 'the best fit'}"


def _found(fit: Fit) -> str:
    return f"{fit.required_named} of {fit.required} required roles"


def _explained(fit: Fit) -> str:
    return f"{fit.explained} of {fit.labels} labels"


def _named(fit: Fit) -> str:
    return "fits the file's name" if fit.is_named else ""


def _header(seen: Examination, columns: int) -> list[str]:
    if not seen.columns:
        return []
    known = sum(column.use == "role" for column in seen.columns if column.position)
    width = sum(column.position > 0 for column in seen.columns)
    where = f"line {seen.header_line}" if seen.header_line else "none in the file; the profile tells the labels"
    lines = _facts([("header", f"{where}: {width} columns, {known} of them read")], columns)
    if any(column.type in ("money", "decimal") for column in seen.columns):
        lines += _facts([("amounts", _amounts(seen))], columns)
    return [*lines, "", *_columns(seen.columns, columns)]


def _amounts(seen: Examination) -> str:
    if not seen.decimal:
        return "not decided"
    marks = " or ".join(repr(mark) for mark in seen.thousands if mark.isprintable())
    return f"decimal sign {seen.decimal!r}, thousands {marks or 'not grouped'}"


def _columns(read: Sequence[ColumnRead], columns: int) -> list[str]:
    """One line per column, and its examples below, each before and after."""
    heads = aligned([_column(column) for column in read], (3, 26, 24, 24), "")
    return [
        line
        for head, column in zip(heads, read, strict=True)
        for line in (head, *(_example(example, column, columns) for example in column.examples))
    ]


def _column(column: ColumnRead) -> list[str]:
    number = f"{column.position:>3}" if column.position else "  -"
    told = ", ".join(column.roles) + ("" if column.use == "role" else f" ({column.use})")
    kind = " ".join(part for part in (column.type, column.written) if part)
    return [number, visible(column.label) or "(no label)", told.strip(), kind]


def _example(example: Example, column: ColumnRead, columns: int) -> str:
    before = clipped(f"'{visible(example.before)}'", max(20, columns // 2 - 8))
    if column.use != "role" or not example.is_typed:
        return f"       {before}"
    after = "nothing" if example.after is None else visible(example.after)
    if column.type in ("money", "decimal"):
        after = re.sub(r"([.][0-9]{2}[0-9]*?)0+$", r"\1", after)
    return clipped(f"       {before} -> {after}", columns)


def _rows(seen: Examination) -> list[str]:
    if not seen.classes and not seen.outcomes:
        return []
    lines = []
    if seen.classes:
        rows = [[count.name, f"{count.rows:>9,}", f"{count.lines:>9,} lines"] for count in seen.classes]
        lines += ["rows", *aligned(rows, (14, 12, 18))]
    if seen.outcomes:
        total = sum(count.lines for count in seen.outcomes)
        told = " + ".join(f"{count.lines:,} {count.name}" for count in seen.outcomes)
        agrees = "" if total == seen.lines_in_file else f"; THE FILE HAS {seen.lines_in_file:,}"
        lines.append(f"  {total:,} lines = {told}{agrees}")
    return lines


def _result(seen: Examination, columns: int) -> list[str]:
    if seen.refusal is not None:
        return []
    tables = ", ".join(f"{count.rows:,} {count.name}" for count in seen.tables) or "nothing the ledger keeps"
    day = f"{seen.extract_as_of} ({_FROM.get(seen.extract_as_of_from, seen.extract_as_of_from)})"
    facts = [
        ("loads", tables),
        ("as of", day),
        ("company", ", ".join(map(visible, seen.companies)) or "none named"),
        ("mode", seen.mode),
        ("total", _total(seen)),
        ("verdict", seen.status.replace("_", " ")),
    ]
    return _facts(facts, columns)


def _total(seen: Examination) -> str:
    if seen.control_total is None:
        return "no amounts to sum"
    rows = f"the rows sum to {seen.control_total:,.2f}"
    if seen.control_total_file is None:
        return f"{rows}; the file states no total of its own"
    if seen.control_total_file == seen.control_total:
        return f"{rows}, as the file's own total says"
    return f"{rows}, the file's own total says {seen.control_total_file:,.2f}"


def _problems(seen: Examination, columns: int) -> list[str]:
    told = [finding for finding in seen.findings if finding.action != "skip"]
    skipped = [f"{finding.count:,} {finding.reason_code}" for finding in seen.findings if finding.action == "skip"]
    lines = _facts([("skipped", ", ".join(skipped))], columns) if skipped else []
    lines.append("noticed" if told else "noticed    nothing")
    for finding in told:
        lines += wrapped(_finding(finding), columns, " " * 4, "  ")
        lines += [clipped(f"    {where}", columns) for where in _example_of(finding)]
    if seen.refusal is not None:
        lines += ["", *wrapped(f"refused: {visible(str(seen.refusal))}", columns, "  ", "")]
    return lines


def _finding(finding: Finding) -> str:
    sentence = REASONS.get(finding.reason_code, "").rstrip(".")
    about = f" ({finding.column_name})" if finding.column_name else ""
    return (
        f"{finding.count:,} x {finding.reason_code}, {finding.action}{about}: {sentence or 'the file does not say it'}"
    )


def _example_of(finding: Finding) -> list[str]:
    told = finding.raw_value if finding.raw_value is not None else finding.raw_line
    if told is None:
        return [f"taken as {visible(finding.repaired_value)}"] if finding.repaired_value else []
    became = f" -> {visible(finding.repaired_value)}" if finding.repaired_value else ""
    return [f"{f'line {finding.line_no}: ' if finding.line_no else ''}'{visible(told)}'{became}"]
