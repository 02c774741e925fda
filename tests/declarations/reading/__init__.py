"""Tests of declarations/reading."""
