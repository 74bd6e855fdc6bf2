"""The customer's file: what is known of one customer, how it is rated, how it paid, what is open and what may come of it; rows in, one frozen record each.

Rows are read in passing, each table once and in the order of customers, so that thousands of files need no more memory than one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import ZERO, share_of
from receivables.chapters import flags
from receivables.chapters.rating_review import HardEvent, Reason, reasons
from receivables.charts import Spark, spark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    Row = tuple[Any, ...]
    Rows = Iterable[Row]

PARTS: Final = ("basic", "operating", "payment")
"""The parts of the integrity file, in the order a file tells them."""

_FIELDS: Final = (
    *("founded_date", "business_scope", "ownership", "legal_representative", "registered_capital", "paid_in_capital"),
    *("fixed_assets", "annual_turnover", "employees"),
    *("use_of_funds", "return_on_operating_assets", "inventory_turnover", "debt_to_asset_ratio", "current_ratio"),
    *("past_debt", "repayment", "default", "lawsuit", "bounced_instrument", "settlement"),
    *("responsible_person", "guarantee", "positive"),
)
"""Fields of the integrity file in the order pages tell them; what is unknown here comes last."""
_PLACES: Final = {name: place for place, name in enumerate(_FIELDS)}

_CHOSEN: Final = f"""
select company_id, customer_id from (
  select company_id, customer_id from marts.open_item
  union
  select company_id, customer_id from marts.rating_exposure where has_new_grade or has_new_limit or has_new_terms
  union
  select company_id, customer_id from {flags.ANOMALY} where {flags.OPEN}
  union
  select company_id, customer_id from core.document cross join ops.run as run
  where doc_date between run.as_of - $active_days::integer + 1 and run.as_of and $active_days > 0
  union
  select company_id, customer_id from core.payment cross join ops.run as run
  where pay_date between run.as_of - $active_days::integer + 1 and run.as_of and $active_days > 0
)
where customer_id is not null and customer_id <> '(unidentified)'
"""
"""Who has a file: who owes or is owed, whose rating asks for a person, who has an open flag, or who bought or paid in the last `active_days`."""

_ONE: Final = "select $company_id as company_id, $customer_id as customer_id"

_CUSTOMERS: Final = """
with chosen as ({chosen}),
named as (
  select company_id, customer_id, min(name) as name, min(country) as country, min(salesperson) as salesperson
  from core.customer
  group by company_id, customer_id
),
owed as (
  select
    company_id, customer_id, sum(open_local)::decimal(18, 4) as balance, sum(disputed_local)::decimal(18, 4) as disputed,
    sum(case when bucket = 'unapplied' then open_local else 0 end)::decimal(18, 4) as unapplied
  from marts.aging
  group by company_id, customer_id
)
select
  chosen.company_id, chosen.customer_id, coalesce(named.name, chosen.customer_id), coalesce(company.name, chosen.company_id), company.local_currency,
  named.country, named.salesperson, coalesce(owed.balance, 0)::decimal(18, 4), coalesce(owed.unapplied, 0)::decimal(18, 4),
  coalesce(owed.disputed, 0)::decimal(18, 4), coalesce(standing.overdue_local, 0)::decimal(18, 4), apart.kind, apart.event_date
