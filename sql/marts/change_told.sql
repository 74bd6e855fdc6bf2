-- One row per record that tells of a change at a customer, up to the as-of date: field (contact, signatory, legal_representative, organisation, scope, address, bank), source (which record:
-- contact, event, integrity_file, bank_account, receipt, customer), day (of the change), seen_on (when it could be seen), item_id and other_id (records), word and other_word (before and
-- after, or who told it and what), other_day (of the earlier record). measured, amount_local: receipts from an account not on file, ledger currency.
with event as (
  select
    company_id, customer_id, day, event_id as item_id, told_by as word, what as other_word,
    case kind
      when 'legal_rep_change' then 'legal_representative' when 'reorganisation' then 'organisation' when 'scope_change' then 'scope' when 'relocation' then 'address'
    end as field
  from marts.event_told
  where kind in ('legal_rep_change', 'reorganisation', 'scope_change', 'relocation')
),
line as (
  select company_id, customer_id, as_of, 'legal_representative' as field, legal_representative as value from core.integrity_file where legal_representative is not null
  union all
  select company_id, customer_id, as_of, 'scope', business_scope from core.integrity_file where business_scope is not null
),
filed as (
  select *, lag(value) over before as before_value, lag(as_of) over before as before_on
  from line
  where as_of <= getvariable('as_of')
  window before as (partition by company_id, customer_id, field order by as_of)
),
account as (
  select
    new.company_id, new.customer_id, new.valid_from as day, max(old.valid_to) as other_day, new.account_hash, max_by(old.account_hash, (old.valid_to, old.account_hash)) as old_hash
  from core.customer_bank_account as new
  cross join params.anomaly_conduct as setting
  inner join core.customer_bank_account as old
    on new.company_id = old.company_id and new.customer_id = old.customer_id and new.account_hash <> old.account_hash
    and old.valid_from < new.valid_from and old.valid_to between new.valid_from - setting.report_days and new.valid_from + setting.report_days
  where new.valid_from <= getvariable('as_of')
  group by new.company_id, new.customer_id, new.valid_from, new.account_hash
),
place as (
  select
    company_id, customer_id, recorded_day(recorded_at, extract_as_of) as day, concat_ws(', ', address, postcode, city) as value,
    lag(concat_ws(', ', address, postcode, city)) over before as before_value,
    lower(regexp_replace(address, '[^\p{L}\p{N}]', '', 'g')) <> lag(lower(regexp_replace(address, '[^\p{L}\p{N}]', '', 'g'))) over before as is_other_street,
    lower(trim(postcode)) <> lag(lower(trim(postcode))) over before as is_other_postcode, lower(trim(city)) <> lag(lower(trim(city))) over before as is_other_city
  from lake.customer
  where address is not null
  window before as (partition by company_id, customer_id order by recorded_day(recorded_at, extract_as_of), batch_id, line_no)
)
select
  company_id, customer_id, field, 'contact' as source, day, known_on as seen_on, contact_id as item_id, next_id as other_id, name as word, next_name as other_word,
  null::date as other_day, null::decimal(18, 4) as measured, null::decimal(18, 4) as amount_local
from marts.contact_change
where known_on <= getvariable('as_of')
union all
select company_id, customer_id, field, 'event', day, day, item_id, null, word, other_word, null, null, null from event
union all
select company_id, customer_id, field, 'integrity_file', as_of, as_of, customer_id, null, before_value, value, before_on, null, null
from filed
where lower(trim(value)) <> lower(trim(before_value))
union all
select company_id, customer_id, 'bank', 'bank_account', day, day, left(account_hash, 8), left(old_hash, 8), null, null, other_day, null, null from account
union all
select company_id, customer_id, 'address', 'customer', day, day, customer_id, null, before_value, value, null, null, null
from place
where (is_other_street or is_other_postcode or is_other_city) and day <= getvariable('as_of')
union all
select company_id, customer_id, 'bank', 'receipt', day, day, left(payer_account_hash, 8), null, null, null, last_day, receipts, amount_local from marts.payer_account
