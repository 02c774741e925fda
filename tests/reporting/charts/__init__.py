"""Tests of reporting/charts."""
