-- One row per customer that owes money or was reviewed at the as-of date: what it owes (ledger currency, before anything unapplied) and what of it is overdue; its grades at the review (reviewed_on)
-- and the re-rating (rerated_on) before, NULL where there was none; and what is in force beside what marts.rating recommends: limit_local of its credit account (NULL: none told), agreed_days, and
-- previous_supply, that of the grade before. What a person who confirms the rating changes: has_new_grade; has_new_limit, never of an account that customers share nor where the
-- company tells no limits; has_new_terms, where fewer days are recommended than agreed.
with owed as (
  select
    company_id, customer_id,
    sum(case when bucket = 'unapplied' then 0 else open_local end)::decimal(18, 4) as owed_local,
    sum(case when is_overdue(bucket, days_overdue) then open_local else 0 end)::decimal(18, 4) as overdue_local
  from marts.open_item
  group by company_id, customer_id
),
earlier as (
  select company_id, max(review_date) as reviewed_on, max(case when is_rerating then review_date end) as rerated_on
  from marts.rating_history
  where review_date < getvariable('as_of')
  group by company_id
),
fact as (
  select
    company_id, customer_id, limit_local, agreed_days,
    limit_local is not null and previous_limit_local is null as is_limit_shared,
    bool_or(limit_local is not null) over (partition by company_id) as has_limits
  from marts.rating_fact
  where period_end = getvariable('as_of')
),
whom as (
  select company_id, customer_id from marts.rating
  union
  select company_id, customer_id from owed where owed_local <> 0
)
select
  getvariable('as_of') as as_of, whom.company_id, whom.customer_id,
  coalesce(owed.owed_local, 0)::decimal(18, 4) as owed_local, coalesce(owed.overdue_local, 0)::decimal(18, 4) as overdue_local,
  earlier.reviewed_on, earlier.rerated_on, rerated.grade as rerated_grade,
  fact.limit_local, coalesce(fact.is_limit_shared, false) as is_limit_shared, fact.agreed_days, policy.supply as previous_supply,
  rating.grade is distinct from rating.previous_grade as has_new_grade,
  coalesce(rating.recommended_limit is not null and fact.has_limits and not fact.is_limit_shared and rating.recommended_limit is distinct from fact.limit_local, false) as has_new_limit,
  coalesce(rating.recommended_terms < fact.agreed_days, false) as has_new_terms
from whom
left join owed on whom.company_id = owed.company_id and whom.customer_id = owed.customer_id
left join marts.rating as rating on whom.company_id = rating.company_id and whom.customer_id = rating.customer_id
left join earlier on whom.company_id = earlier.company_id
left join marts.rating_history as rerated
  on whom.company_id = rerated.company_id and whom.customer_id = rerated.customer_id and earlier.rerated_on = rerated.review_date
left join fact on whom.company_id = fact.company_id and whom.customer_id = fact.customer_id
left join params.grade as policy on rating.previous_grade = policy.grade
