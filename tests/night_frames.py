"""Published tables of an invented night, typed as the warehouse hands them out, with figures that tie by construction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from flag_frames import flag_tables
from rating_frames import rating_tables
from receivables.checks.contract import shipped
from receivables.checks.judge import Verdict
from receivables.checks.record import COLUMNS, check_of
from receivables.settings import Settings
from rule_frames import rule_frames

Row = dict[str, Any]
Frames = dict[str, pd.DataFrame]

AS_OF: Final = date(2026, 6, 30)
MONTH_ENDS: Final = (date(2026, 5, 31), date(2026, 4, 30), date(2026, 3, 31), date(2026, 2, 28))
STARTED: Final = datetime(2026, 7, 1, 4, 30)
COMPANIES: Final = {
    "ES01": ("Comercial Ibáñez S.L.", "EUR"),
    "ES02": ("Norte Foods S.A.", "EUR"),
    "MX01": ("Distribuidora Águila", "MXN"),
}
RATES: Final = {("USD", "EUR"): Decimal("0.9"), ("USD", "MXN"): Decimal("18.25")}
BUCKETS: Final = (
    ("not_due", None, 0),
    ("d1_30", 1, 30),
    ("d31_60", 31, 60),
    ("d61_90", 61, 90),
    ("d91_180", 91, 180),
    ("d181_365", 181, 365),
    ("d366_730", 366, 730),
    ("d731_plus", 731, None),
    ("no_due_date", None, None),
    ("unapplied", None, None),
)
_WEIGHTS: Final = (50, 18, 9, 5, 6, 3, 2, 1, 2, 5)

HOSTILE_NAMES: Final = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)> & <b>bold</b> <a href="https://example.com/">link</a>',
    "\u202eevil\u202c \u200fשלום\u200e מסחר",
    "first line\nsecond line\r\n\tthird\u2028fourth",
    "x" * 500,
    "商" * 500,
    "{{ 7 * 7 }} {% raw %} %(name)s ${7*7} %{x} $$",
    "same name",
    "same name",
    "=HYPERLINK(1)",
    "&lt;b&gt; &#60;i&#62;",
)

_MONEY: Final = pa.decimal128(18, 4)
_TYPES: Final[Mapping[str, pa.DataType]] = {
    "as_of": pa.date32(),
    **dict.fromkeys(("published_as_of", "old_due_date", "new_due_date"), pa.date32()),
    **dict.fromkeys(("old_open_local", "new_open_local", "moved_local"), _MONEY),
    **dict.fromkeys(("place", "rules_items", "companies", "tranches", "unrated_tranches"), pa.int64()),
    "unrated_from": pa.date32(),
    "period_end": pa.date32(),
    "valid_to": pa.date32(),
    "delivered_on": pa.date32(),
    "extract_as_of": pa.date32(),
    "from_date": pa.date32(),
    "to_date": pa.date32(),
    "affected_until": pa.date32(),
    "observed": pa.float64(),
    "expected": pa.float64(),
    **dict.fromkeys(("is_complete", "is_cut"), pa.bool_()),
    "needs_person": pa.bool_(),
    "known_at": pa.timestamp("us"),
    "started_at": pa.timestamp("us"),
    "finished_at": pa.timestamp("us"),
    "loaded_at": pa.timestamp("us"),
    "resolved_at": pa.timestamp("us"),
    "waived_at": pa.timestamp("us"),
    "passed": pa.bool_(),
    "is_current": pa.bool_(),
    "control_total": _MONEY,
    "control_total_file": _MONEY,
    "open_doc": _MONEY,
    "reported_doc": _MONEY,
    "open_local": _MONEY,
    "disputed_local": _MONEY,
    "open_local_closing": _MONEY,
    "open_group": _MONEY,
    "rate": pa.decimal128(24, 12),
    "rate_date": pa.date32(),
    "is_inverse": pa.bool_(),
    "value_local": _MONEY,
    "contract_total": _MONEY,
    "goods_count": pa.int64(),
    "value": pa.decimal128(26, 8),
    **dict.fromkeys(("at_risk", "cash", "loss", "dilution", "cash_lo", "cash_hi", "cash_shrunk"), pa.float64()),
    **dict.fromkeys(("p", "p_lo", "p_hi", "upper_bound", "benchmark_a", "benchmark_d"), pa.float64()),
    **dict.fromkeys(("from_date", "to_date", "forecast_on", "leaves_on", "vintage"), pa.date32()),
    **dict.fromkeys(
        ("expected_loss", "forecast", "actual", "error", "at_median_delay_error", "weeks_before_error"), _MONEY
    ),
    **dict.fromkeys(
        ("due_local", "expected_local", "bring_forward_local", "lost_local", "stake_local", "billed_local"), _MONEY
    ),
    **dict.fromkeys(("loss_rate", "roll_loss_rate", "ultimate_rate"), pa.float64()),
    **dict.fromkeys(("lo", "hi", "forward_factor"), _MONEY),
    **dict.fromkeys(("week", "months", "waiting_days"), pa.int64()),
    **dict.fromkeys(("owed_local", "overdue_local", "limit_local", "recommended_limit", "completeness_min"), _MONEY),
    **dict.fromkeys(
        ("sales_local", "written_off_local", "covering_pct", "list_over_cash_pct", "discount_rate"), _MONEY
    ),
    **dict.fromkeys(("top_share", "assumed_margin"), _MONEY),
    **dict.fromkeys(("is_accredited", "is_granted", "is_covered"), pa.bool_()),
    "holds_until": pa.date32(),
    "term_days": pa.int64(),
    **dict.fromkeys(("reviewed_on", "rerated_on", "next_review", "review_date", "since"), pa.date32()),
    **dict.fromkeys(("score", "completeness", "share", "best_points", "stand_in_points"), pa.float64()),
    "override_until": pa.date32(),
    "is_capped": pa.bool_(),
    "day": pa.date32(),
    **dict.fromkeys(("over_90_local", "now_open_local", "now_overdue_local", "now_over_90_local"), _MONEY),
    "published_local": _MONEY,
    **dict.fromkeys(("is_new", "is_graver", "is_evaluated"), pa.bool_()),
    **dict.fromkeys(("p_value", "adjusted_p", "precision", "precision_lo", "precision_hi"), pa.float64()),
    **dict.fromkeys(("seen_on", "last_seen", "first_seen", "raised_on", "decided_on"), pa.date32()),
    **dict.fromkeys(("amount_local", "exposure_local", "recent_purchases_local", "days_beyond_terms"), _MONEY),
    **dict.fromkeys(("evidence_count", "has", "wanted", "tested", "flagged", "raised"), pa.int64()),
    **dict.fromkeys(("confirmed", "dismissed"), pa.int64()),
    **dict.fromkeys(("cases", "bads"), pa.int64()),
    **dict.fromkeys(("bad_rate", "baseline_value", "difference_lo", "difference_hi"), pa.float64()),
    **dict.fromkeys(("agreed_days", "recommended_terms", "terms_days", "customers"), pa.int64()),
    **dict.fromkeys(("items_min", "history_days_min"), pa.int64()),
    **dict.fromkeys(("is_limit_shared", "is_older", "has_new_grade", "has_new_limit", "has_new_terms"), pa.bool_()),
    **dict.fromkeys(("age_days", "customers_at_risk", "overdue_days", "horizon_days"), pa.int64()),
    **dict.fromkeys(
        (
            "alternatives",
            "batch_id",
            "superseded_by",
            "issue_id",
            "line_no",
            "count",
            "items",
            "ordinal",
            "lower_days",
            "upper_days",
        ),
        pa.int64(),
    ),
}


def frame(rows: Iterable[Row], columns: Iterable[str], texts: Container[str] = ()) -> pd.DataFrame:
    """Rows as the warehouse's readers see them: Arrow-backed, money as decimal, NULL as NA; `texts`: columns that are texts in this table."""
    names = list(columns)
    schema = pa.schema([(name, pa.string() if name in texts else _type(name)) for name in names])
    table = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], schema)
    found: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return found


