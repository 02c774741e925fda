"""Tests of the assets room."""
