-- One row per item that takes another one back, with that one: they name each other (one way or both), their amounts are opposite, and where only a number
-- tells them, they are documents of one clearing. Where each names the other, the later one takes back. No item stands in two pairs.
with told as (
  select company_id, source_system, entity, row_key, reverses_key as name, true as takes_back
  from entries.posted
  where reverses_key is not null and entity <> 'write_off'
  union
  select company_id, source_system, entity, row_key, reversed_by_key, false
  from entries.posted
  where reversed_by_key is not null and entity <> 'write_off'
),
found as (
  select
    own.company_id, own.entity as own_entity, own.row_key as own_key, other.entity as other_entity, other.row_key as other_key, told.takes_back,
    own.posted_on as own_on, own.doc_no as own_no, other.posted_on as other_on, other.doc_no as other_no
  from told
  inner join entries.name as name on told.company_id = name.company_id and told.source_system = name.source_system and told.name = name.name
  inner join entries.item as own on told.company_id = own.company_id and told.entity = own.entity and told.row_key = own.row_key
  inner join entries.item as other
    on name.company_id = other.company_id and name.entity = other.entity and name.row_key = other.row_key
    and own.customer_id = other.customer_id and own.currency = other.currency and own.amount_doc = -other.amount_doc
  where name.entity <> 'write_off'
    and (name.level < 3 or own.entity = 'document' and other.entity = 'document' and own.clearing = other.clearing)
),
directed as (
  select
    company_id,
    case when takes_back then own_entity else other_entity end as entity, case when takes_back then own_key else other_key end as row_key,
    case when takes_back then other_entity else own_entity end as undone_entity, case when takes_back then other_key else own_key end as undone_key,
    case when takes_back then own_on else other_on end as posted_on, case when takes_back then own_no else other_no end as doc_no,
    case when takes_back then other_on else own_on end as undone_on, case when takes_back then other_no else own_no end as undone_no
  from found
),
pair as (
  select distinct told.*
  from directed as told
  left join directed as back
    on told.company_id = back.company_id and told.entity = back.undone_entity and told.row_key = back.undone_key
    and told.undone_entity = back.entity and told.undone_key = back.row_key
  where back.row_key is null
    or (told.posted_on, coalesce(told.doc_no, ''), told.row_key) > (told.undone_on, coalesce(told.undone_no, ''), told.undone_key)
),
first_undone as (
  select *, row_number() over (partition by company_id, entity, row_key order by undone_key, undone_entity)::bigint as place
  from pair
),
only_undone as (
  select *, row_number() over (partition by company_id, undone_entity, undone_key order by posted_on, row_key, entity)::bigint as undone_place
  from first_undone
  where place = 1
)
select company_id, entity, row_key, posted_on, undone_entity, undone_key
from only_undone
where undone_place = 1
