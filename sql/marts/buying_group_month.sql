-- One row per customer, product group ('': not told) and calendar month with orders, as marts.buying_month: amount_local before tax less what was taken back, ledger currency;
-- amount_squares: sum of the squares of the orders' amounts, which tells how many orders of equal worth it is (its square over this); the largest order and its day.
-- season: usual sales of the month over an average month, as told for the group (NULL: not told).
with piece as (
  select * from marts.order_piece where amount_local <> 0
  union all
  select * from marts.invoice_piece where amount_local <> 0
),
season as (
  select company_id, product_group, month, index_value::double / avg(index_value) over (partition by company_id, product_group) as season
  from core.product_season
)
select
  piece.company_id, piece.customer_id, piece.product_group, date_trunc('month', piece.day)::date as month_start, sum(piece.amount_local)::decimal(18, 4) as amount_local,
  sum(piece.amount_local::double * piece.amount_local::double) as amount_squares,
  max_by(piece.item_id, row(piece.amount_local, piece.item_id)) as largest_id, max_by(piece.day, row(piece.amount_local, piece.item_id)) as largest_day,
  min(season.season)::double as season
from piece
left join season
  on piece.company_id = season.company_id and piece.product_group = season.product_group and month(piece.day) = season.month
group by piece.company_id, piece.customer_id, piece.product_group, date_trunc('month', piece.day)::date
