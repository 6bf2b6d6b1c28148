"""Tests: a folder for each room of the house, and `browser`, `faults`, `house`, `promises` and `support` beside them.

They run against real servers. What several files share is in `tests.support`, whose docstring lists it.
"""
