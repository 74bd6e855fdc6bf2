"""The default engine: connections with nothing loaded behind the user's back, and one build of all models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import duckdb

from receivables.assets import sql_dir
from receivables.engine.calendar import TABLES as CALENDAR_TABLES
from receivables.engine.calendar import write_business_days
from receivables.engine.models import JUDGED, Model, judged_models, models
from receivables.errors import NightFailed
from receivables.schema import TABLES
from receivables.settings import GRADES, Curve, Settings
from receivables.settings.behaviour import Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from pydantic import BaseModel


class Increment(Protocol):
    """What a build takes over from an earlier one: as `receivables.engine.increment` says."""

    @property
    def needs(self) -> frozenset[str]:
        """Models that must be there before anything is taken over."""

    def statements(self) -> Mapping[str, Sequence[str]]:
        """What is run instead of making the tables of some models."""


EngineError = duckdb.Error
"""What the engine raises; named here for the same reason as Connection."""

Connection = duckdb.DuckDBPyConnection
"""An open connection; named here so that modules below need not import the engine's library."""


NOT_PUBLISHED: Final = ("entry", "entry_allocation")
"""Canonical tables that are published as what the build makes of them: documents, payments and allocations."""

BEFORE_ENTRIES: Final = ("staging.company", "staging.closing_rate")
"""Views of the build that entries read too."""


