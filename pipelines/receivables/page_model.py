"""The records of the management report: one night, frozen and language-neutral.

Money is Decimal; a ledger's figures are in its ledger currency at booking rates, and different currencies are never
added. Unapplied cash and credits are negative, so that all buckets together are what the ledger says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from receivables.chapters.aging_views import AgingViews
from receivables.chapters.definitions import Rules
from receivables.chapters.restatement import Restatement
from receivables.chapters.tie_out import TieOut
from receivables.charts import Chart, Series

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from receivables.chapters.collection import Collection, Together
    from receivables.chapters.completeness import Gap
    from receivables.chapters.flags import Flags
    from receivables.chapters.movement import Movement
    from receivables.chapters.practice import Practice
    from receivables.chapters.prospect import Prospect
    from receivables.chapters.ratings import Ratings
    from receivables.chapters.trend import Trend
    from receivables.checks.record import Check

OUTCOMES: Final = ("failed", "waived", "passed", "not_evaluated")
"""What can come of a check, in the order pages tell it."""

UNIDENTIFIED: Final = "(unidentified)"
"""The customer id of money received from nobody known."""


@dataclass(frozen=True)
class Run:
    """The run that published the figures; times are UTC."""

    run_id: str
    as_of: date
    known_at: datetime
    code_version: str
    settings_sha256: str


@dataclass(frozen=True)
class Company:
    """A company, its ledger currency and the date its newest accepted extract speaks of."""

    company_id: str
    name: str
    currency: str
    latest_extract: date | None


@dataclass(frozen=True)
class Bucket:
    """A bucket of days overdue, both edges inclusive; None is an open end, two None a bucket without days."""

    key: str
    lower_days: int | None
    upper_days: int | None


@dataclass(frozen=True)
class BucketLine:
    """What stands in one bucket; `share` is of what is owed before anything unapplied, None where nothing is; `disputed` is part of `amount`."""

    bucket: Bucket
    amount: Decimal
    share: Decimal | None
    items: int
    customers: int
    disputed: Decimal = Decimal(0)


@dataclass(frozen=True)
class Headline:
    """A ledger's key figures; shares are of what is owed before anything unapplied, None where nothing is."""

    total: Decimal
    not_due: Decimal
    overdue: Decimal
    overdue_share: Decimal | None
    overdue_90: Decimal
    overdue_90_share: Decimal | None
    no_due_date: Decimal
    unapplied: Decimal
    customers_open: int
    customers_overdue: int
    open_items: int
    top10_share: Decimal | None


@dataclass(frozen=True)
class CustomerLine:
    """One customer of one company, with an amount per bucket in the order of the page's buckets."""

    company_id: str
    customer_id: str
    name: str
    amounts: tuple[Decimal, ...]
    total: Decimal


@dataclass(frozen=True)
class CustomerTable:
    """The largest customers, all others in one line, and the total of both."""

    lines: tuple[CustomerLine, ...]
    others: int
    rest: tuple[Decimal, ...]
    rest_total: Decimal
    sums: tuple[Decimal, ...]
    total: Decimal


@dataclass(frozen=True)
class Ledger:
    """Everything in one ledger currency, over the companies that keep their books in it."""

    currency: str
    companies: tuple[Company, ...]
    headline: Headline
    lines: tuple[BucketLine, ...]
    customers: CustomerTable

    @property
    def items(self) -> int:
        """Open items of all buckets."""
        return sum(line.items for line in self.lines)

    @property
    def disputed(self) -> Decimal:
        """What is disputed in all buckets."""
        return sum((line.disputed for line in self.lines), Decimal(0))

    @property
    def bucket_chart(self) -> Chart:
        """Aging by bucket."""
        keys = tuple(line.bucket.key for line in self.lines)
        amounts = Series("amount", tuple(line.amount for line in self.lines))
        return Chart("bars", "aging_by_bucket", keys, (amounts,), self.currency)

    @property
    def customer_chart(self) -> Chart:
        """The largest customers, stacked by the buckets in which any of them has something."""
        listed = self.customers.lines
        columns = zip(*(line.amounts for line in listed), strict=True)
        series = tuple(
            Series(line.bucket.key, column) for line, column in zip(self.lines, columns, strict=False) if any(column)
        )
        return Chart("stacked", "aging_by_customer", tuple(line.customer_id for line in listed), series, self.currency)


