-- One row per company, span (all: everything told, 12m: the twelve months up to the as-of date), dimension (company, grade, salesperson), member of it and customer: sales_local, what was
-- invoiced less what was credited in the span, and written_off_local, what of debts was written off or waived in it, whenever they were sold; tax in both, ledger currency, as known now.
-- grade: that of the customer at the last review before the day of the document; salesperson: the document's own, else the customer's. member is NULL where there is none, and missing
-- says why: before_reviews, unrated, no_salesperson. Of each span and dimension the rows add up to all sales and all write-offs of the companies whose ledger is replayed.
with seller as (
  select company_id, customer_id, min(salesperson) as salesperson from core.customer
  group by company_id, customer_id
),
review as (
  select company_id, review_date, lead(review_date) over (partition by company_id order by review_date) as next_date
  from (select distinct company_id, review_date from marts.rating_history) as held
),
document as (
  select
    document.company_id, document.doc_id, document.kind, document.amount_local, document.counts_from as day, counting.doc_id is not null as is_counting,
    coalesce(document.customer_id, '(unidentified)') as customer_id, coalesce(document.salesperson, seller.salesperson) as salesperson, review.review_date
  from core.document as document
  inner join core.company_basis as basis on document.company_id = basis.company_id and basis.basis = 'replay' and basis.only_as_of is null
  left join marts.document_counting as counting on document.company_id = counting.company_id and document.doc_id = counting.doc_id
  left join seller on document.company_id = seller.company_id and document.customer_id = seller.customer_id
  left join review
    on document.company_id = review.company_id and document.counts_from > review.review_date and (review.next_date is null or document.counts_from <= review.next_date)
),
posting as (
  select company_id, doc_id, day, amount_local as sales_local, 0::decimal(18, 4) as written_off_local
  from document
  where is_counting and is_sale(kind)
  union all
  select company_id, to_doc_id, effective_from, 0::decimal(18, 4), amount_local
  from marts.allocation_in_effect
  where kind in ('write_off', 'waiver') and to_doc_id is not null and item_sign > 0
),
placed as (
  select
    posting.company_id, posting.day, posting.sales_local, posting.written_off_local, document.customer_id, document.salesperson, history.grade,
    case when document.review_date is null then 'before_reviews' when history.grade is null then 'unrated' end as no_grade
  from posting
  inner join document on posting.company_id = document.company_id and posting.doc_id = document.doc_id
  left join marts.rating_history as history
    on document.company_id = history.company_id and document.customer_id = history.customer_id and document.review_date = history.review_date
),
told as (
  select
    placed.company_id, span.span, dimension.dimension, placed.customer_id, placed.sales_local, placed.written_off_local,
    case dimension.dimension when 'grade' then placed.grade when 'salesperson' then placed.salesperson end as member,
    case
      when dimension.dimension = 'grade' then placed.no_grade
      when dimension.dimension = 'salesperson' and placed.salesperson is null then 'no_salesperson'
    end as missing
  from placed
  cross join (select unnest(['company', 'grade', 'salesperson']) as dimension) as dimension
  cross join (select unnest(['all', '12m']) as span) as span
  where span.span = 'all' or placed.day > (getvariable('as_of') - to_months(12))::date
)
select
  getvariable('as_of') as as_of, company_id, span, dimension, member, missing, customer_id,
  sum(sales_local)::decimal(18, 4) as sales_local, sum(written_off_local)::decimal(18, 4) as written_off_local
from told
group by company_id, span, dimension, member, missing, customer_id
