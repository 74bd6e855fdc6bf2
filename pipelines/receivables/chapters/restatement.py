"""What later files changed about dates that were published before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import day, day_or_none, money, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    import pandas as pd

TABLES: Final = ("core.company", "marts.restatement", "marts.restatement_date", "ops.batch")
"""The published tables this chapter is made from."""

LISTED: Final = 5
"""Documents and receipts of a date that are listed one by one, those that moved most."""


@dataclass(frozen=True)
class RestatedItem:
    """A document or receipt that is open otherwise than was published; ledger currency, `file_name` None where no single file did it."""

    name: str
    customer_id: str
    change: str
    old_open: Decimal
    new_open: Decimal
    old_due: date | None
    new_due: date | None
    reason: str
    file_name: str | None


@dataclass(frozen=True)
class PublishedDate:
    """A published date of one company, with its receivables as published and as known now; ledger currency."""

    published_as_of: date
    company_id: str
    currency: str
    old_open: Decimal
    new_open: Decimal
    moved: Decimal
    items: int
    rules_items: int
    largest: tuple[RestatedItem, ...]

    @property
    def others(self) -> int:
        """Items restated that are not listed."""
        return self.items - len(self.largest)


@dataclass(frozen=True)
class Restatement:
    """The published dates that were held against what is known now, earliest first."""

    dates: tuple[PublishedDate, ...] = ()

    @property
    def restated(self) -> tuple[PublishedDate, ...]:
        """Those of which anything changed, latest first."""
        return tuple(one for one in reversed(self.dates) if one.items)

    @property
    def days(self) -> tuple[date, ...]:
        """The dates, each once."""
        return tuple(sorted({one.published_as_of for one in self.dates}))


def restatement(frames: Mapping[str, pd.DataFrame]) -> Restatement:
    """Make the chapter's records from the published tables, all of `TABLES`."""
    company, batch = frames["core.company"], frames["ops.batch"]
    currencies = dict(zip(company["company_id"], company["local_currency"], strict=True))
    files = dict(zip(batch["batch_id"], batch["file_name"], strict=True))
    item = frames["marts.restatement"]
    item = item[item["place"] <= LISTED].sort_values(["published_as_of", "company_id", "place"])
    largest: dict[tuple[date, str], list[RestatedItem]] = {}
    for row in item.to_dict("records"):
        largest.setdefault((day(row["published_as_of"]), row["company_id"]), []).append(_item(row, files))
    told = frames["marts.restatement_date"].sort_values(["published_as_of", "company_id"])
    return Restatement(tuple(_dates(told, currencies, largest)))


def _dates(
    told: pd.DataFrame, currencies: Mapping[str, str], largest: Mapping[tuple[date, str], list[RestatedItem]]
) -> Iterable[PublishedDate]:
    for row in told.to_dict("records"):
        key = (day(row["published_as_of"]), row["company_id"])
        yield PublishedDate(
            *key,
            currency=currencies[row["company_id"]],
            old_open=money(row["old_open_local"]),
            new_open=money(row["new_open_local"]),
            moved=money(row["moved_local"]),
            items=int(row["items"]),
            rules_items=int(row["rules_items"]),
            largest=tuple(largest.get(key, ())),
        )


def _item(row: Mapping[Any, Any], files: Mapping[Any, str]) -> RestatedItem:
    return RestatedItem(
        name=text(row["doc_no"]) or row["item_id"],
        customer_id=text(row["new_customer_id"]) or text(row["old_customer_id"]) or "",
        change=row["change"],
        old_open=money(row["old_open_local"]),
        new_open=money(row["new_open_local"]),
        old_due=day_or_none(row["old_due_date"]),
        new_due=day_or_none(row["new_due_date"]),
        reason=row["reason"],
        file_name=text(files.get(row["batch_id"])) if row["reason"] == "told" else None,
    )
