"""Payment behaviour of a month end on random ledgers: what was told after it changes none of it."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from factories import Row, Tables, allocation, company, customer, document, lake_tables, payment
from intake_files import SINGLE
from random_ledgers import AS_OF, EXAMPLES, Ledger, ledgers
from receivables.assets import sql_dir
from receivables.engine import connect, run_models
from receivables.engine.models import read_model
from receivables.settings import Settings
from receivables.settings.behaviour import Behaviour

MONTH_ENDS: Final = (date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31))
EVENT_DAY: Final = {
    "document": "coalesce(posting_date, doc_date)",
    "payment": "pay_date",
    "allocation": "alloc_date",
}
LATE_BY: Final = "case when hash({key}, {seed}) % 3 = 0 then (hash({key}, {seed}) // 3 % 90)::integer else 0 end"
"""Every third row is told up to a quarter late."""

TOGETHER: Final = """
update lake.document set recorded_at = pair.recorded_at
from (
  select undone.company_id, undone.doc_id, undoing.doc_id as undoing_id, greatest(undone.recorded_at, undoing.recorded_at) as recorded_at
  from lake.document as undone
  inner join lake.document as undoing on undone.company_id = undoing.company_id and undoing.doc_id = replace(undone.doc_id, ':', ':R')
  where undone.reversed_by_doc_id is not null or undone.state <> 'posted'
) as pair
where document.company_id = pair.company_id and document.doc_id in (pair.doc_id, pair.undoing_id)
"""
"""A document that says it is reversed was told with what reverses it: an earlier version of it would not say so."""


Rows = dict[tuple[str, str], dict[str, Any]]


def drawn(seed: int) -> list[str]:
    """When each row of a random ledger was told."""
    late = {
        table: LATE_BY.format(key=f"company_id || {table}_id".replace("document_id", "doc_id"), seed=seed)
        for table in EVENT_DAY
    }
    return [
        *(f"update lake.{table} set recorded_at = {day} + {late[table]}" for table, day in EVENT_DAY.items()),
        TOGETHER,
    ]


def behaviour(tables: Tables, recorded: list[str], as_of: date, month_end: date, *, is_deleted: bool) -> Rows:
    """The rows of `marts.payment_behaviour` and `marts.rating_fact` for a month end by company and customer, of what is left in the lake, where a ledger is replayed."""
    with closing(connect(settings=SINGLE)) as con:
        lake_tables(con, tables, AS_OF)
        for statement in recorded:
            con.execute(statement)
        if is_deleted:
            for table in EVENT_DAY:
                con.execute(f"delete from lake.{table} where recorded_at > ?", [month_end])
        run_models(con, Settings(), as_of)
        found = con.execute(
            "select behaviour.*, fact.* exclude (period_end, company_id, customer_id) from marts.payment_behaviour as behaviour"
            " inner join marts.rating_fact as fact on behaviour.period_end = fact.period_end and behaviour.customer_id = fact.customer_id"
            " inner join core.company_basis as basis on behaviour.company_id = basis.company_id and basis.basis = 'replay' and basis.only_as_of is null"
            " where behaviour.period_end = ?",
            [month_end],
        )
        names = [column[0] for column in found.description or ()]
        return {(row[1], row[2]): dict(zip(names, row, strict=True)) for row in found.fetchall()}


def differences(one: Rows, other: Rows) -> list[tuple[Any, ...]]:
    """Customer, column and both values of all that is not the same, of companies in both."""
    companies = {key[0] for key in one} & {key[0] for key in other}
    found: list[tuple[Any, ...]] = []
    for key in sorted(one.keys() | other.keys()):
        if key[0] in companies:
            mine, theirs = one.get(key, {}), other.get(key, {})
            found += [
                (*key, name, mine.get(name), theirs.get(name))
                for name in {**mine, **theirs}
                if mine.get(name) != theirs.get(name)
            ]
    return found


@settings(
    max_examples=max(EXAMPLES // 2, 1),  # each builds twice
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.target),
    suppress_health_check=list(HealthCheck),
)
@given(ledger=ledgers(), seed=st.integers(0, 1000), month_end=st.sampled_from(MONTH_ENDS))
def test_what_is_told_after_a_month_end_changes_nothing_of_it(ledger: Ledger, seed: int, month_end: date) -> None:
    with_all = behaviour(ledger.tables, drawn(seed), AS_OF, month_end, is_deleted=False)
    without = behaviour(ledger.tables, drawn(seed), month_end, month_end, is_deleted=True)
    assert differences(with_all, without) == []


@settings(
    max_examples=max(EXAMPLES // 2, 1),
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.target),
    suppress_health_check=list(HealthCheck),
)
@given(ledger=ledgers(), seed=st.integers(0, 1000))
def test_no_instalment_that_weighs_too_much_is_passed_over(ledger: Ledger, seed: int) -> None:
    """The cap of the payment index looks at few instalments of few customers: all of all give the same."""
    passed_over = (
        ("marts.behaviour_dominated", "marts.behaviour_window"),
        ("not large.is_plain or large.place <= setting.capped_max", "true"),
    )
    text = read_model(sql_dir() / "marts" / "behaviour_capped.sql").sql
    for few, every in passed_over:
        assert few in text
        text = text.replace(few, every)
    with closing(connect(settings=SINGLE)) as con:
        lake_tables(con, ledger.tables, AS_OF)
        for statement in drawn(seed):
            con.execute(statement)
        run_models(con, Settings(), AS_OF)
        few_rows = con.execute("from marts.behaviour_capped order by all").fetchall()
        assert con.execute(f"from ({text}) order by all").fetchall() == few_rows


APRIL: Final = date(2026, 4, 30)
LATER: Final = date(2026, 5, 10)


def later_told() -> dict[str, dict[str, list[Row]]]:
    """Small ledgers by what their row `late` tells, ten days after the end of April, of things before it."""
    base = document("D1", 1000, doc_date=date(2026, 1, 1), due_date=date(2026, 1, 31), currency="USD", rate="0.9")
    paid = [payment("P1", 900, pay_date=date(2026, 2, 20), currency="USD", rate="0.9")]
    taken = allocation(
        *("A1", 900),
        to_doc_id="D1",
        from_payment_id="P1",
        alloc_date=date(2026, 2, 20),
        amount_local=Decimal(850),
        discount_local=Decimal(50),
        amount_from_doc=Decimal(900),
    )
    difference = allocation("late", 0, to_doc_id="D1", kind="fx_difference", alloc_date=date(2026, 3, 1)) | {
        "amount_local": Decimal(5)
    }
    reversal = document("late", -1000, doc_date=date(2026, 2, 10), kind="adjustment", currency="USD", rate="0.9")
    ledger = {"company": [company()], "customer": [customer()], "payment": paid, "allocation": [taken]}
    return {
        "fx_difference": ledger | {"document": [base], "allocation": [taken, difference]},
        "reversal": ledger
        | {"document": [base | {"cancelled_date": date(2026, 2, 10)}, reversal | {"reverses_doc_id": "D1"}]},
        "invoice": ledger
        | {"document": [base, document("late", 70, doc_date=date(2026, 1, 1), due_date=date(2026, 2, 1))]},
    }


@pytest.mark.parametrize("what", later_told())
def test_what_was_told_later_was_not_known(what: str) -> None:
    """Rows that once were known before they were told."""
    recorded = [
        *(f"update lake.{table} set recorded_at = {day}" for table, day in EVENT_DAY.items()),
        f"update lake.document set recorded_at = date '{LATER}' where doc_id = 'ES01:late'",
        f"update lake.allocation set recorded_at = date '{LATER}' where allocation_id = 'ES01:late'",
    ]
    tables = later_told()[what]
    with_all = behaviour(tables, recorded, AS_OF, APRIL, is_deleted=False)
    assert differences(with_all, behaviour(tables, recorded, APRIL, APRIL, is_deleted=True)) == []
    assert with_all["ES01", "ES01:C1"]["items"] == 1


DUE: Final = date(2025, 9, 1)
PAID: Final = ((1000, -5), (500, 15), (2000, 30), (1500, 75), (800, 0), (200, 200))
"""The example of the methods: six invoices and how many days beyond terms each was paid."""


def paid_ledger() -> dict[str, list[Row]]:
    """Six invoices of one customer, all paid, and what it said."""
    numbered = list(enumerate(PAID, start=1))
    promise = {"company_id": "ES01", "customer_id": "C1", "entry_kind": "promise", "logged_at": "2026-01-05 10:00:00"}
    return {
        "company": [company()],
        "customer": [customer()],
        "document": [
            document(f"D{n}", amount, doc_date=DUE - timedelta(days=30), due_date=DUE) for n, (amount, _) in numbered
        ],
        "payment": [payment(f"P{n}", amount, pay_date=DUE + timedelta(days=late)) for n, (amount, late) in numbered],
        "allocation": [
            allocation(
                f"A{n}", amount, from_payment_id=f"P{n}", to_doc_id=f"D{n}", alloc_date=DUE + timedelta(days=late)
            )
            for n, (amount, late) in numbered
        ],
        "collection_log": [
            promise | {"log_id": 1, "promised_date": date(2026, 1, 20), "promised_amount": Decimal(100)},
            promise | {"log_id": 2, "promised_date": date(2026, 3, 18), "promised_amount": Decimal(200)},
            promise | {"log_id": 3, "promised_date": date(2026, 3, 18), "promised_amount": Decimal("200.01")},
            promise | {"log_id": 4, "promised_date": date(2026, 3, 20), "promised_amount": None},
            promise | {"log_id": 5, "promised_date": AS_OF, "promised_amount": None},
            {**promise, "log_id": 6, "entry_kind": "deferral_request"},
            {**promise, "log_id": 7, "entry_kind": "excuse", "excuse_code": "goods_unsold", "channel": "call"},
            {**promise, "log_id": 8, "entry_kind": "excuse", "excuse_code": "approval_pending", "channel": "email"},
            {**promise, "log_id": 9, "entry_kind": "excuse", "excuse_code": "of no kind", "channel": "visit"},
            {**promise, "log_id": 10, "entry_kind": "attempt"},
            {**promise, "log_id": 11, "entry_kind": "payment_claim", "excuse_code": "absent", "channel": "call"},
            {**promise, "log_id": 12, "entry_kind": "soft_signal", "channel": "visit"},
            {**promise, "log_id": 13, "entry_kind": "note", "channel": "call"},
        ],
    }


def told(chosen: Settings, *columns: str, day: date = AS_OF) -> tuple[Any, ...]:
    with closing(connect(settings=SINGLE)) as con:
        lake_tables(con, paid_ledger(), AS_OF)
        run_models(con, chosen, AS_OF)
        found = con.execute(f"select {', '.join(columns)} from marts.payment_behaviour where period_end = ?", [day])
        return found.fetchall()[0]


def test_what_was_said_is_counted_by_what_it_means() -> None:
    kinds = ("no_money", "own_debtor", "absent", "procedure", "our_fault")
    assert told(Settings(), "excuses", *(f"excuses_{kind}" for kind in kinds)) == (3, 1, 0, 0, 1, 0)
    assert told(Settings(), "payment_claims", "unanswered", "personal_contacts") == (1, 1, 5)
    other = Settings(behaviour=Behaviour(excuse_kinds=(("of no kind", "our_fault"),)))
    assert told(other, "excuses", *(f"excuses_{kind}" for kind in kinds)) == (3, 0, 0, 0, 0, 1)


def test_the_example_of_the_methods() -> None:
    share = (
        "payment_index",
        "days_beyond_terms",
        "share_late_30",
        "late_share",
        "late_7_share",
        "late_30_share",
        "max_days_late",
        "items",
    )
    told_with = told(Settings(), *share, "promises", "broken_promises", "deferral_requests")
    days = Decimal(-5 * 1000 + 15 * 500 + 30 * 2000 + 75 * 1500 + 200 * 200) / 6000
    assert told_with == (
        *(Decimal("58.350000"), round(days, 6), Decimal("0.283333"), Decimal("0.666667"), Decimal("0.666667")),
        *(Decimal("0.333333"), 200, 6, 4, 2, 1),
    )
    no_cap = Settings(behaviour=Behaviour(item_share_max=Decimal(1)))
    assert told(no_cap, "payment_index") == (Decimal("56.333333"),)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # three are paid; 3,700 are 29 days late, which earns 51.25 points
        (date(2025, 9, 30), (6, Decimal("61.854167"), Decimal("3700.0000"))),
        # four are paid; 1,700 are 60 days late: 40 points
        (date(2025, 10, 31), (6, Decimal("58.250000"), Decimal("1700.0000"))),
    ],
)
def test_what_is_open_counts_at_the_lateness_it_has_reached(day: date, expected: tuple[Any, ...]) -> None:
    no_cap = Settings(behaviour=Behaviour(item_share_max=Decimal(1), history_days_min=0))
    assert told(no_cap, "items", "payment_index", "overdue_local", day=day) == expected
