"""What flags rest on: sentences, and the records they name with the file and line of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables import schema
from receivables.errors import UsageError, nearest
from receivables.flag_desk import published_flags
from receivables.language import SOURCE_LANGUAGE, language_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from receivables.flag_desk import Flag
    from receivables.warehouse import Warehouse

_NAMED: Final = ("item_id", "other_id")
"""The parts of a piece of evidence that name a record."""
_PIECES: Final = """
with piece as (
  select
    unnest($flag_id) as flag_id, unnest($company_id) as company_id, unnest($place) as place, unnest($piece) as piece, unnest($sentence) as sentence,
    unnest($record_id) as record_id
),
record as (
  {records}
)
select
  piece.flag_id, piece.piece, piece.sentence, record.record, case when record.record is not null then piece.record_id end as record_id,
  batch.file_name, record.line_no
from piece
left join record on piece.company_id = record.company_id and piece.record_id = record.record_id
left join ops.batch as batch on record.batch_id = batch.batch_id
order by piece.place, piece.piece, record.record, piece.record_id
"""


def evidence(warehouse: Warehouse, flag_id: str | None) -> pd.DataFrame:
    """One row per flag, piece of evidence and record that it names; a piece that names none has one row.

    Raises:
        UsageError: no such flag; names the nearest.
    """
    flags = published_flags(warehouse)
    if flag_id is not None and flag_id not in flags:
        raise UsageError(got=f"flag {flag_id!r}", expected="a flag of this night", try_=nearest(flag_id, flags))
    chosen = [flags[flag_id]] if flag_id is not None else flags.values()
    return warehouse.query(_PIECES.format(records=_records(warehouse)), _pieces(chosen))


def _records(warehouse: Warehouse) -> str:
    """Every record that has an id of its own, whichever table tells it."""
    known = warehouse.tables()
    own = [
        (table.name, table.key[0])
        for table in schema.TABLES.values()
        if len(table.key) == 1 and table.key[0] != "company_id" and f"core.{table.name}" in known
    ]
    return "\n  union all\n  ".join(
        f"select '{name}' as record, company_id, {key}::varchar as record_id, batch_id, line_no from core.{name}"
        for name, key in own
    )


def _pieces(flags: Iterable[Flag]) -> dict[str, list[object]]:
    words = language_in(SOURCE_LANGUAGE)
    rows = [
        (flag.flag_id, flag.company_id, flag.place, piece, sentence, named)
        for flag in flags
        for piece, ((_, params), sentence) in enumerate(zip(flag.evidence, flag.sentences(words), strict=True), start=1)
        for named in _named(params)
    ]
    columns = ("flag_id", "company_id", "place", "piece", "sentence", "record_id")
    return {name: [row[at] for row in rows] for at, name in enumerate(columns)}


def _named(params: Mapping[str, object]) -> list[str | None]:
    """The ids a piece of evidence names, or nothing once where it names none."""
    named: list[str | None] = [str(params[key]) for key in _NAMED if params.get(key) is not None]
    return named or [None]
