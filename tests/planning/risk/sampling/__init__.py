"""Tests of planning/risk/sampling."""
