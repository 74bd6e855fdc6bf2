-- One row per company, document currency and part of the ledger total, from postings alone and never from items: documents, receipts, sourceless
-- (written off or waived), discounts, moved (to or from other currencies and bills), fx_difference; beside them fx_revaluation, posted and no
-- item, which is no part of the total. Document and ledger currency, signed.
with allocation as (
  select
    used.*,
    kind in ('write_off', 'waiver', 'discount', 'tolerance') as is_sourceless,
    from_item_currency is not null and from_item_currency = to_currency and kind <> 'bill_transfer' as is_same_currency
  from marts.allocation_in_effect as used
  left join core.company_basis as basis on used.company_id = basis.company_id
  where coalesce(basis.basis, 'replay') = 'replay'
),
posting as (
  select
    company_id, currency, 'documents' as part,
    case when basis = 'reported' then coalesce(reported_open_doc, amount_doc) else amount_doc end as amount_doc,
    case
      when basis = 'reported' then prorate(coalesce(reported_open_doc, amount_doc), amount_local, amount_doc) else amount_local
    end as amount_local
  from marts.document_counting
  union all
  select payment.company_id, payment.currency, 'receipts', payment.amount_doc, payment.amount_local
  from core.payment as payment
  left join core.company_basis as basis on payment.company_id = basis.company_id
  where counts_on(getvariable('as_of'), payment.counts_from, payment.counts_until) and coalesce(basis.basis, 'replay') = 'replay'
  union all
  select company_id, currency, 'receipts', -rest_doc, -prorate(rest_doc, amount_local, amount_doc)
  from marts.credit_balance
  where item_kind = 'payment' and basis = 'reported' and period_end = getvariable('as_of')
  union all
  select company_id, to_currency, 'sourceless', item_sign * to_leg_doc, item_sign * amount_local
  from allocation
  where is_sourceless
  union all
  select company_id, to_currency, 'discounts', item_sign * (to_leg_doc - from_leg_doc), item_sign * discount_local
  from allocation
  where is_same_currency
  union all
  select company_id, to_currency, 'discounts', 0, item_sign * discount_local
  from allocation
  where from_item_currency <> to_currency
  union all
  select company_id, to_currency, 'moved', item_sign * to_leg_doc, item_sign * (amount_local - discount_local)
  from allocation
  where kind = 'bill_transfer' or (from_item_currency <> to_currency and kind <> 'fx_difference')
  union all
  select company_id, from_item_currency, 'moved', -item_sign * from_leg_doc, -item_sign * (amount_local - discount_local)
  from allocation
  where kind not in ('bill_transfer', 'fx_difference') and from_item_currency <> to_currency
  union all
  select company_id, to_currency, 'fx_difference', 0, item_sign * amount_local
  from allocation
  where kind = 'fx_difference'
  union all
  select company_id, currency, 'fx_revaluation', amount_doc, amount_local
  from core.document
  where kind = 'fx_revaluation' and counts_on(getvariable('as_of'), counts_from, counts_until)
)
select
  company_id, currency, part,
  sum(amount_doc)::decimal(18, 4) as amount_doc,
  sum(amount_local)::decimal(18, 4) as amount_local
from posting
group by company_id, currency, part
