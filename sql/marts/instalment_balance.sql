-- One row per period end and instalment of a standing positive document: rest_doc is what is then open, tolerance_doc the small rest the closing tolerance took.
-- Document currency. The pool fills the oldest due instalment first; an excess (at most the rounding setting) lowers the last one.
with part as (
  select
    part.period_end, part.company_id, part.doc_id, part.seq, part.place, part.places, part.has_received as is_named,
    pool.pool_doc, pool.has_received, pool.basis, pool.document_amount_doc,
    part.amount_doc - part.named_doc as room_doc,
    part.place = part.places as is_last
  from marts.instalment_cleared as part
  inner join marts.document_pool as pool on part.period_end = pool.period_end and part.company_id = pool.company_id and part.doc_id = pool.doc_id
),
-- what other instalments leave is asked for only where there are others
room as (
  select *, room_doc as room_until_doc from part where places = 1
  union all
  select *, sum(room_doc) over (partition by period_end, company_id, doc_id order by place rows between unbounded preceding and current row)
  from part
  where places > 1
),
filled as (
  select
    *,
    case
      when is_last then greatest(pool_doc - (room_until_doc - room_doc), 0)
      else least(greatest(pool_doc - (room_until_doc - room_doc), 0), room_doc)
    end as filled_doc
  from room
),
rest as (
  select
    *,
    (room_doc - filled_doc)::decimal(18, 4) as rest_doc,
    is_named or (has_received and filled_doc > 0) as is_touched
  from filled
)
select
  rest.period_end, rest.company_id, rest.doc_id, rest.seq,
  case when is_closed then 0 else rest.rest_doc end::decimal(18, 4) as rest_doc,
  case when is_closed then rest.rest_doc else 0 end::decimal(18, 4) as tolerance_doc
from (
  select
    rest.*,
    rest.basis = 'replay' and rest.is_touched and rest.rest_doc <> 0
    and abs(rest.rest_doc) <= greatest(setting.closing_tolerance_amount, setting.closing_tolerance_share * rest.document_amount_doc::decimal(28, 4)) as is_closed
  from rest
  cross join params.ledger as setting
) as rest
