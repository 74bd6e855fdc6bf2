"""Running the SQL models: their order, and the engine that builds them."""

from receivables.engine.duckdb import (
    Connection,
    EngineError,
    Tables,
    comment,
    connect,
    run_entries,
    run_judged_models,
    run_model,
    run_models,
)
from receivables.engine.increment import KEPT, Base, Increment
from receivables.engine.models import Model, models
from receivables.engine.scratch import Scratch
from receivables.engine.tables import tables_by

__all__ = [
    "KEPT",
    "Base",
    "Connection",
    "EngineError",
    "Increment",
    "Model",
    "Scratch",
    "Tables",
    "comment",
    "connect",
    "models",
    "run_entries",
    "run_judged_models",
    "run_model",
    "run_models",
    "tables_by",
]
