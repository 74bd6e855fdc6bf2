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
    when is_inverse then round(prorate(amount, 100000000, rate::decimal(28, 12) * 100000000::decimal(9, 0)), places)
    else round(amount * rate::decimal(20, 12), places)
  end
);
-- days_late_after_grace(day, due_date, grace_until): days between a due date and a day, of which those up to the last day of grace do not count;
--   negative before the due date, NULL without one. A due date beyond the calendar (NULL grace_until) has no grace.
create or replace macro days_late_after_grace(day, due_date, grace_until) as (
  case
    when day <= due_date then date_diff('day', due_date, day)
    when due_date is not null then greatest(date_diff('day', coalesce(grace_until, due_date), day), 0)
  end::integer
);
-- is_contact(entry_kind, channel): whether an entry of the collection log is a contact with the customer, reached or tried. What is heard about it is none,
--   and a note only where it says which way the contact went.
create or replace macro is_contact(entry_kind, channel) as (
  entry_kind not in ('soft_signal', 'change_report') and (entry_kind <> 'note' or channel is not null)
);
-- contact_latency(day, due_date, first_contact_on, open_until): days from the due date to the first contact, as known on a day; 0 for a contact at or shortly
--   before due. Without one: the days since due while the debt is open (it is not contacted yet), NULL where it was settled before anybody had to.
create or replace macro contact_latency(day, due_date, first_contact_on, open_until) as (
  case
    when first_contact_on <= day then greatest(date_diff('day', due_date, first_contact_on), 0)
    when open_until is null or open_until > day then date_diff('day', due_date, day)
  end::integer
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
-- months_after(due_date, day): the smallest whole number of months after a due date that reaches a day; 0 up to the due date itself.
create or replace macro months_after(due_date, day) as (
  case
    when day <= due_date then 0
    when (due_date + to_months(date_diff('month', due_date, day)::integer))::date >= day then date_diff('month', due_date, day)
    else date_diff('month', due_date, day) + 1
  end::integer
);
-- at_most(value, top): the value, cut to top; NULL stays NULL, which least() would make top.
create or replace macro at_most(value, top) as (case when value > top then top else value end);
-- clearing_cause(kind, payment_kind, other_kind): what becomes of an invoice's money through an allocation of that kind, by the receipt or document it comes
--   from: 1 cash, 2 loss, 3 dilution, 4 transferred.
create or replace macro clearing_cause(kind, payment_kind, other_kind) as (
  case
    when kind in ('write_off', 'waiver') then 2
    when kind in ('credit_note', 'discount', 'tolerance') or other_kind = 'credit_note' then 3
    when kind in ('netting', 'bill_transfer') or payment_kind = 'netting' then 4
    else 1
  end::integer
);
-- normal_reference(reference): a number as anybody would type it: capitals, letters and digits alone, O as 0, I and L as 1, no zeros in front; NULL where nothing is left.
create or replace macro normal_reference(reference) as (
  nullif(ltrim(translate(regexp_replace(upper(reference), '[^\p{L}\p{N}]', '', 'g'), 'OIL', '011'), '0'), '')
);
-- is_near_reference(reference, other): whether two such numbers differ by one character, or by two neighbours that changed places.
create or replace macro is_near_reference(reference, other) as (damerau_levenshtein(reference, other) = 1);
-- sign_until(ended_on, seen_on): the last day of a sign that was gone on a day (NULL: it lasts); a sign is seen for a day at least.
create or replace macro sign_until(ended_on, seen_on) as (case when ended_on is not null then greatest(ended_on - 1, seen_on) end);
-- recorded_day(recorded_at, extract_as_of): the day by which the ERP held what a file told: its own entry time where known, and the day of the extract at the latest.
create or replace macro recorded_day(recorded_at, extract_as_of) as (least(recorded_at::date, extract_as_of));
-- is_debt(kind, amount_doc): whether a document is a debt whose paying is looked at.
create or replace macro is_debt(kind, amount_doc) as (
  amount_doc > 0 and kind in ('invoice', 'debit_note', 'finance_charge', 'chargeback', 'bill_of_exchange', 'opening_balance')
);
-- period_of(day, first_period, last_period): the first period end that has seen a day, where periods are the first one, the month ends after it and the last one.
create or replace macro period_of(day, first_period, last_period) as (greatest(least(last_day(day), last_period), first_period));
-- promise_is_kept(promised, receipts, received): whether so many receipts in its time, of that sum (NULL: none), keep a promise of an amount (NULL: none was named).
create or replace macro promise_is_kept(promised, receipts, received) as (
  case when promised is null then receipts > 0 else coalesce(received, 0) >= promised end
);
-- term_state(day, contract_id, ...): whether a contract (NULL: there is none) is a valid written payment term on a day, else what it lacks; as in marts.customer_term.
create or replace macro term_state(day, contract_id, signed_date, valid_from, valid_to, terms_id, paydays, settlement_mode, file_ref, needs_signed_file) as (
  case
    when contract_id is null then 'no_contract'
    when signed_date is null or signed_date > day then 'unsigned'
    when valid_from > day then 'not_yet_valid'
    when valid_to < day then 'expired'
    when terms_id is null and paydays is null and coalesce(settlement_mode, 'other') not in ('cash', 'batch_for_batch') then 'no_term'
    when file_ref is null and needs_signed_file then 'not_filed'
    else 'valid'
  end
);
-- content_of(told): one text for what several columns tell, as texts, equal where all of them are; NULL is a telling of its own. DuckDB's hash() is another on every engine.
create or replace macro content_of(told) as (md5(array_to_string(list_transform(told, lambda one: coalesce(one, chr(30))), chr(31))));
-- grown(later, earlier): what a share that is added up grew by; 0 where that is less than what the order of adding makes of nothing.
create or replace macro grown(later, earlier) as (case when abs(later - earlier) < 1e-12 then 0 else later - earlier end);
