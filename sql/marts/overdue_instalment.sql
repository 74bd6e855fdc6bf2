-- One row per instalment of an invoice (a positive document) that was open after its due date, up to the as-of date, where a collection log was told.
-- amount_local: ledger currency, positive. open_until: the day its clearings, those taken back before now or its document's end left out, bring it within the
-- closing tolerance, or its document is undone (NULL: open). first_contact_on: the first contact about the document, or the whole account, while it was open, from some days before
-- due (a setting); NULL: none. What names no instalment settles the oldest due first. Companies known by reported open amounts alone are left out.
with invoice as (
  select
    document.company_id, document.doc_id, document.customer_id, document.counts_from, document.counts_until,
    greatest(setting.closing_tolerance_amount, setting.closing_tolerance_share * document.amount_doc::decimal(28, 4)) as tolerance_doc
  from core.document as document
  inner join (select distinct company_id from core.collection_log) as logged on document.company_id = logged.company_id
  inner join core.company_basis as basis on document.company_id = basis.company_id and basis.basis = 'replay'
  cross join params.ledger as setting
  where document.amount_doc > 0 and document.counts_from <= getvariable('as_of') and document.kind <> 'fx_revaluation'
),
leg as (
  select leg.company_id, leg.item_id as doc_id, instalment.seq, leg.effective_from as day, sum(leg.cleared_doc) as cleared_doc
  from marts.item_leg as leg
  inner join invoice on leg.item_kind = 'document' and leg.company_id = invoice.company_id and leg.item_id = invoice.doc_id
  left join core.instalment as instalment on leg.company_id = instalment.company_id and leg.item_id = instalment.doc_id and leg.seq = instalment.seq
  left join marts.allocation_refused as refused
    on refused.period_end = getvariable('as_of') and leg.company_id = refused.company_id and leg.refused_with = refused.allocation_id
  where counts_on(least(getvariable('as_of'), invoice.counts_until - 1), leg.effective_from, leg.effective_until) and refused.allocation_id is null
  group by leg.company_id, leg.item_id, instalment.seq, leg.effective_from
),
named as (
  select company_id, doc_id, seq, sum(cleared_doc) as named_doc, max(day) as named_on
  from leg
  where seq is not null
  group by company_id, doc_id, seq
),
pool as (
  select company_id, doc_id, day, sum(cleared_doc) over (partition by company_id, doc_id order by day rows between unbounded preceding and current row) as pool_doc
  from leg
  where seq is null
),
room as (
  select
    instalment.company_id, instalment.doc_id, instalment.seq, instalment.due_date, instalment.amount_local,
    invoice.customer_id, invoice.counts_from, invoice.counts_until, invoice.tolerance_doc, named.named_on,
    instalment.amount_doc - coalesce(named.named_doc, 0) as room_doc,
    sum(greatest(instalment.amount_doc - coalesce(named.named_doc, 0), 0)) over earlier as room_until_doc
  from core.instalment as instalment
  inner join invoice on instalment.company_id = invoice.company_id and instalment.doc_id = invoice.doc_id
  left join named on instalment.company_id = named.company_id and instalment.doc_id = named.doc_id and instalment.seq = named.seq
  window earlier as (partition by instalment.company_id, instalment.doc_id order by instalment.due_date nulls last, instalment.seq rows between unbounded preceding and current row)
),
lasting as (
  select
    room.company_id, room.doc_id, room.seq, room.customer_id, room.due_date, room.amount_local, greatest(room.due_date, room.counts_from) as open_after,
    room.due_date - max(setting.contact_before_due_days) as contact_from,
    least(
      room.counts_until,
      case
        when room.named_on is not null and room.room_doc <= room.tolerance_doc then room.named_on
        when min(pool.day) is not null then greatest(min(pool.day), room.named_on)
      end
    ) as open_until
  from room
  left join pool on room.company_id = pool.company_id and room.doc_id = pool.doc_id and pool.pool_doc >= room.room_until_doc - room.tolerance_doc
  cross join params.practice as setting
  where room.due_date < getvariable('as_of') and room.amount_local > 0
  group by room.company_id, room.doc_id, room.seq, room.customer_id, room.due_date, room.amount_local, room.counts_from, room.counts_until, room.named_on, room.room_doc, room.tolerance_doc
),
contact as (
  select distinct company_id, customer_id, doc_id, logged_at::date as day
  from core.collection_log
  where is_contact(entry_kind, channel) and logged_at::date <= getvariable('as_of')
),
reached as (
  select lasting.company_id, lasting.doc_id, lasting.seq, contact.day
  from lasting
  inner join contact
    on lasting.company_id = contact.company_id and lasting.doc_id = contact.doc_id and contact.day between lasting.contact_from and coalesce(lasting.open_until, contact.day)
  union all
  select lasting.company_id, lasting.doc_id, lasting.seq, contact.day
  from lasting
  inner join contact on lasting.company_id = contact.company_id and lasting.customer_id = contact.customer_id and contact.doc_id is null
    and contact.day between lasting.contact_from and coalesce(lasting.open_until, contact.day)
)
select
  lasting.company_id, lasting.doc_id, lasting.seq, lasting.customer_id, lasting.due_date, lasting.amount_local, lasting.open_until,
  min(reached.day) as first_contact_on
from lasting
left join reached on lasting.company_id = reached.company_id and lasting.doc_id = reached.doc_id and lasting.seq = reached.seq
where lasting.open_until is null or lasting.open_until > lasting.open_after
group by lasting.company_id, lasting.doc_id, lasting.seq, lasting.customer_id, lasting.due_date, lasting.amount_local, lasting.open_until
