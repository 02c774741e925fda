"""Tests of planning/risk/simulation."""
