"""Tests of planning/rent."""
