"""Tests of planning/demand."""
