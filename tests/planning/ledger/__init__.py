"""Tests of planning/ledger."""