def connect(
    path: Path | str = ":memory:",
    settings: Settings | None = None,
    *,
    temp: Path | None = None,
    read_only: bool = False,
) -> duckdb.DuckDBPyConnection:
    """Open DuckDB offline: no extension is fetched or loaded, memory and spill folder as the settings say.

    What is only read is shut in: SQL that somebody runs on it reaches no other file, and changes none of this.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_access": not read_only,
    }
    if settings is not None:
        config["memory_limit"] = settings.engine.memory_limit
        if settings.engine.threads:
            config["threads"] = settings.engine.threads
    if temp is not None:
        config["temp_directory"] = str(temp)
    con = duckdb.connect(str(path), read_only=read_only, config=config)
    ((shows_progress, is_locked),) = con.execute(
        "select current_setting('enable_progress_bar'), current_setting('lock_configuration')"
    ).fetchall()
    # the night shows its own; it is an error to switch it off where it is off, as in a notebook without widgets, and once another connection to the file locked the settings
    if shows_progress and not is_locked:
        con.execute("set enable_progress_bar = false")
    if read_only and not is_locked:
        con.execute("set lock_configuration = true")
    return con


def run_entries(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    as_of: date | None = None,
    on_model: Callable[[str], None] = lambda _: None,
    tables_by: Callable[[duckdb.DuckDBPyConnection, Sequence[str]], Tables] | None = None,
) -> Tables:
    """Attach database `entries` and build in it what subledger entries become.

    Of two lists of the same debts the as-of date may decide which one counts; without one the newest is looked at. `tables_by` is another engine than DuckDB.

    Raises:
        NightFailed: a model's SQL failed; the message names the model and the cause.
    """
    if as_of is not None:
        con.execute(f"set variable as_of = date '{as_of.isoformat()}'")
    _prepare(con, settings)
    tables = (tables_by or Tables)(con, _read_from("lake"))
    for model in models():
        if model.full_name in BEFORE_ENTRIES:
            tables.see(model)
        elif model.schema == "entries":
            on_model(model.full_name)
            tables.create_model(model)
    tables.remember()
    return tables


def _read_from(*schemas: str) -> list[str]:
    """The tables of some schemas that models read."""
    return sorted({name for model in models() for name in model.reads if name.partition(".")[0] in schemas})


def _prepare(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    write_params(con, settings)
    _run(con, (sql_dir() / "macros.sql").read_text(encoding="utf-8"))
    con.execute("create schema staging")
    con.execute("attach ':memory:' as entries")
    for model in models():
        if model.full_name in BEFORE_ENTRIES:
            _run(con, f"create view {model.full_name} as {model.sql}")


_PARSED: Final[dict[str, list[duckdb.Statement]]] = {}
"""What every build of this process runs, parsed once: parsing is a tenth of a small build."""


def _run(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """Execute what every build executes; the result is that of the last statement."""
    if sql not in _PARSED:
        _PARSED[sql] = con.extract_statements(sql)
    for statement in _PARSED[sql]:
        con.execute(statement)
    return con


_STATEMENTS: Final[dict[str, str]] = {}
"""How a table without a row is made, by its name, once this process has built it: to plan dozens of models over nothing takes half of a small build."""


class Tables:
    """The tables of a build as they are made, of which it is known that they have no row."""

    def __init__(self, con: duckdb.DuckDBPyConnection, told: Sequence[str]) -> None:
        """Ask which of those that are told already have no row."""
        self.con = con
        self.empty: set[str] = set()
        self.renewed: Mapping[str, Sequence[str]] = {}
        """What is run where a model's table is there already, taken over from an earlier build."""
        self._is_first = not _STATEMENTS
        self.look(told)

    def look(self, told: Sequence[str]) -> None:
        """Ask which of some tables have no row."""
        asked = " union all ".join(f"(select '{name}' from {name} limit 1)" for name in told)
        self.empty |= set(told) - {name for (name,) in self.con.execute(asked).fetchall()}

    def see(self, model: Model) -> bool:
        """Whether a model has no row for want of rows in what it reads, which is kept for those that read it; the first build of a process has no use for it and does not ask."""
        if not self._is_first and model.is_empty(self.empty):
            self.empty.add(model.full_name)
        return model.full_name in self.empty

    def create(self, name: str, select: str, words: str, *, is_empty: bool) -> None:
        """Make a table: in one statement without planning the query, where it has no row and this process has made it before."""
        if is_empty and name in _STATEMENTS:
            rows = 0
            _run(self.con, _STATEMENTS[name])
        else:
            ((rows,),) = _run(self.con, f"create table {name} as {select}").fetchall()
        if rows == 0:
            self.empty.add(name)
        if not name.startswith("entries."):  # they are not kept
            comment(self.con, name, words)

    def create_model(self, model: Model) -> None:
        """Make a model's table; staging only joins what others hold, so it is a view of the build and not kept.

        Raises:
            NightFailed: its SQL failed.
        """
        is_empty = self.see(model)
        try:
            if model.schema == "staging":
                _run(self.con, f"create view {model.full_name} as {model.sql}")
            elif model.full_name in self.renewed:
                for statement in self.renewed[model.full_name]:
                    self.con.execute(statement)
            else:
                self.create(model.full_name, model.sql, model.header, is_empty=is_empty)
        except duckdb.Error as error:
            raise NightFailed(
                got=f"model {model.full_name}: {error}",
                expected="SQL that runs on the lake",
                try_=f"sql/{model.schema}/{model.name}.sql",
            ) from error

    def remember(self) -> None:
        """Keep how the tables without a row are made, for the next build of this process."""
        made = {name for name in self.empty if not name.startswith(("lake.", "staging."))}
        if made <= _STATEMENTS.keys():
            return
        for database, schema, table, sql in self.con.execute(
            "select database_name, schema_name, table_name, sql from duckdb_tables()"
        ).fetchall():
            is_of_entries = database == "entries"
            name = f"entries.{table}" if is_of_entries else f"{schema}.{table}"
            if name in made:
                _STATEMENTS[name] = sql.replace("CREATE TABLE ", "create table entries.", 1) if is_of_entries else sql


