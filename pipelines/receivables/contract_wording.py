"""The sentences of contracts: what each saw when it failed and what a person does about it, its figures as the language writes them."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from receivables.checks.record import NO_BATCH_BEFORE, NOTHING_MEASURED, SMALL_BATCH_BEFORE
from receivables.language import language_in, shortened
from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from receivables.checks.record import Check
    from receivables.language import Language

NAMES: Final[Mapping[str, str]] = {
    "volume": N_("Number of rows"),
    "control_total": N_("Control total"),
    "null_share": N_("Blank values"),
    "column_emptied": N_("Column lost"),
    "distinct_keys": N_("Different keys"),
    "new_codes": N_("New type codes"),
    "largest_amount": N_("Largest amount"),
    "amount_scale": N_("Scale of amounts"),
    "sum_of_amounts": N_("Sum of amounts"),
    "dates_back": N_("Latest date"),
    "dates_ahead": N_("Dates after the extract"),
    "customer_grain": N_("One row per customer"),
    "customer_names": N_("Names of customers"),
    "aging_ties": N_("Aging against ledger"),
    "buckets_sum": N_("Buckets against open items"),
    "aging_grain": N_("One row per customer and bucket"),
    "open_item_grain": N_("One row per open item"),
    "due_ahead": N_("Latest due date"),
    "due_behind": N_("Earliest due date"),
    "kpi_total": N_("Total against aging"),
    "kpi_parts": N_("Total against its parts"),
}
"""What each shipped contract is called."""

FAILED: Final[Mapping[str, str]] = {
    "volume": N_(
        "The number of rows changed by %(observed)s since %(before)s. Have the ERP count them: the export may be cut off, or tell something twice."
    ),
    "control_total": N_(
        "The rows and the file's own total differ by %(observed)s. Ask for a new export; until then the rows count as they are."
    ),
    "null_share": N_(
        "Blank values in column %(column)s rose by %(observed)s since %(before)s. See whether the export has lost the field."
    ),
    "column_emptied": N_(
        "Column %(column)s was filled in %(before)s and is blank now: blank values rose by %(observed)s. The export has lost the field; have it made again."
    ),
    "distinct_keys": N_(
        "The number of different values in column %(column)s changed by %(observed)s since %(before)s. See whether the export was filtered or its keys were cut short."
    ),
    "new_codes": N_(
        "Column %(column)s has codes that no earlier file had: %(detail)s. See that the profile counts them for what they are."
    ),
    "largest_amount": N_(
        "The largest amount in column %(column)s is %(observed)s that of %(before)s. Look it up in the ERP before the figures are used."
    ),
    "amount_scale": N_(
        "Amounts in column %(column)s are on average %(observed)s those of %(before)s: a lost decimal sign or another unit. Have the file exported again."
    ),
    "sum_of_amounts": N_(
        "The sum of column %(column)s, signs aside, changed by %(observed)s since %(before)s. Compare both with the ERP."
    ),
    "dates_back": N_(
        "The latest date in column %(column)s lies %(observed)s before that of %(before)s. The file looks like an older export under a new date; have it made again."
    ),
    "dates_ahead": N_(
        "Dates in column %(column)s reach %(observed)s beyond the day of the extract. Look for mistyped dates."
    ),
    "customer_grain": N_(
        "Rows of core.customer that tell a customer of %(company)s again: %(observed)s. Sums by customer are wrong; report it with the file of this night."
    ),
    "customer_names": N_(
        "Of the customers of %(company)s, %(observed)s have no name of their own. Export the customer list too."
    ),
    "aging_ties": N_(
        "The aging of %(company)s in %(currency)s does not tie to its ledger. See the proof in the report before it is signed."
    ),
    "buckets_sum": N_(
        "The buckets of %(company)s in %(currency)s and its open items differ by %(observed)s. Do not use the aging; report it with the file of this night."
    ),
    "aging_grain": N_(
        "Rows of marts.aging that tell a bucket of a customer of %(company)s again: %(observed)s. Do not use the aging; report it with the file of this night."
    ),
    "open_item_grain": N_(
        "Rows of marts.open_item that tell an item of %(company)s again: %(observed)s. Balances are counted twice; report it with the file of this night."
    ),
    "due_ahead": N_(
        "The latest due date of %(company)s lies %(observed)s ahead. Look the item up in marts.open_item and correct its date in the ERP."
    ),
    "due_behind": N_(
        "The earliest due date of %(company)s lies %(observed)s back. Look the item up in marts.open_item and write it off or correct its date in the ERP."
    ),
    "kpi_total": N_(
        "The total of %(company)s and its aging differ by %(observed)s. Do not use the key figures; report it with the file of this night."
    ),
    "kpi_parts": N_(
        "The total of %(company)s and the sum of its parts differ by %(observed)s. Do not use the key figures; report it with the file of this night."
    ),
}
"""What a shipped contract says when it fails."""

NOT_EVALUATED: Final[Mapping[str, str]] = {
    NO_BATCH_BEFORE: N_("There is no batch of its kind before it to compare with."),
    SMALL_BATCH_BEFORE: N_("The batch before it has too few rows to compare with."),
    NOTHING_MEASURED: N_("There is nothing to measure."),
}
"""Why a contract was not evaluated."""

OWN_CONTRACT: Final = N_("Contract %(contract)s is broken: %(observed)s, expected %(expected)s. Its reason: %(why)s")

LEVELS: Final[Mapping[str, str]] = {
    "refuse": N_("Refuses the file"),
    "needs_person": N_("Needs a person"),
    "warn": N_("Note"),
}
"""How grave it is when a contract fails, the gravest first."""

OUTCOMES: Final[Mapping[str, str]] = {
    "failed": N_("Failed"),
    "waived": N_("Waived"),
    "passed": N_("Passed"),
    "not_evaluated": N_("Not evaluated"),
}

LEVELS_MEAN: Final[Mapping[str, str]] = {
    "warn": N_("kept on this page, nobody has to act"),
    "needs_person": N_("the figures are published, and somebody must look"),
    "refuse": N_("the file is kept out, and the figures of the files before it stay"),
}
"""What becomes of a failure at each level."""

_UNITS: Final[Mapping[str, str]] = {
    "points": N_("%(number)s percentage points"),
    "times": N_("%(number)s times"),
    "days": N_("%(number)s days"),
}
_DETAIL_COLUMNS: Final = 200
_NAME_COLUMNS: Final = 60


def contract_name(contract: str, words: Language) -> str:
    """What a contract is called; a home's own goes by its id."""
    return words.text(NAMES[contract]) if contract in NAMES else contract


