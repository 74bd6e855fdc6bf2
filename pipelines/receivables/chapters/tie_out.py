"""Tie-out: what other records state, what is computed for the same scope and day, and what explains the difference."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import ZERO, day, int_or_none, money, money_or_none, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import pandas as pd

TABLES: Final = ("marts.tie_out", "marts.open_mismatch")
"""The published tables the chapter is made from."""

CAUSES: Final = ("timing", "unallocated", "fx", "tolerance", "unmatched")
"""What can explain a difference, in the order pages tell it."""

VERDICTS: Final = ("unexplained", "explained", "ties", "not_computed")
"""What can come of a stated balance, the worst first."""

_SCOPE: Final = ("company_id", "basis", "source", "as_of", "currency")


@dataclass(frozen=True)
class Balance:
    """One stated balance, or those of all customers of one record, in one currency.

    Amounts are in `unit`, signed; None is not computed. `currency` None means all document currencies together, `customer_id`
    None all customers. `stated` counts the balances added up, `differing` those that do not tie; `beyond` says that one of them is
    unexplained by more than a setting allows.
    """

    company_id: str
    basis: str
    source: str
    as_of: date
    currency: str | None
    customer_id: str | None
    unit: str
    stated: int
    differing: int
    asserted: Decimal
    computed: Decimal | None
    difference: Decimal | None
    causes: tuple[tuple[str, Decimal], ...]
    unexplained: Decimal | None
    verdict: str
    reasons: tuple[str, ...]
    has_alternatives: bool
    beyond: bool


@dataclass(frozen=True)
class Mismatch:
    """Documents of which the ERP reports another open amount than their allocations leave; `believed` is reported or computed."""

    company_id: str
    currency: str
    believed: str
    documents: int
    reported: Decimal
    computed: Decimal
    difference: Decimal


@dataclass(frozen=True)
class TieOut:
    """All balances that other records state: `balances` listed, `others` (stated, not tied) left out; `customers` the largest that differ."""

    balances: tuple[Balance, ...] = ()
    others: int = 0
    customers: tuple[Balance, ...] = ()
    customers_left_out: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    is_asking: bool = True

    @property
    def open_questions(self) -> tuple[Balance, ...]:
        """Records with a difference that nothing explains, beyond what a setting allows."""
        return tuple(balance for balance in self.balances if balance.beyond)

    @property
    def asking(self) -> tuple[Balance, ...]:
        """Those somebody must look at."""
        return self.open_questions if self.is_asking else ()


def tie_out(
    frames: Mapping[str, pd.DataFrame],
    units: Mapping[str, str],
    *,
    amount: Decimal = Decimal(1),
    is_asking: bool = True,
    listed: int = 30,
) -> TieOut:
    """Build the chapter.

    Args:
        frames: the published tables by name, all of `TABLES`.
        units: the ledger currency of each company.
        amount: what a stated balance may stay unexplained by; beyond it there is a finding.
        is_asking: whether such a finding asks for a person.
        listed: records, and customers, listed one by one, those that do not tie first.
    """
    rows: list[dict[Any, Any]] = frames["marts.tie_out"].to_dict("records")
    groups: dict[tuple[Any, ...], list[dict[Any, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(text(row[name]) if name != "as_of" else day(row[name]) for name in _SCOPE), []).append(
            row
        )
    balances = sorted((_balance(group, units, amount) for group in groups.values()), key=_worst_first)
    differing = [[row] for row in rows if text(row["customer_id"]) and row["verdict"] in ("unexplained", "explained")]
    customers = sorted(
        (_balance(row, units, amount) for row in differing),
        key=lambda one: (VERDICTS.index(one.verdict), -abs(one.difference or ZERO), one.customer_id or ""),
    )
    return TieOut(
        balances=tuple(balances[:listed]),
        others=len(balances[listed:]),
        customers=tuple(customers[:listed]),
        customers_left_out=len(customers[listed:]),
        mismatches=tuple(_mismatches(frames["marts.open_mismatch"])),
        is_asking=is_asking,
    )


def _worst_first(one: Balance) -> tuple[Any, ...]:
    return (
        VERDICTS.index(one.verdict),
        -one.as_of.toordinal(),
        one.company_id,
        one.basis,
        one.source,
        one.currency or "",
    )


def _balance(rows: Sequence[Mapping[Any, Any]], units: Mapping[str, str], amount: Decimal) -> Balance:
    first = rows[0]
    company_id, currency = first["company_id"], text(first["currency"])
    # in document currency only where the ledger amount is not stated of each
    side = "_local" if all(money_or_none(row["asserted_local"]) is not None for row in rows) else "_doc"
    verdict = min((row["verdict"] for row in rows), key=VERDICTS.index)
    is_computed = verdict != "not_computed"

    def total(name: str) -> Decimal:
        return sum((money(row[name + side]) for row in rows), ZERO)

    causes = tuple((cause, sum_) for cause in CAUSES if (sum_ := total(cause)))
    return Balance(
        company_id=company_id,
        basis=first["basis"],
        source=first["source"],
        as_of=day(first["as_of"]),
        currency=currency,
        customer_id=text(first["customer_id"]) if len(rows) == 1 else None,
        unit=units.get(company_id, "") if side == "_local" else currency or "",
        stated=len(rows),
        differing=sum(row["verdict"] in ("unexplained", "explained") for row in rows),
        asserted=total("asserted"),
        computed=total("computed") if is_computed else None,
        difference=total("difference") if is_computed else None,
        causes=causes if is_computed else (),
        unexplained=total("unexplained") if is_computed else None,
        verdict=verdict,
        reasons=tuple(sorted({reason for row in rows for reason in (text(row["reasons"]) or "").split()})),
        has_alternatives=any((int_or_none(row["alternatives"]) or 0) > 0 for row in rows),
        beyond=any(row["verdict"] == "unexplained" and abs(_unexplained(row)) > amount for row in rows),
    )


def _unexplained(row: Mapping[Any, Any]) -> Decimal:
    local = money_or_none(row["unexplained_local"])
    return money(row["unexplained_doc"]) if local is None else local


def _mismatches(frame: pd.DataFrame) -> Iterable[Mismatch]:
    keys = ["company_id", "currency", "believed"]
    for (company_id, currency, believed), part in frame.groupby(keys, sort=True):
        sums = (money(part[name].sum()) for name in ("reported_doc", "computed_doc", "difference_doc"))
        yield Mismatch(str(company_id), str(currency), str(believed), len(part), *sums)
