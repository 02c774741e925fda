"""Tests of the publishers room."""
