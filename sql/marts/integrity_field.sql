-- One row per customer and field of its integrity file at the as-of date, for companies that keep any: the latest told of each, NULL where nothing is. part: basic (who the
-- customer is), operating (how its business runs), payment (what is recorded of its word: by kind how many records, and <kind>_amount where there are any; a kind
-- nothing is recorded of counts 0, unless nothing at all is). value: as text in no language, in `currency` where money, an amount NULL where records name several; true_on: the day it
-- told of; age_months: months since; is_stale: older than scorecard.stale_months.
with basic as (
  select told.*, coalesce(told.currency, company.local_currency) as money
  from core.integrity_file as told
  inner join marts.integrity_telling as first
    on told.company_id = first.company_id and told.customer_id = first.customer_id and told.as_of = first.as_of
    and first.told_in = 'integrity_file' and first.known_on <= getvariable('as_of')
  left join core.company as company on told.company_id = company.company_id
),
operating as (
  select told.*, nullif(concat_ws(', ', told.surveyed_by, told.method), '') as source
  from core.operating_survey as told
  inner join marts.integrity_telling as first
    on told.company_id = first.company_id and told.customer_id = first.customer_id and told.as_of = first.as_of
    and first.told_in = 'operating_survey' and first.known_on <= getvariable('as_of')
),
record as (
  select told.company_id, told.customer_id, told.record_id, told.event_kind, told.event_date, told.amount, told.source,
    case when told.amount is not null then coalesce(told.currency, company.local_currency) end as money
  from core.integrity_record as told
  inner join (
    select company_id, record_id, min(recorded_day(recorded_at, extract_as_of)) as recorded_on from lake.integrity_record group by company_id, record_id
  ) as first on told.company_id = first.company_id and told.record_id = first.record_id and first.recorded_on <= getvariable('as_of')
  left join core.company as company on told.company_id = company.company_id
  where told.event_date <= getvariable('as_of')
),
kind as (
  select
    company_id, customer_id, event_kind, count(*)::bigint as records, max(event_date) as as_of, max_by(source, case when source is not null then record_id end) as source,
    case when min(money) = max(money) then sum(amount) end as amount, case when min(money) = max(money) then max(money) end as money
  from record
  group by company_id, customer_id, event_kind
),
told as (
  select company_id, customer_id, as_of, source, 'founded_date' as field, founded_date::varchar as value, null::varchar as currency from basic
  union all select company_id, customer_id, as_of, source, 'registered_capital', registered_capital::varchar, money from basic
  union all select company_id, customer_id, as_of, source, 'paid_in_capital', paid_in_capital::varchar, money from basic
  union all select company_id, customer_id, as_of, source, 'fixed_assets', fixed_assets::varchar, money from basic
  union all select company_id, customer_id, as_of, source, 'annual_turnover', annual_turnover::varchar, money from basic
  union all select company_id, customer_id, as_of, source, 'employees', employees::varchar, null from basic
  union all select company_id, customer_id, as_of, source, 'business_scope', business_scope, null from basic
  union all select company_id, customer_id, as_of, source, 'legal_representative', legal_representative, null from basic
  union all select company_id, customer_id, as_of, source, 'ownership', ownership, null from basic
  union all select company_id, customer_id, as_of, source, 'use_of_funds', use_of_funds, null from operating
  union all select company_id, customer_id, as_of, source, 'return_on_operating_assets', return_on_operating_assets::varchar, null from operating
  union all select company_id, customer_id, as_of, source, 'inventory_turnover', inventory_turnover::varchar, null from operating
  union all select company_id, customer_id, as_of, source, 'debt_to_asset_ratio', debt_to_asset_ratio::varchar, null from operating
  union all select company_id, customer_id, as_of, source, 'current_ratio', current_ratio::varchar, null from operating
  union all select company_id, customer_id, as_of, source, event_kind, records::varchar, null from kind
),
latest as (
  select *, row_number() over (partition by company_id, customer_id, field order by as_of desc, company_id)::bigint as place from told where value is not null
),
wanted as (
  select 'basic' as part, unnest(['founded_date', 'registered_capital', 'paid_in_capital', 'fixed_assets', 'annual_turnover', 'employees', 'business_scope', 'legal_representative', 'ownership']) as field
  union all
  select 'operating' as part, unnest(['use_of_funds', 'return_on_operating_assets', 'inventory_turnover', 'debt_to_asset_ratio', 'current_ratio']) as field
  union all
  select 'payment' as part, unnest(['past_debt', 'repayment', 'default', 'lawsuit', 'bounced_instrument', 'settlement', 'responsible_person', 'guarantee', 'positive']) as field
),
keeping as (
  select company_id from marts.integrity_telling
  union
  select company_id from record
),
found as (
  select
    customer.company_id, customer.customer_id, wanted.part, wanted.field, latest.currency, latest.source, latest.as_of,
    case when wanted.part = 'payment' and recorded.customer_id is not null then coalesce(latest.value, '0') else latest.value end as value
  from (select distinct company_id, customer_id from core.customer) as customer
  inner join keeping on customer.company_id = keeping.company_id
  cross join wanted
  left join (select distinct company_id, customer_id from kind) as recorded on customer.company_id = recorded.company_id and customer.customer_id = recorded.customer_id
  left join latest
    on customer.company_id = latest.company_id and customer.customer_id = latest.customer_id and wanted.field = latest.field and latest.place = 1
  union all
  select company_id, customer_id, 'payment', event_kind || '_amount', money, source, as_of, amount::varchar from kind
)
select
  getvariable('as_of') as as_of, found.company_id, found.customer_id, found.part, found.field, found.value, found.currency, found.source, found.as_of as true_on,
  date_diff('month', found.as_of, getvariable('as_of'))::integer as age_months,
  coalesce(date_diff('month', found.as_of, getvariable('as_of')) > setting.stale_months, false) as is_stale
from found
cross join params.scorecard as setting
