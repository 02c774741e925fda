"""Tests of what publishers share."""
