-- One row per stretch of invoices to a customer, made while no written payment term was valid (term_state) and beyond some days in which papers may be on their way (a setting), of companies
-- that tell contracts. measured: how many invoices, amount_local: what is open of them at the as-of date, ledger currency; item_id: the contract that ended last; day: its last day where it
-- expired, else the first of the invoices; other_day: the latest. Where nothing is invoiced for some days a stretch is over. A sign (detectors/detector.py).
with told as (
  select distinct company_id from core.contract
),
bare as (
  select document.company_id, document.customer_id, document.doc_id, document.doc_date
  from told
  cross join params.practice as setting
  inner join core.document as document
    on told.company_id = document.company_id and document.kind = 'invoice' and document.amount_doc > 0 and document.customer_id is not null
    and counts_on(getvariable('as_of'), document.counts_from, document.counts_until)
  left join core.contract as contract
    on document.company_id = contract.company_id and document.customer_id = contract.customer_id
    and term_state(
      document.doc_date, contract.contract_id, contract.signed_date, contract.valid_from, contract.valid_to, contract.terms_id, contract.paydays, contract.settlement_mode, contract.file_ref,
      setting.needs_signed_file
    ) = 'valid'
  where contract.contract_id is null
),
nearest as (
  select
    bare.company_id, bare.customer_id, bare.doc_id, bare.doc_date, contract.contract_id,
    case when contract.valid_to < bare.doc_date then contract.valid_to end as expired_on,
    row_number() over (
      partition by bare.company_id, bare.doc_id order by contract.valid_from <= bare.doc_date desc nulls last, contract.valid_to desc nulls first, contract.contract_id
    )::bigint as place
  from bare
  left join core.contract as contract on bare.company_id = contract.company_id and bare.customer_id = contract.customer_id
),
stretch as (
  select
    nearest.*, setting.term_grace_days, setting.term_idle_days,
    sum(case when date_diff('day', nearest.before_on, nearest.doc_date) <= setting.term_idle_days then 0 else 1 end) over (
      partition by nearest.company_id, nearest.customer_id, nearest.contract_id order by nearest.doc_date, nearest.doc_id rows between unbounded preceding and current row
    )::bigint as stretch
  from (
    select *, lag(doc_date) over (partition by company_id, customer_id, contract_id order by doc_date, doc_id) as before_on from nearest where place = 1
  ) as nearest
  cross join params.anomaly_conduct as setting
),
begun as (
  select *, coalesce(expired_on, min(doc_date) over (partition by company_id, customer_id, contract_id, stretch)) as since from stretch
),
summed as (
  select
    begun.company_id, begun.customer_id, begun.contract_id, begun.since, max(begun.expired_on) as expired_on,
    min(case when begun.doc_date > begun.since + begun.term_grace_days then begun.doc_date end) as seen_on,
    max(begun.doc_date) as last_day, count(distinct begun.doc_id)::bigint as invoices, coalesce(sum(item.open_local), 0)::decimal(18, 4) as open_local,
    max(begun.term_idle_days) as term_idle_days
  from begun
  left join (
    select company_id, doc_id, sum(open_local) as open_local from marts.open_item where bucket <> 'unapplied' group by company_id, doc_id
  ) as item on begun.company_id = item.company_id and begun.doc_id = item.doc_id
  group by begun.company_id, begun.customer_id, begun.contract_id, begun.since, begun.stretch
)
select
  summed.company_id, summed.customer_id, coalesce(summed.contract_id, 'none') || ' ' || summed.since as subject,
  case when summed.contract_id is null then 'no_written_term' when summed.expired_on is not null then 'no_written_term_expired' else 'no_written_term_incomplete' end as code,
  case when summed.open_local >= setting.amount_high then 'high' when summed.open_local > 0 then 'medium' else 'low' end as severity,
  summed.seen_on, case when summed.last_day < getvariable('as_of') - summed.term_idle_days then summed.last_day end as until,
  summed.contract_id as item_id, null::varchar as other_id, summed.since as day, summed.last_day as other_day,
  summed.invoices::decimal(18, 4) as measured, null::decimal(18, 4) as usual, summed.open_local as amount_local, null::varchar as word, null::varchar as other_word
from summed
cross join params.anomaly_conduct as setting
where summed.seen_on is not null
