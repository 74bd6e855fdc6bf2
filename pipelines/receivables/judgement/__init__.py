"""Judging what the models built: published tables in, a policy's answer out as further published tables."""

from receivables.judgement.collection import judge_collection

__all__ = ["judge_collection"]
