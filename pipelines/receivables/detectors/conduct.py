"""The detectors of conduct: what customers ask, promise and claim, who they are and what becomes of them, and whether what was agreed with them is kept."""

from __future__ import annotations

from typing import Final

from receivables.detectors.detector import Detector, Need, Severity, Turn

_DEBTORS: Final = Need("core.document", ("customer_id",))
_CUSTOMERS: Final = Need("core.customer", ("customer_id",))
_LOG: Final = Need("core.collection_log", ("entry_kind",))
_EVENTS: Final = Need("core.customer_event", ("event_date",))
_PEOPLE: Final = Need("core.contact", ("valid_from",))
_CONTRACTS: Final = Need("core.contract", ("settlement_mode",))
_DELIVERIES: Final = Need("core.delivery")


def _rule(id_: str, practice: str, severity: Severity, *needs: Need, turn: Turn = "usual") -> Detector:
    """Declare a rule of this family."""
    return Detector(id_, "conduct", practice, severity, needs, turn=turn)


DETECTORS: Final[tuple[Detector, ...]] = (
    _rule("punctual_asks_deferral", "S53", "medium", _DEBTORS, _LOG),
    _rule("punctual_asks_instalments", "S53", "medium", _DEBTORS, _LOG),
    _rule("broken_promises", "S36", "medium", Need("core.collection_log", ("promised_date",))),
    _rule("claimed_payment", "S13", "low", _LOG),
    _rule("payer_changed", "S52", "medium", Need("core.payment", ("payer_name",))),
    _rule("contact_changed", "S52", "low", _PEOPLE),
    _rule("signatory_changed", "S52", "medium", _PEOPLE),
    _rule("legal_representative_changed", "S52", "medium", _CUSTOMERS, _EVENTS),
    _rule("bank_changed", "S52", "medium", Need("core.customer_bank_account", ("valid_from",))),
    _rule("address_changed", "S55", "medium", Need("core.customer", ("address",))),
    _rule("organisation_abolished", "S52", "high", _CUSTOMERS, _EVENTS),
    _rule("scope_changed", "S54", "medium", _CUSTOMERS, _EVENTS),
    _rule("confirmation_missing", "S52", "low", Need("core.statement_confirmation", ("sent_date",))),
    _rule("relocation", "S55", "medium", _CUSTOMERS, _EVENTS),
    _rule("closure", "S55", "high", _CUSTOMERS, _EVENTS, turn="at_once"),
    _rule("insolvency", "S55", "high", _CUSTOMERS, _EVENTS, turn="at_once"),
    _rule("demolition", "S55", "medium", _CUSTOMERS, _EVENTS),
    _rule("batch_breach", "S6", "medium", _CONTRACTS, _DELIVERIES),
    _rule("credit_on_cash_terms", "S5", "medium", _CONTRACTS, _DELIVERIES),
    _rule("concession_overrun", "S7", "medium", Need("core.concession", ("new_due",))),
    _rule("no_written_term", "S1", "medium", _DEBTORS, Need("core.contract")),
    _rule("excuse_pattern", "S28", "medium", Need("core.collection_log", ("excuse_code",))),
    _rule("own_fault_open", "S40", "medium", _DEBTORS, Need("core.dispute", ("opened",)), turn="ours"),
    _rule("service_issue_open", "S66", "low", Need("core.service_issue", ("opened",)), turn="ours"),
)
"""The last two find what is ours to mend."""
