"""What of a published night is in a reader's sight: a copy of its tables with nothing in it of anybody else.

`RULES` says of every table that a report reads what stays, once for readers of whole companies and once for readers of some of their customers. A table
that is not listed does not exist in the copy, so that what is not decided cannot be told. Sums are made again from the rows that stay, by the same SQL.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.assets import sql_dir
from receivables.engine import EngineError, connect, models
from receivables.errors import UsageError
from receivables.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.settings import Recipient, Settings


@dataclass(frozen=True)
class Scope:
    """Whose receivables are in sight; what is empty narrows nothing down. A customer is seen that every list holds."""

    companies: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    salespersons: tuple[str, ...] = ()

    @classmethod
    def of(cls, recipient: Recipient) -> Scope:
        """What a recipient may see."""
        return cls(
            *(tuple(sorted(set(told))) for told in (recipient.companies, recipient.territories, recipient.salespersons))
        )

    @property
    def is_whole(self) -> bool:
        """Whether everything is in sight."""
        return not (self.companies or self.is_of_customers)

    @property
    def is_of_customers(self) -> bool:
        """Whether some of a company's customers are in sight and not the company."""
        return bool(self.territories or self.salespersons)


_ALL: Final = "select * from {table}"
_NONE: Final = "select * from {table} where false"
_COMPANY: Final = "select * from {table} where company_id in (select company_id from scope.company)"
_CUSTOMER: Final = (
    "select * from {table} where (company_id, customer_id) in (select (company_id, customer_id) from scope.customer)"
)
_MADE: Final = "made again"
"""The model's own SQL, over the tables of the copy."""

_WHOLE_FILES: Final = (
    "batch_id not in (select told.batch_id from {batch} as told inner join {batch} as other"
    " on told.file_sha256 = other.file_sha256 and told.loaded_at = other.loaded_at"
    " where coalesce(other.company_id, '') not in (select company_id from scope.company))"
)
"""Batches of files that tell of companies in sight and of no other."""

_FLAG: Final = """
with mine as (
  select * from {table} where (company_id, customer_id) in (select (company_id, customer_id) from scope.customer)
),
hidden as (
  select unnest([customer_id, name]) as word from told.core.customer where (company_id, customer_id) not in (select (company_id, customer_id) from scope.customer)
  union all
  select payment_id from told.core.payment where (company_id, customer_id) not in (select (company_id, customer_id) from scope.customer)
  union all
  select doc_id from told.core.document where (company_id, customer_id) not in (select (company_id, customer_id) from scope.customer)
),
piece as (
  select flag_id, pieces[place] as told, place
  from (select flag_id, from_json(evidence, '["json"]') as pieces, unnest(range(1, json_array_length(evidence)::bigint + 1)) as place from mine)
),
word as (
  select flag_id, place, unnest(json_extract_string(told, '$.params.*')) as word from piece
),
kept as (
  select flag_id, '[' || string_agg(told::varchar, ', ' order by place) || ']' as evidence
  from piece
  where (flag_id, place) not in (select (flag_id, place) from word where word in (select word from hidden where word is not null))
  group by flag_id
)
select mine.* replace (coalesce(kept.evidence, '[]') as evidence)
from mine
left join kept on mine.flag_id = kept.flag_id
"""
"""Flags without the evidence that names a customer out of sight, or a document or receipt of one."""

