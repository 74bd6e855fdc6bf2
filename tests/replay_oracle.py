"""What is open as of a date, replayed in plain Python: loops and exact decimals, nothing shared with the SQL.

The SQL models and this file are two readings of the same conventions; the property tests hold them equal on random
ledgers. Read it from the top as the specification: which items count, which allocations take effect, which are refused,
how a document's instalments are cleared, what is closed by tolerance, and what the ledger then has to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from ledger_items import FOREVER, Item, document_items, payment_items
from ledger_records import Allocation, Document, Instalment, Payment, records

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Canonical rows by table name, ids unique across companies."""

ZERO: Final = Decimal("0.0000")
SOURCELESS_KINDS: Final = frozenset({"write_off", "waiver", "discount", "tolerance"})


@dataclass(frozen=True)
class Rules:
    """The thresholds of the replay; amounts in document currency, edges in days overdue, inclusive."""

    bucket_edges: tuple[int, ...] = (30, 60, 90, 180, 365, 730)
    over_allocation: Decimal = Decimal("0.05")
    closing_amount: Decimal = Decimal("0.50")
    closing_share: Decimal = Decimal("0.001")


DEFAULT_RULES: Final = Rules()


@dataclass(frozen=True)
class OpenItem:
    """An instalment, credit or unapplied payment that is not at zero; positive is owed by the customer."""

    item_kind: str
    item_id: str
    seq: int
    company_id: str
    customer_id: str
    currency: str
    bucket: str
    days_overdue: int | None
    open_doc: Decimal
    open_local: Decimal


@dataclass
class Control:
    """The ledger of one company and document currency, in that currency.

    `documents` add to what customers owe, all other parts take from it.
    """

    documents: Decimal = ZERO
    receipts: Decimal = ZERO
    sourceless: Decimal = ZERO
    discounts: Decimal = ZERO
    tolerance: Decimal = ZERO
    moved: Decimal = ZERO
    open_total: Decimal = ZERO

    @property
    def ledger_total(self) -> Decimal:
        return self.documents - self.receipts - self.sourceless - self.discounts - self.tolerance - self.moved


@dataclass
class Replay:
    as_of: date
    items: list[OpenItem] = field(default_factory=list)
    control: dict[tuple[str, str], Control] = field(default_factory=lambda: defaultdict(Control))

    def control_of(self, item: Item) -> Control:
        return self.control[item.company_id, item.currency]


@dataclass(frozen=True)
class Leg:
    """What one allocation takes off one of its two ends, in that end's currency; positive moves it toward zero.

    A bill of exchange that replaces an invoice is a leg that clears nothing: it fills the bill, which stays open.
    """

    item: Item
    seq: int | None
    amount: Decimal
    is_target: bool
    is_clearing: bool = True

    @property
    def effect(self) -> Decimal:
        """What the leg takes off the sum customers owe: negative where it uses up a credit."""
        return self.item.side * self.amount if self.is_clearing else ZERO


@dataclass(frozen=True)
class Use:
    """An allocation in effect with its legs: the target, and the source unless it draws on nothing."""

    allocation_id: str
    effective_from: date
    legs: tuple[Leg, ...]

    @property
    def control_part(self) -> str:
        """Where the control shows what the legs together take out of a currency's ledger."""
        if len(self.legs) == 1:
            return "sourceless"
        is_between_currencies = len({leg.item.currency for leg in self.legs}) > 1
        return "moved" if is_between_currencies or not all(leg.is_clearing for leg in self.legs) else "discounts"


def half_up(exact: Fraction) -> Decimal:
    """Round to four places, halves away from zero."""
    units = int(abs(exact) * 10_000 + Fraction(1, 2))
    return Decimal(units if exact >= 0 else -units).scaleb(-4)


def discount_doc(a: Allocation) -> Decimal:
    """The discount inside `amount_to_doc`, in document currency."""
    if not a.discount_local or not a.amount_local:
        return ZERO
    return half_up(Fraction(a.discount_local) * Fraction(a.amount_to_doc) / Fraction(a.amount_local))


def drawn_amount(a: Allocation) -> Decimal:
    """What the source gives, in its own currency."""
    return a.amount_from_doc if a.amount_from_doc is not None else max(a.amount_to_doc - discount_doc(a), ZERO)


def end_key(payment_id: str | None, doc_id: str | None) -> tuple[str, str] | None:
    """The item an end of an allocation names."""
    if payment_id:
        return "payment", payment_id
    return ("document", doc_id) if doc_id else None