from chosen
inner join core.company as company on chosen.company_id = company.company_id and company.local_currency is not null
left join named on chosen.company_id = named.company_id and chosen.customer_id = named.customer_id
left join owed on chosen.company_id = owed.company_id and chosen.customer_id = owed.customer_id
left join marts.rating_exposure as standing on chosen.company_id = standing.company_id and chosen.customer_id = standing.customer_id
left join marts.individual_assessment as apart on chosen.company_id = apart.company_id and chosen.customer_id = apart.customer_id
order by chosen.company_id, chosen.customer_id
"""
_ROWS: Final = """
select told.company_id, told.customer_id, {columns}
from {table} as told
inner join ({chosen}) as chosen on told.company_id = chosen.company_id and told.customer_id = chosen.customer_id
{also}
order by told.company_id, told.customer_id, {order}
"""


@dataclass(frozen=True)
class _Told:
    """Where rows of customers come from: the columns in the order of their record, and in which order."""

    table: str
    columns: str
    order: str = "1"
    also: str = ""

    def query(self, chosen: str) -> str:
        return _ROWS.format(chosen=chosen, columns=self.columns, table=self.table, also=self.also, order=self.order)


_TOLD: Final[Mapping[str, _Told]] = {
    "standing": _Told(
        "marts.rating",
        "told.status, told.grade, told.previous_grade, told.score::decimal(9, 4), told.completeness::decimal(9, 6), told.file_grade, told.recommended_limit,"
        " told.limit_decided_by, own.limit_local, coalesce(own.is_limit_shared, false), told.recommended_terms, own.agreed_days, told.supply, told.has_benefits,"
        " told.next_review, told.override_grade, told.override_reason, told.override_by, told.override_until, told.confirmed_by, told.confirmed_on, told.reasons",
        also="left join marts.rating_exposure as own on told.company_id = own.company_id and told.customer_id = own.customer_id",
    ),
    "event": _Told("marts.hard_event_since", "told.event, told.since, told.is_older", "told.event"),
    "review": _Told(
        "marts.rating_history",
        "told.review_date, told.grade, told.cap, told.override_grade, told.status, told.score::decimal(9, 4)",
        "told.review_date",
    ),
    "month": _Told(
        "marts.payment_behaviour",
        "told.period_end, told.payment_index, told.days_beyond_terms, told.late_share, told.late_30_share, told.open_local, told.overdue_local, told.utilisation",
        "told.period_end",
    ),
    "flag": _Told("marts.anomaly", flags.OWN_COLUMNS, flags.OWN_ORDER),
    "type": _Told(
        "marts.customer_type",
        "told.customer_type, told.likeliest, told.confidence::decimal(9, 6), told.intent, told.intent_confidence::decimal(9, 6), told.evidence",
    ),
    "file": _Told(
        "marts.integrity_file",
        "told.stage, told.credit_from, told.completeness::decimal(9, 6), told.stale_fields, told.basic_completeness::decimal(9, 6),"
        " told.operating_completeness::decimal(9, 6), told.payment_completeness::decimal(9, 6)",
    ),
    "field": _Told(
        "marts.integrity_field",
        "told.part, told.field, told.value, told.currency, told.source, told.true_on, told.age_months, told.is_stale",
        "told.field",
    ),
    "item": _Told(
        "marts.open_item",
        "told.kind, coalesce(told.doc_no, told.item_id), told.seq, told.doc_date, told.due_date, told.due_date_original, told.currency, told.open_doc, told.open_local,"
        " told.days_overdue, told.bucket = 'unapplied', told.disputed_local, chance.p_now::decimal(12, 9), chance.p_upper::decimal(12, 9), chance.age_days",
        "told.bucket = 'unapplied', coalesce(told.due_date, told.doc_date), told.item_id, told.seq",
        "left join marts.open_chance as chance on told.item_kind = 'document' and told.company_id = chance.company_id and told.customer_id = chance.customer_id"
        " and told.item_id = chance.item_id and told.seq = chance.seq and told.bucket = chance.bucket",
    ),
}
_BEST_POINTS: Final = "select company_id, attribute, best_points::decimal(9, 4) from marts.rating_attribute"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the integrity file as it was told last: `value` as text in no language, None where nothing is; money where `currency`."""

    part: str
    name: str
    value: str | None
    currency: str | None
    source: str | None
    true_on: date | None
    age_months: int | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Integrity:
    """The integrity file: its stage (file before the first credit, statements after), how much of it is told, whole and by part, and its fields."""

    stage: str
    credit_from: date | None
    completeness: Decimal
    stale_fields: int
    parts: tuple[Decimal | None, ...]
    fields: tuple[Field, ...]

    def of(self, part: str) -> tuple[Field, ...]:
        """The fields of a part."""
        return tuple(field for field in self.fields if field.part == part)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the customer is rated, what is recommended beside what is in force, what a person set or confirmed, what cost points and what caps the grade."""

    status: str
    grade: str | None
    previous_grade: str | None
    score: Decimal | None
    completeness: Decimal | None
    file_grade: str | None
    recommended_limit: Decimal | None
    decided_by: str | None
    limit: Decimal | None
    is_limit_shared: bool
    recommended_days: int | None
    agreed_days: int | None
    supply: str | None
    has_benefits: bool | None
    next_review: date | None
    override_grade: str | None
    override_reason: str | None
    override_by: str | None
    override_until: date | None
    confirmed_by: str | None
    confirmed_on: date | None
    lost: tuple[Reason, ...]
    events: tuple[HardEvent, ...]


@dataclass(frozen=True, slots=True)
class GradeSpan:
    """Reviews in a row that gave the same grade for the same cause: the first and last of them, the score at the first, and what capped or set the grade then."""

    first: date
    last: date
    grade: str | None
    cap: str | None
    override_grade: str | None
    status: str
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class Month:
    """How the customer paid and stood at the end of a month, from what had been told by then; shares of 1, money in ledger currency."""

    day: date
    payment_index: Decimal | None
    days_beyond_terms: Decimal | None
    late_share: Decimal | None
    late_30_share: Decimal | None
    owed: Decimal | None
    overdue: Decimal | None
    utilisation: Decimal | None


_FULL: Final[Mapping[str, int]] = {"points": 100, "share": 1}
"""What a drawing reaches up to at least, by unit: a full share looks full."""
COURSES: Final[Mapping[str, str]] = {
    "payment_index": "points",
    "days_beyond_terms": "days",
    "late_share": "share",
    "late_30_share": "share",
    "owed": "money",
    "overdue": "money",
    "utilisation": "share",
}
"""What is drawn over the month ends, with its unit, in the order of `Month`."""


@dataclass(frozen=True, slots=True)
class Course:
    """One measure over the month ends, drawn; the lowest, highest and last value of those told."""

    measure: str
    unit: str
    drawn: Spark
    low: Decimal
    high: Decimal
    last: Decimal | None


@dataclass(frozen=True, slots=True)
class Payer:
    """What kind of payer the customer is: its type and intent (`unknown` below a confidence), the likeliest of each, and the facts that speak for it."""

    customer_type: str
    likeliest: str
    confidence: Decimal
    intent: str
    intent_confidence: Decimal
    evidence: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An open instalment, credit or receipt; `open` in ledger currency, `chance` that it still brings cash and `chance_most` were all paid that nobody has seen end."""

    kind: str
    number: str
    seq: int
    doc_date: date | None
    due_date: date | None
    original_due_date: date | None
    currency: str
    open_doc: Decimal
    open: Decimal
    days_overdue: int | None
    is_unapplied: bool
    disputed: Decimal
    chance: Decimal | None
    chance_most: Decimal | None
    age_days: int | None


