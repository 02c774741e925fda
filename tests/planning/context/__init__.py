"""Tests of planning/context."""
