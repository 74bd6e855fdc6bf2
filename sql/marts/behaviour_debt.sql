-- One row per instalment of a debt (an invoice and what raises it like one) of marts.behaviour_document with a due date. amount_local: ledger currency, positive. due_date: the original one.
-- What was undone before it was known is left out. place, places: its turn among the instalments of its document, oldest due first.
select
  document.company_id, document.customer_id, document.doc_id, instalment.seq, instalment.due_date_original as due_date, instalment.amount_doc,
  instalment.amount_local, instalment.place, instalment.places, document.known_from, document.known_until
from marts.behaviour_document as document
inner join core.instalment as instalment on document.company_id = instalment.company_id and document.doc_id = instalment.doc_id
where is_debt(document.kind, document.amount_doc) and instalment.amount_doc > 0 and instalment.amount_local > 0 and instalment.due_date_original is not null
  and (document.known_until is null or document.known_until > document.known_from)