@dataclass(frozen=True, slots=True)
class Position:
    """Where what is open stands on the company's collection curve: of `open` (what has a chance told) so much is `expected` as cash, at most `at_most`; `untold`: what has none."""

    open: Decimal
    expected: Decimal
    at_most: Decimal
    untold: Decimal
    oldest_days: int | None

    @property
    def share(self) -> Decimal | None:
        """The chance of what is open, weighted by amount."""
        return share_of(self.expected, self.open)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who it is, and its balance as the aging has it; money in `currency`, the ledger's. `assessed`: the event for which what it owes is assessed individually."""

    company_id: str
    customer_id: str
    name: str
    company: str
    currency: str
    country: str | None
    salesperson: str | None
    balance: Decimal
    unapplied: Decimal
    disputed: Decimal
    overdue: Decimal
    assessed: str | None
    assessed_since: date | None

    @property
    def owed(self) -> Decimal:
        """What the customer owes before anything unapplied."""
        return self.balance - self.unapplied


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """One customer's page. `items` are those listed, `others` that are not stand for `rest`; all together are the balance."""

    who: Customer
    standing: Standing | None
    payer: Payer | None
    integrity: Integrity | None
    months: tuple[Month, ...]
    courses: tuple[Course, ...]
    flags: tuple[flags.OwnFlag, ...]
    spans: tuple[GradeSpan, ...]
    items: tuple[Item, ...]
    others: int
    rest: Decimal
    position: Position | None

    @property
    def grade(self) -> str | None:
        """The grade that counts; None without one."""
        return self.standing.grade if self.standing else None

    @property
    def of_all(self) -> Decimal:
        """The sum of the listed items and of those that are not."""
        return sum((item.open for item in self.items), ZERO) + self.rest


def customer_files(
    read: Callable[[str, dict[str, Any]], Rows], listed: int, active_days: int = 0, only: tuple[str, str] | None = None
) -> Iterator[CustomerFile]:
    """Make the files of those who owe, whose rating asks for a person or who were active; of one customer alone where one is named.

    Args:
        read: runs a query on the published file and hands out its rows.
        listed: open items listed one by one; the rest is one line.
        active_days: days up to the as-of date within which who bought or paid has a file; 0: that gives none.
        only: company and customer, where one alone is asked for.
    """
    chosen, values = _CHOSEN, dict[str, Any](active_days=active_days)
    if only is not None:
        chosen, values = _ONE, {"company_id": only[0], "customer_id": only[1]}
    best: dict[str, dict[str, Decimal]] = {}
    for company_id, attribute, points in read(_BEST_POINTS, {}):
        best.setdefault(company_id, {})[attribute] = points
    told = {name: _Passing(read(rows.query(chosen), values)) for name, rows in _TOLD.items()}
    for head in read(_CUSTOMERS.format(chosen=chosen), values):
        key = (head[0], head[1])
        rows = {name: passing.of(key) for name, passing in told.items()}
        yield _file(head, rows, best.get(key[0], {}), listed)


