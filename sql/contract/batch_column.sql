-- One row per batch to judge and column that has a value in it or in the batch before. Shares in percent, rises in percentage points, ratios and
-- sums of amounts without their sign; NULL where the batch before has too few rows to compare with.
with compared as (
  select pair.batch_id, pair.previous_id, told.column_name, told.kind
  from contract.pair as pair
  inner join contract.profile as told on pair.batch_id = told.batch_id or pair.previous_id = told.batch_id
  group by pair.batch_id, pair.previous_id, told.column_name, told.kind
),
counted as (
  select batch_id, max(row_count) as row_count from contract.profile group by batch_id
),
known_code as (
  select earlier.batch_id, told.column_name, flatten(list(told.codes)) as codes
  from contract.earlier as earlier
  inner join contract.profile as told on earlier.earlier_id = told.batch_id
  where told.codes is not null
  group by earlier.batch_id, told.column_name
),
put as (
  select
    batch.batch_id, batch.company_id, batch.table_name, compared.column_name, compared.kind, batch.file_name, batch.file_before, batch.mode,
    before_rows.row_count >= batch.least_rows as is_comparable,
    compared.previous_id is null as is_first, coalesce(before_rows.row_count < batch.least_rows, false) as is_small,
    batch.extract_as_of, now_rows.row_count,
    (100 * (now_rows.row_count - coalesce(now.row_count - now.nulls, 0)))::double / nullif(now_rows.row_count, 0) as null_pct,
    (100 * (before_rows.row_count - coalesce(before.row_count - before.nulls, 0)))::double / nullif(before_rows.row_count, 0) as null_pct_before,
    coalesce(now.distinct_count, 0) as distinct_count, coalesce(before.distinct_count, 0) as distinct_before,
    now.largest, before.largest as largest_before, now.gross, before.gross as gross_before,
    now.gross::double / nullif(now.row_count - now.nulls, 0) as mean, before.gross::double / nullif(before.row_count - before.nulls, 0) as mean_before,
    now.last_day, before.last_day as last_day_before,
    case when known_code.codes is not null
      then list_sort(list_filter(coalesce(now.codes, []), lambda code: not list_contains(known_code.codes, code))) end as codes_new
  from compared
  inner join contract.batch as batch on compared.batch_id = batch.batch_id
  left join contract.profile as now on compared.batch_id = now.batch_id and compared.column_name = now.column_name
  left join contract.profile as before on compared.previous_id = before.batch_id and compared.column_name = before.column_name
  left join counted as now_rows on compared.batch_id = now_rows.batch_id
  left join counted as before_rows on compared.previous_id = before_rows.batch_id
  left join known_code on compared.batch_id = known_code.batch_id and compared.column_name = known_code.column_name
)
select
  batch_id, company_id, table_name, column_name, kind, file_name, file_before, mode, is_first, is_small,
  null_pct::decimal(38, 1) as null_pct,
  case when is_comparable then (null_pct - null_pct_before)::decimal(38, 1) end as null_rise_points,
  distinct_count,
  case when is_comparable then ((100 * (distinct_count - distinct_before))::double / nullif(distinct_before, 0))::decimal(38, 1) end as distinct_change_pct,
  len(codes_new) as new_codes, array_to_string(codes_new, ', ') as detail,
  case when is_comparable then (largest::double / nullif(largest_before, 0))::decimal(38, 2) end as largest_ratio,
  case when is_comparable then (mean::double / nullif(mean_before, 0))::decimal(38, 4) end as mean_ratio,
  case when is_comparable then ((100 * (gross - gross_before))::double / nullif(gross_before, 0))::decimal(38, 1) end as gross_change_pct,
  case when is_comparable then date_diff('day', last_day, last_day_before) end as latest_back_days,
  date_diff('day', extract_as_of, last_day) as latest_ahead_days
from put
where not (coalesce(null_pct, 100) = 100 and coalesce(null_pct_before, 100) = 100)
order by batch_id, column_name
