"""Tests of warehouse/checks."""
