"""What is said of the detectors of ledger and of what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final[Mapping[str, str]] = {
    "duplicate_invoice": N_("Duplicate invoice"),
    "duplicate_payment": N_("Duplicate payment"),
    "re_aging": N_("Billed anew while overdue"),
    "reapplied_payment": N_("Payment moved to an older debt"),
    "due_date_edited": N_("Due date moved"),
    "credit_note_without_origin": N_("Credit note without origin"),
    "missing_own_invoice": N_("Our tax invoice missing"),
    "limitation_near": N_("Limitation date near"),
    "price_off_contract": N_("Price off contract"),
    "cross_region": N_("Sale outside the area"),
    "price_dumping": N_("Price dumping"),
    "clearance": N_("Clearance sale"),
    "odd_price": N_("Odd price of ours"),
    "up_to_limit": N_("Bought up to the limit"),
    "dormant_return": N_("Back after a long silence"),
    "cancelled_bulk": N_("Huge order taken back"),
}
"""The name of each detector's flag, by detector."""

TESTED: Final[Mapping[str, str]] = {
    "duplicate_invoice": N_(
        "Two invoices of a customer within a week over the same amount, with the same or a similar reference or none in common; equal amounts that are usual with the customer are left out."
    ),
    "duplicate_payment": N_(
        "Two receipts of a customer within a week over the same amount whose money is not used, or one reference and amount in the accounts of two customers."
    ),
    "re_aging": N_("An overdue invoice that was credited and billed anew within two weeks, with a later due date."),
    "reapplied_payment": N_(
        "Receipts whose money was taken off a debt and put on an older, overdue one later on, so that what is open looks younger."
    ),
    "due_date_edited": N_(
        "Due dates moved later without an approved concession that reaches the new date, and terms changed while a debt was overdue."
    ),
    "credit_note_without_origin": N_(
        "Credit notes of weight that name no invoice, order, return or reason and honour no benefit that was promised."
    ),
    "missing_own_invoice": N_(
        "Debts that are due while the tax invoice the customer asks for has not been issued by us."
    ),
    "limitation_near": N_(
        "Debts whose limitation date is near, counted from the due date or the last payment, promise or signed statement."
    ),
    "price_off_contract": N_("Prices on invoices that differ from the price agreed for that day."),
    "cross_region": N_(
        "Orders sent, and goods resold, outside the area agreed with the customer, or in another country where none is agreed."
    ),
    "price_dumping": N_("Goods resold below the lowest price agreed, or below what the customer paid for them."),
    "clearance": N_("A large stock sold off at once below the lowest price agreed or paid."),
    "odd_price": N_("Our own prices far below what others paid for the product in the same month."),
    "up_to_limit": N_(
        "Several large orders in a few weeks that bring a customer near its credit limit, which it never nearly used before."
    ),
    "dormant_return": N_("Customers that had long ordered nothing and come back with large orders."),
    "cancelled_bulk": N_("Orders far beyond what anybody buys that were taken back within days."),
}
"""What each detector looks for, in a sentence."""