def _type(name: str) -> pa.DataType:
    if (
        name.removesuffix("_local") in (*_PROOF, "fx_difference")
        or name.removesuffix("_local").removesuffix("_doc") in _TIED
    ):
        return _MONEY
    return pa.int64() if name.startswith(("rows_", "lines_")) else _TYPES.get(name, pa.string())


_PROOF: Final = (
    *("documents", "receipts", "sourceless", "discounts", "tolerance", "moved"),
    *("ledger_total", "sum_of_buckets", "open_total", "difference", "fx_revaluation", "gl_balance"),
)
_TIED: Final = (
    *("asserted", "computed", "difference", "timing", "unallocated", "fx", "tolerance", "unmatched", "unexplained"),
)
STATED: Final = (
    *("company_id", "basis", "source", "as_of", "customer_id", "currency", "verdict", "reasons", "alternatives"),
    *(f"{name}{side}" for name in _TIED for side in ("_doc", "_local")),
)
_AGED: Final = (
    *("currency", "bucket", "items", "open_doc", "open_local", "disputed_local", "open_local_closing", "open_group"),
)
CLOSING_RATE: Final = Decimal("0.95")
"""The closing rate of every pair of currencies of an invented night."""

_BATCH: Final = (
    *(
        "batch_id",
        "profile_id",
        "profile_version",
        "source_system",
        "company_id",
        "table_name",
        "file_name",
        "file_sha256",
    ),
    *("encoding", "mode", "extract_as_of", "rows_read", "rows_loaded", "rows_quarantined", "rows_skipped"),
    *(
        "lines_read",
        "lines_loaded",
        "lines_quarantined",
        "lines_skipped",
        "control_total",
        "control_total_file",
        "status",
        "loaded_at",
        "superseded_by",
    ),
)
_ISSUE: Final = (
    *("issue_id", "batch_id", "line_no", "column_name", "reason_code", "action", "count"),
    *("raw_value", "repaired_value", "raw_line", "resolved_at"),
)
_TERM: Final = ("period_end", "company_id", "customer_id", "owed_local", "term_state", "valid_to")
_DELIVERY: Final = (
    *("company_id", "list", "customer_id", "delivery_id", "delivered_on", "value_local"),
    *("goods", "goods_count", "contract_total", "contract_currency"),
)
_RUN: Final = ("run_id", "as_of", "known_at", "started_at", "finished_at", "status", "code_version", "settings_sha256")

