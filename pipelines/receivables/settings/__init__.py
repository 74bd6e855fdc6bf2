"""One frozen, validated settings object read from `receivables.toml`: every threshold with its default, unit and reason."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date  # pydantic reads the annotation
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from receivables.errors import SettingsError, nearest
from receivables.settings.accredited import Accredited as Accredited
from receivables.settings.anomaly import Anomaly as Anomaly
from receivables.settings.anomaly_buying import AnomalyBuying as AnomalyBuying
from receivables.settings.anomaly_conduct import AnomalyConduct as AnomalyConduct
from receivables.settings.anomaly_ledger import AnomalyLedger as AnomalyLedger
from receivables.settings.backtest import Backtest as Backtest
from receivables.settings.behaviour import Behaviour
from receivables.settings.credit_limit import CreditLimit as CreditLimit
from receivables.settings.customer_type import TYPES as TYPES
from receivables.settings.customer_type import CustomerType as CustomerType
from receivables.settings.customer_type import Fact as Fact
from receivables.settings.customer_value import CustomerValue as CustomerValue
from receivables.settings.mail import Mail as Mail
from receivables.settings.mail import Recipient as Recipient
from receivables.settings.rating import GRADES as GRADES
from receivables.settings.rating import Rating as Rating
from receivables.settings.scorecard import BLOCKS as BLOCKS
from receivables.settings.scorecard import Attribute as Attribute
from receivables.settings.scorecard import Scorecard as Scorecard
from receivables.settings.section import Section
from receivables.settings.shrinkage import Shrinkage as Shrinkage
from receivables.settings.statistical_card import StatisticalCard as StatisticalCard
from receivables.settings.unattended import WEEKDAYS as WEEKDAYS
from receivables.settings.unattended import Expected as Expected
from receivables.settings.unattended import Operator as Operator
from receivables.settings.unattended import Retention as Retention
from receivables.settings.unattended import Unattended as Unattended

FILE_NAME: Final = "receivables.toml"
LANGUAGES: Final = ("en", "es", "zh")

Model = TypeVar("Model", bound="BaseModel")
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Company(Section):
    """A company of the group, where its exports do not describe it themselves."""

    id: str = Field(min_length=1, description="the company's id as its exports and file names write it")
    name: str = Field(default="", description="the name shown in reports; empty: the id")
    local_currency: CurrencyCode = Field(description="the ledger currency, ISO 4217")
    country: str = Field(
        default="",
        pattern=r"^([A-Z]{2})?$",
        description="where it is registered, ISO 3166; its public holidays are no business days; empty: as its exports say",
    )
    region: str = Field(
        default="",
        description="the region whose holidays it keeps beside the country's, as ISO 3166-2 writes it after the country: MD in Spain is Madrid; empty: none",
    )


class Aging(Section):
    """How open items are aged."""

    bucket_edges_days: tuple[int, ...] = Field(
        default=(30, 60, 90, 180, 365, 730),
        description="days overdue, upper edge of each bucket, inclusive; "
        "half a year, one year and two years are where the chance of collection turns",
    )
    basis: Literal["due_date", "document_date"] = Field(
        default="due_date",
        description="date whose distance in days decides an item's bucket: due_date, or document_date where terms are not kept; "
        "what is called overdue always goes by the due date",
    )
    month_ends: int = Field(
        default=24,
        ge=0,
        le=600,
        description="month ends before the as-of date that are aged with it, two years of trend; 0 tells none",
    )
    turnover_months: int = Field(
        default=3,
        ge=1,
        le=60,
        description="months of sales, the running one with them, that DSO and the collection index are taken from; a quarter evens out single months",
    )
    payment_months: int = Field(
        default=12,
        ge=1,
        le=60,
        description="months of payments and of contacts, the running one with them, that days to pay and measures of contact are taken from; a year holds every season once",
    )
    asserted_days: int = Field(
        default=12,
        ge=0,
        le=600,
        description="latest days, no month end told anyway, whose stated balances are held against the open items of that day; a year of monthly closings",
    )

    @model_validator(mode="after")
    def _rising(self) -> Aging:
        edges = self.bucket_edges_days
        if not edges or edges[0] < 1 or any(b <= a for a, b in pairwise(edges)):
            raise ValueError("bucket edges must be positive whole days in rising order")
        return self

    def buckets(self) -> list[tuple[str, int, int | None, int | None]]:
        """Key, place in the report, first and last day overdue of each bucket; None is an open end."""
        starts = [1, *(edge + 1 for edge in self.bucket_edges_days)]
        ends: list[int | None] = [*self.bucket_edges_days, None]
        names = [f"d{lo}_{hi}" if hi else f"d{lo}_plus" for lo, hi in zip(starts, ends, strict=True)]
        rows: list[tuple[str, int, int | None, int | None]] = [("not_due", 1, None, 0)]
        rows += [(n, i, lo, hi) for i, (n, lo, hi) in enumerate(zip(names, starts, ends, strict=True), start=2)]
        return [*rows, ("no_due_date", len(rows) + 1, None, None), ("unapplied", len(rows) + 2, None, None)]


class Restatement(Section):
    """What was published before and is held against what is known now."""

    dates_back: int = Field(
        default=7,
        ge=0,
        le=400,
        description="published dates, latest first, that each night is held against; files come late by days, seldom by more than a week",
    )
    dates_kept: int = Field(
        default=400,
        ge=1,
        description="published dates whose open items stay in the lake, thirteen months of nights; the last of each month stays for good",
    )

    @model_validator(mode="after")
    def _kept_as_long_as_needed(self) -> Restatement:
        if self.dates_kept < self.dates_back:
            raise ValueError(f"at least dates_back, {self.dates_back}: what is looked back at must still be there")
        return self


class Grace(Section):
    """When what is due counts as late in the measures after grace; days overdue and buckets always count calendar days."""

    to_business_day: bool = Field(
        default=True,
        description="whether what is due on a weekend or public holiday may come on the next business day; banks clear on business days only",
    )
    days: int = Field(
        default=0,
        ge=0,
        le=60,
        description="calendar days after the due date before an item is late, then moved to a business day; 0: none is agreed",
    )


class Terms(Section):
    """What counts as a written payment term."""

    needs_signed_file: bool = Field(
        default=False,
        description="whether a signed contract counts only with the place its paper is filed; many exports do not tell it",
    )


class Contact(Section):
    """How contacts with customers are measured."""

    before_due_days: int = Field(
        default=3,
        ge=0,
        le=30,
        description="days before the due date from which a contact counts as made at due; a reminder that close is what was asked for",
    )
    regularity_min: int = Field(
        default=3,
        ge=2,
        le=100,
        description="days with contact in the months looked at; with fewer nothing can be said of how evenly they lie",
    )


class Ledger(Section):
    """What closes an item, what values it, and how far figures may differ before somebody must look."""

    closing_tolerance_amount: Decimal = Field(
        default=Decimal("0.50"),
        ge=0,
        description="document currency; a smaller rest costs more to chase than it is worth",
    )
    closing_tolerance_share: Decimal = Field(
        default=Decimal("0.001"), ge=0, le=1, description="share of the invoice; bank charges grow with the amount"
    )
    over_allocation_amount: Decimal = Field(
        default=Decimal("0.05"), ge=0, description="document currency; rounding of several allocations, not an error"
    )
    control_amount_per_item: Decimal = Field(
        default=Decimal("0.01"),
        ge=0,
        description="ledger currency per open item; rounding of part payments in foreign currency, beyond it the proof fails",
    )
    stated_rounding: Decimal = Field(
        default=Decimal("0.005"),
        ge=0,
        description="of the unit a balance is stated in, per figure; reports show two decimals, also of thousands",
    )
    cutoff_days: int = Field(
        default=10,
        ge=0,
        le=366,
        description="days after its date within which a balance may have been taken with later postings in it; a closing takes so long",
    )
    tie_out_amount: Decimal = Field(
        default=Decimal(1),
        ge=0,
        description="ledger currency (document currency where no other is stated) of a stated balance that no cause explains; beyond it there is a finding",
    )
    tie_out_level: Literal["note", "needs_person"] = Field(
        default="needs_person",
        description="what becomes of a difference beyond it: a note, or somebody must look; a report whose balances nobody can explain is not signed",
    )
    whole_list_share: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=1,
        description="share of the customers with open items that a newer list must hold to count instead of older tables; fewer is an excerpt",
    )
    fx_rate_days: int = Field(
        default=7,
        ge=0,
        le=366,
        description="days before a date that its closing rate may be of; no rates are published on weekends and long holidays",
    )
    reporting_currency: str = Field(
        default="",
        pattern=r"^([A-Z]{3})?$",
        description="ISO 4217; the currency in which companies of different ledger currencies are summed, balances at closing rates, the collection curve at those of the documents' days; empty: never summed",
    )


class Curve(Section):
    """How the chance of collection is measured against the days overdue."""

    window_months: int = Field(
        default=24,
        ge=1,
        le=600,
        description="months before the as-of date that the recent curve looks at; two years hold every season twice",
    )
    history_from: date = Field(
        default=date(1900, 1, 1),
        description="first day from which exports tell every settlement, where they begin with what was then open; older invoices count from that day on",
    )
    min_customers: int = Field(
        default=5,
        ge=2,
        description="customers at risk; with fewer a share tells of persons, not of practice, and is not shown",
    )
    max_customer_share: Decimal = Field(
        default=Decimal("0.5"),
        gt=0,
        le=1,
        description="share of the money at risk that one customer may hold; beyond it the curve is that customer's own and is not shown",
    )
    overdue_days: tuple[int, ...] = Field(
        default=(0, 30, 61, 91, 182, 274, 365, 730),
        description="days overdue for which the chance of collection is told: due, one to three, six and nine months, one and two years",
    )
    horizon_days: tuple[int, ...] = Field(
        default=(30, 90, 365), description="days ahead within which money is looked for: a month, a quarter, a year"
    )
    amount_bands: tuple[Decimal, ...] = Field(
        default=(Decimal(1000), Decimal(10000), Decimal(100000)),
        description="ledger currency, upper edge of each band of invoice amounts, inclusive; small invoices are paid another way than large ones",
    )
    interval_groups: int = Field(
        default=200,
        ge=20,
        description="customers left out one by one for an interval; a segment with more is put into so many groups of customers",
    )
    shrinkage_customers: Decimal = Field(
        default=Decimal(5),
        ge=0,
        description="average customers of the company whose money at risk is added to a segment's own, at the company's rate, where its curve is drawn to the company's; "
        "below five a share is not shown alone",
    )
    shrinkage_band_days: int = Field(
        default=30, ge=1, description="days of each band in which a segment's curve is drawn to its company's; a month"
    )

    @model_validator(mode="after")
    def _rising(self) -> Curve:
        rising: tuple[tuple[Decimal, ...], ...] = (
            tuple(map(Decimal, self.overdue_days)),
            tuple(map(Decimal, self.horizon_days)),
            self.amount_bands,
        )
        for edges in rising:
            if not edges or edges[0] < 0 or any(b <= a for a, b in pairwise(edges)):
                raise ValueError("days and amount bands must be in rising order, none of them negative")
        return self

    def ages(self) -> tuple[int, ...]:
        """Every age the curve is asked for: the days overdue, each with each horizon after it, and the ends of the bands."""
        return tuple(sorted({*self._asked(), *self.band_ends()}))

    def band_ends(self) -> tuple[int, ...]:
        """The last age of each band in which segments are drawn to their company, the due date alone the first, as far as chances are asked for."""
        return tuple(range(0, max(self._asked()) + 1, self.shrinkage_band_days))

    def _asked(self) -> set[int]:
        return {start + horizon for start in self.overdue_days for horizon in (0, *self.horizon_days)}

    def bands(self) -> list[tuple[str, Decimal, Decimal | None]]:
        """Key, lower edge (exclusive) and upper edge (inclusive) of each amount band; None is an open end."""
        lower = (Decimal(0), *self.amount_bands)
        upper = (*self.amount_bands, None)
        return [
            (f"to_{hi:f}" if hi is not None else f"above_{lo:f}", lo, hi) for lo, hi in zip(lower, upper, strict=True)
        ]


class Provision(Section):
    """What is expected to be lost of open items (a management estimate, no audited figure), and what waiting costs."""

    forward_factor: Decimal = Field(
        default=Decimal("1.00"),
        ge=0,
        le=10,
        description="times the loss rate of the past; what is known of the future and not yet in the past, 1: nothing",
    )
    forward_reason: str = Field(
        default="", description="why the factor is what it is, printed beside it; required unless it is 1"
    )
    rest_loss_share: Decimal = Field(
        default=Decimal(1),
        ge=0,
        le=1,
        description="share of what is still open at the last age the curve tells that counts as lost; nothing is known of it, prudence says all",
    )
    event_confidence_min: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=1,
        description="how sure an insolvency or closure must be to assess a debtor individually; less is a rumour",
    )
    differs_share: Decimal = Field(
        default=Decimal("0.20"),
        gt=0,
        description="share of a loss rate that the roll rates may differ from it; beyond it one of the two does not fit the ledger",
    )
    roll_months_min: int = Field(
        default=12, ge=1, le=36, description="pairs of month ends; fewer do not hold every season once"
    )
    roll_months_max: int = Field(
        default=36, ge=1, le=120, description="pairs of month ends, latest first; older ones tell of another practice"
    )
    discount_rate: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        le=1,
        description="cost of money per year as a share, with which cash to come is discounted; a usual bank rate until the company tells its own",
    )
    vintage_months: int = Field(
        default=24, ge=3, le=120, description="months after due that a vintage is followed; later cash is little"
    )
    watch_months: int = Field(
        default=3, ge=0, le=24, description="months after due at which a vintage is held against those before it"
    )
    prior_vintages: int = Field(
        default=4, ge=1, le=24, description="vintages before it that are its standard; more would hide a slow change"
    )
    window_days: int = Field(
        default=180,
        ge=1,
        description="days overdue, half a year; practitioners collect best within it and far worse beyond",
    )
    leaving_days: int = Field(
        default=30, ge=1, description="days before the window closes from which an item is listed; a month to act"
    )
    waiting_days: int = Field(
        default=7, ge=1, le=365, description="days of delay whose cost is told; a week is how calls are planned"
    )

    @model_validator(mode="after")
    def _explained(self) -> Provision:
        if self.forward_factor != 1 and not self.forward_reason.strip():
            raise ValueError("forward_factor other than 1 needs a forward_reason")
        if self.roll_months_max < self.roll_months_min:
            raise ValueError(f"at least roll_months_min, {self.roll_months_min}")
        return self


class Forecast(Section):
    """How much cash is expected from what is open, how past forecasts are held against what came, and what a smooth year end asks for."""

    weeks: int = Field(
        default=13, ge=1, le=52, description="weeks ahead told week by week; a quarter is planned at once"
    )
    months: int = Field(
        default=12,
        ge=1,
        le=24,
        description="months ahead of the due curve; a year holds the next year end whatever the day",
    )
    segment: Literal["terms", "territory", "salesperson", "grade", "amount_band", "customer_type"] = Field(
        default="terms",
        description="by what customers are likened to each other where their own history is short; terms decide most of when money comes",
    )
    shrinkage_customers: Decimal = Field(
        default=Decimal(5),
        ge=0,
        description="average customers whose money at risk is added to a customer's own, at the segment's rate; one paying once or twice has no habit yet",
    )
    record_quarters: int = Field(
        default=8,
        ge=0,
        le=40,
        description="past quarter ends whose forecasts are made again as known then; two years hold every season twice",
    )
    record_weeks_min: int = Field(
        default=26,
        ge=10,
        description="past weeks whose errors set the interval, two forecasts of a quarter; with fewer it is made of the customers' own variance",
    )
    usual_years: int = Field(
        default=3,
        ge=1,
        le=20,
        description="past years that say what a calendar month usually brings; one alone may be odd",
    )
    level_share: Decimal = Field(
        default=Decimal("1.25"),
        ge=1,
        description="times the average month that a month may bring before part of it should come earlier; a quarter above is a busy month, more is a hill",
    )


class Ingest(Section):
    """When a file is loaded, when a person must look, when it is refused."""

    needs_person_pct: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=100,
        description="percent of rows or value in quarantine; above it a person must look",
    )
    refuse_pct: Decimal = Field(
        default=Decimal(5),
        ge=0,
        le=100,
        description="percent of rows or value in quarantine; above it the file is refused",
    )
    memory_limit: str = Field(
        default="700MB",
        pattern=r"^\d+(\.\d+)?(MB|GB)$",
        description="memory for reading one file; it spills beyond, so that a longer file takes no more",
    )
    header_scan_lines: int = Field(
        default=40, ge=1, description="lines; titles and filters above a header are rarely longer"
    )
    years_back: int = Field(default=30, ge=1, description="years before the extract; an older date is a typing error")
    years_ahead: int = Field(default=5, ge=1, description="years after the extract; a later date is a typing error")
    max_file_mb: int = Field(
        default=4096,
        ge=1,
        description="megabytes; a larger file, or a workbook that unpacks to more, is refused unread",
    )
    max_whole_mb: int = Field(
        default=500,
        ge=1,
        description="megabytes of a DBF, HTML or XML file, which is held in memory whole, several times over; a larger one is refused unread",
    )
    max_rows: int = Field(
        default=100_000_000,
        ge=1,
        description="rows of a Parquet file, in which a billion equal ones take no room; one that says it has more is refused unread",
    )
    max_cells: int = Field(
        default=30_000_000,
        ge=1,
        description="cells, blank ones included, of a table in a workbook, DBF, HTML or XML file, which is held in memory; 28 columns of a full XLSX sheet",
    )
    workbook_memory: str = Field(
        default="4GB",
        pattern=r"^\d+(\.\d+)?(MB|GB)$",
        description="memory for the process that reads a workbook; a few kilobytes may claim a sheet of terabytes, and one that needs more is refused",
    )
    workbook_seconds: int = Field(
        default=600,
        ge=1,
        description="seconds of processor time for reading a workbook; one that takes longer is refused",
    )
    fx_rate_difference_pct: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=100,
        description="percent between a row's ledger amount and its amount at the rate it tells; beyond it one of the three is wrong and nobody knows which",
    )
    quoted_lines_max: int = Field(
        default=100, ge=1, description="lines one quoted value may span; beyond it a quote was left open"
    )
    sheet_rows: tuple[int, ...] = Field(
        default=(65_536, 1_048_576),
        description="rows, header included, that a spreadsheet holds (XLS, XLSX); a file of exactly so many was cut off and is refused",
    )
    shrink_refuse_pct: Decimal = Field(
        default=Decimal(50),
        ge=0,
        le=100,
        description="percent of rows lost since the last extract of the same kind; above it the file is incomplete and refused",
    )
    shrink_min_rows: int = Field(
        default=20, ge=1, description="rows of the last extract; a shorter one may lose most of them in a day"
    )
    delta_overlap_days: int = Field(
        default=3,
        ge=0,
        description="days a delta may be older than the latest extract; exports of changes overlap so that a late one loses nothing",
    )


class Contracts(Section):
    """What is expected of data; each contract stands in contracts/*.toml of the program, and of the home, with its values and level."""

    enabled: bool = Field(
        default=True,
        description="whether contracts are judged; it takes some seconds of a night, and off no file is refused by a contract",
    )


class Completeness(Section):
    """When what was told of a company counts as cut short."""

    history_months: int = Field(
        default=36,
        ge=1,
        le=600,
        description="months before the as-of date whose daily counts are looked at; three years hold every season more than once",
    )
    active_days: int = Field(
        default=60,
        ge=2,
        description="days with postings before silence is judged; of n silences the next is twice the longest about 2 in n² times by chance, with 60 one in 1,800",
    )
    silent_factor: Decimal = Field(
        default=Decimal(2),
        ge=1,
        description="times the longest silence the same postings ever kept; beyond it they are missing",
    )
    silent_days: int = Field(
        default=5, ge=1, description="business days; a shorter silence is never judged, a week may be a holiday"
    )
    days_after: int = Field(
        default=3,
        ge=1,
        description="days on which the company goes on after something fell silent; fewer may be the end of one extract before another",
    )
    extracts_min: int = Field(
        default=5,
        ge=2,
        description="extracts of a company before it can be missing in later ones; fewer have no rhythm",
    )
    gone_items: int = Field(
        default=3,
        ge=1,
        description="open items of a currency or kind, all of them missing in a later full extract, before it counts as gone; fewer may have been deleted",
    )
    year_end_days: int = Field(
        default=12,
        ge=0,
        le=60,
        description="days before and after New Year that are no business days; everybody's books are quiet then",
    )
    window_days: int = Field(
        default=10,
        ge=5,
        description="business days whose clearings are counted together; two weeks hold every weekday twice",
    )
    windows_min: int = Field(
        default=8, ge=3, description="such windows before the latest; fewer do not tell how far counts vary"
    )
    fall_ratio: Decimal = Field(
        default=Decimal("0.5"),
        gt=0,
        le=1,
        description="share of the usual clearings, and of those in the same season of last year; fewer are a fall",
    )
    chance: Decimal = Field(
        default=Decimal("0.0001"),
        gt=0,
        le=1,
        description="probability of so few by chance, from the negative binomial of past counts; one false alarm in 10,000 nights",
    )
    events_min: int = Field(
        default=20,
        ge=1,
        description="postings in each month beside an empty one; by chance a month of 20 is empty once in 500 million",
    )
    cut_days: int = Field(
        default=30,
        ge=1,
        description="days before a period end whose dues are looked at; a month of them, whatever the terms",
    )
    cut_ratio: Decimal = Field(
        default=Decimal("0.1"),
        gt=0,
        le=1,
        description="share of the items usually open over a period end; fewer mean that the rest was left out of the extract",
    )
    periods_min: int = Field(
        default=6,
        ge=2,
        description="other period ends that say how many items are usually open; half a year of month ends",
    )
    cut_effect_days: int = Field(
        default=90,
        ge=0,
        description="days after a cut during which what it left out would still be open; later nearly all is paid",
    )
    needs_person: tuple[Literal["silent", "gone", "month_missing", "fall", "cut"], ...] = Field(
        default=("silent", "gone"),
        description="tests that ask for a person; what is missing today can be exported again, of what is past the report's marks tell",
    )


class Report(Section):
    """The nightly report."""

    languages: tuple[Literal["en", "es", "zh"], ...] = Field(
        default=("en",), min_length=1, description="one file for each"
    )
    top_customers: int = Field(default=15, ge=1, le=200, description="customers listed by name; the rest is one row")
    flags_listed: int = Field(
        default=20,
        ge=1,
        description="open flags of each company listed in the report; the rest is one row, as a longer list is read by nobody",
    )
    customer_pages: Literal["off", "open", "active"] = Field(
        default="active",
        description="who has a page of its own beside the report: open, who has open items or a rating to be confirmed; "
        "active, also who was invoiced or paid of late, since a good payer is asked about too; off, nobody",
    )
    customer_active_days: int = Field(
        default=90,
        ge=1,
        description="days up to the as-of date in which who was invoiced or paid is active; a quarter is as long as seasonal buyers pause",
    )
    customer_items: int = Field(
        default=200, ge=1, description="open items listed on a customer's page, oldest due first; the rest is one row"
    )
    workbook: bool = Field(
        default=True,
        description="whether a workbook of aging, open items, ratings, flags, expected cash and findings is written beside the report; "
        "100,000 open items of 50,000 customers take half a minute and 14 MB a language",
    )
    customer_dates_kept: int = Field(
        default=3,
        ge=1,
        description="latest as-of dates whose customer pages are kept, as many as published files; a thousand customers take 35 MB a date and language",
    )


class Engine(Section):
    """What the database may use."""

    memory_limit: str = Field(
        default="2GB", pattern=r"^\d+(\.\d+)?(MB|GB)$", description="DuckDB's memory; it spills beyond"
    )
    threads: int = Field(default=0, ge=0, description="threads; 0 takes all cores")
    keep_warehouses: int = Field(default=3, ge=1, description="published files kept, newest first")
    incremental_builds: int = Field(
        default=30,
        ge=0,
        description="builds that may go on one from the other before one is made whole again, so that nothing is taken over for ever; 0 makes every build whole",
    )
    incremental_documents: int = Field(
        default=10_000,
        ge=0,
        description="documents of the ledger from which on a build goes on from the one before; below, a whole build costs no more",
    )
    incremental_share: Decimal = Field(
        default=Decimal("0.3"),
        ge=0,
        le=1,
        description="share of the documents that a build may have to make anew, with what hangs together, to go on from the one before; beyond, a whole build costs no more",
    )
    kind: Literal["duckdb", "spark_connect"] = Field(
        default="duckdb",
        description="what makes the tables of a night: duckdb on this machine, or spark_connect, a cluster, from more rows than one machine holds (data/CLUSTER.md)",
    )
    remote: str = Field(
        default="sc://localhost:15002",
        pattern=r"^sc://\S+$",
        description="where the Spark Connect endpoint of spark_connect listens, the only address that a night then reaches; 15002 is the port that Spark and Sail take",
    )
    token_env: str = Field(
        default="RECEIVABLES_SPARK_TOKEN",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="environment variable that holds the endpoint's token, where it asks for one; it stands in no settings, which are backed up",
    )
    shared_as: str = Field(
        default="",
        description="what the endpoint calls the folder of this home, such as s3a://bucket/receivables; empty: as this machine does, where both share the disk",
    )

    @model_validator(mode="after")
    def _without_token(self) -> Engine:
        if "token=" in self.remote.lower():
            raise ValueError(
                f"an address without the token, which belongs in the environment variable {self.token_env}"
            )
        return self


_NOT_OF_FIGURES: Final = ("engine", "mail", "recipient", "unattended", "retention", "expected", "operator")
"""Sections that change no figure."""


class Settings(Section):
    """Everything `receivables.toml` can say."""

    company: tuple[Company, ...] = Field(
        default=(), description="companies whose exports do not name their ledger currency"
    )
    aging: Aging = Aging()
    restatement: Restatement = Restatement()
    grace: Grace = Grace()
    terms: Terms = Terms()
    contact: Contact = Contact()
    ledger: Ledger = Ledger()
    curve: Curve = Curve()
    provision: Provision = Provision()
    forecast: Forecast = Forecast()
    behaviour: Behaviour = Behaviour()
    scorecard: Scorecard = Scorecard()
    statistical_card: StatisticalCard = StatisticalCard()
    rating: Rating = Rating()
    credit_limit: CreditLimit = CreditLimit()
    customer_type: CustomerType = CustomerType()
    customer_value: CustomerValue = CustomerValue()
    accredited: Accredited = Accredited()
    shrinkage: Shrinkage = Shrinkage()
    backtest: Backtest = Backtest()
    anomaly: Anomaly = Anomaly()
    anomaly_conduct: AnomalyConduct = AnomalyConduct()
    anomaly_ledger: AnomalyLedger = AnomalyLedger()
    anomaly_buying: AnomalyBuying = AnomalyBuying()
    ingest: Ingest = Ingest()
    contracts: Contracts = Contracts()
    completeness: Completeness = Completeness()
    report: Report = Report()
    mail: Mail = Mail()
    recipient: tuple[Recipient, ...] = Field(
        default=(), description="who is mailed the report, and what of it is in sight; a block for each"
    )
    engine: Engine = Engine()
    unattended: Unattended = Unattended()
    retention: Retention = Retention()
    expected: tuple[Expected, ...] = Field(
        default=(), description="files that must have come by an hour; one that has not is a finding. A block for each"
    )
    operator: tuple[Operator, ...] = Field(
        default=(), description="who is mailed when a night fails, by the server of [mail]; a block for each"
    )

    @model_validator(mode="after")
    def _one_block_for_each(self) -> Settings:
        seen: set[str] = set()
        for one in self.recipient:
            if one.address.casefold() in seen:
                raise ValueError(f"one recipient for each address, not two for {one.address}")
            seen.add(one.address.casefold())
        return self

    def sha256(self) -> str:
        """Identify the settings a run was made with; who is told of it, what computes it, and how it runs unattended, changes nothing in it."""
        return hashlib.sha256(self.model_dump_json(exclude=set(_NOT_OF_FIGURES)).encode()).hexdigest()

    def company_named(self, company_id: str) -> Company | None:
        """The declared company of that id, if any."""
        return next((company for company in self.company if company.id == company_id), None)


def load(path: Path) -> Settings:
    """Read settings; a missing file means the defaults.

    Raises:
        SettingsError: the file is no TOML, names an unknown key, or a value is out of range.
    """
    if not path.exists():
        return Settings()
    return validated(Settings, parse_toml(path), str(path))


def parse_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, with the line of a syntax error in the message.

    Raises:
        SettingsError: unreadable or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            got=f"{path}: {error.strerror or error}", expected="a readable TOML file", try_="checking the path"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            got=f"{path}: {error}", expected="a TOML file in UTF-8", try_="correcting that line"
        ) from None


def validated(model: type[Model], raw: dict[str, Any], source: str) -> Model:
    """Validate a TOML document against its model, turning the first fault into one line.

    Raises:
        SettingsError: names the key, what stood there, and the nearest known key for an unknown one.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as failure:
        raise _explained(model, failure, source) from None


def _explained(model: type[BaseModel], failure: ValidationError, source: str) -> SettingsError:
    faults = failure.errors()
    # a misspelt key is reported twice, as unknown and as missing; the first says more
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        known = _fields_at(model, fault["loc"][:-1])
        guess = nearest(str(fault["loc"][-1]), known)
        return SettingsError(got=f"unknown key {where} in {source}", expected="a known key", try_=guess)
    if fault["type"] == "missing":
        return SettingsError(got=f"no {where} in {source}", expected="a value for it", try_=f"adding {where}")
    message = fault["msg"].removeprefix("Value error, ")
    shown = repr(fault["input"])[:80]
    return SettingsError(got=f"{where} = {shown} in {source}", expected=message, try_=f"another value for {where}")


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    here: Any = model
    for part in path:
        if isinstance(part, str) and part in here.model_fields:
            here = _model_in(here.model_fields[part].annotation) or here
    return list(here.model_fields)


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in getattr(annotation, "__args__", ()) if (found := _model_in(arg))), None)


_SAMPLES: Final[dict[str, dict[str, str]]] = {
    "company": {"id": "ES01", "local_currency": "EUR"},
    "recipient": {"address": "ana@example.com"},
    "expected": {},
    "operator": {"address": "it@example.com"},
}
"""What stands in the blocks that a home may have several of."""


def default_toml() -> str:
    """The commented settings file `receivables init` writes: every key with its default, unit and reason."""
    lines = ["# Settings of this receivables home. Uncomment what you change; each default is shown.", ""]
    for name, field in Settings.model_fields.items():
        section = _model_in(field.annotation)
        if name in _SAMPLES:
            lines += [f"# {field.description}", f"#[[{name}]]", *_commented(section, sample=_SAMPLES[name]), ""]
        else:
            lines += [f"[{name}]  # {(section.__doc__ or '').strip()}", *_commented(section), ""]
    return "\n".join(lines)


def _commented(section: Any, sample: dict[str, str] | None = None) -> list[str]:
    rows = []
    for name, field in section.model_fields.items():
        value = (sample or {}).get(name, "" if field.is_required() else field.get_default())
        rows.append(f"# {field.description}\n#{name} = {_toml(value)}")
    return rows


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | Decimal | date) else f'"{value}"'
