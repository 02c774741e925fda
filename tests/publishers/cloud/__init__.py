"""Tests of publishers/cloud."""