_COMPARED: Final = (
    *("company_id", "comparison", "day", "open_local", "overdue_local", "over_90_local"),
    *("now_open_local", "now_overdue_local", "now_over_90_local", "published_local"),
)
_RESTATED: Final = (
    *("published_as_of", "company_id", "item_id", "doc_no", "change", "old_customer_id", "new_customer_id"),
    *("old_open_local", "new_open_local", "old_due_date", "new_due_date", "reason", "batch_id", "place"),
)
_RESTATED_DATE: Final = (
    *("published_as_of", "company_id", "old_open_local", "new_open_local", "moved_local", "items", "rules_items"),
)


COMPLETENESS: Final = (
    *("as_of", "company_id", "test", "subject", "from_date", "to_date", "affected_until", "observed", "expected"),
    *("is_complete", "needs", "figures", "needs_person"),
)


def gap(test: str, subject: str, company_id: str = "ES01", **changes: Any) -> Row:
    """One row of marts.completeness: something is missing since the first of June."""
    return {
        "as_of": AS_OF,
        "company_id": company_id,
        "test": test,
        "subject": subject,
        "from_date": date(2026, 6, 1),
        "to_date": AS_OF,
        "affected_until": AS_OF,
        "observed": 12.0,
        "expected": 140.6,
        "is_complete": False,
        "figures": '["balance", "payment", "turnover"]',
        "needs_person": False,
    } | changes


_CURVE: Final = (
    *("company_id", "segment_kind", "segment", "age_days", "at_risk", "customers_at_risk"),
    *("cash", "loss", "dilution", "cash_lo", "cash_hi", "cash_shrunk"),
)
_CHANCE: Final = (
    *("segment_kind", "segment", "overdue_days", "horizon_days"),
    *("p", "p_lo", "p_hi", "upper_bound", "benchmark_a", "benchmark_d", "reason"),
)


_GROUP_CURVE: Final = (
    *("companies", "ledger_currencies", "currency", "tranches", "unrated_tranches", "unrated_from", "reason"),
)


def group_curve(**changes: Any) -> Row:
    """One row of marts.group_curve: two companies whose curve is not told together, for want of three rates."""
    return {
        "companies": 2,
        "ledger_currencies": "EUR MXN",
        "currency": "EUR",
        "tranches": 700,
        "unrated_tranches": 3,
        "unrated_from": date(2025, 2, 3),
        "reason": "no_rate",
    } | changes


def _together() -> Iterable[Row]:
    """The curve of all companies together."""
    for day, cash in ((0, 0.4), (30, 0.8), (90, 0.9)):
        row = {"segment_kind": "all", "segment": "all", "age_days": day, "at_risk": 9000.0, "customers_at_risk": 40}
        yield row | {"cash": cash, "loss": 0.0, "dilution": 0.0, "cash_lo": cash - 0.02, "cash_hi": cash + 0.02}


def _curves() -> Iterable[Row]:
    """The curve of ES01 and of three of its territories: of one nothing is told after ten days, of one nothing but where it lies if drawn to ES01's."""
    for kind, segment, share in (
        ("company", "ES01", 1.0),
        *(("territory", f"ES01:{key}", share) for key, share in (("N", 0.8), ("S", 0.6), ("W", 0.1))),
    ):
        for day, cash in ((0, 0.5), (10, 0.7), (30, 0.85), (90, 0.95), (365, 0.97)):
            known = segment != "ES01:W" and (segment != "ES01:S" or day <= 10)
            drawn = (1 + share) / 2 * cash if kind == "territory" and day % 30 == 0 else None
            row = {"company_id": "ES01", "segment_kind": kind, "segment": segment, "age_days": day}
            row |= {
                "at_risk": 1000.0 * share,
                "customers_at_risk": 12,
                "loss": 0.0,
                "dilution": 0.01,
                "cash_shrunk": drawn,
            }
            yield row | (
                {"cash": cash * share, "cash_lo": cash * share - 0.04, "cash_hi": cash * share + 0.02} if known else {}
            )


def _chances() -> Iterable[Row]:
    """Chances of ES01 after 30 days and half a year; beyond a year nothing is told."""
    for overdue, base in ((30, 0.8), (182, 0.45), (365, None)):
        for horizon in (30, 365, None):
            row: Row = {"segment_kind": "company", "segment": "ES01", "overdue_days": overdue, "horizon_days": horizon}
            if horizon != 30:
                row |= {"benchmark_a": 0.6, "benchmark_d": 0.55}
            if base is None:
                yield row | {"reason": "few_customers"}
            else:
                told = base / 2 if horizon == 30 else base
                yield row | {
                    "p": told,
                    "p_lo": told - 0.1,
                    "p_hi": told + 0.1,
                    "upper_bound": told + 0.05 if horizon is None else None,
                }