def legs_of(a: Allocation, items: Mapping[tuple[str, str], Item]) -> tuple[Leg, ...]:
    """What the allocation takes off its ends; nothing where an end never counts or the two cannot be set off.

    Two ends are set off when one raises and the other lowers what is owed. Two on the same side are only known from a
    bill of exchange replacing an invoice.
    """
    target = items.get(end_key(a.to_payment_id, a.to_doc_id) or ("", ""))
    source_key = None if a.kind in SOURCELESS_KINDS else end_key(a.from_payment_id, a.from_doc_id)
    source = items.get(source_key) if source_key else None
    if a.kind == "fx_difference" or target is None or (source_key and source is None):
        return ()
    to_leg = Leg(target, a.to_seq, a.amount_to_doc, is_target=True)
    if source is None:
        return (to_leg,)
    is_set_off = source.side == -target.side
    is_bill = a.kind == "bill_transfer" and source.kind == target.kind == "document"
    if source.side == 0 or not (is_set_off or is_bill):
        return ()
    return to_leg, Leg(source, a.from_seq, drawn_amount(a), is_target=False, is_clearing=is_set_off)


def uses_in_effect(allocations: Sequence[Allocation], items: Mapping[tuple[str, str], Item], day: date) -> list[Use]:
    """Allocations in effect on a day, in the order they took effect."""
    uses = []
    for a in allocations:
        legs = legs_of(a, items)
        if not legs or (a.voided_date and a.voided_date <= day):
            continue
        effective_from = max(a.alloc_date, *(leg.item.starts for leg in legs))
        if effective_from <= day and all(leg.item.counts_on(day) for leg in legs):
            uses.append(Use(a.allocation_id, effective_from, legs))
    return sorted(uses, key=lambda use: (use.effective_from, use.allocation_id))


def without_refused(uses: Sequence[Use], rules: Rules) -> list[Use]:
    """Drop every allocation that takes an end beyond its amount. Refused ones go on filling the sum: no second pass."""
    taken: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    accepted = []
    for use in uses:
        fits = True
        for leg in use.legs:
            taken[leg.item.key] += leg.amount
            fits = fits and taken[leg.item.key] <= abs(leg.item.owed) + rules.over_allocation
        if fits:
            accepted.append(use)
    return accepted


@dataclass
class Part:
    """An instalment while it is being cleared."""

    seq: int
    due_date: date | None
    rest: Decimal
    rate: Fraction
    """Ledger value of one unit: the instalment's own where its file says so, else its document's."""
    is_credit: bool = False
    is_allocated_to: bool = False

    def clear(self, amount: Decimal, leg: Leg) -> None:
        self.rest -= amount
        self.is_allocated_to |= leg.is_target and amount != 0

    @property
    def order(self) -> tuple[date, int]:
        """Oldest due first, then those without due date."""
        return self.due_date or FOREVER, self.seq


def instalment_plans(documents: Sequence[Document], told: Sequence[Instalment]) -> dict[str, list[Instalment]]:
    """The instalments of every document by seq, one if none is told; without a date of its own one is due as the document."""
    plans: dict[str, list[Instalment]] = {}
    for document in documents:
        own = sorted((row for row in told if row.doc_id == document.doc_id), key=lambda row: row.seq)
        whole = Instalment(document.doc_id, 1, document.due_date, document.amount_doc)
        plans[document.doc_id] = [replace(row, due_date=row.due_date or document.due_date) for row in own] or [whole]
    return plans


def parts_of(item: Item, plan: Sequence[Instalment]) -> list[Part]:
    """The instalments before anything is cleared; the last one takes what their amounts leave over or lack."""
    parts = [Part(row.seq, row.due_date, row.amount_doc, rate_of(item, row)) for row in plan]
    parts[-1].rest += item.owed - sum((part.rest for part in parts), ZERO)
    for part in parts:
        part.is_credit = part.rest < 0
    return parts


def rate_of(item: Item, row: Instalment) -> Fraction:
    if row.amount_local is None or not row.amount_doc:
        return Fraction(item.owed_local) / Fraction(item.owed)
    return Fraction(row.amount_local) / Fraction(row.amount_doc)


def clear_instalments(parts: Sequence[Part], legs: Sequence[Leg]) -> None:
    """First the legs that name an instalment, then what is left of all legs, oldest due date first."""
    by_seq = {part.seq: part for part in parts}
    pool = []
    for leg in legs:
        amount = leg.amount
        named = by_seq.get(leg.seq) if leg.seq is not None else None
        if named:
            fitting = min(amount, max(named.rest, ZERO))
            named.clear(fitting, leg)
            named.is_allocated_to |= leg.is_target
            amount -= fitting
        pool.append((leg, amount))
    queue = sorted(parts, key=lambda part: part.order)
    for leg, left in pool:
        amount = left
        for part in queue:
            fitting = min(amount, max(part.rest, ZERO))
            part.clear(fitting, leg)
            amount -= fitting
        queue[-1].clear(amount, leg)


