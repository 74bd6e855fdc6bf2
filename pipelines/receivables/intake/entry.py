"""A customer subledger: its rows become entries and uses of one entry against another, each with its key, sign, kind and state.

The steps are views over `typed_row`, so that nothing is computed or kept twice; only `verdict` is a table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from babel.numbers import get_currency_precision

from receivables.errors import Finding
from receivables.intake.company import Companies, ledger_currencies, refuse_nobody
from receivables.intake.convert import keep_view
from receivables.intake.fields import TYPES
from receivables.intake.meaning import (
    assumed_origin,
    assumed_values,
    counted,
    explains,
    key_text,
    of_rule,
    one,
    rule_case,
    state_case,
)
from receivables.intake.profile import DERIVED_KEYS, PAYMENT_KINDS, ROLES
from receivables.intake.repeats import repeated
from receivables.intake.sqltext import any_of, ident, lit
from receivables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from decimal import Decimal

    import duckdb

    from receivables.intake.profile import Profile

ENTRY_COLUMNS: Final = (
    "entry_key", "doc_key", "doc_no", "fiscal_year", "customer_id", "kind", "source_type", "state", "doc_date", "posting_date", "due_date",
    "baseline_date", "seq", "currency", "amount_doc", "amount_local", "open_doc", "open_local", "settled_date", "cancelled_date", "clearing_no",
    "clearing_date", "applies_to", "ref_key", "match_key", "reverses_key", "reversed_by_key", "terms_id", "order_no", "customer_ref",
    "salesperson", "ship_region", "tax_local", "method", "instrument_no", "instrument_due", "bank_ref", "dispute_flag", "dunning_block",
    "dunning_level", "text",
)  # fmt: skip
"""What of an entry is made from its row; the rest is the same for the whole file."""

_SIGNED: Final = ("amount", "amount_local", "open", "open_local", "paid", "paid_local", "tax_local")
_CONTENT: Final = (
    "customer_id",
    "doc_no",
    "doc_date",
    "due_date",
    "currency",
    "amount_doc",
    "amount_local",
    "clearing_no",
    "kind",
    "to_key",
    "from_key",
)
_AMOUNTS: Final = {"amount", "amount_local", "debit", "credit", "debit_local", "credit_local"}
_ENTRY: Final = "table_name = 'entry'"
_USE: Final = "table_name = 'entry_allocation'"


def mean(
    con: duckdb.DuckDBPyConnection, profile: Profile, companies: Companies, day: date, file_name: str
) -> list[Finding]:
    """Create view `meant` over `typed_row`: companies, signed amounts, kinds, states, keys; returns what was assumed.

    Raises:
        FileRefused: no company, or no ledger currency, can be told.
    """
    present = {row[0] for row in con.execute("select column_name from (describe typed_row)").fetchall()}
    _view(con, "told", _told(profile, companies, day, present))
    refuse_nobody(con, "told", file_name)
    taken = ledger_currencies(con, profile, companies, "told", file_name)
    signed = "coalesce(amount, amount_local)"
    is_undated = _has_undated_clearing(con, present)
    steps = {
        "sided": _sided(con, profile),
        "ruled": f"select *, {rule_case(profile.kinds, signed)} as rule_no, {state_case(profile.states)} as told_state from sided",
        "signed": _signed(profile),
        "valued": _valued(profile, tells_currency="currency" in present or profile.assume.currency is not None),
        "dated": _dated(profile, is_undated=is_undated),
    }
    _view(con, "meant", f"with {', '.join(f'{name} as ({sql})' for name, sql in steps.items())} {_keyed(profile)}")
    return [*assumed_values(con, profile), *(_assumed_clearings(con, present) if is_undated else ()), *taken]


def _view(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    con.execute(f"create or replace temp view {ident(name)} as {sql}")


def _told(profile: Profile, companies: Companies, day: date, present: set[str]) -> str:
    """Every role of the shape, absent ones NULL, with the values the profile states for rows that leave them out."""
    absent = "".join(
        f", null::{TYPES[kind]} as {ident(role)}" for role, kind in ROLES[profile.shape].items() if role not in present
    )
    assume = profile.assume
    origin = assumed_origin(assume, day)
    doc_date = f"coalesce(doc_date, ({origin} + {assume.doc_date_days})::date)" if origin else "doc_date"
    keys = {role: key_text(profile.keys.get(role, (f"{{{role}}}",))) for role in ("customer", "doc_no", "clearing_no")}
    return (
        f"with whole as (select *{absent} from typed_row)"
        f" select * replace (coalesce(doc_type, {lit(assume.doc_type)}) as doc_type, {doc_date} as doc_date,"
        f" coalesce(currency, {lit(assume.currency)}) as currency, {_amount('amount', 'debit', 'credit', present)} as amount,"
        f" {_amount('amount_local', 'debit_local', 'credit_local', present)} as amount_local,"
        f" coalesce({keys['customer']}, {lit(assume.customer)}) as customer, {keys['doc_no']} as doc_no, {keys['clearing_no']} as clearing_no),"
        f" {companies.of_row()} as company_id from whole"
    )


def _amount(amount: str, debit: str, credit: str, present: set[str]) -> str:
    if not {debit, credit} & present:
        return amount
    balance = f"case when coalesce({debit}, {credit}) is not null then coalesce({debit}, 0) - coalesce({credit}, 0) end"
    return f"coalesce({amount}, {balance})::decimal(18, 4)"


def _sided(con: duckdb.DuckDBPyConnection, profile: Profile) -> str:
    """Amounts with the sign of their side where the file tells one."""
    side = "1"
    if profile.sides.debit or profile.sides.credit:
        debit, credit = (_among("side", values) for values in (profile.sides.debit, profile.sides.credit))
        side = f"(case when {debit} then 1 when {credit} then -1 end)"
    scale = {"doc": "", "local": ""}
    if profile.raw_decimals:
        scale = {"doc": f" * {_decimals(con, 'told.currency')}", "local": f" * {_decimals(con, 'c.local_currency')}"}
    amounts = ", ".join(
        f"(told.{ident(role)}{scale['local' if role.endswith('_local') else 'doc']} * {side})::decimal(18, 4) as {ident(role)}"
        for role in _SIGNED
    )
    as_told = side == "1" and not any(scale.values())
    return (
        f"select told.* exclude (local_currency){'' if as_told else f' replace ({amounts})'}, c.local_currency, c.is_new as is_new_company"
        " from told left join company_currency as c on told.company_id = c.company_id"
    )


def _among(role: str, values: Sequence[str]) -> str:
    return any_of(f"lower({ident(role)})", [value.lower() for value in values])


def _decimals(con: duckdb.DuckDBPyConnection, currency: str) -> str:
    """SQL factor from amounts stored with two decimals to the currency's own: yen are stored divided by 100."""
    codes = [
        row[0]
        for row in con.execute(
            "select distinct c from (select currency as c from told union all select local_currency from company_currency) where c is not null"
        ).fetchall()
    ]
    places = {code: get_currency_precision(code) for code in codes}
    cases = " ".join(
        f"when {lit(code)} then {10 ** (2 - n) if n < 2 else f'0.{1:0{n - 2}d}'}"
        for code, n in places.items()
        if n != 2
    )
    return f"(case {currency} {cases} else 1 end)" if cases else "1"


