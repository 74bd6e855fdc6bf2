-- One row per history (all, 24m): whether the collection curve of all companies together is told, segment all of marts.collection_curve. currency: that of its
-- amounts; companies: how many have money in it, ledger_currencies: those of their ledgers, separated by spaces; tranches: units of money under observation, unrated_tranches: those of them without a rate
-- into the reporting currency on the day of their document, from unrated_from to unrated_until. reason it is not told, NULL where it is: no_reporting_currency
-- (ledgers of several currencies and none set to sum them in), no_rate.
with tranche as (
  select
    history.history, exposure.company_id, exposure.doc_date, exposure.amount_group,
    case history.history when 'all' then exposure.entry_age else exposure.recent_entry_age end < exposure.exit_age as is_seen
  from marts.exposure_tranche as exposure
  cross join (select unnest(['all', '24m']) as history) as history
),
of_company as (
  select
    history, company_id,
    count(case when is_seen then 1 end)::bigint as tranches,
    count(case when is_seen and amount_group is null then 1 end)::bigint as unrated_tranches,
    min(case when is_seen and amount_group is null then doc_date end) as unrated_from,
    max(case when is_seen and amount_group is null then doc_date end) as unrated_until
  from tranche
  group by history, company_id
),
summed as (
  select
    one.history, count(*)::bigint as companies, array_to_string(list_sort(list_distinct(list(company.local_currency))), ' ') as ledger_currencies,
    count(distinct company.local_currency)::bigint as currencies, sum(one.tranches)::bigint as tranches,
    sum(one.unrated_tranches)::bigint as unrated_tranches, min(one.unrated_from) as unrated_from, max(one.unrated_until) as unrated_until
  from of_company as one
  inner join core.company as company on one.company_id = company.company_id
  group by one.history
)
select
  getvariable('as_of') as as_of, summed.history, summed.companies, summed.ledger_currencies,
  case when summed.currencies = 1 then summed.ledger_currencies else setting.reporting_currency end as currency,
  summed.tranches, summed.unrated_tranches, summed.unrated_from, summed.unrated_until,
  case
    when summed.currencies > 1 and setting.reporting_currency is null then 'no_reporting_currency'
    when summed.unrated_tranches > 0 then 'no_rate'
  end as reason
from summed
cross join params.ledger as setting
