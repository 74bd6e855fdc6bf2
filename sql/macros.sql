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
-- is_sale(kind): whether a document of that kind is turnover, up or down.
create or replace macro is_sale(kind) as (kind in ('invoice', 'debit_note', 'credit_note'));
-- counts_on(day, counts_from, counts_until): whether what counts from one day (NULL: never) until the day before another (NULL: for good) does so on a day.
create or replace macro counts_on(day, counts_from, counts_until) as (
  counts_from <= day and (counts_until is null or counts_until > day)
);
-- nb_size(mean, variance): the size of the negative binomial with that mean and variance, by the method of moments.
create or replace macro nb_size(mean, variance) as ((mean * mean)::double / (variance - mean));
-- count_tail(events, mean, variance): how likely so few events or fewer are where past ones had that mean and variance: negative binomial where they vary
--   more than chance makes them, else Poisson. Only for events below the mean; each term is a double.
create or replace macro count_tail(events, mean, variance) as (
  case
    when mean is null or mean <= 0 then 1
    when variance is null or variance <= mean * 1.0001 then
      list_sum(list_transform(range((events + 1)::bigint), lambda n: exp(n * ln(mean::double) - mean::double - lgamma(n + 1))))
    else
      list_sum(list_transform(range((events + 1)::bigint), lambda n: exp(
        lgamma(n + nb_size(mean, variance)) - lgamma(nb_size(mean, variance)) - lgamma(n + 1)
        + nb_size(mean, variance) * ln(nb_size(mean, variance)::double / (nb_size(mean, variance) + mean))
        + n * ln(mean::double / (nb_size(mean, variance) + mean))
      )))
  end
);