def _signed(profile: Profile) -> str:
    """Kinds, and amounts turned where the kind is told without its sign; a use told the wrong way round is turned too."""
    rules = dict(enumerate(profile.kinds, start=1))
    kind = of_rule({number: rule.kind for number, rule in rules.items()})
    happened = of_rule({number: rule.allocation_kind for number, rule in rules.items() if rule.allocation_kind})
    silent = _numbers(number for number, rule in rules.items() if not rule.applies)
    turned = {number: rule for number, rule in rules.items() if rule.negate}
    plain_credits, plain_uses = (
        _numbers(number for number, rule in turned.items() if rule.kind.startswith("allocation") is is_use)
        for is_use in (False, True)
    )
    signs = ", ".join(
        f"case when {plain_credits} then -abs({ident(role)}) when {plain_uses} then -{ident(role)} else {ident(role)} end as {ident(role)}"
        for role in _SIGNED
    )
    return (
        f"select *{f' replace ({signs})' if turned else ''}, {f'coalesce({plain_credits} and coalesce(amount, amount_local) > 0, false)'} as is_turned_credit, {kind} as told_kind, {happened} as allocation_kind,"
        f" coalesce({silent}, false) as is_silent from ruled"
    )


def _numbers(numbers: Iterable[int]) -> str:
    return any_of("rule_no", [str(number) for number in numbers])


