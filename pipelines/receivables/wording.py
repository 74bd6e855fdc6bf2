"""The sentences behind codes: what a reason, an action, a status, a table is called, as message ids in English.

Records carry codes; only here do they meet words. The catalogues below `reports/locale` hold each of these messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from receivables.charts import NO_DUE_DATE, NOT_DUE, UNAPPLIED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from receivables.page_model import Bucket


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for "translate later", which the extractor looks for
    """Mark a message for translation without translating it."""
    return message


NAMED_BUCKETS: Final[Mapping[str, str]] = {
    NOT_DUE: N_("Not due"),
    NO_DUE_DATE: N_("No due date"),
    UNAPPLIED: N_("Unapplied"),
}

DIMENSIONS: Final[Mapping[str, str]] = {
    "parent": N_("Customer group"),
    "salesperson": N_("Salesperson"),
    "territory": N_("Territory"),
}

NO_MEMBER: Final[Mapping[str, str]] = {
    "(none)": N_("None told"),
    "(unidentified)": N_("Unidentified payer"),
}

ACTIONS: Final[Mapping[str, str]] = {
    "quarantine": N_("Quarantined"),
    "reject_file": N_("File refused"),
    "repair": N_("Repaired"),
    "accept_warn": N_("Accepted, noted"),
    "skip": N_("Skipped"),
}

STATUSES: Final[Mapping[str, str]] = {
    "ok": N_("Accepted"),
    "warn": N_("Accepted with notes"),
    "needs_person": N_("Needs a person"),
    "refused": N_("Refused"),
}

CHANGES: Final[Mapping[str, str]] = {
    "appeared": N_("Open, and was not"),
    "gone": N_("No longer open"),
    "customer": N_("Another customer"),
    "amount": N_("Another amount"),
    "due_date": N_("Another due date"),
    "bucket": N_("Another bucket"),
}

CAUSES: Final[Mapping[str, str]] = {
    "rules": N_("No file: other settings, or another version of the program"),
    "related": N_("Other rows of later files, such as terms, customers or other items"),
}

MODES: Final[Mapping[str, str]] = {
    "full": N_("Full"),
    "delta": N_("Changes"),
    "open_items": N_("Open items"),
    "report": N_("Report"),
}

TERM_STATES: Final[Mapping[str, str]] = {
    "no_contract": N_("No contract"),
    "unsigned": N_("Contract not signed"),
    "not_yet_valid": N_("Contract not valid yet"),
    "expired": N_("Contract expired"),
    "no_term": N_("Contract without a payment term"),
    "not_filed": N_("Signed contract not filed"),
}

TABLES: Final[Mapping[str, str]] = {
    "allocation": N_("Allocations"),
    "balance_assertion": N_("Stated balances"),
    "benefit_ledger": N_("Benefits"),
    "collection_log": N_("Collection log"),
    "collector": N_("Collectors"),
    "company": N_("Companies"),
    "concession": N_("Concessions"),
    "contact": N_("Contacts"),
    "contract": N_("Contracts"),
    "contract_price": N_("Contract prices"),
    "credit_limit": N_("Credit limits"),
    "customer": N_("Customers"),
    "customer_bank_account": N_("Bank accounts"),
    "customer_event": N_("Customer events"),
    "customer_xref": N_("Customer keys"),
    "delivery": N_("Deliveries"),
    "delivery_line": N_("Delivery lines"),
    "dispute": N_("Disputes"),
    "document": N_("Documents"),
    "document_line": N_("Document lines"),
    "entry": N_("Subledger entries"),
    "entry_allocation": N_("Uses between subledger entries"),
    "fx_rate": N_("Exchange rates"),
    "instalment": N_("Instalments"),
    "integrity_file": N_("Integrity files"),
    "integrity_record": N_("Integrity records"),
    "operating_survey": N_("Operating surveys"),
    "order_line": N_("Order lines"),
    "payment": N_("Receipts"),
    "payment_step": N_("Payment steps"),
    "payment_terms": N_("Payment terms"),
    "payment_terms_instalment": N_("Instalment terms"),
    "price_uplift": N_("Price uplifts"),
    "product": N_("Products"),
    "product_season": N_("Product seasons"),
    "sales_order": N_("Sales orders"),
    "salesperson": N_("Salespeople"),
    "sell_through": N_("Sell-through"),
    "service_issue": N_("Service issues"),
    "statement_confirmation": N_("Statement confirmations"),
    "territory": N_("Territories"),
    "visit_rule": N_("Visit rules"),
}

REASONS: Final[Mapping[str, str]] = {
    "ENC_LEGACY": N_("The file is written in an older character encoding and was decoded as its profile declares."),
    "ENC_MOJIBAKE": N_("Names contain characters damaged before the export reached us."),
    "FILE_FAKE_XLS": N_("The file is not of the kind its name says; it was read for what it is."),
    "FILE_TITLE_LINES": N_("Title and filter lines"),
    "FILE_REFUSED": N_("The file could not be used."),
    "FILE_NOT_A_TABLE": N_("The file is no table, whatever its name says."),
    "FILE_TOO_LARGE": N_("The file is larger than the settings allow."),
    "FILE_UNREADABLE": N_("The file could not be opened."),
    "FILE_UNRECOGNISED": N_("No known export has columns like those of this file."),
    "FILE_TRUNCATED": N_("The file is empty or incomplete."),
    "FILE_BUSY": N_("The file was locked or still being written; the next night tries it again."),
    "FILE_NOT_ARRIVED": N_(
        "A file that should have come by this hour has not; its company's figures are older than the others'."
    ),
    "FILE_DUPLICATE": N_("The same file was loaded before, or a newer extract already was."),
    "QUARANTINE_SHARE": N_("Too many rows of the file could not be read."),
    "QUOTE_LEFT_OPEN": N_("A quotation mark was opened and never closed; it was read as a character."),
    "COMPANY_UNKNOWN": N_("The file does not say which company it belongs to."),
    "COMPANY_CURRENCY_UNKNOWN": N_("The ledger currency of the company is not known."),
    "EXTRACT_DATE_UNKNOWN": N_("The file does not say when it was extracted."),
    "REQUIRED_BLANK": N_("A value that every row must have is missing."),
    "VALUE_UNKNOWN": N_("A value outside those the column may have."),
    "CURRENCY_UNKNOWN": N_("A currency code that is none."),
    "ROW_TOTAL": N_("Total lines; used as control totals, never loaded as items."),
    "ROW_GROUP_HEADER": N_("The customer stands in a group line above its items and was carried down."),
    "ROW_REPEATED_HEADER": N_("The header is repeated inside the data."),
    "ROW_UNCLASSIFIED": N_("A line that no rule of the profile explains."),
    "CONTRACT_BROKEN": N_("The file broke a contract that keeps such files out."),
    "COL_SHIFT": N_("The line does not have as many fields as the header."),
    "COL_MULTILINE": N_("A text runs over several lines and was joined."),
    "COL_MISSING": N_("A column the profile needs is missing."),
    "COL_UNKNOWN": N_("Columns that the profile does not know; they were left aside."),
    "COL_DUPLICATE": N_(
        "A column heading occurs twice and the columns differ; the first was read. The count is of rows that differ."
    ),
    "NUM_COMMA_DECIMAL": N_("Amounts with a decimal comma, read as the profile declares."),
    "NUM_INVALID": N_("A value that is not a number."),
    "NUM_AMBIGUOUS": N_("An amount whose decimal and thousands signs cannot be told apart."),
    "NUM_TRAILING_MINUS": N_("Amounts with the minus sign at the end."),
    "NUM_PAREN_CRDR": N_("Amounts marked negative by brackets or by debit and credit signs."),
    "NUM_CURRENCY_SYMBOL": N_("Amounts with a currency symbol or unusual spaces."),
    "NUM_LAKH_GROUP": N_("Amounts with unusual digit grouping or full-width digits."),
    "NUM_SCALE_UNIT": N_("Amounts stated in thousands or ten thousands; used for comparison only."),
    "NUM_TCURX": N_("Raw amounts of a currency without two decimals were rescaled."),
    "NUM_SCIENTIFIC": N_("An identifier was turned into a number and lost digits."),
    "NUM_HASHES": N_("A cell shows hash signs or a spreadsheet error instead of a value."),
    "NUM_EXCEL_ERROR": N_("A cell holds a spreadsheet error instead of a value."),
    "KEY_LEADING_ZERO": N_("Keys with and without leading zeros were brought to one form."),
    "KEY_DERIVED": N_("Rows without a document number were given one made from their contents."),
    "KEY_DUPLICATE_SAME": N_("The same row occurs more than once."),
    "KEY_DUPLICATE_DIFF": N_("Two rows have the same key and different contents."),
    "KEY_REUSED_YEAR": N_("Document numbers are used again each year; the year was made part of the key."),
    "DATE_NULL_SENTINEL": N_("A placeholder stands for a missing date."),
    "DATE_FLOAT": N_("Dates were exported as numbers."),
    "DATE_EXCEL_SERIAL": N_("Dates were exported as spreadsheet serial numbers."),
    "DATE_DMY_MDY": N_("A date whose day and month cannot be told apart."),
    "DATE_TWO_DIGIT": N_("Dates with two-digit years or month names."),
    "DATE_IMPOSSIBLE": N_("A date that does not exist."),
    "DATE_RANGE": N_("A date implausibly far from the extract."),
    "DATE_DUE_BEFORE_DOC": N_("A due date that is missing or before the document's own date."),
    "SIGN_CREDIT_POSITIVE": N_("Credit notes exported with a positive sign."),
    "SIGN_NEGATIVE_INVOICE": N_("Invoices with a negative amount were taken as credit notes."),
    "SIGN_MIXED": N_("Amounts whose signs contradict each other."),
    "AMOUNT_ZERO": N_("An amount or rate that must not be zero or negative."),
    "AGED_FROM_OWN_DATE": N_(
        "A company's last list of open items is of an earlier day; its items are kept and aged to this date. The example is that day."
    ),
    "DISCOUNT_ABOVE_AMOUNT": N_("A discount larger than the amount it belongs to."),
    "SETTLED_WHILE_OPEN": N_("A settlement date on items the export calls open; the date was ignored."),
    "TYPE_UNKNOWN": N_("A document type that the profile does not know."),
    "REF_ORPHAN_CUSTOMER": N_("Documents or orders of customers that no export describes; their balances count."),
    "REF_ORPHAN_ALLOC": N_("Allocations to documents or receipts that are in no export; the money stays unapplied."),
    "ALLOC_SOURCE": N_("Allocations that do not say what they draw on."),
    "ALLOC_TARGET": N_("Allocations that do not say what they settle."),
    "ALLOC_OVER": N_("Allocations of more than the receipt or the document holds; the excess was not applied."),
    "ALLOC_ONE_SIDED": N_("Allocations between two amounts of the same direction; not applied."),
    "INSTALMENT_SUM": N_("Instalments that do not sum to their document."),
    "OPEN_MISMATCH": N_("The open amount the export states differs from the one computed."),
    "STATE_CANCELLED": N_("Cancelled, reversed or draft documents; they do not count in balances."),
    "STATE_VANISHED": N_(
        "Open items of an earlier full export that a later one no longer holds; they still count. The example is their sum."
    ),
    "EXTRACT_CUT": N_(
        "Hardly anything due before a day is open on it: the extract is cut there. The example is the stretch, with the items open and the usual number."
    ),
    "EXTRACT_FALL": N_(
        "Far fewer clearings than usual. The example is the stretch, with their number and the usual one."
    ),
    "EXTRACT_GONE": N_("A company, a currency or a kind of document that earlier extracts had is missing since a day."),
    "EXTRACT_MONTH_MISSING": N_("Months without postings between months with many."),
    "EXTRACT_SILENT": N_("Nothing is posted since a day although the company goes on."),
    "FX_MISSING": N_("Foreign amounts without an exchange rate."),
    "FX_CLOSING_MISSING": N_("Open items without a closing rate: they have no value at closing."),
    "FX_SWAPPED": N_("Exchange rates stated the other way round or for a hundred units were read as such."),
    "TEXT_FORMULA": N_("Spreadsheet formulas around texts were removed."),
    "TEXT_INVISIBLE": N_("Invisible characters in keys were removed."),
    "CONTROL_DIFFERENCE": N_("The aged items do not sum to what the postings leave."),
    "CONTROL_DIFFERENCE_LOCAL": N_("In ledger currency, items and postings differ by more than rounding."),
    "ALLOC_TAKEN_BACK_UNKNOWN": N_("Uses taken back that no earlier row had told; they have no effect."),
    "TIE_OUT_DIFFERENCE": N_(
        "Balances another record states differ from the computed ones by more than any cause explains. The example is the sum of what is unexplained."
    ),
    "TIE_OUT_ONE_SIDED": N_(
        "Customers that only one of the two has: the record that states balances, or the ledger. The example is the sum of their balances."
    ),
    "CONTROL_TOTAL": N_("The file's own total differs from the sum of its rows. The example is that total."),
    "ENTRY_HEADER_ONLY": N_("Document headers without an amount and without any line yet; they count nowhere."),
    "ENTRY_INCOMPLETE": N_(
        "Entries that lack what another file of the system should tell; they count nowhere until it does. The example is their sum."
    ),
    "ENTRY_LIST_OLDER": N_(
        "A newer list of the same debts that does not tell all of them, or those of far fewer customers; the older list counts. The example is its sum."
    ),
    "ENTRY_LIST_REPLACED": N_(
        "Entries of an earlier day than a newer list of the same debts, which counts in their place. The example is their sum."
    ),
    "ENTRY_SECOND_LIST": N_("A second list of the same debts; only the first is counted. The example is its sum."),
    "FX_RATE_OF_DAY": N_("Foreign amounts without a ledger amount were converted at the rate of their day."),
    "OPENING_BALANCE_DIFFERS": N_(
        "Opening balances that differ from what the earlier history leaves; the history counts."
    ),
    "OPENING_BALANCE_KNOWN": N_(
        "Opening balances of debts whose earlier history is told; they were left out. The example is their sum."
    ),
    "ORDER_RETURN_DERIVED": N_(
        "Returned order lines were linked to the latest earlier sale of the same customer, product and quantity."
    ),
    "ORDER_RETURN_UNLINKED": N_("Returned order lines for which no earlier sale was found."),
    "ROW_GROUP_MISSING": N_("Rows that stand below no customer's heading."),
    "SETTLED_DAY_UNKNOWN": N_(
        "Items settled on a day the export does not tell; they count as open until the day of the extract. The example is their sum."
    ),
    "STATE_UNKNOWN": N_("A document state that the profile does not know."),
    "SKIP_TRAILER": N_("Lines at the foot"),
    "SKIP_OLDER_VERSION": N_("Earlier versions of a row that the file tells again, by the time it was changed"),
    "SKIP_REPEATED_KEY": N_("Further rows of a customer already described"),
    "SKIP_HEADER": N_("Header lines"),
    "SKIP_BLANK": N_("Blank lines"),
    "SKIP_LEFT_OUT": N_("Quarantined lines that a person left out as no data"),
    "SKIP_RULE": N_("Ruled lines"),
    "SKIP_ZERO": N_("Items of zero"),
    "SKIP_OUT_OF_SCOPE": N_("Lines outside receivables, as the profile says"),
}

# Where a reason alone would not say what was done about it.
REASONS_BY_ACTION: Final[Mapping[tuple[str, str], str]] = {
    ("ENC_LEGACY", "reject_file"): N_("The file is in none of the character encodings its profile allows."),
    ("COL_SHIFT", "repair"): N_(
        "Lines with a column's bar inside a text; they were cut where the header's columns stand."
    ),
    ("NUM_CURRENCY_SYMBOL", "accept_warn"): N_(
        "Amounts with the sign of another currency than their row's; the row's counts."
    ),
    ("FX_SWAPPED", "quarantine"): N_(
        "A rate at which the document's amount is not its ledger amount, whichever way it is read."
    ),
    ("KEY_DUPLICATE_SAME", "repair"): N_("The same row occurs more than once under one key; it was counted once."),
    ("KEY_DUPLICATE_SAME", "skip"): N_("Repeats of a row with the same key"),
    ("KEY_DUPLICATE_SAME", "accept_warn"): N_(
        "Identical rows occur in a file without a document number, so a repeat cannot be told from a second sale; "
        "every row is counted. The example is the amount of the repeats."
    ),
}

# The lines of the proof in order: what is read, with which sign it enters the sum.
PROOF_STEPS: Final[tuple[tuple[str, str, int], ...]] = (
    (N_("Documents posted"), "documents", 1),
    (N_("Receipts"), "receipts", -1),
    (N_("Write-offs and waivers"), "sourceless", -1),
    (N_("Cash discounts"), "discounts", -1),
    (N_("Closing tolerance"), "tolerance", -1),
    (N_("Moved between currencies"), "moved", -1),
    (N_("Exchange differences"), "fx_difference", -1),
)

# Kinds of record that state a balance, what can explain a difference, why, and what comes of it.
BASES: Final[Mapping[str, str]] = {
    "gl": N_("General ledger"),
    "erp_aging": N_("Aging report"),
    "statement": N_("Statement"),
}

TIE_OUT_CAUSES: Final[Mapping[str, str]] = {
    "timing": N_("Timing"),
    "unallocated": N_("Unallocated"),
    "fx": N_("Exchange rates"),
    "tolerance": N_("Closing tolerance"),
    "unmatched": N_("Only on one side"),
}

TIE_OUT_REASONS: Final[Mapping[str, str]] = {
    "recorded_later": N_("postings first told after the record was made"),
    "after_cutoff": N_("postings of the days after, which the record holds"),
    "document_date": N_("documents it places by their document date"),
    "value_date": N_("receipts it places by their value date"),
    "unapplied_receipt": N_("unapplied receipts it leaves out"),
    "unallocated_credit": N_("unallocated credit notes it leaves out"),
    "reported_open": N_("documents it calls less or more open than their allocations leave"),
    "revaluation": N_("posted exchange revaluations"),
    "closing_rate": N_("open items at the closing rate"),
    "closing_tolerance": N_("small rests closed here"),
    "vanished": N_("items gone from later extracts"),
}

VERDICTS: Final[Mapping[str, str]] = {
    "ties": N_("Ties"),
    "explained": N_("Explained"),
    "unexplained": N_("Unexplained"),
    "not_computed": N_("Not computed"),
}

BELIEVED: Final[Mapping[str, str]] = {
    "reported": N_("The reported amount"),
    "computed": N_("The computed amount"),
}

FIELDS: Final[Mapping[str, str]] = {
    "company": N_("Company"),
    "currency": N_("Document currency"),
    "doc_date": N_("Document date"),
    "doc_type": N_("Document type"),
    "due_date": N_("Due date"),
    "extract_as_of": N_("Extract date"),
    "local_currency": N_("Ledger currency"),
    "posting_date": N_("Posting date"),
    "settled_date": N_("Settlement date"),
}

_SHIFTED_DATE: Final = re.compile(r"(\w+) ([+-]\d+) days")
ASSUMED: Final = N_("%(field)s: not in the file; assumed to be %(value)s.")
UNKNOWN: Final = N_("A finding without a description in this report: %(code)s.")


def bucket_label(bucket: Bucket, translate: Callable[..., str], basis: str = "due_date") -> str:
    """A bucket's name, from its key or its days; what is not due is, by the document date, of the day itself."""
    named = N_("0 days") if basis == "document_date" and bucket.key == NOT_DUE else NAMED_BUCKETS.get(bucket.key)
    if named is not None:
        return translate(named)
    if bucket.upper_days is None:
        return translate(N_("More than %(days)s days"), days=(bucket.lower_days or 1) - 1)
    return translate(N_("%(first)s–%(last)s days"), first=bucket.lower_days, last=bucket.upper_days)


def reason_sentence(code: str, action: str, translate: Callable[..., str]) -> str:
    """What a reason code means; a code without a sentence is shown itself."""
    message = REASONS_BY_ACTION.get((code, action)) or REASONS.get(code)
    return translate(UNKNOWN, code=code) if message is None else translate(message)


def finding_sentence(
    code: str, action: str, column: str | None, value: str | None, translate: Callable[..., str]
) -> str:
    """What a finding says; of an assumption, what was assumed for which column."""
    if code == "ASSUMED_VALUE":
        return assumed_sentence(column or "", value or "", translate)
    return reason_sentence(code, action, translate)


def assumed_sentence(column: str, value: str, translate: Callable[..., str]) -> str:
    """What was assumed for a column that a file lacks; a date told as `due_date -15 days` is put in words."""
    shifted = _SHIFTED_DATE.fullmatch(value)
    if shifted is not None:
        value = translate(N_("%(field)s %(days)s days"), field=named(FIELDS, shifted[1], translate), days=shifted[2])
    return translate(ASSUMED, field=named(FIELDS, column, translate), value=value)


def named(names: Mapping[str, str], code: str, translate: Callable[..., str]) -> str:
    """The name of a code, or the code itself where there is none."""
    return translate(names[code]) if code in names else code
