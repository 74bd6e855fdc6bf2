"""Drafting a profile for an export nobody described yet: what its own cells prove is written down with the proof, what they do not is a question."""