def _prospect() -> dict[str, tuple[tuple[str, ...], list[Row]]]:
    """What the curve of ES01 says in money: two weeks ahead, one past forecast, two buckets, an item about to leave, a vintage."""
    one = {"company_id": "ES01"}
    weeks = [
        one
        | {"week": n, "from_date": AS_OF + timedelta(7 * n - 6), "to_date": AS_OF + timedelta(7 * n)}
        | {"expected": 1000.0 * n, "lo": Decimal(500 * n), "hi": Decimal(2000 * n)}
        for n in (1, 2)
    ]
    record = [
        one
        | {"forecast_on": date(2026, 3, 31), "week": n, "forecast": Decimal(100), "actual": actual, "error": error}
        | {"is_cut": n == 2}
        | {"at_median_delay_error": Decimal(30), "weeks_before_error": Decimal(40)}
        for n, actual, error in ((1, Decimal(90), Decimal(10)), (2, Decimal(120), Decimal(20)), (3, None, None))
    ]
    months = [
        one | {"period_end": day, "due_local": Decimal(50), "expected_local": Decimal(40), "bring_forward_local": early}
        for day, early in (
            (date(2026, 5, 31), Decimal(9)),
            (date(2026, 7, 31), Decimal(0)),
            (date(2026, 12, 31), Decimal(7)),
        )
    ]
    matrix = [
        one
        | {
            "bucket": bucket,
            "open_local": Decimal(1000),
            "loss_rate": rate,
            "roll_loss_rate": 0.1,
            "expected_loss": loss,
        }
        | {"cross_check": check, "forward_factor": Decimal("1.1"), "forward_reason": "a crisis <b>"}
        for bucket, rate, loss, check in (("d1_30", 0.05, Decimal(50), "differs"), ("not_due", None, None, None))
    ]
    waiting = [one | {"bucket": "d1_30", "waiting_days": 7, "lost_local": Decimal("12.5")}]
    leaving = [
        one
        | {
            "customer_id": "ES01:100000",
            "item_id": "ES01:<i>",
            "leaves_on": date(2026, 7, 9),
            "open_local": Decimal(80),
            "stake_local": Decimal(8),
        }
    ]
    vintages = [
        one
        | {"vintage": date(2026, 4, 1), "months": n, "billed_local": Decimal(900), "rate": rate, "ultimate_rate": final}
        for n, rate, final in ((0, Decimal("0.5"), None), (1, Decimal("0.8"), 0.95))
    ]
    verdicts = [one | {"vintage": date(2026, 4, 1), "verdict": "worse"}]
    tables: dict[str, list[Row]] = {
        "marts.expected_cash": weeks,
        "marts.forecast_record": record,
        "marts.due_curve": months,
        "marts.provision_matrix": matrix,
        "marts.waiting_cost": waiting,
        "marts.window_item": leaving,
        "marts.vintage": vintages,
        "marts.vintage_change": verdicts,
    }
    return {name: (tuple(rows[0]), rows) for name, rows in tables.items()}


