"""What the sample company keeps on file about its customers and its own people: everything beside sales, invoices and money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from receivables.world.files.contacts import contact_table, payers, payment_step_table, signatories, visit_rule_table
from receivables.world.files.contracts import contract_ends, contract_table, has_contract, price_uplift_table
from receivables.world.files.events import addresses, customer_bank_account_table, customer_event_table, paying_accounts
from receivables.world.files.integrity import integrity_file_table, operating_survey_table
from receivables.world.files.limits import credit_account, credit_limit_table
from receivables.world.files.people import collector_table, collectors, salesperson_table, territory_table
from receivables.world.files.records import integrity_record_table
from receivables.world.ledger import Ledger
from receivables.world.tables import Slices, Table

__all__ = [
    "TABLES",
    "addresses",
    "collectors",
    "contract_ends",
    "credit_account",
    "has_contract",
    "payers",
    "paying_accounts",
    "signatories",
]


def _when_needed(make: Callable[[Ledger], Iterator[Table]]) -> Callable[[Ledger], Slices]:
    """Let a table be made only when it is written."""
    return lambda ledger: partial(make, ledger)


TABLES: Final[dict[str, Callable[[Ledger], Slices]]] = {
    "territory": _when_needed(territory_table),
    "salesperson": _when_needed(salesperson_table),
    "collector": _when_needed(collector_table),
    "contact": _when_needed(contact_table),
    "payment_step": _when_needed(payment_step_table),
    "visit_rule": _when_needed(visit_rule_table),
    "contract": _when_needed(contract_table),
    "price_uplift": _when_needed(price_uplift_table),
    "credit_limit": _when_needed(credit_limit_table),
    "customer_event": _when_needed(customer_event_table),
    "customer_bank_account": _when_needed(customer_bank_account_table),
    "integrity_file": _when_needed(integrity_file_table),
    "operating_survey": _when_needed(operating_survey_table),
    "integrity_record": _when_needed(integrity_record_table),
}
"""Every table of these files, in the order they are written."""