def run_models(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    as_of: date,
    on_model: Callable[[str], None] = lambda _: None,
    tables: Tables | None = None,
    *,
    increment: Increment | None = None,
) -> Tables:
    """Build staging, core, marts and checks from the tables in `lake` and `entries`, but for those that read judgement.

    `tables` are those of `run_entries`, which is run where they are not given; `increment` is told where the build may go on from an earlier one.

    Raises:
        NightFailed: a model's SQL failed; the message names the model and the cause.
    """
    tables = tables or run_entries(con, settings, as_of, on_model)
    con.execute(f"set variable as_of = date '{as_of.isoformat()}'")
    for schema in ("core", "marts", "checks"):
        con.execute(f"create schema if not exists {schema}")
    later = judged_models()
    wanted = [
        model
        for model in models()
        if model.schema != "entries" and model.full_name not in BEFORE_ENTRIES and model not in later
    ]
    made = {model.full_name for model in wanted}
    # what no model makes is what was told last; it comes first, so that any model may read it
    for table in TABLES:
        if f"core.{table}" not in made and table not in NOT_PUBLISHED:
            told = f"select * exclude (is_current, is_first, extract_as_of, source_mode) from lake.{table} where is_current"
            tables.create(f"core.{table}", told, TABLES[table].grain, is_empty=f"lake.{table}" in tables.empty)
    if increment is not None:
        needed = [model for model in wanted if model.full_name in increment.needs]
        for model in needed:
            on_model(model.full_name)
            tables.create_model(model)
        tables.renewed = increment.statements()
        wanted = [model for model in wanted if model not in needed]
    for model in wanted:
        on_model(model.full_name)
        tables.create_model(model)
        if model.full_name == "core.instalment":  # which days are needed follows from the due dates
            write_business_days(con, settings, as_of)
    tables.remember()
    con.execute("drop schema staging cascade")
    return tables


def run_model(con: duckdb.DuckDBPyConnection, settings: Settings, as_of: date, name: str) -> None:
    """Build one model from the tables in `lake`, with those alone that it reads, directly or through others.

    Raises:
        NightFailed: a model's SQL failed.
    """
    tables = run_entries(con, settings, as_of)
    needed = {name}
    for model in reversed(models()):
        if model.full_name in needed:
            needed |= model.reads
    for schema in ("core", "marts", "checks"):
        con.execute(f"create schema if not exists {schema}")
    for model in models():
        if model.full_name in needed and model.schema != "entries" and model.full_name not in BEFORE_ENTRIES:
            tables.create_model(model)


def run_judged_models(tables: Tables, on_model: Callable[[str], None] = lambda _: None) -> None:
    """Build the models that read what judgement has written, after it; `tables` are those of `run_models`.

    Raises:
        NightFailed: a model's SQL failed; the message names the model and the cause.
    """
    tables.look(sorted(JUDGED))
    for model in judged_models():
        on_model(model.full_name)
        tables.create_model(model)
    tables.remember()


def comment(con: duckdb.DuckDBPyConnection, table: str, words: str) -> None:
    """Keep a table's grain with the table."""
    _run(con, f"comment on table {table} is '{words.replace(chr(39), chr(39) * 2)}'")


