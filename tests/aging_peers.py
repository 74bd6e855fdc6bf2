"""The same open items per customer, currency and bucket as other libraries compute them from the lake's Parquet files.

Each is a program of its own for an environment of its own. Money is whole cents there; what is read is only what is needed. Every program
writes its rows, and tells on its last line the CPU and wall seconds of reading and computing, imports and writing left aside.
"""

from __future__ import annotations

from typing import Final

from peers import CLOCK

PINNED: Final = {"pandas": ("pandas==3.1.1", "pyarrow==26.0.1"), "polars": ("polars==2.1.0",)}
"""What each peer's environment holds."""

_ASKED: Final = f"""{CLOCK}
from datetime import date
lake, out, day = sys.argv[1], sys.argv[2], date.fromisoformat(sys.argv[3])
EDGES = [0, 30, 60, 90, 180, 365, 730]
NAMES = ["not_due", "d1_30", "d31_60", "d61_90", "d91_180", "d181_365", "d366_730", "d731_plus"]
"""

PANDAS: Final = f"""{_ASKED}
import numpy as np, pandas as pd, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
def read(table, columns, money):
    told = pq.read_table(f"{{lake}}/{{table}}", columns=columns)
    for name in money:
        cents = pc.cast(pc.round(pc.multiply(pc.cast(told[name], pa.float64()), 100)), pa.int64())
        told = told.set_column(told.schema.get_field_index(name), name, cents)
    return told.to_pandas(date_as_object=False)
begin = spent()
as_of = pd.Timestamp(day)
doc = read("document", ["doc_id", "customer_id", "currency", "doc_date", "due_date", "amount_doc"], ["amount_doc"])
doc = doc[doc.doc_date <= as_of]
part = read("instalment", ["doc_id", "seq", "due_date", "amount_doc"], ["amount_doc"])
pay = read("payment", ["payment_id", "customer_id", "currency", "pay_date", "reversal_date", "amount_doc"], ["amount_doc"])
pay = pay[(pay.pay_date <= as_of) & ~(pay.reversal_date <= as_of)]
use = read("allocation", ["from_payment_id", "from_doc_id", "to_doc_id", "amount_to_doc", "amount_from_doc", "alloc_date"], ["amount_to_doc", "amount_from_doc"])
use = use[use.alloc_date <= as_of]
use = use[use.from_payment_id.isna() | use.from_payment_id.isin(pay.payment_id)]
paid = use.groupby("to_doc_id", sort=False).amount_to_doc.sum().rename("paid")
drawn = use.groupby("from_payment_id", sort=False).amount_from_doc.sum().rename("drawn")
used = use.groupby("from_doc_id", sort=False).amount_from_doc.sum().rename("drawn")
debt = doc[doc.amount_doc > 0].merge(paid, left_on="doc_id", right_index=True, how="left")
debt["paid"] = debt.paid.fillna(0).astype("int64")
split = debt.doc_id.isin(part.doc_id)
whole = debt[~split].copy()
whole["rest"] = whole.amount_doc - whole.paid
several = debt[split].drop(columns=["due_date", "amount_doc"]).merge(part, on="doc_id").sort_values(["doc_id", "due_date", "seq"])
until = several.groupby("doc_id", sort=False).amount_doc.cumsum()
several["rest"] = np.minimum(np.maximum(until - several.paid, 0), several.amount_doc)
items = pd.concat([whole[["customer_id", "currency", "due_date", "rest"]], several[["customer_id", "currency", "due_date", "rest"]]])
items = items[items.rest != 0]
late = (as_of - items.due_date).dt.days
names = np.array([*NAMES, "no_due_date"], dtype=object)
items["bucket"] = names[np.where(late.isna(), len(NAMES), np.searchsorted(EDGES, late.fillna(0), side="left"))]
credit = doc[doc.amount_doc < 0].merge(used, left_on="doc_id", right_index=True, how="left")
credit["rest"] = credit.amount_doc + credit.drawn.fillna(0).astype("int64")
cash = pay.merge(drawn, left_on="payment_id", right_index=True, how="left")
cash["rest"] = cash.drawn.fillna(0).astype("int64") - cash.amount_doc
loose = pd.concat([credit[["customer_id", "currency", "rest"]], cash[["customer_id", "currency", "rest"]]])
loose = loose[loose.rest != 0].assign(bucket="unapplied")
every = pd.concat([items[["customer_id", "currency", "bucket", "rest"]], loose])
aging = every.groupby(["customer_id", "currency", "bucket"], as_index=False).agg(items=("rest", "size"), cents=("rest", "sum"))
tell("aging", begin)
aging.sort_values(["customer_id", "currency", "bucket"]).to_csv(out, index=False, lineterminator="\\n")
"""

