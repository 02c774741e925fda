"""Tests of planning/optimal."""
