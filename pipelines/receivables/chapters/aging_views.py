"""The same open items seen otherwise: by each of their dates, by members, at closing rates, and all ledgers in one currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.cells import ZERO, day_or_none, money, money_or_none, text, total_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    import pandas as pd

TABLES: Final = (
    *("core.company", "marts.aging_by", "marts.aging_by_date", "marts.closing_rate"),
    *("params.aging", "params.bucket", "params.ledger"),
)

DUE_DATE: Final = "due_date"
DOCUMENT_DATE: Final = "document_date"
ORIGINAL: Final = "due_date_original"

DIMENSIONS: Final = ("parent", "salesperson", "territory")
"""Dimensions that have a table of their own, where the data have members of them."""

UNNAMED: Final = ("(none)", "(unidentified)")
"""Keys of what has no member."""


@dataclass(frozen=True)
class DateLine:
    """What stands in one bucket by each date that items can be aged by, ledger currency."""

    bucket: str
    by_due: Decimal
    by_document: Decimal
    by_original: Decimal

    @property
    def moved(self) -> Decimal:
        """What moved due dates bring into the bucket; negative where they take out."""
        return self.by_due - self.by_original


@dataclass(frozen=True)
class Foreign:
    """What is open in one foreign currency; None where its closing rate is not told, or companies use different ones.

    `rate` is what one unit of `unit` costs in the other of the two currencies.
    """

    currency: str
    open_doc: Decimal
    booked: Decimal
    value: Decimal | None
    rate: Decimal | None
    unit: str
    rate_date: date | None

    @property
    def revaluation(self) -> Decimal | None:
        """The value at the closing rate less the booking value."""
        return None if self.value is None else self.value - self.booked


@dataclass(frozen=True)
class Member:
    """A member of a dimension with an amount per bucket, in the order of the page's buckets."""

    key: str
    name: str
    amounts: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """All its open items."""
        return sum(self.amounts, ZERO)


@dataclass(frozen=True)
class Dimension:
    """The largest members of a dimension, and all others in one line."""

    dimension: str
    members: tuple[Member, ...]
    others: int
    rest: Member

    @property
    def sums(self) -> Member:
        """All members together."""
        columns = zip(*(member.amounts for member in (*self.members, self.rest)), strict=True)
        return Member("", "", tuple(sum(column, ZERO) for column in columns))


@dataclass(frozen=True)
class LedgerView:
    """Everything in one ledger currency."""

    currency: str
    dates: tuple[DateLine, ...]
    foreign: tuple[Foreign, ...]
    dimensions: tuple[Dimension, ...]

    @property
    def is_moved(self) -> bool:
        """Whether due dates that were moved change any bucket."""
        return any(line.moved for line in self.dates)

    @property
    def valued(self) -> tuple[Foreign, ...]:
        """Foreign currencies whose closing rate is told."""
        return tuple(foreign for foreign in self.foreign if foreign.value is not None)

    @property
    def booked(self) -> Decimal:
        """The booking value of those valued."""
        return sum((foreign.booked for foreign in self.valued), ZERO)

    @property
    def value(self) -> Decimal:
        """The value at closing of those valued."""
        return sum((foreign.value for foreign in self.valued if foreign.value is not None), ZERO)


@dataclass(frozen=True)
class GroupLine:
    """A company's receivables in its ledger currency and in the reporting currency, None where a closing rate is missing."""

    company_id: str
    currency: str
    booked: Decimal
    value: Decimal | None


@dataclass(frozen=True)
class Missing:
    """A closing rate that open items need and nobody tells."""

    company_id: str
    from_currency: str
    to_currency: str


