-- One row per source, day and currency of which stated balances differ from what is computed beyond an amount a setting says: by what no cause explains
-- (TIE_OUT_DIFFERENCE), or because only one side has the customer (TIE_OUT_ONE_SIDED). count: how many balances; raw_value: the sum of it.
with tied as (
  select
    stated.company_id, stated.source, stated.as_of, stated.batch_id, stated.is_not_stated or stated.is_unknown as is_one_sided,
    case when stated.is_not_stated or stated.is_unknown then coalesce(stated.unmatched_local, stated.unmatched_doc) else coalesce(stated.unexplained_local, stated.unexplained_doc) end as amount,
    case when stated.difference_local is null then stated.currency else company.local_currency end as unit,
    stated.verdict = 'unexplained' or stated.is_not_stated or stated.is_unknown as is_told
  from marts.tie_out as stated
  inner join core.company as company on stated.company_id = company.company_id
)
select
  max(tied.batch_id) as batch_id, null::bigint as line_no, tied.company_id || ', ' || tied.source || ', ' || tied.as_of::varchar as column_name,
  case when tied.is_one_sided then 'TIE_OUT_ONE_SIDED' else 'TIE_OUT_DIFFERENCE' end as reason_code, 'accept_warn' as action, count(*)::bigint as count,
  sum(tied.amount)::decimal(18, 4)::varchar || ' ' || tied.unit as raw_value
from tied
cross join params.ledger as setting
where tied.is_told and abs(tied.amount) > setting.tie_out_amount
group by tied.company_id, tied.source, tied.as_of, tied.is_one_sided, tied.unit
