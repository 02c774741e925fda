"""Tests of publishers/quotes."""