RULES: Final[dict[str, tuple[str, str]]] = {
    # settings, the run, and rates of exchange tell of nobody
    "ops.run": (_ALL, _ALL),
    **dict.fromkeys(
        (
            *("params.bucket", "params.aging", "params.ledger", "params.behaviour", "params.grade", "params.rating"),
            *(
                "params.customer_value",
                "params.provision",
                "params.hard_event_cap",
                "params.card_points",
                "params.curve",
            ),
            *("params.forecast", "params.accredited", "params.completeness", "params.anomaly"),
            *("params.anomaly_conduct", "params.anomaly_ledger", "params.anomaly_buying"),
        ),
        (_ALL, _ALL),
    ),
    "core.company": (_COMPANY, _COMPANY),
    "marts.closing_rate": (_COMPANY, _COMPANY),
    "marts.period": (_COMPANY, _COMPANY),
    # what was told: the name of a file that also tells of others is left out, its lines and totals where customers are in sight
    "ops.batch": (
        _COMPANY.replace(
            "*", f"* replace (case when {_WHOLE_FILES} then file_name else '…' end as file_name)", 1
        ).replace("{batch}", "{table}"),
        (
            "select * replace ('…' as file_name, 'canonical' as profile_id, null::decimal(18, 4) as control_total, null::decimal(18, 4) as control_total_file,"
            " 0::bigint as lines_read, 0::bigint as lines_loaded, 0::bigint as lines_quarantined, 0::bigint as lines_skipped,"
            " 0::bigint as rows_read, 0::bigint as rows_loaded, 0::bigint as rows_quarantined, 0::bigint as rows_skipped)"
            " from {table} where status <> 'refused' and company_id in (select company_id from scope.company)"
        ),
    ),
    "ops.issue": (
        "select issue.* from {table} as issue inner join ops.batch as batch on issue.batch_id = batch.batch_id where batch."
        + _WHOLE_FILES.replace("{batch}", "told.ops.batch"),
        _NONE,
    ),
    # customers and what each of them owes
    "core.customer": (_COMPANY, _CUSTOMER),
    **dict.fromkeys(
        (
            *("marts.aging", "marts.period_item", "marts.customer_movement"),
            *("marts.rating", "marts.rating_exposure", "marts.hard_event_since", "marts.customer_type"),
            *("marts.customer_value", "marts.accredited_payer", "marts.payment_behaviour"),
        ),
        (_COMPANY, _CUSTOMER),
    ),
    "marts.anomaly": (_COMPANY, _FLAG),
    "core.territory": (
        _COMPANY,
        _COMPANY + " and territory_id in (select territory_id from scope.customer)",
    ),
    "core.salesperson": (_COMPANY, _COMPANY + " and name in (select salesperson from scope.customer)"),
    "marts.customer_dimension": (
        _COMPANY,
        _CUSTOMER.replace(
            "*",
            "* replace (case when (company_id, parent_id) in (select (company_id, customer_id) from scope.customer) then parent_id else customer_id end as parent_id,"
            " territory_id as top_territory_id)",
            1,
        ),
    ),
    "marts.open_item": (
        _COMPANY,
        _CUSTOMER.replace(
            "*",
            "* replace (case when salesperson in (select salesperson from scope.customer) then salesperson end as salesperson)",
            1,
        ),
    ),
    # sums over customers: made again from those in sight
    "marts.aging_by": (_COMPANY, _MADE),
    "marts.aging_by_date": (_COMPANY, _MADE),
    "marts.kpi_item": (_COMPANY, _MADE),
    "marts.kpi": (
        _COMPANY,
        "select getvariable('as_of') as as_of, company_id, metric, period_end, value, unit, null::varchar as note, null::varchar as marks from marts.kpi_item",
    ),
    # of the card nothing is told but what an attribute is worth
    "marts.rating_attribute": (_COMPANY, _COMPANY.replace("*", "* replace (0::bigint as customers)", 1)),
    # what is measured over a whole company is not told to who sees a part of it
    **dict.fromkeys(
        (
            *("marts.aging_control", "marts.data_quality", "marts.completeness", "marts.detector_company"),
            *("marts.compared_balance", "marts.balance_bridge"),
            *("marts.restatement", "marts.restatement_date", "marts.tie_out", "marts.open_mismatch"),
            *("marts.customer_term", "marts.delivery_list"),
            *("marts.collection_curve", "marts.expected_cash", "marts.forecast_record", "marts.due_curve"),
            *("marts.provision_matrix", "marts.waiting_cost", "marts.window_item", "marts.vintage"),
            *("marts.vintage_change", "marts.rating_migration", "marts.rating_backtest", "marts.rating_bad_rate"),
            *("marts.loss_rate", "marts.price_by_terms"),
        ),
        (_COMPANY, _NONE),
    ),
    "marts.collection_success": (
        (
            "select * from {table} where segment_kind <> 'all' and exists (select 1 from scope.company as company"
            " where segment = company.company_id or starts_with(segment, company.company_id || ':'))"
        ),
        _NONE,
    ),
    # what is measured over all companies together is told to who sees all of them
    "marts.group_curve": (_NONE, _NONE),
    "marts.detector": (_NONE, _NONE),
}
"""What stays of each table: for readers of companies, for readers of customers."""


