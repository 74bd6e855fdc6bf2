"""Judging what the models built: published tables in, a policy's answer out as further published tables."""

from receivables.judgement.accredited import judge_accredited
from receivables.judgement.anomalies import judge_anomalies
from receivables.judgement.buying_tests import judge_buying
from receivables.judgement.customer_type import judge_customer_type
from receivables.judgement.customer_value import judge_customer_value
from receivables.judgement.expected_cash import judge_expected_cash
from receivables.judgement.loss_rate import judge_loss_rate
from receivables.judgement.price_by_terms import judge_price_by_terms
from receivables.judgement.provision import judge_provision
from receivables.judgement.published_curve import judge_collection
from receivables.judgement.rating import judge_rating

__all__ = [
    "judge_accredited",
    "judge_anomalies",
    "judge_buying",
    "judge_collection",
    "judge_customer_type",
    "judge_customer_value",
    "judge_expected_cash",
    "judge_loss_rate",
    "judge_price_by_terms",
    "judge_provision",
    "judge_rating",
]