def close_small_rests(item: Item, parts: Sequence[Part], rules: Rules) -> Decimal:
    """Bring small rests of instalments that something was allocated to down to zero; returns their sum."""
    limit = max(rules.closing_amount, rules.closing_share * abs(item.owed))
    closed = ZERO
    for part in parts:
        if part.is_allocated_to and abs(part.rest) <= limit:
            closed += part.rest
            part.rest = ZERO
    return closed


def days_overdue(due_date: date | None, as_of: date) -> int | None:
    """Days since the due date, negative before it."""
    return (as_of - due_date).days if due_date else None


def bucket_of(days_overdue: int | None, rules: Rules) -> str:
    """Due today is not overdue; the upper edge belongs to the bucket."""
    if days_overdue is None:
        return "no_due_date"
    if days_overdue <= 0:
        return "not_due"
    low = 1
    for high in rules.bucket_edges:
        if days_overdue <= high:
            return f"d{low}_{high}"
        low = high + 1
    return f"d{low}_plus"


def replay(rows: Rows, as_of: date, rules: Rules = DEFAULT_RULES) -> Replay:
    """Say what is open at the end of `as_of`, and what the ledger says it must sum to."""
    documents = records(Document, rows.get("document", ()))
    payments = records(Payment, rows.get("payment", ()))
    allocations = records(Allocation, rows.get("allocation", ()))
    plans = instalment_plans(documents, records(Instalment, rows.get("instalment", ())))

    items = {item.key: item for item in (*document_items(documents), *payment_items(payments))}
    uses = without_refused(uses_in_effect(allocations, items, as_of), rules)
    result = Replay(as_of)
    for item in items.values():
        if not item.counts_on(as_of):
            continue
        legs = [leg for use in uses for leg in use.legs if leg.item == item and leg.is_clearing]
        if item.kind == "document" and item.side > 0:
            parts = parts_of(item, plans[item.id])
            clear_instalments(parts, legs)
            result.control_of(item).tolerance += close_small_rests(item, parts, rules)
            post_instalments(result, item, parts, rules)
        else:
            post_balance(result, item, legs, plans[item.id] if item.kind == "document" else ())
        post_amount(result, item)
    post_uses(result, uses)
    return result


def post_instalments(result: Replay, item: Item, parts: Sequence[Part], rules: Rules) -> None:
    """Each instalment that is not at zero is one row, aged by its own due date unless it is a credit from the start."""
    for part in parts:
        days = days_overdue(part.due_date, result.as_of)
        bucket = "unapplied" if part.is_credit else bucket_of(days, rules)
        if part.rest:
            local = half_up(Fraction(part.rest) * part.rate)
            post_open_item(result, item, part.seq, (bucket, days), (part.rest, local))


def post_balance(result: Replay, item: Item, legs: Sequence[Leg], plan: Sequence[Instalment]) -> None:
    """A credit or a payment is one row whatever instalments it has, outside the age buckets; due as instalment 1."""
    due_date = next((row.due_date for row in plan if row.seq == 1), None)
    rest = item.side * (abs(item.owed) - sum((leg.amount for leg in legs), ZERO))
    if rest:
        local = half_up(Fraction(rest) * Fraction(item.owed_local) / Fraction(item.owed))
        post_open_item(result, item, 1, ("unapplied", days_overdue(due_date, result.as_of)), (rest, local))


def post_open_item(
    result: Replay, item: Item, seq: int, age: tuple[str, int | None], rest: tuple[Decimal, Decimal]
) -> None:
    """List what is open, in document and in ledger currency."""
    owner = (item.company_id, item.customer_id, item.currency)
    result.items.append(OpenItem(item.kind, item.id, seq, *owner, *age, *rest))
    result.control_of(item).open_total += rest[0]


def post_amount(result: Replay, item: Item) -> None:
    """Book the item's own amount: a document raises the ledger, a receipt lowers it."""
    if item.kind == "payment":
        result.control_of(item).receipts -= item.owed
    else:
        result.control_of(item).documents += item.owed


def post_uses(result: Replay, uses: Sequence[Use]) -> None:
    """Book what allocations take out of the ledger: sourceless ones, discounts, value moved from item to item."""
    for use in uses:
        for leg in use.legs:
            control = result.control_of(leg.item)
            setattr(control, use.control_part, getattr(control, use.control_part) + leg.effect)