@dataclass(frozen=True)
class ProofSide:
    """The conservation proof of one company and document currency, in one of its two currencies.

    `allowed` is how far the sides may lie apart: nothing in document currency, rounding in ledger currency. `fx_revaluation` is posted and
    no item, `gl_balance` the open items with it: what the general ledger should show.
    """

    currency: str
    documents: Decimal
    receipts: Decimal
    sourceless: Decimal
    discounts: Decimal
    tolerance: Decimal
    moved: Decimal
    fx_difference: Decimal
    ledger_total: Decimal
    sum_of_buckets: Decimal
    open_total: Decimal
    difference: Decimal
    fx_revaluation: Decimal
    gl_balance: Decimal
    allowed: Decimal

    @property
    def ties(self) -> bool:
        """Judge from the amounts themselves: movements against ledger, ledger against items, items against buckets."""
        used = self.receipts + self.sourceless + self.discounts + self.tolerance + self.moved + self.fx_difference
        gaps = (
            self.documents - used - self.ledger_total,
            self.open_total - self.ledger_total,
            self.open_total - self.sum_of_buckets,
            self.difference,
        )
        return all(abs(gap) <= self.allowed for gap in gaps)


@dataclass(frozen=True)
class Proof:
    """One row of the control table: a company and a document currency, in both currencies."""

    company_id: str
    currency: str
    doc: ProofSide
    local: ProofSide

    @property
    def ties(self) -> bool:
        """Whether both sides tie."""
        return self.doc.ties and self.local.ties


@dataclass(frozen=True)
class Batch:
    """One file × company × table as it was loaded; each physical line is counted in one of a file's rows.

    `refusal` is the reason code of a refused file, `is_new` says that this run loaded it. Control totals are in
    document currency, None where the file has none.
    """

    file_name: str
    profile_id: str
    company_id: str
    table_name: str
    mode: str
    extract_as_of: date | None
    lines_read: int
    lines_loaded: int
    lines_quarantined: int
    lines_skipped: int
    rows_loaded: int
    control_total: Decimal | None
    control_total_file: Decimal | None
    status: str
    refusal: str | None
    is_new: bool

    @property
    def adds_up(self) -> bool:
        """Whether every line read is loaded, quarantined or skipped."""
        return self.lines_read == self.lines_loaded + self.lines_quarantined + self.lines_skipped


@dataclass(frozen=True)
class Lines:
    """Physical lines of several batches; `adds_up` says that in each of them every line read has its place."""

    files: int
    read: int
    loaded: int
    quarantined: int
    skipped: int
    adds_up: bool


@dataclass(frozen=True)
class Findings:
    """Findings of one action and reason: how often, in how many files, and the first as an example.

    Assumptions are kept apart by column and by `value`, what was assumed. `files` is 0 for findings about the ledger.
    """

    action: str
    reason_code: str
    column_name: str | None
    value: str | None
    count: int
    files: int
    example_file: str | None
    example_line: int | None
    example_text: str | None


@dataclass(frozen=True)
class Judged:
    """A check, and whether a person let it pass although it failed."""

    check: Check
    is_waived: bool

    @property
    def outcome(self) -> str:
        """What came of it: failed, waived, passed or not_evaluated."""
        if self.check.passed is None:
            return "not_evaluated"
        if self.check.passed:
            return "passed"
        return "waived" if self.is_waived else "failed"


@dataclass(frozen=True)
class Tally:
    """How many checks of one level or file came to which outcome."""

    subject: str
    failed: int
    waived: int
    passed: int
    not_evaluated: int