POLARS: Final = f"""{_ASKED}
import polars as pl
from polars import col, lit
def cents(name):
    return (col(name).cast(pl.Float64) * 100).round().cast(pl.Int64).alias(name)
begin = spent()
doc = pl.scan_parquet(f"{{lake}}/document/*.parquet").select("doc_id", "customer_id", "currency", "doc_date", "due_date", cents("amount_doc")).filter(col("doc_date") <= day)
part = pl.scan_parquet(f"{{lake}}/instalment/*.parquet").select("doc_id", "seq", "due_date", cents("amount_doc"))
pay = (
    pl.scan_parquet(f"{{lake}}/payment/*.parquet").select("payment_id", "customer_id", "currency", "pay_date", "reversal_date", cents("amount_doc"))
    .filter((col("pay_date") <= day) & (col("reversal_date").is_null() | (col("reversal_date") > day)))
)
use = (
    pl.scan_parquet(f"{{lake}}/allocation/*.parquet")
    .select("from_payment_id", "from_doc_id", "to_doc_id", cents("amount_to_doc"), cents("amount_from_doc"), "alloc_date").filter(col("alloc_date") <= day)
)
by_cash = use.filter(col("from_payment_id").is_not_null()).join(pay.select("payment_id"), left_on="from_payment_id", right_on="payment_id", how="semi")
by_credit = use.filter(col("from_doc_id").is_not_null())
paid = pl.concat([by_cash, by_credit]).group_by("to_doc_id").agg(col("amount_to_doc").sum().alias("paid"))
drawn = by_cash.group_by("from_payment_id").agg(col("amount_from_doc").sum().alias("drawn"))
used = by_credit.group_by("from_doc_id").agg(col("amount_from_doc").sum().alias("drawn"))
debt = doc.filter(col("amount_doc") > 0).join(paid, left_on="doc_id", right_on="to_doc_id", how="left").with_columns(col("paid").fill_null(0))
whole = debt.join(part.select("doc_id"), on="doc_id", how="anti").select("customer_id", "currency", "due_date", (col("amount_doc") - col("paid")).alias("rest"))
several = (
    debt.drop("due_date", "amount_doc").join(part, on="doc_id").sort("doc_id", "due_date", "seq")
    .with_columns(col("amount_doc").cum_sum().over("doc_id").alias("until"))
    .select("customer_id", "currency", "due_date", pl.min_horizontal(pl.max_horizontal(col("until") - col("paid"), lit(0)), col("amount_doc")).alias("rest"))
)
late = (lit(day) - col("due_date")).dt.total_days()
bucket = pl.when(late.is_null()).then(lit("no_due_date"))
for edge, name in zip(EDGES, NAMES):
    bucket = bucket.when(late <= edge).then(lit(name))
items = pl.concat([whole, several]).filter(col("rest") != 0).with_columns(bucket.otherwise(lit(NAMES[-1])).alias("bucket")).drop("due_date")
credit = (
    doc.filter(col("amount_doc") < 0).join(used, left_on="doc_id", right_on="from_doc_id", how="left")
    .select("customer_id", "currency", (col("amount_doc") + col("drawn").fill_null(0)).alias("rest"))
)
cash = (
    pay.join(drawn, left_on="payment_id", right_on="from_payment_id", how="left")
    .select("customer_id", "currency", (col("drawn").fill_null(0) - col("amount_doc")).alias("rest"))
)
loose = pl.concat([credit, cash]).filter(col("rest") != 0).with_columns(lit("unapplied").alias("bucket"))
aging = (
    pl.concat([items, loose.select("customer_id", "currency", "rest", "bucket")])
    .group_by("customer_id", "currency", "bucket").agg(pl.len().alias("items"), col("rest").sum().alias("cents")).collect()
)
tell("aging", begin)
aging.sort("customer_id", "currency", "bucket").write_csv(out)
"""

PROGRAMS: Final = {"pandas": PANDAS, "polars": POLARS}
