# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The collection curve
#
# **Question: what becomes of money after it falls due, how sure is that, and which customers pay otherwise than the rest?**
#
# It reads the night published last in the home that `RECEIVABLES_HOME` names, else in that of `make demo`, and changes nothing.

# %%
import pandas as pd
from IPython.display import display

import receivables

wh = receivables.open_warehouse(receivables.notebook_home())
wh

# %% [markdown]
# ## All customers
#
# Money that fell due, by days after its first due date: collected, lost, credited or still open. What is still open is not taken as lost: it counts as long as it
# was seen. The interval comes from leaving out one customer at a time. Where fewer customers stand behind a figure than the settings ask for, it is not told.

# %%
curve = wh.curve()
curve

# %%
curve.chart

# %% [markdown]
# ## It is the published one
#
# The same estimator makes the curve of any customers. Of the published segment it gives the published figures: the largest difference is one of rounding.

# %%
published = wh.table(
    "marts.collection_curve", "segment_kind = 'all' and history = '24m' and basis = 'gross' and weight = 'amount'"
)
both = curve.table.merge(published.astype({"age_days": "int64"}), on="age_days", suffixes=("", "_published"))
float((both["cash"] - both["cash_published"].astype("float64")).abs().max())

# %% [markdown]
# ## Segments
#
# What had come in within 30 and 90 days by kind of customer, as published. Where intervals overlap, the difference may be chance. `cash_shrunk` is the segment drawn to
# its company, the more the less money stands behind it.

# %%
wh.query(
    """
    select segment_kind, segment, age_days, customers_at_risk, cash, cash_lo, cash_hi, cash_shrunk, reason
    from marts.collection_curve
    where history = '24m' and basis = 'gross' and weight = 'amount' and segment_kind in ('customer_type', 'territory') and age_days in (30, 90)
    order by segment_kind, age_days, cash desc nulls last, segment
    """
)

# %% [markdown]
# ## Any customers, any money
#
# A condition on `core.customer`, ids or a frame says who; a condition on `marts.exposure_tranche` says which of their money. Here: those who owe most, beside the others.

# %%
largest = wh.query("select customer_id from marts.rating_exposure order by owed_local desc nulls last limit 20")
wh.curve(largest)

# %%
wh.curve(
    "customer_id not in (select customer_id from marts.rating_exposure order by owed_local desc nulls last limit 20)"
)

# %%
wh.curve(where="amount_local <= 1000", weight="count")

# %% [markdown]
# ## The chance of what is still open
#
# Of money that is so many days overdue: how much brings cash within a month, a quarter, a year, or ever.

# %%
success = wh.success()
success.assign(horizon=success["horizon_days"].astype("object").where(success["horizon_days"].notna(), "ever")).pivot(
    index="overdue_days", columns="horizon", values="p"
)

# %%
with pd.option_context("display.max_rows", 40):
    display(success)

# %% [markdown]
# ## What one may conclude
#
# - The longer money is overdue, the smaller the chance; the table of chances says by how much in this ledger, and the interval how sure that is.
# - A segment pays otherwise only where its interval lies apart from the rest; among many segments some will by chance alone.
# - The curve tells of the money of the last months, under the terms and the collecting of that time. It is no promise, and none of a single customer.
