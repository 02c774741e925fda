"""Tests of planning/energy."""
