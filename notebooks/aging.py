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
# # The aging
#
# **Question: how much is owed, how late is it, which way is it moving, and who owes what is latest?**
#
# It reads the night published last in the home that `RECEIVABLES_HOME` names, else in that of `make demo`, and changes nothing.

# %%
import receivables

wh = receivables.open_warehouse(receivables.notebook_home())
wh

# %% [markdown]
# ## What a row is
#
# Every table says what one row of it stands for, and what its columns mean.

# %%
wh.describe("marts.aging")

# %% [markdown]
# ## Where the money stands
#
# One company at a time: ledgers of different currencies are never added up. This is the one that is owed most.

# %%
[(company,)] = wh.rows(
    """
    select company.company_id
    from core.company as company
    left join marts.aging as aging on company.company_id = aging.company_id
    group by company.company_id
    order by sum(aging.open_local) desc nulls last
    limit 1
    """
)
wh.aging_chart(company)

# %%
wh.query(
    """
    select bucket.bucket, count(distinct aging.customer_id) as customers, sum(aging.items)::bigint as items, sum(aging.open_local) as open_local, sum(aging.disputed_local) as disputed_local
    from params.bucket as bucket
    inner join marts.aging as aging on bucket.bucket = aging.bucket
    where aging.company_id = $company
    group by bucket.bucket, bucket.ordinal
    order by bucket.ordinal
    """,
    {"company": company},
)

# %% [markdown]
# ## The proof
#
# What the items sum to is what the postings leave, per document currency; `difference` must be nothing.

# %%
wh.table("marts.aging_control", f"company_id = '{company}'")[
    ["currency", "items", "sum_of_buckets", "open_total", "ledger_total", "difference", "difference_local"]
]

# %% [markdown]
# ## Which way it moves
#
# The same buckets at each month end, the as-of date last; then, of every company, what is overdue and the days that sales wait for their money (DSO).

# %%
wh.month_end_series("aging")[company].tail(13)

# %%
wh.month_end_series("overdue_total").tail(13)

# %%
wh.month_end_series("dso_days").tail(13)

# %% [markdown]
# ## Who owes what is latest

# %%
wh.query(
    """
    select item.customer_id, customer.name, count(*) as items, sum(item.open_local) as open_local, max(item.days_overdue) as days_overdue
    from marts.open_item as item
    left join core.customer as customer on item.customer_id = customer.customer_id
    where item.company_id = $company and item.days_overdue > 90 and item.bucket <> 'unapplied'
    group by item.customer_id, customer.name
    order by open_local desc, item.customer_id
    limit 10
    """,
    {"company": company},
)

# %% [markdown]
# ## From a cell to its lines
#
# Every cell of the aging leads to its open items, and each of these to the file and line that told it.

# %%
wh.trace_cell(company=company).items.head(10)

# %% [markdown]
# ## What one may conclude
#
# - The sums are whole: where `difference` is nothing, no cent is missing and none is counted twice.
# - Buckets say how late money is, not whether it will come: that is the question of `collection_curve`.
# - A month end that looks better may owe it to credit notes, write-offs or moved due dates: `marts.aging_by_date` holds both due dates side by side.
