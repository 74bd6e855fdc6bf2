"""The detectors of ledger: documents, receipts and order lines that are not what they seem."""

from __future__ import annotations

from typing import Final

from receivables.detectors.detector import Detector, Need

_DOCUMENTS: Final = Need("core.document", ("customer_id",))
_DUE: Final = Need("core.instalment", ("due_date",))
_RESALE: Final = Need("core.sell_through", ("customer_id", "sold_qty", "retail_price"))

DETECTORS: Final[tuple[Detector, ...]] = (
    Detector("duplicate_invoice", "ledger", "duplicates", "high", (_DOCUMENTS,)),
    Detector("duplicate_payment", "ledger", "duplicates", "medium", (Need("core.payment", ("customer_id",)),)),
    Detector("re_aging", "ledger", "re-aging", "high", (_DOCUMENTS, _DUE)),
    Detector(
        "reapplied_payment",
        "ledger",
        "re-aging",
        "medium",
        (Need("core.payment", ("customer_id",)), Need("core.allocation", ("from_payment_id", "to_doc_id")), _DUE),
    ),
    Detector("due_date_edited", "ledger", "re-aging", "medium", (_DOCUMENTS, _DUE)),
    Detector(
        "credit_note_without_origin",
        "ledger",
        "duplicates",
        "low",
        (Need("core.document", ("customer_id", "ref_doc_id")),),
    ),
    Detector(
        "missing_own_invoice",
        "ledger",
        "S14",
        "medium",
        (Need("core.document", ("customer_id", "tax_invoice_date")), _DUE),
        turn="ours",
    ),
    Detector("limitation_near", "ledger", "S62", "high", (_DOCUMENTS, _DUE)),
    Detector(
        "price_off_contract",
        "ledger",
        "S2",
        "medium",
        (Need("core.contract", ("customer_id",)), Need("core.contract_price", ("unit_price",))),
    ),
    Detector(
        "cross_region",
        "ledger",
        "S50",
        "medium",
        (Need("core.order_line", ("customer_id",)), Need("marts.order_place")),
    ),
    Detector("price_dumping", "ledger", "S51", "high", (_RESALE,)),
    Detector("clearance", "ledger", "S51", "high", (_RESALE,)),
    Detector("odd_price", "ledger", "S51", "low", (Need("core.order_line", ("customer_id", "unit_price")),)),
    Detector(
        "up_to_limit",
        "ledger",
        "S49",
        "high",
        (Need("core.order_line", ("customer_id",)), Need("core.credit_limit", ("limit_amount",)), _DOCUMENTS),
    ),
    Detector("dormant_return", "ledger", "S49", "medium", (Need("core.order_line", ("customer_id",)),)),
    Detector(
        "cancelled_bulk", "ledger", "S49", "medium", (Need("core.order_line", ("customer_id", "returns_order_id")),)
    ),
)