@dataclass(frozen=True)
class CustomerLinks:
    """Where customers have pages of their own, relative to the report: the list of all (empty: there is none), and each by company and customer."""

    index: str = ""
    pages: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Of what a page is a part, by name: companies, or customers in territories and of salespersons (`is_of_customers`)."""

    companies: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    salespersons: tuple[str, ...] = ()

    @property
    def is_of_customers(self) -> bool:
        """Whether it is made of some customers of a company, so that nothing that is measured over all of them is told."""
        return bool(self.territories or self.salespersons)


@dataclass(frozen=True)
class NightPage:
    """The management report of one night, without a word or a number format in it.

    `batches` are listed one by one, `earlier` sums those that are not, `loaded` all of them. `part` is None where the page is of everything.
    """

    run: Run
    companies: tuple[Company, ...]
    buckets: tuple[Bucket, ...]
    ledgers: tuple[Ledger, ...]
    proofs: tuple[Proof, ...]
    batches: tuple[Batch, ...]
    loaded: Lines
    earlier: Lines
    findings: tuple[Findings, ...]
    judged: tuple[Judged, ...] = ()
    trends: tuple[Trend, ...] = ()
    collections: tuple[Collection, ...] = ()
    together: Together | None = None
    prospects: tuple[Prospect, ...] = ()
    ratings: tuple[Ratings, ...] = ()
    flags: tuple[Flags, ...] = ()
    movements: tuple[Movement, ...] = ()
    restatement: Restatement = Restatement()
    views: AgingViews = AgingViews()
    practices: tuple[Practice, ...] = ()
    gaps: tuple[Gap, ...] = ()
    tie_out: TieOut = TieOut()
    rules: Rules = Rules()
    part: Part | None = None

    @property
    def is_of_customers(self) -> bool:
        """Whether only some customers are in sight."""
        return self.part is not None and self.part.is_of_customers

    def flags_of(self, company: Company) -> Flags | None:
        """The flags of a company."""
        return next((found for found in self.flags if found.company_id == company.company_id), None)

    def ratings_of(self, company: Company) -> Ratings | None:
        """The ratings of a company."""
        return next((rated for rated in self.ratings if rated.company_id == company.company_id), None)

    def prospect_of(self, company: Company) -> Prospect | None:
        """What a company may expect."""
        return next((prospect for prospect in self.prospects if prospect.company_id == company.company_id), None)

    @property
    def curves(self) -> tuple[Collection, ...]:
        """The curve of each company, and of all together where it is told."""
        everybody = self.together.curve if self.together else None
        return self.collections if everybody is None else (*self.collections, everybody)

    @property
    def refused(self) -> tuple[Batch, ...]:
        """Files of which nothing was loaded; their companies keep the data of earlier files."""
        refused = {(b.file_name, b.company_id): b for b in reversed(self.batches) if b.status == "refused"}
        return tuple(reversed(refused.values()))

    def kept_out_by(self, batch: Batch) -> Judged | None:
        """The contract that keeps a refused file out; None where it was refused on reading."""
        broken = [j for j in self.failed("refuse") if j.check.file_name == batch.file_name and batch.profile_id]
        of_company = [j for j in broken if j.check.company_id == batch.company_id]
        return next(iter([*of_company, *broken]), None)

    def failed(self, *levels: str) -> tuple[Judged, ...]:
        """Checks that failed and that nobody waived, in the order of the levels asked for."""
        failed = [judged for judged in self.judged if judged.outcome == "failed" and judged.check.level in levels]
        return tuple(sorted(failed, key=lambda judged: levels.index(judged.check.level)))

    @property
    def asking(self) -> tuple[Judged, ...]:
        """Failed checks that somebody must look at; a file that is kept out has been told of already."""
        kept_out = {judged.check.file_name for judged in self.failed("refuse")}
        return tuple(judged for judged in self.failed("needs_person") if judged.check.file_name not in kept_out)

    @property
    def in_order(self) -> tuple[Judged, ...]:
        """All checks by their outcome."""
        return tuple(sorted(self.judged, key=lambda judged: OUTCOMES.index(judged.outcome)))

    def tallies(self, by: str) -> tuple[Tally, ...]:
        """Outcomes counted by a field of the check, such as its level or its file, in the order they come."""
        subjects = dict.fromkeys(getattr(judged.check, by) for judged in self.judged)
        return tuple(
            Tally(subject, *(self._count(by, subject, name) for name in OUTCOMES)) for subject in subjects if subject
        )

    def _count(self, by: str, subject: str, outcome: str) -> int:
        return sum(judged.outcome == outcome for judged in self.judged if getattr(judged.check, by) == subject)

    @property
    def waiting(self) -> tuple[Batch, ...]:
        """New files of which so much is quarantined that somebody must look."""
        waiting = [batch for batch in self.batches if batch.status == "needs_person" and batch.is_new]
        return tuple(batch for batch in waiting if batch.lines_quarantined) or tuple(waiting)

    @property
    def untied(self) -> tuple[Proof, ...]:
        """Companies and currencies whose aging does not tie to the ledger."""
        return tuple(proof for proof in self.proofs if not proof.ties)

    @property
    def needs_person(self) -> bool:
        """Whether the report may not be signed before somebody has looked."""
        asking = (self.refused, self.waiting, self.untied, self.asking, self.views.missing, self.cut_short)
        return any(asking) or bool(self.tie_out.asking)

    @property
    def cut_short(self) -> tuple[Gap, ...]:
        """What is missing and asks for a person."""
        return tuple(gap for gap in self.gaps if gap.needs_person)

    def gaps_of(self, ledger: Ledger) -> tuple[Gap, ...]:
        """What is missing in the figures of a ledger at the as-of date."""
        members = {company.company_id for company in ledger.companies}
        return tuple(gap for gap in self.gaps if gap.company_id in members and gap.is_in_balances)

    def found(self, *actions: str) -> tuple[Findings, ...]:
        """Findings of these actions."""
        return tuple(finding for finding in self.findings if finding.action in actions)