def check_sentence(check: Check, words: Language) -> str:
    """What a check that failed or was not evaluated says; empty for one that passed."""
    message = json.loads(check.message)
    if check.passed is None:
        return words.text(NOT_EVALUATED.get(message["code"], NOT_EVALUATED[NOTHING_MEASURED]))
    if check.passed:
        return ""
    params = message["params"]
    return words.text(
        OWN_CONTRACT if "why" in params else FAILED.get(check.contract, OWN_CONTRACT),
        contract=check.contract,
        observed=observed(check, words),
        expected=expected(check, words),
        column=shortened(check.column_name or check.on_what, _NAME_COLUMNS),
        company=shortened(check.company_id, _NAME_COLUMNS),
        before=shortened(str(params.get("before", "–")), _NAME_COLUMNS),
        currency=shortened(str(params.get("currency", "–")), _NAME_COLUMNS),
        detail=shortened(str(params.get("detail", "–")), _DETAIL_COLUMNS),
        why=shortened(str(params.get("why", "–")), _DETAIL_COLUMNS),
    )


def english_sentence(check: Check) -> str:
    """The sentence as the command line tells it."""
    return check_sentence(check, language_in("en"))


def observed(check: Check, words: Language) -> str:
    """What was measured; a dash where nothing was."""
    params = json.loads(check.message)["params"]
    return "–" if check.observed is None else _quantity(check.observed, params, words)


def expected(check: Check, words: Language) -> str:
    """What was expected; an expectation without bounds in its own words."""
    params = json.loads(check.message)["params"]
    bounds = {name: _quantity(params[name], params, words) for name in ("low", "high") if name in params}
    if len(bounds) == 2:
        if bounds["low"] == bounds["high"]:
            return bounds["low"]
        return words.text(N_("%(low)s to %(high)s"), **bounds)
    if "low" in bounds:
        return words.text(N_("at least %(low)s"), **bounds)
    return words.text(N_("at most %(high)s"), **bounds) if bounds else check.expected


def _quantity(value: Any, params: Mapping[str, Any], words: Language) -> str:
    """A figure with its unit."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return shortened(str(value), _DETAIL_COLUMNS)
    unit = str(params.get("unit"))
    if unit == "percent":
        return words.share(number / 100)
    if unit == "amount":
        return words.total(number)
    text = words.number(number)
    return words.text(_UNITS[unit], number=text) if unit in _UNITS else text
