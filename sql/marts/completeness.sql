-- One row per company, test and subject: whether what is told of it is whole as of the as-of date; one that is not has a row for each stretch of days
-- that lacks something. Tests: silent (nothing after a day though the company goes on), gone (a company, currency or kind of document that earlier
-- extracts had), month_missing, fall (of clearings), cut (of what is due before a day nothing is open over it). observed, expected: business days
-- (silent, gone), postings or instalments. is_complete NULL: not evaluated, for want of what needs says. figures: the families of key figures that lack
-- it (JSON list); affected_until: the last day on which balances do. needs_person: whether a person is asked to look; not of what an
-- extract lacks that passed the bounds of what a file may lose or that a person let in.
with judged as (
  select told.*, told.is_hit and not told.is_short and basis.only_as_of is null as is_missing, basis.only_as_of is not null as has_no_history
  from marts.completeness_told as told
  left join core.company_basis as basis on told.company_id = basis.company_id
),
whole as (
  select
    company_id, test, subject,
    max(to_date) as to_date, least(max_by(from_date, to_date), max(to_date)) as from_date, max_by(observed, to_date) as observed, max_by(expected, to_date) as expected,
    bool_and(is_short) as is_short, bool_or(has_no_history) as has_no_history, max(needs) as needs
  from judged
  group by company_id, test, subject
  having not bool_or(is_missing)
),
asked as (
  select unnest(['silent clearing', 'silent receipt', 'silent document', 'month_missing clearing', 'month_missing receipt', 'month_missing document',
    'fall clearing', 'cut instalment', 'gone extract']) as name
),
untold as (
  select company.company_id, split_part(asked.name, ' ', 1) as test, split_part(asked.name, ' ', 2) as subject, coalesce(silent.is_short, true) as is_short
  from core.company as company
  cross join asked
  left join marts.completeness_told as told
    on company.company_id = told.company_id and told.test || ' ' || told.subject = asked.name
  left join marts.completeness_told as silent
    on company.company_id = silent.company_id and silent.test = 'silent' and silent.subject = split_part(asked.name, ' ', 2)
  where told.company_id is null
),
answer as (
  select company_id, test, subject, from_date, to_date, affected_until, observed, expected, false as is_complete, null::varchar as needs, is_let_in
  from judged
  where is_missing
  union all
  select
    company_id, test, subject, from_date, to_date, null, observed, expected,
    case when not is_short and not has_no_history then true end,
    case when has_no_history then 'history' when is_short then needs end,
    false
  from whole
  union all
  select
    company_id, test, subject, null, null, null, null, null,
    case when test = 'month_missing' and not is_short then true end,
    case when test <> 'month_missing' or is_short then 'postings' end,
    false
  from untold
)
select
  getvariable('as_of') as as_of, answer.* exclude (is_let_in),
  case
    when answer.subject = 'document' or answer.subject like 'currency %' or answer.subject like 'kind %' then '["balance", "turnover"]'
    else '["balance", "payment", "turnover"]'
  end as figures,
  not coalesce(answer.is_complete, true) and not answer.is_let_in and list_contains(setting.needs_person, answer.test) as needs_person
from answer
cross join params.completeness as setting
