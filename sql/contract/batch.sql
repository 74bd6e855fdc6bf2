-- One row per batch to judge. Changes in percent of the batch before, where that has rows enough to compare with;
-- control_difference in the currency of the file, NULL where it states no total.
with counted as (
  select batch_id, max(row_count) as row_count from contract.profile group by batch_id
)
select
  batch.batch_id, batch.company_id, batch.table_name, null::varchar as column_name, batch.file_name, batch.file_before, batch.mode,
  counted.row_count as rows,
  case when before.row_count >= batch.least_rows
    then ((100 * (counted.row_count - before.row_count))::double / before.row_count)::decimal(38, 1) end as rows_change_pct,
  (batch.control_total - batch.control_total_file)::decimal(18, 4) as control_difference,
  pair.previous_id is null as is_first, coalesce(before.row_count < batch.least_rows, false) as is_small
from contract.batch as batch
inner join contract.pair as pair on batch.batch_id = pair.batch_id
left join counted on batch.batch_id = counted.batch_id
left join counted as before on pair.previous_id = before.batch_id
order by batch.batch_id