@dataclass
class Night:
    """An invented night; change its rows before asking for frames."""

    customers: list[Row] = field(default_factory=list)
    aging: list[Row] = field(default_factory=list)
    batches: list[Row] = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    checks: list[Row] = field(default_factory=list)
    restated: list[Row] = field(default_factory=list)
    restated_dates: list[Row] = field(default_factory=list)
    terms: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)
    stated: list[Row] = field(default_factory=list)
    mismatches: list[Row] = field(default_factory=list)
    revaluations: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """Ledger currency posted beside the items of a company and currency."""
    control_off: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """Document currency by which a company's aging misses its ledger."""
    settings: Settings = field(default_factory=Settings)
    basis: str = "due_date"
    reporting_currency: str | None = None
    group_curve: Row = field(default_factory=group_curve)
    moved: dict[str, Decimal] = field(default_factory=dict)
    """Share of what is not due of a ledger's companies that was due a month before when it was first told, by company."""
    untold: set[tuple[str, str]] = field(default_factory=set)
    """Companies and currencies whose closing rate is not told."""

    def frames(self) -> Frames:
        """The published tables."""
        companies = [
            {"company_id": key, "name": name, "local_currency": currency} for key, (name, currency) in COMPANIES.items()
        ]
        buckets = [
            {"bucket": key, "ordinal": place, "lower_days": low, "upper_days": high}
            for place, (key, low, high) in enumerate(BUCKETS, start=1)
        ]
        control = (*_PROOF, *(f"{name}_local" for name in _PROOF), "fx_difference_local")
        return {
            "ops.run": frame(self.runs, _RUN),
            "ops.batch": frame(self.batches, _BATCH),
            "ops.issue": frame(({"issue_id": n} | row for n, row in enumerate(self.issues)), _ISSUE),
            "core.company": frame(companies, ("company_id", "name", "local_currency")),
            "core.customer": frame(self.customers, ("customer_id", "company_id", "name")),
            "marts.aging": frame(
                self.aging,
                (
                    "as_of",
                    "company_id",
                    "customer_id",
                    "currency",
                    "bucket",
                    "items",
                    "open_doc",
                    "open_local",
                    "disputed_local",
                ),
            ),
            "marts.aging_by": frame(self._aging_by(), ("company_id", "dimension", "member", "member_name", *_AGED)),
            "marts.aging_by_date": frame(
                self._aging_by_date(), ("company_id", "aged_by", "currency", "bucket", "open_local")
            ),
            "marts.closing_rate": frame(
                self._closing_rates(),
                ("as_of", "company_id", "from_currency", "to_currency", "rate_date", "rate", "is_inverse"),
            ),
            "marts.aging_control": frame(
                self._control(), ("as_of", "company_id", "currency", "local_currency", *control)
            ),
            "marts.data_quality": frame(
                self.checks, (*COLUMNS, "is_current", "waived_at"), texts=("observed", "expected")
            ),
            "marts.restatement": frame(self.restated, _RESTATED),
            "marts.restatement_date": frame(self.restated_dates, _RESTATED_DATE),
            **self._rules(),
            "marts.customer_term": frame(self.terms, _TERM),
            "marts.delivery_list": frame(self.deliveries, _DELIVERY),
            "marts.kpi": frame(
                self._kpi(), ("as_of", "company_id", "metric", "period_end", "value", "unit", "note", "marks")
            ),
            "marts.completeness": frame(self.gaps, COMPLETENESS),
            "marts.tie_out": frame(self.stated, STATED),
            "marts.open_mismatch": frame(
                self.mismatches,
                ("company_id", "currency", "believed", "doc_id", "reported_doc", "computed_doc", "difference_doc"),
            ),
            "params.bucket": frame(buckets, ("bucket", "ordinal", "lower_days", "upper_days")),
            "core.territory": frame([{"territory_id": "ES01:N", "name": "Norte"}], ("territory_id", "name")),
            "marts.collection_curve": frame([*_curves(), *(() if self.group_curve["reason"] else _together())], _CURVE),
            "marts.collection_success": frame(_chances(), _CHANCE),
            "marts.group_curve": frame([self.group_curve], _GROUP_CURVE),
            **{name: frame(rows, columns) for name, (columns, rows) in _prospect().items()},
            **{name: frame(rows, columns) for name, (columns, rows) in self._ratings().items()},
            **{name: frame(rows, columns) for name, (columns, rows) in self._flags().items()},
            "marts.compared_balance": frame(self._compared(), _COMPARED),
            "marts.balance_bridge": frame(self._bridge(), ("company_id", "comparison", "step", "amount_local")),
        }

    def _rules(self) -> Frames:
        """The settings shipped, but for what the night says of them itself."""
        told = rule_frames(self.settings)
        return told | {
            "params.aging": told["params.aging"].assign(basis=self.basis),
            "params.ledger": told["params.ledger"].assign(reporting_currency=self.reporting_currency),
        }

    def _ratings(self) -> dict[str, tuple[Sequence[str], list[Row]]]:
        late = [key for key, lower_days, _ in BUCKETS if lower_days is not None]
        return rating_tables(AS_OF, self.customers, self.aging, late)

    def _owed(self, company: str) -> Decimal:
        return sum((row["open_local"] for row in self.aging if row["company_id"] == company), Decimal(0))

    def _compared(self) -> Iterable[Row]:
        """Every company owed 100 less at the last report, which told ten less than is known now of its day, and as much the day before the as-of date."""
        for company in sorted({row["company_id"] for row in self.aging}):
            owed = self._owed(company)
            now = {"now_open_local": owed, "now_overdue_local": _four(owed / 2), "now_over_90_local": Decimal(7)}
            for comparison, day, less in (("last_published", date(2026, 6, 27), 100), ("day", date(2026, 6, 29), 0)):
                then = {"open_local": owed - less, "overdue_local": _four(owed / 2) - less, "over_90_local": Decimal(7)}
                told = {"published_local": owed - 110} if less else {}
                yield {"company_id": company, "comparison": comparison, "day": day} | then | now | told

    def _bridge(self) -> Iterable[Row]:
        """Since the last report 300 were invoiced and 200 paid."""
        for row in self._compared():
            steps = {"opening": row["open_local"], "closing": row["now_open_local"]}
            if row["comparison"] == "last_published":
                steps |= {
                    "invoiced": Decimal(300),
                    "cash": Decimal(-200),
                    "restated": Decimal(10),
                    "published": row["open_local"] - 10,
                }
            for step, amount in steps.items():
                yield {
                    "company_id": row["company_id"],
                    "comparison": row["comparison"],
                    "step": step,
                    "amount_local": amount,
                }

    def _flags(self) -> dict[str, tuple[Sequence[str], list[Row]]]:
        owing = {row["customer_id"] for row in self.aging if row["company_id"] == "ES01"}
        return flag_tables(AS_OF, sorted(row["customer_id"] for row in self.customers if row["customer_id"] in owing))

    def _closing_rates(self) -> Iterable[Row]:
        for company, currency in dict.fromkeys((row["company_id"], row["currency"]) for row in self.aging):
            local = COMPANIES[company][1]
            if currency != local:
                yield self._closing_rate(company, currency, local)
        if self.reporting_currency:
            for company, (_, local) in COMPANIES.items():
                if local != self.reporting_currency:
                    yield self._closing_rate(company, local, self.reporting_currency)

    def _closing_rate(self, company: str, currency: str, into: str) -> Row:
        row = {"as_of": AS_OF, "company_id": company, "from_currency": currency, "to_currency": into}
        told = {"rate_date": AS_OF, "rate": CLOSING_RATE, "is_inverse": False}
        return row if (company, currency) in self.untold else row | told

    def _aging_by(self) -> Iterable[Row]:
        """Each customer's rows under each dimension; every third customer belongs to the first of its company."""
        for row in self.aging:
            company, customer = row["company_id"], row["customer_id"]
            local = COMPANIES[company][1]
            place = int(customer[-3:]) if customer[-3:].isdigit() else None
            closing = self._value(company, row["currency"], local, row["open_doc"], row["open_local"])
            group = self._value(company, local, self.reporting_currency, closing, closing)
            told = {name: row.get(name) for name in _AGED} | {"open_local_closing": closing, "open_group": group}
            seller = "(unidentified)" if place is None else f"S{place % 4}"
            members = {
                "customer": (customer, customer),
                "parent": (
                    f"{company}:group" if place is not None and place % 3 == 0 else customer,
                    f"Group {company}",
                ),
                "salesperson": (seller, HOSTILE_NAMES[0] if seller == "S0" else f"Seller {seller}"),
                "territory": ("(none)", "(none)"),
                "company": (company, COMPANIES[company][0]),
                "currency": (row["currency"], row["currency"]),
            }
            for dimension, (member, name) in members.items():
                yield {"company_id": company, "dimension": dimension, "member": member, "member_name": name} | told

    def _value(
        self, company: str, currency: str, into: str | None, amount: Decimal | None, same: Decimal | None
    ) -> Decimal | None:
        """An amount at the closing rate into another currency; itself in its own."""
        if into is None or amount is None or ((company, currency) in self.untold and currency != into):
            return None
        return same if currency == into else _four(amount * CLOSING_RATE)

    def _aging_by_date(self) -> Iterable[Row]:
        """By document date everything is a bucket older; of what is not due a share was moved there."""
        older = {key: BUCKETS[place + 1][0] for place, (key, _, high) in enumerate(BUCKETS) if high is not None}
        for row in self.aging:
            told = {name: row[name] for name in ("company_id", "currency")}
            share = self.moved.get(row["company_id"], Decimal(0)) if row["bucket"] == "not_due" else Decimal(0)
            part = _four(row["open_local"] * share)
            for aged_by, bucket, amount in (
                ("due_date", row["bucket"], row["open_local"]),
                ("document_date", older.get(row["bucket"], row["bucket"]), row["open_local"]),
                ("due_date_original", row["bucket"], row["open_local"] - part),
                ("due_date_original", "d1_30", part),
            ):
                yield told | {"aged_by": aged_by, "bucket": bucket, "open_local": amount}

    def _control(self) -> Iterable[Row]:
        groups: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.aging:
            groups[row["company_id"], row["currency"]].append(row)
        for (company, currency), rows in groups.items():
            yield {
                "as_of": AS_OF,
                "company_id": company,
                "currency": currency,
                "local_currency": COMPANIES[company][1],
            } | {
                **_proof(
                    sum(row["open_doc"] for row in rows), self.control_off.get((company, currency), Decimal(0)), ""
                ),
                **_proof(
                    sum(row["open_local"] for row in rows),
                    Decimal(0),
                    "_local",
                    self.revaluations.get((company, currency), Decimal(0)),
                ),
            }

    def _kpi(self) -> Iterable[Row]:
        for company, (_, currency) in COMPANIES.items():
            rows = [row for row in self.aging if row["company_id"] == company]
            for metric, value in figures(rows).items():
                unit = currency if metric.endswith("_total") else metric.rpartition("_")[2]
                told = {"as_of": AS_OF, "company_id": company, "metric": metric, "unit": unit}
                yield told | {"period_end": AS_OF, "value": value}
                for back, period_end in enumerate(MONTH_ENDS, start=1):
                    yield told | {"period_end": period_end, "value": _eight(value * (20 - back) / 20)}
            told = {"as_of": AS_OF, "company_id": company, "metric": "dso_countback_days", "unit": "days"}
            yield told | {"period_end": AS_OF, "value": Decimal("41.25")}
            yield told | {"period_end": MONTH_ENDS[0], "note": "beyond_history 1220"}