class _Passing:
    """Rows in the order of customers, handed out customer by customer as these are asked for in that order."""

    def __init__(self, rows: Rows) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def of(self, key: tuple[str, str]) -> list[Row]:
        """The rows of a customer; those of customers before it are let go."""
        found: list[Row] = []
        while self._next is not None and (self._next[0], self._next[1]) <= key:
            if (self._next[0], self._next[1]) == key:
                found.append(self._next)
            self._next = next(self._rows, None)
        return found


def _file(head: Row, rows: Mapping[str, list[Row]], best: Mapping[str, Decimal], listed: int) -> CustomerFile:
    items = [Item(*row[2:]) for row in rows["item"]]
    months = tuple(Month(*row[2:]) for row in rows["month"])
    return CustomerFile(
        who=Customer(*head),
        standing=_standing(rows["standing"], rows["event"], best),
        payer=_payer(rows["type"]),
        integrity=_integrity(rows["file"], rows["field"]),
        months=months,
        courses=tuple(_courses(months)),
        flags=tuple(flags.own_flag(row[2:]) for row in rows["flag"]),
        spans=tuple(_spans(rows["review"])),
        items=tuple(items[:listed]),
        others=max(len(items) - listed, 0),
        rest=sum((item.open for item in items[listed:]), ZERO),
        position=_position(items),
    )


def _standing(rows: Sequence[Row], events: Sequence[Row], best: Mapping[str, Decimal]) -> Standing | None:
    if not rows:
        return None
    row = rows[0]
    found = tuple(reasons(row[-1], best))
    capping = {reason.code for reason in found if reason.kind is None}
    since = tuple(HardEvent(*told[2:]) for told in events if told[2] in capping)
    return Standing(*(*row[2:-1], tuple(reason for reason in found if reason.kind is not None), since))


def _payer(rows: Sequence[Row]) -> Payer | None:
    if not rows:
        return None
    row = rows[0]
    facts = json.loads(row[-1], parse_float=Decimal, parse_int=Decimal)
    return Payer(*(*row[2:-1], tuple((fact["code"], fact["params"]["value"]) for fact in facts)))


def _integrity(rows: Sequence[Row], fields: Sequence[Row]) -> Integrity | None:
    if not rows:
        return None
    stage, credit_from, completeness, stale, *parts = rows[0][2:]
    told = sorted((Field(*row[2:]) for row in fields), key=_place)
    return Integrity(stage, credit_from, completeness, stale, tuple(parts), tuple(told))


def _place(field: Field) -> tuple[int, str]:
    """Where a field is told: an amount after what it is the amount of."""
    return _PLACES.get(field.name.removesuffix("_amount"), len(_PLACES)), field.name


def _courses(months: Sequence[Month]) -> Iterator[Course]:
    """What was told at more than one month end."""
    for measure, unit in COURSES.items():
        values = tuple(getattr(month, measure) for month in months)
        known = [value for value in values if value is not None]
        if len(known) > 1 and (any(known) or measure == "days_beyond_terms"):
            yield Course(measure, unit, spark(values, _FULL.get(unit, 0)), min(known), max(known), values[-1])


def _spans(rows: Sequence[Row]) -> Iterator[GradeSpan]:
    """Reviews in a row with one grade and one cause, newest first."""
    spans: list[GradeSpan] = []
    for cause, group in groupby(rows, key=lambda row: row[3:7]):
        reviews = list(group)
        spans.append(GradeSpan(*(reviews[0][2], reviews[-1][2], *cause, reviews[0][7])))
    yield from reversed(spans)


def _position(items: Sequence[Item]) -> Position | None:
    owed = [item for item in items if not item.is_unapplied]
    if not owed:
        return None
    told = [(item.open, item.chance, item.chance_most) for item in owed if item.chance is not None]
    ages = [item.age_days for item in owed if item.age_days is not None]
    return Position(
        open=sum((amount for amount, _, _ in told), ZERO),
        expected=sum((amount * chance for amount, chance, _ in told), ZERO),
        at_most=sum((amount * (most or ZERO) for amount, _, most in told), ZERO),
        untold=sum((item.open for item in owed if item.chance is None), ZERO),
        oldest_days=max(ages, default=None),
    )
