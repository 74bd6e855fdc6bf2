-- One row per allocation in effect at the as-of date and instalment of a positive document it clears: what names an instalment clears that one up to its amount,
-- everything else the oldest due first by (effective_from, allocation_id), the last one taking any excess. part_doc: document currency, positive.
-- discount_share: the part of it that is a discount, a fraction of 1.
with leg as (
  select
    company_id, to_doc_id as doc_id, to_seq as named_seq, allocation_id, kind, from_payment_id, from_doc_id as other_doc_id,
    effective_from, to_leg_doc as leg_doc, discount_share
  from marts.allocation_in_effect
  where to_doc_id is not null and to_leg_doc > 0
  union all
  select
    company_id, from_doc_id, from_seq, allocation_id, kind, null, coalesce(to_doc_id, to_payment_id), effective_from, from_leg_doc, 0
  from marts.allocation_in_effect
  where from_doc_id is not null and from_leg_doc > 0
),
shape as (
  select instalment.company_id, instalment.doc_id, count(*)::bigint as instalments, min(instalment.seq) as only_seq
  from core.instalment as instalment
  inner join core.document as document on instalment.company_id = document.company_id and instalment.doc_id = document.doc_id
  where document.amount_doc > 0
  group by instalment.company_id, instalment.doc_id
),
several as (
  select leg.*, instalment.seq, instalment.amount_doc as instalment_doc
  from leg
  inner join shape on leg.company_id = shape.company_id and leg.doc_id = shape.doc_id and shape.instalments > 1
  left join core.instalment as instalment on leg.company_id = instalment.company_id and leg.doc_id = instalment.doc_id and leg.named_seq = instalment.seq
),
named as (
  select
    *,
    case
      when seq is null then 0 else greatest(least(until_doc, instalment_doc) - least(until_doc - leg_doc, instalment_doc), 0)
    end::decimal(18, 4) as named_doc
  from (
    select
      *,
      sum(leg_doc) over (
        partition by company_id, doc_id, seq order by effective_from, allocation_id, leg_doc rows between unbounded preceding and current row
      ) as until_doc
    from several
  ) as running
),
pooled as (
  select
    *,
    sum(leg_doc - named_doc) over (
      partition by company_id, doc_id order by effective_from, allocation_id, leg_doc rows between unbounded preceding and current row
    ) as pool_until,
    leg_doc - named_doc as pool_doc
  from named
),
room as (
  select
    instalment.company_id, instalment.doc_id, instalment.seq,
    greatest(instalment.amount_doc - coalesce(taken.named_doc, 0), 0) as room_doc,
    row_number() over (partition by instalment.company_id, instalment.doc_id order by instalment.due_date nulls last, instalment.seq)::bigint as place,
    shape.instalments
  from core.instalment as instalment
  inner join shape on instalment.company_id = shape.company_id and instalment.doc_id = shape.doc_id and shape.instalments > 1
  left join (select company_id, doc_id, seq, sum(named_doc) as named_doc from named group by company_id, doc_id, seq) as taken
    on instalment.company_id = taken.company_id and instalment.doc_id = taken.doc_id and instalment.seq = taken.seq
),
filled as (
  select *, sum(room_doc) over (partition by company_id, doc_id order by place rows between unbounded preceding and current row) as room_until
  from room
),
part as (
  select leg.company_id, leg.doc_id, shape.only_seq as seq, leg.allocation_id, leg.kind, leg.from_payment_id, leg.other_doc_id, leg.effective_from, leg.discount_share, leg.leg_doc as part_doc
  from leg
  inner join shape on leg.company_id = shape.company_id and leg.doc_id = shape.doc_id and shape.instalments = 1
  union all
  select company_id, doc_id, seq, allocation_id, kind, from_payment_id, other_doc_id, effective_from, discount_share, named_doc
  from named
  where named_doc > 0
  union all
  select
    pooled.company_id, pooled.doc_id, filled.seq, pooled.allocation_id, pooled.kind, pooled.from_payment_id, pooled.other_doc_id, pooled.effective_from, pooled.discount_share,
    least(pooled.pool_until, case when filled.place = filled.instalments then pooled.pool_until else filled.room_until end)
    - greatest(pooled.pool_until - pooled.pool_doc, filled.room_until - filled.room_doc)
  from pooled
  inner join filled
    on pooled.company_id = filled.company_id and pooled.doc_id = filled.doc_id
    and pooled.pool_until > filled.room_until - filled.room_doc
    and (filled.place = filled.instalments or pooled.pool_until - pooled.pool_doc < filled.room_until)
  where pooled.pool_doc > 0
)
select * replace (part_doc::decimal(18, 4) as part_doc) from part
where part_doc > 0
