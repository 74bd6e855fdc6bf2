"""Keys told more than once in one file: the same thing twice, or two things under one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb


def mark_repeats(con: duckdb.DuckDBPyConnection, rows: str, key: str, content: Sequence[str]) -> None:
    """Create table `judged` from `rows`: verdict (NULL: loaded) is the fault, or what is wrong with a key told more than once.

    A repeated key with the same content is loaded once (KEY_DUPLICATE_SAME), with other content not at all (KEY_DUPLICATE_DIFF).
    Keys are compared only if one repeats: the usual file has none, and one look at the keys is cheap.
    """
    repeated = f"select 1 from {rows} where fault is null group by {key} having count(*) > 1 limit 1"
    if not key or not con.execute(repeated).fetchall():
        con.execute(f"create or replace view judged as select *, fault as verdict from {rows}")
        return
    told = "md5(concat_ws('|', " + ", ".join(f"coalesce({column}::varchar, '')" for column in content) + "))"
    con.execute(
        f"create or replace table judged as with sound as (select line_no, row_number() over (partition by {key} order by line_no) > 1 as is_repeat,"
        f" min({told}) over (partition by {key}) <> max({told}) over (partition by {key}) as is_conflict from {rows} where fault is null)"
        " select r.*, case when s.is_conflict then 'KEY_DUPLICATE_DIFF' when s.is_repeat then 'KEY_DUPLICATE_SAME' else r.fault end as verdict"
        f" from {rows} as r left join sound as s on r.line_no = s.line_no"
    )
