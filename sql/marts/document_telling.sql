-- One row per document with the day by which it was first told (recorded_day); of one that entries make, the day by which all of them had been told.
select company_id, doc_id, recorded_day(recorded_at, extract_as_of) as told_on
from lake.document
where is_first
union all
select company_id, company_id || ':' || row_key, max(told_on)
from entries.item_told
where entity = 'document'
group by company_id, row_key
