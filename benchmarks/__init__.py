"""Benchmarks against PCA, as ratios inside one run."""
