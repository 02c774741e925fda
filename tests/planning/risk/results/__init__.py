"""Tests of planning/risk/results."""
