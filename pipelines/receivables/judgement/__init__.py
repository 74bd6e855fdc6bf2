"""Judging what the models built: published tables in, a policy's answer out as further published tables."""

from receivables.judgement.customer_type import judge_customer_type
from receivables.judgement.expected_cash import judge_expected_cash
from receivables.judgement.provision import judge_provision
from receivables.judgement.published_curve import judge_collection
from receivables.judgement.rating import judge_rating

__all__ = ["judge_collection", "judge_customer_type", "judge_expected_cash", "judge_provision", "judge_rating"]
