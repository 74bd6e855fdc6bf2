-- One row per opening balance that is left out, because what it carries on is told: one without a number of its own, which the ERP does not call open by
-- itself, where the customer has earlier entries in that system (history_doc: what those leave, of which the first opening balance is a part); one with a
-- number where an earlier entry of any system is that debt and not called settled by then (known_system, known_key). Amounts signed.
with entry as (
  select
    company_id, source_system, entry_key, doc_key, doc_no, customer_id, currency, kind, coalesce(posting_date, doc_date) as posted_on,
    amount_doc, coalesce(clearing_date, settled_date) as settled_on, open_doc, batch_id, line_no,
    kind = 'opening_balance' and doc_no is null and coalesce(open_doc, open_local) is null and source_mode <> 'open_items' as is_carried
  from entries.completed
  where fault is null and state = 'posted' and customer_id is not null
),
opening as (
  select * from entry where kind = 'opening_balance'
),
account as (
  select distinct company_id, source_system, customer_id, currency from opening where is_carried
),
history as (
  select
    entry.company_id, entry.source_system, entry.customer_id, entry.currency, entry.kind, entry.posted_on, entry.amount_doc,
    min(entry.posted_on) over (partition by entry.company_id, entry.source_system, entry.customer_id, entry.currency) as began_on
  from entry
  inner join account
    on entry.company_id = account.company_id and entry.source_system = account.source_system and entry.customer_id = account.customer_id
    and entry.currency = account.currency
),
carried as (
  select opening.company_id, opening.source_system, opening.entry_key, sum(history.amount_doc)::decimal(18, 4) as history_doc
  from opening
  inner join history
    on opening.company_id = history.company_id and opening.source_system = history.source_system and opening.customer_id = history.customer_id
    and opening.currency = history.currency and history.posted_on < opening.posted_on
    and (history.kind <> 'opening_balance' or history.posted_on = history.began_on)
  where opening.is_carried
  group by opening.company_id, opening.source_system, opening.entry_key
),
same as (
  select
    opening.company_id, opening.source_system, opening.entry_key, known.source_system as known_system, known.entry_key as known_key,
    row_number() over (
      partition by opening.company_id, opening.source_system, opening.entry_key order by known.posted_on, known.source_system, known.entry_key
    )::bigint as place
  from opening
  inner join entry as known
    on opening.company_id = known.company_id and opening.customer_id = known.customer_id and opening.doc_no = known.doc_no
    and opening.currency = known.currency and sign(opening.amount_doc) = sign(known.amount_doc) and abs(opening.amount_doc) <= abs(known.amount_doc)
  where known.kind <> 'opening_balance' and known.posted_on <= opening.posted_on and coalesce(known.settled_on > opening.posted_on, true)
    and coalesce(known.open_doc <> 0, true)
)
select
  opening.company_id, opening.source_system, opening.entry_key, opening.doc_key, opening.customer_id, opening.currency, opening.posted_on, opening.amount_doc,
  carried.history_doc, same.known_system, same.known_key, opening.batch_id, opening.line_no
from opening
left join carried
  on opening.company_id = carried.company_id and opening.source_system = carried.source_system and opening.entry_key = carried.entry_key
left join same
  on opening.company_id = same.company_id and opening.source_system = same.source_system and opening.entry_key = same.entry_key and same.place = 1
where carried.entry_key is not null or same.entry_key is not null
