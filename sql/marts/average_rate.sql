-- One row per company and document currency other than the ledger's: sum_doc and sum_local, without signs, of all documents in it so far. Their ratio is the average booking rate, at which orders are
-- valued, so that what rates did is no change of what is bought.
select document.company_id, document.currency, sum(abs(document.amount_doc))::decimal(28, 4) as sum_doc, sum(abs(document.amount_local))::decimal(28, 4) as sum_local
from core.document as document
inner join core.company as company on document.company_id = company.company_id and document.currency <> company.local_currency
where document.counts_from <= getvariable('as_of') and document.amount_doc <> 0 and document.kind <> 'fx_revaluation'
group by document.company_id, document.currency
