"""Tests of publishers/hardware."""
