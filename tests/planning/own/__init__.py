"""Tests of planning/own."""
