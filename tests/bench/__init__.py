"""The benchmarks: their generator and their tables; no test here measures time."""
