"""Keys told more than once in one file: the same thing twice, or two things under one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb


def mark_repeats(
    con: duckdb.DuckDBPyConnection, rows: str, key: str, content: Sequence[str], modified: str | None = None
) -> None:
    """Create `judged` from `rows`: verdict (NULL: loaded) is the fault, or what is wrong with a key told more than once.

    Keys are compared only if one repeats: the usual file has none, and one look at the keys is cheap.
    """
    told_twice = f"select 1 from {rows} where fault is null group by {key} having count(*) > 1 limit 1"
    if not key or not con.execute(told_twice).fetchall():
        con.execute(f"create or replace view judged as select *, fault as verdict from {rows}")
        return
    con.execute(
        f"create or replace table judged as select r.*, coalesce(repeat.verdict, r.fault) as verdict from {rows} as r"
        f" left join ({repeated(rows, key, content, modified)}) as repeat on r.line_no = repeat.line_no"
    )


def repeated(rows: str, key: str, content: Sequence[str], modified: str | None = None) -> str:
    """SQL for line_no and verdict of the sound rows of `rows` that a key told more than once keeps out.

    The same content is loaded once (KEY_DUPLICATE_SAME), other content not at all (KEY_DUPLICATE_DIFF), unless every row of that key says
    when it was `modified`: the latest counts then (the others: SKIP_OLDER_VERSION).
    """
    told = ", ".join(f"coalesce({column}::varchar, '')" for column in content)
    version = f"try_cast({modified} as timestamp)" if modified else "null::timestamp"
    return (
        f"with sound as (select line_no, {key}, md5(concat_ws('|', {told})) as told_content, {version} as version from {rows} where fault is null),"
        f" aged as (select *, coalesce(version < max(version) over (partition by {key}), false)"
        f" and count(*) over (partition by {key}) = count(version) over (partition by {key}) as is_old, count(*) over (partition by {key}) as times from sound),"
        f" compared as (select line_no, is_old, row_number() over (partition by is_old, {key} order by line_no) > 1 as is_repeat,"
        f" min(told_content) over (partition by is_old, {key}) <> max(told_content) over (partition by is_old, {key}) as is_conflict from aged where times > 1)"
        " select line_no, case when is_old then 'SKIP_OLDER_VERSION' when is_conflict then 'KEY_DUPLICATE_DIFF' else 'KEY_DUPLICATE_SAME' end as verdict"
        " from compared where is_old or is_conflict or is_repeat"
    )