@contextmanager
def in_sight(path: Path, scope: Scope, settings: Settings, spill: Path) -> Iterator[Warehouse]:
    """Open a published file as its reader may see it; what does not fit into memory goes into folder `spill`, the caller's own.

    Raises:
        UsageError: nothing is in sight, because no company, territory or salesperson of that name is.
    """
    if scope.is_whole:
        with Warehouse(path) as warehouse:
            yield warehouse
        return
    con = connect(settings=settings, temp=spill)
    try:
        con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as told (read_only)")
        con.execute((sql_dir() / "macros.sql").read_text(encoding="utf-8"))
        con.execute("set variable as_of = (select as_of from told.ops.run order by started_at desc limit 1)")
        try:
            _narrow(con, scope)
            _copy(con, is_of_customers=scope.is_of_customers)
        except EngineError as error:
            raise UsageError(
                got=f"{path.name}: {error}",
                expected="a file that this version published",
                try_="receivables build",
            ) from None
        with Warehouse(path, con) as warehouse:
            yield warehouse
    finally:
        con.close()


def _narrow(con: Connection, scope: Scope) -> None:
    """Tell schema `scope` which companies and customers are in sight."""
    con.execute("create schema scope")
    con.execute(
        "create table scope.territory as with recursive inside as ("
        " select company_id, territory_id from told.core.territory"
        " where list_contains(?::varchar[], territory_id) or list_contains(?::varchar[], substr(territory_id, length(company_id) + 2))"
        " union select lower.company_id, lower.territory_id from told.core.territory as lower"
        " inner join inside on lower.company_id = inside.company_id and lower.parent_id = inside.territory_id"
        ") select company_id, territory_id from inside",
        [list(scope.territories), list(scope.territories)],
    )
    con.execute(
        "create table scope.customer as select distinct company_id, customer_id, territory_id, salesperson from told.core.customer"
        " where (len(?::varchar[]) = 0 or list_contains(?::varchar[], company_id))"
        " and (len(?::varchar[]) = 0 or (company_id, territory_id) in (select (company_id, territory_id) from scope.territory))"
        " and (len(?::varchar[]) = 0 or list_contains(?::varchar[], trim(salesperson)))",
        [*[list(scope.companies)] * 2, list(scope.territories), *[list(scope.salespersons)] * 2],
    )
    told = "select company_id from scope.customer" if scope.is_of_customers else "select unnest(?::varchar[])"
    con.execute(
        f"create table scope.company as select distinct company_id from told.core.company where company_id in ({told})",
        None if scope.is_of_customers else [list(scope.companies)],
    )
    if con.execute("select count(*) from scope.company").fetchall() == [(0,)]:
        names = (*scope.companies, *scope.territories, *scope.salespersons)
        raise UsageError(
            got=f"nothing in sight of {', '.join(names)}",
            expected="companies, territories or salespersons that have customers",
            try_="their ids as the published tables core.company and core.customer tell them",
        )


def _copy(con: Connection, *, is_of_customers: bool) -> None:
    """Make every listed table that is published, narrowed down."""
    published = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'told'"
        ).fetchall()
    }
    made = {model.full_name: model.sql for model in models()}
    for schema in sorted({name.partition(".")[0] for name in RULES}):
        con.execute(f"create schema if not exists {schema}")
    for name, rules in RULES.items():
        rule = rules[is_of_customers]
        if rule == _MADE:
            con.execute(f"create table {name} as {made[name]}")
        elif name in published:
            con.execute(f"create view {name} as {rule.format(table=f'told.{name}')}")