def _valued(profile: Profile, *, tells_currency: bool) -> str:
    """Both amounts and both rests: the one told stands for the other where the item is in ledger currency, a rate told makes the ledger's.

    A file that tells no currency leaves it to the header another file tells, except where it gives ledger amounts only.
    """
    is_local = "coalesce(currency, local_currency) = local_currency" if tells_currency else "amount is null"
    currency = (
        "coalesce(currency, local_currency)" if tells_currency else "case when amount is null then local_currency end"
    )
    direct = f"fx_rate * {1 / profile.fx_rate_per:.9f}" if profile.fx_rate_per != 1 else "fx_rate"
    # A rate below zero is the price the other way round, as SAP writes it.
    rate = f"(case when fx_rate < 0 then {profile.fx_rate_per} / abs(fx_rate) else {direct} end)::decimal(18, 9)"
    by_rate = f"round(amount::decimal(20, 4) * {rate}, 2)::decimal(18, 4)"
    rest = "case when not is_open then 0 else coalesce({open}, {amount} - {paid}) end"
    return (
        "with rested as (select *,"
        f" {rest.format(open='open', amount='amount', paid='paid')} as rest_doc,"
        f" {rest.format(open='open_local', amount='amount_local', paid='paid_local')} as rest_local from signed)"
        f" select * exclude (currency), {currency} as currency, currency is not null and amount is null and not {is_local} as is_foreign_blank,"
        f" coalesce(amount, case when {is_local} then amount_local end)::decimal(18, 4) as amount_doc,"
        f" coalesce(amount_local, case when {is_local} then amount when fx_rate is not null then {by_rate} end)::decimal(18, 4) as value_local,"
        f" coalesce(rest_doc, case when {is_local} then rest_local end)::decimal(18, 4) as open_doc,"
        f" coalesce(rest_local, case when {is_local} then rest_doc end)::decimal(18, 4) as rest_of_local,"
        " case when told_kind = 'invoice' and coalesce(amount, amount_local) < 0 then 'credit_note' else nullif(told_kind, 'by_sign') end as kind from rested"
    )


def _dated(profile: Profile, *, is_undated: bool) -> str:
    """Due dates from terms told in days, days of clearings that leave theirs out, the fiscal year."""
    due = "due_date"
    if profile.due_rule == "terms_days":
        days = "coalesce(nullif(days3, 0), nullif(days2, 0), nullif(days1, 0), 0)"
        base = "coalesce(baseline_date, doc_date)"
        # A credit is due at once unless it says that it follows an invoice (V), or which one, whose due date it then has.
        credit = f"case when invoice_ref is null then {base} when invoice_ref = 'V' then {base} + {days} end"
        due = f"coalesce(due_date, case when amount_doc < 0 then {credit} else {base} + {days} end)::date"
    clearing = "clearing_date"
    if is_undated:
        clearing = "case when clearing_no is not null then coalesce(clearing_date, max(coalesce(posting_date, doc_date)) over (partition by company_id, customer, clearing_no)) end"
    return (
        f"select * exclude (amount_local, open_local) replace ({due} as due_date, {clearing} as clearing_date,"
        " coalesce(fiscal_year, year(coalesce(posting_date, doc_date)))::integer as fiscal_year,"
        " case when open_doc is null or open_doc = 0 then settled_date end as settled_date),"
        " value_local as amount_local, rest_of_local as open_local from valued"
    )


def _has_undated_clearing(con: duckdb.DuckDBPyConnection, present: set[str]) -> bool:
    if "clearing_no" not in present:
        return False
    missing = "clearing_date is null" if "clearing_date" in present else "true"
    return bool(con.execute(f"select 1 from typed_row where clearing_no is not null and {missing} limit 1").fetchall())


