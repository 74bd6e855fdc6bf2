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
# # One flag, followed to its documents
#
# **Question: what does a flag rest on, down to the line of the file, and does it hold?**
#
# It reads the night published last in the home that `RECEIVABLES_HOME` names, else in that of `make demo`, and changes nothing.

# %%
from IPython.display import display

import receivables

wh = receivables.open_warehouse(receivables.notebook_home())
wh

# %% [markdown]
# ## The flags of the night
#
# The most urgent first. Without any this table is empty: the last one says which detectors looked, and what others lack.

# %%
wh.query(
    """
    select place, flag_id, customer_id, detector, severity, exposure_local, evidence_count, raised_on
    from marts.anomaly
    where held_by is null and state <> 'closed'
    order by place
    limit 20
    """
)

# %% [markdown]
# ## What they rest on
#
# Each piece of evidence in a sentence, with the records it names and the file and line of each. Any `flag_id` of the list may be asked for: `wh.evidence("F...")`.

# %%
evidence = wh.evidence()
evidence[["flag_id", "piece", "record", "record_id", "file_name", "line_no"]].head(20)

# %% [markdown]
# ## One of them
#
# The first that names a document.

# %%
flag_ids = list(evidence.loc[evidence["record"] == "document", "flag_id"].head(1))
one = evidence[evidence["flag_id"].isin(flag_ids)]
for sentence in one["sentence"].drop_duplicates():
    print(sentence)
one

# %% [markdown]
# ## Its documents
#
# Each document with what is open of it, then what was allocated to or from it: receipts, credit notes, write-offs, each with its file and line.

# %%
traces = [wh.trace(key) for key in one.loc[one["record"] == "document", "record_id"].drop_duplicates()]
for trace in traces:
    display(trace.items)

# %%
for trace in traces:
    display(trace.allocations)

# %% [markdown]
# ## The detectors
#
# What those that saw something looked at, and how often persons found them right. Without decisions there is no precision to tell.

# %%
wh.query(
    """
    select detector, kind, severity, evaluated, tested, flagged, raised, confirmed, dismissed, precision, precision_lo, precision_hi
    from marts.detector
    where flagged > 0
    order by flagged desc, detector
    """
)

# %% [markdown]
# And how many could look at all: `no` and `partly` want tables that some company does not tell; `reason` in `marts.detector` says which.

# %%
wh.query(
    "select kind, evaluated, count(*) as detectors from marts.detector group by kind, evaluated order by kind, evaluated"
)

# %% [markdown]
# ## What one may conclude
#
# - Every sentence can be checked against the line it came from; a flag says that something is unusual, never that somebody is guilty.
# - Decide it with `receivables flags confirm` or `dismiss`: that gives the detector its precision, and the next night counts it.
# - A detector that is not evaluated has seen nothing because it was told nothing: no flag is then no comfort.
