"""Tests of the publishers of energy and climate."""
