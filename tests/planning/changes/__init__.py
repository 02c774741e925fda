"""Tests of planning/changes."""
