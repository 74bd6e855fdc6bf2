"""The analyst's door: one published night with its words, its month ends, and the night's own judgements on any customers.

What follows runs on any home in which a night was published, such as that of `receivables demo`.

>>> import receivables
>>> wh = receivables.open_warehouse(home)

Every table says what a row of it is, every column what it means and in which unit:

>>> wh.tables()["marts.aging"].partition(". ")[0]
'One row per customer, document currency and bucket with open items'
>>> [(column.name, column.unit) for column in wh.describe("marts.aging").columns][:3]
[('as_of', ''), ('company_id', ''), ('customer_id', '')]
>>> wh.describe("marts.aging").columns[6]
Column(name='open_doc', type='DECIMAL(18,4)', unit='document currency', meaning='Still open, signed.')

Money stays exact, also in a query of one's own, and what would make a float of it is refused:

>>> open_now = wh.query("select sum(open_local) as open_local from marts.aging")["open_local"].iloc[0]
>>> type(open_now).__name__
'Decimal'
>>> wh.query("select avg(open_local) as mean_local from marts.aging")
Traceback (most recent call last):
...
receivables.errors.UsageError: got column mean_local as DOUBLE; expected money as DECIMAL; try mean_local::decimal(18, 4)

Month ends stand side by side, the as-of date last:

>>> aging = wh.month_end_series("aging")
>>> aging.iloc[-1].sum() == open_now
True
>>> wh.month_end_series("dso_days").columns.name
'company_id'

The collection curve and the chance of success of any customers, or of any of their money, come from the estimator of the published ones:

>>> spain = wh.curve("country = 'ES'")
>>> small = wh.curve(where="amount_local <= 1000", weight="count")
>>> bool(small.at(30)["cash"] > small.at(0)["cash"])
True
>>> list(spain.success.columns)
['overdue_days', 'horizon_days', 'p', 'p_lo', 'p_hi', 'upper_bound', 'loss', 'reason']

So does the score, with the settings of the home or with others:

>>> scores = wh.score()
>>> stricter = wh.score(changed={"rating": {"completeness_min": "0.9"}})
>>> len(stricter.customers) == len(scores.customers)
True

A flag leads to the records it names, a figure to its documents, files and lines:

>>> list(wh.evidence().columns)
['flag_id', 'piece', 'sentence', 'record', 'record_id', 'file_name', 'line_no']

>>> doc_id = wh.table("marts.open_item", "item_kind = 'document'")["doc_id"].iloc[0]
>>> set(wh.trace(doc_id).items["item_id"]) == {doc_id}
True
>>> wh.close()
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from receivables import tracing
from receivables.checks.contract import available
from receivables.engine import connect
from receivables.errors import UsageError, nearest
from receivables.home import HOME, Home
from receivables.run import rules_sha256
from receivables.warehouse import Warehouse, published_file, published_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pandas as pd

    from receivables.analyst.catalogue import Description, Tables
    from receivables.analyst.curves import Basis, History, SubsetCurve, Weight
    from receivables.analyst.drawing import Drawing
    from receivables.analyst.scores import Scores
    from receivables.analyst.selection import Customers
    from receivables.settings import Settings
    from receivables.tracing import Cell, Trace, TracedMetric

HOME_VARIABLE: Final = "RECEIVABLES_HOME"
"""The environment variable that names the home notebooks look at."""

_DEMO: Final = "data/demo"
_IS_MONEY: Final = re.compile(r"_(local|doc|group)$")


class AnalystWarehouse(Warehouse):
    """One published night, read-only: it stays the night it was opened on, whatever is published meanwhile; use it as a context manager or close it."""

    def __init__(self, home: Path) -> None:
        """Open the night published last in a home."""
        path = published_file(home)
        super().__init__(path, connect(path, read_only=True))
        self.home = home
        ((run_id, as_of, settings_sha256),) = self.con.execute(
            "select run_id, as_of, settings_sha256 from ops.run"
        ).fetchall()
        self.run_id: str = run_id
        self.as_of: date = as_of
        self._settings_sha256: str = settings_sha256

    @cached_property
    def settings(self) -> Settings:
        """What stands in the home's `receivables.toml` now.

        Raises:
            SettingsError: it cannot be used as written.
        """
        return Home(self.home).settings()

    @property
    def has_other_settings(self) -> bool:
        """Whether settings or contracts have changed since this night: then curves and scores made here may no longer be those published."""
        return rules_sha256(self.settings, available(Home(self.home).contracts)) != self._settings_sha256

    @property
    def is_latest(self) -> bool:
        """Whether no later night was published."""
        return published_run(self.home) == self.run_id

    def query(self, sql: str, values: list[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        """The result of a query as a frame; money as exact decimals.

        Raises:
            UsageError: a column that its name says is money has become a floating-point number.
        """
        result = self.con.sql(sql, params=values or None)
        for name, kind in zip(result.columns, result.types, strict=True):
            if _IS_MONEY.search(name) and str(kind) in {"DOUBLE", "FLOAT"}:
                raise UsageError(
                    got=f"column {name} as {kind}", expected="money as DECIMAL", try_=f"{name}::decimal(18, 4)"
                )
        return super().query(sql, values)

    def tables(self, like: str = "") -> Tables:
        """Every published table with what one row of it is, or those whose name or words have `like` in them."""
        from receivables.analyst.catalogue import Tables

        found = super().tables()
        return Tables({name: text for name, text in found.items() if like.casefold() in f"{name} {text}".casefold()})

    def describe(self, table: str) -> Description:
        """A published table: its grain in a sentence, and its columns with type, unit and meaning.

        Raises:
            UsageError: no such table; names the nearest.
        """
        from receivables.analyst.catalogue import described

        known = self.tables()
        if table not in known:
            raise UsageError(got=f"table {table!r}", expected="a published table", try_=nearest(table, known))
        return described(self.con, table, known[table])

    def month_end_series(self, metric: str) -> pd.DataFrame:
        """A metric of `marts.kpi`, or "aging", at every month end told and the as-of date.

        Returns:
            One row per day. Of a metric a column per company, in the unit that `marts.kpi` says, NULL where it is not told; of the aging a column per
            company and bucket, in ledger currency, signed.

        Raises:
            UsageError: no such metric; names the nearest.
        """
        from receivables.analyst.series import month_end_series

        return month_end_series(self, metric)

    def aging_chart(self, company: str) -> Drawing:
        """What is open in a company by days overdue, in ledger currency.

        Raises:
            UsageError: no such company.
        """
        from receivables.analyst.series import aging_chart

        return aging_chart(self, company)

    def curve(
        self,
        customers: Customers = None,
        *,
        where: str = "",
        history: History = "24m",
        basis: Basis = "gross",
        weight: Weight = "amount",
    ) -> SubsetCurve:
        """The collection curve of some customers, or of some of their money, with its 95 % interval; equal to the published one where the money is that of its segment.

        Args:
            customers: a SQL condition on `core.customer`, ids, a frame with a column customer_id, or None: all of them.
            where: a SQL condition on `marts.exposure_tranche`, such as "terms = 'ES01:N30'".
            history: 24m (only what was seen in the last months), or all.
            basis: gross, or net of credit notes and discounts.
            weight: amount, in the ledger currency that the money is in, else the reporting currency; or count.

        Raises:
            UsageError: no such customers, a condition that cannot be asked, or money of several ledger currencies without rates into one.
        """
        from receivables.analyst.curves import Question, subset_curve

        question = Question(history, basis, weight).checked()
        return subset_curve(self, customers, where, question, self.settings.curve)

    def success(self, customers: Customers = None, **asked: Any) -> pd.DataFrame:
        """The chance that what is still open brings cash, by days overdue and horizon; arguments and errors as in `curve`."""
        return self.curve(customers, **asked).success

    def score(self, customers: Customers = None, *, changed: Mapping[str, Mapping[str, Any]] | None = None) -> Scores:
        """What the expert card says of some customers at the as-of date; equal to `marts.rating` with the settings of that night and the expert card.

        Args:
            customers: as in `curve`.
            changed: settings that are to be others, by section, as `receivables.toml` writes them.

        Raises:
            UsageError: no such customers.
            SettingsError: no such setting, or a value out of range.
        """
        from receivables.analyst.scores import scores, settings_with

        return scores(self, customers, self.as_of, settings_with(self.settings, changed or {}))

    def evidence(self, flag_id: str | None = None) -> pd.DataFrame:
        """What a flag of this night rests on, or all of them, gravest first: a sentence for each piece, and the records it names with their files and lines.

        Returns:
            One row per flag, piece and record: `record` is its table, such as document or payment, NULL where the piece names none. Sentences name people and
            customers.

        Raises:
            UsageError: no such flag, or the night was built by a version that raised none.
        """
        from receivables.analyst.evidence import evidence

        return evidence(self, flag_id)

    def trace(self, key: str, *, bucket: str | None = None) -> Trace:
        """Follow a customer, document or receipt to its items, allocations, files and lines; as `receivables.trace`, in this night."""
        return tracing.trace(key, self, bucket=bucket)

    def trace_cell(self, **cell: Any) -> Cell:
        """Follow a cell of the aging; as `receivables.trace_cell`, in this night."""
        return tracing.trace_cell(self, **cell)

    def trace_metric(self, metric: str, **asked: Any) -> tuple[TracedMetric, ...]:
        """Follow a metric to its operands and documents; as `receivables.trace_metric`, in this night."""
        return tracing.trace_metric(metric, self, **asked)

    def __enter__(self) -> AnalystWarehouse:
        """Return the warehouse itself."""
        return self

    def __repr__(self) -> str:
        """Which night it is, and whether it is still the latest."""
        later = "" if self.is_latest else "; a later night was published: open_warehouse() shows it"
        other = "; the settings have changed since" if self.has_other_settings else ""
        return f"Night of {self.home} as of {self.as_of}, run {self.run_id}{later}{other}"


def open_warehouse(home: str | Path = HOME) -> AnalystWarehouse:
    """Open the night published last in a home, read-only.

    Raises:
        UsageError: nothing was published there yet.
    """
    return AnalystWarehouse(Path(home))


def notebook_home() -> Path:
    """The home that notebooks look at: the one that RECEIVABLES_HOME names, else that of `make demo` in this folder or the one above.

    Raises:
        UsageError: there is neither.
    """
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named)
    found = next((folder / _DEMO for folder in (Path.cwd(), Path.cwd().parent) if published_run(folder / _DEMO)), None)
    if found is None:
        raise UsageError(
            got=f"no {HOME_VARIABLE} and no {_DEMO} in {Path.cwd()} or above it",
            expected="a home in which a night was published",
            try_=f"make demo, or {HOME_VARIABLE}=DIR",
        )
    return found