@dataclass(frozen=True)
class AgingViews:
    """The chapter; `basis` is the date that decides the buckets everywhere else, `reporting_currency` None where none is set."""

    basis: str = DUE_DATE
    ledgers: tuple[LedgerView, ...] = ()
    reporting_currency: str | None = None
    group: tuple[GroupLine, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def is_group_whole(self) -> bool:
        """Whether every company has its value in the reporting currency."""
        return all(line.value is not None for line in self.group)

    @property
    def group_total(self) -> Decimal:
        """All companies that have one, in the reporting currency."""
        return sum((line.value for line in self.group if line.value is not None), ZERO)

    def of(self, currency: str) -> LedgerView | None:
        """The views of one ledger currency."""
        return next((ledger for ledger in self.ledgers if ledger.currency == currency), None)


def aging_views(frames: Mapping[str, pd.DataFrame], top: int) -> AgingViews:
    """Make the chapter; `top` members of a dimension are listed by name."""
    company = frames["core.company"]
    currencies: dict[str, str] = dict(company[["company_id", "local_currency"]].itertuples(index=False))
    by = frames["marts.aging_by"].assign(ledger=frames["marts.aging_by"]["company_id"].map(currencies))
    dated = frames["marts.aging_by_date"].assign(ledger=frames["marts.aging_by_date"]["company_id"].map(currencies))
    rates = frames["marts.closing_rate"]
    buckets = tuple(frames["params.bucket"].sort_values("ordinal")["bucket"])
    reporting = text(frames["params.ledger"]["reporting_currency"].iloc[0])
    return AgingViews(
        basis=str(frames["params.aging"]["basis"].iloc[0]),
        ledgers=tuple(
            LedgerView(
                currency=currency,
                dates=tuple(_dates(dated[dated["ledger"] == currency], buckets)),
                foreign=tuple(_foreign(by[by["ledger"] == currency], rates, currency)),
                dimensions=tuple(_dimensions(by[by["ledger"] == currency], buckets, top)),
            )
            for currency in sorted(set(currencies.values()))
        ),
        reporting_currency=reporting,
        group=tuple(_group(by, currencies)) if reporting else (),
        missing=tuple(_missing(rates, by, currencies)),
    )


def _dates(dated: pd.DataFrame, buckets: tuple[str, ...]) -> Iterable[DateLine]:
    sums = dated.groupby(["aged_by", "bucket"])["open_local"].sum().to_dict()
    for bucket in buckets:
        amounts = [money(sums.get((aged_by, bucket))) for aged_by in (DUE_DATE, DOCUMENT_DATE, ORIGINAL)]
        if any(amounts):
            yield DateLine(bucket, *amounts)


def _foreign(by: pd.DataFrame, rates: pd.DataFrame, ledger: str) -> Iterable[Foreign]:
    rows = by[(by["dimension"] == "currency") & (by["currency"] != ledger)]
    for currency, part in rows.groupby("currency", sort=True):
        used = rates[
            rates["company_id"].isin(part["company_id"])
            & (rates["from_currency"] == currency)
            & (rates["to_currency"] == ledger)
        ]
        told = used.drop_duplicates(["rate", "rate_date", "is_inverse"])
        one = told.iloc[0] if len(told) == 1 else None
        is_inverse = one is not None and money_or_none(one["rate"]) is not None and bool(one["is_inverse"])
        yield Foreign(
            currency=str(currency),
            open_doc=total_of(part["open_doc"]),
            booked=total_of(part["open_local"]),
            value=None if part["open_local_closing"].isna().any() else total_of(part["open_local_closing"]),
            rate=None if one is None else money_or_none(one["rate"]),
            unit=ledger if is_inverse else str(currency),
            rate_date=None if one is None else day_or_none(one["rate_date"]),
        )


def _dimensions(by: pd.DataFrame, buckets: tuple[str, ...], top: int) -> Iterable[Dimension]:
    keys = ["company_id", "member"]
    customers = len(by[by["dimension"] == "customer"].drop_duplicates(keys))
    for dimension in DIMENSIONS:
        rows = by[by["dimension"] == dimension]
        told = rows[~rows["member"].isin(UNNAMED)]
        # every customer is its own parent: only where some have one in common there is something to see
        if told.empty or (dimension == "parent" and len(rows.drop_duplicates(keys)) == customers):
            continue
        yield _dimension(dimension, rows, buckets, top)


def _dimension(dimension: str, rows: pd.DataFrame, buckets: tuple[str, ...], top: int) -> Dimension:
    totals = rows.groupby(["member", "member_name"])["open_local"].sum().sort_values(ascending=False, kind="stable")
    cells = rows.groupby(["member", "member_name", "bucket"])["open_local"].sum().to_dict()
    whole = rows.groupby("bucket")["open_local"].sum()
    keys: list[tuple[str, str]] = totals.index.tolist()
    members = tuple(
        Member(key, name, tuple(money(cells.get((key, name, bucket))) for bucket in buckets))
        for key, name in keys[:top]
    )
    rest = tuple(
        money(whole.get(bucket)) - sum((member.amounts[place] for member in members), ZERO)
        for place, bucket in enumerate(buckets)
    )
    return Dimension(dimension, members, len(keys) - len(members), Member("", "", rest))


def _group(by: pd.DataFrame, currencies: Mapping[str, str]) -> Iterable[GroupLine]:
    for company_id, rows in by[by["dimension"] == "company"].groupby("company_id", sort=True):
        yield GroupLine(
            company_id=str(company_id),
            currency=currencies[str(company_id)],
            booked=total_of(rows["open_local"]),
            value=None if rows["open_group"].isna().any() else total_of(rows["open_group"]),
        )


def _missing(rates: pd.DataFrame, by: pd.DataFrame, currencies: Mapping[str, str]) -> Iterable[Missing]:
    """Rates not told that something open needs: of a company without open items none is missed."""
    lacking = rates[rates["rate"].isna() & rates["company_id"].isin(by["company_id"])]
    for row in lacking.sort_values(["company_id", "from_currency", "to_currency"]).to_dict("records"):
        if row["company_id"] in currencies:
            yield Missing(row["company_id"], row["from_currency"], row["to_currency"])
