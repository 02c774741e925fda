"""Benchmarks: ratios against a named alternative, measured in the same run. Nothing here is a test."""
