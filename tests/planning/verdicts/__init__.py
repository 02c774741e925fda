"""Tests of planning/verdicts."""
