-- One row per record that tells of a change at a customer (marts.change_told), and per change that a collector reported (source log, once for each field of which a change is told within some days,
-- else unknown; what was said stays in the log). subject: field and first day of the changes of that field that follow each other within some days (a setting). is_repeated: another field changed, or another person left,
-- in the days before. severity: by field, high where repeated. code: by source, how a sign of it is told.
with report as (
  select log.company_id, log.customer_id, log.logged_at::date as day, log.log_id::varchar as item_id
  from core.collection_log as log
  where log.entry_kind = 'change_report' and log.logged_at::date <= getvariable('as_of')
),
near as (
  select
    report.*, told.field,
    row_number() over (partition by report.company_id, report.item_id, told.field order by abs(date_diff('day', told.day, report.day)), told.item_id)::bigint as place
  from report
  cross join params.anomaly_conduct as setting
  left join marts.change_told as told
    on report.company_id = told.company_id and report.customer_id = told.customer_id
    and told.day between report.day - setting.report_days and report.day + setting.report_days
),
every as (
  select * from marts.change_told
  union all by name
  select company_id, customer_id, coalesce(field, 'unknown') as field, 'log' as source, day, day as seen_on, item_id from near where place = 1
),
stretch as (
  select
    every.*,
    date_diff('day', lag(every.day) over (partition by every.company_id, every.customer_id, every.field order by every.day, every.source, every.item_id), every.day)
    <= setting.change_days as is_continued
  from every
  cross join params.anomaly_conduct as setting
),
episode as (
  select
    *,
    sum(case when is_continued then 0 else 1 end) over (
      partition by company_id, customer_id, field order by day, source, item_id rows between unbounded preceding and current row
    ) as episode
  from stretch
),
repeated as (
  select distinct late.company_id, late.customer_id, late.field, late.source, late.item_id, late.day
  from every as late
  cross join params.anomaly_conduct as setting
  inner join every as early
    on late.company_id = early.company_id and late.customer_id = early.customer_id and early.day between late.day - setting.change_days and late.day
    and early.source <> 'log' and early.field <> 'unknown'
    and (early.field <> late.field or (late.source = 'contact' and early.source = 'contact' and early.item_id <> late.item_id))
  where late.source <> 'log'
)
select
  episode.* exclude (is_continued, episode), repeated.item_id is not null as is_repeated,
  case episode.source
    when 'contact' then case when episode.other_id is null then 'person_gone' else 'person_followed' end
    when 'event' then 'change_event' when 'integrity_file' then 'change_in_file' when 'bank_account' then 'account_replaced' when 'receipt' then 'account_not_on_file'
    when 'customer' then 'address_in_master_data' when 'log' then 'change_reported'
  end as code,
  episode.field || ' ' || min(episode.day) over (partition by episode.company_id, episode.customer_id, episode.field, episode.episode) as subject,
  case
    when repeated.item_id is not null or episode.field = 'organisation' then 'high'
    when episode.field in ('signatory', 'legal_representative', 'bank', 'address', 'scope') or (episode.field = 'contact' and episode.source = 'contact' and episode.other_id is null) then 'medium'
    else 'low'
  end as severity
from episode
left join repeated
  on episode.company_id = repeated.company_id and episode.customer_id = repeated.customer_id and episode.field = repeated.field and episode.source = repeated.source
  and episode.item_id = repeated.item_id and episode.day = repeated.day
