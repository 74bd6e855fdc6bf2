"""Chapters of the management report, a module each: frozen records, the published tables they are made from, and the function that makes them."""
