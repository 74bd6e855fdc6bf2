-- One row per company, metric and period end that is told: how far the practice of getting paid is kept. without_term_*: owed by customers without a valid written payment
-- term (marts.customer_term), its share of what is owed, their number. contact_latency_*: days from due to first contact (marts.customer_contact), by amount
-- and the median by instalment; overdue_uncontacted_total: the part of it that is open and was never contacted. contact_regularity_index: of the
-- customers who owe, weighed by what they owe. delivered_*, due_total: sums of the lists of marts.period_delivery; goods before tax where not invoiced,
-- what is open where it is. value NULL where the data are not told, note says which: needs_contracts, needs_collection_log, needs_deliveries, needs_history.
with told as (
  select
    period.company_id, period.period_end, period.payments_after, company.local_currency,
    contract.company_id is not null as has_contracts, logged.company_id is not null as has_log, delivery.company_id is not null as has_deliveries,
    coalesce(basis.basis, 'replay') = 'replay' as has_history
  from marts.period as period
  inner join core.company as company on period.company_id = company.company_id
  left join core.company_basis as basis on period.company_id = basis.company_id
  left join (select distinct company_id from core.contract) as contract on period.company_id = contract.company_id
  left join (select distinct company_id from core.collection_log) as logged on period.company_id = logged.company_id
  left join (select distinct company_id from core.delivery) as delivery on period.company_id = delivery.company_id
  where period.is_told
),
term as (
  select
    owing.company_id, owing.period_end, sum(owing.owed_local) as owed_local,
    sum(case when owing.term_state <> 'valid' then owing.owed_local else 0 end) as without_local,
    sum(case when owing.term_state <> 'valid' then 1 else 0 end)::bigint as without_count,
    sum(case when contact.regularity_index is not null then owing.owed_local::decimal(28, 4) * contact.regularity_index end)::double
    / nullif(sum(case when contact.regularity_index is not null then owing.owed_local end), 0)::double as regularity_index
  from marts.customer_term as owing
  left join marts.customer_contact as contact
    on owing.period_end = contact.period_end and owing.company_id = contact.company_id and owing.customer_id = contact.customer_id
  group by owing.company_id, owing.period_end
),
measured as (
  select
    told.company_id, told.period_end, late.amount_local, late.first_contact_on,
    contact_latency(told.period_end, late.due_date, late.first_contact_on, late.open_until) as latency_days
  from told
  inner join marts.overdue_instalment as late
    on told.company_id = late.company_id and late.due_date > told.payments_after and late.due_date < told.period_end
),
latency as (
  select
    company_id, period_end,
    sum(amount_local::decimal(28, 4) * latency_days)::double / nullif(sum(amount_local), 0)::double as latency_days,
    median(latency_days)::double as median_days,
    sum(case when first_contact_on <= period_end then 0 else amount_local end) as uncontacted_local
  from measured
  where latency_days is not null
  group by company_id, period_end
),
delivery as (
  select
    company_id, period_end,
    sum(case when list = 'delivered_not_invoiced' then value_local else 0 end) as not_invoiced_local,
    sum(case when list = 'delivered_not_invoiced' then 1 else 0 end)::bigint as not_invoiced_count,
    sum(case when list = 'invoice_taken_back' then value_local else 0 end) as taken_back_local,
    sum(case when list = 'delivered_not_due' then open_local else 0 end) as not_due_local,
    sum(case when list = 'due' then open_local else 0 end) as due_local
  from marts.period_delivery
  group by company_id, period_end
),
metric as (
  select unnest(['without_term_total', 'without_term_share', 'customers_without_term_count', 'contact_latency_days', 'contact_latency_median_days',
    'overdue_uncontacted_total', 'contact_regularity_index', 'delivered_not_invoiced_total', 'delivered_not_invoiced_count', 'delivered_taken_back_total',
    'delivered_not_due_total', 'due_total']) as metric
),
figure as (
  select
    told.*, metric.metric,
    case
      when metric.metric like '%without_term%' then case when not has_contracts then 'needs_contracts' end
      when metric.metric like 'deliver%' or metric.metric = 'due_total' then case when not has_deliveries then 'needs_deliveries' end
      when not has_log then 'needs_collection_log'
      when not has_history and metric.metric <> 'contact_regularity_index' then 'needs_history'
    end as note
  from told
  cross join metric
)
select
  figure.company_id, figure.metric, figure.period_end,
  case when figure.note is null then
    case figure.metric
      when 'without_term_total' then coalesce(without_local, 0)
      when 'without_term_share' then coalesce(without_local::double / nullif(owed_local, 0), 0)
      when 'customers_without_term_count' then coalesce(without_count, 0)
      when 'contact_latency_days' then latency.latency_days
      when 'contact_latency_median_days' then latency.median_days
      when 'overdue_uncontacted_total' then coalesce(uncontacted_local, 0)
      when 'contact_regularity_index' then term.regularity_index
      when 'delivered_not_invoiced_total' then coalesce(not_invoiced_local, 0)
      when 'delivered_not_invoiced_count' then coalesce(not_invoiced_count, 0)
      when 'delivered_taken_back_total' then coalesce(taken_back_local, 0)
      when 'delivered_not_due_total' then coalesce(not_due_local, 0)
      when 'due_total' then coalesce(due_local, 0)
    end
  end::decimal(26, 8) as value,
  case
    when figure.metric like '%_total' then figure.local_currency when figure.metric like '%_share' then 'share' when figure.metric like '%_count' then 'count'
    when figure.metric like '%_index' then 'index' else 'days'
  end as unit,
  figure.note
from figure
left join term on figure.company_id = term.company_id and figure.period_end = term.period_end
left join latency on figure.company_id = latency.company_id and figure.period_end = latency.period_end
left join delivery on figure.company_id = delivery.company_id and figure.period_end = delivery.period_end