def _assumed_clearings(con: duckdb.DuckDBPyConnection, present: set[str]) -> list[Finding]:
    missing = "clearing_date is null" if "clearing_date" in present else "true"
    count = one(con, f"select count(*) from typed_row where clearing_no is not null and {missing}")
    return [
        Finding(
            "ASSUMED_VALUE",
            "accept_warn",
            column_name="clearing_date",
            count=count,
            repaired_value="latest document date of the clearing",
        )
    ]


def _keyed(profile: Profile) -> str:
    """Keys of the entry, its document and what it is used against, and every column of the two tables by its own name."""
    templates = {"doc_key": ("{doc_no}",), "ref_key": ("{invoice_ref}",), **profile.keys}
    keys = {name: key_text(templates.get(name, ())) for name in DERIVED_KEYS}
    if profile.reversal_text:
        keys["reverses_key"] = (
            f"coalesce({keys['reverses_key']}, nullif(regexp_extract(coalesce(text, ''), {lit(profile.reversal_text)}, 1), ''))"
        )
    keys["applies_to"] = f"case when not is_silent then {keys['applies_to']} end"
    named = "".join(f", {sql} as {name}" for name, sql in keys.items())
    tables = _tables(profile)
    told_by_row = "case when told_kind = 'allocation' or told_kind = 'allocation_reversal' then 'entry_allocation' else 'entry' end"
    table = lit(tables[0]) if len(tables) == 1 else told_by_row
    return (
        f"select *{named}, {table} as table_name, company_id || ':' || customer as customer_id, company_id || ':' || terms as terms_id,"
        " doc_type as source_type, coalesce(dispute, false) as dispute_flag, coalesce(clearing_date, posting_date, doc_date) as alloc_date,"
        " nullif(told_state, 'unknown') as ledger_state from dated"
    )


def judge(con: duckdb.DuckDBPyConnection, profile: Profile, rate_difference_pct: Decimal) -> None:
    """Create view `judged`: every meant row with its verdict: NULL where it is loaded, else why it is quarantined or skipped; and table `verdict`, the same in short.

    A rate that explains the two amounts of its row only when turned round or put a hundred times is a repair; one that never does is a fault.
    A key of the file that is told twice with the same content is loaded once, with other content not at all.
    """
    columns = ", ".join(_named(column) for column in ENTRY_COLUMNS if column not in ("entry_key", "state"))
    sign = f"case when amount_doc < 0 and not coalesce({any_of('kind', PAYMENT_KINDS)}, false) then '/C' else '' end"
    own = f"case when table_name = 'entry' then doc_key || {sign} else md5(concat_ws('|', to_key, from_key, group_key, alloc_date, amount_doc)) end"
    keep_view(
        con,
        "faulted",
        f"select line_no, n_lines, company_id, table_name, {columns}, ledger_state as state, {own} as own_key,"
        " case when table_name = 'entry' then entry_key else allocation_key end as told_row_key, to_key, from_key, group_key, allocation_kind,"
        f" alloc_date, amount_from, discount_local, modified, customer, customer_name, city, local_currency, is_new_company, told_kind, told_state, is_turned_credit,"
        f" {_fault(profile, rate_difference_pct)}, {_is_swapped(profile, rate_difference_pct)} as is_rate_swapped from meant",
        most=KEPT,
        never=_never_told(con, profile),
    )
    # Every row is looked at whole just once; what the account asks of it is kept, everything else is made anew when it is written.
    con.execute(
        "create or replace temp table verdict as select line_no, n_lines, company_id, table_name, fault as verdict, fault_column, amount_local, currency,"
        " hash(own_key) as own_hash, hash(told_row_key) as told_hash, told_row_key is not null as is_told, told_kind = 'invoice' and kind = 'credit_note' as is_turned,"
        " due_date < doc_date and amount_doc > 0 as is_early, state in ('draft', 'cancelled', 'reversed') as is_void, is_turned_credit, is_rate_swapped from faulted"
    )
    joins = [
        _joined(con, "place", "place", _number(con)),
        _joined(con, "repeat", "verdict", _repeated(con)),
        _joined(con, "fault", "verdict", "select line_no, verdict from verdict where verdict is not null"),
    ]
    place, repeat, fault = (column for _, column in joins)
    _view(
        con,
        "judged",
        f"select faulted.* exclude (fault), coalesce(told_row_key, own_key || '/' || coalesce({place}, 1)) as entry_key,"
        f" coalesce({repeat}, {fault}) as verdict from faulted{''.join(join for join, _ in joins)}",
    )
    con.execute("update verdict set verdict = repeat.verdict from repeat where verdict.line_no = repeat.line_no")


