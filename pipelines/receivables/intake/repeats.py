"""Keys told more than once in one file: the same thing twice, or two things under one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb


def mark_repeats(
    con: duckdb.DuckDBPyConnection, rows: str, key: str, content: Sequence[str], modified: str | None = None
) -> None:
    """Create table `judged` from `rows`: verdict (NULL: loaded) is the fault, or what is wrong with a key told more than once.

    A repeated key with the same content is loaded once (KEY_DUPLICATE_SAME), with other content not at all (KEY_DUPLICATE_DIFF), unless every
    row of that key says when it was `modified`: the latest counts then (the others: SKIP_OLDER_VERSION).
    Keys are compared only if one repeats: the usual file has none, and one look at the keys is cheap.
    """
    repeated = f"select 1 from {rows} where fault is null group by {key} having count(*) > 1 limit 1"
    if not key or not con.execute(repeated).fetchall():
        con.execute(f"create or replace view judged as select *, fault as verdict from {rows}")
        return
    told = "md5(concat_ws('|', " + ", ".join(f"coalesce({column}::varchar, '')" for column in content) + "))"
    is_old = "false"
    if modified is not None:
        version = f"try_cast({modified} as timestamp)"
        is_old = f"coalesce({version} < max({version}) over (partition by {key}), false) and count(*) over (partition by {key}) = count({version}) over (partition by {key})"
    con.execute(
        f"create or replace table judged as with aged as (select *, {told} as told_content, {is_old} as is_old from {rows} where fault is null),"
        f" sound as (select line_no, is_old, row_number() over (partition by is_old, {key} order by line_no) > 1 as is_repeat,"
        f" min(told_content) over (partition by is_old, {key}) <> max(told_content) over (partition by is_old, {key}) as is_conflict from aged)"
        " select r.*, case when s.is_old then 'SKIP_OLDER_VERSION' when s.is_conflict then 'KEY_DUPLICATE_DIFF'"
        " when s.is_repeat then 'KEY_DUPLICATE_SAME' else r.fault end as verdict"
        f" from {rows} as r left join sound as s on r.line_no = s.line_no"
    )
