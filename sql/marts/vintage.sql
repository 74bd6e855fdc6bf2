-- One row per company, vintage (the month of the original due date) and months after due, where so many months have passed for the whole vintage.
-- collected_local: cash by then, ledger currency, cumulative; billed_local: what fell due in the vintage less what credits and discounts took of it;
-- rate: the one as a share of the other, 0 to 1. months 0: by the due date itself. to_next: what was collected a month later for 1 of this month, over all
-- vintages that tell both (chain ladder); on the latest month of a vintage, is_latest, ultimate_local and ultimate_rate: what it comes to by these
-- factors at the last month any vintage tells, at most billed_local. Items seen from their beginning only, none that an opening balance brought.
with tranche as (
  select
    company_id, date_trunc('month', due_date_original)::date as vintage, cause, amount_local,
    months_after(due_date_original, exit_date) as months
  from marts.exposure_tranche
  where entry_age = -1 and cause <> 3
),
billed as (
  select
    tranche.company_id, tranche.vintage, setting.vintage_months, sum(tranche.amount_local)::decimal(18, 4) as billed_local,
    last_day(tranche.vintage) as last_due
  from tranche
  cross join params.provision as setting
  group by tranche.company_id, tranche.vintage, setting.vintage_months
),
elapsed as (
  select *, date_diff('month', last_due, getvariable('as_of'))::bigint as whole_months
  from billed
),
shown as (
  select
    *,
    case
      when (last_due + to_months(whole_months::integer))::date <= getvariable('as_of') then whole_months else whole_months - 1
    end as until_months
  from elapsed
),
cell as (
  select
    company_id, vintage, billed_local, least(until_months, vintage_months::bigint) as until_months,
    unnest(generate_series(0::bigint, least(until_months, vintage_months)::bigint)) as months
  from shown
),
collected as (
  select company_id, vintage, months, sum(amount_local) as cash_local
  from tranche
  where cause = 1
  group by company_id, vintage, months
),
triangle as (
  select
    cell.company_id, cell.vintage, cell.months::integer as months, cell.months = cell.until_months as is_latest, cell.billed_local,
    sum(coalesce(collected.cash_local, 0)) over (
      partition by cell.company_id, cell.vintage order by cell.months rows between unbounded preceding and current row
    ) as collected_local
  from cell
  left join collected on cell.company_id = collected.company_id and cell.vintage = collected.vintage and cell.months = collected.months
),
factor as (
  select
    company_id, months,
    sum(case when not is_latest then next_local end)::double / nullif(sum(case when not is_latest then collected_local end), 0)::double as to_next
  from (
    select *, lead(collected_local) over (partition by company_id, vintage order by months) as next_local from triangle
  ) as followed
  group by company_id, months
),
completion as (
  select
    *,
    product(coalesce(to_next, 1)) over (partition by company_id order by months desc rows between unbounded preceding and current row) as to_ultimate
  from factor
)
select
  getvariable('as_of') as as_of, triangle.company_id, triangle.vintage, triangle.months, triangle.is_latest, triangle.billed_local,
  triangle.collected_local::decimal(18, 4) as collected_local,
  triangle.collected_local::double / nullif(triangle.billed_local, 0)::double as rate,
  completion.to_next,
  case when triangle.is_latest then at_most(triangle.collected_local::double * completion.to_ultimate, triangle.billed_local::double) end::decimal(18, 4) as ultimate_local,
  case
    when triangle.is_latest then at_most((triangle.collected_local::double * completion.to_ultimate)::double / nullif(triangle.billed_local, 0)::double, 1)
  end as ultimate_rate
from triangle
inner join completion on triangle.company_id = completion.company_id and triangle.months = completion.months
