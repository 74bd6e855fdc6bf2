-- One row per word of a customer that it has paid which no receipt bore out (marts.claim_checked) while its document was open. measured: which one of those that follow each other within
-- some days (a setting) it is; subject: the first of them. amount_local: open of the document, ledger currency, told once of each. A sign (detectors/detector.py).
with false_claim as (
  select
    claim.*, setting.amount_high,
    date_diff('day', lag(claim.said_on) over (partition by claim.company_id, claim.customer_id order by claim.said_on, claim.log_id), claim.said_on) <= setting.claims_days as is_continued
  from marts.claim_checked as claim
  cross join params.anomaly_conduct as setting
  where not claim.is_borne_out and coalesce(claim.open_local > 0, true)
),
episode as (
  select
    *,
    sum(case when is_continued then 0 else 1 end) over (
      partition by company_id, customer_id order by said_on, log_id rows between unbounded preceding and current row
    )::bigint as episode
  from false_claim
),
placed as (
  select
    *, row_number() over (partition by company_id, customer_id, episode order by said_on, log_id)::bigint as place,
    row_number() over (partition by company_id, customer_id, episode, doc_id order by said_on, log_id)::bigint as turn, min(log_id) over (partition by company_id, customer_id, episode) as first_id
  from episode
)
select
  company_id, customer_id, 'claim ' || first_id as subject,
  case when doc_id is null then 'claimed_payment' when turn = 1 then 'claimed_payment_of_document' else 'claimed_payment_again' end as code,
  case when open_local >= amount_high or place > 2 then 'high' when place > 1 then 'medium' else 'low' end as severity,
  (until_day + 1)::date as seen_on, (until_day + 1)::date as until, log_id::varchar as item_id, doc_id as other_id,
  said_on as day, until_day as other_day, place::decimal(18, 4) as measured, null::decimal(18, 4) as usual, case when turn = 1 then open_local end as amount_local,
  null::varchar as word, null::varchar as other_word
from placed