KEPT: Final = 1_500_000
"""Rows up to which everything meant by them is kept, since it has room beside them in the memory that reading may take; beyond, it is worked out twice."""

_WORKED_OUT: Final = frozenset(
    ("company", "customer", "doc_no", "clearing_no", "doc_type", "doc_date", "due_date", "clearing_date", "settled_date", "currency", "local_currency",
     "fiscal_year", "amount", "amount_local", "open", "open_local", "is_open", "state")
)  # fmt: skip
"""Roles that have a value also where the file has no column for them."""


def _never_told(con: duckdb.DuckDBPyConnection, profile: Profile) -> dict[str, str]:
    """The columns of an entry that are NULL in every row of this file, with their types: what the file has no column for and nothing else tells."""
    present = {row[0] for row in con.execute("select column_name from (describe typed_row)").fetchall()}
    silent = ROLES["entries"].keys() - present - _WORKED_OUT
    templates = {"doc_key": ("{doc_no}",), "ref_key": ("{invoice_ref}",), **profile.keys}
    keys = {
        name
        for name in DERIVED_KEYS
        if all(silent & set(re.findall(r"{(\w+)}", template)) for template in templates.get(name, ()))
        and not (name == "reverses_key" and profile.reversal_text)
    }
    never = silent | keys | ({"terms_id"} if "terms" in silent else set()) | (set() if profile.states else {"state"})
    return {
        name: TABLES["entry"].columns[name].duckdb_type
        for name in ENTRY_COLUMNS
        if name in never and name != "entry_key"
    }


def _joined(con: duckdb.DuckDBPyConnection, name: str, column: str, query: str | None) -> tuple[str, str]:
    """Keep the rows of a query by line, and tell how to join them and what their column is called; nothing is joined where it has no row."""
    con.execute(
        f"create or replace temp table {name} as {query}"
        if query
        else f"create or replace temp table {name} (line_no bigint, {column} varchar)"
    )
    if not con.execute(f"select 1 from {name} limit 1").fetchall():
        return "", "null"
    return f" left join {name} on faulted.line_no = {name}.line_no", f"{name}.{column}"


def _number(con: duckdb.DuckDBPyConnection) -> str | None:
    """SQL for the places, from the second on, of rows whose document has several and whose file has no key of its own; most rows are the only one of theirs."""
    if not _has_repeated(con, "own_hash", "not is_told"):
        return None
    return (
        "with shared as (select company_id, table_name, own_key from faulted where told_row_key is null group by company_id, table_name, own_key having count(*) > 1),"
        " numbered as (select line_no, told_row_key, row_number() over (partition by company_id, table_name, own_key order by due_date nulls last, line_no) as place"
        " from faulted semi join shared using (company_id, table_name, own_key))"
        " select line_no, place from numbered where place > 1 and told_row_key is null"
    )


def _repeated(con: duckdb.DuckDBPyConnection) -> str | None:
    """SQL for the verdict on rows whose key the file tells more than once."""
    if not _has_repeated(con, "told_hash", "is_told and verdict is null"):
        return None
    keyed = "(select * from faulted where told_row_key is not null)"
    return repeated(keyed, "company_id, table_name, told_row_key", _CONTENT, "modified")


def _has_repeated(con: duckdb.DuckDBPyConnection, column: str, where: str) -> bool:
    return bool(
        con.execute(f"select 1 from verdict where {where} group by {column} having count(*) > 1 limit 1").fetchall()
    )


