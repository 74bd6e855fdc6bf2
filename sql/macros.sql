-- Arithmetic the models share, kept in the published file so that any model can be pasted into a shell.
-- prorate(part, value, whole) = part * value / whole, exact, rounded half away from zero to 4 decimals; value and whole
--   are one item's amount in two currencies, part what is left of it (or taken from it) in the currency of whole.
create or replace macro prorate(part, value, whole) as (
  case
    when part = 0 or whole = 0 then 0::decimal(18, 4)
    when value = whole then part::decimal(18, 4)
    else (
      sign(part) * sign(value) * sign(whole)
      * (
        (2 * abs((part::decimal(28, 4) * 10000::decimal(5, 0))::hugeint) * abs((value::decimal(28, 4) * 10000::decimal(5, 0))::hugeint) + abs((whole::decimal(28, 4) * 10000::decimal(5, 0))::hugeint))
        // (2 * abs((whole::decimal(28, 4) * 10000::decimal(5, 0))::hugeint))
      )::decimal(33, 0) * 0.0001::decimal(5, 4)
    )::decimal(18, 4)
  end
);
-- is_receipt(kind): whether an entry of that kind is money received, so that it becomes a payment and no document.
create or replace macro is_receipt(kind) as (
  kind in ('receipt', 'prepayment', 'bill_received', 'direct_debit', 'card', 'netting')
);
-- counts_on(day, counts_from, counts_until): whether what counts from one day (NULL: never) until the day before another (NULL: for good) does so on a day.
create or replace macro counts_on(day, counts_from, counts_until) as (
  counts_from <= day and (counts_until is null or counts_until > day)
);
-- segment_of(kind, ...): the member of a kind of segment that a tranche belongs to (NULL: none). Members other than all belong to one company; ids of
--   territories and terms say which already.
create or replace macro segment_of(kind, company_id, territory, salesperson, grade, terms, amount_band, customer_type) as (
  case kind
    when 'all' then 'all'
    when 'company' then company_id
    when 'territory' then territory
    when 'salesperson' then company_id || ':' || salesperson
    when 'grade' then company_id || ':' || grade
    when 'terms' then terms
    when 'amount_band' then company_id || ':' || amount_band
    when 'customer_type' then company_id || ':' || customer_type
  end
);
-- in_bucket(days, lower_days, upper_days): whether an age in days lies in a bucket of params.bucket; both edges inclusive, NULL is an open end.
create or replace macro in_bucket(days, lower_days, upper_days) as (
  days >= coalesce(lower_days, days) and days <= coalesce(upper_days, days)
);
-- bucket_key(is_unapplied, days, aged): an item's bucket, whichever of its dates it is aged by: credits and receipts stand apart, then what lacks the date, then
-- the bucket its days lie in.
create or replace macro bucket_key(is_unapplied, days, aged) as (
  case when is_unapplied then 'unapplied' when days is null then 'no_due_date' else aged end
);
-- is_overdue(bucket, days_overdue): whether an open item is overdue; by its due date, whichever date its bucket goes by.
create or replace macro is_overdue(bucket, days_overdue) as (
  bucket <> 'unapplied' and coalesce(days_overdue > 0, false)
);
-- at_rate(amount, rate, is_inverse, places): an amount in another currency, rounded; rate: units of that currency for one of the amount's, the other way round
-- where is_inverse. NULL without a rate.
create or replace macro at_rate(amount, rate, is_inverse, places) as (
  case
    when is_inverse then round(prorate(amount, 100000000, rate * 100000000::decimal(9, 0)), places)
    else round(amount * rate::decimal(20, 12), places)
  end
);
