"""What is said of the detectors of conduct and of what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final[Mapping[str, str]] = {
    "punctual_asks_deferral": N_("Punctual payer asks to pay later"),
    "punctual_asks_instalments": N_("Punctual payer asks to pay in parts"),
    "broken_promises": N_("Promises broken"),
    "claimed_payment": N_("Said to be paid, no money came"),
    "payer_changed": N_("Somebody else pays"),
    "contact_changed": N_("Contact persons changed"),
    "signatory_changed": N_("Another person signs"),
    "legal_representative_changed": N_("Head or legal representative changed"),
    "bank_changed": N_("Bank account changed"),
    "address_changed": N_("Address changed"),
    "organisation_abolished": N_("Reorganised, or the paying department given up"),
    "scope_changed": N_("Line of business changed"),
    "confirmation_missing": N_("Balance not confirmed"),
    "relocation": N_("Customer moved"),
    "closure": N_("Business closed"),
    "insolvency": N_("Insolvency"),
    "demolition": N_("Premises to be demolished"),
    "batch_breach": N_("Next lot delivered before the last was paid"),
    "credit_on_cash_terms": N_("Cash customer delivered on credit"),
    "concession_overrun": N_("Granted time overrun"),
    "no_written_term": N_("Sells without a written term"),
    "excuse_pattern": N_("The same excuse again and again"),
    "own_fault_open": N_("Our own fault holds up payment"),
    "service_issue_open": N_("Complaint open beside overdue debt"),
}
"""The name of each detector's flag, by detector."""

TESTED: Final[Mapping[str, str]] = {
    "punctual_asks_deferral": N_("Customers that paid punctually and now ask more than once to pay later."),
    "punctual_asks_instalments": N_("Customers that paid punctually and now ask more than once to pay in parts."),
    "broken_promises": N_("Promises to pay broken with hardly one kept among them, or two of a large sum."),
    "claimed_payment": N_("Customers that said they had paid, where no receipt bears it out after some days."),
    "payer_changed": N_("Receipts under a name that is neither the customer's nor that of its group."),
    "contact_changed": N_(
        "Contact persons who left without a successor, or several who left within three months; changes that were reported and explained by nothing."
    ),
    "signatory_changed": N_("Changes of the person who signs for the customer."),
    "legal_representative_changed": N_("Changes of the person who heads the customer or represents it by law."),
    "bank_changed": N_("Bank accounts that were replaced, and receipts from accounts that are not on file."),
    "address_changed": N_("Changes of address in the master data, and moves that collectors report."),
    "organisation_abolished": N_("Reorganisations at the customer, and paying departments that were given up."),
    "scope_changed": N_("Changes of the customer's line of business."),
    "confirmation_missing": N_(
        "Statements left unanswered by customers that confirmed those before, and changes at the customer after which nobody signed for the debt."
    ),
    "relocation": N_("Reports that a customer moved."),
    "closure": N_("Reports that a customer closed its business."),
    "insolvency": N_("Reports that a customer is insolvent."),
    "demolition": N_("Reports that a customer's premises are to be demolished."),
    "batch_breach": N_("Deliveries to customers that pay batch for batch, made while an earlier lot was unpaid."),
    "credit_on_cash_terms": N_("Deliveries to cash customers that were not paid at once."),
    "concession_overrun": N_("Debts for which time was granted that were still open after the last day granted."),
    "no_written_term": N_("Invoices to customers without a valid contract that says when they pay."),
    "excuse_pattern": N_("Excuses given time after time and seldom followed by money."),
    "own_fault_open": N_(
        "Disputes of our own making, excuses that name a fault of ours and benefits not given, open too long while debt is overdue."
    ),
    "service_issue_open": N_("Complaints about our service open too long while debt is overdue."),
}
"""What each detector looks for, in a sentence."""