EVIDENCE: Final[Mapping[str, str]] = {
    "duplicate_invoice": N_(
        "Invoice %(item_id)s of %(day)s repeats invoice %(other_id)s of %(other_day)s: the same reference %(word)s and the same amount, %(amount_local)s."
    ),
    "duplicate_invoice_similar": N_(
        "Invoice %(item_id)s of %(day)s, reference %(word)s, looks like invoice %(other_id)s of %(other_day)s, reference %(other_word)s: the same amount, %(amount_local)s."
    ),
    "duplicate_invoice_amount": N_(
        "Invoice %(item_id)s of %(day)s has the amount of invoice %(other_id)s of %(other_day)s, %(amount_local)s; equal amounts are not usual with this customer."
    ),
    "duplicate_payment": N_(
        "Receipt %(item_id)s of %(day)s repeats receipt %(other_id)s of %(other_day)s: the same reference %(word)s and the same amount, %(amount_local)s."
    ),
    "duplicate_payment_similar": N_(
        "Receipt %(item_id)s of %(day)s, reference %(word)s, looks like receipt %(other_id)s of %(other_day)s, reference %(other_word)s: the same amount, %(amount_local)s, not used at once."
    ),
    "duplicate_payment_amount": N_(
        "Receipt %(item_id)s of %(day)s has the amount of receipt %(other_id)s of %(other_day)s, %(amount_local)s, and the money of one of the two was not used at once."
    ),
    "duplicate_payment_unapplied": N_(
        "Receipt %(item_id)s of %(day)s has the amount of receipt %(other_id)s of %(other_day)s, %(amount_local)s; the customer pays equal amounts as a habit, but nothing was owed for the second one, which stayed unapplied."
    ),
    "duplicate_payment_across": N_(
        "Receipt %(item_id)s of %(day)s and receipt %(other_id)s of %(other_day)s in the account of %(other_word)s have the same reference %(word)s and the same amount, %(amount_local)s."
    ),
    "re_aging": N_(
        "Invoice %(other_id)s, due on %(day)s, was billed anew as %(item_id)s, due on %(other_day)s, over %(amount_local)s. Days overdue by the first due date: %(measured)s; as the ledger shows it: %(usual)s."
    ),
    "reapplied_payment": N_(
        "%(amount_local)s of receipt %(item_id)s was taken off %(word)s, due on %(other_day)s, which is open again, and put on %(other_id)s, due on %(day)s. Days overdue then: %(measured)s of the older one, %(usual)s of the other."
    ),
    "due_date_edited": N_(
        "The due date of %(item_id)s was moved from %(day)s to %(other_day)s and no concession covers it: %(amount_local)s."
    ),
    "due_date_unapproved": N_(
        "The due date of %(item_id)s was moved from %(day)s to %(other_day)s by a concession that nobody approved: %(amount_local)s."
    ),
    "terms_changed": N_(
        "The terms of %(item_id)s were changed from %(word)s to %(other_word)s by %(seen_on)s, when it was overdue since %(day)s: %(amount_local)s."
    ),
    "credit_note_without_origin": N_(
        "Credit note %(item_id)s of %(day)s names no invoice, order or reason: %(amount_local)s, %(measured_share)s of what was invoiced in the twelve months before."
    ),
    "credit_note_without_sales": N_(
        "Credit note %(item_id)s of %(day)s names no invoice, order or reason: %(amount_local)s, and nothing was invoiced in the twelve months before."
    ),
    "missing_own_invoice": N_(
        "The tax invoice for %(item_id)s of %(day)s, due on %(other_day)s, was not issued in time: %(amount_local)s. Days without it: %(measured)s."
    ),
    "limitation_near": N_(
        "The claim to %(item_id)s expires on %(other_day)s, counted from %(day)s: %(amount_local)s. Days left: %(measured)s."
    ),
    "limitation_passed": N_(
        "The claim to %(item_id)s expired on %(other_day)s, counted from %(day)s: %(amount_local)s. The customer need not pay unless it acknowledges the debt anew."
    ),
    "price_above_contract": N_(
        "%(item_id)s of %(day)s charges more than agreed: %(word)s at %(measured)s instead of %(usual)s. Too much over all lines: %(amount_local)s."
    ),
    "price_below_contract": N_(
        "%(item_id)s of %(day)s charges less than agreed: %(word)s at %(measured)s instead of %(usual)s. Too little over all lines: %(amount_local)s."
    ),
    "cross_region": N_(
        "Order %(item_id)s of %(day)s went to %(word)s, outside the customer's area (%(other_word)s). Share of such orders: %(measured_share)s."
    ),
    "cross_country": N_(
        "Order %(item_id)s of %(day)s went to %(word)s, the customer is in %(other_word)s. Share of such orders: %(measured_share)s."
    ),
    "sold_elsewhere": N_(
        "From %(day)s to %(other_day)s the customer resold %(measured_share)s of its units outside its area (%(other_word)s), most of them in %(word)s."
    ),
    "price_dumping": N_(
        "%(word)s resold from %(day)s to %(other_day)s at %(measured)s; the lowest price agreed is %(usual)s. Below it in all: %(amount_local)s."
    ),
    "price_dumping_cost": N_(
        "%(word)s resold from %(day)s to %(other_day)s at %(measured)s; the customer paid at least %(usual)s. Below it in all: %(amount_local)s."
    ),
    "clearance": N_(
        "%(word)s sold off from %(day)s to %(other_day)s. Units sold: %(measured)s, units in stock: %(usual)s; below the lowest price agreed or paid: %(amount_local)s."
    ),
    "odd_price": N_(
        "%(word)s sold at %(measured)s, first with order %(item_id)s of %(day)s; the middle price of that month was %(usual)s. Missing to it: %(amount_local)s."
    ),
    "up_to_limit": N_(
        "Order %(item_id)s of %(day)s over %(amount_local)s, usual order: %(usual_money)s. Open invoices on %(other_day)s: %(measured_share)s of the credit limit."
    ),
    "dormant_return": N_(
        "No order for %(measured)s days after %(other_day)s; from %(day)s on orders over %(amount_local)s, usual order before: %(usual_money)s."
    ),
    "cancelled_bulk": N_(
        "Order %(item_id)s of %(day)s over %(measured)s %(word)s was taken back on %(other_day)s with %(other_id)s; usual order: %(usual)s %(word)s. It counts for nothing else."
    ),
}
"""The sentence of each piece of evidence, by code; it may name the columns of a sign."""
