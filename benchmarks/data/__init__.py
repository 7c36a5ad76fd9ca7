"""Data sets of the benchmarks: read by name, generated, encoded."""
