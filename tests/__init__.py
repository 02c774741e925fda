"""Tests mirror the rooms: given a small table, when something happens, then another small table."""