def _named(column: str) -> str:
    if column == "clearing_date":  # a day without a clearing clears nothing
        return "case when clearing_no is not null then clearing_date end as clearing_date"
    return column


_RATED: Final = "currency <> local_currency and fx_rate <> 0 and amount_doc <> 0 and amount_local <> 0"
_RATE: Final = "abs(fx_rate)::double"


def _is_swapped(profile: Profile, difference_pct: Decimal) -> str:
    """SQL condition: the rate told is not the one declared, whether it says so by its sign or only the amounts do."""
    declared = explains([f"{_RATE} / {profile.fx_rate_per}"], difference_pct)
    return f"coalesce({_RATED} and (fx_rate < 0 or not ({declared})), false)"


def _fault(profile: Profile, difference_pct: Decimal) -> str:
    """SQL for what is wrong with a row, the first that applies, and with which role; both NULL where nothing is."""
    readings = (_RATE, f"1 / {_RATE}", f"{_RATE} / 100", f"100 / {_RATE}")
    tests = [("flaw is not null", "flaw", "null"), *_kind_faults(profile), *_blank_faults(profile)]
    tests += [
        ("sign(amount_doc) * sign(amount_local) < 0", lit("SIGN_MIXED"), lit("amount_local")),
        (f"{_RATED} and not ({explains(readings, difference_pct)})", lit("FX_SWAPPED"), lit("fx_rate")),
        (f"{_ENTRY} and kind = 'credit_note' and amount_doc > 0", lit("SIGN_CREDIT_POSITIVE"), lit("amount")),
        ("amount_doc = 0 and coalesce(amount_local, 0) = 0 and coalesce(open_doc, 0) = 0", lit("SKIP_ZERO"), "null"),
        (f"{_ENTRY} and (amount_doc = 0 or amount_local = 0)", lit("AMOUNT_ZERO"), lit("amount")),
    ]
    reasons, roles = (" ".join(f"when {test[0]} then {test[n]}" for test in tests) for n in (1, 2))
    return f"case {reasons} end as fault, case {roles} else null::varchar end as fault_column"


def _kind_faults(profile: Profile) -> list[tuple[str, str, str]]:
    tests = []
    if profile.kinds:
        if any(rule.type for rule in profile.kinds):
            tests.append(("told_kind is null and doc_type is null", lit("REQUIRED_BLANK"), lit("doc_type")))
        tests.append(("told_kind is null", lit("TYPE_UNKNOWN"), lit("doc_type")))
        tests.append(("told_kind = 'out_of_scope'", lit("SKIP_OUT_OF_SCOPE"), "null"))
        tests.append((f"{_USE} and to_key = from_key", lit("SKIP_OUT_OF_SCOPE"), "null"))
    if profile.sides.debit or profile.sides.credit:
        known = " or ".join(_among("side", values) for values in (profile.sides.debit, profile.sides.credit))
        tests.append((f"side is null or not ({known})", lit("VALUE_UNKNOWN"), lit("side")))
    return [*tests, ("told_state = 'unknown'", lit("STATE_UNKNOWN"), lit("state"))]


def _blank_faults(profile: Profile) -> list[tuple[str, str, str]]:
    """Without these a row says nothing, so far as the profile's file has them at all."""
    named = {*profile.columns, *profile.keys}
    blank = lit("REQUIRED_BLANK")
    tests = [
        (f"{_USE} and amount_doc is null and amount_local is null", blank, lit("amount")),
        (f"{_USE} and coalesce(to_key, from_key) is null", blank, lit("to_key")),
        (f"{_ENTRY} and doc_key is null", blank, lit("doc_no")),
    ]
    missing = lit("ROW_GROUP_MISSING") if "customer" in profile.rows.group else blank
    if "customer" in profile.rows.group and "customer" not in named:
        tests.append((f"{_ENTRY} and customer is null", missing, lit("customer")))
    elif "customer" in named:
        is_money = (
            f"coalesce({any_of('told_kind', PAYMENT_KINDS)} or (told_kind = 'by_sign' and amount_doc < 0), false)"
        )
        tests.append((f"{_ENTRY} and customer is null and not {is_money}", missing, lit("customer")))
    if "doc_date" in profile.columns and profile.level == "line":
        tests.append((f"{_ENTRY} and doc_date is null and posting_date is null", blank, lit("doc_date")))
    if _AMOUNTS & named:
        tests.append((f"{_ENTRY} and (amount_doc is null or is_foreign_blank)", blank, lit("amount")))
    return tests


