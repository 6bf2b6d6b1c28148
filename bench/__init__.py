"""Benchmarks: ratios against a baseline of the same run, on this machine. Never part of the package or the tests."""
