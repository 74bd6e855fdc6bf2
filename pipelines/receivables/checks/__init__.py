"""Contracts on data: how they are declared, what they measure, and the one place where they are judged."""
