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
# # The rating and its back-test
#
# **Question: how are customers rated, what decides it, and did earlier scores tell who would go bad?**
#
# It reads the night published last in the home that `RECEIVABLES_HOME` names, else in that of `make demo`, and changes nothing.

# %%
import receivables

wh = receivables.open_warehouse(receivables.notebook_home())
wh

# %% [markdown]
# ## The grades
#
# From A, the best, to F. Each is a recommendation that a person confirms. Who has too little history is not graded rather than taken as average.

# %%
wh.query(
    """
    select rating.company_id, rating.grade, count(*) as customers, sum(exposure.owed_local) as owed_local, sum(exposure.overdue_local) as overdue_local
    from marts.rating as rating
    left join marts.rating_exposure as exposure on rating.company_id = exposure.company_id and rating.customer_id = exposure.customer_id
    group by rating.company_id, rating.grade
    order by rating.company_id, rating.grade nulls last
    """
)

# %% [markdown]
# ## The card
#
# The same scorecard scores any customers. With the settings of the night its scores are the published ones: the number of those that differ must be 0.

# %%
scores = wh.score()
scores

# %%
published = wh.table("marts.rating").set_index("customer_id")["raw_grade"].astype("object")
other = scores.customers["raw_grade"].reindex(published.index).fillna("none").ne(published.fillna("none"))
int(other.sum())

# %% [markdown]
# What each attribute is worth, what stands in for it where it is missing, and how many customers have it.

# %%
scores.attributes

# %% [markdown]
# ## Another card
#
# Settings may be tried without touching the home: here facts of the file count in part after half a year, and not at all after a year. The table counts customers by
# grade before (rows) and after (columns).

# %%
stricter = wh.score(changed={"scorecard": {"stale_months": 6, "ignored_months": 12}})
after = stricter.customers["raw_grade"].rename("stricter")
scores.customers.groupby(["raw_grade", after]).size().unstack(fill_value=0)

# %% [markdown]
# ## The back-test
#
# Scores as they were at past re-ratings, against what became of the customers in the year after; beside simple rules. A verdict is `undecided` where the interval of the
# difference holds zero, and a reason says why a figure cannot be told.

# %%
wh.query(
    """
    select company_id, card, metric, baseline, value, lo, hi, baseline_value, difference, difference_lo, difference_hi, verdict, reason
    from marts.rating_backtest
    where metric in ('cases', 'bads', 'customers', 'auc', 'brier', 'notch_change_rate', 'reversal_rate', 'psi')
    order by company_id, card, metric, baseline nulls first
    """
)

# %% [markdown]
# Who had which grade, and what share of them went bad in the year after.

# %%
wh.table("marts.rating_bad_rate").sort_values(["company_id", "is_capped", "grade"])

# %% [markdown]
# ## What one may conclude
#
# - An AUC of 0.5 is a coin, 1 is hindsight. What counts is the difference to what a simple rule would have known, with its interval.
# - Bad rates should rise from A to F; with few bads the intervals are wide, and two grades may change places by chance.
# - Changed settings that look better on the same past are no proof: they were chosen with it in sight.
