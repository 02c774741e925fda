"""Tests of reporting/outputs."""