def figures(rows: list[Row]) -> dict[str, Decimal]:
    """A company's key figures, straight from its aging rows."""
    overdue = {key for key, low, _ in BUCKETS if low is not None}
    old = {key for key, low, _ in BUCKETS if low is not None and low > 90}

    def total(keep: Callable[[Row], bool]) -> Decimal:
        return sum((row["open_local"] for row in rows if keep(row)), Decimal(0))

    sums = {
        "receivables_total": total(lambda _: True),
        "not_due_total": total(lambda row: row["bucket"] == "not_due"),
        "overdue_total": total(lambda row: row["bucket"] in overdue),
        "overdue_90_total": total(lambda row: row["bucket"] in old),
        "no_due_date_total": total(lambda row: row["bucket"] == "no_due_date"),
        "unapplied_total": total(lambda row: row["bucket"] == "unapplied"),
    }
    owed = sums["receivables_total"] - sums["unapplied_total"]
    return sums | {
        "overdue_share": _eight(sums["overdue_total"] / owed) if owed else Decimal(0),
        "customers_open_count": Decimal(len({row["customer_id"] for row in rows})),
        "customers_overdue_count": Decimal(len({row["customer_id"] for row in rows if row["bucket"] in overdue})),
        "open_items_count": Decimal(sum(row["items"] for row in rows)),
    }


