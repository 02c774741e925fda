"""Tests of publishers/weather."""
