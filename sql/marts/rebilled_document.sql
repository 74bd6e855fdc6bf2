-- One row per invoice that takes the place of an overdue one, other_id: the earlier was credited or undone on ended_on, and within some days one of (nearly) the same amount or
-- with the same goods falls due later (settings). Of several either way the likest. overdue_due, first_due: due dates of the earlier and of the new one. amount_local: ledger
-- currency, positive. Goods delivered with the new invoice make it another sale.
with credited as (
  select
    taken.company_id, taken.customer_id, taken.doc_id, taken.ended_on, original.doc_date, original.currency, original.amount_doc, max(instalment.due_date_original) as last_due
  from marts.document_taken_back as taken
  inner join core.document as original on taken.company_id = original.company_id and taken.doc_id = original.doc_id
  inner join core.instalment as instalment on taken.company_id = instalment.company_id and taken.doc_id = instalment.doc_id
  group by taken.company_id, taken.customer_id, taken.doc_id, taken.ended_on, original.doc_date, original.currency, original.amount_doc
),
overdue as (
  select credited.*
  from credited
  cross join params.anomaly_ledger as setting
  where credited.ended_on - credited.last_due >= setting.rebill_overdue_days
),
anew as (
  select
    overdue.company_id, overdue.customer_id, overdue.doc_id as other_id, overdue.ended_on, overdue.last_due, overdue.amount_doc as other_amount_doc,
    anew.doc_id as item_id, anew.doc_date, anew.amount_doc, anew.amount_local, anew.counts_from
  from overdue
  cross join params.anomaly_ledger as setting
  inner join core.document as anew
    on overdue.company_id = anew.company_id and overdue.customer_id = anew.customer_id and overdue.currency = anew.currency and overdue.doc_date < anew.doc_date
  where anew.doc_date between overdue.ended_on - setting.rebill_days and overdue.ended_on + setting.rebill_days
    and anew.kind in ('invoice', 'debit_note') and anew.amount_doc > 0 and anew.counts_from <= getvariable('as_of')
    and (anew.counts_until is null or anew.counts_until > anew.counts_from)
),
pair as (
  select anew.*, due.first_due
  from anew
  inner join (
    select instalment.company_id, instalment.doc_id, min(instalment.due_date) as first_due
    from core.instalment as instalment
    inner join (select distinct company_id, item_id from anew) as part on instalment.company_id = part.company_id and instalment.doc_id = part.item_id
    group by instalment.company_id, instalment.doc_id
  ) as due on anew.company_id = due.company_id and anew.item_id = due.doc_id and due.first_due > anew.last_due
),
goods as (
  select line.company_id, line.doc_id, string_agg(line.product_id || ' ' || line.qty::varchar, ';' order by line.product_id, line.qty, line.line_no_doc) as goods
  from core.document_line as line
  inner join (select company_id, item_id as doc_id from pair union select company_id, other_id from pair) as part
    on line.company_id = part.company_id and line.doc_id = part.doc_id
  where line.product_id is not null
  group by line.company_id, line.doc_id
),
delivered as (
  select distinct pair.company_id, pair.item_id
  from pair
  inner join core.delivery as delivery on pair.company_id = delivery.company_id and pair.item_id = delivery.doc_id and delivery.status in ('shipped', 'delivered')
)
select
  pair.company_id, pair.customer_id, pair.item_id, pair.other_id, pair.ended_on, pair.last_due as overdue_due, pair.first_due, pair.counts_from,
  pair.amount_local::decimal(18, 4) as amount_local
from pair
cross join params.anomaly_ledger as setting
left join goods as mine on pair.company_id = mine.company_id and pair.item_id = mine.doc_id
left join goods as other on pair.company_id = other.company_id and pair.other_id = other.doc_id
left join delivered on pair.company_id = delivered.company_id and pair.item_id = delivered.item_id
where delivered.item_id is null
  and (abs(pair.amount_doc - pair.other_amount_doc) <= setting.same_amount_share * pair.other_amount_doc::decimal(28, 4) or coalesce(mine.goods = other.goods, false))
qualify row_number() over (
  partition by pair.company_id, pair.item_id order by abs(pair.amount_doc - pair.other_amount_doc), abs(pair.doc_date - pair.ended_on), pair.other_id
) = 1
and row_number() over (
  partition by pair.company_id, pair.other_id order by abs(pair.amount_doc - pair.other_amount_doc), abs(pair.doc_date - pair.ended_on), pair.item_id
) = 1
