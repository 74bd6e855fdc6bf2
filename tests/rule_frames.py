"""The settings of a night as frames of `params`, written as a build writes them."""

from __future__ import annotations

from functools import cache

import duckdb
import pandas as pd

from receivables.chapters.definitions import TABLES
from receivables.engine.duckdb import write_params
from receivables.settings import Settings


@cache
def rule_frames(settings: Settings) -> dict[str, pd.DataFrame]:
    """The tables that the definitions page reads, typed as the warehouse hands them out."""
    with duckdb.connect() as con:
        write_params(con, settings)
        return {name: con.sql(f"from {name}").to_arrow_table().to_pandas(types_mapper=pd.ArrowDtype) for name in TABLES}