def noticed(con: duckdb.DuckDBPyConnection, profile: Profile) -> list[Finding]:
    """What about the entries that are loaded is worth a word: one finding per reason with its count."""
    codes = [
        row[0] for row in con.execute("select distinct currency from verdict where currency is not null").fetchall()
    ]
    shifted = ", ".join(lit(code) for code in codes if get_currency_precision(code) != 2) or "''"
    asked = [
        ("SIGN_NEGATIVE_INVOICE", "accept_warn", "amount", "is_turned"),
        ("DATE_DUE_BEFORE_DOC", "accept_warn", "due_date", "is_early"),
        ("FX_SWAPPED", "repair", "fx_rate", "is_rate_swapped"),
        ("STATE_CANCELLED", "accept_warn", "state", "is_void"),
        ("SIGN_CREDIT_POSITIVE", "repair", "amount", "is_turned_credit"),
        *([("NUM_TCURX", "repair", "amount", f"currency in ({shifted})")] if profile.raw_decimals else []),
    ]
    return counted(con, f"(select * from verdict where {_ENTRY})", asked)


def enter(con: duckdb.DuckDBPyConnection, profile: Profile) -> tuple[str, ...]:
    """Create the views `landing.entry` and `landing.entry_allocation` of the rows that are loaded; returns which of the two the file tells of."""
    con.execute("create schema if not exists landing")
    con.execute("drop view if exists landing.entry")
    con.execute("drop view if exists landing.entry_allocation")
    never = _never_told(con, profile)
    columns = ", ".join(f"{ident(column)}" for column in ENTRY_COLUMNS if column not in never)
    tables = _tables(profile)
    con.execute(
        f"create view landing.entry as select company_id, {lit(profile.system)} as source_system, {lit(profile.level)} as level, {profile.rank} as rank,"
        f" {columns}, line_no, customer, customer_name, city, local_currency, is_new_company from {_loaded(con, 'entry', tables)}"
    )
    con.execute(
        f"create view landing.entry_allocation as select company_id, {lit(profile.system)} as source_system, entry_key as allocation_key, {lit(profile.level)} as level, {profile.rank} as rank,"
        " allocation_kind as kind, to_key, from_key, group_key, seq as to_seq, currency,"
        " case when told_kind = 'allocation_reversal' then -amount_doc else amount_doc end as amount_to_doc, amount_from as amount_from_doc,"
        " case when told_kind = 'allocation_reversal' then -amount_local else amount_local end as amount_local, discount_local, alloc_date,"
        " coalesce(cancelled_date, case when state in ('cancelled', 'reversed') then alloc_date end) as voided_date, text, line_no"
        f" from {_loaded(con, 'entry_allocation', tables)}"
    )
    return tables


def _tables(profile: Profile) -> tuple[str, ...]:
    """Which of the two tables the rows of a profile can belong to."""
    tells_uses = any(rule.kind.startswith("allocation") for rule in profile.kinds)
    tells_entries = not profile.kinds or any(
        not rule.kind.startswith(("allocation", "out_of")) for rule in profile.kinds
    )
    return tuple(name for name, is_told in (("entry", tells_entries), ("entry_allocation", tells_uses)) if is_told)


def _loaded(con: duckdb.DuckDBPyConnection, table: str, tables: Sequence[str]) -> str:
    """SQL for the judged rows of a table that are loaded.

    What a row is and whether it is loaded is asked of `verdict`: a condition on `judged` would work all of it out once more.
    """
    if table not in tables:
        return "(select * from judged where false)"
    if len(tables) == 1 and not con.execute("select 1 from verdict where verdict is not null limit 1").fetchall():
        return "judged"
    return f"judged semi join (select line_no from verdict where verdict is null and table_name = {lit(table)}) as kept on judged.line_no = kept.line_no"
