"""What a build takes over from an earlier one: rows of items that nothing told since could have changed. It begins with a copy of the earlier file.

Items (documents and receipts) hang together by allocations and reversals. A model is local where its rows about items that hang together follow from
what was told of these items alone, whatever the as-of date, or for every period end alike. Of such a model the rows of touched items, those that hang together with
something told since, are deleted and made anew by the model's own SQL, which reads these items alone (tables `fresh_*`); all others stay as they
are. Of the models that are made for period ends, those of period ends that the earlier build had not are made for all items. Models that are not local are
built whole on the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.engine.models import models, reading_others

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    import duckdb

LOCAL: Final = {
    "core.document": "'document', doc_id",
    "core.payment": "'payment', payment_id",
    "core.instalment": "'document', doc_id",
    "core.allocation_end": "'allocation', allocation_id",
    "core.allocation": "'allocation', allocation_id",
    "marts.document_telling": "'document', doc_id",
    "marts.allocation_telling": "'allocation', allocation_id",
    "marts.allocation_in_question": "'allocation', allocation_id",
    "marts.item_leg": "item_kind, item_id",
    "marts.item_life": "item_kind, item_id",
    "marts.payment_part": "'document', doc_id",
    "marts.behaviour_document": "'document', doc_id",
    "marts.behaviour_debt": "'document', doc_id",
    "marts.behaviour_receipt": "'payment', payment_id",
    "marts.behaviour_leg": "'document', doc_id",
    "marts.behaviour_clearing": "'document', doc_id",
    "marts.behaviour_shared": "'document', doc_id",
    "marts.behaviour_piece": "'document', doc_id",
}
"""Local models that look at no date, each with the columns that say what its rows are about."""

OF_PERIODS: Final = {
    "marts.item_standing": "item_kind, item_id",
    "marts.item_cleared": "item_kind, item_id",
    "marts.document_standing": "'document', doc_id",
    "marts.instalment_cleared": "'document', doc_id",
    "marts.document_pool": "'document', doc_id",
    "marts.instalment_balance": "'document', doc_id",
    "marts.credit_balance": "item_kind, item_id",
    "marts.period_item": "item_kind, item_id",
}
"""Local models that are made for the period ends of marts.period; all of them follow from the first, which says what stands at which."""

_FIRST_OF_PERIODS: Final = "marts.item_standing"
KEPT: Final = LOCAL | OF_PERIODS
"""All models whose rows are taken over."""

LEDGER: Final = {
    "lake.document": "'document', doc_id",
    "lake.instalment": "'document', doc_id",
    "lake.payment": "'payment', payment_id",
    "lake.allocation": "'allocation', allocation_id",
}
"""Tables of the lake that tell items and how they hang together, with what their rows are about."""

GIVEN: Final = {
    "core.company": "company_id, local_currency, country, weekend",
    "core.company_basis": "company_id, basis, only_as_of",
    "core.payment_terms": "* exclude (batch_id, line_no, recorded_at, recorded_source)",
}
"""Tables of no item, and what of them local models look at: where it is no more what it was, nothing is taken over."""

OF_SOME: Final = {
    "core.customer": ("company_id, customer_id, terms_id", "customer_id", "lake.document"),
    "core.dispute": ("company_id, doc_id, seq, opened, closed", "doc_id", "lake.document"),
}
"""Tables of which one row is looked at for some documents: what of it; where it is no more what it was, those documents are touched which the column names."""

_FX: Final = "#fx"
"""The end of an allocation's id by which core names the fx difference that it makes of one."""


@dataclass(frozen=True)
class Base:
    """An earlier build that may be gone on from: its run, its date, and the batches told since."""

    run_id: str
    as_of: date
    later: tuple[int, ...]


class _NotTakenError(Exception):
    """Why nothing can be taken over from an earlier build."""