def _eight(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.00000001"))


def _proof(open_total: Decimal, off: Decimal, suffix: str, revaluation: Decimal = Decimal(0)) -> Row:
    """A control row's amounts: documents are whatever the movements and the open items add up to."""
    used = {
        "receipts": Decimal("1250000.5"),
        "sourceless": Decimal("312.25"),
        "discounts": Decimal("1480.1"),
        "tolerance": Decimal("0.37"),
        "moved": Decimal(0),
    }
    fx = Decimal("17.85") if suffix else Decimal(0)
    ledger = open_total - off
    amounts = {**used, "documents": ledger + sum(used.values()) + fx, "ledger_total": ledger, "open_total": open_total}
    amounts |= {"sum_of_buckets": open_total, "difference": off}
    amounts |= {"fx_revaluation": revaluation, "gl_balance": open_total + revaluation}
    return {name + suffix: value for name, value in amounts.items()} | ({"fx_difference_local": fx} if suffix else {})


def stated(
    asserted: Decimal | float | str, computed: Decimal | float | str | None, verdict: str = "ties", **changes: Any
) -> Row:
    """A balance of the general ledger of ES01 in euro, both amounts the same; causes are given by their name."""
    row: Row = {
        "company_id": "ES01",
        "basis": "gl",
        "source": "general ledger",
        "as_of": AS_OF,
        "currency": "EUR",
        "verdict": verdict,
    }
    row |= {name: changes.pop(name) for name in list(changes) if name not in _TIED}
    amounts = {name: Decimal(0) for name in _TIED[3:]} | {name: Decimal(str(value)) for name, value in changes.items()}
    amounts["asserted"] = Decimal(str(asserted))
    if computed is None:
        amounts = {"asserted": amounts["asserted"]}
    else:
        amounts |= {"computed": Decimal(str(computed)), "difference": Decimal(str(computed)) - amounts["asserted"]}
    return row | {name + side: value for name, value in amounts.items() for side in ("_doc", "_local")}


def night(customers: int = 60, seed: int = 7, names: tuple[str, ...] = ()) -> Night:
    """A night of three companies in two ledger currencies; the first customers of each company get `names`."""
    random = Random(seed)
    made = Night(runs=[run()])
    for number in range(customers):
        company = list(COMPANIES)[number % len(COMPANIES)]
        place = number // len(COMPANIES)
        name = names[place] if place < len(names) else f"{random.choice(_FIRST)} {random.choice(_LAST)} {number}"
        customer = f"{company}:{100000 + number}"
        made.customers.append({"customer_id": customer, "company_id": company, "name": name})
        # named customers are made large, so that their names are on the page
        made.aging += _customer_rows(random, company, customer, Decimal(1000 if place < len(names) else 1))
    made.aging += [aging_row("ES01", "(unidentified)", "EUR", "unapplied", Decimal("-4310.55"))]
    made.batches = [
        batch(1),
        batch(2, table_name="payment", file_name="payment__ES01__2026-06-30.csv"),
        batch(3, "MX01"),
        batch(4, "ES02"),
    ]
    made.restated_dates, made.restated = _restated(names)
    made.issues = [
        {
            "batch_id": 1,
            "line_no": 17,
            "column_name": "due_date",
            "reason_code": "DATE_IMPOSSIBLE",
            "action": "quarantine",
            "count": 1,
            "raw_value": "31/06/2024",
        },
        {
            "batch_id": 1,
            "line_no": 99,
            "column_name": "due_date",
            "reason_code": "DATE_IMPOSSIBLE",
            "action": "quarantine",
            "count": 1,
            "raw_value": "30/02/2024",
        },
        {
            "batch_id": 1,
            "column_name": "doc_date",
            "reason_code": "ASSUMED_VALUE",
            "action": "repair",
            "count": 1000,
            "repaired_value": "due_date -15 days",
        },
        {
            "batch_id": 2,
            "reason_code": "KEY_DUPLICATE_SAME",
            "action": "accept_warn",
            "count": 960,
            "raw_value": "28282.09",
        },
        {"batch_id": 1, "reason_code": "SKIP_HEADER", "action": "skip", "count": 1},
        {"batch_id": 1, "reason_code": "SKIP_BLANK", "action": "skip", "count": 2},
    ]
    return made


def _restated(names: tuple[str, ...]) -> tuple[list[Row], list[Row]]:
    """A published date that nothing changed, one that a file, a due date and other settings did, and one of a company in another currency."""
    dates = [
        {
            "published_as_of": day,
            "company_id": company,
            "old_open_local": old,
            "new_open_local": new,
            "moved_local": moved,
        }
        | {"items": items, "rules_items": rules}
        for day, company, old, new, moved, items, rules in (
            (date(2026, 5, 31), "ES01", Decimal(91200), Decimal(91200), Decimal(0), 0, 0),
            (date(2026, 6, 29), "ES01", Decimal("90400.10"), Decimal("89149.80"), Decimal("1250.30"), 8, 1),
            (date(2026, 6, 29), "MX01", Decimal(150000), Decimal(150800), Decimal(800), 1, 0),
        )
    ]
    item = {"published_as_of": date(2026, 6, 29), "company_id": "ES01", "new_customer_id": "ES01:100000"}
    rows = [
        item | {"item_id": "ES01:D1", "doc_no": names[0] if names else "F-26/0417", "change": "gone", "reason": "told", "batch_id": 2}
        | {"old_open_local": Decimal("1240.30"), "new_open_local": Decimal(0), "old_due_date": date(2026, 6, 1), "place": 1},
        item | {"item_id": "ES01:D2", "doc_no": "F-26/0399", "change": "amount", "reason": "rules", "place": 2}
        | {"old_open_local": Decimal("510.00"), "new_open_local": Decimal("500.00")},
        item | {"item_id": "ES01:D3", "doc_no": "F-26/0420", "change": "due_date", "reason": "related", "place": 3}
        | {"old_open_local": Decimal(75), "new_open_local": Decimal(75), "old_due_date": date(2026, 6, 1), "new_due_date": date(2026, 7, 1)},
        item | {"item_id": "MX01:P1", "company_id": "MX01", "change": "appeared", "reason": "told", "batch_id": 3, "place": 1}
        | {"old_open_local": Decimal(0), "new_open_local": Decimal(800)},
    ]  # fmt: skip
    return dates, rows


def check(contract: str, observed: Any, *, passed: bool | None, **more: Any) -> Row:
    """One row of marts.data_quality: a shipped contract on the documents of ES01, or on its tables, as a verdict of it is kept."""
    declared = shipped()[contract]
    row: Row = {"company_id": "ES01", declared.measure: observed, "currency": None}
    if declared.on.startswith("batch"):
        row |= {"batch_id": 1, "table_name": "document", "file_name": "document__ES01__2026-06-30.csv"}
        row |= {"file_before": "document__ES01__2026-06-29.csv", "column_name": None}
    waived_at = more.pop("waived_at", None)
    made = check_of(Verdict(declared, row | more, passed))
    return {name: getattr(made, name) for name in COLUMNS} | {"is_current": True, "waived_at": waived_at}


_FIRST: Final = ("Alimentos", "Hotel", "Grupo", "Bodegas", "Shanghai", "Norden", "Casa", "上海", "Café", "Müller")
_LAST: Final = (
    "del Norte",
    "Miramar",
    "Trading Co.",
    "y Hermanos",
    "Handels GmbH",
    "Foods",
    "商贸有限公司",
    "Retail",
    "Export",
)


def _customer_rows(random: Random, company: str, customer: str, size: Decimal) -> Iterable[Row]:
    local = COMPANIES[company][1]
    for bucket in dict.fromkeys(random.choices([key for key, *_ in BUCKETS], _WEIGHTS, k=4)):
        currency = random.choice((local, local, "USD"))
        amount = Decimal(round(random.lognormvariate(8, 1.4) * 100)) / 100 * size
        yield aging_row(
            company, customer, currency, bucket, -amount / 4 if bucket == "unapplied" else amount, random.randint(1, 9)
        )


def aging_row(company: str, customer: str, currency: str, bucket: str, amount: Decimal, items: int = 1) -> Row:
    """One row of marts.aging; `amount` is in document currency."""
    rate = RATES.get((currency, COMPANIES[company][1]), Decimal(1))
    ids = {"as_of": AS_OF, "company_id": company, "customer_id": customer, "currency": currency, "bucket": bucket}
    money = {"open_doc": _four(amount), "open_local": _four(_four(amount) * rate), "disputed_local": Decimal(0)}
    return ids | {"items": items} | money


def _four(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def run(number: int = 1, started: datetime = STARTED) -> Row:
    """One row of ops.run."""
    times = {"known_at": started, "started_at": started, "finished_at": started}
    return {
        "run_id": f"2026-07-01-{number}",
        "as_of": AS_OF,
        "status": "published",
        "code_version": "0.1.0",
        "settings_sha256": "5e" * 32,
    } | times


def batch(batch_id: int, company_id: str = "ES01", **changes: Any) -> Row:
    """One row of ops.batch: a file of 1,000 lines, all accounted for."""
    return {
        "batch_id": batch_id,
        "profile_id": "canonical",
        "profile_version": "1",
        "source_system": "canonical",
        "company_id": company_id,
        "table_name": "document",
        "file_name": f"document__{company_id}__2026-06-30.csv",
        "file_sha256": f"{batch_id:064x}",
        "encoding": "utf-8",
        "mode": "delta",
        "extract_as_of": AS_OF,
        "rows_read": 997,
        "rows_loaded": 995,
        "rows_quarantined": 2,
        "rows_skipped": 0,
        "lines_read": 1000,
        "lines_loaded": 995,
        "lines_quarantined": 2,
        "lines_skipped": 3,
        "control_total": Decimal("1234567.89"),
        "control_total_file": None,
        "status": "warn",
        "loaded_at": STARTED,
    } | changes


def refused_batch(batch_id: int, file_name: str = "open items.csv", company_id: str = "ES02", **changes: Any) -> Row:
    """One row of ops.batch for a file nothing was loaded of."""
    none = {
        "table_name": "",
        "rows_loaded": 0,
        "rows_quarantined": 0,
        "lines_loaded": 0,
        "lines_quarantined": 0,
        "lines_skipped": 1000,
    }
    return batch(batch_id, company_id, file_name=file_name, status="refused", control_total=None) | none | changes