EVIDENCE: Final[Mapping[str, str]] = {
    "punctual_asks_deferral": N_(
        "Asked on %(day)s to pay later (%(item_id)s); request number %(measured)s in a row; payment index of the year before: %(usual)s."
    ),
    "punctual_asks_deferral_of_document": N_(
        "Asked on %(day)s to pay %(other_id)s later (%(item_id)s); request number %(measured)s in a row; payment index of the year before: %(usual)s."
    ),
    "punctual_asks_instalments": N_(
        "Asked on %(day)s to pay in parts (%(item_id)s); request number %(measured)s in a row; payment index of the year before: %(usual)s."
    ),
    "punctual_asks_instalments_of_document": N_(
        "Asked on %(day)s to pay %(other_id)s in parts (%(item_id)s); request number %(measured)s in a row; payment index of the year before: %(usual)s."
    ),
    "broken_promises": N_(
        "Promised on %(day)s to pay %(amount_local)s by %(other_day)s and did not (log entry %(item_id)s); broken promise number %(measured)s, kept among them: %(usual)s."
    ),
    "broken_promises_again": N_(
        "Promised again on %(day)s to pay the same by %(other_day)s and did not (log entry %(item_id)s); broken promise number %(measured)s, kept among them: %(usual)s."
    ),
    "broken_promises_same": N_(
        "Promised on %(day)s to pay %(other_id)s by %(other_day)s and did not (log entry %(item_id)s); broken promise number %(measured)s about this document, kept among them: %(usual)s."
    ),
    "broken_promises_unnamed": N_(
        "Promised on %(day)s to pay by %(other_day)s and did not (log entry %(item_id)s); broken promise number %(measured)s, kept among them: %(usual)s."
    ),
    "claimed_payment": N_(
        "Said on %(day)s that it had paid (log entry %(item_id)s); no receipt came up to %(other_day)s."
    ),
    "claimed_payment_of_document": N_(
        "Said on %(day)s that %(other_id)s was paid (log entry %(item_id)s); no receipt for it came up to %(other_day)s, %(amount_local)s was open."
    ),
    "claimed_payment_again": N_(
        "Said again on %(day)s that %(other_id)s was paid (log entry %(item_id)s); no receipt for it came up to %(other_day)s either."
    ),
    "payer_changed": N_(
        "“%(word)s” pays instead of “%(other_word)s”: receipts from %(day)s to %(other_day)s: %(measured)s, together %(amount_local)s; receipts under other names before: %(usual)s."
    ),
    "person_followed": N_("%(word)s (%(item_id)s) left on %(day)s; %(other_word)s (%(other_id)s) took over."),
    "person_gone": N_("%(word)s (%(item_id)s) left on %(day)s; no successor is known."),
    "change_event": N_("%(day)s, source “%(word)s”: “%(other_word)s” (event %(item_id)s)."),
    "change_in_file": N_("The integrity file of %(day)s says “%(other_word)s”; that of %(other_day)s said “%(word)s”."),
    "account_replaced": N_(
        "An account with the mark %(item_id)s is on file from %(day)s; the one before (%(other_id)s) ended on %(other_day)s."
    ),
    "account_not_on_file": N_(
        "Receipts from an account that is not on file (mark %(item_id)s), from %(day)s to %(other_day)s: %(measured)s, together %(amount_local)s."
    ),
    "address_in_master_data": N_("From %(day)s the address on file is “%(other_word)s”; it was “%(word)s”."),
    "change_reported": N_("A collector reported a change on %(day)s; what was said is in log entry %(item_id)s."),
    "confirmation_missing": N_(
        "Statement %(item_id)s, sent on %(day)s, was not answered; it showed %(amount_local)s owed. Those before were confirmed, the last on %(other_day)s."
    ),
    "confirmation_missing_again": N_(
        "Statement %(item_id)s, sent on %(day)s, was not answered either; unanswered in a row: %(measured)s."
    ),
    "confirmation_missing_after_change": N_(
        "After the change of %(day)s (%(item_id)s) nobody signed for the balance up to %(seen_on)s; %(amount_local)s was owed then."
    ),
    "relocation": N_(
        "Moved, %(day)s, source “%(word)s”: “%(other_word)s” (event %(item_id)s, %(measured_share)s sure); %(amount_local)s was owed."
    ),
    "closure": N_(
        "Closed, %(day)s, source “%(word)s”: “%(other_word)s” (event %(item_id)s, %(measured_share)s sure); %(amount_local)s was owed."
    ),
    "insolvency": N_(
        "Insolvent, %(day)s, source “%(word)s”: “%(other_word)s” (event %(item_id)s, %(measured_share)s sure); %(amount_local)s was owed."
    ),
    "demolition": N_(
        "Premises to be demolished, %(day)s, source “%(word)s”: “%(other_word)s” (event %(item_id)s, %(measured_share)s sure); %(amount_local)s was owed."
    ),
    "event_told_again": N_(
        "Told again on %(day)s, source “%(word)s”: “%(other_word)s” (event %(item_id)s, %(measured_share)s sure)."
    ),
    "batch_breach": N_(
        "%(item_id)s (%(amount_local)s) was delivered on %(day)s although %(other_id)s, delivered on %(other_day)s, was unpaid; unpaid lots: %(measured)s."
    ),
    "batch_breach_released": N_(
        "%(item_id)s (%(amount_local)s) was delivered on %(day)s, released by %(word)s, although %(other_id)s, delivered on %(other_day)s, was unpaid; unpaid lots: %(measured)s."
    ),
    "credit_on_cash_terms": N_(
        "%(item_id)s (%(amount_local)s) was delivered for cash on %(day)s (%(other_id)s); days without the money: %(measured)s."
    ),
    "credit_on_cash_terms_released": N_(
        "%(item_id)s (%(amount_local)s) was delivered for cash on %(day)s (%(other_id)s), released by %(word)s; days without the money: %(measured)s."
    ),
    "concession_overrun": N_(
        "%(other_id)s was put off on %(day)s until %(other_day)s (%(item_id)s); %(amount_local)s was open after that, days beyond it: %(measured)s."
    ),
    "concession_overrun_approved": N_(
        "%(other_id)s was put off on %(day)s until %(other_day)s (%(item_id)s), approved by %(word)s; %(amount_local)s was open after that, days beyond it: %(measured)s."
    ),
    "concession_overrun_account": N_(
        "All that was open was put off on %(day)s until %(other_day)s (%(item_id)s); %(amount_local)s of it was open after that, days beyond it: %(measured)s."
    ),
    "concession_overrun_account_approved": N_(
        "All that was open was put off on %(day)s until %(other_day)s (%(item_id)s), approved by %(word)s; %(amount_local)s of it was open after that, days beyond it: %(measured)s."
    ),
    "no_written_term": N_(
        "No contract is on file; invoices from %(day)s to %(other_day)s: %(measured)s, open of them: %(amount_local)s."
    ),
    "no_written_term_expired": N_(
        "Contract %(item_id)s ended on %(day)s; invoices after that, up to %(other_day)s: %(measured)s, open of them: %(amount_local)s."
    ),
    "no_written_term_incomplete": N_(
        "Contract %(item_id)s is not signed, not yet valid, not filed or says no term; invoices from %(day)s to %(other_day)s: %(measured)s, open of them: %(amount_local)s."
    ),
    "excuse_pattern": N_(
        "Excuse “%(word)s”: days on which it was given from %(day)s to %(other_day)s: %(measured)s; followed by money: %(usual_share)s."
    ),
    "excuse_pattern_no_money": N_(
        "Says that it has no money (“%(word)s”): days on which it said so from %(day)s to %(other_day)s: %(measured)s; followed by money: %(usual_share)s."
    ),
    "excuse_pattern_own_debtor": N_(
        "Says that it waits for its own customers (“%(word)s”): days on which it said so from %(day)s to %(other_day)s: %(measured)s; followed by money: %(usual_share)s."
    ),
    "excuse_pattern_absent": N_(
        "Says that nobody is there to decide (“%(word)s”): days on which it said so from %(day)s to %(other_day)s: %(measured)s; followed by money: %(usual_share)s."
    ),
    "excuse_pattern_procedure": N_(
        "Says that payment takes its course (“%(word)s”): days on which it said so from %(day)s to %(other_day)s: %(measured)s; followed by money: %(usual_share)s."
    ),
    "own_fault_open_dispute": N_(
        "Dispute %(item_id)s (%(word)s), opened on %(day)s; days open: %(measured)s; overdue of %(other_id)s: %(amount_local)s."
    ),
    "own_fault_open_department": N_(
        "Dispute %(item_id)s (%(word)s), opened on %(day)s, to be settled by %(other_word)s; days open: %(measured)s; overdue of %(other_id)s: %(amount_local)s."
    ),
    "own_fault_open_excuse": N_(
        "On %(day)s it named a fault of ours (%(word)s, log entry %(item_id)s); days since: %(measured)s; overdue of %(other_id)s: %(amount_local)s."
    ),
    "own_fault_open_benefit": N_(
        "Benefit %(item_id)s (%(word)s, %(amount_local)s) was due on %(day)s and is neither given nor withheld; days since: %(measured)s; overdue meanwhile: %(usual_money)s."
    ),
    "service_issue_open": N_(
        "Complaint %(item_id)s (%(word)s), opened on %(day)s; days open: %(measured)s; overdue meanwhile: %(usual_money)s, the oldest due on %(other_day)s."
    ),
    "service_issue_open_department": N_(
        "Complaint %(item_id)s (%(word)s), opened on %(day)s, to be settled by %(other_word)s; days open: %(measured)s; overdue meanwhile: %(usual_money)s, the oldest due on %(other_day)s."
    ),
}
"""The sentence of each piece of evidence, by code; it may name the columns of a sign."""
