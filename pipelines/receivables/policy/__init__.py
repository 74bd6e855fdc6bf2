"""Judgement: what follows from the published tables by rules and estimates. Arrays and frames in, frames out, no input or output."""
