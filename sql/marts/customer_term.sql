-- One row per period end and customer who then owes: owed_local (credits and receipts left aside, ledger currency) and whether a written payment term is valid
-- on that day. term_state: valid; unsigned; not_yet_valid; expired; no_term (the contract says neither terms nor paydays, nor is money due with the
-- goods or before the next lot); not_filed (a setting asks for the place of the paper); no_contract; NULL where the company told no contract at all.
-- contract_id: the valid one, else the one that comes nearest to it.
with owed as (
  select period_end, company_id, customer_id, sum(open_local)::decimal(18, 4) as owed_local, max(doc_date) as last_doc_date
  from marts.period_item
  where bucket <> 'unapplied'
  group by period_end, company_id, customer_id
),
told as (
  select distinct company_id from core.contract
),
judged as (
  select
    owed.period_end, owed.company_id, owed.customer_id, owed.owed_local, owed.last_doc_date,
    contract.contract_id, contract.signed_date, contract.valid_from, contract.valid_to, contract.terms_id,
    case
      when told.company_id is not null then term_state(
        owed.period_end, contract.contract_id, contract.signed_date, contract.valid_from, contract.valid_to, contract.terms_id, contract.paydays, contract.settlement_mode,
        contract.file_ref, setting.needs_signed_file
      )
    end as term_state
  from owed
  left join told on owed.company_id = told.company_id
  left join core.contract as contract on owed.company_id = contract.company_id and owed.customer_id = contract.customer_id
  cross join params.practice as setting
),
ranked as (
  select
    *,
    row_number() over (
      partition by period_end, company_id, customer_id
      order by
        case term_state when 'valid' then 1 when 'not_filed' then 2 when 'no_term' then 3 when 'unsigned' then 4 when 'not_yet_valid' then 5 else 6 end,
        valid_to desc nulls first, contract_id
    )::bigint as place
  from judged
)
select * exclude (place)
from ranked
where place = 1
