-- One row per company of the file that nothing else describes; its name is its id.
select company_id, company_id as name, local_currency, min(line_no) as line_no
from landing.entry
where is_new_company
group by company_id, local_currency