class Increment:
    """A build that goes on from an earlier one; `why_not` says why it does not, `touched` how many documents, receipts and allocations were made anew."""

    def __init__(self, con: duckdb.DuckDBPyConnection, base: Base, as_of: date, most: Decimal) -> None:
        """Go on from a base whose file was copied to the one that is open, unless more than a share of the documents is touched: what a build makes anew anyway is dropped first."""
        self.con, self.base, self.as_of, self.most = con, base, as_of, most
        self.why_not = ""
        self.touched: dict[str, int] = {}
        for name, columns in (GIVEN | {name: told for name, (told, _, _) in OF_SOME.items()}).items():
            con.execute(f"create temp table {_fresh(name)}_before as select {columns} from {name}")
        con.execute("create temp table period_before as select distinct company_id, period_end from marts.period")
        for schema, table in con.execute(
            "select schema_name, table_name from duckdb_tables() where not temporary"
        ).fetchall():
            if f"{schema}.{table}" not in KEPT:
                con.execute(f'drop table {schema}."{table}"')
        for schema in ("params", "ops", "checks"):
            con.execute(f"drop schema if exists {schema} cascade")
        con.execute("checkpoint")

    @property
    def needs(self) -> frozenset[str]:
        """Models that must be there before anything is taken over."""
        return _behind((*GIVEN, *OF_SOME))

    def statements(self) -> Mapping[str, Sequence[str]]:
        """What is run instead of making the tables of some models: they are there already; none where nothing can be taken over, and the tables are gone."""
        try:
            self._refuse_other_ground()
            self._touch()
        except _NotTakenError as why:
            self.why_not = str(why)
            for name in KEPT:
                self.con.execute(f"drop table {name}")
            return {}
        self._show_touched()
        return {
            model.full_name: [*self._renewed(model.full_name, model.sql)]
            for model in models()
            if model.full_name in KEPT
        }

    def _refuse_other_ground(self) -> None:
        """Refuse a base whose rows may follow from something else than what was told of their items."""
        if self.base.as_of.year != self.as_of.year:
            raise _NotTakenError("calendars end with the year after the as-of date, and that is another one")
        if self._count("select count(*) from lake.entry") or self._count("select count(*) from lake.entry_allocation"):
            raise _NotTakenError("what entries become is not told item by item")
        for name, columns in GIVEN.items():
            if self._count(f"select count(*) from ({_differing(name, columns)})"):
                raise _NotTakenError(f"{name} is no more what it was")
        if self._count(f"select count(*) from lake.allocation where suffix(allocation_id, '{_FX}')"):
            raise _NotTakenError(f"an allocation is named like what is made of one, ...{_FX}")

    def _touch(self) -> None:
        """Find what was told since, and whatever hangs together with it."""
        later = f"batch_id in ({', '.join(map(str, self.base.later)) or 'null'})"
        told = [f"select company_id, {about} from {name} where {later}" for name, about in LEDGER.items()]
        told += [
            f"select told.company_id, 'document', told.doc_id from {where} as told semi join ({_differing(name, columns)}) as other"
            f" on told.company_id = other.company_id and told.{column} = other.{column}"
            for name, (columns, column, where) in OF_SOME.items()
        ]
        self.con.execute("create temp table touched (company_id varchar, kind varchar, id varchar, turn integer)")
        self.con.execute(f"insert into touched select *, 0 from ({' union '.join(told)})")
        self.con.execute(f"create temp view link as {_LINKS}")
        most = self._count("select count(*) from lake.document where is_current") * self.most
        turn = 0
        while self._count(f"select count(*) from touched where turn = {turn}"):
            if self._count("select count(*) from touched where kind = 'document'") > most:
                raise _NotTakenError("too much hangs together with what was told since")
            turn += 1
            self.con.execute(
                f"insert into touched select distinct link.company_id, link.to_kind, link.to_id, {turn} from link"
                f" inner join (select * from touched where turn = {turn - 1}) as new"
                " on link.company_id = new.company_id and link.kind = new.kind and link.id = new.id"
                " anti join touched on link.company_id = touched.company_id and link.to_kind = touched.kind and link.to_id = touched.id"
            )
        self.con.execute("drop view link")
        self.touched = dict(
            self.con.execute("select kind, count(*) from touched group by kind order by kind").fetchall()
        )
        self.con.execute(
            f"insert into touched select company_id, kind, id || '{_FX}', turn from touched where kind = 'allocation'"
        )

    def _show_touched(self) -> None:
        """Show of the lake, and of staging, what is told of touched items alone."""
        for name, about in LEDGER.items():
            self.con.execute(f"create temp view {_fresh(name)} as select * from {name} where {_is_touched(about)}")
        for model in models():
            if model.schema == "staging" and model.reads & LEDGER.keys():
                self.con.execute(f"create temp view {_fresh(model.full_name)} as {_of_touched(model.sql)}")

    def _renewed(self, name: str, sql: str) -> Sequence[str]:
        gone, made = _is_touched(KEPT[name]), _of_touched(sql)
        if name in OF_PERIODS:
            made = reading_others(sql, {other: _fresh(other) for other in OF_PERIODS})
            gone = f"{gone} or (company_id, period_end) not in (select company_id, period_end from marts.period)"
        if name == _FIRST_OF_PERIODS:
            made = (
                f"select * from ({made}) where {_is_touched(KEPT[name])}"
                " or (company_id, period_end) not in (select company_id, period_end from period_before)"
            )
        return (
            f"create temp table {_fresh(name)} as {made}",
            f"delete from {name} where {gone}",
            f"insert into {name} by name select * from {_fresh(name)}",
        )

    def _count(self, sql: str) -> int:
        return int(self.con.execute(sql).fetchall()[0][0])


_LINKS: Final = """
with end_of as (
  select company_id, allocation_id, 'document' as kind, from_doc_id as id from lake.allocation
  union all select company_id, allocation_id, 'document', to_doc_id from lake.allocation
  union all select company_id, allocation_id, 'payment', from_payment_id from lake.allocation
  union all select company_id, allocation_id, 'payment', to_payment_id from lake.allocation
),
reversed as (
  select company_id, doc_id, reverses_doc_id as other_id from lake.document
  union all select company_id, doc_id, reversed_by_doc_id from lake.document
)
select company_id, 'allocation' as kind, allocation_id as id, kind as to_kind, id as to_id from end_of where id is not null
union all select company_id, kind, id, 'allocation', allocation_id from end_of where id is not null
union all select company_id, 'document', doc_id, 'document', other_id from reversed where other_id is not null
union all select company_id, 'document', other_id, 'document', doc_id from reversed where other_id is not null
"""
"""Which items and allocations hang together, by any version of them, both ways."""


def _is_touched(about: str) -> str:
    return f"(company_id, {about}) in (select company_id, kind, id from touched)"


def _differing(name: str, columns: str) -> str:
    """The rows that a table has and had not, or had and has not."""
    before = f"select * from {_fresh(name)}_before"
    return f"(select {columns} from {name} except {before}) union (({before}) except select {columns} from {name})"


def _fresh(name: str) -> str:
    return f"fresh_{name.replace('.', '_')}"


def _of_touched(sql: str) -> str:
    """A model's SQL that reads touched items alone."""
    shown = {model.full_name for model in models() if model.schema == "staging" and model.reads & LEDGER.keys()}
    return reading_others(sql, {name: _fresh(name) for name in (*LEDGER, *shown, *KEPT)})


def _behind(names: Collection[str]) -> frozenset[str]:
    """Some tables and the models that they are made of."""
    needed = set(names)
    for model in reversed(models()):
        if model.full_name in needed:
            needed |= model.reads
    return frozenset(needed)
