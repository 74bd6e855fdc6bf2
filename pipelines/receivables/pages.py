"""Builds the records of the management report from the published tables: frames in, one frozen page out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from receivables.cells import ZERO, day, day_or_none, int_or_none, money, money_or_none, share_of, text, total_of
from receivables.chapters import (
    aging_views,
    collection,
    completeness,
    definitions,
    flags,
    grade_policy,
    movement,
    practice,
    prospect,
    ratings,
    restatement,
    tie_out,
    trend,
)
from receivables.charts import UNAPPLIED
from receivables.page_model import (
    Batch,
    Bucket,
    BucketLine,
    Company,
    CustomerLine,
    CustomerTable,
    Findings,
    Headline,
    Ledger,
    Lines,
    NightPage,
    Part,
    Proof,
    ProofSide,
    Run,
)
from receivables.personal_data import NOT_QUOTED
from receivables.quality import judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from receivables.scope import Scope
    from receivables.settings import Settings

_OWN: Final = (
    "ops.run",
    "ops.batch",
    "ops.issue",
    "core.company",
    "core.customer",
    "marts.aging",
    "marts.aging_control",
    "marts.data_quality",
    "marts.kpi",
    "params.bucket",
)
TABLES: Final = tuple(
    dict.fromkeys(
        (
            *_OWN,
            *trend.TABLES,
            *restatement.TABLES,
            *aging_views.TABLES,
            *practice.TABLES,
            *completeness.TABLES,
            *collection.TABLES,
            *prospect.TABLES,
            *ratings.TABLES,
            *flags.TABLES,
            *movement.TABLES,
            *tie_out.TABLES,
            *definitions.TABLES,
        )
    )
)
"""The published tables a page is made from."""

LISTED_ROWS: Final = {
    "marts.restatement": f"place <= {restatement.LISTED}",
    "marts.collection_curve": collection.HEADLINE,
    "marts.collection_success": collection.HEADLINE,
    "marts.group_curve": collection.HEADLINE_HISTORY,
    "marts.rating_migration": ratings.LATEST_MIGRATION,
    "marts.accredited_payer": grade_policy.LISTED_PAYERS,
    flags.COURSE: flags.OF_OPEN,
}
"""Of tables with more rows than a page lists: which are needed."""

_CUSTOMER: Final = ["company_id", "customer_id"]
_PROOF_AMOUNTS: Final = (
    "documents",
    "receipts",
    "sourceless",
    "discounts",
    "tolerance",
    "moved",
    "ledger_total",
    "sum_of_buckets",
    "open_total",
    "difference",
    "fx_revaluation",
    "gl_balance",
)
_BATCH_COUNTS: Final = (
    *("lines_read", "lines_loaded", "lines_quarantined", "lines_skipped"),
    "rows_loaded",
)
_LISTED: Final = ("REF_ORPHAN_ALLOC", "OPEN_MISMATCH")
"""Findings that name one thing of the ledger each, which somebody may wait for: listed one by one, beyond `_LISTED_MAX` of them as one line."""
_LISTED_MAX: Final = 50
_URGENT: Final = {"refused": 0, "needs_person": 1}
_LOADED: Final = ("ok", "warn", "needs_person")


def night_page(
    frames: Mapping[str, pd.DataFrame],
    top_customers: int = 15,
    control_amount_per_item: Decimal = Decimal("0.01"),
    listed_files: int = 60,
    tie_out_amount: Decimal = Decimal(1),
    *,
    listed_flags: int = 20,
    tie_out_asks: bool = True,
) -> NightPage:
    """Build the page of the newest run in `ops.run`.

    Args:
        frames: the published tables by name, all of `TABLES`.
        top_customers: customers of each ledger listed by name; all others are one line.
        control_amount_per_item: ledger currency per open item by which the ledger side of the proof may differ.
        listed_files: rows of `ops.batch` listed one by one; the rest is one line.
        listed_flags: open flags of each company listed one by one; the rest is one line.
        tie_out_amount: what of a stated balance may stay unexplained.
        tie_out_asks: whether more than that asks for a person.
    """
    run = run_of(frames["ops.run"])
    started = pd.Timestamp(_newest(frames["ops.run"])["started_at"])  # what was loaded since is new
    # A file that was read again with repaired lines is one file, and what it resolved waits for nobody.
    told = frames["ops.batch"][frames["ops.batch"]["superseded_by"].isna()]
    issue = frames["ops.issue"][frames["ops.issue"]["resolved_at"].isna()]
    companies = _companies(frames["core.company"], told)
    aging = _with_ledger(frames["marts.aging"], companies)
    batch = _in_order(told, started)
    return NightPage(
        run=run,
        companies=companies,
        buckets=buckets_of(frames["params.bucket"]),
        ledgers=tuple(_ledgers(frames, aging, companies, run, top_customers)),
        proofs=tuple(_proofs(frames["marts.aging_control"], aging, control_amount_per_item)),
        batches=tuple(_batches(batch.head(listed_files), issue, started)),
        loaded=_lines(batch),
        earlier=_lines(batch.iloc[listed_files:]),
        findings=tuple(_findings(issue, told)),
        judged=tuple(judged(frames["marts.data_quality"])),
        trends=tuple(trend.trends(frames, run.as_of)),
        collections=tuple(collection.collections(frames)),
        together=collection.together(frames),
        prospects=tuple(prospect.prospects(frames, run.as_of)),
        ratings=tuple(ratings.ratings(frames, top_customers)),
        movements=tuple(movement.movements(frames)),
        flags=tuple(flags.flags(frames, listed_flags)),
        restatement=restatement.restatement(frames),
        views=aging_views.aging_views(frames, top_customers),
        practices=tuple(practice.practices(frames, run.as_of)),
        gaps=tuple(completeness.gaps(frames, run.as_of)),
        tie_out=tie_out.tie_out(
            frames, {one.company_id: one.currency for one in companies}, amount=tie_out_amount, is_asking=tie_out_asks
        ),
        rules=definitions.rules(frames),
    )


def published_page(table: Callable[[str, str], pd.DataFrame], settings: Settings) -> NightPage:
    """Build the page of a published night; `table` reads the rows of a published table that a condition holds for (empty: all)."""
    ledger = settings.ledger
    return night_page(
        {name: table(name, LISTED_ROWS.get(name, "")) for name in TABLES},
        settings.report.top_customers,
        ledger.control_amount_per_item,
        listed_flags=settings.report.flags_listed,
        tie_out_amount=ledger.tie_out_amount,
        tie_out_asks=ledger.tie_out_level == "needs_person",
    )


def part_of(table: Callable[[str], pd.DataFrame], companies: Iterable[Company], scope: Scope) -> Part | None:
    """Of what a page for a reader of `scope` is a part, by name; `companies` are those in sight, `table` reads a table in sight."""
    if scope.is_whole:
        return None
    names: dict[str, str] = {}
    for row in table("core.territory").to_dict("records"):
        for key in (row["territory_id"], row["territory_id"].partition(":")[2]):
            names.setdefault(key, str(row["name"]))
    return Part(
        companies=tuple(company.name for company in companies),
        territories=tuple(dict.fromkeys(names.get(key, key) for key in scope.territories)),
        salespersons=scope.salespersons,
    )


def companies_of(company: pd.DataFrame, batch: pd.DataFrame) -> tuple[Company, ...]:
    """The companies in sight with the day of their latest extract."""
    return _companies(company, batch[batch["superseded_by"].isna()])


def run_of(runs: pd.DataFrame) -> Run:
    """The newest run."""
    row = _newest(runs)
    known_at = pd.Timestamp(row["known_at"]).to_pydatetime()
    return Run(row["run_id"], day(row["as_of"]), known_at, row["code_version"], row["settings_sha256"])


def _newest(runs: pd.DataFrame) -> pd.Series:
    return runs.sort_values("started_at").iloc[-1]


def _companies(company: pd.DataFrame, batch: pd.DataFrame) -> tuple[Company, ...]:
    newest = batch[batch["status"].isin(_LOADED)].groupby("company_id")["extract_as_of"].max()
    return tuple(
        Company(
            row["company_id"],
            text(row["name"]) or row["company_id"],
            row["local_currency"],
            day_or_none(newest.get(row["company_id"])),
        )
        for row in company.sort_values("company_id").to_dict("records")
    )


def buckets_of(bucket: pd.DataFrame) -> tuple[Bucket, ...]:
    """The buckets in their order."""
    rows = bucket.sort_values("ordinal").to_dict("records")
    return tuple(Bucket(row["bucket"], int_or_none(row["lower_days"]), int_or_none(row["upper_days"])) for row in rows)


def _with_ledger(aging: pd.DataFrame, companies: tuple[Company, ...]) -> pd.DataFrame:
    known = {company.company_id: company.currency for company in companies}
    unknown = set(aging["company_id"].unique()) - set(known)
    if unknown:
        raise KeyError(f"marts.aging has companies that core.company lacks: {sorted(unknown)}")
    return aging.assign(ledger=aging["company_id"].map(known))


def _ledgers(
    frames: Mapping[str, pd.DataFrame],
    aging: pd.DataFrame,
    companies: tuple[Company, ...],
    run: Run,
    top_customers: int,
) -> Iterable[Ledger]:
    buckets, kpi = buckets_of(frames["params.bucket"]), frames["marts.kpi"]
    kpi = kpi[kpi["period_end"].map(day) == run.as_of]
    for currency in sorted({company.currency for company in companies}):
        members = tuple(company for company in companies if company.currency == currency)
        part = aging[aging["ledger"] == currency]
        yield Ledger(
            currency=currency,
            companies=members,
            headline=_headline(kpi, members, part),
            lines=_bucket_lines(part, buckets),
            customers=_customers(part, buckets, frames["core.customer"], top_customers),
        )


def _bucket_lines(part: pd.DataFrame, buckets: tuple[Bucket, ...]) -> tuple[BucketLine, ...]:
    grouped = part.groupby("bucket")
    amounts, items, disputed = (grouped[name].sum() for name in ("open_local", "items", "disputed_local"))
    customers = part.drop_duplicates([*_CUSTOMER, "bucket"]).groupby("bucket").size()
    owed = total_of(_owed(part)["open_local"])
    return tuple(
        BucketLine(
            bucket,
            amount := money(amounts.get(bucket.key)),
            share_of(amount, owed),
            int(items.get(bucket.key, 0)),
            int(customers.get(bucket.key, 0)),
            money(disputed.get(bucket.key)),
        )
        for bucket in buckets
    )


def _owed(part: pd.DataFrame) -> pd.DataFrame:
    """What customers owe before anything unapplied is taken off: the base of every share."""
    return part[part["bucket"] != UNAPPLIED]


def _headline(kpi: pd.DataFrame, members: tuple[Company, ...], part: pd.DataFrame) -> Headline:
    ids = [company.company_id for company in members]
    sums = {
        metric: sum(map(money, rows), ZERO)
        for metric, rows in kpi[kpi["company_id"].isin(ids)].groupby("metric")["value"]
    }
    total, unapplied = sums.get("receivables_total", ZERO), sums.get("unapplied_total", ZERO)
    owed = total - unapplied
    largest = _owed(part).groupby(_CUSTOMER)["open_local"].sum().sort_values(ascending=False).head(10)
    overdue, overdue_90 = sums.get("overdue_total", ZERO), sums.get("overdue_90_total", ZERO)
    return Headline(
        total=total,
        not_due=sums.get("not_due_total", ZERO),
        overdue=overdue,
        overdue_share=share_of(overdue, owed),
        overdue_90=overdue_90,
        overdue_90_share=share_of(overdue_90, owed),
        no_due_date=sums.get("no_due_date_total", ZERO),
        unapplied=unapplied,
        customers_open=int(sums.get("customers_open_count", ZERO)),
        customers_overdue=int(sums.get("customers_overdue_count", ZERO)),
        open_items=int(sums.get("open_items_count", ZERO)),
        top10_share=share_of(total_of(largest), owed),
    )


def _customers(
    part: pd.DataFrame, buckets: tuple[Bucket, ...], customer: pd.DataFrame, top_customers: int
) -> CustomerTable:
    totals = part.groupby(_CUSTOMER)["open_local"].sum().sort_values(ascending=False, kind="stable")
    top = totals.head(top_customers)
    lines = tuple(_customer_lines(part, top, buckets, customer))
    by_bucket = part.groupby("bucket")["open_local"].sum()
    sums = tuple(money(by_bucket.get(bucket.key)) for bucket in buckets)
    listed = (sum((line.amounts[place] for line in lines), ZERO) for place in range(len(buckets)))
    rest = tuple(whole - shown for whole, shown in zip(sums, listed, strict=True))
    return CustomerTable(lines, len(totals) - len(lines), rest, sum(rest, ZERO), sums, sum(sums, ZERO))


def _customer_lines(
    part: pd.DataFrame, top: pd.Series, buckets: tuple[Bucket, ...], customer: pd.DataFrame
) -> Iterable[CustomerLine]:
    # the few listed are cut out first: everything after this touches their rows only
    listed = part[pd.MultiIndex.from_frame(part[_CUSTOMER]).isin(top.index)]
    cells = listed.groupby([*_CUSTOMER, "bucket"])["open_local"].sum().to_dict()
    named = customer[customer["customer_id"].isin(top.index.get_level_values("customer_id"))]
    names = named.set_index(_CUSTOMER)["name"].to_dict()
    keys: list[tuple[str, str]] = top.index.tolist()
    for key, total in zip(keys, top, strict=True):
        company_id, customer_id = key
        amounts = tuple(money(cells.get((*key, bucket.key))) for bucket in buckets)
        yield CustomerLine(company_id, customer_id, text(names.get(key)) or customer_id, amounts, money(total))


def _proofs(control: pd.DataFrame, aging: pd.DataFrame, per_item: Decimal) -> Iterable[Proof]:
    items = aging.groupby(["company_id", "currency"])["items"].sum()
    for row in control.sort_values(["company_id", "currency"]).to_dict("records"):
        key = (row["company_id"], row["currency"])
        # one item's worth even where none is open: closed items leave rounding too
        allowed = per_item * max(int(items.get(key, 0)), 1)
        doc = ProofSide(row["currency"], **_proof_amounts(row, ""), fx_difference=ZERO, allowed=ZERO)
        fx = money(row["fx_difference_local"])
        local = ProofSide(row["local_currency"], **_proof_amounts(row, "_local"), fx_difference=fx, allowed=allowed)
        yield Proof(*key, doc, local)


def _proof_amounts(row: Mapping[Any, Any], suffix: str) -> dict[str, Decimal]:
    return {name: money(row[name + suffix]) for name in _PROOF_AMOUNTS}


def _in_order(batch: pd.DataFrame, started: pd.Timestamp) -> pd.DataFrame:
    """What needs a look first, then the files of this run by name, then earlier ones, newest first."""
    rank = batch["status"].map(_URGENT).fillna(len(_URGENT)).astype(int)
    at = batch["loaded_at"].where(batch["loaded_at"] < started, started)
    keys = {"rank": True, "at": False, "file_name": True, "company_id": True, "table_name": True}
    return batch.assign(rank=rank, at=at).sort_values(list(keys), ascending=list(keys.values()))


def _lines(batch: pd.DataFrame) -> Lines:
    counts = batch[["lines_read", "lines_loaded", "lines_quarantined", "lines_skipped"]].fillna(0)
    read, loaded, quarantined, skipped = (int(counts[name].sum()) for name in counts)
    placed = counts["lines_loaded"] + counts["lines_quarantined"] + counts["lines_skipped"]
    adds_up = bool((placed == counts["lines_read"]).all())
    files = batch.drop_duplicates(
        ["file_name", "file_sha256", "loaded_at"]
    )  # the same content may come under two names
    return Lines(len(files), read, loaded, quarantined, skipped, adds_up)


def _batches(batch: pd.DataFrame, issue: pd.DataFrame, started: pd.Timestamp) -> Iterable[Batch]:
    rejections = issue[issue["action"] == "reject_file"].drop_duplicates("batch_id")
    reasons = rejections.set_index("batch_id")["reason_code"].to_dict()
    for row in batch.to_dict("records"):
        yield Batch(
            file_name=row["file_name"],
            profile_id=text(row["profile_id"]) or "",
            company_id=text(row["company_id"]) or "",
            table_name=text(row["table_name"]) or "",
            mode=text(row["mode"]) or "",
            extract_as_of=day_or_none(row["extract_as_of"]),
            **{name: int_or_none(row[name]) or 0 for name in _BATCH_COUNTS},
            control_total=money_or_none(row["control_total"]),
            control_total_file=money_or_none(row["control_total_file"]),
            status=row["status"],
            refusal=reasons.get(row["batch_id"]) if row["status"] == "refused" else None,
            is_new=bool(pd.Timestamp(row["loaded_at"]) >= started),
        )


def _findings(issue: pd.DataFrame, batch: pd.DataFrame) -> Iterable[Findings]:
    files = batch.drop_duplicates("batch_id").set_index("batch_id")["file_name"].to_dict()
    assumed = issue["reason_code"] == "ASSUMED_VALUE"
    times = issue.groupby("reason_code")["reason_code"].transform("size")
    named = assumed | (issue["reason_code"].isin(_LISTED) & (times <= _LISTED_MAX))
    is_quoted = ~issue["column_name"].isin(NOT_QUOTED)
    # one pass over the frame however many findings there are; only the groups become records
    rows = issue.assign(
        raw_value=issue["raw_value"].where(is_quoted),
        file_name=issue["batch_id"].map(files),
        subject=issue["column_name"].where(named),
        value=issue["repaired_value"].where(assumed & is_quoted),
        n=issue["count"].fillna(1),
    )
    keys = ["action", "reason_code", "subject", "value"]
    grouped = rows.groupby(keys, dropna=False, sort=True)
    counts = grouped.agg(n=("n", "sum"), files=("file_name", "nunique")).reset_index()
    examples = rows.drop_duplicates(keys)[[*keys, "file_name", "column_name", "line_no", "raw_value"]]
    for row in counts.merge(examples, on=keys, how="left").to_dict("records"):
        yield Findings(
            action=row["action"],
            reason_code=row["reason_code"],
            column_name=text(row["column_name"]),
            value=text(row["value"]),
            count=int(row["n"]),
            files=int(row["files"]),
            example_file=text(row["file_name"]),
            example_line=int_or_none(row["line_no"]),
            example_text=text(row["raw_value"]),
        )