def write_params(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write the settings that SQL needs as rows of `params`, so that every model can be run again as it was."""
    ledger = settings.ledger
    con.execute("create schema if not exists params")
    con.execute(
        "create table params.ledger as select ?::decimal(18, 4) as closing_tolerance_amount, ?::decimal(9, 6) as closing_tolerance_share,"
        " ?::decimal(18, 4) as over_allocation_amount, ?::decimal(18, 4) as control_amount_per_item, ?::decimal(9, 6) as whole_list_share,"
        " ?::integer as fx_rate_days, nullif(?, '')::varchar as reporting_currency,"
        " ?::decimal(9, 6) as stated_rounding, ?::integer as cutoff_days, ?::decimal(18, 4) as tie_out_amount",
        [
            ledger.closing_tolerance_amount,
            ledger.closing_tolerance_share,
            ledger.over_allocation_amount,
            ledger.control_amount_per_item,
            ledger.whole_list_share,
            ledger.fx_rate_days,
            ledger.reporting_currency,
            ledger.stated_rounding,
            ledger.cutoff_days,
            ledger.tie_out_amount,
        ],
    )
    aging = settings.aging
    con.execute(
        "create table params.aging as select ?::integer as month_ends, ?::integer as turnover_months, ?::integer as payment_months, ?::varchar as basis,"
        " ?::integer as asserted_days",
        [aging.month_ends, aging.turnover_months, aging.payment_months, aging.basis, aging.asserted_days],
    )
    _write_section(con, "completeness", settings.completeness)
    rows = [(*row, row[2] is not None or row[3] is not None, (row[2] or 0) > 0) for row in settings.aging.buckets()]
    _write_rows(con, "bucket", _BUCKET, rows)
    _write_curve_params(con, settings.curve)
    _write_section(con, "provision", settings.provision)
    _write_behaviour_params(con, settings.behaviour)
    _write_rating_params(con, settings)
    _write_section(con, "customer_value", settings.customer_value)
    _write_section(con, "accredited", settings.accredited)
    for section in ("anomaly", "anomaly_conduct", "anomaly_ledger", "anomaly_buying"):
        _write_section(con, section, getattr(settings, section))
    con.execute(
        "create table params.forecast as select ?::integer as months, ?::integer as usual_years",
        [settings.forecast.months, settings.forecast.usual_years],
    )
    companies = [(one.id, one.name, one.local_currency, one.country or None) for one in settings.company]
    _write_rows(con, "company", _COMPANY, companies)
    contact = settings.contact
    con.execute(
        "create table params.practice as select ?::integer as contact_before_due_days, ?::integer as contacts_min, ?::boolean as needs_signed_file",
        [contact.before_due_days, contact.regularity_min, settings.terms.needs_signed_file],
    )
    for table in CALENDAR_TABLES:
        con.execute(table)


SEGMENT_KINDS: Final = ("all", "company", "territory", "salesperson", "grade", "terms", "amount_band", "customer_type")
"""By what the curve is cut; `sql/marts/curve_event.sql` says which column each of them is."""


def _write_curve_params(con: duckdb.DuckDBPyConnection, curve: Curve) -> None:
    con.execute(
        "create table params.curve as select ?::integer as window_months, ?::date as history_from, ?::integer as min_customers, ?::decimal(9, 6) as max_customer_share",
        [curve.window_months, curve.history_from, curve.min_customers, curve.max_customer_share],
    )
    _write_rows(con, "curve_age", {"age_days": "integer"}, [(age,) for age in curve.ages()])
    _write_rows(con, "segment_kind", {"segment_kind": "varchar"}, [(kind,) for kind in SEGMENT_KINDS])
    _write_rows(con, "amount_band", _AMOUNT_BAND, curve.bands())


_BUCKET: Final = {
    "bucket": "varchar",
    **dict.fromkeys(("ordinal", "lower_days", "upper_days"), "integer"),
    **dict.fromkeys(("is_aged", "is_overdue"), "boolean"),
}
_GRADE: Final = {
    "grade": "varchar",
    "ordinal": "integer",
    "supply": "varchar",
    "terms_days": "integer",
    "points_from": "decimal(9, 6)",
    "limit_factor": "decimal(9, 6)",
    "has_benefits": "boolean",
}
_HARD_EVENT_CAP: Final = {"event": "varchar", "grade": "varchar", "days": "integer"}
_CARD_POINTS: Final = {
    **dict.fromkeys(("attribute", "block"), "varchar"),
    "place": "integer",
    "value": "varchar",
    "points": "decimal(9, 6)",
}
_COMPANY: Final = dict.fromkeys(("company_id", "name", "local_currency", "country"), "varchar")
_AMOUNT_BAND: Final = {
    "amount_band": "varchar",
    **dict.fromkeys(("above_local", "up_to_local"), "decimal(18, 4)"),
}


def _write_rows(
    con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], rows: Sequence[Sequence[object]]
) -> None:
    """Write a table of `params` in one statement."""
    told = ", ".join(f"unnest(?::{kind}[]) as {name}" for name, kind in columns.items())
    con.execute(
        f"create table params.{table} as select {told}", [[row[place] for row in rows] for place in range(len(columns))]
    )


def _write_rating_params(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    rating, credit = settings.rating, settings.credit_limit
    con.execute(
        "create table params.rating as select ?::decimal(18, 4) as material_amount, ?::decimal(9, 6) as material_share,"
        " ?::integer as rerating_months, ?::decimal(9, 6) as completeness_min, ?::varchar as completeness_cap,"
        " ?::varchar as card, ?::decimal(9, 6) as hysteresis_points, ?::integer as notches_up, ?::integer as notches_down,"
        " ?::integer as upgrade_pause_days, ?::integer as override_days_max, ?::integer as override_notches_up",
        [
            rating.material_amount,
            rating.material_share,
            rating.rerating_months,
            rating.completeness_min,
            rating.completeness_cap,
            rating.card,
            rating.hysteresis_points,
            rating.notches_up,
            rating.notches_down,
            rating.upgrade_pause_days,
            rating.override_days_max,
            rating.override_notches_up,
        ],
    )
    con.execute("create table params.scorecard as select ?::integer as stale_months", [settings.scorecard.stale_months])
    worth = (credit.supply, credit.terms_days, (None, *rating.grade_edges), credit.multipliers, credit.benefits)
    _write_rows(con, "grade", _GRADE, list(zip(GRADES, range(len(GRADES)), *worth, strict=True)))
    _write_rows(con, "hard_event_cap", _HARD_EVENT_CAP, rating.hard_event_caps)
    points = [
        (attribute.name, attribute.block, place, str(value), best)
        for attribute in settings.scorecard.attributes()
        for place, (value, best) in enumerate(attribute.table, start=1)
    ]
    _write_rows(con, "card_points", _CARD_POINTS, points)


def _write_behaviour_params(con: duckdb.DuckDBPyConnection, behaviour: Behaviour) -> None:
    scores = behaviour.scores()
    con.execute(
        "create table params.behaviour as select ?::integer as window_months, ?::integer as recent_months, ?::integer as resale_months, ?::integer as loss_score, ?::decimal(9, 6) as item_share_max,"
        " ?::integer as capped_max, ?::integer as items_min, ?::integer as history_days_min, ?::integer as dispute_days, ?::integer as promise_grace_days,"
        " ?::integer as first_scored_day, ?::integer as last_scored_day",
        [
            behaviour.window_months,
            behaviour.recent_months,
            behaviour.resale_months,
            behaviour.loss_score,
            behaviour.item_share_max,
            behaviour.capped_max(),
            behaviour.items_min,
            behaviour.history_days_min,
            behaviour.dispute_days,
            behaviour.promise_grace_days,
            scores[0][0],
            scores[-1][0],
        ],
    )
    con.execute(
        "create table params.payment_score as select unnest(?::integer[]) as days_late, unnest(?::decimal(11, 8)[]) as score",
        [[day for day, _ in scores], [score for _, score in scores]],
    )
    con.execute(
        "create table params.excuse_kind as select unnest(?::varchar[]) as excuse_code, unnest(?::varchar[]) as excuse_kind",
        [[code for code, _ in behaviour.excuse_kinds], [kind for _, kind in behaviour.excuse_kinds]],
    )


_SQL_TYPES: Final = {
    "int": "integer",
    "int | None": "integer",
    "Decimal": "decimal(18, 6)",
    "str": "varchar",
    "Grade": "varchar",
}


def _write_section(con: duckdb.DuckDBPyConnection, table: str, section: BaseModel) -> None:
    """Write a section of the settings as one row; a list of words becomes a list."""
    columns = {
        name: _SQL_TYPES.get(str(type(section).__annotations__[name]), "varchar[]")
        for name in type(section).model_fields
    }
    told = ", ".join(f"?::{kind} as {name}" for name, kind in columns.items()) or "true as is_told"
    values = [list(value) if isinstance(value, tuple) else value for value in dict(section).values()]
    con.execute(f"create table params.{table} as select {told}", values)
