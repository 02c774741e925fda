"""Tests of declarations/values."""
