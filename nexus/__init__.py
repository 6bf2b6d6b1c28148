"""Nexus: real-time voting. Polls, ballots that stand once acknowledged, and totals on every screen at once."""

__version__ = "0.1.0"
"""The version of this package, as the wheel carries it."""
